//! What rows notice of small changes of policies, for people: what they do not, policy by policy, and the figure.

use super::clean::clean;
use super::paint::{Ink, Page};
use crate::outcome::Mutation;
use crate::report::counted::counted;
use crate::report::{Options, mutation};

/// More policies than this are shown only when verbose.
const SHOWN: usize = 5;

/// More changes of a policy than this are shown only when verbose.
const CHANGES: usize = 3;

/// Writes what no row notices, and the figure.
pub(super) fn write(page: &mut Page, mutated: &Mutation, options: &Options) {
    let below = mutated.below_floor();
    if options.quiet && !below {
        return;
    }
    let groups = mutation::by_policy(mutated);
    let most = if options.verbose { groups.len() } else { SHOWN };
    for (first, survivors) in groups.iter().take(most) {
        let policy = &first.policy;
        let lead = format!("no row notices when `{}` reads otherwise:", policy.name);
        page.lines(None, 2, &clean(&lead));
        let shown = if options.verbose { survivors.len() } else { CHANGES };
        for survivor in survivors.iter().take(shown) {
            let place = survivor.location.label();
            page.item(Ink::Warning, "    ", 6, &clean(&format!("{} ({place})", mutation::change(survivor))));
            page.item(Ink::Dim, "      ", 8, &clean(&mutation::remedy(mutated, survivor, options.verbose)));
        }
        if survivors.len() > shown {
            page.item(
                Ink::Dim,
                "    ",
                6,
                &format!("and {}", counted(survivors.len() - shown, "more change", "more changes")),
            );
        }
        page.gap();
    }
    let hidden = groups.len() > most || groups.iter().any(|(_, all)| !options.verbose && all.len() > CHANGES);
    if groups.len() > most {
        let more = counted(groups.len() - most, "more policy", "more policies");
        page.item(Ink::Dim, "  ", 4, &format!("and {more}"));
    }
    if let Some(sentence) = mutation::missed_floor(mutated) {
        page.item(Ink::Error, "  × ", 4, &clean(&sentence));
    }
    let hint = match (hidden, mutated.suggested.is_empty()) {
        (true, false) => "; -v shows all, --suggest writes the rows that would notice",
        (true, true) => "; -v shows all",
        (false, false) => "; --suggest writes the rows that would notice",
        (false, true) => "",
    };
    page.item(Ink::Dim, "  mutation: ", 4, &clean(&format!("{}{hint}", mutation::figure(mutated))));
    page.gap();
}
