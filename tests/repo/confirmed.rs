//! What findings promise, tried: that removing a part changes nothing, and that a request that is shown does what is
//! said.

use std::path::Path;

use cedar_policy::{AuthorizationError, Authorizer, Context, Decision, Entities, PolicyId, PolicySet, Request};
use polcheck::config::Config;
use polcheck::finding::{Finding, Level};
use polcheck::lint::{Options, run};
use polcheck::repo::{Repo, Request as Asked, load};
use polcheck::source::Worktree;
use tempfile::TempDir;

use crate::common::rng::Rng;
use crate::common::worlds::Worlds;
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

/// The policies of a fixture that fails, each under its id, and worlds under its schema.
fn fixture(rule: &str) -> (String, PolicySet, Worlds) {
    let folder = format!("fixtures/rules/{rule}/fail");
    let text = std::fs::read_to_string(format!("{folder}/policies.cedar")).unwrap();
    let schema = std::fs::read_to_string(format!("{folder}/app.cedarschema")).unwrap();
    let set: PolicySet = text.parse().unwrap();
    let named = set.policies().map(|policy| {
        let id = policy.annotation("id").map_or_else(|| policy.id().to_string(), str::to_owned);
        policy.new_id(PolicyId::new(id))
    });
    (folder, PolicySet::from_policies(named).unwrap(), Worlds::new(&schema, &text))
}

/// What people call the policy of a finding.
fn id_of(finding: &Finding) -> PolicyId {
    PolicyId::new(finding.policy.as_deref().unwrap().rsplit_once('#').unwrap().1)
}

/// So many requests try what is said of a store.
const REQUESTS: (usize, usize) = (200, 50);

/// A policy that is said to make no difference makes none for 10,000 random requests.
#[test]
fn policies_that_make_no_difference_make_none() {
    for rule in ["shadowed-permit", "shadowed-forbid", "redundant-policy", "overridden-permit"] {
        let (folder, set, worlds) = fixture(rule);
        let (_, findings) = found(&folder, rule);
        let requests = worlds.requests(&mut Rng::new(1), REQUESTS.0, REQUESTS.1);
        let decide = |set: &PolicySet| -> Vec<Decision> {
            let authorizer = Authorizer::new();
            requests
                .iter()
                .map(|(request, entities)| authorizer.is_authorized(request, set, entities).decision())
                .collect()
        };
        let before = decide(&set);
        assert!(before.contains(&Decision::Allow) && before.contains(&Decision::Deny), "{rule}: nothing is tried");
        for finding in findings.iter().filter(|finding| finding.level != Level::Note || rule == "redundant-policy") {
            let mut without = set.clone();
            without.remove_static(id_of(finding)).unwrap();
            assert!(decide(&without) == before, "{rule}: {}", finding.message);
        }
    }
}

/// A policy that is said to match nothing matches none of 10,000 random requests.
#[test]
fn policies_that_match_nothing_match_nothing() {
    let (folder, set, worlds) = fixture("never-matches");
    let (_, findings) = found(&folder, "never-matches");
    // What a template comes to hangs on its links.
    let statics = findings.iter().filter_map(|finding| Some((finding, set.policy(&id_of(finding))?.clone())));
    let alone = statics.map(|(finding, policy)| (finding, PolicySet::from_policies([policy]).unwrap()));
    let alone: Vec<_> = alone.collect();
    assert!(alone.len() > 5);
    for (request, entities) in worlds.requests(&mut Rng::new(2), REQUESTS.0, REQUESTS.1) {
        for (finding, only) in &alone {
            let response = Authorizer::new().is_authorized(&request, only, &entities);
            assert_eq!(response.diagnostics().reason().count(), 0, "{}", finding.message);
        }
    }
}

/// The request that is shown makes the policy err, and what errs changes nothing that others decide: without it, 10,000
/// random requests on which it errs are decided alike. A forbid that errs lets the request through that is shown.
#[test]
fn policies_that_are_said_to_err_do() {
    for rule in ["permit-can-error", "forbid-can-error"] {
        let (folder, set, worlds) = fixture(rule);
        let (_, findings) = found(&folder, rule);
        let errs = |request: &Request, entities: &Entities, id: &PolicyId| {
            let response = Authorizer::new().is_authorized(request, &set, entities);
            let named = |error: &AuthorizationError| match error {
                AuthorizationError::PolicyEvaluationError(error) => error.policy_id() == id,
            };
            (response.diagnostics().errors().any(named), response.decision())
        };
        let requests = worlds.requests(&mut Rng::new(3), REQUESTS.0, REQUESTS.1);
        for finding in findings {
            let id = id_of(&finding);
            let (request, entities) = replay(finding.evidence.as_ref().unwrap(), worlds.schema());
            let (erred, decision) = errs(&request, &entities, &id);
            assert!(erred, "{rule}: {}", finding.message);
            assert!(rule == "permit-can-error" || decision == Decision::Allow, "{}", finding.message);
            let mut without = set.clone();
            without.remove_static(id.clone()).unwrap();
            let mut seen = 0;
            for (request, entities) in &requests {
                let (erred, decision) = errs(request, entities, &id);
                if erred {
                    seen += 1;
                    let other = Authorizer::new().is_authorized(request, &without, entities).decision();
                    assert_eq!(decision, other, "{rule}: {}", finding.message);
                }
            }
            // Only numbers that are too large to be drawn are not met.
            assert!(seen > 0 || finding.message.contains("overflow"), "{rule}: {}", finding.message);
        }
    }
}

/// A request that a finding shows, as Cedar takes it.
fn replay(evidence: &polcheck::finding::Evidence, schema: &cedar_policy::Schema) -> (Request, Entities) {
    let uid = |key: &str| -> cedar_policy::EntityUid {
        match &evidence.request[key] {
            serde_json::Value::String(text) => text.parse().unwrap(),
            other => cedar_policy::EntityUid::from_json(other.clone()).unwrap(),
        }
    };
    let action = uid("action");
    let context = Context::from_json_value(evidence.request["context"].clone(), Some((schema, &action))).unwrap();
    let request = Request::new(uid("principal"), action, uid("resource"), context, Some(schema)).unwrap();
    (request, Entities::from_json_value(evidence.entities.clone(), Some(schema)).unwrap())
}
