//! `polcheck diff`.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::args::{CommonArgs, ReadArgs};
use crate::cli::failure::Failure;
use crate::cli::output::{Output, print, stream};
use crate::cli::suggested;
use crate::config::ACCEPTED_NAME;
use crate::report;
use crate::run::{self, Compare, Deny, DiffOptions};
use crate::text::inline;

/// Say who gains and who loses what between two revisions, with a request that shows each change
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  polcheck diff main              main and the worktree\n  polcheck diff --staged          \
                        what is about to be committed\n  polcheck diff main...feature    what the branch changes\n  polcheck \
                        diff v1.0 v1.1 -- services/payments\n  polcheck diff --files old/ new/ -s app.cedarschema\n\nNothing is \
                        fetched. Without a gate (--deny, or [diff] in polcheck.toml) changes exit 0."
)]
pub(in crate::cli) struct DiffArgs {
    /// The old revision [default: HEAD], or a range: OLD..NEW, or OLD...NEW for the merge base
    #[arg(value_name = "OLD", conflicts_with = "files")]
    old: Option<String>,
    /// The new revision [default: the worktree]
    #[arg(value_name = "NEW")]
    new: Option<String>,
    /// Only stores that have something at or below these paths
    #[arg(value_name = "PATH", last = true)]
    paths: Vec<PathBuf>,
    /// Compare two folders or files, with no git
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"])]
    files: Option<Vec<PathBuf>>,
    /// With --files: the schema of both sides; several make one
    #[arg(short, long, value_name = "PATH", requires = "files")]
    schema: Vec<PathBuf>,
    /// With --files: the schema of the old side
    #[arg(long, value_name = "PATH", requires = "files", conflicts_with = "schema")]
    old_schema: Vec<PathBuf>,
    /// With --files: the schema of the new side
    #[arg(long, value_name = "PATH", requires = "files", conflicts_with = "schema")]
    new_schema: Vec<PathBuf>,
    /// Entities to count whom it touches, instead of the repository's
    #[arg(long, value_name = "FILE")]
    entities: Vec<PathBuf>,
    /// Print every principal, action and resource that gains or loses access, as CSV
    #[arg(long, conflicts_with = "accept")]
    list: bool,
    /// Print the example of each change as a row that expects what the new side decides, or write them to FILE: a new
    /// table in YAML, or the end of one in JSON
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, conflicts_with_all = ["accept", "list"])]
    #[expect(clippy::option_option, reason = "how clap says that a value may be left out")]
    suggest: Option<Option<PathBuf>>,
    /// Refuse such changes, besides those that [diff] in polcheck.toml refuses: exit 1
    #[arg(long, value_name = "CHANGE")]
    deny: Vec<DenyArg>,
    /// Write the refused changes to polcheck-accepted.toml, in OWNER's name
    #[arg(long, value_name = "OWNER", requires = "until", conflicts_with = "files")]
    accept: Option<String>,
    /// With --accept: the last day on which they are accepted, such as 2027-01-31
    #[arg(long, value_name = "DAY", requires = "accept")]
    until: Option<String>,
}

/// The words of `--deny`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DenyArg {
    Gained,
    Lost,
    Migrated,
    Weakened,
}

/// Runs the command and gives the exit code.
pub(super) fn run(args: &DiffArgs, common: &CommonArgs) -> Result<u8, Failure> {
    let output = Output::of(common)?;
    if let Some(None) = args.suggest {
        output.is_free("the rows")?;
    }
    let options = options(args, &output)?;
    let outcome = output.run("comparing", || {
        let mut outcome = run::diff(&options)?;
        if let (Some(owner), Some(until)) = (&args.accept, &args.until) {
            say_accepted(&run::accept(&options, &mut outcome, owner, until)?);
        }
        Ok(outcome)
    })?;
    if args.list {
        stream(|write| report::list_impact(&outcome.impact, write))?;
        if common.report.is_empty() {
            return output.without_report(&outcome);
        }
    }
    match &args.suggest {
        None => output.write(outcome),
        Some(None) => {
            print(&suggested::table(suggested::UNNOTICED, &report::change_rows(&outcome)))?;
            output.write_aside(outcome)
        }
        Some(Some(file)) => {
            suggested::write(file, suggested::UNNOTICED, &report::change_rows(&outcome), common.quiet)?;
            output.write(outcome)
        }
    }
}

/// Not of the report: it is about what this run did, not about what it found.
fn say_accepted(all: &[String]) {
    let mut told = match all {
        [] => "polcheck: nothing is refused that can be accepted\n".to_owned(),
        [_] => format!("polcheck: accepted 1 change in `{ACCEPTED_NAME}`; commit it, and have it reviewed:\n"),
        all => {
            format!("polcheck: accepted {} changes in `{ACCEPTED_NAME}`; commit it, and have it reviewed:\n", all.len())
        }
    };
    for what in all {
        told.push_str(&format!("  {}\n", inline(what)));
    }
    let _ = write!(std::io::stderr(), "{told}");
}

fn options(args: &DiffArgs, output: &Output<'_>) -> Result<DiffOptions, Failure> {
    let read = ReadArgs { paths: args.paths.clone(), ..ReadArgs::default() };
    let schemas = [&args.schema, &args.old_schema, &args.new_schema];
    let sides = match (args.files.as_deref(), &args.old) {
        (Some([old, new]), _) => {
            let schema = |own: &[_]| if own.is_empty() { args.schema.clone() } else { own.to_vec() };
            let path = Path::to_path_buf;
            let (old_schema, new_schema) = (schema(&args.old_schema), schema(&args.new_schema));
            Compare::Files { old: path(old), new: path(new), old_schema, new_schema }
        }
        (Some(_), _) => return Err(Failure("give two paths".to_owned())),
        (None, _) if schemas.iter().any(|paths| !paths.is_empty()) => {
            let why =
                "`--schema`, `--old-schema` and `--new-schema` go with `--files`; revisions bring their own schemas";
            return Err(Failure(why.to_owned()));
        }
        (None, Some(old)) => Compare::Revisions { old: old.clone(), new: args.new.clone() },
        (None, None) => Compare::default(),
    };
    let denied = |what: DenyArg| args.deny.contains(&what);
    let deny = Deny {
        gained: denied(DenyArg::Gained),
        lost: denied(DenyArg::Lost),
        migrated: denied(DenyArg::Migrated),
        weakened: denied(DenyArg::Weakened),
    };
    Ok(DiffOptions {
        reading: output.reading(&read),
        sides,
        deny,
        entities: args.entities.clone(),
        rows: args.suggest.is_some(),
    })
}
