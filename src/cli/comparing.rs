//! Two sides of a comparison, read and compared: what `diff` and `check --against` share.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::args::{CommonArgs, DenyArg, DiffArgs, ExplicitArgs, RunArgs};
use super::configuration::unused_paths;
use super::exit::Failure;
use super::finishing::today;
use super::loading::{Loaded, Place, Settings, no_such_store};
use crate::config::{CONFIGURATION, Config, Gate};
use crate::diff::{self, Strictness};
use crate::finding::Level;
use crate::outcome::changes::{Comparison, Side};
use crate::outcome::{Outcome, TestResult};
use crate::source::{GitRevision, Source, Worktree, parse_revisions};
use crate::tables::{self, Selection};
use crate::text::{Location, inline};

/// Digits of a commit id that are shown.
const SHOWN_OF_COMMIT: usize = 12;

/// Both sides.
pub(super) struct Sides {
    pub(super) old: Loaded,
    pub(super) new: Loaded,
    /// The new side's files in the stores that the old side's configuration spells out, where the two sides spell out others.
    as_base_has_it: Option<Loaded>,
    old_side: Side,
    new_side: Side,
}

/// A revision to compare with, opened, and what it says about how things are read and what fails.
pub(super) struct Base {
    revision: GitRevision,
    pub(super) settings: Settings,
}

impl Base {
    /// Opens `revision` in the repository that `args` are about.
    pub(super) fn open(args: &RunArgs, revision: &str) -> Result<Self, Failure> {
        if args.explicit.any() {
            return Err(Failure("`--against` compares revisions; files named one by one have none".to_owned()));
        }
        let place = Place::of(args)?;
        let revision = GitRevision::open(place.repository()?, revision)?;
        let settings = place.settings_of_base(args, &revision);
        Ok(Self { revision, settings })
    }

    /// Where it spells out other stores than `config`: `config` with its stores, over the files at `paths`.
    pub(super) fn other_stores(&self, config: &Config, paths: &[String]) -> Option<Config> {
        other_stores(&self.settings.config, config, paths)
    }
}

fn other_stores(base: &Config, head: &Config, paths: &[String]) -> Option<Config> {
    (!base.same_stores(head)).then(|| Config { stores: head.stores_as_in(base, paths), ..head.clone() })
}

/// What to read of revisions, folders and files when nothing else is asked for.
pub(super) fn run_args(args: &DiffArgs) -> RunArgs {
    RunArgs { paths: args.paths.clone(), explicit: ExplicitArgs::default(), common: args.common.clone() }
}

/// Reads both sides of `diff`.
pub(super) fn load(args: &DiffArgs) -> Result<Sides, Failure> {
    let sides = match (&args.files, &args.old) {
        (Some(files), _) => of_files(args, files)?,
        (None, Some(old)) => of_revisions(args, old)?,
        (None, None) => {
            return Err(Failure("name a revision to compare with, such as `polcheck diff main`".to_owned()));
        }
    };
    let nothing = sides.old.repo.stores.is_empty() && sides.new.repo.stores.is_empty();
    if let (Some(wanted), true) = (&args.common.store, nothing) {
        let names: BTreeSet<&String> = [&sides.old, &sides.new].iter().flat_map(|l| &l.repo.store_names).collect();
        return Err(no_such_store(wanted, &names.into_iter().cloned().collect::<Vec<_>>()));
    }
    Ok(sides)
}

fn of_revisions(args: &DiffArgs, old: &str) -> Result<Sides, Failure> {
    if [&args.schema, &args.old_schema, &args.new_schema].iter().any(|paths| !paths.is_empty()) {
        let why = "`--schema`, `--old-schema` and `--new-schema` go with `--files`; revisions bring their own schemas";
        return Err(Failure(why.to_owned()));
    }
    let asked = parse_revisions(old, args.new.as_deref())?;
    let run = run_args(args);
    let place = Place::of(&RunArgs { paths: Vec::new(), ..run.clone() })?;
    let root = place.repository()?;
    let (old, new) = asked.open(root)?;
    let current = match &new {
        Some(_) if args.common.staged => {
            return Err(Failure("`--staged` stands for the new side; give one revision, or leave it out".to_owned()));
        }
        Some(_) => None,
        None => Some(place.compared(args.common.staged)?),
    };
    let new_source: &dyn Source = match (&new, &current) {
        (Some(revision), _) => revision,
        (None, Some(current)) => current.as_ref(),
        (None, None) => return Err(Failure("there is nothing to compare with".to_owned())),
    };
    for path in &args.paths {
        let relative = place.inside(path)?;
        if old.below(&relative).is_err() && new_source.below(&relative).is_err() {
            return Err(Failure(format!("there is no `{}` on either side", path.display())));
        }
    }
    let base = place.settings_of_base(&run, &old);
    let head = place.settings(&run, new_source)?;
    both(&place, &run, (&old, &base), (new_source, new.as_ref(), head))
}

/// Reads both sides whole, and keeps what `args` ask for: the stores that have something at or below its paths on either side. What
/// counts is the stricter of what both sides say.
fn both(
    place: &Place,
    args: &RunArgs,
    (old, base): (&GitRevision, &Settings),
    (new, revision, head): (&dyn Source, Option<&GitRevision>, Settings),
) -> Result<Sides, Failure> {
    // A file is left out of a comparison only if both sides leave it out.
    let excluding = Config { exclude: head.config.exclude.clone(), ..Config::default() };
    let old_settings = Settings { config: base.config.clone().held_to(&excluding), ..base.clone() };
    let held = Settings { config: head.config.clone().held_to(&base.config), ..head };
    let head = place.load_whole(args, new, held)?;
    // Which files are a store is the old side's to say as well, until the change is merged.
    let as_base_has_it = match other_stores(&base.config, &head.config, &head.repo.listed) {
        Some(config) => Some(place.load_whole(args, new, Settings { config, ..Settings::default() })?),
        None => None,
    };
    let mut sides = Sides {
        old_side: side(old, Some(old)),
        new_side: side(new, revision),
        old: place.load_whole(args, old, old_settings)?,
        new: head,
        as_base_has_it,
    };
    sides.check_configuration(args, place.root());
    let focus = place.focus(&args.paths)?;
    let mut news = vec![&mut sides.new.repo];
    news.extend(sides.as_base_has_it.as_mut().map(|loaded| &mut loaded.repo));
    diff::focus(&focus, &mut sides.old.repo, &mut news);
    Ok(sides)
}

impl Sides {
    /// Holds the new side's configuration against both sides: what it names has to be somewhere.
    fn check_configuration(&mut self, args: &RunArgs, root: &Path) {
        let config = &self.new.config;
        let sides = [&self.new.repo, &self.old.repo];
        let whole = args.common.store.is_none();
        let mut found = diff::unknown_names(&config.gates, &sides, whole);
        found.extend(unused_paths(config, &sides, root));
        self.new.config_findings.extend(found);
    }
}

/// Reads both sides for `check --against`. The new one is read as git would keep it, which is not what lies in the worktree:
/// line ends may be converted there, and a sparse checkout leaves files out.
pub(super) fn against(args: &RunArgs, base: &Base) -> Result<Sides, Failure> {
    let place = Place::of(args)?;
    let current = place.compared(args.common.staged)?;
    let head = place.settings(args, current.as_ref())?;
    both(&place, args, (&base.revision, &base.settings), (current.as_ref(), None, head))
}

fn side(source: &dyn Source, revision: Option<&GitRevision>) -> Side {
    let commit = revision.map(|revision| revision.commit().to_owned());
    let mut label = source.label();
    if commit.as_ref() == Some(&label) {
        // Typed as a whole commit id, as CI does; readers are served by its beginning.
        label.truncate(SHOWN_OF_COMMIT);
    }
    Side { label, commit, schema: None }
}

/// `--files`: each side a folder of its own, so that what lies above does not count.
fn of_files(args: &DiffArgs, files: &[PathBuf]) -> Result<Sides, Failure> {
    let ([old, new], []) =
        (files.first_chunk::<2>().ok_or_else(|| Failure("give two paths".to_owned()))?, &args.paths[..])
    else {
        return Err(Failure("with `--files`, the two paths are all that is read".to_owned()));
    };
    if args.common.staged {
        return Err(Failure("`--staged` compares revisions; `--files` needs no git".to_owned()));
    }
    let base = match &args.common.directory {
        Some(dir) => dir.clone(),
        None => std::env::current_dir()?,
    };
    let schema = |own: &[PathBuf]| -> Vec<PathBuf> {
        let all = if own.is_empty() { &args.schema } else { own };
        all.iter().map(|path| base.join(path)).collect()
    };
    let read = |path: &Path, schema: Vec<PathBuf>| -> Result<Loaded, Failure> {
        let full = base.join(path);
        let real = full.canonicalize().map_err(|_| Failure(format!("there is no `{}`", path.display())))?;
        let folder = if real.is_dir() { real.clone() } else { real.parent().unwrap_or(&real).to_path_buf() };
        let mut run = run_args(args);
        run.common.config = args.common.config.as_ref().map(|path| base.join(path));
        if !schema.is_empty() || !real.is_dir() {
            run.explicit = ExplicitArgs { policies: vec![real], schema, ..ExplicitArgs::default() };
        }
        let source = Worktree::new(&folder);
        Place::folder(folder).load(&run, &source)
    };
    let label = |path: &Path| Side { label: path.display().to_string(), ..Side::default() };
    Ok(Sides {
        old: read(old, schema(&args.old_schema))?,
        new: read(new, schema(&args.new_schema))?,
        as_base_has_it: None,
        old_side: label(old),
        new_side: label(new),
    })
}

/// Compares both sides and puts the result into `outcome`. `deny` is what is refused besides what either side's gates refuse.
pub(super) fn compare(
    sides: &Sides,
    deny: &[DenyArg],
    args: &CommonArgs,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let (old, new) = (&sides.old, &sides.new);
    let mut compared = diff::compare(&old.repo, &new.repo);
    if let Some(other) = &sides.as_base_has_it {
        compared.add_stricter(diff::compare(&old.repo, &other.repo));
    }
    outcome.inconclusive.extend(compared.undecided);
    for finding in old.repo.findings.iter().filter(|finding| finding.level == Level::Error) {
        let place = finding.location.label();
        outcome.gaps.push(format!("in {}, {}: {}", inline(&sides.old_side.label), inline(&place), finding.message));
    }
    if !old.config_findings.is_empty() {
        outcome.inconclusive.push(format!(
            "the configuration of {} is wrong, so its gates are not known",
            inline(&sides.old_side.label)
        ));
    }
    let asked = Gate {
        gained: deny.contains(&DenyArg::Gained),
        lost: deny.contains(&DenyArg::Lost),
        stores: Vec::new(),
        actions: Vec::new(),
        resources: Vec::new(),
        location: Location::of_path("--deny"),
    };
    // The author of a change controls the new side, so the old one's gates count as well.
    let gates: Vec<&Gate> = old.config.gates.iter().chain(&new.config.gates).chain([&asked]).collect();
    let accepted = diff::rule(&mut compared.stores, &gates, &new.accepted, &today(args)?);
    let rows = |loaded: &Loaded| {
        if same_tables(sides) { Vec::new() } else { tables::run(&loaded.repo, &Selection::default(), None).rows }
    };
    let (old_rows, new_rows) = rayon::join(|| rows(old), || rows(new));
    let mut weakened = diff::weakened(strictness(old, &old_rows), strictness(new, &new_rows), &new.catalogue);
    if let Some(other) = &sides.as_base_has_it {
        weakened.extend(diff::moved_files(&other.repo, &new.repo, &old.config));
    }
    let digested = |side: &Side, loaded: &Loaded| Side { schema: schema_digest(loaded), ..side.clone() };
    outcome.comparison = Some(Comparison {
        old: digested(&sides.old_side, old),
        new: digested(&sides.new_side, new),
        stores: compared.stores,
        accepted,
        weakened,
    });
    Ok(())
}

fn strictness<'l>(loaded: &'l Loaded, rows: &'l [TestResult]) -> Strictness<'l> {
    Strictness { repo: &loaded.repo, config: &loaded.config, accepted: &loaded.accepted, rows }
}

/// Whether both sides have the same tables, word for word.
fn same_tables(sides: &Sides) -> bool {
    let tables = |loaded: &'_ Loaded| -> BTreeMap<String, String> {
        let all = loaded.repo.stores.iter().flat_map(|store| &store.tables);
        all.map(|table| (table.file.path().to_owned(), table.file.text().to_owned())).collect()
    };
    tables(&sides.old) == tables(&sides.new)
}

/// Whether the new side's configuration is wrong.
pub(super) fn misconfigured(sides: &Sides) -> bool {
    sides.new.config_findings.iter().any(|finding| finding.rule == CONFIGURATION.id)
}

/// Whether either side holds anything to compare.
pub(super) fn holds_policies(sides: &Sides) -> bool {
    sides.old.holds_policies() || sides.new.holds_policies()
}

/// A digest of the text of all schemas, line ends aside.
fn schema_digest(loaded: &Loaded) -> Option<String> {
    let mut hash = Sha256::new();
    let mut any = false;
    for file in loaded.repo.stores.iter().filter_map(|store| store.schema.ready()).flat_map(|schema| &schema.files) {
        any = true;
        let text = file.text().replace("\r\n", "\n");
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    any.then(|| hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect())
}
