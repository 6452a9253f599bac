//! Who may do what on what, in few words: request environments put together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::untrusted_text::Phrase;
use crate::finding::Environment;
use crate::outcome::changes::StoreChanges;

/// Of more names than this only the first are listed.
const LISTED: usize = 24;
/// More combinations than this are not spelled out.
const COMBINATIONS: usize = 2;

/// The short names of a store's types and actions: those that no other type or action of the store has.
pub(super) struct Names<'a> {
    types: HashMap<&'a str, Option<&'a str>>,
    actions: HashMap<&'a str, Option<&'a str>>,
}

impl<'a> Names<'a> {
    pub(super) fn of(store: &'a StoreChanges) -> Self {
        let (mut types, mut actions) = (HashMap::new(), HashMap::new());
        let add = |known: &mut HashMap<&'a str, Option<&'a str>>, short: Option<&'a str>, full: &'a str| {
            let Some(short) = short else { return };
            known.entry(short).and_modify(|of| *of = of.filter(|of| *of == full)).or_insert(Some(full));
        };
        for environment in store.environments.iter().map(|change| &change.environment) {
            add(&mut types, last_part(&environment.principal), &environment.principal);
            add(&mut types, last_part(&environment.resource), &environment.resource);
            add(&mut actions, plain_id(&environment.action), &environment.action);
        }
        Self { types, actions }
    }

    pub(super) fn kind<'b>(&self, full: &'b str) -> &'b str {
        last_part(full).filter(|short| self.types.get(short).is_some_and(Option::is_some)).unwrap_or(full)
    }

    pub(super) fn action<'b>(&self, full: &'b str) -> &'b str {
        plain_id(full).filter(|short| self.actions.get(short).is_some_and(Option::is_some)).unwrap_or(full)
    }
}

fn plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.:/".contains(&byte))
}

/// `User` of `App::User`.
fn last_part(full: &str) -> Option<&str> {
    full.rsplit("::").next().filter(|short| plain(short))
}

/// `view` of `App::Action::"view"`; none of an id that could be taken for other words.
fn plain_id(action: &str) -> Option<&str> {
    let (_, id) = action.split_once("::\"")?;
    id.strip_suffix('"').filter(|id| plain(id))
}

/// Environments that are all combinations of some principals, actions and resources.
struct Block<'a> {
    principals: Vec<&'a str>,
    actions: Vec<&'a str>,
    resources: Vec<&'a str>,
}

/// Principals, each with the resources that go with it.
type Pairs<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// As few blocks as come of putting together what has the same partners, in the order of `environments`.
fn blocks<'a>(environments: &[&'a Environment]) -> Vec<Block<'a>> {
    let mut of_action: Vec<(&str, Pairs<'_>)> = Vec::new();
    let mut at = HashMap::new();
    for environment in environments {
        let index = *at.entry(environment.action.as_str()).or_insert(of_action.len());
        if index == of_action.len() {
            of_action.push((&environment.action, BTreeMap::new()));
        }
        if let Some((_, pairs)) = of_action.get_mut(index) {
            pairs.entry(environment.principal.as_str()).or_default().insert(environment.resource.as_str());
        }
    }
    let mut by_pairs: Vec<(Pairs<'_>, Vec<&str>)> = Vec::new();
    let mut at = HashMap::new();
    for (action, pairs) in of_action {
        let index = *at.entry(pairs.clone()).or_insert(by_pairs.len());
        match by_pairs.get_mut(index) {
            Some((_, actions)) => actions.push(action),
            None => by_pairs.push((pairs, vec![action])),
        }
    }
    let mut out = Vec::new();
    for (pairs, actions) in by_pairs {
        let mut by_resources: Vec<(BTreeSet<&str>, Vec<&str>)> = Vec::new();
        for (principal, resources) in pairs {
            match by_resources.iter_mut().find(|(same, _)| *same == resources) {
                Some((_, principals)) => principals.push(principal),
                None => by_resources.push((resources, vec![principal])),
            }
        }
        out.extend(by_resources.into_iter().map(|(resources, principals)| Block {
            principals,
            actions: actions.clone(),
            resources: resources.into_iter().collect(),
        }));
    }
    out
}

/// Names between commas; of very many the first ones.
fn list<'b>(all: impl IntoIterator<Item = &'b str>, last: &str) -> Phrase {
    let mut all: Vec<Phrase> = all.into_iter().map(|one| Phrase::default().word(one)).collect();
    let more = all.len().saturating_sub(LISTED);
    if more > 1 {
        all.truncate(LISTED);
        all.push(Phrase::of(&format!("{more} others")));
    }
    Phrase::listed(all, last)
}

/// Principals of their own, what they do, and to what, of many kinds of request.
#[derive(Clone)]
pub(super) struct Subject {
    /// The types of principal.
    pub(super) principals: Phrase,
    /// Whether there are several.
    pub(super) several: bool,
    /// `view and edit on Photo`.
    pub(super) what: Phrase,
    /// Each combination, where not all of them are concerned.
    pub(super) combinations: Vec<Phrase>,
    /// What each of the types does, where that is not the same.
    pub(super) each: Vec<Subject>,
}

/// Who does what on what, each named.
pub(super) fn subject(names: &Names<'_>, environments: &[&Environment]) -> Subject {
    let blocks = blocks(environments);
    let kinds = |all: &[&str]| list(all.iter().map(|one| names.kind(one)), "and");
    let what = |actions: &[&str], resources: &[&str]| {
        list(actions.iter().map(|one| names.action(one)), "and").say(" on ").then(kinds(resources))
    };
    let same = |block: &Block<'_>| blocks.first().is_some_and(|first| first.principals == block.principals);
    if let (Some(first), true) = (blocks.first(), blocks.len() <= COMBINATIONS && blocks.iter().all(same)) {
        let each = blocks.iter().map(|block| what(&block.actions, &block.resources)).collect();
        return Subject {
            principals: kinds(&first.principals),
            several: first.principals.len() > 1,
            what: Phrase::listed(each, "and"),
            combinations: Vec::new(),
            each: Vec::new(),
        };
    }
    let mut each: Vec<(Vec<&str>, Vec<Phrase>)> = Vec::new();
    for block in &blocks {
        let said = what(&block.actions, &block.resources);
        match each.iter_mut().find(|(principals, _)| *principals == block.principals) {
            Some((_, all)) => all.push(said),
            None => each.push((block.principals.clone(), vec![said])),
        }
    }
    let each = each.into_iter().map(|(principals, all)| Subject {
        principals: kinds(&principals),
        several: principals.len() > 1,
        what: Phrase::listed(all, "and"),
        combinations: Vec::new(),
        each: Vec::new(),
    });
    let (mut principals, mut actions, mut resources) = (Vec::new(), Vec::new(), Vec::new());
    for block in &blocks {
        for (known, all) in
            [(&mut principals, &block.principals), (&mut actions, &block.actions), (&mut resources, &block.resources)]
        {
            for one in all.iter().filter(|one| !known.contains(*one)).collect::<Vec<_>>() {
                known.push(*one);
            }
        }
    }
    let one = |block: &Block<'_>| kinds(&block.principals).say(": ").then(what(&block.actions, &block.resources));
    Subject {
        principals: kinds(&principals),
        several: principals.len() > 1,
        what: what(&actions, &resources),
        combinations: blocks.iter().map(one).collect(),
        each: each.collect(),
    }
}

/// `User or Admin to view on Photo`; whether everything is named.
pub(super) fn who(names: &Names<'_>, environments: &[&Environment]) -> (Phrase, bool) {
    let blocks = blocks(environments);
    let mut complete = true;
    let mut phrases = Vec::new();
    for Block { principals, actions, resources } in &blocks {
        complete &= [principals, actions, resources].iter().all(|all| all.len() <= LISTED + 1);
        let kinds = |all: &[&str]| list(all.iter().map(|one| names.kind(one)), "or");
        phrases.push(
            kinds(principals)
                .say(" to ")
                .then(list(actions.iter().map(|one| names.action(one)), "or"))
                .say(" on ")
                .then(kinds(resources)),
        );
    }
    let more = phrases.len().saturating_sub(LISTED);
    if more > 0 {
        complete = false;
        phrases.truncate(LISTED);
        phrases.push(Phrase::of(&format!("{more} other combinations")));
    }
    (Phrase::listed(phrases, "and"), complete)
}

/// Which of `all` the `environments` are, by no more than what tells them from the others.
pub(super) fn which(names: &Names<'_>, environments: &[&Environment], all: &[&Environment]) -> Phrase {
    let values = |of: fn(&Environment) -> &str| {
        let mut found: Vec<&str> = Vec::new();
        for environment in environments {
            if !found.contains(&of(environment)) {
                found.push(of(environment));
            }
        }
        let differs = all.iter().any(|one| !found.contains(&of(one)));
        (found, differs)
    };
    let (principals, other_principals) = values(|one| &one.principal);
    let (actions, other_actions) = values(|one| &one.action);
    let (resources, other_resources) = values(|one| &one.resource);
    let mut out = Phrase::default();
    let told = other_principals || other_actions || other_resources;
    let full = principals.len() * actions.len() * resources.len() == environments.len();
    if !told || !full {
        return who(names, environments).0;
    }
    if other_principals {
        out = out.then(list(principals.iter().map(|one| names.kind(one)), "or"));
    }
    if other_actions {
        let lead = if other_principals { " to " } else { "to " };
        out = out.say(lead).then(list(actions.iter().map(|one| names.action(one)), "or"));
    }
    if other_resources {
        let lead = if other_principals || other_actions { " on " } else { "on " };
        out = out.say(lead).then(list(resources.iter().map(|one| names.kind(one)), "or"));
    }
    out
}
