//! What of a request and its entities can be changed, one thing at a time.

use cedar_policy::EntityUid;
use serde_json::{Map, Value as Json};

/// Whose attribute or tag it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holder {
    /// The context.
    Context,
    /// The request's principal.
    Principal,
    /// The request's resource.
    Resource,
    /// Another entity.
    Entity(EntityUid),
}

/// Something that has a value, or none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slot {
    /// An attribute, by the names that lead to it.
    Attribute(Holder, Vec<String>),
    /// A tag.
    Tag(Holder, String),
    /// Whether an entity is in a group, at any depth: true or false.
    Group(Holder, EntityUid),
}

/// What a slot would be; `None` for nothing.
pub(super) type Assignment = Vec<(Slot, Option<Json>)>;

impl Slot {
    /// Whose it is.
    pub(super) fn holder(&self) -> &Holder {
        match self {
            Self::Attribute(holder, _) | Self::Tag(holder, _) | Self::Group(holder, _) => holder,
        }
    }
}

/// The value at `path` of `fields`.
pub(super) fn at<'j>(fields: &'j Map<String, Json>, path: &[String]) -> Option<&'j Json> {
    let (first, rest) = path.split_first()?;
    let value = fields.get(first)?;
    match rest {
        [] => Some(value),
        rest => at(record(value)?, rest),
    }
}

/// The fields of a record; none of an entity or an extension value, which Cedar's JSON also writes as objects.
pub(super) fn record(value: &Json) -> Option<&Map<String, Json>> {
    value.as_object().filter(|fields| !fields.contains_key("__entity") && !fields.contains_key("__extn"))
}

/// Puts `value` at `path` of `fields`, records on the way included, or takes away what is there.
pub(super) fn put(fields: &mut Map<String, Json>, path: &[String], value: Option<Json>) {
    let Some((first, rest)) = path.split_first() else { return };
    match (rest, value) {
        ([], Some(value)) => _ = fields.insert(first.clone(), value),
        ([], None) => _ = fields.remove(first),
        (rest, value) => {
            if value.is_some() && fields.get(first).and_then(record).is_none() {
                fields.insert(first.clone(), Json::Object(Map::new()));
            }
            if let Some(Json::Object(inner)) = fields.get_mut(first) {
                put(inner, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_put_and_taken_away() {
        let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        let Json::Object(mut fields) = json!({"a": {"b": 1}, "e": {"__entity": {"type": "T", "id": "x"}}}) else {
            unreachable!()
        };
        put(&mut fields, &path("a.c.d"), Some(json!(2)));
        put(&mut fields, &path("a.b"), None);
        put(&mut fields, &path("x.y"), None);
        assert_eq!(
            Json::Object(fields.clone()),
            json!({"a": {"c": {"d": 2}}, "e": {"__entity": {"type": "T", "id": "x"}}})
        );
        assert_eq!(at(&fields, &path("a.c.d")), Some(&json!(2)));
        assert_eq!(at(&fields, &path("e.__entity")), None);
    }
}
