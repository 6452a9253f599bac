//! What policy files and links files hold, before it has a store.

use crate::finding::Finding;
use crate::repo::cedar::Body;
use crate::repo::model::Unfilled;
use crate::text::{Location, Span};

/// One policy file, read.
#[derive(Debug, Default)]
pub(super) struct PolicyFile {
    pub(super) policies: Vec<Found>,
    pub(super) links: Vec<FoundLink>,
    pub(super) findings: Vec<Finding>,
    /// What is not read because another program fills in a part of it.
    pub(super) unfilled: Vec<Unfilled>,
    /// Whether anything in the file is out.
    pub(super) broken: bool,
}

impl PolicyFile {
    /// Takes in what another part of the file holds.
    pub(super) fn extend(&mut self, part: Self) {
        self.policies.extend(part.policies);
        self.links.extend(part.links);
        self.findings.extend(part.findings);
        self.unfilled.extend(part.unfilled);
        self.broken |= part.broken;
    }
}

/// A policy in a file, before it has a store.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) position: usize,
    pub(super) span: Span,
    pub(super) base: usize,
    pub(super) body: Body,
    /// The key in a JSON policy set.
    pub(super) json_key: Option<(String, Option<Span>)>,
}

/// A link in a JSON policy set or a links file, before it has a store.
#[derive(Debug)]
pub(super) struct FoundLink {
    pub(super) template: String,
    pub(super) id: String,
    /// Slot (`?principal`) and entity, in Cedar syntax.
    pub(super) args: Vec<(String, String)>,
    pub(super) location: Location,
}
