//! polcheck as a library: checks a repository and says what it found, without a command line.
//!
//! `cargo run --example check -- fixtures/repos/step-up`

use std::error::Error;

use polcheck::report;
use polcheck::run::{self, CheckOptions, Reading};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let reading = Reading { directory: Some(folder.into()), ..Reading::default() };
    let outcome = run::check(&CheckOptions { reading, ..CheckOptions::default() })?;
    for finding in &outcome.findings {
        println!("{} {} {}", finding.level.as_str(), finding.location.label(), finding.message);
    }
    println!("{}", report::verdict_line(&outcome));
    std::process::exit(outcome.exit_code().into())
}
