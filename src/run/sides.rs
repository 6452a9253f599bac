//! The two sides of a comparison, found, read, and held against each other.
//!
//! # Why
//!
//! A head is held to its base: what is read and what fails is the stricter of both sides' configuration
//! (`Config::held_to`), in `check --against` for every engine. A base without configuration has the defaults.
//!
//! Which files are a store is asked twice where the sides spell out other stores: by the head's configuration, and by
//! the base's over the head's files (`Config::stores_as_in`). What only the second reading shows is added
//! (`diff::stricter`).

use std::path::{Path, PathBuf};

use super::configuration::unused_paths;
use super::error::RunError;
use super::loaded::{Loaded, load_whole, no_such_store};
use super::place::Place;
use super::reading::{Files, Reading};
use super::settings::Settings;
use crate::config::{CONFIGURATION, Config};
use crate::diff;
use crate::outcome::changes::Side;
use crate::repo::{ParsedTexts, cedar::make_ready};
use crate::source::{GitRevision, Source, Worktree, parse_revisions};

/// The two sides of a comparison.
#[derive(Debug, Clone)]
pub enum Compare {
    /// Revisions of a git repository.
    Revisions {
        /// The old one, or a range.
        old: String,
        /// The new one; the worktree, or the index, where there is none.
        new: Option<String>,
    },
    /// Two folders or files, with no git.
    Files {
        /// The old side.
        old: PathBuf,
        /// The new side.
        new: PathBuf,
        /// The old side's schema; several make one. Empty: what lies in the folder.
        old_schema: Vec<PathBuf>,
        /// The new side's schema.
        new_schema: Vec<PathBuf>,
    },
}

impl Default for Compare {
    fn default() -> Self {
        Self::Revisions { old: "HEAD".to_owned(), new: None }
    }
}

/// Digits of a commit id that are shown.
const SHOWN_OF_COMMIT: usize = 12;

/// Digits of a whole commit id, at least.
const LEAST_OF_WHOLE: usize = 40;

/// Both sides.
pub(super) struct Sides {
    pub(super) old: Loaded,
    pub(super) new: Loaded,
    /// The new side's files in the stores that the old side's configuration spells out, where the two sides spell out
    /// others.
    pub(super) as_base_has_it: Option<Loaded>,
    pub(super) old_side: Side,
    pub(super) new_side: Side,
}

/// A revision to compare with, opened, and what it says about how things are read and what fails.
pub(super) struct Base {
    revision: GitRevision,
    pub(super) settings: Settings,
    /// What was parsed of either side.
    pub(super) parsed: ParsedTexts,
}

impl Base {
    /// Opens `revision` in the repository that `reading` is about.
    pub(super) fn open(reading: &Reading, revision: &str) -> Result<Self, RunError> {
        make_ready();
        if reading.files.replace_discovery() {
            return Err(RunError::usage("`--against` compares revisions; files named one by one have none"));
        }
        let place = Place::of(reading)?;
        let revision = GitRevision::open(place.repository()?, revision)?;
        let settings = place.settings_of_base(reading, &revision);
        Ok(Self { revision, settings, parsed: ParsedTexts::default() })
    }

    /// Everything that it holds.
    pub(super) fn load(&self, reading: &Reading) -> Result<Loaded, RunError> {
        load_whole(reading, &self.revision, self.settings.clone(), &self.parsed)
    }

    /// Where it spells out other stores than `config`: `config` with its stores, over the files at `paths`.
    pub(super) fn other_stores(&self, config: &Config, paths: &[String]) -> Option<Config> {
        other_stores(&self.settings.config, config, paths)
    }

    /// Both sides of a comparison with it. The new one is read as git would keep it, which is not what lies in the
    /// worktree: line ends may be converted there, and a sparse checkout leaves files out.
    pub(super) fn against(&self, reading: &Reading) -> Result<Sides, RunError> {
        let place = Place::of(reading)?;
        let current = place.compared(reading.staged)?;
        self.against_source(&place, reading, current.as_ref())
    }

    /// The same with `current` as the new side.
    pub(super) fn against_source(
        &self,
        place: &Place,
        reading: &Reading,
        current: &dyn Source,
    ) -> Result<Sides, RunError> {
        let head = place.settings(reading, current)?;
        load_both(place, reading, (&self.revision, &self.settings), (current, None, head), &self.parsed)
    }
}

fn other_stores(base: &Config, head: &Config, paths: &[String]) -> Option<Config> {
    (!base.same_stores(head)).then(|| Config { stores: head.stores_as_in(base, paths), ..head.clone() })
}

impl Sides {
    /// Reads both sides of a comparison as `reading` says.
    pub(super) fn load(reading: &Reading, compare: &Compare) -> Result<Self, RunError> {
        make_ready();
        let sides = match compare {
            Compare::Revisions { old, new } => of_revisions(reading, old, new.as_deref())?,
            Compare::Files { old, new, old_schema, new_schema } => {
                of_files(reading, (old, old_schema), (new, new_schema))?
            }
        };
        let nothing = sides.old.repo.stores.is_empty() && sides.new.repo.stores.is_empty();
        if let (Some(wanted), true) = (&reading.store, nothing) {
            let mut names = [&sides.old, &sides.new].map(|side| side.repo.store_names.clone()).concat();
            names.sort();
            names.dedup();
            return Err(no_such_store(wanted, &names));
        }
        Ok(sides)
    }

    /// Whether the new side's configuration is wrong.
    pub(super) fn misconfigured(&self) -> bool {
        self.new.config_findings.iter().any(|finding| finding.rule == CONFIGURATION.id)
    }

    /// Whether either side holds anything to compare.
    pub(super) fn hold_policies(&self) -> bool {
        self.old.holds_policies() || self.new.holds_policies()
    }

    /// Holds the new side's configuration against both sides: what it names has to be somewhere.
    fn check_configuration(&mut self, reading: &Reading, root: &Path) {
        let config = &self.new.config;
        let sides = [&self.new.repo, &self.old.repo];
        let mut found = diff::unknown_names(&diff::naming(config), &sides, reading.store.is_none());
        found.extend(unused_paths(config, &sides, root));
        self.new.config_findings.extend(found);
    }
}

fn of_revisions(reading: &Reading, old: &str, new: Option<&str>) -> Result<Sides, RunError> {
    let asked = parse_revisions(old, new)?;
    let place = Place::of_revisions(reading)?;
    let (old, new) = asked.open(place.repository()?)?;
    let current = match &new {
        Some(_) if reading.staged => {
            return Err(RunError::usage("`--staged` stands for the new side; give one revision, or leave it out"));
        }
        Some(_) => None,
        None => Some(place.compared(reading.staged)?),
    };
    let new_source: &dyn Source = match (&new, &current) {
        (Some(revision), _) => revision,
        (None, Some(current)) => current.as_ref(),
        (None, None) => return Err(RunError::usage("there is nothing to compare with")),
    };
    for path in &reading.paths {
        let relative = place.inside(path)?;
        if old.below(&relative).is_err() && new_source.below(&relative).is_err() {
            return Err(RunError::usage(format!("there is no `{}` on either side", path.display())));
        }
    }
    let base = place.settings_of_base(reading, &old);
    let head = place.settings(reading, new_source)?;
    load_both(&place, reading, (&old, &base), (new_source, new.as_ref(), head), &ParsedTexts::default())
}

/// Reads both sides whole, and keeps what `reading` asks for: the stores that have something at or below its paths on
/// either side. What counts is the stricter of what both sides say.
fn load_both(
    place: &Place,
    reading: &Reading,
    (old, base): (&GitRevision, &Settings),
    (new, revision, head): (&dyn Source, Option<&GitRevision>, Settings),
    parsed: &ParsedTexts,
) -> Result<Sides, RunError> {
    // A file is left out of a comparison only if both sides leave it out.
    let excluding = Config { exclude: head.config.exclude.clone(), ..Config::default() };
    let old_settings = Settings { config: base.config.clone().held_to(&excluding), ..base.clone() };
    let held = head.config.clone().held_to(&base.config).filled_in_as(&base.config);
    let held = Settings { config: held, ..head };
    let head = load_whole(reading, new, held, parsed)?;
    // Which files are a store is the old side's to say as well, until the change is merged.
    let as_base_has_it = match other_stores(&base.config, &head.config, &head.repo.listed) {
        Some(config) => Some(load_whole(reading, new, Settings { config, ..Settings::default() }, parsed)?),
        None => None,
    };
    let mut sides = Sides {
        old_side: side(old, Some(old)),
        new_side: side(new, revision),
        old: load_whole(reading, old, old_settings, parsed)?,
        new: head,
        as_base_has_it,
    };
    sides.check_configuration(reading, place.root());
    let focus = place.focus(&reading.paths)?;
    let mut news = vec![&mut sides.new.repo];
    news.extend(sides.as_base_has_it.as_mut().map(|loaded| &mut loaded.repo));
    diff::focus(&focus, &mut sides.old.repo, &mut news);
    Ok(sides)
}

fn side(source: &dyn Source, revision: Option<&GitRevision>) -> Side {
    let commit = revision.map(|revision| revision.commit().to_owned());
    let mut label = source.label();
    // Typed as a whole commit id, as CI does, perhaps with `^` behind it; readers are served by its beginning.
    let digits = label.bytes().take_while(u8::is_ascii_hexdigit).count();
    let rest = label.split_off(digits);
    if digits >= LEAST_OF_WHOLE && !rest.starts_with(|next: char| next.is_alphanumeric() || "-_./".contains(next)) {
        label.truncate(SHOWN_OF_COMMIT);
    }
    label.push_str(&rest);
    Side { label, commit, schema: None }
}

/// Two paths with the schema of each: each side a folder of its own, so that what lies above does not count.
fn of_files(reading: &Reading, old: (&Path, &[PathBuf]), new: (&Path, &[PathBuf])) -> Result<Sides, RunError> {
    if !reading.paths.is_empty() {
        return Err(RunError::usage("with `--files`, the two paths are all that is read"));
    }
    if reading.staged {
        return Err(RunError::usage("`--staged` compares revisions; `--files` needs no git"));
    }
    let base = match &reading.directory {
        Some(dir) => dir.clone(),
        None => std::env::current_dir()?,
    };
    let parsed = ParsedTexts::default();
    let read = |(path, schema): (&Path, &[PathBuf])| -> Result<Loaded, RunError> {
        let real = base.join(path).canonicalize().map_err(|_| RunError::NoSuchPath(path.display().to_string()))?;
        let folder = if real.is_dir() { real.clone() } else { real.parent().unwrap_or(&real).to_path_buf() };
        let config = reading.config.as_ref().map(|path| base.join(path));
        let mut reading = Reading { config, ..reading.clone() };
        if !schema.is_empty() || !real.is_dir() {
            let schemas = schema.iter().map(|path| base.join(path)).collect();
            reading.files = Files { policies: vec![real], schemas, ..Files::default() };
        }
        let source = Worktree::new(&folder);
        Place::folder(folder).load(&reading, &source, Some(&parsed))
    };
    let label = |path: &Path| Side { label: path.display().to_string(), ..Side::default() };
    Ok(Sides { old: read(old)?, new: read(new)?, as_base_has_it: None, old_side: label(old.0), new_side: label(new.0) })
}
