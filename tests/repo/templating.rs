//! What another program fills in before Cedar reads a text.
//!
//! The kind of fault: "the same", "it holds" and "it never matches" said for what was written, and not for what is
//! filled in; errors for what is no mistake; and silence about what is not known.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::{diff, git, json as run_json, write};

const SCHEMA: &str = "entity User;\nentity Doc;\naction view, edit appliesTo { principal: User, resource: Doc };\n";

fn check(files: &[(&str, &str)]) -> (Value, i32) {
    let dir = TempDir::new().unwrap();
    write(dir.path(), &[&[("app.cedarschema", SCHEMA)], files].concat());
    run_json(dir.path(), &["check"])
}

/// The same with no schema beside.
fn alone(files: &[(&str, &str)]) -> (Value, i32) {
    let dir = TempDir::new().unwrap();
    write(dir.path(), files);
    run_json(dir.path(), &["check"])
}

/// The rules of what is found, notes aside.
fn faults(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap().iter().filter(|one| one["level"] != "note");
    findings.map(|one| one["rule"].as_str().unwrap()).collect()
}

fn of_kind<'r>(report: &'r Value, kind: &str) -> Vec<&'r str> {
    let notices = report["notices"].as_array().unwrap().iter().filter(|one| one["kind"] == kind);
    notices.map(|one| one["message"].as_str().unwrap()).collect()
}

/// Commits `before`, writes `after` in its place, and compares.
fn change(before: &[(&str, &str)], after: &[(&str, &str)]) -> (Value, i32) {
    let dir = TempDir::new().unwrap();
    write(dir.path(), &[&[("app.cedarschema", SCHEMA)], before].concat());
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-q", "-m", "base"]);
    write(dir.path(), after);
    diff(dir.path(), &["HEAD"])
}

fn relations(report: &Value) -> Vec<&str> {
    report["changes"].as_array().unwrap().iter().map(|one| one["relation"].as_str().unwrap()).collect()
}

/// The five ways to write a placeholder.
const WAYS: [&str; 5] = ["${who}", "{{ who }}", "<%= who %>", "$(who)", "__WHO__"];

#[test]
fn a_run_goes_on_over_what_is_filled_in_and_says_so_once() {
    for way in WAYS {
        let text = format!(
            "permit (principal == User::\"{way}\", action == Action::\"view\", resource);\n\
             @id(\"{way}\") forbid (principal, action, resource == Doc::\"a-{way}\");\n"
        );
        let (report, code) = check(&[("p.cedar", &text)]);
        assert_eq!((code, faults(&report)), (0, vec![]), "{text}\n{report:#}");
        assert_eq!(of_kind(&report, "filled-in").len(), 1, "{report:#}");
        // Mistakes beside it are told as ever.
        let (report, _) = check(&[("p.cedar", &text.replace("view", "veiw"))]);
        assert_eq!(faults(&report), ["unrecognized-action"], "{text}");
    }
}

#[test]
fn what_never_matches_does_so_for_every_filling() {
    let dead = |condition: &str| {
        format!(
            "permit (principal == User::\"${{who}}\", action == Action::\"view\", resource) when {{ {condition} }};\n"
        )
    };
    // Whoever it is.
    let (report, _) = check(&[("p.cedar", &dead("resource == Doc::\"a\" && resource == Doc::\"b\""))]);
    assert_eq!(faults(&report), ["never-matches"], "{report:#}");
    // Unless it is ann.
    for condition in ["principal == User::\"ann\"", "\"${env}\" == \"prod\"", "principal == User::\"${other}\""] {
        let (report, code) = check(&[("p.cedar", &dead(condition))]);
        assert_eq!((faults(&report), code), (vec![], 0), "{condition}: {report:#}");
    }
    // It can be no id that ends otherwise.
    let other = dead("principal == User::\"b|guests\"").replace("${who}", "${pool}|admins");
    let (report, _) = check(&[("p.cedar", &other)]);
    assert_eq!(faults(&report), ["never-matches"], "{report:#}");
}

#[test]
fn nothing_changes_only_where_nothing_does_for_any_filling() {
    let permit = |who: &str| format!("permit (principal == User::\"{who}\", action == Action::\"view\", resource);\n");
    let forbid = |who: &str| format!("forbid (principal == User::\"{who}\", action == Action::\"view\", resource);\n");
    let of = |report: &Value, action: &str| {
        let changes = report["changes"].as_array().unwrap().iter();
        let mut found = changes.filter(|one| one["environment"]["action"].as_str().unwrap().contains(action));
        found.next().map(|one| one["relation"].as_str().unwrap().to_owned())
    };
    // Unchanged is unchanged whatever is filled in.
    let both = permit("ann") + &forbid("${who}");
    let (report, code) = change(&[("p.cedar", &both)], &[("p.cedar", &both)]);
    assert_eq!((relations(&report), code), (vec!["same", "same"], 0), "{report:#}");
    let (report, code) = change(&[("p.cedar", &both)], &[("p.cedar", &(forbid("${who}") + &permit("ann")))]);
    assert_eq!((relations(&report), code), (vec!["same", "same"], 0), "{report:#}");
    // Somebody is kept out, or ann is: a forbid that goes opens what it refused.
    let (report, code) = change(&[("p.cedar", &both)], &[("p.cedar", &permit("ann"))]);
    assert_eq!((of(&report, "view").as_deref(), code), (Some("unknown"), 4), "{report:#}");
    let why = of_kind(&report, "change-open");
    assert!(why.iter().any(|why| why.contains("`${who}` is `ann`")), "{why:?}");
    // A forbid for nobody who is permitted, whoever it is.
    let (report, code) =
        change(&[("p.cedar", &(permit("b|guests") + &forbid("${pool}|admins")))], &[("p.cedar", &permit("b|guests"))]);
    assert_eq!((of(&report, "view").as_deref(), code), (Some("same"), 0), "{report:#}");
    // What is gained is gained with a witness that says for what.
    let (report, _) = change(&[("p.cedar", &permit("ann"))], &[("p.cedar", &(permit("ann") + &permit("${who}")))]);
    assert_eq!(of(&report, "view").as_deref(), Some("gained"), "{report:#}");
    assert!(report.to_string().contains("User::\\\"${who}\\\""), "{report:#}");
    // So it is where the store has another name now.
    let dir = TempDir::new().unwrap();
    write(dir.path(), &[("one/app.cedarschema", SCHEMA), ("one/p.cedar", &both)]);
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-q", "-m", "base"]);
    git(dir.path(), &["mv", "one", "two"]);
    write(dir.path(), &[("two/p.cedar", &permit("ann"))]);
    let (report, code) = diff(dir.path(), &["HEAD"]);
    assert_eq!((of(&report, "view").as_deref(), code), (Some("unknown"), 4), "{report:#}");
    // Of a pattern it is not worked out.
    let like = "permit (principal, action == Action::\"view\", resource) when { \"${env}\" like \"prod*\" };\n";
    let (report, code) = change(&[("p.cedar", like)], &[("p.cedar", &permit("ann"))]);
    assert_eq!(code, 4, "{report:#}");
}

#[test]
fn a_change_cannot_say_that_what_it_takes_away_was_for_nobody() {
    let both = "permit (principal == User::\"ann\", action == Action::\"view\", resource);\n\
                forbid (principal == User::\"${who}\", action, resource);\n";
    let permit = both.split_inclusive('\n').next().unwrap();
    let toml = "[template]\nvars = { who = \"nobody\" }\n";
    let (_, code) = change(&[("p.cedar", both)], &[("p.cedar", permit), ("polcheck.toml", toml)]);
    assert_eq!(code, 4);
    // The base said so.
    let (report, code) = change(&[("p.cedar", both), ("polcheck.toml", toml)], &[("p.cedar", permit)]);
    assert_eq!(code, 0, "{report:#}");
}

#[test]
fn a_guardrail_holds_only_where_it_does_for_every_filling() {
    let guard = "@id(\"no-ann\")\nforbid (principal == User::\"ann\", action, resource);\n";
    let permit = |who: &str| format!("permit (principal == User::\"{who}\", action, resource);\n");
    let status = |who: &str| {
        let dir = TempDir::new().unwrap();
        write(dir.path(), &[("app.cedarschema", SCHEMA), ("rules.cedarguard", guard), ("p.cedar", &permit(who))]);
        let (report, code) = run_json(dir.path(), &["prove"]);
        (report["guardrails"][0]["status"].as_str().unwrap().to_owned(), code)
    };
    assert_eq!(status("bob"), ("holds".to_owned(), 0));
    assert_eq!(status("${who}"), ("unknown".to_owned(), 4));
    assert_eq!(status("${who}-x"), ("holds".to_owned(), 0));
    assert_eq!(status("ann"), ("broken".to_owned(), 1));
}

#[test]
fn what_cannot_be_read_for_it_is_said_and_is_no_error() {
    let other = "forbid (principal, action, resource == Doc::\"x\");\n";
    for (policy, written) in [
        ("permit (principal == ${who}, action, resource);", "${who}"),
        ("permit (principal, action == Action::\"view\", resource) when { {{ condition }} };", "{{ condition }}"),
        ("permit (principal, action == Action::\"<%= what %>\", resource);", "<%= what %>"),
        ("permit (principal, action == Action::\"view\", resource) when { ip(\"$(NET)\").isLoopback() };", "$(NET)"),
        ("permit (principal is ${NS}::User, action, resource);", "${NS}"),
    ] {
        let text = format!("{policy}\n{other}");
        let (report, code) = check(&[("p.cedar", &text)]);
        assert_eq!((code, faults(&report)), (4, vec![]), "{text}\n{report:#}");
        let told = of_kind(&report, "unresolved");
        assert!(told.len() == 1 && told[0].contains(written), "{told:?}");
        assert_eq!(report["summary"]["policies"], 1, "{report:#}");
        let notices = report["notices"].as_array().unwrap().iter();
        let place = notices.filter(|one| one["kind"] == "unresolved").map(|one| &one["location"]).next().unwrap();
        let offset = place["offset"].as_u64().unwrap() as usize;
        assert!(text[offset..].starts_with(written), "{place:#}");
        // Nor is anything said of what changes.
        let (_, code) = change(&[("p.cedar", &text)], &[("p.cedar", other)]);
        assert_eq!(code, 4, "{policy}");
    }
}

#[test]
fn names_that_are_filled_in_are_the_same_in_the_schema() {
    let schema = "namespace ${NS} {\n  entity User;\n  entity Doc;\n  action view appliesTo { principal: User, resource: Doc };\n}\n";
    let policy = "permit (principal == ${NS}::User::\"a\", action == ${NS}::Action::\"view\", resource);\n\
                  forbid (principal is ${NS}::Usr, action, resource);\n";
    let (report, _) = check(&[("app.cedarschema", schema), ("p.cedar", policy)]);
    assert_eq!(faults(&report), ["unrecognized-entity-type"], "{report:#}");
    let place = &report["findings"][0]["location"];
    let offset = place["offset"].as_u64().unwrap() as usize;
    assert!(policy[offset..].starts_with("${NS}::Usr"), "{place:#}");
}

#[test]
fn values_are_filled_in_and_places_stay() {
    let toml = "[template]\nvars = { NS = \"App\", who = \"ann\", condition = \"resource == App::Doc::\\\"x\\\"\" }\n";
    let schema = "namespace App {\n  entity User;\n  entity Doc;\n  action view appliesTo { principal: User, resource: Doc };\n}\n";
    let policy = "permit (principal == ${NS}::User::\"${who}\", action == ${NS}::Action::\"veiw\", resource) when { {{ condition }} };\n";
    let (report, code) = check(&[("app.cedarschema", schema), ("polcheck.toml", toml), ("p.cedar", policy)]);
    assert_eq!((code, faults(&report)), (1, vec!["unrecognized-action"]), "{report:#}");
    let place = &report["findings"][0]["location"];
    let offset = place["offset"].as_u64().unwrap() as usize;
    assert!(policy[offset..].starts_with("${NS}::Action"), "{place:#}");
    let (report, code) =
        check(&[("app.cedarschema", schema), ("polcheck.toml", toml), ("p.cedar", &policy.replace("veiw", "view"))]);
    assert_eq!((code, faults(&report), of_kind(&report, "filled-in").len()), (0, vec![], 0), "{report:#}");
    for wrong in ["[template]\nvars = 1\n", "[template]\nvars = { a = 1 }\n", "[template]\nvalues = {}\n"] {
        let (_, code) = check(&[("polcheck.toml", wrong), ("p.cedar", "")]);
        assert_eq!(code, 2, "{wrong}");
    }
}

#[test]
fn nothing_is_mended_in_a_text_in_which_something_is_filled_in() {
    let dir = TempDir::new().unwrap();
    let policy = "permit (principal == User::${who}, action == Action::\"view\", resource)\nwhen { true && resource == Doc::\"a\" };\n";
    write(dir.path(), &[("app.cedarschema", SCHEMA), ("p.cedar", policy)]);
    let (report, _) = run_json(dir.path(), &["lint", "--fix"]);
    assert_eq!(faults(&report), ["constant-condition"], "{report:#}");
    assert_eq!(std::fs::read_to_string(dir.path().join("p.cedar")).unwrap(), policy);
}

#[test]
fn carriers_have_values_that_nobody_knows_as_well() {
    let template = |statement: &str| {
        json!({ "Parameters": { "Pool": { "Type": "String" } }, "Resources": { "Read": {
            "Type": "AWS::VerifiedPermissions::Policy",
            "Properties": { "PolicyStoreId": "s", "Definition": { "Static": { "Statement": { "Fn::Sub": statement } } } } } } })
        .to_string()
    };
    let (report, code) = check(&[(
        "t.json",
        &template("permit (principal == User::\"${Pool}|a\", action == Action::\"view\", resource);"),
    )]);
    assert_eq!((code, faults(&report)), (0, vec![]), "{report:#}");
    assert_eq!(of_kind(&report, "filled-in").len(), 1, "{report:#}");
    let dead = "permit (principal == User::\"${Pool}\", action == Action::\"view\", resource) when { principal == User::\"ann\" };";
    let (report, _) = check(&[("t.json", &template(dead))]);
    assert_eq!(faults(&report), Vec::<&str>::new(), "{report:#}");
    let (report, _) = check(&[("t.json", &template(&dead.replace("${Pool}", "${Pool}|a")))]);
    assert_eq!(faults(&report), ["never-matches"], "{report:#}");
}

#[test]
fn many_that_may_be_equal_are_not_worked_out_and_that_is_said() {
    let many: String = (0..60)
        .map(|at| format!("permit (principal == User::\"u{at}\", action == Action::\"view\", resource);\n"))
        .collect();
    let forbid = "forbid (principal == User::\"${who}\", action == Action::\"view\", resource);\n";
    let (report, code) = change(&[("p.cedar", &(many.clone() + forbid))], &[("p.cedar", &many)]);
    assert_eq!(code, 4, "{report:#}");
    assert!(!relations(&report).contains(&"same") || report["changes"].as_array().unwrap().len() > 1, "{report:#}");
}

#[test]
fn values_of_the_configuration_are_filled_in_where_carriers_leave_code_open() {
    let template = json!({ "Resources": {
        "S": { "Type": "AWS::VerifiedPermissions::PolicyStore", "Properties": { "Schema": { "CedarFormat": { "Fn::Sub":
            "namespace ${App} { entity User; entity Doc; action view appliesTo { principal: User, resource: Doc }; }" } } } },
        "P": { "Type": "AWS::VerifiedPermissions::Policy", "Properties": { "PolicyStoreId": { "Ref": "S" }, "Definition": {
            "Static": { "Statement": { "Fn::Sub": "permit (principal, action == ${App}::Action::\"veiw\", resource);" } } } } } } });
    let template = template.to_string();
    let (report, code) = alone(&[("t.json", &template)]);
    assert_eq!((code, of_kind(&report, "unresolved").len()), (4, 2), "{report:#}");
    let (report, code) = alone(&[("t.json", &template), ("polcheck.toml", "[template]\nvars = { App = \"Shop\" }\n")]);
    assert_eq!((code, faults(&report)), (1, vec!["unrecognized-action"]), "{report:#}");
    let offset = report["findings"][0]["location"]["offset"].as_u64().unwrap() as usize;
    assert!(template[offset..].starts_with("${App}::Action"), "{report:#}");
}

#[test]
fn what_cannot_be_read_for_one_cause_is_said_once() {
    let policy = "permit (principal, action, resource) when { ${CONDITION} };\n";
    let (report, code) = check(&[
        ("a.cedar", policy),
        ("b.cedar", policy),
        ("c.cedar", &format!("{policy}{policy}{policy}")),
        ("d.cedar", "permit (principal, action, resource) when { ${OTHER} };\n"),
    ]);
    let told = of_kind(&report, "unresolved");
    assert_eq!((code, told.len()), (4, 2), "{report:#}");
    assert!(told[0].starts_with("5 policies are not read: `${CONDITION}` in them is"), "{told:?}");
    assert!(told[0].ends_with("the others are at b.cedar:1:45, c.cedar:1:45, c.cedar:2:45 and 1 more"), "{told:?}");
    assert!(told[1].starts_with("a policy is not read: `${OTHER}` in it is"), "{told:?}");
}

#[test]
fn a_head_that_fills_in_more_than_its_base_does_not_judge_itself_by_it() {
    let policies = "permit (principal, action == Action::\"view\", resource);\nforbid (principal == User::\"${WHO}\", action, resource);\n";
    let guardrail = "@id(\"ann\")\nforbid (principal == User::\"ann\", action, resource);\n";
    let base = [("app.cedarschema", SCHEMA), ("p.cedar", policies), ("g.cedarguard", guardrail)];
    let dir = TempDir::new().unwrap();
    write(dir.path(), &base);
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-q", "-m", "base"]);
    let toml = "[template]\nvars = { WHO = \"ann\" }\n";
    write(dir.path(), &[("polcheck.toml", toml)]);
    let status = |args: &[&str]| run_json(dir.path(), args).0["guardrails"][0]["status"].as_str().unwrap().to_owned();
    assert_eq!(status(&["prove"]), "holds");
    assert_ne!(status(&["prove", "--against", "HEAD"]), "holds");
    assert_ne!(status(&["check", "--against", "HEAD"]), "holds");
    let (report, _) = run_json(dir.path(), &["lint", "--breadth", "--against", "HEAD"]);
    assert_eq!(of_kind(&report, "filled-in").len(), 1, "{report:#}");
    // What the base has as well counts.
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-q", "-m", "with"]);
    assert_eq!(status(&["check", "--against", "HEAD"]), "holds");
}

#[test]
fn an_id_of_an_enumerated_type_is_one_of_those_that_are_declared() {
    let schema = "entity State enum [\"open\", \"closed\"];\nentity User;\nentity Doc { state: State };\n\
                  action view appliesTo { principal: User, resource: Doc };\n";
    let policy =
        "permit (principal, action == Action::\"view\", resource) when { resource.state == State::\"${S}\" };\n";
    let (report, code) = check(&[("app.cedarschema", schema), ("p.cedar", policy)]);
    assert_eq!((code, faults(&report)), (0, vec![]), "{report:#}");
    assert_eq!(of_kind(&report, "filled-in").len(), 2, "{report:#}");
    // It is dead for one of them and not for the other; or for both.
    let dead = "permit (principal, action == Action::\"view\", resource)\nwhen { resource.state == State::\"${S}\" && resource.state == State::\"closed\" };\n";
    let (report, _) = check(&[("app.cedarschema", schema), ("p.cedar", dead)]);
    assert_eq!(faults(&report), Vec::<&str>::new(), "{report:#}");
    let dead = dead.replace("closed\"", "open\" && resource.state == State::\"closed\"");
    let (report, _) = check(&[("app.cedarschema", schema), ("p.cedar", &dead)]);
    assert_eq!(faults(&report), ["never-matches"], "{report:#}");
    // A guardrail has to hold for each.
    let guardrail = |state: &str| {
        format!(
            "@id(\"g\")\nforbid (principal, action == Action::\"view\", resource) when {{ resource.state == State::\"{state}\" }};\n"
        )
    };
    let status = |guardrail: &str| {
        let (report, _) = check(&[("app.cedarschema", schema), ("p.cedar", policy), ("g.cedarguard", guardrail)]);
        report["guardrails"][0]["status"].as_str().unwrap().to_owned()
    };
    assert_ne!(status(&guardrail("open")), "holds");
    assert_ne!(status(&guardrail("closed")), "holds");
}
