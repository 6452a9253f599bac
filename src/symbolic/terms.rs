//! What has to be read from the insides of symcc's terms.

use cedar_policy_core::ast::PatternElem;
use cedar_policy_symcc::bitvec::BitVec;
use cedar_policy_symcc::type_abbrevs::OrdPattern;

/// The number as its bits are, without sign.
pub(super) fn number(value: &BitVec) -> u128 {
    value.to_nat().to_string().parse().unwrap_or_default()
}

/// The elements of a pattern: a character, or `None` for any characters.
pub(super) fn pattern(pattern: &OrdPattern) -> Vec<Option<char>> {
    pattern
        .get_elems()
        .iter()
        .map(|element| match element {
            PatternElem::Char(c) => Some(*c),
            PatternElem::Wildcard => None,
        })
        .collect()
}
