//! What a comparison found, in Markdown: an entry for each cause, a request that shows it folded beneath.

use serde_json::json;

use super::escape::cut;
use crate::finding::{Environment, Evidence};
use crate::outcome::changes::{Comparison, Direction, Ruling, Weakened};
use crate::report::changes::{self, Change, Phrase, Undecided, View};
use crate::report::counted::counted;
use crate::report::{Options, evidence, json_text};

/// Longest name, in characters, and how much of it is shown where an entry would grow above [`LONG_ENTRY`].
const LONGEST_NAME: [usize; 2] = [240, 40];
/// Longer entries are shortened, in bytes.
const LONG_ENTRY: usize = 6000;
/// Longer requests are not shown, in bytes.
const LONG_REQUEST: usize = 6000;
/// More request environments, conditions, places or remarks of one kind are counted.
const LISTED: usize = 20;

/// What is shown of one thing: always, or not at all when there is no room; and what is folded beneath it while room is
/// left.
#[derive(Default)]
struct Entry {
    always: String,
    folded: String,
    /// Whether what is folded has its room before other entries, while half of all room is left.
    urgent: bool,
}

/// The section about `comparison` in at most `room` bytes: headline, what became weaker, then refused changes first.
pub(super) fn section(comparison: &Comparison, options: &Options, room: usize) -> String {
    let view = View::of(comparison);
    let mut head = format!("\n**{}**\n", changes::headline(comparison));
    if !options.quiet {
        let (old, new) = (name(&comparison.old.label, LONGEST_NAME[0]), name(&comparison.new.label, LONGEST_NAME[0]));
        head.push_str(&format!("\nCompared {old} (old) with {new} (new): {}.\n", changes::text_changes(comparison)));
    }
    let shown = view.changes.iter().filter(|change| change.refused || !options.quiet);
    let parts = [
        (weakened(comparison), ("weakened rule is", "weakened rules are")),
        (shown.map(|change| of_change(comparison, change)).collect(), ("cause is", "causes are")),
        (view.undecided.iter().map(of_undecided).collect(), ("open question is", "open questions are")),
        (
            if options.quiet { Vec::new() } else { remarks(comparison, view.came_and_went) },
            ("remark is", "remarks are"),
        ),
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
    format!("<code>{}</code>", cut(text, longest))
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

fn of_change(comparison: &Comparison, change: &Change<'_>) -> Entry {
    Entry {
        always: short(|longest| summary(comparison, change, longest)),
        folded: folded(change),
        urgent: change.refused,
    }
}

fn summary(comparison: &Comparison, change: &Change<'_>, longest: usize) -> String {
    let mark = if change.refused { "⛔ " } else { "" };
    let direction = match change.group.direction {
        Direction::Gained => "Gained",
        Direction::Lost => "Lost",
    };
    let rulings = listed(&change.rulings, longest).join(", ");
    let rulings = if rulings.is_empty() { rulings } else { format!(", {rulings}") };
    let store = change.store.map(|store| format!(" in store {}", name(store, longest))).unwrap_or_default();
    let mut lines = vec![format!("- {mark}**{direction}{rulings}**{store}: {}", bounded(&change.sentence, longest))];
    lines.extend(listed(&change.conditions, longest));
    let places: Vec<Phrase> = change.group.causes.iter().map(|cause| changes::place(comparison, cause)).collect();
    lines.extend(listed(&places, longest).into_iter().map(|place| format!("at {place}")));
    lines.join("<br>") + "\n"
}

/// An example to replay, and the request environments where the sentence does not name them.
fn folded(change: &Change<'_>) -> String {
    let Some(effect) = change.effects().next() else { return String::new() };
    let Evidence { request, entities } = &effect.witness.evidence;
    let mut example = json!({ "request": request, "entities": entities });
    if let (Some(old), Some(fields)) = (&effect.witness.old, example.as_object_mut()) {
        fields.insert("old_request".to_owned(), old.request.clone());
        fields.insert("old_entities".to_owned(), old.entities.clone());
    }
    let (request, _) = evidence::request(&effect.witness.evidence);
    let inner = fence(&json_text::to_text(&example)) + &environments(&change.environments);
    details(&format!("for example: {}", name(&request, LONGEST_NAME[0])), &inner)
}

/// Something folded beneath an entry, nothing when there is nothing.
fn details(summary: &str, inner: &str) -> String {
    if inner.is_empty() {
        return String::new();
    }
    format!("  <details><summary>{summary}</summary>\n{inner}\n  </details>\n\n")
}

/// JSON text in a fence of an entry. No line of it can end the fence: a backtick is written as JSON's escape.
fn fence(json: &str) -> String {
    if json.len() > LONG_REQUEST {
        return "\n  The request is too long to be shown here; `--report json` has it.\n".to_owned();
    }
    let lines: Vec<String> = json.lines().map(|line| format!("  {}\n", line.replace('`', "\\u0060"))).collect();
    format!("\n  ```json\n{}  ```\n", lines.concat())
}

fn environments(all: &[&Environment]) -> String {
    let mut out = String::new();
    if all.is_empty() {
        return out;
    }
    out.push_str(&format!("\n  In {}:\n\n", counted(all.len(), "request environment", "request environments")));
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
    let folded = details("in which request environments", &environments(&open.environments));
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
    add("Schema", changes::schema_changes(comparison));
    let aside = comparison.stores.iter().flat_map(|store| &store.set_aside);
    add("**Not analysed**", aside.map(|aside| changes::set_aside(comparison, aside)).collect());
    add("Unused", comparison.accepted.iter().filter_map(changes::accepted).collect());
    let how = changes::how_to_accept(comparison);
    out.extend(how.map(|how| Entry { always: format!("- {}\n", cut(&how, LONGEST_NAME[0])), ..Entry::default() }));
    out
}
