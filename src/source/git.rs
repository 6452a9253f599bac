//! git, by plumbing commands only. It never fetches and never writes.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::api::{Entry, ReadError, Source, SourceError};
use super::objects::{Blobs, Objects};
use super::revisions::resolve;

/// Variables by which a caller (a hook, another git) could point git elsewhere.
const SCRUBBED: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CEILING_DIRECTORIES",
    "GIT_PREFIX",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG",
    "GIT_GRAFT_FILE",
    "GIT_SHALLOW_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ATTR_SOURCE",
    "GIT_DEFAULT_HASH",
    "GIT_EXTERNAL_DIFF",
    // Traces may go to standard error, where git's messages are read.
    "GIT_TRACE",
    "GIT_TRACE_PACKET",
    "GIT_TRACE_PACK_ACCESS",
    "GIT_TRACE_PERFORMANCE",
    "GIT_TRACE_REFS",
    "GIT_TRACE_SETUP",
    "GIT_TRACE_SHALLOW",
    "GIT_TRACE2",
    "GIT_TRACE2_EVENT",
    "GIT_TRACE2_PERF",
];

/// The empty tree and the empty blob, which every repository knows, by the two kinds of ids.
const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const EMPTY_TREE_256: &str = "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321";
const EMPTY_BLOBS: [&str; 2] =
    ["e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813"];

/// A git command in `root` with a clean environment; `keep_index` honours `GIT_INDEX_FILE`, which a commit hook needs.
pub(super) fn command(root: &Path, keep_index: bool) -> Command {
    #[expect(clippy::disallowed_methods, reason = "this is the source that runs git")]
    let mut command = Command::new("git");
    for name in SCRUBBED {
        command.env_remove(name);
    }
    if !keep_index {
        command.env_remove("GIT_INDEX_FILE");
    }
    command
        .current_dir(root)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_NO_LAZY_FETCH", "1")
        // For a git that does not know the variable above: no way to a remote is allowed.
        .env("GIT_ALLOW_PROTOCOL", "none")
        .env("LC_ALL", "C")
        .args(["-c", "core.quotepath=off", "-c", "core.fsmonitor=false", "-c", "advice.sparseIndexExpanded=false"])
        .stdin(Stdio::null());
    command
}

/// What git answered.
#[derive(Debug)]
pub(super) struct Answer {
    /// Whether it ended well.
    pub(super) ok: bool,
    /// Its exit code.
    pub(super) code: Option<i32>,
    /// Its standard output, with replacement characters where that is not UTF-8.
    pub(super) stdout: String,
    /// Its messages in one line, warnings included.
    pub(super) words: String,
}

impl Answer {
    /// What stands between `before` and `after` (or the end of the line) in git's messages.
    pub(super) fn warning(&self, before: &str, after: &str) -> Option<String> {
        let (_, rest) = self.words.split_once(before)?;
        let (found, _) = rest.split_once(if after.is_empty() { "; " } else { after }).unwrap_or((rest, ""));
        Some(found.to_owned())
    }
}

/// Runs `git args` in `root` and gives what it says, whether it fails or not.
///
/// # Errors
/// When there is no git, or it refuses the repository.
pub(super) fn ask(root: &Path, args: &[&str]) -> Result<Answer, SourceError> {
    let output = start(root, false, args)?;
    let words = words(&output.stderr);
    if !output.status.success() && (words.contains("dubious ownership") || words.contains("not a git repository")) {
        return Err(SourceError::Git(format!("git: {words}")));
    }
    Ok(Answer {
        ok: output.status.success(),
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        words,
    })
}

/// git's messages as one line, without what every line of them begins with.
fn words(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let line = |line: &str| -> String {
        let line = line.trim();
        let bare = ["fatal: ", "error: ", "warning: ", "hint: "].iter().find_map(|start| line.strip_prefix(start));
        bare.unwrap_or(line).trim().to_owned()
    };
    let mut all = String::new();
    for line in text.lines().map(line).filter(|line| !line.is_empty()) {
        // A line that ends in a colon goes on in the next one.
        let joint = if all.is_empty() {
            ""
        } else if all.ends_with(':') {
            " "
        } else {
            "; "
        };
        all.push_str(joint);
        all.push_str(&line);
    }
    all
}

fn start(root: &Path, keep_index: bool, args: &[&str]) -> Result<std::process::Output, SourceError> {
    let output = command(root, keep_index).args(args).output();
    output.map_err(|error| SourceError::Git(format!("cannot run git: {error}")))
}

/// Runs `git args` in `root` and gives its standard output.
fn run(root: &Path, keep_index: bool, args: &[&str]) -> Result<Vec<u8>, SourceError> {
    let output = start(root, keep_index, args)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let words = words(&output.stderr);
    Err(SourceError::Git(if words.is_empty() { "git failed".to_owned() } else { format!("git: {words}") }))
}

/// The records of an output with `-z`.
fn split(output: &[u8]) -> impl Iterator<Item = &[u8]> {
    output.split(|byte| *byte == 0).filter(|record| !record.is_empty())
}

/// What stands before the first tab, and the path after it.
fn at_tab(record: &[u8]) -> Option<(&str, &[u8])> {
    let at = record.iter().position(|byte| *byte == b'\t')?;
    let (about, path) = record.split_at_checked(at)?;
    Some((std::str::from_utf8(about).ok()?, path.strip_prefix(b"\t")?))
}

/// Where the remotes of the repository at `root` are; empty outside of a repository.
#[must_use]
pub fn remote_urls(root: &Path) -> Vec<String> {
    let listed = run(root, false, &["config", "-z", "--get-regexp", r"^remote\..*\.url$"]).unwrap_or_default();
    let text = String::from_utf8_lossy(&listed).into_owned();
    text.split('\0').filter_map(|entry| Some(entry.split_once('\n')?.1.to_owned())).collect()
}

/// Whether contents may be left with the remote.
pub(super) fn is_partial(root: &Path) -> Result<bool, SourceError> {
    let keys = r"^(extensions\.partialclone|remote\..*\.(promisor|partialclonefilter))$";
    Ok(!ask(root, &["config", "--get-regexp", keys])?.stdout.is_empty())
}

/// The command, in backquotes, that fetches every file of `commit`: git fetches what it is to compare, all at once.
pub(super) fn bring(commit: &str) -> String {
    let empty = if commit.len() == 64 { EMPTY_TREE_256 } else { EMPTY_TREE };
    format!("`git diff-tree -r --shortstat {empty} {commit}`")
}

/// A path as git writes it, as the file system knows it: on Unix names are bytes.
#[cfg(unix)]
fn native(record: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(record))
}

#[cfg(not(unix))]
fn native(record: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(record).into_owned())
}

/// What git knows of the worktree: tracked files and untracked ones that are not ignored; deleted files left out.
pub(super) fn list_worktree(root: &Path) -> Result<Vec<Entry>, SourceError> {
    let all = run(root, false, &["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
    let mut entries: Vec<_> = split(&all)
        .filter(|record| is_there(root, record))
        .map(|record| Entry { path: String::from_utf8_lossy(record).into_owned() })
        .collect();
    entries.sort();
    entries.dedup();
    Ok(entries)
}

fn is_there(root: &Path, record: &[u8]) -> bool {
    std::fs::symlink_metadata(root.join(native(record))).is_ok_and(|about| !about.is_dir())
}

/// Tracked files that a sparse checkout may leave out of the worktree, as the index has them.
pub(super) fn left_out_by_sparse(root: &Path) -> Result<Objects, SourceError> {
    let listing = run(root, false, &["ls-files", "-s", "-t", "-z"])?;
    let mut blobs = Blobs::new();
    for record in split(&listing) {
        // "<tag> SP <mode> SP <object> SP <stage> TAB <path>"
        let Some((about, path)) = at_tab(record) else { continue };
        let mut about = about.split(' ');
        if let (Some("S"), Some(mode), Some(id)) = (about.next(), about.next(), about.next()) {
            blobs.insert(path, mode, id);
        }
    }
    Ok(Objects::new(root, blobs, "HEAD".to_owned()))
}

/// Tracked files whose line ends are CRLF in the worktree and LF in the index, and would be LF again when added.
pub(super) fn converted(root: &Path) -> Result<HashSet<String>, SourceError> {
    let by_default = ask(root, &["config", "--get", "core.autocrlf"])?.stdout.trim().to_lowercase();
    let by_default = matches!(by_default.as_str(), "true" | "yes" | "on" | "1" | "input");
    let listing = run(root, false, &["ls-files", "--eol", "-z"])?;
    let mut found = HashSet::new();
    for record in split(&listing) {
        // "i/<ends> w/<ends> attr/<attributes> TAB <path>"
        let Some((about, path)) = at_tab(record) else { continue };
        let Some((ends, attributes)) = about.split_once("attr/") else { continue };
        let mut ends = ends.split_whitespace();
        let converts = match attributes.trim() {
            "" => by_default,
            attributes => !attributes.starts_with("-text"),
        };
        if let (true, Some("i/lf"), Some("w/crlf" | "w/mixed")) = (converts, ends.next(), ends.next()) {
            found.insert(String::from_utf8_lossy(path).into_owned());
        }
    }
    Ok(found)
}

/// A commit's (or any tree's) files.
#[derive(Debug)]
pub struct GitRevision {
    label: String,
    commit: String,
    objects: Objects,
}

impl GitRevision {
    /// The files of `revision` in the repository at `root`.
    ///
    /// # Errors
    /// Those of [`resolve`], and when the commit's files cannot be listed. Nothing is fetched.
    pub fn open(root: &Path, revision: &str) -> Result<Self, SourceError> {
        Self::of_commit(root, revision.to_owned(), resolve(root, revision)?)
    }

    /// The files of `commit`, a full id, called `label`.
    pub(super) fn of_commit(root: &Path, label: String, commit: String) -> Result<Self, SourceError> {
        let listing = match run(root, false, &["ls-tree", "-r", "-z", "--full-tree", &commit]) {
            Ok(listing) => listing,
            Err(_) if is_partial(root)? => {
                let bring = bring(&commit);
                return Err(SourceError::Git(format!(
                    "this is a partial clone without the folders of {label}; run {bring}, which fetches them"
                )));
            }
            Err(error) => return Err(error),
        };
        let mut blobs = Blobs::new();
        for record in split(&listing) {
            // "<mode> SP <type> SP <object> TAB <path>"
            let Some((about, path)) = at_tab(record) else { continue };
            let mut about = about.split(' ');
            if let (Some(mode), Some("blob"), Some(id)) = (about.next(), about.next(), about.next()) {
                blobs.insert(path, mode, id);
            }
        }
        let objects = Objects::new(root, blobs, commit.clone());
        if is_partial(root)? {
            // Files that are called so are read in any case: one message tells all of them.
            let called = |path: &str| path.rsplit('/').next().is_some_and(|name| name.to_lowercase().contains("cedar"));
            let lacking = objects.lacking(called)?;
            if lacking > 0 {
                let files = if lacking == 1 { "a file" } else { "files" };
                let count = if lacking == 1 { String::new() } else { format!("{lacking} ") };
                let bring = bring(&commit);
                return Err(SourceError::Git(format!(
                    "this is a partial clone without the contents of {count}{files} of {label}; run {bring}, which fetches them"
                )));
            }
        }
        Ok(Self { label, commit, objects })
    }

    /// The full id of the commit.
    #[must_use]
    pub fn commit(&self) -> &str {
        &self.commit
    }
}

impl Source for GitRevision {
    fn list(&self) -> Result<Vec<Entry>, SourceError> {
        Ok(self.objects.entries())
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.objects.read(path)
    }

    fn label(&self) -> String {
        self.label.clone()
    }
}

/// The files of the git index: what would be committed.
#[derive(Debug)]
pub struct GitIndex {
    objects: Objects,
}

impl GitIndex {
    /// The index of the repository at `root`, or the one that `GIT_INDEX_FILE` names. A file that `git add -N` only
    /// announced is no part of it.
    ///
    /// # Errors
    /// When git cannot be run or the index holds unmerged files.
    pub fn open(root: &Path) -> Result<Self, SourceError> {
        let listing = run(root, true, &["ls-files", "-s", "-z"])?;
        let mut blobs = Blobs::new();
        let mut empty = false;
        for record in split(&listing) {
            // "<mode> SP <object> SP <stage> TAB <path>"
            let Some((about, path)) = at_tab(record) else { continue };
            let mut about = about.split(' ');
            let (Some(mode), Some(id), Some(stage)) = (about.next(), about.next(), about.next()) else { continue };
            if stage != "0" {
                let path = String::from_utf8_lossy(path);
                return Err(SourceError::Git(format!(
                    "the index holds an unmerged file, `{path}`; finish the merge and `git add` it"
                )));
            }
            blobs.insert(path, mode, id);
            empty |= EMPTY_BLOBS.contains(&id);
        }
        // Announced files stand in the index with the empty blob; git knows which they are.
        if empty {
            let tree = if blobs.long_ids() { EMPTY_TREE_256 } else { EMPTY_TREE };
            let args =
                ["diff-index", "--cached", "--ita-invisible-in-index", "--no-renames", "--name-only", "-z", tree];
            blobs.keep(&split(&run(root, true, &args)?).collect());
        }
        Ok(Self { objects: Objects::new(root, blobs, "HEAD".to_owned()) })
    }
}

impl Source for GitIndex {
    fn list(&self) -> Result<Vec<Entry>, SourceError> {
        Ok(self.objects.entries())
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.objects.read(path)
    }

    fn label(&self) -> String {
        "the index".to_owned()
    }
}
