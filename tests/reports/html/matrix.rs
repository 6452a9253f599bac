//! The permission matrix: what stands in it is what the engine and the comparison say.

use std::collections::BTreeMap;

use serde_json::Value;
use tempfile::TempDir;

use super::store::{SCHEMA, everything, large, page};
use crate::common::{git, run, write};

/// The cells of the first matrix by action and principal: what is allowed before and now, and what changed.
fn cells(report: &Value) -> BTreeMap<(String, String), [String; 3]> {
    let matrix = &report["matrix"][0];
    let mut found = BTreeMap::new();
    for row in matrix["rows"].as_array().unwrap() {
        for (names, cell) in matrix["principals"].as_array().unwrap().iter().zip(row["cells"].as_array().unwrap()) {
            for (action, name) in
                row["actions"].as_array().unwrap().iter().flat_map(|action| {
                    names.as_array().unwrap().iter().map(move |name| (action.as_str().unwrap(), name))
                })
            {
                let group = match (name["group"].as_str(), name["no_group"] == true) {
                    (Some(group), _) => format!(" in {group}"),
                    (None, true) => " in none".to_owned(),
                    (None, false) => String::new(),
                };
                let said = |key: &str| cell[key].as_str().unwrap_or("-").to_owned();
                found.insert(
                    (
                        action.replace("Action::", "").replace('"', ""),
                        format!("{}{group}", name["type"].as_str().unwrap()),
                    ),
                    [said("before"), said("now"), said("relation")],
                );
            }
        }
    }
    found
}

fn cell<'c>(cells: &'c BTreeMap<(String, String), [String; 3]>, action: &str, principal: &str) -> [&'c str; 3] {
    let found = cells.get(&(action.to_owned(), principal.to_owned()));
    found.unwrap_or_else(|| panic!("{action} {principal}: {cells:?}")).each_ref().map(String::as_str)
}

#[test]
fn cells_say_what_is_proved() {
    let dir = TempDir::new().unwrap();
    let policies = r#"@id("all") permit (principal is Service, action == Action::"export", resource);
@id("some") permit (principal in Role::"admin", action == Action::"view", resource is Report) when { context.mfa };
@id("none") permit (principal is User, action == Action::"edit", resource) when { principal.level > 3 && principal.level < 2 };
@id("no") forbid (principal, action == Action::"view", resource) when { context has zone && context.zone == "out" };
"#;
    write(dir.path(), &[("app.cedarschema", SCHEMA), ("a.cedar", policies)]);
    let report = page(dir.path(), &[]).2;
    let cells = cells(&report);
    assert_eq!(cell(&cells, "export", "Service"), ["-", "always", "-"]);
    assert_eq!(cell(&cells, "export", "User"), ["-", "never", "-"]);
    assert_eq!(cell(&cells, "edit", "User"), ["-", "never", "-"]);
    assert_eq!(cell(&cells, "view", "User"), ["-", "sometimes", "-"]);
    assert_eq!(cell(&cells, "view", "User in Role::\"admin\""), ["-", "sometimes", "-"]);
    assert_eq!(cell(&cells, "view", "User in none"), ["-", "never", "-"]);
    assert_eq!(cell(&cells, "view", "Service"), ["-", "never", "-"]);
    // No request is made for an edit by a service.
    assert_eq!(cell(&cells, "edit", "Service"), ["-", "-", "-"]);
    let matrix = &report["matrix"][0];
    let rows = matrix["rows"].as_array().unwrap();
    // Everything is the same of two actions, so that they share a row.
    assert!(rows.iter().any(|row| row["actions"] == serde_json::json!(["Action::\"edit\"", "Action::\"share\""])));
    let view = rows.iter().find(|row| row["actions"][0] == "Action::\"view\"").unwrap();
    let parts: Vec<&Value> =
        view["cells"].as_array().unwrap().iter().flat_map(|cell| cell["resources"].as_array().unwrap()).collect();
    let report =
        parts.iter().find(|part| part["resource"] == "Report" && part["now"]["allowed"] == "sometimes").unwrap();
    assert_eq!(report["allowed_by"], serde_json::json!(["a.cedar#some"]));
    assert_eq!(report["refused_by"], serde_json::json!(["a.cedar#no"]));
    assert_eq!(report["asks"], serde_json::json!(["context.mfa", "context.zone", "principal in Role::\"admin\""]));
    assert!(parts.iter().filter(|part| part["resource"] == "Document").all(|part| part["now"]["allowed"] == "never"));
}

#[test]
fn what_changed_is_what_the_comparison_found() {
    let dir = everything();
    let report = page(dir.path(), &["--against", "main"]).2;
    let cells = cells(&report);
    assert_eq!(cell(&cells, "export", "Service"), ["never", "always", "gained"]);
    assert_eq!(cell(&cells, "share", "User")[2], "gained");
    assert_eq!(cell(&cells, "export", "User"), ["sometimes", "never", "lost"]);
    assert_eq!(cell(&cells, "export", "User in Role::\"admin\""), ["sometimes", "never", "lost"]);
    assert_eq!(cell(&cells, "edit", "User"), ["sometimes", "sometimes", "same"]);
    let mut of_types: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for change in report["changes"].as_array().unwrap() {
        let environment = &change["environment"];
        let key = [&environment["action"], &environment["principal"]]
            .map(|one| one.as_str().unwrap().replace("Action::", "").replace('"', ""));
        let [action, principal] = key;
        of_types.entry((action, principal)).or_default().push(change["relation"].as_str().unwrap().to_owned());
    }
    for ((action, principal), relations) in of_types {
        let said = cell(&cells, &action, &principal)[2];
        match relations.iter().all(|one| one == "same") {
            true => assert_eq!(said, "same", "{action} {principal}"),
            false => assert!(relations.iter().any(|one| one == said) || said == "both", "{action} {principal}: {said}"),
        }
    }
}

#[test]
fn a_group_changes_only_where_its_members_do() {
    let dir = TempDir::new().unwrap();
    let old = r#"permit (principal in Role::"a", action == Action::"view", resource) when { context.mfa };
permit (principal in Role::"b", action == Action::"view", resource);
forbid (principal in Role::"b", action == Action::"view", resource) when { principal in Role::"a" };
"#;
    write(dir.path(), &[("app.cedarschema", SCHEMA), ("a.cedar", old)]);
    git(dir.path(), &["init", "-q", "-b", "main"]);
    git(dir.path(), &["add", "-A"]);
    git(dir.path(), &["commit", "-q", "-m", "all"]);
    write(dir.path(), &[("a.cedar", &old.replace(" when { context.mfa }", ""))]);
    let cells = cells(&page(dir.path(), &["--against", "main"]).2);
    assert_eq!(cell(&cells, "view", "User")[2], "gained");
    assert_eq!(cell(&cells, "view", "User in Role::\"a\""), ["sometimes", "always", "gained"]);
    assert_eq!(cell(&cells, "view", "User in Role::\"b\""), ["always", "always", "same"]);
    assert_eq!(cell(&cells, "view", "User in none"), ["never", "never", "same"]);
}

#[test]
fn decisions_that_hang_on_the_time_say_so() {
    let dir = everything();
    let report = page(dir.path(), &[]).2;
    let rows = report["matrix"][0]["rows"].as_array().unwrap();
    let edit = rows.iter().find(|row| row["actions"].as_array().unwrap().contains(&"Action::\"edit\"".into())).unwrap();
    let on = edit["hangs_on"]["hangs_on"].as_array().unwrap();
    assert!(on.iter().any(|one| one["attribute"] == "context.now" && one["kind"] == "time"), "{on:?}");
    assert!(!on.iter().any(|one| one["attribute"] == "context.mfa"), "{on:?}");
}

#[test]
fn what_is_not_decided_is_said() {
    let dir = TempDir::new().unwrap();
    write(
        dir.path(),
        &[
            ("a.cedar", "permit (principal == User::\"a\", action == Action::\"v\", resource) when { context.mfa };"),
            ("polcheck.toml", "[schema]\ninferred = \"refuse\"\n"),
        ],
    );
    let (text, _, report) = page(dir.path(), &[]);
    assert_eq!(report["matrix"][0]["why"], "it has no schema");
    assert!(text.contains("not decided</span> who may do what here: it has no schema"));
}

#[test]
fn a_large_matrix_is_folded_and_says_what_it_leaves_out() {
    let dir = large();
    let report = page(dir.path(), &[]).2;
    let matrix = &report["matrix"][0];
    let actions: usize =
        matrix["rows"].as_array().unwrap().iter().map(|row| row["actions"].as_array().unwrap().len()).sum();
    assert_eq!(actions, 60);
    assert_eq!(
        matrix["principals"].as_array().unwrap().iter().map(|names| names.as_array().unwrap().len()).sum::<usize>(),
        9
    );
    assert_eq!(matrix["notes"], serde_json::json!([]));
}

/// What stands beside a change is as it is, and not left out.
#[test]
fn cells_of_the_comment_are_whole() {
    let dir = TempDir::new().unwrap();
    let old = r#"permit (principal is User, action == Action::"view", resource is Report);
permit (principal is User, action == Action::"export", resource);
permit (principal is Service, action == Action::"export", resource) when { context.mfa };
"#;
    write(dir.path(), &[("app.cedarschema", SCHEMA), ("a.cedar", old)]);
    git(dir.path(), &["init", "-q", "-b", "main"]);
    git(dir.path(), &["add", "-A"]);
    git(dir.path(), &["commit", "-q", "-m", "all"]);
    let new = old.replace("resource is Report", "resource").replace(" when { context.mfa }", "");
    write(dir.path(), &[("a.cedar", &new)]);
    let text = run(dir.path(), &["diff", "main", "--report", "markdown"]).stdout;
    let rows: Vec<&str> = text.lines().filter(|line| line.contains('▲') && line.starts_with("| ")).collect();
    assert_eq!(
        rows,
        [
            "| `export` | ▲ gained: under conditions → always | always |",
            "| `view` | never | ▲ gained: under conditions → always |"
        ],
        "{text}"
    );
}

#[test]
fn the_comment_has_what_changed_and_nothing_where_nothing_did() {
    let dir = everything();
    let text = run(dir.path(), &["check", "--against", "main", "--report", "markdown"]).stdout;
    let at = text.find("<details><summary>Who may do what, before and now: ").unwrap_or_else(|| panic!("{text}"));
    let table = &text[at..text[at..].find("</details>").unwrap() + at];
    assert!(
        table.contains("| `export` | ▲ gained: never → always |") || table.contains("▲ gained: never → always"),
        "{table}"
    );
    assert!(table.contains("▼ lost"), "{table}");
    assert!(!table.contains("`edit`"), "{table}");
    git(dir.path(), &["checkout", "-q", "--", "."]);
    let text = run(dir.path(), &["check", "--against", "main", "--report", "markdown"]).stdout;
    assert!(!text.contains("before and now"), "{text}");
}
