//! Which file is what, and which store owns it. Contents are looked at only where names leave a doubt.
//!
//! | file | what it does |
//! |---|---|
//! | `classify` | what a file is, by its name |
//! | `plan` | a store by the paths of its files |
//! | `layout` | all stores: as configured, then those that `stores` finds |
//! | `sorted`, `shapes` | what the files that nobody named are, by name and content |
//! | `group`, `groups`, `copies` | which policies belong together |
//! | `schemas`, `units` | which folder a schema rules, and which files make one |
//! | `govern` | which schema governs which policies |
//! | `words` | names that text mentions |
//! | `stores` | stores from all of that |
//! | `idle` | what is said of files that belong nowhere |
//! | `advice` | lines of configuration to write |
//! | `hints` | what looks like Cedar where nothing was found |
//! | `homes` | which store a data file belongs to |
//! | `named` | files named one by one |
//! | `tables` | tables named one by one |

mod advice;
mod classify;
mod copies;
mod govern;
mod group;
mod groups;
mod hints;
mod homes;
mod idle;
mod layout;
mod named;
mod plan;
mod schemas;
mod shapes;
mod sorted;
mod stores;
mod tables;
mod units;
mod words;

pub(super) use classify::is_always;
pub use classify::{is_known, is_schema};
pub(super) use hints::hints;
pub(super) use layout::lay_out;
pub(super) use named::name_one_by_one;
pub(super) use plan::{Layout, Plan};
pub use schemas::SCHEMA_FOLDERS;
pub(super) use tables::tables_at;
