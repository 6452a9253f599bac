//! What two schemas declare differently, as far as decisions can depend on it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use cedar_policy::{EntityTypeName, EntityUid};
use cedar_policy_symcc::term_type::TermType;
use cedar_policy_symcc::type_abbrevs::ExtType;

use super::schema::{EntityModel, SchemaModel};

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// Such as `attribute_added`.
    pub kind: &'static str,
    /// What differs: `User.tenant`, `Action::"view" context.mfa`.
    pub what: String,
    /// What the old schema says of it.
    pub old: Option<String>,
    /// What the new schema says of it.
    pub new: Option<String>,
}

/// Every difference, sorted; none when all that decisions can depend on is declared alike. Common types are seen
/// through, and annotations are not looked at.
pub fn differences(old: &SchemaModel, new: &SchemaModel) -> Vec<Difference> {
    let mut found = Vec::new();
    let types: BTreeSet<&EntityTypeName> = old.types.keys().chain(new.types.keys()).collect();
    // symcc counts actions as entities; they are compared below.
    let actions: BTreeSet<&EntityTypeName> =
        old.actions().chain(new.actions()).map(|(uid, _)| uid.type_name()).collect();
    for ty in types.difference(&actions) {
        match (old.types.get(*ty), new.types.get(*ty)) {
            (Some(before), Some(after)) => entity_type(ty, before, after, &mut found),
            (before, after) => added_or_removed("entity_type", ty.to_string(), before, after, &mut found),
        }
    }
    let actions: BTreeSet<&EntityUid> = old.actions().chain(new.actions()).map(|(uid, _)| uid).collect();
    for action in actions {
        let groups = |schema: &SchemaModel| schema.groups_of(action).map(|groups| list(groups.iter()));
        match (groups(old), groups(new)) {
            (Some(before), Some(after)) if before == after => {}
            (Some(before), Some(after)) => found.push(Difference {
                kind: "action_groups_changed",
                what: action.to_string(),
                old: Some(before),
                new: Some(after),
            }),
            (before, after) => {
                added_or_removed("action", action.to_string(), before.as_ref(), after.as_ref(), &mut found);
                continue;
            }
        }
        let (before, after) = (uses(old, action), uses(new, action));
        for use_ in before.pairs.symmetric_difference(&after.pairs) {
            let (principal, resource) = use_;
            let what = format!("{action} by {principal} on {resource}");
            let old = before.pairs.contains(use_).then_some(&());
            let new = after.pairs.contains(use_).then_some(&());
            added_or_removed("environment", what, old, new, &mut found);
        }
        if let (Some(before), Some(after)) = (&before.context, &after.context) {
            attributes(&format!("{action} context"), before, after, &mut found);
        }
    }
    found.sort();
    found
}

/// For what an action can be asked.
#[derive(Default)]
struct Uses {
    pairs: BTreeSet<(EntityTypeName, EntityTypeName)>,
    context: Option<TermType>,
}

fn uses(schema: &SchemaModel, action: &EntityUid) -> Uses {
    let mut uses = Uses::default();
    for environment in schema.environments().iter().filter(|environment| environment.action() == action) {
        uses.pairs.insert((environment.principal().clone(), environment.resource().clone()));
        if uses.context.is_none() {
            uses.context = schema.symbols(environment).ok().map(|symbols| symbols.request.context.type_of());
        }
    }
    uses
}

fn added_or_removed<T>(
    noun: &'static str,
    what: String,
    old: Option<&T>,
    new: Option<&T>,
    found: &mut Vec<Difference>,
) {
    let kind = match (noun, old.is_some(), new.is_some()) {
        ("entity_type", false, true) => "entity_type_added",
        ("entity_type", true, false) => "entity_type_removed",
        ("action", false, true) => "action_added",
        ("action", true, false) => "action_removed",
        ("environment", false, true) => "environment_added",
        ("environment", true, false) => "environment_removed",
        _ => return,
    };
    found.push(Difference { kind, what, old: None, new: None });
}

fn entity_type(ty: &EntityTypeName, old: &EntityModel, new: &EntityModel, found: &mut Vec<Difference>) {
    attributes(&ty.to_string(), &old.attributes, &new.attributes, found);
    let mut change = |kind: &'static str, old: Option<String>, new: Option<String>| {
        if old != new {
            found.push(Difference { kind, what: ty.to_string(), old, new });
        }
    };
    change("parents_changed", Some(list(old.parents.iter())), Some(list(new.parents.iter())));
    let text = |ty: &TermType| Words(ty).to_string();
    change("tags_changed", old.tags.as_ref().map(text), new.tags.as_ref().map(text));
    let ids = |model: &EntityModel| {
        model
            .choices
            .as_ref()
            .map(|ids| list(ids.iter().collect::<BTreeSet<_>>().into_iter().map(|id| format!("{id:?}"))))
    };
    change("members_changed", ids(old), ids(new));
}

/// Differences of two records' attributes, those of records inside included.
fn attributes(what: &str, old: &TermType, new: &TermType, found: &mut Vec<Difference>) {
    let (TermType::Record { rty: old }, TermType::Record { rty: new }) = (old, new) else { return };
    let before: BTreeMap<String, &TermType> = old.iter().map(|(name, ty)| (name.to_string(), ty)).collect();
    let after: BTreeMap<String, &TermType> = new.iter().map(|(name, ty)| (name.to_string(), ty)).collect();
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let what = format!("{what}.{name}");
        let (before, after) = (before.get(name).copied(), after.get(name).copied());
        let text = |ty: Option<&TermType>| {
            ty.map(|ty| match ty {
                TermType::Option { ty } => format!("optional {}", Words(ty)),
                ty => Words(ty).to_string(),
            })
        };
        match (before, after) {
            (Some(old), Some(new)) if old == new => {}
            (Some(old @ TermType::Record { .. }), Some(new @ TermType::Record { .. })) => {
                attributes(&what, old, new, found)
            }
            (Some(TermType::Option { ty: old }), Some(TermType::Option { ty: new }))
                if matches!((&**old, &**new), (TermType::Record { .. }, TermType::Record { .. })) =>
            {
                attributes(&what, old, new, found);
            }
            (old, new) => {
                let kind = match (old, new) {
                    (None, _) => "attribute_added",
                    (_, None) => "attribute_removed",
                    _ => "attribute_changed",
                };
                found.push(Difference { kind, what, old: text(old), new: text(new) });
            }
        }
    }
}

fn list<T: ToString>(items: impl Iterator<Item = T>) -> String {
    let mut items: Vec<String> = items.map(|item| item.to_string()).collect();
    items.sort();
    format!("[{}]", items.join(", "))
}

/// A type as a Cedar schema writes it.
struct Words<'t>(&'t TermType);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            TermType::Option { ty } => Words(ty).fmt(f),
            TermType::Bitvec { .. } => f.write_str("Long"),
            TermType::Bool => f.write_str("Bool"),
            TermType::String => f.write_str("String"),
            TermType::Entity { ety } => write!(f, "{ety}"),
            TermType::Ext { xty } => f.write_str(match xty {
                ExtType::Decimal => "decimal",
                ExtType::IpAddr => "ipaddr",
                ExtType::Duration => "duration",
                ExtType::DateTime => "datetime",
            }),
            TermType::Set { ty } => write!(f, "Set<{}>", Words(ty)),
            TermType::Record { rty } => {
                f.write_char('{')?;
                for (index, (name, ty)) in rty.iter().enumerate() {
                    let mark = if matches!(ty, TermType::Option { .. }) { "?" } else { "" };
                    write!(f, "{}{name}{mark}: {}", if index > 0 { ", " } else { "" }, Words(ty))?;
                }
                f.write_char('}')
            }
        }
    }
}
