//! What lint lists when it is asked for: permits by how far they reach, and permits and forbids that overlap.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{git, json, run, write};

const SCHEMA: &str = "entity Team;
entity User in [Team] { blocked: Bool };
entity Report { owner: User };
action view, edit appliesTo { principal: User, resource: Report, context: { mfa: Bool } };
";

const POLICIES: &str = "@id(\"team\")
permit (principal in Team::\"a\", action, resource);
@id(\"owner\")
permit (principal, action == Action::\"view\", resource)
when { resource.owner == principal && (context.mfa || true) };
@id(\"everybody\")
permit (principal, action == Action::\"edit\", resource);
@id(\"blocked\")
forbid (principal, action, resource) when { principal.blocked };
@id(\"weak\")
forbid (principal, action == Action::\"edit\", resource) unless { context.mfa };
";

fn place(policies: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    write(dir.path(), &[("app.cedarschema", SCHEMA), ("p.cedar", policies)]);
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "before"]);
    dir
}

fn ranking(report: &Value) -> Vec<String> {
    let one = |permit: &Value| format!("{} {}", permit["rank"], permit["policy"].as_str().unwrap());
    report["breadth"].as_array().unwrap().iter().map(one).collect()
}

#[test]
fn permits_are_ranked_with_what_opens_and_what_binds() {
    let dir = place(POLICIES);
    let (report, _) = json(dir.path(), &["lint", "--breadth"]);
    assert_eq!(ranking(&report), ["1 p.cedar#everybody", "2 p.cedar#team", "3 p.cedar#owner"]);
    let owner = &report["breadth"][2];
    assert_eq!(owner["open"], serde_json::json!(["principal", "resource"]));
    let asks = serde_json::json!([
        {"text": "resource.owner == principal", "binds": true},
        {"text": "context.mfa || true", "binds": false},
    ]);
    assert_eq!(owner["asks"], asks);
    let shown = run(dir.path(), &["lint", "--breadth"]).stdout;
    let expected = "  permits by how far they reach, the furthest first
   1. p.cedar#everybody
      every request in 1 of 2 request environments; the scope leaves principal
        and resource open
      it asks for nothing else
   2. p.cedar#team
      some requests in 2 of 2 request environments; the scope leaves action and
        resource open
      it asks for nothing else
   3. p.cedar#owner
      some requests in 1 of 2 request environments; the scope leaves principal
        and resource open
      it asks for `resource.owner == principal`, `context.mfa || true` (keeps
        nothing out)
";
    assert!(shown.contains(expected), "{shown}");
}

/// A condition is told in its own words, whatever carries it: of links, whose scopes come from elsewhere, too.
#[test]
fn what_a_link_asks_for_is_told_as_of_any_permit() {
    let dir = place(
        "@id(\"theirs\") permit (principal == ?principal, action == Action::\"view\", resource)
         when { context.mfa && resource.owner == principal && principal == User::\"ana\" };",
    );
    let links = r#"[{"template_id": "theirs", "link_id": "of-ana", "args": {"?principal": "User::\"ana\""}},
        {"template_id": "theirs", "link_id": "of-ben", "args": {"?principal": "User::\"ben\""}}]"#;
    write(dir.path(), &[("p.cedartemplatelinks.json", links)]);
    let (report, _) = json(dir.path(), &["lint", "--breadth"]);
    assert_eq!(ranking(&report), ["1 p.cedartemplatelinks.json#of-ana"], "nobody is both");
    let asks = serde_json::json!([
        {"text": "context.mfa", "binds": true},
        {"text": "resource.owner == principal", "binds": true},
        {"text": "principal == User::\"ana\"", "binds": false},
    ]);
    assert_eq!(report["breadth"][0]["asks"], asks);
}

/// What excludes each other is pointed at in a template as in a policy.
#[test]
fn the_parts_of_a_template_that_exclude_each_other_are_pointed_at() {
    let condition = "when { context.mfa && resource.owner == principal && !context.mfa };";
    let found = |scope: &str| {
        let text = format!("@id(\"one\") permit ({scope}, action == Action::\"view\", resource) {condition}");
        let (report, _) = json(place(&text).path(), &["lint"]);
        let all = report["findings"].as_array().unwrap().clone();
        all.into_iter().find(|one| one["rule"] == "never-matches").unwrap()["message"].as_str().unwrap().to_owned()
    };
    let [policy, template] = ["principal", "principal == ?principal"].map(found);
    assert!(policy.starts_with("these conditions exclude each other"), "{policy}");
    assert!(template.starts_with("these conditions exclude each other"), "{template}");
}

#[test]
fn a_ranking_says_what_became_broader() {
    let dir = place(POLICIES);
    let wider = POLICIES
        .replace(
            "action == Action::\"view\", resource)\nwhen { resource.owner == principal",
            "action, resource)\nwhen { resource.owner == principal",
        )
        .replace("in Team::\"a\"", "in Team::\"b\"");
    write(
        dir.path(),
        &[("p.cedar", &format!("{wider}@id(\"new\")\npermit (principal, action, resource) when {{ context.mfa }};\n"))],
    );
    let (report, _) = json(dir.path(), &["lint", "--breadth", "--against", "HEAD"]);
    let since = |name: &str| {
        let all = report["breadth"].as_array().unwrap();
        all.iter().find(|one| one["policy"] == format!("p.cedar#{name}")).unwrap()["since"].clone()
    };
    assert_eq!(since("new"), serde_json::json!({"before": null, "broader": "new", "broader_in": null, "why": null}));
    assert_eq!((&since("owner")["broader"], &since("owner")["broader_in"]), (&Value::from("yes"), &Value::from(1)));
    assert_eq!(since("team")["broader"], "yes", "another team");
    assert_eq!(since("everybody")["broader"], "no");
    assert_eq!(since("owner")["before"]["rank"], 3);
    let shown = run(dir.path(), &["lint", "--breadth", "--against", "HEAD"]).stdout;
    assert!(shown.contains("since then: it is new"), "{shown}");
    assert!(shown.contains("it matches requests in 1 request environment that it did not"), "{shown}");
    let alone = run(dir.path(), &["lint", "--against", "HEAD"]);
    assert_eq!(alone.code, 2, "it says what of");
}

#[test]
fn overlaps_are_a_matrix() {
    let dir = place(POLICIES);
    let shown = run(dir.path(), &["lint", "--conflicts"]).stdout;
    let expected = "  permits and forbids that overlap; where both match, the forbid wins

  A  forbid p.cedar#blocked
  B  forbid p.cedar#weak

  A B  permits
  x x  p.cedar#team
  x .  p.cedar#owner
";
    assert!(shown.contains(expected), "{shown}");
    assert!(!shown.contains("conflicting-rules"), "{shown}");
    assert!(run(dir.path(), &["lint", "--conflicts", "-v"]).stdout.contains("note[conflicting-rules]"));
    let markdown = run(dir.path(), &["lint", "--conflicts", "--report", "markdown"]).stdout;
    let table = "- A: `p.cedar#blocked`\n- B: `p.cedar#weak`\n\n| Permits | A | B |\n|---|:-:|:-:|\n| `p.cedar#team` | x | x |\n";
    assert!(markdown.contains(table), "{markdown}");
    let (report, _) = json(dir.path(), &["lint", "--conflicts"]);
    let found = report["findings"].as_array().unwrap().iter().filter(|one| one["rule"] == "conflicting-rules");
    assert_eq!(found.count(), 2);
}

#[test]
fn many_overlaps_are_a_list_in_which_no_name_is_cut() {
    let forbids: String = (0..30)
        .map(|at| format!("@id(\"a-forbid-with-a-name-that-is-long-{at}\")\nforbid (principal in Team::\"t{at}\", action, resource) unless {{ context.mfa }};\n"))
        .collect();
    let dir = place(&format!(
        "@id(\"p\")\npermit (principal, action, resource) when {{ resource.owner == principal }};\n{forbids}"
    ));
    let shown = run(dir.path(), &["lint", "--conflicts"]).stdout;
    assert!(
        shown.contains("  permit p.cedar#p\n    and forbid p.cedar#a-forbid-with-a-name-that-is-long-0,\n"),
        "{shown}"
    );
    assert!((0..30).all(|at| shown.contains(&format!("p.cedar#a-forbid-with-a-name-that-is-long-{at}"))), "{shown}");
}

#[test]
fn an_overlap_that_a_change_brings_is_a_warning() {
    let dir = place(POLICIES);
    let more = format!("{POLICIES}@id(\"new\")\nforbid (principal in Team::\"c\", action, resource);\n");
    write(dir.path(), &[("p.cedar", &more)]);
    let (report, _) = json(dir.path(), &["lint", "--conflicts", "--against", "HEAD"]);
    let mut levels: Vec<(&str, &str, bool)> = Vec::new();
    for finding in report["findings"].as_array().unwrap().iter().filter(|one| one["rule"] == "conflicting-rules") {
        let text = |key: &str| finding[key].as_str().unwrap();
        levels.push((text("policy"), text("level"), finding["new"].as_bool().unwrap()));
    }
    let new = |name| (name, "warning", true);
    // What everybody may do, the new forbid lies inside of.
    assert_eq!(levels, [new("p.cedar#team"), new("p.cedar#owner")]);
    let same = Path::new(dir.path());
    git(same, &["commit", "-qam", "after"]);
    let (report, _) = json(same, &["lint", "--conflicts", "--against", "HEAD"]);
    let old = |one: &&Value| one["rule"] == "conflicting-rules" && one["level"] == "note" && one["new"] == false;
    assert_eq!(report["findings"].as_array().unwrap().iter().filter(old).count(), 2);
}

/// The kind: policies without an id, which are called by their position. One that is put before them gives all of them
/// other names; neither their conflicts nor their reach are new for that.
#[test]
fn policies_without_a_name_are_known_by_what_they_say() {
    let unnamed: String =
        POLICIES.lines().filter(|line| !line.starts_with("@id")).map(|line| format!("{line}\n")).collect();
    let dir = place(&unnamed);
    let first = "permit (principal == User::\"root\", action, resource) when { context.mfa };\n";
    write(dir.path(), &[("p.cedar", &format!("{first}{unnamed}"))]);
    let asked = ["lint", "--conflicts", "--breadth", "--against", "HEAD"];
    let (report, _) = json(dir.path(), &asked);
    let conflicts: Vec<&Value> =
        report["findings"].as_array().unwrap().iter().filter(|one| one["rule"] == "conflicting-rules").collect();
    let new: Vec<_> = conflicts.iter().filter(|one| one["new"] == true).map(|one| &one["policy"]).collect();
    assert!(conflicts.len() > new.len(), "{conflicts:#?}");
    assert!(new.iter().all(|policy| **policy == "p.cedar#policy0"), "{new:?}");
    for one in report["breadth"].as_array().unwrap() {
        let is_new = one["policy"] == "p.cedar#policy0";
        assert_eq!(one["since"]["before"].is_null(), is_new, "{one:#}");
        assert_eq!(one["since"]["broader"], if is_new { "new" } else { "no" }, "{one:#}");
    }
}
