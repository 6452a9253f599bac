//! `polcheck who-can`, and whom a change touches, as a user runs them.

use std::path::Path;

use crate::common::{git, json, run, write};

const SCHEMA: &str = "entity Team in [Team]; entity User in [Team] = { level: Long };\n\
    entity Report = { owner: User, sealed: Bool };\n\
    action view, export appliesTo { principal: User, resource: Report, context: { mfa: Bool } };\n\
    action close appliesTo { principal: User, resource: Report, context: {} };\n";

const POLICIES: &str = "@id(\"owners\") permit (principal, action, resource) when { resource.owner == principal };\n\
    @id(\"staff\") permit (principal in Team::\"staff\", action == Action::\"view\", resource);\n\
    @id(\"export\") permit (principal in Team::\"staff\", action == Action::\"export\", resource) when { context.mfa };\n\
    @id(\"sealed\") forbid (principal, action == Action::\"close\", resource) when { resource.sealed };\n";

fn entities() -> String {
    let uid = |ty: &str, id: &str| format!("{{\"type\": \"{ty}\", \"id\": \"{id}\"}}");
    let mut all = vec![
        format!("{{\"uid\": {}, \"attrs\": {{}}, \"parents\": [{}]}}", uid("Team", "interns"), uid("Team", "staff")),
        format!("{{\"uid\": {}, \"attrs\": {{}}, \"parents\": []}}", uid("Team", "staff")),
    ];
    for (name, team) in [("ada", Some("staff")), ("bob", Some("interns")), ("eve", None)] {
        let parents = team.map(|team| uid("Team", team)).unwrap_or_default();
        all.push(format!("{{\"uid\": {}, \"attrs\": {{\"level\": 1}}, \"parents\": [{parents}]}}", uid("User", name)));
    }
    for (name, owner, sealed) in [("r1", "eve", true), ("r2", "ada", false)] {
        all.push(format!(
            "{{\"uid\": {}, \"attrs\": {{\"owner\": {{\"__entity\": {}}}, \"sealed\": {sealed}}}, \"parents\": []}}",
            uid("Report", name),
            uid("User", owner)
        ));
    }
    format!("[{}]", all.join(",\n"))
}

fn repository(dir: &Path) {
    write(dir, &[("app.cedarschema", SCHEMA)]);
    write(dir, &[("policies.cedar", POLICIES)]);
    write(dir, &[("entities.json", &entities())]);
}

/// The requests of a report: principal, action, resource, decision, condition.
fn requests(report: &serde_json::Value) -> Vec<String> {
    let text = |one: &serde_json::Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    let all = report["who_can"].as_array().expect("a list");
    let mut lines: Vec<String> = all
        .iter()
        .map(|one| ["principal", "action", "resource", "decision", "condition"].map(|key| text(one, key)).join(" "))
        .map(|line| line.trim_end().to_owned())
        .collect();
    lines.sort();
    lines
}

#[test]
fn who_may_export_a_report_is_said_with_the_condition_that_the_context_decides() {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path());
    let (report, code) = json(dir.path(), &["who-can", "-a", "export", "-r", "Report::\"r1\""]);
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(
        requests(&report),
        [
            "User::\"ada\" Action::\"export\" Report::\"r1\" conditional context.mfa",
            "User::\"bob\" Action::\"export\" Report::\"r1\" conditional context.mfa",
            "User::\"eve\" Action::\"export\" Report::\"r1\" allow",
        ]
    );
    assert!(report["who_can"].as_array().unwrap().iter().all(|one| one["shown"] != false), "{report:#}");
    let human = run(dir.path(), &["who-can", "-a", "export", "-r", "Report::\"r1\""]);
    let page = human.stdout;
    assert!(page.contains("  if      `User::\"ada\"` and `User::\"bob\"`\n          where `context.mfa`\n"), "{page}");
    assert!(page.contains("  allow   `User::\"eve\"`\n"), "{page}");
    assert!(page.contains("1 request allowed, 2 allowed under a condition, 3 principals and 1 resource"), "{page}");
}

#[test]
fn a_context_settles_what_hangs_on_it() {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path());
    for (mfa, expected) in [(true, 3), (false, 1)] {
        write(dir.path(), &[("context.json", &format!("{{\"mfa\": {mfa}}}"))]);
        let args = ["who-can", "-a", "Action::\"export\"", "-r", "Report::\"r1\"", "--context", "context.json"];
        let (report, code) = json(dir.path(), &args);
        assert_eq!((code, requests(&report).len()), (0, expected), "{report:#}");
        assert!(requests(&report).iter().all(|line| line.ends_with(" allow")), "{report:#}");
    }
    // A context that no request for the action has is said, and the rest is answered.
    write(dir.path(), &[("context.json", "{\"mfa\": 1}")]);
    for more in [&[][..], &["-a", "export"]] {
        let (report, code) = json(dir.path(), &[&["who-can", "--context", "context.json"], more].concat());
        assert_eq!(code, 4, "{report:#}");
    }
    write(dir.path(), &[("context.json", "[]")]);
    let wrong = run(dir.path(), &["who-can", "--context", "context.json"]);
    assert_eq!((wrong.code, wrong.stderr.contains("no JSON object")), (2, true), "{}", wrong.stderr);
}

#[test]
fn a_type_narrows_and_what_is_left_out_is_open() {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path());
    let (all, _) = json(dir.path(), &["who-can"]);
    let (by_type, _) = json(dir.path(), &["who-can", "-l", "User", "-r", "Report"]);
    assert_eq!(requests(&all), requests(&by_type));
    let (ada, _) = json(dir.path(), &["who-can", "-l", "User::\"ada\""]);
    let of_ada: Vec<String> = requests(&all).into_iter().filter(|line| line.starts_with("User::\"ada\"")).collect();
    assert_eq!(requests(&ada), of_ada);
    // Owned and not sealed: closed by its owner alone.
    assert!(requests(&all).contains(&"User::\"ada\" Action::\"close\" Report::\"r2\" allow".to_owned()));
    assert!(!requests(&all).iter().any(|line| line.contains("close") && line.contains("r1")));
}

#[test]
fn a_name_that_is_none_is_an_error_with_the_nearest() {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path());
    for (args, said) in [
        (["-l", "User::\"adda\""], "`User::\"adda\"` is not among the entities; did you mean `User::\"ada\"`?"),
        (["-l", "Usr::\"ada\""], "there is no entity type `Usr`; did you mean `User`?"),
        (["-a", "exprot"], "there is no action `exprot`; did you mean `export`?"),
        (["-r", "Reprt"], "there is no entity type `Reprt`; did you mean `Report`?"),
        (["-r", "no such"], "`no such` is no entity; one is written 'Type::\"id\"', and all of a type 'Type'"),
    ] {
        let wrong = run(dir.path(), &["who-can", args[0], args[1]]);
        assert_eq!(wrong.code, 2, "{}", wrong.stdout);
        assert!(wrong.stderr.contains(said), "{}", wrong.stderr);
    }
}

#[test]
fn without_entities_the_answer_is_by_type_and_condition() {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path());
    std::fs::remove_file(dir.path().join("entities.json")).unwrap();
    let (report, code) = json(dir.path(), &["who-can", "-a", "close"]);
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(
        requests(&report),
        ["User Action::\"close\" Report conditional resource.owner == principal && !(resource.sealed)"]
    );
    // Of somebody of whom nothing is known, what the policies ask of others is not said.
    let (report, _) = json(dir.path(), &["who-can", "-a", "view", "-l", "User::\"zed\""]);
    let lines = requests(&report);
    assert!(lines.len() == 1 && lines[0].starts_with("User::\"zed\" Action::\"view\" Report conditional"), "{lines:?}");
    assert!(run(dir.path(), &["who-can"]).stdout.contains("answers by type"));
    // Entities from elsewhere.
    let other = tempfile::tempdir().unwrap();
    write(other.path(), &[("people.json", &entities())]);
    let people = other.path().join("people.json");
    let (report, code) = json(dir.path(), &["who-can", "-a", "close", "--entities", people.to_str().unwrap()]);
    assert_eq!((code, requests(&report).len()), (0, 1), "{report:#}");
}

#[test]
fn csv_lists_every_request() {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path());
    let csv = run(dir.path(), &["who-can", "-a", "export", "-r", "Report::\"r1\"", "--report", "csv"]);
    let lines: Vec<&str> = csv.stdout.lines().collect();
    assert_eq!(lines[0], "store,principal,action,resource,decision,condition,when,unless");
    assert_eq!(lines.len(), 4, "{}", csv.stdout);
    assert!(
        lines
            .iter()
            .any(|line| line.contains("\"User::\"\"ada\"\"\"")
                && line.ends_with(",conditional,context.mfa,context.mfa,"))
    );
}

#[test]
fn a_revision_stands_beside_it_and_a_diff_counts_people_and_things() {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path());
    for args in [&["init", "-q", "-b", "main"][..], &["add", "."], &["commit", "-q", "-m", "one"]] {
        git(dir.path(), args);
    }
    let policies = POLICIES.replace(" when { context.mfa };", ";").replace("resource.sealed", "true");
    write(dir.path(), &[("policies.cedar", &policies)]);
    let page = run(dir.path(), &["who-can", "--against", "HEAD"]);
    assert_eq!(page.code, 0, "{}", page.stderr);
    assert!(page.stdout.contains("gained"), "{}", page.stdout);
    assert!(page.stdout.contains("before: where `context.mfa`"), "{}", page.stdout);
    assert!(page.stdout.find("gained") < page.stdout.find("  same"), "{}", page.stdout);
    let (report, _) = json(dir.path(), &["diff"]);
    let impact = &report["impact"];
    // Ada and Bob lose their second factor for both reports, but Ada for her own, which was hers anyway; and she may no
    // longer close it.
    assert_eq!(
        (&impact["principals"], &impact["resources"], &impact["triples"], &impact["conditional"]),
        (&2.into(), &2.into(), &4.into(), &3.into()),
        "{report:#}"
    );
    let page = run(dir.path(), &["diff"]).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(page.contains("of the entities here: 2 users gain `export` on 2 reports, in some contexts"), "{page}");
    assert!(page.contains("of the entities here: 1 user loses `close` on 1 report"), "{page}");
    let list = run(dir.path(), &["diff", "--list"]);
    assert_eq!(list.stdout.lines().count(), 5, "{}", list.stdout);
    assert!(list.stdout.contains("gained,"), "{}", list.stdout);
    assert!(list.stderr.starts_with("polcheck diff: "), "{}", list.stderr);
}

/// The kind: data changes and no policy, and what is said is that nothing changed.
#[test]
fn whom_a_change_of_entities_concerns_is_counted_over_those_of_each_side() {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path());
    for args in [&["init", "-q", "-b", "main"][..], &["add", "."], &["commit", "-q", "-m", "one"]] {
        git(dir.path(), args);
    }
    let said = |entities: &str, args: &[&str]| {
        write(dir.path(), &[("entities.json", entities)]);
        let (report, _) = json(dir.path(), args);
        let page = run(dir.path(), args).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        (report, page)
    };
    // Bob moves from the interns, who are staff, to nobody's team; nobody new is staff.
    let moved = entities().replace(
        "\"level\": 1}, \"parents\": [{\"type\": \"Team\", \"id\": \"interns\"}]",
        "\"level\": 1}, \"parents\": []",
    );
    let (report, page) = said(&moved, &["diff"]);
    assert!(page.contains("(no policy changed; 1 entity did)"), "{page}");
    assert!(page.contains("of the entities here: 1 user loses `view` on 2 reports"), "{page}");
    assert!(page.contains("the entity `User::\"bob\"` changed, so each side is counted over its own"), "{page}");
    assert_eq!(report["impact"]["triples"], 4, "{report:#}");
    assert_eq!(report["notices"][0]["kind"], "entities-changed");
    assert!(said(&moved, &["check", "--against", "HEAD"]).1.contains("`polcheck diff` says whom that concerns"));
    // Somebody new, and somebody gone: who was not there gains, who is not any more loses.
    let (_, page) = said(&entities().replace("\"eve\"", "\"zoe\""), &["diff"]);
    assert!(
        page.contains("1 user gains `close` on 1 report") || page.contains("1 user gains `export` on 1 report"),
        "{page}"
    );
    assert!(
        page.contains("and 1 more changed") || page.contains("`User::\"eve\"` and `User::\"zoe\"` changed"),
        "{page}"
    );
    // What nobody's access hangs on, the order, and one more file of the same are no change of access.
    let (report, page) = said(&entities().replace("\"level\": 1", "\"level\": 2"), &["diff"]);
    assert!(page.contains("of those that are known nobody gains or loses anything by that"), "{page}");
    assert!(report["impact"].is_null(), "{report:#}");
    // Who is in several groups is the same in whatever order these are read: as they are under another schema.
    let again = |schema: &str| {
        write(dir.path(), &[("app.cedarschema", &SCHEMA.replace("level: Long", schema))]);
        said(&entities().replace(",\n", ",\n\n"), &["diff"])
    };
    for number in 0..6 {
        let (_, page) = again(&format!("level: Long, more{number}?: Long"));
        assert!(page.contains("(no policy changed; the schema did)"), "{page}");
    }
    let (report, page) = again("level: Long");
    assert!(!page.contains("changed;") && report["notices"].as_array().unwrap().is_empty(), "{page}");
    // Entities that only one side has are those of both.
    std::fs::remove_file(dir.path().join("entities.json")).unwrap();
    let page = run(dir.path(), &["diff"]).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(page.contains("(no policy changed)") && !page.contains("of the entities here"), "{page}");
}
