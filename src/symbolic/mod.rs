//! The embedded decision engine: *is there a request, with entities that fit the schema, such that ...?*
//!
//! [`Rules`] are policies under a [`SchemaModel`]; a [`Session`] is one request environment of them (or of two, with two
//! schemas); a [`Formula`] is the question; the [`Answer`] is `Impossible`, a [`Witness`] or `Unknown` with its [`Reason`].
//!
//! | step | file | what it does |
//! |---|---|---|
//! | compile | `rules`, `schema`, `terms` | cedar-policy-symcc turns a policy into two boolean terms: it matches, it errors |
//! | encode | `encoder`, `value`, `places`, `bits`, `circuit` | terms become literals; structure (options, records) is followed, unknown leaves become bits at *places* |
//! | solve | `sat`, `session` | a SAT solver proposes a model, the theories object, until one side gives in |
//! | theories | `functions`, `sets`, `hierarchy`, `strings` (with `pattern`) | axioms that a model breaks, added as clauses when it does |
//! | many | `sessions` | the sessions over all environments of one set of policies, made when needed, on all threads |
//! | show | `model`, `witness` | a request and entities are read from the model, confirmed by Cedar's authorizer, and made small |
//!
//! Why it is exact: a policy's terms are quantifier-free. Every clause that is added holds in every world (it is the definition of
//! a gate, or an instance of an axiom), so `Impossible` is never wrong; and a model that no theory objects to is a world: numbers
//! are their bits, classes are entities and strings that are different where their numbers are, a set holds the elements that are
//! known to be in it and no others, an entity's ancestors are those that follow. What turns up while solving is finite, so solving
//! ends; a budget of conflicts ends it earlier, as `Unknown`.
//!
//! What is assumed of the world, here as in Cedar's own analysis: entities that policies dereference exist and fit the schema, and
//! hierarchies are transitive and have no cycles.

mod api;
mod bits;
mod circuit;
mod difference;
mod encoder;
mod functions;
mod hierarchy;
mod model;
mod pattern;
mod places;
mod rules;
mod sat;
mod schema;
mod session;
mod sessions;
mod sets;
mod strings;
mod terms;
mod value;
mod witness;

pub use api::{Answer, Formula, PolicyRef, Reason};
pub use difference::{Difference, differences};
#[doc(hidden)]
pub use encoder::Axioms;
pub use rules::{Rules, Status, Subject};
pub use schema::SchemaModel;
pub use session::{DEFAULT_BUDGET, Sample, Session};
pub use sessions::Sessions;
pub use witness::{Case, Witness};
