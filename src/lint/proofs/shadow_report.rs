//! How `shadowed-permit` and `shadowed-forbid` put a shadow.

use crate::finding::{Finding, Level};
use crate::lint::facts::{Facts, Shadow, finding_about};
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
    let mut finding = finding_about(rule, member, message).help(*help);
    if !shadow.total {
        finding.level = Level::Note;
        finding.help = Some("leave these environments out of its scope, or narrow what covers it there".to_owned());
    }
    let mut finding = facts.relate(finding, &shadow.by, &format!("{done} by this one"));
    finding.environments = facts.environments_at(&shadow.environments);
    Some(finding)
}
