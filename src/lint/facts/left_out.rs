//! Policies that the engine did not have: what does not fit the schema is validation's to report.

use std::collections::BTreeSet;

use cedar_policy::{PolicySet, ValidationMode, Validator};

use super::members::{Member, MemberKind, notice_about, some_of};
use super::store_facts::Facts;
use crate::outcome::{Notice, NoticeKind};
use crate::repo::Store;
use crate::repo::cedar::Body;
use crate::text::inline;

/// What was not analysed.
#[derive(Debug, Default)]
pub(in crate::lint) struct LeftOut {
    /// Policies that fit the schema, each with its reason.
    pub(in crate::lint) undecided: Vec<Notice>,
    /// Policies that do not.
    pub(in crate::lint) unfit: Option<Notice>,
}

/// What was not analysed of the store of `facts`, policies that do not fit and are `explained` aside.
pub(in crate::lint) fn find_left_out(facts: &Facts<'_>, explained: &BTreeSet<usize>) -> LeftOut {
    let mut left_out = LeftOut::default();
    let Some(schema) = facts.store.schema.ready() else { return left_out };
    let validator = Validator::new(schema.cedar.clone());
    let mut unfit = Vec::new();
    for (index, member) in facts.members.iter().enumerate() {
        let reasons: BTreeSet<&String> =
            facts.set_aside.get(&index).into_iter().flatten().map(|(_, why)| why).collect();
        // What names a type or action that there is not applies nowhere.
        if reasons.is_empty() && !facts.of(index).is_empty() {
            continue;
        }
        if validator.validate(&alone(facts.store, member), ValidationMode::Strict).validation_passed() {
            let notice = |reason: &String| {
                let sentence = format!("`{}` is not analysed: {reason}", inline(member.name));
                notice_about(NoticeKind::QuestionOpen, &[member], sentence)
            };
            left_out.undecided.extend(reasons.into_iter().map(notice));
        } else if !explained.contains(&index) {
            unfit.push(member);
        }
    }
    left_out.unfit = describe_unfit(&unfit, &facts.store.name);
    left_out
}

fn describe_unfit(members: &[&Member<'_>], store: &str) -> Option<Notice> {
    let (what, them) = match members.len() {
        0 => return None,
        1 => ("1 policy does".to_owned(), "it is"),
        count => (format!("{count} policies do"), "they are"),
    };
    let store = inline(store);
    let names: Vec<String> = members.iter().map(|member| member.quoted_name()).collect();
    let sentence = format!(
        "{what} not fit the schema of store `{store}`, so {them} not analysed: {} (see `polcheck validate`)",
        some_of(&names)
    );
    Some(notice_about(NoticeKind::PolicyRefused, members, sentence))
}

/// `member` and nothing else.
fn alone(store: &Store, member: &Member<'_>) -> PolicySet {
    let mut set = PolicySet::new();
    // Each is in a set already, so that adding it to another cannot fail.
    let _ = match &member.policy.body {
        Body::Static(policy) => set.add(policy.clone()),
        Body::Template(template) => set.add_template(template.clone()),
    };
    let link = store.links.iter().find(|link| member.kind == MemberKind::Link && link.name == member.name);
    let values = link.and_then(|link| store.set.policy(&link.key)?.template_links());
    if let (Some(link), Some(values)) = (link, values) {
        let _ = set.link(member.policy.key.clone(), link.key.clone(), values);
    }
    set
}
