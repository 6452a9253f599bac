//! One decision explained, in Markdown.

use super::escape::{cell, code, prose};
use crate::outcome::{Cacheable, Explained, PolicyStatus, RowRequest};
use crate::report::{evidence, explained as words};

/// Longer pages are cut, in bytes.
const LONGEST: usize = 48_000;

/// The section: the decision, what would turn it, and the policies in scope with their values.
pub(super) fn section(explained: &Explained) -> String {
    let RowRequest { principal, action, resource, context } = &explained.request;
    let context = serde_json::from_str(context.get()).ok().and_then(|context| evidence::context(&context));
    let context = context.map(|context| format!(", context {}", code(&context))).unwrap_or_default();
    let decided = words::decided(explained.got.decision);
    let mut lines = vec![format!(
        "\n**{decided}**, for {}: principal {}, action {}, resource {}{context}\n\n",
        words::cause(explained),
        code(principal),
        code(action),
        code(resource)
    )];
    lines.extend(explained.reasons.iter().map(|reason| format!("- {}\n", prose(&reason.sentence))));
    for reachable in [true, false] {
        let turns = explained.turns.iter().filter(|turn| (turn.reachable == Some(true)) == reachable);
        let turns: Vec<String> = turns.map(|turn| format!("- {}\n", prose(&words::turn(turn)))).collect();
        if !turns.is_empty() {
            lines.push(format!("\n{}:\n\n", words::leads(explained, reachable, turns.len())));
            lines.extend(turns);
        }
    }
    lines.extend(words::reach(explained).map(|reach| format!("\n{}\n", prose(&reach))));
    let lasting = explained.lasting.iter().filter_map(|lasting| words::lasting(explained, lasting));
    lines.extend(lasting.map(|lasting| format!("\n{}\n", prose(&lasting))));
    let in_scope = explained.policies.iter().filter(|policy| policy.status != PolicyStatus::OutOfScope);
    let rows: Vec<String> = in_scope.map(row).collect();
    if !rows.is_empty() {
        lines.push("\n| Policy | | Where | Values |\n|---|---|---|---|\n".to_owned());
        lines.extend(rows);
    }
    lines.extend(words::out_of_scope(explained).map(|folded| format!("\n{folded}\n")));
    let mut text = String::new();
    let mut dropped = 0;
    for line in lines {
        if text.len() + line.len() > LONGEST {
            dropped += 1;
        } else {
            text.push_str(&line);
        }
    }
    if dropped > 0 {
        text.push_str(&format!("\n{dropped} lines not shown here for lack of room.\n"));
    }
    text
}

fn row(policy: &crate::outcome::PolicyExplained) -> String {
    let marks = policy.marks.iter().map(|mark| format!("{}: {}", code(mark.location.text()), prose(&mark.text)));
    let marks: Vec<String> = marks.collect();
    let name = format!("{} {}", policy.policy.effect, code(&policy.policy.name));
    let place = code(&policy.policy.location.label());
    format!("| {name} | {} | {place} | {} |\n", cell(words::does(policy.status)), marks.join("<br>"))
}

/// What the decisions of each action hang on, a row each.
pub(super) fn cacheable_row(action: &Cacheable) -> String {
    format!("| {} | {} | {} |\n", code(&action.store), code(&action.action), prose(&words::hangs_on(action)))
}
