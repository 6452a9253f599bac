//! What a run found as a list of alerts, for formats that know nothing else: findings, rows that failed, guardrails
//! that are broken, changes of permissions, and rules about the repository that became weaker. Each says where, and has
//! a fingerprint that no other has.
//!
//! # Why
//!
//! A change of permissions is an error where a gate refuses it and a note otherwise. SARIF and GitLab show all alerts,
//! worst first; JUnit those that fail the run, beside every row. Where a format has no place for what is not known
//! (GitLab, JUnit), it is an entry about the repository as a whole: an empty report would read as all clear.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::changes::{Change, Phrase, View, ruling_of};
use super::{evidence, guardrails, replay};
use crate::finding::{Environment, Evidence, Finding, Fix, Level};
use crate::outcome::changes::{Direction, Ruling, Weakened, Witness};
use crate::outcome::replay::{Changed, Replayed};
use crate::outcome::{GuardrailResult, GuardrailStatus, Outcome, RowRequest, Status, TestResult};
use crate::rule::{Basis, Precision, Rule, page_url};
use crate::text::{Location, inline};

/// What an alert can be replayed with.
#[derive(Clone, Copy)]
pub(super) enum Replay<'a> {
    /// Nothing.
    Nothing,
    /// The request that proves a finding.
    Finding(&'a Evidence),
    /// The request of a row.
    Row(&'a RowRequest),
    /// The request that shows a change.
    Change(&'a Witness),
}

/// One thing to look at. Its texts are on one line each and hold no deceptive character; they are untrusted all the
/// same.
pub(super) struct Alert<'a> {
    /// The id of a rule: of the catalogue, or of [`KINDS`].
    pub(super) rule: &'static str,
    pub(super) level: Level,
    /// One sentence.
    pub(super) message: String,
    /// More, a sentence or phrase each.
    pub(super) details: Vec<String>,
    pub(super) location: Location,
    /// Other places, and what they have to do with it.
    pub(super) related: Vec<(&'a Location, String)>,
    /// The same in every run as long as what it is about is the same; without line numbers.
    pub(super) fingerprint: String,
    pub(super) store: Option<&'a str>,
    pub(super) policy: Option<&'a str>,
    pub(super) environments: Vec<&'a Environment>,
    pub(super) replay: Replay<'a>,
    /// What mends it.
    pub(super) fix: Option<&'a Fix>,
    /// Whether the revision compared with lacks it; `None` where there is none.
    pub(super) new: Option<bool>,
    /// Whether it counts for the exit code.
    pub(super) counts: bool,
}

macro_rules! kind {
    ($name:ident, $id:literal, $level:ident, $summary:literal, $page:literal) => {
        static $name: Rule = Rule {
            id: $id,
            summary: $summary,
            level: Some(Level::$level),
            basis: Basis::Housekeeping,
            precision: Precision::Exact,
            opens: false,
            configurable: false,
            since: "0.1.0",
            page: $page,
        };
    };
}

kind!(
    ROW_FAILED,
    "row-failed",
    Error,
    "a row of a decision table gets another answer than it states",
    "The policies decide a request of a decision table otherwise than its row says. Either the policies are wrong, or the row is."
);
kind!(
    ROW_ERROR,
    "row-error",
    Error,
    "a row of a decision table cannot be run",
    "A row of a decision table was not decided, so it shows nothing. The message says what stands in the way."
);
kind!(
    GUARDRAIL_BROKEN,
    "guardrail-broken",
    Error,
    "a guardrail is broken",
    "A guardrail is a rule about the rules: a file `*.cedarguard`, a `[[guardrail.…]]` in `polcheck.toml`, or an annotation. Some \
     request that the policies decide otherwise than it demands was found, and Cedar's authorizer confirmed it. It cannot be \
     suppressed, baselined or accepted."
);
kind!(
    GUARDRAIL_VACUOUS,
    "guardrail-vacuous",
    Error,
    "a guardrail is about no request",
    "No request that the schema allows is one that the guardrail is about, so that it holds nothing: mostly a name in it is \
     misspelt, or what it was about is gone."
);
kind!(
    GAINED,
    "permission-gained",
    Note,
    "a change newly allows requests",
    "Some requests that the old revision denies are allowed by the new one. An example is decided by Cedar on both sides.\n\n\
     It is an error where a gate refuses the change: `[diff]` in `polcheck.toml`, or `--deny`."
);
kind!(
    LOST,
    "permission-lost",
    Note,
    "a change no longer allows requests",
    "Some requests that the old revision allows are denied by the new one. An example is decided by Cedar on both sides.\n\n\
     It is an error where a gate refuses the change: `[diff]` in `polcheck.toml`, or `--deny`."
);
kind!(
    WEAKENED,
    "rule-weakened",
    Warning,
    "a change holds the repository to less than before",
    "A gate, the level of a rule, a row of a decision table or the like is gone or asks for less than in the old revision, or a \
     suppression or an acceptance was added. It cannot be suppressed: whoever reviews the change should know."
);

/// The kinds of alert that are no findings, as rules. They are in no catalogue: nothing about them can be configured or
/// suppressed.
pub(super) static KINDS: &[&Rule] =
    &[&GAINED, &GUARDRAIL_BROKEN, &GUARDRAIL_VACUOUS, &LOST, &ROW_ERROR, &ROW_FAILED, &WEAKENED];

/// Where the page of `rule` can be read: of a kind of alert, that about what brings it.
pub(super) fn url(rule: &Rule) -> Option<String> {
    if !KINDS.iter().any(|kind| kind.id == rule.id) {
        return rule.url();
    }
    let page = match rule.id {
        id if id.starts_with("row-") => "tables.md",
        id if id.starts_with("guardrail-") => "guardrails.md",
        _ => "reading-a-change.md",
    };
    Some(page_url(page))
}

/// Whether `rule` is that of what gates rule on.
pub(super) fn is_change(rule: &str) -> bool {
    [GAINED.id, LOST.id, WEAKENED.id].contains(&rule)
}

/// Every alert of `outcome`, worst level first: findings, then rows, then what changed.
pub(super) fn of(outcome: &Outcome) -> Vec<Alert<'_>> {
    let findings = outcome.findings.iter();
    let mut alerts: Vec<Alert<'_>> =
        findings.map(|finding| Alert { counts: outcome.counts(finding), ..of_finding(finding) }).collect();
    let rows = outcome.tests.iter().filter(|row| row.is_bad());
    alerts.extend(rows.map(|row| Alert { counts: outcome.counts_row(row), ..of_row(row) }));
    let failing = outcome.guardrails.results.iter().filter(|one| one.status.fails());
    alerts.extend(failing.map(of_guardrail));
    if let Some(comparison) = &outcome.comparison {
        alerts.extend(View::of(comparison).changes.into_iter().map(of_change));
        alerts.extend(comparison.weakened.iter().map(of_weakened));
    }
    if let Some(replayed) = &outcome.replayed {
        alerts.extend(replay::changes(replayed).into_iter().map(|changed| of_recorded(changed, replayed)));
    }
    alerts.sort_by_key(|alert| alert.level);
    let mut seen = HashMap::<String, usize>::new();
    for alert in &mut alerts {
        let count = seen.entry(alert.fingerprint.clone()).or_default();
        *count += 1;
        if *count > 1 {
            alert.fingerprint = hash(&[&alert.fingerprint, &count.to_string()]);
        }
    }
    alerts
}

/// A fingerprint that stands on `parts`.
pub(super) fn hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn example(evidence: &Evidence) -> String {
    format!("for example: {}", inline(&evidence::sentence(evidence)))
}

fn of_finding(finding: &Finding) -> Alert<'_> {
    let mut details: Vec<String> = finding.help.iter().map(|help| format!("help: {}", inline(help))).collect();
    details.extend(finding.evidence.as_ref().map(example));
    Alert {
        rule: finding.rule,
        level: finding.level,
        message: inline(&finding.message).into_owned(),
        details,
        location: finding.location.clone(),
        related: (finding.also.iter().map(|at| (at, "the same".to_owned())))
            .chain(finding.related.iter().map(|at| (&at.location, inline(&at.message).into_owned())))
            .collect(),
        fingerprint: finding.fingerprint.clone(),
        store: finding.store.as_deref(),
        policy: finding.policy.as_deref(),
        environments: finding.environments.iter().collect(),
        replay: finding.evidence.as_ref().map_or(Replay::Nothing, Replay::Finding),
        fix: finding.fix.as_ref(),
        new: finding.new,
        counts: true,
    }
}

fn of_row(row: &TestResult) -> Alert<'_> {
    let rule = if row.status == Status::Fail { &ROW_FAILED } else { &ROW_ERROR };
    let why = row.message.as_deref().unwrap_or(rule.summary);
    let mut details: Vec<String> = row.help.iter().map(|help| format!("help: {}", inline(help))).collect();
    details.extend(row.request.as_ref().map(|request| {
        let RowRequest { principal, action, resource, .. } = request;
        inline(&format!("request: principal {principal}, action {action}, resource {resource}")).into_owned()
    }));
    let decided = row.got.iter().flat_map(|got| &got.reason);
    let failed = row.got.iter().flat_map(|got| &got.errors);
    let decided = decided.map(|policy| (&policy.location, format!("this {} decides it", policy.effect)));
    let failed = failed.map(|error| (&error.policy.location, format!("this fails: {}", inline(&error.message))));
    Alert {
        rule: rule.id,
        level: Level::Error,
        message: format!("{}: {}", inline(&row.id), inline(why)),
        details,
        location: row.location.clone(),
        related: decided.chain(failed).collect(),
        fingerprint: hash(&[rule.id, &row.id]),
        store: row.store.as_deref(),
        policy: None,
        environments: Vec::new(),
        replay: row.request.as_ref().map_or(Replay::Nothing, Replay::Row),
        fix: None,
        new: row.new,
        counts: true,
    }
}

/// At the policy that lets something slip through; at the guardrail where none does.
/// The rule that a broken guardrail breaks.
pub(super) fn broken_rule(one: &GuardrailResult) -> &'static str {
    one.rule.unwrap_or(GUARDRAIL_BROKEN.id)
}

fn of_guardrail(one: &GuardrailResult) -> Alert<'_> {
    let rule = match one.status {
        GuardrailStatus::Vacuous => GUARDRAIL_VACUOUS.id,
        _ => broken_rule(one),
    };
    let slip = one.slips.first();
    let mut details: Vec<String> = guardrails::details(one);
    details.extend(slip.into_iter().flat_map(guardrails::evidences).map(example));
    let location = one.at_fault.first().map_or(&one.location, |cause| &cause.location);
    let others = one.at_fault.iter().skip(1);
    Alert {
        rule,
        level: Level::Error,
        message: inline(&guardrails::verdict(one)).into_owned(),
        details,
        location: location.clone(),
        related: std::iter::once((&one.location, "the guardrail".to_owned()))
            .chain(others.map(|cause| (&cause.location, format!("this {} {}", cause.effect, cause.does))))
            .collect(),
        fingerprint: hash(&[rule, one.kind, &one.id, slip.map_or("", |slip| &slip.store)]),
        store: slip.map(|slip| slip.store.as_str()),
        policy: one.at_fault.first().map(|cause| cause.policy.as_str()),
        environments: one.slips.iter().map(|slip| &slip.environment).collect(),
        replay: slip.map_or(Replay::Nothing, |slip| Replay::Finding(&slip.evidence)),
        fix: None,
        new: one.broken_before.map(|before| !before),
        counts: true,
    }
}

/// What is said of a change besides its sentence.
pub(super) fn details_of(change: &Change<'_>) -> impl Iterator<Item = Phrase> {
    change.rulings.iter().cloned().chain(change.edits.clone()).chain(change.conditions())
}

/// What is said of a change in this direction is listed as this.
fn rule_of(direction: Direction) -> &'static Rule {
    match direction {
        Direction::Gained => &GAINED,
        Direction::Lost => &LOST,
    }
}

/// At the line that brings the change about; at the repository as a whole where no policy does.
fn of_change(change: Change<'_>) -> Alert<'_> {
    let rule = rule_of(change.group.direction);
    let mut details: Vec<String> = details_of(&change).map(|phrase| inline(&phrase.plain()).into_owned()).collect();
    let shown = change.effects().next();
    details.extend(shown.map(|effect| example(&effect.witness.evidence)));
    let causes = change.group.causes.iter();
    let old = || causes.clone().filter_map(|cause| cause.old.as_ref());
    let anchor = change.anchor().or_else(|| old().next());
    Alert {
        rule: rule.id,
        level: if change.refused { Level::Error } else { Level::Note },
        message: inline(&change.sentence.plain()).into_owned(),
        details,
        location: anchor.cloned().unwrap_or_else(repository),
        related: (causes.clone())
            .filter_map(|cause| cause.new.as_ref().filter(|at| !anchor.is_some_and(|anchor| holds(at, anchor))))
            .map(|at| (at, "this is part of it".to_owned()))
            .collect(),
        fingerprint: hash(&[rule.id, &change.group.fingerprint]),
        store: change.store,
        policy: None,
        environments: change.environments,
        replay: shown.map_or(Replay::Nothing, |effect| Replay::Change(&effect.witness)),
        fix: None,
        new: None,
        counts: true,
    }
}

/// Whether `inner` lies in `outer`.
fn holds(outer: &Location, inner: &Location) -> bool {
    outer.path() == inner.path() && (outer.span.start..=outer.span.end).contains(&inner.span.start)
}

fn of_weakened(weakened: &Weakened) -> Alert<'_> {
    Alert {
        rule: WEAKENED.id,
        level: if weakened.ruling == Ruling::Refused { Level::Error } else { Level::Warning },
        message: inline(&weakened.what).into_owned(),
        details: ruling_of(weakened).map(|ruling| inline(&ruling).into_owned()).into_iter().collect(),
        location: weakened.location.clone(),
        related: Vec::new(),
        fingerprint: hash(&[WEAKENED.id, weakened.kind, &weakened.what]),
        store: None,
        policy: None,
        environments: Vec::new(),
        replay: Replay::Nothing,
        fix: None,
        new: None,
        counts: true,
    }
}

/// Recorded decisions that change alike: about the repository as a whole.
fn of_recorded<'a>(changed: &'a Changed, replayed: &Replayed) -> Alert<'a> {
    let direction = changed.key.direction;
    let rule = rule_of(direction);
    let (action, who) = (inline(&changed.key.action), replay::principals(&changed.principals));
    let lines = replay::records(changed.lines);
    let places = changed.examples().map(|example| format!("for example: {}", inline(&replay::place(&example.place))));
    let policies = |names: &[String]| names.join("\n");
    Alert {
        rule: rule.id,
        level: if replayed.deny.contains(&direction) { Level::Error } else { Level::Note },
        message: format!(
            "{action} is {} in {lines} of {who}: {}",
            direction.as_str(),
            replay::decided(changed, replayed)
        ),
        details: places.collect(),
        location: repository(),
        related: Vec::new(),
        fingerprint: hash(&[
            rule.id,
            &changed.key.store,
            &changed.key.action,
            &policies(&changed.key.from),
            &policies(&changed.key.to),
        ]),
        store: Some(&changed.key.store),
        policy: None,
        environments: Vec::new(),
        replay: Replay::Nothing,
        fix: None,
        new: None,
        counts: true,
    }
}

/// The place of what is about no file.
pub(super) fn repository() -> Location {
    Location::of_path(".")
}
