//! Texts of which another program fills in parts before Cedar reads them.
//!
//! | file | what it does |
//! |---|---|
//! | `fill` | the text that Cedar reads: what is known filled in, a word for a name that is not |
//! | `hole` | where a statement cannot be read for what is not known |
//! | `constants` | what policies name and compare with, as far as it is known |
//! | `fillings` | which fillings may decide otherwise than all others |
//!
//! # Why
//!
//! What is filled in and not known is a value like any other, but that nobody knows which. Left as it is written it is
//! one that is no other's, so what is found of it is found for nearly every filling, those aside that make it equal to
//! what policies name as well. These are few, and each is a run of its own (`run::fillings`). So engines know nothing
//! of templating, and what they say of all fillings was decided for all of them.

mod constants;
mod fill;
mod fillings;
mod hole;

pub(super) use fill::{filled, value};
pub use fillings::{Filling, Fillings, fillings};
pub(super) use hole::{holes, stand_ins};
