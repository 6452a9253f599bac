//! Guardrails: rules about the rules, proved of every request.
//!
//! A guardrail of any kind comes to a [`guardrail::Demand`]; one question for each kind of request decides it.
//!
//! | file | what it does |
//! |---|---|
//! | `guardrail` | what is to be proved |
//! | `kinds/` | the kinds, a file each: from what is written to what is to be proved |
//! | `instant` | clocks and instants |
//! | `world` | a store in the engine |
//! | `judge` | one guardrail over one kind of request |
//! | `alike`, `paired` | actions that are decided alike, in one kind of request and in all |
//! | `found`, `pending` | what came of a guardrail in one kind of request, and so far |
//! | `mend` | the smallest change that would mend one |
//! | `propose` | guardrails to begin with, for `init` |
//! | `told` | what came of it, for people |
//! | `texts` | guardrails held against those of another revision |
//! | `run` | all guardrails over all stores |
//!
//! Imports what engines may import.

mod alike;
mod found;
mod guardrail;
mod instant;
mod judge;
mod kinds;
mod mend;
mod paired;
mod pending;
mod propose;
mod rules;
mod run;
mod texts;
mod told;
mod world;

pub use propose::{Proposal, propose};
pub use rules::RULES;
pub use run::{Wanted, run};
pub use texts::{content, texts};
