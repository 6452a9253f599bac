//! From symcc's terms to values: structure is followed here, what is left are literals and places.
//!
//! Entities and strings are numbers of *classes*: each constant has a number of its own, and every other number below
//! the space's bound is some other entity or string. Two are equal exactly when the numbers are. A space is as wide as
//! the constants and unknowns in it need; when there turn out to be more, the encoder says so ([`Encoder::too_narrow`])
//! and the session starts it again with more width.

use std::collections::{BTreeMap, HashSet};
use std::mem::{Discriminant, discriminant};
use std::rc::Rc;
use std::sync::Arc;

use cedar_policy::{EntityTypeName, EntityUid};
use cedar_policy_symcc::ext::Ext;
use cedar_policy_symcc::op::{ExtOp, Op};
use cedar_policy_symcc::term::{Term, TermPrim};
use cedar_policy_symcc::term_factory;
use cedar_policy_symcc::term_type::TermType;
use cedar_policy_symcc::type_abbrevs::{Attr, ExtType};
use rustc_hash::{FxHashMap, FxHashSet};

use super::bits::Bits;
use super::circuit::Circuit;
use super::pattern::Pattern;
use super::places::{Origin, PathId, PlaceId, Places, declared, plain};
use super::sat::Lit;
use super::schema::{Function, SchemaModel};
use super::terms;
use super::value::{Kind, TypeId, Value};

/// Bits of an IP address: whether it is version 4, the address, whether there is a prefix, the prefix. What a version
/// does not use is zero, so that equal addresses have equal bits.
mod ip {
    pub(super) const V4: usize = 0;
    pub(super) const ADDRESS: usize = 1;
    pub(super) const HAS_PREFIX: usize = 129;
    pub(super) const PREFIX: usize = 130;
    pub(super) const WIDTH: usize = 137;
}

/// What numbers of classes count: strings, or the entities of one type.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum SpaceKey {
    /// Strings.
    Strings,
    /// Entities of a type.
    Entities(EntityTypeName),
}

/// The classes of one kind.
#[derive(Debug, Default)]
pub(super) struct Space {
    /// Text (or entity id) of each constant; its number is its index.
    pub(super) constants: Vec<String>,
    numbers: FxHashMap<String, usize>,
    /// The ids that each side allows, if it enumerates them.
    choices: [Option<Vec<String>>; 2],
    width: usize,
    unknowns: usize,
}

/// `every element of one set is in the other`, as a literal that is equal to it once its axioms hold.
#[derive(Debug, Clone)]
pub(super) struct Subset {
    /// The literal.
    pub(super) lit: Lit,
    /// The smaller set.
    pub(super) small: Value,
    /// The larger set.
    pub(super) large: Value,
}

/// `the string matches the pattern`, as a literal.
#[derive(Debug, Clone)]
pub(super) struct Like {
    /// The string's class.
    pub(super) text: Bits,
    /// The pattern.
    pub(super) pattern: Rc<Pattern>,
    /// The literal.
    pub(super) lit: Lit,
}

/// What makes a search long, in words that follow "because of".
pub(super) const PRODUCT: &str = "a product of two unknown numbers";
/// As [`PRODUCT`].
pub(super) const DIVISION: &str = "date and time arithmetic (`toDate`, `toTime`, `toDays` and the like)";

/// Axioms that tests switch off one by one, to see that their absence is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(hidden)]
pub struct Axioms {
    /// Members of members are members.
    pub transitivity: bool,
    /// Nothing is a member of itself.
    pub acyclicity: bool,
    /// Equal entities have equal attributes, tags and ancestors.
    pub congruence: bool,
    /// Sets with the same elements are equal, and others are not.
    pub extensionality: bool,
    /// Arithmetic that does not fit is an error.
    pub overflow: bool,
    /// Strings match patterns as strings do.
    pub patterns: bool,
}

impl Default for Axioms {
    fn default() -> Self {
        Self {
            transitivity: true,
            acyclicity: true,
            congruence: true,
            extensionality: true,
            overflow: true,
            patterns: true,
        }
    }
}

/// Everything encoded so far.
#[derive(Debug)]
pub(super) struct Encoder<'a> {
    pub(super) circuit: Circuit,
    pub(super) schemas: Vec<&'a SchemaModel>,
    /// The type of the request's context, as each side has it.
    contexts: [Option<TermType>; 2],
    pub(super) places: Places,
    pub(super) spaces: BTreeMap<SpaceKey, Space>,
    pub(super) subsets: Vec<Subset>,
    pub(super) likes: Vec<Like>,
    pub(super) axioms: Axioms,
    /// Pairs for which the theories have said what is to be said.
    pub(super) settled: FxHashSet<(PlaceId, PlaceId)>,
    /// The constants of [`SpaceKey::Strings`].
    strings: Rc<HashSet<String>>,
    widths: BTreeMap<SpaceKey, usize>,
    least_width: usize,
    narrow: bool,
    types: BTreeMap<TermType, TypeId>,
    type_list: Vec<TermType>,
    members: FxHashMap<(PlaceId, Value), Lit>,
    subset_lits: FxHashMap<(Value, Value), Lit>,
    like_lits: FxHashMap<(Bits, Rc<Pattern>), Lit>,
    quotients: FxHashMap<(Bits, u128), (Bits, Bits)>,
    memo: FxHashMap<(*const Vec<Term>, usize), Value>,
    /// Results of arithmetic, by operation and operands: policies ask the same of the same unknowns.
    results: FxHashMap<(Discriminant<Op>, Bits, Bits), Value>,
    /// The variables of each side, once asked for.
    variables: FxHashMap<(Origin, usize), Value>,
    /// Path and type of what each function gives, by side.
    functions: [FxHashMap<String, (PathId, TypeId)>; 2],
    /// The entities that stand for slots in the policy being encoded, and the places they stand for.
    slots: Vec<(EntityUid, PlaceId, TypeId)>,
    side: usize,
    hard: Option<&'static str>,
    unsupported: Option<&'static str>,
}

impl<'a> Encoder<'a> {
    /// Nothing encoded. `widths` are those of an earlier encoder that was too narrow, `least_width` is that of a new
    /// space.
    pub(super) fn new(
        schemas: Vec<&'a SchemaModel>,
        contexts: [Option<TermType>; 2],
        axioms: Axioms,
        widths: BTreeMap<SpaceKey, usize>,
        least_width: usize,
    ) -> Self {
        Self {
            circuit: Circuit::new(),
            schemas,
            contexts,
            places: Places::default(),
            spaces: BTreeMap::new(),
            subsets: Vec::new(),
            likes: Vec::new(),
            axioms,
            settled: FxHashSet::default(),
            strings: Rc::default(),
            widths,
            least_width,
            narrow: false,
            types: BTreeMap::new(),
            type_list: Vec::new(),
            members: FxHashMap::default(),
            subset_lits: FxHashMap::default(),
            like_lits: FxHashMap::default(),
            quotients: FxHashMap::default(),
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

    /// When some space was too narrow for what it had to hold: the widths to start again with.
    pub(super) fn too_narrow(&self) -> Option<BTreeMap<SpaceKey, usize>> {
        self.narrow.then(|| {
            let width = |space: &Space| {
                let needed = 2 * (space.constants.len() + space.unknowns + 1);
                space.width.max(needed.next_power_of_two().trailing_zeros() as usize)
            };
            self.spaces.iter().map(|(key, space)| (key.clone(), width(space))).collect()
        })
    }

    /// Encodes a boolean term of a policy of `side`. The second result names arithmetic that may make searches long.
    ///
    /// # Errors
    /// When the term holds an operation that the engine does not know.
    pub(super) fn condition(
        &mut self,
        term: &Term,
        side: usize,
        slots: Vec<(EntityUid, PlaceId, TypeId)>,
    ) -> Result<(Lit, Option<&'static str>), &'static str> {
        self.side = side;
        self.slots = slots;
        self.hard = None;
        self.unsupported = None;
        let value = self.encode(term);
        let lit = self.bits(&value).bit(0);
        match self.unsupported {
            Some(what) => Err(what),
            None => Ok((lit, self.hard)),
        }
    }

    /// The place of a template's slot, for [`Self::condition`].
    pub(super) fn slot(&mut self, side: usize, index: usize, resource: bool, ty: &EntityTypeName) -> (PlaceId, TypeId) {
        let origin = Origin::Slot(side, index, resource, ty.clone());
        let ty = TermType::Entity { ety: ty.clone() };
        let mut types = [None, None];
        if let Some(slot) = types.get_mut(side) {
            *slot = Some(ty.clone());
        }
        let path = self.places.root(origin, side, types, true);
        let place = self.places.place(path, Vec::new());
        (place, self.type_id(&ty))
    }

    /// The type of the request's context, as `side` has it.
    pub(super) fn context_type(&self, side: usize) -> Option<TermType> {
        self.contexts.get(side).cloned().flatten()
    }

    /// The number of a type.
    fn type_id(&mut self, ty: &TermType) -> TypeId {
        if let Some(id) = self.types.get(ty) {
            return *id;
        }
        let id = TypeId(u32::try_from(self.type_list.len()).unwrap_or(u32::MAX));
        self.type_list.push(ty.clone());
        self.types.insert(ty.clone(), id);
        id
    }

    /// The type with that number.
    pub(super) fn ty(&self, id: TypeId) -> &TermType {
        self.type_list.get(id.0 as usize).unwrap_or(&TermType::Bool)
    }

    /// With two schemas, gives every attribute that either declares a path, so that a witness has on one side what the
    /// other requires.
    pub(super) fn name_all_attributes(&mut self) {
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

    /// The unknown numbers, dates and durations that were asked for: their bits, the lowest first.
    pub(super) fn numbers(&self) -> Vec<Bits> {
        let is_number = |ty: &TermType| match ty {
            TermType::Option { ty } => matches!(&**ty, TermType::Bitvec { .. } | TermType::Ext { .. }),
            ty => matches!(ty, TermType::Bitvec { .. } | TermType::Ext { .. }),
        };
        let is_ip = |ty: &TermType| match ty {
            TermType::Option { ty } => matches!(&**ty, TermType::Ext { xty: ExtType::IpAddr }),
            ty => matches!(ty, TermType::Ext { xty: ExtType::IpAddr }),
        };
        let of_numbers = |types: &[Option<TermType>; 2]| types.iter().flatten().any(|ty| is_number(ty) && !is_ip(ty));
        let all = self.places.all().filter(|(_, place)| of_numbers(&self.places[place.path].types));
        all.filter_map(|(_, place)| place.bits.clone()).collect()
    }

    // Spaces

    fn space(&mut self, key: &SpaceKey) -> &mut Space {
        if !self.spaces.contains_key(key) {
            let choices = |schema: &&SchemaModel| match key {
                SpaceKey::Strings => None,
                SpaceKey::Entities(ty) => schema.types.get(ty).and_then(|model| model.choices.clone()),
            };
            let choices = [self.schemas.first().and_then(choices), self.schemas.get(1).and_then(choices)];
            let listed: usize = choices.iter().flatten().map(Vec::len).sum();
            let least = (listed + 1).next_power_of_two().trailing_zeros() as usize;
            // Where every side lists the ids, nothing else can occur.
            let closed = self.schemas.iter().all(|schema| match key {
                SpaceKey::Strings => false,
                SpaceKey::Entities(ty) => schema.types.get(ty).is_none_or(|model| model.choices.is_some()),
            });
            let usual = if closed { least } else { self.least_width.max(least + 1) };
            let width = self.widths.get(key).copied().unwrap_or(usual);
            let mut space = Space { choices, width, ..Space::default() };
            // What nothing was asked of is the first: one that every side lists, if there is one.
            let (common, others): (Vec<String>, Vec<String>) = space
                .choices
                .iter()
                .flatten()
                .flatten()
                .cloned()
                .partition(|id| space.choices.iter().flatten().all(|choices| choices.contains(id)));
            for id in common.into_iter().chain(others) {
                space.constant(&id);
            }
            self.spaces.insert(key.clone(), space);
        }
        self.spaces.entry(key.clone()).or_default()
    }

    /// The class of a constant.
    pub(super) fn constant(&mut self, key: &SpaceKey, text: &str) -> Bits {
        let space = self.space(key);
        let (number, width) = (space.constant(text), space.width);
        self.narrow |= self.spaces.get(key).is_some_and(Space::is_full);
        Bits::constant(number as u128, width)
    }

    /// Every string that is a constant.
    pub(super) fn string_constants(&mut self) -> Rc<HashSet<String>> {
        let constants = self.spaces.get(&SpaceKey::Strings).map_or(&[][..], |space| &space.constants);
        let known = self.strings.len();
        if known < constants.len() {
            Rc::make_mut(&mut self.strings).extend(constants.iter().skip(known).cloned());
        }
        Rc::clone(&self.strings)
    }

    /// An unknown class.
    fn unknown(&mut self, key: &SpaceKey, sides: [bool; 2]) -> Bits {
        let space = self.space(key);
        let listed = space.choices.iter().zip(sides).any(|(choices, declares)| declares && choices.is_some());
        space.unknowns += usize::from(!listed);
        let width = space.width;
        // Each unknown would rather be something of its own: the highest numbers are no constants.
        let last = 1_usize.checked_shl(u32::try_from(width).unwrap_or(u32::MAX)).map_or(usize::MAX, |bound| bound - 1);
        let preferred = if listed { 0 } else { last.saturating_sub(space.unknowns - 1) };
        self.narrow |= self.spaces.get(key).is_some_and(Space::is_full);
        let bits = Bits::preferring(&mut self.circuit, width, preferred);
        for side in [0, 1] {
            if !sides.get(side).copied().unwrap_or_default() {
                continue;
            }
            let choices = self.spaces.get(key).and_then(|space| space.choices.get(side).cloned().flatten());
            if let Some(choices) = choices {
                let one_of: Vec<Lit> = choices
                    .iter()
                    .map(|id| {
                        let constant = self.constant(key, id);
                        self.circuit.equal(&bits, &constant)
                    })
                    .collect();
                self.circuit.clause_with(bits.iter(), &one_of);
            }
        }
        bits
    }

    /// Unknown bits for a value of a type that is made of bits. `sides` says who declares the value.
    fn fresh_bits(&mut self, ty: &TermType, sides: [bool; 2]) -> Bits {
        match ty {
            TermType::Bool => Bits::preferring(&mut self.circuit, 1, 0),
            TermType::Bitvec { n } => Bits::fresh(&mut self.circuit, n.get() as usize),
            TermType::String => self.unknown(&SpaceKey::Strings, sides),
            TermType::Entity { ety } => self.unknown(&SpaceKey::Entities(ety.clone()), sides),
            TermType::Ext { xty: ExtType::IpAddr } => self.fresh_ip(),
            TermType::Ext { .. } => Bits::fresh(&mut self.circuit, 64),
            // Not made of bits: callers look at the type first.
            TermType::Option { .. } | TermType::Record { .. } | TermType::Set { .. } => Bits::constant(0, 0),
        }
    }

    fn fresh_ip(&mut self) -> Bits {
        let bits = Bits::fresh(&mut self.circuit, ip::WIDTH);
        let (v4, has_prefix) = (bits.bit(ip::V4), bits.bit(ip::HAS_PREFIX));
        for high in ip::ADDRESS + 32..ip::HAS_PREFIX {
            self.circuit.clause_with([bits.bit(high)], &[!v4, !bits.bit(high)]);
        }
        for index in ip::PREFIX..ip::WIDTH {
            self.circuit.clause_with([bits.bit(index)], &[has_prefix, !bits.bit(index)]);
            if index >= ip::PREFIX + 5 {
                self.circuit.clause_with([bits.bit(index)], &[!v4, !bits.bit(index)]);
            }
        }
        bits
    }

    // Values

    /// What `value` is made of.
    pub(super) fn kind(&self, value: &Value) -> Kind {
        match value {
            Value::Bits(_) => Kind::Bits,
            Value::Option(..) => Kind::Option,
            Value::Record(_) => Kind::Record,
            Value::Listed(_) | Value::Meet(..) => Kind::Set,
            Value::Choice(_, then, _) => self.kind(then),
            Value::Unknown(_, ty, _) => match self.ty(*ty) {
                TermType::Option { .. } => Kind::Option,
                TermType::Record { .. } => Kind::Record,
                TermType::Set { .. } => Kind::Set,
                _ => Kind::Bits,
            },
        }
    }

    /// The bits of a value that is made of bits.
    pub(super) fn bits(&mut self, value: &Value) -> Bits {
        match value {
            Value::Bits(bits) => bits.clone(),
            Value::Unknown(place, ty, _) => {
                if let Some(bits) = &self.places[*place].bits {
                    return bits.clone();
                }
                let path = &self.places[self.places[*place].path];
                let sides = [path.declared(0), path.declared(1)];
                let ty = self.ty(*ty).clone();
                let bits = self.fresh_bits(&ty, sides);
                self.places[*place].bits = Some(bits.clone());
                bits
            }
            Value::Choice(test, then, other) => {
                let (then, other) = (self.bits(then), self.bits(other));
                self.circuit.choose(*test, &then, &other)
            }
            Value::Option(..) | Value::Record(_) | Value::Listed(_) | Value::Meet(..) => Bits::constant(0, 0),
        }
    }

    /// Whether the optional value is there, and what it is then.
    fn option(&mut self, value: &Value) -> (Lit, Option<Value>) {
        match value {
            Value::Option(present, inner) => (*present, inner.as_deref().cloned()),
            Value::Unknown(place, ty, side) => {
                let present = self.present(*place);
                let inner = plain(self.ty(*ty)).clone();
                let inner = self.type_id(&inner);
                (present, Some(Value::Unknown(*place, inner, *side)))
            }
            Value::Choice(test, then, other) => {
                let ((here, then), (there, other)) = (self.option(then), self.option(other));
                let present = self.circuit.choice(*test, here, there);
                let inner = match (then, other) {
                    (Some(then), Some(other)) => Some(self.choose(*test, then, other)),
                    (then, other) => then.or(other),
                };
                (present, inner)
            }
            other => (Lit::TRUE, Some(other.clone())),
        }
    }

    fn present(&mut self, place: PlaceId) -> Lit {
        if let Some(present) = self.places[place].present {
            return present;
        }
        let required = self.places[self.places[place].path].required();
        let present = if required { Lit::TRUE } else { self.circuit.preferring(false) };
        self.places[place].present = Some(present);
        present
    }

    /// An attribute of a record.
    fn field(&mut self, value: &Value, attr: &Attr) -> Value {
        match value {
            Value::Record(fields) => fields.get(attr).cloned().unwrap_or(Value::Option(Lit::FALSE, None)),
            Value::Unknown(place, ty, side) => {
                let field = match self.ty(*ty) {
                    TermType::Record { rty } => rty.get(attr).cloned(),
                    _ => None,
                };
                let Some(field) = field else { return Value::Option(Lit::FALSE, None) };
                let path = self.places.step(self.places[*place].path, attr, *side);
                let arguments = self.places[*place].arguments.clone();
                let child = self.places.place(path, arguments);
                Value::Unknown(child, self.type_id(&field), *side)
            }
            Value::Choice(test, then, other) => {
                let (then, other) = (self.field(then, attr), self.field(other, attr));
                self.choose(*test, then, other)
            }
            Value::Bits(_) | Value::Option(..) | Value::Listed(_) | Value::Meet(..) => Value::Option(Lit::FALSE, None),
        }
    }

    fn fields(&self, value: &Value) -> Vec<Attr> {
        match value {
            Value::Record(fields) => fields.keys().cloned().collect(),
            Value::Unknown(_, ty, _) => match self.ty(*ty) {
                TermType::Record { rty } => rty.keys().cloned().collect(),
                _ => Vec::new(),
            },
            Value::Choice(_, then, _) => self.fields(then),
            Value::Bits(_) | Value::Option(..) | Value::Listed(_) | Value::Meet(..) => Vec::new(),
        }
    }

    /// `then` where `test` holds, else `other`.
    fn choose(&mut self, test: Lit, then: Value, other: Value) -> Value {
        match test.constant() {
            Some(true) => return then,
            Some(false) => return other,
            None => {}
        }
        if then == other {
            return then;
        }
        if self.kind(&then) == Kind::Bits {
            let (then, other) = (self.bits(&then), self.bits(&other));
            return Value::Bits(self.circuit.choose(test, &then, &other));
        }
        Value::Choice(test, Rc::new(then), Rc::new(other))
    }

    /// The two are equal.
    pub(super) fn equal(&mut self, a: &Value, b: &Value) -> Lit {
        if a == b {
            return Lit::TRUE;
        }
        match self.kind(a) {
            Kind::Bits => {
                let (a, b) = (self.bits(a), self.bits(b));
                self.circuit.equal(&a, &b)
            }
            Kind::Option => {
                let ((here, a), (there, b)) = (self.option(a), self.option(b));
                let both_or_neither = self.circuit.iff(here, there);
                let same = match (a, b) {
                    (Some(a), Some(b)) if here != Lit::FALSE && there != Lit::FALSE => self.equal(&a, &b),
                    _ => Lit::TRUE,
                };
                let same = self.circuit.implies(here, same);
                self.circuit.and(both_or_neither, same)
            }
            Kind::Record => {
                let mut all = Vec::new();
                for attr in self.fields(a) {
                    let (a, b) = (self.field(a, &attr), self.field(b, &attr));
                    all.push(self.equal(&a, &b));
                }
                self.circuit.all(all)
            }
            Kind::Set => {
                let (there, back) = (self.subset(a, b), self.subset(b, a));
                self.circuit.and(there, back)
            }
        }
    }

    /// Every argument of one place is equal to the same of the other.
    pub(super) fn equal_arguments(&mut self, a: PlaceId, b: PlaceId) -> Lit {
        let pairs: Vec<(Bits, Bits)> =
            self.places[a].arguments.iter().cloned().zip(self.places[b].arguments.iter().cloned()).collect();
        let equal: Vec<Lit> = pairs.iter().map(|(a, b)| self.circuit.equal(a, b)).collect();
        self.circuit.all(equal)
    }

    /// The same value with nothing in it that was not looked at, except sets at places: the form in which elements are
    /// kept.
    fn solid(&mut self, value: &Value) -> Value {
        match self.kind(value) {
            Kind::Bits => Value::Bits(self.bits(value)),
            Kind::Option => {
                let (present, inner) = self.option(value);
                let inner = inner.map(|inner| Rc::new(self.solid(&inner)));
                Value::Option(present, inner)
            }
            Kind::Record => {
                let attrs = self.fields(value);
                let solid = |attr: Attr| {
                    let field = self.field(value, &attr);
                    (attr, self.solid(&field))
                };
                Value::Record(Rc::new(attrs.into_iter().map(solid).collect()))
            }
            Kind::Set => value.clone(),
        }
    }

    // Sets

    /// `element` is in `set`.
    pub(super) fn member(&mut self, element: &Value, set: &Value) -> Lit {
        match set {
            Value::Listed(elements) => {
                let any: Vec<Lit> = elements.iter().map(|other| self.equal(element, other)).collect();
                self.circuit.any(any)
            }
            Value::Meet(a, b) => {
                let (a, b) = (self.member(element, a), self.member(element, b));
                self.circuit.and(a, b)
            }
            Value::Choice(test, then, other) => {
                let (then, other) = (self.member(element, then), self.member(element, other));
                self.circuit.choice(*test, then, other)
            }
            Value::Unknown(place, ..) => self.member_of(*place, element),
            Value::Bits(_) | Value::Option(..) | Value::Record(_) => Lit::FALSE,
        }
    }

    /// `element` is in the set at `place`.
    pub(super) fn member_of(&mut self, place: PlaceId, element: &Value) -> Lit {
        let key = (place, self.solid(element));
        if let Some(lit) = self.members.get(&key) {
            return *lit;
        }
        let lit = self.circuit.preferring(false);
        self.places[place].members.push(super::places::Member { element: key.1.clone(), lit });
        self.members.insert(key, lit);
        lit
    }

    /// Every element of `small` is in `large`.
    pub(super) fn subset(&mut self, small: &Value, large: &Value) -> Lit {
        if small == large {
            return Lit::TRUE;
        }
        match small {
            Value::Listed(elements) => {
                let all: Vec<Lit> = elements.iter().map(|element| self.member(element, large)).collect();
                self.circuit.all(all)
            }
            Value::Choice(test, then, other) => {
                let (then, other) = (self.subset(then, large), self.subset(other, large));
                self.circuit.choice(*test, then, other)
            }
            Value::Meet(a, b) => {
                for (first, second) in [(a, b), (b, a)] {
                    match &**first {
                        Value::Listed(elements) => {
                            let mut all = Vec::new();
                            for element in elements.iter() {
                                let (inside, required) = (self.member(element, second), self.member(element, large));
                                all.push(self.circuit.implies(inside, required));
                            }
                            return self.circuit.all(all);
                        }
                        Value::Choice(test, then, other) => {
                            let then = self.subset(&Value::Meet(Rc::clone(then), Rc::clone(second)), large);
                            let other = self.subset(&Value::Meet(Rc::clone(other), Rc::clone(second)), large);
                            return self.circuit.choice(*test, then, other);
                        }
                        _ => {}
                    }
                }
                self.open_subset(small, large)
            }
            Value::Unknown(..) => self.open_subset(small, large),
            Value::Bits(_) | Value::Option(..) | Value::Record(_) => Lit::TRUE,
        }
    }

    /// [`Self::subset`] where the elements of `small` are not listed. If it does not hold there is an element that
    /// shows it; if it holds, every element of `small` is in `large`, which [`super::sets`] says of the elements that
    /// turn up.
    fn open_subset(&mut self, small: &Value, large: &Value) -> Lit {
        let key = (small.clone(), large.clone());
        if let Some(lit) = self.subset_lits.get(&key) {
            return *lit;
        }
        let lit = self.circuit.fresh();
        self.subset_lits.insert(key, lit);
        self.subsets.push(Subset { lit, small: small.clone(), large: large.clone() });
        if self.axioms.extensionality
            && let Some((element, side)) = self.element_type(small)
        {
            let place = self.places.fresh(element.clone(), side);
            let ty = self.type_id(&element);
            let witness = Value::Unknown(place, ty, side);
            let (inside, outside) = (self.member(&witness, small), self.member(&witness, large));
            self.circuit.clause_with([lit], &[lit, inside]);
            self.circuit.clause_with([lit], &[lit, !outside]);
        }
        lit
    }

    fn element_type(&self, set: &Value) -> Option<(TermType, usize)> {
        match set {
            Value::Unknown(_, ty, side) => match self.ty(*ty) {
                TermType::Set { ty } => Some(((**ty).clone(), *side)),
                _ => None,
            },
            Value::Meet(a, b) | Value::Choice(_, a, b) => self.element_type(a).or_else(|| self.element_type(b)),
            _ => None,
        }
    }

    // Terms

    fn encode(&mut self, term: &Term) -> Value {
        match term {
            Term::Prim(prim) => Value::Bits(self.primitive(prim)),
            Term::None(_) => Value::Option(Lit::FALSE, None),
            Term::Some(inner) => {
                let inner = self.encode(inner);
                Value::Option(Lit::TRUE, Some(Rc::new(inner)))
            }
            Term::Record(fields) => {
                let fields = fields.iter().map(|(attr, field)| (attr.clone(), self.encode(field))).collect();
                Value::Record(Rc::new(fields))
            }
            Term::Set { elts, .. } => {
                let solid = |element| {
                    let element = self.encode(element);
                    self.solid(&element)
                };
                Value::Listed(Rc::new(elts.iter().map(solid).collect()))
            }
            Term::Var(variable) => self.variable(&variable.id, &variable.ty),
            Term::App { op, args, ret_ty } => {
                let key = (Arc::as_ptr(args), self.side);
                if let Some(value) = self.memo.get(&key) {
                    return value.clone();
                }
                let value = self.apply(op, args, ret_ty);
                // The session keeps every term that it encodes, so the address stays taken. Terms are shared inside, so
                // that without this a sum of forty numbers would be encoded 2^40 times.
                self.memo.insert(key, value.clone());
                value
            }
        }
    }

    fn variable(&mut self, id: &str, ty: &TermType) -> Value {
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
        let value = Value::Unknown(place, self.type_id(ty), self.side);
        self.variables.insert(key, value.clone());
        value
    }

    fn primitive(&mut self, prim: &TermPrim) -> Bits {
        match prim {
            TermPrim::Bool(value) => Bits::one(Lit::from(*value)),
            TermPrim::Bitvec(number) => Bits::constant(terms::number(number), number.width().get() as usize),
            TermPrim::String(text) => self.constant(&SpaceKey::Strings, text),
            TermPrim::Entity(uid) => {
                if let Some((_, place, ty)) = self.slots.iter().find(|(marker, ..)| marker == uid) {
                    let slot = Value::Unknown(*place, *ty, self.side);
                    return self.bits(&slot);
                }
                self.constant(&SpaceKey::Entities(uid.type_name().clone()), uid.id().as_ref())
            }
            TermPrim::Ext(ext) => match ext {
                Ext::Decimal { .. } => self.folded(term_factory::ext_decimal_val(Term::Prim(prim.clone()))),
                Ext::Datetime { .. } => self.folded(term_factory::ext_datetime_val(Term::Prim(prim.clone()))),
                Ext::Duration { .. } => self.folded(term_factory::ext_duration_val(Term::Prim(prim.clone()))),
                Ext::Ipaddr { ip } => {
                    let term = || Term::Prim(prim.clone());
                    let v4 = ip.is_v4();
                    let (address, prefix) = if v4 {
                        (term_factory::ext_ipaddr_addr_v4(term()), term_factory::ext_ipaddr_prefix_v4(term()))
                    } else {
                        (term_factory::ext_ipaddr_addr_v6(term()), term_factory::ext_ipaddr_prefix_v6(term()))
                    };
                    let address = self.folded(address).slice(0, 128);
                    let prefix = match prefix {
                        Term::Some(prefix) => Some(self.folded(Arc::unwrap_or_clone(prefix)).slice(0, 7)),
                        _ => None,
                    };
                    let has_prefix = Lit::from(prefix.is_some());
                    let prefix = prefix.unwrap_or_else(|| Bits::constant(0, 7));
                    let first = std::iter::once(Lit::from(v4));
                    first.chain(address.iter()).chain(std::iter::once(has_prefix)).chain(prefix.iter()).collect()
                }
            },
        }
    }

    /// The bits of a term that symcc has computed already.
    fn folded(&mut self, term: Term) -> Bits {
        let value = self.encode(&term);
        self.bits(&value)
    }

    fn operands(&mut self, args: &[Term]) -> (Bits, Bits) {
        let mut each = args.iter().map(|arg| {
            let value = self.encode(arg);
            self.bits(&value)
        });
        let first = each.next().unwrap_or_else(|| Bits::constant(0, 0));
        let second = each.next().unwrap_or_else(|| Bits::constant(0, 0));
        (first, second)
    }

    fn operand(&mut self, args: &[Term]) -> Value {
        args.first().map_or(Value::Bits(Bits::constant(0, 0)), |arg| self.encode(arg))
    }

    fn apply(&mut self, op: &Op, args: &[Term], ret_ty: &TermType) -> Value {
        let overflow = self.axioms.overflow;
        let flag = |lit: Lit| Value::Bits(Bits::one(lit));
        match op {
            Op::Not => {
                let value = self.operand(args);
                flag(!self.bits(&value).bit(0))
            }
            Op::And | Op::Or => {
                let (a, b) = self.operands(args);
                let (a, b) = (a.bit(0), b.bit(0));
                flag(if *op == Op::And { self.circuit.and(a, b) } else { self.circuit.or(a, b) })
            }
            Op::Ite => {
                let [test, then, other] = args else { return self.foreign("a conditional without three operands") };
                let test = self.encode(test);
                let test = self.bits(&test).bit(0);
                match test.constant() {
                    Some(true) => self.encode(then),
                    Some(false) => self.encode(other),
                    None => {
                        let (then, other) = (self.encode(then), self.encode(other));
                        self.choose(test, then, other)
                    }
                }
            }
            Op::Eq => {
                let [a, b] = args else { return self.foreign("an equation without two operands") };
                let (a, b) = (self.encode(a), self.encode(b));
                flag(self.equal(&a, &b))
            }
            Op::OptionGet => {
                let value = self.operand(args);
                match self.option(&value).1 {
                    Some(inner) => inner,
                    // Never there: its value does not matter, but it has one.
                    None => {
                        let place = self.places.fresh(ret_ty.clone(), self.side);
                        Value::Unknown(place, self.type_id(ret_ty), self.side)
                    }
                }
            }
            Op::RecordGet(attr) => {
                let value = self.operand(args);
                self.field(&value, attr)
            }
            Op::Uuf(function) => {
                let argument = self.operand(args);
                self.function(&function.id, &argument, ret_ty)
            }
            Op::SetMember => {
                let [element, set] = args else { return self.foreign("a membership without two operands") };
                let (element, set) = (self.encode(element), self.encode(set));
                flag(self.member(&element, &set))
            }
            Op::SetSubset => {
                let [small, large] = args else { return self.foreign("an inclusion without two operands") };
                let (small, large) = (self.encode(small), self.encode(large));
                flag(self.subset(&small, &large))
            }
            Op::SetInter => {
                let [a, b] = args else { return self.foreign("an intersection without two operands") };
                let (a, b) = (self.encode(a), self.encode(b));
                Value::Meet(Rc::new(a), Rc::new(b))
            }
            Op::StringLike(pattern) => {
                let value = self.operand(args);
                let text = self.bits(&value);
                flag(self.like(text, Pattern::new(terms::pattern(pattern))))
            }
            Op::Bvneg => {
                let (a, _) = self.operands(args);
                Value::Bits(self.circuit.negate(&a))
            }
            Op::Bvnego => {
                let (a, _) = self.operands(args);
                flag(if overflow { self.circuit.negate_overflows(&a) } else { Lit::FALSE })
            }
            Op::ZeroExtend(more) => {
                let (a, _) = self.operands(args);
                Value::Bits(a.slice(0, a.width() + *more as usize))
            }
            Op::Ext(op) => self.extension(op, args),
            _ => {
                let (a, b) = self.operands(args);
                if matches!(op, Op::Bvmul | Op::Bvsmulo | Op::Bvsdiv | Op::Bvsrem | Op::Bvsmod) {
                    // Every policy with these is to be told that they are hard.
                    return self.arithmetic(op, &a, &b);
                }
                let key = (discriminant(op), a, b);
                if let Some(result) = self.results.get(&key) {
                    return result.clone();
                }
                let result = self.arithmetic(op, &key.1, &key.2);
                if self.unsupported.is_none() {
                    self.results.insert(key, result.clone());
                }
                result
            }
        }
    }

    fn arithmetic(&mut self, op: &Op, a: &Bits, b: &Bits) -> Value {
        let overflow = self.axioms.overflow;
        let flag = |lit: Lit| Value::Bits(Bits::one(lit));
        match op {
            Op::Bvadd => Value::Bits(self.circuit.add(a, b)),
            Op::Bvsub => Value::Bits(self.circuit.subtract(a, b)),
            Op::Bvmul | Op::Bvsmulo => {
                if a.known().is_none() && b.known().is_none() {
                    self.hard = Some(PRODUCT);
                }
                let (product, overflows) = self.circuit.multiply(a, b);
                match op {
                    Op::Bvmul => Value::Bits(product),
                    _ => flag(if overflow { overflows } else { Lit::FALSE }),
                }
            }
            Op::Bvsaddo => flag(if overflow { self.circuit.add_overflows(a, b) } else { Lit::FALSE }),
            Op::Bvssubo => flag(if overflow { self.circuit.subtract_overflows(a, b) } else { Lit::FALSE }),
            Op::Bvslt => flag(self.circuit.less_signed(a, b)),
            Op::Bvsle => flag(!self.circuit.less_signed(b, a)),
            Op::Bvult => flag(self.circuit.less_unsigned(a, b)),
            Op::Bvule => flag(!self.circuit.less_unsigned(b, a)),
            Op::Bvshl => Value::Bits(self.circuit.shift_left(a, b)),
            Op::Bvlshr => Value::Bits(self.circuit.shift_right(a, b)),
            Op::Bvsdiv | Op::Bvsrem | Op::Bvsmod => {
                let positive = b.known().filter(|divisor| *divisor > 0 && b.sign() == Lit::FALSE);
                let Some(divisor) = positive else {
                    return self.foreign("division by a number that is not a positive constant");
                };
                if a.known().is_none() {
                    self.hard = Some(DIVISION);
                }
                let (quotient, remainder) = self.divide(a, divisor);
                match op {
                    Op::Bvsdiv => Value::Bits(quotient),
                    Op::Bvsrem => Value::Bits(remainder),
                    // The remainder with the sign of the divisor.
                    _ => {
                        let lifted = self.circuit.add(&remainder, b);
                        Value::Bits(self.circuit.choose(remainder.sign(), &lifted, &remainder))
                    }
                }
            }
            _ => self.foreign("an operation that the engine does not know"),
        }
    }

    fn divide(&mut self, a: &Bits, divisor: u128) -> (Bits, Bits) {
        let key = (a.clone(), divisor);
        if let Some(result) = self.quotients.get(&key) {
            return result.clone();
        }
        let result = match a
            .known()
            .and_then(|number| i64::try_from(number.cast_signed()).ok().or(Some(number as u64 as i64)))
        {
            Some(number) if a.width() == 64 => {
                let divisor = i128::try_from(divisor).unwrap_or(i128::MAX);
                let number = i128::from(number);
                let of = |value: i128| Bits::constant(value.cast_unsigned(), 64);
                (of(number / divisor), of(number % divisor))
            }
            _ => self.circuit.divide(a, divisor),
        };
        self.quotients.insert(key, result.clone());
        result
    }

    fn extension(&mut self, op: &ExtOp, args: &[Term]) -> Value {
        let value = self.operand(args);
        let bits = self.bits(&value);
        match op {
            // The bits of these types are the number itself.
            ExtOp::DecimalVal
            | ExtOp::DatetimeVal
            | ExtOp::DurationVal
            | ExtOp::DatetimeOfBitVec
            | ExtOp::DurationOfBitVec => Value::Bits(bits),
            ExtOp::IpaddrIsV4 => Value::Bits(Bits::one(bits.bit(ip::V4))),
            ExtOp::IpaddrAddrV4 => Value::Bits(bits.slice(ip::ADDRESS, 32)),
            ExtOp::IpaddrAddrV6 => Value::Bits(bits.slice(ip::ADDRESS, 128)),
            ExtOp::IpaddrPrefixV4 => self.prefix(&bits, 5),
            ExtOp::IpaddrPrefixV6 => self.prefix(&bits, 7),
        }
    }

    fn prefix(&mut self, address: &Bits, width: usize) -> Value {
        let prefix = Value::Bits(address.slice(ip::PREFIX, width));
        Value::Option(address.bit(ip::HAS_PREFIX), Some(Rc::new(prefix)))
    }

    fn function(&mut self, id: &str, argument: &Value, ret_ty: &TermType) -> Value {
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
            _ => vec![self.bits(argument)],
        };
        let place = self.places.place(path, arguments);
        Value::Unknown(place, ty, self.side)
    }

    fn new_function(&mut self, id: &str, ret_ty: &TermType) -> Option<(PathId, TypeId)> {
        let function = self.schemas.get(self.side)?.functions.get(id)?.clone();
        let (types, apart) = declared(&self.schemas, &function);
        let path = self.places.root(Origin::Function(function), self.side, types, apart);
        let known = (path, self.type_id(ret_ty));
        self.functions.get_mut(self.side)?.insert(id.to_owned(), known);
        Some(known)
    }

    fn like(&mut self, text: Bits, pattern: Pattern) -> Lit {
        if pattern.matches_everything() {
            return Lit::TRUE;
        }
        if let Some(exactly) = pattern.literal() {
            let constant = self.constant(&SpaceKey::Strings, &exactly);
            return self.circuit.equal(&text, &constant);
        }
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
    fn foreign(&mut self, what: &'static str) -> Value {
        self.unsupported = Some(what);
        Value::Bits(Bits::one(Lit::FALSE))
    }
}

impl Space {
    fn constant(&mut self, text: &str) -> usize {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.constants.len();
        self.constants.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }

    /// The number of a constant, if it is one.
    pub(super) fn number(&self, text: &str) -> Option<usize> {
        self.numbers.get(text).copied()
    }

    /// Whether there may be more classes than numbers.
    fn is_full(&self) -> bool {
        let bound = 1_usize.checked_shl(u32::try_from(self.width).unwrap_or(u32::MAX)).unwrap_or(usize::MAX);
        self.constants.len() + self.unknowns > bound
    }
}
