//! From an outcome to the JSON report.

use serde::Serialize;

use super::breadth::{self, BreadthOut};
use super::changes::{self, ComparisonOut};
use super::coverage::{self, CoverageOut};
use super::explained::{CacheableOut, ExplainedOut, cacheable, explained};
use super::fixes::{self, FixOut, FixResultOut};
use super::guardrails::{GuardrailOut, guardrail};
use super::impact::{self, ImpactOut};
use super::location::{LocationOut, location};
use super::matrix::{MatrixOut, matrix};
use super::mutation::{self, MutationOut};
use super::replay::{self, ReplayOut};
use super::who_can::{self, WhoCanOut};
use crate::finding::{Environment, Evidence, Finding, Level, Related};
use crate::outcome::{
    Decision, Expected, Explanation, Got, Notice, Outcome, RowFault, RowRequest, Status, TestResult, Weight,
};
use crate::report::{Options, json_text, verdict_line};

#[derive(Serialize)]
struct Root<'a> {
    polcheck: &'static str,
    format: u8,
    command: &'a str,
    now: Option<&'a str>,
    outcome: &'static str,
    exit: u8,
    headline: String,
    summary: Summary<'a>,
    findings: Vec<FindingOut<'a>>,
    suppressed: Vec<SuppressedOut<'a>>,
    tests: Vec<RowOut<'a>>,
    guardrails: Vec<GuardrailOut<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    guardrail_assumptions: &'a [String],
    notices: Vec<NoticeOut<'a>>,
    inconclusive_reasons: Vec<&'a str>,
    gaps: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    breadth: Vec<BreadthOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<FixResultOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<CoverageOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mutation: Option<MutationOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explain: Option<ExplainedOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cacheable: Vec<CacheableOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    matrix: Vec<MatrixOut<'a>>,
    #[serde(flatten)]
    comparison: Option<ComparisonOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    impact: Option<ImpactOut<'a>>,
    #[serde(flatten)]
    who_can: Option<WhoCanOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replay: Option<ReplayOut<'a>>,
    left_out: Vec<LeftOutOut<'a>>,
}

#[derive(Serialize)]
struct NoticeOut<'a> {
    kind: &'static str,
    message: &'a str,
    inconclusive: bool,
    store: Option<&'a str>,
    policy: Option<&'a str>,
    location: Option<LocationOut<'a>>,
}

#[derive(Serialize)]
struct SuppressedOut<'a> {
    #[serde(flatten)]
    finding: FindingOut<'a>,
    reason: &'a str,
}

#[derive(Serialize)]
struct Summary<'a> {
    stores: usize,
    schemaless: usize,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    not_validated: &'a [String],
    policies: usize,
    templates: usize,
    links: usize,
    environments: usize,
    entities: usize,
    findings: Levels,
    tests: Statuses,
    inconclusive: usize,
}

#[derive(Serialize)]
struct Levels {
    error: usize,
    warning: usize,
    note: usize,
}

#[derive(Serialize)]
struct Statuses {
    pass: usize,
    fail: usize,
    error: usize,
    skip: usize,
}

#[derive(Serialize)]
struct LeftOutOut<'a> {
    path: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
struct RelatedOut<'a> {
    location: LocationOut<'a>,
    message: &'a str,
    policy: Option<&'a str>,
}

#[derive(Serialize)]
struct FindingOut<'a> {
    rule: &'a str,
    level: Level,
    message: &'a str,
    help: Option<&'a str>,
    store: Option<&'a str>,
    policy: Option<&'a str>,
    location: LocationOut<'a>,
    count: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also: Vec<LocationOut<'a>>,
    related: Vec<RelatedOut<'a>>,
    environments: &'a [Environment],
    evidence: Option<&'a Evidence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<FixOut<'a>>,
    fingerprint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<bool>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    baselined: bool,
}

#[derive(Serialize)]
struct ExpectedOut<'a> {
    decision: Option<Decision>,
    reason: Option<&'a [String]>,
    errors: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    who: Option<&'a [String]>,
}

#[derive(Serialize)]
struct FaultOut<'a> {
    location: LocationOut<'a>,
    message: &'a str,
    help: Option<&'a str>,
}

#[derive(Serialize)]
struct ErrorOut<'a> {
    policy: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct GotOut<'a> {
    decision: Decision,
    reason: Vec<&'a str>,
    errors: Vec<ErrorOut<'a>>,
}

#[derive(Serialize)]
struct RowOut<'a> {
    id: &'a str,
    store: Option<&'a str>,
    location: LocationOut<'a>,
    status: Status,
    request: Option<&'a RowRequest>,
    expected: Option<ExpectedOut<'a>>,
    got: Option<GotOut<'a>>,
    message: Option<&'a str>,
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<FaultOut<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    unknown: &'a [String],
    skip_reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    explanation: Vec<ExplanationOut<'a>>,
    /// The same under the name that it had first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lesson: Vec<ExplanationOut<'a>>,
}

#[derive(Serialize)]
struct ExplanationOut<'a> {
    policy: Option<&'a str>,
    location: Option<LocationOut<'a>>,
    sentence: &'a str,
    marks: Vec<MarkOut<'a>>,
}

#[derive(Serialize)]
struct MarkOut<'a> {
    location: LocationOut<'a>,
    text: &'a str,
}

/// Findings and rows come in the outcome's order, which is sorted; options change nothing.
pub(super) fn render(outcome: &Outcome, _options: &Options) -> String {
    let verdict = outcome.verdict();
    json_text::to_text(&Root {
        polcheck: env!("CARGO_PKG_VERSION"),
        format: 1,
        command: outcome.command,
        now: outcome.now.as_deref(),
        outcome: verdict.as_str(),
        exit: outcome.exit_code(),
        headline: verdict_line(outcome),
        summary: summary(outcome),
        findings: outcome.findings.iter().map(finding).collect(),
        suppressed: outcome
            .suppressed
            .iter()
            .map(|(found, reason)| SuppressedOut { finding: finding(found), reason })
            .collect(),
        tests: outcome.tests.iter().map(row).collect(),
        guardrails: outcome.guardrails.results.iter().map(guardrail).collect(),
        guardrail_assumptions: &outcome.guardrails.assumptions,
        notices: outcome.notices.iter().map(notice).collect(),
        inconclusive_reasons: outcome.inconclusive().map(|notice| notice.message.as_str()).collect(),
        gaps: outcome.gaps().collect(),
        remarks: outcome.remarks().collect(),
        breadth: outcome.breadth.iter().map(breadth::breadth).collect(),
        fixes: outcome.fixes.iter().map(fixes::result).collect(),
        coverage: outcome.coverage.as_ref().map(coverage::coverage),
        mutation: outcome.mutation.as_ref().map(mutation::mutation),
        explain: outcome.explained.as_ref().map(explained),
        cacheable: outcome.cacheable.iter().map(cacheable).collect(),
        // Of a check it is what some report asked for, and not all of it.
        matrix: outcome.matrix.iter().filter(|_| outcome.command == "report").map(matrix).collect(),
        comparison: outcome.comparison.as_ref().map(changes::comparison),
        impact: impact::impact(&outcome.impact),
        who_can: outcome.who_can.as_ref().map(who_can::who_can),
        replay: outcome.replayed.as_ref().map(replay::replay),
        left_out: outcome.left_out.iter().map(|file| LeftOutOut { path: &file.path, why: &file.why }).collect(),
    })
}

fn notice(notice: &Notice) -> NoticeOut<'_> {
    NoticeOut {
        kind: notice.kind.as_str(),
        message: &notice.message,
        inconclusive: notice.kind.weight() == Weight::Inconclusive,
        store: notice.store.as_deref(),
        policy: notice.policy.as_deref(),
        location: notice.location.as_ref().map(location),
    }
}

fn summary(outcome: &Outcome) -> Summary<'_> {
    let count = outcome.count();
    let [error, warning, note] = count.findings;
    Summary {
        stores: outcome.summary.stores,
        schemaless: outcome.summary.schemaless,
        not_validated: &outcome.not_validated,
        policies: outcome.summary.policies,
        templates: outcome.summary.templates,
        links: outcome.summary.links,
        environments: outcome.summary.environments,
        entities: outcome.summary.entities,
        findings: Levels { error, warning, note },
        tests: Statuses { pass: count.pass, fail: count.fail, error: count.error, skip: count.skip },
        inconclusive: outcome.inconclusive().count(),
    }
}

fn related(related: &Related) -> RelatedOut<'_> {
    RelatedOut { location: location(&related.location), message: &related.message, policy: related.policy.as_deref() }
}

fn finding(finding: &Finding) -> FindingOut<'_> {
    FindingOut {
        rule: finding.rule,
        level: finding.level,
        message: &finding.message,
        help: finding.help.as_deref(),
        store: finding.store.as_deref(),
        policy: finding.policy.as_deref(),
        location: location(&finding.location),
        count: 1 + finding.also.len(),
        also: finding.also.iter().map(location).collect(),
        related: finding.related.iter().map(related).collect(),
        environments: &finding.environments,
        evidence: finding.evidence.as_ref(),
        fix: finding.fix.as_ref().map(fixes::fix),
        fingerprint: &finding.fingerprint,
        new: finding.new,
        baselined: finding.baselined,
    }
}

fn expected(expected: &Expected) -> ExpectedOut<'_> {
    ExpectedOut {
        // Who may is a question about many decisions.
        decision: expected.who.is_none().then_some(expected.decision),
        reason: expected.reason.as_deref(),
        errors: expected.errors,
        who: expected.who.as_deref(),
    }
}

fn got(got: &Got) -> GotOut<'_> {
    GotOut {
        decision: got.decision,
        reason: got.reason.iter().map(|policy| policy.name.as_str()).collect(),
        errors: got
            .errors
            .iter()
            .map(|error| ErrorOut { policy: &error.policy.name, message: &error.message })
            .collect(),
    }
}

fn fault(fault: &RowFault) -> FaultOut<'_> {
    FaultOut { location: location(&fault.location), message: &fault.message, help: fault.help.as_deref() }
}

fn row(row: &TestResult) -> RowOut<'_> {
    RowOut {
        id: &row.id,
        store: row.store.as_deref(),
        location: location(&row.location),
        status: row.status,
        request: row.request.as_ref(),
        expected: row.expected.as_ref().map(expected),
        got: row.got.as_ref().map(got),
        message: row.message.as_deref(),
        help: row.help.as_deref(),
        faults: row.faults.iter().map(fault).collect(),
        notes: &row.notes,
        unknown: &row.unknown,
        skip_reason: row.skip_reason.as_deref(),
        new: row.new,
        explanation: row.explanations.iter().map(explanation).collect(),
        lesson: row.explanations.iter().map(explanation).collect(),
    }
}

fn explanation(explanation: &Explanation) -> ExplanationOut<'_> {
    ExplanationOut {
        policy: explanation.policy.as_ref().map(|policy| policy.name.as_str()),
        location: explanation.policy.as_ref().map(|policy| location(&policy.location)),
        sentence: &explanation.sentence,
        marks: (explanation.marks.iter())
            .map(|mark| MarkOut { location: location(&mark.location), text: &mark.text })
            .collect(),
    }
}
