//! Decision tables. The policies are not validated.

use std::path::PathBuf;
use std::sync::Arc;

use super::coverage::{self, CoverageOptions};
use super::error::RunError;
use super::finish::finish;
use super::loaded::{discard, load};
use super::mutation::{self, MutationOptions};
use super::place::Place;
use super::reading::Reading;
use crate::outcome::{Notice, NoticeKind, Outcome};
use crate::repo::{self, Store};
use crate::tables::{self, Filter, Gauge, Ran, Selection, Shard};

/// What [`test`] is asked for.
#[derive(Debug, Clone, Default)]
pub struct TestOptions {
    /// What to read.
    pub reading: Reading,
    /// Only rows that all of these let through.
    pub filters: Vec<Filter>,
    /// Only this share of the rows.
    pub shard: Option<Shard>,
    /// Stop at the first row that fails or cannot run.
    pub fail_fast: bool,
    /// Name the rows and run none.
    pub list: bool,
    /// What to say of what the rows exercise.
    pub coverage: CoverageOptions,
    /// What to say of small changes of the policies.
    pub mutation: MutationOptions,
}

/// Runs decision tables.
///
/// # Errors
/// When what is asked for is not there, or does not go together.
pub fn test(options: &TestOptions) -> Result<Outcome, RunError> {
    let TestOptions { filters, shard, fail_fast, list, coverage: asked, mutation: changed, reading } = options;
    let reading = &naming_tables(reading)?;
    let mut loaded = load(reading)?;
    if !reading.files.tables.is_empty() {
        // Tables that are named ask about their stores and no other; of a store whose tables all bring their own, about
        // nothing.
        let asked = |store: &&Store| store.tables.iter().any(|table| table.own_store.is_none());
        let names: Vec<String> = loaded.repo.stores.iter().filter(asked).map(|store| store.name.clone()).collect();
        loaded.repo.stores.retain(|store| !store.tables.is_empty());
        loaded.repo.findings.retain(|finding| finding.store.as_ref().is_none_or(|store| names.contains(store)));
    }
    let mut outcome = loaded.outcome("test");
    let selection = Selection {
        filters: filters.clone(),
        shard: *shard,
        fail_fast: *fail_fast,
        list: *list,
        brief: reading.brief,
        record: changed.wanted.then(Arc::default),
        ..Selection::default()
    };
    let gauge = (coverage::is_asked(asked, &loaded.config) && !list).then(|| Gauge::new(&loaded.repo));
    let mut ran = tables::run(&loaded.repo, &selection, gauge.as_ref());
    let part = ran.left_out > 0 || ran.stopped || !loaded.repo.focus.is_whole();
    outcome.coverage = gauge.map(|gauge| coverage::measure(asked, reading, &loaded, &gauge, part)).transpose()?;
    if let Some(record) = &selection.record {
        mutation::measure(changed, reading, &loaded, (record, part), &mut outcome)?;
    }
    outcome.notices.retain(|notice| notice.kind != NoticeKind::NothingThere);
    outcome.notices.extend(loaded.without_tables());
    outcome.notices.extend(left_out(&ran));
    if part && (loaded.config.floor().is_some() || changed.floor.is_some()) {
        outcome.notices.push(coverage::floor_left_out());
    }
    outcome.notices.extend(ran.remarks());
    loaded.config.settle(&mut ran.findings, &outcome.catalogue);
    outcome.findings.extend(ran.findings);
    // A share can come out empty, and the other shares have the rows.
    let shared_out = shard.is_some() && filters.is_empty() && ran.left_out > 0;
    // Where there is no row yet, those that were asked for are the answer.
    let rows = changed.rows && outcome.mutation.as_ref().is_some_and(|mutation| !mutation.suggested.is_empty());
    outcome.checked_something = ran.passed > 0 || !ran.rows.is_empty() || shared_out || rows;
    outcome.passed = ran.passed;
    outcome.tests = ran.rows;
    finish(&mut outcome, &loaded, reading, &|_| false)?;
    discard(loaded);
    Ok(outcome)
}

/// `reading`, where a path that is a file of no known name is a table named by hand.
fn naming_tables(reading: &Reading) -> Result<Reading, RunError> {
    let mut reading = reading.clone();
    if !reading.files.replace_discovery() {
        let place = Place::of(&reading)?;
        let source = place.current(reading.staged)?;
        let is_table = |path: &&PathBuf| {
            let path = place.relative(path);
            !repo::is_known(&path) && source.below(&path).is_ok_and(|below| below == [path])
        };
        let tables: Vec<_> = reading.paths.iter().filter(is_table).cloned().collect();
        reading.files.tables.extend(tables);
    }
    Ok(reading)
}

/// What a run says of rows that it did not run.
fn left_out(ran: &Ran) -> Vec<Notice> {
    let mut notices = Vec::new();
    let mut tell = |message: String| notices.push(Notice::new(NoticeKind::RowsLeftOut, message));
    match ran.left_out {
        0 => {}
        1 => tell("1 row that --filter and --shard leave out".to_owned()),
        count => tell(format!("{count} rows that --filter and --shard leave out")),
    }
    if ran.stopped {
        tell("what comes after the first failure (--fail-fast)".to_owned());
    }
    notices
}
