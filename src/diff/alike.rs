//! Whether two versions of a repository are proved to decide alike.

use std::sync::Arc;

use super::run::{Engine, compare_with};
use crate::outcome::NoticeKind;
use crate::outcome::changes::{Status, StoreChanges};
use crate::repo::Repo;
use crate::symbolic::Solvers;

/// Whether the stores of `old` and `new` allow the same requests in every request environment. `inference` says whether
/// a schema may be inferred where a store has none; then it is proved under that.
///
/// # Errors
/// A phrase that says what is in the way.
pub fn decide_alike(old: &Repo, new: &Repo, inference: bool, solvers: &Arc<Solvers>) -> Result<(), String> {
    let compared = compare_with(old, new, &Engine { inference, solvers: Arc::clone(solvers) });
    for store in compared.stores.iter().filter(|store| store.text.added + store.text.removed + store.text.edited > 0) {
        is_alike(store)?;
        let open = |notice: &&crate::outcome::Notice| {
            notice.store.as_deref() == Some(&store.name) && notice.kind == NoticeKind::ChangeOpen
        };
        if let Some(notice) = compared.undecided.iter().find(open) {
            return Err(notice.message.clone());
        }
    }
    Ok(())
}

fn is_alike(store: &StoreChanges) -> Result<(), String> {
    let unproved = "whether it changes a decision cannot be proved";
    if store.environments.is_empty() || !store.undecided.is_empty() {
        return Err(format!("{unproved} without a schema"));
    }
    for status in store.environments.iter().flat_map(|environment| [&environment.gained, &environment.lost]) {
        match status {
            Status::No => {}
            Status::Yes => return Err("it would change who is allowed what".to_owned()),
            Status::Unknown(why) => return Err(format!("{unproved}: {why}")),
        }
    }
    Ok(())
}
