//! Stores that nobody has spelled out, from names and folders.
//!
//! # Why
//!
//! Without a schema, the outermost folders that hold policies are a store each. Folders that have nothing to do with
//! each other then do not share ids or decisions.

use std::collections::{BTreeMap, BTreeSet};

use super::classify::Kind;
use super::homes::homes;
use super::plan::{Layout, Plan};
use super::schemas::{looks_like_schema, root_of, with_schema};
use crate::repo::files::Files;
use crate::repo::paths::{dir, within};

/// Adds the stores of the files in `free`, which no configured store takes, to `layout`; files without a store are left
/// out.
pub(super) fn discover(free: &[(&str, Kind)], files: &Files<'_>, layout: &mut Layout) {
    let of_kind = |wanted: Kind| free.iter().filter(move |(_, kind)| *kind == wanted).map(|(path, _)| *path);
    let policies: Vec<&str> = of_kind(Kind::Policies).collect();
    let mut by_root: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let schemas = free.iter().filter(|(_, kind)| matches!(kind, Kind::SchemaCedar | Kind::SchemaJson));
    for (path, _) in schemas {
        by_root.entry(root_of(dir(path))).or_default().push(path);
    }
    for path in of_kind(Kind::SchemaCandidate) {
        let root = root_of(dir(path));
        let why = if by_root.contains_key(root) {
            Some("another schema stands beside it")
        } else if !policies.iter().any(|policy| within(policy, root)) {
            Some("there are no Cedar policies below its folder")
        } else if !looks_like_schema(files, path) {
            Some("it does not look like a Cedar schema")
        } else {
            None
        };
        match why {
            Some(why) => layout.left_out.push((path.to_owned(), why.to_owned())),
            None => by_root.entry(root).or_default().push(path),
        }
    }
    let mut plans: BTreeMap<&str, Plan> =
        by_root.into_iter().map(|(root, schemas)| (root, with_schema(root, &schemas, files))).collect();
    let owner = |roots: &BTreeSet<&str>, path: &str| -> Option<String> {
        roots.iter().filter(|root| within(path, root)).max_by_key(|root| root.len()).map(|root| (*root).to_owned())
    };
    let schema_roots: BTreeSet<&str> = plans.keys().copied().collect();
    let schemaless = clusters(policies.iter().copied().filter(|path| owner(&schema_roots, path).is_none()));
    for root in &schemaless {
        plans.insert(root, Plan::rooted(root));
    }
    let roots: BTreeSet<&str> = plans.keys().copied().collect();
    let in_order: Vec<&str> = roots.iter().copied().collect();
    for (path, kind) in free {
        let home = match kind {
            Kind::Policies => owner(&roots, path).ok_or_else(String::new),
            Kind::Links | Kind::Entities | Kind::Table => match homes(&in_order, path).as_slice() {
                [only] => in_order.get(*only).map(|root| (*root).to_owned()).ok_or_else(String::new),
                [] => Err("there are no Cedar policies that it could belong to".to_owned()),
                several => Err(format!("it could belong to {} stores; name it in polcheck.toml", several.len())),
            },
            _ => continue,
        };
        match home {
            Ok(root) => {
                if let Some(plan) = plans.get_mut(root.as_str()) {
                    place(path, *kind, plan);
                }
            }
            Err(why) => layout.left_out.push(((*path).to_owned(), why)),
        }
    }
    layout.stores.extend(plans.into_values());
}

fn place(path: &str, kind: Kind, plan: &mut Plan) {
    let path = path.to_owned();
    match kind {
        Kind::Policies => plan.policies.push(path),
        Kind::Links => plan.links.push(path),
        Kind::Entities => plan.entities.push(path),
        Kind::Table => plan.tables.push((path, true)),
        Kind::SchemaCedar | Kind::SchemaJson | Kind::SchemaCandidate | Kind::Guardrail => {}
    }
}

/// Folders that hold policies without a schema: the outermost ones, each a store.
fn clusters<'p>(policies: impl Iterator<Item = &'p str>) -> Vec<&'p str> {
    let mut roots: Vec<&str> = Vec::new();
    let dirs: BTreeSet<&str> = policies.map(dir).collect();
    for folder in dirs {
        if !roots.iter().any(|root| within(folder, root)) {
            roots.push(folder);
        }
    }
    roots
}
