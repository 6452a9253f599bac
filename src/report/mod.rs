//! Reports: pure functions from an [`Outcome`] to text, one per format.
//!
//! Imports `outcome`, `finding`, `rule` and `text`. A format is one file here and one line in [`FORMATS`].

mod access;
mod alerts;
mod breadth;
mod changes;
mod conflicts;
mod counted;
mod coverage;
mod csv;
mod evidence;
mod explained;
mod fixes;
mod github;
mod gitlab;
mod guardrails;
mod html;
mod human;
mod impact;
mod json;
mod json_text;
mod junit;
mod markdown;
mod matrix;
mod mutation;
mod replay;
mod sarif;
mod select;
mod verdict;
mod web_address;

use crate::outcome::{Outcome, SuggestedRow};

pub use csv::list_impact;
pub use fixes::fix_lines;
pub use html::html_page;
pub use markdown::summary_markdown;
pub use verdict::verdict_line;

/// A row of a decision table for each change of `outcome`, if it compares: its example, with what the new side decides.
#[must_use]
pub fn change_rows(outcome: &Outcome) -> Vec<SuggestedRow> {
    outcome.comparison.as_ref().map(changes::rows).unwrap_or_default()
}

/// How a run can be shown.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// The word in `--report NAME`.
    pub name: &'static str,
    /// One line for `--help`.
    pub about: &'static str,
    /// Whether it shows rows that passed. Unless some report does, or people ask for everything, they are only counted.
    pub every_row: bool,
    /// Renders the whole report, a newline at its end.
    pub render: fn(&Outcome, &Options) -> String,
}

/// What people may choose about a report. Machine formats heed none of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether to colour.
    pub color: bool,
    /// Whether to show notes, passing rows, every request environment and the files left out.
    pub verbose: bool,
    /// Whether to show only what fails the run.
    pub quiet: bool,
    /// Whether to count what rules find instead of showing it.
    pub statistics: bool,
    /// Where files are shown on the web, as in `https://host/owner/name/blob/commit`: places in Markdown and HTML link
    /// there.
    pub link_base: Option<&'static str>,
    /// Whether the text goes to a terminal, which breaks lines that are too long wherever they are full.
    pub terminal: bool,
}

impl Default for Options {
    /// 80 columns, no colour, neither verbose nor quiet.
    fn default() -> Self {
        Self {
            width: 80,
            color: false,
            verbose: false,
            quiet: false,
            statistics: false,
            link_base: None,
            terminal: false,
        }
    }
}

/// Every format, in the order in which help lists them.
pub static FORMATS: &[&Format] = &[
    &human::FORMAT,
    &json::FORMAT,
    &github::FORMAT,
    &gitlab::FORMAT,
    &junit::FORMAT,
    &markdown::FORMAT,
    &sarif::FORMAT,
    &csv::FORMAT,
];

/// The format called `name`, which is case-sensitive; none when there is no such format.
#[must_use]
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|format| format.name == name)
}
