//! Cedar's integration tests, which bring their own store.

use super::spec::{Candidate, Find, FormSpec, StorePaths};
use crate::data::json::Node;
use crate::repo::error::OwnStoreError;
use crate::text::SourceFile;

pub(super) static FORM: FormSpec = FormSpec {
    about: "an integration test with `policies` and `requests`",
    endings: &[".json"],
    prefixes: &[],
    folders: &[],
    sniff: is_table,
    shows: is_table,
    entity_files: None,
    store: Some(store),
};

pub(super) fn is_table(candidate: &Candidate<'_>) -> bool {
    candidate.json().is_some_and(|root| root.field("requests").is_some() && root.field("policies").is_some())
}

fn store(file: &SourceFile, find: &Find<'_>) -> Result<StorePaths, OwnStoreError> {
    let text = file.parse_text();
    let root = Node::parse(file, &text).map_err(|error| OwnStoreError::NotJson(error.message))?;
    let path = |name: &'static str| -> Result<Option<String>, OwnStoreError> {
        let Some(node) = root.field(name).filter(|node| node.raw != "null") else { return Ok(None) };
        let written = node.string().ok_or(OwnStoreError::NotAPath(name))?;
        find(&written).map(Some).ok_or_else(|| OwnStoreError::NotFound(written.into_owned()))
    };
    let policies = path("policies")?.ok_or(OwnStoreError::NoPolicies)?;
    Ok(StorePaths { policies, entities: path("entities")?, schema: path("schema")? })
}
