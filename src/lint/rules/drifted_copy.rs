//! `drifted-copy`: a policy that reads otherwise in a copy of its file.

use std::collections::{BTreeMap, HashMap};

use crate::finding::{Finding, Level};
use crate::lint::context::Context;
use crate::lint::rule::LintRule;
use crate::repo::{Policy, Repo, Store};
use crate::rule::{Basis, Precision, Rule};
use crate::text::inline;
use crate::text::tokens::code;

pub(in crate::lint) static RULE: LintRule = LintRule::repo(
    Rule {
        id: "drifted-copy",
        summary: "two stores hold nearly the same policies, and one of these reads otherwise",
        level: Some(Level::Note),
        basis: Basis::Text,
        precision: Precision::Medium,
        opens: false,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/drifted-copy.md"),
    },
    check,
);

/// So many policies alike make a copy.
const ALIKE: usize = 3;
/// Of the larger of the two files, three quarters are alike.
const SHARE: (usize, usize) = (3, 4);
/// A policy that is in more files than that is a phrase of everybody's.
const COMMON: usize = 12;

/// A file of a store, its policies by name and by what they say.
struct Copy<'a> {
    store: &'a Store,
    path: &'a str,
    policies: Vec<(&'a Policy, String)>,
}

fn check(repo: &Repo, out: &mut Vec<Finding>) {
    // What is kept as a version of another is to differ.
    let stores =
        repo.stores.iter().filter(|store| !repo.copies.contains(&store.name) && repo.asks_about_policies(store));
    let copies: Vec<Copy<'_>> = stores.flat_map(files).filter(|copy| copy.policies.len() > ALIKE).collect();
    let mut where_said: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, copy) in copies.iter().enumerate() {
        for (_, said) in &copy.policies {
            let places = where_said.entry(said).or_default();
            if places.last() != Some(&at) {
                places.push(at);
            }
        }
    }
    let mut alike: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for places in where_said.values().filter(|places| places.len() <= COMMON) {
        for (number, one) in places.iter().enumerate() {
            for other in places.iter().skip(number + 1) {
                *alike.entry((*one, *other)).or_default() += 1;
            }
        }
    }
    for ((one, other), count) in alike {
        if let (Some(one), Some(other)) = (copies.get(one), copies.get(other)) {
            compare(one, other, count, out);
        }
    }
}

fn files(store: &Store) -> Vec<Copy<'_>> {
    let mut files: BTreeMap<&str, Vec<(&Policy, String)>> = BTreeMap::new();
    for policy in &store.policies {
        files.entry(policy.location.path()).or_default().push((policy, code(policy.location.text())));
    }
    files.into_iter().map(|(path, policies)| Copy { store, path, policies }).collect()
}

fn compare(one: &Copy<'_>, other: &Copy<'_>, alike: usize, out: &mut Vec<Finding>) {
    let larger = one.policies.len().max(other.policies.len());
    if one.store.name == other.store.name
        || one.path == other.path
        || alike < ALIKE
        || alike * SHARE.1 < larger * SHARE.0
    {
        return;
    }
    let first: HashMap<&str, (&Policy, &str)> =
        one.policies.iter().map(|(policy, said)| (policy.short.as_str(), (*policy, said.as_str()))).collect();
    for (policy, said) in &other.policies {
        let Some((known, as_known)) = first.get(policy.short.as_str()).filter(|(_, known)| known != said) else {
            continue;
        };
        // Of two without a name the places in their files are no more than a guess.
        if policy.id.is_none() || known.id.is_none() || said.is_empty() || as_known.is_empty() {
            continue;
        }
        let message = format!(
            "this file and `{}` hold the same policies but for a few, and `{}` reads otherwise there",
            inline(one.path),
            inline(&policy.short)
        );
        let head = policy.head().span;
        out.push(
            Context::finding(&RULE.meta, policy, Some(head), "", message)
                .store(other.store.name.clone())
                .related(known.head(), "reads otherwise", Some(known.name.clone()))
                .help("carry the change over, or give the policy another name if the two are to differ"),
        );
    }
}
