//! What somebody wrote for something that Cedar has, and what a detector sees of a statement.

use super::scan::{Kind, Part, Token};
use crate::text::Span;

/// A mistake, its place, and how the text would read without it.
#[derive(Debug, Clone)]
pub(super) struct Slip {
    /// Where, in the statement.
    pub(super) span: Span,
    /// One plain sentence.
    pub(super) message: String,
    /// What to write.
    pub(super) help: String,
    /// What makes the rest readable: it need not be what was meant.
    pub(super) edits: Vec<(Span, String)>,
}

impl Slip {
    /// The mistake at `span`, which reads `instead` when it is gone.
    pub(super) fn new(
        span: Span,
        instead: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { span, message: message.into(), help: help.into(), edits: vec![(span, instead.into())] }
    }

    /// The same, where other text than the place of the mistake changes.
    pub(super) fn edited(mut self, span: Span, instead: impl Into<String>) -> Self {
        self.edits = vec![(span, instead.into())];
        self
    }

    /// The same, where more text changes.
    pub(super) fn and(mut self, span: Span, instead: impl Into<String>) -> Self {
        self.edits.push((span, instead.into()));
        self
    }
}

/// A statement and its tokens.
pub(super) struct Look<'t> {
    pub(super) text: &'t str,
    pub(super) tokens: Vec<Token<'t>>,
}

impl<'t> Look<'t> {
    /// The token of number `at`.
    pub(super) fn at(&self, at: usize) -> Option<&Token<'t>> {
        self.tokens.get(at)
    }

    /// The token `by` before that of number `at`.
    pub(super) fn before(&self, at: usize, by: usize) -> Option<&Token<'t>> {
        self.tokens.get(at.checked_sub(by)?)
    }

    /// Whether the token of number `at` is the sign `text`.
    pub(super) fn sign(&self, at: usize, text: &str) -> bool {
        self.at(at).is_some_and(|token| token.is(text))
    }

    /// Whether the token before that of number `at` is one of the signs `texts`.
    pub(super) fn follows(&self, at: usize, texts: &[&str]) -> bool {
        self.before(at, 1).is_some_and(|token| token.kind == Kind::Sign && texts.contains(&token.text))
    }

    /// Whether the token of number `at` stands in a condition.
    pub(super) fn in_body(&self, at: usize) -> bool {
        self.at(at).is_some_and(|token| token.part == Part::Body)
    }

    /// Where the bracket that the token of number `at` stands in closes.
    pub(super) fn closing(&self, at: usize) -> Option<usize> {
        let open = self.at(self.at(at)?.within?)?;
        Some(self.at(open.other?)?.span.start)
    }

    /// The text from the token of number `from` to that of number `to`, both included; none where it is long.
    pub(super) fn short(&self, from: usize, to: usize) -> Option<&'t str> {
        const SHORT: usize = 70;
        let span = self.span(from, to)?;
        self.text.get(span.start..span.end).filter(|text| text.len() <= SHORT && !text.contains('\n'))
    }

    /// Where the tokens from number `from` to number `to` stand.
    pub(super) fn span(&self, from: usize, to: usize) -> Option<Span> {
        Some(Span::new(self.at(from)?.span.start, self.at(to)?.span.end))
    }

    /// The number of the last token of the operand that begins with that of number `at`: a word with what is read of
    /// it, a text, or all that stands between brackets.
    pub(super) fn operand_end(&self, at: usize) -> usize {
        let mut end = at;
        while self.at(end).is_some_and(|token| matches!(token.text, "!" | "-") && token.kind == Kind::Sign) {
            end += 1;
        }
        end = self.at(end).and_then(|token| token.other).filter(|other| *other > end).unwrap_or(end);
        loop {
            let next = self.at(end + 1);
            end = match next.map(|token| token.text) {
                Some("." | "::") if next.is_some_and(|token| token.kind == Kind::Sign) => end + 2,
                Some("(" | "[") => match next.and_then(|token| token.other) {
                    Some(other) => other,
                    None => return end,
                },
                _ => return end.min(self.tokens.len().saturating_sub(1)),
            };
        }
    }

    /// The number of the first token of the operand that ends with that of number `at`.
    pub(super) fn operand_start(&self, at: usize) -> usize {
        let mut start = at;
        loop {
            start = self.at(start).and_then(|token| token.other).filter(|other| *other < start).unwrap_or(start);
            let before = self.before(start, 1);
            let joined = before.is_some_and(|token| token.is(".") || token.is("::"));
            let called = self.at(start).is_some_and(|token| token.is("(") || token.is("["))
                && before.is_some_and(|token| token.ends_operand());
            match (joined, called) {
                (true, _) => start = start.saturating_sub(2),
                (_, true) => start = start.saturating_sub(1),
                _ => return start,
            }
        }
    }
}
