//! Text inside of other files: what a place in it is in the file that carries it.

use super::span::Span;

/// From the bytes of an embedded text to the bytes of its carrier, piece by piece in the order of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextMap {
    pieces: Vec<Piece>,
    len: usize,
    /// What is filled in when the text is used, as it stands in the text.
    fills: Vec<Span>,
}

/// What stands in the carrier for the bytes from `from` to the next piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    from: usize,
    outer: Span,
    /// Whether the bytes are the carrier's, one by one. Else all of them stand for the whole of `outer`.
    same: bool,
}

impl TextMap {
    /// What stands in the carrier for `span` of the text: all of what its first byte stands for, up to all of what its
    /// last does.
    #[must_use]
    pub fn outer(&self, span: Span) -> Span {
        let (start, end) = (span.start.min(self.len), span.end.min(self.len));
        if start < end {
            // What a carrier repeats or puts together anew need not stand there in this order.
            let (first, last) = (self.byte(start), self.byte(end - 1));
            return Span::new(first.start.min(last.start), first.end.max(last.end));
        }
        match (start < self.len, self.pieces.last()) {
            (true, _) => Span::at(self.byte(start).start),
            (false, Some(last)) => Span::at(last.outer.end),
            (false, None) => Span::default(),
        }
    }

    /// Whether something in `span` is filled in when the text is used.
    #[must_use]
    pub fn fills(&self, span: Span) -> bool {
        self.fills.iter().any(|fill| fill.start < span.end && span.start < fill.end)
    }

    /// What the byte at `at` stands for.
    fn byte(&self, at: usize) -> Span {
        let next = self.pieces.partition_point(|piece| piece.from <= at);
        match self.pieces.get(next.saturating_sub(1)) {
            Some(piece) if piece.same => {
                Span::new(piece.outer.start + at - piece.from, piece.outer.start + at - piece.from + 1)
            }
            Some(piece) => piece.outer,
            None => Span::default(),
        }
    }

    fn push(&mut self, len: usize, outer: Span, same: bool) {
        if len == 0 {
            return;
        }
        match self.pieces.last_mut() {
            Some(last) if same && last.same && last.outer.end == outer.start => last.outer.end = outer.end,
            _ => self.pieces.push(Piece { from: self.len, outer, same }),
        }
        self.len += len;
    }
}

/// A text that is made of parts of a carrier, with where they stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapped {
    text: String,
    map: TextMap,
}

impl Mapped {
    /// `text`, all of which stands for `outer`.
    #[must_use]
    pub fn whole(text: &str, outer: Span) -> Self {
        let mut mapped = Self::default();
        mapped.push_as(text, outer);
        mapped
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands in the carrier for `span` of the text.
    #[must_use]
    pub fn outer(&self, span: Span) -> Span {
        self.map.outer(span)
    }

    /// Adds `text`, which stands as it is at `start` of the carrier.
    pub fn push_same(&mut self, text: &str, start: usize) {
        self.map.push(text.len(), Span::new(start, start + text.len()), true);
        self.text.push_str(text);
    }

    /// Adds `text`, which is written otherwise at `outer`: an escape, a line end.
    pub fn push_as(&mut self, text: &str, outer: Span) {
        self.map.push(text.len(), outer, false);
        self.text.push_str(text);
    }

    /// Adds the `span` of `other`, with its places.
    pub fn push_part(&mut self, other: &Self, span: Span) {
        let text = other.text.get(span.start..span.end).unwrap_or_default();
        let end = span.start + text.len();
        let mut at = span.start;
        while at < end {
            let next = other.map.pieces.partition_point(|piece| piece.from <= at);
            let stop = other.map.pieces.get(next).map_or(end, |piece| piece.from.min(end));
            let same = other.map.pieces.get(next.saturating_sub(1)).is_some_and(|piece| piece.same);
            self.map.push(stop - at, other.map.outer(Span::new(at, stop)), same);
            at = stop;
        }
        self.text.push_str(text);
    }

    /// Adds all of `other`, with its places.
    pub fn push_all(&mut self, other: &Self) {
        self.push_part(other, Span::new(0, other.text.len()));
    }

    /// Says of `span` of the text that it is filled in when the text is used.
    pub fn mark_filled(&mut self, span: Span) {
        self.map.fills.push(span);
    }

    /// The text and its places apart.
    #[must_use]
    pub fn into_parts(self) -> (String, TextMap) {
        (self.text, self.map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lead_to_what_they_stand_for() {
        // `ab\nc` inside of quotes, written with an escape: "ab\nc" from byte 1.
        let mut mapped = Mapped::default();
        mapped.push_same("ab", 1);
        mapped.push_as("\n", Span::new(3, 5));
        mapped.push_same("c", 5);
        for (span, wanted) in [
            (Span::new(0, 2), Span::new(1, 3)),
            (Span::new(2, 3), Span::new(3, 5)),
            (Span::new(1, 4), Span::new(2, 6)),
            (Span::at(2), Span::at(3)),
            (Span::at(4), Span::at(6)),
            (Span::new(3, 99), Span::new(5, 6)),
        ] {
            assert_eq!(mapped.outer(span), wanted, "{span:?}");
        }
        let mut part = Mapped::default();
        part.push_part(&mapped, Span::new(1, 3));
        assert_eq!(
            (part.text(), part.outer(Span::new(0, 2)), part.outer(Span::new(1, 2))),
            ("b\n", Span::new(2, 5), Span::new(3, 5))
        );
        assert_eq!(Mapped::default().outer(Span::new(0, 9)), Span::default());
    }
}
