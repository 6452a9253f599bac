//! One damaged policy costs no other: what stands beside it is found at its exact place, and polcheck takes a file
//! without a word exactly when Cedar takes it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    clippy::indexing_slicing,
    clippy::string_slice
)]

use std::str::FromStr;

use cedar_policy::PolicySet;
use polcheck::config::Config;
use polcheck::repo::{self, Repo, Request};
use polcheck::source::Memory;
use proptest::prelude::*;
use proptest::sample::Index;

const ANNOTATIONS: [&str; 6] = [
    "",
    "@note(\"a;b\")\n",
    "@id(\"x\\\"y;\") ",
    "@permit\r\n",
    "@a(\"// no comment\") // é;\n@b ",
    "@forbid(\"\\u{1F600}\")",
];
const HEADS: [&str; 6] = [
    "permit(principal, action, resource)",
    "forbid (principal == User::\"a;b\", action, resource)",
    "permit(principal in ?principal, action in [Action::\"x\", Action::\"y\"], resource is App::Doc)",
    "permit(\r\n  principal, // who; \"am\" I\r\n  action,\r\n  resource\r\n)",
    "forbid(principal, action == Action::\"é\u{1F600}\", resource == ?resource)",
    "permit(principal is User in Group::\"permit (\", action, resource,)",
];
const TAILS: [&str; 7] = [
    "",
    " when { resource.permit }",
    " unless { context has \"a;\" && context[\"a;\"] like \"*;\\\"*\" }",
    "\nwhen { if true then [1, 2].contains(3) else {\"forbid\": 1, b: \"é;\"}.b == \"//\" }\n",
    " when { true } // permit(principal, action, resource);\n unless { false }",
    " when { -1 + 2 * 3 <= context.n || !(principal in User::\"\\n;\") }",
    " when { \"several\nlines; of\ttext\" == context.x }",
];
const BETWEEN: [&str; 11] = [
    "",
    " ",
    "\n",
    "\r\n",
    "// a; \"b\n",
    "// permit(principal, action, resource);\r\n",
    "// comment that a lone CR ends\r",
    "\n\n\t// é\u{1F600}\n//\n",
    "\u{a0}",
    "\u{2028}// odd white space\n",
    "\u{c}\u{b}",
];
/// Nothing here opens a string or a comment, or ends a statement.
const TOKENS: [&str; 24] = [
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ",",
    "@",
    "permit",
    "forbid",
    "when",
    " x ",
    "?",
    "é",
    "\u{1F600}",
    "&&",
    "!",
    "==",
    "\0",
    "1",
    "\u{feff}",
    "\r\n",
    "/",
    "\\",
];
const WILD: [&str; 8] = ["\"", "//", ";", "\n", "\r", "/", "\\\"", "\"\\"];

#[derive(Debug, Clone)]
struct Statement {
    text: String,
    before: String,
}

fn statement() -> impl Strategy<Value = Statement> {
    let pick = |from: &'static [&'static str]| prop::sample::select(from);
    let between = prop::collection::vec(pick(&BETWEEN), 0..3).prop_map(|parts| parts.concat());
    (pick(&ANNOTATIONS), pick(&HEADS), pick(&TAILS), pick(&["", " ", "\n", "//;\n"]), between).prop_map(
        |(annotations, head, tail, space, before)| Statement {
            text: format!("{annotations}{head}{tail}{space};"),
            before,
        },
    )
}

/// A change to one statement.
#[derive(Debug, Clone)]
enum Edit {
    Insert(&'static str, Index),
    Delete(Index, usize),
    Replace(&'static str, Index),
}

impl Edit {
    /// `text` changed somewhere before its last byte, which is its `;`.
    fn apply(&self, text: &str) -> String {
        let body = &text[..text.len() - 1];
        let mut places: Vec<usize> = body.char_indices().map(|(at, _)| at).collect();
        places.push(body.len());
        let mut out = text.to_owned();
        match self {
            Self::Insert(token, at) => out.insert_str(places[at.index(places.len())], token),
            Self::Delete(at, length) => {
                let from = at.index(places.len());
                out.replace_range(places[from]..places[(from + length).min(places.len() - 1)], "");
            }
            Self::Replace(token, at) => {
                let from = at.index(places.len() - 1);
                out.replace_range(places[from]..places[from + 1], token);
            }
        }
        out
    }
}

fn edit(tokens: &'static [&'static str]) -> impl Strategy<Value = Edit> {
    prop_oneof![
        (prop::sample::select(tokens), any::<Index>()).prop_map(|(token, at)| Edit::Insert(token, at)),
        (any::<Index>(), 1..6_usize).prop_map(|(at, length)| Edit::Delete(at, length)),
        (prop::sample::select(tokens), any::<Index>()).prop_map(|(token, at)| Edit::Replace(token, at)),
    ]
}

/// Whether Cedar's lexer sees the same strings, comments and ends in `text` after the edit as a whole statement has:
/// all closed, and one `;` at the end.
fn self_contained(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                if at >= bytes.len() {
                    return false;
                }
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                while at < bytes.len() && !matches!(bytes[at], b'\n' | b'\r') {
                    at += 1;
                }
            }
            b';' => return at + 1 == bytes.len(),
            _ => {}
        }
        at += 1;
    }
    false
}

/// Enough for Cedar's parser to be called more than once.
fn thirty_times(statements: &[Statement]) -> Vec<Statement> {
    statements.iter().cycle().take(statements.len() * 30).cloned().collect()
}

struct File {
    text: String,
    /// The range of each statement.
    ranges: Vec<std::ops::Range<usize>>,
}

fn join(mark: bool, statements: &[Statement], end: &str) -> File {
    let mut file = File { text: if mark { "\u{feff}".to_owned() } else { String::new() }, ranges: Vec::new() };
    for statement in statements {
        file.text.push_str(&statement.before);
        let start = file.text.len();
        file.text.push_str(&statement.text);
        file.ranges.push(start..file.text.len());
    }
    file.text.push_str(end);
    file
}

fn load(text: &str) -> Repo {
    repo::load(&Memory::new([("a.cedar", text)]), &Config::default(), &Request::default()).unwrap()
}

/// The ranges of the policies that were found, in order.
fn found(repo: &Repo) -> Vec<std::ops::Range<usize>> {
    let policies = repo.stores.iter().flat_map(|store| &store.policies);
    policies.map(|policy| policy.location.span.start..policy.location.span.end).collect()
}

/// How many policies Cedar finds, if it takes the text; it does not know byte-order marks.
fn cedar(text: &str) -> Option<usize> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    PolicySet::from_str(text).ok().map(|set| set.policies().count() + set.templates().count())
}

fn check_against_cedar(text: &str) -> Result<Repo, TestCaseError> {
    let repo = load(text);
    match cedar(text) {
        Some(count) => {
            prop_assert!(repo.findings.is_empty(), "Cedar takes it: {:?}\n{text:?}", repo.findings);
            prop_assert_eq!(found(&repo).len(), count, "{:?}", text);
        }
        None => prop_assert!(!repo.findings.is_empty(), "Cedar refuses it: {text:?}"),
    }
    for finding in &repo.findings {
        let span = finding.location.span;
        prop_assert!(finding.location.file.text().get(span.start..span.end).is_some(), "{finding:?}");
    }
    Ok(repo)
}

fn ends() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&["", "\n", "// end", "// end\r", "\u{a0}", "\r\n\r\n"][..])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whole_files_are_taken_whole(
        statements in prop::collection::vec(statement(), 0..8),
        many in prop::bool::weighted(0.05),
        mark in any::<bool>(),
        end in ends(),
    ) {
        let statements = if many { thirty_times(&statements) } else { statements };
        let file = join(mark, &statements, end);
        let repo = check_against_cedar(&file.text)?;
        prop_assert_eq!(found(&repo), file.ranges);
    }

    #[test]
    fn a_damaged_statement_costs_no_other(
        statements in prop::collection::vec(statement(), 1..8),
        many in prop::bool::weighted(0.03),
        at in any::<Index>(),
        mark in any::<bool>(),
        end in ends(),
        edit in edit(&TOKENS),
    ) {
        let mut statements = if many { thirty_times(&statements) } else { statements };
        let at = at.index(statements.len());
        let damaged = edit.apply(&statements[at].text);
        if !self_contained(&damaged) {
            return Ok(());
        }
        statements[at].text = damaged;
        let file = join(mark, &statements, end);
        let repo = check_against_cedar(&file.text)?;
        let found = found(&repo);
        for (number, range) in file.ranges.iter().enumerate().filter(|(number, _)| *number != at) {
            prop_assert!(found.contains(range), "statement {number} is gone: {:?}\n{:?}", file.text, repo.findings);
        }
    }

    #[test]
    fn a_missing_end_costs_no_other(
        statements in prop::collection::vec(statement(), 1..8),
        at in any::<Index>(),
        mark in any::<bool>(),
    ) {
        let mut statements = statements;
        let at = at.index(statements.len());
        statements[at].text.pop();
        let file = join(mark, &statements, "");
        let repo = check_against_cedar(&file.text)?;
        let found = found(&repo);
        prop_assert!(!repo.findings.is_empty());
        for (number, range) in file.ranges.iter().enumerate().filter(|(number, _)| *number != at) {
            prop_assert!(found.contains(range), "statement {number} is gone: {:?}\n{:?}", file.text, repo.findings);
        }
    }

    /// An edit that opens a string or a comment may take what follows with it, never what stands before; and what Cedar
    /// says of the file as a whole is always what polcheck says.
    #[test]
    fn a_wild_edit_costs_nothing_before_it(
        statements in prop::collection::vec(statement(), 1..6),
        at in any::<Index>(),
        mark in any::<bool>(),
        end in ends(),
        edit in edit(&WILD),
    ) {
        let mut statements = statements;
        let at = at.index(statements.len());
        statements[at].text = edit.apply(&statements[at].text);
        let file = join(mark, &statements, end);
        let repo = check_against_cedar(&file.text)?;
        let found = found(&repo);
        for range in file.ranges.iter().take(at) {
            prop_assert!(found.contains(range), "{range:?} is gone: {:?}\n{:?}", file.text, repo.findings);
        }
    }
}
