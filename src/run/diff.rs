//! Who gains and who loses what between two versions; and accepting what gates refuse.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use cedar_policy::{EntityTypeName, EntityUid};

use super::comparing::{Deny, base_defects, compare};
use super::error::RunError;
use super::example_rows::note_strangers;
use super::fillings;
use super::finish::{finish, today};
use super::known_entities::{entities_changed, given, of_each_side, pairs};
use super::loaded::discard;
use super::matrix;
use super::place::Place;
use super::reading::Reading;
use super::sides::{Compare, Sides};
use super::who_can::{broken_schema, unlooked};
use crate::access::{self, Nameless, SurveyError};
use crate::config::{ACCEPTED_NAME, accepted_entry};
use crate::finding::FailOn;
use crate::outcome::changes::{Accepted, Comparison, Relation, Ruling};
use crate::outcome::{Notice, NoticeKind, Outcome, StoreImpact};
use crate::source::{ReadError, replace_file};
use crate::text::inline;

/// What [`diff`] is asked for.
#[derive(Debug, Clone, Default)]
pub struct DiffOptions {
    /// What to read of both sides; of its paths, the stores that have something there. Its files are not looked at.
    pub reading: Reading,
    /// The two sides.
    pub sides: Compare,
    /// What is refused besides what the gates of either side refuse.
    pub deny: Deny,
    /// Entities that are counted instead of those of the repository.
    pub entities: Vec<PathBuf>,
    /// Whether the examples are to be rows of a decision table.
    pub rows: bool,
}

/// What a new file of accepted changes begins with.
const HEADER: &str = "# Changes of permissions that gates would refuse and that somebody answers for. Written by `polcheck diff --accept`.\n";

/// Compares the effective permissions of two versions.
///
/// # Errors
/// When a side cannot be read, or what is asked for does not go together.
pub fn diff(options: &DiffOptions) -> Result<Outcome, RunError> {
    fillings::for_all(&options.reading, |reading| {
        compared(&DiffOptions { reading: reading.clone(), ..options.clone() })
    })
}

fn compared(options: &DiffOptions) -> Result<fillings::Found, RunError> {
    let mut sides = Sides::load(&options.reading, &options.sides)?;
    let mut outcome = sides.new.outcome("diff");
    outcome.checked_something = sides.hold_policies();
    // The comparison alone is the answer: findings are shown, and what hinders the comparison makes it undecided.
    outcome.fail_on = FailOn::Never;
    let defects = base_defects(&sides, &outcome.findings);
    outcome.notices.extend(defects);
    compare(&sides, options.deny, &options.reading, &mut outcome)?;
    impact(&sides, options, &mut outcome)?;
    if options.reading.matrix {
        matrix::changed(&mut outcome, &sides);
    }
    if let (true, Some(comparison)) = (options.rows, &mut outcome.comparison) {
        note_strangers(comparison, &sides.new.repo);
    }
    // No rule was run, so no suppression can be called unused.
    finish(&mut outcome, &sides.new, &options.reading, &|_| false)?;
    let found = fillings::of(&outcome, &[&sides.old, &sides.new]);
    discard(sides);
    Ok((outcome, found))
}

/// Counts whom the change touches, of the entities that are known: those of each side, or of the one that has any.
fn impact(sides: &Sides, options: &DiffOptions, outcome: &mut Outcome) -> Result<(), RunError> {
    let place = Place::of_revisions(&Reading { paths: Vec::new(), ..options.reading.clone() })?;
    let instead = given(&place, &options.entities, &sides.new, &mut outcome.findings)?;
    let both = [&sides.old, &sides.new].map(|loaded| loaded.config.refuses_inference.is_none());
    for (old, new) in pairs(Some(&sides.old.repo), &sides.new.repo) {
        let Some(store) = new.or(old) else { continue };
        let stores = outcome.comparison.iter().flat_map(|comparison| &comparison.stores);
        let others = stores.into_iter().find(|one| one.name == store.name).map(|one| one.entities.clone());
        let others = others.filter(|_| instead.is_none()).unwrap_or_default();
        let known = match &instead {
            Some(data) => Ok(Some([Arc::clone(data), Arc::clone(data)])),
            None => of_each_side(old, new, !others.is_empty()),
        };
        let unknown = |why: &str| {
            let message =
                format!("whom of the entities of store `{}` it concerns: {}", inline(&store.name), inline(why));
            Notice::new(NoticeKind::ImpactUnknown, message).store(&store.name)
        };
        if let Some(why) = broken_schema(old, new) {
            outcome.notices.push(unknown(why));
            continue;
        }
        let [before, now] = match known {
            Ok(Some(both)) => both,
            Ok(None) => continue,
            Err(why) => {
                outcome.notices.push(unknown(&why));
                continue;
            }
        };
        let asked = access::Sides {
            old,
            new,
            compared: true,
            entities: [&before.cedar, &now.cedar],
            inference: both == [true, true],
            solvers: &sides.new.solvers,
        };
        match access::survey(&asked, &access::Asked::default(), None, true) {
            Ok(found) => {
                let and = match (found.groups.is_empty(), found.led_astray) {
                    (false, _) => ", so each side is counted over its own",
                    (true, false) => "; of those that are known nobody gains or loses anything by that",
                    (true, true) => "; of those that are known nobody is seen to gain or lose anything by that",
                };
                outcome.notices.extend(entities_changed(&store.name, &others, and));
                let changed = changed(outcome, &store.name);
                let open: Vec<String> = (found.nameless.iter().filter(|one| changed(one)))
                    .map(|one| format!("no entity of type `{}` is known", one.ty))
                    .collect();
                outcome.notices.extend(open.iter().map(|why| unknown(why)));
                if !found.unlooked.is_empty() {
                    outcome.notices.push(unknown(&unlooked(&found.unlooked)));
                }
                if found.led_astray {
                    outcome.notices.push(unknown(
                        "not all is compared that is allowed where the context leads to an entity that changed",
                    ));
                }
                if found.groups.is_empty() {
                    continue;
                }
                if found.undecided {
                    outcome
                        .notices
                        .push(unknown("where it hangs on the context, some of it is counted and not proved"));
                }
                outcome.impact.push(StoreImpact { store: store.name.clone(), groups: found.groups });
            }
            Err(SurveyError::Disagreement(request)) => return Err(RunError::Defect(request)),
            Err(SurveyError::Uncounted(why)) => outcome.notices.push(unknown(&why)),
        }
    }
    Ok(())
}

/// Tells whether a type of which nobody is known has a part in what changes, as far as that is known.
fn changed(outcome: &Outcome, store: &str) -> impl Fn(&Nameless) -> bool + use<> {
    let stores = outcome.comparison.iter().flat_map(|comparison| &comparison.stores);
    let stores: Vec<_> = stores.filter(|one| one.name == store).collect();
    let quiet = stores
        .iter()
        .all(|one| one.undecided.is_empty() && one.environments.iter().all(|one| one.relation() == Relation::Same));
    let same: BTreeSet<[String; 3]> = stores
        .iter()
        .flat_map(|one| &one.environments)
        .filter(|one| one.relation() == Relation::Same)
        .map(|one| &one.environment)
        .map(|one| [one.principal.clone(), one.action.clone(), one.resource.clone()])
        .collect();
    move |one| {
        let name = |(principal, action, resource): &(EntityTypeName, EntityUid, EntityTypeName)| {
            [principal.to_string(), action.to_string(), resource.to_string()]
        };
        !quiet && !one.kinds.iter().all(|kind| same.contains(&name(kind)))
    }
}

/// Writes what gates refuse in `outcome`, which [`diff`] gave for `options`, to the file of accepted changes, in the
/// name of `owner` and until the day `until` (`YYYY-MM-DD`), and counts it as accepted. Gives what it accepted, in
/// words.
///
/// # Errors
/// When the worktree is not the new side, `until` is no day or has passed, or the file cannot be read or written.
pub fn accept(options: &DiffOptions, outcome: &mut Outcome, owner: &str, until: &str) -> Result<Vec<String>, RunError> {
    let in_worktree = match &options.sides {
        Compare::Revisions { old, new: None } => !options.reading.staged && !old.contains(".."),
        Compare::Revisions { new: Some(_), .. } | Compare::Files { .. } => false,
    };
    if !in_worktree {
        return Err(RunError::usage("`--accept` writes to the worktree, so the worktree has to be the new side"));
    }
    if until.parse::<jiff::civil::Date>().is_err() {
        return Err(RunError::usage(format!("`--until {until}` is not a day; write 2027-01-31")));
    }
    let today = today(&options.reading)?;
    if *until < *today {
        return Err(RunError::usage(format!("`--until {until}` has passed, so nothing would be accepted")));
    }
    let place = Place::of(&options.reading)?;
    let file = place.root().join(ACCEPTED_NAME);
    let Some(comparison) = &mut outcome.comparison else { return Ok(Vec::new()) };
    let accepted = accept_all(comparison, owner, until);
    if accepted.is_empty() {
        return Ok(Vec::new());
    }
    let before = match place.current(false)?.read(ACCEPTED_NAME) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(ReadError::Missing) => HEADER.to_owned(),
        Err(error) => return Err(RunError::usage(format!("cannot read `{}`: {error}", file.display()))),
    };
    let entries: String =
        accepted.iter().map(|one| accepted_entry(&one.what, owner, until, &one.fingerprint)).collect();
    replace_file(&file, format!("{before}{entries}").as_bytes())
        .map_err(|error| RunError::usage(format!("cannot write `{}`: {error}", file.display())))?;
    let what = accepted.iter().map(|one| one.what.clone()).collect();
    comparison.accepted.extend(accepted);
    Ok(what)
}

/// Turns what is refused into what is accepted, and gives it.
fn accept_all(comparison: &mut Comparison, owner: &str, until: &str) -> Vec<Accepted> {
    let refused = |ruling: Ruling| ruling == Ruling::Refused;
    let accepted = |fingerprint: &str, what: String| Accepted {
        fingerprint: fingerprint.to_owned(),
        what,
        owner: owner.to_owned(),
        until: until.to_owned(),
        in_force: true,
        used: true,
        added: true,
    };
    let mut all = Vec::new();
    for store in &mut comparison.stores {
        for group in &mut store.groups {
            // What a guardrail refuses nobody can accept.
            if group.guardrail.is_some() || !group.effects.iter().any(|effect| refused(effect.ruling)) {
                continue;
            }
            let causes: Vec<&str> = group.causes.iter().map(|cause| cause.policy.as_str()).collect();
            let actions: BTreeSet<&str> = group
                .effects
                .iter()
                .filter_map(|effect| store.environments.get(effect.environment))
                .map(|change| change.environment.action.as_str())
                .collect();
            let actions: Vec<&str> = actions.into_iter().collect();
            let what = format!("{} by {}: {}", group.direction.as_str(), causes.join(" and "), actions.join(", "));
            all.push(accepted(&group.fingerprint, what));
            for effect in group.effects.iter_mut().filter(|effect| refused(effect.ruling)) {
                effect.ruling = Ruling::Accepted;
            }
        }
    }
    for weakened in comparison.weakened.iter_mut().filter(|weakened| refused(weakened.ruling)) {
        weakened.ruling = Ruling::Accepted;
        all.push(accepted(&weakened.fingerprint, weakened.what.clone()));
    }
    all
}
