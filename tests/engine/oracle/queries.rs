//! Every kind of query as a question to the engine: the property holds exactly when no request answers it.

use cedar_policy::Effect;
use polcheck::symbolic::{Formula, PolicyRef};

use crate::common::rng::Rng;

/// Policies that decide together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub permits: Vec<PolicyRef>,
    pub forbids: Vec<PolicyRef>,
}

impl Group {
    pub fn allow(&self) -> Formula {
        Formula::allow(&self.permits, &self.forbids)
    }

    pub fn members(&self) -> impl Iterator<Item = PolicyRef> + '_ {
        self.permits.iter().chain(&self.forbids).copied()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    NeverMatches(PolicyRef),
    AlwaysMatches(PolicyRef),
    NeverErrors(PolicyRef),
    MatchesImplies(PolicyRef, PolicyRef),
    MatchesEquivalent(PolicyRef, PolicyRef),
    MatchesDisjoint(PolicyRef, PolicyRef),
    Implies(Group, Group),
    Equivalent(Group, Group),
    Disjoint(Group, Group),
    AlwaysAllows(Group),
    AlwaysDenies(Group),
    /// The policy makes no difference beside the others of its effect, which are given.
    Shadowed(PolicyRef, Effect, Vec<PolicyRef>),
    /// Any formula: no request answers it.
    Nothing(Formula),
}

pub const KINDS: [&str; 13] = [
    "never matches",
    "always matches",
    "never errors",
    "matches implies",
    "matches equivalent",
    "matches disjoint",
    "implies",
    "equivalent",
    "disjoint",
    "always allows",
    "always denies",
    "any formula",
    "shadowed",
];

fn differ(left: &Formula, right: &Formula) -> Formula {
    left.clone().and(!right.clone()).or((!left.clone()).and(right.clone()))
}

impl Query {
    pub fn kind(&self) -> usize {
        match self {
            Query::NeverMatches(_) => 0,
            Query::AlwaysMatches(_) => 1,
            Query::NeverErrors(_) => 2,
            Query::MatchesImplies(..) => 3,
            Query::MatchesEquivalent(..) => 4,
            Query::MatchesDisjoint(..) => 5,
            Query::Implies(..) => 6,
            Query::Equivalent(..) => 7,
            Query::Disjoint(..) => 8,
            Query::AlwaysAllows(_) => 9,
            Query::AlwaysDenies(_) => 10,
            Query::Nothing(_) => 11,
            Query::Shadowed(..) => 12,
        }
    }

    /// What breaks the property.
    pub fn question(&self) -> Formula {
        let matches = |policy: &PolicyRef| Formula::Matches(*policy);
        match self {
            Query::NeverMatches(p) => matches(p),
            Query::AlwaysMatches(p) => !matches(p),
            Query::NeverErrors(p) => Formula::Errors(*p),
            Query::MatchesImplies(p, q) => matches(p).and(!matches(q)),
            Query::MatchesEquivalent(p, q) => differ(&matches(p), &matches(q)),
            Query::MatchesDisjoint(p, q) => matches(p).and(matches(q)),
            Query::Implies(s, t) => s.allow().and(!t.allow()),
            Query::Equivalent(s, t) => differ(&s.allow(), &t.allow()),
            Query::Disjoint(s, t) => s.allow().and(t.allow()),
            Query::AlwaysAllows(s) => !s.allow(),
            Query::AlwaysDenies(s) => s.allow(),
            Query::Nothing(formula) => formula.clone(),
            Query::Shadowed(p, effect, _) => {
                let others = Formula::AnyOther { side: p.side, effect: *effect, except: p.index };
                matches(p).and(!others)
            }
        }
    }

    /// The question with every policy named.
    pub fn spelled(&self) -> Formula {
        match self {
            Query::Shadowed(p, _, others) => {
                let any = Formula::Or(others.iter().copied().map(Formula::Matches).collect());
                Formula::Matches(*p).and(!any)
            }
            other => other.question(),
        }
    }

    /// Every policy named, once.
    pub fn policies(&self) -> Vec<PolicyRef> {
        let mut found = Vec::new();
        self.spelled().policies(&mut |policy| found.push(policy));
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// What one can ask about: the policies, which of them are permits, which are templates without links.
pub struct Askable {
    pub policies: Vec<(PolicyRef, bool)>,
    pub templates: Vec<PolicyRef>,
}

impl Askable {
    fn group(&self, rng: &mut Rng, side: usize) -> Group {
        let mut group = Group { permits: Vec::new(), forbids: Vec::new() };
        let share = *rng.pick(&[40, 60, 100]);
        for (policy, permit) in &self.policies {
            if policy.side == side && !self.templates.contains(policy) && rng.percent(share) {
                if *permit { group.permits.push(*policy) } else { group.forbids.push(*policy) }
            }
        }
        group
    }

    fn shadowed(&self, p: PolicyRef) -> Query {
        let permit = self.policies.iter().any(|(policy, permit)| *policy == p && *permit);
        let beside = self
            .policies
            .iter()
            .filter(|(q, other)| *q != p && q.side == p.side && *other == permit && !self.templates.contains(q));
        let others = beside.map(|(q, _)| *q).collect();
        Query::Shadowed(p, if permit { Effect::Permit } else { Effect::Forbid }, others)
    }

    fn formula(&self, rng: &mut Rng, depth: usize) -> Formula {
        let policy = rng.pick(&self.policies).0;
        match rng.below(if depth == 0 { 5 } else { 11 }) {
            0..=3 => Formula::Matches(policy),
            4 => Formula::Errors(policy),
            5 | 6 => !self.formula(rng, depth - 1),
            7 | 8 => Formula::And((0..2 + rng.below(2)).map(|_| self.formula(rng, depth - 1)).collect()),
            _ => Formula::Or((0..2 + rng.below(2)).map(|_| self.formula(rng, depth - 1)).collect()),
        }
    }

    /// `count` different queries, each kind as likely as it is worth.
    pub fn some(&self, rng: &mut Rng, count: usize) -> Vec<Query> {
        let sides = self.policies.iter().map(|(policy, _)| policy.side + 1).max().unwrap_or(1);
        let mut found: Vec<Query> = Vec::new();
        for _ in 0..count * 4 {
            if found.len() == count {
                break;
            }
            let p = rng.pick(&self.policies).0;
            // Across the sides of a pair more often than not.
            let others: Vec<PolicyRef> = self
                .policies
                .iter()
                .map(|(policy, _)| *policy)
                .filter(|q| *q != p && (sides == 1 || rng.percent(30) || q.side != p.side))
                .collect();
            let q = if others.is_empty() || rng.percent(3) { p } else { *rng.pick(&others) };
            let (first, second) = if sides == 2 && rng.percent(50) { (1, 0) } else { (0, sides - 1) };
            let query = match rng.weighted(&[6, 4, 5, 14, 8, 8, 12, 10, 6, 4, 4, 12, 8]) {
                0 => Query::NeverMatches(p),
                1 => Query::AlwaysMatches(p),
                2 => Query::NeverErrors(p),
                3 => Query::MatchesImplies(p, q),
                4 => Query::MatchesEquivalent(p, q),
                5 => Query::MatchesDisjoint(p, q),
                6 => Query::Implies(self.group(rng, first), self.group(rng, second)),
                7 => Query::Equivalent(self.group(rng, first), self.group(rng, second)),
                8 => Query::Disjoint(self.group(rng, first), self.group(rng, second)),
                9 => Query::AlwaysAllows(self.group(rng, first)),
                10 => Query::AlwaysDenies(self.group(rng, first)),
                11 => Query::Nothing(self.formula(rng, 3)),
                _ => self.shadowed(p),
            };
            if !found.contains(&query) {
                found.push(query);
            }
        }
        found
    }
}
