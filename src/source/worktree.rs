//! Files on disk, listed by git where there is a repository and by walking the folder elsewhere.
//!
//! # Why
//!
//! No filter is run: filters are commands of the repository's configuration. git-lfs pointers are told by their
//! content. The one conversion that git does itself and that a policy can tell, of line ends, is undone where the
//! worktree is compared ([`Worktree::as_git_sees_it`]), and only for files whose line ends `git ls-files --eol` says
//! are converted.
//!
//! A sparse checkout removes nothing: compared with a revision, the files that it leaves out are read from the index. A
//! check of the worktree reads what is there.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use walkdir::WalkDir;

use super::api::{Entry, MAX_FILE, ReadError, Source, SourceError, is_pointer};
use super::git::{self, Objects};

/// So many folders above one are looked at for what it belongs to.
const MOST_ABOVE: usize = 16;

/// The files below a folder of the disk.
#[derive(Debug)]
pub struct Worktree {
    root: PathBuf,
    canonical: Option<PathBuf>,
    listed: OnceLock<HashSet<String>>,
    not_entered: OnceLock<Vec<(String, &'static str)>>,
    as_git: bool,
    sparse: OnceLock<Result<Objects, String>>,
    converted: OnceLock<HashSet<String>>,
    /// Folders, and whether one on the way to them is a link: asked once for all of their files.
    linked: Mutex<HashMap<PathBuf, bool>>,
}

impl Worktree {
    /// The worktree whose root is `root`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        let canonical = root.canonicalize().ok();
        Self {
            root,
            canonical,
            listed: OnceLock::new(),
            not_entered: OnceLock::new(),
            as_git: false,
            sparse: OnceLock::new(),
            converted: OnceLock::new(),
            linked: Mutex::default(),
        }
    }

    /// The same worktree, as it would be compared with a revision: line ends that git converts are as git keeps them,
    /// and files that a sparse checkout leaves out are there, as the index has them. A repository that git refuses to
    /// list is an error. No filter (`clean`, `smudge`, `textconv`) is ever run, and outside of a git repository nothing
    /// changes.
    #[must_use]
    pub fn as_git_sees_it(mut self) -> Self {
        self.as_git = self.root.join(".git").exists();
        self
    }

    /// The tracked files that a sparse checkout leaves out, where they are wanted.
    fn sparse(&self) -> Option<&Result<Objects, String>> {
        let read = || git::left_out_by_sparse(&self.root).map_err(|error| error.to_string());
        self.as_git.then(|| self.sparse.get_or_init(read))
    }

    /// `content` of `path` with line ends as git keeps them.
    fn as_kept(&self, path: &str, content: Vec<u8>) -> Vec<u8> {
        let is_crlf = |pair: &[u8]| pair == b"\r\n";
        if !self.as_git || !content.windows(2).any(is_crlf) {
            return content;
        }
        if !self.converted.get_or_init(|| git::converted(&self.root).unwrap_or_default()).contains(path) {
            return content;
        }
        let next = content.iter().skip(1).map(Some).chain([None]);
        content.iter().zip(next).filter(|pair| *pair != (&b'\r', Some(&b'\n'))).map(|(byte, _)| *byte).collect()
    }

    /// The root of the git repository around `start`, or `None` outside of one.
    #[must_use]
    pub fn find_root(start: &Path) -> Option<PathBuf> {
        let start = start.canonicalize().ok()?;
        start.ancestors().find(|dir| dir.join(".git").exists()).map(Path::to_path_buf)
    }

    /// The folder of the policy repository around `start`, a folder outside of any git repository: the nearest one,
    /// from `start` upwards, that holds the file `mark`; else, where nothing in `start` is a file named as `wanted`
    /// says, the nearest folder above it that holds such a file, or holds it in one of `folders`. `start` itself when
    /// there is none.
    #[must_use]
    pub fn find_folder(start: &Path, mark: &str, folders: &[&str], wanted: &dyn Fn(&str) -> bool) -> PathBuf {
        let above = || start.ancestors().take(MOST_ABOVE);
        if let Some(marked) = above().find(|dir| dir.join(mark).is_file()) {
            return marked.to_path_buf();
        }
        let holds = |dir: &Path| {
            let entries = fs::read_dir(dir).into_iter().flatten().flatten();
            let files = entries.filter(|entry| entry.path().is_file());
            files.filter_map(|entry| entry.file_name().into_string().ok()).any(|name| wanted(&name))
        };
        if walk(start).unwrap_or_default().iter().any(|entry| wanted(&entry.path)) {
            return start.to_path_buf();
        }
        let around = above().find(|dir| holds(dir) || folders.iter().any(|folder| holds(&dir.join(folder))));
        around.unwrap_or(start).to_path_buf()
    }

    /// The nearest folder, from `start` upwards, that holds the file `mark`, or a file that is `wanted` in itself or in
    /// one of its `folders`. No folder below is looked into, so that nobody waits for a home folder.
    #[must_use]
    pub fn find_marked(start: &Path, mark: &str, folders: &[&str], wanted: &dyn Fn(&str) -> bool) -> Option<PathBuf> {
        let holds = |dir: &Path| {
            let entries = fs::read_dir(dir).into_iter().flatten().flatten();
            let files = entries.filter(|entry| entry.path().is_file());
            files.filter_map(|entry| entry.file_name().into_string().ok()).any(|name| name == mark || wanted(&name))
        };
        let mut above = start.ancestors().take(MOST_ABOVE);
        above.find(|dir| holds(dir) || folders.iter().any(|folder| holds(&dir.join(folder)))).map(Path::to_path_buf)
    }

    /// The root folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn check_link(&self, path: &str, full: &Path) -> Result<(), ReadError> {
        let target = full.canonicalize().map_err(|_| ReadError::Missing)?;
        let inside = self.canonical.as_deref().and_then(|root| relative(root, &target));
        let shown = || fs::read_link(full).map_or_else(|_| String::new(), |target| target.display().to_string());
        match inside {
            None => Err(ReadError::LeadsOut(shown())),
            Some(_) if target.is_dir() => Err(ReadError::NotAFile),
            Some(_) if !target.is_file() => Err(ReadError::Special),
            Some(inside) if inside != path && self.listed.get().is_some_and(|listed| listed.contains(&inside)) => {
                Err(ReadError::LinkTo(inside))
            }
            Some(_) => Ok(()),
        }
    }
}

/// The files below `root`, hidden folders aside, by path relative to it.
fn walk(root: &Path) -> Result<Vec<Entry>, SourceError> {
    let mut entries = Vec::new();
    let visible = |entry: &walkdir::DirEntry| {
        let hidden = || entry.file_name().to_str().is_some_and(|name| name.starts_with('.'));
        entry.depth() == 0 || !entry.file_type().is_dir() || !hidden()
    };
    for entry in WalkDir::new(root).sort_by_file_name().into_iter().filter_entry(visible) {
        match entry {
            Ok(entry) if !entry.file_type().is_dir() => {
                if let Some(path) = relative(root, entry.path()) {
                    entries.push(Entry { path });
                }
            }
            Ok(_) => {}
            Err(error) if error.depth() == 0 => {
                return Err(SourceError::Folder {
                    path: root.display().to_string(),
                    cause: error.io_error().map_or_else(|| "it cannot be walked".to_owned(), ToString::to_string),
                });
            }
            // A folder below that cannot be opened: named as an entry, so that reading it reports the cause.
            Err(error) => entries.extend(error.path().and_then(|path| relative(root, path)).map(|path| Entry { path })),
        }
    }
    entries.sort();
    Ok(entries)
}

/// `path` relative to `root` with `/`; a name that is not Unicode is shown with replacement characters.
fn relative(root: &Path, path: &Path) -> Option<String> {
    let parts: Vec<_> = path
        .strip_prefix(root)
        .ok()?
        .components()
        .filter(|part| !matches!(part, Component::CurDir))
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    Some(parts.join("/"))
}

/// What comes out of a pipe that somebody named, as shells do for `<(..)` and for `/dev/stdin`; none of what is no
/// pipe.
#[must_use]
pub fn read_pipe(path: &Path) -> Option<Result<Vec<u8>, ReadError>> {
    let about = fs::metadata(path).ok()?;
    #[cfg(unix)]
    let piped = std::os::unix::fs::FileTypeExt::is_fifo(&about.file_type());
    #[cfg(not(unix))]
    let piped = false;
    // What stands in for standard input may be a file.
    let stands_in = about.is_file() && path.starts_with("/dev");
    if !piped && !stands_in {
        return None;
    }
    let failed = |error: std::io::Error| ReadError::Other(error.to_string());
    let read = |file: fs::File| {
        let mut all = Vec::new();
        file.take(MAX_FILE + 1).read_to_end(&mut all).map_err(failed)?;
        let size = all.len() as u64;
        if size > MAX_FILE { Err(ReadError::TooLarge(size)) } else { Ok(all) }
    };
    #[expect(clippy::disallowed_methods, reason = "this is the source that reads files")]
    let opened = fs::File::open(path);
    Some(opened.map_err(failed).and_then(read))
}

impl Source for Worktree {
    fn list(&self) -> Result<Vec<Entry>, SourceError> {
        let mut entries = match self.root.join(".git").exists().then(|| git::list_worktree(&self.root)) {
            Some(Ok(listing)) => {
                let _ = self.not_entered.set(listing.not_entered);
                listing.entries
            }
            Some(Err(error)) if self.as_git => return Err(error),
            // Neither what is ignored nor what was forced past that is known without git.
            Some(Err(error @ SourceError::NoGit(_))) => return Err(error),
            // What git ignores is not known then, and git says how to trust the folder.
            Some(Err(SourceError::Git(words))) if words.contains("dubious ownership") => {
                return Err(SourceError::Git(words));
            }
            // Not a repository, or one that git cannot read: the folder itself still tells.
            Some(Err(_)) | None => walk(&self.root)?,
        };
        if let Some(sparse) = self.sparse() {
            let sparse = sparse.as_ref().map_err(|words| SourceError::Git(words.clone()))?;
            entries.extend(sparse.entries());
            entries.sort();
            entries.dedup();
        }
        let _ = self.listed.set(entries.iter().map(|entry| entry.path.clone()).collect());
        Ok(entries)
    }

    fn not_entered(&self) -> Vec<(String, &'static str)> {
        self.not_entered.get().cloned().unwrap_or_default()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        match (self.read_from_disk(path), self.sparse()) {
            (Ok(content), _) if is_pointer(&content) => Err(ReadError::Pointer("run `git lfs pull`")),
            (Ok(content), _) => Ok(self.as_kept(path, content)),
            (Err(ReadError::Missing), Some(Ok(sparse))) => sparse.read(path),
            (Err(error), _) => Err(error),
        }
    }

    fn below(&self, path: &str) -> Result<Vec<String>, SourceError> {
        let full = self.root.join(path);
        let failed = |error: std::io::Error| SourceError::Folder {
            path: path.to_owned(),
            cause: match error.kind() {
                std::io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
                _ => error.to_string(),
            },
        };
        if !fs::metadata(&full).map_err(failed)?.is_dir() {
            return Ok(vec![path.to_owned()]);
        }
        // Named by hand: what the folder holds counts, whether git knows it or not.
        let walked = walk(&full)?;
        let prefix = path.trim_end_matches('/');
        let join = |entry: Entry| match prefix {
            "" | "." => entry.path,
            prefix => format!("{prefix}/{}", entry.path),
        };
        Ok(walked.into_iter().map(join).collect())
    }

    fn label(&self) -> String {
        "the worktree".to_owned()
    }
}

impl Worktree {
    fn read_from_disk(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        let full = self.root.join(path);
        let other = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound if path.contains(char::REPLACEMENT_CHARACTER) => ReadError::NotUnicode,
            std::io::ErrorKind::NotFound => ReadError::Missing,
            _ => ReadError::Other(error.to_string()),
        };
        let about = fs::symlink_metadata(&full).map_err(other)?;
        // A folder on the way may be a link too: what matters is where the file really lies.
        let outside = path.starts_with('/') || path.starts_with("../");
        if !outside && (about.file_type().is_symlink() || self.passes_through_link(&full)) {
            self.check_link(path, &full)?;
        }
        let about = fs::metadata(&full).map_err(other)?;
        if about.is_dir() {
            return Err(ReadError::NotAFile);
        }
        if !about.is_file() {
            return Err(ReadError::Special);
        }
        if about.len() > MAX_FILE {
            return Err(ReadError::TooLarge(about.len()));
        }
        #[expect(clippy::disallowed_methods, reason = "this is the source that reads files")]
        fs::read(&full).map_err(other)
    }

    fn passes_through_link(&self, full: &Path) -> bool {
        let Some(folder) = full.parent() else { return false };
        if let Some(known) = self.linked.lock().ok().and_then(|linked| linked.get(folder).copied()) {
            return known;
        }
        let is_link = |dir: &Path| fs::symlink_metadata(dir).is_ok_and(|about| about.file_type().is_symlink());
        let linked = folder.ancestors().take_while(|dir| *dir != self.root).any(is_link);
        if let Ok(mut known) = self.linked.lock() {
            known.insert(folder.to_path_buf(), linked);
        }
        linked
    }
}
