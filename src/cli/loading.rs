//! From arguments to a repository: which folder, which source, which configuration.

use std::path::{Component, Path, PathBuf};

use super::args::RunArgs;
use super::exit::Failure;
use crate::config::{self, ACCEPTED_NAME, Acceptance, Config};
use crate::finding::{FailOn, Finding, Level};
use crate::outcome::{LeftOut, Outcome, Summary};
use crate::repo::{self, EntityState, Repo, Request, SchemaState};
use crate::rule::{Basis, Catalogue, Rule};
use crate::source::{GitIndex, Memory, ReadError, Source, Worktree};
use crate::text::{Location, SourceFile, inline, nearest};
use crate::{lint, tables, validate};

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

/// Every rule there is, from the modules that own them.
#[must_use]
pub fn catalogue() -> Catalogue {
    let engines = validate::RULES.iter().chain(repo::RULES).chain(config::RULES).chain(tables::RULES).copied();
    Catalogue::new(engines.chain(lint::metadata()))
}

/// Reads what `args` ask for.
pub(super) fn load(args: &RunArgs) -> Result<Loaded, Failure> {
    let place = Place::of(args)?;
    let source = place.current(args.common.staged)?;
    let loaded = place.load(args, source.as_ref())?;
    if let (Some(wanted), []) = (&args.common.store, loaded.repo.stores.as_slice()) {
        return Err(no_such_store(wanted, &loaded.repo.store_names));
    }
    Ok(loaded)
}

pub(super) fn no_such_store(wanted: &str, names: &[String]) -> Failure {
    let way_out = match (nearest(wanted, names.iter().map(String::as_str)), names) {
        (Some(meant), _) => format!("did you mean `{}`?", inline(meant)),
        (None, []) => "there are none here".to_owned(),
        (None, names) => format!("there are: {}", names.join(", ")),
    };
    Failure(format!("there is no store `{wanted}`; {way_out}"))
}

/// The root: of the git repository around the first path, else the working folder, else the path itself.
fn root(base: &Path, args: &RunArgs) -> Result<PathBuf, Failure> {
    let base = base.canonicalize()?;
    let Some(first) = args.paths.first().filter(|_| !args.explicit.any()) else {
        return Ok(Worktree::find_root(&base).unwrap_or(base));
    };
    let full = base.join(first);
    let there = match full.canonicalize() {
        Ok(there) => there,
        // A staged file may be gone from the worktree.
        Err(_) if args.common.staged => return Ok(Worktree::find_root(&base).unwrap_or(base)),
        Err(_) => return Err(Failure(format!("there is no `{}`", first.display()))),
    };
    let folder = if there.is_dir() { there.clone() } else { there.parent().unwrap_or(&there).to_path_buf() };
    Ok(Worktree::find_root(&folder).unwrap_or(if there.starts_with(&base) { base } else { folder }))
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

    /// Reads what `args` ask for from `source`; which of the paths and stores are there is not looked at.
    pub(super) fn load(&self, args: &RunArgs, source: &dyn Source) -> Result<Loaded, Failure> {
        let catalogue = catalogue();
        let request = self.request(args, source)?;
        self.load_request(args, source, &request, catalogue)
    }

    /// The same from a source that need not have every path: what it lacks holds nothing.
    pub(super) fn load_there(&self, args: &RunArgs, source: &dyn Source) -> Result<Loaded, Failure> {
        let mut request = Request { store: args.common.store.clone(), ..Request::default() };
        for path in &args.paths {
            request.paths.push(self.inside(path)?);
        }
        let all = request.paths.is_empty();
        request.paths.retain(|path| source.below(path).is_ok());
        if !all && request.paths.is_empty() {
            // Of an empty list everything would be read.
            return self.load_request(args, &Memory::new::<String, Vec<u8>>([]), &request, catalogue());
        }
        self.load_request(args, source, &request, catalogue())
    }

    fn load_request(
        &self,
        args: &RunArgs,
        source: &dyn Source,
        request: &Request,
        catalogue: Catalogue,
    ) -> Result<Loaded, Failure> {
        let (config, mut config_findings) = self.config(args, source, request, &catalogue)?;
        let mut accepted = Vec::new();
        if let Some(text) = source.read(ACCEPTED_NAME).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
            let (entries, findings) = config::load_accepted(&SourceFile::new(ACCEPTED_NAME, text));
            accepted = entries;
            config_findings.extend(findings);
        }
        let repo = repo::load(source, &config, request)?;
        let fail_on = args.common.fail_on.map(FailOn::from).or(config.fail_on).unwrap_or_default();
        Ok(Loaded { repo, config, config_findings, accepted, catalogue, fail_on })
    }

    /// `path` relative to the root, which it must not leave.
    fn inside(&self, path: &Path) -> Result<String, Failure> {
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

    fn request(&self, args: &RunArgs, source: &dyn Source) -> Result<Request, Failure> {
        let all = |paths: &[PathBuf]| paths.iter().map(|path| self.relative(path)).collect::<Vec<_>>();
        let mut request = Request { store: args.common.store.clone(), ..Request::default() };
        if args.explicit.any() {
            let explicit = &args.explicit;
            if !args.paths.is_empty() {
                return Err(Failure("name files either as PATH or with -p, -s and the like, not both".to_owned()));
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

    fn config(
        &self,
        args: &RunArgs,
        source: &dyn Source,
        request: &Request,
        catalogue: &Catalogue,
    ) -> Result<(Config, Vec<Finding>), Failure> {
        let found = match &args.common.config {
            Some(path) => {
                let relative = self.relative(path);
                match source.read(&relative) {
                    Ok(bytes) => Some((relative, Ok(bytes))),
                    Err(error) => return Err(Failure(format!("cannot read `{}`: {error}", path.display()))),
                }
            }
            None => self.look_upwards(source, request),
        };
        let Some((path, bytes)) = found else { return Ok((Config::default(), Vec::new())) };
        let text = bytes
            .map_err(|error| error.to_string())
            .and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned()));
        match text {
            Ok(text) => Ok(config::load(&SourceFile::new(path, text), catalogue)),
            Err(why) => {
                let message = format!("the configuration cannot be read: {why}");
                let finding = Finding::new("configuration", Level::Error, Location::of_path(path), message);
                Ok((Config::default(), vec![finding]))
            }
        }
    }

    /// `polcheck.toml` beside the first path or the nearest folder above it, up to the root.
    fn look_upwards(&self, source: &dyn Source, request: &Request) -> Option<(String, Result<Vec<u8>, ReadError>)> {
        let start = match request.paths.first() {
            Some(path) => path.clone(),
            None => self.relative(Path::new(".")),
        };
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
        let misconfigured =
            !self.config_findings.is_empty() || findings.iter().any(|found| found.rule == "configuration");
        findings.append(&mut self.config_findings);
        let left_out = std::mem::take(&mut self.repo.left_out);
        Outcome {
            command,
            findings,
            suppressed: Vec::new(),
            now: None,
            tests: Vec::new(),
            inconclusive: Vec::new(),
            gaps: Vec::new(),
            remarks: Vec::new(),
            passed: 0,
            demanded: Vec::new(),
            breadth: Vec::new(),
            coverage: None,
            comparison: None,
            left_out: left_out.into_iter().map(|(path, why)| LeftOut { path, why }).collect(),
            summary: self.summary(),
            checked_something: false,
            misconfigured,
            fail_on: self.fail_on,
            catalogue: self.catalogue.clone(),
        }
    }

    /// What was read, the stores that tests bring along included. A store that holds nothing but such tests is none.
    fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for store in &self.repo.stores {
            let own: Vec<_> = store.tables.iter().filter_map(|table| table.own_store.as_ref()?.as_ref().ok()).collect();
            if holds_policies(store) || own.len() < store.tables.len() {
                count(&mut summary, store);
            }
            own.into_iter().for_each(|own| count(&mut summary, own));
        }
        summary
    }

    /// Whether there is anything that an engine over policies could check.
    pub(super) fn holds_policies(&self) -> bool {
        self.repo.stores.iter().any(holds_policies)
    }

    /// Whether `rule` was looked for wherever it could report something: what needs a schema was not, where there is none that
    /// can be used; nor what runs on demand, unless there was `demand`.
    pub(super) fn ran(&self, rule: &Rule, demand: bool) -> bool {
        let ready = || self.repo.stores.iter().all(|store| store.policies.is_empty() || store.schema.ready().is_some());
        (demand || rule.id != lint::ON_DEMAND) && (rule.basis != Basis::Symbolic || ready())
    }

    /// What cannot be validated for lack of a schema, a sentence for each store.
    pub(super) fn unvalidated(&self) -> Vec<String> {
        let bare = |store: &&repo::Store| matches!(store.schema, SchemaState::None) && !store.policies.is_empty();
        let mut gaps = Vec::new();
        for store in self.repo.stores.iter().filter(bare) {
            let count = store.policies.len();
            let policies = if count == 1 { "its policy is".to_owned() } else { format!("its {count} policies are") };
            let above = store
                .schema_above
                .as_ref()
                .map_or_else(String::new, |path| format!(" (`{}` lies outside of what was asked for)", inline(path)));
            let name = inline(&store.name);
            gaps.push(format!("store `{name}` has no schema, so {policies} parsed but not validated{above}"));
        }
        gaps
    }
}

fn holds_policies(store: &repo::Store) -> bool {
    !store.policies.is_empty() || !store.broken.is_empty() || !matches!(store.schema, SchemaState::None)
}

fn count(summary: &mut Summary, store: &repo::Store) {
    let templates = store.policies.iter().filter(|policy| policy.body.is_template()).count();
    summary.stores += 1;
    summary.templates += templates;
    summary.policies += store.policies.len() - templates;
    summary.links += store.links.len();
    summary.environments += store.schema.ready().map_or(0, |schema| schema.environments);
    summary.schemaless += usize::from(matches!(store.schema, SchemaState::None));
    if let EntityState::Ready(data) = &store.entities {
        summary.entities += data.count;
    }
}
