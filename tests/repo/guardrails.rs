//! `polcheck prove` as people run it: what comes of guardrails, what they are about, and that nothing takes them away.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{git, json, rules, run, write};

pub(crate) const SCHEMA: &str = r#"
entity Team;
entity User in [Team];
entity Customer;
action readProfile appliesTo { principal: [User], resource: [Customer], context: { network: String } };
action readPayment appliesTo { principal: [User], resource: [Customer], context: { network: String, mfa: Bool } };
"#;
pub(crate) const KEEPS: &str = r#"
@id("profiles")
permit (principal, action == Action::"readProfile", resource);
@id("payments")
permit (principal, action == Action::"readPayment", resource) when { context.mfa };
"#;
pub(crate) const BREAKS: &str = r#"
@id("profiles")
permit (principal, action == Action::"readProfile", resource);
@id("support-reads")
permit (principal in Team::"support", action, resource);
"#;
pub(crate) const RULE: &str = r#"
@id("second-factor")
@why("payment data opens after a second factor only")
forbid (principal, action == Action::"readPayment", resource) unless { context.mfa };
"#;

pub(crate) fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    write(dir.path(), files);
    dir
}

/// Id, status and, where there is one, the reason of every guardrail.
pub(crate) fn all(report: &Value) -> Vec<(&str, &str, &str)> {
    let guardrails = report["guardrails"].as_array().unwrap().iter();
    guardrails
        .map(|one| {
            let of = |key: &str| one[key].as_str().unwrap_or_default();
            (of("id"), of("status"), of("reason"))
        })
        .collect()
}

fn proved(files: &[(&str, &str)]) -> (Value, i32) {
    json(folder(files).path(), &["prove"])
}

fn with(policies: &str, rules: &str) -> (Value, i32) {
    proved(&[("app.cedarschema", SCHEMA), ("policies.cedar", policies), ("rules.cedarguard", rules)])
}

#[test]
fn what_is_kept_holds_and_what_is_not_is_shown_with_the_policy_at_fault_and_what_would_mend_it() {
    let (report, code) = with(KEEPS, RULE);
    assert_eq!((all(&report), code), (vec![("second-factor", "holds", "")], 0));
    let one = &report["guardrails"][0];
    assert_eq!(one["environments"][0]["action"], "Action::\"readPayment\"");
    assert_eq!(one["untouched"][0]["action"], "Action::\"readProfile\"");
    let (report, code) = with(BREAKS, RULE);
    assert_eq!((all(&report), code, &report["outcome"]), (vec![("second-factor", "broken", "")], 1, &"failed".into()));
    let one = &report["guardrails"][0];
    assert_eq!(one["why"], "payment data opens after a second factor only");
    assert_eq!(one["witness"]["request"]["action"]["id"], "readPayment");
    assert_eq!(one["witness"]["request"]["context"]["mfa"], false);
    assert_eq!(one["causes"][0]["policy"], "policies.cedar#support-reads");
    // Only what the guardrail is about is taken away: profiles stay open.
    let mend = "add `unless { action == Action::\"readPayment\" && !context.mfa }` to `support-reads`";
    assert_eq!(one["mend"], mend);
    let mended = BREAKS.replace("resource);\n@id", "resource);\n\n@id").replace(
        "action, resource);",
        "action, resource)\nunless { action == Action::\"readPayment\" && !context.mfa };",
    );
    assert_eq!(all(&with(&mended, RULE).0), [("second-factor", "holds", "")]);
}

#[test]
fn a_permit_is_broken_by_what_refuses_and_by_what_nobody_allows() {
    let rule = "@id(\"open\") permit (principal, action == Action::\"readProfile\", resource);";
    assert_eq!(all(&with(KEEPS, rule).0), [("open", "holds", "")]);
    let closed =
        format!("{KEEPS}@id(\"night\") forbid (principal, action, resource) when {{ context.network == \"\" }};");
    let (report, code) = with(&closed, rule);
    assert_eq!((all(&report), code), (vec![("open", "broken", "")], 1));
    assert_eq!(report["guardrails"][0]["causes"][0]["policy"], "policies.cedar#night");
    let (report, _) = with("permit (principal, action == Action::\"readPayment\", resource);", rule);
    assert_eq!(
        (all(&report), &report["guardrails"][0]["causes"]),
        (vec![("open", "broken", "")], &Value::Array(vec![]))
    );
    assert_eq!(report["guardrails"][0]["mend"], "add this guardrail to the policies, as a permit of its own");
}

/// The kind: a guardrail that cannot be evaluated on some request is about that request, however it came to be so.
#[test]
fn a_guardrail_that_fails_on_a_request_counts_as_matched() {
    let optional = SCHEMA.replace("mfa: Bool", "mfa?: Bool");
    let guarded = KEEPS.replace("context.mfa", "!(context has mfa) || context.mfa");
    let files = |rule: &str| {
        proved(&[("app.cedarschema", &optional), ("policies.cedar", &guarded), ("rules.cedarguard", rule)])
    };
    let (report, code) = files(RULE);
    assert_eq!((all(&report)[0].1, code), ("broken", 1));
    let slip = &report["guardrails"][0]["slips"][0];
    assert!(slip["guardrail_fails"].as_str().unwrap().contains("mfa"), "{slip:#}");
    // An action whose context has no such attribute: allowed there, so broken there.
    let everywhere = "@id(\"mfa\") forbid (principal, action, resource) unless { context.mfa };";
    let (report, _) = with(KEEPS, everywhere);
    assert_eq!(all(&report), [("mfa", "broken", "")]);
    assert_eq!(report["guardrails"][0]["slips"][0]["environment"]["action"], "Action::\"readProfile\"");
    // And a permit: a request that it fails on has to be allowed.
    let permit = "@id(\"mfa\") permit (principal, action == Action::\"readPayment\", resource) when { context.mfa };";
    assert_eq!(all(&with(KEEPS, permit).0), [("mfa", "holds", "")]);
    assert_eq!(all(&files(permit).0), [("mfa", "holds", "")]);
    let strict = KEEPS.replace("context.mfa", "context has mfa && context.mfa");
    let files = [("app.cedarschema", optional.as_str()), ("policies.cedar", &strict), ("rules.cedarguard", permit)];
    assert_eq!(all(&proved(&files).0), [("mfa", "broken", "")]);
}

#[test]
fn what_is_about_no_request_is_vacuous_and_says_what_may_have_been_meant() {
    let misspelt = RULE.replace("readPayment", "readPaymnt");
    let (report, code) = with(KEEPS, &misspelt);
    assert_eq!((all(&report)[0].1, code), ("vacuous", 1));
    assert!(all(&report)[0].2.ends_with("did you mean `readPayment`?"), "{report:#}");
    let nothing = "@id(\"never\") forbid (principal, action, resource) when { context.network != context.network };";
    let (report, code) = with(KEEPS, nothing);
    assert_eq!((all(&report)[0].1, code), ("vacuous", 1));
    // Nothing may be allowed there, and it is about requests all the same.
    let (report, code) = with("permit (principal, action == Action::\"readProfile\", resource);", RULE);
    assert_eq!((all(&report), code), (vec![("second-factor", "holds", "")], 0));
}

#[test]
fn what_cannot_be_told_is_no_green() {
    // Without a schema nobody knows whether the attribute is there.
    let bare =
        "permit (principal, action == Action::\"readPayment\", resource) when { context.network == \"office\" };";
    let (report, code) = proved(&[("policies.cedar", bare), ("rules.cedarguard", RULE)]);
    assert_eq!((all(&report)[0].1, code), ("broken", 1), "the guardrail says that it is false somewhere");
    let (report, code) = proved(&[
        ("policies.cedar", "permit (principal, action == Action::\"readPayment\", resource) when { context.mfa };"),
        ("rules.cedarguard", RULE),
    ]);
    assert_eq!((all(&report)[0].1, code), ("holds", 0));
    let toml = "[[guardrail.isolate]]\nprincipal = \"tenant\"\nresource = \"tenant\"\n";
    let (report, code) = proved(&[("app.cedarschema", SCHEMA), ("policies.cedar", KEEPS), ("polcheck.toml", toml)]);
    assert_eq!((all(&report)[0].1, code, &report["outcome"]), ("not_covered", 4, &"inconclusive".into()));
    let uncovered = report["guardrails"][0]["uncovered"].as_array().unwrap();
    assert_eq!(uncovered.len(), 2);
    assert_eq!(uncovered[0]["why"], "nothing declares `principal.tenant` there");
    // Where nothing is allowed there is nothing to isolate.
    let one = "permit (principal, action == Action::\"readProfile\", resource);";
    let (report, _) = proved(&[("app.cedarschema", SCHEMA), ("policies.cedar", one), ("polcheck.toml", toml)]);
    assert_eq!(report["guardrails"][0]["uncovered"].as_array().unwrap().len(), 1);
}

#[test]
fn nothing_takes_a_broken_guardrail_away() {
    let suppressed = format!("// polcheck: ignore[guardrail-broken] reviewed by the team\n{BREAKS}");
    let ignored = format!("// polcheck: ignore[second-factor] reviewed by the team\n{RULE}");
    let toml = "baseline = \"polcheck-baseline.json\"\n";
    let dir = folder(&[
        ("app.cedarschema", SCHEMA),
        ("policies.cedar", &suppressed),
        ("rules.cedarguard", &ignored),
        ("polcheck.toml", toml),
        ("polcheck-baseline.json", "{\"format\": 1, \"findings\": []}\n"),
    ]);
    run(dir.path(), &["baseline"]);
    for command in ["prove", "check"] {
        for more in [&[][..], &["--fail-on", "never"], &["-q"]] {
            let (report, code) = json(dir.path(), &[&[command], more].concat());
            assert_eq!((all(&report)[0].1, code), ("broken", 1), "{command} {more:?}");
        }
    }
}

#[test]
fn templates_count_as_linked_unless_the_links_are_complete() {
    let template =
        format!("{KEEPS}@id(\"grant\") permit (principal == ?principal, action == Action::\"readPayment\", resource);");
    let files = |toml: &'static str| {
        let dir = folder(&[
            ("app.cedarschema", SCHEMA),
            ("policies/policies.cedar", &template),
            ("rules.cedarguard", RULE),
            ("polcheck.toml", toml),
        ]);
        json(dir.path(), &["prove"])
    };
    let store = "[[store]]\nname = \"app\"\nschema = \"app.cedarschema\"\npolicies = \"policies\"\n";
    let (report, code) = files("");
    assert_eq!((all(&report)[0].1, code), ("broken", 1));
    assert_eq!(report["guardrails"][0]["causes"][0]["does"], "allows it once it is linked so");
    let toml: &'static str = Box::leak(format!("{store}links = \"complete\"\n").into_boxed_str());
    let (report, code) = files(toml);
    assert_eq!((all(&report)[0].1, code), ("holds", 0));
    assert!(report["guardrail_assumptions"].to_string().contains("no other links"), "{report:#}");
    // The other way round: a link that forbids would close what has to stay open.
    let closing = format!("{KEEPS}forbid (principal == ?principal, action, resource);");
    let rule = "@id(\"open\") permit (principal, action == Action::\"readProfile\", resource);";
    let (report, _) = with(&closing, rule);
    assert_eq!(
        (all(&report)[0].1, &report["guardrails"][0]["causes"][0]["does"]),
        ("broken", &"refuses it once it is linked so".into())
    );
}

#[test]
fn a_file_of_guardrails_is_about_the_stores_at_or_around_it() {
    let files = [
        ("a/app.cedarschema", SCHEMA),
        ("a/p.cedar", KEEPS),
        ("b/app.cedarschema", SCHEMA),
        ("b/p.cedar", BREAKS),
        ("a/rules/here.cedarguard", RULE),
    ];
    let dir = folder(&files);
    let (report, code) = json(dir.path(), &["prove"]);
    assert_eq!((all(&report), code), (vec![("second-factor", "holds", "")], 0));
    std::fs::rename(dir.path().join("a/rules/here.cedarguard"), dir.path().join("here.cedarguard")).unwrap();
    let (report, code) = json(dir.path(), &["prove"]);
    assert_eq!((all(&report), code), (vec![("second-factor", "broken", "")], 1));
    assert_eq!(report["guardrails"][0]["slips"][0]["store"], "b");
    // A path selects guardrails as well, wherever their stores are.
    write(
        dir.path(),
        &[("rules/more.cedarguard", "@id(\"more\") forbid (principal, action, resource) unless { true };")],
    );
    let (report, _) = json(dir.path(), &["prove", "rules"]);
    assert_eq!(all(&report).into_iter().map(|one| one.0).collect::<Vec<_>>(), ["more"]);
    std::fs::remove_file(dir.path().join("rules/more.cedarguard")).unwrap();
    // A path selects the stores, and a copy of a folder may have guardrails called alike.
    assert_eq!(json(dir.path(), &["prove", "a"]).1, 0);
    write(dir.path(), &[("a/copy.cedarguard", RULE), ("b/copy.cedarguard", RULE)]);
    let (report, _) = json(dir.path(), &["check", "a"]);
    assert_eq!((rules(&report).contains(&"guardrail-error"), all(&report).len()), (false, 2));
    // In one folder an id stands for one guardrail.
    write(dir.path(), &[("a/again.cedarguard", RULE)]);
    assert_eq!(rules(&json(dir.path(), &["prove", "a"]).0), ["guardrail-error"]);
}

#[test]
fn a_guardrail_that_cannot_be_read_is_an_error_and_hides_no_other() {
    let broken =
        format!("forbid (principal action);\n{RULE}@id(\"slot\") forbid (principal == ?principal, action, resource);");
    let (report, code) = with(KEEPS, &broken);
    assert_eq!((rules(&report), code), (vec!["syntax-error", "guardrail-error"], 1));
    assert_eq!(all(&report), [("second-factor", "holds", "")]);
    let (_, code) = proved(&[("app.cedarschema", SCHEMA), ("policies.cedar", KEEPS)]);
    assert_eq!(code, 3, "there is nothing to prove");
}

#[test]
fn annotations_are_proved_as_guardrails() {
    let schema = r#"
        entity User; entity Doc { until: datetime };
        @sensitive("context.mfa") action read appliesTo { principal: User, resource: Doc, context: { mfa: Bool, now: datetime } };
    "#;
    let store = |policies: &str| {
        let (report, code) = proved(&[("app.cedarschema", schema), ("policies.cedar", policies)]);
        (all(&report).into_iter().map(|(id, status, _)| format!("{id}: {status}")).collect::<Vec<_>>(), code)
    };
    let kept = r#"
        @id("a") @expires("2027-01-01T00:00:00Z") permit (principal, action, resource)
            when { context.mfa && context.now < datetime("2027-01-01T00:00:00Z") };
        @id("b") @temporary permit (principal, action, resource) when { context.mfa && context.now < resource.until };
    "#;
    let all = ["sensitive read: holds", "expires a: holds", "temporary b: holds"].map(str::to_owned).to_vec();
    assert_eq!(store(kept), (all, 0));
    let broken =
        kept.replace("context.now < datetime(\"2027-01-01T00:00:00Z\")", "context.now <= datetime(\"2027-01-01\")");
    let broken =
        broken.replace("context.now < resource.until", "resource.until < context.now").replace("context.mfa && ", "");
    let all = ["sensitive read: broken", "expires a: broken", "temporary b: broken"].map(str::to_owned).to_vec();
    assert_eq!(store(&broken), (all, 1));
    // The first instant after the end is shown, and what ends it.
    let (report, _) = proved(&[("app.cedarschema", schema), ("policies.cedar", &broken)]);
    let now = &report["guardrails"][1]["witness"]["request"]["context"]["now"];
    assert!(now.to_string().contains("2027-01-01"), "{now}");
    let mend = report["guardrails"][1]["mend"].as_str().unwrap();
    assert!(mend.starts_with("add `unless { context.now >= datetime(\"2027-01-01T00:00:00.000Z\") }`"), "{mend}");
    let (report, code) = proved(&[
        ("app.cedarschema", schema),
        ("policies.cedar", "@expires(\"soon\") permit (principal, action, resource) when { context.mfa };"),
    ]);
    let text = report["guardrails"][1]["reason"].as_str().unwrap();
    assert!(text.contains("`soon` is no instant") && code == 4, "{text}");
}

#[test]
fn the_end_of_a_time_is_shown_at_its_boundary() {
    let schema = "entity User; entity Doc; action read appliesTo { principal: User, resource: Doc, context: { now: datetime, from: datetime } };";
    let toml = "[[guardrail.expires]]\nactions = [\"read\"]\nfrom = \"context.from\"\nwithin = \"30m\"\n";
    let files = |policy: &str| proved(&[("a.cedarschema", schema), ("p.cedar", policy), ("polcheck.toml", toml)]);
    let good = "permit (principal, action, resource) when { context.now < context.from.offset(duration(\"30m\")) };";
    assert_eq!(all(&files(good).0)[0].1, "holds");
    let (report, _) = files(&good.replace("context.now <", "context.now <="));
    let context = &report["guardrails"][0]["witness"]["request"]["context"];
    let time = |key: &str| {
        let text = context[key]["__extn"]["arg"].as_str().unwrap();
        let day = text.parse::<jiff::civil::Date>().map(|day| day.to_datetime(jiff::civil::Time::midnight()));
        let zoned = |at: jiff::civil::DateTime| at.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
        text.parse::<jiff::Timestamp>().unwrap_or_else(|_| zoned(day.unwrap())).as_millisecond()
    };
    assert_eq!(time("now") - time("from"), 30 * 60 * 1000, "{context:#}");
    // A clock that is a number, in seconds.
    let schema = schema.replace("datetime", "Long");
    let seconds = |policy: &str| {
        all(&proved(&[("a.cedarschema", &schema), ("p.cedar", policy), ("polcheck.toml", toml)]).0)[0].1.to_owned()
    };
    let good = "permit (principal, action, resource) when { context.now >= context.from && context.now < context.from + 1800 };";
    assert_eq!(seconds(good), "holds");
    assert_eq!(seconds(&good.replace("1800", "1801")), "broken");
}

#[test]
fn actions_that_are_told_apart_by_what_one_of_them_alone_has_are_named_with_it() {
    let schema = SCHEMA.replace("readProfile appliesTo", "show appliesTo").replace("readPayment", "call");
    let toml = "[[guardrail.same]]\nactions = [\"show\", \"call\"]\n";
    let same = |policies: &str| proved(&[("app.cedarschema", &schema), ("p.cedar", policies), ("polcheck.toml", toml)]);
    let good = "permit (principal, action, resource) when { context.network == \"office\" };";
    assert_eq!(all(&same(good).0)[0].1, "holds");
    let (report, _) = same(
        "permit (principal, action == Action::\"show\", resource); permit (principal, action == Action::\"call\", resource) when { context.mfa };",
    );
    let one = &report["guardrails"][0];
    assert_eq!(one["status"], "broken");
    let asked =
        ["request", "other_request"].map(|key| one["witness"][key]["action"]["id"].as_str().unwrap().to_owned());
    assert_eq!(asked, ["show", "call"]);
    let broken = "permit (principal, action == Action::\"show\", resource) when { context.network == \"a\" };
        permit (principal, action == Action::\"call\", resource) when { context.mfa && context.network == \"a\" };";
    let (report, _) = same(broken);
    let slip = report["guardrails"][0]["slips"][0]["message"].as_str().unwrap();
    assert!(slip.contains("hangs on `mfa` of `call`"), "{slip}");
    let (report, code) = proved(&[
        ("app.cedarschema", &schema),
        ("p.cedar", good),
        ("polcheck.toml", "[[guardrail.same]]\nactions = [\"show\", \"cal\"]\n"),
    ]);
    assert_eq!((rules(&report), code), (vec!["configuration"], 2));
}

#[test]
fn reports_of_every_format_name_the_guardrail_its_reason_and_the_line_that_let_it() {
    let dir = folder(&[("app.cedarschema", SCHEMA), ("policies.cedar", BREAKS), ("rules.cedarguard", RULE)]);
    for format in ["human", "github", "sarif", "gitlab", "junit", "markdown", "json"] {
        let said = run(dir.path(), &["check", "--report", format]).stdout;
        for what in ["second-factor", "support-reads", "policies.cedar"] {
            assert!(said.contains(what), "{format}: {what}\n{said}");
        }
        let why = said.contains("payment data opens after a second factor only");
        assert!(why, "{format}\n{said}");
    }
    let holds = folder(&[("app.cedarschema", SCHEMA), ("policies.cedar", KEEPS), ("rules.cedarguard", RULE)]);
    let said = run(holds.path(), &["prove", "--report", "junit"]).stdout;
    assert!(said.contains("guardrail second-factor") && !said.contains("<failure"), "{said}");
    assert!(run(holds.path(), &["check"]).stdout.contains("1 guardrail holds"));
}

#[test]
fn guardrails_hold_in_the_index_and_in_files_named_one_by_one() {
    let dir = folder(&[("app.cedarschema", SCHEMA), ("policies.cedar", KEEPS), ("rules.cedarguard", RULE)]);
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    write(dir.path(), &[("policies.cedar", BREAKS)]);
    assert_eq!(run(dir.path(), &["prove", "--staged"]).code, 0);
    assert_eq!(run(dir.path(), &["prove"]).code, 1);
    let args = ["prove", "-p", "policies.cedar", "-p", "rules.cedarguard", "-s", "app.cedarschema"];
    let (report, code) = json(Path::new(dir.path()), &args);
    assert_eq!((all(&report)[0].1, code), ("broken", 1));
}

/// The kind: a pattern that takes a file of guardrails along with policies.
#[test]
fn a_guardrail_is_no_policy_whatever_names_its_file() {
    for pattern in ["a/*.cedar*", "a/*", "a/**", "a"] {
        let toml = format!("[[store]]\nname = \"a\"\nschema = \"a/s.cedarschema\"\npolicies = [\"{pattern}\"]\n");
        let dir = folder(&[
            ("a/s.cedarschema", SCHEMA),
            ("a/p.cedar", BREAKS),
            ("a/g.cedarguard", RULE),
            ("polcheck.toml", &toml),
        ]);
        let (report, code) = json(dir.path(), &["prove"]);
        assert_eq!((all(&report), code), (vec![("second-factor", "broken", "")], 1), "{pattern}");
        assert_eq!(report["summary"]["policies"], 2, "{pattern}");
    }
}

#[test]
fn requests_without_a_partner_are_no_agreement() {
    let schema = "entity User; entity Doc;\n\
        action view appliesTo { principal: User, resource: Doc, context: { o?: Long } };\n\
        action show appliesTo { principal: User, resource: Doc, context: { o: Long } };";
    let same = |policy: &str, toml: &str| {
        let (report, code) = proved(&[("a.cedarschema", schema), ("p.cedar", policy), ("polcheck.toml", toml)]);
        (all(&report)[0].1.to_owned(), code)
    };
    let both = "[[guardrail.same]]\nactions = [\"view\", \"show\"]\n";
    let absent = "permit (principal, action == Action::\"view\", resource) when { !(context has o) };";
    assert_eq!(same(absent, both), ("not_covered".to_owned(), 4));
    let present = "permit (principal, action, resource) when { context has o && context.o > 0 };";
    assert_eq!(same(present, both), ("holds".to_owned(), 0));
    // A second guardrail of one name is an error, wherever it stands.
    let again = format!("{both}id = \"x\"\n[[guardrail.isolate]]\nid = \"x\"\nprincipal = \"a\"\nresource = \"a\"\n");
    let (report, code) = proved(&[("a.cedarschema", schema), ("p.cedar", present), ("polcheck.toml", &again)]);
    assert_eq!((rules(&report), code), (vec!["configuration"], 2));
    // An action that is named twice is one.
    let twice = "[[guardrail.same]]\nactions = [\"view\", \"show\", \"view\"]\n";
    assert_eq!(same(present, twice), ("holds".to_owned(), 0));
}

#[test]
fn only_what_a_clock_is_compared_with_is_a_time() {
    let schema = "entity User; entity File { sizeBytes: Long, until: Long } tags Long;\n\
        action read appliesTo { principal: User, resource: File, context: { now: Long } };";
    let status = |condition: &str| {
        let policy = format!("@temporary permit (principal, action, resource) when {{ {condition} }};");
        let (report, _) = proved(&[("a.cedarschema", schema), ("p.cedar", &policy)]);
        all(&report)[0].1.to_owned()
    };
    assert_eq!(status("context.now < 1900000000"), "holds");
    assert_eq!(status("context.now < resource.until"), "holds");
    assert_eq!(status("context.now < 1900000000 || resource.sizeBytes > 300000000000"), "broken");
    // What is not looked into is not known.
    assert_eq!(status("resource.hasTag(\"until\") && context.now < resource.getTag(\"until\")"), "unknown");
}

#[test]
fn a_part_of_a_repository_judges_no_guardrail_about_another() {
    let other = SCHEMA.replace("readPayment", "refund");
    let dir = folder(&[
        ("a/app.cedarschema", SCHEMA),
        ("a/p.cedar", KEEPS),
        ("b/app.cedarschema", &other),
        ("b/p.cedar", "permit (principal, action == Action::\"readProfile\", resource);"),
        ("rules.cedarguard", RULE),
    ]);
    assert_eq!(all(&json(dir.path(), &["prove"]).0), [("second-factor", "holds", "")]);
    for args in [&["check", "b"][..], &["check", "--store", "b"]] {
        let (report, code) = json(dir.path(), args);
        assert_eq!((all(&report), code), (vec![], 0), "{args:?}");
    }
}

#[test]
fn without_a_schema_a_guardrail_makes_no_action_of_what_it_names() {
    let policy = "permit (principal, action == Action::\"read\", resource) when { context.mfa };";
    let rule = "@id(\"mfa\") forbid (principal, action == Action::\"raed\", resource) unless { context.mfa };";
    let (report, code) = proved(&[("p.cedar", policy), ("g.cedarguard", rule)]);
    assert_eq!((all(&report)[0].1, code), ("vacuous", 1));
}

/// The first block of `kind` in the part of a rule's page that is called `part`.
fn block(page: &str, part: &str, kind: &str) -> String {
    let (_, part) = page.split_once(&format!("## {part}\n")).unwrap();
    let (_, block) = part.split_once(&format!("```{kind}\n")).unwrap();
    block.split_once("```").unwrap().0.to_owned()
}

/// A broken guardrail that stands for a rule is found under the rule's name, with its page, by every report that names
/// rules; what the page recommends is clean, and the schema's annotation is the same on both sides.
#[test]
fn a_broken_annotation_is_found_under_the_name_of_its_rule() {
    for id in ["grant-never-expires", "sensitive-without-guard"] {
        let page = std::fs::read_to_string(format!("docs/rules/{id}.md")).unwrap();
        let schema = block(&page, "Avoid", "cedarschema");
        for (part, code) in [("Avoid", 1), ("Prefer", 0)] {
            let policies = block(&page, part, "cedar");
            let dir = folder(&[("app.cedarschema", &schema), ("policies.cedar", &policies)]);
            let sarif = run(dir.path(), &["check", "--report", "sarif"]);
            assert_eq!(sarif.code, code, "{id} {part}");
            let sarif: Value = serde_json::from_str(&sarif.stdout).unwrap();
            let found: Vec<_> = sarif["runs"][0]["results"].as_array().unwrap().iter().collect();
            let names: Vec<_> = found.iter().map(|one| one["ruleId"].as_str().unwrap()).collect();
            assert_eq!(names, if code == 1 { vec![id] } else { vec![] }, "{part}");
            let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
            let rule = rules.iter().find(|rule| rule["id"] == id).unwrap();
            assert!(rule["helpUri"].as_str().unwrap().ends_with(&format!("docs/rules/{id}.md")));
            let junit = run(dir.path(), &["check", "--report", "junit"]).stdout;
            assert_eq!(junit.contains(&format!("type=\"{id}\"")), code == 1, "{junit}");
        }
        let config = format!("[rules]\n{id} = \"off\"\n");
        let policies = block(&page, "Avoid", "cedar");
        let dir = folder(&[("app.cedarschema", &schema), ("policies.cedar", &policies), ("polcheck.toml", &config)]);
        let (report, code) = json(dir.path(), &["check"]);
        assert_eq!((code, rules(&report)), (2, vec!["configuration"]), "{id}");
    }
}
