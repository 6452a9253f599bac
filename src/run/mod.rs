//! Whole runs: from options to an [`Outcome`](crate::outcome::Outcome). What the command line, a library user and an
//! editor call; it parses no arguments and prints nothing.
//!
//! Imports what the table of `lib.rs` gives it: neither `report` nor `cli`.
//!
//! | file | what it does |
//! |---|---|
//! | `check`, `validate`, `lint`, `fix`, `test`, `prove`, `diff`, `explain`, `cacheable`, `fmt`, `who_can`, `baseline`, `schema`, `rules`, `replay`, `report` | one kind of run each, with what it is asked for |
//! | `editing` | a repository that somebody edits, looked at after every change |
//! | `look`, `moved` | what such a look found, and where that stands later |
//! | `open` | a repository, opened and not judged |
//! | `reading` | where to read, and what: what every run starts from |
//! | `error` | why a run could not be |
//! | `place` | where a run stands, what its paths mean, and its sources |
//! | `settings` | what a source says about how it is to be read and what fails |
//! | `configuration` | what configuration names and the repository does not have |
//! | `loaded` | from options to a repository, and to the outcome that a run starts with |
//! | `sides`, `comparing` | both sides of a comparison, read and compared |
//! | `unfilled` | policies that are not read for what is filled in |
//! | `unfit` | what of the new side no longer fits its schema |
//! | `asking` | the request that is to be explained |
//! | `coverage` | what rows exercise |
//! | `example_rows` | what rows that examples of changes become have to say |
//! | `matrix` | who may do what in every store, and what stores hold |
//! | `mutation` | what rows notice of small changes of policies |
//! | `baselined` | the baseline, applied |
//! | `engines` | every engine over one reading |
//! | `known_entities` | the entities that questions about people and things are answered over |
//! | `guardrails` | what is proved of both sides' guardrails |
//! | `fixing` | which findings a pass of `fix` mends |
//! | `fresh` | what of a check the base does not have |
//! | `fillings` | what holds whatever another program fills in |
//! | `finish` | triage, and what was asked for of all that was read |

/// The stack that threads need that run this, and rayon's threads, in bytes, where policies may come from strangers:
/// Cedar's parser, validator and drop code recurse over the syntax tree, and what is let through in one policy fits.
/// Only touched pages count.
pub const STACK: usize = 1 << 30;

/// Declares the modules of runs and hands on each run with what it is asked for, so that a run is named once.
macro_rules! runs {
    ($($run:ident $options:ident)*) => {
        $(mod $run;
        pub use $run::{$options, $run};)*
    };
}

runs! {
    check CheckOptions
    validate ValidateOptions
    lint LintOptions
    fix FixOptions
    test TestOptions
    prove ProveOptions
    diff DiffOptions
    who_can WhoCanOptions
    baseline BaselineOptions
    schema SchemaOptions
    rules RulesOptions
    explain ExplainOptions
    cacheable CacheableOptions
    fmt FmtOptions
    replay ReplayOptions
    report ReportOptions
}

mod asking;
mod baselined;
mod comparing;
mod configuration;
mod coverage;
mod editing;
mod engines;
mod error;
mod example_rows;
mod fillings;
mod finish;
mod fixing;
mod fresh;
mod guardrails;
mod known_entities;
mod loaded;
mod look;
mod matrix;
mod moved;
mod mutation;
mod open;
mod place;
mod reading;
mod settings;
mod sides;
mod unfilled;
mod unfit;

pub use asking::Explanandum;
pub use baseline::Baselined;
pub use comparing::Deny;
pub use coverage::CoverageOptions;
pub use diff::accept;
pub use editing::{Editing, Unsaved, finds_what_is_idle, lay_out, repository_around};
pub use error::RunError;
pub use fix::{Fixed, FixedFile};
pub use fmt::Formatted;
pub use look::Look;
pub use mutation::MutationOptions;
pub use open::{Opened, open, root};
pub use reading::{BaselineFile, Files, Reading};
pub use replay::{ReplayProgress, replay_part};
pub use rules::{RuleTest, RulesTested, known_rules};
pub use schema::InferredSchema;
pub use settings::catalogue;
pub use sides::Compare;
