//! Tables of others, read unchanged: what their forms, all of them JSON, have in common.
//!
//! | file | what it does |
//! |---|---|
//! | `fields` | reading rows field by field |
//! | `malformed` | why a file is no table |

mod fields;
mod malformed;

pub(super) use fields::{Fields, Request, found};
pub(super) use malformed::{malformed, unknown_form};
