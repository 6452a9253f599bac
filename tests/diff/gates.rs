//! Gates, accepted changes, and what became weaker: through the command line, over git repositories.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{git, json, run, write};

const SCHEMA: &str = "entity User; entity Doc; entity Account;\n\
    action view, edit appliesTo { principal: User, resource: [Doc, Account], context: { mfa: Bool } };\n";
const OLD: &str = "@id(\"view\")\npermit (principal, action == Action::\"view\", resource) when { context.mfa };\n";
const GAINS: &str = "@id(\"view\")\npermit (principal, action == Action::\"view\", resource);\n";
const LOSES: &str =
    "@id(\"view\")\npermit (principal, action == Action::\"view\", resource is Doc) when { context.mfa };\n";

fn repository(config: &str, more: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    git(dir.path(), &["init", "-q"]);
    write(dir.path(), &[("app.cedarschema", SCHEMA), ("p.cedar", OLD), ("polcheck.toml", config)]);
    write(dir.path(), more);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "one"]);
    dir
}

/// Resource types of the effects with the ruling.
fn ruled(report: &Value, ruling: &str) -> Vec<String> {
    let mut found = Vec::new();
    for change in report["changes"].as_array().unwrap() {
        for direction in ["gained", "lost"] {
            for effect in change[direction]["effects"].as_array().unwrap() {
                if effect["ruling"] == ruling {
                    found.push(format!("{direction} {}", change["environment"]["resource"].as_str().unwrap()));
                }
            }
        }
    }
    found
}

fn weakened(report: &Value) -> Vec<&str> {
    report["weakened"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect()
}

#[test]
fn a_gate_refuses_what_it_names_and_nothing_else() {
    for (config, text, refused) in [
        ("", GAINS, &[][..]),
        ("[diff]\ndeny = \"gained\"\n", GAINS, &["gained Account", "gained Doc"]),
        ("[diff]\ndeny = [\"lost\"]\n", GAINS, &[]),
        ("[diff]\ndeny = [\"lost\", \"gained\"]\n", LOSES, &["lost Account"]),
        ("[[diff.gate]]\ndeny = \"gained\"\nresources = \"Account\"\n", GAINS, &["gained Account"]),
        ("[[diff.gate]]\ndeny = \"gained\"\nactions = [\"view\"]\n", GAINS, &["gained Account", "gained Doc"]),
        (
            "[[diff.gate]]\ndeny = \"gained\"\nactions = ['Action::\"view\"']\n",
            GAINS,
            &["gained Account", "gained Doc"],
        ),
        ("[[diff.gate]]\ndeny = \"gained\"\nactions = [\"edit\"]\n", GAINS, &[]),
        ("[[diff.gate]]\ndeny = \"gained\"\nstores = [\".\"]\nresources = [\"Doc\"]\n", GAINS, &["gained Doc"]),
    ] {
        let dir = repository(config, &[]);
        write(dir.path(), &[("p.cedar", text)]);
        let (report, code) = json(dir.path(), &["diff", "HEAD"]);
        assert_eq!(ruled(&report, "refused"), refused, "{config}");
        assert_eq!((code, &report["outcome"]), (i32::from(!refused.is_empty()), &"changes".into()), "{config}");
    }
}

#[test]
fn a_gate_may_stand_on_the_command_line() {
    let dir = repository("", &[]);
    write(dir.path(), &[("p.cedar", GAINS)]);
    assert_eq!(run(dir.path(), &["diff", "HEAD", "--deny", "gained"]).code, 1);
    assert_eq!(run(dir.path(), &["diff", "HEAD", "--deny", "lost"]).code, 0);
    assert_eq!(run(dir.path(), &["diff", "HEAD", "--deny", "lost", "--deny", "gained"]).code, 1);
    assert_eq!(run(dir.path(), &["diff", "HEAD", "--deny", "everything"]).code, 2);
}

#[test]
fn the_base_s_gates_count_and_taking_them_away_is_reported() {
    let dir = repository("[diff]\ndeny = [\"gained\"]\n", &[]);
    write(dir.path(), &[("p.cedar", GAINS), ("polcheck.toml", "")]);
    let (report, code) = json(dir.path(), &["diff", "HEAD"]);
    assert_eq!((code, weakened(&report)), (1, vec!["gate_removed"]));
    let (report, code) = json(dir.path(), &["check", "--against", "HEAD"]);
    assert_eq!((code, weakened(&report)), (1, vec!["gate_removed"]));
    // A gate that refuses more is not weaker, whatever its form.
    write(dir.path(), &[("p.cedar", OLD), ("polcheck.toml", "[[diff.gate]]\ndeny = [\"lost\", \"gained\"]\n")]);
    assert_eq!(weakened(&json(dir.path(), &["diff", "HEAD"]).0), Vec::<&str>::new());
    // One that looks at less is.
    let narrower = "[[diff.gate]]\ndeny = [\"gained\"]\nresources = [\"Doc\"]\n";
    write(dir.path(), &[("polcheck.toml", narrower)]);
    assert_eq!(weakened(&json(dir.path(), &["diff", "HEAD"]).0), ["gate_removed"]);
}

#[test]
fn an_accepted_change_passes_until_its_day_and_is_shown() {
    let dir = repository("[diff]\ndeny = [\"gained\"]\n", &[]);
    write(dir.path(), &[("p.cedar", GAINS)]);
    let accept = ["diff", "HEAD", "--accept", "the payments \"team\"", "--until", "2027-01-31"];
    let accepting = run(dir.path(), &accept);
    assert_eq!(accepting.code, 0, "{}", accepting.stderr);
    assert!(accepting.stderr.contains("accepted 1 change in `polcheck-accepted.toml`"), "{}", accepting.stderr);
    let day = |now: &str| json(dir.path(), &["diff", "HEAD", "--now", now]);
    let (report, code) = day("2027-01-31");
    assert_eq!((ruled(&report, "accepted").len(), code), (2, 0));
    assert_eq!(weakened(&report), ["acceptance_added"]);
    assert_eq!(report["accepted"][0]["owner"], "the payments \"team\"");
    assert_eq!(report["accepted"][0]["used"], true);
    let human = run(dir.path(), &["diff", "HEAD", "--now", "2027-01-31"]).stdout;
    assert!(human.contains("accepted by the payments \"team\" until 2027-01-31"), "{human}");
    // The day after, and for any other change, it counts no more.
    let (report, code) = day("2027-02-01");
    assert_eq!((ruled(&report, "refused").len(), code), (2, 1));
    let further = format!("{GAINS}@id(\"edit\")\npermit (principal, action == Action::\"edit\", resource is Doc);\n");
    write(dir.path(), &[("p.cedar", &further)]);
    let (report, code) = day("2027-01-31");
    assert_eq!((ruled(&report, "refused"), code), (vec!["gained Doc".to_owned()], 1));
    // Once it is in the base, it is no news.
    write(dir.path(), &[("p.cedar", GAINS)]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "two"]);
    let (report, code) = day("2027-01-31");
    assert_eq!((weakened(&report), code, &report["accepted"][0]["used"]), (vec![], 0, &false.into()));
}

#[test]
fn accepting_needs_a_day_and_a_worktree() {
    let dir = repository("[diff]\ndeny = [\"gained\"]\n", &[]);
    write(dir.path(), &[("p.cedar", GAINS)]);
    for (args, why) in [
        (&["diff", "HEAD", "--accept", "me"][..], "--until"),
        (&["diff", "HEAD", "--accept", "me", "--until", "soon"], "not a day"),
        (&["diff", "HEAD", "HEAD", "--accept", "me", "--until", "2027-01-31"], "worktree"),
        (&["diff", "HEAD..HEAD", "--accept", "me", "--until", "2027-01-31"], "worktree"),
        (&["diff", "HEAD", "--staged", "--accept", "me", "--until", "2027-01-31"], "worktree"),
    ] {
        let refused = run(dir.path(), args);
        assert_eq!(refused.code, 2, "{args:?}");
        assert!(refused.stderr.contains(why), "{args:?}: {}", refused.stderr);
    }
    assert!(!dir.path().join("polcheck-accepted.toml").exists());
}

#[test]
fn a_file_of_accepted_changes_that_is_wrong_accepts_nothing() {
    let dir = repository("[diff]\ndeny = [\"gained\"]\n", &[]);
    write(dir.path(), &[("p.cedar", GAINS)]);
    for (text, message) in [
        ("[[accepted]]\nwhat = \"x\"\nowner = \"y\"\nuntil = \"never\"\nfingerprint = \"z\"\n", "`never` is not a day"),
        ("[[accepted]]\nwhat = \"x\"\nfingerprint = \"z\"\n", "needs `owner` and `until`"),
        ("[[acepted]]\nwhat = \"x\"\n", "unknown key `acepted`"),
        ("what", "not TOML"),
    ] {
        write(dir.path(), &[("polcheck-accepted.toml", text)]);
        let (report, code) = json(dir.path(), &["diff", "HEAD"]);
        assert_eq!(code, 2, "{text}");
        let finding = &report["findings"][0];
        assert!(finding["message"].as_str().unwrap().contains(message), "{finding}");
        assert_eq!(finding["location"]["path"], "polcheck-accepted.toml");
    }
}

const ROWS: &str = r#"[
  { "name": "closed", "request": { "principal": "User::\"a\"", "action": "Action::\"view\"", "resource": "Doc::\"d\"",
    "context": { "mfa": false } }, "decision": "deny" },
  { "name": "open", "request": { "principal": "User::\"a\"", "action": "Action::\"view\"", "resource": "Doc::\"d\"",
    "context": { "mfa": true } }, "decision": "allow" }
]"#;

#[test]
fn whatever_holds_the_repository_less_strictly_is_said() {
    let config = "fail-on = \"warning\"\n[rules]\nplaceholder = \"error\"\n[[store]]\nname = \"main\"\nschema = \"app.cedarschema\"\n\
                  policies = \"*.cedar\"\ntests = \"*_test.json\"\nlevel = 1\n";
    let more = [("rows_test.json", ROWS), ("rules.cedarguard", "forbid (principal, action, resource);\n")];
    let dir = repository(config, &more);
    let kinds = |files: &[(&str, &str)]| -> Vec<String> {
        git(dir.path(), &["checkout", "-q", "."]);
        write(dir.path(), files);
        let report = json(dir.path(), &["diff", "HEAD"]).0;
        weakened(&report).into_iter().map(str::to_owned).collect()
    };
    assert_eq!(kinds(&[]), Vec::<String>::new());
    let changed = |from: &str, to: &str| config.replace(from, to);
    for (from, to, kind) in [
        ("placeholder = \"error\"", "placeholder = \"note\"", "level_lowered"),
        ("placeholder = \"error\"", "placeholder = \"off\"", "level_lowered"),
        ("fail-on = \"warning\"\n", "", "fail_on_lowered"),
        ("fail-on = \"warning\"\n", "fail-on = \"warning\"\nexclude = [\"legacy\"]\n", "exclude_added"),
        ("level = 1\n", "level = 2\n", "level_validation_loosened"),
        ("level = 1\n", "", "level_validation_loosened"),
        (
            "[[store]]",
            "[[override]]\npaths = [\"p.cedar\"]\nrules = { placeholder = \"warning\" }\n[[store]]",
            "level_lowered",
        ),
    ] {
        assert_eq!(kinds(&[("polcheck.toml", &changed(from, to))]), [kind], "{to}");
    }
    // Stricter is not weaker.
    assert_eq!(
        kinds(&[("polcheck.toml", &changed("fail-on = \"warning\"", "fail-on = \"note\""))]),
        Vec::<String>::new()
    );
    let flipped = ROWS.replace("\"deny\"", "\"allow\"");
    assert_eq!(kinds(&[("rows_test.json", &flipped)]), ["row_changed"]);
    let renamed = ROWS.replace("\"closed\"", "\"shut\"");
    assert_eq!(kinds(&[("rows_test.json", &renamed)]), ["row_removed"]);
    let suppressed = format!("// polcheck: ignore[placeholder] not now\n{OLD}");
    assert_eq!(kinds(&[("p.cedar", &suppressed)]), ["suppression_added"]);
    assert_eq!(kinds(&[("rules.cedarguard", "")]), ["guardrail_removed"]);
    let milder = "forbid (principal, action, resource) when { context.mfa };\n";
    assert_eq!(kinds(&[("rules.cedarguard", milder)]), ["guardrail_changed"]);
    let as_much = "forbid (principal, action, resource) when { context.mfa || !context.mfa };\n";
    assert_eq!(kinds(&[("rules.cedarguard", as_much)]), Vec::<String>::new());
    std::fs::remove_file(dir.path().join("rules.cedarguard")).unwrap();
    let report = json(dir.path(), &["diff", "HEAD"]).0;
    assert!(weakened(&report).contains(&"guardrail_removed"));
}

#[test]
fn nothing_suppresses_what_became_weaker() {
    let dir = repository("[diff]\ndeny = [\"gained\"]\n", &[]);
    write(dir.path(), &[("polcheck.toml", "")]);
    for report in ["human", "markdown", "github"] {
        let shown = run(dir.path(), &["diff", "HEAD", "--report", report, "--quiet"]).stdout;
        let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("a gate refused gained access and no longer does"), "{report}: {shown}");
    }
}

#[test]
fn check_compares_what_is_staged() {
    let dir = repository("[diff]\ndeny = [\"gained\"]\n", &[]);
    write(dir.path(), &[("p.cedar", GAINS)]);
    git(dir.path(), &["add", "."]);
    write(dir.path(), &[("p.cedar", OLD)]);
    let code = |args: &[&str]| json(Path::new(dir.path()), args).1;
    assert_eq!(code(&["check", "--against", "HEAD"]), 0);
    assert_eq!(code(&["check", "--staged", "--against", "HEAD"]), 1);
    assert_eq!(run(dir.path(), &["check", "--against", "nowhere"]).code, 2);
    assert_eq!(run(dir.path(), &["check", "-p", "p.cedar", "--against", "HEAD"]).code, 2);
}

#[test]
fn annotations_stand_at_the_line_that_changed() {
    let dir = TempDir::new().unwrap();
    git(dir.path(), &["init", "-q"]);
    let policy = |limit: &str| {
        format!(
            "@id(\"view\")\npermit (\n  principal,\n  action == Action::\"view\",\n  resource\n)\nwhen {{ {limit} }};\n"
        )
    };
    let kept = "@id(\"edit\")\npermit (principal, action == Action::\"edit\", resource) when { context.mfa };\n";
    let gone = "@id(\"gone\")\npermit (principal, action == Action::\"edit\", resource) when { !context.mfa };\n";
    write(dir.path(), &[("app.cedarschema", SCHEMA), ("p.cedar", &format!("{}{kept}{gone}", policy("context.mfa")))]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "one"]);
    write(dir.path(), &[("p.cedar", &format!("{}{kept}", policy("true")))]);
    let shown = run(dir.path(), &["diff", "HEAD", "--report", "github"]).stdout;
    let lines: Vec<&str> = shown.lines().filter(|line| line.starts_with("::notice")).collect();
    assert_eq!(lines.len(), 2, "{shown}");
    // The edited line; and for what is gone, the policy that stood before it.
    assert!(lines.iter().any(|line| line.contains("file=p.cedar,line=7,")), "{shown}");
    assert!(lines.iter().any(|line| line.contains("file=p.cedar,line=8,")), "{shown}");
}

/// The kind: a store that is new by the way it was found. A version beside the policies is a set of its own to us, and
/// part of the same to whatever deploys the folder.
#[test]
fn a_gate_for_a_store_holds_for_what_is_carved_out_of_its_folder() {
    for (store, folder) in [(".", ""), ("svc", "svc/")] {
        let config = format!("[[diff.gate]]\ndeny = \"gained\"\nstores = [\"{store}\"]\n");
        let place = |path: &str| format!("{folder}{path}");
        let dir = TempDir::new().unwrap();
        git(dir.path(), &["init", "-q"]);
        let (schema, policy) = (place("app.cedarschema"), place("p.cedar"));
        write(dir.path(), &[(&schema, SCHEMA), (&policy, OLD), ("polcheck.toml", &config)]);
        git(dir.path(), &["add", "."]);
        git(dir.path(), &["commit", "-qm", "one"]);
        for copy in ["p_v2.cedar", "deploy/p.cedar", "examples/p.cedar"] {
            write(dir.path(), &[(&place(copy), GAINS)]);
            let (report, code) = json(dir.path(), &["diff", "HEAD"]);
            assert_eq!((ruled(&report, "refused").len(), code), (2, 1), "{store} {copy}: {report:#}");
            std::fs::remove_file(dir.path().join(place(copy))).unwrap();
        }
        assert_eq!(json(dir.path(), &["diff", "HEAD"]).1, 0);
    }
}

fn rulings(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    report["weakened"].as_array().unwrap().iter().map(|one| (text(&one["kind"]), text(&one["ruling"]))).collect()
}

fn pair(kind: &str, ruling: &str) -> Vec<(String, String)> {
    vec![(kind.to_owned(), ruling.to_owned())]
}

/// The kind: a change that takes away what would have refused it, or what it is judged by.
#[test]
fn who_takes_the_rules_away_is_refused() {
    let guard = "@id(\"g\")\nforbid (principal, action, resource) unless { context.mfa };\n";
    let base = |config: &str| repository(config, &[("rules.cedarguard", guard), ("side/q.cedar", LOSES)]);
    let removed = |path: &'static str| move |dir: &Path| std::fs::remove_file(dir.join(path)).unwrap();
    let wrote = |path: &'static str, text: &'static str| move |dir: &Path| write(dir, &[(path, text)]);
    type Change<'c> = &'c dyn Fn(&Path);
    type Case<'c> = (&'static str, &'static str, Change<'c>, Vec<(String, String)>);
    let cases: [Case<'_>; 9] = [
        ("a lost schema", "", &removed("app.cedarschema"), pair("schema_lost", "refused")),
        ("a lost gate", "[diff]\ndeny = [\"lost\"]\n", &wrote("polcheck.toml", ""), pair("gate_removed", "refused")),
        ("a lost guardrail", "", &removed("rules.cedarguard"), pair("guardrail_removed", "refused")),
        (
            "a changed guardrail",
            "",
            &wrote("rules.cedarguard", "@id(\"g\")\nforbid (principal, action, resource) unless { true };\n"),
            pair("guardrail_changed", "refused"),
        ),
        (
            "a guardrail that reads the same, and one more",
            "",
            &wrote(
                "rules.cedarguard",
                "// a word\n@id(\"g\") forbid (principal, action, resource) unless { context.mfa };\nforbid (principal, action == Action::\"edit\", resource);\n",
            ),
            Vec::new(),
        ),
        (
            "a file that is left out now",
            "",
            &wrote("polcheck.toml", "exclude = [\"side\"]\n"),
            pair("file_unread", "refused"),
        ),
        (
            "a path that takes nothing of Cedar's",
            "",
            &wrote("polcheck.toml", "exclude = [\"docs\"]\n"),
            pair("exclude_added", "free"),
        ),
        (
            "a milder rule",
            "",
            &wrote("polcheck.toml", "[rules]\nplaceholder = \"off\"\n"),
            pair("level_lowered", "free"),
        ),
        (
            "a milder rule where nothing may weaken",
            "[diff]\ndeny = [\"weakened\"]\n",
            &wrote("polcheck.toml", "[diff]\ndeny = [\"weakened\"]\n[rules]\nplaceholder = \"off\"\n"),
            pair("level_lowered", "refused"),
        ),
    ];
    for (what, config, change, wanted) in cases {
        let dir = base(config);
        change(dir.path());
        for args in [&["diff", "HEAD"][..], &["check", "--against", "HEAD"]] {
            let (report, code) = json(dir.path(), args);
            let mut found = rulings(&report);
            found.dedup();
            assert_eq!(found, wanted, "{what} {args:?}");
            let refused = wanted.iter().any(|(_, ruling)| ruling == "refused");
            assert_eq!(code == 1, refused, "{what} {args:?}: {code}");
        }
        // Somebody may answer for it.
        let accepted = run(dir.path(), &["diff", "--accept", "me", "--until", "2999-01-01"]);
        let (report, code) = json(dir.path(), &["diff"]);
        let left = rulings(&report).into_iter().any(|(kind, ruling)| ruling == "refused" && kind != "acceptance_added");
        assert!(!left && accepted.code == 0, "{what}: {}", accepted.stderr);
        assert_eq!(code == 1, config.contains("weakened"), "an acceptance weakens as well: {what}");
    }
}

#[test]
fn an_acceptance_says_what_it_did_and_stands_beside_its_change() {
    let dir = repository("[diff]\ndeny = [\"gained\"]\n", &[]);
    let nothing = run(dir.path(), &["diff", "--accept", "me", "--until", "2999-01-01"]);
    assert!(nothing.stderr.contains("nothing is refused that can be accepted"), "{}", nothing.stderr);
    write(dir.path(), &[("p.cedar", GAINS)]);
    let past = run(dir.path(), &["diff", "--accept", "me", "--until", "2001-01-01"]);
    assert!(past.code == 2 && past.stderr.contains("has passed"), "{}", past.stderr);
    // What is refused names the gate and the way to accept it.
    let shown = run(dir.path(), &["diff"]).stdout;
    assert!(shown.contains("  ×+ ") && shown.contains("refused by the gate at polcheck.toml:2:"), "{shown}");
    let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("polcheck diff HEAD --accept OWNER --until DAY"), "{shown}");
    let done = run(dir.path(), &["diff", "--accept", "me", "--until", "2999-01-01"]);
    assert!(done.stderr.contains("  gained by p.cedar#view: Action::\"view\"\n"), "{}", done.stderr);
    let shown = run(dir.path(), &["diff"]).stdout;
    assert!(shown.contains("accepted by me until 2999-01-01, an acceptance that this change adds"), "{shown}");
    assert!(!shown.contains("! this weakens") && shown.contains("1 rule weakened"), "{shown}");
    assert_eq!(weakened(&json(dir.path(), &["diff"]).0), ["acceptance_added"]);
}

/// Where the base's acceptances alone count, a change cannot accept itself; whoever merges the acceptance first can.
#[test]
fn a_change_may_be_kept_from_accepting_itself() {
    let dir = repository("[diff]\ndeny = [\"gained\"]\naccept = \"base\"\n", &[]);
    write(dir.path(), &[("p.cedar", GAINS)]);
    run(dir.path(), &["diff", "--accept", "me", "--until", "2999-01-01"]);
    let (report, code) = json(dir.path(), &["diff"]);
    assert_eq!((ruled(&report, "refused").len(), code), (2, 1));
    git(dir.path(), &["add", "polcheck-accepted.toml"]);
    git(dir.path(), &["commit", "-qm", "accepted", "polcheck-accepted.toml"]);
    let (report, code) = json(dir.path(), &["diff"]);
    assert_eq!((ruled(&report, "accepted").len(), code), (2, 0));
}
