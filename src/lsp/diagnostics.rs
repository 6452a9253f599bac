//! What was found, as diagnostics of the files in which it stands.

use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;
use std::sync::Arc;

use lsp_types::{CodeDescription, Diagnostic, DiagnosticSeverity, DiagnosticTag, NumberOrString, Range, Uri};
use serde_json::{Value, json};

use super::client::Client;
use super::documents::Snapshot;
use super::positions::Lines;
use super::uri::uri_of;
use crate::finding::{Finding, Level};
use crate::outcome::{GuardrailStatus, TestResult, Weight};
use crate::run::{Editing, Look, finds_what_is_idle};
use crate::text::{Location, SourceFile};

/// How places of files are said to a client: open texts as the editor counts them, others as they lie on the disk.
pub(super) struct Places<'p> {
    editing: &'p Editing,
    snapshot: &'p Snapshot,
    client: &'p Client,
    /// By address of the file.
    lines: HashMap<usize, Lines<'p>>,
}

impl<'p> Places<'p> {
    pub(super) fn new(editing: &'p Editing, snapshot: &'p Snapshot, client: &'p Client) -> Self {
        Self { editing, snapshot, client, lines: HashMap::new() }
    }

    /// What the file at `path` is called.
    pub(super) fn uri(&self, path: &str) -> String {
        match self.snapshot.documents.get(path) {
            Some(document) => document.uri.clone(),
            None => uri_of(&self.editing.root().join(path)),
        }
    }

    /// Where `location` is, in the file that people see.
    pub(super) fn range(&mut self, location: &'p Location) -> Range {
        let shown = location.shown();
        let file: &'p Arc<SourceFile> = location.shown_file();
        let open = self.snapshot.documents.contains_key(location.path());
        let encoding = self.client.encoding;
        let lines = self.lines.entry(Arc::as_ptr(file).addr()).or_insert_with(|| {
            if open { Lines::new(file.text(), encoding) } else { Lines::of_file(file.text(), encoding) }
        });
        lines.range(shown.span)
    }
}

/// The diagnostics of all files of a look, by path.
pub(super) fn diagnostics<'l>(look: &'l Look, places: &mut Places<'l>) -> BTreeMap<&'l str, Vec<Value>> {
    let mut all: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    let mut add = |path: &'l str, diagnostic: Value| all.entry(path).or_default().push(diagnostic);
    let outcome = &look.outcome;
    for finding in outcome.findings.iter().filter(|finding| outcome.counts(finding)) {
        add(finding.location.path(), of_finding(look, finding, places));
    }
    for row in outcome.tests.iter().filter(|row| row.is_bad()) {
        add(row.location.path(), of_row(row, places));
    }
    let unkept = |status: GuardrailStatus| !matches!(status, GuardrailStatus::Holds | GuardrailStatus::NotCovered);
    for one in outcome.guardrails.results.iter().filter(|one| unkept(one.status)) {
        let message = match (&one.reason, one.slips.first()) {
            (Some(reason), _) => format!("guardrail `{}`: {reason}", crate::text::inline(&one.id)),
            (None, Some(slip)) => {
                let at = &slip.environment;
                let who: Vec<&str> = slip.causes.iter().map(|cause| cause.policy.as_str()).collect();
                let by = if who.is_empty() { String::new() } else { format!(", by {}", who.join(" and ")) };
                format!(
                    "guardrail `{}` is broken: {}, {}, {}{}",
                    crate::text::inline(&one.id),
                    crate::text::inline(&at.principal),
                    crate::text::inline(&at.action),
                    crate::text::inline(&at.resource),
                    crate::text::inline(&by)
                )
            }
            (None, None) => format!("guardrail `{}` is {}", crate::text::inline(&one.id), one.status.as_str()),
        };
        let severity = if one.status.fails() { DiagnosticSeverity::ERROR } else { DiagnosticSeverity::WARNING };
        add(one.location.path(), plain(places.range(&one.location), severity, "guardrail", &message));
    }
    for notice in &outcome.notices {
        let Some(location) = &notice.location else { continue };
        let severity = match notice.kind.weight() {
            Weight::Inconclusive => DiagnosticSeverity::WARNING,
            Weight::Unchecked => DiagnosticSeverity::INFORMATION,
            Weight::Remark | Weight::Detail => continue,
        };
        add(location.path(), plain(places.range(location), severity, notice.kind.as_str(), &notice.message));
    }
    all
}

/// What a diagnostic of a finding carries, by which an action finds it again.
pub(super) fn data(finding: &Finding) -> Value {
    json!({ "fingerprint": finding.fingerprint })
}

/// `finding` as a diagnostic.
pub(super) fn of_finding<'l>(look: &'l Look, finding: &'l Finding, places: &mut Places<'l>) -> Value {
    let client = places.client;
    let rule = look.outcome.catalogue.get(finding.rule);
    let href = rule.and_then(|rule| rule.url()).and_then(|url| Uri::from_str(&url).ok());
    let mut message = finding.message.clone();
    if let Some(help) = &finding.help {
        message.push_str("\nhelp: ");
        message.push_str(help);
    }
    let idle = client.tags && finds_what_is_idle(finding.rule);
    let diagnostic = Diagnostic {
        range: places.range(&finding.location),
        severity: Some(severity(finding.level)),
        code: Some(NumberOrString::String(finding.rule.to_owned())),
        code_description: href.filter(|_| client.code_description).map(|href| CodeDescription { href }),
        source: Some("polcheck".to_owned()),
        message,
        related_information: None,
        tags: idle.then(|| vec![DiagnosticTag::UNNECESSARY]),
        data: client.data.then(|| data(finding)),
    };
    let mut value = serde_json::to_value(diagnostic).unwrap_or_default();
    if client.related {
        let mut related = Vec::new();
        let mut tell = |location: &'l Location, message: &str, places: &mut Places<'l>| {
            let range = places.range(location);
            related.push(json!({
                "location": { "uri": places.uri(location.path()), "range": range }, "message": message,
            }));
        };
        for other in &finding.related {
            tell(&other.location, &other.message, places);
        }
        for also in &finding.also {
            tell(also, "the same here", places);
        }
        if !related.is_empty()
            && let Some(fields) = value.as_object_mut()
        {
            fields.insert("relatedInformation".to_owned(), Value::Array(related));
        }
    }
    value
}

fn severity(level: Level) -> DiagnosticSeverity {
    match level {
        Level::Error => DiagnosticSeverity::ERROR,
        Level::Warning => DiagnosticSeverity::WARNING,
        Level::Note => DiagnosticSeverity::HINT,
    }
}

fn of_row<'l>(row: &'l TestResult, places: &mut Places<'l>) -> Value {
    let message = row.message.as_deref().unwrap_or("the row failed");
    let why: Vec<&str> = row.explanations.iter().take(3).map(|one| one.sentence.as_str()).collect();
    let help = row.help.as_deref().map(|help| format!("help: {help}"));
    let lines: Vec<&str> = std::iter::once(message).chain(why).chain(help.as_deref()).collect();
    let range = places.range(&row.location);
    plain(range, DiagnosticSeverity::ERROR, row.status.as_str(), &lines.join("\n"))
}

fn plain(range: Range, severity: DiagnosticSeverity, code: &str, message: &str) -> Value {
    let diagnostic = Diagnostic {
        range,
        severity: Some(severity),
        code: Some(NumberOrString::String(code.to_owned())),
        source: Some("polcheck".to_owned()),
        message: message.to_owned(),
        ..Diagnostic::default()
    };
    serde_json::to_value(diagnostic).unwrap_or_default()
}
