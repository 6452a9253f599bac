//! What is left to ask of the context, decided by the engine: whether some context allows it, and whether all do.
//!
//! # Why
//!
//! What is left names entities where the context leads to them, and the engine is free to make these up. That no
//! context allows it, or all do, is then so of the entities that there are as well. That some does is shown by a
//! context with which Cedar's authorizer allows the request over the entities that there are.

use std::sync::Arc;

use cedar_policy::{Context, EntityTypeName, EntityUid, Policy, PolicyId};
use rustc_hash::FxHashMap;

use crate::decide::Condition;
use crate::expression::{plainly, text};
use crate::outcome::AccessCondition;
use crate::symbolic::{Answer, CompiledPolicies, Formula, PolicyRef, SchemaModel, Session, Subject};

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
pub(super) type Environment = (EntityUid, [EntityTypeName; 2]);

/// Everything that is left to ask, ready to be asked about.
pub(super) struct Conditions {
    policies: Option<CompiledPolicies>,
    /// For each condition the policies that permits and forbids came to; `None` where one of them is no policy.
    parts: Vec<Option<[Vec<PolicyRef>; 2]>>,
}

impl Conditions {
    /// `conditions` under `schema`; nothing is decided without one.
    pub(super) fn new(conditions: &[Condition], schema: Option<&Arc<SchemaModel>>) -> Self {
        let mut subjects: Vec<Subject> = Vec::new();
        let mut known: FxHashMap<(String, bool), PolicyRef> = FxHashMap::default();
        let mut part = |expression: &String, permit: bool| {
            if let Some(known) = known.get(&(expression.clone(), permit)) {
                return Some(*known);
            }
            let effect = if permit { "permit" } else { "forbid" };
            let id = PolicyId::new(format!("left{}", subjects.len()));
            let policy = format!("{effect} (principal, action, resource) when {{ {expression} }};");
            subjects.push(Subject::policy(&Policy::parse(Some(id), policy).ok()?));
            let reference = PolicyRef { side: 0, index: subjects.len() - 1 };
            known.insert((expression.clone(), permit), reference);
            Some(reference)
        };
        let parts = conditions
            .iter()
            .map(|condition| {
                let permits = condition.permits.iter().map(|one| part(one, true)).collect::<Option<Vec<_>>>()?;
                let forbids = condition.forbids.iter().map(|one| part(one, false)).collect::<Option<Vec<_>>>()?;
                Some([permits, forbids])
            })
            .collect();
        Self { policies: schema.map(|schema| CompiledPolicies::new(Arc::clone(schema), subjects)), parts }
    }

    /// The questions of one kind of request.
    pub(super) fn session(&self, (action, [principal, resource]): &Environment) -> Option<Session<'_>> {
        let policies = self.policies.as_ref()?;
        let environment = policies.schema().environments().iter().find(|environment| {
            environment.action() == action && environment.principal() == principal && environment.resource() == resource
        })?;
        Some(Session::new(policies, environment))
    }

    /// That the condition with this number holds.
    fn holds(&self, number: usize) -> Option<Formula> {
        let [permits, forbids] = self.parts.get(number)?.as_ref()?;
        let any = |all: &[PolicyRef]| Formula::Or(all.iter().copied().map(Formula::Matches).collect());
        let permitted = if permits.is_empty() { Formula::Constant(true) } else { any(permits) };
        Some(permitted.and(!any(forbids)))
    }

    /// What contexts come to for the condition with this number.
    pub(super) fn contexts(&self, session: &mut Session<'_>, number: usize) -> Contexts {
        let Some(holds) = self.holds(number) else { return Contexts::Unknown };
        let witness = match session.find(&holds) {
            Answer::Impossible => return Contexts::None,
            Answer::Unknown(_) => return Contexts::Unknown,
            Answer::Witness(witness) => witness,
        };
        if session.check(&!holds).is_impossible() {
            return Contexts::All;
        }
        let context = witness.cases.first().and_then(|case| case.request.context()).cloned();
        context.map_or(Contexts::Unknown, |context| Contexts::Some(Box::new(context)))
    }

    /// Whether a context is allowed by `more` and not by `less`, of conditions by number (or by what they are where
    /// they are none); `None` where that is not decided.
    pub(super) fn exceeds(&self, session: &mut Session<'_>, more: Bound, less: Bound) -> Option<bool> {
        let formula = |bound: Bound| match bound {
            Bound::Always(held) => Some(Formula::Constant(held)),
            Bound::Condition(number) => self.holds(number),
        };
        match session.check(&formula(more)?.and(!formula(less)?)) {
            Answer::Impossible => Some(false),
            Answer::Witness(_) => Some(true),
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
