//! Why a name does not stand for one commit, in one sentence each, and which command brings what is missing. Nothing is
//! fetched.

use std::path::Path;

use super::command::{Answer, ask};
use super::fetch_hint::{Lack, remotes, way_out};
use super::ids::is_id;
use super::revision_text::{error, split_suffix, walks};
use crate::source::api::SourceError;
use crate::text::nearest;

/// Names that are compared when one is not known.
const MAX_NAMES: &str = "--count=2000";

/// Candidates that an error lists.
const MAX_CANDIDATES: usize = 5;

/// Full ids of commits and tags that begin with `prefix`.
pub(super) fn ids(root: &Path, prefix: &str) -> Result<Vec<String>, SourceError> {
    let answer = ask(root, &["rev-parse", &format!("--disambiguate={prefix}")])?;
    let mut found = Vec::new();
    for id in answer.stdout.lines().take(50) {
        if found.len() == MAX_CANDIDATES {
            break;
        }
        let kind = ask(root, &["cat-file", "-t", id])?;
        if matches!(kind.stdout.trim(), "commit" | "tag") {
            found.push(id.to_owned());
        }
    }
    Ok(found)
}

/// The first of the candidates, in backquotes.
pub(super) fn either(candidates: &[String]) -> String {
    let quoted: Vec<_> = candidates.iter().take(MAX_CANDIDATES).map(|name| format!("`{name}`")).collect();
    quoted.join(" or ")
}

/// Why git does not know `revision`.
pub(super) fn unresolved(root: &Path, revision: &str, answer: &Answer) -> Result<SourceError, SourceError> {
    if answer.words.contains(" is ambiguous") {
        let prefix = answer.warning("short object ID ", " is ambiguous").unwrap_or_default();
        let write = match ids(root, &prefix)? {
            found if found.is_empty() => "more of the id".to_owned(),
            found => either(&found),
        };
        return Ok(error(format!("`{revision}` is ambiguous: several ids begin like this; write {write}")));
    }
    if !answer.words.contains("Needed a single revision") {
        return Ok(error(format!("`{revision}` names no commit: git: {}", answer.words)));
    }
    let (base, suffix) = split_suffix(revision);
    let branch = ask(root, &["symbolic-ref", "--quiet", "--short", "HEAD"])?;
    let branch = branch.stdout.trim();
    if (matches!(base, "" | "HEAD" | "@") || base == branch) && !exists(root, "HEAD")? {
        let what = if branch.is_empty() { "here".to_owned() } else { format!("on `{branch}`") };
        return Ok(error(format!("there is no commit {what} yet, so `{revision}` names nothing; commit first")));
    }
    if !suffix.is_empty() && !base.is_empty() && exists(root, base)? {
        return missing_ancestor(root, revision, base, suffix);
    }
    if let Some((before, _)) = revision.split_once(':').filter(|_| !revision.starts_with(":/")) {
        let write = if before.is_empty() { "HEAD" } else { before };
        return Ok(error(format!(
            "`{revision}` names a file or a folder, not a commit; write a commit, such as `{write}`"
        )));
    }
    let none = format!("there is no revision `{revision}` in this repository");
    if base.is_empty() || revision.starts_with(':') {
        return Ok(error(format!("{none}; write a branch, a tag or a commit id")));
    }
    Ok(error(format!("{none}; {}", nowhere(root, base, suffix)?)))
}

fn exists(root: &Path, name: &str) -> Result<bool, SourceError> {
    Ok(ask(root, &["rev-parse", "--verify", "--quiet", "--end-of-options", name])?.ok)
}

/// `base` is there, but what `suffix` leads to is not.
fn missing_ancestor(root: &Path, revision: &str, base: &str, suffix: &str) -> Result<SourceError, SourceError> {
    let steps = suffix.chars().all(|c| matches!(c, '~' | '^' | '0'..='9'));
    if !steps && !suffix.contains("^{/") {
        return Ok(error(format!(
            "there is no revision `{revision}` in this repository, but `{base}`; write `{base}`"
        )));
    }
    if let Some(way_out) = way_out(root, &Lack::History)? {
        return Ok(error(format!("`{revision}` lies beyond what this clone holds of the history; {way_out}")));
    }
    if !steps {
        return Ok(error(format!("there is no revision `{revision}`: no commit behind `{base}` has such a message")));
    }
    Ok(error(format!("`{base}` is there, but `{revision}` is not: it leads past the first commit; go back less far")))
}

/// What to do about a name that is not known: another spelling, or a command that fetches it.
fn nowhere(root: &Path, base: &str, suffix: &str) -> Result<String, SourceError> {
    let listed = ask(root, &["for-each-ref", MAX_NAMES, "--format=%(refname)"])?;
    let short = |name: &'_ str| -> Option<String> {
        ["refs/heads/", "refs/tags/", "refs/remotes/"]
            .iter()
            .find_map(|space| name.strip_prefix(space))
            .map(str::to_owned)
    };
    let names: Vec<_> = listed.stdout.lines().filter_map(short).collect();
    let at_remote = |name: &&String| name.strip_suffix(base).is_some_and(|remote| remote.ends_with('/'));
    let remotes = remotes(root)?;
    let tracked =
        names.iter().find(|name| at_remote(name) && remotes.iter().any(|remote| format!("{remote}/{base}") == **name));
    if let Some(tracked) = tracked {
        return Ok(format!("did you mean `{tracked}{suffix}`?"));
    }
    if names.is_empty() && !exists(root, "HEAD")? {
        return Ok("it has no commit yet".to_owned());
    }
    let known = names.iter().map(String::as_str).chain(["HEAD"]);
    let meant = nearest(base, known).map(|meant| format!("did you mean `{meant}{suffix}`?"));
    let fetch = way_out(root, &Lack::Name { name: base, walks: walks(suffix) })?;
    Ok(match (meant, fetch) {
        (Some(meant), Some(fetch)) => format!("{meant} Or {fetch}"),
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => "write a branch, a tag or a commit id".to_owned(),
    })
}

/// `revision` stands for the object `id`, which is no commit or is not there.
pub(super) fn no_commit(root: &Path, revision: &str, id: &str) -> Result<SourceError, SourceError> {
    let peeled = ask(root, &["cat-file", "-t", &format!("{id}^{{}}")])?;
    let kind = match peeled.stdout.trim() {
        "tree" => "a folder",
        "blob" => "a file",
        _ => {
            let (base, suffix) = split_suffix(revision);
            let none = format!("there is no commit `{revision}` in this repository");
            let base = if is_id(base) { base } else { id };
            let way_out = way_out(root, &Lack::Name { name: base, walks: walks(suffix) })?;
            return Ok(error(format!(
                "{none}; {}",
                way_out.unwrap_or_else(|| "write the id of a commit that it holds".to_owned())
            )));
        }
    };
    let write = match revision.split_once(':') {
        Some(("", _)) | None => "HEAD",
        Some((before, _)) => before,
    };
    Ok(error(format!("`{revision}` names {kind}, not a commit; write a commit, such as `{write}`")))
}
