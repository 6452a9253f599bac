//! From an outcome to a SARIF log.
//!
//! # Why
//!
//! Code scanning takes 25,000 results and what compresses to 10 MB. Its limits are met by leaving out the mildest and
//! saying how many.

use std::collections::{HashMap, HashSet};

use super::model::{
    Automation, BaseId, BaseIds, Driver, Fingerprints, Invocation, Log, Logical, Notification, Place, ReplayJson, Res,
    ResultProperties, RuleReference, Run, Tool, message,
};
use super::places::physical;
use super::{fixes, line_hash, rules};
use crate::finding::Finding;
use crate::outcome::{Notice, Outcome, Verdict, Weight};
use crate::report::alerts::{self, Alert, Replay};
use crate::report::counted::counted;
use crate::report::verdict::not_validated;
use crate::report::{Options, json_text};
use crate::text::{Location, inline};

/// Code scanning refuses a run with more results, and shows the first 5,000.
const MOST_RESULTS: usize = 25_000;
const MOST_SHOWN: usize = 5_000;
/// Code scanning shows no more places of a result, and refuses ten times as many.
const MOST_PLACES: usize = 100;
/// Places that a message links to, which is how code scanning shows them.
const MOST_LINKS: usize = 10;
/// Longer messages are cut, in characters; they may stand in a list.
const LONGEST_MESSAGE: usize = 4_000;
/// Code scanning refuses more than 10 MB after compression. Results compress to a tenth or less; what an attacker wrote
/// may not.
const LONGEST_RESULTS: usize = 24 * 1024 * 1024;
/// Longer evidence is left out: `--report json` has it.
const LONGEST_EVIDENCE: usize = 64 * 1024;

/// Every alert, notes included, worst first; options change nothing.
pub(super) fn render(outcome: &Outcome, _options: &Options) -> String {
    let catalogue: Vec<_> = outcome.catalogue.iter().chain(alerts::KINDS.iter().copied()).collect();
    let index: HashMap<&str, usize> = catalogue.iter().enumerate().map(|(at, rule)| (rule.id, at)).collect();
    let alerts = alerts::of(outcome);
    let mut worst = HashMap::new();
    for alert in &alerts {
        // The alerts are sorted, so the first is the worst.
        worst.entry(alert.rule).or_insert(alert.level);
    }
    let mut lines = Lines::default();
    let (mut results, mut length) = (Vec::new(), 0);
    for alert in alerts.iter().take(MOST_RESULTS) {
        let result = result(alert, index.get(alert.rule).copied(), &mut lines, results.len() < MOST_SHOWN);
        length += serde_json::to_string(&result).map_or(0, |text| text.len());
        if length > LONGEST_RESULTS {
            break;
        }
        results.push(result);
    }
    let version = env!("CARGO_PKG_VERSION");
    let run = Run {
        tool: Tool {
            driver: Driver {
                name: "polcheck",
                version,
                semantic_version: version,
                rules: catalogue.iter().map(|rule| rules::descriptor(rule, worst.get(rule.id).copied())).collect(),
            },
        },
        automation_details: Automation { id: format!("polcheck/{}/", outcome.command) },
        invocations: [invocation(outcome, alerts.len(), results.len())],
        original_uri_base_ids: BaseIds { root: BaseId { description: message("The repository's root.") } },
        column_kind: "unicodeCodePoints",
        results,
    };
    let schema = "https://json.schemastore.org/sarif-2.1.0.json";
    json_text::to_text(&Log { schema, version: "2.1.0", runs: [run] })
}

/// What is no result: questions that are open, what was not checked, what was suppressed, and how many results are left
/// out or not shown.
///
/// SARIF can mark a result as suppressed, but code scanning does not read that mark and would open an alert for what
/// was suppressed. As notifications, the findings with their reasons are kept and no alert is opened.
fn invocation(outcome: &Outcome, all: usize, kept: usize) -> Invocation<'_> {
    let undecided = outcome.inconclusive().map(|notice| anchored("error", notice));
    let cut = (kept < all).then(|| {
        let count = counted(all - kept, "result is", "results are");
        let why = format!("code scanning takes {MOST_RESULTS} results and 10 MB; the worst are kept");
        Notification::new("error", &format!("{count} left out here: {why}, and `--report json` has all"))
    });
    let hidden = (kept > MOST_SHOWN).then(|| {
        Notification::new("warning", &format!("code scanning shows the first {MOST_SHOWN} of these {kept} results"))
    });
    let nothing =
        (outcome.verdict() == Verdict::NothingChecked).then(|| Notification::new("error", "nothing was checked"));
    let bare = not_validated(outcome).map(|what| Notification::new("warning", &what));
    let unchecked = outcome.notices_of(Weight::Unchecked).map(|notice| anchored("note", notice));
    let suppressed = outcome.suppressed.iter().map(|(finding, reason)| suppressed(finding, reason));
    Invocation {
        execution_successful: outcome.verdict() != Verdict::Error,
        exit_code: outcome.exit_code(),
        tool_execution_notifications: undecided
            .chain(cut)
            .chain(hidden)
            .chain(nothing)
            .chain(bare)
            .chain(unchecked)
            .chain(suppressed)
            .collect(),
    }
}

/// A notice at its place, if it has one.
fn anchored<'a>(level: &'static str, notice: &'a Notice) -> Notification<'a> {
    Notification {
        locations: notice.location.iter().map(place).collect(),
        ..Notification::new(level, &inline(&notice.message))
    }
}

fn place(location: &Location) -> Place<'_> {
    Place { id: None, physical_location: physical(location), logical_locations: None, message: None }
}

fn suppressed<'a>(finding: &'a Finding, reason: &str) -> Notification<'a> {
    let text = format!("suppressed ({}): {}", inline(reason), inline(&finding.message));
    Notification {
        associated_rule: Some(RuleReference { id: finding.rule }),
        locations: vec![place(&finding.location)],
        ..Notification::new("none", &cut(&text))
    }
}

/// `shown`: whether the result is one that code scanning shows, so that it is worth its evidence.
fn result<'a>(alert: &'a Alert<'a>, rule_index: Option<usize>, lines: &mut Lines, shown: bool) -> Res<'a> {
    let related = alert.related.iter().take(MOST_PLACES - 1).enumerate().map(|(at, (location, what))| Place {
        id: Some(at + 1),
        message: Some(message(&cut(what))),
        physical_location: physical(location),
        logical_locations: None,
    });
    Res {
        rule_id: alert.rule,
        rule_index,
        level: alert.level.as_str(),
        baseline_state: alert.new.map(|new| if new && alert.counts { "new" } else { "unchanged" }),
        message: result_message(alert),
        locations: [Place {
            id: None,
            message: None,
            physical_location: physical(&alert.location),
            logical_locations: alert.policy.map(|policy| [Logical { fully_qualified_name: policy, kind: "policy" }]),
        }],
        related_locations: related.collect(),
        partial_fingerprints: Fingerprints { line: lines.fingerprint(alert), polcheck: &alert.fingerprint },
        fixes: alert.fix.into_iter().filter(|_| shown).map(fixes::fix).collect(),
        properties: ResultProperties {
            store: alert.store,
            environments: &alert.environments,
            evidence: if shown { replay(alert.replay) } else { None },
        },
    }
}

/// The sentence, which is all that code scanning shows where it has little room, what else there is to say, and links
/// to the related places.
fn result_message(alert: &Alert<'_>) -> super::model::Message {
    let mut lines = vec![format!("{}.", alert.message)];
    lines.extend(alert.details.iter().cloned());
    let mut text = message(&cut(&lines.join("\n"))).text;
    for (at, (_, what)) in alert.related.iter().take(MOST_LINKS).enumerate() {
        text.push_str(&format!("\nsee [here]({}): {}", at + 1, message(&cut(what)).text));
    }
    super::model::Message { text }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_MESSAGE) {
        Some((at, _)) => format!("{} ...", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn replay(replay: Replay<'_>) -> Option<ReplayJson<'_>> {
    let json = match replay {
        Replay::Nothing => return None,
        Replay::Finding(evidence) => ReplayJson::Evidence(evidence),
        Replay::Row(request) => ReplayJson::Row { request },
        Replay::Change(witness) => ReplayJson::Change {
            new: &witness.evidence,
            old_request: witness.old.as_ref().map(|old| &old.request),
            old_entities: witness.old.as_ref().map(|old| &old.entities),
        },
    };
    let length = serde_json::to_string(&json).map_or(0, |text| text.len());
    (length <= LONGEST_EVIDENCE).then_some(json)
}

/// The hashes of lines, computed once for each file, and which of them a rule has used up.
#[derive(Default)]
struct Lines {
    of_file: HashMap<*const crate::text::SourceFile, Vec<String>>,
    used: HashSet<(&'static str, String, String)>,
}

impl Lines {
    /// What code scanning knows the alert by, together with rule and path. A second alert of a rule on one line gets a
    /// value of its own: with the first's, it would be taken for the same alert and not be shown.
    fn fingerprint(&mut self, alert: &Alert<'_>) -> Option<String> {
        let file = alert.location.shown_file();
        if file.text().is_empty() {
            return None;
        }
        let hashes =
            self.of_file.entry(std::sync::Arc::as_ptr(file)).or_insert_with(|| line_hash::of_lines(file.text()));
        let hash = hashes.get(physical(&alert.location).region.start_line - 1)?.clone();
        if self.used.insert((alert.rule, file.path().to_owned(), hash.clone())) {
            return Some(hash);
        }
        Some(format!("{hash}:{}", alert.fingerprint))
    }
}
