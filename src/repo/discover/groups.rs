//! Which policies belong together, before schemas are looked at: those below the folder that a schema rules, or below
//! the outermost folder where no schema is around; examples, tests and copies by themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::copies::{copies, split_copies};
use super::group::Group;
use super::schemas::{in_cedar_syntax, root_of};
use super::sorted::Sorted;
use crate::repo::files::Files;
use crate::repo::paths::{dir, within};

/// Folders whose policies are not those of what lies around them.
const APART: [&str; 9] =
    ["example", "examples", "fixtures", "samples", "test", "testdata", "tests", "__fixtures__", "__tests__"];

/// The outermost folder around `path` whose name says that it holds examples or tests; empty where there is none.
pub(super) fn apart(path: &str) -> &str {
    let mut at = 0;
    for part in dir(path).split('/') {
        let end = at + part.len();
        if APART.contains(&part) {
            return path.get(..end).unwrap_or_default();
        }
        at = end + 1;
    }
    ""
}

/// The schemas that rule each folder. Those by content count where no other is.
pub(super) fn ruled<'p>(sorted: &Sorted<'p>) -> BTreeMap<&'p str, Vec<&'p str>> {
    let mut ruled: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for path in &sorted.schemas {
        ruled.entry(root_of(dir(path))).or_default().push(path);
    }
    let certain: BTreeSet<&str> = ruled.keys().copied().collect();
    let named: BTreeSet<&str> = sorted.schemas.iter().copied().collect();
    let twin = |path: &str| in_cedar_syntax(path, |cedar| named.contains(cedar)).is_some();
    for path in &sorted.candidates {
        let root = root_of(dir(path));
        if twin(path) || !certain.contains(root) && sorted.policies.iter().any(|policy| within(policy, root)) {
            ruled.entry(root).or_default().push(path);
        }
    }
    ruled
}

/// The groups of the policies of `sorted`, sorted by their folders; `ruled` is what schemas rule.
pub(super) fn group<'p>(
    sorted: &Sorted<'p>,
    ruled: &BTreeMap<&'p str, Vec<&'p str>>,
    files: &Files<'_>,
) -> Vec<Group<'p>> {
    let mut owned: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    let mut free: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for path in &sorted.policies {
        let apart = apart(path);
        let owner = ruled.keys().filter(|root| within(path, root) && within(root, apart)).max_by_key(|root| root.len());
        match owner {
            Some(root) => owned.entry((*root, apart)).or_default().push(path),
            None => free.entry(apart).or_default().push(path),
        }
    }
    let mut groups: Vec<Group<'p>> = Vec::new();
    for ((root, apart), policies) in owned {
        let schemas = ruled.get(root).cloned().unwrap_or_default();
        groups.push(Group { root: root.to_owned(), schemas, policies, apart, copy: false });
    }
    let mut by_apart: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for path in &sorted.policies {
        by_apart.entry(apart(path)).or_default().push(path);
    }
    let copies: BTreeMap<&str, BTreeSet<String>> =
        by_apart.into_iter().map(|(apart, policies)| (apart, copies(&policies, files))).collect();
    for (apart, policies) in free {
        for root in outermost(&policies) {
            let below = policies.iter().copied().filter(|path| within(path, root)).collect();
            let group = Group { root: root.to_owned(), policies: below, apart, ..Group::default() };
            groups.push(group);
        }
    }
    let none = BTreeSet::new();
    let split = |group: Group<'p>| {
        let elsewhere = copies.get(group.apart).unwrap_or(&none);
        split_copies(group, elsewhere, files)
    };
    let mut groups: Vec<Group<'p>> = groups.into_iter().flat_map(split).collect();
    groups.sort_by(|a, b| a.root.cmp(&b.root));
    groups
}

/// The outermost folders that hold `paths`, or the folder around one whose name says that it holds policies: parts of
/// a set have folders of their own in there.
fn outermost<'p>(paths: &[&'p str]) -> Vec<&'p str> {
    let holds_policies = |folder: &str| {
        let name = folder.rsplit('/').next().unwrap_or_default();
        name.contains("polic") || ["authz", "cedar", "permissions"].contains(&name)
    };
    let mut roots = folders_of(paths);
    for root in &mut roots {
        if holds_policies(dir(root)) {
            *root = dir(root);
        }
    }
    roots.sort_unstable();
    roots.dedup();
    roots
}

/// The outermost folders that directly hold one of `paths`.
fn folders_of<'p>(paths: &[&'p str]) -> Vec<&'p str> {
    let mut roots: Vec<&str> = Vec::new();
    let dirs: BTreeSet<&str> = paths.iter().map(|path| dir(path)).collect();
    for folder in dirs {
        if !roots.iter().any(|root| within(folder, root)) {
            roots.push(folder);
        }
    }
    roots
}
