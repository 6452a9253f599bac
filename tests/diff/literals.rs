//! What an example has where a pattern takes a string: a literal that policies name, where one shows the same.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use cedar_policy::{Authorizer, Context, Decision, Entities, PolicySet, Request};
use polcheck::config::Config;
use polcheck::diff::compare;
use polcheck::outcome::changes::Direction;
use polcheck::repo;
use polcheck::source::Memory;

use crate::common::rng::Rng;

const SCHEMA: &str = "entity User; entity Doc;
action view appliesTo { principal: User, resource: Doc, context: { path: String, flag: Bool } };
";

fn policy(effect: &str, id: &str, condition: &str) -> String {
    format!("@id(\"{id}\") {effect} (principal, action, resource) when {{ {condition} }};\n")
}

/// The paths that the examples have of what is gained, and of what is lost.
fn paths(old: &str, new: &str) -> [Vec<String>; 2] {
    let load = |policies: &str| {
        let files = Memory::new([("s.cedarschema", SCHEMA), ("p.cedar", policies)]);
        repo::load(&files, &Config::default(), &repo::Request::default()).unwrap()
    };
    let compared = compare(&load(old), &load(new));
    let of = |direction: Direction| {
        let groups = compared.stores[0].groups.iter().filter(move |group| group.direction == direction);
        let effects = groups.flat_map(|group| &group.effects);
        let path = |request: &serde_json::Value| request["context"]["path"].as_str().unwrap().to_owned();
        effects.map(|effect| path(&effect.witness.evidence.request)).collect()
    };
    [of(Direction::Gained), of(Direction::Lost)]
}

#[test]
fn an_example_has_the_literal_that_a_pattern_takes() {
    let wide = policy("permit", "p", "context.path like \"/projects/alpha*\"");
    let narrow = policy("permit", "p", "context.path like \"/projects/alpha/*\"");
    let other = |more: &str| policy("permit", "q", &format!("context.path == \"/projects/alphabet\"{more}"));
    let both = |one: &str, more: &str| one.to_owned() + &other(more);
    let seen = paths(&both(&narrow, " && context.flag"), &both(&wide, " && context.flag"));
    assert_eq!(seen, [vec!["/projects/alphabet".to_owned()], Vec::new()]);
    let seen = paths(&both(&wide, " && context.flag"), &both(&narrow, " && context.flag"));
    assert_eq!(seen, [Vec::new(), vec!["/projects/alphabet".to_owned()]]);
    // Where the literal is allowed all the same it shows nothing.
    let [gained, _] = paths(&both(&narrow, ""), &both(&wide, ""));
    assert!(gained[0] != "/projects/alphabet" && gained[0].starts_with("/projects/alpha"), "{gained:?}");
}

/// Held against Cedar's authorizer: if any of the literals is decided otherwise, the example has one of those.
#[test]
fn an_example_has_a_literal_wherever_one_shows_it() {
    const LITERALS: [&str; 6] = ["a", "ab", "abc", "b", "acb", "cab"];
    const PATTERNS: [&str; 6] = ["a*", "ab*", "*b", "a*b", "ab*c", "c*"];
    let (mut with, mut without) = (0, 0);
    for seed in 0..200 {
        let mut rng = Rng::new(77_000 + seed);
        let [before, after] = [0, 1].map(|_| format!("context.path like \"{}\"", *rng.pick(&PATTERNS)));
        let mut others = String::new();
        for number in 0..1 + rng.below(3) {
            let effect = *rng.pick(&["permit", "permit", "forbid"]);
            let flag = *rng.pick(&["", " && context.flag", " && !context.flag"]);
            let condition = format!("context.path == \"{}\"{flag}", *rng.pick(&LITERALS));
            others.push_str(&policy(effect, &format!("q{number}"), &condition));
        }
        let [old, new] = [before, after].map(|one| policy("permit", "p", &one) + &others);
        let sets: [PolicySet; 2] = [old.parse().unwrap(), new.parse().unwrap()];
        let allows = |set: &PolicySet, path: &str, flag: bool| {
            let context = serde_json::json!({ "path": path, "flag": flag });
            let context = Context::from_json_value(context, None).unwrap();
            let [user, action, doc] = ["User::\"u\"", "Action::\"view\"", "Doc::\"d\""].map(|uid| uid.parse().unwrap());
            let request = Request::new(user, action, doc, context, None).unwrap();
            Authorizer::new().is_authorized(&request, set, &Entities::empty()).decision() == Decision::Allow
        };
        // Only literals that some policy names are known to anybody.
        let named = LITERALS.iter().filter(|literal| old.contains(&format!("\"{literal}\"")));
        let named: BTreeSet<&str> = named.copied().collect();
        let [gained, lost] = paths(&old, &new);
        for (found, (denies, allowing)) in [(gained, (0, 1)), (lost, (1, 0))] {
            let shows = |path: &&&str| {
                [false, true]
                    .iter()
                    .any(|flag| allows(&sets[allowing], path, *flag) && !allows(&sets[denies], path, *flag))
            };
            let telling: BTreeSet<&str> = named.iter().filter(shows).copied().collect();
            assert!(!found.is_empty() || telling.is_empty(), "{telling:?}\n{old}\n{new}");
            for path in &found {
                assert_eq!(telling.is_empty(), !telling.contains(path.as_str()), "{path} {telling:?}\n{old}\n{new}");
            }
            let count = if telling.is_empty() { &mut without } else { &mut with };
            *count += found.len();
        }
    }
    assert!(with > 40 && without > 40, "{with} with, {without} without");
}
