//! Which solver answers: the engine, or cvc5 (<https://cvc5.github.io>) through cedar-policy-symcc, or both.
//!
//! # Why
//!
//! That a request exists is shown by replaying it through Cedar's authorizer, whoever found it; that none does is what
//! a second solver is for. cvc5 is a process of its own, which is started when it is first asked and kept for the next
//! question. It is given so much time and no budget of conflicts, so that what it gives up on may hang on the machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cedar_policy_symcc::solver::LocalSolver;
use cedar_policy_symcc::term::Term;
use cedar_policy_symcc::{CedarSymCompiler, SymEnv};
use thiserror::Error;
use tokio::process::Command;
use tokio::runtime::Runtime;

use super::meter::Meter;

/// Which solver answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SolverMode {
    /// The engine.
    #[default]
    Builtin,
    /// cvc5; requests that it says exist are found by the engine.
    Cvc5,
    /// The engine, and cvc5 has to agree.
    Both,
}

/// Why cvc5 has no say about a question. `Display` gives a phrase that follows "since".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum Silence {
    /// symcc has one schema to a question.
    #[error("it is about two schemas")]
    TwoSchemas,
    /// symcc has no policies with unknown slots.
    #[error("it is about a template")]
    Template,
    /// symcc does not say what is assumed of entities that such policies read.
    #[error("it is about a policy that does not typecheck")]
    IllTyped,
    /// It did not answer.
    #[error("it gave none ({0})")]
    GaveUp(String),
}

/// So long cvc5 may think about one question.
const LIMIT: Duration = Duration::from_secs(60);

/// The solvers of a run, and what became of what they were asked.
#[derive(Debug, Default)]
pub struct Solvers {
    mode: SolverMode,
    command: PathBuf,
    idle: Mutex<Vec<Connection>>,
    agreed: AtomicUsize,
    silent: Mutex<BTreeMap<Silence, usize>>,
    meter: Meter,
}

/// A process of cvc5.
struct Connection {
    runtime: Runtime,
    compiler: CedarSymCompiler<LocalSolver>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connection")
    }
}

impl Solvers {
    /// Those of `mode`; `command` is cvc5.
    ///
    /// # Errors
    /// When cvc5 is needed and cannot be started; the text says why.
    pub fn new(mode: SolverMode, command: &Path) -> Result<Arc<Self>, String> {
        let solvers = Self { mode, command: command.to_owned(), ..Self::default() };
        if mode != SolverMode::Builtin {
            let connection = solvers.connect()?;
            solvers.keep(connection);
        }
        Ok(Arc::new(solvers))
    }

    /// Which solver answers.
    #[must_use]
    pub fn mode(&self) -> SolverMode {
        self.mode
    }

    /// How far the run is with what it asks them.
    #[must_use]
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// To how many questions cvc5 gave the answer that was given, and why it had no say about others, with their
    /// number.
    #[must_use]
    pub fn tally(&self) -> (usize, BTreeMap<Silence, usize>) {
        let silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        (self.agreed.load(Ordering::Relaxed), silent.clone())
    }

    /// Counts an answer that cvc5 gave too.
    pub(super) fn agree(&self) {
        self.agreed.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a question that cvc5 had no say about.
    pub(super) fn miss(&self, why: &Silence) {
        *self.silent.lock().unwrap_or_else(PoisonError::into_inner).entry(why.clone()).or_default() += 1;
    }

    /// Whether no world of `symbols` fulfils all of `terms`.
    pub(super) fn refutes(&self, terms: Vec<Term>, symbols: &SymEnv) -> Result<bool, Silence> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.connect().map_err(Silence::GaveUp)?,
        };
        let Connection { runtime, compiler } = &mut connection;
        let asking = compiler.check_unsat_raw(Arc::new(terms), symbols);
        let answer = runtime.block_on(async { tokio::time::timeout(LIMIT * 2, asking).await });
        match answer {
            Ok(Ok(refuted)) => {
                self.keep(connection);
                Ok(refuted)
            }
            Ok(Err(error @ cedar_policy_symcc::err::Error::SolverUnknown)) => {
                self.keep(connection);
                Err(Silence::GaveUp(error.to_string()))
            }
            // The process may be in any state: the next question gets a new one.
            Ok(Err(error)) => Err(Silence::GaveUp(error.to_string())),
            Err(_) => Err(Silence::GaveUp(format!("not within {} s", LIMIT.as_secs()))),
        }
    }

    fn keep(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }

    fn connect(&self) -> Result<Connection, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let compiler = {
            let _inside = runtime.enter();
            let limit = format!("--tlimit-per={}", LIMIT.as_millis());
            let mut command = Command::new(&self.command);
            command.args(["--lang", "smt", &limit]).kill_on_drop(true);
            let solver = LocalSolver::from_command(&mut command).map_err(|error| cause(&error))?;
            CedarSymCompiler::new(solver).map_err(|error| error.to_string())?
        };
        Ok(Connection { runtime, compiler })
    }
}

/// The last cause of an error, which says most.
fn cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), cause)
}
