//! Carriers as they are met in the repositories of others: broken ones, copies, schemas that are included, lists.
//!
//! The kind of fault: what holds policies is passed over in silence, or counts twice.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::{json as run_json, rules, write};

const POLICY: &str = "permit (principal == User::\"ann\", action == Action::\"view\", resource);";
const FORBID: &str = "forbid (principal, action, resource == Doc::\"secret\");";
const SCHEMA: &str = "entity User;\nentity Doc;\naction view appliesTo { principal: User, resource: Doc };\n";

fn check(files: &[(&str, &str)]) -> (Value, i32) {
    let dir = TempDir::new().unwrap();
    write(dir.path(), files);
    run_json(dir.path(), &["check"])
}

fn kinds(report: &Value) -> Vec<&str> {
    report["notices"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect()
}

fn resource(name: &str, statement: &str, more: &str) -> String {
    format!(
        "resource \"aws_verifiedpermissions_policy\" \"{name}\" {{\n  policy_store_id = aws_verifiedpermissions_policy_store.s.id\n{more}  \
         definition {{\n    static {{\n      statement = {statement}\n    }}\n  }}\n}}\n"
    )
}

#[test]
fn a_carrier_that_is_broken_is_not_passed_over_because_other_policies_are_there() {
    let statement = Value::from(POLICY);
    for (path, text) in [
        ("policies.json", format!("[{{\"id\": \"a\", \"content\": {statement}}},]")),
        ("p.json", format!("{{\"static\": {{\"statement\": {statement},}}}}")),
        (
            "p.json",
            format!(
                "{{ // as we had it\n\"policyStoreId\": \"a\", \"definition\": {{\"static\": {{\"statement\": {statement}}}}}}}"
            ),
        ),
        ("p.yaml", format!("static:\n\tstatement: {POLICY}\n")),
    ] {
        let (report, code) = check(&[("a.cedar", FORBID), (path, &text)]);
        assert_eq!(code, 4, "{text}\n{report:#}");
        assert!(kinds(&report).contains(&"unresolved"), "{text}\n{report:#}");
    }
    // What is broken and holds no policy is nothing of ours.
    for (path, text) in [
        ("tsconfig.json", "{ // x\n \"static\": \"statement\", }"),
        ("posts.json", "[{\"id\": 1, \"content\": \"we permit dogs\"},]"),
    ] {
        let (report, code) = check(&[("a.cedar", FORBID), (path, text)]);
        assert_eq!((code, kinds(&report).contains(&"unresolved")), (0, false), "{text}\n{report:#}");
    }
}

#[test]
fn what_stands_beside_policies_in_a_list_is_not_passed_over() {
    let one = |statement: Value| json!({ "definition": { "static": { "statement": statement } } });
    let list = json!({ "policies": [one(POLICY.into()), one("prmit (principal, action, resource);".into())] });
    let (report, code) = check(&[("list.json", &list.to_string())]);
    assert_eq!((code, rules(&report)), (1, vec!["syntax-error"]), "{report:#}");
    let list = json!({ "policies": [one(POLICY.into()), one(json!(["x"]))] });
    assert_eq!(check(&[("list.json", &list.to_string())]).1, 4);
    let agent = json!([{ "id": "a", "content": POLICY, "description": "who looks" }]);
    let (report, _) = check(&[("a.cedar", FORBID), ("policies.json", &agent.to_string())]);
    assert_eq!(report["summary"]["policies"], 2, "{report:#}");
    let list = "apiVersion: cedar.k8s.aws/v1alpha1\nkind: PolicyList\nitems:\n- apiVersion: cedar.k8s.aws/v1alpha1\n  kind: Policy\n  metadata: { name: a }\n  spec: { content: 'forbid (principal, action, resource == Doc::\"x\");' }\n";
    let (report, _) = check(&[("p.yaml", list)]);
    assert_eq!(report["summary"]["policies"], 1, "{report:#}");
}

#[test]
fn a_schema_that_a_carrier_takes_from_a_file_is_used() {
    let schema = json!({ "": { "entityTypes": { "User": {}, "Doc": {} },
        "actions": { "view": { "appliesTo": { "principalTypes": ["User"], "resourceTypes": ["Doc"] } } } } });
    let schema = schema.to_string();
    for value in
        ["file(\"${path.module}/schema.json\")", "jsonencode(jsondecode(file(\"${path.module}/schema.json\")))"]
    {
        let tf = format!(
            "resource \"aws_verifiedpermissions_schema\" \"s\" {{\n  policy_store_id = aws_verifiedpermissions_policy_store.s.id\n  \
             definition {{\n    value = {value}\n  }}\n}}\n{}",
            resource("a", "file(\"${path.module}/a.cedar\")", "")
        );
        let (report, code) = check(&[("main.tf", &tf), ("schema.json", &schema), ("a.cedar", POLICY)]);
        assert_eq!((code, rules(&report)), (0, Vec::<&str>::new()), "{value}: {report:#}");
        let (report, _) =
            check(&[("main.tf", &tf), ("schema.json", &schema), ("a.cedar", &POLICY.replace("User", "Usr"))]);
        assert_eq!(rules(&report), ["unrecognized-entity-type"], "{value}: {report:#}");
    }
}

#[test]
fn a_policy_that_stands_in_a_file_and_in_a_manifest_counts_once() {
    let object = |name: &str, text: &str| {
        format!(
            "apiVersion: cedar.k8s.aws/v1alpha1\nkind: Policy\nmetadata: {{ name: {name} }}\nspec:\n  content: |\n    {text}\n---\n"
        )
    };
    let other = "forbid (principal, action, resource == Doc::\"other\");";
    let manifest = [object("a", POLICY), object("b", other)].concat();
    let cedar = format!("// who looks\n@id(\"a\")\n{POLICY}\n{FORBID}\n");
    let (report, code) = check(&[("app.cedarschema", SCHEMA), ("p.cedar", &cedar), ("k.yaml", &manifest)]);
    assert_eq!((code, rules(&report)), (0, Vec::<&str>::new()), "{report:#}");
    assert_eq!(report["summary"]["policies"], 3, "{report:#}");
    // Two manifests that say the same are both deployed.
    let (report, _) =
        check(&[("app.cedarschema", SCHEMA), ("k.yaml", &[object("a", POLICY), object("b", POLICY)].concat())]);
    assert_eq!(rules(&report), ["shadowed-permit"], "{report:#}");
}

#[test]
fn terraform_that_counts_and_replaces() {
    let locals = "locals {\n  ps = [{ st = \"permit (principal == User::\\\"x\\\", action, resource);\" }, { st = \"permit (principal == Usr::\\\"y\\\", action, resource);\" }]\n}\n";
    let tf = resource("d", "local.ps[count.index].st", "  count = length(local.ps)\n") + locals;
    let (report, _) = check(&[("app.cedarschema", SCHEMA), ("main.tf", &tf)]);
    assert_eq!(
        (rules(&report), &report["summary"]["policies"]),
        (vec!["unrecognized-entity-type"], &2.into()),
        "{report:#}"
    );
    let replaced =
        |to: &str| resource("a", &format!("replace(file(\"${{path.module}}/a.cedar\"), \"__WHO__\", {to})"), "");
    let cedar = "permit (principal == __WHO__, action == Action::\"veiw\", resource);";
    let (report, code) =
        check(&[("app.cedarschema", SCHEMA), ("main.tf", &replaced("\"User::\\\"ann\\\"\"")), ("a.cedar", cedar)]);
    assert_eq!((code, rules(&report)), (1, vec!["unrecognized-action"]), "{report:#}");
    let place = &report["findings"][0]["location"];
    let offset = place["offset"].as_u64().unwrap() as usize;
    assert_eq!(
        (place["path"].as_str(), cedar[offset..].starts_with("Action::\"veiw\"")),
        (Some("a.cedar"), true),
        "{report:#}"
    );
    let (report, code) = check(&[("app.cedarschema", SCHEMA), ("main.tf", &replaced("var.who")), ("a.cedar", cedar)]);
    assert_eq!((code, report["notices"][0]["location"]["path"].as_str()), (4, Some("a.cedar")), "{report:#}");
}

#[test]
fn templates_that_name_a_store_of_another_stack_in_yaml_and_json_are_of_one() {
    let yaml = "Resources:\n  A:\n    Type: AWS::VerifiedPermissions::Policy\n    Properties:\n      PolicyStoreId: !ImportValue store\n      Definition: { Static: { Statement: 'permit (principal == User::\"ann\", action, resource);' } }\n";
    let of = |store: Value| {
        json!({ "Resources": { "B": { "Type": "AWS::VerifiedPermissions::Policy", "Properties": {
        "PolicyStoreId": store, "Definition": { "Static": { "Statement": FORBID } } } } } })
        .to_string()
    };
    let (report, _) = check(&[("a.yaml", yaml), ("b.json", &of(json!({ "Fn::ImportValue": "store" })))]);
    assert_eq!(report["summary"]["stores"], 1, "{report:#}");
    let (report, _) = check(&[("a.yaml", yaml), ("b.json", &of(json!({ "Fn::ImportValue": "another" })))]);
    assert_eq!(report["summary"]["stores"], 2, "{report:#}");
}
