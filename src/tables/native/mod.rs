//! Our own tables, whatever their syntax: a sheet (what all rows share) and specifications, each of which comes to one
//! row or several.
//!
//! | file | what it does |
//! |---|---|
//! | `model` | what a table says |
//! | `sheet`, `row`, `expectation`, `entities`, `fields` | reading that from values with places |
//! | `sheets` | what the rows of a table have in common, checked once |
//! | `expand` | from specifications to rows |
//! | `context`, `overlay`, `matrix`, `moment`, `policies`, `values` | parts of that: contexts, entities, actions, times, policies, values |
//! | `vocabulary` | what the store knows |
//! | `json_schema` | the keys of a table, for editors |
//! | `mentions`, `strangers`, `watch` | entities that a row names, and those of them that exist nowhere |
//! | `faults` | what is said whatever the syntax |

mod context;
mod entities;
mod expand;
mod expectation;
mod faults;
mod fields;
mod json_schema;
mod matrix;
mod mentions;
mod model;
mod moment;
mod overlay;
mod policies;
mod row;
mod sheet;
mod sheets;
mod strangers;
mod values;
mod vocabulary;
mod watch;

pub(super) use expand::{Expander, unrun};
pub(super) use expectation::decision_of;

pub use json_schema::json_schema;

pub(super) use faults::{no_reason, no_row};
pub(super) use model::{Because, Failing, Sheet, Spec, What};
pub(super) use row::spec;
pub(super) use sheet::sheet;
pub(super) use sheets::Sheets;
pub(super) use vocabulary::Vocabulary;
