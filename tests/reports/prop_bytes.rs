//! Whatever stands in a repository's files, `check` does not panic, points into its files, and renders.
//!
//! In process, through what `polcheck check` calls, on threads with the stack that the command line gives them.
//! `PROPTEST_CASES` scales it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    clippy::indexing_slicing,
    clippy::string_slice
)]

use std::sync::LazyLock;

use polcheck::finding::Finding;
use polcheck::outcome::{LeftOut, Outcome, Status};
use polcheck::report::{self, Options};
use polcheck::rule::Catalogue;
use polcheck::source::{Memory, Source};
use polcheck::text::{Location, SourceFile};
use polcheck::triage::{Triage, Triaged};
use polcheck::{config, lint, repo, tables, triage, validate};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::common::xml;
use crate::report_common::gitlab;

/// As in `cli::exit`.
const STACK: usize = 1 << 30;

const SCHEMA: &str = r#"namespace App {
  entity Team in [Team];
  @doc("who")
  entity User in [Team] = { "name": String, age?: Long, tags: Set<String>, at: ipaddr } tags String;
  entity Doc enum ["a", "é"];
  type Size = { w: Long, h: decimal };
  entity Photo in [Album] { owner: User, size: Size, "private": Bool };
  entity Album;
  action "all";
  action view, edit in ["all"] appliesTo { principal: [User], resource: [Photo, Album], context: { mfa: Bool, n?: Long } };
}
"#;

const SCHEMA_JSON: &str = r#"{
  "": {
    "entityTypes": {
      "User": { "memberOfTypes": ["Group"], "shape": { "type": "Record", "attributes": {
        "name": { "type": "String" }, "n": { "type": "Long", "required": false },
        "set": { "type": "Set", "element": { "type": "Entity", "name": "Group" } } } }, "tags": { "type": "String" } },
      "Group": {}
    },
    "actions": {
      "view": { "appliesTo": { "principalTypes": ["User"], "resourceTypes": ["Group"],
        "context": { "type": "Record", "attributes": { "ip": { "type": "Extension", "name": "ipaddr" } } } } }
    },
    "commonTypes": { "T": { "type": "Set", "element": { "type": "Long" } } }
  }
}
"#;

const POLICIES: &str = r#"// polcheck: ignore[placeholder] made for a test until 2031-01-31
@id("owner; \"é\"")
permit (principal == App::User::"TODO", action in [App::Action::"view", App::Action::"edit"], resource is App::Photo)
when { resource.owner == principal && principal.name like "*\*é" && context.mfa };
@id("t") forbid(principal in ?principal, action, resource == ?resource) unless { principal has age && principal.age > 18 };
forbid(principal is App::User in App::Team::"*", action == App::Action::"view", resource) // polcheck: ignore[wildcard-in-entity-id] x
when { if context has n then context.n + 1 < -9223372036854775808 else ["a", 1].containsAny(principal.tags) }
when { {"k": [ip("10.0.0.1"), decimal("1.5")], "é": principal.getTag("t")}["k"].contains(principal.at) || !(1 == "a") };
"#;

const POLICIES_JSON: &str = r#"{
  "staticPolicies": {
    "one": { "effect": "permit", "principal": { "op": "==", "entity": { "type": "User", "id": "a" } },
      "action": { "op": "in", "entities": [{ "type": "Action", "id": "view" }] }, "resource": { "op": "is", "entity_type": "Group" },
      "conditions": [{ "kind": "when", "body": { "&&": { "left": { ".": { "left": { "Var": "principal" }, "attr": "nmae" } },
        "right": { "like": { "left": { "Value": "é" }, "pattern": ["Wildcard", { "Literal": "x" }] } } } } }] }
  },
  "templates": {
    "two": { "effect": "forbid", "principal": { "op": "in", "slot": "?principal" }, "action": { "op": "All" },
      "resource": { "op": "All" }, "conditions": [], "annotations": { "id": "x" } }
  },
  "templateLinks": [{ "templateId": "two", "newId": "l", "values": { "?principal": { "__entity": { "type": "Group", "id": "g" } } } }]
}
"#;

const ENTITIES: &str = r#"[
  { "uid": { "type": "App::User", "id": "é\u0000\n" }, "attrs": { "name": "n", "age": 3, "tags": ["a"],
    "at": { "__extn": { "fn": "ip", "arg": "10.0.0.1" } } }, "parents": [{ "type": "App::Team", "id": "t" }], "tags": { "t": "v" } },
  { "uid": { "__entity": { "type": "App::Team", "id": "t" } }, "attrs": {}, "parents": [] },
  { "uid": { "type": "App::Album", "id": "a" }, "attrs": {}, "parents": [] }
]
"#;

const LINKS: &str = r#"[{ "template_id": "t", "link_id": "t-1", "args": { "?principal": "App::Team::\"t\"", "?resource": "App::Album::\"a\"" } }]
"#;

const CONFIG: &str = r#"required-version = ">=0.1"
fail-on = "warning"
exclude = ["vendor/**", "é/*"]
[rules]
placeholder = "note"
[[override]]
paths = ["app/**/*.cedar"]
rules = { near-miss-name = "off" }
[[store]]
name = "odd"
schema = "odd/{a,b}.txt"
policies = ["odd/[a-c]*.txt"]
level = 0x2
"#;

const TABLE: &str = r#"[
  { "name": "é", "request": { "principal": "App::User::\"é\\0\\n\"", "action": "App::Action::\"view\"",
    "resource": "App::Album::\"a\"", "context": { "mfa": true } }, "decision": "deny", "reason": ["t-1"], "num_errors": 0 },
  { "request": { "principal": { "type": "App::User", "id": "x" }, "action": "App::Action::\"edit\"",
    "resource": "App::Album::\"b\"", "context": { "mfa": false, "n": 1 } }, "entities": "more.json", "decision": "Allow" },
  { "name": "é", "request": { "principal": "App::User::\"x\"", "action": "App::Action::\"edit\"", "resource": "App::Album::\"b\"",
    "context": { "mfa": false } }, "entities": [{ "uid": { "type": "App::Album", "id": "b" }, "attrs": {}, "parents": [] }],
    "decision": "deny" }
]
"#;

const REQUEST: &str = r#"{ "principal": "App::User::\"x\"", "action": { "__entity": { "type": "App::Action", "id": "view" } },
  "resource": "App::Album::\"a\"", "context": { "mfa": true } }
"#;

const INTEGRATION: &str = r#"{ "schema": "own/s.cedarschema", "policies": "own/p.cedar", "entities": "own/e.json",
  "shouldValidate": true, "requests": [
    { "description": "d", "principal": { "type": "U", "id": "a" }, "action": { "type": "Action", "id": "v" },
      "resource": { "type": "U", "id": "b" }, "context": {}, "decision": "allow", "reason": ["policy0"], "errors": [] } ] }
"#;

const YAML: &str = r#"# rows
entities: entities.json
with: { 'App::Team::"t"': { parents: [] } }
defaults: { context: { mfa: true }, principal: 'App::User::"é\0\n"' }
clock: { attribute: n, type: seconds, start: 2026-11-20T09:00:00Z }
tests:
  - name: "é \" 🦀"
    action: view
    resource: 'App::Album::"a"'
    expect: deny
    because: t-1
  - { action: view, resource: 'App::Album::"a"', at: { 0m: deny, -1h30m: deny } }
  - { resource: 'App::Album::"a"', deny: rest, with: [{ uid: { type: App::Album, id: a }, attrs: {} }] }
  - who-can: { action: 'App::Action::"edit"', resource: 'App::Album::"a"', context: { mfa: false, n: 7 }, expect: [] }
  - name: |
      a block
      of text
    skip: >-
      later
"#;

const CSV: &str = "name,principal,action,resource,context.mfa,context.n,expect,because\r\n\
    a,\"App::User::\"\"x\"\"\",view,\"App::Album::\"\"a\"\"\",true,,deny,\"\"\r\n\
    \"é, \"\"b\"\"\",\"App::User::\"\"x\"\"\",edit,\"App::Album::\"\"a\"\"\",FALSE,7,deny,t-1;t-1\r\n";

/// Path and text of every file, one for each kind.
const FILES: [(&str, &str); 16] = [
    ("polcheck.toml", CONFIG),
    ("app/app.cedarschema", SCHEMA),
    ("app/policies/p.cedar", POLICIES),
    ("app/entities.json", ENTITIES),
    ("app/l.cedartemplatelinks.json", LINKS),
    ("app/tests-a.json", TABLE),
    ("app/more.json", ENTITIES),
    ("app/ALLOW/r.json", REQUEST),
    ("app/i_test.json", INTEGRATION),
    ("app/y_test.yaml", YAML),
    ("app/c_test.csv", CSV),
    ("own/s.cedarschema", "entity U; action v appliesTo { principal: U, resource: U };"),
    ("own/p.cedar", "permit(principal, action, resource);\nforbid(principal, action, resource) when { false };"),
    ("own/e.json", "[]"),
    ("json/s.cedarschema.json", SCHEMA_JSON),
    ("json/p.cedar.json", POLICIES_JSON),
];

const TOKENS: [&str; 48] = [
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ";",
    ",",
    ".",
    "::",
    "\"",
    "\\",
    "\\u{",
    "\\u00",
    "//",
    "/*",
    "@",
    "?principal",
    "?x",
    "permit",
    "forbid",
    "when",
    "if",
    "then",
    "!",
    "-",
    "&&",
    "9223372036854775808",
    "1e999",
    "null",
    "true",
    "é",
    "\u{1F600}",
    "\u{feff}",
    "\u{202e}",
    "\0",
    "\r",
    "\r\n",
    "\n",
    "\u{2028}",
    "e\u{301}",
    "__entity",
    "__extn",
    "entity",
    "Set<",
    "namespace",
    "// polcheck: ignore[",
    "'''",
];

#[derive(Debug, Clone)]
enum Change {
    Flip(Index, u8),
    Truncate(Index),
    Duplicate(Index, usize, Index),
    Splice(Index, Index, Index),
    Insert(usize, Index),
    InsertMany(usize, Index, usize),
    Delete(Index, usize),
    Bytes(Vec<u8>),
    Text(String),
    Other(Index),
    Mark,
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        4 => (at(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        2 => at().prop_map(Change::Truncate),
        3 => (at(), 1..200_usize, at()).prop_map(|(from, length, to)| Change::Duplicate(from, length, to)),
        3 => (at(), at(), at()).prop_map(|(file, from, to)| Change::Splice(file, from, to)),
        8 => (0..TOKENS.len(), at()).prop_map(|(token, at)| Change::Insert(token, at)),
        1 => (0..TOKENS.len(), at(), 2..600_usize).prop_map(|(token, at, count)| Change::InsertMany(token, at, count)),
        6 => (at(), 1..40_usize).prop_map(|(at, length)| Change::Delete(at, length)),
        1 => prop::collection::vec(any::<u8>(), 0..200).prop_map(Change::Bytes),
        1 => "\\PC{0,80}".prop_map(Change::Text),
        1 => at().prop_map(Change::Other),
        1 => Just(Change::Mark),
    ]
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        let place = |at: &Index, content: &[u8]| at.index(content.len() + 1);
        let insert = |content: &mut Vec<u8>, at: usize, what: &[u8]| {
            content.splice(at..at, what.iter().copied());
        };
        match self {
            Self::Flip(at, bit) if !content.is_empty() => {
                let at = at.index(content.len());
                content[at] ^= 1 << bit;
            }
            Self::Flip(..) => {}
            Self::Truncate(at) => content.truncate(place(at, content)),
            Self::Duplicate(from, length, to) => {
                let from = place(from, content);
                let part = content[from..(from + length).min(content.len())].to_vec();
                insert(content, place(to, content), &part);
            }
            Self::Splice(file, from, to) => {
                let other = FILES[file.index(FILES.len())].1.as_bytes();
                let tail = &other[from.index(other.len())..];
                content.truncate(place(to, content));
                content.extend_from_slice(tail);
            }
            Self::Insert(token, at) => insert(content, place(at, content), TOKENS[*token].as_bytes()),
            Self::InsertMany(token, at, count) => {
                insert(content, place(at, content), TOKENS[*token].repeat(*count).as_bytes());
            }
            Self::Delete(at, length) => {
                let at = place(at, content);
                content.drain(at..(at + length).min(content.len()));
            }
            Self::Bytes(bytes) => content.clone_from(bytes),
            Self::Text(text) => *content = text.clone().into_bytes(),
            Self::Other(file) => *content = FILES[file.index(FILES.len())].1.as_bytes().to_vec(),
            Self::Mark => insert(content, 0, "\u{feff}".as_bytes()),
        }
    }
}

/// Changes by file.
fn changes() -> impl Strategy<Value = Vec<(usize, Vec<Change>)>> {
    prop::collection::vec((0..FILES.len(), prop::collection::vec(change(), 1..4)), 1..4)
}

fn catalogue() -> Catalogue {
    let engines = validate::RULES
        .iter()
        .chain(repo::RULES)
        .chain(config::RULES)
        .chain(tables::RULES)
        .chain(triage::RULES)
        .copied();
    Catalogue::new(engines.chain(lint::metadata()))
}

/// What `polcheck check --level LEVEL` does with `files`, up to the reports.
fn check(files: &[(String, Vec<u8>)], level: Option<u32>) -> Outcome {
    let source = Memory::new(files.iter().cloned());
    let catalogue = catalogue();
    let (config, mut found) = match source.read(config::FILE_NAME).map(String::from_utf8) {
        Ok(Ok(text)) => config::load(&SourceFile::new(config::FILE_NAME, text), &catalogue),
        _ => (config::Config::default(), Vec::new()),
    };
    let mut repo = repo::load(&source, &config, &repo::Request::default()).unwrap();
    found.append(&mut repo.findings);
    found.extend(validate::run(&repo, &config, level));
    found.extend(lint::run(&repo, &config, lint::Options::default()).findings);
    let gauge = tables::Gauge::new(&repo);
    let ran = tables::run(&repo, &tables::Selection::default(), Some(&gauge));
    let coverage = gauge.coverage();
    found.extend(ran.findings);
    let policies = repo.stores.iter().flat_map(|store| &store.policies);
    let policies: Vec<_> = policies.map(|policy| (policy.location.clone(), policy.name.clone())).collect();
    policies.iter().for_each(|(place, _)| in_file(place));
    let triage = Triage {
        policies,
        catalogue: &catalogue,
        ran: &|_| true,
        stands_for: &lint::stands_for,
        yields_to: &lint::yields_to,
        settle: &|findings| config.settle(findings, &catalogue),
        today: "2026-01-31",
    };
    let Triaged { mut findings, suppressed, .. } = triage.finish(found);
    Finding::finish(&mut findings);
    Outcome {
        findings,
        suppressed,
        tests: ran.rows,
        coverage: Some(coverage),
        left_out: repo.left_out.into_iter().map(|(path, why)| LeftOut { path, why }).collect(),
        checked_something: true,
        ..Outcome::new("check", catalogue)
    }
}

/// Fails unless `place` is a range of whole characters of its file.
fn in_file(place: &Location) {
    assert!(place.span.start <= place.span.end, "{place:?}");
    assert!(place.file.text().get(place.span.start..place.span.end).is_some(), "{place:?}\n{:?}", place.file.text());
}

fn examine(outcome: &Outcome) {
    for finding in outcome.findings.iter().chain(outcome.suppressed.iter().map(|(finding, _)| finding)) {
        in_file(&finding.location);
        finding.subject.iter().for_each(in_file);
        finding.related.iter().for_each(|related| in_file(&related.location));
        assert!(!finding.message.is_empty(), "{finding:?}");
        assert!(outcome.catalogue.get(finding.rule).is_some(), "{finding:?}");
    }
    for row in &outcome.tests {
        in_file(&row.location);
        for policy in row.got.iter().flat_map(|got| &got.reason) {
            in_file(&policy.location);
        }
    }
    for format in report::FORMATS {
        for (color, verbose, quiet, width) in
            [(false, false, false, 100), (true, true, false, 40), (false, false, true, 80)]
        {
            let text = (format.render)(
                outcome,
                &Options { width, color, verbose, quiet, statistics: false, terminal: false, link_base: None },
            );
            let obeyed = |c: char| {
                c.is_control() && c != '\n' && c != '\t' && !(c == '\u{1b}' && color && format.name == "human")
            };
            assert!(!text.chars().any(obeyed), "{}: {text:?}", format.name);
            if matches!(format.name, "json" | "sarif" | "gitlab") {
                let read = serde_json::from_str::<serde_json::Value>(&text);
                assert!(read.is_ok(), "{}: {read:?}\n{text}", format.name);
            }
            let faults = match format.name {
                "gitlab" => gitlab::faults(&text),
                "junit" => match xml::parse(&text) {
                    Ok(root) => xml::junit_faults(&root),
                    Err(why) => vec![why],
                },
                _ => Vec::new(),
            };
            assert!(faults.is_empty(), "{}: {faults:#?}\n{text}", format.name);
        }
    }
}

/// Runs `work` with the stack that the command line has. The pool is ours: the process has other tests, whose threads
/// may be smaller.
fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    static POOL: LazyLock<rayon::ThreadPool> =
        LazyLock::new(|| rayon::ThreadPoolBuilder::new().stack_size(STACK).num_threads(2).build().unwrap());
    POOL.install(work)
}

fn originals() -> Vec<(String, Vec<u8>)> {
    FILES.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

/// The files are right as they stand, so that one change tests what it touches and not what was broken anyhow.
#[test]
fn the_files_are_right_before_they_are_changed() {
    let mut files = originals();
    files.push(("odd/a.txt".to_owned(), b"entity A;".to_vec()));
    files.push(("odd/c.txt".to_owned(), b"permit(principal, action, resource);".to_vec()));
    let outcome = with_room(|| check(&files, None));
    examine(&outcome);
    let own = ["syntax-error", "schema-error", "link-error", "entity-mismatch", "test-mismatch", "configuration"];
    let wrong: Vec<_> = outcome.findings.iter().filter(|finding| own.contains(&finding.rule)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(outcome.tests.len(), 14, "{:#?}", outcome.tests);
    let messages: Vec<_> =
        outcome.tests.iter().filter_map(|row| row.message.as_ref().map(|why| (&row.id, why))).collect();
    assert!(outcome.tests.iter().all(|row| row.status != Status::Error), "{messages:#?}");
    assert!(!outcome.findings.is_empty() && !outcome.suppressed.is_empty(), "{:#?}", outcome.findings);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_files_are_survived(changes in changes(), level in prop::option::of(0..3_u32)) {
        let mut files = originals();
        for (file, changes) in &changes {
            for change in changes {
                change.apply(&mut files[*file].1);
            }
        }
        with_room(|| examine(&check(&files, level)));
    }

    #[test]
    fn any_bytes_are_survived(
        content in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            "\\PC{0,40}".prop_map(String::into_bytes),
        ],
        at in 0..FILES.len(),
    ) {
        let mut files = originals();
        files[at].1 = content;
        with_room(|| examine(&check(&files, None)));
    }
}
