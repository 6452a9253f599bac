//! `polcheck replay`, as a user runs it.

use std::io::Write;
use std::path::Path;

use serde_json::{Value, json as object};

use crate::common::{command, copy, finish, git, json, run, write};

const SCHEMA: &str = "entity Team;\nentity User in [Team] { level: Long };\nentity Doc { owner: User };\nentity Photo;\n\
    action view, edit appliesTo { principal: User, resource: Doc, context: { mfa: Bool, now?: datetime, from?: ipaddr } };\n\
    action look appliesTo { principal: User, resource: Photo };\n";

const POLICIES: &str = "@id(\"owner\") permit (principal, action, resource is Doc) when { resource.owner == principal };\n\
    @id(\"staff\") permit (principal in Team::\"staff\", action == Action::\"view\", resource) when { context.mfa };\n\
    @id(\"look\") permit (principal, action == Action::\"look\", resource);\n";

const ENTITIES: &str = r#"[
    {"uid": {"type": "Team", "id": "staff"}, "attrs": {}, "parents": []},
    {"uid": {"type": "User", "id": "ada"}, "attrs": {"level": 1}, "parents": [{"type": "Team", "id": "staff"}]},
    {"uid": {"type": "User", "id": "eve"}, "attrs": {"level": 1}, "parents": []},
    {"uid": {"type": "Doc", "id": "d1"}, "attrs": {"owner": {"type": "User", "id": "eve"}}, "parents": []}
]"#;

fn repository(dir: &Path) {
    write(dir, &[("app.cedarschema", SCHEMA), ("policies.cedar", POLICIES), ("entities.json", ENTITIES)]);
}

/// A line: who, what, on what, with `more` fields.
fn line(who: &str, what: &str, on: &str, more: &str) -> String {
    let uid = |ty: &str, id: &str| Value::from(format!("{ty}::\"{id}\""));
    let ty = if what == "look" { "Photo" } else { "Doc" };
    let (who, what, on) = (uid("User", who), uid("Action", what), uid(ty, on));
    format!("{{\"principal\": {who}, \"action\": {what}, \"resource\": {on}{more}}}\n")
}

/// lines, decided, undecided, malformed, gained, lost.
fn counts(report: &Value) -> [u64; 6] {
    let counts = ["lines", "decided", "undecided", "malformed", "gained", "lost"]
        .map(|key| report["replay"][key].as_u64().unwrap_or_else(|| panic!("{key}: {report:#}")));
    assert_eq!(counts[0], counts[1] + counts[2] + counts[3], "{report:#}");
    assert_eq!(report["replay"]["changed"], counts[4] + counts[5]);
    counts
}

fn replayed(dir: &Path, text: &str, args: &[&str]) -> (Value, i32) {
    write(dir, &[("log.jsonl", text)]);
    json(dir, &[&["replay", "log.jsonl"], args].concat())
}

/// The kinds of what was not decided, with how often each.
fn causes(report: &Value) -> Vec<(String, u64)> {
    let all = report["replay"]["causes"].as_array().unwrap();
    let mut all: Vec<_> = all
        .iter()
        .map(|cause| (cause["kind"].as_str().unwrap().to_owned(), cause["lines"].as_u64().unwrap()))
        .collect();
    all.sort();
    all
}

#[test]
fn what_changes_is_counted_with_examples_that_explain_takes() {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path());
    let with = |mfa: bool, decision: &str| {
        let more = format!(
            ", \"context\": {{\"mfa\": {mfa}}}, \"decision\": \"{decision}\", \"time\": \"2026-11-01T10:00:00Z\""
        );
        line("ada", "view", "d1", &more)
    };
    let log =
        [with(true, "allow"), with(false, "Allow"), with(false, "ALLOW"), with(true, "deny"), with(false, "deny")];
    let (report, code) = replayed(dir.path(), &log.concat(), &[]);
    assert_eq!((counts(&report), code), ([5, 5, 0, 0, 1, 2], 0), "{report:#}");
    assert_eq!(report["outcome"], "changes");
    let groups = report["replay"]["groups"].as_array().unwrap();
    let lost = groups.iter().find(|group| group["by"] == "change" && group["change"] == "lost").unwrap();
    assert_eq!((&lost["lines"], &lost["principals"], &lost["to"]), (&object!(2), &object!(1), &object!([])));
    let gained = groups.iter().find(|group| group["by"] == "change" && group["change"] == "gained").unwrap();
    assert_eq!(gained["to"], object!(["policies.cedar#staff"]));
    let ada = groups.iter().find(|group| group["by"] == "principal").unwrap();
    assert_eq!((&ada["name"], &ada["gained"], &ada["lost"]), (&object!("User::\"ada\""), &object!(1), &object!(2)));
    let staff = groups.iter().find(|group| group["by"] == "grant").unwrap();
    assert_eq!((&staff["policy"], &staff["uses"]), (&object!("policies.cedar#staff"), &object!(2)));
    assert_eq!(staff["first"], "2026-11-01T10:00:00Z");
    for example in report["replay"]["examples"].as_array().unwrap() {
        write(dir.path(), &[("request.json", &example["request"].to_string())]);
        let (explained, _) = json(dir.path(), &["explain", "--request-json", "request.json"]);
        assert_eq!(explained["explain"]["decision"], example["to"], "{example:#}");
        let place = format!("{}:{}", example["log"].as_str().unwrap(), example["line"]);
        let (explained, _) = json(dir.path(), &["explain", "--log", &place]);
        assert_eq!(explained["explain"]["decision"], example["to"], "{place}");
    }
    for (denied, exits) in [("gained", 1), ("lost", 1)] {
        let (report, code) = json(dir.path(), &["replay", "log.jsonl", "--deny", denied]);
        assert_eq!((code, &report["outcome"]), (exits, &object!("changes")), "{denied}");
    }
    let (_, code) = replayed(dir.path(), &log[3], &["--deny", "lost"]);
    assert_eq!(code, 0, "what is gained is not lost");
    let shown = run(dir.path(), &["replay", "log.jsonl", "--deny", "gained"]);
    assert!(shown.stdout.contains("1 record refused by --deny"), "{}", shown.stdout);
}

/// A record that lacks what a policy that could decide it reads is completed, or undecided: never unchanged.
#[test]
fn what_is_not_known_is_undecided_only_where_it_could_decide() {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path());
    let of = |text: String| {
        let (report, code) = replayed(dir.path(), &text, &[]);
        let [_, decided, undecided, ..] = counts(&report);
        assert_eq!((decided + undecided, code == 4), (1, undecided == 1), "{text}: {report:#}");
        (decided == 1, causes(&report))
    };
    let open = |kind: &str| (false, vec![(kind.to_owned(), 1)]);
    let decided = (true, Vec::new());
    // Without a context: the owner is let in whatever it is, others hang on it.
    assert_eq!(of(line("eve", "view", "d1", ", \"decision\": \"allow\"")), decided);
    assert_eq!(of(line("ada", "view", "d1", ", \"decision\": \"allow\"")), open("no-context"));
    // No permit that reads the context is for this action, and the owner is known.
    assert_eq!(of(line("ada", "edit", "d1", ", \"decision\": \"deny\"")), decided);
    // Nobody knows what is in no entity file.
    let mfa = ", \"context\": {\"mfa\": true}, \"decision\": \"deny\"";
    assert_eq!(of(line("new", "view", "d1", mfa)), open("no-entity"));
    assert_eq!(of(line("eve", "view", "d9", mfa)), open("no-entity"));
    // A permit that holds needs no more; and of a photo there is nothing to know.
    assert_eq!(of(line("ada", "view", "d9", mfa)), decided);
    assert_eq!(of(line("new", "look", "p", ", \"decision\": \"allow\"")), decided);
    // Where the context says no, the group does not matter.
    assert_eq!(of(line("new", "view", "d1", ", \"context\": {\"mfa\": false}, \"decision\": \"deny\"")), decided);
    // Entities of the record are all there were.
    let entities = ", \"entities\": [{\"uid\": {\"type\": \"User\", \"id\": \"new\"}, \"attrs\": {\"level\": 1}, \
                    \"parents\": [{\"type\": \"Team\", \"id\": \"staff\"}]}]";
    assert_eq!(of(line("new", "view", "d1", &format!("{mfa}{entities}"))), decided);
    assert_eq!(of(line("new", "view", "d1", &format!("{mfa}, \"entities\": []"))), decided);
    // What fits no schema, and what names no decision, is not unchanged either.
    assert_eq!(
        of(line("ada", "view", "d1", ", \"context\": {\"mfa\": 1}, \"decision\": \"deny\"")),
        open("does-not-fit")
    );
    assert_eq!(of(line("ada", "share", "d1", ", \"context\": {}, \"decision\": \"deny\"")), open("no-action"));
    assert_eq!(of(line("ada", "view", "d1", ", \"context\": {\"mfa\": true}")), open("no-decision"));
    // Up to the limit it fails nothing, and is said.
    let log = line("ada", "view", "d1", ", \"decision\": \"allow\"")
        + &line("eve", "view", "d1", ", \"decision\": \"allow\"");
    for (limit, exits) in [("49", 4), ("50", 0), ("0.5%", 4)] {
        let (report, code) = replayed(dir.path(), &log, &["--undecided", limit]);
        assert_eq!(code, exits, "{limit}: {report:#}");
        let kinds: Vec<_> = report["notices"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
        assert!(kinds.iter().any(|kind| kind.as_str().unwrap().starts_with("records-")), "{report:#}");
    }
}

#[test]
fn lines_that_are_no_records_are_counted_and_hide_nothing() {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path());
    let good = line("ada", "view", "d1", ", \"context\": {\"mfa\": true}, \"decision\": \"allow\"");
    let deep = format!("{}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let nested = line(
        "ada",
        "view",
        "d1",
        &format!(", \"context\": {}1{}, \"decision\": \"allow\"", "{\"a\":".repeat(300), "}".repeat(300)),
    );
    let huge = line(
        "ada",
        "view",
        "d1",
        &format!(", \"note\": \"{}\", \"context\": {{\"mfa\": true}}, \"decision\": \"allow\"", "x".repeat(3 << 20)),
    );
    let mut log: Vec<u8> = Vec::new();
    let parts: [&[u8]; 16] = [
        good.as_bytes(),
        b"not json\n",
        b"\n",
        b"{\"message\": \"started\"}\n",
        b"[]\n",
        b"3\n",
        b"\xff\xfe\n",
        b"{\"principal\": \"User::\\\"a\\\"\", \"principal\": \"x\"}\n",
        b"{\"principal\": 3, \"action\": \"Action::\\\"view\\\"\", \"resource\": \"Doc::\\\"d\\\"\"}\n",
        b"{\"principal\": \"User::\\\"ada\\\"\", \"act\n",
        b"\x1b]0;title\x07\n",
        deep.as_bytes(),
        nested.as_bytes(),
        huge.as_bytes(),
        good.as_bytes(),
        &good.as_bytes()[..40],
    ];
    parts.iter().for_each(|part| log.extend(*part));
    std::fs::write(dir.path().join("log.jsonl"), &log).unwrap();
    let (report, code) = json(dir.path(), &["replay", "log.jsonl"]);
    let [lines, decided, undecided, malformed, ..] = counts(&report);
    assert_eq!((lines, decided, undecided, malformed), (16, 3, 1, 12), "{report:#}");
    assert_eq!(code, 4);
    let kinds = causes(&report);
    for kind in ["blank", "foreign", "cut-off", "not-utf-8", "broken-record", "does-not-fit"] {
        assert!(kinds.iter().any(|(known, _)| known == kind), "{kind}: {kinds:?}");
    }
    let human = run(dir.path(), &["replay", "log.jsonl"]);
    assert!(human.stdout.contains("12 malformed") && !human.stdout.contains('\u{1b}'), "{}", human.stdout);
    // Nothing but such lines is nothing.
    let (report, code) = replayed(dir.path(), "not json\n", &[]);
    assert_eq!((code, &report["outcome"]), (3, &object!("nothing_checked")));
}

#[test]
fn packed_logs_and_standard_input_come_to_the_same() {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path());
    let log: String = (0..4_000)
        .map(|at| {
            let mfa = at % 3 == 0;
            line(
                "ada",
                "view",
                &format!("d{}", at % 5),
                &format!(", \"context\": {{\"mfa\": {mfa}}}, \"decision\": \"allow\""),
            )
        })
        .collect();
    let (plain, _) = replayed(dir.path(), &log, &[]);
    let gzip = |text: &str| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(text.as_bytes()).unwrap();
        packed.finish().unwrap()
    };
    let zstandard =
        |text: &str| ruzstd::encoding::compress_to_vec(text.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest);
    let (first, second) = log.split_at(log[..log.len() / 2].rfind('\n').unwrap() + 1);
    let several = |pack: &dyn Fn(&str) -> Vec<u8>| [pack(first), pack(second)].concat();
    // A frame that is to be skipped stands between two others.
    let skipped = [zstandard(first), vec![0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3], zstandard(second)].concat();
    for packed in [gzip(&log), several(&gzip), zstandard(&log), several(&zstandard), skipped] {
        std::fs::write(dir.path().join("log"), &packed).unwrap();
        let (report, _) = json(dir.path(), &["replay", "log"]);
        assert_eq!(counts(&report), counts(&plain));
        assert_eq!(report["replay"]["inputs"][0]["digest"], plain["replay"]["inputs"][0]["digest"]);
    }
    // The same content under two names counts once, and that is said.
    std::fs::write(dir.path().join("log"), gzip(&log)).unwrap();
    let (twice, _) = json(dir.path(), &["replay", "log.jsonl", "log"]);
    assert_eq!(counts(&twice), counts(&plain));
    assert_eq!(twice["replay"]["repeated"].as_array().unwrap().len(), 1);
    // A record in a packed log is explained where it stands.
    let (explained, _) = json(dir.path(), &["explain", "--log", "log:2"]);
    assert_eq!(explained["explain"]["decision"], "deny", "{explained:#}");
    // A packed log that breaks off says so, and what stands before counts.
    let whole = gzip(&log);
    std::fs::write(dir.path().join("log"), &whole[..whole.len() / 2]).unwrap();
    let (cut, code) = json(dir.path(), &["replay", "log"]);
    assert_eq!(code, 4, "{cut:#}");
    assert!(cut["replay"]["inputs"][0]["cut"].is_string() && counts(&cut)[1] > 0);
    let mut child = command(dir.path())
        .args(["replay", "-", "--report", "json"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(log.as_bytes()).unwrap();
    let piped = finish(child.wait_with_output().unwrap());
    assert_eq!(counts(&serde_json::from_str(&piped.stdout).unwrap()), counts(&plain));
}

#[test]
fn two_revisions_are_compared_over_the_same_entities() {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path());
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "one"]);
    let narrower = POLICIES.replace("{ context.mfa }", "{ context.mfa && principal.level > 1 }");
    write(dir.path(), &[("policies.cedar", &narrower)]);
    git(dir.path(), &["commit", "-qam", "two"]);
    // What is recorded does not matter between revisions.
    let log = line("ada", "view", "d1", ", \"context\": {\"mfa\": true}, \"decision\": \"deny\"")
        + &line("eve", "view", "d1", ", \"context\": {\"mfa\": true}");
    let (report, code) = replayed(dir.path(), &log, &["--from", "HEAD~1", "--to", "HEAD"]);
    assert_eq!((counts(&report), code), ([2, 2, 0, 0, 0, 1], 0), "{report:#}");
    let change = &report["replay"]["groups"][0];
    assert_eq!((&change["from"], &change["to"]), (&object!(["policies.cedar#staff"]), &object!([])));
    let (back, _) = replayed(dir.path(), &log, &["--from", "HEAD", "--to", "HEAD~1"]);
    assert_eq!(counts(&back), [2, 2, 0, 0, 1, 0]);
    let (worktree, _) = replayed(dir.path(), &log, &["--from", "HEAD~1"]);
    assert_eq!(counts(&worktree), counts(&report));
    // The recorded decision against a revision.
    let recorded = line("ada", "view", "d1", ", \"context\": {\"mfa\": true}, \"decision\": \"deny\"");
    let (old, _) = replayed(dir.path(), &recorded, &["--to", "HEAD~1"]);
    let (new, _) = replayed(dir.path(), &recorded, &["--to", "HEAD"]);
    assert_eq!((counts(&old)[4], counts(&new)[4]), (1, 0));
    let wrong = run(dir.path(), &["replay", "log.jsonl", "--from", "nowhere"]);
    assert_eq!(wrong.code, 2, "{}", wrong.stderr);
}

#[test]
fn since_and_a_sample_leave_records_out_and_say_so() {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path());
    let log: String = (1..=28)
        .flat_map(|day| (0..50).map(move |hour| (day, hour)))
        .map(|(day, at)| {
            let more = format!(
                ", \"context\": {{\"mfa\": true}}, \"decision\": \"allow\", \"id\": {at}, \"time\": \"2026-10-{day:02}T10:00:00Z\""
            );
            line("ada", "view", "d1", &more)
        })
        .collect();
    let (since, _) = replayed(dir.path(), &log, &["--since", "2026-10-20"]);
    assert_eq!((counts(&since)[0], &since["replay"]["before_since"]), (9 * 50, &object!(19 * 50)));
    let (ago, _) = replayed(dir.path(), &log, &["--since", "9d", "--now", "2026-10-29"]);
    assert_eq!(counts(&ago), counts(&since));
    let (sample, _) = replayed(dir.path(), &log, &["--sample", "10"]);
    let (lines, left_out) = (counts(&sample)[0], sample["replay"]["unsampled"].as_u64().unwrap());
    assert_eq!(lines + left_out, 28 * 50);
    assert!((70..=220).contains(&lines), "{lines}");
    let (again, _) = replayed(dir.path(), &log, &["--sample", "10%"]);
    assert_eq!(again["replay"], sample["replay"]);
    let wrong = run(dir.path(), &["replay", "log.jsonl", "--since", "soon"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("`--since soon` is no time"), "{}", wrong.stderr);
    let wrong = run(dir.path(), &["replay", "nothing.jsonl"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("cannot read the log"), "{}", wrong.stderr);
}

/// Every format: what it carries decides, and what it does not carry is not known.
#[test]
fn every_format_is_read() {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path());
    let amazon = |ty: &str, id: &str| format!("{{\"entityType\": \"{ty}\", \"entityId\": \"{id}\"}}");
    let (ada, eve, doc) = (amazon("User", "ada"), amazon("User", "eve"), amazon("Doc", "d1"));
    let view = "{\"actionType\": \"Action\", \"actionId\": \"view\"}";
    let mfa = "{\"contextMap\": {\"mfa\": {\"boolean\": true}, \"from\": {\"ipaddr\": \"10.0.0.1\"}}}";
    let entities = format!(
        "{{\"entityList\": [{{\"identifier\": {doc}, \"attributes\": {{\"owner\": {{\"entityIdentifier\": {eve}}}}}}}, \
         {{\"identifier\": {eve}, \"attributes\": {{\"level\": {{\"long\": 1}}}}}}]}}"
    );
    let asked = |who: &str, more: &str| format!("\"principal\": {who}, \"action\": {view}, \"resource\": {doc}{more}");
    let trail = |event: &str, parameters: &str, added: &str| {
        format!(
            "{{\"eventVersion\": \"1.08\", \"eventTime\": \"2026-10-01T10:00:00Z\", \"eventSource\": \
             \"verifiedpermissions.amazonaws.com\", \"eventName\": \"{event}\", \"requestParameters\": {{{parameters}, \
             \"policyStoreId\": \"PS\"}}, \"responseElements\": null, \"additionalEventData\": {{{added}}}}}"
        )
    };
    let cedarling = |principal: &str| {
        format!(
            "{{\"log_kind\": \"Decision\", \"timestamp\": \"2026-10-01T10:00:00.000Z\", \"principal\": {principal}, \
             \"action\": \"Action::\\\"look\\\"\", \"resource\": \"Photo::\\\"p\\\"\", \"decision\": \"DENY\", \
             \"diagnostics\": {{\"reason\": [], \"errors\": []}}}}"
        )
    };
    // What a line holds, and what comes of it: lines, decided, undecided, malformed, gained, lost.
    let cases: Vec<(String, [u64; 6])> = vec![
        (line("ada", "view", "d1", ", \"context\": {\"mfa\": true}, \"decision\": true"), [1, 1, 0, 0, 0, 0]),
        (
            "{\"request\": {\"principal\": {\"type\": \"User\", \"id\": \"ada\"}, \"action\": \"view\", \"resource\": \
             {\"__entity\": {\"type\": \"Doc\", \"id\": \"d1\"}}, \"context\": {\"mfa\": false}}, \"decision\": \"allow\", \
             \"timestamp\": 1790000000}"
                .to_owned(),
            [1, 1, 0, 0, 0, 1],
        ),
        (
            "{\"request\": {\"principal\": \"User::\\\"ada\\\"\", \"action\": \"Action::\\\"view\\\"\", \"resource\": \
             \"Doc::\\\"d1\\\"\", \"context\": {\"mfa\": true}}, \"response\": {\"decision\": \"Deny\", \"diagnostics\": \
             {\"reason\": [], \"errors\": []}}}"
                .to_owned(),
            [1, 1, 0, 0, 1, 0],
        ),
        (
            format!("{{\"policyStoreId\": \"PS\", {}, \"decision\": \"DENY\"}}", asked(&eve, &format!(", \"context\": {mfa}, \"entities\": {entities}"))),
            [1, 1, 0, 0, 1, 0],
        ),
        (
            format!(
                "{{\"request\": {{\"policyStoreId\": \"PS\", \"identityToken\": \"x.y.z\", \"action\": {view}, \"resource\": {doc}, \
                 \"context\": {mfa}}}, \"response\": {{\"decision\": \"ALLOW\", \"principal\": {ada}, \"determiningPolicies\": []}}}}"
            ),
            [1, 1, 0, 0, 0, 0],
        ),
        // Who a token stands for is not in it.
        (
            format!(
                "{{\"request\": {{\"policyStoreId\": \"PS\", \"accessToken\": \"x.y.z\", \"action\": {view}, \"resource\": {doc}}}, \
                 \"response\": {{\"decision\": \"ALLOW\"}}}}"
            ),
            [1, 0, 1, 0, 0, 0],
        ),
        (
            format!(
                "{{\"request\": {{\"policyStoreId\": \"PS\", \"requests\": [{{{}}}, {{{}}}]}}, \"response\": {{\"results\": \
                 [{{\"request\": {{{}}}, \"decision\": \"ALLOW\"}}]}}}}",
                asked(&ada, &format!(", \"context\": {mfa}")),
                asked(&eve, &format!(", \"context\": {mfa}")),
                asked(&ada, &format!(", \"context\": {mfa}")),
            ),
            [2, 1, 1, 0, 0, 0],
        ),
        (trail("IsAuthorized", &asked(&eve, ""), "\"decision\": \"DENY\""), [1, 1, 0, 0, 1, 0]),
        (trail("IsAuthorized", &asked(&ada, ""), "\"decision\": \"ALLOW\""), [1, 0, 1, 0, 0, 0]),
        (
            trail(
                "BatchIsAuthorized",
                &format!("\"requests\": [{{{}}}, {{{}}}]", asked(&eve, ""), asked(&ada, "")),
                &format!(
                    "\"results\": [{{\"request\": {{{}}}, \"decision\": \"ALLOW\"}}, {{\"request\": {{{}}}, \"decision\": \"ALLOW\"}}]",
                    asked(&eve, ""),
                    asked(&ada, "")
                ),
            ),
            [2, 1, 1, 0, 0, 0],
        ),
        (trail("CreatePolicy", "\"a\": 1", ""), [1, 0, 0, 1, 0, 0]),
        (
            format!("{{\"Records\": [{}, {}]}}", trail("IsAuthorized", &asked(&eve, ""), "\"decision\": \"ALLOW\""), "{\"eventSource\": \"s3.amazonaws.com\", \"eventName\": \"GetObject\"}"),
            [2, 1, 0, 1, 0, 0],
        ),
        (cedarling("[\"User\"]"), [1, 1, 0, 0, 1, 0]),
        (cedarling("[]"), [1, 1, 0, 0, 1, 0]),
        (cedarling("[\"User\"]").replace("look", "view").replace("Photo::\\\"p", "Doc::\\\"d1"), [1, 0, 1, 0, 0, 0]),
        ("{\"log_kind\": \"System\", \"msg\": \"started\"}".to_owned(), [1, 0, 0, 1, 0, 0]),
        (
            "{\"log_kind\": \"System\", \"msg\": \"Result of authorize.\", \"action\": \"Action::\\\"view\\\"\", \"resource\": \
             \"Doc::\\\"d1\\\"\", \"context\": {\"mfa\": true}, \"entities\": [{\"uid\": {\"type\": \"User\", \"id\": \"zoe\"}, \
             \"attrs\": {\"level\": 1}, \"parents\": [{\"type\": \"Team\", \"id\": \"staff\"}]}], \"authorize_info\": [{\"principal\": \
             \"User::\\\"zoe\\\"\", \"decision\": \"ALLOW\", \"diagnostics\": {\"reason\": [], \"errors\": []}}]}"
                .to_owned(),
            [1, 1, 0, 0, 0, 0],
        ),
    ];
    let mut sum = [0; 6];
    for (text, expected) in &cases {
        let (report, _) = replayed(dir.path(), &format!("{}\n", text.trim()), &[]);
        assert_eq!(counts(&report), *expected, "{text}: {report:#}");
        // Laid out over several lines it is the same.
        let laid_out = serde_json::to_string_pretty(&serde_json::from_str::<Value>(text).unwrap()).unwrap();
        let (report, _) = replayed(dir.path(), &format!("{laid_out}\n{laid_out}\n"), &[]);
        assert_eq!(counts(&report), expected.map(|count| 2 * count), "{laid_out}");
        sum.iter_mut().zip(expected).for_each(|(sum, count)| *sum += count);
    }
    let all: String = cases.iter().map(|(text, _)| format!("{}\n", text.trim())).collect();
    let (report, _) = replayed(dir.path(), &all, &[]);
    assert_eq!(counts(&report), sum);
    // A list of records in one value.
    let list = format!("[{}]", cases.iter().map(|(text, _)| text.trim()).collect::<Vec<_>>().join(",\n"));
    let (report, _) = replayed(dir.path(), &list, &[]);
    assert_eq!(counts(&report), sum);
}

#[test]
fn a_grant_is_used_outside_of_its_window() {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path());
    let until = "@id(\"contract\") permit (principal == User::\"eve\", action == Action::\"edit\", resource) when { context has now && \
                 context.now < datetime(\"2026-11-10T00:00:00Z\") };\n@id(\"dated\") @expires(\"2026-11-10\") permit (principal, \
                 action == Action::\"look\", resource);\n";
    write(dir.path(), &[("policies.cedar", until)]);
    let edit = |time: &str| {
        let more = format!(
            ", \"context\": {{\"mfa\": true, \"now\": \"2026-11-09T00:00:00Z\"}}, \"decision\": \"allow\"{time}"
        );
        line("eve", "edit", "d1", &more)
    };
    let look = |time: &str| line("eve", "look", "p", &format!(", \"decision\": \"allow\"{time}"));
    let (before, after) = (", \"time\": \"2026-11-09T23:59:59.999Z\"", ", \"time\": \"2026-11-10T00:00:00Z\"");
    let log = [edit(before), edit(after), edit(after), edit(""), look(before), look(after)].concat();
    let (report, code) = replayed(dir.path(), &log, &[]);
    assert_eq!((counts(&report), code), ([6, 6, 0, 0, 0, 0], 0), "{report:#}");
    let grants: Vec<Value> = report["replay"]["groups"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|group| group["by"] == "grant")
        .map(|group| {
            object!([group["policy"], group["uses"], group["outside"], group["untimed"], group["window"]["until"]])
        })
        .collect();
    let end = "2026-11-10T00:00:00Z";
    assert_eq!(
        grants,
        [object!(["policies.cedar#contract", 4, 2, 1, end]), object!(["policies.cedar#dated", 2, 1, 0, end])]
    );
}

#[test]
fn every_report_shows_it_and_obeys_nothing() {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path());
    let hostile = "a\\u001b[31m##[error]x|<b>@team";
    let log = line("ada", "view", "d1", ", \"context\": {\"mfa\": true}, \"decision\": \"deny\"")
        .replace("ada", hostile)
        + &line("ada", "view", "d1", ", \"context\": {\"mfa\": true}, \"decision\": \"deny\"")
        + &line("ada", "view", "d1", ", \"decision\": \"deny\"");
    write(dir.path(), &[("policies.cedar", "@id(\"all\") permit (principal, action, resource) when { context.mfa };")]);
    write(dir.path(), &[("log.jsonl", &log)]);
    for (format, words) in [
        ("human", "gained"),
        ("markdown", "| gained |"),
        ("csv", "change,"),
        ("junit", "permission-gained"),
        ("sarif", "permission-gained"),
        ("gitlab", "permission-gained"),
        ("github", "::error"),
        ("json", "\"gained\": 2"),
    ] {
        let run = run(dir.path(), &["replay", "log.jsonl", "--deny", "gained", "--report", format]);
        assert_eq!(run.code, 1, "{format}: {}", run.stderr);
        assert!(run.stdout.contains(words), "{format}: {}", run.stdout);
        assert!(!run.stdout.contains('\u{1b}') && !run.stdout.contains("##["), "{format}: {}", run.stdout);
    }
}

/// The commands in docs/replay.md print what stands there.
#[test]
fn the_page_is_what_the_program_prints() {
    let kept = std::fs::read_to_string("docs/replay.md").unwrap();
    let mut page = String::new();
    let mut commands = 0;
    let mut parts = kept.split("```console\n$ ");
    page.push_str(parts.next().unwrap());
    let dir = tempfile::tempdir().unwrap();
    copy(Path::new("fixtures/replay"), dir.path());
    for part in parts {
        let (block, rest) = part.split_once("```\n").unwrap();
        let command = block.lines().next().unwrap();
        let words: Vec<&str> = command.split(' ').collect();
        assert_eq!(words[0], "polcheck");
        let run = run(dir.path(), &words[1..]);
        page.push_str(&format!("```console\n$ {command}\n{}{}```\n{rest}", run.stdout, run.stderr));
        commands += 1;
    }
    assert!(commands > 1);
    if std::env::var_os("POLCHECK_BLESS").is_some() {
        std::fs::write("docs/replay.md", &page).unwrap();
    }
    assert_eq!(kept, page, "run this test with POLCHECK_BLESS=1 to write the page anew");
    for (name, about) in polcheck::replay::formats() {
        assert!(kept.contains(&format!("`{name}`")), "{name}: {about}");
    }
}
