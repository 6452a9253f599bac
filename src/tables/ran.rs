//! What running tables came to. Rows that passed are only counted unless a report lists them, so that memory does not
//! grow with the rows that went well.

use std::collections::BTreeMap;
use std::sync::Arc;

use cedar_policy::{Entities, Request};

use crate::finding::Finding;
use crate::outcome::{Notice, NoticeKind, TestResult};
use crate::text::inline;

/// What running tables came to.
#[derive(Debug, Default)]
pub struct Ran {
    /// A result for every row that was asked for, in the order of files and rows.
    pub rows: Vec<TestResult>,
    /// How many rows passed and are not among them, because results are wanted in brief.
    pub passed: usize,
    /// What rows show besides: how many, and the first of them.
    pub(super) notes: BTreeMap<String, (usize, String)>,
    /// Files that are no table, or only in part.
    pub findings: Vec<Finding>,
    /// How many rows were not asked for.
    pub left_out: usize,
    /// Of a row that was asked for by its id: its request, and the entities that it ran with.
    pub(super) asked: Option<(Request, Arc<Entities>)>,
    /// Whether rows were left unrun after a failure.
    pub stopped: bool,
}

/// What stands between a policy that fails to evaluate and why, in the note of a row that is silent about it.
pub(super) const SILENT: &str = " fails to evaluate and is skipped, where `errors` says nothing of it: ";

impl Ran {
    pub(super) fn noted(&mut self, note: &str, count: usize, first: &str) {
        match self.notes.get_mut(note) {
            Some((known, _)) => *known += count,
            None => {
                self.notes.insert(note.to_owned(), (count, first.to_owned()));
            }
        }
    }

    /// What rows show and do not fail for, each once, with the first row that shows it. A policy that fails to evaluate
    /// does so for one cause, whichever entity it is about.
    #[must_use]
    pub fn remarks(&self) -> Vec<Notice> {
        let mut folded: Vec<(&str, &str, usize, &str)> = Vec::new();
        for (note, (count, first)) in &self.notes {
            let what = note.split_once(SILENT).map_or(note.as_str(), |(what, _)| what);
            match folded.iter_mut().find(|(known, ..)| *known == what) {
                Some((_, _, known, _)) => *known += count,
                None => folded.push((what, note, *count, first)),
            }
        }
        let remark = |(_, note, count, first): (&str, &str, usize, &str)| match count {
            1 => format!("{note} ({})", inline(first)),
            count => format!("{note} ({count} rows, such as {})", inline(first)),
        };
        folded.into_iter().map(|note| Notice::new(NoticeKind::RowRemark, remark(note))).collect()
    }
}
