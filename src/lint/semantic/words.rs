//! How findings about whole policies are put.

use cedar_policy::Effect;

use super::analysis::{Analysis, Shadow};
use super::members::{Member, MemberKind};
use crate::finding::{Environment, Finding, Level};
use crate::rule::Rule;
use crate::text::{Location, Span, inline};

/// So many other policies are named in a message.
const NAMED: usize = 3;

/// What people call the policy: its id, or where it stands.
pub(in crate::lint) fn name(member: &Member<'_>) -> String {
    if member.policy.id.is_none() && member.short == member.policy.short {
        return format!("`{}:{}`", inline(member.location.path()), head(member).start().line);
    }
    format!("`{}`", inline(member.short))
}

/// The policies at `indices` by name, the first few of them.
pub(in crate::lint) fn names(analysis: &Analysis<'_>, indices: &[usize]) -> String {
    let all: Vec<String> = indices.iter().filter_map(|index| analysis.members.get(*index)).map(name).collect();
    match all.as_slice() {
        [] => "no policy".to_owned(),
        [one] => one.clone(),
        [first @ .., last] if all.len() <= NAMED => format!("{} and {last}", first.join(", ")),
        _ => {
            let first: Vec<_> = all.iter().take(NAMED - 1).cloned().collect();
            format!("{} and {} more", first.join(", "), all.len() - first.len())
        }
    }
}

/// The request environments at `indices`.
pub(in crate::lint) fn environments(analysis: &Analysis<'_>, indices: &[usize]) -> Vec<Environment> {
    indices.iter().filter_map(|at| analysis.environments.get(*at)).cloned().collect()
}

/// A finding about `member`, at its head.
pub(in crate::lint) fn finding(rule: &Rule, level: Level, member: &Member<'_>, message: String) -> Finding {
    Finding::new(rule.id, level, head(member), message).policy(member.name, member.location)
}

/// `finding`, and where the policies at `indices` stand, with what they have to do with it.
pub(in crate::lint) fn also(mut finding: Finding, analysis: &Analysis<'_>, indices: &[usize], what: &str) -> Finding {
    for member in indices.iter().filter_map(|index| analysis.members.get(*index)) {
        finding = finding.related(head(member), what, Some(member.name.to_owned()));
    }
    finding
}

/// The line that names the member: the one with its id, else the one where the annotations end, else its first.
fn head(member: &Member<'_>) -> Location {
    let location = member.location;
    let (text, start) = (location.text(), location.span.start);
    if member.kind != MemberKind::Link {
        if let Some((_, Some(span))) = &member.policy.id {
            return Location::new(&location.file, *span);
        }
        let mut at = start;
        for line in text.split_inclusive('\n') {
            if ["permit", "forbid"].iter().any(|effect| line.trim_start().starts_with(effect)) {
                return Location::new(&location.file, Span::new(at, at + line.trim_end().len()));
            }
            at += line.len();
        }
    }
    let line = text.lines().next().unwrap_or_default();
    Location::new(&location.file, Span::new(start, start + line.len()))
}

/// The shadow as a finding of `rule`.
pub(in crate::lint) fn report_shadow(analysis: &Analysis<'_>, shadow: &Shadow, rule: &Rule) -> Option<Finding> {
    let member = analysis.members.get(shadow.policy)?;
    let (what, done) = match member.effect {
        Effect::Permit => ("permit", "permitted"),
        Effect::Forbid => ("forbid", "forbidden"),
    };
    let others = names(analysis, &shadow.by);
    let together = if shadow.by.len() > 1 { " together" } else { "" };
    let (level, message) = if shadow.duplicate {
        (Level::Warning, format!("this {what} is a duplicate: it matches exactly the requests that {others} does"))
    } else if shadow.total {
        (Level::Warning, format!("every request that this {what} matches is {done} by {others}{together} too"))
    } else {
        let message = format!("here every request that this {what} matches is {done} by {others}{together} too");
        (Level::Note, message)
    };
    let help = match (shadow.total, member.effect) {
        (true, Effect::Permit) => {
            "removing it changes no decision; if it was meant to be the only way in, narrow what covers it"
        }
        (true, Effect::Forbid) => {
            "removing it changes no decision; if it says what is meant, keep it and remove what covers it"
        }
        (false, _) => "leave these environments out of its scope, or narrow what covers it there",
    };
    let finding = finding(rule, level, member, message).help(help);
    let mut finding = also(finding, analysis, &shadow.by, &format!("{done} by this one"));
    finding.environments = environments(analysis, &shadow.environments);
    finding.evidence = shadow.evidence.clone();
    Some(finding)
}
