//! Findings: all of them, the worst first.

use super::anchors::{self, Anchors};
use super::evidence;
use super::markup::Markup;
use super::{heading, place};
use crate::finding::{Finding, Level};
use crate::outcome::Outcome;
use crate::report::Options;
use crate::report::counted::counted;

/// So many other places of one finding are listed.
const PLACES: usize = 20;

/// The section; nothing was found where there is none.
pub(super) fn section(out: &mut Markup, outcome: &Outcome, anchors: &Anchors<'_>, options: &Options) {
    heading(out, "findings", "Findings");
    let numbered = || outcome.findings.iter().enumerate();
    let shown = |finding: &Finding| outcome.counts(finding);
    let main: Vec<_> = numbered().filter(|(_, one)| shown(one) && one.level != Level::Note).collect();
    let notes: Vec<_> = numbered().filter(|(_, one)| shown(one) && one.level == Level::Note).collect();
    let older: Vec<_> = numbered().filter(|(_, one)| !shown(one)).collect();
    if main.is_empty() && outcome.findings.is_empty() {
        out.raw("<p class=\"quiet\">Nothing was found.</p>");
    }
    list(out, main, anchors, options);
    for (all, one, many) in [(notes, "note", "notes"), (older, "finding that is no news", "findings that are no news")]
    {
        if !all.is_empty() {
            out.raw("<details class=\"more\"><summary>").text(&counted(all.len(), one, many)).raw("</summary>");
            list(out, all, anchors, options);
            out.raw("</details>");
        }
    }
    if !outcome.suppressed.is_empty() {
        let many = counted(outcome.suppressed.len(), "suppressed finding", "suppressed findings");
        out.raw("<details class=\"more\"><summary>").text(&many).raw("</summary><ul class=\"plain\">");
        for (finding, reason) in &outcome.suppressed {
            out.raw("<li>").code(finding.rule).raw(" ").prose(&finding.message).raw(" (");
            place(out, &finding.location, anchors, options);
            out.raw("), suppressed: ").text(reason).raw("</li>");
        }
        out.raw("</ul></details>");
    }
    out.raw("</section>");
}

fn list(out: &mut Markup, mut all: Vec<(usize, &Finding)>, anchors: &Anchors<'_>, options: &Options) {
    if all.is_empty() {
        return;
    }
    all.sort_by_key(|(_, finding)| finding.level);
    out.raw("<ul class=\"findings plain\">");
    for (number, finding) in all {
        one(out, number, finding, anchors, options);
    }
    out.raw("</ul>");
}

fn one(out: &mut Markup, number: usize, finding: &Finding, anchors: &Anchors<'_>, options: &Options) {
    out.open("li", &[("id", &anchors::finding(number)), ("class", class(finding)), ("data-filter", "")]);
    badge(out, finding);
    out.raw(" <span class=\"message\">").prose(&finding.message).raw("</span> <span class=\"where\">");
    place(out, &finding.location, anchors, options);
    out.raw("</span>");
    if finding.baselined {
        out.raw(" <span class=\"tag\">in the baseline</span>");
    } else if finding.new == Some(false) {
        out.raw(" <span class=\"tag\">there before</span>");
    }
    if let Some(help) = &finding.help {
        out.raw("<p class=\"help\">").prose(help).raw("</p>");
    }
    let related = finding.related.iter().map(|one| (&one.location, Some(one.message.as_str())));
    let places: Vec<_> = finding.also.iter().map(|location| (location, None)).chain(related).collect();
    if !places.is_empty() {
        out.raw("<ul class=\"plain related\">");
        for (location, message) in places.iter().take(PLACES) {
            out.raw("<li>");
            place(out, location, anchors, options);
            out.raw(" ").prose(message.unwrap_or("the same")).raw("</li>");
        }
        if let Some(more @ 1..) = places.len().checked_sub(PLACES) {
            out.raw("<li>").text(&counted(more, "more place", "more places")).raw("</li>");
        }
        out.raw("</ul>");
    }
    if let Some(fix) = &finding.fix {
        out.raw("<p class=\"help\">").code("polcheck lint --fix").raw(" would ").prose(&fix.what).raw("</p>");
    }
    if let Some(shown) = &finding.evidence {
        evidence::shown(out, "for example", shown, None);
    }
    out.raw("</li>");
}

/// The class of its level.
pub(super) fn class(finding: &Finding) -> &'static str {
    match finding.level {
        Level::Error => "finding error",
        Level::Warning => "finding warning",
        Level::Note => "finding note",
    }
}

/// Its level and rule.
pub(super) fn badge(out: &mut Markup, finding: &Finding) {
    out.raw("<span class=\"level\">").text(finding.level.as_str()).raw("</span> ").code(finding.rule);
}
