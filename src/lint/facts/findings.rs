//! How findings about whole policies are put.

use super::members::Member;
use super::store_facts::Facts;
use crate::finding::{Environment, Finding};
use crate::lint::context::finding_at;
use crate::rule::Rule;

/// So many other policies are named in a message.
const NAMED: usize = 3;

impl Facts<'_> {
    /// The policies by name, the first few of them.
    pub(in crate::lint) fn names(&self, policies: &[usize]) -> String {
        let members = policies.iter().filter_map(|index| self.members.get(*index));
        let all: Vec<String> = members.map(Member::quoted_name).collect();
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

    /// The request environments in full.
    pub(in crate::lint) fn environments_at(&self, indices: &[usize]) -> Vec<Environment> {
        indices.iter().filter_map(|at| self.environments.get(*at)).cloned().collect()
    }

    /// `finding`, and where the policies stand, with `what` they have to do with it.
    pub(in crate::lint) fn relate(&self, mut finding: Finding, policies: &[usize], what: &str) -> Finding {
        for member in policies.iter().filter_map(|index| self.members.get(*index)) {
            finding = finding.related(member.head(), what, Some(member.name.to_owned()));
        }
        finding
    }
}

/// A finding of `rule` about `member`, at its head, with the level that the rule declares.
pub(in crate::lint) fn finding_about(rule: &Rule, member: &Member<'_>, message: impl Into<String>) -> Finding {
    finding_at(rule, member.head(), message.into()).policy(member.name, member.location)
}
