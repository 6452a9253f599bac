//! Sessions over all environments of one set of policies: made when they are needed, so many at a time, on as many
//! threads as there are.

use std::collections::{BTreeMap, HashMap};

use cedar_policy::RequestEnv;
use rayon::prelude::*;

use super::compile::CompiledPolicies;
use super::session::Session;
use super::solve::DEFAULT_BUDGET;

/// So many sessions of each kind are open at a time; each holds its policies compiled.
const OPEN: usize = 64;

/// The sessions of one thread. Environments go by their place among those of the schema.
#[derive(Debug)]
pub struct Sessions<'r> {
    policies: &'r CompiledPolicies,
    budget: u64,
    full: BTreeMap<usize, Session<'r>>,
    sparse: BTreeMap<usize, Session<'r>>,
}

impl<'r> Sessions<'r> {
    /// Sessions over `policies`, none of them open yet.
    #[must_use]
    pub fn new(policies: &'r CompiledPolicies) -> Self {
        Self { policies, budget: DEFAULT_BUDGET, full: BTreeMap::new(), sparse: BTreeMap::new() }
    }

    /// Bounds each question of the sessions that are opened from now on to so many steps of the search.
    #[must_use]
    pub fn with_budget(self, conflicts: u64) -> Self {
        Self { budget: conflicts, ..self }
    }

    /// The policies.
    #[must_use]
    pub fn policies(&self) -> &'r CompiledPolicies {
        self.policies
    }

    /// The request environments of their schema.
    #[must_use]
    pub fn environments(&self) -> &'r [RequestEnv] {
        self.policies.schema().environments()
    }

    /// The session of the `environment`-th environment for questions about all policies, such as what
    /// [`super::Formula::AnyOther`] stands for; `None` when there is no such environment.
    pub fn full(&mut self, environment: usize) -> Option<&mut Session<'r>> {
        open(&mut self.full, self.policies, self.budget, environment)
    }

    /// The same for questions that name a few policies and no others. They are much faster there, where no question
    /// ever took in more.
    pub fn sparse(&mut self, environment: usize) -> Option<&mut Session<'r>> {
        open(&mut self.sparse, self.policies, self.budget, environment)
    }

    /// For each environment the first one that it is like ([`CompiledPolicies::likeness`]); itself where it is like no
    /// other.
    #[must_use]
    pub fn alike(&self) -> Vec<usize> {
        let all: Vec<_> = self.environments().par_iter().map(|one| self.policies.likeness(one)).collect();
        let mut first = HashMap::new();
        let known = all.into_iter().enumerate();
        known.map(|(at, like)| like.map_or(at, |like| *first.entry(like).or_insert(at))).collect()
    }

    /// What `work` makes of each of `jobs`, in their order. They are done in parallel, `share` of them after each other
    /// with the same sessions; these are new, for a session stays on its thread.
    pub fn spread<J: Sync, T: Send>(
        &self,
        jobs: &[J],
        share: usize,
        work: impl Fn(&mut Self, &J) -> T + Sync,
    ) -> Vec<T> {
        let (policies, budget) = (self.policies, self.budget);
        let meter = policies.schema().solvers().meter();
        meter.begin(jobs.len());
        let shares: Vec<Vec<T>> = jobs
            .par_chunks(share.max(1))
            .map(|jobs| {
                let mut sessions = Sessions::new(policies).with_budget(budget);
                let done = |job| {
                    let made = work(&mut sessions, job);
                    meter.finish(1);
                    made
                };
                jobs.iter().map(done).collect()
            })
            .collect();
        shares.into_iter().flatten().collect()
    }
}

fn open<'s, 'r>(
    sessions: &'s mut BTreeMap<usize, Session<'r>>,
    policies: &'r CompiledPolicies,
    budget: u64,
    environment: usize,
) -> Option<&'s mut Session<'r>> {
    if !sessions.contains_key(&environment) {
        if sessions.len() >= OPEN {
            sessions.clear();
        }
        let of = policies.schema().environments().get(environment)?;
        sessions.insert(environment, Session::new(policies, of).with_budget(budget));
    }
    sessions.get_mut(&environment)
}

#[cfg(test)]
mod tests {
    use cedar_policy::PolicySet;

    use super::*;
    use crate::symbolic::{SchemaModel, Subject};

    /// The kind: environments that are taken for alike though a policy tells them apart.
    #[test]
    fn environments_are_alike_where_the_same_policies_apply_and_none_asks_for_the_action() {
        let schema = "entity U; entity D; action g; action a, b, c in [g] appliesTo { principal: U, resource: D };
            action d, e in [g] appliesTo { principal: U, resource: D, context: { x?: Long } };";
        let alike = |policies: &str| {
            let model = SchemaModel::new(&schema.parse().unwrap()).unwrap();
            let policies: PolicySet = policies.parse().unwrap();
            let policies = CompiledPolicies::new(model, policies.policies().map(Subject::policy).collect());
            let sessions = Sessions::new(&policies);
            let names = |at: usize| sessions.environments()[at].action().id().unescaped().to_owned();
            let found = sessions.alike();
            let mut pairs: Vec<String> = (0..found.len()).map(|at| names(at) + &names(found[at])).collect();
            pairs.sort();
            pairs.join(" ")
        };
        let first = |text: String| text.replace(['b', 'c'], "a").replace('e', "d");
        for policies in ["", "permit (principal, action in Action::\"g\", resource);"] {
            assert_eq!(first(alike(policies)), "aa aa aa dd dd", "{policies}: {}", alike(policies));
        }
        let own = "aa bb cc dd ee";
        assert_eq!(alike(r#"forbid (principal, action, resource) when { action == Action::"a" };"#), own);
        let one = alike(r#"permit (principal, action in [Action::"a", Action::"b"], resource);"#);
        assert!(one.contains("cc") && !one.contains("aa bb"), "{one}");
        assert!(alike(r#"permit (principal, action == Action::"a", resource);"#).contains("aa"));
    }
}
