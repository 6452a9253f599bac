//! Who may do what on what, in few words: request environments put together.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::untrusted_text::Phrase;
use crate::finding::Environment;
use crate::outcome::changes::StoreChanges;
use crate::report::counted::counted;

/// More names than this are counted.
const LISTED: usize = 3;
/// More combinations than this are counted.
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

    fn kind<'b>(&self, full: &'b str) -> &'b str {
        last_part(full).filter(|short| self.types.get(short).is_some_and(Option::is_some)).unwrap_or(full)
    }

    fn action<'b>(&self, full: &'b str) -> &'b str {
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

/// `User or Admin to view on Photo`; whether everything is named. What is much is counted.
pub(super) fn who(names: &Names<'_>, environments: &[&Environment]) -> (Phrase, bool) {
    let blocks = blocks(environments);
    if blocks.len() > COMBINATIONS {
        let many = |of: fn(&Environment) -> &str| environments.iter().map(|one| of(one)).collect::<HashSet<_>>().len();
        let principals = counted(many(|one| &one.principal), "principal type", "principal types");
        let actions = counted(many(|one| &one.action), "action", "actions");
        let resources = counted(many(|one| &one.resource), "resource type", "resource types");
        let all = environments.len();
        let text = format!("{principals} to take {actions} on {resources}, in {all} combinations of them");
        return (Phrase::of(&text), false);
    }
    let mut complete = true;
    let mut list = |all: Vec<&str>, some: &str| {
        if all.len() > LISTED {
            complete = false;
            return Phrase::of(&format!("{} {some}", all.len()));
        }
        Phrase::listed(all.into_iter().map(|one| Phrase::default().word(one)).collect(), "or")
    };
    let mut phrases = Vec::new();
    for Block { principals, actions, resources } in blocks {
        let take = if actions.len() > LISTED { " to take " } else { " to " };
        phrases.push(
            list(principals.into_iter().map(|one| names.kind(one)).collect(), "principal types")
                .say(take)
                .then(list(actions.into_iter().map(|one| names.action(one)).collect(), "actions"))
                .say(" on ")
                .then(list(resources.into_iter().map(|one| names.kind(one)).collect(), "resource types")),
        );
    }
    (Phrase::listed(phrases, "and"), complete)
}
