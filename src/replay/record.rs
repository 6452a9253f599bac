//! A record of a decision, as far as its line says what was asked.

use std::borrow::Cow;

/// Who or what a record names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Party<'t> {
    /// An entity, as JSON.
    Entity(Cow<'t, str>),
    /// One of this type.
    Type(Cow<'t, str>),
    /// The record does not say.
    Unknown,
}

/// The entities of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Given<'t> {
    /// The record carries none: those that are known stand in.
    Nothing,
    /// All that were known when it was decided, as JSON.
    All(Cow<'t, str>),
    /// All but those that another service added, such as the principal that a token stands for.
    Some(Cow<'t, str>),
}

impl Given<'_> {
    /// The JSON, if there is some.
    pub(super) fn json(&self) -> Option<&str> {
        match self {
            Self::Nothing => None,
            Self::All(json) | Self::Some(json) => Some(json),
        }
    }
}

/// A record. What it does not carry is not known, and is not nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record<'t> {
    pub(super) principal: Party<'t>,
    /// As JSON.
    pub(super) action: Cow<'t, str>,
    pub(super) resource: Party<'t>,
    /// As JSON.
    pub(super) context: Option<Cow<'t, str>>,
    pub(super) entities: Given<'t>,
    pub(super) decision: Option<bool>,
    /// The determining policies, as the record calls them; none where it names none.
    pub(super) reason: Vec<String>,
    /// Milliseconds since 1970.
    pub(super) time: Option<i64>,
}

impl Record<'_> {
    /// The request as JSON with its entities and its decision, as it is written by hand; why it is none, a sentence.
    pub(super) fn as_request(&self) -> Result<String, &'static str> {
        let (Party::Entity(principal), Party::Entity(resource)) = (&self.principal, &self.resource) else {
            return Err("its record does not say who the principal is, or what the resource is");
        };
        let mut text = format!("{{\"principal\":{principal},\"action\":{},\"resource\":{resource}", self.action);
        for (name, json) in [("context", self.context.as_deref()), ("entities", self.entities.json())] {
            text.extend(json.map(|json| format!(",\"{name}\":{json}")));
        }
        let decision = self.decision.map(|allowed| if allowed { "allow" } else { "deny" });
        text.extend(decision.map(|decision| format!(",\"decision\":\"{decision}\"")));
        Ok(text + "}")
    }
}

/// Why a line is no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// A word.
    pub(super) kind: &'static str,
    /// A sentence.
    pub(super) message: String,
}

impl Wrong {
    /// A record in which something cannot be read.
    pub(super) fn record(message: impl Into<String>) -> Self {
        Self { kind: "broken-record", message: message.into() }
    }

    /// A line that something else than a decision wrote.
    pub(super) fn foreign(message: impl Into<String>) -> Self {
        Self { kind: "foreign", message: message.into() }
    }
}

/// What a line holds.
pub(super) type Read<'t> = Vec<Result<Record<'t>, Wrong>>;
