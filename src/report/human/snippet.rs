//! The source around a finding, drawn by miette from text that is already harmless.

use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, Severity, SourceCode, SourceSpan,
    SpanContents,
};

use unicode_width::UnicodeWidthChar;

use super::clean;
use crate::finding::Level;
use crate::text::{SourceFile, Span};

/// A longer range is marked on its first line only.
const MOST_LINES: usize = 10;
/// Lines longer than this (bytes) are shown in part.
const LONG_LINE: usize = 300;

/// How miette shows a tab.
const TAB: usize = 4;
/// Columns of the frame around a line and of what leads to a label.
const LEAD: usize = 9;

/// A file made ready to be shown: done once, used for all of its findings.
pub(super) struct Shown<'a> {
    file: &'a SourceFile,
    path: String,
    /// As long as the file's text and one space, so that a mark at the very end has something to stand under.
    text: String,
    lines: Vec<usize>,
}

impl<'a> Shown<'a> {
    pub(super) fn new(file: &'a SourceFile) -> Self {
        let mut text = clean::source(&file.parse_text());
        text.push(' ');
        let mut lines = vec![0];
        lines.extend(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1));
        Self { file, path: clean::clean(file.path()).into_owned(), text, lines }
    }

    /// The 0-based first and last line of `span`.
    pub(super) fn lines_of(&self, span: Span) -> (usize, usize) {
        (self.line(span.start), self.line(span.end))
    }

    /// Whether the lines from `first` to `last`, and one around, can be shown whole.
    pub(super) fn fits(&self, first: usize, last: usize) -> bool {
        let short = |line| self.line_start(line + 1) - self.line_start(line) <= LONG_LINE;
        last.saturating_sub(first) < MOST_LINES && (first.saturating_sub(1)..=last + 1).all(short)
    }

    /// Columns that a label at `span` has left of `width`, its line's number and the line that leads to it taken off.
    pub(super) fn room(&self, span: Span, width: usize) -> usize {
        let span = self.clip(span);
        if self.line(span.start) < self.line(span.end) {
            // The label of several lines stands at their left edge.
            return width.saturating_sub(LEAD + self.lines.len().to_string().len());
        }
        let middle = self.floor(span.start + span.len() / 2);
        let before = self.text.get(self.line_start(self.line(span.start))..middle).unwrap_or_default();
        let taken = before.chars().map(|c| if c == '\t' { TAB } else { c.width().unwrap_or(0) }).sum::<usize>();
        width.saturating_sub(taken + LEAD + self.lines.len().to_string().len())
    }

    fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    fn line_start(&self, line: usize) -> usize {
        self.lines.get(line).copied().unwrap_or(self.text.len())
    }

    fn floor(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }

    /// `span` within the text, and no longer than its first line when it has many.
    fn clip(&self, span: Span) -> Span {
        let end = self.text.len().saturating_sub(1);
        let (start, mut stop) = (self.floor(span.start.min(end)), self.floor(span.end.min(end)));
        if self.line(stop).saturating_sub(self.line(start)) >= MOST_LINES {
            stop = self.line_start(self.line(start) + 1).saturating_sub(1);
        }
        Span::new(start, stop)
    }
}

/// One drawing: `level` and `header` on top, then the source with `primary` and the labelled `others` marked.
pub(super) struct Drawing<'a> {
    pub(super) shown: &'a Shown<'a>,
    pub(super) level: Level,
    pub(super) header: String,
    pub(super) primary: Span,
    /// What stands at `primary`, if that needs saying.
    pub(super) label: Option<String>,
    pub(super) others: Vec<(Span, String)>,
}

impl Drawing<'_> {
    /// Draws with `handler` into `out`.
    pub(super) fn draw(self, handler: &GraphicalReportHandler, out: &mut String) -> fmt::Result {
        let Drawing { shown, level, header, primary, label, others } = self;
        let mut primary = shown.clip(primary);
        let others: Vec<_> = others.into_iter().map(|(span, label)| (shown.clip(span), label)).collect();
        let all = || std::iter::once(primary).chain(others.iter().map(|(span, _)| *span));
        let first = all().map(|span| shown.line(span.start)).min().unwrap_or(0);
        let last = all().map(|span| shown.line(span.end)).max().unwrap_or(0);
        let (mut from, mut to) = (0, shown.text.len());
        if !shown.fits(first, last) {
            let line = shown.line(primary.start);
            let end = shown.line_start(line + 1);
            from = shown.floor(primary.start.saturating_sub(30).max(shown.line_start(line)));
            to = shown.floor(end.min(primary.start + 100));
            primary = Span::new(primary.start, primary.end.min(to));
        }
        let mut labels = vec![LabeledSpan::new_primary_with_span(label, (primary.start, primary.len()))];
        let fits = |span: &Span| span.start >= from && span.end <= to;
        labels.extend(
            (others.into_iter().filter(|(span, _)| fits(span)))
                .map(|(span, label)| LabeledSpan::new_with_span(Some(label), (span.start, span.len()))),
        );
        let severity = match level {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
            Level::Note => Severity::Advice,
        };
        handler.render_report(out, &Diagnosis { excerpt: Excerpt { shown, from, to }, severity, header, labels })
    }
}

/// miette's painter in our look; texts come to it already wrapped.
pub(super) fn handler(width: usize, color: bool) -> GraphicalReportHandler {
    let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    GraphicalReportHandler::new_themed(theme)
        .with_width(width)
        .with_links(false)
        .with_wrap_lines(false)
        .without_syntax_highlighting()
}

/// The part of a file that may be drawn; offsets are the file's.
struct Excerpt<'a> {
    shown: &'a Shown<'a>,
    from: usize,
    to: usize,
}

impl SourceCode for Excerpt<'_> {
    fn read_span<'b>(
        &'b self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'b> + 'b>, MietteError> {
        let (shown, end) = (self.shown, span.offset() + span.len());
        let start = if before == 0 {
            span.offset()
        } else {
            shown.line_start(shown.line(span.offset()).saturating_sub(before))
        };
        let mut stop = if after == 0 { end } else { shown.line_start(shown.line(end) + after + 1) };
        let last = shown.line_start(shown.lines.len() - 1);
        if end < last && shown.text.get(last..) == Some(" ") {
            // Nothing of the file stands on the last line: no need to show it.
            stop = stop.min(last);
        }
        let (start, stop) = (start.max(self.from), stop.min(self.to));
        let data = shown.text.get(start..stop).ok_or(MietteError::OutOfBounds)?;
        let position = shown.file.position(start);
        Ok(Box::new(Contents {
            data,
            span: (start, data.len()).into(),
            path: &shown.path,
            line: position.line - 1,
            column: position.column - 1,
            lines: data.lines().count(),
        }))
    }
}

struct Contents<'a> {
    data: &'a str,
    span: SourceSpan,
    path: &'a str,
    line: usize,
    column: usize,
    lines: usize,
}

impl<'a> SpanContents<'a> for Contents<'a> {
    fn data(&self) -> &'a [u8] {
        self.data.as_bytes()
    }

    fn span(&self) -> &SourceSpan {
        &self.span
    }

    fn name(&self) -> Option<&str> {
        Some(self.path)
    }

    fn line(&self) -> usize {
        self.line
    }

    fn column(&self) -> usize {
        self.column
    }

    fn line_count(&self) -> usize {
        self.lines
    }
}

struct Diagnosis<'a> {
    excerpt: Excerpt<'a>,
    severity: Severity,
    header: String,
    labels: Vec<LabeledSpan>,
}

impl fmt::Debug for Diagnosis<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.header)
    }
}

impl fmt::Display for Diagnosis<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.header)
    }
}

impl std::error::Error for Diagnosis<'_> {}

impl Diagnostic for Diagnosis<'_> {
    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}
