//! A store, and a repository, by the paths of their files: what discovery comes to.

use std::collections::BTreeSet;

use super::classify::Kind;
use crate::finding::Finding;
use crate::repo::carriers::Unresolved;
use crate::repo::model::SchemaSource;
use crate::repo::paths::{dir, within};

/// A store by the paths of its files.
#[derive(Debug, Default)]
pub(in crate::repo) struct Plan {
    pub(in crate::repo) name: String,
    /// Schema files, to be read as one.
    pub(in crate::repo) schema: Vec<String>,
    /// Whether nobody said which schema governs it: it is to be found.
    pub(in crate::repo) schema_open: bool,
    /// The same schema in the other syntax, and the file that is read instead.
    pub(in crate::repo) twins: Vec<(String, String)>,
    /// Set when it cannot be told which schema holds.
    pub(in crate::repo) conflict: Option<Finding>,
    pub(in crate::repo) policies: Vec<String>,
    pub(in crate::repo) links: Vec<String>,
    pub(in crate::repo) entities: Vec<String>,
    /// Tables, and whether the file must be one (by its name or because the user says so).
    pub(in crate::repo) tables: Vec<(String, bool)>,
    pub(in crate::repo) level: Option<u32>,
    /// Where the schema comes from, or why there is none.
    pub(in crate::repo) schema_source: SchemaSource,
    /// The folder of examples or tests that it lies in.
    pub(in crate::repo) apart: String,
    /// The folder that it lies in, where it was not spelled out.
    pub(in crate::repo) root: Option<String>,
}

impl Plan {
    /// A store in `root`, with nothing in it yet.
    pub(super) fn rooted(root: &str) -> Self {
        let name = if root.is_empty() { ".".to_owned() } else { root.to_owned() };
        Self { name, root: Some(root.to_owned()), ..Self::default() }
    }

    /// The kinds of data files that it has.
    pub(super) fn data_kinds(&self) -> Vec<Kind> {
        let kinds = [
            (Kind::Links, self.links.is_empty()),
            (Kind::Entities, self.entities.is_empty()),
            (Kind::Table, self.tables.is_empty()),
        ];
        kinds.into_iter().filter(|(_, empty)| !empty).map(|(kind, _)| kind).collect()
    }

    /// Takes the file of links, entities or rows at `path`.
    pub(super) fn take(&mut self, path: &str, kind: Kind) {
        let path = path.to_owned();
        match kind {
            Kind::Links => self.links.push(path),
            Kind::Entities => self.entities.push(path),
            Kind::Table => self.tables.push((path, true)),
            // A carrier may include a file twice.
            Kind::Policies if self.policies.contains(&path) => {}
            Kind::Policies => self.policies.push(path),
            Kind::SchemaCedar | Kind::SchemaJson | Kind::SchemaCandidate | Kind::Guardrail => {}
        }
    }

    /// Whether there is anything that a schema could govern.
    pub(super) fn holds_more_than_schema(&self) -> bool {
        let empty = [&self.policies, &self.links, &self.entities].into_iter().all(Vec::is_empty);
        !empty || !self.tables.is_empty()
    }

    /// Every file of the store.
    pub(in crate::repo) fn files(&self) -> impl Iterator<Item = &String> {
        let named = [&self.schema, &self.policies, &self.links, &self.entities].into_iter().flatten();
        let twins = self.twins.iter().map(|(twin, _)| twin);
        named.chain(twins).chain(self.tables.iter().map(|(path, _)| path))
    }

    /// The folder that it lies in: for one that is spelled out, the innermost that holds all of its policies.
    pub(in crate::repo) fn folder(&self) -> &str {
        if let Some(root) = &self.root {
            return root;
        }
        let mut folders = self.policies.iter().map(|path| dir(path));
        let first = folders.next().unwrap_or_default();
        folders.fold(first, |mut common, folder| {
            while !within(folder, common) {
                common = dir(common);
            }
            common
        })
    }
}

/// The plan of a whole repository.
#[derive(Debug, Default)]
pub(in crate::repo) struct Layout {
    pub(in crate::repo) stores: Vec<Plan>,
    pub(in crate::repo) findings: Vec<Finding>,
    pub(in crate::repo) left_out: Vec<(String, String)>,
    pub(in crate::repo) guardrails: Vec<String>,
    /// What carriers declare and the repository does not say.
    pub(in crate::repo) unresolved: Vec<Unresolved>,
    /// Schemas that stores name, which are never idle.
    pub(super) named_schemas: BTreeSet<String>,
    /// The stores that are taken for copies of others, by name.
    pub(in crate::repo) copies: Vec<String>,
}
