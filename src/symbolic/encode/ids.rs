//! Types, paths and places by number.

/// A type, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::symbolic) struct TypeId(pub(super) u32);

/// A path, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::symbolic) struct PathId(pub(super) u32);

/// A place, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::symbolic) struct PlaceId(pub(super) u32);

impl PlaceId {
    /// The number.
    pub(in crate::symbolic) fn number(self) -> u32 {
        self.0
    }
}
