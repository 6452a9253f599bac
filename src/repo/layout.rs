//! Which files belong together: from names and folders, and from configuration, to the plan of each store.

use std::collections::{BTreeMap, BTreeSet};

use super::classify::{Kind, kind};
use super::files::{Files, whole};
use super::focus::within;
use super::rules::{SCHEMA_CONFLICT, TEST_MISMATCH};
use crate::config::{CONFIGURATION, Config, Pattern, StoreConfig};
use crate::data::json::Node;
use crate::finding::{Finding, Level};
use crate::text::{Location, inline};

/// A store by the paths of its files.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) name: String,
    /// Schema files, to be read as one.
    pub(super) schema: Vec<String>,
    /// The same schema in the other syntax, and the file that is read instead.
    pub(super) twins: Vec<(String, String)>,
    /// Set when it cannot be told which schema holds.
    pub(super) conflict: Option<Finding>,
    pub(super) policies: Vec<String>,
    pub(super) links: Vec<String>,
    pub(super) entities: Vec<String>,
    /// Tables, and whether the file must be one (by its name or because the user says so).
    pub(super) tables: Vec<(String, bool)>,
    pub(super) level: Option<u32>,
    /// The folder that it lies in, where it was not spelled out.
    pub(super) root: Option<String>,
}

impl Plan {
    /// Every file of the store.
    pub(super) fn files(&self) -> impl Iterator<Item = &String> {
        let named = [&self.schema, &self.policies, &self.links, &self.entities].into_iter().flatten();
        let twins = self.twins.iter().map(|(twin, _)| twin);
        named.chain(twins).chain(self.tables.iter().map(|(path, _)| path))
    }

    /// The folder that it lies in: for one that is spelled out, the innermost that holds all of its policies.
    fn folder(&self) -> &str {
        if let Some(root) = &self.root {
            return root;
        }
        let mut folders = self.policies.iter().map(|path| dir(path));
        let first = folders.next().unwrap_or_default();
        folders.fold(first, |mut common, folder| {
            while !within(folder, common) {
                common = dir(common);
            }
            common
        })
    }
}

/// The plan of a whole repository.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) stores: Vec<Plan>,
    pub(super) findings: Vec<Finding>,
    pub(super) left_out: Vec<(String, String)>,
    pub(super) guardrails: Vec<String>,
}

/// Lays out `paths` (sorted, relative to the root).
pub(super) fn lay_out(paths: &[String], config: &Config, files: &Files<'_>) -> Layout {
    let mut layout = Layout::default();
    let mut free: Vec<(&str, Kind)> = Vec::new();
    let mut configured: Vec<Plan> = config.stores.iter().map(new_plan).collect();
    for path in paths {
        // What several stores name belongs to each of them.
        let claims = config.stores.iter().zip(&mut configured).filter_map(|(store, plan)| claim(store, plan, path));
        match (claims.count(), kind(path)) {
            (0, Some(Kind::Guardrail)) => layout.guardrails.push(path.clone()),
            (0, Some(kind)) => free.push((path, kind)),
            _ => {}
        }
    }
    for (store, plan) in config.stores.iter().zip(configured) {
        layout.findings.extend(idle_patterns(store, paths));
        layout.stores.push(plan);
    }
    discover(&free, files, &mut layout);
    layout.stores.retain(|plan| {
        !(plan.policies.is_empty() && plan.schema.is_empty() && plan.tables.is_empty() && plan.conflict.is_none())
    });
    layout.stores.sort_by(|a, b| a.name.cmp(&b.name));
    for plan in &mut layout.stores {
        plan.level = config.dereferences(&plan.name, &plan.policies);
    }
    layout
}

fn new_plan(store: &StoreConfig) -> Plan {
    Plan { name: store.name.clone(), ..Plan::default() }
}

/// Takes `path` into the configured store if one of its patterns names it.
fn claim(store: &StoreConfig, plan: &mut Plan, path: &str) -> Option<()> {
    let fits = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(path));
    let cedar = |wanted: &[Kind]| kind(path).is_some_and(|kind| wanted.contains(&kind));
    // A pattern that names a folder takes what the folder holds of that kind; one that names a file takes it whatever its name.
    let takes = |patterns: &[Pattern], wanted: &[Kind]| {
        fits(patterns) && (cedar(wanted) || patterns.iter().any(|pattern| pattern.matcher.is_match(path)))
    };
    if takes(&store.schema, &[Kind::SchemaCedar, Kind::SchemaJson]) {
        plan.schema.push(path.to_owned());
    } else if takes(&store.policies, &[Kind::Policies]) {
        plan.policies.push(path.to_owned());
    } else if takes(&store.entities, &[Kind::Entities]) {
        plan.entities.push(path.to_owned());
    } else if takes(&store.links, &[Kind::Links]) {
        plan.links.push(path.to_owned());
    } else if takes(&store.tests, &[Kind::Table]) {
        plan.tables.push((path.to_owned(), true));
    } else {
        return None;
    }
    Some(())
}

/// Patterns of a configured store that name nothing at all: a store that is silently empty is a trap.
fn idle_patterns(store: &StoreConfig, all: &[String]) -> Vec<Finding> {
    let groups = [&store.schema, &store.policies, &store.entities, &store.links, &store.tests];
    let idle = groups.into_iter().flatten().filter(|pattern| !all.iter().any(|path| pattern.matches(path)));
    idle.map(|pattern| {
        let message = format!("`{}` names no file", inline(&pattern.text));
        let help = "paths are relative to the repository's root; `*` stays in one folder, `**` does not";
        Finding::new(CONFIGURATION.id, Level::Error, pattern.location.clone(), message).help(help)
    })
    .collect()
}

/// The folder of `path`; empty for the root.
fn dir(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

fn discover(free: &[(&str, Kind)], files: &Files<'_>, layout: &mut Layout) {
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
        plans.insert(root, new_store(root));
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

/// A store in `root`, with nothing in it yet.
fn new_store(root: &str) -> Plan {
    let name = if root.is_empty() { ".".to_owned() } else { root.to_owned() };
    Plan { name, root: Some(root.to_owned()), ..Plan::default() }
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

/// Folders that hold schemas for the folder around them.
pub const SCHEMA_FOLDERS: [&str; 3] = ["schema", "schemas", "cedarschema"];

/// The folder that a schema in `dir` rules: `dir`, or the folder around it when it is called as one that holds schemas.
fn root_of(dir: &str) -> &str {
    let (above, name) = dir.rsplit_once('/').unwrap_or(("", dir));
    if SCHEMA_FOLDERS.contains(&name) { above } else { dir }
}

fn looks_like_schema(files: &Files<'_>, path: &str) -> bool {
    // One that cannot be read or is not JSON is an error later on, never skipped.
    let Ok(file) = files.text(path) else { return true };
    let text = file.parse_text();
    let Ok(root) = Node::parse(&file, &text) else { return true };
    let namespaces = root.fields().unwrap_or_default();
    namespaces.iter().any(|(_, body)| body.field("entityTypes").is_some() || body.field("actions").is_some())
}

/// A store around the schemas that rule `root`: one, one in two syntaxes, fragments, or a conflict.
fn with_schema(root: &str, schemas: &[&str], files: &Files<'_>) -> Plan {
    let mut plan = new_store(root);
    for path in schemas {
        let cedar = path.strip_suffix(".json").filter(|cedar| schemas.contains(cedar));
        match cedar {
            Some(cedar) => plan.twins.push(((*path).to_owned(), cedar.to_owned())),
            None => plan.schema.push((*path).to_owned()),
        }
    }
    let folders: BTreeSet<&str> = plan.schema.iter().map(|path| dir(path)).collect();
    let fragments = folders.len() == 1 && folders.iter().all(|folder| *folder != root);
    if plan.schema.len() > 1 && !fragments {
        plan.conflict = Some(conflict(&plan.schema, files));
    }
    plan
}

fn conflict(schemas: &[String], files: &Files<'_>) -> Finding {
    let place = |path: &str| files.text(path).map_or_else(|_| Location::of_path(path), |file| whole(&file));
    let first = schemas.first().map(String::as_str).unwrap_or_default();
    let listed: Vec<_> = schemas.iter().map(|path| format!("`{}`", inline(path))).collect();
    let message = format!(
        "{} schemas stand side by side and it cannot be told which one holds: {}",
        schemas.len(),
        listed.join(", ")
    );
    let quoted: Vec<_> = schemas.iter().map(|path| format!("\"{}\"", path.escape_default())).collect();
    let help = format!(
        "say so in polcheck.toml: `store = [{{ name = \"main\", schema = {}, policies = \"...\" }}]` with one entry for \
         each schema; or, if they are parts of one schema, `schema = [{}]`",
        quoted.first().map(String::as_str).unwrap_or_default(),
        quoted.join(", ")
    );
    let mut finding = Finding::new(SCHEMA_CONFLICT.id, Level::Error, place(first), message).help(help);
    for other in schemas.iter().skip(1) {
        finding = finding.related(place(other), "another candidate", None);
    }
    finding
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

/// Which of the stores in `folders` a data file belongs to: the innermost around it; else those below the nearest folder above it
/// that has any. More than one is a doubt.
fn homes(folders: &[&str], path: &str) -> Vec<usize> {
    let fitting = |fits: &dyn Fn(&str) -> bool| -> Vec<usize> {
        folders.iter().enumerate().filter(|(_, folder)| fits(folder)).map(|(at, _)| at).collect()
    };
    let around = folders.iter().filter(|folder| within(path, folder)).map(|folder| folder.len()).max();
    if let Some(innermost) = around {
        return fitting(&|folder| within(path, folder) && folder.len() == innermost);
    }
    let mut above = dir(path);
    loop {
        let below = fitting(&|folder| within(folder, above));
        if !below.is_empty() || above.is_empty() {
            return below;
        }
        above = dir(above);
    }
}

impl Layout {
    /// Lets `tables`, named one by one, run, and of the others only those that `stay`. `wanted` is the only store that is asked for,
    /// by name. Each comes with whether it must be a table; `brings_store` says of a file that it brings a store of its own.
    pub(super) fn run_only(
        &mut self,
        tables: Vec<(String, bool)>,
        wanted: Option<&str>,
        stay: &dyn Fn(&str) -> bool,
        brings_store: &dyn Fn(&str) -> bool,
    ) {
        let named = |path: &str| tables.iter().any(|(table, _)| table == path);
        for plan in &mut self.stores {
            plan.tables.retain(|(path, _)| stay(path) || named(path));
        }
        self.left_out.retain(|(path, _)| !named(path));
        let mut guests = Plan { name: "command-line".to_owned(), ..Plan::default() };
        for (path, must) in tables {
            if self.stores.iter().any(|plan| plan.tables.iter().any(|(table, _)| *table == path)) {
                continue;
            }
            let stores: Vec<usize> = (0..self.stores.len())
                .filter(|at| wanted.is_none_or(|name| self.stores.get(*at).is_some_and(|plan| plan.name == name)))
                .collect();
            let folders: Vec<&str> = stores.iter().filter_map(|at| self.stores.get(*at)).map(Plan::folder).collect();
            let homes: Vec<usize> =
                homes(&folders, &path).into_iter().filter_map(|at| stores.get(at).copied()).collect();
            match homes.as_slice() {
                _ if brings_store(&path) => guests.tables.push((path, must)),
                [only] => {
                    if let Some(plan) = self.stores.get_mut(*only) {
                        plan.tables.push((path, must));
                    }
                }
                homes => {
                    let names: Vec<String> = homes
                        .iter()
                        .filter_map(|at| self.stores.get(*at))
                        .map(|plan| format!("`{}`", inline(&plan.name)))
                        .collect();
                    self.findings.push(homeless(&path, &names));
                }
            }
        }
        if !guests.tables.is_empty() {
            self.stores.push(guests);
        }
    }
}

/// A table that was named and has no store to run over, or several: `stores`.
fn homeless(path: &str, stores: &[String]) -> Finding {
    let place = Location::of_path(path);
    let (message, help) = match stores {
        [] => (
            "there are no policies that this table could run over, so none of its rows runs".to_owned(),
            "name the policies with `-p`, and their schema with `-s`",
        ),
        several => (
            format!("this table could run over the stores {}, so none of its rows runs", several.join(", ")),
            "choose one with `--store`, or name the table in polcheck.toml",
        ),
    };
    Finding::new(TEST_MISMATCH.id, Level::Error, place, message).help(help)
}
