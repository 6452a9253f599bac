//! The permission matrix: actions by principals, what changed marked.

use super::anchors::Anchors;
use super::heading;
use super::markup::Markup;
use crate::outcome::changes::Relation;
use crate::outcome::{
    Among, Cacheable, Extent, HangsOnKind, Matrix, MatrixCell, MatrixPart, MatrixRow, Outcome, PolicyRef,
};
use crate::report::access;
use crate::report::counted::counted;
use crate::report::guardrails::short;
use crate::report::matrix::{self, principal};

/// So many phrases stand in a cell; the others when it is opened.
const ASKED: usize = 2;
/// So many attributes that decisions hang on.
const HANGS: usize = 4;
/// So many names of one kind are listed.
const LISTED: usize = 16;
/// So many rows are shown, those that changed first.
const ROWS: usize = 250;

/// The section: one table for each store.
pub(super) fn section(out: &mut Markup, outcome: &Outcome, anchors: &Anchors<'_>) {
    if outcome.matrix.is_empty() {
        return;
    }
    heading(out, "matrix", "Who may do what");
    out.raw(
        "<p class=\"quiet legend\"><b>always</b> and <b>never</b> are proved for every request that fits the schema; ",
    );
    out.raw("<b>if</b> names what the policies ask. Open a cell for the policies.");
    let groups = outcome.matrix.iter().flat_map(|matrix| &matrix.principals).flatten();
    if groups.clone().any(|one| one.among != Among::All) {
        out.raw(" A column of a group is about those who are in it and in no other that has a column.");
    }
    out.raw("</p>");
    for matrix in &outcome.matrix {
        one(out, matrix, anchors, outcome.matrix.len() > 1);
    }
    out.raw("</section>");
}

fn one(out: &mut Markup, matrix: &Matrix, anchors: &Anchors<'_>, several: bool) {
    out.raw("<article class=\"store\">");
    if several {
        out.raw("<h3>store ").code(&matrix.store).raw("</h3>");
    }
    if let Some(why) = &matrix.why {
        out.raw("<p><span class=\"tag unknown\">not decided</span> who may do what here: ")
            .prose(why)
            .raw("</p></article>");
        return;
    }
    if matrix.compared {
        let changed = matrix.changed();
        out.raw("<p>");
        match changed {
            0 => out.raw("Nothing differs from before."),
            _ => out.raw("<b>").text(&counted(changed, "cell differs", "cells differ")).raw("</b> from before."),
        };
        out.raw("</p>");
    }
    for note in &matrix.notes {
        out.raw("<p class=\"quiet\">").prose(note).raw(".</p>");
    }
    if matrix.rows.is_empty() {
        out.raw("<p class=\"quiet\">There are no kinds of request.</p></article>");
        return;
    }
    let label = format!("who may do what in store {}", matrix.store);
    out.open("div", &[("class", "scroll"), ("role", "region"), ("tabindex", "0"), ("aria-label", &label)]);
    out.raw("<table class=\"matrix\"><thead><tr><th scope=\"col\">action</th>");
    for names in &matrix.principals {
        out.raw("<th scope=\"col\">");
        let shown: Vec<String> = names.iter().map(principal).collect();
        listed(out, shown.iter().map(String::as_str), |out, name| _ = out.prose(name));
        out.raw("</th>");
    }
    let hangs_on = matrix.rows.iter().any(|row| row.hangs_on.is_some());
    out.raw(if hangs_on { "<th scope=\"col\">decisions hang on</th>" } else { "" }).raw("</tr></thead><tbody>");
    let (changed, same): (Vec<&MatrixRow>, Vec<&MatrixRow>) = matrix.rows.iter().partition(|row| row.differs());
    let all: Vec<&MatrixRow> = changed.into_iter().chain(same).collect();
    for row in all.iter().take(ROWS) {
        line(out, row, anchors, hangs_on);
    }
    out.raw("</tbody></table></div>");
    if let Some(rest) = all.get(ROWS..).filter(|rest| !rest.is_empty()) {
        let names: Vec<&str> = rest.iter().flat_map(|row| &row.actions).map(String::as_str).collect();
        let more = counted(names.len(), "more action is", "more actions are");
        out.raw("<p><b>").text(&more).raw(" not shown here for lack of room</b>; <code>--report json</code> has ");
        out.raw("all of it: ");
        listed(out, names.into_iter(), |out, name| _ = out.code(name));
        out.raw("</p>");
    }
    out.raw("</article>");
}

fn listed<'n>(out: &mut Markup, names: impl Iterator<Item = &'n str>, mut one: impl FnMut(&mut Markup, &'n str)) {
    let names: Vec<&str> = names.collect();
    for (at, name) in names.iter().take(LISTED).enumerate() {
        out.raw(if at > 0 { ", " } else { "" });
        one(out, name);
    }
    if let Some(more @ 1..) = names.len().checked_sub(LISTED) {
        out.raw(" and ").number(more).raw(" more");
    }
}

fn line(out: &mut Markup, row: &MatrixRow, anchors: &Anchors<'_>, hangs_on: bool) {
    out.open("tr", &[("class", if row.differs() { "differs" } else { "" }), ("data-filter", "")]);
    out.raw("<th scope=\"row\">");
    listed(out, row.actions.iter().map(|action| access::short(action)), |out, name| _ = out.code(name));
    out.raw("</th>");
    for cell in &row.cells {
        cell_of(out, cell, anchors);
    }
    if hangs_on {
        out.raw("<td class=\"hangs\">");
        match &row.hangs_on {
            Some(one) => hangs(out, one),
            None => _ = out.raw("<span class=\"quiet\">nothing is permitted</span>"),
        }
        out.raw("</td>");
    }
    out.raw("</tr>");
}

fn cell_of(out: &mut Markup, cell: &MatrixCell, anchors: &Anchors<'_>) {
    let relation = cell.relation();
    let class = match relation {
        Some(Relation::Gained) => "cell gained",
        Some(Relation::Lost) => "cell lost",
        Some(Relation::Both) => "cell both",
        Some(Relation::Unknown) => "cell unknown",
        Some(Relation::Same) | None => "cell",
    };
    out.open("td", &[("class", class)]);
    if cell.parts.is_empty() {
        out.raw("<span class=\"none\">no such request</span></td>");
        return;
    }
    if let Some(sign) = relation.and_then(matrix::sign) {
        out.raw("<span class=\"sign\">").raw(sign).raw("</span> ");
    }
    let now = cell.now();
    if cell.differs() && cell.before() != now {
        out.raw("<span class=\"was\">was ").raw(matrix::word(cell.before().as_ref())).raw("</span> ");
    }
    let bare =
        matches!(now, Some(Extent::Never) | None) && cell.parts.iter().all(|part| part.now != Some(Extent::Sometimes));
    if bare {
        out.raw("<span class=\"reach never\">").raw(matrix::word(now.as_ref())).raw("</span></td>");
        return;
    }
    out.raw("<details><summary>");
    summary(out, cell, now.as_ref());
    out.raw("</summary>");
    let several = cell.parts.len() > 1;
    for part in &cell.parts {
        detail(out, part, several, anchors);
    }
    out.raw("</details></td>");
}

/// `always`, or what is asked.
fn summary(out: &mut Markup, cell: &MatrixCell, now: Option<&Extent>) {
    match now {
        Some(Extent::Always) => _ = out.raw("<span class=\"reach always\">always</span>"),
        Some(Extent::Unknown(_)) => _ = out.raw("<span class=\"reach unknown\">not decided</span>"),
        _ => {
            out.raw("<span class=\"reach if\">if</span>");
            let asked = matrix::asked(cell);
            for (at, one) in asked.iter().take(ASKED).enumerate() {
                out.raw(if at > 0 { ", " } else { " " }).code(one);
            }
            match asked.len() {
                0 => _ = out.raw(" on some resources"),
                many if many > ASKED => _ = out.raw(" and ").number(many - ASKED).raw(" more"),
                _ => {}
            }
        }
    }
}

/// What is known of a type of resource.
fn detail(out: &mut Markup, part: &MatrixPart, several: bool, anchors: &Anchors<'_>) {
    out.raw("<dl>");
    if several {
        out.raw("<dt>on ").code(&part.resource).raw("</dt><dd>").raw(matrix::word(part.now.as_ref()));
        if let Some(sign) = part.relation.and_then(matrix::sign) {
            out.raw(", <span class=\"sign\">").raw(sign).raw("</span>");
        }
        out.raw("</dd>");
    }
    if let Some(Extent::Unknown(why)) = &part.now {
        out.raw("<dt>not decided</dt><dd>").prose(why).raw("</dd>");
    }
    if let Some(Extent::Unknown(why)) = &part.before {
        out.raw("<dt>not decided before</dt><dd>").prose(why).raw("</dd>");
    }
    for (lead, all) in [("allowed by", &part.allowed_by), ("refused by", &part.refused_by)] {
        if !all.is_empty() {
            out.raw("<dt>").raw(lead).raw("</dt><dd>");
            policies(out, all, part.more, anchors);
            out.raw("</dd>");
        }
    }
    if !part.asks.is_empty() {
        out.raw("<dt>they ask</dt><dd>");
        listed(out, part.asks.iter().map(String::as_str), |out, one| _ = out.code(one));
        out.raw("</dd>");
    }
    out.raw("</dl>");
}

fn policies(out: &mut Markup, all: &[PolicyRef], more: bool, anchors: &Anchors<'_>) {
    for (at, policy) in all.iter().take(LISTED).enumerate() {
        out.raw(if at > 0 { ", " } else { "" });
        let id = anchors.policy(&policy.name, &policy.location);
        out.link(id.as_deref(), |out| _ = out.code(short(&policy.name)));
    }
    out.raw(if more || all.len() > LISTED { " and perhaps others" } else { "" });
}

/// What the decisions of an action hang on, besides who asks for what: the first of it, and all when it is opened.
fn hangs(out: &mut Markup, on: &Cacheable) {
    let mut all: Vec<(&'static str, &str)> = Vec::new();
    let of = |kind: HangsOnKind| on.on.iter().filter(move |one| one.open.is_none() && one.kind == kind);
    all.extend(of(HangsOnKind::Time).map(|one| ("the time: ", one.attribute.as_str())));
    all.extend(of(HangsOnKind::Context).map(|one| ("", one.attribute.as_str())));
    all.extend(of(HangsOnKind::Entity).map(|one| ("", one.attribute.as_str())));
    let open: Vec<&str> = on.on.iter().filter(|one| one.open.is_some()).map(|one| one.attribute.as_str()).collect();
    if all.is_empty() && open.is_empty() && on.groups.is_empty() {
        out.raw("<span class=\"quiet\">nothing else: it may be kept</span>");
        return;
    }
    out.raw("<ul class=\"plain\">");
    let (first, rest) = all.split_at(all.len().min(HANGS));
    for (lead, name) in first {
        out.raw("<li>").raw(lead).code(name).raw("</li>");
    }
    if !rest.is_empty() {
        out.raw("<li><details><summary>").number(rest.len()).raw(" more</summary>");
        for (at, (lead, name)) in rest.iter().enumerate() {
            out.raw(if at > 0 { ", " } else { "" }).raw(lead).code(name);
        }
        out.raw("</details></li>");
    }
    if !on.groups.is_empty() {
        out.raw("<li class=\"quiet\">perhaps who is in which ");
        listed(out, on.groups.iter().map(String::as_str), |out, one| _ = out.code(one));
        out.raw("</li>");
    }
    if !open.is_empty() {
        out.raw("<li><span class=\"tag unknown\">not decided</span> ");
        listed(out, open.into_iter(), |out, one| _ = out.code(one));
        out.raw("</li>");
    }
    out.raw("</ul>");
}
