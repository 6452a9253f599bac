//! The page: the verdict, what a comparison found, findings, failing rows, and what could not be checked.

use super::escape::{cell, code, prose};
use super::{breadth, changes, conflicts, matrix};
use crate::finding::Evidence;
use crate::outcome::{AccessGroup, GuardrailResult, Names, Outcome, RowRequest, Status, TestResult, Verdict};
use crate::report::access;
use crate::report::counted::counted;
use crate::report::select::Group;
use crate::report::verdict;
use crate::report::{Options, coverage, evidence, fixes, guardrails, impact, mutation, select, web_address};
use crate::text::Location;

/// GitHub refuses a comment above 65,536 characters; a job summary may have 1 MiB, which nobody reads.
const LONGEST: usize = 64_000;
/// What changed in the permission matrix may take so much.
const LONGEST_MATRIX: usize = 12_000;
/// What each part leaves to each part that follows and is not empty.
const RESERVED: usize = 12_000;

/// The page of `outcome` in Markdown: a headline that says how it ended, what a comparison found, guardrails, findings,
/// failing rows, and what could not be checked. It stays below 65,000 characters, so that it can be a comment on a
/// merge request as well as a job summary; when something had to be left out, a sentence says how much.
#[must_use]
pub fn summary_markdown(outcome: &Outcome, options: &Options) -> String {
    let selection = select::findings(outcome, options);
    let headline = match &outcome.comparison {
        Some(_) => verdict::heading(outcome, selection.hidden_notes),
        None => verdict::with_hidden_notes(outcome, selection.hidden_notes),
    };
    let mut out = Summary { text: format!("### {} {}\n", mark(outcome), cell(&headline)) };
    let unrun = outcome.bad_rows().filter(|row| row.status == Status::Error).map(|row| vec![row]);
    let rows: Vec<Vec<&TestResult>> = select::failed_rows(outcome).into_iter().chain(unrun).collect();
    let mut remarks = remarks(outcome, options);
    remarks.splice(0..0, selection.rest.iter().map(|more| format!("- And {}\n", cell(more))));
    let reserved = |following: &[bool]| RESERVED * following.iter().filter(|any| **any).count();
    let (found, failed, said) = (!selection.groups.is_empty(), !rows.is_empty(), !remarks.is_empty());
    if let Some(comparison) = &outcome.comparison {
        let room = LONGEST.saturating_sub(out.text.len() + reserved(&[found, failed, said]));
        let (touched, read) = (impact::sentences(&outcome.impact, options.verbose), verdict::what_was_read(outcome));
        out.text.push_str(&changes::section(comparison, &touched, &read, options, room));
        if !options.quiet {
            let room = LONGEST.saturating_sub(out.text.len() + reserved(&[found, failed, said]));
            out.text.push_str(&matrix::section(outcome, room.min(LONGEST_MATRIX)));
        }
    }
    let who_can = outcome.who_can.iter().flat_map(|who_can| &who_can.stores);
    out.table(
        "\n| Access | Principals | Actions | Resources | Condition |\n|---|---|---|---|---|\n",
        who_can.flat_map(|store| &store.groups).map(access_row),
        LONGEST - reserved(&[found, failed, said]),
        ("group is", "groups are"),
    );
    if let Some(replayed) = &outcome.replayed {
        let (sentence, tables) = super::replay::tables(replayed);
        out.text.push_str(&sentence);
        for (head, rows, name) in tables {
            out.table(head, rows.into_iter(), LONGEST - reserved(&[true, found, failed, said]), name);
        }
    }
    if let Some(explained) = &outcome.explained {
        out.text.push_str(&super::explained::section(explained));
    }
    out.table(
        "\n| Store | Action | Its decisions |\n|---|---|---|\n",
        outcome.cacheable.iter().map(super::explained::cacheable_row),
        LONGEST,
        ("action is", "actions are"),
    );
    let failing = outcome.guardrails.results.iter().filter(|one| one.status.fails());
    out.table(
        "\n| Guardrail | Where | What slips through |\n|---|---|---|\n",
        failing.map(|one| guardrail_row(one, options)),
        LONGEST - reserved(&[found, failed, said]),
        ("guardrail is", "guardrails are"),
    );
    out.table(
        "\n| Level | Rule | Where | What |\n|---|---|---|---|\n",
        selection.groups.iter().map(|group| finding_row(group, options)),
        LONGEST - reserved(&[failed, said]),
        ("finding is", "findings are"),
    );
    out.table(
        "\n| Row | Where | Expected | Got | Why |\n|---|---|---|---|---|\n",
        rows.iter().map(|rows| test_row(rows, options)),
        LONGEST - reserved(&[said]),
        ("failing row is", "failing rows are"),
    );
    let survivors = outcome.mutation.iter().flat_map(|mutated| {
        mutated.survivors.iter().map(move |one| {
            format!(
                "| {} | {} | {} | {} |\n",
                code(&one.policy.name),
                cell(&one.location.label()),
                cell(&mutation::change(one)),
                cell(&mutation::remedy(mutated, one, false)),
            )
        })
    });
    out.table(
        "\n| No row notices a change of | Where | What | What would |\n|---|---|---|---|\n",
        survivors.filter(|_| !options.quiet),
        LONGEST - reserved(&[said]),
        ("change is", "changes are"),
    );
    for (head, rows) in conflicts::sections(outcome) {
        out.table(&head, rows.into_iter(), LONGEST - reserved(&[said]), ("row is", "rows are"));
    }
    let room = LONGEST - reserved(&[said]);
    out.table(breadth::HEAD, breadth::rows(outcome), room, ("permit is", "permits are"));
    let mended = fixes::lines(outcome, options.verbose);
    let mended = mended.iter().map(|line| format!("- {}: {}\n", line.lead, prose(&line.text)));
    out.table("\n", mended, LONGEST - reserved(&[said]), ("fix is", "fixes are"));
    out.table("\n", remarks.into_iter(), LONGEST, ("remark is", "remarks are"));
    out.text
}

/// How the run ended, at a glance. Green is for runs in which everything that was asked for is known and nothing is to
/// be reviewed.
fn mark(outcome: &Outcome) -> &'static str {
    let weakened = outcome.comparison.as_ref().is_some_and(|comparison| !comparison.weakened.is_empty());
    match outcome.verdict() {
        Verdict::Clean if weakened => "🔎",
        Verdict::Clean => "✅",
        Verdict::Changes if outcome.exit_code() == 0 => "🔎",
        Verdict::Changes | Verdict::Findings | Verdict::Failed | Verdict::Error => "❌",
        Verdict::Inconclusive | Verdict::NothingChecked => "⚠️",
    }
}

/// What is not known is said to those who asked for quiet, too: it fails the run.
fn remarks(outcome: &Outcome, options: &Options) -> Vec<String> {
    let measured = outcome.coverage.iter().filter(|_| !options.quiet);
    let measured = measured.map(|measured| format!("- **Coverage**: {}\n", cell(&coverage::figure(measured))));
    let mutated = outcome.mutation.iter().filter(|_| !options.quiet);
    let mutated = mutated.map(|mutated| format!("- **Mutation**: {}\n", cell(&mutation::figure(mutated))));
    let undecided = outcome.inconclusive().map(|notice| {
        let place = notice.location.as_ref().map(|location| format!(" ({})", cell(&location.label())));
        format!("- **Inconclusive**: {}{}\n", cell(&notice.message), place.unwrap_or_default())
    });
    let unchecked = outcome.gaps().filter(|_| !options.quiet);
    let unchecked = unchecked.map(|gap| format!("- **Not checked**: {}\n", cell(gap)));
    let older = select::older(outcome).into_iter().filter(|_| !options.quiet);
    let older = older.map(|older| format!("- **Older**: {}\n", cell(&older)));
    let left_out = outcome.left_out.iter().filter(|_| options.verbose);
    let left_out = left_out.map(|file| format!("- Left out: {}: {}\n", code(&file.path), cell(&file.why)));
    let shown = outcome.remarks().filter(|_| !options.quiet);
    let shown = shown.map(|remark| format!("- **Note**: {}\n", cell(remark)));
    undecided.chain(older).chain(measured).chain(mutated).chain(shown).chain(unchecked).chain(left_out).collect()
}

struct Summary {
    text: String,
}

impl Summary {
    /// Appends `head` and as many `rows` as fit below `limit`, and says how many do not. Nothing when there is no row.
    fn table(&mut self, head: &str, rows: impl Iterator<Item = String>, limit: usize, (one, many): (&str, &str)) {
        let (mut started, mut dropped) = (false, 0);
        for row in rows {
            let head = if started { "" } else { head };
            if self.text.len() + head.len() + row.len() > limit {
                dropped += 1;
                continue;
            }
            self.text.push_str(head);
            self.text.push_str(&row);
            started = true;
        }
        if dropped > 0 {
            self.text.push_str(&format!("\n{} not shown here for lack of room.\n", counted(dropped, one, many)));
        }
    }
}

/// How many names stand in a cell.
const NAMES: usize = 12;

/// How many places are named that say the same.
const PLACES: usize = 5;

fn finding_row(group: &Group<'_>, options: &Options) -> String {
    let finding = group.first;
    let mut what = prose(&finding.message);
    let also = group.others.iter().flat_map(|other| std::iter::once(&other.location).chain(&other.also));
    let places: Vec<&Location> = finding.also.iter().chain(also).collect();
    if !places.is_empty() {
        let mut shown: Vec<String> = places.iter().take(PLACES).map(|at| place(at, options)).collect();
        if places.len() > PLACES {
            shown.push("...".to_owned());
        }
        let count = counted(places.len(), "more place", "more places");
        what.push_str(&format!("<br>the same in {count}: {}", shown.join(", ")));
    }
    if let Some(help) = &finding.help {
        what.push_str(&format!("<br>*{}*", prose(help)));
    }
    if let Some(evidence) = &finding.evidence {
        what.push_str(&example(evidence));
    }
    let (level, rule, at) = (finding.level.as_str(), code(finding.rule), place(&finding.location, options));
    format!("| {level} | {rule} | {at} | {what} |\n")
}

/// Why the guardrail is there, then what slips through, then which line let it.
fn guardrail_row(one: &GuardrailResult, options: &Options) -> String {
    let mut what: Vec<String> = one.why.iter().map(|why| format!("why it is there: {}", prose(why))).collect();
    what.push(prose(&guardrails::verdict(one)));
    what.extend(guardrails::before(one).map(str::to_owned));
    what.extend(one.at_fault.iter().map(|cause| {
        let name = code(guardrails::short(&cause.policy));
        format!("{} {name} {} ({})", cause.effect, cell(&cause.does), place(&cause.location, options))
    }));
    what.extend(one.mend.iter().map(|mend| format!("proved to mend it: {}", prose(mend))));
    let mut text = what.join("<br>");
    for shown in one.slips.first().into_iter().flat_map(guardrails::evidences) {
        text.push_str(&example(shown));
    }
    format!("| {} | {} | {text} |\n", code(&one.id), place(&one.location, options))
}

/// Rows that fail for one cause: the first, and what the others asked.
fn test_row(rows: &[&TestResult], options: &Options) -> String {
    let Some((row, others)) = rows.split_first() else { return String::new() };
    let expected = row.expected.as_ref().map_or("", |expected| expected.decision.as_str());
    let mut got = row.got.as_ref().map_or(row.status.as_str(), |got| got.decision.as_str()).to_owned();
    for policy in row.got.iter().flat_map(|got| &got.reason).take(10) {
        got.push_str(&format!("<br>{} {}", policy.effect, code(&policy.name)));
    }
    let explanation = row.explanations.first().map(|explanation| &explanation.sentence);
    let why = [row.message.as_ref(), row.help.as_ref(), explanation].into_iter().flatten();
    let why: Vec<String> = why.map(|text| prose(text)).collect();
    let asked = |row: &TestResult, summary: &str| {
        let request = row.request.as_ref()?;
        let context = serde_json::from_str(request.context.get()).ok().and_then(|context| evidence::context(&context));
        let RowRequest { principal, action, resource, .. } = request;
        Some(folded(summary, &format!("principal {principal}, action {action}, resource {resource}"), context))
    };
    let mut requests: String = asked(row, "request").unwrap_or_default();
    for other in others.iter().take(PLACES) {
        requests.push_str(&asked(other, &format!("and so does {}", code(&other.id))).unwrap_or_default());
    }
    if let Some(more) = others.len().checked_sub(PLACES + 1) {
        requests.push_str(&format!("and so do {}", counted(more + 1, "more row", "more rows")));
    }
    let (id, at) = (code(&row.id), place(&row.location, options));
    format!("| {id} | {at} | {expected} | {got} | {}{requests} |\n", why.join("<br>"))
}

/// Those who stand together.
fn access_row(group: &AccessGroup) -> String {
    let names = |names: &Names| prose(&access::listed(names, NAMES));
    let condition = match group.differs() {
        true => [access::before(group, NAMES), access::now(group, NAMES)].into_iter().flatten().collect(),
        false => Vec::from_iter(access::hangs_on(&group.now, NAMES)),
    };
    let condition: Vec<String> = condition.iter().map(|text| prose(text)).collect();
    let word = match access::word(group) {
        "if" => "conditional",
        word => word,
    };
    let (principals, actions, resources) = (names(&group.principals), names(&group.actions), names(&group.resources));
    format!("| {word} | {principals} | {actions} | {resources} | {} |\n", condition.join("<br>"))
}

/// As many entities of an example are shown.
const ENTITIES: usize = 10;

/// A request that shows something, with the entities that it needs.
fn example(shown: &Evidence) -> String {
    let (request, context) = evidence::request(shown);
    let all = evidence::told(shown);
    let mut entities: Vec<String> = all.iter().take(ENTITIES).map(|one| format!("<br>where {}", code(one))).collect();
    if let Some(more) = all.len().checked_sub(ENTITIES + 1) {
        entities.push(format!("<br>where {}", counted(more + 1, "more entity", "more entities")));
    }
    folded("for example", &request, context).replace("</details>", &format!("{}</details>", entities.concat()))
}

/// A request that is shown when it is asked for.
fn folded(summary: &str, request: &str, context: Option<String>) -> String {
    let context = context.map(|context| format!("<br>context {}", code(&context))).unwrap_or_default();
    format!("<details><summary>{summary}</summary>{}{context}</details>", code(request))
}

/// A place; only the path where there is no text to point into. It links to the file where that is shown on the web.
fn place(location: &Location, options: &Options) -> String {
    let bare = !location.has_lines();
    let shown = if bare { code(location.path()) } else { code(&location.label()) };
    match options.link_base {
        // What is about no file has no page.
        Some(base) if location.path() != "." => format!("[{shown}]({})", web_address::of(base, location, bare)),
        _ => shown,
    }
}
