//! Guardrails: those that do not hold first.

use super::anchors::Anchors;
use super::evidence;
use super::markup::Markup;
use super::{heading, place};
use crate::outcome::{GuardrailResult, GuardrailStatus, Outcome};
use crate::report::{Options, guardrails as words};

/// So many requests that break one are shown.
const SLIPS: usize = 10;

/// The section; none where there are no guardrails.
pub(super) fn section(out: &mut Markup, outcome: &Outcome, anchors: &Anchors<'_>, options: &Options) {
    let all = &outcome.guardrails;
    if all.results.is_empty() && all.weakened.is_empty() {
        return;
    }
    heading(out, "guardrails", "Guardrails");
    if let Some(counts) = words::counts(all) {
        out.raw("<p class=\"headline\">").text(&counts).raw("</p>");
    }
    for sentence in &all.assumptions {
        out.raw("<p class=\"quiet\">").prose(sentence).raw("</p>");
    }
    out.raw("<ul class=\"guardrails plain\">");
    for status in GuardrailStatus::ALL {
        for one in all.of(status) {
            guardrail(out, one, anchors, options);
        }
    }
    for one in &all.weakened {
        out.raw("<li class=\"broken\"><span class=\"tag refused\">weaker</span> ").prose(&one.what).raw("</li>");
    }
    out.raw("</ul></section>");
}

fn guardrail(out: &mut Markup, one: &GuardrailResult, anchors: &Anchors<'_>, options: &Options) {
    let class = match one.status {
        GuardrailStatus::Holds => "holds",
        GuardrailStatus::Broken | GuardrailStatus::Vacuous => "broken",
        GuardrailStatus::Unknown | GuardrailStatus::NotCovered => "unknown",
    };
    let sign = match one.status {
        GuardrailStatus::Holds => "✓ ",
        GuardrailStatus::Broken | GuardrailStatus::Vacuous => "✗ ",
        GuardrailStatus::Unknown | GuardrailStatus::NotCovered => "? ",
    };
    out.open("li", &[("class", class), ("data-filter", "")]);
    out.raw("<span class=\"status\">").raw(sign).raw(words::status(one.status)).raw("</span> ").code(&one.id);
    out.raw(" <span class=\"where\">");
    place(out, &one.location, anchors, options);
    out.raw("</span>");
    if one.status == GuardrailStatus::Holds {
        if let Some(why) = &one.why {
            out.raw("<p class=\"quiet\">").prose(why).raw("</p>");
        }
        out.raw("</li>");
        return;
    }
    out.raw("<p>").prose(&words::verdict(one)).raw("</p>");
    let details = words::details(one);
    if !details.is_empty() {
        out.raw("<ul class=\"plain\">");
        for detail in &details {
            out.raw("<li>").prose(detail).raw("</li>");
        }
        out.raw("</ul>");
    }
    if !one.at_fault.is_empty() {
        out.raw("<p>See ");
        for (at, cause) in one.at_fault.iter().enumerate() {
            out.raw(if at > 0 { ", " } else { "" });
            let id = anchors.policy(&cause.policy, &cause.location).or_else(|| anchors.line(&cause.location));
            out.link(id.as_deref(), |out| _ = out.code(words::short(&cause.policy)));
        }
        out.raw("</p>");
    }
    for slip in one.slips.iter().take(SLIPS) {
        for shown in words::evidences(slip) {
            evidence::shown(out, "for example", shown, None);
        }
    }
    out.raw("</li>");
}
