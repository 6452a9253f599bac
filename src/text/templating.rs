//! What another program fills in before Cedar reads a text: `${x}`, `{{ x }}`, `<%= x %>`, `$(X)` and `__X__`.

use super::span::Span;

/// A placeholder in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placeholder<'t> {
    /// Where.
    pub(crate) span: Span,
    /// As it is written.
    pub(crate) written: &'t str,
    /// What is filled in, by its name: `x` of `${x}`, `.Values.x` of `{{ .Values.x }}`.
    pub(crate) name: &'t str,
}

/// How placeholders open and close.
const MARKS: [(&str, &str); 4] = [("${", "}"), ("{{", "}}"), ("<%=", "%>"), ("$(", ")")];

/// A name is no longer than this.
const LONGEST: usize = 200;

/// The placeholders of `text`, in order.
pub(crate) fn placeholders(text: &str) -> impl Iterator<Item = Placeholder<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(next) = next_mark(text, at) {
            let found = placeholder_at(text, next);
            at = found.map_or(next + 1, |placeholder| placeholder.span.end);
            if found.is_some() {
                return found;
            }
        }
        None
    })
}

/// Whether there is one in `text`.
pub(crate) fn is_templated(text: &str) -> bool {
    placeholders(text).next().is_some()
}

fn next_mark(text: &str, from: usize) -> Option<usize> {
    let rest = text.as_bytes().get(from..)?;
    let opens = |two: &[u8]| matches!(two, b"${" | b"{{" | b"<%" | b"$(" | b"__");
    rest.windows(2).position(opens).map(|at| from + at)
}

/// The placeholder that begins at `at` of `text`.
pub(crate) fn placeholder_at(text: &str, at: usize) -> Option<Placeholder<'_>> {
    let rest = text.get(at..)?;
    let (length, name) = between(rest).or_else(|| underlined(text, at, rest))?;
    let span = Span::new(at, at + length);
    Some(Placeholder { span, written: text.get(span.start..span.end)?, name })
}

fn between(rest: &str) -> Option<(usize, &str)> {
    let (open, close) = MARKS.iter().find(|(open, _)| rest.starts_with(open))?;
    let inner = rest.get(open.len()..)?;
    let end = inner.bytes().take(LONGEST).position(|byte| close.as_bytes().first() == Some(&byte))?;
    let name = inner.get(..end).filter(|_| inner.get(end..).is_some_and(|rest| rest.starts_with(close)))?;
    // A step that strips white space writes `-` or `~` beside its brackets.
    let name = name.trim_matches(['-', '~']).trim();
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '.' | '$'));
    let says = name.bytes().any(|byte| byte.is_ascii_alphanumeric());
    let plain = !name.contains(['{', '}', '\n', '\r']) && (!name.contains('"') || !open.starts_with('$'));
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let narrow = *open != "$(" || name.chars().all(word);
    (begins && says && plain && narrow).then_some((open.len() + end + close.len(), name))
}

/// `__X__`, which stands in no longer word.
fn underlined<'t>(text: &str, at: usize, rest: &'t str) -> Option<(usize, &'t str)> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let before = at.checked_sub(1).and_then(|at| text.as_bytes().get(at));
    let inner = rest.strip_prefix("__").filter(|_| !before.is_some_and(|byte| is_word(*byte)))?;
    let word = inner.bytes().take(LONGEST).position(|byte| !is_word(byte)).unwrap_or(inner.len());
    let name = inner.get(..word)?.strip_suffix("__")?;
    let capital = name.starts_with(|c: char| c.is_ascii_uppercase()) && !name.ends_with('_');
    let all = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    (capital && all).then_some((2 + word, name))
}

/// The word of Cedar's syntax that stands for the name that is filled in for `name`.
pub(crate) fn stand_in(name: &str) -> String {
    let mut word = "__".to_owned();
    for c in name.chars() {
        match c {
            c if c.is_ascii_alphanumeric() || c == '_' => word.push(c),
            c => word.push_str(&format!("_{:x}_", u32::from(c))),
        }
    }
    word.push_str("__");
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&str> {
        placeholders(text).map(|one| one.name).collect()
    }

    #[test]
    fn what_is_filled_in() {
        let text = "a${x}b{{ y }}<%= z %>$(Q.R)__NAME_1__ ${aws_x.y[0].id} {{- .Values.a | quote -}} ${AWS::Region}";
        assert_eq!(names(text), ["x", "y", "z", "Q.R", "NAME_1", "aws_x.y[0].id", ".Values.a | quote", "AWS::Region"]);
        for text in [
            "${}", "${7*7}", "${...}", "{{", "${a", "a__X__", "__x__", "____", "__cedar", "$(a b)", "{ {x} }", "<x>",
            "$x",
        ] {
            assert!(names(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn what_is_cut_off_within_a_character_is_none() {
        assert!(names(&format!("${{é{}", "é".repeat(300))).is_empty());
        assert_eq!(names("é${é} ${e}é"), ["e"]);
    }
}
