//! From terms to literals: structure is followed, what is left are bits at places.
//!
//! | file | what it does |
//! |---|---|
//! | `encoder` | everything encoded so far, and the ways in |
//! | `terms` | which operation of a term is whose |
//! | `unknowns` | variables, slots, functions of entities, patterns |
//! | `values` | options, records and conditionals are taken apart |
//! | `sets` | membership and inclusion |
//! | `numbers`, `form` | numbers as sums |
//! | `sums`, `comparisons` | operations of such numbers, and what compares them |
//! | `arithmetic`, `address` | operations of numbers, and the bits of IP addresses |
//! | `spaces` | classes: the numbers that stand for entities and strings |
//! | `places` | the unknowns, by where they stand |
//! | `value`, `ids`, `types` | what values are |
//! | `atoms`, `pattern` | literals that the theories hold to their meaning |
//! | `axioms` | axioms that tests switch off |

mod address;
mod arithmetic;
mod atoms;
mod axioms;
mod comparisons;
mod encoder;
mod form;
mod ids;
mod numbers;
mod pattern;
mod places;
mod sets;
mod spaces;
mod sums;
mod terms;
mod types;
mod unknowns;
mod value;
mod values;

pub(super) use address::text_of_address;
pub(super) use atoms::{Like, Subset};
pub use axioms::Axioms;
pub(super) use encoder::{Encoder, SlotPlace};
pub(super) use form::{Form, Leaf, Terms, common_divisor, merge};
pub(super) use ids::{PathId, PlaceId};
pub(super) use numbers::AtMost;
pub(super) use pattern::{Automaton as PatternAutomaton, Pattern, Position};
pub(super) use places::{Member, Origin, Places};
pub(super) use spaces::{Space, SpaceKey, Widths};
pub(super) use value::Value;
