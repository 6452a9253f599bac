//! Copies of a policy set: what is deployed beside what it is made from, versions side by side. Each is a set by
//! itself; read as one they would be every policy twice.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::group::Group;
use super::words::strings_behind;
use crate::repo::files::Files;
use crate::repo::paths::{dir, within};
use crate::text::tokens::{code, words};

/// Words in names of folders and files that say that something is a version or a copy, besides `v2` and numbers.
const MARKS: [&str; 36] = [
    "archive",
    "archived",
    "backup",
    "bad",
    "bak",
    "broken",
    "build",
    "chart",
    "charts",
    "copy",
    "current",
    "deploy",
    "deployed",
    "deployment",
    "dev",
    "dist",
    "draft",
    "edited",
    "fixed",
    "generated",
    "good",
    "helm",
    "invalid",
    "legacy",
    "new",
    "old",
    "orig",
    "original",
    "out",
    "prod",
    "production",
    "refactored",
    "stage",
    "staging",
    "target",
    "valid",
];

/// Where more files than this have one name, the name says nothing.
const MOST_NAMESAKES: usize = 20;

/// What tells a file's policies: their ids and the whole text.
struct Print {
    ids: BTreeSet<String>,
    text: String,
}

impl Print {
    fn of(path: &str, files: &Files<'_>) -> Option<Self> {
        let file = files.text(path).ok()?;
        let text = file.parse_text();
        let ids: BTreeSet<String> = strings_behind(&text, "id").into_iter().map(str::to_owned).collect();
        // Comments and white space aside; what holds no policy repeats none.
        let policies = words(&text).any(|word| matches!(word, "permit" | "forbid")) || path.ends_with(".json");
        policies.then(|| Self { ids, text: code(&text) })
    }

    /// Whether one holds all that the other calls by a name, or they say the same.
    fn repeats(&self, other: &Self) -> bool {
        let (small, large) = if self.ids.len() <= other.ids.len() { (self, other) } else { (other, self) };
        self.text == other.text || (!small.ids.is_empty() && small.ids.is_subset(&large.ids))
    }
}

/// Folders and files that hold copies of what is among `policies` too. Only files whose names show that they could be
/// one are looked into.
pub(super) fn copies(policies: &[&str], files: &Files<'_>) -> BTreeSet<String> {
    let (namesakes, kin) = (namesakes(policies), kin(policies));
    let wanted: BTreeSet<&str> = namesakes.iter().chain(&kin).flatten().copied().collect();
    let wanted: Vec<&str> = wanted.into_iter().collect();
    let prints: Vec<(&str, Option<Print>)> = wanted.par_iter().map(|path| (*path, Print::of(path, files))).collect();
    let prints: Prints<'_> = prints.into_iter().filter_map(|(path, print)| Some((path, print?))).collect();
    let mut roots = copied_folders(policies, &namesakes, &prints);
    roots.extend(versions_beside(&kin, &prints, &roots));
    roots
}

type Prints<'p> = BTreeMap<&'p str, Print>;

/// Files of one name in several folders.
fn namesakes<'p>(policies: &[&'p str]) -> Vec<Vec<&'p str>> {
    let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for path in policies {
        by_name.entry(path.rsplit('/').next().unwrap_or(path)).or_default().push(path);
    }
    by_name.into_values().filter(|paths| (2..=MOST_NAMESAKES).contains(&paths.len())).collect()
}

/// Files of one folder whose names differ in words that say that something is a version.
fn kin<'p>(policies: &[&'p str]) -> Vec<Vec<&'p str>> {
    let mut kin: BTreeMap<(&str, Vec<String>), Vec<&str>> = BTreeMap::new();
    for path in policies {
        let plain = plain_words(stem(path));
        if !plain.is_empty() {
            kin.entry((dir(path), plain)).or_default().push(path);
        }
    }
    kin.into_values().filter(|paths| paths.len() > 1 && paths.iter().any(|path| is_version(path))).collect()
}

/// Whether the name of the file at `path` says that it is a version. Numbers alone are parts of one set as often.
fn is_version(path: &str) -> bool {
    parts(stem(path)).any(|part| is_mark(part) && !part.chars().all(|c| c.is_ascii_digit()))
}

/// `group` without the copies in it, and each of these. The first keeps its folder and its schemas. What lies in one of
/// `elsewhere` is a copy of what other groups hold.
pub(super) fn split_copies<'p>(group: Group<'p>, elsewhere: &BTreeSet<String>, files: &Files<'_>) -> Vec<Group<'p>> {
    let whole = elsewhere.iter().any(|copy| within(&group.root, copy));
    let copies = copies(&group.policies, files);
    let mut parts: BTreeMap<String, Group<'p>> = BTreeMap::new();
    let Group { root, schemas, policies, apart, .. } = group;
    for path in policies {
        let below = copies.iter().filter(|copy| within(path, copy) && **copy != root);
        let copy = below.max_by_key(|copy| copy.len());
        let place = copy.unwrap_or(&root);
        let new = || Group { root: place.clone(), apart, copy: whole || copy.is_some(), ..Group::default() };
        parts.entry(place.clone()).or_insert_with(new).policies.push(path);
    }
    // What schemas rule goes on being theirs, where everything below turned out to be versions as well.
    match parts.get_mut(&root) {
        Some(main) => main.schemas = schemas,
        None => parts.values_mut().for_each(|part| part.schemas.clone_from(&schemas)),
    }
    parts.into_values().collect()
}

/// Folders that hold a copy of what another folder holds.
fn copied_folders(policies: &[&str], namesakes: &[Vec<&str>], prints: &Prints<'_>) -> BTreeSet<String> {
    /// How many files of two folders repeat each other.
    type Votes<'v> = BTreeMap<(&'v str, &'v str), usize>;
    let mut votes: Votes<'_> = BTreeMap::new();
    for paths in namesakes {
        for (at, one) in paths.iter().enumerate() {
            for other in paths.iter().skip(at + 1) {
                let (Some(first), Some(second)) = (prints.get(one), prints.get(other)) else { continue };
                if first.repeats(second) {
                    let (one, other) = heads(dir(one), dir(other));
                    *votes.entry((one.min(other), one.max(other))).or_default() += 1;
                }
            }
        }
    }
    let mut sorted: Vec<&str> = policies.to_vec();
    sorted.sort_unstable();
    // How many there are in a folder, what lies in the other one aside.
    let below = |head: &str, other: &str| {
        let inner = if within(other, head) { count_below(&sorted, other) } else { 0 };
        count_below(&sorted, head).saturating_sub(inner)
    };
    let mut copies = BTreeSet::new();
    for ((one, other), count) in votes {
        let (inner, outer) = if within(one, other) { (one, other) } else { (other, one) };
        let (in_inner, in_outer) = (below(inner, outer), below(outer, inner));
        // All of a copy is there twice; of versions at least what the smaller one has, unless that is a single file.
        let repeats = |size: usize| count == size || count > 1 && count == in_inner.min(in_outer);
        match (is_marked(outer), is_marked(inner)) {
            // What lies in the other is the copy; else what is called as copies are.
            (_, true) if within(inner, outer) => drop(repeats(in_inner).then(|| copies.insert(inner.to_owned()))),
            (true, true) if repeats(in_inner) && repeats(in_outer) => {
                copies.extend([one.to_owned(), other.to_owned()]);
            }
            (true, true) => {}
            (false, true) => drop(repeats(in_inner).then(|| copies.insert(inner.to_owned()))),
            (true, false) => drop(repeats(in_outer).then(|| copies.insert(outer.to_owned()))),
            // Names that say nothing: the deeper one, if all of it is there twice. Teams side by side are one set.
            (false, false) => {
                let depth = |folder: &str| if folder.is_empty() { 0 } else { folder.split('/').count() };
                let (deeper, size) = if depth(inner) > depth(outer) { (inner, in_inner) } else { (outer, in_outer) };
                if count > 1 && count == size && depth(inner) != depth(outer) {
                    copies.insert(deeper.to_owned());
                }
            }
        }
    }
    copies
}

/// How many of `sorted` lie below `folder`.
fn count_below(sorted: &[&str], folder: &str) -> usize {
    if folder.is_empty() {
        return sorted.len();
    }
    let from = sorted.partition_point(|path| *path < format!("{folder}/").as_str());
    sorted.get(from..).map_or(0, |rest| rest.partition_point(|path| within(path, folder)))
}

/// Two folders without the end that their paths have in common, unless one would then be the root of everything.
fn heads<'p>(one: &'p str, other: &'p str) -> (&'p str, &'p str) {
    let (mut first, mut second) = (one, other);
    while let (Some((a, x)), Some((b, y))) = (first.rsplit_once('/'), second.rsplit_once('/'))
        && x == y
        && a != b
    {
        (first, second) = (a, b);
    }
    (first, second)
}

/// Files that are a version of another in the same folder, by name and by what they hold.
fn versions_beside(kin: &[Vec<&str>], prints: &Prints<'_>, copied: &BTreeSet<String>) -> BTreeSet<String> {
    let mut copies = BTreeSet::new();
    for paths in kin {
        let mut paths: Vec<&str> =
            paths.iter().copied().filter(|path| !copied.iter().any(|root| within(path, root))).collect();
        // What has the plainest name is the set, and the others are held against it.
        paths.sort_by_key(|path| (parts(stem(path)).count(), path.len(), *path));
        let mut kept: Vec<&str> = Vec::new();
        for path in paths {
            let Some(print) = prints.get(path) else { continue };
            if is_version(path) && kept.iter().filter_map(|known| prints.get(known)).any(|known| known.repeats(print)) {
                copies.insert(path.to_owned());
            } else {
                kept.push(path);
            }
        }
    }
    copies
}

fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".cedar.json").or_else(|| name.strip_suffix(".cedar")).unwrap_or(name)
}

fn parts(stem: &str) -> impl Iterator<Item = &str> {
    stem.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty())
}

/// The words of a name, lower case and without a plural's end, that say nothing of versions.
fn plain_words(stem: &str) -> Vec<String> {
    let plain = |part: &str| {
        let part = part.to_lowercase();
        match part.strip_suffix("ies") {
            Some(start) => format!("{start}y"),
            None => part.strip_suffix('s').map(str::to_owned).unwrap_or(part),
        }
    };
    parts(stem).filter(|part| !is_mark(part)).map(plain).collect()
}

fn is_mark(word: &str) -> bool {
    let word = word.to_lowercase();
    let number = word.strip_prefix('v').unwrap_or(&word);
    let numbered = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    numbered || MARKS.contains(&word.as_str())
}

/// Whether a folder on the way says that what lies below is a version or a copy.
fn is_marked(folder: &str) -> bool {
    // A number alone is an order.
    folder.split('/').any(|part| parts(part).any(|word| is_mark(word) && !word.chars().all(|c| c.is_ascii_digit())))
}
