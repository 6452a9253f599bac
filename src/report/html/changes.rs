//! What a comparison found: each change with what was edited, for whom, and a request that shows it.

use super::anchors::Anchors;
use super::evidence;
use super::markup::Markup;
use super::{heading, place};
use crate::finding::Environment;
use crate::outcome::Outcome;
use crate::outcome::changes::{Cause, Comparison, Direction, Ruling};
use crate::report::changes::{self, Case, Change, Entry, Phrase, Said, Undecided, View};
use crate::report::counted::counted;
use crate::report::{Options, impact, verdict};

/// So many kinds of request are listed.
const LISTED: usize = 40;
/// Longer texts of policies are not shown, in bytes.
const LONGEST: usize = 20_000;

/// The section; none where nothing is compared.
pub(super) fn section(out: &mut Markup, outcome: &Outcome, anchors: &Anchors<'_>, options: &Options) {
    let Some(comparison) = &outcome.comparison else { return };
    heading(out, "changes", "Changes");
    let mut view = View::of(comparison);
    let (undecided, came_and_went) = (std::mem::take(&mut view.undecided), std::mem::take(&mut view.came_and_went));
    let (entries, lead) = view.into_entries(Said::OnceInEach);
    out.raw("<p class=\"headline\">").prose(&changes::headline(comparison, &entries)).raw("</p>");
    sides(out, outcome, comparison);
    let touched = impact::sentences(&outcome.impact, options.verbose);
    let sentences = |out: &mut Markup, all: &[String]| {
        if !all.is_empty() {
            out.raw("<ul class=\"plain\">");
            for one in all {
                out.raw("<li>").prose(one).raw("</li>");
            }
            out.raw("</ul>");
        }
    };
    sentences(out, &touched);
    for lead in &lead {
        out.raw("<p>").phrase(lead).raw(".</p>");
    }
    for weakened in changes::weakened(comparison) {
        out.raw("<article class=\"change weakened\"><p><span class=\"tag changed\">weaker</span> ");
        out.raw("This weakens the repository's own rules: ").prose(&weakened.what).raw(" (");
        place(out, &weakened.location, anchors, options);
        out.raw(")");
        if let Some(ruling) = changes::ruling_of(weakened) {
            out.raw(" <b>").text(&ruling).raw("</b>");
        }
        out.raw("</p></article>");
    }
    phrases(out, "No longer fits the new schema: ", &changes::unfit(comparison));
    for (number, entry) in entries.iter().enumerate() {
        entry_of(out, number, entry, anchors, options);
    }
    for open in &undecided {
        undecided_of(out, open);
    }
    rest(out, comparison, &came_and_went);
    out.raw("</section>");
}

/// What is compared, and what was edited.
fn sides(out: &mut Markup, outcome: &Outcome, comparison: &Comparison) {
    out.raw("<p class=\"quiet\">Compared ");
    for (side, lead, which) in [(&comparison.old, "", "old"), (&comparison.new, " with ", "new")] {
        let (label, commit) = changes::revision(side);
        out.raw(lead).code(label).raw(" (").raw(which);
        if let Some(commit) = commit {
            out.raw(", ").code(commit);
        }
        out.raw(")");
    }
    out.raw(": ").prose(&changes::text_changes(comparison)).raw(" (").text(&verdict::what_was_read(outcome));
    out.raw("). A kind of request is a type of principal, an action and a type of resource.</p>");
}

fn phrases(out: &mut Markup, lead: &'static str, all: &[Phrase]) {
    if all.is_empty() {
        return;
    }
    out.raw("<ul class=\"plain\">");
    for one in all {
        out.raw("<li>").raw(lead).phrase(one).raw("</li>");
    }
    out.raw("</ul>");
}

fn entry_of(out: &mut Markup, number: usize, entry: &Entry<'_>, anchors: &Anchors<'_>, options: &Options) {
    let any = |wanted: Direction| entry.changes.iter().any(|change| change.group.direction == wanted);
    let class = match (any(Direction::Gained), any(Direction::Lost)) {
        (true, true) => "change both",
        (true, false) => "change gained",
        (false, _) => "change lost",
    };
    out.open("article", &[("class", class), ("id", &format!("change-{}", number + 1)), ("data-filter", "")]);
    if let Some(lead) = &entry.lead {
        out.raw("<h3>").phrase(lead).raw("</h3>");
    }
    let alone = entry.lead.is_none();
    if !alone {
        edits(out, &entry.edits);
    }
    if !entry.shared.is_empty() {
        out.raw("<ul class=\"clauses plain\">");
        for line in &entry.shared {
            out.raw("<li>").phrase(&line.whole()).raw("</li>");
        }
        out.raw("</ul>");
    }
    for change in &entry.changes {
        change_of(out, change, alone.then_some(entry.edits.as_slice()));
    }
    let mut causes: Vec<&Cause> = Vec::new();
    for cause in entry.changes.iter().flat_map(Change::causes) {
        if !causes.contains(&cause) {
            causes.push(cause);
        }
    }
    for cause in causes {
        cause_of(out, cause, anchors, options);
    }
    out.raw("</article>");
}

fn edits(out: &mut Markup, all: &[Phrase]) {
    if all.is_empty() {
        return;
    }
    out.raw("<ul class=\"edits plain\">");
    for edit in all {
        out.raw("<li>").phrase(edit).raw("</li>");
    }
    out.raw("</ul>");
}

/// One change; where it stands alone, with what was `edited`.
fn change_of(out: &mut Markup, change: &Change<'_>, edited: Option<&[Phrase]>) {
    if let Some(both) = &change.with_next {
        out.raw("<p>").phrase(&both.lead);
        for line in &both.lines {
            out.raw(" ").phrase(&line.whole());
        }
        out.raw("</p>");
    }
    out.raw(if edited.is_some() { "<h3>" } else { "<h4>" });
    out.raw(match (change.group.direction, change.group.migrated().is_empty()) {
        (Direction::Gained, true) => "<span class=\"tag gained\">▲ gained</span> ",
        (Direction::Gained, false) => "<span class=\"tag gained\">▲ may be gained</span> ",
        (Direction::Lost, true) => "<span class=\"tag lost\">▼ lost</span> ",
        (Direction::Lost, false) => "<span class=\"tag lost\">▼ may be lost</span> ",
    });
    for ruling in &change.rulings {
        let class = if change.refused { "tag refused" } else { "tag" };
        out.open("span", &[("class", class)]).phrase(ruling).raw("</span> ");
    }
    if let Some(store) = change.store {
        out.raw("in store ").code(store).raw(": ");
    }
    out.phrase(&change.sentence).raw(if edited.is_some() { "</h3>" } else { "</h4>" });
    edits(out, edited.unwrap_or_default());
    edits(out, &change.edits);
    clauses(out, change);
    for said in change.needs.iter().chain(&change.known) {
        out.raw("<p>").phrase(said).raw("</p>");
    }
    let effects = change.group.effects.len();
    if let Some(effect) = change.effects().next() {
        let example = changes::example(change.group.direction, effect);
        out.raw("<p class=\"witness\">for example: ").phrase(&example).raw("</p>");
        let witness = &effect.witness;
        evidence::shown(out, "to replay", &witness.evidence, witness.old.as_ref());
    }
    let environments: Vec<&Environment> = change.environments.clone();
    if !environments.is_empty() && effects > 0 {
        kinds(out, &environments);
    }
}

/// For whom, a line for each clause.
fn clauses(out: &mut Markup, change: &Change<'_>) {
    if change.combinations.is_empty() && change.cases.iter().all(|case| case.lines.is_empty()) {
        return;
    }
    out.raw("<ul class=\"clauses plain\">");
    for one in &change.combinations {
        out.raw("<li>").phrase(one).raw("</li>");
    }
    for Case { of, lines } in &change.cases {
        for line in lines {
            out.raw("<li>");
            if let Some(of) = of {
                out.raw("<b>").phrase(of).raw(":</b> ");
            }
            out.phrase(&line.whole()).raw("</li>");
        }
    }
    out.raw("</ul>");
}

/// The kinds of request, where the sentence does not say them all.
fn kinds(out: &mut Markup, all: &[&Environment]) {
    out.raw("<details class=\"more\"><summary>in ");
    out.text(&counted(all.len(), "kind of request", "kinds of request")).raw("</summary><ul class=\"plain\">");
    for Environment { principal, action, resource } in all.iter().take(LISTED) {
        out.raw("<li>").code(principal).raw(" ").code(action).raw(" ").code(resource).raw("</li>");
    }
    if let Some(more @ 1..) = all.len().checked_sub(LISTED) {
        out.raw("<li>and ").number(more).raw(" more</li>");
    }
    out.raw("</ul></details>");
}

/// Where a change was made, with the texts of both sides.
fn cause_of(out: &mut Markup, cause: &Cause, anchors: &Anchors<'_>, options: &Options) {
    out.raw("<details class=\"cause\"><summary>").text(cause.effect).raw(" ").code(&cause.policy).raw(" ");
    out.text(match cause.change {
        crate::outcome::changes::Change::Schema => "reads otherwise under the new schema",
        other => other.as_str(),
    });
    out.raw("</summary>");
    if let Some(new) = &cause.new {
        let id = anchors.policy(&cause.policy, new);
        out.raw("<p>");
        match id {
            Some(id) => _ = out.link(Some(&id), |out| _ = out.raw("to its text")),
            None => place(out, new, anchors, options),
        }
        out.raw("</p>");
    }
    let template = cause.template.as_ref();
    let old = template.and_then(|template| template.old.as_ref()).or(cause.old.as_ref());
    let new = template.and_then(|template| template.new.as_ref()).or(cause.new.as_ref());
    let both = old.map(crate::text::Location::text) == new.map(crate::text::Location::text);
    for (lead, side) in [("before", old), ("now", new)] {
        let Some(location) = side.filter(|one| !(one.text().is_empty() || both && lead == "before")) else { continue };
        out.raw("<p class=\"quiet\">").raw(lead).raw("</p>");
        if location.text().len() > LONGEST {
            out.raw("<p>The text is too long to be shown here.</p>");
            continue;
        }
        out.raw("<pre tabindex=\"0\"><code>").lines(location.text()).raw("</code></pre>");
    }
    out.raw("</details>");
}

fn undecided_of(out: &mut Markup, open: &Undecided<'_>) {
    out.raw("<article class=\"change unknown\" data-filter=\"\"><h3><span class=\"tag unknown\">? not decided</span> ");
    if let Some(store) = open.store {
        out.raw("in store ").code(store).raw(": ");
    }
    out.phrase(&open.sentence).raw("</h3>");
    for why in &open.why {
        out.raw("<p>because ").prose(why).raw("</p>");
    }
    if !open.environments.is_empty() {
        kinds(out, &open.environments);
    }
    out.raw("</article>");
}

/// What else differs, and changes nothing.
fn rest(out: &mut Markup, comparison: &Comparison, came_and_went: &[Phrase]) {
    phrases(out, "Also: ", came_and_went);
    phrases(out, "Schema: ", &changes::schema_changes(comparison, &[]));
    phrases(out, "Also: ", &changes::without_effect(comparison));
    let stores = || comparison.stores.iter();
    let ill_typed = stores().flat_map(|store| &store.ill_typed).map(|one| changes::ill_typed(comparison, one));
    phrases(out, "Does not typecheck: ", &ill_typed.collect::<Vec<_>>());
    let aside = stores().flat_map(|store| &store.set_aside).map(|one| changes::set_aside(comparison, one));
    phrases(out, "Not analysed: ", &aside.collect::<Vec<_>>());
    let unused: Vec<Phrase> = comparison.accepted.iter().filter_map(changes::accepted).collect();
    phrases(out, "Unused: ", &unused);
    let refused = comparison.groups().flat_map(|(_, group)| &group.effects).any(|one| one.ruling == Ruling::Refused);
    if refused && let Some(how) = changes::how_to_accept(comparison) {
        out.raw("<p class=\"quiet\">").prose(&how).raw("</p>");
    }
}
