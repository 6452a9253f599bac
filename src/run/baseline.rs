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
use crate::repo::Focus;
use crate::source::{ReadError, replace_file};
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
    if reading.store.is_some() {
        return Err(RunError::usage(
            "a baseline is of all stores; to write a part of it anew, name the store's folder",
        ));
    }
    let place = Place::of(reading)?;
    // As if there were none, so that everything is in it.
    let bare = Reading { baseline: BaselineFile::Nowhere, brief: true, ..reading.clone() };
    let configured = place.settings(&bare, place.current(reading.staged)?.as_ref())?.config.baseline;
    let named = reading.baseline.named().map(|path| place.relative(path));
    let name = named.or(configured.map(|name| name.text)).unwrap_or_else(|| BASELINE_NAME.to_owned());
    let file = place.root().join(&name);
    let here = vec![PathBuf::from(".")];
    let focus = place.focus(if reading.paths.is_empty() { &here } else { &reading.paths })?;
    let before = if focus.is_whole() { Vec::new() } else { rest(&place, &name, &focus)? };
    let mut outcome = check(&CheckOptions { reading: bare, level: *level, against: None, all: true })?;
    outcome.command = "baseline";
    let kept: Vec<&Finding> = outcome.findings.iter().filter(|finding| may_be_baselined(finding)).collect();
    let text = baseline_text(&kept, before);
    let findings = kept.len();
    replace_file(&file, text.as_bytes())
        .map_err(|error| RunError::usage(format!("cannot write `{}`: {error}", file.display())))?;
    for finding in &mut outcome.findings {
        finding.baselined = may_be_baselined(finding);
    }
    Ok(Baselined { file, findings, outcome })
}

/// What the file called `name` has of what `focus` does not cover, if the file is there.
fn rest(place: &Place, name: &str, focus: &Focus) -> Result<Vec<BaselineEntry>, RunError> {
    let wrong = |why: String| RunError::usage(format!("cannot keep the rest of `{name}`: {why}"));
    let bytes = match place.current(false)?.read(name) {
        Ok(bytes) => bytes,
        Err(ReadError::Missing) => return Ok(Vec::new()),
        Err(error) => return Err(wrong(error.to_string())),
    };
    let text = String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8".to_owned()))?;
    let before = Baseline::read(&SourceFile::new(name, text)).map_err(|fault| wrong(fault.message))?;
    Ok(before.entries.into_iter().filter(|entry| !focus.covers(&entry.path)).collect())
}
