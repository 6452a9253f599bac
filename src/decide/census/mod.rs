//! Who may do what, among all principals and all resources that there are.
//!
//! | file | what it does |
//! |---|---|
//! | `bits` | sets of principals |
//! | `split` | what a condition comes to, with those for whom it is so |
//! | `rows` | conditions for all principals at once |
//! | `lookups` | comparisons that are looked up |
//! | `left` | what is left to ask of a context that is not known |
//! | `columns` | who has access, one action and one resource after the other |
//! | `count` | the census: what others ask of all this |

mod bits;
mod columns;
mod count;
mod left;
mod lookups;
mod rows;
mod split;

pub use bits::Bits;
pub use columns::{Access, Column};
pub use count::{Census, Counted, Kind, Uncounted};
pub use left::Condition;
