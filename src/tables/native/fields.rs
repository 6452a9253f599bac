//! Reading the entries of a mapping, each fault at its place and none hiding another.

use crate::data::{Entry, Fault, Kind, Said, Tree};
use crate::text::{Span, inline, nearest};

/// The entries of one mapping.
pub(super) struct Fields<'a, 'f> {
    entries: &'a [Entry],
    faults: &'f mut Vec<Fault>,
}

impl<'a, 'f> Fields<'a, 'f> {
    /// The entries of `tree`, which `what` names; keys that are not `known` are faults, and so is anything but a
    /// mapping.
    pub(super) fn of(tree: &'a Tree, what: &str, known: &[&str], faults: &'f mut Vec<Fault>) -> Option<Self> {
        match &tree.kind {
            Kind::Map(entries) => {
                unknown(entries, what, known, faults);
                Some(Self { entries, faults })
            }
            Kind::Wrong(fault) => {
                faults.push((**fault).clone());
                None
            }
            _ => {
                faults.push(Fault::new(format!("{what} is a mapping, and this is {}", tree.what())).at(tree.span));
                None
            }
        }
    }

    /// These entries, whose keys [`unknown`] has looked at.
    pub(super) fn among(entries: &'a [Entry], faults: &'f mut Vec<Fault>) -> Self {
        Self { entries, faults }
    }

    /// The value under `key`, unless it is left empty.
    pub(super) fn get(&self, key: &str) -> Option<&'a Tree> {
        let found = self.entries.iter().find(|entry| entry.key.value == key)?;
        (found.value.kind != Kind::Null).then_some(&found.value)
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    pub(super) fn faults(&mut self) -> &mut Vec<Fault> {
        self.faults
    }

    /// The entries under `context`.
    pub(super) fn context(&mut self) -> Vec<Entry> {
        let Some(tree) = self.get("context") else { return Vec::new() };
        match &tree.kind {
            Kind::Map(entries) => entries.clone(),
            Kind::Wrong(fault) => {
                self.fault((**fault).clone());
                Vec::new()
            }
            _ => {
                let message = format!("`context` is a mapping, and this is {}", tree.what());
                self.fault(Fault::new(message).at(tree.span));
                Vec::new()
            }
        }
    }

    /// Where `key` stands.
    pub(super) fn key(&self, key: &str) -> Option<Span> {
        self.entries.iter().find(|entry| entry.key.value == key).map(|entry| entry.key.span)
    }

    /// The text under `key`.
    pub(super) fn text(&mut self, key: &str) -> Option<Said<String>> {
        let tree = self.get(key)?;
        text(tree, &format!("`{key}`"), self.faults)
    }

    /// The texts under `key`; one alone needs no list.
    pub(super) fn texts(&mut self, key: &str) -> Option<Vec<Said<String>>> {
        let tree = self.get(key)?;
        Some(texts(tree, &format!("`{key}`"), self.faults))
    }
}

/// Faults for the keys of `entries` that are not `known`.
pub(super) fn unknown(entries: &[Entry], what: &str, known: &[&str], faults: &mut Vec<Fault>) {
    let mut cut = false;
    for Entry { key, value } in entries {
        // What YAML cut off an unquoted value stands as a key of its own, and the value is the fault.
        if cut && value.kind == Kind::Null && key.value.contains('"') {
            continue;
        }
        cut = matches!(value.kind, Kind::Wrong(_));
        if known.contains(&key.value.as_str()) {
            if value.kind == Kind::Null {
                let fault = Fault::new(format!("`{}` is left empty", inline(&key.value))).at(key.span);
                faults.push(fault.help(match key.value.as_str() {
                    "because" | "parents" => "write [] for none, or leave it out",
                    "expect" => "write allow or deny",
                    _ => "leave it out",
                }));
            }
            if let Kind::Wrong(fault) = &value.kind {
                // A key given twice: its second value is not looked at.
                let first = entries.iter().find(|entry| entry.key.value == key.value);
                if first.is_some_and(|first| first.key.span != key.span) {
                    faults.push((**fault).clone());
                }
            }
            continue;
        }
        let fault = Fault::new(format!("unknown key `{}` in {what}", inline(&key.value))).at(key.span);
        faults.push(match nearest(&key.value, known.iter().copied()) {
            Some(meant) => fault.help(format!("did you mean `{meant}`?")),
            None => fault.help(format!("known are {}", listed(known))),
        });
    }
}

fn listed(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// The text that `tree` is, which `what` names.
pub(super) fn text(tree: &Tree, what: &str, faults: &mut Vec<Fault>) -> Option<Said<String>> {
    let fault = Fault::new(format!("{what} is text, and this is {}", tree.what())).at(tree.span);
    faults.push(match &tree.kind {
        Kind::Text(text) | Kind::Cell(text) => return Some(Said { value: text.clone(), span: tree.span }),
        Kind::Wrong(fault) => (**fault).clone(),
        Kind::Bool(value) => fault.help(format!("write '{value}' for the text")),
        Kind::Long(value) => fault.help(format!("write '{value}' for the text")),
        Kind::Null | Kind::List(_) | Kind::Map(_) => fault,
    });
    None
}

/// The texts that `tree` is: a list of them, or one alone.
pub(super) fn texts(tree: &Tree, what: &str, faults: &mut Vec<Fault>) -> Vec<Said<String>> {
    match &tree.kind {
        Kind::List(items) => {
            let item = format!("an item of {what}");
            items.iter().filter_map(|tree| text(tree, &item, faults)).collect()
        }
        _ => text(tree, what, faults).into_iter().collect(),
    }
}
