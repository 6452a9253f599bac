//! Which command brings what a clone lacks. The command is printed, never run.
//!
//! # Why
//!
//! In a shallow clone the command has to make the name resolve that was typed, so a branch is fetched into a branch. In
//! a partial clone it is a comparison with the empty tree, for which every git fetches all contents at once; the
//! alternatives fetch file by file, or the whole history again.

use std::path::Path;

use super::command::{Asking, ask};
use super::ids::{EMPTY_TREE, EMPTY_TREE_256, is_hex, is_id};
use crate::source::api::SourceError;

/// What is not here.
pub(super) enum Lack<'a> {
    /// A branch, a tag or an id; `walks` when an ancestor of it is wanted.
    Name { name: &'a str, walks: bool },
    /// Commits behind the ones that are here.
    History,
}

/// Asks git what says that contents may be left with the remote: it answers nothing where they may not.
pub(super) fn ask_partial(root: &Path) -> Result<Asking, SourceError> {
    let keys = r"^(extensions\.partialclone|remote\..*\.(promisor|partialclonefilter))$";
    Asking::begin(root, &["config", "--get-regexp", keys])
}

/// The command, in backquotes, that fetches every file of `commit`: git fetches what it is to compare, all at once.
pub(super) fn bring(commit: &str) -> String {
    let empty = if commit.len() == 64 { EMPTY_TREE_256 } else { EMPTY_TREE };
    format!("`git diff-tree -r --shortstat {empty} {commit}`")
}

/// The names of the remotes, the one to fetch from first: the upstream's, else `origin`, else any.
pub(super) fn remotes(root: &Path) -> Result<Vec<String>, SourceError> {
    let listed = ask(root, &["remote"])?;
    let mut names: Vec<_> = listed.stdout.lines().map(str::to_owned).collect();
    if names.len() > 1 {
        let branch = ask(root, &["symbolic-ref", "--quiet", "--short", "HEAD"])?;
        let key = format!("branch.{}.remote", branch.stdout.trim());
        let upstream = ask(root, &["config", "--get", &key])?;
        let upstream = upstream.stdout.trim();
        names.sort_by_key(|name| (name != upstream, name != "origin"));
    }
    Ok(names)
}

/// Whether the clone's history is cut off.
fn is_shallow(root: &Path) -> Result<bool, SourceError> {
    Ok(ask(root, &["rev-parse", "--is-shallow-repository"])?.stdout.trim() == "true")
}

/// A sentence with the command that brings what is lacking, or `None` where no command would.
pub(super) fn way_out(root: &Path, lack: &Lack<'_>) -> Result<Option<String>, SourceError> {
    let shallow = is_shallow(root)?;
    let remotes = remotes(root)?;
    let Some(remote) = remotes.first() else {
        return Ok(shallow.then(|| "this is a shallow clone and has no remote to fetch from".to_owned()));
    };
    let why = if shallow { "this is a shallow clone: run" } else { "if the remote has it, run" };
    Ok(match lack {
        Lack::History => shallow.then(|| format!("{why} `git fetch --unshallow {}`", shell(remote))),
        Lack::Name { name, walks } => {
            let depth = match (shallow, walks) {
                (false, _) => "",
                (true, false) => "--depth=1 ",
                (true, true) => "--unshallow ",
            };
            by_name(name, remote, &remotes, depth, shallow).map(|command| format!("{why} {command}"))
        }
    })
}

/// The command, in backquotes, after which `name` can be resolved.
fn by_name(name: &str, remote: &str, remotes: &[String], depth: &str, shallow: bool) -> Option<String> {
    let fetch = |remote: &str, what: &str| format!("`git fetch {depth}{} {what}`", shell(remote));
    if is_id(name) {
        return Some(fetch(remote, name));
    }
    if !is_ref_name(name) {
        return None;
    }
    let full = |name: &str| shell(&format!("{name}:{name}"));
    if name.starts_with("refs/heads/") || name.starts_with("refs/tags/") {
        return Some(fetch(remote, &full(name)));
    }
    if name.starts_with("heads/") || name.starts_with("tags/") {
        return Some(fetch(remote, &full(&format!("refs/{name}"))));
    }
    let tracking = name.strip_prefix("refs/").unwrap_or(name);
    let tracking = tracking.strip_prefix("remotes/").unwrap_or(tracking);
    let of = |remote: &String| Some((remote.clone(), tracking.strip_prefix(remote.as_str())?.strip_prefix('/')?));
    if let Some((remote, branch)) = remotes.iter().filter_map(of).min_by_key(|(_, branch)| branch.len()) {
        return Some(fetch(&remote, &shell(&format!("{branch}:refs/remotes/{remote}/{branch}"))));
    }
    if name.starts_with("refs/") {
        return Some(fetch(remote, &full(name)));
    }
    let tag = fetch(remote, &format!("tag {}", shell(name)));
    let branch = fetch(remote, &full(name));
    if is_hex(name) {
        // Servers are asked for full ids only.
        return Some(if shallow {
            format!("`git fetch --unshallow {}` for an abbreviated id, or for a branch {branch}", shell(remote))
        } else {
            format!("{branch} for a branch; of an id write all digits, and it can be fetched too")
        });
    }
    let version = name.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
    Some(if version { format!("{tag}, or for a branch {branch}") } else { format!("{branch}, or for a tag {tag}") })
}

/// Whether git would take `name` as the name of a branch or a tag.
fn is_ref_name(name: &str) -> bool {
    let bad = |c: char| c.is_whitespace() || c.is_control() || "~^:?*[\\\u{7f}".contains(c);
    !name.contains(bad)
        && !name.contains("..")
        && !name.contains("@{")
        && !name.contains("//")
        && !name.ends_with(['/', '.'])
        && !name.ends_with(".lock")
        && !name.starts_with(['/', '-', '.'])
        && !name.contains("/.")
        && name != "@"
}

/// `text` as one word of a POSIX shell: branches may be called `$(…)`.
fn shell(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/@:+-=,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_survive_a_shell() {
        assert_eq!(shell("main"), "main");
        assert_eq!(shell("a;b"), "'a;b'");
        assert_eq!(shell("a'$(b)"), r"'a'\''$(b)'");
        assert!(!is_ref_name("a b") && !is_ref_name("a..b") && !is_ref_name("-x") && is_ref_name("feature/ü"));
    }
}
