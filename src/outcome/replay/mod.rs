//! What recorded decisions say of a revision.
//!
//! Everything in it that is counted can be added up in any order, so that parts of a log come to what the whole does.
//!
//! | file | what it holds |
//! |---|---|
//! | `kept` | counts by name, no more than a fixed number of names |
//! | `tally` | what is counted of records |
//! | `replayed` | a whole run |

mod kept;
mod replayed;
mod tally;

pub use kept::{Distinct, Kept, Merge, stable_hash};
pub use replayed::{Input, Replayed};
pub use tally::{Cause, ChangeKey, Changed, Example, Grant, GrantSide, Moved, Period, Place, Tally, Unread, Window};
