//! Requests and entities by trying: each is put to Cedar's own authorizer, policy by policy.
//!
//! What it finds is certain. That it finds nothing is certain only where it has tried all that can matter.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cedar_policy::{
    Authorizer, Context, Decision, Effect, Entities, Entity, EntityUid, Policy, PolicyId, PolicySet, Request,
    RestrictedExpression, Schema, SlotId,
};
use polcheck::symbolic::PolicyRef;

use super::domain::{Domain, Value, id};
use super::generate::{Case, Made, substituted};
use super::queries::Query;
use super::schemas::Change;
use super::symcc::Verdict;
use super::syntax::{Field, SchemaSpec, Ty};
use crate::common::rng::Rng;

/// The least number for which a comparison, written with it, holds.
pub fn least(comparison: impl Fn(i64) -> String) -> i64 {
    let holds = |at: i64| {
        let expression = comparison(at).parse().unwrap();
        let anyone: EntityUid = "A::\"\"".parse().unwrap();
        let request = Request::new(anyone.clone(), anyone.clone(), anyone, Context::empty(), None).unwrap();
        let value = cedar_policy::eval_expression(&request, &Entities::empty(), &expression).unwrap();
        value == cedar_policy::EvalResult::Bool(true)
    };
    let (mut low, mut high) = (i128::from(i64::MIN), i128::from(i64::MAX));
    while low < high {
        let middle = (low + high).div_euclid(2);
        if holds(middle as i64) { high = middle } else { low = middle + 1 }
    }
    low as i64
}

/// What a policy does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    Matches,
    Fails,
    Errors,
}

/// Asks the authorizer about one policy alone.
pub fn outcome(
    authorizer: &Authorizer,
    set: &PolicySet,
    effect: Effect,
    request: &Request,
    entities: &Entities,
) -> Outcome {
    let response = authorizer.is_authorized(request, set, entities);
    if response.diagnostics().errors().next().is_some() {
        return Outcome::Errors;
    }
    let reached = response.diagnostics().reason().next().is_some();
    assert_eq!(reached && effect == Effect::Permit, response.decision() == Decision::Allow);
    if reached { Outcome::Matches } else { Outcome::Fails }
}

/// Both sides in one schema: what only one declares is there, what either requires is required.
#[derive(Clone, Debug)]
pub struct Merged {
    pub schema: SchemaSpec,
    /// The attribute that has another type on the new side, where it goes by another name.
    pub renamed: Option<(String, String)>,
}

impl Merged {
    pub fn of(sides: &[&SchemaSpec], change: &Change) -> Self {
        let mut schema = sides[0].clone();
        let renamed = match change {
            Change::Retyped(name) => Some((name.clone(), format!("{name}_new"))),
            _ => None,
        };
        if let Some(new) = sides.get(1) {
            for (entity, other) in schema.entities.iter_mut().zip(&new.entities) {
                entity.attrs = merge(&entity.attrs, &other.attrs, renamed.as_ref());
                let parents: BTreeSet<usize> = entity.parents.iter().chain(&other.parents).copied().collect();
                entity.parents = parents.into_iter().collect();
                entity.tags = entity.tags.take().or_else(|| other.tags.clone());
            }
            for (action, other) in schema.actions.iter_mut().zip(&new.actions) {
                action.context = merge(&action.context, &other.context, renamed.as_ref());
            }
        }
        Merged { schema, renamed }
    }

    /// What the attribute of a side is called here.
    fn name<'a>(&'a self, side: usize, name: &'a str) -> &'a str {
        match &self.renamed {
            Some((old, new)) if side == 1 && name == old => new,
            _ => name,
        }
    }

    /// The fields as a side has them.
    fn project(&self, side: usize, values: &[(String, Value)], fields: &[Field]) -> Vec<(String, Value)> {
        let mut found = Vec::new();
        for field in fields {
            let name = self.name(side, &field.name);
            match values.iter().find(|(other, _)| other == name) {
                Some((_, value)) => {
                    let value = match (&field.ty, value) {
                        (Ty::Record(inner), Value::Record(values)) => Value::Record(self.project(side, values, inner)),
                        (_, value) => value.clone(),
                    };
                    found.push((field.name.clone(), value));
                }
                None => assert!(!field.required, "{} is required", field.name),
            }
        }
        found
    }
}

fn merge(old: &[Field], new: &[Field], renamed: Option<&(String, String)>) -> Vec<Field> {
    let mut all = old.to_vec();
    for field in new {
        let Some(found) = all.iter_mut().find(|other| other.name == field.name) else {
            all.push(field.clone());
            continue;
        };
        match (&mut found.ty, &field.ty) {
            (Ty::Record(inner), Ty::Record(other)) => {
                *inner = merge(inner, other, renamed);
                found.required |= field.required;
            }
            (found_ty, ty) if found_ty == ty => found.required |= field.required,
            _ => {
                let (_, name) = renamed.expect("only a change of type makes two of one");
                all.push(Field { name: name.clone(), ..field.clone() });
            }
        }
    }
    all
}

/// Where decisions come from: every combination in turn, or dice.
enum Choices {
    Every { taken: Vec<(usize, usize)>, at: usize },
    Random(Rng),
}

impl Choices {
    fn choose(&mut self, bound: usize) -> usize {
        assert!(bound > 0, "there is something to choose");
        match self {
            Choices::Random(rng) => rng.below(bound),
            Choices::Every { taken, at } => {
                if *at == taken.len() {
                    taken.push((0, bound));
                }
                *at += 1;
                taken[*at - 1].0
            }
        }
    }

    /// Whether, more often not when at random.
    fn seldom(&mut self) -> bool {
        match self {
            Choices::Random(rng) => rng.percent(35),
            Choices::Every { .. } => self.choose(2) == 1,
        }
    }

    /// The next combination; false when there is none.
    fn next(&mut self) -> bool {
        match self {
            Choices::Random(_) => true,
            Choices::Every { taken, at } => {
                *at = 0;
                while let Some((value, bound)) = taken.pop() {
                    if value + 1 < bound {
                        taken.push((value + 1, bound));
                        return true;
                    }
                }
                false
            }
        }
    }
}

type Uid = (usize, String);

#[derive(Clone, Debug, Default)]
struct Thing {
    attrs: Vec<(String, Value)>,
    tags: Vec<(String, Value)>,
    ancestors: BTreeSet<Uid>,
    /// Some term of the policies can be this entity.
    reached: bool,
}

#[derive(Clone, Debug)]
struct World {
    principal: Uid,
    resource: Uid,
    context: Vec<(String, Value)>,
    things: BTreeMap<Uid, Thing>,
    /// What is in the slots, by side and index.
    slots: BTreeMap<PolicyRef, [Option<Uid>; 2]>,
}

struct Builder<'a> {
    schema: &'a SchemaSpec,
    domain: &'a Domain,
    choices: &'a mut Choices,
    things: BTreeMap<Uid, Thing>,
    /// Fresh ids in use, by type: they are taken in order, since they are all alike.
    used: Vec<usize>,
    open: Vec<Uid>,
}

impl Builder<'_> {
    fn entity(&mut self, ty: usize) -> Uid {
        let constants = self.domain.ids[ty].len();
        let bound = constants + (self.used[ty] + 1).min(self.domain.fresh[ty]);
        let index = self.choices.choose(bound);
        if index >= constants {
            self.used[ty] = self.used[ty].max(index - constants + 1);
        }
        let uid = (ty, id(self.domain, ty, index));
        self.reach(&uid);
        uid
    }

    fn reach(&mut self, uid: &Uid) {
        let thing = self.things.entry(uid.clone()).or_default();
        if !thing.reached {
            thing.reached = true;
            self.open.push(uid.clone());
        }
    }

    fn value(&mut self, ty: &Ty) -> Value {
        let domain = self.domain;
        match ty {
            Ty::Bool => Value::Bool(self.choices.choose(2) == 1),
            Ty::Long => Value::Long(domain.longs[self.choices.choose(domain.longs.len())]),
            Ty::Str => Value::Str(domain.strings[self.choices.choose(domain.strings.len())].clone()),
            Ty::Decimal => Value::Decimal(domain.decimals[self.choices.choose(domain.decimals.len())]),
            Ty::Ip => Value::Ip(domain.ips[self.choices.choose(domain.ips.len())].clone()),
            Ty::Datetime => Value::Datetime(domain.datetimes[self.choices.choose(domain.datetimes.len())]),
            Ty::Duration => Value::Duration(domain.durations[self.choices.choose(domain.durations.len())]),
            Ty::Entity(entity) => {
                let (ty, id) = self.entity(*entity);
                Value::Entity(ty, id)
            }
            Ty::Set(inner) => {
                let all: Option<Vec<Value>> = match &**inner {
                    Ty::Bool => Some(vec![Value::Bool(false), Value::Bool(true)]),
                    Ty::Entity(entity) => self.schema.entities[*entity]
                        .members
                        .as_ref()
                        .map(|members| members.iter().map(|id| Value::Entity(*entity, id.clone())).collect()),
                    _ => None,
                };
                Value::Set(match all {
                    Some(all) => {
                        let kept: Vec<Value> = all.into_iter().filter(|_| self.choices.choose(2) == 1).collect();
                        for value in &kept {
                            if let Value::Entity(ty, id) = value {
                                self.reach(&(*ty, id.clone()));
                            }
                        }
                        kept
                    }
                    None => (0..self.choices.choose(3)).map(|_| self.value(inner)).collect(),
                })
            }
            Ty::Record(fields) => Value::Record(self.fields(fields, |_| true)),
        }
    }

    /// Values of the fields, plain ones where nobody asks.
    fn fields(&mut self, fields: &[Field], asked: impl Fn(&str) -> bool) -> Vec<(String, Value)> {
        let mut found = Vec::new();
        for field in fields {
            if asked(&field.name) {
                if field.required || self.choices.choose(2) == 1 {
                    found.push((field.name.clone(), self.value(&field.ty)));
                }
            } else if field.required {
                found.push((field.name.clone(), self.plain(&field.ty)));
            }
        }
        found
    }

    /// Any value.
    fn plain(&mut self, ty: &Ty) -> Value {
        match ty {
            Ty::Bool => Value::Bool(false),
            Ty::Long => Value::Long(0),
            Ty::Str => Value::Str(String::new()),
            Ty::Decimal => Value::Decimal(0),
            Ty::Ip => Value::Ip("10.0.0.9".into()),
            Ty::Datetime => Value::Datetime(0),
            Ty::Duration => Value::Duration(0),
            Ty::Entity(ty) => {
                let uid = (*ty, id(self.domain, *ty, 0));
                self.things.entry(uid.clone()).or_default();
                Value::Entity(uid.0, uid.1)
            }
            Ty::Set(_) => Value::Set(Vec::new()),
            Ty::Record(fields) => Value::Record(self.fields(fields, |_| false)),
        }
    }

    fn world(mut self, case: &Case) -> Option<World> {
        for (ty, ids) in self.domain.ids.iter().enumerate() {
            for id in ids {
                self.things.insert((ty, id.clone()), Thing::default());
            }
        }
        let (principal, action, resource) = case.spec.env;
        let (principal, resource) = (self.entity(principal), self.entity(resource));
        let (schema, domain) = (self.schema, self.domain);
        let asked = |name: &str| {
            domain.named.contains(name) || name.strip_suffix("_new").is_some_and(|name| domain.named.contains(name))
        };
        let context = self.fields(&schema.actions[action].context, asked);
        let mut slots = BTreeMap::new();
        for (side, spec) in case.spec.sides.iter().enumerate() {
            for (index, policy) in spec.policies.iter().enumerate().filter(|(_, policy)| policy.is_open()) {
                let mut fill = |scope: &super::syntax::Scope, of: usize| {
                    scope.has_slot().then(|| {
                        let types = scope.slot_types(&spec.schema, of);
                        let ty = types[self.choices.choose(types.len())];
                        self.entity(ty)
                    })
                };
                let (principal, _, resource) = case.spec.env;
                slots.insert(
                    PolicyRef { side, index },
                    [fill(&policy.principal, principal), fill(&policy.resource, resource)],
                );
            }
        }
        while let Some(uid) = self.open.pop() {
            let spec = &schema.entities[uid.0];
            let attrs = self.fields(&spec.attrs, asked);
            let mut tags = Vec::new();
            if let Some(ty) = &spec.tags {
                for key in &domain.keys {
                    if self.choices.seldom() {
                        tags.push((key.clone(), self.value(ty)));
                    }
                }
            }
            let thing = self.things.get_mut(&uid).expect("it was reached");
            (thing.attrs, thing.tags) = (attrs, tags);
        }
        // The rest is there, and plain. Making it plain may name others.
        let mut done: BTreeSet<Uid> =
            self.things.iter().filter(|(_, thing)| thing.reached).map(|(uid, _)| uid.clone()).collect();
        while let Some(uid) = self.things.keys().find(|uid| !done.contains(*uid)).cloned() {
            let attrs = self.fields(&schema.entities[uid.0].attrs, |_| false);
            self.things.get_mut(&uid).expect("it is there").attrs = attrs;
            done.insert(uid);
        }
        if domain.hierarchy {
            self.hierarchy()?;
        }
        Some(World { principal, resource, context, things: self.things, slots })
    }

    /// Ancestors, closed; nothing when they turn in a circle.
    fn hierarchy(&mut self) -> Option<()> {
        let uids: Vec<Uid> = self.things.keys().cloned().collect();
        let mut above: BTreeMap<Uid, BTreeSet<Uid>> = BTreeMap::new();
        for uid in &uids {
            let types = self.schema.ancestors(uid.0);
            for other in &uids {
                if types.contains(&other.0) && other != uid && self.choices.seldom() {
                    above.entry(uid.clone()).or_default().insert(other.clone());
                }
            }
        }
        loop {
            let mut grown = above.clone();
            for found in grown.values_mut() {
                for direct in found.clone() {
                    found.extend(above.get(&direct).into_iter().flatten().cloned());
                }
            }
            if grown == above {
                break;
            }
            above = grown;
        }
        for (uid, found) in above {
            if found.contains(&uid) {
                return None;
            }
            self.things.get_mut(&uid).expect("it is there").ancestors = found;
        }
        Some(())
    }
}

/// What trying has shown: every combination of outcomes that came up.
pub struct Explored {
    /// Outcomes by side and index, and a request that has them.
    found: HashMap<Vec<Vec<Outcome>>, String>,
    pub complete: bool,
    pub worlds: usize,
}

impl Explored {
    pub fn ask(&self, query: &Query) -> Verdict {
        match self.example(query) {
            Some(_) => Verdict::Fails,
            None if self.complete => Verdict::Holds,
            None => Verdict::Open("not all requests were tried".into()),
        }
    }

    /// A request that breaks the property.
    pub fn example(&self, query: &Query) -> Option<&str> {
        let question = query.spelled();
        let found = self.found.iter().find(|(outcomes, _)| {
            let of = |policy: PolicyRef| outcomes[policy.side][policy.index];
            question.evaluate(&mut |policy| of(policy) == Outcome::Matches, &mut |policy| of(policy) == Outcome::Errors)
        });
        found.map(|(_, text)| text.as_str())
    }
}

struct Side<'a> {
    schema: &'a Schema,
    spec: &'a SchemaSpec,
    seen: HashMap<Value, RestrictedExpression>,
    /// Policies alone; `None` for a template.
    sets: Vec<(Effect, Option<PolicySet>)>,
    linked: HashMap<(usize, [Option<Uid>; 2]), PolicySet>,
}

/// Tries up to `budget` requests: every one, if they are that few, else some of them.
pub fn explore(case: &Case, budget: usize, seed: u64) -> Explored {
    let specs: Vec<&SchemaSpec> = case.spec.sides.iter().map(|side| &side.schema).collect();
    let merged = Merged::of(&specs, &case.spec.change);
    let domain = Domain::of(&case.spec, &merged.schema);
    let authorizer = Authorizer::new();
    let mut sides: Vec<Side<'_>> = case
        .sides
        .iter()
        .zip(&specs)
        .map(|(side, spec)| Side {
            schema: &side.schema,
            spec,
            seen: HashMap::new(),
            sets: side.policies.iter().map(|made| (made.effect(), made.policy().map(alone))).collect(),
            linked: HashMap::new(),
        })
        .collect();
    let mut explored = Explored { found: HashMap::new(), complete: false, worlds: 0 };
    // Where trying all is hopeless, the dice see more of it.
    for mut choices in [Choices::Every { taken: Vec::new(), at: 0 }, Choices::Random(Rng::new(seed))] {
        let random = matches!(choices, Choices::Random(_));
        let until = if random { budget } else { budget / 2 };
        let mut attempts = 0;
        let mut over = false;
        while explored.worlds < until && attempts < 4 * budget && !over {
            attempts += 1;
            let builder = Builder {
                schema: &merged.schema,
                domain: &domain,
                choices: &mut choices,
                things: BTreeMap::new(),
                used: vec![0; merged.schema.entities.len()],
                open: Vec::new(),
            };
            if let Some(world) = builder.world(case) {
                explored.worlds += 1;
                record(&mut explored, case, &merged, &world, &mut sides, &authorizer);
            }
            over = !choices.next();
        }
        if over {
            explored.complete = domain.exact;
            return explored;
        }
    }
    explored
}

/// Some requests of a case with one side: a condition that holds of that one alone, as far as policies can tell, and
/// what each policy does with it.
pub fn pinned(case: &Case, count: usize, seed: u64) -> Vec<(String, Vec<Outcome>, String)> {
    let spec = &case.spec.sides[0].schema;
    let merged = Merged::of(&[spec], &Change::None);
    let domain = Domain::of(&case.spec, spec);
    let authorizer = Authorizer::new();
    let mut sides = [Side {
        schema: &case.sides[0].schema,
        spec,
        seen: HashMap::new(),
        sets: case.sides[0].policies.iter().map(|made| (made.effect(), made.policy().map(alone))).collect(),
        linked: HashMap::new(),
    }];
    let mut choices = Choices::Random(Rng::new(seed));
    let mut found = Vec::new();
    for _ in 0..4 * count {
        if found.len() == count {
            break;
        }
        let builder = Builder {
            schema: spec,
            domain: &domain,
            choices: &mut choices,
            things: BTreeMap::new(),
            used: vec![0; spec.entities.len()],
            open: Vec::new(),
        };
        let Some(world) = builder.world(case) else { continue };
        let mut one = Explored { found: HashMap::new(), complete: false, worlds: 1 };
        record(&mut one, case, &merged, &world, &mut sides, &authorizer);
        let (outcomes, shown) = one.found.into_iter().next().expect("one request was tried");
        found.push((pin(&world, case, &domain), outcomes[0].clone(), shown));
    }
    found
}

/// The condition that all is as in `world`.
fn pin(world: &World, case: &Case, domain: &Domain) -> String {
    let spec = &case.spec.sides[0].schema;
    let uid = |uid: &Uid| spec.entity_uid(uid.0, &uid.1);
    let mut all =
        vec![format!("principal == {}", uid(&world.principal)), format!("resource == {}", uid(&world.resource))];
    pin_fields("context", &world.context, &spec.actions[case.spec.env.1].context, spec, &mut all);
    for (this, thing) in &world.things {
        let entity = &spec.entities[this.0];
        pin_fields(&uid(this), &thing.attrs, &entity.attrs, spec, &mut all);
        // A tag's name may be any string that there is.
        let names: BTreeSet<&String> = domain.keys.iter().chain(&domain.strings).collect();
        for key in names.into_iter().filter(|_| entity.tags.is_some()) {
            let (this, text) = (uid(this), super::syntax::quoted(key));
            match thing.tags.iter().find(|(known, _)| known == key) {
                Some((_, value)) => {
                    all.push(format!("{this}.hasTag({text})"));
                    pin_value(&format!("{this}.getTag({text})"), value, spec, &mut all);
                }
                None => all.push(format!("!{this}.hasTag({text})")),
            }
        }
        for other in world.things.keys().filter(|other| *other != this && spec.ancestors(this.0).contains(&other.0)) {
            let not = if thing.ancestors.contains(other) { "" } else { "!" };
            all.push(format!("{not}({} in {})", uid(this), uid(other)));
        }
    }
    all.join(" && ")
}

fn pin_fields(of: &str, values: &[(String, Value)], fields: &[Field], spec: &SchemaSpec, all: &mut Vec<String>) {
    for field in fields {
        let name = super::syntax::quoted(&field.name);
        let present = values.iter().find(|(known, _)| *known == field.name);
        if !field.required {
            all.push(format!("{}({of} has {name})", if present.is_some() { "" } else { "!" }));
        }
        match (present, &field.ty) {
            (Some((_, Value::Record(values))), Ty::Record(fields)) => {
                pin_fields(&format!("{of}[{name}]"), values, fields, spec, all);
            }
            (Some((_, value)), _) => pin_value(&format!("{of}[{name}]"), value, spec, all),
            (None, _) => {}
        }
    }
}

fn pin_value(of: &str, value: &Value, spec: &SchemaSpec, all: &mut Vec<String>) {
    all.push(match value {
        Value::Set(elements) if elements.is_empty() => format!("{of}.isEmpty()"),
        value => format!("{of} == {}", value.text(spec)),
    });
}

/// For a person to read.
pub fn show(request: &Request, entities: &Entities) -> String {
    let mut json = Vec::new();
    entities.write_to_json(&mut json).unwrap();
    let json = String::from_utf8(json).unwrap();
    let compact: serde_json::Value = serde_json::from_str(&json).unwrap();
    format!("{request}\n{compact}")
}

pub fn alone(policy: &Policy) -> PolicySet {
    PolicySet::from_policies([substituted(policy)]).unwrap()
}

fn uid(schema: &SchemaSpec, (ty, id): &Uid) -> EntityUid {
    let ty = schema.type_name(*ty).parse().unwrap();
    EntityUid::from_type_name_and_id(ty, cedar_policy::EntityId::new(id))
}

fn record(
    explored: &mut Explored,
    case: &Case,
    merged: &Merged,
    world: &World,
    sides: &mut [Side<'_>],
    authorizer: &Authorizer,
) {
    let mut outcomes = Vec::new();
    let mut shown = Vec::new();
    for (number, side) in sides.iter_mut().enumerate() {
        let mut all = Vec::new();
        for (this, thing) in &world.things {
            let spec = &side.spec.entities[this.0];
            let kinds = side.spec.ancestors(this.0);
            let attrs = merged.project(number, &thing.attrs, &spec.attrs);
            let attrs: Vec<_> =
                attrs.iter().map(|(name, value)| (name.clone(), value.expression(side.spec, &mut side.seen))).collect();
            let tags: Vec<_> = match spec.tags {
                Some(_) => {
                    let each =
                        |(key, value): &(String, Value)| (key.clone(), value.expression(side.spec, &mut side.seen));
                    thing.tags.iter().map(each).collect()
                }
                None => Vec::new(),
            };
            let parents: Vec<_> = thing
                .ancestors
                .iter()
                .filter(|above| kinds.contains(&above.0))
                .map(|above| uid(side.spec, above))
                .collect();
            all.push(Entity::new_with_tags(uid(side.spec, this), attrs, parents, tags).unwrap());
        }
        let entities = Entities::from_entities(all, Some(side.schema))
            .unwrap_or_else(|error| panic!("{error:?}\n{}\n{world:?}", case.spec.text()));
        let action = case.env.action().clone();
        let fields = merged.project(number, &world.context, &side.spec.actions[case.spec.env.1].context);
        let fields: Vec<_> =
            fields.iter().map(|(name, value)| (name.clone(), value.expression(side.spec, &mut side.seen))).collect();
        let context = Context::from_pairs(fields).unwrap();
        let (principal, resource) = (uid(side.spec, &world.principal), uid(side.spec, &world.resource));
        let request = Request::new(principal, action, resource, context, Some(side.schema))
            .unwrap_or_else(|error| panic!("{error:?}\n{}\n{world:?}", case.spec.text()));
        let mut each = Vec::new();
        for index in 0..side.sets.len() {
            let set = match &side.sets[index].1 {
                Some(set) => set,
                None => {
                    let slots = &world.slots[&PolicyRef { side: number, index }];
                    let spec = side.spec;
                    side.linked
                        .entry((index, slots.clone()))
                        .or_insert_with(|| link(spec, &case.sides[number].policies[index], slots))
                }
            };
            each.push(outcome(authorizer, set, side.sets[index].0, &request, &entities));
        }
        outcomes.push(each);
        shown.push((request, entities));
    }
    explored.found.entry(outcomes).or_insert_with(|| {
        let show = |(request, entities): &(Request, Entities)| show(request, entities);
        format!("{}\nslots {:?}", shown.iter().map(show).collect::<Vec<_>>().join("\n"), world.slots)
    });
}

fn link(spec: &SchemaSpec, made: &Made, slots: &[Option<Uid>; 2]) -> PolicySet {
    let Made::Template(template) = made else { unreachable!("only templates have slots") };
    let values = [SlotId::principal(), SlotId::resource()]
        .into_iter()
        .zip(slots)
        .filter_map(|(slot, value)| value.as_ref().map(|value| (slot, uid(spec, value))))
        .collect();
    let mut set = PolicySet::new();
    set.add_template(template.clone()).unwrap();
    set.link(template.id().clone(), PolicyId::new("link"), values).unwrap();
    set
}
