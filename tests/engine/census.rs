//! `decide::Census` finds what Cedar's authorizer decides of every principal, action and resource.
//!
//! `POLCHECK_WORLDS` says how many worlds, `POLCHECK_SEED` which.

use std::collections::BTreeMap;

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use polcheck::decide::{Access, Census, Condition, Kind};

use crate::worlds::{ACTIONS, contexts, uids, world};

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

type Triple = (EntityUid, EntityUid, EntityUid);

/// Every triple that has access, and what is left to ask.
fn all(census: &Census, set: usize) -> (BTreeMap<Triple, Access>, Vec<Condition>) {
    let mut found = BTreeMap::new();
    let conditions = census.take(&mut |counted| {
        let kind = &census.kinds()[counted.kind];
        for (access, who) in &counted.columns[set].0 {
            for at in who.iter() {
                for resource in counted.resources {
                    let triple = (census.principals()[at].clone(), kind.action.clone(), (*resource).clone());
                    assert!(found.insert(triple, *access).is_none(), "said twice");
                }
            }
        }
    });
    (found, conditions.unwrap())
}

fn kinds(context: Option<&Context>) -> Vec<Kind> {
    let kind = |action: &&str| Kind {
        action: action.parse().unwrap(),
        principals: uids(),
        resources: uids(),
        context: context.cloned(),
    };
    ACTIONS.iter().map(kind).collect()
}

fn allows(set: &PolicySet, entities: &Entities, (principal, action, resource): &Triple, context: &Context) -> bool {
    let request =
        Request::new(principal.clone(), action.clone(), resource.clone(), context.clone(), None).expect("a request");
    Authorizer::new().is_authorized(&request, set, entities).decision() == Decision::Allow
}

fn triples() -> impl Iterator<Item = Triple> {
    let each = |principal: EntityUid| {
        ACTIONS.iter().flat_map(move |action| {
            let principal = principal.clone();
            uids().into_iter().map(move |resource| (principal.clone(), action.parse().unwrap(), resource))
        })
    };
    uids().into_iter().flat_map(each)
}

#[test]
fn with_a_context_the_census_is_what_the_authorizer_says_of_every_triple() {
    let (first, count) = (setting("POLCHECK_SEED", 1), setting("POLCHECK_WORLDS", 150));
    let mut allowed = 0;
    for seed in first..first + count {
        // Two sets over the same entities, as before and after a change.
        let (one, other) = (world(seed, 0), world(seed + 1_000_000, 0));
        let context = contexts(seed, 1).remove(0);
        let census = Census::new(&[&one.policies, &other.policies], &one.entities, kinds(Some(&context))).unwrap();
        for (set, world) in [(0, &one), (1, &other)] {
            let (found, conditions) = all(&census, set);
            assert!(conditions.is_empty());
            for triple in triples() {
                let wanted = allows(&world.policies, &one.entities, &triple, &context);
                assert_eq!(found.contains_key(&triple), wanted, "seed {seed}, {triple:?}\n{}", world.text);
                allowed += usize::from(wanted);
            }
        }
    }
    assert!(allowed as u64 > count, "{allowed}");
}

/// The condition as policies: what it says of a context is what they decide.
fn policies(condition: &Condition) -> PolicySet {
    let mut text = String::new();
    for expression in &condition.permits {
        text.push_str(&format!("permit (principal, action, resource) when {{ {expression} }};\n"));
    }
    if condition.permits.is_empty() {
        text.push_str("permit (principal, action, resource);\n");
    }
    for expression in &condition.forbids {
        text.push_str(&format!("forbid (principal, action, resource) when {{ {expression} }};\n"));
    }
    text.parse().unwrap_or_else(|error| panic!("{error:?}\n{text}"))
}

#[test]
fn without_a_context_what_is_left_decides_as_the_whole() {
    let (first, count) = (setting("POLCHECK_SEED", 1), setting("POLCHECK_WORLDS", 100));
    let (mut allowed, mut conditional, mut held) = (0_u64, 0_u64, 0_u64);
    for seed in first..first + count {
        let world = world(seed, 0);
        let census = Census::new(&[&world.policies], &world.entities, kinds(None)).unwrap();
        let (found, conditions) = all(&census, 0);
        let sets: Vec<PolicySet> = conditions.iter().map(policies).collect();
        for context in contexts(seed, 4) {
            for triple in triples() {
                let wanted = allows(&world.policies, &world.entities, &triple, &context);
                let got = match found.get(&triple) {
                    None => false,
                    Some(Access::Allowed) => true,
                    Some(Access::Conditional(number)) => {
                        conditional += 1;
                        let got = allows(&sets[*number], &world.entities, &triple, &context);
                        held += u64::from(got);
                        got
                    }
                };
                assert_eq!(got, wanted, "seed {seed}, {triple:?}, {context:?}\n{}", world.text);
                allowed += u64::from(wanted);
            }
        }
    }
    println!("{allowed} allowed, {conditional} conditional, {held} of them hold");
    assert!(allowed > count && conditional > count && held > count, "{allowed} {conditional} {held}");
}
