//! What is true of the policies of one store, by the embedded engine: what proofs read and share.
//!
//! Nothing here knows of a rule. A file imports from those above it in this table:
//!
//! | file | what it holds |
//! |---|---|
//! | `members` | the policies, links and templates of a store, in the order in which the engine has them |
//! | `questions` | formulas about them by index |
//! | `unanswered` | questions without an answer, and the sentences about them |
//! | `environment_facts` | what each policy does in one request environment |
//! | `store_facts` | `Facts`: the same for all environments, and more questions |
//! | `proved` | what proofs found, and the requests that show it |
//! | `findings` | how findings about policies are put |
//! | `left_out` | policies that the engine does not have, or that do not fit the schema |
//! | `hitting_set`, `minimal_cover` | smallest sets of policies that match all requests in question |
//! | `binding` | what permits ask for, and which of it keeps requests out |
//! | `since` | whether permits match what they did not match before |
//! | `breadth` | how far permits reach |
//! | `denied` | environments where nothing is allowed |
//! | `overridden` | permits whose requests are all forbidden |
//! | `shadows` | policies whose requests others of their effect match |
//! | `conflicts` | permits and forbids that overlap |
//! | `contradiction` | why a policy matches nothing |
//! | `error_bypass` | requests that are allowed because a forbid errors |
//!
//! # Why
//!
//! A store is analysed once, before the proofs run. Environments are asked about in parallel, each in a session that
//! stays on its thread. One question for each policy ("it matches and no other does") answers most of what is asked.
//! What several proofs need besides is worked out by the first that asks.

mod binding;
mod breadth;
mod conflicts;
mod contradiction;
mod denied;
mod environment_facts;
mod error_bypass;
mod findings;
mod hitting_set;
mod left_out;
mod members;
mod minimal_cover;
mod overridden;
mod proved;
mod questions;
mod shadows;
mod since;
mod store_facts;
mod unanswered;

pub(super) use breadth::{grant_example, is_for_everything, judge_breadth, permits_everything, rank_permits};
pub(super) use conflicts::conflicts;
pub(super) use contradiction::find_contradiction;
pub(super) use denied::denied;
pub(super) use environment_facts::Known;
pub(super) use error_bypass::{Bypass, ErrorCause, find_bypasses, overflows};
pub(super) use findings::finding_about;
pub(super) use left_out::find_left_out;
pub(super) use members::{Member, MemberKind, members};
pub(super) use overridden::overridden;
pub(super) use questions::{any, any_other, errors, matches, policy};
pub(super) use shadows::{Shadow, find_shadows};
pub(super) use unanswered::Unanswered;

pub use proved::Proved;
pub use store_facts::Facts;
