//! Runs the rules.

use rayon::prelude::*;

use super::context::{Context, LintRule};
use super::rules::LINT_RULES;
use crate::config::Config;
use crate::finding::Finding;
use crate::repo::{Repo, Store};

/// What the rules find in all stores of `repo`, at the levels that `config` gives; `only` names the rules to run, and is
/// all of them when it is `None`. The result does not depend on how work is spread; it is sorted by place within a store.
#[must_use]
pub fn run(repo: &Repo, config: &Config, only: Option<&[&str]>) -> Vec<Finding> {
    let wanted: Vec<&LintRule> =
        LINT_RULES.iter().copied().filter(|rule| only.is_none_or(|ids| ids.contains(&rule.meta.id))).collect();
    repo.stores.par_iter().flat_map(|store| run_store(store, config, &wanted)).collect()
}

fn run_store(store: &Store, config: &Config, rules: &[&LintRule]) -> Vec<Finding> {
    let context = Context::new(store);
    let mut all: Vec<Finding> = rules
        .par_iter()
        .flat_map(|rule| {
            let mut found = Vec::new();
            (rule.check)(&context, &mut found);
            found.retain_mut(|finding| match config.level(&rule.meta, finding.location.path()) {
                Some(level) => {
                    finding.level = level.max(finding.level);
                    finding.store = Some(store.name.clone());
                    true
                }
                None => false,
            });
            found
        })
        .collect();
    all.sort_by(|a, b| (&a.location, a.rule, &a.message).cmp(&(&b.location, b.rule, &b.message)));
    all
}
