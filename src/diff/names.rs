//! What gates name has to be on one side or the other: one that names nothing refuses nothing, and nobody would know.

use std::collections::BTreeSet;

use cedar_policy::EntityUid;

use crate::config::{Asked, CONFIGURATION, Config, Gate, GuardrailConfig, Name};
use crate::finding::{Finding, Level};
use crate::repo::Repo;
use crate::text::{inline, nearest};

/// What the sides of a comparison have that gates can name.
#[derive(Default)]
struct Known {
    stores: BTreeSet<String>,
    /// As Cedar writes them.
    actions: BTreeSet<String>,
    /// Their ids alone.
    ids: BTreeSet<String>,
    types: BTreeSet<String>,
    /// Whether a store may have actions and types that nobody lists.
    open: bool,
}

/// An error for each store, action and resource type of `gates` that none of `sides` has. Actions and types are only
/// judged where the schemas of all stores are known; `whole` says whether `sides` have all stores.
#[must_use]
pub fn unknown_names(gates: &[Gate], sides: &[&Repo], whole: bool) -> Vec<Finding> {
    if gates.is_empty() {
        return Vec::new();
    }
    let known = known(sides);
    let nowhere = if sides.len() > 1 { "neither side has" } else { "is not here" };
    let unknown = |subject: &str, name: &Name, what: &str, known: &BTreeSet<String>| {
        let message = format!("this {subject} is about the {what} `{}`, which {nowhere}", inline(&name.text));
        Finding::new(CONFIGURATION.id, Level::Error, name.location.clone(), message).help(help(&name.text, what, known))
    };
    let mut found = Vec::new();
    for gate in gates {
        let subject = if gate.guardrail.is_some() { "guardrail" } else { "gate" };
        for name in gate.stores.iter().filter(|name| !known.stores.contains(&name.text)) {
            found.push(unknown(subject, name, "store", &known.stores));
        }
        if known.open || !whole {
            continue;
        }
        for name in
            gate.actions.iter().filter(|name| !known.actions.contains(&name.text) && !known.ids.contains(&name.text))
        {
            found.push(unknown(
                subject,
                name,
                "action",
                if name.text.contains("::") { &known.actions } else { &known.ids },
            ));
        }
        let types = gate.principals.iter().chain(&gate.resources);
        for name in types.filter(|name| !known.types.contains(&name.text)) {
            found.push(unknown(subject, name, "entity type", &known.types));
        }
    }
    found
}

/// The gates of `config`, and its short forms of guardrails as if they were gates: everything in it that names actions,
/// types and stores.
#[must_use]
pub fn naming(config: &Config) -> Vec<Gate> {
    config.gates.iter().cloned().chain(config.guardrails.all.iter().map(as_gate)).collect()
}

/// A gate for each guardrail of `config` about what nobody gains, with the actions in the groups that it names: those
/// that the schemas of `repos` declare.
#[must_use]
pub(super) fn never_gains(config: &Config, repos: &[&Repo]) -> Vec<Gate> {
    let never = config.guardrails.all.iter().filter(|one| matches!(one.asked, Asked::NeverGain));
    never.map(|one| never_gain(one, repos)).collect()
}

/// The gate that a guardrail about what nobody gains comes to.
#[must_use]
pub fn never_gain(one: &GuardrailConfig, repos: &[&Repo]) -> Gate {
    let mut gate = as_gate(one);
    let schemas = repos.iter().flat_map(|repo| &repo.stores).filter_map(|store| store.schema.ready());
    let named = |uid: &EntityUid| {
        one.actions.iter().find(|name| uid.to_string() == name.text || uid.id().unescaped() == name.text)
    };
    for actions in schemas.filter_map(|schema| schema.cedar.action_entities().ok()) {
        for action in actions.iter().map(|action| action.uid()) {
            if let Some(name) = actions.ancestors(&action).into_iter().flatten().find_map(named) {
                gate.actions.push(Name { text: action.to_string(), location: name.location.clone() });
            }
        }
    }
    gate
}

fn as_gate(one: &GuardrailConfig) -> Gate {
    Gate {
        gained: true,
        lost: false,
        migrated: true,
        weakened: false,
        stores: one.stores.clone(),
        actions: one.actions.clone(),
        principals: one.principals.clone(),
        resources: one.resources.clone(),
        guardrail: Some(one.id.clone()),
        location: one.location.clone(),
    }
}

fn known(sides: &[&Repo]) -> Known {
    let mut known = Known::default();
    for repo in sides {
        known.stores.extend(repo.store_names.iter().cloned());
        for store in &repo.stores {
            let Some(schema) = store.schema.ready() else {
                known.open |= !store.files.is_empty();
                continue;
            };
            let actions: Vec<&EntityUid> = schema.cedar.actions().collect();
            known.actions.extend(actions.iter().map(ToString::to_string));
            known.ids.extend(actions.iter().map(|action| action.id().unescaped().to_owned()));
            known.types.extend(schema.cedar.entity_types().map(ToString::to_string));
        }
    }
    known
}

/// What may have been meant by `text`.
fn help(text: &str, what: &str, known: &BTreeSet<String>) -> String {
    let last = |name: &str| name.rsplit("::").next().unwrap_or(name).to_owned();
    // A name without its namespace is what people write most often.
    let same = known.iter().find(|other| last(other) == last(text));
    match same.map(String::as_str).or_else(|| nearest(text, known.iter().map(String::as_str))) {
        Some(meant) => format!("did you mean `{}`?", inline(meant)),
        None if known.is_empty() => format!("there is no {what} at all"),
        None => format!("there are: {}", shown(known)),
    }
}

/// How many names are listed where none is near.
const SHOWN: usize = 8;

fn shown(known: &BTreeSet<String>) -> String {
    let names: Vec<_> = known.iter().take(SHOWN).map(|name| format!("`{}`", inline(name))).collect();
    let more = known.len().saturating_sub(SHOWN);
    if more == 0 { names.join(", ") } else { format!("{} and {more} more", names.join(", ")) }
}
