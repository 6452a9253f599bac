//! Decision tables: how many rows passed, which did not and why, and what they exercise.

use super::anchors::Anchors;
use super::markup::Markup;
use super::{heading, place};
use crate::outcome::{Outcome, RowRequest, Status, TestResult};
use crate::report::counted::counted;
use crate::report::{Options, coverage, evidence};

/// The section; none where there is no row.
pub(super) fn section(out: &mut Markup, outcome: &Outcome, anchors: &Anchors<'_>, options: &Options) {
    if outcome.rows() == 0 {
        return;
    }
    heading(out, "tables", "Decision tables");
    let count = outcome.count();
    out.raw("<p class=\"headline\">").text(&counted(count.pass, "row passes", "rows pass"));
    for (number, one, many) in [
        (count.fail, "row fails", "rows fail"),
        (count.error, "row cannot run", "rows cannot run"),
        (count.skip, "row is skipped", "rows are skipped"),
    ] {
        if number > 0 {
            out.raw(", ").text(&counted(number, one, many));
        }
    }
    out.raw("</p>");
    if let Some(measured) = &outcome.coverage {
        out.raw("<p>Coverage: ").text(&coverage::figure(measured));
        if let Some(missed) = coverage::missed_floor(measured) {
            out.raw(". <b>").text(&missed).raw("</b>");
        }
        out.raw("</p>");
    }
    let bad: Vec<&TestResult> = outcome.tests.iter().filter(|row| row.is_bad()).collect();
    if !bad.is_empty() {
        out.raw("<ul class=\"rows plain\">");
        for row in bad {
            of_row(out, row, anchors, options);
        }
        out.raw("</ul>");
    }
    if let Some(measured) = outcome.coverage.as_ref().filter(|_| count.pass + count.fail > 0) {
        gaps(out, measured, anchors);
    }
    out.raw("</section>");
}

fn of_row(out: &mut Markup, row: &TestResult, anchors: &Anchors<'_>, options: &Options) {
    out.raw("<li class=\"row\" data-filter=\"\"><span class=\"status\">✗ ");
    out.raw(if row.status == Status::Error { "cannot run" } else { "fails" }).raw("</span> ").code(&row.id);
    out.raw(" <span class=\"where\">");
    place(out, &row.location, anchors, options);
    out.raw("</span>");
    if row.new == Some(false) {
        out.raw(" <span class=\"tag\">there before</span>");
    }
    if let Some(expected) = &row.expected {
        out.raw("<p>expected <b>").text(expected.decision.as_str()).raw("</b>");
        if let Some(got) = &row.got {
            out.raw(", got <b>").text(got.decision.as_str()).raw("</b>");
            for (at, policy) in got.reason.iter().enumerate() {
                out.raw(if at > 0 { ", " } else { " by " });
                let id = anchors.policy(&policy.name, &policy.location);
                out.link(id.as_deref(), |out| _ = out.code(&policy.name));
            }
        }
        out.raw("</p>");
    }
    for sentence in row.message.iter().chain(&row.help) {
        out.raw("<p>").prose(sentence).raw("</p>");
    }
    for explanation in &row.explanations {
        out.raw("<p class=\"quiet\">").prose(&explanation.sentence).raw("</p>");
    }
    if let Some(RowRequest { principal, action, resource, context }) = &row.request {
        let context = serde_json::from_str(context.get()).ok().and_then(|context| evidence::context(&context));
        out.raw("<details class=\"example\"><summary>request: ").code(principal).raw(" ").code(action).raw(" ");
        out.code(resource).raw("</summary><p>");
        match context {
            Some(context) => out.raw("context ").code(&context),
            None => out.raw("no context"),
        };
        out.raw("</p></details>");
    }
    out.raw("</li>");
}

/// What no row exercises, by policy.
fn gaps(out: &mut Markup, measured: &crate::outcome::Coverage, anchors: &Anchors<'_>) {
    let all = coverage::gaps(measured);
    if all.is_empty() {
        return;
    }
    let many = counted(all.len(), "policy is not covered whole", "policies are not covered whole");
    out.raw("<details class=\"more\"><summary>").text(&many).raw("</summary><ul class=\"plain\">");
    for gap in &all {
        let id = gap.policy.as_ref().and_then(|policy| anchors.policy(&policy.name, &policy.location));
        out.raw("<li>");
        out.link(id.as_deref(), |out| _ = out.prose(&gap.sentence));
        if !gap.marks.is_empty() {
            out.raw("<ul class=\"plain\">");
            for mark in &gap.marks {
                let id = anchors.line(&mark.location);
                out.raw("<li>");
                out.link(id.as_deref(), |out| _ = out.code(mark.location.text().lines().next().unwrap_or_default()));
                out.raw(" ").prose(&mark.text).raw("</li>");
            }
            out.raw("</ul>");
        }
        out.raw("</li>");
    }
    out.raw("</ul></details>");
}
