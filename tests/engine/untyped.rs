//! Policies that do not typecheck: the engine knows them as the evaluator does.
//!
//! `POLCHECK_UNTYPED` is the number of cases, `POLCHECK_SEED` the first seed.

use std::collections::BTreeMap;
use std::sync::Arc;

use cedar_policy::{Policy, PolicyId, Validator};
use polcheck::symbolic::{Answer, CompiledPolicies, Formula, PolicyRef, SchemaModel, Session, Status, Subject};

use crate::common::rng::Rng;
use crate::oracle::brute::{Outcome, explore, pinned};
use crate::oracle::compare::askable;
use crate::oracle::damage::damaged;
use crate::oracle::generate::{CaseSpec, Made, Shape, Side};
use crate::oracle::judge::{consult, held, session};
use crate::oracle::symcc::Verdict;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

const SHAPES: [Shape; 4] = [Shape::Finite, Shape::Small, Shape::Small, Shape::Full];

/// One defect as often as many: a wrong answer may show at either.
fn ill_typed(seed: u64, pair: bool) -> CaseSpec {
    let shape = SHAPES[seed as usize % SHAPES.len()];
    let (case, _) = CaseSpec::new(seed, shape, pair);
    let defects = [1, 1, 2, 4][(seed / 4) as usize % 4];
    damaged(case, &mut Rng::new(seed ^ 0x5EED), defects)
}

/// What typechecks comes to the same whether symcc compiles it or this engine.
#[test]
fn both_ways_of_compiling_come_to_the_same() {
    let first = setting("POLCHECK_SEED", 40_000);
    let (mut compared, mut formulas) = (0, 0);
    for seed in first..first + setting("POLCHECK_UNTYPED", 150) {
        let (spec, _) = CaseSpec::new(seed, SHAPES[seed as usize % SHAPES.len()], false);
        let case = spec.build().unwrap();
        let policies: Vec<&Policy> = case.sides[0].policies.iter().filter_map(Made::policy).collect();
        let mut subjects: Vec<Subject> = policies.iter().map(|policy| Subject::policy(policy)).collect();
        subjects.extend(policies.iter().map(|policy| Subject::policy(policy).untyped()));
        let rules = CompiledPolicies::new(SchemaModel::new(&case.sides[0].schema).unwrap(), subjects);
        let mut session = Session::new(&rules, &case.env);
        for index in 0..policies.len() {
            let (one, other) = (PolicyRef { side: 0, index }, PolicyRef { side: 0, index: index + policies.len() });
            if session.status(one) != Status::Applies {
                continue;
            }
            compared += 1;
            formulas += usize::from(session.equivalent(one, other));
            for of in [Formula::Matches as fn(PolicyRef) -> Formula, Formula::Errors] {
                for question in [of(one).and(!of(other)), of(other).and(!of(one))] {
                    match session.check(&question) {
                        Answer::Impossible => {}
                        Answer::Witness(_) => panic!("{question:?}\n{}", spec.text()),
                        Answer::Unknown(reason) => assert!(!reason.to_string().contains("set aside"), "{reason}"),
                    }
                }
            }
        }
    }
    println!("{compared} policies, {formulas} come to the same formula without a search");
    assert!(compared > 300, "{compared}");
    assert!(formulas * 100 > compared * 65, "{formulas} of {compared}");
}

/// The evaluator, asked about single requests, and the engine, asked whether there is such a request.
#[test]
fn the_evaluator_decides_single_requests_alike() {
    let first = setting("POLCHECK_SEED", 50_000);
    let (mut pairs, mut open, mut policies, mut refused) = (0, 0, 0, 0);
    let mut set_aside: BTreeMap<String, usize> = BTreeMap::new();
    let mut outcomes: BTreeMap<Outcome, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for seed in first..first + setting("POLCHECK_UNTYPED", 200) {
        let mut spec = ill_typed(seed, false);
        spec.sides[0].policies.retain(|policy| !policy.is_open());
        let Ok(case) = spec.build() else { continue };
        let validator = Validator::new(case.sides[0].schema.clone());
        refused += case.sides[0].policies.iter().filter(|made| !made.valid(&validator)).count();
        policies += case.sides[0].policies.len();
        let requests = pinned(&case, 10, seed);
        let pins: Vec<Policy> = requests
            .iter()
            .enumerate()
            .map(|(number, (pin, ..))| {
                let text = format!("permit(principal, action, resource) when {{ {pin} }};");
                Policy::parse(Some(PolicyId::new(format!("pin{number}"))), &text).unwrap()
            })
            .collect();
        let mut subjects: Vec<Subject> =
            case.sides[0].policies.iter().filter_map(Made::policy).map(Subject::policy).collect();
        let first_pin = subjects.len();
        subjects.extend(pins.iter().map(Subject::policy));
        let model: Arc<SchemaModel> = SchemaModel::new(&case.sides[0].schema).unwrap();
        let rules = CompiledPolicies::new(model, subjects);
        // Hard arithmetic is given up on early: it is asked about elsewhere.
        let mut session = Session::new(&rules, &case.env).with_budget(2_000);
        for (number, (_, expected, shown)) in requests.iter().enumerate() {
            let pin = Formula::Matches(PolicyRef { side: 0, index: first_pin + number });
            match session.check(&pin) {
                Answer::Witness(_) => {}
                Answer::Impossible => panic!("the request itself\n{shown}\n{}\n{}", requests[number].0, spec.text()),
                // Hard arithmetic of policies asked before.
                Answer::Unknown(_) => {
                    open += 1;
                    continue;
                }
            }
            for (index, outcome) in expected.iter().enumerate() {
                let policy = PolicyRef { side: 0, index };
                match session.status(policy) {
                    Status::SetAside(why) => {
                        *set_aside.entry(why.to_string()).or_insert(0) += 1;
                        continue;
                    }
                    Status::OutOfScope => assert_eq!(*outcome, Outcome::Fails, "{shown}\n{}", spec.text()),
                    Status::Applies => {}
                }
                *outcomes.entry(*outcome).or_default() += 1;
                pairs += 1;
                for (question, holds) in [
                    (Formula::Matches(policy), *outcome == Outcome::Matches),
                    (Formula::Errors(policy), *outcome == Outcome::Errors),
                ] {
                    let possible = match session.check(&pin.clone().and(question.clone())) {
                        Answer::Witness(_) => true,
                        Answer::Impossible => false,
                        Answer::Unknown(_) => {
                            open += 1;
                            continue;
                        }
                    };
                    if possible != holds {
                        wrong.push(format!(
                            "{question:?}: engine {possible}, evaluator {outcome:?}\n{shown}\n{}",
                            spec.text()
                        ));
                    }
                }
            }
        }
    }
    println!(
        "{pairs} pairs: {outcomes:?}; {refused} of {policies} policies refused; open: {open}; set aside: {set_aside:?}"
    );
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.first().unwrap());
    let aside: usize = set_aside.values().sum();
    assert!(aside * 50 < pairs, "{set_aside:?}");
    assert!(open * 50 < pairs, "{open}");
    assert!(refused * 2 > policies, "{refused} of {policies}");
}

/// Questions about several policies, of one side and of two, against requests that were tried; whatever is found is
/// confirmed by the authorizer.
#[test]
fn questions_about_ill_typed_policies_are_answered_as_by_trying() {
    let first = setting("POLCHECK_SEED", 60_000);
    let (mut asked, mut open) = (0, BTreeMap::new());
    for seed in first..first + setting("POLCHECK_UNTYPED", 200) {
        let spec = ill_typed(seed, seed % 3 == 0);
        let Ok(case) = spec.build() else { continue };
        let rules: Vec<CompiledPolicies> = case.sides.iter().map(Side::rules).collect();
        let mut session = session(&case, &rules, &|session| session);
        let explored = explore(&case, 300, seed);
        for query in askable(&case).some(&mut Rng::new(seed), 8) {
            let said = consult(&mut session, &held(&case), &query);
            asked += 1;
            if let Verdict::Open(why) = &said.verdict {
                *open.entry(why.clone()).or_insert(0) += 1;
            }
            let missed = said.verdict == Verdict::Holds && explored.ask(&query) == Verdict::Fails;
            assert!(
                !missed && said.wrong.is_none(),
                "{query:?}: {:?} {:?}\n{}\n{:?}",
                said.verdict,
                said.wrong,
                spec.text(),
                explored.example(&query)
            );
        }
    }
    println!("{asked} questions, open: {open:?}");
}
