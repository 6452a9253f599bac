//! What docs/ says of rules is so: the index, and the findings over real repositories that somebody judged.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use polcheck::finding::Level;
use polcheck::run::{LintOptions, Reading, catalogue, lint};

use crate::common::corpora;

const INDEX: &str = "docs/rules.md";
const JUDGED: &str = "docs/judged-findings.md";

fn blesses() -> bool {
    std::env::var_os("POLCHECK_BLESS").is_some()
}

fn index() -> String {
    let mut text = "# Rules\n\nWhat polcheck looks for, by id. `polcheck rules ID` shows a page; `[rules]` in `polcheck.toml` gives other \
                    levels. Rules of\nyour own are declared there as well: [custom-rules.md](custom-rules.md).\n\nThis page is written by a \
                    test.\n\n| rule | level | what it finds | based on |\n|---|---|---|---|\n"
        .to_owned();
    for rule in catalogue().iter() {
        let level = rule.level.map_or("off", Level::as_str);
        let fixed = if rule.configurable { "" } else { ", fixed" };
        let _ = writeln!(
            text,
            "| [{0}](rules/{0}.md) | {level}{fixed} | {1} | {2} |",
            rule.id,
            rule.summary.replace('|', "\\|"),
            rule.basis.as_str()
        );
    }
    text
}

#[test]
fn the_index_lists_every_rule_and_every_page_is_a_rules() {
    if blesses() {
        std::fs::write(INDEX, index()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(INDEX).unwrap(), index(), "POLCHECK_BLESS=1 writes it");
    for entry in std::fs::read_dir("docs/rules").unwrap() {
        let path = entry.unwrap().path();
        let id = path.file_stem().unwrap().to_str().unwrap();
        assert!(catalogue().get(id).is_some(), "{} is about no rule", path.display());
    }
}

/// Collections of cases for the tests of other tools: much there is wrong on purpose, and files lie side by side that
/// nobody deploys together.
const CASES: [&str; 5] =
    ["cdk-verified-permissions", "cedar-cli-sample-data", "cedar-integration-tests", "pgrest-lambda", "vscode-cedar"];

/// What is found where: corpus, file, rule and level, and how often.
type Found = BTreeMap<(String, String, String, &'static str), usize>;

fn found(corpora: &Path) -> Found {
    let mut all = Found::new();
    for entry in std::fs::read_dir(corpora).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        let corpus = path.file_name().unwrap().to_str().unwrap().to_owned();
        let reading =
            Reading { directory: Some(path.clone()), now: Some("2026-01-01".to_owned()), ..Reading::default() };
        let outcome = lint(&LintOptions { reading, ..LintOptions::default() }).unwrap();
        for finding in outcome.findings {
            // Names of files that a fuzzer made say nothing.
            let file = match finding.location.path().split_once("corpus-tests/") {
                Some((before, _)) => format!("{before}corpus-tests/"),
                None => finding.location.path().to_owned(),
            };
            *all.entry((corpus.clone(), file, finding.rule.to_owned(), finding.level.as_str())).or_default() += 1;
        }
    }
    all
}

/// The verdicts of the page, by what they are about.
fn verdicts(text: &str) -> BTreeMap<(String, String, String, String), (usize, String)> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.filter_map(|row| {
        let cells: Vec<&str> = row.split(" | ").collect();
        let [corpus, file, rule, level, count, verdict] = cells.as_slice() else { return None };
        let plain = |cell: &str| cell.trim_matches('`').to_owned();
        let count = count.parse().ok()?;
        Some(((plain(corpus), plain(file), plain(rule), plain(level)), (count, (*verdict).to_owned())))
    })
    .collect()
}

#[test]
fn every_finding_over_real_repositories_is_judged() {
    let Some(corpora) = corpora() else { return };
    let text = std::fs::read_to_string(JUDGED).unwrap_or_default();
    let known = verdicts(&text);
    let all = found(&corpora);
    let mut page = "# Findings over real repositories, judged\n\nEvery finding of `polcheck lint -v` over the public repositories \
                    that polcheck is tested with, judged by hand: *right* says what\nis so and is worth knowing; *of no use* says what is so \
                    and what nobody there wants to know; *wrong* says what is not so. Many of\nthese repositories are cases for the \
                    tests of other tools, with mistakes on purpose and versions of one file side by side: the CDK construct, the\nsamples of \
                    Cedar's command line, its integration tests, pgrest-lambda and the editor's test data. A test keeps this page: no\nerror \
                    is wrong anywhere, and of the warnings elsewhere 95 of a hundred are right.\n\n| repository | file | rule | level | findings | verdict |\n|---|---|---|---|---|---|\n"
        .to_owned();
    let mut unjudged = Vec::new();
    let mut warnings = (0, 0);
    for ((corpus, file, rule, level), count) in &all {
        let key = (corpus.clone(), file.clone(), rule.clone(), (*level).to_owned());
        let verdict = known.get(&key).map(|(_, verdict)| verdict.clone()).unwrap_or_else(|| "?".to_owned());
        if !["right", "of no use", "wrong"].iter().any(|word| verdict.starts_with(word)) {
            unjudged.push(format!("{corpus}/{file} {level} {rule}"));
        }
        assert!(*level != "error" || !verdict.starts_with("wrong"), "{corpus}/{file}: {rule}");
        if *level == "warning" && !CASES.contains(&corpus.as_str()) {
            warnings.1 += count;
            warnings.0 += if verdict.starts_with("right") { *count } else { 0 };
        }
        let _ = writeln!(page, "| {corpus} | `{file}` | `{rule}` | {level} | {count} | {verdict} |");
    }
    if blesses() {
        std::fs::write(JUDGED, &page).unwrap();
    }
    assert!(unjudged.is_empty(), "not judged: {unjudged:#?}");
    assert_eq!(text, page, "POLCHECK_BLESS=1 writes it, and leaves verdicts to be filled in");
    assert!(warnings.0 * 100 >= warnings.1 * 95, "{warnings:?}");
}
