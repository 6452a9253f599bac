//! What to cut so that nothing is left over: whole lines, or the space on one side.

use super::span::Span;

/// `span` of `text`, widened so that cutting it leaves no empty line and no double space: to its whole lines where
/// nothing else stands on them, the end of the last included; else by the spaces behind it, or before it where it ends
/// its line.
#[must_use]
pub fn cut(text: &str, span: Span) -> Span {
    let before = text.get(..span.start).unwrap_or_default();
    let after = text.get(span.end..).unwrap_or_default();
    let is_space = |c: char| c == ' ' || c == '\t';
    let (left, right) = (before.trim_end_matches(is_space), after.trim_start_matches(is_space));
    // A byte-order mark is no text, and stays.
    let (starts, ends) = (left.is_empty() || left == "\u{feff}" || left.ends_with('\n'), line_end(right));
    match (starts, ends) {
        (true, Some(end)) => Span::new(left.len(), text.len() - right.len() + end),
        (false, Some(_)) => Span::new(left.len(), span.end),
        (_, None) if left.len() < before.len() || starts => Span::new(span.start, text.len() - right.len()),
        _ => span,
    }
}

/// How long the end of the line is that `text` begins with; none where there is something else.
fn line_end(text: &str) -> Option<usize> {
    let ends = [("\r\n", 2), ("\n", 1)];
    let end = ends.into_iter().find(|(end, _)| text.starts_with(end)).map(|(_, length)| length);
    end.or_else(|| text.is_empty().then_some(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn left(text: &str, what: &str, expected: &str) {
        let start = text.find(what).unwrap();
        let span = cut(text, Span::new(start, start + what.len()));
        assert_eq!(format!("{}{}", &text[..span.start], &text[span.end..]), expected);
    }

    #[test]
    fn whole_lines_go_with_their_ends() {
        left("a\n  b\nc\n", "b", "a\nc\n");
        left("a\r\n  b \r\nc\r\n", "b", "a\r\nc\r\n");
        left("a\nb", "b", "a\n");
        left("\u{feff}b\nc\n", "b", "\u{feff}c\n");
    }

    #[test]
    fn one_space_stays_between_what_is_left() {
        left("a b c\n", "b", "a c\n");
        left("a b\nc\n", "b", "a\nc\n");
        left("  b c\n", "b", "  c\n");
        left("(b)", "b", "()");
    }
}
