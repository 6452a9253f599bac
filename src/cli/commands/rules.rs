//! `polcheck rules`: the catalogue.

use std::fmt::Write;

use clap::Args;

use crate::cli::args::{CommonArgs, ReadArgs};
use crate::cli::failure::Failure;
use crate::cli::output::{Output, print};
use crate::rule::Rule;
use crate::run::{self, RulesOptions};
use crate::text::inline;

/// List the rules, or show one with its page
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  polcheck rules                what is looked for\n  polcheck rules placeholder    one rule, why and what to do\n  polcheck rules --test         test the rules of polcheck.toml"
)]
pub(in crate::cli) struct RulesArgs {
    /// A rule's id
    id: Option<String>,
    /// Test the rules that polcheck.toml declares with their fixtures
    #[arg(long, conflicts_with = "id")]
    test: bool,
}

/// Prints the catalogue, or one rule with its page.
pub(super) fn run(args: &RulesArgs, common: &CommonArgs) -> Result<u8, Failure> {
    if args.test {
        return test(common);
    }
    let catalogue = run::known_rules(&Output::of(common)?.reading(&ReadArgs::default()));
    let text = match &args.id {
        None => {
            let width = catalogue.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
            let mut text = String::new();
            for rule in catalogue.iter() {
                let _ = writeln!(text, "{:width$}  {:7}  {}", rule.id, level(rule), inline(rule.summary));
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
                inline(rule.summary),
                level(rule),
                rule.basis.as_str(),
                if rule.since.is_empty() { "declared in polcheck.toml" } else { rule.since },
                rule.page.trim_end()
            )
        }
    };
    print(&text)?;
    Ok(0)
}

/// Tests the rules of the configuration: 1 where one does not do what its fixtures say, 2 where the configuration is
/// wrong, 3 where nothing was tested.
fn test(common: &CommonArgs) -> Result<u8, Failure> {
    let output = Output::of(common)?;
    let run::RulesTested { tests, findings } =
        run::rules(&RulesOptions { reading: output.reading(&ReadArgs::default()) })?;
    let mut text = String::new();
    for finding in &findings {
        let _ = writeln!(text, "{}: {}", inline(&finding.location.label()), finding.message);
    }
    for test in &tests {
        let word = match (&test.fixtures, test.faults.as_slice()) {
            (None, _) => "names no fixtures",
            (Some(_), []) => "passes",
            (Some(_), _) => "fails",
        };
        let _ = writeln!(text, "{} {word}", test.id);
        for fault in &test.faults {
            let _ = writeln!(text, "  {}", inline(fault));
        }
    }
    if tests.is_empty() && findings.is_empty() {
        text.push_str("polcheck.toml declares no rules\n");
    }
    print(&text)?;
    let failed = tests.iter().any(|test| !test.faults.is_empty());
    let tested = tests.iter().any(|test| test.fixtures.is_some());
    Ok(match (findings.is_empty(), failed, tested) {
        (false, _, _) => 2,
        (true, true, _) => 1,
        (true, false, false) => 3,
        (true, false, true) => 0,
    })
}

fn level(rule: &Rule) -> &'static str {
    rule.level.map_or("off", |level| level.as_str())
}
