//! Revisions as text, git aside.

use crate::source::api::SourceError;

/// The error with this message.
pub(super) fn error(message: String) -> SourceError {
    SourceError::Git(message)
}

/// Where the dots of a range begin.
pub(super) fn find_dots(text: &str) -> Option<usize> {
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
pub(super) fn check_text(revision: &str) -> Result<(), SourceError> {
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

/// Whether git takes `revision` as a set of commits: `A..B`, `^A`, `A^!`, `A^@`, `A^-1`.
pub(super) fn is_set(revision: &str) -> bool {
    let bare = revision.trim_end_matches(|c: char| c.is_ascii_digit());
    let ends = revision.ends_with("^!") || revision.ends_with("^@") || bare.ends_with("^-");
    (ends && !revision.starts_with(":/")) || revision.starts_with('^') || find_dots(revision).is_some()
}

/// `HEAD~3` -> `HEAD`, `~3`.
pub(super) fn split_suffix(revision: &str) -> (&str, &str) {
    let cut = [revision.find(['~', '^']), revision.find("@{")].into_iter().flatten().min();
    cut.and_then(|at| revision.split_at_checked(at)).unwrap_or((revision, ""))
}

/// Whether a suffix leads to another commit.
pub(super) fn walks(suffix: &str) -> bool {
    !matches!(suffix, "" | "^{}" | "^{commit}" | "^0" | "~0")
}
