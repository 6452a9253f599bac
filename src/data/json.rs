//! JSON with places: serde_json's raw values, and where each stands in its file, so that no second JSON parser is
//! needed.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::scan::Scan;
use crate::text::{SourceFile, Span};

/// One JSON value as written, and where.
#[derive(Debug, Clone, Copy)]
pub struct Node<'a> {
    /// The text of the value.
    pub raw: &'a str,
    /// Its byte offset in the file.
    pub offset: usize,
}

/// JSON that cannot be read, and where reading stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// serde_json's words, without its line and column.
    pub message: String,
    /// Where.
    pub span: Span,
}

impl JsonError {
    /// The error of parsing `text`, a part of `file` that starts at `offset`.
    #[must_use]
    pub fn new(file: &SourceFile, text: &str, offset: usize, error: &serde_json::Error) -> Self {
        let words = error.to_string();
        let message = words.split(" at line ").next().unwrap_or(&words).to_owned();
        // serde_json counts lines and columns (in bytes) inside what it was given.
        let line_start: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        let at = line_start + error.column().saturating_sub(1);
        if let Some(comma) = idle_comma(text, at) {
            let message = "a comma stands before the closing bracket, and nothing follows it".to_owned();
            return Self { message, span: Span::new(offset + comma, offset + comma + 1) };
        }
        // What is wrong is the character and not the blank before it.
        let rest = text.get(at..).unwrap_or_default();
        let at = at + rest.len() - rest.trim_start().len();
        Self { message, span: Span::at((offset + at).min(file.text().len())) }
    }
}

/// Where the comma stands that is followed by a closing bracket at or right after `at` of `text`.
fn idle_comma(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?.trim_start();
    let rest = rest.strip_prefix(',').map_or(rest, str::trim_start);
    if !rest.starts_with(['}', ']']) {
        return None;
    }
    let before = text.get(..text.len() - rest.len())?.trim_end();
    before.ends_with(',').then(|| before.len() - 1)
}

impl<'a> Node<'a> {
    /// The whole of `file` as one value. `text` is [`SourceFile::parse_text`].
    ///
    /// # Errors
    /// When it is not JSON.
    pub fn parse(file: &SourceFile, text: &'a str) -> Result<Self, JsonError> {
        match serde_json::from_str::<&RawValue>(text) {
            Ok(value) => Ok(Self { raw: value.get(), offset: offset_in(text, value.get()) }),
            Err(error) => Err(JsonError::new(file, text, 0, &error)),
        }
    }

    /// The elements of `file`, when it is one array; read in one pass. `text` is [`SourceFile::parse_text`].
    ///
    /// # Errors
    /// When it is not JSON, or something other than an array.
    pub fn parse_elements(file: &SourceFile, text: &'a str) -> Result<Vec<Self>, JsonError> {
        let mut elements = Vec::new();
        let whole = Self { raw: text, offset: 0 };
        if Scan::new(text).elements(|raw| elements.push(whole.part(raw))).is_some() {
            return Ok(elements);
        }
        match serde_json::from_str::<Vec<&'a RawValue>>(text) {
            Ok(values) => {
                Ok(values.into_iter().map(|v| Self { raw: v.get(), offset: offset_in(text, v.get()) }).collect())
            }
            Err(error) => Err(JsonError::new(file, text, 0, &error)),
        }
    }

    /// The first element of an array whose text is `text`, without reading the rest.
    #[must_use]
    pub fn first_element(text: &'a str) -> Option<Self> {
        let inside = text.trim_start().strip_prefix('[')?;
        let first = serde_json::Deserializer::from_str(inside).into_iter::<&'a RawValue>().next()?.ok()?;
        Some(Self { raw: first.get(), offset: offset_in(text, first.get()) })
    }

    /// Where the value stands.
    #[must_use]
    pub fn span(self) -> Span {
        Span::new(self.offset, self.offset + self.raw.len())
    }

    /// The value in it that is written as `raw`, a slice of it.
    fn part(self, raw: &'a str) -> Self {
        Self { raw, offset: self.offset + offset_in(self.raw, raw) }
    }

    /// The elements, when it is an array.
    #[must_use]
    pub fn elements(self) -> Option<Vec<Self>> {
        let mut elements = Vec::new();
        match Scan::new(self.raw).elements(|raw| elements.push(self.part(raw))) {
            Some(()) => Some(elements),
            None => self.elements_by_serde(),
        }
    }

    fn elements_by_serde(self) -> Option<Vec<Self>> {
        let values: Vec<&'a RawValue> = serde_json::from_str(self.raw).ok()?;
        Some(values.into_iter().map(|value| self.part(value.get())).collect())
    }

    /// The fields in order, when it is an object; a key written twice comes twice.
    #[must_use]
    pub fn fields(self) -> Option<Vec<(Cow<'a, str>, Self)>> {
        let mut fields = Vec::new();
        match Scan::new(self.raw).fields(|name, raw| fields.push((Cow::Borrowed(name), self.part(raw)))) {
            Some(()) => Some(fields),
            None => self.fields_by_serde(),
        }
    }

    fn fields_by_serde(self) -> Option<Vec<(Cow<'a, str>, Self)>> {
        let Fields(fields) = serde_json::from_str(self.raw).ok()?;
        Some(fields.into_iter().map(|(key, value)| (key, self.part(value.get()))).collect())
    }

    /// The first field called `name`, when it is an object that has one.
    #[must_use]
    pub fn field(self, name: &str) -> Option<Self> {
        self.fields()?.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The string, when it is one.
    #[must_use]
    pub fn string(self) -> Option<Cow<'a, str>> {
        match Scan::new(self.raw).string() {
            Some(text) => Some(Cow::Borrowed(text)),
            None if !self.raw.trim_start().starts_with('"') => None,
            None => serde_json::from_str::<Str<'a>>(self.raw).ok().map(|Str(text)| text),
        }
    }

    /// The value as serde_json's own type.
    #[must_use]
    pub fn value(self) -> Option<serde_json::Value> {
        serde_json::from_str(self.raw).ok()
    }

    /// What kind of value it is, as people say it.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self.raw.bytes().next() {
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b'"') => "a string",
            Some(b't' | b'f') => "a boolean",
            Some(b'n') => "null",
            _ => "a number",
        }
    }
}

/// Where `part`, a slice of `whole`, starts in it.
fn offset_in(whole: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize)
}

struct Str<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Str<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Str(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Str(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Visit)
    }
}

struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some((Str(key), value)) = map.next_entry::<Str<'de>, &'de RawValue>()? {
                    fields.push((key, value));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Visit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_knows_its_place() {
        let file = SourceFile::new("a.json", "\u{feff} { \"é\" : [1, {\"b\":\"x\"}] }");
        let text = file.parse_text();
        let list = Node::parse(&file, &text).unwrap().field("é").unwrap();
        let inner = list.elements().unwrap()[1].field("b").unwrap();
        assert_eq!(file.slice(inner.span()), "\"x\"");
        assert_eq!(inner.string().unwrap(), "x");
    }

    /// What is told apart without serde_json is what serde_json tells apart, and what is no JSON is never read.
    #[test]
    fn plain_values_are_read_as_serde_json_reads_them() {
        let whole = r#" {"a": "x y", "b":1, "c":[ 1 , -0.5e+3,[],{}, "q\"uo\te"],"d":{"e":null,"é":true} ,"f":"\/e\n", "g":""} "#;
        let mut texts: Vec<String> = (0..=whole.len()).filter_map(|end| whole.get(..end).map(str::to_owned)).collect();
        // Every byte of it gone, or another one.
        for (at, letter) in whole.char_indices() {
            for other in ["", "0", "\"", "\\", ",", "}", "[", "\u{1}", "-", ".", "e", " ", "t", ":"] {
                texts.push(format!("{}{other}{}", &whole[..at], &whole[at + letter.len_utf8()..]));
            }
        }
        texts.extend(
            ["{}", "[]", "[1,]", "{\"a\":01}", "\"a\" ", "\"a", "1", "", "[1] 2", "{\"a\":1}}"].map(str::to_owned),
        );
        texts.push(whole.replace("\\/e", "\\u00e9"));
        texts.push("[".repeat(200) + &"]".repeat(200));
        let (mut objects, mut lists) = (0, 0);
        for text in &texts {
            for part in [text.as_str(), text.trim()] {
                let node = Node { raw: part, offset: 3 };
                let told = |fields: Vec<(Cow<'_, str>, Node<'_>)>| -> Vec<(String, String, usize)> {
                    let one = |(name, node): (Cow<'_, str>, Node<'_>)| (name.into(), node.raw.to_owned(), node.offset);
                    fields.into_iter().map(one).collect()
                };
                let listed = |all: Vec<Node<'_>>| -> Vec<(String, usize)> {
                    all.into_iter().map(|node| (node.raw.to_owned(), node.offset)).collect()
                };
                assert_eq!(node.fields().map(told), node.fields_by_serde().map(told), "{part}");
                assert_eq!(node.elements().map(listed), node.elements_by_serde().map(listed), "{part}");
                let text = serde_json::from_str::<String>(part).ok();
                assert_eq!(node.string().map(Cow::into_owned), text, "{part}");
                objects += usize::from(Scan::new(part).fields(|_, _| ()).is_some());
                lists += usize::from(Scan::new(part).elements(|_| ()).is_some());
            }
        }
        assert!(objects > 100 && lists > 0, "{objects} {lists}");
    }

    #[test]
    fn an_error_has_its_place() {
        let file = SourceFile::new("a.json", "[\n  1,\n  oops]");
        let error = Node::parse(&file, file.text()).unwrap_err();
        assert_eq!(file.position(error.span.start).line, 3);
    }
}
