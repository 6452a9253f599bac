//! What an earlier look at a repository found, where it stands now: of texts that somebody moves about without changing
//! them nothing has to be found again.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use super::look::Look;
use crate::finding::{Edit, Finding, Fix, Related};
use crate::lint::{self, Check, LintRule};
use crate::repo::{Policy, Repo, Schema, Store};
use crate::rule::{Catalogue, Rule};
use crate::source::Source;
use crate::text::{Location, Span};
use crate::{repo, validate};

/// Where what a look spoke of stands now.
pub(super) struct Moved<'m> {
    source: &'m dyn Source,
    old: &'m Repo,
    /// The texts of policies then, by store and full name.
    then: HashMap<(&'m str, &'m str), &'m str>,
    /// Policies by file, number of the embedded text and their own text, in the order of the file.
    now: HashMap<(&'m str, usize, &'m str), Vec<&'m Policy>>,
    /// The stores whose schema is the same as then, by name.
    same_schema: HashSet<&'m str>,
    same_files: Mutex<HashMap<String, bool>>,
}

impl<'m> Moved<'m> {
    /// `last` found it, and `now` is what is there, read from `source`.
    pub(super) fn new(last: &'m Look, now: &'m Repo, source: &'m dyn Source) -> Self {
        let schema = |store: &'m Store| store.schema.ready().map(std::ptr::from_ref::<Schema>);
        let then: HashMap<&str, _> =
            last.repo.stores.iter().map(|store| (store.name.as_str(), schema(store))).collect();
        let same = |store: &&'m Store| then.get(store.name.as_str()) == Some(&schema(store));
        let texts = last.repo.stores.iter().flat_map(|store| {
            store.policies.iter().map(|one| ((store.name.as_str(), one.name.as_str()), one.location.text()))
        });
        let same_schema = now.stores.iter().filter(same).map(|store| store.name.as_str()).collect();
        Self {
            source,
            old: &last.repo,
            then: texts.collect(),
            now: by_text(now),
            same_schema,
            same_files: Mutex::default(),
        }
    }

    /// Whether the look saw `policy` of `store` as it is, under the schema that there is.
    pub(super) fn knows(&self, store: &Store, policy: &Policy) -> bool {
        let then = self.then.get(&(store.name.as_str(), policy.name.as_str()));
        // What it says of links it says of them together with the template.
        self.same_schema.contains(store.name.as_str())
            && !policy.body.is_template()
            && then == Some(&policy.location.text())
    }

    /// Whether the file that people see at `location` holds what it held.
    fn is_same_file(&self, location: &Location) -> bool {
        let path = location.path();
        if let Some(known) = self.same_files.lock().ok().and_then(|same| same.get(path).copied()) {
            return known;
        }
        let text = location.shown_file().text().as_bytes();
        let same = self.source.read(path).map_or(text.is_empty(), |bytes| bytes == text);
        if let Ok(mut known) = self.same_files.lock() {
            known.insert(path.to_owned(), same);
        }
        same
    }

    /// Where `location` is now; `None` where its text has changed or is gone.
    pub(super) fn location(&self, location: &Location) -> Option<Location> {
        if self.is_same_file(location) {
            return Some(location.clone());
        }
        let (path, number) = location.text_key();
        let policies = self.old.stores.iter().flat_map(|store| &store.policies);
        let mut before = 0;
        // The same text may stand in the file several times.
        let mut around = None;
        for policy in policies.filter(|policy| policy.location.text_key() == (path, number)) {
            let span = policy.location.span;
            if span.start <= location.span.start && location.span.end <= span.end {
                around = Some(policy);
                break;
            }
        }
        let around = around?;
        let text = around.location.text();
        let same = self
            .old
            .stores
            .iter()
            .flat_map(|store| &store.policies)
            .filter(|policy| policy.location.text_key() == (path, number) && policy.location.text() == text);
        let mut seen = HashSet::new();
        for policy in same {
            if policy.location.span.start < around.location.span.start && seen.insert(policy.location.span.start) {
                before += 1;
            }
        }
        let now = self.now.get(&(path, number, text))?.get(before)?;
        let from = location.span.start - around.location.span.start;
        let start = now.location.span.start + from;
        Some(Location::new(&now.location.file, Span::new(start, start + location.span.len())))
    }

    /// `finding`, which a look found, where it stands now: nothing where it has to be found anew, or where it is about
    /// a text that has changed. A rule that is not `known` any more was a configuration's.
    pub(super) fn finding(&self, finding: &Finding, known: &Catalogue) -> Option<Finding> {
        known.get(finding.rule)?;
        let id = finding.rule;
        let is_of = |rules: &[&Rule]| rules.iter().any(|rule| rule.id == id);
        let anew = if is_of(validate::RULES) {
            let policy = finding.policy.as_deref();
            let mut stores = self.old.stores.iter().filter(|one| Some(&one.name) == finding.store.as_ref());
            !stores.any(|store| {
                let named = store.policies.iter().find(|one| Some(one.name.as_str()) == policy);
                named.is_some_and(|one| self.is_known_now(store, one))
            })
        } else {
            let over_text = |rule: &LintRule| !matches!(rule.check, Check::Proof(_));
            is_of(repo::RULES) || lint::lint_rule(id).is_some_and(over_text)
        };
        if anew {
            return None;
        }
        let at = |location: &Location| self.location(location);
        let related = finding.related.iter().map(|one| Some(Related { location: at(&one.location)?, ..one.clone() }));
        let fix = |fix: &Fix| -> Option<Fix> {
            let edits: Option<Vec<Edit>> = (fix.edits.iter())
                .map(|edit| Some(Edit { location: at(&edit.location)?, text: edit.text.clone() }))
                .collect();
            Some(Fix { edits: edits?, ..fix.clone() })
        };
        Some(Finding {
            location: at(&finding.location)?,
            subject: match &finding.subject {
                Some(subject) => Some(at(subject)?),
                None => None,
            },
            also: finding.also.iter().filter_map(at).collect(),
            related: related.collect::<Option<_>>()?,
            fix: finding.fix.as_ref().and_then(fix),
            baselined: false,
            ..finding.clone()
        })
    }

    /// Whether `policy`, as the look saw it in `store`, is there as it was, so that it is not validated anew.
    fn is_known_now(&self, store: &Store, policy: &Policy) -> bool {
        let (path, number) = policy.location.text_key();
        self.same_schema.contains(store.name.as_str())
            && !policy.body.is_template()
            && self
                .now
                .get(&(path, number, policy.location.text()))
                .is_some_and(|now| now.iter().any(|now| now.name == policy.name))
    }
}

fn by_text(repo: &Repo) -> HashMap<(&str, usize, &str), Vec<&Policy>> {
    let mut all: HashMap<(&str, usize, &str), Vec<&Policy>> = HashMap::new();
    for policy in repo.stores.iter().flat_map(|store| &store.policies) {
        let (path, number) = policy.location.text_key();
        let alike = all.entry((path, number, policy.location.text())).or_default();
        // A file that belongs to several stores is there once.
        if !alike.iter().any(|one| one.location.span == policy.location.span) {
            alike.push(policy);
        }
    }
    all.values_mut().for_each(|alike| alike.sort_by_key(|policy| policy.location.span.start));
    all
}
