//! From a source to a [`Repo`]: list, lay out, read every store.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::carriers::gather;
use super::discover::{Layout, Plan, hints, is_always, is_known, lay_out, name_one_by_one, tables_at};
use super::files::Files;
use super::focus::Focus;
use super::forms::TableForm;
use super::model::{GuardrailFiles, Repo};
use super::parsed_texts::ParsedTexts;
use super::paths::{shown, within};
use super::read::{read_guardrails, read_store, stores_around};
use super::request::Request;
use crate::config::{self, Config};
use crate::source::{Source, SourceError};
use crate::text::inline;

/// Reads a repository.
///
/// # Errors
/// When the source cannot be listed, or a named path is not there. What is wrong inside of files is a finding.
pub fn load(source: &dyn Source, config: &Config, request: &Request) -> Result<Repo, SourceError> {
    let values = config.template.iter().chain(&request.filled).cloned().collect();
    let mut files =
        Files::new(source, is_known, request.parsed.clone().map(ParsedTexts::read_again)).filling_in(values);
    let focus = Focus::on(&request.paths);
    let (mut layout, listed) = match &request.explicit {
        Some(explicit) => (name_one_by_one(source, explicit, &mut files)?, Vec::new()),
        None => {
            let listed: Vec<String> = source.list()?.into_iter().map(|entry| entry.path).collect();
            (discover(source, config, request, &listed, &focus, &mut files)?, listed)
        }
    };
    let store_names = layout.stores.iter().map(|plan| plan.name.clone()).collect();
    let idle = idle(&focus, &layout, config);
    let about: BTreeMap<String, Vec<String>> =
        layout.guardrails.iter().map(|path| (path.clone(), stores_around(path, &layout.stores))).collect();
    // Guardrails that were asked for are proved of stores that were not.
    let guarded = |name: &String| about.iter().any(|(path, names)| focus.covers(path) && names.contains(name));
    layout.stores.retain(|plan| {
        plan.files().any(|path| focus.covers(path)) || plan.files().next().is_none() || guarded(&plan.name)
    });
    layout.left_out.retain(|(path, _)| focus.covers(path));
    let stores: Vec<_> = layout
        .stores
        .into_par_iter()
        .filter(|plan| request.store.as_ref().is_none_or(|wanted| *wanted == plan.name))
        .map(|plan| read_store(plan, &files))
        .collect();
    let text = |path: &String| files.text(path).map(|file| file.text().replace("\r\n", "\n")).unwrap_or_default();
    let not_entered = source.not_entered().into_iter();
    let not_entered = not_entered.filter(|(path, _)| focus.covers(path) && !config.leaves_out(path));
    layout.left_out.extend(not_entered.map(|(path, why)| (path, why.to_owned())));
    let nothing = request.explicit.is_none() && stores.is_empty() && layout.guardrails.is_empty();
    let hints = if nothing && layout.findings.is_empty() {
        let asked: Vec<String> =
            listed.iter().filter(|path| focus.covers(path) && !config.leaves_out(path)).cloned().collect();
        Some(hints(&asked, &layout.left_out, &files))
    } else {
        None
    };
    let texts = layout.guardrails.iter().map(|path| (path.clone(), text(path))).collect();
    let (rules, wrong) = read_guardrails(&layout.guardrails, &files);
    layout.findings.extend(wrong);
    let guardrails = GuardrailFiles { texts, rules, about };
    let mut repo = Repo {
        stores: Vec::new(),
        store_names,
        findings: layout.findings,
        left_out: layout.left_out,
        guardrails,
        listed,
        focus,
        idle,
        copies: layout.copies,
        unresolved: layout.unresolved.into_iter().map(|one| (one.location, one.message)).collect(),
        unfilled: Vec::new(),
        hints,
    };
    for read in stores {
        repo.findings.extend(read.findings);
        repo.left_out.extend(read.left_out);
        repo.unfilled.extend(read.unfilled);
        repo.stores.push(read.store);
    }
    repo.left_out.iter_mut().for_each(|(path, _)| *path = shown(path).to_owned());
    repo.left_out.sort();
    Ok(repo)
}

fn discover(
    source: &dyn Source,
    config: &Config,
    request: &Request,
    listed: &[String],
    focus: &Focus,
    files: &mut Files<'_>,
) -> Result<Layout, SourceError> {
    let paths: Vec<String> = listed.iter().filter(|path| !config.leaves_out(path)).cloned().collect();
    let carried = gather(&paths, files, is_always);
    files.add(carried.texts());
    let files = &*files;
    let mut layout = lay_out(&paths, &carried, config, files);
    if !request.tables.is_empty() {
        let mut named = Vec::new();
        for path in &request.tables {
            named.extend(tables_at(source, path)?);
        }
        let stay = |path: &str| !focus.is_whole() && focus.covers(path);
        let brings_store = |path: &str| {
            // An empty list may be a table without rows or no entities: there is nothing to run either way.
            let file = files.text(path).ok().filter(|file| file.text().trim() != "[]");
            let form = file.and_then(|file| TableForm::of(&file, false));
            form.map(|form| form.spec().store.is_some())
        };
        layout.run_only(named, request.store.as_deref(), &stay, &brings_store);
    } else {
        for plan in &mut layout.stores {
            plan.tables.retain(|(path, _)| focus.covers(path));
        }
    }
    Ok(layout)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::SchemaState;
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
        assert_eq!(store.broken.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["a.cedar"]);
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
