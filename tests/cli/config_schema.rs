//! The kept JSON schemas of `polcheck.toml` and of tables are those that the code gives, and agree with it on what is
//! right.

use polcheck::config::{json_schema, load};
use polcheck::text::SourceFile;
use serde_json::Value;

fn is_current(kept: &str, now: &Value) {
    if std::env::var_os("POLCHECK_BLESS").is_some() {
        std::fs::write(kept, format!("{}\n", serde_json::to_string_pretty(now).unwrap())).unwrap();
    }
    let text: Value = serde_json::from_str(&std::fs::read_to_string(kept).unwrap()).unwrap();
    assert_eq!(&text, now, "run this test with POLCHECK_BLESS=1 to write {kept} anew");
    assert!(now["$id"].as_str().unwrap().ends_with(kept));
}

#[test]
fn the_kept_schemas_are_current() {
    is_current("polcheck.schema.json", &json_schema(&polcheck::run::catalogue()));
    is_current("polcheck-table.schema.json", &polcheck::tables::json_schema());
}

#[test]
fn the_schema_of_tables_knows_their_keys() {
    let validator = jsonschema::validator_for(&polcheck::tables::json_schema()).unwrap();
    let row = |key: &str, value: Value| serde_json::json!({ "tests": [{ "name": "a", key: value }] });
    assert!(validator.is_valid(&row("expect", "allow".into())));
    assert!(validator.is_valid(&row("at", serde_json::json!({ "0m": "allow" }))));
    assert!(!validator.is_valid(&row("expct", "allow".into())));
    assert!(!validator.is_valid(&row("expect", "maybe".into())));
    assert!(!validator.is_valid(&serde_json::json!({ "defaults": {} })));
}

#[test]
fn schema_and_reader_agree() {
    let catalogue = polcheck::run::catalogue();
    let validator = jsonschema::validator_for(&json_schema(&catalogue)).unwrap();
    for (text, right) in [
        ("", true),
        ("fail-on = \"never\"\nexclude = \"a\"\nrequired-version = \">=0.1\"", true),
        ("[rules]\nplaceholder = \"off\"", true),
        ("[[override]]\npaths = [\"a\"]\nrules = { placeholder = \"note\" }", true),
        ("[[store]]\nname = \"a\"\nschema = [\"b\"]\nlevel = 2", true),
        ("store = [{ name = \"a\", policies = \"p\" }]", true),
        ("coverage-floor = 80", true),
        ("coverage-floor = 101", false),
        ("coverage-floor = \"80\"", false),
        ("fail-on = \"loud\"", false),
        ("nothing = 1", false),
        ("[rules]\nsyntax-error = \"off\"", false),
        ("[[override]]\nrules = {}", false),
        ("[[store]]\nlevel = 2", false),
        ("[[store]]\nname = \"a\"\nlevel = -2", false),
        ("exclude = [1]", false),
    ] {
        let (_, findings) = load(&SourceFile::new("polcheck.toml", text), &catalogue);
        assert_eq!(findings.is_empty(), right, "{text}: {findings:?}");
        let value: Value = serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap();
        assert_eq!(validator.is_valid(&value), right, "{text}");
    }
}
