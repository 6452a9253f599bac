//! An object of a log, field by field, and what formats have in common.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde_json::error::Category;

use crate::data::instant::moment;
use crate::data::json::Node;
use crate::replay::record::{Given, Party, Record, Wrong};
use crate::text::inline;

/// The fields of an object; `null` counts as not given.
pub(in crate::replay) struct Fields<'t>(Vec<(Cow<'t, str>, Node<'t>)>);

/// Longer texts are cut in messages, in characters.
const SHOWN: usize = 60;

/// `text` cut, and harmless.
pub(super) fn shown(text: &str) -> String {
    let cut: String = text.chars().take(SHOWN).collect();
    format!("{}{}", inline(&cut), if cut.len() < text.len() { "..." } else { "" })
}

impl<'t> Fields<'t> {
    /// The fields of `node`.
    pub(in crate::replay) fn of(node: Node<'t>) -> Result<Self, Wrong> {
        let Some(fields) = node.fields() else { return Err(no_object(node.raw)) };
        let twice =
            fields.iter().enumerate().find(|(at, (key, _))| fields.iter().take(*at).any(|(other, _)| other == key));
        match twice {
            Some((_, (key, _))) => Err(Wrong::record(format!("`{}` is given twice", shown(key)))),
            None => Ok(Self(fields)),
        }
    }

    /// No fields.
    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    /// The field called `name`.
    pub(in crate::replay) fn get(&self, name: &str) -> Option<Node<'t>> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, node)| *node).filter(|node| node.raw != "null")
    }

    /// The first of the fields called so.
    pub(super) fn any(&self, names: &[&str]) -> Option<Node<'t>> {
        names.iter().find_map(|name| self.get(name))
    }

    /// Whether there is one of these.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.any(names).is_some()
    }

    /// The fields of the object called `name`; none where there is no such object.
    pub(super) fn inner(&self, name: &str) -> Option<Fields<'t>> {
        Self::of(self.get(name)?).ok()
    }

    /// The text of the field called `name`.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'t, str>> {
        self.get(name).and_then(Node::string)
    }

    /// The request that these fields ask. What is not given is not known.
    pub(super) fn request(&self) -> Result<Record<'t>, Wrong> {
        let party = |name: &str| self.get(name).map_or(Party::Unknown, |node| Party::Entity(node.raw.into()));
        let Some(action) = self.get("action") else { return Err(Wrong::record("`action` is missing")) };
        Ok(Record {
            principal: party("principal"),
            action: action.raw.into(),
            resource: party("resource"),
            context: self.get("context").map(|node| node.raw.into()),
            entities: self.get("entities").map_or(Given::Nothing, |node| Given::All(node.raw.into())),
            decision: None,
            reason: Vec::new(),
            time: None,
        })
    }

    /// The decision in these fields, if there is one.
    pub(super) fn decision(&self) -> Result<Option<bool>, Wrong> {
        let Some(node) = self.get("decision") else { return Ok(None) };
        if let Some(word) = node.string() {
            if word.eq_ignore_ascii_case("allow") {
                return Ok(Some(true));
            }
            if word.eq_ignore_ascii_case("deny") {
                return Ok(Some(false));
            }
        }
        match node.raw {
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            raw => Err(Wrong::record(format!("`decision` is \"allow\" or \"deny\", and this is {}", shown(raw)))),
        }
    }

    /// The determining policies that these fields name: Cedar's `diagnostics`, or Amazon's `determiningPolicies`.
    pub(super) fn reason(&self) -> Vec<String> {
        let diagnostics = self.inner("diagnostics");
        let list = diagnostics.as_ref().and_then(|inner| inner.get("reason"));
        let list = list.or_else(|| self.any(&["determiningPolicies", "reason"]));
        let name = |node: Node<'t>| match node.string() {
            Some(text) => Some(text.into_owned()),
            None => Self::of(node).ok()?.any(&["policyId", "id"])?.string().map(Cow::into_owned),
        };
        list.and_then(Node::elements).into_iter().flatten().filter_map(name).collect()
    }

    /// When it was decided, if these fields say so.
    pub(super) fn time(&self) -> Result<Option<i64>, Wrong> {
        let Some(node) = self.any(&["time", "timestamp", "eventTime", "at"]) else { return Ok(None) };
        // What cannot be shown as a time is none.
        let plain = |text: &str| moment(text).filter(|at| jiff::Timestamp::from_millisecond(*at).is_ok());
        let of_text = |text: &str| plain(text).or_else(|| text.parse().ok().map(jiff::Timestamp::as_millisecond));
        let time = match node.string() {
            // That is how a clock that cannot be read is written.
            Some(text) if text.is_empty() => return Ok(None),
            Some(text) => of_text(&text),
            None => node.raw.parse::<f64>().ok().and_then(since_1970),
        };
        let wrong = || Wrong::record(format!("this is no time: {}", shown(node.raw)));
        time.map(Some).ok_or_else(wrong)
    }

    /// `record` with what these fields say of its decision and of the time.
    pub(super) fn decided(&self, record: Record<'t>) -> Result<Record<'t>, Wrong> {
        Ok(Record { decision: self.decision()?, reason: self.reason(), time: self.time()?, ..record })
    }
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told by how large they are, in milliseconds.
fn since_1970(number: f64) -> Option<i64> {
    let milliseconds = match number.abs() {
        size if size < 1e11 => number * 1e3,
        size if size < 1e14 => number,
        size if size < 1e17 => number / 1e3,
        _ => number / 1e6,
    };
    #[expect(clippy::cast_possible_truncation, reason = "the fraction of a millisecond is not kept")]
    (milliseconds.abs() < 1e15).then_some(milliseconds as i64)
}

/// Why `text` is not an object.
fn no_object(text: &str) -> Wrong {
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Wrong::foreign("a line of JSON that is no record of a decision"),
        Err(error) if error.classify() == Category::Eof => {
            Wrong { kind: "cut-off", message: "a line that ends in the middle of a record".to_owned() }
        }
        Err(_) if !text.starts_with(['{', '[']) => Wrong::foreign("a line that is not JSON"),
        Err(_) => Wrong { kind: "not-json", message: "a line that begins as JSON and is none".to_owned() },
    }
}
