//! A policy set made ready to be asked why.
//!
//! # Why
//!
//! The nearest policy is the one with the fewest operands in the way, and a whole scope beats one that misses a part.
//! Another action comes last: widening a permit to it is seldom what a row means.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use cedar_policy::{Effect, Entities, Policy, PolicyId, PolicySet, Request};

use super::condition::Condition;
use super::distance::{Change, to_hold};
use super::reading;
use super::scope::{Miss, Scope, Variable};
use super::term::cut;
use super::truth::Truth;
use super::values::Values;
use super::world::{Part, World};

/// An operand of a policy's condition in one world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operand {
    /// Where it stands in the policy's text, when Cedar kept the place.
    pub span: Option<Range<usize>>,
    /// As written, on one line; cut when long.
    pub text: String,
    /// What it would have to be, where it stands in the way.
    pub wanted: Option<bool>,
    /// What it is.
    pub value: Truth,
    /// What explains its value, such as "`context.network` is Network::"known""; empty where its text says it all.
    pub facts: Vec<String>,
    /// Why it fails to evaluate, in Cedar's words.
    pub error: Option<String>,
    /// Whether Cedar evaluates it: short circuits skip some.
    pub reached: bool,
}

/// How a policy stands towards a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The policy.
    pub policy: PolicyId,
    /// The only part of its scope that the request misses, if it misses one, and where that stands in the policy's
    /// text.
    pub missed: Option<(Miss, Option<Range<usize>>)>,
    /// What the condition comes to.
    pub value: Truth,
    /// What makes it so, or what stands in its way, in the order of evaluation; the first [`DESCRIBED`] of these.
    pub operands: Vec<Operand>,
    /// How many more there are.
    pub more: usize,
}

/// So many operands of a policy are described.
pub const DESCRIBED: usize = 12;

#[derive(Debug)]
struct Traced {
    policy: Policy,
    scope: Scope,
    condition: Arc<Condition>,
}

/// Policies taken apart: scopes and conditions.
#[derive(Debug)]
pub struct Tracer {
    policies: Vec<Traced>,
    places: HashMap<PolicyId, usize>,
}

/// What a scope misses, and where that stands in the policy's text, where it stands there.
pub type Missed = (Miss, Option<Range<usize>>);

impl Tracer {
    /// The static and linked policies of `set`, in the order of their ids.
    #[must_use]
    pub fn new(set: &PolicySet) -> Self {
        let mut templates: HashMap<PolicyId, Arc<Condition>> = HashMap::new();
        let mut policies: Vec<Policy> = set.policies().cloned().collect();
        policies.sort_by(|a, b| AsRef::<str>::as_ref(a.id()).cmp(b.id().as_ref()));
        let traced: Vec<Traced> = policies
            .into_iter()
            .map(|policy| {
                let made = || Arc::new(reading::condition(&policy));
                let condition = match policy.template_id() {
                    Some(template) => Arc::clone(templates.entry(template.clone()).or_insert_with(made)),
                    None => made(),
                };
                Traced { scope: Scope::of(&policy), condition, policy }
            })
            .collect();
        let places = traced.iter().enumerate().map(|(at, traced)| (traced.policy.id().clone(), at)).collect();
        Self { policies: traced, places }
    }

    fn traced(&self, policy: &PolicyId) -> Option<&Traced> {
        self.policies.get(*self.places.get(policy)?)
    }

    /// The condition of `policy`; links of one template share it.
    #[must_use]
    pub fn condition(&self, policy: &PolicyId) -> Option<&Arc<Condition>> {
        self.traced(policy).map(|traced| &traced.condition)
    }

    /// Why the condition of `policy` comes to what it does.
    #[must_use]
    pub fn why(&self, policy: &PolicyId, request: &Request, entities: &Entities) -> Option<Account> {
        let traced = self.traced(policy)?;
        let world = World::new(request, entities);
        let mut values = Values::new(&traced.condition, &world);
        let value = values.whole();
        let support = values.support().into_iter().map(|node| (node, None)).collect();
        let (operands, more) = described(&mut values, support);
        Some(Account { policy: policy.clone(), missed: None, value, operands, more })
    }

    /// Every operand of the condition of `policy`, in the order of evaluation, and how many there are besides.
    #[must_use]
    pub fn operands(&self, policy: &PolicyId, request: &Request, entities: &Entities) -> (Vec<Operand>, usize) {
        let Some(traced) = self.traced(policy) else { return (Vec::new(), 0) };
        let world = World::new(request, entities);
        let mut values = Values::new(&traced.condition, &world);
        let all = values.operands().into_iter().map(|node| (node, None)).collect();
        described(&mut values, all)
    }

    /// What every expression in the condition of `policy` comes to by itself, at most `most` of them, in the order of
    /// their places.
    #[must_use]
    pub fn parts(&self, policy: &PolicyId, request: &Request, entities: &Entities, most: usize) -> Vec<Part> {
        let Some(traced) = self.traced(policy) else { return Vec::new() };
        let world = World::new(request, entities);
        world.parts(&traced.condition, most)
    }

    /// Whether the scope of `policy` matches `request`.
    ///
    /// # Errors
    /// When it does not: what it misses and where that stands, if it is one part only.
    pub fn scope(&self, policy: &PolicyId, request: &Request, entities: &Entities) -> Result<(), Option<Missed>> {
        let traced = self.traced(policy).ok_or(None)?;
        let missed = traced.scope.misses(request, entities);
        missed.map_err(|variable| {
            let variable = variable?;
            Some((traced.scope.miss(request, variable), reading::scope_span(&traced.policy, variable)))
        })
    }

    /// Whether `request` misses a part of the scope of `policy`.
    #[must_use]
    pub fn misses_scope(&self, policy: &PolicyId, request: &Request, entities: &Entities) -> bool {
        self.traced(policy).is_none_or(|traced| traced.scope.misses(request, entities).is_err())
    }

    /// Whether some policy of `effect` matches `request`, whatever is decided.
    #[must_use]
    pub fn any_matches(&self, request: &Request, entities: &Entities, effect: Effect) -> bool {
        let world = World::new(request, entities);
        let matches = |traced: &Traced| {
            traced.policy.effect() == effect
                && traced.scope.misses(request, entities).is_ok()
                && Values::new(&traced.condition, &world).whole() == Truth::True
        };
        self.policies.iter().any(matches)
    }

    /// What stands in the way of `policy`; none when nothing does, or more than one part of its scope.
    #[must_use]
    pub fn against(&self, policy: &PolicyId, request: &Request, entities: &Entities) -> Option<Account> {
        let traced = self.traced(policy)?;
        let world = World::new(request, entities);
        let found = candidate(traced, request, entities, &world)?;
        Some(account(traced, found, request, &world))
    }

    /// The policies of one `effect` that come nearest to matching `request`, at most `most`: those whose scope matches
    /// and whose condition does not hold, and those that miss one part of the scope, by the number of operands and
    /// parts in the way. Where others match with their whole scope, those that miss a part are only listed if nothing
    /// else is in their way; the nearest of those that are about another action only where there are no others.
    #[must_use]
    pub fn near(&self, request: &Request, entities: &Entities, effect: Effect, most: usize) -> Vec<Account> {
        let world = World::new(request, entities);
        let (mut in_scope, mut missing, mut other_action) = (Vec::new(), Vec::new(), Vec::new());
        for traced in self.policies.iter().filter(|traced| traced.policy.effect() == effect) {
            match traced.scope.misses(request, entities) {
                Ok(()) => in_scope.push(traced),
                Err(Some(Variable::Principal | Variable::Resource)) => missing.push(traced),
                Err(Some(Variable::Action)) => other_action.push(traced),
                Err(None) => {}
            }
        }
        let mut found = nearest(in_scope, request, entities, &world);
        let last = most.checked_sub(1).and_then(|last| found.get(last));
        if last.is_none_or(|(_, candidate)| candidate.missing() > 1) {
            let mut missing = nearest(missing, request, entities, &world);
            if !found.is_empty() {
                missing.retain(|(_, candidate)| candidate.change.operands.is_empty());
            }
            found.append(&mut missing);
            found.sort_by_key(|(_, candidate)| candidate.missing());
        }
        if found.is_empty() {
            found = nearest(other_action, request, entities, &world);
            found.truncate(1);
        }
        let found = found.into_iter().take(most);
        found.map(|(traced, candidate)| account(traced, candidate, request, &world)).collect()
    }
}

/// Those of `policies` that can come to match, by the number of operands in the way; ties stay in the order of
/// policies.
fn nearest<'t>(
    policies: Vec<&'t Traced>,
    request: &Request,
    entities: &Entities,
    world: &World<'_>,
) -> Vec<(&'t Traced, Candidate)> {
    let found = policies.into_iter().filter_map(|traced| Some((traced, candidate(traced, request, entities, world)?)));
    let mut found: Vec<_> = found.filter(|(_, candidate)| !candidate.change.never).collect();
    found.sort_by_key(|(_, candidate)| candidate.change.operands.len());
    found
}

/// A policy that does not match, for one part of its scope at most.
struct Candidate {
    missed: Option<Variable>,
    value: Truth,
    change: Change,
}

impl Candidate {
    /// How many things are in the way.
    fn missing(&self) -> usize {
        self.change.operands.len() + usize::from(self.missed.is_some())
    }
}

fn candidate(traced: &Traced, request: &Request, entities: &Entities, world: &World<'_>) -> Option<Candidate> {
    let missed = match traced.scope.misses(request, entities) {
        Ok(()) => None,
        Err(Some(variable)) => Some(variable),
        Err(None) => return None,
    };
    let mut values = Values::new(&traced.condition, world);
    let value = values.whole();
    if missed.is_none() && value == Truth::True {
        return None;
    }
    Some(Candidate { missed, value, change: to_hold(&mut values) })
}

fn account(traced: &Traced, found: Candidate, request: &Request, world: &World<'_>) -> Account {
    let mut values = Values::new(&traced.condition, world);
    let wanted = found.change.operands.into_iter().map(|(node, wanted)| (node, Some(wanted))).collect();
    let missed = found.missed.map(|variable| {
        let mut miss = traced.scope.miss(request, variable);
        let above = miss.group.then(|| world.standing_of(request, variable)).flatten();
        miss.why.extend(above.map(|above| format!(": it is {above}")));
        (miss, reading::scope_span(&traced.policy, variable))
    });
    let (operands, more) = described(&mut values, wanted);
    Account { policy: traced.policy.id().clone(), missed, value: found.value, operands, more }
}

/// The first of `operands` in words, and how many there are besides.
fn described(values: &mut Values<'_, '_>, mut operands: Vec<(usize, Option<bool>)>) -> (Vec<Operand>, usize) {
    let reached: HashSet<usize> = values.reached().into_iter().collect();
    let more = operands.len().saturating_sub(DESCRIBED);
    operands.truncate(DESCRIBED);
    let mut described = Vec::new();
    for (node, wanted) in operands {
        let value = values.of(node);
        let Some(found) = values.condition.nodes.get(node) else { continue };
        described.push(Operand {
            span: found.span(),
            text: cut(&found.text()),
            wanted,
            value,
            facts: values.world.facts(&found.term, value),
            error: (value == Truth::Error).then(|| values.world.error(&found.term)),
            reached: reached.contains(&node),
        });
    }
    (described, more)
}
