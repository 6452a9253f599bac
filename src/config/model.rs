//! What configuration comes to once it is read and checked.

use std::collections::BTreeMap;

use globset::GlobMatcher;

use crate::finding::{FailOn, Level};
use crate::rule::Rule;
use crate::text::Location;

/// A glob over paths relative to the repository's root, and where it is written.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// As written.
    pub text: String,
    /// Compiled.
    pub matcher: GlobMatcher,
    /// Where.
    pub location: Location,
}

impl Pattern {
    /// Whether `path` fits; a pattern that names a folder takes everything below it.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.matcher.is_match(path)
            || path.strip_prefix(self.text.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// One `[[store]]`.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// Its name.
    pub name: String,
    /// Schema files; several make one schema.
    pub schema: Vec<Pattern>,
    /// Policy files.
    pub policies: Vec<Pattern>,
    /// Entity files.
    pub entities: Vec<Pattern>,
    /// Template links.
    pub links: Vec<Pattern>,
    /// Decision tables.
    pub tests: Vec<Pattern>,
    /// How many entity dereferences policies may chain (level validation).
    pub level: Option<u32>,
    /// Where it is written.
    pub location: Location,
}

/// One `[[override]]`: other rule levels for some paths.
#[derive(Debug, Clone)]
pub struct Override {
    /// The paths.
    pub paths: Vec<Pattern>,
    /// Levels by rule id; `None` is off.
    pub rules: BTreeMap<&'static str, Option<Level>>,
}

/// The whole configuration. The default is what holds without a file.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The level that fails a run, if set.
    pub fail_on: Option<FailOn>,
    /// Paths that are not read.
    pub exclude: Vec<Pattern>,
    /// Levels by rule id; `None` is off.
    pub rules: BTreeMap<&'static str, Option<Level>>,
    /// Levels for some paths; the last that fits wins.
    pub overrides: Vec<Override>,
    /// Stores that are spelled out.
    pub stores: Vec<StoreConfig>,
}

impl Config {
    /// The level of `rule` for a finding in `path`; `None` is off.
    #[must_use]
    pub fn level(&self, rule: &Rule, path: &str) -> Option<Level> {
        if !rule.configurable {
            return rule.level;
        }
        self.overrides
            .iter()
            .rev()
            .filter(|rules| rules.paths.iter().any(|pattern| pattern.matches(path)))
            .find_map(|rules| rules.rules.get(rule.id))
            .or_else(|| self.rules.get(rule.id))
            .copied()
            .unwrap_or(rule.level)
    }
}
