//! Files held in memory: for library users and tests.

use std::collections::BTreeMap;

use super::api::{Entry, ReadError, Source, SourceError};

/// A source made of paths and contents.
#[derive(Debug, Clone, Default)]
pub struct Memory(BTreeMap<String, Vec<u8>>);

impl Memory {
    /// A source of these files; paths use `/`.
    pub fn new<P: Into<String>, C: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, C)>) -> Self {
        Self(files.into_iter().map(|(path, content)| (path.into(), content.into())).collect())
    }
}

impl Source for Memory {
    fn list(&self) -> Result<Vec<Entry>, SourceError> {
        Ok(self.0.keys().map(|path| Entry { path: path.clone() }).collect())
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.0.get(path).cloned().ok_or(ReadError::Missing)
    }

    fn label(&self) -> String {
        "memory".to_owned()
    }
}
