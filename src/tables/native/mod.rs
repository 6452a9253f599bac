//! Our own tables, whatever their syntax: a sheet (what all rows share) and specifications, each of which comes to one
//! row or several.
//!
//! | file | what it does |
//! |---|---|
//! | `model` | what a table says |
//! | `sheet`, `row`, `expectation`, `entities`, `fields` | reading that from values with places |
//! | `expand` | from specifications to rows |
//! | `context`, `overlay`, `matrix`, `moment`, `values` | parts of that: contexts, entities, actions, times, values |
//! | `vocabulary` | what the store knows |
//! | `strangers`, `watch` | entities of a row that exist nowhere |
//! | `faults` | what is said whatever the syntax |

mod context;
mod entities;
mod expand;
mod expectation;
mod faults;
mod fields;
mod matrix;
mod model;
mod moment;
mod overlay;
mod row;
mod sheet;
mod strangers;
mod values;
mod vocabulary;
mod watch;

pub(super) use expand::{Sheets, unrun};
pub(super) use faults::{no_reason, no_row};
pub(super) use model::{Because, Failing, Sheet, Spec, What};
pub(super) use row::spec;
pub(super) use sheet::sheet;
pub(super) use strangers::Met;
pub(super) use vocabulary::Vocabulary;
