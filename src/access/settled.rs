//! What is left to ask of contexts, decided, and what the decisions of both sides come to.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use rustc_hash::FxHashMap;

use super::changed::affected;
use super::conditions::{Bound, Conditions, Contexts, Known, readable};
use super::groups::{Columns, Move, Raw};
use super::kinds::Kind;
use super::sides::Sides;
use crate::decide::{self, Condition};
use crate::outcome::{Access, AccessCondition};

/// So many questions are asked about what is left; what remains is told as it is, and that it was not looked at.
const QUESTIONS: usize = 500;

/// So many contexts that lead to entities that there are are looked for.
const TRIES: usize = 500;

/// What is not known in the end.
pub(super) struct Left {
    /// Of some access, whether it differs from before.
    pub(super) undecided: bool,
    /// Of some access that a context has a say in, what an entity that changed and that it leads to does to it.
    pub(super) led_astray: bool,
    /// The actions of which conditions were not looked into.
    pub(super) unlooked: BTreeSet<EntityUid>,
}

/// What is left of one kind of request, by the number of its side and that of the condition.
type Asked = (usize, usize, usize);

/// Somebody and something that a condition, or two, are about, by number.
type Example = (u32, u32);

/// What is left, decided.
pub(super) struct Settled<'s> {
    sides: &'s Sides<'s>,
    sets: &'s [&'s PolicySet; 2],
    worlds: &'s [&'s Entities; 2],
    kinds: &'s [Kind],
    conditions: &'s [Condition],
    engine: Rc<Conditions>,
    access: FxHashMap<Asked, Access>,
    /// Whether access is gained, and whether it is lost, where the context has a say; `None` is not known.
    pairs: FxHashMap<(usize, Raw), [Option<bool>; 2]>,
    questions: usize,
    led_astray: bool,
    unlooked: BTreeSet<EntityUid>,
}

/// Of a kind of request, what there is to ask.
#[derive(Default)]
struct Open {
    /// What is left, with a side and an example of it.
    left: BTreeMap<(usize, usize), (usize, Example)>,
    /// What differs from side to side.
    pairs: Vec<(Raw, Example)>,
}

impl<'s> Settled<'s> {
    pub(super) fn new(
        sides: &'s Sides<'s>,
        sets: &'s [&'s PolicySet; 2],
        worlds: &'s [&'s Entities; 2],
        kinds: &'s [Kind],
        conditions: &'s [Condition],
    ) -> Self {
        let engine = Rc::new(Conditions::new(conditions, sides));
        let (access, pairs) = (FxHashMap::default(), FxHashMap::default());
        let (questions, unlooked) = (QUESTIONS, BTreeSet::new());
        let led_astray = false;
        Self { sides, sets, worlds, kinds, conditions, engine, access, pairs, questions, led_astray, unlooked }
    }

    /// Under which number the answers of a side are kept: both have the same where both ask the same of the same.
    fn kept(&self, side: usize) -> usize {
        if self.sides.one_world() { self.engine.engine(side) } else { side }
    }

    /// What there is to ask of `columns`, by kind of request.
    fn open(&self, columns: &Columns) -> BTreeMap<usize, Open> {
        let mut all: BTreeMap<usize, Open> = BTreeMap::new();
        for stretch in &columns.stretches {
            let Some(resource) = stretch.resources.first() else { continue };
            for (raw, set) in &stretch.parts {
                let conditional = |access: &Option<decide::Access>| match access {
                    Some(decide::Access::Conditional(number)) => Some(*number),
                    Some(decide::Access::Allowed) | None => None,
                };
                if raw.iter().all(|one| conditional(one).is_none()) {
                    continue;
                }
                let example = (*set, *resource);
                let open = all.entry(stretch.kind).or_default();
                for (side, number) in raw.iter().map(conditional).enumerate() {
                    if let Some(number) = number {
                        open.left.entry((self.kept(side), number)).or_insert((side, example));
                    }
                }
                let [before, now] = raw;
                let differs = before != now || !self.sides.alike() || !self.sides.one_world();
                if differs && self.sides.compared && open.pairs.iter().all(|(known, _)| known != raw) {
                    open.pairs.push((*raw, example));
                }
            }
        }
        all
    }

    /// Decides all that is left in `columns`.
    pub(super) fn decide(&mut self, columns: &Columns, principals: &[EntityUid]) {
        let somebody = |(set, resource): Example| {
            let who = columns.sets.get(usize::try_from(set).ok()?)?.iter().next()?;
            Some((principals.get(who)?, columns.uids.get(usize::try_from(resource).ok()?)?))
        };
        // What the context of an action is asked is the same whoever asks it about what.
        let mut known: FxHashMap<(&EntityUid, usize, usize), Contexts> = FxHashMap::default();
        let kinds = self.kinds;
        let engine = Rc::clone(&self.engine);
        let mut tries = TRIES;
        let [before, now] = self.sides.entities;
        let affected = if self.sides.one_world() { BTreeSet::new() } else { affected(before, now) };
        for (number, open) in self.open(columns) {
            let Some(kind) = kinds.get(number) else { continue };
            let mut sessions = engine.sessions((&kind.action, &kind.types));
            for ((place, condition), (side, example)) in open.left {
                let contexts = match (known.get(&(&kind.action, place, condition)), self.worlds.get(side)) {
                    (Some(contexts), _) => contexts.clone(),
                    (None, Some(world)) if self.may_ask(&kind.action) => sessions.contexts(side, condition, world),
                    (None, _) => Contexts::Unknown,
                };
                known.insert((&kind.action, place, condition), contexts.clone());
                let access = match contexts {
                    Contexts::None => Access::Denied,
                    Contexts::All => Access::Allowed,
                    Contexts::Unknown => self.conditional(condition, false),
                    Contexts::Some(context) => {
                        let who = somebody(example);
                        let allowed = |context: &Context| who.is_some_and(|who| self.allows(side, kind, who, context));
                        let shown = allowed(&context)
                            || self.worlds.get(side).is_some_and(|world| {
                                let known = &mut Known { world, other: world, tries: &mut tries, shows: &allowed };
                                sessions.among(side, condition, &context, known)
                            });
                        self.conditional(condition, shown)
                    }
                };
                self.access.insert((number, place, condition), access);
            }
            for (raw, example) in open.pairs {
                let [raw_before, raw_now] = raw;
                let [before, now] = raw.map(bound);
                let who = somebody(example);
                let same_words = self.access(number, 0, raw_before) == self.access(number, 1, raw_now);
                let mut exceeds = |more: (usize, Bound), less: (usize, Bound)| {
                    if !self.may_ask(&kind.action) {
                        return None;
                    }
                    let allows = |side: usize, context: &Context| who.map(|who| self.allows(side, kind, who, context));
                    let differs = |context: &Context| {
                        allows(more.0, context) == Some(true) && allows(less.0, context) == Some(false)
                    };
                    let (world, other) = (self.worlds.get(more.0)?, self.worlds.get(less.0)?);
                    let known = &mut Known { world, other, tries: &mut tries, shows: &differs };
                    let found = sessions.exceeds([more, less], known);
                    if found != Some(false) || self.sides.one_world() {
                        return found;
                    }
                    // The engine has one world for both sides.
                    let led = sessions.led([more, less], &affected, known);
                    self.led_astray |= led.is_none();
                    // Of what is put in the same words nothing else is said.
                    if same_words { Some(led == Some(true)) } else { led }
                };
                let found = [exceeds((1, now), (0, before)), exceeds((0, before), (1, now))];
                self.pairs.insert((number, raw), found);
            }
        }
    }

    /// Whether one more question about `action` may be asked.
    fn may_ask(&mut self, action: &EntityUid) -> bool {
        match self.questions.checked_sub(1) {
            Some(left) => {
                self.questions = left;
                true
            }
            None => {
                self.unlooked.insert(action.clone());
                false
            }
        }
    }

    /// What is not known.
    pub(super) fn left_open(self) -> Left {
        let undecided = self.pairs.values().any(|pair| pair.contains(&None));
        Left { undecided, led_astray: self.led_astray, unlooked: self.unlooked }
    }

    fn conditional(&self, number: usize, shown: bool) -> Access {
        let condition = self.conditions.get(number).map(|condition| readable(condition, shown));
        let none = AccessCondition { when: Vec::new(), unless: Vec::new(), shown };
        Access::Conditional(Arc::new(condition.unwrap_or(none)))
    }

    fn allows(
        &self,
        side: usize,
        kind: &Kind,
        (principal, resource): (&EntityUid, &EntityUid),
        context: &Context,
    ) -> bool {
        let (Some(set), Some(world)) = (self.sets.get(side), self.worlds.get(side)) else { return false };
        let action = kind.action.clone();
        let request = Request::new(principal.clone(), action, resource.clone(), context.clone(), None);
        request.is_ok_and(|request| Authorizer::new().is_authorized(&request, set, world).decision() == Decision::Allow)
    }

    fn access(&self, kind: usize, side: usize, access: Option<decide::Access>) -> Access {
        match access {
            None => Access::Denied,
            Some(decide::Access::Allowed) => Access::Allowed,
            Some(decide::Access::Conditional(number)) => match self.access.get(&(kind, self.kept(side), number)) {
                Some(access) => access.clone(),
                None => self.conditional(number, false),
            },
        }
    }

    /// What becomes of both sides of a kind of request.
    pub(super) fn comes_to(&self, kind: usize, raw: Raw) -> ([Access; 2], Move) {
        let [before, now] = raw;
        let [old, new] = [self.access(kind, 0, before), self.access(kind, 1, now)];
        let moved = match self.pairs.get(&(kind, raw)) {
            // What is not known is said to be both.
            Some([gains, loses]) => Move { gains: gains.unwrap_or(true), loses: loses.unwrap_or(true) },
            None => Move { gains: new > old && old != new, loses: old > new && old != new },
        };
        if old != new && !moved.gains && !moved.loses {
            // Two ways to say the same.
            return ([new.clone(), new], moved);
        }
        ([old, new], moved)
    }
}

fn bound(access: Option<decide::Access>) -> Bound {
    match access {
        None => Bound::Always(false),
        Some(decide::Access::Allowed) => Bound::Always(true),
        Some(decide::Access::Conditional(number)) => Bound::Condition(number),
    }
}
