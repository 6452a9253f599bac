//! Files that git holds: those of a commit, and those of the index.
//!
//! # Why
//!
//! A partial clone that lacks a file with `cedar` in its name is refused when the revision is opened, so that there is
//! one message. Other files may never be read, so they fail when they are.

use std::io::ErrorKind;
use std::path::Path;

use super::blobs::{Blobs, Objects};
use super::command::{at_tab, run, split};
use super::database::Database;
use super::fetch_hint::bring;
use super::ids::{EMPTY_BLOBS, EMPTY_TREE, EMPTY_TREE_256};
use super::resolve::{Commit, commit};
use crate::source::api::{Entry, ReadError, Source, SourceError};

/// A commit's (or any tree's) files.
#[derive(Debug)]
pub struct GitRevision {
    label: String,
    commit: String,
    objects: Objects,
}

impl GitRevision {
    /// The files of `revision` in the repository at `root`.
    ///
    /// # Errors
    /// Those of [`super::resolve()`], and when the commit's files cannot be listed. Nothing is fetched.
    pub fn open(root: &Path, revision: &str) -> Result<Self, SourceError> {
        Self::open_in(&Database::new(root), revision)
    }

    /// The same, read by the process that reads others.
    pub(super) fn open_in(database: &Database, revision: &str) -> Result<Self, SourceError> {
        database.begin();
        Self::of_commit(database, revision.to_owned(), commit(database, revision)?)
    }

    /// The files of `commit`, called `label`.
    pub(super) fn of_commit(
        database: &Database,
        label: String,
        Commit { id: commit, tree }: Commit,
    ) -> Result<Self, SourceError> {
        let mut blobs = Blobs::new();
        let mut found = |path: &[u8], mode: &str, id: &str| blobs.insert(path, mode, id);
        match database.files(&tree, &mut found) {
            Ok(true) => {}
            Err(error) if error.kind() != ErrorKind::UnexpectedEof => {
                return Err(SourceError::Git(format!("git: {error}")));
            }
            Ok(false) | Err(_) => {
                return Err(SourceError::Git(if database.is_partial()? {
                    let bring = bring(&commit);
                    format!("this is a partial clone without the folders of {label}; run {bring}, which fetches them")
                } else {
                    format!("a folder of {label} is not in this repository, which is damaged; `git fsck` says more")
                }));
            }
        }
        let objects = Objects::new(database.clone(), blobs, commit.clone());
        if database.is_partial()? {
            // Files that are called so are read in any case: one message tells all of them.
            let called = |path: &str| path.rsplit('/').next().is_some_and(|name| name.to_lowercase().contains("cedar"));
            let lacking = objects.lacking(called)?;
            if lacking > 0 {
                let files = if lacking == 1 { "a file" } else { "files" };
                let count = if lacking == 1 { String::new() } else { format!("{lacking} ") };
                let bring = bring(&commit);
                return Err(SourceError::Git(format!(
                    "this is a partial clone without the contents of {count}{files} of {label}; run {bring}, which fetches them"
                )));
            }
        }
        Ok(Self { label, commit, objects })
    }

    /// The full id of the commit.
    #[must_use]
    pub fn commit(&self) -> &str {
        &self.commit
    }
}

impl Source for GitRevision {
    fn list(&self) -> Result<Vec<Entry>, SourceError> {
        Ok(self.objects.entries())
    }

    fn not_entered(&self) -> Vec<(String, &'static str)> {
        self.objects.not_entered()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.objects.read(path)
    }

    fn label(&self) -> String {
        self.label.clone()
    }
}

/// The files of the git index: what would be committed.
#[derive(Debug)]
pub struct GitIndex {
    objects: Objects,
}

impl GitIndex {
    /// The index of the repository at `root`, or the one that `GIT_INDEX_FILE` names. A file that `git add -N` only
    /// announced is no part of it.
    ///
    /// # Errors
    /// When git cannot be run or the index holds unmerged files.
    pub fn open(root: &Path) -> Result<Self, SourceError> {
        let listing = run(root, true, &["ls-files", "-s", "-z"])?;
        let mut blobs = Blobs::new();
        let mut empty = false;
        for record in split(&listing) {
            // "<mode> SP <object> SP <stage> TAB <path>"
            let Some((about, path)) = at_tab(record) else { continue };
            let mut about = about.split(' ');
            let (Some(mode), Some(id), Some(stage)) = (about.next(), about.next(), about.next()) else { continue };
            if stage != "0" {
                let path = String::from_utf8_lossy(path);
                return Err(SourceError::Git(format!(
                    "the index holds an unmerged file, `{path}`; finish the merge and `git add` it"
                )));
            }
            blobs.insert(path, mode, id);
            empty |= EMPTY_BLOBS.contains(&id);
        }
        // Announced files stand in the index with the empty blob; git knows which they are.
        if empty {
            let tree = if blobs.long_ids() { EMPTY_TREE_256 } else { EMPTY_TREE };
            let args =
                ["diff-index", "--cached", "--ita-invisible-in-index", "--no-renames", "--name-only", "-z", tree];
            blobs.keep(&split(&run(root, true, &args)?).collect());
        }
        Ok(Self { objects: Objects::new(Database::new(root), blobs, "HEAD".to_owned()) })
    }
}

impl Source for GitIndex {
    fn list(&self) -> Result<Vec<Entry>, SourceError> {
        Ok(self.objects.entries())
    }

    fn not_entered(&self) -> Vec<(String, &'static str)> {
        self.objects.not_entered()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.objects.read(path)
    }

    fn label(&self) -> String {
        "the index".to_owned()
    }
}
