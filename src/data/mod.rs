//! Data files with the place of everything in them, read strictly. Knows no policy and no table.
//!
//! Imports `text` only.
//!
//! | file | what it does |
//! |---|---|
//! | `json` | JSON by serde_json's raw values |
//! | `yaml` | YAML, a list of rows at a time |
//! | `csv` | comma-separated values |
//! | `tree` | values, whatever the syntax |
//! | `fault` | what is wrong with a part of a file |

pub mod csv;
mod fault;
pub mod json;
mod tree;
pub mod yaml;

pub use fault::{Fault, Said};
use tree::DEEPEST;
pub use tree::{Entry, Kind, Tree};
