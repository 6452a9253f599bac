//! What the engine's answers are compared with: generated cases, two oracles, and a replay of its witnesses.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "shared by test binaries, each of which uses what it needs"
)]

pub mod brute;
pub mod compare;
pub mod damage;
pub mod domain;
pub mod generate;
pub mod judge;
pub mod mutate;
pub mod policies;
pub mod queries;
pub mod replay;
pub mod schemas;
pub mod stores;
pub mod symcc;
pub mod syntax;
