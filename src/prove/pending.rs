//! One guardrail while it is proved: what came of it so far, and in the end.

use cedar_policy::Policy;

use super::found::{Found, Told};
use super::guardrail::{Demand, Guardrail};
use super::judge::{Breach, Does, Judged, Shown};
use super::mend::{Broken, mend};
use super::rules::rule_of;
use super::told;
use super::world::World;
use crate::finding::{Environment, Evidence};
use crate::outcome::{AtFault, GuardrailResult, GuardrailStatus, Slip, Touched, Uncovered};
use crate::repo::Repo;

/// What came of one guardrail so far.
pub(super) struct Pending {
    result: GuardrailResult,
    /// Why something is not known.
    pub(super) open: Vec<String>,
    /// Whether some request is one that it is about.
    touched: bool,
    /// Where it is broken in the store at hand: the environment and the rule there.
    broken: Vec<(usize, Policy)>,
    causes: Vec<(usize, Does)>,
    /// Whether every policy at fault in the store at hand is among them.
    whole: bool,
    mends: Vec<Option<String>>,
}

impl Pending {
    /// Of a guardrail of which nothing is known yet.
    pub(super) fn new(guardrail: &Guardrail) -> Self {
        let mut result = GuardrailResult::new(&guardrail.id, guardrail.kind, guardrail.location.clone());
        result.rule = rule_of(guardrail.kind);
        result.why.clone_from(&guardrail.why);
        result.expansion.clone_from(&guardrail.expansion);
        result.of_policy = matches!(guardrail.demand, Demand::Unmatched(..));
        Self {
            result,
            open: Vec::new(),
            touched: false,
            broken: Vec::new(),
            causes: Vec::new(),
            whole: true,
            mends: Vec::new(),
        }
    }

    /// Adds what came of one kind of request of `world`.
    pub(super) fn add(&mut self, world: &World<'_>, found: Found) {
        let Some(environment) = world.policies.schema().environments().get(found.environment) else { return };
        let store = world.store.name.clone();
        let here = world.environment(environment);
        let touched = Touched { store: store.clone(), environment: here.clone() };
        match found.judged {
            Told::Uncovered(why) => self.result.uncovered.push(Uncovered { store, environment: here, why }),
            Told::Judged(Judged::Untouched) => self.result.untouched.push(touched),
            Told::Judged(Judged::Kept) => {
                self.touched = true;
                self.result.touched.push(touched);
            }
            Told::Judged(Judged::Open(why)) => {
                self.result.touched.push(touched);
                self.open.push(why);
            }
            Told::Judged(Judged::Broken(Breach { shown, more, whole })) => {
                self.touched = true;
                self.whole &= whole;
                self.result.touched.push(touched);
                self.causes.extend(shown.iter().flat_map(|one| one.causes.iter().copied()).chain(more));
                if let Some(first) = shown.into_iter().next() {
                    self.result.slips.push(slip(world, &self.result, found.rule.as_ref(), first, here));
                }
                self.broken.extend(found.rule.map(|rule| (found.environment, rule)));
            }
        }
    }

    /// Looks for what would mend it in the store at hand, and goes on to the next.
    pub(super) fn mend(&mut self, world: &World<'_>, guardrail: &Guardrail) {
        let places = std::mem::take(&mut self.broken);
        let mut causes = std::mem::take(&mut self.causes);
        let whole = std::mem::replace(&mut self.whole, true);
        causes.sort_unstable();
        causes.dedup();
        let at_fault = causes.iter().filter_map(|(index, does)| told::at_fault(world, *index, *does));
        self.result.at_fault.extend(at_fault);
        if places.is_empty() {
            return;
        }
        let (refuses, whole) = match guardrail.demand {
            Demand::Refused(_) => (true, whole),
            Demand::Allowed(_) => (false, whole),
            // It is about one policy, and no other can be at fault.
            Demand::Unmatched(..) if guardrail.kind == "expires" => (true, true),
            Demand::Unmatched(..) | Demand::Alike(_) | Demand::Unaskable(_) => return,
        };
        let written = matches!(guardrail.kind, "forbid" | "permit" | "sensitive");
        let places = places.iter().map(|(at, rule)| (*at, rule)).collect();
        self.mends.push(mend(&Broken { world, places, causes, whole }, refuses, written));
    }

    /// What all of it comes to.
    pub(super) fn finish(mut self, guardrail: &Guardrail, repo: &Repo) -> GuardrailResult {
        if let Demand::Unaskable(why) = &guardrail.demand {
            self.open.push(why.clone());
        }
        if let [Some(only)] = self.mends.as_slice() {
            self.result.mend = Some(only.clone());
        }
        let mut result = self.result;
        let dates = matches!(guardrail.demand, Demand::Unmatched(..));
        (result.status, result.reason) = if !result.slips.is_empty() {
            (GuardrailStatus::Broken, None)
        } else if let Some(why) = self.open.first() {
            (GuardrailStatus::Unknown, Some(why.clone()))
        } else if let Some(first) = result.uncovered.first() {
            (GuardrailStatus::NotCovered, Some(first.why.clone()))
        } else if self.touched || dates {
            (GuardrailStatus::Holds, None)
        } else {
            (GuardrailStatus::Vacuous, Some(told::vacuous(guardrail, repo)))
        };
        result
    }
}

fn slip(
    world: &World<'_>,
    result: &GuardrailResult,
    rule: Option<&Policy>,
    shown: Shown,
    environment: Environment,
) -> Slip {
    let causes: Vec<AtFault> =
        shown.causes.iter().filter_map(|(index, does)| told::at_fault(world, *index, *does)).collect();
    let fails = rule.zip(shown.cases.first()).and_then(|(rule, case)| told::fails(rule, case));
    let what = told::slip(result.kind, &shown, &causes, fails.as_deref());
    let mut evidence = shown
        .cases
        .iter()
        .map(|case| Evidence { request: case.request_json.clone(), entities: case.entities_json.clone() });
    Slip {
        store: world.store.name.clone(),
        environment,
        what,
        evidence: evidence
            .next()
            .unwrap_or(Evidence { request: serde_json::Value::Null, entities: serde_json::Value::Null }),
        other: evidence.next(),
        causes,
        guardrail_fails: fails,
    }
}
