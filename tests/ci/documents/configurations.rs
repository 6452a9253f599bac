//! What pages show of polcheck.toml and of decision tables fits the schemas.

use serde_json::Value;

use super::pages;
use crate::common::yaml;

/// The blocks of a language, wherever the fence says more.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
        if info.split(' ').next() == Some(language) {
            found.push(block.join("\n"));
        }
    }
    found
}

fn valid(schema: &str) -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn what_is_shown_of_the_configuration_is_one() {
    let valid = valid("polcheck.schema.json");
    let mut seen = 0;
    // Pages of rules show what is wrong as well, and that of editors shows their configuration.
    let ours = |path: &std::path::PathBuf| !path.starts_with("docs/rules") && !path.ends_with("editors.md");
    for path in pages("docs").into_iter().filter(ours) {
        for block in blocks(&std::fs::read_to_string(&path).unwrap(), "toml") {
            let table: toml::Table =
                block.parse().unwrap_or_else(|error| panic!("{}: {error}\n{block}", path.display()));
            let value = serde_json::to_value(table).unwrap();
            let wrong: Vec<String> = valid.iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{}: {}\n{block}", path.display(), wrong.join("\n"));
            seen += 1;
        }
    }
    assert!(seen > 7, "{seen}");
    assert!(!valid.is_valid(&serde_json::json!({ "fail-on": "now and then" })));
}

#[test]
fn what_is_shown_of_decision_tables_is_one() {
    let valid = valid("polcheck-table.schema.json");
    let mut seen = 0;
    for path in ["docs/tables.md", "docs/start.md"] {
        for block in blocks(&std::fs::read_to_string(path).unwrap(), "yaml") {
            let value = yaml::parse(&block);
            let wrong: Vec<String> = valid.iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{path}: {}\n{block}", wrong.join("\n"));
            seen += 1;
        }
    }
    assert!(seen > 1, "{seen}");
}
