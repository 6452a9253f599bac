//! Comparisons by hand: what a schema, a template, a link or a file that does not load does to who is permitted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use polcheck::config::Config;
use polcheck::diff::{Compared, compare};
use polcheck::outcome::NoticeKind;
use polcheck::outcome::changes::{Change, EnvironmentChange, LeftOver, Lifecycle, Relation, Status};
use polcheck::repo::{self, Repo};
use polcheck::source::Memory;

const SCHEMA: &str = "entity Group; entity User in [Group] { a: Bool, b: Bool, level?: Long };
entity Doc { open: Bool };
action view appliesTo { principal: User, resource: Doc, context: { on: Bool } };
action edit appliesTo { principal: User, resource: Doc };
";
const ALL: &str = "permit (principal, action, resource);";
const EDIT: &str = "permit (principal, action == Action::\"edit\", resource);";
const VIEW: &str = "permit (principal, action == Action::\"view\", resource);";

fn repo(files: &[(&str, &str)]) -> Repo {
    repo::load(&Memory::new(files.iter().copied()), &Config::default(), &repo::Request::default()).unwrap()
}

fn diff(old: &[(&str, &str)], new: &[(&str, &str)]) -> Compared {
    compare(&repo(old), &repo(new))
}

/// Old and new policies under one schema.
fn policies(old: &str, new: &str) -> Compared {
    diff(&[("s.cedarschema", SCHEMA), ("p.cedar", old)], &[("s.cedarschema", SCHEMA), ("p.cedar", new)])
}

/// The same policies under two schemas.
fn schemas(policies: &str, old: &str, new: &str) -> Compared {
    diff(&[("s.cedarschema", old), ("p.cedar", policies)], &[("s.cedarschema", new), ("p.cedar", policies)])
}

fn environment<'c>(compared: &'c Compared, principal: &str, action: &str) -> &'c EnvironmentChange {
    let all = &compared.stores[0].environments;
    let action = format!("Action::\"{action}\"");
    let found =
        all.iter().find(|change| change.environment.principal == principal && change.environment.action == action);
    found.unwrap_or_else(|| panic!("no ({principal}, {action}) in {all:#?}"))
}

/// Relations by action, for users.
fn relations(compared: &Compared) -> Vec<(&str, &str)> {
    assert_eq!(compared.stores.len(), 1);
    let all = compared.stores[0].environments.iter();
    all.map(|change| {
        let action = change.environment.action.trim_start_matches("Action::").trim_matches('"');
        (action, change.relation().as_str())
    })
    .collect()
}

/// The only condition there is, and whether it is exact.
fn condition(compared: &Compared) -> (String, bool) {
    let groups = &compared.stores[0].groups;
    assert_eq!(groups.len(), 1, "{groups:#?}");
    let condition = &groups[0].effects[0].condition;
    (condition.text(), condition.exact)
}

#[test]
fn a_store_without_schema_is_compared_under_one_that_is_inferred() {
    let old = "@id(\"x\") permit (principal, action, resource) when { principal.a && principal.b };";
    let layout = "// remark\n@id(\"x\")\npermit(principal,action,resource)when{principal.a&&\n principal.b};";
    let same = diff(&[("p.cedar", old)], &[("q/q.cedar", layout)]);
    assert!(same.stores[0].inferred && !same.stores[0].schemaless, "{same:#?}");
    assert_eq!((relations(&same), same.stores[0].text.moved), (vec![("any other action", "same")], 1));
    // What is assumed is said once, and is no question.
    assert_eq!(same.undecided.iter().map(|notice| notice.kind).collect::<Vec<_>>(), [NoticeKind::SchemaInferred]);
    let other = "@id(\"x\") permit (principal, action, resource) when { principal.b && principal.a };";
    let more = "@id(\"x\") permit (principal, action, resource) when { principal.a };";
    for (new, relation, back) in [
        (other, "same", "same"),
        (more, "gained", "lost"),
        ("", "lost", "gained"),
        ("forbid (principal, action, resource);", "lost", "gained"),
        ("@id(\"x\") permit (principal == ?principal, action, resource);", "lost", "gained"),
    ] {
        for (old, new, expected) in [(old, new, relation), (new, old, back)] {
            let compared = diff(&[("p.cedar", old)], &[("p.cedar", new)]);
            assert_eq!(relations(&compared), [("any other action", expected)], "{old} -> {new}");
        }
    }
}

#[test]
fn what_does_not_load_is_never_the_same() {
    let broken = [
        ("broken.cedar", "permit (principal"),
        ("links.cedartemplatelinks.json", "[{\"template_id\": \"gone\"}]"),
        ("broken.cedar.json", "{\"effect\": \"permit\"}"),
    ];
    for file in broken {
        let whole = [("s.cedarschema", SCHEMA), ("p.cedar", VIEW)];
        let part = [("s.cedarschema", SCHEMA), ("p.cedar", VIEW), file];
        // Policies that read the same on both sides are the same, whatever they are.
        if file.0.ends_with(".cedar") {
            let compared = diff(&part, &part);
            assert!(compared.undecided.is_empty() && compared.stores[0].groups.is_empty(), "{compared:#?}");
        }
        let other = [part[0], part[1], (file.0, &*format!("{} ", file.1))];
        for (old, new) in [(&whole[..], &part[..]), (&part, &whole), (&part, &other), (&other, &part)] {
            let compared = diff(old, new);
            let store = &compared.stores[0];
            assert_eq!(store.count(Relation::Same), 0, "{file:?}: {store:#?}");
            assert!(!compared.undecided.is_empty(), "{file:?}");
        }
        // A forbid that changed may have refused what only the part that does not load permits.
        if file.0 == "broken.cedar" {
            let forbid = "forbid (principal, action == Action::\"edit\", resource);";
            let held = [("s.cedarschema", SCHEMA), ("p.cedar", forbid), file];
            let freed = [("s.cedarschema", SCHEMA), ("p.cedar", VIEW), file];
            for (old, new) in [(&held[..], &freed[..]), (&freed, &held)] {
                let compared = diff(old, new);
                assert_ne!(environment(&compared, "User", "edit").relation(), Relation::Same, "{compared:#?}");
                assert!(!compared.undecided.is_empty());
            }
        }
        // What is found is told all the same.
        let compared = diff(&whole, &[("s.cedarschema", SCHEMA), ("p.cedar", ALL), file]);
        assert_eq!(environment(&compared, "User", "edit").gained, Status::Yes, "{file:?}");
    }
}

#[test]
fn a_schema_that_does_not_load_leaves_everything_undecided() {
    for (old, new) in [("entity User", SCHEMA), (SCHEMA, "entity User in [Gone];"), ("entity", "entity")] {
        let compared = schemas(ALL, old, new);
        let store = &compared.stores[0];
        assert!(!compared.undecided.is_empty() && !store.schemaless, "{compared:#?}");
        assert!(store.environments.iter().all(|change| change.relation() == Relation::Unknown), "{compared:#?}");
    }
}

#[test]
fn a_schema_that_comes_or_goes_decides_nothing() {
    let (with, without) = ([("s.cedarschema", SCHEMA), ("p.cedar", VIEW)], [("p.cedar", VIEW)]);
    for (old, new) in [(&with[..], &without[..]), (&without, &with)] {
        let compared = diff(old, new);
        assert_eq!(relations(&compared), [("edit", "same"), ("view", "same")]);
        assert!(!compared.stores[0].schemaless && compared.undecided.is_empty(), "{compared:#?}");
    }
    let compared = diff(&without, &[("s.cedarschema", SCHEMA), ("p.cedar", ALL)]);
    assert_eq!(relations(&compared), [("edit", "gained"), ("view", "same")]);
    let compared = diff(&with, &[("p.cedar", ALL)]);
    assert_eq!(relations(&compared), [("edit", "gained"), ("view", "same")]);
}

#[test]
fn templates_that_nothing_links_are_undecided_when_they_change() {
    let template = "@id(\"t\") permit (principal == ?principal, action == Action::\"view\", resource);";
    let same = policies(template, template);
    assert_eq!(relations(&same), [("edit", "same"), ("view", "same")]);
    for new in ["", &template.replace(";", " when { resource.open };"), &template.replace("permit", "forbid")] {
        for turned in [false, true] {
            let compared = if turned { policies(new, template) } else { policies(template, new) };
            // Where it does not apply, it does not matter.
            assert_eq!(relations(&compared), [("edit", "same"), ("view", "unknown")], "{new}");
        }
    }
    let renamed = policies(template, &template.replace("\"t\"", "\"other\""));
    assert_eq!(relations(&renamed), [("edit", "same"), ("view", "same")]);
}

#[test]
fn links_say_what_their_template_does() {
    let template = "@id(\"t\") permit (principal in ?principal, action == Action::\"view\", resource);\n@id(\"p\") permit (principal, action == Action::\"edit\", resource) when { resource.open };";
    let link = |id: &str, group: &str| {
        format!(
            "{{\"template_id\": \"t\", \"link_id\": \"{id}\", \"args\": {{\"?principal\": \"Group::\\\"{group}\\\"\"}}}}"
        )
    };
    let store = |template: &str, links: &[String]| -> Vec<(String, String)> {
        let links = format!("[{}]", links.join(","));
        let files = [("s.cedarschema", SCHEMA), ("p.cedar", template), ("l.cedartemplatelinks.json", &links)];
        files.map(|(path, text)| (path.to_owned(), text.to_owned())).to_vec()
    };
    let two = [link("one", "a"), link("two", "b")];
    let of = |old: &[(String, String)], new: &[(String, String)]| {
        let [old, new] =
            [old, new].map(|files| files.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect::<Vec<_>>());
        diff(&old, &new)
    };
    let one = store(template, &two[..1]);
    let both = store(template, &two);
    let view = |relation: &'static str| [("edit", "same"), ("view", relation)];
    let compared = of(&one, &both);
    assert_eq!(relations(&compared), view("gained"));
    assert_eq!(condition(&compared), ("principal in Group::\"b\" && !(principal in Group::\"a\")".to_owned(), true));
    assert!(compared.stores[0].groups[0].causes[0].policy.ends_with("two"), "{compared:#?}");
    assert_eq!(compared.stores[0].groups[0].causes[0].change, Change::Added);
    assert_eq!(relations(&of(&both, &one)), view("lost"));
    // The order and the names of links are nothing; another entity is.
    let turned = store(template, &[link("x", "b"), link("y", "a")]);
    assert_eq!(relations(&of(&both, &turned)), view("same"));
    assert_eq!(relations(&of(&one, &store(template, &[link("one", "b")]))), view("both"));
    // A template does nothing but through its links.
    let narrow = template.replacen("resource);", "resource) when { context.on };", 1);
    assert_eq!(relations(&of(&both, &store(&narrow, &two))), view("lost"));
    // A static policy that says what the link says.
    let fixed = template.replace("in ?principal", "in Group::\"a\"");
    let compared = of(&one, &store(&fixed, &[]));
    assert_eq!(relations(&compared), view("same"), "{compared:#?}");
}

#[test]
fn groups_of_actions_and_parents_of_types_matter() {
    let policy = "permit (principal in Group::\"g\", action in Action::\"reads\", resource);";
    let schema = |user: &str, view: &str, reads: &str| {
        format!(
            "entity Group; entity User {user}; entity Doc; action all; action reads {reads}; action view {view} \
             appliesTo {{ principal: User, resource: Doc }};"
        )
    };
    let base = schema("in [Group]", "in [reads]", "");
    for other in
        [schema("", "in [reads]", ""), schema("in [Group]", "", ""), schema("in [Group]", "in [all]", "in [all]")]
    {
        let lost = schemas(policy, &base, &other);
        assert_eq!(relations(&lost), [("view", "lost")], "{other}");
        assert_eq!(relations(&schemas(policy, &other, &base)), [("view", "gained")], "{other}");
        let group = &lost.stores[0].groups[0];
        assert_eq!(group.causes[0].change, Change::Schema);
        assert!(!lost.stores[0].schema_changes.is_empty());
    }
    // By another way, the same.
    let through = schema("in [Group]", "in [all]", "").replace("action all", "action all in [reads]");
    assert_eq!(relations(&schemas(policy, &base, &through)), [("view", "same")]);
}

#[test]
fn attributes_that_become_required_or_optional_matter_to_those_who_ask() {
    let required = SCHEMA.replace("level?", "level");
    let policy = "permit (principal, action, resource) when { principal has level };";
    let compared = schemas(policy, SCHEMA, &required);
    // Whoever has no level cannot be asked about under the new schema: nothing to gain for those who are on both sides.
    assert_eq!(relations(&compared), [("edit", "same"), ("view", "same")]);
    assert!(!compared.stores[0].schema_changes.is_empty());
    // Read without asking, it is refused by the validator where it is optional, and does the same for who has one.
    let policy = "permit (principal, action, resource) when { principal.level > 1 };";
    for (old, new) in [(SCHEMA, &required[..]), (&required, SCHEMA)] {
        let compared = schemas(policy, old, new);
        assert_eq!(relations(&compared), [("edit", "same"), ("view", "same")]);
        assert!(compared.stores[0].set_aside.is_empty());
    }
    // Another type: what only one side can read is not the same.
    let retyped = SCHEMA.replace("level?: Long", "level?: String");
    let policy = "permit (principal, action, resource) when { principal has level && principal.level > 1 };";
    for (old, new) in [(SCHEMA, &retyped[..]), (&retyped, SCHEMA)] {
        assert_eq!(schemas(policy, old, new).stores[0].count(Relation::Same), 0);
    }
}

/// The kind: data that only the new schema accepts. A forbid that reads what may be missing now errors there, and what
/// it refused is let through.
#[test]
fn a_forbid_that_a_schema_change_makes_fail_open_is_named() {
    let required = SCHEMA.replace("level?", "level");
    let forbid = |text: &str| format!("{ALL}\n@id(\"low\") forbid (principal, action, resource) when {{ {text} }};");
    let compared = schemas(&forbid("principal.level < 3"), &required, SCHEMA);
    assert_eq!(relations(&compared), [("edit", "gained"), ("view", "gained")]);
    let group = &compared.stores[0].groups[0];
    assert_eq!((group.causes.len(), group.causes[0].effect, group.causes[0].change), (1, "forbid", Change::Schema));
    let effect = &group.effects[0];
    assert_eq!(effect.condition.when, "!(principal has level)");
    let (old, new) = (effect.witness.old.as_ref().unwrap(), &effect.witness.evidence);
    assert!(old.entities.to_string().contains("level") && !new.entities.to_string().contains("level"));
    assert!(compared.undecided.is_empty());
    // Guarded, in a record, and where nothing is let through.
    let guarded = forbid("principal has level && principal.level < 3");
    assert_eq!(relations(&schemas(&guarded, &required, SCHEMA)), [("edit", "same"), ("view", "same")]);
    let nothing = "@id(\"low\") forbid (principal, action, resource) when { principal.level < 3 };";
    assert_eq!(relations(&schemas(nothing, &required, SCHEMA)), [("edit", "same"), ("view", "same")]);
    // The other way round a hole is closed.
    let closed = schemas(&forbid("principal.level < 3"), SCHEMA, &required);
    assert_eq!(relations(&closed), [("edit", "lost"), ("view", "lost")]);
    // Overflow is no news.
    let sum = forbid("principal has level && principal.level + 1 > 3");
    assert_eq!(relations(&schemas(&sum, &required, SCHEMA)), [("edit", "same"), ("view", "same")]);
}

#[test]
fn environments_come_and_go() {
    let more = format!("{SCHEMA}action share appliesTo {{ principal: User, resource: Doc }};");
    for (policy, relation) in [(ALL, "gained"), (VIEW, "same"), ("forbid (principal, action, resource);", "same")] {
        let compared = schemas(policy, SCHEMA, &more);
        assert_eq!(relations(&compared), [("edit", "same"), ("share", relation), ("view", "same")], "{policy}");
        assert_eq!(environment(&compared, "User", "share").lifecycle, Lifecycle::Added);
        let back = schemas(policy, &more, SCHEMA);
        assert_eq!(environment(&back, "User", "share").lifecycle, Lifecycle::Removed);
        let turned = if relation == "gained" { "lost" } else { relation };
        assert_eq!(relations(&back), [("edit", "same"), ("share", turned), ("view", "same")], "{policy}");
    }
    // Another type of principal, for an action that both sides have.
    let robots = SCHEMA.replace("edit appliesTo { principal: User", "edit appliesTo { principal: [User, Group]");
    let compared = schemas(ALL, SCHEMA, &robots);
    assert_eq!(environment(&compared, "Group", "edit").lifecycle, Lifecycle::Added);
    assert_eq!(environment(&compared, "Group", "edit").gained, Status::Yes);
    assert_eq!(environment(&compared, "User", "edit").relation(), Relation::Same);
}

fn colors(members: &str, rest: &str) -> String {
    format!(
        "entity Color {members}; entity Doc {{ hue: Color, swatch: {{ shade: Color, x: Bool }} }} tags Color; entity Team in [Color]; \
         entity Box {{ deep: {{ many: Set<Color> }}, \"quo\\\"ted\": Color }}; \
         action view appliesTo {{ principal: [Color, Team], resource: [Doc], context: {{ palette: Set<Color>, swatch: {{ shade: Color, x: Bool }}, box: Box }} }}; {rest}"
    )
}

#[test]
fn members_that_come_or_go_are_told() {
    let kinds = [
        ("enum [\"red\"]", "enum [\"red\", \"blue\"]"),
        ("enum [\"red\", \"blue\"]", "enum [\"blue\", \"green\"]"),
        ("enum [\"red\"]", ""),
        ("", "enum [\"red\"]"),
    ];
    for (old, new) in kinds {
        let compared = schemas(ALL, &colors(old, ""), &colors(new, ""));
        let of = environment(&compared, "Color", "view");
        assert_eq!(of.gained == Status::Yes, !old.is_empty(), "{old} -> {new}: {of:?}");
        assert_eq!(of.lost == Status::Yes, old.is_empty() || new.contains("green"), "{old} -> {new}: {of:?}");
        assert_eq!(environment(&compared, "Team", "view").relation(), Relation::Same, "{old} -> {new}");
        let compared = schemas("forbid (principal, action, resource);", &colors(old, ""), &colors(new, ""));
        assert_eq!(compared.stores[0].count(Relation::Same), 2, "{old} -> {new}");
    }
}

#[test]
fn members_that_policies_may_read_are_not_the_same() {
    let reads = [
        "resource.hue != Color::\"red\"",
        "!(resource.hue == Color::\"red\")",
        "resource.swatch == context.swatch",
        "context.palette.contains(resource.hue)",
        "!context.palette.isEmpty()",
        "!(context.palette.containsAll([Color::\"red\"])) && !context.palette.isEmpty()",
        "resource.hasTag(\"t\") && resource.getTag(\"t\") != Color::\"red\"",
        "context.box.deep.many.contains(context.swatch.shade)",
        "context.box[\"quo\\\"ted\"] != Color::\"red\"",
        "!(principal in context.swatch.shade)",
        "principal in context.palette",
        "[resource.hue] != [Color::\"red\"]",
    ];
    for read in reads {
        let policy = format!("permit (principal is Team, action, resource) when {{ {read} }};");
        let (old, new) = (colors("enum [\"red\"]", ""), colors("enum [\"red\", \"blue\"]", ""));
        for (old, new, allowing) in [(&old, &new, true), (&new, &old, false)] {
            let compared = schemas(&policy, old, new);
            let of = environment(&compared, "Team", "view");
            let status = if allowing { &of.gained } else { &of.lost };
            assert_ne!(*status, Status::No, "{read}: {of:?}");
        }
    }
}

#[test]
fn conditions_say_for_whom() {
    let cases = [
        ("", "permit (principal, action, resource) when { principal.a };", "principal.a"),
        (VIEW, "permit (principal, action == Action::\"view\", resource) when { principal.a };", "!principal.a"),
        (
            ALL,
            "permit (principal, action, resource); forbid (principal, action, resource) when { principal.b };",
            "principal.b",
        ),
        ("", VIEW, "true"),
        ("", "permit (principal in Group::\"g\", action, resource);", "principal in Group::\"g\""),
    ];
    for (old, new, text) in cases {
        for turned in [false, true] {
            let compared = if turned { policies(new, old) } else { policies(old, new) };
            assert_eq!(condition(&compared), (text.to_owned(), true), "{old} -> {new}: {compared:#?}");
        }
    }
}

#[test]
fn stores_are_paired_by_what_they_hold() {
    let a = [("a/s.cedarschema", SCHEMA), ("a/p.cedar", ALL)];
    let b = [("b/s.cedarschema", SCHEMA), ("b/p.cedar", VIEW)];
    let both = [a[0], a[1], b[0], b[1]];
    let moved = diff(&a, &[("new/s.cedarschema", SCHEMA), ("new/p.cedar", ALL)]);
    assert_eq!(moved.stores.len(), 1, "{moved:#?}");
    assert_eq!((moved.stores[0].name.as_str(), moved.stores[0].old_name.as_deref()), ("new", Some("a")));
    assert_eq!(moved.stores[0].count(Relation::Same), 2);
    let added = diff(&a, &both);
    let names: Vec<_> = added.stores.iter().map(|store| (store.name.as_str(), store.lifecycle.as_str())).collect();
    assert_eq!(names, [("a", "kept"), ("b", "added")]);
    assert_eq!(added.stores[0].count(Relation::Same), 2);
    let of = |index: usize, compared: &Compared| -> Vec<(&'static str, &'static str)> {
        let all = compared.stores[index].environments.iter();
        all.map(|change| (change.lifecycle.as_str(), change.relation().as_str())).collect()
    };
    assert_eq!(of(1, &added), [("added", "same"), ("added", "gained")]);
    let removed = diff(&both, &a);
    assert_eq!(of(1, &removed), [("removed", "same"), ("removed", "lost")]);
}

#[test]
fn fingerprints_stay_when_policies_move() {
    let permit = "permit (principal, action, resource) when { principal.a };";
    let forbid = "@id(\"never\") forbid (principal, action, resource) when { principal.b };";
    let prints = |compared: &Compared| -> Vec<String> {
        let effects = compared.stores[0].groups.iter().flat_map(|group| &group.effects);
        let mut all: Vec<String> = effects.map(|effect| effect.fingerprint.clone()).collect();
        all.sort();
        all
    };
    let old = [("s.cedarschema", SCHEMA), ("p.cedar", forbid)];
    let first = prints(&diff(&old, &[("s.cedarschema", SCHEMA), ("p.cedar", &format!("{permit}\n{forbid}"))]));
    assert_eq!(first.len(), 2);
    assert_ne!(first[0], first[1], "each environment has its own");
    let moved =
        [("s.cedarschema", SCHEMA), ("a.cedar", forbid), ("deep/b.cedar", &format!("// moved\r\n\r\n{permit}"))];
    assert_eq!(prints(&diff(&old, &moved)), first);
    let other = format!("{forbid}\n{permit}\nforbid (principal == User::\"x\", action, resource);");
    assert_eq!(prints(&diff(&old, &[("s.cedarschema", SCHEMA), ("p.cedar", &other)])), first);
    // Another direction, another policy, another reason.
    let lost =
        prints(&diff(&[("s.cedarschema", SCHEMA), ("p.cedar", permit)], &[("s.cedarschema", SCHEMA), ("p.cedar", "")]));
    let others = [lost, prints(&policies("", &permit.replace(".a", ".b"))), prints(&policies(forbid, ""))];
    for print in others.iter().flatten() {
        assert!(!first.contains(print), "{print}");
    }
}

#[test]
fn nearness_says_where_a_policy_was() {
    let (one, two, three) = (
        "permit (principal == User::\"1\", action, resource);\n",
        VIEW,
        "forbid (principal == User::\"3\", action, resource);\n",
    );
    let of = |old: &[(&str, &str)], new: &[(&str, &str)]| {
        let compared =
            diff(&[&[("s.cedarschema", SCHEMA)], old].concat(), &[&[("s.cedarschema", SCHEMA)], new].concat());
        let cause = compared.stores[0].groups[0].causes[0].clone();
        assert_eq!((cause.change, cause.new.is_none()), (Change::Removed, true), "{cause:?}");
        cause.near.map(|near| (near.path().to_owned(), near.start().line))
    };
    let all = format!("{one}{two}\n{three}");
    let near = |line| Some(("p.cedar".to_owned(), line));
    assert_eq!(of(&[("p.cedar", &all)], &[("p.cedar", &format!("{one}{three}"))]), near(1));
    assert_eq!(of(&[("p.cedar", &all)], &[("p.cedar", &format!("\n{two}\n{three}"))]), near(2));
    assert_eq!(of(&[("p.cedar", &all), ("q.cedar", EDIT)], &[("p.cedar", &all)]), near(1));
    assert_eq!(of(&[("p.cedar", VIEW)], &[]), Some(("s.cedarschema".to_owned(), 1)));
}

#[test]
fn a_template_that_loses_its_last_link_loses_what_the_link_did() {
    let template = "@id(\"t\") permit (principal == ?principal, action, resource);";
    let links = "[{\"template_id\": \"t\", \"link_id\": \"l\", \"args\": {\"?principal\": \"User::\\\"a\\\"\"}}]";
    let with = [("s.cedarschema", SCHEMA), ("p.cedar", template), ("l.cedartemplatelinks.json", links)];
    let without = [("s.cedarschema", SCHEMA), ("p.cedar", template)];
    let compared = diff(&with, &without);
    assert_eq!(relations(&compared), [("edit", "lost"), ("view", "lost")]);
    assert!(compared.undecided.is_empty(), "{:?}", compared.undecided);
    let compared = diff(&without, &with);
    assert_eq!(relations(&compared), [("edit", "gained"), ("view", "gained")]);
    assert!(compared.undecided.is_empty(), "{:?}", compared.undecided);
}

#[test]
fn what_new_members_gain_is_meant_by_the_condition() {
    let schema = |members: &str| {
        format!(
            "entity Color enum [{members}]; entity Doc {{ open: Bool, shared: Bool }}; \
             action view appliesTo {{ principal: Color, resource: Doc }};"
        )
    };
    let compared = diff(
        &[
            ("s.cedarschema", &schema("\"red\"")),
            ("p.cedar", "permit (principal, action, resource) when { resource.open };"),
        ],
        &[
            ("s.cedarschema", &schema("\"red\", \"blue\"")),
            ("p.cedar", "permit (principal, action, resource) when { resource.open || resource.shared };"),
        ],
    );
    // Blue is new, and may view what is open.
    let effects: Vec<_> = compared.stores[0].groups.iter().flat_map(|group| &group.effects).collect();
    let meant = |text: &str| text == "true" || (text.contains("resource.open") && !text.contains("!resource.open"));
    assert!(effects.iter().any(|effect| meant(&effect.condition.text()) || !effect.condition.exact), "{effects:#?}");
}

#[test]
fn what_nobody_reads_can_lose_members() {
    let schema = |members: &str| {
        format!(
            "entity Color enum [{members}]; entity User; entity Doc; action view appliesTo {{ principal: User, resource: Doc, \
             context: {{ c: Color, on: Bool }} }};"
        )
    };
    let compared = diff(
        &[
            ("s.cedarschema", &schema("\"red\", \"extra\"")),
            ("p.cedar", "permit (principal, action, resource) when { context.on };"),
        ],
        &[("s.cedarschema", &schema("\"red\"")), ("p.cedar", ALL)],
    );
    assert_eq!(relations(&compared), [("view", "gained")], "{compared:#?}");
    assert!(compared.undecided.is_empty(), "{compared:#?}");
}

#[test]
fn templates_that_nothing_links_stay_the_same_when_the_schema_gains_what_nobody_reads() {
    let template = "permit (principal == ?principal, action, resource) when { principal.a };";
    let compared = schemas(template, SCHEMA, &SCHEMA.replace("open: Bool", "open: Bool, unread?: Bool"));
    assert_eq!(relations(&compared), [("edit", "same"), ("view", "same")], "{compared:#?}");
}

#[test]
fn witnesses_show_what_policies_read() {
    let compared = policies(ALL, "permit (principal, action, resource) when { principal.a };");
    let evidence = &compared.stores[0].groups[0].effects[0].witness.evidence;
    assert!(evidence.entities.to_string().contains("\"a\":false"), "{}", evidence.entities);
}

/// The kind: an example that is taken over from another environment has to be enough there.
#[test]
fn every_example_shows_its_change_by_what_is_shown() {
    let schema = "entity User { age: Long }; entity Doc;
        action view, edit appliesTo { principal: User, resource: Doc };";
    let old = "permit (principal, action, resource);";
    let forbid = "forbid (principal, action, resource) unless { action == Action::\"view\" && principal.age > 3 };";
    let compared = diff(
        &[("s.cedarschema", schema), ("p.cedar", old)],
        &[("s.cedarschema", schema), ("p.cedar", &format!("{old}{forbid}"))],
    );
    let set: cedar_policy::PolicySet = format!("{old}{forbid}").parse().unwrap();
    let (schema, _) = cedar_policy::Schema::from_cedarschema_str(schema).unwrap();
    let mut shown = 0;
    for effect in compared.stores[0].groups.iter().flat_map(|group| &group.effects) {
        let evidence = &effect.witness.evidence;
        let uid = |name: &str| cedar_policy::EntityUid::from_json(evidence.request[name].clone()).unwrap();
        let entities = cedar_policy::Entities::from_json_value(evidence.entities.clone(), Some(&schema)).unwrap();
        let (principal, action, resource) = (uid("principal"), uid("action"), uid("resource"));
        let request =
            cedar_policy::Request::new(principal, action, resource, cedar_policy::Context::empty(), Some(&schema));
        let response = cedar_policy::Authorizer::new().is_authorized(&request.unwrap(), &set, &entities);
        assert_eq!(response.decision(), cedar_policy::Decision::Deny, "{evidence:?}");
        shown += 1;
    }
    assert_eq!(shown, 2);
}

/// The kind: a condition that is true and hard to read. Of exceptions that lie within each other the widest is named,
/// ranges ascend, and what has a positive form has no double negation.
#[test]
fn conditions_are_as_short_and_plain_as_they_can_be() {
    let schema = "entity User; entity Doc; action view appliesTo { principal: User, resource: Doc, context: { n: Long, \
                  a: Bool, b: Bool } };";
    let policies = |old: &str, new: &str| {
        diff(&[("s.cedarschema", schema), ("p.cedar", old)], &[("s.cedarschema", schema), ("p.cedar", new)])
    };
    let permit = |id: &str, condition: &str| {
        format!("@id(\"{id}\") permit (principal, action, resource) when {{ {condition} }};\n")
    };
    let others = permit("p40", "context.n < 40 && context.a") + &permit("p95", "context.n < 95 && context.a");
    let compared = policies(&(others.clone() + &permit("p", "context.n < 200 && context.a")), &others);
    let condition = &compared.stores[0].groups[0].effects[0].condition;
    let [clause] = condition.unless_allowed.as_slice() else { panic!("{condition:#?}") };
    assert_eq!((&*clause.condition, condition.exact), ("context.n < 95", true));
    for (old, new, when) in [
        (
            "context.a && context.n < 30",
            "context.a && context.n < 35",
            "context.a && context.n >= 30 && context.n < 35",
        ),
        ("context.b", "context.b && context.a && !(context.n == 5)", "context.b && (!context.a || context.n == 5)"),
        ("context.b", "context.b && !context.a && context.n != 5", "context.b && (context.a || context.n == 5)"),
    ] {
        let compared = policies(&permit("p", old), &permit("p", new));
        let condition = &compared.stores[0].groups[0].effects[0].condition;
        assert_eq!((condition.when.as_str(), condition.exact), (when, true), "{old} -> {new}");
    }
}

/// The kind: exceptions that leave next to nothing, which nobody sees. What is left of a value is said in words, and
/// only where all that is said to be taken is.
#[test]
fn what_exceptions_leave_is_said_where_it_is_little() {
    let schema = "entity User; entity Doc { level: String }; action view appliesTo { principal: User, resource: Doc, \
                  context: { n: Long, a: Bool } };";
    let of = |policies: &[(&str, &str)]| -> String {
        let one = |(id, condition): &(&str, &str)| {
            format!("@id(\"{id}\") permit (principal, action, resource) when {{ {condition} }};\n")
        };
        policies.iter().map(one).collect()
    };
    let low = ("low", "resource.level == \"low\"");
    let high = ("high", "resource.level == \"high\"");
    let guarded = ("high", "resource.level == \"high\" && context.a");
    let all = ("all", "context.n > 5");
    let three = ("three", "[\"low\", \"high\", \"top\"].contains(resource.level)");
    let mid = ("mid", "resource.level == \"top\" || resource.level == \"none\"");
    for (gone, stay, left) in [
        (all, vec![low, high], Some(vec![])),
        (all, vec![low, guarded], None),
        (all, vec![low], None),
        (three, vec![low, high], Some(vec!["\"top\""])),
        (three, vec![low, guarded], None),
        (three, vec![mid, high], Some(vec!["\"low\""])),
    ] {
        let new = of(&stay);
        let files = |policies: &str| repo(&[("s.cedarschema", schema), ("p.cedar", policies)]);
        let compared = compare(&files(&(of(&[gone]) + &new)), &files(&new));
        let condition = &compared.stores[0].groups[0].effects[0].condition;
        let found = condition.left.as_ref().map(|left| {
            assert_eq!(left.of, "resource.level");
            let LeftOver::Literals(literals) = &left.what else { panic!("{left:?}") };
            literals.iter().map(String::as_str).collect::<Vec<_>>()
        });
        assert_eq!(found, left, "{gone:?} {stay:?} {condition:#?}");
    }
}

/// The kind: a list of which only a part is said. What a forbid cuts may be allowed by more policies than anybody
/// reads: all are named, and what is said is still all of the truth and nothing else.
#[test]
fn of_very_many_permits_all_are_named() {
    let permits = |count: usize| -> String {
        let one =
            |number| format!("permit (principal in Group::\"g{number}\", action == Action::\"view\", resource);\n");
        (0..count).map(one).collect()
    };
    for count in [10, 120] {
        let old = permits(count);
        let new = format!("{old}forbid (principal, action, resource) when {{ !context.on }};\n");
        let compared = policies(&old, &new);
        let group = &compared.stores[0].groups[0];
        let condition = &group.effects[0].condition;
        assert_eq!(condition.where_allowed.len(), count, "{condition:?}");
        assert_eq!((condition.when.as_str(), condition.exact), ("!context.on", true), "{count}");
    }
}

/// The kind: what is said of one change among many. However many policies change, what each does is said in full, and
/// those that are for others are not named beside it.
#[test]
fn of_very_many_changes_each_is_said_in_full() {
    let permits = |count: usize, on: &str| -> String {
        let one = |number| {
            format!(
                "permit (principal == User::\"u{}\", action == Action::\"view\", resource) when {{ principal.level == {number} && {on} }};\n",
                number / 2
            )
        };
        let schema = |text: String| text.replace("principal.level ==", "principal has level && principal.level ==");
        (0..count).map(one).map(schema).collect()
    };
    let compared = policies(&permits(120, "context.on"), &permits(120, "!context.on"));
    let groups = &compared.stores[0].groups;
    assert_eq!(groups.len(), 240);
    for condition in groups.iter().flat_map(|group| &group.effects).map(|effect| &effect.condition) {
        assert!(condition.exact && condition.unless_allowed.is_empty(), "{condition:#?}");
    }
    let broad = "permit (principal, action == Action::\"view\", resource) when { resource.open };\n";
    let compared = policies(&(permits(120, "context.on") + broad), &(permits(120, "!context.on") + broad));
    for condition in compared.stores[0].groups.iter().flat_map(|group| &group.effects).map(|effect| &effect.condition) {
        let [other] = condition.unless_allowed.as_slice() else { panic!("{condition:#?}") };
        assert_eq!((condition.exact, &*other.condition), (true, "resource.open"), "{condition:#?}");
    }
}

/// The kind: several changes at once, of which each concerns other people: an entry names those of its own.
#[test]
fn entities_stand_with_the_change_that_concerns_them() {
    let schema =
        "entity Group; entity User in [Group]; entity Doc; action view appliesTo { principal: User, resource: Doc };";
    let entities = r#"[
        { "uid": { "type": "User", "id": "ann" }, "attrs": {}, "parents": [{ "type": "Group", "id": "a" }] },
        { "uid": { "type": "User", "id": "bob" }, "attrs": {}, "parents": [{ "type": "Group", "id": "b" }] },
        { "uid": { "type": "Group", "id": "a" }, "attrs": {}, "parents": [] },
        { "uid": { "type": "Group", "id": "b" }, "attrs": {}, "parents": [] },
        { "uid": { "type": "Doc", "id": "d" }, "attrs": {}, "parents": [] }
    ]"#;
    let new = "@id(\"of-a\") permit (principal in Group::\"a\", action, resource);\n\
               @id(\"of-b\") permit (principal in Group::\"b\", action, resource);";
    let files = |policies| [("s.cedarschema", schema), ("entities.json", entities), ("p.cedar", policies)];
    let compared = diff(&files(""), &files(new));
    let mut seen = 0;
    for group in &compared.stores[0].groups {
        let who = if group.causes[0].policy.ends_with("of-a") { "ann" } else { "bob" };
        for effect in &group.effects {
            assert_eq!(effect.known, [[format!("User::\"{who}\""), "Doc::\"d\"".to_owned()]], "{group:#?}");
            assert_eq!(effect.witness.evidence.request["principal"]["id"], who);
            seen += 1;
        }
    }
    assert_eq!(seen, 2);
}
