//! Until when a decision stays as it is while a clock goes on and nothing else changes.
//!
//! # Why
//!
//! Every clock of the context that policies may read is answered for, with an instant, a proof, or why it is not known:
//! whoever keeps an answer takes a clock that is not listed for one that does not matter.

use serde_json::{Map, Value as Json};

use super::compiled::Compiled;
use super::frame::Frame;
use super::probe;
use super::question::{Question, Spare};
use super::situation::Situation;
use super::slot::{Holder, Slot, record};
use super::values::{name, number};
use super::vocabulary::Vocabulary;
use crate::outcome::{Lasting, Until};
use crate::symbolic::{Answer, NumberKind};

/// The engine is asked about so many clocks.
const CLOCKS: usize = 16;

/// For each clock among the attributes of the context that policies read: a `datetime`, or a number that is one of
/// `clocks`, such as `context.now`. Those inside of records count.
#[must_use]
pub fn lasting(situation: &Situation<'_>, compiled: Result<&Compiled, &str>, clocks: &[String]) -> Vec<Lasting> {
    let mut found = Vec::new();
    let mut context = situation.attributes(&Holder::Context).cloned().unwrap_or_default();
    let frame = compiled.map_err(str::to_owned).and_then(|compiled| Frame::new(situation, compiled));
    match &frame {
        Ok(frame) => context.retain(|name, _| frame.vocabulary.reads(true, name)),
        Err(_) => {
            let vocabulary = Vocabulary::of(situation.about());
            context.retain(|name, _| vocabulary.reads(true, name));
        }
    }
    collect(&context, &mut Vec::new(), clocks, &mut found);
    let ask = |(at, clock): (usize, &Found)| match &frame {
        Err(why) => Until::Unknown(why.clone()),
        Ok(_) if at >= CLOCKS => Until::Unknown(format!("more than {CLOCKS} clocks are not looked at")),
        Ok(frame) => clock.until(situation, frame),
    };
    let lasting = |(at, clock): (usize, &Found)| Lasting {
        clock: name(&Holder::Context, &clock.path),
        from: clock.from.clone(),
        until: ask((at, clock)),
    };
    found.iter().enumerate().map(lasting).collect()
}

/// A clock in the context of a request.
struct Found {
    path: Vec<String>,
    from: Json,
    kind: NumberKind,
    now: i64,
}

/// Finds the clocks in `fields`, which are at `path` of the context.
fn collect(fields: &Map<String, Json>, path: &mut Vec<String>, clocks: &[String], found: &mut Vec<Found>) {
    for (field, value) in fields {
        path.push(field.clone());
        if let Some(inner) = record(value) {
            collect(inner, path, clocks, found);
        } else if let Some((kind, now)) = number(value)
            && (kind == NumberKind::Datetime || clocks.contains(&name(&Holder::Context, path)))
        {
            found.push(Found { path: path.clone(), from: value.clone(), kind, now });
        }
        path.pop();
    }
}

impl Found {
    fn until(&self, situation: &Situation<'_>, frame: &Frame<'_>) -> Until {
        let slot = Slot::Attribute(Holder::Context, self.path.clone());
        let Some(at) = frame.slots.iter().position(|other| *other == slot) else {
            return Until::Unknown("it is not among the attributes that the engine was asked about".to_owned());
        };
        // Each clock has room of its own: an instant of one says nothing of another.
        let spare = Spare::default();
        match Question::new(frame, &spare, situation.decision) {
            Ok(question) => Clock { situation, question, at, slot, clock: self }.until(),
            Err(why) => Until::Unknown(why),
        }
    }
}

/// One clock of a request, with the engine.
struct Clock<'q, 'a, 's> {
    situation: &'s Situation<'s>,
    question: Question<'a>,
    at: usize,
    slot: Slot,
    clock: &'q Found,
}

impl Clock<'_, '_, '_> {
    /// The first instant from now on at which the decision is the other one.
    fn until(mut self) -> Until {
        let (now, kind) = (self.clock.now, self.clock.kind);
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
        let value = |instant| vec![(self.slot.clone(), Some(kind.json(instant)))];
        let just_before = first - 1 == now || self.situation.decide(&value(first - 1)) == Some(self.situation.decision);
        match just_before && self.situation.confirms(&value(first)) {
            true => Until::Instant(kind.json(first)),
            false => Until::Unknown("Cedar's authorizer does not confirm the instant that the engine found".to_owned()),
        }
    }

    /// Whether the decision is the other one at some instant after `from`, up to `to`.
    fn turns(&mut self, from: i64, to: Option<i64>) -> Result<bool, String> {
        let kind = self.clock.kind;
        let (from, to) = (kind.json(from), to.map(|number| kind.json(number)));
        let within = self.question.condition(&probe::between(&self.clock.path, &from, to.as_ref()));
        let within = within.ok_or("the instant cannot be written down")?;
        let at = self.at;
        match self.question.check(self.question.fixed_but(&|slot| slot == at).and(within)) {
            Answer::Witness(_) => Ok(true),
            Answer::Impossible => Ok(false),
            Answer::Unknown(why) => Err(why.to_string()),
        }
    }
}
