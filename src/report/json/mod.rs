//! `--report json`: everything a run knows (format 1). Keys are added, never renamed; ARCHITECTURE.md lists those
//! beyond the specification.

mod breadth;
mod changes;
mod coverage;
mod explained;
mod fixes;
mod guardrails;
mod impact;
mod location;
mod matrix;
mod mutation;
mod replay;
mod run;
mod who_can;

use crate::report::Format;

/// The format.
pub(super) static FORMAT: Format =
    Format { name: "json", about: "everything, for programs (format 1)", every_row: true, render: run::render };
