//! `conflicting-rules`: permits and forbids that overlap, neither inside the other.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::Effect;

use crate::finding::{Evidence, Level};
use crate::lint::facts::{Facts, Proved, Unanswered, finding_about, matches, policy};
use crate::lint::rule::LintRule;
use crate::rule::{Basis, Precision, Rule};
use crate::symbolic::{Answer, Formula, Session};

pub(in crate::lint) static RULE: LintRule = LintRule::proof(
    Rule {
        id: "conflicting-rules",
        summary: "a permit and a forbid overlap, and neither contains the other",
        level: Some(Level::Note),
        basis: Basis::Symbolic,
        precision: Precision::Exact,
        opens: false,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/conflicting-rules.md"),
    },
    check,
)
.inferable()
.on_demand();

/// A permit and a forbid that overlap.
#[derive(Debug, Default)]
struct Conflict {
    environments: Vec<usize>,
    /// A request that both match.
    evidence: Option<Evidence>,
}

/// A permit, a forbid, and a request that both match.
type Pairs = Vec<(usize, usize, Option<Evidence>)>;

fn check(facts: &mut Facts<'_>, out: &mut Proved) {
    for ((permit, forbid), conflict) in find_conflicts(facts) {
        let Some(member) = facts.members.get(permit) else { continue };
        let message = format!("some of what this permit matches is forbidden by {}", facts.names(&[forbid]));
        let finding = finding_about(&RULE.meta, member, message)
            .help("the forbid wins; if it should not, give one of the two a condition that leaves the other alone");
        let mut finding = facts.relate(finding, &[forbid], "wins where both match");
        finding.environments = facts.environments_at(&conflict.environments);
        finding.evidence = conflict.evidence;
        out.add(finding);
    }
}

/// Every conflict of a permit with a forbid, by their order. It asks about each pair, so it has sessions of its own.
fn find_conflicts(facts: &mut Facts<'_>) -> BTreeMap<(usize, usize), Conflict> {
    let live = |effect| -> Vec<usize> {
        facts.deciding(effect).into_iter().filter(|index| facts.live(*index).next().is_some()).collect()
    };
    let (permits, forbids) = (live(Effect::Permit), live(Effect::Forbid));
    let environments: Vec<usize> = (0..facts.environments.len()).collect();
    let found = facts.sessions.spread(&environments, 1, |sessions, at| {
        let pairs = sessions.full(*at).map(|session| find_pairs(session, &permits, &forbids));
        (*at, pairs.unwrap_or_default())
    });
    let mut all: BTreeMap<(usize, usize), Conflict> = BTreeMap::new();
    for (at, (pairs, unanswered)) in found {
        for (permit, forbid, evidence) in pairs {
            let conflict = all.entry((permit, forbid)).or_default();
            conflict.environments.push(at);
            conflict.evidence = conflict.evidence.take().or(evidence);
        }
        facts.unanswered.merge(&unanswered);
    }
    all
}

/// The conflicts in the environment of `session`.
fn find_pairs(session: &mut Session<'_>, permits: &[usize], forbids: &[usize]) -> (Pairs, Unanswered) {
    let applicable: BTreeSet<usize> = session.applicable(0).into_iter().map(|policy| policy.index).collect();
    let here = |all: &[usize]| all.iter().copied().filter(|index| applicable.contains(index)).collect::<Vec<_>>();
    let mut pairing = Pairing {
        session,
        permits: here(permits),
        forbids: here(forbids),
        apart: BTreeSet::new(),
        unanswered: Unanswered::default(),
    };
    let mut pairs = Pairs::new();
    for permit in pairing.permits.clone() {
        for forbid in pairing.forbids.clone() {
            let both = matches(permit).and(matches(forbid));
            if pairing.is_possible(permit, &both)
                && pairing.is_alone(permit, forbid)
                && pairing.is_alone(forbid, permit)
            {
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

/// A search for pairs in one environment.
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
    fn is_alone(&mut self, one: usize, other: usize) -> bool {
        self.apart.contains(&(one, other)) || self.is_possible(one, &matches(one).and(!matches(other)))
    }

    /// Whether there is a request as `question` says.
    fn is_possible(&mut self, about: usize, question: &Formula) -> bool {
        match self.session.check(question) {
            Answer::Impossible => false,
            Answer::Unknown(reason) => {
                self.unanswered.note(about, &reason);
                false
            }
            Answer::Witness(sample) => {
                let all = self.permits.iter().chain(&self.forbids);
                let known = all.map(|index| (*index, sample.matches(policy(*index))));
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
