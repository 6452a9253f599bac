//! Source text: files, byte spans, positions, and making untrusted text harmless to show.
//!
//! Imports nothing else of this crate.

mod cut;
mod edit_distance;
mod embedded;
mod escape;
mod file;
mod span;
pub(crate) mod templating;
pub(crate) mod tokens;

pub use cut::cut;
pub use edit_distance::nearest;
pub use embedded::{Mapped, TextMap};
pub use escape::{inline, is_deceptive, same_length};
pub use file::{Location, PlaceKey, Position, SourceFile};
pub use span::Span;
