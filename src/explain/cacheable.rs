//! What the decisions of an action hang on: for how long an answer may be kept.
//!
//! # Why
//!
//! An attribute counts where two requests that differ in it alone are decided otherwise. The engine is asked for two
//! such requests: the same policies twice, over one world of which only that attribute exists twice. That policies read
//! an attribute does not make it count. Between two worlds that differ in tags is one with the keys of the one and the
//! values of the other, so keys and values are asked about one by one.
//!
//! What is not asked about stands in the list as not known: what is missing there is proved not to count.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Effect, EntityTypeName, PrincipalConstraint, RequestEnv, ResourceConstraint};
use rayon::prelude::*;

use super::compiled::Compiled;
use super::slot::Holder;
use super::values;
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
    let candidates = candidates(compiled, environment, &vocabulary, clocks);
    let on = candidates.into_iter().enumerate().filter_map(|(at, Candidate { ways, attribute, kind })| {
        if at >= MOST {
            let open = Some(format!("more than {MOST} attributes of one kind of request are not asked about"));
            return Some(HangsOn { attribute, kind, open, example: None });
        }
        let mut open = None;
        for what in &ways {
            match asked(compiled, environment, what) {
                Answer::Impossible => {}
                Answer::Witness(witness) => {
                    return Some(HangsOn { attribute, kind, open: None, example: example(&witness) });
                }
                Answer::Unknown(why) => open = Some(why.to_string()),
            }
        }
        open.map(|why| HangsOn { attribute, kind, open: Some(why), example: None })
    });
    (on.collect(), groups(compiled, environment, &vocabulary))
}

/// Something that decisions may hang on.
struct Candidate {
    /// What two requests may differ in: they hang on it where one of these turns a decision.
    ways: Vec<Apart>,
    attribute: String,
    kind: HangsOnKind,
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
fn candidates(
    compiled: &Compiled,
    environment: &RequestEnv,
    vocabulary: &Vocabulary,
    clocks: &[String],
) -> Vec<Candidate> {
    let schema = compiled.schema();
    let named = |shape: &Shape, of_context: bool| -> Vec<(String, Shape)> {
        let fields = shape.fields().into_iter().flatten();
        let named = fields.filter(|(name, _)| vocabulary.reads(of_context, name));
        named.map(|(name, field)| (name.clone(), field.shape.clone())).collect()
    };
    let mut found = Vec::new();
    let context = context_shape(schema, environment.action());
    for (name, shape) in context.map(|shape| named(&shape, true)).unwrap_or_default() {
        let path = vec![name];
        let is_time = |path: &[String], shape: &Shape| {
            *shape == Shape::Extension("datetime".to_owned()) || clocks.contains(&values::name(&Holder::Context, path))
        };
        let mut times = Vec::new();
        inner(&path, &shape, &is_time, &mut times);
        let kind = if is_time(&path, &shape) { HangsOnKind::Time } else { HangsOnKind::Context };
        let own = [(path, kind)].into_iter().chain(times.into_iter().map(|path| (path, HangsOnKind::Time)));
        found.extend(own.map(|(path, kind)| Candidate {
            attribute: values::name(&Holder::Context, &path),
            ways: vec![Apart::Context(path)],
            kind,
        }));
    }
    let types: BTreeSet<&EntityTypeName> = schema.entity_types().collect();
    for ty in types {
        let shown = ty.to_string();
        let said = compiled.inferred.as_ref().map_or(shown.as_str(), |found| found.said(&shown));
        let Some((shape, tags)) = entity_shape(schema, ty) else { continue };
        found.extend(named(&shape, false).into_iter().map(|(name, _)| Candidate {
            attribute: format!("{said}{}", values::steps(std::slice::from_ref(&name))),
            ways: vec![Apart::Attribute(ty.clone(), vec![name])],
            kind: HangsOnKind::Entity,
        }));
        if tags.is_some() && vocabulary.reads_tags {
            let ways = vec![Apart::TagKeys(ty.clone()), Apart::TagValues(ty.clone())];
            found.push(Candidate { attribute: format!("{said}.getTag(..)"), ways, kind: HangsOnKind::Entity });
        }
    }
    found
}

/// The paths below `path`, which is of this `shape`, that tell the time.
fn inner(path: &[String], shape: &Shape, is_time: &dyn Fn(&[String], &Shape) -> bool, found: &mut Vec<Vec<String>>) {
    for (name, field) in shape.fields().into_iter().flatten() {
        let path: Vec<String> = path.iter().chain([name]).cloned().collect();
        inner(&path, &field.shape, is_time, found);
        if is_time(&path, &field.shape) {
            found.push(path);
        }
    }
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
