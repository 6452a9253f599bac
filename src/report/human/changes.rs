//! What a comparison found, for people: one entry for each cause, what it does to whom, and a request that shows it.

use super::clean::clean;
use super::paint::{Ink, Page};
use crate::finding::{Environment, Evidence};
use crate::outcome::changes::{Comparison, Direction, Effect, Ruling};
use crate::report::changes::{self, Change, Phrase, View};
use crate::report::counted::counted;
use crate::report::{Options, evidence};

/// More places, conditions, entities or schema changes than this are listed only when verbose.
const LISTED: usize = 5;

/// More changes than this, those that a gate refuses aside, are shown only when verbose.
const CHANGES: usize = 50;

/// Writes `comparison`, an empty line at its end. Quiet leaves what a gate refuses, what is not decided and what became
/// weaker.
pub(super) fn write(page: &mut Page, comparison: &Comparison, options: &Options) {
    let view = View::of(comparison);
    if !options.quiet {
        page.lines(None, 0, &changes::headline(comparison));
        if comparison.changes_access() || options.verbose {
            page.item(Ink::Dim, "compared: ", 2, &compared(comparison));
        }
        page.gap();
    }
    let pen = Pen { comparison, options };
    let wanted: Vec<&Change<'_>> = view.changes.iter().filter(|change| change.refused || !options.quiet).collect();
    // What is refused comes first and is shown in full.
    let refused = wanted.iter().filter(|change| change.refused).count();
    let most = if options.verbose { usize::MAX } else { CHANGES.max(refused) };
    for change in wanted.iter().take(most) {
        pen.change(page, change);
    }
    if wanted.len() > most {
        let more = counted(wanted.len() - most, "more change", "more changes");
        page.item(Ink::Dim, "  ", 2, &format!("and {more} (-v shows them)"));
        page.gap();
    }
    for open in &view.undecided {
        page.item(Ink::Warning, "  ? ", 4, &format!("not decided: {}", for_terminal(&open.sentence)));
        pen.store(page, open.store);
        for why in &open.why {
            page.item(Ink::Dim, "    because ", 6, &clean(why));
        }
        pen.environments(page, &open.environments);
        page.gap();
    }
    if !options.quiet {
        pen.list(page, "  also: ", view.came_and_went.into_iter());
        pen.list(page, "  schema: ", changes::schema_changes(comparison).into_iter());
        let aside = comparison.stores.iter().flat_map(|store| &store.set_aside);
        pen.list(page, "  not analysed: ", aside.map(|aside| changes::set_aside(comparison, aside)));
        pen.list(page, "  unused: ", comparison.accepted.iter().filter_map(changes::accepted));
    }
    pen.weakened(page);
}

/// A phrase for a terminal.
fn for_terminal(phrase: &Phrase) -> String {
    clean(&phrase.plain()).into_owned()
}

fn compared(comparison: &Comparison) -> String {
    let (old, new) = (clean(&comparison.old.label), clean(&comparison.new.label));
    format!("{old} (old) with {new} (new): {}", changes::text_changes(comparison))
}

struct Pen<'a> {
    comparison: &'a Comparison,
    options: &'a Options,
}

impl Pen<'_> {
    fn most(&self, count: usize) -> usize {
        if self.options.verbose { count } else { LISTED.min(count) }
    }

    fn change(&self, page: &mut Page, change: &Change<'_>) {
        let (ink, lead) = match change.group.direction {
            Direction::Gained if change.refused => (Ink::Error, "  ×+ "),
            Direction::Lost if change.refused => (Ink::Error, "  ×- "),
            Direction::Gained => (Ink::Warning, "  + "),
            Direction::Lost => (Ink::Note, "  - "),
        };
        page.item(ink, lead, 4, &for_terminal(&change.sentence));
        for ruling in &change.rulings {
            let ink = if change.refused { Ink::Error } else { Ink::Good };
            page.lines(Some(ink), 4, &for_terminal(ruling));
        }
        self.store(page, change.store);
        self.conditions(page, &change.conditions);
        self.environments(page, &change.environments);
        let shown = if self.options.verbose { usize::MAX } else { 1 };
        for effect in change.effects().take(shown) {
            self.witness(page, effect);
        }
        self.places(page, change);
        page.gap();
    }

    fn store(&self, page: &mut Page, store: Option<&str>) {
        if let Some(store) = store {
            page.item(Ink::Dim, "    in store ", 6, &clean(store));
        }
    }

    fn conditions(&self, page: &mut Page, conditions: &[Phrase]) {
        let most = self.most(conditions.len());
        for condition in conditions.iter().take(most) {
            page.lines(None, 4, &for_terminal(condition));
        }
        self.rest(page, "    ", conditions.len() - most, "more condition", "more conditions");
    }

    fn rest(&self, page: &mut Page, lead: &str, count: usize, one: &str, many: &str) {
        if count > 0 {
            page.item(Ink::Dim, lead, 6, &format!("{} (-v lists {})", counted(count, one, many), them(count)));
        }
    }

    fn environments(&self, page: &mut Page, environments: &[&Environment]) {
        if environments.is_empty() {
            return;
        }
        let count = counted(environments.len(), "request environment", "request environments");
        let hint = if self.options.verbose { "" } else { " (-v lists them)" };
        page.item(Ink::Dim, "    in ", 6, &format!("{count}{hint}"));
        for Environment { principal, action, resource } in environments.iter().filter(|_| self.options.verbose) {
            let text = format!("principal {principal}, action {action}, resource {resource}");
            page.item(Ink::Dim, "      ", 8, &clean(&text));
        }
    }

    fn witness(&self, page: &mut Page, effect: &Effect) {
        self.evidence(page, "    for example: ", &effect.witness.evidence);
        if let Some(old) = effect.witness.old.as_ref().filter(|_| self.options.verbose) {
            self.evidence(page, "    on the old side: ", old);
        }
    }

    fn evidence(&self, page: &mut Page, lead: &str, evidence: &Evidence) {
        let (request, context) = evidence::request(evidence);
        page.item(Ink::Dim, lead, 6, &clean(&request));
        if let Some(context) = context {
            page.item(Ink::Dim, "      context ", 8, &clean(&context));
        }
        let entities: Vec<String> = evidence::entities(evidence);
        // One that says no more than its name is in the request already.
        let telling: Vec<&String> =
            entities.iter().filter(|entity| self.options.verbose || !request.contains(entity.as_str())).collect();
        let most = self.most(telling.len());
        for entity in telling.iter().take(most) {
            page.item(Ink::Dim, "      where ", 8, &clean(entity));
        }
        self.rest(page, "      where ", telling.len() - most, "more entity", "more entities");
    }

    fn places(&self, page: &mut Page, change: &Change<'_>) {
        let causes = &change.group.causes;
        let most = self.most(causes.len());
        for cause in causes.iter().take(most) {
            page.item(Ink::Dim, "    at ", 6, &for_terminal(&changes::place(self.comparison, cause)));
        }
        self.rest(page, "    at ", causes.len() - most, "more place", "more places");
    }

    /// A line for each, a gap after them.
    fn list(&self, page: &mut Page, lead: &str, all: impl Iterator<Item = Phrase>) {
        let all: Vec<Phrase> = all.collect();
        let most = self.most(all.len());
        for one in all.iter().take(most) {
            page.item(Ink::Dim, lead, 4, &for_terminal(one));
        }
        if all.len() > most {
            page.item(Ink::Dim, lead, 4, &format!("{} more (-v lists {})", all.len() - most, them(all.len() - most)));
        }
        if !all.is_empty() {
            page.gap();
        }
    }

    /// Never folded: whoever reads anything has to read this.
    fn weakened(&self, page: &mut Page) {
        for weakened in changes::weakened(self.comparison) {
            let text = format!("! this weakens the repository's own rules: {}", clean(&weakened.what));
            page.lines(Some(Ink::Error), 2, &text);
            if let Some(ruling) = changes::ruling_of(weakened) {
                let ink = if weakened.ruling == Ruling::Refused { Ink::Error } else { Ink::Good };
                page.lines(Some(ink), 4, &ruling);
            }
            page.item(Ink::Dim, "    at ", 6, &clean(&changes::label(&weakened.location)));
        }
        if changes::weakened(self.comparison).next().is_some() {
            page.gap();
        }
        if let Some(how) = changes::how_to_accept(self.comparison) {
            page.item(Ink::Dim, "  ", 4, &clean(&how));
            page.gap();
        }
    }
}

fn them(count: usize) -> &'static str {
    if count == 1 { "it" } else { "them" }
}
