//! `--report gitlab`: a Code Quality report (docs.gitlab.com, "Code Quality", "Code Quality report format").

use serde::Serialize;

use super::alerts::{self, Alert};
use super::verdict::{not_validated, verdict_line};
use crate::finding::Level;
use crate::outcome::{Notice, Outcome, Verdict};
use crate::report::{Format, Options, json_text};
use crate::text::inline;

/// The format.
pub(super) static FORMAT: Format = Format {
    name: "gitlab",
    about: "GitLab Code Quality, for the widget of a merge request",
    every_row: false,
    render,
};

/// Longer descriptions are cut, in characters.
const LONGEST: usize = 4_000;

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: &'a str,
    severity: &'static str,
    location: Place<'a>,
}

#[derive(Serialize)]
struct Place<'a> {
    path: &'a str,
    lines: Lines,
}

/// 1-based, the last one included.
#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

/// Every alert, notes included, worst first, and what is not known: an empty report would read as all clear. Options
/// change nothing.
fn render(outcome: &Outcome, _options: &Options) -> String {
    let mut alerts: Vec<Alert<'_>> = outcome.inconclusive().map(of_notice).collect();
    if outcome.verdict() == Verdict::NothingChecked {
        alerts.push(of_run("nothing-checked", &verdict_line(outcome)));
    }
    let bare =
        not_validated(outcome).map(|_| Alert { level: Level::Note, ..of_run("not-validated", &verdict_line(outcome)) });
    alerts.extend(alerts::of(outcome));
    alerts.extend(bare);
    json_text::to_text(&alerts.iter().map(issue).collect::<Vec<_>>())
}

fn of_run(rule: &'static str, why: &str) -> Alert<'static> {
    let message = inline(why).into_owned();
    Alert {
        rule,
        level: Level::Error,
        fingerprint: alerts::hash(&[rule, &message]),
        message,
        details: Vec::new(),
        location: alerts::repository(),
        related: Vec::new(),
        store: None,
        policy: None,
        environments: Vec::new(),
        replay: alerts::Replay::Nothing,
        fix: None,
        new: None,
        counts: true,
    }
}

/// What could not be decided, where it stands if it stands anywhere.
fn of_notice(notice: &Notice) -> Alert<'_> {
    let alert = of_run("inconclusive", &notice.message);
    Alert {
        location: notice.location.clone().unwrap_or(alert.location),
        store: notice.store.as_deref(),
        policy: notice.policy.as_deref(),
        ..alert
    }
}

fn issue<'a>(alert: &'a Alert<'_>) -> Issue<'a> {
    let text: Vec<&str> = std::iter::once(&alert.message).chain(&alert.details).map(String::as_str).collect();
    let text = text.join("; ");
    let description = match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{} ...", text.get(..at).unwrap_or_default()),
        None => text,
    };
    let location = &alert.location;
    let shown = location.shown();
    let covered = shown.text().trim_end_matches(['\r', '\n']).len();
    let lines = Lines { begin: shown.start().line, end: shown.file.line(shown.span.start + covered) };
    Issue {
        description,
        check_name: alert.rule,
        fingerprint: &alert.fingerprint,
        severity: match alert.level {
            Level::Error => "critical",
            Level::Warning => "minor",
            Level::Note => "info",
        },
        location: Place { path: if location.path().is_empty() { "." } else { location.path() }, lines },
    }
}
