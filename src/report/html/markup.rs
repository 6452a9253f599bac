//! Markup, written so that nothing that is not ours can be taken for it.
//!
//! # Why
//!
//! Names, policies and messages come from strangers. What is written as it is has to be `&'static str`, words of this
//! program; everything else goes through [`escaped`], the only owner of what HTML takes for more than text. The page is
//! XML as well, so that a test can hold it to that.

use std::fmt::Write as _;

use crate::report::changes::Phrase;
use crate::text::{inline, is_deceptive};

/// Longest name or sentence, in characters.
const LONGEST: usize = 4_000;

/// A page, or a part of one, that is being written.
#[derive(Debug, Default)]
pub(super) struct Markup {
    out: String,
}

impl Markup {
    /// Markup of ours, as it is.
    pub(super) fn raw(&mut self, ours: &'static str) -> &mut Self {
        self.out.push_str(ours);
        self
    }

    /// Begins an element with attributes, whose values may be anybody's. One without a value is left out, unless it is
    /// a mark of its own (`data-`).
    pub(super) fn open(&mut self, tag: &'static str, attributes: &[(&'static str, &str)]) -> &mut Self {
        self.begin(tag, attributes);
        self.out.push('>');
        self
    }

    /// An element that has attributes and no end.
    pub(super) fn void(&mut self, tag: &'static str, attributes: &[(&'static str, &str)]) -> &mut Self {
        self.begin(tag, attributes);
        self.out.push_str("/>\n");
        self
    }

    fn begin(&mut self, tag: &'static str, attributes: &[(&'static str, &str)]) {
        self.out.push('<');
        self.out.push_str(tag);
        for (name, value) in attributes.iter().filter(|(name, value)| !value.is_empty() || name.starts_with("data-")) {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            self.out.push_str(&escaped(&inline(value)));
            self.out.push('"');
        }
    }

    /// Ends it.
    pub(super) fn close(&mut self, tag: &'static str) -> &mut Self {
        self.out.push_str("</");
        self.out.push_str(tag);
        self.out.push('>');
        self
    }

    /// Text on one line, of bounded length.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        let shown = inline(text);
        match shown.char_indices().nth(LONGEST) {
            Some((at, _)) => {
                self.out.push_str(&escaped(shown.get(..at).unwrap_or_default()));
                self.out.push_str(" ...");
            }
            None => self.out.push_str(&escaped(&shown)),
        }
        self
    }

    /// A number.
    pub(super) fn number(&mut self, number: usize) -> &mut Self {
        // Writing to a string cannot fail.
        let _ = write!(self.out, "{number}");
        self
    }

    /// A name.
    pub(super) fn code(&mut self, text: &str) -> &mut Self {
        self.raw("<code>").text(text).raw("</code>")
    }

    /// A sentence that has names between backticks, which are code.
    pub(super) fn prose(&mut self, text: &str) -> &mut Self {
        let parts: Vec<&str> = text.split('`').collect();
        if parts.len().is_multiple_of(2) {
            return self.text(text);
        }
        for (at, part) in parts.into_iter().enumerate() {
            if at % 2 == 1 {
                self.code(part)
            } else {
                self.text(part)
            };
        }
        self
    }

    /// A sentence in pieces.
    pub(super) fn phrase(&mut self, phrase: &Phrase) -> &mut Self {
        let name = |text: &str| {
            let mut markup = Self::default();
            markup.code(text);
            markup.out
        };
        let words = |text: &str| escaped(&inline(text));
        self.out.push_str(&phrase.render_with(words, name, words));
        self
    }

    /// A piece of a line of a file: as it is, but for what could mislead.
    pub(super) fn source(&mut self, text: &str) -> &mut Self {
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| is_deceptive(c) && c != '\t') {
            let (before, after) = rest.split_at(at);
            self.out.push_str(&escaped(before));
            let mut chars = after.chars();
            // A carriage return ends lines, and is nothing to see.
            if let Some(c) = chars.next().filter(|c| *c != '\r') {
                self.raw("<span class=\"hidden-character\">").text(&c.to_string()).raw("</span>");
            }
            rest = chars.as_str();
        }
        self.out.push_str(&escaped(rest));
        self
    }

    /// Text of several lines, each ended by a newline.
    pub(super) fn lines(&mut self, text: &str) -> &mut Self {
        for line in text.lines() {
            self.source(line).raw("\n");
        }
        self
    }

    /// A link within the page to what has this id, or its text alone where there is none.
    pub(super) fn link(&mut self, to: Option<&str>, text: impl FnOnce(&mut Self)) -> &mut Self {
        match to {
            Some(to) => {
                self.open("a", &[("href", &format!("#{to}"))]);
                text(self);
                self.close("a")
            }
            None => {
                text(self);
                self
            }
        }
    }

    /// What was written.
    pub(super) fn finish(self) -> String {
        self.out
    }

    /// Adds what was written apart.
    pub(super) fn append(&mut self, other: Self) -> &mut Self {
        self.out.push_str(&other.out);
        self
    }
}

/// `text` for element content and attribute values in double quotes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // No character of XML, and nothing to see.
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(of: impl FnOnce(&mut Markup)) -> String {
        let mut markup = Markup::default();
        of(&mut markup);
        markup.finish()
    }

    #[test]
    fn nothing_of_a_text_is_markup() {
        let hostile = "<script>alert('1')</script>\"><img onerror=x>&amp;";
        for text in [
            written(|out| _ = out.text(hostile)),
            written(|out| _ = out.code(hostile)),
            written(|out| _ = out.prose(hostile)),
            written(|out| _ = out.source(hostile)),
            written(|out| _ = out.lines(hostile)),
            written(|out| _ = out.open("p", &[("title", hostile)])),
        ] {
            let inner = text.replace("<code>", "").replace("</code>", "").replace("<p title=\"", "").replace("\">", "");
            assert!(!inner.contains(['<', '>', '"', '\'']), "{text}");
        }
    }

    #[test]
    fn what_could_mislead_is_written_out() {
        assert_eq!(written(|out| _ = out.text("a\u{202e}b\0")), "a\\u{202e}b\\u{0}");
        assert_eq!(
            written(|out| _ = out.source("\ta\u{202e}b\r")),
            "\ta<span class=\"hidden-character\">\\u{202e}</span>b"
        );
    }

    #[test]
    fn names_of_a_sentence_are_code() {
        assert_eq!(written(|out| _ = out.prose("policy `a<b` is")), "policy <code>a&lt;b</code> is");
        assert_eq!(written(|out| _ = out.prose("odd ` tick")), "odd ` tick");
    }
}
