//! `polcheck who-can`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::args::{CommonArgs, ReadArgs};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::run::{self, WhoCanOptions};

/// Say who may do what, over the entities that are known; what is left out is open
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  polcheck who-can -a refund\n  polcheck who-can -l 'User::\"alice\"'            what she \
                  may do\n  polcheck who-can -a refund -r Order --context mfa.json\n  polcheck who-can -a refund \
                  --against main      and who could before\n  polcheck who-can -a refund --report csv=refund.csv\n\nWhere \
                  the context decides, its condition is said. Where no entity is known,\nthe answer is by type."
)]
pub(in crate::cli) struct WhoCanArgs {
    /// Who: an entity such as 'User::"alice"', or a type
    #[arg(short = 'l', long, value_name = "ENTITY")]
    principal: Option<String>,
    /// To do what: an action, by its id where only one has that
    #[arg(short, long, value_name = "ACTION")]
    action: Option<String>,
    /// With what: an entity or a type
    #[arg(short, long, value_name = "ENTITY")]
    resource: Option<String>,
    /// A file with the context as JSON
    #[arg(long, value_name = "FILE")]
    context: Option<PathBuf>,
    /// Set a revision beside it, over the same entities
    #[arg(long, value_name = "REV")]
    against: Option<String>,
    /// Say too what decisions of each action hang on: for how long an answer may be kept
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    read: ReadArgs,
}

/// Runs the command and gives the exit code.
pub(super) fn run(args: &WhoCanArgs, common: &CommonArgs) -> Result<u8, Failure> {
    let output = Output::of(common)?;
    let options = WhoCanOptions {
        reading: output.reading(&args.read),
        principal: args.principal.clone(),
        action: args.action.clone(),
        resource: args.resource.clone(),
        context: args.context.clone(),
        against: args.against.clone(),
        explain: args.explain,
    };
    output.show("counting", || run::who_can(&options))
}
