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
use crate::symbolic::{Answer, Formula, NumberKind};

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
        Ok(frame) => clock.until(situation, frame, &[]),
    };
    let mut all: Vec<Lasting> =
        found.iter().enumerate().map(|(at, clock)| clock.lasting(&[], ask((at, clock)))).collect();
    all.extend(frame.ok().and_then(|frame| together(situation, &frame, &found, &all)));
    all
}

/// Until when the decision stays as all clocks go on together, where that is sooner than as one of them does.
fn together(situation: &Situation<'_>, frame: &Frame<'_>, found: &[Found], each: &[Lasting]) -> Option<Lasting> {
    let (first, along) = found.split_first().filter(|(_, along)| !along.is_empty())?;
    let ends = found.iter().zip(each).filter_map(|(clock, lasting)| match &lasting.until {
        Until::Instant(instant) => number(instant).map(|(_, at)| at.saturating_sub(clock.now)),
        Until::Ever | Until::Unknown(_) => None,
    });
    let soonest = ends.min();
    let known = each.iter().all(|lasting| !matches!(lasting.until, Until::Unknown(_)));
    if found.iter().any(|clock| clock.kind != NumberKind::Datetime) {
        let why = "clocks that are numbers are not looked at together with others".to_owned();
        return (soonest.is_none() && known).then(|| first.lasting(along, Until::Unknown(why)));
    }
    let until = if known { first.until(situation, frame, along) } else { return None };
    let sooner = match &until {
        Until::Instant(instant) => {
            let after = number(instant).map(|(_, at)| at.saturating_sub(first.now));
            soonest.is_none_or(|soonest| after.is_none_or(|after| after < soonest))
        }
        Until::Ever => false,
        Until::Unknown(_) => soonest.is_none(),
    };
    sooner.then(|| first.lasting(along, until))
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
    fn lasting(&self, along: &[Self], until: Until) -> Lasting {
        let called = |clock: &Self| name(&Holder::Context, &clock.path);
        Lasting { clock: called(self), from: self.from.clone(), along: along.iter().map(called).collect(), until }
    }

    fn slot(&self) -> Slot {
        Slot::Attribute(Holder::Context, self.path.clone())
    }

    /// Until when, where the clocks `along` go on by as much.
    fn until(&self, situation: &Situation<'_>, frame: &Frame<'_>, along: &[Self]) -> Until {
        let place = |clock: &Self| frame.slots.iter().position(|other| *other == clock.slot());
        let Some(free) = [self].into_iter().chain(along).map(place).collect::<Option<Vec<usize>>>() else {
            return Until::Unknown("it is not among the attributes that the engine was asked about".to_owned());
        };
        // Each clock has room of its own: an instant of one says nothing of another.
        let spare = Spare::default();
        match Question::new(frame, &spare, situation.decision) {
            Ok(mut question) => {
                let apart = |other: &Self| NumberKind::Duration.json(other.now.saturating_sub(self.now));
                let steps = along.iter().map(|other| probe::in_step(&self.path, &other.path, &apart(other)));
                match steps.map(|step| question.condition(&step)).collect() {
                    Some(steps) => {
                        let in_step = Formula::And(steps);
                        Clock { situation, question, free, in_step, clock: self, along }.until()
                    }
                    None => Until::Unknown("how far the clocks are apart cannot be written down".to_owned()),
                }
            }
            Err(why) => Until::Unknown(why),
        }
    }
}

/// One clock of a request, with the engine.
struct Clock<'q, 'a, 's> {
    situation: &'s Situation<'s>,
    question: Question<'a>,
    /// What may change.
    free: Vec<usize>,
    /// That all clocks go on by as much.
    in_step: Formula,
    clock: &'q Found,
    /// The clocks that go on with it.
    along: &'q [Found],
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
        let all = || [self.clock].into_iter().chain(self.along);
        let value = |instant: i64| {
            let at = |clock: &Found| clock.kind.json(clock.now.saturating_add(instant.saturating_sub(now)));
            all().map(|clock| (clock.slot(), Some(at(clock)))).collect()
        };
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
        let fixed = self.question.fixed_but(&|slot| self.free.contains(&slot));
        match self.question.check(fixed.and(within).and(self.in_step.clone())) {
            Answer::Witness(_) => Ok(true),
            Answer::Impossible => Ok(false),
            Answer::Unknown(why) => Err(why.to_string()),
        }
    }
}
