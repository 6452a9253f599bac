//! The tokens of a policy with their places.

use std::ops::RangeInclusive;

use crate::finding::Edit;
use crate::repo::Policy;
use crate::text::tokens::{Token, spanned};
use crate::text::{Location, Span, cut, inline};

/// A policy in Cedar's syntax, token by token; comments and white space stand between them.
pub(in crate::lint) struct Layout<'p> {
    /// The policy.
    pub(super) policy: &'p Policy,
    tokens: Vec<(Token<'p>, Span)>,
}

impl<'p> Layout<'p> {
    /// The tokens of `policy`; nothing for one that is written as JSON.
    pub(in crate::lint) fn of(policy: &'p Policy) -> Option<Self> {
        let start = policy.location.span.start;
        let tokens: Vec<_> =
            spanned(policy.location.text()).map(|(token, span)| (token, span.shifted(start))).collect();
        match tokens.first()? {
            (Token::Symbol(b'@') | Token::Word("permit" | "forbid"), _) => Some(Self { policy, tokens }),
            _ => None,
        }
    }

    /// The token at `at`.
    pub(super) fn token(&self, at: usize) -> Option<Token<'p>> {
        self.tokens.get(at).map(|(token, _)| *token)
    }

    /// Whether the token at `at` is `symbol`.
    pub(super) fn is(&self, at: usize, symbol: u8) -> bool {
        self.token(at) == Some(Token::Symbol(symbol))
    }

    /// Whether the tokens at `at` and behind it are the operator of two `symbol`s.
    pub(super) fn is_operator(&self, at: usize, symbol: u8) -> bool {
        self.is(at, symbol) && self.is(at + 1, symbol)
    }

    /// The tokens that `span` holds, which begins and ends with one.
    pub(super) fn within(&self, span: Span) -> Option<RangeInclusive<usize>> {
        let first = self.tokens.iter().position(|(_, token)| token.start == span.start)?;
        let last = self.tokens.iter().rposition(|(_, token)| token.end == span.end)?;
        (first <= last).then_some(first..=last)
    }

    /// The index of the token that begins at `start`.
    pub(super) fn starting_at(&self, start: usize) -> Option<usize> {
        self.tokens.iter().position(|(_, token)| token.start == start)
    }

    /// The tokens from `first` to `last`, with their places.
    pub(super) fn range(&self, first: usize, last: usize) -> &[(Token<'p>, Span)] {
        self.tokens.get(first..=last).unwrap_or_default()
    }

    /// From the beginning of the token at `first` to the end of that at `last`.
    pub(super) fn span(&self, first: usize, last: usize) -> Option<Span> {
        Some(Span::new(self.tokens.get(first)?.1.start, self.tokens.get(last)?.1.end))
    }

    /// The index of the bracket that opens the scope: annotations with brackets of their own may stand before it.
    pub(super) fn scope(&self) -> Option<usize> {
        let is_effect = |at: &usize| {
            let named = at.checked_sub(1).is_some_and(|before| self.is(before, b'@'));
            matches!(self.token(*at), Some(Token::Word("permit" | "forbid"))) && !named
        };
        (0..self.tokens.len()).find(is_effect).map(|effect| effect + 1).filter(|open| self.is(*open, b'('))
    }

    /// The index of what closes the bracket at `open`.
    pub(super) fn closing(&self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for (at, (token, _)) in self.tokens.iter().enumerate().skip(open) {
            match token {
                Token::Symbol(b'(' | b'[' | b'{') => depth += 1,
                Token::Symbol(b')' | b']' | b'}') => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        return Some(at);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// The text of the file at `span`.
    pub(super) fn text(&self, span: Span) -> &'p str {
        self.policy.location.file.slice(span)
    }

    /// Whether a comment stands between the tokens at `at` and behind it.
    pub(super) fn has_comment_after(&self, at: usize) -> bool {
        let (Some((_, one)), Some((_, next))) = (self.tokens.get(at), self.tokens.get(at + 1)) else { return false };
        self.text(Span::new(one.end, next.start)).contains("//")
    }

    /// `text` in the place of `span`.
    pub(super) fn replace(&self, span: Span, text: impl Into<String>) -> Edit {
        Edit::new(Location::new(&self.policy.location.file, span), text)
    }

    /// `span` cut out with the space that would be left over.
    pub(super) fn cut(&self, span: Span) -> Edit {
        self.replace(cut(self.policy.location.file.text(), span), "")
    }
}

/// Longer texts are not quoted.
const QUOTED: usize = 60;

/// `text` in quotes where it is short and on one line, else `otherwise`.
pub(super) fn quoted(text: &str, otherwise: &str) -> String {
    let short = text.chars().count() <= QUOTED && !text.contains(['\n', '`']);
    if short { format!("`{}`", inline(text)) } else { otherwise.to_owned() }
}
