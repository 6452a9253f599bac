//! What of a repository is asked for.

use super::parsed_texts::ParsedTexts;

/// What to read, and what of it to report on.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Paths relative to the source's root: what is reported on, and which tables run. Empty means everything. What is
    /// read does not depend on it.
    pub paths: Vec<String>,
    /// Decision tables named one by one; no others run but those that `paths` name.
    pub tables: Vec<String>,
    /// Files named one by one, which turns discovery off.
    pub explicit: Option<Explicit>,
    /// The only store to keep, by name.
    pub store: Option<String>,
    /// What was parsed already, where nearly the same is read twice.
    pub parsed: Option<ParsedTexts>,
    /// What is filled in for placeholders, by name, over what the configuration says.
    pub filled: Vec<(String, String)>,
}

/// Files and folders named on a command line; paths relative to the source's root.
#[derive(Debug, Clone, Default)]
pub struct Explicit {
    /// Policies.
    pub policies: Vec<String>,
    /// Schema files; several make one schema.
    pub schemas: Vec<String>,
    /// Entities.
    pub entities: Vec<String>,
    /// Template links.
    pub links: Vec<String>,
    /// Decision tables.
    pub tests: Vec<String>,
}
