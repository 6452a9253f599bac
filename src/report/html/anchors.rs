//! Where things stand on the page: the texts that are shown, and the ids of lines, policies and findings.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::finding::Finding;
use crate::outcome::{Outcome, Statement};
use crate::text::{Location, SourceFile};

/// A text that is shown.
pub(super) struct Text<'a> {
    pub(super) file: Arc<SourceFile>,
    /// Policies, templates and links in it, by place, each with its number on the page.
    pub(super) statements: Vec<(usize, &'a Statement)>,
    /// Findings that start in it, each with its number on the page.
    pub(super) findings: Vec<(usize, &'a Finding)>,
}

/// What tells a text from others: its path, and its number in the file that carries it.
type Key = (String, usize);

/// Every text and id.
pub(super) struct Anchors<'a> {
    /// By path and number.
    pub(super) texts: Vec<Text<'a>>,
    places: HashMap<Key, usize>,
    /// By name and place, the numbers of statements.
    named: HashMap<(String, Key, usize), usize>,
}

impl<'a> Anchors<'a> {
    /// Of `outcome`, whose findings are numbered as they stand there.
    pub(super) fn of(outcome: &'a Outcome) -> Self {
        let mut texts: BTreeMap<Key, Text<'a>> = BTreeMap::new();
        let mut named = HashMap::new();
        let mut text = |location: &Location| -> Option<Key> {
            let place = location.written();
            if place.file.text().is_empty() {
                return None;
            }
            let key = key(&place);
            texts.entry(key.clone()).or_insert_with(|| Text {
                file: Arc::clone(&place.file),
                statements: Vec::new(),
                findings: Vec::new(),
            });
            Some(key)
        };
        let statements: Vec<&Statement> = outcome.contents.iter().flat_map(|store| &store.statements).collect();
        let mut at_statements = Vec::new();
        for statement in statements {
            let location = &statement.policy.location;
            let Some(key) = text(location) else { continue };
            let name = (statement.policy.name.clone(), key.clone(), location.written().span.start);
            // A policy of two stores is shown once.
            let next = named.len();
            if *named.entry(name).or_insert(next) == next {
                at_statements.push((key, next, statement));
            }
        }
        let at_findings: Vec<(Option<Key>, usize, &Finding)> =
            outcome.findings.iter().enumerate().map(|(number, one)| (text(&one.location), number, one)).collect();
        for (key, number, statement) in at_statements {
            texts.entry(key).and_modify(|text| text.statements.push((number, statement)));
        }
        for (key, number, finding) in at_findings {
            if let Some(key) = key {
                texts.entry(key).and_modify(|text| text.findings.push((number, finding)));
            }
        }
        let places = texts.keys().cloned().enumerate().map(|(at, key)| (key, at)).collect();
        let mut texts: Vec<Text<'a>> = texts.into_values().collect();
        for text in &mut texts {
            text.statements.sort_by_key(|(_, one)| one.policy.location.written().span);
        }
        Self { texts, places, named }
    }

    /// The id of the policy called `name` at `location`, if it is shown.
    pub(super) fn policy(&self, name: &str, location: &Location) -> Option<String> {
        let place = location.written();
        let number = self.named.get(&(name.to_owned(), key(&place), place.span.start))?;
        Some(policy(*number))
    }

    /// The id of the line at which `location` starts, if its text is shown.
    pub(super) fn line(&self, location: &Location) -> Option<String> {
        let place = location.written();
        let text = self.places.get(&key(&place))?;
        Some(line(*text, place.file.line(place.span.start)))
    }
}

fn key(place: &Location) -> Key {
    let (path, number) = place.text_key();
    (path.to_owned(), number)
}

/// The id of a policy.
pub(super) fn policy(number: usize) -> String {
    format!("policy-{}", number + 1)
}

/// The id of a line of a text.
pub(super) fn line(text: usize, line: usize) -> String {
    format!("text-{}-{line}", text + 1)
}

/// The id of a finding.
pub(super) fn finding(number: usize) -> String {
    format!("finding-{}", number + 1)
}
