//! How fast guardrails are proved, from files to verdicts: `cargo bench --bench prove`.
//!
//! Stores are generated, in two shapes: actions of their own for a few policies each, and few actions that many
//! policies share. Times are wall times of one run each; compare them with each other.

#[path = "../engine/store.rs"]
mod store;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use std::time::Instant;

use polcheck::config::Config;
use polcheck::outcome::GuardrailStatus;
use polcheck::prove::{Wanted, run};
use polcheck::repo::{self, Request};
use polcheck::source::Memory;

fn main() {
    // As the program does: policies may nest deeply.
    rayon::ThreadPoolBuilder::new().stack_size(1 << 30).build_global().expect("threads start");
    for (policies, actions) in [(100, 100), (1000, 1000), (1000, 100), (1000, 7), (5000, 1000)] {
        for guardrails in [1, 50] {
            prove(policies, actions, guardrails);
        }
    }
}

/// Guardrails about one action each: nobody who is suspended gets anything, which holds because every permit asks for
/// it, and every fifth that nobody gets anything, which does not.
fn rules(count: usize, actions: usize) -> String {
    let rule = |number: usize| {
        let action = number % actions;
        let condition = if number % 5 == 4 { "false" } else { "!principal.suspended && context.hour <= 24" };
        format!(
            "@id(\"g{number}\")\nforbid (principal, action == Action::\"act{action}\", resource) unless {{ {condition} }};\n"
        )
    };
    (0..count).map(rule).collect()
}

/// The generated policies, every permit for people who are not suspended and hours that there are.
fn policies(count: usize, actions: usize) -> String {
    let one = |text: String| {
        if text.starts_with("permit") {
            text.replace(" };", " && context.hour <= 24 && !principal.suspended };")
        } else {
            text
        }
    };
    store::policies(count, actions).into_iter().map(one).collect::<Vec<_>>().join("\n")
}

fn prove(policies: usize, actions: usize, guardrails: usize) {
    let (schema, texts) = (store::schema(actions), self::policies(policies, actions));
    let files =
        [("app.cedarschema", schema), ("policies.cedar", texts), ("rules.cedarguard", rules(guardrails, actions))];
    let memory = Memory::new(files.iter().map(|(path, text)| (*path, text.as_str())));
    let begin = Instant::now();
    let repo = repo::load(&memory, &Config::default(), &Request::default()).expect("the files are there");
    assert!(repo.findings.is_empty(), "{}", repo.findings[0].message);
    let loaded = begin.elapsed();
    let config = Config::default();
    let solvers = std::sync::Arc::default();
    let wanted =
        Wanted { guardrails: &repo, config: &config, repo: &repo, settings: &config, renamed: &[], solvers: &solvers };
    let proved = run(&wanted);
    let all = begin.elapsed();
    let count = |status| proved.of(status).count();
    println!(
        "{guardrails:>3} guardrails, {policies:>5} policies, {actions:>5} actions: {:>7.1} ms, of which {:>6.1} ms to load \
         ({} hold, {} broken)",
        all.as_secs_f64() * 1e3,
        loaded.as_secs_f64() * 1e3,
        count(GuardrailStatus::Holds),
        count(GuardrailStatus::Broken),
    );
}
