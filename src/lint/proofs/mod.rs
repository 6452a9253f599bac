//! Rules by proof: one file per rule, metadata and code together, and their one list. What several of them need to know
//! is in `facts`; `shadow_report` holds the words that two share.

mod shadow_report;

super::rule::list_rules! {
    conflicting_rules
    denies_everything
    forbid_can_error
    never_matches
    over_broad
    overridden_permit
    shadowed_forbid
    shadowed_permit
    unconditional_forbid
    unconditional_permit
}
