//! The same queries, answered by cedar-policy-symcc with cvc5 as a child process.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cedar_policy::{Policy, PolicySet, RequestEnv, Schema};
use cedar_policy_symcc::solver::LocalSolver;
use cedar_policy_symcc::term::Term;
use cedar_policy_symcc::{
    Asserts, CedarSymCompiler, CompiledPolicy, CompiledPolicySet, SymEnv, matches_equivalent_asserts,
    never_errors_asserts, never_matches_asserts, term_factory,
};
use polcheck::symbolic::{Formula, PolicyRef};
use tokio::process::Command;
use tokio::runtime::Runtime;

use super::queries::{Group, Query};

/// What an oracle says of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No request breaks the property.
    Holds,
    /// Some request does.
    Fails,
    /// The oracle gives up, and why.
    Open(String),
}

/// The command that stands for cvc5, or nothing, with a word about it.
pub fn command() -> Option<PathBuf> {
    let command = std::env::var_os("POLCHECK_CVC5").map(PathBuf::from);
    if command.is_none() {
        eprintln!("skipped: POLCHECK_CVC5 is not set, so nothing can be compared with cvc5");
    }
    command
}

/// One solver process for many queries; a new one after it gets lost.
pub struct Symcc {
    runtime: Runtime,
    command: PathBuf,
    compiler: Option<CedarSymCompiler<LocalSolver>>,
    limit: Duration,
    pub starts: usize,
}

/// Policies over one request environment of one schema, compiled as they are asked for.
pub struct Model {
    schema: Schema,
    env: RequestEnv,
    symenv: Result<SymEnv, String>,
    policies: BTreeMap<PolicyRef, Policy>,
    compiled: BTreeMap<PolicyRef, Result<CompiledPolicy, String>>,
}

impl Model {
    /// Linked policies must have been substituted.
    pub fn new(schema: &Schema, env: &RequestEnv, policies: BTreeMap<PolicyRef, Policy>) -> Self {
        let symenv = SymEnv::new(schema, env).map_err(|error| error.to_string());
        Model { schema: schema.clone(), env: env.clone(), symenv, policies, compiled: BTreeMap::new() }
    }

    fn compile(&mut self, policy: PolicyRef) -> Result<(), String> {
        if !self.compiled.contains_key(&policy) {
            let made = match (&self.symenv, self.policies.get(&policy)) {
                (Err(error), _) => Err(error.clone()),
                (_, None) => Err(format!("{policy:?} is not there")),
                (Ok(symenv), Some(source)) => {
                    CompiledPolicy::compile_with_custom_symenv(source, &self.env, &self.schema, symenv.clone())
                        .map_err(|error| format!("{policy:?}: {error}"))
                }
            };
            self.compiled.insert(policy, made);
        }
        self.compiled[&policy].as_ref().map(|_| ()).map_err(Clone::clone)
    }

    fn get(&self, policy: PolicyRef) -> &CompiledPolicy {
        self.compiled[&policy].as_ref().expect("it was compiled before")
    }

    fn group(&self, group: &Group) -> Result<CompiledPolicySet, String> {
        let mut set = PolicySet::new();
        for policy in group.members() {
            let source = self.policies.get(&policy).ok_or_else(|| format!("{policy:?} is not there"))?;
            let id = cedar_policy::PolicyId::new(format!("s{}p{}", policy.side, policy.index));
            set.add(source.new_id(id)).map_err(|error| error.to_string())?;
        }
        let symenv = self.symenv.clone()?;
        CompiledPolicySet::compile_with_custom_symenv(&set, &self.env, &self.schema, symenv)
            .map_err(|error| error.to_string())
    }

    /// The formula as a term; its policies were compiled.
    fn term(&self, formula: &Formula) -> Term {
        let goal = |asserts: &Asserts| asserts.last().expect("there is a goal").clone();
        match formula {
            Formula::Constant(value) => (*value).into(),
            Formula::Matches(policy) => goal(never_matches_asserts(self.get(*policy)).asserts()),
            Formula::Errors(policy) => goal(never_errors_asserts(self.get(*policy)).asserts()),
            Formula::Not(inner) => term_factory::not(self.term(inner)),
            Formula::And(all) => all.iter().fold(true.into(), |left, right| term_factory::and(left, self.term(right))),
            Formula::Or(any) => any.iter().fold(false.into(), |left, right| term_factory::or(left, self.term(right))),
            Formula::AnyOther { .. } => unreachable!("queries spell it out"),
        }
    }

    /// What well-formed entities say about the policies, then the formula itself.
    fn asserts(&self, formula: &Formula, policies: &[PolicyRef]) -> Asserts {
        let mut all: Vec<Term> = Vec::new();
        for (at, first) in policies.iter().enumerate() {
            for second in &policies[at..] {
                // Where both compile to one term, symcc leaves out what it assumes: ask for one policy's instead.
                let pair = matches_equivalent_asserts(self.get(*first), self.get(*second));
                let single = [never_matches_asserts(self.get(*first)), never_errors_asserts(self.get(*first))];
                for asserts in std::iter::once(&pair).chain(&single) {
                    let (_, assumed) = asserts.asserts().split_last().expect("there is a goal");
                    all.extend(assumed.iter().filter(|term| !all.contains(term)).cloned().collect::<Vec<_>>());
                }
            }
        }
        all.push(self.term(formula));
        Arc::new(all)
    }
}

impl Symcc {
    pub fn new(command: PathBuf, limit: Duration) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Symcc { runtime, command, compiler: None, limit, starts: 0 }
    }

    /// Connected to the solver that the environment names, if it names one.
    pub fn from_environment(limit: Duration) -> Option<Self> {
        command().map(|command| Symcc::new(command, limit))
    }

    fn compiler(&mut self) -> Result<CedarSymCompiler<LocalSolver>, String> {
        if let Some(compiler) = self.compiler.take() {
            return Ok(compiler);
        }
        self.starts += 1;
        let _inside = self.runtime.enter();
        let limit = format!("--tlimit={}", self.limit.as_millis());
        let mut command = Command::new(&self.command);
        command.args(["--lang", "smt", &limit]).kill_on_drop(true);
        let solver = LocalSolver::from_command(&mut command).map_err(|error| error.to_string())?;
        CedarSymCompiler::new(solver).map_err(|error| error.to_string())
    }

    pub fn ask(&mut self, model: &mut Model, query: &Query) -> Verdict {
        match self.decide(model, query) {
            Ok(true) => Verdict::Holds,
            Ok(false) => Verdict::Fails,
            Err(why) => Verdict::Open(why),
        }
    }

    fn decide(&mut self, model: &mut Model, query: &Query) -> Result<bool, String> {
        let policies = query.policies();
        for policy in &policies {
            model.compile(*policy)?;
        }
        let groups = match query {
            Query::Implies(s, t) | Query::Equivalent(s, t) | Query::Disjoint(s, t) => {
                vec![model.group(s)?, model.group(t)?]
            }
            Query::AlwaysAllows(s) | Query::AlwaysDenies(s) => vec![model.group(s)?],
            _ => Vec::new(),
        };
        let mut compiler = self.compiler()?;
        let model = &*model;
        let patience = self.limit * 2 + Duration::from_secs(2);
        let asking = async {
            match query {
                Query::NeverMatches(p) => compiler.check_never_matches_opt(model.get(*p)).await,
                Query::AlwaysMatches(p) => compiler.check_always_matches_opt(model.get(*p)).await,
                Query::NeverErrors(p) => compiler.check_never_errors_opt(model.get(*p)).await,
                Query::MatchesImplies(p, q) => compiler.check_matches_implies_opt(model.get(*p), model.get(*q)).await,
                Query::MatchesEquivalent(p, q) => {
                    compiler.check_matches_equivalent_opt(model.get(*p), model.get(*q)).await
                }
                Query::MatchesDisjoint(p, q) => compiler.check_matches_disjoint_opt(model.get(*p), model.get(*q)).await,
                Query::Implies(..) => compiler.check_implies_opt(&groups[0], &groups[1]).await,
                Query::Equivalent(..) => compiler.check_equivalent_opt(&groups[0], &groups[1]).await,
                Query::Disjoint(..) => compiler.check_disjoint_opt(&groups[0], &groups[1]).await,
                Query::AlwaysAllows(_) => compiler.check_always_allows_opt(&groups[0]).await,
                Query::AlwaysDenies(_) => compiler.check_always_denies_opt(&groups[0]).await,
                Query::Shadowed(..) | Query::Nothing(_) => {
                    let symenv = model.symenv.as_ref().expect("the policies were compiled");
                    compiler.check_unsat_raw(model.asserts(&query.spelled(), &policies), symenv).await
                }
            }
        };
        let answer = self.runtime.block_on(async { tokio::time::timeout(patience, asking).await });
        match answer {
            Ok(Ok(holds)) => {
                self.compiler = Some(compiler);
                Ok(holds)
            }
            // The process may be in any state: the next query gets a new one, except after a plain "unknown".
            Ok(Err(error @ cedar_policy_symcc::err::Error::SolverUnknown)) => {
                self.compiler = Some(compiler);
                Err(error.to_string())
            }
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("no answer in time".into()),
        }
    }
}
