//! The kinds of requests that there are: for each action, who may ask about what, on each side.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{
    ActionConstraint, Context, Effect, Entities, EntityTypeName, EntityUid, Policy, PolicySet, PrincipalConstraint,
    ResourceConstraint, Schema,
};

use super::asked::{Asked, Names, Subject};
use crate::repo::cedar::{enumeration, is_action};

/// A kind of request.
pub(super) struct Kind {
    pub(super) action: EntityUid,
    /// The types of principal and resource.
    pub(super) types: [EntityTypeName; 2],
    /// Who asks about what on the old and the new side; none on a side that has no such requests.
    pub(super) sides: [Option<Asking>; 2],
}

/// Who asks about what.
#[derive(PartialEq)]
pub(super) struct Asking {
    pub(super) principals: Vec<EntityUid>,
    pub(super) resources: Vec<EntityUid>,
    pub(super) context: Option<Context>,
}

impl Kind {
    /// On which sides there are such requests.
    pub(super) fn valid(&self) -> [bool; 2] {
        self.sides.each_ref().map(Option::is_some)
    }

    /// Whether the requests of both sides are the same.
    pub(super) fn is_one(&self) -> bool {
        match &self.sides {
            [Some(old), Some(new)] => old == new,
            _ => true,
        }
    }
}

/// A context that no request for an action can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfitContext {
    /// The action.
    pub action: EntityUid,
    /// Whether it is so on the old side.
    pub old: bool,
    /// Why, in Cedar's words.
    pub why: String,
}

/// A type of which no entity is known, though policies let some of it in, or somebody to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nameless {
    /// The type.
    pub ty: EntityTypeName,
    /// The actions that are not answered for it.
    pub actions: BTreeSet<EntityUid>,
    /// The kinds of request: principal, action, resource.
    pub kinds: Vec<(EntityTypeName, EntityUid, EntityTypeName)>,
}

/// All that is asked.
#[derive(Default)]
pub(super) struct Kinds {
    pub(super) all: Vec<Kind>,
    pub(super) unfit: Vec<UnfitContext>,
    pub(super) nameless: Vec<Nameless>,
}

/// One side, as far as its requests go.
pub(super) struct Side<'n> {
    pub(super) names: Names<'n>,
    pub(super) set: &'n PolicySet,
    /// Its entities, its actions included.
    pub(super) world: &'n Entities,
}

/// The kinds of requests of both sides that `asked` is about, with `context` read as each side reads it.
pub(super) fn kinds(sides: [Option<Side<'_>>; 2], asked: &Asked, context: Option<&str>) -> Kinds {
    let mut found = Kinds::default();
    let mut nameless: BTreeMap<EntityTypeName, Nameless> = BTreeMap::new();
    for (number, side) in sides.iter().enumerate() {
        let Some(side) = side else { continue };
        let known = Known::new(side);
        for (action, types) in pairs(side, asked) {
            let unfit = |one: &UnfitContext| one.action == action && one.old == (number == 0);
            if found.unfit.iter().any(unfit) {
                continue;
            }
            let read = |text: &str| read_context(text, side.names.schema, &action);
            let context = match context.map(read).transpose() {
                Ok(context) => context,
                Err(why) => {
                    found.unfit.push(UnfitContext { action: action.clone(), old: number == 0, why });
                    continue;
                }
            };
            let [principal, resource] = &types;
            let of = |ty: &EntityTypeName, subject: &Subject| known.of(ty, subject);
            let asking = Asking {
                principals: of(principal, &asked.principal),
                resources: of(resource, &asked.resource),
                context,
            };
            for (ty, all) in [(principal, &asking.principals), (resource, &asking.resources)] {
                if all.is_empty() && may_permit(side, &action, [principal, resource]) {
                    let none = || Nameless { ty: ty.clone(), actions: BTreeSet::new(), kinds: Vec::new() };
                    let entry = nameless.entry(ty.clone()).or_insert_with(none);
                    entry.actions.insert(action.clone());
                    entry.kinds.push((principal.clone(), action.clone(), resource.clone()));
                }
            }
            let place = found.all.iter().position(|kind| kind.action == action && kind.types == types);
            let place = place.unwrap_or_else(|| {
                found.all.push(Kind { action: action.clone(), types: types.clone(), sides: [None, None] });
                found.all.len() - 1
            });
            if let Some(slot) = found.all.get_mut(place).and_then(|kind| kind.sides.get_mut(number)) {
                *slot = Some(asking);
            }
        }
    }
    found.all.sort_by(|one, other| (&one.action, &one.types).cmp(&(&other.action, &other.types)));
    found.nameless = nameless.into_values().collect();
    found
}

/// The context of a request for `action`, as its schema reads it.
///
/// # Errors
/// Why no such request has it, in Cedar's words.
pub(super) fn read_context(text: &str, schema: Option<&Schema>, action: &EntityUid) -> Result<Context, String> {
    let context =
        Context::from_json_str(text, schema.map(|schema| (schema, action))).map_err(|error| error.to_string())?;
    // Reading looks for names, and not at what numbers, texts and truth values are.
    if let Some(schema) = schema {
        context.validate(schema, action).map_err(|error| error.to_string())?;
    }
    Ok(context)
}

/// The entities of a side by type.
struct Known<'n> {
    names: &'n Names<'n>,
    by_type: BTreeMap<EntityTypeName, BTreeSet<EntityUid>>,
}

impl<'n> Known<'n> {
    fn new(side: &'n Side<'n>) -> Self {
        let mut by_type: BTreeMap<EntityTypeName, BTreeSet<EntityUid>> = BTreeMap::new();
        // What policies name is let in, or not, as what files hold is.
        let all = side.world.iter().map(|entity| entity.uid()).chain(side.names.named());
        for uid in all.filter(|uid| !is_action(uid)) {
            by_type.entry(uid.type_name().clone()).or_default().insert(uid);
        }
        Self { names: &side.names, by_type }
    }

    /// Those of a type that are asked about. An enumeration has what it lists, in a file or not.
    fn of(&self, ty: &EntityTypeName, subject: &Subject) -> Vec<EntityUid> {
        let mut found = match self.names.schema.and_then(|schema| enumeration(schema, ty)) {
            Some(listed) => listed,
            None => self.by_type.get(ty).into_iter().flatten().cloned().collect(),
        };
        found.retain(|uid| subject.takes(uid));
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Whether some permit may let in some request of these types, as far as scopes say.
fn may_permit(side: &Side<'_>, action: &EntityUid, [principal, resource]: [&EntityTypeName; 2]) -> bool {
    side.set.policies().any(|policy| {
        policy.effect() == Effect::Permit
            && admits(policy, action, side.world)
            && of_type(principal_of(policy), principal)
            && of_type(resource_of(policy), resource)
    })
}

fn admits(policy: &Policy, action: &EntityUid, world: &Entities) -> bool {
    match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(one) => one == *action,
        ActionConstraint::In(groups) => {
            groups.iter().any(|group| group == action || world.is_ancestor_of(group, action))
        }
    }
}

/// The type that a scope asks for.
enum Scoped {
    Any,
    /// Also where an entity is in another: of this type it has to be.
    Type(EntityTypeName),
}

fn principal_of(policy: &Policy) -> Scoped {
    match policy.principal_constraint() {
        PrincipalConstraint::Any | PrincipalConstraint::In(_) => Scoped::Any,
        PrincipalConstraint::Eq(uid) => Scoped::Type(uid.type_name().clone()),
        PrincipalConstraint::Is(ty) | PrincipalConstraint::IsIn(ty, _) => Scoped::Type(ty),
    }
}

fn resource_of(policy: &Policy) -> Scoped {
    match policy.resource_constraint() {
        ResourceConstraint::Any | ResourceConstraint::In(_) => Scoped::Any,
        ResourceConstraint::Eq(uid) => Scoped::Type(uid.type_name().clone()),
        ResourceConstraint::Is(ty) | ResourceConstraint::IsIn(ty, _) => Scoped::Type(ty),
    }
}

fn of_type(scoped: Scoped, ty: &EntityTypeName) -> bool {
    match scoped {
        Scoped::Any => true,
        Scoped::Type(asked) => asked == *ty,
    }
}

/// Actions with the types that go with them: all, where no schema says which.
fn pairs(side: &Side<'_>, asked: &Asked) -> Vec<(EntityUid, [EntityTypeName; 2])> {
    let wanted = |action: &EntityUid| asked.action.as_ref().is_none_or(|asked| asked == action);
    if let Some(schema) = side.names.schema {
        return schema
            .request_envs()
            .filter(|environment| {
                wanted(environment.action())
                    && asked.principal.takes_type(environment.principal())
                    && asked.resource.takes_type(environment.resource())
            })
            .map(|one| (one.action().clone(), [one.principal().clone(), one.resource().clone()]))
            .collect();
    }
    let mut actions = side.names.actions();
    actions.extend(asked.action.clone());
    let known = side.world.iter().map(|entity| entity.uid()).chain(side.names.named());
    let known: BTreeSet<EntityTypeName> =
        known.filter(|uid| !is_action(uid)).map(|uid| uid.type_name().clone()).collect();
    // A type that a scope asks for has somebody, though nothing names any.
    let types = |subject: &Subject, scope: &dyn Fn(&Policy) -> Scoped| {
        let mut types = known.clone();
        types.extend(side.names.sets.iter().flat_map(|set| set.policies()).filter_map(|policy| match scope(policy) {
            Scoped::Any => None,
            Scoped::Type(ty) => Some(ty),
        }));
        match subject {
            Subject::Open => {}
            Subject::Type(ty) => types.extend([ty.clone()]),
            Subject::One(uid) => types.extend([uid.type_name().clone()]),
        }
        types.retain(|ty| subject.takes_type(ty));
        types
    };
    let (principals, resources) = (types(&asked.principal, &principal_of), types(&asked.resource, &resource_of));
    let mut all = Vec::new();
    for action in actions.into_iter().filter(wanted) {
        for principal in &principals {
            all.extend(resources.iter().map(|resource| (action.clone(), [principal.clone(), resource.clone()])));
        }
    }
    all
}
