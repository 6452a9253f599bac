//! Asking Cedar's authorizer.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cedar_policy::{Authorizer, Entities, EntityUid, Request, SlotId};

use super::draft::Draft;
use crate::symbolic::compile::Subject;
use crate::symbolic::question::{Formula, PolicyRef};
use crate::symbolic::solve::SessionPolicies;

/// What stands in the slots of templates.
pub(super) type Slots = BTreeMap<PolicyRef, HashMap<SlotId, EntityUid>>;

/// A request and its entities for each side.
pub(super) type Requests = Vec<(Request, Entities)>;

/// A question and the policies that are asked to see whether it holds.
#[derive(Clone, Copy)]
pub(super) struct Replay<'r, 'a> {
    pub(super) policies: &'r SessionPolicies<'a>,
    /// With [`Formula::AnyOther`] written out.
    pub(super) question: &'r Formula,
    pub(super) named: &'r [PolicyRef],
    pub(super) slots: &'r Slots,
}

impl Replay<'_, '_> {
    /// The drafts as Cedar takes them; an error when they do not fit the schemas.
    pub(super) fn cases(&self, drafts: &[Draft]) -> Result<Requests, String> {
        let each = drafts.iter().enumerate().map(|(side, draft)| {
            let schema = self.policies.schema(side).ok_or("a side without a schema")?;
            Ok((draft.request(schema)?, draft.entities(schema)?))
        });
        each.collect()
    }

    /// Whether the policy may do anything with the request of its side.
    pub(super) fn may_be_in_scope(&self, policy: PolicyRef, cases: &[(Request, Entities)]) -> bool {
        let Some((request, entities)) = cases.get(policy.side) else { return true };
        self.policies.subject(policy).is_none_or(|subject| subject.may_be_in_scope(request, entities))
    }

    /// Asks Cedar's authorizer what each policy does, and whether the question holds then. Gives the policies that err.
    pub(super) fn confirm(&self, cases: &[(Request, Entities)]) -> Result<BTreeSet<PolicyRef>, String> {
        let authorizer = Authorizer::new();
        let none = HashMap::new();
        let mut done: HashMap<PolicyRef, (bool, bool)> = HashMap::new();
        for policy in self.named {
            let Some((request, entities)) = cases.get(policy.side) else { continue };
            let Some(subject) = self.policies.subject(*policy) else { continue };
            if self.policies.variants(*policy).is_empty() {
                // Out of scope: it does nothing here, and of a template nothing is known that could stand in its slots.
                continue;
            }
            let alone = subject.alone(self.slots.get(policy).unwrap_or(&none)).map_err(|why| why.to_string())?;
            let response = authorizer.is_authorized(request, &alone, entities);
            let diagnostics = response.diagnostics();
            done.insert(*policy, (diagnostics.reason().next().is_some(), diagnostics.errors().next().is_some()));
        }
        let of = |policy: PolicyRef| done.get(&policy).copied().unwrap_or_default();
        if self.question.evaluate(&mut |policy| of(policy).0, &mut |policy| of(policy).1) {
            return Ok(done.iter().filter(|(_, (_, errors))| *errors).map(|(policy, _)| *policy).collect());
        }
        Err(self.differing(&of))
    }

    /// What the policies do instead, as an error.
    fn differing(&self, of: &dyn Fn(PolicyRef) -> (bool, bool)) -> String {
        let one = |policy: &PolicyRef| {
            let name = self.policies.subject(*policy).map_or("", Subject::id);
            let does = match of(*policy) {
                (true, _) => "matches",
                (false, true) => "errors",
                (false, false) => "does not match",
            };
            format!("`{name}` {does}")
        };
        let differing: Vec<String> = self.named.iter().take(6).map(one).collect();
        format!("there, {}", differing.join(", "))
    }

    /// Whether the drafts are valid and the question holds for them.
    pub(super) fn holds(&self, drafts: &[Draft]) -> bool {
        self.cases(drafts).is_ok_and(|cases| self.confirm(&cases).is_ok())
    }
}
