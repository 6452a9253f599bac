//! Actions that are decided alike: one question over two worlds, of which the second has the two actions' names
//! exchanged.
//!
//! # Why
//!
//! In the second world the first action's name stands for the second action, in the schema and in every policy. So the
//! two requests are one request on two sides, and what both actions declare in their contexts with one type is the same
//! on both; what one of them alone declares is free there.
//!
//! A link that might be anywhere is the same link on both sides. Where a template comes to the same formula on both, it
//! counts as one unknown; where it does not, it counts for the side where it can do harm, and Cedar's authorizer has to
//! confirm what is found with the same link on both sides.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cedar_policy::{Decision, EntityUid, Policy, PolicySet, RequestEnv, Schema, Template};
use serde_json::Value;

use super::judge::{Breach, Does, Here, Judged, Shown, any, ask, with_links};
use super::world::{Member, World};
use crate::repo::cedar::{Body, context_shape};
use crate::repo::schema_as_json;
use crate::repo::shape::Shape;
use crate::symbolic::{Answer, Case, CompiledPolicies, Formula, PolicyRef, SchemaModel, Session, Subject};
use crate::text::inline;

/// A world with two actions' names exchanged.
pub(super) struct Exchanged {
    policies: CompiledPolicies,
    set: PolicySet,
}

impl Exchanged {
    /// `world` with the names of the two actions exchanged.
    ///
    /// # Errors
    /// Why it cannot be made, a phrase.
    pub(super) fn new(world: &World<'_>, one: &EntityUid, other: &EntityUid) -> Result<Self, String> {
        let schema = match world.store.schema.ready() {
            Some(schema) => exchanged_schema(schema_as_json(schema), one, other)?,
            None => {
                return Err("the store has no schema, so it is not known what the actions have in common".to_owned());
            }
        };
        let solvers = Arc::clone(world.policies.schema().solvers());
        let model = SchemaModel::answered_by(&schema, solvers)?;
        let mut set = PolicySet::new();
        let mut subjects = Vec::new();
        for member in &world.members {
            let subject = if member.template {
                let Body::Template(template) = &member.policy.body else { continue };
                let json = exchanged(template.to_json().map_err(|error| error.to_string())?, one, other);
                let template =
                    Template::from_json(Some(template.id().clone()), json).map_err(|error| error.to_string())?;
                let subject = Subject::template(&template);
                set.add_template(template).map_err(|error| error.to_string())?;
                subject
            } else {
                let Some(policy) = world.store.set.policy(&member.key) else { continue };
                let json = exchanged(policy.to_json().map_err(|error| error.to_string())?, one, other);
                let policy = Policy::from_json(Some(policy.id().clone()), json).map_err(|error| error.to_string())?;
                let subject = Subject::policy(&policy);
                set.add(policy).map_err(|error| error.to_string())?;
                subject
            };
            subjects.push(subject);
        }
        if subjects.len() != world.members.len() {
            return Err("a policy could not be read with the names of the actions exchanged".to_owned());
        }
        Ok(Self { policies: CompiledPolicies::new(model, subjects), set })
    }

    /// The request environments that both worlds have of `environment`'s action.
    pub(super) fn has(&self, environment: &RequestEnv) -> bool {
        self.policies.schema().environments().contains(environment)
    }

    /// Whether the two actions are decided alike in `environment`, of the first.
    pub(super) fn judge(&self, world: &World<'_>, environment: &RequestEnv, names: [&EntityUid; 2]) -> Judged {
        let mut session = Session::pair(&world.policies, &self.policies, environment);
        let sides = [Here::of(&mut session, world, 0), Here::of(&mut session, world, 1)];
        if let Some(why) = sides.iter().flat_map(|here| here.permits_aside.iter().chain(&here.forbids_aside)).next() {
            return Judged::Open(why.clone());
        }
        let mut shown = Vec::new();
        for allowed in [0, 1] {
            let question = asked(&mut session, &sides, allowed);
            match session.find(&question) {
                Answer::Impossible => {}
                Answer::Unknown(reason) => return Judged::Open(reason.to_string()),
                Answer::Witness(witness) => match self.confirmed(world, witness.cases, allowed, names) {
                    Some(found) => shown.push(Shown { apart: self.apart(world, environment, names), ..found }),
                    None => {
                        return Judged::Open(
                            "whether a link to one of the templates would tell the actions apart is not decided"
                                .to_owned(),
                        );
                    }
                },
            }
        }
        if shown.is_empty() { Judged::Kept } else { Judged::Broken(Breach::shown(shown)) }
    }

    /// The attributes that the context of one of the actions alone has, and that policies which apply to it read.
    fn apart(&self, world: &World<'_>, environment: &RequestEnv, names: [&EntityUid; 2]) -> Vec<String> {
        let fields = names.map(|action| match context_shape(world.schema(), action) {
            Some(Shape::Record(fields)) => fields,
            _ => BTreeMap::new(),
        });
        let [one, other] = &fields;
        let schema = world.policies.schema();
        let applies = |action: &EntityUid, index: usize| {
            let like = |one: &&RequestEnv| {
                one.action() == action
                    && one.principal() == environment.principal()
                    && one.resource() == environment.resource()
            };
            let environment = schema.environments().iter().find(like);
            let subject = world.policies.subjects().get(index);
            environment.zip(subject).is_some_and(|(environment, subject)| subject.admits(schema, environment))
        };
        let mut apart = Vec::new();
        for (action, mine, theirs) in [(names[0], one, other), (names[1], other, one)] {
            for (name, field) in mine {
                let alike = theirs.get(name).is_some_and(|other| other.shape == field.shape);
                let read = |(index, member): (usize, &Member<'_>)| {
                    member.policy.location.text().contains(&format!("context.{name}")) && applies(action, index)
                };
                if !alike && world.members.iter().enumerate().any(read) {
                    apart.push(format!("`{}` of `{}`", inline(name), inline(action.id().unescaped())));
                }
            }
        }
        apart
    }

    /// What `cases` show, with the second request as it is asked for in the repository's own world.
    fn confirmed(&self, world: &World<'_>, cases: Vec<Case>, allowed: usize, names: [&EntityUid; 2]) -> Option<Shown> {
        let [first, second] = <[Case; 2]>::try_from(cases).ok()?;
        let mut slots = first.slots.clone();
        for (index, values) in &second.slots {
            slots.entry(*index).or_insert_with(|| values.clone());
        }
        let decisions = |links: &HashMap<_, _>| -> Option<[Decision; 2]> {
            if links.is_empty() {
                return Some([ask(&world.store.set, &first).decision(), ask(&self.set, &second).decision()]);
            }
            let (set, _) = with_links(world, links)?;
            let mut other = self.set.clone();
            for (index, values) in links {
                let member = world.members.get(*index)?;
                let id = cedar_policy::PolicyId::new(format!("made{index}"));
                other.link(member.key.clone(), id, values.clone()).ok()?;
            }
            Some([ask(&set, &first).decision(), ask(&other, &second).decision()])
        };
        let wanted = if allowed == 0 { [Decision::Allow, Decision::Deny] } else { [Decision::Deny, Decision::Allow] };
        let links = [HashMap::new(), slots].into_iter().find(|links| decisions(links) == Some(wanted))?;
        let mut causes = Vec::new();
        for (case, set) in [(&first, &*world.store.set), (&second, &self.set)] {
            let response = ask(set, case);
            let does = if response.decision() == Decision::Allow { Does::Allows } else { Does::Refuses };
            let by = response.diagnostics().reason();
            let index = |id: &cedar_policy::PolicyId| world.members.iter().position(|member| member.key == *id);
            causes.extend(by.filter_map(index).map(|index| (index, does)));
        }
        causes.extend(links.keys().map(|index| (*index, Does::WouldAllow)));
        causes.sort_unstable();
        causes.dedup();
        let mut second = second;
        second.request_json = exchanged(second.request_json, names[0], names[1]);
        second.entities_json = exchanged(second.entities_json, names[0], names[1]);
        let mut cases = vec![first, second];
        // The request that is allowed comes first.
        if allowed == 1 {
            cases.reverse();
        }
        Some(Shown { cases, causes, endless: None, apart: Vec::new() })
    }
}

/// Side `allowed` allows what the other refuses, or would with a link more.
fn asked(session: &mut Session<'_>, sides: &[Here; 2], allowed: usize) -> Formula {
    let [zero, one] = sides;
    let (yes, no) = if allowed == 0 { (zero, one) } else { (one, zero) };
    let mut shared = |policy: &PolicyRef, others: &[PolicyRef]| {
        let both = others.contains(&PolicyRef { side: 1 - policy.side, ..*policy });
        both && session.equivalent(PolicyRef { side: 0, ..*policy }, PolicyRef { side: 1, ..*policy })
    };
    let (common, own): (Vec<PolicyRef>, Vec<PolicyRef>) =
        yes.permitting.iter().partition(|policy| shared(policy, &no.permitting));
    // A link that refuses both tells nothing apart.
    let forbidding: Vec<PolicyRef> =
        no.forbidding.iter().copied().filter(|policy| !shared(policy, &yes.forbidding)).collect();
    // A link that both have is on the first side in the question.
    let common: Vec<PolicyRef> = common.into_iter().map(|policy| PolicyRef { side: 0, ..policy }).collect();
    let permitted = any(yes.permits.iter().chain(&own).chain(&common)).and(!any(&yes.forbids));
    let unpermitted = !any(no.permits.iter().chain(&common));
    permitted.and(unpermitted.or(any(no.forbids.iter().chain(&forbidding))))
}

/// `json` with the names of the two actions exchanged wherever an entity stands.
fn exchanged(json: Value, one: &EntityUid, other: &EntityUid) -> Value {
    match json {
        Value::Object(fields) => {
            let text = |key: &str| fields.get(key).and_then(Value::as_str);
            let named = |uid: &EntityUid| {
                let names = text("id") == Some(uid.id().unescaped());
                names && text("type") == Some(uid.type_name().to_string().as_str()) && fields.len() == 2
            };
            let to = match () {
                () if named(one) => Some(other),
                () if named(other) => Some(one),
                () => None,
            };
            match to {
                Some(uid) => serde_json::json!({"type": uid.type_name().to_string(), "id": uid.id().unescaped()}),
                None => {
                    Value::Object(fields.into_iter().map(|(key, value)| (key, exchanged(value, one, other))).collect())
                }
            }
        }
        Value::Array(all) => Value::Array(all.into_iter().map(|value| exchanged(value, one, other)).collect()),
        other => other,
    }
}

/// One schema of the files `forms`, with the names of the two actions exchanged.
fn exchanged_schema(forms: Vec<Value>, one: &EntityUid, other: &EntityUid) -> Result<Schema, String> {
    let mut all = serde_json::Map::new();
    for (namespace, body) in
        forms.into_iter().filter_map(|form| if let Value::Object(form) = form { Some(form) } else { None }).flatten()
    {
        let slot = all.entry(namespace).or_insert_with(|| serde_json::json!({}));
        merge(slot, body);
    }
    let [first, second] = [one, other].map(|uid| (uid.type_name().namespace(), uid.id().unescaped().to_owned()));
    let take = |all: &mut serde_json::Map<String, Value>, (namespace, id): &(String, String)| {
        let action = all.get_mut(namespace)?.get_mut("actions")?.as_object_mut()?.remove(id)?;
        let declared = all.get(namespace).cloned().unwrap_or_default();
        Some(qualified(action, namespace, &declared))
    };
    let missing = || "an action is not declared where its name says".to_owned();
    let of_first = take(&mut all, &first).ok_or_else(missing)?;
    let of_second = take(&mut all, &second).ok_or_else(missing)?;
    for ((namespace, id), action) in [(&second, of_first), (&first, of_second)] {
        let actions = all.get_mut(namespace).and_then(|body| body.get_mut("actions")).and_then(Value::as_object_mut);
        actions.ok_or_else(missing)?.insert(id.clone(), action);
    }
    // Who is a member of one is a member of the other now.
    for (namespace, body) in &mut all {
        let Some(actions) = body.get_mut("actions").and_then(Value::as_object_mut) else { continue };
        for action in actions.values_mut() {
            let Some(parents) = action.get_mut("memberOf").and_then(Value::as_array_mut) else { continue };
            for parent in parents {
                let ty = parent.get("type").and_then(Value::as_str).map_or_else(
                    || if namespace.is_empty() { "Action".to_owned() } else { format!("{namespace}::Action") },
                    str::to_owned,
                );
                let id = parent.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
                let is = |uid: &EntityUid| uid.type_name().to_string() == ty && uid.id().unescaped() == id;
                let to = if is(one) {
                    other
                } else if is(other) {
                    one
                } else {
                    continue;
                };
                *parent = serde_json::json!({"type": to.type_name().to_string(), "id": to.id().unescaped()});
            }
        }
    }
    Schema::from_json_value(Value::Object(all)).map_err(|error| error.to_string())
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                match into.get_mut(&key) {
                    Some(slot) if matches!(key.as_str(), "entityTypes" | "actions" | "commonTypes" | "annotations") => {
                        merge(slot, value);
                    }
                    _ => {
                        into.insert(key, value);
                    }
                }
            }
        }
        (into, from) => *into = from,
    }
}

/// `action` of `namespace` with the names of types and groups written out, so that it means the same anywhere.
fn qualified(action: Value, namespace: &str, declared: &Value) -> Value {
    if namespace.is_empty() {
        return action;
    }
    let own = |name: &str| {
        let has = |key: &str| declared.get(key).and_then(Value::as_object).is_some_and(|map| map.contains_key(name));
        !name.contains("::") && (has("entityTypes") || has("commonTypes"))
    };
    let full = |name: &str| if own(name) { format!("{namespace}::{name}") } else { name.to_owned() };
    fn walk(value: Value, full: &dyn Fn(&str) -> String) -> Value {
        match value {
            Value::Object(fields) => Value::Object(
                fields
                    .into_iter()
                    .map(|(key, value)| match (key.as_str(), value) {
                        ("type" | "name", Value::String(name)) => (key, Value::String(full(&name))),
                        ("principalTypes" | "resourceTypes", Value::Array(names)) => {
                            let names = names.into_iter().map(|name| match name {
                                Value::String(name) => Value::String(full(&name)),
                                other => other,
                            });
                            (key, Value::Array(names.collect()))
                        }
                        (_, value) => (key, walk(value, full)),
                    })
                    .collect(),
            ),
            Value::Array(all) => Value::Array(all.into_iter().map(|value| walk(value, full)).collect()),
            other => other,
        }
    }
    let mut action = walk(action, &full);
    let parents = action.get_mut("memberOf").and_then(Value::as_array_mut);
    for parent in parents.into_iter().flatten() {
        if let Some(fields) = parent.as_object_mut()
            && !fields.contains_key("type")
        {
            fields.insert("type".to_owned(), Value::String(format!("{namespace}::Action")));
        }
    }
    action
}
