//! JSON that is new, written as what stands around it.

use super::entry::entries;
use crate::data::json::Node;

/// JSON to be written.
pub(super) enum Piece<'t> {
    /// A value that is neither list nor object, as it is written.
    Plain(String),
    /// Keys, each between its quotes, with their values.
    Object(Vec<(&'t str, Piece<'t>)>),
    List(Vec<Piece<'t>>),
}

impl<'t> Piece<'t> {
    /// `text` between quotes.
    pub(super) fn text(text: &str) -> Self {
        Self::Plain(format!("\"{text}\""))
    }

    /// What stands at `node`.
    pub(super) fn of(node: Node<'t>) -> Self {
        if let Some(entries) = entries(node) {
            return Self::Object(entries.into_iter().map(|one| (one.key.raw, Self::of(one.value))).collect());
        }
        match node.elements() {
            Some(elements) => Self::List(elements.into_iter().map(Self::of).collect()),
            None => Self::Plain(node.raw.to_owned()),
        }
    }
}

/// How JSON is written.
pub(super) struct Style<'t> {
    /// By what a line is indented more than the one around it; none where all stands on one line.
    unit: Option<&'t str>,
    line_end: &'static str,
    colon: &'t str,
    comma: &'t str,
    /// What stands between an object's bracket and its key on the same line.
    pad: &'t str,
}

impl<'t> Style<'t> {
    /// That of the object at `sample`, whose line is indented by `indent`.
    pub(super) fn of(sample: Node<'t>, indent: &str) -> Self {
        let line_end = if sample.raw.contains("\r\n") { "\r\n" } else { "\n" };
        let second = sample.raw.lines().nth(1);
        let unit = second.map(|line| {
            let own = line.get(..line.len() - line.trim_start_matches([' ', '\t']).len()).unwrap_or_default();
            own.strip_prefix(indent).filter(|unit| !unit.is_empty()).unwrap_or("  ")
        });
        let entries = entries(sample).unwrap_or_default();
        let between = |from: usize, to: usize| {
            let gap = sample.raw.get(from - sample.offset..to - sample.offset)?;
            (!gap.contains('\n')).then_some(gap)
        };
        let (first, next) = (entries.first(), entries.get(1));
        let colon = first.and_then(|one| between(one.key.span().end, one.value.span().start));
        let comma = first.zip(next).and_then(|(one, next)| between(one.value.span().end, next.key.span().start));
        let pad = first.and_then(|one| between(sample.offset + 1, one.key.span().start));
        let tight = colon == Some(":");
        Self {
            unit,
            line_end,
            colon: colon.unwrap_or(": "),
            comma: comma.unwrap_or(if tight { "," } else { ", " }),
            pad: pad.unwrap_or_default(),
        }
    }

    /// What stands between an element and the next on the same line.
    pub(super) fn comma(&self) -> &'t str {
        self.comma
    }

    /// How lines end.
    pub(super) fn line_end(&self) -> &'static str {
        self.line_end
    }

    /// `piece`, on a line that is indented by `indent`.
    pub(super) fn print(&self, piece: &Piece<'_>, indent: &str) -> String {
        let (open, close, pad, parts): (_, _, _, Vec<(Option<&str>, &Piece<'_>)>) = match piece {
            Piece::Plain(text) => return text.clone(),
            Piece::Object(fields) => {
                ("{", "}", self.pad, fields.iter().map(|(key, value)| (Some(*key), value)).collect())
            }
            Piece::List(items) => ("[", "]", "", items.iter().map(|item| (None, item)).collect()),
        };
        if parts.is_empty() {
            return format!("{open}{close}");
        }
        let deeper = self.unit.map_or_else(String::new, |unit| format!("{indent}{unit}"));
        let write = |(key, value): &(Option<&str>, &Piece<'_>)| {
            let value = self.print(value, &deeper);
            key.map_or_else(|| value.clone(), |key| format!("{key}{}{value}", self.colon))
        };
        let written: Vec<String> = parts.iter().map(write).collect();
        if self.unit.is_none() {
            return format!("{open}{pad}{}{pad}{close}", written.join(self.comma));
        }
        let end = self.line_end;
        format!("{open}{end}{deeper}{}{end}{indent}{close}", written.join(&format!(",{end}{deeper}")))
    }
}
