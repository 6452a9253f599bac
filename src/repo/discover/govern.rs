//! Which schema governs which policies: the one that rules their folder; of several the one under which what they name
//! is declared; where none rules it, the only one of the repository that fits.

use std::collections::{BTreeMap, BTreeSet};

use super::group::Group;
use super::schemas::SCHEMA_FOLDERS;
use super::units::Unit;
use super::words::{Names, mentioned};
use crate::repo::files::Files;
use crate::repo::model::SchemaSource;
use crate::repo::paths::{dir, shown, within};

/// What governs a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Governing {
    /// A schema, by its index, and where it was found.
    Unit(usize, SchemaSource),
    /// It cannot be told which of these that rule the folder.
    Tie(Vec<usize>),
    /// None, and why.
    Nothing(SchemaSource),
}

/// A part of a group that has a schema of its own.
pub(super) struct Governed<'p> {
    /// The name of the store, where the folder is not enough.
    pub(super) name: Option<String>,
    pub(super) group: Group<'p>,
    pub(super) by: Governing,
}

/// The schemas of a repository, and what is known of what is read.
pub(super) struct Govern<'u, 'p, 'f, 's> {
    units: &'u [Unit<'p>],
    files: &'f Files<'s>,
    /// For each schema the first that declares the same.
    equal: Vec<usize>,
}

impl<'u, 'p, 'f, 's> Govern<'u, 'p, 'f, 's> {
    pub(super) fn new(units: &'u [Unit<'p>], files: &'f Files<'s>) -> Self {
        // Only what declares the same names can be equal.
        let mut by_names: BTreeMap<Names, Vec<usize>> = BTreeMap::new();
        let mut equal: Vec<usize> = (0..units.len()).collect();
        for (at, unit) in units.iter().enumerate().filter(|_| units.len() > 1) {
            let Some(names) = unit.names(files) else { continue };
            let known = by_names.entry(names.clone()).or_default();
            let same = known.iter().find(|known| units.get(**known).is_some_and(|known| known.equals(unit, files)));
            match same {
                Some(first) => equal.get_mut(at).into_iter().for_each(|equal| *equal = *first),
                None => known.push(at),
            }
        }
        Self { units, files, equal }
    }

    /// `groups`, each with what governs it.
    pub(super) fn govern(&self, groups: Vec<Group<'p>>) -> Vec<Governed<'p>> {
        let (own, without): (Vec<_>, Vec<_>) = groups.into_iter().partition(|group| !group.schemas.is_empty());
        let mut governed: Vec<Governed<'p>> = own.into_iter().flat_map(|group| self.among_own(group)).collect();
        let mut elsewhere = Vec::new();
        for group in without {
            if let Some(parts) = self.by_folders(&group) {
                elsewhere.extend(parts);
                continue;
            }
            let by = self.elsewhere(&group, &governed);
            elsewhere.push(Governed { name: None, group, by });
        }
        governed.extend(self.merged(elsewhere));
        governed
    }

    /// `groups` in which those under one schema that does not lie around them are one: what a schema governs decides
    /// together, however many folders it is in. Copies, examples and tests stay by themselves.
    fn merged(&self, groups: Vec<Governed<'p>>) -> Vec<Governed<'p>> {
        let mut merged: Vec<Governed<'p>> = Vec::new();
        for next in groups {
            let same = |known: &&mut Governed<'p>| {
                let plain = !next.group.copy && !known.group.copy && known.group.apart == next.group.apart;
                plain && known.by == next.by && matches!(next.by, Governing::Unit(..))
            };
            match merged.iter_mut().find(same) {
                Some(known) => {
                    known.group.root = common(&known.group.root, &next.group.root).to_owned();
                    known.group.policies.extend(next.group.policies);
                }
                None => merged.push(next),
            }
        }
        merged
    }

    fn names(&self, paths: &[&str]) -> Names {
        let mut names = Names::default();
        for path in paths {
            if let Ok(file) = self.files.text(path) {
                names.extend(mentioned(&file.parse_text()));
            }
        }
        names
    }

    /// How many of `names` the schema lacks; `None` where it cannot be used.
    fn lacking(&self, unit: usize, names: &Names) -> Option<usize> {
        Some(names.lacking(self.units.get(unit)?.names(self.files)?))
    }

    fn fitting(&self, among: &[usize], names: &Names) -> Vec<usize> {
        among.iter().copied().filter(|unit| self.lacking(*unit, names) == Some(0)).collect()
    }

    /// Of the schemas that rule the folder of `group`, the one that governs it, or each for a part.
    fn among_own(&self, group: Group<'p>) -> Vec<Governed<'p>> {
        let rules = |unit: &Unit<'_>| unit.paths().any(|path| group.schemas.contains(&path));
        let own: Vec<usize> = self.units.iter().enumerate().filter(|(_, unit)| rules(unit)).map(|(at, _)| at).collect();
        let whole = |group, by| vec![Governed { name: None, group, by }];
        if let [only] = own.as_slice() {
            return whole(group, Governing::Unit(*only, SchemaSource::Own));
        }
        if let Some(parts) =
            self.in_parts(&group, |path| self.by_name(&own, path).map(|unit| (unit, stem(shown(path)))))
        {
            return parts;
        }
        if let Some(parts) = self.in_parts(&group, |path| self.by_folder(&own, path)) {
            return parts;
        }
        let names = self.names(&group.policies);
        match self.fitting(&own, &names).as_slice() {
            [only] if names.count() > 0 => whole(group, Governing::Unit(*only, SchemaSource::Own)),
            [] => {
                let by_content = |path: &'p str| match self.fitting(&own, &self.names(&[path])).as_slice() {
                    [only] => Some((*only, self.units.get(*only).and_then(|unit| unit.stems().next())?)),
                    _ => None,
                };
                if let Some(parts) = self.in_parts(&group, by_content) {
                    return parts;
                }
                let mut near: Vec<(usize, usize)> =
                    own.iter().filter_map(|unit| Some((self.lacking(*unit, &names)?, *unit))).collect();
                near.sort_unstable();
                if let [(least, unit), rest @ ..] = near.as_slice()
                    && *least < names.count()
                    && rest.first().is_none_or(|(next, _)| next > least)
                {
                    return whole(group, Governing::Unit(*unit, SchemaSource::Own));
                }
                // The nearest first, as the one to propose.
                let mut tied: Vec<usize> = near.iter().map(|(_, unit)| *unit).collect();
                tied.extend(own.iter().filter(|unit| !near.iter().any(|(_, known)| known == *unit)));
                whole(group, Governing::Tie(tied))
            }
            fits => {
                let tied = fits.to_vec();
                whole(group, Governing::Tie(tied))
            }
        }
    }

    /// The schema of the same name as the policies at `path`: for `x` that called `x`, or else, as for `x-policy`, the
    /// only one called `x-schema` or `x`. It governs though it cannot be read: they were not written for another.
    fn by_name(&self, own: &[usize], path: &str) -> Option<usize> {
        let named = |unit: &Unit<'_>| unit.stems().any(|own| own == stem(path));
        if let Some(unit) = own.iter().copied().find(|unit| self.units.get(*unit).is_some_and(named)) {
            return Some(unit);
        }
        let plain = without_kind(path);
        let alike = |unit: &Unit<'_>| unit.paths().any(|own| without_kind(own) == plain);
        let mut fitting = own.iter().copied().filter(|unit| self.units.get(*unit).is_some_and(alike));
        let only = fitting.next()?;
        fitting.next().is_none().then_some(only)
    }

    /// `group` in parts, if each folder of it has a schema elsewhere that is called as it is.
    fn by_folders(&self, group: &Group<'p>) -> Option<Vec<Governed<'p>>> {
        let all = self.open(group);
        let parts = self.in_parts(group, |path| self.by_folder(&all, path))?;
        let moved = |mut part: Governed<'p>| {
            if let Some(folder) = &part.name {
                part.group.root.clone_from(folder);
            }
            if let Governing::Unit(_, source) = &mut part.by {
                *source = SchemaSource::Elsewhere;
            }
            part
        };
        (parts.len() > 1).then(|| parts.into_iter().map(moved).collect())
    }

    /// The schemas that may govern `group`: what lies among examples or tests is theirs.
    fn open(&self, group: &Group<'_>) -> Vec<usize> {
        let open = |unit: &Unit<'_>| within(&group.root, unit.apart()) || within(group.apart, unit.apart());
        self.units.iter().enumerate().filter(|(_, unit)| open(unit)).map(|(at, _)| at).collect()
    }

    /// The schema that is called as a folder around the policies at `path` is, or lies in one that is, if it declares
    /// what they name; and that folder.
    fn by_folder(&self, own: &[usize], path: &'p str) -> Option<(usize, &'p str)> {
        let mut found = None;
        let mut end = 0;
        for part in dir(path).split('/') {
            let folder = path.get(..end + part.len())?;
            end += part.len() + 1;
            if let [only] = self.called(own, part).as_slice()
                && self.lacking(*only, &self.names(&[path])) == Some(0)
            {
                found = Some((*only, folder));
            }
        }
        found
    }

    /// Those of `among` that are called `name`, or whose folder is.
    fn called(&self, among: &[usize], name: &str) -> Vec<usize> {
        let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let called = |unit: &Unit<'_>| last(dir(unit.path())) == name || unit.stems().any(|stem| last(stem) == name);
        let plain = !name.is_empty() && !SCHEMA_FOLDERS.contains(&name);
        among.iter().copied().filter(|unit| plain && self.units.get(*unit).is_some_and(called)).collect()
    }

    /// `group` in parts, if `pick` gives each of its files a schema and the name of its part.
    fn in_parts(
        &self,
        group: &Group<'p>,
        pick: impl Fn(&'p str) -> Option<(usize, &'p str)>,
    ) -> Option<Vec<Governed<'p>>> {
        let mut parts: BTreeMap<(&str, usize), Vec<&'p str>> = BTreeMap::new();
        for path in &group.policies {
            let (unit, name) = pick(path)?;
            parts.entry((name, unit)).or_default().push(path);
        }
        let several = parts.len() > 1;
        let part = |((name, unit), policies): ((&str, usize), Vec<&'p str>)| Governed {
            name: several.then(|| name.to_owned()),
            group: Group { policies, ..group.clone() },
            by: Governing::Unit(unit, SchemaSource::Own),
        };
        Some(parts.into_iter().map(part).collect())
    }

    /// Of `all`, the schema of the nearest folder around `group`: the one that governs policies there, or the only one.
    fn around(&self, group: &Group<'_>, all: &[usize], governed: &[Governed<'p>]) -> Option<usize> {
        let root = |unit: usize| self.units.get(unit).map_or("", |unit| unit.root);
        let around: Vec<usize> = all.iter().copied().filter(|unit| within(&group.root, root(*unit))).collect();
        let nearest = around.iter().map(|unit| root(*unit).len()).max()?;
        let there: Vec<usize> = around.into_iter().filter(|unit| root(*unit).len() == nearest).collect();
        let governs =
            |unit: &&usize| governed.iter().any(|other| other.by == Governing::Unit(**unit, SchemaSource::Own));
        match there.as_slice() {
            [only] => Some(*only),
            several => match several.iter().filter(governs).collect::<Vec<_>>().as_slice() {
                [only] => Some(**only),
                _ => None,
            },
        }
    }

    /// Those of `all` that lie in the nearest folder that also holds `group`; none where that is the root.
    fn nearest(&self, group: &Group<'_>, all: &[usize]) -> Vec<usize> {
        let shared = |unit: &usize| {
            let path = self.units.get(*unit).map_or("", |unit| unit.path());
            let same = dir(path).split('/').zip(group.root.split('/')).take_while(|(one, other)| one == other);
            same.filter(|(part, _)| !part.is_empty()).count()
        };
        let nearest = all.iter().map(shared).max().unwrap_or(0);
        all.iter().copied().filter(|unit| nearest > 0 && shared(unit) == nearest).collect()
    }

    /// The one of `several` that is called as a folder of `group` is: `schema/v1` for `policies/v1`.
    fn beside(&self, several: &[usize], group: &Group<'_>) -> Option<usize> {
        let mut called: Vec<usize> = group.root.split('/').flat_map(|part| self.called(several, part)).collect();
        called.dedup();
        if let [only] = called.as_slice() { Some(*only) } else { None }
    }

    /// What governs a group whose folder no schema rules.
    pub(super) fn elsewhere(&self, group: &Group<'_>, governed: &[Governed<'p>]) -> Governing {
        let all = self.open(group);
        if all.is_empty() {
            return Governing::Nothing(SchemaSource::Nowhere);
        }
        let names = self.names(&group.policies);
        let mostly = |unit: usize| self.lacking(unit, &names).is_some_and(|lacking| lacking * 2 <= names.count());
        if let Some(unit) = self.around(group, &all, governed)
            && mostly(unit)
        {
            return Governing::Unit(unit, SchemaSource::Elsewhere);
        }
        // The only schema that there is, if it declares anything of what is named: the rest is misspelt.
        if let [only] = all.as_slice()
            && self.lacking(*only, &names).is_some_and(|lacking| lacking < names.count().max(1))
        {
            return Governing::Unit(*only, SchemaSource::Elsewhere);
        }
        // Of those in the nearest folder that holds both, the one that fits.
        let near = self.nearest(group, &all);
        let fits = self.fitting(&near, &names);
        match (near.as_slice(), fits.as_slice()) {
            ([only], _) if mostly(*only) => return Governing::Unit(*only, SchemaSource::Elsewhere),
            (_, [only]) if names.count() > 0 => return Governing::Unit(*only, SchemaSource::Elsewhere),
            _ => {}
        }
        if names.count() == 0 {
            return Governing::Nothing(SchemaSource::Nowhere);
        }
        let mut fits = self.fitting(&all, &names);
        // Equal ones are one.
        let mut seen = BTreeSet::new();
        fits.retain(|unit| seen.insert(self.equal.get(*unit)));
        let path = |unit: &usize| self.units.get(*unit).map(|unit| shown(unit.path()).to_owned());
        match fits.as_slice() {
            [only] => Governing::Unit(*only, SchemaSource::Elsewhere),
            [] => Governing::Nothing(SchemaSource::NoneFits(all.iter().filter_map(path).collect())),
            several => match self.beside(several, group) {
                Some(only) => Governing::Unit(only, SchemaSource::Elsewhere),
                None => Governing::Nothing(SchemaSource::SeveralFit(several.iter().filter_map(path).collect())),
            },
        }
    }
}

/// The innermost folder around both.
fn common<'a>(one: &'a str, other: &str) -> &'a str {
    let mut common = one;
    while !within(other, common) {
        common = dir(common);
    }
    common
}

/// The file at `path`, or that carries what is, without its endings and without what says what kind of file it is: `x`
/// of `x-policy.cedar`, `x_policies.json` and `x.schema.json`.
fn without_kind(path: &str) -> &str {
    const ENDINGS: [&str; 5] = [".json", ".yaml", ".yml", ".cedarschema", ".cedar"];
    const KINDS: [&str; 4] = ["policy", "policies", "schema", "cedarschema"];
    let whole = shown(path);
    let stem = ENDINGS.iter().fold(whole, |stem, ending| stem.strip_suffix(ending).unwrap_or(stem));
    let plain = KINDS.iter().find_map(|kind| stem.strip_suffix(kind)?.strip_suffix(['-', '_', '.']));
    plain.filter(|plain| !plain.is_empty() && !plain.ends_with('/')).unwrap_or(stem)
}

/// The path of a file of policies without its ending.
fn stem(path: &str) -> &str {
    let plain = path.strip_suffix(".json").unwrap_or(path);
    plain.strip_suffix(".cedar").unwrap_or(plain)
}
