//! What a resource declares: a policy, a template, a link, a schema.

use std::sync::Arc;

use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, Body};

use super::evaluate::{Scope, span};
use super::module::Module;
use super::store;
use super::value::{Kind, Value};
use crate::repo::carriers::aws::Known;
use crate::repo::carriers::links;
use crate::repo::carriers::spec::{Carried, Content, Home, Role};
use crate::repo::paths::dir;
use crate::text::templating::is_templated;
use crate::text::{Mapped, Span, inline};

/// Resources that are counted beyond this are not told apart.
const MOST_COUNTED: usize = 1_000;
const ELSEWHERE: &str = "it is put together when it is deployed";

/// The kind and the name of the resource of ours that `block` declares, if it does.
fn ours(block: &Block) -> Option<(What, &str)> {
    let labels: Vec<&str> = block.labels.iter().map(|label| label.as_str()).collect();
    let ("resource", [ty, name]) = (block.ident.as_str(), labels.as_slice()) else { return None };
    Some((kind(ty)?, name))
}

/// Whether `body` declares a resource of ours.
pub(super) fn declares(body: &Body) -> bool {
    body.blocks().any(|block| ours(block).is_some())
}

/// Adds what `block` declares, if it is a resource of ours.
pub(super) fn add(carried: &mut Carried, module: &Module<'_>, block: &Block) {
    let Some((kind, name)) = ours(block) else { return };
    let file = Arc::clone(&carried.file);
    let scope = Scope::new(module, &file);
    module.taken();
    declared(carried, &scope, block, (kind, name));
    if matches!(kind, What::Policy | What::Template) {
        carried.takes.extend(module.taken());
    }
}

/// Whether the call of `module`, if it is called, deploys it; what is not known of that is said.
pub(super) fn is_called(carried: &mut Carried, module: &Module<'_>) -> bool {
    let Some((call, (file, block))) = module.call.as_ref().and_then(|call| Some((call, call.block()?))) else {
        return true;
    };
    let scope = Scope::new(&call.module, file);
    let often = ["count", "for_each"].iter().find_map(|key| block.body.get_attribute(key));
    let Some(often) = often else { return is_called(carried, &call.module) };
    let known = scope.value(&often.value).ok();
    if known.as_ref().and_then(Value::plain) == Some("0") {
        return false;
    }
    if known.is_none_or(|value| value.plain().is_none() && value.elements().is_none()) {
        let name = inline(&call.name);
        let message =
            format!("how often module `{name}` is deployed is known only then; it is read as if it were once");
        carried.tell_in(file, span(&often.value), message);
    }
    is_called(carried, &call.module)
}

/// Adds the resource of this `kind` and `name`, as often as it is deployed.
fn declared(carried: &mut Carried, scope: &Scope<'_>, block: &Block, (kind, name): (What, &str)) {
    let file = scope.file;
    let own = scope.module.qualified(name);
    let resource = Resource { kind, store: name.to_owned(), name: own.clone(), body: &block.body, span: span(block) };
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
                        let one = Resource { name: format!("{own}[{index}]"), ..resource.clone() };
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
                let one = Resource { name: format!("{own}[{key}]"), ..resource.clone() };
                one.add(carried, &scope.each(&key, value));
            }
        }
        Ok((_, None)) => resource.unknown(carried, scope, (span(&each.value), ELSEWHERE.to_owned())),
        Err(why) => resource.unknown(carried, scope, why.clone()),
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
    /// What the resource is called, without what tells its copies apart.
    store: String,
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
            return Home::Store { place, label: scope.module.qualified(&self.store) };
        }
        let reference = ["policy_store_id", "policy_engine_id"].iter().find_map(|key| self.body.get_attribute(key));
        let Some(reference) = reference.map(|attribute| &attribute.value) else {
            return Home::Store { place, label: scope.module.qualified("") };
        };
        if let Some((place, label)) = store::declared(scope, reference) {
            return Home::Store { place, label };
        }
        let known = scope.value(reference).ok().and_then(|value| value.plain().map(str::to_owned));
        let written = scope.written(span(reference));
        let label = known.unwrap_or_else(|| scope.module.qualified(resource_name(written).unwrap_or(written)));
        Home::Store { place, label }
    }

    fn unknown(&self, carried: &mut Carried, scope: &Scope<'_>, (span, why): (Span, String)) {
        let home = self.home(carried, scope);
        let role = if matches!(self.kind, What::Policy | What::Template) { Role::Policies } else { Role::SchemaJson };
        carried.add_unknown((self.what(), &self.name), role, home, (span, &why));
    }

    fn add(&self, carried: &mut Carried, scope: &Scope<'_>) {
        let home = self.home(carried, scope);
        match self.kind {
            What::Policy => match self.find(scope, &["definition"]) {
                Some(Ok(definition)) => self.add_definition(carried, scope, home, &definition),
                Some(Err(why)) => self.unknown(carried, scope, why),
                None => self.unknown(carried, scope, (self.span, ELSEWHERE.to_owned())),
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
                // An id that has a name is a value that nobody knows, as in a policy.
                for (outer, written) in holes.into_iter().filter(|(_, written)| !is_templated(written)) {
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
            None => self.unknown(carried, scope, (definition.span, ELSEWHERE.to_owned())),
        }
    }

    #[allow(clippy::type_complexity)]
    fn link(&self, scope: &Scope<'_>, linked: &Value) -> Known<(String, Vec<(Span, String)>, Span)> {
        let template = linked.get("policy_template_id");
        let template = template.ok_or_else(|| (linked.span, "it names no template".to_owned()))?;
        let written = scope.written(template.span);
        let name = resource_name(written.trim_matches('"').trim_start_matches("${").trim_end_matches('}'));
        let name = name
            .map(|name| scope.module.qualified(name))
            .ok_or_else(|| (template.span, "its template is declared elsewhere".to_owned()))?;
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
            let ty = part("entity_type")?;
            if is_templated(&ty) {
                return Err((entity.span, format!("which type `{}` is, is known once it is deployed", inline(&ty))));
            }
            Ok(Some(links::entity(&ty, &part("entity_id")?)))
        };
        let (principal, resource) = (slot("principal")?, slot("resource")?);
        Ok((links::text(&self.name, &name, principal.as_deref(), resource.as_deref()), holes, linked.span))
    }

    /// Adds the text that was found.
    fn add_found(&self, carried: &mut Carried, scope: &Scope<'_>, home: Home, role: Role, found: Option<Known<Value>>) {
        match found {
            None => self.unknown(carried, scope, (self.span, ELSEWHERE.to_owned())),
            Some(Err(why)) => self.unknown(carried, scope, why),
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
                    Err(why) => self.unknown(carried, scope, why),
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
