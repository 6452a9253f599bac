//! Values with places: what the cells of a decision table hold, whatever its syntax.

use std::borrow::Cow;
use std::collections::HashSet;

use super::fault::{Fault, Said};
use super::json::Node;
use crate::text::{Span, inline};

/// Deeper values are refused.
pub(super) const DEEPEST: usize = 64;

/// A value as written, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// Where.
    pub span: Span,
    /// What.
    pub kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Long(i64),
    /// Text.
    Text(String),
    /// Text of a syntax that has no other values: what it is depends on what is wanted.
    Cell(String),
    /// A sequence.
    List(Vec<Tree>),
    /// A mapping, in order.
    Map(Vec<Entry>),
    /// Something that could be read in more than one way, or not at all.
    Wrong(Box<Fault>),
}

/// An entry of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: Said<String>,
    /// Its value.
    pub value: Tree,
}

impl Tree {
    /// The entries, when it is a mapping.
    #[must_use]
    pub fn entries(&self) -> Option<&[Entry]> {
        match &self.kind {
            Kind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value under `key`, when it is a mapping that has one.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.entries()?.iter().find(|entry| entry.key.value == key).map(|entry| &entry.value)
    }

    /// What it is, as people say it.
    #[must_use]
    pub fn what(&self) -> Cow<'static, str> {
        Cow::Borrowed(match &self.kind {
            Kind::Null => "nothing",
            Kind::Bool(_) => "a boolean",
            Kind::Long(_) => "a number",
            Kind::Text(_) | Kind::Cell(_) => "text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
            Kind::Wrong(fault) => return Cow::Owned(fault.message.clone()),
        })
    }

    /// Adds everything in it that could be read in more than one way, or not at all.
    pub fn faults(&self, found: &mut Vec<Fault>) {
        match &self.kind {
            Kind::Wrong(fault) => found.push((**fault).clone()),
            Kind::List(items) => items.iter().for_each(|item| item.faults(found)),
            Kind::Map(entries) => entries.iter().for_each(|entry| entry.value.faults(found)),
            Kind::Null | Kind::Bool(_) | Kind::Long(_) | Kind::Text(_) | Kind::Cell(_) => {}
        }
    }

    /// The JSON `text` as a value that stands at `span` as a whole; `None` when it is not JSON.
    #[must_use]
    pub fn of_json(text: &str, span: Span) -> Option<Self> {
        let text = text.trim();
        serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
        Some(Self::of_node(Node { raw: text, offset: 0 }, span, 0))
    }

    fn of_node(node: Node<'_>, span: Span, depth: usize) -> Self {
        let wrong = |message: String| Kind::Wrong(Box::new(Fault::new(message).at(span)));
        let kind = if depth > DEEPEST {
            wrong(format!("this is nested more than {DEEPEST} deep"))
        } else if let Some(text) = node.string() {
            Kind::Text(text.into_owned())
        } else if let Some(items) = node.elements() {
            Kind::List(items.into_iter().map(|item| Self::of_node(item, span, depth + 1)).collect())
        } else if let Some(fields) = node.fields() {
            let mut seen = HashSet::new();
            let entry = |(key, value): (Cow<'_, str>, Node<'_>)| {
                let key = key.into_owned();
                let value = if seen.insert(key.clone()) {
                    Self::of_node(value, span, depth + 1)
                } else {
                    Self { span, kind: wrong(format!("`{}` is given twice", inline(&key))) }
                };
                Entry { key: Said { value: key, span }, value }
            };
            Kind::Map(fields.into_iter().map(entry).collect())
        } else {
            match node.raw {
                "null" => Kind::Null,
                "true" => Kind::Bool(true),
                "false" => Kind::Bool(false),
                number => match number.parse() {
                    Ok(number) => Kind::Long(number),
                    Err(_) => wrong(format!("`{}` is not a whole number of 64 bits", inline(number))),
                },
            }
        };
        Self { span, kind }
    }
}
