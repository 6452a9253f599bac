//! Both sides, compared, in an outcome: what `diff` and `check` share.

use std::collections::BTreeMap;

use super::configuration::idle_acceptances;
use super::error::RunError;
use super::finish::today;
use super::known_entities::{changed_of, pairs};
use super::loaded::Loaded;
use super::reading::Reading;
use super::sides::Sides;
use super::unfit;
use crate::config::Gate;
use crate::diff::{self, Version};
use crate::finding::{Finding, Level};
use crate::outcome::changes::Side;
use crate::outcome::{GuardrailText, Notice, NoticeKind, Outcome, TestResult};
use crate::prove;
use crate::tables::{self, Selection};
use crate::text::{Location, inline};

/// What is refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Deny {
    /// Access that somebody gains.
    pub gained: bool,
    /// Access that somebody loses.
    pub lost: bool,
    /// Access that somebody gains if data is carried over so that it is.
    pub migrated: bool,
    /// Whatever holds the repository to less than before.
    pub weakened: bool,
}

/// Compares both sides and puts the result into `outcome`. `deny` is what is refused besides what either side's gates
/// refuse.
pub(super) fn compare(sides: &Sides, deny: Deny, reading: &Reading, outcome: &mut Outcome) -> Result<(), RunError> {
    let (old, new) = (&sides.old, &sides.new);
    let rows = |loaded: &Loaded| {
        if same_tables(sides) { Vec::new() } else { tables::run(&loaded.repo, &Selection::default(), None).rows }
    };
    let (old_rows, new_rows) = rayon::join(|| rows(old), || rows(new));
    let asked = Gate {
        gained: deny.gained,
        lost: deny.lost,
        migrated: deny.migrated,
        weakened: deny.weakened,
        stores: Vec::new(),
        actions: Vec::new(),
        principals: Vec::new(),
        resources: Vec::new(),
        guardrail: None,
        location: Location::of_path("--deny"),
    };
    let (old_rails, new_rails) = prove::texts(&old.repo, &old.config, &new.repo, &new.config, &new.solvers);
    let other = sides.as_base_has_it.as_ref().map(|loaded| &loaded.repo);
    let (mut comparison, undecided) = diff::comparison(
        version(old, &sides.old_side, &old_rows, &old_rails),
        version(new, &sides.new_side, &new_rows, &new_rails),
        other,
        &asked,
        &today(reading)?,
        &new.catalogue,
        &new.solvers,
    );
    for pair in pairs(Some(&old.repo), &new.repo) {
        let name = pair.1.or(pair.0).map(|store| store.name.as_str());
        let store = comparison.stores.iter_mut().find(|store| Some(store.name.as_str()) == name);
        store.into_iter().for_each(|store| store.entities = changed_of(pair));
    }
    unfit::find(sides, &outcome.findings, &mut comparison);
    unfit::ill_typed(sides, &mut comparison);
    outcome.notices.extend(undecided);
    let label = inline(&sides.old_side.label);
    outcome.notices.extend(unresolved_before(sides));
    if !old.config_findings.is_empty() {
        let message = format!("the configuration of {label} is wrong, so its gates are not known");
        outcome.notices.push(Notice::new(NoticeKind::BaseMisconfigured, message));
    }
    let used = comparison.accepted.iter().filter(|one| one.used).map(|one| one.fingerprint.as_str()).collect();
    let idle = idle_acceptances(&new.config, &new.accepted, Some(&used), &today(reading)?);
    outcome.findings.extend(idle);
    outcome.comparison = Some(comparison);
    Ok(())
}

fn version<'l>(
    loaded: &'l Loaded,
    side: &'l Side,
    rows: &'l [TestResult],
    guardrails: &'l [GuardrailText],
) -> Version<'l> {
    Version {
        side,
        repo: &loaded.repo,
        config: &loaded.config,
        accepted: &loaded.accepted,
        baseline: loaded.baseline.as_ref(),
        rows,
        guardrails,
    }
}

/// What is said of the faults of the old side: where there are some, a check goes on.
/// What the new side has as well, which is among the findings `new`, is said there.
pub(super) fn base_defects(sides: &Sides, new: &[Finding]) -> Vec<Notice> {
    let same = |one: &Finding| {
        let key = |finding: &Finding| (finding.rule, finding.location.label(), finding.message.clone());
        new.iter().any(|other| key(other) == key(one))
    };
    let wrong = sides.old.repo.findings.iter().filter(|finding| finding.level == Level::Error && !same(finding));
    wrong.map(|finding| of_side(NoticeKind::BaseDefect, &sides.old_side, finding)).collect()
}

/// What carriers of the old side declare and nobody knows; what the new side has as well is said there.
fn unresolved_before(sides: &Sides) -> Vec<Notice> {
    let now = sides.new.unresolved();
    let same =
        |one: &Notice| now.iter().any(|other| (&other.message, &other.location) == (&one.message, &one.location));
    let before = sides.old.unresolved().into_iter().filter(|notice| !same(notice));
    let told = |notice: Notice| {
        let place = notice.location.as_ref().map(Location::label).unwrap_or_default();
        let message = format!("in {}, {}: {}", inline(&sides.old_side.label), inline(&place), notice.message);
        Notice { message, location: None, ..notice }
    };
    before.map(told).collect()
}

/// What is said of a fault of a side. Its place is in that side's file, which no report of the other can anchor.
fn of_side(kind: NoticeKind, side: &Side, finding: &Finding) -> Notice {
    let message = format!("in {}, {}: {}", inline(&side.label), inline(&finding.location.label()), finding.message);
    Notice::new(kind, message)
}

/// Whether both sides have the same tables, word for word.
fn same_tables(sides: &Sides) -> bool {
    let tables = |loaded: &'_ Loaded| -> BTreeMap<String, String> {
        let all = loaded.repo.stores.iter().flat_map(|store| &store.tables);
        all.map(|table| (table.file.path().to_owned(), table.file.text().to_owned())).collect()
    };
    tables(&sides.old) == tables(&sides.new)
}
