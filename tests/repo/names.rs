//! Names and types that a schema does not know: the place in the schema or the policy, and what was meant.

use polcheck::finding::Finding;
use polcheck::source::Memory;
use polcheck::{config, repo, validate};

fn schema(path: &str, text: &str) -> Vec<Finding> {
    let source = Memory::new([(path, text), ("p.cedar", "permit (principal, action, resource);")]);
    let repo = repo::load(&source, &config::Config::default(), &repo::Request::default()).unwrap();
    repo.findings
}

#[track_caller]
fn only(found: &[Finding]) -> (String, String, String) {
    let [one] = found else { panic!("{found:#?}") };
    (one.location.text().to_owned(), one.message.clone(), one.help.clone().unwrap_or_default())
}

#[test]
fn in_a_json_schema_the_key_that_is_wrong_is_the_place() {
    let json = r#"{ "": { "entityTypes": { "User": {}, "Doc": { "memberOfType": ["User"] } },
      "actions": { "view": { "appliesTo": { "principalTypes": ["User"], "resourceTypes": ["Doc"] } } } } }"#;
    let (place, message, help) = only(&schema("s.cedarschema.json", json));
    assert_eq!((place.as_str(), message.as_str()), ("\"memberOfType\"", "an entity type has no key `memberOfType`"));
    assert_eq!(help, "did you mean `memberOfTypes`?");
}

#[test]
fn a_name_that_is_not_declared_is_shown_where_it_is_used() {
    let json = r#"{ "": { "entityTypes": { "User": {}, "Photos": {} },
      "actions": { "Photo": { "appliesTo": { "principalTypes": ["User"], "resourceTypes": ["Photo"] } } } } }"#;
    let found = schema("s.cedarschema.json", json);
    let (place, _, help) = only(&found);
    assert_eq!((place.as_str(), help.as_str()), ("\"Photo\"", "did you mean `Photos`?"));
    assert!(json[found[0].location.span.start - 20..found[0].location.span.start].contains("resourceTypes"));
    let cedar =
        "// Photo\nentity User, Album { Photo: Photo };\naction view appliesTo { principal: User, resource: Album };\n";
    let found = schema("s.cedarschema", cedar);
    assert_eq!(found[0].location.start().column, 29, "{found:#?}");
    let (_, _, help) = only(&schema(
        "s.cedarschema",
        "entity User { age: Int };\naction view appliesTo { principal: User, resource: User };\n",
    ));
    assert_eq!(help, "write `Long`");
}

const SCHEMA: &str = "
entity Team;
entity User in [Team] { age: Long, name: String } tags String;
entity Doc { owner: User, title: String, readers: Set<String> };
action view appliesTo { principal: User, resource: Doc, context: { mfa: Bool, now: datetime, ip: ipaddr } };
action edit appliesTo { principal: User, resource: Doc, context: { reason: String } };
";

#[test]
fn what_the_validator_refuses_has_a_way_out() {
    for (condition, place, message, help) in [
        ("context.now == \"2026-01-01\"", "", "can never be equal", "write `datetime(\"2026-01-01\")`"),
        (
            "context.now < \"2026-01-01\"",
            "\"2026-01-01\"",
            "is wanted here, and this is text",
            "write `datetime(\"2026-01-01\")`",
        ),
        ("context.ip == \"10.0.0.1\"", "", "can never be equal", "write `ip(\"10.0.0.1\")`"),
        ("principal == \"ann\"", "", "can never be equal", "write `User::\"ann\"`"),
        ("context.reason == \"x\"", "", "not found", "Action::\"edit\""),
        ("context.mffa", "", "not found", "did you mean `mfa`?"),
        ("principal.department == \"x\"", "", "not found", "getTag(\"department\")"),
        ("!principal has name", "principal", "true or false is wanted here", "write `!(principal has name)`"),
        ("\"a\".contains(resource.readers)", "\"a\"", "is wanted here, and this is text", "before the dot"),
    ] {
        let policy = format!("permit (principal, action == Action::\"view\", resource) when {{ {condition} }};");
        let source = Memory::new([("s.cedarschema", SCHEMA), ("p.cedar", policy.as_str())]);
        let config = config::Config::default();
        let repo = repo::load(&source, &config, &repo::Request::default()).unwrap();
        let found = validate::run(&repo, &config, None);
        let one = found.iter().find(|one| one.message.contains(message));
        let one = one.unwrap_or_else(|| panic!("{condition}: {found:#?}"));
        let told = format!("{} | {}", one.message, one.help.as_deref().unwrap_or_default());
        assert!(told.contains(help), "{condition}: {told}");
        assert!(place.is_empty() || one.location.text() == place, "{condition}: {}", one.location.text());
    }
    let source = Memory::new([
        ("s.cedarschema", SCHEMA),
        ("p.cedar", "permit (principal is Usr, action == Action::\"vew\", resource);"),
    ]);
    let repo = repo::load(&source, &config::Config::default(), &repo::Request::default()).unwrap();
    let mut helps: Vec<_> =
        validate::run(&repo, &config::Config::default(), None).into_iter().filter_map(|one| one.help).collect();
    helps.sort();
    assert_eq!(helps, ["did you mean `Action::\"view\"`?", "did you mean `User`?"]);
}
