//! Values of JSON and YAML as other tools write them: tags, anchors and several documents, every value with its place.
//!
//! # Why
//!
//! Decision tables are ours, and read strictly ([`super::Tree`]). What other tools read is taken as they take it, and
//! only what is needed of it is looked at: so a text is kept as it was written until somebody asks where its bytes are.

use std::sync::Arc;

use super::exact::{self, Style};
use super::json::Node;
use super::{DEEPEST, Fault};
use crate::text::{Mapped, SourceFile, Span};

/// Mappings beyond this are not looked into for a key that is merged: anchors multiply.
const MOST_MERGES: usize = 100;

/// A value, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Where, quotes and all.
    pub span: Span,
    /// The name of its tag without its `!`, such as `Sub`.
    pub tag: Option<String>,
    /// What it is.
    pub what: What,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A text, a number, a word, or nothing.
    Scalar(Scalar),
    /// A sequence.
    List(Vec<Arc<Item>>),
    /// A mapping, in order.
    Map(Vec<Field>),
}

/// A scalar as it was read, and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// What it says.
    pub text: String,
    /// How it is written.
    pub style: Style,
}

/// An entry of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its key.
    pub key: String,
    /// Where that stands.
    pub key_span: Span,
    /// Its value.
    pub value: Arc<Item>,
}

impl Item {
    /// The value under `key`, when it is a mapping that has one, itself or by a merge (`<<`).
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Arc<Self>> {
        self.get_within(key, &mut { MOST_MERGES })
    }

    fn get_within(&self, key: &str, left: &mut usize) -> Option<&Arc<Self>> {
        let fields = self.fields();
        if let Some(found) = fields.iter().rev().find(|field| field.key == key) {
            return Some(&found.value);
        }
        let merged = fields.iter().filter(|field| field.key == "<<").map(|field| &field.value);
        let mut all = merged.flat_map(|value| match &value.what {
            What::List(items) => items.as_slice(),
            _ => std::slice::from_ref(value),
        });
        all.find_map(|item| {
            *left = left.checked_sub(1)?;
            item.get_within(key, left)
        })
    }

    /// The value at the end of `path`.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<&Arc<Self>> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.get(first)?, |item, key| item.get(key))
    }

    /// The entries, when it is a mapping; none when it is something else.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        if let What::Map(fields) = &self.what { fields } else { &[] }
    }

    /// The elements, when it is a sequence; none when it is something else.
    #[must_use]
    pub fn items(&self) -> &[Arc<Self>] {
        if let What::List(items) = &self.what { items } else { &[] }
    }

    /// What it says, when it is a scalar.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        if let What::Scalar(scalar) = &self.what { Some(&scalar.text) } else { None }
    }

    /// What the text under `key` says.
    #[must_use]
    pub fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// What it says, when it is a scalar, with the place of every byte; `source` is the file that it was read from.
    #[must_use]
    pub fn mapped(&self, source: &str) -> Option<Mapped> {
        if let What::Scalar(scalar) = &self.what {
            Some(exact::mapped(source, self.span, &scalar.text, scalar.style))
        } else {
            None
        }
    }

    /// All of `file`, which is JSON.
    ///
    /// # Errors
    /// What is no JSON, or nested too deeply.
    pub fn of_json(file: &SourceFile) -> Result<Self, Fault> {
        let text = file.parse_text();
        match Node::parse(file, &text) {
            Ok(root) => of_node(root, 0),
            Err(error) => Err(Fault::new(format!("this is not JSON: {}", error.message)).at(error.span)),
        }
    }
}

fn of_node(node: Node<'_>, depth: usize) -> Result<Item, Fault> {
    if depth > DEEPEST {
        return Err(Fault::new(format!("this is nested more than {DEEPEST} deep")).at(node.span()));
    }
    let what = match node.kind() {
        "an object" => {
            let mut fields = Vec::new();
            for (key, value) in node.fields().unwrap_or_default() {
                let key_span = Span::at(value.offset);
                fields.push(Field { key: key.into_owned(), key_span, value: Arc::new(of_node(value, depth + 1)?) });
            }
            What::Map(fields)
        }
        "an array" => {
            let items = node.elements().unwrap_or_default().into_iter();
            What::List(items.map(|item| of_node(item, depth + 1).map(Arc::new)).collect::<Result<_, _>>()?)
        }
        "a string" => {
            let text = node.string().unwrap_or_default().into_owned();
            What::Scalar(Scalar { text, style: Style::Json })
        }
        _ => What::Scalar(Scalar { text: node.raw.to_owned(), style: Style::Bare }),
    };
    Ok(Item { span: node.span(), tag: None, what })
}
