//! What is left to ask of the context, decided by the engine: whether some context allows it, and whether all do.
//!
//! # Why
//!
//! What is left names entities where the context leads to them, and the engine is free to make these up. That no
//! context allows it, or all do, is then so of the entities that there are as well. That some does is shown by a
//! context with which Cedar's authorizer allows the request over the entities that there are.
//!
//! Which contexts there are is what a schema declares, on each side its own. Where none is declared any context may
//! come, and an inferred schema has the say in nothing: it is good for an example that the authorizer confirms.

use std::collections::BTreeSet;
use std::sync::Arc;

use cedar_policy::{Context, Entities, EntityTypeName, EntityUid, Policy, PolicyId, Schema};
use rustc_hash::FxHashMap;
use serde_json::Value as Json;
use typed_arena::Arena;

use super::among::{choices, leading_to};
use super::sides::Sides;
use crate::decide::Condition;
use crate::expression::{plainly, text};
use crate::infer::infer;
use crate::outcome::AccessCondition;
use crate::symbolic::{
    Answer, CompiledPolicies, Formula, PolicyRef, SchemaModel, Session, Subject, Witness, differences,
};

/// What contexts come to.
#[derive(Debug, Clone)]
pub(super) enum Contexts {
    /// None allows it.
    None,
    /// All do.
    All,
    /// Some does, such as this one, by the engine.
    Some(Box<Context>),
    /// Not decided.
    Unknown,
}

/// A kind of request: its action, and the types of principal and resource.
pub(super) type Environment<'k> = (&'k EntityUid, &'k [EntityTypeName; 2]);

/// The entities that there are, and what is looked for over them.
pub(super) struct Known<'a> {
    /// The entities.
    pub(super) world: &'a Entities,
    /// Those of the side that it is compared with.
    pub(super) other: &'a Entities,
    /// So many contexts that lead to them may still be looked for.
    pub(super) tries: &'a mut usize,
    /// Whether a context shows it, by Cedar's authorizer.
    pub(super) shows: &'a dyn Fn(&Context) -> bool,
}

/// The context of `witness` on a side, where it has two; else its only one.
fn context_of(witness: &Witness, side: usize) -> Option<&Context> {
    witness.cases.get(side).or(witness.cases.first())?.request.context()
}

/// Everything that is left to ask, ready to be asked about.
pub(super) struct Conditions {
    /// One where both sides declare the same, else one for each side, if it has a schema.
    engines: [Option<CompiledPolicies>; 2],
    one: bool,
    /// Whether what contexts there are is declared on each side.
    declared: [bool; 2],
    /// Whether an enumerated type has other members on each side: that nothing differs is not sure then.
    enumerations: bool,
    /// For each condition the policies that permits and forbids came to; `None` where one of them is no policy.
    parts: Vec<Option<[Vec<usize>; 2]>>,
    /// By number of a policy, where what it asks of entities leads.
    leads: Vec<Leads>,
    /// Policies that say which entities a context leads to.
    chosen: Arena<Subject>,
}

impl Conditions {
    /// `conditions` as each of `sides` has them.
    pub(super) fn new(conditions: &[Condition], sides: &Sides<'_>) -> Self {
        let (texts, parts) = parts(conditions);
        let [old, new] = sides.schemas();
        let one = sides.alike();
        let of = |schema: &Schema| SchemaModel::answered_by(schema, Arc::clone(sides.solvers)).ok();
        let models: [Option<Arc<SchemaModel>>; 2] = match (conditions.is_empty(), one, old, new) {
            (true, ..) => [None, None],
            (_, true, None, None) if sides.inference => {
                [infer(&sides.stores()).ok().and_then(|inferred| of(&inferred.schema)), None]
            }
            (_, true, old, new) => [new.or(old).and_then(of), None],
            (_, false, old, new) => [old.and_then(of), new.and_then(of)],
        };
        let enumerations = match &models {
            [Some(old), Some(new)] => differences(old, new).iter().any(|one| one.kind == "members_changed"),
            _ => false,
        };
        let declared = if one { [old.or(new).is_some(); 2] } else { [old.is_some(), new.is_some()] };
        let subjects = || texts.iter().map(Subject::policy).collect();
        let engines = models.map(|model| model.map(|model| CompiledPolicies::new(model, subjects())));
        let leads = texts.iter().map(Leads::of).collect();
        Self { engines, one, declared, enumerations, parts, leads, chosen: Arena::new() }
    }

    /// Under which number the answers of a side are kept: both have the same where both declare the same.
    pub(super) fn engine(&self, side: usize) -> usize {
        if self.one { 0 } else { side }
    }

    /// The place of the engine of a side: a side without one borrows that of the other for examples.
    fn place(&self, side: usize) -> usize {
        let engine = self.engine(side);
        let there = |place: &usize| self.engines.get(*place).is_some_and(Option::is_some);
        [engine, 1 - engine.min(1)].into_iter().find(there).unwrap_or(engine)
    }

    fn declared(&self, side: usize) -> bool {
        self.declared.get(side).copied().unwrap_or(false)
    }

    /// Where the condition with this number leads.
    fn leads(&self, number: usize) -> Leads {
        let parts = self.parts.get(number).and_then(Option::as_ref);
        let of = |part: &usize| self.leads.get(*part).copied().unwrap_or(Leads::Anywhere);
        // Of what is no policy nothing is known.
        parts.map_or(Leads::Anywhere, |parts| parts.iter().flatten().map(of).max().unwrap_or(Leads::Nowhere))
    }

    /// The questions of one kind of request.
    pub(super) fn sessions<'c>(&'c self, environment: Environment<'c>) -> Sessions<'c> {
        Sessions { conditions: self, environment, single: [None, None], both: None }
    }

    /// That the condition with this number holds, in a session in which its side has the place `side`.
    fn holds(&self, side: usize, number: usize) -> Option<Formula> {
        let [permits, forbids] = self.parts.get(number)?.as_ref()?;
        let matches = |index: &usize| Formula::Matches(PolicyRef { side, index: *index });
        let any = |all: &[usize]| Formula::Or(all.iter().map(matches).collect());
        let permitted = if permits.is_empty() { Formula::Constant(true) } else { any(permits) };
        Some(permitted.and(!any(forbids)))
    }

    /// The entities that the conditions with these `numbers` name on a side.
    fn named(&self, side: usize, numbers: impl IntoIterator<Item = usize>) -> BTreeSet<EntityUid> {
        let policies = self.engines.get(self.place(side)).and_then(Option::as_ref);
        let parts = numbers.into_iter().filter_map(|number| self.parts.get(number)?.as_ref()).flatten().flatten();
        let subjects = parts.filter_map(|index| policies?.subjects().get(*index));
        subjects.flat_map(Subject::named_entities).collect()
    }

    /// Whether the condition with this number may err where the engine has it that it does not: it asks what an entity
    /// has that it names, and that `world` does not have.
    fn may_err(&self, side: usize, number: usize, world: &Entities) -> bool {
        let is_there = |uid: &EntityUid| world.get(uid).is_some();
        self.leads(number) == Leads::Anywhere && !self.named(side, [number]).iter().all(is_there)
    }

    /// Whether a context such as `like`, but leading to entities that there are, is one that the `question` is about
    /// and shows what is looked for. The schema of the session's `side` is that of the engine at the place `engine`.
    fn led_to<'c>(
        &'c self,
        session: &mut Session<'c>,
        (engine, side): (usize, usize),
        (question, named): (&Formula, &BTreeSet<EntityUid>),
        like: &Context,
        known: &mut Known<'_>,
    ) -> bool {
        let Some(policies) = self.engines.get(engine).and_then(Option::as_ref) else { return false };
        for choice in choices(like, known.world, policies.schema().schema(), named) {
            let Some(left) = known.tries.checked_sub(1) else { return false };
            *known.tries = left;
            let chosen = Formula::Matches(session.add_policy(side, self.chosen.alloc(choice)));
            let Answer::Witness(witness) = session.find(&question.clone().and(chosen)) else { continue };
            if context_of(&witness, side).is_some_and(known.shows) {
                return true;
            }
        }
        false
    }

    /// Whether what `less` asks is plainly asked of `more` too: all that permits it, and nothing else that refuses it.
    fn plainly_within(&self, less: Bound, more: Bound) -> bool {
        match (less, more) {
            (Bound::Always(false), _) | (_, Bound::Always(true)) => true,
            (Bound::Condition(less), Bound::Condition(more)) => {
                let parts = |number: usize| self.parts.get(number).and_then(Option::as_ref);
                let (Some([permits, forbids]), Some([others, refusals])) = (parts(less), parts(more)) else {
                    return less == more;
                };
                let all_in = |some: &[usize], all: &[usize]| some.iter().all(|one| all.contains(one));
                let permitted = others.is_empty() || (!permits.is_empty() && all_in(permits, others));
                permitted && all_in(refusals, forbids)
            }
            (Bound::Always(true), _) | (_, Bound::Always(false)) => false,
        }
    }
}

/// Of a condition, the places of its permits and its forbids among its parts; none where one of them has no form.
type Places = Option<[Vec<usize>; 2]>;

/// Of which entities a condition asks what they are in, or what they have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Leads {
    /// Of none: entities are compared at most.
    Nowhere,
    /// Of those that stand in the context, or that these lead to; and of others whether they are in one of them.
    ByContext,
    /// Of others besides.
    Anywhere,
}

impl Leads {
    fn of(policy: &Policy) -> Self {
        let conditions = policy.to_json().ok().and_then(|json| json.get("conditions").cloned());
        conditions.map_or(Self::Anywhere, |conditions| Self::of_part(&conditions))
    }

    fn of_part(expression: &Json) -> Self {
        match expression {
            Json::Array(items) => items.iter().map(Self::of_part).max().unwrap_or(Self::Nowhere),
            Json::Object(fields) => fields.iter().map(Self::of_operator).max().unwrap_or(Self::Nowhere),
            _ => Self::Nowhere,
        }
    }

    fn of_operator((operator, of): (&String, &Json)) -> Self {
        let side = |name: &str| of.get(name).unwrap_or(&Json::Null);
        let asks = |plainly: bool| if plainly { Self::ByContext } else { Self::Anywhere };
        match operator.as_str() {
            "Value" => Self::Nowhere,
            "." | "has" if side("left").get("Var").is_some() => Self::Nowhere,
            "." | "has" => asks(is_of_context(side("left"))),
            "hasTag" | "getTag" => asks(is_of_context(side("left"))).max(Self::of_part(side("right"))),
            "in" => asks(is_plain(side("left")) && is_plain(side("right"))),
            "is" if of.get("in").is_some() => asks(is_plain(side("left")) && is_plain(side("in"))),
            _ => Self::of_part(of),
        }
    }
}

/// Whether an expression in Cedar's JSON form is what stands in the context, or what that leads to.
fn is_of_context(expression: &Json) -> bool {
    let left = |of: &Json| of.get("left").is_some_and(is_of_context);
    match (expression.get("Var"), expression.get("."), expression.get("getTag")) {
        (Some(variable), ..) => variable == "context",
        (_, Some(of), _) => left(of),
        (.., Some(of)) => left(of) && of.get("right").is_some_and(|key| key.get("Value").is_some()),
        _ => false,
    }
}

/// The same, or literals, or a set of these.
fn is_plain(expression: &Json) -> bool {
    let all = |set: &Json| set.as_array().is_some_and(|all| all.iter().all(is_plain));
    is_of_context(expression) || expression.get("Value").is_some() || expression.get("Set").is_some_and(all)
}

/// What conditions are made of, each a policy, and for each condition the places of its permits and its forbids.
fn parts(conditions: &[Condition]) -> (Vec<Policy>, Vec<Places>) {
    let mut policies: Vec<Policy> = Vec::new();
    let mut known: FxHashMap<(String, bool), usize> = FxHashMap::default();
    let mut part = |expression: &String, permit: bool| {
        if let Some(known) = known.get(&(expression.clone(), permit)) {
            return Some(*known);
        }
        let effect = if permit { "permit" } else { "forbid" };
        let id = PolicyId::new(format!("left{}", policies.len()));
        let policy = format!("{effect} (principal, action, resource) when {{ {expression} }};");
        policies.push(Policy::parse(Some(id), policy).ok()?);
        known.insert((expression.clone(), permit), policies.len() - 1);
        Some(policies.len() - 1)
    };
    let parts = conditions
        .iter()
        .map(|condition| {
            let permits = condition.permits.iter().map(|one| part(one, true)).collect::<Option<Vec<_>>>()?;
            let forbids = condition.forbids.iter().map(|one| part(one, false)).collect::<Option<Vec<_>>>()?;
            Some([permits, forbids])
        })
        .collect();
    (policies, parts)
}

/// The questions of one kind of request; what nobody asks for is not begun.
pub(super) struct Sessions<'c> {
    conditions: &'c Conditions,
    environment: Environment<'c>,
    single: [Option<Option<Session<'c>>>; 2],
    both: Option<Option<Session<'c>>>,
}

impl<'c> Sessions<'c> {
    fn single(&mut self, side: usize) -> Option<&mut Session<'c>> {
        let (conditions, (action, [principal, resource])) = (self.conditions, self.environment);
        let engine = conditions.place(side);
        let begin = || {
            let policies = conditions.engines.get(engine)?.as_ref()?;
            let environment = policies.schema().environments().iter().find(|environment| {
                environment.action() == action
                    && environment.principal() == principal
                    && environment.resource() == resource
            })?;
            Some(Session::new(policies, environment))
        };
        self.single.get_mut(engine)?.get_or_insert_with(begin).as_mut()
    }

    /// Whether a context such as `like`, but leading to entities that there are, meets the condition with this number
    /// and shows what is looked for.
    pub(super) fn among(&mut self, side: usize, number: usize, like: &Context, known: &mut Known<'_>) -> bool {
        let conditions = self.conditions;
        let named = conditions.named(side, [number]);
        let (Some(holds), Some(session)) = (conditions.holds(0, number), self.single(side)) else { return false };
        conditions.led_to(session, (conditions.place(side), 0), (&holds, &named), like, known)
    }

    /// Where no context is allowed by `more` and not by `less`, as long as the entities that it leads to are the same
    /// on both sides: whether one is found that is, since it leads to one that is `affected`. `None` where none is
    /// found, though one may be.
    pub(super) fn led(
        &mut self,
        [more, less]: [(usize, Bound); 2],
        affected: &BTreeSet<EntityUid>,
        known: &mut Known<'_>,
    ) -> Option<bool> {
        let conditions = self.conditions;
        let ((side, more), (_, less)) = (more, less);
        let (Bound::Condition(number), Bound::Condition(other)) = (more, less) else { return Some(false) };
        let leads = conditions.leads(number).max(conditions.leads(other));
        if leads == Leads::Nowhere {
            return Some(false);
        }
        let named = conditions.named(side, [number]);
        let (place, holds) = (conditions.place(side), conditions.holds(0, number)?);
        let (policies, session) = (conditions.engines.get(place)?.as_ref()?, self.single(side)?);
        let schema = policies.schema().schema();
        let action = session.environment().action().clone();
        let mut left_open = leads == Leads::Anywhere || !conditions.declared(side);
        for choice in leading_to(affected, &action, known.world, schema, &named) {
            *known.tries = known.tries.checked_sub(1)?;
            let chosen = Formula::Matches(session.add_policy(0, conditions.chosen.alloc(choice?)));
            match session.find(&holds.clone().and(chosen)) {
                // It does not stand there, or nothing is allowed where it does.
                Answer::Impossible => {}
                Answer::Witness(witness) if context_of(&witness, 0).is_some_and(known.shows) => return Some(true),
                Answer::Witness(_) | Answer::Unknown(_) => left_open = true,
            }
        }
        (!left_open).then_some(false)
    }

    fn both(&mut self) -> Option<&mut Session<'c>> {
        let [Some(old), Some(new)] = &self.conditions.engines else { return None };
        let (action, [principal, resource]) = self.environment;
        let same = |environment: &&cedar_policy::RequestEnv| {
            environment.action() == action && environment.principal() == principal && environment.resource() == resource
        };
        let begin = || {
            let environment = new.schema().environments().iter().find(same)?;
            old.schema().environments().iter().find(same)?;
            Some(Session::pair(old, new, environment))
        };
        self.both.get_or_insert_with(begin).as_mut()
    }

    /// What contexts come to for the condition with this number on a side, over `world`.
    pub(super) fn contexts(&mut self, side: usize, number: usize, world: &Entities) -> Contexts {
        let conditions = self.conditions;
        let Some(holds) = conditions.holds(0, number) else { return Contexts::Unknown };
        let declared = conditions.declared(side) && !conditions.may_err(side, number, world);
        let Some(session) = self.single(side) else { return Contexts::Unknown };
        let witness = match session.find(&holds) {
            Answer::Impossible if declared => return Contexts::None,
            Answer::Impossible | Answer::Unknown(_) => return Contexts::Unknown,
            Answer::Witness(witness) => witness,
        };
        if declared && session.check(&!holds).is_impossible() {
            return Contexts::All;
        }
        let context = witness.cases.first().and_then(|case| case.request.context()).cloned();
        context.map_or(Contexts::Unknown, |context| Contexts::Some(Box::new(context)))
    }

    /// Whether a context is allowed by `more`, of a side, and not by `less`, of the other; `None` where that is not
    /// decided. What is `known` shows whether a context, of which the engine says so, does that in truth.
    pub(super) fn exceeds(&mut self, [more, less]: [(usize, Bound); 2], known: &mut Known<'_>) -> Option<bool> {
        let conditions = self.conditions;
        let bounds = [more.1, less.1];
        let ((side, more), (other, less)) = (more, less);
        let declared = conditions.declared(side) && conditions.declared(other);
        let alone = conditions.engines.iter().any(Option::is_none)
            || matches!(more, Bound::Always(_))
            || matches!(less, Bound::Always(_));
        if (conditions.one || !declared) && conditions.plainly_within(more, less) {
            return Some(false);
        }
        let formula = |place: usize, bound: Bound| match bound {
            Bound::Always(held) => Some(Formula::Constant(held)),
            Bound::Condition(number) => conditions.holds(place, number),
        };
        let asked = if alone && matches!(more, Bound::Always(_)) { other } else { side };
        let (places, session) = if alone { ([0, 0], self.single(asked)?) } else { ([side, other], self.both()?) };
        let [first, second] = places;
        let question = formula(first, more)?.and(!formula(second, less)?);
        if !declared {
            let Answer::Witness(witness) = session.find(&question) else { return None };
            let context = witness.cases.first().and_then(|case| case.request.context())?;
            return (known.shows)(context).then_some(true);
        }
        let errs = |side: usize, bound: Bound, world: &Entities| match bound {
            Bound::Always(_) => false,
            Bound::Condition(number) => conditions.may_err(side, number, world),
        };
        let doubtful =
            (!alone && conditions.enumerations) || errs(side, more, known.world) || errs(other, less, known.other);
        match session.find(&question) {
            Answer::Impossible if doubtful => None,
            Answer::Impossible => Some(false),
            // The engine may have made up the entities that the context leads to.
            Answer::Witness(witness) => {
                let context = context_of(&witness, first)?.clone();
                let numbers = bounds.into_iter().filter_map(|bound| match bound {
                    Bound::Always(_) => None,
                    Bound::Condition(number) => Some(number),
                });
                let named = conditions.named(asked, numbers);
                let place = (conditions.place(asked), first);
                let shown =
                    (known.shows)(&context) || conditions.led_to(session, place, (&question, &named), &context, known);
                shown.then_some(true)
            }
            Answer::Unknown(_) => None,
        }
    }
}

/// A decision to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Bound {
    /// Allowed, or not, whatever the context.
    Always(bool),
    /// What is left to ask.
    Condition(usize),
}

/// What is left to ask, as people read it.
pub(super) fn readable(condition: &Condition, shown: bool) -> AccessCondition {
    let plain = |expression: &String| {
        let policy =
            Policy::parse(None, format!("permit (principal, action, resource) when {{ {expression} }};")).ok()?;
        let json = policy.to_json().ok()?;
        text(&plainly(json.get("conditions")?.get(0)?.get("body")?.clone()))
    };
    let all = |expressions: &[String]| {
        expressions.iter().map(|one| plain(one).unwrap_or_else(|| one.clone())).collect::<Vec<_>>()
    };
    AccessCondition { when: all(&condition.permits), unless: all(&condition.forbids), shown }
}
