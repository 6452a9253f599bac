//! `polcheck lsp`.

use clap::Args;

use crate::cli::args::{CommonArgs, ReadArgs};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::lsp;

/// Serve an editor over standard input and output: the Language Server Protocol
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  polcheck lsp     what an editor starts; docs/editors.md says how to tell it\n\n\
                        Diagnostics, hover, definitions, completion, fixes, lenses and formatting,\n\
                        of texts as they are typed. Ends when the editor does.")]
pub(in crate::cli) struct LspArgs {
    /// What most editors add to the command; there is no other way
    #[arg(long, hide = true)]
    stdio: bool,
}

/// Runs the command and gives the exit code: 1 where the editor is gone without a word.
pub(super) fn run(_: &LspArgs, common: &CommonArgs) -> Result<u8, Failure> {
    let output = Output::of(common)?;
    output.is_free("the protocol")?;
    let served = lsp::serve(output.reading(&ReadArgs::default()), std::io::stdin(), std::io::stdout());
    match served {
        Ok(agreed) => Ok(u8::from(!agreed)),
        Err(error) => Err(Failure(format!("cannot start: {error}"))),
    }
}
