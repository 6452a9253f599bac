//! What a model of the solver has to obey besides the clauses: axioms, added as clauses where a model breaks them.
//!
//! Each theory has one entry, `check`: it looks at the model, adds what it breaks, and says how much that was.
//!
//! | file | theory |
//! |---|---|
//! | `congruence` | equal entities have equal attributes and tags |
//! | `sets` | sets are their elements |
//! | `linear` | comparisons of numbers and sums fit together |
//! | `hierarchy` | membership is transitive and has no cycles |
//! | `strings` | strings match patterns as strings do |
//! | `model` | reads values from the solver's model, for the theories and for witnesses |
//!
//! # Why
//!
//! Structure (options, records) is gone before the search, and equality of entities and strings is equality of numbers
//! (`encode::spaces`). So only these theories are left, and what they say is said on demand.

pub(super) mod congruence;
pub(super) mod hierarchy;
pub(super) mod linear;
pub(super) mod model;
pub(super) mod sets;
pub(super) mod strings;
