//! What explanations promise, over generated stores: a change turns the decision, nothing of it can be left out,
//! nothing smaller does, and where there is said to be none no combination of values turns it. Groups are in groups.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityUid, Expression, PolicySet, Request, Schema, eval_expression,
};
use polcheck::config::Config;
use polcheck::explain::{Situation, Wanted, cacheable, compile, compile_all, told, turns};
use polcheck::finding::Evidence;
use polcheck::outcome::{ChangeKind, HangsOn, Reach, Turn};
use polcheck::source::Memory;
use polcheck::{repo, tables};
use serde_json::{Map, Value, json};

use crate::common::rng::Rng;

/// How many stores, unless `POLCHECK_EXPLAIN_SEEDS` says otherwise.
const SEEDS: u64 = 60;

const SCHEMA: &str = "
entity Group in [Group];
entity User in [Group] { level: Long, on?: Bool } tags String;
entity Doc { open: Bool, owner: User, meta: { secret: Bool, rank: Long } };
action act appliesTo { principal: [User], resource: [Doc], context: { a: Bool, b?: Bool, n: Long, sub?: { deep: Bool } } };
";

const ATOMS: &[&str] = &[
    "context.a",
    "(context has b && context.b)",
    "context has b",
    "(context has sub && context.sub.deep)",
    "context.n < 2",
    "context.n == 3",
    "context.n >= principal.level",
    "principal.level > 1",
    "(principal has on && principal.on)",
    "principal in Group::\"g\"",
    "principal in Group::\"h\"",
    "Group::\"h\" in Group::\"g\"",
    "resource.open",
    "resource.owner == principal",
    "resource.owner.level > 1",
    "principal.hasTag(\"k\")",
    "(principal.hasTag(\"k\") && principal.getTag(\"k\") == \"x\")",
    "resource.meta.secret",
    "resource.meta.rank >= principal.level",
];

/// What each slot may be in a small world. `Null` is nothing.
fn domain() -> BTreeMap<&'static str, Vec<Value>> {
    let bools = || vec![json!(false), json!(true)];
    let maybe = || vec![json!(false), json!(true), Value::Null];
    let longs = || (-1..6).map(|n| json!(n)).collect::<Vec<_>>();
    BTreeMap::from([
        ("context.a", bools()),
        ("context.b", maybe()),
        ("context.n", longs()),
        ("context.sub", vec![Value::Null, json!({"deep": false}), json!({"deep": true})]),
        ("principal.level", longs()),
        ("principal.on", maybe()),
        ("resource.open", bools()),
        ("resource.owner", vec![json!("u"), json!("v")]),
        ("resource.meta.secret", bools()),
        ("resource.meta.rank", longs()),
        ("principal.getTag(\"k\")", vec![Value::Null, json!("x"), json!("y")]),
        ("User::\"v\".level", longs()),
        ("in g", bools()),
        ("in h", bools()),
        ("h in g", bools()),
        ("g in h", bools()),
    ])
}

type World = BTreeMap<&'static str, Value>;

fn expression(rng: &mut Rng, depth: usize, text: &mut String) {
    match if depth == 0 { 0 } else { rng.below(5) } {
        0 | 1 => text.push_str(rng.pick::<&str>(ATOMS)),
        2 => {
            text.push_str("!(");
            expression(rng, depth - 1, text);
            text.push(')');
        }
        other => {
            text.push('(');
            expression(rng, depth - 1, text);
            text.push_str(if other == 3 { " && " } else { " || " });
            expression(rng, depth - 1, text);
            text.push(')');
        }
    }
}

fn policies(rng: &mut Rng) -> String {
    let mut text = String::new();
    for at in 0..1 + rng.below(4) {
        let effect = if rng.percent(65) { "permit" } else { "forbid" };
        let scope = *rng.pick(&["principal", "principal in Group::\"g\"", "principal in Group::\"h\""]);
        let mut condition = String::new();
        expression(rng, 2, &mut condition);
        writeln!(text, "@id(\"p{at}\") {effect} ({scope}, action, resource) when {{ {condition} }};").unwrap();
    }
    text
}

/// The request and the entities of a world.
fn made(world: &World, schema: &Schema) -> (Request, Entities) {
    let uid = |ty: &str, id: &str| json!({"type": ty, "id": id});
    let fields = |prefix: &str| {
        let mut fields = Map::new();
        for (name, value) in world.iter().filter_map(|(name, value)| Some((name.strip_prefix(prefix)?, value))) {
            if !value.is_null() && !name.starts_with("getTag") {
                put(&mut fields, &name.split('.').collect::<Vec<_>>(), Some(value.clone()));
            }
        }
        fields
    };
    let tags = match &world["principal.getTag(\"k\")"] {
        Value::Null => json!({}),
        tag => json!({ "k": tag }),
    };
    let mut parents = Vec::new();
    parents.extend((world["in h"] == true).then(|| uid("Group", "h")));
    parents.extend((world["in g"] == true).then(|| uid("Group", "g")));
    let mut doc = fields("resource.");
    doc.insert("owner".to_owned(), json!({"__entity": uid("User", world["resource.owner"].as_str().unwrap())}));
    let above = |pair: &str, group: &str| -> Vec<Value> {
        (world[pair] == true).then(|| uid("Group", group)).into_iter().collect()
    };
    let entities = json!([
        {"uid": uid("Group", "g"), "attrs": {}, "parents": above("g in h", "h")},
        {"uid": uid("Group", "h"), "attrs": {}, "parents": above("h in g", "g")},
        {"uid": uid("User", "u"), "attrs": fields("principal."), "tags": tags, "parents": parents},
        {"uid": uid("User", "v"), "attrs": {"level": world["User::\"v\".level"]}, "parents": []},
        {"uid": uid("Doc", "d"), "attrs": doc, "parents": []},
    ]);
    let entities = Entities::from_json_value(entities, Some(schema)).unwrap();
    let parse = |text: &str| text.parse::<EntityUid>().unwrap();
    let context = Context::from_json_value(Value::Object(fields("context.")), None).unwrap();
    let request =
        Request::new(parse("User::\"u\""), parse("Action::\"act\""), parse("Doc::\"d\""), context, Some(schema));
    (request.unwrap(), entities)
}

fn decide(set: &PolicySet, world: &World, schema: &Schema) -> Decision {
    let (request, entities) = made(world, schema);
    Authorizer::new().is_authorized(&request, set, &entities).decision()
}

fn random(rng: &mut Rng) -> World {
    let mut world: World = domain().into_iter().map(|(name, values)| (name, rng.pick(&values).clone())).collect();
    settle(&mut world);
    world
}

/// Whoever is in a group is in what that is in, and no two groups are in each other.
fn settle(world: &mut World) {
    if world["h in g"] == true && world["g in h"] == true {
        world.insert("g in h", json!(false));
    }
    for (inner, pair, outer) in [("in h", "h in g", "in g"), ("in g", "g in h", "in h")] {
        if world[inner] == true && world[pair] == true {
            world.insert(outer, json!(true));
        }
    }
}

/// Whether there is such a world.
fn is_one(world: &World) -> bool {
    let mut settled = world.clone();
    settle(&mut settled);
    settled == *world
}

/// What a turn changes, as entries of a world.
fn entries(turn: &Turn) -> Vec<(String, Value)> {
    let mut entries = Vec::new();
    for change in &turn.changes {
        match &change.kind {
            ChangeKind::Value { new, .. } => {
                let value = new.clone().unwrap_or(Value::Null);
                let value = match value.get("__entity") {
                    Some(entity) => entity["id"].clone(),
                    None => value,
                };
                // A part of a record is said by itself.
                match change.what.as_str() {
                    "context.sub.deep" => entries.push(("context.sub".to_owned(), json!({"deep": value}))),
                    what => entries.push((what.to_owned(), value)),
                }
            }
            ChangeKind::Member { group, joins } => {
                let id = |group: &str| Some(group.strip_prefix("Group::")?.trim_matches('"').to_owned());
                let member =
                    change.entity.as_deref().and_then(id).map(|member| format!("{member} ")).unwrap_or_default();
                entries.push((format!("{member}in {}", id(group).unwrap()), json!(joins)));
            }
        }
    }
    entries
}

fn with(world: &World, entries: &[(String, Value)]) -> World {
    let mut changed = world.clone();
    // Who leaves one group and joins another leaves first.
    let (leaves, others): (Vec<_>, Vec<_>) =
        entries.iter().partition(|(name, value)| name.contains("in ") && *value == json!(false));
    for (name, value) in leaves.into_iter().chain(others) {
        let key = *domain().keys().find(|known| *known == name).unwrap_or_else(|| panic!("{name} is no slot"));
        changed.insert(key, value.clone());
        // Who leaves a group leaves what is in it, and stays in it.
        for (outer, pair, inner) in [("in g", "h in g", "in h"), ("in h", "g in h", "in g")] {
            let parted = entries.iter().any(|(name, value)| name == pair && *value == json!(false));
            if key == outer && *value == json!(false) && world[pair] == true && !parted {
                changed.insert(inner, json!(false));
            }
        }
    }
    settle(&mut changed);
    changed
}

/// Whether some values of `names` turn the decision, everything else as in `world`.
fn some_turn(set: &PolicySet, world: &World, schema: &Schema, names: &[&'static str], decision: Decision) -> bool {
    let domain = domain();
    let Some((first, rest)) = names.split_first() else {
        return is_one(world) && decide(set, world, schema) != decision;
    };
    domain[first].iter().any(|value| {
        let mut changed = world.clone();
        changed.insert(first, value.clone());
        some_turn(set, &changed, schema, rest, decision)
    })
}

#[test]
fn changes_turn_the_decision_and_nothing_of_them_can_be_left_out() {
    let seeds = std::env::var("POLCHECK_EXPLAIN_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS);
    let (schema, _) = Schema::from_cedarschema_str(SCHEMA).unwrap();
    let solvers = std::sync::Arc::default();
    let (mut turned, mut never, mut undecided) = (0, 0, 0);
    for seed in 0..seeds {
        let mut rng = Rng::new(seed);
        let text = policies(&mut rng);
        let source = Memory::new([
            ("p.cedar".to_owned(), text.clone().into_bytes()),
            ("s.cedarschema".to_owned(), SCHEMA.to_owned().into_bytes()),
        ]);
        let repo = repo::load(&source, &Config::default(), &repo::Request::default()).unwrap();
        let [store] = repo.stores.as_slice() else { panic!("one store") };
        let set: PolicySet = text.parse().unwrap();
        for _ in 0..4 {
            let world = random(&mut rng);
            let (request, entities) = made(&world, &schema);
            let decision = decide(&set, &world, &schema);
            let types = [request.principal().unwrap().type_name(), request.resource().unwrap().type_name()];
            let compiled = compile(store, true, types, &solvers).unwrap();
            let situation = Situation::new(store, &request, &entities).unwrap();
            let (found, reach) = turns(&situation, Ok(&compiled), &Wanted { step_up: &[] });
            let told = || format!("seed {seed}\n{text}{world:#?}\n{decision:?} {found:#?} {reach:?}");
            for turn in &found {
                turned += 1;
                let entries = entries(turn);
                assert_ne!(decide(&set, &with(&world, &entries), &schema), decision, "{}", told());
                for gone in 0..entries.len() {
                    let mut fewer: Vec<&'static str> = Vec::new();
                    for (at, (name, _)) in entries.iter().enumerate() {
                        fewer.extend(domain().keys().find(|known| at != gone && *known == name));
                    }
                    assert!(!some_turn(&set, &world, &schema, &fewer, decision), "{fewer:?} is enough: {}", told());
                }
            }
            let names: Vec<&'static str> = domain().into_keys().collect();
            let alone = names.iter().any(|name| match *name {
                // Others may follow from a membership.
                "in h" | "in g" | "h in g" | "g in h" => {
                    let other = (name.to_string(), json!(world[*name] != true));
                    let cycle = world["h in g"] != world["g in h"] && other.1 == true && name.len() > 4;
                    !cycle && decide(&set, &with(&world, &[other]), &schema) != decision
                }
                name => some_turn(&set, &world, &schema, &[name], decision),
            });
            match reach {
                Reach::Never => {
                    never += 1;
                    assert!(found.is_empty() && !alone, "{}", told());
                    if never % 8 == 1 {
                        let many = ["level", "rank", "getTag"];
                        let few = |name: &&'static str| !many.iter().any(|many| name.contains(many));
                        let few: Vec<&'static str> = names.iter().copied().filter(few).collect();
                        assert!(!some_turn(&set, &world, &schema, &few, decision), "{}", told());
                    }
                }
                Reach::Proved => {
                    assert!(!found.is_empty(), "{}", told());
                    let one = found.iter().any(|turn| turn.changes.len() == 1);
                    assert!(!alone || one, "one thing is enough: {}", told());
                }
                Reach::Tried(why) => {
                    println!("seed {seed}: {} found, {why}", found.len());
                    undecided += 1;
                }
            }
        }
    }
    println!("{turned} changes, {never} times none, {undecided} not decided");
    // Of four questions a seed.
    assert!(turned as u64 > seeds && undecided * 100 < 4 * seeds, "{turned} {undecided}");
}

/// The worlds that have `name` otherwise.
fn others(world: &World, name: &'static str) -> Vec<World> {
    let other = |value: &Value| {
        let mut other = world.clone();
        other.insert(name, value.clone());
        other
    };
    domain()[name].iter().map(other).collect()
}

/// The attribute by which decisions hang on a slot of the small world; none for groups.
fn attribute(name: &str) -> Option<String> {
    match name {
        "principal.level" | "User::\"v\".level" => Some("User.level".to_owned()),
        "principal.on" => Some("User.on".to_owned()),
        "principal.getTag(\"k\")" => Some("User.getTag(..)".to_owned()),
        name => match name.strip_prefix("resource.") {
            Some(rest) => Some(format!("Doc.{rest}")),
            None => name.starts_with("context.").then(|| name.to_owned()),
        },
    }
}

/// `example` without `attribute`, which is what its two requests may differ in.
fn without(evidence: &Evidence, attribute: &str) -> (Value, Value) {
    let (holder, name) = attribute.split_once('.').unwrap();
    let (mut request, mut entities) = (evidence.request.clone(), evidence.entities.clone());
    let remove = |fields: &mut Value| match name {
        "getTag(..)" => drop(fields.as_object_mut().unwrap().remove("tags")),
        name => put(fields["attrs"].as_object_mut().unwrap(), &name.split('.').collect::<Vec<_>>(), None),
    };
    if holder == "context" {
        put(request["context"].as_object_mut().unwrap(), &name.split('.').collect::<Vec<_>>(), None);
    }
    for entity in entities.as_array_mut().unwrap().iter_mut().filter(|entity| entity["uid"]["type"] == holder) {
        remove(entity);
    }
    (request, entities)
}

fn replayed(set: &PolicySet, evidence: &Evidence, schema: &Schema) -> Decision {
    let uid = |name: &str| EntityUid::from_json(evidence.request[name].clone()).unwrap();
    let context = Context::from_json_value(evidence.request["context"].clone(), None).unwrap();
    let request = Request::new(uid("principal"), uid("action"), uid("resource"), context, Some(schema)).unwrap();
    let entities = Entities::from_json_value(evidence.entities.clone(), Some(schema)).unwrap();
    Authorizer::new().is_authorized(&request, set, &entities).decision()
}

#[test]
fn decisions_hang_on_what_two_requests_show_and_on_nothing_else() {
    let seeds = std::env::var("POLCHECK_EXPLAIN_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS);
    let (schema, _) = Schema::from_cedarschema_str(SCHEMA).unwrap();
    let solvers = std::sync::Arc::default();
    let (mut yes, mut no) = (0, 0);
    for seed in 0..seeds {
        let mut rng = Rng::new(seed);
        let text = policies(&mut rng);
        let source = Memory::new([
            ("p.cedar".to_owned(), text.clone().into_bytes()),
            ("s.cedarschema".to_owned(), SCHEMA.to_owned().into_bytes()),
        ]);
        let repo = repo::load(&source, &Config::default(), &repo::Request::default()).unwrap();
        let [store] = repo.stores.as_slice() else { panic!("one store") };
        let set: PolicySet = text.parse().unwrap();
        let compiled = compile_all(store, true, &solvers).unwrap();
        let actions = cacheable(store, &compiled, &[]);
        let on: Vec<&HangsOn> = actions.iter().flat_map(|action| &action.on).collect();
        for one in &on {
            assert_eq!(one.open, None, "seed {seed}\n{text}");
            let [first, second] = one.example.as_deref().unwrap();
            assert_eq!(without(first, &one.attribute), without(second, &one.attribute), "seed {seed}\n{text}{one:#?}");
            let decisions = [first, second].map(|evidence| replayed(&set, evidence, &schema));
            assert_ne!(decisions[0], decisions[1], "seed {seed}\n{text}{one:#?}");
            yes += 1;
        }
        // Of a record that is always there its parts are named, and not it.
        assert!(on.iter().all(|one| one.attribute != "Doc.meta"), "seed {seed}\n{text}{on:#?}");
        for _ in 0..40 {
            let world = random(&mut rng);
            for name in domain().into_keys() {
                let Some(attribute) = attribute(name) else { continue };
                let decision = decide(&set, &world, &schema);
                if others(&world, name).iter().any(|other| decide(&set, other, &schema) != decision) {
                    let found = on.iter().any(|one| one.attribute == attribute);
                    assert!(found, "seed {seed}: {attribute}\n{text}{world:#?}");
                }
            }
        }
        no += ["context.a", "context.n", "User.on", "Doc.open", "Doc.meta.rank", "context.sub.deep"]
            .iter()
            .filter(|name| on.iter().all(|one| one.attribute != **name))
            .count();
    }
    println!("{yes} attributes that decisions hang on, {no} that they do not");
    assert!(yes > 0 && no > 0);
}

/// The fields that `what` leads to and the name of the last of them: `a.b` in `{ "a": { "b": .. } }`.
fn put(fields: &mut Map<String, Value>, path: &[&str], value: Option<Value>) {
    match (path, value) {
        ([name], Some(value)) => drop(fields.insert((*name).to_owned(), value)),
        ([name], None) => drop(fields.remove(*name)),
        ([first, ..], None) if !fields.contains_key(*first) => {}
        ([first, rest @ ..], value) => {
            let inner = fields.entry(*first).or_insert_with(|| json!({}));
            put(inner.as_object_mut().unwrap(), rest, value);
        }
        ([], _) => panic!("no name"),
    }
}

/// Request and entities with what `turn` changes, written into their JSON; none where a name needs quotes.
fn applied(request: &Request, entities: &Entities, turn: &Turn) -> Option<(Request, Entities)> {
    let mut context = request.context().unwrap().to_json_value().unwrap();
    let uid = |uid: &EntityUid| json!({"type": uid.type_name().to_string(), "id": AsRef::<str>::as_ref(uid.id())});
    let mut all: BTreeMap<String, Value> = BTreeMap::new();
    for entity in entities.iter() {
        all.insert(entity.uid().to_string(), entity.to_json_value().unwrap());
    }
    for change in &turn.changes {
        let mut entity = change.entity.as_ref().map(|name| {
            let parsed: EntityUid = name.parse().unwrap();
            all.remove(name).unwrap_or_else(|| json!({"uid": uid(&parsed), "attrs": {}, "parents": []}))
        });
        match (&change.kind, &mut entity) {
            (ChangeKind::Value { new, .. }, None) => {
                let path: Vec<&str> = change.what.strip_prefix("context.")?.split('.').collect();
                put(context.as_object_mut().unwrap(), &path, new.clone());
            }
            (ChangeKind::Value { new, .. }, Some(entity)) => {
                let holder = ["principal.", "resource."].into_iter().find(|holder| change.what.starts_with(holder));
                let own = format!("{}.", change.entity.as_ref().unwrap());
                let path = change.what.strip_prefix(holder.unwrap_or(&own))?;
                if path.contains(['[', '(']) {
                    return None;
                }
                put(entity["attrs"].as_object_mut().unwrap(), &path.split('.').collect::<Vec<_>>(), new.clone());
            }
            (ChangeKind::Member { group, joins }, Some(entity)) => {
                let group: EntityUid = group.parse().unwrap();
                let member: EntityUid = change.entity.as_ref().unwrap().parse().unwrap();
                let above: Vec<EntityUid> = entities.ancestors(&member).into_iter().flatten().cloned().collect();
                let leads = |other: &EntityUid| *other == group || entities.is_ancestor_of(&group, other);
                let mut parents: Vec<Value> = above.iter().filter(|other| *joins || !leads(other)).map(uid).collect();
                parents.extend(joins.then(|| uid(&group)));
                entity["parents"] = Value::from(parents);
            }
            (ChangeKind::Member { .. }, None) => panic!("nobody joins"),
        }
        if let (Some(name), Some(entity)) = (&change.entity, entity) {
            all.insert(name.clone(), entity);
        }
    }
    // Who was in a changed entity is in what it is in now.
    for entity in entities.iter() {
        let name = entity.uid().to_string();
        let Some(json) = all.get_mut(&name) else { continue };
        let changed = turn.changes.iter().any(|change| change.entity.as_ref() == Some(&name));
        let below = turn.changes.iter().filter_map(|change| change.entity.as_ref()?.parse::<EntityUid>().ok());
        if !changed && below.into_iter().any(|other| entities.is_ancestor_of(&other, &entity.uid())) {
            json["parents"] =
                Value::from(polcheck::repo::cedar::direct_parents(entity).iter().map(uid).collect::<Vec<_>>());
        }
    }
    let entities = Entities::from_json_value(Value::from(all.into_values().collect::<Vec<_>>()), None).unwrap();
    let of = |uid: Option<&EntityUid>| uid.unwrap().clone();
    let context = Context::from_json_value(context, None).unwrap();
    let request = Request::new(of(request.principal()), of(request.action()), of(request.resource()), context, None);
    Some((request.unwrap(), entities))
}

/// So many rows of each repository.
const ROWS: usize = 40;

#[test]
fn rows_of_others_are_turned_by_what_is_said_to_turn_them() {
    let mut folders = vec![std::path::PathBuf::from("fixtures/repos/step-up"), "fixtures/repos/fine-grained".into()];
    folders.extend(crate::common::corpora().map(|dir| dir.join("cedar-examples")));
    folders.extend(crate::common::corpora().map(|dir| dir.join("cedar-cli-sample-data")));
    let (mut rows, mut turned, mut proved) = (0, 0, 0);
    for folder in folders.into_iter().filter(|folder| folder.exists()) {
        let source = polcheck::source::Worktree::new(&folder);
        let repo = repo::load(&source, &Config::default(), &repo::Request::default()).unwrap();
        let ran = tables::run(&repo, &tables::Selection::default(), None);
        let decided = ran.rows.iter().filter(|row| row.got.is_some());
        let step = (ran.rows.len() / ROWS).max(1);
        for row in decided.step_by(step) {
            let Ok(tables::AskedRow { result, asked: Some((request, entities)) }) = tables::row(&repo, &row.id) else {
                continue;
            };
            let store = tables::store_of(&repo, &result).unwrap();
            let types = [request.principal().unwrap().type_name(), request.resource().unwrap().type_name()];
            let compiled = compile(store, true, types, &std::sync::Arc::default());
            let situation = Situation::new(store, &request, &entities).unwrap();
            let compiled = compiled.as_ref().map_err(String::as_str);
            let (found, reach) = turns(&situation, compiled, &Wanted { step_up: &[] });
            rows += 1;
            proved += usize::from(matches!(reach, Reach::Proved | Reach::Never));
            let decision = Authorizer::new().is_authorized(&request, &store.set, &entities).decision();
            for turn in &found {
                let Some((request, entities)) = applied(&request, &entities, turn) else { continue };
                let other = Authorizer::new().is_authorized(&request, &store.set, &entities).decision();
                assert_ne!(other, decision, "{}: {turn:#?}", row.id);
                turned += 1;
            }
        }
    }
    println!("{rows} rows, {turned} changes, {proved} proved");
    assert!(turned > 20 && proved * 2 > rows, "{rows} {turned} {proved}");
}

#[test]
fn the_value_of_every_expression_is_the_evaluators() {
    let (schema, _) = Schema::from_cedarschema_str(SCHEMA).unwrap();
    let mut compared = 0;
    for seed in 0..SEEDS {
        let mut rng = Rng::new(seed);
        let text = policies(&mut rng);
        let source = Memory::new([("p.cedar".to_owned(), text.clone().into_bytes())]);
        let repo = repo::load(&source, &Config::default(), &repo::Request::default()).unwrap();
        let [store] = repo.stores.as_slice() else { panic!("one store") };
        let (request, entities) = made(&random(&mut rng), &schema);
        let response = Authorizer::new().is_authorized(&request, &store.set, &entities);
        let (_, told) = told(store, (&request, &entities), &response, polcheck::outcome::Decision::Allow);
        for part in told.iter().flat_map(|policy| &policy.values) {
            let value = eval_expression(&request, &entities, &part.text.parse::<Expression>().unwrap());
            compared += 1;
            match (&part.value, value) {
                (Ok(shown), Ok(value)) => {
                    let read = eval_expression(&request, &entities, &shown.parse::<Expression>().unwrap()).unwrap();
                    assert_eq!(read, value, "seed {seed}: {}", part.text);
                }
                (Err(_), Err(_)) => {}
                (shown, value) => panic!("seed {seed}: {} is {value:?}, not {shown:?}", part.text),
            }
        }
    }
    assert!(compared > 500, "{compared}");
}
