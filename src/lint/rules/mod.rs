//! One file per rule, metadata and code together.

pub(super) mod duplicate_id;
pub(super) mod near_miss_name;
mod near_miss_typo;
pub(super) mod placeholder;
mod placeholder_text;
pub(super) mod type_error_in_condition;
mod type_error_shape;
pub(super) mod wildcard_in_entity_id;
