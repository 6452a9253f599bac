//! `lint --fix` of policies, templates and links in Cedar's JSON: written as their author writes, or left with a
//! reason.

use std::path::Path;

use cedar_policy::{Authorizer, Decision, Policy, PolicySet};
use serde_json::Value;
use tempfile::TempDir;

use crate::common::rng::Rng;
use crate::common::worlds::Worlds;
use crate::common::{committed, diff, json, run};

const SCHEMA: &str = "entity Team;
entity User in [Team] { level: Long, blocked: Bool, boss?: User };
entity Report { owner: User, editor?: User, name: String } tags String;
action view, edit appliesTo { principal: User, resource: Report, context: { mfa: Bool } };
";
const ANY: &str = r#"{"op":"All"}"#;
const VIEW: &str = r#"{"op":"==","entity":{"type":"Action","id":"view"}}"#;

fn var(name: &str) -> String {
    format!(r#"{{"Var":"{name}"}}"#)
}

fn attr(of: &str, name: &str) -> String {
    format!(r#"{{".":{{"left":{of},"attr":"{name}"}}}}"#)
}

fn op(op: &str, left: &str, right: &str) -> String {
    format!(r#"{{"{op}":{{"left":{left},"right":{right}}}}}"#)
}

fn value(json: &str) -> String {
    format!(r#"{{"Value":{json}}}"#)
}

fn entity(ty: &str, id: &str) -> String {
    value(&format!(r#"{{"__entity":{{"type":"{ty}","id":"{id}"}}}}"#))
}

fn when(body: &str) -> String {
    format!(r#"{{"kind":"when","body":{body}}}"#)
}

/// A policy for everybody who views anything.
fn policy(effect: &str, conditions: &[String]) -> String {
    scoped(effect, [ANY, VIEW, ANY], conditions)
}

fn scoped(effect: &str, [principal, action, resource]: [&str; 3], conditions: &[String]) -> String {
    let conditions = conditions.join(",");
    format!(
        r#"{{"effect":"{effect}","principal":{principal},"action":{action},"resource":{resource},"conditions":[{conditions}]}}"#
    )
}

fn set(policies: &[(&str, &str)]) -> String {
    let fields: Vec<String> = policies.iter().map(|(id, policy)| format!(r#""{id}":{policy}"#)).collect();
    format!(r#"{{"staticPolicies":{{{}}},"templates":{{}},"templateLinks":[]}}"#, fields.join(","))
}

/// `compact` with `unit` before each line for each level, lines ending with `end`; on one line where there is no unit.
fn laid_out(compact: &str, unit: Option<&str>, end: &str) -> String {
    let (mut out, mut depth, mut quoted, mut escaped) = (String::new(), 0, false, false);
    let mut rest = compact.chars().peekable();
    let line = |depth: usize| unit.map_or_else(String::new, |unit| format!("{end}{}", unit.repeat(depth)));
    while let Some(c) = rest.next() {
        if quoted {
            quoted = c != '"' || escaped;
            escaped = c == '\\' && !escaped;
            out.push(c);
            continue;
        }
        match c {
            '"' => (quoted, escaped) = (true, false),
            '{' | '[' if rest.peek().is_some_and(|next| !matches!(next, '}' | ']')) => {
                depth += 1;
                out.push(c);
                out.push_str(&line(depth));
                continue;
            }
            '}' | ']' if !out.ends_with(['{', '[']) => {
                depth -= 1;
                out.push_str(&line(depth));
            }
            _ => {}
        }
        out.push(c);
        match c {
            ',' => out.push_str(&if unit.is_some() { line(depth) } else { " ".to_owned() }),
            ':' => out.push(' '),
            _ => {}
        }
    }
    out + end
}

/// The same JSON as people and programs lay it out.
fn layouts(compact: &str) -> [String; 5] {
    [
        compact.to_owned(),
        laid_out(compact, None, "\n"),
        laid_out(compact, Some("  "), "\n"),
        laid_out(compact, Some("\t"), "\n"),
        format!("\u{feff}{}", laid_out(compact, Some("    "), "\r\n")),
    ]
}

fn place(files: &[(&str, &str)]) -> TempDir {
    committed(&[&[("app.cedarschema", SCHEMA)], files].concat())
}

fn read(dir: &Path, path: &str) -> String {
    std::fs::read_to_string(dir.join(path)).unwrap()
}

fn policies(text: &str) -> PolicySet {
    let json: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap();
    if json.get("effect").is_some() {
        return PolicySet::from_policies([Policy::from_json(None, json).unwrap()]).unwrap();
    }
    PolicySet::from_json_value(json).unwrap()
}

/// Whether Cedar's authorizer decides 10,000 random requests alike by both.
fn decide_alike(before: &str, after: &str) {
    let (before, after) = (policies(before), policies(after));
    let statics = before.policies().map(ToString::to_string);
    let texts: Vec<String> = statics.chain(before.templates().map(ToString::to_string)).collect();
    let worlds = Worlds::new(SCHEMA, &texts.join("\n"));
    let mut allowed = 0;
    for (request, entities) in worlds.requests(&mut Rng::new(7), 200, 50) {
        let decide = |set: &PolicySet| Authorizer::new().is_authorized(&request, set, &entities).decision();
        assert_eq!(decide(&before), decide(&after), "{request}");
        allowed += usize::from(decide(&before) == Decision::Allow);
    }
    assert!((1..10_000).contains(&allowed), "nothing is tried");
}

/// In every layout, `lint --fix -v` makes `after` of `before`, another run changes nothing, and nothing is decided
/// otherwise.
#[track_caller]
fn becomes(before: &str, after: &str) {
    decide_alike(before, after);
    for (before, after) in layouts(before).iter().zip(layouts(after)) {
        let dir = place(&[("p.cedar.json", before)]);
        let (report, code) = json(dir.path(), &["lint", "--fix", "-v"]);
        assert_ne!(code, 2, "{report:#}");
        assert_eq!(read(dir.path(), "p.cedar.json"), after, "{:#}", report["fixes"]);
        json(dir.path(), &["lint", "--fix", "-v"]);
        assert_eq!(read(dir.path(), "p.cedar.json"), after, "another run changes it again");
        let (report, code) = diff(dir.path(), &["HEAD"]);
        let changes = report["changes"].as_array().unwrap();
        assert!(!changes.is_empty() && changes.iter().all(|change| change["relation"] == "same"), "{report:#}");
        assert_eq!(code, 0);
    }
}

/// Why nothing was done to `text`.
#[track_caller]
fn left(files: &[(&str, &str)]) -> Vec<String> {
    let dir = place(files);
    let (report, _) = json(dir.path(), &["lint", "--fix", "-v"]);
    for (path, text) in files {
        assert_eq!(&read(dir.path(), path), text);
    }
    let fixes = report["fixes"].as_array().map_or(&[][..], Vec::as_slice);
    assert!(fixes.iter().all(|fix| fix["status"] == "refused"), "{report:#}");
    fixes.iter().map(|fix| fix["why"].as_str().unwrap().to_owned()).collect()
}

fn level(more_than: u8) -> String {
    op(">", &attr(&var("principal"), "level"), &value(&more_than.to_string()))
}

fn owner() -> String {
    op("==", &attr(&var("resource"), "owner"), &var("principal"))
}

fn mfa() -> String {
    attr(&var("context"), "mfa")
}

/// The kind: brackets, commas and indents that are left over, or moved, where an operand goes.
#[test]
fn an_operand_goes_with_what_combines_it() {
    // On either side, and in the middle of a chain.
    becomes(&policy("permit", &[when(&op("&&", &level(5), &level(3)))]), &policy("permit", &[when(&level(5))]));
    becomes(&policy("permit", &[when(&op("&&", &level(3), &level(5)))]), &policy("permit", &[when(&level(5))]));
    becomes(
        &policy("permit", &[when(&op("&&", &op("&&", &owner(), &op("||", &mfa(), &value("true"))), &level(5)))]),
        &policy("permit", &[when(&op("&&", &owner(), &level(5)))]),
    );
    becomes(
        &policy("permit", &[when(&op("||", &owner(), &op("&&", &owner(), &mfa())))]),
        &policy("permit", &[when(&owner())]),
    );
    // What is below an `unless` and a negation.
    let negated = |arg: &str| format!(r#"{{"!":{{"arg":{arg}}}}}"#);
    becomes(
        &policy("permit", &[when(&op("&&", &owner(), &negated(&op("||", &level(5), &op("&&", &level(6), &mfa())))))]),
        &policy("permit", &[when(&op("&&", &owner(), &negated(&level(5))))]),
    );
    // Escapes in what stays are as they were.
    let named = op("||", &op("==", &var("principal"), &entity("User", "caf\\u00e9 \\\"x\\\"")), &mfa());
    becomes(
        &policy("permit", &[when(&op("&&", &op("&&", &named, &level(5)), &level(3)))]),
        &policy("permit", &[when(&op("&&", &named, &level(5)))]),
    );
}

/// The kind: a comma too many or too few where one of several goes, or the last.
#[test]
fn a_clause_goes_with_its_comma() {
    let idle = || when(&op("||", &mfa(), &negation(&mfa())));
    let unless = |body: &str| when(body).replace("when", "unless");
    becomes(&policy("permit", &[idle(), when(&owner())]), &policy("permit", &[when(&owner())]));
    becomes(&policy("permit", &[when(&owner()), idle()]), &policy("permit", &[when(&owner())]));
    becomes(
        &policy("permit", &[when(&owner()), idle(), unless(&attr(&var("principal"), "blocked"))]),
        &policy("permit", &[when(&owner()), unless(&attr(&var("principal"), "blocked"))]),
    );
    becomes(&policy("permit", &[idle()]), &policy("permit", &[]));
}

fn negation(arg: &str) -> String {
    format!(r#"{{"!":{{"arg":{arg}}}}}"#)
}

/// The kind: an entry of a set that leaves its key, its comma or its line behind.
#[test]
fn a_policy_goes_out_of_its_set() {
    let (wide, narrow) = (policy("permit", &[when(&mfa())]), policy("permit", &[when(&op("&&", &mfa(), &level(5)))]));
    let other = policy("permit", &[when(&owner())]);
    becomes(
        &set(&[("the \\\"first\\\": {", &narrow), ("wide", &wide), ("other", &other)]),
        &set(&[("wide", &wide), ("other", &other)]),
    );
    becomes(
        &set(&[("wide", &wide), ("narrow", &narrow), ("other", &other)]),
        &set(&[("wide", &wide), ("other", &other)]),
    );
    becomes(
        &set(&[("wide", &wide), ("other", &other), ("n1", &narrow), ("n2", &narrow), ("n3", &narrow)]),
        &set(&[("wide", &wide), ("other", &other)]),
    );
}

/// The kind: a set of which nothing is left, or a file that is no JSON any more.
#[test]
fn the_last_policy_of_a_set_leaves_a_set() {
    let covering = "permit (principal, action == Action::\"view\", resource) when { context.mfa };\n";
    let narrow = policy("permit", &[when(&op("&&", &mfa(), &level(5)))]);
    for (before, after) in layouts(&set(&[("n", &narrow)])).iter().zip(layouts(&set(&[]))) {
        let dir = place(&[("all.cedar", covering), ("s.cedar.json", before)]);
        let shown = run(dir.path(), &["lint", "--fix"]).stdout;
        assert_eq!(read(dir.path(), "s.cedar.json"), after);
        assert!(shown.contains("note: `s.cedar.json` is left with no policy, so it can be deleted"), "{shown}");
        assert_eq!(diff(dir.path(), &["HEAD"]).1, 0);
    }
    // A file that is the policy cannot be without it.
    for before in layouts(&narrow) {
        let why = left(&[("all.cedar", covering), ("s.cedar.json", &before)]);
        assert_eq!(why, ["it is all that its file holds, and an empty file is no JSON: delete the file"]);
    }
}

/// The kind: a condition that is moved and loses its escapes, or leaves a scope that is written otherwise.
#[test]
fn a_condition_moves_into_the_scope() {
    let id = "caf\\u00e9";
    let team = format!(r#"{{"type":"Team","id":"{id}"}}"#);
    let within = || op("in", &var("principal"), &entity("Team", id));
    becomes(
        &policy("permit", &[when(&op("&&", &within(), &owner()))]),
        &scoped("permit", [&format!(r#"{{"op":"in","entity":{team}}}"#), VIEW, ANY], &[when(&owner())]),
    );
    becomes(
        &scoped("permit", [r#"{"op":"is","entity_type":"User"}"#, VIEW, ANY], &[when(&within()), when(&owner())]),
        &scoped(
            "permit",
            [&format!(r#"{{"op":"is","entity_type":"User","in":{{"entity":{team}}}}}"#), VIEW, ANY],
            &[when(&owner())],
        ),
    );
    let actions = format!(r#"{{"Set":[{},{}]}}"#, entity("Action", "view"), entity("Action", "edit"));
    becomes(
        &scoped("permit", [ANY, ANY, ANY], &[when(&op("in", &var("action"), &actions)), when(&owner())]),
        &scoped(
            "permit",
            [ANY, r#"{"op":"in","entities":[{"type":"Action","id":"view"},{"type":"Action","id":"edit"}]}"#, ANY],
            &[when(&owner())],
        ),
    );
}

#[test]
fn a_pattern_without_a_star_is_compared() {
    let like = r#"{"like":{"left":{".":{"left":{"Var":"resource"},"attr":"name"}},"pattern":[{"Literal":"other"}]}}"#;
    becomes(
        &policy("permit", &[when(like)]),
        &policy("permit", &[when(&op("==", &attr(&var("resource"), "name"), &value(r#""other""#)))]),
    );
}

/// The kind: a question that is asked after the read, or of something else.
#[test]
fn a_read_is_asked_for_in_a_clause_of_its_own() {
    let everybody = policy("permit", &[when(&mfa())]);
    let has = |of: &str, name: &str| when(&format!(r#"{{"has":{{"left":{of},"attr":"{name}"}}}}"#));
    let editor = || op("==", &attr(&var("resource"), "editor"), &var("principal"));
    let unless = |body: &str| when(body).replace("when", "unless");
    let boss = || op("==", &attr(&var("resource"), "owner"), &attr(&var("principal"), "boss"));
    becomes(
        &set(&[
            ("all", &everybody),
            ("edits", &policy("forbid", &[when(&op("&&", &mfa(), &editor()))])),
            ("boss", &policy("forbid", &[unless(&boss())])),
        ]),
        &set(&[
            ("all", &everybody),
            ("edits", &policy("forbid", &[has(&var("resource"), "editor"), when(&op("&&", &mfa(), &editor()))])),
            ("boss", &policy("forbid", &[has(&var("principal"), "boss"), unless(&boss())])),
        ]),
    );
    // Of a chain that which may be missing, and not before what another side permits.
    let chain = || op("==", &attr(&attr(&attr(&var("resource"), "owner"), "boss"), "level"), &value("1"));
    let asked = has(&attr(&var("resource"), "owner"), "boss");
    becomes(
        &set(&[("all", &everybody), ("boss", &policy("permit", &[when(&chain())]))]),
        &set(&[("all", &everybody), ("boss", &policy("permit", &[asked, when(&chain())]))]),
    );
    let either = policy("permit", &[when(&op("||", &mfa(), &editor()))]);
    becomes(&either, &either);
    let tag = || op("==", &op("getTag", &var("resource"), &value(r#""k""#)), &value(r#""other""#));
    let asked = when(&op("hasTag", &var("resource"), &value(r#""k""#)));
    becomes(
        &set(&[("all", &everybody), ("tagged", &policy("permit", &[when(&tag())]))]),
        &set(&[("all", &everybody), ("tagged", &policy("permit", &[asked, when(&tag())]))]),
    );
}

/// The kind: a text that two programs read in two ways. Nobody knows which clauses count.
#[test]
fn a_policy_with_a_key_twice_is_left() {
    let twice = policy("permit", &[when(&op("&&", &level(5), &level(3)))])
        .replace("\"conditions\"", "\"conditions\":[],\"conditions\"");
    let why = left(&[("p.cedar.json", &twice)]);
    assert_eq!(why, ["a key stands twice in it, and programs disagree which of the two counts"]);
}

fn linked(links: &[(&str, &str)]) -> String {
    let template = scoped("permit", [r#"{"op":"in","slot":"?principal"}"#, VIEW, ANY], &[when(&mfa())]);
    let wide = scoped("permit", [r#"{"op":"in","entity":{"type":"Team","id":"b"}}"#, VIEW, ANY], &[]);
    let links: Vec<String> = (links.iter())
        .map(|(id, team)| {
            format!(r#"{{"templateId":"t","newId":"{id}","values":{{"?principal":{{"type":"Team","id":"{team}"}}}}}}"#)
        })
        .collect();
    format!(
        r#"{{"staticPolicies":{{"wide":{wide}}},"templates":{{"t":{template}}},"templateLinks":[{}]}}"#,
        links.join(",")
    )
}

/// The kind: a template that goes because one of its links does nothing, or a link that stays.
#[test]
fn a_link_that_is_covered_goes_and_its_template_stays() {
    becomes(&linked(&[("l1", "a"), ("l2", "b"), ("l3", "c")]), &linked(&[("l1", "a"), ("l3", "c")]));
    becomes(&linked(&[("l2", "b"), ("l1", "a")]), &linked(&[("l1", "a")]));
    becomes(&linked(&[("l2", "b")]), &linked(&[]));
}

/// A row that names the link keeps it.
#[test]
fn a_link_that_a_row_names_stays() {
    let rows = "entities: e.json
tests:
  - name: of the team
    principal: 'User::\"u\"'
    action: view
    resource: 'Report::\"r\"'
    context: { mfa: true }
    expect: allow
    because: [wide, l2]
";
    let entities = r#"[{"uid": {"type": "User", "id": "u"}, "attrs": {"level": 1, "blocked": false}, "parents": [{"type": "Team", "id": "b"}]},
 {"uid": {"type": "Team", "id": "b"}, "attrs": {}, "parents": []},
 {"uid": {"type": "Report", "id": "r"}, "parents": [], "attrs": {"name": "r", "owner": {"__entity": {"type": "User", "id": "u"}}}}]"#;
    let files = [("p.cedar.json", linked(&[("l1", "a"), ("l2", "b")])), ("a_test.yaml", rows.to_owned())];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let dir = place(&[files[0], files[1], ("e.json", entities)]);
    assert_eq!(run(dir.path(), &["test"]).code, 0);
    let why = left(&[files[0], files[1], ("e.json", entities)]);
    assert_eq!(why, ["the row `a_test.yaml#of the team` would fail, which names policies"]);
}

/// The kind: JSON inside of another tool's file, which is written by that tool's rules.
#[test]
fn json_in_a_carrier_is_mended_there() {
    let indented = |text: &str| -> String { text.lines().map(|line| format!("    {line}\n")).collect() };
    let map = |policies: &str| {
        let head = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata:\n  p.cedar.json: |\n";
        format!("{head}{}", indented(&laid_out(policies, Some("  "), "\n")))
    };
    let (wide, narrow) = (policy("permit", &[when(&mfa())]), policy("permit", &[when(&op("&&", &mfa(), &level(5)))]));
    let before = map(&set(&[("w", &policy("permit", &[when(&op("&&", &level(5), &level(3)))]))]));
    let dir = place(&[("k.yaml", &before)]);
    let (report, _) = json(dir.path(), &["lint", "--fix"]);
    let after = map(&set(&[("w", &policy("permit", &[when(&level(5))]))]));
    assert_eq!(read(dir.path(), "k.yaml"), after, "{report:#}");
    let why = left(&[("k.yaml", &map(&set(&[("w", &wide), ("n", &narrow)])))]);
    assert_eq!(why, ["another tool's file would be left with an empty one: take out what declares it there"]);
}
