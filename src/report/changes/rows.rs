//! Examples of changes as rows of a decision table, which expect what the new side decides.

use std::collections::BTreeSet;

use serde_json::Value;

use super::change::Change;
use super::view::View;
use crate::finding::Evidence;
use crate::outcome::changes::{Comparison, Direction, Witness};
use crate::outcome::{Decision, SuggestedRow, row_name};
use crate::report::evidence;

/// What the new side decides of an example of a change in this direction.
pub(in crate::report) fn expected(direction: Direction) -> Decision {
    match direction {
        Direction::Gained => Decision::Allow,
        Direction::Lost => Decision::Deny,
    }
}

/// An entry of a table's list, not indented, that asks the request over its entities; none where they are no request.
pub(in crate::report) fn entry(
    name: &str,
    Witness { evidence: Evidence { request, entities }, strangers, .. }: &Witness,
    expect: Decision,
) -> Option<String> {
    let uid = |key: &str| Some(Value::from(evidence::uid(request.get(key)?)?).to_string());
    let mut row = format!(
        "- name: {name}\n  principal: {}\n  action: {}\n  resource: {}\n",
        uid("principal")?,
        uid("action")?,
        uid("resource")?
    );
    let filled = |value: &&Value| value.as_object().is_some_and(|fields| !fields.is_empty());
    if let Some(context) = request.get("context").filter(filled) {
        row.push_str(&format!("  context: {context}\n"));
    }
    if entities.as_array().is_some_and(|all| !all.is_empty()) {
        row.push_str(&format!("  with: {entities}\n"));
    }
    if !strangers.is_empty() {
        row.push_str(&format!("  unknown: {}\n", Value::from(strangers.clone())));
    }
    Some(row + &format!("  expect: {}\n", expect.as_str()))
}

/// A row for the example of each change.
pub(in crate::report) fn rows(comparison: &Comparison) -> Vec<SuggestedRow> {
    let mut names = BTreeSet::new();
    let view = View::of(comparison);
    view.changes.iter().filter_map(|change| row(comparison, change, &mut names)).collect()
}

fn row(comparison: &Comparison, change: &Change<'_>, names: &mut BTreeSet<String>) -> Option<SuggestedRow> {
    let witness = &change.effects().next()?.witness;
    let Evidence { request, entities } = &witness.evidence;
    let expect = expected(change.group.direction);
    let uid = |key: &str| evidence::uid(request.get(key)?);
    let name = row_name(&change.effect.plain(), names);
    let (principal, resource) = (uid("principal")?, uid("resource")?);
    let entry = entry(&Value::from(name.as_str()).to_string(), witness, expect)?;
    let yaml = entry.lines().map(|line| format!("  {line}\n")).collect();
    let with = entities.as_array().into_iter().flatten();
    Some(SuggestedRow {
        store: comparison.stores.get(change.all.0)?.name.clone(),
        name,
        principal,
        action: uid("action")?,
        resource,
        context: request.get("context").cloned().unwrap_or_default(),
        with: with.filter_map(|entity| Some((evidence::uid(entity.get("uid")?)?, entity.clone()))).collect(),
        entities: Some(entities.clone()),
        alone: true,
        unknown: witness.strangers.clone(),
        expect,
        yaml,
    })
}
