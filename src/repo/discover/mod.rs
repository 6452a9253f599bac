//! Which file is what, and which store owns it. Contents are looked at only where names leave a doubt.
//!
//! | file | what it does |
//! |---|---|
//! | `classify` | what a file is, by its name |
//! | `plan` | a store by the paths of its files |
//! | `layout` | all stores: as configured, then those that `stores` finds |
//! | `stores` | stores from names and folders |
//! | `schemas` | which schemas rule which folder |
//! | `homes` | which store a data file belongs to |
//! | `named` | files named one by one |
//! | `tables` | tables named one by one |

mod classify;
mod homes;
mod layout;
mod named;
mod plan;
mod schemas;
mod stores;
mod tables;

pub use classify::{is_known, is_schema};
pub(super) use layout::lay_out;
pub(super) use named::name_one_by_one;
pub(super) use plan::{Layout, Plan};
pub use schemas::SCHEMA_FOLDERS;
pub(super) use tables::tables_at;
