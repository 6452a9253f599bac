//! What is known of the whole store: the types that principals and resources are of, the actions, and what meets what.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::PolicyId;
use serde_json::Value as Json;

use super::classes::{Classes, Id};
use super::evidence::Evidence;
use crate::repo::Store;

/// An entity as Cedar's JSON writes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Uid {
    pub(super) ty: String,
    pub(super) id: String,
}

impl Uid {
    /// From `{"type": .., "id": ..}`, with or without `__entity` around it.
    pub(super) fn of(json: &Json) -> Option<Self> {
        let json = json.get("__entity").unwrap_or(json);
        let text = |key: &str| json.get(key).and_then(Json::as_str).map(str::to_owned);
        Some(Self { ty: text("type")?, id: text("id")? })
    }
}

/// What a policy says of one of the request's variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Bound {
    /// Nothing of its type.
    Open,
    /// It is of this type.
    Type(String),
}

/// A policy, link or template in Cedar's JSON form.
#[derive(Debug)]
pub(super) struct PolicyJson {
    pub(super) json: Json,
    pub(super) evidence: Evidence,
    pub(super) principal: Bound,
    pub(super) resource: Bound,
    /// The actions that its scope names, one by one; `None` when it leaves them open.
    pub(super) actions: Option<Actions>,
}

/// The actions of a scope.
#[derive(Debug, Clone, Default)]
pub(super) struct Actions {
    pub(super) named: BTreeSet<Uid>,
    /// Those after a single `in`.
    pub(super) groups: BTreeSet<Uid>,
    /// Those that the action is compared with, in a condition.
    pub(super) compared: BTreeSet<Uid>,
}

/// Everything.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) classes: Classes,
    /// The types of principal and resource that answers are wanted for, if of some only.
    pub(super) asked_for: [Option<String>; 2],
    /// Whether something is compared with a principal, or a resource, of one of several types.
    pub(super) hinted: [bool; 2],
    /// Whether principal and resource are compared with each other, so that they may be one.
    pub(super) coincide: bool,
    /// Values that something is asked to be in: an entity, or a set of some.
    pub(super) uppers: Vec<(Id, Id, Evidence)>,
    /// Values that are compared by size.
    pub(super) sized: Vec<(Id, Evidence)>,
    pub(super) policies: Vec<PolicyJson>,
    /// Types that something names as a principal's or a resource's, and what says so.
    pub(super) principals: BTreeMap<String, Evidence>,
    pub(super) resources: BTreeMap<String, Evidence>,
    /// Actions that a request can be for.
    pub(super) actions: BTreeMap<Uid, Evidence>,
    /// Actions among the entities, which may be groups.
    pub(super) listed: BTreeMap<Uid, Evidence>,
    /// Groups of actions.
    pub(super) groups: BTreeMap<Uid, Evidence>,
    /// The groups that actions are in, as entities say.
    pub(super) members: BTreeMap<Uid, BTreeSet<Uid>>,
    /// Whether something leaves the type open.
    pub(super) open_principal: bool,
    pub(super) open_resource: bool,
    pub(super) open_action: bool,
    /// The attributes and tags of each entity type, and of each action's context under [`context`].
    pub(super) holders: BTreeMap<String, Id>,
    /// Types that some value is said to be in, and what says so: child and parent.
    pub(super) within: Vec<(Id, Id, Evidence)>,
    /// Values that are compared: a hint where nothing else is known.
    pub(super) compared: Vec<(Id, Id, Evidence)>,
    /// Types by name: child, parents.
    pub(super) parents: BTreeMap<String, BTreeSet<String>>,
    /// Types of which there are entities.
    pub(super) owned: BTreeMap<String, Evidence>,
    /// Every entity type, and what says so.
    pub(super) types: BTreeMap<String, Evidence>,
    /// The attributes and tags that each policy reads.
    pub(super) reads: BTreeMap<(usize, PolicyId), BTreeSet<Id>>,
    /// Attributes that some policy asks for with `has`.
    pub(super) asked: BTreeSet<String>,
}

/// The types that stand for all others.
pub(super) const ANY_PRINCIPAL: &str = "AnyOtherPrincipal";
pub(super) const ANY_RESOURCE: &str = "AnyOtherResource";

/// How the names begin under which the contexts of actions have their attributes.
pub(super) const CONTEXT: &str = "context of ";

/// The name under which the context of an action has its attributes.
pub(super) fn context(action: &Uid) -> String {
    format!("{CONTEXT}{}::{:?}", action.ty, action.id)
}

/// Whether it is a type of actions.
pub(super) fn is_action(ty: &str) -> bool {
    ty == "Action" || ty.ends_with("::Action")
}

impl Facts {
    /// Reads the names of `store`: who its scopes are about.
    pub(super) fn name(&mut self, store: &Store, number: usize) {
        let policies = store.policies.iter().filter_map(|policy| {
            let json = match (store.set.policy(&policy.key), store.set.template(&policy.key)) {
                (Some(policy), _) => policy.to_json().ok()?,
                (None, Some(template)) => template.to_json().ok()?,
                (None, None) => return None,
            };
            Some((json, policy.name.clone(), policy.key.clone(), policy.location.text()))
        });
        let links = store.links.iter().filter_map(|link| {
            let text = store.policies.get(link.template).map_or("", |template| template.location.text());
            Some((store.set.policy(&link.key)?.to_json().ok()?, link.name.clone(), link.key.clone(), text))
        });
        let all: Vec<_> = policies.chain(links).collect();
        for (json, name, key, text) in all {
            let evidence = Evidence { place: format!("`{name}`"), what: "named", policy: Some((number, key)) };
            let principal = self.bound(&json, "principal", &evidence);
            let resource = self.bound(&json, "resource", &evidence);
            let actions = scope_actions(&json, text);
            for action in actions.iter().flat_map(|actions| &actions.named) {
                self.actions.entry(action.clone()).or_insert_with(|| evidence.clone());
            }
            for group in actions.iter().flat_map(|actions| &actions.groups) {
                self.groups.entry(group.clone()).or_insert_with(|| evidence.clone());
            }
            // Conditions ask for actions as scopes do.
            let mut asked = Actions::default();
            json.get("conditions").into_iter().for_each(|body| actions_asked(body, &mut asked));
            for action in asked.named.into_iter().chain(asked.compared) {
                self.actions.entry(action).or_insert_with(|| evidence.clone());
            }
            for group in asked.groups {
                self.groups.entry(group).or_insert_with(|| evidence.clone());
            }
            self.policies.push(PolicyJson { json, evidence, principal, resource, actions });
        }
    }

    fn bound(&mut self, json: &Json, variable: &str, evidence: &Evidence) -> Bound {
        let found = scope_type(json.get(variable)).or_else(|| {
            let conditions = json.get("conditions").and_then(Json::as_array).into_iter().flatten();
            let whens = conditions.filter(|one| one.get("kind").and_then(Json::as_str) == Some("when"));
            whens.filter_map(|one| top_level_type(one.get("body")?, variable)).next()
        });
        let known = if variable == "principal" { &mut self.principals } else { &mut self.resources };
        match found {
            Some(ty) => {
                known.entry(ty.clone()).or_insert_with(|| evidence.clone());
                self.types.entry(ty.clone()).or_insert_with(|| evidence.clone());
                Bound::Type(ty)
            }
            None => {
                // Asked for somewhere in a condition, it is a type of principals all the same.
                let mut asked = BTreeSet::new();
                json.get("conditions").into_iter().for_each(|body| types_asked(body, variable, &mut asked));
                for ty in asked {
                    known.entry(ty.clone()).or_insert_with(|| evidence.clone());
                    self.types.entry(ty).or_insert_with(|| evidence.clone());
                }
                Bound::Open
            }
        }
    }

    /// What is left to say once all scopes are read: groups that are actions too, and what stands for everything else.
    pub(super) fn complete(&mut self) {
        let groups: BTreeSet<&Uid> = self.members.values().flatten().collect();
        let listed: Vec<_> = self.listed.iter().filter(|(uid, _)| !groups.contains(uid)).collect();
        for (uid, evidence) in listed {
            self.actions.entry(uid.clone()).or_insert_with(|| evidence.clone());
        }
        // Where no policy names a type, one of which there are entities that hold no others is likely meant.
        let above: BTreeSet<&String> = self.parents.values().flatten().collect();
        let lone: Vec<_> = self.owned.iter().filter(|(ty, _)| !above.contains(ty)).collect();
        let likely = |others: &BTreeMap<String, Evidence>| -> BTreeMap<String, Evidence> {
            let free = lone.iter().filter(|(ty, _)| !others.contains_key(*ty));
            free.map(|(ty, evidence)| ((*ty).clone(), (*evidence).clone())).collect()
        };
        let (principals, resources) = (likely(&self.resources), likely(&self.principals));
        if self.principals.is_empty() {
            self.principals = principals;
        }
        if self.resources.is_empty() {
            self.resources = resources;
        }
        self.coincide = self.policies.iter().any(|policy| policy.json.get("conditions").is_some_and(compares_both));
        for policy in &self.policies {
            self.open_principal |= policy.principal == Bound::Open;
            self.open_resource |= policy.resource == Bound::Open;
            self.open_action |= policy.actions.is_none();
        }
    }

    /// The class that holds the attributes of the type (or context) called `name`.
    pub(super) fn holder(&mut self, name: &str) -> Id {
        if let Some(known) = self.holders.get(name) {
            return *known;
        }
        let new = self.classes.fresh();
        self.holders.insert(name.to_owned(), new);
        new
    }
}

/// The type that a scope asks for, in Cedar's JSON form.
fn scope_type(scope: Option<&Json>) -> Option<String> {
    let scope = scope?;
    match scope.get("op")?.as_str()? {
        "==" => Some(Uid::of(scope.get("entity")?)?.ty),
        "is" => scope.get("entity_type")?.as_str().map(str::to_owned),
        _ => None,
    }
}

/// The actions of a scope. The JSON form does not tell a list of one from what stands alone; `text` does.
fn scope_actions(json: &Json, text: &str) -> Option<Actions> {
    let scope = json.get("action")?;
    let mut actions = Actions::default();
    match scope.get("op")?.as_str()? {
        "==" => {
            actions.named.insert(Uid::of(scope.get("entity")?)?);
        }
        "in" => match (scope.get("entity").and_then(Uid::of), scope.get("entities").and_then(Json::as_array)) {
            (Some(only), _) if is_list(text) => {
                actions.named.insert(only);
            }
            (Some(group), _) => {
                actions.groups.insert(group);
            }
            (None, Some(all)) => actions.named.extend(all.iter().filter_map(Uid::of)),
            (None, None) => return None,
        },
        _ => return None,
    }
    Some(actions)
}

/// Whether the scope of a policy has a list of actions.
fn is_list(text: &str) -> bool {
    let mut words = text.split("action").skip(1).map(str::trim_start);
    words.any(|rest| rest.strip_prefix("in").is_some_and(|rest| rest.trim_start().starts_with('[')))
}

fn is_variable(json: Option<&Json>, name: &str) -> bool {
    json.and_then(|json| json.get("Var")).and_then(Json::as_str) == Some(name)
}

/// The type that a condition asks `variable` to be of, where nothing else can make it true.
fn top_level_type(json: &Json, variable: &str) -> Option<String> {
    if let Some(both) = json.get("&&") {
        return top_level_type(both.get("left")?, variable).or_else(|| top_level_type(both.get("right")?, variable));
    }
    type_asked(json, variable)
}

fn type_asked(json: &Json, variable: &str) -> Option<String> {
    if let Some(is) = json.get("is").filter(|is| is_variable(is.get("left"), variable)) {
        return is.get("entity_type")?.as_str().map(str::to_owned);
    }
    let equal = json.get("==")?;
    let (left, right) = (equal.get("left"), equal.get("right"));
    let other = if is_variable(left, variable) {
        right
    } else if is_variable(right, variable) {
        left
    } else {
        None
    };
    Some(Uid::of(other?.get("Value")?.get("__entity")?)?.ty)
}

/// Every action and group that a condition asks for.
fn actions_asked(json: &Json, found: &mut Actions) {
    let entity = |json: &Json| json.get("Value").and_then(Uid::of).filter(|uid| is_action(&uid.ty));
    for (operator, group) in [("in", true), ("==", false), ("!=", false)] {
        let Some(pair) = json.get(operator) else { continue };
        for side in ["left", "right"].iter().filter_map(|side| pair.get(side)) {
            if let Some(uid) = entity(side) {
                if group { &mut found.groups } else { &mut found.compared }.insert(uid);
            }
            let listed = side.get("Set").and_then(Json::as_array).into_iter().flatten();
            found.named.extend(listed.filter_map(entity));
        }
    }
    match json {
        Json::Array(all) => all.iter().for_each(|one| actions_asked(one, found)),
        Json::Object(all) => all.values().for_each(|one| actions_asked(one, found)),
        _ => {}
    }
}

/// Whether principal and resource are compared with each other.
fn compares_both(json: &Json) -> bool {
    let both = ["==", "!=", "in"].iter().filter_map(|operator| json.get(operator)).any(|pair| {
        let is = |side: &str, name: &str| is_variable(pair.get(side), name);
        (is("left", "principal") && is("right", "resource")) || (is("left", "resource") && is("right", "principal"))
    });
    both || match json {
        Json::Array(all) => all.iter().any(compares_both),
        Json::Object(all) => all.values().any(compares_both),
        _ => false,
    }
}

/// Every type that `variable` is asked to be of, anywhere.
fn types_asked(json: &Json, variable: &str, found: &mut BTreeSet<String>) {
    found.extend(type_asked(json, variable));
    match json {
        Json::Array(all) => all.iter().for_each(|one| types_asked(one, variable, found)),
        Json::Object(all) => all.values().for_each(|one| types_asked(one, variable, found)),
        _ => {}
    }
}
