//! Tokens of a statement that Cedar refuses, each with its place: also those that Cedar does not have.

use crate::text::Span;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::repo) enum Kind {
    /// Letters, digits and `_`, not beginning with a digit.
    Word,
    /// Digits.
    Number,
    /// Text between double quotes.
    Text,
    /// Text between quotes that Cedar does not have.
    Quoted,
    /// Text whose quote is never closed.
    Unclosed,
    /// A comment that Cedar does not have.
    Comment,
    /// An operator, a bracket, or whatever else.
    Sign,
}

/// In which part of a policy a token stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Annotations and effect.
    Head,
    /// Between the brackets after the effect.
    Scope,
    /// After these, between no brackets.
    Tail,
    /// Between brackets after these.
    Body,
}

/// One token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind,
    pub(super) text: &'t str,
    pub(super) span: Span,
    pub(super) part: Part,
    /// Where the bracket that it stands in opens, by number of token; a bracket stands in the one around it.
    pub(super) within: Option<usize>,
    /// Of a bracket: its other half, by number of token.
    pub(super) other: Option<usize>,
}

impl Token<'_> {
    /// Whether it is the sign `text`.
    pub(super) fn is(&self, text: &str) -> bool {
        self.kind == Kind::Sign && self.text == text
    }

    /// Whether it is the word `text`.
    pub(super) fn is_word(&self, text: &str) -> bool {
        self.kind == Kind::Word && self.text == text
    }

    /// Whether an expression can end with it.
    pub(super) fn ends_operand(&self) -> bool {
        match self.kind {
            Kind::Word => !OPERATOR_WORDS.contains(&self.text),
            Kind::Number | Kind::Text | Kind::Quoted | Kind::Unclosed => true,
            Kind::Sign => matches!(self.text, ")" | "]" | "}"),
            Kind::Comment => false,
        }
    }

    /// Whether an expression can begin with it.
    pub(super) fn begins_operand(&self) -> bool {
        match self.kind {
            Kind::Word => !OPERATOR_WORDS.contains(&self.text) || self.text == "if",
            Kind::Number | Kind::Text | Kind::Quoted | Kind::Unclosed => true,
            Kind::Sign => matches!(self.text, "(" | "[" | "{" | "!" | "-"),
            Kind::Comment => false,
        }
    }
}

/// Words that stand between operands.
const OPERATOR_WORDS: [&str; 7] = ["in", "has", "like", "is", "if", "then", "else"];

/// Signs of more than one character, longer ones first.
const SIGNS: [&str; 26] = [
    "===", "!==", "&&&", "|||", "<=>", "==", "!=", "<=", ">=", "=>", "=<", "<>", "=~", "~=", "!~", "&&", "||", "::",
    ":=", "?.", "??", "**", "->", "+=", "-=", "..",
];

/// Quotes that Cedar does not have: how they open and close.
const QUOTES: [(char, char); 7] = [
    ('\'', '\''),
    ('`', '`'),
    ('\u{201c}', '\u{201d}'),
    ('\u{201d}', '\u{201d}'),
    ('\u{201e}', '\u{201c}'),
    ('\u{2018}', '\u{2019}'),
    ('\u{ab}', '\u{bb}'),
];

/// What stands at `text`'s beginning: kind and length in bytes; white space and Cedar's comments are `None` with
/// theirs.
pub(in crate::repo) fn lexeme(text: &str, over_lines: bool) -> (Option<Kind>, usize) {
    let Some(first) = text.chars().next() else { return (None, 0) };
    let line = || text.find(['\n', '\r']).unwrap_or(text.len());
    let run = |wanted: &dyn Fn(char) -> bool| text.find(|c| !wanted(c)).unwrap_or(text.len());
    match first {
        c if c.is_whitespace() => (None, run(&char::is_whitespace)),
        '/' if text.starts_with("//") => (None, line()),
        '/' if text.starts_with("/*") => (Some(Kind::Comment), text.find("*/").map_or_else(line, |end| end + 2)),
        '#' => (Some(Kind::Comment), line()),
        '"' => string(text, over_lines),
        '?' if text.chars().nth(1).is_some_and(char::is_alphabetic) => (
            Some(Kind::Word),
            1 + text
                .get(1..)
                .and_then(|rest| rest.find(|c: char| !c.is_alphanumeric() && c != '_'))
                .unwrap_or(text.len() - 1),
        ),
        c if c.is_alphabetic() || c == '_' => (Some(Kind::Word), run(&|c| c.is_alphanumeric() || c == '_')),
        c if c.is_ascii_digit() => (Some(Kind::Number), run(&|c| c.is_ascii_digit())),
        c => {
            if let Some((open, close)) = QUOTES.iter().find(|(open, _)| *open == c) {
                let rest = text.get(open.len_utf8()..line()).unwrap_or_default();
                if let Some(end) = rest.find(*close) {
                    return (Some(Kind::Quoted), open.len_utf8() + end + close.len_utf8());
                }
            }
            let sign = SIGNS.iter().find(|sign| text.starts_with(**sign)).map_or(c.len_utf8(), |sign| sign.len());
            (Some(Kind::Sign), sign)
        }
    }
}

/// A string of Cedar, which may run `over_lines`. One that is never closed ends before the sign that most likely
/// follows it on its line.
fn string(text: &str, over_lines: bool) -> (Option<Kind>, usize) {
    let line = text.find('\n').map_or(text, |end| text.get(..end).unwrap_or(text));
    let within = if over_lines { text } else { line };
    let mut escaped = false;
    for (at, c) in within.char_indices().skip(1) {
        if c == '"' && !escaped {
            return (Some(Kind::Text), at + 1);
        }
        escaped = c == '\\' && !escaped;
    }
    let inner = line.get(1..).unwrap_or_default();
    let end = inner.find([',', ')', ']', '}', ';', '&', '|']).unwrap_or(inner.len());
    (Some(Kind::Unclosed), 1 + inner.get(..end).unwrap_or_default().trim_end().len())
}

/// The length of the string that `text` begins with, which ends with its line.
pub(in crate::repo) fn string_length(text: &str) -> usize {
    string(text, false).1.max(1)
}

/// Of more tokens it is not said where they stand.
pub(super) const MOST: usize = 4_000;

/// The tokens of `statement`, whose strings may run `over_lines` or end with their line.
pub(super) fn tokens(statement: &str, over_lines: bool) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = statement.get(at..).filter(|rest| !rest.is_empty()) {
        let (kind, length) = lexeme(rest, over_lines);
        let span = Span::new(at, at + length.max(1));
        at = span.end;
        if let Some(kind) = kind {
            let text = statement.get(span.start..span.end).unwrap_or_default();
            found.push(Token { kind, text, span, part: Part::Head, within: None, other: None });
        }
    }
    if found.len() > MOST {
        return found;
    }
    pair_brackets(&mut found);
    tell_parts(&mut found);
    found
}

/// Says of every token which bracket it stands in, and of every bracket where its other half is. A closing bracket that
/// fits none but an outer one leaves those within unclosed.
fn pair_brackets(tokens: &mut [Token<'_>]) {
    let mut open: Vec<(usize, &str)> = Vec::new();
    for at in 0..tokens.len() {
        let Some(token) = tokens.get(at).copied() else { continue };
        let bracket = if token.kind == Kind::Sign { token.text } else { "" };
        let opening = match bracket {
            ")" => "(",
            "]" => "[",
            "}" => "{",
            _ => "",
        };
        let fits = open.iter().rposition(|(_, text)| *text == opening);
        if let Some((other, _)) = fits.and_then(|fits| open.drain(fits..).next()) {
            if let Some(half) = tokens.get_mut(other) {
                half.other = Some(at);
            }
            if let Some(token) = tokens.get_mut(at) {
                token.other = Some(other);
            }
        }
        if let Some(token) = tokens.get_mut(at) {
            token.within = open.last().map(|(at, _)| *at);
        }
        if matches!(bracket, "(" | "[" | "{") {
            open.push((at, token.text));
        }
    }
}

/// Says of every token in which part of the policy it stands.
fn tell_parts(tokens: &mut [Token<'_>]) {
    let outer = |token: &Token<'_>| token.within.is_none();
    let key = |at: usize| at.checked_sub(1).and_then(|at| tokens.get(at)).is_some_and(|before| before.is("@"));
    let effect = tokens.iter().enumerate().position(|(at, token)| token.kind == Kind::Word && outer(token) && !key(at));
    let scope = effect.and_then(|effect| {
        let mut after = tokens.iter().enumerate().skip(effect + 1);
        after.find(|(at, token)| token.is("(") && outer(token) && !at.checked_sub(1).is_some_and(key)).map(|(at, _)| at)
    });
    let Some(scope) = scope else { return };
    let ends = |token: &Token<'_>| token.is_word("when") || token.is_word("unless") || token.is(";") || token.is("{");
    let mut after = tokens.iter().enumerate().skip(scope);
    let guessed = || after.find(|(_, token)| ends(token)).map_or(tokens.len(), |(at, _)| at);
    let end = tokens.get(scope).and_then(|token| token.other).unwrap_or_else(guessed);
    for (at, token) in tokens.iter_mut().enumerate() {
        token.part = match token.within {
            _ if at < scope => Part::Head,
            _ if at > scope && at < end => Part::Scope,
            None => Part::Tail,
            Some(within) if within == scope => Part::Tail,
            Some(_) => Part::Body,
        };
    }
}
