//! Files named one by one, instead of what lies in the repository.

use super::classify::{Kind, kind};
use super::plan::{Layout, Plan};
use super::tables::tables_at;
use crate::repo::request::Explicit;
use crate::source::{Source, SourceError};

/// The one store of the files that `explicit` names.
///
/// # Errors
/// When a named path is not there.
pub(in crate::repo) fn name_one_by_one(source: &dyn Source, explicit: &Explicit) -> Result<Layout, SourceError> {
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
    for path in &explicit.tests {
        plan.tables.extend(tables_at(source, path)?);
    }
    layout.guardrails = guardrails;
    layout.stores.push(plan);
    Ok(layout)
}
