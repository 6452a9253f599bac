//! What clauses say of a change is the change: each is read back as a policy of its own, which does not match where its
//! expression errors, and the engine is asked whether they name what changes and nothing else. And what an edit is said
//! to have done, done to the old policy, gives the new one.
//!
//! `POLCHECK_DIFF_SEEDS` and `POLCHECK_DIFF_FROM` say over which pairs, as for the other laws of comparisons.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cedar_policy::{Policy, PolicyId, RequestEnv};
use polcheck::config::Config;
use polcheck::diff::compare;
use polcheck::expression::{Piece, Section, not, pieces, plainly, policy_of, text};
use polcheck::outcome::changes::{
    Cause, Change, Clause, Direction, EditPart, Effect, EnvironmentChange, Lifecycle, Status, StoreChanges,
};
use polcheck::repo::{self, EntityState, Repo, Store};
use polcheck::source::{Memory, Worktree};
use polcheck::symbolic::{Answer, CompiledPolicies, Formula, SchemaModel, Session, Subject};

use crate::common::corpora;
use crate::diff_laws::{Pair, each};

/// What a run has seen, by how the only cause changed.
#[derive(Default)]
struct Seen {
    changed: [AtomicUsize; 3],
    exact: [AtomicUsize; 3],
    whole: AtomicUsize,
    open: AtomicUsize,
    edits: AtomicUsize,
    instead: AtomicUsize,
}

/// Added or removed, edited, and everything else.
const KINDS: [&str; 3] = ["added or removed", "edited", "of several causes or the schema"];

fn add(to: &AtomicUsize, count: usize) {
    to.fetch_add(count, Ordering::Relaxed);
}

fn got(of: &AtomicUsize) -> usize {
    of.load(Ordering::Relaxed)
}

impl Seen {
    fn show(&self) -> String {
        let kinds = KINDS.iter().zip(&self.changed).zip(&self.exact);
        let kinds: Vec<String> =
            kinds.map(|((kind, all), exact)| format!("{} of {} {kind} exact", got(exact), got(all))).collect();
        let (whole, open, edits) = (got(&self.whole), got(&self.open), got(&self.edits));
        let instead = got(&self.instead);
        format!(
            "{}; {whole} directions whole, {open} questions open, {edits} edits, {instead} exceptions turned",
            kinds.join(", ")
        )
    }
}

fn subject(text: &str) -> Subject {
    let policy = format!("permit (principal, action, resource) when {{ {text} }};");
    Subject::policy(&Policy::parse(Some(PolicyId::new("clause")), &policy).unwrap_or_else(|e| panic!("{e:?}\n{text}")))
}

/// The expressions of an effect's clauses as policies: `when`, and the others in their order.
struct Read {
    when: Subject,
    lists: [Vec<Subject>; 3],
    /// What is said to hold in place of exceptions: on the other side, and on the side that allows.
    instead: [Vec<Subject>; 2],
}

fn read(effect: &Effect) -> Read {
    let condition = &effect.condition;
    let list = |all: &[Clause]| all.iter().map(|clause| subject(&clause.condition)).collect();
    let lists = [&condition.where_allowed, &condition.unless_allowed, &condition.unless_refused];
    let opposites = |all: &[Clause]| all.iter().filter_map(|one| Some(subject(one.opposite.as_ref()?))).collect();
    let instead = [&condition.unless_allowed, &condition.unless_refused].map(|all| opposites(all));
    Read { when: subject(&condition.when), lists: lists.map(|all| list(all)), instead }
}

/// The requests that the clauses name. `sides` are the numbers of the side that allows and of the other in the session;
/// `own` is that on which `when` is read.
fn named<'a>(session: &mut Session<'a>, read: &'a Read, [allows, denies]: [usize; 2], own: usize) -> Formula {
    let [allowed, unless_allowed, unless_refused] = &read.lists;
    let mut any = |side: usize, all: &'a [Subject]| {
        Formula::Or(all.iter().map(|one| Formula::Matches(session.add_policy(side, one))).collect())
    };
    let mut named = (!any(denies, unless_allowed)).and(!any(allows, unless_refused));
    if !allowed.is_empty() {
        named = named.and(any(allows, allowed));
    }
    named.and(any(own, std::slice::from_ref(&read.when)))
}

fn rules(store: &Store) -> Option<CompiledPolicies> {
    let model = SchemaModel::new(&store.schema.ready()?.cedar).ok()?;
    Some(CompiledPolicies::new(model, store.set.policies().map(Subject::policy).collect()))
}

fn request_env(rules: &[&CompiledPolicies], change: &EnvironmentChange) -> RequestEnv {
    let all = rules.iter().flat_map(|rules| rules.schema().environments());
    let named = |env: &&RequestEnv| {
        env.principal().to_string() == change.environment.principal
            && env.action().to_string() == change.environment.action
            && env.resource().to_string() == change.environment.resource
    };
    all.into_iter().find(named).unwrap().clone()
}

/// Every effect names what changes its decision and nothing else; all of a direction name all of it.
fn hold_to(changes: &StoreChanges, old: Option<&Store>, new: Option<&Store>, what: &dyn Fn() -> String, seen: &Seen) {
    let rules = [old.and_then(rules), new.and_then(rules)];
    for (at, change) in changes.environments.iter().enumerate() {
        let sides: Vec<usize> = match change.lifecycle {
            Lifecycle::Kept => vec![0, 1],
            Lifecycle::Added => vec![1],
            Lifecycle::Removed => vec![0],
        };
        let here: Option<Vec<&CompiledPolicies>> = sides.iter().map(|side| rules[*side].as_ref()).collect();
        let Some(here) = here else { continue };
        let env = request_env(&here, change);
        for direction in [Direction::Gained, Direction::Lost] {
            let groups = changes.groups.iter().filter(|group| group.direction == direction);
            let effects: Vec<(&[Cause], &Effect)> = groups
                .flat_map(|group| group.effects.iter().map(|effect| (group.causes.as_slice(), effect)))
                .filter(|(_, effect)| effect.environment == at)
                .collect();
            let allows = usize::from(direction == Direction::Gained);
            let number = |side: usize| sides.iter().position(|known| *known == side);
            let Some(allowing) = number(allows) else { continue };
            let read: Vec<Read> = effects.iter().map(|(_, effect)| read(effect)).collect();
            let mut session = match here.as_slice() {
                [old, new] => Session::pair(old, new, &env),
                only => Session::new(only[0], &env),
            };
            let mut delta = session.allow(allowing);
            if let Some(denying) = number(1 - allows) {
                delta = delta.and(!session.allow(denying));
            }
            let mut all = Vec::new();
            for ((causes, effect), read) in effects.iter().zip(&read) {
                let kind = match causes {
                    [one] if matches!(one.change, Change::Added | Change::Removed) => 0,
                    [one] if one.change == Change::Edited => 1,
                    _ => 2,
                };
                add(&seen.changed[kind], 1);
                add(&seen.exact[kind], usize::from(effect.condition.exact));
                // New permits and new forbids speak of the new side, what is gone of the old one.
                let permit = causes.iter().any(|cause| cause.effect == "permit");
                let own = number(usize::from(permit == (direction == Direction::Gained))).unwrap_or(allowing);
                let other = number(1 - allows).unwrap_or(allowing);
                let named = named(&mut session, read, [allowing, other], own);
                if effect.condition.exact {
                    let wrong = named.clone().and(!delta.clone());
                    nobody(&mut session, &wrong, "named, and does not change", &[effect], what, seen);
                }
                // Everything that is named is as is said in place of exceptions.
                for (side, instead) in [other, allowing].into_iter().zip(&read.instead) {
                    for one in instead {
                        add(&seen.instead, 1);
                        let not_so = !Formula::Matches(session.add_policy(side, one));
                        nobody(
                            &mut session,
                            &named.clone().and(not_so),
                            "named, and not as is said",
                            &[effect],
                            what,
                            seen,
                        );
                    }
                }
                all.push(named);
            }
            let status = if allows == 1 { &change.gained } else { &change.lost };
            if *status == Status::Yes && effects.iter().all(|(_, effect)| effect.condition.exact) {
                add(&seen.whole, 1);
                let wrong = delta.and(!Formula::Or(all));
                let effects: Vec<&Effect> = effects.iter().map(|(_, effect)| *effect).collect();
                nobody(&mut session, &wrong, "changes, and is not named", &effects, what, seen);
            }
        }
    }
}

fn nobody(
    session: &mut Session<'_>,
    question: &Formula,
    claim: &str,
    effects: &[&Effect],
    what: &dyn Fn() -> String,
    seen: &Seen,
) {
    match session.find(question) {
        Answer::Impossible => {}
        Answer::Unknown(_) => add(&seen.open, 1),
        Answer::Witness(witness) => {
            let cases: Vec<String> =
                witness.cases.iter().map(|case| format!("{}\n{}", case.request_json, case.entities_json)).collect();
            let clauses: Vec<_> = effects.iter().map(|effect| &effect.condition).collect();
            panic!("{claim}: {}\n{clauses:#?}\n{}", cases.join("\n"), what())
        }
    }
}

/// The pieces of a policy as [`polcheck::outcome::changes::Edit`] has them.
fn pieces_of(policy: &Policy) -> Vec<(EditPart, String)> {
    let mut all = Vec::new();
    for piece in pieces(&policy.to_json().unwrap()) {
        match piece.section {
            Section::Scope => all.push((EditPart::Scope, text(&piece.expression).unwrap())),
            Section::When => {
                all.extend(piece.conjuncts().iter().map(|one| (EditPart::When, text(one).unwrap())));
            }
            Section::Unless => {
                all.extend(piece.conjuncts().into_iter().map(|one| (EditPart::Unless, text(&not(one)).unwrap())));
            }
        }
    }
    all
}

/// A policy of these pieces.
fn put_together(pieces: &[(EditPart, String)]) -> Subject {
    let scope = |variable: &str| {
        let about =
            |(part, text): &&(EditPart, String)| *part == EditPart::Scope && text.split(' ').next() == Some(variable);
        pieces.iter().find(about).map_or(variable.to_owned(), |(_, text)| text.clone())
    };
    let mut policy = format!("permit ({}, {}, {})", scope("principal"), scope("action"), scope("resource"));
    for (part, text) in pieces {
        match part {
            EditPart::Scope => {}
            EditPart::When => policy.push_str(&format!(" when {{ {text} }}")),
            EditPart::Unless => policy.push_str(&format!(" unless {{ {text} }}")),
        }
    }
    Subject::policy(&Policy::parse(None, format!("{policy};")).unwrap_or_else(|e| panic!("{e:?}\n{policy}")))
}

fn policy_at(store: &Store, location: &polcheck::text::Location) -> Option<Policy> {
    let found = store.policies.iter().find(|policy| policy.location == *location)?;
    store.set.policy(&found.key).cloned()
}

/// The kind: an expression that is written otherwise than it is read.
#[test]
fn what_is_written_of_a_condition_reads_back_as_it() {
    let read = AtomicUsize::new(0);
    each(8_000_000, 1_000, |seed| {
        let pair = Pair::edited(seed);
        for repo in [pair.repos().0, pair.repos().1] {
            for policy in repo.stores.iter().flat_map(|store| store.set.policies()) {
                for expression in pieces(&policy.to_json().unwrap()).iter().flat_map(Piece::conjuncts).map(plainly) {
                    let body = |policy: &Policy| policy.to_json().unwrap()["conditions"].clone();
                    let meant = policy_of(&expression).unwrap_or_else(|| panic!("{expression}"));
                    let written = text(&expression).unwrap_or_else(|| panic!("{expression}"));
                    let again = format!("permit (principal, action, resource) when {{ {written} }};");
                    let again: Policy = again.parse().unwrap_or_else(|error| panic!("{error:?}\n{written}"));
                    assert_eq!(body(&again), body(&meant), "{written}\n{policy}");
                    read.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    });
    assert!(got(&read) > 2_000, "{}", got(&read));
}

/// What each edit is said to have done, done to the old policy, gives one that matches what the new one does.
fn edited(changes: &StoreChanges, old: &Store, new: &Store, what: &dyn Fn() -> String, seen: &Seen) {
    let mut known = BTreeSet::new();
    let causes = changes.groups.iter().flat_map(|group| &group.causes);
    for cause in causes.filter(|cause| cause.change == Change::Edited && known.insert(cause.policy.clone())) {
        let (Some(before), Some(after)) = (&cause.old, &cause.new) else { continue };
        let (Some(before), Some(after)) = (policy_at(old, before), policy_at(new, after)) else { continue };
        let mut all = pieces_of(&before);
        for edit in &cause.edits {
            if let Some(gone) = &edit.old {
                // A condition that moved between `when` and `unless` is none.
                let at = all.iter().position(|(part, text)| *part == edit.part && text == gone);
                all.remove(at.unwrap_or_else(|| panic!("{gone} is not in {all:?}\n{}", what())));
            }
            all.extend(edit.new.clone().map(|new| (edit.part, new)));
        }
        add(&seen.edits, 1);
        let (made, meant) = (put_together(&all), Subject::policy(&after));
        let Some(schema) = new.schema.ready() else { continue };
        let model = SchemaModel::new(&schema.cedar).unwrap();
        let rules = CompiledPolicies::new(Arc::clone(&model), Vec::new());
        for env in model.environments() {
            let mut session = Session::new(&rules, env);
            let [one, other] = [&made, &meant].map(|one| Formula::Matches(session.add_policy(0, one)));
            let unlike = one.clone().and(!other.clone()).or(other.and(!one));
            match session.check(&unlike) {
                Answer::Impossible => {}
                Answer::Unknown(_) => add(&seen.open, 1),
                Answer::Witness(_) => panic!("{:#?}\ndo not give\n{after}\n{}", cause.edits, what()),
            }
        }
    }
}

fn hold(old: &Repo, new: &Repo, what: &dyn Fn() -> String, seen: &Seen) {
    let compared = compare(old, new);
    for changes in &compared.stores {
        let of = |repo: &Repo, name: &str| repo.stores.iter().position(|store| store.name == name);
        let before = of(old, changes.old_name.as_deref().unwrap_or(&changes.name)).map(|at| &old.stores[at]);
        let after = of(new, &changes.name).map(|at| &new.stores[at]);
        if changes.inferred || !changes.set_aside.is_empty() {
            continue;
        }
        hold_to(changes, before, after, what, seen);
        if let (Some(before), Some(after)) = (before, after) {
            edited(changes, before, after, what, seen);
        }
    }
}

#[test]
fn clauses_are_the_change() {
    let seen = Seen::default();
    each(7_900_000, 120, |seed| {
        let pair = Pair::edited(seed);
        let (old, new) = pair.repos();
        hold(&old, &new, &|| pair.text(), &seen);
    });
    println!("{}", seen.show());
    let [single, edited, _] = [0, 1, 2].map(|kind| (got(&seen.exact[kind]), got(&seen.changed[kind])));
    assert_eq!(single.0, single.1, "{}", seen.show());
    assert!(edited.0 * 100 >= edited.1 * 95 && single.1 > 20 && edited.1 > 20, "{}", seen.show());
    assert!(got(&seen.open) * 100 <= got(&seen.whole) * 3, "{}", seen.show());
}

/// The kind: what a schema changes besides, under which one expression cannot be read on both sides.
#[test]
fn clauses_are_the_change_under_two_schemas() {
    let seen = Seen::default();
    each(7_950_000, 60, |seed| {
        let pair = Pair::migrated(seed);
        let (old, new) = pair.repos();
        let compared = compare(&old, &new);
        let carried = compared.stores.iter().flat_map(|store| &store.groups).flat_map(|group| &group.effects);
        // What is carried over as nobody knows is free here, and so are attributes that come and go.
        if carried.into_iter().all(|effect| effect.migrated.is_empty()) {
            hold(&old, &new, &|| pair.text(), &seen);
        }
    });
    println!("{}", seen.show());
    assert!(got(&seen.whole) > 10, "{}", seen.show());
}

type Files = Vec<(String, String)>;

fn load(files: &Files) -> Repo {
    let memory = Memory::new(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    repo::load(&memory, &Config::default(), &repo::Request::default()).unwrap()
}

/// The stores of others that have a schema, each with its files.
fn stores(root: &Path) -> Vec<(String, Files)> {
    let mut all = Vec::new();
    let mut places: Vec<PathBuf> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    places.sort();
    for place in places.iter().filter(|place| place.is_dir()) {
        let repo = repo::load(&Worktree::new(place), &Config::default(), &repo::Request::default()).unwrap();
        for store in &repo.stores {
            let broken = !store.broken.is_empty() || matches!(store.entities, EntityState::Broken(..));
            if broken || store.schema.ready().is_none() {
                continue;
            }
            let paths: BTreeSet<&String> = store.files.iter().chain(&store.schema_files).collect();
            let files = paths.into_iter().filter(|path| !path.contains("test"));
            let text = |path: &String| Some((path.clone(), std::fs::read_to_string(place.join(path)).ok()?));
            all.push((format!("{}/{}", place.display(), store.name), files.filter_map(text).collect()));
        }
    }
    all
}

/// The store with each of its first policies taken away, and with the last condition of each taken away.
fn variants(files: &Files, store: &Store) -> Vec<(String, Files)> {
    let mut all = Vec::new();
    for policy in store.policies.iter().filter(|policy| policy.location.path().ends_with(".cedar")).take(12) {
        let path = policy.location.path();
        let last = policy.syntax().condition.as_ref().and_then(|condition| condition.children().last()?.span);
        for (what, span, by) in [("without", Some(policy.location.span), ""), ("with less in", last, "true")] {
            let Some(span) = span else { continue };
            let mut files = files.clone();
            for (name, text) in &mut files {
                if name == path && text.is_char_boundary(span.start) && text.is_char_boundary(span.end) {
                    text.replace_range(span.start..span.end, by);
                }
            }
            all.push((format!("{what} {}", policy.name), files));
        }
    }
    all
}

/// The same with so many more policies that clauses are not made short by proofs.
fn among_many(files: &Files) -> Files {
    let more: String = (0..101)
        .map(|number| {
            format!(
                "\n{} (principal, action, resource) when {{ {number} == {number} + 1 }};",
                ["permit", "forbid"][number % 2]
            )
        })
        .collect();
    let mut files = files.clone();
    if let Some((_, text)) = files.iter_mut().find(|(path, _)| path.ends_with(".cedar")) {
        text.push_str(&more);
    }
    files
}

#[test]
fn clauses_are_the_change_in_stores_of_others() {
    let Some(corpora) = corpora() else { return };
    let seen = Seen::default();
    let mut pairs = 0;
    for (name, files) in stores(&corpora) {
        let whole = load(&files);
        let [store] = whole.stores.as_slice() else { continue };
        for (what, changed) in variants(&files, store) {
            let other = load(&changed);
            if other.stores.len() != 1 || !other.stores[0].broken.is_empty() {
                continue;
            }
            pairs += 1;
            hold(&whole, &other, &|| format!("{name} {what}"), &seen);
            hold(&other, &whole, &|| format!("{name} {what}, the other way round"), &seen);
            if pairs % 8 == 0 {
                hold(&whole, &load(&among_many(&changed)), &|| format!("{name} {what}, among many"), &seen);
            }
        }
    }
    println!("{pairs} pairs; {}", seen.show());
    let [single, edited, _] = [0, 1, 2].map(|kind| (got(&seen.exact[kind]), got(&seen.changed[kind])));
    assert_eq!(single.0, single.1, "{}", seen.show());
    assert!(edited.0 * 100 >= edited.1 * 95 && single.1 > 100 && edited.1 > 40, "{}", seen.show());
    assert_eq!(got(&seen.open), 0, "{}", seen.show());
}
