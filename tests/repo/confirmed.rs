//! What findings promise, tried: that removing a part changes nothing, and that a request that is shown does what is
//! said.

use std::path::Path;

use cedar_policy::{Authorizer, Decision, Entities, PolicySet, Request};
use polcheck::config::Config;
use polcheck::finding::Finding;
use polcheck::lint::{Options, run};
use polcheck::repo::{Repo, Request as Asked, load};
use polcheck::source::Worktree;
use tempfile::TempDir;

use crate::common::{diff, git, write};

fn found(folder: &str, rule: &str) -> (Repo, Vec<Finding>) {
    let repo = load(&Worktree::new(Path::new(folder)), &Config::default(), &Asked::default()).unwrap();
    let only: &[&str] = &[rule];
    let findings = run(&repo, &Config::default(), Options { only: Some(only), ..Options::default() }).findings;
    assert!(!findings.is_empty(), "{folder}");
    (repo, findings)
}

/// Each operand that is reported is replaced by the value that makes no difference there, all of them together: then
/// the store permits what it did.
#[test]
fn operands_that_make_no_difference_make_none() {
    let folder = "fixtures/rules/constant-condition/fail";
    let (repo, findings) = found(folder, "constant-condition");
    let dir = TempDir::new().unwrap();
    let schema = std::fs::read_to_string(format!("{folder}/app.cedarschema")).unwrap();
    let before = std::fs::read_to_string(format!("{folder}/policies.cedar")).unwrap();
    write(dir.path(), &[("app.cedarschema", &schema), ("policies.cedar", &before)]);
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "before"]);
    let mut places: Vec<_> = findings
        .iter()
        .flat_map(|finding| {
            let neutral = if finding.message.contains("never true") || finding.message.contains("wherever it holds") {
                "false"
            } else {
                "true"
            };
            std::iter::once(&finding.location).chain(&finding.also).map(move |at| (at.span, neutral))
        })
        .collect();
    places.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut after = before.clone();
    for (span, neutral) in &places {
        // A whole clause is an operand too, and its place is the clause.
        let text = &before[span.start..span.end];
        if !text.starts_with("when") && !text.starts_with("unless") {
            after.replace_range(span.start..span.end, neutral);
        }
    }
    assert_ne!(after, before);
    write(dir.path(), &[("policies.cedar", &after)]);
    let (report, code) = diff(dir.path(), &["HEAD"]);
    let changes = report["changes"].as_array().unwrap();
    assert!(changes.len() == 2 && changes.iter().all(|one| one["relation"] == "same"), "{after}\n{report:#}");
    assert_eq!(code, 0);
    drop(repo);
}

/// The request that crosses is allowed by Cedar's authorizer over the whole store, and reaches what belongs to another.
#[test]
fn a_request_that_crosses_is_allowed() {
    let folder = "fixtures/rules/missing-guard/fail";
    let (_, findings) = found(folder, "missing-guard");
    let policies: PolicySet = std::fs::read_to_string(format!("{folder}/policies.cedar")).unwrap().parse().unwrap();
    for finding in findings {
        let evidence = finding.evidence.unwrap();
        let uid = |key: &str| {
            let json = evidence.request[key].clone();
            let json = if json.is_string() { serde_json::json!({ "__expr": json }) } else { json };
            cedar_policy::EntityUid::from_json(json).unwrap()
        };
        let (principal, action, resource) = (uid("principal"), uid("action"), uid("resource"));
        let entities = Entities::from_json_value(evidence.entities.clone(), None).unwrap();
        let request =
            Request::new(principal.clone(), action, resource.clone(), cedar_policy::Context::empty(), None).unwrap();
        let response = Authorizer::new().is_authorized(&request, &policies, &entities);
        assert_eq!(response.decision(), Decision::Allow);
        let tenant = |uid: &cedar_policy::EntityUid| {
            format!("{:?}", entities.get(uid).unwrap().attr("tenant").unwrap().unwrap())
        };
        assert_ne!(tenant(&principal), tenant(&resource));
    }
}
