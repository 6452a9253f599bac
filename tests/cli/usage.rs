//! The command line as users meet it: exit codes, what is read, configuration, mistakes.

use tempfile::TempDir;

use crate::common::{self, json, rules, run, statuses, write};

const GOOD: &str = "permit (principal == User::\"a\", action, resource);\n";
const SCHEMA: &str = "entity User; entity Doc; action view appliesTo { principal: User, resource: Doc };\n";
const ROW: &str = r#"[{"request": {"principal": "User::\"a\"", "action": "Action::\"view\"", "resource": "Doc::\"d\""},
  "decision": "allow"}]"#;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    write(dir.path(), files);
    dir
}

#[test]
fn exit_codes_mean_what_help_says() {
    let clean = folder(&[("a.cedarschema", SCHEMA), ("p.cedar", GOOD), ("tests-a.json", ROW)]);
    assert_eq!(run(clean.path(), &["check"]).code, 0);
    let failing = folder(&[("p.cedar", GOOD), ("tests-a.json", &ROW.replace("allow", "deny"))]);
    assert_eq!(run(failing.path(), &["check"]).code, 1);
    assert_eq!(
        run(failing.path(), &["check", "--fail-on", "never"]).code,
        1,
        "failed rows fail whatever --fail-on says"
    );
    let empty = folder(&[("readme.txt", "nothing")]);
    for command in ["check", "validate", "lint", "test", "prove"] {
        assert_eq!(run(empty.path(), &[command]).code, 3, "{command}");
    }
    assert_eq!(run(clean.path(), &["test", "--tests", "p.cedar"]).code, 1);
    assert_eq!(run(clean.path(), &["chekc"]).code, 2);
    assert_eq!(run(clean.path(), &["check", "nowhere"]).code, 2);
    assert_eq!(run(clean.path(), &["check", "--report", "xml"]).code, 2);
    let guarded = folder(&[("p.cedar", GOOD), ("g.cedarguard", GOOD)]);
    let guarded_run = run(guarded.path(), &["check"]);
    assert_eq!(guarded_run.code, 0, "{}", guarded_run.stdout);
    assert!(guarded_run.stdout.contains("1 guardrail holds"), "{}", guarded_run.stdout);
    let broken = folder(&[("p.cedar", GOOD), ("g.cedarguard", "forbid (principal, action, resource);")]);
    for command in ["check", "prove"] {
        assert_eq!(run(broken.path(), &[command]).code, 1, "{command}");
    }
    assert_eq!(run(clean.path(), &["--help"]).code, 0);
    assert_eq!(run(clean.path(), &["--version"]).code, 0);
}

#[test]
fn a_schema_that_cannot_be_read_is_never_a_missing_one() {
    for broken in ["entity User", "\u{0}", "entity User = { a: Nowhere };"] {
        let dir = folder(&[("a.cedarschema", broken), ("p.cedar", GOOD), ("tests-a.json", ROW)]);
        let (report, code) = json(dir.path(), &["check"]);
        assert_eq!(code, 1);
        assert_eq!(rules(&report), ["schema-error"], "{report:#}");
        assert_eq!(statuses(&report), [0, 0, 1], "rows do not run as if there were no schema");
        let (report, _) =
            json(dir.path(), &["test", "-p", "p.cedar", "-s", "a.cedarschema", "--tests", "tests-a.json"]);
        assert_eq!(statuses(&report), [0, 0, 1]);
    }
    let dir = folder(&[("p.cedar", GOOD), ("tests-a.json", ROW)]);
    let gone = run(dir.path(), &["validate", "-p", "p.cedar", "-s", "gone.cedarschema"]);
    assert_eq!(gone.code, 2);
    assert!(gone.stderr.contains("gone.cedarschema"), "{}", gone.stderr);
    let dir = folder(&[("schema.json", "{ broken"), ("p.cedar", GOOD)]);
    let (report, code) = json(dir.path(), &["validate"]);
    assert_eq!((rules(&report), code), (vec!["schema-error"], 1));
}

#[test]
fn schemas_resolve_with_a_place() {
    let dir = folder(&[
        ("schema/a.cedarschema", "entity A = { b: B };"),
        ("schema/c.cedarschema", "entity C;\nentity D in [Missing];"),
        ("p.cedar", GOOD),
    ]);
    let (report, _) = json(dir.path(), &["validate"]);
    let finding = &report["findings"][0];
    assert_eq!(finding["rule"], "schema-error");
    let message = finding["message"].as_str().unwrap();
    assert!(message.contains('B') || message.contains("Missing"), "{message}");
    let path = finding["location"]["path"].as_str().unwrap();
    assert!(path.starts_with("schema/"), "{finding:#}");
    assert!(finding["location"]["length"].as_u64().unwrap() > 0);
}

#[test]
fn one_schema_in_two_syntaxes_is_compared() {
    let same = r#"{"": {"entityTypes": {"User": {}, "Doc": {}},
      "actions": {"view": {"appliesTo": {"principalTypes": ["User"], "resourceTypes": ["Doc"]}}}}}"#;
    let dir = folder(&[("a.cedarschema", SCHEMA), ("a.cedarschema.json", same), ("p.cedar", GOOD)]);
    assert_eq!(run(dir.path(), &["validate"]).code, 0);
    write(dir.path(), &[("a.cedarschema.json", &same.replace("\"Doc\": {}", "\"Doc\": {}, \"More\": {}"))]);
    let (report, code) = json(dir.path(), &["validate"]);
    assert_eq!((rules(&report), code), (vec!["schema-conflict"], 1));
}

#[test]
fn several_stores_do_not_mix() {
    let dir = folder(&[
        ("a/a.cedarschema", SCHEMA),
        ("a/p.cedar", "@id(\"x\") permit (principal == User::\"u\", action, resource);\n"),
        ("b/schema/b.cedarschema", "entity Bot; entity Doc; action run appliesTo { principal: Bot, resource: Doc };"),
        ("b/policies/p.cedar", "@id(\"x\") permit (principal == Bot::\"b\", action, resource);\n"),
    ]);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!((rules(&report), code), (vec![], 0), "{report:#}");
    assert_eq!(report["summary"]["stores"], 2);
    let (report, _) = json(dir.path(), &["check", "--store", "b"]);
    assert_eq!((report["summary"]["stores"].as_u64(), report["summary"]["policies"].as_u64()), (Some(1), Some(1)));
    let none = run(dir.path(), &["check", "--store", "c"]);
    assert_eq!(none.code, 2);
    assert!(none.stderr.contains("there is no store `c`"), "{}", none.stderr);
    let (report, _) = json(dir.path(), &["check", "a"]);
    assert_eq!(report["summary"]["stores"], 1);
}

#[test]
fn a_path_below_the_schema_is_validated_by_it() {
    let dir = folder(&[("a.cedarschema", SCHEMA), ("policies/p.cedar", GOOD)]);
    let out = run(dir.path(), &["check", "policies"]);
    assert_eq!(out.code, 0);
    assert!(!out.stdout.contains("not validated"), "{}", out.stdout);
    write(dir.path(), &[("policies/p.cedar", "permit (principal == Nobody::\"x\", action, resource);\n")]);
    assert_eq!(run(dir.path(), &["check", "policies"]).code, 1);
}

#[test]
fn configuration_names_stores_levels_and_exclusions() {
    let dir = folder(&[
        (
            "polcheck.toml",
            concat!(
                "fail-on = \"warning\"\nexclude = [\"old\"]\n[rules]\nwildcard-in-entity-id = \"off\"\n",
                "[[store]]\nname = \"main\"\nschema = \"x/one.cedarschema\"\npolicies = \"x/*.cedar\"\ntests = \"x/rows.json\"\n",
                "[[store]]\nname = \"other\"\nschema = \"x/two.cedarschema\"\npolicies = \"y/q.cedar\"\n"
            ),
        ),
        ("x/one.cedarschema", SCHEMA),
        ("x/two.cedarschema", "entity E; action go appliesTo { principal: E, resource: E };"),
        ("y/q.cedar", "permit (principal == E::\"e\", action, resource);"),
        ("x/p.cedar", "permit (principal == User::\"a*\", action, resource);"),
        ("x/rows.json", &ROW.replace("allow", "deny")),
        ("old/broken.cedar", "permit ("),
    ]);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!((rules(&report), code), (vec![], 0), "{report:#}");
    assert_eq!(statuses(&report), [1, 0, 0]);
    assert_eq!(report["summary"]["stores"], 2);
}

#[test]
fn every_mistake_in_the_configuration_has_its_place_and_a_way_out() {
    let text = concat!(
        "fial-on = \"error\"\n",
        "fail-on = \"loud\"\n",
        "exclude = [\"a[\", 3]\n",
        "required-version = \">=99\"\n",
        "[rules]\nplaceholdr = \"off\"\nplaceholder = \"fatal\"\nsyntax-error = \"off\"\n",
        "[[store]]\nschema = \"s\"\n",
        "[[store]]\nname = \"a\"\npolices = \"p\"\nlevel = -1\n",
        "[[store]]\nname = \"a\"\n",
        "[[override]]\npaths = []\nrules = { placeholder = \"off\" }\n",
        "[[override]]\npaths = [\"p.cedar\"]\n",
    );
    let dir = folder(&[("polcheck.toml", text), ("p.cedar", GOOD)]);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!((report["outcome"].as_str(), code), (Some("error"), 2));
    let found: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let (start, message) = (&finding["location"]["start"]["line"], finding["message"].as_str().unwrap());
            (start.as_u64().unwrap(), message.to_owned(), finding["help"].as_str().unwrap_or_default().to_owned())
        })
        .collect();
    for (line, message, help) in [
        (1, "unknown key `fial-on`", "did you mean `fail-on`?"),
        (2, "`loud` is no level to fail on", "error, warning"),
        (3, "`a[` is not a path pattern", ""),
        (3, "`exclude` wants strings", ""),
        (4, "`>=99` is required", "install"),
        (6, "there is no rule `placeholdr`", "did you mean `placeholder`?"),
        (7, "`fatal` is no level", "one of"),
        (8, "cannot be changed", "Cedar itself"),
        (9, "needs a `name`", ""),
        (13, "unknown key `polices`", "did you mean `policies`?"),
        (14, "`level` wants a whole number", ""),
        (16, "two stores are called `a`", ""),
        (17, "an [[override]] needs `paths`", ""),
        (20, "an [[override]] needs `rules`", "levels"),
    ] {
        let fits =
            |(at, said, helped): &(u64, String, String)| *at == line && said.contains(message) && helped.contains(help);
        assert!(found.iter().any(fits), "line {line}: {message}\n{found:#?}");
    }
}

#[test]
fn a_pattern_that_names_nothing_is_said() {
    let dir = folder(&[
        ("polcheck.toml", "[[store]]\nname = \"a\"\nschema = \"a.cedarschema\"\npolicies = \"polices/*.cedar\"\n"),
        ("a.cedarschema", SCHEMA),
        ("policies/p.cedar", GOOD),
    ]);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!(code, 2);
    assert_eq!(report["findings"][0]["location"]["start"]["line"], 4);
}

#[test]
fn level_validation() {
    let schema = "entity User = { boss?: User, level: Long }; entity Doc = { owner: User };
        action view appliesTo { principal: User, resource: Doc };";
    let policy = "permit (principal, action, resource) when { resource.owner.level > 3 };";
    let dir = folder(&[("a.cedarschema", schema), ("p.cedar", policy)]);
    assert_eq!(run(dir.path(), &["validate"]).code, 0);
    let (report, code) = json(dir.path(), &["validate", "--level", "1"]);
    assert_eq!((rules(&report), code), (vec!["level-exceeded"], 1));
    assert_eq!(run(dir.path(), &["validate", "--level", "2"]).code, 0);
}

#[test]
fn links_are_checked_against_their_templates() {
    let template = "@id(\"share\") permit (principal == ?principal, action, resource == ?resource);";
    let link = |template: &str, id: &str, args: &str| {
        format!(r#"{{"template_id": "{template}", "link_id": "{id}", "args": {args}}}"#)
    };
    let good = r#"{"?principal": "User::\"a\"", "?resource": "Doc::\"d\""}"#;
    let links = format!(
        "[{},\n{},\n{},\n{},\n{}]",
        link("share", "one", good),
        link("shar", "two", good),
        link("share", "three", r#"{"?principal": "User::\"a\""}"#),
        link("share", "one", good),
        link("share", "four", r#"{"?principal": "User::\"a\"", "?resource": "User::\"d\""}"#),
    );
    let dir = folder(&[("a.cedarschema", SCHEMA), ("t.cedar", template), ("l.cedartemplatelinks.json", &links)]);
    let (report, code) = json(dir.path(), &["validate"]);
    assert_eq!(code, 1);
    let lines: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (finding["rule"].as_str().unwrap(), finding["location"]["start"]["line"].as_u64().unwrap()))
        .collect();
    assert_eq!(lines, [("link-error", 2), ("link-error", 3), ("link-error", 4), ("never-applies", 5)], "{report:#}");
    assert_eq!(report["summary"]["links"], 2);
    assert!(report["findings"][0]["help"].as_str().unwrap().contains("`share`"));
}

#[test]
fn a_broken_policy_makes_rows_errors_and_hides_no_other_finding() {
    let policies = "permit (principal, action, resource);\npermit (principal, action resource);\n\
                    permit (principal is Usr, action, resource);\n";
    let dir = folder(&[("a.cedarschema", SCHEMA), ("p.cedar", policies), ("tests-a.json", ROW)]);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!(code, 1);
    let mut found = rules(&report);
    found.retain(|rule| matches!(*rule, "syntax-error" | "unrecognized-entity-type"));
    assert_eq!(found, ["syntax-error", "unrecognized-entity-type"], "{report:#}");
    assert_eq!(statuses(&report), [0, 0, 1]);
}

#[test]
fn a_suppression_needs_a_reason_and_ends_on_its_day() {
    let text = |comment: &str| format!("{comment}\npermit (principal == User::\"a*\", action, resource);\n");
    let dir =
        folder(&[("p.cedar", &text("// polcheck: ignore[wildcard-in-entity-id] an id with a star, until 2026-11-30"))]);
    let (report, _) = json(dir.path(), &["lint", "--now", "2026-11-30"]);
    assert_eq!(rules(&report), Vec::<&str>::new());
    assert_eq!(report["suppressed"][0]["rule"], "wildcard-in-entity-id");
    assert_eq!(report["now"], "2026-11-30");
    let (report, _) = json(dir.path(), &["lint", "--now", "2026-12-01T00:00:00Z"]);
    assert!(rules(&report).contains(&"expired-suppression"), "{report:#}");
    assert!(rules(&report).contains(&"wildcard-in-entity-id"));
    write(dir.path(), &[("p.cedar", &text("// polcheck: ignore[wildcard-in-entity-id]"))]);
    let (report, _) = json(dir.path(), &["lint"]);
    assert!(rules(&report).contains(&"wildcard-in-entity-id"), "{report:#}");
    assert_eq!(report["now"], serde_json::Value::Null);
}

#[test]
fn several_reports_come_from_one_run() {
    let dir = folder(&[("p.cedar", "permit (")]);
    let out = run(dir.path(), &["check", "--report", "human", "--report", "json=out.json", "--report", "github"]);
    assert_eq!(out.code, 1);
    assert!(out.stdout.contains("syntax-error") && out.stdout.contains("::error file=p.cedar"), "{}", out.stdout);
    let saved = std::fs::read_to_string(dir.path().join("out.json")).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&saved).unwrap()["exit"], 1);
}

#[test]
fn on_github_a_run_annotates_and_writes_the_summary() {
    let dir = folder(&[("p.cedar", "permit (")]);
    let summary = dir.path().join("summary.md");
    std::fs::write(&summary, "before\n").unwrap();
    let mut command = common::command(dir.path());
    command.arg("check").env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", &summary);
    let out = common::finish(command.output().unwrap());
    assert_eq!(out.code, 1);
    assert_eq!(out.stdout.lines().filter(|line| line.starts_with("::error ")).count(), 1, "{}", out.stdout);
    let text = std::fs::read_to_string(&summary).unwrap();
    assert!(text.starts_with("before\n") && text.contains("syntax"), "{text}");
}

#[test]
fn rules_can_be_looked_up() {
    let dir = folder(&[]);
    let all = run(dir.path(), &["rules"]);
    assert_eq!(all.code, 0);
    for id in all.stdout.lines().map(|line| line.split_whitespace().next().unwrap()) {
        let one = run(dir.path(), &["rules", id]);
        assert_eq!(one.code, 0);
        assert!(one.stdout.lines().count() > 10, "{id} has no page");
    }
    assert!(all.stdout.lines().count() > 35);
    let unknown = run(dir.path(), &["rules", "placeholdr"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("did you mean `placeholder`?"));
}
