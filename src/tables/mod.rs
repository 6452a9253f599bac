//! Decision tables: rows of requests with the decisions that they should get.
//!
//! An engine: imports `text`, `data`, `finding`, `rule`, `outcome`, `repo`, `decide`, `trace` and `explain`.
//!
//! # Why
//!
//! Every form comes to the same rows (`rows`): a request, entities, and what is expected. The forms of others are read
//! from JSON in place (`forms`, `foreign`). Our own, YAML and CSV, are read into specifications (`native::model`), each
//! of which comes to one row or several (`native::expand`): names resolved, contexts put together from defaults, clock
//! and row by what the schema gives the action, entities laid over.
//!
//! A row's faults are collected, each at its place; only what cannot go on stops it. What stands before a fault of
//! syntax is run.

mod absent;
mod asking;
mod body;
mod compare;
mod coverage;
mod engine;
mod fit;
mod foreign;
mod forms;
mod known;
mod names;
mod native;
mod preview;
mod ran;
mod ready;
mod record;
mod repeats;
mod request;
mod rows;
mod rules;
mod select;
mod strangers;
mod uid;
mod worker;

pub use asking::{AskedRow, Identities, Names, context, identity, json, near, request, row, store_of};
pub use body::{Body, Rewritten, body, cedar_context, cedar_entities};
pub use compare::got;
pub use coverage::Gauge;
pub use engine::run;
pub use native::json_schema;
pub use preview::unknown;
pub use ran::Ran;
pub use record::{Record, Recorded, Verdict};
pub use rules::RULES;
pub use select::{Filter, Selection, Shard};
