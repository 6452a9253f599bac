//! Many small stores, each brought by an integration test of its own, in one run: decisions, reasons and errors are
//! those of the plain authorizer.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fmt::Write as _;
use std::path::Path;

use cedar_policy::{AuthorizationError, Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::rng::Rng;
use crate::common::{json, statuses};

/// How many stores, unless `POLCHECK_STORES` says otherwise; the published corpus of this shape has 7,809.
const STORES: usize = 250;
const REQUESTS: usize = 8;

const CONDITIONS: &[&str] = &[
    "context.flag",
    "!context.flag",
    "context has more && context.more == \"x\"",
    "context.count + 9223372036854775807 > 0",
    "context.count < 3 || principal.level > 1",
    "principal has boss && principal.boss == resource",
    "resource in principal",
    "principal in A::\"0\"",
    "[1, 2, context.count].contains(principal.level)",
    "principal.tags.containsAll([\"a\", \"b\"])",
    "ip(\"10.0.0.0/8\").isInRange(ip(\"10.0.0.0/7\"))",
    "principal.boss.level == 0",
    "if context.flag then principal.level == 1 else resource == A::\"1\"",
];

fn store(rng: &mut Rng) -> (String, String, Value) {
    let schema = "entity A in [A] = { level: Long, boss?: A, tags: Set<String> };\n\
                  action \"do\", other appliesTo { principal: A, resource: A, context: { flag: Bool, count: Long, more?: String } };\n";
    let mut policies = String::new();
    for _ in 0..1 + rng.below(4) {
        let effect = if rng.percent(65) { "permit" } else { "forbid" };
        let principal = *rng.pick(&["principal", "principal is A", "principal == A::\"0\"", "principal in A::\"1\""]);
        let action =
            *rng.pick(&["action", "action == Action::\"do\"", "action in [Action::\"do\", Action::\"other\"]"]);
        write!(policies, "{effect}({principal}, {action}, resource)").unwrap();
        for _ in 0..rng.below(3) {
            let word = if rng.percent(70) { "when" } else { "unless" };
            write!(policies, "\n{word} {{ {} }}", rng.pick(CONDITIONS)).unwrap();
        }
        policies.push_str(";\n");
    }
    let count = rng.below(4);
    let entities: Vec<Value> = (0..count)
        .map(|id| {
            // Parents have higher numbers, so that there is no circle.
            let parents: Vec<_> = (id + 1..count).filter(|_| rng.percent(40)).map(uid).collect();
            let mut attrs =
                json!({ "level": rng.below(3), "tags": if rng.percent(50) { json!(["a", "b"]) } else { json!([]) } });
            if rng.percent(40) {
                attrs["boss"] = uid(rng.below(4));
            }
            json!({ "uid": uid(id), "attrs": attrs, "parents": parents })
        })
        .collect();
    (schema.to_owned(), policies, Value::Array(entities))
}

fn uid(id: usize) -> Value {
    json!({ "type": "A", "id": id.to_string() })
}

/// Writes store `number` and gives how many of its requests are allowed, and how many meet an error.
fn write(dir: &Path, number: usize) -> (usize, usize) {
    let mut rng = Rng::new(number as u64);
    let (schema, policies, entities) = store(&mut rng);
    let parsed: cedar_policy::Schema = schema.parse().unwrap();
    let set: PolicySet = policies.parse().unwrap();
    let world = Entities::from_json_value(entities.clone(), Some(&parsed)).unwrap();
    let (mut allowed, mut erring) = (0, 0);
    let requests: Vec<Value> = (0..REQUESTS)
        .map(|at| {
            let (principal, resource) = (uid(rng.below(4)), uid(rng.below(4)));
            let action = json!({ "type": "Action", "id": rng.pick(&["do", "other"]) });
            let mut context = json!({ "flag": rng.percent(50), "count": rng.below(5) });
            if rng.percent(50) {
                context["more"] = json!(rng.pick(&["x", "y"]));
            }
            let entity = |value: &Value| EntityUid::from_json(value.clone()).unwrap();
            let read = Context::from_json_value(context.clone(), None).unwrap();
            let request = Request::new(entity(&principal), entity(&action), entity(&resource), read, Some(&parsed)).unwrap();
            let response = Authorizer::new().is_authorized(&request, &set, &world);
            let reason: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
            let errors: Vec<String> = (response.diagnostics().errors())
                .map(|AuthorizationError::PolicyEvaluationError(error)| error.policy_id().to_string())
                .collect();
            let decision = if response.decision() == Decision::Allow { "allow" } else { "deny" };
            allowed += usize::from(decision == "allow");
            erring += usize::from(!errors.is_empty());
            json!({ "description": format!("Request {at}"), "principal": principal, "action": action, "resource": resource,
                    "context": context, "validateRequest": true, "decision": decision, "reason": reason, "errors": errors })
        })
        .collect();
    let name = format!("{number:05x}");
    let test = json!({ "policies": format!("corpus/{name}.cedar"), "entities": format!("corpus/{name}.entities.json"),
                       "schema": format!("corpus/{name}.cedarschema"), "shouldValidate": false, "requests": requests });
    for (ending, text) in [
        ("cedar", policies),
        ("cedarschema", schema),
        ("entities.json", entities.to_string()),
        ("json", test.to_string()),
    ] {
        std::fs::write(dir.join(format!("{name}.{ending}")), text).unwrap();
    }
    (allowed, erring)
}

#[test]
fn every_row_of_many_small_stores_agrees() {
    let stores = std::env::var("POLCHECK_STORES").map_or(STORES, |count| count.parse().unwrap());
    let dir = TempDir::new().unwrap();
    let corpus = dir.path().join("corpus");
    std::fs::create_dir(&corpus).unwrap();
    let (mut allowed, mut erring) = (0, 0);
    for number in 0..stores {
        let (more, wrong) = write(&corpus, number);
        allowed += more;
        erring += wrong;
    }
    let rows = stores * REQUESTS;
    // The worlds are no use when everything is denied, or nothing goes wrong.
    assert!(allowed > rows / 10 && allowed < rows * 9 / 10 && erring > rows / 20, "{allowed} {erring} of {rows}");
    if let Ok(keep) = std::env::var("POLCHECK_STORES_KEEP") {
        std::fs::rename(&corpus, keep).unwrap();
        return;
    }
    let (report, code) = json(dir.path(), &["test", "--tests", "corpus"]);
    assert_eq!((statuses(&report), code), ([rows, 0, 0], 0));
    // That rows ask about entities that are not there, and some of them twice, is meant, and notes for each table.
    let meant = ["unknown-in-row", "same-request-rows"];
    let other = |finding: &&Value| !meant.iter().any(|rule| finding["rule"] == *rule) || finding["level"] != "note";
    assert_eq!(report["findings"].as_array().unwrap().iter().find(other), None);
    // And a row that is wrong in any of the three is noticed.
    let path = corpus.join("00000.json");
    let good: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    for (key, value) in [
        ("decision", json!(if good["requests"][0]["decision"] == "allow" { "deny" } else { "allow" })),
        ("reason", json!(["policy9"])),
        ("errors", json!(["policy9"])),
    ] {
        let mut wrong = good.clone();
        wrong["requests"][0][key] = value;
        std::fs::write(&path, wrong.to_string()).unwrap();
        let (report, code) = json(dir.path(), &["test", "--tests", "corpus"]);
        assert_eq!((statuses(&report), code), ([rows - 1, 1, 0], 1), "{key}");
    }
}
