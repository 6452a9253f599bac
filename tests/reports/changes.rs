//! What the reports say about a comparison of two revisions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::sync::Arc;

use polcheck::finding::Environment;
use polcheck::outcome::changes::{
    Accepted, Cause, Change, Comparison, Condition, Direction, EnvironmentChange, Lifecycle, Ruling, SchemaChange,
    SetAside, Status, TextChanges, Weakened,
};
use polcheck::report::Options;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use crate::report_common::diff::*;
use crate::report_common::*;

const QUIET: Options = Options { quiet: true, ..PLAIN };
const VERBOSE: Options = Options { verbose: true, ..PLAIN };
const COLOR: Options = Options { color: true, ..PLAIN };

const EXAMPLE: &str = r#"2 changes grant access (1 refused by the gate) and 1 takes access away, in 4 of
  40 kinds of request; not everything could be decided in 1 of 40 kinds of
  request: 1 policy added, 2 removed, 1 edited, 3 moved or reformatted

  ×+ Admin gains export on Report, because the permit `admins` was added and the
    forbid `freeze` was removed; it takes both
    refused by the gate
    for every such request
    for example: User::"alice" is now allowed readOrders on Customer::"c1", with
      principal in Role::"support" (everything else: any value)
    at policies/export.cedar:4:1 in the worktree
    at policies/export.cedar:3:1 in main

  + User gains readOrders and readProfile on Customer, because the permit
    `read-orders` was edited
    when `context.network == "corp" && principal in Role::"support"`
    for example: User::"alice" is now allowed readOrders on Customer::"c1", with
      principal in Role::"support", context.network = "corp" (everything else:
      any value)
    at policies/support.cedar:3:1 in main -> policies/support.cedar:4:1 in the
      worktree

  - User loses pay on Invoice, because the permit `pay` was removed
    at most when `resource.open`
    for example: User::"alice" is no longer allowed readOrders on
      Customer::"c1", with principal in Role::"support" (everything else: not
      shown)
    at policies/pay.cedar:3:1 in main

  ? not decided: whether the changes newly allow User to search on Index
    because a pattern is too long

polcheck diff: 1 change refused by the gate; kinds of request: 3 gained, 1 lost, 35 same, 1 not decided (old main -> new the worktree; 1 store, 34 policies)
"#;

#[test]
fn people_read_who_gains_and_who_loses_what() {
    similar(&render("human", &diff(example()), &PLAIN), EXAMPLE);
}

/// Shows the difference line by line.
fn similar(left: &str, right: &str) {
    let (left, right): (Vec<_>, Vec<_>) = (left.lines().collect(), right.lines().collect());
    assert_eq!(left, right, "\n{}", left.join("\n"));
}

#[test]
fn quiet_leaves_what_is_refused_and_what_is_not_decided() {
    let out = render("human", &diff(example()), &QUIET);
    assert!(
        out.starts_with("  ×+ Admin gains export on Report, because ") && out.contains("\n  ? not decided"),
        "{out}"
    );
    assert!(!out.contains("  + ") && !out.contains("  - ") && !out.contains("compared"), "{out}");
}

#[test]
fn no_change_is_one_line() {
    let mut comparison = example();
    let store = &mut comparison.stores[0];
    store.groups.clear();
    store.environments.drain(..5);
    store.text = TextChanges { edited: 12, moved: 3, ..TextChanges::default() };
    let out = render("human", &diff(comparison.clone()), &PLAIN);
    assert_eq!(
        out,
        "no change in effective permissions in any of 35 kinds of request (12 policies\n  edited, 3 moved or reformatted)\n\n\
         polcheck diff: kinds of request: 35 same (old main -> new the worktree; 1 store, 34 policies)\n"
    );
}

#[test]
fn json_lists_every_environment_with_its_effects() {
    let json: Value = serde_json::from_str(&render("json", &diff(example()), &PLAIN)).unwrap();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(
        keys(&json),
        "polcheck format command now outcome exit headline summary findings suppressed tests guardrails notices inconclusive_reasons gaps \
         old new schema_changes no_longer_fits text_changes changes undecided set_aside ill_typed accepted weakened left_out"
    );
    assert_eq!((&json["outcome"], &json["exit"]), (&json!("changes"), &json!(1)));
    assert_eq!(json["old"], json!({ "label": "main", "commit": null, "schema": "5c" }));
    let changes = json["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 40);
    assert_eq!(keys(&changes[0]), "store environment lifecycle relation gained lost");
    let relations: Vec<_> = changes.iter().take(6).map(|change| change["relation"].as_str().unwrap()).collect();
    assert_eq!(relations, ["gained", "gained", "gained", "lost", "unknown", "same"]);
    assert_eq!(changes[4]["gained"], json!({ "status": "unknown", "why": "a pattern is too long", "effects": [] }));
    let effect = &changes[2]["gained"]["effects"][0];
    assert_eq!(
        keys(effect),
        "witness known condition exact when where_allowed unless_allowed unless_refused left by_error migrated hangs_on ruling fingerprint causes"
    );
    assert_eq!(keys(&effect["witness"]), "request entities old_request old_entities");
    assert_eq!((&effect["ruling"], &effect["exact"]), (&json!("refused"), &json!(true)));
    assert_eq!(keys(&effect["causes"][0]), "policy effect change old new edits template");
    assert_eq!((&effect["causes"][0]["old"], &effect["causes"][1]["new"]), (&Value::Null, &Value::Null));
    assert_eq!(effect["causes"][1]["old"]["start"], json!({ "line": 3, "column": 1 }));
}

#[test]
fn hostile_text_comes_back_from_json_and_is_nowhere_raw() {
    let text = render("json", &hostile_diff(), &PLAIN);
    assert!(text.chars().all(|c| c == '\n' || !polcheck::text::is_deceptive(c)));
    assert!(runner_commands(&text).is_empty());
    let json: Value = serde_json::from_str(&text).unwrap();
    for pointer in [
        "/old/label",
        "/schema_changes/0/what",
        "/changes/0/environment/action",
        "/changes/0/gained/effects/0/witness/request",
        "/changes/0/gained/effects/0/when",
        "/changes/0/gained/effects/0/where_allowed/0/condition",
        "/changes/0/gained/effects/0/unless_allowed/1/policy",
        "/changes/0/gained/effects/0/known/0/principal",
        "/changes/0/gained/effects/0/causes/0/edits/0/old",
        "/changes/0/gained/effects/0/causes/0/template",
        "/changes/0/gained/effects/0/causes/0/policy",
        "/changes/0/lost/why",
        "/undecided/0/policy",
        "/set_aside/0/why",
        "/accepted/0/owner",
        "/weakened/0/location/path",
    ] {
        assert_eq!(json.pointer(pointer).and_then(Value::as_str), Some(HOSTILE), "{pointer}");
    }
}

/// The first line of each entry, at a width where nothing wraps, without what stands before the first entry.
fn sentences(comparison: Comparison) -> Vec<String> {
    let out = render("human", &diff(comparison), &Options { width: 1000, ..PLAIN });
    let first = |line: &&str| ["  ×+ ", "  ×- ", "  + ", "  - ", "  ? "].iter().any(|lead| line.starts_with(lead));
    out.lines().filter(first).map(|line| line.trim_start().to_owned()).collect()
}

/// A store whose environments all gain, for one cause.
fn gaining(environments: Vec<Environment>, causes: Vec<Cause>) -> Comparison {
    let effects = (0..environments.len()).map(|at| effect(at, "true")).collect();
    let changes = environments.into_iter().map(|one| change(one, Status::Yes, Status::No)).collect();
    compared(vec![store("s", changes, vec![group(Direction::Gained, causes, effects)])])
}

fn added() -> Vec<Cause> {
    vec![cause("a.cedar#x", "permit", Change::Added)]
}

#[test]
fn a_sentence_names_no_combination_that_did_not_change() {
    let one = |environments: &[(&str, &str, &str)]| {
        let all = environments.iter().map(|(p, a, r)| environment(p, a, r)).collect();
        sentences(gaining(all, added())).remove(0).replace(", because the permit `x` was added", "").replace("+ ", "")
    };
    assert_eq!(one(&[("User", "view", "Photo"), ("Admin", "view", "Photo")]), "Admin and User gain view on Photo");
    assert_eq!(
        one(&[
            ("User", "view", "Photo"),
            ("User", "edit", "Photo"),
            ("User", "view", "Album"),
            ("User", "edit", "Album")
        ]),
        "User gains view and edit on Album and Photo"
    );
    assert_eq!(
        one(&[("User", "view", "Photo"), ("Admin", "edit", "Photo")]),
        "User and Admin gain view and edit on Photo (in combinations listed below)"
    );
    assert_eq!(
        one(&[("User", "view", "Photo"), ("Admin", "edit", "Photo"), ("User", "ban", "User")]),
        "User and Admin gain view, edit and ban on Photo and User (in combinations listed below)"
    );
    let many: Vec<String> = (0..30).map(|n| format!("act{n}")).collect();
    let many: Vec<_> = many.iter().map(|action| ("User", action.as_str(), "Photo")).collect();
    let first: Vec<String> = (0..24).map(|n| format!("act{n}")).collect();
    assert_eq!(one(&many), format!("User gains {} and 6 others on Photo", first.join(", ")));
}

#[test]
fn what_is_counted_is_listed_when_verbose() {
    let all: Vec<_> = (0..30).map(|n| environment("User", &format!("act{n}"), "Photo")).collect();
    let comparison = diff(gaining(all, added()));
    let out = render("human", &comparison, &PLAIN);
    assert!(out.contains("    in 30 kinds of request (-v lists them)\n") && !out.contains("act27"), "{out}");
    let out = render("human", &comparison, &VERBOSE);
    assert!(out.contains("      principal User, action Action::\"act27\", resource Photo\n"), "{out}");
    assert_eq!(out.matches("for example").count(), 30);
}

#[test]
fn namespaces_are_left_out_where_nothing_is_lost() {
    let of = |principal: &str, action: &str| Environment {
        principal: principal.to_owned(),
        action: action.to_owned(),
        resource: "App::Doc".to_owned(),
    };
    let said = sentences(gaining(vec![of("App::User", "App::Action::\"view\"")], added()));
    assert_eq!(said, ["+ User gains view on Doc, because the permit `x` was added"]);
    let two = vec![of("App::User", "App::Action::\"view\""), of("Old::User", "App::Action::\"view\"")];
    let said = sentences(gaining(two, added()));
    assert_eq!(said, ["+ App::User and Old::User gain view on Doc, because the permit `x` was added"]);
    // An id that reads like more of the sentence keeps its quotes.
    let said = sentences(gaining(vec![of("App::User", "Action::\"view on Doc and nothing\"")], added()));
    assert_eq!(said, ["+ User gains Action::\"view on Doc and nothing\" on Doc, because the permit `x` was added"]);
}

#[test]
fn every_kind_of_cause_has_its_words() {
    let view = || vec![environment("User", "view", "Photo")];
    let said = |causes| sentences(gaining(view(), causes)).remove(0);
    let of = |name: &str, change| cause(&format!("a.cedar#{name}"), "permit", change);
    assert_eq!(
        said(vec![of("x", Change::Schema)]),
        "+ User gains view on Photo, because the schema changed what the permit `x` allows"
    );
    assert_eq!(
        said(vec![of("x", Change::Schema), of("y", Change::Schema)]),
        "+ User gains view on Photo, because the schema changed what the permit `x` and the permit `y` allow"
    );
    assert_eq!(
        said(vec![of("x", Change::Edited), of("y", Change::Schema)]),
        "+ User gains view on Photo, because the permit `x` was edited and the permit `y` reads otherwise under the new \
         schema; it takes both"
    );
    assert_eq!(
        said((0..15).map(|n| of(&format!("p{n}"), Change::Added)).collect()),
        format!(
            "+ User gains view on Photo, because {} and 3 others; it takes all of these",
            (0..12).map(|n| format!("the permit `p{n}` was added")).collect::<Vec<_>>().join(", ")
        )
    );
}

#[test]
fn what_came_and_went_is_worded_as_such() {
    let with = |kind: Lifecycle, whole: Lifecycle, direction| {
        let mut comparison = gaining(vec![environment("User", "audit", "Log")], Vec::new());
        let store = &mut comparison.stores[0];
        (store.lifecycle, store.environments[0].lifecycle, store.groups[0].direction) = (whole, kind, direction);
        sentences(comparison).remove(0)
    };
    use Direction::{Gained, Lost};
    use Lifecycle::{Added, Kept, Removed};
    assert_eq!(with(Added, Kept, Gained), "+ User gains audit on Log, because such requests are new");
    assert_eq!(with(Removed, Kept, Lost), "- User loses audit on Log, because there are no such requests any more");
    assert_eq!(with(Added, Added, Gained), "+ User gains audit on Log, because the store `s` is new");
    assert_eq!(with(Removed, Removed, Lost), "- User loses audit on Log, because the store `s` is gone");
    assert_eq!(with(Kept, Kept, Lost), "- User loses audit on Log, because of all changes taken together");
}

#[test]
fn conditions_are_said_once_and_for_whom_when_they_differ() {
    let mut comparison = gaining((0..3).map(|n| environment("User", &format!("act{n}"), "Doc")).collect(), added());
    let effects = &mut comparison.stores[0].groups[0].effects;
    effects[1].condition = Arc::new(Condition { when: "true".to_owned(), ..Condition::default() });
    let out = render("human", &diff(comparison), &PLAIN);
    assert!(
        out.contains("    to act0 or act2: for every such request\n    to act1: in which cases is not known\n"),
        "{out}"
    );
}

#[test]
fn a_ruling_names_who_answers_for_it() {
    let mut comparison = gaining((0..3).map(|n| environment("User", &format!("act{n}"), "Doc")).collect(), added());
    let effects = &mut comparison.stores[0].groups[0].effects;
    (effects[0].ruling, effects[1].ruling) = (Ruling::Accepted, Ruling::Refused);
    let group = comparison.stores[0].groups[0].fingerprint.clone();
    let accepted = |fingerprint: String, used, in_force| Accepted {
        fingerprint,
        what: "User gains act0".to_owned(),
        owner: "ada".to_owned(),
        until: "2027-01-31".to_owned(),
        in_force,
        used,
        added: false,
    };
    comparison.accepted =
        vec![accepted(group, true, true), accepted("x".to_owned(), true, false), accepted("y".to_owned(), false, true)];
    let out = render("human", &diff(comparison), &Options { width: 120, ..PLAIN });
    for line in [
        "    refused by the gate in 1 of 3 kinds of request\n",
        "    accepted by ada until 2027-01-31 in 1 of 3 kinds of request\n",
        "  unused: accepted until 2027-01-31, which has passed: User gains act0 (ada)\n",
        "  unused: accepted, and not among the changes: User gains act0 (ada, until 2027-01-31)\n",
        "polcheck diff: 1 change refused by the gate; kinds of request: 3 gained (old main",
    ] {
        assert!(out.contains(line), "{line} in {out}");
    }
}

#[test]
fn unknown_is_never_no_change() {
    let unknown = || Status::Unknown("the bound of 10 s was hit".to_owned());
    let environments = vec![
        change(environment("User", "view", "Doc"), unknown(), unknown()),
        change(environment("User", "edit", "Doc"), unknown(), unknown()),
        change(environment("User", "pay", "Doc"), Status::No, unknown()),
    ];
    let mut comparison = compared(vec![store("s", environments, vec![]), store("t", vec![], vec![])]);
    comparison.stores[1].undecided = vec![
        cause("b.cedar#x", "permit", Change::Added),
        cause("b.cedar#y", "forbid", Change::Added),
        cause("b.cedar#z", "permit", Change::Edited),
    ];
    comparison.stores[1].set_aside =
        vec![SetAside { policy: "b.cedar#w".to_owned(), side: "new", why: "it does not typecheck".to_owned() }];
    let out = render("human", &diff(comparison.clone()), &Options { width: 120, ..PLAIN });
    for part in [
        "no change in effective permissions was found (no policy changed), but not everything could be decided in 3 of 3 kinds of\n",
        "  ? not decided: whether the changes newly allow or no longer allow User to view or edit on Doc\n    in store s\n    because the bound of 10 s was hit\n",
        "  ? not decided: whether the changes no longer allow User to pay on Doc\n",
        "  ? not decided: `b.cedar#x` (added permit) may grant access\n    in store t\n",
        "  ? not decided: `b.cedar#y` (added forbid) may take access away\n",
        "  ? not decided: `b.cedar#z` (edited permit) may grant access or take it away\n",
        "  not analysed: `b.cedar#w` in the worktree: it does not typecheck\n",
        "polcheck diff: kinds of request: 3 not decided; 3 changed policies not decided (old main",
    ] {
        assert!(out.contains(part), "{part} in {out}");
    }
    assert!(render("human", &diff(comparison), &QUIET).contains("  ? not decided"));
}

#[test]
fn what_came_and_went_without_access_is_said() {
    let kind = |action: &str, lifecycle| EnvironmentChange {
        lifecycle,
        ..change(environment("User", action, "Log"), Status::No, Status::No)
    };
    let environments = vec![kind("audit", Lifecycle::Added), kind("purge", Lifecycle::Removed)];
    let mut comparison =
        compared(vec![store("s", environments, vec![]), store("t", vec![], vec![]), store("u", vec![], vec![])]);
    comparison.stores[1].lifecycle = Lifecycle::Removed;
    comparison.stores[2].old_name = Some("v".to_owned());
    let out = render("human", &diff(comparison), &Options { width: 120, ..PLAIN });
    let lines = [
        "  also: new kinds of request, which nobody may make: User to audit on Log in store s\n",
        "  also: kinds of request that nobody could make are gone: User to purge on Log in store s\n",
        "  also: the store `t` is gone\n",
        "  also: the store `u` was called `v`\n",
    ];
    assert!(out.contains(&lines.concat()), "{out}");
}

#[test]
fn no_name_leaves_its_backticks() {
    let name = "a.cedar#x` (removed permit) no longer allows User to view on Photo; `y";
    let said =
        sentences(gaining(vec![environment("User", "view", "Photo")], vec![cause(name, "permit", Change::Added)]));
    assert_eq!(said[0].matches('`').count(), 2, "{said:?}");
}

#[test]
fn what_became_weaker_is_said_even_when_quiet() {
    let mut comparison = compared(vec![store("s", vec![], vec![])]);
    comparison.weakened = vec![Weakened::new(
        "gate_removed",
        "the gate on gained access was removed".to_owned(),
        line(&file("polcheck.toml"), 3),
    )];
    for options in [PLAIN, QUIET] {
        let out = render("human", &diff(comparison.clone()), &options);
        assert!(
            out.contains(
                "  ! this weakens the repository's own rules: the gate on gained access was\n    removed\n    at polcheck.toml:3:1\n\n"
            ),
            "{out}"
        );
        assert!(out.contains("polcheck diff: no change; 1 rule weakened (old"), "{out}");
    }
}

#[test]
fn schema_changes_are_listed_in_part() {
    let mut comparison = compared(vec![store("s", vec![], vec![])]);
    let kind = |n: usize| SchemaChange {
        kind: "attribute_added",
        what: format!("User.a{n}"),
        old: None,
        new: Some("String".to_owned()),
        location: None,
        read: true,
    };
    comparison.stores[0].schema_changes = (0..7).map(kind).collect();
    let out = render("human", &diff(comparison.clone()), &PLAIN);
    assert!(
        out.contains("  schema: attribute added: `User.a4`, `String`\n  schema: 2 more (-v lists them)\n\n"),
        "{out}"
    );
    assert!(render("human", &diff(comparison), &VERBOSE).contains("User.a6"));
}

#[test]
fn lines_fit_where_words_allow() {
    let words = "表表表表 and 漢字 that go on and on ".repeat(12);
    let mut comparison = example();
    comparison.old.label = "a branch 表表 with some words".to_owned();
    let store = &mut comparison.stores[0];
    store.groups[0].causes[0].policy = format!("p.cedar#{words}");
    store.groups[0].effects[0].condition = Arc::new(Condition { when: words.clone(), ..Condition::default() });
    store.environments[4].gained = Status::Unknown(words.clone());
    store.set_aside = vec![SetAside { policy: words.clone(), side: "both", why: words.clone() }];
    store.groups[1].effects[0].ruling = Ruling::Accepted;
    comparison.accepted = vec![Accepted {
        fingerprint: store.groups[1].effects[0].fingerprint.clone(),
        what: words.clone(),
        owner: words.clone(),
        until: "2027-01-31".to_owned(),
        in_force: true,
        used: true,
        added: false,
    }];
    comparison.weakened = vec![Weakened::new("x", words.clone(), line(&file("polcheck.toml"), 3))];
    for width in [40, 80, 120] {
        for verbose in [false, true] {
            let out = render("human", &diff(comparison.clone()), &Options { width, verbose, ..PLAIN });
            let lines: Vec<&str> = out.lines().collect();
            let wide = |line: &&&str| line.width() > width && line.split_whitespace().count() > 3;
            assert_eq!(lines[..lines.len() - 1].iter().find(wide), None, "{out}");
        }
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    let coloured = render("human", &diff(example()), &COLOR);
    let mut plain = String::new();
    for (at, part) in coloured.split("\u{1b}[").enumerate() {
        plain.push_str(if at == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    similar(&plain, EXAMPLE);
    assert!(coloured.contains("\u{1b}[1;31m  ×+ \u{1b}[0m") && coloured.contains("\u{1b}[1;31mrefused by the gate"));
}

#[test]
fn hostile_text_does_nothing_on_a_terminal_or_in_a_log() {
    for width in [40, 80, 120] {
        for options in [PLAIN, VERBOSE, QUIET] {
            let out = render("human", &hostile_diff(), &Options { width, ..options });
            assert!(runner_commands(&out).is_empty(), "{:?}", runner_commands(&out));
            assert!(out.chars().all(|c| c == '\n' || !polcheck::text::is_deceptive(c)), "{out:?}");
        }
    }
}

#[test]
fn tens_of_thousands_of_environments_take_no_quadratic_time() {
    let many = |range: std::ops::Range<usize>| range.map(|n| environment("User", &format!("act{n}"), "Doc")).collect();
    let comparison = diff(gaining(many(0..30_000), added()));
    let started = std::time::Instant::now();
    for format in polcheck::report::FORMATS.iter().map(|format| format.name) {
        assert!(!render(format, &comparison, &PLAIN).is_empty());
    }
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn people_are_not_shown_hundreds_of_changes_at_once() {
    let mut comparison = gaining(vec![environment("User", "view", "Doc")], added());
    let group = comparison.stores[0].groups[0].clone();
    comparison.stores[0].groups = (0..80)
        .map(|number| {
            let mut group = group.clone();
            group.causes[0].policy = format!("p.cedar#p{number}");
            group
        })
        .collect();
    let count = |out: &str| out.matches("` was added\n").count();
    let out = render("human", &diff(comparison.clone()), &PLAIN);
    assert_eq!(count(&out), 50, "{out}");
    assert!(
        out.contains("  and 30 more changes (-v shows them)\n") && out.starts_with("80 changes grant access"),
        "{out}"
    );
    assert_eq!(count(&render("human", &diff(comparison.clone()), &Options { verbose: true, ..PLAIN })), 80);
    // What is refused is never left out.
    comparison.stores[0].groups.iter_mut().for_each(|group| group.effects[0].ruling = Ruling::Refused);
    assert_eq!(count(&render("human", &diff(comparison), &PLAIN)), 80);
}
