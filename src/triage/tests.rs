//! Suppressions: where they are seen, what they cover, what is said about them.

use super::apply::{Applied, RuleState, apply};
use super::scan::scan;
use crate::finding::{Finding, Level};
use crate::text::{Location, SourceFile, Span};

const UNUSED: &str = "unused-suppression";
const EXPIRED: &str = "expired-suppression";
const UNKNOWN: &str = "unknown-rule";
const WITHOUT_REASON: &str = "suppression-without-reason";

const RULES: [RuleState; 4] = [
    RuleState { id: "placeholder", suppressible: true, ran: true },
    RuleState { id: "near-miss-name", suppressible: true, ran: true },
    RuleState { id: "not-run", suppressible: true, ran: false },
    RuleState { id: "syntax-error", suppressible: false, ran: true },
];

/// Findings of `rule` at every `?` of the text; policies are what stands between `;`.
fn run(text: &str, rule: &'static str, today: Option<&str>) -> Applied {
    let file = SourceFile::new("a.cedar", text);
    let at = text.match_indices('?').map(|(at, _)| Location::new(&file, Span::new(at, at + 1)));
    let findings = at.map(|place| Finding::new(rule, Level::Error, place, "x")).collect();
    let mut policies = Vec::new();
    let mut from = 0;
    for (end, _) in text.match_indices(';') {
        let start = ["@", "permit"].iter().filter_map(|word| text[from..].find(word)).min().unwrap() + from;
        policies.push((Location::new(&file, Span::new(start, end + 1)), format!("a.cedar#{start}")));
        from = end + 1;
    }
    apply(findings, &policies, &scan(&file), &RULES, today)
}

fn counts(applied: &Applied) -> (usize, usize, Vec<&str>) {
    let rules = applied.housekeeping.iter().map(|finding| finding.rule).collect();
    (applied.kept.len(), applied.suppressed.len(), rules)
}

#[test]
fn above_a_policy_it_covers_the_whole_policy_and_no_other() {
    for above in ["", "@id(\"a\")\n"] {
        let text = format!(
            "// polcheck: ignore[placeholder] filled in by the deployment\n// more words\n{above}permit(a,\n?\n?);\npermit(?);"
        );
        assert_eq!(counts(&run(&text, "placeholder", None)), (1, 2, vec![]), "{text}");
    }
}

#[test]
fn between_annotations_and_effect_it_covers_the_policy_too() {
    let text = "@id(\"?\")\n// polcheck: ignore[placeholder] because\npermit(\n?);";
    assert_eq!(counts(&run(text, "placeholder", None)), (0, 2, vec![]));
}

#[test]
fn behind_code_it_covers_its_line_only() {
    let text = "permit(\n?, // polcheck: ignore[placeholder] because\n?);";
    assert_eq!(counts(&run(text, "placeholder", None)), (1, 1, vec![]));
}

#[test]
fn on_its_own_line_inside_a_policy_it_covers_the_next_line() {
    let text = "permit(\n// polcheck: ignore[placeholder] because\n?,\n?);";
    assert_eq!(counts(&run(text, "placeholder", None)), (1, 1, vec![]));
}

#[test]
fn an_empty_line_parts_it_from_the_policy() {
    let text = "// polcheck: ignore[placeholder] because\n\npermit(?);";
    assert_eq!(counts(&run(text, "placeholder", None)), (1, 0, vec![UNUSED]));
}

#[test]
fn windows_line_ends_change_nothing() {
    let text = "// polcheck: ignore[placeholder] because\r\npermit(\r\n?);\r\npermit(?); // polcheck: ignore[placeholder] too\r\n";
    let applied = run(text, "placeholder", None);
    assert_eq!(counts(&applied), (0, 2, vec![]));
    assert_eq!(applied.suppressed[0].1, "because");
    assert_eq!(applied.suppressed[1].1, "too");
}

#[test]
fn the_text_of_a_string_is_no_comment() {
    for text in [
        "permit(\"// polcheck: ignore[placeholder] because\", ?);",
        "permit(\"\\\" // polcheck: ignore[placeholder] because\", ?);",
        "permit(\"a\n// polcheck: ignore[placeholder] because\n\", ?);",
    ] {
        assert_eq!(counts(&run(text, "placeholder", None)), (1, 0, vec![]), "{text}");
    }
    let text = "permit(\"a // b\", ?); // polcheck: ignore[placeholder] because";
    assert_eq!(counts(&run(text, "placeholder", None)), (0, 1, vec![]));
}

#[test]
fn a_reason_is_required() {
    for text in [
        "permit(?); // polcheck: ignore[placeholder]",
        "permit(?); // polcheck: ignore[placeholder] until 2027-01-31",
        "permit(?); // polcheck: ignore[placeholder] --",
    ] {
        assert_eq!(counts(&run(text, "placeholder", None)), (1, 0, vec![WITHOUT_REASON]), "{text}");
    }
    for text in [
        "permit(?); // polcheck: ignore placeholder because",
        "permit(?); // polcheck ignore[placeholder] because",
        "permit(?); // Polcheck: Ignore[placeholder] because",
        "permit(?); // polcheck:Ignore [placeholder] because",
        "permit(?); // polcheck: ignore[] because",
        "permit(?); // polcheck: ignore[placeholder] because until 31.01.2027",
        "permit(?); // polcheck: ignore[placeholder] because until 2027-02-30",
    ] {
        assert_eq!(counts(&run(text, "placeholder", None)), (1, 0, vec![UNKNOWN]), "{text}");
    }
}

#[test]
fn a_date_ends_it_after_that_day() {
    for until in ["until 2027-01-31", "until: 2027-01-31", "Until 2027-01-31"] {
        let text = format!("permit(?); // polcheck: ignore[placeholder] {until}, then the account opens");
        assert_eq!(counts(&run(&text, "placeholder", Some("2027-01-31"))), (0, 1, vec![]));
        assert_eq!(counts(&run(&text, "placeholder", Some("2027-02-01"))), (1, 0, vec![EXPIRED]), "{until}");
        assert_eq!(counts(&run(&text, "placeholder", None)), (0, 1, vec![]));
    }
}

#[test]
fn every_rule_of_a_list_is_judged_by_itself() {
    let text = "permit(?); // polcheck: ignore[placeholder, near-miss-name, not-run, placeholdr, syntax-error] because";
    let applied = run(text, "placeholder", None);
    assert_eq!(counts(&applied), (0, 1, vec![UNKNOWN, UNKNOWN, UNUSED]));
    let places: Vec<_> = applied.housekeeping.iter().map(|finding| finding.location.text()).collect();
    assert_eq!(places, ["placeholdr", "syntax-error", "near-miss-name"]);
    assert_eq!(applied.housekeeping[0].help.as_deref(), Some("did you mean `placeholder`?"));
}

#[test]
fn what_cedar_refuses_cannot_be_suppressed() {
    let text = "permit(?); // polcheck: ignore[syntax-error] because";
    assert_eq!(counts(&run(text, "syntax-error", None)), (1, 0, vec![UNKNOWN]));
}

#[test]
fn a_byte_order_mark_is_no_code() {
    let text = "\u{feff}// polcheck: ignore[placeholder] because\npermit(\n?);";
    assert_eq!(counts(&run(text, "placeholder", None)), (0, 1, vec![]));
}

#[test]
fn a_carriage_return_alone_ends_a_comment() {
    let text = "// polcheck: ignore[placeholder] filled in\rpermit(?);\n// x\r@a(\"\n// polcheck: ignore[nothing] in a string\")";
    assert_eq!(counts(&run(text, "placeholder", None)), (0, 1, vec![]));
}
