//! The law that `who-can` and the impact of a change keep: what they say of every principal, action and resource is
//! what Cedar's authorizer decides.
//!
//! `POLCHECK_WORLDS` says how many generated stores, `POLCHECK_SEED` which.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityTypeName, EntityUid, PolicySet, Request, RequestEnv,
};
use polcheck::access::{self, Asked, Sides};
use polcheck::config::Config;
use polcheck::outcome::{Access, AccessGroup};
use polcheck::repo::cedar::is_action;
use polcheck::repo::{self, EntityState, Repo, Store};
use polcheck::source::{Memory, Source, Worktree};
use polcheck::symbolic::{Answer, CompiledPolicies, SchemaModel, Session, Solvers};

use crate::common::corpora;
use crate::common::rng::Rng;

/// What the groups say of every triple.
fn said(groups: &[AccessGroup], side: usize) -> BTreeMap<[String; 3], Access> {
    let mut all = BTreeMap::new();
    for group in groups {
        let access = if side == 0 { group.before.clone().expect("compared") } else { group.now.clone() };
        for principal in group.principals.iter() {
            for action in group.actions.iter() {
                for resource in group.resources.iter() {
                    let triple = [principal, action, resource].map(str::to_owned);
                    assert!(all.insert(triple, access.clone()).is_none(), "said twice");
                }
            }
        }
    }
    all
}

fn allows(set: &PolicySet, world: &Entities, [p, a, r]: [&EntityUid; 3], context: &Context) -> bool {
    let request = Request::new(p.clone(), a.clone(), r.clone(), context.clone(), None).unwrap();
    Authorizer::new().is_authorized(&request, set, world).decision() == Decision::Allow
}

/// Conditions as policies, each made once.
#[derive(Default)]
struct Conditions(BTreeMap<Access, PolicySet>);

impl Conditions {
    /// What a condition says of a context.
    fn hold(&mut self, access: &Access, world: &Entities, triple: [&EntityUid; 3], context: &Context) -> bool {
        let condition = match access {
            Access::Denied => return false,
            Access::Allowed => return true,
            Access::Conditional(condition) => condition,
        };
        let set = self.0.entry(access.clone()).or_insert_with(|| {
            let policy =
                |effect: &str, text: &str| format!("{effect} (principal, action, resource) when {{ {text} }};\n");
            let mut text: String = condition.when.iter().map(|one| policy("permit", one)).collect();
            if condition.when.is_empty() {
                text.push_str("permit (principal, action, resource);\n");
            }
            text.extend(condition.unless.iter().map(|one| policy("forbid", one)));
            text.parse().unwrap_or_else(|error| panic!("{error:?}\n{text}"))
        });
        allows(set, world, triple, context)
    }
}

/// Contexts that fit, such as the engine finds: with which requests are allowed, and with which they are not.
fn contexts(store: &Store, environment: &RequestEnv) -> Vec<Context> {
    let schema = &store.schema.ready().unwrap().cedar;
    let model = SchemaModel::new(schema).unwrap();
    let policies = CompiledPolicies::from_set(model, &store.set);
    let mut session = Session::new(&policies, environment);
    let allow = session.allow(0);
    let mut all = Vec::new();
    for question in [allow.clone(), !allow] {
        if let Answer::Witness(witness) = session.find(&question) {
            all.extend(witness.cases[0].request.context().cloned());
        }
    }
    all.extend(Context::from_json_str("{}", Some((schema, environment.action()))));
    // Those that lead to somebody of the generated stores.
    for number in [1, 4, 7] {
        let team = format!(r#"{{"type": "Team", "id": "t{number}"}}"#);
        for more in [
            format!(r#""by": {{"type": "User", "id": "u{number}"}}"#),
            format!(r#""group": {team}"#),
            format!(r#""groups": [{team}, {{"type": "Team", "id": "t10"}}]"#),
        ] {
            let context = format!(r#"{{"mfa": true, "n": 3, {more}}}"#);
            let context = Context::from_json_str(&context, Some((schema, environment.action()))).ok();
            all.extend(context.filter(|context| context.validate(schema, environment.action()).is_ok()));
        }
    }
    all
}

/// One side as Cedar has it: its policies, the entities with its own actions, and what requests there are.
struct Side<'s> {
    store: &'s Store,
    world: Entities,
    requests: Vec<([EntityUid; 3], usize)>,
    /// The same by name.
    there: BTreeSet<[String; 3]>,
    /// By number, of requests.
    contexts: Vec<Vec<Context>>,
}

impl<'s> Side<'s> {
    /// `given` is the context of all requests; those that it does not fit cannot be made.
    fn new(store: &'s Store, data: &repo::EntityData, named: &BTreeSet<EntityUid>, given: Option<&str>) -> Self {
        let others = data.cedar.iter().filter(|entity| !is_action(&entity.uid())).cloned();
        let all: Vec<_> = others.collect();
        let (mut requests, mut of_kinds) = (Vec::new(), Vec::new());
        let Some(schema) = store.schema.ready().map(|schema| &schema.cedar) else {
            // Without a schema everybody may ask everything, with whatever context.
            let texts = [
                "{}",
                "{\"mfa\": true, \"n\": 3}",
                "{\"mfa\": \"yes\", \"n\": -1, \"by\": 7}",
                "{\"mfa\": false, \"by\": {\"__entity\": {\"type\": \"User\", \"id\": \"u1\"}}, \"n\": 9}",
            ];
            let texts: Vec<&str> = given.map_or_else(|| texts.to_vec(), |given| vec![given]);
            of_kinds.push(texts.iter().map(|text| Context::from_json_str(text, None).unwrap()).collect());
            let (actions, others): (Vec<_>, Vec<_>) = named.iter().cloned().partition(is_action);
            let known: BTreeSet<EntityUid> = all.iter().map(|entity| entity.uid()).chain(others).collect();
            for action in &actions {
                for principal in &known {
                    let all = known.iter().map(|resource| ([principal.clone(), action.clone(), resource.clone()], 0));
                    requests.extend(all);
                }
            }
            return Self::of(store, Entities::from_entities(all, None).unwrap(), requests, of_kinds);
        };
        for environment in schema.request_envs() {
            let contexts = match given {
                None => contexts(store, &environment),
                Some(text) => {
                    let context = Context::from_json_str(text, Some((schema, environment.action()))).ok();
                    let fits = |context: &Context| context.validate(schema, environment.action()).is_ok();
                    let Some(context) = context.filter(fits) else { continue };
                    vec![context]
                }
            };
            let of = |ty: &EntityTypeName| -> Vec<EntityUid> {
                let listed = repo::cedar::enumeration(schema, ty);
                let known = || all.iter().map(|entity| entity.uid()).chain(named.iter().cloned());
                let there =
                    || known().filter(|uid| uid.type_name() == ty).collect::<BTreeSet<_>>().into_iter().collect();
                listed.unwrap_or_else(there)
            };
            for principal in of(environment.principal()) {
                for resource in of(environment.resource()) {
                    requests.push(([principal.clone(), environment.action().clone(), resource], of_kinds.len()));
                }
            }
            of_kinds.push(contexts);
        }
        let actions = schema.action_entities().unwrap().iter().cloned().collect::<Vec<_>>();
        let world = Entities::from_entities(all.into_iter().chain(actions), None).unwrap();
        Self::of(store, world, requests, of_kinds)
    }

    fn of(
        store: &'s Store,
        world: Entities,
        requests: Vec<([EntityUid; 3], usize)>,
        contexts: Vec<Vec<Context>>,
    ) -> Self {
        let there = requests.iter().map(|(triple, _)| triple.each_ref().map(ToString::to_string)).collect();
        Self { store, world, requests, there, contexts }
    }

    /// Whether a request with this context can be made, and is allowed.
    fn allows(&self, [p, a, r]: [&EntityUid; 3], context: &Context) -> Option<bool> {
        let schema = self.store.schema.ready().map(|schema| &schema.cedar);
        let request = Request::new(p.clone(), a.clone(), r.clone(), context.clone(), schema).ok()?;
        let answer = Authorizer::new().is_authorized(&request, &self.store.set, &self.world);
        Some(answer.decision() == Decision::Allow)
    }
}

/// Every triple against brute force, on both sides, each under its own schema, in the context that is `given` or in
/// any; how many were allowed, how many hang on contexts, and how many change.
fn law(old: &Store, new: &Store, what: &str, given: Option<&str>) -> [usize; 3] {
    let EntityState::Ready(data) = &new.entities else { panic!("{what}: no entities") };
    law_over([old, new], [data, data], what, given)
}

/// The same, each side over its own entities.
fn law_of_each(old: &Store, new: &Store, what: &str, given: Option<&str>) -> [usize; 3] {
    let data = |store: &Store| match &store.entities {
        EntityState::Ready(data) => Arc::clone(data),
        _ => panic!("{what}: no entities"),
    };
    law_over([old, new], [&data(old), &data(new)], what, given)
}

fn law_over([old, new]: [&Store; 2], data: [&repo::EntityData; 2], what: &str, given: Option<&str>) -> [usize; 3] {
    let solvers = Arc::new(Solvers::default());
    let sides = Sides {
        old: Some(old),
        new: Some(new),
        compared: true,
        entities: data.map(|data| &data.cedar),
        inference: true,
        solvers: &solvers,
    };
    let found =
        access::survey(&sides, &Asked::default(), given, false).unwrap_or_else(|error| panic!("{what}: {error}"));
    let differing = access::survey(&sides, &Asked::default(), given, true).unwrap();
    let differ: Vec<AccessGroup> = found.groups.iter().filter(|group| group.differs()).cloned().collect();
    for side in [0, 1] {
        assert_eq!(said(&differ, side), said(&differing.groups, side), "{what}");
    }
    let groups = Said { groups: &found.groups, led_astray: found.led_astray };
    brute_force([old, new], data, groups, what, given, &|uid| uid.to_string())
}

/// What is said, and whether it is said that not all of what contexts lead to is compared.
#[derive(Clone, Copy)]
struct Said<'g> {
    groups: &'g [AccessGroup],
    led_astray: bool,
}

/// The same of what is said by type: it holds of whoever is of the type.
fn law_by_type(old: &Store, new: &Store, what: &str, given: Option<&str>) -> [usize; 3] {
    let EntityState::Ready(data) = &new.entities else { panic!("{what}: no entities") };
    let solvers = Arc::new(Solvers::default());
    let stores = access::Stores { old: Some(Some(old)), new: Some(new), inference: true, solvers: &solvers };
    let found = stores.by_type(&Asked::default(), given).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(found.undecided, Vec::<String>::new(), "{what}");
    let said = |uid: &EntityUid| if is_action(uid) { uid.to_string() } else { uid.type_name().to_string() };
    brute_force([old, new], [data, data], Said { groups: &found.groups, led_astray: false }, what, given, &said)
}

/// What `groups` say of everybody, whom they name as `name` says, against Cedar's authorizer.
fn brute_force(
    [old, new]: [&Store; 2],
    data: [&repo::EntityData; 2],
    Said { groups, led_astray }: Said<'_>,
    what: &str,
    given: Option<&str>,
    name: &dyn Fn(&EntityUid) -> String,
) -> [usize; 3] {
    let moves = moves(groups);
    let policies = [old, new].into_iter().flat_map(|store| store.set.policies());
    let named: BTreeSet<EntityUid> = policies.flat_map(cedar_policy::Policy::entity_literals).collect();
    let [before, now] = data;
    let both = [(old, before), (new, now)].map(|(store, data)| Side::new(store, data, &named, given));
    let kinds = both
        .each_ref()
        .map(|side| side.requests.iter().map(|(triple, _)| triple.each_ref().map(name)).collect::<BTreeSet<_>>());
    let (mut counts, mut conditions) = ([0, 0, 0], Conditions::default());
    for (number, side) in both.iter().enumerate() {
        let mut said = said(groups, number);
        let mut known = BTreeSet::new();
        for (triple, kind) in &side.requests {
            let triple = triple.each_ref();
            let names = triple.map(name);
            let access = said.get(&names).cloned().unwrap_or(Access::Denied);
            known.insert(names.clone());
            for context in &side.contexts[*kind] {
                // An entity that is asked what it has is there.
                if !std::ptr::eq(before, now) && both.iter().any(|side| leads_nowhere(context, &side.world)) {
                    continue;
                }
                let wanted = side.allows(triple, context).expect("a request of the side");
                let held = conditions.hold(&access, &side.world, triple, context);
                assert_eq!(held, wanted, "{what}: side {number}: {names:?} {context:?}: {access:?}");
                counts[0] += usize::from(wanted);
                counts[1] += usize::from(access.condition().is_some());
                // What differs for a context that both sides take, or of which one has no such requests, is said.
                let [before, now] = both.each_ref().map(|side| side.allows(triple, context));
                let there = both.each_ref().map(|side| side.there.contains(&triple.map(ToString::to_string)));
                // What is said of a type is said of its members on either side.
                if there.iter().zip(&kinds).any(|(there, kinds)| !there && kinds.contains(&names)) {
                    continue;
                }
                let [before, now] = [(before, there[0]), (now, there[1])].map(|(said, there)| match there {
                    true => said,
                    false => Some(false),
                });
                let (gains, loses) = moves.get(&names).copied().unwrap_or_default();
                // That not all of it is compared is said.
                let open = led_astray && access.condition().is_some();
                if (before, now) == (Some(false), Some(true)) {
                    assert!(gains || open, "{what}: {names:?} gains with {context:?}");
                    counts[2] += usize::from(gains);
                }
                if (before, now) == (Some(true), Some(false)) {
                    assert!(loses || open, "{what}: {names:?} loses with {context:?}");
                    counts[2] += 1;
                }
            }
        }
        // Of what is no request on this side nothing is allowed.
        said.retain(|names, access| *access != Access::Denied && !known.contains(names));
        assert!(said.is_empty(), "{what}: side {number}: {said:?}");
    }
    counts
}

/// Whether the context leads to somebody who is not in the world.
fn leads_nowhere(context: &Context, world: &Entities) -> bool {
    let json = context.to_json_value().unwrap();
    let by = json.get("by").and_then(|by| EntityUid::from_json(by["__entity"].clone()).ok());
    by.is_some_and(|by| world.get(&by).is_none())
}

/// For every triple, whether it gains and whether it loses access.
fn moves(groups: &[AccessGroup]) -> BTreeMap<[String; 3], (bool, bool)> {
    let mut all = BTreeMap::new();
    for group in groups {
        for principal in group.principals.iter() {
            for action in group.actions.iter() {
                for resource in group.resources.iter() {
                    all.insert([principal, action, resource].map(str::to_owned), (group.gains, group.loses));
                }
            }
        }
    }
    all
}

fn load(source: &dyn Source) -> Repo {
    repo::load(source, &Config::default(), &repo::Request::default()).unwrap()
}

#[test]
fn on_the_corpora_every_triple_is_what_the_authorizer_decides() {
    let Some(dir) = corpora() else { return };
    let (mut stores, mut allowed, mut conditional) = (0, 0, 0);
    for folder in ["cedar-examples", "cedar-cli-sample-data", "authorization-for-expressjs", "vscode-cedar", "k8s"] {
        let repo = load(&Worktree::new(dir.join(folder)));
        for store in &repo.stores {
            let ready = matches!(&store.entities, EntityState::Ready(data) if data.count > 0);
            if ready && store.schema.ready().is_some() && !store.policies.is_empty() {
                let [some, hang, _] = law(store, store, &format!("{folder}/{}", store.name), None);
                stores += 1;
                allowed += some;
                conditional += hang;
            }
        }
    }
    println!("{stores} stores, {allowed} allowed, {conditional} hang on the context");
    assert!(stores >= 8 && allowed > 100, "{stores} {allowed} {conditional}");
}

/// How the two sides of a generated store differ.
#[derive(Clone, Copy, PartialEq)]
enum Differ {
    /// The new side has a policy less.
    Policies,
    /// The same, and each side has a schema of its own: groups of actions, members of enumerations, types of contexts,
    /// attributes, and what an action is for.
    Schemas,
    /// No side has a schema.
    Schemaless,
    /// Each side has entities of its own: groups, attributes, tags, and who there is.
    Entities,
}

/// A store with deep groups, tags, shared attributes and enumerated types.
fn generated(seed: u64, changed: bool, differ: Differ) -> Vec<(String, String)> {
    let mut rng = Rng::new(seed);
    let base = "entity Team in [Team]; entity Tier enum [TIERS];\n\
        entity User in [Team] = { level: Long, tier: Tier, manager?: User, skills: Set<String> } tags String;\n\
        entity Doc in [Folder] = { owner: User, readers: Set<User>, team: Team, at?: { place: String } };\n\
        entity Folder in [Folder];\n\
        action any; action reading in [any]; action writing in [any];\n\
        action read in [reading] appliesTo { principal: User, resource: [Doc, Folder], context: { CONTEXT } };\n\
        action write in [writing] appliesTo { principal: User, resource: [Doc, Folder], context: { CONTEXT } };\n\
        action grade in [GRADE] appliesTo { principal: [Tier, User], resource: Tier, context: {} };\n";
    let context = match differ {
        Differ::Entities => "mfa: Bool, by?: User, n: Long, group?: Team, groups?: Set<Team>",
        _ => "mfa: Bool, by?: User, n: Long",
    };
    let mut schema = base.replace("TIERS", "\"low\", \"high\"").replace("CONTEXT", context).replace("GRADE", "any");
    if differ == Differ::Schemas && !changed {
        schema = match seed % 4 {
            // Of the groups one has other actions, and another type of context goes with them.
            0 => {
                schema.replace("write in [writing]", "write in [reading]").replace("n: Long", "n: Long, device?: Bool")
            }
            1 => base.replace("TIERS", "\"low\", \"top\"").replace("CONTEXT", context).replace("GRADE", "writing"),
            2 => schema
                .replace("n: Long", "n?: Long")
                .replace("by?: User, ", "")
                .replace("resource: [Doc, Folder]", "resource: Doc"),
            _ => schema.replace("mfa: Bool", "mfa: String").replace("in [writing] appliesTo", "in [any] appliesTo"),
        };
    }
    let mut policies = String::new();
    let pick = |rng: &mut Rng, all: &[&str]| (*rng.pick(all)).to_owned();
    for number in 0..8 {
        let effect = if number % 4 == 3 { "forbid" } else { "permit" };
        let group = format!("Team::\"t{}\"", rng.below(12));
        let scope =
            pick(&mut rng, &["principal", "principal in GROUP", "principal == User::\"u1\""]).replace("GROUP", &group);
        let action = pick(
            &mut rng,
            &[
                "action",
                "action in Action::\"reading\"",
                "action in [Action::\"writing\", Action::\"read\"]",
                "action in Action::\"any\"",
            ],
        );
        let resource = pick(
            &mut rng,
            &["resource", "resource in Folder::\"f2\"", "resource is Doc", "resource is Folder in Folder::\"f4\""],
        );
        let mut condition = String::from("true");
        for _ in 0..rng.below(4) {
            let one = pick(
                &mut rng,
                &[
                    "principal.level > 2",
                    "principal in GROUP",
                    "principal.tier == Tier::\"high\"",
                    "principal has manager && principal.manager.level > 1",
                    "principal.skills.contains(\"s1\")",
                    "principal.hasTag(\"k\") && principal.getTag(\"k\") == \"v1\"",
                    "resource is Doc && resource.owner == principal",
                    "resource is Doc && principal in resource.team",
                    "resource is Doc && resource.readers.contains(principal)",
                    "resource is Doc && resource has at && resource.at.place == \"here\"",
                    "context.mfa",
                    "context.n > principal.level",
                    "context has by && context.by == principal",
                    "resource is Doc && context has by && resource.readers.contains(context.by)",
                    "!(resource is Folder)",
                    "principal.level + 9223372036854775806 > 0",
                    "context has device",
                    "resource == Tier::\"high\" || resource == Tier::\"top\"",
                    "action in Action::\"writing\"",
                    "context.mfa != true && context.mfa != false",
                ],
            );
            let one = match differ {
                Differ::Entities if rng.percent(20) => pick(
                    &mut rng,
                    &[
                        "context has by && context.by in GROUP",
                        "context has by && context.by.level > 2",
                        "context has by && context.by has manager && context.by.manager.level > 1",
                        "context has by && context.by.hasTag(\"k\") && context.by.getTag(\"k\") == \"v1\"",
                        "context has group && principal in context.group",
                        "context has groups && principal in context.groups",
                        "context has group && context.group in GROUP",
                        "resource is Doc && (if context.mfa then principal else resource.owner).level > 2",
                    ],
                ),
                _ => one,
            };
            let join = pick(&mut rng, &[" && ", " || "]);
            condition = format!("({condition}{join}{})", one.replace("GROUP", &group));
        }
        policies.push_str(&format!(
            "@id(\"p{number}\") {effect} ({scope}, {action}, {resource}) when {{ {condition} }};\n"
        ));
    }
    if changed && (differ != Differ::Entities || seed.is_multiple_of(3)) {
        // One policy less.
        let at = policies.find('\n').unwrap() + 1;
        policies.drain(..at);
    }
    let uid = |ty: &str, id: String| serde_json::json!({"type": ty, "id": id});
    let entity = |ty: &str, id: String| serde_json::json!({"__entity": {"type": ty, "id": id}});
    let mut rng = Rng::new(seed ^ 0x55);
    let mut all = Vec::new();
    for number in 0..12 {
        let above: Vec<_> =
            (number + 1 < 12 && rng.percent(80)).then(|| uid("Team", format!("t{}", number + 1))).into_iter().collect();
        all.push(serde_json::json!({"uid": uid("Team", format!("t{number}")), "attrs": {}, "parents": above}));
    }
    for number in 0..6 {
        let above: Vec<_> = (number > 0).then(|| uid("Folder", format!("f{}", number - 1))).into_iter().collect();
        all.push(serde_json::json!({"uid": uid("Folder", format!("f{number}")), "attrs": {}, "parents": above}));
    }
    for number in 0..10 {
        let tier = if rng.percent(50) { "low" } else { "high" };
        let mut attributes = serde_json::json!({"level": rng.below(5), "tier": entity("Tier", tier.to_owned()),
            "skills": (0..rng.below(3)).map(|one| format!("s{one}")).collect::<Vec<_>>()});
        if rng.percent(50) {
            attributes["manager"] = entity("User", format!("u{}", rng.below(10)));
        }
        let tags = if rng.percent(50) {
            serde_json::json!({"k": format!("v{}", rng.below(2))})
        } else {
            serde_json::json!({})
        };
        all.push(serde_json::json!({"uid": uid("User", format!("u{number}")), "attrs": attributes, "tags": tags,
            "parents": [uid("Team", format!("t{}", rng.below(12)))]}));
    }
    for number in 0..8 {
        let readers: Vec<_> = (0..rng.below(3)).map(|_| entity("User", format!("u{}", rng.below(10)))).collect();
        let mut attributes = serde_json::json!({"owner": entity("User", format!("u{}", rng.below(10))), "readers": readers,
            "team": entity("Team", format!("t{}", rng.below(12)))});
        if rng.percent(50) {
            attributes["at"] = serde_json::json!({"place": if rng.percent(50) { "here" } else { "there" }});
        }
        all.push(serde_json::json!({"uid": uid("Doc", format!("d{number}")), "attrs": attributes,
            "parents": [uid("Folder", format!("f{}", rng.below(6)))]}));
    }
    if differ == Differ::Entities && !changed {
        all.retain(|one| one["uid"]["id"] != "u9" && one["uid"]["id"] != "d7");
        for one in all.iter_mut().filter(|one| one["uid"]["type"] != "Folder") {
            let number = rng.below(12);
            match (one["uid"]["type"].as_str(), rng.below(8)) {
                (Some("User"), 0) => one["attrs"]["level"] = rng.below(5).into(),
                (Some("User"), 1) => one["parents"] = serde_json::json!([uid("Team", format!("t{number}"))]),
                (Some("User"), 2) => one["tags"] = serde_json::json!({"k": "v1"}),
                (Some("Doc"), 0) => one["attrs"]["owner"] = entity("User", format!("u{}", number % 9)),
                (Some("Team"), 0) => one["parents"] = serde_json::json!([]),
                _ => {}
            }
        }
    }
    let entities = serde_json::Value::Array(all).to_string();
    let declared = match differ {
        Differ::Policies | Differ::Schemas | Differ::Entities => true,
        Differ::Schemaless => false,
    };
    if !declared {
        // Somebody has to say what actions there are.
        policies.push_str("@id(\"none\") permit (principal, action in [Action::\"read\", Action::\"write\"], resource) when { false };\n");
    }
    let files = [("app.cedarschema", schema), ("policies.cedar", policies), ("entities.json", entities)];
    let files = files.into_iter().filter(|(path, _)| declared || *path != "app.cedarschema");
    files.map(|(path, text)| (path.to_owned(), text)).collect()
}

/// A law, of two stores, for messages, and in a context.
type Law = fn(&Store, &Store, &str, Option<&str>) -> [usize; 3];

/// Holds `differ` to `law` on generated stores, in the contexts `given`; how many were allowed, hang on contexts, and
/// change.
fn worlds(differ: Differ, most: u64, law: Law, given: &[Option<&str>]) -> ([usize; 3], u64) {
    let setting = |name: &str, default: u64| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (first, count) = (setting("POLCHECK_SEED", 1), setting("POLCHECK_WORLDS", most));
    let mut all = [0, 0, 0];
    for seed in first..first + count {
        let of = |changed: bool| {
            let files = generated(seed, changed, differ);
            load(&Memory::new(files.iter().map(|(path, text)| (path.as_str(), text.as_str()))))
        };
        let (old, new) = (of(false), of(true));
        assert!(new.findings.is_empty(), "{}: {}", seed, new.findings[0].message);
        for given in given {
            let counts = law(&old.stores[0], &new.stores[0], &format!("seed {seed}, {given:?}"), *given);
            all.iter_mut().zip(counts).for_each(|(all, one)| *all += one);
        }
    }
    println!("{all:?}");
    (all, count)
}

#[test]
fn on_generated_stores_every_triple_is_what_the_authorizer_decides() {
    let ([allowed, conditional, changed], count) = worlds(Differ::Policies, 40, law, &[None]);
    assert!(allowed as u64 > 25 * count && conditional as u64 > 10 * count && changed as u64 > count);
}

#[test]
fn each_side_is_decided_under_its_own_schema() {
    let ([allowed, conditional, changed], count) = worlds(Differ::Schemas, 40, law, &[None]);
    assert!(allowed as u64 > 25 * count && conditional as u64 > 10 * count && changed as u64 > count);
}

#[test]
fn each_side_is_decided_over_its_own_entities() {
    let ([allowed, conditional, changed], count) = worlds(Differ::Entities, 10, law_of_each, &[None]);
    assert!(allowed as u64 > 25 * count && conditional as u64 > 10 * count && changed as u64 > count);
}

#[test]
fn without_a_schema_whatever_context_may_come() {
    let ([allowed, conditional, changed], count) = worlds(Differ::Schemaless, 3, law, &[None]);
    assert!(allowed as u64 > 25 * count && conditional as u64 > 10 * count && changed as u64 > count);
}

/// Contexts that fit some actions on some sides.
const GIVEN: [Option<&str>; 3] = [
    Some("{\"mfa\": true, \"n\": 3, \"by\": {\"__entity\": {\"type\": \"User\", \"id\": \"u1\"}}}"),
    Some("{\"mfa\": false, \"n\": 2}"),
    Some("{}"),
];

#[test]
fn in_a_context_that_is_given_every_triple_is_what_the_authorizer_decides() {
    for (differ, most) in [(Differ::Policies, 10), (Differ::Schemas, 10), (Differ::Schemaless, 2)] {
        let ([allowed, conditional, changed], count) = worlds(differ, most, law, &GIVEN);
        assert!(allowed as u64 > 10 * count && conditional == 0, "{allowed} {conditional}");
        assert!(differ == Differ::Schemaless || changed as u64 > count, "{changed}");
    }
}

#[test]
fn what_is_said_by_type_is_what_the_authorizer_decides_of_everybody_of_the_type() {
    for (differ, given) in [(Differ::Policies, &GIVEN[..2]), (Differ::Policies, &[None]), (Differ::Schemas, &GIVEN)] {
        let ([allowed, conditional, changed], count) = worlds(differ, 10, law_by_type, given);
        assert!(allowed as u64 > 10 * count && conditional as u64 > 10 * count && changed as u64 > count);
    }
}
