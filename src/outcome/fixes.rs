//! What became of the findings that can be mended mechanically, where that was asked for.

/// A finding that can be mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixResult {
    /// The finding's rule.
    pub rule: &'static str,
    /// The file, relative to the root.
    pub path: String,
    /// The policy by full name, where the finding is about one.
    pub policy: Option<String>,
    /// What mends it, an instruction: `remove this policy`.
    pub what: String,
    /// What is not as before besides the text, a sentence.
    pub changes: Option<String>,
    /// What became of it.
    pub status: FixStatus,
}

/// What became of a fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FixStatus {
    /// The file has it.
    Applied,
    /// It was only to be shown.
    Shown,
    /// It was not applied; a phrase that says why: `it would change who is allowed what`.
    Refused(String),
}

impl FixStatus {
    /// The word in `--report json`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Shown => "shown",
            Self::Refused(_) => "refused",
        }
    }
}
