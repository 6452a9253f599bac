//! The `polcheck` program: see the library's [`polcheck::cli`].

#![cfg_attr(
    not(test),
    deny(
        clippy::dbg_macro,
        clippy::disallowed_macros,
        clippy::disallowed_methods,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::todo,
        clippy::unimplemented,
        clippy::unwrap_used
    )
)]

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Parsing and evaluating allocate much and briefly.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    polcheck::cli::main()
}
