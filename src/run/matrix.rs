//! The permission matrix of every store, and what stores hold: what a page shows besides what was checked.

use super::cacheable;
use super::known_entities::pairs;
use super::loaded::Loaded;
use super::sides::Sides;
use super::who_can::broken_schema;
use crate::access::{self, MatrixOptions};
use crate::config::Config;
use crate::outcome::changes::{Relation, StoreChanges};
use crate::outcome::{Matrix, NoticeKind, Outcome, PolicyRef, Statement, StatementKind, StoreContents};
use crate::repo::{EntityState, SchemaState, Store};
use crate::rule::Catalogue;

/// So many kinds of request may change where a report only asks for those that do.
const MOST_CHANGED: usize = 400;

/// Says in `outcome` who may do what in every store of `loaded`, set beside what `sides` compares, and what the
/// decisions of actions hang on.
pub(super) fn whole(outcome: &mut Outcome, loaded: &Loaded, sides: Option<&Sides>) {
    // What is not decided there stands in the matrix, and is no answer that the check was asked for.
    let mut asked = Outcome::new(outcome.command, Catalogue::new([]));
    cacheable::hangs_on(loaded, &mut asked, |_| true);
    let inference = infers(&loaded.config) && sides.is_none_or(|sides| infers(&sides.old.config));
    let filled = outcome.notices.iter().find(|notice| notice.kind == NoticeKind::FilledIn);
    let filled = filled.map(|notice| format!("what is filled in is taken for a value of its own: {}", notice.message));
    let (old, new) = sides.map_or((None, loaded), |sides| (Some(&sides.old), &sides.new));
    let mut all = Vec::new();
    for (old_store, new_store) in pairs(old.map(|old| &old.repo), &new.repo) {
        let Some(store) = new_store.or(old_store) else { continue };
        let compared = sides.and_then(|_| changes(outcome, &store.name));
        if sides.is_none() && !new.repo.asks_about_policies(store) {
            continue;
        }
        if let Some(why) = broken_schema(old_store, new_store) {
            all.push(Matrix::unknown(&store.name, sides.is_some(), why));
            continue;
        }
        let asked: Vec<_> = asked.cacheable.iter().filter(|one| one.store == store.name).cloned().collect();
        let stores =
            access::Stores { old: old.map(|_| old_store), new: new_store, inference, solvers: &loaded.solvers };
        let mut matrix = stores.matrix(&MatrixOptions { compared, only_changed: false, hangs_on: &asked });
        matrix.notes.extend(filled.clone());
        all.push(matrix);
    }
    outcome.matrix = all;
}

/// Says in `outcome` what changed in the matrix of every store that `sides` compares.
pub(super) fn changed(outcome: &mut Outcome, sides: &Sides) {
    let inference = infers(&sides.new.config) && infers(&sides.old.config);
    let mut all = Vec::new();
    for (old, new) in pairs(Some(&sides.old.repo), &sides.new.repo) {
        let Some(store) = new.or(old) else { continue };
        let Some(changes) = changes(outcome, &store.name) else { continue };
        let changing = changes.environments.iter().filter(|one| one.relation() != Relation::Same).count();
        if changes.groups.is_empty() || changing > MOST_CHANGED || broken_schema(old, new).is_some() {
            continue;
        }
        let stores = access::Stores { old: Some(old), new, inference, solvers: &sides.new.solvers };
        let options = MatrixOptions { compared: Some(changes), only_changed: true, hangs_on: &[] };
        all.push(stores.matrix(&options).only_changed());
    }
    outcome.matrix = all;
}

/// What was found of the store called `name`.
fn changes<'o>(outcome: &'o Outcome, name: &str) -> Option<&'o StoreChanges> {
    outcome.comparison.iter().flat_map(|comparison| &comparison.stores).find(|changes| changes.name == name)
}

fn infers(config: &Config) -> bool {
    config.refuses_inference.is_none()
}

/// What the stores of `loaded` hold.
pub(super) fn contents(loaded: &Loaded) -> Vec<StoreContents> {
    let asked = |store: &&Store| loaded.repo.asks_about_policies(store) || !store.tables.is_empty();
    loaded.repo.stores.iter().filter(asked).map(of_store).collect()
}

fn of_store(store: &Store) -> StoreContents {
    let statements = store.policies.iter().map(|policy| Statement {
        kind: if policy.body.is_template() { StatementKind::Template } else { StatementKind::Policy },
        policy: PolicyRef {
            name: policy.name.clone(),
            effect: policy.effect_word(),
            location: policy.location.clone(),
        },
    });
    let links = store.links.iter().map(|link| Statement {
        kind: StatementKind::Link,
        policy: PolicyRef { name: link.name.clone(), effect: link.effect, location: link.location.clone() },
    });
    let (usable, environments) = match &store.schema {
        SchemaState::Ready(schema) => (Some(true), schema.cedar.request_envs().count()),
        SchemaState::Broken => (Some(false), 0),
        SchemaState::None => (None, 0),
    };
    StoreContents {
        name: store.name.clone(),
        schema: store.schema_files.clone(),
        usable,
        environments,
        statements: statements.chain(links).collect(),
        entities: match &store.entities {
            EntityState::Ready(data) => data.count,
            EntityState::None | EntityState::Broken(..) => 0,
        },
        tables: store.tables.iter().map(|table| table.file.path().to_owned()).collect(),
    }
}
