//! One defect is reported once, whichever engines see it, and what is asked for is shown.

use crate::common::{json, rules, run, write};

const SCHEMA: &str = "\
entity Role;
entity User in [Role] { age: Long, name: String };
entity Doc { owner: User, secret: Bool };
action view, edit appliesTo { principal: User, resource: Doc, context: { mfa: Bool, factor?: { strong: Bool } } };
";

/// Rules of the findings of `check` over `policies`.
fn check(policies: &str) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &[("a.cedarschema", SCHEMA), ("p.cedar", policies)]);
    let (report, _) = json(dir.path(), &["check"]);
    rules(&report).into_iter().map(str::to_owned).collect()
}

#[test]
fn a_warning_that_follows_from_an_error_is_not_given() {
    let found = check("permit (principal, action == Action::\"veiw\", resource);");
    assert!(found == ["unrecognized-action"] || found == ["near-miss-name"], "{found:?}");
}

#[test]
fn a_type_error_is_ours_to_explain() {
    let wrong = "permit (principal, action == Action::\"view\", resource) when { principal.name in [\"a\", \"b\"] };";
    assert_eq!(check(wrong), ["type-error-in-condition"]);
    let suppressed = format!("// polcheck: ignore[type-error-in-condition] we know\n{wrong}");
    let left = check(&suppressed);
    assert!(
        !left.is_empty() && left.iter().all(|rule| rule == "unexpected-type"),
        "what Cedar refuses stays: {left:?}"
    );
}

#[test]
fn a_policy_that_matches_nothing_is_reported_once() {
    assert_eq!(
        check(
            "permit (principal is User, action == Action::\"view\", resource is Doc) when { principal == resource };"
        ),
        ["never-matches"]
    );
    assert_eq!(
        check(
            "permit (principal, action == Action::\"view\", resource) when { principal.age > 18 && principal.age < 10 };"
        ),
        ["never-matches"]
    );
}

#[test]
fn a_forbid_that_fails_open_is_shown_with_the_request_that_it_lets_through() {
    let forbid = "forbid (principal, action == Action::\"view\", resource) unless { context.factor.strong };";
    let permit = "permit (principal, action, resource) when { resource.owner == principal };";
    assert_eq!(check(&format!("{permit}\n{forbid}")), ["forbid-can-error"]);
    // Nothing is permitted, so that nothing slips through.
    assert_eq!(check(forbid), ["unsafe-optional-attribute"]);
}

/// What a file that cannot be read might permit is not denied by what can.
#[test]
fn conclusions_that_a_missing_policy_could_change_are_withheld() {
    let policies = "permit (principal, action == Action::\"view\", resource) when { principal.age < 18 };
        forbid (principal, action == Action::\"view\", resource) when { principal.age < 21 };";
    assert_eq!(check(policies), ["denies-everything"]);
    let broken = format!("{policies}\npermit (principal action);");
    let mut found = check(&broken);
    found.sort();
    assert_eq!(found, ["overridden-permit", "syntax-error"]);
}

#[test]
fn without_a_schema_that_can_be_used_nothing_is_proved() {
    let dir = tempfile::tempdir().unwrap();
    let policies = "// polcheck: ignore[never-matches] not yet\npermit (principal, action, resource) when { false };";
    for schema in [None, Some("entity")] {
        write(dir.path(), &[("p.cedar", policies)]);
        schema.iter().for_each(|schema| write(dir.path(), &[("a.cedarschema", *schema)]));
        let (report, _) = json(dir.path(), &["lint"]);
        assert!(rules(&report).iter().all(|rule| *rule == "schema-error"), "{report:#}");
    }
}

#[test]
fn conflicts_and_breadth_are_shown_when_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let policies = "@id(\"owners\")\npermit (principal, action, resource) when { resource.owner == principal };
        @id(\"roles\")\npermit (principal in Role::\"r\", action == Action::\"view\", resource);
        @id(\"secret\")\nforbid (principal, action == Action::\"view\", resource) when { resource.secret };";
    write(dir.path(), &[("a.cedarschema", SCHEMA), ("p.cedar", policies)]);
    let quiet = run(dir.path(), &["lint"]);
    assert!(quiet.stdout.contains("clean") && !quiet.stdout.contains("conflicting-rules"), "{}", quiet.stdout);
    let (report, code) = json(dir.path(), &["lint", "--conflicts", "--breadth"]);
    assert_eq!((rules(&report), code), (vec!["conflicting-rules"; 2], 0));
    for finding in report["findings"].as_array().unwrap() {
        assert!(finding["evidence"]["request"]["principal"].is_object(), "{finding:#}");
    }
    let ranked: Vec<_> =
        report["breadth"].as_array().unwrap().iter().map(|permit| permit["policy"].as_str().unwrap()).collect();
    assert_eq!(ranked, ["p.cedar#owners", "p.cedar#roles"]);
    let shown = run(dir.path(), &["lint", "--conflicts", "--breadth"]);
    assert!(shown.stdout.contains("permits and forbids that overlap"), "{}", shown.stdout);
    assert!(shown.stdout.contains("permits by how far they reach"), "{}", shown.stdout);
}

/// The kind: as many findings as pairs, so that a large store drowns in them. A permit is told once, with every forbid
/// that it is in conflict with; of the two that have one name, each with its place.
#[test]
fn a_permit_is_told_once_with_all_that_it_is_in_conflict_with() {
    let dir = tempfile::tempdir().unwrap();
    let permit = "permit (principal, action, resource) when { resource.owner == principal };";
    let forbid = |what: &str| {
        format!("@id(\"no\")\nforbid (principal, action == Action::\"view\", resource) when {{ {what} }};")
    };
    let (one, two) = (forbid("resource.secret"), forbid("context.mfa"));
    write(dir.path(), &[("a.cedarschema", SCHEMA), ("p.cedar", permit), ("one.cedar", &one), ("two.cedar", &two)]);
    let (report, _) = json(dir.path(), &["lint", "--conflicts"]);
    let conflicts = report["findings"].as_array().unwrap().iter().filter(|one| one["rule"] == "conflicting-rules");
    let conflicts: Vec<_> = conflicts.collect();
    let [conflict] = conflicts.as_slice() else { panic!("{report:#}") };
    let others = conflict["related"].as_array().unwrap().iter();
    let others: Vec<_> = others.map(|one| one["location"]["path"].as_str().unwrap()).collect();
    assert_eq!(others, ["one.cedar", "two.cedar"], "{report:#}");
}

#[test]
fn text_that_is_compared_with_a_time_is_one_mistake() {
    let schema = SCHEMA.replace("age: Long", "age: Long, joined: datetime, from: ipaddr");
    for (condition, right) in [
        ("principal.joined == \"2026-01-01\"", "write `datetime(\"2026-01-01\")`"),
        ("principal.from == \"10.0.0.1\"", "write `ip(\"10.0.0.1\")`"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let policy = format!("permit (principal, action == Action::\"view\", resource) when {{ {condition} }};");
        write(dir.path(), &[("a.cedarschema", &schema), ("p.cedar", &policy)]);
        let (report, _) = json(dir.path(), &["check"]);
        assert_eq!(rules(&report), ["incompatible-types"], "{report:#}");
        assert_eq!(report["findings"][0]["help"], right);
    }
}

#[test]
fn a_scope_that_no_action_fits_is_told_what_actions_take() {
    for (scope, help) in [
        (
            "principal, action == Action::\"view\", resource is Role",
            "as resource `Action::\"view\"` takes `Doc`, and not `Role`",
        ),
        (
            "principal == Role::\"r\", action == Action::\"edit\", resource",
            "as principal `Action::\"edit\"` takes `User`, and not `Role`",
        ),
        ("principal is Doc, action, resource", "as principal the actions of the schema take `User`, and not `Doc`"),
        (
            "principal, action in [Action::\"view\", Action::\"edit\"], resource == User::\"u\"",
            "as resource these actions take `Doc`, and not `User`",
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &[("a.cedarschema", SCHEMA), ("p.cedar", &format!("permit ({scope});"))]);
        let (report, _) = json(dir.path(), &["check"]);
        assert_eq!(rules(&report), ["never-applies"], "{report:#}");
        assert_eq!(report["findings"][0]["help"], help);
    }
}

#[test]
fn a_schema_alone_is_nothing_that_was_checked() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &[("a.cedarschema", SCHEMA)]);
    for args in [&["check"][..], &["lint"]] {
        let (report, code) = json(dir.path(), args);
        assert_eq!((code, report["outcome"].as_str()), (3, Some("nothing_checked")), "{report:#}");
        assert!(report["notices"][0]["message"].as_str().unwrap().contains("no policies here"), "{report:#}");
    }
    assert_eq!(json(dir.path(), &["validate"]).1, 0);
    write(dir.path(), &[("a.cedarschema", "entity A in [B];")]);
    assert_eq!(json(dir.path(), &["check"]).1, 1);
}
