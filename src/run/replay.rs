//! Recorded decisions run against a revision.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cedar_policy::{Entities, Entity};
use sha2::{Digest, Sha256};

use super::STACK;
use super::comparing::base_defects;
use super::error::RunError;
use super::finish::finish;
use super::known_entities::{apart, entities, given, pairs};
use super::loaded::{Loaded, discard, load, load_whole};
use super::place::Place;
use super::reading::Reading;
use super::settings::catalogue;
use super::sides::{Compare, Sides};
use crate::finding::Level;
use crate::outcome::changes::Direction;
use crate::outcome::replay::{Input, Merge, Replayed, Tally};
use crate::outcome::{Notice, NoticeKind, Outcome, Summary};
use crate::replay::{self, Asking, Counted, Failed, Log, Pair, Part, Question, Ready, Rows, Stores, Threads};
use crate::repo::cedar::with_actions;
use crate::repo::{EntityData, EntityState, ParsedTexts, SchemaState, Store};
use crate::source::{GitRevision, STDIN, log_size, logs, open_log};
use crate::text::inline;

/// What [`replay`] is asked for.
#[derive(Debug, Clone, Default)]
pub struct ReplayOptions {
    /// What to read. Entities that are named alone stand for the repository's.
    pub reading: Reading,
    /// The logs: files, folders, or `-` for standard input. Parts, where these are to be joined.
    pub logs: Vec<PathBuf>,
    /// The revision that is the old side; the recorded decision where there is none.
    pub from: Option<String>,
    /// The revision that is the new side; the worktree where there is none.
    pub to: Option<String>,
    /// Only records from this time on: a day, a time, or a number of days or hours before now, as `30d`.
    pub since: Option<String>,
    /// Only this percentage of the records.
    pub sample: Option<f64>,
    /// The changes that fail the run.
    pub deny: Vec<Direction>,
    /// The percentage of records that may stay undecided.
    pub undecided: f64,
    /// Whether `logs` are parts to be joined.
    pub merge: bool,
    /// Whether requests become rows of a decision table.
    pub rows: bool,
    /// Whether these rows keep the names in the log.
    pub keep_names: bool,
    /// What is read and counted, for whoever shows how it goes on.
    pub progress: Arc<ReplayProgress>,
}

/// How far a run is.
#[derive(Debug, Default)]
pub struct ReplayProgress {
    /// Bytes of logs that are read, as they lie there.
    pub read: Arc<AtomicU64>,
    /// Bytes of all logs; 0 where that is not known.
    pub total: AtomicU64,
    /// Records that are counted.
    pub lines: AtomicU64,
}

/// Runs recorded decisions against a revision, or joins the parts of such a run.
///
/// # Errors
/// When what is asked for is not there or does not go together; when Cedar's authorizer does not confirm a decision.
pub fn replay(options: &ReplayOptions) -> Result<Outcome, RunError> {
    if options.merge {
        let part = joined(options)?;
        let mut outcome = Outcome::new("replay", catalogue());
        outcome.summary = summary_of(part.question().summary);
        let question = part.question().clone();
        let (inputs, tally) = part.total();
        say(&mut outcome, options, &question, (inputs, Vec::new()), tally);
        return Ok(outcome);
    }
    let mut sides = Revisions::load(options)?;
    let mut outcome = sides.outcome(options)?;
    if options.rows {
        outcome.command = "test";
    }
    let question = sides.question(options, &outcome, false)?;
    let (mut inputs, mut repeated) = (Vec::new(), Vec::new());
    let (mut digests, mut sum) = (BTreeSet::new(), Counted::default());
    let stores = sides.stores();
    sides.count(options, &question, &stores, &mut |input, counted| match digests.insert(input.digest.clone()) {
        true => {
            sum.merge(counted);
            inputs.push(input);
        }
        false => repeated.push(input.log),
    })?;
    let rows = options.rows.then(|| replay::rows(&stores, &sum.classes, options.keep_names));
    drop(stores);
    inputs.sort();
    repeated.sort();
    say(&mut outcome, options, &question, (inputs, repeated), sum.tally);
    if let (Some(rows), Some(replayed)) = (rows, &mut outcome.replayed) {
        outcome.notices.extend(about(&rows));
        replayed.rows = rows.rows;
    }
    finish(&mut outcome, &sides.new, &sides.reading, &|_| false)?;
    discard(sides.new);
    Ok(outcome)
}

/// The same as a part of an answer, one line of JSON, to be joined with others. Where parts are to be joined, all of
/// them as one.
///
/// # Errors
/// As of [`replay`].
pub fn replay_part(options: &ReplayOptions) -> Result<String, RunError> {
    if options.merge {
        return Ok(joined(options)?.to_text());
    }
    let mut sides = Revisions::load(options)?;
    let outcome = sides.outcome(options)?;
    if let Some(finding) = outcome.findings.first() {
        let place = finding.location.label();
        let message = format!("nothing is counted over files that do not load: {place}: {}", finding.message);
        return Err(RunError::usage(message));
    }
    let question = sides.question(options, &outcome, true)?;
    let mut part = Part::new(question.clone());
    let stores = sides.stores();
    sides.count(options, &question, &stores, &mut |input, counted| part.add(input, counted.tally))?;
    drop(stores);
    discard(sides.new);
    Ok(part.to_text())
}

/// The parts that `options` name, joined.
fn joined(options: &ReplayOptions) -> Result<Part, RunError> {
    let place = Place::of(&options.reading)?;
    let mut all: Option<Part> = None;
    for path in found(&place, &options.logs)? {
        let shown = inline(&path.display().to_string()).into_owned();
        let failed = |why: String| RunError::usage(format!("cannot join `{shown}`: {why}"));
        let mut text = String::new();
        let opened = open_log(&path, Arc::clone(&options.progress.read));
        opened.and_then(|mut part| part.read_to_string(&mut text)).map_err(|error| failed(error.to_string()))?;
        for part in Part::read(&text).map_err(failed)? {
            match &mut all {
                Some(all) => all.join(part).map_err(failed)?,
                None => all = Some(part),
            }
        }
    }
    all.ok_or_else(|| RunError::usage("there is no part to join"))
}

/// That a log cannot be read, and what then.
fn unread(log: &str, error: &std::io::Error) -> RunError {
    let way_out = match error.kind() {
        std::io::ErrorKind::NotFound => "name a file, a folder, or `-` for standard input",
        std::io::ErrorKind::PermissionDenied => "allow it to be read, or name the logs without it",
        _ => "see what it is, or name the logs without it",
    };
    RunError::usage(format!("cannot read the log `{}`: {error}; {way_out}", inline(log)))
}

/// The files that `paths` stand for, wherever the run stands.
fn found(place: &Place, paths: &[PathBuf]) -> Result<Vec<PathBuf>, RunError> {
    let mut all = Vec::new();
    for path in paths {
        let failed = |error| unread(&path.display().to_string(), &error);
        let full = if path == Path::new(STDIN) { path.clone() } else { place.full(path) };
        all.extend(logs(&full).map_err(failed)?);
    }
    Ok(all)
}

/// Both sides, read.
struct Revisions {
    old: Option<Loaded>,
    new: Loaded,
    labels: [Option<String>; 2],
    defects: Vec<Notice>,
    reading: Reading,
    place: Place,
    given: Option<Arc<EntityData>>,
    named: Vec<PathBuf>,
}

impl Revisions {
    fn load(options: &ReplayOptions) -> Result<Self, RunError> {
        let (reading, named) = apart(&options.reading);
        let revisions = options.from.is_some() || options.to.is_some();
        if revisions && reading.files.replace_discovery() {
            return Err(RunError::usage("`--from` and `--to` are revisions; files named one by one have none"));
        }
        let place = Place::of(&reading)?;
        let (old, new, labels, defects) = match (&options.from, &options.to) {
            (None, None) => (None, load(&reading)?, [None, None], Vec::new()),
            (None, Some(to)) => {
                let revision = GitRevision::open(place.repository()?, to)?;
                let settings = place.settings_of_base(&reading, &revision);
                let new = load_whole(&reading, &revision, settings, &ParsedTexts::default())?;
                (None, new, [None, Some(to.clone())], Vec::new())
            }
            (Some(from), to) => {
                let compare = Compare::Revisions { old: from.clone(), new: to.clone() };
                let sides = Sides::load(&reading, &compare)?;
                let defects = base_defects(&sides, &sides.new.repo.findings);
                let Sides { old, new, old_side, new_side, .. } = sides;
                (Some(old), new, [Some(old_side.label), Some(new_side.label)], defects)
            }
        };
        Ok(Self { old, new, labels, defects, reading, place, given: None, named })
    }

    fn outcome(&mut self, options: &ReplayOptions) -> Result<Outcome, RunError> {
        let mut outcome = self.new.outcome("replay");
        self.given = given(&self.place, &self.named, &self.new, &mut outcome.findings)?;
        outcome.findings.retain(|finding| finding.level == Level::Error);
        outcome.notices.append(&mut self.defects);
        if options.logs.is_empty() {
            return Err(RunError::usage("which log? Name a file, a folder, or `-` for standard input"));
        }
        Ok(outcome)
    }

    /// What is asked, with the digest of what decides where that is `wanted`.
    fn question(&self, options: &ReplayOptions, outcome: &Outcome, wanted: bool) -> Result<Question, RunError> {
        let since_instant = options.since.as_ref().map(|since| instant(since, &self.reading)).transpose()?;
        let [from, to] = self.labels.clone();
        let to = to.unwrap_or_else(|| if self.reading.staged { "the index" } else { "the worktree" }.to_owned());
        Ok(Question {
            from,
            to,
            since: options.since.clone(),
            since_instant,
            sample: options.sample,
            digest: if wanted { self.digest() } else { String::new() },
            summary: numbers_of(&outcome.summary),
        })
    }

    /// The digest of all that decides.
    fn digest(&self) -> String {
        let mut all = Sha256::new();
        let mut add = |text: &str| {
            all.update(text.len().to_le_bytes());
            all.update(text);
        };
        add(env!("CARGO_PKG_VERSION"));
        for side in [self.old.as_ref(), Some(&self.new)].into_iter().flatten() {
            add("side");
            for store in &side.repo.stores {
                add(&store.name);
                store.policies.iter().for_each(|policy| {
                    add(&policy.name);
                    add(policy.location.text());
                });
                store.links.iter().for_each(|link| {
                    add(&link.name);
                    add(link.location.text());
                });
                store.schema.ready().into_iter().flat_map(|schema| &schema.files).for_each(|file| add(file.text()));
                store.broken.iter().for_each(|file| add(&file.path));
                if let EntityState::Ready(data) = &store.entities {
                    add(&json_of(&data.cedar));
                }
            }
        }
        if let Some(given) = &self.given {
            add(&json_of(&given.cedar));
        }
        all.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Counts the logs, one after the other.
    fn count(
        &self,
        options: &ReplayOptions,
        question: &Question,
        stores: &Stores<'_>,
        take: &mut dyn FnMut(Input, Counted),
    ) -> Result<(), RunError> {
        let files = found(&self.place, &options.logs)?;
        let progress = &options.progress;
        let sizes: Option<Vec<u64>> = files.iter().map(|file| log_size(file)).collect();
        progress.total.store(sizes.map_or(0, |sizes| sizes.iter().sum()), Ordering::Relaxed);
        let log = |file: PathBuf| {
            let read = Arc::clone(&progress.read);
            let name = if file == Path::new(STDIN) { STDIN.to_owned() } else { self.place.relative(&file) };
            let open = Box::new(move || -> std::io::Result<Box<dyn Read + Send>> { open_log(&file, read) });
            Log { name, open }
        };
        let logs = files.into_iter().map(log).collect();
        let (since, sample) = (question.since_instant, options.sample);
        let asking = Asking { stores, since, sample, classes: options.rows };
        let threads = Threads { count: rayon::current_num_threads(), stack: STACK };
        replay::replay(asking, logs, threads, &progress.lines, take).map_err(|failed| match failed {
            Failed::Disagreement(request) => RunError::Defect(request),
            Failed::Log(name, error) => unread(&name, &error),
            Failed::Thread(error) => RunError::System(error),
        })
    }

    /// The stores of both sides over the same entities.
    fn stores(&self) -> Stores<'_> {
        let clock = self.new.config.guardrails.clock();
        let mut all = Vec::new();
        for (old, new) in pairs(self.old.as_ref().map(|old| &old.repo), &self.new.repo) {
            let known = match (&self.given, entities(new), entities(old)) {
                (Some(data), ..) => Some(Arc::clone(data)),
                (None, Ok(Some(data)), _) | (None, Ok(None), Ok(Some(data))) => Some(data),
                // What cannot be used is not known; findings say why.
                (None, ..) => None,
            };
            let of_new = new.map(|store| over(store, known.as_deref()));
            // Both sides have the same where they have the same actions.
            let of_old = old.map(|old| match (new, &of_new) {
                (Some(new), Some(same)) if same_schema(old, new) => Arc::clone(same),
                _ => over(old, known.as_deref()),
            });
            let ready = |(store, entities)| Ready::new(store, entities, clock);
            let from = old.zip(of_old).map(ready);
            let to = new.zip(of_new).map(ready);
            all.push(Pair { from, to });
        }
        Stores { pairs: all, compared: self.old.is_some() }
    }
}

/// The entities that are known, with the actions of `store`.
fn over(store: &Store, known: Option<&EntityData>) -> Arc<Entities> {
    let known = known.map_or_else(Entities::empty, |data| data.cedar.clone());
    let actions = store.schema.ready().and_then(|schema| schema.cedar.action_entities().ok());
    let mut actions: Vec<Entity> = actions.iter().flat_map(Entities::iter).cloned().collect();
    actions.sort_by_key(Entity::uid);
    let added = match with_actions(&known, &actions) {
        Some(Cow::Owned(all)) => Some(all),
        Some(Cow::Borrowed(_)) | None => None,
    };
    Arc::new(added.unwrap_or(known))
}

/// Whether two stores have the very same schema, or none.
fn same_schema(one: &Store, other: &Store) -> bool {
    match (&one.schema, &other.schema) {
        (SchemaState::Ready(one), SchemaState::Ready(other)) => Arc::ptr_eq(one, other),
        (SchemaState::None, SchemaState::None) => true,
        _ => false,
    }
}

fn json_of(entities: &Entities) -> String {
    // They come in no order.
    let mut all: Vec<String> = entities.iter().filter_map(|entity| entity.to_json_string().ok()).collect();
    all.sort();
    all.concat()
}

fn numbers_of(summary: &Summary) -> [usize; 7] {
    let Summary { stores, policies, templates, links, environments, entities, schemaless } = *summary;
    [stores, policies, templates, links, environments, entities, schemaless]
}

fn summary_of([stores, policies, templates, links, environments, entities, schemaless]: [usize; 7]) -> Summary {
    Summary { stores, policies, templates, links, environments, entities, schemaless }
}

/// The instant that `text` is, in milliseconds since 1970.
fn instant(text: &str, reading: &Reading) -> Result<i64, RunError> {
    let of_day = |text: &str| {
        let day = text.parse::<jiff::civil::Date>().ok()?;
        Some(day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    };
    let at = |text: &str| text.parse::<jiff::Timestamp>().ok().or_else(|| of_day(text));
    let ago = || {
        let (count, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let hours = match unit {
            "h" => 1,
            "d" => 24,
            _ => return None,
        };
        let count = count.parse::<u32>().ok()?;
        let now = match &reading.now {
            Some(now) => at(now)?,
            None => jiff::Timestamp::now(),
        };
        Some(now.as_millisecond().saturating_sub(i64::from(count) * hours * 3_600_000))
    };
    at(text).map(jiff::Timestamp::as_millisecond).or_else(ago).ok_or_else(|| {
        let forms = "write a day as 2026-11-30, a time as 2026-11-30T12:00:00Z, or how long ago as 30d or 12h";
        RunError::usage(format!("`--since {}` is no time; {forms}", inline(text)))
    })
}

/// Says in `outcome` what was counted, and aloud what was not.
fn say(
    outcome: &mut Outcome,
    options: &ReplayOptions,
    question: &Question,
    (inputs, repeated): (Vec<Input>, Vec<String>),
    tally: Tally,
) {
    let replayed = Replayed {
        from: question.from.clone(),
        to: question.to.clone(),
        inputs,
        repeated,
        since: question.since.clone(),
        sample: question.sample,
        tally,
        deny: options.deny.clone(),
        undecided_limit: options.undecided,
        rows: Vec::new(),
    };
    let tally = &replayed.tally;
    let mut tell = |kind, message: String| outcome.notices.push(Notice::new(kind, message));
    let records = |count: u64, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    if tally.undecided > 0 {
        let all = records(tally.lines(), "record");
        let (kind, limit) = match replayed.too_undecided() {
            true => (NoticeKind::RecordsUndecided, format!("; --undecided allows {} percent", options.undecided)),
            false => (NoticeKind::RecordsLeftOpen, String::new()),
        };
        tell(kind, format!("what {} of {all} would come to{limit}", tally.undecided));
    }
    if tally.malformed > 0 {
        tell(
            NoticeKind::LinesUnread,
            format!("{}, which cannot be read as a record", records(tally.malformed, "line")),
        );
    }
    for (count, why) in [(tally.before, "from before --since"), (tally.unsampled, "that --sample leaves out")] {
        if count > 0 {
            tell(NoticeKind::RecordsLeftOut, format!("{} {why}", records(count, "record")));
        }
    }
    for input in &replayed.inputs {
        if let Some(why) = &input.cut {
            let log = inline(&input.log).into_owned();
            tell(NoticeKind::LogCut, format!("what the rest of `{log}` holds: {}", inline(why)));
        }
    }
    for log in &replayed.repeated {
        let log = inline(log).into_owned();
        tell(NoticeKind::LogRepeated, format!("`{log}` holds what another log holds, and counts once"));
    }
    outcome.checked_something = tally.decided + tally.undecided > 0;
    outcome.replayed = Some(replayed);
}

/// What is to be said of rows that were made.
fn about(rows: &Rows) -> Vec<Notice> {
    let mut notices = Vec::new();
    let classes = |count: usize| if count == 1 { "1 class".to_owned() } else { format!("{count} classes") };
    if rows.nameless > 0 {
        let message = format!(
            "{} of requests, for which there is no row: they are decided so only with names of the log; --keep-names keeps \
             them",
            classes(rows.nameless)
        );
        notices.push(Notice::new(NoticeKind::RowsLeftOut, message));
    }
    if rows.differing > 0 {
        let message =
            format!("{} of requests are decided otherwise than recorded; their rows fail", classes(rows.differing));
        notices.push(Notice::new(NoticeKind::RecordDiffers, message));
    }
    notices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_takes_days_times_and_how_long_ago() {
        let reading = Reading { now: Some("1970-01-31".to_owned()), ..Reading::default() };
        assert_eq!(instant("1970-01-02", &reading).unwrap(), 86_400_000);
        assert_eq!(instant("1970-01-01T00:00:01Z", &reading).unwrap(), 1_000);
        assert_eq!(instant("30d", &reading).unwrap(), 0);
        assert_eq!(instant("719h", &reading).unwrap(), 3_600_000);
        for wrong in ["", "d", "soon", "-1d", "é", "30"] {
            assert!(instant(wrong, &reading).is_err(), "{wrong}");
        }
    }
}
