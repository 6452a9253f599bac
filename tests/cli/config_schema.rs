//! The kept JSON schema of `polcheck.toml` is the one that the code gives, and both agree on what is right.

use polcheck::config::{json_schema, load};
use polcheck::text::SourceFile;
use serde_json::Value;

const KEPT: &str = "polcheck.schema.json";

#[test]
fn the_kept_schema_is_current() {
    let now = json_schema(&polcheck::run::catalogue());
    if std::env::var_os("POLCHECK_BLESS").is_some() {
        std::fs::write(KEPT, format!("{}\n", serde_json::to_string_pretty(&now).unwrap())).unwrap();
    }
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(KEPT).unwrap()).unwrap();
    assert_eq!(kept, now, "run this test with POLCHECK_BLESS=1 to write {KEPT} anew");
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
