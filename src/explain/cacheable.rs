//! What the decisions of an action hang on: for how long an answer may be kept.
//!
//! # Why
//!
//! An attribute counts where two requests that differ in it alone are decided otherwise. The engine is asked for two
//! such requests: the same policies twice, over one world of which only that attribute exists twice. That policies read
//! an attribute does not make it count.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Effect, EntityTypeName, PrincipalConstraint, RequestEnv, ResourceConstraint};
use rayon::prelude::*;

use super::compiled::Compiled;
use super::vocabulary::Vocabulary;
use crate::finding::Evidence;
use crate::outcome::{Cacheable, HangsOn, HangsOnKind};
use crate::repo::Store;
use crate::repo::cedar::{context_shape, entity_shape};
use crate::repo::shape::Shape;
use crate::symbolic::{Answer, Apart, Session, Subject, Witness};

/// More attributes of one kind of request than this are not asked about.
const MOST: usize = 200;

/// For each action of `store`, what its decisions hang on. `clocks` are numbers that tell the time, such as
/// `context.now`.
#[must_use]
pub fn cacheable(store: &Store, compiled: &Compiled, clocks: &[String]) -> Vec<Cacheable> {
    let schema = compiled.policies.schema();
    let synthetic = |name: String| compiled.inferred.as_ref().is_some_and(|found| found.synthetic.contains_key(&name));
    let environments: Vec<&RequestEnv> =
        schema.environments().iter().filter(|environment| !synthetic(environment.action().to_string())).collect();
    let asked: Vec<(Vec<HangsOn>, BTreeSet<String>)> =
        environments.par_iter().map(|environment| of(compiled, environment, clocks)).collect();
    let mut actions: BTreeMap<String, (BTreeMap<String, HangsOn>, BTreeSet<String>)> = BTreeMap::new();
    for (environment, (on, groups)) in environments.iter().zip(asked) {
        let entry = actions.entry(environment.action().to_string()).or_default();
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
    let on = candidates(compiled, environment, &vocabulary, clocks).into_iter().take(MOST);
    let on = on.filter_map(|(what, attribute, kind)| {
        let (open, example) = match asked(compiled, environment, &what) {
            Answer::Impossible => return None,
            Answer::Witness(witness) => (None, example(&witness)),
            Answer::Unknown(why) => (Some(why.to_string()), None),
        };
        Some(HangsOn { attribute, kind, open, example })
    });
    (on.collect(), groups(compiled, environment, &vocabulary))
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

/// The attributes that policies of this kind of request name.
fn candidates(
    compiled: &Compiled,
    environment: &RequestEnv,
    vocabulary: &Vocabulary,
    clocks: &[String],
) -> Vec<(Apart, String, HangsOnKind)> {
    let schema = compiled.schema();
    let named = |shape: &Shape| -> Vec<(String, Shape)> {
        let fields = shape.fields().into_iter().flatten();
        let named = fields.filter(|(name, _)| vocabulary.attributes.contains(*name));
        named.map(|(name, field)| (name.clone(), field.shape.clone())).collect()
    };
    let mut found = Vec::new();
    for (name, shape) in context_shape(schema, environment.action()).map(|shape| named(&shape)).unwrap_or_default() {
        let attribute = format!("context.{name}");
        let time = shape == Shape::Extension("datetime".to_owned()) || clocks.contains(&attribute);
        let kind = if time { HangsOnKind::Time } else { HangsOnKind::Context };
        found.push((Apart::Context(vec![name]), attribute, kind));
    }
    let types: BTreeSet<&EntityTypeName> = schema.entity_types().collect();
    for ty in types {
        for (name, _) in entity_shape(schema, ty).map(|(shape, _)| named(&shape)).unwrap_or_default() {
            let shown = ty.to_string();
            let said = compiled.inferred.as_ref().map_or(shown.as_str(), |found| found.said(&shown));
            let attribute = format!("{said}.{name}");
            found.push((Apart::Attribute(ty.clone(), vec![name]), attribute, HangsOnKind::Entity));
        }
    }
    found
}

/// The types of groups that policies ask for, of the principal and of the resource.
fn groups(compiled: &Compiled, environment: &RequestEnv, vocabulary: &Vocabulary) -> BTreeSet<String> {
    let above = |ty: &EntityTypeName| -> BTreeSet<EntityTypeName> {
        compiled.schema().ancestors(ty).into_iter().flatten().cloned().collect()
    };
    let possible: BTreeSet<EntityTypeName> =
        [environment.principal(), environment.resource()].into_iter().flat_map(above).collect();
    let model = compiled.policies.schema();
    let subjects = compiled.policies.subjects().iter().filter(|subject| subject.admits(model, environment));
    let scopes = subjects.filter_map(Subject::cedar).any(|policy| {
        matches!(policy.principal_constraint(), PrincipalConstraint::In(_) | PrincipalConstraint::IsIn(..))
            || matches!(policy.resource_constraint(), ResourceConstraint::In(_) | ResourceConstraint::IsIn(..))
    });
    match scopes || vocabulary.reads_groups {
        true => possible.iter().map(ToString::to_string).collect(),
        false => BTreeSet::new(),
    }
}
