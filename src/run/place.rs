//! Where a run stands, what its paths mean, and the sources that it reads.

use std::path::{Component, Path, PathBuf};

use super::error::RunError;
use super::reading::Reading;
use crate::config;
use crate::repo::{self, Focus, Request};
use crate::source::{GitIndex, ReadError, Source, Worktree, read_pipe};

/// The root: of the git repository around the first path; elsewhere the working folder when the path lies in it, else
/// the path itself, and what lies around either and belongs to it.
fn root(base: &Path, reading: &Reading) -> Result<PathBuf, RunError> {
    let base = base.canonicalize()?;
    let Some(first) = reading.paths.first().filter(|_| !reading.files.replace_discovery()) else {
        return Ok(around(&base));
    };
    let full = base.join(first);
    let there = match full.canonicalize() {
        Ok(there) => there,
        // A staged file may be gone from the worktree.
        Err(_) if reading.staged => return Ok(around(&base)),
        Err(_) => return Err(RunError::NoSuchPath(first.display().to_string())),
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
    /// Where `reading` say.
    pub(super) fn of(reading: &Reading) -> Result<Self, RunError> {
        let base = match &reading.directory {
            Some(dir) => dir.clone(),
            None => std::env::current_dir()?,
        };
        if !base.is_dir() {
            return Err(RunError::usage(format!("`{}` is not a folder", base.display())));
        }
        let root = root(&base, reading)?;
        Ok(Self { base, root })
    }

    /// Where a comparison of revisions stands, whose paths may be gone from the worktree: in the repository around the
    /// working folder, and where there is none in that around the first path.
    pub(super) fn of_revisions(reading: &Reading) -> Result<Self, RunError> {
        let mut place = Self::of(&Reading { paths: Vec::new(), ..reading.clone() })?;
        if let (None, Some(path)) = (Worktree::find_root(&place.root), reading.paths.first()) {
            let full = lexical(&place.base.join(path));
            let there = full.ancestors().find_map(|folder| folder.canonicalize().ok());
            if let Some(root) = there.and_then(|there| Worktree::find_root(&there)) {
                place.root = root;
            }
        }
        Ok(place)
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
    pub(super) fn repository(&self) -> Result<&Path, RunError> {
        if Worktree::find_root(&self.root).is_some() {
            return Ok(&self.root);
        }
        Err(self.no_repository("it has no revisions"))
    }

    fn no_repository(&self, consequence: &'static str) -> RunError {
        RunError::NoRepository { folder: self.root.display().to_string(), consequence }
    }

    /// The worktree, or what is staged.
    pub(super) fn current(&self, staged: bool) -> Result<Box<dyn Source>, RunError> {
        if !staged {
            return Ok(Box::new(Worktree::new(&self.root)));
        }
        if Worktree::find_root(&self.root).is_none() {
            return Err(self.no_repository("nothing is staged"));
        }
        Ok(Box::new(GitIndex::open(&self.root)?))
    }

    /// The same, read as git would keep it: for comparing it with a revision.
    pub(super) fn compared(&self, staged: bool) -> Result<Box<dyn Source>, RunError> {
        if staged {
            return self.current(true);
        }
        Ok(Box::new(Worktree::new(&self.root).as_git_sees_it()))
    }

    /// `path` relative to the root, which it must not leave.
    pub(super) fn inside(&self, path: &Path) -> Result<String, RunError> {
        let relative = self.relative(path);
        if relative.starts_with('/') || relative.starts_with("../") || relative == ".." {
            let message = format!("`{}` lies outside of `{}`", path.display(), self.root.display());
            return Err(RunError::usage(format!("{message}; run polcheck once for each repository")));
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

    /// Where `path` lies on the disk.
    pub(super) fn full(&self, path: &Path) -> PathBuf {
        self.base.join(path)
    }

    /// What lies at `path` on the disk, inside of the root or not, or comes out of a pipe that it names.
    pub(super) fn read_from_disk(&self, path: &Path) -> Result<Vec<u8>, ReadError> {
        if let Some(read) = read_pipe(&self.full(path)) {
            return read;
        }
        if let Ok(inside) = self.inside(path) {
            return Worktree::new(&self.root).read(&inside);
        }
        let full = lexical(&self.base.join(path));
        match (full.parent(), full.file_name()) {
            (Some(folder), Some(name)) => Worktree::new(folder).read(&name.to_string_lossy()),
            _ => Err(ReadError::NotAFile),
        }
    }

    /// What `paths` select.
    pub(super) fn focus(&self, paths: &[PathBuf]) -> Result<Focus, RunError> {
        let paths: Vec<String> = paths.iter().map(|path| self.inside(path)).collect::<Result<_, _>>()?;
        Ok(Focus::on(&paths))
    }

    /// What `reading` asks for, of a source that need not be the worktree.
    pub(super) fn request(&self, reading: &Reading, source: &dyn Source) -> Result<Request, RunError> {
        let all = |paths: &[PathBuf]| paths.iter().map(|path| self.relative(path)).collect::<Vec<_>>();
        let mut request = Request { store: reading.store.clone(), ..Request::default() };
        if !reading.files.replace_discovery() {
            request.tables = all(&reading.files.tables);
        } else {
            let explicit = &reading.files;
            if !reading.paths.is_empty() {
                return Err(RunError::usage(
                    "name files either as PATH or with -p, -s and the like, not both".to_owned(),
                ));
            }
            if explicit.policies.is_empty() && !explicit.tables.is_empty() {
                let why = "`--tests` with `-s`, `--entities` or `-k` has no policies to run over; name them with `-p`, or give \
                           `--tests` alone to run over the repository's";
                return Err(RunError::usage(why.to_owned()));
            }
            request.explicit = Some(repo::Explicit {
                policies: all(&explicit.policies),
                schemas: all(&explicit.schemas),
                entities: all(&explicit.entities),
                links: all(&explicit.links),
                tests: all(&explicit.tables),
            });
            return Ok(request);
        }
        let default = [PathBuf::from(".")];
        let paths = if reading.paths.is_empty() { &default[..] } else { &reading.paths };
        for path in paths {
            let relative = self.inside(path)?;
            let there = self.base.join(path).exists() || (reading.staged && source.below(&relative).is_ok());
            if !there {
                return Err(RunError::NoSuchPath(path.display().to_string()));
            }
            request.paths.push(relative);
        }
        Ok(request)
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
