//! A repository that somebody edits: looked at again after every change, with texts that are not saved laid over the
//! worktree.
//!
//! # Why
//!
//! Proofs over a store take longer than a person waits between two keys. So there are two looks. [`Editing::look`] does
//! all that a check does. [`Editing::glance`] reads everything, of which hardly anything has to be parsed again, runs
//! the rules over text, validates the policies that the last look did not see as they are now, and takes over from it
//! what it said of policies whose text is the same: what a proof said stands until the next look, and what it said of a
//! text that has changed is dropped. A glance never calls a suppression unused, for it does not know.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::baselined;
use super::comparing::{Deny, compare};
use super::configuration::{idle_acceptances, unknown_attributes, unused_paths};
use super::engines::engines;
use super::error::RunError;
use super::fillings;
use super::finish::{finish, today};
use super::fix::prove_fix;
use super::guardrails;
use super::loaded::{Loaded, all_proved, load_whole};
use super::look::Look;
use super::moved::Moved;
use super::place::Place;
use super::reading::Reading;
use super::settings::Settings;
use super::sides::Base;
use crate::diff;
use crate::finding::Finding;
use crate::lint::{self, Check};
use crate::outcome::Outcome;
use crate::outcome::changes::Comparison;
use crate::repo::{ParsedTexts, Policy, Store};
use crate::rule::{Basis, Rule};
use crate::source::{Edited, Memory, ReadError, Remembered, Source, Worktree, merge_base};
use crate::tables::{Gauge, Selection};
use crate::text::SourceFile;
use crate::{config, repo, validate};

/// Texts that are not saved, by path relative to the root.
pub type Unsaved = BTreeMap<String, String>;

/// After so many readings what was parsed is forgotten at the next whole look, which has time to parse all of it again:
/// most of it are texts that somebody has typed on.
const FORGOTTEN_AFTER: usize = 200;

/// The branches that changes usually start from, the likeliest first.
const MAIN_BRANCHES: [&str; 4] = ["main", "master", "origin/main", "origin/master"];

/// What does nothing, by rules that are no lint rules.
const IDLE: [&str; 3] = ["never-applies", "unused-configuration", "unused-suppression"];

/// Whether the rule finds what does nothing, so that editors may show it faded.
#[must_use]
pub fn finds_what_is_idle(rule: &str) -> bool {
    IDLE.contains(&rule) || lint::lint_rule(rule).is_some_and(|rule| rule.of_what_is_idle)
}

/// A repository, or a text by itself, that somebody edits.
pub struct Editing {
    reading: Reading,
    place: Place,
    /// What lies on the disk; nothing where texts stand by themselves.
    disk: Option<Mutex<Arc<Remembered>>>,
    parsed: Mutex<(ParsedTexts, usize)>,
}

/// The folder of the policy repository around the file at `path`, if it can be told without a look at everything: a git
/// repository, or a folder that holds a configuration or a schema.
#[must_use]
pub fn repository_around(path: &Path) -> Option<PathBuf> {
    let folder = path.parent()?;
    Worktree::find_root(folder)
        .or_else(|| Worktree::find_marked(folder, config::FILE_NAME, &repo::SCHEMA_FOLDERS, &repo::is_schema))
}

impl Editing {
    /// What `reading` is about.
    ///
    /// # Errors
    /// When there is no such folder.
    pub fn open(reading: Reading) -> Result<Self, RunError> {
        let place = Place::of(&reading)?;
        let disk = Some(Mutex::new(Arc::new(Remembered::new(place.root()))));
        Ok(Self { reading, place, disk, parsed: Mutex::default() })
    }

    /// Texts that belong to no repository.
    #[must_use]
    pub fn apart(reading: Reading) -> Self {
        Self { reading, place: Place::folder(PathBuf::new()), disk: None, parsed: Mutex::default() }
    }

    /// The folder that paths count from; empty for texts that belong to no repository.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.place.root()
    }

    /// What the file at `path` is called inside of the repository, whether or not there is one; `None` outside of it.
    #[must_use]
    pub fn relative(&self, path: &Path) -> Option<String> {
        self.disk.as_ref()?;
        // A file that is not there yet lies where its folder really lies.
        let real = path.ancestors().find_map(|above| {
            let real = above.canonicalize().ok()?;
            let rest = path.strip_prefix(above).ok()?;
            Some(if rest.as_os_str().is_empty() { real } else { real.join(rest) })
        })?;
        self.place.inside(&real).ok().filter(|relative| !relative.is_empty() && relative != ".")
    }

    /// Whether the text at `path`, relative to the root, is one that reports are asked for.
    #[must_use]
    pub fn covers(&self, path: &str) -> bool {
        match &self.reading.directory {
            Some(folder) if self.disk.is_some() => {
                let folder = self.place.relative(folder);
                repo::Focus::on(&[folder]).covers(path)
            }
            _ => true,
        }
    }

    /// Forgets what lies on the disk: it changed.
    pub fn forget(&self) {
        if let Some(mut disk) = self.disk.as_ref().and_then(|disk| disk.lock().ok()) {
            *disk = Arc::new(Remembered::new(self.place.root()));
        }
    }

    fn source(&self, unsaved: &Unsaved) -> Arc<dyn Source + Send> {
        match self.disk.as_ref().and_then(|disk| Some(Arc::clone(&*disk.lock().ok()?))) {
            Some(disk) => Arc::new(Overlaid { disk, texts: unsaved.clone() }),
            None => Arc::new(Memory::new(unsaved.iter().map(|(path, text)| (path.clone(), text.clone())))),
        }
    }

    fn parsed(&self) -> ParsedTexts {
        let Ok(mut parsed) = self.parsed.lock() else { return ParsedTexts::default() };
        parsed.1 += 1;
        parsed.0.clone()
    }

    fn forget_parsed(&self) {
        if let Some(mut parsed) = self.parsed.lock().ok().filter(|parsed| parsed.1 > FORGOTTEN_AFTER) {
            *parsed = (ParsedTexts::default(), 0);
        }
    }

    fn load(&self, reading: &Reading, source: &dyn Source) -> Result<Loaded, RunError> {
        let parsed = self.parsed();
        if self.disk.is_none() {
            return load_whole(reading, source, Settings::default(), &parsed);
        }
        let settings = self.place.settings(reading, source)?;
        let mut loaded = self.place.load_with(reading, source, settings, Some(&parsed))?;
        let unused = unused_paths(&loaded.config, &[&loaded.repo], self.place.root());
        loaded.config_findings.extend(unused);
        let unknown = unknown_attributes(&loaded.config, &loaded.repo);
        loaded.config_findings.extend(unknown);
        Ok(loaded)
    }

    /// Everything that a check without a base finds, with what rows exercise.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn look(&self, unsaved: &Unsaved) -> Result<Look, RunError> {
        self.forget_parsed();
        let source = self.source(unsaved);
        let read = Mutex::new(None);
        let outcome = fillings::for_all(&self.reading, |reading| {
            let mut loaded = self.load(reading, source.as_ref())?;
            let outcome = checked(&mut loaded, reading)?;
            let found = fillings::of(&outcome, &[&loaded]);
            if let Ok(mut read) = read.lock() {
                read.get_or_insert(loaded);
            }
            Ok((outcome, found))
        })?;
        let loaded = read.into_inner().ok().flatten().ok_or_else(|| RunError::usage("nothing was read"))?;
        Ok(Look { outcome, repo: loaded.repo, config: loaded.config, source })
    }

    /// What can be found at once, with what `last` found of texts that are the same.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn glance(&self, unsaved: &Unsaved, last: Option<&Look>) -> Result<Look, RunError> {
        let source = self.source(unsaved);
        let reading = &self.reading;
        let mut loaded = self.load(reading, source.as_ref())?;
        let mut outcome = loaded.outcome("check");
        let today = today(reading)?;
        let (repo, config) = (&loaded.repo, &loaded.config);
        let moved = last.map(|last| Moved::new(last, repo, source.as_ref()));
        let wanted = |store: &Store, policy: &Policy| !moved.as_ref().is_some_and(|moved| moved.knows(store, policy));
        let text_rules: Vec<&str> = lint::lint_rules()
            .filter(|rule| !matches!(rule.check, Check::Proof(_)))
            .filter(|rule| !rule.on_demand || config.turns_on(rule.meta.id))
            .map(|rule| rule.meta.id)
            .collect();
        let options = lint::Options { only: Some(&text_rules), today: Some(&today), ..lint::Options::default() };
        let (from_validation, linted) =
            rayon::join(|| validate::run_some(repo, config, None, &wanted), || lint::run(repo, config, options));
        outcome.findings.extend(from_validation);
        outcome.findings.extend(linted.findings);
        outcome.notices.extend(loaded.unvalidated());
        if let (Some(last), Some(moved)) = (last, &moved) {
            let kept = last.outcome.findings.iter().chain(last.outcome.suppressed.iter().map(|(finding, _)| finding));
            outcome.findings.extend(kept.filter_map(|finding| moved.finding(finding, &outcome.catalogue)));
            outcome.coverage.clone_from(&last.outcome.coverage);
            outcome.guardrails.clone_from(&last.outcome.guardrails);
            let rows = last.outcome.tests.iter().filter(|row| moved.location(&row.location).is_some());
            outcome.tests = rows.cloned().collect();
        }
        drop(moved);
        finish(&mut outcome, &loaded, reading, &|_| false)?;
        baselined::apply(&mut outcome, loaded.baseline.as_ref(), &loaded, reading, &|_| false);
        Ok(Look { outcome, repo: loaded.repo, config: loaded.config, source })
    }

    /// The name of the branch that changes are compared with, and the commit where they left it: `wanted` if it is
    /// given, else the first of the usual ones that is there. `None` outside of a git repository, and where git cannot
    /// say.
    #[must_use]
    pub fn base(&self, wanted: Option<&str>) -> Option<(String, String)> {
        self.disk.as_ref()?;
        let root = self.place.repository().ok()?;
        let commit = |name: &str| Some((name.to_owned(), merge_base(root, name, "HEAD").ok()?));
        match wanted {
            Some(name) => commit(name),
            None => MAIN_BRANCHES.into_iter().find_map(commit),
        }
    }

    /// Who gains and who loses what since `commit`.
    ///
    /// # Errors
    /// When either side cannot be read.
    pub fn compare(&self, unsaved: &Unsaved, commit: &str) -> Result<Option<Comparison>, RunError> {
        let reading = Reading { paths: vec![self.place.root().to_path_buf()], ..self.reading.clone() };
        let base = Base::open(&reading, commit)?;
        let current = self.place.compared(false)?;
        // What is saved is read as git would keep it.
        let plain = |text: &str| text.replace("\r\n", "\n");
        let saved = |path: &str, text: &str| {
            let bytes = current.read(path).unwrap_or_default();
            std::str::from_utf8(&bytes).is_ok_and(|kept| plain(kept) == plain(text))
        };
        let texts: Unsaved = unsaved.iter().filter(|(path, text)| !saved(path, text)).map(owned).collect();
        let edited = Edited::new(current.as_ref()).with(texts);
        let sides = base.against_source(&self.place, &reading, &edited)?;
        let mut outcome = Outcome::new("diff", super::settings::catalogue());
        compare(&sides, Deny::default(), &reading, &mut outcome)?;
        super::loaded::discard(sides);
        Ok(outcome.comparison)
    }

    /// Whether the fix of `finding`, which a look at `unsaved` found, changes no decision: a phrase that says what is
    /// in the way.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn may_mend(&self, unsaved: &Unsaved, finding: &Finding) -> Result<Result<(), String>, RunError> {
        let source = self.source(unsaved);
        prove_fix(&self.reading, &self.place, source.as_ref(), &self.parsed(), finding)
    }
}

fn owned((path, text): (&String, &String)) -> (String, String) {
    (path.clone(), text.clone())
}

/// What lies on the disk, with other texts laid over it.
struct Overlaid {
    disk: Arc<Remembered>,
    texts: Unsaved,
}

impl Overlaid {
    fn edited(&self) -> Edited<'_> {
        Edited::new(self.disk.as_ref()).with(self.texts.iter().map(owned))
    }
}

impl Source for Overlaid {
    fn list(&self) -> Result<Vec<crate::source::Entry>, crate::source::SourceError> {
        self.edited().list()
    }

    fn not_entered(&self) -> Vec<(String, &'static str)> {
        self.disk.not_entered()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.texts.get(path).map_or_else(|| self.disk.read(path), |text| Ok(text.clone().into_bytes()))
    }

    fn below(&self, path: &str) -> Result<Vec<String>, crate::source::SourceError> {
        self.disk.below(path)
    }

    fn label(&self) -> String {
        self.disk.label()
    }
}

/// What a check without a base finds in what was `loaded`.
fn checked(loaded: &mut Loaded, reading: &Reading) -> Result<Outcome, RunError> {
    let mut outcome = loaded.outcome("check");
    let (repo, config) = (&loaded.repo, &loaded.config);
    let gauge = repo.stores.iter().any(|store| !store.tables.is_empty()).then(|| Gauge::new(repo));
    let selection = Selection { brief: true, ..Selection::default() };
    let today = today(reading)?;
    engines(&mut outcome, repo, config, None, &selection, gauge.as_ref(), (&loaded.solvers, &today));
    outcome.coverage = gauge.map(|gauge| gauge.coverage());
    outcome.notices.extend(loaded.unvalidated());
    outcome.checked_something = loaded.decides() || outcome.rows() > 0;
    if repo.focus.is_whole() {
        outcome.findings.extend(diff::unknown_names(&diff::naming(config), &[repo], true));
        outcome.findings.extend(idle_acceptances(config, &loaded.accepted, None, &today));
    }
    guardrails::prove(&mut outcome, loaded, None);
    let proved = all_proved(&outcome);
    let ran = |rule: &Rule| (proved || rule.basis != Basis::Symbolic) && loaded.ran(rule, &[]);
    finish(&mut outcome, loaded, reading, &ran)?;
    baselined::apply(&mut outcome, loaded.baseline.as_ref(), loaded, reading, &ran);
    Ok(outcome)
}

/// `text`, a policy file called `path`, as Cedar's formatter lays it out.
///
/// # Errors
/// Why it stays as it is, a phrase.
pub fn lay_out(path: &str, text: &str) -> Result<String, String> {
    super::fmt::laid_out(&SourceFile::new(path, text)).map_err(|(_, why)| why)
}
