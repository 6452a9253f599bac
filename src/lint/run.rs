//! Runs the rules.

use std::sync::Arc;

use rayon::prelude::*;

use super::catalogue::lint_rules;
use super::context::Context;
use super::custom::{check_texts, unproved};
use super::custom_conditions::faults;
use super::prove::{Engine, Proofs, Ranking, prove};
use super::rule::{Check, LintRule, Proof, Text};
use crate::config::{Config, CustomRule};
use crate::finding::Finding;
use crate::outcome::{Breadth, Notice};
use crate::repo::{Repo, SchemaState, Store};
use crate::symbolic::Solvers;
use crate::text::Location;

/// What to look for.
#[derive(Debug, Clone, Default)]
pub struct Options<'a> {
    /// The rules to run, by id; all that are not only run on demand when `None`.
    pub only: Option<&'a [&'a str]>,
    /// Rules to run besides, by id, though they run on demand only.
    pub demanded: &'a [&'a str],
    /// Rank permits by how far they reach.
    pub breadth: bool,
    /// Another revision, to say of each of them what it was there.
    pub base: Option<&'a Repo>,
    /// The day that counts as today, `YYYY-MM-DD`; without it nothing has expired.
    pub today: Option<&'a str>,
    /// Who answers what is asked for proofs.
    pub solvers: Arc<Solvers>,
}

impl Options<'_> {
    fn wants(&self, rule: &LintRule, config: &Config) -> bool {
        let id = rule.meta.id;
        let named = self.only.is_some_and(|ids| ids.contains(&id)) || self.demanded.contains(&id);
        named || (self.only.is_none() && (!rule.on_demand || config.turns_on(id)))
    }

    /// The rules of `config` to run.
    fn custom<'c>(&self, config: &'c Config) -> Vec<&'c CustomRule> {
        let mut all = config.custom_rules();
        all.retain(|custom| self.only.is_none_or(|ids| ids.contains(&custom.rule.id)));
        all
    }
}

/// What lint has to say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Linted {
    /// What the rules found, sorted by place within a store.
    pub findings: Vec<Finding>,
    /// Questions that were asked and have no answer.
    pub undecided: Vec<Notice>,
    /// Policies that do not fit their schema, which validation reports; a notice for each store.
    pub unfit: Vec<Notice>,
    /// The permits of each store, the furthest-reaching first, when asked for.
    pub breadth: Vec<Breadth>,
}

/// Lints all stores of `repo` at the levels that `config` gives. The result does not depend on how work is spread.
#[must_use]
pub fn run(repo: &Repo, config: &Config, options: Options<'_>) -> Linted {
    let rules: Vec<&LintRule> = lint_rules().filter(|rule| options.wants(rule, config)).collect();
    let stores = repo.stores.par_iter().filter(|store| repo.asks_about_policies(store));
    let (faults, unusable) = faults(repo, config, &options.custom(config));
    let stores: Vec<Linted> = stores.map(|store| run_store(store, config, &rules, (&options, &unusable))).collect();
    let mut all = Linted::default();
    for store in stores {
        all.findings.extend(store.findings);
        all.undecided.extend(store.undecided);
        all.unfit.extend(store.unfit);
        all.breadth.extend(store.breadth);
    }
    all.findings.extend(run_whole(repo, config, &rules));
    all.findings.extend(faults);
    all
}

/// What the rules over all stores together find.
fn run_whole(repo: &Repo, config: &Config, rules: &[&LintRule]) -> Vec<Finding> {
    let mut all = Vec::new();
    for rule in rules {
        let Check::Whole(check) = rule.check else { continue };
        let mut found = Vec::new();
        check(repo, &mut found);
        found.retain_mut(|finding| config.judge(&rule.meta, finding));
        all.extend(found);
    }
    all
}

fn run_store<'a>(
    store: &Store,
    config: &Config,
    rules: &[&LintRule],
    (options, unusable): (&Options<'a>, &[Location]),
) -> Linted {
    let Options { breadth, base, solvers, today, .. } = options;
    let named = |repo: &&'a Repo| repo.stores.iter().find(|other| other.name == store.name);
    let ranking = breadth.then(|| Ranking { base: base.as_ref().map(named) });
    let engine = Engine { inference: config.refuses_inference.is_none(), solvers };
    let custom = options.custom(config);
    let (texts, proofs) = split(rules, !matches!(store.schema, SchemaState::None));
    let context = Context::new(store, *today);
    let from_texts = || -> Vec<Finding> {
        let check = |check: &Text| {
            let mut found = Vec::new();
            check(&context, &mut found);
            found
        };
        texts.par_iter().flat_map(check).collect()
    };
    let proofs = || {
        let asks = !proofs.is_empty() || !custom.is_empty() || ranking.is_some();
        if asks { prove(store, &proofs, (&custom, unusable), ranking, engine) } else { Proofs::default() }
    };
    let (mut findings, mut proved) = rayon::join(from_texts, proofs);
    findings.append(&mut proved.findings);
    if !proved.ran {
        check_texts(&context, &custom, unusable, &mut findings);
        proved.undecided.extend(unproved(store, &custom));
    }
    findings.retain_mut(|finding| {
        finding.store = Some(store.name.clone());
        match rules.iter().find(|rule| rule.meta.id == finding.rule) {
            Some(rule) => config.judge(&rule.meta, finding),
            None => judge_custom(config, &custom, finding),
        }
    });
    findings.sort_by(|a, b| (&a.location, a.rule, &a.message).cmp(&(&b.location, b.rule, &b.message)));
    Linted { findings, undecided: proved.undecided, unfit: proved.unfit.into_iter().collect(), breadth: proved.breadth }
}

/// Gives `finding` the strictest level that the `custom` rules of its id have at its place: a base may declare one
/// otherwise. `false` where they are off.
fn judge_custom(config: &Config, custom: &[&CustomRule], finding: &mut Finding) -> bool {
    let same = custom.iter().map(|custom| custom.rule).filter(|rule| rule.id == finding.rule);
    let level = same.filter_map(|rule| config.level_of(rule, finding.location.path(), finding.level)).min();
    finding.level = level.unwrap_or(finding.level);
    level.is_some()
}

/// The code of `rules`, by what it looks at; of proofs, where nothing is `declared`, those that do without.
fn split(rules: &[&LintRule], declared: bool) -> (Vec<Text>, Vec<Proof>) {
    let (mut texts, mut proofs) = (Vec::new(), Vec::new());
    for rule in rules {
        match rule.check {
            Check::Text(check) => texts.push(check),
            Check::Proof(check) if declared || rule.inferable => proofs.push(check),
            Check::Proof(_) | Check::Whole(_) => {}
        }
    }
    (texts, proofs)
}
