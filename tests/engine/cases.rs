//! The engine on questions whose answers are plain to see, one theory after the other, and the traps that are known.

use cedar_policy::{
    Context, Effect, Entities, EntityUid, EvalResult, Policy, PolicySet, Request, RequestEnv, Schema, eval_expression,
};
use polcheck::symbolic::{
    Answer, CompiledPolicies, Formula, PolicyRef, Reason, SchemaModel, Session, Subject, Witness,
};

const SCHEMA: &str = r#"
    entity Level enum ["low", "mid", "high"];
    entity Org;
    entity Group in [Group, Org];
    entity User in [Group] {
        name: String,
        age: Long,
        boss: User,
        level: Level,
        "nick"?: String,
        teams: Set<String>,
        ranks: Set<Long>,
        flags: Set<Bool>,
        friends: Set<User>,
        home?: { street: String, city?: String },
    } tags String;
    entity Doc in [Group] { owner: User, public: Bool, path: String, readers: Set<User>, nested: Set<Set<Long>> };
    action view, edit appliesTo {
        principal: User, resource: Doc,
        context: { n: Long, m: Long, s: String, t?: String, ip: ipaddr, at: datetime, d: duration, amount: decimal,
                   set: Set<Long>, other: Set<Long>, groups: Set<Group> }
    };
"#;

fn id(index: usize) -> PolicyRef {
    PolicyRef { side: 0, index }
}

fn environment(schema: &SchemaModel) -> RequestEnv {
    schema.environments().iter().find(|env| AsRef::<str>::as_ref(env.action().id()) == "view").unwrap().clone()
}

fn ask_policies(policies: &str, question: &Formula) -> Answer<Witness> {
    let schema = SchemaModel::new(&Schema::from_cedarschema_str(SCHEMA).unwrap().0).unwrap();
    let set: PolicySet = policies.parse().unwrap();
    let rules = CompiledPolicies::from_set(schema.clone(), &set);
    let mut session = Session::new(&rules, &environment(&schema));
    session.find(question)
}

/// Whether some request meets every one of `conditions`, each a policy's `when`.
fn ask(conditions: &[&str]) -> Answer<Witness> {
    let text: String =
        conditions.iter().map(|c| format!("permit(principal, action, resource) when {{ {c} }};\n")).collect();
    ask_policies(&text, &Formula::And((0..conditions.len()).map(|index| Formula::Matches(id(index))).collect()))
}

#[track_caller]
fn possible(condition: &str) -> Witness {
    match ask(&[condition]) {
        Answer::Witness(witness) => witness,
        other => panic!("{condition}: expected a witness, got {other:?}"),
    }
}

#[track_caller]
fn impossible(condition: &str) {
    match ask(&[condition]) {
        Answer::Impossible => {}
        other => panic!("{condition}: expected impossible, got {other:?}"),
    }
}

#[test]
fn booleans_options_and_records() {
    possible("resource.public");
    impossible("resource.public && !resource.public");
    possible("principal has nick && principal.nick == \"x\"");
    impossible("!(principal has nick) && principal has nick");
    possible("principal has home && principal.home has city && principal.home.city == principal.home.street");
    let same = "principal has home && principal.boss has home && principal.home == principal.boss.home";
    possible(same);
    possible(&format!("{same} && principal.home has city && principal.home.city != principal.name"));
    impossible(&format!("{same} && principal.home.street != principal.boss.home.street"));
    impossible(&format!("{same} && principal.home has city && !(principal.boss.home has city)"));
    impossible("{a: context.n, b: context.m} == {a: 1, b: 2} && context.m == 1");
}

#[test]
fn entities_and_congruence() {
    impossible("resource.owner == principal && resource.owner.name != principal.name");
    impossible(
        "resource.owner == principal && principal.boss == resource.owner && principal.boss.age != principal.age",
    );
    possible("resource.owner != principal && resource.owner.name == principal.name");
    impossible("principal == User::\"a\" && principal == User::\"b\"");
    impossible("principal == User::\"a\" && User::\"a\".age == 1 && principal.age == 2");
    impossible("principal.hasTag(\"k\") && principal == resource.owner && !resource.owner.hasTag(\"k\")");
    possible("principal.hasTag(context.s) && principal.getTag(context.s) == \"v\" && context.s != \"k\"");
    impossible(
        "principal.hasTag(context.s) && principal.hasTag(\"k\") && context.s == \"k\" && principal.getTag(context.s) != principal.getTag(\"k\")",
    );
}

#[test]
fn enumerated_types_have_no_other_members() {
    impossible(
        "principal.level != Level::\"low\" && principal.level != Level::\"mid\" && principal.level != Level::\"high\"",
    );
    possible("principal.level != Level::\"low\" && principal.level != Level::\"mid\"");
}

#[test]
fn hierarchies_are_transitive_and_acyclic() {
    impossible("principal in Group::\"a\" && Group::\"a\" in Group::\"b\" && !(principal in Group::\"b\")");
    possible("principal in Group::\"a\" && principal in Group::\"b\" && !(Group::\"a\" in Group::\"b\")");
    impossible("Group::\"a\" in Group::\"b\" && Group::\"b\" in Group::\"c\" && Group::\"c\" in Group::\"a\"");
    impossible("Group::\"a\" in Group::\"b\" && Group::\"b\" in Group::\"a\"");
    possible(
        "Group::\"a\" in Group::\"b\" && Group::\"b\" in Org::\"o\" && principal in Group::\"a\" && principal in Org::\"o\"",
    );
    impossible(
        "Group::\"a\" in Group::\"b\" && Group::\"b\" in Org::\"o\" && principal in Group::\"a\" && !(principal in Org::\"o\")",
    );
    impossible(
        "principal in [Group::\"a\", Group::\"b\"] && !(principal in Group::\"a\") && !(principal in Group::\"b\")",
    );
}

#[test]
fn memberships_that_follow_are_known_to_sets_of_groups() {
    let follows = "principal in Group::\"a\" && Group::\"a\" in Group::\"b\" && context.groups.contains(Group::\"b\")";
    possible(&format!("{follows} && principal in context.groups"));
    impossible(&format!("{follows} && !(principal in context.groups)"));
    possible("principal in context.groups && !(principal in Group::\"a\")");
}

#[test]
fn integers_and_overflow() {
    impossible("context.n > 18 && context.n < 10");
    impossible("context.n > 18 && context.n < 19");
    possible("context.n > 18 && context.n < 20");
    impossible("context.n + 1 < context.n");
    impossible("context.n < context.m && context.n + 1 > context.m");
    possible("context.n * 3 == 21");
    impossible("context.n * 2 == 7");
    possible("-context.n == context.n + 2");
    let errors = |condition: &str| {
        let text = format!("permit(principal, action, resource) when {{ {condition} }};");
        ask_policies(&text, &Formula::Errors(id(0)))
    };
    assert!(errors("context.n + 1 > 0").witness().is_some());
    assert!(errors("-context.n > 0").witness().is_some());
    assert!(errors("context.n * 2 > 0").witness().is_some());
    assert!(errors("context.n > 0 && context.n < 1000 && context.n + 1 > 0").is_impossible());
}

#[test]
fn extension_types() {
    possible("context.amount.lessThan(decimal(\"1.5\")) && context.amount.greaterThan(decimal(\"1.4998\"))");
    impossible("context.amount.lessThan(decimal(\"1.5\")) && context.amount.greaterThan(decimal(\"1.4999\"))");
    impossible("context.ip.isIpv4() && context.ip.isIpv6()");
    impossible("context.ip.isInRange(ip(\"10.1.0.0/16\")) && !context.ip.isInRange(ip(\"10.0.0.0/8\"))");
    possible("context.ip.isInRange(ip(\"10.0.0.0/8\")) && !context.ip.isInRange(ip(\"10.1.0.0/16\"))");
    possible("context.ip.isIpv6() && context.ip.isMulticast()");
    possible("context.ip.isInRange(ip(\"2001:db8::/32\")) && context.ip != ip(\"2001:db8::/32\")");
    impossible("context.ip == ip(\"10.0.0.1/32\") && context.ip != ip(\"10.0.0.1\")");
    possible("context.at > datetime(\"2024-01-01\") && context.at < datetime(\"2024-01-01T00:00:00.002Z\")");
    impossible("context.at > datetime(\"2024-01-01\") && context.at < datetime(\"2024-01-01T00:00:00.001Z\")");
    impossible("context.at.toDate() > context.at");
    possible("context.at.toDate() == datetime(\"2024-02-29\") && context.at.toTime() == duration(\"1h\")");
    possible("context.d.toDays() == 3 && context.d.toHours() == 80");
    impossible("context.d.toDays() == 3 && context.d.toHours() == 100");
    possible("context.at.offset(context.d) < context.at");
    possible("context.at < datetime(\"0001-01-01\").offset(duration(\"-10000000d\"))");
    possible("context.d.toMilliseconds() == -9223372036854775807");
}

/// Networks of both versions, with prefixes of every kind of length.
fn networks() -> Vec<String> {
    let v4 = ["0.0.0.0", "10.0.0.0", "10.0.0.1", "10.128.0.0", "255.255.255.255", "224.0.0.7", "127.0.0.1"];
    let v6 = ["::", "::1", "2001:db8::", "2001:db8:0:ffff::1", "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"];
    let with = |all: &[&str], lengths: &[u32]| -> Vec<String> {
        let each = |address: &&str| {
            let whole = std::iter::once((*address).to_owned());
            whole.chain(lengths.iter().map(|length| format!("{address}/{length}"))).collect::<Vec<_>>()
        };
        all.iter().flat_map(each).collect()
    };
    [with(&v4, &[0, 1, 7, 8, 9, 31, 32]), with(&v6, &[0, 1, 8, 63, 64, 127, 128])].concat()
}

/// The kind: a range that is said otherwise than Cedar asks for it: of every address of a list, known only to the
/// search, whether it is in each range of the list.
#[test]
fn ranges_of_addresses_are_those_of_cedar() {
    let (schema, networks) = (SchemaModel::new(&Schema::from_cedarschema_str(SCHEMA).unwrap().0).unwrap(), networks());
    let matches = |index: usize| Formula::Matches(id(index));
    let is = networks.iter().map(|one| format!("context.ip == ip(\"{one}\")"));
    let within = networks.iter().map(|one| format!("context.ip.isInRange(ip(\"{one}\"))"));
    let rules = CompiledPolicies::new(schema.clone(), is.chain(within).map(|one| when(&one)).collect());
    let mut session = Session::new(&rules, &environment(&schema));
    let none = Request::new(uid("User"), uid("Action"), uid("Doc"), Context::empty(), None).unwrap();
    let mut inside = 0;
    for (at, address) in networks.iter().enumerate() {
        for (range, text) in networks.iter().enumerate() {
            let expression = format!("ip(\"{address}\").isInRange(ip(\"{text}\"))").parse().unwrap();
            let expected = eval_expression(&none, &Entities::empty(), &expression).unwrap() == EvalResult::Bool(true);
            let asked = matches(at).and(matches(networks.len() + range));
            assert_eq!(session.check(&asked).is_impossible(), !expected, "{address} in {text}");
            inside += usize::from(expected);
        }
    }
    assert!(inside > 500, "{inside}");
}

/// A permit of what meets `condition`.
fn when(condition: &str) -> Subject {
    let policy: Policy = format!("permit(principal, action, resource) when {{ {condition} }};").parse().unwrap();
    Subject::policy(&policy)
}

fn uid(ty: &str) -> EntityUid {
    format!("{ty}::\"x\"").parse().unwrap()
}

/// The kind: a store of many ranges that a search gives up on.
#[test]
fn many_ranges_take_few_steps() {
    let schema = SchemaModel::new(&Schema::from_cedarschema_str(SCHEMA).unwrap().0).unwrap();
    let condition = |at: usize| {
        let (length, number) = if at < 100 { (48, at) } else { (47, at - 100) };
        format!("context.ip.isInRange(ip(\"2001:db8:{:x}::/{length}\"))", number * 3)
    };
    let rules = CompiledPolicies::new(schema.clone(), (0..200).map(|at| when(&condition(at))).collect());
    let mut session = Session::new(&rules, &environment(&schema)).with_budget(500);
    let any = |from: usize| Formula::Or((from..from + 100).map(|index| Formula::Matches(id(index))).collect());
    assert!(session.check(&any(0).and(!any(100))).is_impossible());
    assert!(matches!(session.check(&any(100).and(!any(0))), Answer::Witness(_)));
}

/// The kind: sums whose ends are beyond what can be counted to, and which bits were therefore looked at for.
#[test]
fn sums_of_products_take_few_steps() {
    let schema = SchemaModel::new(&Schema::from_cedarschema_str(SCHEMA).unwrap().0).unwrap();
    let sum = "context.n * context.m + context.m * context.m";
    let conditions = [format!("{sum} > context.n + 100"), format!("{sum} > 100"), format!("{sum} < 50")];
    let rules = CompiledPolicies::new(schema.clone(), conditions.iter().map(|one| when(one)).collect());
    let mut session = Session::new(&rules, &environment(&schema)).with_budget(500);
    let matches = |index: usize| Formula::Matches(id(index));
    for (index, condition) in conditions.iter().enumerate() {
        assert!(matches!(session.check(&matches(index)), Answer::Witness(_)), "{condition}");
    }
    assert!(session.check(&matches(1).and(matches(2))).is_impossible());
}

#[test]
fn patterns() {
    impossible("context.s like \"a*\" && context.s like \"b*\"");
    possible("context.s like \"a*\" && context.s like \"*b\" && !(context.s like \"a*c*\")");
    impossible("context.s like \"ab*\" && !(context.s like \"a*\")");
    impossible("context.s == \"abc\" && context.s like \"x*\"");
    possible("context.s like \"a\\*b\" && context.s == \"a*b\"");
    // {"a"} is the whole language: there are no two.
    let only_a = |s: &str| format!("{s} like \"a*\" && {s} like \"*a\" && !({s} like \"a*a\")");
    possible(&only_a("context.s"));
    impossible(&format!("{} && context.s != \"a\"", only_a("context.s")));
    impossible(&format!("{} && {} && context.s != principal.name", only_a("context.s"), only_a("principal.name")));
    possible(&format!("{} && {}", only_a("context.s"), only_a("principal.name")));
}

#[test]
fn sets() {
    impossible("context.set.contains(1) && context.set == [2]");
    possible("context.set.containsAll([1, 2]) && !context.set.contains(3)");
    impossible("context.set.isEmpty() && context.set.contains(1)");
    possible("!context.set.isEmpty() && !context.set.contains(1)");
    impossible("context.set == context.other && context.set.contains(1) && !context.other.contains(1)");
    possible("context.set != context.other && context.set.containsAll(context.other)");
    impossible(
        "context.set.containsAll(context.other) && context.other.containsAll(context.set) && context.set != context.other",
    );
    impossible("context.set.containsAny(context.other) && context.set.isEmpty()");
    impossible("context.set.containsAny(context.other) && context.set == [1] && !context.other.contains(1)");
    impossible("!principal.flags.contains(true) && !principal.flags.contains(false) && !principal.flags.isEmpty()");
    impossible("resource.owner == principal && resource.owner.teams != principal.teams");
    possible("resource.nested.contains([1]) && resource.nested.contains(context.set) && context.set != [1]");
    impossible("resource.nested == [[1], [2]] && resource.nested.contains(context.set) && context.set.contains(3)");
    impossible(
        "resource.readers.contains(principal) && principal == resource.owner && !resource.readers.contains(resource.owner)",
    );
    impossible("context.n == context.m && context.set.contains(context.n) && !context.set.contains(context.m)");
}

#[test]
fn a_dereference_that_folds_away_is_still_evaluated() {
    possible("User::\"a\".boss.age == User::\"a\".boss.age");
    possible("principal.boss.boss.boss == principal.boss.boss.boss");
}

#[test]
fn products_of_unknowns_are_unknown_within_the_budget() {
    let schema = SchemaModel::new(&Schema::from_cedarschema_str(SCHEMA).unwrap().0).unwrap();
    let condition = "context.n * context.m == 3037000493 * 3037000453 && context.n > 1 && context.m > context.n";
    let set: PolicySet = format!("permit(principal, action, resource) when {{ {condition} }};").parse().unwrap();
    let rules = CompiledPolicies::from_set(schema.clone(), &set);
    let mut session = Session::new(&rules, &environment(&schema)).with_budget(1_000);
    match session.find(&Formula::Matches(id(0))) {
        Answer::Unknown(reason @ Reason::Budget { steps: 100, .. }) => {
            assert!(reason.to_string().contains("product of two unknown numbers"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    // What does not touch it is decided all the same.
    let set: PolicySet = format!("permit(principal, action, resource) when {{ {condition} }}; permit(principal, action, resource) when {{ context.n > 18 && context.n < 10 }};").parse().unwrap();
    let rules = CompiledPolicies::from_set(schema.clone(), &set);
    let mut session = Session::new(&rules, &environment(&schema)).with_budget(5_000);
    assert!(session.find(&Formula::Matches(id(0))).unknown().is_some());
    assert!(session.find(&Formula::Matches(id(1))).is_impossible());
}

#[test]
fn a_policy_that_is_beyond_the_engine_is_set_aside_and_the_rest_goes_on() {
    let policies = "permit(principal, action, resource) when { ip(principal.name).isLoopback() };
                    permit(principal, action, resource) when { context.n > 1 };";
    assert!(matches!(ask_policies(policies, &Formula::Matches(id(0))), Answer::Unknown(Reason::SetAside { .. })));
    assert!(ask_policies(policies, &Formula::Matches(id(1))).witness().is_some());
}

#[test]
fn links_and_templates() {
    let schema = SchemaModel::new(&Schema::from_cedarschema_str(SCHEMA).unwrap().0).unwrap();
    let mut set: PolicySet =
        "@id(\"t\") permit(principal == ?principal, action, resource in ?resource) when { principal.age > 5 };"
            .parse()
            .unwrap();
    let template = set.templates().next().unwrap().id().clone();
    let values = [
        (cedar_policy::SlotId::principal(), "User::\"ann\"".parse().unwrap()),
        (cedar_policy::SlotId::resource(), "Group::\"docs\"".parse().unwrap()),
    ];
    set.link(template, cedar_policy::PolicyId::new("a link"), values.into()).unwrap();
    let rules = CompiledPolicies::from_set(schema.clone(), &set);
    let mut session = Session::new(&rules, &environment(&schema));
    let witness = session.find(&Formula::Matches(id(0))).witness().expect("the link matches");
    assert_eq!(witness.cases[0].request_json["principal"]["id"], "ann");
    let witness = session.find(&Formula::Matches(id(1))).witness().expect("the template can match");
    assert_eq!(witness.cases[0].slots[&1].len(), 2);
    assert!(session.find(&(Formula::Matches(id(0)).and(!Formula::Matches(id(1))))).witness().is_some());
    assert_eq!(session.allow(0), Formula::allow(&[id(0)], &[]));
}

#[test]
fn any_other_is_every_other_of_that_effect() {
    let policies = "permit(principal, action, resource) when { context.n > 1 };
                    permit(principal, action, resource) when { context.n > 2 };
                    forbid(principal, action, resource) when { context.n > 3 };";
    let shadowed =
        |index| Formula::Matches(id(index)).and(!Formula::AnyOther { side: 0, effect: Effect::Permit, except: index });
    assert!(ask_policies(policies, &shadowed(1)).is_impossible());
    assert!(ask_policies(policies, &shadowed(0)).witness().is_some());
}

#[test]
fn two_schemas_share_what_they_both_declare() {
    let old = "entity Group; entity User in [Group] { a: Long, b?: Long, c: String, gone: Bool };
               action view appliesTo { principal: User, resource: User, context: { x: Long } };";
    let new = "entity Org; entity Group; entity User in [Group, Org] { a: Long, b: Long, c: Long, fresh: Bool };
               action view appliesTo { principal: User, resource: User, context: { x: Long, y?: Long } };";
    let ask = |one: &str, other: &str| {
        let schemas = [old, new].map(|text| SchemaModel::new(&Schema::from_cedarschema_str(text).unwrap().0).unwrap());
        let sets = [one, other]
            .map(|c| format!("permit(principal, action, resource) when {{ {c} }};").parse::<PolicySet>().unwrap());
        let [old, new] = [0, 1].map(|side| CompiledPolicies::from_set(schemas[side].clone(), &sets[side]));
        let mut session = Session::pair(&old, &new, &schemas[0].environments()[0]);
        session.find(
            &(Formula::Matches(PolicyRef { side: 0, index: 0 }).and(Formula::Matches(PolicyRef { side: 1, index: 0 }))),
        )
    };
    assert!(ask("principal.a == 1", "principal.a == 2").is_impossible());
    assert!(ask("context.x == 1", "context.x == 2").is_impossible());
    assert!(ask("!(principal has b)", "true").is_impossible(), "the new schema requires it");
    assert!(ask("principal has b && principal.b == 1", "principal.b == 2").is_impossible());
    let witness = ask("principal.c == \"x\" && principal.gone", "principal.c == 2 && principal.fresh").witness();
    assert_eq!(witness.expect("what differs is free").cases.len(), 2);
    assert!(ask("principal in Group::\"g\"", "!(principal in Group::\"g\")").is_impossible());
    assert!(ask("principal in Group::\"g\"", "principal in Org::\"o\"").witness().is_some());
}

/// Sharing inside terms must not be unfolded: each of these is small as a graph and 2^40 as a tree.
#[test]
fn what_is_shared_inside_is_looked_at_once() {
    let sum = |count: usize| vec!["context.n"; count].join(" + ");
    possible(&format!("{} == 40", sum(40)));
    let errors = format!("permit(principal, action, resource) when {{ {} > 0 }};", sum(40));
    assert!(ask_policies(&errors, &Formula::Errors(id(0))).witness().is_some());
    let nested = format!("{}true{}", "if true then ".repeat(40), " else false".repeat(40));
    possible(&nested);
    possible(&format!("{}true{}", "if context.n > 3 then ".repeat(9), " else false".repeat(9)));
    let boss = format!("principal{}", ".boss".repeat(40));
    possible(&format!("{boss} == principal && {boss}.age > 3"));
}
