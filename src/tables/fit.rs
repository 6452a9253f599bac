//! JSON held against what a schema asks for, so that what does not fit has a place and a cause.
//!
//! Cedar judges in the end; what is said here is what people slip over.

use std::collections::BTreeMap;

use crate::data::Fault;
use crate::data::json::Node;
use crate::repo::shape::{Field, Shape};
use crate::text::{inline, nearest};

/// What of `node` does not fit `shape`, each at its place.
pub(super) fn misfits(node: Node<'_>, shape: &Shape) -> Vec<Fault> {
    let mut faults = Vec::new();
    check(node, shape, "the context", &mut faults);
    faults
}

fn check(node: Node<'_>, shape: &Shape, what: &str, faults: &mut Vec<Fault>) {
    match shape {
        Shape::Record(fields) => record(node, fields, what, faults),
        Shape::Set(of) => match node.elements() {
            Some(elements) => {
                for (at, element) in elements.into_iter().enumerate() {
                    check(element, of, &format!("element {} of {what}", at + 1), faults);
                }
            }
            None => wrong(node, shape, what, faults),
        },
        Shape::Bool if matches!(node.raw, "true" | "false") => {}
        Shape::Long if node.value().is_some_and(|value| value.is_i64()) => {}
        Shape::String if node.string().is_some() => {}
        // A value may be written out or as an entity or a call; Cedar reads them.
        Shape::Any | Shape::Entity => {}
        Shape::Extension(_) if node.string().is_some() || node.fields().is_some() => {}
        shape => wrong(node, shape, what, faults),
    }
}

fn wrong(node: Node<'_>, shape: &Shape, what: &str, faults: &mut Vec<Fault>) {
    let shown: String = node.raw.chars().take(60).collect();
    let more = if shown.len() < node.raw.len() { "..." } else { "" };
    let message = format!("{what} is {}, and this is {}{more}", asked_for(shape), inline(&shown));
    faults.push(Fault::new(message).at(node.span()));
}

fn asked_for(shape: &Shape) -> String {
    match shape {
        Shape::Set(_) => "a list".to_owned(),
        Shape::Record(_) => "an object".to_owned(),
        shape => shape.what(),
    }
}

fn record(node: Node<'_>, shapes: &BTreeMap<String, Field>, what: &str, faults: &mut Vec<Fault>) {
    let Some(fields) = node.fields() else { return wrong(node, &Shape::Record(BTreeMap::new()), what, faults) };
    for (name, value) in &fields {
        match shapes.get(name.as_ref()) {
            Some(field) => check(*value, &field.shape, &format!("`{}`", inline(name)), faults),
            None => {
                let fault = Fault::new(format!("{what} has no `{}` by the schema", inline(name))).at(value.span());
                let known: Vec<&str> = shapes.keys().map(String::as_str).collect();
                let help = match nearest(name, known.iter().copied()) {
                    Some(meant) => format!("did you mean `{}`?", inline(meant)),
                    None if known.is_empty() => "it has nothing".to_owned(),
                    None => format!(
                        "it has {}",
                        known.iter().map(|name| format!("`{}`", inline(name))).collect::<Vec<_>>().join(", ")
                    ),
                };
                faults.push(fault.help(help));
            }
        }
    }
    for (name, field) in shapes.iter().filter(|(_, field)| field.required) {
        if !fields.iter().any(|(known, _)| known == name) {
            let message = format!("{what} lacks `{}`, which the schema requires", inline(name));
            faults.push(Fault::new(message).help(format!("it is {}", field.shape.what())).at(node.span()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SourceFile;

    #[test]
    fn what_does_not_fit_has_a_place_and_a_cause() {
        let field = |shape, required| Field { shape, required };
        let shape = Shape::Record(BTreeMap::from([
            ("mfa".to_owned(), field(Shape::Bool, true)),
            ("level".to_owned(), field(Shape::Long, false)),
            ("names".to_owned(), field(Shape::Set(Box::new(Shape::String)), false)),
        ]));
        let told = |text: &str| {
            let file = SourceFile::new("c.json", text);
            let text = file.parse_text();
            let faults = misfits(Node::parse(&file, &text).unwrap(), &shape);
            let told = |fault: &Fault| (file.slice(fault.span.unwrap()).to_owned(), fault.message.clone());
            faults.iter().map(told).collect::<Vec<_>>()
        };
        assert_eq!(told(r#"{"mfa": true, "level": 3, "names": ["a"]}"#), []);
        assert_eq!(
            told(r#"{"mfa": "yes"}"#),
            [("\"yes\"".to_owned(), "`mfa` is true or false, and this is \"yes\"".to_owned())]
        );
        assert_eq!(told(r#"{"mfaa": true}"#)[0].1, "the context has no `mfaa` by the schema");
        assert_eq!(told(r#"{"mfaa": true}"#)[1].1, "the context lacks `mfa`, which the schema requires");
        assert_eq!(told(r#"{"mfa": true, "names": [1]}"#)[0].1, "element 1 of `names` is text, and this is 1");
        assert_eq!(told("[]")[0].1, "the context is an object, and this is []");
    }
}
