//! What a comparison of two revisions found: who gains and who loses what.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::finding::{Environment, Evidence};
use crate::text::Location;

/// A side of a comparison. Old and new are named the same way everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Side {
    /// What the user called it: `main`, `the worktree`, a folder.
    pub label: String,
    /// The full id of its commit, where it is one.
    pub commit: Option<String>,
    /// A digest of all schemas, hexadecimal.
    pub schema: Option<String>,
}

/// Whether something is on both sides or on one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lifecycle {
    /// On both sides.
    Kept,
    /// On the new side only.
    Added,
    /// On the old side only.
    Removed,
}

impl Lifecycle {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Added => "added",
            Self::Removed => "removed",
        }
    }
}

/// Which way access changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Denied by the old side, allowed by the new.
    Gained,
    /// Allowed by the old side, denied by the new.
    Lost,
}

impl Direction {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gained => "gained",
            Self::Lost => "lost",
        }
    }
}

/// Whether some request changes its decision in one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Some does: there is an effect that shows it.
    Yes,
    /// None does.
    No,
    /// Not decided, and why.
    Unknown(String),
}

impl Status {
    /// The word in reports.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// What both statuses of an environment add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// Every request is decided alike.
    Same,
    /// Some requests are newly allowed, none newly denied as far as is known.
    Gained,
    /// Some requests are newly denied, none newly allowed as far as is known.
    Lost,
    /// Both.
    Both,
    /// Nothing is known to change, and not everything is known.
    Unknown,
}

impl Relation {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Gained => "gained",
            Self::Lost => "lost",
            Self::Both => "both",
            Self::Unknown => "unknown",
        }
    }
}

/// One request environment of a store.
#[derive(Debug, Clone, PartialEq)]
pub struct EnvironmentChange {
    /// The environment.
    pub environment: Environment,
    /// Which sides have it.
    pub lifecycle: Lifecycle,
    /// Whether access is gained. Where only the new side has the environment: whether anybody is permitted there.
    pub gained: Status,
    /// Whether access is lost. Where only the old side has the environment: whether anybody was permitted there.
    pub lost: Status,
}

impl EnvironmentChange {
    /// What both directions add up to; unknown when one of them is unknown and nothing is known of the other.
    #[must_use]
    pub fn relation(&self) -> Relation {
        match (&self.gained, &self.lost) {
            (Status::Yes, Status::Yes) => Relation::Both,
            (Status::Yes, _) => Relation::Gained,
            (_, Status::Yes) => Relation::Lost,
            (Status::No, Status::No) => Relation::Same,
            _ => Relation::Unknown,
        }
    }
}

/// How a policy, or what it stands under, changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// The new side has the policy, the old does not.
    Added,
    /// The old side has the policy, the new does not.
    Removed,
    /// Both have it, and it says different things.
    Edited,
    /// The policy reads as before; the schema changed what it means.
    Schema,
}

impl Change {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Edited => "edited",
            Self::Schema => "schema",
        }
    }
}

/// What became of a piece of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EditKind {
    /// It came.
    Added,
    /// It went.
    Removed,
    /// It became another.
    Replaced,
}

impl EditKind {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Replaced => "replaced",
        }
    }
}

/// Of which part of a policy a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EditPart {
    /// The scope.
    Scope,
    /// What has to hold.
    When,
    /// What must not.
    Unless,
}

impl EditPart {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scope => "scope",
            Self::When => "when",
            Self::Unless => "unless",
        }
    }
}

/// One step of an edit: of an `unless` the texts are what must not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What happened.
    pub kind: EditKind,
    /// Where in the policy.
    pub part: EditPart,
    /// The piece on the old side, a Cedar expression; none where it was added.
    pub old: Option<String>,
    /// The piece on the new side; none where it was removed.
    pub new: Option<String>,
    /// Where it stands: on the new side, or on the old for what was removed.
    pub location: Option<Location>,
}

/// The template of a link, with the places of the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateOf {
    /// Its full name.
    pub name: String,
    /// Where it stands on the old side.
    pub old: Option<Location>,
    /// Where it stands on the new side.
    pub new: Option<Location>,
}

/// A change that brings an effect about, together with the other causes of the same effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The policy by full name, as the new side calls it where it has it.
    pub policy: String,
    /// `permit` or `forbid`, as the new side has it where it has it.
    pub effect: &'static str,
    /// What happened to it.
    pub change: Change,
    /// Where it stands on the old side.
    pub old: Option<Location>,
    /// Where it stands on the new side.
    pub new: Option<Location>,
    /// For a policy that was edited: the first line of the new text that differs.
    pub changed: Option<Location>,
    /// What the edit did; none where it cannot be said piece by piece.
    pub edits: Vec<Edit>,
    /// For a link: what it links.
    pub template: Option<TemplateOf>,
    /// What the policy is called besides its name: an annotation's text, or the comment above it.
    pub called: Option<String>,
    /// For a policy that the new side no longer has: where a reader of the new side would look for it.
    pub near: Option<Location>,
}

/// A request whose decision changes, confirmed by Cedar's authorizer on both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness {
    /// The request and entities; as the new side has them, where the two schemas differ.
    pub evidence: Evidence,
    /// As the old side has them, where that differs.
    pub old: Option<Evidence>,
}

/// For whom an effect holds: for the requests for which `when` holds, one of `where_allowed` does if there is any, and
/// none of the others does. All are Cedar expressions over `principal`, `resource` and `context`; one that errors does
/// not hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Condition {
    /// What the changed policies say; `true` when every request is concerned.
    pub when: String,
    /// Of a forbid: the permits that allow what it refuses; none where every request of `when` is allowed.
    pub where_allowed: Vec<Clause>,
    /// Permits that allow it all the same: before what is gained, afterwards what is lost.
    pub unless_allowed: Vec<Clause>,
    /// Forbids that refuse it all the same.
    pub unless_refused: Vec<Clause>,
    /// Whether nothing else was allowed before, or is now: everything that anybody can do is concerned.
    pub everything: bool,
    /// Whether all of these requests change their decision, and the effect has no others; otherwise it has no others.
    pub exact: bool,
}

/// Another policy that has a part in whom an effect concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// The policy by full name.
    pub policy: String,
    /// Where it stands, on the side on which it decides.
    pub location: Location,
    /// Whether the other side has no such policy.
    pub alone: bool,
    /// When it matches, of the requests for which `when` holds.
    pub condition: String,
}

impl Condition {
    /// The clauses as one expression.
    #[must_use]
    pub fn text(&self) -> String {
        let any = |all: &[Clause]| {
            let all: Vec<String> = all.iter().map(|clause| between(&clause.condition)).collect();
            all.join(" || ")
        };
        let mut parts = Vec::new();
        if self.when != "true" {
            parts.push(between(&self.when));
        }
        if !self.where_allowed.is_empty() {
            parts.push(format!("({})", any(&self.where_allowed)));
        }
        let others = self.unless_allowed.iter().chain(&self.unless_refused);
        parts.extend(others.map(|clause| format!("!({})", clause.condition)));
        match parts.as_slice() {
            [] => "true".to_owned(),
            // Nothing stands beside it.
            [_] if self.when != "true" && self.where_allowed.is_empty() => self.when.clone(),
            _ => parts.join(" && "),
        }
    }
}

/// The expression between parentheses, if it may bind less tightly than `&&`.
fn between(text: &str) -> String {
    if text.contains("||") || text.starts_with("if ") { format!("({text})") } else { text.to_owned() }
}

/// What a gate says about an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// No gate asks about it.
    Free,
    /// A gate refuses it.
    Refused,
    /// A gate would refuse it, and it was accepted.
    Accepted,
}

/// Requests of one environment that change their decision for one reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// Index into [`StoreChanges::environments`].
    pub environment: usize,
    /// For whom; shared by effects for which it is the same.
    pub condition: Arc<Condition>,
    /// A request that shows it.
    pub witness: Witness,
    /// Of the repository's own entities, principals and resources that it concerns in the context of the witness, as
    /// Cedar writes them: some of them, where it has any.
    pub known: Vec<[String; 2]>,
    /// Names of attributes that were declared with another type: how their values are carried over decides whether the
    /// effect is there.
    pub migrated: Vec<String>,
    /// What gates say.
    pub ruling: Ruling,
    /// Stable across runs and moves: a hash of direction, causes' content and environment.
    pub fingerprint: String,
}

impl CauseGroup {
    /// What all of its effects hang on, if they do: attributes that were declared with another type, each once.
    #[must_use]
    pub fn migrated(&self) -> Vec<&str> {
        if self.effects.iter().any(|effect| effect.migrated.is_empty()) {
            return Vec::new();
        }
        let mut all: Vec<&str> = self.effects.iter().flat_map(|effect| &effect.migrated).map(String::as_str).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// Effects that the same changes bring about: the unit of reports.
#[derive(Debug, Clone, PartialEq)]
pub struct CauseGroup {
    /// Gained or lost.
    pub direction: Direction,
    /// The smallest set of changes that bring the effects about when made to the old side.
    pub causes: Vec<Cause>,
    /// One for each environment, in the order of environments.
    pub effects: Vec<Effect>,
    /// What the change as a whole is accepted by: a hash of the effects' fingerprints.
    pub fingerprint: String,
    /// The gate that refuses some of it, or would if it were not accepted: where it is written.
    pub gate: Option<Location>,
}

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

/// A change that was accepted beforehand, in a reviewed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The effect's fingerprint.
    pub fingerprint: String,
    /// What it is, in words.
    pub what: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it holds, `YYYY-MM-DD`.
    pub until: String,
    /// Whether it still holds.
    pub in_force: bool,
    /// Whether this comparison has the effect.
    pub used: bool,
    /// Whether the old side lacks it: the change accepts itself.
    pub added: bool,
}

/// A rule about the repository that the new side holds it to less strictly than the old side did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weakened {
    /// Such as `gate_removed`.
    pub kind: &'static str,
    /// What, in words.
    pub what: String,
    /// Where: on the new side if it is there, else on the old.
    pub location: Location,
    /// Whether it fails the run.
    pub ruling: Ruling,
    /// The gate that refuses it; `None` for what is refused without one.
    pub gate: Option<Location>,
    /// What it is accepted by: a hash of kind and words.
    pub fingerprint: String,
    /// Of an acceptance: the fingerprint of what it accepts.
    pub accepts: Option<String>,
}

impl Weakened {
    /// What became weaker; nobody has ruled yet.
    #[must_use]
    pub fn new(kind: &'static str, what: impl Into<String>, location: Location) -> Self {
        let what = what.into();
        let digest = Sha256::digest(format!("{kind}\n{what}").as_bytes());
        let fingerprint = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self { kind, what, location, ruling: Ruling::Free, gate: None, fingerprint, accepts: None }
    }
}

/// Everything that comparing two revisions found.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The old side.
    pub old: Side,
    /// The new side.
    pub new: Side,
    /// The stores, sorted by name.
    pub stores: Vec<StoreChanges>,
    /// Changes that were accepted beforehand.
    pub accepted: Vec<Accepted>,
    /// What became weaker.
    pub weakened: Vec<Weakened>,
}

impl Comparison {
    /// Every group of every store, with its store.
    pub fn groups(&self) -> impl Iterator<Item = (&StoreChanges, &CauseGroup)> {
        self.stores.iter().flat_map(|store| store.groups.iter().map(move |group| (store, group)))
    }

    /// How many effects gates refuse, and what became weaker and is refused.
    #[must_use]
    pub fn refused(&self) -> usize {
        let effects = self.groups().flat_map(|(_, group)| &group.effects).map(|effect| effect.ruling);
        let weakened = self.weakened.iter().map(|weakened| weakened.ruling);
        effects.chain(weakened).filter(|ruling| *ruling == Ruling::Refused).count()
    }

    /// Whether decisions change somewhere.
    #[must_use]
    pub fn changes_access(&self) -> bool {
        self.groups().next().is_some()
    }
}
