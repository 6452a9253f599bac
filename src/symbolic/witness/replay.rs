//! Asking Cedar's authorizer.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use cedar_policy::{AuthorizationError, Authorizer, Effect, Entities, EntityUid, PolicyId, PolicySet, Request, SlotId};

use super::draft::Draft;
use crate::symbolic::compile::{SchemaModel, Subject};
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
    /// The named ones together, where they are asked often.
    pub(super) together: Option<&'r Together>,
    /// What was made of the drafts that were asked last.
    pub(super) made: &'r Made,
}

/// Drafts as Cedar takes them, by side. Those that are asked next mostly have the same entities, or the same request.
#[derive(Default)]
pub(super) struct Made(RefCell<BTreeMap<usize, MadeOf>>);

struct MadeOf {
    draft: Draft,
    request: Request,
    entities: Entities,
}

impl Made {
    /// `draft`, which is of `side`, as Cedar takes it.
    fn of(&self, side: usize, draft: &Draft, schema: &SchemaModel) -> Result<(Request, Entities), String> {
        let mut all = self.0.borrow_mut();
        let (request, entities) = match all.get(&side) {
            Some(known) => (
                known.draft.asks_as(draft).then(|| known.request.clone()),
                (known.draft.entities == draft.entities).then(|| known.entities.clone()),
            ),
            None => (None, None),
        };
        let request = request.map_or_else(|| draft.request(schema), Ok)?;
        let entities = entities.map_or_else(|| draft.entities(schema), Ok)?;
        let made = MadeOf { draft: draft.clone(), request: request.clone(), entities: entities.clone() };
        all.insert(side, made);
        Ok((request, entities))
    }
}

impl Replay<'_, '_> {
    /// The drafts as Cedar takes them; an error when they do not fit the schemas.
    pub(super) fn cases(&self, drafts: &[Draft]) -> Result<Requests, String> {
        let each = drafts.iter().enumerate().map(|(side, draft)| {
            let schema = self.policies.schema(side).ok_or("a side without a schema")?;
            self.made.of(side, draft, schema)
        });
        each.collect()
    }

    /// The named policies that may do anything with the requests.
    pub(super) fn in_scope(&self, cases: &[(Request, Entities)]) -> Vec<PolicyRef> {
        self.named.iter().copied().filter(|policy| self.may_be_in_scope(*policy, cases)).collect()
    }

    /// Whether the policy may do anything with the request of its side.
    fn may_be_in_scope(&self, policy: PolicyRef, cases: &[(Request, Entities)]) -> bool {
        let Some((request, entities)) = cases.get(policy.side) else { return true };
        self.policies.subject(policy).is_none_or(|subject| subject.may_be_in_scope(request, entities))
    }

    /// Asks Cedar's authorizer what each policy does, and whether the question holds then. Gives the policies that err.
    pub(super) fn confirm(&self, cases: &[(Request, Entities)]) -> Result<BTreeSet<PolicyRef>, String> {
        let done = match self.together {
            Some(together) => together.done(cases),
            None => {
                let mut done = HashMap::new();
                for policy in self.named {
                    done.extend(self.does(*policy, cases)?.map(|does| (*policy, does)));
                }
                done
            }
        };
        let of = |policy: PolicyRef| done.get(&policy).copied().unwrap_or_default();
        if self.question.evaluate(&mut |policy| of(policy).0, &mut |policy| of(policy).1) {
            return Ok(done.iter().filter(|(_, (_, errors))| *errors).map(|(policy, _)| *policy).collect());
        }
        Err(self.differing(&of))
    }

    /// Whether the policy matches by itself, and whether it errs; `None` of one that is out of scope.
    fn does(&self, policy: PolicyRef, cases: &[(Request, Entities)]) -> Result<Option<(bool, bool)>, String> {
        let (Some((request, entities)), Some(subject)) = (cases.get(policy.side), self.policies.subject(policy)) else {
            return Ok(None);
        };
        if self.policies.variants(policy).is_empty() {
            // Out of scope: it does nothing here, and of a template nothing is known that could stand in its slots.
            return Ok(None);
        }
        let none = HashMap::new();
        let alone = subject.alone(self.slots.get(&policy).unwrap_or(&none)).map_err(|why| why.to_string())?;
        let response = Authorizer::new().is_authorized(request, &alone, entities);
        let diagnostics = response.diagnostics();
        Ok(Some((diagnostics.reason().next().is_some(), diagnostics.errors().next().is_some())))
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
        let Ok(cases) = self.cases(drafts) else { return false };
        // Mostly it is one of few that no longer matches: no other has to be asked then.
        let few = |policy: &PolicyRef| matches!(self.does(*policy, &cases), Ok(Some((true, _))));
        (self.together.is_none() || self.matching().iter().all(few)) && self.confirm(&cases).is_ok()
    }

    /// Policies that have to match for the question to hold: some of them.
    fn matching(&self) -> Vec<PolicyRef> {
        let of = |formula: &Formula| match formula {
            Formula::Matches(policy) => Some(*policy),
            _ => None,
        };
        match self.question {
            Formula::And(all) => all.iter().filter_map(of).take(FEW).collect(),
            other => of(other).into_iter().collect(),
        }
    }
}

/// So many policies are asked one by one before all of them are together.
const FEW: usize = 4;

/// With fewer policies than this each is asked by itself.
const TOGETHER: usize = 8;

/// Policies as sets of one effect each, of which Cedar's authorizer names every one that matches in one go.
pub(super) struct Together {
    policies: Vec<PolicyRef>,
    /// By side.
    sets: Vec<[PolicySet; 2]>,
}

impl Together {
    /// The policies that `replay` asks; `None` where they are few, or one of them cannot be had.
    pub(super) fn new(replay: &Replay<'_, '_>) -> Option<Self> {
        if replay.named.len() < TOGETHER {
            return None;
        }
        let mut sets: Vec<[PolicySet; 2]> = (0..replay.policies.sides()).map(|_| Default::default()).collect();
        let none = HashMap::new();
        for (at, policy) in replay.named.iter().enumerate() {
            let subject = replay.policies.subject(*policy)?;
            if replay.policies.variants(*policy).is_empty() {
                continue;
            }
            let alone = subject.alone(replay.slots.get(policy).unwrap_or(&none)).ok()?;
            let named = alone.policies().next()?.new_id(PolicyId::new(at.to_string()));
            let [permits, forbids] = sets.get_mut(policy.side)?;
            let set = if subject.effect() == Effect::Permit { permits } else { forbids };
            set.add(named).ok()?;
        }
        Some(Self { policies: replay.named.to_vec(), sets })
    }

    /// What each policy does that matches or errs. Of policies of one effect, all that match are reasons of the
    /// decision (<https://docs.cedarpolicy.com/auth/authorization.html>).
    fn done(&self, cases: &[(Request, Entities)]) -> HashMap<PolicyRef, (bool, bool)> {
        let mut done: HashMap<PolicyRef, (bool, bool)> = HashMap::new();
        let authorizer = Authorizer::new();
        for ((request, entities), sets) in cases.iter().zip(&self.sets) {
            for set in sets.iter().filter(|set| !set.is_empty()) {
                let response = authorizer.is_authorized(request, set, entities);
                let of = |id: &PolicyId| {
                    let at: usize = AsRef::<str>::as_ref(id).parse().ok()?;
                    self.policies.get(at).copied()
                };
                for policy in response.diagnostics().reason().filter_map(of) {
                    done.entry(policy).or_default().0 = true;
                }
                for AuthorizationError::PolicyEvaluationError(error) in response.diagnostics().errors() {
                    if let Some(policy) = of(error.policy_id()) {
                        done.entry(policy).or_default().1 = true;
                    }
                }
            }
        }
        done
    }
}
