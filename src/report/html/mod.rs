//! `polcheck report --html`: everything on one page, that needs nothing else to be read.
//!
//! | file | what it does |
//! |---|---|
//! | `markup` | markup in which nothing that is not ours can be taken for it |
//! | `anchors` | the ids of lines, policies and findings |
//! | `changes`, `matrix`, `guardrails`, `findings`, `rows`, `texts` | a section each |
//! | `evidence` | a request that shows something |
//! | `web` | links to where files are shown on the web |
//! | `page.css`, `filter.js` | how it looks, and the filter; the page has them inside of it |
//!
//! # Why
//!
//! The page is opened from a build's artifacts, where it can rely on nothing: it loads nothing, and its policy lets
//! only its own style and script run, by their hashes. Without the script everything can be read; only the filter is
//! gone. What is folded is `<details>`, what is linked is within the page, so that a keyboard, a printer and a reader
//! of screens have all of it. Colours say nothing that words do not say as well.

mod anchors;
mod changes;
mod evidence;
mod findings;
mod guardrails;
mod markup;
mod matrix;
mod rows;
mod texts;
mod web;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use self::anchors::Anchors;
use self::markup::Markup;
use crate::outcome::{Outcome, StatementKind, Verdict, Weight};
use crate::report::counted::counted;
use crate::report::{Options, verdict};
use crate::text::Location;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("filter.js");

/// The page of `outcome`: stores, what a comparison changed, the permission matrix, guardrails, findings, decision
/// tables and the texts of policies with what is said of them. It is HTML that is XML as well, a newline at its end.
#[must_use]
pub fn html_page(outcome: &Outcome, options: &Options) -> String {
    let anchors = Anchors::of(outcome);
    let mut body = Markup::default();
    changes::section(&mut body, outcome, &anchors, options);
    matrix::section(&mut body, outcome, &anchors);
    guardrails::section(&mut body, outcome, &anchors, options);
    findings::section(&mut body, outcome, &anchors, options);
    rows::section(&mut body, outcome, &anchors, options);
    texts::section(&mut body, outcome, &anchors, options);
    notices(&mut body, outcome, &anchors, options);
    let mut out = Markup::default();
    head(&mut out);
    out.raw("<body><a class=\"skip\" href=\"#main\">Skip to the report</a>\n");
    top(&mut out, outcome);
    out.raw("<main id=\"main\" tabindex=\"-1\">\n");
    stores(&mut out, outcome);
    out.append(body);
    out.raw("</main>\n<footer><p class=\"quiet\">polcheck ").raw(env!("CARGO_PKG_VERSION"));
    out.raw(". This page is one file and loads nothing.</p></footer>\n");
    out.raw("<script>").raw(SCRIPT).raw("</script>\n</body></html>\n");
    out.finish()
}

fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

fn head(out: &mut Markup) {
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    out.raw(
        "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\"><head><meta charset=\"utf-8\"/>\n",
    );
    out.void("meta", &[("http-equiv", "Content-Security-Policy"), ("content", &policy)]);
    out.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
    out.raw("<meta name=\"color-scheme\" content=\"light dark\"/><meta name=\"referrer\" content=\"no-referrer\"/>\n");
    out.raw("<title>polcheck report</title>\n<style>").raw(STYLE).raw("</style></head>\n");
}

/// What leads the page: how it ended, what there is, and the way to it.
fn top(out: &mut Markup, outcome: &Outcome) {
    let (class, sign) = match outcome.verdict() {
        Verdict::Clean => ("fine", "✓"),
        Verdict::Changes if outcome.exit_code() == 0 => ("changed", "●"),
        Verdict::Changes | Verdict::Findings | Verdict::Failed | Verdict::Error => ("bad", "✗"),
        Verdict::Inconclusive | Verdict::NothingChecked => ("open", "?"),
    };
    out.raw("<header><p class=\"product\">polcheck report</p>");
    out.open("h1", &[("class", class)]).raw("<span class=\"sign\" aria-hidden=\"true\">").raw(sign).raw("</span> ");
    let line = verdict::heading(outcome, 0);
    let said = line.split_once(": ").map_or(line.as_str(), |(_, said)| said);
    out.text(&first_upper(said)).raw("</h1>");
    out.raw("<p class=\"quiet\">").text(&verdict::what_was_read(outcome)).raw("</p>");
    out.raw("<nav aria-label=\"sections\"><ul>");
    let count = outcome.count();
    let [errors, warnings, notes] = count.findings;
    let findings = match (errors, warnings) {
        (0, 0) => counted(notes, "note", "notes"),
        (errors, warnings) => {
            format!("{}, {}", counted(errors, "error", "errors"), counted(warnings, "warning", "warnings"))
        }
    };
    let changes = outcome.comparison.as_ref().map(|comparison| {
        let kinds = comparison.stores.iter().flat_map(|store| &store.environments);
        let kinds = kinds.filter(|one| one.relation() != crate::outcome::changes::Relation::Same).count();
        counted(kinds, "kind of request", "kinds of request")
    });
    let matrix = (!outcome.matrix.is_empty()).then(|| {
        let actions = outcome.matrix.iter().flat_map(|matrix| &matrix.rows).map(|row| row.actions.len()).sum();
        counted(actions, "action", "actions")
    });
    let rails = !outcome.guardrails.results.is_empty() || !outcome.guardrails.weakened.is_empty();
    let rails = rails.then(|| counted(outcome.guardrails.results.len(), "guardrail", "guardrails"));
    let rows = (outcome.rows() > 0).then(|| counted(outcome.rows(), "row", "rows"));
    let policies = outcome.contents.iter().map(|store| store.statements.len()).sum();
    for (id, name, about) in [
        ("stores", "Stores", Some(counted(outcome.contents.len(), "store", "stores"))),
        ("changes", "Changes", changes),
        ("matrix", "Who may do what", matrix),
        ("guardrails", "Guardrails", rails),
        ("findings", "Findings", Some(findings)),
        ("tables", "Decision tables", rows),
        ("policies", "Policies", Some(counted(policies, "statement", "statements"))),
        ("notices", "Not decided", not_decided(outcome)),
    ] {
        if let Some(about) = about {
            out.raw("<li>").link(Some(id), |out| _ = out.raw(name)).raw(" <span class=\"quiet\">").text(&about);
            out.raw("</span></li>");
        }
    }
    out.raw("</ul></nav><p class=\"filter\" id=\"filter\" hidden=\"hidden\"><label for=\"words\">Show only what names");
    out.raw("</label> <input type=\"search\" id=\"words\" autocomplete=\"off\" spellcheck=\"false\"/> ");
    out.raw("<span role=\"status\" id=\"shown\"></span></p></header>\n");
}

fn not_decided(outcome: &Outcome) -> Option<String> {
    let open = outcome.inconclusive().count();
    let said = open + outcome.notices.iter().filter(|one| one.kind.weight() == Weight::Unchecked).count();
    match (open, said) {
        (0, 0) => (!outcome.notices.is_empty() || !outcome.left_out.is_empty()).then(|| "nothing open".to_owned()),
        (0, said) => Some(counted(said, "thing not checked", "things not checked")),
        (open, _) => Some(counted(open, "open question", "open questions")),
    }
}

fn first_upper(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Begins a section with its heading; `id` is ours.
fn heading(out: &mut Markup, id: &'static str, name: &'static str) {
    let label = format!("{id}-heading");
    out.raw("\n").open("section", &[("id", id), ("aria-labelledby", &label)]);
    out.open("h2", &[("id", &label)]).raw(name).raw("</h2>\n");
}

/// A place, as a link to its line where that is on the page, else to the web where that is known.
fn place(out: &mut Markup, location: &Location, anchors: &Anchors<'_>, options: &Options) {
    let label = if location.has_lines() { location.label() } else { location.path().to_owned() };
    match anchors.line(location) {
        Some(id) => _ = out.link(Some(&id), |out| _ = out.text(&label)),
        None => web::link(out, location, options, |out| _ = out.text(&label)),
    }
}

/// What was read.
fn stores(out: &mut Markup, outcome: &Outcome) {
    heading(out, "stores", "Stores");
    if outcome.contents.is_empty() {
        out.raw("<p class=\"quiet\">There is no store here.</p>");
    }
    out.raw("<div class=\"stores\">");
    for store in &outcome.contents {
        out.raw("<article class=\"card\" data-filter=\"\"><h3>store ").code(&store.name).raw("</h3><dl>");
        out.raw("<dt>schema</dt><dd>");
        match (store.schema.as_slice(), store.usable) {
            ([], None) => _ = out.raw("none: one is inferred where decisions are asked about"),
            (files, usable) => {
                for (at, file) in files.iter().enumerate() {
                    out.raw(if at > 0 { ", " } else { "" }).code(file);
                }
                out.raw(if usable == Some(false) { " <span class=\"tag refused\">cannot be used</span>" } else { "" });
            }
        }
        out.raw("</dd><dt>holds</dt><dd>");
        let of = |kind: StatementKind| store.statements.iter().filter(|one| one.kind == kind).count();
        let held = [
            (of(StatementKind::Policy), "policy", "policies"),
            (of(StatementKind::Template), "template", "templates"),
            (of(StatementKind::Link), "link", "links"),
            (store.environments, "kind of request", "kinds of request"),
            (store.entities, "entity", "entities"),
            (store.tables.len(), "decision table", "decision tables"),
        ];
        let held = held.into_iter().filter(|(count, ..)| *count > 0);
        let held: Vec<String> = held.map(|(count, one, many)| counted(count, one, many)).collect();
        let held = if held.is_empty() { "nothing".to_owned() } else { held.join(", ") };
        out.text(&held).raw("</dd></dl></article>");
    }
    out.raw("</div></section>");
}

/// What was not decided or not looked at.
fn notices(out: &mut Markup, outcome: &Outcome, anchors: &Anchors<'_>, options: &Options) {
    if not_decided(outcome).is_none() {
        return;
    }
    heading(out, "notices", "Not decided, not checked");
    out.raw("<ul class=\"plain\">");
    for (weight, lead) in [
        (Weight::Inconclusive, "<span class=\"tag unknown\">? not decided</span> "),
        (Weight::Unchecked, "<span class=\"tag\">not checked</span> "),
        (Weight::Remark, ""),
        (Weight::Detail, ""),
    ] {
        for notice in outcome.notices_of(weight) {
            out.raw("<li>").raw(lead).prose(&notice.message);
            if let Some(location) = &notice.location {
                out.raw(" (");
                place(out, location, anchors, options);
                out.raw(")");
            }
            out.raw("</li>");
        }
    }
    for file in &outcome.left_out {
        out.raw("<li>left out: ").code(&file.path).raw(": ").prose(&file.why).raw("</li>");
    }
    out.raw("</ul></section>");
}
