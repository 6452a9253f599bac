//! From arguments to a repository: which folder, which source, which configuration.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::args::RunArgs;
use super::configuration::unused_paths;
use super::exit::Failure;
use crate::config::{self, ACCEPTED_NAME, Acceptance, CONFIGURATION, Config};
use crate::finding::{FailOn, Finding, Level};
use crate::outcome::{LeftOut, Outcome, Summary};
use crate::repo::{self, EntityState, Focus, Repo, Request, SchemaState, Store};
use crate::rule::{Basis, Catalogue, Rule};
use crate::source::{GitIndex, ReadError, Source, Worktree};
use crate::text::{Location, SourceFile, inline, nearest};
use crate::{lint, validate};

/// Everything that a command starts from.
pub(super) struct Loaded {
    pub(super) repo: Repo,
    pub(super) config: Config,
    pub(super) config_findings: Vec<Finding>,
    /// Changes of permissions that were accepted.
    pub(super) accepted: Vec<Acceptance>,
    pub(super) catalogue: Catalogue,
    pub(super) fail_on: FailOn,
}

/// What one side says about how it is to be read, and what fails.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    pub(super) config: Config,
    /// What is wrong with it.
    pub(super) findings: Vec<Finding>,
    /// Changes of permissions that were accepted.
    pub(super) accepted: Vec<Acceptance>,
}

/// Every rule there is, from the modules that own them.
#[must_use]
pub fn catalogue() -> Catalogue {
    let engines = validate::RULES.iter().chain(repo::RULES).chain(config::RULES).copied();
    Catalogue::new(engines.chain(lint::metadata()))
}

/// Reads what `args` ask for.
pub(super) fn load(args: &RunArgs) -> Result<Loaded, Failure> {
    load_held(args, None)
}

/// The same, held to the configuration of the revision that it is compared with, if there is one.
pub(super) fn load_held(args: &RunArgs, base: Option<&Config>) -> Result<Loaded, Failure> {
    let place = Place::of(args)?;
    let source = place.current(args.common.staged)?;
    let mut settings = place.settings(args, source.as_ref())?;
    if let Some(base) = base {
        settings.config = settings.config.held_to(base);
    }
    let mut loaded = place.load_with(args, source.as_ref(), settings)?;
    if base.is_none() && !args.explicit.any() {
        let unused = unused_paths(&loaded.config, &[&loaded.repo], place.root());
        loaded.config_findings.extend(unused);
    }
    if let (Some(wanted), []) = (&args.common.store, loaded.repo.stores.as_slice()) {
        return Err(no_such_store(wanted, &loaded.repo.store_names));
    }
    Ok(loaded)
}

/// The same with `config`, whatever the repository's is.
pub(super) fn load_as(args: &RunArgs, config: Config) -> Result<Loaded, Failure> {
    let place = Place::of(args)?;
    let source = place.current(args.common.staged)?;
    place.load_with(args, source.as_ref(), Settings { config, ..Settings::default() })
}

pub(super) fn no_such_store(wanted: &str, names: &[String]) -> Failure {
    let way_out = match (nearest(wanted, names.iter().map(String::as_str)), names) {
        (Some(meant), _) => format!("did you mean `{}`?", inline(meant)),
        (None, []) => "there are none here".to_owned(),
        (None, names) => format!("there are: {}", names.join(", ")),
    };
    Failure(format!("there is no store `{wanted}`; {way_out}"))
}

/// The root: of the git repository around the first path; elsewhere the working folder when the path lies in it, else the path
/// itself, and what lies around either and belongs to it.
fn root(base: &Path, args: &RunArgs) -> Result<PathBuf, Failure> {
    let base = base.canonicalize()?;
    let Some(first) = args.paths.first().filter(|_| !args.explicit.any()) else {
        return Ok(around(&base));
    };
    let full = base.join(first);
    let there = match full.canonicalize() {
        Ok(there) => there,
        // A staged file may be gone from the worktree.
        Err(_) if args.common.staged => return Ok(around(&base)),
        Err(_) => return Err(Failure(format!("there is no `{}`", first.display()))),
    };
    let folder = if there.is_dir() { there.clone() } else { there.parent().unwrap_or(&there).to_path_buf() };
    let start = if there.starts_with(&base) { base } else { folder.clone() };
    Ok(Worktree::find_root(&folder).unwrap_or_else(|| around(&start)))
}

/// The repository around `folder`.
fn around(folder: &Path) -> PathBuf {
    let by_content = || Worktree::find_folder(folder, config::FILE_NAME, &repo::SCHEMA_FOLDERS, &repo::is_schema);
    Worktree::find_root(folder).unwrap_or_else(by_content)
}

/// Where the run stands, and what its paths mean.
pub(super) struct Place {
    base: PathBuf,
    root: PathBuf,
}

impl Place {
    /// Where `args` say.
    pub(super) fn of(args: &RunArgs) -> Result<Self, Failure> {
        let base = match &args.common.directory {
            Some(dir) => dir.clone(),
            None => std::env::current_dir()?,
        };
        if !base.is_dir() {
            return Err(Failure(format!("`{}` is not a folder", base.display())));
        }
        let root = root(&base, args)?;
        Ok(Self { base, root })
    }

    /// The folder itself, wherever it lies.
    pub(super) fn folder(base: PathBuf) -> Self {
        Self { root: base.clone(), base }
    }

    /// The folder that paths count from.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The root of the git repository, for revisions.
    pub(super) fn repository(&self) -> Result<&Path, Failure> {
        if Worktree::find_root(&self.root).is_some() {
            return Ok(&self.root);
        }
        Err(Failure(format!("`{}` is not in a git repository, so it has no revisions", self.root.display())))
    }

    /// The worktree, or what is staged.
    pub(super) fn current(&self, staged: bool) -> Result<Box<dyn Source>, Failure> {
        if !staged {
            return Ok(Box::new(Worktree::new(&self.root)));
        }
        if Worktree::find_root(&self.root).is_none() {
            return Err(Failure(format!("`{}` is not in a git repository, so nothing is staged", self.root.display())));
        }
        Ok(Box::new(GitIndex::open(&self.root)?))
    }

    /// The same, read as git would keep it: for comparing it with a revision.
    pub(super) fn compared(&self, staged: bool) -> Result<Box<dyn Source>, Failure> {
        if staged {
            return self.current(true);
        }
        Ok(Box::new(Worktree::new(&self.root).as_git_sees_it()))
    }

    /// Reads what `args` ask for from `source`; which of the stores are there is not looked at.
    pub(super) fn load(&self, args: &RunArgs, source: &dyn Source) -> Result<Loaded, Failure> {
        let settings = self.settings(args, source)?;
        self.load_with(args, source, settings)
    }

    /// The same with `settings`.
    pub(super) fn load_with(&self, args: &RunArgs, source: &dyn Source, settings: Settings) -> Result<Loaded, Failure> {
        let request = self.request(args, source)?;
        load_request(args, source, &request, settings)
    }

    /// All of `source`, for comparing it, with `settings`; `args` say which store.
    pub(super) fn load_whole(
        &self,
        args: &RunArgs,
        source: &dyn Source,
        settings: Settings,
    ) -> Result<Loaded, Failure> {
        let request = Request { store: args.common.store.clone(), ..Request::default() };
        load_request(args, source, &request, settings)
    }

    /// What `source` says about how it is to be read and what fails.
    pub(super) fn settings(&self, args: &RunArgs, source: &dyn Source) -> Result<Settings, Failure> {
        let named = match &args.common.config {
            None => None,
            Some(path) => match source.read(&self.relative(path)) {
                Err(error) => return Err(Failure(format!("cannot read `{}`: {error}", path.display()))),
                read => Some((self.relative(path), read)),
            },
        };
        Ok(settings(source, named.or_else(|| self.look_upwards(args, source))))
    }

    /// The same of a revision that is compared with: it may be older than the configuration that `args` name.
    pub(super) fn settings_of_base(&self, args: &RunArgs, source: &dyn Source) -> Settings {
        let named = args.common.config.as_ref().map(|path| self.relative(path));
        let named = named.map(|path| (source.read(&path), path)).filter(|(read, _)| read != &Err(ReadError::Missing));
        settings(source, named.map(|(read, path)| (path, read)).or_else(|| self.look_upwards(args, source)))
    }

    /// `path` relative to the root, which it must not leave.
    pub(super) fn inside(&self, path: &Path) -> Result<String, Failure> {
        let relative = self.relative(path);
        if relative.starts_with('/') || relative.starts_with("../") || relative == ".." {
            let message = format!("`{}` lies outside of `{}`", path.display(), self.root.display());
            return Err(Failure(format!("{message}; run polcheck once for each repository")));
        }
        Ok(relative)
    }

    /// `path` relative to the root with `/`, or as given when it lies outside.
    pub(super) fn relative(&self, path: &Path) -> String {
        let full = self.base.join(path);
        let real = full.canonicalize().unwrap_or_else(|_| lexical(&full));
        match real.strip_prefix(&self.root) {
            Ok(inside) => slashed(inside),
            Err(_) if path.is_absolute() || self.base == self.root => slashed(path),
            Err(_) => slashed(&real),
        }
    }

    /// What `paths` select.
    pub(super) fn focus(&self, paths: &[PathBuf]) -> Result<Focus, Failure> {
        let paths: Vec<String> = paths.iter().map(|path| self.inside(path)).collect::<Result<_, _>>()?;
        Ok(Focus::on(&paths))
    }

    fn request(&self, args: &RunArgs, source: &dyn Source) -> Result<Request, Failure> {
        let all = |paths: &[PathBuf]| paths.iter().map(|path| self.relative(path)).collect::<Vec<_>>();
        let mut request = Request { store: args.common.store.clone(), ..Request::default() };
        if !args.explicit.any() {
            request.tables = all(&args.explicit.tests);
        } else {
            let explicit = &args.explicit;
            if !args.paths.is_empty() {
                return Err(Failure("name files either as PATH or with -p, -s and the like, not both".to_owned()));
            }
            if explicit.policies.is_empty() && !explicit.tests.is_empty() {
                let why = "`--tests` with `-s`, `--entities` or `-k` has no policies to run over; name them with `-p`, or give \
                           `--tests` alone to run over the repository's";
                return Err(Failure(why.to_owned()));
            }
            request.explicit = Some(repo::Explicit {
                policies: all(&explicit.policies),
                schemas: all(&explicit.schema),
                entities: all(&explicit.entities),
                links: all(&explicit.template_linked),
                tests: all(&explicit.tests),
            });
            return Ok(request);
        }
        let default = [PathBuf::from(".")];
        let paths = if args.paths.is_empty() { &default[..] } else { &args.paths };
        for path in paths {
            let relative = self.inside(path)?;
            let there = self.base.join(path).exists() || (args.common.staged && source.below(&relative).is_ok());
            if !there {
                return Err(Failure(format!("there is no `{}`", path.display())));
            }
            request.paths.push(relative);
        }
        Ok(request)
    }

    /// `polcheck.toml` beside the first path or the nearest folder above it, up to the root.
    fn look_upwards(&self, args: &RunArgs, source: &dyn Source) -> Option<Found> {
        let start = self.relative(args.paths.first().map_or(Path::new("."), PathBuf::as_path));
        let start = if start == "." { String::new() } else { start };
        let mut folder = start.as_str();
        loop {
            let path = if folder.is_empty() {
                config::FILE_NAME.to_owned()
            } else {
                format!("{folder}/{}", config::FILE_NAME)
            };
            match source.read(&path) {
                Err(ReadError::Missing | ReadError::NotAFile) => {}
                // "Not a directory", when the path is a file.
                Err(ReadError::Other(_)) if folder == start && !self.root.join(folder).is_dir() => {}
                read => return Some((path, read)),
            }
            folder = match folder.rsplit_once('/') {
                Some((above, _)) => above,
                None if folder.is_empty() => return None,
                None => "",
            };
        }
    }
}

/// A configuration file that was found: its path and what reading it gave.
type Found = (String, Result<Vec<u8>, ReadError>);

fn load_request(args: &RunArgs, source: &dyn Source, request: &Request, settings: Settings) -> Result<Loaded, Failure> {
    let Settings { config, findings: config_findings, accepted } = settings;
    let repo = repo::load(source, &config, request)?;
    let fail_on = args.common.fail_on.map(FailOn::from).or(config.fails_on()).unwrap_or_default();
    Ok(Loaded { repo, config, config_findings, accepted, catalogue: catalogue(), fail_on })
}

/// What the configuration that was `found`, and the file of accepted changes, come to.
fn settings(source: &dyn Source, found: Option<Found>) -> Settings {
    let text = |bytes: Result<Vec<u8>, ReadError>| {
        let bytes = bytes.map_err(|error| error.to_string())?;
        String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
    };
    let (config, mut findings) = match found.map(|(path, bytes)| (text(bytes), path)) {
        None => (Config::default(), Vec::new()),
        Some((Ok(text), path)) => config::load(&SourceFile::new(path, text), &catalogue()),
        Some((Err(why), path)) => {
            let message = format!("the configuration cannot be read: {why}");
            (Config::default(), vec![Finding::new(CONFIGURATION.id, Level::Error, Location::of_path(path), message)])
        }
    };
    let mut accepted = Vec::new();
    if let Some(text) = source.read(ACCEPTED_NAME).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
        let (entries, faults) = config::load_accepted(&SourceFile::new(ACCEPTED_NAME, text));
        accepted = entries;
        findings.extend(faults);
    }
    Settings { config, findings, accepted }
}

/// `path` without `.` and `..`, by its text alone.
fn lexical(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    clean
}

fn slashed(path: &Path) -> String {
    let text = path.to_string_lossy();
    // Elsewhere a backslash is a letter of a name.
    let text = if std::path::MAIN_SEPARATOR == '\\' { text.replace('\\', "/") } else { text.into_owned() };
    text.strip_prefix("./").map_or(text.clone(), str::to_owned)
}

impl Loaded {
    /// The outcome of `command` before any engine ran: what was read and what is wrong with it.
    pub(super) fn outcome(&mut self, command: &'static str) -> Outcome {
        let mut findings = std::mem::take(&mut self.repo.findings);
        // A store pattern that names nothing is a mistake in the configuration, found late.
        let wrong = self.config_findings.iter().any(|found| found.rule == CONFIGURATION.id);
        let misconfigured = wrong || findings.iter().any(|found| found.rule == "configuration");
        findings.append(&mut self.config_findings);
        let left_out = std::mem::take(&mut self.repo.left_out);
        Outcome {
            command,
            findings,
            suppressed: Vec::new(),
            now: None,
            tests: Vec::new(),
            inconclusive: Vec::new(),
            gaps: self.gaps(),
            remarks: Vec::new(),
            passed: 0,
            demanded: Vec::new(),
            breadth: Vec::new(),
            coverage: None,
            comparison: None,
            left_out: left_out.into_iter().map(|(path, why)| LeftOut { path, why }).collect(),
            summary: self.summary(),
            not_validated: self.unvalidated_stores().map(|store| store.name.clone()).collect(),
            checked_something: false,
            misconfigured,
            fail_on: self.fail_on,
            catalogue: self.catalogue.clone(),
        }
    }

    /// What was asked for and holds nothing, and what hangs on files that do not load and were not asked for.
    fn gaps(&self) -> Vec<String> {
        let mut gaps = self.repo.idle.clone();
        for store in &self.repo.stores {
            let broken: BTreeSet<&String> = store.broken.iter().collect();
            gaps.extend(broken.into_iter().filter(|path| !self.repo.focus.covers(path)).map(|path| {
                let (path, name) = (inline(path), inline(&store.name));
                format!("what `{path}` of store `{name}` decides: it does not load whole, and was not asked for")
            }));
        }
        gaps
    }

    /// What was read and asked for, the stores that tests bring along included. A store that holds nothing but such tests is none.
    fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for store in &self.repo.stores {
            let own: Vec<_> = store.tables.iter().filter_map(|table| table.own_store.as_ref()?.as_ref().ok()).collect();
            if holds_policies(store) || own.len() < store.tables.len() {
                count(&mut summary, store, &self.repo.focus);
            }
            own.into_iter().for_each(|own| count(&mut summary, own, &Focus::default()));
        }
        summary
    }

    /// Whether there is anything that an engine over policies could check, among what was asked for.
    pub(super) fn holds_policies(&self) -> bool {
        let repo = &self.repo;
        let asked = |store: &Store| store.files.iter().any(|path| repo.focus.covers(path) && !is_table(store, path));
        repo.stores.iter().any(|store| holds_policies(store) && (repo.focus.is_whole() || asked(store)))
    }

    /// The paths that were asked for and hold no decision table, a phrase each.
    pub(super) fn without_tables(&self) -> Vec<String> {
        let table = |path: &str| {
            let mut tables = self.repo.stores.iter().flat_map(|store| &store.tables);
            tables.any(|table| Focus::on(&[path.to_owned()]).covers(table.file.path()))
        };
        let bare = self.repo.focus.paths().iter().filter(|path| !table(path));
        bare.map(|path| format!("`{}`, which is no decision table, nor holds one", inline(path))).collect()
    }

    /// The stores whose policies are not validated, for lack of a schema that can be used.
    fn unvalidated_stores(&self) -> impl Iterator<Item = &Store> {
        let stores = self.repo.stores.iter();
        stores.filter(|store| !store.policies.is_empty() && store.schema.ready().is_none())
    }

    /// Whether `rule` was looked for wherever it could report something: what needs a schema was not, where there is none that
    /// can be used; nor what runs on demand, unless there was `demand`.
    pub(super) fn ran(&self, rule: &Rule, demand: bool) -> bool {
        let ready = || self.repo.stores.iter().all(|store| store.policies.is_empty() || store.schema.ready().is_some());
        (demand || rule.id != lint::ON_DEMAND) && (rule.basis != Basis::Symbolic || ready())
    }

    /// What cannot be validated for lack of a schema, a sentence for each store.
    pub(super) fn unvalidated(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        // What is wrong with a schema that cannot be used is said where it stands.
        for store in self.unvalidated_stores().filter(|store| matches!(store.schema, SchemaState::None)) {
            let count = store.policies.len();
            let policies = if count == 1 { "its policy is".to_owned() } else { format!("its {count} policies are") };
            let name = inline(&store.name);
            gaps.push(format!("store `{name}` has no schema, so {policies} parsed but not validated"));
        }
        gaps
    }
}

fn is_table(store: &Store, path: &str) -> bool {
    store.tables.iter().any(|table| table.file.path() == path)
}

fn holds_policies(store: &Store) -> bool {
    !store.policies.is_empty() || !store.broken.is_empty() || !matches!(store.schema, SchemaState::None)
}

fn count(summary: &mut Summary, store: &Store, focus: &Focus) {
    // Rows that were asked for run over all policies.
    let rows = !focus.is_whole() && store.tables.iter().any(|table| focus.covers(table.file.path()));
    let asked = |location: &Location| rows || focus.covers(location.path());
    let policies = || store.policies.iter().filter(|policy| asked(&policy.location));
    let templates = policies().filter(|policy| policy.body.is_template()).count();
    summary.stores += 1;
    summary.templates += templates;
    summary.policies += policies().count() - templates;
    summary.links += store.links.iter().filter(|link| asked(&link.location)).count();
    summary.environments += store.schema.ready().map_or(0, |schema| schema.environments);
    summary.schemaless += usize::from(matches!(store.schema, SchemaState::None));
    if let EntityState::Ready(data) = &store.entities {
        summary.entities += data.count;
    }
}
