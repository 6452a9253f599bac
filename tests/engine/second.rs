//! cvc5 as a second solver of sessions: it agrees where it has a say, what it has no say about is told by its cause,
//! and one that lies is found out.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cedar_policy::{PolicySet, Schema};
use polcheck::symbolic::{
    Answer, CompiledPolicies, Formula, PolicyRef, Reason, SchemaModel, Session, Silence, SolverMode, Solvers, Subject,
};
use tempfile::TempDir;

use crate::common::rng::Rng;
use crate::oracle::compare::askable;
use crate::oracle::generate::{CaseSpec, Made, Shape};
use crate::oracle::symcc::command;

/// The question that each answer gives, in a word.
fn word<T>(answer: &Answer<T>) -> &'static str {
    match answer {
        Answer::Impossible => "impossible",
        Answer::Witness(_) => "found",
        Answer::Unknown(_) => "unknown",
    }
}

fn solvers(mode: SolverMode, command: &Path) -> Arc<Solvers> {
    Solvers::new(mode, command).unwrap()
}

/// On generated policies, ill-typed ones and templates among them, all three ways come to one answer.
#[test]
fn both_solvers_say_the_same() {
    let Some(command) = command() else { return };
    let (builtin, both) = (Arc::default(), solvers(SolverMode::Both, &command));
    let alone = solvers(SolverMode::Cvc5, &command);
    let mut answers: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..60 {
        let shape = [Shape::Small, Shape::Hierarchy, Shape::Full, Shape::Finite][seed as usize % 4];
        let case = CaseSpec::new(4_400_000 + seed, shape, false).0.build().unwrap();
        let side = &case.sides[0];
        let rules = |solvers: &Arc<Solvers>| {
            let subjects = side.policies.iter().map(|made| match made {
                Made::Policy(policy) => Subject::policy(policy),
                Made::Template(template) => Subject::template(template),
            });
            let model = SchemaModel::answered_by(&side.schema, Arc::clone(solvers)).unwrap();
            CompiledPolicies::new(model, subjects.collect())
        };
        let [first, second, third] = [&builtin, &both, &alone].map(rules);
        let [mut first, mut second, mut third] = [&first, &second, &third].map(|rules| Session::new(rules, &case.env));
        for query in askable(&case).some(&mut Rng::new(seed), 8) {
            let question = query.spelled();
            let answer = first.check(&question);
            let (again, other) = (second.check(&question), third.find(&question));
            let silent = |answer: Option<&Reason>| matches!(answer, Some(Reason::Silent(_)));
            if !silent(again.unknown()) {
                assert_eq!(word(&again), word(&answer), "seed {seed}: {query:?} {again:?}");
            }
            if !silent(other.unknown()) {
                assert_eq!(word(&other), word(&answer), "seed {seed}: {query:?} {other:?}");
            }
            *answers.entry(word(&other)).or_default() += 1;
        }
    }
    let (agreed, silent) = both.tally();
    println!("{answers:?}, {agreed} agreed, {silent:?}");
    assert!(answers["impossible"] > 50 && answers["found"] > 50, "{answers:?}");
    assert!(agreed > 200, "{agreed}");
}

const SCHEMA: &str =
    "entity User { name: String, age?: Long }; action a appliesTo { principal: User, resource: User };";

/// Questions about the policies of `text`, sorted by id: whether the first matches without the second.
fn ask(text: &str, solvers: &Arc<Solvers>) -> Answer<polcheck::symbolic::Witness> {
    let (schema, _) = Schema::from_cedarschema_str(SCHEMA).unwrap();
    let model = SchemaModel::answered_by(&schema, Arc::clone(solvers)).unwrap();
    let rules = CompiledPolicies::from_set(Arc::clone(&model), &text.parse::<PolicySet>().unwrap());
    let mut session = Session::new(&rules, &model.environments()[0]);
    let matches = |index| Formula::Matches(PolicyRef { side: 0, index });
    session.find(&matches(0).and(!matches(1)))
}

const APART: &str = "permit (principal, action, resource) when { principal.name like \"a*\" };
permit (principal, action, resource) when { principal.name == \"b\" };";
const WITHIN: &str = "permit (principal, action, resource) when { principal.name == \"ab\" };
permit (principal, action, resource) when { principal.name like \"a*\" };";
const ILL_TYPED: &str = "permit (principal, action, resource) when { principal.age > 3 };
permit (principal, action, resource) when { principal.name == \"b\" };";
const ILL_TYPED_WITHIN: &str = "permit (principal, action, resource) when { principal.age > 3 };
permit (principal, action, resource) when { principal.age > 2 };";
const TEMPLATE: &str = "permit (principal, action, resource);
forbid (principal == ?principal, action, resource);";

#[test]
fn what_cvc5_has_no_say_about_is_told_by_its_cause() {
    let Some(command) = command() else { return };
    let (both, alone) = (solvers(SolverMode::Both, &command), solvers(SolverMode::Cvc5, &command));
    // Without what symcc assumes of entities, an impossible request is impossible all the more.
    for text in [APART, WITHIN, ILL_TYPED_WITHIN] {
        assert_eq!(word(&ask(text, &both)), word(&ask(text, &Arc::default())), "{text}");
        assert_eq!(word(&ask(text, &alone)), word(&ask(text, &Arc::default())), "{text}");
    }
    assert_eq!((both.tally(), alone.tally()), ((3, BTreeMap::new()), (3, BTreeMap::new())));
    for (text, why) in [(ILL_TYPED, Silence::IllTyped), (TEMPLATE, Silence::Template)] {
        assert_eq!(word(&ask(text, &both)), "found", "{text}");
        assert_eq!(ask(text, &alone).unknown(), Some(&Reason::Silent(why)), "{text}");
    }
    let silent: BTreeSet<Silence> = both.tally().1.into_keys().collect();
    assert_eq!(silent, BTreeSet::from([Silence::Template, Silence::IllTyped]));
    let silence = Reason::Silent(Silence::IllTyped).to_string();
    assert_eq!(silence, "cvc5 has no answer, since it is about a policy that does not typecheck");
}

/// A solver that says `answer` to whatever it is asked.
fn stubborn(folder: &TempDir, answer: &str) -> PathBuf {
    let path = folder.path().join(answer);
    let script =
        format!("#!/bin/sh\nwhile read -r line; do case \"$line\" in *check-sat*) echo {answer};; esac; done\n");
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn solvers_that_disagree_are_found_out() {
    let folder = TempDir::new().unwrap();
    let [yes, no, dumb] = ["sat", "unsat", "unknown"].map(|answer| stubborn(&folder, answer));
    let apart = |answer: Answer<_>| match answer {
        Answer::Unknown(Reason::Solvers { found, question }) => {
            assert!(question.contains("Matches"), "{question}");
            Some(found)
        }
        _ => None,
    };
    for mode in [SolverMode::Both, SolverMode::Cvc5] {
        // Where it says that there is one, nothing but the engine can show it.
        assert_eq!(apart(ask(WITHIN, &solvers(mode, &yes))), Some(false), "{mode:?}");
        assert_eq!(word(&ask(APART, &solvers(mode, &yes))), "found", "{mode:?}");
        // What it gives up on is not impossible.
        let silent = ask(WITHIN, &solvers(mode, &dumb));
        assert!(matches!(silent.unknown(), Some(Reason::Silent(Silence::GaveUp(_)))), "{mode:?} {silent:?}");
    }
    assert_eq!(apart(ask(APART, &solvers(SolverMode::Both, &no))), Some(true));
    // A request that was found and replayed speaks for itself.
    assert_eq!(word(&ask(APART, &solvers(SolverMode::Both, &dumb))), "found");
    let words = Reason::Solvers { found: true, question: String::new() }.to_string();
    assert_eq!(words, "the engine says that there is such a request and cvc5 that there is none; please report this");
}

#[test]
fn a_solver_that_cannot_be_started_is_an_error() {
    let nowhere = Path::new("/nowhere/cvc5");
    let why = Solvers::new(SolverMode::Both, nowhere).unwrap_err();
    assert!(why.contains("No such file"), "{why}");
    assert!(Solvers::new(SolverMode::Builtin, nowhere).is_ok());
}
