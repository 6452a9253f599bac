//! `--against`: the guardrails of the base hold for the change, whatever the change makes of them.

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{git, json, write};
use crate::guardrails::{BREAKS, KEEPS, RULE, SCHEMA, all, folder};

fn base(more: &[(&str, &str)]) -> TempDir {
    let mut files = vec![("app.cedarschema", SCHEMA), ("policies.cedar", KEEPS)];
    files.extend(more);
    let dir = folder(&files);
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-q", "-m", "base"]);
    dir
}

fn weakened(report: &Value) -> Vec<&str> {
    let all = report["weakened"].as_array().unwrap().iter();
    all.map(|one| one["kind"].as_str().unwrap()).filter(|kind| kind.starts_with("guardrail")).collect()
}

const SCHEMALESS_MFA: &str = r#"
entity Team;
entity User in [Team];
entity Customer;
action readProfile appliesTo { principal: [User], resource: [Customer], context: { network: String } };
"#;

/// The kind: a change that breaks a guardrail and does something to the guardrail so that nobody sees it.
#[test]
fn a_guardrail_is_broken_by_a_change_whatever_the_change_does_to_it() {
    let renamed = |dir: &TempDir| std::fs::rename(dir.path().join("rules.cedarguard"), dir.path().join("x.cedarguard"));
    type Does = fn(&TempDir);
    let ways: [(&str, Does); 7] = [
        ("weakened", |dir| {
            write(
                dir.path(),
                &[("rules.cedarguard", &RULE.replace("context.mfa", "context.mfa || context.network == \"a\""))],
            );
        }),
        ("emptied", |dir| write(dir.path(), &[("rules.cedarguard", "")])),
        ("gone", |dir| std::fs::remove_file(dir.path().join("rules.cedarguard")).unwrap()),
        ("suppressed", |dir| {
            write(dir.path(), &[("rules.cedarguard", &format!("// polcheck: ignore[second-factor] later\n{RULE}"))]);
        }),
        ("not Cedar any more", |dir| write(dir.path(), &[("rules.cedarguard", &RULE.replace("unless", "unles"))])),
        ("excluded", |dir| write(dir.path(), &[("polcheck.toml", "exclude = [\"*.cedarguard\"]\n")])),
        ("called otherwise", |dir| {
            write(dir.path(), &[("rules.cedarguard", &RULE.replace("second-factor", "first-factor"))]);
        }),
    ];
    for (what, does) in ways {
        let dir = base(&[("rules.cedarguard", RULE)]);
        does(&dir);
        write(dir.path(), &[("policies.cedar", BREAKS)]);
        for command in ["prove", "check"] {
            let (report, code) = json(dir.path(), &[command, "--against", "HEAD"]);
            assert!(all(&report).iter().any(|(_, status, _)| *status == "broken"), "{what}, {command}: {report:#}");
            assert_eq!(code, 1, "{what}, {command}");
            let one = report["guardrails"].as_array().unwrap().iter().find(|one| one["status"] == "broken").unwrap();
            assert_eq!(one["broken_before"], false, "{what}, {command}");
        }
    }
    let dir = base(&[("rules.cedarguard", RULE)]);
    renamed(&dir).unwrap();
    write(dir.path(), &[("policies.cedar", BREAKS)]);
    let (report, _) = json(dir.path(), &["check", "--against", "HEAD"]);
    assert_eq!(all(&report), [("second-factor", "broken", "")]);
    // What the schema takes away from under a guardrail makes it vacuous, which fails as well.
    let dir = base(&[("rules.cedarguard", RULE)]);
    write(
        dir.path(),
        &[
            ("app.cedarschema", SCHEMALESS_MFA),
            ("policies.cedar", "permit (principal, action == Action::\"readProfile\", resource);"),
        ],
    );
    let (report, code) = json(dir.path(), &["check", "--against", "HEAD"]);
    assert_eq!((all(&report)[0].1, code), ("vacuous", 1));
}

#[test]
fn what_a_change_makes_of_guardrails_is_told() {
    let told = |rules: &str| {
        let dir = base(&[("rules.cedarguard", RULE)]);
        write(dir.path(), &[("rules.cedarguard", rules)]);
        let (report, code) = json(dir.path(), &["check", "--against", "HEAD"]);
        let told: Vec<String> = weakened(&report).into_iter().map(str::to_owned).collect();
        (told, code)
    };
    assert_eq!(told("").0, ["guardrail_removed"]);
    assert_eq!(told(&RULE.replace("context.mfa", "context.mfa || context.network == \"a\"")).0, ["guardrail_changed"]);
    // One that is proved to be about at least as much is no weakening, nor is one in other words.
    for stricter in [
        RULE.replace("context.mfa", "context.mfa && context.network == \"a\""),
        RULE.replace("context.mfa", "context.mfa == true"),
        RULE.replace("@why", "@reason"),
    ] {
        assert_eq!(told(&stricter).0, [""; 0], "{stricter}");
    }
}

#[test]
fn short_forms_and_annotations_of_the_base_hold_as_well() {
    let schema = SCHEMA.replace("action readPayment", "@sensitive(\"context.mfa\")\naction readPayment");
    let toml = "[[guardrail.same]]\nid = \"alike\"\nactions = [\"readProfile\", \"readPayment\"]\n";
    let dir = base(&[("app.cedarschema", &schema), ("polcheck.toml", toml), ("policies.cedar", "")]);
    write(dir.path(), &[("app.cedarschema", SCHEMA), ("polcheck.toml", ""), ("policies.cedar", BREAKS)]);
    let (report, code) = json(dir.path(), &["check", "--against", "HEAD"]);
    let mut found: Vec<(&str, &str)> = all(&report).into_iter().map(|(id, status, _)| (id, status)).collect();
    found.sort_unstable();
    assert_eq!((found, code), (vec![("alike", "broken"), ("sensitive readPayment", "broken")], 1));
    assert!(report["guardrails"].as_array().unwrap().iter().all(|one| one["only_in_base"] == true));
    assert_eq!(weakened(&report), ["guardrail_removed", "guardrail_removed"]);
}

#[test]
fn what_was_broken_before_is_told_apart() {
    let dir = base(&[("rules.cedarguard", RULE), ("policies.cedar", BREAKS)]);
    write(dir.path(), &[("other.cedar", "permit (principal, action == Action::\"readProfile\", resource);")]);
    let (report, code) = json(dir.path(), &["prove", "--against", "HEAD"]);
    assert_eq!((all(&report)[0].1, code), ("broken", 1));
    assert_eq!(report["guardrails"][0]["broken_before"], true);
}

#[test]
fn nobody_gains_what_nobody_may_gain_and_no_acceptance_lifts_it() {
    let toml = "[[guardrail.never-gain]]\nid = \"nobody-new\"\nactions = [\"readPayment\"]\nprincipals = [\"User\"]\n";
    let dir = base(&[("polcheck.toml", toml)]);
    let (report, code) = json(dir.path(), &["prove", "--against", "HEAD"]);
    assert_eq!((all(&report), code), (vec![("nobody-new", "holds", "")], 0));
    // Alone it waits, and says so.
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!((all(&report).len(), code), (0, 0));
    assert_eq!(report["notices"][0]["kind"], "guardrail-waits");
    write(dir.path(), &[("policies.cedar", BREAKS)]);
    let (report, code) = json(dir.path(), &["check", "--against", "HEAD"]);
    assert_eq!((all(&report), code), (vec![("nobody-new", "broken", "")], 1));
    let accepted = json(dir.path(), &["diff", "HEAD", "--accept", "me", "--until", "2099-01-01"]);
    let _ = accepted;
    for command in [&["check", "--against", "HEAD"][..], &["prove", "--against", "HEAD"]] {
        let (report, code) = json(dir.path(), command);
        assert_eq!((all(&report)[0].1, code), ("broken", 1), "{command:?}");
    }
    // Taking it away does not help either, nor does losing it together with what it is about.
    write(dir.path(), &[("polcheck.toml", "")]);
    let (report, code) = json(dir.path(), &["check", "--against", "HEAD"]);
    assert_eq!((all(&report)[0].1, code), ("broken", 1));
    assert_eq!(report["guardrails"][0]["only_in_base"], true);
    // Access to what it is not about may be gained.
    let dir = base(&[("polcheck.toml", toml), ("policies.cedar", "")]);
    write(dir.path(), &[("policies.cedar", "permit (principal, action == Action::\"readProfile\", resource);")]);
    let (report, code) = json(dir.path(), &["prove", "--against", "HEAD"]);
    assert_eq!((all(&report), code), (vec![("nobody-new", "holds", "")], 0));
}

/// Every key of every short form.
const FORMS: &str = r#"
[guardrail]
clock = "context.time"
unit = "milliseconds"

[[guardrail.same]]
id = "same"
why = "they agree"
actions = ["read", "show"]
principals = ["User"]
resources = ["Doc"]
stores = ["."]

[[guardrail.expires]]
id = "expires"
why = "it ends"
actions = ["read"]
principals = ["User"]
resources = ["Doc"]
stores = ["."]
clock = "context.time"
from = "context.from"
within = "30m"

[[guardrail.expires]]
id = "until"
until = "context.from"

[[guardrail.isolate]]
id = "isolate"
why = "they are apart"
actions = ["read"]
principals = ["User"]
resources = ["Doc"]
stores = ["."]
principal = "tenant"
resource = "tenant"
except = ['Role::"admin"']

[[guardrail.never-gain]]
id = "never"
why = "nobody new"
actions = ["read"]
principals = ["User"]
resources = ["Doc"]
stores = ["."]
"#;

/// The kind: a head that takes one key away from one of the base's short forms, or the whole form.
#[test]
fn no_key_of_a_short_form_that_the_head_takes_away_lets_what_it_refuses_pass() {
    let schema = r#"
        entity Tenant; entity Role; entity User in [Role] { tenant: Tenant }; entity Doc { tenant: Tenant };
        action read, show appliesTo { principal: User, resource: Doc, context: { time: Long, from: Long } };
    "#;
    let kept = r#"permit (principal, action, resource)
        when { principal.tenant == resource.tenant && context.time < context.from };"#;
    let opened = r#"permit (principal, action == Action::"read", resource);"#;
    let lines: Vec<&str> = FORMS.lines().collect();
    let mut tried = std::collections::BTreeSet::new();
    let mut form = "";
    for (at, line) in lines.iter().enumerate() {
        if line.starts_with('[') {
            form = line.trim_matches(['[', ']']);
        }
        let key = line.split(" = ").next().unwrap();
        if line.is_empty() || line.starts_with('[') {
            continue;
        }
        tried.insert(format!("{form}.{key}"));
        let head: Vec<&str> =
            lines.iter().enumerate().filter(|(number, _)| *number != at).map(|(_, line)| *line).collect();
        let dir = base(&[("app.cedarschema", schema), ("policies.cedar", kept), ("polcheck.toml", FORMS)]);
        assert_eq!(json(dir.path(), &["check", "--against", "HEAD"]).1, 0, "nothing changed");
        write(dir.path(), &[("polcheck.toml", &head.join("\n")), ("policies.cedar", opened)]);
        for command in ["check", "prove"] {
            let (report, code) = json(dir.path(), &[command, "--against", "HEAD"]);
            let broken: Vec<&str> =
                all(&report).into_iter().filter(|(_, status, _)| *status == "broken").map(|(id, ..)| id).collect();
            assert!(broken.len() >= 5, "{form}.{key} {command}: {broken:?}");
            for id in ["same", "expires", "until", "isolate", "never"].into_iter().filter(|_| key != "id") {
                assert!(broken.contains(&id), "{form}.{key} {command}: {id} is not broken: {broken:?}");
            }
            assert!([1, 2].contains(&code), "{form}.{key} {command}");
        }
    }
    let schema: Value = serde_json::from_str(&std::fs::read_to_string("polcheck.schema.json").unwrap()).unwrap();
    let guardrail = schema["properties"]["guardrail"]["properties"].as_object().unwrap();
    let mut keys = std::collections::BTreeSet::new();
    for (name, form) in guardrail {
        match form["items"]["properties"].as_object() {
            Some(inner) => keys.extend(inner.keys().map(|key| format!("guardrail.{name}.{key}"))),
            None => {
                keys.insert(format!("guardrail.{name}"));
            }
        }
    }
    assert_eq!(tried, keys);
}

/// The kind: a guardrail of the base that stays word for word, and is about less: fewer stores, types, or members of a
/// group, or another clock.
#[test]
fn the_same_words_about_less_are_not_the_same_guardrail() {
    let isolated = r#"
        entity Tenant; entity User { tenant: Tenant }; entity Robot { tenant: Tenant }; entity Doc { tenant: Tenant };
        action sens;
        action read, write in [sens] appliesTo { principal: [User, Robot], resource: Doc,
            context: { mfa: Bool, now: Long, uploaded: Long, from: Long } };
    "#;
    let kept = r#"permit (principal, action, resource)
        when { principal.tenant == resource.tenant && context.mfa && context.now < context.from };"#;
    let opened = r#"permit (principal, action == Action::"write", resource) when { context.now < 0 };"#;
    let toml = "[guardrail]\nclock = \"context.now\"\n[[guardrail.isolate]]\nid = \"apart\"\nprincipal = \"tenant\"\nresource = \"tenant\"\n";
    let group = "@id(\"sens\") forbid (principal, action in Action::\"sens\", resource) unless { context.mfa };";
    let ends =
        "[[guardrail.expires]]\nid = \"ends\"\nactions = [\"write\"]\nfrom = \"context.from\"\nwithin = \"30m\"\n";
    let late = r#"permit (principal, action == Action::"write", resource)
        when { principal.tenant == resource.tenant && context.mfa && context.now < context.from + 1800000 };"#;
    type Files<'f> = &'f [(&'f str, &'f str)];
    let cases: [(&str, Files<'_>, Files<'_>); 7] = [
        (
            "a store that lies nearer to the file",
            &[("guardrails/g.cedarguard", group), ("pay/a.cedarschema", isolated), ("pay/p.cedar", kept)],
            &[
                ("guardrails/a.cedarschema", isolated),
                ("guardrails/example.cedar", kept),
                ("pay/p.cedar", opened),
            ],
        ),
        (
            "fewer stores",
            &[("polcheck.toml", toml), ("a/a.cedarschema", isolated), ("a/p.cedar", kept), ("b/a.cedarschema", isolated), ("b/p.cedar", kept)],
            &[("polcheck.toml", &format!("{toml}stores = [\"a\"]\n")), ("b/p.cedar", opened)],
        ),
        (
            "fewer types",
            &[("polcheck.toml", toml), ("a.cedarschema", isolated), ("p.cedar", kept)],
            &[
                ("polcheck.toml", &format!("{toml}principals = [\"User\"]\n")),
                ("p.cedar", &opened.replace("principal,", "principal is Robot,")),
            ],
        ),
        (
            "another unit",
            &[("polcheck.toml", ends), ("a.cedarschema", isolated), ("p.cedar", kept)],
            &[("polcheck.toml", &format!("[guardrail]\nunit = \"milliseconds\"\n{ends}")), ("p.cedar", late)],
        ),
        (
            "another clock",
            &[("polcheck.toml", ends), ("a.cedarschema", isolated), ("p.cedar", kept)],
            &[("polcheck.toml", &format!("[guardrail]\nclock = \"context.uploaded\"\n{ends}")), ("p.cedar", late)],
        ),
        (
            "a member that leaves the group",
            &[("g.cedarguard", group), ("a.cedarschema", isolated), ("p.cedar", kept)],
            &[
                ("a.cedarschema", &isolated.replace("action read, write in [sens]", "action read in [sens], write")
                    .replace("action read in [sens], write", "action read in [sens] appliesTo { principal: [User, Robot], resource: Doc,\n            context: { mfa: Bool, now: Long, uploaded: Long, from: Long } };\n        action write")),
                ("p.cedar", opened),
            ],
        ),
        (
            "a file that moves into one of its stores",
            &[("g.cedarguard", group), ("a/a.cedarschema", isolated), ("a/p.cedar", kept), ("b/a.cedarschema", isolated), ("b/p.cedar", kept)],
            &[("g.cedarguard", ""), ("a/g.cedarguard", group), ("b/p.cedar", opened)],
        ),
    ];
    for (what, before, after) in cases {
        let dir = TempDir::new().unwrap();
        git(dir.path(), &["init", "-q"]);
        write(dir.path(), before);
        git(dir.path(), &["add", "."]);
        git(dir.path(), &["commit", "-q", "-m", "base"]);
        let (report, code) = json(dir.path(), &["check", "--against", "HEAD"]);
        assert_eq!(code, 0, "{what}: {report:#}");
        write(dir.path(), after);
        for command in ["check", "prove"] {
            let (report, code) = json(dir.path(), &[command, "--against", "HEAD"]);
            let told = all(&report).iter().any(|(_, status, _)| *status == "broken");
            let lost = report["weakened"].as_array().is_some_and(|all| !all.is_empty()) || command == "prove";
            assert!(code == 1 && (told || lost), "{what}, {command}: {report:#}");
        }
    }
}

/// The kind: an honest change, to which nothing should have to be said twice.
#[test]
fn what_is_changed_on_purpose_can_be_answered_for() {
    let dated = |day: &str| {
        format!(
            "@id(\"x\") @expires(\"{day}\") permit (principal, action == Action::\"readProfile\", resource) when {{ context.now < datetime(\"{day}\") }};"
        )
    };
    let schema = SCHEMA.replace("network: String", "network: String, now: datetime");
    let dir = base(&[("app.cedarschema", &schema), ("policies.cedar", &dated("2027-01-01"))]);
    write(dir.path(), &[("policies.cedar", &dated("2028-01-01"))]);
    let (report, code) = json(dir.path(), &["check", "--against", "HEAD"]);
    assert_eq!(
        (all(&report), weakened(&report), code),
        (vec![("expires x", "holds", "")], vec!["guardrail_changed"], 1)
    );
    let accepted = crate::common::run(dir.path(), &["diff", "HEAD", "--accept", "me", "--until", "2999-01-01"]);
    assert_eq!(accepted.code, 0, "{}", accepted.stderr);
    assert_eq!(json(dir.path(), &["check", "--against", "HEAD"]).1, 0);
    // A policy that is gone needs no end.
    let dir = base(&[("app.cedarschema", &schema), ("policies.cedar", &dated("2027-01-01"))]);
    write(dir.path(), &[("policies.cedar", "")]);
    let (report, code) = json(dir.path(), &["check", "--against", "HEAD"]);
    assert_eq!((weakened(&report), code), (vec![], 0), "{report:#}");
    // Another reason is another reason.
    let dir = base(&[("rules.cedarguard", RULE)]);
    write(dir.path(), &[("rules.cedarguard", &RULE.replace("payment data opens", "payment data is shown"))]);
    let (report, code) = json(dir.path(), &["check", "--against", "HEAD"]);
    assert_eq!((all(&report).len(), weakened(&report), code), (1, vec![], 0));
}
