//! The outermost layer: threads with room for deep policies, and the exit code.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use std::thread;

use clap::{CommandFactory, Parser};

use super::args::CommonArgs;
use super::commands::Command;
use super::failure::Failure;
use crate::report::FORMATS;
use crate::run;

const EXAMPLES: &str = "\
Examples:
  polcheck check                     validate, lint and test the repository
  polcheck check --against main      and say what changes who may do what
  polcheck COMMAND --help            more, with examples of the command
";

const EXIT_CODES: &str = "\
Exit codes:
  0  clean
  1  findings at or above --fail-on, failed rows, rows that cannot run,
     malformed tables, changes of permissions that a gate refuses
  2  wrong usage, wrong configuration, or polcheck itself failed
  3  nothing was there to check
  4  something that was asked for could not be decided";

/// What follows the list of commands.
fn after_help() -> String {
    let width = FORMATS.iter().map(|format| format.name.len()).max().unwrap_or(0);
    let formats = FORMATS.iter().map(|format| format!("  {:width$}  {}\n", format.name, format.about));
    format!(
        "{EXAMPLES}\nReports (--report FORMAT or --report FORMAT=FILE):\n{}\n{EXIT_CODES}",
        formats.collect::<String>()
    )
}

/// Checks Cedar policy repositories: validation, lint, decision tables, and what changes who may do what.
#[derive(Debug, Parser)]
#[command(name = "polcheck", version, after_help = after_help(), max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: CommonArgs,
}

/// Wrong usage, wrong configuration, or a failure of polcheck itself.
const FAILED: u8 = 2;

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse_from(options_last(std::env::args_os().collect())) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are not errors; a closed pipe is nobody's business.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { FAILED } else { 0 });
        }
    };
    let run = thread::Builder::new().stack_size(run::STACK).spawn(move || run(cli));
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

/// `args` with the options before the command behind it: clap keeps only what stands behind, where one is given in both
/// places and may be repeated.
fn options_last(mut args: Vec<OsString>) -> Vec<OsString> {
    // Mostly the command comes first, and clap need not be asked what takes a value.
    if !args.get(1).and_then(|arg| arg.to_str()).is_some_and(|arg| arg.starts_with('-')) {
        return args;
    }
    let command = Cli::command();
    let takes_value = |text: &str| {
        command.get_arguments().any(|arg| {
            let name = arg.get_long().map(|name| format!("--{name}")).filter(|name| name == text);
            let short = arg.get_short().map(|name| format!("-{name}")).filter(|name| name == text);
            (name.is_some() || short.is_some()) && arg.get_action().takes_values()
        })
    };
    let mut at = 1;
    while let Some(text) = args.get(at).and_then(|arg| arg.to_str()).filter(|text| text.starts_with('-')) {
        at += if takes_value(text) { 2 } else { 1 };
    }
    let is_command = |arg: &OsString| arg.to_str().is_some_and(|arg| command.find_subcommand(arg).is_some());
    if at > 1 && args.get(at).is_some_and(is_command) {
        let name = args.remove(at);
        args.insert(1, name);
    }
    args
}

fn run(cli: Cli) -> Result<u8, Failure> {
    let pool =
        rayon::ThreadPoolBuilder::new().stack_size(run::STACK).num_threads(cli.common.jobs.unwrap_or(0)).build_global();
    if let Err(error) = pool {
        return Err(Failure(format!("cannot start threads: {error}")));
    }
    cli.command.run(&cli.common)
}
