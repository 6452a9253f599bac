//! Reads suppressions out of comments.

use std::sync::Arc;

use crate::text::{Location, SourceFile, Span, inline};

const MARK: &str = "polcheck:";
/// What it is about.
const NAME: &str = "polcheck";
const FORM: &str = "write `// polcheck: ignore[rule] reason`";

/// Where a suppression works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Findings that start on this line, 1-based.
    Line(usize),
    /// The code that starts here, as a byte offset: a whole policy or its line.
    Code(usize),
    /// Nothing: no code follows.
    Nothing,
}

/// Why a suppression does not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is not written as it should be, and how.
    Form(String),
    /// It does not say why it is there.
    NoReason,
}

/// A comment that begins with `polcheck:`.
#[derive(Debug, Clone)]
pub struct Suppression {
    /// The comment.
    pub location: Location,
    /// The rules that it names, with the place of each.
    pub rules: Vec<(String, Location)>,
    /// Why, without the brackets, the date included.
    pub reason: String,
    /// The last day on which it works, `YYYY-MM-DD`.
    pub until: Option<String>,
    /// Where it works.
    pub reach: Reach,
    /// What is wrong with how it is written; such a suppression does not work.
    pub fault: Option<Fault>,
}

/// The suppressions in `file`, in order: comments only, never the text of a string.
#[must_use]
pub fn scan(file: &Arc<SourceFile>) -> Vec<Suppression> {
    if !file.text().to_ascii_lowercase().contains(NAME) {
        return Vec::new();
    }
    let pieces = pieces(file.text());
    let line = |offset: usize| file.line(offset);
    let below = code_below(&pieces, &line);
    let mut found = Vec::new();
    let mut code_ends_on = 0;
    for (piece, below) in pieces.iter().zip(below) {
        if !piece.comment {
            code_ends_on = line(piece.span.end);
            continue;
        }
        let Some(body) = comment_body(file, *piece) else { continue };
        let own = line(piece.span.start);
        let reach = if code_ends_on == own { Reach::Line(own) } else { below.map_or(Reach::Nothing, Reach::Code) };
        found.push(read(file, piece.span, body, reach));
    }
    found
}

/// For every piece, the offset of the first code below it with nothing but comment lines between.
fn code_below(pieces: &[Piece], line: &dyn Fn(usize) -> usize) -> Vec<Option<usize>> {
    let mut below = Vec::with_capacity(pieces.len());
    let mut next: Option<(usize, Option<usize>)> = None;
    for piece in pieces.iter().rev() {
        let here = line(piece.span.start);
        let code = next.filter(|(line, _)| *line <= here + 1).and_then(|(_, code)| code);
        below.push(code);
        next = Some((here, if piece.comment { code } else { Some(piece.span.start) }));
    }
    below.reverse();
    below
}

/// A comment (its line's end left out), or a run of code that holds no white space outside of strings.
#[derive(Debug, Clone, Copy)]
struct Piece {
    span: Span,
    comment: bool,
}

fn pieces(text: &str) -> Vec<Piece> {
    let bytes = text.as_bytes();
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(b'\n');
    let ends = |at: usize| at >= bytes.len();
    let mut found = Vec::new();
    let mut at = if text.starts_with('\u{feff}') { 3 } else { 0 };
    while !ends(at) {
        let start = at;
        if byte(at).is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let comment = byte(at) == b'/' && byte(at + 1) == b'/';
        if comment {
            while !ends(at) && !matches!(byte(at), b'\n' | b'\r') {
                at += 1;
            }
        } else {
            let stops = |at: usize| byte(at).is_ascii_whitespace() || (byte(at) == b'/' && byte(at + 1) == b'/');
            while !ends(at) && !stops(at) {
                at = if byte(at) == b'"' { after_string(bytes, at) } else { at + 1 };
            }
        }
        found.push(Piece { span: Span::new(start, at), comment });
    }
    found
}

/// The offset behind the string that opens at `at`.
fn after_string(bytes: &[u8], mut at: usize) -> usize {
    at += 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The text behind `polcheck:` of a comment that begins so, with its offset; all of one that nearly does.
fn comment_body(file: &SourceFile, piece: Piece) -> Option<(usize, &str)> {
    let text = Some(file.slice(piece.span)).filter(|_| piece.comment)?;
    let inner = text.trim_start_matches('/').trim_start();
    let body = inner.strip_prefix(MARK).or_else(|| is_nearly(inner).then_some(inner))?;
    Some((piece.span.end - body.len(), body.trim_end()))
}

/// Whether a comment is a suppression but for a colon or capital letters: left alone it would suppress nothing, and
/// nobody would know.
fn is_nearly(comment: &str) -> bool {
    let plain = comment.to_ascii_lowercase();
    let rest = plain.strip_prefix(NAME).map(|rest| rest.trim_start_matches(':').trim_start());
    rest.and_then(|rest| rest.strip_prefix("ignore")).is_some_and(|rest| rest.trim_start().starts_with('['))
}

fn read(file: &Arc<SourceFile>, comment: Span, (offset, body): (usize, &str), reach: Reach) -> Suppression {
    let written = file.slice(comment).trim_end().len();
    let location = Location::new(file, Span::new(comment.start, comment.start + written));
    let mut suppression =
        Suppression { location, rules: Vec::new(), reason: String::new(), until: None, reach, fault: None };
    let parts = body.trim_start().strip_prefix("ignore").and_then(|rest| rest.trim_start().strip_prefix('['));
    let Some((list, reason)) = parts.and_then(|rest| rest.split_once(']')) else {
        suppression.fault = Some(Fault::Form(format!("this is not how a suppression is written: {FORM}")));
        return suppression;
    };
    let from = offset + body.len() - reason.len() - 1 - list.len();
    suppression.rules = rules(file, list, from);
    suppression.reason = reason.trim().to_owned();
    match until(&suppression.reason) {
        Ok(date) => suppression.until = date,
        Err(fault) => suppression.fault = Some(Fault::Form(fault)),
    }
    let bare = |text: &str| !text.chars().any(char::is_alphabetic);
    let rest = match &suppression.until {
        Some(date) => suppression.reason.replacen("until", "", 1).replacen(date, "", 1),
        None => suppression.reason.clone(),
    };
    if suppression.rules.is_empty() {
        suppression.fault = Some(Fault::Form(format!("this suppression names no rule: {FORM}")));
    } else if bare(&rest) {
        suppression.fault.get_or_insert(Fault::NoReason);
    }
    suppression
}

/// The comma-separated names of `list`, which starts at `from`.
fn rules(file: &Arc<SourceFile>, list: &str, from: usize) -> Vec<(String, Location)> {
    let mut at = from;
    let mut found = Vec::new();
    for part in list.split(',') {
        let name = part.trim();
        let start = at + part.len() - part.trim_start().len();
        if !name.is_empty() {
            found.push((name.to_owned(), Location::new(file, Span::new(start, start + name.len()))));
        }
        at += part.len() + 1;
    }
    found
}

/// The date behind the word `until`, if a date is meant.
fn until(reason: &str) -> Result<Option<String>, String> {
    let is_until = |word: &str| word.trim_end_matches(':').eq_ignore_ascii_case("until");
    let mut words = reason.split_whitespace().skip_while(|word| !is_until(word));
    let word = words.nth(1).unwrap_or_default().trim_end_matches(['.', ',', ';', ':', ')']);
    if !word.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok(None);
    }
    if is_date(word) {
        return Ok(Some(word.to_owned()));
    }
    Err(format!("`{}` is not a date: write `until 2027-01-31`", inline(word)))
}

fn is_date(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let number = |text: &str, digits: usize| {
        (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse::<u32>().ok())?
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}
