//! `decide::CompiledAuthorizer` answers as `cedar_policy::Authorizer`: decision, determining policies, erring policies.
//!
//! `POLCHECK_WORLDS` says how many worlds, `POLCHECK_SEED` which.

use std::collections::BTreeSet;

use cedar_policy::{AuthorizationError, Authorizer, Decision, Entities, PolicySet, Request};
use polcheck::decide::{CompiledAuthorizer, Verdict};

use crate::worlds::world;

type Said = (bool, BTreeSet<String>, BTreeSet<String>);

fn of_cedar(request: &Request, set: &PolicySet, entities: &Entities) -> Said {
    let response = Authorizer::new().is_authorized(request, set, entities);
    let reasons = response.diagnostics().reason().map(ToString::to_string).collect();
    let errors = response
        .diagnostics()
        .errors()
        .map(|AuthorizationError::PolicyEvaluationError(error)| error.policy_id().to_string())
        .collect();
    (response.decision() == Decision::Allow, reasons, errors)
}

fn of_ours(verdict: &Verdict<'_>) -> Said {
    let names = |all: &[&cedar_policy::PolicyId]| all.iter().map(ToString::to_string).collect();
    (verdict.allowed, names(&verdict.reasons), names(&verdict.errors))
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

#[test]
fn generated_worlds_are_decided_as_cedar_decides_them() {
    let (first, count) = (setting("POLCHECK_SEED", 1), setting("POLCHECK_WORLDS", 800));
    let (mut allowed, mut denied, mut erring, mut forbidden) = (0, 0, 0, 0);
    for seed in first..first + count {
        let world = world(seed, 12);
        let authorizer = CompiledAuthorizer::new(&world.policies, &world.entities);
        let mut decider = authorizer.decider();
        assert_eq!(authorizer.left_to_cedar(), 0, "seed {seed}");
        // Each request twice: what is kept from the first time must not change the second.
        for request in world.requests.iter().chain(&world.requests) {
            let wanted = of_cedar(request, &world.policies, &world.entities);
            let got = of_ours(&decider.is_authorized(request));
            assert_eq!(got, wanted, "seed {seed}: {request}\n{}", world.text);
            assert_eq!(decider.allows(request), wanted.0, "seed {seed}");
            allowed += usize::from(wanted.0);
            denied += usize::from(wanted.1.is_empty());
            erring += usize::from(!wanted.2.is_empty());
            forbidden += usize::from(!wanted.0 && !wanted.1.is_empty());
        }
    }
    // The worlds are worth asking.
    let seen = [allowed, denied, erring, forbidden];
    println!("{seen:?}");
    assert!(seen.iter().all(|number| *number as u64 > count), "{seen:?}");
}

/// What nests deeper than the compiler goes is Cedar's, and decided all the same.
#[test]
fn conditions_that_nest_deeply_are_left_to_cedar() {
    let deep = format!("{}context.a{}", "!(".repeat(300), ")".repeat(300));
    let chain = vec!["context.a"; 3_000].join(" || ");
    for (condition, left) in [(deep, 1), (chain, 0)] {
        let text = format!("permit (principal, action, resource) when {{ {condition} }};");
        let parsed = std::thread::Builder::new().stack_size(1 << 28).spawn(move || {
            let set: PolicySet = text.parse().unwrap();
            let authorizer = CompiledAuthorizer::new(&set, &Entities::empty());
            assert_eq!(authorizer.left_to_cedar(), left);
            for a in [true, false] {
                let context = cedar_policy::Context::from_json_value(serde_json::json!({"a": a}), None).unwrap();
                let uid = |text: &str| text.parse().unwrap();
                let request =
                    Request::new(uid("User::\"a\""), uid("Action::\"b\""), uid("Doc::\"c\""), context, None).unwrap();
                assert_eq!(authorizer.decider().allows(&request), a);
            }
        });
        parsed.unwrap().join().unwrap();
    }
}
