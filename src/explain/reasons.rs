//! Why a decision is not the other one, policy by policy: what decided, and what stood in the way.

use std::ops::Range;

use cedar_policy::{AuthorizationError, Effect, Entities, PolicyId, Request, Response};

use super::places::place;
use crate::outcome::{Decision, Explanation, Mark, PolicyRef};
use crate::repo::{Policy, Store};
use crate::trace::{Account, DESCRIBED, Miss, Operand, Tracer, Truth};

/// More policies than this are not explained.
const MOST: usize = 3;
/// More operands of one policy than this are not listed.
const OPERANDS: usize = 3;

/// A request, its answer, and the answer that it might have had.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The request.
    pub request: &'a Request,
    /// The entities that it was decided with.
    pub entities: &'a Entities,
    /// The decision that was expected, or the one that it did not get.
    pub expected: Decision,
    /// What Cedar's authorizer answered.
    pub response: &'a Response,
    /// Whether marks show every operand of a policy, not only those that its sentence is about.
    pub every_operand: bool,
}

/// Why `asked` was not decided as expected, the most telling policy first; `named` are the policies that were expected
/// to decide. `tracer` is made of the policies of `store`.
#[must_use]
pub fn reasons(store: &Store, tracer: &Tracer, asked: &Asked<'_>, named: &[&PolicyId]) -> Vec<Explanation> {
    let explainer = Explainer { store, tracer, asked };
    let mut explanations = match (asked.expected, asked.response.decision()) {
        (Decision::Allow, cedar_policy::Decision::Deny) => explainer.denied(named),
        (Decision::Deny, cedar_policy::Decision::Allow) => explainer.allowed(named),
        _ => explainer.otherwise(named),
    };
    explanations.truncate(2 * MOST);
    explanations
}

struct Explainer<'a> {
    store: &'a Store,
    tracer: &'a Tracer,
    asked: &'a Asked<'a>,
}

impl<'a> Explainer<'a> {
    /// Denied, and it should not be.
    fn denied(&self, named: &[&PolicyId]) -> Vec<Explanation> {
        let forbids = self.deciding();
        let mut explanations: Vec<Explanation> =
            forbids.iter().filter_map(|id| self.matched(id, "forbids it")).collect();
        if self.matches(Effect::Permit) {
            return explanations;
        }
        let mut accounts = self.near_and_named(Effect::Permit, named);
        accounts.truncate(MOST.saturating_sub(explanations.len()).max(1));
        if accounts.is_empty() {
            explanations.push(general(if self.store.set.policies().any(|policy| policy.effect() == Effect::Permit) {
                "no permit comes near: each misses this request by two parts of its scope at least, or never matches"
            } else if self.store.set.templates().any(|template| template.effect() == Effect::Permit) {
                "there is no permit: the templates here have no links"
            } else {
                "there is no permit at all"
            }));
        }
        let lead =
            if explanations.is_empty() { "the nearest permit is" } else { "nor does a permit hold; the nearest is" };
        explanations.extend(self.nearest(&accounts, lead));
        explanations
    }

    /// Allowed, and it should not be. The first permit, then the forbid that was most likely meant, then the others.
    fn allowed(&self, named: &[&PolicyId]) -> Vec<Explanation> {
        let mut explanations: Vec<Explanation> =
            self.deciding().iter().filter_map(|id| self.matched(id, "permits it")).collect();
        let failed = self.failing(Effect::Forbid);
        let mut forbids: Vec<Explanation> =
            failed.iter().filter_map(|id| self.failed(id, "fails to evaluate, so it forbids nothing")).collect();
        let mut accounts = self.near_and_named(Effect::Forbid, named);
        accounts.retain(|account| !failed.contains(&&account.policy));
        forbids.extend(self.nearest(&accounts, "the nearest forbid is"));
        let others = explanations.split_off(explanations.len().min(1));
        explanations.extend(forbids);
        explanations.extend(others);
        explanations
    }

    /// Decided as expected, by other policies or with other errors than expected.
    fn otherwise(&self, named: &[&PolicyId]) -> Vec<Explanation> {
        let deciding = self.deciding();
        let mut explanations = Vec::new();
        for id in named.iter().filter(|id| !deciding.contains(id)) {
            let against = self.tracer.against(id, self.asked.request, self.asked.entities);
            explanations.extend(match against {
                Some(account) => self.of(id, |name| format!("{name} does not decide: {}", blocked(&account)), &account),
                None => self.mentioned(id),
            });
        }
        let failed = self.asked.response.diagnostics().errors().map(|error| match error {
            AuthorizationError::PolicyEvaluationError(error) => error.policy_id(),
        });
        if explanations.is_empty() {
            explanations.extend(failed.take(MOST).filter_map(|id| self.failed(id, "fails to evaluate")));
        }
        explanations
    }

    /// A policy of which no single reason can be given.
    fn mentioned(&self, id: &PolicyId) -> Option<Explanation> {
        let matches = self.tracer.why(id, self.asked.request, self.asked.entities)?.value == Truth::True;
        let in_scope = !self.misses_scope(id);
        let why = match matches && in_scope {
            true => "it matches, and is outweighed by a forbid",
            false => "two parts of its scope at least do not match",
        };
        let policy = self.reference(id)?;
        let sentence = format!("{} does not decide: {why}", policy.name);
        Some(Explanation { policy: Some(policy), sentence, marks: Vec::new() })
    }

    fn misses_scope(&self, id: &PolicyId) -> bool {
        self.tracer.misses_scope(id, self.asked.request, self.asked.entities)
    }

    /// The nearest policies of `effect`, those that the row names first.
    fn near_and_named(&self, effect: Effect, named: &[&PolicyId]) -> Vec<Account> {
        let Asked { request, entities, .. } = self.asked;
        let wanted = named.iter().filter(|id| self.effect(id) == Some(effect));
        let mut accounts: Vec<Account> = wanted.filter_map(|id| self.tracer.against(id, request, entities)).collect();
        for account in self.tracer.near(request, entities, effect, MOST) {
            if !accounts.iter().any(|known| known.policy == account.policy) {
                accounts.push(account);
            }
        }
        accounts
    }

    fn nearest(&self, accounts: &[Account], lead: &str) -> Vec<Explanation> {
        let one = |(at, account): (usize, &Account)| {
            let lead = if at == 0 { lead } else { "then comes" };
            self.of(&account.policy, |name| format!("{lead} {name}: {}", blocked(account)), account)
        };
        accounts.iter().enumerate().filter_map(one).collect()
    }

    /// A policy that matches, and why.
    fn matched(&self, id: &PolicyId, what: &str) -> Option<Explanation> {
        let account = self.tracer.why(id, self.asked.request, self.asked.entities)?;
        self.of(id, |name| format!("{name} {what}: {}", held(&account)), &account)
    }

    fn failed(&self, id: &PolicyId, what: &str) -> Option<Explanation> {
        let account = self.tracer.why(id, self.asked.request, self.asked.entities)?;
        let wrong = account.operands.iter().find(|operand| operand.value == Truth::Error);
        let why = wrong.map_or_else(String::new, |operand| format!(": `{}`: {}", operand.text, error(operand)));
        self.of(id, |name| format!("{name} {what}{why}"), &account)
    }

    fn of(&self, id: &PolicyId, sentence: impl FnOnce(&str) -> String, account: &Account) -> Option<Explanation> {
        let policy = self.reference(id)?;
        let sentence = sentence(&policy.name);
        Some(Explanation { policy: Some(policy), sentence, marks: self.marks(id, account) })
    }

    fn reference(&self, id: &PolicyId) -> Option<PolicyRef> {
        let found = self.store.find(id)?;
        Some(PolicyRef { name: found.name.to_owned(), effect: found.effect, location: found.location.clone() })
    }

    fn marks(&self, id: &PolicyId, account: &Account) -> Vec<Mark> {
        let Some(found) = self.store.find(id) else { return Vec::new() };
        let Asked { request, entities, every_operand, .. } = *self.asked;
        let all = every_operand.then(|| self.tracer.operands(id, request, entities).0);
        let most = if every_operand { DESCRIBED } else { 2 * OPERANDS };
        let missed = account.missed.iter().map(|missed| scope_mark(found.policy, missed));
        let operands = state_marks(found.policy, all.as_ref().unwrap_or(&account.operands));
        missed.chain(operands).take(most).collect()
    }

    fn deciding(&self) -> Vec<&'a PolicyId> {
        let mut ids: Vec<_> = self.asked.response.diagnostics().reason().collect();
        ids.sort_by_key(|id| self.store.find(id).map(|found| found.name));
        ids.truncate(MOST);
        ids
    }

    fn failing(&self, effect: Effect) -> Vec<&'a PolicyId> {
        let ids = self.asked.response.diagnostics().errors().map(|error| match error {
            AuthorizationError::PolicyEvaluationError(error) => error.policy_id(),
        });
        let mut ids: Vec<_> = ids.filter(|id| self.effect(id) == Some(effect)).collect();
        ids.sort_by_key(|id| self.store.find(id).map(|found| found.name));
        ids.truncate(MOST);
        ids
    }

    fn effect(&self, id: &PolicyId) -> Option<Effect> {
        self.store.set.policy(id).map(cedar_policy::Policy::effect)
    }

    /// Whether some policy of `effect` matches, whatever is decided.
    fn matches(&self, effect: Effect) -> bool {
        self.tracer.any_matches(self.asked.request, self.asked.entities, effect)
    }
}

/// The operands of `policy` and what each is.
pub(super) fn state_marks(policy: &Policy, operands: &[Operand]) -> Vec<Mark> {
    let mark = |operand: &Operand| {
        let text = match operand.span {
            Some(_) => state(operand),
            None => format!("`{}`: {}", operand.text, state(operand)),
        };
        Mark { location: place(policy, operand.span.clone()), text }
    };
    operands.iter().map(mark).collect()
}

/// The part of the scope of `policy` that is missed.
pub(super) fn scope_mark(policy: &Policy, (missed, span): &(Miss, Option<Range<usize>>)) -> Mark {
    Mark { location: place(policy, span.clone()), text: missed.why.clone() }
}

fn general(sentence: &str) -> Explanation {
    Explanation { policy: None, sentence: sentence.to_owned(), marks: Vec::new() }
}

fn error(operand: &Operand) -> &str {
    operand.error.as_deref().unwrap_or("it fails to evaluate")
}

/// What stands in the way.
fn blocked(account: &Account) -> String {
    let mut parts: Vec<String> = account.missed.iter().map(|(miss, _)| miss.why.clone()).collect();
    // What is skipped now and would fail says nothing that what comes before it does not.
    let telling: Vec<&Operand> =
        account.operands.iter().filter(|operand| operand.reached || operand.value != Truth::Error).collect();
    for operand in telling.iter().take(OPERANDS) {
        parts.push(wanted(operand));
    }
    match telling.len().saturating_sub(OPERANDS) + account.more {
        0 => {}
        1 => parts.push("and one more condition stands in the way".to_owned()),
        more => parts.push(format!("and {more} more conditions stand in the way")),
    }
    parts.join("; ")
}

fn wanted(operand: &Operand) -> String {
    let Operand { text, facts, .. } = operand;
    let facts = facts.join(" and ");
    match (operand.wanted, operand.value) {
        (_, Truth::Error) => format!("`{text}` fails to evaluate: {}", error(operand)),
        (Some(false), _) if facts.is_empty() => format!("it is ruled out by `{text}`, which is true"),
        (Some(false), _) => format!("it is ruled out by `{text}`, as {facts}"),
        _ if facts.is_empty() => format!("it asks for `{text}`, which is false"),
        _ => format!("it asks for `{text}`, and {facts}"),
    }
}

/// What makes a policy match.
fn held(account: &Account) -> String {
    let said = |operand: &Operand| {
        let value = if operand.value == Truth::True { "true" } else { "false" };
        match operand.facts.as_slice() {
            [] => format!("`{}` is {value}", operand.text),
            facts => format!("`{}` is {value}, as {}", operand.text, facts.join(" and ")),
        }
    };
    let mut parts: Vec<String> = account.operands.iter().take(OPERANDS).map(said).collect();
    match account.operands.len().saturating_sub(OPERANDS) + account.more {
        0 => {}
        1 => parts.push("and one more condition".to_owned()),
        more => parts.push(format!("and {more} more conditions")),
    }
    if parts.is_empty() { "its scope matches, and it has no condition".to_owned() } else { parts.join("; ") }
}

/// What an operand is, as a label.
fn state(operand: &Operand) -> String {
    match operand.value {
        Truth::Error if operand.reached => format!("fails: {}", error(operand)),
        Truth::Error => "not evaluated".to_owned(),
        value => {
            let value = if value == Truth::True { "true" } else { "false" };
            match operand.facts.as_slice() {
                [] => value.to_owned(),
                facts => format!("{value}: {}", facts.join(", ")),
            }
        }
    }
}
