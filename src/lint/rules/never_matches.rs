//! `never-matches`: a policy that contradicts itself or its schema.

use cedar_policy::Effect;

use crate::finding::{Finding, Level};
use crate::lint::context::{Context, LintRule};
use crate::lint::semantic::{MemberKind, environments, finding};
use crate::rule::NEVER_MATCHES;
use crate::text::Location;

pub(in crate::lint) static RULE: LintRule = LintRule { meta: NEVER_MATCHES, instead_of: &[NEVER_MATCHES.id], check };

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    let Some(analysis) = context.analysis() else { return };
    for dead in &analysis.dead {
        let Some(member) = analysis.members.get(dead.policy) else { continue };
        let what = match (member.kind, member.effect) {
            (MemberKind::Template, _) => "template, whatever fills its slots",
            (_, Effect::Permit) => "permit",
            (_, Effect::Forbid) => "forbid",
        };
        let (why, first, others) = match dead.clash.as_deref() {
            Some([]) => ("the scope excludes every request: ", None, [].as_slice()),
            Some([only]) => ("this is never true here, so ", Some(*only), [].as_slice()),
            Some([first, others @ ..]) => ("these conditions exclude each other, so ", Some(*first), others),
            None => ("", None, [].as_slice()),
        };
        let mut finding = finding(&RULE.meta, Level::Error, member, format!("{why}no request can match this {what}"));
        if let Some(span) = first {
            finding.location = Location::new(&member.location.file, span);
        }
        for span in others {
            let place = Location::new(&member.location.file, *span);
            finding = finding.related(place, "excludes the other", None);
        }
        let count = match dead.environments.len() {
            1 => "the one request environment that it applies to".to_owned(),
            count => format!("all {count} request environments that it applies to"),
        };
        let harm = match member.effect {
            Effect::Permit => "it permits nothing",
            Effect::Forbid => "what it is to stop is not stopped",
        };
        finding.help = Some(format!("{harm}; correct the condition or remove the policy (proved for {count})"));
        finding.environments = environments(analysis, &dead.environments);
        out.push(finding);
    }
}
