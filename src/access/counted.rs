//! Who has access by the policies of each side, counted, a sample asked of Cedar's authorizer, and set side by side.
//!
//! # Why
//!
//! Where both sides ask the same of the same entities they are counted together: what policies have in common is
//! worked out once. Where a schema says otherwise on each side, each is counted for itself, over entities and requests
//! of its own.

use std::collections::BTreeMap;

use cedar_policy::{Entities, EntityUid, PolicySet};
use thiserror::Error;

use super::confirmed::Samples;
use super::groups::Columns;
use super::kinds::{Asking, Kind};
use super::sides::Sides;
use crate::decide::{self, Access, Census, Column, Condition, Uncounted};
use crate::text::inline;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SurveyError {
    /// A policy or an entity cannot be compiled, or there is too much to count; a phrase.
    #[error("{0}")]
    Uncounted(String),
    /// Cedar's authorizer is of another mind about this request: a defect.
    #[error("the evaluator and Cedar's authorizer disagree about {0}")]
    Disagreement(String),
}

/// What is counted.
pub(super) struct Counting<'a> {
    pub(super) sides: &'a Sides<'a>,
    pub(super) kinds: &'a [Kind],
    pub(super) sets: &'a [&'a PolicySet; 2],
    pub(super) worlds: &'a [&'a Entities; 2],
    /// Whether both sides have the same entities and requests.
    pub(super) one: bool,
    /// Whether what is the same on both sides is left out.
    pub(super) differing: bool,
}

/// What was found.
pub(super) struct Found {
    pub(super) columns: Columns,
    /// Who may ask, by number.
    pub(super) principals: Vec<EntityUid>,
    /// What is left to ask of contexts, by number.
    pub(super) conditions: Vec<Condition>,
}

impl Counting<'_> {
    pub(super) fn count(&self) -> Result<Found, SurveyError> {
        let sides = self.kinds.iter().flat_map(|kind| kind.sides.iter().flatten());
        let mut principals: Vec<EntityUid> = sides.flat_map(|asking| asking.principals.iter().cloned()).collect();
        principals.sort_unstable();
        principals.dedup();
        let mut columns = Columns::default();
        let conditions =
            if self.one { self.together(&principals, &mut columns)? } else { self.apart(&principals, &mut columns)? };
        Ok(Found { columns, principals, conditions })
    }

    fn kind(kind: &Kind, asking: Option<&Asking>) -> decide::Kind {
        let (principals, resources, context) = asking.map_or_else(Default::default, |asking| {
            (asking.principals.clone(), asking.resources.clone(), asking.context.clone())
        });
        decide::Kind { action: kind.action.clone(), principals, resources, context }
    }

    fn together(&self, principals: &[EntityUid], columns: &mut Columns) -> Result<Vec<Condition>, SurveyError> {
        let [world, _] = self.worlds;
        let kinds = self.kinds.iter().map(|kind| Self::kind(kind, kind.sides.iter().flatten().next())).collect();
        let uncounted = |why| uncounted(&why, self.sides, 0);
        let census = Census::among(principals.to_vec(), self.sets, world, kinds).map_err(uncounted)?;
        let mut samples = Samples::default();
        let none = Column::default();
        let conditions = census.take(&mut |counted| {
            samples.take(&census, counted);
            let valid = self.kinds.get(counted.kind).map_or([false, false], Kind::valid);
            let side = |at: usize| {
                let there = valid.get(at).copied().unwrap_or(false);
                counted.columns.get(at).filter(|_| there).unwrap_or(&none)
            };
            columns.take(counted.kind, counted.resources, [side(0), side(1)], self.differing);
        });
        let conditions = conditions.map_err(uncounted)?;
        agree(&samples, &census, self.sets, world, &conditions)?;
        Ok(conditions)
    }

    fn apart(&self, principals: &[EntityUid], columns: &mut Columns) -> Result<Vec<Condition>, SurveyError> {
        let mut conditions: Vec<Condition> = Vec::new();
        let mut sides = Vec::new();
        for (side, (set, world)) in self.sets.iter().zip(self.worlds).enumerate() {
            let asking = |kind: &Kind| Self::kind(kind, kind.sides.get(side).and_then(Option::as_ref));
            let uncounted = |why| uncounted(&why, self.sides, side);
            let kinds = self.kinds.iter().map(asking).collect();
            let census = Census::among(principals.to_vec(), &[set], world, kinds).map_err(uncounted)?;
            let (mut samples, mut found) = (Samples::default(), Vec::new());
            let own = census.take(&mut |counted| {
                samples.take(&census, counted);
                let resources: Vec<EntityUid> = counted.resources.iter().map(|uid| (*uid).clone()).collect();
                found.push((counted.kind, resources, counted.columns.first().cloned().unwrap_or_default()));
            });
            let own = own.map_err(uncounted)?;
            agree(&samples, &census, &[set], world, &own)?;
            // What both sides ask has one number.
            let numbers: Vec<usize> = own
                .into_iter()
                .map(|condition| {
                    conditions.iter().position(|known| *known == condition).unwrap_or_else(|| {
                        conditions.push(condition);
                        conditions.len() - 1
                    })
                })
                .collect();
            for (access, _) in found.iter_mut().flat_map(|(_, _, column)| &mut column.0) {
                if let Access::Conditional(number) = access {
                    *number = numbers.get(*number).copied().unwrap_or(usize::MAX);
                }
            }
            sides.push(found);
        }
        let none = Column::default();
        // By kind and resource: the place of its column on each side.
        let mut places: BTreeMap<usize, BTreeMap<&EntityUid, [Option<usize>; 2]>> = BTreeMap::new();
        for (side, found) in sides.iter().enumerate() {
            for (place, (kind, resources, _)) in found.iter().enumerate() {
                for uid in resources {
                    let both = places.entry(*kind).or_default().entry(uid).or_default();
                    if let Some(slot) = both.get_mut(side) {
                        *slot = Some(place);
                    }
                }
            }
        }
        for (kind, resources) in places {
            let mut classes: BTreeMap<[Option<usize>; 2], Vec<&EntityUid>> = BTreeMap::new();
            for (uid, both) in resources {
                classes.entry(both).or_default().push(uid);
            }
            for ([old, new], resources) in classes {
                let column = |side: usize, place: Option<usize>| {
                    let found = place.and_then(|place| sides.get(side)?.get(place));
                    found.map_or(&none, |(_, _, column)| column)
                };
                // One condition under two schemas is two.
                columns.take(kind, &resources, [column(0, old), column(1, new)], false);
            }
        }
        Ok(conditions)
    }
}

/// Cedar's authorizer is of the same mind.
fn agree(
    samples: &Samples,
    census: &Census,
    sets: &[&PolicySet],
    world: &Entities,
    conditions: &[Condition],
) -> Result<(), SurveyError> {
    match samples.disagreement(census, sets, world, conditions) {
        Some(request) => Err(SurveyError::Disagreement(request)),
        None => Ok(()),
    }
}

/// Why nothing is counted, with the policy by name where it is one; the first set is that of the side `first`.
pub(super) fn uncounted(why: &Uncounted, sides: &Sides<'_>, first: usize) -> SurveyError {
    let name = match why {
        Uncounted::Deep(set, key) => sides.stores().into_iter().nth(first + set).flatten().and_then(|store| {
            let policy = store.find(key)?;
            Some(policy.name.to_owned())
        }),
        Uncounted::Large | Uncounted::Unknown => None,
    };
    SurveyError::Uncounted(match name {
        Some(name) => format!("the conditions of policy `{}` nest too deeply", inline(&name)),
        None => why.to_string(),
    })
}
