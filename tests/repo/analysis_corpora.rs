//! What is known of real repositories, and what findings promise: that acting on them changes no decision.

use std::collections::BTreeSet;
use std::path::Path;

use cedar_policy::{Authorizer, Context, Entities, EntityUid, PolicySet, Request};
use polcheck::config::Config;
use polcheck::finding::Level;
use polcheck::lint::{Options, run};
use polcheck::repo::load;
use polcheck::source::Worktree;
use serde_json::{Value, json as object};

use crate::common::{self, CEDAR_EXAMPLES, corpora, json};

/// The rules that say that a policy is of no use.
const USELESS: [&str; 5] =
    ["shadowed-permit", "shadowed-forbid", "overridden-permit", "never-matches", "denies-everything"];

fn lint(dir: &Path, policies: &[&str], schema: &str) -> Value {
    let mut args = vec!["lint", "-s", schema];
    args.extend(policies.iter().flat_map(|file| ["-p", file]));
    let (report, _) = json(dir, &args);
    assert_eq!(report["inconclusive_reasons"], object!([]), "{policies:?}");
    report
}

/// `policy level: principal action resource, ...` of every finding of `rules`, with the policies that it names.
fn found(report: &Value, rules: &[&str]) -> Vec<String> {
    let short = |name: &Value| name.as_str().unwrap().rsplit(['#', ':']).next().unwrap().trim_matches('"').to_owned();
    let one = |finding: &Value| {
        let environments = finding["environments"]
            .as_array()
            .unwrap()
            .iter()
            .map(|environment| ["principal", "action", "resource"].map(|part| short(&environment[part])).join(" "));
        let by: Vec<_> = finding["related"].as_array().unwrap().iter().map(|place| short(&place["policy"])).collect();
        let (level, rule) = (finding["level"].as_str().unwrap(), finding["rule"].as_str().unwrap());
        let environments = environments.collect::<Vec<_>>().join(", ");
        format!("{level} {rule} {} by {by:?}: {environments}", short(&finding["policy"]))
    };
    let of = |finding: &&Value| rules.contains(&finding["rule"].as_str().unwrap()) && !finding["policy"].is_null();
    report["findings"].as_array().unwrap().iter().filter(of).map(one).collect()
}

#[test]
fn internal_presentation_views_are_shadowed() {
    let Some(dir) = corpora() else { return };
    let report = lint(&dir.join("cedar-examples/sales_orgs/static"), &["policies.cedar"], "policies.cedarschema");
    let found = found(&report, &USELESS);
    let environments = "User removeSelfAccessFromPresentation Presentation, User viewPresentation Presentation";
    assert_eq!(found.len(), 1, "{found:#?}");
    let expected = format!("shadowed-permit internal-prez-view by [\"external-prez-view\"]: {environments}");
    assert!(found[0].ends_with(&expected), "{found:#?}");
}

#[test]
fn photo_sharing_and_its_variants() {
    let Some(dir) = corpora() else { return };
    let dir = dir.join("cedar-for-agents/photo_sharing");
    let with = |other: &[&str]| lint(&dir, &[&["current_policies.cedar"], other].concat(), "photo_sharing.cedarschema");
    let current = with(&[]);
    assert_eq!(
        found(&current, &["unconditional-permit"]),
        ["note unconditional-permit create-photos by []: User create Photo"]
    );
    assert_eq!(found(&current, &USELESS), [""; 0]);
    assert_eq!(found(&with(&["forbid_alice.cedar"]), &USELESS), [""; 0]);
    // No pair of policies; an owner is of the owner's company, and a photo is private or not.
    assert_eq!(
        found(&with(&["new_policy.cedar"]), &USELESS),
        [
            "note shadowed-permit owner-full-access by [\"view-public-photos\", \"same-company-private-photo-access\"]: User view Photo"
        ]
    );
    assert_eq!(
        found(&with(&["ineffective_policy.cedar"]), &USELESS),
        ["warning shadowed-permit same-company-private-photo-access by [\"owner-full-access\"]: User view Photo"]
    );
    assert_eq!(
        found(&with(&["bob_policy.cedar"]), &USELESS),
        ["warning shadowed-permit bob-view-public-photos by [\"view-public-photos\"]: User view Photo"]
    );
    assert_eq!(
        found(&with(&["refactor.cedar"]), &USELESS),
        ["note shadowed-permit owner-full-access by [\"same-company-allow-comment\"]: User comment Photo"]
    );
}

/// Everything else decides something. Variants of one file are looked at one by one.
#[test]
fn nothing_else_is_of_no_use() {
    let Some(dir) = corpora() else { return };
    let quiet = |folder: &str, policies: &str, schema: &str| {
        let report = lint(&dir.join(folder), &[policies], schema);
        assert_eq!(found(&report, &USELESS), [""; 0], "{folder}/{policies}");
        let loud = ["unconditional-forbid", "over-broad", "forbid-can-error"];
        let found = found(&report, &loud);
        assert!(found.iter().all(|finding| finding.starts_with("note")), "{folder}/{policies}: {found:#?}");
    };
    // The one example with a policy that another covers is looked at above.
    for (policies, schema) in CEDAR_EXAMPLES.iter().filter(|(policies, _)| !policies.starts_with("sales_orgs/static")) {
        quiet("cedar-examples", policies, schema);
    }
    for number in 1..=3 {
        quiet("cedar-cli-sample-data/sandbox_a", &format!("policies_{number}.cedar"), "schema.cedarschema");
    }
    for number in 4..=6 {
        quiet("cedar-cli-sample-data/sandbox_b", &format!("policies_{number}.cedar"), "schema.cedarschema.json");
    }
    quiet("authorization-for-expressjs/petstore", "policies", "v4.cedarschema.json");
}

/// Rules that were made one by one of a role's: the first of them includes six others.
#[test]
fn the_first_rule_of_a_role_includes_others() {
    let Some(dir) = corpora() else { return };
    let report = lint(&dir.join("k8s"), &["policies"], "k8s-authorization.cedarschema");
    let found = found(&report, &USELESS);
    let covered: Vec<_> = (1..=6)
        .map(|at| {
            let environments = ["Group", "Node", "ServiceAccount", "User"].map(|of| format!("{of} get NonResourceURL"));
            format!("warning shadowed-permit policy{at} by [\"policy0\"]: {}", environments.join(", "))
        })
        .collect();
    assert_eq!(found, covered);
}

#[test]
fn impossible_policies_are_proved_impossible() {
    let Some(dir) = corpora() else { return };
    let sandbox = dir.join("cedar-cli-sample-data/sandbox_c");
    let report = lint(&sandbox, &["policies_edited.cedar"], "schema.cedarschema");
    assert_eq!(found(&report, &["never-matches"]).len(), 1, "{report:#}");
    let (report, code) = json(&dir.join("vscode-cedar/testdata"), &["check", "impossible"]);
    let never: Vec<_> =
        report["findings"].as_array().unwrap().iter().filter(|f| f["rule"] == "never-matches").collect();
    assert_eq!((never.len(), code), (1, 1), "the validator's warning is folded into the proof: {report:#}");
    assert_eq!(never[0]["level"], "error");
}

/// A policy that does not fit the schema is analysed all the same, and the run says so where nothing else does.
#[test]
fn what_does_not_fit_the_schema_is_said() {
    let Some(dir) = corpora() else { return };
    let sandbox = dir.join("cedar-cli-sample-data/sandbox_a");
    let args = ["-p", "policies_1_bad.cedar", "-s", "schema.cedarschema"];
    let (report, code) = json(&sandbox, &[&["lint"], &args[..]].concat());
    assert_eq!((report["inconclusive_reasons"].as_array().unwrap().len(), code), (0, 0), "{report:#}");
    assert_eq!(report["notices"][0]["kind"], "policy-refused", "{report:#}");
    let (report, code) = json(&sandbox, &[&["check"], &args[..]].concat());
    assert_eq!((report["inconclusive_reasons"].as_array().unwrap().len(), code), (0, 1), "{report:#}");
    assert!(report["gaps"].as_array().unwrap().is_empty(), "{report:#}");
}

/// Reading an optional attribute makes a forbid fail open, and the request that slips through is shown.
#[test]
fn a_forbid_that_fails_open_is_shown_to() {
    let Some(dir) = corpora() else { return };
    let sandbox = dir.join("cedar-cli-sample-data/sandbox_b");
    for command in ["lint", "check"] {
        let (report, code) = json(&sandbox, &[command, "-p", "policies_5_bad.cedar", "-s", "schema.cedarschema"]);
        assert_eq!((common::rules(&report), code), (vec!["forbid-can-error"], 1), "{report:#}");
        let finding = &report["findings"][0];
        assert!(finding["evidence"]["request"].is_object(), "{finding:#}");
        assert_eq!(report["inconclusive_reasons"], object!([]), "it is an error already");
    }
}

/// A small generator, the same on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }
}

/// Entities and a request as the schema of the fixtures has them.
fn case(random: &mut Random) -> (Request, Entities) {
    let users = ["ann", "bob"];
    let roles = ["editor", "sharer", "viewer", "other"];
    let mut entities = Vec::new();
    for user in users {
        let parents: Vec<_> =
            roles.into_iter().filter(|_| random.coin()).map(|id| object!({"type": "Role", "id": id})).collect();
        let age = random.of(&[0, 9, 10, 17, 18, 19, 20, 21, 69, 71]);
        entities.push(object!({"uid": {"type": "User", "id": user}, "parents": parents,
            "attrs": {"age": age, "name": user, "isContractor": random.coin()}}));
    }
    entities.push(object!({"uid": {"type": "Document", "id": "d"}, "parents": [],
        "attrs": {"owner": {"__entity": {"type": "User", "id": random.of(&users)}}, "secret": random.coin(), "size": 3, "label": "x"}}));
    let list = random.below(5) == 0;
    let action = if list { "list" } else { random.of(&["view", "edit", "delete", "share"]) };
    let mut context = object!({"mfa": random.coin(), "network": random.of(&["corp", "home"])});
    if !list {
        context["now"] = object!({"__extn": {"fn": "datetime", "arg": "2026-11-21"}});
    }
    let uid = |text: String| text.parse::<EntityUid>().unwrap();
    let resource = if list { "Folder::\"f\"" } else { "Document::\"d\"" };
    let request = Request::new(
        uid(format!("User::\"{}\"", random.of(&users))),
        uid(format!("Action::\"{action}\"")),
        uid(resource.to_owned()),
        Context::from_json_value(context, None).unwrap(),
        None,
    );
    (request.unwrap(), Entities::from_json_value(Value::Array(entities), None).unwrap())
}

/// All policies that are wholly shadowed go at once, and 10,000 random requests are decided as before.
#[test]
fn removing_what_is_shadowed_changes_no_decision() {
    for rule in ["shadowed-permit", "shadowed-forbid"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules").join(rule).join("fail");
        let repo = load(&Worktree::new(&folder), &Config::default(), &polcheck::repo::Request::default()).unwrap();
        let linted = run(&repo, &Config::default(), Options::default());
        let gone: BTreeSet<_> = linted
            .findings
            .iter()
            .filter(|finding| finding.rule == rule && finding.level == Level::Warning)
            .filter_map(|finding| finding.policy.clone())
            .collect();
        assert!(gone.len() >= 2, "{rule}: {gone:?}");
        let store = &repo.stores[0];
        let mut left = PolicySet::new();
        for policy in store.policies.iter().filter(|policy| !gone.contains(&policy.name)) {
            left.add(store.set.policy(&policy.key).unwrap().clone()).unwrap();
        }
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let mut allowed = 0;
        for at in 0..10_000 {
            let (request, entities) = case(&mut random);
            let decide = |set: &PolicySet| Authorizer::new().is_authorized(&request, set, &entities).decision();
            assert_eq!(decide(&store.set), decide(&left), "{rule}, request {at}: {request}");
            allowed += usize::from(decide(&left) == cedar_policy::Decision::Allow);
        }
        assert!((500..9_500).contains(&allowed), "{rule}: {allowed} of 10,000 allowed says little");
    }
}
