//! `polcheck completions`.

use std::path::{Path, PathBuf};

use clap::{Args, Command, Subcommand, ValueHint};
use clap_complete::Shell;

use super::Command as Typed;
use crate::cli::args::CommonArgs;
use crate::cli::failure::Failure;
use crate::cli::output::print;
use crate::source::replace_file;

/// Print what a shell completes, or write the man pages
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  polcheck completions bash         for ~/.local/share/bash-completion\n  polcheck \
                        completions zsh          for a folder of $fpath, as _polcheck\n  polcheck completions --man \
                        man1   for ~/.local/share/man"
)]
pub(in crate::cli) struct CompletionsArgs {
    /// The shell
    #[arg(required_unless_present = "man")]
    shell: Option<Shell>,
    /// Write the man pages to DIR, one of polcheck and one of each command
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    man: Option<PathBuf>,
}

/// Runs the command and gives the exit code.
pub(super) fn run(args: &CompletionsArgs, _: &CommonArgs) -> Result<u8, Failure> {
    let named = Command::new("polcheck").version(env!("CARGO_PKG_VERSION")).about(env!("CARGO_PKG_DESCRIPTION"));
    let mut line = Typed::augment_subcommands(CommonArgs::augment_args(named));
    line.build();
    if let Some(folder) = &args.man {
        man_pages(&line, folder)?;
    }
    if let Some(shell) = args.shell {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut line, "polcheck", &mut text);
        print(&String::from_utf8_lossy(&text))?;
    }
    Ok(0)
}

/// Writes a page of `line` and of each of its commands to `folder`.
fn man_pages(line: &Command, folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure(format!("cannot make the folder `{}`: {error}", folder.display())))?;
    let mut open = vec![line.clone()];
    while let Some(command) = open.pop() {
        open.extend(command.get_subcommands().filter(|command| command.get_name() != "help").cloned());
        let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
        let mut page = Vec::new();
        let file = folder.join(format!("{name}.1"));
        let cannot = |why: String| Failure(format!("cannot write `{}`: {why}", file.display()));
        clap_mangen::Man::new(command).title(&name).render(&mut page).map_err(|error| cannot(error.to_string()))?;
        replace_file(&file, &page).map_err(|error| cannot(error.to_string()))?;
    }
    Ok(())
}
