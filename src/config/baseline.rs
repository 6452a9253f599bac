//! The baseline: findings that were there when somebody drew a line, so that only what came after them fails.
//!
//! # Why
//!
//! An entry is a finding by its fingerprint, which knows neither paths nor lines, and a count: of two where the
//! baseline has one, one is new. Rule, path and message stand beside it for reviewers and decide nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::rules::CONFIGURATION;
use crate::finding::{Finding, Level};
use crate::text::{Location, SourceFile, Span, inline};

/// The name of the file that `polcheck baseline` writes.
pub const BASELINE_NAME: &str = "polcheck-baseline.json";

/// What the version of the file's format is.
const FORMAT: u32 = 1;

/// One finding, or several alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineEntry {
    /// The rule.
    pub rule: String,
    /// Where it was.
    pub path: String,
    /// The policy by full name, if it is about one.
    pub policy: Option<String>,
    /// What was said.
    pub message: String,
    /// The finding's fingerprint, without a running number.
    pub fingerprint: String,
    /// How many there were.
    pub count: usize,
}

/// A file of them.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// The entries, sorted.
    pub entries: Vec<BaselineEntry>,
    file: Arc<SourceFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    baseline: u32,
    findings: Vec<BaselineEntry>,
}

/// A fingerprint without the number that tells findings alike apart.
fn plain(fingerprint: &str) -> &str {
    fingerprint.split('/').next().unwrap_or(fingerprint)
}

impl Baseline {
    /// Reads `file`.
    ///
    /// # Errors
    /// A finding, where it is no baseline.
    pub fn read(file: &Arc<SourceFile>) -> Result<Self, Box<Finding>> {
        let wrong = |line: usize, message: String| {
            let text = file.text();
            let start = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
            let place = Location::new(file, Span::new(start, start));
            let help = "write it anew with `polcheck baseline`";
            Box::new(Finding::new(CONFIGURATION.id, Level::Error, place, message).help(help))
        };
        match serde_json::from_str::<Written>(file.text()) {
            Ok(written) if written.baseline == FORMAT => Ok(Self { entries: written.findings, file: Arc::clone(file) }),
            Ok(written) => {
                Err(wrong(1, format!("this baseline has format {}, and {FORMAT} is known", written.baseline)))
            }
            Err(error) => Err(wrong(error.line(), format!("this is no baseline: {error}"))),
        }
    }

    /// Marks those of `findings` that are in it. Gives a warning for each entry of a rule that `ran` and that has fewer
    /// findings than it says.
    pub fn apply(&self, findings: &mut [Finding], ran: &dyn Fn(&str) -> bool) -> Vec<Finding> {
        let mut left: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for entry in &self.entries {
            let left = left.entry((&entry.rule, &entry.fingerprint)).or_default();
            *left = left.saturating_add(entry.count);
        }
        for finding in findings {
            let known = left.get_mut(&(finding.rule, plain(&finding.fingerprint))).filter(|left| **left > 0);
            finding.baselined = known.is_some();
            known.into_iter().for_each(|left| *left -= 1);
        }
        let idle =
            self.entries.iter().filter(|entry| ran(&entry.rule)).filter(|entry| {
                left.get(&(entry.rule.as_str(), entry.fingerprint.as_str())).is_some_and(|left| *left > 0)
            });
        idle.map(|entry| self.unused(entry)).collect()
    }

    fn unused(&self, entry: &BaselineEntry) -> Finding {
        let start = self.file.text().find(&format!("\"{}\"", entry.fingerprint)).unwrap_or(0);
        let place = Location::new(&self.file, Span::new(start, start + entry.fingerprint.len() + 2));
        let message = format!("this baselines a finding of `{}` that is not there any more", inline(&entry.rule));
        let help = "write it anew with `polcheck baseline`, so that the next one of its kind is told";
        Finding::new(super::UNUSED_CONFIGURATION.id, Level::Warning, place, message).help(help)
    }

    /// What `self` has and `base` lacks, by rule.
    #[must_use]
    pub fn more_than(&self, base: Option<&Self>) -> Vec<(String, usize, Location)> {
        let mut known: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for entry in base.iter().flat_map(|base| &base.entries) {
            let known = known.entry((&entry.rule, &entry.fingerprint)).or_default();
            *known = known.saturating_add(entry.count);
        }
        let mut more: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in &self.entries {
            let known = known.remove(&(entry.rule.as_str(), entry.fingerprint.as_str())).unwrap_or(0);
            let more = more.entry(&entry.rule).or_default();
            *more = more.saturating_add(entry.count.saturating_sub(known));
        }
        let place = || Location::of_path(self.file.path());
        more.into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(rule, count)| (rule.to_owned(), count, place()))
            .collect()
    }
}

/// The text of a baseline of `findings` and what is `kept` of another, sorted, so that two runs write the same.
#[must_use]
pub fn baseline_text(findings: &[&Finding], kept: Vec<BaselineEntry>) -> String {
    let key = |entry: BaselineEntry| ((entry.path.clone(), entry.rule.clone(), entry.fingerprint.clone()), entry);
    let mut entries: BTreeMap<(String, String, String), BaselineEntry> = kept.into_iter().map(key).collect();
    for finding in findings {
        let fingerprint = plain(&finding.fingerprint).to_owned();
        let key = (finding.location.path().to_owned(), finding.rule.to_owned(), fingerprint.clone());
        let new = || BaselineEntry {
            rule: finding.rule.to_owned(),
            path: finding.location.path().to_owned(),
            policy: finding.policy.clone(),
            message: finding.message.clone(),
            fingerprint,
            count: 0,
        };
        let entry = entries.entry(key).or_insert_with(new);
        entry.count = entry.count.saturating_add(1);
    }
    let written = Written { baseline: FORMAT, findings: entries.into_values().collect() };
    // Plain data: there is nothing that could not be written.
    serde_json::to_string_pretty(&written).map(|text| text + "\n").unwrap_or_default()
}
