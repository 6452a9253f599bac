//! The actions that a store knows, and what each takes.

use std::collections::{HashMap, HashSet};

use cedar_policy::{ActionConstraint, EntityTypeName, EntityUid};

use super::model::Unit;
use crate::data::{Fault, Said};
use crate::repo::Store;
use crate::repo::cedar::{context_shape, enumeration};
use crate::repo::shape::Shape;
use crate::text::{inline, nearest};

/// One action.
#[derive(Debug)]
pub(in crate::tables) struct Action {
    pub(super) uid: EntityUid,
    /// What its context holds; `None` without a schema.
    pub(super) context: Option<Shape>,
    principals: Vec<EntityTypeName>,
    resources: Vec<EntityTypeName>,
}

impl Action {
    /// Whether the schema lets a `principal` do it to a `resource`.
    pub(super) fn takes(&self, principal: &EntityTypeName, resource: &EntityTypeName) -> bool {
        self.principals.contains(principal) && self.resources.contains(resource)
    }

    /// The types of principals that can do it to something.
    pub(in crate::tables) fn principal_types(&self) -> &[EntityTypeName] {
        &self.principals
    }

    /// The types of resources that it can be done to.
    pub(in crate::tables) fn resource_types(&self) -> &[EntityTypeName] {
        &self.resources
    }

    /// What it takes, as a help.
    pub(super) fn taken(&self) -> String {
        let (principals, resources) = (any_of(&self.principals), any_of(&self.resources));
        if self.principals.is_empty() || self.resources.is_empty() {
            return "the schema lets nobody do it to anything: it is a group of actions".to_owned();
        }
        format!("it takes a principal of type {principals} and a resource of type {resources}")
    }

    /// The types of principals that can do it to a `resource`.
    pub(super) fn principals(&self, resource: &EntityTypeName) -> &[EntityTypeName] {
        if self.resources.contains(resource) { &self.principals } else { &[] }
    }
}

/// `types` by name, in order, as alternatives.
fn any_of(types: &[EntityTypeName]) -> String {
    let mut names: Vec<String> = types.iter().map(|ty| inline(&ty.to_string()).into_owned()).collect();
    names.sort_unstable();
    names.dedup();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// The actions of a store, in order: its schema's, or without one those that policies name.
#[derive(Debug)]
pub(in crate::tables) struct Vocabulary {
    pub(super) actions: Vec<Action>,
    places: HashMap<EntityUid, usize>,
    by_id: HashMap<String, Vec<usize>>,
    /// Those known by their whole name, as Cedar writes it.
    by_name: HashMap<String, usize>,
    types: HashSet<EntityTypeName>,
    members: HashMap<EntityTypeName, Vec<EntityUid>>,
    /// Whether a schema says that there are no others.
    pub(super) closed: bool,
}

impl Vocabulary {
    pub(in crate::tables) fn of(store: &Store) -> Self {
        let schema = store.schema.ready().map(|schema| &schema.cedar);
        let mut uids: Vec<EntityUid> = match schema {
            Some(schema) => schema.actions().cloned().collect(),
            None => named(store),
        };
        uids.sort_by_key(ToString::to_string);
        uids.dedup();
        let types = |found: Option<Vec<EntityTypeName>>| found.unwrap_or_default();
        let actions: Vec<_> = uids
            .into_iter()
            .map(|uid| Action {
                context: schema.and_then(|schema| context_shape(schema, &uid)),
                principals: types(
                    schema.and_then(|schema| Some(schema.principals_for_action(&uid)?.cloned().collect())),
                ),
                resources: types(schema.and_then(|schema| Some(schema.resources_for_action(&uid)?.cloned().collect()))),
                uid,
            })
            .collect();
        let mut by_id: HashMap<String, Vec<usize>> = HashMap::new();
        let mut places = HashMap::new();
        let mut by_name = HashMap::new();
        for (at, action) in actions.iter().enumerate() {
            let id: &str = action.uid.id().as_ref();
            by_id.entry(id.to_owned()).or_default().push(at);
            places.insert(action.uid.clone(), at);
            by_name.insert(action.uid.to_string(), at);
        }
        let types: HashSet<EntityTypeName> =
            schema.into_iter().flat_map(|schema| schema.entity_types().cloned()).collect();
        let of = |ty: &EntityTypeName| Some((ty.clone(), enumeration(schema?, ty)?));
        let members = types.iter().filter_map(of).collect();
        Self { actions, places, by_id, by_name, types, members, closed: schema.is_some() }
    }

    /// Whether the schema declares `uid`, or without one policies name it.
    pub(in crate::tables) fn knows(&self, uid: &EntityUid) -> bool {
        self.places.contains_key(uid)
    }

    /// What the store says of `uid`.
    pub(in crate::tables) fn get(&self, uid: &EntityUid) -> Option<&Action> {
        self.places.get(uid).and_then(|at| self.actions.get(*at))
    }

    /// The action that a table calls `text`: in full, or by its id when only one action has it.
    pub(in crate::tables) fn action(&self, text: &str) -> Result<EntityUid, Fault> {
        if let Some(action) = self.by_name.get(text).and_then(|at| self.actions.get(*at)) {
            return Ok(action.uid.clone());
        }
        if let Some(found) = self.by_id.get(text) {
            let all: Vec<_> = found.iter().filter_map(|at| self.actions.get(*at)).collect();
            return match all.as_slice() {
                [action] => Ok(action.uid.clone()),
                several => {
                    let names: Vec<_> =
                        several.iter().map(|action| inline(&action.uid.to_string()).into_owned()).collect();
                    let fault = Fault::new(format!("`{}` could be {}", inline(text), names.join(" or ")));
                    Err(fault.help("write the action in full"))
                }
            };
        }
        if let Ok(uid) = text.parse::<EntityUid>() {
            if !self.closed || self.places.contains_key(&uid) {
                return Ok(uid);
            }
            let fault = Fault::new(format!("the schema has no action {}", inline(text)));
            return Err(self.meant(uid.id().as_ref(), fault));
        }
        let whose = if self.closed { "the schema has" } else { "the policies name" };
        let fault = Fault::new(format!("{whose} no action `{}`", inline(text)));
        Err(if self.closed || !self.actions.is_empty() {
            self.meant(text, fault)
        } else {
            fault.help("without a schema write it in full: 'Action::\"view\"'")
        })
    }

    fn meant(&self, id: &str, fault: Fault) -> Fault {
        match nearest(id, self.by_id.keys().map(String::as_str)) {
            Some(meant) => fault.help(format!("did you mean `{}`?", inline(meant))),
            None if !self.closed => fault.help("write it in full: 'Action::\"view\"'"),
            None => fault,
        }
    }

    /// What to say of a context attribute that no action has.
    pub(super) fn no_attribute(&self, name: &Said<String>) -> Fault {
        let all = self.actions.iter().filter_map(|action| action.context.as_ref()?.fields());
        let known = all.flat_map(|fields| fields.keys().map(String::as_str));
        let fault = Fault::new(format!("no action has `{}` in its context", inline(&name.value))).at(name.span);
        match nearest(&name.value, known) {
            Some(meant) => fault.help(format!("did you mean `{}`?", inline(meant))),
            None => fault,
        }
    }

    /// What to say of a clock that gives `name` as no action takes it.
    pub(super) fn other_clock(&self, name: &Said<String>, unit: Unit) -> Option<Fault> {
        let of = |action: &'_ Action| Some(action.context.as_ref()?.fields()?.get(&name.value)?.shape.clone());
        let fits = |shape: &Shape| match (unit, shape) {
            (Unit::Datetime, Shape::Extension(name)) => name == "datetime",
            (Unit::Seconds | Unit::Milliseconds, shape) => *shape == Shape::Long,
            (Unit::Datetime, _) => false,
        };
        let mut wanted = self.actions.iter().filter_map(of).peekable();
        let first = wanted.peek()?.what();
        if wanted.any(|shape| fits(&shape)) {
            return None;
        }
        let given = match unit {
            Unit::Datetime => "a datetime",
            Unit::Seconds => "seconds",
            Unit::Milliseconds => "milliseconds",
        };
        let message = format!("`{}` is {first}, and the clock gives {given}", inline(&name.value));
        Some(Fault::new(message).help("`type` is datetime, seconds or milliseconds").at(name.span))
    }

    /// What to say of an entity type that the schema does not know; nothing when it does, and without a schema.
    pub(in crate::tables) fn unknown_type(&self, ty: &EntityTypeName) -> Option<Fault> {
        if !self.closed || self.types.contains(ty) {
            return None;
        }
        let name = ty.to_string();
        let known: Vec<String> = self.types.iter().map(ToString::to_string).collect();
        let fault = Fault::new(format!("the schema has no entity type `{}`", inline(&name)));
        Some(match nearest(&name, known.iter().map(String::as_str)) {
            Some(meant) => fault.help(format!("did you mean `{}`?", inline(meant))),
            None => fault,
        })
    }

    /// The members of those of `types` that are enumerations.
    pub(super) fn members(&self, types: &[EntityTypeName]) -> Vec<EntityUid> {
        types.iter().filter_map(|ty| self.members.get(ty)).flatten().cloned().collect()
    }

    /// Whether some action's context has the attribute `name`.
    pub(super) fn has_attribute(&self, name: &str) -> bool {
        let mut all = self.actions.iter().filter_map(|action| action.context.as_ref()?.fields());
        all.any(|fields| fields.contains_key(name))
    }
}

/// The actions that scopes of policies name.
fn named(store: &Store) -> Vec<EntityUid> {
    let mut found = Vec::new();
    for policy in store.set.policies() {
        match policy.action_constraint() {
            ActionConstraint::Any => {}
            ActionConstraint::Eq(uid) => found.push(uid),
            ActionConstraint::In(uids) => found.extend(uids),
        }
    }
    found
}
