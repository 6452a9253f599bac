//! What came of one guardrail in one kind of request.

use cedar_policy::Policy;

use super::judge::Judged;

/// What came of a guardrail in one kind of request.
pub(super) struct Found {
    /// The guardrail, by its number.
    pub(super) guardrail: usize,
    /// The request environment, by its number.
    pub(super) environment: usize,
    /// What came of it.
    pub(super) judged: Told,
    /// The guardrail's rule there.
    pub(super) rule: Option<Policy>,
}

/// What came of it, or why nothing could.
pub(super) enum Told {
    /// It was judged.
    Judged(Judged),
    /// The guardrail cannot speak of these requests, and why.
    Uncovered(String),
}
