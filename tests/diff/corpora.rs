//! `diff` over pairs of stores by others: every environment, as `KNOWN.md` has it, through the command line.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{corpora, diff, git, write};

/// A pair: where it lies, the policies of both sides, the schema, and what is known.
struct Known {
    folder: &'static str,
    old: &'static [&'static str],
    new: &'static [&'static str],
    schema: &'static str,
    /// How many environments there are.
    environments: usize,
    /// What has another relation than `same`: relation, action, resource types (none for all).
    unlike: &'static [(&'static str, &'static str, &'static [&'static str])],
}

const PHOTOS: Known = Known {
    folder: "cedar-for-agents/photo_sharing",
    old: &["current_policies.cedar"],
    new: &["current_policies.cedar"],
    schema: "photo_sharing.cedarschema",
    environments: 4,
    unlike: &[],
};

const TODO: Known = Known {
    folder: "cedar-examples/tinytodo",
    old: &["policies.cedar"],
    new: &["policies.cedar"],
    schema: "tinytodo.cedarschema",
    environments: 9,
    unlike: &[],
};

const BOX_A: Known = Known {
    folder: "cedar-cli-sample-data/sandbox_a",
    old: &["policies_1.cedar"],
    new: &["policies_2.cedar"],
    schema: "schema.cedarschema",
    environments: 12,
    unlike: &[],
};

const BOX_B: Known = Known {
    folder: "cedar-cli-sample-data/sandbox_b",
    old: &["policies_4.cedar"],
    new: &["policies_5.cedar"],
    schema: "schema.cedarschema",
    environments: 8,
    unlike: &[("both", "view", &[])],
};

const KNOWN: &[Known] = &[
    Known { new: &["current_policies.cedar", "bob_policy.cedar"], ..PHOTOS },
    Known { new: &["current_policies.cedar", "ineffective_policy.cedar"], ..PHOTOS },
    Known { new: &["current_policies.cedar", "forbid_alice.cedar"], unlike: &[("lost", "comment", &[])], ..PHOTOS },
    Known { new: &["current_policies.cedar", "new_policy.cedar"], unlike: &[("gained", "view", &[])], ..PHOTOS },
    Known { new: &["current_policies.cedar", "refactor.cedar"], unlike: &[("both", "comment", &[])], ..PHOTOS },
    Known {
        new: &["variants/policies-with-policy4.cedar"],
        unlike: &[
            ("gained", "DeleteList", &[]),
            ("gained", "GetList", &[]),
            ("gained", "UpdateList", &[]),
            ("gained", "CreateTask", &[]),
            ("gained", "UpdateTask", &[]),
            ("gained", "DeleteTask", &[]),
            ("gained", "EditShare", &[]),
        ],
        ..TODO
    },
    Known { new: &["variants/policies-with-policy5.cedar"], unlike: &[("lost", "CreateList", &[])], ..TODO },
    Known {
        new: &["variants/policies-with-policy6.cedar"],
        unlike: &[
            ("lost", "GetList", &[]),
            ("lost", "UpdateList", &[]),
            ("lost", "CreateTask", &[]),
            ("lost", "UpdateTask", &[]),
            ("lost", "DeleteTask", &[]),
        ],
        ..TODO
    },
    Known {
        unlike: &[
            ("both", "view", &["Photo"]),
            ("gained", "view", &["Video", "Album"]),
            ("gained", "edit", &[]),
            ("gained", "delete", &[]),
        ],
        ..BOX_A
    },
    Known {
        old: &["policies_2.cedar"],
        new: &["policies_3.cedar"],
        unlike: &[
            ("lost", "edit", &[]),
            ("lost", "delete", &[]),
            ("gained", "listPhotos", &[]),
            ("gained", "view", &[]),
        ],
        ..BOX_A
    },
    BOX_B,
    Known { old: &["policies_5.cedar"], new: &["policies_6.cedar"], ..BOX_B },
];

impl Known {
    fn name(&self) -> String {
        format!("{}: {:?} -> {:?}", self.folder, self.old, self.new)
    }

    fn relation(&self, action: &str, resource: &str) -> &str {
        let id = action.rsplit("::").next().unwrap().trim_matches('"');
        let found =
            self.unlike.iter().find(|(_, of, types)| *of == id && (types.is_empty() || types.contains(&resource)));
        found.map_or("same", |(relation, ..)| relation)
    }

    fn write(&self, corpora: &Path, files: &[&str], into: &Path) {
        for file in files.iter().chain([&self.schema]) {
            let text = std::fs::read_to_string(corpora.join(self.folder).join(file)).unwrap();
            // The variants stand in a folder of their own.
            write(into, &[(file.rsplit('/').next().unwrap(), &text)]);
        }
    }

    fn check(&self, report: &Value, code: i32, how: &str) {
        let name = format!("{how}, {}", self.name());
        assert_eq!(code, 0, "{name}: {report:#}");
        let changes = report["changes"].as_array().unwrap();
        assert_eq!(changes.len(), self.environments, "{name}");
        let mut relations: BTreeMap<(&str, &str), (&str, &str)> = BTreeMap::new();
        for change in changes {
            let of = |key: &str| change["environment"][key].as_str().unwrap();
            let relation = change["relation"].as_str().unwrap();
            relations.insert((of("action"), of("resource")), (self.relation(of("action"), of("resource")), relation));
            assert_eq!(change["lifecycle"], "kept", "{name}");
            for direction in ["gained", "lost"] {
                let yes = relation == "both" || relation == direction;
                assert_eq!(change[direction]["status"] == "yes", yes, "{name}: {change:#}");
                let effects = change[direction]["effects"].as_array().unwrap();
                assert_eq!(!effects.is_empty(), yes, "{name}");
                for effect in effects {
                    assert!(!effect["causes"].as_array().unwrap().is_empty(), "{name}");
                    let action = &effect["witness"]["request"]["action"];
                    let uid = format!("{}::{}", action["type"].as_str().unwrap(), action["id"]);
                    assert_eq!(change["environment"]["action"], uid, "{name}");
                }
            }
        }
        assert_eq!(relations.len(), self.environments, "{name}");
        let wrong: Vec<_> = relations.iter().filter(|(_, (known, found))| known != found).collect();
        assert!(wrong.is_empty(), "{name}: (known, found) {wrong:#?}");
        assert_eq!(report["outcome"], if self.unlike.is_empty() { "clean" } else { "changes" }, "{name}");
        assert_eq!(report["set_aside"].as_array().unwrap().len(), 0, "{name}");
    }
}

#[test]
fn between_a_commit_and_the_worktree_and_between_commits() {
    let Some(corpora) = corpora() else { return };
    for known in KNOWN {
        let dir = TempDir::new().unwrap();
        git(dir.path(), &["init", "-q"]);
        known.write(&corpora, known.old, dir.path());
        git(dir.path(), &["add", "."]);
        git(dir.path(), &["commit", "-qm", "old"]);
        git(dir.path(), &["rm", "-q", "*.cedar"]);
        known.write(&corpora, known.new, dir.path());
        let (report, code) = diff(dir.path(), &["HEAD"]);
        known.check(&report, code, "worktree");
        git(dir.path(), &["add", "."]);
        let (report, code) = diff(dir.path(), &["HEAD", "--staged"]);
        known.check(&report, code, "staged");
        git(dir.path(), &["commit", "-qm", "new"]);
        for range in [&["HEAD~1..HEAD"][..], &["HEAD~1...HEAD"], &["HEAD~1", "HEAD"]] {
            let (report, code) = diff(dir.path(), range);
            known.check(&report, code, range[0]);
        }
        let (report, code) = diff(dir.path(), &["HEAD"]);
        Known { unlike: &[], ..*known }.check(&report, code, "itself");
    }
}

#[test]
fn between_folders() {
    let Some(corpora) = corpora() else { return };
    for known in KNOWN {
        let dir = TempDir::new().unwrap();
        known.write(&corpora, known.old, &dir.path().join("old"));
        known.write(&corpora, known.new, &dir.path().join("new"));
        let schema = format!("new/{}", known.schema);
        let (report, code) = diff(dir.path(), &["--files", "old", "new"]);
        known.check(&report, code, "folders with schemas");
        let (report, code) = diff(dir.path(), &["--files", "old", "new", "-s", &schema]);
        known.check(&report, code, "folders and a schema");
        let file = |side: &str, files: &[&str]| format!("{side}/{}", files[0].rsplit('/').next().unwrap());
        if known.new.len() == 1 {
            let (old, new) = (file("old", known.old), file("new", known.new));
            let (report, code) = diff(dir.path(), &["--files", &old, &new, "-s", &schema]);
            known.check(&report, code, "files");
        }
    }
}
