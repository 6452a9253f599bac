//! Random entities and requests that fit a schema, with the names and numbers that policies are about in them.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Context, Entities, EntityUid, Request, Schema, SchemaFragment};
use serde_json::{Map, Value, json};

use super::rng::Rng;

/// What there is to draw from.
pub struct Worlds {
    schema: Schema,
    /// The schema as JSON, by namespace; the tests' schemas have none.
    declared: Value,
    strings: Vec<String>,
    numbers: Vec<i64>,
    /// Ids by type.
    ids: BTreeMap<String, BTreeSet<String>>,
}

impl Worlds {
    /// Worlds under `schema`, for policies of the text `policies`.
    pub fn new(schema: &str, policies: &str) -> Self {
        let (fragment, _) = SchemaFragment::from_cedarschema_str(schema).unwrap();
        let json = fragment.to_json_value().unwrap();
        let declared = json.get("").cloned().unwrap_or_else(|| json.clone());
        let mut worlds = Self {
            schema: Schema::from_cedarschema_str(schema).unwrap().0,
            declared,
            strings: vec!["other".to_owned()],
            numbers: vec![0, 1, -1, i64::MAX],
            ids: BTreeMap::new(),
        };
        for ty in worlds.types() {
            let choices = worlds.declared["entityTypes"][&ty]["enum"].as_array().into_iter().flatten();
            let choices: Vec<String> = choices.filter_map(|id| id.as_str().map(str::to_owned)).collect();
            let ids = if choices.is_empty() { vec!["a".to_owned(), "b".to_owned()] } else { choices };
            worlds.ids.entry(ty).or_default().extend(ids);
        }
        let pieces: Vec<&str> = policies.split('"').collect();
        for (at, text) in pieces.iter().enumerate().filter(|(at, _)| at % 2 == 1) {
            worlds.strings.push(text.replace('*', "x"));
            let before = pieces[at - 1].trim_end_matches("::");
            let ty = before.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            let listed = !worlds.declared["entityTypes"][ty]["enum"].is_null();
            if pieces[at - 1].ends_with("::") && worlds.ids.contains_key(ty) && !listed {
                worlds.ids.get_mut(ty).unwrap().insert((*text).to_owned());
            }
        }
        for (at, _) in pieces.iter().enumerate().filter(|(at, _)| at % 2 == 0) {
            for word in pieces[at].split(|c: char| !c.is_ascii_digit()).filter(|word| !word.is_empty()) {
                let number: i64 = word.parse().unwrap_or(7);
                worlds.numbers.extend([number - 1, number, number + 1]);
            }
        }
        worlds
    }

    /// The schema.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    fn types(&self) -> Vec<String> {
        self.declared["entityTypes"].as_object().unwrap().keys().cloned().collect()
    }

    /// So many requests in each of so many worlds.
    pub fn requests(&self, rng: &mut Rng, worlds: usize, each: usize) -> Vec<(Request, Entities)> {
        let environments: Vec<_> = self.schema.request_envs().collect();
        let mut found = Vec::new();
        for _ in 0..worlds {
            let entities = self.entities(rng);
            for _ in 0..each {
                let environment = rng.pick(&environments).clone();
                let principal = self.uid(rng, &environment.principal().to_string());
                let resource = self.uid(rng, &environment.resource().to_string());
                let action = environment.action().clone();
                let id: &str = action.id().as_ref();
                let context = &self.declared["actions"][id]["appliesTo"]["context"];
                let context = if context.is_null() { json!({}) } else { self.value(rng, context) };
                let context = Context::from_json_value(context, Some((&self.schema, &action))).unwrap();
                let request = Request::new(principal, action, resource, context, Some(&self.schema)).unwrap();
                found.push((request, entities.clone()));
            }
        }
        found
    }

    fn entities(&self, rng: &mut Rng) -> Entities {
        let mut all = Vec::new();
        for (ty, ids) in &self.ids {
            let declared = &self.declared["entityTypes"][ty];
            for id in ids {
                let shape = &declared["shape"];
                let attrs = if shape.is_null() { json!({}) } else { self.value(rng, shape) };
                let mut parents = Vec::new();
                for parent in declared["memberOfTypes"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                    // Of its own type only those with a smaller id, so that nobody is above themselves.
                    let above = self.ids[parent].iter().filter(|other| parent != ty || *other < id);
                    let above: Vec<&String> = above.collect();
                    parents.extend(
                        above.into_iter().filter(|_| rng.percent(40)).map(|id| json!({"type": parent, "id": id})),
                    );
                }
                all.push(json!({"uid": {"type": ty, "id": id}, "attrs": attrs, "parents": parents}));
            }
        }
        Entities::from_json_value(Value::Array(all), Some(&self.schema)).unwrap()
    }

    fn uid(&self, rng: &mut Rng, ty: &str) -> EntityUid {
        EntityUid::from_json(self.entity(rng, ty)).unwrap()
    }

    fn entity(&self, rng: &mut Rng, ty: &str) -> Value {
        let ids: Vec<&String> = self.ids[ty].iter().collect();
        json!({"__entity": {"type": ty, "id": *rng.pick(&ids)}})
    }

    fn value(&self, rng: &mut Rng, ty: &Value) -> Value {
        let name = ty["name"].as_str().unwrap_or_default().trim_start_matches("__cedar::");
        match ty["type"].as_str().unwrap() {
            "Record" => {
                let mut fields = Map::new();
                for (key, field) in ty["attributes"].as_object().unwrap() {
                    if field["required"] != false || rng.percent(50) {
                        fields.insert(key.clone(), self.value(rng, field));
                    }
                }
                Value::Object(fields)
            }
            "Set" => (0..rng.below(3)).map(|_| self.value(rng, &ty["element"])).collect(),
            "Entity" => self.entity(rng, name),
            "Extension" => self.plain(rng, name),
            "EntityOrCommon" if self.ids.contains_key(name) => self.entity(rng, name),
            "EntityOrCommon" if !self.declared["commonTypes"][name].is_null() => {
                self.value(rng, &self.declared["commonTypes"][name])
            }
            "EntityOrCommon" => self.plain(rng, name),
            other if !self.declared["commonTypes"][other].is_null() => {
                self.value(rng, &self.declared["commonTypes"][other])
            }
            other => self.plain(rng, other),
        }
    }

    fn plain(&self, rng: &mut Rng, name: &str) -> Value {
        match name {
            "Bool" | "Boolean" => json!(rng.percent(50)),
            "Long" => json!(rng.pick(&self.numbers)),
            "String" => json!(rng.pick(&self.strings)),
            "datetime" => {
                let day = 1 + rng.below(28);
                json!({"__extn": {"fn": "datetime", "arg": format!("2026-0{}-{day:02}", 1 + rng.below(9))}})
            }
            "duration" => json!({"__extn": {"fn": "duration", "arg": format!("{}h", rng.below(100))}}),
            "ipaddr" => json!({"__extn": {"fn": "ip", "arg": format!("10.0.{}.{}", rng.below(2), rng.below(255))}}),
            "decimal" => json!({"__extn": {"fn": "decimal", "arg": format!("{}.5", rng.below(10))}}),
            other => panic!("no values of type {other}"),
        }
    }
}
