//! What a format says of itself.

use super::fields::Fields;
use crate::replay::record::Read;

/// A format of logs.
pub(in crate::replay) struct Format {
    /// Its name.
    pub(in crate::replay) name: &'static str,
    /// What writes it.
    pub(in crate::replay) about: &'static str,
    /// The records of a line with these fields; `None` where the line is of another format.
    pub(in crate::replay) read: for<'t> fn(&Fields<'t>) -> Option<Read<'t>>,
}
