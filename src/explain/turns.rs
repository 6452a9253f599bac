//! What would turn a decision: what the engine proves, and else what can be tried.

use super::compiled::Compiled;
use super::frame::Frame;
use super::question::{Question, Spare};
use super::search::Search;
use super::situation::Situation;
use super::slot::{Assignment, Slot};
use super::trial::trial;
use super::values::{change, name};
use crate::outcome::{Reach, Turn};

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'w> {
    /// What a challenge can bring, such as `context.mfa`; empty where nothing says.
    pub step_up: &'w [String],
}

impl Wanted<'_> {
    /// Whether a challenge can bring about that `slot` is another.
    fn reaches(&self, slot: &Slot) -> bool {
        let Slot::Attribute(holder, path) = slot else { return false };
        let called = name(holder, path);
        self.step_up.iter().any(|listed| {
            called == *listed || called.strip_prefix(listed.as_str()).is_some_and(|rest| rest.starts_with('.'))
        })
    }
}

/// The smallest changes that turn the decision of `situation`, and how far that is known: `compiled` are its policies
/// in the engine, or why there are none. What a challenge can bring comes first.
#[must_use]
pub fn turns(situation: &Situation<'_>, compiled: Result<&Compiled, &str>, wanted: &Wanted<'_>) -> (Vec<Turn>, Reach) {
    let frame = compiled.map_err(str::to_owned).and_then(|compiled| Frame::new(situation, compiled));
    let asked = frame.and_then(|frame| engine(situation, &frame, wanted));
    let (found, reach) = match asked {
        Ok((found, open, never)) if open.is_empty() => (found, if never { Reach::Never } else { Reach::Proved }),
        Ok((found, open, _)) if !found.is_empty() => (found, Reach::Tried(open.join("; "))),
        Ok((_, open, _)) => (trial(situation), Reach::Tried(open.join("; "))),
        Err(why) => (trial(situation), Reach::Tried(why)),
    };
    let plain = found.iter().filter(|changes| !situation.is_told_by_another(changes, &found));
    let mut turns: Vec<Turn> = plain.map(|changes| turn(situation, wanted, changes)).collect();
    turns.sort_by_key(|turn| (turn.reachable != Some(true), turn.changes.len()));
    turns.dedup();
    (turns, reach)
}

/// Changes, why something about them is not known, and whether there are none at all.
type Answers = (Vec<Assignment>, Vec<String>, bool);

fn engine(situation: &Situation<'_>, frame: &Frame<'_>, wanted: &Wanted<'_>) -> Result<Answers, String> {
    let spare = Spare::default();
    let mut question = Question::new(frame, &spare, situation.decision)?;
    let all: Vec<usize> = (0..frame.slots.len()).collect();
    let (mut turns, mut open, mut done) = (Vec::new(), Vec::new(), Vec::new());
    let reached = |at: &usize| frame.slots.get(*at).is_some_and(|slot| wanted.reaches(slot));
    let near: Vec<usize> = all.iter().copied().filter(reached).collect();
    let mut never = false;
    for free in [near, all] {
        if free.is_empty() && !frame.slots.is_empty() {
            continue;
        }
        let search = Search { question: &mut question, situation, free, done, found: Default::default() };
        let (found, seen) = search.run();
        never = found.never;
        done = seen;
        for turn in found.turns {
            if !turns.contains(&turn) {
                turns.push(turn);
            }
        }
        for why in found.open {
            if !open.contains(&why) {
                open.push(why);
            }
        }
    }
    Ok((turns, open, never))
}

fn turn(situation: &Situation<'_>, wanted: &Wanted<'_>, changes: &Assignment) -> Turn {
    let reachable = changes.iter().all(|(slot, _)| wanted.reaches(slot));
    Turn {
        changes: changes.iter().map(|(slot, value)| change(situation, slot, value.as_ref())).collect(),
        reachable: (!wanted.step_up.is_empty()).then_some(reachable),
    }
}
