//! What rows exercise, for people: a line with the figure, and what is missing over the text of the policies.

use super::clean::clean;
use super::explanation::Explanations;
use super::paint::{Ink, Page};
use crate::outcome::{Coverage, Explanation};
use crate::report::counted::counted;
use crate::report::{Options, coverage};

/// More policies than this are shown only when verbose.
const SHOWN: usize = 5;

/// Writes the figure; what is missing when that fails the run or is asked for. `gaps` are those of `measured`.
pub(super) fn write<'a>(
    page: &mut Page,
    measured: &Coverage,
    gaps: &'a [Explanation],
    explanations: &mut Explanations<'a>,
    options: &Options,
) {
    let below = measured.below_floor();
    if options.quiet && !below {
        return;
    }
    if options.verbose || below {
        let most = if options.verbose { gaps.len() } else { SHOWN };
        for gap in gaps.iter().take(most) {
            explanations.write(page, gap);
        }
        if gaps.len() > most {
            let more = counted(gaps.len() - most, "more policy", "more policies");
            page.item(Ink::Dim, "  ", 4, &format!("and {more} (-v shows them)"));
        }
    }
    if let Some(sentence) = coverage::below_floor(measured) {
        page.item(Ink::Error, "  × ", 4, &clean(&sentence));
    }
    let hint = if gaps.is_empty() || options.verbose || below { "" } else { "; -v shows what is missing" };
    page.item(Ink::Dim, "  coverage: ", 4, &clean(&format!("{}{hint}", coverage::figure(measured))));
    page.gap();
}
