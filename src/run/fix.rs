//! What lint finds, mended where that can be done mechanically and is proved to change no decision.
//!
//! # Why
//!
//! A fix is believed only when the repository was read again with it: the same stores, the same decisions in every
//! request environment, no file that fails to parse, no row of a table that fails and did not. That is asked of the
//! whole repository, however little of it is linted, and of the files that are named beside it. All fixes of a pass are
//! tried together and, where that does not hold, halved until those are found that stand in the way. Files are written
//! once everything is known, all of them or none.

use std::collections::{BTreeMap, BTreeSet};

use super::error::RunError;
use super::fixing::{Candidate, Names, choose, left};
use super::lint::{LintOptions, judge};
use super::loaded::{Loaded, load_whole};
use super::place::Place;
use super::reading::Reading;
use crate::diff::decide_alike;
use crate::finding::{Edit, Finding, Level};
use crate::outcome::{FixResult, FixStatus, Notice, NoticeKind, Outcome};
use crate::repo::{ParsedTexts, Repo};
use crate::source::{Edited, Source, may_rewrite, rewrite};
use crate::tables::{self, Selection};
use crate::text::inline;
use crate::triage::UNUSED_SUPPRESSION;

/// What [`fix`] is asked for.
#[derive(Debug, Clone, Default)]
pub struct FixOptions {
    /// What to look for.
    pub lint: LintOptions,
    /// Mend what is a note too.
    pub notes: bool,
    /// Write nothing.
    pub dry: bool,
}

/// What lint found, mended.
#[derive(Debug)]
pub struct Fixed {
    /// What lint says of the repository as it is afterwards.
    pub outcome: Outcome,
    /// The files that differ, by path.
    pub files: Vec<FixedFile>,
}

/// A file that fixes change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedFile {
    /// Its path relative to the root.
    pub path: String,
    /// What it held.
    pub before: String,
    /// What it holds, or would.
    pub after: String,
}

/// So often what was mended is looked through again: what one fix leaves another may mend.
const PASSES: usize = 16;
/// So often the repository is read again to find which fixes stand in the way.
const TRIES: usize = 128;

/// Looks for mistakes as [`super::lint`] does and mends those that can be mended, in the worktree.
///
/// # Errors
/// Those of lint, and when a file that is to be mended cannot be written; then none is.
pub fn fix(options: &FixOptions) -> Result<Fixed, RunError> {
    let reading = &options.lint.reading;
    if reading.staged {
        return Err(RunError::usage("`--fix` writes files and `--staged` reads the git index; leave one of them out"));
    }
    let place = Place::of(reading)?;
    let source = place.current(false)?;
    let mut work = Work {
        options,
        place: &place,
        edited: Edited::new(source.as_ref()),
        before: BTreeMap::new(),
        results: Vec::new(),
        parsed: ParsedTexts::default(),
        names: Names::default(),
        refused: BTreeSet::new(),
        tries: 0,
    };
    let (first, last) = work.passes()?;
    let results = std::mem::take(&mut work.results);
    let files = work.files();
    if !options.dry {
        write(&place, &files, "mend")?;
    }
    let mut outcome = if options.dry { first } else { last };
    outcome.fixes = results;
    let emptied = files.iter().filter(|file| work.names.has_lost_all(&file.path));
    outcome.notices.extend(emptied.map(|file| {
        let message = format!("`{}` is left with no policy, so it can be deleted", inline(&file.path));
        Notice::new(NoticeKind::FileEmptied, message)
    }));
    if options.dry {
        let applied = outcome.fixes.iter_mut().filter(|fix| fix.status == FixStatus::Applied);
        applied.for_each(|fix| fix.status = FixStatus::Shown);
    }
    Ok(Fixed { outcome, files })
}

/// Writes `files`, after a look at each of them; `what` it is to do to them, a verb.
pub(super) fn write(place: &Place, files: &[FixedFile], what: &str) -> Result<(), RunError> {
    let refused = |path: &str, why: &dyn std::fmt::Display, rest: &str| {
        RunError::usage(format!("cannot {what} `{}`: {why}{rest}", inline(path)))
    };
    for file in files {
        may_rewrite(&place.root().join(&file.path), &file.before)
            .map_err(|error| refused(&file.path, &error, "; nothing was written"))?;
    }
    let mut written = Vec::new();
    for file in files {
        if let Err(error) = rewrite(&place.root().join(&file.path), &file.before, &file.after) {
            let rest = match written.as_slice() {
                [] => "; nothing was written".to_owned(),
                written => format!("; written before it: {}", written.join(", ")),
            };
            return Err(refused(&file.path, &error, &rest));
        }
        written.push(format!("`{}`", inline(&file.path)));
    }
    Ok(())
}

/// Whether the fix of `finding`, which stands in what `source` holds, changes no decision: a phrase that says what is
/// in the way.
pub(super) fn prove_fix(
    reading: &Reading,
    place: &Place,
    source: &dyn Source,
    parsed: &ParsedTexts,
    finding: &Finding,
) -> Result<Result<(), String>, RunError> {
    let Some(fix) = &finding.fix else { return Ok(Err("it has no fix".to_owned())) };
    let options = FixOptions {
        lint: LintOptions { reading: reading.clone(), ..LintOptions::default() },
        ..FixOptions::default()
    };
    let work = Work {
        options: &options,
        place,
        edited: Edited::new(source),
        before: BTreeMap::new(),
        results: Vec::new(),
        parsed: parsed.clone(),
        names: Names::default(),
        refused: BTreeSet::new(),
        tries: 0,
    };
    let candidate = Candidate::new(finding, fix, None);
    let known: Vec<Known> = work.worlds(&work.edited)?.into_iter().map(Known::of).collect();
    work.prove(&known, &[&candidate])
}

/// How it stands.
struct Work<'w> {
    options: &'w FixOptions,
    place: &'w Place,
    edited: Edited<'w>,
    /// What the files that are mended held.
    before: BTreeMap<String, String>,
    results: Vec<FixResult>,
    /// What was parsed of the whole repository.
    parsed: ParsedTexts,
    names: Names,
    /// What was refused, by key.
    refused: BTreeSet<String>,
    tries: usize,
}

/// What it takes to try a fix: one reading of the repository without it, and the rows that are bad in it.
struct Known {
    loaded: Loaded,
    bad_rows: BTreeSet<String>,
}

impl Known {
    fn of(loaded: Loaded) -> Self {
        Self { bad_rows: bad_rows(&loaded.repo), loaded }
    }

    /// Whether `after` does what this does; a phrase that says what is in the way.
    fn holds_for(&self, after: &Repo) -> Result<(), String> {
        let before = &self.loaded;
        let errors = |repo: &Repo| repo.findings.iter().filter(|finding| finding.level == Level::Error).count();
        if errors(after) > errors(&before.repo) {
            return Err("the file could not be read any more".to_owned());
        }
        if after.unresolved.len() > before.repo.unresolved.len() {
            return Err("the file that carries the policy could not be read any more".to_owned());
        }
        let is_read = |path: &String| !before.repo.left_out.iter().any(|(out, _)| out == path);
        if after.left_out.iter().any(|(path, _)| is_read(path)) {
            return Err("the file would not be read any more".to_owned());
        }
        if after.store_names != before.repo.store_names {
            return Err("another store would hold the file, or none".to_owned());
        }
        let inference = before.config.refuses_inference.is_none();
        decide_alike(&before.repo, after, inference, &before.solvers)?;
        match bad_rows(after).into_iter().find(|row| !self.bad_rows.contains(row)) {
            Some(row) => Err(format!("the row `{}` would fail, which names policies", inline(&row))),
            None => Ok(()),
        }
    }
}

impl<'w> Work<'w> {
    /// Mends until there is nothing left to mend; gives what lint says before and after.
    fn passes(&mut self) -> Result<(Outcome, Outcome), RunError> {
        let (loaded, mut first) = self.look()?;
        self.names = Names::of(&loaded.repo);
        let (mut repo, mut last) = (loaded.repo, first.clone());
        for _ in 0..PASSES {
            // Of a configuration that is wrong it is not known what it wants to have read, or reported.
            if last.misconfigured {
                break;
            }
            let candidates = choose(&last, self.options.notes, &repo.focus, &self.names, &self.refused);
            if candidates.is_empty() {
                break;
            }
            self.remember(&candidates)?;
            let candidates = self.decidable(candidates);
            if candidates.is_empty() {
                continue;
            }
            let known: Vec<Known> = self.worlds(&self.edited)?.into_iter().map(Known::of).collect();
            let mut taken: Vec<&Candidate> = Vec::new();
            let all: Vec<&Candidate> = candidates.iter().collect();
            self.take(&known, &mut taken, &all)?;
            if taken.is_empty() {
                break;
            }
            self.results.extend(taken.iter().map(|one| one.result(FixStatus::Applied)));
            self.edited = self.with(&taken);
            let (loaded, outcome) = self.look()?;
            self.names.follow(&loaded.repo, &taken);
            (repo, last) = (loaded.repo, outcome);
        }
        let more = !last.misconfigured
            && !choose(&last, self.options.notes, &repo.focus, &self.names, &self.refused).is_empty();
        if more {
            let message = "what was mended leaves more to mend; run this again";
            last.notices.push(Notice::new(NoticeKind::MoreToMend, message));
            first.notices.push(Notice::new(NoticeKind::MoreToMend, message));
        }
        self.results.extend(left(&last, self.options.notes, &repo.focus, &self.names));
        Ok((first, last))
    }

    /// Those of `candidates` that what is read can decide about; says of the others why not.
    fn decidable(&mut self, candidates: Vec<Candidate>) -> Vec<Candidate> {
        let reading = &self.options.lint.reading;
        if reading.store.is_none() && !reading.files.replace_discovery() {
            return candidates;
        }
        let (suppressions, rest): (Vec<_>, Vec<_>) =
            candidates.into_iter().partition(|one| one.rule == UNUSED_SUPPRESSION.id);
        let why = "other stores may need it, and not all of them are looked at; name no store and no files";
        self.results.extend(suppressions.iter().map(|one| one.result(FixStatus::Refused(why.to_owned()))));
        self.refused.extend(suppressions.iter().map(Candidate::key));
        rest
    }

    /// What lint says of the files as they are.
    fn look(&self) -> Result<(Loaded, Outcome), RunError> {
        let mut loaded = self.place.load(&self.options.lint.reading, &self.edited, None)?;
        let outcome = judge(&mut loaded, &self.options.lint, None)?;
        Ok((loaded, outcome))
    }

    /// All of `source`, since a file may belong to stores that were not asked for, and the files that are named.
    fn worlds(&self, source: &dyn Source) -> Result<Vec<Loaded>, RunError> {
        let reading = Reading { store: None, ..self.options.lint.reading.clone() };
        let mut worlds = vec![load_whole(&reading, source, self.place.settings(&reading, source)?, &self.parsed)?];
        if reading.files.replace_discovery() {
            let settings = self.place.settings(&reading, source)?;
            worlds.push(self.place.load_with(&reading, source, settings, Some(&self.parsed))?);
        }
        Ok(worlds)
    }

    /// Keeps what the files of `candidates` hold.
    fn remember(&mut self, candidates: &[Candidate]) -> Result<(), RunError> {
        for edit in candidates.iter().flat_map(|one| &one.fix.edits) {
            let (path, text) = (edit.location.path(), edit.location.file.text());
            if path.starts_with('/') || path.starts_with("../") {
                let root = self.place.root().display().to_string();
                return Err(RunError::usage(format!(
                    "`{}` lies outside of `{}`, so it is not mended; run polcheck where it lies",
                    inline(path),
                    inline(&root)
                )));
            }
            self.before.entry(path.to_owned()).or_insert_with(|| text.to_owned());
        }
        Ok(())
    }

    /// Adds to `taken` those of `these` that change nothing together with it, and says of the others why not.
    fn take<'c>(
        &mut self,
        known: &[Known],
        taken: &mut Vec<&'c Candidate>,
        these: &[&'c Candidate],
    ) -> Result<(), RunError> {
        let all: Vec<&Candidate> = taken.iter().chain(these).copied().collect();
        self.tries += 1;
        let why = match self.prove(known, &all)? {
            Ok(()) => {
                *taken = taken.iter().chain(these).copied().collect();
                return Ok(());
            }
            Err(_) if self.tries > TRIES => {
                "too many others were refused to find out about it; mend these first and run this again".to_owned()
            }
            Err(why) => why,
        };
        if these.len() > 1 && self.tries <= TRIES {
            let (one, other) = these.split_at(these.len() / 2);
            self.take(known, taken, one)?;
            return self.take(known, taken, other);
        }
        self.results.extend(these.iter().map(|one| one.result(FixStatus::Refused(why.clone()))));
        self.refused.extend(these.iter().map(|one| one.key()));
        Ok(())
    }

    /// Whether the repository with `fixes` does what it does without them; a phrase that says what is in the way.
    fn prove(&self, known: &[Known], fixes: &[&Candidate]) -> Result<Result<(), String>, RunError> {
        let after = self.worlds(&self.with(fixes))?;
        Ok(known.iter().zip(&after).try_for_each(|(known, after)| known.holds_for(&after.repo)))
    }

    /// The files as they are, with `fixes`.
    fn with(&self, fixes: &[&Candidate]) -> Edited<'w> {
        let mut files: BTreeMap<&str, (&str, Vec<&Edit>)> = BTreeMap::new();
        for edit in fixes.iter().flat_map(|one| &one.fix.edits) {
            let (path, text) = (edit.location.path(), edit.location.file.text());
            files.entry(path).or_insert_with(|| (text, Vec::new())).1.push(edit);
        }
        let text = |(path, (text, edits)): (&str, (&str, Vec<&Edit>))| (path.to_owned(), Edit::apply(&edits, text, 0));
        self.edited.with(files.into_iter().map(text))
    }

    fn files(&self) -> Vec<FixedFile> {
        let file = |(path, after): (&String, &String)| {
            let before = self.before.get(path)?;
            (before != after).then(|| FixedFile { path: path.clone(), before: before.clone(), after: after.clone() })
        };
        self.edited.texts().iter().filter_map(file).collect()
    }
}

/// The rows of `repo` that fail or cannot run, by id.
fn bad_rows(repo: &Repo) -> BTreeSet<String> {
    let rows = tables::run(repo, &Selection { brief: true, ..Selection::default() }, None).rows;
    rows.into_iter().filter(|row| row.is_bad()).map(|row| row.id).collect()
}
