//! Rules by proof: one file per rule, metadata and code together, and their one list. What several of them need to know
//! is in `facts`; `shadow_report` holds the words that two share, `guarded` how two are mended, `constant_shape` tells
//! policies of one shape, and `versions` files that are versions of one.

mod constant_shape;
mod guarded;
mod shadow_report;
mod versions;

super::rule::list_rules! {
    conflicting_rules
    constant_condition
    denies_everything
    forbid_can_error
    missing_guard
    never_matches
    over_broad
    overridden_permit
    permit_can_error
    redundant_policy
    shadowed_forbid
    shadowed_permit
    trusts_client_input
    unconditional_forbid
    unconditional_permit
}
