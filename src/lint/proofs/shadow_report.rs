//! How `shadowed-permit` and `shadowed-forbid` put a shadow.

use super::versions::are_versions;
use crate::finding::{Finding, Level, Mend};
use crate::lint::facts::{Facts, Member, MemberKind, Shadow, finding_about};
use crate::lint::fixes::{remove_link, remove_policy};
use crate::rule::Rule;

/// What is said of one effect and not of the other.
pub(super) struct Words {
    /// What such a policy is called.
    pub(super) what: &'static str,
    /// What happens to the requests that it matches.
    pub(super) done: &'static str,
    /// What to do about one that is wholly shadowed.
    pub(super) help: &'static str,
}

/// The file of `member` without it: of a template that others link to only the link goes.
pub(super) fn remove_member(member: &Member<'_>) -> Mend {
    match member.kind {
        MemberKind::Static => remove_policy(member.policy),
        MemberKind::Link => remove_link(member.location),
        MemberKind::Template => None,
    }
}

/// The shadow as a finding of `rule`.
pub(super) fn report_shadow(rule: &Rule, words: &Words, facts: &Facts<'_>, shadow: &Shadow) -> Option<Finding> {
    let Words { what, done, help } = words;
    let member = facts.members.get(shadow.policy)?;
    let others = facts.names(&shadow.by);
    let together = if shadow.by.len() > 1 { " together" } else { "" };
    let message = if shadow.duplicate {
        format!("this {what} is a duplicate: it matches exactly the requests that {others} does")
    } else {
        let place = if shadow.total { "" } else { "here " };
        format!("{place}every request that this {what} matches is {done} by {others}{together} too")
    };
    let fix = if shadow.total { remove_member(member) } else { None };
    let mut finding = finding_about(rule, member, message).help(*help).mend(fix);
    if !shadow.total {
        finding.level = Level::Note;
        finding.help = Some("leave these environments out of its scope, or narrow what covers it there".to_owned());
    }
    let is_version = |other: &usize| {
        let other = facts.members.get(*other).map_or("", |other| other.location.path());
        are_versions(member.location.path(), other)
    };
    if shadow.total && shadow.by.iter().any(is_version) {
        finding.level = Level::Note;
        finding.help = Some("if the files are versions of one, of which one is deployed, take them apart".to_owned());
    }
    let mut finding = facts.relate(finding, &shadow.by, &format!("{done} by this one"));
    finding.environments = facts.environments_at(&shadow.environments);
    Some(finding)
}
