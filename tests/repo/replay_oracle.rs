//! `polcheck replay` against Cedar's plain authorizer: every record of a generated log is decided as that decides it,
//! whichever way its context is written, with a schema and without.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicyId, PolicySet, Request, Schema};
use polcheck::outcome::replay::{GrantSide, Tally};
use polcheck::run::{self, Reading, ReplayOptions};

use crate::common::rng::Rng;
use crate::common::{git, write};

const SCHEMA: &str = "entity Team in [Team];\n\
    entity User in [Team] { level: Long, joined?: datetime };\n\
    entity Doc in [Team] { owner: User, labels?: Set<String> };\n\
    entity Kind enum [\"a\", \"b\"];\n\
    action all;\n\
    action view, edit in [all] appliesTo { principal: User, resource: Doc, context: { mfa: Bool, n?: Long, net?: String, \
    now?: datetime, age?: duration, cost?: decimal, from?: ipaddr, roles?: Set<String>, by?: User, \
    device?: { os: String, patched?: Bool } } };\n\
    action sort in [all] appliesTo { principal: User, resource: Kind };\n";

/// Some err where an attribute is not there.
const POLICIES: &str = r#"
    @id("owner") permit (principal, action, resource is Doc) when { resource.owner == principal };
    @id("staff") permit (principal in Team::"staff", action == Action::"view", resource) when { context.mfa };
    @id("late") permit (principal, action == Action::"edit", resource)
        when { context has now && context.now < datetime("2026-06-01T00:00:00Z") && principal.level > 1 };
    @id("at") permit (principal, action, resource) when { context.now == datetime("2026-05-01") };
    @id("joined") permit (principal, action in Action::"all", resource)
        when { principal has joined && context has now && context.now.durationSince(principal.joined) > duration("10d") };
    @id("cheap") permit (principal, action == Action::"view", resource)
        when { context has cost && context.cost.lessThan(decimal("2.5")) && context.n >= 0 };
    @id("inside") forbid (principal, action == Action::"edit", resource)
        unless { !(context has from) || context.from.isInRange(ip("10.0.0.0/8")) };
    @id("young") forbid (principal, action, resource in Team::"secret") when { context.age < duration("1h") };
    @id("role") permit (principal, action, resource in Team::"open")
        when { context.roles.contains("editor") || context.net like "off*" };
    @id("os") forbid (principal, action == Action::"view", resource)
        when { context has device.patched && context.device.os == "old" && !context.device.patched };
    @id("device") permit (principal, action == Action::"view", resource)
        when { context has device && context.device == { os: "new", patched: true } };
    @id("by") permit (principal, action, resource) when { context has by && context.by in Team::"staff" };
    @id("sort") permit (principal, action == Action::"sort", resource == Kind::"a");
    @id("whole") forbid (principal == User::"u3", action, resource) when { context == { mfa: true, n: 1 } };
"#;

const VALUES: &[(&str, &[&str])] = &[
    ("n", &["0", "1", "-4", "9223372036854775807", "9223372036854775808", "1.5", "\"1\"", "-0"]),
    ("net", &["\"office\"", "\"home\"", "\"of\\u0066 ice\"", "\"\"", "1", "\"é\\n\""]),
    (
        "now",
        &[
            "\"2026-05-01\"",
            "\"2026-05-01T00:00:00Z\"",
            "\"2026-05-01T02:00:00+0200\"",
            "\"2026-07-01T10:00:00.250Z\"",
            "{\"__extn\": {\"fn\": \"datetime\", \"arg\": \"2026-01-01\"}}",
            "\"1969-12-31T23:59:59.999Z\"",
            "\"soon\"",
            "\"2026-02-29\"",
        ],
    ),
    ("age", &["\"1h\"", "\"59m\"", "\"-1d\"", "\"1y\""]),
    ("cost", &["\"1.5\"", "\"2.50\"", "\"99.9999\"", "\"1\""]),
    ("from", &["\"10.1.2.3\"", "\"192.0.2.1\"", "\"10.0.0.0/16\"", "\"::1\"", "\"10.1.2\""]),
    ("roles", &["[]", "[\"editor\"]", "[\"viewer\", \"viewer\", \"editor\"]", "[1]", "\"editor\""]),
    ("by", &["{\"type\": \"User\", \"id\": \"u0\"}", "{\"__entity\": {\"type\": \"User\", \"id\": \"u1\"}}", "\"u0\""]),
    (
        "device",
        &[
            "{\"os\": \"old\"}",
            "{\"os\": \"old\", \"patched\": false}",
            "{\"patched\": true, \"os\": \"new\"}",
            "{\"patched\": true}",
            "{\"os\": \"new\", \"extra\": 1}",
        ],
    ),
    ("extra", &["true"]),
];

/// What a schema would say of its actions, and of what it enumerates.
const WITHOUT_SCHEMA: &[&str] = &[
    r#"{"uid": {"type": "Action", "id": "all"}, "attrs": {}, "parents": []}"#,
    r#"{"uid": {"type": "Action", "id": "view"}, "attrs": {}, "parents": [{"type": "Action", "id": "all"}]}"#,
    r#"{"uid": {"type": "Action", "id": "edit"}, "attrs": {}, "parents": [{"type": "Action", "id": "all"}]}"#,
    r#"{"uid": {"type": "Action", "id": "sort"}, "attrs": {}, "parents": [{"type": "Action", "id": "all"}]}"#,
    r#"{"uid": {"type": "Kind", "id": "a"}, "attrs": {}, "parents": []}"#,
    r#"{"uid": {"type": "Kind", "id": "b"}, "attrs": {}, "parents": []}"#,
    r#"{"uid": {"type": "Kind", "id": "c"}, "attrs": {}, "parents": []}"#,
];

fn entities(rng: &mut Rng, schema: bool) -> String {
    let mut all: Vec<String> = WITHOUT_SCHEMA.iter().filter(|_| !schema).map(|one| (*one).to_owned()).collect();
    all.extend([
        r#"{"uid": {"type": "Team", "id": "staff"}, "attrs": {}, "parents": []}"#.to_owned(),
        r#"{"uid": {"type": "Team", "id": "core"}, "attrs": {}, "parents": [{"type": "Team", "id": "staff"}]}"#
            .to_owned(),
        r#"{"uid": {"type": "Team", "id": "secret"}, "attrs": {}, "parents": []}"#.to_owned(),
        r#"{"uid": {"type": "Team", "id": "open"}, "attrs": {}, "parents": []}"#.to_owned(),
    ]);
    let team = |name: Option<&&str>| match name {
        Some(name) => format!("[{{\"type\": \"Team\", \"id\": \"{name}\"}}]"),
        None => "[]".to_owned(),
    };
    for user in 0..4 {
        let joined = match rng.below(3) {
            0 => ", \"joined\": {\"__extn\": {\"fn\": \"datetime\", \"arg\": \"2026-04-25\"}}",
            _ => "",
        };
        let parents = team(["staff", "core"].get(rng.below(4)));
        let level = rng.below(4);
        all.push(format!(
            "{{\"uid\": {{\"type\": \"User\", \"id\": \"u{user}\"}}, \"attrs\": {{\"level\": {level}{joined}}}, \
             \"parents\": {parents}}}"
        ));
    }
    for doc in 0..6 {
        let (owner, parents) = (rng.below(4), team(["secret", "open"].get(rng.below(3))));
        all.push(format!(
            "{{\"uid\": {{\"type\": \"Doc\", \"id\": \"d{doc}\"}}, \"attrs\": {{\"owner\": {{\"__entity\": \
             {{\"type\": \"User\", \"id\": \"u{owner}\"}}}}}}, \"parents\": {parents}}}"
        ));
    }
    format!("[{}]", all.join(",\n"))
}

/// A record: what is asked, the entities that it carries, and its line.
struct Record {
    asked: [String; 3],
    context: String,
    own: Option<String>,
    allowed: bool,
    line: String,
}

fn record(rng: &mut Rng, schema: bool) -> Record {
    let action = ["view", "edit", "view", "edit", "sort"][rng.below(5)];
    let resource = match action {
        "sort" => format!("Kind::\"{}\"", ["a", "b", "c"][rng.below(3)]),
        _ => format!("Doc::\"d{}\"", rng.below(6)),
    };
    let asked = [format!("User::\"u{}\"", rng.below(4)), format!("Action::\"{action}\""), resource];
    let mut fields = Vec::new();
    if action != "sort" || rng.below(8) == 0 {
        let mfa = ["true", "false", "true", "false", "true", "false", "1"][rng.below(7)];
        fields.push(format!("{}: {mfa}", ["\"mfa\"", "\"mfa\"", "\"\\u006dfa\""][rng.below(3)]));
        for (name, values) in VALUES {
            // The first ones are those that fit mostly.
            if rng.below(if *name == "extra" { 20 } else { 3 }) == 0 {
                let at = if rng.below(6) == 0 { rng.below(values.len()) } else { rng.below(values.len().min(3)) };
                fields.push(format!("\"{name}\": {}", values[at]));
            }
        }
    }
    if rng.below(2) == 0 {
        fields.reverse();
    }
    let context = format!("{{{}}}", fields.join([",", ", "][rng.below(2)]));
    let own = (rng.below(5) == 0).then(|| entities(rng, schema));
    let allowed = rng.below(2) == 0;
    let party = |text: &String, object: bool| match (object, text.split_once("::")) {
        (true, Some((ty, id))) => format!("{{\"type\": \"{ty}\", \"id\": {id}}}"),
        _ => serde_json::Value::from(text.as_str()).to_string(),
    };
    let mut line = format!(
        "{{\"principal\": {}, \"action\": {}, \"resource\":{},\"context\":{context}",
        party(&asked[0], rng.below(3) == 0),
        party(&asked[1], rng.below(3) == 0),
        party(&asked[2], rng.below(3) == 0),
    );
    line.extend(own.iter().map(|own| format!(", \"entities\": {}", own.replace('\n', " "))));
    line += &format!(", \"decision\": \"{}\"}}\n", if allowed { "allow" } else { "DENY" });
    Record { asked, context, own, allowed, line }
}

/// What Cedar's authorizer says of records.
#[derive(Debug, Default, PartialEq)]
struct Said {
    decided: u64,
    undecided: u64,
    gained: u64,
    lost: u64,
    /// How often each permit allows.
    uses: BTreeMap<String, u64>,
}

struct Cedar {
    schema: Option<Schema>,
    set: PolicySet,
    entities: Entities,
}

impl Cedar {
    fn new(schema: Option<&str>, policies: &str, entities: &str) -> Self {
        let schema = schema.map(|text| Schema::from_cedarschema_str(text).unwrap().0);
        let set: PolicySet = policies.parse().unwrap();
        let named = set.policies().map(|policy| policy.new_id(PolicyId::new(policy.annotation("id").unwrap())));
        let set = PolicySet::from_policies(named).unwrap();
        let entities = Entities::from_json_str(entities, schema.as_ref()).unwrap();
        Self { schema, set, entities }
    }

    /// The decision and the determining policies; `None` where it is no request.
    fn decide(&self, record: &Record) -> Option<(bool, Vec<String>)> {
        let [principal, action, resource] = record.asked.clone().map(|text| text.parse::<EntityUid>().unwrap());
        let schema = self.schema.as_ref();
        let context = Context::from_json_str(&record.context, schema.map(|schema| (schema, &action))).ok()?;
        let request = Request::new(principal, action, resource, context, schema).ok()?;
        let own = record.own.as_ref().map(|own| Entities::from_json_str(own, schema).unwrap());
        let answer = Authorizer::new().is_authorized(&request, &self.set, own.as_ref().unwrap_or(&self.entities));
        let reason = answer.diagnostics().reason().map(ToString::to_string).collect();
        Some((answer.decision() == Decision::Allow, reason))
    }
}

fn replayed(dir: &Path, from: Option<&str>) -> Tally {
    let reading = Reading { directory: Some(dir.to_path_buf()), ..Reading::default() };
    let logs = vec![PathBuf::from("log.jsonl")];
    let options =
        ReplayOptions { reading, logs, from: from.map(str::to_owned), undecided: 100.0, ..Default::default() };
    run::replay(&options).unwrap().replayed.unwrap().tally
}

fn counted(tally: &Tally, side: GrantSide) -> Said {
    let grants = tally.grants.iter().filter(|(_, grant)| grant.side == side);
    let uses = grants.map(|(_, grant)| (grant.policy.rsplit('#').next().unwrap().to_owned(), grant.uses));
    let Tally { decided, undecided, gained, lost, .. } = *tally;
    Said { decided, undecided, gained, lost, uses: uses.collect() }
}

/// What both sides say, the recorded decision standing for the old one without `old`.
fn expected(records: &[Record], old: Option<&Cedar>, new: &Cedar) -> [Said; 2] {
    let mut said = [Said::default(), Said::default()];
    for record in records {
        let before = match old {
            Some(old) => old.decide(record),
            None => Some((record.allowed, Vec::new())),
        };
        let (Some(before), Some(after)) = (before, new.decide(record)) else {
            said.iter_mut().for_each(|said| said.undecided += 1);
            continue;
        };
        for (said, (allowed, reason)) in said.iter_mut().zip([&before, &after]) {
            said.decided += 1;
            said.gained += u64::from(!before.0 && after.0);
            said.lost += u64::from(before.0 && !after.0);
            for policy in reason.iter().filter(|_| *allowed) {
                *said.uses.entry(policy.clone()).or_default() += 1;
            }
        }
    }
    said
}

/// Lines that are no records, among the others.
const BROKEN: &[&str] = &["", "no", "{\"a\": 1}", "{\"principal\": \"User::", "\u{0}", "{\"action\": {}}", "{}}"];

#[test]
fn records_are_decided_as_cedar_decides_them() {
    let mut rng = Rng::new(20_261_130);
    let mut kinds = [0_u64; 4];
    for round in 0..6 {
        let dir = tempfile::tempdir().unwrap();
        let schema = (round % 3 != 2).then_some(SCHEMA);
        let known = entities(&mut rng, schema.is_some());
        let old = POLICIES.replace("context.mfa }", "!context.mfa }").replace("decimal(\"2.5\")", "decimal(\"1.5\")");
        let folder = dir.path();
        write(folder, &[("policies.cedar", &old), ("entities.json", &known)]);
        if let Some(schema) = schema {
            write(folder, &[("app.cedarschema", schema)]);
        }
        git(folder, &["init", "-q"]);
        git(folder, &["add", "."]);
        git(folder, &["commit", "-qm", "before"]);
        write(folder, &[("policies.cedar", POLICIES)]);
        let records: Vec<Record> = (0..400).map(|_| record(&mut rng, schema.is_some())).collect();
        let mut text = String::new();
        let mut malformed = 0;
        for record in &records {
            text += &record.line;
            if rng.below(9) == 0 {
                text += BROKEN[rng.below(BROKEN.len())];
                text.push('\n');
                malformed += 1;
            }
        }
        write(folder, &[("log.jsonl", &text)]);
        let (before, after) = (Cedar::new(schema, &old, &known), Cedar::new(schema, POLICIES, &known));
        for from in [None, Some("HEAD")] {
            let tally = replayed(folder, from);
            let expected = expected(&records, from.map(|_| &before), &after);
            assert_eq!(counted(&tally, GrantSide::To), expected[1], "{round} {from:?}");
            if from.is_some() {
                assert_eq!(counted(&tally, GrantSide::From), expected[0], "{round}");
            }
            assert_eq!((tally.malformed, tally.lines()), (malformed, malformed + 400));
            let Tally { decided, undecided, gained, lost, .. } = tally;
            kinds.iter_mut().zip([decided, undecided, gained, lost]).for_each(|(sum, count)| *sum += count);
        }
    }
    assert!(kinds.iter().all(|count| *count > 100), "{kinds:?}");
}
