//! Rules as code scanning shows them.

use super::model::{Configuration, Help, ReportingDescriptor, RuleProperties, description};
use crate::finding::Level;
use crate::report::alerts;
use crate::rule::{Basis, Rule};

/// GitHub takes no more of a description, in characters.
const LONGEST_DESCRIPTION: usize = 1024;

/// `rule`, whose worst result in this run has `worst`: a rule has one score for all its results.
pub(super) fn descriptor(rule: &'static Rule, worst: Option<Level>) -> ReportingDescriptor {
    let page = if rule.page.trim().is_empty() { rule.summary } else { rule.page };
    let text = plain(page);
    let first = text.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let basis = match rule.basis {
        Basis::Text => "syntax",
        Basis::Symbolic => "proof",
        Basis::Validator => "validation",
        Basis::Housekeeping => "repository",
    };
    let level = rule.level.unwrap_or(Level::Warning);
    let problem = if level == Level::Note { "recommendation" } else { level.as_str() };
    let security = rule.security_severity(worst.unwrap_or(level));
    let tags = ["authorization", "cedar", basis].into_iter().chain(security.map(|_| "security"));
    ReportingDescriptor {
        id: rule.id,
        short_description: description(plain(rule.summary)),
        full_description: description(first.chars().take(LONGEST_DESCRIPTION).collect()),
        help: Help { text, markdown: page },
        help_uri: alerts::url(rule),
        default_configuration: Configuration { enabled: rule.level.is_some(), level: level.as_str() },
        properties: RuleProperties { precision: rule.precision.as_str(), problem, security, tags: tags.collect() },
    }
}

/// A page of ours without its Markdown: headings and fences lose their marks, code is indented, backticks go, and the
/// cells of a table are set off by a colon.
fn plain(page: &str) -> String {
    let (mut out, mut in_code) = (String::with_capacity(page.len()), false);
    for line in page.trim().lines() {
        if line.starts_with("```") {
            in_code = !in_code;
        } else if in_code {
            out.push_str(if line.is_empty() { "" } else { "    " });
            out.push_str(line);
            out.push('\n');
        } else if !line.starts_with("|---") {
            let cells = line.strip_prefix("| ").and_then(|row| row.strip_suffix(" |"));
            let text = cells
                .map_or_else(|| line.trim_start_matches('#').trim_start().to_owned(), |row| row.replace(" | ", ": "));
            out.push_str(&text.replace('`', ""));
            out.push('\n');
        }
    }
    out.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_page_has_no_marks() {
        let page = "Says `x`.\nMore.\n\n## Avoid\n\n```cedar\n// # not a heading\npermit (`);\n\n```\n\n| a | b |\n|---|---|\n| `1` | 2 |\n";
        assert_eq!(plain(page), "Says x.\nMore.\n\nAvoid\n\n    // # not a heading\n    permit (`);\n\n\na: b\n1: 2");
    }
}
