//! Repositories: where files come from, how they are read, validated and linted, and what is known of those of others.

#[path = "../common/mod.rs"]
mod common;

mod access_laws;
mod analysis_corpora;
mod as_they_lie;
mod carriers;
mod carriers_archive;
mod carriers_fixes;
mod carriers_kubernetes;
mod carriers_met;
mod carriers_terraform;
mod confirmed;
mod cookbook;
mod corpora_validation;
mod custom_rules;
mod examples;
mod fixes;
mod fixes_in_json;
mod fixes_of_templates;
mod fmt;
mod git_histories;
mod guardrails;
mod guardrails_of_a_base;
mod ill_typed;
mod layouts;
mod lint_rules;
mod listings;
mod names;
mod one_defect;
mod progress;
mod prop_carriers;
mod prop_statements;
mod read_twice;
mod replay;
mod replay_oracle;
mod replay_parts;
mod replay_rows;
mod rule_docs;
mod shared_files;
mod slips;
mod sources;
mod stores_of_others;
mod templating;
mod who_can;
mod who_can_sides;
