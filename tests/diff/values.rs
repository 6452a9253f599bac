//! What people read of a change in values: examples that somebody might have written, what is left of a value, and
//! clauses without a second negation or what the action decides.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use cedar_policy::{Authorizer, Context, Decision, Entities, PolicySet, Request};
use polcheck::config::Config;
use polcheck::diff::compare;
use polcheck::outcome::changes::{CauseGroup, LeftOver};
use polcheck::repo;
use polcheck::source::Memory;

use crate::common::rng::Rng;
use crate::common::run;
use crate::documents::repository;

const SCHEMA: &str = "entity Team; entity Tenant;
entity User in [Team] { tenant: Tenant, manager: User, limit: Long, home: ipaddr };
entity Workspace { tenant: Tenant, dataOwner: User, deputy: User, quota: Long };
entity Doc { text: String };
action view, edit appliesTo { principal: User, resource: Workspace, context: {
  n: Long, m: Long, name: String, other: String, ip: ipaddr, at: datetime, since: datetime, price: decimal,
  levels: Set<Long>, flag: Bool } };
";

fn permit(condition: &str) -> String {
    format!("@id(\"p\")\npermit (principal, action == Action::\"view\", resource)\nwhen {{ {condition} }};\n")
}

/// The only group of what `old` to `new` changes.
fn group(old: &str, new: &str) -> CauseGroup {
    let load = |policies: &str| {
        let files = Memory::new([("s.cedarschema", SCHEMA), ("p.cedar", policies)]);
        repo::load(&files, &Config::default(), &repo::Request::default()).unwrap()
    };
    let compared = compare(&load(old), &load(new));
    let groups = &compared.stores[0].groups;
    assert_eq!(groups.len(), 1, "{groups:#?}");
    groups[0].clone()
}

/// What the terminal shows, on one line.
fn seen(old: &str, new: &str) -> String {
    let dir = repository(&[("s.cedarschema", SCHEMA), ("p.cedar", old)], &[("p.cedar", new)]);
    let run = run(dir.path(), &["diff", "HEAD"]);
    run.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The kind: values that a search happens to find. Each condition is new, and so is what the example has.
#[test]
fn an_example_has_what_a_person_would_write() {
    for (condition, has) in [
        ("context.name like \"oidc:*\"", vec!["\"name\":\"oidc:alice\""]),
        ("context.name like \"*@corp.example\"", vec!["\"name\":\"alice@corp.example\""]),
        ("context.name like \"oidc:*\" && context.name like \"*@corp.example\"", vec!["\"oidc:alice@corp.example\""]),
        ("context.name like \"prod-*\" && context.name != \"prod-1\"", vec!["\"name\":\"prod-2\""]),
        (
            "context.name like \"oidc:*\" && context.other like \"oidc:*\" && context.name != context.other",
            vec!["oidc:alice", "oidc:bob"],
        ),
        ("context.n > 0", vec!["\"n\":1"]),
        ("context.n == context.m && context.n > 0", vec!["\"n\":1", "\"m\":1"]),
        ("context.n > context.m && context.m > principal.limit && principal.limit > 0", vec!["\"n\":3", "\"m\":2"]),
        ("context.levels.contains(context.n) && context.n >= 7", vec!["\"levels\":[7]", "\"n\":7"]),
        ("context.n != 0 && context.n < 1000", vec!["\"n\":1"]),
        ("context.price.greaterThan(decimal(\"2.5\"))", vec!["\"arg\":\"2.5001\""]),
        ("context.price.greaterThan(decimal(\"2.4999\"))", vec!["\"arg\":\"2.5\""]),
        ("context.at < datetime(\"2024-06-02\")", vec!["\"arg\":\"2024-06-01T23:59:59Z\""]),
        ("context.ip.isIpv4() && !context.ip.isLoopback()", vec!["\"arg\":\"10.0.0.1\""]),
        ("context.ip.isIpv6()", vec!["\"arg\":\"2001:db8::1\""]),
        ("context.ip.isInRange(ip(\"172.16.0.0/12\"))", vec!["\"arg\":\"172.16.0.1\""]),
        ("context.ip == principal.home && context.ip.isIpv4()", vec!["\"arg\":\"10.0.0.1\""]),
        ("context.at.toTime() >= duration(\"22h\")", vec!["\"arg\":\"2026-01-01T22:00:00Z\""]),
        ("context.at.durationSince(context.since) > duration(\"1h\")", vec!["2026-01-01T01:00:01Z"]),
        ("resource.dataOwner == principal.manager", vec!["\"id\":\"manager-1\"", "\"id\":\"workspace-1\""]),
        ("resource.dataOwner != principal", vec!["\"id\":\"data-owner-1\"", "\"id\":\"deputy-1\""]),
        ("principal.tenant == resource.tenant", vec!["\"id\":\"tenant-1\""]),
    ] {
        let group = group("", &permit(condition));
        let evidence = &group.effects[0].witness.evidence;
        let text = format!("{}{}", evidence.request, evidence.entities);
        for part in has {
            assert!(text.contains(part), "{condition}: no {part} in {text}");
        }
    }
}

/// A range that is left is all that is left: asked of Cedar's authorizer for every number.
#[test]
fn a_range_that_is_left_is_what_brute_force_finds() {
    let schema =
        "entity User; entity Doc; action view appliesTo { principal: User, resource: Doc, context: { n: Long } };";
    let (mut said, mut unsaid) = (0, 0);
    for seed in 0..160 {
        let mut rng = Rng::new(seed);
        let limit = |rng: &mut Rng| {
            let operator = *rng.pick(&["<", "<=", ">", ">="]);
            format!("context.n {operator} {}", rng.below(40))
        };
        let one = |rng: &mut Rng| {
            let count = 1 + rng.below(2);
            (0..count).map(|_| limit(rng)).collect::<Vec<_>>().join(" && ")
        };
        let gone = one(&mut rng);
        let stay: Vec<String> = (0..1 + rng.below(3)).map(|_| one(&mut rng)).collect();
        let policy = |id: usize, condition: &String| {
            format!("@id(\"p{id}\") permit (principal, action, resource) when {{ {condition} }};\n")
        };
        let new: String = stay.iter().enumerate().map(|(at, condition)| policy(at + 1, condition)).collect();
        let old = policy(0, &gone) + &new;
        let load = |policies: &str| {
            let files = Memory::new([("s.cedarschema", schema), ("p.cedar", policies)]);
            repo::load(&files, &Config::default(), &repo::Request::default()).unwrap()
        };
        let compared = compare(&load(&old), &load(&new));
        let allows = |policies: &PolicySet, n: i64| {
            let context = Context::from_json_value(serde_json::json!({ "n": n }), None).unwrap();
            let request = Request::new(
                "User::\"u\"".parse().unwrap(),
                "Action::\"view\"".parse().unwrap(),
                "Doc::\"d\"".parse().unwrap(),
                context,
                None,
            );
            let response = Authorizer::new().is_authorized(&request.unwrap(), policies, &Entities::empty());
            response.decision() == Decision::Allow
        };
        let (before, after): (PolicySet, PolicySet) = (old.parse().unwrap(), new.parse().unwrap());
        let lost: Vec<i64> = (-60..100).filter(|n| allows(&before, *n) && !allows(&after, *n)).collect();
        let effects: Vec<_> = compared.stores[0].groups.iter().flat_map(|group| &group.effects).collect();
        assert_eq!(effects.is_empty(), lost.is_empty(), "{gone} {stay:?}");
        let Some(left) = effects.first().and_then(|effect| effect.condition.left.as_ref()) else {
            unsaid += 1;
            continue;
        };
        said += 1;
        let LeftOver::Range(first, last) = left.what else { panic!("{left:?}") };
        assert_eq!(left.of, "context.n");
        let ends = (first.unwrap_or(-60), last.unwrap_or(99));
        assert_eq!((lost[0], *lost.last().unwrap()), ends, "{gone} {stay:?} {left:?}");
        // Without a gap.
        assert_eq!(lost.len() as i64, ends.1 - ends.0 + 1, "{gone} {stay:?} {left:?}");
    }
    assert!(said > 15 && unsaid > 15, "{said} said, {unsaid} not");
}

#[test]
fn a_range_that_is_left_is_said() {
    let of = |id: &str, condition: &str| {
        format!("@id(\"{id}\")\npermit (principal, action == Action::\"view\", resource)\nwhen {{ {condition} }};\n")
    };
    let stay = of("small", "context.n <= 500") + &of("large", "context.n >= 1000");
    let shown = seen(&(of("all", "context.flag") + &stay), &stay);
    assert!(shown.contains("so only where `context.n` is from 501 to 999"), "{shown}");
}

/// The kind: a negation within an exception, which nobody reads right.
#[test]
fn no_exception_is_a_negation() {
    let of = |effect: &str, id: &str, condition: &str| {
        format!("@id(\"{id}\")\n{effect} (principal, action == Action::\"view\", resource)\nwhen {{ {condition} }};\n")
    };
    let all = of("permit", "all", "context.n > 5");
    let open = of("permit", "open", "!context.flag");
    let shown = seen(&(all.clone() + &open), &open);
    assert!(
        shown.contains("and when `context.flag` (otherwise still permitted by `open` (line 1))")
            && !shown.contains("unless"),
        "{shown}"
    );
    let apart = of("forbid", "apart", "principal.tenant != resource.tenant");
    let shown = seen(&(all.clone() + &apart), &apart);
    let said = "and when `principal.tenant == resource.tenant` (otherwise already refused by `apart` (old line 4))";
    assert!(shown.contains(said) && !shown.contains("unless"), "{shown}");
    let several = of("forbid", "several", "!context.flag && context.name != \"a\"");
    let shown = seen(&(all.clone() + &several), &several);
    assert!(
        shown.contains(
            "and when `context.flag || context.name == \"a\"` (otherwise already refused by `several` (old line 4))"
        ),
        "{shown}"
    );
    // What may err and hold neither way stays an exception.
    let errs = of("permit", "open", "!(context.n + 1 > 7)");
    let shown = seen(&(all + &errs), &errs);
    assert!(shown.contains("unless still permitted by `open`"), "{shown}");
}

/// The kind: what the action alone decides, told for another action.
#[test]
fn what_the_action_decides_is_not_said() {
    let old = permit("context.flag");
    let guard = "@id(\"guard\")\nforbid (principal, action, resource)\nwhen { !(action in Action::\"edit\") && context.n > 7 \
                 };\n@id(\"free\")\npermit (principal, action, resource)\nwhen { action == Action::\"edit\" || context.m > 7 \
                 };\n";
    let condition = group(&(old + guard), guard).effects[0].condition.clone();
    assert_eq!(&*condition.unless_refused[0].condition, "context.n > 7");
    assert_eq!(&*condition.unless_allowed[0].condition, "context.m > 7");
}

/// The kind: a change that only an overflow brings about, told like one that somebody meant.
#[test]
fn what_only_an_overflow_loses_is_said_to() {
    let (old, new) = (permit("context.n > context.m"), permit("context.n - context.m > 0"));
    let group_of = group(&old, &new);
    assert!(group_of.effects.iter().all(|effect| effect.by_error), "{group_of:#?}");
    let shown = seen(&old, &new);
    let sentence = "User loses view on Workspace, only where the policy cannot be evaluated (a number overflows, for \
                    instance), because the permit `p` was edited";
    let headline = "1 change takes access away only where the policy cannot be evaluated, in 1 of 2 kinds of request";
    assert!(shown.contains(sentence) && shown.starts_with(headline), "{shown}");
    let dir = repository(&[("s.cedarschema", SCHEMA), ("p.cedar", &old)], &[("p.cedar", &new)]);
    let comment = run(dir.path(), &["diff", "HEAD", "--report", "markdown"]).stdout.replace('`', "");
    assert!(comment.contains(&format!("**{headline}**")) && comment.contains(&sentence.replace('`', "")), "{comment}");
    // It is counted apart from what is meant.
    let meant = permit("context.flag").replace("\"p\"", "\"q\"");
    let shown = seen(&old, &(new + &meant));
    assert!(
        shown.starts_with("1 change grants access and 1 takes access away only where the policy cannot be evaluated"),
        "{shown}"
    );
    // And what is lost besides is shown without one.
    let real = group(&old, &permit("context.n - context.m > 5"));
    assert!(!real.effects[0].by_error);
    let context = &real.effects[0].witness.evidence.request["context"];
    let (n, m) = (context["n"].as_i64().unwrap(), context["m"].as_i64().unwrap());
    assert!(n > m && n - m <= 5, "{context}");
}
