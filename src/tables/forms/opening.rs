//! What a form has to give, so that its tables can be run.

use crate::data::Fault;
use crate::data::json::{JsonError, Node};
use crate::repo::Table;
use crate::tables::native::{Sheet, Spec};
use crate::tables::rows::Found;
use crate::text::SourceFile;

/// How the tables of a form are opened.
pub(in crate::tables) enum Opening {
    /// Tables of our own.
    Native(Native),
    /// Tables of others.
    Foreign(Foreign),
}

/// How tables of our own are read.
pub(in crate::tables) struct Native {
    /// Opens a table by its text as it stands in the file.
    ///
    /// # Errors
    /// When nothing can be read from it.
    pub(in crate::tables) open: for<'t> fn(&'t str) -> Result<Opened<'t>, Fault>,
    /// How a table says that the entity of this name is meant to exist nowhere, and where else the entity could be.
    pub(in crate::tables) excuse: fn(&str) -> String,
}

/// A table of our own, read as far as its rows.
pub(in crate::tables) struct Opened<'t> {
    pub(in crate::tables) sheet: Sheet,
    pub(in crate::tables) specs: Specs<'t>,
    /// What is wrong with the sheet.
    pub(in crate::tables) faults: Vec<Fault>,
}

/// Specifications, one after the other. After an error there is none.
pub(in crate::tables) type Specs<'t> = Box<dyn Iterator<Item = Result<Spec, Fault>> + 't>;

/// Rows that are found and not read yet.
pub(in crate::tables) struct Rows<'t> {
    pub(in crate::tables) nodes: Vec<Node<'t>>,
    /// The value around them, where it says something of all.
    pub(in crate::tables) around: Option<Node<'t>>,
}

impl<'t> From<Vec<Node<'t>>> for Rows<'t> {
    fn from(nodes: Vec<Node<'t>>) -> Self {
        Self { nodes, around: None }
    }
}

/// The rows of a file; `None` when there is JSON in another shape.
pub(in crate::tables) type Unread<'t> = Result<Option<Rows<'t>>, JsonError>;

/// How the tables of others are read: JSON, row by row.
pub(in crate::tables) struct Foreign {
    /// The rows of a file, not read yet, by its text for a parser; `None` when there is JSON in another shape.
    pub(in crate::tables) rows: for<'t> fn(&SourceFile, &'t str) -> Unread<'t>,
    /// The row of a table that a value is, and the value around all rows.
    pub(in crate::tables) row: for<'t> fn(&Table, Node<'t>, Option<Node<'t>>) -> Found<'t>,
    /// Whether a file is one row, which is called as the file is.
    pub(in crate::tables) single: bool,
}
