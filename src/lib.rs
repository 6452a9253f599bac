//! polcheck: a policy-as-code toolchain for [Cedar](https://www.cedarpolicy.com) policy repositories.
//!
//! Data flows one way: a [`source`] lists and reads files; [`repo`] turns them into stores (schema, policies, templates
//! and links, entities, tests), with [`config`] saying how and [`data`] reading JSON, YAML and CSV; the engines
//! ([`validate`], [`lint`], [`tables`], [`prove`], [`diff`], [`access`]) turn stores into [`finding`]s and rows; an
//! [`outcome`] holds what a run produced; a [`report`] shows it. [`run`] wires the steps together, and [`cli`] parses
//! arguments, calls it and prints; [`lsp`] calls it for editors.
//!
//! To use polcheck as a library, call [`run`]: `examples/check.rs` does in twenty lines. Its functions, options and
//! errors, [`outcome::Outcome`] and the names in [`report::FORMATS`] stay as they are within a minor version; JSON
//! reports keep their keys (`"format": 1`). The other modules are public for tests and for those who build on the
//! engine, and may change with any version.
//!
//! | module | may import |
//! |---|---|
//! | `text` | nothing of ours |
//! | `source`, `data` | `text` |
//! | `finding` | `text` |
//! | `rule` | `text`, `finding` |
//! | `outcome` | `text`, `finding`, `rule` |
//! | `config` | `text`, `source`, `finding`, `rule` |
//! | `repo` | `text`, `source`, `data`, `config`, `finding`, `rule` |
//! | `triage` | `text`, `finding`, `rule` |
//! | `decide`, `trace` | nothing of ours (Cedar's types only) |
//! | `symbolic` | nothing of ours (Cedar's types only) |
//! | `expression` | nothing of ours (Cedar's types only) |
//! | `compare` | `symbolic`, `expression` |
//! | `infer` | `text`, `repo`, `symbolic` |
//! | `example` | `text`, `repo`, `decide`, `symbolic` |
//! | `explain` | `text`, `finding`, `outcome`, `repo`, `decide`, `trace`, `symbolic`, `expression`, `infer` |
//! | `validate`, `lint`, `tables`, `diff`, `prove`, `starter` | `text`, `data`, `finding`, `rule`, `outcome`, `config`, `repo`, `triage`, `decide`, `trace`, `symbolic`, `expression`, `compare`, `infer`, `explain`, `example`; never each other |
//! | `mutation` | `text`, `repo`, `outcome`, `decide`, `symbolic`, `expression`, `infer`, `example`, `tables` |
//! | `replay` | `text`, `data`, `outcome`, `repo`, `decide`, `example`, `tables` |
//! | `access` | `text`, `repo`, `decide`, `symbolic`, `expression`, `compare`, `infer`, `outcome` |
//! | `report` | `text`, `finding`, `rule`, `outcome` |
//! | `run` | `text`, `source`, `finding`, `rule`, `outcome`, `config`, `repo`, `triage`, `data`, `symbolic`, `infer`, `explain`, `validate`, `lint`, `tables`, `diff`, `prove`, `access`, `mutation`, `replay`, `example` |
//! | `lsp` | `run`, `text`, `source`, `data`, `finding`, `rule`, `triage`, `outcome`, `repo` |
//! | `cli` | everything |
//!
//! `tests/architecture.rs` reads this table and holds the code to it.

#![cfg_attr(
    not(test),
    deny(
        clippy::dbg_macro,
        clippy::disallowed_macros,
        clippy::disallowed_methods,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::todo,
        clippy::unimplemented,
        clippy::unwrap_used
    )
)]

pub mod access;
pub mod cli;
pub mod compare;
pub mod config;
pub mod data;
pub mod decide;
pub mod diff;
pub mod example;
pub mod explain;
pub mod expression;
pub mod finding;
pub mod infer;
pub mod lint;
pub mod lsp;
pub mod mutation;
pub mod outcome;
pub mod prove;
pub mod replay;
pub mod repo;
pub mod report;
pub mod rule;
pub mod run;
pub mod source;
pub mod starter;
pub mod symbolic;
pub mod tables;
pub mod text;
pub mod trace;
pub mod triage;
pub mod validate;
