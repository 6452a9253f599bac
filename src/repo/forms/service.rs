//! Requests to Amazon Verified Permissions (`IsAuthorized`, `BatchIsAuthorized`) in a folder that says what they
//! should get, and what it answered, request and decision beside each other.

use super::spec::{Candidate, FormSpec};
use crate::data::json::Node;

pub(super) static FORM: FormSpec = FormSpec {
    about: "requests to Amazon Verified Permissions, each with its `decision`",
    endings: &[".json"],
    prefixes: &[],
    folders: FOLDERS,
    sniff: is_table,
    shows: is_table,
    entity_files: None,
    store: None,
};

const FOLDERS: &[&str] = &["ALLOW", "DENY"];

fn is_table(candidate: &Candidate<'_>) -> bool {
    // Most tables have none of these words, and a look for them is cheaper than one at what they hold.
    if !["entityType", "actionType", "Token\""].iter().any(|word| candidate.text.contains(word)) {
        return false;
    }
    let Some(root) = candidate.json() else { return false };
    let answered =
        |node: Node<'_>| node.field("decision").is_some() && is_request(node.field("request").unwrap_or(node));
    if let Some(rows) = root.elements() {
        return rows.first().is_some_and(|row| answered(*row));
    }
    let first = |name: &str| root.field(name).and_then(Node::elements)?.into_iter().next();
    let asked = FOLDERS.contains(&candidate.folder);
    let batch = first("requests").is_some_and(|row| root.field("policies").is_none() && is_part(row));
    (asked && (is_request(root) || batch)) || answered(root) || first("results").is_some_and(answered_part)
}

fn answered_part(node: Node<'_>) -> bool {
    node.field("decision").is_some() && node.field("request").is_some_and(is_part)
}

/// Whether `node` is a request as the service has it.
fn is_request(node: Node<'_>) -> bool {
    is_part(node) && ["principal", "identityToken", "accessToken"].iter().any(|key| node.field(key).is_some())
}

/// Whether `node` is one of a batch of requests, the principal of which may stand beside them.
fn is_part(node: Node<'_>) -> bool {
    let of = |name: &str, key: &str| node.field(name).is_some_and(|entity| entity.field(key).is_some());
    of("resource", "entityType") || of("action", "actionType")
}
