//! Where every byte of a scalar stands in its file.
//!
//! # Why
//!
//! The parsers give what a scalar says and where it begins. The bytes are found by going along what it says and what is
//! written at once. Where the two part, which is a form that nobody thought of, all of the text stands for the whole
//! scalar: a place is coarse then, and never wrong.

use crate::text::{Mapped, Span};

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// Between single quotes.
    Single,
    /// Between double quotes, in YAML.
    Double,
    /// A block whose lines are kept (`|`).
    Literal,
    /// A block whose lines are joined (`>`).
    Folded,
    /// A string of JSON.
    Json,
    /// A number, a boolean or null of JSON.
    Bare,
}

/// The scalar that says `text` and stands at `span` of `source`, with the place of every byte.
pub(super) fn mapped(source: &str, span: Span, text: &str, style: Style) -> Mapped {
    let found = match style {
        Style::Literal => block(source, span, text),
        Style::Json => json(source, span),
        Style::Bare => plain_copy(source, span, text),
        style => flow(source, span, text, style),
    };
    found.filter(|mapped| mapped.text() == text).unwrap_or_else(|| Mapped::whole(text, span))
}

fn byte(source: &str, at: usize) -> Option<u8> {
    source.as_bytes().get(at).copied()
}

fn rest(source: &str, at: usize) -> &str {
    source.get(at..).unwrap_or_default()
}

/// How many bytes the line end at `at` has; none where there is no line end.
fn line_end(source: &str, at: usize) -> Option<usize> {
    match (byte(source, at)?, byte(source, at + 1)) {
        (b'\r', Some(b'\n')) => Some(2),
        (b'\r' | b'\n', _) => Some(1),
        _ => None,
    }
}

fn plain_copy(source: &str, span: Span, text: &str) -> Option<Mapped> {
    let mut mapped = Mapped::default();
    if rest(source, span.start).starts_with(text) {
        mapped.push_same(text, span.start);
    }
    Some(mapped)
}

/// Where the line of `at` begins.
fn line_before(source: &str, at: usize) -> usize {
    source.get(..at).and_then(|before| before.rfind(['\n', '\r'])).map_or(0, |found| found + 1)
}

/// The first line below the header of the block at `start`, and by how much the block is indented, which is what its
/// first line with text in it lacks.
fn block_start(source: &str, start: usize, text: &str) -> Option<(usize, usize)> {
    let at = if matches!(byte(source, start), Some(b'|' | b'>')) && line_before(source, start) != start {
        let mut at = start;
        while line_end(source, at).is_none() {
            byte(source, at)?;
            at += 1;
        }
        at + line_end(source, at)?
    } else {
        // The parser may give the first line with text in it, which empty ones stand before.
        let empty = text.len() - text.trim_start_matches('\n').len();
        (0..empty).fold(line_before(source, start), |at, _| line_before(source, at.saturating_sub(1)))
    };
    let leading = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let with_text = |line: &&str| !line.trim_end_matches(['\r', '\n']).trim_start_matches(' ').is_empty();
    let written = rest(source, at).split_inclusive(['\n', '\r']).find(with_text)?;
    let said = text.split_inclusive('\n').find(with_text)?;
    Some((at, leading(written).checked_sub(leading(said))?))
}

fn skip_indent(source: &str, mut at: usize, most: usize) -> usize {
    let end = at + most;
    while at < end && byte(source, at) == Some(b' ') {
        at += 1;
    }
    at
}

/// Adds the line end that `text` has, which is written at `at`; gives where the next line begins.
fn push_line_end(mapped: &mut Mapped, source: &str, at: usize) -> usize {
    match line_end(source, at) {
        Some(1) if byte(source, at) == Some(b'\n') => mapped.push_same("\n", at),
        Some(len) => mapped.push_as("\n", Span::new(at, at + len)),
        None => mapped.push_as("\n", Span::at(at)),
    }
    at + line_end(source, at).unwrap_or(0)
}

fn block(source: &str, span: Span, text: &str) -> Option<Mapped> {
    let mut mapped = Mapped::default();
    let (mut at, indent) = block_start(source, span.start, text)?;
    for line in text.split_inclusive('\n') {
        let content = line.strip_suffix('\n').unwrap_or(line);
        at = skip_indent(source, at, indent);
        if !rest(source, at).starts_with(content) {
            return None;
        }
        mapped.push_same(content, at);
        at += content.len();
        if content.len() < line.len() {
            at = push_line_end(&mut mapped, source, at);
        }
    }
    Some(mapped)
}

/// A string of JSON.
fn json(source: &str, span: Span) -> Option<Mapped> {
    let mut mapped = Mapped::default();
    let (mut at, end) = (span.start + 1, span.end.checked_sub(1)?);
    while at < end {
        let written = source.get(at..end)?;
        let plain = written.find('\\').unwrap_or(written.len());
        mapped.push_same(written.get(..plain)?, at);
        at += plain;
        if at >= end {
            break;
        }
        let (c, len) = json_escape(source.get(at..end)?)?;
        mapped.push_as(c.encode_utf8(&mut [0; 4]), Span::new(at, at + len));
        at += len;
    }
    Some(mapped)
}

fn json_escape(text: &str) -> Option<(char, usize)> {
    let hex = |at: usize| u32::from_str_radix(text.get(at..at + 4)?, 16).ok();
    Some(match byte(text, 1)? {
        b'n' => ('\n', 2),
        b't' => ('\t', 2),
        b'r' => ('\r', 2),
        b'b' => ('\u{8}', 2),
        b'f' => ('\u{c}', 2),
        b'u' => match hex(2)? {
            high @ 0xd800..=0xdbff => {
                let low = hex(8).filter(|low| (0xdc00..=0xdfff).contains(low))?;
                (char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))?, 12)
            }
            code => (char::from_u32(code)?, 6),
        },
        other => (char::from(other), 2),
    })
}

/// Scalars of YAML whose line ends are joined: without quotes, in quotes, and folded blocks.
fn flow(source: &str, span: Span, text: &str, style: Style) -> Option<Mapped> {
    let mut walk = Walk { source, text, style, at: span.start, said: 0, indent: 0, mapped: Mapped::default() };
    match style {
        Style::Folded => (walk.at, walk.indent) = block_start(source, span.start, text)?,
        Style::Single | Style::Double => walk.at += 1,
        _ => {}
    }
    if style == Style::Folded {
        walk.at = skip_indent(source, walk.at, walk.indent);
    }
    while walk.said < text.len() {
        walk.step()?;
    }
    Some(walk.mapped)
}

struct Walk<'t> {
    source: &'t str,
    text: &'t str,
    style: Style,
    at: usize,
    said: usize,
    indent: usize,
    mapped: Mapped,
}

impl Walk<'_> {
    fn step(&mut self) -> Option<()> {
        if self.style == Style::Double && byte(self.source, self.at) == Some(b'\\') {
            return self.escape();
        }
        if let Some(next) = self.after_fold() {
            return self.fold(next);
        }
        let c = rest(self.text, self.said).chars().next()?;
        let quote = self.style == Style::Single && c == '\'' && rest(self.source, self.at).starts_with("''");
        if quote {
            self.push_as(1, self.at + 2);
        } else if c == '\n' && self.style == Style::Folded && line_end(self.source, self.at).is_none() {
            // A last line end that the file does not have.
            self.push_as(1, self.at);
        } else if rest(self.source, self.at).starts_with(c) {
            let part = self.text.get(self.said..self.said + c.len_utf8())?;
            self.mapped.push_same(part, self.at);
            self.said += part.len();
            self.at += part.len();
        } else {
            return None;
        }
        Some(())
    }

    /// The next `len` bytes of the text are written up to `end`.
    fn push_as(&mut self, len: usize, end: usize) {
        let part = self.text.get(self.said..self.said + len).unwrap_or_default();
        self.mapped.push_as(part, Span::new(self.at, end));
        self.said += part.len();
        self.at = end;
    }

    /// What is written with a `\` in front.
    fn escape(&mut self) -> Option<()> {
        let next = self.at + 1;
        if let Some(len) = line_end(self.source, next) {
            self.at = next + len;
            while matches!(byte(self.source, self.at), Some(b' ' | b'\t')) {
                self.at += 1;
            }
            return Some(());
        }
        let digits = match byte(self.source, next)? {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            _ => 0,
        };
        let len = rest(self.text, self.said).chars().next()?.len_utf8();
        let written = rest(self.source, next).chars().next()?.len_utf8();
        self.push_as(len, next + written + digits);
        Some(())
    }

    /// Where the text goes on, if its lines are joined here.
    fn after_fold(&self) -> Option<usize> {
        let blank = |at| matches!(byte(self.source, at), Some(b' ' | b'\t'));
        let mut at = self.at;
        while self.style != Style::Folded && blank(at) {
            at += 1;
        }
        line_end(self.source, at)?;
        while let Some(len) = line_end(self.source, at) {
            at += len;
            let mut next = at;
            while blank(next) {
                next += 1;
            }
            if line_end(self.source, next).is_some() || self.style != Style::Folded {
                at = next;
            }
        }
        if self.style == Style::Folded { Some(skip_indent(self.source, at, self.indent)) } else { Some(at) }
    }

    /// The lines that are joined up to `next` are a blank, or as many line ends as empty lines.
    fn fold(&mut self, next: usize) -> Option<()> {
        let said = rest(self.text, self.said);
        let ends = said.len() - said.trim_start_matches('\n').len();
        match ends {
            0 if said.starts_with(' ') => self.push_as(1, next),
            0 => return None,
            ends => self.push_as(ends, next),
        }
        Some(())
    }
}
