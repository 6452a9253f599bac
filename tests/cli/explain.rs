//! One decision explained: who decided, what each expression comes to, and the smallest change that turns it.

use serde_json::{Value, json as object};
use tempfile::TempDir;

use crate::common::{json, run, write};

const SCHEMA: &str = r#"
entity Role;
entity User in [Role] { level: Long, team?: String };
entity Doc { owner: User, secret: Bool };
action read, share appliesTo { principal: [User], resource: [Doc], context: { mfa: Bool, now: datetime, from?: ipaddr } };
"#;

const POLICIES: &str = r#"@id("owner")
permit (principal, action == Action::"read", resource)
when { resource.owner == principal };

@id("reviewer")
permit (principal in Role::"reviewer", action == Action::"read", resource)
when { context.mfa && principal.level >= 3 };

@id("secret")
forbid (principal, action, resource)
when { resource.secret }
unless { context.mfa };

@id("late-share")
permit (principal, action == Action::"share", resource)
when { context.now < datetime("2026-12-01T00:00:00Z") };
"#;

const ENTITIES: &str = r#"[
  { "uid": { "type": "Role", "id": "reviewer" }, "attrs": {}, "parents": [] },
  { "uid": { "type": "User", "id": "alice" }, "attrs": { "level": 3 }, "parents": [{ "type": "Role", "id": "reviewer" }] },
  { "uid": { "type": "User", "id": "bob" }, "attrs": { "level": 1 }, "parents": [] },
  { "uid": { "type": "Doc", "id": "plan" }, "attrs": { "owner": { "__entity": { "type": "User", "id": "bob" } }, "secret": true }, "parents": [] },
  { "uid": { "type": "Doc", "id": "menu" }, "attrs": { "owner": { "__entity": { "type": "User", "id": "bob" } }, "secret": false }, "parents": [] }
]"#;

const TABLE: &str = r#"
defaults: { context: { mfa: false, now: 2026-11-01T00:00:00Z } }
tests:
  - name: nobody else's
    principal: 'User::"alice"'
    action: read
    resource: 'Doc::"menu"'
    expect: deny
"#;

fn repository(more: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    let files = [
        ("app.cedarschema", SCHEMA),
        ("policies.cedar", POLICIES),
        ("entities.json", ENTITIES),
        ("a_test.yaml", TABLE),
        ("without.json", r#"{ "mfa": false, "now": "2026-11-01T00:00:00Z" }"#),
        ("with.json", r#"{ "mfa": true, "now": "2026-11-01T00:00:00Z" }"#),
    ];
    write(dir.path(), &files);
    write(dir.path(), more);
    dir
}

fn asked<'a>(principal: &'a str, action: &'a str, resource: &'a str, context: &'a str) -> Vec<&'a str> {
    vec!["explain", "-l", principal, "-a", action, "-r", resource, "-c", context]
}

/// The changes, each as the texts of its parts.
fn turns(report: &Value) -> Vec<String> {
    let turns = report["explain"]["turns"].as_array().unwrap();
    turns.iter().map(|turn| turn["text"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_denial_names_the_nearest_permit_and_what_would_turn_it() {
    let dir = repository(&[]);
    let (report, code) = json(dir.path(), &asked("User::\"alice\"", "read", "Doc::\"menu\"", "without.json"));
    assert_eq!(code, 0, "{report:#}");
    let explain = &report["explain"];
    assert_eq!(explain["decision"], "deny");
    assert_eq!(explain["reach"], "proved");
    assert_eq!(
        turns(&report),
        ["`context.mfa` is `true` (now `false`)", "`resource.owner` is `User::\"alice\"` (now `User::\"bob\"`)",]
    );
    let change = &explain["turns"][0]["change"][0];
    assert_eq!(*change, object!({"attribute": "context.mfa", "entity": null, "old": false, "new": true}));
    assert_eq!(explain["turns"][0]["reachable"], Value::Null);
    let statuses: Vec<(&str, &str)> = (explain["policies"].as_array().unwrap().iter())
        .map(|policy| (policy["policy"].as_str().unwrap(), policy["status"].as_str().unwrap()))
        .collect();
    assert_eq!(
        statuses,
        [
            ("policies.cedar#owner", "does_not_match"),
            ("policies.cedar#reviewer", "does_not_match"),
            ("policies.cedar#secret", "does_not_match"),
            ("policies.cedar#late-share", "out_of_scope"),
        ]
    );
    assert!(explain["sentences"][0]["sentence"].as_str().unwrap().contains("the nearest permit is"), "{explain:#}");
}

#[test]
fn a_step_up_limits_the_change_to_what_a_challenge_can_bring() {
    let dir = repository(&[("polcheck.toml", "[step-up]\nattributes = [\"context.mfa\"]\n")]);
    let (report, _) = json(dir.path(), &asked("User::\"alice\"", "read", "Doc::\"menu\"", "without.json"));
    let reachable: Vec<&Value> =
        report["explain"]["turns"].as_array().unwrap().iter().map(|turn| &turn["reachable"]).collect();
    assert_eq!(reachable, [true, false]);
    assert!(report["headline"].as_str().unwrap().contains("denied; allowed after `context.mfa`"), "{report:#}");
    // Nobody becomes an owner by a challenge.
    let (report, _) = json(dir.path(), &asked("User::\"bob\"", "share", "Doc::\"plan\"", "without.json"));
    assert!(report["headline"].as_str().unwrap().contains("allowed after `context.mfa`"), "{report:#}");
    write(dir.path(), &[("polcheck.toml", "[step-up]\nattributes = [\"context.mfaa\"]\n")]);
    let run = run(dir.path(), &asked("User::\"alice\"", "read", "Doc::\"menu\"", "without.json"));
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stdout.contains("did you mean `context.mfa`?"), "{}", run.stdout);
}

#[test]
fn an_allowance_names_what_would_take_it_away() {
    let dir = repository(&[]);
    let (report, code) = json(dir.path(), &asked("User::\"alice\"", "read", "Doc::\"menu\"", "with.json"));
    assert_eq!((code, &report["explain"]["decision"]), (0, &object!("allow")));
    assert_eq!(
        turns(&report),
        [
            "`context.mfa` is `false` (now `true`)",
            "`principal.level` is `2` (now `3`)",
            "the principal `User::\"alice\"` is no longer in `Role::\"reviewer\"`",
        ]
    );
    assert_eq!(report["explain"]["reason"], object!(["policies.cedar#reviewer"]));
}

#[test]
fn a_clock_says_until_when_a_decision_may_be_kept() {
    let dir = repository(&[]);
    let (report, _) = json(dir.path(), &asked("User::\"bob\"", "share", "Doc::\"menu\"", "with.json"));
    assert_eq!(report["explain"]["decision"], "allow");
    let lasts = &report["explain"]["lasts"][0];
    assert_eq!(lasts["clock"], "context.now");
    assert_eq!(lasts["status"], "until");
    assert_eq!(lasts["until"], object!({"__extn": {"fn": "datetime", "arg": "2026-12-01"}}));
    let (report, _) = json(dir.path(), &asked("User::\"bob\"", "read", "Doc::\"menu\"", "with.json"));
    assert_eq!(report["explain"]["lasts"], object!([]));
}

/// One action under `policies`, with a context of the type `context`; the context of a request in `c.json`.
fn timed(context: &str, policies: &str, request: &Value) -> TempDir {
    let dir = TempDir::new().unwrap();
    let schema = format!(
        "entity User; entity Doc;\naction use appliesTo {{ principal: [User], resource: [Doc], context: {context} }};\n"
    );
    let entities = r#"[{ "uid": { "type": "User", "id": "u" }, "attrs": {}, "parents": [] },
        { "uid": { "type": "Doc", "id": "d" }, "attrs": {}, "parents": [] }]"#;
    let request = request.to_string();
    write(
        dir.path(),
        &[("a.cedarschema", &schema), ("p.cedar", policies), ("entities.json", entities), ("c.json", &request)],
    );
    dir
}

/// Each clock with its status, and the day of its end.
fn lasts(report: &Value) -> Vec<(String, String, String)> {
    let told = |last: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let until = match &last["until"] {
            Value::Number(number) => number.to_string(),
            until => text(&until["__extn"]["arg"]),
        };
        (text(&last["clock"]), text(&last["status"]), until)
    };
    report["explain"]["lasts"].as_array().unwrap().iter().map(told).collect()
}

fn last(clock: &str, status: &str, until: &str) -> (String, String, String) {
    (clock.to_owned(), status.to_owned(), until.to_owned())
}

const USE: [&str; 9] = ["explain", "-l", "User::\"u\"", "-a", "use", "-r", "Doc::\"d\"", "-c", "c.json"];

/// What is asked about one clock is not taken for an answer about another, however many there are.
#[test]
fn each_clock_has_an_end_of_its_own() {
    let names: Vec<String> = (1..=6).map(|at| format!("t{at}")).collect();
    let context: Vec<String> = names.iter().map(|name| format!("{name}: datetime")).collect();
    let ends: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(at, name)| format!("context.{name} < datetime(\"2027-01-0{}\")", at + 1))
        .collect();
    let request: Value =
        names.iter().map(|name| (name.clone(), object!("2026-01-01"))).collect::<serde_json::Map<_, _>>().into();
    let policies = format!("permit (principal, action, resource) when {{ {} }};", ends.join(" && "));
    let dir = timed(&format!("{{ {} }}", context.join(", ")), &policies, &request);
    let (report, code) = json(dir.path(), &USE);
    assert_eq!((code, &report["explain"]["decision"]), (0, &object!("allow")), "{report:#}");
    let expected: Vec<_> =
        (1..=6).map(|at| last(&format!("context.t{at}"), "until", &format!("2027-01-0{at}"))).collect();
    assert_eq!(lasts(&report), expected);
}

/// A clock is found wherever it stands, and whoever names it.
#[test]
fn clocks_are_in_records_and_called_as_guardrails_call_them() {
    let dir = timed(
        "{ session: { at: datetime, other: Long }, time: Long, count: Long }",
        "permit (principal, action, resource) when { context.session.at < datetime(\"2027-02-03\")
            && context.time < 1800000000 && context.count < 7 && context.session.other < 9 };",
        &object!({"session": {"at": "2026-01-01", "other": 1}, "time": 1_700_000_000, "count": 1}),
    );
    let session = last("context.session.at", "until", "2027-02-03");
    assert_eq!(lasts(&json(dir.path(), &USE).0), std::slice::from_ref(&session));
    let both = [session, last("context.time", "until", "1800000000")];
    for config in [
        "[guardrail]\nclock = \"context.time\"\n",
        "[[guardrail.expires]]\nid = \"e\"\nclock = \"context.time\"\nfrom = \"context.count\"\nwithin = \"1h\"\n",
    ] {
        write(dir.path(), &[("polcheck.toml", config)]);
        assert_eq!(lasts(&json(dir.path(), &USE).0), both, "{config}");
    }
    write(dir.path(), &[("polcheck.toml", "[guardrail]\nclock = \"context.session.other\"\n")]);
    assert_eq!(lasts(&json(dir.path(), &USE).0)[1], last("context.session.other", "until", "9"));
}

/// What no clock turns by itself, time does, which all of them tell.
#[test]
fn clocks_go_on_together() {
    let policies = "permit (principal, action, resource)
        when { context.a < datetime(\"2026-12-01\") || context.b < datetime(\"2026-12-05\") };";
    let dir = timed("{ a: datetime, b: datetime }", policies, &object!({"a": "2026-11-02", "b": "2026-11-01"}));
    let (report, code) = json(dir.path(), &USE);
    let told = lasts(&report);
    assert_eq!(told[..2], [last("context.a", "ever", ""), last("context.b", "ever", "")], "{report:#}");
    assert_eq!(told[2..], [last("context.a", "until", "2026-12-06")], "{report:#}");
    assert_eq!(report["explain"]["lasts"][2]["along"], object!(["context.b"]));
    assert_eq!(code, 0);
    let run = run(dir.path(), &USE).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(run.contains("when `context.b` goes on with it and nothing else changes: keep it no longer"), "{run}");
    // Where one of them ends it as soon, nothing more is said.
    write(dir.path(), &[("p.cedar", &policies.replace("||", "&&"))]);
    let ends = [last("context.a", "until", "2026-12-01"), last("context.b", "until", "2026-12-05")];
    assert_eq!(lasts(&json(dir.path(), &USE).0), ends);
}

/// A clock of which nothing is known is not left out: the end is not known, which decides the exit code.
#[test]
fn a_clock_that_the_engine_cannot_be_asked_about_is_said_to_be_unknown() {
    let dir = timed(
        "{ now: datetime }",
        "permit (principal, action == Action::\"use\", resource) when { context.now < datetime(\"2027-02-03\") };",
        &object!({"now": {"__extn": {"fn": "datetime", "arg": "2026-01-01"}}}),
    );
    std::fs::remove_file(dir.path().join("a.cedarschema")).unwrap();
    write(dir.path(), &[("polcheck.toml", "[schema]\ninferred = \"refuse\"\n")]);
    let (report, code) = json(dir.path(), &USE);
    assert_eq!(lasts(&report), [last("context.now", "unknown", "")], "{report:#}");
    assert_eq!(code, 4, "{report:#}");
    let notices = report["notices"].as_array().unwrap();
    let open: Vec<&str> = notices.iter().filter_map(|notice| notice["message"].as_str()).collect();
    assert!(open.iter().any(|notice| notice.contains("until when it stays as `context.now` goes on")), "{open:?}");
}

#[test]
fn what_decisions_hang_on_is_said_for_every_action() {
    let dir = repository(&[]);
    let (report, code) = json(dir.path(), &["explain", "--cache"]);
    assert_eq!(code, 0, "{report:#}");
    let told: Vec<(&str, Vec<&str>, &Value)> = (report["cacheable"].as_array().unwrap().iter())
        .map(|action| {
            let on = action["hangs_on"].as_array().unwrap();
            let on = on.iter().map(|on| on["attribute"].as_str().unwrap()).collect();
            (action["action"].as_str().unwrap(), on, &action["groups"])
        })
        .collect();
    assert_eq!(
        told,
        [
            ("Action::\"read\"", vec!["context.mfa", "Doc.owner", "Doc.secret", "User.level"], &object!(["Role"])),
            ("Action::\"share\"", vec!["context.now", "context.mfa", "Doc.secret"], &object!([])),
        ]
    );
    let run = run(dir.path(), &["explain", "--cache"]);
    assert!(run.stdout.contains("Action::\"share\" hangs on the time (`context.now`)"), "{}", run.stdout);
    assert!(run.stdout.contains("outlives the end of what allowed it"), "{}", run.stdout);
}

/// `who-can --explain` says the same, of the actions that it is asked about.
#[test]
fn who_can_says_what_the_decisions_it_lists_hang_on() {
    let dir = repository(&[]);
    let (all, _) = json(dir.path(), &["explain", "--cache"]);
    for (asked, of) in [
        (&[][..], vec!["read", "share"]),
        (&["-a", "share"], vec!["share"]),
        (&["-a", "Action::\"read\""], vec!["read"]),
    ] {
        let (report, code) = json(dir.path(), &[&["who-can", "--explain"], asked].concat());
        assert_eq!(code, 0, "{report:#}");
        let wanted: Vec<String> = of.iter().map(|id| format!("Action::\"{id}\"")).collect();
        let told = report["cacheable"].as_array().unwrap();
        let same = all["cacheable"].as_array().unwrap().iter();
        let same: Vec<&Value> = same.filter(|one| wanted.iter().any(|name| one["action"] == name.as_str())).collect();
        assert!(!same.is_empty() && told.iter().collect::<Vec<_>>() == same, "{report:#}");
        assert!(!report["who_can"].is_null());
    }
    let (report, _) = json(dir.path(), &["who-can"]);
    assert!(report["cacheable"].is_null(), "only where it is asked for");
}

/// What the decisions of each action hang on, with the status of each; what is not in the list does not count.
fn hangs_on(report: &Value) -> Vec<(String, Vec<(String, String)>)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let on = |on: &Value| (text(&on["attribute"]), text(&on["status"]));
    let action =
        |action: &Value| (text(&action["action"]), action["hangs_on"].as_array().unwrap().iter().map(on).collect());
    report["cacheable"].as_array().unwrap().iter().map(action).collect()
}

/// Whatever policies read is either named, or proved not to count.
#[test]
fn decisions_hang_on_tags_on_a_whole_context_and_on_what_is_in_records() {
    let dir = TempDir::new().unwrap();
    let schema = "entity User tags String; entity Doc tags Set<String>;
        action use appliesTo { principal: [User], resource: [Doc], context: {
            session?: { at: datetime, dev: { until?: datetime }, n: Long } } };
        action whole, tags, keys, none appliesTo { principal: [User], resource: [Doc], context: { a: Long, b: Bool } };";
    let policies = r#"
        permit (principal, action == Action::"use", resource) when { context has session
            && context.session.at < datetime("2027-02-03") && context.session.dev has until };
        permit (principal, action == Action::"whole", resource) when { context == {a: 1, b: true} };
        permit (principal, action == Action::"tags", resource)
        when { principal.hasTag("x") && resource.hasTag(principal.getTag("x")) };
        permit (principal, action == Action::"keys", resource) when { principal.hasTag("x") };
        permit (principal, action == Action::"none", resource) when { principal.hasTag("x") || !principal.hasTag("x") };
    "#;
    write(dir.path(), &[("a.cedarschema", schema), ("p.cedar", policies)]);
    let (report, code) = json(dir.path(), &["explain", "--cache"]);
    let names: Vec<String> = hangs_on(&report)
        .iter()
        .map(|(action, on)| {
            let on: Vec<String> = on.iter().map(|(attribute, status)| format!("{attribute} {status}")).collect();
            format!("{action}: {}", on.join(", "))
        })
        .collect();
    assert_eq!(
        names,
        [
            "Action::\"keys\": User.getTag(..) yes",
            "Action::\"none\": ",
            "Action::\"tags\": Doc.getTag(..) yes, User.getTag(..) yes",
            "Action::\"use\": context.session.at yes, context.session.dev.until yes, context.session yes",
            "Action::\"whole\": context.a yes, context.b yes",
        ]
    );
    assert_eq!(code, 0);
}

/// The groups that are named are those that policies ask for, whoever is asked about; of templates without links it is
/// said that nothing is.
#[test]
fn groups_that_policies_ask_for_are_named_and_templates_without_links_are_said() {
    let dir = TempDir::new().unwrap();
    let schema =
        "entity Team; entity Role; entity Folder; entity User in [Team, Role]; entity Doc in [Folder] { owner: User };
        action scope, owner, none appliesTo { principal: [User], resource: [Doc] };";
    let policies = "permit (principal in Role::\"r\", action == Action::\"scope\", resource);
        permit (principal, action == Action::\"owner\", resource) when { resource.owner in Team::\"t\" };
        permit (principal, action == Action::\"none\", resource);
        @id(\"loose\") permit (principal == ?principal, action, resource);";
    write(dir.path(), &[("a.cedarschema", schema), ("p.cedar", policies)]);
    let (report, _) = json(dir.path(), &["explain", "--cache"]);
    let groups: Vec<(&str, &Value)> = (report["cacheable"].as_array().unwrap().iter())
        .map(|one| (one["action"].as_str().unwrap(), &one["groups"]))
        .collect();
    let expected = [
        ("Action::\"none\"", object!([])),
        ("Action::\"owner\"", object!(["Team"])),
        ("Action::\"scope\"", object!(["Role"])),
    ];
    assert_eq!(groups, expected.each_ref().map(|(action, groups)| (*action, groups)));
    let notices = report["notices"].as_array().unwrap();
    assert!(notices.iter().any(|notice| notice["kind"] == "links-elsewhere"), "{report:#}");
}

/// What is beyond a bound is not proved.
#[test]
fn attributes_that_are_not_asked_about_are_said_to_be_unknown() {
    let dir = TempDir::new().unwrap();
    let (mut fields, mut reads) = (Vec::new(), Vec::new());
    for at in 0..201 {
        fields.push(format!("f{at:03}: Bool"));
        reads.push(format!("context.f{at:03}"));
    }
    let schema = format!(
        "entity User; entity Doc;\naction use appliesTo {{ principal: [User], resource: [Doc], context: {{ {} }} }};",
        fields.join(", ")
    );
    // None of it counts, which is quick to prove; in a set, so that no policy nests too deeply.
    let policies =
        format!("permit (principal, action, resource) when {{ false && [{}].contains(true) }};", reads.join(", "));
    write(dir.path(), &[("a.cedarschema", &schema), ("p.cedar", &policies)]);
    let (report, code) = json(dir.path(), &["explain", "--cache"]);
    assert_eq!(hangs_on(&report)[0].1, [("context.f200".to_owned(), "unknown".to_owned())]);
    assert_eq!(code, 4);
}

/// Policies that are about no action in particular decide requests of all of them, and policies that cannot be read may
/// decide any.
#[test]
fn decisions_of_actions_that_nobody_names_and_of_policies_that_are_not_read_are_not_left_out() {
    let dir = TempDir::new().unwrap();
    write(dir.path(), &[("p.cedar", "permit (principal, action, resource) when { context.now < 5 };")]);
    let (report, _) = json(dir.path(), &["explain", "--cache"]);
    let told = hangs_on(&report);
    assert_eq!(told.len(), 1, "{report:#}");
    assert_eq!(told[0].1, [("context.now".to_owned(), "yes".to_owned())]);
    let broken =
        "permit (principal, action == Action::\"x\", resource);\nforbid (principal, action, resource) when { context.n";
    write(dir.path(), &[("p.cedar", broken)]);
    let (report, code) = json(dir.path(), &["explain", "--cache"]);
    let notices = report["notices"].as_array().unwrap();
    assert!(
        notices.iter().any(|notice| notice["message"].as_str().unwrap().contains("does not load whole")),
        "{report:#}"
    );
    assert_eq!(code, 1);
}

#[test]
fn every_expression_has_its_value() {
    let dir = repository(&[]);
    let (report, _) = json(dir.path(), &asked("User::\"alice\"", "read", "Doc::\"menu\"", "without.json"));
    let policies = report["explain"]["policies"].as_array().unwrap();
    let values = policies[1]["values"].as_array().unwrap();
    let told: Vec<(&str, &Value)> =
        values.iter().map(|part| (part["text"].as_str().unwrap(), &part["value"])).collect();
    for expected in [("context.mfa", "false"), ("principal.level", "3"), ("principal.level < 3", "false")] {
        assert!(told.iter().any(|(text, value)| *text == expected.0 && **value == expected.1), "{told:?}");
    }
    let text = std::fs::read_to_string(dir.path().join("policies.cedar")).unwrap();
    for part in values {
        let number = |key: &str| usize::try_from(part["location"][key].as_u64().unwrap()).unwrap();
        let shown = &text[number("offset")..number("offset") + number("length")];
        assert!(["context.mfa", "principal.level"].iter().any(|inner| shown.contains(inner)), "{shown}");
    }
}

#[test]
fn requests_come_from_files_rows_and_logs() {
    let request = r#"{ "principal": "User::\"alice\"", "action": "Action::\"read\"", "resource": "Doc::\"menu\"",
        "context": { "mfa": false, "now": "2026-11-01T00:00:00Z" } }"#;
    let log = format!(
        "{}\n{}\n",
        r#"{"principal": {"entityType": "User", "entityId": "bob"}, "action": {"actionType": "Action", "actionId": "read"}, "resource": {"entityType": "Doc", "entityId": "menu"}, "context": {"contextMap": {"mfa": {"boolean": true}, "now": {"datetime": "2026-11-01T00:00:00Z"}}}, "decision": "DENY"}"#,
        request.replace('\n', " ")
    );
    let dir = repository(&[("request.json", request), ("log.jsonl", &log)]);
    let by = |args: &[&str]| json(dir.path(), &[&["explain"], args].concat()).0["explain"].clone();
    let of_file = by(&["--request-json", "request.json"]);
    let of_row = by(&["--row", "a_test.yaml#nobody else's"]);
    let of_line = by(&["--log", "log.jsonl:2"]);
    assert_eq!(of_row["from"], "a_test.yaml#nobody else's");
    assert_eq!(of_line["from"], "log.jsonl:2");
    for other in [&of_row, &of_line] {
        assert_eq!(of_file["turns"], other["turns"]);
        assert_eq!(of_file["policies"], other["policies"]);
    }
    let recorded = json(dir.path(), &["explain", "--log", "log.jsonl:1"]).0;
    assert_eq!(recorded["explain"]["decision"], "allow");
    assert!(recorded["remarks"][0].as_str().unwrap().contains("the record says deny"), "{recorded:#}");
}

#[test]
fn what_is_wrong_with_a_request_is_said_where_it_is() {
    let dir = repository(&[
        ("wrong.json", "{\n  \"mfa\": \"yes\",\n  \"now\": \"2026-11-01T00:00:00Z\"\n}"),
        ("typo.json", "{ \"mfaa\": true, \"mfa\": true, \"now\": \"2026-11-01T00:00:00Z\" }"),
    ]);
    let alice = "User::\"alice\"";
    for (args, told) in [
        (asked(alice, "read", "Doc::\"menu\"", "wrong.json"), "wrong.json:2:10: `mfa` is true or false, and this is"),
        (asked(alice, "read", "Doc::\"menu\"", "typo.json"), "did you mean `mfa`?"),
        (asked(alice, "raed", "Doc::\"menu\"", "with.json"), "did you mean `read`?"),
        (asked("Usr::\"alice\"", "read", "Doc::\"menu\"", "with.json"), "did you mean `User`?"),
        (asked("alice", "read", "Doc::\"menu\"", "with.json"), "an entity is written 'Type::\"id\"'"),
        (asked("Doc::\"menu\"", "read", "Doc::\"menu\"", "with.json"), "it takes `User`"),
        (asked(alice, "read", "Doc::\"menu\"", "none.json"), "cannot read `none.json`"),
        (asked(alice, "read", "Doc::\"menu\"", "{\"mfa\": true}"), "a file is wanted here: write it to one"),
        (vec!["explain", "-l", alice, "-a", "read", "-r", "Doc::\"menu\""], "lacks `mfa`"),
        (vec!["explain", "--row", "a_test.yaml#nobody elses"], "did you mean `a_test.yaml#nobody else's`?"),
        (vec!["explain"], "which request?"),
    ] {
        let run = run(dir.path(), &args);
        assert_eq!(run.code, 2, "{args:?}: {}", run.stdout);
        assert!(run.stderr.contains(told), "{args:?}: {}", run.stderr);
    }
}

#[test]
fn entities_that_are_not_there_are_named() {
    let dir = repository(&[]);
    let run = run(dir.path(), &asked("User::\"alicia\"", "read", "Doc::\"menu\"", "with.json"));
    assert!(run.stdout.contains("User::\"alicia\" is not among the entities"), "{}", run.stdout);
    assert!(run.stdout.contains("did you mean User::\"alice\"?"), "{}", run.stdout);
    // What such a person lacks is tried out, and that it is not proved is said.
    assert_eq!(run.code, 4, "{}", run.stdout);
    assert!(run.stdout.contains("inconclusive"), "{}", run.stdout);
}

#[test]
fn entities_may_be_others_than_the_stores() {
    let more = ENTITIES.replace(
        r#""level": 1 }, "parents": []"#,
        r#""level": 5 }, "parents": [{ "type": "Role", "id": "reviewer" }]"#,
    );
    let dir = repository(&[("elsewhere/others.txt", &more)]);
    let mut args = asked("User::\"bob\"", "read", "Doc::\"plan\"", "with.json");
    args.extend(["--entities", "elsewhere/others.txt"]);
    let (report, _) = json(dir.path(), &args);
    assert_eq!(report["explain"]["reason"], object!(["policies.cedar#owner", "policies.cedar#reviewer"]));
}

/// Groups are in groups, and that changes too: that no change turns a decision is not proved by leaving these out.
#[test]
fn what_groups_are_in_may_change() {
    let dir = TempDir::new().unwrap();
    let schema = "entity Team in [Team]; entity User in [Team]; entity Doc { team: Team };
        action use appliesTo { principal: [User], resource: [Doc] };";
    let entities = r#"[
        { "uid": { "type": "Team", "id": "x" }, "attrs": {}, "parents": [] },
        { "uid": { "type": "Team", "id": "sub" }, "attrs": {}, "parents": [{ "type": "Team", "id": "x" }] },
        { "uid": { "type": "Team", "id": "apart" }, "attrs": {}, "parents": [] },
        { "uid": { "type": "User", "id": "u" }, "attrs": {}, "parents": [{ "type": "Team", "id": "sub" }] },
        { "uid": { "type": "Doc", "id": "d" }, "attrs": { "team": { "__entity": { "type": "Team", "id": "apart" } } }, "parents": [] }
    ]"#;
    write(dir.path(), &[("a.cedarschema", schema), ("entities.json", entities)]);
    let ask = |policies: &str| {
        write(dir.path(), &[("p.cedar", policies)]);
        json(dir.path(), &["explain", "-l", "User::\"u\"", "-a", "use", "-r", "Doc::\"d\""]).0
    };
    for (policies, turn) in [
        (
            "permit (principal, action, resource) when { Team::\"apart\" in Team::\"x\" };",
            "`Team::\"apart\"` is in `Team::\"x\"`",
        ),
        (
            "permit (principal, action, resource) unless { (if principal in Team::\"sub\" then Team::\"sub\" else Team::\"apart\") in Team::\"x\" };",
            "`Team::\"sub\"` is no longer in `Team::\"x\"`",
        ),
        (
            "permit (principal, action, resource) when { resource.team in Team::\"x\" };",
            "`Team::\"apart\"` is in `Team::\"x\"`",
        ),
        (
            "permit (principal in Team::\"sub\", action, resource) unless { principal in Team::\"x\" };",
            "`Team::\"sub\"` is no longer in `Team::\"x\"`",
        ),
    ] {
        let report = ask(policies);
        assert_eq!(report["explain"]["reach"], "proved", "{policies}: {report:#}");
        assert!(turns(&report).contains(&turn.to_owned()), "{policies}: {:?}", turns(&report));
    }
    // Two steps: the user joins a group, which has to leave another first.
    let report =
        ask("permit (principal in Team::\"apart\", action, resource) when { Team::\"apart\" in Team::\"x\" };");
    assert_eq!(
        turns(&report),
        ["the principal `User::\"u\"` is in `Team::\"apart\"` and `Team::\"apart\"` is in `Team::\"x\"`"],
        "{report:#}"
    );
}

/// Where a change is to another entity, it is to one that there is and that does, or to none; that no other does is
/// proved.
#[test]
fn changes_lead_to_entities_that_there_are() {
    let dir = TempDir::new().unwrap();
    let schema = "entity User; entity Doc; entity Grant { to: User, level: Long };
        action use appliesTo { principal: [User], resource: [Doc], context: { grant?: Grant } };";
    let policies = "permit (principal, action, resource)
        when { context has grant && context.grant.to == principal && context.grant.level > 2 };";
    let uid = |ty: &str, id: &str| object!({"type": ty, "id": id});
    let grant = |id: &str, to: &str, level: i64| {
        object!({"uid": uid("Grant", id), "parents": [],
            "attrs": {"to": {"__entity": uid("User", to)}, "level": level}})
    };
    let ask = |grants: &[Value], held: &str| {
        let plain = |ty: &str, id: &str| object!({"uid": uid(ty, id), "attrs": {}, "parents": []});
        let mut all = vec![plain("User", "u"), plain("User", "v"), plain("Doc", "d")];
        all.extend_from_slice(grants);
        let context = object!({"grant": {"__entity": uid("Grant", held)}}).to_string();
        let entities = Value::from(all).to_string();
        let files =
            [("a.cedarschema", schema), ("p.cedar", policies), ("entities.json", &entities), ("c.json", &context)];
        write(dir.path(), &files);
        json(dir.path(), &USE)
    };
    let (one, weak, good) = (grant("one", "v", 5), grant("weak", "u", 1), grant("good", "u", 3));
    let (report, code) = ask(&[one.clone(), weak.clone()], "one");
    assert_eq!(turns(&report), ["`Grant::\"one\".to` is `User::\"u\"` (now `User::\"v\"`)"], "{report:#}");
    assert_eq!((&report["explain"]["reach"], code), (&object!("proved"), 0), "{report:#}");
    let (report, _) = ask(&[one.clone(), weak, good.clone()], "one");
    let other = "`context.grant` is `Grant::\"good\"` (now `Grant::\"one\"`)".to_owned();
    assert!(turns(&report).contains(&other), "{:?}", turns(&report));
    // What takes it away is nothing, and no grant of which nothing is known.
    let (report, code) = ask(&[good], "good");
    let none = "`context.grant` is not there (now `Grant::\"good\"`)".to_owned();
    assert!(code == 0 && turns(&report).contains(&none), "{:?}", turns(&report));
}

/// Where there are more changes than are looked for, that is not proved away.
#[test]
fn changes_beyond_the_bound_are_not_said_to_be_none() {
    let fields: Vec<String> = (0..7).map(|at| format!("f{at}: Bool")).collect();
    let pairs: Vec<String> =
        (0..6).flat_map(|at| (at + 1..7).map(move |other| format!("(context.f{at} && context.f{other})"))).collect();
    assert!(pairs.len() > 12);
    let policies = format!("permit (principal, action, resource) when {{ {} }};", pairs.join(" || "));
    let request: Value = (0..7).map(|at| (format!("f{at}"), object!(false))).collect::<serde_json::Map<_, _>>().into();
    let dir = timed(&format!("{{ {} }}", fields.join(", ")), &policies, &request);
    let (report, code) = json(dir.path(), &USE);
    assert_eq!(turns(&report).len(), 12, "{report:#}");
    assert_eq!((&report["explain"]["reach"], code), (&object!("tried"), 4), "{report:#}");
}

/// What a body of Amazon Verified Permissions says and what does not fit are said at their places in that file.
#[test]
fn faults_in_bodies_have_their_own_places() {
    let with = |context: &str, more: &str| {
        format!(
            "{{\"principal\": {{\"entityType\": \"User\", \"entityId\": \"alice\"}},\n \"action\": {{\"actionType\": \"Action\", \"actionId\": \"read\"}},\n \
             \"resource\": {{\"entityType\": \"Doc\", \"entityId\": \"menu\"}},\n \"context\": {context}{more}}}"
        )
    };
    let map = r#"{"contextMap": {"now": {"datetime": "2026-11-01T00:00:00Z"},
        "mfa": {"string": "yes"}}}"#;
    let stranger = r#"{"contextMap": {"now": {"datetime": "2026-11-01T00:00:00Z"}, "mfa": {"boolean": true},
        "stranger": {"boolean": true}}}"#;
    let missing = r#"{"contextMap":
        {"mfa": {"boolean": true}}}"#;
    let cedar = r#"{"cedarJson":
        "{\"mfa\": 1, \"now\": \"2026-11-01T00:00:00Z\"}"}"#;
    let fits = r#"{"contextMap": {"now": {"datetime": "2026-11-01T00:00:00Z"}, "mfa": {"boolean": true}}}"#;
    let parents = r#", "entities": {"entityList": [{"identifier": {"entityType": "User", "entityId": "alice"},
        "parents": [{"type": "Role", "id": "reviewer"}]}]}"#;
    for (context, more, told) in [
        (map, "", "b.json:5:27: `mfa` is true or false"),
        (stranger, "", "b.json:5:33: the context has no `stranger`"),
        (missing, "", "b.json:5:9: "),
        (cedar, "", "b.json:5:9: `mfa` is true or false"),
        (fits, parents, "b.json:5:21: this is not an entity"),
        (fits, r#", "decision": "Allowed""#, "`decision` is"),
    ] {
        let dir = repository(&[("b.json", &with(context, more))]);
        let run = run(dir.path(), &["explain", "--request-json", "b.json"]);
        assert_eq!(run.code, 2, "{context}: {}", run.stdout);
        assert!(run.stderr.contains(told), "{context}: {}", run.stderr);
    }
}

#[test]
fn several_stores_are_told_apart() {
    let dir = TempDir::new().unwrap();
    let other = SCHEMA.replace("secret: Bool", "secret: Bool, kind?: String");
    write(
        dir.path(),
        &[
            ("one/app.cedarschema", SCHEMA),
            ("one/p.cedar", POLICIES),
            ("two/app.cedarschema", &other),
            ("two/p.cedar", "@id(\"all\") permit (principal, action == Action::\"read\", resource);"),
            ("with.json", r#"{ "mfa": true, "now": "2026-11-01T00:00:00Z" }"#),
        ],
    );
    let one = run(dir.path(), &asked("User::\"alice\"", "read", "Doc::\"menu\"", "with.json"));
    assert_eq!(one.code, 2, "{}", one.stdout);
    assert!(one.stderr.contains("name one of them with `--store`: `one`, `two`"), "{}", one.stderr);
    let mut args = asked("User::\"alice\"", "read", "Doc::\"menu\"", "with.json");
    args.extend(["--store", "two"]);
    assert_eq!(json(dir.path(), &args).0["explain"]["reason"], object!(["two/p.cedar#all"]));
}

#[test]
fn without_a_schema_what_policies_say_is_enough() {
    let dir = TempDir::new().unwrap();
    let policies = "permit (principal, action == Action::\"view\", resource) when { context.mfa && context.level > 3 };\n\
                    forbid (principal, action, resource) unless { context.office };\n";
    write(dir.path(), &[("p.cedar", policies), ("c.json", r#"{ "mfa": false, "level": 5, "office": true }"#)]);
    let (report, code) = json(dir.path(), &asked("User::\"a\"", "view", "Doc::\"d\"", "c.json"));
    assert_eq!(turns(&report), ["`context.mfa` is `true` (now `false`)"], "{report:#}");
    assert_eq!(code, 0, "{report:#}");
    write(dir.path(), &[("c.json", r#"{ "mfa": true, "level": 5, "office": true }"#)]);
    let (report, _) = json(dir.path(), &asked("User::\"a\"", "view", "Doc::\"d\"", "c.json"));
    assert!(turns(&report).contains(&"`context.level` is `3` (now `5`)".to_owned()), "{report:#}");
}

#[test]
fn templates_decide_through_their_links() {
    let template = "@id(\"shared\") permit (principal == ?principal, action == Action::\"read\", resource == ?resource) when { context.mfa };";
    let links = r#"[{ "template_id": "shared", "link_id": "alice-plan", "args": { "?principal": "User::\"alice\"", "?resource": "Doc::\"plan\"" } }]"#;
    let dir = repository(&[("t.cedar", template), ("t.cedartemplatelinks.json", links)]);
    let (report, _) = json(dir.path(), &asked("User::\"alice\"", "read", "Doc::\"plan\"", "with.json"));
    let reason = &report["explain"]["reason"];
    assert!(reason.as_array().unwrap().contains(&object!("t.cedartemplatelinks.json#alice-plan")), "{reason}");
}

#[test]
fn markdown_and_human_say_the_same() {
    let dir = repository(&[]);
    let args = asked("User::\"alice\"", "read", "Doc::\"menu\"", "without.json");
    let human = run(dir.path(), &args);
    let markdown = run(dir.path(), &[args.as_slice(), &["--report", "markdown"]].concat());
    for report in [&human.stdout, &markdown.stdout] {
        assert!(report.contains("denied") && report.contains("context.mfa"), "{report}");
    }
    assert!(human.stdout.lines().all(|line| line.chars().count() <= 100), "{}", human.stdout);
}

/// The commands in docs/explain.md print what stands there.
#[test]
fn the_page_is_what_the_program_prints() {
    let kept = std::fs::read_to_string("docs/explain.md").unwrap();
    let mut page = String::new();
    let mut commands = 0;
    let mut parts = kept.split("```console\n$ ");
    page.push_str(parts.next().unwrap());
    for part in parts {
        let (block, rest) = part.split_once("```\n").unwrap();
        let command = block.lines().next().unwrap();
        let words = words(command);
        assert_eq!(words[0], "polcheck");
        let run = run(std::path::Path::new("."), &words[1..].iter().map(String::as_str).collect::<Vec<_>>());
        page.push_str(&format!("```console\n$ {command}\n{}{}```\n{rest}", run.stdout, run.stderr));
        commands += 1;
    }
    assert!(commands > 1);
    if std::env::var_os("POLCHECK_BLESS").is_some() {
        std::fs::write("docs/explain.md", &page).unwrap();
    }
    assert_eq!(kept, page, "run this test with POLCHECK_BLESS=1 to write the page anew");
}

/// The words of a command line, quotes taken away.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote) = (String::new(), None);
    for letter in command.chars().chain([' ']) {
        match quote {
            Some(open) if open == letter => quote = None,
            Some(_) => word.push(letter),
            None if letter == '\'' || letter == '"' => quote = Some(letter),
            None if letter == ' ' && word.is_empty() => {}
            None if letter == ' ' => words.push(std::mem::take(&mut word)),
            None => word.push(letter),
        }
    }
    words
}

/// Changes are of the entity that has what is read, and such as the schema allows, also where an entity that the
/// request names is not there, so that the engine cannot be asked and changes are tried.
#[test]
fn changes_where_an_entity_is_not_there_fit_the_schema() {
    let schema = "entity User { level: Long };\nentity Folder { owner: User };\n\
                  action view appliesTo { principal: User, resource: Folder, context: { via?: Set<String> } };\n";
    let entities = r#"[{"uid": {"type": "User", "id": "bob"}, "attrs": {"level": 2}, "parents": []},
        {"uid": {"type": "Folder", "id": "f"}, "attrs": {"owner": {"__entity": {"type": "User", "id": "bob"}}}, "parents": []},
        {"uid": {"type": "Folder", "id": "g"}, "attrs": {"owner": {"__entity": {"type": "User", "id": "gone"}}}, "parents": []}]"#;
    let told = |policies: &str, resource: &str| {
        let dir = TempDir::new().unwrap();
        write(dir.path(), &[("app.cedarschema", schema), ("p.cedar", policies), ("entities.json", entities)]);
        let args = ["explain", "-l", "User::\"gone\"", "-a", "view", "-r", resource];
        turns(&json(dir.path(), &args).0)
    };
    let scope = "permit (principal, action == Action::\"view\", resource)";
    let of_owner = format!("{scope} when {{ resource.owner == principal || resource.owner.level == 9 }};");
    let found = told(&of_owner, "Folder::\"f\"");
    assert!(found.iter().any(|one| one.contains("level` is `9` (now `2`)")), "{found:?}");
    assert!(found.iter().any(|one| one.starts_with("`resource.owner` is")), "{found:?}");
    // Nothing of what is not there decides what the first operand does.
    let found = told(&of_owner, "Folder::\"g\"");
    assert!(!found.concat().contains("level"), "{found:?}");
    // A forbid that would err is no way around it.
    let forbids = "forbid (principal, action, resource) when { !(context has via && context.via.contains(\"vpn\")) };";
    let found = told(&format!("{scope} when {{ principal.level >= 3 }};\n{forbids}"), "Folder::\"f\"");
    assert!(!found.concat().contains("true"), "{found:?}");
    // What is required is not left out.
    let found = told(&format!("{scope} when {{ principal.level >= 2 && !(resource has owner) }};"), "Folder::\"f\"");
    assert_eq!(found, Vec::<String>::new());
}

/// Who leaves a group through another leaves that one: the change that is named is the one that is made.
#[test]
fn leaving_a_group_that_another_leads_to_is_said_of_the_other() {
    let schema = "entity Team in [Team];\nentity User in [Team];\nentity Doc;\n\
                  action view appliesTo { principal: User, resource: Doc };\n";
    let policies = "permit (principal in Team::\"t2\", action, resource) when { principal in Team::\"t1\" || resource == Doc::\"x\" };";
    let entities = r#"[{"uid": {"type": "User", "id": "c"}, "attrs": {}, "parents": [{"type": "Team", "id": "t2"}]},
        {"uid": {"type": "Team", "id": "t2"}, "attrs": {}, "parents": [{"type": "Team", "id": "t1"}]},
        {"uid": {"type": "Team", "id": "t1"}, "attrs": {}, "parents": []},
        {"uid": {"type": "Doc", "id": "d"}, "attrs": {}, "parents": []}]"#;
    let dir = TempDir::new().unwrap();
    write(dir.path(), &[("app.cedarschema", schema), ("p.cedar", policies), ("entities.json", entities)]);
    let (report, _) = json(dir.path(), &["explain", "-l", "User::\"c\"", "-a", "view", "-r", "Doc::\"d\""]);
    let found = turns(&report).concat();
    assert!(found.contains("`User::\"c\"` is no longer in `Team::\"t2\"`"), "{found}");
    assert!(!found.contains("`User::\"c\"` is no longer in `Team::\"t1\"`"), "{found}");
}

/// The kind: what a shell hands over as a file is none.
#[cfg(unix)]
#[test]
fn what_is_named_may_be_a_pipe() {
    let dir = repository(&[]);
    let decided = |context: &str, stdin: &str| {
        let program = env!("CARGO_BIN_EXE_polcheck");
        let command = format!(
            "'{program}' explain -l 'User::\"alice\"' -a read -r 'Doc::\"menu\"' -c {context} --report json {stdin}"
        );
        let output =
            std::process::Command::new("bash").args(["-c", &command]).current_dir(dir.path()).output().unwrap();
        let failed = String::from_utf8_lossy(&output.stderr).into_owned();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{failed}"));
        report["explain"]["decision"].clone()
    };
    for (file, decision) in [("with.json", "allow"), ("without.json", "deny")] {
        assert_eq!(decided(&format!("<(cat {file})"), ""), decision);
        assert_eq!(decided("/dev/stdin", &format!("< {file}")), decision);
    }
    let failed = run(dir.path(), &asked("User::\"alice\"", "read", "Doc::\"menu\"", "/dev"));
    assert_eq!(
        (failed.code, failed.stderr.contains("cannot read `/dev`: it is a folder")),
        (2, true),
        "{}",
        failed.stderr
    );
}
