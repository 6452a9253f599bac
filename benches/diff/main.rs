//! How fast `diff` is, from files to effects with witnesses and conditions: `cargo bench --bench diff`.
//!
//! Stores are generated. The schema of the first is the Kubernetes one of the corpora, when `POLCHECK_CORPORA` says
//! where those are; the second has 1,000 request environments of its own. Times are wall times of one run each; compare
//! them with each other.

#[path = "../engine/store.rs"]
mod store;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use std::time::Instant;

use polcheck::config::Config;
use polcheck::outcome::changes::Relation;
use polcheck::repo::{self, Repo, Request};
use polcheck::source::Memory;
use rayon::prelude::*;

fn main() {
    // As the program does: policies may nest deeply.
    rayon::ThreadPoolBuilder::new().stack_size(1 << 30).build_global().expect("threads start");
    if let Some(corpora) = std::env::var_os("POLCHECK_CORPORA") {
        let schema = std::path::Path::new(&corpora).join("k8s/k8s-authorization.cedarschema");
        let schema = std::fs::read_to_string(schema).expect("the corpora hold the Kubernetes schema");
        let policies = kubernetes(1000);
        let everywhere = |text: &str| text.replace("};", "&& principal.name != \"root\" };");
        change("kubernetes, a policy of one action", &schema, &policies, 501, everywhere);
        change("kubernetes, a policy of every action", &schema, &policies, 500, everywhere);
    } else {
        println!("kubernetes: POLCHECK_CORPORA is not set");
    }
    let schema = store::schema(1000);
    let mut policies = store::policies(1000, 1000);
    let later = |text: &str| text.replace("};", "&& context.hour > 8 };");
    change("1,000 environments, a policy of one action", &schema, &policies, 500, later);
    policies.push("permit (principal in Team::\"all\", action, resource) when { context.mfa };".to_owned());
    change("1,000 environments, a policy of every action", &schema, &policies, 1000, later);
    // Not one policy but all of them.
    let (schema, policies) = (store::schema(7), store::policies(300, 7));
    changes("every policy of 300", &schema, &policies, |text| text.replace("};", "&& context.hour > 8 };"));
    let policies = store::policies(1000, 7);
    changes("every policy of 1,000", &schema, &policies, |text| text.replace("};", "&& context.hour > 8 };"));
    println!("peak memory: {}", peak());
}

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("not known here");
    line.trim_start_matches("VmHWM:").trim().to_owned()
}

/// Policies as role bindings come to: groups that may do some verbs on some resources.
fn kubernetes(count: usize) -> Vec<String> {
    let verbs = ["get", "list", "watch", "create", "update", "patch", "delete"];
    let policy = |number: usize| {
        let verb = |step: usize| verbs[(number + step) % verbs.len()];
        let action = match number % 4 {
            0 => "action".to_owned(),
            1 => format!("action == k8s::Action::\"{}\"", verb(0)),
            _ => format!("action in [k8s::Action::\"{}\", k8s::Action::\"{}\"]", verb(0), verb(1)),
        };
        let effect = if number % 25 == 7 { "forbid" } else { "permit" };
        let principal = match number % 3 {
            0 => format!("principal in k8s::Group::\"group{number}\""),
            1 => format!("principal is k8s::ServiceAccount in k8s::Group::\"group{number}\""),
            _ => format!("principal is k8s::User in k8s::Group::\"group{}\"", number % 100),
        };
        let condition = match number % 3 {
            0 => format!("resource.apiGroup == \"api{}\" && resource.resource == \"kind{}\"", number % 17, number % 40),
            1 => format!("resource has namespace && resource.namespace == \"space{}\"", number % 60),
            _ => format!("resource.resource like \"kind{}*\" && !(resource has subresource)", number % 90),
        };
        format!("{effect} ({principal}, {action}, resource is k8s::Resource) when {{ {condition} }};")
    };
    (0..count).map(policy).collect()
}

fn load(schema: &str, policies: &[String]) -> Repo {
    let files = [("app.cedarschema".to_owned(), schema.to_owned()), ("policies.cedar".to_owned(), policies.join("\n"))];
    repo::load(&Memory::new(files), &Config::default(), &Request::default()).expect("memory can be read")
}

/// One policy edited.
fn change(name: &str, schema: &str, policies: &[String], at: usize, edit: impl Fn(&str) -> String) {
    let mut changed = policies.to_vec();
    changed[at] = edit(&changed[at]);
    assert_ne!(changed[at], policies[at], "{}", policies[at]);
    measure(name, schema, policies, &changed);
}

/// Every policy edited.
fn changes(name: &str, schema: &str, policies: &[String], edit: impl Fn(&str) -> String) {
    let changed: Vec<String> = policies.iter().map(|text| edit(text)).collect();
    measure(name, schema, policies, &changed);
}

fn measure(name: &str, schema: &str, policies: &[String], changed: &[String]) {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    if !wanted.is_empty() && !wanted.iter().any(|wanted| name.contains(wanted.as_str())) {
        return;
    }
    let begin = Instant::now();
    let sides: Vec<Repo> = [policies, changed].par_iter().map(|policies| load(schema, policies)).collect();
    let loaded = begin.elapsed();
    for side in &sides {
        assert!(side.findings.is_empty(), "{:?}", side.findings.first());
    }
    let compared = polcheck::diff::compare(&sides[0], &sides[1]);
    let took = begin.elapsed();
    assert!(compared.undecided.is_empty(), "{:?}", compared.undecided);
    let store = &compared.stores[0];
    let effects: usize = store.groups.iter().map(|group| group.effects.len()).sum();
    let exact = store.groups.iter().flat_map(|group| &group.effects).filter(|effect| effect.condition.exact).count();
    println!(
        "diff: {name}: {} policies, {} environments, {} the same: {:.0} ms in all, {:.0} of them reading both sides; {} causes, {effects} effects, {exact} exact conditions",
        policies.len(),
        store.environments.len(),
        store.count(Relation::Same),
        took.as_secs_f64() * 1000.0,
        loaded.as_secs_f64() * 1000.0,
        store.groups.len(),
    );
}
