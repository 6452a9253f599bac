//! Every lint rule against its fixtures and against real repositories.

#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::unwrap_used,
    clippy::indexing_slicing
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use polcheck::config::{self, Config};
use polcheck::finding::{Finding, Level};
use polcheck::lint::{Check, Options, lint_rule, lint_rules, metadata};
use polcheck::repo::{Repo, Request, load};
use polcheck::rule::{Basis, Catalogue};
use polcheck::source::{Memory, Worktree};
use polcheck::text::{Location, SourceFile};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(folder: &Path) -> Repo {
    let source = Worktree::new(folder);
    load(&source, &Config::default(), &Request::default()).unwrap()
}

fn run(repo: &Repo, config: &Config, only: Option<&[&str]>) -> Vec<Finding> {
    let linted = polcheck::lint::run(repo, config, Options { only, ..Options::default() });
    assert!(linted.undecided.is_empty(), "{:#?}", linted.undecided);
    linted.findings
}

fn fixtures() -> Vec<PathBuf> {
    let known: BTreeSet<_> = lint_rules().map(|rule| rule.meta.id).collect();
    let mut found = Vec::new();
    for rule in &known {
        for kind in ["fail", "pass"] {
            let folder = root().join("fixtures/rules").join(rule).join(kind);
            assert!(folder.is_dir(), "{} is missing", folder.display());
            found.push(folder);
        }
    }
    found
}

/// `path:line rule` of every finding, once per finding.
fn found(findings: &[Finding]) -> Vec<String> {
    let place =
        |finding: &Finding| format!("{}:{} {}", finding.location.path(), finding.location.start().line, finding.rule);
    let mut found: Vec<_> = findings.iter().map(place).collect();
    found.sort();
    found
}

/// The same of every `//~` mark; a file in JSON cannot hold one, and has its findings in `marks.txt`.
fn marked(folder: &Path) -> Vec<String> {
    let beside = std::fs::read_to_string(folder.join("marks.txt")).unwrap_or_default();
    let mut found: Vec<String> = beside.lines().map(str::to_owned).collect();
    for path in walk(folder) {
        let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
        for (at, line) in std::fs::read_to_string(&path).unwrap().lines().enumerate() {
            if let Some((_, rules)) = line.split_once("//~") {
                found.extend(rules.split_whitespace().map(|rule| format!("{name}:{} {rule}", at + 1)));
            }
        }
    }
    found.sort();
    found
}

/// The day that counts as today.
const TODAY: Option<&str> = Some("2026-01-01");

#[test]
fn fixtures_hold_exactly_the_findings_that_are_marked() {
    let mut wrong = Vec::new();
    for folder in fixtures() {
        let repo = read(&folder);
        assert!(repo.findings.is_empty(), "{}: {:#?}", folder.display(), repo.findings);
        assert!(repo.stores.iter().any(|store| !store.policies.is_empty()), "{}", folder.display());
        let id = folder.parent().unwrap().file_name().unwrap().to_str().unwrap();
        let rule = lint_rule(id).unwrap();
        let demanded: &[&str] = if rule.on_demand { &[id] } else { &[] };
        // Fixtures about text have no schema, and say nothing of what one that is inferred would show.
        let mut config = Config { refuses_inference: Some(Location::of_path("polcheck.toml")), ..Config::default() };
        if rule.meta.level.is_none() {
            config.rules.insert(rule.meta.id, Some(Level::Note));
        }
        let linted = polcheck::lint::run(&repo, &config, Options { demanded, today: TODAY, ..Options::default() });
        assert!(linted.undecided.is_empty(), "{}: {:#?}", folder.display(), linted.undecided);
        let mut findings = linted.findings;
        let marked = marked(&folder);
        // A note of another rule says nothing of this one, and need not be marked.
        findings.retain(|finding| {
            let own = finding.rule == id || finding.level != Level::Note;
            own || marked.contains(&self::found(std::slice::from_ref(finding))[0])
        });
        let found = found(&findings);
        let missing: Vec<_> = marked.iter().filter(|mark| !found.contains(mark)).collect();
        let extra: Vec<_> = findings
            .iter()
            .filter(|finding| !marked.contains(&self::found(std::slice::from_ref(finding))[0]))
            .map(|finding| format!("{} {}", finding.location.label(), finding.message))
            .collect();
        if found != marked {
            wrong.push(format!("{}\nmissing {missing:#?}\nextra {extra:#?}", folder.display()));
            continue;
        }
        let failing = folder.ends_with("fail");
        assert_eq!(!marked.is_empty(), failing, "{}", folder.display());
        for finding in &findings {
            assert!(!finding.location.text().is_empty(), "{finding:?}");
            assert!(!finding.message.ends_with('.') && finding.help.is_some(), "{finding:?}");
            let about_schema = finding.location.path().ends_with("schema");
            let about_policy = finding.policy.is_some() && finding.subject.is_some();
            assert!(finding.store.is_some() && (about_policy || about_schema), "{finding:?}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_page() {
    for rule in metadata() {
        assert!(rule.page.lines().count() > 10, "docs/rules/{}.md", rule.id);
        assert!(!rule.page.starts_with('#'), "docs/rules/{}.md: pages have no title", rule.id);
    }
}

/// The code of the blocks of `kind` in the part of a page that is called `part`, put together.
fn blocks(page: &str, part: &str, kind: &str) -> String {
    let mut code = String::new();
    let (mut here, mut within) = (false, false);
    for line in page.lines() {
        match line.strip_prefix("## ") {
            Some(title) => here = title == part,
            None if line.starts_with("```") => within = line == format!("```{kind}"),
            None if here && within => {
                code.push_str(line);
                code.push('\n');
            }
            None => {}
        }
    }
    code
}

/// Pages whose code is about something that a page cannot show: two files, entities, links, or what is read.
const SHOWN_ELSEWHERE: [&str; 4] = ["stale-link", "one-policy-per-file", "unused-template", "drifted-copy"];

#[test]
fn what_a_page_warns_of_is_found_and_what_it_recommends_is_not() {
    let mut wrong = Vec::new();
    let mut looked = 0;
    for rule in lint_rules().filter(|rule| !SHOWN_ELSEWHERE.contains(&rule.meta.id)) {
        let id = rule.meta.id;
        let schema = blocks(rule.meta.page, "Avoid", "cedarschema");
        if schema.is_empty() && !matches!(rule.check, Check::Text(_)) {
            continue;
        }
        looked += 1;
        for (part, expected) in [("Avoid", true), ("Prefer", false)] {
            let policies = blocks(rule.meta.page, part, "cedar");
            let mut files = vec![("p.cedar", policies.as_str())];
            files.extend((!schema.is_empty()).then_some(("app.cedarschema", schema.as_str())));
            let repo = load(&Memory::new(files), &Config::default(), &Request::default()).unwrap();
            assert!(repo.findings.is_empty(), "{id} {part}: {:#?}", repo.findings);
            let mut config = Config::default();
            if rule.meta.level.is_none() {
                config.rules.insert(id, Some(Level::Note));
            }
            let only: &[&str] = &[id];
            let options = Options { only: Some(only), today: TODAY, ..Options::default() };
            let found = polcheck::lint::run(&repo, &config, options).findings;
            if found.is_empty() == expected {
                wrong.push(format!("{id}, {part}: {:?}", self::found(&found)));
            }
        }
    }
    assert!(looked > 10 && wrong.is_empty(), "{wrong:#?}");
}

/// A rule is a file, a line in the list of its folder, a page and a folder of fixtures: nothing else lists rules.
#[test]
fn the_catalogue_is_the_only_list() {
    let ids: BTreeSet<_> = lint_rules().map(|rule| rule.meta.id.to_owned()).collect();
    assert_eq!(ids.len(), lint_rules().count(), "an id stands twice");
    for (folder, basis) in [("rules", Basis::Text), ("proofs", Basis::Symbolic)] {
        let sources = std::fs::read_dir(root().join("src/lint").join(folder)).unwrap();
        let with_rule = sources.filter_map(|entry| {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            text.contains("RULE: LintRule").then(|| path.file_stem().unwrap().to_str().unwrap().replace('_', "-"))
        });
        let listed = lint_rules().filter(|rule| rule.meta.basis == basis).map(|rule| rule.meta.id.to_owned());
        assert_eq!(with_rule.collect::<BTreeSet<_>>(), listed.collect(), "files of src/lint/{folder} and their list");
    }
    for rule in lint_rules() {
        let basis = if matches!(rule.check, Check::Proof(_)) { Basis::Symbolic } else { Basis::Text };
        assert_eq!(rule.meta.basis, basis, "{}", rule.meta.id);
    }
    for entry in walk(&root().join("src")) {
        let text = std::fs::read_to_string(&entry).unwrap();
        let own = ["lint/rules", "lint/proofs"].iter().any(|folder| entry.parent().unwrap().ends_with(folder));
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        let named = ids.iter().filter(|id| code.contains(&format!("\"{id}\""))).count();
        let test = code.contains("#[cfg(test)]") || entry.to_str().unwrap().ends_with("tests.rs");
        assert!(own || test || named < 2, "{} lists rules", entry.display());
    }
    let catalogue = Catalogue::new(metadata());
    assert!(metadata().all(|rule| catalogue.get(rule.id) == Some(rule)));
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn configuration_sets_levels_and_only_chooses_rules() {
    let repo = read(&root().join("fixtures/rules/placeholder/fail"));
    let mut config = Config::default();
    config.rules.insert("placeholder", Some(Level::Note));
    assert!(run(&repo, &config, None).iter().all(|finding| finding.level == Level::Note));
    config.rules.insert("placeholder", None);
    assert!(run(&repo, &config, Some(&["placeholder"])).is_empty());
    assert!(run(&repo, &Config::default(), Some(&["duplicate-id"])).is_empty());
    assert_eq!(run(&repo, &Config::default(), None), run(&repo, &Config::default(), None));
}

fn levels(files: &[(&str, &str)], config: &Config) -> Vec<Level> {
    let repo = load(&Memory::new(files.iter().copied()), config, &Request::default()).unwrap();
    run(&repo, config, None).iter().map(|finding| finding.level).collect()
}

#[test]
fn one_id_in_two_files_of_a_store_is_an_error_and_in_two_stores_is_none() {
    const OLD: &str = "@id(\"a\") permit (principal in Team::\"t\", action, resource);";
    const NEW: &str = "@id(\"a\") forbid (principal in Team::\"u\", action, resource);";
    let files = [("p.cedar", OLD), ("q.cedar", NEW)];
    assert_eq!(levels(&files, &Config::default()), [Level::Error]);
    let toml = "store = [{ name = \"s\", policies = \"p.cedar\" }, { name = \"t\", policies = \"q.cedar\" }]";
    let catalogue = Catalogue::new(metadata());
    let (config, findings) = config::load(&SourceFile::new("polcheck.toml", toml), &catalogue);
    assert!(findings.is_empty(), "{findings:?}");
    assert_eq!(levels(&files, &config), []);
}

/// Repositories that are known to be healthy: no rule has anything to say there, but what comes of versions of one
/// policy file that some of them keep side by side, and what `analysis_corpora.rs` states of them.
const HEALTHY: [&str; 7] = [
    "cedar-examples",
    "cedar-cli-sample-data/sandbox_a",
    "cedar-cli-sample-data/sandbox_b",
    "cedar-cli-sample-data/sandbox_c",
    "k8s",
    "authorization-for-expressjs",
    "cedar-for-agents",
];

#[test]
fn healthy_repositories_are_quiet() {
    let Some(corpora) = std::env::var_os("POLCHECK_CORPORA").map(PathBuf::from) else {
        println!("skipped: POLCHECK_CORPORA is not set");
        return;
    };
    let mut loud = Vec::new();
    for entry in std::fs::read_dir(&corpora).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let repo = read(&path);
        println!("{name}: {} policies", repo.stores.iter().map(|store| store.policies.len()).sum::<usize>());
        for finding in run(&repo, &Config::default(), None) {
            let place = format!("{name}/{}", finding.location.label());
            let line = format!("{place} {} {}: {}", finding.level.as_str(), finding.rule, finding.message);
            println!("  {line}\n    {:?}", finding.help);
            let healthy = HEALTHY.iter().any(|folder| place.starts_with(&format!("{folder}/")));
            let elsewhere = finding.related.iter().any(|place| place.location.path() != finding.location.path());
            let versions = ["duplicate-id", "shadowed-permit", "shadowed-forbid"].contains(&finding.rule) && elsewhere;
            let known = [
                ("shadowed-permit", "k8s/policies/non-resource-url"),
                ("never-matches", "cedar-cli-sample-data/sandbox_c/policies_edited"),
                ("forbid-can-error", "cedar-cli-sample-data/sandbox_b/policies_5_bad"),
            ];
            let known = known.iter().any(|(rule, at)| finding.rule == *rule && place.starts_with(at));
            if healthy && !versions && !known && finding.level != Level::Note {
                loud.push(line);
            }
        }
    }
    assert!(loud.is_empty(), "{loud:#?}");
}

/// Every operator with every kind of literal operand: the rule says that it errors exactly when Cedar's evaluator does.
#[test]
fn type_errors_are_those_of_cedars_evaluator() {
    let values = [
        "true",
        "1",
        "\"a\"",
        "User::\"a\"",
        "[1]",
        "[User::\"a\"]",
        "[]",
        "[User::\"a\", \"b\"]",
        "{a: 1}",
        "decimal(\"1.0\")",
        "ip(\"127.0.0.1\")",
        "datetime(\"2026-01-01\")",
        "duration(\"1h\")",
        "principal",
        "action",
        "context",
        "(1 == 2)",
        "(1 + 2)",
        "(if true then \"x\" else \"y\")",
    ];
    let unary = ["!X", "-X", "X.isEmpty()", "X like \"a\"", "X is User", "X has a", "if X then true else false"];
    let calls = ["X.isIpv4()", "X.toDate()", "X.toTime()", "X.toDays()", "true && X", "false || X"];
    let binary = ["==", "!=", "<", "<=", ">", ">=", "+", "-", "in"];
    let methods = [
        "contains",
        "containsAll",
        "containsAny",
        "hasTag",
        "isInRange",
        "lessThan",
        "greaterThanOrEqual",
        "offset",
        "durationSince",
    ];
    let mut expressions = Vec::new();
    for x in values {
        expressions.extend(unary.iter().chain(&calls).map(|form| form.replace('X', &format!("({x})"))));
        for y in values {
            expressions.extend(binary.iter().map(|op| format!("({x}) {op} ({y})")));
            expressions.extend(methods.iter().map(|method| format!("({x}).{method}({y})")));
        }
    }
    let policy = |expression: &str| format!("permit (principal, action, resource) when {{ [{expression}] != [] }};");
    let mut wrong = Vec::new();
    let request = cedar_policy::Request::new(
        "User::\"a\"".parse().unwrap(),
        "Action::\"a\"".parse().unwrap(),
        "User::\"b\"".parse().unwrap(),
        cedar_policy::Context::empty(),
        None,
    );
    let request = request.unwrap();
    let mut evaluated = 0;
    for expression in &expressions {
        let text = policy(expression);
        let Ok(set) = text.parse::<cedar_policy::PolicySet>() else { continue };
        evaluated += 1;
        let entities = cedar_policy::Entities::empty();
        let response = cedar_policy::Authorizer::new().is_authorized(&request, &set, &entities);
        let errs = response.diagnostics().errors().next().is_some();
        let memory = Memory::new([("a.cedar", text)]);
        let repo = load(&memory, &Config::default(), &Request::default()).unwrap();
        let says = !run(&repo, &Config::default(), Some(&["type-error-in-condition"])).is_empty();
        if errs != says {
            wrong.push(format!("{expression}: Cedar {errs}, rule {says}"));
        }
    }
    assert!(evaluated > 5000, "{evaluated}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
