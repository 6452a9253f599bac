//! What users may type.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::finding::FailOn;
use crate::report::FORMATS;
use crate::tables::{Filter, Shard};

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

fn report_help() -> String {
    let names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
    format!("FORMAT or FORMAT=FILE, repeatable; formats: {}", names.join(", "))
}

/// Checks Cedar policy repositories: validation, lint, decision tables, and what changes who may do what.
#[derive(Debug, Parser)]
#[command(name = "polcheck", version, after_help = after_help(), max_term_width = 100)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

impl Cli {
    /// The command, with what was said everywhere, before or after its name.
    pub(super) fn into_command(self) -> Command {
        let Self { mut command, common } = self;
        match &mut command {
            Command::Check(args) => args.validate.run.common = common,
            Command::Validate(args) => args.run.common = common,
            Command::Lint(args) => args.run.common = common,
            Command::Test(args) => args.run.common = common,
            Command::Diff(args) => args.common = common,
            Command::Init(args) => args.common = common,
            Command::Rules(_) => {}
        }
        command
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Validate, lint and test, and diff when a base is given: what CI and the hook run
    #[command(after_help = "Examples:\n  polcheck check\n  polcheck check services/payments --fail-on warning\n  \
                            polcheck check --staged                  what is about to be committed\n  \
                            polcheck check --against origin/main     and what changes who may do what\n  \
                            polcheck check --report human --report sarif=polcheck.sarif")]
    Check(CheckArgs),
    /// Check schema, policies, templates, links and entities with Cedar's own validator
    #[command(after_help = "Examples:\n  polcheck validate\n  polcheck validate -s app.cedarschema -p policies/ \
                            --entities entities.json\n  polcheck validate --level 1     policies that chain one dereference at most")]
    Validate(ValidateArgs),
    /// Look for mistakes: in text and syntax, and with a schema by proof over every request that it allows
    #[command(after_help = "Examples:\n  polcheck lint\n  polcheck lint -v             notes too\n  polcheck lint \
                            --conflicts    permits and forbids that overlap\n  polcheck rules               what is looked for")]
    Lint(LintArgs),
    /// Run decision tables
    #[command(after_help = "Examples:\n  polcheck test\n  polcheck test -p policies.cedar -s app.cedarschema --tests \
                            tests.json\n  polcheck test -v                        every row\n  polcheck test --filter \
                            action=refund --filter expect=deny\n  polcheck test --shard 2/4               the second of four \
                            jobs\n  polcheck test --coverage                what no row exercises\n  polcheck test \
                            --coverage-floor 80 --against main")]
    Test(TestArgs),
    /// Say who gains and who loses what between two revisions, with a request that shows each change
    #[command(
        after_help = "Examples:\n  polcheck diff main              main and the worktree\n  polcheck diff HEAD --staged     \
                            what is about to be committed\n  polcheck diff main...feature    what the branch changes\n  polcheck \
                            diff v1.0 v1.1 -- services/payments\n  polcheck diff --files old/ new/ -s app.cedarschema\n\nNothing is \
                            fetched. Without a gate (--deny, or [diff] in polcheck.toml) changes exit 0."
    )]
    Diff(DiffArgs),
    /// Set up configuration, CI, hook and a first decision table; overwrite nothing
    #[command(after_help = "Examples:\n  polcheck init --dry-run     what would be written\n  polcheck init")]
    Init(InitArgs),
    /// List the rules, or show one with its page
    #[command(
        after_help = "Examples:\n  polcheck rules                what is looked for\n  polcheck rules placeholder    one rule, why and what to do"
    )]
    Rules(RulesArgs),
}

/// Arguments of `check`.
#[derive(Debug, Clone, Args)]
pub(super) struct CheckArgs {
    /// Compare effective permissions with those of a revision; its gates apply as well
    #[arg(long, value_name = "REV")]
    pub(super) against: Option<String>,
    #[command(flatten)]
    pub(super) validate: ValidateArgs,
}

/// Arguments of the commands that validate.
#[derive(Debug, Clone, Args)]
pub(super) struct ValidateArgs {
    /// Let policies chain at most N entity dereferences (level validation)
    #[arg(long, value_name = "N")]
    pub(super) level: Option<u32>,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

/// Arguments of `lint`.
#[derive(Debug, Clone, Args)]
pub(super) struct LintArgs {
    /// List every permit and forbid that overlap, with a request that both match
    #[arg(long)]
    pub(super) conflicts: bool,
    /// Rank permits by how far they reach
    #[arg(long)]
    pub(super) breadth: bool,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

/// Arguments of `test`.
#[derive(Debug, Clone, Args)]
pub(super) struct TestArgs {
    /// Run only rows that hold TEXT in their id, or as KEY=TEXT in their name, file, principal, action, resource or
    /// expect; `*` stands for anything; repeat to narrow down
    #[arg(long, value_name = "[KEY=]TEXT")]
    pub(super) filter: Vec<Filter>,
    /// Run only one of several shares of the rows, such as 2/4; a row stays in its share when others come and go
    #[arg(long, value_name = "I/N")]
    pub(super) shard: Option<Shard>,
    /// Stop at the first row that fails or cannot run
    #[arg(long)]
    pub(super) fail_fast: bool,
    /// Name the rows and run none
    #[arg(long)]
    pub(super) list: bool,
    #[command(flatten)]
    pub(super) coverage: CoverageArgs,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

/// Arguments about coverage.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct CoverageArgs {
    /// Say which policies and conditions no row exercises
    #[arg(long)]
    pub(super) coverage: bool,
    /// Fail when less is covered, in percent of policies and conditions; implies --coverage
    #[arg(long, value_name = "PERCENT", conflicts_with_all = ["filter", "shard", "fail_fast", "list"], value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(super) coverage_floor: Option<u32>,
    /// Coverage of only what changed since a revision; implies --coverage
    #[arg(long, value_name = "REV")]
    pub(super) against: Option<String>,
}

/// Arguments of every command that reads a repository.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct RunArgs {
    /// Files or folders to report on; what they belong to is read whole [default: .]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) explicit: ExplicitArgs,
    #[arg(skip)]
    pub(super) common: CommonArgs,
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
#[command(next_help_heading = "Everywhere")]
pub(super) struct CommonArgs {
    /// Run as if started in DIR
    #[arg(global = true, short = 'C', value_name = "DIR")]
    pub(super) directory: Option<PathBuf>,
    /// Configuration [default: polcheck.toml, looked for upwards]
    #[arg(global = true, long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Only this store
    #[arg(global = true, long, value_name = "NAME")]
    pub(super) store: Option<String>,
    /// Read the git index instead of the worktree
    #[arg(global = true, long)]
    pub(super) staged: bool,
    /// The day that counts as today, such as 2026-11-30 [default: today]
    #[arg(global = true, long, value_name = "TIME")]
    pub(super) now: Option<String>,
    #[arg(global = true, long, value_name = "FORMAT[=FILE]", help = report_help())]
    pub(super) report: Vec<String>,
    /// The mildest level that fails the run [default: error]
    #[arg(global = true, long, value_name = "LEVEL")]
    pub(super) fail_on: Option<FailOnArg>,
    /// When to colour
    #[arg(global = true, long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: ColorArg,
    /// Threads [default: one per core]
    #[arg(global = true, short, value_name = "N")]
    pub(super) jobs: Option<usize>,
    /// Say only what fails
    #[arg(global = true, short, long, action = ArgAction::SetTrue, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Show notes, passing rows and the files that were left out
    #[arg(global = true, short, long, action = ArgAction::SetTrue)]
    pub(super) verbose: bool,
}

/// Arguments of `diff`.
#[derive(Debug, Clone, Args)]
pub(super) struct DiffArgs {
    /// The old revision, or a range: OLD..NEW, or OLD...NEW for the merge base
    #[arg(value_name = "OLD", required_unless_present = "files", conflicts_with = "files")]
    pub(super) old: Option<String>,
    /// The new revision [default: the worktree]
    #[arg(value_name = "NEW")]
    pub(super) new: Option<String>,
    /// Only stores that have something at or below these paths
    #[arg(value_name = "PATH", last = true)]
    pub(super) paths: Vec<PathBuf>,
    /// Compare two folders or files, with no git
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"])]
    pub(super) files: Option<Vec<PathBuf>>,
    /// With --files: the schema of both sides; several make one
    #[arg(short, long, value_name = "PATH", requires = "files")]
    pub(super) schema: Vec<PathBuf>,
    /// With --files: the schema of the old side
    #[arg(long, value_name = "PATH", requires = "files", conflicts_with = "schema")]
    pub(super) old_schema: Vec<PathBuf>,
    /// With --files: the schema of the new side
    #[arg(long, value_name = "PATH", requires = "files", conflicts_with = "schema")]
    pub(super) new_schema: Vec<PathBuf>,
    /// Refuse such changes, besides those that [diff] in polcheck.toml refuses: exit 1
    #[arg(long, value_name = "CHANGE")]
    pub(super) deny: Vec<DenyArg>,
    /// Write the refused changes to polcheck-accepted.toml, in OWNER's name
    #[arg(long, value_name = "OWNER", requires = "until", conflicts_with = "files")]
    pub(super) accept: Option<String>,
    /// With --accept: the last day on which they are accepted, such as 2027-01-31
    #[arg(long, value_name = "DAY", requires = "accept")]
    pub(super) until: Option<String>,
    #[arg(skip)]
    pub(super) common: CommonArgs,
}

/// The words of `--deny`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DenyArg {
    Gained,
    Lost,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Show what would be written, and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    #[arg(skip)]
    pub(super) common: CommonArgs,
}

/// Arguments of `rules`.
#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    /// A rule's id
    pub(super) id: Option<String>,
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

/// The words of `--color`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorArg {
    #[default]
    Auto,
    Always,
    Never,
}
