//! How `forbid-can-error` and `permit-can-error` are mended: by asking first, where that is proved to leave every
//! decision as it is.

use crate::finding::Fix;
use crate::lint::facts::{Facts, MemberKind, errors, matches};
use crate::lint::fixes::add_guard;
use crate::symbolic::{Answer, Formula, Session, Status, Subject};
use crate::text::Span;

/// What a policy reads that may not be there.
pub(super) struct Missing<'a> {
    /// Where it is read.
    pub(super) read: Option<Span>,
    /// The attribute; `None` for a tag.
    pub(super) attribute: Option<&'a str>,
}

/// The policy at `index` asking first for what may be `missing`, with what `changes` by that; none where it would match
/// other requests then, or err on all that it did.
pub(super) fn guarded(facts: &Facts<'_>, index: usize, missing: &Missing<'_>, changes: &str) -> Option<Fix> {
    let member = facts.members.get(index).filter(|member| member.kind == MemberKind::Static)?;
    let fix = add_guard(member.policy, missing.read?, missing.attribute)?;
    let place = &member.policy.location;
    let text = fix.apply(place.text(), place.span.start);
    let mended = Subject::policy(&cedar_policy::Policy::parse(None, text).ok()?);
    let mut helps = false;
    for at in facts.places(index, |_| true) {
        let mut session = Session::new(facts.sessions.policies(), facts.requests().get(at)?);
        let new = session.add_policy(0, &mended);
        let (old, new_matches) = (matches(index), Formula::Matches(new));
        let differs = old.clone().and(!new_matches.clone()).or((!old).and(new_matches));
        if session.status(new) != Status::Applies || !session.check(&differs).is_impossible() {
            return None;
        }
        helps = helps || matches!(session.check(&errors(index).and(!Formula::Errors(new))), Answer::Witness(_));
    }
    helps.then(|| Fix { changes: Some(changes.to_owned()), ..fix })
}
