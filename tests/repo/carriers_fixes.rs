//! Fixes in carriers: written as the carrier writes, or not made.

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{json as run_json, write};

const SCHEMA: &str =
    "entity User { team: String };\nentity Doc;\naction view appliesTo { principal: User, resource: Doc };\n";
const POLICY: &str =
    "permit (principal, action == Action::\"view\", resource)\nwhen { true && principal.team == \"red\" };\n";

fn fixed(path: &str, text: &str) -> (String, Value) {
    let dir = TempDir::new().unwrap();
    write(dir.path(), &[("app.cedarschema", SCHEMA), (path, text)]);
    let (report, _) = run_json(dir.path(), &["lint", "--fix"]);
    (std::fs::read_to_string(dir.path().join(path)).unwrap(), report)
}

fn indented(by: usize) -> String {
    POLICY.lines().map(|line| format!("{}{line}\n", " ".repeat(by))).collect()
}

#[test]
fn a_fix_is_written_as_its_carrier_writes() {
    let quoted = Value::from(POLICY).to_string();
    let heredoc = format!(
        "resource \"aws_verifiedpermissions_policy_template\" \"t\" {{\n  policy_store_id = var.s\n  statement = <<-EOT\n{}  EOT\n}}\n",
        indented(4)
    );
    for (path, text) in [
        ("p.json", format!("{{\"static\": {{\"statement\": {quoted}}}}}\n")),
        (
            "k.yaml",
            format!(
                "apiVersion: cedar.k8s.aws/v1\nkind: Policy\nmetadata: {{ name: a }}\nspec:\n  content: |\n{}",
                indented(4)
            ),
        ),
        (
            "crlf.yaml",
            format!(
                "apiVersion: cedar.k8s.aws/v1\nkind: Policy\nmetadata: {{ name: a }}\nspec:\n  content: |\n{}",
                indented(4)
            )
            .replace('\n', "\r\n"),
        ),
        (
            "t.yaml",
            format!(
                "Resources:\n  P:\n    Type: AWS::VerifiedPermissions::PolicyTemplate\n    Properties:\n      Statement: {quoted}\n"
            ),
        ),
        ("main.tf", heredoc),
    ] {
        let (after, report) = fixed(path, &text);
        assert_eq!(after, text.replace("true && ", ""), "{path}: {report:#}");
        assert_eq!(report["fixes"][0]["status"], "applied", "{report:#}");
    }
}

#[test]
fn what_is_not_sure_is_left_alone() {
    use base64::Engine;
    let encoded = base64::prelude::BASE64_STANDARD.encode(POLICY);
    let template = POLICY.replace("\"red\"", "\"${team}\"");
    for (path, text) in [
        ("s.json", format!("{{\"policy_stores\": {{\"s\": {{\"policies\": {{\"p\": {{\"policy_content\": \"{encoded}\"}}}}}}}}}}")),
        ("a.json", format!("[{{\"id\": \"a\", \"content\": {}}}]", Value::from(template.as_str()))),
        // Nothing would be left of it.
        ("b.json", "[{\"id\": \"a\", \"content\": \"permit (principal, action == Action::\\\"view\\\", resource) when { false };\"}]".to_owned()),
    ] {
        let (after, report) = fixed(path, &text);
        assert_eq!(after, text, "{path}: {report:#}");
    }
}

/// The kind: a link that a carrier declares, of which the edit of a text that nobody wrote would be left.
#[test]
fn a_link_that_a_carrier_declares_is_left_with_a_reason() {
    let template = POLICY.replace("principal,", "principal == ?principal,");
    let text = format!(
        "resource \"aws_verifiedpermissions_policy_store\" \"s\" {{
  validation_settings {{
    mode = \"OFF\"
  }}
}}
resource \"aws_verifiedpermissions_policy_template\" \"t\" {{
  policy_store_id = aws_verifiedpermissions_policy_store.s.id
  statement = <<-EOT
{}  EOT
}}
resource \"aws_verifiedpermissions_policy\" \"all\" {{
  policy_store_id = aws_verifiedpermissions_policy_store.s.id
  definition {{
    static {{
      statement = \"permit (principal, action == Action::\\\"view\\\", resource);\"
    }}
  }}
}}
resource \"aws_verifiedpermissions_policy\" \"l\" {{
  policy_store_id = aws_verifiedpermissions_policy_store.s.id
  definition {{
    template_linked {{
      policy_template_id = aws_verifiedpermissions_policy_template.t.policy_template_id
      principal {{
        entity_type = \"User\"
        entity_id = \"a\"
      }}
    }}
  }}
}}
",
        template.lines().map(|line| format!("    {line}\n")).collect::<String>()
    );
    let (after, report) = fixed("main.tf", &text);
    assert_eq!(after, text.replace("true && ", ""), "{report:#}");
    let fixes = report["fixes"].as_array().unwrap();
    let left = fixes.iter().find(|fix| fix["what"] == "remove this link").unwrap();
    assert_eq!(left["status"], "refused");
    assert_eq!(left["why"], "another tool's file would be left with an empty one: take out what declares it there");
}
