//! Copies of a policy set: what is deployed beside what it is made from, versions side by side. Each is a set by
//! itself; read as one they would be every policy twice.

use std::collections::{BTreeMap, BTreeSet};

use super::group::Group;
use super::words::strings_behind;
use crate::repo::files::Files;
use crate::repo::paths::{dir, within};

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
        let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then_some(Self { ids, text })
    }

    /// Whether one holds all that the other calls by a name, or they say the same.
    fn repeats(&self, other: &Self) -> bool {
        let (small, large) = if self.ids.len() <= other.ids.len() { (self, other) } else { (other, self) };
        self.text == other.text || (!small.ids.is_empty() && small.ids.is_subset(&large.ids))
    }
}

/// `group` without its copies, and they. The first keeps its folder and its schemas.
pub(super) fn split_copies<'p>(group: Group<'p>, files: &Files<'_>) -> Vec<Group<'p>> {
    if group.policies.len() < 2 {
        return vec![group];
    }
    let prints: BTreeMap<&str, Print> =
        group.policies.iter().filter_map(|path| Some((*path, Print::of(path, files)?))).collect();
    let mut roots: BTreeSet<String> = copied_folders(&prints);
    roots.extend(versions_beside(&prints, &roots));
    let mut parts: BTreeMap<String, Group<'p>> = BTreeMap::new();
    let Group { root, schemas, policies, apart } = group;
    for path in policies {
        let copy = roots.iter().filter(|root| within(path, root)).max_by_key(|root| root.len());
        let place = copy.unwrap_or(&root);
        let part =
            parts.entry(place.clone()).or_insert_with(|| Group { root: place.clone(), apart, ..Group::default() });
        part.policies.push(path);
    }
    // What schemas rule goes on being theirs, where everything below turned out to be versions as well.
    if !schemas.is_empty()
        && !parts.contains_key(&root)
        && let Some(first) = parts.values_mut().next()
    {
        first.schemas = schemas;
    } else if let Some(main) = parts.get_mut(&root) {
        main.schemas = schemas;
    }
    parts.into_values().collect()
}

/// Folders that hold a copy of what another folder holds.
fn copied_folders(prints: &BTreeMap<&str, Print>) -> BTreeSet<String> {
    let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for path in prints.keys() {
        by_name.entry(path.rsplit('/').next().unwrap_or(path)).or_default().push(path);
    }
    /// How many files of two folders repeat each other, and whether any does word for word.
    type Votes<'v> = BTreeMap<(&'v str, &'v str), (usize, bool)>;
    let mut votes: Votes<'_> = BTreeMap::new();
    for paths in by_name.values().filter(|paths| paths.len() <= 20) {
        for (at, one) in paths.iter().enumerate() {
            for other in paths.iter().skip(at + 1) {
                let (Some(first), Some(second)) = (prints.get(one), prints.get(other)) else { continue };
                if first.repeats(second) {
                    let vote = votes.entry(heads(dir(one), dir(other))).or_default();
                    vote.0 += 1;
                    vote.1 |= first.text == second.text;
                }
            }
        }
    }
    let below = |head: &str, without: &str| {
        let inside = |path: &&&str| within(path, head) && (without.is_empty() || !within(path, without));
        prints.keys().filter(inside).count()
    };
    let mut copies = BTreeSet::new();
    for ((one, other), (count, same)) in votes {
        let nested = within(other, one) || within(one, other);
        let (first, second) = if nested {
            (
                below(one, if within(other, one) { other } else { "" }),
                below(other, if within(one, other) { one } else { "" }),
            )
        } else {
            (below(one, ""), below(other, ""))
        };
        let marked = [is_marked(one), is_marked(other)];
        let enough = count * 2 >= first.min(second) && (same || count > 1 || marked.contains(&true));
        if !enough {
            continue;
        }
        if nested {
            copies.insert(if within(other, one) { other } else { one }.to_owned());
            continue;
        }
        // Where only one of them is called as a copy is, the other is what it is made from.
        match marked {
            [true, false] => drop(copies.insert(one.to_owned())),
            [false, true] => drop(copies.insert(other.to_owned())),
            _ => copies.extend([one.to_owned(), other.to_owned()]),
        }
    }
    copies
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
fn versions_beside(prints: &BTreeMap<&str, Print>, copied: &BTreeSet<String>) -> BTreeSet<String> {
    let mut kin: BTreeMap<(&str, Vec<String>), Vec<&str>> = BTreeMap::new();
    for path in prints.keys().filter(|path| !copied.iter().any(|root| within(path, root))) {
        let stem = stem(path);
        let plain = plain_words(stem);
        if !plain.is_empty() {
            kin.entry((dir(path), plain)).or_default().push(path);
        }
    }
    let mut copies = BTreeSet::new();
    for mut paths in kin.into_values().filter(|paths| paths.len() > 1) {
        // What has the plainest name is the set, and the others are held against it.
        paths.sort_by_key(|path| (parts(stem(path)).count(), path.len(), *path));
        let mut kept: Vec<&str> = Vec::new();
        for path in paths {
            let Some(print) = prints.get(path) else { continue };
            // Numbers alone are parts of one set as often as versions of it.
            let says_so = parts(stem(path)).any(|part| is_mark(part) && !part.chars().all(|c| c.is_ascii_digit()));
            if says_so && kept.iter().filter_map(|known| prints.get(known)).any(|known| known.repeats(print)) {
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
    folder.split('/').any(|part| parts(part).any(is_mark))
}
