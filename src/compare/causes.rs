//! Which changes bring an effect about: switched on and off in the engine, one by one.
//!
//! Say that the new side allows a request that the old one denies. Either no old permit matches it, and then some
//! permit of the new side is new to it; or an old permit does, and then an old forbid is gone. So every gained request
//! is found with a changed permit or a changed forbid at hand, its *carrier*. The carrier explains it alone, unless old
//! forbids stood in the way as well: then they belong to the explanation, as few of them as will do.
//!
//! A lost request is denied by the new side because a forbid is new to it, which then explains it alone; or because no
//! permit of the new side matches it: then all old permits that did are gone, and together explain it. Sets whose
//! members each explain something alone are not listed.

use std::collections::BTreeSet;

use super::delta::{Open, Undecided, leave_open};
use super::pair::Which;
use super::view::{Applied, any};
use super::work::Work;
use crate::symbolic::{Answer, Formula};

/// How many sets of causes one carrier may have; others are left to what is known of the direction.
const SETS: usize = 16;

/// How many all carriers may have together that are many: nobody reads more.
const SETS_OF_ALL: usize = 256;

/// So many questions are asked to make such sets smaller, all carriers together: the causes of one that was not made
/// smaller are needed all the same, for the requests that match all of them.
const FEWER: usize = 1_000;

/// How a changed policy changes decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mechanism {
    /// Gained: no old permit matches, and this new one does.
    NewPermit,
    /// Gained: an old permit matches and so does a new one; this old forbid is gone.
    GoneForbid,
    /// Lost: the old side allows, and this forbid of the new side matches.
    NewForbid,
    /// Lost: the old side allows by this permit, and no permit of the new side matches.
    GonePermit,
    /// Allowed by this permit, where only one side has the environment.
    Alone,
}

/// A changed policy and what it does; small, for there may be thousands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Carrier {
    pub(super) applied: Applied,
    pub(super) side: Which,
    mechanism: Mechanism,
}

/// A set of causes.
#[derive(Debug)]
pub(super) struct Candidate {
    /// Indices of policy pairs, sorted.
    pub(super) causes: Vec<usize>,
    pub(super) carrier: Carrier,
    /// Those of [`Family::with`] that match the requests, by entry; the others do not.
    needed: Vec<usize>,
}

/// What was found, and what may be more.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    pub(super) found: Vec<Candidate>,
    pub(super) open: Vec<Open>,
    /// Whether there may be sets of several causes besides.
    pub(super) unlisted: bool,
}

/// A carrier, and what may have to go with it.
#[derive(Debug)]
pub(super) struct Family {
    carrier: Carrier,
    /// What holds of every request that the carrier has a part in.
    whole: Vec<Formula>,
    /// The policies of which none matches such a request.
    pub(super) none_of: Vec<(Applied, Which)>,
    /// Those of which one does, if that is asked for.
    pub(super) one_of: Option<Vec<(Applied, Which)>>,
    /// Changed policies of the old side that explain a request together with the carrier when they match it.
    with: Vec<Applied>,
}

fn sided(applied: &[Applied], side: Which) -> Vec<(Applied, Which)> {
    applied.iter().map(|applied| (*applied, side)).collect()
}

fn all_but(applied: &[Applied], entry: usize) -> Vec<Applied> {
    applied.iter().filter(|applied| applied.entry != entry).copied().collect()
}

/// The policies of the list that changed.
fn changed(applied: &[Applied]) -> Vec<Applied> {
    applied.iter().filter(|applied| applied.changed).copied().collect()
}

/// Everything that `side` allows and the other does not.
pub(super) fn of_changes(work: &mut Work<'_, '_>, side: Which) -> Candidates {
    let view = work.view;
    let each = |applied: &[Applied], side: Which, mechanism: Mechanism| -> Vec<Carrier> {
        changed(applied).into_iter().map(|applied| Carrier { applied, side, mechanism }).collect()
    };
    let carriers = match side {
        Which::New => [
            each(view.permits(Which::New), Which::New, Mechanism::NewPermit),
            each(view.forbids(Which::Old), Which::Old, Mechanism::GoneForbid),
        ],
        Which::Old => [
            each(view.forbids(Which::New), Which::New, Mechanism::NewForbid),
            each(view.permits(Which::Old), Which::Old, Mechanism::GonePermit),
        ],
    };
    explain(work, &carriers.concat())
}

/// Everything that `side` allows, for an environment that the other does not have.
pub(super) fn of_permits(work: &Work<'_, '_>, side: Which) -> Candidates {
    let each = work.view.permits(side).iter().map(|permit| Candidate {
        causes: vec![permit.entry],
        carrier: Carrier { applied: *permit, side, mechanism: Mechanism::Alone },
        needed: Vec::new(),
    });
    Candidates { found: each.collect(), ..Candidates::default() }
}

impl Family {
    /// Everything about `carrier` in the environment of `work`.
    pub(super) fn of(work: &Work<'_, '_>, carrier: Carrier) -> Self {
        let view = work.view;
        let (old_permits, new_permits) = (view.permits(Which::Old), view.permits(Which::New));
        let (old_forbids, new_forbids) = (view.forbids(Which::Old), view.forbids(Which::New));
        let entry = carrier.applied.entry;
        let mut whole = vec![Formula::Matches(carrier.applied.policy)];
        let none_of;
        let (mut one_of, mut with) = (None, Vec::new());
        match carrier.mechanism {
            Mechanism::NewPermit => {
                whole.extend([!any(old_permits), !any(new_forbids)]);
                none_of = [sided(old_permits, Which::Old), sided(new_forbids, Which::New)].concat();
                with = all_but(&changed(old_forbids), entry);
            }
            Mechanism::GoneForbid => {
                whole.extend([permitted_by_both(work), !any(new_forbids)]);
                none_of = sided(new_forbids, Which::New);
                one_of = Some(sided(new_permits, Which::New));
                with = all_but(&changed(old_forbids), entry);
            }
            Mechanism::NewForbid => {
                whole.extend([any(old_permits), !any(old_forbids)]);
                none_of = sided(old_forbids, Which::Old);
                one_of = Some(sided(old_permits, Which::Old));
            }
            Mechanism::GonePermit => {
                whole.extend([!any(new_permits), !any(old_forbids)]);
                none_of = [sided(new_permits, Which::New), sided(old_forbids, Which::Old)].concat();
                with = all_but(&changed(old_permits), entry);
            }
            Mechanism::Alone => {
                whole.extend(work.besides.iter().cloned());
                whole.push(!any(view.forbids(carrier.side)));
                none_of = sided(view.forbids(carrier.side), carrier.side);
            }
        }
        Self { carrier, whole, none_of, one_of, with }
    }

    /// The side of the session that the carrier is of.
    pub(super) fn side(&self) -> usize {
        self.carrier.applied.policy.side
    }

    /// The requests in whose change the carrier has a part.
    fn whole(&self) -> Formula {
        Formula::And(self.whole.clone())
    }

    /// The policies of the old side that match every request of the candidate besides its carrier.
    pub(super) fn needed(&self, candidate: &Candidate) -> impl Iterator<Item = Applied> {
        self.with.iter().filter(|applied| candidate.needed.contains(&applied.entry)).copied()
    }

    /// The side that allows what changes.
    pub(super) fn allowing_side(&self) -> Which {
        match self.carrier.mechanism {
            Mechanism::NewPermit | Mechanism::GoneForbid => Which::New,
            Mechanism::NewForbid | Mechanism::GonePermit => Which::Old,
            Mechanism::Alone => self.carrier.side,
        }
    }

    /// Everything that changes its decision in the carrier's direction, whatever brings it about.
    pub(super) fn changing(&self, work: &Work<'_, '_>) -> Formula {
        let allows = |side: Which| any(work.view.permits(side)).and(!any(work.view.forbids(side)));
        match self.carrier.mechanism {
            Mechanism::NewPermit | Mechanism::GoneForbid => allows(Which::New).and(!allows(Which::Old)),
            Mechanism::NewForbid | Mechanism::GonePermit => allows(Which::Old).and(!allows(Which::New)),
            Mechanism::Alone => self.whole(),
        }
    }

    /// The requests that exactly `needed` explain with the carrier.
    fn region(&self, needed: &[usize]) -> Formula {
        let (with, left): (Vec<Applied>, Vec<Applied>) =
            self.with.iter().partition(|applied| needed.contains(&applied.entry));
        self.question(with.iter().map(|applied| Formula::Matches(applied.policy)).chain([!any(&left)]))
    }

    fn question(&self, more: impl IntoIterator<Item = Formula>) -> Formula {
        let mut all = self.whole.clone();
        all.extend(more);
        Formula::And(all)
    }
}

impl Candidate {
    fn new(carrier: Carrier, needed: Vec<usize>) -> Self {
        let mut causes = needed.clone();
        causes.push(carrier.applied.entry);
        causes.sort_unstable();
        causes.dedup();
        Self { causes, carrier, needed }
    }

    /// Whether forbids of the old side, which are among the causes, refused everything that is gained.
    pub(super) fn was_refused(&self) -> bool {
        self.carrier.mechanism == Mechanism::NewPermit && !self.needed.is_empty()
    }

    /// The requests that these causes explain and no others.
    pub(super) fn region(&self, work: &Work<'_, '_>) -> Formula {
        Family::of(work, self.carrier).region(&self.needed)
    }
}

/// Some permit of the old side matches, and some permit of the new.
fn permitted_by_both(work: &Work<'_, '_>) -> Formula {
    let (old, new) = (work.view.permits(Which::Old), work.view.permits(Which::New));
    let split = |list: &[Applied]| -> (Vec<Applied>, Vec<Applied>) { list.iter().partition(|applied| applied.changed) };
    // What is on both sides unchanged is one literal.
    let ((old_changed, kept), (new_changed, _)) = (split(old), split(new));
    if old_changed.is_empty() || new_changed.is_empty() {
        return any(&kept);
    }
    any(&kept).or(any(&old_changed).and(any(&new_changed)))
}

/// Carriers that explain something alone; then sets, for what is not explained by such carriers.
fn explain(work: &mut Work<'_, '_>, carriers: &[Carrier]) -> Candidates {
    let mut candidates = Candidates::default();
    let mut single: BTreeSet<usize> = BTreeSet::new();
    for carrier in carriers {
        let alone = Family::of(work, *carrier).region(&[]);
        match work.session.check(&alone) {
            Answer::Unknown(reason) => {
                leave_open(&mut candidates.open, Undecided::Unanswered(reason), carrier.applied.entry);
            }
            Answer::Impossible => {}
            Answer::Witness(_) => {
                single.insert(carrier.applied.entry);
                candidates.found.push(Candidate::new(*carrier, Vec::new()));
            }
        }
    }
    let mut sets =
        Sets { known: BTreeSet::new(), each: (SETS_OF_ALL / carriers.len().max(1)).clamp(1, SETS), fewer: FEWER };
    for carrier in carriers {
        if sets.known.len() >= SETS_OF_ALL {
            candidates.unlisted = true;
            break;
        }
        let family = Family::of(work, *carrier);
        together(work, &family, &single, &mut sets, &mut candidates);
    }
    candidates
}

/// The sets of several causes that were found, and what may still be done for more.
struct Sets {
    known: BTreeSet<Vec<usize>>,
    /// So many for one carrier.
    each: usize,
    /// So many questions to make them smaller.
    fewer: usize,
}

/// Requests that the carrier explains only with others, one of the set not being known to explain anything alone.
fn together(
    work: &mut Work<'_, '_>,
    family: &Family,
    single: &BTreeSet<usize>,
    sets: &mut Sets,
    candidates: &mut Candidates,
) {
    let carrier_alone = single.contains(&family.carrier.applied.entry);
    let strangers: Vec<Applied> =
        family.with.iter().filter(|applied| !carrier_alone || !single.contains(&applied.entry)).copied().collect();
    if strangers.is_empty() {
        return;
    }
    let mut exclusions = vec![any(&strangers)];
    let pick = |entries: &[usize], within: bool| -> Vec<Applied> {
        family.with.iter().filter(|applied| entries.contains(&applied.entry) == within).copied().collect()
    };
    for _ in 0..sets.each {
        let sample = match work.session.check(&family.question(exclusions.iter().cloned())) {
            Answer::Impossible => return,
            Answer::Unknown(reason) => {
                leave_open(&mut candidates.open, Undecided::Unanswered(reason), family.carrier.applied.entry);
                return;
            }
            Answer::Witness(sample) => sample,
        };
        let matching = |applied: &&Applied| sample.matches(applied.policy).unwrap_or(true);
        let mut needed: Vec<usize> = family.with.iter().filter(matching).map(|applied| applied.entry).collect();
        // Fewer, where there are requests that need fewer.
        let mut at = 0;
        while needed.len() > 1 && at < needed.len() && sets.fewer > 0 {
            sets.fewer -= 1;
            let mut fewer = needed.clone();
            fewer.remove(at);
            let left = pick(&fewer, false);
            let question = family.question(exclusions.iter().cloned().chain([!any(&left)]));
            match work.session.check(&question) {
                Answer::Witness(sample) => {
                    let matching = |applied: &Applied| sample.matches(applied.policy).unwrap_or(true);
                    needed = pick(&fewer, true).iter().filter(|applied| matching(applied)).map(|a| a.entry).collect();
                    at = 0;
                }
                Answer::Impossible | Answer::Unknown(_) => at += 1,
            }
        }
        let left = pick(&needed, false);
        // Everything that this set explains is explained.
        exclusions.push(any(&left));
        let candidate = Candidate::new(family.carrier, needed);
        if sets.known.insert(candidate.causes.clone()) {
            candidates.found.push(candidate);
        }
        if left.is_empty() {
            return;
        }
    }
    candidates.unlisted = true;
}
