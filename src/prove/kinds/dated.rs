//! `@expires("2026-12-31T00:00:00Z")` on a policy: it matches nothing then, and nothing afterwards.

use std::sync::Arc;

use super::{Sources, bounded};
use crate::prove::guardrail::{Cover, Demand, Guardrail, Place, Reach, Rule};
use crate::prove::instant::{clock_at, instant};
use crate::text::inline;

pub(super) fn collect(sources: &Sources<'_>) -> Vec<Guardrail> {
    let guardrails = &sources.config.guardrails;
    let clock = guardrails.clock().to_owned();
    let unit = guardrails.unit;
    let mut all = Vec::new();
    for store in &sources.repo.stores {
        for dated in &store.policies {
            let Some(until) = dated.body.annotation("expires") else { continue };
            let demand = match instant(until) {
                None => Demand::Unaskable(format!(
                    "`{}` is no instant; write it as in `@expires(\"2026-12-31T00:00:00Z\")`",
                    inline(until)
                )),
                Some(end) => {
                    let clock = clock.clone();
                    let each = move |place: &Place<'_>| {
                        let Some(kind) = clock_at(place, &clock, unit) else {
                            return Cover::Unable(format!("its requests have no time at `{}`", inline(&clock)));
                        };
                        let when = |condition| format!("permit (principal, action, resource) when {{ {condition} }};");
                        bounded(&when(kind.at_or_after(&clock, end)), &when(kind.first_at(&clock, end)))
                    };
                    Demand::Unmatched(dated.name.clone(), Rule::Each(Arc::new(each)))
                }
            };
            all.push(Guardrail {
                id: format!("expires {}", dated.short),
                kind: "expires",
                why: dated.body.annotation("why").map(str::to_owned),
                location: dated.head(),
                expansion: Some(format!("`{}` matches nothing from {} on", inline(&dated.short), inline(until))),
                reach: Reach::Only(vec![store.name.clone()]),
                demand,
                doubt: None,
            });
        }
    }
    all
}
