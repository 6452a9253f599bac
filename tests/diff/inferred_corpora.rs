//! Stores by others with their schemas taken away: what a comparison says under the inferred schema, beside what it
//! says under the real one. docs/inferred-schemas.md shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use cedar_policy::{EntityUid, Schema};
use polcheck::config::Config;
use polcheck::diff::{Compared, compare};
use polcheck::outcome::changes::Status;
use polcheck::repo::{self, EntityState, Repo, Store};
use polcheck::source::{Memory, Worktree};

use crate::common::corpora;
use crate::documents::keep;

const PAGE: &str = "docs/inferred-schemas.md";

const HEAD: &str = "\
# Answers under inferred schemas

A store that has no schema is compared under one that is inferred from both sides: types from what policies and entities say of them,
and every attribute may be absent. What that costs shows where there is a real schema to compare with. For each store of repositories
by others that has a schema, each policy in turn is taken away, and the change is compared twice: under the schema, and under the
one that is inferred when the schema is taken away. An answer is whether access to an action is gained, and whether it is lost;
\"alike\" is how many are the same, \"more\" is told under the inferred schema alone, \"open\" is not decided there, \"hidden\" is told
under the real schema alone. `POLCHECK_BLESS=1 cargo test --test diff inferred_corpora` writes this page.

| repository | store | changes | answers | alike | more | open | hidden |
|---|---|---|---|---|---|---|---|
";

const TAIL: &str = "
## Why answers differ

- **More**: the real schema says that an attribute is always there, or that an action is not for a type. A permit that is shadowed by
  another only if `resource.owner` exists decides something by itself where it may be missing. Told, and not hidden: that is
  the price of never taking presence from evidence.
- **Open**: an action is named, and so is a group of actions, and nothing says whether the one is in the other (`sales_orgs`, `github`);
  or a policy asks with `is` of which type an attribute is, and nothing else says it.
- **Hidden**: none. A change that the real schema shows is told, or not decided.
";

/// The files of a store without its schema.
fn bare_files(store: &Store, root: &Path) -> Vec<(String, String)> {
    let schemas: BTreeSet<&String> = store.schema_files.iter().collect();
    let all: BTreeSet<&String> = store.files.iter().filter(|path| !schemas.contains(path)).collect();
    let text = |path: &&String| Some(((*path).clone(), std::fs::read_to_string(root.join(path.as_str())).ok()?));
    all.iter().filter(|path| !path.contains("test")).filter_map(text).collect()
}

fn load(files: &[(String, String)]) -> Repo {
    let memory = Memory::new(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    repo::load(&memory, &Config::default(), &repo::Request::default()).unwrap()
}

/// What is said of each action: gained and lost, each no, yes or open.
type Said = BTreeMap<String, [Option<bool>; 2]>;

fn said(compared: &Compared) -> Said {
    let mut all = Said::new();
    for change in compared.stores.iter().flat_map(|store| &store.environments) {
        let known = all.entry(change.environment.action.clone()).or_insert([Some(false); 2]);
        for (slot, status) in known.iter_mut().zip([&change.gained, &change.lost]) {
            match (*slot, status) {
                (_, Status::Yes) => *slot = Some(true),
                (Some(false), Status::Unknown(_)) => *slot = None,
                _ => {}
            }
        }
    }
    all
}

/// What is said of `action` of the real schema under the inferred one: of itself, or of what stands for it.
fn of_action(said: &Said, action: &str, groups: &BTreeSet<String>) -> [Option<bool>; 2] {
    if let Some(known) = said.get(action) {
        return *known;
    }
    let mut all = [Some(false); 2];
    let id = action.rsplit_once("::").map_or("", |(_, id)| id.trim_matches('"'));
    let stands_for = |group: &str| -> Vec<String> { vec![format!("{group}, or any action in it"), group.to_owned()] };
    for (name, known) in said {
        let name = name.rsplit_once("::\"").map_or("", |(_, id)| id.trim_end_matches('"'));
        let several = name.strip_prefix("any action in ").map(|names| names.split(" and ").collect::<Vec<_>>());
        let mine = name == "any other action"
            || groups.iter().map(String::as_str).chain([id]).any(|group| {
                stands_for(group).iter().any(|one| one == name)
                    || several.as_ref().is_some_and(|names| names.contains(&group))
            });
        if !mine {
            continue;
        }
        for (slot, known) in all.iter_mut().zip(known) {
            *slot = match (*slot, known) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (None, _) | (_, None) => None,
                _ => Some(false),
            };
        }
    }
    all
}

fn groups_of(schema: &Schema) -> BTreeMap<String, BTreeSet<String>> {
    let actions = schema.action_entities().unwrap();
    let id = |uid: &EntityUid| AsRef::<str>::as_ref(uid.id()).to_owned();
    let above = |uid: &EntityUid| actions.ancestors(uid).into_iter().flatten().map(id).collect();
    actions.iter().map(|action| (action.uid().to_string(), above(&action.uid()))).collect()
}

#[derive(Default, Clone, Copy)]
struct Tally {
    changes: usize,
    answers: usize,
    alike: usize,
    more: usize,
    open: usize,
    hidden: usize,
}

fn judge(real: &Said, inferred: &Said, groups: &BTreeMap<String, BTreeSet<String>>, tally: &mut Tally) -> Vec<String> {
    let mut hidden = Vec::new();
    tally.changes += 1;
    for (action, truth) in real {
        let none = BTreeSet::new();
        let answers = of_action(inferred, action, groups.get(action).unwrap_or(&none));
        for (truth, answer) in truth.iter().zip(answers) {
            tally.answers += 1;
            match (truth, answer) {
                (truth, answer) if *truth == answer => tally.alike += 1,
                (_, None) => tally.open += 1,
                (Some(false) | None, Some(true)) => tally.more += 1,
                (None, Some(false)) => tally.alike += 1,
                (Some(_), Some(_)) => {
                    tally.hidden += 1;
                    hidden.push(action.clone());
                }
            }
        }
    }
    hidden
}

/// The kind: a schema that is not there must not hide what it would show.
#[test]
fn what_the_real_schema_shows_is_never_hidden() {
    let Some(corpora) = corpora() else { return };
    let mut page = HEAD.to_owned();
    let mut total = Tally::default();
    let mut places: Vec<_> = std::fs::read_dir(&corpora).unwrap().map(|entry| entry.unwrap().path()).collect();
    places.sort();
    for place in places.iter().filter(|place| place.is_dir()) {
        let repo = repo::load(&Worktree::new(place), &Config::default(), &repo::Request::default()).unwrap();
        for store in &repo.stores {
            let Some(schema) = store.schema.ready() else { continue };
            if !store.broken.is_empty() || matches!(store.entities, EntityState::Broken(..)) {
                continue;
            }
            let groups = groups_of(&schema.cedar);
            let bare = bare_files(store, place);
            let mut with = bare.clone();
            for path in &store.schema_files {
                with.extend(std::fs::read_to_string(place.join(path)).map(|text| (path.clone(), text)));
            }
            let mut tally = Tally::default();
            let (whole, whole_bare) = (load(&with), load(&bare));
            let comparable =
                |repo: &Repo| repo.stores.len() == 1 && repo.stores[0].policies.len() == store.policies.len();
            if !comparable(&whole) || !comparable(&whole_bare) || whole_bare.stores[0].schema.ready().is_some() {
                continue;
            }
            for policy in store.policies.iter().filter(|policy| policy.location.path().ends_with(".cedar")).take(12) {
                let (path, span) = (policy.location.path().to_owned(), policy.location.span);
                let without = |files: &[(String, String)]| {
                    let mut files = files.to_vec();
                    for (name, text) in &mut files {
                        if *name == path && text.is_char_boundary(span.start) && text.is_char_boundary(span.end) {
                            text.replace_range(span.start..span.end, "");
                        }
                    }
                    load(&files)
                };
                let real = said(&compare(&whole, &without(&with)));
                let compared = compare(&whole_bare, &without(&bare));
                let hidden = judge(&real, &said(&compared), &groups, &mut tally);
                assert!(
                    hidden.is_empty(),
                    "{}/{} without {}: {hidden:?}\n{compared:#?}",
                    place.display(),
                    store.name,
                    policy.name
                );
            }
            if tally.changes == 0 {
                continue;
            }
            let name = place.file_name().unwrap().to_string_lossy();
            let Tally { changes, answers, alike, more, open, hidden } = tally;
            writeln!(
                page,
                "| {name} | `{}` | {changes} | {answers} | {alike} | {more} | {open} | {hidden} |",
                store.name
            )
            .unwrap();
            total.changes += changes;
            total.answers += answers;
            total.alike += alike;
            total.more += more;
            total.open += open;
        }
    }
    let Tally { changes, answers, alike, more, open, .. } = total;
    writeln!(page, "| all | | {changes} | {answers} | {alike} | {more} | {open} | 0 |").unwrap();
    page.push_str(TAIL);
    assert!(changes > 60 && alike * 3 > answers * 2, "{changes} changes, {alike} of {answers}");
    keep(PAGE, &page);
}
