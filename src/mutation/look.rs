//! A policy taken apart, as kinds of changes see it.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{EntityTypeName, EntityUid, PolicySet, Schema, Template, ValidationMode, Validator};
use serde_json::{Value as Json, json};

use crate::expression::{Section, all_of, not, pieces, text};
use crate::repo::{Policy, Store};
use crate::text::{Location, Span};

/// Conditions of more conjuncts are changed in the first of them only.
const MOST_CONJUNCTS: usize = 200;

/// A conjunct of a condition.
pub(super) struct Conjunct {
    /// What has to hold, in Cedar's JSON form.
    pub(super) holds: Json,
    /// Whether it is of an `unless`, so that people read its negation.
    unless: bool,
    place: Option<Span>,
}

impl Conjunct {
    /// `expression`, which stands in its place, as its author would write it.
    pub(super) fn said(&self, expression: &Json) -> Option<String> {
        if self.unless { text(&not(expression.clone())) } else { text(expression) }
    }
}

/// What policies of a store name, for changes that name something else.
pub(super) struct Vocabulary {
    /// Attributes that policies read of each variable.
    pub(super) attributes: BTreeMap<String, BTreeSet<String>>,
    /// Actions, each with the types of principals and resources that requests for it have, where a schema says so.
    pub(super) actions: BTreeMap<String, (EntityUid, BTreeSet<(EntityTypeName, EntityTypeName)>)>,
    validator: Option<Validator>,
}

impl Vocabulary {
    /// What the policies of `store` name.
    pub(super) fn of(store: &Store) -> Self {
        let schema = store.schema.ready().map(|schema| &schema.cedar);
        let mut attributes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut actions: BTreeMap<String, (EntityUid, BTreeSet<_>)> = BTreeMap::new();
        for environment in schema.into_iter().flat_map(Schema::request_envs) {
            let uid = environment.action().clone();
            let (_, types) = actions.entry(uid.to_string()).or_insert_with(|| (uid, BTreeSet::new()));
            types.insert((environment.principal().clone(), environment.resource().clone()));
        }
        for policy in &store.policies {
            let Some(json) = json_of(store, policy) else { continue };
            reads(&json, &mut attributes);
        }
        let validator = schema.map(|schema| Validator::new(schema.clone()));
        Self { attributes, actions, validator }
    }

    /// Whether there is a schema, which knows of which types attributes are.
    pub(super) fn is_typed(&self) -> bool {
        self.validator.is_some()
    }

    /// Whether the schema, if there is one, has nothing against `policy`, which is in Cedar's JSON form.
    pub(super) fn fits(&self, policy: &Json) -> bool {
        let Some(validator) = &self.validator else { return true };
        let mut set = PolicySet::new();
        let added = match cedar_policy::Policy::from_json(None, policy.clone()) {
            Ok(policy) => set.add(policy).is_ok(),
            Err(_) => {
                Template::from_json(None, policy.clone()).is_ok_and(|template| set.add_template(template).is_ok())
            }
        };
        added && validator.validate(&set, ValidationMode::default()).validation_passed()
    }
}

/// The attributes that `value`, part of a policy in Cedar's JSON form, reads of variables.
fn reads(value: &Json, into: &mut BTreeMap<String, BTreeSet<String>>) {
    match value {
        Json::Object(fields) => {
            if let Some((variable, attribute)) = value.get(".").and_then(read) {
                into.entry(variable).or_default().insert(attribute);
            }
            fields.values().for_each(|field| reads(field, into));
        }
        Json::Array(items) => items.iter().for_each(|item| reads(item, into)),
        _ => {}
    }
}

/// The variable and the attribute of a read, if it reads of a variable.
pub(super) fn read(access: &Json) -> Option<(String, String)> {
    let variable = access.get("left")?.get("Var")?.as_str()?;
    Some((variable.to_owned(), access.get("attr")?.as_str()?.to_owned()))
}

/// `policy` in Cedar's JSON form.
pub(super) fn json_of(store: &Store, policy: &Policy) -> Option<Json> {
    match (store.set.policy(&policy.key), store.set.template(&policy.key)) {
        (Some(policy), _) => policy.to_json().ok(),
        (None, Some(template)) => template.to_json().ok(),
        (None, None) => None,
    }
}

/// A policy as kinds of changes see it.
pub(super) struct Look<'l, 's> {
    pub(super) policy: &'s Policy,
    pub(super) vocabulary: &'l Vocabulary,
    /// The policy in Cedar's JSON form, its condition one `when`.
    pub(super) json: Json,
    /// What of the condition has to hold.
    pub(super) conjuncts: Vec<Conjunct>,
}

/// What a kind of change makes of a policy.
pub(super) struct Draft {
    /// A word for the kind.
    pub(super) kind: &'static str,
    /// Where.
    pub(super) location: Location,
    /// What stands there; none where all of the policy is meant.
    pub(super) was: Option<String>,
    /// What stands there instead; none where it goes.
    pub(super) becomes: Option<String>,
    /// The policy afterwards; none where it goes.
    pub(super) json: Option<Json>,
}

impl<'l, 's> Look<'l, 's> {
    /// `policy` of `store`; none where Cedar has no JSON form of it.
    pub(super) fn new(store: &Store, policy: &'s Policy, vocabulary: &'l Vocabulary) -> Option<Self> {
        let mut json = json_of(store, policy)?;
        let mut conjuncts = Vec::new();
        for piece in pieces(&json).iter().filter(|piece| piece.section != Section::Scope) {
            let unless = piece.section == Section::Unless;
            conjuncts.extend(piece.conjuncts().into_iter().map(|holds| Conjunct { holds, unless, place: None }));
        }
        let places = policy.syntax().conjunct_places();
        // Where they do not stand for each other one by one, no place is better than a wrong one.
        if places.len() == conjuncts.len() {
            conjuncts.iter_mut().zip(places).for_each(|(conjunct, place)| conjunct.place = place);
        }
        conjuncts.iter_mut().for_each(|one| one.place = one.place.filter(|place| place.end > place.start));
        // Annotations say nothing of decisions, and are as long as they like.
        json.as_object_mut()?.remove("annotations");
        let mut look = Self { policy, vocabulary, json, conjuncts };
        look.json = look.with_condition(look.conjuncts.iter().map(|one| one.holds.clone()));
        Some(look)
    }

    /// The numbers of the conjuncts that are changed.
    pub(super) fn numbers(&self) -> std::ops::Range<usize> {
        0..self.conjuncts.len().min(MOST_CONJUNCTS)
    }

    /// The policy where all of `conjuncts` have to hold.
    fn with_condition(&self, conjuncts: impl Iterator<Item = Json>) -> Json {
        let all: Vec<Json> = conjuncts.collect();
        let conditions: Vec<Json> =
            all_of(&all).into_iter().map(|body| json!({ "kind": "when", "body": body })).collect();
        let mut policy = self.json.clone();
        if let Some(fields) = policy.as_object_mut() {
            fields.insert("conditions".to_owned(), Json::Array(conditions));
        }
        policy
    }

    /// The policy with `instead` in the place of the conjunct of number `at`, or without it.
    pub(super) fn with(&self, at: usize, instead: Option<Json>) -> Json {
        let each = self.conjuncts.iter().enumerate();
        self.with_condition(each.filter_map(
            |(number, one)| {
                if number == at { instead.clone() } else { Some(one.holds.clone()) }
            },
        ))
    }

    /// The policy with `value` for `key`.
    pub(super) fn with_field(&self, key: &str, value: Json) -> Json {
        let mut policy = self.json.clone();
        if let Some(fields) = policy.as_object_mut() {
            fields.insert(key.to_owned(), value);
        }
        policy
    }

    /// Where the conjunct of number `at` stands; the head of the policy where Cedar kept no place.
    pub(super) fn place(&self, at: usize) -> Location {
        match self.conjuncts.get(at).and_then(|one| one.place) {
            Some(span) => Location::new(&self.policy.location.file, span),
            None => self.policy.head(),
        }
    }

    /// A change of the conjunct of number `at` into `instead`; none where either has no text.
    pub(super) fn changed(&self, kind: &'static str, at: usize, instead: Option<Json>) -> Option<Draft> {
        let conjunct = self.conjuncts.get(at)?;
        let becomes = match &instead {
            Some(instead) => Some(conjunct.said(instead)?),
            None => None,
        };
        Some(Draft {
            kind,
            location: self.place(at),
            was: Some(conjunct.said(&conjunct.holds)?),
            becomes,
            json: Some(self.with(at, instead)),
        })
    }
}
