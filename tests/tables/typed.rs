//! Entities that are read without Cedar's reader say what that reads, of every file of the corpora and of entities that
//! are written in every way, with a schema and without.

use cedar_policy::Schema;
use polcheck::config::Config;
use polcheck::repo::cedar::{EntityReader, SharedEntity};
use polcheck::repo::{self, Request};
use polcheck::source::Worktree;
use serde_json::value::RawValue;

use crate::common::rng::Rng;

const SCHEMA: &str = r#"namespace N {
  entity Group in [Group];
  entity Kind enum ["small", "large"];
  entity User in [Group] = {
    "flag": Bool, "n": Long, "s"?: String, "boss"?: User, "kind"?: Kind, "set"?: Set<Long>, "users"?: Set<User>,
    "record"?: { "a": Long, "b"?: { "c": String } }, "ip"?: ipaddr, "d"?: decimal, "t"?: datetime, "long"?: duration,
  } tags Set<String>;
  entity Bare;
  action view appliesTo { principal: User, resource: Bare };
}
"#;

/// Values of each attribute, as they should be and as they should not: other types, escapes, numbers that are none,
/// keys that stand twice.
const VALUES: [(&str, &[&str]); 14] = [
    ("flag", &["true", "false", "1", "\"true\"", "null"]),
    ("n", &["0", "-9223372036854775808", "9223372036854775807", "9223372036854775808", "1.0", "1e3", "\"1\""]),
    ("s", &["\"\"", "\"\\u00e9\\n\"", "1", "{\"__extn\": {\"fn\": \"ip\", \"arg\": \"1.1.1.1\"}}"]),
    (
        "boss",
        &[
            "{\"type\": \"N::User\", \"id\": \"x\"}",
            "{\"id\": \"x\", \"type\": \"N::User\"}",
            "{\"__entity\": {\"type\": \"N::User\", \"id\": \"x\"}}",
            "{\"type\": \"User\", \"id\": \"x\"}",
            "{\"type\": \"N::Group\", \"id\": \"x\"}",
            "{\"type\": \"N::User\", \"id\": \"x\", \"more\": 1}",
            "{\"type\": \"N::User\", \"type\": \"N::User\", \"id\": \"x\"}",
            "\"N::User::\\\"x\\\"\"",
        ],
    ),
    ("kind", &["{\"type\": \"N::Kind\", \"id\": \"small\"}", "{\"type\": \"N::Kind\", \"id\": \"medium\"}"]),
    ("set", &["[]", "[1, 1, 2]", "[1, \"2\"]", "[[1]]", "1"]),
    (
        "users",
        &["[{\"type\": \"N::User\", \"id\": \"x\"}, {\"__entity\": {\"type\": \"N::User\", \"id\": \"y\"}}]", "[1]"],
    ),
    (
        "record",
        &[
            "{\"a\": 1}",
            "{\"b\": {\"c\": \"x\"}, \"a\": 1}",
            "{\"b\": {}, \"a\": 1}",
            "{\"a\": 1, \"a\": 2}",
            "{\"a\": 1, \"z\": 2}",
            "{}",
        ],
    ),
    (
        "ip",
        &[
            "\"10.0.0.0/8\"",
            "\"::1\"",
            "\"10.0.0\"",
            "{\"__extn\": {\"fn\": \"ip\", \"arg\": \"10.0.0.1\"}}",
            "{\"__extn\": {\"arg\": \"10.0.0.1\", \"fn\": \"ip\"}}",
            "{\"__extn\": {\"fn\": \"decimal\", \"arg\": \"1.0\"}}",
            "{\"__extn\": {\"fn\": \"offset\", \"args\": [\"2024-01-01\", \"1h\"]}}",
            "{\"fn\": \"ip\", \"arg\": \"10.0.0.1\"}",
        ],
    ),
    ("d", &["\"1.25\"", "\"1\"", "1.25"]),
    ("t", &["\"2024-01-01\"", "\"2024-01-01T10:00:00Z\"", "\"2024-13-01\"", "\"soon\""]),
    ("long", &["\"1h\"", "\"1d2h\"", "\"h\""]),
    ("unknown", &["1"]),
    ("s", &["\"twice\""]),
];

const TAGS: [&str; 5] =
    ["", ", \"tags\": {}", ", \"tags\": {\"t\": [\"x\"]}", ", \"tags\": {\"t\": 1}", ", \"tags\": 1"];

const PARENTS: [&str; 5] = [
    "[]",
    "[{\"type\": \"N::Group\", \"id\": \"g\"}]",
    "[{\"type\": \"N::Group\", \"id\": \"g\"}, {\"__entity\": {\"type\": \"N::Group\", \"id\": \"g\"}}]",
    "[{\"type\": \"N::Bare\", \"id\": \"g\"}]",
    "[{\"type\": \"N::Action\", \"id\": \"view\"}]",
];

const UIDS: [&str; 8] = [
    "{\"type\": \"N::User\", \"id\": \"ann\"}",
    "{\"__entity\": {\"type\": \"N::User\", \"id\": \"ann\"}}",
    "{\"type\": \"N::User\", \"id\": \"\"}",
    "{\"type\": \"N::Kind\", \"id\": \"small\"}",
    "{\"type\": \"N::Kind\", \"id\": \"none\"}",
    "{\"type\": \"N::Action\", \"id\": \"view\"}",
    "{\"type\": \"Other\", \"id\": \"x\"}",
    "\"N::User::\\\"ann\\\"\"",
];

/// Whether `json` is read without Cedar's reader; what is read so is what Cedar reads.
fn holds(reader: &mut EntityReader<'_>, schema: Option<&Schema>, json: &str) -> bool {
    let cedar = SharedEntity::read(json, schema);
    let both = reader.read(json);
    assert_eq!(both.is_some(), cedar.is_some(), "{json}");
    let Some(typed) = reader.read_plain(json) else { return false };
    assert!(cedar.is_some_and(|cedar| cedar.says(&typed)), "{json}");
    true
}

#[test]
fn entities_are_read_as_cedar_reads_them() {
    let (schema, _) = Schema::from_cedarschema_str(SCHEMA).unwrap();
    let (mut reader, mut bare) = (EntityReader::new(Some(&schema)), EntityReader::new(None));
    let mut rng = Rng::new(11);
    let (mut typed, mut untyped) = (0, 0);
    for round in 0..40_000 {
        // Mostly well written, so that what is not stands alone.
        let wild = round % 4;
        let pick = |rng: &mut Rng, all: &[&'static str]| {
            let all = if rng.below(8) < wild { all } else { &all[..1 + usize::from(all.len() > 3)] };
            all[rng.below(all.len())]
        };
        let (uid, parents, tags) = (pick(&mut rng, &UIDS), pick(&mut rng, &PARENTS), pick(&mut rng, &TAGS));
        let required = [("flag", pick(&mut rng, VALUES[0].1)), ("n", pick(&mut rng, VALUES[1].1))];
        let mut attrs: Vec<String> = required.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
        for (name, values) in &VALUES[2..if round % 7 == 0 { 14 } else { 12 }] {
            let value = pick(&mut rng, values);
            if rng.below(3) == 0 {
                attrs.push(format!("\"{name}\": {value}"));
            }
        }
        if round % 11 == 0 {
            attrs.remove(0);
        }
        let json = format!("{{\"uid\": {uid}, \"attrs\": {{{}}}, \"parents\": {parents}{tags}}}", attrs.join(", "));
        typed += usize::from(holds(&mut reader, Some(&schema), &json));
        untyped += usize::from(holds(&mut bare, None, &json));
    }
    assert!(typed > 5_000 && untyped > 10_000, "{typed} {untyped}");
    for json in
        ["", "[]", "{", "{}", "{\"uid\": 1, \"attrs\": {}, \"parents\": []}", "{\"attrs\": {}, \"parents\": []}"]
    {
        assert!(!holds(&mut reader, Some(&schema), json) && !holds(&mut bare, None, json));
    }
    let same = "{\"uid\": {\"type\": \"N::Bare\", \"id\": \"x\"}, \"uid\": {\"type\": \"N::Bare\", \"id\": \"x\"}, \"attrs\": {}, \"parents\": []}";
    assert!(!holds(&mut reader, Some(&schema), same) && !holds(&mut bare, None, same));
}

#[test]
fn the_entities_of_others_are_read_as_cedar_reads_them() {
    let Some(corpora) = crate::common::corpora() else { return };
    let (mut all, mut typed) = (0, 0);
    for corpus in std::fs::read_dir(corpora).unwrap().filter_map(Result::ok) {
        let repo = repo::load(&Worktree::new(corpus.path()), &Config::default(), &Request::default()).unwrap();
        for store in &repo.stores {
            let schema = store.schema.ready().map(|schema| &schema.cedar);
            let (mut reader, mut bare) = (EntityReader::new(schema), EntityReader::new(None));
            for file in store.files.iter().filter(|file| file.ends_with(".json")) {
                let text = std::fs::read_to_string(corpus.path().join(file)).unwrap_or_default();
                let texts: Vec<&RawValue> = serde_json::from_str(&text).unwrap_or_default();
                for json in texts.into_iter().filter(|json| json.get().contains("\"attrs\"")) {
                    all += usize::from(SharedEntity::read(json.get(), schema).is_some());
                    typed += usize::from(holds(&mut reader, schema, json.get()));
                    holds(&mut bare, None, json.get());
                }
            }
        }
    }
    assert!(typed * 10 > all * 9 && all > 50, "{typed} of {all}");
}
