//! From a model to drafts: what the request and each entity hold, as each side's schema has it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cedar_policy::{EntityTypeName, EntityUid, SlotId};
use cedar_policy_symcc::term_type::TermType;
use cedar_policy_symcc::type_abbrevs::ExtType;

use super::datum::Datum;
use super::draft::{Draft, DraftEntity};
use super::names::{EntityClass, Names};
use super::replay::Slots;
use super::snapshot::{ANY, Snapshot};
use crate::symbolic::compile::{Function, Subject};
use crate::symbolic::encode::{Origin, PathId, text_of_address};
use crate::symbolic::question::PolicyRef;
use crate::symbolic::solve::Solver;
use crate::symbolic::theory::hierarchy;
use crate::symbolic::theory::model::Concrete;

/// Reads drafts from the last model.
pub(super) struct Reader<'r, 'a> {
    snapshot: Snapshot<'r, 'a>,
    names: Names,
    /// Entities that something read speaks of.
    wanted: Vec<EntityClass>,
    /// The attribute whose value is being read.
    attribute: Option<String>,
    /// Whether it is one of the request's own: what nothing was asked of is not the same in two of these.
    own: bool,
}

impl<'r, 'a> Reader<'r, 'a> {
    /// A reader of the last model of `solver`; the policies `named` say which entities have names.
    pub(super) fn new(solver: &'r Solver<'a>, named: &[PolicyRef]) -> Self {
        let snapshot = Snapshot::new(solver);
        let names = Names::new(&snapshot, named);
        Self { snapshot, names, wanted: Vec::new(), attribute: None, own: false }
    }

    fn uid(&mut self, ty: &EntityTypeName, class: usize) -> EntityUid {
        self.names.uid(&self.snapshot, ty, class, self.attribute.as_deref())
    }

    /// What stands in the slots of the templates among `named`.
    pub(super) fn slots(&mut self, named: &[PolicyRef]) -> Slots {
        let mut all = Slots::new();
        let solver = self.snapshot.solver;
        for policy in named {
            if !solver.encoding.policies.subject(*policy).is_some_and(Subject::is_template) {
                continue;
            }
            let Some(variant) = solver.encoding.chosen_variant(*policy) else { continue };
            let mut values = HashMap::new();
            for value in &variant.slots {
                let entity = if value.marker {
                    let ty = value.entity.type_name();
                    let resource = value.slot == SlotId::resource();
                    let origin = Origin::Slot(policy.side, policy.index, resource, ty.clone());
                    let path = self.snapshot.places().find_root(&origin, policy.side);
                    let class = self.snapshot.class(path).unwrap_or(ANY);
                    self.uid(ty, class)
                } else {
                    value.entity.clone()
                };
                values.insert(value.slot.clone(), entity);
            }
            all.insert(*policy, values);
        }
        all
    }

    /// The request and the entities as `side` has them.
    pub(super) fn draft(&mut self, side: usize) -> Draft {
        let environment = self.snapshot.policies().environment();
        let principal = (environment.principal().clone(), self.snapshot.request_class(&Origin::Principal));
        let resource = (environment.resource().clone(), self.snapshot.request_class(&Origin::Resource));
        let mut draft = Draft {
            principal: self.uid(&principal.0, principal.1),
            action: environment.action().clone(),
            resource: self.uid(&resource.0, resource.1),
            context: BTreeMap::new(),
            entities: BTreeMap::new(),
        };
        let memberships = hierarchy::memberships(&self.snapshot.model, side);
        self.wanted = vec![resource.clone(), principal.clone()];
        if let Some(context) = self.snapshot.solver.encoding.encoder.context_type(side) {
            let path = self.snapshot.places().find_root(&Origin::Context, side);
            self.own = true;
            if let Some(Datum::Record(fields)) = self.datum(path, &[], &context, side) {
                draft.context = fields;
            }
        }
        let mut done = BTreeSet::new();
        // What the request leads to comes first, so that it is named after the attributes that lead there.
        let mut known = false;
        loop {
            let Some((ty, class)) = self.wanted.pop() else {
                if known {
                    break;
                }
                known = true;
                self.want_what_is_known(&memberships);
                continue;
            };
            self.own = (&ty, class) == (&principal.0, principal.1) || (&ty, class) == (&resource.0, resource.1);
            if !done.contains(&(ty.clone(), class))
                && let Some(entity) = self.entity(&ty, class, side, &memberships)
            {
                let uid = self.uid(&ty, class);
                draft.entities.insert(uid, entity);
                done.insert((ty, class));
            }
        }
        draft
    }

    /// Entities that anything is known of, and those that policies name: dereferencing them must find something.
    fn want_what_is_known(&mut self, memberships: &hierarchy::Memberships) {
        let places = self.snapshot.places();
        for (_, place) in places.all() {
            if let (
                Origin::Function(Function::Attributes(ty) | Function::TagKeys(ty) | Function::TagValues(ty)),
                Some(entity),
            ) = (&places[place.path].origin, place.arguments.first())
            {
                self.wanted.push((ty.clone(), self.snapshot.model.class(entity)));
            }
        }
        self.wanted.extend(self.names.entities().cloned());
        for (from, tos) in memberships {
            self.wanted.push(from.clone());
            self.wanted.extend(tos.keys().cloned());
        }
    }

    /// An entity with what it holds; `None` for types that the side does not have or whose entities are listed.
    fn entity(
        &mut self,
        ty: &EntityTypeName,
        class: usize,
        side: usize,
        memberships: &hierarchy::Memberships,
    ) -> Option<DraftEntity> {
        let schema = self.snapshot.policies().schema(side)?;
        let model = schema.types.get(ty).filter(|model| model.choices.is_none())?;
        // Its name is chosen before those of what it holds.
        self.uid(ty, class);
        let mut entity = DraftEntity::default();
        let arguments = [Concrete::Number(class as u128, 0)];
        let root = Origin::Function(Function::Attributes(ty.clone()));
        let path = self.snapshot.places().find_root(&root, side);
        if let Some(Datum::Record(fields)) = self.datum(path, &arguments, &model.attributes, side) {
            entity.attributes = fields;
        }
        if let Some(tag_type) = &model.tags {
            entity.tags = self.tags(ty, &arguments, tag_type, side);
        }
        let parents = memberships.get(&(ty.clone(), class)).into_iter().flat_map(BTreeMap::keys);
        entity.parents = parents.map(|(ty, class)| self.uid(ty, *class)).collect();
        Some(entity)
    }

    fn tags(
        &mut self,
        ty: &EntityTypeName,
        entity: &[Concrete],
        tag_type: &TermType,
        side: usize,
    ) -> BTreeMap<String, Datum> {
        let places = self.snapshot.places();
        let Some(keys) = places.find_root(&Origin::Function(Function::TagKeys(ty.clone())), side) else {
            return BTreeMap::new();
        };
        let values = places.find_root(&Origin::Function(Function::TagValues(ty.clone())), side);
        let present = self.snapshot.model.contents(&(keys, entity.to_vec())).cloned().unwrap_or_default();
        let mut tags = BTreeMap::new();
        for key in present {
            let Concrete::Number(class, _) = key else { continue };
            let name = self.names.string(&self.snapshot, usize::try_from(class).unwrap_or(ANY));
            let mut arguments = entity.to_vec();
            arguments.push(key);
            if let Some(value) = self.datum(values, &arguments, tag_type, side) {
                tags.insert(name, value);
            }
        }
        tags
    }

    /// The value at these places; what nothing was asked of is as plain as can be. `None` for what is not there.
    fn datum(&mut self, path: Option<PathId>, arguments: &[Concrete], ty: &TermType, side: usize) -> Option<Datum> {
        match ty {
            TermType::Option { ty } => {
                let path = path.filter(|path| self.is_present(*path, arguments))?;
                self.datum(Some(path), arguments, ty, side)
            }
            TermType::Record { rty } => {
                let mut fields = BTreeMap::new();
                for (attr, field) in rty.iter() {
                    let child = path.and_then(|path| self.snapshot.places().find_step(path, attr, side));
                    let value = self.in_attribute(Some(attr), |reader| reader.datum(child, arguments, field, side));
                    if let Some(value) = value {
                        fields.insert(attr.to_string(), value);
                    }
                }
                Some(Datum::Record(fields))
            }
            TermType::Set { ty } => {
                Some(Datum::Set(self.in_attribute(None, |reader| reader.elements(path, arguments, ty))))
            }
            _ => {
                let known = path.and_then(|path| self.snapshot.bits(path, arguments));
                Some(match known {
                    Some(known) => self.primitive(&known, ty),
                    None => self.plain(ty),
                })
            }
        }
    }

    /// What `read` gives while it reads the value of the attribute.
    fn in_attribute<T>(&mut self, attribute: Option<&str>, read: impl FnOnce(&mut Self) -> T) -> T {
        let around = std::mem::replace(&mut self.attribute, attribute.map(str::to_owned));
        let value = read(self);
        self.attribute = around;
        value
    }

    /// Whether the optional value at these places is there.
    fn is_present(&self, path: PathId, arguments: &[Concrete]) -> bool {
        let places = self.snapshot.places();
        if places.required(path) {
            return true;
        }
        let known = self.snapshot.group(path, arguments).iter().find_map(|id| places[*id].present);
        known.is_some_and(|present| self.snapshot.model.lit(present))
    }

    /// The elements known to be in the set at these places.
    fn elements(&mut self, path: Option<PathId>, arguments: &[Concrete], ty: &TermType) -> BTreeSet<Datum> {
        let group = path.map_or(&[][..], |path| self.snapshot.group(path, arguments));
        let members = group.iter().flat_map(|place| self.snapshot.places()[*place].members.iter());
        let inside: Vec<Concrete> = members
            .filter(|member| self.snapshot.model.lit(member.lit))
            .map(|member| self.snapshot.model.value(&member.element))
            .collect();
        inside.iter().filter_map(|element| self.concrete(element, ty)).collect()
    }

    /// A value that the model holds as a whole.
    fn concrete(&mut self, value: &Concrete, ty: &TermType) -> Option<Datum> {
        match (value, ty) {
            (Concrete::Option(inner), TermType::Option { ty }) => {
                let inner = inner.as_deref()?;
                self.concrete(inner, ty)
            }
            (Concrete::Record(fields), TermType::Record { rty }) => {
                let mut all = BTreeMap::new();
                for (attr, field) in rty.iter() {
                    let value = fields.get(attr);
                    let value =
                        value.and_then(|value| self.in_attribute(Some(attr), |reader| reader.concrete(value, field)));
                    if let Some(value) = value {
                        all.insert(attr.to_string(), value);
                    }
                }
                Some(Datum::Record(all))
            }
            (Concrete::Set(elements), TermType::Set { ty }) => {
                let read = |reader: &mut Self| elements.iter().filter_map(|one| reader.concrete(one, ty)).collect();
                Some(Datum::Set(self.in_attribute(None, read)))
            }
            (number @ Concrete::Number(..), ty) => Some(self.primitive(number, ty)),
            _ => None,
        }
    }

    /// The value that these bits are.
    fn primitive(&mut self, value: &Concrete, ty: &TermType) -> Datum {
        let Concrete::Number(low, high) = value else { return self.plain(ty) };
        let signed = (*low as u64).cast_signed();
        let class = usize::try_from(*low).unwrap_or(ANY);
        match ty {
            TermType::Bool => Datum::Bool(*low & 1 == 1),
            TermType::String => Datum::String(self.names.string(&self.snapshot, class)),
            TermType::Entity { ety } => self.mention(ety, class),
            TermType::Ext { xty: ExtType::Decimal } => Datum::Decimal(signed),
            TermType::Ext { xty: ExtType::DateTime } => Datum::Datetime(signed),
            TermType::Ext { xty: ExtType::Duration } => Datum::Duration(signed),
            TermType::Ext { xty: ExtType::IpAddr } => Datum::Ip(text_of_address(*low, *high)),
            _ => Datum::Long(signed),
        }
    }

    /// A plain value of a type.
    fn plain(&mut self, ty: &TermType) -> Datum {
        match ty {
            TermType::Bool => Datum::Bool(false),
            TermType::String => Datum::String(String::new()),
            TermType::Entity { ety } => {
                let class = match self.attribute.as_deref().filter(|_| self.own) {
                    Some(attribute) => self.names.unasked(attribute),
                    None => ANY,
                };
                self.mention(ety, class)
            }
            TermType::Ext { xty: ExtType::Decimal } => Datum::Decimal(0),
            TermType::Ext { xty: ExtType::DateTime } => Datum::Datetime(0),
            TermType::Ext { xty: ExtType::Duration } => Datum::Duration(0),
            TermType::Ext { xty: ExtType::IpAddr } => Datum::Ip("10.0.0.1".to_owned()),
            _ => Datum::Long(0),
        }
    }

    fn mention(&mut self, ty: &EntityTypeName, class: usize) -> Datum {
        self.wanted.push((ty.clone(), class));
        Datum::Entity(self.uid(ty, class))
    }
}
