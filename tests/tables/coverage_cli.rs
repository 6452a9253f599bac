//! Coverage on the command line: the figure, what is missing, floors and `--against`.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{diff, json, run, write};

const POLICIES: &str = r#"@id("owner")
permit (principal == User::"a", action, resource)
when { context.mfa && context.office };

@id("blocked")
forbid (principal, action, resource)
when { context.risk > 3 };
"#;

fn row(mfa: bool, office: bool, risk: i64, decision: &str) -> Value {
    serde_json::json!({
        "request": {
            "principal": "User::\"a\"", "action": "Action::\"view\"", "resource": "Doc::\"d\"",
            "context": { "mfa": mfa, "office": office, "risk": risk }
        },
        "decision": decision
    })
}

fn folder(rows: &[Value]) -> TempDir {
    let dir = TempDir::new().unwrap();
    write(dir.path(), &[("p.cedar", POLICIES), ("a_test.json", &Value::from(rows.to_vec()).to_string())]);
    dir
}

/// Rows that cover everything: 2 policies, 3 operands and a clause of two.
fn enough() -> Vec<Value> {
    vec![
        row(true, true, 0, "allow"),
        row(false, true, 0, "deny"),
        row(true, false, 0, "deny"),
        row(true, true, 5, "deny"),
    ]
}

#[test]
fn rows_that_show_everything_cover_everything() {
    let dir = folder(&enough());
    let (report, code) = json(dir.path(), &["test", "--coverage-floor", "100"]);
    assert_eq!(code, 0, "{report:#}");
    let coverage = &report["coverage"];
    assert_eq!([&coverage["percent"], &coverage["covered"], &coverage["total"], &coverage["floor"]], [100, 6, 6, 100]);
    let run = run(dir.path(), &["test", "--coverage"]);
    let figure = "coverage: 100% (2 of 2 policies decide a row, 4 of 4 conditions are shown to";
    assert!(run.stdout.contains(figure), "{}", run.stdout);
}

#[test]
fn nothing_is_measured_unasked() {
    let dir = folder(&enough());
    let (report, _) = json(dir.path(), &["test"]);
    assert!(report.get("coverage").is_none(), "{report:#}");
    assert!(!run(dir.path(), &["test", "-v"]).stdout.contains("coverage"));
}

#[test]
fn each_gap_is_named_at_its_place() {
    let dir = folder(&[row(true, true, 0, "allow"), row(false, true, 0, "deny")]);
    let (report, code) = json(dir.path(), &["test", "--coverage"]);
    assert_eq!(code, 0);
    let coverage = &report["coverage"];
    // The policy `owner`, `context.mfa` and the clause.
    assert_eq!([&coverage["percent"], &coverage["covered"], &coverage["total"]], [50, 3, 6], "{coverage:#}");
    let conditions = coverage["conditions"].as_array().unwrap();
    let said: Vec<_> = conditions
        .iter()
        .map(|of| {
            let start = usize::try_from(of["location"]["offset"].as_u64().unwrap()).unwrap();
            let length = usize::try_from(of["location"]["length"].as_u64().unwrap()).unwrap();
            assert_eq!(of["text"], POLICIES[start..start + length]);
            (of["text"].as_str().unwrap(), of["kind"].as_str().unwrap(), of["covered"].as_bool().unwrap())
        })
        .collect();
    assert_eq!(
        said,
        [
            ("context.mfa", "operand", true),
            ("context.office", "operand", false),
            ("context.mfa && context.office", "when", true),
            ("context.risk > 3", "operand", false),
        ]
    );
    let shown = run(dir.path(), &["test", "--coverage", "-v"]).stdout;
    for part in
        ["p.cedar#owner: one condition is not shown to matter", "never false", "never true", "no row satisfies it"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let shown = run(dir.path(), &["test", "--coverage"]).stdout;
    assert!(shown.contains("-v shows what is missing") && !shown.contains("never false"), "{shown}");
}

#[test]
fn below_the_floor_the_run_fails_and_says_why() {
    let dir = folder(&[row(true, true, 0, "allow"), row(false, true, 0, "deny")]);
    assert_eq!(run(dir.path(), &["test", "--coverage-floor", "50"]).code, 0);
    let below = run(dir.path(), &["test", "--coverage-floor", "51"]);
    assert_eq!(below.code, 1);
    let line = below.stdout.lines().last().unwrap();
    assert!(line.contains("2 of 2 rows passed; coverage is 50%, below the floor of 51% ("), "{line}");
    let words = below.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let sentence = "coverage is 50%, below the floor of 51%: p.cedar#blocked: no row satisfies it; `context.office` in \
                    p.cedar#owner: never false; `context.risk > 3` in p.cedar#blocked: never true";
    assert!(words.contains(sentence), "{words}");
    assert!(below.stdout.contains("never false"), "{}", below.stdout);
    assert!(run(dir.path(), &["test", "--coverage-floor", "51", "-q"]).stdout.contains("coverage: 50%"));
    let (report, _) = json(dir.path(), &["test", "--coverage-floor", "51"]);
    assert_eq!(report["outcome"], "failed");
    let wrong = run(dir.path(), &["test", "--coverage-floor", "101"]);
    assert_eq!(wrong.code, 2, "{}", wrong.stderr);
    let markdown = run(dir.path(), &["test", "--coverage-floor", "51", "--report", "markdown"]).stdout;
    assert!(markdown.contains("**Coverage**: 50%"), "{markdown}");
    let github = run(dir.path(), &["test", "--coverage-floor", "51", "--report", "github"]).stdout;
    assert!(github.contains("::error title=polcheck%3A coverage::coverage is 50%25"), "{github}");
}

#[test]
fn the_floor_may_stand_in_the_configuration() {
    let dir = folder(&[row(true, true, 0, "allow")]);
    write(dir.path(), &[("polcheck.toml", "coverage-floor = 80\n")]);
    assert_eq!(run(dir.path(), &["test"]).code, 1);
    assert_eq!(run(dir.path(), &["check"]).code, 1);
    // The command line is the stronger one.
    assert_eq!(run(dir.path(), &["test", "--coverage-floor", "0"]).code, 0);
}

#[test]
fn rows_that_do_not_run_count_for_nothing() {
    let mut rows = enough();
    rows[3]["request"]["principal"] = "nobody".into();
    let dir = folder(&rows);
    let (report, _) = json(dir.path(), &["test", "--coverage"]);
    let risk = &report["coverage"]["conditions"][3];
    assert_eq!([&risk["true"], &risk["false"]], [0, 3], "{risk:#}");
}

#[test]
fn without_policies_there_is_nothing_to_cover() {
    let dir = TempDir::new().unwrap();
    write(dir.path(), &[("a.cedarschema", "entity User;"), ("p.cedar", "")]);
    let (report, code) = json(dir.path(), &["test", "--coverage-floor", "100"]);
    assert_eq!((&report["coverage"]["percent"], code), (&Value::from(100), 3), "{report:#}");
}

fn git(dir: &Path, args: &[&str]) {
    let mut git = std::process::Command::new("git");
    let named = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let done = git.args(named).args(args).current_dir(dir).output().unwrap();
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn against_a_revision_only_what_changed_counts() {
    let dir = folder(&[row(true, true, 0, "allow"), row(false, true, 0, "deny"), row(true, false, 0, "deny")]);
    git(dir.path(), &["init", "-q", "-b", "main"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "start"]);
    let floor = ["test", "--coverage-floor", "100", "--against", "main"];
    let (report, code) = json(dir.path(), &floor);
    assert_eq!((&report["coverage"]["total"], code), (&Value::from(0), 0), "{report:#}");
    assert!(run(dir.path(), &floor).stdout.contains("100% of what changed since main: there is nothing to cover"));
    // Moved and laid out anew: nothing is touched.
    let moved =
        POLICIES.replace("@id(\"blocked\")\nforbid (principal, ", "\n\n@id(\"blocked\")\nforbid\n(principal,\n");
    write(dir.path(), &[("p.cedar", &moved)]);
    assert_eq!(json(dir.path(), &floor).0["coverage"]["total"], 0);
    // Edited, and one added: those two count, whatever is missing of the others.
    let edited = format!(
        "{}\n@id(\"new\")\npermit (principal == User::\"b\", action, resource);\n",
        POLICIES.replace("risk > 3", "risk > 4")
    );
    write(dir.path(), &[("p.cedar", &edited)]);
    let (report, code) = json(dir.path(), &floor);
    assert_eq!(code, 1);
    let names = |list: &str| -> Vec<String> {
        let all = report["coverage"][list].as_array().unwrap();
        all.iter().map(|of| of["policy"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("policies"), ["p.cedar#blocked", "p.cedar#new"], "{report:#}");
    assert_eq!(names("conditions"), ["p.cedar#blocked"]);
    assert_eq!(report["coverage"]["since"], "main");
    let wrong = run(dir.path(), &["test", "--against", "nowhere"]);
    assert_eq!(wrong.code, 2, "{}", wrong.stdout);
}

#[test]
fn a_floor_that_is_lowered_weakens_the_repository() {
    let dir = folder(&enough());
    write(dir.path(), &[("polcheck.toml", "coverage-floor = 80\n")]);
    git(dir.path(), &["init", "-q", "-b", "main"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "start"]);
    let weakened = || -> Vec<String> {
        let (report, _) = diff(dir.path(), &["main"]);
        let all = report["weakened"].as_array().unwrap();
        all.iter().map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
    };
    write(dir.path(), &[("polcheck.toml", "coverage-floor = 90\n")]);
    assert!(weakened().is_empty());
    write(dir.path(), &[("polcheck.toml", "")]);
    assert_eq!(weakened(), ["coverage_floor_lowered"]);
}

#[test]
fn a_policy_of_thousands_of_operands_takes_no_quadratic_time() {
    let dir = TempDir::new().unwrap();
    let chain = |operator: &str| (0..10_000).map(|at| format!("context.n == {at}")).collect::<Vec<_>>().join(operator);
    let inner = (0..300)
        .map(|at| format!("(if context.n < {at} && context.mfa then {at} else 1)"))
        .collect::<Vec<_>>()
        .join(", ");
    let policies = format!(
        "permit (principal, action, resource) when {{ {} }};\npermit (principal, action, resource) when {{ {} }};\n\
         forbid (principal, action, resource) when {{ [{inner}].contains(0) }};\n",
        chain(" || "),
        chain(" && "),
    );
    let rows: Vec<Value> = [3, 9_999, -1]
        .into_iter()
        .map(|n| {
            let mut row = row(true, true, 0, if n == 3 { "deny" } else { "allow" });
            row["request"]["context"]["n"] = n.into();
            row
        })
        .collect();
    write(dir.path(), &[("p.cedar", &policies), ("a_test.json", &Value::from(rows).to_string())]);
    let started = std::time::Instant::now();
    let (report, code) = json(dir.path(), &["test", "--coverage"]);
    assert_eq!(code, 1);
    let row = &report["tests"][2];
    let sentence = row["explanation"][0]["sentence"].as_str().unwrap_or_else(|| panic!("{row:#}"));
    assert!(sentence.starts_with("p.cedar#policy2 forbids it: "), "{sentence}");
    // Both chains with their clauses, and the `if`s: 64 tests of two operands and the operand around them.
    assert_eq!(report["coverage"]["conditions"].as_array().unwrap().len(), 2 * 10_001 + 2 * 64 + 1);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
