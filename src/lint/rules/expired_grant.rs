//! `expired-grant`: a policy whose time is over.

use crate::finding::{Finding, Level};
use crate::lint::context::Context;
use crate::lint::rule::LintRule;
use crate::rule::{Basis, Precision, Rule};
use crate::text::inline;

pub(in crate::lint) static RULE: LintRule = LintRule::text(
    Rule {
        id: "expired-grant",
        summary: "the day of `@expires` has passed and the policy is still there",
        level: Some(Level::Error),
        basis: Basis::Text,
        precision: Precision::Exact,
        opens: true,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/expired-grant.md"),
    },
    check,
)
.of_what_is_idle();

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    let Some(today) = context.today else { return };
    for policy in context.policies() {
        let annotations = &policy.syntax().annotations;
        for (_, value, span) in annotations.iter().filter(|(key, _, _)| key == "expires") {
            if last_day(value).is_some_and(|last| last.as_str() < today) {
                let message = format!("the time of this {} was over on {}", policy.effect_word(), inline(value));
                out.push(Context::finding(&RULE.meta, policy, *span, value, message).help(
                    "remove it, or give it a new day if it is still wanted; `polcheck prove` shows whether it still \
                     matches anything",
                ));
            }
        }
    }
}

/// The day of `value`, a day or an instant, in UTC. On the day itself nothing has expired yet.
fn last_day(value: &str) -> Option<String> {
    if let Ok(at) = value.parse::<jiff::Timestamp>() {
        return Some(at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string());
    }
    value.parse::<jiff::civil::Date>().ok().map(|day| day.to_string())
}
