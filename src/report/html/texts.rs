//! The texts of policies: line by line, findings beneath their lines, coverage beside them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::anchors::{self, Anchors, Text};
use super::findings;
use super::markup::Markup;
use super::web;
use crate::finding::Finding;
use crate::outcome::changes::Change;
use crate::outcome::{ConditionCoverage, ConditionKind, Outcome, PolicyCoverage, Statement, StatementKind};
use crate::report::Options;
use crate::report::counted::counted;
use crate::report::guardrails::short;
use crate::text::{Location, Span};

/// So many lines are shown of all texts together; of what follows, those at which something was found.
const MOST_LINES: usize = 40_000;
/// Longer lines are cut, in bytes.
const LONGEST_LINE: usize = 4_000;
/// So many lines are shown around a finding where not all of a text is.
const AROUND: usize = 2;
/// A finding about more lines than this is marked on its first.
const MARKED_LINES: usize = 3;

/// What is laid over a text.
struct Over<'a> {
    coverage: HashMap<(String, usize), Vec<&'a ConditionCoverage>>,
    policies: HashMap<(&'a str, usize), &'a PolicyCoverage>,
    changed: HashMap<&'a str, Change>,
}

/// The section: texts that hold policies, then excerpts of others that findings stand in.
pub(super) fn section(out: &mut Markup, outcome: &Outcome, anchors: &Anchors<'_>, options: &Options) {
    super::heading(out, "policies", "Policies");
    let rows = outcome.rows() > 0;
    let measured = outcome.coverage.iter().filter(|_| rows);
    let mut over = Over { coverage: HashMap::new(), policies: HashMap::new(), changed: HashMap::new() };
    for coverage in measured {
        for condition in &coverage.conditions {
            let place = condition.location.written();
            let (path, number) = place.text_key();
            over.coverage.entry((path.to_owned(), number)).or_default().push(condition);
        }
        for policy in &coverage.policies {
            over.policies.insert((&policy.policy.name, policy.policy.location.span.start), policy);
        }
    }
    let groups = outcome.comparison.iter().flat_map(|comparison| &comparison.stores).flat_map(|store| &store.groups);
    for cause in groups.flat_map(|group| &group.causes) {
        over.changed.insert(&cause.policy, cause.change);
    }
    if rows && outcome.coverage.is_some() {
        out.raw("<p class=\"quiet legend\">Beside the lines: <span class=\"cover yes\">✓</span> rows of decision ");
        out.raw("tables show that a condition matters, <span class=\"cover part\">◐</span> some of them do, ");
        out.raw("<span class=\"cover no\">○</span> none does.</p>");
    }
    if anchors.texts.is_empty() {
        out.raw("<p class=\"quiet\">There is no policy here.</p>");
    }
    let mut left = MOST_LINES;
    let (with, without): (Vec<_>, Vec<_>) =
        anchors.texts.iter().enumerate().partition(|(_, text)| !text.statements.is_empty());
    for (number, text) in with.into_iter().chain(without) {
        let whole = !text.statements.is_empty() && text.file.text().lines().count() <= left;
        one(out, number, text, whole, &over, options);
        if whole {
            left = left.saturating_sub(text.file.text().lines().count());
        }
    }
    out.raw("</section>");
}

fn one(out: &mut Markup, number: usize, text: &Text<'_>, whole: bool, over: &Over<'_>, options: &Options) {
    let start = Location::new(&text.file, Span::at(0));
    out.raw("<article class=\"text\"><h3>");
    web::link(out, &start, options, |out| _ = out.code(text.file.path()));
    if text.file.is_embedded() {
        let at = start.start().line;
        out.raw(" <span class=\"quiet\">a text inside of it, at line ").number(at).raw("</span>");
    }
    if !whole && !text.statements.is_empty() {
        let many = counted(text.statements.len(), "policy", "policies");
        out.raw(" <span class=\"tag\">").text(&many).raw(", not all of them shown for lack of room</span>");
    }
    out.raw("</h3>");
    let lines = lines(text);
    let wanted = (!whole).then(|| around(text));
    let mut open: Option<usize> = None;
    let mut statements = text.statements.iter().peekable();
    let conditions = conditions(text, over);
    let mut gap = false;
    out.raw("<div class=\"lines\">");
    for (at, span) in lines.iter().enumerate() {
        let line = at + 1;
        if open.is_some_and(|last| line > last) {
            out.raw("</div>");
            open = None;
        }
        while let Some((id, statement)) = statements.next_if(|(_, one)| first_line(text, &lines, one) <= line) {
            if open.take().is_some() {
                out.raw("</div>");
            }
            let place = statement.policy.location.written();
            open = Some(text.file.line(place.span.end.saturating_sub(1).max(place.span.start)).max(line));
            title(out, *id, statement, over);
        }
        if wanted.as_ref().is_some_and(|wanted| !wanted.contains(&line)) {
            gap = true;
            continue;
        }
        if std::mem::take(&mut gap) {
            out.raw("<div class=\"gap\" aria-hidden=\"true\">⋯</div>");
        }
        let here = conditions.get(&line).map(Vec::as_slice).unwrap_or_default();
        shown(out, (number, line), *span, text, here);
        for (number, finding) in text.findings.iter().filter(|(_, one)| start_line(text, one) == line) {
            beneath(out, *number, finding);
        }
    }
    if open.is_some() {
        out.raw("</div>");
    }
    out.raw("</div></article>");
}

/// The lines, each without its end.
fn lines(text: &Text<'_>) -> Vec<Span> {
    let mut start = 0;
    let mut all = Vec::new();
    for line in text.file.text().split_inclusive('\n') {
        all.push(Span::new(start, start + line.trim_end_matches('\n').len()));
        start += line.len();
    }
    all
}

/// The lines at and around findings.
fn around(text: &Text<'_>) -> BTreeSet<usize> {
    let near = |line: usize| line.saturating_sub(AROUND)..=line + AROUND;
    text.findings.iter().flat_map(|(_, finding)| near(start_line(text, finding))).collect()
}

/// The line at which a policy starts, the comment above it included.
fn first_line(text: &Text<'_>, lines: &[Span], statement: &Statement) -> usize {
    let mut first = text.file.line(statement.policy.location.written().span.start);
    let comment = |line: usize| {
        let above = lines.get(line.checked_sub(2)?)?;
        Some(text.file.slice(*above).trim_start().starts_with("//"))
    };
    while comment(first) == Some(true) {
        first -= 1;
    }
    first
}

fn start_line(text: &Text<'_>, finding: &Finding) -> usize {
    text.file.line(finding.location.written().span.start)
}

/// Conditions by the lines that they start at; one without a place of its own has its policy's, and stands nowhere.
fn conditions<'a>(text: &Text<'_>, over: &Over<'a>) -> BTreeMap<usize, Vec<&'a ConditionCoverage>> {
    let first = text.statements.first().map(|(_, one)| one.policy.location.written());
    let key = first.map(|place| (place.text_key().0.to_owned(), place.text_key().1)).unwrap_or_default();
    let mut found: BTreeMap<usize, Vec<&ConditionCoverage>> = BTreeMap::new();
    for condition in over.coverage.get(&key).into_iter().flatten() {
        let place = condition.location.written();
        let placed = condition.location.span.start != condition.policy.location.span.start;
        if placed && condition.kind == ConditionKind::Operand {
            found.entry(text.file.line(place.span.start)).or_default().push(condition);
        }
    }
    found
}

/// What begins a policy: its name, what it is, what became of it, and how far rows exercise it.
fn title(out: &mut Markup, number: usize, statement: &Statement, over: &Over<'_>) {
    let policy = &statement.policy;
    out.open("div", &[("class", "policy"), ("id", &anchors::policy(number)), ("data-filter", "")]);
    out.raw("<p class=\"title\"><span class=\"name\">").text(short(&policy.name)).raw("</span> <span class=\"tag ");
    out.raw(if policy.effect == "permit" { "permit\">permit" } else { "forbid\">forbid" }).raw("</span>");
    match statement.kind {
        StatementKind::Policy => {}
        StatementKind::Template => _ = out.raw(" <span class=\"tag\">template</span>"),
        StatementKind::Link => _ = out.raw(" <span class=\"tag\">link</span>"),
    }
    if let Some(change) = over.changed.get(policy.name.as_str()) {
        out.raw(" <span class=\"tag changed\">").raw(match change {
            Change::Added => "added",
            Change::Removed => "removed",
            Change::Edited => "edited",
            Change::Schema => "reads otherwise under the new schema",
        });
        out.raw("</span>");
    }
    if let Some(of) = over.policies.get(&(policy.name.as_str(), policy.location.span.start)) {
        out.raw(" <span class=\"quiet\">");
        match of.missing() {
            None => out.raw("decides ").text(&counted(of.decides, "row", "rows")),
            Some(missing) => out.raw("<span class=\"cover no\" aria-hidden=\"true\">○</span> ").raw(missing),
        };
        out.raw("</span>");
    }
    out.raw("</p>");
}

/// One line, with its number, its coverage, and what findings and conditions are about.
fn shown(
    out: &mut Markup,
    (text_number, line): (usize, usize),
    span: Span,
    text: &Text<'_>,
    here: &[&ConditionCoverage],
) {
    out.open("div", &[("class", "line"), ("id", &anchors::line(text_number, line))]);
    out.raw("<span class=\"number\">").number(line).raw("</span>");
    cover(out, here);
    out.raw("<code>");
    let end = Span::new(span.start, span.end.min(span.start + LONGEST_LINE));
    for (piece, class) in pieces(end, text, here) {
        let words = text.file.slice(piece);
        match class {
            None => _ = out.source(words),
            Some(class) => _ = out.open("mark", &[("class", class)]).source(words).close("mark"),
        }
    }
    out.raw(if end.end < span.end { "<span class=\"quiet\"> ... cut here</span>" } else { "" });
    out.raw("</code></div>");
}

/// What rows say of the conditions that start on a line.
fn cover(out: &mut Markup, here: &[&ConditionCoverage]) {
    let covered = here.iter().filter(|one| one.covered()).count();
    if here.is_empty() {
        out.raw("<span class=\"cover\"></span>");
        return;
    }
    let mut said: Vec<String> =
        here.iter().filter_map(|one| Some(format!("{}: {}", one.text, one.missing()?))).collect();
    said.insert(0, format!("{covered} of {} shown to matter", counted(here.len(), "condition", "conditions")));
    let (class, sign) = match covered {
        all if all == here.len() => ("cover yes", "✓"),
        0 => ("cover no", "○"),
        _ => ("cover part", "◐"),
    };
    let said = said.join("; ");
    out.open("span", &[("class", class), ("role", "img"), ("title", &said), ("aria-label", &said)]).raw(sign);
    out.raw("</span>");
}

/// The pieces of a line, with the class of those that something is about: the worst of what is.
fn pieces(line: Span, text: &Text<'_>, here: &[&ConditionCoverage]) -> Vec<(Span, Option<&'static str>)> {
    let mut marks: Vec<(Span, usize, &'static str)> = Vec::new();
    for (_, finding) in &text.findings {
        let span = finding.location.written().span;
        let (first, last) = (text.file.line(span.start), text.file.line(span.end.saturating_sub(1).max(span.start)));
        let on_first = text.file.line(line.start) == first;
        if span.start <= line.end && span.end >= line.start && (last < first + MARKED_LINES || on_first) {
            let end = if span.end == span.start { next_char(text, span.start) } else { span.end };
            let class = findings::class(finding);
            marks.push((Span::new(span.start, end), usize::from(class != "finding error"), class));
        }
    }
    for one in here.iter().filter(|one| !one.covered()) {
        marks.push((one.location.written().span, 2, "uncovered"));
    }
    let mut cuts: BTreeSet<usize> = BTreeSet::from([line.start, line.end]);
    cuts.extend(marks.iter().flat_map(|(span, ..)| [span.start, span.end]));
    let cuts: Vec<usize> = cuts
        .into_iter()
        .filter(|at| (line.start..=line.end).contains(at) && text.file.text().is_char_boundary(*at))
        .collect();
    let piece = |pair: &[usize]| {
        let [start, end] = pair else { return None };
        let over = marks.iter().filter(|(span, ..)| span.start <= *start && *end <= span.end);
        Some((Span::new(*start, *end), over.min_by_key(|(_, rank, _)| *rank).map(|(.., class)| *class)))
    };
    cuts.windows(2).filter_map(piece).collect()
}

fn next_char(text: &Text<'_>, at: usize) -> usize {
    let rest = text.file.text().get(at..).and_then(|rest| rest.chars().next());
    at + rest.filter(|c| *c != '\n').map_or(0, char::len_utf8)
}

/// A finding beneath its line, with where all of it is said.
fn beneath(out: &mut Markup, number: usize, finding: &Finding) {
    out.open("div", &[("class", findings::class(finding))]);
    findings::badge(out, finding);
    let column = finding.location.start().column;
    out.raw(" <span class=\"quiet\">column ").number(column).raw("</span> ");
    out.link(Some(&anchors::finding(number)), |out| _ = out.prose(&finding.message));
    out.raw("</div>");
}
