//! A worktree that is read once: for those who look at it again and again while somebody edits.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

use super::api::{Entry, ReadError, Source, SourceError};
use super::worktree::Worktree;

/// Files larger than this are read again each time, in bytes.
const MOST_KEPT: usize = 1024 * 1024;

/// The files of a worktree as they were when somebody first asked for each.
#[derive(Debug)]
pub struct Remembered {
    under: Worktree,
    listed: OnceLock<Vec<Entry>>,
    read: Mutex<HashMap<String, Result<Vec<u8>, ReadError>>>,
}

impl Remembered {
    /// The worktree whose root is `root`, of which nothing was read yet.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { under: Worktree::new(root), listed: OnceLock::new(), read: Mutex::default() }
    }
}

impl Source for Remembered {
    fn list(&self) -> Result<Vec<Entry>, SourceError> {
        if let Some(listed) = self.listed.get() {
            return Ok(listed.clone());
        }
        let listed = self.under.list()?;
        Ok(self.listed.get_or_init(|| listed).clone())
    }

    fn not_entered(&self) -> Vec<(String, &'static str)> {
        self.under.not_entered()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        if let Some(known) = self.read.lock().ok().and_then(|read| read.get(path).cloned()) {
            return known;
        }
        let read = self.under.read(path);
        if read.as_ref().is_ok_and(|bytes| bytes.len() > MOST_KEPT) {
            return read;
        }
        if let Ok(mut known) = self.read.lock() {
            known.insert(path.to_owned(), read.clone());
        }
        read
    }

    fn below(&self, path: &str) -> Result<Vec<String>, SourceError> {
        self.under.below(path)
    }

    fn label(&self) -> String {
        self.under.label()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_as_it_was_when_it_was_first_read() {
        let dir = tempfile::TempDir::new().unwrap();
        let write = |text: &str| std::fs::write(dir.path().join("a.cedar"), text).unwrap();
        write("1");
        let source = Remembered::new(dir.path());
        assert_eq!(source.list().unwrap().len(), 1);
        assert_eq!(source.read("a.cedar").unwrap(), b"1");
        assert_eq!(source.read("b.cedar"), Err(ReadError::Missing));
        write("2");
        std::fs::write(dir.path().join("b.cedar"), "3").unwrap();
        assert_eq!(source.read("a.cedar").unwrap(), b"1");
        assert_eq!((source.list().unwrap().len(), source.read("b.cedar")), (1, Err(ReadError::Missing)));
        assert_eq!(Remembered::new(dir.path()).read("a.cedar").unwrap(), b"2");
    }
}
