//! Gained and lost in each environment.
//!
//! # Why
//!
//! Environments of one kind (the same types, the same changed policies) are likely to change alike. So the first is
//! worked out. Where the very same policies apply, what was found there is taken over ([`super::carried`]); in the
//! others its examples and conditions are tried, not believed, as those of other kinds are in the first ones
//! ([`super::leaders`]). After 64 environments of a kind no new conditions are searched for. What is kept of an
//! example is its JSON.
//!
//! Of an enumeration whose members differ, principals and resources that only one side lists are asked about on that
//! side alone.

use std::collections::BTreeMap;
use std::sync::Mutex;

use cedar_policy::{EntityId, EntityTypeName, EntityUid, Policy, PolicyId, RequestEnv};
use rayon::prelude::*;
use typed_arena::Arena;

use super::carried::WorkedOut;
use super::causes;
use super::delta::{Delta, Found, Options, Where};
use super::leaders::{Kind, lead};
use super::pair::{Pair, Which};
use super::view::View;
use super::work::Work;
use crate::symbolic::{Formula, PolicyRef, Prepared, Session, SetAsideReason, Subject};

/// Of so many environments that are alike, conditions are worked out anew; in more, those found are tried.
const WORKED_OUT: usize = 64;

/// So many policies may be named in all clauses together that name very many.
const ROOM: usize = 200_000;

impl Pair {
    /// What changes in each of `environments`, in their order.
    ///
    /// The first of each kind is looked at first; what is found there holds in those of the others where the same
    /// policies apply, and is tried in the rest before anything is searched for. Of the first ones it is tried what was
    /// found in others of the same types.
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
        let asked: usize = kinds.values().map(Vec::len).sum();
        let meter = self.rules(Which::Old).or(self.rules(Which::New)).map(|rules| rules.schema().solvers().meter());
        meter.into_iter().for_each(|meter| meter.begin(asked));
        let finished = || meter.into_iter().for_each(|meter| meter.finish(1));
        // Of each environment the same, so that clauses do not depend on which is first.
        let room = ROOM / asked.max(1);
        // By index, policies that were compiled ahead.
        let ready: Mutex<BTreeMap<usize, Prepared<'_>>> = Mutex::default();
        let get_ready = |index: usize, in_words: bool| {
            let Some((environment, Where::Both)) = environments.get(index) else { return };
            let Some(prepared) = self.prepared(environment) else { return };
            if in_words {
                self.take_apart(&prepared);
            }
            if let Ok(mut ready) = ready.lock() {
                ready.insert(index, prepared);
            }
        };
        let one = |index: usize, conditions: bool, like: &[&Delta], followed: bool| {
            let options = Options { conditions: options.conditions && conditions, followed, room, ..options };
            let prepared = ready.lock().ok().and_then(|mut ready| ready.remove(&index));
            match environments.get(index) {
                Some((environment, Where::Both)) => self.compare_sides(environment, options, like, prepared),
                Some((environment, Where::Only(side))) => self.compare_one_side(*side, environment, options, like),
                None => Delta::none(),
            }
        };
        let kinds: Vec<(Kind, Vec<usize>)> = kinds.into_iter().collect();
        // Where one environment alone is looked at, it has all cores, and while they wait for it the next one is got
        // ready.
        let only: &[usize] = if let [(_, members)] = kinds.as_slice() { members } else { &[] };
        only.first().into_iter().for_each(|index| get_ready(*index, false));
        let leaders = || {
            lead(&kinds, &|kind, like, followed| {
                let (_, members) = kinds.get(kind)?;
                let found = one(*members.first()?, true, like, followed || members.len() > 1);
                finished();
                Some(found)
            })
        };
        let (leaders, ()) = rayon::join(leaders, || only.get(1).into_iter().for_each(|index| get_ready(*index, true)));
        let worked_out: Vec<Option<WorkedOut<'_>>> = kinds
            .iter()
            .zip(&leaders)
            .map(|((_, members), delta)| Some(self.worked_out(environments.get(*members.first()?)?, delta.as_ref()?)))
            .collect();
        let rest: Vec<(usize, bool, &WorkedOut<'_>)> = kinds
            .iter()
            .zip(&worked_out)
            .filter_map(|((_, members), first)| Some((members, first.as_ref()?)))
            .flat_map(|(members, first)| {
                let others = members.iter().enumerate().skip(1);
                others.map(move |(position, index)| (*index, position < WORKED_OUT, first))
            })
            .collect();
        let rest: Vec<(usize, Delta)> = rest
            .par_iter()
            .map(|(index, conditions, first)| {
                let known = environments.get(*index).and_then(|(there, _)| self.carried(first, there, options));
                let found = known.unwrap_or_else(|| {
                    if rest.len() == 1 && only.get(1) != Some(index) {
                        get_ready(*index, false);
                    }
                    one(*index, *conditions, &[first.delta], false)
                });
                finished();
                (*index, found)
            })
            .collect();
        drop(worked_out);
        let mut all: Vec<Delta> = environments.iter().map(|_| Delta::none()).collect();
        let first = kinds.iter().filter_map(|(_, members)| members.first().copied());
        let first = first.zip(leaders).filter_map(|(index, delta)| Some((index, delta?.with_json_alone())));
        for (index, delta) in first.chain(rest) {
            if let Some(slot) = all.get_mut(index) {
                *slot = delta;
            }
        }
        all
    }

    /// What changes in an environment that both sides have.
    fn compare_sides<'a>(
        &'a self,
        environment: &RequestEnv,
        options: Options<'_>,
        like: &'a [&'a Delta],
        prepared: Option<Prepared<'a>>,
    ) -> Delta {
        let arena = Arena::new();
        let Some((mut session, view)) = self.open(environment, prepared) else { return Delta::none() };
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
        like: &'a [&'a Delta],
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
        self.permitted(side, environment, probes, options, &[]).0
    }

    fn permitted<'a>(
        &'a self,
        side: Which,
        environment: &RequestEnv,
        excluded: Vec<Subject>,
        options: Options<'_>,
        like: &'a [&'a Delta],
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Body, PolicyPair};
    use crate::symbolic::SchemaModel;

    /// The kind: what is found in one environment is taken to hold in another where it does not, or with its action.
    #[test]
    fn what_is_found_among_others_is_what_is_found_alone() {
        let schema = "entity U { n: Long }; entity D { s: String }; action r, w;
            action r1, r2, r3 in [r] appliesTo { principal: U, resource: D, context: { m: Bool } };
            action w1, w2, w3 in [w] appliesTo { principal: U, resource: D, context: { m: Bool } };
            action x1, x2 appliesTo { principal: U, resource: D };";
        let pairs = [
            (
                r#"permit (principal, action in Action::"r", resource) when { context.m };"#,
                r#"permit (principal, action in Action::"r", resource) when { context.m && principal.n > 3 };"#,
            ),
            (
                "permit (principal, action, resource) when { principal.n == 7 };",
                r#"permit (principal, action, resource) when { principal.n == 7 && resource.s != "a" };"#,
            ),
            (
                r#"forbid (principal, action in [Action::"w1", Action::"r1"], resource) when { resource.s like "b*" };"#,
                r#"forbid (principal, action in [Action::"w1", Action::"r1"], resource) when { resource.s == "b" };"#,
            ),
            (
                r#"permit (principal, action, resource) when { action == Action::"w2" && principal.n < 0 };"#,
                r#"permit (principal, action, resource) when { action in Action::"w" && principal.n < 0 };"#,
            ),
            (
                r#"permit (principal, action == Action::"r3", resource) when { principal.n > 100 };"#,
                r#"permit (principal, action == Action::"r3", resource) when { principal.n > 100 };"#,
            ),
        ];
        let body = |at: usize, text: &str| {
            let id = Some(PolicyId::new(format!("p{at}")));
            Some(Body::Policy(Policy::parse(id, text).unwrap().into()))
        };
        let policies: Vec<PolicyPair> = pairs
            .iter()
            .enumerate()
            .map(|(at, (old, new))| PolicyPair {
                old: body(at, old),
                new: body(at, new),
                limits: Default::default(),
                same: old == new,
                opened: None,
            })
            .collect();
        let model = SchemaModel::new(&schema.parse().unwrap()).unwrap();
        let pair = Pair::new(Some(&model), Some(&model), true, &policies);
        let confirm = |_: &crate::symbolic::Witness, _: Which, _: bool| Ok(());
        let all: Vec<(RequestEnv, Where)> = model.environments().iter().map(|one| (one.clone(), Where::Both)).collect();
        let together = pair.compare(&all, Options::new(&confirm, true));
        let said = |delta: &Delta, environment: &RequestEnv| -> Vec<String> {
            let one = |(found, which): (&Found, &str)| {
                let effects = found.effects.iter().map(|effect| {
                    let action = effect.witness.cases[0].request.action().unwrap();
                    assert_eq!(action, environment.action());
                    assert_eq!(effect.witness.cases[0].request_json["action"]["id"], action.id().unescaped());
                    format!("{which} {:?} {:?}", effect.causes, effect.condition)
                });
                let mut all: Vec<String> = effects.collect();
                all.push(format!("{which} {:?}", found.decided));
                all
            };
            [(&delta.gained, "gained"), (&delta.lost, "lost")].into_iter().flat_map(one).collect()
        };
        let mut effects = 0;
        for (one, delta) in all.iter().zip(&together) {
            let alone = pair.compare(std::slice::from_ref(one), Options::new(&confirm, true));
            assert_eq!(said(delta, &one.0), said(&alone[0], &one.0), "{}", one.0.action());
            effects += delta.gained.effects.len() + delta.lost.effects.len();
        }
        assert!(effects > 12, "{effects}");
    }
}
