//! Small changes of policies, and which of them decision tables notice.
//!
//! A **mutant** is a store in which one policy is changed a little: a condition dropped or negated, `<` for `<=`, a
//! scope widened, permit for forbid. A row **kills** it when it passes today and would not pass then. One that no row
//! kills and that is proved to decide every request alike is **equivalent**, and none to worry about; the others
//! **survive**: for each the engine has a request that is decided otherwise, which is a row that would kill it.
//!
//! | file | what it does |
//! |---|---|
//! | `look` | a policy taken apart, as kinds of changes see it |
//! | `kinds/` | the kinds of changes, a file each |
//! | `mutant` | a changed policy, and what stands in the place of what |
//! | `fate` | what becomes of it |
//! | `rows` | which mutants rows kill |
//! | `proofs` | which of the others decide alike, and requests for those that do not |
//! | `suggest` | rows from these requests |
//! | `run` | all stores |
//!
//! # Why
//!
//! Rows are asked first and proofs made of what is left: most mutants die, and a proof costs more than a row. Every
//! verdict is Cedar's: a mutated policy is evaluated by the authorizer, and put together with what the authorizer says
//! of all others, so that a row costs one evaluation and not one of each policy. `tests/tables/mutation.rs` asks the
//! plain authorizer about the whole store again.

mod fate;
mod kinds;
mod look;
mod mutant;
mod proofs;
mod rows;
mod run;
mod suggest;

pub use fate::Fate;
pub use run::{Asked, Mutated, Trial, mutate, trials};
