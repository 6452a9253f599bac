//! `--report csv`: for spreadsheets. Who may do what, a request a line; of every other run the findings and the rows
//! that did not pass.
//!
//! Cells that a spreadsheet would run are made text (<https://owasp.org/www-community/attacks/CSV_Injection>); quotes
//! are those of RFC 4180.

use super::access::{each, word};
use super::replay;
use super::{Format, Options};
use crate::outcome::changes::Direction;
use crate::outcome::replay::{Period, Replayed};
use crate::outcome::{Access, Outcome, StoreImpact, WhoCan};
use crate::text::inline;

/// The format.
pub(super) static FORMAT: Format = Format { name: "csv", about: "for spreadsheets", every_row: false, render };

/// So many requests are listed.
const LISTED: usize = 1_000_000;

fn render(outcome: &Outcome, _: &Options) -> String {
    match (&outcome.who_can, &outcome.replayed) {
        (Some(who_can), _) => requests(who_can),
        (None, Some(replayed)) => recorded(replayed),
        (None, None) => found(outcome),
    }
}

fn requests(who_can: &WhoCan) -> String {
    let compared = who_can.sides.is_some();
    let mut head = vec!["store", "principal", "action", "resource", "decision", "condition", "when", "unless"];
    if compared {
        head.extend(["before", "condition before", "when before", "unless before"]);
    }
    let mut text = line(&head);
    each(who_can, LISTED, &mut |store, [principal, action, resource], group| {
        let now = conditions(&group.now);
        let mut cells = vec![store, principal, action, resource, group.now.as_str()];
        cells.extend(now.iter().map(String::as_str));
        let before = group.before.as_ref().map(|before| (before.as_str(), conditions(before)));
        if let Some((decision, before)) = &before {
            cells.push(decision);
            cells.extend(before.iter().map(String::as_str));
        }
        text.push_str(&line(&cells));
    });
    text
}

/// What the context is asked, as one expression, and its parts: what permits ask, of which one has to hold, and what
/// forbids ask, of which none may. They say what the expression does not: a part that errs does not hold, and the
/// others are asked all the same. Nothing of an expression is a `;` outside of strings.
fn conditions(access: &Access) -> [String; 3] {
    let Some(condition) = access.condition() else { return Default::default() };
    [condition.text(), condition.when.join("; "), condition.unless.join("; ")]
}

/// Every request whose decision changes, of each store: hands `write` a line after the other, until it says that it
/// wants no more.
pub fn list_impact(impact: &[StoreImpact], write: &mut dyn FnMut(&str) -> bool) {
    let head = [
        "change",
        "store",
        "principal",
        "action",
        "resource",
        "before",
        "condition before",
        "now",
        "condition",
        "when before",
        "unless before",
        "when",
        "unless",
    ];
    if !write(&line(&head)) {
        return;
    }
    for store in impact {
        for group in &store.groups {
            let change = word(group);
            let before = group.before.as_ref().map_or("deny", Access::as_str);
            let [text_before, when_before, unless_before] = group.before.as_ref().map(conditions).unwrap_or_default();
            let [text, when, unless] = conditions(&group.now);
            for principal in group.principals.iter() {
                for action in group.actions.iter() {
                    for resource in group.resources.iter() {
                        let cells = [
                            change,
                            &store.store,
                            principal,
                            action,
                            resource,
                            before,
                            &text_before,
                            group.now.as_str(),
                            &text,
                            &when_before,
                            &unless_before,
                            &when,
                            &unless,
                        ];
                        if !write(&line(&cells)) {
                            return;
                        }
                    }
                }
            }
        }
    }
}

/// What recorded decisions say: a line for each change, name, permit and cause.
fn recorded(replayed: &Replayed) -> String {
    let mut text = line(&[
        "by", "name", "side", "store", "change", "records", "gained", "lost", "outside", "first", "last", "more",
    ]);
    let mut add = |cells: [&str; 6], [records, gained, lost, outside]: [u64; 4], period: &Period| {
        let [by, name, side, store, change, more] = cells;
        let time = |at: Option<i64>| at.map(replay::time).unwrap_or_default();
        let numbers = [records, gained, lost, outside].map(|number| number.to_string());
        let [records, gained, lost, outside] = &numbers;
        let (first, last) = (time(period.first), time(period.last));
        text.push_str(&line(&[by, name, side, store, change, records, gained, lost, outside, &first, &last, more]));
    };
    for changed in replay::changes(replayed) {
        let (key, way) = (&changed.key, changed.key.direction);
        let moved = if way == Direction::Gained { [changed.lines, 0] } else { [0, changed.lines] };
        let [gained, lost] = moved;
        let more = replay::decided(changed, replayed);
        let cells = ["change", &key.action, "", &key.store, way.as_str(), &more];
        add(cells, [changed.lines, gained, lost, 0], &changed.period);
    }
    let tally = &replayed.tally;
    for (by, kept) in [("principal", &tally.principals), ("action", &tally.actions), ("policy", &tally.policies)] {
        for (name, moved) in replay::moved(kept) {
            let (side, name) = replay::policy(name);
            add([by, name, side, "", "", ""], [moved.lines(), moved.gained, moved.lost, 0], &moved.period);
        }
    }
    for grant in replay::grants(replayed) {
        let cells = ["grant", &grant.policy, grant.side.as_str(), &grant.store, "", &replay::used(grant)];
        add(cells, [grant.uses, 0, 0, grant.outside], &grant.period);
    }
    for cause in replay::causes(replayed) {
        let store = cause.store.as_deref().unwrap_or_default();
        let cells = [cause.unread.as_str(), &cause.kind, "", store, "", &replay::why(cause)];
        add(cells, [cause.lines, 0, 0, 0], &Period::default());
    }
    text
}

fn found(outcome: &Outcome) -> String {
    let mut text = line(&["kind", "rule", "path", "line", "column", "store", "policy", "message", "help"]);
    for finding in outcome.findings.iter().filter(|finding| outcome.counts(finding)) {
        let start = finding.location.start();
        text.push_str(&line(&[
            finding.level.as_str(),
            finding.rule,
            finding.location.path(),
            &start.line.to_string(),
            &start.column.to_string(),
            finding.store.as_deref().unwrap_or_default(),
            finding.policy.as_deref().unwrap_or_default(),
            &finding.message,
            finding.help.as_deref().unwrap_or_default(),
        ]));
    }
    for row in outcome.bad_rows() {
        let start = row.location.start();
        text.push_str(&line(&[
            row.status.as_str(),
            "test",
            row.location.path(),
            &start.line.to_string(),
            &start.column.to_string(),
            row.store.as_deref().unwrap_or_default(),
            &row.id,
            row.message.as_deref().unwrap_or_default(),
            row.help.as_deref().unwrap_or_default(),
        ]));
    }
    text
}

/// A line of cells.
pub(super) fn line(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    format!("{}\n", cells.join(","))
}

/// A cell: nothing in it ends it, is obeyed by a terminal, or is run by a spreadsheet.
fn cell(text: &str) -> String {
    // What a CI runner obeys in a log is broken up.
    let text = inline(text).replace("##[", "##\\u{5b}");
    let runs = text.trim_start().starts_with(['=', '+', '-', '@']) || text.trim_start().starts_with("::");
    let text = if runs { format!("'{text}") } else { text };
    match text.contains(['"', ',', ';']) || text.trim() != text {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_holds_what_it_is_given_and_runs_nothing() {
        assert_eq!(line(&["a", "b, c", "User::\"x\""]), "a,\"b, c\",\"User::\"\"x\"\"\"\n");
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell(" @x"), "' @x");
        assert_eq!(cell("a\nb\u{1b}"), "a\\nb\\u{1b}");
        assert_eq!(cell("::error::x"), "'::error::x");
        assert_eq!(cell("x##[group]"), "x##\\u{5b}group]");
    }
}
