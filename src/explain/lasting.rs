//! Until when a decision stays as it is while a clock goes on and nothing else changes.

use serde_json::Value as Json;

use super::compiled::Compiled;
use super::frame::Frame;
use super::probe;
use super::question::Question;
use super::situation::Situation;
use super::slot::{Holder, Slot};
use super::values::{name, number};
use crate::outcome::{Lasting, Until};
use crate::symbolic::{Answer, NumberKind};

/// More clocks than this are not looked at.
const CLOCKS: usize = 4;

/// For each clock among the attributes of the context that policies read: a `datetime`, or a number that is one of
/// `clocks`, such as `context.now`.
#[must_use]
pub fn lasting(situation: &Situation<'_>, compiled: Result<&Compiled, &str>, clocks: &[String]) -> Vec<Lasting> {
    let frame = compiled.map_err(str::to_owned).and_then(|compiled| Frame::new(situation, compiled));
    let Ok(frame) = frame else { return Vec::new() };
    let mut found = Vec::new();
    for (at, slot) in frame.slots.iter().enumerate() {
        let Slot::Attribute(Holder::Context, path) = slot else { continue };
        let Some(from) = situation.value(slot) else { continue };
        let called = name(&Holder::Context, path);
        let Some((kind, now)) = number(&from) else { continue };
        let clock = kind == NumberKind::Datetime || (kind == NumberKind::Long && clocks.contains(&called));
        if !clock || found.len() >= CLOCKS {
            continue;
        }
        let until = match Question::new(&frame, situation.decision) {
            Ok(question) => Clock { situation, question, at, slot, path, kind }.until(now),
            Err(why) => Until::Unknown(why),
        };
        found.push(Lasting { clock: called, from, until });
    }
    found
}

/// One clock of a request.
struct Clock<'q, 'a, 's> {
    situation: &'s Situation<'s>,
    question: Question<'a>,
    at: usize,
    slot: &'q Slot,
    path: &'q [String],
    kind: NumberKind,
}

impl Clock<'_, '_, '_> {
    /// The first instant after `now` at which the decision is the other one.
    fn until(mut self, now: i64) -> Until {
        match self.turns(now, None) {
            Ok(true) => {}
            Ok(false) => return Until::Ever,
            Err(why) => return Until::Unknown(why),
        }
        // None up to `before`, and one after that and up to `first`.
        let (mut before, mut first) = (now, i64::MAX);
        while first.abs_diff(before) > 1 {
            let middle = before.midpoint(first);
            match self.turns(before, Some(middle)) {
                Ok(true) => first = middle,
                Ok(false) => before = middle,
                Err(why) => return Until::Unknown(why),
            }
        }
        let value = |instant| vec![(self.slot.clone(), Some(self.kind.json(instant)))];
        let just_before = first - 1 == now || self.situation.decide(&value(first - 1)) == Some(self.situation.decision);
        match just_before && self.situation.confirms(&value(first)) {
            true => Until::Instant(self.kind.json(first)),
            false => Until::Unknown("Cedar's authorizer does not confirm the instant that the engine found".to_owned()),
        }
    }

    /// Whether the decision is the other one at some instant after `from`, up to `to`.
    fn turns(&mut self, from: i64, to: Option<i64>) -> Result<bool, String> {
        let json: [Option<Json>; 2] = [Some(from), to].map(|number| number.map(|number| self.kind.json(number)));
        let [Some(from), to] = json else { return Err("the instant cannot be written down".to_owned()) };
        let within = self.question.condition(&probe::between(self.path, &from, to.as_ref()));
        let within = within.ok_or("the instant cannot be written down")?;
        let at = self.at;
        match self.question.check(self.question.fixed_but(&|slot| slot == at).and(within)) {
            Answer::Witness(_) => Ok(true),
            Answer::Impossible => Ok(false),
            Answer::Unknown(why) => Err(why.to_string()),
        }
    }
}
