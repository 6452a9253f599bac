//! What of a request is fixed and what may change: everything that policies can come to.

use std::collections::BTreeSet;

use cedar_policy::{EntityTypeName, EntityUid, RequestEnv, Schema};
use serde_json::{Map, Value as Json};

use super::compiled::Compiled;
use super::probe;
use super::situation::Situation;
use super::slot::{Holder, Slot, at, record};
use super::vocabulary::Vocabulary;
use crate::repo::cedar::{context_shape, entity_shape};
use crate::repo::shape::Shape;
use crate::symbolic::{Subject, uids};

/// The attributes of so many entities, besides those of the request, may change.
const HOLDERS: usize = 24;
/// So many things may change.
const SLOTS: usize = 256;
/// So many entities are looked at as groups.
const GROUPS: usize = 40;
/// So many entities that are not there are named.
const NAMED: usize = 3;
/// Memberships among groups may change besides, up to so many things.
const FEW: usize = 28;

/// What of a request is fixed and what may change.
#[derive(Debug)]
pub(super) struct Frame<'c> {
    pub(super) compiled: &'c Compiled,
    pub(super) environment: &'c RequestEnv,
    /// What policies that can apply name.
    pub(super) vocabulary: Vocabulary,
    pub(super) slots: Vec<Slot>,
    /// Entities that are named and are not there.
    missing: BTreeSet<EntityUid>,
    /// For each slot, that it is what it is.
    pub(super) unchanged: Vec<Subject>,
    /// What holds whatever changes.
    pub(super) given: Vec<Subject>,
    /// What something may be in.
    groups: Vec<EntityUid>,
}

impl<'c> Frame<'c> {
    /// Of `situation`, under the schema of `compiled`.
    ///
    /// # Errors
    /// Why the engine cannot be asked, a phrase.
    pub(super) fn new(situation: &Situation<'_>, compiled: &'c Compiled) -> Result<Self, String> {
        let Some((environment, known)) = compiled.environment(situation) else {
            return Err(match compiled.inferred.is_some() {
                true => "no policy names such an action with such types, and no schema declares one".to_owned(),
                false => "no such request fits the schema".to_owned(),
            });
        };
        let model = compiled.policies.schema();
        let applicable = compiled.policies.subjects().iter().filter(|subject| subject.admits(model, environment));
        let vocabulary = Vocabulary::of(applicable.filter_map(Subject::cedar));
        let mut survey = Survey { situation, schema: compiled.schema(), environment, vocabulary, slots: Vec::new() };
        let groups = survey.all(known);
        let Survey { vocabulary, mut slots, .. } = survey;
        slots.truncate(SLOTS);
        let mut subjects = Vec::new();
        for slot in &slots {
            subjects.push(probe::subject(&probe::unchanged(situation, slot)).ok_or("a value cannot be written down")?);
        }
        let given = probe::subject(&probe::same_request(situation, known)).into_iter().collect();
        let missing = situation.missing();
        Ok(Self { compiled, environment, vocabulary, slots, missing, unchanged: subjects, given, groups })
    }

    /// Why nothing that the schema allows is as the request is, a phrase.
    pub(super) fn misfit(&self) -> String {
        let missing: Vec<String> = self.missing.iter().take(NAMED).map(ToString::to_string).collect();
        match (missing.as_slice(), self.missing.len() > NAMED) {
            ([], _) => "the request or its entities do not fit the schema".to_owned(),
            (names, more) => format!(
                "it is proved of entities that are there, and {}{} {} not among them",
                names.join(", "),
                if more { " and others" } else { "" },
                if names.len() == 1 { "is" } else { "are" }
            ),
        }
    }

    /// That `uid`, and what it leads to, is what it is as far as policies can tell, but for what is a slot; none where
    /// it leads to too much.
    pub(super) fn as_it_is(&self, situation: &Situation<'_>, uid: &EntityUid) -> Option<Json> {
        let schema = self.compiled.schema();
        let (mut seen, mut open, mut all) = (BTreeSet::new(), vec![uid.clone()], Vec::new());
        while let Some(uid) = open.pop() {
            let holder = situation.holder(&uid);
            if self.slots.iter().any(|slot| *slot.holder() == holder) || !seen.insert(uid.clone()) {
                continue;
            }
            if seen.len() > HOLDERS {
                return None;
            }
            let Some(held) = situation.stored(&uid) else { continue };
            let mut slots = Vec::new();
            let Some((shape, tags)) = entity_shape(schema, uid.type_name()) else { continue };
            attributes(&holder, &shape, &held.attributes, &self.vocabulary, &mut slots);
            if tags.is_some() && self.vocabulary.reads_tags {
                slots.extend(self.vocabulary.tags_of(&held.tags).into_iter().map(|key| Slot::Tag(holder.clone(), key)));
            }
            for slot in slots {
                let value = match &slot {
                    Slot::Attribute(_, path) => at(&held.attributes, path),
                    Slot::Tag(_, key) => held.tags.get(key),
                    Slot::Group(..) => None,
                };
                value.into_iter().for_each(|value| uids(value, &mut open));
                all.push(probe::is(&slot, value));
            }
            for group in self.groups.iter().filter(|group| may_be_in(schema, &uid, group)) {
                let within = Json::Bool(situation.is_in(&uid, group));
                all.push(probe::is(&Slot::Group(holder.clone(), group.clone()), Some(&within)));
            }
        }
        Some(probe::all(all))
    }
}

/// Whether the schema lets `member` be in `group`.
fn may_be_in(schema: &Schema, member: &EntityUid, group: &EntityUid) -> bool {
    let mut above = schema.ancestors(member.type_name()).into_iter().flatten();
    member != group && above.any(|above| above == group.type_name())
}

/// Adds the attributes of `holder` that policies read, of which `current` are there.
fn attributes(
    holder: &Holder,
    shape: &Shape,
    current: &Map<String, Json>,
    vocabulary: &Vocabulary,
    slots: &mut Vec<Slot>,
) {
    let fields = shape.fields().into_iter().flatten();
    for (name, field) in fields.filter(|(name, _)| vocabulary.reads(*holder == Holder::Context, name)) {
        walk(holder, std::slice::from_ref(name), &field.shape, current, slots);
    }
}

/// Goes through what policies can come to, and collects what may change.
struct Survey<'s> {
    situation: &'s Situation<'s>,
    schema: &'s Schema,
    environment: &'s RequestEnv,
    vocabulary: Vocabulary,
    slots: Vec<Slot>,
}

impl Survey<'_> {
    /// Collects the slots; what something may be in.
    fn all(&mut self, known: [bool; 2]) -> Vec<EntityUid> {
        if let Some(shape) = context_shape(self.schema, self.environment.action()) {
            self.attributes(&Holder::Context, &shape);
        }
        let (mut seen, mut open) = (BTreeSet::new(), vec![Holder::Resource, Holder::Principal]);
        open.extend(self.vocabulary.dereferenced.iter().map(|uid| self.situation.holder(uid)));
        let mut from = 0;
        while let Some(holder) = open.pop() {
            if seen.len() >= HOLDERS || !seen.insert(holder.clone()) {
                continue;
            }
            let ty = self.type_of(&holder);
            if let Some((shape, tags)) = entity_shape(self.schema, &ty) {
                self.attributes(&holder, &shape);
                if tags.is_some() && self.vocabulary.reads_tags {
                    self.tags(&holder);
                }
            }
            let mut named = Vec::new();
            for slot in self.slots.get(from..).unwrap_or_default() {
                self.situation.value(slot).iter().for_each(|value| uids(value, &mut named));
            }
            from = self.slots.len();
            open.extend(named.iter().map(|uid| self.situation.holder(uid)));
        }
        let groups = self.groups();
        for holder in &seen {
            let of = match holder {
                Holder::Principal if !known[0] => continue,
                Holder::Resource if !known[1] => continue,
                holder => self.situation.entity(holder),
            };
            let Some(member) = of else { continue };
            let above = groups.iter().filter(|group| self.may_be_in(&member, group));
            let slots: Vec<Slot> = above.map(|group| Slot::Group(holder.clone(), group.clone())).collect();
            self.slots.extend(slots);
        }
        let held: BTreeSet<EntityUid> = seen.iter().filter_map(|holder| self.situation.entity(holder)).collect();
        self.among(&held, &groups);
        groups
    }

    /// Collects the memberships of what is not `held`: those that a policy asks for or that lead on to something, and
    /// others while there are few. The rest is neither fixed nor a slot: nothing is proved that would hang on it, and a
    /// change that needs it is not confirmed.
    fn among(&mut self, held: &BTreeSet<EntityUid>, groups: &[EntityUid]) {
        let members: BTreeSet<&EntityUid> = groups.iter().chain(&self.vocabulary.members).collect();
        let members = members.into_iter().filter(|member| !held.contains(*member));
        let pairs = members.flat_map(|member| groups.iter().map(move |group| (member, group)));
        let pairs = pairs.filter(|(member, group)| self.may_be_in(member, group));
        let leads = |member: &EntityUid| {
            self.vocabulary.members.contains(member) || held.iter().any(|held| self.situation.is_in(held, member))
        };
        let (near, far): (Vec<_>, Vec<_>) = pairs.partition(|(member, _)| leads(member));
        let room = FEW.saturating_sub(self.slots.len() + near.len());
        let slot =
            |(member, group): (&EntityUid, &EntityUid)| Slot::Group(self.situation.holder(member), group.clone());
        let slots: Vec<Slot> = near.into_iter().chain(far.into_iter().take(room)).map(slot).collect();
        self.slots.extend(slots);
    }

    fn type_of(&self, holder: &Holder) -> EntityTypeName {
        match holder {
            Holder::Context | Holder::Principal => self.environment.principal().clone(),
            Holder::Resource => self.environment.resource().clone(),
            Holder::Entity(uid) => uid.type_name().clone(),
        }
    }

    fn may_be_in(&self, member: &EntityUid, group: &EntityUid) -> bool {
        may_be_in(self.schema, member, group)
    }

    /// What something may be in: what policies name, and what attributes hold.
    fn groups(&self) -> Vec<EntityUid> {
        let mut named: Vec<EntityUid> = self.vocabulary.entities.iter().cloned().collect();
        named.extend([self.situation.principal.clone(), self.situation.resource.clone()]);
        for slot in &self.slots {
            self.situation.value(slot).iter().for_each(|value| uids(value, &mut named));
        }
        let mut seen = BTreeSet::new();
        named.into_iter().filter(|uid| seen.insert(uid.clone())).take(GROUPS).collect()
    }

    fn attributes(&mut self, holder: &Holder, shape: &Shape) {
        let current = self.situation.attributes(holder).cloned().unwrap_or_default();
        attributes(holder, shape, &current, &self.vocabulary, &mut self.slots);
    }

    fn tags(&mut self, holder: &Holder) {
        let none = Map::new();
        let keys = self.vocabulary.tags_of(self.situation.tags(holder).unwrap_or(&none));
        self.slots.extend(keys.into_iter().map(|key| Slot::Tag(holder.clone(), key)));
    }
}

/// Adds what is at `path`: of a record that is there its fields, anything else whole.
fn walk(holder: &Holder, path: &[String], shape: &Shape, fields: &Map<String, Json>, slots: &mut Vec<Slot>) {
    let value = path.last().and_then(|name| fields.get(name));
    match (shape.fields(), value.and_then(record)) {
        (Some(shapes), Some(inner)) => {
            for (name, field) in shapes {
                let path: Vec<String> = path.iter().chain([name]).cloned().collect();
                walk(holder, &path, &field.shape, inner, slots);
            }
        }
        _ => slots.push(Slot::Attribute(holder.clone(), path.to_vec())),
    }
}
