//! How far permits reach.

use std::collections::{BTreeMap, BTreeSet};

use super::analysis::Analysis;
use super::settle::Known;
use crate::outcome::Breadth;
use crate::repo::syntax::{Expr, ExprKind, Variable};

/// Every permit that decides and matches something, the furthest-reaching first.
pub(super) fn ranking(analysis: &Analysis<'_>, store: &str) -> Vec<Breadth> {
    let mut all: Vec<Breadth> = analysis
        .permits()
        .map(|(index, member)| {
            let open = member.policy.syntax().open;
            let bound = [open.principal, open.action, open.resource].into_iter().filter(|open| !open).count();
            Breadth {
                store: store.to_owned(),
                policy: member.name.to_owned(),
                environments: analysis.live(index).count(),
                unconditional: analysis.always(index).count(),
                conditions: bound + member.policy.body.parts(0).len(),
            }
        })
        .filter(|breadth| breadth.environments > 0)
        .collect();
    all.sort_by(|a, b| {
        (b.unconditional, b.environments, a.conditions, &a.policy).cmp(&(
            a.unconditional,
            a.environments,
            b.conditions,
            &b.policy,
        ))
    });
    all
}

/// A permit that reaches everything of some resource types, whoever asks.
#[derive(Debug)]
pub(in crate::lint) struct Broad {
    /// The permit.
    pub(in crate::lint) policy: usize,
    /// The resource types.
    pub(in crate::lint) resources: Vec<String>,
    /// Their environments.
    pub(in crate::lint) environments: Vec<usize>,
    /// Whether it has a condition, which looks at neither principal nor resource.
    pub(in crate::lint) conditional: bool,
}

/// Whether the permit at `index` has an open scope, and for some resource type with several actions matches in every
/// environment: every request, or depending on what is neither principal nor resource.
pub(super) fn broad(analysis: &Analysis<'_>, index: usize) -> Option<Broad> {
    let member = analysis.members.get(index)?;
    let syntax = member.policy.syntax();
    if !(syntax.open.action && syntax.open.principal && syntax.open.resource) {
        return None;
    }
    let always: BTreeSet<usize> = analysis.always(index).collect();
    let blind = syntax.condition.as_ref().is_some_and(|condition| !looks(condition));
    let reached: BTreeSet<usize> = if blind { analysis.live(index).collect() } else { always.clone() };
    let mut types: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, environment) in analysis.environments.iter().enumerate() {
        types.entry(&environment.resource).or_default().push(at);
    }
    let actions = |all: &[usize]| {
        let named = all.iter().filter_map(|at| analysis.environments.get(*at)).map(|environment| &environment.action);
        named.collect::<BTreeSet<_>>().len()
    };
    types.retain(|_, all| actions(all) > 1 && all.iter().all(|at| reached.contains(at)));
    let environments: Vec<usize> = types.values().flatten().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let conditional = !environments.iter().all(|at| always.contains(at));
    let resources: Vec<String> = types.into_keys().map(str::to_owned).collect();
    (!resources.is_empty()).then_some(Broad { policy: index, resources, environments, conditional })
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

impl Analysis<'_> {
    /// Environments where the policy at `index` matches something.
    pub(super) fn live(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        self.facts(index).iter().filter(|fact| fact.live == Known::Yes).map(|fact| fact.environment)
    }

    /// Environments where it matches everything.
    pub(super) fn always(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        self.facts(index).iter().filter(|fact| fact.always == Known::Yes).map(|fact| fact.environment)
    }
}
