//! Runs the proofs over one store, one after the other: each spreads its questions over the threads by itself.
//!
//! # Why
//!
//! Were proofs run at the same time, rayon could begin a second one on the thread that works out what it then waits
//! for.

use std::sync::Arc;

use super::facts::{Facts, Proved, find_left_out, members, rank_permits};
use super::rule::Proof;
use crate::finding::Finding;
use crate::outcome::{Breadth, Notice, NoticeKind};
use crate::repo::Store;
use crate::symbolic::{CompiledPolicies, SchemaModel, Subject};
use crate::text::inline;

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Proofs {
    /// What was found, at the levels that rules give.
    pub(super) findings: Vec<Finding>,
    /// Questions that have no answer.
    pub(super) undecided: Vec<Notice>,
    /// Policies that do not fit the schema.
    pub(super) unfit: Option<Notice>,
    /// The permits, the furthest-reaching first, when asked for.
    pub(super) breadth: Vec<Breadth>,
}

/// Runs `proofs` over `store` and ranks its permits if `breadth` is asked for; nothing where there is no schema that
/// can be used.
pub(super) fn prove(store: &Store, proofs: &[Proof], breadth: bool) -> Proofs {
    let Some(schema) = store.schema.ready() else { return Proofs::default() };
    let model = match SchemaModel::new(&schema.cedar) {
        Ok(model) => model,
        Err(why) => {
            let sentence = format!("store `{}` cannot be analysed: {why}", inline(&store.name));
            let notice = Notice::new(NoticeKind::QuestionOpen, sentence).store(&store.name);
            return Proofs { undecided: vec![notice], ..Proofs::default() };
        }
    };
    let (members, subjects): (Vec<_>, Vec<Subject>) = members(store).into_iter().unzip();
    let policies = CompiledPolicies::new(Arc::clone(&model), subjects);
    let mut facts = Facts::collect(store, &policies, members);
    let mut proved = Proved::default();
    for proof in proofs {
        proof(&mut facts, &mut proved);
    }
    let left_out = find_left_out(&facts);
    let findings = proved.illustrate(&mut facts);
    let undecided = left_out.undecided.into_iter().chain(facts.unanswered.notices(&facts.members));
    Proofs {
        findings,
        undecided: undecided.map(|notice| notice.store(&store.name)).collect(),
        unfit: left_out.unfit.map(|notice| notice.store(&store.name)),
        breadth: if breadth { rank_permits(&facts) } else { Vec::new() },
    }
}
