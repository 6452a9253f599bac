//! A sentence in pieces: our words, and words that an attacker may have chosen, which each format escapes in its way.

/// One piece.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// Ours.
    Ours(String),
    /// Somebody else's, shown as a quoted name.
    Name(String),
    /// Somebody else's, read as a word of the sentence.
    Word(String),
}

/// A sentence without its full stop.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::report) struct Phrase(Vec<Piece>);

impl Phrase {
    /// Words of ours.
    pub(super) fn of(text: &str) -> Self {
        Self::default().say(text)
    }

    /// Adds words of ours.
    pub(super) fn say(mut self, text: &str) -> Self {
        self.0.push(Piece::Ours(text.to_owned()));
        self
    }

    /// Adds the name of something.
    pub(super) fn name(mut self, text: &str) -> Self {
        self.0.push(Piece::Name(text.to_owned()));
        self
    }

    /// What it is the name of, if it is nothing else.
    pub(super) fn as_name(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Piece::Name(name)] => Some(name),
            _ => None,
        }
    }

    /// Adds a word that is not ours.
    pub(super) fn word(mut self, text: &str) -> Self {
        self.0.push(Piece::Word(text.to_owned()));
        self
    }

    /// Adds another phrase.
    pub(super) fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// `a`, `a or b`, `a, b or c`, with `last` for `or`.
    pub(super) fn listed(all: Vec<Self>, last: &str) -> Self {
        let count = all.len();
        let mut out = Self::default();
        for (at, one) in all.into_iter().enumerate() {
            if at > 0 {
                out = if at + 1 == count { out.say(" ").say(last).say(" ") } else { out.say(", ") };
            }
            out = out.then(one);
        }
        out
    }

    /// The text, names between backticks, which no name can leave: a backtick in one is written as Cedar's escape.
    /// Whoever shows the text makes it harmless where it is shown.
    pub(in crate::report) fn plain(&self) -> String {
        self.render(|name| format!("`{}`", name.replace('`', "\\u{60}")), str::to_owned)
    }

    /// The text, with `name` and `word` making harmless what is not ours.
    pub(in crate::report) fn render(&self, name: impl Fn(&str) -> String, word: impl Fn(&str) -> String) -> String {
        self.render_with(str::to_owned, name, word)
    }

    /// The same, with `ours` for our own words, where these have to be made fit as well.
    pub(in crate::report) fn render_with(
        &self,
        ours: impl Fn(&str) -> String,
        name: impl Fn(&str) -> String,
        word: impl Fn(&str) -> String,
    ) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Ours(text) => ours(text),
            Piece::Name(text) => name(text),
            Piece::Word(text) => word(text),
        };
        self.0.iter().map(piece).collect()
    }
}
