//! Texts of which parts are filled in when they are deployed: what is known of them, and what that means for a policy.

use std::sync::Arc;

use super::spec::{Carried, Content, Home, Role, Unfilled, Unresolved};
use crate::repo::templating::value;
use crate::text::templating::{is_templated, placeholders};
use crate::text::{Location, Mapped, SourceFile, Span, inline};

/// A text as far as it is known.
#[derive(Debug, Clone, Default)]
pub(super) struct Filled {
    pub(super) text: Mapped,
    /// What is not known, in the order of the text.
    pub(super) holes: Vec<Hole>,
}

/// A part of a text that is not known. It stands there as it is written.
#[derive(Debug, Clone)]
pub(super) struct Hole {
    /// Where, in the text.
    at: usize,
    /// Where, in the carrier.
    outer: Span,
    /// How it is written, `${Pool}`.
    written: String,
}

impl Filled {
    pub(super) fn whole(text: Mapped) -> Self {
        Self { text, holes: Vec::new() }
    }

    /// Adds something that is not known and is written as `written` at `outer`.
    /// What would end a string of Cedar's, or the mark itself, reads otherwise.
    pub(super) fn push_hole(&mut self, written: &str, outer: Span) {
        let inner = written.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        let plain =
            |text: &str| text.replace('"', "'").replace(['\\', '\n', '\r'], " ").replace('{', "(").replace('}', ")");
        let written = inner.map_or_else(|| plain(written), |inner| format!("${{{}}}", plain(inner)));
        self.holes.push(Hole { at: self.text.text().len(), outer, written: written.clone() });
        self.text.push_as(&written, outer);
    }

    /// What is not known: where, and as it is written.
    pub(super) fn written(&self) -> impl Iterator<Item = (Span, &str)> {
        self.holes.iter().map(|hole| (hole.outer, hole.written.as_str()))
    }

    /// Whether all of it is known.
    pub(super) fn is_whole(&self) -> bool {
        self.holes.is_empty()
    }

    /// This text, all of which stands for `outer`.
    pub(super) fn moved(&self, outer: Span) -> Self {
        let holes = self.holes.iter().map(|hole| Hole { outer, ..hole.clone() });
        Self { text: Mapped::whole(self.text.text(), outer), holes: holes.collect() }
    }

    /// This text without the white space around it.
    pub(super) fn trimmed(&self) -> Self {
        let said = self.text.text();
        let start = said.len() - said.trim_start().len();
        let mut text = Mapped::default();
        text.push_part(&self.text, Span::new(start, start + said.trim().len()));
        let holes = self.holes.iter().map(|hole| Hole { at: hole.at.saturating_sub(start), ..hole.clone() });
        Self { text, holes: holes.collect() }
    }

    /// This text with `with` in place of every `from`, which stands there in the carrier; `None` where a part of what
    /// is not known would be one.
    pub(super) fn replaced(&self, from: &str, with: impl Fn(&mut Self, Span)) -> Option<Self> {
        let said = self.text.text();
        let mut made = Self::default();
        let mut at = 0;
        let copy = |made: &mut Self, start: usize, end: usize| {
            let before = made.text.text().len();
            made.text.push_part(&self.text, Span::new(start, end));
            let within = self.holes.iter().filter(|hole| (start..end).contains(&hole.at));
            made.holes.extend(within.map(|hole| Hole { at: hole.at - start + before, ..hole.clone() }));
        };
        for (found, _) in said.match_indices(from) {
            let span = Span::new(found, found + from.len());
            if self.holes.iter().any(|hole| hole.at < span.end && span.start < hole.at + hole.written.len()) {
                return None;
            }
            copy(&mut made, at, found);
            with(&mut made, self.text.outer(span));
            at = span.end;
        }
        copy(&mut made, at, said.len());
        Some(made)
    }

    /// Adds `other`.
    pub(super) fn push(&mut self, other: Self) {
        let before = self.text.text().len();
        self.text.push_all(&other.text);
        self.holes.extend(other.holes.into_iter().map(|hole| Hole { at: hole.at + before, ..hole }));
    }
}

/// Where in Cedar's text something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Code,
    String,
    Comment,
}

/// What each of `holes`, in order, stands inside of in `text`.
fn inside(text: &str, holes: &[Hole]) -> Vec<Inside> {
    let bytes = text.as_bytes();
    let mut state = Inside::Code;
    let mut at = 0;
    let mut found = Vec::new();
    for hole in holes {
        while at < hole.at {
            let byte = bytes.get(at).copied().unwrap_or_default();
            state = match (state, byte) {
                (Inside::Code, b'"') => Inside::String,
                (Inside::Code, b'/') if bytes.get(at + 1) == Some(&b'/') => Inside::Comment,
                (Inside::String, b'"') => Inside::Code,
                (Inside::String, b'\\') => {
                    at += 1;
                    Inside::String
                }
                (Inside::Comment, b'\n' | b'\r') => Inside::Code,
                (state, _) => state,
            };
            at += 1;
        }
        found.push(state);
    }
    found
}

impl Carried {
    /// Reads what of it is filled in with `values`, by name; says what is not, and takes it for unknown.
    pub(super) fn settle(&mut self, values: &[(String, String)]) {
        for part in &mut self.parts {
            let Content::Unfilled(file, text, holes) = &mut part.content else { continue };
            let known = |hole: &Unfilled| hole.name.as_deref().is_some_and(|name| value(values, name).is_some());
            holes.retain(|hole| !known(hole));
            let (file, text) = (Arc::clone(file), std::mem::take(text));
            if holes.is_empty() {
                part.content = Content::In(file, text);
            } else {
                self.unresolved.extend(std::mem::take(holes).into_iter().map(|hole| hole.told));
                part.content = Content::UnknownIn(file);
            }
        }
    }

    /// Adds the part `name` with what is known of its text, and says what is not known. `what` is what people call
    /// it. A policy is read with what is filled in inside of its strings as it is written; where code is filled in,
    /// nobody knows what it says.
    pub(super) fn add_filled(&mut self, name: (&str, &str), role: Role, home: Home, filled: Filled) {
        let file = Arc::clone(&self.file);
        self.add_filled_in(name, role, home, filled, &file);
    }

    /// As [`Self::add_filled`] with a text that stands in `file`.
    pub(super) fn add_filled_in(
        &mut self,
        (what, name): (&str, &str),
        role: Role,
        home: Home,
        filled: Filled,
        file: &Arc<SourceFile>,
    ) {
        let code = matches!(role, Role::Policies | Role::Schema);
        let inside = inside(filled.text.text(), &filled.holes);
        let mut unknown: Vec<Unfilled> = Vec::new();
        for (hole, inside) in filled.holes.iter().zip(inside) {
            let (written, name) = (inline(&hole.written), inline(name));
            match inside {
                Inside::Comment if code => {}
                // One that has a name is a value that nobody knows, as in every other text.
                Inside::String if role == Role::Policies && is_templated(&hole.written) => {}
                Inside::String if role == Role::Policies => self.tell_in(
                    file,
                    hole.outer,
                    format!(
                        "what `{written}` is in {what} `{name}` is known once it is deployed; it is read as written"
                    ),
                ),
                _ => {
                    let message =
                        format!("{what} `{name}` is not read: what `{written}` is in it is known once it is deployed");
                    let called = placeholders(&hole.written).next().map(|one| one.name.to_owned());
                    let location = Location::new(file, hole.outer);
                    unknown.push(Unfilled { name: called, told: Unresolved { location, message } });
                }
            }
        }
        let Filled { mut text, holes } = filled;
        for hole in holes {
            text.mark_filled(Span::new(hole.at, hole.at + hole.written.len()));
        }
        let content = match unknown.is_empty() {
            true => Content::In(Arc::clone(file), text),
            false => Content::Unfilled(Arc::clone(file), text, unknown),
        };
        self.add(name, role, home, content);
    }

    /// Adds the part `name`, of which nothing is known, for the reason `why`.
    pub(super) fn add_unknown(
        &mut self,
        (what, name): (&str, &str),
        role: Role,
        home: Home,
        (span, why): (Span, &str),
    ) {
        self.tell(span, format!("{what} `{}` is not read: {why}", inline(name)));
        self.add(name, role, home, Content::Unknown);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_stands_in_code_strings_or_comments() {
        let text = "// a \" $\npermit(principal == User::\"a\\\"$\", action == $, resource); // $";
        let holes: Vec<Hole> =
            text.match_indices('$').map(|(at, _)| Hole { at, outer: Span::at(at), written: "$".to_owned() }).collect();
        assert_eq!(inside(text, &holes), [Inside::Comment, Inside::String, Inside::Code, Inside::Comment]);
    }
}
