//! `near-miss-name`: a name one slip away from one that is known much better.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::near_miss_attribute::{Slip, slips};
use super::near_miss_typo::{is_plural, is_slip};
use crate::finding::{Finding, Level};
use crate::lint::context::{Context, place};
use crate::lint::literals::{entities, is_action_type, show};
use crate::lint::rule::LintRule;
use crate::repo::syntax::EntityLiteral;
use crate::repo::{EntityState, Policy, SchemaState};
use crate::rule::{Basis, Precision, Rule};
use crate::text::inline;

pub(in crate::lint) static RULE: LintRule = LintRule::text(
    Rule {
        id: "near-miss-name",
        summary: "a name is one slip away from a known one",
        level: Some(Level::Warning),
        basis: Basis::Text,
        precision: Precision::Medium,
        opens: true,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/near-miss-name.md"),
    },
    check,
);

/// In so many policies a name is known for its use alone.
const KNOWN_BY_USE: usize = 3;
/// A name in more policies than this is nobody's slip.
const MAX_SLIPS: usize = 2;

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    names(context, out);
    annotations(context, out);
    // A schema knows its attributes, and the validator reports others.
    if matches!(context.store.schema, SchemaState::None) {
        out.extend(slips(context.policies()).iter().map(attribute));
    }
}

fn attribute(slip: &Slip<'_>) -> Finding {
    let message = format!(
        "`{}` is read here alone and one slip away from `{}`, which other policies read",
        inline(&slip.written),
        inline(&slip.meant)
    );
    let at = place(slip.known, slip.known_span, slip.known_attribute);
    Context::finding(&RULE.meta, slip.policy, slip.span, slip.attribute, message)
        .help(format!("write `{}` if that is meant; a schema would tell", inline(&slip.meant)))
        .related(at, "the known name", Some(slip.known.name.clone()))
}

type Place<'a> = (&'a Policy, &'a EntityLiteral);
/// Where each entity is used, by type and id.
type Uses<'a> = BTreeMap<&'a str, BTreeMap<&'a str, Vec<Place<'a>>>>;

fn names(context: &Context<'_>, out: &mut Vec<Finding>) {
    // Of entities that cannot be read nobody knows what they declare.
    if matches!(context.store.entities, EntityState::Broken(..)) {
        return;
    }
    let mut uses = Uses::new();
    for policy in context.policies() {
        for entity in entities(policy) {
            uses.entry(&entity.ty).or_default().entry(&entity.id).or_default().push((policy, entity));
        }
    }
    for (ty, ids) in &uses {
        // An action that the schema does not know is the validator's to report.
        if is_action_type(ty) && !matches!(context.store.schema, SchemaState::None) {
            continue;
        }
        let doubtful = |places: &&Vec<Place<'_>>| {
            policies(places) <= MAX_SLIPS && places.first().is_some_and(|(_, entity)| !context.is_declared(entity))
        };
        let candidates: Vec<_> = ids.iter().filter(|(_, places)| doubtful(places)).collect();
        if candidates.is_empty() {
            continue;
        }
        let declared = context.declared().iter().filter(|(of, _)| of == ty).map(|(_, id)| id.as_str());
        let used = ids.iter().filter(|(_, places)| policies(places) >= KNOWN_BY_USE).map(|(id, _)| *id);
        let index = Index::new(declared.chain(used).collect());
        for (id, places) in candidates {
            let known = index.near(id).into_iter().find(|known| is_known(context, ty, ids, places, known, id));
            if let Some(known) = known.filter(|_| !in_tables(context, id)) {
                out.extend(places.iter().map(|place| finding(context, place, known, ids.get(known))));
            }
        }
    }
}

fn policies(places: &[Place<'_>]) -> usize {
    places.iter().map(|(policy, _)| &policy.name).collect::<BTreeSet<_>>().len()
}

/// Whether `known` is known so well that `id`, used in `places`, is a slip.
fn is_known(
    context: &Context<'_>,
    ty: &str,
    ids: &BTreeMap<&str, Vec<Place<'_>>>,
    places: &[Place<'_>],
    known: &str,
    id: &str,
) -> bool {
    let uses = ids.get(known).map_or(0, Vec::len);
    if is_plural(known, id) && places.len() > 1 && uses > 1 {
        return false;
    }
    places.len() == 1 || context.declared().contains(&(ty.to_owned(), known.to_owned()))
}

/// Whether a decision table knows the name: then it is meant as it stands.
fn in_tables(context: &Context<'_>, id: &str) -> bool {
    let quoted = format!("\"{id}\"");
    let escaped = format!("\\\"{id}\\\"");
    context.store.tables.iter().any(|table| table.file.text().contains(&quoted) || table.file.text().contains(&escaped))
}

fn finding(context: &Context<'_>, (policy, entity): &Place<'_>, known: &str, uses: Option<&Vec<Place<'_>>>) -> Finding {
    let declared = context.declared().contains(&(entity.ty.clone(), known.to_owned()));
    let (written, meant) = (show(&entity.ty, &entity.id), show(&entity.ty, known));
    let how = match (declared, uses) {
        (true, _) => "which is declared".to_owned(),
        (false, uses) => format!("which {} policies name", uses.map_or(0, |uses| policies(uses))),
    };
    let message = format!("`{written}` is declared nowhere and one slip away from `{meant}`, {how}");
    let mut finding = Context::finding(&RULE.meta, policy, entity.span, &entity.id, message)
        .help(format!("write `{meant}` if that is meant; otherwise declare `{written}` in the store's entities"));
    if let Some((other, entity)) = uses.and_then(|uses| uses.first()) {
        let at = place(other, entity.span, &entity.id);
        finding = finding.related(at, "the known name", Some(other.name.clone()));
    }
    finding
}

/// Names by what is left of them when one letter is dropped: two names at distance one share such a rest (or one is a
/// rest of the other), so that not every pair has to be compared.
struct Index<'a>(HashMap<String, Vec<&'a str>>);

impl<'a> Index<'a> {
    fn new(known: BTreeSet<&'a str>) -> Self {
        let mut map: HashMap<String, Vec<&'a str>> = HashMap::new();
        for id in known {
            for rest in rests(id) {
                map.entry(rest).or_default().push(id);
            }
        }
        Self(map)
    }

    /// The known names that `id` may be a slip of, in order.
    fn near(&self, id: &str) -> BTreeSet<&'a str> {
        let near = rests(id).into_iter().filter_map(|rest| self.0.get(&rest)).flatten().copied();
        near.filter(|known| is_slip(id, known)).collect()
    }
}

/// No name that people write is longer.
const MAX_NAME: usize = 100;

fn rests(id: &str) -> BTreeSet<String> {
    let chars: Vec<char> = id.to_lowercase().chars().collect();
    if chars.len() > MAX_NAME {
        return BTreeSet::new();
    }
    let without = |at: usize| chars.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, c)| c).collect();
    (0..=chars.len()).map(without).collect()
}

/// Annotations that have a meaning.
const ANNOTATIONS: [&str; 8] = ["advice", "description", "expires", "id", "owner", "sensitive", "temporary", "why"];

fn annotations(context: &Context<'_>, out: &mut Vec<Finding>) {
    let mut uses: BTreeMap<&str, Vec<&Policy>> = BTreeMap::new();
    for policy in context.policies() {
        for (key, _, _) in &policy.syntax().annotations {
            uses.entry(key).or_default().push(policy);
        }
    }
    for (key, policies) in uses {
        if policies.len() >= KNOWN_BY_USE || ANNOTATIONS.contains(&key) {
            continue;
        }
        if let Some(known) = ANNOTATIONS.into_iter().find(|known| is_slip_of_annotation(key, known)) {
            out.extend(policies.into_iter().map(|policy| annotation(policy, key, known)));
        }
    }
}

/// The words are few and known, so that any edit counts, but `owners` may be meant.
fn is_slip_of_annotation(key: &str, known: &str) -> bool {
    let edited = known.len() >= 5
        && key.len().abs_diff(known.len()) <= 1
        && key.strip_suffix('s') != Some(known)
        && strsim::damerau_levenshtein(key, known) == 1;
    edited || key.eq_ignore_ascii_case(known)
}

fn annotation(policy: &Policy, key: &str, known: &str) -> Finding {
    let span = policy.syntax().annotations.iter().find(|(name, _, _)| name == key).and_then(|(_, _, span)| *span);
    let message = format!("`@{}` has no meaning of its own and is one slip away from `@{known}`", inline(key));
    Context::finding(&RULE.meta, policy, span, key, message).help(format!("write `@{known}` if that is meant"))
}
