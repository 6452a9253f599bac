//! Policies as Amazon's services take them, in templates and in the bodies of their requests.

use std::sync::Arc;

use super::fill::Filled;
use super::links;
use super::spec::{Carried, Content, Home, Role};
use crate::data::Item;
use crate::text::templating::is_templated;
use crate::text::{Mapped, Span, inline};

/// What a value is, as far as the file says, or where and why nobody knows.
pub(super) type Known<T> = Result<T, (Span, String)>;

/// How values are written in a file.
pub(super) trait Values {
    /// The text that `item` stands for.
    fn text(&self, item: &Item) -> Known<Filled>;
    /// What `item` leads to inside of the file.
    fn reference(&self, item: &Item) -> Option<String>;
}

/// The value under one of `keys`.
pub(super) fn any<'i>(item: &'i Item, keys: &[&str]) -> Option<&'i Arc<Item>> {
    keys.iter().find_map(|key| item.get(key))
}

/// Where a policy or schema goes, and what it is called.
pub(super) struct Target<'t> {
    /// What people call it: `policy`, `template`, `schema`.
    pub(super) what: &'t str,
    pub(super) name: &'t str,
    pub(super) home: &'t Home,
}

/// Adds what stands at `item` as Cedar's text.
pub(super) fn add_text(carried: &mut Carried, to: &Target<'_>, role: Role, item: &Item, values: &dyn Values) {
    let home = to.home.clone();
    match values.text(item) {
        Ok(filled) => carried.add_filled((to.what, to.name), role, home, filled),
        Err((span, why)) => carried.add_unknown((to.what, to.name), role, home, (span, &why)),
    }
}

/// The statement in the definition of a policy.
pub(super) fn statement(definition: &Item) -> Option<&Arc<Item>> {
    let body = any(definition, &["Static", "static", "Cedar", "cedar", "Policy", "policy"])?;
    any(body, &["Statement", "statement"])
}

/// The link in the definition of a policy.
pub(super) fn template_linked(definition: &Item) -> Option<&Arc<Item>> {
    any(definition, &["TemplateLinked", "templateLinked"])
}

/// Adds the policy that `definition` defines: a statement, or a link of a template.
pub(super) fn add_definition(carried: &mut Carried, to: &Target<'_>, definition: &Item, values: &dyn Values) {
    if let Some(statement) = statement(definition) {
        add_text(carried, to, Role::Policies, statement, values);
    } else if let Some(linked) = template_linked(definition) {
        add_link(carried, to, linked, values);
    } else {
        let why = (definition.span, "its definition is not written here");
        carried.add_unknown((to.what, to.name), Role::Policies, to.home.clone(), why);
    }
}

fn add_link(carried: &mut Carried, to: &Target<'_>, linked: &Item, values: &dyn Values) {
    match link(linked, to.name, values) {
        Ok((text, holes)) => {
            // An id that has a name is a value that nobody knows, as in a policy.
            for (span, written) in holes.into_iter().filter(|(_, written)| !is_templated(written)) {
                let message = format!(
                    "who `{}` is for is known once it is deployed: `{}` is read as written",
                    inline(to.name),
                    inline(&written)
                );
                carried.tell(span, message);
            }
            carried.add(to.name, Role::Links, to.home.clone(), Content::Text(Mapped::whole(&text, linked.span)));
        }
        Err((span, why)) => carried.add_unknown((to.what, to.name), Role::Links, to.home.clone(), (span, &why)),
    }
}

/// The link as a file of links has it, and what of it is not known.
fn link(linked: &Item, id: &str, values: &dyn Values) -> Known<(String, Vec<(Span, String)>)> {
    let template = any(linked, &["PolicyTemplateId", "policyTemplateId"]);
    let template = template.ok_or_else(|| (linked.span, "it names no template".to_owned()))?;
    let name = values.reference(template);
    let name = name.ok_or_else(|| (template.span, "its template is declared elsewhere".to_owned()))?;
    let mut holes = Vec::new();
    let mut slot = |keys: [&str; 2]| -> Known<Option<String>> {
        let Some(entity) = any(linked, &keys) else { return Ok(None) };
        let mut part = |keys: [&str; 2]| -> Known<String> {
            let item = any(entity, &keys).ok_or_else(|| (entity.span, "an entity has a type and an id".to_owned()))?;
            let filled = values.text(item)?;
            holes.extend(filled.written().map(|(span, written)| (span, written.to_owned())));
            Ok(filled.text.text().to_owned())
        };
        let ty = part(["EntityType", "entityType"])?;
        if is_templated(&ty) {
            return Err((entity.span, format!("which type `{}` is, is known once it is deployed", inline(&ty))));
        }
        let id = part(["EntityId", "entityId"])?;
        Ok(Some(links::entity(&ty, &id)))
    };
    let (principal, resource) = (slot(["Principal", "principal"])?, slot(["Resource", "resource"])?);
    Ok((links::text(id, &name, principal.as_deref(), resource.as_deref()), holes))
}

/// Adds the schema that `definition` holds, if it does.
pub(super) fn add_schema(carried: &mut Carried, to: &Target<'_>, definition: &Item, values: &dyn Values) {
    if let Some(json) = any(definition, &["CedarJson", "cedarJson"]) {
        add_text(carried, to, Role::SchemaJson, json, values);
    } else if let Some(cedar) = any(definition, &["CedarFormat", "cedarFormat"]) {
        add_text(carried, to, Role::Schema, cedar, values);
    } else {
        let why = (definition.span, "it is not written here");
        carried.add_unknown((to.what, to.name), Role::SchemaJson, to.home.clone(), why);
    }
}
