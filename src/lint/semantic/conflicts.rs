//! Permits and forbids that overlap, neither inside the other.

use std::collections::{BTreeMap, BTreeSet};

use super::engine::{Engine, Unanswered, matches, note};
use crate::finding::Evidence;
use crate::symbolic::{Answer, Formula, PolicyRef, Session};

/// A permit and a forbid that overlap.
#[derive(Debug)]
pub(in crate::lint) struct Conflict {
    /// The permit.
    pub(in crate::lint) permit: usize,
    /// The forbid.
    pub(in crate::lint) forbid: usize,
    /// Where.
    pub(in crate::lint) environments: Vec<usize>,
    /// A request that both match.
    pub(in crate::lint) evidence: Option<Evidence>,
}

/// Every conflict of `permits` with `forbids`, by their order.
pub(super) fn conflicts(engine: &mut Engine<'_>, permits: &[usize], forbids: &[usize]) -> Vec<Conflict> {
    let environments: Vec<usize> = (0..engine.sessions.environments().len()).collect();
    let found = engine.sessions.spread(&environments, 1, |sessions, at| {
        (*at, sessions.full(*at).map(|session| in_one(session, permits, forbids)).unwrap_or_default())
    });
    let mut all: BTreeMap<(usize, usize), Conflict> = BTreeMap::new();
    for (at, (pairs, missing)) in found {
        for (permit, forbid, evidence) in pairs {
            let new = || Conflict { permit, forbid, environments: Vec::new(), evidence: None };
            let conflict = all.entry((permit, forbid)).or_insert_with(new);
            conflict.environments.push(at);
            conflict.evidence = conflict.evidence.take().or(evidence);
        }
        for (policy, (count, reason)) in missing {
            note(&mut engine.unanswered, policy, count, &reason);
        }
    }
    all.into_values().collect()
}

type Pairs = Vec<(usize, usize, Option<Evidence>)>;

fn in_one(session: &mut Session<'_>, permits: &[usize], forbids: &[usize]) -> (Pairs, Unanswered) {
    let applicable: BTreeSet<usize> = session.applicable(0).into_iter().map(|policy| policy.index).collect();
    let here = |all: &[usize]| all.iter().copied().filter(|index| applicable.contains(index)).collect::<Vec<_>>();
    let mut pairing = Pairing {
        session,
        permits: here(permits),
        forbids: here(forbids),
        apart: BTreeSet::new(),
        unanswered: Unanswered::new(),
    };
    let mut pairs = Pairs::new();
    for permit in pairing.permits.clone() {
        for forbid in pairing.forbids.clone() {
            let both = matches(permit).and(matches(forbid));
            if pairing.possible(permit, &both) && pairing.without(permit, forbid) && pairing.without(forbid, permit) {
                let evidence = pairing.session.find(&both).witness().and_then(|witness| {
                    let case = witness.cases.into_iter().next()?;
                    Some(Evidence { request: case.request_json, entities: case.entities_json })
                });
                pairs.push((permit, forbid, evidence));
            }
        }
    }
    (pairs, pairing.unanswered)
}

struct Pairing<'s, 'r> {
    session: &'s mut Session<'r>,
    permits: Vec<usize>,
    forbids: Vec<usize>,
    /// Pairs of which the first was seen to match a request and the second not to.
    apart: BTreeSet<(usize, usize)>,
    unanswered: Unanswered,
}

impl Pairing<'_, '_> {
    /// Whether `one` matches a request that `other` does not.
    fn without(&mut self, one: usize, other: usize) -> bool {
        self.apart.contains(&(one, other)) || self.possible(one, &matches(one).and(!matches(other)))
    }

    fn possible(&mut self, about: usize, question: &Formula) -> bool {
        match self.session.check(question) {
            Answer::Impossible => false,
            Answer::Unknown(reason) => {
                note(&mut self.unanswered, about, 1, &reason);
                false
            }
            Answer::Witness(sample) => {
                let all = self.permits.iter().chain(&self.forbids);
                let known = all.map(|index| (*index, sample.matches(PolicyRef { side: 0, index: *index })));
                let (yes, no): (Vec<_>, Vec<_>) =
                    known.filter(|(_, known)| known.is_some()).partition(|(_, known)| *known == Some(true));
                for (one, _) in &yes {
                    self.apart.extend(no.iter().map(|(other, _)| (*one, *other)));
                }
                true
            }
        }
    }
}
