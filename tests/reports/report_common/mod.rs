//! Outcomes made by hand for the report tests.
#![allow(clippy::expect_used, dead_code, missing_docs, unreachable_pub)]

pub mod diff;
pub mod gitlab;

use std::sync::Arc;

use polcheck::finding::{Edit, Environment, Evidence, Finding, Fix, Level};
use polcheck::outcome::{
    Asked, AtFault, Breadth, Broader, ConditionCoverage, ConditionKind, Coverage, Decision, Expected, Explanation,
    FixResult, FixStatus, Got, GuardrailResult, GuardrailStatus, LeftOut, Mark, Notice, NoticeKind, Outcome,
    PolicyCoverage, PolicyError, PolicyRef, RowRequest, Since, Slip, Status, Summary, TestResult, Touched, Uncovered,
};
use polcheck::report::{self, Options};
use polcheck::rule::{Basis, Catalogue, Precision, Rule};
use polcheck::text::{Location, SourceFile, Span};
use serde_json::Value;

pub static RULES: &[Rule] = &[
    Rule {
        id: "unknown-attribute",
        summary: "an attribute that the schema does not declare",
        level: Some(Level::Error),
        basis: Basis::Validator,
        precision: Precision::Exact,
        opens: false,
        configurable: false,
        since: "0.1.0",
        page: "Cedar's validator refuses the policy.\nIt would fail at run time.\n\n## Avoid\n\n```cedar\npermit(...)\n```\n",
    },
    Rule {
        id: "shadowed-permit",
        summary: "a permit that another one covers",
        level: None,
        basis: Basis::Text,
        precision: Precision::Medium,
        opens: false,
        configurable: true,
        since: "0.1.0",
        page: "",
    },
];

/// CRLF, tabs, an astral character, a combining mark and a byte-order mark before `needle`.
pub const AWKWARD: &str = "\u{feff}// first\r\npermit (\r\n\tprincipal == User::\"\u{1F600}e\u{301}\", \u{1F469}\u{200d}\u{1F680} needle,\r\n  action\r\n);\r\n";

pub fn outcome(findings: Vec<Finding>, tests: Vec<TestResult>) -> Outcome {
    Outcome {
        findings,
        tests,
        summary: Summary {
            stores: 2,
            policies: 34,
            templates: 3,
            links: 0,
            environments: 7,
            entities: 0,
            schemaless: 0,
        },
        checked_something: true,
        ..Outcome::new("check", Catalogue::new(RULES))
    }
}

pub fn at(file: &Arc<SourceFile>, needle: &str) -> Location {
    let start = file.text().find(needle).expect("the needle is in the text");
    Location::new(file, Span::new(start, start + needle.len()))
}

pub fn policy(name: &str, location: Location) -> PolicyRef {
    PolicyRef { name: name.to_owned(), effect: "permit", location }
}

pub fn failing_row(id: &str, location: Location, message: &str) -> TestResult {
    let policy_at = location.clone();
    TestResult {
        id: id.to_owned(),
        store: Some("payments".to_owned()),
        location,
        status: Status::Fail,
        request: Some(RowRequest {
            principal: "User::\"alice\"".to_owned(),
            action: "Action::\"view\"".to_owned(),
            resource: "Doc::\"d\"".to_owned(),
            context: serde_json::value::RawValue::from_string("{}".to_owned()).unwrap(),
        }),
        expected: Some(Expected {
            decision: Decision::Deny,
            reason: Some(vec!["a".to_owned()]),
            errors: Some(0),
            who: None,
        }),
        got: Some(Got {
            decision: Decision::Allow,
            reason: vec![policy("policies/a.cedar#view-own", policy_at.clone())],
            errors: vec![PolicyError { policy: policy("policies/b.cedar#x", policy_at), message: message.to_owned() }],
        }),
        message: Some(message.to_owned()),
        help: None,
        faults: Vec::new(),
        notes: Vec::new(),
        unknown: Vec::new(),
        skip_reason: None,
        new: None,
        explanations: Vec::new(),
    }
}

/// What an attacker may put into a name, a message or a file.
pub const HOSTILE: &str = "a\u{1b}[31mred\u{1b}]0;t\u{7} ::error::pwned\n::warning file=x::y\r\n%0A::error::z ##[error]w ::set-output \
     <script>alert(1)</script> ]]> --> \u{fffe}\u{ffff} | col | `code` **b** _i_ [x](https://evil.example) @team #123 \u{202e}rtl\u{2066} \u{9b}31m \u{0} & \\";

/// Everything that can be hostile is.
pub fn hostile() -> Outcome {
    let file = SourceFile::new(HOSTILE, format!("permit {HOSTILE}\n::error::in the file\nneedle {HOSTILE}"));
    let place = at(&file, "needle");
    let mut finding = Finding::new("unknown-attribute", Level::Error, place.clone(), HOSTILE)
        .help(HOSTILE)
        .store(HOSTILE)
        .policy(HOSTILE, &place)
        .related(at(&file, "permit"), HOSTILE, Some(HOSTILE.to_owned()))
        .related(Location::of_path(HOSTILE), HOSTILE, None);
    let environment = || Environment { principal: HOSTILE.into(), action: HOSTILE.into(), resource: HOSTILE.into() };
    finding.environments = vec![environment(), environment()];
    finding.evidence = Some(Evidence { request: HOSTILE.into(), entities: HOSTILE.into() });
    let edits = vec![Edit::new(place.clone(), HOSTILE), Edit::new(at(&file, "permit"), "")];
    finding.fix = Some(Fix { changes: Some(HOSTILE.to_owned()), ..Fix::new(HOSTILE, edits) });
    let mut findings = vec![finding, Finding::new("x", Level::Warning, Location::of_path(HOSTILE), HOSTILE)];
    Finding::finish(&mut findings);
    let mut row = failing_row(HOSTILE, place.clone(), HOSTILE);
    row.store = Some(HOSTILE.to_owned());
    row.help = Some(HOSTILE.to_owned());
    row.expected =
        Some(Expected { decision: Decision::Deny, reason: Some(vec![HOSTILE.to_owned()]), errors: None, who: None });
    row.got.as_mut().expect("it ran").reason.push(policy(HOSTILE, place.clone()));
    let mark = |location: Location| Mark { location, text: HOSTILE.to_owned() };
    let marks = vec![mark(place.clone()), mark(at(&file, "permit")), mark(Location::of_path(HOSTILE))];
    let said = format!("{HOSTILE} again");
    let hostile = policy(HOSTILE, place.clone());
    row.explanations = vec![
        Explanation { policy: Some(hostile.clone()), sentence: HOSTILE.to_owned(), marks },
        Explanation { policy: None, sentence: HOSTILE.to_owned(), marks: Vec::new() },
        Explanation { policy: None, sentence: said, marks: vec![mark(Location::of_path(HOSTILE))] },
    ];
    let mut skipped = row.clone();
    skipped.status = Status::Skip;
    skipped.skip_reason = Some(HOSTILE.to_owned());
    let mut outcome = outcome(findings, vec![row, skipped]);
    outcome.notices = vec![Notice::new(NoticeKind::QuestionOpen, HOSTILE), Notice::new(NoticeKind::NoSchema, HOSTILE)];
    let touched = || Touched { store: HOSTILE.to_owned(), environment: environment() };
    let causes = vec![AtFault {
        policy: HOSTILE.to_owned(),
        effect: "permit",
        location: place.clone(),
        does: HOSTILE.to_owned(),
    }];
    let evidence = || Evidence { request: HOSTILE.into(), entities: serde_json::json!([HOSTILE, { "```": "|" }]) };
    let guardrail = GuardrailResult {
        why: Some(HOSTILE.to_owned()),
        reason: Some(HOSTILE.to_owned()),
        expansion: Some(HOSTILE.to_owned()),
        touched: vec![touched()],
        untouched: vec![touched()],
        uncovered: vec![Uncovered { store: HOSTILE.to_owned(), environment: environment(), why: HOSTILE.to_owned() }],
        slips: vec![Slip {
            store: HOSTILE.to_owned(),
            environment: environment(),
            what: HOSTILE.to_owned(),
            evidence: evidence(),
            other: Some(evidence()),
            causes: causes.clone(),
            guardrail_fails: Some(HOSTILE.to_owned()),
        }],
        at_fault: causes,
        mend: Some(HOSTILE.to_owned()),
        broken_before: Some(false),
        of_base: true,
        ..GuardrailResult::new(HOSTILE, "forbid", place.clone())
    };
    let with = |status| GuardrailResult { status, ..guardrail.clone() };
    outcome.guardrails.results = GuardrailStatus::ALL.into_iter().map(with).collect();
    outcome.guardrails.assumptions = vec![HOSTILE.to_owned()];
    outcome.coverage = Some(Coverage {
        policies: vec![PolicyCoverage {
            store: HOSTILE.to_owned(),
            policy: hostile.clone(),
            in_scope: 1,
            satisfied: 0,
            determining: 0,
            errors: 0,
            decides: 0,
        }],
        conditions: vec![ConditionCoverage {
            store: HOSTILE.to_owned(),
            policy: hostile,
            location: place.clone(),
            text: HOSTILE.to_owned(),
            kind: ConditionKind::Operand,
            trues: 1,
            falses: 0,
            errors: 0,
            decides: 0,
        }],
        since: Some(HOSTILE.to_owned()),
        floor: Some(80),
    });
    outcome.fixes = vec![FixResult {
        rule: "x",
        path: HOSTILE.to_owned(),
        policy: Some(HOSTILE.to_owned()),
        what: HOSTILE.to_owned(),
        changes: Some(HOSTILE.to_owned()),
        status: FixStatus::Refused(HOSTILE.to_owned()),
    }];
    outcome.breadth = vec![Breadth {
        store: HOSTILE.to_owned(),
        policy: HOSTILE.to_owned(),
        location: place,
        rank: 1,
        environments: 2,
        unconditional: 1,
        of: 3,
        conditions: 1,
        open: vec!["principal"],
        asks: vec![Asked { text: HOSTILE.to_owned(), binds: None }],
        since: Some(Since { before: None, broader: Broader::Unknown(HOSTILE.to_owned()) }),
    }];
    outcome.left_out = vec![LeftOut { path: HOSTILE.to_owned(), why: HOSTILE.to_owned() }];
    outcome
}

/// The text that 1-based lines and columns (code points, end exclusive) mark, found without the library's own counting.
pub fn marked(text: &str, (start_line, start_column): (u64, u64), (end_line, end_column): (u64, u64)) -> String {
    let mut out = String::new();
    let (mut line, mut column) = (1, 1);
    for c in text.chars() {
        if (line, column) >= (start_line, start_column) && (line, column) < (end_line, end_column) {
            out.push(c);
        }
        (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
    }
    out
}

pub fn number(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or_else(|| panic!("{pointer} in {value}"))
}

/// Ranges of [`AWKWARD`].
pub const SPANS: [&str; 4] = ["needle", "\u{feff}", "e\u{301}\", \u{1F469}", "permit (\r\n\tprincipal"];

/// A finding for each of [`SPANS`] and a failing row, and the texts of the findings in their order.
pub fn awkward() -> (Outcome, Vec<String>) {
    let file = SourceFile::new("policies/ä b.cedar", AWKWARD);
    let mut findings: Vec<_> = (SPANS.iter())
        .map(|needle| {
            Finding::new("unknown-attribute", Level::Error, at(&file, needle), "m").related(
                at(&file, "action"),
                "here",
                None,
            )
        })
        .collect();
    Finding::finish(&mut findings);
    let texts = findings.iter().map(|finding| finding.location.text().to_owned()).collect();
    let row = failing_row("tests/a.yaml#r", at(&file, "needle"), "expected deny");
    (outcome(findings, vec![row]), texts)
}

pub const PLAIN: Options = Options {
    width: 80,
    color: false,
    verbose: false,
    quiet: false,
    statistics: false,
    link_base: None,
    terminal: false,
};

pub fn render(format: &str, outcome: &Outcome, options: &Options) -> String {
    (report::find(format).expect("the format is listed").render)(outcome, options)
}

/// The two commands that GitHub's runner finds, as its `ActionCommand.cs` does.
pub fn runner_commands(text: &str) -> Vec<&str> {
    let v2 = |line: &&str| line.trim_start().starts_with("::") || line.contains("##[");
    text.split(['\n', '\r']).filter(v2).collect()
}

/// Markdown without what stands between backticks, where all is text; a span ends on its line.
pub fn outside_spans(markdown: &str) -> String {
    let outside = |line: &str| -> String {
        let parts: Vec<&str> = line.split('`').collect();
        assert!(parts.len() % 2 == 1, "a span is open at the end of {line}");
        parts.into_iter().step_by(2).collect::<String>() + "\n"
    };
    markdown.lines().map(outside).collect()
}
