//! Who may do what where no entity is known: by the types of principal and resource, and by what has to hold of them.
//!
//! # Why
//!
//! It is the comparison with a store that allows nothing: whatever is gained is what is allowed. An entity that is
//! asked about, and of which nothing is known, is what a forbid leaves that refuses everybody else.

use std::collections::BTreeMap;
use std::sync::Arc;

use cedar_policy::{Authorizer, Decision, Policy, PolicyId, PolicySet, RequestEnv};

use super::asked::{Asked, Names, Subject, Wanted};
use super::sides::schema;
use crate::compare::{Body, Condition, Decided, Options, Pair, PolicyPair, Where, Which};
use crate::infer::{Inferred, infer};
use crate::outcome::{Access, AccessCondition, AccessGroup, Names as Named};
use crate::repo::Store;
use crate::symbolic::{Limits, SchemaModel, Solvers, Witness};

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

/// What `wanted` means in a store of which no entity is known.
///
/// # Errors
/// When a name is none; a sentence that names the nearest.
pub fn asked_of(store: &Store, wanted: &Wanted) -> Result<Asked, String> {
    let sets = [&store.set];
    Names { schema: schema(store), entities: None, sets: &sets }.find(wanted)
}

/// Who may do what that is `asked`, by type.
///
/// # Errors
/// When there is no schema to say which requests there are; a phrase.
pub fn by_type(store: &Store, asked: &Asked, inference: bool, solvers: &Arc<Solvers>) -> Result<ByType, String> {
    let inferred: Option<Inferred> = match schema(store) {
        Some(_) => None,
        None if inference => Some(infer(&[Some(store)])?),
        None => return Err("it has no schema".to_owned()),
    };
    let declared = schema(store).or(inferred.as_ref().map(|inferred| &inferred.schema));
    let Some(declared) = declared else { return Err("it has no schema".to_owned()) };
    let model = SchemaModel::answered_by(declared, Arc::clone(solvers))?;
    let (policies, probes) = policies(store, asked, inferred.as_ref());
    let pair = Pair::new(Some(&model), Some(&model), true, &policies);
    let wanted = |environment: &&RequestEnv| {
        asked.action.as_ref().is_none_or(|action| action == environment.action())
            && asked.principal.takes_type(environment.principal())
            && asked.resource.takes_type(environment.resource())
    };
    let environments: Vec<(RequestEnv, Where)> =
        model.environments().iter().filter(wanted).map(|environment| (environment.clone(), Where::Both)).collect();
    let all = deciding(store, policies.get(probes..).unwrap_or_default());
    let confirm = |witness: &Witness, _: Which, _: bool| {
        let allowed = witness.cases.last().is_some_and(|case| {
            Authorizer::new().is_authorized(&case.request, &all, &case.entities).decision() == Decision::Allow
        });
        if allowed { Ok(()) } else { Err(String::new()) }
    };
    let deltas = pair.compare(&environments, Options::new(&confirm, policies.len() <= MANY));
    let said =
        |name: String| inferred.as_ref().map_or_else(|| name.clone(), |inferred| inferred.said(&name).to_owned());
    let mut found = ByType { inferred: inferred.is_some(), ..ByType::default() };
    let mut rows: Rows = BTreeMap::new();
    for ((environment, _), delta) in environments.iter().zip(&deltas) {
        let action = said(environment.action().to_string());
        if let Decided::Unknown(why) = &delta.gained.decided {
            found.undecided.push(format!("whether anybody may do `{}`: {why}", crate::text::inline(&action)));
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
        rows.entry((access, principal, resource)).or_default().push(action);
    }
    found.groups = grouped(rows);
    Ok(found)
}

/// By what it comes to, principal and resource: the actions.
type Rows = BTreeMap<(Access, String, String), Vec<String>>;

/// Rows of which only one thing differs, together.
fn grouped(rows: Rows) -> Vec<AccessGroup> {
    let mut by_actions: BTreeMap<(Access, Vec<String>, String), Vec<String>> = BTreeMap::new();
    for ((access, principal, resource), actions) in rows {
        by_actions.entry((access, actions, principal)).or_default().push(resource);
    }
    let mut all: BTreeMap<(Access, Vec<String>, Vec<String>), Vec<String>> = BTreeMap::new();
    for ((access, actions, principal), resources) in by_actions {
        all.entry((access, actions, resources)).or_default().push(principal);
    }
    let group =
        |((now, actions, resources), principals): ((Access, Vec<String>, Vec<String>), Vec<String>)| AccessGroup {
            principals: Named::all(principals),
            actions: Named::all(actions),
            resources: Named::all(resources),
            now,
            before: None,
            gains: false,
            loses: false,
        };
    all.into_iter().map(group).collect()
}

/// The policies of the store as what a side without any gains, and from which place on they are ours.
fn policies(store: &Store, asked: &Asked, inferred: Option<&Inferred>) -> (Vec<PolicyPair>, usize) {
    let mut all: Vec<PolicyPair> = Vec::new();
    let limits = inferred.map(|inferred| inferred.limits(0));
    let mut deciding: Vec<&Policy> = store.set.policies().collect();
    deciding.sort_by(|one, other| one.id().cmp(other.id()));
    for policy in deciding {
        let body = Body::Policy(policy.clone());
        let own = limits.as_ref().map_or_else(Limits::default, |limits| limits.of(policy.id(), &body.subject()));
        all.push(PolicyPair { old: None, new: Some(body), limits: [Limits::default(), own], same: false });
    }
    let probes = all.len();
    for (variable, subject) in [("principal", &asked.principal), ("resource", &asked.resource)] {
        let Subject::One(uid) = subject else { continue };
        let text = format!("forbid (principal, action, resource) unless {{ {variable} == {uid} }};");
        if let Ok(policy) = Policy::parse(Some(PolicyId::new(format!("asked {variable}"))), text) {
            let new = Some(Body::Policy(policy));
            all.push(PolicyPair { old: None, new, limits: [Limits::default(), Limits::default()], same: false });
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
