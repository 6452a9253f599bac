//! Stores that nobody has spelled out, from names, folders and contents.

use std::collections::BTreeSet;

use super::classify::Kind;
use super::govern::{Govern, Governed, Governing};
use super::group::Group;
use super::groups::{apart, group, ruled};
use super::homes::homes;
use super::idle::{idle_data, idle_schema};
use super::plan::{Layout, Plan};
use super::schemas::{conflict, root_of};
use super::sorted::Sorted;
use super::units::{Unit, apart_by_names, completed, units};
use super::words::mentioned;
use crate::repo::files::Files;
use crate::repo::model::SchemaSource;
use crate::repo::paths::{dir, folder, within};

/// Adds the stores of the files in `free`, which no configured store takes, to `layout`. Files of other tools are left
/// out; what is Cedar's and belongs nowhere is a finding.
pub(super) fn discover(free: &[(&str, Kind)], files: &Files<'_>, layout: &mut Layout) {
    let configured = layout.stores.iter().any(|plan| !plan.policies.is_empty());
    let sorted = Sorted::of(free, configured, files);
    let mut ruled = ruled(&sorted);
    let mut all: Vec<Unit<'_>> = Vec::new();
    for (root, paths) in std::mem::take(&mut ruled) {
        let mut own = units(root, paths.as_slice(), files);
        if let [only] = own.as_slice()
            && let Some(outer) =
                all.iter().filter(|outer| rules_around(outer, only)).max_by_key(|outer| outer.root.len())
            && let Some(whole) = completed(only, outer, files)
        {
            own = vec![whole];
        }
        if let [only] = own.as_slice()
            && let Some(outer) =
                all.iter_mut().filter(|outer| rules_around(outer, only)).max_by_key(|outer| outer.root.len())
            && outer.equals(only, files)
        {
            // What is declared anew in a folder below is the same schema, and governs no set of its own.
            let of = outer.path();
            outer.twins.extend(only.paths().map(|path| (path, of)));
            continue;
        }
        ruled.insert(root, paths);
        all.extend(own);
    }
    let known: BTreeSet<&str> = all.iter().flat_map(Unit::paths).collect();
    let spare = sorted.candidates.iter().copied().filter(|path| !known.contains(path));
    let spare: Vec<Unit<'_>> = spare.map(|path| Unit::new(root_of(dir(path)), vec![path])).collect();
    all.extend(spare);
    let groups = group(&sorted, &ruled, files);
    let govern = Govern::new(&all, files);
    let governed = govern.govern(groups);
    let spelled: Vec<Found<'_>> = layout.stores.drain(..).map(|plan| spelled(plan, &govern, &governed, &all)).collect();
    let mut stores: Vec<Found<'_>> = governed.into_iter().map(|governed| found(governed, &all, files)).collect();
    let used: BTreeSet<usize> = stores.iter().chain(&spelled).filter_map(|store| store.unit).collect();
    let tied: BTreeSet<&str> = stores.iter().flat_map(|store| store.tied.iter().copied()).collect();
    // A schema may be a part of those that are used.
    let parts: BTreeSet<&str> = used.iter().filter_map(|at| all.get(*at)).flat_map(Unit::paths).collect();
    let idle: Vec<usize> = (0..all.len())
        .filter(|at| {
            let idle =
                |path: &str| !tied.contains(path) && !layout.named_schemas.contains(path) && !parts.contains(path);
            !used.contains(at) && all.get(*at).is_some_and(|unit| unit.paths().all(idle))
        })
        .collect();
    // A schema without policies may still have entities and tables.
    stores.extend(idle.iter().filter_map(|at| Some(alone(*at, all.get(*at)?))));
    let found_stores = stores.len();
    stores.extend(spelled);
    place_data(&sorted, &mut stores, &all, files, layout);
    layout.stores.extend(stores.split_off(found_stores).into_iter().map(|store| store.plan));
    // A name says one thing: what was found yields it to what is spelled out.
    let names: BTreeSet<String> = layout.stores.iter().map(|plan| plan.name.clone()).collect();
    let any = configured || !sorted.policies.is_empty();
    for mut store in stores {
        if names.contains(&store.plan.name) {
            store.plan.name = format!("./{}", store.plan.name);
        }
        let unit = store.unit.and_then(|at| all.get(at));
        match unit {
            Some(unit) if any && !store.plan.holds_more_than_schema() => {
                let repeats = used.iter().filter_map(|at| all.get(*at)).any(|other| other.equals(unit, files));
                if !repeats {
                    layout.findings.extend(idle_schema(unit, files));
                }
            }
            _ => {
                // With a schema in its own folder it would be by itself in any case.
                let own = unit.is_some_and(|unit| Some(unit.root) == store.plan.root.as_deref());
                layout.copies.extend((store.copy && !own).then(|| store.plan.name.clone()));
                layout.stores.push(store.plan);
            }
        }
    }
    layout.findings.extend(sorted.findings);
    layout.left_out.extend(sorted.foreign);
}

/// Whether `outer` rules a folder around that of `inner`, and both or neither are among the same examples or tests.
fn rules_around(outer: &Unit<'_>, inner: &Unit<'_>) -> bool {
    outer.root != inner.root && within(inner.root, outer.root) && outer.apart() == inner.apart()
}

/// A store on its way.
struct Found<'p> {
    plan: Plan,
    unit: Option<usize>,
    /// The schemas of which it cannot be told which one governs it.
    tied: Vec<&'p str>,
    /// Whether it is a copy of another.
    copy: bool,
    /// The kinds of files that it was told to have, so that it takes no others.
    named: Vec<Kind>,
}

/// The store of a group and what governs it.
fn found<'p>(governed: Governed<'p>, all: &[Unit<'p>], files: &Files<'_>) -> Found<'p> {
    let Governed { name, group, by } = governed;
    let mut plan = Plan::rooted(&group.root);
    plan.apart = group.apart.to_owned();
    plan.name = name.unwrap_or(plan.name);
    plan.policies = group.policies.iter().map(|path| (*path).to_owned()).collect();
    let (mut unit, mut tied) = (None, Vec::new());
    match by {
        Governing::Unit(at, source) => {
            unit = Some(at);
            plan.schema_source = source;
            all.get(at).into_iter().for_each(|unit| give_schema(&mut plan, unit));
        }
        Governing::Tie(several) => {
            tied = several.iter().filter_map(|at| all.get(*at)).flat_map(Unit::paths).collect();
            let paths: Vec<&str> = several.iter().filter_map(|at| all.get(*at)).map(Unit::path).collect();
            let units: Vec<&Unit<'_>> = several.iter().filter_map(|at| all.get(*at)).collect();
            plan.conflict = Some(conflict(&paths, &group.root, apart_by_names(&units, files), files));
            plan.schema = tied.iter().map(|path| (*path).to_owned()).collect();
        }
        Governing::Nothing(source) => plan.schema_source = source,
    }
    Found { plan, unit, tied, copy: group.copy, named: Vec::new() }
}

/// The store `plan` that is spelled out: the schema and the data that lie around are its own as well, where it names
/// none.
fn spelled<'p>(
    mut plan: Plan,
    govern: &Govern<'_, 'p, '_, '_>,
    governed: &[Governed<'p>],
    all: &[Unit<'p>],
) -> Found<'p> {
    let named = plan.data_kinds();
    let mut unit = None;
    if plan.schema_open && !plan.policies.is_empty() {
        let policies: Vec<&str> = plan.policies.iter().map(String::as_str).collect();
        let apart = policies.first().map_or("", |path| apart(path));
        let group = Group { root: plan.folder().to_owned(), policies, apart, ..Group::default() };
        match govern.elsewhere(&group, governed) {
            Governing::Unit(at, source) => {
                plan.schema_source = source;
                unit = Some(at);
            }
            Governing::Nothing(source) => plan.schema_source = source,
            Governing::Tie(_) => {}
        }
    }
    unit.and_then(|at| all.get(at)).into_iter().for_each(|unit| give_schema(&mut plan, unit));
    Found { plan, unit, tied: Vec::new(), copy: false, named }
}

/// The store of a schema that governs no policies.
fn alone<'p>(at: usize, unit: &Unit<'p>) -> Found<'p> {
    let mut plan = Plan::rooted(unit.root);
    plan.apart = unit.apart().to_owned();
    give_schema(&mut plan, unit);
    Found { plan, unit: Some(at), tied: Vec::new(), copy: false, named: Vec::new() }
}

fn give_schema(plan: &mut Plan, unit: &Unit<'_>) {
    plan.schema = unit.files.iter().map(|path| (*path).to_owned()).collect();
    plan.twins = unit.twins.iter().map(|(twin, of)| ((*twin).to_owned(), (*of).to_owned())).collect();
}

/// Gives each entity file, table and file of links to its store; says what belongs nowhere.
fn place_data(sorted: &Sorted<'_>, stores: &mut [Found<'_>], all: &[Unit<'_>], files: &Files<'_>, layout: &mut Layout) {
    for (path, kind) in &sorted.data {
        let homes = homes_of(path, *kind, stores, all, files);
        if let [only] = homes.as_slice() {
            if let Some(store) = stores.get_mut(*only) {
                store.plan.take(path, *kind);
            }
            continue;
        }
        let stores_there = || homes.iter().filter_map(|at| stores.get(*at));
        // That nothing hangs on the schemas there is said of them.
        if !homes.is_empty() && stores_there().all(|store| store.plan.policies.is_empty()) {
            layout.left_out.push(((*path).to_owned(), "several schemas are there, and no policies".to_owned()));
            continue;
        }
        let names: Vec<_> =
            stores_there().map(|store| (store.plan.name.as_str(), store.plan.root.as_deref())).collect();
        layout.findings.push(idle_data(path, *kind, &names, files));
    }
}

/// The stores that the data file at `path` could belong to.
fn homes_of(path: &str, kind: Kind, stores: &[Found<'_>], all: &[Unit<'_>], files: &Files<'_>) -> Vec<usize> {
    // What lies among examples or tests is theirs, and what lies outside is not; but rows among tests are about what is
    // tested, unless what lies there has a schema of its own.
    let tests = matches!(folder(&format!("{}/", apart(path))), "test" | "tests");
    let rows_of_others = |store: &Found<'_>| {
        kind == Kind::Table && tests && !store.plan.apart.is_empty() && store.plan.schema_source != SchemaSource::Own
    };
    let outside = stores.iter().any(|store| store.plan.apart.is_empty() && !store.plan.policies.is_empty());
    let open = |at: &usize| {
        let open = |store: &Found<'_>| within(path, &store.plan.apart) && !(outside && rows_of_others(store));
        stores.get(*at).is_some_and(|store| open(store) && !store.named.contains(&kind))
    };
    let open: Vec<usize> = (0..stores.len()).filter(open).collect();
    let folders: Vec<&str> = open.iter().filter_map(|at| stores.get(*at)).map(|store| store.plan.folder()).collect();
    let mut homes: Vec<usize> = homes(&folders, path).into_iter().filter_map(|at| open.get(at).copied()).collect();
    let mut leave = |fits: &dyn Fn(&Found<'_>) -> bool| {
        let some: Vec<usize> = homes.iter().copied().filter(|at| stores.get(*at).is_some_and(fits)).collect();
        if homes.len() > 1 && !some.is_empty() {
            homes = some;
        }
        homes.len() > 1
    };
    leave(&|store| !store.plan.policies.is_empty());
    leave(&|store| !store.copy);
    // Of stores that share a folder, the one that has policies of its own around the file.
    let around = |policy: &String| !dir(policy).is_empty() && within(path, dir(policy));
    let doubt = leave(&|store| store.plan.policies.iter().any(around));
    if doubt {
        let names = files.text(path).map(|file| mentioned(&file.parse_text())).unwrap_or_default();
        let declares = |store: &Found<'_>| {
            let declared = store.unit.and_then(|at| all.get(at)).and_then(|unit| unit.names(files));
            names.count() > 0 && declared.is_some_and(|declared| names.lacking(declared) == 0)
        };
        leave(&declares);
    }
    homes
}
