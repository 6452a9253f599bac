//! A rule's metadata, and the set of all rules.

use crate::finding::Level;
use crate::text::nearest;

/// What a rule's answer stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Text or syntax tree; needs no schema.
    Text,
    /// Cedar's own validator or parser.
    Validator,
    /// Every request that the schema allows, decided by the embedded engine.
    Symbolic,
    /// polcheck's own reading of files and configuration.
    Housekeeping,
}

impl Basis {
    /// One phrase for people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text and syntax, no schema needed",
            Self::Validator => "Cedar's own parser and validator",
            Self::Symbolic => "a proof over every request that the schema allows",
            Self::Housekeeping => "what was read",
        }
    }
}

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// Never wrong.
    Exact,
    /// Rarely wrong.
    High,
    /// A hint: worth a look.
    Medium,
}

impl Precision {
    /// The word for reports (SARIF's `precision` property uses the same scale).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "very-high",
            Self::High => "high",
            Self::Medium => "medium",
        }
    }
}

/// Everything that is known of a rule before it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Kebab-case; names the defect.
    pub id: &'static str,
    /// One plain sentence, no trailing full stop.
    pub summary: &'static str,
    /// Level unless configured; `None` is off.
    pub level: Option<Level>,
    /// What the answer stands on.
    pub basis: Basis,
    /// How sure it is.
    pub precision: Precision,
    /// Whether it finds requests that are, or may be, allowed although nobody meant it: permits that reach too far, and
    /// forbids that do not hold. What fails to evaluate counts, because Cedar skips a policy that fails, and a forbid
    /// that is skipped forbids nothing. What is denied too much, said twice or written badly does not.
    pub opens: bool,
    /// Whether configuration may change the level. What Cedar itself refuses cannot be turned down.
    pub configurable: bool,
    /// The version that brought it; empty for a rule that a repository declares.
    pub since: &'static str,
    /// The page, in Markdown, without a title.
    pub page: &'static str,
}

impl Rule {
    /// Where its page can be read; none for a rule that a repository declares.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        (!self.since.is_empty()).then(|| page_url(&format!("rules/{}.md", self.id)))
    }
}

/// Where the page at `path` below docs/ can be read, as this version has it.
#[must_use]
pub fn page_url(path: &str) -> String {
    let (repository, version) = (env!("CARGO_PKG_REPOSITORY"), env!("CARGO_PKG_VERSION"));
    format!("{repository}/blob/v{version}/docs/{path}")
}

/// All rules, by id.
#[derive(Debug, Clone)]
pub struct Catalogue(Vec<&'static Rule>);

impl Catalogue {
    /// The catalogue of `rules`, sorted by id.
    #[must_use]
    pub fn new(rules: impl IntoIterator<Item = &'static Rule>) -> Self {
        let mut rules: Vec<_> = rules.into_iter().collect();
        rules.sort_by_key(|rule| rule.id);
        Self(rules)
    }

    /// The same with `more`; of two with one id the first.
    #[must_use]
    pub fn with(&self, more: impl IntoIterator<Item = &'static Rule>) -> Self {
        let mut all = Self::new(self.0.iter().copied().chain(more));
        all.0.dedup_by_key(|rule| rule.id);
        all
    }

    /// The rules in order of id.
    pub fn iter(&self) -> impl Iterator<Item = &'static Rule> + '_ {
        self.0.iter().copied()
    }

    /// The rule called `id`.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&'static Rule> {
        self.0.binary_search_by_key(&id, |rule| rule.id).ok().and_then(|at| self.0.get(at)).copied()
    }

    /// The known id nearest to `id`, when one is near.
    #[must_use]
    pub fn nearest(&self, id: &str) -> Option<&'static str> {
        nearest(id, self.0.iter().map(|rule| rule.id))
    }
}
