//! What a user types to say what is to be compared.

use std::path::Path;

use super::database::Database;
use super::resolve::{commit, merge_base};
use super::revision_text::{check_text, error, find_dots};
use super::snapshots::GitRevision;
use crate::source::api::SourceError;

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
    /// Those of [`super::resolve()`] and [`merge_base`], or when a commit's files cannot be listed.
    pub fn open(&self, root: &Path) -> Result<(GitRevision, Option<GitRevision>), SourceError> {
        let database = Database::new(root);
        let open = |revision: &str| GitRevision::open_in(&database, revision);
        match self {
            Self::One(old) => Ok((open(old)?, None)),
            Self::Two(old, new) | Self::Range(old, new) => {
                // Names may have to be asked about, and git takes its time to start.
                let (old, new) = rayon::join(|| open(old), || open(new));
                Ok((old?, Some(new?)))
            }
            Self::MergeBase(a, b) => {
                let base = || {
                    let label = format!("the merge base of {a} and {b}");
                    GitRevision::of_commit(&database, label, commit(&database, &merge_base(root, a, b)?)?)
                };
                let (base, new) = rayon::join(base, || open(b));
                Ok((base?, Some(new?)))
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
