//! What a store holds, for whom the texts are to be shown.

use super::PolicyRef;

/// What a statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementKind {
    /// A static policy.
    Policy,
    /// A template.
    Template,
    /// A link of a template.
    Link,
}

/// A policy, template or link, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its name and place.
    pub policy: PolicyRef,
    /// What it is.
    pub kind: StatementKind,
}

/// What a store holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreContents {
    /// Its name.
    pub name: String,
    /// The files of its schema.
    pub schema: Vec<String>,
    /// Whether the schema can be used; none where there is none.
    pub usable: Option<bool>,
    /// How many kinds of request the schema has.
    pub environments: usize,
    /// Policies and templates, in the order of files and places, then links.
    pub statements: Vec<Statement>,
    /// How many entities are known.
    pub entities: usize,
    /// The files of decision tables.
    pub tables: Vec<String>,
}
