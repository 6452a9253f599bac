//! What names stand for. git resolves them; doubts are refused.
//!
//! # Why
//!
//! A name that is a branch and a tag, or a reflog that does not go back as far as asked, is a warning for git and an
//! error here. A setting of the repository that would silence git's warning is overridden.

use std::path::Path;

use super::command::{Answer, ask};
use super::database::{Database, Object};
use super::fetch_hint::{Lack, way_out};
use super::ids::{is_hex, is_id};
use super::revision_text::{check_text, error, is_set, split_suffix};
use super::unresolved::{either, ids, no_commit, unresolved};
use crate::source::api::SourceError;

/// The full id of the commit that `revision` stands for in the repository at `root`. Anything that git understands may
/// be typed: branches, tags, ids, `HEAD~1`, `v1.0^{}`, `@{upstream}`, `main@{yesterday}`.
///
/// # Errors
/// When it names nothing, several things, or something else than a commit, when the reflog does not go back as far as
/// asked, and when git cannot be run or refuses the repository. The message says what to write or which command to run.
pub fn resolve(root: &Path, revision: &str) -> Result<String, SourceError> {
    check_text(revision)?;
    if is_set(revision) {
        return Err(error(format!("`{revision}` stands for a set of commits, not for one; name one commit")));
    }
    // What stands behind a colon is a path or words of a message, to its end.
    if !revision.contains(':') {
        let answer = parsed(root, &format!("{revision}^{{commit}}"))?;
        if answer.ok {
            doubts(root, revision, &answer)?;
            return Ok(answer.stdout.trim().to_owned());
        }
    }
    let answer = parsed(root, revision)?;
    if !answer.ok {
        return Err(unresolved(root, revision, &answer)?);
    }
    doubts(root, revision, &answer)?;
    let named = answer.stdout.trim();
    let commit = ask(root, &["rev-parse", "--verify", "--end-of-options", &format!("{named}^{{commit}}")])?;
    if commit.ok {
        return Ok(commit.stdout.trim().to_owned());
    }
    Err(no_commit(root, revision, named)?)
}

/// What git makes of `text`, warnings included.
fn parsed(root: &Path, text: &str) -> Result<Answer, SourceError> {
    let settings = ["-c", "core.disambiguate=committish", "-c", "core.warnAmbiguousRefs=true"];
    let args = settings.into_iter().chain(["rev-parse", "--verify", "--end-of-options", text]);
    ask(root, &args.collect::<Vec<_>>())
}

/// Refuses what git only warns about.
fn doubts(root: &Path, revision: &str, answer: &Answer) -> Result<(), SourceError> {
    if let Some(name) = answer.warning("refname '", "' is ambiguous") {
        several_names(root, revision, &name)?;
    }
    if let Some(since) = answer.warning("only goes back to ", "") {
        return Err(error(format!(
            "`{revision}` lies before what this repository's reflog remembers, which only goes back to {since}; name a commit"
        )));
    }
    Ok(())
}

/// A commit, and the folder that holds its files: full ids.
#[derive(Debug, Clone)]
pub(super) struct Commit {
    pub(super) id: String,
    pub(super) tree: String,
}

impl Commit {
    fn of(object: Object) -> Option<Self> {
        // "tree SP <id> LF", before all else.
        let tree =
            String::from_utf8(object.content.strip_prefix(b"tree ")?.split(|byte| *byte == b'\n').next()?.into());
        (object.kind == "commit").then_some(Self { id: object.id, tree: tree.ok().filter(|tree| is_id(tree))? })
    }
}

/// The commit that `revision` stands for, as [`resolve`] says.
///
/// # Errors
/// Those of [`resolve`].
pub(super) fn commit(database: &Database, revision: &str) -> Result<Commit, SourceError> {
    let here = |name: &str| database.object(name).ok().flatten().and_then(Commit::of);
    // Of these git has no doubts. Where there is no such commit, it is asked why.
    if is_plain(revision)
        && let Some(commit) = here(revision)
    {
        return Ok(commit);
    }
    let id = resolve(database.root(), revision)?;
    here(&id).ok_or_else(|| error(format!("`{revision}` cannot be read in this repository; `git fsck` says why")))
}

/// Whether it is `HEAD` or a full id, or so many commits before one: `HEAD~2`, `HEAD^`.
fn is_plain(revision: &str) -> bool {
    let (name, steps) = split_suffix(revision);
    let rest = steps.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '~' | '^'));
    (name == "HEAD" || is_id(name)) && rest.is_empty() && !is_set(revision)
}

/// The merge base of `a` and `b` (as typed) in the repository at `root`: where several are equally good, the one that
/// `git merge-base` gives first.
///
/// # Errors
/// Those of [`resolve`] for either name, and when there is no common ancestor, or none in a shallow clone.
pub fn merge_base(root: &Path, a: &str, b: &str) -> Result<String, SourceError> {
    let (from, to) = rayon::join(|| resolve(root, a), || resolve(root, b));
    let (from, to) = (from?, to?);
    let answer = ask(root, &["merge-base", &from, &to])?;
    if answer.ok {
        return Ok(answer.stdout.trim().to_owned());
    }
    // 1 says that there is none.
    if answer.code != Some(1) {
        return Err(error(format!("cannot find the merge base of `{a}` and `{b}`: git: {}", answer.words)));
    }
    Err(error(match way_out(root, &Lack::History)? {
        Some(command) => format!("the merge base of `{a}` and `{b}` is not in this clone; {command}"),
        None => format!("`{a}` and `{b}` have no commit in common, so no merge base; compare them with `{a}..{b}`"),
    }))
}

/// git warns and takes one when `name` is several things; which one is not what everybody expects, so the user is to
/// say. A name that is given in full is none of that.
fn several_names(root: &Path, revision: &str, name: &str) -> Result<(), SourceError> {
    let mut full =
        ["refs/", "refs/tags/", "refs/heads/", "refs/remotes/"].map(|space| format!("{space}{name}")).to_vec();
    full.push(format!("refs/remotes/{name}/HEAD"));
    if name == "HEAD" || name.starts_with("refs/") || is_id(name) {
        return Ok(());
    }
    let mut args = vec!["for-each-ref", "--format=%(refname)"];
    args.extend(full.iter().map(String::as_str));
    let listed = ask(root, &args)?;
    let mut candidates: Vec<_> =
        listed.stdout.lines().filter(|line| full.iter().any(|name| name == line)).map(str::to_owned).collect();
    if candidates.len() < 2 && is_hex(name) {
        candidates.extend(ids(root, name)?);
    }
    if candidates.len() < 2 {
        return Ok(());
    }
    Err(error(format!("`{revision}` is ambiguous; write {}", either(&candidates))))
}
