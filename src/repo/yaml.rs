//! YAML with places, read strictly. The only file that touches the YAML parser.
//!
//! Strict means: what YAML's versions read differently, or what a reader would take for something else, is refused with the
//! form that cannot be misread. There are no anchors, aliases, tags and merge keys, one document, and no key twice.

use std::collections::HashSet;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span as Marks, StrInput};

use super::tree::{DEEPEST, Entry, Fault, Kind, Said, Tree};
use crate::text::{Span, inline};

/// The YAML of one file as a stream of values.
pub struct Reader<'t> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    place: Cursor<'t>,
    /// Set when [`Self::top`] did not read what stands after the rows, because nothing does.
    unread: bool,
}

/// The top of a file.
#[derive(Debug, Default)]
pub struct Top {
    /// The entries of the file's mapping, without the one that holds the rows.
    pub entries: Vec<Entry>,
    /// Where the key of the rows stands; the start of the file when the whole file is the list of rows.
    pub rows: Option<Span>,
    /// Whether what stands after the rows, if anything does, was read.
    pub whole: bool,
}

/// One step of the parser.
type Step<'t> = Result<(Event<'t>, Span), Fault>;

impl<'t> Reader<'t> {
    /// A reader of `text`, a whole file with its byte-order mark if it has one.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let place =
            Cursor { text, ascii: text.is_ascii(), chars: 0, bytes: text.len() - body.len(), last: Span::at(0) };
        Self { text, parser: Parser::new_from_str(body), place, unread: false }
    }

    /// Reads everything but the values under `rows`.
    ///
    /// # Errors
    /// What is not YAML, or not strict YAML at the top.
    pub fn top(mut self, rows: &str) -> Result<Top, Fault> {
        let mut top = Top { whole: true, ..Top::default() };
        let start = match self.start()? {
            None => return Ok(top),
            Some((Event::SequenceStart(..), span)) => {
                top.rows = Some(Span::at(span.start));
                return Ok(top);
            }
            Some((Event::MappingStart(..), span)) => span.start,
            Some((_, span)) => {
                return Err(Fault::new("this is a single value, not a table").at(span));
            }
        };
        let mut seen = HashSet::new();
        while let Some(key) = self.key()? {
            if key.value == rows && top.rows.is_none() {
                top.rows = Some(key.span);
                if self.last_key(start, key.span.end) {
                    top.whole = false;
                    break;
                }
                self.skip()?;
                continue;
            }
            if key.value == rows || !seen.insert(key.value.clone()) {
                return Err(twice(&key));
            }
            let value = self.value(0)?;
            top.entries.push(Entry { key, value });
        }
        Ok(top)
    }

    /// Comes to the list under `rows` (or at the top), so that [`Self::row`] gives its items. `top` is what [`Self::top`] read.
    ///
    /// # Errors
    /// When it is no list.
    pub fn seek(&mut self, rows: &str, top: &Top) -> Result<(), Fault> {
        self.unread = !top.whole;
        let list = |step: (Event<'_>, Span)| match step {
            (Event::SequenceStart(..), _) => Ok(()),
            (Event::Scalar(text, ScalarStyle::Plain, ..), span) if text.is_empty() => {
                Err(Fault::new(format!("`{rows}` holds no row")).at(span))
            }
            (_, span) => Err(Fault::new(format!("`{rows}` is a list of rows, each after a `-`")).at(span)),
        };
        match self.start()? {
            Some(step @ (Event::SequenceStart(..), _)) => return list(step),
            Some((Event::MappingStart(..), _)) => {}
            _ => return Err(Fault::new("there is no row in this table")),
        }
        while let Some(key) = self.key()? {
            if key.value == rows {
                let step = self.next()?;
                return list(step);
            }
            self.skip()?;
        }
        Err(Fault::new("there is no row in this table"))
    }

    /// The next item of the list that [`Self::seek`] came to.
    ///
    /// # Errors
    /// What is not YAML; nothing can be read after it.
    pub fn row(&mut self) -> Result<Option<Tree>, Fault> {
        match self.next()? {
            (Event::SequenceEnd, _) => self.end().map(|()| None),
            step => self.value_from(step, 0).map(Some),
        }
    }

    /// Reads on to the end of the file, in which nothing but what [`Self::top`] read may stand.
    fn end(&mut self) -> Result<(), Fault> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentStart(_), span) => {
                    let fault = Fault::new("a second document begins here, and is not read");
                    return Err(fault.help("put its rows into a file of their own").at(span));
                }
                (Event::Scalar(text, ..), span) if self.unread => {
                    let fault = Fault::new(format!("`{}` stands after the rows, and is not read", inline(&text)));
                    return Err(fault.help("put it before them").at(span));
                }
                _ => {}
            }
        }
    }

    /// The first event of the document; `None` when the file is empty.
    fn start(&mut self) -> Result<Option<(Event<'t>, Span)>, Fault> {
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _) => {}
                (Event::StreamEnd, _) => return Ok(None),
                (Event::Scalar(text, ScalarStyle::Plain, ..), _) if text.is_empty() => return Ok(None),
                step => return Ok(Some(step)),
            }
        }
    }

    /// Whether no further key of the file's mapping, which starts at `start`, can follow after `from`: its keys stand at the
    /// margin, and no later line has anything there but a comment or an item. Where one does, the file is read to its end to see.
    fn last_key(&self, start: usize, from: usize) -> bool {
        let before = self.text.get(..start).unwrap_or_default();
        let at_margin = before.is_empty() || before.ends_with(['\n', '\u{feff}']);
        let block = !self.text.get(start..).unwrap_or_default().starts_with('{');
        let rest = self.text.get(from..).unwrap_or_default();
        let margin = |line: &str| {
            let item = line.strip_prefix('-').is_some_and(|item| item.is_empty() || item.starts_with([' ', '\r']));
            item || matches!(line.bytes().next(), None | Some(b' ' | b'#')) || line == "\r"
        };
        at_margin && block && !lone_return(rest) && rest.split('\n').skip(1).all(margin)
    }

    fn next(&mut self) -> Step<'t> {
        match self.parser.next_event() {
            Some(Ok((event, marks))) => {
                let span = self.place.span(&marks);
                Ok((event, span))
            }
            Some(Err(error)) => Err(self.unreadable(&error)),
            None => Ok((Event::StreamEnd, Span::at(self.text.len()))),
        }
    }

    fn unreadable(&mut self, error: &ScanError) -> Fault {
        let at = self.place.byte(error.marker().index()).min(self.text.len());
        let words = error.info().trim_end_matches('.');
        let fault = Fault::new(format!("this is not YAML: {}", inline(words))).at(Span::at(at));
        let from = self.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let line = self.text.get(from..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let next = self.text.get(at..).and_then(|rest| rest.lines().nth(1)).unwrap_or_default();
        if line.contains('\t') || next.trim_start_matches(' ').starts_with('\t') {
            fault.help("indent with spaces; YAML takes no tabs")
        } else if line.contains("::\"") {
            fault.help("write entities between single quotes: 'User::\"alice\"'")
        } else {
            fault
        }
    }

    /// The next key of a mapping; `None` at its end.
    fn key(&mut self) -> Result<Option<Said<String>>, Fault> {
        match self.next()? {
            (Event::MappingEnd, _) => Ok(None),
            (Event::Scalar(text, style, anchor, tag), span) => {
                if let Some(fault) = decorated(anchor, tag.is_some(), span) {
                    return Err(fault);
                }
                if style == ScalarStyle::Plain && text == "<<" {
                    return Err(refused("a merge key (`<<`)", span));
                }
                Ok(Some(Said { value: text.into_owned(), span }))
            }
            (_, span) => Err(Fault::new("a key is a single word or text").at(span)),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Tree, Fault> {
        let step = self.next()?;
        self.value_from(step, depth)
    }

    fn value_from(&mut self, step: (Event<'t>, Span), depth: usize) -> Result<Tree, Fault> {
        let (event, span) = step;
        if depth > DEEPEST {
            return Err(Fault::new(format!("this is nested more than {DEEPEST} deep")).at(span));
        }
        let refusal = match &event {
            Event::Scalar(_, _, anchor, tag) => decorated(*anchor, tag.is_some(), span),
            Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) => {
                decorated(*anchor, tag.is_some(), span)
            }
            Event::Alias(_) => Some(refused("an alias (`*name`)", span)),
            _ => None,
        };
        let tree = self.undecorated(event, span, depth)?;
        Ok(match refusal {
            Some(fault) => Tree { span: tree.span, kind: Kind::Wrong(Box::new(fault)) },
            None => tree,
        })
    }

    fn undecorated(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Tree, Fault> {
        match event {
            Event::Alias(_) => Ok(Tree { span, kind: Kind::Null }),
            Event::Scalar(text, ScalarStyle::Plain, ..) => Ok(Tree { span, kind: plain(&text, span, self.text) }),
            Event::Scalar(text, ..) => Ok(Tree { span, kind: Kind::Text(text.into_owned()) }),
            Event::SequenceStart(..) => {
                let mut items: Vec<Tree> = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, end) => {
                            let span = around(span, items.last().map(|item| item.span), end);
                            return Ok(Tree { span, kind: Kind::List(items) });
                        }
                        step => items.push(self.value_from(step, depth + 1)?),
                    }
                }
            }
            Event::MappingStart(..) => {
                let mut entries: Vec<Entry> = Vec::new();
                let mut seen = HashSet::new();
                while let Some(key) = self.key()? {
                    let mut value = self.value(depth + 1)?;
                    if !seen.insert(key.value.clone()) {
                        value = Tree { span: value.span, kind: Kind::Wrong(Box::new(twice(&key))) };
                    }
                    entries.push(Entry { key, value });
                }
                // The end of a mapping is where its last value ends, or its closing brace.
                let closing = self.place.last;
                let span = around(span, entries.last().map(|entry| entry.value.span), closing);
                Ok(Tree { span, kind: Kind::Map(entries) })
            }
            _ => Err(Fault::new("a value is missing here").at(span)),
        }
    }

    /// Reads over one value.
    fn skip(&mut self) -> Result<(), Fault> {
        let mut open = 0_usize;
        loop {
            match self.next()?.0 {
                Event::SequenceStart(..) | Event::MappingStart(..) => open += 1,
                Event::SequenceEnd | Event::MappingEnd => open = open.saturating_sub(1),
                Event::StreamEnd => return Ok(()),
                _ => {}
            }
            if open == 0 {
                return Ok(());
            }
        }
    }
}

fn twice(key: &Said<String>) -> Fault {
    Fault::new(format!("`{}` is given twice", inline(&key.value))).at(key.span)
}

fn refused(what: &str, span: Span) -> Fault {
    let help = "write the value out; what rows share stands under `defaults`";
    Fault::new(format!("{what} is not read here")).help(help).at(span)
}

/// What is wrong with a value that has an anchor or a tag.
fn decorated(anchor: usize, tagged: bool, span: Span) -> Option<Fault> {
    match (anchor, tagged) {
        (0, false) => None,
        (0, true) => Some(refused("a tag (`!name`)", span)),
        _ => Some(refused("an anchor (`&name`)", span)),
    }
}

/// Whether a line ends in a carriage return alone, which YAML takes for a line end.
fn lone_return(text: &str) -> bool {
    text.split('\r').skip(1).any(|after| !after.starts_with('\n'))
}

/// From the start of a collection to its closing bracket, or to the end of its last value where it has none.
fn around(start: Span, last: Option<Span>, end: Span) -> Span {
    let to = if end.end > end.start { end.end } else { last.map_or(start.end, |last| last.end) };
    Span::new(start.start, to.max(start.start))
}

/// What an unquoted value is.
fn plain(text: &str, span: Span, whole: &str) -> Kind {
    let wrong = |message: String, quoted: &str| {
        let help = format!("write '{}'", quoted.replace('\'', "''"));
        Kind::Wrong(Box::new(Fault::new(message).help(inline(&help)).at(span)))
    };
    let shown = inline(text);
    match text {
        "" | "~" | "null" => Kind::Null,
        "true" => Kind::Bool(true),
        "false" => Kind::Bool(false),
        _ if is_word_for_truth(text) => {
            wrong(format!("`{shown}` is a boolean to some readers of YAML and text to others"), text).or_bool(text)
        }
        "Null" | "NULL" => wrong(format!("`{shown}` is nothing to some readers of YAML and text to others"), text),
        _ if text.matches('"').count() % 2 == 1 => {
            let whole = cut(span, whole);
            wrong(format!("YAML cuts this value off after `{shown}`"), &whole)
        }
        _ if is_number(text) => match text.parse::<i64>() {
            Ok(number) => Kind::Long(number),
            Err(_) => wrong(format!("`{shown}` is beyond 64 bits"), text),
        },
        _ if is_numeric(text) => wrong(format!("`{shown}` is a number to some readers of YAML, each its own"), text),
        _ => Kind::Text(text.to_owned()),
    }
}

impl Kind {
    /// The help of a word for a truth value names the value too.
    fn or_bool(mut self, text: &str) -> Self {
        if let Self::Wrong(fault) = &mut self {
            let truth = matches!(text.to_ascii_lowercase().as_str(), "yes" | "on" | "true");
            fault.help = Some(format!("write {truth}, or '{text}' for the text"));
        }
        self
    }
}

fn is_word_for_truth(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    matches!(lower.as_str(), "yes" | "no" | "on" | "off" | "true" | "false")
}

/// A whole number as everybody writes it.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'))
}

/// What some YAML reads as a number: leading zeros, signs, underscores, fractions, exponents, other bases, minutes and seconds.
fn is_numeric(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let body = lower.strip_prefix(['-', '+']).unwrap_or(&lower);
    if matches!(body, ".inf" | ".nan") {
        return true;
    }
    if let Some(digits) =
        body.strip_prefix("0x").or_else(|| body.strip_prefix("0o")).or_else(|| body.strip_prefix("0b"))
    {
        return !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'_');
    }
    let starts = body.bytes().next().is_some_and(|byte| byte.is_ascii_digit())
        || body.strip_prefix('.').is_some_and(|rest| rest.bytes().next().is_some_and(|byte| byte.is_ascii_digit()));
    let (mantissa, exponent) = body.split_once('e').unwrap_or((body, "0"));
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    starts
        && !exponent.is_empty()
        && exponent.bytes().all(|byte| byte.is_ascii_digit())
        && mantissa.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b':'))
        && mantissa.matches('.').count() <= 1
}

/// What stands from `span` on its line up to the quote that closes a Cedar string.
fn cut(span: Span, whole: &str) -> String {
    let rest = whole.get(span.start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let mut quotes = rest.char_indices().filter(|(_, c)| *c == '"');
    let end = quotes.nth(1).map_or(rest.trim_end().len(), |(at, _)| at + 1);
    rest.get(..end).unwrap_or(rest).to_owned()
}

/// From the parser's counts of characters to bytes; places come nearly in order.
struct Cursor<'t> {
    text: &'t str,
    ascii: bool,
    chars: usize,
    bytes: usize,
    last: Span,
}

impl Cursor<'_> {
    fn byte(&mut self, chars: usize) -> usize {
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

    fn span(&mut self, marks: &Marks) -> Span {
        let start = self.byte(marks.start.index());
        let end = self.byte(marks.end.index());
        // A block ends where the next token begins, with the white space before it.
        let text = self.text.get(start..end.max(start)).unwrap_or_default();
        self.last = Span::new(start, start + text.trim_end().len());
        self.last
    }
}
