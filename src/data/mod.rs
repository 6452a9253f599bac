//! Data files with the place of everything in them, read strictly. Knows no policy and no table.
//!
//! Imports `text` only.
//!
//! | file | what it does |
//! |---|---|
//! | `json` | JSON by serde_json's raw values |
//! | `instant` | instants as they are mostly written |
//! | `scan` | JSON that is written plainly, without serde_json |
//! | `yaml` | YAML, a list of rows at a time |
//! | `csv` | comma-separated values |
//! | `tree` | values, whatever the syntax |
//! | `item` | values of JSON and YAML as other tools write them |
//! | `exact` | where every byte of a text stands |
//! | `fault` | what is wrong with a part of a file |

pub mod csv;
mod exact;
mod fault;
pub mod instant;
mod item;
pub mod json;
mod scan;
mod tree;
pub mod yaml;

pub use exact::Style;
pub use fault::{Fault, Said};
pub use item::{Field, Item, Scalar, What};
use tree::DEEPEST;
pub use tree::{Entry, Kind, Tree};
