//! What values a schema asks for, as far as writing them down needs it.

use std::collections::BTreeMap;

/// The kind of value that an attribute takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// Not known.
    Any,
    /// A boolean.
    Bool,
    /// A whole number of 64 bits.
    Long,
    /// Text.
    String,
    /// An entity.
    Entity,
    /// A value of the extension type of this name, such as `datetime`.
    Extension(String),
    /// A set of these.
    Set(Box<Shape>),
    /// A record with these attributes.
    Record(BTreeMap<String, Field>),
}

/// An attribute of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// What it takes.
    pub shape: Shape,
    /// Whether it has to be there.
    pub required: bool,
}

impl Shape {
    /// The attributes, when it is a record.
    #[must_use]
    pub fn fields(&self) -> Option<&BTreeMap<String, Field>> {
        match self {
            Self::Record(fields) => Some(fields),
            _ => None,
        }
    }

    /// What it takes, as people say it.
    #[must_use]
    pub fn what(&self) -> String {
        match self {
            Self::Any => "a value".to_owned(),
            Self::Bool => "true or false".to_owned(),
            Self::Long => "a whole number".to_owned(),
            Self::String => "text".to_owned(),
            Self::Entity => "an entity such as 'Type::\"id\"'".to_owned(),
            Self::Extension(name) => format!("{} as text, such as {}", kind(name), example(name)),
            Self::Set(of) => match of.as_ref() {
                Self::Any => "a list".to_owned(),
                of => format!("a list, each item {}", of.what()),
            },
            Self::Record(_) => "a mapping".to_owned(),
        }
    }
}

fn kind(extension: &str) -> String {
    match extension {
        "ipaddr" => "an IP address or range".to_owned(),
        name => format!("a {name}"),
    }
}

fn example(extension: &str) -> &'static str {
    match extension {
        "ipaddr" => "'10.0.0.0/8'",
        "decimal" => "'12.50'",
        "datetime" => "'2026-12-31T18:00:00Z'",
        _ => "'1h30m'",
    }
}

/// The function that makes a value of the extension type `name` from text.
#[must_use]
pub fn constructor(name: &str) -> &str {
    if name == "ipaddr" { "ip" } else { name }
}
