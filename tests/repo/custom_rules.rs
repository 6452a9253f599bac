//! Rules that a repository declares for itself.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{Run, git, json, run, write};

const SCHEMA: &str = "entity Team;
entity User in [Team] { active: Bool };
entity Patient { consent: Bool, doctor: User };
entity Room;
action view, edit appliesTo { principal: User, resource: [Patient, Room], context: {} };
";

const RULE: &str = "[[rule]]
id = \"patients-need-consent\"
message = \"a permit on a patient names its owner and asks for consent\"
level = \"error\"
effect = \"permit\"
resources = [\"Patient\"]
annotations = { owner = \"team-*\" }
implies = \"resource.consent\"
";

fn place(toml: &str, policies: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    write(dir.path(), &[("app.cedarschema", SCHEMA), ("p.cedar", policies), ("polcheck.toml", toml)]);
    dir
}

/// `line rule: message` of every finding of a rule that is not polcheck's, and the code.
fn found(dir: &Path) -> (Vec<String>, i32) {
    let (report, code) = json(dir, &["lint"]);
    let one = |finding: &Value| {
        let line = &finding["location"]["start"]["line"];
        format!("{line} {}: {}", finding["rule"].as_str().unwrap(), finding["message"].as_str().unwrap())
    };
    let own =
        |finding: &&Value| ["configuration", "patients-need-consent"].contains(&finding["rule"].as_str().unwrap());
    (report["findings"].as_array().unwrap().iter().filter(own).map(one).collect(), code)
}

#[test]
fn a_rule_reads_annotations_and_proves_what_a_permit_implies() {
    let policies = "@owner(\"team-a\")
permit (principal, action == Action::\"view\", resource is Patient)
when { resource.doctor == principal }
unless { resource.consent == false };

@owner(\"bob\")
permit (principal, action == Action::\"edit\", resource is Patient)
when { resource.consent && principal.active };

permit (principal in Team::\"ward\", action, resource);

permit (principal in Team::\"ward\", action, resource is Room);

forbid (principal in Team::\"guests\", action, resource is Patient);
";
    let dir = place(RULE, policies);
    let (found, code) = found(dir.path());
    let says = "patients-need-consent: a permit on a patient names its owner and asks for consent:";
    assert_eq!(
        found,
        [
            format!("6 {says} its `@owner` is `bob`, not of the form `team-*`"),
            format!("10 {says} it has no `@owner`"),
            format!("10 {says} it matches a request without `resource.consent`"),
        ]
    );
    assert_eq!(code, 1);
    let (report, _) = json(dir.path(), &["lint"]);
    let shown: Vec<_> =
        report["findings"].as_array().unwrap().iter().filter(|one| !one["evidence"].is_null()).collect();
    let shown = shown.iter().find(|one| one["rule"] == "patients-need-consent").unwrap();
    let entities = shown["evidence"]["entities"].to_string();
    assert!(entities.contains("\"consent\":false"), "{entities}");
}

#[test]
fn a_rule_can_be_suppressed_turned_down_and_forbids_what_is_read() {
    let suppressed = "// polcheck: ignore[patients-need-consent] moved next week
@owner(\"x\")
permit (principal in Team::\"a\", action == Action::\"view\", resource is Patient) when { resource.consent };
";
    let dir = place(RULE, suppressed);
    assert_eq!(found(dir.path()), (vec![], 0));
    let dir =
        place(&format!("[rules]\npatients-need-consent = \"note\"\n{RULE}"), suppressed.split_once('\n').unwrap().1);
    assert_eq!(found(dir.path()).1, 0);
    let reads = "[[rule]]
id = \"patients-need-consent\"
message = \"nobody reads consent\"
never-mentions = \"resource.consent\"
mentions = \"resource.doctor\"
excludes = \"!principal.active\"
";
    let dir = place(reads, suppressed);
    let (report, _) = json(dir.path(), &["lint"]);
    let suppressed = report["suppressed"].as_array().unwrap().len();
    assert_eq!(suppressed, 3, "{report:#}");
}

#[test]
fn mistakes_in_a_rule_are_findings_with_places() {
    for (toml, expected) in [
        (RULE.replace("resource.consent", "resource.consent &&"), "`resource.consent &&` is no condition"),
        (RULE.replace("\"error\"", "\"eror\""), "`eror` is not what `level` may be"),
        (RULE.replace("patients-need-consent", "Patients"), "`Patients` is no id of a rule"),
        (RULE.replace("patients-need-consent", "placeholder"), "polcheck has a rule called `placeholder` already"),
        (format!("{RULE}{RULE}"), "another [[rule]] is called `patients-need-consent` already"),
        (RULE.replace("message", "massage"), "a [[rule]] needs a `message`"),
        (RULE.replace("effect", "efect"), "unknown key `efect` in [[rule]]"),
        ("[[rule]]\nid = \"a\"\nmessage = \"b\"\n".to_owned(), "the rule `a` asks for nothing"),
        (
            "[[rule]]\nid = \"a\"\nmessage = \"b\"\nmentions = \"owner\"\n".to_owned(),
            "`owner` is no attribute of a request",
        ),
    ] {
        let dir = place(&toml, "permit (principal in Team::\"a\", action == Action::\"view\", resource is Room);");
        let (report, code) = json(dir.path(), &["lint"]);
        let messages: Vec<&str> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|finding| finding["location"]["path"] == "polcheck.toml")
            .map(|finding| finding["message"].as_str().unwrap())
            .collect();
        assert!(messages.iter().any(|message| message.contains(expected)), "{expected}: {messages:?}");
        assert_eq!(code, 2, "{expected}");
    }
}

#[test]
fn without_a_schema_texts_are_read_and_the_rest_is_said_to_be_unknown() {
    let dir = TempDir::new().unwrap();
    let toml = format!("[schema]\ninferred = \"refuse\"\n{RULE}");
    let policies = "permit (principal, action, resource is Patient) when { resource.consent };\n@owner(\"team-a\") permit (principal, action, resource is Room);";
    write(dir.path(), &[("p.cedar", policies), ("polcheck.toml", &toml)]);
    let (report, code) = json(dir.path(), &["lint", "--fail-on", "never"]);
    let text = report.to_string();
    assert!(text.contains("it has no `@owner`") && !text.contains("it matches a request"), "{report:#}");
    assert!(text.contains("what `patients-need-consent` asks to be proved is not known of store"), "{report:#}");
    assert_eq!(code, 4);
}

#[test]
fn rules_are_tested_with_what_lies_beside_them() {
    let toml = format!("{RULE}fixtures = \"policy-rules/consent\"\n");
    let good = "@owner(\"team-a\")\npermit (principal, action == Action::\"view\", resource is Patient) when { resource.consent };\n";
    let bad = "@owner(\"team-a\") //~ patients-need-consent\npermit (principal in Team::\"a\", action == Action::\"view\", resource is Patient);\n";
    let dir = place(&toml, good);
    let folder = "policy-rules/consent";
    let files = |fail: &str, pass: &str| {
        write(
            dir.path(),
            &[
                (&format!("{folder}/fail/app.cedarschema"), SCHEMA),
                (&format!("{folder}/pass/app.cedarschema"), SCHEMA),
                (&format!("{folder}/fail/p.cedar"), fail),
                (&format!("{folder}/pass/p.cedar"), pass),
            ],
        );
    };
    let marked = bad
        .replace("@owner(\"team-a\") //~ patients-need-consent\n", "@owner(\"team-a\")\n")
        .replace("permit (", "permit ( //~ patients-need-consent\n");
    files(&marked, good);
    let test = || run(dir.path(), &["rules", "--test"]);
    let Run { stdout: out, code, .. } = test();
    assert_eq!((out.as_str(), code), ("patients-need-consent passes\n", 0));
    files(&marked, &marked);
    let Run { stdout: out, code, .. } = test();
    assert!(out.contains("fails") && out.contains("is reported and should not be") && code == 1, "{out}");
    files(good, good);
    let Run { stdout: out, code, .. } = test();
    assert!(out.contains("is reported") && code == 1, "{out}");
    // What a rule is tested with is no policy of the repository.
    files(&marked, good);
    let (report, code) = json(dir.path(), &["lint"]);
    assert_eq!((report["summary"]["policies"].as_u64(), code), (Some(1), 0), "{report:#}");
    std::fs::write(dir.path().join("polcheck.toml"), "").unwrap();
    assert_eq!(test().code, 3);
}

/// A rule that is about nothing, by whatever it names, looks at nothing: that is a mistake in the configuration, and no
/// silence. So is an attribute that nothing has, and a condition that is none.
#[test]
fn a_rule_that_names_what_is_not_there_is_a_mistake() {
    let policies = "permit (principal in Team::\"a\", action == Action::\"view\", resource is Patient);\n";
    for (more, meant) in [
        ("actions = [\"veiw\"]", "view"),
        ("resources = [\"Patent\"]", "Patient"),
        ("principals = [\"Usr\"]", "User"),
        ("principals = [\"Team\"]", "no request has one"),
        ("stores = [\"prod\"]", "not here"),
        ("mentions = [\"resource.consnt\"]", "resource.consent"),
        ("never-mentions = [\"resource.consnt\"]", "resource.consent"),
        ("excludes = \"resource.consent == 3\"", "is no condition for anything"),
        ("excludes = 'principal in Teem::\"x\"'", "is no condition for anything"),
        ("implies = \"1\"", "is no condition for anything"),
        ("implies = \"principal is Usr\"", "is no condition for anything"),
    ] {
        let asks = if more.contains("plies") || more.contains("cludes") || more.contains("entions") {
            ""
        } else {
            "implies = \"false\"\n"
        };
        let toml = format!("[[rule]]\nid = \"my-rule\"\nmessage = \"m\"\n{asks}{more}\n");
        let dir = place(&toml, policies);
        let (report, code) = json(dir.path(), &["lint"]);
        let found = report["findings"].as_array().unwrap();
        assert_eq!((found.len(), &found[0]["rule"], code), (1, &"configuration".into(), 2), "{more}: {report:#}");
        let said = format!("{} {}", found[0]["message"], found[0]["help"]);
        assert!(said.contains(meant), "{more}: {said}");
        assert_eq!(found[0]["location"]["path"], "polcheck.toml");
    }
    // One of several that is there is no mistake, and neither is a condition that fits some of the requests.
    let toml = "[[rule]]\nid = \"my-rule\"\nmessage = \"m\"\nactions = [\"view\"]\nimplies = \"resource.consent\"\n";
    assert_eq!(json(place(toml, policies).path(), &["lint"]).0["findings"][0]["rule"], "my-rule");
}

/// What a rule is tested with is held to what it is to show: an empty folder, a policy that does not fit its schema and
/// a mark with a misspelt name would let the test pass without testing anything.
#[test]
fn fixtures_that_show_nothing_fail_their_test() {
    let folder = "policy-rules/consent";
    let toml = format!("{RULE}fixtures = \"{folder}\"\n");
    let good = "@owner(\"team-a\")\npermit (principal, action == Action::\"view\", resource is Patient) when { resource.consent };\n";
    let bad = "permit (principal, action == Action::\"view\", resource is Patient); //~ patients-need-consent\n";
    let told = |fail: &str, pass: &str| {
        let dir = place(&toml, good);
        let at = |path: &str| format!("{folder}/{path}");
        let files = [
            (at("fail/app.cedarschema"), SCHEMA),
            (at("pass/app.cedarschema"), SCHEMA),
            (at("fail/p.cedar"), fail),
            (at("pass/p.cedar"), pass),
        ];
        let files: Vec<(&str, &str)> =
            files.iter().filter(|(_, text)| !text.is_empty()).map(|(path, text)| (path.as_str(), *text)).collect();
        write(dir.path(), &files);
        let Run { stdout, code, .. } = run(dir.path(), &["rules", "--test"]);
        (stdout, code)
    };
    assert_eq!(told(bad, good), ("patients-need-consent passes\n".to_owned(), 0));
    for (fail, pass, part) in [
        (bad, "", "there is no policy in it"),
        (bad, "permit (principal, action == Action::\"veiw\", resource);\n", "veiw"),
        (bad, "permit (principal, action == Action::\"view\", resource) when { resource.consnt };\n", "consnt"),
        (&bad.replace("//~ patients", "//~ patient"), good, "which is no rule"),
    ] {
        let (out, code) = told(fail, pass);
        assert!(code == 1 && out.contains("fails") && out.contains(part), "{part}: {out}");
    }
}

/// A change is held to the rules of its base as these are there, and cannot call policies fixtures.
#[test]
fn a_change_loosens_no_rule_for_itself() {
    let good = "@owner(\"team-a\")\npermit (principal, action == Action::\"view\", resource is Patient) when { resource.consent };\n";
    let bad =
        "@owner(\"team-a\")\npermit (principal in Team::\"a\", action == Action::\"edit\", resource is Patient);\n";
    for (what, toml) in [
        ("it is gone", String::new()),
        ("it is milder", RULE.replace("\"error\"", "\"note\"")),
        ("it is off", format!("[rules]\npatients-need-consent = \"off\"\n{RULE}")),
        ("it asks for less", RULE.replace("resource.consent", "true")),
        ("it is about less", RULE.replace("effect = \"permit\"", "effect = \"forbid\"")),
        ("it is about another store", format!("{RULE}stores = \"nowhere\"\n")),
        ("what breaks it is a fixture", format!("{RULE}fixtures = \"new\"\n")),
    ] {
        let dir = place(RULE, good);
        git(dir.path(), &["init", "-q"]);
        git(dir.path(), &["add", "."]);
        git(dir.path(), &["commit", "-qm", "base"]);
        write(dir.path(), &[("polcheck.toml", &toml), ("new/q.cedar", bad)]);
        let (report, code) = json(dir.path(), &["check", "--against", "HEAD"]);
        let errors = report["findings"].as_array().unwrap().iter().filter(|one| one["level"] == "error");
        let rules: Vec<&str> = errors.map(|one| one["rule"].as_str().unwrap()).collect();
        assert!(rules.contains(&"patients-need-consent"), "{what}: {rules:?}");
        // A store that is not here is a mistake besides.
        assert_eq!(code, if toml.contains("nowhere") { 2 } else { 1 }, "{what}");
    }
}

/// What nothing has that the rule is about is a mistake in the rule, not in every permit.
#[test]
fn a_misspelt_attribute_is_told_once_and_at_the_configuration() {
    let policies = "@owner(\"team-a\")
permit (principal, action == Action::\"view\", resource is Patient);
@owner(\"team-a\")
permit (principal, action == Action::\"edit\", resource is Patient);
";
    for (written, said) in [
        ("resource.consentt", "nothing that the rule `patients-need-consent` is about has `resource.consentt`"),
        ("resource.doctor.aktive", "has `resource.doctor.aktive`"),
        ("resource has conzent && principal.active", "has `resource.conzent`"),
    ] {
        let dir = place(&RULE.replace("implies = \"resource.consent\"", &format!("implies = \"{written}\"")), policies);
        let (report, code) = json(dir.path(), &["lint"]);
        let found: Vec<&Value> = report["findings"].as_array().unwrap().iter().collect();
        let own: Vec<_> = found.iter().filter(|one| one["rule"] != "unconditional-permit").collect();
        assert_eq!(own.len(), 1, "{written}: {report:#}");
        assert_eq!((own[0]["rule"].as_str(), code), (Some("configuration"), 2));
        assert!(own[0]["message"].as_str().unwrap().contains(said), "{}", own[0]["message"]);
        assert_eq!(own[0]["location"]["path"], "polcheck.toml");
    }
    let dir = place(&RULE.replace("resource.consent\"", "resource.consentt\""), policies);
    let (report, _) = json(dir.path(), &["lint"]);
    let helps = report["findings"].as_array().unwrap().iter().find(|one| one["rule"] == "configuration").unwrap();
    assert_eq!(helps["help"], "did you mean `resource.consent`?");
}

#[test]
fn a_rule_of_the_repository_has_a_page() {
    let dir = place(RULE, "");
    let page = run(dir.path(), &["rules", "patients-need-consent"]);
    assert_eq!(page.code, 0, "{}", page.stderr);
    assert!(page.stdout.starts_with("patients-need-consent: a permit on a patient"), "{}", page.stdout);
    assert!(page.stdout.contains("level: error\n"), "{}", page.stdout);
    assert!(run(dir.path(), &["rules"]).stdout.contains("patients-need-consent"));
    let missing = run(dir.path(), &["rules", "patients-need-consents"]);
    assert!(
        missing.code == 2 && missing.stderr.contains("did you mean `patients-need-consent`?"),
        "{}",
        missing.stderr
    );
}

/// What a change takes from the rules of the repository is for its reviewers to see.
#[test]
fn rules_that_ask_for_less_are_listed() {
    let dir = place(RULE, "permit (principal, action, resource is Room);\n");
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "before"]);
    for (toml, kind, what) in [
        (String::new(), "rule_removed", "the rule `patients-need-consent` of this repository is gone"),
        (RULE.replace("level = \"error\"", "level = \"note\""), "rule_loosened", "went from error to note"),
        (RULE.replace("team-*", "*"), "rule_loosened", "asks for something else than it did"),
        (RULE.replace("implies = \"resource.consent\"", ""), "rule_loosened", "asks for something else than it did"),
        (RULE.replace("effect = \"permit\"", "effect = \"forbid\""), "rule_loosened", "is not about all policies"),
        (format!("{RULE}actions = [\"edit\"]\n"), "rule_loosened", "is not about all policies that it was about"),
        (RULE.replace("message = \"a permit", "message = \"A permit"), "", ""),
        (format!("{RULE}mentions = [\"resource.doctor\"]\n"), "", ""),
    ] {
        write(dir.path(), &[("polcheck.toml", &toml)]);
        let (report, _) = json(dir.path(), &["check", "--against", "HEAD"]);
        let all = report["weakened"].as_array().unwrap();
        let of: Vec<_> = all.iter().filter(|one| one["kind"].as_str().unwrap().starts_with("rule_")).collect();
        let told: Vec<_> = of.iter().map(|one| one["kind"].as_str().unwrap()).collect();
        assert_eq!(told, Vec::from_iter(Some(kind).filter(|kind| !kind.is_empty())), "{toml}\n{report:#}");
        assert!(of.iter().all(|one| one["what"].as_str().unwrap().contains(what)), "{of:?}");
    }
}
