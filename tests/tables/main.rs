//! Decision tables: their forms, the decisions of their rows, explanations of rows that fail, and coverage.

#[path = "../common/mod.rs"]
mod common;

mod cli;
mod corpora_decisions;
mod coverage_cli;
mod coverage_oracle;
mod explanations;
mod many;
mod mutation;
mod own;
mod prop_index;
mod service;
mod typed;
mod unknown;
