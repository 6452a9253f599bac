//! One row of a decision table for people: what it expected, what came out and which policies made it so.

use super::clean::clean;
use super::explanation::Explanations;
use super::paint::{Ink, Page};
use crate::outcome::{Expected, PolicyRef, RowRequest, Status, TestResult};
use crate::report::evidence;

/// More policies than this are explained only when verbose.
const EXPLANATIONS: usize = 2;

/// Writes one line for a row that passed or was skipped.
pub(super) fn write_brief(page: &mut Page, row: &TestResult) {
    match &row.skip_reason {
        Some(why) => page.item(Ink::Dim, "  - ", 4, &format!("{} skipped: {}", clean(&row.id), clean(why))),
        None if row.status == Status::Skip => page.item(Ink::Dim, "  - ", 4, &format!("{} skipped", clean(&row.id))),
        None => page.item(Ink::Good, "  ✓ ", 4, &clean(&row.id)),
    }
}

/// Writes rows that failed for one cause, what there is to learn from them, and an empty line.
pub(super) fn write_failed<'a>(
    page: &mut Page,
    rows: &[&'a TestResult],
    explanations: &mut Explanations<'a>,
    verbose: bool,
) {
    let Some((row, others)) = rows.split_first() else { return };
    write(page, row);
    let listed = if verbose { others.len() } else { LISTED };
    for other in others.iter().take(listed) {
        let place = if other.location.path() == row.location.path() {
            format!("{}:{}", clean(title(other)), other.location.start().line)
        } else {
            clean(&other.id).into_owned()
        };
        asked(page, &format!("    and so does {place}: "), other);
    }
    if others.len() > listed {
        page.item(Ink::Dim, "    and so do ", 6, &format!("{} more rows (-v lists them)", others.len() - listed));
    }
    let shown = if verbose { row.explanations.len() } else { EXPLANATIONS };
    for explanation in row.explanations.iter().take(shown) {
        explanations.write(page, explanation);
    }
    match row.explanations.len().saturating_sub(shown) {
        0 => {}
        1 => page.item(Ink::Dim, "    ", 4, "and one more policy (-v explains it)"),
        more => page.item(Ink::Dim, "    ", 4, &format!("and {more} more policies (-v explains them)")),
    }
    page.gap();
}

/// Writes what a row asked, on one line.
fn asked(page: &mut Page, lead: &str, row: &TestResult) {
    let Some(request) = &row.request else { return };
    let context = serde_json::from_str(request.context.get()).ok().and_then(|context| evidence::context(&context));
    let context = context.map(|context| format!(", context {context}")).unwrap_or_default();
    let RowRequest { principal, action, resource, .. } = request;
    let text = format!("principal {principal}, action {action}, resource {resource}{context}");
    page.item(Ink::Dim, lead, 6, &clean(&text));
}

/// Writes what a row that failed or could not run expected and got.
fn write(page: &mut Page, row: &TestResult) {
    let what = if row.status == Status::Error { "could not run" } else { "failed" };
    page.item(Ink::Error, &format!("  × row {what}: "), 4, &clean(title(row)));
    // One fault has a place of its own, several are shown with theirs.
    let at = if let [fault] = row.faults.as_slice() { &fault.location } else { &row.location };
    let mut place = clean(&at.label()).into_owned();
    if let Some(store) = &row.store {
        place.push_str(&format!(" in store {}", clean(store)));
    }
    page.item(Ink::Dim, "    at ", 7, &place);
    asked(page, "    asked:    ", row);
    if let Some(expected) = &row.expected {
        page.item(Ink::Dim, "    expected: ", 14, &stated(expected));
    }
    if let Some(got) = &row.got {
        // Of the many decisions that such a row is about, the one that tells most.
        let whose = row.expected.as_ref().and_then(|expected| expected.who.as_ref()).and(row.request.as_ref());
        let whose = whose.map(|request| format!(" for {}", clean(&request.principal))).unwrap_or_default();
        page.item(Ink::Dim, "    got:      ", 14, &format!("{}{whose}", got.decision.as_str()));
        for policy in &got.reason {
            page.item(Ink::Dim, "      decided by ", 8, &named(policy));
        }
        if got.reason.is_empty() {
            page.item(Ink::Dim, "      ", 8, "no policy decided");
        }
        for error in &got.errors {
            let text = format!("{}: {}", named(&error.policy), clean(&error.message));
            page.item(Ink::Dim, "      failed to evaluate: ", 8, &text);
        }
    }
    if let [_, _, ..] = row.faults.as_slice() {
        for fault in &row.faults {
            let text = format!("{} ({})", clean(&fault.message), clean(&fault.location.label()));
            page.item(Ink::Error, "    why: ", 9, &text);
            if let Some(help) = &fault.help {
                page.item(Ink::Help, "      help: ", 12, &clean(help));
            }
        }
    } else {
        // That the decision is another is said already.
        let said = match (&row.expected, &row.got) {
            (Some(Expected { who: None, decision, .. }), Some(got)) => {
                format!("expected {}, got {}", decision.as_str(), got.decision.as_str())
            }
            _ => String::new(),
        };
        let message = row.message.as_deref().map(|why| why.strip_prefix(&said).unwrap_or(why));
        if let Some(message) = message.map(|why| why.trim_start_matches("; ")).filter(|why| !why.is_empty()) {
            page.item(Ink::Error, "    why: ", 9, &clean(message));
        }
        if let Some(help) = &row.help {
            page.item(Ink::Help, "    help: ", 10, &clean(help));
        }
    }
}

/// The row's name; the file stands in the next line.
fn title(row: &TestResult) -> &str {
    row.id.strip_prefix(row.location.path()).and_then(|rest| rest.strip_prefix('#')).unwrap_or(&row.id)
}

fn stated(expected: &Expected) -> String {
    let mut text = expected.decision.as_str().to_owned();
    if let Some(who) = &expected.who {
        let names: Vec<_> = who.iter().map(|name| clean(name)).collect();
        text = match names.as_slice() {
            [] => "allow for nobody".to_owned(),
            names => format!("allow for {} and nobody else", names.join(", ")),
        };
    }
    match expected.reason.as_deref() {
        None => {}
        Some([]) => text.push_str(", no policy deciding"),
        Some(names) => {
            let names: Vec<_> = names.iter().map(|name| clean(name)).collect();
            text.push_str(&format!(", decided by {}", names.join(", ")));
        }
    }
    match expected.errors {
        None => {}
        Some(0) => text.push_str(", no policy failing to evaluate"),
        Some(1) => text.push_str(", 1 policy failing to evaluate"),
        Some(count) => text.push_str(&format!(", {count} policies failing to evaluate")),
    }
    text
}

/// Effect, id and place; the path is part of both name and place and is said once.
fn named(policy: &PolicyRef) -> String {
    let place = policy.location.label();
    let id = policy.name.strip_prefix(policy.location.path()).and_then(|rest| rest.strip_prefix('#'));
    format!("{} {} ({})", policy.effect, clean(id.unwrap_or(&policy.name)), clean(&place))
}

/// How many rows that share a cause are listed unless verbose.
const LISTED: usize = 3;

/// Writes rows that could not run for one cause, an empty line at their end.
pub(super) fn write_group(page: &mut Page, rows: &[&TestResult], verbose: bool) {
    let [first, _, ..] = rows else {
        for row in rows {
            write(page, row);
            page.gap();
        }
        return;
    };
    let message = first.message.as_deref().unwrap_or_default();
    page.item(Ink::Error, &format!("  × {} rows could not run: ", rows.len()), 4, &clean(message));
    if let Some(help) = &first.help {
        page.item(Ink::Help, "    help: ", 10, &clean(help));
    }
    let listed = if verbose { rows.len() } else { LISTED };
    for row in rows.iter().take(listed) {
        page.item(Ink::Dim, "    - ", 6, &clean(&row.id));
    }
    if rows.len() > listed {
        page.item(Ink::Dim, "    - ", 6, &format!("and {} more (-v lists them)", rows.len() - listed));
    }
    page.gap();
}
