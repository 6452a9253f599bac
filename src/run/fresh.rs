//! What of a check is new: the base is checked as the head was, and whatever it has as well is old.
//!
//! # Why
//!
//! The base is held to the configuration that the head is held to, so that neither a rule that the base has off nor one
//! that it has on makes anything new or old. It is only checked where there is something to match.

use std::collections::{BTreeSet, HashMap};

use super::configuration::{idle_acceptances, unused_paths};
use super::engines::engines;
use super::error::RunError;
use super::finish::{finish, today};
use super::loaded::{Loaded, discard};
use super::place::Place;
use super::reading::Reading;
use super::sides::Sides;
use crate::finding::Finding;
use crate::outcome::changes::Lifecycle;
use crate::outcome::{Outcome, TestResult};
use crate::tables::Selection;
use crate::triage::{Revisions, mark_new};

/// Says of each finding and each bad row of `outcome`, a finished check of `loaded` that was compared with the old one
/// of `sides`, whether it is new.
pub(super) fn mark(
    outcome: &mut Outcome,
    mut sides: Sides,
    loaded: &Loaded,
    level: Option<u32>,
    reading: &Reading,
) -> Result<(), RunError> {
    let bad = outcome.tests.iter().any(TestResult::is_bad);
    if outcome.findings.is_empty() && !bad {
        discard(sides);
        return Ok(());
    }
    let before = base(&mut sides, outcome, loaded, level, reading)?;
    let comparison = outcome.comparison.as_ref();
    let environments =
        comparison.iter().flat_map(|comparison| &comparison.stores).flat_map(|store| &store.environments);
    let shared = environments.filter(|one| one.lifecycle == Lifecycle::Kept).map(|one| &one.environment);
    let revisions = Revisions {
        shared: shared.collect(),
        before: sides.old.repo.listed.iter().map(String::as_str).collect(),
        after: loaded.repo.listed.iter().map(String::as_str).collect(),
    };
    mark_new(&mut outcome.findings, &before.findings, &revisions);
    // The base has what its baseline has: what is new reaches further, or is there again.
    for finding in outcome.findings.iter_mut().filter(|finding| finding.new == Some(true)) {
        finding.baselined = false;
    }
    mark_rows(&mut outcome.tests, &before.tests);
    discard((sides, before));
    Ok(())
}

/// What a check of the old side comes to.
fn base(
    sides: &mut Sides,
    outcome: &Outcome,
    loaded: &Loaded,
    level: Option<u32>,
    reading: &Reading,
) -> Result<Outcome, RunError> {
    let place = Place::of(reading)?;
    let today = today(reading)?;
    let old = &mut sides.old;
    let mut before = old.outcome("check");
    before.findings.extend(unused_paths(&old.config, &[&old.repo, &sides.new.repo], place.root()));
    let accepted = outcome.comparison.iter().flat_map(|comparison| &comparison.accepted);
    let used: BTreeSet<&str> = accepted.filter(|one| one.used).map(|one| one.fingerprint.as_str()).collect();
    before.findings.extend(idle_acceptances(&loaded.config, &old.accepted, Some(&used), &today));
    old.config = loaded.config.clone();
    let selection = Selection { brief: true, ..Selection::default() };
    engines(&mut before, &old.repo, &old.config, level, &selection, None, (&old.solvers, &today));
    finish(&mut before, old, reading, &|rule| old.ran(rule, &[]))?;
    // What was not asked for of the head is not matched with what was.
    let asked = |finding: &Finding| loaded.repo.reports(finding) || sides.new.repo.reports(finding);
    before.findings.retain(asked);
    Ok(before)
}

/// A row is the same by its name, request and what it states, or by its name where it could not be read; one that was
/// renamed by what it states, or by what stands in the way.
fn mark_rows(rows: &mut [TestResult], before: &[TestResult]) {
    let stated = |row: &TestResult| match &row.request {
        Some(request) => format!("{request:?} {:?} {:?}", row.expected, row.unknown),
        None => format!("{:?} {:?}", row.message, row.help),
    };
    let whole = |row: &TestResult| format!("{} {}", row.id, stated(row));
    let mut free: Vec<&TestResult> = before.iter().filter(|row| row.is_bad()).collect();
    let name = |row: &TestResult| row.id.clone();
    let unread = |row: &TestResult| row.request.is_none();
    let any = |_: &TestResult| true;
    type Key<'k> = &'k dyn Fn(&TestResult) -> String;
    type About<'a> = &'a dyn Fn(&TestResult) -> bool;
    let passes: [(Key<'_>, About<'_>); 3] = [(&whole, &any), (&name, &unread), (&stated, &any)];
    for (key, about) in passes {
        let mut by: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, row) in free.iter().enumerate() {
            by.entry(key(row)).or_default().push(at);
        }
        let mut taken = BTreeSet::new();
        for row in rows.iter_mut().filter(|row| row.is_bad() && row.new != Some(false) && about(row)) {
            let found = by.get_mut(&key(row)).and_then(Vec::pop);
            taken.extend(found);
            row.new = Some(found.is_none());
        }
        let rest = free.iter().enumerate().filter(|(at, _)| !taken.contains(at));
        free = rest.map(|(_, row)| *row).collect();
    }
}
