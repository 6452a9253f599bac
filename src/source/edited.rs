//! Another source with some of its files changed, in memory, or with files that it does not have.

use std::collections::{BTreeMap, HashSet};

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
        let mut listed = self.under.list()?;
        let known: HashSet<&str> = listed.iter().map(|entry| entry.path.as_str()).collect();
        // What is there and not listed is ignored, and stays so.
        let is_new =
            |path: &&String| !known.contains(path.as_str()) && self.under.read(path) == Err(ReadError::Missing);
        let new: Vec<Entry> = self.texts.keys().filter(is_new).map(|path| Entry { path: path.clone() }).collect();
        listed.extend(new);
        listed.sort();
        Ok(listed)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Memory;

    #[test]
    fn a_text_that_is_nowhere_else_is_listed_and_one_that_is_passed_over_is_not() {
        struct Ignoring(Memory);
        impl Source for Ignoring {
            fn list(&self) -> Result<Vec<Entry>, SourceError> {
                let mut listed = self.0.list()?;
                listed.retain(|entry| entry.path != "ignored");
                Ok(listed)
            }
            fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
                self.0.read(path)
            }
            fn label(&self) -> String {
                self.0.label()
            }
        }
        let under = Ignoring(Memory::new([("b", "1"), ("ignored", "2")]));
        let texts = [("a", "3"), ("b", "4"), ("ignored", "5")].map(|(path, text)| (path.to_owned(), text.to_owned()));
        let edited = Edited::new(&under).with(texts);
        let listed: Vec<String> = edited.list().unwrap().into_iter().map(|entry| entry.path).collect();
        assert_eq!(listed, ["a", "b"]);
        assert_eq!(edited.read("b").unwrap(), b"4");
    }
}
