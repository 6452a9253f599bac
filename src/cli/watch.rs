//! A command that runs again whenever a file below its folder changes, for people at a terminal.

use std::io::{IsTerminal, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use notify::{Event, EventKind, RecursiveMode, Watcher, recommended_watcher};

use super::failure::Failure;
use crate::text::inline;

/// How long it has to be quiet before the command runs: editors write a file in several steps.
const QUIET: Duration = Duration::from_millis(120);

/// Folders whose changes say nothing about policies.
const PASSED_OVER: [&str; 3] = ["node_modules", "target", ".terraform"];

/// Of git's own folder, what says that something else is checked out or staged.
const OF_GIT: [&str; 3] = ["HEAD", "index", "refs"];

/// Runs `command` now and whenever something below `root` changes that is none of `written`, which it writes itself.
/// What fails is said, and the next change runs it again; it ends with the process.
///
/// # Errors
/// When `root` cannot be watched.
pub(super) fn watch(
    root: &Path,
    written: &[PathBuf],
    mut command: impl FnMut() -> Result<u8, Failure>,
) -> Result<u8, Failure> {
    let cannot = |error: notify::Error| {
        Failure(format!("cannot watch `{}`: {}", inline(&root.display().to_string()), inline(&error.to_string())))
    };
    let (send, changes) = channel();
    let mut watcher = recommended_watcher(send).map_err(cannot)?;
    watcher.watch(root, RecursiveMode::Recursive).map_err(cannot)?;
    let written: Vec<PathBuf> = written.iter().filter_map(|path| whole(path)).collect();
    // A file is written by way of another one beside it, whose name begins with its own.
    let own = |path: &Path| {
        let begins = |with: &Path| path.to_string_lossy().starts_with(&*with.to_string_lossy());
        written.iter().any(|written| written.parent() == path.parent() && begins(written))
    };
    let relevant = |event: &Event| {
        let about = |path: &PathBuf| says_something(path.strip_prefix(root).unwrap_or(path)) && !own(path);
        !matches!(event.kind, EventKind::Access(_)) && (event.paths.is_empty() || event.paths.iter().any(about))
    };
    loop {
        let mut errors = std::io::stderr();
        if std::io::stdout().is_terminal() {
            // Clears the screen and what scrolled out of it.
            let mut out = std::io::stdout();
            let _ = write!(out, "\x1b[2J\x1b[3J\x1b[H").and_then(|()| out.flush());
        }
        if let Err(Failure(message)) = command() {
            let _ = writeln!(errors, "polcheck: {}", inline(&message));
        }
        let _ = writeln!(errors, "watching `{}`; Ctrl-C ends it", inline(&root.display().to_string()));
        next(&changes, &relevant)?;
    }
}

/// `path` from the root of the file system, whether or not there is such a file.
fn whole(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Some(folder.canonicalize().ok()?.join(path.file_name()?))
}

/// Waits until something changed and it is quiet again.
fn next(changes: &Receiver<notify::Result<Event>>, relevant: &dyn Fn(&Event) -> bool) -> Result<(), Failure> {
    let gone = || Failure("files are not watched any more".to_owned());
    // That changes were missed is a change.
    let changed = |event: &notify::Result<Event>| event.as_ref().map_or(true, relevant);
    while !changed(&changes.recv().map_err(|_| gone())?) {}
    loop {
        match changes.recv_timeout(QUIET) {
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => return Ok(()),
            Err(RecvTimeoutError::Disconnected) => return Err(gone()),
        }
    }
}

/// Whether a change of `path`, relative to what is watched, may change what a command finds.
fn says_something(path: &Path) -> bool {
    let mut parts = path.components().filter_map(|part| match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    while let Some(part) = parts.next() {
        if part == ".git" {
            return parts.next().is_some_and(|next| OF_GIT.contains(&next));
        }
        if PASSED_OVER.contains(&part) {
            return false;
        }
    }
    true
}
