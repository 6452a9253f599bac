//! `--report human`: what people read on a terminal.

mod breadth;
mod changes;
mod clean;
mod conflicts;
mod coverage;
mod explained;
mod explanation;
mod finding;
mod guardrails;
mod mutation;
mod paint;
mod render;
mod replay;
mod row;
mod snippet;
mod who_can;

use crate::report::Format;

/// The format.
pub(super) static FORMAT: Format =
    Format { name: "human", about: "for people, with the source shown", every_row: false, render: render::render };
