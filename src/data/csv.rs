//! Comma-separated values (RFC 4180) with the place of every cell, read strictly.
//!
//! A quote in the wrong place is an error here, and whether a cell was quoted is kept: an empty cell is not given, `""`
//! is empty text. Entities need no quotes around them: `User::"alice"`. Libraries for the format keep neither whether a
//! cell was quoted nor where it stands, and take a stray quote for text.

use super::fault::Fault;
use crate::text::{Span, inline};

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// What it says, quotes undone.
    pub text: String,
    /// Whether it stands in quotes.
    pub quoted: bool,
    /// Where, quotes included.
    pub span: Span,
}

impl Cell {
    /// Whether nothing was written: empty and not in quotes.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        !self.quoted && self.text.trim().is_empty()
    }
}

/// One line of cells, which can be several lines of text.
pub type Record = Vec<Cell>;

/// The records of a text, one at a time; lines with nothing on them are left out.
pub struct Records<'t> {
    text: &'t str,
    at: usize,
    separator: char,
}

impl<'t> Records<'t> {
    /// The records of `text`, a whole file with its byte-order mark if it has one; the separator is whichever of comma,
    /// semicolon and tab the first line has most of.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let first = body.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let mut quoted = false;
        let mut counts = [(',', 0_usize), (';', 0), ('\t', 0)];
        for c in first.chars() {
            quoted ^= c == '"';
            for (separator, count) in &mut counts {
                *count += usize::from(!quoted && c == *separator);
            }
        }
        // Of equals the last one wins, and a comma is what is meant where there is none.
        let (separator, _) = counts.into_iter().rev().max_by_key(|(_, count)| *count).unwrap_or((',', 0));
        Self { text, at: text.len() - body.len(), separator }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Takes a line end, if one is here.
    fn line_end(&mut self) -> bool {
        for end in ["\r\n", "\n", "\r"] {
            if self.rest().starts_with(end) {
                self.at += end.len();
                return true;
            }
        }
        false
    }

    fn cell(&mut self) -> Result<Cell, Fault> {
        let start = self.at;
        let blanks = |rest: &str| rest.len() - rest.trim_start_matches([' ', '\u{feff}']).len();
        let before = blanks(self.rest());
        if self.rest().get(before..).is_some_and(|rest| rest.starts_with('"')) {
            let open = start + before;
            self.at = open + 1;
            let mut text = String::new();
            loop {
                let rest = self.rest();
                let Some(quote) = rest.find('"') else {
                    self.at = self.text.len();
                    return Err(Fault::new("this quote is never closed").at(Span::new(open, open + 1)));
                };
                text.push_str(rest.get(..quote).unwrap_or_default());
                self.at += quote + 1;
                if self.rest().starts_with('"') {
                    text.push('"');
                    self.at += 1;
                } else {
                    break;
                }
            }
            let span = Span::new(open, self.at);
            self.at += self.rest().len() - self.rest().trim_start_matches(' ').len();
            let ends = |rest: &str| rest.is_empty() || rest.starts_with([self.separator, '\n', '\r']);
            if !ends(self.rest()) {
                let at = self.at;
                self.skip_cell();
                let help =
                    "a quote inside a cell is written twice, and the whole cell in quotes: \"User::\"\"alice\"\"\"";
                return Err(Fault::new("text follows a closing quote").help(help).at(Span::new(at, self.at.max(at))));
            }
            return Ok(Cell { text, quoted: true, span });
        }
        let entities = self.skip_bare();
        let raw = self.text.get(start..self.at).unwrap_or_default();
        let inside = raw.trim_matches([' ', '\u{feff}']);
        let from = start + before.min(raw.len());
        let span = Span::new(from, from + inside.len());
        if inside.contains('"') && !entities {
            let quoted = format!("\"{}\"", inside.replace('"', "\"\""));
            let fault = Fault::new("a cell with a quote in it stands in quotes");
            return Err(fault.help(format!("write {}", inline(&quoted))).at(span));
        }
        Ok(Cell { text: inside.to_owned(), quoted: false, span })
    }

    /// Goes to the end of a cell without quotes around it, and says whether all quotes in it are those of entities, in
    /// whose ids a separator separates nothing: there `User::"alice"` can mean nothing else.
    fn skip_bare(&mut self) -> bool {
        let start = self.at;
        let mut entities = true;
        loop {
            let rest = self.rest();
            let Some(stop) = rest.find([self.separator, '\n', '\r', '"']) else {
                self.at = self.text.len();
                return entities;
            };
            self.at += stop;
            if !self.rest().starts_with('"') {
                return entities;
            }
            let opens = self.text.get(start..self.at).is_some_and(|before| before.ends_with("::"));
            let inner = self.rest().get(1..).unwrap_or_default();
            let inner = inner.get(..inner.find(['\n', '\r']).unwrap_or(inner.len())).unwrap_or_default();
            match inner.find('"').filter(|_| opens) {
                Some(close) => self.at += close + 2,
                None => {
                    entities = false;
                    self.skip_cell();
                    return entities;
                }
            }
            // What follows an id is the end of the cell, or the next of several.
            let after = self.rest().trim_start_matches(' ');
            entities &= after.is_empty() || after.starts_with([self.separator, '\n', '\r', ';']);
        }
    }

    /// Goes to the next separator or line end.
    fn skip_cell(&mut self) {
        let rest = self.rest();
        self.at += rest.find([self.separator, '\n', '\r']).unwrap_or(rest.len());
    }
}

impl Iterator for Records<'_> {
    /// The cells, each or what is wrong with it.
    type Item = Vec<Result<Cell, Fault>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            while self.line_end() {}
            if self.rest().is_empty() {
                return None;
            }
            let mut cells = vec![self.cell()];
            while self.rest().starts_with(self.separator) {
                self.at += self.separator.len_utf8();
                cells.push(self.cell());
            }
            let blank = |cell: &Result<Cell, Fault>| cell.as_ref().is_ok_and(Cell::is_blank);
            if !cells.iter().all(blank) {
                return Some(cells);
            }
        }
    }
}
