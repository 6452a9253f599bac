//! Who may do what where no entity is known: by the types of principal and resource, and by what has to hold of them.
//!
//! # Why
//!
//! It is the comparison with a store that allows nothing: whatever is gained is what is allowed. An entity that is
//! asked about, and of which nothing is known, is what a forbid leaves that refuses everybody else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cedar_policy::{Authorizer, Decision, Policy, PolicyId, PolicySet, RequestEnv, Schema};

use super::asked::{Asked, Names, Subject, Wanted};
use super::sides::schema;
use crate::compare::{Body, Condition, Decided, Options, Pair, PolicyPair, Where, Which};
use crate::infer::{Inferred, infer};
use crate::outcome::{Access, AccessCondition, AccessGroup, Names as Named};
use crate::repo::Store;
use crate::symbolic::{Limits, SchemaModel, Solvers, Witness};
use crate::text::inline;

/// With more policies than this, conditions are what the policies say, and are not made short.
const MANY: usize = 100;

/// Who may do what, by type.
#[derive(Debug, Clone, Default)]
pub struct ByType {
    /// The types, and what has to hold of them.
    pub groups: Vec<AccessGroup>,
    /// What is not decided, a phrase each.
    pub undecided: Vec<String>,
    /// Whether the schema is inferred.
    pub inferred: bool,
}

/// A store of which no entity is known, as it is and perhaps as it was.
#[derive(Debug, Clone, Copy)]
pub struct Stores<'s> {
    /// As it was; none within where it was not there.
    pub old: Option<Option<&'s Store>>,
    /// As it is.
    pub new: Option<&'s Store>,
    /// Whether a schema may be inferred where there is none.
    pub inference: bool,
    /// Who answers.
    pub solvers: &'s Arc<Solvers>,
}

/// A side that is there, with the schema that it is read under.
struct Side<'s> {
    store: &'s Store,
    model: Arc<SchemaModel>,
}

/// By principal, resource and action: what it comes to.
type Answers = BTreeMap<(String, String, String), Access>;

impl<'s> Stores<'s> {
    fn both(&self) -> [Option<&'s Store>; 2] {
        [self.old.flatten(), self.new]
    }

    /// What `wanted` means: on the new side, or where that does not know a name, on the old one.
    ///
    /// # Errors
    /// When a name is none; a sentence that names the nearest.
    pub fn find(&self, wanted: &Wanted) -> Result<Asked, String> {
        let sets: Vec<_> = self.both().into_iter().flatten().map(|store| &store.set).collect();
        let [old, new] = self
            .both()
            .map(|store| store.map(|store| Names { schema: schema(store), entities: None, sets: &sets }.find(wanted)));
        match (new, old) {
            (Some(Err(_)), Some(Ok(asked))) => Ok(asked),
            (Some(found), _) | (None, Some(found)) => found,
            (None, None) => Ok(Asked::default()),
        }
    }

    /// Who may do what that is `asked`, by type.
    ///
    /// # Errors
    /// When there is no schema to say which requests there are; a phrase.
    pub fn by_type(&self, asked: &Asked) -> Result<ByType, String> {
        let stores = self.both();
        let [old, new] = stores.map(|store| store.and_then(schema));
        let inferred: Option<Inferred> = match old.or(new) {
            Some(_) => None,
            None if self.inference => Some(infer(&stores)?),
            None => return Err("it has no schema".to_owned()),
        };
        let guess = inferred.as_ref().map(|inferred| &inferred.schema);
        let model = |schema: &Schema| SchemaModel::answered_by(schema, Arc::clone(self.solvers));
        // A side that declares none is read under that of the other, as a comparison reads it.
        let side = |store: Option<&'s Store>, schema: Option<&Schema>| match (store, schema) {
            (Some(store), Some(schema)) => Ok::<_, String>(Some(Side { store, model: model(schema)? })),
            _ => Ok(None),
        };
        let [old_store, new_store] = stores;
        let sides = [side(old_store, old.or(new).or(guess))?, side(new_store, new.or(old).or(guess))?];
        let mut found = ByType { inferred: inferred.is_some(), ..ByType::default() };
        let mut answers: [Answers; 2] = [Answers::new(), Answers::new()];
        for (number, (side, answers)) in sides.iter().zip(&mut answers).enumerate() {
            let Some(side) = side else { continue };
            let before = if number == 0 { " before" } else { "" };
            let undecided = &mut found.undecided;
            *answers = side.answers(asked, inferred.as_ref().map(|inferred| (inferred, number)), &mut |action, why| {
                undecided.push(format!("whether anybody may do `{}`{before}: {why}", inline(action)));
            });
        }
        let [before, now] = answers;
        let keys: BTreeSet<_> = before.keys().chain(now.keys()).cloned().collect();
        let mut rows: Rows = BTreeMap::new();
        for key in keys {
            let of = |answers: &Answers| answers.get(&key).cloned().unwrap_or(Access::Denied);
            let both = (self.old.map(|_| of(&before)), of(&now));
            let (principal, resource, action) = key;
            rows.entry((both, principal, resource)).or_default().push(action);
        }
        found.groups = grouped(rows);
        Ok(found)
    }
}

impl Side<'_> {
    /// What it comes to by type. `undecided` hears of actions that are not decided, and why.
    fn answers(
        &self,
        asked: &Asked,
        inferred: Option<(&Inferred, usize)>,
        undecided: &mut dyn FnMut(&str, String),
    ) -> Answers {
        let (policies, probes) = policies(self.store, asked, inferred);
        let inferred = inferred.map(|(inferred, _)| inferred);
        let pair = Pair::new(Some(&self.model), Some(&self.model), true, &policies);
        let wanted = |environment: &&RequestEnv| {
            asked.action.as_ref().is_none_or(|action| action == environment.action())
                && asked.principal.takes_type(environment.principal())
                && asked.resource.takes_type(environment.resource())
        };
        let environments = self.model.environments().iter().filter(wanted);
        let environments: Vec<(RequestEnv, Where)> =
            environments.map(|environment| (environment.clone(), Where::Both)).collect();
        let all = deciding(self.store, policies.get(probes..).unwrap_or_default());
        let confirm = |witness: &Witness, _: Which, _: bool| {
            let allowed = witness.cases.last().is_some_and(|case| {
                Authorizer::new().is_authorized(&case.request, &all, &case.entities).decision() == Decision::Allow
            });
            if allowed { Ok(()) } else { Err(String::new()) }
        };
        let deltas = pair.compare(&environments, Options::new(&confirm, policies.len() <= MANY));
        let said = |name: String| inferred.map_or_else(|| name.clone(), |inferred| inferred.said(&name).to_owned());
        let mut found = Answers::new();
        for ((environment, _), delta) in environments.iter().zip(&deltas) {
            let action = said(environment.action().to_string());
            if let Decided::Unknown(why) = &delta.gained.decided {
                undecided(&action, why.to_string());
            }
            let mut when: Vec<String> =
                delta.gained.effects.iter().map(|effect| expression(&effect.condition, probes)).collect();
            when.sort();
            when.dedup();
            if when.is_empty() {
                continue;
            }
            let access = match when.iter().any(|text| text == "true") {
                true => Access::Allowed,
                false => Access::Conditional(Arc::new(AccessCondition { when, unless: Vec::new(), shown: true })),
            };
            let name = |subject: &Subject, ty: String| match subject {
                Subject::One(uid) => uid.to_string(),
                Subject::Open | Subject::Type(_) => said(ty),
            };
            let principal = name(&asked.principal, environment.principal().to_string());
            let resource = name(&asked.resource, environment.resource().to_string());
            found.insert((principal, resource, action), access);
        }
        found
    }
}

/// By what it comes to, principal and resource: the actions.
type Rows = BTreeMap<(Both, String, String), Vec<String>>;

/// What it came to before, where that is asked, and what it comes to.
type Both = (Option<Access>, Access);

/// Rows of which only one thing differs, together.
fn grouped(rows: Rows) -> Vec<AccessGroup> {
    let mut by_actions: BTreeMap<(Both, Vec<String>, String), Vec<String>> = BTreeMap::new();
    for ((access, principal, resource), actions) in rows {
        by_actions.entry((access, actions, principal)).or_default().push(resource);
    }
    let mut all: BTreeMap<(Both, Vec<String>, Vec<String>), Vec<String>> = BTreeMap::new();
    for ((access, actions, principal), resources) in by_actions {
        all.entry((access, actions, resources)).or_default().push(principal);
    }
    let group = |(((before, now), actions, resources), principals): ((Both, Vec<String>, Vec<String>), Vec<String>)| {
        let differs = before.as_ref().is_some_and(|before| *before != now);
        // Of two conditions that differ it is not looked into which of them lets in more.
        let less =
            |one: &Access, other: &Access| one < other || one.condition().is_some() && other.condition().is_some();
        AccessGroup {
            principals: Named::all(principals),
            actions: Named::all(actions),
            resources: Named::all(resources),
            gains: differs && before.as_ref().is_some_and(|before| less(before, &now)),
            loses: differs && before.as_ref().is_some_and(|before| less(&now, before)),
            now,
            before,
        }
    };
    let mut groups: Vec<AccessGroup> = all.into_iter().map(group).collect();
    groups.sort_by_key(|group| !group.differs());
    groups
}

/// The policies of the store as what a side without any gains, and from which place on they are ours.
fn policies(store: &Store, asked: &Asked, inferred: Option<(&Inferred, usize)>) -> (Vec<PolicyPair>, usize) {
    let mut all: Vec<PolicyPair> = Vec::new();
    let limits = inferred.map(|(inferred, number)| inferred.limits(number));
    let mut deciding: Vec<&Policy> = store.set.policies().collect();
    deciding.sort_by(|one, other| one.id().cmp(other.id()));
    for policy in deciding {
        let body = Body::Policy(policy.clone());
        let own = limits.as_ref().map_or_else(Limits::default, |limits| limits.of(policy.id(), &body.subject()));
        all.push(PolicyPair {
            old: None,
            new: Some(body),
            limits: [Limits::default(), own],
            same: false,
            opened: None,
        });
    }
    let probes = all.len();
    for (variable, subject) in [("principal", &asked.principal), ("resource", &asked.resource)] {
        let Subject::One(uid) = subject else { continue };
        let text = format!("forbid (principal, action, resource) unless {{ {variable} == {uid} }};");
        if let Ok(policy) = Policy::parse(Some(PolicyId::new(format!("asked {variable}"))), text) {
            let new = Some(Body::Policy(policy));
            all.push(PolicyPair { old: None, new, limits: Default::default(), same: false, opened: None });
        }
    }
    (all, probes)
}

/// The policies of the store and the probes.
fn deciding(store: &Store, probes: &[PolicyPair]) -> PolicySet {
    let mut set = store.set.clone();
    for pair in probes {
        if let Some(Body::Policy(policy)) = &pair.new {
            // Keys of a store have no space.
            let _ = set.add(policy.clone());
        }
    }
    set
}

/// What has to hold, without what the probes, from that place on, say.
fn expression(condition: &Condition, probes: usize) -> String {
    let held = |text: &str| {
        let loose = text.contains("||") || text.starts_with("if ");
        if loose { format!("({text})") } else { text.to_owned() }
    };
    let mut parts = Vec::new();
    if condition.when != "true" {
        parts.push(held(&condition.when));
    }
    let allowed: Vec<String> = condition.where_allowed.iter().map(|clause| held(&clause.condition)).collect();
    if !allowed.is_empty() {
        parts.push(format!("({})", allowed.join(" || ")));
    }
    let others = condition.unless_allowed.iter().chain(&condition.unless_refused);
    parts.extend(others.filter(|clause| clause.entry < probes).map(|clause| format!("!({})", clause.condition)));
    if parts.is_empty() { "true".to_owned() } else { parts.join(" && ") }
}
