//! Schemas as they stand for themselves: a file, the same in two syntaxes, or fragments that make one together.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use cedar_policy::Schema;

use super::groups::apart;
use super::schemas::in_cedar_syntax;
use super::words::Names;
use crate::repo::cedar::same_schema;
use crate::repo::files::Files;
use crate::repo::paths::dir;
use crate::repo::schema::parse;

/// One schema.
#[derive(Debug)]
pub(super) struct Unit<'p> {
    /// The folder that it rules.
    pub(super) root: &'p str,
    /// Its files, to be read as one.
    pub(super) files: Vec<&'p str>,
    /// Files that declare the same, and the file that is read instead.
    pub(super) twins: Vec<(&'p str, &'p str)>,
    read: OnceLock<Option<(Schema, Names)>>,
}

impl<'p> Unit<'p> {
    pub(super) fn new(root: &'p str, files: Vec<&'p str>) -> Self {
        Self { root, files, twins: Vec::new(), read: OnceLock::new() }
    }

    /// The first of its files, which stands for it.
    pub(super) fn path(&self) -> &'p str {
        self.files.first().copied().unwrap_or_default()
    }

    /// Every file of it.
    pub(super) fn paths(&self) -> impl Iterator<Item = &'p str> {
        self.files.iter().copied().chain(self.twins.iter().map(|(twin, _)| *twin))
    }

    /// The folder of examples or tests that it lies in.
    pub(super) fn apart(&self) -> &'p str {
        apart(self.path())
    }

    /// The paths of its files without their endings.
    pub(super) fn stems(&self) -> impl Iterator<Item = &'p str> {
        self.paths().map(|path| {
            let plain = path.strip_suffix(".json").unwrap_or(path);
            plain.strip_suffix(".cedarschema").or_else(|| plain.strip_suffix(".cedar")).unwrap_or(plain)
        })
    }

    fn read(&self, files: &Files<'_>) -> Option<&(Schema, Names)> {
        let read = || {
            let texts: Option<Vec<_>> = self.files.iter().map(|path| files.linked(path).ok()).collect();
            let schema = parse(&texts?)?;
            let names = declared(&schema);
            Some((schema, names))
        };
        self.read.get_or_init(read).as_ref()
    }

    /// What it declares; `None` where it cannot be used.
    pub(super) fn names(&self, files: &Files<'_>) -> Option<&Names> {
        self.read(files).map(|(_, names)| names)
    }

    /// Whether both can be used and declare the same.
    pub(super) fn equals(&self, other: &Self, files: &Files<'_>) -> bool {
        let (Some((one, _)), Some((two, _))) = (self.read(files), other.read(files)) else { return false };
        same_schema(one, two)
    }
}

fn declared(schema: &Schema) -> Names {
    Names {
        types: schema.entity_types().map(ToString::to_string).collect(),
        actions: schema.actions().map(ToString::to_string).collect(),
    }
}

/// The schemas that the files at `paths`, which rule `root`, make: those of one stem are one in two syntaxes, those
/// alone in a folder for schemas are fragments of one unless they declare the same names, those of which one lacks what
/// another declares are fragments wherever they lie, and equal ones are one.
pub(super) fn units<'p>(root: &'p str, paths: &[&'p str], files: &Files<'_>) -> Vec<Unit<'p>> {
    let twin_of = |path: &str| {
        let cedar = in_cedar_syntax(path, |cedar| paths.contains(&cedar))?;
        paths.iter().copied().find(|path| *path == cedar)
    };
    let (twins, plain): (Vec<&str>, Vec<&str>) = paths.iter().partition(|path| twin_of(path).is_some());
    let folders: BTreeSet<&str> = plain.iter().map(|path| dir(path)).collect();
    let mut units: Vec<Unit<'p>> = plain.iter().map(|path| Unit::new(root, vec![*path])).collect();
    let apart_from_policies = folders.len() == 1 && folders.iter().all(|folder| *folder != root);
    if units.len() > 1 && are_fragments(&units, apart_from_policies, files) {
        units = vec![Unit::new(root, plain)];
    }
    for twin in twins {
        let Some(of) = twin_of(twin) else { continue };
        if let Some(unit) = units.iter_mut().find(|unit| unit.files.contains(&of)) {
            unit.twins.push((twin, of));
        }
    }
    if units.len() > 1 { merge_equal(units, files) } else { units }
}

/// Whether these are parts of one schema: together they make one, and one of them needs the others or they lie
/// `by_themselves`; there it is enough that none of two is whole and declares what the other does.
fn are_fragments(units: &[Unit<'_>], by_themselves: bool, files: &Files<'_>) -> bool {
    let lacks = || units.iter().any(|unit| unit.names(files).is_none());
    if (by_themselves || lacks()) && make_one(units, files) {
        return true;
    }
    by_themselves && apart_by_names(&units.iter().collect::<Vec<_>>(), files)
}

/// `inner`, which cannot be used by itself, with the files of `outer`, which rules a folder around its own: if together
/// they make a schema, it declares what is declared around it too.
pub(super) fn completed<'p>(inner: &Unit<'p>, outer: &Unit<'p>, files: &Files<'_>) -> Option<Unit<'p>> {
    if inner.names(files).is_some() || outer.names(files).is_none() {
        return None;
    }
    let all = outer.files.iter().chain(&inner.files).copied().collect();
    let unit = Unit { twins: inner.twins.clone(), ..Unit::new(inner.root, all) };
    unit.names(files).is_some().then_some(unit)
}

/// Whether these make a schema that can be used when they are read as one.
fn make_one(units: &[Unit<'_>], files: &Files<'_>) -> bool {
    let paths = units.iter().flat_map(|unit| &unit.files);
    let texts: Option<Vec<Arc<_>>> = paths.map(|path| files.linked(path).ok()).collect();
    texts.is_some_and(|texts| parse(&texts).is_some())
}

/// Whether no two of these, where they can be used, declare the same name.
pub(super) fn apart_by_names(units: &[&Unit<'_>], files: &Files<'_>) -> bool {
    let whole: Vec<&Names> = units.iter().filter_map(|unit| unit.names(files)).collect();
    let overlap =
        |one: &Names, other: &Names| !one.types.is_disjoint(&other.types) || !one.actions.is_disjoint(&other.actions);
    !whole.iter().enumerate().any(|(at, one)| whole.iter().skip(at + 1).any(|other| overlap(one, other)))
}

fn merge_equal<'p>(units: Vec<Unit<'p>>, files: &Files<'_>) -> Vec<Unit<'p>> {
    let mut merged: Vec<Unit<'p>> = Vec::new();
    for unit in units {
        match merged.iter_mut().find(|known| known.equals(&unit, files)) {
            Some(known) => {
                let of = known.path();
                known.twins.extend(unit.paths().map(|path| (path, of)));
            }
            None => merged.push(unit),
        }
    }
    merged
}
