//! Comparisons made by hand.

use std::sync::Arc;

use polcheck::finding::{Environment, Evidence};
use polcheck::outcome::Outcome;
use polcheck::outcome::changes::{
    Accepted, Cause, CauseGroup, Change, Clause, Comparison, Condition, Direction, Edit, EditKind, EditPart, Effect,
    EnvironmentChange, Lifecycle, Ruling, SchemaChange, SetAside, Side, Status, StoreChanges, TemplateOf, TextChanges,
    Weakened, Witness,
};
use polcheck::text::{Location, SourceFile, Span};
use serde_json::json;

use super::{HOSTILE, at, outcome};

pub fn environment(principal: &str, action: &str, resource: &str) -> Environment {
    let action = format!("Action::\"{action}\"");
    Environment { principal: principal.to_owned(), action, resource: resource.to_owned() }
}

pub fn change(environment: Environment, gained: Status, lost: Status) -> EnvironmentChange {
    EnvironmentChange { environment, lifecycle: Lifecycle::Kept, gained, lost }
}

pub fn store(name: &str, environments: Vec<EnvironmentChange>, groups: Vec<CauseGroup>) -> StoreChanges {
    StoreChanges {
        name: name.to_owned(),
        old_name: None,
        lifecycle: Lifecycle::Kept,
        schemaless: false,
        inferred: false,
        unusable: None,
        schema_changes: Vec::new(),
        unfit: Vec::new(),
        text: TextChanges::default(),
        environments,
        groups,
        undecided: Vec::new(),
        set_aside: Vec::new(),
        entities: std::collections::BTreeSet::new(),
        ill_typed: Vec::new(),
        without_effect: Vec::new(),
    }
}

/// A file with so many policies, the one of a `line` on that line.
pub fn file(path: &str) -> Arc<SourceFile> {
    SourceFile::new(path, "permit(principal, action, resource);\n".repeat(60))
}

pub fn line(file: &Arc<SourceFile>, line: usize) -> Location {
    Location::new(file, Span::new((line - 1) * 37, line * 37 - 1))
}

/// A cause with the places that its change has.
pub fn cause(name: &str, effect: &'static str, change: Change) -> Cause {
    let file = file(name.split('#').next().unwrap());
    Cause {
        policy: name.to_owned(),
        effect,
        change,
        old: (change != Change::Added).then(|| line(&file, 3)),
        new: (change != Change::Removed).then(|| line(&file, 4)),
        changed: None,
        edits: Vec::new(),
        template: None,
        called: None,
        near: (change == Change::Removed).then(|| line(&file, 2)),
    }
}

pub fn effect(environment: usize, condition: &str) -> Effect {
    let evidence = Evidence {
        request: json!({
            "principal": { "type": "User", "id": "alice" }, "action": { "type": "Action", "id": "readOrders" },
            "resource": { "type": "Customer", "id": "c1" }, "context": { "network": "corp" },
        }),
        entities: json!([
            { "uid": { "type": "User", "id": "alice" }, "attrs": { "level": 3 },
              "parents": [{ "type": "Role", "id": "support" }] },
            { "uid": { "type": "Customer", "id": "c1" }, "attrs": {}, "parents": [] },
        ]),
    };
    Effect {
        environment,
        condition: Arc::new(Condition { when: condition.to_owned(), exact: true, ..Condition::default() }),
        witness: Witness { evidence, old: None, strangers: Vec::new() },
        known: Vec::new(),
        migrated: Vec::new(),
        by_error: false,
        ruling: Ruling::Free,
        fingerprint: format!("{environment:032x}"),
    }
}

pub fn group(direction: Direction, causes: Vec<Cause>, effects: Vec<Effect>) -> CauseGroup {
    CauseGroup { direction, causes, effects, fingerprint: "f".repeat(32), gate: None, guardrail: None }
}

pub fn compared(stores: Vec<StoreChanges>) -> Comparison {
    let side = |label: &str| Side { label: label.to_owned(), commit: None, schema: Some("5c".to_owned()) };
    Comparison { old: side("main"), new: side("the worktree"), stores, accepted: Vec::new(), weakened: Vec::new() }
}

pub fn diff(comparison: Comparison) -> Outcome {
    let mut outcome = outcome(Vec::new(), Vec::new());
    outcome.command = "diff";
    outcome.summary.stores = comparison.stores.len();
    outcome.summary.templates = 0;
    outcome.comparison = Some(comparison);
    outcome
}

/// One store in which a reader of orders is let in, a forbid is gone, and a permit with it.
pub fn example() -> Comparison {
    let yes = || Status::Yes;
    let no = || Status::No;
    let mut environments = vec![
        change(environment("User", "readOrders", "Customer"), yes(), no()),
        change(environment("User", "readProfile", "Customer"), yes(), no()),
        change(environment("Admin", "export", "Report"), yes(), no()),
        change(environment("User", "pay", "Invoice"), no(), yes()),
        change(environment("User", "search", "Index"), Status::Unknown("a pattern is too long".to_owned()), no()),
    ];
    environments.extend((0..35).map(|n| change(environment("User", &format!("view{n}"), "Customer"), no(), no())));
    let office = "context.network == \"corp\" && principal in Role::\"support\"";
    let groups = vec![
        group(
            Direction::Gained,
            vec![cause("policies/support.cedar#read-orders", "permit", Change::Edited)],
            vec![effect(0, office), effect(1, office)],
        ),
        group(
            Direction::Gained,
            vec![
                cause("policies/export.cedar#admins", "permit", Change::Added),
                cause("policies/export.cedar#freeze", "forbid", Change::Removed),
            ],
            vec![Effect { ruling: Ruling::Refused, ..effect(2, "true") }],
        ),
        group(
            Direction::Lost,
            vec![cause("policies/pay.cedar#pay", "permit", Change::Removed)],
            vec![Effect {
                condition: Arc::new(Condition { when: "resource.open".to_owned(), ..Condition::default() }),
                ..effect(3, "true")
            }],
        ),
    ];
    let mut store = store("payments", environments, groups);
    store.text = TextChanges { added: 1, removed: 2, edited: 1, moved: 3, ..TextChanges::default() };
    compared(vec![store])
}

/// Everything that can be hostile is.
pub fn hostile_diff() -> Outcome {
    let file = SourceFile::new(HOSTILE, format!("permit {HOSTILE}\n::error::in the file\nneedle {HOSTILE}"));
    let place = at(&file, "needle");
    let named = || Environment { principal: HOSTILE.into(), action: HOSTILE.into(), resource: HOSTILE.into() };
    let environments = vec![
        change(named(), Status::Yes, Status::Unknown(HOSTILE.to_owned())),
        change(environment("User", HOSTILE, "Doc"), Status::Yes, Status::Yes),
    ];
    let cause = |change| Cause {
        policy: HOSTILE.to_owned(),
        effect: "permit",
        change,
        old: Some(place.clone()),
        new: Some(place.clone()),
        near: None,
        changed: None,
        edits: vec![Edit {
            kind: EditKind::Replaced,
            part: EditPart::When,
            old: Some(HOSTILE.to_owned()),
            new: Some(format!("{HOSTILE} x")),
            location: Some(place.clone()),
        }],
        template: Some(TemplateOf { name: HOSTILE.to_owned(), old: None, new: Some(place.clone()) }),
        called: Some(HOSTILE.to_owned()),
    };
    let clause = || Clause {
        policy: HOSTILE.to_owned(),
        location: place.clone(),
        alone: true,
        condition: HOSTILE.into(),
        opposite: Some(HOSTILE.into()),
    };
    let evidence = Evidence { request: HOSTILE.into(), entities: json!([HOSTILE, { "```": "```\n```" }]) };
    let effect = |environment, ruling| Effect {
        condition: Arc::new(Condition {
            left: None,
            when: HOSTILE.to_owned(),
            where_allowed: vec![clause()],
            unless_allowed: vec![clause(), clause()],
            unless_refused: vec![clause()],
            everything: false,
            exact: environment == 0,
        }),
        witness: Witness {
            evidence: evidence.clone(),
            old: Some(evidence.clone()),
            strangers: vec![HOSTILE.to_owned()],
        },
        known: vec![[HOSTILE.to_owned(), HOSTILE.to_owned()]],
        ruling,
        fingerprint: HOSTILE.to_owned(),
        ..effect(environment, "")
    };
    let of = |direction, ruling| {
        let causes = vec![cause(Change::Edited), cause(Change::Schema)];
        group(direction, causes, vec![effect(0, ruling), effect(1, Ruling::Accepted)])
    };
    let groups = vec![of(Direction::Gained, Ruling::Refused), of(Direction::Lost, Ruling::Free)];
    let mut store = store(HOSTILE, environments, groups);
    store.undecided = vec![cause(Change::Edited)];
    store.schema_changes = vec![SchemaChange {
        kind: "attribute_added",
        what: HOSTILE.to_owned(),
        old: Some(HOSTILE.to_owned()),
        new: Some(HOSTILE.to_owned()),
        location: Some(Location::of_path(HOSTILE)),
        read: true,
    }];
    store.set_aside = vec![SetAside { policy: HOSTILE.to_owned(), side: "both", why: HOSTILE.to_owned() }];
    let accepted = |used| Accepted {
        fingerprint: HOSTILE.to_owned(),
        what: HOSTILE.to_owned(),
        owner: HOSTILE.to_owned(),
        until: HOSTILE.to_owned(),
        in_force: used,
        used,
        added: false,
    };
    let side = || Side { label: HOSTILE.to_owned(), commit: Some(HOSTILE.to_owned()), schema: None };
    diff(Comparison {
        old: side(),
        new: side(),
        stores: vec![store.clone(), store],
        accepted: vec![accepted(false), accepted(true)],
        weakened: vec![Weakened::new("gate_removed", HOSTILE.to_owned(), place)],
    })
}
