//! Guardrails in the JSON report.

use serde::Serialize;

use super::location::{LocationOut, location};
use crate::finding::{Environment, Evidence};
use crate::outcome::{AtFault, GuardrailResult, Slip, Touched, Uncovered};

#[derive(Serialize)]
pub(super) struct GuardrailOut<'a> {
    id: &'a str,
    kind: &'static str,
    location: LocationOut<'a>,
    status: &'static str,
    why: Option<&'a str>,
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expansion: Option<&'a str>,
    environments: Vec<TouchedOut<'a>>,
    untouched: Vec<TouchedOut<'a>>,
    uncovered: Vec<UncoveredOut<'a>>,
    witness: Option<WitnessOut<'a>>,
    causes: Vec<CauseOut<'a>>,
    mend: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    slips: Vec<SlipOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    broken_before: Option<bool>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    only_in_base: bool,
}

#[derive(Serialize)]
struct TouchedOut<'a> {
    store: &'a str,
    #[serde(flatten)]
    environment: &'a Environment,
}

#[derive(Serialize)]
struct UncoveredOut<'a> {
    store: &'a str,
    #[serde(flatten)]
    environment: &'a Environment,
    why: &'a str,
}

#[derive(Serialize)]
struct WitnessOut<'a> {
    #[serde(flatten)]
    evidence: &'a Evidence,
    #[serde(skip_serializing_if = "Option::is_none")]
    other_request: Option<&'a serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    other_entities: Option<&'a serde_json::Value>,
}

#[derive(Serialize)]
struct CauseOut<'a> {
    policy: &'a str,
    effect: &'static str,
    location: LocationOut<'a>,
    does: &'a str,
}

#[derive(Serialize)]
struct SlipOut<'a> {
    store: &'a str,
    environment: &'a Environment,
    message: &'a str,
    witness: WitnessOut<'a>,
    causes: Vec<CauseOut<'a>>,
    guardrail_fails: Option<&'a str>,
}

pub(super) fn guardrail(result: &GuardrailResult) -> GuardrailOut<'_> {
    GuardrailOut {
        id: &result.id,
        kind: result.kind,
        location: location(&result.location),
        status: result.status.as_str(),
        why: result.why.as_deref(),
        reason: result.reason.as_deref(),
        expansion: result.expansion.as_deref(),
        environments: result.touched.iter().map(touched).collect(),
        untouched: result.untouched.iter().map(touched).collect(),
        uncovered: result.uncovered.iter().map(uncovered).collect(),
        witness: result.slips.first().map(witness),
        causes: result.at_fault.iter().map(cause).collect(),
        mend: result.mend.as_deref(),
        slips: result.slips.iter().map(slip).collect(),
        broken_before: result.broken_before,
        only_in_base: result.of_base,
    }
}

fn touched(touched: &Touched) -> TouchedOut<'_> {
    TouchedOut { store: &touched.store, environment: &touched.environment }
}

fn uncovered(uncovered: &Uncovered) -> UncoveredOut<'_> {
    UncoveredOut { store: &uncovered.store, environment: &uncovered.environment, why: &uncovered.why }
}

fn witness(slip: &Slip) -> WitnessOut<'_> {
    WitnessOut {
        evidence: &slip.evidence,
        other_request: slip.other.as_ref().map(|other| &other.request),
        other_entities: slip.other.as_ref().map(|other| &other.entities),
    }
}

fn cause(cause: &AtFault) -> CauseOut<'_> {
    CauseOut { policy: &cause.policy, effect: cause.effect, location: location(&cause.location), does: &cause.does }
}

fn slip(slip: &Slip) -> SlipOut<'_> {
    SlipOut {
        store: &slip.store,
        environment: &slip.environment,
        message: &slip.what,
        witness: witness(slip),
        causes: slip.causes.iter().map(cause).collect(),
        guardrail_fails: slip.guardrail_fails.as_deref(),
    }
}
