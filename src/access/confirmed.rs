//! What is found, asked of Cedar's authorizer: a sample spread over all of it.

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, Policy, PolicyId, PolicySet, Request};

use crate::decide::{self, Census, Condition, Counted};

/// So many requests are asked again.
const ASKED: usize = 160;

/// A request of the sample, and what the census says of it on one side.
struct Sample {
    kind: usize,
    side: usize,
    principal: EntityUid,
    resource: EntityUid,
    access: Option<decide::Access>,
}

/// Requests taken from all over a census.
#[derive(Default)]
pub(super) struct Samples {
    all: Vec<Sample>,
    seen: usize,
    /// Every so many parts one is taken.
    step: usize,
}

impl Samples {
    /// Takes some of what was counted.
    pub(super) fn take(&mut self, census: &Census, counted: &Counted<'_>) {
        let Some(kind) = census.kinds().get(counted.kind) else { return };
        for (side, column) in counted.columns.iter().enumerate() {
            let parts = column.0.iter().map(|(access, who)| (Some(*access), Some(who))).chain([(None, None)]);
            for (access, who) in parts {
                self.seen += 1;
                if !self.seen.is_multiple_of(self.step.max(1)) {
                    continue;
                }
                // Anybody of them, and not always the first.
                let turn = self.seen.wrapping_mul(0x9E37_79B9) >> 7;
                let at = match who {
                    Some(who) => who.iter().nth(turn % who.count().max(1)),
                    None => {
                        let principal = kind.principals.get(turn % kind.principals.len().max(1));
                        principal.and_then(|uid| census.principals().binary_search(uid).ok())
                    }
                };
                let access = match (who, at) {
                    (Some(_), _) => access,
                    (None, Some(at)) => column.0.iter().find(|(_, who)| who.has(at)).map(|(access, _)| *access),
                    (None, None) => None,
                };
                let principal = at.and_then(|at| census.principals().get(at)).cloned();
                let resource = counted.resources.get(turn % counted.resources.len().max(1));
                let (Some(principal), Some(resource)) = (principal, resource) else { continue };
                let resource = (*resource).clone();
                self.all.push(Sample { kind: counted.kind, side, principal, resource, access });
            }
        }
        if self.all.len() > 2 * ASKED {
            // Half of them, from everywhere.
            let mut odd = false;
            self.all.retain(|_| {
                odd = !odd;
                odd
            });
            self.step = self.step.max(1) * 2;
        }
    }

    /// Asks Cedar's authorizer; gives the request about which it is of another mind, if there is one.
    pub(super) fn disagreement(
        &self,
        census: &Census,
        sets: &[&PolicySet],
        entities: &Entities,
        conditions: &[Condition],
    ) -> Option<String> {
        self.all.iter().find_map(|sample| {
            let (kind, set) = (census.kinds().get(sample.kind)?, sets.get(sample.side)?);
            let context = kind.context.clone().unwrap_or_else(Context::empty);
            let request =
                Request::new(sample.principal.clone(), kind.action.clone(), sample.resource.clone(), context, None)
                    .ok()?;
            let allows = |set: &PolicySet| {
                Authorizer::new().is_authorized(&request, set, entities).decision() == Decision::Allow
            };
            let expected = match sample.access {
                None => false,
                Some(decide::Access::Allowed) => true,
                Some(decide::Access::Conditional(number)) => {
                    conditions.get(number).and_then(as_policies).is_some_and(|set| allows(&set))
                }
            };
            (allows(set) != expected).then(|| request.to_string())
        })
    }
}

/// What is left to ask, as policies.
fn as_policies(condition: &Condition) -> Option<PolicySet> {
    let mut policies = Vec::new();
    let mut add = |effect: &str, expression: &str| {
        let text = format!("{effect} (principal, action, resource) when {{ {expression} }};");
        let id = PolicyId::new(format!("left{}", policies.len()));
        policies.push(Policy::parse(Some(id), text).ok()?);
        Some(())
    };
    for expression in &condition.permits {
        add("permit", expression)?;
    }
    if condition.permits.is_empty() {
        add("permit", "true")?;
    }
    for expression in &condition.forbids {
        add("forbid", expression)?;
    }
    PolicySet::from_policies(policies).ok()
}
