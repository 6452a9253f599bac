//! `diff`: effective permissions of two versions of a repository, compared store by store and environment by
//! environment.
//!
//! An engine: what `compare` finds between two sets of policies gets names and places here. Imports `text`, `finding`,
//! `rule`, `outcome`, `config`, `repo`, `triage`, `decide`, `symbolic` and `compare`.
//!
//! | file | what it does |
//! |---|---|
//! | `comparison` | all of the below, as one result |
//! | `stores` | which store of one side is which of the other |
//! | `pairing` | the same for policies |
//! | `leftovers` | policies of one side that became others of the other, by likeness |
//! | `alike` | whether two versions are proved to decide alike |
//! | `run` | one pair of stores: its environments, in parallel |
//! | `authorizers` | what Cedar's authorizer says of requests on each side |
//! | `undecided` | what is left open, and about which policies |
//! | `effects` | effects grouped by cause, with names and places |
//! | `known` | which of the repository's entities an effect concerns |
//! | `edits` | what an edit did to a policy, piece by piece |
//! | `called` | what a policy is called besides its name |
//! | `gates` | what gates say about effects, and what was accepted |
//! | `names` | what gates name and neither side has |
//! | `stricter` | what only another reading of the new side shows |
//! | `changed_policies` | which policies changed at all, and what the others were called, for others to look at |
//! | `custom_rules` | rules of the repository's own that ask for less |
//! | `weakening` | rules about the repository that became weaker |

mod alike;
mod authorizers;
mod called;
mod changed_policies;
mod comparison;
mod custom_rules;
mod edits;
mod effects;
mod gates;
mod idle;
mod known;
mod leftovers;
mod names;
mod pairing;
mod run;
mod stores;
mod stricter;
mod undecided;
mod weakening;

pub use alike::decide_alike;
pub use changed_policies::{changed_policies, names_before};
pub use comparison::{Version, comparison};
pub use names::{naming, never_gain, unknown_names};
pub use run::{Compared, compare};
pub use stores::focus;
