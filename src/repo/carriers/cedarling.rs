//! Cedarling: policy stores in one file, JSON or YAML, texts as they are or in base64.

use std::sync::Arc;

use super::documents::documents;
use super::encoded::from_base64;
use super::fill::Filled;
use super::spec::{Carried, Content, Home, Neighbours, Read, Role, Spec};
use crate::data::{Item, Style, What};
use crate::text::{Mapped, SourceFile, Span};

pub(super) const SPEC: Spec = Spec {
    name: "a policy store of Cedarling",
    endings: &[".json", ".yaml", ".yml"],
    marks: &["policy_stores", "policy_content"],
    is_text: true,
    read: Read::File(read),
};

fn read(file: &Arc<SourceFile>, _: &dyn Neighbours) -> Option<Carried> {
    let (found, fault) = documents(file);
    if let Some(fault) = fault {
        let named = file.text().contains("policy_stores") && file.text().contains("policy_content");
        return named.then(|| Carried::unreadable(file, SPEC.name, &fault));
    }
    let root = found.first()?;
    let mut carried = Carried::of(file);
    let holds = |store: &Item| {
        let of = |key: &str| store.get(key).map_or(&[][..], |all| all.fields());
        of("policies").iter().chain(of("templates")).any(|field| content(&field.value).is_some())
    };
    match root.get("policy_stores") {
        Some(stores) => {
            for store in stores.fields() {
                add_store(&mut carried, &store.key, &store.value);
            }
        }
        None if holds(root) => add_store(&mut carried, "", root),
        None => {}
    }
    carried.if_any()
}

fn content(policy: &Item) -> Option<&Arc<Item>> {
    policy.get("policy_content").or_else(|| policy.get("content"))
}

fn add_store(carried: &mut Carried, id: &str, store: &Item) {
    let home = Home::Store { place: carried.file.path().to_owned(), label: id.to_owned() };
    for (key, what) in [("policies", "policy"), ("templates", "template")] {
        for field in store.get(key).map_or(&[][..], |all| all.fields()) {
            let body = content(&field.value).unwrap_or(&field.value);
            let roles = (Role::Policies, Role::PoliciesJson);
            add_body(carried, (what, &field.key), roles, &home, body);
        }
    }
    if let Some(schema) = store.get("schema") {
        add_body(carried, ("schema", "schema"), (Role::Schema, Role::SchemaJson), &home, schema);
    }
    if let Some(entities) = store.get("default_entities").filter(|all| !all.fields().is_empty()) {
        add_entities(carried, &home, entities);
    }
}

/// Adds what stands at `item`: a text, an object that says how a text is written, or JSON as it is.
fn add_body(carried: &mut Carried, name: (&str, &str), (cedar, json): (Role, Role), home: &Home, item: &Item) {
    let body = item.get("body");
    let encoding = item.text_of("encoding");
    let says_json = item.text_of("content_type").map(|ty| ty.contains("json"));
    let source = carried.file.text();
    let text = match body {
        Some(body) => decoded(body, encoding, source),
        None if item.text().is_some() => decoded(item, encoding, source),
        None => as_json(item, source),
    };
    match text {
        Ok(text) => {
            let is_json = says_json.unwrap_or_else(|| text.text().trim_start().starts_with('{'));
            let role = if is_json { json } else { cedar };
            carried.add_filled(name, role, home.clone(), Filled::whole(text));
        }
        Err(why) => carried.add_unknown(name, cedar, home.clone(), (item.span, why)),
    }
}

/// The text at `item`: as it is where `encoding` says so or it is Cedar or JSON, else out of base64.
fn decoded(item: &Item, encoding: Option<&str>, source: &str) -> Result<Mapped, &'static str> {
    let text = item.text().ok_or("it is no text")?;
    let plain = match encoding {
        Some(encoding) => encoding != "base64",
        None => text.contains(['(', '{', ';']) || text.trim().is_empty(),
    };
    if plain {
        return item.mapped(source).ok_or("it is no text");
    }
    from_base64(item)
}

/// `item` as JSON: as it stands there in a file of JSON, else written anew.
fn as_json(item: &Item, source: &str) -> Result<Mapped, &'static str> {
    let mut text = Mapped::default();
    let raw = source.get(item.span.start..item.span.end).unwrap_or_default();
    if serde_json::from_str::<serde::de::IgnoredAny>(raw).is_ok() {
        text.push_same(raw, item.span.start);
        return Ok(text);
    }
    let value = value(item, &mut { BUDGET }).ok_or("it is too large")?;
    Ok(Mapped::whole(&value.to_string(), item.span))
}

/// How many values and bytes are written anew, so that anchors do not multiply.
const BUDGET: usize = 20_000_000;

fn value(item: &Item, left: &mut usize) -> Option<serde_json::Value> {
    use serde_json::Value;
    *left = left.checked_sub(1 + item.text().map_or(0, str::len))?;
    Some(match &item.what {
        What::List(items) => Value::Array(items.iter().map(|item| value(item, left)).collect::<Option<_>>()?),
        What::Map(fields) => {
            let field = |field: &crate::data::Field| Some((field.key.clone(), value(&field.value, left)?));
            Value::Object(fields.iter().map(field).collect::<Option<_>>()?)
        }
        What::Scalar(scalar) if matches!(scalar.style, Style::Plain | Style::Bare) => {
            serde_json::from_str(&scalar.text).unwrap_or_else(|_| Value::String(scalar.text.clone()))
        }
        What::Scalar(scalar) => Value::String(scalar.text.clone()),
    })
}

/// Adds the entities of a store: each by its id, as it is or in base64.
fn add_entities(carried: &mut Carried, home: &Home, entities: &Item) {
    let source = carried.file.text();
    let mut all = Mapped::whole("[", Span::at(entities.span.start));
    for (at, field) in entities.fields().iter().enumerate() {
        if at > 0 {
            all.push_as(",", Span::at(field.value.span.start));
        }
        let text = match field.value.text() {
            Some(_) => decoded(&field.value, None, source),
            None => as_json(&field.value, source),
        };
        match text {
            Ok(text) if !text.text().contains("\"uid\"") => {
                let why = "its default entities are not written as Cedar's are, so they are not among those known";
                return carried.left_out.push((carried.file.path().to_owned(), why.to_owned()));
            }
            Ok(text) => all.push_all(&text),
            Err(why) => {
                let name = ("entity", field.key.as_str());
                return carried.add_unknown(name, Role::Entities, home.clone(), (field.value.span, why));
            }
        }
    }
    all.push_as("]", Span::at(entities.span.end));
    carried.add("default_entities", Role::Entities, home.clone(), Content::Text(all));
}
