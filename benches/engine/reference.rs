//! The same question asked of cedar-policy-symcc with cvc5 as a child process, which `POLCHECK_CVC5` names.

use std::time::{Duration, Instant};

use cedar_policy::{PolicySet, RequestEnv, Schema};
use cedar_policy_symcc::solver::LocalSolver;
use cedar_policy_symcc::{CedarSymCompiler, CompiledPolicySet};

/// How long a question may take, in milliseconds.
const LIMIT: u64 = 600_000;

/// Whether `old` and `new` allow the same in `environment`, both directions, and how long that took, compiling included
/// and starting the solver not. `None` when no solver is named.
pub(crate) fn equal(
    schema: &Schema,
    environment: &RequestEnv,
    old: &PolicySet,
    new: &PolicySet,
) -> Option<(Result<[bool; 2], String>, Duration)> {
    let command = std::env::var_os("POLCHECK_CVC5")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let _inside = runtime.enter();
    let mut command = tokio::process::Command::new(command);
    command.args(["--lang", "smt", &format!("--tlimit={LIMIT}")]).kill_on_drop(true);
    let mut compiler = CedarSymCompiler::new(LocalSolver::from_command(&mut command).ok()?).ok()?;
    let start = Instant::now();
    let asking = async {
        let old = CompiledPolicySet::compile(old, environment, schema)?;
        let new = CompiledPolicySet::compile(new, environment, schema)?;
        Ok([compiler.check_implies_opt(&new, &old).await?, compiler.check_implies_opt(&old, &new).await?])
    };
    let answer = runtime.block_on(asking).map_err(|error: cedar_policy_symcc::err::Error| error.to_string());
    Some((answer, start.elapsed()))
}
