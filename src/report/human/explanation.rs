//! Why a row failed, laid over the text of the policies.

use std::collections::{HashMap, HashSet};

use miette::GraphicalReportHandler;
use unicode_width::UnicodeWidthChar;

use super::clean::clean;
use super::paint::{Ink, Page, wrap};
use super::snippet::{Drawing, Shown};
use crate::finding::Level;
use crate::outcome::{Explanation, Mark};
use crate::text::{SourceFile, Span};

/// Labels get at least so many columns.
const NARROWEST: usize = 24;

/// Shows explanations; keeps each file's harmless text. What was drawn once is only said when it comes again.
pub(super) struct Explanations<'a> {
    files: HashMap<*const SourceFile, Shown<'a>>,
    drawn: HashSet<&'a str>,
    handler: GraphicalReportHandler,
    width: usize,
}

impl<'a> Explanations<'a> {
    pub(super) fn new(handler: GraphicalReportHandler, width: usize) -> Self {
        Self { files: HashMap::new(), drawn: HashSet::new(), handler, width }
    }

    /// Writes `explanation` to `page`.
    pub(super) fn write(&mut self, page: &mut Page, explanation: &'a Explanation) {
        if !self.drawn.insert(&explanation.sentence) {
            page.item(Ink::Note, "  ☞ ", 4, &clean(&explanation.sentence));
            return;
        }
        let before = page.text.len();
        let left = self.draw(page, explanation).unwrap_or_else(|| {
            // Nothing half-drawn.
            page.text.truncate(before);
            page.item(Ink::Note, "  ☞ ", 4, &clean(&explanation.sentence));
            explanation.marks.iter().collect()
        });
        for mark in left {
            let text = format!("{}: {}", mark.location.label(), mark.text);
            page.item(Ink::Dim, "    at ", 7, &clean(&text));
        }
    }

    /// Draws marks that stand close to the first and beside each other, and gives the others; none when nothing could
    /// be drawn.
    fn draw(&mut self, page: &mut Page, explanation: &'a Explanation) -> Option<Vec<&'a Mark>> {
        let first = explanation.marks.first().filter(|mark| !mark.location.shown().text().is_empty())?;
        let file: &'a SourceFile = first.location.shown_file();
        let primary = first.location.shown().span;
        let width = self.width;
        let shown = self.files.entry(std::ptr::from_ref(file)).or_insert_with(|| Shown::new(file));
        let label = |span: Span, text: &str| {
            let room = shown.room(span, width).max(NARROWEST);
            wrap(&broken(&clean(text), room), room, 0, 0).join("\n")
        };
        let (mut others, mut left) = (Vec::<(Span, String)>::new(), Vec::new());
        let (mut from, mut to) = shown.lines_of(primary);
        for mark in explanation.marks.iter().skip(1) {
            let span = mark.location.shown().span;
            let (start, end) = shown.lines_of(span);
            let apart = |other: &Span| other.end <= span.start || span.end <= other.start;
            let free = apart(&primary) && others.iter().all(|(other, _)| apart(other));
            let here = std::ptr::eq(&**mark.location.shown_file(), file) && shown.fits(from.min(start), to.max(end));
            if free && here {
                (from, to) = (from.min(start), to.max(end));
                others.push((span, label(span, &mark.text)));
            } else {
                left.push(mark);
            }
        }
        let drawing = Drawing {
            shown,
            level: Level::Note,
            header: wrap(&clean(&explanation.sentence), width, 4, 4).join("\n"),
            primary,
            label: Some(label(primary, &first.text)),
            others,
        };
        drawing.draw(&self.handler, &mut page.text).is_ok().then_some(left)
    }
}

/// `text` with words that are wider than `room` broken up.
fn broken(text: &str, room: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if c == ' ' {
            used = 0;
        } else if used + wide > room {
            out.push(' ');
            used = wide;
        } else {
            used += wide;
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_that_do_not_fit_are_broken() {
        assert_eq!(broken("ab abcdefg ab", 3), "ab abc def g ab");
        assert_eq!(broken("ab abc", 3), "ab abc");
    }
}
