//! Which findings are new: those that the revision compared with lacks.
//!
//! # Why
//!
//! A gate that is red for what everybody has lived with is switched off. So findings are matched with those of the
//! base, one for one, by rule, policy and the text at the place, as a fingerprint stands on: moving, renaming and
//! reformatting make nothing new, and of two where the base has one, one is. What is about no policy is matched by
//! path as well, since the text at its place may be one bracket.
//!
//! Request environments are no part of that, because a new action must not make every old finding a new one. But a
//! finding that reaches an environment which both revisions have, and in which the base found nothing of the kind, is
//! new; and one that is only in environments that the base lacks belongs to the finding that is there already.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::finding::{Environment, Finding};
use crate::text::tokens::code;

/// What is known of the two revisions.
pub struct Revisions<'r> {
    /// Request environments that both have.
    pub shared: HashSet<&'r Environment>,
    /// The files of the base, by path.
    pub before: HashSet<&'r str>,
    /// The files of the head.
    pub after: HashSet<&'r str>,
}

/// Rule, policy, text at the place, and the path of what is about no policy.
type Key = (&'static str, Option<String>, String, Option<String>);

/// Says of each of `findings` whether it is new against those of the base, `before`.
pub fn mark_new(findings: &mut [Finding], before: &[Finding], revisions: &Revisions<'_>) {
    // A file that the other revision lacks may have been moved.
    let keys: Vec<Key> = findings.iter().map(|finding| key(finding, &revisions.before)).collect();
    let mut known: HashMap<Key, Vec<&Finding>> = HashMap::new();
    for finding in before {
        known.entry(key(finding, &revisions.after)).or_default().push(finding);
    }
    let mut groups: HashMap<&Key, Vec<usize>> = HashMap::new();
    for (at, key) in keys.iter().enumerate() {
        groups.entry(key).or_default().push(at);
    }
    for (key, mut open) in groups {
        let base = known.get(key).map(Vec::as_slice).unwrap_or_default();
        let reached: BTreeSet<Reach<'_>> = base.iter().flat_map(|finding| reach(finding)).collect();
        let is_new = |finding: &Finding, matched: bool| {
            let mut shared = reach(finding).filter(|one| revisions.have(*one)).peekable();
            if matched {
                !reached.is_empty() && shared.any(|one| !reached.contains(&one))
            } else {
                base.is_empty() || reach(finding).next().is_none() || shared.peek().is_some()
            }
        };
        let mut free: Vec<&Finding> = base.to_vec();
        // The most alike first, so that of several the right ones are left.
        for alike in [alike_in_all, alike_in_words, alike_in_place, alike_in_nothing] {
            let mut by: HashMap<String, Vec<usize>> = HashMap::new();
            for (at, finding) in free.iter().enumerate().rev() {
                by.entry(alike(finding)).or_default().push(at);
            }
            let mut taken = HashSet::new();
            open.retain(|at| {
                let Some(finding) = findings.get_mut(*at) else { return false };
                let Some(found) = by.get_mut(&alike(finding)).and_then(Vec::pop) else { return true };
                taken.insert(found);
                finding.new = Some(is_new(finding, true));
                false
            });
            let mut at = 0;
            free.retain(|_| {
                at += 1;
                !taken.contains(&(at - 1))
            });
        }
        for at in open {
            if let Some(finding) = findings.get_mut(at) {
                finding.new = Some(is_new(finding, false));
            }
        }
    }
}

/// How far a finding reaches: a request environment, or an entity type or action by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach<'f> {
    Environment(&'f Environment),
    Name(&'f str),
}

fn reach(finding: &Finding) -> impl Iterator<Item = Reach<'_>> {
    let names = finding.names.iter().map(|name| Reach::Name(name));
    finding.environments.iter().map(Reach::Environment).chain(names)
}

impl Revisions<'_> {
    /// Whether both have it.
    fn have(&self, reach: Reach<'_>) -> bool {
        match reach {
            Reach::Environment(environment) => self.shared.contains(environment),
            Reach::Name(name) => self
                .shared
                .iter()
                .any(|one| [&one.principal, &one.action, &one.resource].into_iter().any(|own| own == name)),
        }
    }
}

fn key(finding: &Finding, listed: &HashSet<&str>) -> Key {
    let path = finding.location.path();
    let subject = finding.subject.as_ref().map(|place| code(place.text()));
    let path = subject.is_none().then(|| if listed.contains(path) { path } else { "" }.to_owned());
    (finding.rule, subject, code(finding.location.text()), path)
}

fn alike_in_all(finding: &Finding) -> String {
    let others = finding.related.iter().map(|other| code(other.location.text()));
    let others: Vec<String> = others.collect();
    format!("{}\n{}\n{}", finding.location.path(), finding.message, others.join("\n"))
}

fn alike_in_words(finding: &Finding) -> String {
    finding.message.clone()
}

fn alike_in_place(finding: &Finding) -> String {
    finding.location.path().to_owned()
}

fn alike_in_nothing(_: &Finding) -> String {
    String::new()
}
