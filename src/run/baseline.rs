//! The baseline, written.

use std::path::PathBuf;

use super::baselined::may_be_baselined;
use super::check::{CheckOptions, check};
use super::error::RunError;
use super::place::Place;
use super::reading::{BaselineFile, Reading};
use crate::config::{BASELINE_NAME, Baseline, BaselineEntry, baseline_text};
use crate::finding::Finding;
use crate::outcome::Outcome;
use crate::source::replace_file;
use crate::text::SourceFile;

/// What [`baseline`] is asked for.
#[derive(Debug, Clone, Default)]
pub struct BaselineOptions {
    /// What to read.
    pub reading: Reading,
    /// How many entity dereferences policies may chain, where nothing stricter is configured.
    pub level: Option<u32>,
}

/// A baseline as written.
#[derive(Debug)]
pub struct Baselined {
    /// The file.
    pub file: PathBuf,
    /// How many findings of what was asked for are in it.
    pub findings: usize,
    /// What a check comes to with it.
    pub outcome: Outcome,
}

/// Checks, and writes what was found to the file of the baseline: the one that `reading` names, that of the
/// configuration, or `polcheck-baseline.json` at the root. What cannot be read, mistakes of the configuration, failing
/// rows and refused changes are never in a baseline. Of what was not asked for, the file keeps what it has.
///
/// # Errors
/// Those of a check, and when the file cannot be written.
pub fn baseline(options: &BaselineOptions) -> Result<Baselined, RunError> {
    let BaselineOptions { reading, level } = options;
    let place = Place::of(reading)?;
    // As if there were none, so that everything is in it.
    let bare = Reading { baseline: BaselineFile::Nowhere, brief: true, ..reading.clone() };
    let configured = place.settings(&bare, place.current(reading.staged)?.as_ref())?.config.baseline;
    let named = reading.baseline.named().map(|path| place.relative(path));
    let name = named.or(configured.map(|name| name.text)).unwrap_or_else(|| BASELINE_NAME.to_owned());
    let file = place.root().join(&name);
    let bare_paths = bare.paths.clone();
    let mut outcome = check(&CheckOptions { reading: bare, level: *level, against: None, all: true })?;
    outcome.command = "baseline";
    let kept: Vec<&Finding> = outcome.findings.iter().filter(|finding| may_be_baselined(finding)).collect();
    let focus = place.focus(&bare_paths)?;
    let others = |entry: &BaselineEntry| !focus.covers(&entry.path);
    let before = if focus.is_whole() { None } else { place.current(false)?.read(&name).ok() };
    let before = before.and_then(|bytes| String::from_utf8(bytes).ok());
    let before = before.and_then(|text| Baseline::read(&SourceFile::new(BASELINE_NAME, text)).ok());
    let before = before.map(|before| before.entries.into_iter().filter(others).collect()).unwrap_or_default();
    let text = baseline_text(&kept, before);
    let findings = kept.len();
    replace_file(&file, text.as_bytes())
        .map_err(|error| RunError::usage(format!("cannot write `{}`: {error}", file.display())))?;
    for finding in &mut outcome.findings {
        finding.baselined = may_be_baselined(finding);
    }
    Ok(Baselined { file, findings, outcome })
}
