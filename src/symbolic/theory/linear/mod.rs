//! Comparisons of numbers, and of sums of them, fit together.
//!
//! | file | what it does |
//! |---|---|
//! | `check` | numbers for a model, or why there are none |
//! | `constraints` | what a model says of sums, and what follows from equations |
//! | `simplex` | numbers between bounds, whole ones if need be |
//! | `ratio` | exact fractions |

mod check;
mod constraints;
mod ratio;
mod simplex;

pub(in crate::symbolic) use check::{Numbered, check};
