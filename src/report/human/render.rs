//! The order of the page: findings, rows, what could not be decided or checked, and the verdict as its last line.

use std::collections::HashMap;

use super::changes;
use super::clean::clean;
use super::explanation::Explanations;
use super::finding::Findings;
use super::paint::{Ink, Page};
use super::row;
use super::snippet::handler;
use crate::outcome::{Notice, NoticeKind, Outcome, Status, TestResult, Verdict};
use crate::report::counted::counted;
use crate::report::{Options, coverage, fixes, impact, select, verdict};

/// Narrower terminals get this many columns.
const NARROWEST: usize = 40;

pub(super) fn render(outcome: &Outcome, options: &Options) -> String {
    let options = Options { width: options.width.max(NARROWEST), ..*options };
    let mut page = Page::new(options.width, options.color);
    let selection = select::findings(outcome, &options);
    let touched = impact::sentences(&outcome.impact, options.verbose);
    // What was asked for comes first.
    let compares = outcome.command == "diff";
    if let Some(comparison) = outcome.comparison.as_ref().filter(|_| compares) {
        changes::write(&mut page, comparison, &touched, &options);
    }
    if let Some(who_can) = &outcome.who_can {
        super::who_can::heading(&mut page, who_can);
        super::who_can::write(&mut page, who_can, &options);
    }
    if let Some(replayed) = &outcome.replayed {
        super::replay::write(&mut page, replayed, &options);
    }
    let mut findings = Findings::new(handler(options.width, options.color), options);
    if options.statistics {
        statistics(&mut page, outcome);
    } else {
        for group in selection.groups {
            findings.write(&mut page, group.first, &group.others);
        }
        for more in &selection.rest {
            page.item(Ink::Dim, "  and ", 6, &clean(more));
        }
        if !selection.rest.is_empty() {
            page.gap();
        }
    }
    let gaps = outcome.coverage.as_ref().map(coverage::gaps).unwrap_or_default();
    let mut explanations = Explanations::new(handler(options.width, options.color), options.width);
    if let Some(explained) = &outcome.explained {
        super::explained::write(&mut page, explained, &mut explanations, &options);
    }
    super::explained::write_cacheable(&mut page, &outcome.cacheable);
    rows(&mut page, outcome, &mut explanations, &options);
    super::guardrails::write(&mut page, outcome, &options);
    if let Some(measured) = &outcome.coverage {
        super::coverage::write(&mut page, measured, &gaps, &mut explanations, &options);
    }
    if let Some(mutated) = &outcome.mutation {
        super::mutation::write(&mut page, mutated, &options);
    }
    super::conflicts::write(&mut page, outcome, options.width);
    super::breadth::write(&mut page, outcome);
    mended(&mut page, outcome, &options);
    if let Some(comparison) = outcome.comparison.as_ref().filter(|_| !compares) {
        changes::write(&mut page, comparison, &touched, &options);
    }
    if !options.quiet {
        remarks(&mut page, outcome, &options);
    }
    let line = verdict::with_hidden_notes(outcome, selection.hidden_notes);
    let ink = match outcome.verdict() {
        Verdict::Clean => Ink::Good,
        Verdict::Changes if outcome.refused() > 0 => Ink::Error,
        Verdict::Changes | Verdict::Inconclusive | Verdict::NothingChecked => Ink::Warning,
        Verdict::Findings | Verdict::Failed | Verdict::Error => Ink::Error,
    };
    if options.terminal {
        page.lines(Some(ink), 0, &clean(&line));
    } else {
        page.text.push_str(&page.ink(ink, &line));
        page.gap();
    }
    page.text
}

fn rows<'a>(page: &mut Page, outcome: &'a Outcome, explanations: &mut Explanations<'a>, options: &Options) {
    let brief = |status| matches!(status, Status::Pass | Status::Skip);
    if options.verbose && !options.quiet {
        let mut any = false;
        for result in outcome.tests.iter().filter(|row| brief(row.status)) {
            row::write_brief(page, result);
            any = true;
        }
        if any {
            page.gap();
        }
    }
    // Rows often share one cause, which is said once.
    for rows in select::failed_rows(outcome) {
        row::write_failed(page, &rows, explanations, options.verbose);
    }
    let unrun = outcome.bad_rows().filter(|row| row.status == Status::Error);
    let mut groups: Vec<(Cause<'_>, Vec<&TestResult>)> = Vec::new();
    let mut places = HashMap::new();
    for result in unrun {
        let cause = (result.store.as_deref(), result.message.as_deref(), result.help.as_deref());
        let at = *places.entry(cause).or_insert(groups.len());
        match groups.get_mut(at) {
            Some((_, rows)) => rows.push(result),
            None => groups.push((cause, vec![result])),
        }
    }
    for (_, rows) in groups {
        row::write_group(page, &rows, options.verbose);
    }
}

/// Store, message and help of a row that could not run.
type Cause<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>);

/// How often each rule has found something, a line each.
fn statistics(page: &mut Page, outcome: &Outcome) {
    let all = select::statistics(outcome);
    let width = all.iter().map(|(_, rule, ..)| rule.len()).max().unwrap_or(0);
    for (level, rule, findings, files) in &all {
        let files = counted(*files, "file", "files");
        let line = format!("  {:<7}  {rule:width$}  {findings:>5} in {files}", level.as_str());
        page.item((*level).into(), &line, 4, "");
    }
    if !all.is_empty() {
        page.gap();
    }
}

/// What became of findings that can be mended, and that there are some.
fn mended(page: &mut Page, outcome: &Outcome, options: &Options) {
    let lines = fixes::lines(outcome, options.verbose);
    for line in &lines {
        let ink = if line.good { Ink::Good } else { Ink::Warning };
        page.item(ink, &format!("  {}: ", line.lead), 4, &clean(&line.text));
    }
    let offer = fixes::offer(outcome, options);
    if let Some(offer) = &offer {
        page.item(Ink::Help, "  help: ", 8, offer);
    }
    if !lines.is_empty() || offer.is_some() {
        page.gap();
    }
}

fn remarks(page: &mut Page, outcome: &Outcome, options: &Options) {
    let before = page.text.len();
    // `prove` has said it of each guardrail.
    let said = |notice: &Notice| outcome.command == "prove" && notice.kind == NoticeKind::GuardrailUnproved;
    for notice in outcome.inconclusive().filter(|notice| !said(notice)) {
        let place = notice.location.as_ref().map(|location| format!(" ({})", location.label()));
        page.item(
            Ink::Warning,
            "  inconclusive: ",
            4,
            &clean(&format!("{}{}", notice.message, place.unwrap_or_default())),
        );
    }
    for older in select::older(outcome) {
        page.item(Ink::Dim, "  older: ", 4, &clean(&older));
    }
    let details = outcome.details().filter(|_| options.verbose);
    for remark in outcome.remarks().chain(details) {
        page.item(Ink::Dim, "  note: ", 4, &clean(remark));
    }
    for gap in outcome.gaps() {
        page.item(Ink::Dim, "  not checked: ", 4, &clean(gap));
    }
    for file in outcome.left_out.iter().filter(|_| options.verbose) {
        page.item(Ink::Dim, "  left out: ", 4, &format!("{}: {}", clean(&file.path), clean(&file.why)));
    }
    if options.verbose && outcome.summary.stores > 1 {
        let what = "the policies that decide together, with their schema, links and entities";
        page.item(Ink::Dim, "  (a store is ", 4, &format!("{what})"));
    }
    if page.text.len() > before {
        page.gap();
    }
}
