//! Names for classes: those of constants, and invented ones for what is not named anywhere.

use std::collections::BTreeMap;

use cedar_policy::{EntityId, EntityTypeName, EntityUid};

use super::snapshot::{ANY, Snapshot};
use crate::symbolic::compile::Subject;
use crate::symbolic::encode::{Origin, SpaceKey};
use crate::symbolic::question::PolicyRef;

/// An entity by its type and the number of its class.
pub(super) type EntityClass = (EntityTypeName, usize);

/// Ids of entities and texts of strings, by class; made when asked for, and the same from then on.
pub(super) struct Names {
    entities: BTreeMap<EntityClass, String>,
    strings: BTreeMap<usize, String>,
    /// Attributes whose values nothing was asked of.
    unasked: Vec<String>,
}

impl Names {
    /// Names for the classes of `snapshot`: of the entities that the policies `named` name, and of the request's own.
    pub(super) fn new(snapshot: &Snapshot<'_, '_>, named: &[PolicyRef]) -> Self {
        let mut names =
            Self { entities: literals(snapshot, named), strings: snapshot.solver.strings.clone(), unasked: Vec::new() };
        // The request's own entities are named first.
        let environment = snapshot.policies().environment();
        for (origin, ty) in [(Origin::Principal, environment.principal()), (Origin::Resource, environment.resource())] {
            let class = snapshot.request_class(&origin);
            if constant_id(snapshot, ty, class).is_none() {
                let name = names.numbered(snapshot, ty, None);
                names.entities.entry((ty.clone(), class)).or_insert(name);
            }
        }
        names
    }

    /// The entities that have names by now, constants aside.
    pub(super) fn entities(&self) -> impl Iterator<Item = &EntityClass> {
        self.entities.keys()
    }

    /// `tenant-1`, or with the next number that no constant or other entity has, for a type `Tenant`; `owner-1` where
    /// it is met as the value of an attribute `owner`.
    fn numbered(&self, snapshot: &Snapshot<'_, '_>, ty: &EntityTypeName, attribute: Option<&str>) -> String {
        let attribute = attribute.and_then(hyphened);
        // An attribute `tenantId` leads to a tenant.
        let attribute = attribute.map(|word| word.strip_suffix("-id").map(str::to_owned).unwrap_or(word));
        let word = attribute.or_else(|| hyphened(ty.basename())).unwrap_or_default();
        let space = snapshot.space(&SpaceKey::Entities(ty.clone()));
        let taken = |name: &str| {
            space.is_some_and(|space| space.number(name).is_some())
                || self.entities.iter().any(|((other, _), known)| other == ty && known == name)
        };
        let names = (1..).map(|number| format!("{word}-{number}"));
        names.into_iter().find(|name| !taken(name)).unwrap_or_default()
    }

    /// The entity of a class, met as the value of this attribute, if of any.
    pub(super) fn uid(
        &mut self,
        snapshot: &Snapshot<'_, '_>,
        ty: &EntityTypeName,
        class: usize,
        attribute: Option<&str>,
    ) -> EntityUid {
        let uid = |id: &str| EntityUid::from_type_name_and_id(ty.clone(), EntityId::new(id));
        let mut lists = snapshot.policies().schemas().filter_map(|schema| schema.types.get(ty)?.choices.as_ref());
        if let Some(choices) = lists.next() {
            // Only listed ids exist; a class that nothing was asked of may be any that every side lists.
            let rest: Vec<&Vec<String>> = lists.collect();
            let common = choices.iter().find(|id| rest.iter().all(|list| list.contains(id)));
            let any = || common.or_else(|| choices.first()).map(String::as_str);
            return uid(constant_id(snapshot, ty, class).or_else(any).unwrap_or_default());
        }
        if let Some(id) = constant_id(snapshot, ty, class) {
            return uid(id);
        }
        let key = (ty.clone(), class);
        if !self.entities.contains_key(&key) {
            let name = self.numbered(snapshot, ty, attribute);
            self.entities.insert(key.clone(), name);
        }
        uid(self.entities.get(&key).map_or("", String::as_str))
    }

    /// The class of what is the value of this attribute and was not asked of.
    pub(super) fn unasked(&mut self, attribute: &str) -> usize {
        let at = self.unasked.iter().position(|known| known == attribute).unwrap_or_else(|| {
            self.unasked.push(attribute.to_owned());
            self.unasked.len() - 1
        });
        ANY / 2 - at
    }

    /// The string of a class.
    pub(super) fn string(&mut self, snapshot: &Snapshot<'_, '_>, class: usize) -> String {
        let space = snapshot.space(&SpaceKey::Strings);
        if let Some(text) = space.and_then(|space| space.constants().get(class)) {
            return text.clone();
        }
        if let Some(text) = self.strings.get(&class) {
            return text.clone();
        }
        let taken = |text: &str| {
            space.is_some_and(|space| space.number(text).is_some()) || self.strings.values().any(|known| known == text)
        };
        // Words that nobody takes for a wildcard or for a value that means something.
        let numbered = (2..).map(|number| format!("other-value-{number}"));
        let first = if space.is_none_or(|space| space.constants().is_empty()) { "some-value" } else { "another-value" };
        let words = [first, "other-value"].into_iter().map(str::to_owned);
        let text = words.chain(numbered).find(|text| !taken(text)).unwrap_or_default();
        self.strings.insert(class, text.clone());
        text
    }
}

/// Longer names of attributes are no names of entities, in bytes.
const LONG: usize = 32;

/// `data-owner` for `DataOwner`, `dataOwner` and `data_owner`; none of what is no plain name.
fn hyphened(name: &str) -> Option<String> {
    let plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if name.is_empty() || name.len() > LONG || !plain(name) {
        return None;
    }
    let mut word = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && word.ends_with(|before: char| before.is_lowercase()) {
            word.push('-');
        }
        word.extend(if letter == '_' { '-' } else { letter }.to_lowercase());
    }
    Some(word)
}

fn constant_id<'r>(snapshot: &Snapshot<'r, '_>, ty: &EntityTypeName, class: usize) -> Option<&'r str> {
    let space = snapshot.space(&SpaceKey::Entities(ty.clone()))?;
    space.constants().get(class).map(String::as_str)
}

/// The entities that policies name, by type and class. One that no term holds (`x == x` is true without a look at `x`)
/// is looked up all the same when the policy is evaluated, so it gets a class that no model has.
fn literals(snapshot: &Snapshot<'_, '_>, named: &[PolicyRef]) -> BTreeMap<EntityClass, String> {
    let mut names = BTreeMap::new();
    let subjects = named.iter().filter_map(|policy| snapshot.policies().subject(*policy));
    for uid in subjects.flat_map(Subject::literals) {
        let (ty, id) = (uid.type_name().clone(), AsRef::<str>::as_ref(uid.id()).to_owned());
        let known = snapshot.space(&SpaceKey::Entities(ty.clone())).and_then(|space| space.number(&id));
        let unused = ANY - 3 - names.len();
        if known.is_some() || !names.iter().any(|((other, _), name)| *other == ty && *name == id) {
            names.insert((ty, known.unwrap_or(unused)), id);
        }
    }
    names
}
