//! CloudFormation: templates in YAML and JSON, those of SAM, and those that CDK writes.

use std::cell::Cell;
use std::sync::Arc;

use super::aws::{self, Known, Target, Values, any};
use super::documents::documents;
use super::fill::Filled;
use super::spec::{Carried, Home, Neighbours, Read, Role, Spec};
use crate::data::{Item, Style, What};
use crate::repo::paths::dir;
use crate::text::{Mapped, SourceFile, Span};

pub(super) const SPEC: Spec = Spec {
    name: "a CloudFormation template",
    endings: &[".yaml", ".yml", ".json", ".template"],
    marks: &["AWS::VerifiedPermissions::", "AWS::BedrockAgentCore::Policy"],
    is_text: true,
    read: Read::File(read),
};

/// What may hang on what the template does not say.
const ELSEWHERE: &str = "its text is put together when it is deployed";

fn read(file: &Arc<SourceFile>, _: &dyn Neighbours) -> Option<Carried> {
    let (found, fault) = documents(file);
    if let Some(fault) = fault {
        // Other files speak of these types as well.
        let declares = file.text().contains("Resources")
            && (file.text().contains("Statement") || file.text().contains("CedarJson"));
        return declares.then(|| Carried::unreadable(file, SPEC.name, &fault));
    }
    let mut carried = Carried::of(file);
    for root in &found {
        let Some(resources) = root.get("Resources") else { continue };
        let template = Template { root, source: file.text(), left: Cell::new(BUDGET) };
        for field in resources.fields() {
            if field.key.starts_with("Fn::ForEach") {
                if let Some(span) = declares_ours(&field.value, &mut { LOOKED_AT }) {
                    carried.add_unknown(("loop", &field.key), Role::Policies, Home::Around, (span, ELSEWHERE));
                }
                continue;
            }
            template.resource(&mut carried, &field.key, &field.value);
        }
    }
    carried.if_any()
}

/// Where a resource of ours is declared at or below `item`.
fn declares_ours(item: &Item, left: &mut usize) -> Option<Span> {
    *left = left.checked_sub(1)?;
    if item.text_of("Type").is_some_and(|ty| SPEC.marks.iter().any(|mark| ty.starts_with(mark))) {
        return Some(item.span);
    }
    let below = item.fields().iter().map(|field| &field.value).chain(item.items());
    let mut below = below.filter_map(|item| declares_ours(item, left));
    below.next()
}

/// How many values are looked into for a resource.
const LOOKED_AT: usize = 10_000;
/// How many steps and bytes the texts of a template may take, so that anchors do not multiply.
const BUDGET: usize = 20_000_000;

struct Template<'t> {
    root: &'t Item,
    source: &'t str,
    left: Cell<usize>,
}

impl Template<'_> {
    fn resource(&self, carried: &mut Carried, name: &str, resource: &Item) {
        let Some(ty) = resource.text_of("Type") else { return };
        let Some(kind) =
            ["AWS::VerifiedPermissions::", "AWS::BedrockAgentCore::"].iter().find_map(|of| ty.strip_prefix(of))
        else {
            return;
        };
        let properties = resource.get("Properties");
        let store = properties.and_then(|of| any(of, &["PolicyStoreId", "PolicyEngineId"]));
        let home = match kind {
            "PolicyStore" => Home::Store { place: carried.file.path().to_owned(), label: name.to_owned() },
            _ => self.home(&carried.file, store.map(|store| &**store)),
        };
        let to = |what| Target { what, name, home: &home };
        match (kind, properties) {
            ("PolicyStore", Some(of)) => {
                if let Some(schema) = of.get("Schema") {
                    aws::add_schema(carried, &to("schema"), schema, self);
                }
            }
            ("Policy", Some(of)) => match of.get("Definition") {
                Some(definition) => aws::add_definition(carried, &to("policy"), definition, self),
                None => carried.add_unknown(("policy", name), Role::Policies, home.clone(), (of.span, ELSEWHERE)),
            },
            ("PolicyTemplate", Some(of)) => match of.get("Statement") {
                Some(statement) => aws::add_text(carried, &to("template"), Role::Policies, statement, self),
                None => carried.add_unknown(("template", name), Role::Policies, home.clone(), (of.span, ELSEWHERE)),
            },
            _ => return,
        }
        if let Some(condition) = resource.get("Condition") {
            let span = condition.span;
            let what = condition.text().unwrap_or_default();
            let message =
                format!("whether `{name}` is deployed hangs on the condition `{what}`; it is read as if it were");
            carried.tell(span, message);
        }
    }

    /// The store that `reference` leads to: one of this template, or one that several templates of the folder name.
    fn home(&self, file: &SourceFile, reference: Option<&Item>) -> Home {
        let named = reference.and_then(|item| self.reference(item));
        let declared = named.as_ref().is_some_and(|name| self.root.at(&["Resources", name]).is_some());
        let place = if declared { file.path() } else { dir(file.path()) };
        let label = named.or_else(|| reference.map(|item| self.label(item, 8)));
        Home::Store { place: place.to_owned(), label: label.unwrap_or_default() }
    }

    /// What a store is called that `item` leads to in another template: alike in JSON and in YAML.
    fn label(&self, item: &Item, depth: usize) -> String {
        if let Ok(known) = self.text(item) {
            return known.text.text().to_owned();
        }
        match self.function(item) {
            Some((_, given)) if item.tag.is_none() && depth > 0 => self.label(given, depth - 1),
            _ => match item.text() {
                Some(text) => text.to_owned(),
                None => self.source.get(item.span.start..item.span.end).unwrap_or_default().to_owned(),
            },
        }
    }

    /// The function that `item` is: its name without `Fn::`, and what it is given.
    fn function<'i>(&self, item: &'i Item) -> Option<(String, &'i Item)> {
        if let Some(tag) = &item.tag {
            return Some((tag.clone(), item));
        }
        let [only] = item.fields() else { return None };
        let name = only.key.strip_prefix("Fn::").or((only.key == "Ref").then_some("Ref"))?;
        Some((name.to_owned(), &only.value))
    }

    fn spend(&self, steps: usize) -> Option<()> {
        self.left.set(self.left.get().checked_sub(steps)?);
        Some(())
    }

    fn plain(&self, item: &Item) -> Option<Mapped> {
        item.mapped(self.source)
    }

    fn evaluate(&self, item: &Item, depth: usize) -> Known<Filled> {
        let unknown = || (item.span, ELSEWHERE.to_owned());
        let depth = depth.checked_sub(1).ok_or_else(unknown)?;
        self.spend(1).ok_or_else(unknown)?;
        let Some((name, given)) = self.function(item) else {
            return self.plain(item).map(Filled::whole).ok_or_else(unknown);
        };
        match name.as_str() {
            "Sub" => match given.items() {
                [] => self.substituted(given, None, depth),
                [text, names, ..] => self.substituted(text, Some(names), depth),
                [text] => self.substituted(text, None, depth),
            },
            "Join" => {
                let [between, parts] = given.items() else { return Err(unknown()) };
                let between = self.plain(between).ok_or_else(unknown)?;
                let mut joined = Filled::default();
                if parts.items().is_empty() {
                    return Err(unknown());
                }
                for (at, part) in parts.items().iter().enumerate() {
                    if at > 0 {
                        joined.text.push_all(&between);
                    }
                    match self.evaluate(part, depth) {
                        Ok(known) => {
                            self.spend(known.text.text().len()).ok_or_else(unknown)?;
                            joined.push(known);
                        }
                        Err(_) => joined.push_hole(&self.written(part), part.span),
                    }
                }
                Ok(joined)
            }
            "Ref" => {
                let name = given.text().ok_or_else(unknown)?;
                self.parameter(name, item.span).ok_or_else(unknown)
            }
            "FindInMap" => {
                let path: Option<Vec<&str>> =
                    given.items().iter().map(|key| key.text().filter(|_| key.tag.is_none())).collect();
                let path = path.ok_or_else(unknown)?;
                let found = self.root.get("Mappings").and_then(|maps| maps.at(&path)).ok_or_else(unknown)?;
                self.plain(found).map(Filled::whole).ok_or_else(unknown)
            }
            _ => Err(unknown()),
        }
    }

    /// What stands for something that is not known, in the form of a text that is filled in.
    fn written(&self, item: &Item) -> String {
        match self.reference(item) {
            Some(name) => format!("${{{name}}}"),
            None => "${...}".to_owned(),
        }
    }

    /// The default of the parameter `name`, where it has one.
    fn parameter(&self, name: &str, outer: Span) -> Option<Filled> {
        let default = self.root.at(&["Parameters", name])?.get("Default")?;
        Some(Filled::whole(Mapped::whole(default.text()?, outer)))
    }

    /// A text with `${..}` in it, some of them among `names`.
    fn substituted(&self, item: &Item, names: Option<&Item>, depth: usize) -> Known<Filled> {
        let text = self.plain(item).ok_or_else(|| (item.span, ELSEWHERE.to_owned()))?;
        let mut filled = Filled::default();
        let mut at = 0;
        let said = text.text();
        while let Some(open) = said.get(at..).and_then(|rest| rest.find("${")).map(|found| at + found) {
            let Some(close) = said.get(open..).and_then(|rest| rest.find('}')).map(|found| open + found) else { break };
            filled.text.push_part(&text, Span::new(at, open));
            let outer = text.outer(Span::new(open, close + 1));
            let name = said.get(open + 2..close).unwrap_or_default();
            let given = names.and_then(|names| names.get(name.trim()));
            if name.starts_with('!') {
                // `${!Name}` is `${Name}` in the text.
                filled.text.push_part(&text, Span::new(open, open + 2));
                filled.text.push_part(&text, Span::new(open + 3, close + 1));
            } else if let Some(known) = given.and_then(|given| self.evaluate(given, depth).ok()) {
                self.spend(known.text.text().len()).ok_or_else(|| (item.span, ELSEWHERE.to_owned()))?;
                let whole = Filled { text: Mapped::whole(known.text.text(), outer), ..known };
                filled.push(whole);
            } else if let Some(known) = self.parameter(name.trim(), outer).filter(|_| given.is_none()) {
                filled.push(known);
            } else {
                filled.push_hole(&format!("${{{name}}}"), outer);
            }
            at = close + 1;
        }
        filled.text.push_part(&text, Span::new(at, said.len()));
        Ok(filled)
    }
}

impl Values for Template<'_> {
    fn text(&self, item: &Item) -> Known<Filled> {
        // CDK writes schemas and others also write statements as objects, which the service takes as text.
        if let What::Map(_) = &item.what
            && self.function(item).is_none()
        {
            return Err((item.span, "it is no text".to_owned()));
        }
        self.evaluate(item, 16)
    }

    fn reference(&self, item: &Item) -> Option<String> {
        let (name, given) = self.function(item)?;
        let target = match name.as_str() {
            "Ref" => given.text()?,
            "GetAtt" => match given.items() {
                [] => given.text()?.split('.').next()?,
                [first, ..] => first.text()?,
            },
            "Sub" => {
                let inner = given.text()?.strip_prefix("${")?.strip_suffix('}')?;
                inner.split('.').next()?
            }
            _ => return None,
        };
        let plain = |what: &What| matches!(what, What::Scalar(scalar) if scalar.style != Style::Bare);
        (plain(&given.what) || !given.items().is_empty()).then(|| target.to_owned())
    }
}
