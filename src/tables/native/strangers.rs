//! Who and what a row names, which of these exist nowhere, and what it says of that itself.
//!
//! An entity exists when the store names it, or the entities of the table do; or when the row names it in two places
//! that have nothing to do with each other: as its principal and as the owner of what `with` adds, say. A slip is in
//! one place.

use std::collections::HashMap;

use cedar_policy::EntityUid;

use super::expand::{Cast, Cell, Expander};
use super::mentions::{place_in, within};
use super::model::Spec;
use crate::data::{Fault, Said};
use crate::tables::known::{Part, near_among};
use crate::tables::rows::Content;
use crate::tables::strangers::{Met, Stranger, shown};
use crate::tables::uid::parse;
use crate::text::Span;

/// Where more entities are laid over, they are a world of their own, and no row names all of it.
const MANY: usize = 50;

/// Where a row names an entity.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Request,
    Context,
    Overlay(usize),
}

/// An entity that a row names, and nothing else does.
struct Named {
    uid: EntityUid,
    part: Part,
    source: Source,
    /// Whether a second place names it.
    twice: bool,
    /// Whether the row makes it.
    made: bool,
}

impl Expander<'_> {
    /// Which of the entities of `cast` exist nowhere. What `spec` says of that without need is a fault.
    pub(super) fn meet(&mut self, spec: &Spec, cast: &Cast, cells: &[Cell], faults: &mut Vec<Fault>) -> Met {
        let shared = self.shared;
        let context = self.bench.values.named();
        let silent = cast.familiar && context.is_empty() && cast.laid.iter().all(|laid| laid.names.is_empty());
        if silent && spec.unknown.is_empty() && shared.watch.is_idle() {
            return Met::default();
        }
        let request = [(&cast.principal, Part::Principal), (&cast.resource, Part::Resource)];
        let request = request.into_iter().filter_map(|(uid, part)| Some((uid.as_ref()?, part, Source::Request)));
        let overlays = cast.laid.iter().flat_map(|laid| laid.names.iter());
        let overlays = overlays.map(|name| (&name.uid, name.part, Source::Overlay(name.overlay)));
        let values = context.iter().map(|uid| (uid, Part::Value, Source::Context));
        let all = request.chain(overlays).chain(values);
        shared.watch.saw(all.clone().map(|(uid, ..)| uid));
        let named = gathered(all.filter(|(uid, ..)| !shared.has(uid)));
        let whole = cells.iter().all(|(_, content)| content.is_ok());
        if !whole {
            shared.watch.missed();
        }
        self.stale(spec, &named, whole, faults);
        let listed: Vec<EntityUid> = spec.unknown.iter().filter_map(|said| parse(&said.value).ok()).collect();
        let asked = |uid: &EntityUid| {
            cells.iter().any(|(_, cell)| matches!(cell, Ok(Content::Who(who)) if who.candidates.contains(uid)))
        };
        let made: Vec<EntityUid> = named.iter().filter(|one| one.made).map(|one| one.uid.clone()).collect();
        let mut met = Met::default();
        for one in named {
            let of_table = shared.watch.excuses(&one.uid);
            if (of_table || listed.contains(&one.uid)) && !one.made {
                met.excused.push(one.uid);
                continue;
            }
            let idle = one.part == Part::Overlay && (spec.with.len() > MANY || asked(&one.uid));
            if one.twice || idle || !shared.known.matters(&one.uid, one.part) {
                continue;
            }
            let span = self.place(spec, &one);
            let near = near_among(&one.uid, made.iter().cloned());
            met.strangers.push(Stranger { uid: one.uid, part: one.part, span, near });
        }
        // Of a slip for what `with` makes, the slip alone is said.
        let meant: Vec<EntityUid> = met.strangers.iter().filter_map(|stranger| stranger.near.clone()).collect();
        met.strangers.retain(|stranger| stranger.part != Part::Overlay || !meant.contains(&stranger.uid));
        met
    }

    /// Adds a fault for each entity that `spec` says to exist nowhere and that exists, or that it does not name
    /// otherwise: the latter only if the `whole` row could be read.
    fn stale(&self, spec: &Spec, named: &[Named], whole: bool, faults: &mut Vec<Fault>) {
        let mut seen: Vec<EntityUid> = Vec::new();
        for said in &spec.unknown {
            let uid = match parse(&said.value) {
                Ok(uid) => uid,
                Err(fault) => {
                    faults.push(fault.at(said.span));
                    continue;
                }
            };
            let found = named.iter().find(|one| one.uid == uid);
            let fault = if seen.contains(&uid) {
                Fault::new(format!("{} is listed twice", shown(&uid)))
            } else if let Some(fault) = self.shared.vocabulary.unknown_type(uid.type_name()) {
                fault
            } else if found.is_some_and(|one| one.made) {
                Fault::new(format!("{} exists in this row, whose `with` makes it", shown(&uid)))
                    .help("take it out of `unknown`")
            } else if self.shared.has(&uid) {
                Fault::new(format!("{} exists, so `unknown` does not hold", shown(&uid)))
                    .help("take it out of `unknown`; an entity file, a policy or the table names it")
            } else if found.is_none() && whole {
                let fault = Fault::new(format!("nothing else in this row names {}", shown(&uid)));
                let near = near_among(&uid, named.iter().map(|one| one.uid.clone()));
                fault.help(match near {
                    Some(near) => format!("did you mean {}?", shown(&near)),
                    None => "take it out of `unknown`".to_owned(),
                })
            } else {
                seen.push(uid);
                continue;
            };
            faults.push(fault.at(said.span));
        }
    }

    /// Where `spec`, or the table's defaults, write `one`.
    fn place(&self, spec: &Spec, one: &Named) -> Span {
        let defaults = &self.shared.sheet.defaults;
        let said = |said: &Option<Said<String>>| said.as_ref().map(|said| said.span);
        let found = match one.source {
            Source::Request if one.part == Part::Principal => said(&spec.principal).or(said(&defaults.principal)),
            Source::Request => said(&spec.resource).or(said(&defaults.resource)),
            Source::Context => within(&one.uid, &spec.context).or_else(|| within(&one.uid, &defaults.context)),
            Source::Overlay(at) => spec.with.get(at).map(|overlay| place_in(overlay, &one.uid, one.part)),
        };
        found.unwrap_or(spec.span)
    }
}

/// Each of `names` once, in the order in which they are met first.
fn gathered<'n>(names: impl Iterator<Item = (&'n EntityUid, Part, Source)>) -> Vec<Named> {
    let mut found: Vec<Named> = Vec::new();
    let mut places: HashMap<&EntityUid, usize> = HashMap::new();
    for (uid, part, source) in names {
        let made = part == Part::Overlay;
        match places.get(uid).and_then(|at| found.get_mut(*at)) {
            None => {
                places.insert(uid, found.len());
                found.push(Named { uid: uid.clone(), part, source, twice: false, made });
            }
            Some(known) => {
                known.twice |= known.source != source;
                known.made |= made;
            }
        }
    }
    found
}
