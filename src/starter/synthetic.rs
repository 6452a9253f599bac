//! Requests over entities that the engine makes up: for stores whose entities are kept elsewhere. They stand under
//! `with`, and the authorizer decides over these alone.

use cedar_policy::{Effect, Entities, Entity, EntityUid};
use serde_json::{Map, Value};

use super::requests::{MOST_CONTEXTS, Row, World, without_escapes};
use crate::symbolic::{Answer, Case, Formula, PolicyRef, Session};

impl World<'_> {
    /// A request that is allowed and one that is denied in the environment of `session`, as far as there are any:
    /// denied by a forbid, if one is all that stands in the way.
    pub(super) fn synthetic(&self, session: &mut Session<'_>) -> Vec<Row> {
        let allow = session.allow(0);
        let (permits, forbids): (Vec<PolicyRef>, Vec<_>) = (session.applicable(0).into_iter())
            .partition(|policy| self.rules.subjects().get(policy.index).map(|it| it.effect()) == Some(Effect::Permit));
        let permitted = Formula::Or(permits.into_iter().map(Formula::Matches).collect());
        let stopped = forbids.into_iter().map(|policy| permitted.clone().and(Formula::Matches(policy)));
        let denied: Vec<_> = stopped.take(MOST_CONTEXTS).chain([!allow.clone()]).collect();
        let allowed = self.first(session, &[allow]);
        allowed.into_iter().chain(self.first(session, &denied)).collect()
    }

    /// The first of `questions` that has an answer, as a row.
    fn first(&self, session: &mut Session<'_>, questions: &[Formula]) -> Option<Row> {
        questions.iter().find_map(|question| {
            let Answer::Witness(witness) = session.find(question) else { return None };
            self.row(witness.cases.first()?)
        })
    }

    /// What the authorizer decides of `case` over the entities that its row will have, and nothing else.
    fn row(&self, case: &Case) -> Option<Row> {
        let action = case.request.action()?;
        let context = self.plainly(action, case.request_json.get("context")?)?;
        let actions = self.schema.action_entities().ok()?;
        let (mut with, mut entities) = (Vec::new(), Vec::new());
        for exact in case.entities_json.as_array()? {
            let uid = Entity::from_json_value(exact.clone(), None).ok()?.uid();
            // Actions are the schema's.
            if actions.get(&uid).is_some() {
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
        let entities = Entities::from_json_value(Value::Array(entities), Some(self.schema)).ok()?;
        let row = self.decide([case.request.principal()?, action, case.request.resource()?], &context, &entities)?;
        Some(Row { with, ..row })
    }

    /// `exact`, an entity, as people write it where the schema says what is meant; `None` when it does not fit the
    /// schema.
    fn plain_entity(&self, exact: &Value) -> Option<Value> {
        let read = |value: &Value| Entity::from_json_value(value.clone(), Some(self.schema)).ok();
        let entity = read(exact)?;
        let plain = without_escapes(exact);
        Some(if read(&plain).is_some_and(|plain| plain.deep_eq(&entity)) { plain } else { exact.clone() })
    }
}

/// What a table's `with` says of `entity`, which is in Cedar's JSON.
fn fields_of(entity: &Value) -> Map<String, Value> {
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
