//! From an outcome to a SARIF log.

use std::collections::HashMap;

use super::model::{
    Artifact, BaseId, BaseIds, Configuration, Driver, Fingerprints, Help, Invocation, Log, Logical, Message,
    Notification, Physical, Place, Region, ReportingDescriptor, Res, ResultProperties, RuleProperties, Run, Tool,
};
use crate::finding::{Finding, Level};
use crate::outcome::{Outcome, Verdict};
use crate::report::changes::View;
use crate::report::{Options, json_text};
use crate::rule::{Basis, Rule};
use crate::text::Location;

/// Every finding, notes included; options change nothing.
pub(super) fn render(outcome: &Outcome, _options: &Options) -> String {
    let index: HashMap<&str, usize> = outcome.catalogue.iter().enumerate().map(|(at, rule)| (rule.id, at)).collect();
    let version = env!("CARGO_PKG_VERSION");
    let run = Run {
        tool: Tool {
            driver: Driver {
                name: "polcheck",
                version,
                semantic_version: version,
                rules: outcome.catalogue.iter().map(descriptor).collect(),
            },
        },
        invocations: [invocation(outcome)],
        original_uri_base_ids: BaseIds { root: BaseId { description: message("The repository's root.") } },
        column_kind: "unicodeCodePoints",
        results: outcome.findings.iter().map(|finding| result(finding, index.get(finding.rule).copied())).collect(),
    };
    let schema = "https://json.schemastore.org/sarif-2.1.0.json";
    json_text::to_text(&Log { schema, version: "2.1.0", runs: [run] })
}

/// What could not be decided or checked, and changes of permissions, which are no state of a file that an alert could be about, are
/// said as notifications, so that no result never reads as all clear.
fn invocation(outcome: &Outcome) -> Invocation {
    let notification = |level, text: &String| Notification { level, message: message(text) };
    let undecided = outcome.inconclusive.iter().map(|why| notification("error", why));
    let unchecked = outcome.gaps.iter().map(|gap| notification("note", gap));
    let changes = outcome.comparison.as_ref().map(|comparison| View::of(comparison).changes).unwrap_or_default();
    let changed = (changes.iter())
        .map(|change| notification(if change.refused { "error" } else { "note" }, &change.sentence.plain()));
    let weakened = outcome.comparison.iter().flat_map(|comparison| &comparison.weakened);
    let weakened = weakened.map(|weakened| notification("error", &weakened.what));
    Invocation {
        execution_successful: outcome.verdict() != Verdict::Error,
        exit_code: outcome.exit_code(),
        tool_execution_notifications: undecided.chain(unchecked).chain(weakened).chain(changed).collect(),
    }
}

fn descriptor(rule: &'static Rule) -> ReportingDescriptor {
    let first = rule.page.split("\n\n").map(str::trim).find(|part| !part.is_empty() && !part.starts_with('#'));
    let page = if rule.page.trim().is_empty() { rule.summary } else { rule.page };
    let basis = match rule.basis {
        Basis::Text => "syntax",
        Basis::Symbolic => "proof",
        Basis::Validator => "validation",
        Basis::Housekeeping => "repository",
    };
    let level = rule.level.unwrap_or(Level::Warning);
    let severity = if level == Level::Note { "recommendation" } else { level.as_str() };
    ReportingDescriptor {
        id: rule.id,
        short_description: message(rule.summary),
        full_description: message(&first.unwrap_or(rule.summary).replace('\n', " ")),
        help: Help { text: page, markdown: page },
        default_configuration: Configuration { enabled: rule.level.is_some(), level: level.as_str() },
        properties: RuleProperties {
            precision: rule.precision.as_str(),
            severity,
            tags: ["authorization", "cedar", basis],
        },
    }
}

fn result(finding: &Finding, rule_index: Option<usize>) -> Res<'_> {
    let related = |(at, related): (usize, &crate::finding::Related)| Place {
        id: Some(at + 1),
        message: Some(message(&related.message)),
        physical_location: physical(&related.location),
        logical_locations: None,
    };
    let logical = |policy| [Logical { fully_qualified_name: policy, kind: "policy" }];
    Res {
        rule_id: finding.rule,
        rule_index,
        level: finding.level.as_str(),
        message: message(&finding.message),
        locations: [Place {
            id: None,
            message: None,
            physical_location: physical(&finding.location),
            logical_locations: finding.policy.as_deref().map(logical),
        }],
        related_locations: finding.related.iter().enumerate().map(related).collect(),
        partial_fingerprints: Fingerprints { polcheck: &finding.fingerprint },
        properties: ResultProperties {
            help: finding.help.as_deref(),
            store: finding.store.as_deref(),
            environments: &finding.environments,
        },
    }
}

/// A plain-text message. Section 3.11.6 makes a link of `[text](target)` in one; ours link nowhere, so that of an untrusted
/// text is broken with a space.
fn message(text: &str) -> Message {
    Message { text: text.replace("](", "] (") }
}

fn physical(location: &Location) -> Physical {
    let (start, end) = (location.start(), location.end());
    Physical {
        artifact_location: Artifact { uri: uri(location.path()), uri_base_id: "%SRCROOT%" },
        region: Region {
            start_line: start.line,
            start_column: start.column,
            end_line: end.line,
            end_column: end.column,
            byte_offset: location.span.start,
            byte_length: location.span.len(),
        },
    }
}

/// A relative path as a relative reference (RFC 3986): every byte but the unreserved and `/` percent-encoded.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.trim_start_matches('/').bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
