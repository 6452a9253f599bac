//! All stores of a repository.

use std::collections::BTreeSet;
use std::sync::Arc;

use cedar_policy::PolicySet;

use super::fate::Fate;
use super::mutant::{Mutant, mutants};
use super::proofs::{Engine, proofs};
use super::rows::{Effects, Noticed, noticed};
use super::suggest::Suggestions;
use crate::outcome::{Mutation, Notice, NoticeKind, PolicyRef, Survival, Survivor};
use crate::repo::{Repo, Store};
use crate::symbolic::Solvers;
use crate::tables::{Record, Recorded};
use crate::text::{Location, inline};

/// What is asked.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The places of the policies to change, sorted; all where there are none given.
    pub only: Option<&'a [Location]>,
    /// Whether a schema may be inferred where a store has none.
    pub inference: bool,
    /// Who answers questions about policies.
    pub solvers: &'a Arc<Solvers>,
}

/// What rows notice, and what could not be asked.
#[derive(Debug, Default)]
pub struct Mutated {
    /// The changes.
    pub mutation: Mutation,
    /// Stores whose policies were not changed, and why.
    pub notices: Vec<Notice>,
}

/// A small change of a store, and what became of it.
pub struct Trial<'s> {
    mutant: Mutant<'s>,
    /// What became of it.
    pub fate: Fate,
}

impl Trial<'_> {
    /// All policies of `store`, of which this is a change, with the change.
    #[must_use]
    pub fn policies(&self, store: &Store) -> PolicySet {
        self.mutant.whole(store)
    }

    /// The full name of the policy, the template, or the one link that is gone.
    #[must_use]
    pub fn policy(&self, store: &Store) -> String {
        let [gone] = self.mutant.gone.as_slice() else { return self.mutant.policy.name.clone() };
        store.find(gone).map_or_else(String::new, |found| found.name.to_owned())
    }

    /// The kind of change, what stood there and what stands there.
    #[must_use]
    pub fn change(&self) -> (&'static str, Option<&str>, Option<&str>) {
        let draft = &self.mutant.draft;
        (draft.kind, draft.was.as_deref(), draft.becomes.as_deref())
    }
}

/// Every small change of the policies of `store` and what becomes of it when `rows`, which pass, are asked; and how
/// many changes were not tried because there are too many. Policies that do not load are as if they were not there.
#[must_use]
pub fn trials<'s>(store: &'s Store, rows: Vec<Recorded>, asked: &Asked<'_>) -> (Vec<Trial<'s>>, usize) {
    let (all, untried) = mutants(store, asked.only);
    let found = noticed(store, &Effects::of(store), rows, &all, asked.solvers.meter());
    let alive: Vec<&Mutant<'_>> = (all.iter().zip(&found))
        .filter(|(_, noticed)| **noticed == Noticed::Nothing)
        .map(|(mutant, _)| mutant)
        .collect();
    let engine = Engine { inference: asked.inference, solvers: asked.solvers };
    let mut proved = proofs(store, &alive, &engine).into_iter();
    let fates: Vec<Fate> = found
        .into_iter()
        .map(|noticed| match noticed {
            Noticed::By(row) => Fate::Killed(row),
            Noticed::Disputed => {
                Fate::Unknown("internal error: Cedar's authorizer decides what a row notices as before".to_owned())
            }
            Noticed::Nothing => proved.next().unwrap_or_else(|| Fate::Unknown("it was not asked".to_owned())),
        })
        .collect();
    (all.into_iter().zip(fates).map(|(mutant, fate)| Trial { mutant, fate }).collect(), untried)
}

/// Changes the policies of `repo` a little, one at a time, and asks the rows that `record` kept.
#[must_use]
pub fn mutate(repo: &Repo, record: &Record, asked: &Asked<'_>) -> Mutated {
    let mut mutated = Mutated::default();
    for store in &repo.stores {
        // What was not asked for, and what stands for nothing but tests that bring their own, has nothing to change.
        let wanted = repo.focus.is_whole() || store.files.iter().any(|path| repo.focus.covers(path));
        let holds = !store.policies.is_empty() || !store.broken.is_empty();
        if wanted && holds {
            of_store(store, record, asked, &mut mutated);
        }
        for own in store.tables.iter().filter_map(|table| table.own_store.as_ref()?.as_ref().ok()) {
            of_store(own, record, asked, &mut mutated);
        }
    }
    mutated.mutation.survivors.sort_by(|a, b| a.location.cmp(&b.location));
    mutated
}

fn of_store(store: &Store, record: &Record, asked: &Asked<'_>, mutated: &mut Mutated) {
    let rows = record.of(store);
    if let Some(file) = store.broken.first() {
        let (name, path) = (inline(&store.name), inline(&file.path));
        let message = format!("what rows notice in store `{name}` is not known: `{path}` does not load whole");
        mutated.notices.push(Notice::new(NoticeKind::AskedInVain, message).store(&store.name));
        return;
    }
    let all = &mut mutated.mutation;
    all.rows += rows.iter().map(|row| row.id.as_str()).collect::<BTreeSet<_>>().len();
    let (trials, untried) = trials(store, rows, asked);
    all.untried += untried;
    let effects = Effects::of(store);
    let mut suggestions = Suggestions::new(store, &effects, all.suggested.len());
    for Trial { mutant, fate } in &trials {
        let survival = match fate {
            Fate::Killed(_) => {
                all.killed += 1;
                continue;
            }
            Fate::Equivalent => {
                all.equivalent += 1;
                continue;
            }
            Fate::Differs(case) => Survival::Unnoticed(suggestions.kill(mutant, case)),
            Fate::Unknown(why) => Survival::Unknown(why.clone()),
        };
        all.survivors.push(survivor(store, mutant, survival));
    }
    all.suggested.extend(suggestions.into_rows());
}

fn survivor(store: &Store, mutant: &Mutant<'_>, survival: Survival) -> Survivor {
    let policy = mutant.policy;
    Survivor {
        store: store.name.clone(),
        policy: PolicyRef {
            name: policy.name.clone(),
            effect: policy.effect_word(),
            location: policy.location.clone(),
        },
        kind: mutant.draft.kind,
        location: mutant.draft.location.clone(),
        was: mutant.draft.was.clone(),
        becomes: mutant.draft.becomes.clone(),
        survival,
    }
}
