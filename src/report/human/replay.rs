//! What recorded decisions say of a revision, for people: what changes, for whom, and what is not known.

use super::clean::clean;
use super::paint::{Ink, Page};
use crate::outcome::changes::Direction;
use crate::outcome::replay::{Replayed, Unread};
use crate::report::Options;
use crate::report::replay::{
    causes, changes, command, decided, grants, moved, period, policy, principals, records, sides, used, why,
};

/// So many of each are shown, unless everything is asked for.
const SHOWN: usize = 10;

/// Writes all of it.
pub(super) fn write(page: &mut Page, replayed: &Replayed, options: &Options) {
    let most = if options.verbose { usize::MAX } else { SHOWN };
    let mut head = vec![sides(replayed)];
    head.extend(period(&replayed.tally.period));
    page.item(Ink::Dim, "  ", 4, &clean(&head.join("; ")));
    page.gap();
    let changes = changes(replayed);
    for changed in changes.iter().take(most) {
        let (word, ink) = match changed.key.direction {
            Direction::Gained => ("gained", Ink::Warning),
            Direction::Lost => ("lost", Ink::Warning),
        };
        let who =
            format!("`{}`: {} of {}", changed.key.action, records(changed.lines), principals(&changed.principals));
        page.item(ink, &format!("  {word:<8}"), 12, &clean(&who));
        page.item(Ink::Dim, "          ", 12, &clean(&decided(changed, replayed)));
        if let Some(line) = period(&changed.period) {
            page.item(Ink::Dim, "          ", 12, &clean(&line));
        }
        for example in changed.examples().take(if options.verbose { usize::MAX } else { 1 }) {
            page.item(Ink::Help, "          ", 12, &clean(&command(&example.place)));
        }
    }
    rest(page, changes.len(), most, "changes");
    if !changes.is_empty() {
        page.gap();
    }
    let tally = &replayed.tally;
    for (title, kept) in [("principal", &tally.principals), ("action", &tally.actions), ("policy", &tally.policies)] {
        let all = moved(kept);
        for (name, moved) in all.iter().take(most) {
            let (side, name) = policy(name);
            let side = match side {
                "from" => ", as it was",
                "to" => ", as it is",
                _ => "",
            };
            let line = format!("`{name}`{side}: {} gained, {} lost", moved.gained, moved.lost);
            page.item(Ink::Dim, &format!("  {title:<10}"), 14, &clean(&line));
        }
        rest(page, all.len(), most, "names");
        if kept.is_full() {
            page.item(
                Ink::Dim,
                "  ",
                4,
                "there are more names than are kept; these are a sample, each with all of its records",
            );
        }
        if !all.is_empty() {
            page.gap();
        }
    }
    let grants = grants(replayed);
    let wanted: Vec<_> = grants.iter().filter(|grant| options.verbose || grant.window.is_bounded()).collect();
    for grant in wanted.iter().take(most) {
        let ink = if grant.outside > 0 { Ink::Warning } else { Ink::Dim };
        let line = format!("`{}`: {}", grant.policy, used(grant));
        page.item(ink, "  grant     ", 14, &clean(&line));
    }
    rest(page, wanted.len(), most, "grants");
    if !wanted.is_empty() {
        page.gap();
    }
    let causes = causes(replayed);
    for cause in causes.iter().take(most) {
        let ink = if cause.unread == Unread::Undecided { Ink::Warning } else { Ink::Dim };
        page.item(ink, &format!("  {:<10}", cause.unread.as_str()), 14, &clean(&why(cause)));
    }
    rest(page, causes.len(), most, "causes");
    if !causes.is_empty() {
        page.gap();
    }
}

fn rest(page: &mut Page, all: usize, most: usize, what: &str) {
    if let more @ 1.. = all.saturating_sub(most) {
        page.item(Ink::Dim, "  and ", 6, &format!("{more} more {what} (-v shows them)"));
    }
}
