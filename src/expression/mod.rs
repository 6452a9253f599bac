//! Cedar expressions in Cedar's JSON form: taken apart into conjuncts, said as people say them, and written out.
//!
//! The form is documented, and slots have their values in it: <https://docs.cedarpolicy.com/policies/json-format.html>.
//!
//! | file | what it does |
//! |---|---|
//! | `chain` | the operands of `&&` and `||` |
//! | `split` | a policy's scope and conditions as conjuncts |
//! | `plain` | the operators, lists and negations that people write |
//! | `print` | the text, with no more parentheses than it needs |

mod chain;
mod plain;
mod print;
mod split;

pub use chain::operands;
pub use plain::{as_written, not, plainly};
pub use print::{is_identifier, is_simple, text};
pub use split::{Piece, Section, all_of, pieces, policy_of};
