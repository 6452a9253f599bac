//! Which changes bring an effect about: switched on and off in the engine, one by one.
//!
//! Say that the new side allows a request that the old one denies. Either no old permit matches it, and then some permit of the new
//! side is new to it; or an old permit does, and then an old forbid is gone. So every gained request is found with a changed permit
//! or a changed forbid at hand, its *carrier*. The carrier explains it alone, unless old forbids stood in the way as well: then
//! they belong to the explanation, as few of them as will do.
//!
//! A lost request is denied by the new side because a forbid is new to it, which then explains it alone; or because no permit of the
//! new side matches it: then all old permits that did are gone, and together explain it.

use std::collections::BTreeSet;

use super::environment::{Applied, Work, any};
use super::pair::Which;
use crate::symbolic::{Answer, Formula};

/// How many sets of causes one carrier may have; others are left to what is known of the direction.
const SETS: usize = 16;

/// A set of causes and the requests that it explains.
#[derive(Debug)]
pub(super) struct Candidate {
    /// Indices of policy pairs, sorted.
    pub(super) causes: Vec<usize>,
    /// The carrier, and the side it is of.
    pub(super) carrier: Applied,
    pub(super) side: Which,
    /// The requests that these causes explain and no others.
    pub(super) region: Formula,
    /// The requests in whose change the carrier has a part.
    pub(super) whole: Formula,
    /// The policies of which none matches a request of the whole.
    pub(super) none_of: Vec<(Applied, Which)>,
    /// Those of which one does, if that is asked for.
    pub(super) one_of: Option<Vec<(Applied, Which)>>,
}

/// What was found, and why it may not be all.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    pub(super) found: Vec<Candidate>,
    pub(super) unknown: Option<String>,
}

/// A carrier, and what may have to go with it.
#[derive(Debug)]
struct Family {
    carrier: Applied,
    side: Which,
    /// What holds of every request that the carrier has a part in.
    whole: Vec<Formula>,
    none_of: Vec<(Applied, Which)>,
    one_of: Option<Vec<(Applied, Which)>>,
    /// Changed policies of the old side that explain a request together with the carrier when they match it.
    with: Vec<Applied>,
}

fn sided(applied: &[Applied], side: Which) -> Vec<(Applied, Which)> {
    applied.iter().map(|applied| (*applied, side)).collect()
}

fn all_but(applied: &[Applied], entry: usize) -> Vec<Applied> {
    applied.iter().filter(|applied| applied.entry != entry).copied().collect()
}

/// Everything that `side` allows and the other does not.
pub(super) fn both(work: &mut Work<'_, '_>, side: Which) -> Candidates {
    let families = match side {
        Which::New => {
            let mut families = new_permits(work);
            families.extend(gone_forbids(work));
            families
        }
        Which::Old => {
            let mut families = new_forbids(work);
            families.extend(gone_permits(work));
            families
        }
    };
    explain(work, &families)
}

/// Everything that `side` allows, for an environment that the other does not have; `besides` has to hold as well.
pub(super) fn alone(work: &Work<'_, '_>, side: Which, besides: &[Formula]) -> Candidates {
    let view = work.view;
    let forbids = view.forbids(side);
    let found = view.permits(side).iter().map(|permit| {
        let mut all = vec![Formula::Matches(permit.policy)];
        all.extend(besides.iter().cloned());
        all.push(!any(forbids));
        Candidate {
            causes: vec![permit.entry],
            carrier: *permit,
            side,
            region: Formula::And(all.clone()),
            whole: Formula::And(all),
            none_of: sided(forbids, side),
            one_of: None,
        }
    });
    Candidates { found: found.collect(), unknown: None }
}

/// Gained: no old permit matches, a new one does.
fn new_permits(work: &Work<'_, '_>) -> Vec<Family> {
    let view = work.view;
    let (before, forbids) = (view.permits(Which::Old), view.forbids(Which::New));
    let gone: Vec<Applied> = view.forbids(Which::Old).iter().filter(|forbid| forbid.changed).copied().collect();
    let each = view.permits(Which::New).iter().filter(|permit| permit.changed).map(|permit| Family {
        carrier: *permit,
        side: Which::New,
        whole: vec![Formula::Matches(permit.policy), !any(before), !any(forbids)],
        none_of: [sided(before, Which::Old), sided(forbids, Which::New)].concat(),
        one_of: None,
        with: all_but(&gone, permit.entry),
    });
    each.collect()
}

/// Gained: an old permit matches and so does a new one; an old forbid is gone.
fn gone_forbids(work: &Work<'_, '_>) -> Vec<Family> {
    let view = work.view;
    let forbids = view.forbids(Which::New);
    let gone: Vec<Applied> = view.forbids(Which::Old).iter().filter(|forbid| forbid.changed).copied().collect();
    let each = gone.iter().map(|forbid| Family {
        carrier: *forbid,
        side: Which::Old,
        whole: vec![Formula::Matches(forbid.policy), permitted_by_both(work), !any(forbids)],
        none_of: sided(forbids, Which::New),
        one_of: Some(sided(view.permits(Which::New), Which::New)),
        with: all_but(&gone, forbid.entry),
    });
    each.collect()
}

/// Lost: the old side allows, a forbid of the new side matches.
fn new_forbids(work: &Work<'_, '_>) -> Vec<Family> {
    let view = work.view;
    let (permits, forbids) = (view.permits(Which::Old), view.forbids(Which::Old));
    let each = view.forbids(Which::New).iter().filter(|forbid| forbid.changed).map(|forbid| Family {
        carrier: *forbid,
        side: Which::New,
        whole: vec![Formula::Matches(forbid.policy), any(permits), !any(forbids)],
        none_of: sided(forbids, Which::Old),
        one_of: Some(sided(permits, Which::Old)),
        with: Vec::new(),
    });
    each.collect()
}

/// Lost: the old side allows, and no permit of the new side matches.
fn gone_permits(work: &Work<'_, '_>) -> Vec<Family> {
    let view = work.view;
    let (forbids, after) = (view.forbids(Which::Old), view.permits(Which::New));
    let gone: Vec<Applied> = view.permits(Which::Old).iter().filter(|permit| permit.changed).copied().collect();
    let each = gone.iter().map(|permit| Family {
        carrier: *permit,
        side: Which::Old,
        whole: vec![Formula::Matches(permit.policy), !any(after), !any(forbids)],
        none_of: [sided(after, Which::New), sided(forbids, Which::Old)].concat(),
        one_of: None,
        with: all_but(&gone, permit.entry),
    });
    each.collect()
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

impl Family {
    fn question(&self, more: impl IntoIterator<Item = Formula>) -> Formula {
        let mut all = self.whole.clone();
        all.extend(more);
        Formula::And(all)
    }

    fn candidate(&self, mut causes: Vec<usize>, region: Formula) -> Candidate {
        causes.push(self.carrier.entry);
        causes.sort_unstable();
        causes.dedup();
        Candidate {
            causes,
            carrier: self.carrier,
            side: self.side,
            region,
            whole: Formula::And(self.whole.clone()),
            none_of: self.none_of.clone(),
            one_of: self.one_of.clone(),
        }
    }
}

/// Carriers that explain something alone; then sets, for what is not explained by such carriers.
fn explain(work: &mut Work<'_, '_>, families: &[Family]) -> Candidates {
    let mut candidates = Candidates::default();
    let mut single: BTreeSet<usize> = BTreeSet::new();
    for family in families {
        let alone = family.question([!any(&family.with)]);
        match work.session.check(&alone) {
            Answer::Unknown(reason) => {
                candidates.unknown.get_or_insert_with(|| reason.to_string());
            }
            Answer::Impossible => {}
            Answer::Witness(_) => {
                single.insert(family.carrier.entry);
                candidates.found.push(family.candidate(Vec::new(), alone));
            }
        }
    }
    let mut known: BTreeSet<Vec<usize>> = BTreeSet::new();
    for family in families {
        together(work, family, &single, &mut known, &mut candidates);
    }
    candidates
}

/// Requests that the carrier explains only with others, one of the set not being known to explain anything alone.
fn together(
    work: &mut Work<'_, '_>,
    family: &Family,
    single: &BTreeSet<usize>,
    known: &mut BTreeSet<Vec<usize>>,
    candidates: &mut Candidates,
) {
    let carrier_alone = single.contains(&family.carrier.entry);
    let strangers: Vec<Applied> =
        family.with.iter().filter(|applied| !carrier_alone || !single.contains(&applied.entry)).copied().collect();
    if strangers.is_empty() {
        return;
    }
    let mut exclusions = vec![any(&strangers)];
    let pick = |entries: &[usize], within: bool| -> Vec<Applied> {
        family.with.iter().filter(|applied| entries.contains(&applied.entry) == within).copied().collect()
    };
    for _ in 0..SETS {
        let sample = match work.session.check(&family.question(exclusions.iter().cloned())) {
            Answer::Impossible => return,
            Answer::Unknown(reason) => {
                candidates.unknown.get_or_insert_with(|| reason.to_string());
                return;
            }
            Answer::Witness(sample) => sample,
        };
        let matching = |applied: &&Applied| sample.matches(applied.policy).unwrap_or(true);
        let mut needed: Vec<usize> = family.with.iter().filter(matching).map(|applied| applied.entry).collect();
        // Fewer, where there are requests that need fewer.
        let mut at = 0;
        while needed.len() > 1 && at < needed.len() {
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
        let (with, left) = (pick(&needed, true), pick(&needed, false));
        // Everything that this set explains is explained.
        exclusions.push(any(&left));
        let mut set = needed;
        set.push(family.carrier.entry);
        set.sort_unstable();
        set.dedup();
        if known.insert(set.clone()) {
            let matching = with.iter().map(|applied| Formula::Matches(applied.policy));
            candidates.found.push(family.candidate(set, family.question(matching.chain([!any(&left)]))));
        }
        if left.is_empty() {
            return;
        }
    }
}
