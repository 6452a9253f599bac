//! How fast the engine is, and where the time goes: `cargo bench --bench engine`.
//!
//! Stores are generated: policies as an application with teams, folders and documents would have them. Times are wall
//! times of one run each, on whatever else the machine is doing; compare them with each other, not with other machines.

mod reference;
mod store;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use std::time::{Duration, Instant};

use cedar_policy::{Effect, PolicyId, PolicySet, RequestEnv, Schema};
use polcheck::symbolic::{Answer, CompiledPolicies, Formula, PolicyRef, Prepared, SchemaModel, Session, Subject};
use rayon::prelude::*;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let run = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    for sized in &wanted {
        match sized.split_once('=').map(|(name, size)| (name, size.parse().expect("a number of policies"))) {
            Some(("lint", policies)) => lint(policies),
            Some(("diff", policies)) => diff(policies, 7),
            _ => {}
        }
    }
    if run("query") {
        query();
    }
    if run("diff") {
        for policies in [100, 300, 1000, 3000, 5000] {
            diff(policies, 7);
        }
    }
    if run("environments") {
        diff(1000, 1048);
    }
    if run("reference") {
        for policies in [12, 100, 300] {
            against_reference(policies);
        }
    }
    if run("lint") {
        for policies in [100, 1000, 3000] {
            lint(policies);
        }
    }
    println!("peak memory: {}", peak());
}

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap_or("not known here")
        .trim_start_matches("VmHWM:")
        .trim()
        .to_owned()
}

fn ms(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1000.0)
}

fn id(index: usize) -> PolicyRef {
    PolicyRef { side: 0, index }
}

fn any(policies: &[PolicyRef]) -> Formula {
    Formula::Or(policies.iter().copied().map(Formula::Matches).collect())
}

/// Every pairwise question over a store of 12 policies, warm.
fn query() {
    let schema = SchemaModel::new(&Schema::from_cedarschema_str(&store::schema(7)).unwrap().0).unwrap();
    let set: PolicySet = store::policies(12, 7).join("\n").parse().unwrap();
    let rules = CompiledPolicies::from_set(schema.clone(), &set);
    let (mut count, mut total, mut worst) = (0, Duration::ZERO, Duration::ZERO);
    for environment in schema.environments() {
        let mut session = Session::new(&rules, environment);
        let applicable = session.applicable(0);
        for a in &applicable {
            let _ = session.check(&Formula::Matches(*a));
        }
        for a in &applicable {
            for b in &applicable {
                let start = Instant::now();
                let _ = session.check(&Formula::Matches(*a).and(!Formula::Matches(*b)));
                let took = start.elapsed();
                count += 1;
                total += took;
                worst = worst.max(took);
            }
        }
    }
    println!("query: 12 policies, {count} questions: mean {}, worst {}", ms(total / count), ms(worst));
}

/// The policies, in this order, read as the tool reads files: some at a time, on all cores.
fn parse(texts: &[String]) -> Vec<Subject> {
    let chunk = |chunk: &[String]| -> Vec<Subject> {
        let set: PolicySet = chunk.join("\n").parse().unwrap();
        let policy = |index| set.policy(&PolicyId::new(format!("policy{index}"))).unwrap();
        (0..chunk.len()).map(|index| Subject::policy(policy(index))).collect()
    };
    texts.par_chunks(64).flat_map_iter(chunk).collect()
}

/// One policy of many changed: from text to "gained and lost in these environments".
fn diff(policies: usize, environments: usize) {
    let mut old = store::policies(policies, environments);
    let schema_text = store::schema(environments);
    let middle = policies / 2;
    // The changed one is a policy of its own, after the others.
    let changed = old[middle].replace("};", "&& context.hour > 8 };");
    old.push(changed);
    let begin = Instant::now();
    let read_schema = || {
        let schema = SchemaModel::new(&Schema::from_cedarschema_str(&schema_text).unwrap().0).unwrap();
        (schema, begin.elapsed())
    };
    let ((schema, schema_done), subjects) = rayon::join(read_schema, || parse(&old));
    let parse_done = begin.elapsed();
    let rules = CompiledPolicies::new(schema.clone(), subjects);
    let (before, after) = (id(middle), id(policies));
    let looked_at: Vec<_> = schema
        .environments()
        .iter()
        .filter(|environment| rules.subjects()[middle].admits(&schema, environment))
        .collect();
    let few = looked_at.len() < rayon::current_num_threads();
    let look = |environment: &&RequestEnv| {
        let start = Instant::now();
        let ready = || Session::from(Prepared::new(&rules, environment));
        let mut session = if few { ready() } else { Session::new(&rules, environment) };
        let applicable = session.applicable(0);
        let compile = start.elapsed();
        let changed_effect = rules.subjects()[middle].effect();
        let unchanged = applicable.into_iter().filter(|policy| *policy != before && *policy != after);
        let (permits, forbids): (Vec<PolicyRef>, Vec<PolicyRef>) =
            unchanged.partition(|policy| rules.subjects()[policy.index].effect() == Effect::Permit);
        // What the one side allows and the other does not: a permit of its own decides, or the other's own forbid did.
        let more = |mine: PolicyRef, other: PolicyRef| {
            let (mut permits, mut forbids) = (permits.clone(), forbids.clone());
            if changed_effect == Effect::Permit {
                permits.push(other);
                return Formula::And(vec![Formula::Matches(mine), !any(&permits), !any(&forbids)]);
            }
            forbids.push(mine);
            Formula::And(vec![Formula::Matches(other), any(&permits), !any(&forbids)])
        };
        let gained = matches!(session.check(&more(after, before)), Answer::Witness(_));
        let lost = matches!(session.check(&more(before, after)), Answer::Witness(_));
        (gained, lost, compile, start.elapsed() - compile)
    };
    let each: Vec<(bool, bool, Duration, Duration)> = looked_at.par_iter().map(look).collect();
    let total = begin.elapsed();
    let count = |which: fn(&(bool, bool, Duration, Duration)) -> bool| each.iter().filter(|one| which(one)).count();
    println!(
        "diff: {policies} policies, {} environments ({} looked at, {} gained, {} lost): {} in all; schema and parsing {} (schema {}); summed over threads: compiling {}, encoding and solving {}",
        schema.environments().len(),
        looked_at.len(),
        count(|one| one.0),
        count(|one| one.1),
        ms(total),
        ms(parse_done),
        ms(schema_done),
        ms(each.iter().map(|one| one.2).sum()),
        ms(each.iter().map(|one| one.3).sum()),
    );
}

/// "Do both allow the same?", old and new, with one policy changed, in one environment: here and with symcc and cvc5.
fn against_reference(policies: usize) {
    let mut texts = store::policies(policies, 7);
    let cedar = Schema::from_cedarschema_str(&store::schema(7)).unwrap().0;
    let schema = SchemaModel::new(&cedar).unwrap();
    let old: PolicySet = texts.join("\n").parse().unwrap();
    let middle = policies / 2;
    texts[middle] = texts[middle].replace("};", "&& context.hour > 8 };");
    let new: PolicySet = texts.join("\n").parse().unwrap();
    let environment = &schema.environments()[middle % 7];
    let start = Instant::now();
    let sides = [&old, &new].map(|set| CompiledPolicies::from_set(schema.clone(), set));
    let mut session = Session::pair(&sides[0], &sides[1], environment);
    let [before, after] = [0, 1].map(|side| session.allow(side));
    let implied = [(&after, &before), (&before, &after)]
        .map(|(first, second)| session.check(&first.clone().and(!second.clone())).is_impossible());
    let ours = start.elapsed();
    match reference::equal(&cedar, environment, &old, &new) {
        None => println!("reference: POLCHECK_CVC5 is not set"),
        Some((Err(why), took)) => println!(
            "reference: {policies} policies: no answer from cvc5 after {} ({why}); here {}",
            ms(took),
            ms(ours)
        ),
        Some((Ok(theirs), took)) => {
            assert_eq!(theirs, implied, "the two disagree");
            println!(
                "reference: {policies} policies, both directions, compiling included: here {}, symcc and cvc5 {}: {:.0} times",
                ms(ours),
                ms(took),
                took.as_secs_f64() / ours.as_secs_f64()
            );
        }
    }
}

/// Never, always, shadowed, overridden for every policy of a store.
fn lint(policies: usize) {
    let schema = SchemaModel::new(&Schema::from_cedarschema_str(&store::schema(7)).unwrap().0).unwrap();
    let set: PolicySet = store::policies(policies, 7).join("\n").parse().unwrap();
    let rules = CompiledPolicies::from_set(schema.clone(), &set);
    let begin = Instant::now();
    let each: Vec<(usize, usize, Duration)> = schema
        .environments()
        .par_iter()
        .map(|environment| {
            let mut session = Session::new(&rules, environment);
            let start = Instant::now();
            let applicable = session.applicable(0);
            let compile = start.elapsed();
            let mut shadowed = 0;
            for policy in &applicable {
                let effect = rules.subjects()[policy.index].effect();
                let others = Formula::AnyOther { side: 0, effect, except: policy.index };
                let mut question = vec![Formula::Matches(*policy), !others];
                if effect == Effect::Permit {
                    question.push(!Formula::AnyOther { side: 0, effect: Effect::Forbid, except: usize::MAX });
                }
                if session.check(&Formula::And(question)).is_impossible() {
                    shadowed += 1;
                }
            }
            (applicable.len(), shadowed, compile)
        })
        .collect();
    let took = begin.elapsed();
    let questions: usize = each.iter().map(|(questions, ..)| questions).sum();
    let shadowed: usize = each.iter().map(|(_, shadowed, _)| shadowed).sum();
    let compile: Duration = each.iter().map(|(.., compile)| *compile).sum();
    println!(
        "lint: {policies} policies: {} for {questions} questions ({shadowed} impossible); compiling, summed over threads, {}",
        ms(took),
        ms(compile),
    );
}
