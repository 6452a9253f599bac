//! Who is a member of whom.
//!
//! `in` compiles to membership in the set of an entity's ancestors. Three axioms bind those sets together, each said
//! where a model breaks it, along the chain of memberships that breaks it:
//! - *transitivity*: if a chain of memberships leads from one entity to another, the first is a member of the second;
//! - *acyclicity*: no chain leads from an entity to itself;
//! - each side with a schema of its own sees only the memberships between types that its schema allows; a membership
//!   that follows on one side holds on the other too where both allow it.
//!
//! Memberships that nobody asks about do not exist: the hierarchy of a model is what follows from those that hold.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cedar_policy::EntityTypeName;

use super::model::Model;
use crate::symbolic::circuit::{Bits, Lit};
use crate::symbolic::compile::Function;
use crate::symbolic::encode::{Encoder, Member, Origin, PlaceId, Value};

/// An entity in a model: its type and the number of its class.
pub(in crate::symbolic) type Node = (EntityTypeName, usize);

/// One question "is this entity a member of that one", as it stands.
#[derive(Debug, Clone)]
struct Atom {
    /// The member.
    from: (Node, Bits),
    /// The group.
    to: (Node, Bits),
    /// Whether it is.
    lit: Lit,
}

/// A membership and what it follows from: the atoms of the chain, in order. None for one that follows on the other
/// side.
type Chain = Vec<Atom>;

/// The memberships that hold in a model, as a side sees them: direct ones and those that follow.
pub(in crate::symbolic) type Memberships = BTreeMap<Node, BTreeMap<Node, ()>>;

/// Adds axioms that the model breaks; how many.
pub(in crate::symbolic) fn check(encoder: &mut Encoder<'_>) -> usize {
    let axioms = encoder.axioms;
    let (refused, chains, missing) = {
        let model = Model::new_shallow(encoder);
        let held = held(&model);
        let chains = close(encoder, &held);
        let follows = chains.values().any(|chain| chain.len() > 1);
        if !follows && !chains.keys().any(|(from, to)| from == to) && encoder.subsets.is_empty() {
            // Nothing follows from what holds; that equal questions have equal answers is the sets' business.
            return 0;
        }
        let refused = refused(&model);
        let missing = missing(&model, &chains);
        (refused, chains, missing)
    };
    let mut added = 0;
    if axioms.acyclicity {
        for ((from, to), chain) in &chains {
            if from == to {
                let mut clause = links(encoder, chain);
                if let (Some(first), Some(last)) = (chain.first(), chain.last()) {
                    let closes = encoder.circuit.equal(&first.from.1, &last.to.1);
                    clause.push(!closes);
                }
                encoder.circuit.clause(&clause);
                added += 1;
            }
        }
    }
    if axioms.transitivity {
        for atom in &refused {
            let Some(chain) = chains.get(&(atom.from.0.clone(), atom.to.0.clone())) else { continue };
            let (Some(first), Some(last)) = (chain.first(), chain.last()) else { continue };
            let starts = encoder.circuit.equal(&atom.from.1, &first.from.1);
            let ends = encoder.circuit.equal(&atom.to.1, &last.to.1);
            let mut clause = links(encoder, chain);
            clause.extend([!starts, !ends, atom.lit]);
            encoder.circuit.clause(&clause);
            added += 1;
        }
    }
    if axioms.transitivity {
        for (place, chain) in missing {
            let (Some(first), Some(last)) = (chain.first(), chain.last()) else { continue };
            let Some(argument) = encoder.places[place].arguments.first().cloned() else { continue };
            let starts = encoder.circuit.equal(&argument, &first.from.1);
            let member = encoder.member_of(place, &Value::Bits(last.to.1.clone()));
            let mut clause = links(encoder, &chain);
            clause.extend([!starts, member]);
            encoder.circuit.clause(&clause);
            added += 1;
        }
    }
    added
}

/// Memberships that follow and that an inclusion has to know of although nobody asked about them one by one: the set of
/// ancestors and the chain.
fn missing(model: &Model<'_, '_>, chains: &BTreeMap<(Node, Node), Chain>) -> Vec<(PlaceId, Chain)> {
    let mut open: BTreeSet<PlaceId> = BTreeSet::new();
    for subset in &model.encoder.subsets {
        for set in [&subset.small, &subset.large] {
            set.places(&mut |place| {
                open.insert(place);
            });
        }
    }
    let places = &model.encoder.places;
    let mut missing = Vec::new();
    for id in open {
        let place = &places[id];
        let Origin::Function(Function::Ancestors(ty, group)) = &places[place.path].origin else { continue };
        let Some(argument) = place.arguments.first() else { continue };
        let from = (ty.clone(), model.class(argument));
        let known: BTreeSet<usize> = place
            .members
            .iter()
            .filter_map(|member| match &member.element {
                Value::Bits(bits) => Some(model.class(bits)),
                _ => None,
            })
            .collect();
        let start = (from.clone(), (group.clone(), 0));
        let end = (from, (group.clone(), usize::MAX));
        for ((_, to), chain) in chains.range(start..=end) {
            if !known.contains(&to.1) {
                missing.push((id, chain.clone()));
            }
        }
    }
    missing
}

/// What a chain needs to hold, negated: its atoms, and that each ends where the next begins.
fn links(encoder: &mut Encoder<'_>, chain: &Chain) -> Vec<Lit> {
    let mut clause: Vec<Lit> = chain.iter().map(|atom| !atom.lit).collect();
    for pair in chain.windows(2) {
        if let [one, next] = pair {
            clause.push(!encoder.circuit.equal(&one.to.1, &next.from.1));
        }
    }
    clause
}

/// The questions about ancestors that are answered yes.
fn held(model: &Model<'_, '_>) -> Vec<Atom> {
    model.held().filter_map(|(place, member)| atom(model, place, member)).collect()
}

/// Those that are answered no.
fn refused(model: &Model<'_, '_>) -> Vec<Atom> {
    let places = &model.encoder.places;
    let of = |place: PlaceId| {
        let refused = places[place].members.iter().filter(|member| !model.lit(member.lit));
        refused.filter_map(move |member| atom(model, place, member))
    };
    places.paths().flat_map(|(_, path)| path.places.iter().copied()).flat_map(of).collect()
}

/// The question whether the element is in the set at the place, if that is one about ancestors.
fn atom(model: &Model<'_, '_>, place: PlaceId, member: &Member) -> Option<Atom> {
    let places = &model.encoder.places;
    let Origin::Function(Function::Ancestors(ty, group)) = &places[places[place].path].origin else { return None };
    let (from, Value::Bits(to)) = (places[place].arguments.first()?, &member.element) else { return None };
    Some(Atom {
        from: ((ty.clone(), model.class(from)), from.clone()),
        to: ((group.clone(), model.class(to)), to.clone()),
        lit: member.lit,
    })
}

/// The memberships that hold or follow, each with the shortest chain found. With two schemas a chain runs within what
/// one side allows; what follows there is a link for the other side as well, by way of the chain.
fn close(encoder: &Encoder<'_>, atoms: &[Atom]) -> BTreeMap<(Node, Node), Chain> {
    let mut known: BTreeMap<(Node, Node), Chain> = BTreeMap::new();
    let mut out: BTreeMap<Node, Vec<Node>> = BTreeMap::new();
    for atom in atoms {
        let key = (atom.from.0.clone(), atom.to.0.clone());
        if let Entry::Vacant(slot) = known.entry(key) {
            let (from, to) = slot.key();
            out.entry(from.clone()).or_default().push(to.clone());
            slot.insert(vec![atom.clone()]);
        }
    }
    loop {
        let mut new: BTreeMap<(Node, Node), Chain> = BTreeMap::new();
        for side in 0..encoder.schemas.len() {
            let allowed = |from: &Node, to: &Node| allows(encoder, side, &from.0, &to.0);
            for start in out.keys() {
                // Breadth first, so that chains are short.
                let mut reached: BTreeMap<Node, Chain> = BTreeMap::new();
                let mut queue = VecDeque::from([(start.clone(), Chain::new())]);
                while let Some((at, chain)) = queue.pop_front() {
                    for next in out.get(&at).into_iter().flatten().filter(|next| allowed(&at, next)) {
                        if reached.contains_key(next) {
                            continue;
                        }
                        let mut longer = chain.clone();
                        longer.extend(known.get(&(at.clone(), next.clone())).into_iter().flatten().cloned());
                        reached.insert(next.clone(), longer.clone());
                        // Only through what has members and memberships of its own.
                        if out.contains_key(next) {
                            queue.push_back((next.clone(), longer));
                        }
                    }
                }
                for (end, chain) in reached {
                    let key = (start.clone(), end);
                    if !known.contains_key(&key) && !new.contains_key(&key) && allowed(&key.0, &key.1) {
                        new.insert(key, chain);
                    }
                }
            }
        }
        if new.is_empty() {
            return known;
        }
        for (key, chain) in new {
            out.entry(key.0.clone()).or_default().push(key.1.clone());
            known.insert(key, chain);
        }
    }
}

/// Whether `side` allows an entity of type `from` in one of type `to`.
fn allows(encoder: &Encoder<'_>, side: usize, from: &EntityTypeName, to: &EntityTypeName) -> bool {
    encoder.schemas.get(side).and_then(|schema| schema.types.get(from)).is_some_and(|model| model.parents.contains(to))
}

/// The memberships that hold or follow in the model, for `side`.
pub(in crate::symbolic) fn memberships(model: &Model<'_, '_>, side: usize) -> Memberships {
    let mut all = Memberships::new();
    for (from, to) in close(model.encoder, &held(model)).into_keys() {
        if allows(model.encoder, side, &from.0, &to.0) {
            all.entry(from).or_default().insert(to, ());
        }
    }
    all
}
