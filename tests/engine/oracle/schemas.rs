//! Schemas at random, and schemas that differ from one in a single respect.

use super::syntax::{ActionSpec, EntityType, Field, SchemaSpec, Ty};
use crate::common::rng::Rng;

/// What a schema is made of. Few kinds at a time, so that policies meet each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    pub leaves: Vec<Leaf>,
    pub sets: bool,
    pub records: bool,
    pub tags: bool,
    pub hierarchy: bool,
    /// Upper bound of the attributes of a record or entity.
    pub attributes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    Bool,
    Long,
    Str,
    Decimal,
    Ip,
    Datetime,
    Duration,
    Entity,
    Enumerated,
}

const LEAVES: [Leaf; 9] = [
    Leaf::Bool,
    Leaf::Long,
    Leaf::Str,
    Leaf::Decimal,
    Leaf::Ip,
    Leaf::Datetime,
    Leaf::Duration,
    Leaf::Entity,
    Leaf::Enumerated,
];

impl Theme {
    /// Everything at once.
    pub fn full() -> Self {
        Theme { leaves: LEAVES.to_vec(), sets: true, records: true, tags: true, hierarchy: true, attributes: 5 }
    }

    /// One to three kinds of values, and some of the rest.
    pub fn small(rng: &mut Rng) -> Self {
        let mut leaves = LEAVES.to_vec();
        rng.shuffle(&mut leaves);
        leaves.truncate(1 + rng.below(3));
        Theme {
            leaves,
            sets: rng.percent(30),
            records: rng.percent(30),
            tags: rng.percent(20),
            hierarchy: rng.percent(45),
            attributes: 1 + rng.below(3),
        }
    }

    /// Entities that refer to each other and are in each other.
    pub fn hierarchy(rng: &mut Rng) -> Self {
        Theme {
            leaves: vec![Leaf::Entity],
            sets: rng.percent(20),
            records: false,
            tags: rng.percent(10),
            hierarchy: true,
            attributes: 2 + rng.below(2),
        }
    }

    /// Only what has finitely many values, or can be told apart only by equality.
    pub fn finite(rng: &mut Rng) -> Self {
        let mut leaves = vec![Leaf::Bool, Leaf::Enumerated, Leaf::Entity];
        rng.shuffle(&mut leaves);
        leaves.truncate(1 + rng.below(2));
        Theme {
            leaves,
            sets: rng.percent(20),
            records: rng.percent(20),
            tags: rng.percent(20),
            hierarchy: rng.percent(40),
            attributes: 1 + rng.below(2),
        }
    }
}

/// The enumerated type, where there is one, is last.
const NAMES: [&str; 4] = ["User", "Group", "Doc", "Folder"];

struct Maker<'a> {
    rng: &'a mut Rng,
    theme: &'a Theme,
    /// How many entity types there are, the enumerated one included.
    types: usize,
    enumerated: Option<usize>,
}

pub fn schema(rng: &mut Rng, theme: &Theme) -> SchemaSpec {
    let standard = if theme.hierarchy { 2 + rng.below(3) } else { 1 + rng.below(2) };
    let enumerated = (theme.leaves.contains(&Leaf::Enumerated) || rng.percent(15)).then_some(standard);
    let types = standard + usize::from(enumerated.is_some());
    // Without a hierarchy there are users and documents.
    let order: [usize; 4] = if theme.hierarchy { [0, 1, 2, 3] } else { [0, 2, 1, 3] };
    let mut maker = Maker { rng, theme, types, enumerated };
    let mut entities = Vec::new();
    for index in 0..standard {
        let parents = maker.parents(index, standard);
        let attrs = if index < 2 || maker.rng.percent(40) { maker.fields(0) } else { Vec::new() };
        let tags = (theme.tags && maker.rng.percent(if index == 0 { 80 } else { 40 })).then(|| maker.tag_type());
        entities.push(EntityType { name: NAMES[order[index]].into(), members: None, parents, attrs, tags });
    }
    if enumerated.is_some() {
        let mut members: Vec<String> = ["red", "green", "blue"].map(str::to_owned).into();
        members.truncate(1 + maker.rng.weighted(&[1, 5, 4]));
        entities.push(EntityType {
            name: "Color".into(),
            members: Some(members),
            parents: Vec::new(),
            attrs: Vec::new(),
            tags: None,
        });
    }
    let groups: Vec<(String, Vec<String>)> = match maker.rng.below(3) {
        0 => Vec::new(),
        1 => vec![("reading".into(), Vec::new())],
        _ => vec![("all".into(), Vec::new()), ("reading".into(), vec!["all".into()])],
    };
    let actions = ["view", "edit"][..1 + maker.rng.below(2)]
        .iter()
        .map(|name| {
            let groups = if groups.is_empty() || maker.rng.percent(30) {
                Vec::new()
            } else {
                vec![maker.rng.pick(&groups).0.clone()]
            };
            let mut principals = vec![if maker.rng.percent(90) { 0 } else { maker.rng.below(types) }];
            if maker.rng.percent(15) {
                principals.push(maker.rng.below(types));
                principals.sort_unstable();
                principals.dedup();
            }
            let resource =
                if standard > 1 && maker.rng.percent(75) { standard.min(3) - 1 } else { maker.rng.below(types) };
            let mut resources = vec![resource];
            if maker.rng.percent(10) {
                resources.push(maker.rng.below(types));
                resources.sort_unstable();
                resources.dedup();
            }
            let context = if maker.rng.percent(70) { maker.fields(0) } else { Vec::new() };
            ActionSpec { name: (*name).into(), groups, principals, resources, context }
        })
        .collect();
    let namespace = maker.rng.percent(10).then(|| "App".to_owned());
    SchemaSpec { namespace, entities, groups, actions }
}

impl Maker<'_> {
    fn parents(&mut self, index: usize, standard: usize) -> Vec<usize> {
        if !self.theme.hierarchy {
            return Vec::new();
        }
        let mut parents = Vec::new();
        for other in index..standard {
            let likely = if other == index { if index == 0 { 10 } else { 45 } } else { 60 };
            if self.rng.percent(likely) {
                parents.push(other);
            }
        }
        if let Some(enumerated) = self.enumerated
            && self.rng.percent(25)
        {
            parents.push(enumerated);
        }
        parents
    }

    fn fields(&mut self, depth: usize) -> Vec<Field> {
        let count = 1 + self.rng.below(self.theme.attributes);
        let mut fields: Vec<Field> = Vec::new();
        for _ in 0..count {
            let ty = self.ty(depth);
            let stems: &[&str] = match ty {
                Ty::Bool => &["on", "vip"],
                Ty::Long => &["n", "m"],
                Ty::Str => &["s", "t"],
                Ty::Decimal => &["d", "e"],
                Ty::Ip => &["ip", "addr"],
                Ty::Datetime => &["at", "until"],
                Ty::Duration => &["ttl", "age"],
                Ty::Entity(_) => &["owner", "peer"],
                Ty::Set(_) => &["xs", "ys"],
                Ty::Record(_) => &["r", "a b"],
            };
            let mut names: Vec<String> = stems.iter().map(|stem| (*stem).to_owned()).collect();
            names.extend((2..9).map(|number| format!("{}{number}", stems[0])));
            let free = |name: &String| fields.iter().all(|field| field.name != *name);
            let Some(name) = names.into_iter().find(free) else { continue };
            let required = self.rng.percent(60);
            fields.push(Field { name, ty, required });
        }
        fields.sort();
        fields
    }

    fn leaf(&mut self) -> Ty {
        match *self.rng.pick(&self.theme.leaves) {
            Leaf::Bool => Ty::Bool,
            Leaf::Long => Ty::Long,
            Leaf::Str => Ty::Str,
            Leaf::Decimal => Ty::Decimal,
            Leaf::Ip => Ty::Ip,
            Leaf::Datetime => Ty::Datetime,
            Leaf::Duration => Ty::Duration,
            Leaf::Entity => Ty::Entity(self.rng.below(self.types)),
            Leaf::Enumerated => self.enumerated.map_or(Ty::Bool, Ty::Entity),
        }
    }

    fn ty(&mut self, depth: usize) -> Ty {
        let sets = if self.theme.sets { 35 } else { 0 };
        let records = if self.theme.records && depth < 2 { 25 } else { 0 };
        match self.rng.weighted(&[60, sets, records]) {
            0 => self.leaf(),
            1 => Ty::Set(Box::new(match self.rng.below(10) {
                0 if self.theme.records => {
                    Ty::Record(vec![Field { name: "k".into(), ty: self.leaf(), required: true }])
                }
                1 if self.theme.records => {
                    let first = Field { name: "k".into(), ty: self.leaf(), required: true };
                    Ty::Record(vec![first, Field { name: "o".into(), ty: self.leaf(), required: self.rng.percent(50) }])
                }
                2 => Ty::Set(Box::new(self.leaf())),
                _ => self.leaf(),
            })),
            _ => Ty::Record(self.fields(depth + 1)),
        }
    }

    fn tag_type(&mut self) -> Ty {
        if self.theme.sets && self.rng.percent(30) { Ty::Set(Box::new(self.leaf())) } else { self.leaf() }
    }
}

/// How a second schema came from a first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    None,
    Optional(String),
    Required(String),
    Added(String),
    Removed(String),
    Retyped(String),
    ParentAdded,
    ParentRemoved,
    TagsAdded,
    TagsRemoved,
}

/// A record of attributes somewhere in a schema.
#[derive(Clone, Debug)]
enum Place {
    Entity(usize),
    Context(usize),
    /// The record-typed field of a place.
    Inside(Box<Place>, usize),
}

fn fields_of<'a>(schema: &'a SchemaSpec, place: &Place) -> &'a Vec<Field> {
    match place {
        Place::Entity(entity) => &schema.entities[*entity].attrs,
        Place::Context(action) => &schema.actions[*action].context,
        Place::Inside(outer, index) => match &fields_of(schema, outer)[*index].ty {
            Ty::Record(fields) => fields,
            _ => unreachable!("only records have places inside"),
        },
    }
}

fn fields_of_mut<'a>(schema: &'a mut SchemaSpec, place: &Place) -> &'a mut Vec<Field> {
    match place {
        Place::Entity(entity) => &mut schema.entities[*entity].attrs,
        Place::Context(action) => &mut schema.actions[*action].context,
        Place::Inside(outer, index) => match &mut fields_of_mut(schema, outer)[*index].ty {
            Ty::Record(fields) => fields,
            _ => unreachable!("only records have places inside"),
        },
    }
}

fn places(schema: &SchemaSpec) -> Vec<Place> {
    let mut open: Vec<Place> = (0..schema.entities.len())
        .filter(|entity| schema.entities[*entity].members.is_none())
        .map(Place::Entity)
        .chain((0..schema.actions.len()).map(Place::Context))
        .collect();
    let mut found = Vec::new();
    while let Some(place) = open.pop() {
        for (index, field) in fields_of(schema, &place).iter().enumerate() {
            if matches!(field.ty, Ty::Record(_)) {
                open.push(Place::Inside(Box::new(place.clone()), index));
            }
        }
        found.push(place);
    }
    found
}

/// How many fields of the schema have this name, wherever they are.
pub fn uses(schema: &SchemaSpec, name: &str) -> usize {
    fn count(fields: &[Field], name: &str) -> usize {
        fields.iter().map(|field| usize::from(field.name == name) + inside(&field.ty, name)).sum()
    }
    fn inside(ty: &Ty, name: &str) -> usize {
        match ty {
            Ty::Record(fields) => count(fields, name),
            Ty::Set(inner) => inside(inner, name),
            _ => 0,
        }
    }
    let tags = |ty: &Option<Ty>| ty.as_ref().map_or(0, |ty| inside(ty, name));
    schema.entities.iter().map(|entity| count(&entity.attrs, name) + tags(&entity.tags)).sum::<usize>()
        + schema.actions.iter().map(|action| count(&action.context, name)).sum::<usize>()
}

/// A schema that differs from `old` in one respect.
pub fn changed(rng: &mut Rng, old: &SchemaSpec, theme: &Theme) -> (SchemaSpec, Change) {
    for _ in 0..20 {
        let mut new = old.clone();
        if let Some(change) = apply(rng, &mut new, theme)
            && new != *old
        {
            return (new, change);
        }
    }
    (old.clone(), Change::None)
}

fn apply(rng: &mut Rng, new: &mut SchemaSpec, theme: &Theme) -> Option<Change> {
    let standard: Vec<usize> =
        (0..new.entities.len()).filter(|entity| new.entities[*entity].members.is_none()).collect();
    let places = places(new);
    match rng.below(10) {
        0..=2 => {
            let place = rng.pick(&places);
            let fields = fields_of_mut(new, place);
            if fields.is_empty() {
                return None;
            }
            let at = rng.below(fields.len());
            let field = &mut fields[at];
            field.required = !field.required;
            let name = field.name.clone();
            Some(if field.required { Change::Required(name) } else { Change::Optional(name) })
        }
        3 | 4 => {
            let types = new.entities.len();
            let enumerated = (standard.len() < types).then_some(types - 1);
            let ty = Maker { rng, theme, types, enumerated }.ty(1);
            let required = rng.percent(50);
            let field = Field { name: "fresh".into(), ty, required };
            fields_of_mut(new, rng.pick(&places)).push(field);
            Some(Change::Added("fresh".into()))
        }
        5 => {
            let fields = fields_of_mut(new, rng.pick(&places));
            if fields.is_empty() {
                return None;
            }
            let at = rng.below(fields.len());
            Some(Change::Removed(fields.remove(at).name))
        }
        6 => {
            let place = rng.pick(&places).clone();
            let fields = fields_of(new, &place);
            if fields.is_empty() {
                return None;
            }
            let at = rng.below(fields.len());
            let name = fields[at].name.clone();
            if uses(new, &name) != 1 {
                return None;
            }
            let types = new.entities.len();
            let enumerated = (standard.len() < types).then_some(types - 1);
            let ty = Maker { rng, theme, types, enumerated }.ty(2);
            let field = &mut fields_of_mut(new, &place)[at];
            if field.ty == ty {
                return None;
            }
            field.ty = ty;
            Some(Change::Retyped(name))
        }
        7 => {
            let child = *rng.pick(&standard);
            let parent = rng.below(new.entities.len());
            if new.entities[child].parents.contains(&parent)
                || (child != parent && new.ancestors(parent).contains(&child))
            {
                return None;
            }
            new.entities[child].parents.push(parent);
            new.entities[child].parents.sort_unstable();
            Some(Change::ParentAdded)
        }
        8 => {
            let child = *rng.pick(&standard);
            let parents = &mut new.entities[child].parents;
            if parents.is_empty() {
                return None;
            }
            parents.remove(rng.below(parents.len()));
            Some(Change::ParentRemoved)
        }
        _ => {
            let entity = *rng.pick(&standard);
            if new.entities[entity].tags.take().is_some() {
                return Some(Change::TagsRemoved);
            }
            let types = new.entities.len();
            let enumerated = (standard.len() < types).then_some(types - 1);
            new.entities[entity].tags = Some(Maker { rng, theme, types, enumerated }.leaf());
            Some(Change::TagsAdded)
        }
    }
}
