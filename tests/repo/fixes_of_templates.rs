//! `lint --fix` of templates: what is true of them whatever their slots hold, and of their links.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{committed, diff, json, rules};

const SCHEMA: &str = "entity Team;
entity User in [Team] { level: Long, boss?: User };
entity Report { owner: User, editor?: User, name: String };
action view, edit appliesTo { principal: User, resource: Report, context: { mfa: Bool } };
";

/// A file of links, each with its template, its id and its team.
fn links_to(all: &[(&str, &str, &str)]) -> String {
    let link = |(template, id, team): &(&str, &str, &str)| {
        format!(
            "  {{ \"template_id\": \"{template}\", \"link_id\": \"{id}\", \"args\": {{ \"?principal\": \"Team::\\\"{team}\\\"\" }} }}"
        )
    };
    let all: Vec<String> = all.iter().map(link).collect();
    if all.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", all.join(",\n")) }
}

/// The same of links to `t`.
fn links(all: &[(&str, &str)]) -> String {
    links_to(&all.iter().map(|(id, team)| ("t", *id, *team)).collect::<Vec<_>>())
}

fn place(files: &[(&str, &str)]) -> TempDir {
    committed(&[&[("app.cedarschema", SCHEMA)], files].concat())
}

fn read(dir: &Path, path: &str) -> String {
    std::fs::read_to_string(dir.join(path)).unwrap()
}

/// No decision is another than in the commit.
#[track_caller]
fn decides_alike(dir: &Path) {
    let (report, code) = diff(dir, &["HEAD"]);
    assert!(report["changes"].as_array().unwrap().iter().all(|change| change["relation"] == "same"), "{report:#}");
    assert_eq!(code, 0);
}

/// The template, alone and with links, as `lint --fix -v` leaves it.
#[track_caller]
fn becomes(before: &str, after: &str) {
    for linked in [&[][..], &[("l1", "a")], &[("l1", "a"), ("l2", "b")]] {
        let dir = place(&[("t.cedar", before), ("linked.json", &links(linked))]);
        let (report, code) = json(dir.path(), &["lint", "--fix", "-v"]);
        assert_ne!(code, 2, "{report:#}");
        assert_eq!(read(dir.path(), "t.cedar"), after, "{linked:?} {report:#}");
        assert_eq!(read(dir.path(), "linked.json"), links(linked));
        json(dir.path(), &["lint", "--fix", "-v"]);
        assert_eq!(read(dir.path(), "t.cedar"), after, "another run changes it again");
        decides_alike(dir.path());
    }
}

#[test]
fn an_operand_that_makes_no_difference_to_any_link_goes() {
    becomes(
        "@id(\"t\")\npermit (principal in ?principal, action == Action::\"view\", resource)
when { context.mfa && principal.level > 5 && principal.level > 3 };\n",
        "@id(\"t\")\npermit (principal in ?principal, action == Action::\"view\", resource)
when { context.mfa && principal.level > 5 };\n",
    );
}

/// The kind: a change of all links because of one. The operand is implied by what stands in one slot, and another link
/// needs it.
#[test]
fn what_one_link_does_not_need_stays() {
    let template = "@id(\"t\")\npermit (principal in ?principal, action == Action::\"view\", resource)
when { principal in Team::\"a\" || context.mfa };\n";
    becomes(template, template);
}

#[test]
fn what_the_scope_of_a_template_can_say_goes_there() {
    becomes(
        "@id(\"t\")\npermit (principal in ?principal, action, resource)
when { action == Action::\"view\" && resource.owner == principal };\n",
        "@id(\"t\")\npermit (principal in ?principal, action == Action::\"view\", resource)
when { resource.owner == principal };\n",
    );
    // What is said of a variable with a slot has no room beside it.
    let template = "@id(\"t\")\npermit (principal in ?principal, action == Action::\"view\", resource)
when { principal in Team::\"a\" && context.mfa };\n";
    becomes(template, template);
}

#[test]
fn a_pattern_of_a_template_is_compared() {
    becomes(
        "@id(\"t\")\npermit (principal in ?principal, action == Action::\"view\", resource) when { resource.name like \"a\" };\n",
        "@id(\"t\")\npermit (principal in ?principal, action == Action::\"view\", resource) when { resource.name == \"a\" };\n",
    );
}

/// Links err where their template does: that is told once, of the template, and mended there.
#[test]
fn a_template_asks_first_for_all_of_its_links() {
    let all = "permit (principal, action == Action::\"view\", resource) when { context.mfa };\n";
    let template = "@id(\"t\")\nforbid (principal in ?principal, action == Action::\"view\", resource)
when { resource.editor == principal };

@id(\"u\")\npermit (principal in ?principal, action == Action::\"view\", resource)
unless { principal.boss == resource.owner };\n";
    let more = links_to(&[("t", "t1", "a"), ("t", "t2", "b"), ("u", "u1", "a"), ("u", "u2", "b")]);
    let dir = place(&[("all.cedar", all), ("t.cedar", template), ("linked.json", &more)]);
    let (report, _) = json(dir.path(), &["lint"]);
    let findings = report["findings"].as_array().unwrap();
    let erring: Vec<&Value> =
        findings.iter().filter(|one| one["rule"].as_str().unwrap().ends_with("-can-error")).collect();
    let named: Vec<&str> = erring.iter().map(|one| one["policy"].as_str().unwrap()).collect();
    assert_eq!(named, ["t.cedar#t", "t.cedar#u"], "{report:#}");
    let (report, _) = json(dir.path(), &["lint", "--fix"]);
    assert!(!rules(&report).iter().any(|rule| rule.ends_with("-can-error")), "{report:#}");
    let expected = template
        .replace("when { resource.editor", "when { resource has editor && resource.editor")
        .replace("unless", "when { principal has boss }\nunless");
    assert_eq!(read(dir.path(), "t.cedar"), expected);
    decides_alike(dir.path());
}

/// The kind: one of several links that does nothing, in a file of links.
#[test]
fn a_link_that_is_covered_goes() {
    let policies =
        "@id(\"t\")\npermit (principal in ?principal, action == Action::\"view\", resource) when { context.mfa };

@id(\"wide\")\npermit (principal in Team::\"b\", action == Action::\"view\", resource);\n";
    for (before, after) in [
        (links(&[("l1", "a"), ("l2", "b"), ("l3", "c")]), links(&[("l1", "a"), ("l3", "c")])),
        (links(&[("l2", "b"), ("l3", "c")]), links(&[("l3", "c")])),
        (links(&[("l1", "a"), ("l2", "b")]), links(&[("l1", "a")])),
        (links(&[("l2", "b")]), links(&[])),
    ] {
        let dir = place(&[("t.cedar", policies), ("linked.json", &before)]);
        let (report, _) = json(dir.path(), &["lint", "--fix"]);
        assert_eq!(read(dir.path(), "linked.json"), after, "{report:#}");
        assert_eq!(read(dir.path(), "t.cedar"), policies);
        decides_alike(dir.path());
    }
}

/// Copies of a template are templates of their own.
#[test]
fn each_copy_of_a_template_is_mended() {
    let template = "permit (principal in ?principal, action == Action::\"view\", resource)
when { principal.level > 5 && principal.level > 3 };\n";
    let dir = place(&[("a.cedar", template), ("b.cedar", &format!("// the same\n{template}"))]);
    json(dir.path(), &["lint", "--fix"]);
    let after = template.replace(" && principal.level > 3", "");
    assert_eq!(read(dir.path(), "a.cedar"), after);
    assert_eq!(read(dir.path(), "b.cedar"), format!("// the same\n{after}"));
}
