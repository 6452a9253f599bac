//! Where a statement cannot be read for what is filled in and not known.

use crate::text::Span;
use crate::text::templating::{is_templated, placeholder_at, placeholders};
use crate::text::tokens::{Token, spanned, words};

/// Something in a statement without which it cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::repo) struct Hole {
    /// Where, in the statement.
    pub(in crate::repo) span: Span,
    /// How it is written.
    pub(in crate::repo) written: String,
}

/// Functions whose argument Cedar reads when it reads the policy.
const READ_AT_ONCE: [&str; 4] = ["ip", "decimal", "datetime", "duration"];

/// What of `statement` cannot be read: code that is filled in, the id of an action, which the schema has to declare,
/// and what a function takes apart. Other strings are read as they are written.
pub(in crate::repo) fn holes(statement: &str) -> Vec<Hole> {
    let mut found = Vec::new();
    if !is_templated(statement) {
        return found;
    }
    let made = |span: Span| Hole { span, written: statement.get(span.start..span.end).unwrap_or_default().to_owned() };
    let mut before: [Option<Token<'_>>; 2] = [None, None];
    for (token, span) in spanned(statement) {
        match token {
            Token::Text(text) => {
                let action = matches!(before, [Some(Token::Word("Action")), Some(Token::Colons)]);
                let taken_apart = matches!(before, [Some(Token::Word(name)), Some(Token::Symbol(b'('))] if READ_AT_ONCE.contains(&name));
                if action || taken_apart {
                    let inner = placeholders(text);
                    found.extend(inner.map(|one| made(one.span.shifted(span.start + 1))));
                }
            }
            // `__X__` in code is a word as it is.
            Token::Symbol(b'$' | b'{' | b'<') => {
                found.extend(placeholder_at(statement, span.start).map(|one| made(one.span)));
            }
            Token::Word(_) | Token::Colons | Token::Symbol(_) => {}
        }
        before = [before[1], Some(token)];
    }
    found
}

/// The words of the code of `text` that stand for names that are filled in.
pub(in crate::repo) fn stand_ins(text: &str) -> impl Iterator<Item = &str> {
    // Hardly any text has one, and to take it apart takes its time.
    let text = if text.contains("__") { text } else { "" };
    words(text).filter(|word| word.len() > 4 && word.starts_with("__") && word.ends_with("__"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_action_ids_and_what_is_taken_apart_cannot_be_read() {
        for (text, written) in [
            ("permit(principal == ${who}, action, resource);", "${who}"),
            ("permit(principal, action == Action::\"{{ a }}\", resource);", "{{ a }}"),
            ("permit(principal, action, resource) when { context.ip.isInRange(ip(\"${cidr}\")) };", "${cidr}"),
            ("permit(principal, action, resource) when { context.n > <%= n %> };", "<%= n %>"),
            ("{{- .Files.Get \"a.cedar\" | nindent 4 }}", "{{- .Files.Get \"a.cedar\" | nindent 4 }}"),
        ] {
            let found = holes(text);
            assert_eq!(found.iter().map(|hole| hole.written.as_str()).collect::<Vec<_>>(), [written]);
        }
        for text in [
            "@id(\"${x}\") permit(principal == User::\"${x}\", action, resource) when { \"$(Y)\" == context.y }; // ${z}",
            "permit(principal is __NS__::User, action, resource) when { {a: {b: 1}} == context.x };",
        ] {
            assert_eq!(holes(text), [], "{text}");
        }
    }
}
