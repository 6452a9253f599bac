//! Comparisons under an inferred schema: what nobody declared must not hide a change.

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use polcheck::config::Config;
use polcheck::diff::{Compared, compare};
use polcheck::finding::Environment;
use polcheck::infer::{Inferred, infer};
use polcheck::outcome::changes::{Relation, Status};
use polcheck::repo::{self, Repo};
use polcheck::source::Memory;
use serde_json::{Value, json};

use crate::common::rng::Rng;
use crate::common::{json as run_json, rules, run, write};

fn repo(files: &[(&str, &str)]) -> Repo {
    repo::load(&Memory::new(files.iter().copied()), &Config::default(), &repo::Request::default()).unwrap()
}

fn diff(old: &str, new: &str) -> Compared {
    compare(&repo(&[("p.cedar", old)]), &repo(&[("p.cedar", new)]))
}

/// Relations by action.
fn relations(compared: &Compared) -> Vec<(String, &'static str)> {
    let all = compared.stores[0].environments.iter();
    let name = |action: &str| action.trim_start_matches("Action::").trim_matches('"').to_owned();
    let mut all: Vec<_> = all.map(|change| (name(&change.environment.action), change.relation().as_str())).collect();
    all.sort();
    all.dedup();
    all
}

fn inferred(policies: &str) -> Inferred {
    let repo = repo(&[("p.cedar", policies)]);
    infer(&[Some(&repo.stores[0])]).unwrap()
}

/// The kind: a `has` that one side adds. Evidence never says that an attribute is there.
#[test]
fn a_guard_that_one_side_adds_never_makes_sides_the_same() {
    let bare = "@id(\"f\") forbid (principal, action, resource) unless { context.mfa };
        permit (principal, action, resource);";
    // A harmless policy that reads it bare must not say that it is always there.
    let more = "@id(\"h\") permit (principal, action == Action::\"log\", resource) when { context.mfa == true };";
    for extra in ["", more] {
        let old = format!("{bare}{extra}");
        let guarded = old.replace("unless { context.mfa }", "unless { context has mfa && context.mfa }");
        let compared = diff(&old, &guarded);
        assert!(compared.stores[0].count(Relation::Lost) > 0, "the hole is closed: {:#?}", relations(&compared));
        assert!(diff(&guarded, &old).stores[0].count(Relation::Gained) > 0);
    }
}

/// The kind: a group of actions whose members nobody names.
#[test]
fn a_group_of_actions_is_a_free_set() {
    let reads = "permit (principal, action in Action::\"reads\", resource);";
    let named = "permit (principal, action == Action::\"view\", resource);";
    let lost = diff(reads, "");
    assert_eq!(relations(&lost), [("reads, or any action in it".to_owned(), "lost")]);
    // Whether `view` is in `reads`, nothing says: what is taken away may be permitted all the same.
    let compared = diff(&format!("{reads}{named}"), reads);
    let of = |name: &str| relations(&compared).into_iter().find(|(action, _)| action == name).unwrap().1;
    assert_eq!(of("reads, or any action in it"), "same");
    assert_ne!(of("view"), "same");
    // A group that goes leaves `view` to nobody if it was in it.
    let compared = diff(&format!("{reads}{named}"), named);
    let view = relations(&compared).into_iter().find(|(action, _)| action == "view").unwrap().1;
    assert_eq!(view, "unknown");
    // Entities that say who is in it decide it.
    let members =
        r#"[{"uid": {"type": "Action", "id": "view"}, "attrs": {}, "parents": [{"type": "Action", "id": "reads"}]}]"#;
    let with = |policies: &str| repo(&[("p.cedar", policies), ("cedarentities.json", members)]);
    let compared = compare(&with(&format!("{reads}{named}")), &with(reads));
    assert_eq!(relations(&compared), [("view".to_owned(), "same")]);
    // Two groups may share an action.
    let writes = "forbid (principal, action in Action::\"writes\", resource);";
    let compared = diff(reads, &format!("{reads}{writes}"));
    assert_eq!(
        relations(&compared),
        [
            ("any action in reads and writes".to_owned(), "lost"),
            ("reads, or any action in it".to_owned(), "same"),
            ("writes, or any action in it".to_owned(), "same"),
        ]
    );
}

/// The kind: what a scope leaves open meets types and actions that nobody names.
#[test]
fn an_open_scope_meets_everything_else() {
    let named = "permit (principal is User, action == Action::\"view\", resource is Doc);";
    let open = "permit (principal, action, resource) when { principal.staff };";
    let compared = diff(named, &format!("{named}{open}"));
    let gained = |principal: &str, action: &str| {
        compared.stores[0].environments.iter().any(|change| {
            change.environment.principal == principal
                && change.environment.action == action
                && change.relation() == Relation::Gained
        })
    };
    assert!(gained("any other type", "Action::\"any other action\""));
    assert!(gained("any other type", "Action::\"view\"") && gained("User", "Action::\"any other action\""));
    assert!(compared.undecided.iter().all(|notice| notice.kind.as_str() == "schema-inferred"));
}

/// The kind: two types for one attribute. Only the policies that need the second are left undecided.
#[test]
fn what_contradicts_sets_aside_only_who_needs_it() {
    let base = "@id(\"n\") permit (principal, action == Action::\"a\", resource) when { context.level > 3 };
        @id(\"s\") permit (principal, action == Action::\"a\", resource) when { context.level like \"x*\" };
        @id(\"o\") permit (principal, action == Action::\"b\", resource) when { context.other > 3 };";
    let compared = diff(base, &base.replace("other > 3", "other > 2"));
    assert_eq!(relations(&compared), [("a".to_owned(), "same"), ("b".to_owned(), "gained")]);
    let compared = diff(base, &base.replace("level > 3", "level > 4"));
    let store = &compared.stores[0];
    assert_eq!(relations(&compared), [("a".to_owned(), "lost"), ("b".to_owned(), "same")]);
    assert_eq!(store.set_aside.len(), 1, "{:?}", store.set_aside);
    assert_eq!(store.set_aside[0].policy, "p.cedar#s");
    let why = &store.set_aside[0].why;
    assert!(why.contains("compared with a number") && why.contains("by `like` in `p.cedar#s`"), "{why}");
    // What is written out wrong is no question of what data holds.
    let strings = "forbid (principal, action == Action::\"a\", resource) when { context.cmd in [\"x\", \"y\"] };
        permit (principal, action, resource);";
    let fixed = strings.replace("context.cmd in [\"x\", \"y\"]", "[\"x\", \"y\"].contains(context.cmd)");
    let compared = diff(strings, &fixed);
    assert_eq!(relations(&compared), [("a".to_owned(), "lost"), ("any other action".to_owned(), "same")]);
}

/// A side that has a schema lends it to the side that has none, and that is a lost schema.
#[test]
fn a_schema_that_is_lost_is_lent_and_said() {
    let schema = "entity User { level: Long }; action a appliesTo { principal: User, resource: User };";
    let policy = "permit (principal, action, resource) when { principal.level > 3 };";
    let with = repo(&[("a.cedarschema", schema), ("p.cedar", policy)]);
    let without = repo(&[("p.cedar", policy)]);
    let compared = compare(&with, &without);
    assert!(!compared.stores[0].inferred);
    assert_eq!(compared.stores[0].schema_changes[0].kind, "schema_removed");
    assert_eq!(relations(&compared), [("a".to_owned(), "same")]);
}

/// What is printed can be committed: a check under it complains of nothing that the inference did.
#[test]
fn an_inferred_schema_can_be_committed() {
    let policies = "@id(\"a\")\npermit (principal is User, action in [Action::\"view\", Action::\"edit\"], resource is Doc)
when { resource.owner == principal && principal in Team::\"staff\" && resource.tags.contains(\"x\") };
@id(\"b\")\nforbid (principal, action == Action::\"edit\", resource)
unless { context has factor.strong && context.factor.strong && context.ip.isInRange(ip(\"10.0.0.0/8\")) };
@id(\"c\")\npermit (principal is User, action == Action::\"export\", resource)
when { context.at < datetime(\"2030-01-01\") && context.amount.lessThan(decimal(\"10.5\")) && principal.level + 1 > 3 };
@id(\"d\")\npermit (principal is App::Bot, action == Action::\"view\", resource) when { principal.hasTag(\"on\") && principal.getTag(\"on\") == \"yes\" };
";
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &[("p.cedar", policies)]);
    let printed = run(dir.path(), &["schema", "infer"]);
    assert_eq!(printed.code, 0, "{}", printed.stderr);
    for wanted in [
        "owner: User",
        "tags: Set<String>",
        "factor?: { strong?: Bool }",
        "ip: ipaddr",
        "at: datetime",
        "amount: decimal",
        "level: Long",
        "entity User in [Team]",
        "namespace App",
        "tags String",
        "// used as a date in `p.cedar#c`",
    ] {
        assert!(printed.stdout.contains(wanted), "{wanted}\n{}", printed.stdout);
    }
    assert!(!printed.stdout.contains("AnyOther"), "{}", printed.stdout);
    let written = run(dir.path(), &["schema", "infer", "-o", "app.cedarschema"]);
    assert_eq!(written.code, 0, "{}", written.stderr);
    let (report, code) = run_json(dir.path(), &["check"]);
    let wrong = report["findings"].as_array().unwrap().iter().filter(|one| one["level"] != "note");
    assert_eq!((code, wrong.count()), (0, 0), "{report:#}\n{}", printed.stdout);
    // There is a schema now.
    assert_eq!(run(dir.path(), &["schema", "infer"]).code, 2);
}

#[test]
fn names_from_strangers_make_no_other_schema() {
    let text = inferred(
        "permit (principal == User::\"a\", action == Action::\"x\\\"; entity Evil\\n\", resource)
         when { context[\"a b\\\" // \\n\"] == 1 && resource[\"__cedar\"] like \"a*\" };",
    );
    let schema = cedar_policy::Schema::from_cedarschema_str(&text.text);
    assert!(schema.is_ok(), "{}\n{:?}", text.text, schema.err());
    assert!(!text.text.contains("\nentity Evil"), "{}", text.text);
}

const ATTRIBUTES: [&str; 3] = ["a", "b", "c"];

fn condition(rng: &mut Rng) -> String {
    let at = |rng: &mut Rng| {
        let of = *rng.pick(&["context", "context", "principal", "resource"]);
        (of, *rng.pick(&ATTRIBUTES))
    };
    let (of, name) = at(rng);
    // Each attribute has one type throughout.
    let bare = match name {
        "a" => format!("{of}.a"),
        "b" => format!("{of}.b {} {}", rng.pick(&["<", ">", "==", "!="]), rng.below(3)),
        _ => format!("{of}.c == \"{}\"", rng.pick(&["x", "y"])),
    };
    match rng.below(5) {
        0 => format!("{of} has {name}"),
        1 => format!("!({of} has {name}) || {bare}"),
        2 | 3 => format!("{of} has {name} && {bare}"),
        _ => bare,
    }
}

fn policies(rng: &mut Rng) -> Vec<String> {
    let policy = |rng: &mut Rng| {
        let effect = rng.pick(&["permit", "permit", "forbid"]);
        let principal = rng.pick(&["principal", "principal is User", "principal == User::\"u\""]);
        let action = rng.pick(&[
            "action",
            "action == Action::\"view\"",
            "action in [Action::\"view\", Action::\"edit\"]",
            "action in Action::\"reads\"",
        ]);
        let resource = rng.pick(&["resource", "resource is Doc", "resource in Folder::\"f\""]);
        let mut text = format!("{effect} ({principal}, {action}, {resource})");
        for _ in 0..rng.below(3) {
            let keyword = rng.pick(&["when", "unless"]);
            text.push_str(&format!(" {keyword} {{ {} }}", condition(rng)));
        }
        text + ";"
    };
    (0..2 + rng.below(3)).map(|_| policy(rng)).collect()
}

/// A request and entities of a world that nobody declared: other types, other actions, members of groups, and
/// attributes that are there or not.
fn world(rng: &mut Rng) -> (Request, Entities) {
    let attributes = |rng: &mut Rng| {
        let mut all = serde_json::Map::new();
        for (name, values) in [
            ("a", vec![json!(true), json!(false)]),
            ("b", vec![json!(0), json!(1), json!(2)]),
            ("c", vec![json!("x"), json!("z")]),
        ] {
            if rng.percent(60) {
                all.insert(name.to_owned(), rng.pick(&values).clone());
            }
        }
        Value::Object(all)
    };
    let uid = |text: &str| text.parse::<EntityUid>().unwrap();
    let json_of = |text: &str| {
        let (ty, id) = text.rsplit_once("::").unwrap();
        json!({"type": ty, "id": id.trim_matches('"')})
    };
    let principal = *rng.pick(&["User::\"u\"", "User::\"v\"", "Robot::\"r\""]);
    let action = *rng.pick(&["Action::\"view\"", "Action::\"edit\"", "Action::\"purge\""]);
    let resource = *rng.pick(&["Doc::\"d\"", "Image::\"i\""]);
    let folder: Vec<Value> = if rng.percent(40) { vec![json_of("Folder::\"f\"")] } else { Vec::new() };
    let group: Vec<Value> = if rng.percent(40) { vec![json_of("Action::\"reads\"")] } else { Vec::new() };
    let context = Context::from_json_value(attributes(rng), None).unwrap();
    let entities = json!([
        {"uid": json_of(principal), "attrs": attributes(rng), "parents": []},
        {"uid": json_of(resource), "attrs": attributes(rng), "parents": folder},
        {"uid": json_of(action), "attrs": {}, "parents": group},
    ]);
    let request = Request::new(uid(principal), uid(action), uid(resource), context, None).unwrap();
    (request, Entities::from_json_value(entities, None).unwrap())
}

/// No request of any world changes its decision where the comparison says that nothing does. `POLCHECK_INFERRED` is the
/// number of pairs.
#[test]
fn nothing_that_changes_is_called_the_same() {
    let pairs = std::env::var("POLCHECK_INFERRED").map_or(250, |text| text.parse().unwrap());
    let (mut same, mut told, mut unknown, mut changed) = (0, 0, 0, 0);
    for seed in 0..pairs {
        let mut rng = Rng::new(seed);
        let old = policies(&mut rng);
        let mut new = old.clone();
        let at = rng.below(new.len());
        match rng.below(4) {
            0 => drop(new.remove(at)),
            1 => new.push(policies(&mut rng).remove(0)),
            2 => new[at] = new[at].replace(" has ", " has b && context has "),
            _ => new[at] = policies(&mut rng).remove(0),
        }
        let (old, new) = (old.join("\n"), new.join("\n"));
        let (Ok(old_set), Ok(new_set)) = (old.parse::<PolicySet>(), new.parse::<PolicySet>()) else { continue };
        let compared = diff(&old, &new);
        let store = &compared.stores[0];
        let count = |relation| store.count(relation);
        let open = count(Relation::Unknown) > 0 || store.unusable.is_some() || store.schemaless;
        let none = count(Relation::Gained) + count(Relation::Lost) + count(Relation::Both) == 0;
        same += usize::from(none && !open);
        told += usize::from(!none);
        unknown += usize::from(none && open);
        let authorizer = Authorizer::new();
        for _ in 0..200 {
            let (request, entities) = world(&mut rng);
            let decide = |set: &PolicySet| authorizer.is_authorized(&request, set, &entities).decision();
            let (before, after) = (decide(&old_set), decide(&new_set));
            if before == after {
                continue;
            }
            changed += 1;
            // In the environment that the request is of, the direction is told, or not decided.
            let all = &store.environments;
            let ty = |of: Option<&EntityUid>| of.unwrap().type_name().to_string();
            let (principal, resource) = (ty(request.principal()), ty(request.resource()));
            let action = request.action().unwrap();
            let named = all.iter().any(|change| change.environment.action == action.to_string());
            let reads: EntityUid = "Action::\"reads\"".parse().unwrap();
            let within = entities.is_ancestor_of(&reads, action);
            let grouped = all.iter().any(|change| change.environment.action.contains("reads"));
            let is_type = |name: &str, ty: &str, known: bool| name == ty || (!known && name.starts_with("any "));
            let known =
                |of: fn(&Environment) -> &String, ty: &str| all.iter().any(|change| of(&change.environment) == ty);
            let (known_principal, known_resource) =
                (known(|of| &of.principal, &principal), known(|of| &of.resource, &resource));
            let mine = all.iter().filter(|change| {
                let environment = &change.environment;
                let of_action = if named {
                    environment.action == action.to_string()
                } else {
                    environment.action.contains("any ") && environment.action.contains("reads") == (within && grouped)
                };
                of_action
                    && is_type(&environment.principal, &principal, known_principal)
                    && is_type(&environment.resource, &resource, known_resource)
            });
            let gained = after == Decision::Allow;
            let covered =
                mine.map(|change| if gained { &change.gained } else { &change.lost }).any(|one| *one != Status::No);
            assert!(covered, "{request}\n{entities:?}\n--- old\n{old}\n--- new\n{new}\n{all:#?}");
        }
    }
    println!("{same} same, {told} told, {unknown} open; {changed} requests changed");
    assert!(same > 3 && told > pairs as usize / 3 && changed > 500, "{same} {told} {changed}");
}

/// Of lint's proofs those run that hang on no type and on no attribute being there.
#[test]
fn what_hangs_on_no_type_is_proved_without_a_schema() {
    let dir = tempfile::tempdir().unwrap();
    let policies = "@id(\"wide\") permit (principal in Team::\"a\", action, resource);
@id(\"narrow\") permit (principal in Team::\"a\", action == Action::\"view\", resource) when { resource.open };
@id(\"deny\") forbid (principal, action == Action::\"edit\", resource) unless { context.mfa };
@id(\"late\") permit (principal in Team::\"b\", action == Action::\"edit\", resource) when { context has mfa && !context.mfa };
@id(\"dead\") permit (principal in Team::\"c\", action, resource) when { context.level > 3 && context.level < 2 };
";
    write(dir.path(), &[("p.cedar", policies)]);
    let (report, code) = run_json(dir.path(), &["check"]);
    let mut found: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["rule"].as_str().unwrap(), one["policy"].as_str().unwrap()))
        .collect();
    found.sort_unstable();
    // That `mfa` may be missing, and that nothing is both above 3 and below 2, is not looked for here.
    assert_eq!(found, [("overridden-permit", "p.cedar#late"), ("shadowed-permit", "p.cedar#narrow")], "{report:#}");
    assert_eq!(code, 0);
    assert!(report["inconclusive_reasons"].as_array().unwrap().is_empty());
    write(dir.path(), &[("polcheck.toml", "[schema]\ninferred = \"refuse\"\n")]);
    assert!(run_json(dir.path(), &["check"]).0["findings"].as_array().unwrap().is_empty());
}

/// What a schema that is inferred would declare and nobody meant: a slip in an attribute's name, guard and all; no
/// action at all. Attributes that are alike on purpose are no slip.
#[test]
fn what_an_inferred_schema_would_hide_is_said() {
    let permit =
        |condition: &str| format!("permit (principal, action == Action::\"view\", resource) when {{ {condition} }};\n");
    let known = [permit("resource.visibility == \"public\""), permit("resource.visibility == \"team\"")].concat();
    let slips = [
        ("resource.visibilty == \"all\"", true),
        ("resource has visibilty && resource.visibilty == \"all\"", true),
        ("resource.Visibility == \"all\"", true),
        ("resource.visible == true", false),
        ("resource.visibility2 == \"x\"", false),
        ("principal.visibilty == \"all\"", false),
        ("resource.meta.visibilty == \"all\"", false),
    ];
    for (condition, slip) in slips {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &[("p.cedar", &(known.clone() + &permit(condition)))]);
        let printed = run(dir.path(), &["schema", "infer"]);
        assert_eq!(
            printed.stderr.contains("one slip away from `resource.visibility`"),
            slip,
            "{condition}: {}",
            printed.stderr
        );
        let (report, _) = run_json(dir.path(), &["lint"]);
        assert_eq!(rules(&report).contains(&"near-miss-name"), slip, "{condition}: {report:#}");
        // A schema knows what is meant, and validation says what is not.
        write(
            dir.path(),
            &[(
                "app.cedarschema",
                "entity U { visibility: String, visibilty: String }; action view appliesTo { principal: U, resource: U };",
            )],
        );
        let (report, _) = run_json(dir.path(), &["lint"]);
        assert!(!rules(&report).contains(&"near-miss-name"), "{condition}: {report:#}");
    }
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &[("p.cedar", "permit (principal, action, resource) when { principal.level > 3 };")]);
    let printed = run(dir.path(), &["schema", "infer"]);
    assert!(printed.stderr.contains("no policy names an action"), "{}", printed.stderr);
}
