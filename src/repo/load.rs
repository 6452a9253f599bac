//! From a source to a [`Repo`]: list, lay out, read every store.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use cedar_policy::{PolicyId, PolicySet, Template};
use rayon::prelude::*;

use super::cedar::{self, Body};
use super::classify::{Kind, kind};
use super::files::{Files, Unread};
use super::focus::{Focus, within};
use super::layout::{Layout, Plan, lay_out};
use super::links;
use super::model::{Link, Place, Policy, Repo, SchemaState, Store, Table, TableForm};
use super::policies::{self, FoundLink, PolicyFile};
use super::rules::LINK_ERROR;
use super::{entities, schema, tables};
use crate::config::{self, Config};
use crate::finding::{Finding, Level};
use crate::source::{Source, SourceError};
use crate::text::{SourceFile, inline, nearest};

/// What to read, and what of it to report on.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Paths relative to the source's root: what is reported on, and which tables run. Empty means everything. What is read does
    /// not depend on it.
    pub paths: Vec<String>,
    /// Decision tables named one by one; no others run but those that `paths` name.
    pub tables: Vec<String>,
    /// Files named one by one, which turns discovery off.
    pub explicit: Option<Explicit>,
    /// The only store to keep, by name.
    pub store: Option<String>,
}

/// Files and folders named on a command line; paths relative to the source's root.
#[derive(Debug, Clone, Default)]
pub struct Explicit {
    /// Policies.
    pub policies: Vec<String>,
    /// Schema files; several make one schema.
    pub schemas: Vec<String>,
    /// Entities.
    pub entities: Vec<String>,
    /// Template links.
    pub links: Vec<String>,
    /// Decision tables.
    pub tests: Vec<String>,
}

/// Reads a repository.
///
/// # Errors
/// When the source cannot be listed, or a named path is not there. What is wrong inside of files is a finding.
pub fn load(source: &dyn Source, config: &Config, request: &Request) -> Result<Repo, SourceError> {
    let files = Files::new(source);
    let focus = Focus::on(&request.paths);
    let (mut layout, listed) = match &request.explicit {
        Some(explicit) => (name_one_by_one(source, explicit)?, Vec::new()),
        None => {
            let listed: Vec<String> = source.list()?.into_iter().map(|entry| entry.path).collect();
            (discover(source, config, request, &listed, &focus, &files)?, listed)
        }
    };
    let store_names = layout.stores.iter().map(|plan| plan.name.clone()).collect();
    let idle = idle(&focus, &layout, config);
    layout.stores.retain(|plan| plan.files().any(|path| focus.covers(path)) || plan.files().next().is_none());
    layout.left_out.retain(|(path, _)| focus.covers(path));
    let stores: Vec<_> = layout
        .stores
        .into_par_iter()
        .filter(|plan| request.store.as_ref().is_none_or(|wanted| *wanted == plan.name))
        .map(|plan| read_store(plan, &files))
        .collect();
    let text = |path: &String| files.text(path).map(|file| file.text().replace("\r\n", "\n")).unwrap_or_default();
    let guardrails = layout.guardrails.iter().map(|path| (path.clone(), text(path))).collect();
    let mut repo = Repo {
        stores: Vec::new(),
        store_names,
        findings: layout.findings,
        left_out: layout.left_out,
        guardrails,
        listed,
        focus,
        idle,
    };
    for read in stores {
        repo.findings.extend(read.findings);
        repo.left_out.extend(read.left_out);
        repo.stores.push(read.store);
    }
    repo.left_out.sort();
    Ok(repo)
}

/// Whether a file of this name is known to be Cedar's, or ours.
#[must_use]
pub fn is_known(path: &str) -> bool {
    kind(path).is_some()
}

/// Whether the file at `path` is named as a schema is.
#[must_use]
pub fn is_schema(path: &str) -> bool {
    matches!(kind(path), Some(Kind::SchemaCedar | Kind::SchemaJson))
}

fn discover(
    source: &dyn Source,
    config: &Config,
    request: &Request,
    listed: &[String],
    focus: &Focus,
    files: &Files<'_>,
) -> Result<Layout, SourceError> {
    let paths: Vec<String> = listed.iter().filter(|path| !config.leaves_out(path)).cloned().collect();
    let mut layout = lay_out(&paths, config, files);
    if !request.tables.is_empty() {
        let mut named = Vec::new();
        for path in &request.tables {
            named.extend(tables_at(source, path)?);
        }
        let stay = |path: &str| !focus.is_whole() && focus.covers(path);
        let brings_store = |path: &str| {
            files
                .text(path)
                .is_ok_and(|file| tables::form(&file, tables::folder(path), false) == Some(TableForm::Integration))
        };
        layout.run_only(named, request.store.as_deref(), &stay, &brings_store);
    } else {
        for plan in &mut layout.stores {
            plan.tables.retain(|(path, _)| focus.covers(path));
        }
    }
    Ok(layout)
}

/// The tables at `path`: the file itself, which must be one, or what a folder holds and may be one.
fn tables_at(source: &dyn Source, path: &str) -> Result<Vec<(String, bool)>, SourceError> {
    let below = source.below(path)?;
    let named = below.len() == 1 && below.first().is_some_and(|file| file == path);
    let could = |file: &String| named || tables::ENDINGS.iter().any(|ending| file.ends_with(ending));
    let with_must = |file: String| {
        let must = named || kind(&file) == Some(Kind::Table);
        (file, must)
    };
    Ok(below.into_iter().filter(could).map(with_must).collect())
}

/// The paths of `focus` at which nothing is that is read: a phrase each.
fn idle(focus: &Focus, layout: &Layout, config: &Config) -> Vec<String> {
    let read = |path: &str| {
        let mut all = layout.stores.iter().flat_map(Plan::files).chain(&layout.guardrails);
        all.any(|file| within(file, path))
    };
    let idle = focus.paths().iter().filter(|path| !read(path) && **path != config::FILE_NAME);
    idle.map(|path| {
        let name = inline(path);
        let why = layout.left_out.iter().find(|(file, _)| file == path).map(|(_, why)| why.as_str());
        match why {
            _ if config.leaves_out(path) => format!("`{name}`, which `exclude` in {} leaves out", config::FILE_NAME),
            Some(why) => format!("`{name}`: {}", inline(why)),
            None => format!("`{name}`, which is nothing that polcheck reads, nor holds it"),
        }
    })
    .collect()
}

fn name_one_by_one(source: &dyn Source, explicit: &Explicit) -> Result<Layout, SourceError> {
    let mut layout = Layout::default();
    let mut plan = Plan { name: "command-line".to_owned(), ..Plan::default() };
    let mut expand = |paths: &[String], wanted: &[Kind], what: &str| -> Result<Vec<String>, SourceError> {
        let mut found = Vec::new();
        for path in paths {
            let below = source.below(path)?;
            // A file is taken whatever its name; of a folder, what is known by name.
            let named = below.len() == 1 && below.first() == Some(path);
            for file in below {
                if named || wanted.is_empty() || kind(&file).is_some_and(|kind| wanted.contains(&kind)) {
                    found.push(file);
                } else if kind(&file).is_some() {
                    layout.left_out.push((file, format!("it is not named like {what}")));
                }
            }
        }
        Ok(found)
    };
    let deciding: &[Kind] = if explicit.links.is_empty() { &[Kind::Policies, Kind::Links] } else { &[Kind::Policies] };
    plan.policies = expand(&explicit.policies, deciding, "policies")?;
    plan.schema = expand(&explicit.schemas, &[Kind::SchemaCedar, Kind::SchemaJson], "a schema")?;
    plan.entities = expand(&explicit.entities, &[Kind::Entities], "entities")?;
    plan.links = expand(&explicit.links, &[Kind::Links], "template links")?;
    if explicit.links.is_empty() {
        // Links decide as policies do: those that lie among the policies count, unless others are named.
        let (links, policies) = plan.policies.into_iter().partition(|path| kind(path) == Some(Kind::Links));
        (plan.links, plan.policies) = (links, policies);
    }
    for path in &explicit.tests {
        plan.tables.extend(tables_at(source, path)?);
    }
    layout.stores.push(plan);
    Ok(layout)
}

/// A store as read, with what went wrong.
struct ReadStore {
    store: Store,
    findings: Vec<Finding>,
    left_out: Vec<(String, String)>,
}

/// The parts of a store that is being read.
struct Reading<'f, 's> {
    files: &'f Files<'s>,
    findings: Vec<Finding>,
    left_out: Vec<(String, String)>,
}

impl Reading<'_, '_> {
    /// The texts of `paths`, and whether one of them is missing for a reason that matters.
    fn texts(&mut self, paths: &[String], what: &str) -> (Vec<Arc<SourceFile>>, Vec<String>) {
        let mut texts = Vec::new();
        let mut faults = Vec::new();
        for path in paths {
            match self.files.belonging(path, what) {
                Ok(file) => texts.push(file),
                Err(Unread::Elsewhere(why)) => self.left_out.push((path.clone(), why)),
                Err(Unread::Fault(finding)) => {
                    self.findings.push(*finding);
                    faults.push(path.clone());
                }
            }
        }
        (texts, faults)
    }
}

fn read_store(plan: Plan, files: &Files<'_>) -> ReadStore {
    let mut reading = Reading { files, findings: Vec::new(), left_out: Vec::new() };
    let files_of_store: Vec<String> = plan.files().cloned().collect();
    let schema = read_schema(&plan, &mut reading);
    let (policy_files, mut broken) = reading.texts(&plan.policies, "policy file");
    let (link_files, broken_links) = reading.texts(&plan.links, "file of template links");
    broken.extend(broken_links);
    let mut read: Vec<(Arc<SourceFile>, PolicyFile)> =
        policy_files.into_par_iter().map(|file| (Arc::clone(&file), policies::read(&file))).collect();
    read.extend(link_files.into_iter().map(|file| (Arc::clone(&file), links::read(&file))));
    let mut store = Store {
        name: plan.name,
        schema,
        policies: Vec::new(),
        links: Vec::new(),
        set: PolicySet::new(),
        broken,
        entities: super::EntityState::None,
        tables: Vec::new(),
        level: plan.level,
        schema_files: plan.schema.iter().chain(plan.twins.iter().map(|(twin, _)| twin)).cloned().collect(),
        files: files_of_store,
        by_key: HashMap::new(),
    };
    let mut found_links = Vec::new();
    for (file, mut part) in read {
        if part.broken {
            store.broken.push(file.path().to_owned());
        }
        reading.findings.append(&mut part.findings);
        found_links.append(&mut part.links);
        add_policies(&mut store, &file, part);
    }
    for link in found_links {
        if let Err(finding) = add_link(&mut store, &link) {
            store.broken.push(link.location.path().to_owned());
            reading.findings.push(*finding);
        }
    }
    let (entity_files, entity_faults) = reading.texts(&plan.entities, "entity file");
    let (mut state, found) = entities::read(&entity_files, &store.schema);
    reading.findings.extend(found);
    if let Some(path) = entity_faults.first() {
        let place = crate::text::Location::of_path(path.clone());
        state = super::EntityState::Broken(place, "it cannot be read".to_owned());
    }
    store.entities = state;
    store.tables = read_tables(&plan.tables, &mut reading);
    for finding in &mut reading.findings {
        finding.store.get_or_insert_with(|| store.name.clone());
    }
    ReadStore { store, findings: reading.findings, left_out: reading.left_out }
}

fn read_schema(plan: &Plan, reading: &mut Reading<'_, '_>) -> SchemaState {
    if let Some(conflict) = &plan.conflict {
        reading.findings.push(conflict.clone());
        return SchemaState::Broken;
    }
    if plan.schema.is_empty() {
        return SchemaState::None;
    }
    let (files, faults) = reading.texts(&plan.schema, "schema");
    if !faults.is_empty() || files.is_empty() {
        return SchemaState::Broken;
    }
    let twins: Vec<_> = plan
        .twins
        .iter()
        .filter_map(|(twin, of)| {
            let (text, _) = reading.texts(std::slice::from_ref(twin), "schema");
            let of = files.iter().find(|file| file.path() == of)?;
            Some((text.into_iter().next()?, Arc::clone(of)))
        })
        .collect();
    let (state, findings) = schema::read(&files, &twins);
    reading.findings.extend(findings);
    state
}

fn add_policies(store: &mut Store, file: &Arc<SourceFile>, part: PolicyFile) {
    for found in part.policies {
        let key = PolicyId::new(format!("p{}", store.policies.len()));
        let location = crate::text::Location::new(file, found.span);
        let id = match found.json_key {
            Some(key) => Some(key),
            None => found.body.annotation("id").map(|id| (id.to_owned(), found.body.annotation_span("id", found.base))),
        };
        let short = id.as_ref().map_or_else(|| format!("policy{}", found.position), |(id, _)| id.clone());
        let (body, added) = match found.body {
            Body::Static(policy) => {
                let policy = policy.new_id(key.clone());
                (Body::Static(policy.clone()), store.set.add(policy).is_ok())
            }
            Body::Template(template) => {
                let template: Template = template.new_id(key.clone());
                (Body::Template(template.clone()), store.set.add_template(template).is_ok())
            }
        };
        if !added {
            store.broken.push(file.path().to_owned());
        }
        store.by_key.insert(key.clone(), Place::Policy(store.policies.len()));
        store.policies.push(Policy {
            key,
            name: format!("{}#{short}", file.path()),
            short,
            id,
            position: found.position,
            location,
            body,
            base: found.base,
            syntax: OnceLock::new(),
        });
    }
}

fn add_link(store: &mut Store, link: &FoundLink) -> Result<(), Box<Finding>> {
    let fail = |message: String, help: Option<String>| {
        let mut finding = Finding::new(LINK_ERROR.id, Level::Error, link.location.clone(), message);
        finding.help = help;
        Box::new(finding)
    };
    let wanted = inline(&link.template);
    let templates = || store.policies.iter().enumerate().filter(|(_, policy)| policy.body.is_template());
    let fits: Vec<_> =
        templates().filter(|(_, policy)| policy.short == link.template || policy.name == link.template).collect();
    let (template, key) = match fits.as_slice() {
        [(at, policy)] => (*at, policy.key.clone()),
        [] => {
            let help = nearest(&link.template, templates().map(|(_, policy)| policy.short.as_str()))
                .map(|meant| format!("did you mean `{}`?", inline(meant)));
            return Err(fail(format!("there is no template `{wanted}` for this link"), help));
        }
        several => {
            let names: Vec<_> = several.iter().map(|(_, policy)| format!("`{}`", inline(&policy.name))).collect();
            return Err(fail(format!("`{wanted}` is the name of {}", names.join(" and ")), None));
        }
    };
    if let Some(other) = store.links.iter().find(|other| other.short == link.id) {
        let message = format!("two links are called `{}`", inline(&link.id));
        return Err(Box::new(fail(message, None).related(other.location.clone(), "the other one", None)));
    }
    let values = links::values(link).map_err(|message| fail(message, None))?;
    let own = PolicyId::new(format!("l{}", store.links.len()));
    store.set.link(key, own.clone(), values).map_err(|error| {
        let message = cedar::fault(&error).message.replace("unable to link template: ", "");
        let help = "a link gives an entity for every slot of its template, and for no other";
        fail(format!("this link does not fit template `{wanted}`: {message}"), Some(help.to_owned()))
    })?;
    let effect = store.policies.get(template).map_or("permit", |policy| policy.effect_word());
    store.by_key.insert(own.clone(), Place::Link(store.links.len()));
    store.links.push(Link {
        key: own,
        name: format!("{}#{}", link.location.path(), link.id),
        short: link.id.clone(),
        template,
        location: link.location.clone(),
        effect,
    });
    Ok(())
}

fn read_tables(paths: &[(String, bool)], reading: &mut Reading<'_, '_>) -> Vec<Table> {
    let mut found = Vec::new();
    for (path, must) in paths {
        let (text, _) = reading.texts(std::slice::from_ref(path), "decision table");
        let Some(file) = text.into_iter().next() else { continue };
        match tables::form(&file, tables::folder(path), *must) {
            Some(form) => found.push((file, form)),
            None if *must => found.push((file, TableForm::Malformed)),
            None => reading.left_out.push((path.clone(), "it is no decision table in any known form".to_owned())),
        }
    }
    let files = reading.files;
    found
        .into_par_iter()
        .map(|(file, form)| {
            let mut table = tables::table(files, file, form);
            if form == TableForm::Integration {
                table.own_store = Some(own_store(files, &table.file));
            }
            table
        })
        .collect()
}

/// The store that an integration test brings. It has to be whole: a part that cannot be read makes its rows errors.
fn own_store(files: &Files<'_>, file: &SourceFile) -> Result<Box<Store>, String> {
    let paths = tables::own_paths(files, file)?;
    let plan = Plan {
        name: file.path().to_owned(),
        schema: paths.schema.into_iter().collect(),
        policies: vec![paths.policies],
        entities: paths.entities.into_iter().collect(),
        ..Plan::default()
    };
    let read = read_store(plan, files);
    match read.findings.first() {
        Some(finding) => Err(format!("{}: {}", finding.location.label(), finding.message)),
        None => Ok(Box::new(read.store)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Memory;

    fn repo(files: &[(&str, &str)]) -> Repo {
        let memory = Memory::new(files.iter().map(|(path, text)| (*path, *text)));
        load(&memory, &Config::default(), &Request::default()).unwrap()
    }

    #[test]
    fn a_broken_policy_hides_no_other() {
        let text = "permit(principal,action,resource);\npermit(principal action);\n@id(\"c\") forbid(principal,action,resource);";
        let repo = repo(&[("a.cedar", text)]);
        let store = &repo.stores[0];
        let names: Vec<_> = store.policies.iter().map(|policy| policy.name.as_str()).collect();
        assert_eq!(names, ["a.cedar#policy0", "a.cedar#c"]);
        assert_eq!(store.policies[1].position, 2);
        assert_eq!(store.broken, ["a.cedar"]);
        assert_eq!(repo.findings.len(), 1);
        assert_eq!(repo.findings[0].location.start().line, 2);
    }

    #[test]
    fn a_schema_rules_its_folder_and_one_called_schema_the_folder_around_it() {
        let repo = repo(&[
            ("a/schema/x.cedarschema", "entity A;"),
            ("a/schema/y.cedarschema", "entity B;"),
            ("a/policies/p.cedar", "permit(principal,action,resource);"),
            ("b/b.cedarschema", "entity B;"),
            ("b/p.cedar", ""),
            ("c/p.cedar", "permit(principal,action,resource);"),
        ]);
        let names: Vec<_> = repo.stores.iter().map(|store| store.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert!(repo.findings.is_empty(), "{:?}", repo.findings);
        assert_eq!(repo.stores[0].schema.ready().unwrap().files.len(), 2);
        assert!(matches!(repo.stores[2].schema, SchemaState::None));
    }

    #[test]
    fn unrelated_schemas_in_one_folder_are_an_error() {
        let repo = repo(&[("x.cedarschema", "entity A;"), ("y.cedarschema", "entity B;"), ("p.cedar", "")]);
        assert_eq!(repo.findings[0].rule, "schema-conflict");
        assert!(matches!(repo.stores[0].schema, SchemaState::Broken));
    }
}
