//! A request with what the policies of a store decide of it, as a row of a decision table states it.

use cedar_policy::{Context, Decision, Entities, Entity, EntityUid, Request, Schema};
use serde_json::{Map, Value};

use crate::decide::ScopedAuthorizer;
use crate::repo::{Named, Store};
use crate::symbolic::Case;

/// A request and its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Who asks.
    pub principal: EntityUid,
    /// What for.
    pub action: EntityUid,
    /// On what.
    pub resource: EntityUid,
    /// An object; only what the request needs.
    pub context: Value,
    /// The entities that the request needs, as a table's `with` has them; none where the store's own are asked about.
    pub with: Vec<(EntityUid, Value)>,
    /// The decision.
    pub allowed: bool,
    /// Names of the policies that decide, sorted.
    pub because: Vec<String>,
    /// Whether these names stay when policies are added above them: an `@id`, or the id of a link.
    pub lasting: bool,
    /// Whether a policy errs on the way.
    pub errs: bool,
    /// The entities of the request that exist nowhere.
    pub unknown: Vec<EntityUid>,
}

/// Asks Cedar's authorizer about the policies of a store.
#[derive(Debug)]
pub struct Asker<'s> {
    store: &'s Store,
    schema: Option<&'s Schema>,
    index: ScopedAuthorizer,
}

impl<'s> Asker<'s> {
    /// Requests to `store` have to fit `schema`, where there is one.
    #[must_use]
    pub fn new(store: &'s Store, schema: Option<&'s Schema>) -> Self {
        Self { store, schema, index: ScopedAuthorizer::new(&store.set) }
    }

    /// `context` as people write it, where the schema says what a string or a pair of type and id stands for; `None`
    /// when it does not fit the schema.
    #[must_use]
    pub fn plainly(&self, action: &EntityUid, context: &Value) -> Option<Value> {
        let Some(schema) = self.schema else { return Some(context.clone()) };
        let read = |context: &Value| Context::from_json_value(context.clone(), Some((schema, action))).ok();
        let (plain, exact) = (without_escapes(context), read(context)?);
        Some(if read(&plain) == Some(exact) { plain } else { context.clone() })
    }

    /// The request of a principal, an action and a resource; `None` when it is none under the schema.
    #[must_use]
    pub fn request(&self, asked: [&EntityUid; 3], context: &Value) -> Option<Request> {
        let [principal, action, resource] = asked.map(Clone::clone);
        let read = Context::from_json_value(context.clone(), self.schema.map(|schema| (schema, &action))).ok()?;
        Request::new(principal, action, resource, read, self.schema).ok()
    }

    /// The answer to the request of a principal, an action and a resource; `None` when it is none under the schema.
    #[must_use]
    pub fn decide(&self, asked: [&EntityUid; 3], context: &Value, entities: &Entities) -> Option<Row> {
        let request = self.request(asked, context)?;
        let response = self.index.is_authorized(&request, entities);
        let mut because = Vec::new();
        let mut lasting = true;
        for id in response.diagnostics().reason() {
            lasting &= self
                .store
                .find(id)
                .is_some_and(|decider| decider.location != &decider.policy.location || decider.policy.id.is_some());
            let (_, full, short) = self.store.deciding().find(|(key, _, _)| *key == id)?;
            let name = if matches!(self.store.named(short), Named::One(_)) { short } else { full };
            because.push(name.to_owned());
        }
        because.sort();
        let [principal, action, resource] = asked.map(Clone::clone);
        Some(Row {
            principal,
            action,
            resource,
            context: context.clone(),
            with: Vec::new(),
            allowed: response.decision() == Decision::Allow,
            because,
            lasting,
            errs: response.diagnostics().errors().next().is_some(),
            unknown: Vec::new(),
        })
    }

    /// What the authorizer decides of `case` over the entities that its row will have, and nothing else; with these.
    #[must_use]
    pub fn of_case(&self, case: &Case) -> Option<(Row, Entities)> {
        let asked = [case.request.principal()?, case.request.action()?, case.request.resource()?];
        self.of_world(asked, case.request_json.get("context")?, &case.entities_json)
    }

    /// The same of the request of a principal, an action and a resource in `context`, over `entities`; both in Cedar's
    /// JSON with its escapes.
    #[must_use]
    pub fn of_world(&self, asked: [&EntityUid; 3], context: &Value, entities: &Value) -> Option<(Row, Entities)> {
        let [_, action, _] = asked;
        let context = self.plainly(action, context)?;
        let every = entities.as_array()?;
        let actions = self.schema.and_then(|schema| schema.action_entities().ok());
        let (mut with, mut entities) = (Vec::new(), Vec::new());
        for exact in every {
            let uid = Entity::from_json_value(exact.clone(), None).ok()?.uid();
            // Actions are the schema's.
            if actions.as_ref().is_some_and(|actions| actions.get(&uid).is_some()) {
                continue;
            }
            let entity = self.plain_entity(exact)?;
            let said = fields_of(&entity);
            // An entity of which nothing is said is as good as none.
            if !said.is_empty() {
                with.push((uid, Value::Object(said)));
                entities.push(entity);
            }
        }
        let entities = Entities::from_json_value(Value::Array(entities), self.schema).ok()?;
        let row = self.decide(asked, &context, &entities)?;
        Some((Row { with, ..row }, entities))
    }

    /// `exact`, an entity, as people write it where the schema says what is meant; `None` when it does not fit the
    /// schema.
    fn plain_entity(&self, exact: &Value) -> Option<Value> {
        let Some(schema) = self.schema else { return Some(exact.clone()) };
        let read = |value: &Value| Entity::from_json_value(value.clone(), Some(schema)).ok();
        let entity = read(exact)?;
        let plain = without_escapes(exact);
        Some(if read(&plain).is_some_and(|plain| plain.deep_eq(&entity)) { plain } else { exact.clone() })
    }
}

/// `value` with the arguments of extension functions and the pairs of entities in the place of Cedar's JSON escapes.
fn without_escapes(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let only = |name: &str| fields.get(name).filter(|_| fields.len() == 1);
            if let Some(inner) = only("__entity").or_else(|| only("__extn").and_then(|call| call.get("arg"))) {
                return inner.clone();
            }
            Value::Object(fields.iter().map(|(key, value)| (key.clone(), without_escapes(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_escapes).collect()),
        other => other.clone(),
    }
}

/// What a table's `with` says of `entity`, which is in Cedar's JSON.
#[must_use]
pub fn fields_of(entity: &Value) -> Map<String, Value> {
    let mut said = Map::new();
    for key in ["attrs", "tags"] {
        let fields = entity.get(key).filter(|fields| fields.as_object().is_some_and(|fields| !fields.is_empty()));
        said.extend(fields.map(|fields| (key.to_owned(), fields.clone())));
    }
    let parents = entity.get("parents").and_then(Value::as_array).into_iter().flatten();
    let parents: Vec<Value> =
        parents.filter_map(|uid| EntityUid::from_json(uid.clone()).ok()).map(|uid| uid.to_string().into()).collect();
    if !parents.is_empty() {
        said.insert("parents".to_owned(), Value::Array(parents));
    }
    said
}
