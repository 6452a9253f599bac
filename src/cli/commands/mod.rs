//! A file for each command: what users may type, and from that to options, run and report.

use clap::Subcommand;

use super::args::CommonArgs;
use super::failure::Failure;

/// Declares the modules of commands and lists them, so that a command is named once. Help lists them in this order.
macro_rules! commands {
    ($($command:ident $module:ident $args:ident)*) => {
        $(mod $module;)*

        /// A command with its arguments.
        #[derive(Debug, Subcommand)]
        pub(super) enum Command {
            $($command($module::$args),)*
        }

        impl Command {
            /// Runs the command, with what was said everywhere, and gives the exit code.
            pub(super) fn run(&self, common: &CommonArgs) -> Result<u8, Failure> {
                match self {
                    $(Self::$command(args) => $module::run(args, common),)*
                }
            }
        }
    };
}

commands! {
    Check check CheckArgs
    Validate validate ValidateArgs
    Lint lint LintArgs
    Test test TestArgs
    Prove prove ProveArgs
    Diff diff DiffArgs
    WhoCan who_can WhoCanArgs
    Explain explain ExplainArgs
    Replay replay ReplayArgs
    Report report ReportArgs
    Fmt fmt FmtArgs
    Baseline baseline BaselineArgs
    Schema schema SchemaArgs
    Init init InitArgs
    Rules rules RulesArgs
    Lsp lsp LspArgs
    Completions completions CompletionsArgs
}
