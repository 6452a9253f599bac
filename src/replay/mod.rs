//! Recorded decisions run against the policies of a revision.
//!
//! An engine: imports `text`, `data`, `outcome`, `repo`, `decide`, `example` and `tables`. It opens no file: logs are
//! streams that it is given.
//!
//! # Why
//!
//! A record is decided on both sides over what it carries and what is known here; where that is not enough it is
//! undecided, and never unchanged. What is counted can be added up in any order (`outcome::replay`): threads, files and
//! machines all join their parts in the same way.
//!
//! Decisions are those of the compiled evaluator. Every one that changes, and a sample of the others, is confirmed by
//! Cedar's authorizer; a disagreement stops the run.
//!
//! | file | what it does |
//! |---|---|
//! | `formats` | from a line to records, a file for each format |
//! | `record` | a record, as far as its line says what was asked |
//! | `chunks` | from a stream to pieces of whole lines |
//! | `stores` | the stores of both sides, made ready |
//! | `window` | from when until when a policy is meant to be used |
//! | `context` | contexts of plain values |
//! | `judge` | what a store says of a request |
//! | `asker` | what both sides say of a request, asked once |
//! | `worker` | from lines to what is counted |
//! | `threads` | many logs, several threads |
//! | `classes` | requests by what policies make of them |
//! | `pseudonyms` | requests without the names of those who made them |
//! | `rows` | rows of a decision table, one for each class |
//! | `part` | parts of an answer, written down and joined |

mod asker;
mod chunks;
mod classes;
mod context;
mod formats;
mod judge;
mod part;
mod pseudonyms;
mod record;
mod rows;
mod stores;
mod threads;
mod window;
mod worker;

pub use classes::Class;
pub use formats::{formats, request_of};
pub use part::{Part, PartError, Question};
pub use rows::{Rows, rows};
pub use stores::{Pair, Ready, Stores};
pub use threads::{Failed, Log, Threads, replay};
pub use worker::{Asking, Counted};
