//! What a table says of entities for all of its rows, and whether any row needs it.

use std::sync::atomic::{AtomicBool, Ordering};

use cedar_policy::{Entities, EntityUid};
use rustc_hash::{FxHashMap, FxHashSet};

use super::mentions::{Name, place_in};
use super::model::Sheet;
use super::overlay::Laid;
use crate::data::{Fault, Said};
use crate::tables::known::Known;
use crate::tables::strangers::{Stranger, shown};
use crate::tables::uid::parse;

/// What the rows of a table are looked at for.
#[derive(Default)]
pub(super) struct Watch {
    /// Entities that the table says to exist nowhere, where it says so, and whether a row needed it.
    excuses: FxHashMap<EntityUid, (Said<String>, AtomicBool)>,
    /// What the table's own `with` names and nothing else did so far, and whether a row names it.
    doubtful: FxHashMap<EntityUid, (Stranger, AtomicBool)>,
    /// Whether some row could not be looked at.
    unsure: AtomicBool,
}

impl Watch {
    /// What to look for in the rows of a table with `sheet`, whose entities are `laid`; what is wrong with what it
    /// says.
    pub(super) fn new(sheet: &Sheet, laid: &Laid, known: &Known<'_>, base: &Entities) -> (Self, Vec<Fault>) {
        let mut watch = Self::default();
        let mut faults = Vec::new();
        for said in &sheet.unknown {
            let Ok(uid) = parse(&said.value) else { continue };
            if known.has(&uid) || laid.entities.get(&uid).is_some() {
                let fault = Fault::new(format!("{} exists, so `unknown` does not hold", shown(&uid)));
                let help = "take it out of `unknown`; an entity file, a policy or the table names it";
                faults.push(fault.help(help).at(said.span));
            } else if watch.excuses.insert(uid.clone(), (said.clone(), AtomicBool::new(false))).is_some() {
                faults.push(Fault::new(format!("{} is listed twice", shown(&uid))).at(said.span));
            }
        }
        for name in doubtful(sheet, laid, known, base) {
            if let Some((_, used)) = watch.excuses.get(&name.uid) {
                used.store(true, Ordering::Relaxed);
            } else if let Some(overlay) = sheet.with.get(name.overlay) {
                let span = place_in(overlay, &name.uid, name.part);
                let stranger = Stranger { uid: name.uid.clone(), part: name.part, span, near: None };
                watch.doubtful.entry(name.uid.clone()).or_insert((stranger, AtomicBool::new(false)));
            }
        }
        (watch, faults)
    }

    /// Whether there is nothing to look for.
    pub(super) fn is_idle(&self) -> bool {
        self.doubtful.is_empty() && self.excuses.is_empty()
    }

    /// Whether it is to be seen if a row names `uid`.
    pub(super) fn doubts(&self, uid: &EntityUid) -> bool {
        self.doubtful.contains_key(uid)
    }

    /// Marks what a row names.
    pub(super) fn saw<'n>(&self, names: impl Iterator<Item = &'n EntityUid>) {
        if self.doubtful.is_empty() {
            return;
        }
        for (_, seen) in names.filter_map(|uid| self.doubtful.get(uid)) {
            seen.store(true, Ordering::Relaxed);
        }
    }

    /// Whether the table says that `uid`, which a row names, exists nowhere.
    pub(super) fn excuses(&self, uid: &EntityUid) -> bool {
        let excuse = self.excuses.get(uid);
        if let Some((_, used)) = excuse {
            used.store(true, Ordering::Relaxed);
        }
        excuse.is_some()
    }

    /// Says that a row could not be looked at.
    pub(super) fn missed(&self) {
        self.unsure.store(true, Ordering::Relaxed);
    }

    /// What no row named, once all have been looked at, and a fault for each entity that the table says without need to
    /// exist nowhere.
    pub(super) fn rest(&self) -> (Vec<Stranger>, Vec<Fault>) {
        if self.unsure.load(Ordering::Relaxed) {
            return (Vec::new(), Vec::new());
        }
        let unseen = self.doubtful.values().filter(|(_, seen)| !seen.load(Ordering::Relaxed));
        let mut strangers: Vec<Stranger> = unseen.map(|(stranger, _)| stranger.clone()).collect();
        strangers.sort_by_key(|stranger| stranger.span);
        let idle = self.excuses.iter().filter(|(_, (_, used))| !used.load(Ordering::Relaxed));
        let fault = |(uid, (said, _)): (&EntityUid, &(Said<String>, AtomicBool))| {
            let fault = Fault::new(format!("no row of this table names {}", shown(uid)));
            fault.help("take it out of `unknown`").at(said.span)
        };
        let mut faults: Vec<Fault> = idle.map(fault).collect();
        faults.sort_by_key(|fault| fault.span);
        (strangers, faults)
    }
}

/// What one overlay of `sheet` names, as a parent or a value, and nothing else does.
fn doubtful<'l>(
    sheet: &'l Sheet,
    laid: &'l Laid,
    known: &'l Known<'_>,
    base: &'l Entities,
) -> impl Iterator<Item = &'l Name> {
    let mut first: FxHashMap<&EntityUid, usize> = FxHashMap::default();
    let mut twice: FxHashSet<&EntityUid> = FxHashSet::default();
    for name in laid.names.iter() {
        if *first.entry(&name.uid).or_insert(name.overlay) != name.overlay {
            twice.insert(&name.uid);
        }
    }
    laid.names.iter().filter(move |name| {
        let made = laid.entities.get(&name.uid).is_some();
        let alone = !made && !twice.contains(&name.uid) && base.get(&name.uid).is_none() && !known.has(&name.uid);
        // What the table writes in the place of an entity file names what it likes.
        name.overlay >= sheet.written && alone && known.matters(&name.uid, name.part)
    })
}
