//! Runs the rules.

use rayon::prelude::*;

use super::context::{Context, LintRule};
use super::rules::LINT_RULES;
use super::semantic::{Wanted, analyse};
use crate::config::Config;
use crate::finding::Finding;
use crate::outcome::{Breadth, Notice, NoticeKind};
use crate::repo::{Repo, Store};
use crate::rule::Basis;

/// What to look for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// The rules to run, by id; all that are not only run on demand when `None`.
    pub only: Option<&'a [&'a str]>,
    /// Run `conflicting-rules`.
    pub conflicts: bool,
    /// Rank permits by how far they reach.
    pub breadth: bool,
}

/// What lint has to say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Linted {
    /// What the rules found, sorted by place within a store.
    pub findings: Vec<Finding>,
    /// Questions that were asked and have no answer.
    pub undecided: Vec<Notice>,
    /// Policies that were left out because they do not fit their schema, which validation reports; a notice for each store.
    pub unfit: Vec<Notice>,
    /// The permits of each store, the furthest-reaching first, when asked for.
    pub breadth: Vec<Breadth>,
}

/// The rule that runs only on demand.
pub const ON_DEMAND: &str = "conflicting-rules";

/// Lints all stores of `repo` at the levels that `config` gives. The result does not depend on how work is spread.
#[must_use]
pub fn run(repo: &Repo, config: &Config, options: Options<'_>) -> Linted {
    let demanded =
        options.conflicts || options.only.is_some_and(|ids| ids.contains(&ON_DEMAND)) || config.turns_on(ON_DEMAND);
    let wanted: Vec<&LintRule> = LINT_RULES
        .iter()
        .copied()
        .filter(|rule| options.only.is_none_or(|ids| ids.contains(&rule.meta.id)))
        .filter(|rule| demanded || rule.meta.id != ON_DEMAND)
        .collect();
    let semantic = options.breadth || wanted.iter().any(|rule| rule.meta.basis == Basis::Symbolic);
    let analysis = semantic.then_some(Wanted { conflicts: demanded, breadth: options.breadth });
    let stores = repo.stores.par_iter().filter(|store| repo.asks_about_policies(store));
    let stores: Vec<Linted> = stores.map(|store| run_store(store, config, &wanted, analysis)).collect();
    let mut all = Linted::default();
    for store in stores {
        all.findings.extend(store.findings);
        all.undecided.extend(store.undecided);
        all.unfit.extend(store.unfit);
        all.breadth.extend(store.breadth);
    }
    all
}

fn run_store(store: &Store, config: &Config, rules: &[&LintRule], wanted: Option<Wanted>) -> Linted {
    let mut linted = Linted::default();
    let mut analysis = wanted.and_then(|wanted| analyse(store, wanted));
    if let Some(analysis) = &mut analysis {
        let notice = |kind| move |sentence: String| Notice::new(kind, sentence).store(&store.name);
        let undecided = std::mem::take(&mut analysis.undecided).into_iter();
        linted.undecided = undecided.map(notice(NoticeKind::QuestionOpen)).collect();
        let unfit = std::mem::take(&mut analysis.unfit).into_iter();
        linted.unfit = unfit.map(notice(NoticeKind::PolicyRefused)).collect();
        if wanted.is_some_and(|wanted| wanted.breadth) {
            linted.breadth = std::mem::take(&mut analysis.breadth);
        }
    }
    let context = Context::new(store, analysis);
    linted.findings = rules
        .par_iter()
        .flat_map(|rule| {
            let mut found = Vec::new();
            (rule.check)(&context, &mut found);
            found.retain_mut(|finding| match config.level_of(&rule.meta, finding.location.path(), finding.level) {
                Some(level) => {
                    finding.level = level;
                    finding.store = Some(store.name.clone());
                    true
                }
                None => false,
            });
            found
        })
        .collect();
    linted.findings.sort_by(|a, b| (&a.location, a.rule, &a.message).cmp(&(&b.location, b.rule, &b.message)));
    linted
}
