//! What the rows of a repository exercise, store by store.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use super::plan::Plan;
use crate::outcome::Coverage;
use crate::repo::{Repo, Store};

/// Counts what the rows of a repository exercise.
#[derive(Debug)]
pub struct Gauge<'r> {
    /// By the address of the store.
    plans: HashMap<usize, Plan<'r>>,
}

impl<'r> Gauge<'r> {
    /// Nothing is counted yet.
    #[must_use]
    pub fn new(repo: &'r Repo) -> Self {
        let own = |store: &'r Store| store.tables.iter().filter_map(|table| table.own_store.as_ref()?.as_deref().ok());
        let stores: Vec<&'r Store> =
            repo.stores.iter().flat_map(|store| std::iter::once(store).chain(own(store))).collect();
        let plan = |store: &'r Store| (std::ptr::from_ref(store).addr(), Plan::new(store));
        Self { plans: stores.into_par_iter().map(plan).collect() }
    }

    /// Where the rows of `store` are counted.
    pub(in crate::tables) fn plan(&self, store: &Store) -> Option<&Plan<'r>> {
        self.plans.get(&std::ptr::from_ref(store).addr())
    }

    /// What was counted so far.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        let mut policies = BTreeMap::new();
        let mut conditions = BTreeMap::new();
        for plan in self.plans.values() {
            plan.report(&mut policies, &mut conditions);
        }
        Coverage {
            policies: policies.into_values().collect(),
            conditions: conditions.into_values().collect(),
            ..Coverage::default()
        }
    }
}
