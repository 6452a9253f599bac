//! What a user types to name commits, and what those names stand for.
//!
//! git resolves the names; this file says in one sentence each why a name does not stand for one commit, and which
//! command brings what is missing. Nothing is fetched.

use std::path::Path;

use super::api::SourceError;
use super::fetching::{self, Lack};
use super::git::{self, Answer, GitRevision};
use crate::text::nearest;

/// Names that are compared when one is not known.
const MAX_NAMES: &str = "--count=2000";

/// Candidates that an error lists.
const MAX_CANDIDATES: usize = 5;

/// What a user asks to compare: names as typed, not resolved yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// `OLD`: with the worktree.
    One(String),
    /// `OLD NEW`.
    Two(String, String),
    /// `OLD..NEW`, the same as `OLD NEW`.
    Range(String, String),
    /// `A...B`: what `B` changes since it left `A`, so the merge base of both with `B`.
    MergeBase(String, String),
}

impl Asked {
    /// The two sides in the repository at `root`: the old one, and the new one unless that is the worktree. The merge
    /// base is labelled as such, everything else by what was typed.
    ///
    /// # Errors
    /// Those of [`resolve`] and [`merge_base`], or when a commit's files cannot be listed.
    pub fn open(&self, root: &Path) -> Result<(GitRevision, Option<GitRevision>), SourceError> {
        match self {
            Self::One(old) => Ok((GitRevision::open(root, old)?, None)),
            Self::Two(old, new) | Self::Range(old, new) => {
                Ok((GitRevision::open(root, old)?, Some(GitRevision::open(root, new)?)))
            }
            Self::MergeBase(a, b) => {
                let base = merge_base(root, a, b)?;
                let label = format!("the merge base of {a} and {b}");
                Ok((GitRevision::of_commit(root, label, base)?, Some(GitRevision::open(root, b)?)))
            }
        }
    }
}

/// Reads the one or two arguments that say what to compare. A side of a range that is left out is `HEAD`, as in git.
///
/// # Errors
/// When a revision is empty or begins with `-`, when a range has more than two sides or names none, and when a range
/// stands beside another revision.
pub fn parse_revisions(old: &str, new: Option<&str>) -> Result<Asked, SourceError> {
    let range = split_range(old)?;
    let Some(new) = new else {
        let asked = match range {
            None => Asked::One(old.to_owned()),
            Some((a, b, false)) => Asked::Range(a, b),
            Some((a, b, true)) => Asked::MergeBase(a, b),
        };
        match &asked {
            Asked::One(a) => check_text(a)?,
            Asked::Two(a, b) | Asked::Range(a, b) | Asked::MergeBase(a, b) => {
                check_text(a)?;
                check_text(b)?;
            }
        }
        return Ok(asked);
    };
    check_text(old)?;
    check_text(new)?;
    for side in [old, new] {
        if split_range(side)?.is_some() {
            return Err(error(format!("`{side}` is a range already; give a range, or two revisions, not both")));
        }
    }
    Ok(Asked::Two(old.to_owned(), new.to_owned()))
}

fn error(message: String) -> SourceError {
    SourceError::Git(message)
}

/// The sides of `A..B` and `A...B`, and whether there are three dots. Dots in braces (`@{..}`, `^{/..}`), after `:/`
/// and in paths after `:` are not a range's.
fn split_range(text: &str) -> Result<Option<(String, String, bool)>, SourceError> {
    let Some(at) = find_dots(text) else { return Ok(None) };
    let (Some(left), Some(right)) = (text.get(..at), text.get(at + 2..)) else { return Ok(None) };
    let (right, three) = right.strip_prefix('.').map_or((right, false), |right| (right, true));
    if left.is_empty() && right.is_empty() {
        return Err(error(format!("`{text}` names no revision; write `OLD..NEW`, or `OLD...NEW` for the merge base")));
    }
    if find_dots(right).is_some() {
        return Err(error(format!("`{text}` has more than two sides; write one range, `OLD..NEW`")));
    }
    let side = |text: &str| if text.is_empty() { "HEAD".to_owned() } else { text.to_owned() };
    Ok(Some((side(left), side(right), three)))
}

fn find_dots(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut before = '\0';
    for (at, c) in text.char_indices() {
        match c {
            '{' if matches!(before, '@' | '^') || depth > 0 => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => return None,
            '.' if depth == 0 && before == '.' => return Some(at - 1),
            _ => {}
        }
        before = c;
    }
    None
}

/// What is wrong with a revision as such, git aside.
fn check_text(revision: &str) -> Result<(), SourceError> {
    if revision.trim().is_empty() {
        return Err(error("an empty revision names no commit; write a branch, a tag or a commit id".to_owned()));
    }
    if revision.starts_with('-') {
        return Err(error(format!(
            "`{revision}` cannot be a revision, since none begins with `-`; options go before `--`"
        )));
    }
    Ok(())
}

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
    let answer = git::ask(
        root,
        &[
            "-c",
            "core.disambiguate=committish",
            "-c",
            "core.warnAmbiguousRefs=true",
            "rev-parse",
            "--verify",
            "--end-of-options",
            revision,
        ],
    )?;
    if !answer.ok {
        return Err(unresolved(root, revision, &answer)?);
    }
    let named = answer.stdout.trim();
    if let Some(name) = answer.warning("refname '", "' is ambiguous") {
        several_names(root, revision, &name)?;
    }
    if let Some(since) = answer.warning("only goes back to ", "") {
        return Err(error(format!(
            "`{revision}` lies before what this repository's reflog remembers, which only goes back to {since}; name a commit"
        )));
    }
    let commit = git::ask(root, &["rev-parse", "--verify", "--end-of-options", &format!("{named}^{{commit}}")])?;
    if commit.ok {
        return Ok(commit.stdout.trim().to_owned());
    }
    Err(no_commit(root, revision, named)?)
}

/// Whether git takes `revision` as a set of commits: `A..B`, `^A`, `A^!`, `A^@`, `A^-1`.
fn is_set(revision: &str) -> bool {
    let bare = revision.trim_end_matches(|c: char| c.is_ascii_digit());
    let ends = revision.ends_with("^!") || revision.ends_with("^@") || bare.ends_with("^-");
    (ends && !revision.starts_with(":/")) || revision.starts_with('^') || find_dots(revision).is_some()
}

/// The merge base of `a` and `b` (as typed) in the repository at `root`: where several are equally good, the one that
/// `git merge-base` gives first.
///
/// # Errors
/// Those of [`resolve`] for either name, and when there is no common ancestor, or none in a shallow clone.
pub fn merge_base(root: &Path, a: &str, b: &str) -> Result<String, SourceError> {
    let (from, to) = (resolve(root, a)?, resolve(root, b)?);
    let answer = git::ask(root, &["merge-base", &from, &to])?;
    if answer.ok {
        return Ok(answer.stdout.trim().to_owned());
    }
    // 1 says that there is none.
    if answer.code != Some(1) {
        return Err(error(format!("cannot find the merge base of `{a}` and `{b}`: git: {}", answer.words)));
    }
    Err(error(match fetching::way_out(root, &Lack::History)? {
        Some(way_out) => format!("the merge base of `{a}` and `{b}` is not in this clone; {way_out}"),
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
    let listed = git::ask(root, &args)?;
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

/// Full ids of commits and tags that begin with `prefix`.
fn ids(root: &Path, prefix: &str) -> Result<Vec<String>, SourceError> {
    let answer = git::ask(root, &["rev-parse", &format!("--disambiguate={prefix}")])?;
    let mut found = Vec::new();
    for id in answer.stdout.lines().take(50) {
        if found.len() == MAX_CANDIDATES {
            break;
        }
        let kind = git::ask(root, &["cat-file", "-t", id])?;
        if matches!(kind.stdout.trim(), "commit" | "tag") {
            found.push(id.to_owned());
        }
    }
    Ok(found)
}

fn either(candidates: &[String]) -> String {
    let quoted: Vec<_> = candidates.iter().take(MAX_CANDIDATES).map(|name| format!("`{name}`")).collect();
    quoted.join(" or ")
}

pub(super) fn is_hex(text: &str) -> bool {
    text.len() >= 4 && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

pub(super) fn is_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && is_hex(text)
}

/// `HEAD~3` -> `HEAD`, `~3`.
fn split_suffix(revision: &str) -> (&str, &str) {
    let cut = [revision.find(['~', '^']), revision.find("@{")].into_iter().flatten().min();
    cut.and_then(|at| revision.split_at_checked(at)).unwrap_or((revision, ""))
}

/// Why git does not know `revision`.
fn unresolved(root: &Path, revision: &str, answer: &Answer) -> Result<SourceError, SourceError> {
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
    let branch = git::ask(root, &["symbolic-ref", "--quiet", "--short", "HEAD"])?;
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
    Ok(git::ask(root, &["rev-parse", "--verify", "--quiet", "--end-of-options", name])?.ok)
}

/// `base` is there, but what `suffix` leads to is not.
fn missing_ancestor(root: &Path, revision: &str, base: &str, suffix: &str) -> Result<SourceError, SourceError> {
    let steps = suffix.chars().all(|c| matches!(c, '~' | '^' | '0'..='9'));
    if !steps && !suffix.contains("^{/") {
        return Ok(error(format!(
            "there is no revision `{revision}` in this repository, but `{base}`; write `{base}`"
        )));
    }
    if let Some(way_out) = fetching::way_out(root, &Lack::History)? {
        return Ok(error(format!("`{revision}` lies beyond what this clone holds of the history; {way_out}")));
    }
    if !steps {
        return Ok(error(format!("there is no revision `{revision}`: no commit behind `{base}` has such a message")));
    }
    Ok(error(format!("`{base}` is there, but `{revision}` is not: it leads past the first commit; go back less far")))
}

/// What to do about a name that is not known: another spelling, or a command that fetches it.
fn nowhere(root: &Path, base: &str, suffix: &str) -> Result<String, SourceError> {
    let listed = git::ask(root, &["for-each-ref", MAX_NAMES, "--format=%(refname)"])?;
    let short = |name: &'_ str| -> Option<String> {
        ["refs/heads/", "refs/tags/", "refs/remotes/"]
            .iter()
            .find_map(|space| name.strip_prefix(space))
            .map(str::to_owned)
    };
    let names: Vec<_> = listed.stdout.lines().filter_map(short).collect();
    let at_remote = |name: &&String| name.strip_suffix(base).is_some_and(|remote| remote.ends_with('/'));
    let remotes = fetching::remotes(root)?;
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
    let fetch = fetching::way_out(root, &Lack::Name { name: base, walks: walks(suffix) })?;
    Ok(match (meant, fetch) {
        (Some(meant), Some(fetch)) => format!("{meant} Or {fetch}"),
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => "write a branch, a tag or a commit id".to_owned(),
    })
}

/// Whether a suffix leads to another commit.
fn walks(suffix: &str) -> bool {
    !matches!(suffix, "" | "^{}" | "^{commit}" | "^0" | "~0")
}

/// `revision` stands for the object `id`, which is no commit or is not there.
fn no_commit(root: &Path, revision: &str, id: &str) -> Result<SourceError, SourceError> {
    let peeled = git::ask(root, &["cat-file", "-t", &format!("{id}^{{}}")])?;
    let kind = match peeled.stdout.trim() {
        "tree" => "a folder",
        "blob" => "a file",
        _ => {
            let (base, suffix) = split_suffix(revision);
            let none = format!("there is no commit `{revision}` in this repository");
            let base = if is_id(base) { base } else { id };
            let way_out = fetching::way_out(root, &Lack::Name { name: base, walks: walks(suffix) })?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(old: &str, new: Option<&str>) -> Result<Asked, String> {
        parse_revisions(old, new).map_err(|error| error.to_string())
    }

    #[test]
    fn ranges_are_read_as_git_reads_them() {
        let own = str::to_owned;
        assert_eq!(read("a", None), Ok(Asked::One(own("a"))));
        assert_eq!(read("a", Some("b")), Ok(Asked::Two(own("a"), own("b"))));
        assert_eq!(read("a..b", None), Ok(Asked::Range(own("a"), own("b"))));
        assert_eq!(read("a...b", None), Ok(Asked::MergeBase(own("a"), own("b"))));
        assert_eq!(read("..b", None), Ok(Asked::Range(own("HEAD"), own("b"))));
        assert_eq!(read("a..", None), Ok(Asked::Range(own("a"), own("HEAD"))));
        assert_eq!(read("a...", None), Ok(Asked::MergeBase(own("a"), own("HEAD"))));
        assert_eq!(read("v1.0..v1.1", None), Ok(Asked::Range(own("v1.0"), own("v1.1"))));
        for single in ["HEAD^{/a..b}", ":/fix a..b", "main@{2..days.ago}", "HEAD:../x", "a{b", "ü.ü"] {
            assert_eq!(read(single, None), Ok(Asked::One(own(single))));
        }
        assert_eq!(read("HEAD^{/a..b}..x", None), Ok(Asked::Range(own("HEAD^{/a..b}"), own("x"))));
    }

    #[test]
    fn what_is_no_revision_is_refused() {
        let refused = |old, new, part: &str| {
            let error = read(old, new).unwrap_err();
            assert!(error.contains(part), "{old} {new:?}: {error}");
        };
        refused("", None, "empty");
        refused(" ", None, "empty");
        refused("a", Some(""), "empty");
        refused("-x", None, "begins with `-`");
        refused("a", Some("--output=x"), "begins with `-`");
        refused("a..-x", None, "begins with `-`");
        refused("..", None, "names no revision");
        refused("...", None, "names no revision");
        refused("a..b..c", None, "more than two sides");
        refused("a..b", Some("c"), "range already");
        refused("a", Some("b...c"), "range already");
    }
}
