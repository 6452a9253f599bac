//! The rules of our own.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::baselined;
use super::error::RunError;
use super::fillings;
use super::finish::{finish, today};
use super::loaded::{Loaded, all_proved, discard, load_held};
use super::reading::Reading;
use super::sides::Base;
use crate::config::CONFIGURATION;
use crate::diff::names_before;
use crate::finding::{Finding, Level};
use crate::lint::{self as engine, Options};
use crate::outcome::{Before, Breadth, Outcome};
use crate::rule::{Basis, Rule};

/// What [`lint`] is asked for.
#[derive(Debug, Clone, Default)]
pub struct LintOptions {
    /// What to read.
    pub reading: Reading,
    /// List every permit and forbid that overlap.
    pub conflicts: bool,
    /// Rank permits by how far they reach.
    pub breadth: bool,
    /// A revision, to say what the ranking and the conflicts were there.
    pub against: Option<String>,
}

/// The rule that `conflicts` asks for.
const CONFLICTS: &str = "conflicting-rules";

/// Looks for mistakes in text and syntax, and with a schema by proof.
///
/// # Errors
/// When what is asked for is not there, or does not go together.
pub fn lint(options: &LintOptions) -> Result<Outcome, RunError> {
    fillings::for_all(&options.reading, |reading| linted(&LintOptions { reading: reading.clone(), ..options.clone() }))
}

fn linted(options: &LintOptions) -> Result<fillings::Found, RunError> {
    let base = options.against.as_ref().map(|revision| Base::open(&options.reading, revision)).transpose()?;
    let mut loaded = load_held(&options.reading, base.as_ref().map(|base| (&base.settings.config, &base.parsed)))?;
    let before = base.map(|base| base.load(&Reading { paths: Vec::new(), ..options.reading.clone() })).transpose()?;
    let outcome = judge(&mut loaded, options, before.as_ref())?;
    let found = fillings::of(&outcome, &[&loaded]);
    discard((loaded, before));
    Ok((outcome, found))
}

/// The same of what was read; `before` is the revision compared with.
pub(super) fn judge(loaded: &mut Loaded, options: &LintOptions, before: Option<&Loaded>) -> Result<Outcome, RunError> {
    let LintOptions { reading, conflicts, breadth, .. } = options;
    let mut outcome = loaded.outcome("lint");
    let demanded: Vec<&'static str> = conflicts.then_some(CONFLICTS).into_iter().collect();
    let today = today(reading)?;
    let wanted = Options {
        demanded: &demanded,
        breadth: *breadth,
        base: before.map(|before| &before.repo),
        today: Some(&today),
        solvers: Arc::clone(&loaded.solvers),
        ..Options::default()
    };
    let mut linted = engine::run(&loaded.repo, &loaded.config, wanted.clone());
    if let Some(before) = before {
        let only = [CONFLICTS];
        let only = if *conflicts { &only[..] } else { &[] };
        let asked = Options { only: Some(only), base: None, ..wanted };
        let old = engine::run(&before.repo, &loaded.config, asked);
        let names = names_before(&before.repo, &loaded.repo);
        rank_before(&mut linted.breadth, &old.breadth, &names);
        mark_conflicts(&mut linted.findings, &old.findings, &names);
    }
    outcome.misconfigured |= linted.findings.iter().any(|finding| finding.rule == CONFIGURATION.id);
    outcome.findings.extend(linted.findings);
    outcome.notices.extend(linted.undecided);
    // Nothing else in this run says that these policies are wrong.
    outcome.notices.extend(linted.unfit);
    let asked = [(*conflicts, "which of its permits and forbids overlap"), (*breadth, "how far its permits reach")];
    let asked: Vec<&str> = asked.into_iter().filter(|(asked, _)| *asked).map(|(_, what)| what).collect();
    outcome.notices.extend(loaded.unproved(&asked));
    outcome.breadth = linted.breadth;
    outcome.notices.extend(loaded.without_policies());
    outcome.checked_something = loaded.decides();
    let proved = all_proved(&outcome);
    let ran = |rule: &Rule| {
        let looked = proved || rule.basis != Basis::Symbolic;
        engine::lint_rule(rule.id).is_some() && looked && loaded.ran(rule, &demanded)
    };
    finish(&mut outcome, loaded, reading, &ran)?;
    baselined::apply(&mut outcome, loaded.baseline.as_ref(), loaded, reading, &ran);
    outcome.demanded = demanded;
    Ok(outcome)
}

/// What policies were called before, by store and name.
type NamesBefore<'r> = HashMap<(&'r str, &'r str), (&'r str, &'r str)>;

/// Says of each of `ranking` how far it reached in the ranking `before`.
fn rank_before(ranking: &mut [Breadth], before: &[Breadth], names: &NamesBefore<'_>) {
    let known: HashMap<(&str, &str), &Breadth> =
        before.iter().map(|one| ((one.store.as_str(), one.policy.as_str()), one)).collect();
    for one in ranking {
        let called = names.get(&(one.store.as_str(), one.policy.as_str()));
        let old = called.and_then(|called| known.get(called));
        if let (Some(since), Some(old)) = (&mut one.since, old) {
            let Breadth { rank, environments, unconditional, conditions, .. } = **old;
            since.before = Some(Before { rank, environments, unconditional, conditions });
        }
    }
}

/// Makes warnings of the conflicts that `before` does not have, and says of all whether it has them.
fn mark_conflicts(findings: &mut [Finding], before: &[Finding], names: &NamesBefore<'_>) {
    let pairs = |finding: &Finding| -> Vec<[(String, String); 2]> {
        let store = finding.store.clone().unwrap_or_default();
        let called = |policy: &Option<String>| (store.clone(), policy.clone().unwrap_or_default());
        finding.related.iter().map(|other| [called(&finding.policy), called(&other.policy)]).collect()
    };
    let known: HashSet<_> = before.iter().filter(|one| one.rule == CONFLICTS).flat_map(pairs).collect();
    let was = |(store, policy): &(String, String)| {
        let before = names.get(&(store.as_str(), policy.as_str()));
        before.map(|(store, policy)| ((*store).to_owned(), (*policy).to_owned()))
    };
    let was_there = |[one, other]: &[(String, String); 2]| {
        was(one).zip(was(other)).is_some_and(|(one, other)| known.contains(&[one, other]))
    };
    for finding in findings.iter_mut().filter(|one| one.rule == CONFLICTS) {
        let new = pairs(finding).iter().any(|pair| !was_there(pair));
        finding.new = Some(new);
        if new {
            finding.level = finding.level.min(Level::Warning);
        }
    }
}
