//! Who stands together: columns with what they come to, and then rectangles of those that policies do not tell apart.

use std::sync::Arc;

use cedar_policy::EntityUid;
use rustc_hash::FxHashMap;

use crate::decide::{self, Bits, Column};
use crate::outcome::{Access, AccessGroup, Names};

/// What both sides come to; `None` is no access.
pub(super) type Raw = [Option<decide::Access>; 2];

/// Whether some request gains access, and whether some loses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Move {
    pub(super) gains: bool,
    pub(super) loses: bool,
}

/// What both sides come to, and what that changes.
type Outcome = ([Access; 2], Move);

/// Resources of one kind of request, and what principals have access to them.
pub(super) struct Stretch {
    pub(super) kind: usize,
    pub(super) resources: Vec<u32>,
    /// By what both sides come to, the principals by the number of their set.
    pub(super) parts: Vec<(Raw, u32)>,
}

/// All columns, each set of principals once.
#[derive(Default)]
pub(super) struct Columns {
    pub(super) stretches: Vec<Stretch>,
    pub(super) sets: Vec<Bits>,
    numbers: FxHashMap<Bits, u32>,
    resources: FxHashMap<EntityUid, u32>,
    pub(super) uids: Vec<EntityUid>,
}

impl Columns {
    fn number(&mut self, bits: Bits) -> u32 {
        if let Some(number) = self.numbers.get(&bits) {
            return *number;
        }
        let number = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
        self.sets.push(bits.clone());
        self.numbers.insert(bits, number);
        number
    }

    fn resource(&mut self, uid: &EntityUid) -> u32 {
        if let Some(number) = self.resources.get(uid) {
            return *number;
        }
        let number = u32::try_from(self.uids.len()).unwrap_or(u32::MAX);
        self.uids.push(uid.clone());
        self.resources.insert(uid.clone(), number);
        number
    }

    /// Takes in what was counted of a kind of request on both sides; `differing` says whether only what differs is of
    /// interest.
    pub(super) fn take(&mut self, kind: usize, resources: &[&EntityUid], sides: [&Column; 2], differing: bool) {
        let [Column(old), Column(new)] = sides;
        let mut parts: Vec<(Raw, Bits)> = Vec::new();
        let mut left: Vec<(decide::Access, Bits)> = new.clone();
        for (before, who) in old {
            let mut rest = who.clone();
            for (now, whose) in &mut left {
                let both = who.and(whose);
                if !both.is_empty() {
                    rest.drop(&both);
                    whose.drop(&both);
                    parts.push(([Some(*before), Some(*now)], both));
                }
            }
            parts.push(([Some(*before), None], rest));
        }
        parts.extend(left.into_iter().map(|(now, who)| ([None, Some(now)], who)));
        parts.retain(|([before, now], who)| !(who.is_empty() || (differing && before == now)));
        if parts.is_empty() {
            return;
        }
        let parts = parts.into_iter().map(|(raw, who)| (raw, self.number(who))).collect();
        let resources = resources.iter().map(|uid| self.resource(uid)).collect();
        self.stretches.push(Stretch { kind, resources, parts });
    }
}

/// What a rectangle is told by: what it comes to, its principals, and its resources.
type Key = (Outcome, Bits, Vec<u32>);

/// The rectangles of `columns`. `come_to` says what becomes of what both sides come to, `actions` which action a kind
/// of request is for.
pub(super) fn rectangles(
    columns: Columns,
    principals: &[EntityUid],
    actions: &[&EntityUid],
    compared: bool,
    come_to: &dyn Fn(usize, Raw) -> Outcome,
) -> Vec<AccessGroup> {
    let Columns { stretches, sets, uids, .. } = columns;
    // By kind, outcome and principals: the resources.
    let mut merged: FxHashMap<(usize, Outcome, Bits), Vec<u32>> = FxHashMap::default();
    for stretch in stretches {
        let mut outcomes: Vec<(Outcome, Bits)> = Vec::new();
        for (raw, set) in &stretch.parts {
            let Some(who) = usize::try_from(*set).ok().and_then(|at| sets.get(at)) else { continue };
            let outcome = come_to(stretch.kind, *raw);
            match outcomes.iter_mut().find(|(known, _)| *known == outcome) {
                Some((_, known)) => known.take(who),
                None => outcomes.push((outcome, who.clone())),
            }
        }
        for (outcome, who) in outcomes {
            if outcome.0 != [Access::Denied, Access::Denied] {
                merged.entry((stretch.kind, outcome, who)).or_default().extend(&stretch.resources);
            }
        }
    }
    let order = sorted(&uids);
    // The same for several actions stands once.
    let mut rectangles: FxHashMap<Key, Vec<usize>> = FxHashMap::default();
    for ((kind, outcome, who), resources) in merged {
        let place = |resource: &u32| usize::try_from(*resource).ok().and_then(|at| order.places.get(at)).copied();
        let mut resources: Vec<u32> = resources.iter().filter_map(place).collect();
        resources.sort_unstable();
        rectangles.entry((outcome, who, resources)).or_default().push(kind);
    }
    let names = |uids: &mut dyn Iterator<Item = &EntityUid>| -> Arc<[Arc<str>]> {
        uids.map(|uid| Arc::from(uid.to_string())).collect()
    };
    let people = names(&mut principals.iter());
    let mut acts: Vec<&EntityUid> = actions.to_vec();
    acts.sort_unstable();
    acts.dedup();
    let act_names = names(&mut acts.iter().copied());
    let mut sets: FxHashMap<Bits, Arc<[u32]>> = FxHashMap::default();
    let group = |((outcome, who, resources), kinds): (Key, Vec<usize>)| {
        let members =
            sets.entry(who).or_insert_with_key(|who| who.iter().filter_map(|at| u32::try_from(at).ok()).collect());
        let act = |kind: &usize| {
            let action = actions.get(*kind)?;
            u32::try_from(acts.binary_search(action).ok()?).ok()
        };
        let mut own: Vec<u32> = kinds.iter().filter_map(act).collect();
        own.sort_unstable();
        own.dedup();
        let ([before, now], moved) = outcome;
        AccessGroup {
            principals: Names::new(&people, Arc::clone(members)),
            actions: Names::new(&act_names, own.into()),
            resources: Names::new(&order.names, resources.into()),
            now,
            before: compared.then_some(before),
            gains: moved.gains,
            loses: moved.loses,
        }
    };
    let mut groups: Vec<AccessGroup> = rectangles.into_iter().map(group).collect();
    groups.sort_by(|one, other| {
        let key = |group: &AccessGroup| (!group.differs(), std::cmp::Reverse(group.requests()));
        let names = |group: &AccessGroup| {
            [&group.actions, &group.principals, &group.resources].map(|names| names.members().to_vec())
        };
        key(one)
            .cmp(&key(other))
            .then_with(|| names(one).cmp(&names(other)))
            .then_with(|| one.now.cmp(&other.now))
            .then_with(|| one.before.cmp(&other.before))
    });
    groups
}

/// Names in order, and for each thing its place there.
struct Sorted {
    names: Arc<[Arc<str>]>,
    places: Vec<u32>,
}

fn sorted(uids: &[EntityUid]) -> Sorted {
    let mut order: Vec<usize> = (0..uids.len()).collect();
    order.sort_by(|one, other| uids.get(*one).cmp(&uids.get(*other)));
    let mut places = vec![0; uids.len()];
    for (place, at) in (0_u32..).zip(&order) {
        if let Some(slot) = places.get_mut(*at) {
            *slot = place;
        }
    }
    let names = order.iter().filter_map(|at| uids.get(*at)).map(|uid| Arc::from(uid.to_string())).collect();
    Sorted { names, places }
}
