//! Who may do what: over the entities of a store, and how that differs from another version of its policies.
//!
//! An engine. Imports `text`, `repo`, `decide`, `symbolic`, `expression`, `compare`, `infer` and `outcome`.
//!
//! | file | what it does |
//! |---|---|
//! | `among` | contexts that lead to entities that there are |
//! | `asked` | the names that somebody asks about, found in a store |
//! | `by_type` | the same where no entity is known |
//! | `changed` | entities that are others on each side |
//! | `kinds` | the kinds of requests that there are |
//! | `sides` | both sets of policies over their entities, each with its own actions |
//! | `counted` | both counted, and set side by side |
//! | `conditions` | what is left to ask of the context, decided by the engine |
//! | `settled` | what each side comes to, and what that changes |
//! | `confirmed` | what is shown, asked of Cedar's authorizer |
//! | `groups` | who stands together |
//! | `survey` | all of it |
//! | `matrix` | the permission matrix: principals by type and by group, and actions |

mod among;
mod asked;
mod by_type;
mod changed;
mod conditions;
mod confirmed;
mod counted;
mod groups;
mod kinds;
mod matrix;
mod settled;
mod sides;
mod survey;

pub use asked::{Asked, Subject, Wanted};
pub use by_type::{ByType, Stores};
pub use changed::changed_entities;
pub use counted::SurveyError;
pub use kinds::{Nameless, UnfitContext};
pub use matrix::MatrixOptions;
pub use sides::Sides;
pub use survey::{Survey, survey};
