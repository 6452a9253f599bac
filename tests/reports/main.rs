//! Every format of report, parsed back and held to the rules of those who read it.

#[path = "../common/mod.rs"]
mod common;

mod changes;
mod changes_markdown;
mod github;
mod gitlab_junit;
mod html;
mod human;
mod json;
mod json_schema;
mod notices;
mod prop_bytes;
mod report_common;
mod sarif;
