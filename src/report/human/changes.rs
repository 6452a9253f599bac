//! What a comparison found, for people: one entry for each cause, what it does to whom, and a request that shows it.

use super::clean::clean;
use super::paint::{Ink, Page};
use crate::finding::{Environment, Evidence};
use crate::outcome::changes::{Cause, Comparison, Direction, Ruling, Side};
use crate::report::changes::{self, Case, Change, Entry, Joint, Line, Phrase, Said, View};
use crate::report::counted::counted;
use crate::report::{Options, evidence};

/// More places, conditions, entities or schema changes than this are listed only when verbose.
const LISTED: usize = 5;

/// More changes than this, those that a gate refuses aside, are shown only when verbose.
const CHANGES: usize = 50;

/// Clauses that are longer together stand on lines of their own, in characters.
const ONE_LINE: usize = 80;

/// Writes `comparison`, and whom it touches, an empty line at its end. Quiet leaves what a gate refuses, what is not
/// decided and what became weaker.
pub(super) fn write(page: &mut Page, comparison: &Comparison, touched: &[String], options: &Options) {
    let mut view = View::of(comparison);
    let (undecided, came_and_went) = (std::mem::take(&mut view.undecided), std::mem::take(&mut view.came_and_went));
    let (entries, lead) = view.into_entries(Said::Once);
    if !options.quiet {
        let changed = if comparison.changes_access() && !options.verbose {
            format!(": {}", changes::text_changes(comparison))
        } else {
            String::new()
        };
        page.lines(None, 0, &(changes::headline(comparison, &entries) + &changed));
        for sentence in touched {
            page.item(Ink::Dim, "of the entities here: ", 2, &clean(sentence));
        }
        if options.verbose {
            page.item(Ink::Dim, "compared: ", 2, &compared(comparison));
        }
        page.gap();
    }
    let pen = Pen { comparison, options };
    pen.unfit(page);
    if !options.quiet && !lead.is_empty() {
        for lead in &lead {
            page.lines(None, 2, &for_terminal(lead));
        }
        page.gap();
    }
    let wanted: Vec<&Entry<'_>> = entries.iter().filter(|entry| entry.refused() || !options.quiet).collect();
    // What is refused comes first and is shown in full.
    let refused = wanted.iter().filter(|entry| entry.refused()).count();
    let most = if options.verbose { usize::MAX } else { CHANGES.max(refused) };
    for entry in wanted.iter().take(most) {
        pen.entry(page, entry);
    }
    if wanted.len() > most {
        let more = counted(wanted.len() - most, "more change", "more changes");
        page.item(Ink::Dim, "  ", 2, &format!("and {more} (-v shows them)"));
        page.gap();
    }
    for open in &undecided {
        page.item(Ink::Warning, "  ? ", 4, &format!("not decided: {}", for_terminal(&open.sentence)));
        pen.store(page, open.store, 4);
        for why in &open.why {
            page.item(Ink::Dim, "    because ", 6, &clean(why));
        }
        pen.environments(page, &open.environments);
        page.gap();
    }
    if !options.quiet {
        let aside = comparison.stores.iter().flat_map(|store| &store.set_aside);
        let ill_typed = comparison.stores.iter().flat_map(|store| &store.ill_typed);
        let said = |aside| changes::set_aside(comparison, aside);
        let mut any = false;
        for (lead, all) in [
            ("  also: ", came_and_went),
            ("  also: ", changes::without_effect(comparison)),
            (
                "  schema: ",
                changes::schema_changes(comparison, wanted.get(..most.min(wanted.len())).unwrap_or_default()),
            ),
            ("  does not typecheck: ", ill_typed.map(|one| changes::ill_typed(comparison, one)).collect()),
            ("  not analysed: ", aside.map(said).collect()),
            ("  unused: ", comparison.accepted.iter().filter_map(changes::accepted).collect()),
        ] {
            any |= !all.is_empty();
            pen.list(page, lead, &all);
        }
        if any {
            page.gap();
        }
    }
    pen.weakened(page);
}

/// A phrase for a terminal.
fn for_terminal(phrase: &Phrase) -> String {
    clean(&phrase.plain()).into_owned()
}

fn compared(comparison: &Comparison) -> String {
    let of = |side: &Side, which: &str| {
        let (label, commit) = changes::revision(side);
        let commit = commit.map(|commit| format!(", {}", clean(commit))).unwrap_or_default();
        format!("{} ({which}{commit})", clean(label))
    };
    let (old, new) = (of(&comparison.old, "old"), of(&comparison.new, "new"));
    format!("{old} with {new}: {}", changes::text_changes(comparison))
}

struct Pen<'a> {
    comparison: &'a Comparison,
    options: &'a Options,
}

/// A line of clauses; one a line where they do not fit on one.
fn clauses(page: &mut Page, line: &Line, indent: usize) {
    let whole = for_terminal(&line.whole());
    if line.items.len() < 2 || line.is_above() || whole.chars().count() <= ONE_LINE {
        page.lines(None, indent, &whole);
        return;
    }
    let lead = for_terminal(&line.lead);
    if line.joint != Joint::And {
        page.lines(None, indent, &lead);
        for item in &line.items {
            page.lines(None, indent + 2, &for_terminal(&item.whole()));
        }
        return;
    }
    for (at, item) in line.items.iter().enumerate() {
        let text = for_terminal(&item.whole());
        let (indent, lead) = if at == 0 { (indent, lead.as_str()) } else { (indent + 2, "&&") };
        page.lines(None, indent, &format!("{lead} {text}"));
    }
}

/// The causes of a change whose places are to be said: the steps of an edit say where they are.
fn to_place<'e>(entry: &Entry<'_>, change: &Change<'e>) -> Vec<&'e Cause> {
    let placed = |cause: &&Cause| entry.lead.is_none() && cause.edits.iter().any(|edit| edit.location.is_some());
    change.causes().into_iter().filter(|cause| !placed(cause)).collect()
}

/// The sign before a change.
fn sign(change: &Change<'_>) -> &'static str {
    match (change.group.direction, change.refused) {
        (Direction::Gained, false) => "+ ",
        (Direction::Lost, false) => "- ",
        (Direction::Gained, true) => "×+ ",
        (Direction::Lost, true) => "×- ",
    }
}

/// The sign before changes of one edit: that of their direction, where all have the same.
fn sign_of_all(entry: &Entry<'_>) -> &'static str {
    let mut directions = entry.changes.iter().map(|change| change.group.direction);
    let first = directions.next();
    match first.filter(|first| directions.all(|other| other == *first)) {
        Some(Direction::Gained) => "+ ",
        Some(Direction::Lost) => "- ",
        None => "* ",
    }
}

impl Pen<'_> {
    fn entry(&self, page: &mut Page, entry: &Entry<'_>) {
        let indent = match &entry.lead {
            Some(lead) => {
                page.item(Ink::Dim, &format!("  {}", sign_of_all(entry)), 4, &for_terminal(lead));
                self.edits(page, entry);
                for line in &entry.shared {
                    clauses(page, line, 4);
                }
                let placed = matches!(entry.causes().as_deref(), Some([one]) if one.edits.iter().any(|edit| edit.location.is_some()));
                if let (Some(causes), false) = (entry.causes(), placed) {
                    self.places(page, &causes, 4);
                }
                4
            }
            None => 2,
        };
        // Places are said once for all that have the same causes.
        let said = entry.causes().is_some();
        let mut all: Vec<&Cause> = Vec::new();
        for cause in entry.changes.iter().flat_map(|change| to_place(entry, change)) {
            if !all.contains(&cause) {
                all.push(cause);
            }
        }
        // One line for all of them, or one below each.
        let apart = !said && changes::places(self.comparison, &all).len() > 1;
        let mut shown: Vec<Direction> = Vec::new();
        for change in &entry.changes {
            if let Some(both) = &change.with_next {
                page.lines(None, indent, &for_terminal(&both.lead));
                for line in &both.lines {
                    clauses(page, line, indent + 2);
                }
            }
            // What one edit gives or takes in several policies needs no second example.
            let direction = change.group.direction;
            let example = !shown.contains(&direction) || change.refused;
            shown.push(direction);
            self.change(page, entry, change, (indent, example));
            if apart {
                self.places(page, &to_place(entry, change), indent + 2);
            }
        }
        if !apart && !said {
            self.places(page, &all, 4);
        }
        page.gap();
    }

    /// What breaks, before everything else.
    fn unfit(&self, page: &mut Page) {
        let all = changes::unfit(self.comparison);
        let most = self.most(all.len());
        for one in all.iter().take(most) {
            page.item(Ink::Error, "  ! no longer fits the new schema: ", 4, &for_terminal(one));
        }
        self.rest(page, "  ! no longer fits the new schema: ", all.len() - most, "more", "more");
        if !all.is_empty() {
            page.gap();
        }
    }

    fn edits(&self, page: &mut Page, entry: &Entry<'_>) {
        for edit in &entry.edits {
            page.lines(None, 4, &for_terminal(edit));
        }
    }

    fn change(&self, page: &mut Page, entry: &Entry<'_>, change: &Change<'_>, (indent, example): (usize, bool)) {
        let ink = if change.refused {
            Ink::Error
        } else {
            match change.group.direction {
                Direction::Gained => Ink::Good,
                Direction::Lost => Ink::Warning,
            }
        };
        let lead = format!("{}{}", " ".repeat(indent), sign(change));
        page.item(ink, &lead, indent + 2, &for_terminal(&change.sentence));
        for ruling in &change.rulings {
            let ink = if change.refused { Ink::Error } else { Ink::Good };
            page.lines(Some(ink), indent + 2, &for_terminal(ruling));
        }
        if indent == 2 {
            self.edits(page, entry);
        }
        self.store(page, change.store, indent + 2);
        for phrase in &change.combinations {
            page.item(Ink::Dim, &" ".repeat(indent + 2), indent + 4, &for_terminal(phrase));
        }
        self.cases(page, &change.cases, indent + 2);
        if let Some(needs) = &change.needs {
            page.lines(None, indent + 2, &for_terminal(needs));
        }
        if let Some(known) = &change.known {
            page.lines(None, indent + 2, &for_terminal(known));
        }
        self.environments(page, &change.environments);
        if example || self.options.verbose {
            self.examples(page, change, indent + 2);
        }
    }

    fn store(&self, page: &mut Page, store: Option<&str>, indent: usize) {
        if let Some(store) = store {
            page.item(Ink::Dim, &format!("{}in store ", " ".repeat(indent)), indent + 2, &clean(store));
        }
    }

    fn most(&self, count: usize) -> usize {
        if self.options.verbose { count } else { LISTED.min(count) }
    }

    fn cases(&self, page: &mut Page, cases: &[Case], indent: usize) {
        for case in cases {
            let mut indent = indent;
            if let (Some(of), [only]) = (&case.of, case.lines.as_slice()) {
                let text = format!("{}: {}", for_terminal(of), for_terminal(&only.whole()));
                if text.chars().count() <= ONE_LINE {
                    page.lines(None, indent, &text);
                    continue;
                }
            }
            if let Some(of) = &case.of {
                page.item(Ink::Dim, &" ".repeat(indent), indent + 2, &format!("{}:", for_terminal(of)));
                indent += 2;
            }
            for line in &case.lines {
                clauses(page, line, indent);
            }
        }
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
        let count = counted(environments.len(), "kind of request", "kinds of request");
        let hint = if self.options.verbose { "" } else { " (-v lists them)" };
        page.item(Ink::Dim, "    in ", 6, &format!("{count}{hint}"));
        for Environment { principal, action, resource } in environments.iter().filter(|_| self.options.verbose) {
            let text = format!("principal {principal}, action {action}, resource {resource}");
            page.item(Ink::Dim, "      ", 8, &clean(&text));
        }
    }

    fn examples(&self, page: &mut Page, change: &Change<'_>, indent: usize) {
        let lead = format!("{}for example: ", " ".repeat(indent));
        if !self.options.verbose {
            if let Some(effect) = change.effects().next() {
                let example = changes::example(change.group.direction, effect);
                page.item(Ink::Dim, &lead, indent + 2, &for_terminal(&example));
            }
            return;
        }
        for effect in change.effects() {
            self.evidence(page, &lead, &effect.witness.evidence);
            if let Some(old) = &effect.witness.old {
                self.evidence(page, &format!("{}on the old side: ", " ".repeat(indent)), old);
            }
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

    fn places(&self, page: &mut Page, causes: &[&Cause], indent: usize) {
        let places = changes::places(self.comparison, causes);
        let most = self.most(places.len());
        let lead = format!("{}at ", " ".repeat(indent));
        for place in places.iter().take(most) {
            page.item(Ink::Dim, &lead, indent + 2, &for_terminal(place));
        }
        self.rest(page, &lead, places.len() - most, "more place", "more places");
    }

    /// A line for each.
    fn list(&self, page: &mut Page, lead: &str, all: &[Phrase]) {
        let most = self.most(all.len());
        for one in all.iter().take(most) {
            page.item(Ink::Dim, lead, 4, &for_terminal(one));
        }
        if all.len() > most {
            page.item(Ink::Dim, lead, 4, &format!("{} more (-v lists {})", all.len() - most, them(all.len() - most)));
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
