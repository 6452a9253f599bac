//! `polcheck who-can` and impacts where a schema, or an entity, is not what both sides have: what each side is read
//! under, and that what is not known is said and is not nobody.

use std::path::Path;

use serde_json::Value;

use crate::common::{git, json, run, write};

/// An array of entities without attributes, by `Type::id`.
fn people(all: &[&str]) -> String {
    let one = |name: &&str| {
        let (ty, id) = name.split_once("::").unwrap();
        format!("{{\"uid\": {{\"type\": \"{ty}\", \"id\": \"{id}\"}}, \"attrs\": {{}}, \"parents\": []}}")
    };
    format!("[{}]", all.iter().map(one).collect::<Vec<_>>().join(","))
}

/// A repository of one commit.
fn committed(dir: &Path, files: &[(&str, &str)]) {
    write(dir, files);
    for args in [&["init", "-q", "-b", "main"][..], &["add", "."], &["commit", "-q", "-m", "one"]] {
        git(dir, args);
    }
}

/// Principal, action, resource, what it came to and what it comes to.
fn lines(report: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = report["who_can"].as_array().expect("a list");
    let mut lines: Vec<String> = all
        .iter()
        .map(|one| {
            let names = ["principal", "action", "resource"].map(|key| text(&one[key])).join(" ");
            format!("{names}: {} {}", text(&one["before"]["decision"]), text(&one["decision"]))
        })
        .collect();
    lines.sort();
    lines
}

/// The messages of the notices of a kind.
fn notices(report: &Value, kind: &str) -> Vec<String> {
    let all = report["notices"].as_array().expect("a list").iter().filter(|one| one["kind"] == kind);
    all.map(|one| one["message"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn without_a_schema_no_context_is_ruled_out() {
    let dir = tempfile::tempdir().unwrap();
    // A schema that is inferred makes a truth value of it; a request may have anything there.
    let policy = "permit (principal, action == Action::\"view\", resource) when { context.b != true && context.b != false };\n\
        permit (principal, action == Action::\"edit\", resource) when { context.b || !context.b };";
    write(dir.path(), &[("policies.cedar", policy), ("entities.json", &people(&["User::ada"]))]);
    let (report, _) = json(dir.path(), &["who-can"]);
    assert_eq!(
        lines(&report),
        [
            "User::\"ada\" Action::\"edit\" User::\"ada\":  conditional",
            "User::\"ada\" Action::\"view\" User::\"ada\":  conditional",
        ],
        "{report:#}"
    );
}

#[test]
fn each_side_has_the_actions_members_and_contexts_of_its_schema() {
    let dir = tempfile::tempdir().unwrap();
    let schema = "entity User; entity Level enum [\"low\"]; action reading; action view in [reading] appliesTo { principal: User, resource: User };\n\
        action set appliesTo { principal: User, resource: Level, context: { mfa: Bool } };";
    let policy = "permit (principal, action in Action::\"reading\", resource);\n\
        permit (principal, action == Action::\"set\", resource == Level::\"high\");\n\
        permit (principal, action == Action::\"set\", resource == Level::\"low\") when { context has device };";
    let files = [("app.cedarschema", schema), ("policies.cedar", policy), ("entities.json", &people(&["User::ada"]))];
    committed(dir.path(), &files);
    let newer = schema.replace("view in [reading]", "view").replace("\"low\"", "\"low\", \"high\"");
    write(dir.path(), &[("app.cedarschema", &newer.replace("mfa: Bool", "mfa: Bool, device?: String"))]);
    let (report, _) = json(dir.path(), &["who-can", "--against", "HEAD"]);
    assert_eq!(
        lines(&report),
        [
            "User::\"ada\" Action::\"set\" Level::\"high\": deny allow",
            "User::\"ada\" Action::\"set\" Level::\"low\": deny conditional",
            "User::\"ada\" Action::\"view\" User::\"ada\": allow deny",
        ],
        "{report:#}"
    );
    let (report, _) = json(dir.path(), &["diff"]);
    assert_eq!((&report["impact"]["triples"], &report["impact"]["conditional"]), (&3.into(), &1.into()), "{report:#}");
    // A context that only one side takes is read by that one, and of the other it is said.
    write(dir.path(), &[("context.json", "{\"mfa\": true, \"device\": \"x\"}")]);
    let (report, code) = json(dir.path(), &["who-can", "-a", "set", "--against", "HEAD", "--context", "context.json"]);
    let low = "User::\"ada\" Action::\"set\" Level::\"low\": deny allow".to_owned();
    assert!(lines(&report).contains(&low), "{report:#}");
    let said = notices(&report, "asked-in-vain");
    assert!(code == 4 && said.len() == 1 && said[0].contains("before"), "{said:?}");
    assert_eq!(report["who_can_complete"], false);
}

#[test]
fn a_type_of_which_nobody_is_known_is_said_and_is_not_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let schema = "entity User, Robot, Idle; action view appliesTo { principal: [User, Robot], resource: User };\n\
        action rest appliesTo { principal: Idle, resource: User };";
    let policy = "permit (principal is Robot, action == Action::\"view\", resource);";
    committed(
        dir.path(),
        &[("app.cedarschema", schema), ("policies.cedar", policy), ("entities.json", &people(&["User::ada"]))],
    );
    let (report, code) = json(dir.path(), &["who-can"]);
    let said = notices(&report, "question-open");
    // Of those whom no permit may let in nothing is to be known.
    assert!(said.len() == 1 && said[0].contains("type `Robot`") && said[0].contains("view"), "{said:?}");
    assert_eq!(
        (code, &report["who_can_complete"], &report["who_can_stores"][0]["answered"]),
        (4, &false.into(), &false.into())
    );
    assert!(run(dir.path(), &["who-can"]).stdout.contains("not answered"));
    // Of a change it is said where it has a part in it.
    write(dir.path(), &[("policies.cedar", &format!("{policy}\npermit (principal is User, action, resource);"))]);
    let (report, _) = json(dir.path(), &["diff"]);
    assert_eq!(notices(&report, "impact-unknown"), Vec::<String>::new(), "{report:#}");
    write(dir.path(), &[("policies.cedar", "permit (principal is User, action, resource);")]);
    let (report, _) = json(dir.path(), &["diff"]);
    let said = notices(&report, "impact-unknown");
    assert!(said.len() == 1 && said[0].contains("Robot"), "{said:?}");
}

#[test]
fn who_is_named_by_a_policy_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let schema = "entity User; action view appliesTo { principal: User, resource: User };";
    let policy = "permit (principal == User::\"alice\", action, resource);";
    let files = [("app.cedarschema", schema), ("policies.cedar", policy), ("entities.json", &people(&["User::bob"]))];
    write(dir.path(), &files);
    let (report, code) = json(dir.path(), &["who-can", "-l", "User::\"alice\"", "-r", "User::\"bob\""]);
    assert_eq!((code, lines(&report)), (0, vec!["User::\"alice\" Action::\"view\" User::\"bob\":  allow".to_owned()]));
    let slip = run(dir.path(), &["who-can", "-l", "User::\"alicia\""]);
    assert!(slip.code == 2 && slip.stderr.contains("did you mean `User::\"alice\"`"), "{}", slip.stderr);
}

#[test]
fn what_has_no_answer_is_not_an_empty_one() {
    let dir = tempfile::tempdir().unwrap();
    let schema = "entity User = { a: Bool }; action view appliesTo { principal: User, resource: User };";
    // Chains of one kind are one level, so that each level is of the other.
    let mut deep = "principal.a".to_owned();
    for level in 0..220 {
        deep = format!("(principal.a {} {deep})", if level % 2 == 0 { "&&" } else { "||" });
    }
    let policy = format!("@id(\"abyss\") permit (principal, action, resource) when {{ {deep} }};");
    let user = "[{\"uid\": {\"type\": \"User\", \"id\": \"ada\"}, \"attrs\": {\"a\": true}, \"parents\": []}]";
    write(dir.path(), &[("app.cedarschema", schema), ("policies.cedar", &policy), ("entities.json", user)]);
    let unanswered = |named: &str| {
        let (report, code) = json(dir.path(), &["who-can"]);
        let said = notices(&report, "question-open").join("\n");
        assert!(code != 0 && said.contains(named), "{report:#}");
        assert_eq!(
            (&report["who_can_complete"], &report["who_can_stores"][0]["answered"]),
            (&false.into(), &false.into())
        );
        let page = run(dir.path(), &["who-can"]).stdout;
        assert!(!page.contains("nobody") && !page.contains("requests allowed"), "{page}");
    };
    unanswered("`policies.cedar#abyss` nest too deeply");
    // A schema that cannot be used is not none, whether entities are known or not.
    write(
        dir.path(),
        &[("app.cedarschema", "entity User = {"), ("policies.cedar", "permit (principal, action, resource);")],
    );
    unanswered("its schema cannot be used");
    std::fs::remove_file(dir.path().join("entities.json")).unwrap();
    unanswered("its schema cannot be used");
}

#[test]
fn what_a_chain_of_has_is_asked_of_is_asked_once() {
    let dir = tempfile::tempdir().unwrap();
    let schema = "entity User = { a?: { b?: { c?: Bool } } };\n\
        action view appliesTo { principal: User, resource: User, context: { a?: { b?: { c?: Bool } } } };";
    let mut of = "context".to_owned();
    for _ in 0..40 {
        of = format!("(if {of} has a.b.c then context else {{a: {{b: {{c: true}}}}}})");
    }
    let policy = format!("permit (principal, action == Action::\"view\", resource) when {{ {of} has a.b.c }};");
    write(dir.path(), &[("policies.cedar", &policy), ("entities.json", &people(&["User::ada"]))]);
    for schema in [None, Some(schema)] {
        schema.iter().for_each(|schema| write(dir.path(), &[("app.cedarschema", schema)]));
        let (report, _) = json(dir.path(), &["who-can"]);
        assert_eq!(lines(&report).len(), 1, "{report:#}");
    }
}

#[test]
fn conditions_beyond_the_bound_are_said_and_those_of_one_action_are_asked_once() {
    let dir = tempfile::tempdir().unwrap();
    let schema =
        "entity User, Doc, Box; action view appliesTo { principal: User, resource: [Doc, Box], context: { n: Long } };";
    let names = |count: usize| {
        let users = (0..count).map(|at| format!("User::u{at}"));
        let all: Vec<String> = users.chain(["Doc::d".to_owned(), "Box::b".to_owned()]).collect();
        people(&all.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let policies = |count: usize| -> String {
        let one =
            |at| format!("permit (principal == User::\"u{at}\", action, resource) when {{ context.n == {at} }};\n");
        (0..count).map(one).collect()
    };
    // 600 questions, were they asked for each type of resource.
    for (count, said) in [(300, 0), (510, 1)] {
        let files =
            [("app.cedarschema", schema), ("policies.cedar", &policies(count)), ("entities.json", &names(count))];
        write(dir.path(), &files);
        let (report, code) = json(dir.path(), &["who-can"]);
        let found = notices(&report, "question-open");
        assert_eq!((found.len(), code == 4), (said, said == 1), "{found:?}");
        assert!(found.iter().all(|one| one.contains("not looked at") && one.contains("Action::\"view\"")), "{found:?}");
        let hidden = report["who_can"].as_array().unwrap().iter().filter(|one| one["shown"] == false).count();
        assert_eq!(hidden, said * 20);
    }
}

#[test]
fn by_type_a_revision_stands_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let schema =
        "entity User = { level: Long }; action view, edit, drop appliesTo { principal: User, resource: User };";
    let policy = "permit (principal, action == Action::\"view\", resource);\n\
        permit (principal, action == Action::\"edit\", resource);";
    committed(dir.path(), &[("app.cedarschema", schema), ("policies.cedar", policy)]);
    let newer = policy.replace("\"edit\", resource)", "\"edit\", resource) when { principal.level > 1 }");
    let newer = newer.replace("\"view\"", "\"drop\"");
    write(dir.path(), &[("policies.cedar", &newer)]);
    let (report, code) = json(dir.path(), &["who-can", "--against", "HEAD"]);
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(
        lines(&report),
        [
            "User Action::\"drop\" User: deny allow",
            "User Action::\"edit\" User: allow conditional",
            "User Action::\"view\" User: allow deny",
        ]
    );
    let page = run(dir.path(), &["who-can", "--against", "HEAD"]).stdout;
    assert!(page.contains("  gained") && page.contains("  lost"), "{page}");
    assert!(page.contains("3 differ from before"), "{page}");
}

const BY_TYPE: &str = "entity Team; entity User in [Team] = { level: Long, on: Bool };\n\
    entity Doc = { owner: User, least: Long };\n\
    action view, edit appliesTo { principal: User, resource: Doc, context: { mfa: Bool, least: Long, by?: User } };\n\
    action list appliesTo { principal: [User, Team], resource: Doc, context: { from: ipaddr } };";

const BY_TYPE_POLICIES: &str = "@id(\"view\") permit (principal, action == Action::\"view\", resource) \
    when { context.mfa && principal.level >= context.least };\n\
    @id(\"edit\") permit (principal, action == Action::\"edit\", resource) \
    when { context has by && context.by == resource.owner || principal == resource.owner };\n\
    @id(\"off\") forbid (principal is User, action, resource) when { !principal.on };\n\
    @id(\"list\") permit (principal, action == Action::\"list\", resource) \
    when { context.from.isInRange(ip(\"10.0.0.0/8\")) };";

/// What of a context decides is worked out, and the condition is what is left: each action reads it as its own type.
#[test]
fn by_type_a_context_that_is_given_is_put_in() {
    let dir = tempfile::tempdir().unwrap();
    committed(dir.path(), &[("app.cedarschema", BY_TYPE), ("policies.cedar", BY_TYPE_POLICIES)]);
    let asked = |context: &str, args: &[&str]| {
        write(dir.path(), &[("context.json", context)]);
        json(dir.path(), &[&["who-can", "--context", "context.json"], args].concat())
    };
    let told = |report: &Value| -> Vec<String> {
        let all = report["who_can"].as_array().unwrap().iter();
        let text = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
        all.map(|one| format!("{} {}: {}", text(one, "principal"), text(one, "action"), text(one, "condition")))
            .collect()
    };
    let with = r#"{ "mfa": true, "least": 3, "by": { "__entity": { "type": "User", "id": "eve" } } }"#;
    let (report, code) = asked(with, &["-r", "Doc"]);
    assert_eq!(
        told(&report),
        [
            "User Action::\"edit\": (User::\"eve\" == resource.owner || principal == resource.owner) && !(!principal.on)",
            "User Action::\"view\": principal.level >= 3 && !(!principal.on)",
        ]
    );
    // The context is none of `list`.
    assert_eq!((code, notices(&report, "asked-in-vain").len()), (4, 1), "{report:#}");
    assert_eq!(report["who_can_complete"], false);
    let (report, code) = asked(r#"{ "mfa": false, "least": 3 }"#, &["-a", "view"]);
    assert_eq!((code, told(&report)), (0, Vec::new()));
    // What is there and no truth value.
    let (report, code) = asked(r#"{ "mfa": "yes", "least": 3 }"#, &["-a", "view"]);
    assert!(code == 4 && notices(&report, "asked-in-vain").len() == 1, "{report:#}");
    // As the schema reads it: text that is an address.
    let (report, code) = asked(r#"{ "from": "10.1.2.3" }"#, &["-a", "list"]);
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(told(&report), ["User Action::\"list\": !(!principal.on)", "Team Action::\"list\": "]);
    let (report, _) = asked(r#"{ "from": "11.1.2.3" }"#, &["-a", "list"]);
    assert_eq!(told(&report), Vec::<String>::new());
    // Who is asked about by name, and a name that is none.
    let (report, _) = asked(r#"{ "from": "10.1.2.3" }"#, &["-a", "list", "-l", "Team::\"a\""]);
    assert_eq!(told(&report), ["Team::\"a\" Action::\"list\": "]);
    let wrong = run(dir.path(), &["who-can", "--context", "context.json", "-a", "lisst"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("did you mean `list`?"), "{}", wrong.stderr);
    let wrong = run(dir.path(), &["who-can", "--context", "context.json", "-l", "Usr::\"a\""]);
    assert!(wrong.code == 2 && wrong.stderr.contains("did you mean `User`?"), "{}", wrong.stderr);
}

/// Of an enumerated type it is known who there is, whether or not there are entities.
#[test]
fn by_type_a_member_that_is_none_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let schema = "entity Tier enum [\"low\", \"high\"]; entity User; \
        action rate appliesTo { principal: User, resource: Tier };";
    write(dir.path(), &[("app.cedarschema", schema), ("p.cedar", "permit (principal, action, resource);")]);
    let wrong = run(dir.path(), &["who-can", "-r", "Tier::\"hihg\""]);
    let said = "`Tier::\"hihg\"` is not among the members of its type; did you mean `Tier::\"high\"`?";
    assert!(wrong.code == 2 && wrong.stderr.contains(said), "{}{}", wrong.stdout, wrong.stderr);
    let (report, code) = json(dir.path(), &["who-can", "-r", "Tier::\"high\""]);
    assert_eq!((lines(&report), code), (vec!["User Action::\"rate\" Tier::\"high\":  allow".to_owned()], 0));
}

/// Which of two conditions lets in more is decided, in the context that is given.
#[test]
fn by_type_what_two_conditions_differ_in_is_decided() {
    let dir = tempfile::tempdir().unwrap();
    committed(dir.path(), &[("app.cedarschema", BY_TYPE), ("policies.cedar", BY_TYPE_POLICIES)]);
    let words = |policies: &str, context: Option<&str>| -> Vec<String> {
        write(dir.path(), &[("policies.cedar", policies), ("context.json", context.unwrap_or_default())]);
        let args = ["who-can", "-a", "view", "--against", "HEAD", "--context", "context.json"];
        let run = run(dir.path(), if context.is_some() { &args } else { &args[..5] });
        let page = run.stdout;
        assert_eq!(run.code, 0, "{page}{}", run.stderr);
        let words = page.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
        words.filter(|word| ["gained", "lost", "changed", "same"].contains(word)).map(str::to_owned).collect()
    };
    let lower = BY_TYPE_POLICIES.replace(">= context.least", "> context.least - 2");
    let other = BY_TYPE_POLICIES.replace("principal.level >= context.least", "!(context.least > principal.level)");
    let given = Some(r#"{ "mfa": true, "least": 3 }"#);
    for context in [None, given] {
        assert_eq!(words(&other, context), ["same"], "the same in other words");
    }
    assert_eq!(words(&lower, given), ["gained"]);
    let higher = BY_TYPE_POLICIES.replace(">= context.least", "> context.least");
    assert_eq!(words(&higher, None), ["lost"]);
    let otherwise = BY_TYPE_POLICIES.replace("principal.level >=", "resource.least >=");
    assert_eq!(words(&otherwise, given), ["changed"]);
    // Nothing but what the context rules out is another.
    let hidden = BY_TYPE_POLICIES.replace("context.mfa &&", "(context.mfa || principal.level == 7) &&");
    assert_eq!(words(&hidden, given), ["same"]);
    assert_eq!(words(&hidden, None), ["gained"]);
}

/// No schema, half a schema, templates with links, carriers: what is not known is said, and no context is lost.
#[test]
fn by_type_a_context_is_put_in_whatever_the_store_is() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &[("context.json", r#"{ "mfa": true, "n": 4, "groups": [] }"#)]);
    let conditions = |args: &[&str]| {
        let (report, code) = json(dir.path(), &[&["who-can", "--context", "context.json"], args].concat());
        let all = report["who_can"].as_array().unwrap_or_else(|| panic!("{report:#}")).iter();
        let all: Vec<String> = all.map(|one| one["condition"].as_str().unwrap_or("always").to_owned()).collect();
        (all, code, report)
    };
    // No schema: any context fits.
    let loose = "permit (principal == User::\"a\", action == Action::\"x\", resource == Doc::\"d\") \
        when { context.mfa && context.n < resource.n && !context.groups.contains(\"g\") };";
    write(dir.path(), &[("policies.cedar", loose)]);
    let (found, code, report) = conditions(&["-l", "User::\"a\""]);
    assert_eq!(
        (found, code),
        (vec!["principal == User::\"a\" && resource == Doc::\"d\" && 4 < resource.n".to_owned()], 0),
        "{report:#}"
    );
    // A template with a link, and a schema.
    let schema = "entity User; entity Doc = { n: Long };\n\
        action x appliesTo { principal: User, resource: Doc, context: { mfa: Bool, n: Long, groups: Set<String> } };";
    let template = "@id(\"t\") permit (principal == ?principal, action, resource) \
        when { context.mfa && context.n < resource.n && !context.groups.contains(\"g\") };";
    let links = r#"[{ "template_id": "t", "link_id": "l", "args": { "?principal": "User::\"a\"" } }]"#;
    write(
        dir.path(),
        &[("app.cedarschema", schema), ("policies.cedar", template), ("links.cedartemplatelinks.json", links)],
    );
    let (found, code, report) = conditions(&["-a", "x"]);
    assert_eq!((found, code), (vec!["principal == User::\"a\" && 4 < resource.n".to_owned()], 0), "{report:#}");
}

#[test]
fn without_a_schema_no_schema_is_spoken_of() {
    let dir = tempfile::tempdir().unwrap();
    let files =
        [("policies.cedar", "permit (principal, action, resource);"), ("entities.json", &people(&["User::ada"]))];
    write(dir.path(), &files);
    let none = run(dir.path(), &["who-can"]);
    assert!(none.code == 2 && none.stderr.contains("no action is known here"), "{}", none.stderr);
}

/// What a context leads to is among the entities: who has a grant there is told from who has none.
#[test]
fn a_context_that_leads_to_entities_that_are_there_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let schema = "entity Team; entity User in [Team]; entity Doc; entity Grant = { to: User, until: datetime, by?: User };\n\
        action use appliesTo { principal: User, resource: Doc, context: { grant?: Grant, now: datetime } };";
    let policy = "permit (principal, action, resource) when { context has grant && context.grant.to == principal && \
        context.now < context.grant.until && context.grant has by && context.grant.by in Team::\"lead\" };";
    let uid = |ty: &str, id: &str| format!("{{ \"type\": \"{ty}\", \"id\": \"{id}\" }}");
    let one = |ty: &str, id: &str, attributes: &str, parents: &str| {
        format!("{{ \"uid\": {}, \"attrs\": {{ {attributes} }}, \"parents\": [{parents}] }}", uid(ty, id))
    };
    let grant = |to: &str, by: &str| {
        let until = "\"until\": { \"__extn\": { \"fn\": \"datetime\", \"arg\": \"2026-01-01\" } }";
        format!(
            "\"to\": {{ \"__entity\": {} }}, \"by\": {{ \"__entity\": {} }}, {until}",
            uid("User", to),
            uid("User", by)
        )
    };
    let entities = [
        one("Team", "lead", "", ""),
        one("User", "ada", "", ""),
        one("User", "bob", "", ""),
        one("User", "eve", "", &uid("Team", "lead")),
        one("Doc", "d", "", ""),
        one("Grant", "good", &grant("ada", "eve"), ""),
        one("Grant", "bad", &grant("bob", "ada"), ""),
    ];
    let entities = format!("[{}]", entities.join(",\n"));
    write(dir.path(), &[("app.cedarschema", schema), ("policies.cedar", policy), ("entities.json", &entities)]);
    let (report, code) = json(dir.path(), &["who-can", "-a", "use"]);
    assert_eq!(code, 0, "{report:#}");
    let shown = |one: &Value| (one["principal"].as_str().unwrap().to_owned(), one["shown"].as_bool().unwrap());
    let all: Vec<(String, bool)> = report["who_can"].as_array().unwrap().iter().map(shown).collect();
    let expected = [("ada", true), ("bob", false), ("eve", false)];
    assert_eq!(all, expected.map(|(id, shown)| (format!("User::\"{id}\""), shown)));
}

/// A condition of which a part is false, or errs, of these entities is met by no context, under a schema or none.
#[test]
fn what_no_context_can_meet_is_nobody_s() {
    let dir = tempfile::tempdir().unwrap();
    let policies = "permit (principal, action == Action::\"view\", resource) when { context.mfa && principal.level > 2 };\n\
                    forbid (principal, action, resource) when { context.locked && principal.level > 9 };\n";
    let entities = r#"[{"uid": {"type": "User", "id": "a"}, "attrs": {"level": 1}, "parents": []},
        {"uid": {"type": "User", "id": "b"}, "attrs": {"level": 3}, "parents": []},
        {"uid": {"type": "Doc", "id": "d"}, "attrs": {}, "parents": []}]"#;
    write(dir.path(), &[("p.cedar", policies), ("entities.json", entities)]);
    let (report, _) = json(dir.path(), &["who-can", "-r", "Doc::\"d\""]);
    let rows = report["who_can"].as_array().unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row["principal"].as_str().unwrap()).collect();
    assert_eq!(names, ["User::\"b\""], "{report:#}");
    assert_eq!(rows[0]["condition"], "context.mfa");
}

/// A group of actions is told from a slip, and what the context alone could bring over these entities is not counted as
/// a proved change.
#[test]
fn a_group_of_actions_is_no_slip() {
    let dir = tempfile::tempdir().unwrap();
    let schema =
        "entity User; action changing; action edit in [changing] appliesTo { principal: User, resource: User };";
    let policy = "permit (principal, action, resource);";
    write(dir.path(), &[("app.cedarschema", schema), ("p.cedar", policy), ("entities.json", &people(&["User::ada"]))]);
    let said = run(dir.path(), &["who-can", "-a", "changing"]);
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("is a group of actions") && said.stderr.contains("`edit`"), "{}", said.stderr);
}

/// What some context would bring if it led to entities that there are not is no change that was shown: it is said.
#[test]
fn a_change_that_the_entities_leave_no_room_for_is_said_to_be_unproved() {
    let dir = tempfile::tempdir().unwrap();
    let schema = "entity Team; entity User in [Team]; entity Doc;\n\
                  action view appliesTo { principal: User, resource: Doc, context: { who: User } };";
    let old = "permit (principal == User::\"a\", action, resource) when { context.who == User::\"b\" };";
    let new = old.replace(" };", " && !(context.who in Team::\"t2\") };");
    let entities = r#"[{"uid": {"type": "User", "id": "a"}, "attrs": {}, "parents": []},
        {"uid": {"type": "User", "id": "b"}, "attrs": {}, "parents": [{"type": "Team", "id": "t1"}]},
        {"uid": {"type": "User", "id": "c"}, "attrs": {}, "parents": [{"type": "Team", "id": "t1"}]},
        {"uid": {"type": "Team", "id": "t1"}, "attrs": {}, "parents": []},
        {"uid": {"type": "Team", "id": "t2"}, "attrs": {}, "parents": []},
        {"uid": {"type": "Doc", "id": "d"}, "attrs": {}, "parents": []}]"#;
    committed(dir.path(), &[("app.cedarschema", schema), ("p.cedar", old), ("entities.json", entities)]);
    write(dir.path(), &[("p.cedar", &new)]);
    let (report, _) = json(dir.path(), &["diff", "HEAD"]);
    assert!(report["gaps"].to_string().contains("counted and not proved"), "{:#}", report["gaps"]);
    // What a context shows that leads to somebody who is there is proved, though the engine names somebody else first.
    let staff = "permit (principal == User::\"a\", action, resource) when { context.who in Team::\"t1\" };";
    write(dir.path(), &[("p.cedar", &format!("{old}\n{staff}"))]);
    let (report, _) = json(dir.path(), &["diff", "HEAD"]);
    assert!(!report["gaps"].to_string().contains("counted and not proved"), "{:#}", report["gaps"]);
    assert!(report["impact"].to_string().contains("gain"), "{:#}", report["impact"]);
    write(dir.path(), &[("p.cedar", &new)]);
    // Where the entities have room for it, it is proved.
    write(dir.path(), &[("entities.json", &entities.replace("\"t1\"}]", "\"t2\"}]"))]);
    let (report, _) = json(dir.path(), &["diff", "HEAD"]);
    assert!(!report["gaps"].to_string().contains("counted and not proved"), "{:#}", report["gaps"]);
}
