//! How fast requests in memory are decided, beside Cedar's authorizer: `cargo bench --bench decide`.
//!
//! Ratios of one run; the same requests, one after the other on one thread. Both answers are compared.

mod stores;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use std::time::Instant;

use cedar_policy::{Authorizer, Decision};
use polcheck::decide::{CompiledAuthorizer, ScopedAuthorizer};

use stores::{Shape, store};

fn main() {
    for ids in ["short ids", "ARNs"] {
        for (name, shape) in Shape::all() {
            ratio(&format!("{name}, {ids}"), &shape, ids == "ARNs");
        }
    }
}

fn ratio(name: &str, shape: &Shape, arns: bool) {
    let store = store(shape, arns);
    let authorizer = Authorizer::new();
    let begin = Instant::now();
    let wanted: Vec<bool> = store
        .requests
        .iter()
        .map(|request| {
            authorizer.is_authorized(request, &store.policies, &store.entities).decision() == Decision::Allow
        })
        .collect();
    let bare = begin.elapsed().as_secs_f64() / store.requests.len() as f64;
    let scoped = ScopedAuthorizer::new(&store.policies);
    let begin = Instant::now();
    for request in &store.requests {
        std::hint::black_box(scoped.is_authorized(request, &store.entities));
    }
    let scoped = begin.elapsed().as_secs_f64() / store.requests.len() as f64;
    let begin = Instant::now();
    let compiled = CompiledAuthorizer::new(&store.policies, &store.entities);
    let compile = begin.elapsed();
    let mut decider = compiled.decider();
    // Often enough to be measured.
    let rounds = 20;
    let begin = Instant::now();
    for _ in 0..rounds {
        for (request, wanted) in store.requests.iter().zip(&wanted) {
            assert_eq!(decider.is_authorized(request).allowed, *wanted, "{request}");
        }
    }
    let ours = begin.elapsed().as_secs_f64() / (rounds * store.requests.len()) as f64;
    let allowed = wanted.iter().filter(|allowed| **allowed).count();
    println!(
        "{name:<44} Cedar {:>8.2} us, scoped {:>7.2} us, compiled {:>6.2} us: {:>5.0} times faster ({:>2} % allowed, compiled in \
         {:.1} ms)",
        bare * 1e6,
        scoped * 1e6,
        ours * 1e6,
        bare / ours,
        allowed * 100 / wanted.len(),
        compile.as_secs_f64() * 1e3,
    );
}
