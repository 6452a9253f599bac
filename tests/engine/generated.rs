//! The engine against cvc5 and against brute force, on generated schemas and policies.
//!
//! `POLCHECK_GENERATED` is the number of queries, `POLCHECK_SEED` the first seed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use polcheck::symbolic::CompiledPolicies;

use crate::common::rng::Rng;
use crate::oracle::compare::askable;
use crate::oracle::generate::{CaseSpec, Shape, Side};
use crate::oracle::judge::{Court, Setup, Tally, judge, session, shrink};
use crate::oracle::symcc::{Symcc, command};

const PER_CASE: usize = 10;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// Half of the cases have two sides; a few have large schemas.
fn case(seed: u64) -> CaseSpec {
    let shape = match seed % 8 {
        0..=1 => Shape::Finite,
        5 => Shape::Memberships,
        6 => Shape::Hierarchy,
        7 => Shape::Full,
        _ => Shape::Small,
    };
    CaseSpec::new(seed, shape, (seed / 8) % 2 == 1).0
}

fn run(seed: u64, symcc: &mut Option<Symcc>, tally: &mut Tally) {
    let spec = case(seed);
    let case = spec.build().unwrap_or_else(|error| panic!("{error}\n{}", spec.text()));
    let rules: Vec<CompiledPolicies> = case.sides.iter().map(Side::rules).collect();
    let setup: &Setup = &|session| session;
    let mut session = session(&case, &rules, setup);
    let mut court = Court::new(&case, 400);
    for query in askable(&case).some(&mut Rng::new(seed ^ 0xA5A5), PER_CASE) {
        if let Some(text) = judge(&mut session, &mut court, symcc.as_mut(), &query, tally) {
            // Answers may depend on what was asked before: what does not show in a new session is told as it came.
            let shrunk = shrink(&spec, &query, setup, symcc.as_mut(), 400);
            let text = shrunk.unwrap_or_else(|| format!("only after other questions in the session:\n{text}"));
            println!("{text}");
            tally.disagreements.push(text);
        }
    }
}

#[test]
fn generated_queries_are_answered_as_the_oracles_answer_them() {
    let queries = setting("POLCHECK_GENERATED", 3_000);
    let first = setting("POLCHECK_SEED", 1_000_000);
    let command = command();
    let seeds = queries.div_ceil(PER_CASE as u64);
    let next = AtomicU64::new(0);
    let started = Instant::now();
    let work = || {
        let mut tally = Tally::default();
        let mut symcc = command.clone().map(|command| Symcc::new(command, Duration::from_secs(3)));
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= seeds || tally.disagreements.len() >= 20 {
                return tally;
            }
            run(first + number, &mut symcc, &mut tally);
        }
    };
    let mut tally = Tally::default();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            tally.merge(thread.join().unwrap());
        }
    });
    println!("seeds {first} to {}, {} s", first + seeds - 1, started.elapsed().as_secs());
    tally.assert_sound();
}
