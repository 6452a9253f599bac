//! The tests of the engine, tested: each of its axioms switched off must be noticed.

use std::collections::BTreeMap;
use std::time::Duration;

use cedar_policy::{Policy, PolicyId, RequestEnv};
use polcheck::symbolic::{Axioms, CompiledPolicies, PolicyRef, Session};

use crate::common::rng::Rng;
use crate::oracle::compare::askable;
use crate::oracle::generate::{Case, CaseSpec, Made, Shape, Side, parse_schema};
use crate::oracle::judge::{Court, Setup, consult, held, session};
use crate::oracle::queries::Query;
use crate::oracle::replay::Held;
use crate::oracle::symcc::{Model, Symcc, Verdict};

const SCHEMA: &str = r#"
entity Group in [Group];
entity User in [Group] { n: Long, m: Long, s: String, t: String, boss: User, xs: Set<Long>, ys: Set<Long> } tags Long;
entity Doc in [Group] { owner: User };
action view appliesTo { principal: [User], resource: [Doc], context: { g: Group, h: Group, k: String } };
"#;

/// Two conditions and whether the first implies the second, by axiom.
const IMPLICATIONS: [(&str, &str, &str, bool); 20] = [
    ("transitivity", "principal in context.g && context.g in context.h", "principal in context.h", true),
    ("transitivity", "principal in Group::\"a\" && Group::\"a\" in Group::\"b\"", "principal in Group::\"b\"", true),
    (
        "transitivity",
        "principal in context.g && resource in context.g && context.g in context.h",
        "resource in context.h",
        true,
    ),
    ("", "principal in context.g && principal in context.h", "context.g in context.h", false),
    ("acyclicity", "context.g in context.h && context.h in context.g", "context.g == context.h", true),
    ("acyclicity", "Group::\"a\" in context.h && context.h in Group::\"a\"", "Group::\"a\" == context.h", true),
    ("congruence", "resource.owner == principal && principal.n > 3", "resource.owner.n > 3", true),
    (
        "congruence",
        "principal.boss == resource.owner && principal.boss.boss.n == 1",
        "resource.owner.boss.n == 1",
        true,
    ),
    ("congruence", "context.k == \"a\" && principal.hasTag(\"a\")", "principal.hasTag(context.k)", true),
    ("", "principal.boss == resource.owner", "principal == resource.owner.boss", false),
    (
        "extensionality",
        "principal.xs.containsAll(principal.ys) && principal.ys.containsAll(principal.xs)",
        "principal.xs == principal.ys",
        true,
    ),
    ("extensionality", "principal.xs == principal.ys && principal.xs.contains(1)", "principal.ys.contains(1)", true),
    (
        "extensionality",
        "[1, 2].containsAll(principal.xs) && !principal.xs.contains(2) && principal.xs.contains(1)",
        "principal.xs == [1]",
        true,
    ),
    ("", "principal.xs.containsAny(principal.ys)", "principal.xs.containsAll(principal.ys)", false),
    ("overflow", "principal.n < 0 && !(principal.n - 1 < 0)", "principal.m < 0", true),
    ("overflow", "principal.n > principal.m", "principal.n - principal.m > 0", false),
    ("patterns", "principal.s like \"a*\" && principal.s like \"*b\"", "principal.s like \"a*b\"", true),
    (
        "patterns",
        "principal.s like \"a*\" && principal.s like \"*a\" && !(principal.s like \"a*a\")",
        "principal.s == \"a\"",
        true,
    ),
    ("patterns", "principal.s like \"*ab*\"", "principal.s like \"*a*\"", true),
    ("", "principal.s like \"*a*\"", "principal.s like \"a*\"", false),
];

/// Conditions that can be in error, and ones that cannot.
const ERRORS: [(&str, &str, bool); 5] = [
    ("overflow", "principal.n + 1 > 0", false),
    ("overflow", "-principal.n > 0", false),
    ("overflow", "principal.n * 2 > 0", false),
    ("overflow", "principal.n < principal.m && principal.n + 1 > 0", true),
    ("", "principal.n > principal.m", true),
];

fn query(policies: &mut Vec<Made>, conditions: &[&str]) -> Vec<PolicyRef> {
    let mut refs = Vec::new();
    for condition in conditions {
        let index = policies.len();
        let text = format!("permit(principal, action, resource) when {{ {condition} }};");
        policies.push(Made::Policy(Policy::parse(Some(PolicyId::new(format!("p{index}"))), text).unwrap()));
        refs.push(PolicyRef { side: 0, index });
    }
    refs
}

/// The hand-written queries, the axiom each is about, and what is true of it.
fn written() -> (Side, RequestEnv, Vec<(&'static str, Query, bool)>) {
    let schema = parse_schema(SCHEMA).unwrap();
    let mut policies = Vec::new();
    let mut queries = Vec::new();
    for (axiom, left, right, holds) in IMPLICATIONS {
        let refs = query(&mut policies, &[left, right]);
        queries.push((axiom, Query::MatchesImplies(refs[0], refs[1]), holds));
    }
    for (axiom, condition, holds) in ERRORS {
        let refs = query(&mut policies, &[condition]);
        queries.push((axiom, Query::NeverErrors(refs[0]), holds));
    }
    let env = RequestEnv::new("User".parse().unwrap(), "Action::\"view\"".parse().unwrap(), "Doc".parse().unwrap());
    (Side { schema, policies }, env, queries)
}

/// How many of the hand-written queries the engine gets wrong, each in a session of its own; by axiom they are about.
fn wrong_of_written(setup: &Setup) -> BTreeMap<&'static str, usize> {
    let (side, env, queries) = written();
    let rules = side.rules();
    let held = [Held { schema: &side.schema, policies: &side.policies }];
    let mut wrong = BTreeMap::new();
    for (axiom, query, holds) in queries {
        let mut session = setup(Session::new(&rules, &env));
        let said = consult(&mut session, &held, &query);
        let right = said.wrong.is_none() && said.verdict == if holds { Verdict::Holds } else { Verdict::Fails };
        if !right {
            *wrong.entry(axiom).or_default() += 1;
        }
    }
    wrong
}

/// Generated cases, and what the oracles say of queries about them.
fn judged(seeds: std::ops::Range<u64>) -> Vec<(Case, Vec<(Query, Verdict)>)> {
    let mut symcc = Symcc::from_environment(Duration::from_secs(3));
    seeds
        .map(|seed| {
            let shape = [Shape::Small, Shape::Memberships, Shape::Hierarchy, Shape::Small][seed as usize % 4];
            let case = CaseSpec::new(seed, shape, seed % 8 == 0).0.build().unwrap();
            let mut court = Court::new(&case, 150);
            let queries = askable(&case).some(&mut Rng::new(seed), 8);
            let answers = queries.into_iter().map(|query| {
                let verdict = court.oracle(symcc.as_mut(), &query).0;
                (query, verdict)
            });
            let answers = answers.collect();
            (case, answers)
        })
        .collect()
}

/// The first few generated queries that the engine gets wrong.
fn wrong_of_generated(setup: &Setup, cases: &[(Case, Vec<(Query, Verdict)>)]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (case, queries) in cases {
        if wrong.len() >= 5 {
            break;
        }
        let rules: Vec<CompiledPolicies> = case.sides.iter().map(Side::rules).collect();
        let mut session = session(case, &rules, setup);
        for (query, verdict) in queries {
            let said = consult(&mut session, &held(case), query);
            let differs =
                matches!((&said.verdict, verdict), (Verdict::Holds, Verdict::Fails) | (Verdict::Fails, Verdict::Holds));
            if said.wrong.is_some() || differs {
                wrong.push(format!(
                    "{query:?}: {:?} {:?}, not {verdict:?}\n{}",
                    said.verdict,
                    said.wrong,
                    case.spec.text()
                ));
            }
        }
    }
    wrong
}

/// An axiom and what switches it off.
type Switch = (&'static str, fn(&mut Axioms));

const AXIOMS: [Switch; 6] = [
    ("transitivity", |axioms| axioms.transitivity = false),
    ("acyclicity", |axioms| axioms.acyclicity = false),
    ("congruence", |axioms| axioms.congruence = false),
    ("extensionality", |axioms| axioms.extensionality = false),
    ("overflow", |axioms| axioms.overflow = false),
    ("patterns", |axioms| axioms.patterns = false),
];

#[test]
fn the_hand_written_answers_are_those_of_cvc5() {
    let Some(mut symcc) = Symcc::from_environment(Duration::from_secs(10)) else { return };
    let (side, env, queries) = written();
    let policies = side
        .policies
        .iter()
        .enumerate()
        .map(|(index, made)| (PolicyRef { side: 0, index }, made.policy().expect("none is a template").clone()))
        .collect();
    let mut model = Model::new(&side.schema, &env, policies);
    for (_, query, holds) in queries {
        let expected = if holds { Verdict::Holds } else { Verdict::Fails };
        assert_eq!(symcc.ask(&mut model, &query), expected, "{query:?}");
    }
}

#[test]
fn every_axiom_is_missed_when_it_is_off() {
    let count = std::env::var("POLCHECK_CASES").map_or(80, |text| text.parse().expect("a number"));
    let cases = judged(3_000_000..3_000_000 + count);
    let unchanged: &Setup = &|session| session;
    assert_eq!(wrong_of_written(unchanged), BTreeMap::new());
    let wrong = wrong_of_generated(unchanged, &cases);
    assert!(wrong.is_empty(), "{}", wrong.join("\n====\n"));
    let mut missed = Vec::new();
    for (name, off) in AXIOMS {
        let mut axioms = Axioms::default();
        off(&mut axioms);
        let setup: Box<Setup> = Box::new(move |session| session.with_axioms(axioms).with_budget(10_000));
        let written = wrong_of_written(&*setup);
        let generated = wrong_of_generated(&*setup, &cases).len();
        println!("without {name}: wrong by axiom {written:?}, of the generated at least {generated}");
        if !written.contains_key(name) {
            missed.push(name);
        }
    }
    assert!(missed.is_empty(), "nothing notices the absence of {missed:?}");
}
