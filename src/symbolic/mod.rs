//! The embedded decision engine: *is there a request, with entities that fit the schema, such that ...?*
//!
//! [`CompiledPolicies`] are policies under a [`SchemaModel`]; a [`Session`] is one request environment of them (or of
//! two, with two schemas); a [`Formula`] is the question; the [`Answer`] is `Impossible`, a [`Witness`] or `Unknown`
//! with its [`Reason`].
//!
//! | step | folder or file | what it does |
//! |---|---|---|
//! | ask | `question`, `reason` | questions, answers, and reasons for having none |
//! | | `session` | one environment, asked any number of questions: what callers hold |
//! | | `sessions` | the sessions of all environments, made when they are needed, on all threads |
//! | | `meter` | how far a run is, for whoever shows it |
//! | | `solvers`, `second` | whether cvc5 answers as well; what it is asked |
//! | compile | `compile` | cedar-policy-symcc turns a policy into two boolean terms: it matches, it errors |
//! | encode | `encode` | terms become literals; structure (options, records) is followed, unknown leaves become bits at *places* |
//! | | `circuit` | literals, gates and bits over a SAT solver |
//! | solve | `solve` | the solver proposes a model, the theories object, until one side gives in |
//! | theories | `theory` | axioms that a model breaks, added as clauses when it does |
//! | show | `witness` | a request and entities are read from the model, confirmed by Cedar's authorizer, and made small |
//!
//! Each uses only what stands before it: question, compile, circuit, encode, theory, solve, witness, session.
//!
//! Why it is exact: a policy's terms are quantifier-free. Every clause that is added holds in every world (it is the
//! definition of a gate, or an instance of an axiom), so `Impossible` is never wrong; and a model that no theory
//! objects to is a world: numbers are their bits, classes are entities and strings that are different where their
//! numbers are, a set holds the elements that are known to be in it and no others, an entity's ancestors are those that
//! follow. What turns up while solving is finite, so solving ends; a budget of steps ends it earlier, as `Unknown`.
//!
//! What is assumed of the world, here as in Cedar's own analysis: entities that policies dereference exist and fit the
//! schema, and hierarchies are transitive and have no cycles.

mod circuit;
mod compile;
mod encode;
mod meter;
mod question;
mod reason;
mod second;
mod session;
mod sessions;
mod solve;
mod solvers;
mod theory;
mod witness;

pub use compile::{CompiledPolicies, Difference, Likeness, Limits, SchemaModel, Status, Subject, differences};
#[doc(hidden)]
pub use encode::Axioms;
pub use meter::Meter;
pub use question::{Answer, Apart, Formula, PolicyRef};
pub use reason::{Difficulty, Reason, SetAsideReason};
pub use session::{Prepared, Session};
pub use sessions::Sessions;
pub use solve::{DEFAULT_BUDGET, Sample};
pub use solvers::{Silence, SolverMode, Solvers};
pub use witness::{Case, NumberKind, Witness, uid_json, uid_value, uids};
