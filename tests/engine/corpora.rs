//! The engine against cvc5 on real policies: every kind of query over every request environment.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use cedar_policy::{Effect, Policy, RequestEnv};
use polcheck::symbolic::{CompiledPolicies, PolicyRef, Session, Status};

use crate::common::rng::Rng;
use crate::oracle::generate::{Made, Side, substituted};
use crate::oracle::judge::{Tally, consult};
use crate::oracle::queries::{Group, KINDS, Query};
use crate::oracle::replay::Held;
use crate::oracle::stores::{Store, all, environments, load};
use crate::oracle::symcc::{Model, Symcc, Verdict};
use crate::{common, oracle};

/// More queries than this about one environment are sampled.
const PER_ENVIRONMENT: usize = 400;

fn side(store: &Store) -> Side {
    Side { schema: store.schema.clone(), policies: store.policies.clone() }
}

/// Policies of several sides as cvc5 takes them; they must have one schema.
fn model(sides: &[&Store], env: &RequestEnv) -> Model {
    let mut policies: BTreeMap<PolicyRef, Policy> = BTreeMap::new();
    for (number, store) in sides.iter().enumerate() {
        for (index, made) in store.policies.iter().enumerate() {
            if let Made::Policy(policy) = made {
                policies.insert(PolicyRef { side: number, index }, substituted(policy));
            }
        }
    }
    Model::new(&sides[0].schema, env, policies)
}

fn group(store: &Store, side: usize, without: Option<usize>) -> Group {
    let mut group = Group { permits: Vec::new(), forbids: Vec::new() };
    for (index, made) in store.policies.iter().enumerate() {
        let Made::Policy(policy) = made else { continue };
        // Our own links would open what the store leaves shut.
        if Some(index) == without || store.links.iter().any(|(_, link)| *link == index) {
            continue;
        }
        let to = if policy.effect() == Effect::Permit { &mut group.permits } else { &mut group.forbids };
        to.push(PolicyRef { side, index });
    }
    group
}

/// All queries about the store in an environment, given which policies apply there.
fn queries(store: &Store, applicable: &[PolicyRef]) -> Vec<Query> {
    let mut queries = Vec::new();
    for p in applicable {
        queries.extend([Query::NeverMatches(*p), Query::AlwaysMatches(*p), Query::NeverErrors(*p)]);
    }
    let effect = |policy: &PolicyRef| store.policies[policy.index].effect();
    for p in applicable {
        for q in applicable.iter().filter(|q| *q != p) {
            queries.push(Query::MatchesImplies(*p, *q));
            if p < q {
                queries.push(Query::MatchesDisjoint(*p, *q));
                if effect(p) == effect(q) {
                    queries.push(Query::MatchesEquivalent(*p, *q));
                }
            }
        }
    }
    let whole = group(store, 0, None);
    queries.extend([Query::AlwaysAllows(whole.clone()), Query::AlwaysDenies(whole.clone())]);
    for p in applicable.iter().filter(|p| whole.members().any(|member| member == **p)) {
        let rest = group(store, 0, Some(p.index));
        let alone = match effect(p) {
            Effect::Permit => Group { permits: vec![*p], forbids: whole.forbids.clone() },
            Effect::Forbid => Group { permits: whole.permits.clone(), forbids: vec![*p] },
        };
        queries.extend([
            Query::Implies(whole.clone(), rest.clone()),
            Query::Implies(rest.clone(), whole.clone()),
            Query::Equivalent(whole.clone(), rest.clone()),
            Query::Disjoint(alone, rest),
        ]);
    }
    queries
}

/// Compares one answer; a disagreement in words.
fn compare(
    session: &mut Session<'_>,
    held: &[Held<'_>],
    symcc: &mut Symcc,
    model: &mut Model,
    query: &Query,
    tally: &mut Tally,
) -> Option<Verdict> {
    let said = consult(session, held, query);
    tally.add(query, &said.verdict);
    let oracle = symcc.ask(model, query);
    *tally.compared.entry(if matches!(oracle, Verdict::Open(_)) { "nothing" } else { "cvc5" }).or_default() += 1;
    let differs =
        matches!((&said.verdict, &oracle), (Verdict::Holds, Verdict::Fails) | (Verdict::Fails, Verdict::Holds));
    if differs || said.wrong.is_some() {
        let env = session.environment();
        tally.disagreements.push(format!(
            "{} {query:?} in ({}, {}, {})\nengine: {:?} {:?}\ncvc5: {oracle:?}",
            KINDS[query.kind()],
            env.principal(),
            env.action(),
            env.resource(),
            said.verdict,
            said.wrong,
        ));
    }
    Some(said.verdict)
}

fn run(store: &Store, symcc: &mut Symcc, tally: &mut Tally, sampled: &mut usize) {
    let side = side(store);
    let rules = side.rules();
    let held = [Held { schema: &side.schema, policies: &side.policies }];
    let mut seed = store.name.bytes().fold(0u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let before = tally.disagreements.len();
    for env in environments(&store.schema) {
        let mut session = Session::new(&rules, &env);
        let mut model = model(&[store], &env);
        let applicable = session.applicable(0);
        assert!(session.set_aside(0).is_empty(), "{}: {:?}", store.name, session.set_aside(0));
        let (templates, applicable): (Vec<_>, Vec<_>) =
            applicable.into_iter().partition(|policy| store.policies[policy.index].policy().is_none());
        // What does not apply neither matches nor errs.
        for (index, made) in store.policies.iter().enumerate().filter(|(_, made)| made.policy().is_some()).take(20) {
            let policy = PolicyRef { side: 0, index };
            if session.status(policy) == Status::OutOfScope {
                assert_eq!(
                    symcc.ask(&mut model, &Query::NeverMatches(policy)),
                    Verdict::Holds,
                    "{} {made:?}",
                    store.name
                );
                assert_eq!(
                    symcc.ask(&mut model, &Query::NeverErrors(policy)),
                    Verdict::Holds,
                    "{} {made:?}",
                    store.name
                );
            }
        }
        let mut queries = queries(store, &applicable);
        if queries.len() > PER_ENVIRONMENT {
            *sampled += queries.len() - PER_ENVIRONMENT;
            seed += 1;
            Rng::new(seed).shuffle(&mut queries);
            queries.truncate(PER_ENVIRONMENT);
        }
        for query in &queries {
            compare(&mut session, &held, symcc, &mut model, query, tally);
        }
        // A template does what its links do.
        for template in templates {
            for question in
                [Query::NeverMatches(template), Query::NeverErrors(template), Query::AlwaysMatches(template)]
            {
                let said = consult(&mut session, &held, &question);
                tally.add(&question, &said.verdict);
                *tally.compared.entry("links").or_default() += 1;
                let of_link = |index: usize| {
                    let link = PolicyRef { side: 0, index };
                    match question {
                        Query::NeverMatches(_) => Query::NeverMatches(link),
                        Query::NeverErrors(_) => Query::NeverErrors(link),
                        _ => Query::AlwaysMatches(link),
                    }
                };
                let links = store.links.iter().filter(|(of, _)| *of == template.index);
                let breaks = links.clone().any(|(_, link)| symcc.ask(&mut model, &of_link(*link)) == Verdict::Fails);
                if said.wrong.is_some() || (said.verdict == Verdict::Holds && breaks) {
                    tally.disagreements.push(format!("{question:?}: {:?} {:?}", said.verdict, said.wrong));
                }
            }
        }
    }
    for text in &mut tally.disagreements[before..] {
        *text = format!("{}: {text}", store.name);
    }
}

#[test]
fn every_query_over_every_valid_store() {
    let Some(dir) = common::corpora() else { return };
    let Some(command) = oracle::symcc::command() else { return };
    let (stores, invalid) = all(&dir);
    let started = Instant::now();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let work = || {
        let mut symcc = Symcc::new(command.clone(), Duration::from_secs(20));
        let (mut tally, mut sampled) = (Tally::default(), 0);
        while let Some(store) = stores.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
            run(store, &mut symcc, &mut tally, &mut sampled);
        }
        (tally, sampled)
    };
    let (mut tally, mut sampled) = (Tally::default(), 0);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            let (some, left) = thread.join().unwrap();
            tally.merge(some);
            sampled += left;
        }
    });
    let environments: usize = stores.iter().map(|store| environments(&store.schema).len()).sum();
    println!(
        "{} stores ({invalid} not valid), {environments} environments, {sampled} queries left out by sampling, {} s",
        stores.len(),
        started.elapsed().as_secs()
    );
    assert!(stores.len() >= 70, "only {} stores", stores.len());
    tally.assert_sound();
}

/// Two revisions under one schema, and in how many environments permissions are gained and lost.
#[test]
fn known_differences_between_revisions() {
    let Some(dir) = common::corpora() else { return };
    let Some(mut symcc) = Symcc::from_environment(Duration::from_secs(20)) else { return };
    let photos = "cedar-for-agents/photo_sharing";
    let tiny = "cedar-examples/tinytodo";
    let (a, b) = ("cedar-cli-sample-data/sandbox_a", "cedar-cli-sample-data/sandbox_b");
    let photo = |other: &'static str| (photos, vec!["current_policies.cedar"], vec!["current_policies.cedar", other]);
    let todo = |new: &'static str| (tiny, vec!["policies.cedar"], vec![new]);
    // Folder, old, new, schema, environments gained, environments lost.
    let mut tally = Tally::default();
    for ((folder, old, new), schema, gained, lost) in [
        (photo("bob_policy.cedar"), "photo_sharing.cedarschema", 0, 0),
        (photo("ineffective_policy.cedar"), "photo_sharing.cedarschema", 0, 0),
        (photo("forbid_alice.cedar"), "photo_sharing.cedarschema", 0, 1),
        (photo("new_policy.cedar"), "photo_sharing.cedarschema", 1, 0),
        (photo("refactor.cedar"), "photo_sharing.cedarschema", 1, 1),
        (todo("variants/policies-with-policy4.cedar"), "tinytodo.cedarschema", 7, 0),
        (todo("variants/policies-with-policy5.cedar"), "tinytodo.cedarschema", 0, 1),
        (todo("variants/policies-with-policy6.cedar"), "tinytodo.cedarschema", 0, 5),
        ((a, vec!["policies_1.cedar"], vec!["policies_2.cedar"]), "schema.cedarschema", 9, 1),
        ((a, vec!["policies_2.cedar"], vec!["policies_3.cedar"]), "schema.cedarschema", 6, 6),
        ((b, vec!["policies_4.cedar"], vec!["policies_5.cedar"]), "schema.cedarschema.json", 2, 2),
        ((b, vec!["policies_5.cedar"], vec!["policies_6.cedar"]), "schema.cedarschema.json", 2, 2),
    ] {
        let store = |files: &[&str]| {
            let files: Vec<String> = files.iter().map(|file| format!("{folder}/{file}")).collect();
            load(&dir, &files, &format!("{folder}/{schema}"), None).unwrap()
        };
        let (old, new) = (store(&old), store(&new));
        let sides = [side(&old), side(&new)];
        let rules: Vec<CompiledPolicies> = sides.iter().map(Side::rules).collect();
        let held: Vec<Held<'_>> =
            sides.iter().map(|side| Held { schema: &side.schema, policies: &side.policies }).collect();
        let mut found = (0, 0);
        for env in environments(&old.schema) {
            let mut session = Session::pair(&rules[0], &rules[1], &env);
            let mut model = model(&[&old, &new], &env);
            let (before, after) = (group(&old, 0, None), group(&new, 1, None));
            let asked = [
                Query::Implies(after.clone(), before.clone()),
                Query::Implies(before.clone(), after.clone()),
                Query::Equivalent(before.clone(), after.clone()),
                Query::Disjoint(before, after),
            ];
            let said: Vec<_> = asked
                .iter()
                .map(|query| compare(&mut session, &held, &mut symcc, &mut model, query, &mut tally))
                .collect();
            found.0 += usize::from(said[0] == Some(Verdict::Fails));
            found.1 += usize::from(said[1] == Some(Verdict::Fails));
        }
        assert_eq!(found, (gained, lost), "{} -> {}: gained, lost", old.name, new.name);
    }
    tally.assert_sound();
}

#[test]
fn terms_are_the_same_for_every_action_that_they_are_used_for() {
    let Some(dir) = common::corpora() else { return };
    let mut compared = 0;
    for store in all(&dir).0 {
        let rules = side(&store).rules();
        let environments = rules.schema().environments();
        for environment in environments {
            Session::new(&rules, environment).applicable(0);
        }
        for environment in environments {
            let same = rules.compare_kept(environment);
            compared += same.unwrap_or_else(|policy| panic!("{}: {policy} in {environment:?}", store.name));
        }
    }
    println!("{compared} compared");
    assert!(compared > 500, "{compared}");
}
