//! The law that `who-can` and the impact of a change keep: what they say of every principal, action and resource is
//! what Cedar's authorizer decides.
//!
//! `POLCHECK_WORLDS` says how many generated stores, `POLCHECK_SEED` which.

use std::collections::BTreeMap;
use std::sync::Arc;

use cedar_policy::{Authorizer, Context, Decision, EntityUid, PolicySet, Request};
use polcheck::access::{self, Asked, Sides};
use polcheck::config::Config;
use polcheck::outcome::{Access, AccessGroup};
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

fn allows(set: &PolicySet, data: &repo::EntityData, [p, a, r]: [&EntityUid; 3], context: &Context) -> bool {
    let request = Request::new(p.clone(), a.clone(), r.clone(), context.clone(), None).unwrap();
    Authorizer::new().is_authorized(&request, set, &data.cedar).decision() == Decision::Allow
}

/// What a condition says of a context.
fn holds(access: &Access, data: &repo::EntityData, triple: [&EntityUid; 3], context: &Context) -> bool {
    let condition = match access {
        Access::Denied => return false,
        Access::Allowed => return true,
        Access::Conditional(condition) => condition,
    };
    let policy = |effect: &str, text: &str| format!("{effect} (principal, action, resource) when {{ {text} }};\n");
    let mut text: String = condition.when.iter().map(|one| policy("permit", one)).collect();
    if condition.when.is_empty() {
        text.push_str("permit (principal, action, resource);\n");
    }
    text.extend(condition.unless.iter().map(|one| policy("forbid", one)));
    allows(&text.parse().unwrap_or_else(|error| panic!("{error:?}\n{text}")), data, triple, context)
}

/// Contexts that fit, such as the engine finds: with which requests are allowed, and with which they are not.
fn contexts(store: &Store, environment: &cedar_policy::RequestEnv) -> Vec<Context> {
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
    all
}

/// Every triple of the store against brute force, on both sides; how many were allowed, and how many hang on contexts.
fn law(old: &Store, new: &Store, what: &str) -> (usize, usize) {
    let EntityState::Ready(data) = &new.entities else { panic!("{what}: no entities") };
    let solvers = Arc::new(Solvers::default());
    let sides = Sides {
        old: Some(old),
        new: Some(new),
        compared: true,
        entities: &data.cedar,
        inference: true,
        solvers: &solvers,
    };
    let found =
        access::survey(&sides, &Asked::default(), None, false).unwrap_or_else(|error| panic!("{what}: {error}"));
    let differing = access::survey(&sides, &Asked::default(), None, true).unwrap();
    let differ: Vec<AccessGroup> = found.groups.iter().filter(|group| group.differs()).cloned().collect();
    for side in [0, 1] {
        assert_eq!(said(&differ, side), said(&differing.groups, side), "{what}");
    }
    let both = [said(&found.groups, 0), said(&found.groups, 1)];
    let (mut allowed, mut conditional) = (0, 0);
    let schema = &new.schema.ready().expect("a schema").cedar;
    for environment in schema.request_envs() {
        let contexts = contexts(new, &environment);
        let of = |ty| data.cedar.iter().map(|entity| entity.uid()).filter(move |uid| uid.type_name() == ty);
        for principal in of(environment.principal()) {
            for resource in of(environment.resource()) {
                let triple = [&principal, environment.action(), &resource];
                let names = triple.map(ToString::to_string);
                for (said, store) in both.iter().zip([old, new]) {
                    let access = said.get(&names).unwrap_or(&Access::Denied);
                    for context in &contexts {
                        let wanted = allows(&store.set, data, triple, context);
                        assert_eq!(
                            holds(access, data, triple, context),
                            wanted,
                            "{what}: {names:?} {context:?}: {access:?}"
                        );
                        allowed += usize::from(wanted);
                        conditional += usize::from(access.condition().is_some());
                    }
                }
            }
        }
    }
    (allowed, conditional)
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
                let (some, hang) = law(store, store, &format!("{folder}/{}", store.name));
                stores += 1;
                allowed += some;
                conditional += hang;
            }
        }
    }
    println!("{stores} stores, {allowed} allowed, {conditional} hang on the context");
    assert!(stores >= 8 && allowed > 100, "{stores} {allowed} {conditional}");
}

/// A store with deep groups, tags, shared attributes and enumerated types.
fn generated(seed: u64, changed: bool) -> Vec<(String, String)> {
    let mut rng = Rng::new(seed);
    let schema = "entity Team in [Team]; entity Tier enum [\"low\", \"high\"];\n\
        entity User in [Team] = { level: Long, tier: Tier, manager?: User, skills: Set<String> } tags String;\n\
        entity Doc in [Folder] = { owner: User, readers: Set<User>, team: Team, at?: { place: String } };\n\
        entity Folder in [Folder];\n\
        action read, write appliesTo { principal: User, resource: [Doc, Folder], context: { mfa: Bool, by?: User, n: Long } };\n";
    let mut policies = String::new();
    let pick = |rng: &mut Rng, all: &[&str]| (*rng.pick(all)).to_owned();
    for number in 0..8 {
        let effect = if number % 4 == 3 { "forbid" } else { "permit" };
        let group = format!("Team::\"t{}\"", rng.below(12));
        let scope =
            pick(&mut rng, &["principal", "principal in GROUP", "principal == User::\"u1\""]).replace("GROUP", &group);
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
                ],
            );
            let join = pick(&mut rng, &[" && ", " || "]);
            condition = format!("({condition}{join}{})", one.replace("GROUP", &group));
        }
        policies
            .push_str(&format!("@id(\"p{number}\") {effect} ({scope}, action, {resource}) when {{ {condition} }};\n"));
    }
    if changed {
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
    let entities = serde_json::Value::Array(all).to_string();
    [("app.cedarschema", schema.to_owned()), ("policies.cedar", policies), ("entities.json", entities)]
        .map(|(path, text)| (path.to_owned(), text))
        .to_vec()
}

#[test]
fn on_generated_stores_every_triple_is_what_the_authorizer_decides() {
    let setting = |name: &str, default: u64| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (first, count) = (setting("POLCHECK_SEED", 1), setting("POLCHECK_WORLDS", 40));
    let (mut allowed, mut conditional) = (0, 0);
    for seed in first..first + count {
        let of = |changed: bool| {
            let files = generated(seed, changed);
            load(&Memory::new(files.iter().map(|(path, text)| (path.as_str(), text.as_str()))))
        };
        let (old, new) = (of(false), of(true));
        assert!(new.findings.is_empty(), "{}: {}", seed, new.findings[0].message);
        let (some, hang) = law(&old.stores[0], &new.stores[0], &format!("seed {seed}"));
        allowed += some;
        conditional += hang;
    }
    assert!(allowed as u64 > 100 * count / 4 && conditional as u64 > 10 * count, "{allowed} {conditional}");
}
