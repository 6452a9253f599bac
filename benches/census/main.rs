//! Whom a change touches among 10,000 principals, 10,000 resources and 20 actions: `cargo bench --bench census`.
//!
//! Times are wall times of one run each, memory the most that the process ever had (Linux).

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use std::sync::Arc;
use std::time::Instant;

use polcheck::access::{Asked, Sides, survey};
use polcheck::config::Config;
use polcheck::outcome::{AccessCount, AccessGroup};
use polcheck::repo::{self, EntityState, Repo, Request};
use polcheck::source::Memory;
use polcheck::symbolic::Solvers;
use serde_json::{Value, json};

const ACTIONS: usize = 20;

/// What policies ask.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// Groups, and attributes with few values.
    Groups,
    /// Owners, readers and managers: everybody and everything differs.
    Owners,
    /// The same, and the context has a say.
    Context,
}

fn schema() -> String {
    let actions: Vec<String> = (0..ACTIONS).map(|number| format!("a{number}")).collect();
    format!(
        "entity Team in [Team]; entity User in [Team] = {{ level: Long, department: String }};\n\
         entity Doc in [Folder] = {{ owner: User, readers: Set<User>, team: Team, department: String, size: Long }};\n\
         entity Folder in [Folder];\n\
         action {} appliesTo {{ principal: User, resource: Doc, context: {{ mfa: Bool, hour: Long }} }};\n",
        actions.join(", ")
    )
}

fn policies(shape: Shape, edited: bool) -> String {
    let mut text = String::new();
    for number in 0..60 {
        let action = number % ACTIONS;
        let team = format!("Team::\"t{}\"", number * 7 % 100);
        let folder = format!("Folder::\"f{}\"", number * 3 % 50);
        let condition = match (shape, number % 3) {
            (Shape::Groups, 0) => format!("principal.level > {}", number % 10),
            (Shape::Groups, 1) => "principal.department == resource.department".to_owned(),
            (Shape::Groups, _) => format!("principal in {team} && resource.size < {}", number * 10),
            (_, 0) => "resource.owner == principal".to_owned(),
            (_, 1) => "resource.readers.contains(principal) || principal in resource.team".to_owned(),
            (Shape::Owners, _) => format!("principal.level * 100 > resource.size && principal in {team}"),
            (Shape::Context, _) => format!("context.mfa && context.hour < {} && principal in {team}", 8 + number % 12),
        };
        let scope = if number % 2 == 0 {
            "principal, ACTION, resource".to_owned()
        } else {
            format!("principal, ACTION, resource in {folder}")
        };
        let scope = scope.replace("ACTION", &format!("action == Action::\"a{action}\""));
        let effect = if number % 10 == 9 { "forbid" } else { "permit" };
        // Every fourth policy becomes another.
        let condition =
            if edited && number % 4 == 0 { format!("{condition} || principal.level > 7") } else { condition };
        text.push_str(&format!("@id(\"p{number}\") {effect} ({scope}) when {{ {condition} }};\n"));
    }
    text
}

fn entities(count: usize) -> String {
    let uid = |ty: &str, id: String| json!({"type": ty, "id": id});
    let entity = |number: usize| json!({"__entity": {"type": "User", "id": format!("user-{number}")}});
    let mut all: Vec<Value> = Vec::new();
    for number in 0..100 {
        let above: Vec<Value> =
            (number % 10 != 9).then(|| uid("Team", format!("t{}", number + 1))).into_iter().collect();
        all.push(json!({"uid": uid("Team", format!("t{number}")), "attrs": {}, "parents": above}));
    }
    for number in 0..50 {
        let above: Vec<Value> =
            (number % 5 != 4).then(|| uid("Folder", format!("f{}", number + 1))).into_iter().collect();
        all.push(json!({"uid": uid("Folder", format!("f{number}")), "attrs": {}, "parents": above}));
    }
    for number in 0..count {
        all.push(json!({"uid": uid("User", format!("user-{number}")), "parents": [uid("Team", format!("t{}", number * 13 % 100))],
            "attrs": {"level": number % 10, "department": format!("d{}", number % 25)}}));
    }
    for number in 0..count {
        let readers: Vec<Value> = (0..number % 4).map(|one| entity((number * 31 + one * 17) % count)).collect();
        all.push(json!({"uid": uid("Doc", format!("doc-{number}")), "parents": [uid("Folder", format!("f{}", number * 11 % 50))],
            "attrs": {"owner": entity(number * 7 % count), "readers": readers, "size": number % 1000, "department": format!("d{}", number % 25),
                "team": {"__entity": {"type": "Team", "id": format!("t{}", number % 100)}}}}));
    }
    Value::Array(all).to_string()
}

fn load(shape: Shape, edited: bool, entities: &str) -> Repo {
    let files = [
        ("app.cedarschema", schema()),
        ("policies.cedar", policies(shape, edited)),
        ("entities.json", entities.to_owned()),
    ];
    let memory = Memory::new(files.iter().map(|(path, text)| (*path, text.as_str())));
    let repo = repo::load(&memory, &Config::default(), &Request::default()).expect("the files are there");
    assert!(repo.findings.is_empty(), "{}", repo.findings[0].message);
    repo
}

/// The most memory that this process ever had, in MB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn main() {
    rayon::ThreadPoolBuilder::new().stack_size(1 << 30).build_global().expect("threads start");
    let count = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(10_000);
    let entities = entities(count);
    for shape in [Shape::Groups, Shape::Owners, Shape::Context] {
        let (old, new) = (load(shape, false, &entities), load(shape, true, &entities));
        let [old, new] = [&old.stores[0], &new.stores[0]];
        let EntityState::Ready(data) = &new.entities else { panic!("entities") };
        let solvers = Arc::new(Solvers::default());
        let sides = Sides {
            old: Some(old),
            new: Some(new),
            compared: true,
            entities: [&data.cedar; 2],
            inference: true,
            solvers: &solvers,
        };
        let begin = Instant::now();
        let found = survey(&sides, &Asked::default(), None, true).expect("an answer");
        let took = begin.elapsed();
        let groups: Vec<&AccessGroup> = found.groups.iter().collect();
        let AccessCount { principals, resources, requests } = AccessCount::of(groups.iter().copied());
        println!(
            "{shape:?}: {count} principals, {count} resources, {ACTIONS} actions in {:.2} s, {} MB in all; {principals} principals, \
             {resources} resources, {requests} requests change, in {} groups",
            took.as_secs_f64(),
            memory(),
            groups.len(),
        );
    }
}
