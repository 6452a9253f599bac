//! What a resource declares: a policy, a template, a link, a schema.

use std::sync::Arc;

use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, Body};

use super::evaluate::{Scope, span};
use super::module::Module;
use super::value::{Kind, Value};
use crate::repo::carriers::aws::Known;
use crate::repo::carriers::links;
use crate::repo::carriers::spec::{Carried, Content, Home, Role};
use crate::repo::paths::dir;
use crate::text::{Mapped, Span, inline};

/// Resources that are counted beyond this are not told apart.
const MOST_COUNTED: usize = 1_000;
const ELSEWHERE: &str = "it is put together when it is deployed";

/// Adds what `block` declares, if it is a resource of ours.
pub(super) fn add(carried: &mut Carried, module: &Module<'_>, block: &Block) {
    let labels: Vec<&str> = block.labels.iter().map(|label| label.as_str()).collect();
    let ("resource", [ty, name]) = (block.ident.as_str(), labels.as_slice()) else { return };
    let Some(kind) = kind(ty) else { return };
    let file = Arc::clone(&carried.file);
    let scope = Scope::new(module, &file);
    module.taken();
    declared(carried, &scope, block, (kind, name));
    if matches!(kind, What::Policy | What::Template) {
        carried.takes.extend(module.taken());
    }
}

/// Adds the resource of this `kind` and `name`, as often as it is deployed.
fn declared(carried: &mut Carried, scope: &Scope<'_>, block: &Block, (kind, name): (What, &str)) {
    let file = scope.file;
    let resource = Resource { kind, name: name.to_owned(), body: &block.body, span: span(block) };
    if let Some(count) = block.body.get_attribute("count") {
        match scope.value(&count.value).ok().and_then(|value| value.plain().map(str::to_owned)).as_deref() {
            Some("0") => return,
            Some(number) if number.parse::<usize>().is_ok() => {
                let number = number.parse::<usize>().unwrap_or(1);
                let at = resource.span;
                let by_number = file.text().get(at.start..at.end).is_some_and(|text| text.contains("count.index"));
                // Those that are alike decide as one does.
                if by_number && number <= MOST_COUNTED {
                    for index in 0..number {
                        let one = Resource { name: format!("{name}[{index}]"), ..resource.clone() };
                        one.add(carried, &scope.counted(index, span(&count.value)));
                    }
                    return;
                }
            }
            _ => {
                let message = format!(
                    "how often `{}` is deployed is known only then; it is read as if it were once",
                    inline(name)
                );
                carried.tell(span(&count.value), message);
            }
        }
    }
    let Some(each) = block.body.get_attribute("for_each") else {
        return resource.add(carried, scope);
    };
    let found = scope.value(&each.value);
    match found.as_ref().map(|value| (value, value.elements())) {
        Ok((value, Some(elements))) => {
            let is_list = matches!(value.kind, Kind::List(_));
            for (key, value) in elements {
                let key = if is_list { value.plain().unwrap_or(&key).to_owned() } else { key };
                let one = Resource { name: format!("{name}[{key}]"), ..resource.clone() };
                one.add(carried, &scope.each(&key, value));
            }
        }
        Ok((_, None)) => resource.unknown(carried, (span(&each.value), ELSEWHERE.to_owned())),
        Err(why) => resource.unknown(carried, why.clone()),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Policy,
    Template,
    Schema,
    Store,
}

fn kind(ty: &str) -> Option<What> {
    let known =
        ["aws_verifiedpermissions_", "awscc_verifiedpermissions_", "aws_bedrockagentcore_", "awscc_bedrockagentcore_"];
    match known.iter().find_map(|start| ty.strip_prefix(start))? {
        "policy" => Some(What::Policy),
        "policy_template" => Some(What::Template),
        "schema" => Some(What::Schema),
        "policy_store" => Some(What::Store),
        _ => None,
    }
}

#[derive(Clone)]
struct Resource<'b> {
    kind: What,
    name: String,
    body: &'b Body,
    span: Span,
}

/// What stands under a name: a block, or an object.
enum Under<'b> {
    Block(&'b Body, Span),
    Value(&'b Expression),
}

impl<'b> Under<'b> {
    fn of(body: &'b Body, name: &'b str) -> Option<Self> {
        if let Some(attribute) = body.get_attribute(name) {
            return Some(Self::Value(&attribute.value));
        }
        let block = body.get_blocks(name).next()?;
        Some(Self::Block(&block.body, span(block)))
    }
}

impl Resource<'_> {
    fn what(&self) -> &'static str {
        match self.kind {
            What::Policy => "policy",
            What::Template => "template",
            What::Schema | What::Store => "schema",
        }
    }

    /// The store that it belongs to.
    fn home(&self, carried: &Carried, scope: &Scope<'_>) -> Home {
        let place = dir(carried.file.path()).to_owned();
        if self.kind == What::Store {
            return Home::Store { place, label: self.name.clone() };
        }
        let reference = ["policy_store_id", "policy_engine_id"].iter().find_map(|key| self.body.get_attribute(key));
        let label = reference.map(|attribute| {
            let known = scope.value(&attribute.value).ok().and_then(|value| value.plain().map(str::to_owned));
            let at = span(&attribute.value);
            let written = carried.file.text().get(at.start..at.end).unwrap_or_default();
            known.unwrap_or_else(|| resource_name(written).unwrap_or(written).to_owned())
        });
        Home::Store { place, label: label.unwrap_or_default() }
    }

    fn unknown(&self, carried: &mut Carried, (span, why): (Span, String)) {
        let scope_free = Home::Store { place: dir(carried.file.path()).to_owned(), label: self.label(carried) };
        let role = if matches!(self.kind, What::Policy | What::Template) { Role::Policies } else { Role::SchemaJson };
        carried.add_unknown((self.what(), &self.name), role, scope_free, (span, &why));
    }

    fn label(&self, carried: &Carried) -> String {
        let reference = ["policy_store_id", "policy_engine_id"].iter().find_map(|key| self.body.get_attribute(key));
        let at = reference.map(|attribute| span(&attribute.value)).unwrap_or_default();
        let written = carried.file.text().get(at.start..at.end).unwrap_or_default();
        resource_name(written).unwrap_or(written).to_owned()
    }

    fn add(&self, carried: &mut Carried, scope: &Scope<'_>) {
        let home = self.home(carried, scope);
        match self.kind {
            What::Policy => match self.find(scope, &["definition"]) {
                Some(Ok(definition)) => self.add_definition(carried, scope, home, &definition),
                Some(Err(why)) => self.unknown(carried, why),
                None => self.unknown(carried, (self.span, ELSEWHERE.to_owned())),
            },
            What::Template => self.add_found(carried, scope, home, Role::Policies, self.find(scope, &["statement"])),
            What::Schema => {
                self.add_found(carried, scope, home, Role::SchemaJson, self.find(scope, &["definition", "value"]));
            }
            What::Store => {
                for (path, role) in
                    [(["schema", "cedar_json"], Role::SchemaJson), (["schema", "cedar_format"], Role::Schema)]
                {
                    if let Some(found) = self.find(scope, &path) {
                        self.add_found(carried, scope, home.clone(), role, Some(found));
                    }
                }
            }
        }
    }

    /// What stands at the end of `path`, blocks or objects.
    fn find(&self, scope: &Scope<'_>, path: &[&str]) -> Option<Known<Value>> {
        find(scope, self.body, path)
    }

    fn add_definition(&self, carried: &mut Carried, scope: &Scope<'_>, home: Home, definition: &Value) {
        let statement = ["static", "cedar", "policy"].iter().find_map(|key| definition.get(key)?.get("statement"));
        if let Some(statement) = statement {
            return self.add_found(carried, scope, home, Role::Policies, Some(Ok(statement.clone())));
        }
        match definition.get("template_linked").map(|linked| self.link(scope, linked)) {
            Some(Ok((text, holes, span))) => {
                for (outer, written) in holes {
                    let message = format!(
                        "who `{}` is for is known once it is deployed: `{}` is read as written",
                        inline(&self.name),
                        inline(&written)
                    );
                    carried.tell(outer, message);
                }
                carried.add(&self.name, Role::Links, home, Content::Text(Mapped::whole(&text, span)));
            }
            Some(Err((span, why))) => {
                carried.add_unknown((self.what(), &self.name), Role::Links, home, (span, &why));
            }
            None => self.unknown(carried, (definition.span, ELSEWHERE.to_owned())),
        }
    }

    #[allow(clippy::type_complexity)]
    fn link(&self, scope: &Scope<'_>, linked: &Value) -> Known<(String, Vec<(Span, String)>, Span)> {
        let template = linked.get("policy_template_id");
        let template = template.ok_or_else(|| (linked.span, "it names no template".to_owned()))?;
        let written = scope.written(template.span);
        let name = resource_name(written.trim_matches('"').trim_start_matches("${").trim_end_matches('}'));
        let name =
            name.map(str::to_owned).ok_or_else(|| (template.span, "its template is declared elsewhere".to_owned()))?;
        let mut holes = Vec::new();
        let mut slot = |key: &str| -> Known<Option<String>> {
            let Some(entity) = linked.get(key) else { return Ok(None) };
            let mut part = |key: &str| -> Known<String> {
                let value =
                    entity.get(key).ok_or_else(|| (entity.span, "an entity has a type and an id".to_owned()))?;
                if let Kind::Unknown(_) = value.kind {
                    let written = format!("${{{}}}", scope.written(value.span));
                    holes.push((value.span, written.clone()));
                    return Ok(written);
                }
                let text = value.text(scope.module, scope.file, value.span)?;
                holes.extend(text.written().map(|(span, written)| (span, written.to_owned())));
                Ok(text.text.text().to_owned())
            };
            Ok(Some(links::entity(&part("entity_type")?, &part("entity_id")?)))
        };
        let (principal, resource) = (slot("principal")?, slot("resource")?);
        Ok((links::text(&self.name, &name, principal.as_deref(), resource.as_deref()), holes, linked.span))
    }

    /// Adds the text that was found.
    fn add_found(&self, carried: &mut Carried, scope: &Scope<'_>, home: Home, role: Role, found: Option<Known<Value>>) {
        match found {
            None => self.unknown(carried, (self.span, ELSEWHERE.to_owned())),
            Some(Err(why)) => self.unknown(carried, why),
            Some(Ok(value)) => match &value.kind {
                Kind::File(path) => {
                    let content = included(scope.module, path, role);
                    carried.add(&self.name, role, home, content);
                }
                Kind::Text(text) => {
                    carried.add_filled_in((self.what(), &self.name), role, home, text.clone(), &value.file);
                }
                _ => match value.text(scope.module, scope.file, value.span) {
                    Ok(text) => carried.add_filled((self.what(), &self.name), role, home, text),
                    Err(why) => self.unknown(carried, why),
                },
            },
        }
    }
}

/// What stands at the end of `path` in `body`. Blocks are objects; what is not known in them says why.
fn find(scope: &Scope<'_>, body: &Body, path: &[&str]) -> Option<Known<Value>> {
    let (first, rest) = path.split_first()?;
    if !body.get_blocks("dynamic").all(|block| block.labels.first().is_none_or(|label| label.as_str() != *first)) {
        return Some(Err((Span::default(), ELSEWHERE.to_owned())));
    }
    let value = match Under::of(body, first)? {
        Under::Value(expression) => scope.partly(expression),
        Under::Block(inner, at) => Ok(scope.object(inner, at)),
    };
    let Ok(mut value) = value else { return Some(value) };
    for key in rest {
        value = value.get(key)?.clone();
    }
    Some(Ok(value))
}

/// The file at `path`, which is taken for what `role` says whatever its name.
fn included(module: &Module<'_>, path: &str, role: Role) -> Content {
    match module.around.text(path) {
        Some(file) if !path.ends_with(role.ending()) => {
            let mut text = Mapped::default();
            text.push_same(file.text(), 0);
            Content::In(file, text)
        }
        _ => Content::File(path.to_owned()),
    }
}

/// The name of the resource of ours that `written`, a reference, leads to.
fn resource_name(written: &str) -> Option<&str> {
    let mut steps = written.trim().split(['.', '[']);
    kind(steps.next()?.trim_start_matches("data."))?;
    steps.next()
}
