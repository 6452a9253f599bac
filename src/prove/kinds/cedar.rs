//! Guardrails written in Cedar: `*.cedarguard`.

use cedar_policy::Effect;

use super::Sources;
use crate::prove::guardrail::{Demand, Guardrail, Reach, Rule};
use crate::repo::cedar::Body;

pub(super) fn collect(sources: &Sources<'_>) -> Vec<Guardrail> {
    let guardrails = &sources.repo.guardrails;
    let of = |policy: &crate::repo::Policy| {
        let Body::Static(body) = &policy.body else { return None };
        let rule = Rule::Everywhere(Box::new((**body).clone()), Some(policy.key.clone()));
        let (kind, demand) = match policy.effect() {
            Effect::Forbid => ("forbid", Demand::Refused(rule)),
            Effect::Permit => ("permit", Demand::Allowed(rule)),
        };
        Some(Guardrail {
            id: policy.short.clone(),
            kind,
            why: policy.body.annotation("why").map(str::to_owned),
            location: policy.location.clone(),
            expansion: None,
            reach: Reach::Only(guardrails.about.get(policy.location.path()).cloned().unwrap_or_default()),
            demand,
            doubt: None,
        })
    };
    guardrails.rules.policies.iter().filter_map(of).collect()
}
