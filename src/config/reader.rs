//! Typed access to a spanned TOML table: what is wrong becomes a finding at its place, and what nobody asked for is one
//! too.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::rules::CONFIGURATION;
use crate::finding::{Finding, Level};
use crate::text::{Location, SourceFile, Span, inline, nearest};

/// The file being read and the mistakes found so far.
pub(super) struct Reader {
    pub(super) file: Arc<SourceFile>,
    pub(super) findings: Vec<Finding>,
}

impl Reader {
    /// The place of `range` in the file.
    pub(super) fn location(&self, range: Range<usize>) -> Location {
        Location::new(&self.file, Span::new(range.start, range.end))
    }

    /// Reports a mistake.
    pub(super) fn report(&mut self, range: Range<usize>, message: String, help: Option<String>) {
        let mut finding = Finding::new(CONFIGURATION.id, Level::Error, self.location(range), message);
        finding.help = help;
        self.findings.push(finding);
    }

    /// Reports a value of the wrong type.
    pub(super) fn wrong_type(&mut self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let found = value.get_ref().type_str();
        self.report(value.span(), format!("`{key}` wants {wanted}, and this is {found}"), None);
    }

    /// Reports every key of `table` that is not in `known`.
    pub(super) fn check_keys(&mut self, place: &str, table: &DeTable<'_>, known: &[&str]) {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let help = match nearest(name, known.iter().copied()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("known here: {}", known.join(", ")),
                };
                self.report(key.span(), format!("unknown key `{}` in {place}", inline(name)), Some(help));
            }
        }
    }

    /// The string at `key`.
    pub(super) fn string(&mut self, table: &DeTable<'_>, key: &str) -> Option<(String, Range<usize>)> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some((text.to_string(), value.span())),
            _ => {
                self.wrong_type(key, value, "a string in quotes");
                None
            }
        }
    }

    /// The strings at `key`: a string or an array of strings.
    pub(super) fn strings(&mut self, table: &DeTable<'_>, key: &str) -> Vec<(String, Range<usize>)> {
        let Some(value) = table.get(key) else { return Vec::new() };
        match value.get_ref() {
            DeValue::String(text) => vec![(text.to_string(), value.span())],
            DeValue::Array(items) => {
                let mut strings = Vec::new();
                for item in items {
                    match item.get_ref() {
                        DeValue::String(text) => strings.push((text.to_string(), item.span())),
                        _ => self.wrong_type(key, item, "strings in quotes"),
                    }
                }
                strings
            }
            _ => {
                self.wrong_type(key, value, "a string or an array of strings");
                Vec::new()
            }
        }
    }

    /// The number at `key`, not negative.
    pub(super) fn number(&mut self, table: &DeTable<'_>, key: &str) -> Option<u32> {
        let value = table.get(key)?;
        let number = value.get_ref().as_integer().and_then(|n| u32::from_str_radix(n.as_str(), n.radix()).ok());
        if number.is_none() {
            self.wrong_type(key, value, "a whole number that is not negative");
        }
        number
    }

    /// The table at `key`.
    pub(super) fn table<'t, 'i>(&mut self, table: &'t DeTable<'i>, key: &str) -> Option<&'t DeTable<'i>> {
        let value = table.get(key)?;
        let found = value.get_ref().as_table();
        if found.is_none() {
            self.wrong_type(key, value, "a table");
        }
        found
    }

    /// The tables at `key`, written `[[key]]`, each with its place.
    pub(super) fn tables<'t, 'i>(&mut self, table: &'t DeTable<'i>, key: &str) -> Vec<(&'t DeTable<'i>, Range<usize>)> {
        let Some(value) = table.get(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong_type(key, value, &format!("tables written as `[[{key}]]`"));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in items {
            match item.get_ref().as_table() {
                Some(found) => tables.push((found, item.span())),
                None => self.wrong_type(key, item, "a table"),
            }
        }
        tables
    }
}
