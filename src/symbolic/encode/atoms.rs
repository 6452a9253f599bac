//! Literals whose meaning the theories hold them to.

use std::rc::Rc;

use super::pattern::Pattern;
use super::value::Value;
use crate::symbolic::circuit::{Bits, Lit};

/// `every element of one set is in the other`, as a literal that is equal to it once its axioms hold.
#[derive(Debug, Clone)]
pub(in crate::symbolic) struct Subset {
    /// The literal.
    pub(in crate::symbolic) lit: Lit,
    /// The smaller set.
    pub(in crate::symbolic) small: Value,
    /// The larger set.
    pub(in crate::symbolic) large: Value,
}

/// `the string matches the pattern`, as a literal.
#[derive(Debug, Clone)]
pub(in crate::symbolic) struct Like {
    /// The string's class.
    pub(in crate::symbolic) text: Bits,
    /// The pattern.
    pub(in crate::symbolic) pattern: Rc<Pattern>,
    /// The literal.
    pub(in crate::symbolic) lit: Lit,
}
