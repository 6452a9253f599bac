//! The valid stores among the corpora: real policies by others, each with its schema.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use cedar_policy::{
    EntityId, EntityUid, Policy, PolicyId, PolicySet, RequestEnv, Schema, SlotId, Template, ValidationMode, Validator,
};
use serde_json::Value;

use super::generate::Made;

pub struct Store {
    pub name: String,
    pub schema: Schema,
    /// Static policies and links first, templates last.
    pub policies: Vec<Made>,
    /// Links of our own, so that oracles have something to say of templates: index of the template, index of the link.
    pub links: Vec<(usize, usize)>,
}

/// Policies (files or folders), schema, links.
type Place = (Vec<String>, String, Option<String>);

fn places(dir: &Path) -> Vec<Place> {
    let mut all: Vec<Place> = Vec::new();
    let mut add = |folder: &str, policies: &[&str], schema: &str, links: Option<&str>| {
        let join = |file: &str| format!("{folder}/{file}");
        all.push((policies.iter().map(|file| join(file)).collect(), join(schema), links.map(join)));
    };
    let examples = "cedar-examples";
    add(&format!("{examples}/github_example"), &["policies.cedar"], "policies.cedarschema", None);
    for folder in ["hotel_chains", "sales_orgs"] {
        add(&format!("{examples}/{folder}/static"), &["policies.cedar"], "policies.cedarschema", None);
        add(&format!("{examples}/{folder}/templated"), &["policies.cedar"], "policies.cedarschema", Some("linked"));
    }
    add(&format!("{examples}/tax_preparer"), &["policies.cedar"], "policies.cedarschema", Some("linked"));
    let tiny = format!("{examples}/tinytodo");
    add(&tiny, &["policies.cedar"], "tinytodo.cedarschema", None);
    add(&tiny, &["policies-templates.cedar"], "tinytodo-templates.cedarschema", None);
    for number in 4..=6 {
        add(&tiny, &[&format!("variants/policies-with-policy{number}.cedar")], "tinytodo.cedarschema", None);
    }
    let action = format!("{examples}/language-in-action");
    add(&action, &["GitApp/gitapp.cedar"], "GitApp/gitapp.cedarschema", None);
    add(&action, &["PhotoApp/photoapp.cedar"], "PhotoApp/photoapp.cedarschema", None);
    for name in ["github", "github-templates", "gdrive", "gdrive-templates"] {
        add(&format!("{examples}/oopsla2024/{name}"), &["policies.cedar"], &format!("{name}.cedarschema.json"), None);
    }
    add(&format!("{examples}/oopsla2024/tinytodo"), &["tinytodo.cedar"], "tinytodo.cedarschema.json", None);
    let cli = "cedar-cli-sample-data";
    for number in 1..=3 {
        add(&format!("{cli}/sandbox_a"), &[&format!("policies_{number}.cedar")], "schema.cedarschema", None);
        add(&format!("{cli}/sandbox_b"), &[&format!("policies_{}.cedar", number + 3)], "schema.cedarschema.json", None);
        add(
            &format!("{cli}/tiny_sandboxes/level-validation"),
            &[&format!("policy-level-{}.cedar", number - 1)],
            "schema.cedarschema",
            None,
        );
    }
    add(&format!("{cli}/sandbox_c"), &["policies.cedar"], "schema.cedarschema", None);
    add(&format!("{cli}/sandbox_c"), &["policies_edited.cedar"], "schema.cedarschema", None);
    add(&format!("{cli}/tpe_rfc"), &["policies.cedar"], "schema.cedarschema", None);
    for number in 1..=11 {
        let file = if number == 11 { "valid_policy.cedar" } else { "policy.cedar" };
        add(&format!("{cli}/tiny_sandboxes/sample{number}"), &[file], "schema.cedarschema", None);
    }
    add("k8s", &["policies"], "k8s-authorization.cedarschema", None);
    add("authorization-for-expressjs/petstore", &["policies"], "v4.cedarschema.json", None);
    let photos = "cedar-for-agents/photo_sharing";
    add(photos, &["current_policies.cedar"], "photo_sharing.cedarschema", None);
    for other in ["ineffective_policy", "refactor", "bob_policy", "forbid_alice", "new_policy"] {
        add(photos, &["current_policies.cedar", &format!("{other}.cedar")], "photo_sharing.cedarschema", None);
    }
    for (folder, file) in [("RFC53", "cedarschema"), ("RFC82", "cedarschema"), ("datatypes", "cedarschema")] {
        add(&format!("vscode-cedar/testdata/{folder}"), &["policies.cedar"], file, None);
    }
    add("vscode-cedar/testdata/narrow", &["policies.cedar"], "cedarschema.json", None);
    add("vscode-cedar/testdata/impossible", &["policy.cedar"], "cedarschema.json", None);
    add("vscode-cedar/testdata/attributes", &["test.cedar"], "cedarschema.json", None);
    let tests = dir.join("cedar-integration-tests");
    let mut files = Vec::new();
    for folder in ["corpus-tests", "tests/ip", "tests/decimal", "tests/example_use_cases"] {
        let entries = std::fs::read_dir(tests.join(folder)).unwrap();
        files.extend(entries.map(|entry| entry.unwrap().path()).filter(|path| {
            path.extension().is_some_and(|ending| ending == "json")
                && !path.to_string_lossy().ends_with(".entities.json")
        }));
    }
    files.sort();
    let mut seen = BTreeSet::new();
    for file in files {
        let json: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let path = |key: &str| json[key].as_str().map(|path| format!("cedar-integration-tests/{path}"));
        if let (Some(policies), Some(schema)) = (path("policies"), path("schema"))
            && seen.insert((policies.clone(), schema.clone()))
        {
            all.push((vec![policies], schema, None));
        }
    }
    all
}

/// Every valid store, and how many others there are.
pub fn all(dir: &Path) -> (Vec<Store>, usize) {
    let mut stores = Vec::new();
    let mut invalid = 0;
    for (policies, schema, links) in places(dir) {
        match load(dir, &policies, &schema, links.as_deref()) {
            Ok(store) => stores.push(store),
            Err(why) => {
                println!("not valid: {}: {}", policies.join(" + "), why.lines().next().unwrap_or_default());
                invalid += 1;
            }
        }
    }
    (stores, invalid)
}

fn files(path: PathBuf) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path];
    }
    let mut found: Vec<PathBuf> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|ending| ending == "cedar"));
    found.sort();
    found
}

/// # Errors
/// Why the store is not valid.
pub fn load(dir: &Path, policies: &[String], schema: &str, links: Option<&str>) -> Result<Store, String> {
    let text = std::fs::read_to_string(dir.join(schema)).map_err(|error| format!("{schema}: {error}"))?;
    let schema = if schema.ends_with(".json") {
        Schema::from_json_str(&text).map_err(|error| error.to_string())?
    } else {
        Schema::from_cedarschema_str(&text).map_err(|error| error.to_string())?.0
    };
    let mut set = PolicySet::new();
    for file in policies.iter().flat_map(|path| files(dir.join(path))) {
        let text = std::fs::read_to_string(&file).map_err(|error| error.to_string())?;
        add(&mut set, &text.parse().map_err(|error| format!("{error}"))?)?;
    }
    if let Some(links) = links {
        let text = std::fs::read_to_string(dir.join(links)).map_err(|error| error.to_string())?;
        let json: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        for link in json.as_array().ok_or("links are a list")? {
            let text = |key: &str| link[key].as_str().map(PolicyId::new).ok_or("a link has ids");
            let mut values = HashMap::new();
            for (slot, name) in [(SlotId::principal(), "?principal"), (SlotId::resource(), "?resource")] {
                if let Some(value) = link["args"][name].as_str() {
                    let uid: EntityUid = value.parse().map_err(|error| format!("{error}"))?;
                    values.insert(slot, uid);
                }
            }
            set.link(text("template_id")?, text("link_id")?, values).map_err(|error| error.to_string())?;
        }
    }
    finish(policies.join(" + "), schema, set)
}

/// Adds policies as they stand in their file; `@id` names one where it is unique, as links have it.
fn add(set: &mut PolicySet, parsed: &PolicySet) -> Result<(), String> {
    let position = |id: &PolicyId| id.to_string().trim_start_matches("policy").parse::<usize>().unwrap_or(usize::MAX);
    let free = |set: &PolicySet, given: Option<&str>| {
        let numbered = (0..).map(|number| PolicyId::new(format!("policy{number}")));
        given
            .map(PolicyId::new)
            .into_iter()
            .chain(numbered)
            .find(|id| set.policy(id).is_none() && set.template(id).is_none())
            .expect("numbers do not end")
    };
    let mut policies: Vec<&Policy> = parsed.policies().collect();
    policies.sort_by_key(|policy| position(policy.id()));
    for policy in policies {
        let id = free(set, policy.annotation("id"));
        set.add(policy.new_id(id)).map_err(|error| error.to_string())?;
    }
    let mut templates: Vec<&Template> = parsed.templates().collect();
    templates.sort_by_key(|template| position(template.id()));
    for template in templates {
        let id = free(set, template.annotation("id"));
        set.add_template(template.new_id(id)).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn finish(name: String, schema: Schema, mut set: PolicySet) -> Result<Store, String> {
    let validator = Validator::new(schema.clone());
    let result = validator.validate(&set, ValidationMode::Strict);
    if let Some(error) = result.validation_errors().next() {
        return Err(error.to_string());
    }
    let mut templates: Vec<Template> = set.templates().cloned().collect();
    templates.sort_by_key(|template| template.id().to_string());
    let mut ours: Vec<(PolicyId, usize)> = Vec::new();
    let types: BTreeSet<String> = schema.entity_types().map(ToString::to_string).collect();
    for (number, template) in templates.iter().enumerate() {
        // One link for each pair of types that is valid, up to a few.
        let slots: Vec<SlotId> = template.slots().cloned().collect();
        let mut made = 0;
        for first in &types {
            for second in if slots.len() > 1 { types.iter().collect() } else { vec![first] } {
                let uid = |ty: &String| {
                    EntityUid::from_type_name_and_id(ty.parse().expect("a type's name"), EntityId::new("linked"))
                };
                let values: HashMap<SlotId, EntityUid> = slots.iter().cloned().zip([uid(first), uid(second)]).collect();
                let mut alone = PolicySet::new();
                let id = PolicyId::new(format!("linked {number} {made}"));
                alone.add_template(template.clone()).map_err(|error| error.to_string())?;
                alone.link(template.id().clone(), id.clone(), values.clone()).map_err(|error| error.to_string())?;
                let result = validator.validate(&alone, ValidationMode::Strict);
                if made == 3 || !result.validation_passed() || result.validation_warnings().next().is_some() {
                    continue;
                }
                made += 1;
                set.link(template.id().clone(), id.clone(), values).map_err(|error| error.to_string())?;
                ours.push((id, number));
            }
        }
    }
    let mut policies: Vec<&Policy> = set.policies().collect();
    policies.sort_by_key(|policy| policy.id().to_string());
    let count = policies.len();
    let links = ours
        .iter()
        .map(|(id, number)| {
            let at = policies.iter().position(|policy| policy.id() == id).expect("it was linked");
            (count + number, at)
        })
        .collect();
    let policies =
        policies.into_iter().cloned().map(Made::Policy).chain(templates.into_iter().map(Made::Template)).collect();
    Ok(Store { name, schema, policies, links })
}

/// Every request environment, in a stable order.
pub fn environments(schema: &Schema) -> Vec<RequestEnv> {
    let mut all: Vec<RequestEnv> = schema.request_envs().collect();
    all.sort_by_key(|env| format!("{} {} {}", env.principal(), env.action(), env.resource()));
    all
}
