//! A request and entities in the making.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Context, Entities, Entity, EntityUid, Request};
use serde_json::{Map, Value as Json, json};

use super::datum::{Datum, expressions, uid_json};
use crate::symbolic::compile::SchemaModel;

/// What will be an entity.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct DraftEntity {
    pub(super) attributes: BTreeMap<String, Datum>,
    pub(super) tags: BTreeMap<String, Datum>,
    pub(super) parents: BTreeSet<EntityUid>,
}

/// What will be a [`super::Case`].
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Draft {
    pub(super) principal: EntityUid,
    pub(super) action: EntityUid,
    pub(super) resource: EntityUid,
    pub(super) context: BTreeMap<String, Datum>,
    pub(super) entities: BTreeMap<EntityUid, DraftEntity>,
}

impl Draft {
    /// The entities that the request leads to.
    pub(super) fn reached(&self) -> BTreeSet<EntityUid> {
        fn uids(datum: &Datum, into: &mut Vec<EntityUid>) {
            match datum {
                Datum::Entity(uid) => into.push(uid.clone()),
                Datum::Record(fields) => fields.values().for_each(|field| uids(field, into)),
                Datum::Set(elements) => elements.iter().for_each(|element| uids(element, into)),
                _ => {}
            }
        }
        let mut open = vec![self.principal.clone(), self.action.clone(), self.resource.clone()];
        self.context.values().for_each(|datum| uids(datum, &mut open));
        let mut reached = BTreeSet::new();
        while let Some(uid) = open.pop() {
            if let Some(entity) = self.entities.get(&uid).filter(|_| !reached.contains(&uid)) {
                entity.attributes.values().chain(entity.tags.values()).for_each(|datum| uids(datum, &mut open));
                open.extend(entity.parents.iter().cloned());
            }
            reached.insert(uid);
        }
        reached
    }

    /// Whether it is the same request, whatever the entities.
    pub(super) fn asks_as(&self, other: &Self) -> bool {
        (&self.principal, &self.action, &self.resource) == (&other.principal, &other.action, &other.resource)
            && self.context == other.context
    }

    /// The request as Cedar's JSON.
    pub(super) fn request_json(&self) -> Json {
        json!({
            "principal": uid_json(&self.principal),
            "action": uid_json(&self.action),
            "resource": uid_json(&self.resource),
            "context": Datum::Record(self.context.clone()).json(),
        })
    }

    /// The request; an error when it does not fit the schema.
    pub(super) fn request(&self, schema: &SchemaModel) -> Result<Request, String> {
        let context = Context::from_pairs(expressions(&self.context)?).map_err(|error| error.to_string())?;
        let (principal, action, resource) = (self.principal.clone(), self.action.clone(), self.resource.clone());
        Request::new(principal, action, resource, context, Some(schema.schema())).map_err(|error| error.to_string())
    }

    /// The entities; an error when they do not fit the schema.
    pub(super) fn entities(&self, schema: &SchemaModel) -> Result<Entities, String> {
        let mut all = Vec::new();
        for (uid, entity) in &self.entities {
            let (attributes, tags) = (expressions(&entity.attributes)?, expressions(&entity.tags)?);
            let entity = Entity::new_with_tags(uid.clone(), attributes, entity.parents.iter().cloned(), tags)
                .map_err(|error| error.to_string())?;
            all.push(entity);
        }
        Entities::from_entities(all, Some(schema.schema())).map_err(|error| {
            let mut text = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(inner) = source {
                text = format!("{text}: {inner}");
                source = inner.source();
            }
            text
        })
    }
}

/// Entities as Cedar's JSON.
pub(super) fn entities_json(entities: &BTreeMap<EntityUid, DraftEntity>) -> Json {
    let one = |(uid, entity): (&EntityUid, &DraftEntity)| {
        let mut object = Map::new();
        object.insert("uid".to_owned(), uid_json(uid));
        let record = |fields: &BTreeMap<String, Datum>| Datum::Record(fields.clone()).json();
        object.insert("attrs".to_owned(), record(&entity.attributes));
        object.insert("parents".to_owned(), entity.parents.iter().map(uid_json).collect());
        if !entity.tags.is_empty() {
            object.insert("tags".to_owned(), record(&entity.tags));
        }
        Json::Object(object)
    };
    entities.iter().map(one).collect()
}
