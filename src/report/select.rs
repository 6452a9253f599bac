//! What a report for people shows and in which order. JSON, SARIF and the like show every finding and do not ask here.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::finding::{Finding, Level};
use crate::outcome::{Outcome, Status, TestResult};
use crate::report::counted::counted;
use crate::report::{Options, conflicts};
use crate::text::inline;

/// How many causes of a rule are shown unless everything is asked for.
const PER_RULE: usize = 10;

/// How many files are named.
const NAMED: usize = 5;

/// Findings that say the same in several places.
pub(super) struct Group<'a> {
    pub(super) first: &'a Finding,
    pub(super) others: Vec<&'a Finding>,
}

/// The findings to show, worst level first and otherwise in the outcome's order.
pub(super) struct Selection<'a> {
    pub(super) groups: Vec<Group<'a>>,
    /// What more there is of a rule, a sentence each.
    pub(super) rest: Vec<String>,
    /// How many notes are kept back.
    pub(super) hidden_notes: usize,
}

/// Chooses what `options` ask for. A finding that fails the run is never kept back: it is shown, or named as one of
/// those that say the same, or its file is.
pub(super) fn findings<'a>(outcome: &'a Outcome, options: &Options) -> Selection<'a> {
    let fails = |finding: &Finding| {
        outcome.fails(finding) || (outcome.misconfigured && finding.level == Level::Error && outcome.counts(finding))
    };
    let shown = |finding: &Finding| !options.quiet && (options.verbose || shown_by_default(outcome, finding));
    let wanted = |finding: &&Finding| fails(finding) || (outcome.counts(finding) && shown(finding));
    let mut findings: Vec<&Finding> = outcome.findings.iter().filter(wanted).collect();
    findings.sort_by_key(|finding| finding.level);
    let shown_notes = findings.iter().filter(|finding| finding.level == Level::Note).count();
    let [.., notes] = outcome.count_of(&|finding| outcome.counts(finding)).findings;
    let (groups, rest) = if options.verbose {
        (findings.into_iter().map(|first| Group { first, others: Vec::new() }).collect(), Vec::new())
    } else {
        cap(group(findings))
    };
    Selection { groups, rest, hidden_notes: notes - shown_notes }
}

/// What findings are alike in that are shown as one: what they say, and the other places that they name.
type Alike<'a> = (&'a str, Level, &'a str, Option<&'a str>, Vec<(&'a str, usize, &'a str)>);

/// What says the same and names the same other places is shown once.
fn group(findings: Vec<&Finding>) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known: HashMap<Alike<'_>, usize> = HashMap::new();
    for finding in findings {
        let places = finding.related.iter().map(|other| {
            let place = &other.location;
            (place.path(), place.span.start, other.message.as_str())
        });
        let help = finding.help.as_deref();
        let alike = (finding.rule, finding.level, finding.message.as_str(), help, places.collect());
        let at = *known.entry(alike).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.others.push(finding),
            None => groups.push(Group { first: finding, others: Vec::new() }),
        }
    }
    groups
}

/// The first of each rule, and what more there is.
fn cap(groups: Vec<Group<'_>>) -> (Vec<Group<'_>>, Vec<String>) {
    let mut counts: BTreeMap<(Level, &str), usize> = BTreeMap::new();
    let mut more: BTreeMap<(Level, &str), Vec<&Finding>> = BTreeMap::new();
    let mut shown = Vec::new();
    for group in groups {
        let key = (group.first.level, group.first.rule);
        let count = counts.entry(key).or_default();
        *count += 1;
        if *count <= PER_RULE {
            shown.push(group);
        } else {
            more.entry(key).or_default().extend(std::iter::once(group.first).chain(group.others));
        }
    }
    let sentence = |((level, rule), findings): ((Level, &str), Vec<&Finding>)| {
        let mut files: Vec<&str> = findings.iter().map(|finding| finding.location.path()).collect();
        files.sort_unstable();
        files.dedup();
        let named: Vec<String> = files.iter().take(NAMED).map(|path| inline(path).into_owned()).collect();
        let others = match files.len().saturating_sub(NAMED) {
            0 => String::new(),
            others => format!(" and {}", counted(others, "other file", "other files")),
        };
        let (count, level) = (findings.len(), level.as_str());
        format!("{count} more of {level}[{rule}], in {}{others} (-v shows them)", named.join(", "))
    };
    (shown, more.into_iter().map(sentence).collect())
}

/// How often each rule of `outcome` has found something that counts, worst level first: level, rule, findings, and the
/// files that they are in.
pub(super) fn statistics(outcome: &Outcome) -> Vec<(Level, &'static str, usize, usize)> {
    let mut found: BTreeMap<(Level, &'static str), Vec<&Finding>> = BTreeMap::new();
    for finding in outcome.findings.iter().filter(|finding| outcome.counts(finding)) {
        found.entry((finding.level, finding.rule)).or_default().push(finding);
    }
    let mut all: Vec<_> = found
        .into_iter()
        .map(|((level, rule), findings)| {
            let files: BTreeSet<&str> = findings.iter().map(|finding| finding.location.path()).collect();
            (level, rule, findings.len(), files.len())
        })
        .collect();
    all.sort_by_key(|(level, rule, count, _)| (*level, std::cmp::Reverse(*count), *rule));
    all
}

/// Notes only when they were asked for, and what has a place of its own there.
fn shown_by_default(outcome: &Outcome, finding: &Finding) -> bool {
    let listed = outcome.demanded.contains(&finding.rule) && finding.rule != conflicts::RULE;
    finding.level != Level::Note || listed
}

/// What is not shown, a sentence each: because the revision compared with has it as well (`5 errors, 2 warnings and 1
/// row that fails are in main as well`), or because the baseline has it.
pub(super) fn older(outcome: &Outcome) -> Vec<String> {
    let rows = outcome.tests.iter().filter(|row| row.is_bad() && !outcome.counts_row(row)).count();
    let base = outcome.comparison.as_ref().map_or("the base", |comparison| comparison.old.label.as_str());
    let old = |finding: &Finding| !finding.baselined && !outcome.counts(finding);
    let old = listed(outcome.count_of(&old).findings, rows);
    let old = old.map(|(list, are)| format!("{list} {are} in {} as well (--all shows them)", inline(base)));
    let baselined = listed(outcome.count_of(&|finding| finding.baselined).findings, 0);
    let baselined = baselined.map(|(list, are)| format!("{list} {are} in the baseline"));
    old.into_iter().chain(baselined).collect()
}

/// Counts in words, and `is` or `are`; `None` where there is nothing.
fn listed([errors, warnings, notes]: [usize; 3], rows: usize) -> Option<(String, &'static str)> {
    let mut parts = Vec::new();
    for (count, one, many) in [
        (errors, "error", "errors"),
        (warnings, "warning", "warnings"),
        (notes, "note", "notes"),
        (rows, "row that fails", "rows that fail"),
    ] {
        if count > 0 {
            parts.push(counted(count, one, many));
        }
    }
    let last = parts.pop()?;
    let list = if parts.is_empty() { last } else { format!("{} and {last}", parts.join(", ")) };
    Some((list, if errors + warnings + notes + rows == 1 { "is" } else { "are" }))
}

/// Why a row failed: what it wanted, what came out and which policies made it so. Rows of which that is the same fail
/// for one cause.
fn cause(row: &TestResult) -> String {
    let policies: Vec<&str> = row.got.iter().flat_map(|got| &got.reason).map(|policy| policy.name.as_str()).collect();
    let errors: Vec<_> = row.got.iter().flat_map(|got| &got.errors).map(|error| &error.policy.name).collect();
    let explained: Vec<_> = row.explanations.iter().map(|one| &one.sentence).collect();
    format!("{:?} {:?} {:?} {policies:?} {errors:?} {explained:?}", row.store, row.message, row.expected)
}

/// The rows that failed, those that fail for one cause together, in the outcome's order.
pub(super) fn failed_rows(outcome: &Outcome) -> Vec<Vec<&TestResult>> {
    let mut alike: Vec<Vec<&TestResult>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for row in outcome.bad_rows().filter(|row| row.status == Status::Fail) {
        let at = *places.entry(cause(row)).or_insert(alike.len());
        match alike.get_mut(at) {
            Some(rows) => rows.push(row),
            None => alike.push(vec![row]),
        }
    }
    alike
}
