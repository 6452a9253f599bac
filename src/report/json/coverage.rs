//! Coverage in the JSON report.

use serde::Serialize;

use super::location::{LocationOut, location};
use crate::outcome::{ConditionCoverage, Coverage, PolicyCoverage};

#[derive(Serialize)]
pub(super) struct CoverageOut<'a> {
    percent: usize,
    covered: usize,
    total: usize,
    floor: Option<u32>,
    since: Option<&'a str>,
    policies: Vec<PolicyOut<'a>>,
    conditions: Vec<ConditionOut<'a>>,
}

#[derive(Serialize)]
struct PolicyOut<'a> {
    policy: &'a str,
    store: &'a str,
    location: LocationOut<'a>,
    covered: bool,
    in_scope: usize,
    satisfied: usize,
    determining: usize,
    errors: usize,
    decides: usize,
}

#[derive(Serialize)]
struct ConditionOut<'a> {
    policy: &'a str,
    store: &'a str,
    kind: &'static str,
    text: &'a str,
    location: LocationOut<'a>,
    covered: bool,
    #[serde(rename = "true")]
    trues: usize,
    #[serde(rename = "false")]
    falses: usize,
    errors: usize,
    decides: usize,
}

pub(super) fn coverage(coverage: &Coverage) -> CoverageOut<'_> {
    let (covered, total) = coverage.figure();
    CoverageOut {
        percent: coverage.percent(),
        covered,
        total,
        floor: coverage.floor,
        since: coverage.since.as_deref(),
        policies: coverage.policies.iter().map(policy).collect(),
        conditions: coverage.conditions.iter().map(condition).collect(),
    }
}

fn policy(of: &PolicyCoverage) -> PolicyOut<'_> {
    PolicyOut {
        policy: &of.policy.name,
        store: &of.store,
        location: location(&of.policy.location),
        covered: of.covered(),
        in_scope: of.in_scope,
        satisfied: of.satisfied,
        determining: of.determining,
        errors: of.errors,
        decides: of.decides,
    }
}

fn condition(of: &ConditionCoverage) -> ConditionOut<'_> {
    ConditionOut {
        policy: &of.policy.name,
        store: &of.store,
        kind: of.kind.as_str(),
        text: &of.text,
        location: location(&of.location),
        covered: of.covered(),
        trues: of.trues,
        falses: of.falses,
        errors: of.errors,
        decides: of.decides,
    }
}
