//! What the embedded engine knows of a store's policies: worked out once for each store, read by many rules.
//!
//! `settle` asks about every policy in every request environment; `analysis` puts the answers together into what rules report,
//! with the smallest sets of other policies that explain it (`covers`) and requests that show it.

mod analysis;
mod broad;
mod clash;
mod conflicts;
mod covers;
mod engine;
mod hitting;
mod members;
mod settle;
mod slips;
mod words;

pub(super) use analysis::{Analysis, Wanted, analyse};
pub(super) use members::MemberKind;
pub(super) use words::{also, environments, finding, names, report_shadow};
