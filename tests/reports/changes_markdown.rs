//! What the Markdown and GitHub reports say about a comparison of two revisions, read as GitHub reads them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use polcheck::finding::{Finding, Level};
use polcheck::outcome::changes::{Change, Direction, Effect, Lifecycle, Ruling, Status, Weakened};
use polcheck::report::{Options, summary_markdown};
use polcheck::text::SourceFile;
use proptest::prelude::*;

use crate::report_common::diff::*;
use crate::report_common::*;

const LONGEST: usize = 65_000;

#[test]
fn a_pull_request_reads_who_gains_and_who_loses_what() {
    let mut comparison = example();
    comparison.stores[0].groups.drain(..1);
    let text = summary_markdown(&diff(comparison), &PLAIN);
    let lines: Vec<&str> = text.lines().collect();
    let start = [
        "### ❌ polcheck diff: 1 change refused by the gate; access gained and lost, and not everything is decided",
        "",
        "**1 change grants access (refused by the gate) and 1 takes access away, in 4 of 40 kinds of request; not everything \
         could be decided in 1 of 40 kinds of request**",
        "",
        "Compared `main` (old) with `the worktree` (new): 1 policy added, 2 removed, 1 edited, 3 moved or reformatted (1 \
         store, 34 policies). A kind of request is a type of principal, an action and a type of resource.",
        "",
        "- ⛔ **Gained, refused by the gate**: `Admin` gains `export` on `Report`, because the permit `admins` was added and \
         the forbid `freeze` was removed; it takes both<br>for every such request<br>for example: `User::\"alice\"` is now \
         allowed `readOrders` on `Customer::\"c1\"`, with `principal in Role::\"support\"` (everything else: any value)<br>at \
         `policies/export.cedar:4:1` in `the worktree`<br>at `policies/export.cedar:3:1` in `main`",
        "  <details><summary>to replay: User::\"alice\" is now allowed readOrders on Customer::\"c1\"</summary>",
        "",
        "  ```json",
        "  {",
    ];
    assert_eq!(lines[..start.len()], start, "{text}");
    let end = [
        "    expect: deny",
        "  ```",
        "",
        "  </details>",
        "",
        "",
        "- **Not decided**: whether the changes newly allow `User` to `search` on `Index`<br>because a pattern is too long",
    ];
    assert_eq!(lines[lines.len() - end.len()..], end, "{text}");
}

#[test]
fn no_change_is_one_sentence() {
    let mut comparison = example();
    comparison.stores[0].groups.clear();
    comparison.stores[0].environments.drain(..5);
    let text = summary_markdown(&diff(comparison), &Options { quiet: true, ..PLAIN });
    let sentence = "**no change in effective permissions in any of 35 kinds of request (1 policy added, 2 removed, 1 edited, \
                    3 moved or reformatted)**";
    assert_eq!(text.lines().last(), Some(sentence), "{text}");
}

/// What stands outside fences, and how many fences there are. Fails when one is left open.
fn outside_fences(text: &str) -> (String, usize) {
    let (mut open, mut fences, mut out) = (false, 0, String::new());
    for line in text.lines() {
        match line.trim() {
            "```json" | "```yaml" if !open => (open, fences) = (true, fences + 1),
            "```" if open => open = false,
            _ if open => assert!(line.starts_with("  ") && !line.contains('`'), "{line}"),
            _ => out = out + line + "\n",
        }
    }
    assert!(!open, "a fence is open at the end: {text}");
    (out, fences)
}

/// What stands outside fences, without our own tags, references and headings.
fn bare(text: &str) -> String {
    let text = &outside_spans(text);
    let ours = ["<!-- -->", "<code>", "</code>", "<br>", "<details>", "</details>", "<summary>", "</summary>"];
    let ours =
        ours.iter().chain(&["&amp;", "&lt;", "&gt;", "**", "### ❌", "### 🔎", "`--report json`", "`polcheck diff`"]);
    let text = ours.fold(text.to_owned(), |text, tag| text.replace(tag, ""));
    let mut parts = text.split("&#");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| out + part.split_once(';').unwrap().1)
}

#[test]
fn hostile_text_is_only_text() {
    for options in [PLAIN, Options { verbose: true, ..PLAIN }, Options { quiet: true, ..PLAIN }] {
        let text = summary_markdown(&hostile_diff(), &options);
        assert!(text.chars().all(|c| c == '\n' || !polcheck::text::is_deceptive(c)));
        assert!(runner_commands(&text).is_empty(), "{:?}", runner_commands(&text));
        let (outside, fences) = outside_fences(&text);
        assert!(fences >= 1 && text.len() < LONGEST);
        let bare = bare(&outside);
        for sign in ["<", ">", "@", "`", "[", "]", "\\", "_", "#", "://", "*", "|", "~", "!"] {
            assert!(!bare.contains(sign), "{sign} in {bare}");
        }
        for tag in ["details", "summary", "code"] {
            let count = |tag: String| outside.matches(&tag).count();
            assert_eq!(count(format!("<{tag}>")), count(format!("</{tag}>")), "{outside}");
        }
    }
}

/// A comparison with so many causes, of which those at `refused` are refused; each named so.
fn many(causes: usize, name: &str, refused: &[usize], weakened: usize) -> polcheck::outcome::Outcome {
    let environments =
        (0..causes).map(|n| change(environment("User", &format!("{name}{n}"), "Doc"), Status::Yes, Status::No));
    let groups = (0..causes).map(|n| {
        let ruling = if refused.contains(&n) { Ruling::Refused } else { Ruling::Free };
        let cause = cause(&format!("p{n}.cedar#{name}"), "permit", Change::Added);
        group(Direction::Gained, vec![cause], vec![Effect { ruling, ..effect(n, &format!("context.x == {name:?}")) }])
    });
    let mut comparison = compared(vec![store("s", environments.collect(), groups.collect())]);
    let location = line(&file("polcheck.toml"), 1);
    comparison.weakened =
        (0..weakened).map(|_| Weakened::new("gate_removed", name.to_owned(), location.clone())).collect();
    diff(comparison)
}

#[test]
fn a_long_comparison_is_cut_at_causes_and_says_so() {
    let text = summary_markdown(&many(2000, "view", &[1999], 0), &PLAIN);
    assert!(text.len() < LONGEST && text.len() > 55_000, "{}", text.len());
    let entries: Vec<&str> = text.lines().filter(|line| line.starts_with("- ")).collect();
    assert!(entries[0].starts_with("- ⛔ **Gained, refused by the gate**: `User` gains `view1999` on `Doc`, because the permit `p1999.cedar#view`"), "{}", entries[0]);
    let said = format!(
        "**{} more changes are not shown here for lack of room;** `polcheck diff` shows all.",
        2000 - entries.len()
    );
    assert!(text.contains(&said), "{said}");
    // The refused one keeps its example.
    assert!(text.contains(&format!("Details of {} entries are left out", entries.len() - 1)), "{text}");
    assert_eq!(outside_fences(&text).1, 2);
}

#[test]
fn findings_have_their_room_beside_a_long_comparison() {
    let mut outcome = many(2000, "view", &[], 0);
    let file = SourceFile::new("a.cedar", "needle");
    outcome.findings = (0..2000).map(|_| Finding::new("x", Level::Error, at(&file, "needle"), "wrong")).collect();
    let text = summary_markdown(&outcome, &Options { verbose: true, ..PLAIN });
    assert!(text.len() < LONGEST && text.contains("| error | `x` "), "{}", text.len());
    assert!(text.contains("findings are not shown here"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_the_names_and_however_many_it_fits_and_closes_what_it_opens(
        name in "(@|`|<|\\||\n|[a-z\"\u{202e}表*_~\\[\\]!#&]){1,400}",
        causes in 1_usize..400,
        refused in proptest::collection::vec(0_usize..400, 0..3),
        weakened in 0_usize..30,
        verbose: bool,
    ) {
        let outcome = many(causes, &name, &refused, weakened);
        let text = summary_markdown(&outcome, &Options { verbose, ..PLAIN });
        prop_assert!(text.len() < LONGEST, "{}", text.len());
        let (outside, _) = outside_fences(&text);
        prop_assert_eq!(outside.matches("<details>").count(), outside.matches("</details>").count());
        prop_assert!(!bare(&outside).contains(['@', '`', '<', '|', '*', '_', '~', '[', '!', '#']));
        let shown = outside.lines().filter(|line| line.contains("**Gained")).count();
        let said = format!("**{} more change", causes - shown);
        prop_assert!(shown == causes || outside.contains(&said), "{}", said);
    }
}

#[test]
fn annotations_stand_at_the_line_that_changed() {
    let text = render("github", &diff(example()), &PLAIN);
    // Each example has its context and entities, which are alike here.
    let seen = ", context { network: \"corp\" }, where User::\"alice\" in Role::\"support\" { level: 3 }";
    assert_eq!(text.matches(seen).count(), 3, "{text}");
    let told = text.replace(seen, "");
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(
        lines,
        [
            "::error file=policies/export.cedar,line=4,endLine=4,col=1,endColumn=36,title=polcheck%3A access gained%2C refused::\
             Admin gains export on Report, because the permit `admins` was added and the forbid `freeze` was removed; it takes \
             both%0Arefused by the gate%0Afor every such request%0Afor example: principal User::\"alice\", action \
             Action::\"readOrders\", resource Customer::\"c1\"",
            "::notice file=policies/support.cedar,line=4,endLine=4,col=1,endColumn=36,title=polcheck%3A access gained::User gains \
             readOrders and readProfile on Customer, because the permit `read-orders` was edited%0Awhen `context.network == \
             \"corp\" && principal in Role::\"support\"`%0Afor example: principal User::\"alice\", action \
             Action::\"readOrders\", resource Customer::\"c1\"",
            "::notice file=policies/pay.cedar,line=2,endLine=2,col=1,endColumn=36,title=polcheck%3A access lost::User loses pay on \
             Invoice, because the permit `pay` was removed%0Aat most when `resource.open`%0Afor example: principal \
             User::\"alice\", action Action::\"readOrders\", resource Customer::\"c1\"",
        ]
    );
    let quiet = render("github", &diff(example()), &Options { quiet: true, ..PLAIN });
    assert_eq!(quiet.replace(seen, "").lines().collect::<Vec<_>>(), lines[..1]);
}

#[test]
fn annotations_are_ten_of_a_level_and_hostile_text_starts_no_command() {
    let text = render("github", &many(30, "view", &[3], 1), &PLAIN);
    let count = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!((count("::error "), count("::warning "), count("::notice ")), (1, 1, 10));
    assert!(text.lines().last().unwrap().starts_with("polcheck: 19 remarks more are not shown"), "{text}");
    let text = render("github", &hostile_diff(), &PLAIN);
    assert!(text.chars().all(|c| c == '\n' || !polcheck::text::is_deceptive(c)));
    assert_eq!(text.lines().count(), 5, "{text}");
    for line in text.lines() {
        assert!(
            ["::error file=", "::warning file=", "::notice file="].iter().any(|start| line.starts_with(start)),
            "{line}"
        );
    }
}

#[test]
fn a_new_kind_of_request_has_no_line_to_stand_at() {
    let mut kind = change(environment("User", "audit", "Log"), Status::Yes, Status::No);
    kind.lifecycle = Lifecycle::Added;
    let comparison =
        compared(vec![store("s", vec![kind], vec![group(Direction::Gained, vec![], vec![effect(0, "true")])])]);
    let text = render("github", &diff(comparison), &PLAIN);
    assert!(
        text.starts_with(
            "::notice title=polcheck%3A access gained::User gains audit on Log, because such requests are new"
        ),
        "{text}"
    );
}
