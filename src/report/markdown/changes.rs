//! What a comparison found, in Markdown: an entry for each cause, a request that shows it folded beneath.

use serde_json::json;

use super::escape::{cut, named, prose};
use crate::finding::{Environment, Evidence};
use crate::outcome::changes::{Cause, Comparison, Direction, Ruling, Side, Weakened, Witness};
use crate::report::changes::{self, Change, Line, Phrase, Said, Undecided, View};
use crate::report::counted::counted;
use crate::report::{Options, json_text};

/// Longest name, in characters, and how much of it is shown where hostile names make an entry grow above
/// [`LONG_ENTRY`].
const LONGEST_NAME: [usize; 2] = [1000, 40];
/// Of longer entries the clauses are folded, in bytes.
const LONG_ENTRY: usize = 6000;
/// Where entries have more lines together, what does not tell them apart is folded.
const LINES: usize = 12;
/// Longer requests are not shown, in bytes.
const LONG_REQUEST: usize = 6000;
/// More request environments, conditions, places or remarks of one kind are counted.
const LISTED: usize = 20;

/// Beside an edit, who it is for is said before the fold where it is no longer, in bytes.
const SHORT_CLAUSE: usize = 160;

/// What the headline counts.
const KIND_OF_REQUEST: &str = " A kind of request is a type of principal, an action and a type of resource.";

/// How much of an entry is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// All of it.
    Whole,
    /// Who gains or loses what by which edit, or else when.
    Essential,
    /// Who gains or loses what.
    Brief,
}

/// What is shown of one thing: always, or not at all when there is no room; and what is folded beneath it while room is
/// left.
#[derive(Default)]
struct Entry {
    always: String,
    folded: String,
    /// Whether what is folded has its room before other entries, while half of all room is left.
    urgent: bool,
}

/// The section about `comparison`, which touches whom these sentences say and for which `read` was read, in at most
/// `room` bytes: headline, what became weaker, then refused changes first.
pub(super) fn section(
    comparison: &Comparison,
    touched: &[String],
    read: &str,
    options: &Options,
    room: usize,
) -> String {
    let mut view = View::of(comparison);
    let (undecided, came_and_went) = (std::mem::take(&mut view.undecided), std::mem::take(&mut view.came_and_went));
    let (entries, lead) = view.into_entries(Said::OnceInEach);
    let headline = changes::headline(comparison, &entries);
    let mut head = format!("\n**{headline}**\n");
    head.push_str(if touched.is_empty() { "" } else { "\nOf the entities here:\n" });
    head.extend(touched.iter().map(|sentence| format!("\n- {}", prose(sentence))));
    head.push_str(if touched.is_empty() { "" } else { "\n" });
    if !options.quiet {
        let of = |side: &Side, which: &str| {
            let (label, commit) = changes::revision(side);
            let commit = commit.map(|commit| format!(", {}", name(commit, LONGEST_NAME[0]))).unwrap_or_default();
            format!("{} ({which}{commit})", name(label, LONGEST_NAME[0]))
        };
        let (old, new) = (of(&comparison.old, "old"), of(&comparison.new, "new"));
        let edits = changes::text_changes(comparison);
        let kind = if headline.contains("kinds of request") { KIND_OF_REQUEST } else { "" };
        head.push_str(&format!("\nCompared {old} with {new}: {edits} ({read}).{kind}\n"));
    }
    if !options.quiet {
        let lead: Vec<String> = lead.iter().map(|lead| bounded(lead, LONGEST_NAME[0])).collect();
        let lead: String = lead.iter().map(|lead| format!("\n{lead}.\n")).collect();
        head.push_str(if lead.len() <= LONG_ENTRY { &lead } else { "" });
    }
    let shown: Vec<&changes::Entry<'_>> = entries.iter().filter(|entry| entry.refused() || !options.quiet).collect();
    let whole = |entry: &&changes::Entry<'_>| of_changes(comparison, entry, LONGEST_NAME[0], Shown::Whole);
    let lines = |text: String| text.matches("<br>").count() + text.matches('\n').count();
    let folded = shown.len() > 1 && shown.iter().map(|entry| lines(whole(entry))).sum::<usize>() > LINES;
    let parts = [
        (weakened(comparison), ("weakened rule is", "weakened rules are")),
        (unfit(comparison), ("thing that no longer fits is", "things that no longer fit are")),
        (shown.iter().map(|entry| of_entry(comparison, entry, folded)).collect(), ("change is", "changes are")),
        (undecided.iter().map(of_undecided).collect(), ("open question is", "open questions are")),
        (if options.quiet { Vec::new() } else { remarks(comparison, came_and_went) }, ("remark is", "remarks are")),
    ];
    fit(head, &parts, room)
}

type Part = (Vec<Entry>, (&'static str, &'static str));

/// Takes as many entries as there is room for, in order; what is folded comes after all entries have their room.
fn fit(head: String, parts: &[Part], room: usize) -> String {
    // Room for what is said about what is left out.
    let mut left = room.saturating_sub(head.len() + 160 * (parts.len() + 1));
    let mut take = |text: &str, keep: usize| {
        let fits = text.len() + keep <= left;
        left -= if fits { text.len() } else { 0 };
        fits
    };
    let mut kept: Vec<Vec<(&Entry, bool)>> = Vec::new();
    for (entries, _) in parts {
        let mut fitting = Vec::new();
        for entry in entries {
            if take(&entry.always, 0) {
                fitting.push((entry, entry.urgent && take(&entry.folded, room / 2)));
            }
        }
        kept.push(fitting);
    }
    let mut unfolded = 0;
    let mut out = head;
    for ((entries, (one, many)), kept) in parts.iter().zip(kept) {
        out.push_str(if kept.is_empty() { "" } else { "\n" });
        for (entry, taken) in &kept {
            out.push_str(&entry.always);
            if *taken || take(&entry.folded, 0) {
                out.push_str(&entry.folded);
            } else {
                unfolded += 1;
            }
        }
        let dropped = entries.len() - kept.len();
        if dropped > 0 {
            let text = counted(dropped, &format!("more {one}"), &format!("more {many}"));
            out.push_str(&format!("\n**{text} not shown here for lack of room;** `polcheck diff` shows all.\n"));
        }
    }
    if unfolded > 0 {
        let text = counted(unfolded, "entry", "entries");
        out.push_str(&format!("\nDetails of {text} are left out for lack of room.\n"));
    }
    out
}

fn name(text: &str, longest: usize) -> String {
    named(text, longest)
}

fn bounded(phrase: &Phrase, longest: usize) -> String {
    phrase.render(|text| name(text, longest), |text| name(text, longest))
}

/// Each said, and how many are not when there are many.
fn listed(all: &[Phrase], longest: usize) -> Vec<String> {
    let mut lines: Vec<String> = all.iter().take(LISTED).map(|phrase| bounded(phrase, longest)).collect();
    if all.len() > LISTED {
        lines.push(format!("{} more", all.len() - LISTED));
    }
    lines
}

/// The first of the lengths of names that keeps the entry short, or the last.
fn short(entry: impl Fn(usize) -> String) -> String {
    let [usual, least] = LONGEST_NAME;
    let text = entry(usual);
    if text.len() <= LONG_ENTRY { text } else { entry(least) }
}

fn weakened(comparison: &Comparison) -> Vec<Entry> {
    let one = |longest, weakened: &Weakened, place: &str| {
        let mark = if weakened.ruling == Ruling::Refused { "⛔" } else { "⚠️" };
        let ruling = changes::ruling_of(weakened).map(|ruling| format!(", **{}**", cut(&ruling, longest)));
        let (what, place) = (cut(&weakened.what, longest), name(place, longest));
        let ruling = ruling.unwrap_or_default();
        format!("- {mark} **This weakens the repository's own rules:** {what} ({place}){ruling}\n")
    };
    let entry = |weakened: &Weakened| {
        let place = changes::label(&weakened.location);
        Entry { always: short(|longest| one(longest, weakened, &place)), ..Entry::default() }
    };
    changes::weakened(comparison).map(entry).collect()
}

/// What no longer fits the new schema.
fn unfit(comparison: &Comparison) -> Vec<Entry> {
    let one = |phrase: &Phrase| Entry {
        always: short(|longest| format!("- ⚠️ **No longer fits the new schema:** {}\n", bounded(phrase, longest))),
        ..Entry::default()
    };
    changes::unfit(comparison).iter().map(one).collect()
}

fn of_entry(comparison: &Comparison, entry: &changes::Entry<'_>, fold: bool) -> Entry {
    let urgent = entry.refused();
    let [usual, least] = LONGEST_NAME;
    let whole = of_changes(comparison, entry, usual, Shown::Whole);
    let json: String = entry.changes.iter().map(replay).collect();
    if whole.len() <= LONG_ENTRY && !fold {
        return Entry { always: whole, folded: json, urgent };
    }
    if whole.len() <= LONG_ENTRY {
        let essential = of_changes(comparison, entry, usual, Shown::Essential);
        // Of one change the sentence is not said again.
        let rest = match entry.lead {
            None => whole.split_once("<br>").map_or("", |(_, rest)| rest).trim_end().replace("<br>", "<br>\n  "),
            Some(_) => whole.trim_end().replace('\n', "\n  "),
        };
        let inner = format!("\n  {rest}\n\n{json}");
        let folded = if rest.is_empty() { json } else { details("for whom exactly, with an example", &inner) };
        return Entry { always: essential, folded, urgent };
    }
    let clauses = entry.changes.iter().flat_map(|change| {
        let both = change
            .with_next
            .iter()
            .flat_map(|both| std::iter::once(bounded(&both.lead, usual)).chain(said(&both.lines, usual)));
        both.chain(clauses(change, usual)).collect::<Vec<String>>()
    });
    let clauses: Vec<String> = said(&entry.shared, usual).into_iter().chain(clauses).collect();
    let clauses = details("for whom", &format!("\n  {}\n", clauses.join("<br>\n  ")));
    let brief = short(|longest| of_changes(comparison, entry, longest, Shown::Brief));
    let brief = if brief.len() <= LONG_ENTRY { brief } else { of_changes(comparison, entry, least, Shown::Brief) };
    Entry { always: brief, folded: clauses + &json, urgent }
}

/// The changes of an entry; beneath what they have in common, if there are several.
fn of_changes(comparison: &Comparison, entry: &changes::Entry<'_>, longest: usize, shown: Shown) -> String {
    let edits = if shown == Shown::Brief { Vec::new() } else { listed(&entry.edits, longest) };
    match &entry.lead {
        None => entry
            .changes
            .iter()
            .map(|change| summary(comparison, change, ("- ", true), edits.clone(), longest, shown))
            .collect(),
        Some(lead) => {
            let shared = if shown == Shown::Brief { Vec::new() } else { said(&entry.shared, longest) };
            let lead = vec![bounded(lead, longest)];
            let causes = entry.causes();
            let mut text = if shown == Shown::Essential {
                let when = shared.into_iter().take(1).filter(|when| edits.is_empty() || when.len() <= SHORT_CLAUSE);
                format!("- {}\n", [lead, edits.clone(), when.collect()].concat().join("; "))
            } else {
                let places = causes.iter().flat_map(|causes| places_of(comparison, causes, longest)).collect();
                format!("- {}\n", [lead, edits, shared, places].concat().join("<br>"))
            };
            for change in &entry.changes {
                let bullet = ("  - ", causes.is_none());
                if let (Some(both), true) = (&change.with_next, shown != Shown::Brief) {
                    let lines = said(&both.lines, longest).join(", ");
                    text.push_str(&format!("  - {} {lines}\n", bounded(&both.lead, longest)));
                }
                text.push_str(&summary(comparison, change, bullet, Vec::new(), longest, shown));
            }
            text
        }
    }
}

fn summary(
    comparison: &Comparison,
    change: &Change<'_>,
    (bullet, places): (&str, bool),
    edits: Vec<String>,
    longest: usize,
    shown: Shown,
) -> String {
    let mark = if change.refused { "⛔ " } else { "" };
    let direction = match (change.group.direction, change.group.migrated().is_empty()) {
        (Direction::Gained, true) => "Gained",
        (Direction::Gained, false) => "May be gained",
        (Direction::Lost, true) => "Lost",
        (Direction::Lost, false) => "May be lost",
    };
    let rulings = listed(&change.rulings, longest).join(", ");
    let rulings = if rulings.is_empty() { rulings } else { format!(", {rulings}") };
    let store = change.store.map(|store| format!(" in store {}", name(store, longest))).unwrap_or_default();
    let mut lines =
        vec![format!("{bullet}{mark}**{direction}{rulings}**{store}: {}", bounded(&change.sentence, longest))];
    if shown == Shown::Essential {
        let first = |line: String| line.split("<br>").next().unwrap_or_default().to_owned();
        let when = clauses(change, longest).into_iter().take(1).map(first);
        let bare = edits.is_empty();
        let when = when.filter(|when| bare || when.len() <= SHORT_CLAUSE);
        lines.extend(edits.into_iter().chain(when));
        // What is said first is not to be taken for more than it is.
        let exceptions: Vec<Phrase> =
            change.cases.iter().flat_map(|case| &case.lines).filter_map(Line::named).fold(Vec::new(), with);
        lines.extend(exceptions.iter().map(|exception| bounded(exception, longest)));
        lines.extend(change.left.iter().map(|left| bounded(left, longest)));
        return lines.join("; ") + "\n";
    }
    lines.extend(edits);
    if shown == Shown::Whole {
        lines.extend(clauses(change, longest));
    }
    lines.extend(change.needs.iter().chain(&change.known).map(|said| bounded(said, longest)));
    let example = change.effects().next().map(|effect| changes::example(change.group.direction, effect));
    lines.extend(example.map(|example| format!("for example: {}", bounded(&example, longest))));
    if places {
        lines.extend(places_of(comparison, &change.causes(), longest));
    }
    lines.join("<br>") + "\n"
}

fn with(mut all: Vec<Phrase>, one: Phrase) -> Vec<Phrase> {
    if !all.contains(&one) {
        all.push(one);
    }
    all
}

fn places_of(comparison: &Comparison, causes: &[&Cause], longest: usize) -> Vec<String> {
    let places = changes::places(comparison, causes);
    listed(&places, longest).into_iter().map(|place| format!("at {place}")).collect()
}

fn said(lines: &[Line], longest: usize) -> Vec<String> {
    lines.iter().map(|line| bounded(&line.whole(), longest)).collect()
}

/// For whom, a line for each clause.
fn clauses(change: &Change<'_>, longest: usize) -> Vec<String> {
    let mut lines = listed(&change.combinations, longest);
    for case in &change.cases {
        let lead = case.of.as_ref().map(|of| format!("**{}:** ", bounded(of, longest))).unwrap_or_default();
        let said = said(&case.lines, longest);
        let joint = if lead.is_empty() { "<br>" } else { ", " };
        lines.push(lead + &said.join(joint));
    }
    lines
}

/// The example to replay: as JSON, and as a row of a decision table; and the kinds of request where the sentence does
/// not name them.
fn replay(change: &Change<'_>) -> String {
    let Some(effect) = change.effects().next() else { return String::new() };
    let Evidence { request, entities } = &effect.witness.evidence;
    let mut example = json!({ "request": request, "entities": entities });
    if let (Some(old), Some(fields)) = (&effect.witness.old, example.as_object_mut()) {
        fields.insert("old_request".to_owned(), old.request.clone());
        fields.insert("old_entities".to_owned(), old.entities.clone());
    }
    let row = row(change, &effect.witness).map(|row| fence("yaml", &row)).unwrap_or_default();
    let inner = fence("json", &json_text::to_text(&example)) + &row + &environments(&change.environments);
    let request = changes::example_request(change.group.direction, effect).plain();
    details(&format!("to replay: {}", cut(&request, LONGEST_NAME[0])), &inner)
}

/// The example as a row of a decision table that expects what the new side decides.
fn row(change: &Change<'_>, witness: &Witness) -> Option<String> {
    let direction = change.group.direction;
    let name = match direction {
        Direction::Gained => "newly allowed",
        Direction::Lost => "no longer allowed",
    };
    changes::entry(name, witness, changes::expected(direction))
}

/// Something folded beneath an entry, nothing when there is nothing.
fn details(summary: &str, inner: &str) -> String {
    if inner.is_empty() {
        return String::new();
    }
    format!("  <details><summary>{summary}</summary>\n{inner}\n  </details>\n\n")
}

/// JSON text, or YAML with JSON in it, in a fence of an entry. No line of it can end the fence: a backtick is written
/// as JSON's escape.
fn fence(language: &str, json: &str) -> String {
    if json.len() > LONG_REQUEST {
        return "\n  The request is too long to be shown here; `--report json` has it.\n".to_owned();
    }
    let lines: Vec<String> = json.lines().map(|line| format!("  {}\n", line.replace('`', "\\u0060"))).collect();
    format!("\n  ```{language}\n{}  ```\n", lines.concat())
}

fn environments(all: &[&Environment]) -> String {
    let mut out = String::new();
    if all.is_empty() {
        return out;
    }
    out.push_str(&format!("\n  In {}:\n\n", counted(all.len(), "kind of request", "kinds of request")));
    for Environment { principal, action, resource } in all.iter().take(LISTED) {
        let [principal, action, resource] = [principal, action, resource].map(|text| name(text, LONGEST_NAME[0]));
        out.push_str(&format!("  - principal {principal}, action {action}, resource {resource}\n"));
    }
    if all.len() > LISTED {
        out.push_str(&format!("  - and {} more\n", all.len() - LISTED));
    }
    out
}

fn of_undecided(open: &Undecided<'_>) -> Entry {
    let entry = |longest| {
        let store = open.store.map(|store| format!(" in store {}", name(store, longest))).unwrap_or_default();
        let mut lines = vec![format!("- **Not decided**{store}: {}", bounded(&open.sentence, longest))];
        lines.extend(open.why.iter().map(|why| format!("because {}", cut(why, longest))));
        lines.join("<br>") + "\n"
    };
    let folded = details("which kinds of request", &environments(&open.environments));
    Entry { always: short(entry), folded, urgent: false }
}

/// What came and went, schema changes, policies that were not analysed, and acceptances that do nothing.
fn remarks(comparison: &Comparison, came_and_went: Vec<Phrase>) -> Vec<Entry> {
    let mut out = Vec::new();
    let mut add = |what: &str, all: Vec<Phrase>| {
        out.extend(all.iter().take(LISTED).map(|phrase| Entry {
            always: short(|longest| format!("- {what}: {}\n", bounded(phrase, longest))),
            ..Entry::default()
        }));
        if all.len() > LISTED {
            out.push(Entry { always: format!("- {what}: {} more\n", all.len() - LISTED), ..Entry::default() });
        }
    };
    add("Also", came_and_went);
    // Entries may not have room.
    add("Schema", changes::schema_changes(comparison, &[]));
    let aside = comparison.stores.iter().flat_map(|store| &store.set_aside);
    add("Also", changes::without_effect(comparison));
    let ill_typed = comparison.stores.iter().flat_map(|store| &store.ill_typed);
    add("**Does not typecheck**", ill_typed.map(|one| changes::ill_typed(comparison, one)).collect());
    add("**Not analysed**", aside.map(|aside| changes::set_aside(comparison, aside)).collect());
    add("Unused", comparison.accepted.iter().filter_map(changes::accepted).collect());
    let how = changes::how_to_accept(comparison);
    out.extend(how.map(|how| Entry { always: format!("- {}\n", cut(&how, LONGEST_NAME[0])), ..Entry::default() }));
    out
}
