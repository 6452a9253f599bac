//! The `polcheck` program: see the library's [`polcheck::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    polcheck::cli::main()
}
