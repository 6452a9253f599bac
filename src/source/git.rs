//! git, by plumbing commands only. It never fetches and never writes.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use super::api::{Entry, MAX_FILE, MAX_LINKS, ReadError, Source, SourceError, resolve_link};
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

/// A git command in `root` with a clean environment; `keep_index` honours `GIT_INDEX_FILE`, which a commit hook needs.
fn command(root: &Path, keep_index: bool) -> Command {
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
        .args(["-c", "core.quotepath=off", "-c", "core.fsmonitor=false"])
        .stdin(Stdio::null());
    command
}

/// What git answered.
#[derive(Debug)]
pub(super) struct Answer {
    /// Whether it ended well.
    pub(super) ok: bool,
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
    Ok(Answer { ok: output.status.success(), stdout: String::from_utf8_lossy(&output.stdout).into_owned(), words })
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

fn records(output: &[u8]) -> impl Iterator<Item = String> + '_ {
    output.split(|byte| *byte == 0).filter(|record| !record.is_empty()).map(|r| String::from_utf8_lossy(r).into_owned())
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
    let there =
        |record: &&[u8]| std::fs::symlink_metadata(root.join(native(record))).is_ok_and(|about| !about.is_dir());
    let mut entries: Vec<_> = all
        .split(|byte| *byte == 0)
        .filter(|record| !record.is_empty())
        .filter(there)
        .map(|record| Entry { path: String::from_utf8_lossy(record).into_owned() })
        .collect();
    entries.sort();
    entries.dedup();
    Ok(entries)
}

#[derive(Debug, Clone)]
struct Blob {
    id: String,
    link: bool,
}

/// Blobs by path, and the one git process that reads them.
#[derive(Debug)]
struct Objects {
    root: PathBuf,
    blobs: BTreeMap<String, Blob>,
    reader: Mutex<Option<Reader>>,
}

#[derive(Debug)]
struct Reader {
    process: std::process::Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Reader {
    fn start(root: &Path) -> std::io::Result<Self> {
        let mut process = command(root, false)
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let output = process.stdout.take().ok_or_else(|| std::io::Error::other("git gives no output"))?;
        Ok(Self { process, output: BufReader::new(output) })
    }

    fn read(&mut self, id: &str) -> std::io::Result<Result<Vec<u8>, ReadError>> {
        let input = self.process.stdin.as_mut().ok_or_else(|| std::io::Error::other("git takes no input"))?;
        writeln!(input, "{id}")?;
        input.flush()?;
        let mut header = String::new();
        self.output.read_line(&mut header)?;
        let Some(size) = header.split_whitespace().nth(2).and_then(|size| size.parse::<u64>().ok()) else {
            return Ok(Err(ReadError::Other(format!(
                "git does not have its content here (a partial clone?); fetch it with `git fetch origin {id}`"
            ))));
        };
        if size > MAX_FILE {
            std::io::copy(&mut (&mut self.output).take(size + 1), &mut std::io::sink())?;
            return Ok(Err(ReadError::TooLarge(size)));
        }
        let mut content = Vec::new();
        (&mut self.output).take(size + 1).read_to_end(&mut content)?;
        content.pop();
        Ok(Ok(content))
    }
}

impl Objects {
    fn new(root: &Path, blobs: BTreeMap<String, Blob>) -> Self {
        Self { root: root.to_path_buf(), blobs, reader: Mutex::new(None) }
    }

    fn entries(&self) -> Vec<Entry> {
        self.blobs.keys().map(|path| Entry { path: path.clone() }).collect()
    }

    fn blob(&self, id: &str) -> Result<Vec<u8>, ReadError> {
        let other = |error: std::io::Error| ReadError::Other(format!("git: {error}"));
        let mut slot = self.reader.lock().map_err(|_| ReadError::Other("git: reading stopped".to_owned()))?;
        if slot.is_none() {
            *slot = Some(Reader::start(&self.root).map_err(other)?);
        }
        match slot.as_mut() {
            Some(reader) => reader.read(id).map_err(other)?,
            None => Err(ReadError::Missing),
        }
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        let mut path = path.to_owned();
        for step in 0..MAX_LINKS {
            let blob = self.blobs.get(&path).ok_or(if step == 0 { ReadError::Missing } else { ReadError::NotAFile })?;
            if step > 0 && !blob.link {
                return Err(ReadError::LinkTo(path));
            }
            let content = self.blob(&blob.id)?;
            if !blob.link {
                return Ok(content);
            }
            let target = String::from_utf8_lossy(&content).into_owned();
            path = resolve_link(&path, &target).ok_or(ReadError::LeadsOut(target))?;
        }
        Err(ReadError::NotAFile)
    }
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
        let listing = run(root, false, &["ls-tree", "-r", "-z", "--full-tree", &commit])?;
        let mut blobs = BTreeMap::new();
        for record in records(&listing) {
            // "<mode> SP <type> SP <object> TAB <path>"
            let Some((about, path)) = record.split_once('\t') else { continue };
            let mut about = about.split(' ');
            if let (Some(mode), Some("blob"), Some(id)) = (about.next(), about.next(), about.next()) {
                blobs.insert(path.to_owned(), Blob { id: id.to_owned(), link: mode == "120000" });
            }
        }
        Ok(Self { label, commit, objects: Objects::new(root, blobs) })
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
    /// The index of the repository at `root`, or the one that `GIT_INDEX_FILE` names.
    ///
    /// # Errors
    /// When git cannot be run or the index holds unmerged files.
    pub fn open(root: &Path) -> Result<Self, SourceError> {
        let listing = run(root, true, &["ls-files", "-s", "-z"])?;
        let mut blobs = BTreeMap::new();
        for record in records(&listing) {
            // "<mode> SP <object> SP <stage> TAB <path>"
            let Some((about, path)) = record.split_once('\t') else { continue };
            let mut about = about.split(' ');
            let (Some(mode), Some(id), Some(stage)) = (about.next(), about.next(), about.next()) else { continue };
            if stage != "0" {
                return Err(SourceError::Git(format!(
                    "the index holds an unmerged file, `{path}`; finish the merge and `git add` it"
                )));
            }
            if mode != "160000" {
                blobs.insert(path.to_owned(), Blob { id: id.to_owned(), link: mode == "120000" });
            }
        }
        Ok(Self { objects: Objects::new(root, blobs) })
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
