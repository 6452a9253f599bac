//! Everything encoded so far, and the two ways in: a policy's condition, and the places of a template's slots.

use std::mem::Discriminant;
use std::rc::Rc;

use cedar_policy::{EntityTypeName, EntityUid};
use cedar_policy_symcc::op::Op;
use cedar_policy_symcc::term::Term;
use cedar_policy_symcc::term_type::TermType;
use cedar_policy_symcc::type_abbrevs::ExtType;
use rustc_hash::{FxHashMap, FxHashSet};

use super::atoms::{Like, Subset};
use super::axioms::Axioms;
use super::ids::{PathId, PlaceId, TypeId};
use super::numbers::Numbers;
use super::pattern::Pattern;
use super::places::{Origin, Places, declared, plain};
use super::spaces::{Spaces, Widths};
use super::types::Types;
use super::value::Value;
use crate::symbolic::circuit::{Bits, Circuit, Lit};
use crate::symbolic::compile::{Function, SchemaModel};
use crate::symbolic::reason::{Difficulty, SetAsideReason};

/// Everything encoded so far.
#[derive(Debug)]
pub(in crate::symbolic) struct Encoder<'a> {
    pub(in crate::symbolic) circuit: Circuit,
    pub(in crate::symbolic) schemas: Vec<&'a SchemaModel>,
    pub(in crate::symbolic) places: Places,
    pub(in crate::symbolic) spaces: Spaces<'a>,
    pub(in crate::symbolic) subsets: Vec<Subset>,
    pub(in crate::symbolic) likes: Vec<Like>,
    pub(in crate::symbolic) axioms: Axioms,
    /// Pairs for which the theories have said what is to be said.
    pub(in crate::symbolic) settled: FxHashSet<(PlaceId, PlaceId)>,
    /// The type of the request's context, as each side has it.
    pub(super) contexts: [Option<TermType>; 2],
    pub(super) types: Types,
    pub(super) members: FxHashMap<(PlaceId, Value), Lit>,
    /// The element that each literal of a set is about.
    pub(super) member_at: FxHashMap<Lit, (PlaceId, usize)>,
    /// Whether some element is a set, or holds one.
    pub(in crate::symbolic) sets_in_sets: bool,
    pub(super) subset_lits: FxHashMap<(Value, Value), Lit>,
    pub(super) like_lits: FxHashMap<(Bits, Rc<Pattern>), Lit>,
    /// Numbers as sums, and what was asked of them.
    pub(in crate::symbolic) numbers: Numbers,
    /// The values of applied terms by the address of their operands and the side.
    pub(super) memo: FxHashMap<(*const Vec<Term>, usize), Value>,
    /// Results of arithmetic, by operation and operands: policies ask the same of the same unknowns.
    pub(super) results: FxHashMap<(Discriminant<Op>, Bits, Bits), Value>,
    /// The variables of each side, once asked for.
    pub(super) variables: FxHashMap<(Origin, usize), Value>,
    /// Path and type of what each function gives, by side.
    pub(super) functions: [FxHashMap<String, (PathId, TypeId)>; 2],
    /// The entities that stand for slots in the policy being encoded.
    pub(super) slots: Vec<SlotPlace>,
    /// The side of the policy being encoded.
    pub(super) side: usize,
    /// What of the policy being encoded makes searches long.
    pub(super) hard: Option<Difficulty>,
    /// What of the policy being encoded the engine does not know.
    pub(super) unsupported: Option<&'static str>,
}

/// An entity that stands for a slot in a policy's terms, and the place of what may stand there.
#[derive(Debug, Clone)]
pub(in crate::symbolic) struct SlotPlace {
    pub(super) marker: EntityUid,
    pub(super) place: PlaceId,
    pub(super) ty: TypeId,
}

impl<'a> Encoder<'a> {
    /// Nothing encoded. `widths` are those of an earlier encoder that was too narrow, `least_width` is that of a new
    /// space.
    pub(in crate::symbolic) fn new(
        schemas: Vec<&'a SchemaModel>,
        contexts: [Option<TermType>; 2],
        axioms: Axioms,
        widths: Widths,
        least_width: usize,
    ) -> Self {
        Self {
            circuit: Circuit::new(),
            spaces: Spaces::new(schemas.clone(), widths, least_width),
            schemas,
            contexts,
            places: Places::default(),
            subsets: Vec::new(),
            likes: Vec::new(),
            axioms,
            settled: FxHashSet::default(),
            types: Types::default(),
            members: FxHashMap::default(),
            member_at: FxHashMap::default(),
            sets_in_sets: false,
            subset_lits: FxHashMap::default(),
            like_lits: FxHashMap::default(),
            numbers: Numbers::default(),
            memo: FxHashMap::default(),
            results: FxHashMap::default(),
            variables: FxHashMap::default(),
            functions: Default::default(),
            slots: Vec::new(),
            side: 0,
            hard: None,
            unsupported: None,
        }
    }

    /// Encodes a boolean term of a policy of `side`. The second result names what may make searches long.
    ///
    /// # Errors
    /// When the term holds an operation that the engine does not know.
    pub(in crate::symbolic) fn condition(
        &mut self,
        term: &Term,
        side: usize,
        slots: Vec<SlotPlace>,
    ) -> Result<(Lit, Option<Difficulty>), SetAsideReason> {
        self.side = side;
        self.slots = slots;
        self.hard = None;
        self.unsupported = None;
        let value = self.encode(term);
        let lit = self.bits(&value).bit(0);
        match self.unsupported {
            Some(what) => Err(SetAsideReason::Unsupported(what)),
            None => Ok((lit, self.hard)),
        }
    }

    /// The place of a template's slot, for [`Self::condition`]: the template's side and index, whether the slot is
    /// `?resource`, and the entity that stands for it in the template's terms.
    pub(in crate::symbolic) fn slot(
        &mut self,
        side: usize,
        index: usize,
        resource: bool,
        marker: &EntityUid,
    ) -> SlotPlace {
        let entity_type: &EntityTypeName = marker.type_name();
        let origin = Origin::Slot(side, index, resource, entity_type.clone());
        let ty = TermType::Entity { ety: entity_type.clone() };
        let mut types = [None, None];
        if let Some(slot) = types.get_mut(side) {
            *slot = Some(ty.clone());
        }
        let path = self.places.root(origin, side, types, true);
        let place = self.places.place(path, Vec::new());
        SlotPlace { marker: marker.clone(), place, ty: self.types.id(&ty) }
    }

    /// The type of the request's context, as `side` has it.
    pub(in crate::symbolic) fn context_type(&self, side: usize) -> Option<TermType> {
        self.contexts.get(side).cloned().flatten()
    }

    /// With two schemas, gives every attribute that either declares a path, so that a witness has on one side what the
    /// other requires.
    pub(in crate::symbolic) fn name_all_attributes(&mut self) {
        if self.schemas.len() < 2 {
            return;
        }
        for side in 0..2 {
            let Some(schema) = self.schemas.get(side).copied() else { continue };
            for (ty, model) in &schema.types {
                let function = Function::Attributes(ty.clone());
                let (types, apart) = declared(&self.schemas, &function);
                let path = self.places.root(Origin::Function(function), side, types, apart);
                self.name_attributes(path, &model.attributes, side);
            }
            if let Some(context) = self.context_type(side) {
                let path = self.places.root(Origin::Context, side, self.contexts.clone(), false);
                self.name_attributes(path, &context, side);
            }
        }
    }

    fn name_attributes(&mut self, path: PathId, ty: &TermType, side: usize) {
        if let TermType::Record { rty } = plain(ty) {
            for (attr, field) in rty.iter() {
                let child = self.places.step(path, attr, side);
                self.name_attributes(child, field, side);
            }
        }
    }

    /// The elements that are in their sets in the last model, by place and index, in the order of paths.
    pub(in crate::symbolic) fn held(&self) -> Vec<(PlaceId, usize)> {
        let turned = self.circuit.turned().iter();
        let mut held: Vec<(PlaceId, usize)> = turned.filter_map(|lit| self.member_at.get(lit).copied()).collect();
        held.sort_unstable_by_key(|(place, index)| (self.places[*place].path, *place, *index));
        held
    }

    /// The unknown numbers, dates and durations that were asked for: their bits, the lowest first.
    pub(in crate::symbolic) fn unknown_numbers(&self) -> Vec<Bits> {
        let is_number = |ty: &TermType| match plain(ty) {
            TermType::Ext { xty: ExtType::IpAddr } => false,
            ty => matches!(ty, TermType::Bitvec { .. } | TermType::Ext { .. }),
        };
        let of_numbers = |types: &[Option<TermType>; 2]| types.iter().flatten().any(is_number);
        let all = self.places.all().filter(|(_, place)| of_numbers(&self.places[place.path].types));
        all.filter_map(|(_, place)| place.bits.clone()).collect()
    }
}
