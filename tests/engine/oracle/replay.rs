//! Witnesses put to Cedar's authorizer and validators once more, without the engine's own help.

use std::collections::HashMap;

use cedar_policy::{
    Authorizer, Context, Entities, EntityUid, PolicyId, PolicySet, Request, RequestEnv, Schema, SlotId,
};
use polcheck::symbolic::{Case, Formula, PolicyRef, Witness};

use super::brute::{Outcome, alone, outcome, show};
use super::generate::Made;
use super::syntax::{Field, SchemaSpec, Ty};

/// One side as the replay needs it.
#[derive(Clone, Copy)]
pub struct Held<'a> {
    pub schema: &'a Schema,
    pub policies: &'a [Made],
}

/// # Errors
/// What does not hold up.
pub fn replay(sides: &[Held<'_>], env: &RequestEnv, witness: &Witness, question: &Formula) -> Result<(), String> {
    if witness.cases.len() != sides.len() {
        return Err(format!("{} cases for {} sides", witness.cases.len(), sides.len()));
    }
    let whole: Vec<(Request, Entities)> =
        witness.cases.iter().zip(sides).map(|(case, side)| whole(case, side, env)).collect::<Result<_, _>>()?;
    holds(sides, witness, &whole, question).map_err(|error| format!("{error}\n{}", shown(&whole)))?;
    let elided: Vec<(Request, Entities)> =
        witness.cases.iter().zip(sides).map(|(case, side)| from_json(case, side, env)).collect::<Result<_, _>>()?;
    holds(sides, witness, &elided, question).map_err(|error| format!("as JSON: {error}\n{}", shown(&elided)))
}

fn shown(cases: &[(Request, Entities)]) -> String {
    cases.iter().map(|(request, entities)| show(request, entities)).collect::<Vec<_>>().join("\n")
}

/// The case as it stands, validated.
fn whole(case: &Case, side: &Held<'_>, env: &RequestEnv) -> Result<(Request, Entities), String> {
    let entities = Entities::from_entities(case.entities.iter().cloned(), Some(side.schema)).map_err(|error| {
        format!("entities do not fit the schema: {error:?}\n{}", show(&case.request, &case.entities))
    })?;
    let part = |uid: Option<&EntityUid>| uid.cloned().ok_or("the request lacks a part");
    let (principal, action) = (part(case.request.principal())?, part(case.request.action())?);
    let resource = part(case.request.resource())?;
    let context = case.request.context().cloned().ok_or("the request lacks its context")?;
    let request = checked(principal, action, resource, context, side.schema, env)?;
    Ok((request, entities))
}

fn checked(
    principal: EntityUid,
    action: EntityUid,
    resource: EntityUid,
    context: Context,
    schema: &Schema,
    env: &RequestEnv,
) -> Result<Request, String> {
    if principal.type_name() != env.principal() || action != *env.action() || resource.type_name() != env.resource() {
        return Err(format!("({principal}, {action}, {resource}) is of another environment"));
    }
    Request::new(principal, action, resource, context, Some(schema))
        .map_err(|error| format!("the request does not fit: {error:?}"))
}

/// The case as printed.
fn from_json(case: &Case, side: &Held<'_>, env: &RequestEnv) -> Result<(Request, Entities), String> {
    let entities = Entities::from_json_value(case.entities_json.clone(), Some(side.schema))
        .map_err(|error| format!("entities as JSON: {error:?}\n{}", case.entities_json))?;
    let part = |name: &str| match &case.request_json[name] {
        serde_json::Value::String(text) => text.parse::<EntityUid>().map_err(|error| format!("{name}: {error}")),
        other => EntityUid::from_json(other.clone()).map_err(|error| format!("{name}: {error}")),
    };
    let action = part("action")?;
    let context = Context::from_json_value(case.request_json["context"].clone(), Some((side.schema, &action)))
        .map_err(|error| format!("context as JSON: {error:?}\n{}", case.request_json))?;
    Ok((checked(part("principal")?, action, part("resource")?, context, side.schema, env)?, entities))
}

fn holds(
    sides: &[Held<'_>],
    witness: &Witness,
    cases: &[(Request, Entities)],
    question: &Formula,
) -> Result<(), String> {
    let authorizer = Authorizer::new();
    let mut outcomes: HashMap<PolicyRef, Outcome> = HashMap::new();
    let mut named = Vec::new();
    question.policies(&mut |policy| named.push(policy));
    for policy in named {
        if outcomes.contains_key(&policy) {
            continue;
        }
        let made = &sides[policy.side].policies[policy.index];
        let set = match made {
            Made::Policy(policy) => alone(policy),
            Made::Template(template) => {
                let mut slots = witness.cases[policy.side].slots.get(&policy.index).cloned().unwrap_or_default();
                // What a template out of scope has in its slots is not said, and does not matter.
                let request = &cases[policy.side].0;
                for (slot, uid) in
                    [(SlotId::principal(), request.principal()), (SlotId::resource(), request.resource())]
                {
                    if template.slots().any(|other| *other == slot) && !slots.contains_key(&slot) {
                        slots.insert(slot, uid.cloned().expect("the request is concrete"));
                    }
                }
                let mut set = PolicySet::new();
                set.add_template(template.clone()).map_err(|error| error.to_string())?;
                set.link(template.id().clone(), PolicyId::new("link"), slots)
                    .map_err(|error| format!("slots of {policy:?}: {error}"))?;
                set
            }
        };
        let (request, entities) = &cases[policy.side];
        outcomes.insert(policy, outcome(&authorizer, &set, made.effect(), request, entities));
    }
    let answered = question.evaluate(&mut |policy| outcomes[&policy] == Outcome::Matches, &mut |policy| {
        outcomes[&policy] == Outcome::Errors
    });
    if answered { Ok(()) } else { Err(format!("the question does not hold: {outcomes:?}")) }
}

/// Whether the sides must be alike in what no policy asked about reads: attributes optional on one side and required on
/// the other, and ancestors.
const STRICT_SIDES: bool = true;

/// What both schemas declare alike must be alike in both cases.
///
/// # Errors
/// What differs.
pub fn sides_agree(schemas: [&SchemaSpec; 2], witness: &Witness, action: usize) -> Result<(), String> {
    let [old, new] = [&witness.cases[0], &witness.cases[1]];
    let parts = |case: &Case| {
        [case.request.principal().cloned(), case.request.action().cloned(), case.request.resource().cloned()]
    };
    if parts(old) != parts(new) {
        return Err("the sides are asked different things".into());
    }
    let context = |case: &Case| {
        let mut json = Vec::new();
        let context = case.request.context().ok_or("no context")?;
        serde_json::to_writer(&mut json, &context.to_json_value().map_err(|error| error.to_string())?)
            .map_err(|error| error.to_string())?;
        serde_json::from_slice::<serde_json::Value>(&json).map_err(|error| error.to_string())
    };
    let [old_action, new_action] = schemas.map(|schema| &schema.actions[action].context);
    same([old_action, new_action], &context(old)?, &context(new)?).map_err(|error| format!("context: {error}"))?;
    for (index, (old_type, new_type)) in schemas[0].entities.iter().zip(&schemas[1].entities).enumerate() {
        let name = schemas[0].type_name(index);
        let uids = old.entities.iter().chain(new.entities.iter()).map(cedar_policy::Entity::uid);
        for uid in uids.filter(|uid| uid.type_name().to_string() == name) {
            // Who is not there plays no part there.
            let (Some(left), Some(right)) = (old.entities.get(&uid), new.entities.get(&uid)) else { continue };
            let left = left.to_json_value().map_err(|error| error.to_string())?;
            let right = right.to_json_value().map_err(|error| error.to_string())?;
            same([&old_type.attrs, &new_type.attrs], &left["attrs"], &right["attrs"])
                .map_err(|error| format!("{uid}: {error}"))?;
            if old_type.tags.is_some() && old_type.tags == new_type.tags && left["tags"] != right["tags"] {
                return Err(format!("{uid}: tags {} and {}", left["tags"], right["tags"]));
            }
            for (above, _) in schemas[0].entities.iter().enumerate() {
                if !schemas.iter().all(|schema| schema.ancestors(index).contains(&above)) {
                    continue;
                }
                let of = |case: &Case| {
                    let mut found: Vec<String> = case
                        .entities
                        .ancestors(&uid)
                        .into_iter()
                        .flatten()
                        .filter(|other| other.type_name().to_string() == schemas[0].type_name(above))
                        .map(ToString::to_string)
                        .collect();
                    found.sort();
                    found
                };
                if STRICT_SIDES && of(old) != of(new) {
                    return Err(format!("{uid}: ancestors {:?} and {:?}", of(old), of(new)));
                }
            }
        }
    }
    Ok(())
}

fn same([old, new]: [&Vec<Field>; 2], left: &serde_json::Value, right: &serde_json::Value) -> Result<(), String> {
    for field in old {
        let Some(other) = new.iter().find(|other| other.name == field.name) else { continue };
        let (left, right) = (&left[&field.name], &right[&field.name]);
        if !STRICT_SIDES && field.required != other.required && (left.is_null() || right.is_null()) {
            continue;
        }
        match (&field.ty, &other.ty) {
            (Ty::Record(old), Ty::Record(new)) => {
                if left.is_null() != right.is_null() {
                    return Err(format!("{}: {left} and {right}", field.name));
                }
                same([old, new], left, right)?;
            }
            (one, two) if one == two && left != right => return Err(format!("{}: {left} and {right}", field.name)),
            _ => {}
        }
    }
    Ok(())
}
