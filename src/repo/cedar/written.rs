//! An entity as it is written down in JSON, and what of it means the same whatever a schema says.

use std::borrow::Cow;
use std::fmt;

use cedar_policy_core::FromNormalizedStr as _;
use cedar_policy_core::ast::{Name, RestrictedExpr, Value};
use cedar_policy_core::evaluator::RestrictedEvaluator;
use cedar_policy_core::extensions::Extensions;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// JSON as far as entities have it, with all keys of its objects.
pub(super) enum Json<'t> {
    Bool(bool),
    Long(i64),
    String(Cow<'t, str>),
    List(Vec<Json<'t>>),
    Object(Vec<(Cow<'t, str>, Json<'t>)>),
    /// What no entity has.
    Other,
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Json::Long(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).map_or(Json::Other, Json::Long))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Json::Other)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Json::Other)
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Json::String(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Json::String(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(element) = elements.next_element()? {
            all.push(element);
        }
        Ok(Json::List(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some((key, value)) = fields.next_entry::<Json<'de>, Json<'de>>()? {
            let Json::String(key) = key else { return Ok(Json::Other) };
            all.push((key, value));
        }
        Ok(Json::Object(all))
    }
}

/// The fields of an object, as they are written.
pub(super) type Fields<'t> = Vec<(Cow<'t, str>, Json<'t>)>;

/// An entity, its values not read.
pub(super) struct Written<'t> {
    pub(super) uid: Json<'t>,
    pub(super) attrs: Fields<'t>,
    pub(super) parents: Vec<Json<'t>>,
    pub(super) tags: Fields<'t>,
}

impl<'t> Written<'t> {
    /// The entity of `json`; `None` where a field is missing, unknown or there twice.
    pub(super) fn read(json: &'t str) -> Option<Self> {
        let Json::Object(fields) = serde_json::from_str(json).ok()? else { return None };
        let (mut uid, mut attrs, mut parents, mut tags) = (None, None, None, None);
        for (key, value) in fields {
            let known = match (key.as_ref(), value) {
                ("uid", value) => uid.replace(value).is_some(),
                ("attrs", Json::Object(fields)) => attrs.replace(fields).is_some(),
                ("tags", Json::Object(fields)) => tags.replace(fields).is_some(),
                ("parents", Json::List(list)) => parents.replace(list).is_some(),
                _ => return None,
            };
            if known {
                return None;
            }
        }
        Some(Self { uid: uid?, attrs: attrs?, parents: parents?, tags: tags.unwrap_or_default() })
    }
}

/// The type and the id of an entity's name, written with its escape or without.
pub(super) fn name_of<'j>(json: &'j Json<'_>) -> Option<(&'j str, &'j str)> {
    let Json::Object(fields) = json else { return None };
    match fields.as_slice() {
        [(escape, Json::Object(inner))] if escape == "__entity" => pair(inner, UID),
        fields => pair(fields, UID),
    }
}

/// The keys of an entity's name.
pub(super) const UID: [&str; 2] = ["type", "id"];

/// The keys of the call of an extension function.
pub(super) const EXTENSION: [&str; 2] = ["fn", "arg"];

/// The strings at two keys, where there are no others.
pub(super) fn pair<'j>(fields: &'j [(Cow<'_, str>, Json<'_>)], keys: [&str; 2]) -> Option<(&'j str, &'j str)> {
    match fields {
        [(first, Json::String(one)), (second, Json::String(other))] => {
            if [first.as_ref(), second.as_ref()] == keys {
                Some((one, other))
            } else if [second.as_ref(), first.as_ref()] == keys {
                Some((other, one))
            } else {
                None
            }
        }
        _ => None,
    }
}

/// The value that `constructor`, a function of one string, makes of `written`; `None` where it fails.
pub(super) fn extension(constructor: &str, written: &str) -> Option<Value> {
    let argument = RestrictedExpr::val(written);
    let call = RestrictedExpr::call_extension_fn(Name::from_normalized_str(constructor).ok()?, [argument]);
    RestrictedEvaluator::new(Extensions::all_available()).interpret(call.as_borrowed()).ok()
}
