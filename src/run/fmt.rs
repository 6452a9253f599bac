//! Policies laid out anew, by Cedar's own formatter.
//!
//! # Why
//!
//! What is laid out anew must say what it said, to Cedar and to people. So a file is taken only if Cedar reads the same
//! policies of it, and every comment stands between the same words as before, alone on its line or behind code as
//! before where polcheck reads it. Else it stays as it is, and it is said where that fails.

use std::collections::BTreeMap;
use std::sync::Arc;

use cedar_policy_formatter::{Config, policies_str_to_pretty};
use serde_json::Value as Json;

use super::error::RunError;
use super::fix::{FixedFile, write};
use super::place::Place;
use super::reading::Reading;
use crate::repo::cedar::{self, Body, Parsed};
use crate::text::tokens::{Token, spanned};
use crate::text::{Location, SourceFile, Span};
use crate::triage::{self, Reach};

/// What [`fmt`] is asked for.
#[derive(Debug, Clone, Default)]
pub struct FmtOptions {
    /// What to read.
    pub reading: Reading,
    /// Write nothing.
    pub dry: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Formatted {
    /// The files that differ, by path.
    pub files: Vec<FixedFile>,
    /// How many files are laid out as they are to be.
    pub same: usize,
    /// Where a file stays as it is, and why, a phrase.
    pub refused: Vec<(Location, String)>,
    /// Files that do not load, by path.
    pub broken: Vec<String>,
}

/// Lays out the policy files of the worktree anew.
///
/// # Errors
/// When what is asked for is not there, or a file cannot be written; then none is.
pub fn fmt(options: &FmtOptions) -> Result<Formatted, RunError> {
    let reading = &options.reading;
    if reading.staged && !options.dry {
        return Err(RunError::usage("`fmt` writes files and `--staged` reads the git index; add `--check`"));
    }
    let place = Place::of(reading)?;
    let source = place.current(reading.staged)?;
    let repo = place.load(reading, source.as_ref(), None)?.repo;
    let mut formatted = Formatted::default();
    let mut files: BTreeMap<&str, &Arc<SourceFile>> = BTreeMap::new();
    for store in &repo.stores {
        let asked = |path: &&str| repo.focus.covers(path) && path.ends_with(".cedar");
        let broken = store.broken.iter().map(|file| file.path.as_str()).filter(asked);
        formatted.broken.extend(broken.map(str::to_owned));
        let own = store.policies.iter().map(|policy| &policy.location.file);
        files.extend(own.filter(|file| !file.is_embedded() && asked(&file.path())).map(|file| (file.path(), file)));
    }
    formatted.broken.sort();
    formatted.broken.dedup();
    for (path, file) in files.into_iter().filter(|(path, _)| !formatted.broken.iter().any(|broken| broken == path)) {
        match laid_out(file) {
            Err((span, why)) => formatted.refused.push((Location::new(file, span), why)),
            Ok(after) if after == file.text() => formatted.same += 1,
            Ok(after) => {
                let before = file.text().to_owned();
                formatted.files.push(FixedFile { path: path.to_owned(), before, after });
            }
        }
    }
    if !options.dry {
        write(&place, &formatted.files, "lay out")?;
    }
    Ok(formatted)
}

/// The text of `file` laid out anew, with its line ends and its byte-order mark; where and why it cannot be.
pub(super) fn laid_out(file: &Arc<SourceFile>) -> Result<String, (Span, String)> {
    let text = file.text();
    let (mark, bare) = match text.strip_prefix('\u{feff}') {
        Some(bare) => ("\u{feff}", bare),
        None => ("", text),
    };
    let unix = bare.replace("\r\n", "\n");
    let start = Span::at(mark.len());
    let pretty = policies_str_to_pretty(&unix, &Config::default())
        .map_err(|error| (start, format!("Cedar's formatter cannot: {error}")))?;
    let pretty = format!("{}\n", pretty.trim_end_matches('\n'));
    same_policies(&unix, &pretty).map_err(|why| (start, why))?;
    if let Some(moved) = moved_comment(&unix, &pretty) {
        // Where it stands in the file as it is.
        let lines = unix.get(..moved).map_or(0, |before| before.matches('\n').count());
        let extra = if text.contains("\r\n") { lines } else { 0 };
        let at = Span::at(mark.len() + moved + extra);
        return Err((at, "a comment here would be lost, or stand elsewhere".to_owned()));
    }
    let suppressions = |text: &str| suppressions(&SourceFile::new(file.path(), text));
    if suppressions(&unix) != suppressions(&pretty) {
        return Err((start, "a suppression would cover something else".to_owned()));
    }
    let ends = if bare.contains("\r\n") { pretty.replace('\n', "\r\n") } else { pretty };
    Ok(format!("{mark}{ends}"))
}

/// Whether Cedar reads the same policies of both texts, in the same order.
fn same_policies(before: &str, after: &str) -> Result<(), String> {
    let read = |text: &str| -> Option<Vec<Json>> {
        let json = |parsed: Parsed| match parsed.body {
            Body::Static(policy) => policy.to_json().ok(),
            Body::Template(template) => template.to_json().ok(),
        };
        cedar::parse(text).ok()?.into_iter().map(json).collect()
    };
    match (read(before), read(after)) {
        (Some(before), Some(after)) if before == after => Ok(()),
        _ => Err("Cedar would read other policies".to_owned()),
    }
}

/// The suppressions of `file`, each with the words and signs that it reaches, by number.
fn suppressions(file: &Arc<SourceFile>) -> Vec<(Vec<String>, String, Vec<usize>)> {
    let starts: Vec<usize> =
        spanned(file.text()).filter(|(token, _)| *token != Token::Symbol(b',')).map(|(_, span)| span.start).collect();
    let on_line = |line: usize| -> Vec<usize> {
        let there = starts.iter().enumerate().filter(|(_, start)| file.line(**start) == line);
        there.map(|(number, _)| number).collect()
    };
    let begins_policy = |number: usize| {
        let words = spanned(file.text()).filter(|(token, _)| *token != Token::Symbol(b','));
        let word = words.map(|(token, _)| token).nth(number);
        matches!(word, Some(Token::Symbol(b'@') | Token::Word("permit" | "forbid")))
    };
    let reach = |reach: Reach| match reach {
        Reach::Line(line) => on_line(line),
        Reach::Code(offset) => match starts.binary_search(&offset) {
            Ok(number) if begins_policy(number) => vec![number],
            _ => on_line(file.line(offset)),
        },
        Reach::Nothing => Vec::new(),
    };
    let one = |one: triage::Suppression| {
        (one.rules.into_iter().map(|(rule, _)| rule).collect(), one.reason, reach(one.reach))
    };
    triage::scan(file).into_iter().map(one).collect()
}

/// Where in `before` the first comment begins that is not in `after` between the same words.
fn moved_comment(before: &str, after: &str) -> Option<usize> {
    let (old, new) = (comments(before), comments(after));
    let same = |(one, other): (&Comment<'_>, &Comment<'_>)| one.text == other.text && one.after == other.after;
    let kept = old.iter().zip(&new).take_while(|pair| same(*pair)).count();
    match (old.get(kept), new.get(kept)) {
        (None, None) => None,
        (Some(lost), _) => Some(lost.at),
        (None, Some(_)) => Some(before.len()),
    }
}

/// A comment line.
struct Comment<'t> {
    text: &'t str,
    /// How many words and signs stand before it; commas, which may come and go, are none.
    after: usize,
    at: usize,
}

fn comments(text: &str) -> Vec<Comment<'_>> {
    let mut all = Vec::new();
    let (mut at, mut after) = (0, 0);
    let mut gap = |from: usize, to: usize, after: usize| {
        let mut start = from;
        for line in text.get(from..to).unwrap_or_default().split_inclusive('\n') {
            if let Some(begins) = line.find("//") {
                all.push(Comment {
                    text: line.get(begins..).unwrap_or_default().trim_end(),
                    after,
                    at: start + begins,
                });
            }
            start += line.len();
        }
    };
    for (token, span) in spanned(text) {
        gap(at, span.start, after);
        at = span.end;
        after += usize::from(token != Token::Symbol(b','));
    }
    gap(at, text.len(), after);
    all
}
