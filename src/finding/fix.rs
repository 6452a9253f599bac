//! What a finding can have mended mechanically, and what is left to a person.

use crate::text::templating::is_templated;
use crate::text::{Location, Span};

/// Why a policy stays in a file of another tool that declares it.
const DECLARED: &str = "another tool's file would be left with an empty one: take out what declares it there";
/// Why a text stays that another tool's file carries.
const PUT_TOGETHER: &str =
    "what stands there is encoded, put together or filled in, so that it is not sure how to write it";

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

/// What would mend a finding, and why that is left to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// What that is, as [`Fix::what`] has it.
    pub what: String,
    /// A phrase that says why, and what to do.
    pub why: String,
}

impl Left {
    /// `what`, which is left for the reason `why`.
    #[must_use]
    pub fn new(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { what: what.into(), why: why.into() }
    }
}

/// What can be done mechanically; nothing where nobody would look for it.
pub type Mend = Option<Result<Fix, Left>>;

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

    /// The same as edits of the file that carries the text, written as that writes it.
    ///
    /// # Errors
    /// Where it is not sure how: what stands there is put together or filled in, or no character shows how one like it
    /// is written; and where nothing would be left of a policy that the file declares.
    pub fn in_carrier(&self) -> Result<Self, Left> {
        if self.removes_policy {
            return Err(Left::new(&self.what, DECLARED));
        }
        let edits: Option<Vec<Edit>> = self.edits.iter().map(Edit::in_carrier).collect();
        let edits = edits.ok_or_else(|| Left::new(&self.what, PUT_TOGETHER))?;
        Ok(Self { edits, ..self.clone() })
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

    fn in_carrier(&self) -> Option<Self> {
        let (file, span) = (&self.location.file, self.location.span);
        if file.is_as_written() {
            return Some(self.clone());
        }
        let whole = Span::new(0, file.text().len());
        if !file.is_embedded() || file.is_filled_in(whole) || is_templated(file.text()) {
            return None;
        }
        let shown = |at: usize, c: char| Location::new(file, Span::new(at, at + c.len_utf8())).shown();
        let same = |at: usize| {
            let c = file.text().get(at..).and_then(|rest| rest.chars().next())?;
            let place = shown(at, c);
            (place.text().chars().eq([c])).then_some(place)
        };
        let first = same(span.start)?;
        let last = file.text().get(..span.end).and_then(|before| before.char_indices().next_back());
        let end = match last.filter(|_| span.start < span.end) {
            Some((at, _)) => same(at)?.span.end,
            None => first.span.start,
        };
        let mut text = String::new();
        for c in self.text.chars() {
            if c.is_ascii_alphanumeric() || " _.&|!=<>()[],:;-".contains(c) {
                text.push(c);
                continue;
            }
            // How another of it is written is how this one is.
            let other = file.text().char_indices().find(|(_, other)| *other == c && c != '\n')?;
            let written = shown(other.0, c);
            let short = written.text().len() <= 1 + c.len_utf8();
            text.push_str(Some(written.text()).filter(|_| short)?);
        }
        Some(Self { location: Location::new(&first.file, Span::new(first.span.start, end)), text })
    }

    /// Whether both change the same place, or places with nothing between them.
    #[must_use]
    pub fn touches(&self, other: &Self) -> bool {
        let (Span { start, end }, theirs) = (self.location.span, other.location.span);
        self.location.path() == other.location.path() && start <= theirs.end && theirs.start <= end
    }
}
