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

/// Guardrails about one action each: who is named by none of its permits gets nothing, which holds, and every fifth
/// that nobody gets anything, which does not.
fn rules(count: usize, policies: usize, actions: usize) -> String {
    let rule = |number: usize| {
        let action = number % actions;
        let named = (0..policies).filter(|policy| policy % 10 != 9 && applies(*policy, action, actions));
        let who = named.map(|policy| match policy % 10 {
            0..4 => format!("principal in Team::\"team{policy}\""),
            _ => format!("principal == User::\"user{policy}\""),
        });
        let who: Vec<String> = if number % 5 == 4 { Vec::new() } else { who.collect() };
        let condition = if who.is_empty() { "false".to_owned() } else { who.join(" || ") };
        format!(
            "@id(\"g{number}\")\nforbid (principal, action == Action::\"act{action}\", resource) unless {{ {condition} }};\n"
        )
    };
    (0..count).map(rule).collect()
}

/// Whether the generated policy of that number is for the action.
fn applies(policy: usize, action: usize, actions: usize) -> bool {
    let own = policy % actions == action;
    match policy % 3 {
        0 => own || actions <= 20,
        1 => own,
        _ => own || (policy + 1) % actions == action,
    }
}

fn prove(policies: usize, actions: usize, guardrails: usize) {
    let (schema, policies_text) = (store::schema(actions), store::policies(policies, actions).join("\n"));
    let files = [
        ("app.cedarschema", schema),
        ("policies.cedar", policies_text),
        ("rules.cedarguard", rules(guardrails, policies, actions)),
    ];
    let memory = Memory::new(files.iter().map(|(path, text)| (*path, text.as_str())));
    let begin = Instant::now();
    let repo = repo::load(&memory, &Config::default(), &Request::default()).expect("the files are there");
    assert!(repo.findings.is_empty(), "{}", repo.findings[0].message);
    let loaded = begin.elapsed();
    let config = Config::default();
    let solvers = std::sync::Arc::default();
    let wanted = Wanted { guardrails: &repo, config: &config, repo: &repo, settings: &config, solvers: &solvers };
    let proved = run(&wanted).guardrails;
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
