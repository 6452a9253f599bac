//! What brings a change about: policies that came, went or were edited, and what each edit did.

use crate::text::Location;

/// How a policy, or what it stands under, changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// The new side has the policy, the old does not.
    Added,
    /// The old side has the policy, the new does not.
    Removed,
    /// Both have it, and it says different things.
    Edited,
    /// The policy reads as before; the schema changed what it means.
    Schema,
}

impl Change {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Edited => "edited",
            Self::Schema => "schema",
        }
    }
}

/// What became of a piece of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EditKind {
    /// It came.
    Added,
    /// It went.
    Removed,
    /// It became another.
    Replaced,
}

impl EditKind {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Replaced => "replaced",
        }
    }
}

/// Of which part of a policy a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EditPart {
    /// The scope.
    Scope,
    /// What has to hold.
    When,
    /// What must not.
    Unless,
}

impl EditPart {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scope => "scope",
            Self::When => "when",
            Self::Unless => "unless",
        }
    }
}

/// One step of an edit: of an `unless` the texts are what must not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What happened.
    pub kind: EditKind,
    /// Where in the policy.
    pub part: EditPart,
    /// The piece on the old side, a Cedar expression; none where it was added.
    pub old: Option<String>,
    /// The piece on the new side; none where it was removed.
    pub new: Option<String>,
    /// Where it stands: on the new side, or on the old for what was removed.
    pub location: Option<Location>,
}

/// The template of a link, with the places of the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateOf {
    /// Its full name.
    pub name: String,
    /// Where it stands on the old side.
    pub old: Option<Location>,
    /// Where it stands on the new side.
    pub new: Option<Location>,
}

/// A change that brings an effect about, together with the other causes of the same effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The policy by full name, as the new side calls it where it has it.
    pub policy: String,
    /// `permit` or `forbid`, as the new side has it where it has it.
    pub effect: &'static str,
    /// What happened to it.
    pub change: Change,
    /// Where it stands on the old side.
    pub old: Option<Location>,
    /// Where it stands on the new side.
    pub new: Option<Location>,
    /// For a policy that was edited: the first line of the new text that differs.
    pub changed: Option<Location>,
    /// What the edit did; none where it cannot be said piece by piece.
    pub edits: Vec<Edit>,
    /// For a link: what it links.
    pub template: Option<TemplateOf>,
    /// What the policy is called besides its name: an annotation's text, or the comment above it.
    pub called: Option<String>,
    /// For a policy that the new side no longer has: where a reader of the new side would look for it.
    pub near: Option<Location>,
}
