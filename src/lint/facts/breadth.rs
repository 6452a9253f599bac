//! How far permits reach.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::Effect;

use super::binding::conditions;
use super::questions::{any_other, matches};
use super::since::broader;
use super::store_facts::Facts;
use crate::outcome::{Asked, Breadth, Broader, Since};
use crate::repo::Store;
use crate::repo::syntax::{Expr, ExprKind, Variable};
use crate::symbolic::Formula;

/// Every permit that decides and matches something, the furthest-reaching first; with a `base` also whether they match
/// what they did not match there, if the store is there.
pub(in crate::lint) fn rank_permits(facts: &Facts<'_>, base: Option<Option<&Store>>) -> Vec<Breadth> {
    let permits: Vec<usize> =
        facts.deciding(Effect::Permit).into_iter().filter(|permit| facts.live(*permit).next().is_some()).collect();
    let since: Vec<Option<Broader>> = match base {
        Some(base) => broader(facts, &permits, base).into_iter().map(Some).collect(),
        None => vec![None; permits.len()],
    };
    let each = permits.iter().zip(conditions(facts, &permits)).zip(since);
    let mut all: Vec<Breadth> =
        each.filter_map(|((permit, asks), since)| breadth(facts, *permit, asks, since)).collect();
    all.sort_by(|a, b| {
        (b.unconditional, b.environments, a.conditions, &a.policy).cmp(&(
            a.unconditional,
            a.environments,
            b.conditions,
            &b.policy,
        ))
    });
    for (at, breadth) in all.iter_mut().enumerate() {
        breadth.rank = at + 1;
    }
    all
}

fn breadth(facts: &Facts<'_>, permit: usize, asks: Vec<Asked>, broader: Option<Broader>) -> Option<Breadth> {
    let member = facts.members.get(permit)?;
    let open = member.policy.syntax().open;
    let parts = [("principal", open.principal), ("action", open.action), ("resource", open.resource)];
    let open: Vec<&'static str> = parts.into_iter().filter(|(_, open)| *open).map(|(name, _)| name).collect();
    Some(Breadth {
        store: facts.store.name.clone(),
        policy: member.name.to_owned(),
        location: member.head(),
        rank: 0,
        environments: facts.live(permit).count(),
        unconditional: facts.always(permit).count(),
        of: facts.environments.len(),
        conditions: parts.len() - open.len() + asks.len(),
        open,
        asks,
        since: broader.map(|broader| Since { before: None, broader }),
    })
}

/// A permit that reaches everything of some resource types, whoever asks.
#[derive(Debug)]
pub(in crate::lint) struct Broad {
    /// The resource types.
    pub(in crate::lint) resources: Vec<String>,
    /// Their environments.
    pub(in crate::lint) environments: Vec<usize>,
    /// Whether it has a condition, which looks at neither principal nor resource.
    pub(in crate::lint) conditional: bool,
}

/// Whether the permit at `index` has an open scope, and for some resource type with several actions matches in every
/// environment: every request, or depending on what is neither principal nor resource.
pub(in crate::lint) fn judge_breadth(facts: &Facts<'_>, index: usize) -> Option<Broad> {
    let member = facts.members.get(index)?;
    let syntax = member.policy.syntax();
    if !(syntax.open.action && syntax.open.principal && syntax.open.resource) {
        return None;
    }
    let always: BTreeSet<usize> = facts.always(index).collect();
    let blind = syntax.condition.as_ref().is_some_and(|condition| !looks(condition));
    let reached: BTreeSet<usize> = if blind { facts.live(index).collect() } else { always.clone() };
    let mut types: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, environment) in facts.environments.iter().enumerate() {
        types.entry(&environment.resource).or_default().push(at);
    }
    let actions = |all: &[usize]| {
        let named = all.iter().filter_map(|at| facts.environments.get(*at)).map(|environment| &environment.action);
        named.collect::<BTreeSet<_>>().len()
    };
    types.retain(|_, all| actions(all) > 1 && all.iter().all(|at| reached.contains(at)));
    let environments: Vec<usize> = types.values().flatten().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let conditional = !environments.iter().all(|at| always.contains(at));
    let resources: Vec<String> = types.into_keys().map(str::to_owned).collect();
    (!resources.is_empty()).then_some(Broad { resources, environments, conditional })
}

/// Whether `condition` asks something of the principal or the resource, other than of which type they are.
fn looks(condition: &Expr) -> bool {
    let mut open = vec![condition];
    while let Some(expr) = open.pop() {
        match &expr.kind {
            ExprKind::Var(Variable::Principal | Variable::Resource) => return true,
            ExprKind::Is(inner) if matches!(inner.kind, ExprKind::Var(_)) => {}
            _ => open.extend(expr.children()),
        }
    }
    false
}

/// Whether the permit matches every request of every environment of the schema, and there is more to it than one action
/// that it names.
pub(in crate::lint) fn is_for_everything(facts: &Facts<'_>, permit: usize) -> bool {
    let (reached, all) = (facts.always(permit).count(), facts.environments.len());
    reached > 0 && reached == all && (all > 1 || facts.is_for_any_action(permit))
}

/// Whether some permit is so: then that is what there is to say of permits.
pub(in crate::lint) fn permits_everything(facts: &Facts<'_>) -> bool {
    facts.deciding(Effect::Permit).into_iter().any(|permit| is_for_everything(facts, permit))
}

/// What a request has to be to show how far a permit reaches: allowed by it, alone if there is one.
pub(in crate::lint) fn grant_example(permit: usize) -> Vec<Formula> {
    let allowed = matches(permit).and(!any_other(Effect::Forbid, permit));
    let alone = allowed.clone().and(!any_other(Effect::Permit, permit));
    vec![alone, allowed, matches(permit)]
}
