//! What a run is asked for.

use std::path::PathBuf;

use crate::finding::FailOn;
use crate::tables::{Filter, Shard};

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
    /// Count rows that pass, and do not keep them.
    pub brief: bool,
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

/// What [`check`](super::check) is asked for.
#[derive(Debug, Clone, Default)]
pub struct CheckOptions {
    /// What to read.
    pub reading: Reading,
    /// How many entity dereferences policies may chain, where nothing stricter is configured.
    pub level: Option<u32>,
    /// A revision to compare effective permissions with, and whose configuration counts as well.
    pub against: Option<String>,
}

/// What [`validate`](super::validate) is asked for.
#[derive(Debug, Clone, Default)]
pub struct ValidateOptions {
    /// What to read.
    pub reading: Reading,
    /// How many entity dereferences policies may chain, where nothing stricter is configured.
    pub level: Option<u32>,
}

/// What [`lint`](super::lint) is asked for.
#[derive(Debug, Clone, Default)]
pub struct LintOptions {
    /// What to read.
    pub reading: Reading,
    /// List every permit and forbid that overlap.
    pub conflicts: bool,
    /// Rank permits by how far they reach.
    pub breadth: bool,
}

/// What [`test`](super::test) is asked for.
#[derive(Debug, Clone, Default)]
pub struct TestOptions {
    /// What to read.
    pub reading: Reading,
    /// Only rows that all of these let through.
    pub filters: Vec<Filter>,
    /// Only this share of the rows.
    pub shard: Option<Shard>,
    /// Stop at the first row that fails or cannot run.
    pub fail_fast: bool,
    /// Name the rows and run none.
    pub list: bool,
    /// What to say of what the rows exercise.
    pub coverage: CoverageOptions,
}

/// What is asked about coverage.
#[derive(Debug, Clone, Default)]
pub struct CoverageOptions {
    /// Say what no row exercises, whether or not there is a floor.
    pub wanted: bool,
    /// The percentage of policies and conditions below which the run fails; the configuration's where there is none.
    pub floor: Option<u32>,
    /// Only what changed since this revision.
    pub since: Option<String>,
}

/// What [`diff`](super::diff) is asked for.
#[derive(Debug, Clone, Default)]
pub struct DiffOptions {
    /// What to read of both sides; of its paths, the stores that have something there. Its files are not looked at.
    pub reading: Reading,
    /// The two sides.
    pub sides: Compare,
    /// What is refused besides what the gates of either side refuse.
    pub deny: Deny,
}

/// The two sides of a comparison.
#[derive(Debug, Clone)]
pub enum Compare {
    /// Revisions of a git repository.
    Revisions {
        /// The old one, or a range.
        old: String,
        /// The new one; the worktree, or the index, where there is none.
        new: Option<String>,
    },
    /// Two folders or files, with no git.
    Files {
        /// The old side.
        old: PathBuf,
        /// The new side.
        new: PathBuf,
        /// The old side's schema; several make one. Empty: what lies in the folder.
        old_schema: Vec<PathBuf>,
        /// The new side's schema.
        new_schema: Vec<PathBuf>,
    },
}

impl Default for Compare {
    fn default() -> Self {
        Self::Revisions { old: "HEAD".to_owned(), new: None }
    }
}

/// What is refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Deny {
    /// Access that somebody gains.
    pub gained: bool,
    /// Access that somebody loses.
    pub lost: bool,
}
