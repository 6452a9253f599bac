//! One request environment, its policies compiled, and any number of questions.

use cedar_policy::RequestEnv;

use super::compile::{CompiledPolicies, Status, Subject};
use super::encode::Axioms;
use super::question::{Answer, Apart, Formula, PolicyRef};
use super::reason::{Reason, SetAsideReason};
use super::second;
use super::solve::{Sample, SessionPolicies, Solver};
use super::solvers::SolverMode;
use super::witness::{self, Witness};

/// Policies compiled for a request environment, ahead of a session of it and on any thread.
#[derive(Debug)]
pub struct Prepared<'a>(SessionPolicies<'a>);

impl<'a> Prepared<'a> {
    /// `policies` over `environment`, which must be one of their schema: every policy compiled, on all cores. They and
    /// their order are what they are in [`Session::new`]. Worth its while where there are fewer sessions at a time than
    /// cores.
    #[must_use]
    pub fn new(policies: &'a CompiledPolicies, environment: &RequestEnv) -> Self {
        Self::of(vec![policies], environment)
    }

    /// The same of two sides, as for [`Session::pair`].
    #[must_use]
    pub fn pair(old: &'a CompiledPolicies, new: &'a CompiledPolicies, environment: &RequestEnv) -> Self {
        Self::of(vec![old, new], environment)
    }

    fn of(sides: Vec<&'a CompiledPolicies>, environment: &RequestEnv) -> Self {
        let mut policies = SessionPolicies::new(sides, environment);
        policies.prepare();
        Self(policies)
    }

    /// Whether the policy is compiled here: its scope admits the environment.
    #[must_use]
    pub fn applies(&self, policy: PolicyRef) -> bool {
        !self.0.variants(policy).is_empty()
    }
}

impl<'a> From<Prepared<'a>> for Session<'a> {
    fn from(prepared: Prepared<'a>) -> Self {
        Self { solver: Solver::of(prepared.0) }
    }
}

/// One request environment of one schema, or of two.
#[derive(Debug)]
pub struct Session<'a> {
    solver: Solver<'a>,
}

impl<'a> Session<'a> {
    /// `policies` over `environment`, which must be one of their schema.
    pub fn new(policies: &'a CompiledPolicies, environment: &RequestEnv) -> Self {
        Self { solver: Solver::new(vec![policies], environment) }
    }

    /// Two sides under two schemas over an environment that both have: side 0 is `old`, side 1 is `new`. What both
    /// schemas declare with the same name and type is the same unknown; what one alone declares is free there.
    pub fn pair(old: &'a CompiledPolicies, new: &'a CompiledPolicies, environment: &RequestEnv) -> Self {
        Self { solver: Solver::new(vec![old, new], environment) }
    }

    /// The same, about data that only the new schema accepts: what it makes optional and the old one requires may be
    /// absent on side 1. What is there on both sides is the same.
    pub fn loosened(old: &'a CompiledPolicies, new: &'a CompiledPolicies, environment: &RequestEnv) -> Self {
        Self { solver: Solver::loosened(vec![old, new], environment) }
    }

    /// The same policies on both sides, over two requests that differ in `what` and in nothing else, their entities
    /// included.
    pub fn apart(policies: &'a CompiledPolicies, environment: &RequestEnv, what: &Apart) -> Self {
        Self { solver: Solver::apart(policies, environment, what) }
    }

    /// The environment.
    pub fn environment(&self) -> &RequestEnv {
        self.solver.encoding.policies.environment()
    }

    /// Bounds each question to so many steps of the search.
    #[must_use]
    pub fn with_budget(mut self, conflicts: u64) -> Self {
        self.set_budget(conflicts);
        self
    }

    /// Bounds each question from now on; gives the bound until now.
    pub fn set_budget(&mut self, conflicts: u64) -> u64 {
        std::mem::replace(&mut self.solver.budget, conflicts)
    }

    /// Switches axioms off, for tests of the tests.
    #[doc(hidden)]
    #[must_use]
    pub fn with_axioms(mut self, axioms: Axioms) -> Self {
        self.solver.set_axioms(axioms);
        self
    }

    /// What the policy is to this environment; compiles it if need be.
    pub fn status(&mut self, policy: PolicyRef) -> Status {
        self.solver.encoding.policies.status(policy)
    }

    /// The policies of `side` that are compiled here.
    pub fn applicable(&mut self, side: usize) -> Vec<PolicyRef> {
        self.solver.encoding.policies.applicable(side)
    }

    /// The policies of `side` that are set aside here, and why.
    pub fn set_aside(&mut self, side: usize) -> Vec<(PolicyRef, SetAsideReason)> {
        self.solver.encoding.policies.set_aside(side)
    }

    /// The policies of `side` that are compiled here though they do not typecheck, or are too deep to be typechecked.
    pub fn ill_typed(&mut self, side: usize) -> Vec<PolicyRef> {
        let applicable = self.applicable(side);
        let policies = &self.solver.encoding.policies;
        let ill_typed = |policy: &PolicyRef| policies.variants(*policy).iter().any(|variant| variant.ill_typed);
        applicable.into_iter().filter(ill_typed).collect()
    }

    /// Adds a policy that questions may name and that takes part in no decision: a condition to compare others with.
    pub fn add_policy(&mut self, side: usize, subject: &'a Subject) -> PolicyRef {
        self.solver.add_policy(side, subject)
    }

    /// Whether the two policies are seen to match the same requests without a search: when they come to the same
    /// formula. Two that do not may still be equivalent. Of two templates, the slots hold the same.
    pub fn equivalent(&mut self, one: PolicyRef, other: PolicyRef) -> bool {
        self.solver.equivalent(one, other)
    }

    /// Cedar's decision over all policies of `side` is Allow. Templates without links decide nothing and are left out;
    /// a policy that is set aside is named, so that the answer is unknown.
    pub fn allow(&mut self, side: usize) -> Formula {
        self.solver.encoding.policies.allow(side)
    }

    /// The formula with [`Formula::AnyOther`] written out.
    #[must_use]
    pub fn expand(&mut self, formula: &Formula) -> Formula {
        self.solver.encoding.policies.expand(formula)
    }

    /// A request for which `question` holds: minimal, readable, replayed through Cedar's authorizer.
    pub fn find(&mut self, question: &Formula) -> Answer<Witness> {
        second::judged(&mut self.solver, question, find)
    }

    /// A witness of another environment with the same principal and resource types, as one of this environment: with
    /// the other action. `None` when it is not valid here, or when Cedar's authorizer does not confirm `question` for
    /// it.
    pub fn revalidate(&mut self, question: &Formula, witness: &Witness) -> Option<Witness> {
        witness::revalidate(&mut self.solver.encoding.policies, question, witness)
    }

    /// What policies do with a request that `first` matches, and as many of `others` as can be seen to go with it
    /// without a search. `None` where none is seen, or where cvc5 is to be asked too: there may be such requests all
    /// the same.
    pub fn merge(&mut self, first: PolicyRef, others: &[PolicyRef]) -> Option<Sample> {
        let schema = self.solver.encoding.policies.schema(0)?;
        (schema.solvers().mode() == SolverMode::Builtin).then(|| self.solver.merge(first, others))?
    }

    /// Calls `visit` with what policies do with requests for which `question` holds and that one of `others`, which is
    /// named, matches: one for each of them as far as it can be seen without a search for each, until `visit` says that
    /// it is enough. What others of them do is known of each request.
    pub fn merge_each(
        &mut self,
        question: &Formula,
        others: &[PolicyRef],
        visit: &mut dyn FnMut(PolicyRef, &Sample) -> bool,
    ) {
        let schema = self.solver.encoding.policies.schema(0);
        if schema.is_some_and(|schema| schema.solvers().mode() == SolverMode::Builtin) {
            let _ = self.solver.merge_each(question, others, visit);
        }
    }

    /// Whether there is a request for which `question` holds, without making one.
    pub fn check(&mut self, question: &Formula) -> Answer<Sample> {
        second::judged(&mut self.solver, question, check)
    }
}

fn find(solver: &mut Solver<'_>, question: &Formula) -> Answer<Witness> {
    match solver.solve(question) {
        Answer::Witness(()) => {
            let found = solver.keep();
            let plain = solver.make_plain(question, &found);
            let known = plain.and_then(|besides| solver.make_known(question, besides, &found));
            match known.and_then(|()| witness::build(solver, question)) {
                Ok(witness) => Answer::Witness(witness),
                Err(difference) => Answer::Unknown(Reason::Replay { difference }),
            }
        }
        Answer::Impossible => Answer::Impossible,
        Answer::Unknown(reason) => Answer::Unknown(reason),
    }
}

fn check(solver: &mut Solver<'_>, question: &Formula) -> Answer<Sample> {
    match solver.solve(question) {
        Answer::Witness(()) => Answer::Witness(solver.sample()),
        Answer::Impossible => Answer::Impossible,
        Answer::Unknown(reason) => Answer::Unknown(reason),
    }
}
