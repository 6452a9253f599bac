//! git, by plumbing commands only. It never fetches, in partial clones neither, and never writes.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::source::api::SourceError;

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
    answer(&start(root, false, args)?)
}

/// A git that was started and not waited for.
#[derive(Debug)]
pub(super) struct Asking(Option<Child>);

impl Asking {
    /// Starts `git args` in `root`.
    ///
    /// # Errors
    /// When there is no git.
    pub(super) fn begin(root: &Path, args: &[&str]) -> Result<Self, SourceError> {
        let child = command(root, false).args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        child.map(|child| Self(Some(child))).map_err(|error| SourceError::NoGit(error.to_string()))
    }

    /// What it says, as for [`ask`].
    pub(super) fn end(mut self) -> Result<Answer, SourceError> {
        let output = self.0.take().map(Child::wait_with_output);
        let output = output.unwrap_or_else(|| Err(std::io::ErrorKind::NotFound.into()));
        answer(&output.map_err(|error| SourceError::NoGit(error.to_string()))?)
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn answer(output: &Output) -> Result<Answer, SourceError> {
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

fn start(root: &Path, keep_index: bool, args: &[&str]) -> Result<Output, SourceError> {
    let output = command(root, keep_index).args(args).output();
    output.map_err(|error| SourceError::NoGit(error.to_string()))
}

/// Runs `git args` in `root` and gives its standard output.
pub(super) fn run(root: &Path, keep_index: bool, args: &[&str]) -> Result<Vec<u8>, SourceError> {
    let output = start(root, keep_index, args)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let words = words(&output.stderr);
    Err(SourceError::Git(if words.is_empty() { "git failed".to_owned() } else { format!("git: {words}") }))
}

/// The records of an output with `-z`.
pub(super) fn split(output: &[u8]) -> impl Iterator<Item = &[u8]> {
    output.split(|byte| *byte == 0).filter(|record| !record.is_empty())
}

/// What stands before the first tab, and the path after it.
pub(super) fn at_tab(record: &[u8]) -> Option<(&str, &[u8])> {
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
