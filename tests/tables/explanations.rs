//! A failing row says which policy, which condition and which value.

use serde_json::{Value, json as object};
use tempfile::TempDir;

use crate::common::{json, run, write};

/// The rows of one store, run: how each is explained, as pairs of a sentence and its marks (text marked, label).
struct Explained {
    dir: TempDir,
    report: Value,
}

impl Explained {
    fn new(files: &[(&str, &str)], rows: &[Value]) -> Self {
        let dir = TempDir::new().unwrap();
        write(dir.path(), files);
        write(dir.path(), &[("a_test.json", &Value::from(rows.to_vec()).to_string()), ("entities.json", ENTITIES)]);
        let (report, _) = json(dir.path(), &["test"]);
        Self { dir, report }
    }

    fn sentences(&self, row: usize) -> Vec<&str> {
        let row = &self.report["tests"][row];
        assert_eq!(row["status"], "fail", "{row:#}");
        let explanation = row["explanation"].as_array().unwrap_or_else(|| panic!("no explanation in {row:#}"));
        assert_eq!(row["explanation"], row["lesson"], "the first name of the key holds the same");
        explanation.iter().map(|one| one["sentence"].as_str().unwrap()).collect()
    }

    fn marks(&self, row: usize, explanation: usize) -> Vec<(String, &str)> {
        let marks = self.report["tests"][row]["explanation"][explanation]["marks"].as_array().unwrap();
        let text = |location: &Value| {
            let file = std::fs::read_to_string(self.dir.path().join(location["path"].as_str().unwrap())).unwrap();
            let number = |key: &str| usize::try_from(location[key].as_u64().unwrap()).unwrap();
            file[number("offset")..number("offset") + number("length")].to_owned()
        };
        marks.iter().map(|mark| (text(&mark["location"]), mark["text"].as_str().unwrap())).collect()
    }
}

const ENTITIES: &str = r#"[
  { "uid": { "type": "Team", "id": "support" }, "attrs": {}, "parents": [] },
  { "uid": { "type": "Team", "id": "warehouse" }, "attrs": {}, "parents": [] },
  { "uid": { "type": "User", "id": "alice" }, "attrs": {}, "parents": [{ "type": "Team", "id": "support" }] },
  { "uid": { "type": "User", "id": "bob" }, "attrs": {}, "parents": [{ "type": "Team", "id": "warehouse" }] }
]"#;

const POLICIES: &str = r#"// Something before.
@id("office")
permit (
  principal in Team::"support",
  action == Action::"read",
  resource
)
when { context.network == Network::"corporate" }
when { context has factor && context.factor.strong };

@id("night")
forbid (principal, action == Action::"read", resource)
when { context.hour < 6 || context.hour > 20 }
unless { context has onCall && context.onCall };
"#;

fn row(principal: &str, action: &str, context: Value, decision: &str) -> Value {
    object!({
        "request": {
            "principal": format!("User::\"{principal}\""), "action": format!("Action::\"{action}\""),
            "resource": "Doc::\"d\"", "context": context
        },
        "decision": decision
    })
}

fn session(network: &str, factor: Option<bool>, hour: i64) -> Value {
    let mut context = object!({ "network": { "__entity": { "type": "Network", "id": network } }, "hour": hour });
    if let Some(strong) = factor {
        context["factor"] = object!({ "strong": strong });
    }
    context
}

#[test]
fn a_denied_row_names_the_nearest_permit_and_what_it_lacks() {
    let explained = Explained::new(
        &[("p.cedar", POLICIES)],
        &[
            row("alice", "read", session("home", Some(true), 9), "allow"),
            row("alice", "read", session("corporate", None, 9), "allow"),
            row("alice", "read", session("home", Some(false), 9), "allow"),
            row("bob", "read", session("corporate", Some(true), 9), "allow"),
            row("alice", "write", session("corporate", Some(true), 9), "allow"),
        ],
    );
    let lead = "the nearest permit is p.cedar#office: ";
    let network = "it asks for `context.network == Network::\"corporate\"`, and `context.network` is Network::\"home\"";
    assert_eq!(explained.sentences(0), [format!("{lead}{network}")]);
    let equal = "context.network == Network::\"corporate\"".to_owned();
    assert_eq!(explained.marks(0, 0), [(equal.clone(), "false: `context.network` is Network::\"home\"")]);
    assert_eq!(
        explained.sentences(1),
        [format!("{lead}it asks for `context has factor`, and `context` has no `factor`")]
    );
    assert_eq!(
        explained.marks(1, 0),
        [
            ("context has factor".to_owned(), "false: `context` has no `factor`"),
            ("context.factor.strong".to_owned(), "not evaluated"),
        ]
    );
    let both = format!("{lead}{network}; it asks for `context.factor.strong`, which is false");
    assert_eq!(explained.sentences(2), [both]);
    let group = "principal User::\"bob\" is not in Team::\"support\": it is in Team::\"warehouse\"";
    assert_eq!(explained.sentences(3), [format!("{lead}{group}")]);
    assert_eq!(explained.marks(3, 0), [("Team::\"support\"".to_owned(), group)]);
    let action = "action is Action::\"write\", not Action::\"read\"";
    assert_eq!(explained.sentences(4), [format!("{lead}{action}")]);
    let shown = run(explained.dir.path(), &["test"]).stdout;
    assert!(shown.contains("☞ the nearest permit is p.cedar#office: it asks for"), "{shown}");
    assert!(shown.contains("╰── false: `context` has no `factor`"), "{shown}");
    let mut lines = shown.lines().filter(|line| !line.starts_with("polcheck test:"));
    assert!(lines.all(|line| line.chars().count() <= 80), "{shown}");
}

#[test]
fn a_forbid_in_the_way_is_named_before_permits() {
    let explained = Explained::new(
        &[("p.cedar", POLICIES)],
        &[
            row("alice", "read", session("corporate", Some(true), 22), "allow"),
            row("alice", "read", session("home", Some(true), 3), "allow"),
        ],
    );
    let late = "p.cedar#night forbids it: `context.hour > 20` is true, as `context.hour` is 22; \
                `context has onCall` is false, as `context` has no `onCall`";
    assert_eq!(explained.sentences(0), [late]);
    let [first, second] = explained.sentences(1)[..] else { panic!("{:?}", explained.sentences(1)) };
    assert!(
        first.starts_with("p.cedar#night forbids it: `context.hour < 6` is true, as `context.hour` is 3;"),
        "{first}"
    );
    assert!(second.starts_with("nor does a permit hold; the nearest is p.cedar#office: "), "{second}");
}

#[test]
fn an_allowed_row_names_the_permit_and_the_forbid_that_nearly_fired() {
    let mut on_call = session("corporate", Some(true), 22);
    on_call["onCall"] = true.into();
    let explained = Explained::new(
        &[("p.cedar", POLICIES)],
        &[row("alice", "read", session("corporate", Some(true), 20), "deny"), row("alice", "read", on_call, "deny")],
    );
    let [permit, forbid] = explained.sentences(0)[..] else { panic!("{:?}", explained.sentences(0)) };
    assert!(
        permit.starts_with("p.cedar#office permits it: `context.network == Network::\"corporate\"` is true"),
        "{permit}"
    );
    let near = "the nearest forbid is p.cedar#night: it asks for `context.hour < 6`, and `context.hour` is 20";
    assert_eq!(forbid, near);
    assert_eq!(
        explained.sentences(1)[1],
        "the nearest forbid is p.cedar#night: it is ruled out by `context.onCall`, which is true"
    );
}

#[test]
fn a_forbid_that_fails_is_said_to_forbid_nothing() {
    let policies = POLICIES.replace("context has onCall && ", "");
    let explained = Explained::new(
        &[("p.cedar", &policies)],
        &[row("alice", "read", session("corporate", Some(true), 22), "deny")],
    );
    let failed = explained.sentences(0)[1];
    let wanted = "p.cedar#night fails to evaluate, so it forbids nothing: `context.onCall`: record does not have the attribute `onCall`";
    assert!(failed.starts_with(wanted), "{failed}");
    let (marked, label) = &explained.marks(0, 1)[0];
    assert_eq!(marked, "context.onCall");
    assert!(label.starts_with("fails: record does not have the attribute `onCall`"), "{label}");
}

#[test]
fn a_permit_that_fails_says_where() {
    let explained = Explained::new(
        &[("p.cedar", "permit (principal, action, resource) when { context.level >= 2 };")],
        &[row("alice", "read", object!({}), "allow"), row("alice", "read", object!({ "level": "high" }), "allow")],
    );
    let lead = "the nearest permit is p.cedar#policy0: `context.level >= 2` fails to evaluate: ";
    let [missing] = explained.sentences(0)[..] else { panic!() };
    assert!(missing.starts_with(&format!("{lead}record does not have the attribute `level`")), "{missing}");
    let [wrong] = explained.sentences(1)[..] else { panic!() };
    assert!(wrong.starts_with(&format!("{lead}type error: expected long, got string")), "{wrong}");
}

#[test]
fn a_link_fills_its_slots_and_marks_its_template() {
    let template =
        "@id(\"share\") permit (principal in ?principal, action, resource == ?resource) when { context.open };";
    let links = r#"[{ "template_id": "share", "link_id": "for-support",
      "args": { "?principal": "Team::\"support\"", "?resource": "Doc::\"d\"" } }]"#;
    let explained = Explained::new(
        &[("t.cedar", template), ("l.cedartemplatelinks.json", links)],
        &[
            row("bob", "read", object!({ "open": true }), "allow"),
            row("alice", "read", object!({ "open": false }), "allow"),
        ],
    );
    let lead = "the nearest permit is l.cedartemplatelinks.json#for-support: ";
    let group = "principal User::\"bob\" is not in Team::\"support\": it is in Team::\"warehouse\"";
    assert_eq!(explained.sentences(0), [format!("{lead}{group}")]);
    assert_eq!(explained.marks(0, 0)[0].0, "?principal");
    assert_eq!(explained.sentences(1), [format!("{lead}it asks for `context.open`, which is false")]);
    assert_eq!(explained.marks(1, 0), [("context.open".to_owned(), "false")]);
}

#[test]
fn a_policy_from_json_is_told_without_places() {
    let policy = r#"{ "effect": "permit", "principal": { "op": "All" }, "action": { "op": "All" }, "resource": { "op": "All" },
  "conditions": [{ "kind": "when", "body": { "==": {
    "left": { ".": { "left": { "Var": "context" }, "attr": "tier" } }, "right": { "Value": "gold" } } } }] }"#;
    let explained =
        Explained::new(&[("p.cedar.json", policy)], &[row("alice", "read", object!({ "tier": "silver" }), "allow")]);
    let [told] = explained.sentences(0)[..] else { panic!() };
    assert!(told.ends_with("it asks for `context.tier == \"gold\"`, and `context.tier` is \"silver\""), "{told}");
    let (marked, label) = &explained.marks(0, 0)[0];
    assert_eq!(*marked, policy.lines().next().unwrap());
    assert!(label.contains("false: `context.tier` is \"silver\""), "{label}");
}

#[test]
fn a_policy_that_should_decide_and_does_not_says_why() {
    let both = "@id(\"a\") permit (principal, action, resource);\n@id(\"b\") permit (principal, action, resource) when { context.x };";
    let mut wanted = row("alice", "read", object!({ "x": false }), "allow");
    wanted["reason"] = object!(["b"]);
    let explained = Explained::new(&[("p.cedar", both)], &[wanted]);
    assert_eq!(explained.sentences(0), ["p.cedar#b does not decide: it asks for `context.x`, which is false"]);
}

#[test]
fn where_no_permit_comes_near_that_is_said() {
    let far = "permit (principal == User::\"x\", action == Action::\"x\", resource);";
    let explained = Explained::new(&[("p.cedar", far)], &[row("alice", "read", object!({}), "allow")]);
    assert_eq!(
        explained.sentences(0),
        ["no permit comes near: each misses this request by two parts of its scope at least, or never matches"]
    );
    let none = Explained::new(
        &[("p.cedar", "forbid (principal, action, resource) when { context has never };")],
        &[row("alice", "read", object!({}), "allow")],
    );
    assert_eq!(none.sentences(0), ["there is no permit at all"]);
    let template = "@id(\"t\") permit (principal == ?principal, action, resource);";
    let unlinked = Explained::new(&[("p.cedar", template)], &[row("alice", "read", object!({}), "allow")]);
    assert_eq!(unlinked.sentences(0), ["there is no permit: the templates here have no links"]);
}

#[test]
fn values_are_shown_as_people_write_them_and_obeyed_by_nobody() {
    let policies = "permit (principal, action, resource) when { context.now.durationSince(context.at) <= duration(\"5m\") };\n\
                    permit (principal, action, resource) when { context.name == \"x\" && context.list.contains(\"z\") };";
    let context = object!({
        "now": { "__extn": { "fn": "datetime", "arg": "2026-03-10T10:00:00Z" } },
        "at": { "__extn": { "fn": "datetime", "arg": "2026-03-10T09:30:00Z" } },
        "name": "\u{1b}[31m\n::error::owned", "list": ["a", "b", "c", "d", "e", "f", "g", "h"],
    });
    let explained = Explained::new(&[("p.cedar", policies)], &[row("alice", "read", context, "allow")]);
    let [time, text] = explained.sentences(0)[..] else { panic!("{:?}", explained.sentences(0)) };
    assert!(time.ends_with("and `context.now.durationSince(context.at)` is duration(\"30m\")"), "{time}");
    assert!(text.contains("`context.list` is [\"a\", \"b\", \"c\", \"d\", \"e\""), "{text}");
    for format in ["human", "github", "markdown"] {
        let shown = run(explained.dir.path(), &["test", "-v", "--report", format]).stdout;
        assert!(!shown.contains('\u{1b}'), "{shown}");
        assert!(!shown.lines().any(|line| line.trim_start().starts_with("::error::owned")), "{shown}");
    }
}
