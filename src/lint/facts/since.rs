//! Whether permits match requests that they did not in another revision.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use cedar_policy::{PolicyId, RequestEnv};
use rayon::prelude::*;

use super::questions::{matches, policy};
use super::store_facts::Facts;
use crate::outcome::Broader;
use crate::repo::Store;
use crate::symbolic::{Answer, CompiledPolicies, SchemaModel, Session, Status, Subject};

/// Whether each of `permits` matches requests that it did not in `base`, in the request environments of today.
pub(super) fn broader(facts: &Facts<'_>, permits: &[usize], base: Option<&Store>) -> Vec<Broader> {
    let (model, requests) = (facts.model(), facts.requests());
    let old = base.map(|base| Old::of(base, facts.store));
    let own: HashMap<&str, &PolicyId> = facts.store.deciding().map(|(key, name, _)| (name, key)).collect();
    let job = |permit: &usize| {
        let member = facts.members.get(*permit)?;
        let old = old.as_ref()?.find(member.name, member.location.text())?;
        let live: Vec<&RequestEnv> = facts.live(*permit).filter_map(|at| requests.get(at)).collect();
        let new = Subject::policy(facts.store.set.policy(own.get(member.name)?)?);
        Some((new, old, live))
    };
    let jobs: Vec<_> = permits.iter().map(job).collect();
    let judged = |job: Option<(Subject, Option<Subject>, Vec<&RequestEnv>)>| match job {
        None => Broader::New,
        Some((_, None, _)) => Broader::No,
        Some((new, Some(old), live)) => compare(model, new, old, &live),
    };
    jobs.into_par_iter().map(judged).collect()
}

/// The policies and links of another revision of the store.
struct Old<'s> {
    store: &'s Store,
    /// By full name. One without an id is called by its position, and that is no name where others came or went.
    by_name: HashMap<&'s str, &'s PolicyId>,
    texts: HashSet<&'s str>,
}

impl<'s> Old<'s> {
    fn of(store: &'s Store, now: &Store) -> Self {
        let (here, there) = (per_file(now), per_file(store));
        let unnamed = store.policies.iter().filter(|policy| policy.id.is_none());
        let moved = unnamed.filter(|policy| {
            let path = policy.location.path();
            here.get(path) != there.get(path)
        });
        let moved: HashSet<&str> = moved.map(|policy| policy.name.as_str()).collect();
        let decides = store.policies.iter().filter(|policy| !policy.body.is_template());
        Self {
            store,
            by_name: store
                .deciding()
                .filter(|(_, name, _)| !moved.contains(name))
                .map(|(key, name, _)| (name, key))
                .collect(),
            texts: decides.map(|policy| policy.location.text()).collect(),
        }
    }

    /// What was called `name`, or read as `text` does; inside, nothing where it read the same.
    fn find(&self, name: &str, text: &str) -> Option<Option<Subject>> {
        if self.texts.contains(text) {
            return Some(None);
        }
        Some(Some(Subject::policy(self.store.set.policy(self.by_name.get(name)?)?)))
    }
}

/// How many policies and templates each file of `store` holds.
fn per_file(store: &Store) -> HashMap<&str, usize> {
    let mut counts = HashMap::new();
    for policy in &store.policies {
        *counts.entry(policy.location.path()).or_default() += 1;
    }
    counts
}

fn compare(model: &Arc<SchemaModel>, new: Subject, old: Subject, environments: &[&RequestEnv]) -> Broader {
    let policies = CompiledPolicies::new(Arc::clone(model), vec![new, old]);
    let (mut more, mut open) = (0, None);
    for environment in environments {
        let mut session = Session::new(&policies, environment);
        if let Status::SetAside(why) = session.status(policy(1)) {
            open = Some(format!("what it was does not fit the schema of today: {why}"));
            continue;
        }
        match session.check(&matches(0).and(!matches(1))) {
            Answer::Witness(_) => more += 1,
            Answer::Impossible => {}
            Answer::Unknown(reason) => open = Some(reason.to_string()),
        }
    }
    match (more, open) {
        (0, Some(why)) => Broader::Unknown(why),
        (0, None) => Broader::No,
        (more, _) => Broader::Yes(more),
    }
}
