//! A row before it runs: what every form of table comes to.

use std::collections::BTreeSet;
use std::sync::Arc;

use cedar_policy::{Entities, EntityUid};

use super::strangers::Met;
use crate::data::Fault;
use crate::data::json::Node;
use crate::outcome::Decision;
use crate::text::{SourceFile, Span};

/// The entities that a row runs with.
#[derive(Debug, Clone)]
pub(super) enum RowEntities<'t> {
    /// The store's.
    OfStore,
    /// Written in the row.
    Inline(Node<'t>),
    /// In a file that the row names.
    File(Arc<SourceFile>),
    /// Written in the row otherwise than Cedar has it: Cedar's JSON, and where.
    Built(String, Span),
    /// These.
    Ready(Arc<Entities>),
}

/// An entity of a request.
#[derive(Debug, Clone)]
pub(super) enum Uid<'t> {
    /// As JSON has it.
    Json(Node<'t>),
    /// Read already.
    Ready(EntityUid),
}

/// The context of a request.
#[derive(Debug, Clone)]
pub(super) enum RowContext<'t> {
    /// Not given, which is empty.
    Empty,
    /// As JSON has it.
    Json(Node<'t>),
    /// Put together: Cedar's JSON.
    Built(String),
}

impl RowContext<'_> {
    /// Cedar's JSON.
    pub(super) fn json(&self) -> &str {
        match self {
            Self::Empty => "{}",
            Self::Json(node) => node.raw,
            Self::Built(json) => json,
        }
    }
}

/// A policy that a row names.
#[derive(Debug, Clone)]
pub(super) struct Called {
    /// As the row has it.
    pub(super) said: String,
    /// Its full name.
    pub(super) full: String,
}

/// How the determining policies of a row are named and compared.
#[derive(Debug, Clone)]
pub(super) enum Reasons {
    /// Not stated.
    Open,
    /// These decide, perhaps among others; by name.
    AtLeast(Vec<String>),
    /// Exactly these.
    Exactly(Vec<Called>),
    /// Exactly these; by position in the file, `policy0` and so on.
    ExactlyPositions(Vec<String>),
}

/// How the failing policies of a row are stated.
#[derive(Debug, Clone)]
pub(super) enum Errors {
    /// Not stated.
    Open,
    /// So many.
    Count(usize),
    /// Exactly these.
    Exactly(Vec<Called>),
    /// Exactly these, by position.
    ExactlyPositions(Vec<String>),
}

/// A row whose shape is right.
#[derive(Debug, Clone)]
pub(super) struct Row<'t> {
    pub(super) principal: Uid<'t>,
    pub(super) action: Uid<'t>,
    pub(super) resource: Uid<'t>,
    pub(super) context: RowContext<'t>,
    pub(super) entities: RowEntities<'t>,
    /// What is written of the entities, where they are ready.
    pub(super) world: Arc<str>,
    pub(super) decision: Decision,
    pub(super) reasons: Reasons,
    pub(super) errors: Errors,
    /// Whether the request has to fit the schema.
    pub(super) validate: bool,
}

/// A question for everyone who is allowed something.
#[derive(Debug)]
pub(super) struct Who<'t> {
    pub(super) action: EntityUid,
    pub(super) resource: EntityUid,
    pub(super) context: RowContext<'t>,
    pub(super) entities: Arc<Entities>,
    /// What is written of the entities.
    pub(super) world: Arc<str>,
    /// Everyone who is asked for.
    pub(super) candidates: Vec<EntityUid>,
    /// Everyone who should be allowed.
    pub(super) expect: BTreeSet<String>,
}

/// What a row asks.
#[derive(Debug)]
pub(super) enum Content<'t> {
    /// One decision.
    Row(Row<'t>),
    /// Everyone who is allowed something.
    Who(Who<'t>),
    /// Nothing, for this reason.
    Skip(String),
}

/// A row as found: its name, its place and its content or what is wrong with it.
#[derive(Debug)]
pub(super) struct Found<'t> {
    pub(super) name: Option<String>,
    /// Which of several rows of one name it is.
    pub(super) suffix: Option<String>,
    pub(super) span: Span,
    /// What is probably not meant.
    pub(super) notes: Vec<String>,
    /// Which of its entities exist nowhere, as far as that is known before it runs.
    pub(super) met: Met,
    pub(super) content: Result<Content<'t>, Vec<Fault>>,
}
