//! Parts of `polcheck replay`, joined: whatever the cuts and the order, the answer is that of one run.

use std::path::{Path, PathBuf};

use polcheck::run::{self, Reading, ReplayOptions};
use proptest::prelude::*;
use serde_json::Value;

use crate::common::{json, run as polcheck, write};

const SCHEMA: &str = "entity Team;\nentity User in [Team];\nentity Doc { open: Bool };\n\
    action view, edit appliesTo { principal: User, resource: Doc, context: { mfa: Bool } };\n";

const POLICIES: &str = "@id(\"open\") permit (principal, action == Action::\"view\", resource) when { resource.open };\n\
    @id(\"staff\") permit (principal in Team::\"staff\", action, resource) when { context.mfa };\n";

fn repository(dir: &Path) {
    let user = |at: usize| {
        let parents = if at.is_multiple_of(2) { "[{\"type\": \"Team\", \"id\": \"staff\"}]" } else { "[]" };
        format!("{{\"uid\": {{\"type\": \"User\", \"id\": \"u{at}\"}}, \"attrs\": {{}}, \"parents\": {parents}}}")
    };
    let doc = |at: usize| {
        let open = at.is_multiple_of(3);
        format!(
            "{{\"uid\": {{\"type\": \"Doc\", \"id\": \"d{at}\"}}, \"attrs\": {{\"open\": {open}}}, \"parents\": []}}"
        )
    };
    let all: Vec<String> = (0..6).map(user).chain((0..6).map(doc)).collect();
    let entities = format!("[{}]", all.join(", "));
    write(dir, &[("app.cedarschema", SCHEMA), ("policies.cedar", POLICIES), ("entities.json", &entities)]);
}

/// Lines of every kind.
fn a_line() -> impl Strategy<Value = String> {
    let record = (0..8_usize, 0..8_usize, any::<bool>(), 0..4_usize, any::<bool>(), 0..28_u32).prop_map(
        |(user, doc, view, context, allowed, day)| {
            let action = if view { "view" } else { "edit" };
            let context = match context {
                0 => String::new(),
                1 => ", \"context\": {\"mfa\": \"yes\"}".to_owned(),
                _ => format!(", \"context\": {{\"mfa\": {}}}", context == 2),
            };
            let decision = if allowed { "allow" } else { "deny" };
            let time = if day == 0 { String::new() } else { format!(", \"time\": \"2026-10-{day:02}T00:00:00Z\"") };
            format!(
                "{{\"principal\": \"User::\\\"u{user}\\\"\", \"action\": \"Action::\\\"{action}\\\"\", \"resource\": \
                 \"Doc::\\\"d{doc}\\\"\"{context}, \"decision\": \"{decision}\"{time}}}"
            )
        },
    );
    let broken = prop::sample::select(vec!["", "no", "{\"a\": 1}", "{\"principal\": \"User::", "[1, 2]"]);
    prop_oneof![9 => record, 1 => broken.prop_map(str::to_owned)]
}

fn options(dir: &Path, logs: &[PathBuf]) -> ReplayOptions {
    let reading = Reading { directory: Some(dir.to_path_buf()), ..Reading::default() };
    ReplayOptions { reading, logs: logs.to_vec(), undecided: 100.0, ..ReplayOptions::default() }
}

/// The answer without what says where records stand and what was read, which cuts change.
fn answer(outcome: &polcheck::outcome::Outcome) -> Value {
    let format = polcheck::report::find("json").unwrap();
    let mut report: Value = serde_json::from_str(&(format.render)(outcome, &Default::default())).unwrap();
    let replay = report["replay"].as_object_mut().unwrap();
    replay.remove("inputs");
    replay.remove("repeated");
    for list in ["examples", "causes"] {
        for one in replay[list].as_array_mut().unwrap() {
            let one = one.as_object_mut().unwrap();
            ["log", "line"].iter().for_each(|key| drop(one.remove(*key)));
            if let Some(places) = one.get_mut("places") {
                *places = places.as_array().unwrap().len().into();
            }
        }
    }
    let summary = report["summary"].clone();
    serde_json::json!([report["replay"], report["headline"], summary])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parts_in_any_order_and_repeatedly_come_to_the_whole(
        lines in prop::collection::vec(a_line(), 1..120),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..7),
        order in prop::collection::vec(any::<prop::sample::Index>(), 1..20),
        nested in any::<prop::sample::Index>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        repository(dir.path());
        // Lines that are equal are lines still: a number tells the parts of a log apart.
        let lines: Vec<String> = lines.iter().enumerate().map(|(at, line)| match line.strip_suffix('}') {
            Some(open) => format!("{open}, \"n\": {at}}}\n"),
            None => format!("{line}{at}\n"),
        }).collect();
        let at = |name: String, text: &str| {
            write(dir.path(), &[(&*name, text)]);
            PathBuf::from(name)
        };
        let whole = at("whole.jsonl".to_owned(), &lines.concat());
        let expected = answer(&run::replay(&options(dir.path(), &[whole])).unwrap());
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(lines.len())).chain([0, lines.len()]).collect();
        places.sort_unstable();
        places.dedup();
        let mut parts: Vec<PathBuf> = Vec::new();
        for (number, ends) in places.windows(2).enumerate() {
            let log = at(format!("log{number}.jsonl"), &lines[ends[0]..ends[1]].concat());
            let part = run::replay_part(&options(dir.path(), &[log])).unwrap();
            parts.push(at(format!("part{number}.json"), &part));
        }
        // Each at least once, in any order, some several times, some joined before.
        let mut given: Vec<PathBuf> = order.iter().map(|place| parts[place.index(parts.len())].clone()).collect();
        given.extend(parts.iter().cloned());
        let (some, _) = given.split_at(nested.index(given.len()) + 1);
        let joined = run::replay_part(&ReplayOptions { merge: true, ..options(dir.path(), some) }).unwrap();
        given.insert(0, at("joined.json".to_owned(), &joined));
        let merged = run::replay(&ReplayOptions { merge: true, ..options(dir.path(), &given) }).unwrap();
        prop_assert_eq!(answer(&merged), expected.clone());
        given.reverse();
        let merged = run::replay(&ReplayOptions { merge: true, ..options(dir.path(), &given) }).unwrap();
        prop_assert_eq!(answer(&merged), expected);
    }
}

#[test]
fn parts_of_other_questions_and_other_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path());
    let record = "{\"principal\": \"User::\\\"u0\\\"\", \"action\": \"Action::\\\"view\\\"\", \"resource\": \"Doc::\\\"d1\\\"\", \
                  \"context\": {\"mfa\": true}, \"decision\": \"deny\"}\n";
    write(dir.path(), &[("a.jsonl", record), ("b.jsonl", &record.replace("u0", "u2"))]);
    let part = |log: &str, more: &[&str]| {
        let run = polcheck(dir.path(), &[&["replay", log, "--partial"], more].concat());
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{log}");
        assert_eq!(run.stdout.lines().count(), 1);
        run.stdout
    };
    let (a, b) = (part("a.jsonl", &[]), part("b.jsonl", &[]));
    // Parts may stand one after the other in one file, as a cluster writes them.
    write(dir.path(), &[("a.json", &a), ("both.json", &(a.clone() + &b))]);
    let (report, code) = json(dir.path(), &["replay", "--merge", "both.json", "a.json"]);
    assert_eq!((&report["replay"]["gained"], code), (&2.into(), 0), "{report:#}");
    let (_, code) = json(dir.path(), &["replay", "--merge", "both.json", "--deny", "gained"]);
    assert_eq!(code, 1);
    write(dir.path(), &[("since.json", &part("b.jsonl", &["--since", "2026-01-01"]))]);
    write(dir.path(), &[("policies.cedar", &POLICIES.replace("resource.open", "!resource.open"))]);
    write(dir.path(), &[("other.json", &part("b.jsonl", &[])), ("none.json", "{}"), ("empty.json", "")]);
    for (file, said) in [
        ("since.json", "`--since` differs"),
        ("other.json", "the policies, schemas or entities differ"),
        ("none.json", "it is no part"),
        ("empty.json", "it holds no part"),
        ("missing.json", "cannot read the log `missing.json`"),
        ("missing.json", "; name a file, a folder, or `-` for standard input"),
    ] {
        let wrong = polcheck(dir.path(), &["replay", "--merge", "a.json", file]);
        assert!(wrong.code == 2 && wrong.stderr.contains(said), "{file}: {}", wrong.stderr);
    }
    // A part reports nothing, and says who does.
    let wrong = polcheck(dir.path(), &["replay", "a.jsonl", "--partial", "--report", "json=report.json"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("`polcheck replay --merge PART"), "{}", wrong.stderr);
    assert!(!dir.path().join("report.json").exists());
    // Nothing is counted over policies that do not load.
    write(dir.path(), &[("policies.cedar", "permit (")]);
    let wrong = polcheck(dir.path(), &["replay", "a.jsonl", "--partial"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("policies.cedar"), "{}", wrong.stderr);
}
