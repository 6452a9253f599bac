//! Gained and lost in one environment.

use std::collections::BTreeMap;

use cedar_policy::{Effect as PolicyEffect, EntityId, EntityTypeName, EntityUid, Policy, PolicyId, RequestEnv};
use rayon::prelude::*;
use typed_arena::Arena;

use super::causes::{self, Candidate};
use super::conditions::{self, Condition};
use super::expression::parsed;
use super::pair::{Pair, Which};
use crate::symbolic::{Answer, Formula, PolicyRef, Session, SetAsideReason, Status, Subject, Witness};

/// Whether some request changes its decision in one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// None does.
    No,
    /// Some does.
    Yes,
    /// Not decided, and why.
    Unknown(Why),
}

/// Why something is not decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The policy pair with this index could not be compiled.
    SetAside(usize),
    /// Anything else, a phrase.
    Said(String),
}

/// Requests that change their decision because of the same policies.
#[derive(Debug)]
pub struct Effect {
    /// The smallest set of changes that brings it about: indices of policy pairs, sorted.
    pub causes: Vec<usize>,
    /// A request that shows it; with two cases where there are two schemas, with one where only one side has the
    /// environment.
    pub witness: Witness,
    /// For whom.
    pub condition: Condition,
    /// The condition as a policy, to be tried in other environments.
    pub(super) proof: Option<Subject>,
}

/// One direction.
#[derive(Debug)]
pub struct Found {
    /// Whether there is an effect.
    pub decided: Decided,
    /// The effects.
    pub effects: Vec<Effect>,
}

/// What changes in an environment.
#[derive(Debug)]
pub struct Delta {
    /// Allowed by the new side and not by the old.
    pub gained: Found,
    /// Allowed by the old side and not by the new.
    pub lost: Found,
    /// Policies that could not be compiled: index of the pair, side and why.
    pub set_aside: Vec<(usize, Which, SetAsideReason)>,
}

impl Delta {
    /// Nothing changes.
    #[must_use]
    pub fn none() -> Self {
        let no = || Found { decided: Decided::No, effects: Vec::new() };
        Self { gained: no(), lost: no(), set_aside: Vec::new() }
    }
}

/// What a comparison needs besides the pair.
#[derive(Clone, Copy)]
pub struct Options<'o> {
    /// Whether Cedar's authorizer, over all policies, decides the witness as it should: allowed by the side named, and
    /// denied by the other if that is asked as well; else why not.
    pub confirm: &'o Confirm<'o>,
    /// Whether conditions are to be worked out and proved; else they are what the policies say.
    pub conditions: bool,
    /// Whether other environments are to try what is found in this one.
    followed: bool,
}

impl<'o> Options<'o> {
    /// Options with this confirmation; `conditions` as for the field.
    #[must_use]
    pub fn new(confirm: &'o Confirm<'o>, conditions: bool) -> Self {
        Self { confirm, conditions, followed: false }
    }
}

/// See [`Options::confirm`].
pub type Confirm<'o> = dyn Fn(&Witness, Which, bool) -> Result<(), String> + Sync + 'o;

/// A policy that applies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Applied {
    pub(super) entry: usize,
    pub(super) policy: PolicyRef,
    /// Whether it may match other requests than its counterpart.
    pub(super) changed: bool,
}

/// The policies of an environment, by side.
#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) permits: [Vec<Applied>; 2],
    pub(super) forbids: [Vec<Applied>; 2],
    set_aside: Vec<(usize, Which, SetAsideReason)>,
    /// Why a "no" cannot be said.
    blocked: Option<Why>,
}

impl View {
    pub(super) fn permits(&self, side: Which) -> &[Applied] {
        self.permits.get(side.index()).map_or(&[], Vec::as_slice)
    }

    pub(super) fn forbids(&self, side: Which) -> &[Applied] {
        self.forbids.get(side.index()).map_or(&[], Vec::as_slice)
    }

    /// Whether a policy could not be compiled.
    pub(super) fn sets_aside(&self) -> bool {
        !self.set_aside.is_empty()
    }
}

/// The policies of the list match, one of them at least.
pub(super) fn any<'v>(applied: impl IntoIterator<Item = &'v Applied>) -> Formula {
    Formula::Or(applied.into_iter().map(|applied| Formula::Matches(applied.policy)).collect())
}

/// Which sides have an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Where {
    /// Both.
    Both,
    /// One.
    Only(Which),
}

/// Conflicts that one question about a condition may take: without an answer the condition is not exact, which is no
/// harm.
const CONDITION_BUDGET: u64 = 2_000;

/// Of so many environments that are alike, conditions are worked out anew; in more, those found are tried.
const WORKED_OUT: usize = 64;

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
        let one = |index: usize, conditions: bool, like: Option<&Delta>, followed: bool| {
            let options = Options { conditions: options.conditions && conditions, followed, ..options };
            match environments.get(index) {
                Some((environment, Where::Both)) => self.kept(environment, options, like),
                Some((environment, Where::Only(side))) => self.alone(*side, environment, options, like),
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
            effect.proof = effect.condition.exact.then(|| parsed(&effect.condition.text)).flatten();
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
    fn kept<'a>(&'a self, environment: &RequestEnv, options: Options<'_>, like: Option<&'a Delta>) -> Delta {
        let arena = Arena::new();
        let Some((mut session, view)) = self.open(environment) else { return Delta::none() };
        let mut work =
            Work { pair: self, session: &mut session, view: &view, arena: &arena, options, like, besides: Vec::new() };
        let mut gained = work.direction(Which::New);
        let mut lost = work.direction(Which::Old);
        for (side, found) in [(Which::New, &mut gained), (Which::Old, &mut lost)] {
            for principal in [true, false] {
                let ty = if principal { environment.principal() } else { environment.resource() };
                if self.enumerations.contains(ty) {
                    found.take(self.outside(side, environment, principal, ty, options));
                }
            }
        }
        Delta { gained, lost, set_aside: view.set_aside }
    }

    /// Who is permitted in an environment that only `side` has; the other direction is empty.
    fn alone<'a>(
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
    fn outside(
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
        let mut work = Work { pair: self, session: &mut session, view: &view, arena: &arena, options, like, besides };
        let candidates = causes::alone(&work, side);
        let found = work.settle(side, candidates, false);
        (found, view.set_aside)
    }

    /// The session of an environment that both sides have, and its policies.
    fn open(&self, environment: &RequestEnv) -> Option<(Session<'_>, View)> {
        let mut session = if self.shared {
            Session::new(self.rules(Which::New)?, environment)
        } else {
            Session::pair(self.rules(Which::Old)?, self.rules(Which::New)?, environment)
        };
        let mut view = View::default();
        for (index, entry) in self.entries.iter().enumerate() {
            let changed = match (&entry.members, entry.same) {
                ([Some(old), Some(new)], true) => {
                    old.policy != new.policy && !session.equivalent(old.policy, new.policy)
                }
                _ => true,
            };
            for side in [Which::Old, Which::New] {
                if let Some(member) = entry.member(side) {
                    self.place(&mut session, &mut view, index, side, member.policy, changed);
                }
            }
        }
        Some((session, view))
    }

    /// Puts a policy where it belongs in the view.
    fn place(
        &self,
        session: &mut Session<'_>,
        view: &mut View,
        entry: usize,
        side: Which,
        policy: PolicyRef,
        changed: bool,
    ) {
        let Some(member) = self.entries.get(entry).and_then(|entry| entry.member(side)) else { return };
        if member.template {
            let status = if changed { session.status(policy) } else { Status::OutOfScope };
            if status != Status::OutOfScope {
                let why = "what links a template is not in the repository";
                view.blocked.get_or_insert_with(|| Why::Said(why.to_owned()));
            }
            return;
        }
        match session.status(policy) {
            Status::OutOfScope => {}
            Status::SetAside(why) => {
                view.blocked.get_or_insert(Why::SetAside(entry));
                view.set_aside.push((entry, side, why));
            }
            Status::Applies => {
                if self.reads_differing_enumeration(member, side) {
                    let why = "a policy reads an attribute of an enumerated type whose members changed";
                    view.blocked.get_or_insert_with(|| Why::Said(why.to_owned()));
                }
                let lists = match member.effect {
                    PolicyEffect::Permit => &mut view.permits,
                    PolicyEffect::Forbid => &mut view.forbids,
                };
                if let Some(list) = lists.get_mut(side.index()) {
                    list.push(Applied { entry, policy, changed });
                }
            }
        }
    }
}

impl Found {
    /// Takes in what was found of other requests of the same environment.
    fn take(&mut self, other: Found) {
        self.effects.extend(other.effects);
        self.decided = match (std::mem::replace(&mut self.decided, Decided::No), other.decided) {
            (Decided::Yes, _) | (_, Decided::Yes) => Decided::Yes,
            (Decided::Unknown(why), _) | (_, Decided::Unknown(why)) => Decided::Unknown(why),
            (Decided::No, Decided::No) => Decided::No,
        };
    }
}

/// What the work on one environment shares.
pub(super) struct Work<'w, 's> {
    pub(super) pair: &'s Pair,
    pub(super) session: &'w mut Session<'s>,
    pub(super) view: &'w View,
    pub(super) arena: &'s Arena<Subject>,
    pub(super) options: Options<'w>,
    /// What was found in an environment that is likely to be like this one.
    like: Option<&'s Delta>,
    /// What has to hold besides, where only one side is asked.
    pub(super) besides: Vec<Formula>,
}

impl<'s> Work<'_, 's> {
    /// Everything that `side` allows and the other does not.
    fn direction(&mut self, side: Which) -> Found {
        let candidates = causes::both(self, side);
        self.settle(side, candidates, true)
    }

    /// Candidates become effects: with a witness that the authorizer confirms, and a condition.
    fn settle(&mut self, side: Which, candidates: causes::Candidates, both: bool) -> Found {
        let mut unknown = candidates.unknown;
        let mut confirmed: Vec<(Candidate, Witness, Option<&'s Effect>)> = Vec::new();
        let like = self.like.map_or(&[][..], |delta| match side {
            Which::New => &delta.gained.effects,
            Which::Old => &delta.lost.effects,
        });
        for candidate in candidates.found {
            let like = like.iter().find(|effect| effect.causes == candidate.causes);
            let region = candidate.region(self);
            let adopted = like.and_then(|effect| self.session.revalidate(&region, &effect.witness));
            let answer = match adopted {
                Some(witness) => Answer::Witness(witness),
                None => self.session.find(&region),
            };
            match answer {
                Answer::Witness(witness) => match (self.options.confirm)(&witness, side, both) {
                    Ok(()) if self.options.followed => confirmed.push((candidate, witness, like)),
                    Ok(()) => confirmed.push((candidate, witness.as_json(), like)),
                    Err(why) => unknown = unknown.or(Some(why)),
                },
                Answer::Impossible => {}
                Answer::Unknown(reason) => unknown = unknown.or_else(|| Some(reason.to_string())),
            }
        }
        let mut effects = Vec::new();
        let budget = self.session.set_budget(CONDITION_BUDGET);
        for (candidate, witness, like) in confirmed {
            let condition = conditions::of(self, &candidate, like);
            effects.push(Effect { causes: candidate.causes, witness, condition, proof: None });
        }
        self.session.set_budget(budget);
        let decided = match (effects.is_empty(), unknown.map(Why::Said).or_else(|| self.view.blocked.clone())) {
            (false, _) => Decided::Yes,
            (true, Some(why)) => Decided::Unknown(why),
            (true, None) => Decided::No,
        };
        Found { decided, effects }
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
