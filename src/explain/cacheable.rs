//! What the decisions of an action hang on: for how long an answer may be kept.
//!
//! # Why
//!
//! An attribute counts where two requests that differ in it alone are decided otherwise. The engine is asked for two
//! such requests: the same policies twice, over one world of which only that attribute exists twice. That policies read
//! an attribute does not make it count. Between two worlds that differ in tags is one with the keys of the one and the
//! values of the other, so keys and values are asked about one by one.
//!
//! Of a record that counts its parts are asked about. Where it is always there, whoever knows the parts that count
//! knows enough: between two such records lead others that differ in one part each. Where it may be absent, decisions
//! that hang on a part of it hang on whether it is there as well: without it they are as with one of two values, and
//! not with both.
//!
//! What is not asked about stands in the list as not known: what is missing there is proved not to count.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Effect, EntityTypeName, PrincipalConstraint, RequestEnv, ResourceConstraint};
use rayon::prelude::*;

use super::compiled::Compiled;
use super::slot::Holder;
use super::values;
use super::vocabulary::{Grouped, Vocabulary};
use crate::finding::Evidence;
use crate::outcome::{Cacheable, HangsOn, HangsOnKind};
use crate::repo::Store;
use crate::repo::cedar::{context_shape, entity_shape};
use crate::repo::shape::{Field, Shape};
use crate::symbolic::{Answer, Apart, Session, Subject, Witness};

/// More attributes of one kind of request than this are not asked about.
const MOST: usize = 200;

/// For each action of `store`, what its decisions hang on. `clocks` are numbers that tell the time, such as
/// `context.now`.
#[must_use]
pub fn cacheable(store: &Store, compiled: &Compiled, clocks: &[String]) -> Vec<Cacheable> {
    let schema = compiled.policies.schema();
    let synthetic = |name: String| compiled.inferred.as_ref().is_some_and(|found| found.synthetic.contains_key(&name));
    // What stands for all other actions is of interest where something is permitted there.
    let permitted = |environment: &RequestEnv| {
        let subjects = compiled.policies.subjects();
        subjects.iter().any(|subject| subject.effect() == Effect::Permit && subject.admits(schema, environment))
    };
    let told = |environment: &&RequestEnv| !synthetic(environment.action().to_string()) || permitted(environment);
    let environments: Vec<&RequestEnv> = schema.environments().iter().filter(told).collect();
    let asked: Vec<(Vec<HangsOn>, BTreeSet<String>)> =
        environments.par_iter().map(|environment| of(compiled, environment, clocks)).collect();
    let mut actions: BTreeMap<String, (BTreeMap<String, HangsOn>, BTreeSet<String>)> = BTreeMap::new();
    for (environment, (on, groups)) in environments.iter().zip(asked) {
        let entry = {
            let name = environment.action().to_string();
            let said = compiled.inferred.as_ref().map_or(name.as_str(), |found| found.said(&name)).to_owned();
            actions.entry(said).or_default()
        };
        entry.1.extend(groups);
        for one in on {
            // What some kind of request shows counts, whatever is not known of others.
            match entry.0.get(&one.attribute) {
                Some(known) if known.open.is_none() || one.open.is_some() => {}
                _ => _ = entry.0.insert(one.attribute.clone(), one),
            }
        }
    }
    let action = |(action, (on, groups)): (String, (BTreeMap<String, HangsOn>, BTreeSet<String>))| {
        let mut on: Vec<HangsOn> = on.into_values().collect();
        on.sort_by(|a, b| (a.kind, &a.attribute).cmp(&(b.kind, &b.attribute)));
        Cacheable { store: store.name.clone(), action, on, groups: groups.into_iter().collect() }
    };
    actions.into_iter().map(action).collect()
}

/// Of one kind of request: the attributes, and the types of groups that policies ask for.
fn of(compiled: &Compiled, environment: &RequestEnv, clocks: &[String]) -> (Vec<HangsOn>, BTreeSet<String>) {
    let model = compiled.policies.schema();
    let subjects = || compiled.policies.subjects().iter().filter(|subject| subject.admits(model, environment));
    let vocabulary = Vocabulary::of(subjects().filter_map(Subject::cedar));
    // Where nothing is permitted, nothing is to be kept.
    if !subjects().any(|subject| subject.effect() == Effect::Permit) {
        return (Vec::new(), BTreeSet::new());
    }
    let mut asking = Asking { compiled, environment, clocks, left: MOST };
    let on = candidates(compiled, environment, &vocabulary).into_iter().flat_map(|one| asking.hangs_on(one)).collect();
    (on, groups(compiled, environment, &vocabulary))
}

/// Something that decisions may hang on.
struct Candidate {
    /// What two requests may differ in: they hang on it where one of these turns a decision.
    ways: Vec<Apart>,
    attribute: String,
    /// What it is; none for tags.
    field: Option<Field>,
}

/// Questions about one kind of request.
struct Asking<'a> {
    compiled: &'a Compiled,
    environment: &'a RequestEnv,
    clocks: &'a [String],
    /// How many more attributes are asked about.
    left: usize,
}

impl Asking<'_> {
    /// What of `one` decisions hang on, its parts instead of it or besides.
    fn hangs_on(&mut self, one: Candidate) -> Vec<HangsOn> {
        let kind = self.kind(&one);
        let own = |open, example| HangsOn { attribute: one.attribute.clone(), kind, open, example };
        let Some(left) = self.left.checked_sub(1) else {
            let open = format!("more than {MOST} attributes of one kind of request are not asked about");
            return vec![own(Some(open), None)];
        };
        self.left = left;
        let mut open = None;
        let mut shown = None;
        for what in &one.ways {
            match asked(self.compiled, self.environment, what) {
                Answer::Impossible => {}
                Answer::Unknown(why) => open = Some(why.to_string()),
                Answer::Witness(witness) => {
                    shown = Some(own(None, example(&witness)));
                    break;
                }
            }
        }
        let Some(own) = shown.or_else(|| open.map(|why| own(Some(why), None))) else { return Vec::new() };
        let Some(Field { shape: Shape::Record(fields), required }) = &one.field else { return vec![own] };
        let parts: Vec<HangsOn> = fields
            .iter()
            .filter_map(|(name, field)| one.part(name, field))
            .flat_map(|part| self.hangs_on(part))
            .collect();
        let told_by_parts = *required && (!parts.is_empty() || own.open.is_some());
        if told_by_parts { parts } else { [own].into_iter().chain(parts).collect() }
    }

    fn kind(&self, one: &Candidate) -> HangsOnKind {
        let is_datetime = |field: &Field| field.shape == Shape::Extension("datetime".to_owned());
        match one.ways.first() {
            Some(Apart::Context(_)) => {
                let time = one.field.as_ref().is_some_and(is_datetime) || self.clocks.contains(&one.attribute);
                if time { HangsOnKind::Time } else { HangsOnKind::Context }
            }
            _ => HangsOnKind::Entity,
        }
    }
}

impl Candidate {
    /// What stands at `name` in it.
    fn part(&self, name: &String, field: &Field) -> Option<Self> {
        let further = |path: &[String]| path.iter().chain([name]).cloned().collect();
        let way = match self.ways.first()? {
            Apart::Context(path) => Apart::Context(further(path)),
            Apart::Attribute(ty, path) => Apart::Attribute(ty.clone(), further(path)),
            Apart::TagKeys(_) | Apart::TagValues(_) => return None,
        };
        let attribute = format!("{}{}", self.attribute, values::steps(std::slice::from_ref(name)));
        Some(Self { ways: vec![way], attribute, field: Some(field.clone()) })
    }
}

/// Two requests that differ in `what` alone and are decided otherwise.
fn asked(compiled: &Compiled, environment: &RequestEnv, what: &Apart) -> Answer<Witness> {
    let mut session = Session::apart(&compiled.policies, environment, what);
    let (one, other) = (session.allow(0), session.allow(1));
    session.find(&one.and(!other))
}

fn example(witness: &Witness) -> Option<Box<[Evidence; 2]>> {
    let [one, other] = witness.cases.as_slice() else { return None };
    let evidence = |case: &crate::symbolic::Case| Evidence {
        request: case.request_json.clone(),
        entities: case.entities_json.clone(),
    };
    Some(Box::new([evidence(one), evidence(other)]))
}

/// The attributes and tags that policies of this kind of request name.
fn candidates(compiled: &Compiled, environment: &RequestEnv, vocabulary: &Vocabulary) -> Vec<Candidate> {
    let schema = compiled.schema();
    let named = |shape: &Shape, of_context: bool| -> Vec<(String, Field)> {
        let fields = shape.fields().into_iter().flatten();
        let named = fields.filter(|(name, _)| vocabulary.reads(of_context, name));
        named.map(|(name, field)| (name.clone(), field.clone())).collect()
    };
    let mut found = Vec::new();
    let context = context_shape(schema, environment.action());
    for (name, field) in context.map(|shape| named(&shape, true)).unwrap_or_default() {
        let path = vec![name];
        let attribute = values::name(&Holder::Context, &path);
        found.push(Candidate { attribute, ways: vec![Apart::Context(path)], field: Some(field) });
    }
    let types: BTreeSet<&EntityTypeName> = schema.entity_types().collect();
    for ty in types {
        let shown = ty.to_string();
        let said = compiled.inferred.as_ref().map_or(shown.as_str(), |found| found.said(&shown));
        let Some((shape, tags)) = entity_shape(schema, ty) else { continue };
        found.extend(named(&shape, false).into_iter().map(|(name, field)| Candidate {
            attribute: format!("{said}{}", values::steps(std::slice::from_ref(&name))),
            ways: vec![Apart::Attribute(ty.clone(), vec![name])],
            field: Some(field),
        }));
        if tags.is_some() && vocabulary.reads_tags {
            let ways = vec![Apart::TagKeys(ty.clone()), Apart::TagValues(ty.clone())];
            found.push(Candidate { attribute: format!("{said}.getTag(..)"), ways, field: None });
        }
    }
    found
}

/// The types of groups that policies ask for: of the principal, of the resource, or of what else they lead to.
fn groups(compiled: &Compiled, environment: &RequestEnv, vocabulary: &Vocabulary) -> BTreeSet<String> {
    let schema = compiled.schema();
    let model = compiled.policies.schema();
    let mut grouped = vocabulary.grouped.clone();
    let subjects = compiled.policies.subjects().iter().filter(|subject| subject.admits(model, environment));
    for policy in subjects.filter_map(Subject::cedar) {
        if let PrincipalConstraint::In(group) | PrincipalConstraint::IsIn(_, group) = policy.principal_constraint() {
            grouped.insert((Grouped::Principal, Some(group.type_name().clone())));
        }
        if let ResourceConstraint::In(group) | ResourceConstraint::IsIn(_, group) = policy.resource_constraint() {
            grouped.insert((Grouped::Resource, Some(group.type_name().clone())));
        }
    }
    let mut found = BTreeSet::new();
    for (whose, of) in grouped {
        let members: Vec<&EntityTypeName> = match whose {
            Grouped::Principal => vec![environment.principal()],
            Grouped::Resource => vec![environment.resource()],
            Grouped::Other => schema.entity_types().collect(),
        };
        let above = members.into_iter().flat_map(|ty| schema.ancestors(ty).into_iter().flatten());
        found.extend(above.filter(|ty| of.as_ref().is_none_or(|of| of == *ty)).map(ToString::to_string));
    }
    found
}
