//! Another source with some of its files changed, in memory.

use std::collections::BTreeMap;

use super::api::{Entry, ReadError, Source, SourceError};

/// What `under` holds, with other texts for some of its files.
pub struct Edited<'s> {
    under: &'s dyn Source,
    texts: BTreeMap<String, String>,
}

impl<'s> Edited<'s> {
    /// `under` as it is.
    #[must_use]
    pub fn new(under: &'s dyn Source) -> Self {
        Self { under, texts: BTreeMap::new() }
    }

    /// The same, with `texts` by path besides.
    #[must_use]
    pub fn with(&self, texts: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut edited = Self { under: self.under, texts: self.texts.clone() };
        edited.texts.extend(texts);
        edited
    }

    /// The files with other texts, by path.
    #[must_use]
    pub fn texts(&self) -> &BTreeMap<String, String> {
        &self.texts
    }
}

impl Source for Edited<'_> {
    fn list(&self) -> Result<Vec<Entry>, SourceError> {
        self.under.list()
    }

    fn not_entered(&self) -> Vec<(String, &'static str)> {
        self.under.not_entered()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        match self.texts.get(path) {
            Some(text) => Ok(text.clone().into_bytes()),
            None => self.under.read(path),
        }
    }

    fn below(&self, path: &str) -> Result<Vec<String>, SourceError> {
        self.under.below(path)
    }

    fn label(&self) -> String {
        self.under.label()
    }
}
