//! Rules over text and syntax: one file per rule, metadata and code together, and their one list.

mod near_miss_attribute;
mod near_miss_typo;
mod placeholder_text;
mod type_error_shape;

super::rule::list_rules! {
    duplicate_id
    near_miss_name
    placeholder
    type_error_in_condition
    wildcard_in_entity_id
}
