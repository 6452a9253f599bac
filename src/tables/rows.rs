//! A row before it runs: what every form of table comes to.

use std::sync::Arc;

use crate::outcome::Decision;
use crate::repo::json::Node;
use crate::text::SourceFile;

/// The entities that a row runs with.
#[derive(Debug, Clone)]
pub(super) enum RowEntities<'t> {
    /// The store's.
    OfStore,
    /// Written in the row.
    Inline(Node<'t>),
    /// In a file that the row names.
    File(Arc<SourceFile>),
}

/// How the determining policies of a row are named and compared.
#[derive(Debug, Clone)]
pub(super) enum Reasons {
    /// Not stated.
    Open,
    /// These decide, perhaps among others; by name.
    AtLeast(Vec<String>),
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
    /// Exactly these, by position.
    ExactlyPositions(Vec<String>),
}

/// A row whose shape is right.
#[derive(Debug, Clone)]
pub(super) struct Row<'t> {
    pub(super) principal: Node<'t>,
    pub(super) action: Node<'t>,
    pub(super) resource: Node<'t>,
    pub(super) context: Option<Node<'t>>,
    pub(super) entities: RowEntities<'t>,
    pub(super) decision: Decision,
    pub(super) reasons: Reasons,
    pub(super) errors: Errors,
    /// Whether the request has to fit the schema.
    pub(super) validate: bool,
}

/// A row as found: its name, its place and its content or what is wrong with it.
#[derive(Debug)]
pub(super) struct Found<'t> {
    pub(super) name: Option<String>,
    pub(super) node: Node<'t>,
    pub(super) row: Result<Row<'t>, Fault>,
}

/// Why a row cannot run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
