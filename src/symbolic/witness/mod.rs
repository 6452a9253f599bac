//! From a model to a request and entities that people can read and Cedar confirms.
//!
//! | file | what it does |
//! |---|---|
//! | `build` | a witness from a model, or from a witness of another environment |
//! | `snapshot`, `names`, `read` | the model's values, names for its classes, and drafts of request and entities |
//! | `datum`, `draft` | what is drafted, as Cedar takes it and as JSON |
//! | `replay` | Cedar's authorizer is asked |
//! | `minimise`, `omission`, `near` | what makes no difference is left out, and values come near what decides |
//! | `case` | what those who asked get |

mod build;
mod case;
mod datum;
mod draft;
mod minimise;
mod names;
mod near;
mod omission;
mod read;
mod replay;
mod snapshot;

pub(super) use build::{build, revalidate};
pub use case::{Case, Witness};
pub use datum::{NumberKind, uid_json, uid_value, uids};
