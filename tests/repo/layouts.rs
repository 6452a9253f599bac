//! Which files make which store, over every way to lay out one application, its examples and its copies.
//!
//! Each layout is written together with the stores that it means: an independent statement of what docs/what-is-read.md
//! says, by what was placed where and not by what discovery does.

use std::collections::{BTreeMap, BTreeSet};

use polcheck::config::{self, Config};
use polcheck::repo::{self, Request, SchemaState};
use polcheck::run::{self, CheckOptions, Reading};
use polcheck::source::Memory;
use polcheck::text::SourceFile;

use crate::common::write;

const SCHEMA: &str =
    "entity User;\nentity Doc { owner: User };\naction view appliesTo { principal: User, resource: Doc };\n";
const SCHEMA_JSON: &str = r#"{ "": {
  "entityTypes": { "User": {}, "Doc": { "shape": { "type": "Record", "attributes": { "owner": { "type": "Entity", "name": "User" } } } } },
  "actions": { "view": { "appliesTo": { "principalTypes": ["User"], "resourceTypes": ["Doc"] } } } } }"#;
const OWNERS: &str =
    "@id(\"owners\")\npermit (principal, action == Action::\"view\", resource) when { resource.owner == principal };\n";
const ANN: &str = "@id(\"ann\")\nforbid (principal == User::\"ann\", action == Action::\"view\", resource);\n";
const TEMPLATE: &str = "permit (principal == ?principal, action == Action::\"view\", resource);\n";
const LINK: &str = r#"[{ "template_id": "shared", "link_id": "bob-sees", "args": { "?principal": "User::\"bob\"" } }]"#;
const ENTITIES: &str = r#"[{ "uid": { "type": "User", "id": "ann" }, "attrs": {}, "parents": [] }]"#;
const TABLE: &str = "unknown: ['User::\"bo\"', 'Doc::\"d\"']\ntests:\n  - { principal: 'User::\"bo\"', action: view, resource: 'Doc::\"d\"', with: { 'Doc::\"d\"': { attrs: { owner: 'User::\"bo\"' } } }, expect: allow }\n";
const OTHER_SCHEMA: &str =
    "namespace Other { entity User; action go appliesTo { principal: User, resource: User }; }\n";
const OTHER: &str = "permit (principal == Other::User::\"x\", action == Other::Action::\"go\", resource);\n";

/// A store as it is meant: its files by what they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Meant {
    policies: BTreeSet<String>,
    schema: BTreeSet<String>,
    data: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct Layout {
    files: BTreeMap<String, String>,
    stores: Vec<Meant>,
    label: String,
}

fn set(paths: impl IntoIterator<Item = String>) -> BTreeSet<String> {
    paths.into_iter().collect()
}

/// Where the schema of the application stands, below its folder or elsewhere, and what it holds.
const SCHEMAS: [Option<(&str, &str)>; 8] = [
    None,
    Some(("app.cedarschema", SCHEMA)),
    Some(("cedarschema.json", SCHEMA_JSON)),
    Some(("cedar.schema", SCHEMA)),
    Some(("schema/app.cedarschema", SCHEMA)),
    Some(("my-schema.v2.json", SCHEMA_JSON)),
    Some(("policies/model.cedar", SCHEMA)),
    Some(("/shared/model/app.cedarschema", SCHEMA)),
];

/// Every layout: the product of what each part of it can be.
fn layouts() -> Vec<Layout> {
    let mut all = Vec::new();
    for folder in ["", "svc/"] {
        for schema in SCHEMAS {
            for links in [false, true] {
                for entities in [None, Some("entities.json"), Some("policies/entities/users.json")] {
                    for table in [None, Some("a_test.yaml"), Some("tests/deep/a_test.yaml")] {
                        for copy in [None, Some("deploy/policies/"), Some("policies/old/"), Some("beside")] {
                            for examples in [None, Some(false), Some(true)] {
                                for configured in [false, true] {
                                    all.push(layout(
                                        folder, schema, links, entities, table, copy, examples, configured,
                                    ));
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    all
}

#[expect(clippy::too_many_arguments, reason = "each is a dimension")]
fn layout(
    folder: &str,
    schema: Option<(&str, &str)>,
    links: bool,
    entities: Option<&str>,
    table: Option<&str>,
    copy: Option<&str>,
    examples: Option<bool>,
    configured: bool,
) -> Layout {
    let label = format!(
        "{folder:?} {:?} {links} {entities:?} {table:?} {copy:?} {examples:?} {configured}",
        schema.map(|(path, _)| path)
    );
    let mut layout = Layout { label, ..Layout::default() };
    let mut main = Meant::default();
    let policies = [("owners.cedar", OWNERS), ("ann.cedar", ANN)];
    for (name, text) in policies {
        let path = format!("{folder}policies/{name}");
        layout.files.insert(path.clone(), text.to_owned());
        main.policies.insert(path);
    }
    let governing = schema.map(|(path, text)| {
        let path = path.strip_prefix('/').map_or_else(|| format!("{folder}{path}"), str::to_owned);
        layout.files.insert(path.clone(), text.to_owned());
        path
    });
    main.schema = set(governing.clone());
    if links {
        let (template, link) = (format!("{folder}policies/shared.cedar"), format!("{folder}policies/linked"));
        layout.files.extend([(template.clone(), TEMPLATE.to_owned()), (link.clone(), LINK.to_owned())]);
        main.policies.insert(template);
        main.data.insert(link);
    }
    for (path, text) in [(entities, ENTITIES), (table, TABLE)] {
        if let Some(path) = path {
            let path = format!("{folder}{path}");
            layout.files.insert(path.clone(), text.to_owned());
            main.data.insert(path);
        }
    }
    // A copy decides by itself, under the schema that the original has.
    match copy {
        Some("beside") => {
            let path = format!("{folder}policies/owners_old.cedar");
            layout.files.insert(path.clone(), OWNERS.to_owned());
            layout.stores.push(Meant { policies: set([path]), schema: main.schema.clone(), ..Meant::default() });
        }
        Some(place) => {
            let paths = policies.map(|(name, text)| (format!("{folder}{place}{name}"), text));
            layout.files.extend(paths.clone().map(|(path, text)| (path, text.to_owned())));
            let policies = set(paths.map(|(path, _)| path));
            layout.stores.push(Meant { policies, schema: main.schema.clone(), ..Meant::default() });
        }
        None => {}
    }
    // Examples have nothing to do with the application, but for a schema that fits if they have none.
    if let Some(own_schema) = examples {
        let path = format!("{folder}examples/x/p.cedar");
        let (text, schema) = if own_schema {
            let schema = format!("{folder}examples/x/x.cedarschema");
            layout.files.insert(schema.clone(), OTHER_SCHEMA.to_owned());
            (OTHER, set([schema]))
        } else {
            (OWNERS, main.schema.clone())
        };
        layout.files.insert(path.clone(), text.to_owned());
        layout.stores.push(Meant { policies: set([path]), schema, ..Meant::default() });
    }
    if configured {
        // What is spelled out is what it says, whatever lies around.
        let listed = |paths: &BTreeSet<String>| format!("{:?}", paths.iter().collect::<Vec<_>>());
        let mut fields = vec!["name = \"main\"".to_owned(), format!("policies = {}", listed(&main.policies))];
        if !main.schema.is_empty() {
            fields.push(format!("schema = {}", listed(&main.schema)));
        }
        let of = |ends: &dyn Fn(&str) -> bool| set(main.data.iter().filter(|path| ends(path)).cloned());
        for (key, paths) in [
            ("links", of(&|path| path.ends_with("linked"))),
            ("tests", of(&|path| path.ends_with(".yaml"))),
            ("entities", of(&|path| path.ends_with(".json"))),
        ] {
            if !paths.is_empty() {
                fields.push(format!("{key} = {}", listed(&paths)));
            }
        }
        layout.files.insert("polcheck.toml".to_owned(), format!("store = [{{ {} }}]\n", fields.join(", ")));
    }
    layout.stores.push(main);
    layout.stores.sort();
    layout
}

fn read(layout: &Layout) -> (repo::Repo, Vec<polcheck::finding::Finding>) {
    let source = Memory::new(layout.files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let (config, findings) = match layout.files.get("polcheck.toml") {
        Some(text) => config::load(&SourceFile::new("polcheck.toml", text.clone()), &run::catalogue()),
        None => (Config::default(), Vec::new()),
    };
    (repo::load(&source, &config, &Request::default()).unwrap(), findings)
}

#[test]
fn the_stores_are_those_that_a_layout_means() {
    let all = layouts();
    assert!(all.len() > 2000, "{}", all.len());
    for layout in &all {
        let (repo, findings) = read(layout);
        assert!(findings.is_empty(), "{}: {findings:?}", layout.label);
        let mut found: Vec<Meant> = repo
            .stores
            .iter()
            .map(|store| {
                let policies = set(store.policies.iter().map(|policy| policy.location.path().to_owned()));
                let schema = set(store.schema_files.iter().cloned());
                let data = store.files.iter().filter(|path| !policies.contains(*path) && !schema.contains(*path));
                Meant { data: set(data.cloned()), policies, schema }
            })
            .collect();
        found.sort();
        assert_eq!(found, layout.stores, "{}: {:#?}\n{:?}", layout.label, layout.files.keys(), repo.left_out);
        for store in &repo.stores {
            assert!(!matches!(store.schema, SchemaState::Broken) && store.broken.is_empty(), "{}", layout.label);
        }
        let wrong: Vec<_> = repo.findings.iter().filter(|finding| finding.rule != "misnamed-schema").collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", layout.label);
    }
}

/// Every folder of a layout, the root first.
fn folders(layout: &Layout) -> BTreeSet<String> {
    let above = |path: &String| {
        std::iter::successors(path.rsplit_once('/').map(|(above, _)| above.to_owned()), |path| {
            path.rsplit_once('/').map(|(above, _)| above.to_owned())
        })
        .collect::<Vec<_>>()
    };
    layout.files.keys().flat_map(above).chain([String::new()]).collect()
}

/// Whether nothing that a verdict says fails.
fn fine(headline: &str) -> bool {
    headline.contains("clean") || headline.contains("passes")
}

#[test]
fn no_run_is_clean_that_left_a_policy_unvalidated_and_does_not_say_so() {
    let all = layouts();
    let (mut runs, mut bare) = (0, 0);
    // Each value of each part stands in many of these.
    for layout in all.iter().step_by(61) {
        let dir = tempfile::tempdir().unwrap();
        let files: Vec<_> = layout.files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        write(dir.path(), &files);
        crate::common::git(dir.path(), &["init", "-q"]);
        for folder in folders(layout) {
            let reading = Reading { directory: Some(dir.path().join(&folder)), ..Reading::default() };
            let outcome = run::check(&CheckOptions { reading, ..CheckOptions::default() }).unwrap();
            let inside = |path: &String| folder.is_empty() || path.starts_with(&format!("{folder}/"));
            // Rows that lie there run over all policies of their store.
            let asked = |store: &&Meant| store.policies.iter().chain(&store.data).any(inside);
            let without = layout.stores.iter().filter(asked).filter(|store| store.schema.is_empty()).count();
            assert_eq!(outcome.not_validated.len(), without, "{} in {folder:?}", layout.label);
            let headline = polcheck::report::verdict_line(&outcome);
            assert_eq!(headline.contains("not validated"), without > 0 && fine(&headline), "{headline}");
            runs += 1;
            bare += usize::from(without > 0);
        }
    }
    assert!(runs > 200 && bare > 20, "{runs} runs, {bare} with policies that are not validated");
}
