//! Policies become symcc's terms: two booleans for each, it matches and it errors.
//!
//! | file | what it does |
//! |---|---|
//! | `schema`, `difference` | a schema as the engine reads it, and what two declare otherwise |
//! | `subject`, `scope` | one policy, and the environments that its scope admits |
//! | `variant` | a policy as terms over one environment |
//! | `template` | what may stand in a template's slots |
//! | `untyped` | what the evaluator does with a policy that does not typecheck |
//! | `policies` | all policies of a side, and the terms that are kept of them |
//! | `terms` | what has to be read from the insides of Cedar and symcc |

mod difference;
mod policies;
mod schema;
mod scope;
mod subject;
mod template;
pub(super) mod terms;
mod untyped;
mod variant;

pub use difference::{Difference, differences};
pub(super) use policies::Busy;
pub use policies::{CompiledPolicies, Likeness, Status};
pub(super) use schema::Function;
pub use schema::SchemaModel;
pub use subject::{Limits, Subject};
pub(super) use terms::called;
pub(super) use variant::{Compiled, Variant};
