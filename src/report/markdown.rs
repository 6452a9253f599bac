//! `--report markdown`: the job summary of a CI run.
//!
//! Untrusted text is written with every character that Markdown, HTML or GitHub could read as more than itself as a
//! character reference, which CommonMark (section 2.5) never takes for structure.

use crate::finding::Finding;
use crate::outcome::{Outcome, TestResult};
use crate::report::verdict::{self, counted};
use crate::report::{Format, Options, select};
use crate::text::{Location, inline};

/// The format.
pub(super) static FORMAT: Format =
    Format { name: "markdown", about: "a summary for a CI job's page", render: summary_markdown };

/// GitHub refuses a job summary above 1 MiB; what follows the tables must still fit.
const LONGEST: usize = 880 * 1024;
/// Longest cell, in characters.
const LONGEST_CELL: usize = 1000;

/// The job summary of `outcome` in Markdown: the verdict, findings, failing rows, and what could not be checked. It stays
/// below 900 KiB; when findings or rows had to be left out, a sentence says how many.
#[must_use]
pub fn summary_markdown(outcome: &Outcome, options: &Options) -> String {
    let selection = select::findings(outcome, options);
    let mut out = Summary(format!("### {}\n", escape(&verdict::with_hidden_notes(outcome, selection.hidden_notes))));
    out.table(
        "\n| Level | Rule | Where | What |\n|---|---|---|---|\n",
        selection.findings.iter().map(|finding| finding_row(finding)),
        ("finding is", "findings are"),
    );
    out.table(
        "\n| Row | Where | Expected | Got | Why |\n|---|---|---|---|---|\n",
        select::bad_rows(outcome).map(test_row),
        ("failing row is", "failing rows are"),
    );
    if !options.quiet {
        let undecided = outcome.inconclusive.iter().map(|why| format!("- **Inconclusive**: {}\n", cell(why)));
        let unchecked = outcome.gaps.iter().map(|gap| format!("- **Not checked**: {}\n", cell(gap)));
        let left_out = outcome.left_out.iter().filter(|_| options.verbose);
        let left_out = left_out.map(|file| format!("- Left out: {}: {}\n", code(&file.path), cell(&file.why)));
        out.table("\n", undecided.chain(unchecked).chain(left_out), ("remark is", "remarks are"));
    }
    out.0
}

struct Summary(String);

impl Summary {
    /// Appends `head` and as many `rows` as fit, and says how many do not. Nothing when there is no row.
    fn table(&mut self, head: &str, rows: impl Iterator<Item = String>, (one, many): (&str, &str)) {
        let (mut started, mut dropped) = (false, 0);
        for row in rows {
            let head = if started { "" } else { head };
            if dropped > 0 || self.0.len() + head.len() + row.len() > LONGEST {
                dropped += 1;
                continue;
            }
            self.0.push_str(head);
            self.0.push_str(&row);
            started = true;
        }
        if dropped > 0 {
            self.0.push_str(&format!("\n{} not shown here for lack of room.\n", counted(dropped, one, many)));
        }
    }
}

fn finding_row(finding: &Finding) -> String {
    let mut what = cell(&finding.message);
    if let Some(help) = &finding.help {
        what.push_str(&format!("<br>*{}*", cell(help)));
    }
    let (level, rule, at) = (finding.level.as_str(), code(finding.rule), place(&finding.location));
    format!("| {level} | {rule} | {at} | {what} |\n")
}

fn test_row(row: &TestResult) -> String {
    let expected = row.expected.as_ref().map_or("", |expected| expected.decision.as_str());
    let mut got = row.got.as_ref().map_or(row.status.as_str(), |got| got.decision.as_str()).to_owned();
    for policy in row.got.iter().flat_map(|got| &got.reason).take(10) {
        got.push_str(&format!("<br>{} {}", policy.effect, code(&policy.name)));
    }
    let why: Vec<String> = [&row.message, &row.help].into_iter().flatten().map(|text| cell(text)).collect();
    let (id, at) = (code(&row.id), place(&row.location));
    format!("| {id} | {at} | {expected} | {got} | {} |\n", why.join("<br>"))
}

/// A place; only the path where there is no text to point into.
fn place(location: &Location) -> String {
    if location.file.text().is_empty() { code(location.path()) } else { code(&location.label()) }
}

/// Untrusted text as a name: code, in which GitHub links nothing.
fn code(text: &str) -> String {
    format!("<code>{}</code>", cell(text))
}

/// Untrusted text on one line of bounded length, harmless in a table.
fn cell(text: &str) -> String {
    match text.char_indices().nth(LONGEST_CELL) {
        Some((at, _)) => format!("{} ...", escape(text.get(..at).unwrap_or_default())),
        None => escape(text),
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let shown = inline(text);
    let mut rest = shown.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // GitHub looks for mentions and issues in the text that the references stand for; a comment breaks them up.
            '@' | '#' => out.push_str(&format!("&#{};<!-- -->", u32::from(c))),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' | '$' | '{' | '}' | '^' | '=' => {
                out.push_str(&format!("&#{};", u32::from(c)));
            }
            // Bare addresses become links: `https://`, `www.`; and `GH-1` an issue.
            ':' if rest.peek() == Some(&'/') => out.push_str("&#58;<!-- -->"),
            '.' | '-' if rest.peek().is_some_and(|next| next.is_alphanumeric()) && ends_in_trigger(&out) => {
                out.push_str(&format!("&#{};<!-- -->", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}

fn ends_in_trigger(text: &str) -> bool {
    let tail: String = text.chars().rev().take(3).map(|c| c.to_ascii_lowercase()).collect();
    tail == "www" || tail.starts_with("hg")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_github_would_act_on_is_broken_up() {
        assert_eq!(escape("a|b\\"), "a&#124;b&#92;");
        assert_eq!(escape("@team #12"), "&#64;<!-- -->team &#35;<!-- -->12");
        assert_eq!(escape("https://x www.x GH-1"), "https&#58;<!-- -->//x www&#46;<!-- -->x GH&#45;<!-- -->1");
        assert_eq!(escape("User::\"a\" 1.5"), "User::\"a\" 1.5");
    }
}
