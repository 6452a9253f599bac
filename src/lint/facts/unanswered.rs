//! Questions that have no answer.

use std::collections::BTreeMap;

use super::members::{Member, notice_about, some_of};
use crate::outcome::{Notice, NoticeKind};
use crate::symbolic::Reason;

/// How many questions about each policy have no answer, and why the first of them has none.
#[derive(Debug, Clone, Default)]
pub(in crate::lint) struct Unanswered(BTreeMap<usize, (usize, Reason)>);

impl Unanswered {
    /// Counts a question about `policy`.
    pub(in crate::lint) fn note(&mut self, policy: usize, reason: &Reason) {
        self.add(policy, 1, reason);
    }

    /// Counts what `other` counted.
    pub(in crate::lint) fn merge(&mut self, other: &Self) {
        for (policy, (count, reason)) in &other.0 {
            self.add(*policy, *count, reason);
        }
    }

    fn add(&mut self, policy: usize, count: usize, reason: &Reason) {
        self.0.entry(policy).or_insert_with(|| (0, reason.clone())).0 += count;
    }

    /// A notice for each reason.
    pub(in crate::lint) fn notices(&self, members: &[Member<'_>]) -> Vec<Notice> {
        let mut reasons: BTreeMap<String, (usize, Vec<&Member<'_>>)> = BTreeMap::new();
        for (index, (count, reason)) in &self.0 {
            let (all, about) = reasons.entry(reason.to_string()).or_default();
            *all += count;
            about.extend(members.get(*index));
        }
        let notice = |(reason, (count, about)): (String, (usize, Vec<&Member<'_>>))| {
            let questions = if count == 1 { "1 question".to_owned() } else { format!("{count} questions") };
            let names: Vec<String> = about.iter().map(|member| member.quoted_name()).collect();
            let sentence = format!("{questions} about {}: {reason}", some_of(&names));
            notice_about(NoticeKind::QuestionOpen, &about, sentence)
        };
        reasons.into_iter().map(notice).collect()
    }
}
