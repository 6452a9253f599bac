//! Rules about the repository that the new side holds it to less strictly than the old side did. In a pull request its
//! author controls them, so that they changed is for reviewers to see; nothing can suppress it.

use std::collections::{BTreeMap, BTreeSet};

use super::custom_rules::custom_rules;
use crate::config::{Acceptance, Baseline, Config, Gate, Override};
use crate::finding::{FailOn, Level};
use crate::outcome::changes::{StoreChanges, Weakened};
use crate::outcome::{Decision, GuardrailText, Status, TestResult};
use crate::repo::{Repo, Store};
use crate::rule::Catalogue;
use crate::text::{Location, inline};
use crate::triage;

/// One side, as far as rules about the repository go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Strictness<'s> {
    /// What was read.
    pub repo: &'s Repo,
    /// Its configuration.
    pub config: &'s Config,
    /// Its accepted changes.
    pub accepted: &'s [Acceptance],
    /// Its rows; empty when the tables of both sides are alike.
    pub rows: &'s [TestResult],
    /// Its guardrails, but for those that the other side has in other words.
    pub guardrails: &'s [GuardrailText],
}

/// Everything that became weaker, in a stable order.
#[must_use]
pub(super) fn weakened(old: Strictness<'_>, new: Strictness<'_>, catalogue: &Catalogue) -> Vec<Weakened> {
    let mut found = Vec::new();
    gates(&old.config.gates, &new.config.gates, &mut found);
    levels(old.config, new.config, catalogue, &mut found);
    acceptances(old.accepted, new.accepted, &mut found);
    suppressions(old.repo, new.repo, &mut found);
    if let (Some(place), None) = (&old.config.accept_base, &new.config.accept_base) {
        let what = "changes may accept themselves again (`accept = \"base\"` is gone)";
        found.push(Weakened::new("accept_loosened", what, place.clone()));
    }
    if let (None, Some(place)) = (&old.config.allows_migrated, &new.config.allows_migrated) {
        let what = "access may be gained by how data is carried over (`migrated = \"allow\"`)";
        found.push(Weakened::new("migrated_allowed", what, place.clone()));
    }
    if let (Some(place), None) = (&old.config.refuses_inference, &new.config.refuses_inference) {
        let what = "answers may rest on an inferred schema (`inferred = \"refuse\"` is gone)";
        found.push(Weakened::new("inference_allowed", what, place.clone()));
    }
    found.extend(custom_rules(old.config, new.config));
    guardrails(old.guardrails, new.guardrails, &mut found);
    rows(old.rows, new.rows, &mut found);
    found.sort_by(|a, b| (a.kind, &a.what, &a.location).cmp(&(b.kind, &b.what, &b.location)));
    found.dedup();
    found
}

fn gates(old: &[Gate], new: &[Gate], found: &mut Vec<Weakened>) {
    for gate in old.iter().filter(|gate| !gate.implied_by(new)) {
        let mut what = "a gate refused ".to_owned();
        what.push_str(match (gate.gained, gate.lost) {
            (true, true) => "every change of access",
            (true, false) => "gained access",
            _ => "lost access",
        });
        for (word, list) in [("stores", &gate.stores), ("actions", &gate.actions), ("resources", &gate.resources)] {
            if !list.is_empty() {
                let names: Vec<&str> = list.iter().map(|name| name.text.as_str()).collect();
                what.push_str(&format!(" ({word}: {})", inline(&names.join(", "))));
            }
        }
        what.push_str(" and no longer does");
        found.push(Weakened::new("gate_removed", what, gate.location.clone()));
    }
}

fn word(level: Option<Level>) -> &'static str {
    level.map_or("off", Level::as_str)
}

/// Whether `new` is milder than `old`; off is the mildest.
fn milder(old: Option<Level>, new: Option<Level>) -> bool {
    match (old, new) {
        (Some(_), None) => true,
        (Some(old), Some(new)) => new > old,
        (None, _) => false,
    }
}

fn levels(old: &Config, new: &Config, catalogue: &Catalogue, found: &mut Vec<Weakened>) {
    let place = || Location::of_path(crate::config::FILE_NAME);
    let mut say =
        |kind: &'static str, what: String, location: Location| found.push(Weakened::new(kind, what, location));
    let level = |config: &Config, id: &str, default: Option<Level>| config.rules.get(id).copied().unwrap_or(default);
    for rule in catalogue.iter().filter(|rule| rule.configurable) {
        let (before, after) = (level(old, rule.id, rule.level), level(new, rule.id, rule.level));
        if milder(before, after) {
            let what = format!("the rule `{}` went from {} to {}", rule.id, word(before), word(after));
            say("level_lowered", what, place());
        }
    }
    // An override is known by its paths.
    let key = |one: &Override| one.paths.iter().map(|path| path.text.clone()).collect::<Vec<_>>();
    let known: BTreeMap<Vec<String>, &Override> = old.overrides.iter().map(|one| (key(one), one)).collect();
    for one in &new.overrides {
        for (id, after) in &one.rules {
            let default = catalogue.get(id).and_then(|rule| rule.level);
            let general = level(old, id, default);
            let before = known.get(&key(one)).and_then(|before| before.rules.get(id)).copied().unwrap_or(general);
            if milder(before, *after) {
                let paths = key(one).join(", ");
                let what =
                    format!("the rule `{id}` went from {} to {} in {}", word(before), word(*after), inline(&paths));
                say("level_lowered", what, one.paths.first().map_or_else(place, |path| path.location.clone()));
            }
        }
    }
    // One that is gone, or that looks at other paths, counts where it made a rule stricter than what holds there now.
    for one in &old.overrides {
        let paths = key(one);
        for (id, before) in one
            .rules
            .iter()
            .filter(|(id, _)| !new.overrides.iter().any(|other| key(other) == paths && other.rules.contains_key(*id)))
        {
            let default = catalogue.get(id).and_then(|rule| rule.level);
            let after = level(new, id, default);
            if milder(*before, after) {
                let what = format!(
                    "the rule `{id}` went from {} to {} in {}",
                    word(*before),
                    word(after),
                    inline(&paths.join(", "))
                );
                say("level_lowered", what, one.paths.first().map_or_else(place, |path| path.location.clone()));
            }
        }
    }
    let strictness = |config: &Config| match config.fail_on.unwrap_or_default() {
        FailOn::Note => 3,
        FailOn::Warning => 2,
        FailOn::Error => 1,
        FailOn::Never => 0,
    };
    if strictness(new) < strictness(old) {
        say("fail_on_lowered", "fewer levels fail a run (`fail-on`)".to_owned(), place());
    }
    if new.coverage_floor.unwrap_or(0) < old.coverage_floor.unwrap_or(0) {
        let (before, after) = (old.coverage_floor.unwrap_or(0), new.coverage_floor.unwrap_or(0));
        say("coverage_floor_lowered", format!("rows have to cover {after}% and no longer {before}%"), place());
    }
    let known: BTreeSet<&str> = old.exclude.iter().map(|path| path.text.as_str()).collect();
    // Of files that are there it is said one by one what is no longer read.
    for path in new.exclude.iter().filter(|path| !known.contains(path.text.as_str())) {
        say("exclude_added", format!("`{}` is no longer read", inline(&path.text)), path.location.clone());
    }
    for store in &old.stores {
        let after = new.stores.iter().find(|other| other.name == store.name);
        let looser = match (store.level, after.and_then(|after| after.level)) {
            (Some(before), Some(after)) => after > before,
            (Some(_), None) => true,
            (None, _) => false,
        };
        if looser {
            let what = format!("store `{}` lets policies chain more dereferences (`level`)", inline(&store.name));
            say("level_validation_loosened", what, after.map_or(&store.location, |after| &after.location).clone());
        }
    }
}

/// What the stores of `now` no longer have of those of `before`, both of the new side: files that their configuration
/// took out of a store. `old` is the configuration that `before` is laid out by.
#[must_use]
pub(super) fn moved_files(before: &Repo, now: &Repo, old: &Config) -> Vec<Weakened> {
    let mut found = Vec::new();
    for store in &before.stores {
        // Under another name it is the one that has most of its files.
        let common = |other: &&Store| store.files.iter().filter(|path| other.files.contains(path)).count();
        let named = now.stores.iter().find(|other| other.name == store.name);
        let after = named.or_else(|| now.stores.iter().max_by_key(common));
        let here = |path: &&String| after.is_some_and(|after| after.files.contains(path));
        let gone: Vec<_> =
            store.files.iter().filter(|path| !here(path)).map(|path| format!("`{}`", inline(path))).collect();
        if gone.is_empty() {
            continue;
        }
        let what = format!("store `{}` no longer has {}", inline(&store.name), gone.join(", "));
        let spelt = old.stores.iter().find(|one| one.name == store.name);
        let location = spelt.map_or_else(|| Location::of_path(crate::config::FILE_NAME), |one| one.location.clone());
        found.push(Weakened::new("store_narrowed", what, location));
    }
    found
}

fn acceptances(old: &[Acceptance], new: &[Acceptance], found: &mut Vec<Weakened>) {
    for one in new {
        let before = old.iter().find(|before| before.fingerprint == one.fingerprint);
        let kind = match before {
            None => "acceptance_added",
            Some(before) if before.until < one.until => "acceptance_extended",
            Some(_) => continue,
        };
        let what = format!("accepted by {} until {}: {}", inline(&one.owner), inline(&one.until), inline(&one.what));
        let accepts = Some(one.fingerprint.clone());
        found.push(Weakened { accepts, ..Weakened::new(kind, what, one.location.clone()) });
    }
}

/// Suppressions that the old side does not have, moves aside.
fn suppressions(old: &Repo, new: &Repo, found: &mut Vec<Weakened>) {
    let all = |repo: &Repo| -> Vec<triage::Suppression> {
        let mut seen = BTreeSet::new();
        let policies = repo.stores.iter().flat_map(|store| &store.policies).map(|policy| &policy.location);
        let texts = policies.filter(|place| place.file.name().ends_with(".cedar") && seen.insert(place.text_key()));
        texts.flat_map(|place| triage::scan(&place.file)).filter(|one| one.fault.is_none()).collect()
    };
    let key = |one: &triage::Suppression, rule: &str| (rule.to_owned(), one.reason.clone());
    let mut known: BTreeMap<(String, String), usize> = BTreeMap::new();
    for one in all(old) {
        for (rule, _) in &one.rules {
            *known.entry(key(&one, rule)).or_default() += 1;
        }
    }
    for one in all(new) {
        for (rule, _) in &one.rules {
            match known.get_mut(&key(&one, rule)) {
                Some(count) if *count > 0 => *count -= 1,
                _ => {
                    let what = format!("`{}` is suppressed: {}", inline(rule), inline(one.reason.trim()));
                    found.push(Weakened::new("suppression_added", what, one.location.clone()));
                }
            }
        }
    }
}

/// Guardrails that are gone. What is said of them besides, and where they stand, is no guardrail.
fn guardrails(old: &[GuardrailText], new: &[GuardrailText], found: &mut Vec<Weakened>) {
    let mut known: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for one in new {
        *known.entry((one.kind, &one.content)).or_default() += 1;
    }
    for one in old {
        if let Some(count) = known.get_mut(&(one.kind, one.content.as_str())).filter(|count| **count > 0) {
            *count -= 1;
            continue;
        }
        let id = inline(&one.id);
        let there = new.iter().any(|other| other.kind == one.kind && other.id == one.id);
        let (kind, what) = if there {
            ("guardrail_changed", format!("the guardrail `{id}` is not proved to hold as much as before"))
        } else {
            ("guardrail_removed", format!("the guardrail `{id}` is gone"))
        };
        found.push(Weakened::new(kind, what, one.location.clone()));
    }
}

/// Stores that had a schema and have none.
#[must_use]
pub(super) fn lost_schemas(stores: &[StoreChanges]) -> Vec<Weakened> {
    let lost = |store: &StoreChanges| {
        let change = store.schema_changes.iter().find(|change| change.kind == "schema_removed")?;
        let (name, path) = (inline(&store.name), inline(&change.what));
        let what = format!("store `{name}` is under no schema any more; it was under `{path}`");
        Some(Weakened::new("schema_lost", what, Location::of_path(&change.what)))
    };
    stores.iter().filter_map(lost).collect()
}

/// Findings that only the new side's baseline has.
#[must_use]
pub(super) fn more_baselined(old: Option<&Baseline>, new: Option<&Baseline>) -> Vec<Weakened> {
    let more = new.map(|new| new.more_than(old)).unwrap_or_default();
    let said = |(rule, count, place): (String, usize, Location)| {
        let findings = if count == 1 { "1 finding".to_owned() } else { format!("{count} findings") };
        let what = format!("the baseline takes {findings} of `{}` more", inline(&rule));
        Weakened::new("baseline_extended", what, place)
    };
    more.into_iter().map(said).collect()
}

/// Cedar files that the old side reads and that are there on the new side, where nothing reads them.
#[must_use]
pub(super) fn unread_files(old: &Repo, new: &Repo, config: &Config) -> Vec<Weakened> {
    let read = |repo: &Repo| -> BTreeSet<String> {
        let files = repo.stores.iter().flat_map(|store| &store.files).cloned();
        files.chain(repo.guardrails.texts.iter().map(|(path, _)| path.clone())).collect()
    };
    let after = read(new);
    let listed: BTreeSet<&String> = new.listed.iter().collect();
    let mut taken: BTreeMap<Option<usize>, Vec<String>> = BTreeMap::new();
    for path in read(old).into_iter().filter(|path| listed.contains(path)) {
        let pattern = config.exclude.iter().position(|pattern| pattern.matches(&path));
        if pattern.is_some() || !after.contains(&path) {
            taken.entry(pattern).or_default().push(path);
        }
    }
    let said = |(pattern, paths): (Option<usize>, Vec<String>)| {
        let named: Vec<String> = paths.iter().map(|path| format!("`{}`", inline(path))).collect();
        let (named, are) = (named.join(", "), if paths.len() == 1 { "is" } else { "are" });
        match pattern.and_then(|at| config.exclude.get(at)) {
            Some(pattern) => {
                let what = format!("{named} {are} no longer read: `{}` excludes what was", inline(&pattern.text));
                Weakened::new("file_unread", what, pattern.location.clone())
            }
            None => {
                let what = format!("{named} {are} there and no longer read");
                Weakened::new("file_unread", what, Location::of_path(paths.first().map_or(".", String::as_str)))
            }
        }
    };
    taken.into_iter().map(said).collect()
}

fn rows(old: &[TestResult], new: &[TestResult], found: &mut Vec<Weakened>) {
    let after: BTreeMap<&str, &TestResult> = new.iter().map(|row| (row.id.as_str(), row)).collect();
    for row in old.iter().filter(|row| row.status != Status::Skip) {
        let expected = |row: &TestResult| row.expected.as_ref().map(|expected| expected.decision);
        let name = inline(&row.id);
        let now = after.get(row.id.as_str()).filter(|now| now.status != Status::Skip);
        for (now, uid) in now.into_iter().flat_map(|now| now.unknown.iter().map(move |uid| (now, uid))) {
            if !row.unknown.contains(uid) {
                let what = format!("the row `{name}` may be about `{}`, which exists nowhere", inline(uid));
                found.push(Weakened::new("unknown_added", what, now.location.clone()));
            }
        }
        let (kind, what, location) = match after.get(row.id.as_str()) {
            None => ("row_removed", format!("the row `{name}` is gone"), &row.location),
            Some(now) if now.status == Status::Skip => {
                ("row_skipped", format!("the row `{name}` is skipped"), &now.location)
            }
            Some(now) if expected(row).is_some() && expected(now) != expected(row) => {
                let word = |row: &TestResult| expected(row).map_or("nothing", Decision::as_str);
                ("row_changed", format!("the row `{name}` expects {}, not {}", word(now), word(row)), &now.location)
            }
            Some(_) => continue,
        };
        found.push(Weakened::new(kind, what, location.clone()));
    }
}
