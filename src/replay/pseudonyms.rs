//! Requests without the names of those who made them.
//!
//! # Why
//!
//! What a policy names is in the repository already and stays; everything else that could tell who it was is replaced:
//! ids, texts, addresses and numbers, of which no more than their order is kept. Whether the policies still make the
//! same of the request is for the caller to see; there are several ways to replace what they look into, tried in turn,
//! the one that says least first.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{EntityId, EntityTypeName, EntityUid};
use serde_json::{Map, Value};

use crate::repo::Store;
use crate::repo::cedar::{Body, enumeration, is_action};

/// So many ways are tried.
const MOST: usize = 24;

/// What the policies of a store name.
#[derive(Debug, Default)]
pub(super) struct Public {
    ids: BTreeSet<EntityUid>,
    texts: BTreeSet<String>,
    numbers: BTreeSet<i64>,
    /// Texts that patterns of policies match.
    matching: Vec<String>,
    /// Addresses that policies write out.
    addresses: Vec<String>,
}

impl Public {
    /// What the policies of `store` name.
    pub(super) fn of(store: &Store) -> Self {
        let mut public = Self::default();
        for policy in &store.policies {
            public.ids.extend(policy.body.entities());
            let json = match &policy.body {
                Body::Static(policy) => policy.to_json(),
                Body::Template(template) => template.to_json(),
            };
            json.iter().for_each(|json| public.take(json));
        }
        for policy in store.set.policies() {
            public.ids.extend(policy.template_links().into_iter().flatten().map(|(_, uid)| uid));
        }
        if let Some(schema) = store.schema.ready() {
            let types = schema.cedar.entity_types();
            public.ids.extend(types.filter_map(|ty| enumeration(&schema.cedar, ty)).flatten());
        }
        public.matching.dedup();
        public.addresses.dedup();
        public
    }

    fn take(&mut self, json: &Value) {
        match json {
            Value::Object(fields) => {
                match fields.get("Value") {
                    Some(Value::String(text)) => _ = self.texts.insert(text.clone()),
                    Some(Value::Number(number)) => {
                        // `-3` is written as what 3 is the negative of.
                        let literal = number.as_i64();
                        self.numbers.extend(literal.into_iter().chain(literal.and_then(i64::checked_neg)));
                    }
                    _ => {}
                }
                if let Some(pattern) = fields.get("like").and_then(|like| like.get("pattern")?.as_array()) {
                    let part = |part: &Value| match part.get("Literal").and_then(Value::as_str) {
                        Some(text) => text.to_owned(),
                        None => "x".to_owned(),
                    };
                    self.matching.push(pattern.iter().map(part).collect());
                }
                if let Some(Value::String(text)) =
                    fields.get("ip").and_then(|call| call.as_array()?.first()?.get("Value"))
                {
                    self.addresses.extend(text.split('/').next().map(str::to_owned));
                }
                fields.values().for_each(|value| self.take(value));
            }
            Value::Array(all) => all.iter().for_each(|value| self.take(value)),
            _ => {}
        }
    }

    /// The ways to replace names, the one that says least first.
    pub(super) fn ways(&self) -> Vec<Way<'_>> {
        let texts = || std::iter::once(None).chain(self.matching.iter().map(|text| Some(text.as_str())));
        let addresses = || std::iter::once(None).chain(self.addresses.iter().map(|text| Some(text.as_str())));
        let mut ways = Vec::new();
        for numbers in [false, true] {
            for text in texts() {
                ways.extend(addresses().map(|address| Way { public: self, numbers, text, address }));
            }
        }
        ways.truncate(MOST);
        ways.push(Way { public: self, numbers: true, text: None, address: None });
        ways
    }
}

/// A way to replace names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way<'p> {
    public: &'p Public,
    /// Whether numbers keep their order among themselves and those that policies write out; they are 0 otherwise.
    numbers: bool,
    /// What every text becomes; a text of its own without.
    text: Option<&'p str>,
    /// What every address becomes; an address of its own without.
    address: Option<&'p str>,
}

/// The names of one request, each replaced by the same wherever it stands.
#[derive(Debug)]
pub(super) struct Names<'p> {
    /// `None` where all names stay.
    way: Option<Way<'p>>,
    ids: BTreeMap<EntityUid, EntityUid>,
    counts: BTreeMap<EntityTypeName, usize>,
    texts: BTreeMap<String, String>,
    addresses: BTreeMap<String, String>,
    numbers: BTreeMap<i64, i64>,
}

/// Adds the numbers in `value` to `found`.
fn numbers_in(value: &Value, found: &mut BTreeSet<i64>) {
    match value {
        Value::Number(number) => found.extend(number.as_i64()),
        Value::Array(all) => all.iter().for_each(|one| numbers_in(one, found)),
        Value::Object(fields) => fields.values().for_each(|one| numbers_in(one, found)),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Small numbers in the place of `found`, in the same order among themselves and with `literals`, which stay: those
/// between two literals come right after the lower one.
fn in_order(found: &BTreeSet<i64>, literals: &BTreeSet<i64>) -> BTreeMap<i64, i64> {
    let mut numbers = BTreeMap::new();
    for number in found {
        let below = literals.range(..*number).next_back();
        let lowest = literals.first().copied().unwrap_or(1);
        let before = |from: i64| found.range(from..*number).filter(|other| !literals.contains(other)).count();
        let rank = |from: i64| i64::try_from(before(from)).unwrap_or(i64::MAX);
        let named = match below {
            _ if literals.contains(number) => Some(*number),
            Some(below) => below.checked_add(1).and_then(|next| next.checked_add(rank(next))),
            // All that are below every literal, the last of them right before it.
            None => {
                let all = i64::try_from(found.range(..lowest).count()).unwrap_or(i64::MAX);
                let after = all.saturating_sub(rank(i64::MIN));
                if literals.is_empty() { Some(rank(i64::MIN)) } else { lowest.checked_sub(after) }
            }
        };
        numbers.insert(*number, named.unwrap_or(*number));
    }
    numbers
}

impl<'p> Names<'p> {
    /// The names of a request in which `values` stand.
    pub(super) fn new<'v>(way: Option<Way<'p>>, values: impl Iterator<Item = &'v Value>) -> Self {
        let mut found = BTreeSet::new();
        values.for_each(|value| numbers_in(value, &mut found));
        let numbers = match way {
            Some(way) if way.numbers => in_order(&found, &way.public.numbers),
            Some(_) | None => BTreeMap::new(),
        };
        let (ids, counts) = (BTreeMap::new(), BTreeMap::new());
        Self { way, ids, counts, texts: BTreeMap::new(), addresses: BTreeMap::new(), numbers }
    }

    /// The entity that stands for `uid`.
    pub(super) fn uid(&mut self, uid: &EntityUid) -> EntityUid {
        let Some(way) = self.way.filter(|way| !way.public.ids.contains(uid) && !is_action(uid)) else {
            return uid.clone();
        };
        if let Some(known) = self.ids.get(uid) {
            return known.clone();
        }
        let ty = uid.type_name();
        let count = self.counts.entry(ty.clone()).or_default();
        let named = loop {
            *count += 1;
            let id = format!("{}-{count}", ty.basename().to_lowercase());
            let named = EntityUid::from_type_name_and_id(ty.clone(), EntityId::new(id));
            if !way.public.ids.contains(&named) {
                break named;
            }
        };
        self.ids.insert(uid.clone(), named.clone());
        named
    }

    fn text(&mut self, text: &str) -> String {
        let Some(way) = self.way.filter(|way| !text.is_empty() && !way.public.texts.contains(text)) else {
            return text.to_owned();
        };
        if let Some(same) = way.text {
            return same.to_owned();
        }
        let next = format!("text-{}", self.texts.len() + 1);
        self.texts.entry(text.to_owned()).or_insert(next).clone()
    }

    fn address(&mut self, text: &str) -> String {
        let Some(way) = self.way else { return text.to_owned() };
        if let Some(same) = way.address {
            return same.to_owned();
        }
        // Addresses for documentation: RFC 5737 and RFC 3849.
        let next = self.addresses.len() % 250 + 1;
        let next = if text.contains(':') { format!("2001:db8::{next:x}") } else { format!("192.0.2.{next}") };
        self.addresses.entry(text.to_owned()).or_insert(next).clone()
    }

    /// `value`, in Cedar's JSON with its escapes.
    pub(super) fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Number(number) => {
                let literal = |way: Way<'_>| number.as_i64().is_some_and(|one| way.public.numbers.contains(&one));
                match number.as_i64().and_then(|one| self.numbers.get(&one)) {
                    Some(named) => Value::from(*named),
                    None if self.way.is_none_or(literal) => value.clone(),
                    None => Value::from(0),
                }
            }
            Value::Array(all) => all.iter().map(|one| self.value(one)).collect(),
            Value::Object(fields) => {
                if let Some(named) = self.entity(fields) {
                    return named;
                }
                match fields.get("__extn").filter(|_| fields.len() == 1) {
                    Some(call) => self.call(call),
                    None => fields.iter().map(|(name, of)| (name.clone(), self.value(of))).collect(),
                }
            }
            Value::Null | Value::Bool(_) => value.clone(),
        }
    }

    fn entity(&mut self, fields: &Map<String, Value>) -> Option<Value> {
        let inner = fields.get("__entity").filter(|_| fields.len() == 1)?;
        let uid = EntityUid::from_json(inner.clone()).ok()?;
        Some(serde_json::json!({ "__entity": uid_json(&self.uid(&uid)) }))
    }

    fn call(&mut self, call: &Value) -> Value {
        let argument = call.get("arg").and_then(Value::as_str);
        match (call.get("fn").and_then(Value::as_str), argument) {
            (Some("ip"), Some(text)) => {
                let text = self.address(text);
                serde_json::json!({ "__extn": { "fn": "ip", "arg": text } })
            }
            _ => serde_json::json!({ "__extn": call }),
        }
    }

    /// An entity in Cedar's JSON; its attributes' names stay, its tags' do not.
    pub(super) fn described(&mut self, entity: &Value) -> Option<Value> {
        let uid = EntityUid::from_json(entity.get("uid")?.clone()).ok()?;
        let parents = entity.get("parents").and_then(Value::as_array).into_iter().flatten();
        let parents: Vec<Value> = parents
            .map(|parent| Some(uid_json(&self.uid(&EntityUid::from_json(parent.clone()).ok()?))))
            .collect::<Option<_>>()?;
        let fields = |name: &str| entity.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
        let attrs: Map<String, Value> =
            fields("attrs").iter().map(|(name, value)| (name.clone(), self.value(value))).collect();
        let tags: Map<String, Value> =
            fields("tags").iter().map(|(name, value)| (self.text(name), self.value(value))).collect();
        let uid = uid_json(&self.uid(&uid));
        Some(serde_json::json!({ "uid": uid, "attrs": attrs, "parents": parents, "tags": tags }))
    }
}

fn uid_json(uid: &EntityUid) -> Value {
    let id: &str = uid.id().as_ref();
    serde_json::json!({ "type": uid.type_name().to_string(), "id": id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_order_and_nothing_else() {
        let of = |found: &[i64], literals: &[i64]| -> Vec<i64> {
            in_order(&found.iter().copied().collect(), &literals.iter().copied().collect()).into_values().collect()
        };
        assert_eq!(of(&[5_550_123, 42, 7], &[]), [0, 1, 2]);
        assert_eq!(of(&[-900, 3, 50, 100, 500, 5_550_123], &[100]), [97, 98, 99, 100, 101, 102]);
        assert_eq!(of(&[5, 15, 25], &[10, 20]), [9, 11, 21]);
        assert_eq!(of(&[i64::MIN, i64::MAX], &[0]), [-1, 1]);
    }
}
