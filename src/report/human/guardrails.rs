//! Guardrails for people: those that do not hold with what breaks them, and the others in a line or two.

use super::clean::clean;
use super::paint::{Ink, Page};
use crate::finding::Evidence;
use crate::outcome::{GuardrailResult, GuardrailStatus, NoticeKind, Outcome, Slip};
use crate::report::guardrails::{before, evidences, kinds, short, status};
use crate::report::{Options, evidence};
use crate::text::inline;

/// So many entities of a request are shown unless everything is asked for.
const ENTITIES: usize = 6;

/// So many different things that slip through are shown with an example each.
const EXAMPLES: usize = 3;
/// So many policies at fault are listed.
const AT_FAULT: usize = 8;

/// Writes the guardrails of `outcome`: all of them where they are what was asked for, else those that fail the run.
pub(super) fn write(page: &mut Page, outcome: &Outcome, options: &Options) {
    let guardrails = &outcome.guardrails;
    let whole = outcome.command == "prove" || options.verbose;
    let start = page.text.len();
    for one in GuardrailStatus::ALL.iter().flat_map(|status| guardrails.of(*status)) {
        match one.status {
            GuardrailStatus::Broken | GuardrailStatus::Vacuous => failing(page, one, options),
            _ if whole && !options.quiet => quiet(page, one, options),
            _ => {}
        }
    }
    let waiting = outcome.notices.iter().filter(|notice| notice.kind == NoticeKind::GuardrailWaits);
    for notice in waiting.filter(|_| outcome.command == "prove" && !options.quiet && !options.verbose) {
        page.item(Ink::Dim, "  - waits ", 4, &clean(&notice.message));
    }
    for one in guardrails.weakened.iter().filter(|_| !options.quiet) {
        page.item(Ink::Warning, "  weakened: ", 4, &clean(&format!("{} ({})", one.what, one.location.label())));
    }
    if whole && !options.quiet && !guardrails.assumptions.is_empty() {
        let assumptions = guardrails.assumptions.join("; ");
        page.item(Ink::Dim, "  assumed: ", 4, &clean(&assumptions));
    }
    if page.text.len() > start && !page.text.ends_with("\n\n") {
        page.gap();
    }
}

fn failing(page: &mut Page, one: &GuardrailResult, options: &Options) {
    let lead = format!("  × {} guardrail ", status(one.status));
    page.item(Ink::Error, &lead, 4, &clean(&format!("`{}` ({})", inline(&one.id), one.location.label())));
    if let Some(why) = &one.why {
        page.item(Ink::Help, "    why it is there: ", 6, &clean(why));
    }
    if let Some(reason) = &one.reason {
        page.item(Ink::Error, "    ", 6, &clean(reason));
    }
    if one.of_base {
        page.item(Ink::Warning, "    ", 6, "only the base has it: the change takes it away");
    }
    if let Some(before) = before(one) {
        page.item(Ink::Dim, "    ", 6, before);
    }
    if let Some(expansion) = &one.expansion {
        page.item(Ink::Dim, "    it comes to: ", 6, &clean(expansion));
    }
    // What is said of one kind of request is said of all that it holds of.
    let mut rest: Vec<&Slip> = one.slips.iter().collect();
    let mut examples = 0;
    while let Some(first) = rest.first().copied() {
        if examples == EXAMPLES && !options.verbose {
            let more = kinds(rest.iter().map(|slip| &slip.environment));
            page.item(Ink::Dim, "    ", 6, &clean(&format!("and likewise (-v shows it): {more}")));
            break;
        }
        examples += 1;
        let (same, others): (Vec<&Slip>, Vec<&Slip>) = rest.into_iter().partition(|slip| slip.what == first.what);
        let named = kinds(same.iter().map(|slip| &slip.environment));
        page.item(Ink::Error, "    ", 6, &clean(&format!("{}: {named}", first.what)));
        let leads = if first.other.is_some() { ["    allowed: ", "    refused: "] } else { ["    for example: "; 2] };
        for (evidence, lead) in evidences(first).zip(leads) {
            example(page, lead, evidence, options);
        }
        rest = others;
    }
    let most = if options.verbose { one.at_fault.len() } else { AT_FAULT };
    for cause in one.at_fault.iter().take(most) {
        let text =
            format!("{} `{}` ({}) {}", cause.effect, inline(short(&cause.policy)), cause.location.label(), cause.does);
        page.item(Ink::Dim, "    at fault: ", 6, &clean(&text));
    }
    if one.at_fault.len() > most {
        page.item(
            Ink::Dim,
            "    at fault: ",
            6,
            &format!("{} more policies (-v lists them)", one.at_fault.len() - most),
        );
    }
    if let Some(mend) = &one.mend {
        page.item(Ink::Help, "    proved to mend it: ", 6, &clean(mend));
    }
    page.gap();
}

fn example(page: &mut Page, lead: &str, shown: &Evidence, options: &Options) {
    let (request, context) = evidence::request(shown);
    page.item(Ink::Dim, lead, 8, &clean(&request));
    if let Some(context) = context {
        page.item(Ink::Dim, "      context ", 8, &clean(&context));
    }
    let entities = evidence::entities(shown);
    let most = if options.verbose { entities.len() } else { ENTITIES };
    for entity in entities.iter().take(most) {
        page.item(Ink::Dim, "      where ", 8, &clean(entity));
    }
    if entities.len() > most {
        page.item(Ink::Dim, "      where ", 8, &format!("{} more entities (-v lists them)", entities.len() - most));
    }
}

/// One that holds, or of which it is not known: where it speaks of requests and where it does not.
fn quiet(page: &mut Page, one: &GuardrailResult, _options: &Options) {
    let (ink, mark) = match one.status {
        GuardrailStatus::Holds => (Ink::Good, "✓"),
        _ => (Ink::Warning, "?"),
    };
    let lead = format!("  {mark} {} ", status(one.status));
    page.item(ink, &lead, 4, &clean(&inline(&one.id)));
    if let (Some(reason), GuardrailStatus::Unknown) = (&one.reason, one.status) {
        page.item(Ink::Dim, "    since ", 6, &clean(reason));
    }
    let about = kinds(one.touched.iter().map(|touched| &touched.environment));
    if !about.is_empty() {
        page.item(Ink::Dim, "    about ", 6, &clean(&about));
    }
    let not = kinds(one.untouched.iter().map(|touched| &touched.environment));
    if !not.is_empty() {
        page.item(Ink::Dim, "    not about ", 6, &clean(&not));
    }
    let mut reasons: Vec<&str> = one.uncovered.iter().map(|one| one.why.as_str()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    for why in reasons {
        let these = kinds(one.uncovered.iter().filter(|one| one.why == why).map(|one| &one.environment));
        page.item(Ink::Warning, "    cannot speak of ", 6, &clean(&format!("{these}, since {why}")));
    }
    if let Some(expansion) = &one.expansion {
        page.item(Ink::Dim, "    it comes to: ", 6, &clean(expansion));
    }
}
