//! Who may do what, for people: those who stand together, a paragraph each.

use super::clean::clean;
use super::paint::{Ink, Page};
use crate::outcome::{AccessGroup, WhoCan};
use crate::report::Options;
use crate::report::access::{before, hangs_on, listed, now, word};
use crate::report::counted::counted;

/// So many groups are shown, unless everything is asked for.
const GROUPS: usize = 40;

/// So many names, and conditions, of one group.
const NAMES: usize = 12;
const CONDITIONS: usize = 4;

/// Writes all answers.
pub(super) fn write(page: &mut Page, who_can: &WhoCan, options: &Options) {
    let several = who_can.stores.len() > 1;
    for store in &who_can.stores {
        if several {
            page.item(Ink::Dim, "  store ", 4, &clean(&format!("`{}`", store.store)));
        }
        if store.groups.is_empty() {
            page.item(Ink::Warning, if store.answered { "  nobody" } else { "  not answered" }, 4, "");
        }
        let most = if options.verbose { usize::MAX } else { GROUPS };
        for group in store.groups.iter().take(most) {
            write_group(page, who_can, group, options.verbose);
        }
        if let Some(rest) = store.groups.get(most..).filter(|rest| !rest.is_empty()) {
            let requests: usize = rest.iter().map(AccessGroup::requests).sum();
            let text = format!(
                "{} of {} (-v shows them, `--report csv` lists every request)",
                counted(rest.len(), "more group", "more groups"),
                counted(requests, "request", "requests")
            );
            page.item(Ink::Dim, "  and ", 6, &text);
        }
        page.gap();
    }
}

fn write_group(page: &mut Page, who_can: &WhoCan, group: &AccessGroup, verbose: bool) {
    let word = word(group);
    let ink = match word {
        "allow" => Ink::Good,
        "gained" | "lost" | "changed" | "if" => Ink::Warning,
        _ => Ink::Dim,
    };
    let (names, conditions) = if verbose { (usize::MAX, usize::MAX) } else { (NAMES, CONDITIONS) };
    // What was asked about is not said again, but for a type.
    let pinned = |asked: &Option<String>, names: &crate::outcome::Names| asked.is_some() && names.len() == 1;
    let mut lines: Vec<String> = Vec::new();
    if !pinned(&who_can.principal, &group.principals) {
        lines.push(listed(&group.principals, names));
    }
    if !pinned(&who_can.action, &group.actions) {
        lines.push(format!("{}{}", if lines.is_empty() { "" } else { "to " }, listed(&group.actions, names)));
    }
    if !pinned(&who_can.resource, &group.resources) {
        lines.push(format!("on {}", listed(&group.resources, names)));
    }
    if lines.is_empty() {
        lines.push(match word {
            "if" => String::new(),
            _ if who_can.context => "with this context".to_owned(),
            _ => "whatever the context is".to_owned(),
        });
    }
    if group.differs() {
        lines.extend(before(group, conditions));
        lines.extend(now(group, conditions));
    } else {
        lines.extend(hangs_on(&group.now, conditions));
    }
    let lead = format!("  {word:<8}");
    let mut lines = lines.into_iter().filter(|line| !line.is_empty());
    page.item(ink, &lead, lead.len() + 2, &clean(&lines.next().unwrap_or_default()));
    for line in lines {
        page.item(Ink::Dim, &" ".repeat(lead.len()), lead.len() + 2, &clean(&line));
    }
}

/// The sentence that the page begins with, where two revisions are set beside each other.
pub(super) fn heading(page: &mut Page, who_can: &WhoCan) {
    if let Some([old, new]) = &who_can.sides {
        let by_type = who_can.stores.iter().all(|store| store.by_type);
        let over = if by_type { "" } else { "; over the same entities" };
        page.item(Ink::Dim, "  before: ", 4, &clean(&format!("{old}; now: {new}{over}")));
        page.gap();
    }
}
