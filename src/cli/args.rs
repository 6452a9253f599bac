//! What users may type with more than one command.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

use crate::finding::FailOn;
use crate::report::FORMATS;
use crate::symbolic::SolverMode;

fn report_help() -> String {
    let names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
    format!("FORMAT or FORMAT=FILE, repeatable; formats: {}", names.join(", "))
}

/// Arguments of every command that reads a repository.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ReadArgs {
    /// Files or folders to report on; what they belong to is read whole [default: .]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) explicit: ExplicitArgs,
}

/// Files named one by one.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Without a repository layout (any of these but --tests turns discovery off)")]
pub(super) struct ExplicitArgs {
    /// Policies: a file or folder
    #[arg(short, long, value_name = "PATH")]
    pub(super) policies: Vec<PathBuf>,
    /// Schema; several make one
    #[arg(short, long, value_name = "PATH")]
    pub(super) schema: Vec<PathBuf>,
    /// Entities
    #[arg(long, value_name = "PATH")]
    pub(super) entities: Vec<PathBuf>,
    /// Template links
    #[arg(short = 'k', long, value_name = "PATH")]
    pub(super) template_linked: Vec<PathBuf>,
    /// Decision tables: a file, or a folder with every file of a known form. Alone, they run over the repository's
    /// store
    #[arg(long, value_name = "PATH")]
    pub(super) tests: Vec<PathBuf>,
}

/// Arguments of every command, before or after its name.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Everywhere; also as POLCHECK_CONFIG, _REPORT, _FAIL_ON and so on")]
pub(super) struct CommonArgs {
    /// Run as if started in DIR: paths are relative to it, and else to the working folder
    #[arg(global = true, short = 'C', value_name = "DIR", env = "POLCHECK_DIR", hide_env = true)]
    pub(super) directory: Option<PathBuf>,
    /// Configuration [default: polcheck.toml, looked for upwards]
    #[arg(global = true, long, value_name = "FILE", env = "POLCHECK_CONFIG", hide_env = true)]
    pub(super) config: Option<PathBuf>,
    /// Only this store
    #[arg(global = true, long, value_name = "NAME", env = "POLCHECK_STORE", hide_env = true)]
    pub(super) store: Option<String>,
    /// Read the git index instead of the worktree
    #[arg(global = true, long)]
    pub(super) staged: bool,
    /// The day that counts as today, such as 2026-11-30 [default: today]
    #[arg(global = true, long, value_name = "TIME", env = "POLCHECK_NOW", hide_env = true)]
    pub(super) now: Option<String>,
    #[arg(global = true, long, value_name = "FORMAT[=FILE]", help = report_help(), env = "POLCHECK_REPORT", hide_env = true)]
    pub(super) report: Vec<String>,
    /// Where files are shown on the web: places in Markdown link there, such as
    /// https://github.com/OWNER/NAME/blob/COMMIT
    #[arg(global = true, long, value_name = "URL", env = "POLCHECK_LINK_BASE", hide_env = true)]
    pub(super) link_base: Option<String>,
    /// The mildest level that fails the run [default: error]
    #[arg(global = true, long, value_name = "LEVEL", env = "POLCHECK_FAIL_ON", hide_env = true)]
    pub(super) fail_on: Option<FailOnArg>,
    /// When to colour
    #[arg(global = true, long, value_name = "WHEN", default_value = "auto", env = "POLCHECK_COLOR", hide_env = true)]
    pub(super) color: ColorArg,
    /// Who answers questions about policies: the engine, cvc5 (in POLCHECK_CVC5 or on the path), or both, which have to
    /// agree
    #[arg(
        global = true,
        long,
        value_name = "SOLVER",
        default_value = "builtin",
        env = "POLCHECK_SOLVER",
        hide_env = true
    )]
    pub(super) solver: SolverArg,
    /// The command that is cvc5
    #[arg(global = true, long, value_name = "FILE", default_value = "cvc5", env = "POLCHECK_CVC5", hide = true)]
    pub(super) cvc5: PathBuf,
    /// Threads [default: one per core]
    #[arg(global = true, short, value_name = "N", env = "POLCHECK_JOBS", hide_env = true)]
    pub(super) jobs: Option<usize>,
    /// Say only what fails
    #[arg(global = true, short, long, action = ArgAction::SetTrue, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Show notes, passing rows and the files that were left out
    #[arg(global = true, short, long, action = ArgAction::SetTrue)]
    pub(super) verbose: bool,
}

/// The words of `--fail-on`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum FailOnArg {
    Error,
    Warning,
    Note,
    Never,
}

impl From<FailOnArg> for FailOn {
    fn from(arg: FailOnArg) -> Self {
        match arg {
            FailOnArg::Error => Self::Error,
            FailOnArg::Warning => Self::Warning,
            FailOnArg::Note => Self::Note,
            FailOnArg::Never => Self::Never,
        }
    }
}

/// The words of `--solver`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum SolverArg {
    #[default]
    Builtin,
    Cvc5,
    Both,
}

impl From<SolverArg> for SolverMode {
    fn from(arg: SolverArg) -> Self {
        match arg {
            SolverArg::Builtin => Self::Builtin,
            SolverArg::Cvc5 => Self::Cvc5,
            SolverArg::Both => Self::Both,
        }
    }
}

/// The words of `--color`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorArg {
    #[default]
    Auto,
    Always,
    Never,
}
