//! Everything that changes in one store.

use std::collections::BTreeSet;

use cedar_policy::EntityUid;

use super::cause::Cause;
use super::effect::CauseGroup;
use super::environment::{EnvironmentChange, Lifecycle, Relation};
use crate::text::Location;

/// How many policies differ as text, whatever that does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TextChanges {
    /// Only the new side has them.
    pub added: usize,
    /// Only the old side has them.
    pub removed: usize,
    /// Both have them and they say different things; templates and links included.
    pub edited: usize,
    /// Of those that were edited, templates that something links.
    pub templates: usize,
    /// Of those that were edited, links of which only the template changed.
    pub links: usize,
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
    /// Where the new side declares it, or else the old side did; as far as is known.
    pub location: Option<Location>,
    /// Whether a policy of either side may read it: its name stands in one.
    pub read: bool,
}

impl SchemaChange {
    /// Whether something that fitted the old schema may not fit the new one for it: a declaration went or is another,
    /// or an attribute has to be there that was not.
    #[must_use]
    pub fn may_break(&self) -> bool {
        let optional = |text: &Option<String>| text.as_ref().is_none_or(|text| text.starts_with("optional "));
        match self.kind {
            "attribute_added" => !optional(&self.new),
            "schema_added" | "schema_removed" => false,
            kind => !kind.ends_with("_added"),
        }
    }

    /// The last name in `what`: `tenant` of `User.tenant`, `view` of `Action::"view"`.
    #[must_use]
    pub fn last_name(&self) -> &str {
        let name =
            self.what.split_once("::\"").map_or(self.what.as_str(), |(_, id)| id.split('"').next().unwrap_or(id));
        name.rsplit(['.', ':']).next().unwrap_or(name)
    }
}

/// What kind of thing no longer fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnfitKind {
    /// A policy or template.
    Policy,
    /// An entity.
    Entity,
    /// A row of a decision table.
    Row,
}

impl UnfitKind {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Entity => "entity",
            Self::Row => "row",
        }
    }
}

/// Something of the new side that does not fit its schema, and did fit the old one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// What it is.
    pub kind: UnfitKind,
    /// A policy's or a row's full name, or the file of an entity.
    pub name: String,
    /// Where it stands on the new side.
    pub location: Location,
    /// Why, in a sentence.
    pub why: String,
    /// The schema's changes that are why, as far as is known: indices into [`StoreChanges::schema_changes`].
    pub because: Vec<usize>,
}

impl Unfit {
    /// Something that does not fit; which change is why is not said yet.
    #[must_use]
    pub fn new(kind: UnfitKind, name: &str, location: &Location, why: &str) -> Self {
        Self { kind, name: name.to_owned(), location: location.clone(), why: why.to_owned(), because: Vec::new() }
    }
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
    /// What of the new side no longer fits its schema.
    pub unfit: Vec<Unfit>,
    /// Policies that differ as text.
    pub text: TextChanges,
    /// Entities that only one side has, or that are something else on the other, where both have any.
    pub entities: BTreeSet<EntityUid>,
    /// Every request environment of either side, sorted.
    pub environments: Vec<EnvironmentChange>,
    /// What changes, by cause: gained before lost, and in the order of causes.
    pub groups: Vec<CauseGroup>,
    /// For a store without environments: added, removed and edited policies that may change decisions.
    pub undecided: Vec<Cause>,
    /// Policies that could not be analysed.
    pub set_aside: Vec<SetAside>,
    /// Changed policies that do not typecheck: each by its first fault on a side.
    pub ill_typed: Vec<SetAside>,
    /// Policies that came, went or were edited and change no decision, as far as everything is decided.
    pub without_effect: Vec<Idle>,
}

/// A policy that differs as text and changes no decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idle {
    /// What came, went or was edited.
    pub cause: Cause,
    /// Whether both versions match the same requests; `None` is not known.
    pub same: Option<bool>,
    /// Whether some request is allowed that would not be, had it not changed.
    pub keeps_allowed: Option<bool>,
    /// Whether some request is refused that would not be, had it not changed.
    pub keeps_refused: Option<bool>,
}

impl StoreChanges {
    /// How many environments have the relation.
    #[must_use]
    pub fn count(&self, relation: Relation) -> usize {
        self.environments.iter().filter(|environment| environment.relation() == relation).count()
    }
}
