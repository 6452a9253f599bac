//! What a comparison of two revisions found: who gains and who loses what.
//!
//! | file | what it holds |
//! |---|---|
//! | `comparison` | both sides, with what was accepted and what became weaker |
//! | `store` | one store: its groups, what is not decided, its schema's changes |
//! | `effect` | what changes for one reason, with a request that shows it |
//! | `cause` | the policies that bring it about, and their edits |
//! | `condition` | for whom it holds |
//! | `environment` | one request environment |

mod cause;
mod comparison;
mod condition;
mod effect;
mod environment;
mod store;

pub use cause::{Cause, Change, Edit, EditKind, EditPart, TemplateOf};
pub use comparison::{Accepted, Comparison, Side, Weakened};
pub use condition::{Clause, Condition, Left, LeftOver};
pub use effect::{CauseGroup, Effect, Ruling, Witness};
pub use environment::{Direction, EnvironmentChange, Lifecycle, Relation, Status};
pub use store::{Idle, SchemaChange, SetAside, StoreChanges, TextChanges, Unfit, UnfitKind};
