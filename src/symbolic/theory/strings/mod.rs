//! Strings match patterns as strings do.
//!
//! | file | what it does |
//! |---|---|
//! | `check` | finds a string for every class, or says why there is none |
//! | `class` | the questions about one class, and which of them matter |
//! | `language` | the strings that match some patterns and do not match others |
//! | `sharing` | strings of finite languages, shared out among classes |
//! | `refutation` | why there are no strings, as clauses |

mod check;
mod class;
mod language;
mod refutation;
mod sharing;

pub(in crate::symbolic) use check::check;
pub(in crate::symbolic) use language::STATES;
pub(in crate::symbolic) use sharing::Checked;
