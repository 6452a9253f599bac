//! Gained and lost in each environment.
//!
//! # Why
//!
//! Environments of one kind (the same types, the same changed policies) are likely to change alike. So the first is
//! worked out, and its example and condition are tried, not believed, in the others. After 64 environments of a kind no
//! new conditions are searched for. What is kept of an example is its JSON.
//!
//! Of an enumeration whose members differ, principals and resources that only one side lists are asked about on that
//! side alone.

use std::collections::BTreeMap;

use cedar_policy::{EntityId, EntityTypeName, EntityUid, Policy, PolicyId, RequestEnv};
use rayon::prelude::*;
use typed_arena::Arena;

use super::causes;
use super::conjunct::parsed;
use super::delta::{Delta, Found, Options, Where};
use super::pair::{Pair, Which};
use super::view::View;
use super::work::Work;
use crate::symbolic::{Formula, PolicyRef, Session, SetAsideReason, Subject};

/// Of so many environments that are alike, conditions are worked out anew; in more, those found are tried.
const WORKED_OUT: usize = 64;

/// So many policies may be named in all clauses together that name very many.
const ROOM: usize = 200_000;

/// What environments have in common that are likely to change alike: the types, and the policies that changed.
type Kind = (Where, String, String, Vec<usize>);

impl Pair {
    /// What changes in each of `environments`, in their order.
    ///
    /// The first of each kind is looked at first; what is found there is tried in the others before anything is
    /// searched for.
    #[must_use]
    pub fn compare(&self, environments: &[(RequestEnv, Where)], options: Options<'_>) -> Vec<Delta> {
        let mut kinds: BTreeMap<Kind, Vec<usize>> = BTreeMap::new();
        let touching: Vec<Option<Kind>> = environments
            .par_iter()
            .map(|(environment, there)| {
                let touching = self.touching(environment);
                let solve = !touching.is_empty() || !self.shared || *there != Where::Both;
                solve.then(|| {
                    (*there, environment.principal().to_string(), environment.resource().to_string(), touching)
                })
            })
            .collect();
        for (index, kind) in touching.into_iter().enumerate() {
            if let Some(kind) = kind {
                kinds.entry(kind).or_default().push(index);
            }
        }
        // Of each environment the same, so that clauses do not depend on which is first.
        let room = ROOM / kinds.values().map(Vec::len).sum::<usize>().max(1);
        let one = |index: usize, conditions: bool, like: Option<&Delta>, followed: bool| {
            let options = Options { conditions: options.conditions && conditions, followed, room, ..options };
            match environments.get(index) {
                Some((environment, Where::Both)) => self.compare_sides(environment, options, like),
                Some((environment, Where::Only(side))) => self.compare_one_side(*side, environment, options, like),
                None => Delta::none(),
            }
        };
        let kinds: Vec<Vec<usize>> = kinds.into_values().collect();
        let mut first: Vec<Delta> = kinds
            .par_iter()
            .map(|kind| kind.first().map_or_else(Delta::none, |index| one(*index, true, None, kind.len() > 1)))
            .collect();
        for effect in first.iter_mut().flat_map(|delta| delta.gained.effects.iter_mut().chain(&mut delta.lost.effects))
        {
            let tried = options.conditions && effect.condition.exact && !effect.condition.is_long();
            effect.proof = tried.then(|| parsed(&effect.condition.when)).flatten();
        }
        let rest: Vec<(usize, bool, &Delta)> = kinds
            .iter()
            .zip(&first)
            .flat_map(|(kind, delta)| {
                let others = kind.iter().enumerate().skip(1);
                others.map(move |(position, index)| (*index, position < WORKED_OUT, delta))
            })
            .collect();
        let rest: Vec<(usize, Delta)> = rest
            .par_iter()
            .map(|(index, conditions, like)| (*index, one(*index, *conditions, Some(like), false)))
            .collect();
        let mut all: Vec<Delta> = environments.iter().map(|_| Delta::none()).collect();
        let leaders = kinds.iter().filter_map(|kind| kind.first().copied());
        for (index, delta) in leaders.zip(first).chain(rest) {
            if let Some(slot) = all.get_mut(index) {
                *slot = delta;
            }
        }
        all
    }

    /// What changes in an environment that both sides have.
    fn compare_sides<'a>(&'a self, environment: &RequestEnv, options: Options<'_>, like: Option<&'a Delta>) -> Delta {
        let arena = Arena::new();
        let Some((mut session, view)) = self.open(environment) else { return Delta::none() };
        let mut work = Work {
            pair: self,
            session: &mut session,
            view: &view,
            arena: &arena,
            options,
            like,
            alone: None,
            besides: Vec::new(),
            room: options.room,
        };
        let mut gained = work.direction(Which::New);
        let mut lost = work.direction(Which::Old);
        gained.take(self.fails_open(Which::New, environment, &view, options));
        lost.take(self.fails_open(Which::Old, environment, &view, options));
        for (side, found) in [(Which::New, &mut gained), (Which::Old, &mut lost)] {
            for principal in [true, false] {
                let ty = if principal { environment.principal() } else { environment.resource() };
                if self.enumerations.contains(ty) {
                    found.take(self.compare_unlisted(side, environment, principal, ty, options));
                }
            }
        }
        Delta { gained, lost, set_aside: view.set_aside }
    }

    /// Who is permitted in an environment that only `side` has; the other direction is empty.
    fn compare_one_side<'a>(
        &'a self,
        side: Which,
        environment: &RequestEnv,
        options: Options<'_>,
        like: Option<&'a Delta>,
    ) -> Delta {
        let (found, set_aside) = self.permitted(side, environment, Vec::new(), options, like);
        let none = Delta::none();
        match side {
            Which::New => Delta { gained: found, set_aside, ..none },
            Which::Old => Delta { lost: found, set_aside, ..none },
        }
    }

    /// Who is permitted on `side` among the principals (or resources) whose id the other side does not list.
    fn compare_unlisted(
        &self,
        side: Which,
        environment: &RequestEnv,
        principal: bool,
        ty: &EntityTypeName,
        options: Options<'_>,
    ) -> Found {
        let Some(others) = self.rules(side.other()).and_then(|rules| rules.schema().members(ty)) else {
            // There any id is possible.
            return Delta::none().gained;
        };
        // A member that this side does not list is no principal here.
        let own = self.rules(side).and_then(|rules| rules.schema().members(ty));
        let both = others.iter().filter(|id| own.is_none_or(|own| own.contains(id)));
        let probes = both.filter_map(|id| is_one(principal, ty, id)).collect();
        self.permitted(side, environment, probes, options, None).0
    }

    fn permitted<'a>(
        &'a self,
        side: Which,
        environment: &RequestEnv,
        excluded: Vec<Subject>,
        options: Options<'_>,
        like: Option<&'a Delta>,
    ) -> (Found, Vec<(usize, Which, SetAsideReason)>) {
        let Some(rules) = self.rules(side) else { return (Delta::none().gained, Vec::new()) };
        let arena = Arena::new();
        let mut session = Session::new(rules, environment);
        let mut view = View::default();
        for (index, entry) in self.entries.iter().enumerate() {
            if let Some(member) = entry.member(side) {
                let policy = PolicyRef { side: 0, index: member.policy.index };
                self.place(&mut session, &mut view, index, side, policy, true);
            }
        }
        let besides: Vec<Formula> =
            excluded.into_iter().map(|probe| !Formula::Matches(session.add_policy(0, arena.alloc(probe)))).collect();
        let alone = Some(side);
        let mut work = Work {
            pair: self,
            session: &mut session,
            view: &view,
            arena: &arena,
            options,
            like,
            alone,
            besides,
            room: options.room,
        };
        let candidates = causes::of_permits(&work, side);
        let found = work.effects_of(side, candidates, false);
        (found, view.set_aside)
    }
}

/// A policy that matches exactly the requests with that principal (or resource).
fn is_one(principal: bool, ty: &EntityTypeName, id: &str) -> Option<Subject> {
    let uid = EntityUid::from_type_name_and_id(ty.clone(), EntityId::new(id));
    let scope = |mine: bool| {
        if mine {
            serde_json::json!({"op": "==", "entity": {"type": ty.to_string(), "id": id}})
        } else {
            serde_json::json!({"op": "All"})
        }
    };
    let json = serde_json::json!({
        "effect": "permit", "principal": scope(principal), "action": {"op": "All"}, "resource": scope(!principal),
        "conditions": [],
    });
    let policy = Policy::from_json(Some(PolicyId::new(uid.to_string())), json).ok()?;
    Some(Subject::policy(&policy))
}
