//! What a form of decision table says of itself.

use crate::data::json::Node;
use crate::repo::error::OwnStoreError;
use crate::text::SourceFile;

/// The entity files that a table names, as it writes them.
type NamedFiles = fn(&SourceFile) -> Vec<String>;

/// The paths of the store that a table brings along.
type OwnStore = fn(&SourceFile, &Find<'_>) -> Result<StorePaths, OwnStoreError>;

/// What finding and reading a repository needs to know of a form.
pub(in crate::repo) struct FormSpec {
    /// What such a table is, as help lists it.
    pub(super) about: &'static str,
    /// How the names of its files end, with the dot. A name that ends in `_test` before it says alone that a file is a
    /// table.
    pub(super) endings: &'static [&'static str],
    /// So does a name that begins like this.
    pub(super) prefixes: &'static [&'static str],
    /// So does the name of the folder that directly holds the file.
    pub(super) folders: &'static [&'static str],
    /// Whether a file with one of the endings is in this form.
    pub(super) sniff: fn(&Candidate<'_>) -> bool,
    /// Whether a file with one of the endings shows anything of this form, be it broken: a file that shows none is
    /// another tool's, whatever its name.
    pub(super) shows: fn(&Candidate<'_>) -> bool,
    /// The entity files that a table names, as written, and where they may lie. A table that cannot be read names none:
    /// it says so when it is run.
    pub(in crate::repo) entity_files: Option<(NamedFiles, Bound)>,
    /// The store that a table brings. The function that it gets finds the path of a file as written.
    pub(in crate::repo) store: Option<OwnStore>,
}

/// From the path of a file as written to its path in the repository; `None` where there is none.
pub(in crate::repo) type Find<'f> = dyn Fn(&str) -> Option<String> + 'f;

/// Where a file that a table names may lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::repo) enum Bound {
    /// In the folder of the table, as for the `cedar` command line.
    Folder,
    /// In the repository.
    Repository,
}

/// The paths of the store that a table brings.
pub(in crate::repo) struct StorePaths {
    pub(in crate::repo) policies: String,
    pub(in crate::repo) entities: Option<String>,
    pub(in crate::repo) schema: Option<String>,
}

/// A file that may be a decision table.
pub(super) struct Candidate<'c> {
    pub(super) file: &'c SourceFile,
    /// Its text for a parser.
    pub(super) text: &'c str,
    /// The name of the folder that directly holds it.
    pub(super) folder: &'c str,
    /// Whether it has to be a table, by its name or because the user says so.
    pub(super) must: bool,
}

impl Candidate<'_> {
    /// The JSON that it holds, if it does.
    pub(super) fn json(&self) -> Option<Node<'_>> {
        Node::parse(self.file, self.text).ok()
    }
}
