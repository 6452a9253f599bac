//! What becomes of a change.

use crate::symbolic::Case;

/// What became of a change.
#[derive(Debug)]
pub enum Fate {
    /// The row of this id notices.
    Killed(String),
    /// It is proved to change no decision.
    Equivalent,
    /// No row notices, and this request is decided otherwise.
    Differs(Box<Case>),
    /// No row notices, and whether it changes any decision is not known; a phrase that says why.
    Unknown(String),
}
