//! Policies that the validator refuses are analysed: it says what is wrong with them, the engine what they do.

use std::fmt::Write;

use serde_json::Value;

use crate::common::{git, json, rules, write};

/// 41 actions, whose context may lack what the forbid reads.
fn schema() -> String {
    let mut text = "entity User { level: Long, name: String };\nentity Doc { owner: User };\n".to_owned();
    for action in 0..41 {
        writeln!(
            text,
            "action \"a{action}\" appliesTo {{ principal: User, resource: Doc, context: {{ mfa?: Bool, n: Long }} }};"
        )
        .unwrap();
    }
    text
}

const FORBID: &str = "@id(\"second-factor\")\nforbid (principal, action, resource)\nunless { context.mfa };\n";

/// 44 permits and a forbid.
fn policies() -> String {
    let mut text = FORBID.to_owned();
    for number in 0..44 {
        writeln!(
            text,
            "@id(\"p{number}\")\npermit (principal, action == Action::\"a{}\", resource) when {{ principal.level > {number} }};",
            number % 41
        )
        .unwrap();
    }
    text
}

/// The kind: one policy that does not typecheck must not leave a reviewer without an answer, in any environment.
#[test]
fn one_ill_typed_forbid_leaves_no_environment_open() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &[("a.cedarschema", &schema()), ("p.cedar", &policies())]);
    let (report, code) = json(dir.path(), &["check"]);
    let found: Vec<&Value> =
        report["findings"].as_array().unwrap().iter().filter(|one| one["rule"] == "forbid-can-error").collect();
    assert_eq!((found.len(), code), (1, 1), "{report:#}");
    assert_eq!(found[0]["environments"].as_array().unwrap().len(), 41);
    assert_eq!(found[0]["location"]["start"]["line"], 3, "at the read");
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "one"]);
    write(dir.path(), &[("p.cedar", &policies().replace("principal.level > 7 ", "principal.level > 6 "))]);
    let (report, _) = json(dir.path(), &["diff", "HEAD"]);
    assert_eq!(report["inconclusive_reasons"].as_array().unwrap().len(), 0, "{report:#}");
    let (summary, store) = (&report["stores"][0]["summary"], &report["stores"][0]);
    assert_eq!(summary["unknown"].as_u64().unwrap_or_default(), 0, "{store:#}");
    assert!(report["headline"].as_str().unwrap().contains("1 gained, 40 same"), "{}", report["headline"]);
}

fn check(schema: &str, policies: &str) -> Value {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &[("a.cedarschema", schema), ("p.cedar", policies)]);
    json(dir.path(), &["check"]).0
}

const SCHEMA: &str = "entity Team;\nentity User in [Team] { level: Long, name: String, tags: Set<String> };
entity Doc { owner: User };
action view, edit appliesTo { principal: User, resource: Doc, context: { mfa?: Bool, note?: String } };\n";

const OPEN: &str = "permit (principal, action, resource) when { resource.owner == principal };\n";

/// The kind: a forbid that errors for another reason than a missing attribute. The evaluator's words say why.
#[test]
fn a_forbid_that_errors_is_told_with_its_cause() {
    for (condition, cause) in [
        ("principal.name > 3", "type error"),
        ("principal in \"team\"", "type error"),
        ("context.undeclared == 1", "nothing declares `undeclared`"),
        ("principal.tags == [] || principal.name.contains(\"x\")", "type error"),
        ("ip(\"nowhere\").isLoopback()", "nowhere"),
    ] {
        let report = check(SCHEMA, &format!("{OPEN}forbid (principal, action, resource) when {{ {condition} }};"));
        let found: Vec<&Value> =
            report["findings"].as_array().unwrap().iter().filter(|one| one["rule"] == "forbid-can-error").collect();
        assert_eq!(found.len(), 1, "{condition}: {report:#}");
        let message = found[0]["message"].as_str().unwrap();
        assert!(message.contains(cause) && message.contains("the request is allowed"), "{condition}: {message}");
        assert_eq!(found[0]["environments"].as_array().unwrap().len(), 2);
        assert!(found[0]["evidence"]["request"].is_object());
        assert_eq!(report["inconclusive_reasons"].as_array().unwrap().len(), 0, "{condition}");
    }
}

/// A permit that errors fails closed: that the validator refuses it is all there is to say.
#[test]
fn a_permit_that_always_errors_is_said_once() {
    let report = check(SCHEMA, &format!("{OPEN}permit (principal, action, resource) when {{ principal.name > 3 }};"));
    assert_eq!(rules(&report), ["unexpected-type"], "{report:#}");
}

/// What a policy does elsewhere is known although it is refused: it shadows, and is shadowed.
#[test]
fn an_ill_typed_policy_takes_part_in_proofs() {
    let permit = "permit (principal, action, resource) when { resource.owner == principal && context.mfa };\n";
    let report = check(SCHEMA, &format!("{OPEN}{permit}"));
    let mut found = rules(&report);
    found.sort_unstable();
    assert_eq!(found, ["shadowed-permit", "unsafe-optional-attribute"], "{report:#}");
}

/// What cannot be followed is named with its reason, and makes the run inconclusive.
#[test]
fn what_is_beyond_the_engine_is_said() {
    let report = check(
        SCHEMA,
        &format!("{OPEN}forbid (principal, action, resource) when {{ ip(principal.name).isLoopback() }};"),
    );
    let reasons = report["inconclusive_reasons"].to_string();
    assert!(reasons.contains("from a string that is not written out"), "{reasons}");
}

/// The kind: what is too deep for Cedar's typechecker is no less wrong.
#[test]
fn depth_hides_no_error() {
    let deep: String = (0..30).map(|number| format!("if principal.level == {number} then false else ")).collect();
    for wrong in ["context.mfa", "principal in \"team\""] {
        for condition in [format!("{deep} ({wrong})"), format!("{wrong} && ({deep} true)")] {
            let report = check(SCHEMA, &format!("{OPEN}forbid (principal, action, resource) when {{ {condition} }};"));
            let found = report["findings"].as_array().unwrap();
            let errors: Vec<&Value> = found.iter().filter(|one| one["level"] == "error").collect();
            assert!(errors.iter().any(|one| one["rule"] == "forbid-can-error"), "{condition}: {report:#}");
            assert!(!report.to_string().contains("overflow"), "{condition}: {report:#}");
        }
    }
}

/// What matches nothing is told, though numbers might not fit as well.
#[test]
fn a_forbid_that_matches_nothing_and_may_overflow_is_told() {
    for (condition, rule) in [
        // Why it matches nothing is what the types say.
        ("principal.level + 1 == \"x\"", "incompatible-types"),
        ("principal.level + 1 > 5 && principal.level + 1 < 2", "never-matches"),
    ] {
        let report = check(SCHEMA, &format!("{OPEN}forbid (principal, action, resource) when {{ {condition} }};"));
        assert!(rules(&report).contains(&rule), "{condition}: {report:#}");
    }
}

/// The kind: what is said of a policy hangs on the order in which the validator meets its faults.
#[test]
fn what_is_wrong_is_said_in_one_order() {
    let policies = r#"permit (principal, action, resource)
        when { principal.level == "a" || principal.level < "b" || resource.owner in ["c"] || principal.nmae like "d*" };
        permit (principal, action, resource) when { [principal, 3].contains(resource) || principal in "e" };"#;
    let schema = schema();
    let source = polcheck::source::Memory::new([("s.cedarschema", schema.as_str()), ("p.cedar", policies)]);
    let config = polcheck::config::Config::default();
    let repo = polcheck::repo::load(&source, &config, &polcheck::repo::Request::default()).unwrap();
    let said = || -> Vec<String> {
        let found = polcheck::validate::run(&repo, &config, None);
        let place = |location: &polcheck::text::Location| location.start();
        found.iter().map(|finding| format!("{:?} {}", place(&finding.location), finding.message)).collect()
    };
    let first = said();
    assert!(first.len() > 4, "{first:#?}");
    for _ in 0..12 {
        assert_eq!(said(), first);
    }
}
