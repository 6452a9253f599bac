//! Requests to Amazon Verified Permissions as rows: bodies in folders that say what they get, and recorded answers.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::{json as run_json, write};

const SCHEMA: &str = "namespace App {\nentity Team;\nentity User in [Team] { level: Long };\nentity Doc;\n\
    action view appliesTo { principal: User, resource: Doc, context: { mfa: Bool, from?: __cedar::ipaddr } };\n}\n";
const POLICY: &str = "permit (principal in App::Team::\"t\", action == App::Action::\"view\", resource)\n\
    when { context.mfa && principal.level > 2 };\n";

fn test(files: &[(&str, &Value)]) -> (Value, i32) {
    let dir = TempDir::new().unwrap();
    write(dir.path(), &[("app.cedarschema", SCHEMA), ("p.cedar", POLICY)]);
    for (path, text) in files {
        write(dir.path(), &[(path, &serde_json::to_string_pretty(text).unwrap())]);
    }
    run_json(dir.path(), &["test"])
}

fn entities() -> Value {
    json!({ "entityList": [{ "identifier": { "entityType": "App::User", "entityId": "ann" },
        "attributes": { "level": { "long": 3 } }, "parents": [{ "entityType": "App::Team", "entityId": "t" }] }] })
}

fn request(mfa: bool) -> Value {
    json!({ "principal": { "entityType": "App::User", "entityId": "ann" },
        "action": { "actionType": "App::Action", "actionId": "view" },
        "resource": { "entityType": "App::Doc", "entityId": "d" },
        "context": { "contextMap": { "mfa": { "boolean": mfa }, "from": { "ipaddr": "10.0.0.1" } } } })
}

fn with(mut value: Value, more: Value) -> Value {
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    value
}

fn statuses(report: &Value) -> Vec<(&str, &str)> {
    let rows = report["tests"].as_array().unwrap().iter();
    rows.map(|row| (row["id"].as_str().unwrap(), row["status"].as_str().unwrap())).collect()
}

#[test]
fn a_body_gets_what_its_folder_says() {
    let body = |mfa| with(request(mfa), json!({ "policyStoreId": "ps", "entities": entities() }));
    let (report, code) =
        test(&[("ALLOW/a.json", &body(true)), ("DENY/b.json", &body(false)), ("DENY/c.json", &body(true))]);
    assert_eq!(code, 1, "{report:#}");
    assert_eq!(report["summary"]["tests"]["pass"], 2, "{report:#}");
    let bad: Vec<_> = statuses(&report).into_iter().filter(|(_, status)| *status != "pass").collect();
    assert_eq!(bad, [("DENY/c.json#1", "fail")]);
}

#[test]
fn each_request_of_a_batch_is_a_row_over_its_entities() {
    let batch = json!({ "policyStoreId": "ps", "entities": entities(), "requests": [request(false), request(true)] });
    let (report, code) = test(&[("DENY/batch.json", &batch)]);
    assert_eq!((code, &report["summary"]["tests"]["pass"]), (1, &1.into()), "{report:#}");
    let row = report["tests"].as_array().unwrap().iter().find(|row| row["status"] == "fail").unwrap();
    let text = serde_json::to_string_pretty(&batch).unwrap();
    let offset = row["location"]["offset"].as_u64().unwrap() as usize;
    assert!(offset > text.find("\"requests\"").unwrap() && text[offset..].starts_with('{'), "{row:#}");
}

#[test]
fn what_the_service_answered_is_what_is_expected() {
    let answer = |decision: &str| json!({ "request": request(true), "decision": decision, "determiningPolicies": [], "errors": [] });
    let recorded = json!({ "entities": entities(), "results": [answer("ALLOW"), answer("DENY")] });
    let (report, code) = test(&[("recorded_test.json", &recorded)]);
    let summary = &report["summary"]["tests"];
    assert_eq!((code, &summary["pass"], &summary["fail"]), (1, &1.into(), &1.into()), "{report:#}");
    let list = json!([with(request(true), json!({ "entities": entities(), "decision": "ALLOW" }))]);
    let (report, code) = test(&[("list_test.json", &list)]);
    assert_eq!((code, &report["summary"]["tests"]["pass"]), (0, &1.into()), "{report:#}");
}

#[test]
fn who_asks_with_a_token_is_not_guessed() {
    let mut asked = request(true);
    asked.as_object_mut().unwrap().remove("principal");
    let token = with(asked.clone(), json!({ "policyStoreId": "ps", "identityToken": "e.y.J" }));
    let (report, code) = test(&[("DENY/token.json", &token)]);
    assert_eq!((code, statuses(&report)), (1, vec![("DENY/token.json#1", "error")]), "{report:#}");
    assert!(report["tests"][0]["message"].as_str().unwrap().contains("token"), "{report:#}");
    // A batch is answered with the principal beside it.
    let answered = json!({ "principal": request(true)["principal"], "entities": entities(),
        "results": [{ "request": asked, "decision": "ALLOW" }] });
    let (report, code) = test(&[("answered_test.json", &answered)]);
    assert_eq!((code, &report["summary"]["tests"]["pass"]), (0, &1.into()), "{report:#}");
}

#[test]
fn what_is_wrong_with_a_row_is_its_error() {
    let wrong =
        |key: &str, value: Value| with(with(request(true), json!({ "entities": entities() })), json!({ key: value }));
    for (body, said) in [
        (wrong("principal", json!({ "entityType": "App::User" })), "principal"),
        (wrong("context", json!({ "contextMap": { "mfa": true } })), "not a value"),
        (wrong("entities", json!({ "entityList": {} })), "`entityList` is a list"),
        (wrong("resource", Value::Null), "`resource` is missing"),
    ] {
        let (report, code) = test(&[("ALLOW/x.json", &body)]);
        assert_eq!((code, report["tests"][0]["status"].as_str()), (1, Some("error")), "{report:#}");
        assert!(report["tests"][0]["message"].as_str().unwrap().contains(said), "{said}: {report:#}");
    }
}
