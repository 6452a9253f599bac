//! Everything that changes in one store.

use super::cause::Cause;
use super::effect::CauseGroup;
use super::environment::{EnvironmentChange, Lifecycle, Relation};

/// How many policies differ as text, whatever that does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TextChanges {
    /// Only the new side has them.
    pub added: usize,
    /// Only the old side has them.
    pub removed: usize,
    /// Both have them and they say different things.
    pub edited: usize,
    /// They say the same, in other words, other layout, another order, under another name or in another place.
    pub moved: usize,
}

impl TextChanges {
    /// All of them.
    #[must_use]
    pub fn total(self) -> usize {
        self.added + self.removed + self.edited + self.moved
    }
}

/// One difference of two schemas.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SchemaChange {
    /// Such as `attribute_added`.
    pub kind: &'static str,
    /// What changed, such as `User.tenant`.
    pub what: String,
    /// The old type or list, in Cedar's words.
    pub old: Option<String>,
    /// The new type or list.
    pub new: Option<String>,
}

/// A policy that could not be analysed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SetAside {
    /// The policy by full name.
    pub policy: String,
    /// `old`, `new` or `both`.
    pub side: &'static str,
    /// Why.
    pub why: String,
}

/// One store of the two sides.
#[derive(Debug, Clone, PartialEq)]
pub struct StoreChanges {
    /// Its name, as the new side has it where it has it.
    pub name: String,
    /// Its name on the old side, where that differs.
    pub old_name: Option<String>,
    /// Which sides have it.
    pub lifecycle: Lifecycle,
    /// Whether the store has no schema on any side.
    pub schemaless: bool,
    /// Whether what changes is decided under a schema that is inferred from what the store holds.
    pub inferred: bool,
    /// Why nothing is known of the store, if so: a schema or policies that cannot be used.
    pub unusable: Option<String>,
    /// Differences of the schemas that matter to decisions, in stable order.
    pub schema_changes: Vec<SchemaChange>,
    /// Policies that differ as text.
    pub text: TextChanges,
    /// Every request environment of either side, sorted.
    pub environments: Vec<EnvironmentChange>,
    /// What changes, by cause: gained before lost, and in the order of causes.
    pub groups: Vec<CauseGroup>,
    /// For a store without environments: added, removed and edited policies that may change decisions.
    pub undecided: Vec<Cause>,
    /// Policies that could not be analysed.
    pub set_aside: Vec<SetAside>,
}

impl StoreChanges {
    /// How many environments have the relation.
    #[must_use]
    pub fn count(&self, relation: Relation) -> usize {
        self.environments.iter().filter(|environment| environment.relation() == relation).count()
    }
}
