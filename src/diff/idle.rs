//! Policies that differ as text and change no decision: whether both versions say the same, or others decide anyway
//! what tells them apart.

use std::collections::BTreeSet;
use std::sync::Arc;

use cedar_policy::Policy;

use super::effects::cause;
use super::pairing::Paired;
use super::stores::Stores;
use crate::compare::Body;
use crate::outcome::changes::{Change, Idle, StoreChanges};
use crate::symbolic::{Answer, CompiledPolicies, Formula, PolicyRef, SchemaModel, Session, Subject};

/// Of more edited policies than this nothing more is asked.
const ASKED: usize = 64;
/// Nor where there are more request environments than this.
const ENVIRONMENTS: usize = 256;

/// What changed as text and brings nothing about, where everything is decided; `model` is the schema, if both sides
/// have the same.
pub(super) fn of(
    changes: &StoreChanges,
    pairs: &[Paired<'_>],
    stores: Stores<'_>,
    model: Option<&Arc<SchemaModel>>,
) -> Vec<Idle> {
    let causes = changes.groups.iter().flat_map(|group| &group.causes).map(|cause| cause.policy.as_str());
    let causes: BTreeSet<&str> = causes.collect();
    let idle: Vec<&Paired<'_>> =
        pairs.iter().filter(|pair| !pair.same && !pair.is_linked_template() && !causes.contains(pair.name())).collect();
    let edited = idle.iter().filter(|pair| pair.change() == Change::Edited).count();
    let model = model.filter(|model| edited <= ASKED && model.environments().len() <= ENVIRONMENTS);
    let one = |pair: &Paired<'_>| Idle {
        cause: cause(pair, pairs, stores),
        same: model.and_then(|model| is_same(model, pair)),
    };
    idle.into_iter().map(one).collect()
}

/// Whether both versions match the same requests; `None` where that is not known.
fn is_same(model: &Arc<SchemaModel>, pair: &Paired<'_>) -> Option<bool> {
    let body = |item: &'_ super::pairing::Item<'_>| match &item.body {
        Body::Policy(policy) => Some(policy.clone()),
        Body::Template(_) => None,
    };
    let (old, new): (Policy, Policy) = (body(pair.old.as_ref()?)?, body(pair.new.as_ref()?)?);
    let policies = CompiledPolicies::new(Arc::clone(model), vec![Subject::policy(&old), Subject::policy(&new)]);
    let matches = |index| Formula::Matches(PolicyRef { side: 0, index });
    let apart = (matches(0).and(!matches(1))).or((!matches(0)).and(matches(1)));
    for environment in model.environments() {
        let mut session = Session::new(&policies, environment);
        if !session.set_aside(0).is_empty() {
            return None;
        }
        match session.check(&apart) {
            Answer::Impossible => {}
            Answer::Witness(_) => return Some(false),
            Answer::Unknown(_) => return None,
        }
    }
    Some(true)
}
