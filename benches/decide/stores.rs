//! Stores of several shapes.

use cedar_policy::{Context, Entities, EntityUid, PolicySet, Request};
use serde_json::{Value as Json, json};

/// What a store is like.
pub(crate) struct Shape {
    policies: usize,
    /// Whether every policy asks something of every request, instead of a few each.
    dense: bool,
    /// How many groups are above each other.
    depth: usize,
}

impl Shape {
    pub(crate) fn all() -> Vec<(&'static str, Self)> {
        vec![
            ("10 policies", Self { policies: 10, dense: false, depth: 3 }),
            ("100 policies for all", Self { policies: 100, dense: true, depth: 3 }),
            ("100 policies, a few each", Self { policies: 100, dense: false, depth: 3 }),
            ("100 policies for all, deep groups", Self { policies: 100, dense: true, depth: 30 }),
            ("1000 policies, a few each, deep groups", Self { policies: 1000, dense: false, depth: 30 }),
        ]
    }
}

pub(crate) struct Store {
    pub(crate) policies: PolicySet,
    pub(crate) entities: Entities,
    pub(crate) requests: Vec<Request>,
}

const USERS: usize = 500;
const DOCS: usize = 500;

struct Ids(bool);

impl Ids {
    fn of(&self, kind: &str, number: usize) -> String {
        match self.0 {
            true => format!("arn:aws:iam::123456789012:{kind}/department-of-something/{kind}-{number:08}"),
            false => format!("{kind}{number}"),
        }
    }
}

fn policy(number: usize, shape: &Shape, ids: &Ids) -> String {
    let effect = if number % 7 == 6 { "forbid" } else { "permit" };
    let group = ids.of("group", number % (20 * shape.depth));
    let scope = if shape.dense {
        "principal, action, resource".to_owned()
    } else {
        format!("principal in Group::\"{group}\", action == Action::\"act{}\", resource", number % 10)
    };
    let condition = match number % 6 {
        0 => "resource.owner == principal && context.mfa".to_owned(),
        1 => format!("principal.level >= {} && resource.labels.contains(\"l{}\")", number % 9, number % 5),
        2 => format!("principal in Group::\"{group}\" && !(resource.name like \"*.{}\")", number % 3),
        3 => "principal.department == resource.department && context.ip.isInRange(ip(\"10.0.0.0/8\"))".to_owned(),
        4 => format!("context.mfa && resource.size < {} && principal.level > 3", number * 13 % 1000),
        _ => format!("resource has archived && resource.archived && principal.level > {}", number % 5),
    };
    format!("{effect} ({scope}) when {{ {condition} }};\n")
}

pub(crate) fn store(shape: &Shape, arns: bool) -> Store {
    let ids = Ids(arns);
    let text: String = (0..shape.policies).map(|number| policy(number, shape, &ids)).collect();
    let uid = |ty: &str, id: String| json!({"type": ty, "id": id});
    let mut all = Vec::new();
    for number in 0..20 * shape.depth {
        let above = (number % shape.depth + 1 < shape.depth).then(|| uid("Group", ids.of("group", number + 1)));
        all.push(json!({"uid": uid("Group", ids.of("group", number)), "attrs": {}, "parents": Vec::from_iter(above)}));
    }
    for number in 0..USERS {
        let group = number % 20 * shape.depth;
        all.push(json!({"uid": uid("User", ids.of("user", number)), "parents": [uid("Group", ids.of("group", group))],
            "attrs": {"level": number % 10, "department": format!("d{}", number % 12)}}));
    }
    for number in 0..DOCS {
        all.push(json!({"uid": uid("Doc", ids.of("doc", number)), "parents": [], "attrs": {
            "owner": {"__entity": uid("User", ids.of("user", number * 7 % USERS))}, "size": number * 31 % 1000,
            "labels": [format!("l{}", number % 5), format!("l{}", number % 3)], "name": format!("file.{}", number % 4),
            "department": format!("d{}", number % 12), "archived": number % 3 == 0}}));
    }
    let entities = Entities::from_json_value(Json::Array(all), None).expect("entities are well formed");
    let request = |number: usize| {
        let context = json!({"mfa": number.is_multiple_of(2), "ip": {"__extn": {"fn": "ip", "arg": format!("10.{}.0.1", number % 9)}},
            "time": number});
        let name = |ty: &str, kind: &str, number| -> EntityUid {
            format!("{ty}::\"{}\"", ids.of(kind, number)).parse().expect("an id")
        };
        Request::new(
            name("User", "user", number * 17 % USERS),
            format!("Action::\"act{}\"", number % 10).parse().expect("an id"),
            name("Doc", "doc", number * 29 % DOCS),
            Context::from_json_value(context, None).expect("a context"),
            None,
        )
        .expect("a request")
    };
    Store { policies: text.parse().expect("policies"), entities, requests: (0..1000).map(request).collect() }
}
