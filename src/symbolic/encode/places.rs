//! The unknowns of a question, by where they stand: `context.token.age` is one place, and so is the `department` of
//! each entity that is asked for it. A *path* is what such places have in common; a *place* is a path together with the
//! entity (and tag name) it belongs to. Two sides with two schemas share a path that both declare with the same name
//! and type.

use cedar_policy::EntityTypeName;
use cedar_policy_symcc::term_type::TermType;
use cedar_policy_symcc::type_abbrevs::Attr;
use rustc_hash::FxHashMap;

use super::ids::{PathId, PlaceId};
use super::value::Value;
use crate::symbolic::circuit::{Bits, Lit};
use crate::symbolic::compile::{Function, SchemaModel};

/// Where a path begins.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::symbolic) enum Origin {
    /// The request's principal.
    Principal,
    /// The request's resource.
    Resource,
    /// The request's context.
    Context,
    /// A slot of a template: the template's side and index, whether it is `?resource`, and the type of what stands in
    /// it.
    Slot(usize, usize, bool, EntityTypeName),
    /// A function of entities.
    Function(Function),
    /// A value that only has to exist: an element that one set has and another has not, for instance.
    Fresh(u32),
}

/// What places have in common.
#[derive(Debug)]
pub(in crate::symbolic) struct Path {
    /// Where it begins.
    pub(in crate::symbolic) origin: Origin,
    /// The type that each side declares; only one is set when the path is not shared.
    pub(in crate::symbolic) types: [Option<TermType>; 2],
    /// The places, in order of appearance.
    pub(in crate::symbolic) places: Vec<PlaceId>,
    /// How many steps of what the sides have apart lead here, if nothing else does.
    apart: Option<usize>,
}

impl Path {
    /// Whether `side` declares it.
    pub(in crate::symbolic) fn declared(&self, side: usize) -> bool {
        self.types.get(side).is_some_and(Option::is_some)
    }
}

/// An element that is or is not in the set at a place.
#[derive(Debug, Clone)]
pub(in crate::symbolic) struct Member {
    /// The element.
    pub(in crate::symbolic) element: Value,
    /// Whether it is in the set.
    pub(in crate::symbolic) lit: Lit,
}

/// One unknown.
#[derive(Debug)]
pub(in crate::symbolic) struct Place {
    /// Its path.
    pub(in crate::symbolic) path: PathId,
    /// The entity, or entity and tag name, or nothing.
    pub(in crate::symbolic) arguments: Vec<Bits>,
    /// Its value, once asked for, when that is a number.
    pub(in crate::symbolic) bits: Option<Bits>,
    /// Whether it is there, once asked for, when it is optional.
    pub(in crate::symbolic) present: Option<Lit>,
    /// The elements that were asked for, when it is a set.
    pub(in crate::symbolic) members: Members,
}

/// The elements that a set was asked for, in order of appearance.
#[derive(Debug, Default)]
pub(in crate::symbolic) struct Members {
    all: Vec<Member>,
    /// Those that are one number, by it.
    constant: FxHashMap<u128, usize>,
    /// The others.
    open: Vec<usize>,
}

impl Members {
    /// Adds one; its index.
    pub(super) fn push(&mut self, member: Member) -> usize {
        let index = self.all.len();
        match &member.element {
            Value::Bits(bits) if let Some(number) = bits.known() => {
                self.constant.insert(number, index);
            }
            _ => self.open.push(index),
        }
        self.all.push(member);
        index
    }

    /// Whether there are none.
    pub(in crate::symbolic) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All of them.
    pub(in crate::symbolic) fn iter(&self) -> std::slice::Iter<'_, Member> {
        self.all.iter()
    }

    /// The one with that index.
    pub(in crate::symbolic) fn get(&self, index: usize) -> Option<&Member> {
        self.all.get(index)
    }

    /// Those that may be one of `numbers` (all that are not numbers may), in order.
    pub(in crate::symbolic) fn like(&self, numbers: impl Iterator<Item = u128>) -> Vec<&Member> {
        let mut found = self.open.clone();
        found.extend(numbers.filter_map(|number| self.constant.get(&number)));
        found.sort_unstable();
        found.dedup();
        found.into_iter().filter_map(|index| self.all.get(index)).collect()
    }
}

/// All paths and places of a session.
#[derive(Debug, Default)]
pub(in crate::symbolic) struct Places {
    paths: Vec<Path>,
    places: Vec<Place>,
    roots: FxHashMap<(Origin, Option<usize>), PathId>,
    steps: FxHashMap<(PathId, Attr, Option<usize>), PathId>,
    by_arguments: FxHashMap<(PathId, Vec<Bits>), PlaceId>,
    fresh: u32,
    /// Whether what only the first side requires may be absent on the second.
    pub(in crate::symbolic) loosened: bool,
    /// What the sides have apart though both declare it: where it begins, and the attributes that lead to it.
    pub(in crate::symbolic) apart: Option<(Origin, Vec<Attr>)>,
}

#[expect(clippy::indexing_slicing, reason = "a path's number is its index, and paths are never removed")]
impl std::ops::Index<PathId> for Places {
    type Output = Path;
    fn index(&self, id: PathId) -> &Path {
        &self.paths[id.0 as usize]
    }
}

#[expect(clippy::indexing_slicing, reason = "a place's number is its index, and places are never removed")]
impl std::ops::Index<PlaceId> for Places {
    type Output = Place;
    fn index(&self, id: PlaceId) -> &Place {
        &self.places[id.0 as usize]
    }
}

#[expect(clippy::indexing_slicing, reason = "as for Index")]
impl std::ops::IndexMut<PlaceId> for Places {
    fn index_mut(&mut self, id: PlaceId) -> &mut Place {
        &mut self.places[id.0 as usize]
    }
}

impl Places {
    /// Every path.
    pub(in crate::symbolic) fn paths(&self) -> impl Iterator<Item = (PathId, &Path)> {
        (0..).map(PathId).zip(&self.paths)
    }

    /// Whether what is at `path` is always there: an optional attribute that the other side requires is there on both,
    /// unless this is about data that only the second side accepts.
    pub(in crate::symbolic) fn required(&self, path: PathId) -> bool {
        let optional = |ty: &TermType| matches!(ty, TermType::Option { .. });
        match &self[path].types {
            [Some(_), Some(new)] if self.loosened => !optional(new),
            types => types.iter().flatten().any(|ty| !optional(ty)),
        }
    }

    /// Every place.
    pub(in crate::symbolic) fn all(&self) -> impl Iterator<Item = (PlaceId, &Place)> {
        (0..).map(PlaceId).zip(&self.places)
    }

    /// The path that begins at `origin` as `side` sees it; `types` are what the sides declare there, and `apart` says
    /// that they are two things whatever their types.
    pub(super) fn root(&mut self, origin: Origin, side: usize, types: [Option<TermType>; 2], apart: bool) -> PathId {
        let begins = self.apart.as_ref().filter(|(from, _)| *from == origin);
        let steps = begins.map(|_| 0);
        let apart = apart || begins.is_some_and(|(_, attributes)| attributes.is_empty());
        let (owner, types) = share(types, side, apart);
        let key = (origin, owner);
        if let Some(path) = self.roots.get(&key) {
            return *path;
        }
        let path = self.new_path(Path { origin: key.0.clone(), types, places: Vec::new(), apart: steps });
        self.roots.insert(key, path);
        path
    }

    /// The attribute `attr` of the records at `path`, as `side` sees it.
    pub(super) fn step(&mut self, path: PathId, attr: &Attr, side: usize) -> PathId {
        let field = |ty: &Option<TermType>| match ty.as_ref().map(plain) {
            Some(TermType::Record { rty }) => rty.get(attr).cloned(),
            _ => None,
        };
        let [first, second] = &self[path].types;
        let attributes = self.apart.as_ref().map_or(&[][..], |(_, attributes)| attributes);
        let steps = self[path].apart.filter(|at| attributes.get(*at) == Some(attr)).map(|at| at + 1);
        let (owner, types) = share([field(first), field(second)], side, steps == Some(attributes.len()));
        let key = (path, attr.clone(), owner);
        if let Some(child) = self.steps.get(&key) {
            return *child;
        }
        let origin = self[path].origin.clone();
        let child = self.new_path(Path { origin, types, places: Vec::new(), apart: steps });
        self.steps.insert(key, child);
        child
    }

    /// The path that begins at `origin` as `side` sees it, if anything was asked of it.
    pub(in crate::symbolic) fn find_root(&self, origin: &Origin, side: usize) -> Option<PathId> {
        let of = |owner| self.roots.get(&(origin.clone(), owner)).copied();
        of(None).or_else(|| of(Some(side)))
    }

    /// The attribute `attr` of the records at `path` as `side` sees it, if anything was asked of it.
    pub(in crate::symbolic) fn find_step(&self, path: PathId, attr: &Attr, side: usize) -> Option<PathId> {
        let of = |owner| self.steps.get(&(path, attr.clone(), owner)).copied();
        of(None).or_else(|| of(Some(side)))
    }

    /// A place of its own, seen by `side` only.
    pub(super) fn fresh(&mut self, ty: TermType, side: usize) -> PlaceId {
        self.fresh += 1;
        let mut types = [None, None];
        if let Some(slot) = types.get_mut(side) {
            *slot = Some(ty);
        }
        let path = self.root(Origin::Fresh(self.fresh), side, types, false);
        self.place(path, Vec::new())
    }

    /// The place of `path` that belongs to `arguments`.
    pub(super) fn place(&mut self, path: PathId, arguments: Vec<Bits>) -> PlaceId {
        let key = (path, arguments);
        if let Some(place) = self.by_arguments.get(&key) {
            return *place;
        }
        let id = PlaceId(u32::try_from(self.places.len()).unwrap_or(u32::MAX));
        self.places.push(Place {
            path,
            arguments: key.1.clone(),
            bits: None,
            present: None,
            members: Members::default(),
        });
        if let Some(path) = self.paths.get_mut(path.0 as usize) {
            path.places.push(id);
        }
        self.by_arguments.insert(key, id);
        id
    }

    fn new_path(&mut self, path: Path) -> PathId {
        let id = PathId(u32::try_from(self.paths.len()).unwrap_or(u32::MAX));
        self.paths.push(path);
        id
    }
}

/// The type without the option around it.
pub(super) fn plain(ty: &TermType) -> &TermType {
    match ty {
        TermType::Option { ty } => ty,
        other => other,
    }
}

/// Whose a path is, given what the sides declare there: nobody's in particular when both declare the same type (records
/// are compared field by field, later), else `side`'s alone.
fn share(types: [Option<TermType>; 2], side: usize, apart: bool) -> (Option<usize>, [Option<TermType>; 2]) {
    if let [Some(a), Some(b)] = &types
        && !apart
    {
        match (plain(a), plain(b)) {
            (TermType::Record { .. }, TermType::Record { .. }) => return (None, types),
            (a, b) if a == b => return (None, types),
            _ => {}
        }
    }
    let [first, second] = types;
    match side {
        0 => (Some(0), [first, None]),
        _ => (Some(1), [None, second]),
    }
}

/// What each of `schemas` declares of `function`, and whether the two are to be kept apart even where these types
/// agree.
pub(super) fn declared(schemas: &[&SchemaModel], function: &Function) -> ([Option<TermType>; 2], bool) {
    let of = |schema: &&SchemaModel| -> Option<TermType> {
        let model = |ty: &EntityTypeName| schema.types.get(ty);
        match function {
            Function::Attributes(ty) => model(ty).map(|model| model.attributes.clone()),
            Function::Ancestors(ty, ancestor) => {
                let known = model(ty)?.parents.contains(ancestor);
                known.then(|| TermType::set_of(TermType::Entity { ety: ancestor.clone() }))
            }
            Function::TagKeys(ty) => model(ty)?.tags.as_ref().map(|_| TermType::set_of(TermType::String)),
            Function::TagValues(ty) => model(ty)?.tags.clone(),
        }
    };
    let types = [schemas.first().and_then(of), schemas.get(1).and_then(of)];
    // Whether a tag is there is one question only where its value is one.
    let tags = |schema: &&SchemaModel, ty: &EntityTypeName| schema.types.get(ty).and_then(|model| model.tags.clone());
    let apart = match function {
        Function::TagKeys(ty) => {
            schemas.first().map(|schema| tags(schema, ty)) != schemas.get(1).map(|schema| tags(schema, ty))
        }
        _ => false,
    };
    (types, apart)
}
