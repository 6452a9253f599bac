//! What of a run's findings is mended in one pass, and what its policies are called.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Edit, Finding, Fix, Level};
use crate::outcome::{FixResult, FixStatus, Outcome};
use crate::repo::{Focus, Repo};

/// A finding with its fix.
pub(super) struct Candidate {
    /// The rule that found it.
    pub(super) rule: &'static str,
    path: String,
    /// What its policy is called now.
    policy: Option<String>,
    /// What its policy was called at first.
    called: Option<String>,
    /// The edits.
    pub(super) fix: Fix,
}

impl Candidate {
    /// `finding` with its `fix`, whose policy was `called` so at first.
    pub(super) fn new(finding: &Finding, fix: &Fix, called: Option<String>) -> Self {
        let path = finding.location.path().to_owned();
        Self { rule: finding.rule, path, policy: finding.policy.clone(), called, fix: fix.clone() }
    }

    /// What it is known by in later passes, when places have moved.
    pub(super) fn key(&self) -> String {
        let edits = self.fix.edits.iter().map(|edit| format!("{:?} {:?}", edit.location.text(), edit.text));
        let edits: Vec<String> = edits.collect();
        format!("{} {:?} {} {edits:?}", self.rule, self.called, self.path)
    }

    /// What became of it.
    pub(super) fn result(&self, status: FixStatus) -> FixResult {
        FixResult {
            rule: self.rule,
            path: self.path.clone(),
            policy: self.called.clone(),
            what: self.fix.what.clone(),
            changes: self.fix.changes.clone(),
            status,
        }
    }
}

/// The findings to mend in one pass: those that are shown (`notes` too), in files that `focus` covers, none of which
/// touches what another changes, and none of the `refused`.
pub(super) fn choose(
    outcome: &Outcome,
    notes: bool,
    focus: &Focus,
    names: &Names,
    refused: &BTreeSet<String>,
) -> Vec<Candidate> {
    let mut changed = Changed::default();
    let mut chosen = Vec::new();
    for finding in shown(outcome, notes) {
        let Some(fix) = &finding.fix else { continue };
        let free = fix.edits.iter().all(|edit| focus.covers(edit.location.path()) && !changed.touches(edit));
        let candidate = Candidate::new(finding, fix, names.first(finding));
        if free && !refused.contains(&candidate.key()) {
            fix.edits.iter().for_each(|edit| changed.add(edit));
            chosen.push(candidate);
        }
    }
    chosen
}

/// What is left to a person of the findings that are shown (`notes` too) in files that `focus` covers, and why.
pub(super) fn left(outcome: &Outcome, notes: bool, focus: &Focus, names: &Names) -> Vec<FixResult> {
    let covered = shown(outcome, notes).filter(|finding| focus.covers(finding.location.path()));
    let told = covered.filter_map(|finding| {
        let left = finding.left.as_ref()?;
        Some(FixResult {
            rule: finding.rule,
            path: finding.location.path().to_owned(),
            policy: names.first(finding),
            what: left.what.clone(),
            changes: None,
            status: FixStatus::Refused(left.why.clone()),
        })
    });
    told.collect()
}

/// The findings that are shown, `notes` too.
fn shown(outcome: &Outcome, notes: bool) -> impl Iterator<Item = &Finding> {
    let seen = move |finding: &&Finding| {
        outcome.counts(finding) && (notes || finding.level != Level::Note || outcome.fails(finding))
    };
    outcome.findings.iter().filter(seen)
}

/// The places that edits change, which do not touch each other: by file, where each begins and ends.
#[derive(Default)]
struct Changed(BTreeMap<String, BTreeMap<usize, usize>>);

impl Changed {
    fn touches(&self, edit: &Edit) -> bool {
        let span = edit.location.span;
        let before = self.0.get(edit.location.path()).and_then(|places| places.range(..=span.end).next_back());
        before.is_some_and(|(_, end)| *end >= span.start)
    }

    fn add(&mut self, edit: &Edit) {
        let span = edit.location.span;
        self.0.entry(edit.location.path().to_owned()).or_default().insert(span.start, span.end);
    }
}

/// What the policies and links of each file were called before anything was mended, in order: one without an id is
/// called by its position, which changes when another goes.
#[derive(Default)]
pub(super) struct Names {
    first: BTreeMap<String, Vec<String>>,
    now: BTreeMap<String, Vec<String>>,
}

impl Names {
    /// Of `repo`, before anything was mended.
    pub(super) fn of(repo: &Repo) -> Self {
        Self { first: names(repo), now: names(repo) }
    }

    /// The same of `repo`, of which `taken` was mended.
    pub(super) fn follow(&mut self, repo: &Repo, taken: &[&Candidate]) {
        for (path, first) in &mut self.first {
            let mut now = self.now.get(path).into_iter().flatten();
            first.retain(|_| {
                let name = now.next();
                !taken.iter().any(|one| one.fix.removes_policy && name.is_some() && one.policy.as_ref() == name)
            });
        }
        self.now = names(repo);
    }

    /// Whether the file at `path` held policies or links and holds none any more.
    pub(super) fn has_lost_all(&self, path: &str) -> bool {
        self.first.contains_key(path) && !self.now.contains_key(path)
    }

    /// What the policy of `finding` was called.
    fn first(&self, finding: &Finding) -> Option<String> {
        let (path, policy) = (finding.location.path(), finding.policy.as_ref()?);
        let at = self.now.get(path).and_then(|now| now.iter().position(|name| name == policy));
        at.and_then(|at| self.first.get(path)?.get(at)).or(Some(policy)).cloned()
    }
}

/// By file, what its policies and links are called, in order.
fn names(repo: &Repo) -> BTreeMap<String, Vec<String>> {
    let mut named: BTreeMap<&str, BTreeMap<usize, &str>> = BTreeMap::new();
    let policies = repo.stores.iter().flat_map(|store| &store.policies);
    let links = repo.stores.iter().flat_map(|store| &store.links);
    let policies = policies.map(|policy| (&policy.location, &policy.name));
    for (location, name) in policies.chain(links.map(|link| (&link.location, &link.name))) {
        named.entry(location.path()).or_default().insert(location.span.start, name);
    }
    let owned = |(path, names): (&str, BTreeMap<usize, &str>)| {
        (path.to_owned(), names.into_values().map(str::to_owned).collect())
    };
    named.into_iter().map(owned).collect()
}
