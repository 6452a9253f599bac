//! Rules over text and syntax: one file per rule, metadata and code together, and their one list.

mod near_miss_attribute;
mod near_miss_typo;
mod placeholder_text;
mod type_error_shape;

super::rule::list_rules! {
    avp_limits
    broad_scope
    copied_policy
    drifted_copy
    duplicate_annotation
    duplicate_id
    expired_grant
    group_compared_with_equals
    hard_coded_principal
    loose_like_pattern
    missing_id
    mixed_and_or
    near_miss_name
    negative_test_fails_open
    one_policy_per_file
    placeholder
    stale_link
    suspicious_pattern
    type_error_in_condition
    unused_template
    wildcard_in_entity_id
}
