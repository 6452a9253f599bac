//! The `polcheck` program: see the library's [`polcheck::cli`].

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Parsing and evaluating allocate much and briefly.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    polcheck::cli::main()
}
