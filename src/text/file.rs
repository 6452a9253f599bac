//! A file's text with its lines, and places in it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::embedded::{Mapped, TextMap};
use super::span::Span;

/// A place in a text as people and formats count it. Lines and columns are 1-based.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line number; a line ends at `\n`.
    pub line: usize,
    /// Column in Unicode code points.
    pub column: usize,
    /// Column in UTF-16 code units.
    pub utf16: usize,
}

/// A file as it was read: its path inside the repository and its text; or a text that stands inside of a file, which
/// carries it.
#[derive(Debug)]
pub struct SourceFile {
    path: String,
    text: String,
    /// Byte offset at which each line starts; never empty.
    lines: OnceLock<Vec<usize>>,
    /// Code points and UTF-16 units before each block of [`BLOCK`] bytes, so that a place in a long line is found at
    /// once.
    blocks: OnceLock<Vec<(usize, usize)>>,
    carrier: Option<Carrier>,
}

/// What an embedded text stands in.
#[derive(Debug)]
struct Carrier {
    file: Arc<SourceFile>,
    name: String,
    number: usize,
    map: TextMap,
}

const BLOCK: usize = 512;

const BOM: &str = "\u{feff}";

impl SourceFile {
    /// A file from its path (relative to the repository's root, `/` as separator) and its text.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self::made(path.into(), text.into(), None))
    }

    /// The text `mapped`, which stands inside of `file` as the one with this `number`, from 1. It would be called
    /// `name` if it were a file of its own.
    #[must_use]
    pub fn embedded(file: &Arc<Self>, number: usize, name: impl Into<String>, mapped: Mapped) -> Arc<Self> {
        let (text, map) = mapped.into_parts();
        let carrier = Carrier { file: Arc::clone(file), name: name.into(), number, map };
        Arc::new(Self::made(file.path.clone(), text, Some(carrier)))
    }

    /// `file` as Cedar reads it: with the text `mapped`, in which something is filled in.
    #[must_use]
    pub fn filled(file: &Arc<Self>, mapped: Mapped) -> Arc<Self> {
        let (text, map) = mapped.into_parts();
        let number = file.carrier.as_ref().map_or(0, |carrier| carrier.number);
        let carrier = Carrier { file: Arc::clone(file), name: file.name().to_owned(), number, map };
        Arc::new(Self::made(file.path.clone(), text, Some(carrier)))
    }

    fn made(path: String, text: String, carrier: Option<Carrier>) -> Self {
        Self { path, text, lines: OnceLock::new(), blocks: OnceLock::new(), carrier }
    }

    /// Where each line begins.
    fn lines(&self) -> &[usize] {
        self.lines.get_or_init(|| {
            let mut lines = vec![0];
            lines.extend(memchr::memchr_iter(b'\n', self.text.as_bytes()).map(|at| at + 1));
            lines
        })
    }

    /// The path relative to the repository's root, with `/`; of an embedded text that of the file that carries it.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The name without its folders; of an embedded text its own.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.carrier {
            Some(carrier) => &carrier.name,
            None => self.path.rsplit('/').next().unwrap_or(&self.path),
        }
    }

    /// Whether it stands inside of another file.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.carrier.as_ref().is_some_and(|carrier| carrier.number > 0)
    }

    /// Whether it is what stands in its file, byte for byte, so that its places are places there.
    #[must_use]
    pub fn is_as_written(&self) -> bool {
        self.carrier.is_none()
    }

    /// The file that people see.
    #[must_use]
    pub fn as_written(&self) -> &Self {
        let mut file = self;
        while let Some(carrier) = &file.carrier {
            file = &carrier.file;
        }
        file
    }

    /// Whether something in `span` of it is filled in by what carries it or by another program.
    #[must_use]
    pub fn is_filled_in(&self, span: Span) -> bool {
        let carrier = self.carrier.as_ref();
        carrier.is_some_and(|carrier| carrier.map.fills(span) || carrier.file.is_filled_in(carrier.map.outer(span)))
    }

    /// The whole text as read, a byte-order mark included.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text for a parser: as read, with a leading byte-order mark turned into as many spaces, so that offsets stay.
    #[must_use]
    pub fn parse_text(&self) -> Cow<'_, str> {
        match self.text.strip_prefix(BOM) {
            Some(rest) => Cow::Owned(format!("   {rest}")),
            None => Cow::Borrowed(&self.text),
        }
    }

    /// The text of `span`; empty where the span does not lie in the text.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// Where `offset` (bytes) lies. An offset past the end is the end; one inside a character is that character's
    /// start.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.lines().partition_point(|start| *start <= offset);
        let start = self.lines().get(line.saturating_sub(1)).copied().unwrap_or(0);
        let (points, units) = match self.text.as_bytes().get(start..offset) {
            Some(short) if short.len() <= BLOCK => count(short),
            _ => {
                let ((points_before, units_before), (points, units)) = (self.counted(start), self.counted(offset));
                (points - points_before, units - units_before)
            }
        };
        Position { line, column: points + 1, utf16: units + 1 }
    }

    /// The 1-based line that `offset` (bytes) lies in.
    #[must_use]
    pub fn line(&self, offset: usize) -> usize {
        self.lines().partition_point(|start| *start <= offset)
    }

    /// Code points and UTF-16 units before `offset`, which is a character's start.
    fn counted(&self, offset: usize) -> (usize, usize) {
        let blocks = self.blocks.get_or_init(|| {
            let mut blocks = vec![(0, 0)];
            let mut so_far = (0, 0);
            for chunk in self.text.as_bytes().chunks(BLOCK) {
                so_far = add(so_far, count(chunk));
                blocks.push(so_far);
            }
            blocks
        });
        let block = offset / BLOCK;
        let rest = self.text.as_bytes().get(block * BLOCK..offset).unwrap_or_default();
        add(blocks.get(block).copied().unwrap_or_default(), count(rest))
    }

    /// The byte offset of the 1-based `line` and 1-based `column`, the column counted in bytes as serde_json and
    /// many parsers do; clamped to the text.
    #[must_use]
    pub fn offset_of(&self, line: usize, byte_column: usize) -> usize {
        let start = self.lines().get(line.saturating_sub(1)).copied().unwrap_or(self.text.len());
        (start + byte_column.saturating_sub(1)).min(self.text.len())
    }
}

/// Code points and UTF-16 units that begin in these bytes of UTF-8.
fn count(bytes: &[u8]) -> (usize, usize) {
    bytes.iter().fold((0, 0), |(points, units), byte| match byte {
        0x80..=0xbf => (points, units),
        0xf0..=0xff => (points + 1, units + 2),
        _ => (points + 1, units + 1),
    })
}

fn add(a: (usize, usize), b: (usize, usize)) -> (usize, usize) {
    (a.0 + b.0, a.1 + b.1)
}

/// A range in a file or in an embedded text. Who looks into the text uses the range as it is; who shows where that is
/// uses [`Location::shown`].
#[derive(Clone)]
pub struct Location {
    /// The text that holds the range.
    pub file: Arc<SourceFile>,
    /// The range.
    pub span: Span,
}

impl Location {
    /// The range `span` of `file`, widened to whole characters and cut off at the end of the text: parsers that count
    /// bytes may point into a character.
    #[must_use]
    pub fn new(file: &Arc<SourceFile>, span: Span) -> Self {
        let text = file.text();
        let (mut start, mut end) = (span.start.min(text.len()), span.end.min(text.len()));
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        while !text.is_char_boundary(end) {
            end += 1;
        }
        Self { file: Arc::clone(file), span: Span::new(start, end) }
    }

    /// The place of something that has no text of its own: a file that could not be read, or a whole folder.
    #[must_use]
    pub fn of_path(path: impl Into<String>) -> Self {
        Self { file: SourceFile::new(path, ""), span: Span::default() }
    }

    /// The file's path.
    #[must_use]
    pub fn path(&self) -> &str {
        self.file.path()
    }

    /// The range in the file that people see: that of what carries the text, where it is embedded.
    #[must_use]
    pub fn shown(&self) -> Self {
        match &self.file.carrier {
            Some(carrier) => Self::new(&carrier.file, carrier.map.outer(self.span)).shown(),
            None => self.clone(),
        }
    }

    /// The range in the text as its author wrote it: of an embedded text that, before anything is filled in there.
    #[must_use]
    pub fn written(&self) -> Self {
        match &self.file.carrier {
            Some(carrier) if carrier.number == 0 || carrier.file.is_embedded() => {
                Self::new(&carrier.file, carrier.map.outer(self.span)).written()
            }
            _ => self.clone(),
        }
    }

    /// The file that people see.
    #[must_use]
    pub fn shown_file(&self) -> &Arc<SourceFile> {
        let mut file = &self.file;
        while let Some(carrier) = &file.carrier {
            file = &carrier.file;
        }
        file
    }

    /// Whether the file that people see has lines to show: one that could not be read has none, nor has an archive.
    #[must_use]
    pub fn has_lines(&self) -> bool {
        !self.shown_file().text().is_empty()
    }

    /// The path, and the number of the embedded text if it is one: what tells the text of the range from others.
    #[must_use]
    pub fn text_key(&self) -> (&str, usize) {
        (self.path(), self.file.carrier.as_ref().map_or(0, |carrier| carrier.number))
    }

    /// Where the range starts, in the file that people see.
    #[must_use]
    pub fn start(&self) -> Position {
        let shown = self.shown();
        shown.file.position(shown.span.start)
    }

    /// Where the range ends (exclusive), in the file that people see.
    #[must_use]
    pub fn end(&self) -> Position {
        let shown = self.shown();
        shown.file.position(shown.span.end)
    }

    /// The text of the range.
    #[must_use]
    pub fn text(&self) -> &str {
        self.file.slice(self.span)
    }

    /// `path:line:column`.
    #[must_use]
    pub fn label(&self) -> String {
        let start = self.start();
        format!("{}:{}:{}", self.path(), start.line, start.column)
    }

    /// What tells it from others and puts it in their order.
    #[must_use]
    pub fn key(&self) -> PlaceKey<'_> {
        let (path, number) = self.text_key();
        (path, self.shown().span, number, self.span)
    }
}

/// Path, range in the file that people see, number of the embedded text if it is one, and range in there.
pub type PlaceKey<'l> = (&'l str, Span, usize, Span);

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}..{}]", self.path(), self.span.start, self.span.end)
    }
}

impl PartialEq for Location {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Location {}

impl PartialOrd for Location {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Location {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_code_points_and_utf16_units() {
        let file = SourceFile::new("a.cedar", "x\r\n\té\u{1F600}e\u{301}z");
        let z = file.text().find('z').unwrap();
        assert_eq!(file.position(z), Position { line: 2, column: 6, utf16: 7 });
        assert_eq!(file.position(0), Position { line: 1, column: 1, utf16: 1 });
        assert_eq!(file.position(999), Position { line: 2, column: 7, utf16: 8 });
    }

    #[test]
    fn a_long_line_is_counted_like_a_short_one() {
        let text = format!("x\n{}", "é\u{1F600}z".repeat(3000));
        let file = SourceFile::new("a", text.clone());
        for (at, _) in text.char_indices().skip(2).step_by(97) {
            let before = &text[2..at];
            let wanted =
                Position { line: 2, column: before.chars().count() + 1, utf16: before.encode_utf16().count() + 1 };
            assert_eq!(file.position(at), wanted);
        }
    }

    #[test]
    fn an_offset_inside_a_character_is_its_start() {
        let file = SourceFile::new("a", "\u{1F600}");
        assert_eq!(file.position(2).column, 1);
    }

    #[test]
    fn a_location_holds_whole_characters() {
        let file = SourceFile::new("a", "a\u{1F600}é");
        assert_eq!(Location::new(&file, Span::new(2, 3)).text(), "\u{1F600}");
        assert_eq!(Location::new(&file, Span::new(6, 99)).text(), "é");
        assert_eq!(Location::new(&file, Span::at(99)).span, Span::at(7));
    }

    #[test]
    fn a_byte_order_mark_keeps_offsets() {
        let file = SourceFile::new("a", "\u{feff}permit");
        assert_eq!(file.parse_text().len(), file.text().len());
        assert_eq!(file.parse_text().find("permit"), file.text().find("permit"));
    }
}
