//! A policy file laid out anew, as `polcheck fmt` does.

use lsp_types::TextEdit;

use super::positions::Lines;
use super::view::View;
use crate::run::lay_out;
use crate::text::Span;

/// The edits that lay the document out; none where it is laid out so already.
///
/// # Errors
/// Why it stays as it is, a phrase.
pub(super) fn formatting(view: &View<'_>) -> Result<Vec<TextEdit>, String> {
    if !view.path.ends_with(".cedar") {
        return Err("only policies in Cedar's syntax are laid out".to_owned());
    }
    let before = &*view.document.text;
    let after = lay_out(view.path, before)?;
    Ok(difference(before, &after, view))
}

/// One edit of what differs.
fn difference(before: &str, after: &str, view: &View<'_>) -> Vec<TextEdit> {
    let Some((span, text)) = changed(before, after) else { return Vec::new() };
    let range = Lines::new(before, view.client.encoding).range(span);
    vec![TextEdit { range, new_text: text.to_owned() }]
}

/// The lines of `before` that differ from `after`, and what stands there afterwards.
fn changed<'t>(before: &str, after: &'t str) -> Option<(Span, &'t str)> {
    if before == after {
        return None;
    }
    let lines = |text: &'t str| text.split_inclusive('\n');
    let same: usize =
        before.split_inclusive('\n').zip(lines(after)).take_while(|(a, b)| a == b).map(|(a, _)| a.len()).sum();
    let (rest, new) = (before.get(same..)?, after.get(same..)?);
    let tail: usize = rest
        .split_inclusive('\n')
        .rev()
        .zip(new.split_inclusive('\n').rev())
        .take_while(|(a, b)| a == b)
        .map(|(a, _)| a.len())
        .sum();
    Some((Span::new(same, before.len() - tail), new.get(..new.len() - tail)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_differ_are_changed() {
        for (before, after) in [
            ("a\nb\nc\n", "a\nX\nY\nc\n"),
            ("a\n", "b\n"),
            ("a\r\nb", "a\r\nb\r\n"),
            ("x\nx\nx\n", "x\nx\n"),
            ("", "a\n"),
            ("a\n", ""),
        ] {
            let (span, text) = changed(before, after).unwrap();
            let mut made = before.to_owned();
            made.replace_range(span.start..span.end, text);
            assert_eq!(made, after);
        }
        assert_eq!(changed("a\nb\nc\n", "a\nX\nc\n"), Some((Span::new(2, 4), "X\n")));
        assert_eq!(changed("a", "a"), None);
    }
}
