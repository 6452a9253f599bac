//! `polcheck rules`: the catalogue.

use std::fmt::Write;

use clap::Args;

use crate::cli::args::CommonArgs;
use crate::cli::failure::Failure;
use crate::cli::output::print;
use crate::rule::Rule;
use crate::run::catalogue;

/// List the rules, or show one with its page
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  polcheck rules                what is looked for\n  polcheck rules placeholder    one rule, why and what to do"
)]
pub(in crate::cli) struct RulesArgs {
    /// A rule's id
    id: Option<String>,
}

/// Prints the catalogue, or one rule with its page.
pub(super) fn run(args: &RulesArgs, _: &CommonArgs) -> Result<u8, Failure> {
    let catalogue = catalogue();
    let text = match &args.id {
        None => {
            let width = catalogue.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
            let mut text = String::new();
            for rule in catalogue.iter() {
                let _ = writeln!(text, "{:width$}  {:7}  {}", rule.id, level(rule), rule.summary);
            }
            text
        }
        Some(id) => {
            let Some(rule) = catalogue.get(id) else {
                let way_out = match catalogue.nearest(id) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => "`polcheck rules` lists them".to_owned(),
                };
                return Err(Failure(format!("there is no rule `{id}`; {way_out}")));
            };
            let fixed = if rule.configurable { "" } else { ", fixed" };
            format!(
                "{}: {}\n\nlevel: {}{fixed}\nbased on: {}\nsince: {}\n\n{}\n",
                rule.id,
                rule.summary,
                level(rule),
                rule.basis.as_str(),
                rule.since,
                rule.page.trim_end()
            )
        }
    };
    print(&text)?;
    Ok(0)
}

fn level(rule: &Rule) -> &'static str {
    rule.level.map_or("off", |level| level.as_str())
}
