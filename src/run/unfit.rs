//! What of the two sides does not fit its schema: of the new side what did fit the old one, where the schema changed
//! (policies, entities and rows), and of both what changed and does not typecheck.

use std::collections::{HashMap, HashSet};

use super::loaded::Loaded;
use super::sides::Sides;
use crate::finding::{Finding, Level};
use crate::outcome::changes::{Comparison, SchemaChange, SetAside, StoreChanges, Unfit, UnfitKind};
use crate::outcome::{TestResult, TestStatus};
use crate::repo::{Policy, Repo, Store};
use crate::tables::{self, Selection};
use crate::validate;

/// The rule about entities that do not fit their schema.
const ENTITIES: &str = "entity-mismatch";

/// Puts into every store of `comparison` which changed policies do not typecheck.
pub(super) fn ill_typed(sides: &Sides, comparison: &mut Comparison) {
    fn texts(repo: &Repo) -> HashMap<&str, HashSet<&str>> {
        let of = |store| -> (&str, HashSet<&str>) {
            let store: &Store = store;
            (&store.name, store.policies.iter().map(|policy| policy.location.text()).collect())
        };
        repo.stores.iter().map(of).collect()
    }
    let (old, new) = (&sides.old, &sides.new);
    let of = |here: &Loaded, there: &Repo| {
        let known = texts(there);
        let changed = |store: &Store, policy: &Policy| {
            !known.get(store.name.as_str()).is_some_and(|texts| texts.contains(policy.location.text()))
        };
        validate::of_policies(&here.repo, &here.config, &changed)
    };
    let (before, after) = rayon::join(|| of(old, &new.repo), || of(new, &old.repo));
    for store in &mut comparison.stores {
        let old_name = store.old_name.as_ref().unwrap_or(&store.name);
        let mut found: Vec<SetAside> = Vec::new();
        for (side, name, findings) in [("old", old_name, &before), ("new", &store.name, &after)] {
            let here =
                |finding: &&Finding| finding.level == Level::Error && finding.store.as_deref() == Some(name.as_str());
            for finding in findings.iter().filter(here) {
                let Some(policy) = finding.policy.clone() else { continue };
                // The first fault is enough; findings have the others.
                if found.iter().all(|known| known.policy != policy || known.side != side) {
                    found.push(SetAside { policy, side, why: finding.message.clone() });
                }
            }
        }
        store.ill_typed = found;
    }
}

/// Puts into every store of `comparison` what no longer fits; `found_so_far` is what is known of the new side's files.
pub(super) fn find(sides: &Sides, found_so_far: &[Finding], comparison: &mut Comparison) {
    let breaks = |store: &StoreChanges| store.schema_changes.iter().any(SchemaChange::may_break);
    if !comparison.stores.iter().any(breaks) {
        return;
    }
    let (old, new) = (&sides.old.repo, &sides.new.repo);
    let validated =
        || rayon::join(|| validate::run(old, &sides.old.config, None), || validate::run(new, &sides.new.config, None));
    // Entities that do not fit are named by themselves, and are not to hide which rows do not.
    let selection = Selection { without_broken_entities: true, ..Selection::default() };
    let rows = |repo: &Repo| tables::run(repo, &selection, None).rows;
    let ((was_wrong, is_wrong), (old_rows, new_rows)) =
        rayon::join(validated, || rayon::join(|| rows(old), || rows(new)));
    for store in comparison.stores.iter_mut().filter(|store| breaks(store)) {
        let before = old.stores.iter().find(|known| known.name == *store.old_name.as_ref().unwrap_or(&store.name));
        let after = new.stores.iter().find(|known| known.name == store.name);
        let (Some(before), Some(after)) = (before, after) else { continue };
        let mut found = policies((before, &was_wrong), (after, &is_wrong));
        let is_wrong = found_so_far.iter().chain(&new.findings);
        found.extend(entities((before, &old.findings), (after, is_wrong)));
        found.extend(table_rows((before, &old_rows), (after, &new_rows)));
        for one in &mut found {
            one.because = because(&store.schema_changes, one);
        }
        store.unfit = found;
    }
}

fn of_store<'f>(findings: &'f [Finding], store: &'f Store) -> impl Iterator<Item = &'f Finding> {
    findings.iter().filter(|finding| finding.level == Level::Error && finding.store.as_deref() == Some(&store.name))
}

/// Policies that read as before, and that Cedar's validator refuses now: the first complaint of each.
fn policies(before: (&Store, &[Finding]), after: (&Store, &[Finding])) -> Vec<Unfit> {
    let (old, was_wrong) = before;
    let was_wrong: HashSet<&str> = of_store(was_wrong, old).filter_map(|finding| finding.policy.as_deref()).collect();
    let fitted = old.policies.iter().filter(|policy| !was_wrong.contains(policy.name.as_str()));
    let fitted: HashSet<&str> = fitted.map(|policy| policy.location.text()).collect();
    let mut seen = HashSet::new();
    of_store(after.1, after.0)
        .filter_map(|finding| {
            let name = finding.policy.as_deref()?;
            let policy = after.0.policies.iter().find(|policy| policy.name == name)?;
            (fitted.contains(policy.location.text()) && seen.insert(name))
                .then(|| Unfit::new(UnfitKind::Policy, name, &finding.location, &finding.message))
        })
        .collect()
}

/// Entities that are refused now.
fn entities<'f>(
    (old, was_wrong): (&Store, &[Finding]),
    (new, is_wrong): (&Store, impl Iterator<Item = &'f Finding>),
) -> Vec<Unfit> {
    let of = |store: &Store, finding: &&Finding| {
        finding.rule == ENTITIES && finding.store.as_deref() == Some(store.name.as_str())
    };
    let key = |finding: &Finding| (finding.location.text().to_owned(), finding.message.clone());
    let mut known: HashSet<(String, String)> = was_wrong.iter().filter(|one| of(old, one)).map(key).collect();
    let wrong = is_wrong.filter(|one| of(new, one)).filter(|finding| known.insert(key(finding)));
    wrong
        .map(|finding| Unfit::new(UnfitKind::Entity, finding.location.path(), &finding.location, &finding.message))
        .collect()
}

/// Rows of decision tables that cannot be run now.
fn table_rows(before: (&Store, &[TestResult]), after: (&Store, &[TestResult])) -> Vec<Unfit> {
    let of = |store: &Store, rows: &'_ [TestResult]| -> Vec<TestResult> {
        rows.iter().filter(|row| row.store.as_deref() == Some(&store.name)).cloned().collect()
    };
    let ran = of(before.0, before.1).into_iter().filter(|row| row.status != TestStatus::Error);
    let ran: HashSet<String> = ran.map(|row| row.id).collect();
    let wrong = of(after.0, after.1).into_iter().filter(|row| row.status == TestStatus::Error && ran.contains(&row.id));
    wrong.map(|row| Unfit::new(UnfitKind::Row, &row.id, &row.location, &row.message.unwrap_or_default())).collect()
}

/// Which of the schema's changes is why: those that the complaint names, or else those that the text at hand reads.
fn because(changes: &[SchemaChange], unfit: &Unfit) -> Vec<usize> {
    let named = |text: &str| -> Vec<usize> {
        let word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let words: HashSet<&str> = text.split(|letter| !word(letter)).collect();
        let names = |change: &SchemaChange| change.may_break() && words.contains(change.last_name());
        changes.iter().enumerate().filter(|(_, change)| names(change)).map(|(at, _)| at).collect()
    };
    let by_complaint = named(&unfit.why);
    if by_complaint.is_empty() { named(unfit.location.text()) } else { by_complaint }
}
