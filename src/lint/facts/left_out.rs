//! Policies that the engine does not have, and those that do not fit the schema, which validation reports.

use std::collections::BTreeSet;

use cedar_policy::{ValidationMode, Validator};

use super::members::{Member, alone, notice_about, some_of};
use super::store_facts::Facts;
use crate::outcome::{Notice, NoticeKind};
use crate::text::inline;

/// What there is to say of policies besides findings.
#[derive(Debug, Default)]
pub(in crate::lint) struct LeftOut {
    /// Policies that the engine does not have, each with its reason.
    pub(in crate::lint) undecided: Vec<Notice>,
    /// Policies that do not fit the schema.
    pub(in crate::lint) unfit: Option<Notice>,
}

/// What is to be said of the policies of the store of `facts`.
pub(in crate::lint) fn find_left_out(facts: &Facts<'_>) -> LeftOut {
    let mut left_out = LeftOut::default();
    let Some(schema) = facts.store.schema.ready() else { return left_out };
    let validator = Validator::new(schema.cedar.clone());
    let mut unfit = Vec::new();
    for (index, member) in facts.members.iter().enumerate() {
        let reasons: BTreeSet<&String> =
            facts.set_aside.get(&index).into_iter().flatten().map(|(_, why)| why).collect();
        let notice = |reason: &String| {
            let sentence = format!("`{}` is not analysed: {reason}", inline(member.name));
            notice_about(NoticeKind::QuestionOpen, &[member], sentence)
        };
        left_out.undecided.extend(reasons.iter().map(|reason| notice(reason)));
        // What names a type or action that there is not applies nowhere.
        let doubtful = facts.ill_typed.contains(&index) || (facts.of(index).is_empty() && reasons.is_empty());
        let fits = || validator.validate(&alone(facts.store, member), ValidationMode::Strict).validation_passed();
        if doubtful && !fits() {
            unfit.push(member);
        }
    }
    left_out.unfit = describe_unfit(&unfit, &facts.store.name);
    left_out
}

fn describe_unfit(members: &[&Member<'_>], store: &str) -> Option<Notice> {
    let what = match members.len() {
        0 => return None,
        1 => "1 policy does".to_owned(),
        count => format!("{count} policies do"),
    };
    let store = inline(store);
    let names: Vec<String> = members.iter().map(|member| member.quoted_name()).collect();
    let sentence =
        format!("{what} not fit the schema of store `{store}`: {} (see `polcheck validate`)", some_of(&names));
    Some(notice_about(NoticeKind::PolicyRefused, members, sentence))
}
