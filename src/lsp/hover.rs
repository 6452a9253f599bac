//! What stands at a place: a finding with its rule, an attribute with its type, a type or an action with its
//! declaration, a template with its links.

use lsp_types::{Hover, HoverContents};

use super::cursor::{Cursor, Thing, uid};
use super::definition::templates_at;
use super::markup::Page;
use super::positions::Lines;
use super::view::{View, admitted, type_in};
use crate::finding::Finding;
use crate::repo::cedar::{action_declaration, entity_attributes, entity_declaration};
use crate::repo::{Schema, declared_at};
use crate::text::{Location, Span, inline};

/// So many links of a template are named.
const MOST_LINKS: usize = 20;

/// What to show at the byte `at`.
pub(super) fn hover(view: &View<'_>, at: usize) -> Option<Hover> {
    let mut page = Page::new(view.client.markdown);
    let mut span = None;
    if view.is_policies() || view.is_schema() {
        span = thing(view, at, &mut page);
    }
    for (template, store) in templates_at(view, at) {
        let index = store.policies.iter().position(|one| one.key == template.key);
        let links: Vec<_> = store.links.iter().filter(|link| Some(link.template) == index).collect();
        page.sentence(&match links.len() {
            0 => format!("template {} has no links here", inline(&template.short)),
            1 => format!("template {} has 1 link", inline(&template.short)),
            count => format!("template {} has {count} links", inline(&template.short)),
        });
        for link in links.iter().take(MOST_LINKS) {
            page.sentence(&format!("{} in {}", inline(&link.short), inline(&link.location.label())));
        }
        if links.len() > MOST_LINKS {
            page.sentence(&format!("and {} more", links.len() - MOST_LINKS));
        }
    }
    for finding in findings_at(view, Span::at(at)) {
        rule(view, finding, &mut page);
        span = span.or_else(|| Some(finding.location.shown().span));
    }
    let lines = Lines::new(&view.document.text, view.client.encoding);
    let contents = HoverContents::Markup(page.finish()?);
    Some(Hover { contents, range: span.map(|span| lines.range(span)) })
}

/// The findings whose place touches `span` of the document, the smallest place first.
pub(super) fn findings_at<'v>(view: &View<'v>, span: Span) -> Vec<&'v Finding> {
    let outcome = &view.look.outcome;
    let touches = |location: &Location| {
        let place = location.shown().span;
        location.path() == view.path && place.start <= span.end && span.start <= place.end
    };
    let here = |finding: &&Finding| touches(&finding.location) || finding.also.iter().any(touches);
    let mut found: Vec<_> = outcome.findings.iter().filter(|finding| outcome.counts(finding)).filter(here).collect();
    found.sort_by_key(|finding| finding.location.shown().span.len());
    found
}

/// The beginning of the page of the rule of `finding`.
fn rule(view: &View<'_>, finding: &Finding, page: &mut Page) {
    let Some(rule) = view.look.outcome.catalogue.get(finding.rule) else { return };
    let first = rule.page.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    if rule.since.is_empty() {
        // A repository's own rule may say anything.
        page.sentence(&format!("{}: {}", rule.id, rule.summary));
        page.sentence(&first);
        return;
    }
    let link = match rule.url() {
        Some(url) if view.client.markdown => format!("[{}]({url})", rule.id),
        _ => rule.id.to_owned(),
    };
    page.own(&format!("{link}: {}", rule.summary));
    page.own(&first);
    if let Some(fix) = &finding.fix {
        page.sentence(&format!("can be mended: {}", fix.what));
    }
}

fn thing(view: &View<'_>, at: usize, page: &mut Page) -> Option<Span> {
    let text = &view.document.text;
    let cursor = Cursor::new(text, at);
    let (thing, span) = cursor.thing()?;
    let schema = view.schema()?;
    let cedar = &schema.cedar;
    match thing {
        Thing::Attribute(way) => {
            let (name, way) = way.split_last()?;
            let (found, _) = admitted(cedar, cursor.scope()).at(cedar, way);
            let mut any = false;
            for (owner, one) in found.iter().filter(|(_, one)| one.name == *name) {
                let optional = if one.required { "" } else { "?" };
                page.code(&format!("{owner}.{}{optional}: {}", one.name, one.ty));
                docs(schema, &format!("{owner}.{}", one.name), page);
                any = true;
            }
            any.then_some(span)
        }
        Thing::Variable(name) => {
            let admitted = admitted(cedar, cursor.scope());
            let types: Vec<String> = match name.as_str() {
                "principal" => admitted.principals.iter().map(ToString::to_string).collect(),
                "resource" => admitted.resources.iter().map(ToString::to_string).collect(),
                "action" => admitted.actions.iter().map(ToString::to_string).collect(),
                _ => {
                    let (attributes, _) = admitted.at(cedar, std::slice::from_ref(&name));
                    attributes.iter().map(|(_, one)| format!("{}: {}", one.name, one.ty)).collect()
                }
            };
            page.code(&format!("{name}: {}", types.join(" | ")));
            Some(span)
        }
        Thing::Type(name) => {
            let ty = if view.is_schema() { type_in(cedar, text, at, &name)? } else { name.parse().ok()? };
            page.code(&entity_declaration(cedar, &ty)?);
            docs(schema, &ty.to_string(), page);
            Some(span)
        }
        Thing::Entity { ty, id } => {
            let uid = uid(&ty, &id)?;
            if let Some(declaration) = action_declaration(cedar, &uid) {
                page.code(&declaration);
                docs(schema, &uid.to_string(), page);
                return Some(span);
            }
            let ty = uid.type_name();
            entity_attributes(cedar, ty)?;
            page.code(&entity_declaration(cedar, ty)?);
            docs(schema, &ty.to_string(), page);
            Some(span)
        }
        Thing::Annotation(_) => None,
    }
}

/// What the schema says about what it calls `what`: its `@doc`, and the comment above it.
fn docs(schema: &Schema, what: &str, page: &mut Page) {
    if let Some(docs) = declared_at(schema, what).and_then(|place| docs_above(&place)) {
        page.sentence(&docs);
    }
}

/// The `@doc` annotation and the comments right above the declaration at `place`.
pub(super) fn docs_above(place: &Location) -> Option<String> {
    let text = place.file.text();
    let start = text.get(..place.span.start)?.rfind('\n').map_or(0, |at| at + 1);
    let mut said: Vec<String> = Vec::new();
    // Annotations may stand on the same line.
    let same_line = text.get(start..place.span.start)?;
    said.extend(doc(same_line));
    for line in text.get(..start)?.lines().rev() {
        let line = line.trim();
        if let Some(comment) = line.strip_prefix("//") {
            said.push(comment.trim_start_matches('/').trim().to_owned());
        } else if line.starts_with('@') {
            said.extend(doc(line));
        } else {
            break;
        }
    }
    said.reverse();
    let said: Vec<String> = said.into_iter().filter(|line| !line.is_empty()).collect();
    (!said.is_empty()).then(|| said.join("\n"))
}

/// What `@doc("...")` in `line` says.
fn doc(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("@doc")?;
    let rest = rest.trim_start().strip_prefix('(')?.trim_start().strip_prefix('"')?;
    let mut said = String::new();
    let mut escaped = false;
    for c in rest.chars() {
        match c {
            '"' if !escaped => return Some(said),
            '\\' if !escaped => {
                escaped = true;
                continue;
            }
            'n' if escaped => said.push('\n'),
            c => said.push(c),
        }
        escaped = false;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SourceFile;

    #[test]
    fn what_stands_above_a_declaration_is_its_documentation() {
        let text = "// not this\n\n/// People.\n@doc(\"who \\\"logs\\\" in\")\n@other(\"x\")\nentity User {\n  // How far.\n  level: Long,\n  @doc(\"a\\nb\") name: String,\n};";
        let file = SourceFile::new("s.cedarschema", text);
        let docs = |word: &str| {
            let at = text.find(word).unwrap();
            docs_above(&Location::new(&file, Span::new(at, at + 1)))
        };
        assert_eq!(docs("User").as_deref(), Some("People.\nwho \"logs\" in"));
        assert_eq!(docs("level").as_deref(), Some("How far."));
        assert_eq!(docs("name").as_deref(), Some("a\nb"));
        assert_eq!(docs("Long"), Some("How far.".to_owned()));
        assert_eq!(docs("String").as_deref(), Some("a\nb"));
    }
}
