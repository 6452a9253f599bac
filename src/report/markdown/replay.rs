//! What recorded decisions say of a revision, as rows of tables in Markdown.

use super::escape::{cell, code, prose};
use crate::outcome::replay::{Cause, Changed, Grant, Replayed};
use crate::report::replay::{causes, changes, decided, grants, period, place, principals, records, sides, used, why};

/// A table: its head, and its rows.
type Table = (&'static str, Vec<String>, (&'static str, &'static str));

/// The sentence and the tables of `replayed`.
pub(super) fn tables(replayed: &Replayed) -> (String, [Table; 3]) {
    let mut said = vec![sides(replayed)];
    said.extend(period(&replayed.tally.period));
    let said = format!("\nRecorded decisions, {}.\n", cell(&said.join("; ")));
    let changed = changes(replayed).into_iter().map(|changed| change(changed, replayed)).collect();
    let grants: Vec<&Grant> = grants(replayed).into_iter().filter(|grant| grant.window.is_bounded()).collect();
    (
        said,
        [
            (
                "\n| Change | Action | Records | Decided | For example |\n|---|---|---|---|---|\n",
                changed,
                ("change is", "changes are"),
            ),
            ("\n| Grant | Use |\n|---|---|\n", grants.into_iter().map(grant).collect(), ("grant is", "grants are")),
            (
                "\n| Not decided | Why |\n|---|---|\n",
                causes(replayed).into_iter().map(cause).collect(),
                ("cause is", "causes are"),
            ),
        ],
    )
}

fn change(changed: &Changed, replayed: &Replayed) -> String {
    format!(
        "| {} | {} | {} of {} | {} | {} |\n",
        changed.key.direction.as_str(),
        code(&changed.key.action),
        records(changed.lines),
        principals(&changed.principals),
        prose(&decided(changed, replayed)),
        changed.examples().next().map(|example| code(&place(&example.place))).unwrap_or_default(),
    )
}

fn grant(grant: &Grant) -> String {
    format!("| {} | {} |\n", code(&grant.policy), cell(&used(grant)))
}

fn cause(cause: &Cause) -> String {
    format!("| {} | {} |\n", cause.unread.as_str(), prose(&why(cause)))
}
