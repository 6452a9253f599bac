//! How `shadowed-permit` and `shadowed-forbid` put a shadow.

use super::versions::are_versions;
use crate::finding::{Finding, Level};
use crate::lint::facts::{Facts, MemberKind, Shadow, finding_about};
use crate::lint::fixes::remove_policy;
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
    let is_static = shadow.total && member.kind == MemberKind::Static;
    let fix = if is_static { remove_policy(member.policy) } else { None };
    let mut finding = finding_about(rule, member, message).help(*help).fix(fix);
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
