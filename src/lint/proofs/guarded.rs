//! How `forbid-can-error` and `permit-can-error` are mended: by asking first, where that is proved to leave every
//! decision as it is.

use crate::finding::{Fix, Mend};
use crate::lint::facts::{Facts, errors, matches};
use crate::lint::fixes::add_guard;
use crate::repo::cedar::Body;
use crate::symbolic::{Answer, Formula, Session, Status, Subject};

/// The policy at `index` (of a link its template) asking first for what its `number`-th read reads; it is said what
/// `changes` by that. None where it would match other requests then, or err on all that it did.
pub(super) fn guarded(facts: &Facts<'_>, index: usize, number: usize, changes: &str) -> Mend {
    let member = facts.members.get(index)?;
    let fix = match add_guard(member.policy, number)? {
        Ok(fix) => fix,
        Err(left) => return Some(Err(left)),
    };
    let place = &member.policy.location;
    let body = Body::parse(&fix.apply(place.text(), place.span.start))?;
    let mended = Subject::policy(&facts.with_body(member, &body)?);
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
    helps.then(|| Ok(Fix { changes: Some(changes.to_owned()), ..fix }))
}
