//! Names that the schema does not declare: what was meant, and who has it.

use cedar_policy::{EntityTypeName, EntityUid, Schema};

use crate::repo::cedar::{context_shape, entity_shape};
use crate::text::{inline, nearest};

/// As many names are listed.
const LISTED: usize = 8;

/// What to say of an attribute that the validator misses, of which `owners` lack it.
pub(super) fn attribute(message: &str, owners: &[String], schema: &Schema) -> Option<String> {
    let name = message.strip_prefix("attribute `")?.split('`').next()?;
    let name = name.rsplit('.').next().unwrap_or(name);
    if message.contains(" in context for ") {
        of_context(name, owners, schema)
    } else {
        of_entity(name, owners, schema)
    }
}

fn of_context(name: &str, owners: &[String], schema: &Schema) -> Option<String> {
    let fields = |action: &EntityUid| context_shape(schema, action).and_then(|shape| shape.fields().cloned());
    let has = |action: &&EntityUid| fields(action).is_some_and(|fields| fields.contains_key(name));
    let others: Vec<String> = schema.actions().filter(has).map(ToString::to_string).collect();
    if !others.is_empty() {
        let (others, shown) = (listed(others, "and"), inline(name));
        return Some(format!(
            "the context has `{shown}` for {others}: name these in the scope, or ask `context has {shown} && ..` before"
        ));
    }
    let own = owners.iter().filter_map(|owner| fields(&owner.parse().ok()?));
    let known: Vec<String> = own.flat_map(|fields| fields.into_keys()).collect();
    meant(name, &known)
        .or_else(|| (!known.is_empty()).then(|| format!("the context has {}", listed(coded(known), "and"))))
}

fn of_entity(name: &str, owners: &[String], schema: &Schema) -> Option<String> {
    let shape = |ty: &EntityTypeName| entity_shape(schema, ty);
    let owned: Vec<_> = owners.iter().filter_map(|owner| shape(&owner.parse().ok()?)).collect();
    let has = |ty: &&EntityTypeName| {
        shape(ty).is_some_and(|(shape, _)| shape.fields().is_some_and(|all| all.contains_key(name)))
    };
    let others: Vec<String> = schema.entity_types().filter(has).map(ToString::to_string).collect();
    let known: Vec<String> =
        owned.iter().filter_map(|(shape, _)| shape.fields()).flat_map(|all| all.keys().cloned()).collect();
    if let Some(help) = meant(name, &known) {
        return Some(help);
    }
    if owned.iter().any(|(_, tags)| tags.is_some()) {
        let shown = inline(name);
        return Some(format!(
            "for a tag write `.hasTag(\"{shown}\") && .. .getTag(\"{shown}\")`, which is not an attribute"
        ));
    }
    if others.is_empty() {
        return (!known.is_empty()).then(|| format!("it has {}", listed(coded(known), "and")));
    }
    let one = others.first().cloned().unwrap_or_default();
    let one = inline(&one).into_owned();
    Some(format!("{} has it: ask for the type before, such as `resource is {one}`", listed(coded(others), "and")))
}

/// What to say of an entity type that the schema does not declare.
pub(super) fn entity_type(message: &str, schema: &Schema) -> Option<String> {
    let name = message.split('`').nth(1)?;
    let known: Vec<String> = schema.entity_types().map(ToString::to_string).collect();
    let base = |name: &str| name.rsplit("::").next().unwrap_or(name).to_owned();
    if let Some(full) = known.iter().find(|known| base(known) == base(name)) {
        return Some(format!("did you mean `{}`?", inline(full)));
    }
    meant(name, &known).or_else(|| few("the schema declares", known))
}

/// What to say of an action that the schema does not declare.
pub(super) fn action(message: &str, schema: &Schema) -> Option<String> {
    let name = message.split('`').nth(1)?;
    let asked = name.parse::<EntityUid>().ok()?;
    let id: &str = asked.id().as_ref();
    let all: Vec<(String, String)> =
        schema.actions().map(|uid| (AsRef::<str>::as_ref(uid.id()).to_owned(), uid.to_string())).collect();
    let named = |id: &str| {
        all.iter().find(|(known, _)| known == id).map(|(_, full)| format!("did you mean `{}`?", inline(full)))
    };
    // The whole name as the id, and the right id in another namespace.
    let inner = id.rsplit("::").next().unwrap_or(id).trim_matches(['"', '\'']);
    let near = || nearest(id, all.iter().map(|(id, _)| id.as_str())).and_then(named);
    named(id)
        .or_else(|| named(inner))
        .or_else(near)
        .or_else(|| few("the schema declares", all.iter().map(|(_, full)| full.clone()).collect()))
}

fn meant(name: &str, known: &[String]) -> Option<String> {
    nearest(name, known.iter().map(String::as_str)).map(|meant| format!("did you mean `{}`?", inline(meant)))
}

/// A sentence that lists `names`, where they are few.
fn few(lead: &str, names: Vec<String>) -> Option<String> {
    (!names.is_empty() && names.len() <= LISTED).then(|| format!("{lead} {}", listed(coded(names), "and")))
}

fn coded(names: Vec<String>) -> Vec<String> {
    names.into_iter().map(|name| format!("`{name}`")).collect()
}

/// `names` in order, as one phrase; of very many the first.
pub(super) fn listed(mut names: Vec<String>, last: &str) -> String {
    names.sort_unstable();
    names.dedup();
    let more = names.len().saturating_sub(LISTED);
    names.truncate(LISTED);
    if more > 0 {
        names.push("others".to_owned());
    }
    let text = match names.split_last() {
        Some((one, [])) => one.clone(),
        Some((end, rest)) => format!("{} {last} {end}", rest.join(", ")),
        None => String::new(),
    };
    inline(&text).into_owned()
}
