//! `polcheck schema`.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::args::{CommonArgs, ReadArgs};
use crate::cli::failure::Failure;
use crate::cli::output::{Output, print};
use crate::run::{self, SchemaOptions};
use crate::source::replace_file;
use crate::text::inline;

/// Infer a schema from policies and entities that have none
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  polcheck schema infer\n  polcheck schema infer policies -o policies/app.cedarschema"
)]
pub(in crate::cli) struct SchemaArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Infer(InferArgs),
}

/// Print a schema that is inferred from what a store holds, as Cedar text
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  polcheck schema infer\n  polcheck schema infer policies -o policies/app.cedarschema\n\n\
                  A comment above each line says what it is taken from. Read it before you\ncommit it: evidence is not \
                  intent. What an attribute is compared with fixes its\ntype; one that a policy asks for with `has` is \
                  optional."
)]
struct InferArgs {
    /// The file to write instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    read: ReadArgs,
}

/// Runs the command and gives the exit code.
pub(super) fn run(args: &SchemaArgs, common: &CommonArgs) -> Result<u8, Failure> {
    let What::Infer(args) = &args.what;
    let output = Output::of(common)?;
    let run::InferredSchema { inferred, warnings } =
        run::schema(&SchemaOptions { reading: output.reading(&args.read) })?;
    for warning in warnings {
        let _ = writeln!(std::io::stderr(), "polcheck: warning: {warning}");
    }
    match &args.output {
        None => print(&inferred.text)?,
        Some(file) => {
            let shown = file.display().to_string();
            replace_file(file, inferred.text.as_bytes())
                .map_err(|error| Failure(format!("cannot write `{}`: {error}", inline(&shown))))?;
            let _ = writeln!(std::io::stderr(), "polcheck: wrote `{}`", inline(&shown));
        }
    }
    Ok(0)
}
