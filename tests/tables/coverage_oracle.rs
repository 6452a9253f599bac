//! Coverage is what the plain authorizer says: each operand is replaced in the text by a literal, each policy is left
//! out, and every row is decided again over the whole set.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::ops::Range;

use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Entities, EntityUid, PolicyId, PolicySet, Request, Response,
    SlotId, Template,
};
use polcheck::config::Config;
use polcheck::outcome::Coverage;
use polcheck::source::Memory;
use polcheck::tables::{self, Gauge};
use polcheck::{repo, text};
use serde_json::{Value, json};

use crate::common::rng::Rng;

/// How many stores, unless `POLCHECK_COVERAGE_SEEDS` says otherwise.
const SEEDS: u64 = 120;

const ATOMS: &[&str] = &[
    "context.a",
    "context.b",
    "context has b",
    "context has sub.deep",
    "context.n < 2",
    "context.n >= 1",
    "context.n != 1",
    "principal in Group::\"g\"",
    "principal is User in Group::\"g\"",
    "resource == Doc::\"d\"",
    "context.n",
    "context.words.contains(\"x\")",
    "true",
    "false",
];

const SCOPES: &[&str] = &[
    "principal, action, resource",
    "principal == User::\"u\", action, resource",
    "principal in Group::\"g\", action, resource",
];

const LINKED: &str = "principal in ?principal, action, resource";

/// A policy or template as text, with the places of its operands and of its clauses of several operands.
#[derive(Debug, Default)]
struct Made {
    scope: &'static str,
    effect: &'static str,
    body: String,
    operands: Vec<Range<usize>>,
    /// Operands with others inside.
    inside: Vec<Range<usize>>,
    clauses: Vec<Range<usize>>,
}

impl Made {
    fn new(rng: &mut Rng, scope: &'static str) -> Self {
        let effect = if rng.percent(60) { "permit" } else { "forbid" };
        let mut made = Self { scope, effect, body: String::new(), ..Self::default() };
        for _ in 0..rng.below(3) {
            made.body.push_str(if rng.percent(70) { "\n  when { " } else { "\n  unless { " });
            let start = made.body.len();
            made.expression(rng, 3);
            if made.held(start) > 1 {
                made.clauses.push(start..made.body.len());
            }
            made.body.push_str(" }");
        }
        made
    }

    /// How many operands stand after `start` that are in no other.
    fn held(&self, start: usize) -> usize {
        let all = || self.operands.iter().chain(&self.inside);
        let within = |one: &Range<usize>| {
            self.inside.iter().any(|other| one != other && other.start <= one.start && one.end <= other.end)
        };
        all().filter(|one| one.start >= start && !within(one)).count()
    }

    fn expression(&mut self, rng: &mut Rng, depth: usize) {
        match if depth == 0 { 0 } else { rng.below(8) } {
            0 | 1 => {
                let atom = *rng.pick(ATOMS);
                let start = self.body.len();
                self.body.push_str(atom);
                if atom != "true" && atom != "false" {
                    self.operands.push(start..self.body.len());
                }
            }
            2 => self.joined(rng, depth, " && "),
            3 => self.joined(rng, depth, " || "),
            4 => {
                self.body.push('!');
                self.bracketed(rng, depth);
            }
            5 => {
                self.body.push_str("if ");
                self.bracketed(rng, depth);
                self.body.push_str(" then ");
                self.bracketed(rng, depth);
                self.body.push_str(" else ");
                self.bracketed(rng, depth);
            }
            // Operands with conditions inside.
            6 => {
                let start = self.body.len();
                self.body.push_str(rng.pick::<&str>(&["", "context.n + "]));
                self.body.push_str("(if ");
                self.bracketed(rng, depth);
                self.body.push_str(rng.pick::<&str>(&[" then 1 else 2) == 1", " then context.n else 1) > 1"]));
                self.inside.push(start..self.body.len());
            }
            _ => {
                let start = self.body.len();
                self.body.push_str("[context.a, ");
                self.joined(rng, depth, " && ");
                self.body.push_str("].contains(true)");
                self.inside.push(start..self.body.len());
            }
        }
    }

    fn joined(&mut self, rng: &mut Rng, depth: usize, operator: &str) {
        self.bracketed(rng, depth);
        for _ in 0..1 + rng.below(2) {
            self.body.push_str(operator);
            self.bracketed(rng, depth);
        }
    }

    fn bracketed(&mut self, rng: &mut Rng, depth: usize) {
        self.body.push('(');
        self.expression(rng, depth - 1);
        self.body.push(')');
    }

    fn head(&self) -> String {
        format!("{} ({})", self.effect, self.scope)
    }

    fn text(&self) -> String {
        format!("{}{};", self.head(), self.body)
    }

    /// With what stands at `place` replaced.
    fn with(&self, place: &Range<usize>, by: &str) -> String {
        format!("{}{}({by}){};", self.head(), &self.body[..place.start], &self.body[place.end..])
    }
}

/// A policy or link that can decide: which text it comes from, and the group in its slot.
#[derive(Debug, Clone)]
struct Actor {
    made: usize,
    slot: Option<&'static str>,
}

#[derive(Debug)]
struct World {
    made: Vec<Made>,
    actors: Vec<Actor>,
    entities: Entities,
    requests: Vec<(Request, Value)>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let mut made: Vec<Made> = Vec::new();
        let mut actors = Vec::new();
        for at in 0..1 + rng.below(4) {
            let template = rng.percent(20);
            let scope = if template { LINKED } else { *rng.pick(SCOPES) };
            made.push(Made::new(&mut rng, scope));
            if template {
                actors.extend(["g", "h"].map(|group| Actor { made: at, slot: Some(group) }));
            } else {
                actors.push(Actor { made: at, slot: None });
            }
        }
        let entities = Entities::from_json_value(entities(), None).unwrap();
        let requests = (0..1 + rng.below(20)).map(|_| request(&mut rng)).collect();
        Self { made, actors, entities, requests }
    }

    /// The set with the text of some actors replaced; `None` leaves one out.
    fn set(&self, changed: &HashMap<usize, Option<String>>) -> PolicySet {
        let mut set = PolicySet::new();
        for (at, actor) in self.actors.iter().enumerate() {
            let text = match changed.get(&at) {
                Some(None) => continue,
                Some(Some(text)) => text.clone(),
                None => self.made[actor.made].text(),
            };
            let id = PolicyId::new(format!("a{at}"));
            match actor.slot {
                None => set.add(cedar_policy::Policy::parse(Some(id), text).unwrap()).unwrap(),
                Some(group) => {
                    // A template of its own for each link, so that one can be changed without the others.
                    let own = PolicyId::new(format!("t{at}"));
                    set.add_template(Template::parse(Some(own.clone()), text).unwrap()).unwrap();
                    let value = format!("Group::\"{group}\"").parse().unwrap();
                    set.link(own, id, HashMap::from([(SlotId::principal(), value)])).unwrap();
                }
            }
        }
        set
    }

    fn response(&self, set: &PolicySet, request: &Request) -> Response {
        Authorizer::new().is_authorized(request, set, &self.entities)
    }

    fn only(&self, actor: usize, text: Option<String>) -> PolicySet {
        let mut changed: HashMap<usize, Option<String>> = (0..self.actors.len()).map(|at| (at, None)).collect();
        match text {
            Some(text) => changed.insert(actor, Some(text)),
            None => changed.remove(&actor),
        };
        self.set(&changed)
    }

    /// What the plain authorizer says of `actor`: in scope, satisfied, determining, errors, decides.
    fn policy(&self, actor: usize) -> [usize; 5] {
        let id = PolicyId::new(format!("a{actor}"));
        let (whole, without) = (self.set(&HashMap::new()), self.set(&HashMap::from([(actor, None)])));
        let (alone, open) =
            (self.only(actor, None), self.only(actor, Some(format!("{};", self.made[self.actors[actor].made].head()))));
        let mut counts = [0; 5];
        for (request, _) in &self.requests {
            let response = self.response(&whole, request);
            let says = [
                reasons(&self.response(&open, request)).contains(&id),
                reasons(&self.response(&alone, request)).contains(&id),
                reasons(&response).contains(&id),
                errors(&response).iter().any(|(failed, _)| *failed == id),
                response.decision() != self.response(&without, request).decision(),
            ];
            counts.iter_mut().zip(says).for_each(|(count, says)| *count += usize::from(says));
        }
        counts
    }

    /// What the plain authorizer says of what stands at `place`: rows in which it is true, false, fails, decides.
    fn condition(&self, made: usize, place: &Range<usize>) -> [usize; 4] {
        let text = &self.made[made];
        let asked = format!("permit (principal, action, resource) when {{ {} }};", &text.body[place.clone()]);
        let asked: PolicySet = asked.parse().unwrap();
        let mut counts = [0; 4];
        for (at, _) in self.actors.iter().enumerate().filter(|(_, actor)| actor.made == made) {
            let id = PolicyId::new(format!("a{at}"));
            let changed = |by: &str| self.set(&HashMap::from([(at, Some(text.with(place, by)))]));
            let (probe, yes, no) = (changed("context.probe"), changed("true"), changed("false"));
            let whole = self.set(&HashMap::new());
            for (request, _) in &self.requests {
                let failed = errors(&self.response(&probe, request));
                if !failed.iter().any(|(failed, message)| *failed == id && message.contains("`probe`")) {
                    continue;
                }
                let value = self.response(&asked, request);
                let decision = self.response(&whole, request).decision();
                let other = if !errors(&value).is_empty() {
                    counts[2] += 1;
                    continue;
                } else if value.decision() == Decision::Allow {
                    counts[0] += 1;
                    &no
                } else {
                    counts[1] += 1;
                    &yes
                };
                counts[3] += usize::from(self.response(other, request).decision() != decision);
            }
        }
        counts
    }

    /// What polcheck counts of the same store.
    fn measured(&self) -> Coverage {
        let mut policies = String::new();
        for (at, made) in self.made.iter().enumerate() {
            writeln!(policies, "@id(\"m{at}\")\n{}", made.text()).unwrap();
        }
        let linked = self.actors.iter().enumerate().filter_map(|(at, actor)| Some((at, actor, actor.slot?)));
        let links: Vec<Value> = linked
            .map(|(at, actor, group)| {
                let args = json!({ "?principal": format!("Group::\"{group}\"") });
                json!({ "template_id": format!("m{}", actor.made), "link_id": format!("a{at}"), "args": args })
            })
            .collect();
        let rows: Vec<&Value> = self.requests.iter().map(|(_, row)| row).collect();
        let source = Memory::new([
            ("p.cedar".to_owned(), policies.into_bytes()),
            ("l.cedartemplatelinks.json".to_owned(), Value::from(links).to_string().into_bytes()),
            ("entities.json".to_owned(), entities().to_string().into_bytes()),
            ("tests-a.json".to_owned(), json!(rows).to_string().into_bytes()),
        ]);
        let repo = repo::load(&source, &Config::default(), &repo::Request::default()).unwrap();
        assert!(repo.findings.is_empty(), "{:?}", repo.findings);
        let gauge = Gauge::new(&repo);
        let tables::Ran { rows: results, findings, .. } =
            tables::run(&repo, &tables::Selection::default(), Some(&gauge));
        // That rows ask about entities that are not there, and some of them twice, is meant.
        let meant = ["unknown-in-row", "same-request-rows"];
        assert!(findings.iter().all(|finding| meant.contains(&finding.rule)), "{findings:?}");
        assert_eq!(results.len(), self.requests.len());
        assert!(results.iter().all(|row| row.got.is_some()), "{results:?}");
        gauge.coverage()
    }
}

fn entities() -> Value {
    let group = |id: &str| json!({ "type": "Group", "id": id });
    json!([
        { "uid": group("g"), "attrs": {}, "parents": [] },
        { "uid": group("h"), "attrs": {}, "parents": [group("g")] },
        { "uid": { "type": "User", "id": "u" }, "attrs": {}, "parents": [group("h")] },
        { "uid": { "type": "User", "id": "v" }, "attrs": {}, "parents": [] },
    ])
}

fn request(rng: &mut Rng) -> (Request, Value) {
    let mut context = serde_json::Map::new();
    context.insert("a".to_owned(), json!(rng.percent(50)));
    if rng.percent(60) {
        context.insert("b".to_owned(), json!(rng.percent(50)));
    }
    if rng.percent(80) {
        context.insert("n".to_owned(), json!(rng.below(3)));
    }
    if rng.percent(50) {
        context.insert("sub".to_owned(), if rng.percent(50) { json!({ "deep": 1 }) } else { json!({}) });
    }
    context.insert("words".to_owned(), if rng.percent(50) { json!(["x", "y"]) } else { json!(["y"]) });
    let principal = format!("User::\"{}\"", rng.pick(&["u", "v", "w"]));
    let (action, resource) = ("Action::\"act\"", format!("Doc::\"{}\"", rng.pick(&["d", "e"])));
    let uid = |text: &str| text.parse::<EntityUid>().unwrap();
    let made = Context::from_json_value(Value::Object(context.clone()), None).unwrap();
    let request = Request::new(uid(&principal), uid(action), uid(&resource), made, None).unwrap();
    let row = json!({
        "request": { "principal": principal, "action": action, "resource": resource, "context": context },
        "decision": "allow",
    });
    (request, row)
}

fn reasons(response: &Response) -> Vec<PolicyId> {
    response.diagnostics().reason().cloned().collect()
}

fn errors(response: &Response) -> Vec<(PolicyId, String)> {
    let one = |error: &AuthorizationError| match error {
        AuthorizationError::PolicyEvaluationError(error) => (error.policy_id().clone(), error.inner().to_string()),
    };
    response.diagnostics().errors().map(one).collect()
}

#[test]
fn coverage_is_what_the_plain_authorizer_says() {
    let mut seen = [0; 6];
    let seeds = std::env::var("POLCHECK_COVERAGE_SEEDS").map_or(SEEDS, |seeds| seeds.parse().unwrap());
    for seed in 0..seeds {
        let world = World::new(seed);
        let coverage = world.measured();
        let mut wanted: BTreeMap<String, [usize; 5]> = BTreeMap::new();
        for (at, actor) in world.actors.iter().enumerate() {
            let name = match actor.slot {
                Some(_) => format!("l.cedartemplatelinks.json#a{at}"),
                None => format!("p.cedar#m{}", actor.made),
            };
            wanted.insert(name, world.policy(at));
        }
        let got: BTreeMap<String, [usize; 5]> = coverage
            .policies
            .iter()
            .map(|of| (of.policy.name.clone(), [of.in_scope, of.satisfied, of.determining, of.errors, of.decides]))
            .collect();
        assert_eq!(got, wanted, "seed {seed}: {world:#?}");
        let mut wanted = BTreeMap::new();
        for (at, made) in world.made.iter().enumerate() {
            let places = made
                .operands
                .iter()
                .chain(&made.inside)
                .map(|place| (place, true))
                .chain(made.clauses.iter().map(|place| (place, false)));
            for (place, operand) in places {
                let counts = world.condition(at, place);
                wanted
                    .insert((format!("p.cedar#m{at}"), made.head().len() + place.start, place.len(), operand), counts);
            }
        }
        let mut got = BTreeMap::new();
        for of in &coverage.conditions {
            let text: &text::Location = &of.policy.location;
            let start = of.location.span.start - text.span.start - text.text().find(&['p', 'f'][..]).unwrap();
            let operand = of.kind == polcheck::outcome::ConditionKind::Operand;
            let key = (of.policy.name.clone(), start, of.location.span.len(), operand);
            got.insert(key, [of.trues, of.falses, of.errors, of.decides]);
        }
        assert_eq!(got, wanted, "seed {seed}: {world:#?}");
        let covered = |list: &[bool]| list.iter().filter(|covered| **covered).count();
        let policies: Vec<bool> = coverage.policies.iter().map(|of| of.decides > 0).collect();
        let all = |of: &polcheck::outcome::ConditionCoverage| of.trues > 0 && of.falses > 0 && of.decides > 0;
        let conditions: Vec<bool> = coverage.conditions.iter().map(all).collect();
        let (hit, total) = (covered(&policies) + covered(&conditions), policies.len() + conditions.len());
        assert_eq!(coverage.figure(), (hit, total));
        assert_eq!(coverage.percent(), hit * 100 / total);
        for (sum, more) in seen.iter_mut().zip([
            coverage.policies.iter().map(|of| of.errors).sum(),
            coverage.conditions.iter().map(|of| of.errors).sum(),
            covered(&policies),
            covered(&conditions),
            policies.len(),
            conditions.len(),
        ]) {
            *sum += more;
        }
    }
    assert!(seen.iter().all(|count| *count > 50), "the stores show too little: {seen:?}");
}
