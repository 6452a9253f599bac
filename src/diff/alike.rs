//! Whether two versions of a repository are proved to decide alike.

use std::collections::HashMap;
use std::sync::Arc;

use super::run::{Engine, compare_with, store};
use super::stores::{self, Stores};
use crate::outcome::NoticeKind;
use crate::outcome::changes::{Status, StoreChanges};
use crate::repo::{Policy, Repo, Store, opened};
use crate::symbolic::Solvers;

const UNPROVED: &str = "whether it changes a decision cannot be proved";

/// Whether the stores of `old` and `new` allow the same requests in every request environment, and templates match the
/// same ones, whatever links to them come. `inference` says whether a schema may be inferred where a store has none;
/// then it is proved under that.
///
/// # Errors
/// A phrase that says what is in the way.
pub fn decide_alike(old: &Repo, new: &Repo, inference: bool, solvers: &Arc<Solvers>) -> Result<(), String> {
    let engine = Engine { inference, solvers: Arc::clone(solvers) };
    let compared = compare_with(old, new, &engine);
    for store in compared.stores.iter().filter(|store| store.text.added + store.text.removed + store.text.edited > 0) {
        is_alike(store)?;
        let open = |notice: &&crate::outcome::Notice| {
            notice.store.as_deref() == Some(&store.name) && notice.kind == NoticeKind::ChangeOpen
        };
        if let Some(notice) = compared.undecided.iter().find(open) {
            return Err(notice.message.clone());
        }
    }
    stores::pair(old, new).into_iter().try_for_each(|stores| templates_match_alike(stores, &engine))
}

/// Links to a template may be made elsewhere, where nobody sees them: so its own words are compared, its slots open.
fn templates_match_alike(stores: Stores<'_>, engine: &Engine) -> Result<(), String> {
    let (Some(old), Some(new)) = (stores.old, stores.new) else { return Ok(()) };
    let (before, after) = (changed_templates(old, new), changed_templates(new, old));
    if before.len() != after.len() {
        return Err("a template would come or go".to_owned());
    }
    for (was, is) in before.into_iter().zip(after) {
        let sides = (opened(old, was), opened(new, is));
        let ((Some(was), Some(is)), true) = (sides, was.body.slots() == is.body.slots()) else {
            return Err(format!("{UNPROVED} of a template"));
        };
        let (changes, open) = store(Stores { old: Some(&was), new: Some(&is) }, engine);
        is_alike(&changes)?;
        if let Some(notice) = open.iter().find(|notice| notice.kind == NoticeKind::ChangeOpen) {
            return Err(notice.message.clone());
        }
    }
    Ok(())
}

/// The templates of `store` that `other` does not have word for word, in order.
fn changed_templates<'s>(store: &'s Store, other: &'s Store) -> Vec<&'s Policy> {
    fn templates(store: &Store) -> impl Iterator<Item = &Policy> {
        store.policies.iter().filter(|policy| policy.body.is_template())
    }
    let mut known: HashMap<&str, usize> = HashMap::new();
    templates(other).for_each(|template| *known.entry(template.location.text()).or_default() += 1);
    let is_new = |template: &&Policy| match known.get_mut(template.location.text()).filter(|left| **left > 0) {
        Some(left) => {
            *left -= 1;
            false
        }
        None => true,
    };
    templates(store).filter(is_new).collect()
}

fn is_alike(store: &StoreChanges) -> Result<(), String> {
    if store.environments.is_empty() || !store.undecided.is_empty() {
        return Err(format!("{UNPROVED} without a schema"));
    }
    for status in store.environments.iter().flat_map(|environment| [&environment.gained, &environment.lost]) {
        match status {
            Status::No => {}
            Status::Yes => return Err("it would change who is allowed what".to_owned()),
            Status::Unknown(why) => return Err(format!("{UNPROVED}: {why}")),
        }
    }
    Ok(())
}
