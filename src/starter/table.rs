//! A first decision table in YAML.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::requests::Found;
use crate::example::{Row, yaml};

/// What the file is called, in the folder of its store.
pub(super) const FILE_NAME: &str = "polcheck_test.yaml";

const HEAD: &str = "\
# What these policies decide today: for each action a request for each answer, as `polcheck init` found them.
# They pin what is, not what should be. Read each row: keep what is meant, correct what is not, and say why in its name.
";

/// Said where the store has no entities to ask about.
const SYNTHETIC: &str = "\
# The entities are made up: each row says under `with` what there is, and nothing else is there. Those of which there is
# nothing to say are listed under `unknown`.
entities: []
";

/// Policies that a row's name lists.
const NAMED: usize = 3;

/// `1 row`, `2 rows`.
pub(super) fn counted(rows: usize) -> String {
    format!("{rows} {}", if rows == 1 { "row" } else { "rows" })
}

/// The table of what was found. What most rows say of the context is said once.
pub(super) fn text(found: &Found) -> String {
    let common = common(&found.rows);
    let mut text = HEAD.to_owned();
    text.push_str(if found.synthetic { SYNTHETIC } else { "" });
    for (at, (key, value)) in common.iter().enumerate() {
        text.push_str(if at == 0 { "defaults:\n  context:\n" } else { "" });
        text.push_str(&format!("    {}: {}\n", yaml::key(key), yaml::flow(value)));
    }
    text.push_str("tests:\n");
    let mut names: HashMap<String, usize> = HashMap::new();
    for row in &found.rows {
        text.push_str(&yaml::entry(row, &name(row, &mut names), &common));
    }
    text
}

/// Attributes that every row has, so that none gets what it should lack, each with its most frequent value.
fn common(rows: &[Row]) -> BTreeMap<&str, &Value> {
    let mut common = BTreeMap::new();
    let attribute = |row: &Row, key: &str| row.context.get(key).is_some();
    for key in rows.first().and_then(|row| row.context.as_object()).into_iter().flat_map(|fields| fields.keys()) {
        if rows.len() < 2 || !rows.iter().all(|row| attribute(row, key)) {
            continue;
        }
        let values = || rows.iter().filter_map(|row| row.context.get(key));
        let often = |value: &Value| values().filter(|other| *other == value).count();
        // Of values that are equally frequent, the first.
        let best = values().collect::<Vec<_>>().into_iter().rev().max_by_key(|value| often(value));
        common.extend(best.map(|value| (key.as_str(), value)));
    }
    common
}

/// Who may do what, and why not; unique among `names`.
fn name(row: &Row, names: &mut HashMap<String, usize>) -> String {
    let may = if row.allowed { "may" } else { "may not" };
    let mut name = format!("{} {may} {} {}", row.principal, row.action.id().unescaped(), row.resource);
    if !row.allowed && !row.because.is_empty() && row.lasting {
        let listed: Vec<_> = row.because.iter().take(NAMED).map(String::as_str).collect();
        name.push_str(&format!(", because of {}", listed.join(" and ")));
    }
    let count = names.entry(name.clone()).or_default();
    *count += 1;
    if *count > 1 {
        name.push_str(&format!(" ({count})"));
    }
    name
}
