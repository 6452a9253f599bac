//! Policies inside of other tools' files: what docs/carriers.md shows, what is not known, and what changes between
//! revisions.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{diff, git, json, rules, run, write};

const POLICY: &str = "permit (principal == User::\"ann\", action == Action::\"view\", resource);";
const FORBID: &str = "forbid (principal, action, resource == Doc::\"secret\");";
const SCHEMA: &str = "entity User;\nentity Doc;\naction view appliesTo { principal: User, resource: Doc };\n";

fn place(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    write(dir.path(), files);
    dir
}

fn unresolved(report: &Value) -> Vec<String> {
    let notices = report["notices"].as_array().unwrap().iter().filter(|one| one["kind"] == "unresolved");
    notices
        .map(|one| {
            assert_eq!(one["inconclusive"], true);
            format!("{}:{}", one["location"]["path"].as_str().unwrap(), one["location"]["start"]["line"])
        })
        .collect()
}

/// The blocks of the page: what stands behind the fence, and the text.
fn blocks(section: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = section;
    while let Some((_, after)) = rest.split_once("\n```") {
        let (info, body) = after.split_once('\n').unwrap();
        let (text, after) = body.split_once("\n```").unwrap();
        found.push((info, text));
        rest = after;
    }
    found
}

/// Each section of the page has files and a run over them; `POLCHECK_BLESS=1` writes what the runs print.
#[test]
fn the_page_is_what_it_says() {
    let page = std::fs::read_to_string("docs/carriers.md").unwrap();
    let mut blessed = page.clone();
    let mut runs = 0;
    for section in page.split("\n## ").skip(1) {
        let dir = TempDir::new().unwrap();
        for (info, text) in blocks(section) {
            match info.split_once(' ') {
                Some(("console", args)) => {
                    let args: Vec<&str> = args.split(' ').skip(1).collect();
                    let done = run(dir.path(), &args);
                    let shown = format!("{}exit {}", done.stdout.trim_end_matches('\n').to_owned() + "\n", done.code);
                    blessed = blessed.replace(text, &shown);
                    runs += 1;
                }
                Some((_, path)) => write(dir.path(), &[(path, &format!("{text}\n"))]),
                None => {}
            }
        }
    }
    assert!(runs > 5);
    if std::env::var_os("POLCHECK_BLESS").is_some() {
        std::fs::write("docs/carriers.md", blessed).unwrap();
    } else {
        assert_eq!(page, blessed);
    }
}

fn cloudformation(statement: &str) -> String {
    format!(
        "Parameters:\n  Team: {{ Type: String }}\nResources:\n  Read:\n    Type: AWS::VerifiedPermissions::Policy\n    Properties:\n      \
         PolicyStoreId: !Ref Store\n      Definition: {{ Static: {{ Statement: {statement} }} }}\n"
    )
}

fn terraform(statement: &str) -> String {
    format!(
        "resource \"aws_verifiedpermissions_policy\" \"read\" {{\n  policy_store_id = var.store\n  definition {{\n    static {{\n      \
         statement = {statement}\n    }}\n  }}\n}}\n"
    )
}

#[test]
fn what_nobody_can_know_makes_a_run_inconclusive() {
    let cases: Vec<(&str, String, &str)> = vec![
        ("t.yaml", cloudformation("!Ref Statement"), "t.yaml:8"),
        ("t.yaml", cloudformation("!ImportValue Statement"), "t.yaml:8"),
        ("t.yaml", cloudformation("!GetAtt Other.Text"), "t.yaml:8"),
        ("t.yaml", cloudformation("!If [Yes, \"a\", \"b\"]"), "t.yaml:8"),
        ("t.yaml", cloudformation("{ \"Fn::Transform\": x }"), "t.yaml:8"),
        ("t.yaml", cloudformation("!Sub \"permit (principal, action, resource) when { ${Condition} };\""), "t.yaml:8"),
        ("t.yaml", "Resources:\n  S:\n    Type: AWS::VerifiedPermissions::PolicyStore\n    Properties:\n      Schema: { CedarJson: !Ref S }\n".to_owned(), "t.yaml:5"),
        ("t.yaml", cloudformation("\"x\"").replace("{ Static", "[{ Static").replace("\n", "\n\t"), "t.yaml:2"),
        ("t.yaml", cloudformation("!FindInMap [A, !Ref Team, c]"), "t.yaml:8"),
        ("t.yaml", cloudformation("!Select [0, [a, b]]"), "t.yaml:8"),
        ("t.yaml", cloudformation("!Join ['', !Ref Parts]"), "t.yaml:8"),
        ("t.yaml", cloudformation("'permit (principal == User::\"ann\", action, resource);'").replace("    Properties", "    Condition: Live\n    Properties"), "t.yaml:6"),
        ("t.yaml", "Resources:\n  'Fn::ForEach::Each':\n    - Name\n    - [a]\n    - Read${Name}:\n        Type: AWS::VerifiedPermissions::Policy\n".to_owned(), "t.yaml:6"),
        ("t.yaml", cloudformation("x").replace("Static: { Statement: x }", "TemplateLinked: { PolicyTemplateId: !ImportValue t }"), "t.yaml:8"),
        ("t.yaml", cloudformation("x").replace("Static: { Statement: x }", "Other: {}"), "t.yaml:8"),
        ("main.tf", terraform("replace(var.text, \"a\", \"b\")"), "main.tf:5"),
        ("main.tf", terraform("join(\"\", var.parts)"), "main.tf:5"),
        ("main.tf", terraform("base64decode(\"cA==\")"), "main.tf:5"),
        ("main.tf", terraform("\"x\"").replace("  policy_store_id", "  for_each = fileset(var.dir, \"*.cedar\")\n  policy_store_id"), "main.tf:2"),
        ("main.tf", terraform("<<-X\n%{ if var.on }permit (principal, action, resource);%{ endif }\n      X"), "main.tf:5"),
        ("main.tf", terraform("x").replace("  definition {\n    static {\n      statement = x\n    }\n  }\n", "  dynamic \"definition\" {\n    for_each = [1]\n    content {}\n  }\n"), "main.tf:1"),
        ("main.tf", terraform("x").replace("    static {\n      statement = x\n    }\n", "    template_linked {\n      policy_template_id = var.template\n    }\n"), "main.tf:5"),
        ("p.json", "{\"policyStoreId\": \"s\", \"definition\": {\"static\": {\"statement\": [1]}}}".to_owned(), "p.json:1"),
        ("main.tf", terraform("var.statement"), "main.tf:5"),
        ("main.tf", terraform("module.policies.read"), "main.tf:5"),
        ("main.tf", terraform("data.http.policy.response_body"), "main.tf:5"),
        ("main.tf", terraform("file(\"nowhere.cedar\")"), "main.tf:5"),
        ("main.tf", terraform("file(\"../../nowhere.cedar\")"), "main.tf:5"),
        ("main.tf", terraform("file(\"${var.stage}.cedar\")"), "main.tf:5"),
        ("main.tf", terraform("templatefile(\"nowhere.tftpl\", {})"), "main.tf:5"),
        ("main.tf", terraform("var.stage == \"prod\" ? \"a\" : \"b\""), "main.tf:5"),
        ("main.tf", terraform("\"permit (principal, action, resource) when { ${var.condition} };\""), "main.tf:5"),
        ("main.tf", terraform("local.a").replace("resource \"", "locals {\n  a = local.b\n  b = local.a\n}\nresource \""), "main.tf:9"),
        ("main.tf", terraform("\"x\"").replace("  policy_store_id", "  for_each = var.all\n  policy_store_id"), "main.tf:2"),
        ("main.tf", terraform("\"permit (principal == User::\\\"a\\\", action, resource);\"").replace("  policy_store_id", "  count = var.n\n  policy_store_id"), "main.tf:2"),
        ("main.tf", terraform("\"x\" }}}"), "main.tf:5"),
        ("p.yaml", "apiVersion: cedar.k8s.aws/v1alpha1\nkind: Policy\nmetadata: { name: a }\nspec: {}\n".to_owned(), "p.yaml:1"),
        ("p.yaml", "apiVersion: cedar.k8s.aws/v1alpha1\nkind: Policy\nspec:\n  content: |\n{{- if .x }}\n  a\n".to_owned(), "p.yaml:5"),
        ("s.json", "{\"policy_stores\": {\"s\": {\"policies\": {\"p\": {\"policy_content\": \"!!!\"}}}}}".to_owned(), "s.json:1"),
    ];
    for (path, text, at) in cases {
        let dir = place(&[(path, &text)]);
        let (report, code) = json(dir.path(), &["check"]);
        assert_eq!((code, unresolved(&report)), (4, vec![at.to_owned()]), "{text}\n{report:#}");
        // A comparison knows as little.
        git(dir.path(), &["init", "-q"]);
        git(dir.path(), &["add", "."]);
        git(dir.path(), &["commit", "-q", "-m", "base"]);
        let (_, code) = diff(dir.path(), &["HEAD"]);
        assert_eq!(code, 4, "{text}");
    }
}

#[test]
fn other_tools_files_are_left_alone() {
    for (path, text) in [
        ("a.yaml", "Resources:\n  B: { Type: AWS::S3::Bucket }\n# AWS::VerifiedPermissions::Policy\n"),
        ("spec.json", "{\"ResourceTypes\": {\"AWS::VerifiedPermissions::Policy\": {\"statement\": \"permit\"}}}"),
        ("iam.json", "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\"}], \"statement\": \"x\"}"),
        ("posts.json", "[{\"id\": \"1\", \"content\": \"we permit dogs\"}]"),
        ("data.json", "[{\"uid\": 1}]"),
        ("crd.yaml", "kind: CustomResourceDefinition\nspec: { group: cedar.k8s.aws/v1, names: { kind: Policy } }\n"),
        ("store.yaml", "policy_stores: see the docs\npolicy_content: none\n"),
        ("main.tf", "resource \"aws_s3_bucket\" \"aws_verifiedpermissions_policy\" {}\n"),
    ] {
        let dir = place(&[("policies/a.cedar", POLICY), (path, text)]);
        let (report, code) = json(dir.path(), &["check"]);
        assert_eq!((code, report["summary"]["policies"].as_u64()), (0, Some(1)), "{path}: {report:#}");
        assert_eq!((report["summary"]["stores"].as_u64(), unresolved(&report)), (Some(1), vec![]), "{path}");
    }
}

/// Commits `before`, writes `after` in its place, and compares.
fn change(before: &[(&str, &str)], after: &[(&str, &str)]) -> (Value, i32) {
    let dir = place(before);
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-q", "-m", "base"]);
    for (path, _) in before {
        std::fs::remove_file(dir.path().join(path)).unwrap();
    }
    write(dir.path(), after);
    diff(dir.path(), &["HEAD"])
}

fn relations(report: &Value) -> Vec<&str> {
    report["changes"].as_array().unwrap().iter().map(|one| one["relation"].as_str().unwrap()).collect()
}

#[test]
fn a_policy_that_moves_into_a_carrier_changes_nothing() {
    let quoted = |text: &str| Value::String(text.to_owned()).to_string();
    let k8s = format!(
        "apiVersion: cedar.k8s.aws/v1\nkind: Policy\nmetadata: {{ name: a }}\nspec:\n  content: |\n    {POLICY}\n    {FORBID}\n"
    );
    let both = format!("{POLICY}\n{FORBID}\n");
    for (path, text) in [
        ("infra/t.yaml", cloudformation(&quoted(&both))),
        ("infra/main.tf", terraform(&format!("<<-X\n        {POLICY}\n        {FORBID}\n      X"))),
        ("infra/k.yaml", k8s),
        ("infra/p.json", format!("{{\"static\": {{\"statement\": {}}}}}", quoted(&both))),
        ("infra/agent.json", format!("[{{\"id\": \"a\", \"content\": {}}}]", quoted(&both))),
        (
            "infra/map.yaml",
            format!("kind: ConfigMap\nmetadata: {{ name: a }}\ndata:\n  all.cedar: |\n    {POLICY}\n    {FORBID}\n"),
        ),
        (
            "infra/main.tf.json",
            format!(
                "{{\"resource\": {{\"aws_verifiedpermissions_policy\": {{\"a\": {{\"policy_store_id\": \"s\", \"definition\": \
                 {{\"static\": {{\"statement\": {}}}}}}}}}}}}}",
                quoted(&both)
            ),
        ),
        (
            "infra/store.json",
            format!(
                "{{\"policy_stores\": {{\"s\": {{\"policies\": {{\"p\": {{\"policy_content\": {}}}}}}}}}}}",
                quoted(&both)
            ),
        ),
    ] {
        let (report, code) = change(
            &[("app.cedarschema", SCHEMA), ("policies/a.cedar", &both)],
            &[("app.cedarschema", SCHEMA), (path, &text)],
        );
        assert_eq!((relations(&report), code), (vec!["same"], 0), "{path}: {report:#}");
    }
}

#[test]
fn a_forbid_that_is_no_longer_included_is_lost_though_its_file_lies_there() {
    let one = |name: &str| {
        format!(
            "resource \"aws_verifiedpermissions_policy\" \"{name}\" {{\n  policy_store_id = aws_verifiedpermissions_policy_store.s.id\n  \
             definition {{\n    static {{\n      statement = file(\"${{path.module}}/policies/{name}.cedar\")\n    }}\n  }}\n}}\n"
        )
    };
    let base = [("app.cedarschema", SCHEMA), ("policies/read.cedar", POLICY), ("policies/deny.cedar", FORBID)];
    let both = format!("{}{}", one("read"), one("deny"));
    let (report, code) =
        change(&[&base[..], &[("main.tf", &both)]].concat(), &[&base[..], &[("main.tf", &both)]].concat());
    assert_eq!((relations(&report), code), (vec!["same"], 0), "{report:#}");
    let (report, _) =
        change(&[&base[..], &[("main.tf", &both)]].concat(), &[&base[..], &[("main.tf", &one("read"))]].concat());
    assert!(relations(&report).contains(&"gained"), "{report:#}");
}

#[test]
fn a_file_that_a_carrier_includes_counts_once() {
    let tf = "resource \"aws_verifiedpermissions_policy\" \"all\" {\n  for_each        = fileset(\"${path.module}/policies\", \"*.cedar\")\n  \
              policy_store_id = aws_verifiedpermissions_policy_store.s.id\n  definition {\n    static {\n      statement = \
              file(\"${path.module}/policies/${each.value}\")\n    }\n  }\n}\n";
    let dir = place(&[
        ("infra/main.tf", tf),
        ("infra/policies/a.cedar", POLICY),
        ("infra/policies/b.cedar", FORBID),
        ("infra/policies/deep/c.cedar", FORBID),
    ]);
    let (report, code) = json(dir.path(), &["check", "-v"]);
    assert_eq!((code, rules(&report)), (0, vec![]), "{report:#}");
    assert_eq!((&report["summary"]["policies"], &report["summary"]["stores"]), (&3.into(), &2.into()), "{report:#}");
}

#[test]
fn a_suppression_in_a_carrier_works_and_findings_stand_at_its_lines() {
    let wrong = "permit (principal == Usr::\\\"ann\\\", action, resource);";
    let line = |comment: &str| format!("{{\"static\": {{\n  \"statement\": \"{comment}\\n{wrong}\"}}}}\n");
    let dir = place(&[("app.cedarschema", SCHEMA), ("p.json", &line("// see"))]);
    let (report, _) = json(dir.path(), &["check"]);
    let finding = &report["findings"][0];
    assert_eq!(
        (&finding["location"]["path"], &finding["location"]["start"]["line"]),
        (&"p.json".into(), &2.into()),
        "{report:#}"
    );
    let text = line("// see");
    let offset = finding["location"]["offset"].as_u64().unwrap() as usize;
    assert!(text[offset..].starts_with("Usr"), "{finding:#}");
}

#[test]
fn hostile_carriers_are_bounded() {
    let deep = format!("AWS::VerifiedPermissions::\nResources: {}{}", "[".repeat(50_000), "]".repeat(50_000));
    let laughs: String = (1..60).map(|at| format!("a{at}: &a{at} [*a{0}, *a{0}]\n", at - 1)).collect();
    let laughs = format!(
        "a0: &a0 [AWS::VerifiedPermissions::Policy]\n{laughs}Resources: {{ x: *a59, 'Fn::ForEach::y': *a59 }}\n"
    );
    let circle =
        "Resources: &r\n  <<: *r\n  P: { Type: AWS::VerifiedPermissions::Policy, Properties: *r }\n".to_owned();
    let tf =
        format!("# aws_verifiedpermissions_policy\nlocals {{ a = {}1{} }}\n", "[".repeat(20_000), "]".repeat(20_000));
    let locals: String = (1..60).map(|at| format!("  a{at} = [local.a{0}, local.a{0}]\n", at - 1)).collect();
    let locals = format!("locals {{\n  a0 = 1\n{locals}}}\n{}", terraform("join(\"\", local.a59)"));
    let json_deep = format!("{{\"statement\": {}1{}}}", "[".repeat(50_000), "]".repeat(50_000));
    for (path, text) in [
        ("deep.yaml", deep),
        ("laughs.yaml", laughs),
        ("circle.yaml", circle),
        ("deep.tf", tf),
        ("main.tf", locals),
        ("deep.json", json_deep),
    ] {
        let dir = place(&[(path, &text)]);
        let (_, code) = json(dir.path(), &["check"]);
        assert!(matches!(code, 3 | 4), "{path}: {code}");
    }
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("t.yaml"), b"AWS::VerifiedPermissions::Policy \xff\xfe").unwrap();
    let (_, code) = json(Path::new(dir.path()), &["check"]);
    assert_eq!(code, 3);
}
