//! `polcheck diff`: who gains and who loses what between two revisions.

use std::collections::BTreeSet;
use std::io::Write;

use super::args::DiffArgs;
use super::comparing;
use super::exit::Failure;
use super::finishing::finish;
use super::loading::Place;
use super::output;
use super::progress::Progress;
use crate::config::{ACCEPTED_NAME, accepted_entry};
use crate::outcome::Outcome;
use crate::outcome::changes::{Accepted, Comparison, Ruling};
use crate::source::{ReadError, replace_file};

/// What a new file of accepted changes begins with.
const HEADER: &str = "# Changes of permissions that gates would refuse and that somebody answers for. Written by `polcheck diff --accept`.\n";

/// Runs the command and gives the exit code.
pub(super) fn run(args: &DiffArgs) -> Result<u8, Failure> {
    let reports = output::wanted(&args.common)?;
    let progress = Progress::start("comparing", args.common.quiet);
    let mut sides = comparing::load(args)?;
    let mut outcome = sides.new.outcome("diff");
    outcome.checked_something = comparing::holds_policies(&sides);
    comparing::compare(&sides, &args.deny, &args.common, &mut outcome)?;
    if let (Some(owner), Some(until)) = (&args.accept, &args.until) {
        accept(args, owner, until, &mut outcome)?;
    }
    // No rule was run, so no suppression can be called unused.
    finish(&mut outcome, &sides.new, &args.common, &|_| false)?;
    drop(progress);
    let code = output::write(&outcome, &reports, &args.common);
    // The process ends here; taking everything apart piece by piece would be work for nothing.
    std::mem::forget((outcome, sides));
    code
}

/// Writes what gates refuse to the file of accepted changes, and counts it as accepted.
fn accept(args: &DiffArgs, owner: &str, until: &str, outcome: &mut Outcome) -> Result<(), Failure> {
    if args.new.is_some() || args.common.staged || args.old.as_ref().is_some_and(|old| old.contains("..")) {
        let why = "`--accept` writes to the worktree, so the worktree has to be the new side";
        return Err(Failure(why.to_owned()));
    }
    if until.parse::<jiff::civil::Date>().is_err() {
        return Err(Failure(format!("`--until {until}` is not a day; write 2027-01-31")));
    }
    let place = Place::of(&comparing::run_args(args))?;
    let file = place.root().join(ACCEPTED_NAME);
    let Some(comparison) = &mut outcome.comparison else { return Ok(()) };
    let entries = accept_all(comparison, owner, until);
    if entries.is_empty() {
        return Ok(());
    }
    let before = match place.current(false)?.read(ACCEPTED_NAME) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(ReadError::Missing) => HEADER.to_owned(),
        Err(error) => return Err(Failure(format!("cannot read `{}`: {error}", file.display()))),
    };
    let text = format!("{before}{}", entries.concat());
    replace_file(&file, text.as_bytes())
        .map_err(|error| Failure(format!("cannot write `{}`: {error}", file.display())))?;
    let count = entries.len();
    let changes = if count == 1 { "1 change".to_owned() } else { format!("{count} changes") };
    // Not of the report: it is about what this run did, not about what it found.
    let _ = writeln!(
        std::io::stderr(),
        "polcheck: accepted {changes} in `{ACCEPTED_NAME}`; commit it, and have it reviewed"
    );
    Ok(())
}

/// Turns refused changes into accepted ones; the entries to write.
fn accept_all(comparison: &mut Comparison, owner: &str, until: &str) -> Vec<String> {
    let mut entries = Vec::new();
    for store in &mut comparison.stores {
        for group in &mut store.groups {
            let refused = |ruling: Ruling| ruling == Ruling::Refused;
            if !group.effects.iter().any(|effect| refused(effect.ruling)) {
                continue;
            }
            let fingerprint = group.fingerprint.clone();
            let causes: Vec<&str> = group.causes.iter().map(|cause| cause.policy.as_str()).collect();
            let actions: BTreeSet<&str> = group
                .effects
                .iter()
                .filter_map(|effect| store.environments.get(effect.environment))
                .map(|change| change.environment.action.as_str())
                .collect();
            let actions: Vec<&str> = actions.into_iter().collect();
            let what = format!("{} by {}: {}", group.direction.as_str(), causes.join(" and "), actions.join(", "));
            entries.push(accepted_entry(&what, owner, until, &fingerprint));
            for effect in group.effects.iter_mut().filter(|effect| refused(effect.ruling)) {
                effect.ruling = Ruling::Accepted;
            }
            comparison.accepted.push(Accepted {
                fingerprint,
                what,
                owner: owner.to_owned(),
                until: until.to_owned(),
                in_force: true,
                used: true,
            });
        }
    }
    entries
}
