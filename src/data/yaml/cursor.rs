//! Where the parser is, in bytes of the file.

use saphyr_parser::Span as Marks;

use crate::text::Span;

/// From the parser's counts of characters to bytes; places come nearly in order.
pub(super) struct Cursor<'t> {
    text: &'t str,
    ascii: bool,
    chars: usize,
    bytes: usize,
    /// What [`Self::span`] gave last.
    pub(super) last: Span,
}

impl<'t> Cursor<'t> {
    /// At the `start` of `text`, where the parser begins to count.
    pub(super) fn new(text: &'t str, start: usize) -> Self {
        Self { text, ascii: text.is_ascii(), chars: 0, bytes: start, last: Span::at(0) }
    }

    /// The byte of the file at which the parser has read `chars` characters.
    pub(super) fn byte(&mut self, chars: usize) -> usize {
        if self.ascii {
            return chars.min(self.text.len());
        }
        while self.chars < chars {
            let Some(next) = self.text.get(self.bytes..).and_then(|rest| rest.chars().next()) else { break };
            self.bytes += next.len_utf8();
            self.chars += 1;
        }
        while self.chars > chars {
            let Some(before) = self.text.get(..self.bytes).and_then(|rest| rest.chars().next_back()) else { break };
            self.bytes -= before.len_utf8();
            self.chars -= 1;
        }
        self.bytes
    }

    /// What stands between `marks`, without the white space at its end.
    pub(super) fn span(&mut self, marks: &Marks) -> Span {
        let start = self.byte(marks.start.index());
        let end = self.byte(marks.end.index());
        // A block ends where the next token begins, with the white space before it.
        let text = self.text.get(start..end.max(start)).unwrap_or_default();
        self.last = Span::new(start, start + text.trim_end().len());
        self.last
    }
}
