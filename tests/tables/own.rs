//! Our own tables, YAML and CSV: what each form means, and that everything wrong with one is said once, at its place.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice, missing_docs)]

use polcheck::finding::Finding;
use polcheck::outcome::{Status, TestResult};
use polcheck::source::Memory;
use polcheck::tables::{Ran, Selection};
use polcheck::text::Location;
use polcheck::{config, repo, tables};

const SCHEMA: &str = r#"
entity Team;
entity User in [Team] = { age: Long, level?: decimal, boss?: User } tags String;
entity Doc = { owner: User, open: Bool };
entity Room;
action view, edit, "delete" appliesTo {
  principal: [User], resource: [Doc], context: { mfa: Bool, ip?: ipaddr, n?: Long, note?: String, tags?: Set<String>,
                                                 device?: { id: String, known: Bool } }
};
action enter appliesTo { principal: [User, Team], resource: [Room], context: { now: datetime } };
action tick appliesTo { principal: [User], resource: [Room], context: { seconds: Long } };
namespace One { entity X; action copy appliesTo { principal: X, resource: X }; }
namespace Other { entity X; action copy appliesTo { principal: X, resource: X }; }
"#;

const POLICIES: &str = r#"
@id("owner") permit(principal, action in [Action::"view", Action::"edit"], resource is Doc)
when { resource.owner == principal && context.mfa };
@id("public") permit(principal is User, action == Action::"view", resource is Doc) when { resource.open };
@id("no-hotel") forbid(principal, action, resource is Doc) when { context has ip && context.ip.isInRange(ip("10.9.0.0/16")) };
@id("overflow") permit(principal is User, action == Action::"edit", resource is Doc)
when { context has n && context.n + principal.age > 0 };
@id("office-hours") permit(principal in Team::"staff", action == Action::"enter", resource)
when { context.now >= datetime("2026-11-20T09:00:00Z") && context.now < datetime("2026-11-20T17:00:00Z") };
@id("ticks") permit(principal, action == Action::"tick", resource) when { context.seconds < 1795165260 };
@id("boss") permit(principal, action == Action::"delete", resource is Doc)
when { resource.owner has boss && resource.owner.boss == principal };
@id("tagged") permit(principal, action == Action::"delete", resource)
when { principal.hasTag("role") && principal.getTag("role") == "cleaner" };
@id("device") permit(principal, action == Action::"delete", resource) when { context has device && context.device.known };
@id("note") permit(principal, action == Action::"delete", resource) when { context has note && context.note == "" };
"#;

const ENTITIES: &str = r#"[
  { "uid": { "type": "User", "id": "ann" }, "attrs": { "age": 40 }, "parents": [{ "type": "Team", "id": "staff" }] },
  { "uid": { "type": "User", "id": "bob" }, "attrs": { "age": 20 }, "parents": [] },
  { "uid": { "type": "Team", "id": "staff" }, "attrs": {}, "parents": [] },
  { "uid": { "type": "Doc", "id": "d" }, "attrs": { "owner": { "type": "User", "id": "ann" }, "open": false }, "parents": [] },
  { "uid": { "type": "Room", "id": "r" }, "attrs": {}, "parents": [] }
]"#;

fn files<'t>(path: &'t str, table: &'t str) -> Vec<(&'t str, &'t str)> {
    vec![("s.cedarschema", SCHEMA), ("p.cedar", POLICIES), ("entities.json", ENTITIES), (path, table)]
}

fn run_files(files: &[(&str, &str)], selection: &Selection) -> Ran {
    let source = Memory::new(files.iter().map(|(path, text)| (*path, *text)));
    let repo = repo::load(&source, &config::Config::default(), &repo::Request::default()).unwrap();
    assert!(repo.findings.is_empty(), "{:#?}", repo.findings);
    tables::run(&repo, selection, None)
}

fn run(path: &str, table: &str) -> Ran {
    run_files(&files(path, table), &Selection::default())
}

fn yaml(table: &str) -> Ran {
    run("a_test.yaml", table)
}

fn csv(table: &str) -> Ran {
    run("a_test.csv", table)
}

fn told(ran: &Ran) -> Vec<String> {
    let finding = |finding: &Finding| format!("{}: {}", finding.location.label(), finding.message);
    let row = |row: &TestResult| format!("{} {:?} {:?}", row.id, row.status, row.message);
    ran.findings.iter().map(finding).chain(ran.rows.iter().map(row)).collect()
}

#[track_caller]
fn all_pass(ran: &Ran) -> Vec<&str> {
    let good = ran.findings.is_empty() && ran.rows.iter().all(|row| row.status == Status::Pass);
    assert!(good && !ran.rows.is_empty(), "{:#?}", told(ran));
    ran.rows.iter().map(|row| row.id.split_once('#').unwrap().1).collect()
}

/// The text at `place`.
fn at(place: &Location) -> &str {
    place.file.slice(place.span)
}

#[test]
fn every_form_of_row_runs() {
    let ran = yaml(
        r#"
defaults: { context: { mfa: false, ip: 10.0.0.1, seconds: 3 } }
clock: { attribute: now, start: 2026-11-20T08:59:00Z }
with: { 'User::"bob"': { attrs: { boss: 'User::"ann"' } } }
tests:
  - name: one
    principal: 'User::"ann"'
    action: view
    resource: 'Doc::"d"'
    context: { mfa: true }
    expect: allow
    because: [owner]
    errors: 0
  - name: in full
    principal: 'User::"ann"'
    action: 'Action::"edit"'
    resource: 'Doc::"d"'
    expect: deny
    because: []
  - name: matrix
    principal: 'User::"ann"'
    resource: 'Doc::"d"'
    context: { mfa: true }
    allow: [view, 'Action::"edit"']
    deny: rest
  - name: all but one
    principal: 'User::"bob"'
    resource: 'Doc::"d"'
    deny: [delete]
    allow: rest
    with: { 'Doc::"d"': { attrs: { owner: 'User::"bob"' } } }
    context: { mfa: true }
  - name: a single action
    principal: 'User::"bob"'
    resource: 'Doc::"d"'
    deny: view
  - name: hours
    principal: 'User::"ann"'
    action: enter
    resource: 'Room::"r"'
    at: { 0m: deny, 59s: deny, 1m: allow, 8h0m59s999ms: allow, 8h1m: deny, 2026-11-20T12:00:00Z: allow, -1d: deny }
  - name: one time
    principal: 'User::"ann"'
    action: enter
    resource: 'Room::"r"'
    at: 1h
    expect: allow
  - name: who
    who-can: { action: enter, resource: 'Room::"r"', expect: ['User::"ann"', 'Team::"staff"'], context: { now: 2026-11-20T12:00:00Z } }
  - name: who, nobody
    who-can: { action: enter, resource: 'Room::"r"', expect: [] }
  - name: some of the policies
    principal: 'User::"ann"'
    action: view
    resource: 'Doc::"d"'
    context: { mfa: true }
    with:
      - { uid: { type: Doc, id: d }, attrs: { open: true } }
    expect: allow
    because-includes: public
  - name: overflow errors
    principal: 'User::"ann"'
    action: edit
    resource: 'Doc::"d"'
    context: { n: 9223372036854775807 }
    expect: deny
    errors: [overflow]
    because: []
  - name: a forbid decides
    principal: 'User::"ann"'
    action: edit
    resource: 'Doc::"d"'
    context: { mfa: true, ip: 10.9.1.2 }
    expect: deny
    because: no-hotel
  - name: entities as text, as Cedar's JSON, tags, and a new one
    principal: 'User::"eve"'
    action: delete
    resource: 'Doc::"d"'
    with:
      'User::"eve"': { attrs: { age: 1, boss: { type: User, id: bob } }, tags: { role: cleaner }, parents: ['Team::"staff"'] }
      'User::"ann"': { attrs: { boss: 'User::"eve"', level: '1.5' } }
    expect: allow
    because: [boss, tagged]
  - name: parents are replaced, and a boss taken away
    principal: 'User::"ann"'
    action: enter
    resource: 'Room::"r"'
    with: { 'User::"ann"': { parents: [] }, 'User::"bob"': { attrs: { boss: } } }
    at: 1h
    expect: deny
  - principal: 'User::"bob"'
    action: view
    resource: 'Doc::"d"'
    expect: deny
"#,
    );
    assert_eq!(
        all_pass(&ran),
        [
            "one",
            "in full",
            "matrix / view",
            "matrix / edit",
            "matrix / delete",
            "all but one / delete",
            "all but one / edit",
            "all but one / view",
            "a single action / view",
            "hours / 0m",
            "hours / 59s",
            "hours / 1m",
            "hours / 8h0m59s999ms",
            "hours / 8h1m",
            "hours / 2026-11-20T12:00:00Z",
            "hours / -1d",
            "one time",
            "who",
            "who, nobody",
            "some of the policies",
            "overflow errors",
            "a forbid decides",
            "entities as text, as Cedar's JSON, tags, and a new one",
            "parents are replaced, and a boss taken away",
            "15"
        ]
    );
}

#[test]
fn clocks_tell_seconds_and_milliseconds_too() {
    let table = |unit: &str, start: &str| {
        format!(
            "clock: {{ attribute: seconds, type: {unit}, start: {start} }}\ntests:\n  - principal: 'User::\"bob\"'\n    \
             action: tick\n    resource: 'Room::\"r\"'\n    at: {{ 0m: allow, 59s: allow, 1m: deny }}\n"
        )
    };
    all_pass(&yaml(&table("seconds", "2026-11-20T09:00:00Z")));
    // As milliseconds the same start is far too late, and one in January 1970 is the same number.
    let ran = yaml(&table("milliseconds", "2026-11-20T09:00:00Z"));
    assert!(ran.rows.iter().take(2).all(|row| row.status == Status::Fail), "{:#?}", told(&ran));
    let request = ran.rows[1].request.as_ref().unwrap();
    assert_eq!(request.context.get(), r#"{"seconds":1795165259000}"#);
}

#[test]
fn without_a_schema_everything_is_taken_as_it_is_written() {
    let policies = r#"@id("a") permit(principal, action == Action::"go", resource) when { context.ok && context.n == 2 && context.s == "x" };"#;
    let table = r#"
defaults: { context: { ok: true } }
tests:
  - principal: 'U::"a"'
    action: go
    resource: 'R::"b"'
    context: { n: 2, s: x, more: [1, { a: b }] }
    expect: allow
    because: [a]
  - { principal: 'U::"a"', action: 'Action::"stop"', resource: 'R::"b"', expect: deny }
  - { principal: 'U::"a"', action: stop, resource: 'R::"b"', expect: deny }
  - { principal: 'U::"a"', resource: 'R::"b"', allow: rest }
  - { who-can: { action: go, resource: 'R::"b"', context: { n: 2, s: x }, expect: ['U::"u"'] }, with: { 'U::"u"': } }
"#;
    let ran = run_files(&[("p.cedar", policies), ("a_test.yml", table)], &Selection::default());
    let statuses: Vec<_> =
        ran.rows.iter().map(|row| (row.status, row.message.as_deref().unwrap_or_default())).collect();
    assert_eq!(
        statuses,
        [
            (Status::Pass, ""),
            (Status::Pass, ""),
            (Status::Error, "the policies name no action `stop`"),
            (Status::Error, "`rest` needs a schema, which says what actions there are"),
            (Status::Pass, ""),
        ],
        "{:#?}",
        told(&ran)
    );
}

/// A row, and the one fault that it has: its message, the text at its place, and its help.
type Case<'t> = (&'t str, &'t str, &'t str, &'t str);

/// Rows in flow style that are right but for one thing.
const WRONG: &[Case<'_>] = &[
    (
        "principle: 'User::\"ann\"', P, A, R, expect: deny",
        "unknown key `principle` in a row",
        "principle",
        "did you mean `principal`?",
    ),
    ("zzz: 1, P, A, R, expect: deny", "unknown key `zzz` in a row", "zzz", "known are `name`, `principal`"),
    ("A, R, expect: deny", "`principal` is missing", "ROW", ""),
    ("P, R, expect: deny", "`action` is missing", "ROW", ""),
    ("P, A, expect: deny", "`resource` is missing", "ROW", ""),
    ("P, A, R", "this row expects nothing", "ROW", "say `expect: allow`"),
    ("principal: ann, A, R, expect: deny", "`ann` is not an entity", "ann", "'Type::\"id\"'"),
    ("principal: [1], A, R, expect: deny", "`principal` is text, and this is a list", "[1]", ""),
    (
        "principal: User::\"a,b\", A, R, expect: deny",
        "YAML cuts this value off after `User::\"a`",
        "User::\"a",
        "write 'User::\"a,b\"'",
    ),
    ("P, action: viw, R, expect: deny", "the schema has no action `viw`", "viw", "did you mean `view`?"),
    (
        "P, action: 'Action::\"viw\"', R, expect: deny",
        "the schema has no action Action::\"viw\"",
        "'Action::\"viw\"'",
        "did you mean `view`?",
    ),
    (
        "P, action: copy, R, expect: deny",
        "`copy` could be One::Action::\"copy\" or Other::Action::\"copy\"",
        "copy",
        "in full",
    ),
    (
        "principal: 'Team::\"t\"', A, R, expect: deny",
        "Action::\"view\" takes no principal of type Team",
        "'Team::\"t\"'",
        "",
    ),
    (
        "principal: 'Usr::\"t\"', A, R, expect: deny",
        "the schema has no entity type `Usr`",
        "'Usr::\"t\"'",
        "did you mean `User`?",
    ),
    (
        "P, A, resource: 'Room::\"r\"', expect: deny",
        "Action::\"view\" takes no resource of type Room",
        "'Room::\"r\"'",
        "",
    ),
    ("P, A, R, expect: deny, because:", "`because` is left empty", "because", "write [] for none"),
    ("P, A, R, expect:", "`expect` is left empty", "expect", "write allow or deny"),
    ("P, A, R, expect: deny, because-includes: []", "`because-includes` names no policy", "because-includes", ""),
    ("P, A, R, expect: deny, skip: ''", "`skip` says why", "''", ""),
    ("P, A, R, expect: deny, context: &x { n: 1 }", "an anchor (`&name`) is not read here", "&x {", ""),
    (
        "name: a / 30m, P, A, R, expect: deny",
        "a name with ` / ` in it could be that of a row of several",
        "a / 30m",
        "",
    ),
    (
        "P, A, R, expect: deny, with: { 'Doc::\"d\"': { attrs: { opn: } } }",
        "Doc::\"d\" has no attribute `opn`",
        "opn",
        "did you mean `open`?",
    ),
    (
        "P, A, R, expect: deny, with: { 'User::\"ann\"': { attrs: { boss: } } }",
        "User::\"ann\" has no `boss` to take away",
        "boss",
        "",
    ),
    (
        "P, A, R, expect: deny, with: [{ uid: 'User::\"ann\"' }, { uid: 'User::\"ann\"' }]",
        "User::\"ann\" is given twice",
        "'User::\"ann\"'",
        "",
    ),
    ("P, A, R, expect: deny, with: [{ uid: { type: User, id: ann, x: 1 } }]", "unknown key `x` in `uid`", "x", ""),
    ("P, A, R, expect: deny, with: [{ uid: { type: User, id: no } }]", "`no` is a boolean", "no", ""),
    ("P, A, R, expect: alow", "`expect` is allow or deny, and this is `alow`", "alow", "did you mean `allow`?"),
    ("P, A, R, expect: no", "`no` is a boolean to some readers of YAML", "no", "write false, or 'no' for the text"),
    ("P, A, R, expect: [deny]", "`expect` is allow or deny, and this is a list", "[deny]", ""),
    (
        "P, A, R, expect: deny, context: { n: 007 }",
        "`007` is a number to some readers of YAML, each its own",
        "007",
        "write '007'",
    ),
    ("P, A, R, expect: deny, context: { n: 1.5 }", "`1.5` is a number to some readers of YAML", "1.5", "write '1.5'"),
    (
        "P, A, R, expect: deny, context: { n: 9223372036854775808 }",
        "`9223372036854775808` is beyond 64 bits",
        "9223372036854775808",
        "",
    ),
    ("P, A, R, expect: deny, context: { n: '1' }", "context.n is a whole number, and this is text", "'1'", ""),
    (
        "P, A, R, expect: deny, context: { mfa: yes }",
        "`yes` is a boolean to some readers of YAML",
        "yes",
        "write true, or 'yes'",
    ),
    (
        "P, A, R, expect: deny, context: { note: 1 }",
        "context.note is text, and this is a number",
        "1",
        "write '1' for the text",
    ),
    (
        "P, A, R, expect: deny, context: { ip: 10.0.0.300 }",
        "context.ip is an IP address or range as text, such as '10.0.0.0/8', and this is `10.0.0.300`: invalid IP address",
        "10.0.0.300",
        "",
    ),
    (
        "P, A, R, expect: deny, context: { tags: a }",
        "context.tags is a list, each item text, and this is text",
        "a",
        "",
    ),
    (
        "P, A, R, expect: deny, context: { tags: [a, 1] }",
        "an item of context.tags is text, and this is a number",
        "1",
        "",
    ),
    ("P, A, R, expect: deny, context: { device: { id: x } }", "context.device lacks `known`", "{ id: x }", ""),
    (
        "P, A, R, expect: deny, context: { device: { id: x, known: true, knwn: 1 } }",
        "context.device has no attribute `knwn`",
        "knwn",
        "did you mean `known`?",
    ),
    (
        "P, A, R, expect: deny, context: { mfaa: true }",
        "Action::\"view\" has no `mfaa` in its context",
        "mfaa",
        "did you mean `mfa`?",
    ),
    ("P, A, R, expect: deny, context: { note: }", "context.note has no value", "", "leave the key out"),
    ("P, A, R, expect: deny, context: 3", "`context` is a mapping, and this is a number", "3", ""),
    (
        "P, action: enter, resource: 'Room::\"r\"', expect: deny",
        "the context lacks `now`, which Action::\"enter\" requires",
        "ROW",
        "under `defaults`",
    ),
    ("P, A, R, expect: deny, because: [ownr]", "no policy is called `ownr`", "ownr", "did you mean `owner`?"),
    (
        "P, A, R, expect: deny, because: [], because-includes: owner",
        "`because` says all policies that decide",
        "because-includes",
        "",
    ),
    ("P, A, R, expect: deny, errors: -1", "`errors` is a number of policies, or their names", "-1", ""),
    ("P, A, R, expect: deny, errors: [x]", "no policy is called `x`", "x", ""),
    ("P, A, R, expect: deny, at: 5m", "`at` needs a `clock`", "ROW", "clock:"),
    ("P, A, R, at: { 5: deny }", "`5` is no time", "5", "write 30m"),
    (
        "P, A, R, at: { 5m: perhaps }",
        "what is expected at a time is allow or deny, and this is `perhaps`",
        "perhaps",
        "",
    ),
    ("P, A, R, at: {}", "`at` names no time", "{}", ""),
    ("P, A, R, at: { 5m: deny }, expect: deny", "`expect` and `at` both say what the row expects", "at", "two rows"),
    ("P, A, R, expect: deny, allow: [view]", "`expect` and `allow` both say what the row expects", "allow", ""),
    ("P, A, R, allow: [view]", "`allow` and `deny` name the actions, so `action` has no place here", "view", ""),
    ("P, R, allow: rest, deny: rest", "`rest` is one side's only", "rest", ""),
    ("P, R, allow: [view], deny: [view]", "`view` is named twice", "view", ""),
    ("P, R, deny: [enter]", "`enter` does not apply to a User and a Doc", "enter", ""),
    ("P, R, deny: []", "this row names no action", "ROW", ""),
    (
        "P, R, deny: rest, context: { mfaa: true }",
        "none of the actions of this row has `mfaa` in its context",
        "mfaa",
        "did you mean `mfa`?",
    ),
    ("P, R, deny: rest, because: [owner]", "`because` goes with `expect`", "because", "make a row with `expect`"),
    (
        "P, A, R, who-can: { action: view, resource: 'Doc::\"d\"', expect: [] }",
        "`who-can` asks for the principals, so `principal` has no place here|with `who-can`, `action` stands inside it|with `who-can`, `resource` stands inside it",
        "",
        "",
    ),
    (
        "who-can: { action: view, resource: 'Doc::\"d\"' }",
        "`who-can` lacks `expect`",
        "{ action: view, resource: 'Doc::\"d\"' }",
        "",
    ),
    (
        "who-can: { action: view, resource: 'Doc::\"d\"', expect: ['User::\"an\"'] }",
        "User::\"an\" is no principal among the entities",
        "'User::\"an\"'",
        "did you mean User::\"ann\"?",
    ),
    (
        "who-can: { action: view, resource: 'Room::\"r\"', expect: [] }",
        "Action::\"view\" takes no resource of type Room",
        "'Room::\"r\"'",
        "",
    ),
    (
        "P, A, R, expect: deny, with: { 'User::\"ann\"': { attrs: { agee: 1 } } }",
        "User::\"ann\" has no attribute `agee`",
        "agee",
        "did you mean `age`?",
    ),
    (
        "P, A, R, expect: deny, with: { 'User::\"ann\"': { atrs: {} } }",
        "unknown key `atrs` in an entity",
        "atrs",
        "did you mean `attrs`?",
    ),
    (
        "P, A, R, expect: deny, with: { 'User::\"ann\"': { parents: ['Doc::\"d\"'] } }",
        "User::\"ann\" does not fit",
        "'User::\"ann\"'",
        "",
    ),
    ("P, A, R, expect: deny, with: { 'User::\"new\"': {} }", "User::\"new\" does not fit", "'User::\"new\"'", ""),
    ("P, A, R, expect: deny, with: { 'Usr::\"ann\"': {} }", "Usr::\"ann\" does not fit", "'Usr::\"ann\"'", ""),
    ("P, A, R, expect: deny, with: { 'Doc::\"d\"': { tags: { a: b } } }", "Doc has no tags", "a", ""),
    ("P, A, R, expect: deny, with: [{ attrs: {} }]", "this entity has no `uid`", "{ attrs: {} }", ""),
    ("P, A, R, expect: deny, with: 3", "`with` maps entities to what they are, and this is a number", "3", "such as"),
    ("P, A, R, expect: deny, skip: true", "`skip` says why", "true", ""),
    ("P, A, R, expect: deny, expect: allow", "`expect` is given twice", "expect", ""),
    ("name: 12, P, A, R, expect: deny", "`name` is text, and this is a number", "12", "write '12' for the text"),
];

#[test]
fn everything_that_can_be_wrong_is_said_once_at_its_place() {
    for (row, message, place, help) in WRONG {
        let row = row
            .replace("P,", "principal: 'User::\"ann\"',")
            .replace("A,", "action: view,")
            .replace("R,", "resource: 'Doc::\"d\"',");
        let row = match row.strip_suffix(", R") {
            Some(start) => format!("{start}, resource: 'Doc::\"d\"'"),
            None => row,
        };
        // Every case is otherwise right, and has what `view` asks for unless it is about just that.
        let table = format!("defaults: {{ context: {{ mfa: false }} }}\ntests:\n  - {{ {row} }}\n");
        let ran = yaml(&table);
        assert!(ran.findings.is_empty(), "{row}: {:#?}", told(&ran));
        let [result] = ran.rows.as_slice() else { panic!("{row}: {:#?}", told(&ran)) };
        assert_eq!(result.status, Status::Error, "{row}: {:#?}", told(&ran));
        let messages: Vec<_> = message.split('|').collect();
        assert_eq!(result.faults.len(), messages.len(), "{row}: {:#?}", result.faults);
        for (fault, message) in result.faults.iter().zip(&messages) {
            assert!(fault.message.starts_with(message), "{row}: {:?}", fault.message);
        }
        if let ([fault], [_]) = (result.faults.as_slice(), messages.as_slice()) {
            let shown = at(&fault.location);
            match *place {
                "ROW" => assert_eq!(shown, format!("{{ {row} }}")),
                place => assert_eq!(shown, place, "{row}"),
            }
            let given = fault.help.as_deref().unwrap_or_default();
            assert!(given.contains(help) && (!help.is_empty() || !given.contains("did you mean")), "{row}: {given:?}");
        }
    }
}

#[test]
fn a_row_wrong_in_every_way_gets_one_error_for_each() {
    let ran = yaml(
        r#"tests:
  - name: 1
    principal: User::"a #1"
    principle: x
    action: viewx
    resource: Doc
    context: { mfa: no }
    with: { 'User::"ann"': { attrs: { agee: 3, age: '4' }, parents: [x] } }
    expect: alow
    because: [ownr]
    errors: [overflw]
    at: 30
"#,
    );
    let [row] = ran.rows.as_slice() else { panic!("{:#?}", told(&ran)) };
    let messages: Vec<_> = row.faults.iter().map(|fault| (at(&fault.location), fault.message.as_str())).collect();
    assert_eq!(
        messages,
        [
            ("principle", "unknown key `principle` in a row"),
            ("1", "`name` is text, and this is a number"),
            ("User::\"a", "YAML cuts this value off after `User::\"a`"),
            ("30", "`30` is no time"),
            ("alow", "`expect` is allow or deny, and this is `alow`"),
            ("Doc", "`Doc` is not an entity"),
            ("agee", "User::\"ann\" has no attribute `agee`"),
            ("'4'", "User::\"ann\".age is a whole number, and this is text"),
            ("x", "`x` is not an entity"),
            ("ownr", "no policy is called `ownr`"),
            ("overflw", "no policy is called `overflw`"),
            ("viewx", "the schema has no action `viewx`"),
            ("no", "`no` is a boolean to some readers of YAML and text to others"),
        ]
    );
    let help = |at: usize| row.faults[at].help.as_deref().unwrap();
    assert_eq!(help(2), "write 'User::\"a #1\"'");
    assert_eq!(help(11), "did you mean `view`?");
}

/// What is wrong with a whole table: the text at the place, and the message.
#[test]
fn tables_that_are_none_say_why() {
    let row = "  - { principal: 'User::\"ann\"', action: view, resource: 'Doc::\"d\"', context: { mfa: false }, expect: deny }\n";
    for (table, place, message) in [
        ("", "", "there is no row in this table"),
        ("tests:\n", "", "`tests` holds no row"),
        ("tests: []\n", "", "there is no row in this table"),
        ("tests: 3\n", "3", "`tests` is a list of rows"),
        ("test:\n  - { expect: allow }\n", "test", "unknown key `test` in a table"),
        ("  tests:\n  ROW  bogus: 1\n", "bogus", "unknown key `bogus` in a table; no row"),
        ("{ tests: [],\n bogus: 1 }\n", "bogus", "unknown key `bogus` in a table"),
        ("tests:\n\t- a\n", "", "this is not YAML"),
        ("defaults: { contxt: {} }\ntests:\nROW", "contxt", "unknown key `contxt` in `defaults`; no row"),
        ("defaults: { context: { mfaa: true } }\ntests:\nROW", "mfaa", "no action has `mfaa` in its context; no row"),
        ("defaults: { action: viw }\ntests:\nROW", "viw", "the schema has no action `viw`; no row"),
        (
            "clock: { attribute: nwo, start: 2026-11-20T09:00:00Z }\ntests:\nROW",
            "nwo",
            "no action has `nwo` in its context",
        ),
        ("clock: { attribute: now }\ntests:\nROW", "{ attribute: now }", "`clock` lacks `start`"),
        ("clock: { attribute: now, start: yesterday }\ntests:\nROW", "yesterday", "`yesterday` is no time"),
        (
            "clock: { attribute: now, type: days, start: 2026-11-20T09:00:00Z }\ntests:\nROW",
            "days",
            "`type` is datetime, seconds",
        ),
        ("entities: nowhere.json\ntests:\nROW", "nowhere.json", "`nowhere.json` cannot be read"),
        ("entities: ../out.json\ntests:\nROW", "../out.json", "`../out.json` lies outside of the repository"),
        ("entities: s.cedarschema\ntests:\nROW", "s.cedarschema", "the entities in `s.cedarschema` do not fit"),
        (
            "with: { 'User::\"ann\"': { attrs: { agee: 1 } } }\ntests:\nROW",
            "agee",
            "User::\"ann\" has no attribute `agee`",
        ),
        ("tests:\nROWtests:\nROW", "tests", "`tests` is given twice"),
    ] {
        let table = table.replace("ROW", row);
        let ran = yaml(&table);
        assert!(ran.rows.is_empty(), "{table}: {:#?}", told(&ran));
        let [finding] = ran.findings.as_slice() else { panic!("{table}: {:#?}", told(&ran)) };
        assert!(finding.message.starts_with(message), "{table}: {:#?}", finding.message);
        assert_eq!(at(&finding.location), place, "{table}: {}", finding.message);
        assert_eq!(finding.rule, "test-mismatch");
    }
}

/// A row that is no YAML costs itself and no other, and says what to write where that can be told.
#[test]
fn a_row_that_is_no_yaml_is_the_only_one_that_does_not_run() {
    let good = |name: &str| {
        format!(
            "  - name: {name}\n    principal: 'User::\"ann\"'\n    action: view\n    resource: 'Doc::\"d\"'\n    \
             context: {{ mfa: true }}\n    expect: allow\n"
        )
    };
    for (wrong, place, message) in [
        (
            good("bad").replace("    action", "     action"),
            "action",
            "`action` does not stand under the keys before it",
        ),
        (good("bad").replace("    action", "   action"), "action", "`action` does not stand under the keys before it"),
        (good("support: reads"), "support: reads", "a value with a colon in it stands between quotes"),
        (good("bad").replace("'User::\"ann\"'", "User::\"a: b\""), "User::\"a: b\"", "a value with a colon in it"),
        ("  - { <<: {} }\n".to_owned(), "<<", "a merge key (`<<`) is not read here"),
    ] {
        let ran = yaml(&format!("tests:\n{}{wrong}{}", good("first"), good("last")));
        let statuses: Vec<Status> = ran.rows.iter().map(|row| row.status).collect();
        assert_eq!(statuses, [Status::Pass, Status::Error, Status::Pass], "{wrong}: {:#?}", told(&ran));
        let [fault] = ran.rows[1].faults.as_slice() else { panic!("{wrong}: {:#?}", ran.rows[1].faults) };
        assert!(fault.message.starts_with(message), "{wrong}: {}", fault.message);
        assert_eq!(at(&fault.location), place, "{wrong}: {}", fault.message);
    }
}

/// A decision is what it says in whatever case, and a word of other languages is told which one is meant.
#[test]
fn decisions_are_read_in_any_case() {
    let row = |word: &str| {
        format!(
            "tests:\n  - {{ principal: 'User::\"ann\"', action: view, resource: 'Doc::\"d\"', context: {{ mfa: true }}, expect: {word} }}\n"
        )
    };
    all_pass(&yaml(&row("ALLOW")));
    all_pass(&yaml(&row("Allow")));
    let ran = yaml(&row("permit"));
    assert_eq!(ran.rows[0].help.as_deref(), Some("did you mean `allow`?"), "{:#?}", told(&ran));
}

/// What stands after the rows counts, however the file is laid out.
#[test]
fn what_follows_the_rows_is_read() {
    let row = |indent: &str| {
        format!("{indent}- {{ principal: 'User::\"ann\"', action: view, resource: 'Doc::\"d\"', expect: allow }}")
    };
    for table in [
        format!("tests:\n{}\ndefaults: {{ context: {{ mfa: true }} }}\n", row("")),
        format!("  tests:\n{}\n  defaults:\n    context: {{ mfa: true }}\n", row("  ")),
        format!("{{ tests: [{}],\n  defaults: {{ context: {{ mfa: true }} }} }}\n", row("").trim_start_matches("- ")),
        format!("tests:\r{}\rdefaults: {{ context: {{ mfa: true }} }}\r", row("")),
        format!("tests:\r\n{}\r\ndefaults: {{ context: {{ mfa: true }} }}\r\n", row("")),
    ] {
        all_pass(&yaml(&table));
    }
    let two =
        yaml(&format!("tests:\n{}\n---\ntests: []\n", row("").replace("expect", "context: { mfa: true }, expect")));
    assert_eq!((two.rows.len(), two.findings.len()), (1, 1), "{:#?}", told(&two));
    assert!(two.findings[0].message.contains("second document"), "{:#?}", told(&two));
}

/// An entity that was touched keeps its own parents and none of theirs, in whatever order overlays come.
#[test]
fn overlays_keep_the_hierarchy() {
    let entities = r#"[ { "uid": { "type": "A", "id": "a" }, "attrs": { "n": 1 }, "parents": [{ "type": "A", "id": "b" }] },
      { "uid": { "type": "A", "id": "b" }, "attrs": {}, "parents": [{ "type": "A", "id": "c" }] },
      { "uid": { "type": "A", "id": "c" }, "attrs": {}, "parents": [] } ]"#;
    let policies = "@id(\"c\") permit(principal in A::\"c\", action, resource);";
    let table = r#"
with: { 'A::"a"': { attrs: { n: 2 } } }
defaults: { principal: 'A::"a"', action: 'Action::"x"', resource: 'A::"a"' }
tests:
  - { expect: allow }
  - { with: { 'A::"b"': { parents: [] } }, expect: deny }
  - { with: { 'A::"a"': { attrs: { n: 3 } }, 'A::"b"': { parents: [] } }, expect: deny }
  - { with: { 'A::"b"': { parents: [] }, 'A::"a"': { attrs: { n: 3 } } }, expect: deny }
  - { with: { 'A::"b"': { parents: ['A::"a"'] }, 'A::"a"': { parents: [] } }, expect: deny }
  - { with: { 'A::"a"': { parents: [] }, 'A::"b"': { parents: ['A::"a"'] } }, expect: deny }
"#;
    all_pass(&run_files(
        &[("p.cedar", policies), ("entities.json", entities), ("a_test.yaml", table)],
        &Selection::default(),
    ));
}

#[test]
fn ids_may_hold_what_cedar_escapes() {
    let policies = "@id(\"o\") permit(principal == U::\"o'brien\", action, resource);";
    let table = "tests:\n  - { principal: 'U::\"o''brien\"', action: 'Action::\"x\"', resource: 'U::\"é \\u{1F600}\"', \
                 unknown: ['U::\"é \\u{1F600}\"'], expect: allow }\n";
    all_pass(&run_files(&[("p.cedar", policies), ("a_test.yaml", table)], &Selection::default()));
    let table = "principal,action,resource,expect,unknown\n\"U::\"\"o'brien\"\"\",\"Action::\"\"x\"\"\",\"U::\"\"r\"\"\",allow,\"U::\"\"r\"\"\"\n";
    all_pass(&run_files(&[("p.cedar", policies), ("a_test.csv", table)], &Selection::default()));
}

/// The members of an enumeration can be asked for, listed or not.
#[test]
fn members_of_enumerations_are_asked_for() {
    let schema = "entity Role enum [\"admin\", \"guest\"]; entity Doc; action view appliesTo { principal: Role, resource: Doc };";
    let policies = "permit(principal == Role::\"admin\", action, resource);";
    let table = "tests:\n  - { who-can: { action: view, resource: 'Doc::\"d\"', expect: ['Role::\"admin\"'] } }\n";
    all_pass(&run_files(
        &[("s.cedarschema", schema), ("p.cedar", policies), ("a_test.yaml", table)],
        &Selection::default(),
    ));
}

#[test]
fn times_and_clocks_that_say_nothing_are_refused() {
    let row = "principal: 'User::\"ann\"', action: enter, resource: 'Room::\"r\"'";
    let clock = "clock: { attribute: now, start: 2026-11-20T09:00:00Z }";
    for (table, message) in [
        (
            format!("{clock}\ntests:\n  - {{ {row}, at: {{ 30m: allow, 1800s: allow }} }}\n"),
            "`1800s` is the same time as `30m`",
        ),
        (
            format!(
                "{clock}\ndefaults: {{ context: {{ now: '2026-01-01' }} }}\ntests:\n  - {{ {row}, expect: deny }}\n"
            ),
            "`clock` and `defaults` both give `now`; no row of this table is run",
        ),
        (
            format!(
                "clock: {{ attribute: now, type: seconds, start: 2026-11-20T09:00:00Z }}\ntests:\n  - {{ {row}, expect: deny }}\n"
            ),
            "`now` is a datetime as text, such as '2026-12-31T18:00:00Z', and the clock gives seconds; no row of this table is run",
        ),
        (
            format!(
                "{clock}\ntests:\n  - {{ principal: 'User::\"ann\"', resource: 'Doc::\"d\"', deny: rest, at: 5m, context: {{ mfa: false }} }}\n"
            ),
            "none of the actions of this row has `now`, so `at` changes nothing",
        ),
        (
            format!("{clock}\ntests:\n  - {{ {row}, at: -1000000d, expect: deny }}\n"),
            "this time is beyond what Cedar can say",
        ),
    ] {
        let ran = yaml(&table);
        let all = told(&ran);
        assert!(
            all.len() == 1 && all[0].contains(&format!("{message:?}")[1..message.len()].replace("\\\"", "\""))
                || all[0].contains(message),
            "{table}: {all:#?}"
        );
    }
}

#[test]
fn ids_are_unique() {
    let row = "principal: 'User::\"ann\"', resource: 'Doc::\"d\"', context: { mfa: false }";
    let table = format!(
        "tests:\n  - {{ name: '2', {row}, action: view, expect: deny }}\n  - {{ {row}, action: view, expect: deny }}\n  - {{ name: a, {row}, \
         deny: rest }}\n  - {{ name: a, {row}, deny: rest }}\n  - {{ name: a (2), {row}, deny: rest }}\n"
    );
    let ran = yaml(&table);
    let ids: std::collections::BTreeSet<_> = ran.rows.iter().map(|row| &row.id).collect();
    assert_eq!(ids.len(), ran.rows.len(), "{:#?}", told(&ran));
}

#[test]
fn what_stands_before_a_fault_of_syntax_is_run() {
    let good = "  - { principal: 'User::\"ann\"', action: view, resource: 'Doc::\"d\"', context: { mfa: false }, expect: deny }\n";
    let other = good.replace("Doc::\"d\"", "Doc::\"e\"");
    let ran = yaml(&format!("unknown: ['Doc::\"e\"']\ntests:\n{good}{other}  - ]\n"));
    let statuses: Vec<Status> = ran.rows.iter().map(|row| row.status).collect();
    assert_eq!(statuses, [Status::Pass, Status::Pass, Status::Error], "{:#?}", told(&ran));
    assert_eq!(ran.rows[2].faults[0].location.start().line, 5);
}

#[test]
fn keys_may_come_in_any_order_and_text_may_be_any() {
    let ran = yaml(
        "# a comment\n---\ntests:\n- name: é — \"x\" 🦀\n  principal: 'User::\"ann\"'\n  action: view\n  resource: 'Doc::\"d\"'\n  \
         expect: deny\n# another\n\ndefaults:\n  context:\n    mfa: true\nwith:\n  'Doc::\"d\"': { attrs: { owner: 'User::\"é\"' } }\nunknown: ['User::\"é\"']\n",
    );
    assert_eq!(all_pass(&ran), ["é — \"x\" 🦀"]);
    // A byte-order mark, Windows line ends, and characters of several bytes before a fault.
    let ran = yaml(
        "\u{feff}tests:\r\n  - name: éé🦀\r\n    principal: 'User::\"é\"'\r\n    action: viéw\r\n    expect: deny\r\n",
    );
    let fault = ran.rows[0].faults.iter().find(|fault| at(&fault.location) == "viéw").unwrap();
    let position = fault.location.start();
    assert_eq!((position.line, position.column), (4, 13));
}

/// A store that is not whole decides nothing: its rows are errors, in these forms as in those of others.
#[test]
fn rows_of_a_store_that_does_not_load_are_errors() {
    let yaml = "defaults: { context: { nobody: 1 } }\ntests:\n  - { principal: 'U::\"a\"', action: x, resource: 'U::\"a\"', expect: deny }\n  \
                - { name: b, deny: rest }\n  - { name: c, skip: later }\n";
    let csv = "principal,action,resource,expect\n\"U::\"\"a\"\"\",x,\"U::\"\"a\"\"\",deny\n";
    for (path, text, wanted) in [
        ("a_test.yaml", yaml, &[Status::Error, Status::Error, Status::Skip][..]),
        ("a_test.csv", csv, &[Status::Error]),
    ] {
        for (broken, why) in [
            ([("s.cedarschema", "entity U;"), ("p.cedar", "permit(principal action);")], "does not load whole"),
            (
                [("s.cedarschema", "entity U"), ("p.cedar", "permit(principal, action, resource);")],
                "schema cannot be used",
            ),
        ] {
            let source = Memory::new(broken.into_iter().chain([(path, text)]));
            let repo = repo::load(&source, &config::Config::default(), &repo::Request::default()).unwrap();
            let ran = tables::run(&repo, &Selection::default(), None);
            let statuses: Vec<_> = ran.rows.iter().map(|row| row.status).collect();
            assert_eq!((statuses.as_slice(), ran.findings.len()), (wanted, 0), "{:#?}", told(&ran));
            assert!(ran.rows[0].message.as_ref().unwrap().contains(why), "{:#?}", told(&ran));
        }
    }
}

#[test]
fn a_list_alone_is_a_table() {
    all_pass(&yaml(
        "- { principal: 'User::\"ann\"', action: enter, resource: 'Room::\"r\"', context: { now: '2020-01-01' }, expect: deny }\n",
    ));
}

#[test]
fn a_row_that_waits_is_skipped_with_its_reason() {
    let ran = yaml("tests:\n  - name: known gap\n    skip: waits for the tenant attribute\n");
    assert_eq!(ran.rows[0].status, Status::Skip);
    assert_eq!(ran.rows[0].skip_reason.as_deref(), Some("waits for the tenant attribute"));
}

#[test]
fn entities_of_a_table_replace_the_stores() {
    let table = |entities: &str| {
        format!(
            "entities: {entities}\ntests:\n  - who-can: {{ action: view, resource: 'Doc::\"d\"', context: {{ mfa: true }}, expect: ['User::\"zoe\"'] }}\n"
        )
    };
    let inline = "[{ uid: 'User::\"zoe\"', attrs: { age: 1 } }, { uid: 'Doc::\"d\"', attrs: { owner: 'User::\"zoe\"', open: false } }]";
    all_pass(&yaml(&table(inline)));
    let json = r#"[{ "uid": { "type": "User", "id": "zoe" }, "attrs": { "age": 1 }, "parents": [] },
        { "uid": { "type": "Doc", "id": "d" }, "attrs": { "owner": { "type": "User", "id": "zoe" }, "open": false }, "parents": [] }]"#;
    let nested = table("../zoo/animals.json");
    let mut all = files("tests/a_test.yaml", &nested);
    all.push(("zoo/animals.json", json));
    all_pass(&run_files(&all, &Selection::default()));
}

#[test]
fn everyone_who_can_is_compared_with_everyone_who_should() {
    let ran = yaml(
        "tests:\n  - who-can: { action: view, resource: 'Doc::\"d\"', context: { mfa: true }, expect: ['User::\"bob\"'] }\n    \
         with: { 'User::\"cat\"': { attrs: { age: 1 } } }\n",
    );
    let row = &ran.rows[0];
    assert_eq!(row.status, Status::Fail);
    assert_eq!(
        row.message.as_deref(),
        Some("allowed and not expected: User::\"ann\"; expected and not allowed: User::\"bob\"")
    );
    assert_eq!(row.request.as_ref().unwrap().principal, "User::\"ann\"");
    assert_eq!(row.got.as_ref().unwrap().reason[0].name, "p.cedar#owner");
}

#[test]
fn csv_takes_three_separators_marks_and_line_ends() {
    let rows = [
        [
            "name",
            "principal",
            "action",
            "resource",
            "context.mfa",
            "context.ip",
            "context.device.id",
            "context.device.known",
            "expect",
            "because",
        ],
        ["a", "\"User::\"\"ann\"\"\"", "view", "\"Doc::\"\"d\"\"\"", "TRUE", "", "", "", "allow", "owner"],
        [
            "\"b, c; d\"",
            "\"User::\"\"ann\"\"\"",
            "\"Action::\"\"edit\"\"\"",
            "\"Doc::\"\"d\"\"\"",
            "true",
            "10.9.0.1",
            "",
            "",
            "DENY",
            "p.cedar#no-hotel",
        ],
        ["d", "\"User::\"\"bob\"\"\"", "delete", "\"Doc::\"\"d\"\"\"", "false", "", "x", "true", "allow", "device"],
        ["", "\"User::\"\"bob\"\"\"", "view", "\"Doc::\"\"d\"\"\"", "false", "", "", "", "deny", "\"\""],
    ];
    for separator in [",", ";", "\t"] {
        for end in ["\n", "\r\n"] {
            for mark in ["", "\u{feff}"] {
                let lines: Vec<_> = rows.iter().map(|row| row.join(separator)).collect();
                let text = format!("{mark}{}{end}{end}", lines.join(end));
                assert_eq!(all_pass(&csv(&text)), ["a", "b, c; d", "d", "4"], "{separator:?} {end:?} {mark:?}");
            }
        }
    }
}

#[test]
fn csv_tells_an_empty_cell_from_empty_text() {
    let table = |cell: &str, expect: &str| {
        format!(
            "principal,action,resource,context.mfa,context.note,expect\n\"User::\"\"bob\"\"\",delete,\"Doc::\"\"d\"\"\",false,{cell},{expect}\n"
        )
    };
    all_pass(&csv(&table("", "deny")));
    all_pass(&csv(&table("  ", "deny")));
    all_pass(&csv(&table("\"\"", "allow")));
    all_pass(&csv(&table("\" \"", "deny")));
}

#[test]
fn csv_cells_that_are_wrong_say_so_at_their_place() {
    let header = "principal,action,resource,context.mfa,context.tags,expect,because,skip\n";
    for (cells, place, message) in [
        ("P,view,\"Doc::\"\"d\"\"\",true,,deny,", "ROW", "this line has 7 cells, and the header 8"),
        ("P,view,\"Doc::\"\"d\"\"\",true,,deny,,TRUE", "TRUE", "`skip` says why"),
        (
            "P,view,\"Doc::\"\"d\"\"\",true,\"[{\"\"a\"\":1,\"\"a\"\":2}]\",deny,,",
            "\"[{\"\"a\"\":1,\"\"a\"\":2}]\"",
            "an item of context.tags is text",
        ),
        (
            "User::\"ann\" x,view,\"Doc::\"\"d\"\"\",true,,deny,,",
            "User::\"ann\" x",
            "a cell with a quote in it stands in quotes",
        ),
        ("\"User::\"ann\"\",view,\"Doc::\"\"d\"\"\",true,,deny,,", "ann\"\"", "text follows a closing quote"),
        ("P,view,\"Doc::\"\"d\"\"\",maybe,,deny,,", "maybe", "context.mfa is true or false, and this is `maybe`"),
        ("P,view,\"Doc::\"\"d\"\"\",,,deny,,", "ROW", "the context lacks `mfa`"),
        (
            "P,view,\"Doc::\"\"d\"\"\",true,a,deny,,",
            "a",
            "context.tags is a list, each item text as JSON, and this is `a`",
        ),
        ("P,view,\"Doc::\"\"d\"\"\",true,\"[\"\"a\"\"]\",dny,,", "dny", "`expect` is allow or deny, and this is `dny`"),
        ("P,view,\"Doc::\"\"d\"\"\",true,,,,", "ROW", "this row expects nothing"),
        ("P,view,\"Doc::\"\"d\"\"\",true,,deny,a;owner,", "a;owner", "no policy is called `a`"),
        ("P,view,\"Doc::\"\"d\"\"\",true,,deny,,,more", "more", "this line has 9 cells, and the header 8"),
    ] {
        let cells = cells.replace("P,", "\"User::\"\"ann\"\"\",");
        let ran = csv(&format!("{header}{cells}\n"));
        let [row] = ran.rows.as_slice() else { panic!("{cells}: {:#?}", told(&ran)) };
        let [fault] = row.faults.as_slice() else { panic!("{cells}: {:#?}", row.faults) };
        assert!(fault.message.starts_with(message), "{cells}: {}", fault.message);
        if place == "ROW" {
            assert_eq!(fault.location, row.location);
        } else {
            assert_eq!(at(&fault.location), place, "{cells}");
        }
    }
    for (table, place, message) in [
        ("", "", "there is no row in this table"),
        ("principal,action,resource,expect\n", "", "there is no row in this table"),
        ("principl,action,resource,expect\na,b,c,deny\n", "principl", "unknown column `principl`; no row"),
        ("expect,expect\ndeny,deny\n", "expect", "column `expect` is given twice; no row"),
        ("principal,action\na,b\n", "", "there is no column `expect`"),
        ("principal,\"action\na,b\n", "\"", "this quote is never closed"),
    ] {
        let ran = csv(table);
        let [finding] = ran.findings.as_slice() else { panic!("{table}: {:#?}", told(&ran)) };
        assert!(finding.message.starts_with(message), "{table}: {}", finding.message);
        assert_eq!(at(&finding.location), place, "{table}");
    }
}

/// Entities need no quotes around them: nothing else can be meant.
#[test]
fn csv_takes_entities_as_they_are_written_elsewhere() {
    let table = "principal,action,resource,context.mfa,expect,unknown\n\
        User::\"ann\",view,Doc::\"d\",true,ALLOW,\n User::\"a,b\" ,edit,Doc::\"d\",false,Deny,User::\"a,b\"\n";
    assert_eq!(all_pass(&csv(table)), ["1", "2"]);
}

#[test]
fn csv_without_a_header_says_so() {
    let ran = csv("User::\"ann\",view,Doc::\"d\",allow\nUser::\"bob\",view,Doc::\"d\",deny\n");
    let [finding] = ran.findings.as_slice() else { panic!("{:#?}", told(&ran)) };
    assert!(
        finding.message.starts_with("the first line names the columns, and this one is a row"),
        "{}",
        finding.message
    );
    assert_eq!(at(&finding.location), "User::\"ann\",view,Doc::\"d\",allow");
}

#[test]
fn csv_takes_check_boxes_and_whole_contexts() {
    let table = "principal,action,resource,context,expect,skip\n\
        \"User::\"\"ann\"\"\",view,\"Doc::\"\"d\"\"\",\"{\"\"mfa\"\": true}\",allow,FALSE\n";
    all_pass(&csv(table));
    let table = "principal,action,resource,context.mfa,context,expect\n\
        \"User::\"\"ann\"\"\",view,\"Doc::\"\"d\"\"\",false,\"{\"\"mfa\"\": true}\",allow\n";
    let ran = csv(table);
    assert!(told(&ran)[0].contains("`context.mfa` is given as a whole and in part"), "{:#?}", told(&ran));
}

#[test]
fn json_rows_get_one_error_for_each_fault_too() {
    let table = r#"[ { "request": { "principal": "x", "acton": 1, "resource": "User" }, "decison": "allow", "reason": 3, "num_errors": "a" },
  { "request": { "principal": "User", "action": 7, "resource": "y" }, "decision": "deny" } ]"#;
    let ran = run("a_test.json", table);
    let told: Vec<Vec<_>> = ran
        .rows
        .iter()
        .map(|row| row.faults.iter().map(|fault| (at(&fault.location).to_owned(), fault.message.clone())).collect())
        .collect();
    let short = |all: &Vec<(String, String)>| {
        all.iter().map(|(_, message)| message.split(',').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        short(&told[0]),
        [
            "unknown key `decison`",
            "unknown key `acton`",
            "`action` is missing",
            "`decision` is missing",
            "`reason` is an array of policy ids",
            "`num_errors` is a number of policies"
        ]
    );
    let places: Vec<_> = told[1].iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(places, ["\"User\"", "7", "\"y\""], "{told:#?}");
}
