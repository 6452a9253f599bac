//! Small worlds at random: entities with values of every type, policies that ask anything of them, and requests.
//! Nothing is typed, so that errors are as common as answers.

use std::str::FromStr;

use cedar_policy::{Context, Entities, EntityUid, PolicyId, PolicySet, Request, SlotId, Template};
use serde_json::{Value as Json, json};

use crate::common::rng::Rng;

const ENTITIES: [&str; 9] = [
    "User::\"a\"",
    "User::\"b\"",
    "User::\"c\"",
    "Team::\"x\"",
    "Team::\"y\"",
    "N::Doc::\"arn:aws:s3:::bucket/1\"",
    "N::Doc::\"2\"",
    "N::Doc::\"3\"",
    "User::\"nobody\"",
];
pub(crate) const ACTIONS: [&str; 4] = ["Action::\"view\"", "Action::\"edit\"", "Action::\"read\"", "Action::\"gone\""];
const NAMES: [&str; 4] = ["a", "b", "c", "d d"];
const TEXTS: [&str; 7] = ["", "a", "ab", "ba", "a*b", "ä", "10.0.0.1"];
const CALLS: [&str; 8] = [
    "decimal(\"1.5\")",
    "decimal(\"-0.0001\")",
    "ip(\"10.0.0.1\")",
    "ip(\"10.0.0.0/8\")",
    "datetime(\"2024-01-01\")",
    "datetime(\"2024-01-01T00:00:00Z\")",
    "duration(\"1h\")",
    "duration(\"60m\")",
];

/// What an expression is meant to come to.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Bool,
    Long,
    Text,
    Entity,
    Set,
    Record,
    Call,
}

const KINDS: [Kind; 7] = [Kind::Bool, Kind::Long, Kind::Text, Kind::Entity, Kind::Set, Kind::Record, Kind::Call];

pub(crate) struct World {
    pub text: String,
    pub policies: PolicySet,
    pub entities: Entities,
    pub requests: Vec<Request>,
}

struct Maker {
    rng: Rng,
    /// Of this world: conditions that policies share.
    shared: Vec<String>,
}

impl Maker {
    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.rng.below(from.len())]
    }

    /// A place where a value of any kind may be.
    fn place(&mut self, depth: usize) -> String {
        let of = match self.rng.below(8) {
            0..=2 => "principal".to_owned(),
            3..=4 => "resource".to_owned(),
            5..=6 => "context".to_owned(),
            _ => self.expr(Kind::Record, depth),
        };
        let name = self.pick(&NAMES);
        match self.rng.below(12) {
            0 => format!("{of}.getTag({})", self.expr(Kind::Text, depth)),
            1 => format!("{of}[\"{name}\"][\"{}\"]", self.pick(&NAMES)),
            _ => format!("{of}[\"{name}\"]"),
        }
    }

    fn expr(&mut self, kind: Kind, depth: usize) -> String {
        let kind = if self.rng.percent(6) { KINDS[self.rng.below(KINDS.len())] } else { kind };
        if depth == 0 {
            return self.leaf(kind);
        }
        let depth = depth - 1;
        match self.rng.below(12) {
            0..=3 => return self.place(depth),
            4 => {
                let [test, yes, no] = [Kind::Bool, kind, kind].map(|kind| self.expr(kind, depth));
                return format!("(if {test} then {yes} else {no})");
            }
            5 => return self.leaf(kind),
            _ => {}
        }
        match kind {
            Kind::Bool => self.truth(depth),
            Kind::Long => {
                let [one, other] = [self.expr(Kind::Long, depth), self.expr(Kind::Long, depth)];
                match self.rng.below(4) {
                    0 => format!("(-({one}))"),
                    1 => format!("({one} + {other})"),
                    2 => format!("({one} - {other})"),
                    _ => format!("({one} * {other})"),
                }
            }
            Kind::Text | Kind::Entity => self.leaf(kind),
            Kind::Set => {
                let kind = KINDS[self.rng.below(KINDS.len())];
                let all: Vec<_> = (0..self.rng.below(4)).map(|_| self.expr(kind, depth)).collect();
                format!("[{}]", all.join(", "))
            }
            Kind::Record => {
                let mut fields = Vec::new();
                for name in NAMES.iter().take(self.rng.below(4)) {
                    let kind = KINDS[self.rng.below(KINDS.len())];
                    fields.push(format!("\"{name}\": {}", self.expr(kind, depth)));
                }
                format!("{{{}}}", fields.join(", "))
            }
            Kind::Call => {
                let (one, other) = (self.expr(Kind::Call, depth), self.expr(Kind::Call, depth));
                match self.rng.below(4) {
                    0 => format!("{one}.offset({other})"),
                    1 => format!("{one}.durationSince({other})"),
                    2 => format!("ip({})", self.expr(Kind::Text, depth)),
                    _ => format!("{one}.toDate()"),
                }
            }
        }
    }

    fn truth(&mut self, depth: usize) -> String {
        let one = |maker: &mut Self, kind| maker.expr(kind, depth);
        let any = KINDS[self.rng.below(KINDS.len())];
        match self.rng.below(17) {
            0..=1 => format!("({} && {})", one(self, Kind::Bool), one(self, Kind::Bool)),
            2..=3 => format!("({} || {})", one(self, Kind::Bool), one(self, Kind::Bool)),
            4 => format!("!({})", one(self, Kind::Bool)),
            5..=6 => format!("({} == {})", one(self, any), one(self, any)),
            7 => {
                let kind = if self.rng.percent(50) { Kind::Long } else { Kind::Call };
                let op = self.pick(&["<", "<=", ">", ">="]);
                format!("({} {op} {})", one(self, kind), one(self, kind))
            }
            8 => format!("({} in {})", one(self, Kind::Entity), one(self, Kind::Entity)),
            9 => {
                let all: Vec<_> = (0..self.rng.below(3)).map(|_| one(self, Kind::Entity)).collect();
                format!("({} in [{}])", one(self, Kind::Entity), all.join(", "))
            }
            10 => format!("{}.contains({})", one(self, Kind::Set), one(self, any)),
            11 => {
                let method = self.pick(&["containsAll", "containsAny"]);
                format!("{}.{method}({})", one(self, Kind::Set), one(self, Kind::Set))
            }
            12 => {
                let pattern = self.pick(&["*", "a*", "*a", "a*b", "", "a\\*b", "*a*b*", "*ä"]);
                format!("({} like \"{pattern}\")", one(self, Kind::Text))
            }
            13 => {
                let ty = self.pick(&["User", "Team", "N::Doc", "Nothing"]);
                format!("({} is {ty})", one(self, Kind::Entity))
            }
            14 => {
                let of = if self.rng.percent(50) { one(self, Kind::Entity) } else { one(self, Kind::Record) };
                if self.rng.percent(40) {
                    format!("({of} has a.b.c)")
                } else {
                    format!("({of} has \"{}\")", self.pick(&NAMES))
                }
            }
            15 => format!("{}.hasTag({})", one(self, Kind::Entity), one(self, Kind::Text)),
            _ => match self.rng.below(3) {
                0 => format!("{}.isEmpty()", one(self, Kind::Set)),
                1 => format!("{}.isInRange({})", one(self, Kind::Call), one(self, Kind::Call)),
                _ => format!("{}.lessThan({})", one(self, Kind::Call), one(self, Kind::Call)),
            },
        }
    }

    fn leaf(&mut self, kind: Kind) -> String {
        match kind {
            Kind::Bool => self.pick(&["true", "false"]).to_owned(),
            Kind::Long => self.pick(&["0", "1", "2", "9223372036854775807", "(-9223372036854775808)"]).to_owned(),
            Kind::Text => format!("\"{}\"", self.pick(&TEXTS).replace('*', "\\*")).replace("\\*", "*"),
            Kind::Entity => match self.rng.below(4) {
                0 => "principal".to_owned(),
                1 => "resource".to_owned(),
                2 => "action".to_owned(),
                _ => self.pick(&ENTITIES).to_owned(),
            },
            Kind::Set => match self.rng.below(3) {
                0 => "[]".to_owned(),
                1 => format!("[{}, {}]", self.pick(&ENTITIES), self.pick(&ENTITIES)),
                _ => "[1, 2, \"a\"]".to_owned(),
            },
            Kind::Record => self.pick(&["{}", "context", "{a: 1}", "{a: {b: {c: 2}}}"]).to_owned(),
            Kind::Call => self.pick(&CALLS).to_owned(),
        }
    }

    /// A value as entity files and contexts write it.
    fn value(&mut self, depth: usize) -> Json {
        match self.rng.below(if depth == 0 { 6 } else { 9 }) {
            0 => json!(self.rng.percent(50)),
            1 => json!(self.rng.below(3)),
            2 => json!(self.pick(&TEXTS)),
            3 => entity(self.pick(&ENTITIES)),
            4 => json!({"__extn": {"fn": "ip", "arg": self.pick(&["10.0.0.1", "10.0.0.0/8"])}}),
            5 => json!({"__extn": {"fn": "decimal", "arg": self.pick(&["1.5", "1.50", "0.0"])}}),
            6 => Json::Array((0..self.rng.below(4)).map(|_| self.value(depth - 1)).collect()),
            7 => json!({"__extn": {"fn": "datetime", "arg": self.pick(&["2024-01-01", "2024-01-02"])}}),
            _ => self.record(depth - 1),
        }
    }

    fn record(&mut self, depth: usize) -> Json {
        let mut fields = serde_json::Map::new();
        for name in NAMES {
            if self.rng.percent(55) {
                fields.insert(name.to_owned(), self.value(depth));
            }
        }
        Json::Object(fields)
    }

    fn entities(&mut self) -> Entities {
        let mut all = Vec::new();
        for (at, uid) in ENTITIES.iter().enumerate().take(ENTITIES.len() - 1) {
            // What stands later is above, so that there is no circle; some parents are in no store.
            let parents: Vec<_> =
                ENTITIES.iter().skip(at + 1).filter(|_| self.rng.percent(25)).map(|uid| entity(uid)).collect();
            let tags = self.record(1);
            let tags: serde_json::Map<String, Json> =
                tags.as_object().unwrap().iter().map(|(name, value)| (name.clone(), value.clone())).collect();
            if self.rng.percent(85) {
                all.push(json!({"uid": entity(uid), "attrs": self.record(2), "parents": parents, "tags": tags}));
            }
        }
        for (own, above) in [("view", vec!["read"]), ("edit", vec![]), ("read", vec![])] {
            let parents: Vec<_> = above.iter().map(|id| json!({"type": "Action", "id": id})).collect();
            all.push(json!({"uid": {"type": "Action", "id": own}, "attrs": {}, "parents": parents}));
        }
        Entities::from_json_value(Json::Array(all), None).unwrap()
    }

    fn scope(&mut self, variable: &str, slots: bool) -> String {
        let target =
            if slots && self.rng.percent(60) { format!("?{variable}") } else { self.pick(&ENTITIES).to_owned() };
        let ty = self.pick(&["User", "Team", "N::Doc"]);
        match self.rng.below(9) {
            0..=3 => variable.to_owned(),
            4 => format!("{variable} == {target}"),
            5..=6 => format!("{variable} in {target}"),
            7 => format!("{variable} is {ty}"),
            _ => format!("{variable} is {ty} in {target}"),
        }
    }

    fn policy(&mut self, slots: bool) -> String {
        let action = match self.rng.below(5) {
            0..=1 => "action".to_owned(),
            2 => format!("action == {}", self.pick(&ACTIONS)),
            3 => format!("action in {}", self.pick(&ACTIONS)),
            _ => format!("action in [{}, {}]", self.pick(&ACTIONS), self.pick(&ACTIONS)),
        };
        let mut clauses = String::new();
        for _ in 0..self.rng.below(3) {
            let condition = if self.rng.percent(30) {
                let at = self.rng.below(self.shared.len());
                self.shared[at].clone()
            } else {
                let depth = 1 + self.rng.below(4);
                self.expr(Kind::Bool, depth)
            };
            clauses.push_str(&format!(" {} {{ {condition} }}", self.pick(&["when", "when", "unless"])));
        }
        let effect = self.pick(&["permit", "permit", "forbid"]);
        format!("{effect} ({}, {action}, {}){clauses};", self.scope("principal", slots), self.scope("resource", slots))
    }

    fn policies(&mut self) -> (PolicySet, String) {
        self.shared = (0..3).map(|_| self.expr(Kind::Bool, 3)).collect();
        let mut text = String::new();
        for _ in 0..1 + self.rng.below(14) {
            text.push_str(&self.policy(false));
            text.push('\n');
        }
        let mut set = PolicySet::from_str(&text).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
        for number in 0..self.rng.below(3) {
            let policy = self.policy(true);
            let id = PolicyId::new(format!("template{number}"));
            let Ok(template) = Template::parse(Some(id.clone()), &policy) else { continue };
            let slots: Vec<SlotId> = template.slots().cloned().collect();
            if slots.is_empty() {
                continue;
            }
            text.push_str(&format!("// {id}\n{policy}\n"));
            set.add_template(template).unwrap();
            for link in 0..1 + self.rng.below(2) {
                let values = slots.iter().map(|slot| (slot.clone(), self.pick(&ENTITIES).parse().unwrap())).collect();
                set.link(id.clone(), PolicyId::new(format!("link{number}.{link}")), values).unwrap();
            }
        }
        (set, text)
    }

    fn context(&mut self) -> Context {
        Context::from_json_value(self.record(2), None).unwrap()
    }
}

fn entity(uid: &str) -> Json {
    let uid: EntityUid = uid.parse().unwrap();
    json!({"__entity": {"type": uid.type_name().to_string(), "id": uid.id().unescaped()}})
}

/// Contexts at random.
pub(crate) fn contexts(seed: u64, count: usize) -> Vec<Context> {
    let mut maker = Maker { rng: Rng::new(seed), shared: Vec::new() };
    (0..count).map(|_| maker.context()).collect()
}

/// Every entity that policies may be asked about, those that are in no store included.
pub(crate) fn uids() -> Vec<EntityUid> {
    ENTITIES.iter().map(|uid| uid.parse().unwrap()).collect()
}

/// The world of `seed`.
pub(crate) fn world(seed: u64, requests: usize) -> World {
    let mut maker = Maker { rng: Rng::new(seed), shared: Vec::new() };
    let (policies, text) = maker.policies();
    let entities = maker.entities();
    let requests = (0..requests)
        .map(|_| {
            let [principal, resource] = [0, 1].map(|_| maker.pick(&ENTITIES).parse().unwrap());
            let action = maker.pick(&ACTIONS).parse().unwrap();
            Request::new(principal, action, resource, maker.context(), None).unwrap()
        })
        .collect();
    World { text, policies, entities, requests }
}
