//! Blobs by path, and how they are read.

use std::collections::{BTreeMap, HashSet};

use super::database::Database;
use super::fetch_hint::bring;
use crate::source::api::{Entry, MAX_LINKS, ReadError, SUBMODULE, SourceError, is_pointer, resolve_link};

#[derive(Debug, Clone)]
struct Blob {
    id: String,
    link: bool,
    /// The path, where it is not Unicode and the key is only what can be shown of it.
    bytes: Option<Vec<u8>>,
}

/// Blobs by path, and the submodules, which are none.
#[derive(Debug, Default)]
pub(super) struct Blobs {
    blobs: BTreeMap<String, Blob>,
    submodules: Vec<String>,
}

impl Blobs {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds a file or a submodule of a listing.
    pub(super) fn insert(&mut self, path: &[u8], mode: &str, id: &str) {
        let shown = String::from_utf8_lossy(path).into_owned();
        if mode == "160000" {
            self.submodules.push(shown);
            return;
        }
        let bytes = (shown.as_bytes() != path).then(|| path.to_vec());
        self.blobs.insert(shown, Blob { id: id.to_owned(), link: mode == "120000", bytes });
    }

    /// Drops what is not in `paths`.
    pub(super) fn keep(&mut self, paths: &HashSet<&[u8]>) {
        self.blobs.retain(|path, blob| paths.contains(blob.bytes.as_deref().unwrap_or(path.as_bytes())));
    }

    /// Whether ids are SHA-256.
    pub(super) fn long_ids(&self) -> bool {
        self.blobs.values().next().is_some_and(|blob| blob.id.len() == 64)
    }
}

/// Files that git holds.
#[derive(Debug)]
pub(in crate::source) struct Objects {
    database: Database,
    blobs: BTreeMap<String, Blob>,
    submodules: Vec<String>,
    /// The commit that a partial clone would fetch them by.
    commit: String,
    not_here: std::sync::OnceLock<String>,
}

impl Objects {
    pub(super) fn new(database: Database, blobs: Blobs, commit: String) -> Self {
        let Blobs { blobs, submodules } = blobs;
        Self { database, blobs, submodules, commit, not_here: std::sync::OnceLock::new() }
    }

    /// The submodules, and why they are not looked into.
    pub(in crate::source) fn not_entered(&self) -> Vec<(String, &'static str)> {
        self.submodules.iter().map(|path| (path.clone(), SUBMODULE)).collect()
    }

    pub(in crate::source) fn entries(&self) -> Vec<Entry> {
        self.blobs.keys().map(|path| Entry { path: path.clone() }).collect()
    }

    /// How many of the files whose path is `wanted` are not here.
    pub(super) fn lacking(&self, wanted: impl Fn(&str) -> bool) -> Result<usize, SourceError> {
        let ids = self.blobs.iter().filter(|(path, _)| wanted(path)).map(|(_, blob)| blob.id.as_str());
        self.database.lacking(ids).map_err(|error| SourceError::Git(format!("git: {error}")))
    }

    fn blob(&self, id: &str) -> Result<Vec<u8>, ReadError> {
        match self.database.read(id) {
            Ok(Some(read)) => read.map(|object| object.content),
            Ok(None) => Err(self.not_here()),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Err(self.not_here()),
            Err(error) => Err(ReadError::Other(format!("git: {error}"))),
        }
    }

    /// What to say of a blob that is not here, the same for all of them.
    fn not_here(&self) -> ReadError {
        let say = || match self.database.is_partial() {
            Ok(true) => format!("a partial clone; run {}, which fetches the contents", bring(&self.commit)),
            _ => "which is damaged; `git fsck` says more".to_owned(),
        };
        ReadError::NotHere(self.not_here.get_or_init(say).clone())
    }

    /// The content of the file at `path`, links followed to the file that they lead to.
    pub(in crate::source) fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        let mut path = path.to_owned();
        for step in 0..MAX_LINKS {
            let Some(blob) = self.blobs.get(&path) else {
                return Err(if step > 0 && self.is_folder(&path) { ReadError::NotAFile } else { ReadError::Missing });
            };
            if blob.bytes.is_some() {
                return Err(ReadError::NotUnicode);
            }
            if step > 0 && !blob.link {
                return Err(ReadError::LinkTo(path));
            }
            let content = self.blob(&blob.id)?;
            if !blob.link {
                let compare = "check the revision out with git-lfs and compare folders, with `polcheck diff --files`";
                return if is_pointer(&content) { Err(ReadError::Pointer(compare)) } else { Ok(content) };
            }
            let target = String::from_utf8_lossy(&content).into_owned();
            path = resolve_link(&path, &target).ok_or(ReadError::LeadsOut(target))?;
        }
        Err(ReadError::NotAFile)
    }

    fn is_folder(&self, path: &str) -> bool {
        let below = format!("{path}/");
        path.is_empty() || self.blobs.range(below.clone()..).next().is_some_and(|(next, _)| next.starts_with(&below))
    }
}
