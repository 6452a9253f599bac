//! The decision engine, and comparisons by it, against oracles and laws. Most of these tests are long searches.

#[path = "../common/mod.rs"]
mod common;

mod answers;
mod arithmetic;
mod cases;
mod census;
mod clauses;
mod compiled;
mod corpora;
mod diff_laws;
mod disagreement;
mod explain_laws;
mod fix_laws;
mod generated;
mod guardrails;
mod laws;
mod mutation;
mod oracle;
mod oracles;
mod second;
mod symcc_contract;
mod untyped;
mod worlds;
