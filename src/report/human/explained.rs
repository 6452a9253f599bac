//! One decision explained, for people: the decision, the policies with their values, and what would turn it.

use super::clean::clean;
use super::explanation::Explanations;
use super::paint::{Ink, Page};
use crate::outcome::{Cacheable, Decision, Explained, PolicyExplained, PolicyStatus, RowRequest, Turn};
use crate::report::{Options, evidence, explained as words};

/// So many changes are shown unless verbose.
const TURNS: usize = 5;

/// So many policies in scope are listed unless verbose.
const POLICIES: usize = 10;

/// Writes `explained` to `page`.
pub(super) fn write<'a>(
    page: &mut Page,
    explained: &'a Explained,
    explanations: &mut Explanations<'a>,
    options: &Options,
) {
    decision(page, explained);
    for reason in &explained.reasons {
        explanations.write(page, reason);
    }
    page.gap();
    turns(page, explained, options);
    let lasting: Vec<String> =
        explained.lasting.iter().filter_map(|lasting| words::lasting(explained, lasting)).collect();
    for text in &lasting {
        page.item(Ink::Note, "  ", 4, &clean(text));
    }
    if !lasting.is_empty() {
        page.gap();
    }
    policies(page, explained, options);
}

fn decision(page: &mut Page, explained: &Explained) {
    let ink = if explained.got.decision == Decision::Allow { Ink::Good } else { Ink::Error };
    let lead = format!("  {}: ", words::decided(explained.got.decision));
    page.item(ink, &lead, 4, words::cause(explained));
    let RowRequest { principal, action, resource, context } = &explained.request;
    let text = format!("principal {principal}, action {action}, resource {resource}");
    page.item(Ink::Dim, "    asked:   ", 13, &clean(&text));
    let context = serde_json::from_str(context.get()).ok().and_then(|context| evidence::context(&context));
    if let Some(context) = context {
        page.item(Ink::Dim, "    context: ", 13, &clean(&context));
    }
    if let Some(from) = &explained.from {
        page.item(Ink::Dim, "    from:    ", 13, &clean(from));
    }
    for error in &explained.got.errors {
        let text = format!("{} {}: {}", error.policy.effect, clean(&error.policy.name), clean(&error.message));
        page.item(Ink::Warning, "    failed to evaluate: ", 8, &text);
    }
    page.gap();
}

fn turns(page: &mut Page, explained: &Explained, options: &Options) {
    for reachable in [true, false] {
        let of = |turn: &&Turn| (turn.reachable == Some(true)) == reachable;
        let all: Vec<&Turn> = explained.turns.iter().filter(of).collect();
        if all.is_empty() {
            continue;
        }
        let shown = if options.verbose { all.len() } else { TURNS };
        page.item(Ink::Help, "  ", 4, &format!("{}:", words::leads(explained, reachable, all.len())));
        for turn in all.iter().take(shown) {
            page.item(Ink::Help, "    - ", 6, &clean(&words::turn(turn)));
        }
        if let Some(more) = all.len().checked_sub(shown).filter(|more| *more > 0) {
            page.item(Ink::Dim, "    - ", 6, &format!("and {more} more (-v lists them)"));
        }
    }
    if let Some(reach) = words::reach(explained) {
        page.item(Ink::Dim, "  ", 4, &clean(&reach));
        page.gap();
    }
}

fn policies(page: &mut Page, explained: &Explained, options: &Options) {
    let in_scope = |policy: &&PolicyExplained| policy.status != PolicyStatus::OutOfScope;
    let listed = |policy: &&PolicyExplained| options.verbose || in_scope(policy);
    let most = if options.verbose { usize::MAX } else { POLICIES };
    for policy in explained.policies.iter().filter(listed).take(most) {
        let name = clean(&policy.policy.name).into_owned();
        let mut text = format!("{} {name} {}", policy.policy.effect, words::does(policy.status));
        if policy.status == PolicyStatus::OutOfScope {
            let why = policy.marks.first().map_or("two parts of its scope do not match", |mark| &mark.text);
            text.push_str(&format!(": {}", clean(why)));
        }
        page.item(Ink::Dim, "  ", 4, &text);
    }
    let more = explained.policies.iter().filter(listed).count().saturating_sub(most);
    if more > 0 {
        page.item(Ink::Dim, "  ", 4, &format!("and {more} more in scope (-v lists them)"));
    }
    if let Some(folded) = words::out_of_scope(explained).filter(|_| !options.verbose) {
        page.item(Ink::Dim, "  ", 4, &format!("{folded} (-v says why)"));
    }
    if !explained.policies.is_empty() {
        page.gap();
    }
}

/// Writes what the decisions of each action hang on.
pub(super) fn write_cacheable(page: &mut Page, actions: &[Cacheable]) {
    let mut store = "";
    for action in actions {
        if action.store != store {
            store = &action.store;
            page.item(Ink::Help, "  store ", 4, &clean(store));
        }
        let text = format!("{} {}", action.action, words::hangs_on(action));
        page.item(Ink::Note, "    ", 6, &clean(&text));
    }
    if let Some(keep) = actions.iter().find_map(words::keep) {
        page.gap();
        page.item(Ink::Dim, "  ", 4, keep);
    }
    if !actions.is_empty() {
        page.gap();
    }
}
