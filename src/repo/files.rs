//! Reading one file of the repository, with what can go wrong as findings.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use super::parsed_texts::ParsedTexts;
use super::rules::UNREADABLE_FILE;
use super::templating::filled;
use crate::finding::{Finding, Level};
use crate::source::{ReadError, Source};
use crate::text::{Location, SourceFile, Span};

/// Reads every file once.
pub(super) struct Files<'s> {
    source: &'s dyn Source,
    /// Whether a file of this name is read under its own name.
    is_known: fn(&str) -> bool,
    /// What was parsed of other sources.
    pub(super) parsed: Option<ParsedTexts>,
    /// What is filled in for placeholders, by name.
    pub(super) values: Vec<(String, String)>,
    read: Mutex<HashMap<String, Result<Arc<SourceFile>, ReadError>>>,
    /// Parts of carriers of which nobody knows the text.
    unknown: HashSet<String>,
}

/// A file that could not be had.
pub(super) enum Unread {
    /// It stands elsewhere under its own name, or it is gone: nothing is lost.
    Elsewhere(String),
    /// A finding says why.
    Fault(Box<Finding>),
}

impl<'s> Files<'s> {
    /// The files of `source`, of which `is_known` says whether their names are known; and what is `parsed` already.
    pub(super) fn new(source: &'s dyn Source, is_known: fn(&str) -> bool, parsed: Option<ParsedTexts>) -> Self {
        let read = Mutex::new(HashMap::new());
        Self { source, is_known, parsed, values: Vec::new(), read, unknown: HashSet::new() }
    }

    /// The same with `values` filled in for placeholders, by name.
    pub(super) fn filling_in(self, values: Vec<(String, String)>) -> Self {
        Self { values, ..self }
    }

    /// Knows what carriers hold as if it were files.
    /// Each is a path, the text, and whether nobody knows the text.
    pub(super) fn add<'p>(&mut self, parts: impl Iterator<Item = (&'p str, &'p Arc<SourceFile>, bool)>) {
        let Ok(read) = self.read.get_mut() else { return };
        for (path, text, unknown) in parts {
            read.insert(path.to_owned(), Ok(filled(Arc::clone(text), &self.values)));
            if unknown {
                self.unknown.insert(path.to_owned());
            }
        }
    }

    /// Whether nobody knows the text of what is at `path`.
    pub(super) fn is_unknown(&self, path: &str) -> bool {
        self.unknown.contains(path)
    }

    /// What stands at `path`, for a look: it is not kept.
    pub(super) fn bytes(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.source.read(path)
    }

    /// The text of `path`.
    pub(super) fn text(&self, path: &str) -> Result<Arc<SourceFile>, ReadError> {
        if let Some(known) = self.read.lock().ok().and_then(|read| read.get(path).cloned()) {
            return known;
        }
        let bytes = self.source.read(path).or_else(|error| match error {
            // A link to a file that is read under its own name is not read twice; one to any other file is what the
            // link says.
            ReadError::LinkTo(target) if !(self.is_known)(&target) => self.source.read(&target),
            error => Err(error),
        });
        let file = bytes.and_then(|bytes| match String::from_utf8(bytes) {
            Ok(text) => Ok(filled(SourceFile::new(path, text), &self.values)),
            Err(error) => {
                let good = error.utf8_error().valid_up_to();
                let before = error.as_bytes().get(..good).unwrap_or_default();
                let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
                let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
                let what = format!("it is not UTF-8: byte {good} (line {line}, byte {column} of it) cannot be read");
                Err(ReadError::Other(what))
            }
        });
        if let Ok(mut read) = self.read.lock() {
            read.insert(path.to_owned(), file.clone());
        }
        file
    }

    /// The text of `path`, or of the file that it is a link to, under the path of the link: what is found in it belongs
    /// to the folder that has the link.
    pub(super) fn linked(&self, path: &str) -> Result<Arc<SourceFile>, ReadError> {
        match self.text(path) {
            Err(ReadError::LinkTo(target)) => {
                let file = self.text(&target)?;
                let written = file.as_written().text().to_owned();
                Ok(filled(SourceFile::new(path, written), &self.values))
            }
            read => read,
        }
    }

    /// The text of a file that belongs to a store; what goes wrong is told apart.
    pub(super) fn belonging(&self, path: &str, what: &str) -> Result<Arc<SourceFile>, Unread> {
        self.text(path).map_err(|error| match error {
            ReadError::LinkTo(_) => Unread::Elsewhere(error.to_string()),
            ReadError::NotAFile => Unread::Elsewhere(error.to_string()),
            error => {
                let message = format!("this {what} cannot be read: {error}");
                let finding = Finding::new(UNREADABLE_FILE.id, Level::Error, Location::of_path(path), message);
                Unread::Fault(Box::new(finding.help(way_out(&error))))
            }
        })
    }
}

fn way_out(error: &ReadError) -> &'static str {
    match error {
        ReadError::LeadsOut(_) => "put the file itself into the repository, or exclude it in polcheck.toml",
        ReadError::TooLarge(_) => "split the file, or exclude it in polcheck.toml",
        ReadError::Special => "put a regular file in its place, or exclude it in polcheck.toml",
        ReadError::Missing => "the link leads to nothing; mend it or remove it",
        ReadError::Pointer(_) | ReadError::NotHere(_) => "get its content, or exclude it in polcheck.toml",
        ReadError::NotUnicode => "rename it, or exclude its folder in polcheck.toml",
        ReadError::LinkTo(_) | ReadError::NotAFile | ReadError::Other(_) => {
            "save it as UTF-8 and readable, or exclude it in polcheck.toml"
        }
    }
}

/// The place of the whole of `file`: its first line, so that reports have something to show.
pub(super) fn whole(file: &Arc<SourceFile>) -> Location {
    let text = file.text();
    let end = text.find('\n').unwrap_or(text.len());
    Location::new(file, Span::new(0, text.get(..end).unwrap_or_default().trim_end().len()))
}
