//! The engine, asked about one request: everything that policies read of it is fixed, but for what may change.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use cedar_policy::{Decision, EntityUid};
use serde_json::Value as Json;

use super::frame::Frame;
use super::probe;
use super::situation::Situation;
use super::slot::Slot;
use crate::symbolic::{Answer, Formula, PolicyRef, Sample, Session, Subject, Witness};

/// So many conditions may come up while one question is asked: those of an instant that is looked for among all there
/// are, bit by bit, and enough for the values of changes and the entities in their places.
const SPARE: usize = 1024;

/// Room for the conditions that come up while questions are asked. A place is filled once and never again, so that of
/// two questions that share it each has its own conditions.
#[derive(Debug)]
pub(super) struct Spare(Vec<OnceLock<Subject>>);

impl Default for Spare {
    fn default() -> Self {
        Self((0..SPARE).map(|_| OnceLock::new()).collect())
    }
}

/// Questions about one request.
pub(super) struct Question<'a> {
    session: Session<'a>,
    frame: &'a Frame<'a>,
    spare: &'a Spare,
    /// That the decision is the other one, and what holds whatever changes.
    turned: Formula,
    kept: Formula,
    fixed: Vec<PolicyRef>,
}

impl<'a> Question<'a> {
    /// About the request of `frame`, which is decided so; `spare` is room for conditions that come up.
    ///
    /// # Errors
    /// Why the engine has no answers, a phrase: what it says of the request as it is differs from what is so.
    pub(super) fn new(frame: &'a Frame<'a>, spare: &'a Spare, decision: Decision) -> Result<Self, String> {
        let mut session = Session::new(&frame.compiled.policies, frame.environment);
        let allow = session.allow(0);
        let given: Vec<Formula> =
            frame.given.iter().map(|subject| Formula::Matches(session.add_policy(0, subject))).collect();
        let fixed = frame.unchanged.iter().map(|subject| session.add_policy(0, subject)).collect();
        let kept = if decision == Decision::Allow { allow.clone() } else { !allow.clone() };
        let turned = (!kept.clone()).and(Formula::And(given.clone()));
        let mut question = Self { session, frame, spare, turned, kept: kept.and(Formula::And(given)), fixed };
        let as_it_is = question.all_fixed();
        let kept = question.kept.clone();
        match question.session.check(&kept.and(as_it_is.clone())) {
            Answer::Witness(_) => {}
            Answer::Impossible => return Err(frame.misfit()),
            Answer::Unknown(why) => return Err(why.to_string()),
        }
        let turned = question.turned.clone();
        match question.session.check(&turned.and(as_it_is)) {
            Answer::Impossible => Ok(question),
            Answer::Witness(_) => Err("the decision hangs on something that cannot be told apart".to_owned()),
            Answer::Unknown(why) => Err(why.to_string()),
        }
    }

    /// That every slot is what it is.
    fn all_fixed(&self) -> Formula {
        self.fixed_but(&|_| false)
    }

    /// What may change.
    pub(super) fn slots(&self) -> &'a [Slot] {
        &self.frame.slots
    }

    /// That `uid`, and what it leads to, is what it is, but for what may change; none where it leads to too much.
    pub(super) fn as_it_is(&self, situation: &Situation<'_>, uid: &EntityUid) -> Option<Json> {
        self.frame.as_it_is(situation, uid)
    }

    /// That every slot is what it is, but for those that are `free`.
    pub(super) fn fixed_but(&self, free: &dyn Fn(usize) -> bool) -> Formula {
        let fixed = self.fixed.iter().enumerate().filter(|(at, _)| !free(*at));
        Formula::And(fixed.map(|(_, policy)| Formula::Matches(*policy)).collect())
    }

    /// That one of these slots is what it is.
    pub(super) fn some_fixed(&self, slots: impl Iterator<Item = usize>) -> Formula {
        Formula::Or(slots.filter_map(|at| self.fixed.get(at)).map(|policy| Formula::Matches(*policy)).collect())
    }

    /// How the decision may be turned when `besides` holds.
    pub(super) fn check(&mut self, besides: Formula) -> Answer<Sample> {
        let question = self.turned.clone().and(besides);
        self.session.check(&question)
    }

    /// The same, as a request with its entities.
    pub(super) fn find(&mut self, besides: Formula) -> Answer<Witness> {
        let question = self.turned.clone().and(besides);
        self.session.find(&question)
    }

    /// The slots that are not what they are in `sample`.
    pub(super) fn changed(&self, sample: &Sample) -> BTreeSet<usize> {
        let same = |policy: &PolicyRef| sample.matches(*policy) == Some(true);
        self.fixed.iter().enumerate().filter(|(_, policy)| !same(policy)).map(|(at, _)| at).collect()
    }

    /// A condition in Cedar's JSON as a part of questions; none where it cannot be one, or there are too many.
    pub(super) fn condition(&mut self, condition: &Json) -> Option<Formula> {
        let place = self.spare.0.iter().find(|place| place.get().is_none())?;
        place.set(probe::subject(condition)?).ok()?;
        Some(Formula::Matches(self.session.add_policy(0, place.get()?)))
    }
}
