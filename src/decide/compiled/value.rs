//! Values as numbers, and the tables that say what the numbers stand for.
//!
//! # Why
//!
//! Strings, entity ids, sets, records and extension values are kept once each, so that two values are equal exactly
//! where their numbers are, whatever they hold. A pool stands on another: what a request brings along goes into a pool
//! of its own on top of that of policies and entities, which all threads share and nobody changes.

use std::collections::BTreeMap;
use std::hash::Hash;
use std::sync::Arc;

use cedar_policy_core::ast::{
    EntityType, EntityUID, Expr, Literal, PartialValue, Value as CedarValue, ValueKind as CedarKind,
};
use rustc_hash::FxHashMap;

use super::instants::{of_instant, to_instant};

/// A value; the numbers are places in a [`Pool`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::decide) enum Value {
    Bool(bool),
    Long(i64),
    Text(u32),
    Entity(u32),
    /// Its elements are in order, each once.
    Set(u32),
    /// Its fields are in the order of their names' numbers.
    Record(u32),
    /// What an extension function gave.
    Extension(u32),
    /// Not known: the node that says what it hangs on.
    Open(u32),
}

/// Things by number, each once; numbers count on from those of the pool below.
#[derive(Debug)]
struct Table<T> {
    start: u32,
    items: Vec<T>,
    numbers: FxHashMap<T, u32>,
}

impl<T: Hash + Eq + Clone> Table<T> {
    fn above(below: Option<&Self>) -> Self {
        let start = below.map_or(0, |below| below.start + below.len());
        Self { start, items: Vec::new(), numbers: FxHashMap::default() }
    }

    fn len(&self) -> u32 {
        u32::try_from(self.items.len()).unwrap_or(u32::MAX)
    }

    fn get(&self, number: u32) -> Option<&T> {
        self.items.get(usize::try_from(number.checked_sub(self.start)?).ok()?)
    }

    fn add(&mut self, item: T) -> u32 {
        let number = self.start + self.len();
        self.items.push(item.clone());
        self.numbers.insert(item, number);
        number
    }

    fn clear(&mut self) {
        if !self.items.is_empty() {
            self.items.clear();
            self.numbers.clear();
        }
    }
}

/// A field of a record: the number of its name, and its value.
pub(in crate::decide) type Field = (u32, Value);

/// What the numbers of values stand for.
#[derive(Debug)]
pub(in crate::decide) struct Pool {
    below: Option<Arc<Pool>>,
    texts: Table<Arc<str>>,
    entities: Table<EntityUID>,
    /// The type of each entity.
    types_of: Vec<u32>,
    types: Table<EntityType>,
    sets: Table<Arc<[Value]>>,
    records: Table<Arc<[Field]>>,
    extensions: Vec<Extension>,
    /// Of those that are no instants.
    extension_numbers: BTreeMap<CedarKind, u32>,
    /// Of instants, in milliseconds since 1970.
    instants: FxHashMap<i64, u32>,
    extensions_start: u32,
}

/// What an extension function gave.
#[derive(Debug)]
enum Extension {
    Cedar(CedarValue),
    /// In milliseconds since 1970, with Cedar's value where it came of one: that keeps how it was written.
    Instant(i64, Option<CedarValue>),
}

/// So many things of requests are kept from one to the next.
const KEPT: usize = 8_192;

/// A lookup through this pool and those below.
macro_rules! lookup {
    ($pool:expr, $table:ident, $number:expr) => {{
        let number = $number;
        let mut pool = $pool;
        loop {
            if number >= pool.$table.start {
                break pool.$table.get(number);
            }
            match &pool.below {
                Some(below) => pool = below,
                None => break None,
            }
        }
    }};
}

/// The number of an item in this pool or those below.
macro_rules! number {
    ($pool:expr, $table:ident, $item:expr) => {{
        let mut pool = $pool;
        loop {
            if let Some(number) = pool.$table.numbers.get($item) {
                break Some(*number);
            }
            match &pool.below {
                Some(below) => pool = below,
                None => break None,
            }
        }
    }};
}

impl Pool {
    /// An empty pool on top of `below`.
    pub(super) fn new(below: Option<Arc<Pool>>) -> Self {
        let under = below.as_deref();
        let extensions_start =
            under.map_or(0, |pool| pool.extensions_start + u32::try_from(pool.extensions.len()).unwrap_or(u32::MAX));
        Self {
            texts: Table::above(under.map(|pool| &pool.texts)),
            entities: Table::above(under.map(|pool| &pool.entities)),
            types_of: Vec::new(),
            types: Table::above(under.map(|pool| &pool.types)),
            sets: Table::above(under.map(|pool| &pool.sets)),
            records: Table::above(under.map(|pool| &pool.records)),
            extensions: Vec::new(),
            extension_numbers: BTreeMap::new(),
            instants: FxHashMap::default(),
            extensions_start,
            below,
        }
    }

    /// Forgets all that is not in the pool below.
    pub(super) fn clear(&mut self) {
        self.texts.clear();
        self.entities.clear();
        self.types_of.clear();
        self.types.clear();
        self.sets.clear();
        self.records.clear();
        if !self.extensions.is_empty() {
            self.extensions.clear();
            self.extension_numbers.clear();
            self.instants.clear();
        }
    }

    /// The same, once there is much of it: until then what comes again has its number already.
    pub(super) fn clear_when_full(&mut self) {
        let lists = self.sets.items.len() + self.records.items.len() + self.extensions.len();
        if self.texts.items.len() + self.entities.items.len() + lists > KEPT {
            self.clear();
        }
    }

    pub(in crate::decide) fn text(&self, number: u32) -> &str {
        lookup!(self, texts, number).map_or("", |text| text)
    }

    pub(in crate::decide) fn entity(&self, number: u32) -> Option<&EntityUID> {
        lookup!(self, entities, number)
    }

    /// The number of the type of an entity.
    pub(in crate::decide) fn type_of(&self, entity: u32) -> u32 {
        let mut pool = self;
        loop {
            if let Some(at) = entity.checked_sub(pool.entities.start) {
                let at = usize::try_from(at).unwrap_or(usize::MAX);
                return pool.types_of.get(at).copied().unwrap_or(u32::MAX);
            }
            match &pool.below {
                Some(below) => pool = below,
                None => return u32::MAX,
            }
        }
    }

    pub(in crate::decide) fn elements(&self, set: u32) -> &[Value] {
        lookup!(self, sets, set).map_or(&[], |elements| elements)
    }

    pub(in crate::decide) fn fields(&self, record: u32) -> &[Field] {
        lookup!(self, records, record).map_or(&[], |fields| fields)
    }

    fn extension(&self, number: u32) -> Option<&Extension> {
        match number.checked_sub(self.extensions_start) {
            Some(at) => self.extensions.get(usize::try_from(at).ok()?),
            None => self.below.as_ref()?.extension(number),
        }
    }

    /// The instant that an extension value is, in milliseconds since 1970.
    pub(super) fn instant(&self, number: u32) -> Option<i64> {
        match self.extension(number)? {
            Extension::Instant(at, _) => Some(*at),
            Extension::Cedar(_) => None,
        }
    }

    pub(super) fn add_text(&mut self, text: &str) -> u32 {
        number!(&*self, texts, text).unwrap_or_else(|| self.texts.add(Arc::from(text)))
    }

    /// The number of `text`, if the pool below has one for it: nothing that is compiled names any other.
    pub(super) fn number_below(&self, text: &str) -> Option<u32> {
        let below = self.below.as_deref()?;
        number!(below, texts, text)
    }

    pub(super) fn add_type(&mut self, ty: &EntityType) -> u32 {
        number!(&*self, types, ty).unwrap_or_else(|| self.types.add(ty.clone()))
    }

    pub(super) fn entity_type(&self, number: u32) -> Option<&EntityType> {
        lookup!(self, types, number)
    }

    /// The number of `uid`, if it has one.
    pub(in crate::decide) fn known_entity(&self, uid: &EntityUID) -> Option<u32> {
        number!(self, entities, uid)
    }

    pub(super) fn add_entity(&mut self, uid: &EntityUID) -> u32 {
        if let Some(number) = self.known_entity(uid) {
            return number;
        }
        let ty = self.add_type(uid.entity_type());
        self.types_of.push(ty);
        self.entities.add(uid.clone())
    }

    /// How many entities have numbers.
    pub(super) fn entity_count(&self) -> u32 {
        self.entities.start + self.entities.len()
    }

    pub(super) fn add_set(&mut self, mut elements: Vec<Value>) -> Value {
        elements.sort_unstable();
        elements.dedup();
        let known = number!(&*self, sets, elements.as_slice());
        Value::Set(known.unwrap_or_else(|| self.sets.add(elements.into())))
    }

    pub(super) fn add_record(&mut self, mut fields: Vec<Field>) -> Value {
        fields.sort_unstable_by_key(|(name, _)| *name);
        let known = number!(&*self, records, fields.as_slice());
        Value::Record(known.unwrap_or_else(|| self.records.add(fields.into())))
    }

    fn known_extension(&self, kind: &CedarKind) -> Option<u32> {
        let own = self.extension_numbers.get(kind).copied();
        own.or_else(|| self.below.as_ref()?.known_extension(kind))
    }

    fn known_instant(&self, at: i64) -> Option<u32> {
        let own = self.instants.get(&at).copied();
        own.or_else(|| self.below.as_ref()?.known_instant(at))
    }

    fn next_extension(&mut self, extension: Extension) -> u32 {
        let number = self.extensions_start + u32::try_from(self.extensions.len()).unwrap_or(u32::MAX);
        self.extensions.push(extension);
        number
    }

    /// The instant `at`, in milliseconds since 1970.
    pub(super) fn add_instant(&mut self, at: i64, value: Option<&CedarValue>) -> Value {
        Value::Extension(self.known_instant(at).unwrap_or_else(|| {
            let number = self.next_extension(Extension::Instant(at, value.cloned()));
            self.instants.insert(at, number);
            number
        }))
    }

    /// A value of Cedar's as one of ours.
    pub(super) fn add_value(&mut self, value: &CedarValue) -> Value {
        match value.value_kind() {
            CedarKind::Lit(literal) => self.add_literal(literal),
            CedarKind::Set(set) => {
                let elements = set.iter().map(|element| self.add_value(element)).collect();
                self.add_set(elements)
            }
            CedarKind::Record(record) => {
                let fields = record.iter().map(|(name, value)| (self.add_text(name), self.add_value(value))).collect();
                self.add_record(fields)
            }
            kind @ CedarKind::ExtensionValue(_) => match to_instant(value) {
                Some(at) => self.add_instant(at, Some(value)),
                None => Value::Extension(self.known_extension(kind).unwrap_or_else(|| {
                    let number = self.next_extension(Extension::Cedar(value.clone()));
                    self.extension_numbers.insert(kind.clone(), number);
                    number
                })),
            },
        }
    }

    pub(super) fn add_literal(&mut self, literal: &Literal) -> Value {
        match literal {
            Literal::Bool(value) => Value::Bool(*value),
            Literal::Long(value) => Value::Long(*value),
            Literal::String(text) => Value::Text(self.add_text(text)),
            Literal::EntityUID(uid) => Value::Entity(self.add_entity(uid)),
        }
    }

    /// The same of a value that may hold something unknown, which has none.
    pub(super) fn add_partial(&mut self, value: &PartialValue) -> Option<Value> {
        match value {
            PartialValue::Value(value) => Some(self.add_value(value)),
            PartialValue::Residual(_) => None,
        }
    }

    /// One of our values as Cedar's; `None` for what is not known.
    pub(super) fn cedar(&self, value: Value) -> Option<CedarValue> {
        Some(match value {
            Value::Bool(value) => CedarValue::from(value),
            Value::Long(value) => CedarValue::from(value),
            Value::Text(text) => CedarValue::from(self.text(text)),
            Value::Entity(entity) => CedarValue::from(self.entity(entity)?.clone()),
            Value::Set(set) => {
                let elements = self.elements(set).iter().map(|element| self.cedar(*element));
                CedarValue::set(elements.collect::<Option<Vec<_>>>()?, None)
            }
            Value::Record(record) => {
                let fields = self.fields(record).iter();
                let field = |(name, value): &Field| Some((self.text(*name).to_owned(), self.cedar(*value)?));
                CedarValue::record(fields.map(field).collect::<Option<Vec<_>>>()?, None)
            }
            Value::Extension(number) => match self.extension(number)? {
                Extension::Cedar(value) | Extension::Instant(_, Some(value)) => value.clone(),
                Extension::Instant(at, None) => of_instant(*at)?,
            },
            Value::Open(_) => return None,
        })
    }

    /// The same as an expression.
    pub(super) fn expression(&self, value: Value) -> Option<Expr> {
        self.cedar(value).map(Expr::from)
    }
}
