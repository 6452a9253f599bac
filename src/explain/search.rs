//! The smallest sets of slots that turn the decision.
//!
//! # Why
//!
//! Slots one by one, then two at a time, then three: what was found is left out of what is looked for next, so nothing
//! of a change can be left out. That at most so many slots change is said by clauses: of any more, one is what it is.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::probe;
use super::question::Question;
use super::situation::Situation;
use super::slot::{Assignment, Slot};
use super::values;
use crate::symbolic::{Answer, Formula, Reason, Witness, uid_value};

/// So many changes are looked for.
const MOST: usize = 12;
/// So many slots at a time.
const AT_ONCE: usize = 3;
/// So many clauses say that no more change.
const CLAUSES: usize = 5_000;
/// So many changes of more than that.
const LARGER: usize = 32;
/// So often a change is looked for that Cedar confirms.
const TRIES: usize = 6;
/// So many entities are looked at in the place of those that the engine makes up.
const KNOWN: usize = 64;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Changes that Cedar's authorizer confirms.
    pub(super) turns: Vec<Assignment>,
    /// Whether it is known that there is no change at all.
    pub(super) never: bool,
    /// Why it is not known whether other changes are as small, once each; with nothing in it there are none: proved.
    pub(super) open: BTreeSet<String>,
}

/// The state of a search.
pub(super) struct Search<'q, 'a, 's> {
    pub(super) question: &'q mut Question<'a>,
    pub(super) situation: &'s Situation<'s>,
    /// The slots that may change.
    pub(super) free: Vec<usize>,
    /// Sets of slots that turn the decision, or that are done with.
    pub(super) done: Vec<BTreeSet<usize>>,
    pub(super) found: Found,
}

impl Search<'_, '_, '_> {
    /// Looks for the smallest changes.
    pub(super) fn run(mut self) -> (Found, Vec<BTreeSet<usize>>) {
        let free = self.free.clone();
        match self.question.check(self.question.fixed_but(&|at| free.contains(&at))) {
            Answer::Impossible => {
                self.found.never = true;
                return (self.found, self.done);
            }
            Answer::Unknown(why) => self.unknown(&why),
            Answer::Witness(_) => {}
        }
        for count in 1..=AT_ONCE.min(free.len()) {
            if !self.of_size(count) {
                break;
            }
            // What is larger is of interest only where there is nothing smaller.
            if !self.found.turns.is_empty() {
                break;
            }
        }
        if self.found.turns.is_empty() && self.found.open.is_empty() {
            self.larger();
        }
        // What looked like several changes may be one, which brings the others about.
        let least = self.found.turns.iter().map(Vec::len).min().unwrap_or_default();
        self.found.turns.retain(|turn| turn.len() == least);
        (self.found, self.done)
    }

    fn unknown(&mut self, why: &Reason) {
        self.found.open.insert(why.to_string());
    }

    /// That none of the sets that are done with changes whole.
    fn others(&self) -> Vec<Formula> {
        self.done.iter().map(|set| self.question.some_fixed(set.iter().copied())).collect()
    }

    /// Looks for changes of `count` slots; whether to go on.
    fn of_size(&mut self, count: usize) -> bool {
        // A slot that turns the decision alone is in no larger change.
        let alone: BTreeSet<usize> = self.done.iter().filter(|set| set.len() == 1).flatten().copied().collect();
        let free: Vec<usize> = self.free.iter().copied().filter(|at| !alone.contains(at)).collect();
        if count == 1 {
            for slot in free {
                self.joined_or_left(slot);
                self.set(&BTreeSet::from([slot]));
            }
            return true;
        }
        let Some(few) = at_most(&free, count) else {
            self.found.open.insert(format!("changes of {count} things at once are too many to look for"));
            return false;
        };
        let few: Vec<Formula> = few.into_iter().map(|set| self.question.some_fixed(set.into_iter())).collect();
        loop {
            let mut all = few.clone();
            all.extend(self.others());
            all.push(self.question.fixed_but(&|at| free.contains(&at)));
            match self.question.check(Formula::And(all)) {
                Answer::Impossible => return true,
                Answer::Unknown(why) => {
                    self.unknown(&why);
                    return false;
                }
                Answer::Witness(_) if self.found.turns.len() >= MOST => {
                    self.found
                        .open
                        .insert(format!("more than {MOST} changes of {count} things at once were not looked for"));
                    return false;
                }
                Answer::Witness(sample) => {
                    let changed = self.question.changed(&sample);
                    if changed.is_empty() || changed.len() > count {
                        self.found.open.insert("the engine cannot say what it changed".to_owned());
                        return false;
                    }
                    self.set(&changed);
                    self.done.push(changed);
                }
            }
        }
    }

    /// Changes of more slots, of each of which nothing can be left out: where there are no others, those of the fewest
    /// slots are the smallest.
    fn larger(&mut self) {
        let free = self.free.clone();
        for _ in 0..LARGER {
            let mut all = self.others();
            all.push(self.question.fixed_but(&|at| free.contains(&at)));
            let mut changed = match self.question.check(Formula::And(all)) {
                Answer::Witness(sample) => self.question.changed(&sample),
                Answer::Impossible => return,
                Answer::Unknown(why) => return self.unknown(&why),
            };
            for slot in changed.clone() {
                let fewer: BTreeSet<usize> = changed.iter().copied().filter(|at| *at != slot).collect();
                match self.question.check(self.question.fixed_but(&|at| fewer.contains(&at))) {
                    Answer::Witness(sample) => changed = self.question.changed(&sample),
                    Answer::Impossible => {}
                    Answer::Unknown(why) => self.unknown(&why),
                }
            }
            self.set(&changed);
            self.done.push(changed);
        }
        self.found.open.insert(format!("changes of more than {AT_ONCE} things at once were not all looked for"));
    }

    /// Tries the membership that `slot` is, if it is one: who joins or leaves a group may take others along, for whom
    /// that is a change too, so that one change is several for the engine.
    fn joined_or_left(&mut self, slot: usize) {
        let Some(slot @ Slot::Group(..)) = self.question.slots().get(slot) else { return };
        let joins = self.situation.value(slot) != Some(Json::Bool(true));
        if let Some(turn) = values::confirmed(self.situation, vec![(slot.clone(), Some(Json::Bool(joins)))])
            && !self.found.turns.contains(&turn)
        {
            self.found.turns.push(turn);
        }
    }

    /// Looks for values of the slots in `set` that turn the decision, and has Cedar confirm them.
    fn set(&mut self, set: &BTreeSet<usize>) {
        let mut besides = vec![self.question.fixed_but(&|at| set.contains(&at))];
        // Another value is more of a change than none.
        let all = self.question.slots();
        for slot in set.iter().filter_map(|at| all.get(*at)) {
            if matches!(slot, Slot::Group(..)) || self.situation.value(slot).is_none() {
                continue;
            }
            let Some(there) = self.question.condition(&probe::is_there(slot)) else { continue };
            let more = [besides.as_slice(), &[there]].concat();
            if matches!(self.question.check(Formula::And(more.clone())), Answer::Witness(_)) {
                besides = more;
            }
        }
        let mut refused = None;
        for _ in 0..TRIES {
            let witness = match self.question.find(Formula::And(besides.clone())) {
                Answer::Witness(witness) => witness,
                Answer::Impossible => break,
                Answer::Unknown(why) => return self.unknown(&why),
            };
            if let Some(turn) = self.confirmed(set, &witness) {
                let turn = self.instead_of_made_up(set, &witness, &turn).unwrap_or(turn);
                return self.take(set, turn);
            }
            // These values do only with entities that there are not; others may.
            let slots: Vec<_> = set.iter().filter_map(|at| self.question.slots().get(*at)).collect();
            let again = self.question.condition(&values::is_other(&slots, &witness));
            refused = Some(witness);
            match again {
                Some(again) => besides.push(again),
                None => break,
            }
        }
        if let Some(witness) = refused
            && !self.with_known(set, &witness)
        {
            let slots = self.question.slots();
            let names: Vec<String> =
                set.iter().filter_map(|at| slots.get(*at)).map(|slot| values::called(self.situation, slot)).collect();
            let groups = set.iter().filter_map(|at| slots.get(*at)).any(|slot| matches!(slot, Slot::Group(..)));
            self.found.open.insert(if groups {
                format!(
                    "whether the decision hangs on {} is known only with what else these are in",
                    names.join(" and ")
                )
            } else {
                format!("whether another value of {} turns it hangs on entities that are not there", names.join(", "))
            });
        }
    }

    /// The values of `witness` for the slots in `set`, if Cedar confirms that they turn the decision.
    fn confirmed(&self, set: &BTreeSet<usize>, witness: &Witness) -> Option<Assignment> {
        let slots: Vec<_> = set.iter().filter_map(|at| self.question.slots().get(*at)).collect();
        values::confirmed(self.situation, values::read(self.situation, &slots, witness))
    }

    fn take(&mut self, set: &BTreeSet<usize>, turn: Assignment) {
        if set.len() == 1 {
            self.done.push(set.clone());
        }
        if !self.found.turns.contains(&turn) {
            self.found.turns.push(turn);
        }
    }

    /// A change to nothing, where `turn` is one to an entity that nobody knows and nothing does as well.
    fn instead_of_made_up(
        &mut self,
        set: &BTreeSet<usize>,
        witness: &Witness,
        turn: &Assignment,
    ) -> Option<Assignment> {
        if !turn.iter().any(|(_, value)| values::is_made_up(self.situation, value.as_ref())) {
            return None;
        }
        let all = self.question.slots();
        let made_up =
            set.iter().filter_map(|at| all.get(*at)).filter(|slot| values::entity_in(slot, witness).is_some());
        let nothing = self.question.condition(&probe::all(made_up.map(|slot| probe::is(slot, None))))?;
        let question = self.question.fixed_but(&|at| set.contains(&at)).and(nothing);
        let other = self.question.find(question).witness()?;
        self.confirmed(set, &other)
    }

    /// Looks for values of the slots in `set` among the entities that there are, where those of `witness` are made up;
    /// whether it is known then.
    fn with_known(&mut self, set: &BTreeSet<usize>, witness: &Witness) -> bool {
        let all = self.question.slots();
        let mut choices: Vec<Vec<Json>> = vec![Vec::new()];
        let mut chosen = false;
        for slot in set.iter().filter_map(|at| all.get(*at)) {
            let Some(made_up) = values::entity_in(slot, witness) else { continue };
            chosen = true;
            let known = self.situation.alike(&made_up, KNOWN);
            if known.len() >= KNOWN || known.len().saturating_mul(choices.len()) > KNOWN {
                return false;
            }
            let mut is: Vec<Json> = Vec::new();
            for uid in known {
                let Some(as_it_is) = self.question.as_it_is(self.situation, &uid) else { return false };
                is.push(probe::all([probe::is(slot, Some(&uid_value(&uid))), as_it_is]));
            }
            is.push(probe::is(slot, None));
            choices = choices
                .iter()
                .flat_map(|choice| is.iter().map(move |is| choice.iter().chain([is]).cloned().collect()))
                .collect();
        }
        for choice in choices {
            let Some(choice) = self.question.condition(&probe::all(choice)) else { return false };
            match self.question.find(self.question.fixed_but(&|at| set.contains(&at)).and(choice)) {
                Answer::Impossible => {}
                Answer::Unknown(_) => return false,
                Answer::Witness(witness) => {
                    let Some(turn) = self.confirmed(set, &witness) else { return false };
                    self.take(set, turn);
                    return true;
                }
            }
        }
        chosen
    }
}

/// Every set of `count` and one of `slots`; none where these are too many.
fn at_most(slots: &[usize], count: usize) -> Option<Vec<Vec<usize>>> {
    let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..=count {
        let mut larger = Vec::new();
        for set in &sets {
            for slot in slots.iter().filter(|slot| set.last().is_none_or(|last| *slot > last)) {
                larger.push(set.iter().copied().chain([*slot]).collect());
            }
        }
        if larger.len() > CLAUSES {
            return None;
        }
        sets = larger;
    }
    Some(sets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_one_more_one_is_fixed() {
        assert_eq!(at_most(&[1, 4, 7], 1), Some(vec![vec![1, 4], vec![1, 7], vec![4, 7]]));
        assert_eq!(at_most(&[1, 2], 2), Some(Vec::new()));
        assert_eq!(at_most(&(0..200).collect::<Vec<_>>(), 2), None);
    }
}
