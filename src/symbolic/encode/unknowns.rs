//! What terms name without saying what it is: variables, slots, functions of entities, and patterns of strings.

use std::rc::Rc;

use cedar_policy::EntityUid;
use cedar_policy_symcc::term_type::TermType;
use cedar_policy_symcc::type_abbrevs::ExtType;

use super::atoms::Like;
use super::encoder::Encoder;
use super::ids::{PathId, TypeId};
use super::pattern::Pattern;
use super::places::{Origin, declared};
use super::spaces::SpaceKey;
use super::value::{Kind, Value};
use crate::symbolic::circuit::{Bits, Lit};
use crate::symbolic::reason::Difficulty;

impl Encoder<'_> {
    /// Unknown bits for a value of a type that is made of bits. `sides` says who declares the value.
    pub(super) fn unknown_bits(&mut self, ty: &TermType, sides: [bool; 2]) -> Bits {
        match ty {
            TermType::Bool => Bits::preferring(&mut self.circuit, 1, 0),
            TermType::Bitvec { n } => Bits::fresh(&mut self.circuit, n.get() as usize),
            TermType::String => self.spaces.unknown(&mut self.circuit, &SpaceKey::Strings, sides),
            TermType::Entity { ety } => self.spaces.unknown(&mut self.circuit, &SpaceKey::Entities(ety.clone()), sides),
            TermType::Ext { xty: ExtType::IpAddr } => self.unknown_address(),
            TermType::Ext { .. } => Bits::fresh(&mut self.circuit, 64),
            // Not made of bits: callers look at the type first.
            TermType::Option { .. } | TermType::Record { .. } | TermType::Set { .. } => Bits::constant(0, 0),
        }
    }

    /// A variable of the request, as the side of the policy sees it.
    pub(super) fn variable(&mut self, id: &str, ty: &TermType) -> Value {
        let origin = match id {
            "principal" => Origin::Principal,
            "resource" => Origin::Resource,
            _ => Origin::Context,
        };
        let key = (origin, self.side);
        if let Some(value) = self.variables.get(&key) {
            return value.clone();
        }
        let types = match key.0 {
            Origin::Context => self.contexts.clone(),
            _ => [Some(ty.clone()), (self.schemas.len() > 1).then(|| ty.clone())],
        };
        let path = self.places.root(key.0.clone(), self.side, types, false);
        let place = self.places.place(path, Vec::new());
        let value = Value::Unknown(place, self.types.id(ty), self.side);
        self.variables.insert(key, value.clone());
        value
    }

    /// The class of an entity that a term names, or of what may stand in the slot that it marks.
    pub(super) fn entity(&mut self, uid: &EntityUid) -> Bits {
        if let Some(slot) = self.slots.iter().find(|slot| slot.marker == *uid) {
            let slot = Value::Unknown(slot.place, slot.ty, self.side);
            return self.bits(&slot);
        }
        self.spaces.constant(&SpaceKey::Entities(uid.type_name().clone()), uid.id().as_ref())
    }

    /// What the function `id` of symcc's gives for `argument`.
    pub(super) fn function(&mut self, id: &str, argument: &Value, ret_ty: &TermType) -> Value {
        let known = self.functions.get(self.side).and_then(|functions| functions.get(id)).copied();
        let Some((path, ty)) = known.or_else(|| self.new_function(id, ret_ty)) else {
            return self.foreign("a function that is not of the schema");
        };
        let arguments = match self.kind(argument) {
            Kind::Record => ["entity", "tag"]
                .into_iter()
                .map(|name| {
                    let part = self.field(argument, &name.into());
                    self.bits(&part)
                })
                .collect(),
            Kind::Bits | Kind::Option | Kind::Set => vec![self.bits(argument)],
        };
        let place = self.places.place(path, arguments);
        Value::Unknown(place, ty, self.side)
    }

    fn new_function(&mut self, id: &str, ret_ty: &TermType) -> Option<(PathId, TypeId)> {
        let function = self.schemas.get(self.side)?.functions.get(id)?.clone();
        let (types, apart) = declared(&self.schemas, &function);
        let path = self.places.root(Origin::Function(function), self.side, types, apart);
        let known = (path, self.types.id(ret_ty));
        self.functions.get_mut(self.side)?.insert(id.to_owned(), known);
        Some(known)
    }

    /// `text` matches the pattern.
    pub(super) fn like(&mut self, text: Bits, pattern: Pattern) -> Lit {
        if pattern.matches_everything() {
            return Lit::TRUE;
        }
        if let Some(exactly) = pattern.literal() {
            let constant = self.spaces.constant(&SpaceKey::Strings, &exactly);
            return self.circuit.equal(&text, &constant);
        }
        self.hard = self.hard.max(Some(Difficulty::Patterns));
        let key = (text, Rc::new(pattern));
        if let Some(lit) = self.like_lits.get(&key) {
            return *lit;
        }
        let lit = self.circuit.preferring(false);
        self.likes.push(Like { text: key.0.clone(), pattern: Rc::clone(&key.1), lit });
        self.like_lits.insert(key, lit);
        lit
    }

    /// Something that symcc does not produce today: whatever stands for it, the policy is set aside.
    pub(super) fn foreign(&mut self, what: &'static str) -> Value {
        self.unsupported = Some(what);
        Value::one(Lit::FALSE)
    }
}
