//! Names in configuration, with their places.

use crate::text::Location;

/// A name of something that the repository has, and where it is written.
#[derive(Debug, Clone)]
pub struct Name {
    /// As written.
    pub text: String,
    /// Where.
    pub location: Location,
}
