//! What is found of policies in which something is filled in and not known: it has to be so whatever that is.
//!
//! # Why
//!
//! A run takes what is filled in for a value that is no other's. Where a filling makes it one that policies name as
//! well, the run is made again with that; what is said of all requests stands only if it is said then, too. A witness
//! is one for what was filled in, and needs no more.

use super::error::RunError;
use super::loaded::Loaded;
use super::reading::Reading;
use crate::finding::Finding;
use crate::lint;
use crate::outcome::changes::{Comparison, Status};
use crate::outcome::{GuardrailStatus, Notice, NoticeKind, Outcome};
use crate::repo::{Filling, Fillings, Repo, fillings};
use crate::text::{Span, inline};

/// What Cedar's validator says of all requests.
const NEVER_APPLIES: &str = "never-applies";

/// What a run found, and what hangs on what is filled in.
pub(super) type Found = (Outcome, Fillings);

/// What hangs on what is filled in, of a run that found `outcome` in what was `loaded`.
pub(super) fn of(outcome: &Outcome, loaded: &[&Loaded]) -> Fillings {
    let repos: Vec<&Repo> = loaded.iter().map(|one| &one.repo).collect();
    let more: Vec<&str> = outcome.guardrails.results.iter().filter_map(|one| one.expansion.as_deref()).collect();
    fillings(&repos, &more)
}

/// What `run` finds for every filling.
pub(super) fn for_all(
    reading: &Reading,
    run: impl Fn(&Reading) -> Result<Found, RunError>,
) -> Result<Outcome, RunError> {
    let (mut outcome, mut found) = run(reading)?;
    if found.policies.is_empty() {
        return Ok(outcome);
    }
    // The id of an enumerated type is one of those that the schema has, and what is written is none.
    let taken = found.taken();
    if !taken.is_empty() {
        let (other, rest) = run(&filled(reading, &taken))?;
        outcome = other;
        found = found.with_members(rest);
        tell_taken(&mut outcome, &taken, &found);
    }
    let reading = &filled(reading, &taken);
    tell(&mut outcome, &found);
    if !says_of_all(&outcome, &found) {
        return Ok(outcome);
    }
    if let Some(written) = &found.open {
        let why =
            format!("it hangs on what is filled in for `{}`, which may be much that policies name", inline(written));
        settle(&mut outcome, None, &found, &why);
    }
    for filling in &found.all {
        let (other, _) = run(&filled(reading, filling))?;
        let each: Vec<String> = filling
            .iter()
            .map(|(name, value)| {
                let written = found.written.get(name).map_or(name.as_str(), String::as_str);
                format!("`{}` is `{}`", inline(written), inline(value))
            })
            .collect();
        settle(&mut outcome, Some(&other), &found, &format!("it is not so where {}", each.join(" and ")));
        if !says_of_all(&outcome, &found) {
            break;
        }
    }
    Ok(outcome)
}

/// `reading` with `filling` filled in.
fn filled(reading: &Reading, filling: &Filling) -> Reading {
    let with: Filling = reading.filled.iter().chain(filling).cloned().collect();
    Reading { filled: with, ..reading.clone() }
}

/// Says what is shown for ids that have to be one of several.
fn tell_taken(outcome: &mut Outcome, taken: &Filling, found: &Fillings) {
    for (name, value) in taken {
        let written = found.written.get(name).map_or(name.as_str(), String::as_str);
        let message = format!(
            "`{}` is an id of an enumerated type: what is shown is for `{}`, and what holds always does for each",
            inline(written),
            inline(value)
        );
        outcome.notices.push(Notice::new(NoticeKind::FilledIn, message));
    }
}

/// How many placeholders are named.
const NAMED: usize = 3;

/// Says once what is filled in and not known.
fn tell(outcome: &mut Outcome, found: &Fillings) {
    let mut names: Vec<String> = found.written.values().take(NAMED).map(|one| format!("`{}`", inline(one))).collect();
    if found.written.len() > NAMED {
        names.push(format!("{} more", found.written.len() - NAMED));
    }
    let Some(last) = names.pop() else { return };
    let message = match names.as_slice() {
        [] => format!(
            "{last} is filled in by another program: it is a value that nobody knows, which rows and requests take as it is \
             written; `[template] vars` in polcheck.toml says what it is"
        ),
        some => format!(
            "{} and {last} are filled in by another program: each is a value that nobody knows, which rows and requests \
             take as it is written; `[template] vars` in polcheck.toml says what they are",
            some.join(", ")
        ),
    };
    outcome.notices.push(Notice::new(NoticeKind::FilledIn, message));
}

/// Whether the finding says something of all requests, and of a policy in which something is filled in.
fn hangs(finding: &Finding, found: &Fillings) -> bool {
    let within = |place: &crate::text::Location| {
        // What is filled in is of another length, so that only places in the file can be compared.
        let shown = place.shown();
        found.policies.iter().any(|policy| {
            let around = |span: Span| span.start <= shown.span.start && shown.span.start <= span.end;
            policy.text_key() == place.text_key() && around(policy.shown().span)
        })
    };
    let of_all = lint::lint_rule(finding.rule).is_some_and(|rule| rule.of_all_requests);
    (of_all || finding.rule == NEVER_APPLIES)
        && (within(&finding.location)
            || finding.related.iter().any(|one| within(&one.location))
            || finding.rule == "denies-everything")
}

fn holds(status: GuardrailStatus) -> bool {
    matches!(status, GuardrailStatus::Holds | GuardrailStatus::Vacuous)
}

/// Whether something of `outcome` has to hold for every filling.
fn says_of_all(outcome: &Outcome, found: &Fillings) -> bool {
    let compared = |comparison: &Comparison| {
        let mut stores =
            comparison.stores.iter().filter(|store| store.text.total() > 0 || !store.schema_changes.is_empty());
        stores.any(|store| store.environments.iter().any(|one| one.gained == Status::No || one.lost == Status::No))
    };
    outcome.findings.iter().any(|finding| hangs(finding, found))
        || outcome.guardrails.results.iter().any(|one| holds(one.status))
        || outcome.comparison.as_ref().is_some_and(compared)
}

/// Takes out of `outcome` what is not so in `other`; with none, whatever hangs on what is filled in. `why` says so.
fn settle(outcome: &mut Outcome, other: Option<&Outcome>, found: &Fillings, why: &str) {
    let same = |one: &Finding, other: &Finding| {
        one.rule == other.rule && one.store == other.store && one.location.shown() == other.location.shown()
    };
    outcome.findings.retain(|finding| {
        !hangs(finding, found) || other.is_some_and(|other| other.findings.iter().any(|one| same(finding, one)))
    });
    let mut notices = Vec::new();
    for result in outcome.guardrails.results.iter_mut().filter(|one| holds(one.status)) {
        let of = |other: &Outcome| {
            let mut all = other.guardrails.results.iter();
            all.any(|one| {
                one.id == result.id && one.location.shown() == result.location.shown() && one.status == result.status
            })
        };
        if !other.is_some_and(of) {
            result.status = GuardrailStatus::Unknown;
            result.reason = Some(why.to_owned());
            let message = format!("guardrail `{}` is not decided: {why}", inline(&result.id));
            notices.push(Notice::new(NoticeKind::GuardrailUnproved, message).at(&result.location));
        }
    }
    if let Some(comparison) = &mut outcome.comparison {
        compared(comparison, other.and_then(|other| other.comparison.as_ref()), why, &mut notices);
    }
    for notice in notices {
        if !outcome.notices.contains(&notice) {
            outcome.notices.push(notice);
        }
    }
}

fn compared(comparison: &mut Comparison, other: Option<&Comparison>, why: &str, notices: &mut Vec<Notice>) {
    for store in &mut comparison.stores {
        if store.text.total() == 0 && store.schema_changes.is_empty() {
            continue;
        }
        let of = other.and_then(|other| other.stores.iter().find(|one| one.name == store.name));
        let mut open = false;
        for change in &mut store.environments {
            let there = of.and_then(|of| of.environments.iter().find(|one| one.environment == change.environment));
            let (gained, lost) = (there.map(|one| &one.gained), there.map(|one| &one.lost));
            for (mine, theirs) in [(&mut change.gained, gained), (&mut change.lost, lost)] {
                if *mine == Status::No && theirs != Some(&Status::No) {
                    *mine = Status::Unknown(why.to_owned());
                    open = true;
                }
            }
        }
        let of = of.map_or(&[][..], |of| &of.without_effect);
        store.without_effect.retain(|one| of.contains(one));
        if open {
            let message = format!("whether access changes in store `{}`: {why}", inline(&store.name));
            notices.push(Notice::new(NoticeKind::ChangeOpen, message).store(&store.name));
        }
    }
}
