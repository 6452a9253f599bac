//! What a finding can have mended mechanically.

use crate::text::{Location, Span};

/// A text to be put in the place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty where something is inserted.
    pub location: Location,
    /// What stands there afterwards.
    pub text: String,
}

/// Edits that mend a finding, all of them together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What they do, as an instruction with no full stop: `remove this policy`.
    pub what: String,
    /// What is not as before besides the text, one plain sentence; none where nothing is.
    pub changes: Option<String>,
    /// Whether the finding's policy goes, all of it.
    pub removes_policy: bool,
    /// The edits, in the order of the text; they touch no common place.
    pub edits: Vec<Edit>,
}

impl Fix {
    /// A fix of one or more edits, of which no two touch.
    #[must_use]
    pub fn new(what: impl Into<String>, mut edits: Vec<Edit>) -> Self {
        edits.sort_by(|a, b| a.location.cmp(&b.location));
        Self { what: what.into(), changes: None, removes_policy: false, edits }
    }

    /// Whether it changes a text that another tool's file carries.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.edits.iter().any(|edit| !edit.location.file.is_as_written())
    }

    /// `text`, which begins at the byte `start` of its file, with the fix in it, all of whose edits are there.
    #[must_use]
    pub fn apply(&self, text: &str, start: usize) -> String {
        Edit::apply(&self.edits.iter().collect::<Vec<_>>(), text, start)
    }

    /// The same with the edits of `other`, all of them or, where one touches its own, none: half a fix is none, and
    /// what one cannot say at once, another run does.
    pub(super) fn merge(&mut self, other: Self) {
        if other.edits.iter().any(|edit| self.edits.iter().any(|own| own.touches(edit))) {
            return;
        }
        self.edits.extend(other.edits);
        self.edits.sort_by(|a, b| a.location.cmp(&b.location));
    }
}

impl Edit {
    /// `text` in the place of `location`.
    #[must_use]
    pub fn new(location: Location, text: impl Into<String>) -> Self {
        Self { location, text: text.into() }
    }

    /// `text`, which begins at the byte `start` of its file, with `edits` in it, which are all there; no two touch.
    #[must_use]
    pub fn apply(edits: &[&Self], text: &str, start: usize) -> String {
        let mut edits = edits.to_vec();
        edits.sort_by_key(|edit| edit.location.span);
        let (mut out, mut at) = (String::with_capacity(text.len()), 0);
        for edit in edits {
            let Span { start: from, end: to } = edit.location.span;
            out.push_str(text.get(at..from.saturating_sub(start)).unwrap_or_default());
            out.push_str(&edit.text);
            at = to.saturating_sub(start);
        }
        out.push_str(text.get(at..).unwrap_or_default());
        out
    }

    /// Whether both change the same place, or places with nothing between them.
    #[must_use]
    pub fn touches(&self, other: &Self) -> bool {
        let (Span { start, end }, theirs) = (self.location.span, other.location.span);
        self.location.path() == other.location.path() && start <= theirs.end && theirs.start <= end
    }
}
