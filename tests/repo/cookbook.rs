//! Every section of docs/cookbook.md is what it says: the guardrail holds of the policies that keep it, and not of
//! those that break it.

use serde_json::Value;

use crate::common::{git, json, write};

/// A section: its heading, and its blocks by what stands behind the fence.
struct Section {
    title: String,
    blocks: Vec<(String, String)>,
}

impl Section {
    fn block(&self, wanted: &str) -> Option<&str> {
        self.blocks.iter().find(|(info, _)| info == wanted).map(|(_, text)| text.as_str())
    }
}

fn sections() -> Vec<Section> {
    let page = std::fs::read_to_string("docs/cookbook.md").unwrap();
    let mut sections: Vec<Section> = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (Some(block), Some("")) => {
                let block = std::mem::take(block);
                sections.last_mut().unwrap().blocks.push(block);
                open = None;
            }
            (Some((_, text)), _) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, Some(info)) => open = Some((info.to_owned(), String::new())),
            (None, None) => {
                if let Some(title) = line.strip_prefix("### ") {
                    sections.push(Section { title: title.to_owned(), blocks: Vec::new() });
                }
            }
        }
    }
    sections
}

/// The guardrails of the report, by kind and status.
fn judged(report: &Value) -> Vec<(&str, &str)> {
    let all = report["guardrails"].as_array().unwrap().iter();
    all.map(|one| (one["kind"].as_str().unwrap(), one["status"].as_str().unwrap())).collect()
}

fn prove(section: &Section, which: &str) -> (Value, i32) {
    let dir = tempfile::tempdir().unwrap();
    let files = [
        ("app.cedarschema", section.block("cedarschema")),
        ("rules.cedarguard", section.block("cedarguard")),
        ("polcheck.toml", section.block("toml")),
        ("policies.cedar", section.block("cedar base").or(section.block(which))),
    ];
    let files: Vec<(&str, &str)> = files.into_iter().filter_map(|(path, text)| Some((path, text?))).collect();
    write(dir.path(), &files);
    if section.block("cedar base").is_none() {
        return json(dir.path(), &["prove"]);
    }
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-q", "-m", "base"]);
    write(dir.path(), &[("policies.cedar", section.block(which).unwrap())]);
    json(dir.path(), &["prove", "--against", "HEAD"])
}

#[test]
fn every_guardrail_of_the_cookbook_is_kept_and_broken_as_the_page_says() {
    let sections = sections();
    assert_eq!(sections.len(), 30);
    let mut kinds = std::collections::BTreeSet::new();
    for section in &sections {
        let title = &section.title;
        let (kept, code) = prove(section, "cedar keeps");
        assert!(judged(&kept).iter().all(|(_, status)| *status == "holds"), "{title}: {kept:#}");
        assert_eq!((code, kept["findings"].as_array().unwrap().len()), (0, 0), "{title}");
        assert!(!judged(&kept).is_empty(), "{title}");
        kinds.extend(judged(&kept).into_iter().map(|(kind, _)| kind.to_owned()));
        let (broken, code) = prove(section, "cedar breaks");
        assert!(judged(&broken).iter().any(|(_, status)| *status == "broken"), "{title}: {broken:#}");
        assert_eq!(code, 1, "{title}");
        let shown = broken["guardrails"].as_array().unwrap().iter().find(|one| one["status"] == "broken").unwrap();
        assert!(shown["witness"]["request"].is_object(), "{title}: {shown:#}");
        assert!(!shown["causes"].as_array().unwrap().is_empty() || shown["kind"] == "permit", "{title}: {shown:#}");
    }
    let all = ["expires", "forbid", "isolate", "never-gain", "permit", "same", "sensitive", "temporary"];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), all);
}
