//! `polcheck test --from-log`: rows made of recorded decisions.

use std::path::Path;

use crate::common::{json, run, write};

const SCHEMA: &str = "entity Team;\nentity User in [Team] { email: String, phone: Long, ip: ipaddr };\n\
    entity Doc { owner: User, title: String };\n\
    action view, edit appliesTo { principal: User, resource: Doc, context: { from: ipaddr, amount: Long, note: String } };\n";

const POLICIES: &str = "@id(\"owner\") permit (principal, action, resource) when { resource.owner == principal };\n\
    @id(\"staff\") permit (principal in Team::\"staff\", action == Action::\"view\", resource) when { context.amount < 100 };\n\
    @id(\"office\") forbid (principal, action == Action::\"edit\", resource) unless { context.from.isInRange(ip(\"10.0.0.0/8\")) };\n\
    @id(\"corp\") forbid (principal, action, resource) unless { principal.email like \"*@corp.example\" };\n";

fn repository(dir: &Path) {
    let user = |name: &str, team: &str, mail: &str| {
        format!(
            "{{\"uid\": {{\"type\": \"User\", \"id\": \"{name}\"}}, \"attrs\": {{\"email\": \"{name}@{mail}\", \"phone\": 5550123, \
             \"ip\": \"10.1.2.3\"}}, \"parents\": [{{\"type\": \"Team\", \"id\": \"{team}\"}}]}}"
        )
    };
    let doc = |name: &str, owner: &str| {
        format!(
            "{{\"uid\": {{\"type\": \"Doc\", \"id\": \"{name}\"}}, \"attrs\": {{\"owner\": {{\"type\": \"User\", \"id\": \
             \"{owner}\"}}, \"title\": \"merger of {owner}\"}}, \"parents\": []}}"
        )
    };
    let entities = [
        user("hildegard", "staff", "corp.example"),
        user("barnaby", "guests", "corp.example"),
        user("mallory", "staff", "evil.example"),
        doc("takeover", "barnaby"),
        doc("salaries", "hildegard"),
    ];
    let team = "{\"uid\": {\"type\": \"Team\", \"id\": \"staff\"}, \"attrs\": {}, \"parents\": []}, {\"uid\": {\"type\": \"Team\", \
                \"id\": \"guests\"}, \"attrs\": {}, \"parents\": []}";
    let entities = format!("[{}, {team}]", entities.join(", "));
    write(dir, &[("app.cedarschema", SCHEMA), ("policies.cedar", POLICIES), ("entities.json", &entities)]);
    let mut log = String::new();
    for (who, what, on, from, amount, decision) in [
        ("hildegard", "view", "takeover", "10.9.8.7", 50, "allow"),
        ("hildegard", "view", "takeover", "10.9.8.6", 51, "allow"),
        ("hildegard", "view", "takeover", "10.9.8.7", 500, "deny"),
        ("barnaby", "view", "takeover", "172.16.5.4", 4321, "allow"),
        ("barnaby", "edit", "takeover", "172.16.5.4", 1, "deny"),
        ("barnaby", "edit", "takeover", "10.9.8.7", 1, "allow"),
        ("mallory", "view", "takeover", "10.9.8.7", 1, "deny"),
    ] {
        for _ in 0..3 {
            log.push_str(&format!(
                "{{\"principal\": \"User::\\\"{who}\\\"\", \"action\": \"Action::\\\"{what}\\\"\", \"resource\": \
                 \"Doc::\\\"{on}\\\"\", \"context\": {{\"from\": \"{from}\", \"amount\": {amount}, \"note\": \"call {who}\"}}, \
                 \"decision\": \"{decision}\"}}\n"
            ));
        }
    }
    write(dir, &[("log.jsonl", &log)]);
}

/// What is in nobody's policies and could tell who it was.
const PRIVATE: [&str; 12] = [
    "hildegard",
    "barnaby",
    "mallory",
    "takeover",
    "salaries",
    "merger",
    "10.9.8",
    "172.16",
    "10.1.2.3",
    "5550123",
    "4321",
    "evil.example",
];

#[test]
fn each_class_of_requests_becomes_a_row_that_holds_and_names_nobody() {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path());
    let made = run(dir.path(), &["test", "--from-log", "log.jsonl", "--suggest", "recorded_test.yaml"]);
    assert_eq!(made.code, 0, "{}{}", made.stdout, made.stderr);
    let table = std::fs::read_to_string(dir.path().join("recorded_test.yaml")).unwrap();
    for private in PRIVATE {
        assert!(!table.contains(private), "{private}:\n{table}");
    }
    let (report, code) = json(dir.path(), &["test"]);
    assert_eq!(code, 0, "{report:#}\n{table}");
    // Policies do not tell the two smaller amounts apart.
    assert_eq!(report["summary"]["tests"]["pass"], 6, "{table}");
    assert!(table.contains("'staff'") && table.contains("'User::\"user-1\"'"), "{table}");
    // A policy that is changed is noticed.
    write(dir.path(), &[("policies.cedar", &POLICIES.replace("context.amount < 100", "context.amount < 0"))]);
    let (report, code) = json(dir.path(), &["test"]);
    assert_eq!((code, &report["summary"]["tests"]["fail"]), (1, &1.into()), "{report:#}");
}

#[test]
fn names_stay_where_somebody_asks_for_them() {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path());
    let printed = run(dir.path(), &["test", "--from-log", "log.jsonl", "--keep-names"]);
    assert_eq!(printed.code, 0, "{}", printed.stderr);
    assert!(printed.stdout.contains("hildegard") && printed.stdout.contains("barnaby"), "{}", printed.stdout);
    write(dir.path(), &[("kept_test.yaml", &printed.stdout)]);
    let (report, code) = json(dir.path(), &["test"]);
    assert_eq!((code, &report["summary"]["tests"]["pass"]), (0, &6.into()), "{report:#}\n{}", printed.stdout);
}

/// A recorded decision that is not the one of these policies is a row that fails, and that is said.
#[test]
fn a_decision_that_differs_is_said() {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path());
    write(dir.path(), &[("policies.cedar", &POLICIES.replace("context.amount < 100", "context.amount < 0"))]);
    let made = run(dir.path(), &["test", "--from-log", "log.jsonl", "--suggest", "recorded_test.yaml"]);
    assert!(made.stdout.contains("1 class of requests are decided otherwise than recorded"), "{}", made.stdout);
    let (report, code) = json(dir.path(), &["test"]);
    assert_eq!((code, &report["summary"]["tests"]["fail"]), (1, &1.into()), "{report:#}");
}
