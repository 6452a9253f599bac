//! Which files belong together: from names and folders, and from configuration, to the plan of each store.

use std::collections::{BTreeMap, BTreeSet};

use super::classify::{Kind, kind};
use super::files::{Files, whole};
use super::json::Node;
use super::rules::SCHEMA_CONFLICT;
use crate::config::{Config, Pattern, StoreConfig};
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
    pub(super) schema_above: Option<String>,
}

/// The plan of a whole repository.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) stores: Vec<Plan>,
    pub(super) findings: Vec<Finding>,
    pub(super) left_out: Vec<(String, String)>,
    pub(super) guardrails: Vec<String>,
}

/// Lays out `paths` (sorted, relative to the root). `all` are the paths before the user narrowed them.
pub(super) fn lay_out(paths: &[String], all: &[String], config: &Config, files: &Files<'_>) -> Layout {
    let mut layout = Layout::default();
    let mut free: Vec<(&str, Kind)> = Vec::new();
    let mut configured: Vec<Plan> = config.stores.iter().map(new_plan).collect();
    for path in paths {
        let owner = config.stores.iter().zip(&mut configured).find_map(|(store, plan)| claim(store, plan, path));
        match (owner, kind(path)) {
            (Some(()), _) | (None, None) => {}
            (None, Some(Kind::Guardrail)) => layout.guardrails.push(path.clone()),
            (None, Some(kind)) => free.push((path, kind)),
        }
    }
    for (store, plan) in config.stores.iter().zip(configured) {
        layout.findings.extend(idle_patterns(store, all));
        layout.stores.push(plan);
    }
    discover(&free, all, files, &mut layout);
    layout.stores.retain(|plan| {
        !(plan.policies.is_empty() && plan.schema.is_empty() && plan.tables.is_empty() && plan.conflict.is_none())
    });
    layout.stores.sort_by(|a, b| a.name.cmp(&b.name));
    layout
}

fn new_plan(store: &StoreConfig) -> Plan {
    Plan { name: store.name.clone(), level: store.level, ..Plan::default() }
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
        Finding::new("configuration", Level::Error, pattern.location.clone(), message).help(help)
    })
    .collect()
}

/// The folder of `path`; empty for the root.
fn dir(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// Whether `path` lies in or below `dir`.
fn below(path: &str, dir: &str) -> bool {
    dir.is_empty() || path == dir || path.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'))
}

fn discover(free: &[(&str, Kind)], all: &[String], files: &Files<'_>, layout: &mut Layout) {
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
        } else if !policies.iter().any(|policy| below(policy, root)) {
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
        roots.iter().filter(|root| below(path, root)).max_by_key(|root| root.len()).map(|root| (*root).to_owned())
    };
    let schema_roots: BTreeSet<&str> = plans.keys().copied().collect();
    let schemaless = clusters(policies.iter().copied().filter(|path| owner(&schema_roots, path).is_none()));
    for root in &schemaless {
        let plan = Plan { name: name(root), schema_above: schema_above(root, all), ..Plan::default() };
        plans.insert(root, plan);
    }
    let roots: BTreeSet<&str> = plans.keys().copied().collect();
    for (path, kind) in free {
        let home = match kind {
            Kind::Policies => owner(&roots, path).ok_or_else(String::new),
            Kind::Links | Kind::Entities | Kind::Table => data_home(&roots, path),
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

/// The folder that a schema in `dir` rules: `dir`, or the folder around it when it is called `schema`.
fn root_of(dir: &str) -> &str {
    match dir.rsplit_once('/') {
        Some((above, "schema")) => above,
        None if dir == "schema" => "",
        _ => dir,
    }
}

/// What a store is called: its folder, or `.` for the root.
fn name(root: &str) -> String {
    if root.is_empty() { ".".to_owned() } else { root.to_owned() }
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
    let mut plan = Plan { name: name(root), ..Plan::default() };
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
        if !roots.iter().any(|root| below(folder, root)) {
            roots.push(folder);
        }
    }
    roots
}

/// The store for a data file: the innermost around it; else the only one below the nearest folder above it that has any.
fn data_home(roots: &BTreeSet<&str>, path: &str) -> Result<String, String> {
    if let Some(root) = roots.iter().filter(|root| below(path, root)).max_by_key(|root| root.len()) {
        return Ok((*root).to_owned());
    }
    let mut folder = dir(path);
    loop {
        let under: Vec<_> = roots.iter().filter(|root| below(root, folder)).collect();
        match under.as_slice() {
            [only] => return Ok((**only).to_owned()),
            [] if folder.is_empty() => return Err("there are no Cedar policies that it could belong to".to_owned()),
            [] => folder = dir(folder),
            several => {
                return Err(format!("it could belong to {} stores; name it in polcheck.toml", several.len()));
            }
        }
    }
}

/// A schema outside of what was asked for that would have ruled `root`.
fn schema_above(root: &str, all: &[String]) -> Option<String> {
    let schema = |path: &&String| matches!(kind(path), Some(Kind::SchemaCedar | Kind::SchemaJson));
    all.iter().filter(schema).find(|path| below(root, root_of(dir(path)))).cloned()
}
