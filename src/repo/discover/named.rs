//! Files named one by one, instead of what lies in the repository.

use super::classify::{Kind, is_always, kind};
use super::plan::{Layout, Plan};
use super::tables::tables_at;
use crate::repo::carriers::{Gathered, gather};
use crate::repo::files::Files;
use crate::repo::request::Explicit;
use crate::source::{Source, SourceError};

/// The one store of the files that `explicit` names.
///
/// # Errors
/// When a named path is not there.
pub(in crate::repo) fn name_one_by_one(
    source: &dyn Source,
    explicit: &Explicit,
    files: &mut Files<'_>,
) -> Result<Layout, SourceError> {
    let mut layout = Layout::default();
    let carried = carriers_at(source, &explicit.policies, files)?;
    let mut plan = Plan { name: "command-line".to_owned(), ..Plan::default() };
    let mut expand = |paths: &[String], wanted: &[Kind], what: &str| -> Result<Vec<String>, SourceError> {
        let mut found = Vec::new();
        for path in paths {
            let below = source.below(path)?;
            // A file is taken whatever its name; of a folder, what is known by name.
            let named = below.len() == 1 && below.first() == Some(path);
            for file in below {
                if carried.files.contains(&file) || carried.includes(&file) {
                    continue;
                }
                if named || wanted.is_empty() || kind(&file).is_some_and(|kind| wanted.contains(&kind)) {
                    found.push(file);
                } else if kind(&file).is_some() {
                    layout.left_out.push((file, format!("it is not named like {what}")));
                }
            }
        }
        Ok(found)
    };
    let deciding: &[Kind] = if explicit.links.is_empty() {
        &[Kind::Policies, Kind::Guardrail, Kind::Links]
    } else {
        &[Kind::Policies, Kind::Guardrail]
    };
    plan.policies = expand(&explicit.policies, deciding, "policies")?;
    plan.schema = expand(&explicit.schemas, &[Kind::SchemaCedar, Kind::SchemaJson], "a schema")?;
    plan.entities = expand(&explicit.entities, &[Kind::Entities], "entities")?;
    plan.links = expand(&explicit.links, &[Kind::Links], "template links")?;
    if explicit.links.is_empty() {
        // Links decide as policies do: those that lie among the policies count, unless others are named.
        let (links, policies) = plan.policies.into_iter().partition(|path| kind(path) == Some(Kind::Links));
        (plan.links, plan.policies) = (links, policies);
    }
    let (guardrails, policies) = plan.policies.into_iter().partition(|path| kind(path) == Some(Kind::Guardrail));
    plan.policies = policies;
    for part in carried.parts {
        match part.role.kind() {
            Kind::SchemaCedar | Kind::SchemaJson if explicit.schemas.is_empty() => plan.schema.push(part.path),
            kind => plan.take(&part.path, kind),
        }
    }
    layout.left_out.extend(carried.left_out);
    layout.unresolved.extend(carried.unresolved);
    for path in &explicit.tests {
        plan.tables.extend(tables_at(source, path)?);
    }
    layout.guardrails = guardrails;
    layout.stores.push(plan);
    Ok(layout)
}

/// What the carriers at or below `paths` hold, which `files` knows then.
fn carriers_at(source: &dyn Source, paths: &[String], files: &mut Files<'_>) -> Result<Gathered, SourceError> {
    let mut below = Vec::new();
    for path in paths {
        below.extend(source.below(path)?);
    }
    below.sort();
    below.dedup();
    let carried = gather(&below, files, is_always);
    files.add(carried.texts());
    Ok(carried)
}
