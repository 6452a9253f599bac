//! From a stream of bytes to pieces of whole lines, with the digest of all of it.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// About so many bytes make a piece.
const PIECE: u64 = 1 << 20;

/// A line, or a value of several lines, that is longer is not read, in bytes.
const LONGEST: usize = 64 << 20;

/// How a piece is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// A record a line.
    Lines,
    /// Values that may be of several lines each.
    Values,
    /// What is left of a line that is too long.
    TooLong,
}

/// Some lines of a log.
#[derive(Debug)]
pub(super) struct Piece {
    /// The number of the first one, from 1.
    pub(super) line: u64,
    pub(super) bytes: Vec<u8>,
    pub(super) layout: Layout,
}

/// A log, piece by piece.
pub(super) struct Pieces<'r> {
    source: &'r mut dyn Read,
    digest: Sha256,
    bytes: u64,
    buffer: Vec<u8>,
    line: u64,
    begun: bool,
    ended: bool,
    /// Whether the rest of a line that is too long is passed over.
    skipping: bool,
    /// Why the rest was not read.
    cut: Option<io::Error>,
}

/// What is known of a log when all of it was read.
pub(super) struct Whole {
    pub(super) digest: String,
    pub(super) bytes: u64,
    pub(super) cut: Option<String>,
}

impl<'r> Pieces<'r> {
    pub(super) fn new(source: &'r mut dyn Read) -> Self {
        Self {
            source,
            digest: Sha256::new(),
            bytes: 0,
            buffer: Vec::new(),
            line: 1,
            begun: false,
            ended: false,
            skipping: false,
            cut: None,
        }
    }

    /// Reads on.
    fn fill(&mut self) {
        let before = self.buffer.len();
        // What was read before an error stays in the buffer.
        match (&mut self.source).take(PIECE).read_to_end(&mut self.buffer) {
            Ok(count) => self.ended = count == 0,
            Err(error) => {
                self.cut = Some(error);
                self.ended = true;
            }
        }
        let new = self.buffer.get(before..).unwrap_or_default();
        self.digest.update(new);
        self.bytes += u64::try_from(new.len()).unwrap_or_default();
    }

    /// The next piece; none at the end.
    pub(super) fn next(&mut self) -> Option<Piece> {
        if !self.begun {
            self.begun = true;
            self.fill();
            if self.buffer.starts_with(b"\xef\xbb\xbf") {
                self.buffer.drain(..3);
            }
            if opens_alone(&self.buffer) {
                while !self.ended && self.buffer.len() <= LONGEST {
                    self.fill();
                }
                if self.ended {
                    return Some(self.piece(self.buffer.len(), Layout::Values));
                }
            }
        }
        loop {
            if let Some(at) = memchr::memrchr(b'\n', &self.buffer) {
                if self.skipping {
                    let end = memchr::memchr(b'\n', &self.buffer).unwrap_or(at);
                    self.skipping = false;
                    return Some(self.piece(end + 1, Layout::TooLong));
                }
                return Some(self.piece(at + 1, Layout::Lines));
            }
            if self.ended {
                let (all, layout) = (self.buffer.len(), if self.skipping { Layout::TooLong } else { Layout::Lines });
                let last = all > 0 || self.skipping;
                self.skipping = false;
                return last.then(|| self.piece(all, layout));
            }
            if self.buffer.len() > LONGEST || self.skipping {
                self.skipping = true;
                self.buffer.clear();
            }
            self.fill();
        }
    }

    /// The first `length` bytes of what is read.
    fn piece(&mut self, length: usize, layout: Layout) -> Piece {
        let rest = self.buffer.split_off(length.min(self.buffer.len()));
        let bytes = std::mem::replace(&mut self.buffer, rest);
        let lines = memchr::memchr_iter(b'\n', &bytes).count();
        let line = self.line;
        self.line += u64::try_from(lines).unwrap_or_default();
        Piece { line, bytes: if layout == Layout::TooLong { Vec::new() } else { bytes }, layout }
    }

    /// What is known now that all of it was read.
    pub(super) fn whole(self) -> Whole {
        let digest = self.digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Whole { digest, bytes: self.bytes, cut: self.cut.map(|error| error.to_string()) }
    }
}

/// Whether the first line begins a list, or is nothing but the beginning of an object: values may be laid out over
/// several lines.
fn opens_alone(bytes: &[u8]) -> bool {
    let first = bytes.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default();
    first.trim_ascii() == b"{" || first.starts_with(b"[")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &[u8]) -> (Vec<Piece>, Whole) {
        let mut source = text;
        let mut pieces = Pieces::new(&mut source);
        let mut all = Vec::new();
        while let Some(piece) = pieces.next() {
            all.push(piece);
        }
        (all, pieces.whole())
    }

    #[test]
    fn pieces_are_of_whole_lines_and_lose_none() {
        let line = format!("{}\n", "x".repeat(999));
        let text = line.repeat(5_000) + "last";
        let (all, whole) = pieces(text.as_bytes());
        assert!(all.len() > 3);
        let mut at = 1;
        let mut joined: Vec<u8> = Vec::new();
        for piece in &all {
            assert_eq!((piece.line, piece.layout), (at, Layout::Lines));
            at += piece.bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
            joined.extend(&piece.bytes);
        }
        assert!(joined == text.as_bytes());
        assert_eq!(whole.bytes, text.len() as u64);
    }

    #[test]
    fn a_line_that_is_too_long_is_one_piece_and_the_rest_goes_on() {
        let mut text = vec![b'x'; LONGEST + 2 * PIECE as usize];
        text.extend(b"\nafter\n");
        let (all, _) = pieces(&text);
        let layouts: Vec<_> = all.iter().map(|piece| (piece.layout, piece.line)).collect();
        assert_eq!(layouts, [(Layout::TooLong, 1), (Layout::Lines, 2)]);
        assert_eq!(all[1].bytes, b"after\n");
    }

    #[test]
    fn values_of_several_lines_are_one_piece() {
        let (all, _) = pieces(b"\xef\xbb\xbf{\n  \"a\": 1\n}\n{\n}\n");
        assert_eq!((all.len(), all[0].layout), (1, Layout::Values));
        let (all, _) = pieces(b"{\"a\": 1}\n{\n}\n");
        assert_eq!(all[0].layout, Layout::Lines);
    }
}
