//! Untrusted text for a terminal or a CI log.
//!
//! Besides what a terminal obeys, GitHub's runner obeys `::command::` at the start of a line (spaces before it aside)
//! and `##[command]` anywhere in one; see `ActionCommand.cs` of actions/runner.

use std::borrow::Cow;

use crate::text;

/// `text` on one line, nothing in it obeyed by a terminal or a CI runner, wherever the line is wrapped.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    let shown = text::inline(text);
    if !shown.contains("##[") && !shown.split_whitespace().any(|word| word.starts_with("::")) {
        return shown;
    }
    let shown = shown.replace("##[", "##\\u{5b}");
    let words: Vec<Cow<'_, str>> = shown
        .split(' ')
        .map(|word| match word.strip_prefix("::") {
            Some(rest) => Cow::Owned(format!("\\u{{3a}}:{rest}")),
            None => Cow::Borrowed(word),
        })
        .collect();
    Cow::Owned(words.join(" "))
}

/// A file's text with every byte offset kept and nothing in it that is obeyed when shown after a line number.
pub(super) fn source(text: &str) -> String {
    let shown = text::same_length(text);
    if shown.contains("##[") { shown.replace("##[", "##?") } else { shown.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ci_runner_finds_no_command() {
        assert_eq!(clean("a ::error::b User::\"c\""), "a \\u{3a}:error::b User::\"c\"");
        assert_eq!(clean("x##[stop-commands]y"), "x##\\u{5b}stop-commands]y");
        assert_eq!(source("x##[stop-commands]y").len(), "x##[stop-commands]y".len());
    }
}
