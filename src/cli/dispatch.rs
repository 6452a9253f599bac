//! The outermost layer: threads with room for deep policies, and the exit code.

use std::io::Write;
use std::process::ExitCode;
use std::thread;

use clap::Parser;

use super::args::{Cli, Command};
use super::commands::{check, diff, init, lint, rules, test, validate};
use super::failure::Failure;

/// Stack of every thread that walks policies, in bytes. Cedar's parser, validator and drop code recurse over the syntax
/// tree; what `repo` lets through in one policy fits. Only touched pages count.
const STACK: usize = 1 << 30;

/// Wrong usage, wrong configuration, or a failure of polcheck itself.
const FAILED: u8 = 2;

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are not errors; a closed pipe is nobody's business.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { FAILED } else { 0 });
        }
    };
    let run = thread::Builder::new().stack_size(STACK).spawn(move || run(cli));
    let result = match run.map(thread::JoinHandle::join) {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(Failure("internal error; please report it with the files that cause it".to_owned())),
        Err(error) => Err(Failure(format!("cannot start: {error}"))),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(Failure(message)) => {
            let _ = writeln!(std::io::stderr(), "polcheck: {}", crate::text::inline(&message));
            ExitCode::from(FAILED)
        }
    }
}

fn run(cli: Cli) -> Result<u8, Failure> {
    let jobs = match &cli.command {
        Command::Rules(_) => Some(1),
        _ => cli.common.jobs,
    };
    let pool = rayon::ThreadPoolBuilder::new().stack_size(STACK).num_threads(jobs.unwrap_or(0)).build_global();
    if let Err(error) = pool {
        return Err(Failure(format!("cannot start threads: {error}")));
    }
    match &cli.into_command() {
        Command::Check(args) => check::run(args),
        Command::Validate(args) => validate::run(args),
        Command::Lint(args) => lint::run(args),
        Command::Diff(args) => diff::run(args),
        Command::Test(args) => test::run(args),
        Command::Init(args) => init::run(args),
        Command::Rules(args) => rules::run(args),
    }
}
