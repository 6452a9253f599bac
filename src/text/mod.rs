//! Source text: files, byte spans, positions, and making untrusted text harmless to show.
//!
//! Imports nothing else of this crate.

mod cut;
mod edit_distance;
mod escape;
mod file;
pub(crate) mod tokens;

pub use cut::cut;
pub use edit_distance::nearest;
pub use escape::{inline, is_deceptive, same_length};
pub use file::{Location, Position, SourceFile, Span};
