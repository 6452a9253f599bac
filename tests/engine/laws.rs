//! What must hold of the engine's answers whatever they are: no oracle is asked.

use std::sync::atomic::{AtomicUsize, Ordering};

use polcheck::symbolic::{Answer, CompiledPolicies, Formula, PolicyRef, Prepared, Reason, Session};

use crate::common::rng::Rng;
use crate::oracle::brute::explore;
use crate::oracle::compare::askable;
use crate::oracle::generate::{Case, CaseSpec, Shape, Side};
use crate::oracle::queries::{Group, Query};
use crate::oracle::syntax::{ActionScope, ActionSpec, Expr, Lit, Scope, Target};

const SEEDS: std::ops::Range<u64> = 4_000_000..4_000_300;

/// Cases one by one, on two threads.
fn each(pair: bool, law: impl Fn(u64, &Case) + Sync) {
    std::thread::scope(|scope| {
        for half in 0..2 {
            let law = &law;
            scope.spawn(move || {
                for seed in SEEDS.filter(|seed| seed % 2 == half) {
                    let shape = if seed % 3 == 0 { Shape::Finite } else { Shape::Small };
                    law(seed, &CaseSpec::new(seed, shape, pair).0.build().unwrap());
                }
            });
        }
    });
}

/// Whether there is such a request; `None` where the engine does not know.
fn possible(session: &mut Session<'_>, formula: &Formula, case: &Case) -> Option<bool> {
    match session.check(formula) {
        Answer::Impossible => Some(false),
        Answer::Witness(_) => Some(true),
        Answer::Unknown(reason) => {
            let patience = matches!(reason, Reason::Budget { .. } | Reason::Patterns { .. });
            assert!(patience, "{reason:?} for {formula:?}\n{}", case.spec.text());
            None
        }
    }
}

/// Fails when both are known and differ.
fn same(left: Option<bool>, right: Option<bool>, what: &str, formula: &Formula, case: &Case) {
    if let (Some(left), Some(right)) = (left, right) {
        assert_eq!(left, right, "{what}: {formula:?}\n{}", case.spec.text());
    }
}

fn rules(case: &Case) -> Vec<CompiledPolicies> {
    case.sides.iter().map(Side::rules).collect()
}

fn questions(case: &Case, seed: u64, count: usize) -> Vec<Formula> {
    askable(case).some(&mut Rng::new(seed), count).iter().map(Query::spelled).collect()
}

fn whole(case: &Case, side: usize) -> Group {
    let mut group = Group { permits: Vec::new(), forbids: Vec::new() };
    for (policy, permit) in askable(case).policies {
        if policy.side == side && !case.spec.policy(policy).is_open() {
            if permit { group.permits.push(policy) } else { group.forbids.push(policy) }
        }
    }
    group
}

fn differ(left: &Formula, right: &Formula) -> Formula {
    left.clone().and(!right.clone()).or((!left.clone()).and(right.clone()))
}

#[test]
fn answers_follow_the_laws_of_logic() {
    each(false, |seed, case| {
        let rules = rules(case);
        let mut session = Session::new(&rules[0], &case.env);
        let asked = questions(case, seed, 8);
        for pair in asked.chunks_exact(2) {
            let (a, b) = (&pair[0], &pair[1]);
            let both = possible(&mut session, &a.clone().and(b.clone()), case);
            // `a` and `b` together are impossible exactly when `a` implies `not b`.
            let implies = !Formula::Or(vec![!a.clone(), !b.clone()]);
            same(both, possible(&mut session, &implies, case), "implication", &implies, case);
            same(both, possible(&mut session, &b.clone().and(a.clone()), case), "order", a, case);
            // A case split loses nothing.
            let with = possible(&mut session, &a.clone().and(b.clone()), case);
            let without = possible(&mut session, &a.clone().and(!b.clone()), case);
            if let (Some(with), Some(without)) = (with, without) {
                same(possible(&mut session, a, case), Some(with || without), "case split", a, case);
            }
            same(possible(&mut session, &a.clone().or(!a.clone()), case), Some(true), "excluded middle", a, case);
            same(possible(&mut session, &a.clone().and(!a.clone()), case), Some(false), "contradiction", a, case);
        }
        for (policy, _) in askable(case).policies {
            let both = Formula::Matches(policy).and(Formula::Errors(policy));
            same(possible(&mut session, &both, case), Some(false), "matching in error", &both, case);
        }
    });
}

#[test]
fn a_session_answers_as_a_new_one_does() {
    each(false, |seed, case| {
        let rules = rules(case);
        let mut warm = Session::new(&rules[0], &case.env);
        for question in questions(case, seed, 8) {
            let mut cold = Session::new(&rules[0], &case.env);
            same(
                possible(&mut warm, &question, case),
                possible(&mut cold, &question, case),
                "new session",
                &question,
                case,
            );
            // Asked again, and with a witness in between.
            let found = match warm.find(&question) {
                Answer::Impossible => Some(false),
                Answer::Witness(_) => Some(true),
                Answer::Unknown(_) => None,
            };
            same(found, possible(&mut warm, &question, case), "asked again", &question, case);
        }
    });
}

#[test]
fn what_is_the_same_twice_does_the_same() {
    each(false, |_, case| {
        let mut twice = case.clone();
        let count = twice.sides[0].policies.len();
        let again = twice.sides[0].policies.clone();
        // Slots of templates are free: two of them are not the same.
        twice.sides[0].policies.extend(again);
        let rules = rules(&twice);
        let mut session = Session::new(&rules[0], &case.env);
        for (index, made) in case.sides[0].policies.iter().enumerate().filter(|(_, made)| made.policy().is_some()) {
            let at = |index| PolicyRef { side: 0, index };
            for of in [Formula::Matches, Formula::Errors] {
                let question = differ(&of(at(index)), &of(at(count + index)));
                same(possible(&mut session, &question, case), Some(false), "the same policy twice", &question, case);
            }
            let _ = made;
        }
    });
}

#[test]
fn identical_sides_do_not_differ() {
    each(false, |_, case| {
        let rules = rules(case);
        let mut session = Session::pair(&rules[0], &rules[0], &case.env);
        let (old, new) = (session.allow(0), session.allow(1));
        let question = differ(&old, &new);
        same(possible(&mut session, &question, case), Some(false), "identical sides", &question, case);
        for (index, _) in case.sides[0].policies.iter().enumerate().filter(|(_, made)| made.policy().is_some()) {
            let at = |side| PolicyRef { side, index };
            let question = differ(&Formula::Errors(at(0)), &Formula::Errors(at(1)));
            same(possible(&mut session, &question, case), Some(false), "errors of identical sides", &question, case);
        }
    });
}

fn mirrored(formula: &Formula) -> Formula {
    let turn = |policy: &PolicyRef| PolicyRef { side: 1 - policy.side, ..*policy };
    match formula {
        Formula::Matches(policy) => Formula::Matches(turn(policy)),
        Formula::Errors(policy) => Formula::Errors(turn(policy)),
        Formula::Not(inner) => !mirrored(inner),
        Formula::And(all) => Formula::And(all.iter().map(mirrored).collect()),
        Formula::Or(any) => Formula::Or(any.iter().map(mirrored).collect()),
        other => other.clone(),
    }
}

#[test]
fn mirrored_pairs_mirror() {
    each(true, |seed, case| {
        let rules = rules(case);
        let mut forth = Session::pair(&rules[0], &rules[1], &case.env);
        let mut back = Session::pair(&rules[1], &rules[0], &case.env);
        for question in questions(case, seed, 8) {
            let (there, here) =
                (possible(&mut forth, &question, case), possible(&mut back, &mirrored(&question), case));
            same(there, here, "mirror", &question, case);
        }
    });
}

#[test]
fn a_pair_only_takes_requests_away() {
    each(true, |seed, case| {
        let rules = rules(case);
        let mut pair = Session::pair(&rules[0], &rules[1], &case.env);
        let mut old = Session::new(&rules[0], &case.env);
        let equal = case.spec.sides[0].schema == case.spec.sides[1].schema;
        for question in questions(case, seed, 12) {
            let mut one_side = true;
            question.policies(&mut |policy| one_side &= policy.side == 0);
            if !one_side {
                continue;
            }
            let (alone, beside) = (possible(&mut old, &question, case), possible(&mut pair, &question, case));
            if equal || alone == Some(false) {
                same(alone, beside, "beside another side", &question, case);
            }
        }
    });
}

#[test]
fn the_order_of_policies_does_not_matter() {
    each(false, |seed, case| {
        let rules_of = rules(case);
        let mut turned = case.clone();
        turned.sides[0].policies.reverse();
        let rules_turned = rules(&turned);
        let last = case.sides[0].policies.len() - 1;
        fn turn(formula: &Formula, last: usize) -> Formula {
            let to = |policy: &PolicyRef| PolicyRef { index: last - policy.index, ..*policy };
            match formula {
                Formula::Matches(policy) => Formula::Matches(to(policy)),
                Formula::Errors(policy) => Formula::Errors(to(policy)),
                Formula::Not(inner) => !turn(inner, last),
                Formula::And(all) => Formula::And(all.iter().map(|part| turn(part, last)).collect()),
                Formula::Or(any) => Formula::Or(any.iter().map(|part| turn(part, last)).collect()),
                other => other.clone(),
            }
        }
        let mut forth = Session::new(&rules_of[0], &case.env);
        let mut back = Session::new(&rules_turned[0], &case.env);
        for question in questions(case, seed, 6) {
            let turned = turn(&question, last);
            same(possible(&mut forth, &question, case), possible(&mut back, &turned, case), "order", &question, case);
        }
    });
}

/// Ids are names: others do as well.
#[test]
fn the_ids_of_entities_do_not_matter() {
    fn renamed(id: &mut String) {
        *id = format!("{id} zz");
    }
    each(false, |seed, case| {
        let mut spec = case.spec.clone();
        for side in &mut spec.sides {
            let standard: Vec<bool> = side.schema.entities.iter().map(|entity| entity.members.is_none()).collect();
            for policy in &mut side.policies {
                for scope in [&mut policy.principal, &mut policy.resource] {
                    if let Scope::Eq(target) | Scope::In(target) | Scope::IsIn(_, target) = scope
                        && let Target::Entity(ty, id) = target
                        && standard[*ty]
                    {
                        renamed(id);
                    }
                }
                for (ty, id) in policy.link.iter_mut().flatten().flatten() {
                    if standard[*ty] {
                        renamed(id);
                    }
                }
                for (_, expr) in &mut policy.conditions {
                    expr.visit_mut(&mut |expr| {
                        if let Expr::Lit(Lit::Entity(ty, id)) = expr
                            && standard[*ty]
                        {
                            renamed(id);
                        }
                    });
                }
            }
        }
        let other = spec.build().unwrap();
        let (rules_of, rules_other) = (rules(case), rules(&other));
        let mut one = Session::new(&rules_of[0], &case.env);
        let mut two = Session::new(&rules_other[0], &case.env);
        for question in questions(case, seed, 6) {
            same(possible(&mut one, &question, case), possible(&mut two, &question, case), "ids", &question, case);
        }
    });
}

/// A policy that the engine calls shadowed can go: no decision on any request tried changes.
#[test]
fn removing_a_shadowed_policy_changes_no_decision() {
    let shadowed = std::sync::atomic::AtomicUsize::new(0);
    each(false, |seed, case| {
        let rules = rules(case);
        let mut session = Session::new(&rules[0], &case.env);
        let all = whole(case, 0);
        let mut tried = None;
        for p in all.members() {
            let permit = all.permits.contains(&p);
            let mut rest = all.clone();
            rest.permits.retain(|q| *q != p);
            rest.forbids.retain(|q| *q != p);
            let others = if permit { &rest.permits } else { &rest.forbids };
            let any = Formula::Or(others.iter().copied().map(Formula::Matches).collect());
            if possible(&mut session, &Formula::Matches(p).and(!any), case) != Some(false) {
                continue;
            }
            shadowed.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let query = Query::Equivalent(all.clone(), rest);
            let explored = tried.get_or_insert_with(|| explore(case, 150, seed));
            assert_eq!(explored.example(&query), None, "without {p:?}\n{}", case.spec.text());
            same(possible(&mut session, &query.question(), case), Some(false), "shadowed", &query.question(), case);
        }
    });
    assert!(shadowed.into_inner() > 50);
}

/// Terms that were compiled for one environment are used for others that differ in the action only; and compiling on
/// all cores is compiling.
#[test]
fn terms_are_the_same_for_every_action_that_they_are_used_for() {
    let compared = AtomicUsize::new(0);
    each(false, |seed, _| {
        let mut spec = CaseSpec::new(seed, if seed % 2 == 0 { Shape::Full } else { Shape::Small }, false).0;
        // Another action that is as the first.
        let side = &mut spec.sides[0];
        let twin = ActionSpec { name: "twin".to_owned(), ..side.schema.actions[0].clone() };
        for policy in &mut side.policies {
            if let ActionScope::In(names) = &mut policy.action
                && names.contains(&side.schema.actions[0].name)
            {
                names.push(twin.name.clone());
            }
        }
        side.schema.actions.push(twin);
        let case = spec.build().unwrap();
        let (lazy, parallel) = (case.sides[0].rules(), case.sides[0].rules());
        for environment in lazy.schema().environments() {
            let ahead = Session::from(Prepared::new(&parallel, environment));
            let mut sessions = [Session::new(&lazy, environment), ahead];
            let [one, other] = sessions.each_mut().map(|session| (session.applicable(0), session.set_aside(0)));
            assert_eq!(one, other, "{}", case.spec.text());
        }
        for environment in lazy.schema().environments() {
            for rules in [&lazy, &parallel] {
                let same = rules.compare_kept(environment);
                let same = same.unwrap_or_else(|policy| panic!("{policy} in {environment:?}\n{}", case.spec.text()));
                compared.fetch_add(same, Ordering::Relaxed);
            }
        }
    });
    let compared = compared.into_inner();
    println!("{compared} compared");
    assert!(compared > 500, "{compared}");
}
