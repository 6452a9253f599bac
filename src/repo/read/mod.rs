//! From files to what they hold: one reader a kind, every fault a finding at its place.
//!
//! | file | what it does |
//! |---|---|
//! | `store` | all files of a store |
//! | `assemble` | keys and names for what was found |
//! | `found` | policies and links before they have a store |
//! | `policies` | policy files, by `policies_cedar` and `policies_json` |
//! | `links` | template links |
//! | `entities` | entities |
//! | `guardrails` | files of guardrails |
//! | `tables` | decision tables, and what they bring along |
//! | `translations` | policies in both syntaxes, of which one is read |

mod assemble;
mod entities;
mod found;
mod guardrails;
mod links;
mod policies;
mod policies_cedar;
mod policies_json;
mod store;
mod tables;
mod translations;

pub use entities::read_entities;
pub(super) use guardrails::{read_guardrails, stores_around};
pub(super) use store::read_store;
