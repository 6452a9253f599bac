//! Values with places, as texts and as JSON.

use std::sync::Arc;

use super::module::Module;
use crate::repo::carriers::aws::Known;
use crate::repo::carriers::fill::Filled;
use crate::text::{Mapped, SourceFile, Span};

/// A value, and where it is written.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) file: Arc<SourceFile>,
    pub(super) span: Span,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    Text(Filled),
    /// The text of the file at this path.
    File(String),
    /// A number, a boolean or null, as JSON has it.
    Bare(String),
    List(Vec<Value>),
    /// It is known once it is deployed, or not at all: why.
    Unknown(String),
    Object(Vec<Entry>),
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Span,
    pub(super) value: Value,
}

impl Value {
    /// This value as a text with places in `file`: its own there, else `span`, where it is mentioned.
    pub(super) fn text(&self, module: &Module<'_>, file: &Arc<SourceFile>, span: Span) -> Known<Filled> {
        match &self.kind {
            Kind::Text(text) if Arc::ptr_eq(&self.file, file) => Ok(text.clone()),
            Kind::Text(text) => Ok(text.moved(span)),
            Kind::Bare(text) => Ok(Filled::whole(Mapped::whole(text, span))),
            Kind::File(path) => {
                let read =
                    module.around.text(path).ok_or_else(|| (span, format!("there is no `{path}` to be read")))?;
                Ok(Filled::whole(Mapped::whole(&read.parse_text(), span)))
            }
            Kind::List(_) | Kind::Object(_) => Err((span, "it is no text".to_owned())),
            Kind::Unknown(why) => Err((span, why.clone())),
        }
    }

    /// What it says, when it is a text that is wholly known.
    pub(super) fn plain(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) if text.is_whole() => Some(text.text.text()),
            Kind::Bare(text) => Some(text),
            _ => None,
        }
    }

    /// The value under `key`.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Kind::Object(entries) = &self.kind else { return None };
        entries.iter().rev().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// Its elements, each with its key: that of an object, the position in a list.
    pub(super) fn elements(&self) -> Option<Vec<(String, &Self)>> {
        match &self.kind {
            Kind::List(items) => Some(items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect()),
            Kind::Object(entries) => Some(entries.iter().map(|entry| (entry.key.clone(), &entry.value)).collect()),
            _ => None,
        }
    }

    /// This value as JSON with places in `file`, else `span`.
    pub(super) fn json(&self, module: &Module<'_>, file: &Arc<SourceFile>, span: Span) -> Known<Filled> {
        let mut out = Filled::default();
        self.write_json(module, file, span, &mut out)?;
        Ok(out)
    }

    fn write_json(&self, module: &Module<'_>, file: &Arc<SourceFile>, span: Span, out: &mut Filled) -> Known<()> {
        let own = if Arc::ptr_eq(&self.file, file) { self.span } else { span };
        match &self.kind {
            Kind::Bare(text) => out.text.push_as(text, own),
            Kind::Text(_) | Kind::File(_) => {
                let text = self.text(module, file, own)?;
                if let Some((outer, written)) = text.written().next() {
                    return Err((outer, format!("what `{written}` is in it is known once it is deployed")));
                }
                out.text.push_as(&quoted(text.text.text()), own);
            }
            Kind::Unknown(why) => return Err((own, why.clone())),
            Kind::List(items) => {
                out.text.push_as("[", Span::at(own.start));
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.text.push_as(",", Span::at(own.start));
                    }
                    item.write_json(module, file, own, out)?;
                }
                out.text.push_as("]", Span::at(own.end));
            }
            Kind::Object(entries) => {
                out.text.push_as("{", Span::at(own.start));
                for (at, entry) in entries.iter().enumerate() {
                    if at > 0 {
                        out.text.push_as(",", Span::at(own.start));
                    }
                    let key = if Arc::ptr_eq(&self.file, file) { entry.key_span } else { span };
                    out.text.push_as(&format!("{}:", quoted(&entry.key)), key);
                    entry.value.write_json(module, file, own, out)?;
                }
                out.text.push_as("}", Span::at(own.end));
            }
        }
        Ok(())
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}
