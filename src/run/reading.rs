//! Where to read, and what.

use std::path::PathBuf;
use std::sync::Arc;

use crate::finding::FailOn;
use crate::symbolic::Solvers;

/// Where to read, what, and what of it to report on: what every run starts from. The default is the repository around
/// the working folder, whole.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// The folder to run in; the working folder of the process where there is none.
    pub directory: Option<PathBuf>,
    /// Files and folders to report on, relative to `directory`; what they belong to is read whole. Empty for
    /// `directory`.
    pub paths: Vec<PathBuf>,
    /// Files named one by one.
    pub files: Files,
    /// The configuration; `polcheck.toml`, looked for upwards, where there is none.
    pub config: Option<PathBuf>,
    /// The only store to look at, by name.
    pub store: Option<String>,
    /// Read the git index instead of the worktree.
    pub staged: bool,
    /// The day that counts as today, as `2026-11-30` or a time in RFC 3339; the clock's where there is none.
    pub now: Option<String>,
    /// The mildest level that fails the run; the configuration's where there is none.
    pub fail_on: Option<FailOn>,
    /// The file of findings that fail nothing.
    pub baseline: BaselineFile,
    /// What is filled in for placeholders, by name, over what the configuration says.
    pub filled: Vec<(String, String)>,
    /// Count rows that pass, and do not keep them.
    pub brief: bool,
    /// Work out what a comparison changes in the permission matrix, which not every report shows.
    pub matrix: bool,
    /// Who answers questions about policies.
    pub solvers: Arc<Solvers>,
}

/// Where the findings stand that fail nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum BaselineFile {
    /// Where the configuration says, if it says so.
    #[default]
    Configured,
    /// In this file, relative to [`Reading::directory`].
    Named(PathBuf),
    /// Nowhere: every finding counts.
    Nowhere,
}

impl BaselineFile {
    /// The file that was named.
    #[must_use]
    pub fn named(&self) -> Option<&PathBuf> {
        match self {
            Self::Named(path) => Some(path),
            Self::Configured | Self::Nowhere => None,
        }
    }
}

impl From<Option<PathBuf>> for BaselineFile {
    fn from(named: Option<PathBuf>) -> Self {
        named.map_or(Self::Configured, Self::Named)
    }
}

/// Files named one by one; paths relative to [`Reading::directory`].
#[derive(Debug, Clone, Default)]
pub struct Files {
    /// Policies: files or folders, with the links that lie there unless `links` names some.
    pub policies: Vec<PathBuf>,
    /// Schema; several make one.
    pub schemas: Vec<PathBuf>,
    /// Entities.
    pub entities: Vec<PathBuf>,
    /// Template links.
    pub links: Vec<PathBuf>,
    /// Decision tables. Alone, they run over the repository's store.
    pub tables: Vec<PathBuf>,
}

impl Files {
    /// Whether they turn discovery off. Tables alone leave it on: they run over what is found.
    #[must_use]
    pub fn replace_discovery(&self) -> bool {
        [&self.policies, &self.schemas, &self.entities, &self.links].into_iter().any(|paths| !paths.is_empty())
    }
}
