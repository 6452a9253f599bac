//! YAML with places, read strictly. The only folder that touches the YAML parser.
//!
//! Strict means: what YAML's versions read differently, or what a reader would take for something else, is refused with
//! the form that cannot be misread. There are no anchors, aliases, tags and merge keys, one document, and no key twice.
//!
//! | file | what it does |
//! |---|---|
//! | `reader` | a file with a list of rows: everything but the rows, then row by row |
//! | `mend` | a file without a row that is no YAML |
//! | `values` | values from events |
//! | `scalar` | what an unquoted value is |
//! | `events` | the parser's events with their places, and what is no YAML |
//! | `cursor` | from the parser's characters to bytes |
//! | `documents` | YAML as other tools read it, with none of that strictness |
//!
//! # Why
//!
//! YAML is read as events, not into types. Events have a place for every value and say whether it was quoted, and a
//! reader of them can give all faults of a row instead of the first. Deserialisers do not.

mod cursor;
mod documents;
mod events;
mod mend;
mod reader;
mod scalar;
mod values;

pub use documents::documents;
pub use mend::{blanked, row_around};
pub use reader::{Reader, Top};
