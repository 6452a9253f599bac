//! `polcheck diff`.

use std::io::Write;
use std::path::Path;

use crate::cli::args::{DenyArg, DiffArgs, RunArgs};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::config::ACCEPTED_NAME;
use crate::run::{self, Compare, Deny, DiffOptions};

/// Runs the command and gives the exit code.
pub(in crate::cli) fn run(args: &DiffArgs) -> Result<u8, Failure> {
    let output = Output::of(&args.common)?;
    let options = options(args, &output)?;
    let outcome = output.run("comparing", || {
        let mut outcome = run::diff(&options)?;
        if let (Some(owner), Some(until)) = (&args.accept, &args.until) {
            match run::accept(&options, &mut outcome, owner, until)? {
                0 => {}
                1 => say_accepted("1 change"),
                count => say_accepted(&format!("{count} changes")),
            }
        }
        Ok(outcome)
    })?;
    output.write(outcome)
}

/// Not of the report: it is about what this run did, not about what it found.
fn say_accepted(changes: &str) {
    let told = format!("polcheck: accepted {changes} in `{ACCEPTED_NAME}`; commit it, and have it reviewed");
    let _ = writeln!(std::io::stderr(), "{told}");
}

fn options(args: &DiffArgs, output: &Output<'_>) -> Result<DiffOptions, Failure> {
    let run = RunArgs { paths: args.paths.clone(), common: args.common.clone(), ..RunArgs::default() };
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
        (None, None) => {
            return Err(Failure("name a revision to compare with, such as `polcheck diff main`".to_owned()));
        }
    };
    let deny = Deny { gained: args.deny.contains(&DenyArg::Gained), lost: args.deny.contains(&DenyArg::Lost) };
    Ok(DiffOptions { reading: output.reading(&run), sides, deny })
}
