//! What the engine takes from cedar-policy-symcc: the last assertion is the goal. No contract of theirs says so.

use std::collections::BTreeSet;

use cedar_policy::{Authorizer, Context, Decision, Entities, Policy, PolicyId, PolicySet, Request, RequestEnv, Schema};
use cedar_policy_symcc::term::Term;
use cedar_policy_symcc::term_factory::not;
use cedar_policy_symcc::term_type::TermType;
use cedar_policy_symcc::{
    CompiledPolicy, Env, SymEnv, WellFormedAsserts, always_denies_asserts, always_matches_asserts,
    matches_implies_asserts, never_errors_asserts, never_matches_asserts,
};

const SCHEMA: &str = r#"
entity Group in [Group];
entity User in [Group] { name: String, age: Long, boss?: User, groups: Set<Group> } tags String;
entity Doc in [Group] { owner: User };
action view appliesTo { principal: [User], resource: [Doc], context: { n: Long } };
"#;

/// A condition, and whether it can be in error.
const CONDITIONS: [(&str, bool); 12] = [
    ("principal.name like \"a*\"", false),
    ("principal.age < context.n", false),
    ("principal.age + context.n > 3", true),
    ("principal.age * 2 > 3 || resource.owner == principal", true),
    ("resource.owner == principal && principal.age - 1 < 4", true),
    ("principal in Group::\"a\" && resource in Group::\"a\"", false),
    ("principal has boss && principal.boss.age < 3", false),
    ("principal has boss && -principal.boss.age < 3", true),
    ("principal.groups.contains(Group::\"a\")", false),
    ("principal.hasTag(\"k\") && principal.getTag(\"k\") == \"v\"", false),
    ("if principal.age == 1 then context.n + 1 == 2 else resource.owner.age == 2", true),
    ("!(principal.name == \"x\") && [principal.age].contains(context.n)", false),
];

fn schema() -> Schema {
    Schema::from_cedarschema_str(SCHEMA).unwrap().0
}

fn env() -> RequestEnv {
    RequestEnv::new("User".parse().unwrap(), "Action::\"view\"".parse().unwrap(), "Doc".parse().unwrap())
}

fn policy(condition: &str) -> Policy {
    let text = format!("permit(principal, action, resource) when {{ {condition} }};");
    Policy::parse(Some(PolicyId::new("p")), text).unwrap()
}

fn compiled(condition: &str) -> CompiledPolicy {
    let (schema, env) = (schema(), env());
    let symenv = SymEnv::new(&schema, &env).unwrap();
    CompiledPolicy::compile_with_custom_symenv(&policy(condition), &env, &schema, symenv).unwrap()
}

fn goal(asserts: &WellFormedAsserts<'_>) -> Term {
    asserts.asserts().last().expect("there is a goal").clone()
}

/// A request and entities, as text: the name, age and boss of the principal, the parents, `n`.
fn concrete(name: &str, age: i64, boss: bool, n: i64) -> Env {
    let (schema, env) = (schema(), env());
    let boss_attribute = if boss { r#", "boss": { "type": "User", "id": "b" }"# } else { "" };
    let parents = if boss { r#"[{ "type": "Group", "id": "a" }]"# } else { "[]" };
    let user = |id: &str, more: &str, tags: &str| {
        format!(
            r#"{{ "uid": {{ "type": "User", "id": "{id}" }}, "parents": {parents}, "tags": {tags}, "attrs":
                {{ "name": "{name}", "age": {age}, "groups": [{{ "type": "Group", "id": "a" }}]{more} }} }}"#
        )
    };
    let entities = format!(
        r#"[{}, {}, {{ "uid": {{ "type": "Group", "id": "a" }}, "parents": [], "attrs": {{}} }},
            {{ "uid": {{ "type": "Doc", "id": "d" }}, "parents": {parents}, "attrs": {{ "owner": {{ "type": "User", "id": "u" }} }} }}]"#,
        user("u", boss_attribute, r#"{ "k": "v" }"#),
        user("b", "", "{}"),
    );
    let entities = Entities::from_json_str(&entities, Some(&schema)).unwrap();
    let context = Context::from_json_str(&format!(r#"{{ "n": {n} }}"#), Some((&schema, env.action()))).unwrap();
    let uid = |text: &str| text.parse().unwrap();
    let request =
        Request::new(uid("User::\"u\""), env.action().clone(), uid("Doc::\"d\""), context, Some(&schema)).unwrap();
    Env { request, entities }
}

/// Over a request that is known, the goals are known: what Cedar's authorizer says of the policy.
#[test]
fn the_goals_are_matching_and_being_in_error() {
    let (schema, env) = (schema(), env());
    let mut seen = BTreeSet::new();
    for (condition, errs) in CONDITIONS {
        for (name, age, boss, n) in [
            ("abc", 1, false, 1),
            ("x", i64::MAX, true, i64::MAX),
            ("abc", 2, true, 3),
            ("", i64::MIN, true, i64::MIN),
            ("x", 3, false, 4),
        ] {
            let known = concrete(name, age, boss, n);
            let policy = policy(condition);
            let response = Authorizer::new().is_authorized(
                &known.request,
                &PolicySet::from_policies([policy.clone()]).unwrap(),
                &known.entities,
            );
            let (allowed, failed) =
                (response.decision() == Decision::Allow, response.diagnostics().errors().next().is_some());
            let symenv = SymEnv::from_concrete_env(&env, &schema, &known).unwrap();
            let compiled = CompiledPolicy::compile_with_custom_symenv(&policy, &env, &schema, symenv).unwrap();
            assert_eq!(goal(&never_matches_asserts(&compiled)), allowed.into(), "{condition} {name} {age} {boss} {n}");
            assert_eq!(goal(&never_errors_asserts(&compiled)), failed.into(), "{condition} {name} {age} {boss} {n}");
            assert!(errs || !failed, "{condition}");
            seen.insert((allowed, failed));
        }
    }
    assert_eq!(seen.len(), 3, "matching, not matching, in error: {seen:?}");
}

/// Over a request that is not known, the goals are the terms that other queries are made of.
#[test]
fn the_goals_are_what_the_policy_term_says() {
    for (condition, errs) in CONDITIONS {
        let compiled = compiled(condition);
        let matches = goal(&never_matches_asserts(&compiled));
        let errors = goal(&never_errors_asserts(&compiled));
        assert_eq!(matches.type_of(), TermType::Bool, "{condition}");
        assert_eq!(errors.type_of(), TermType::Bool, "{condition}");
        assert_eq!(goal(&always_matches_asserts(&compiled)), not(matches.clone()), "{condition}");
        assert!(!errs || errors != false.into(), "{condition}");
        // The decision of a set with this permit alone is that `term = some(true)`.
        let set = compiled.clone().into_compiled_policyset();
        assert_eq!(goal(&always_denies_asserts(&set)), matches, "{condition}");
        let pair = matches_implies_asserts(&compiled, &compiled);
        assert_eq!(goal(&pair), false.into(), "{condition}");
    }
}

#[test]
fn assumptions_come_before_the_goal() {
    let compiled = compiled("principal in Group::\"a\" && resource in Group::\"a\"");
    let matching = never_matches_asserts(&compiled);
    let asserts = matching.asserts();
    assert!(asserts.len() > 1, "hierarchies have axioms");
    let missing = always_matches_asserts(&compiled);
    let (other, goals) = (missing.asserts(), asserts.len() - 1);
    // The same assumptions, another goal.
    assert_eq!(asserts[..goals], other[..goals]);
    assert_eq!(asserts.len(), other.len());
    assert_eq!(asserts[goals], not(other[goals].clone()));
}

#[test]
fn a_goal_that_is_false_stands_alone() {
    let never = compiled("false && principal.age < 2");
    assert_eq!(never_matches_asserts(&never).asserts().as_slice(), [Term::from(false)]);
    let safe = compiled("principal.name == \"a\" && principal in Group::\"a\"");
    let asserts = never_errors_asserts(&safe);
    assert_eq!(goal(&asserts), Term::from(false));
}
