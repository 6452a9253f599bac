//! The generator reaches all of Cedar, and the oracles agree with each other.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::common::rng::Rng;
use crate::oracle::brute::explore;
use crate::oracle::compare::{Second, askable};
use crate::oracle::generate::{CaseSpec, Shape, Yield};
use crate::oracle::queries::KINDS;
use crate::oracle::symcc::{Symcc, Verdict};

#[test]
fn generated_policies_are_mostly_well_typed() {
    let mut total = Yield::default();
    for seed in 0..300 {
        let shape = [Shape::Finite, Shape::Small, Shape::Full][seed as usize % 3];
        let (case, made) = CaseSpec::new(seed, shape, seed % 5 == 0);
        case.build().unwrap_or_else(|error| panic!("{error}\n{}", case.text()));
        total.policies += made.policies;
        total.ill_typed += made.ill_typed;
    }
    assert!(total.ill_typed * 8 < total.policies, "{total:?}");
}

/// Every operator, function and type of Cedar, some number of times each.
#[test]
fn generated_policies_reach_all_of_cedar() {
    let (mut policies, mut schemas, mut changes) = (String::new(), String::new(), BTreeSet::new());
    for seed in 0..900 {
        let shape = [Shape::Small, Shape::Full, Shape::Hierarchy][seed as usize % 3];
        let (case, _) = CaseSpec::new(seed, shape, seed % 2 == 0);
        for side in &case.sides {
            schemas.push_str(&side.schema.text());
            for policy in &side.policies {
                policies.push_str(&policy.text(&side.schema));
                policies.push_str(if policy.is_open() { "\nopen" } else { "\n" });
                policies.push_str(if policy.link.is_some() { "\nlinked" } else { "\n" });
            }
        }
        let name: String = format!("{:?}", case.change).chars().take_while(|c| c.is_alphanumeric()).collect();
        changes.insert(name);
    }
    for wanted in [
        " && ",
        " || ",
        "!(",
        "(if ",
        " == ",
        " != ",
        " < ",
        " <= ",
        " > ",
        " >= ",
        " + ",
        " - ",
        " * ",
        "-(",
        " in [",
        " in ",
        " has ",
        " like \"",
        " is ",
        ".contains(",
        ".containsAll(",
        ".containsAny(",
        ".isEmpty()",
        ".hasTag(",
        ".getTag(",
        "decimal(\"",
        ".lessThan(",
        ".lessThanOrEqual(",
        ".greaterThan(",
        ".greaterThanOrEqual(",
        "ip(\"",
        ".isIpv4()",
        ".isIpv6()",
        ".isLoopback()",
        ".isMulticast()",
        ".isInRange(",
        "datetime(\"",
        "duration(\"",
        ".offset(",
        ".durationSince(",
        ".toDate()",
        ".toTime()",
        ".toDays()",
        ".toHours()",
        ".toMinutes()",
        ".toSeconds()",
        ".toMilliseconds()",
        "[\"a b\"]",
        "{\"",
        "unless {",
        "when {",
        "forbid(",
        "permit(",
        "?principal",
        "?resource",
        "open",
        "linked",
        "principal in ",
        "principal == ",
        "action in ",
        "action == ",
        "getTag(context.",
        "getTag(principal.",
        "9223372036854775807",
        "-9223372036854775808",
        " has r.",
    ] {
        assert!(policies.matches(wanted).count() >= 3, "`{wanted}` is rare: {}", policies.matches(wanted).count());
    }
    for wanted in [
        "Set<Long>",
        "Set<Bool>",
        "Set<String>",
        "Set<decimal>",
        "Set<ipaddr>",
        "Set<datetime>",
        "Set<duration>",
        "Set<Set<",
        "Set<{",
        "Set<User>",
        "Set<Color>",
        "tags Set<",
        "tags String",
        "tags ",
        " enum [",
        "?: ",
        "\": {",
        "Group in [Group",
        "namespace ",
        "action \"reading\" in",
        "in [\"",
        ": Bool",
        ": Long",
        ": String",
        ": decimal",
        ": ipaddr",
        ": datetime",
        ": duration",
        "principal: [User, ",
    ] {
        assert!(schemas.matches(wanted).count() >= 3, "`{wanted}` is rare: {}", schemas.matches(wanted).count());
    }
    let expected = [
        "None",
        "Optional",
        "Required",
        "Added",
        "Removed",
        "Retyped",
        "ParentAdded",
        "ParentRemoved",
        "TagsAdded",
        "TagsRemoved",
    ];
    assert_eq!(changes, expected.map(str::to_owned).into());
}

/// cvc5 and brute force on the same queries.
#[test]
fn cvc5_agrees_with_brute_force() {
    let Some(mut symcc) = Symcc::from_environment(Duration::from_secs(2)) else { return };
    let cases = std::env::var("POLCHECK_CASES").map_or(60, |text| text.parse().unwrap());
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut why: BTreeMap<String, usize> = BTreeMap::new();
    let (mut complete, mut worlds) = (0, 0);
    for seed in 0..cases {
        let shape = [Shape::Finite, Shape::Small][seed as usize % 2];
        let (spec, _) = CaseSpec::new(seed, shape, seed % 3 == 0);
        let case = spec.build().unwrap();
        let explored = explore(&case, 600, seed);
        complete += usize::from(explored.complete);
        worlds += explored.worlds;
        let mut second = Second::new(&case);
        for query in askable(&case).some(&mut Rng::new(seed), 12) {
            let (brute, solver) = (explored.ask(&query), second.ask(&mut symcc, &query));
            let contradiction =
                matches!((&brute, &solver), (Verdict::Holds, Verdict::Fails) | (Verdict::Fails, Verdict::Holds));
            assert!(
                !contradiction,
                "{query:?}\nbrute force: {brute:?}, cvc5: {solver:?}\n{}\n{:?}",
                spec.text(),
                explored.example(&query)
            );
            let name = |verdict: &Verdict| match verdict {
                Verdict::Holds => "holds",
                Verdict::Fails => "fails",
                Verdict::Open(_) => "open",
            };
            *counts.entry((name(&brute), name(&solver))).or_default() += 1;
            if let Verdict::Open(text) = solver {
                *why.entry(text).or_default() += 1;
            }
            let _ = KINDS[query.kind()];
        }
    }
    println!(
        "(brute force, cvc5): {counts:?}; {complete} of {cases} complete, {worlds} requests; cvc5 gave up: {why:?}"
    );
}
