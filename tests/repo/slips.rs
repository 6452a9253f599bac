//! What people write who know other languages: one error, at its place, that says what to write, and the rest of the
//! file is read.

use polcheck::source::Memory;
use polcheck::{config, repo};

use repo::Repo;

const SCOPE: &str = "permit (principal, action, resource)";

fn load(text: &str) -> Repo {
    let source = Memory::new([("p.cedar", text)]);
    repo::load(&source, &config::Config::default(), &repo::Request::default()).unwrap()
}

/// Text (`SCOPE` stands for a whole scope), the text at the place of the error, and a part of its message or help.
const SLIPS: &[(&str, &str, &str)] = &[
    ("SCOPE when { principal.a == 1 and resource.b };", "and", "write `&&`"),
    ("SCOPE when { principal.a OR resource.b };", "OR", "write `||`"),
    ("SCOPE when { not principal.a };", "not", "write `!`"),
    ("SCOPE when { principal not in Group::\"a\" };", "not", "`!(principal in Group::\"a\")`"),
    ("SCOPE when { principal is not Admin };", "is not", "`!( )`"),
    ("/* it's \"old;\n */\nSCOPE;", "/* it's \"old;", "begin each line of the comment with `//`"),
    ("# don't; say \"so\nSCOPE;", "# don't; say \"so", "write `//` instead of `#`"),
    ("SCOPE if { principal.a };", "if", "write `when`"),
    ("SCOPE where { principal.a };", "where", "write `when`"),
    ("SCOPE except when { principal.a };", "except when", "write `unless`"),
    ("SCOPE wehn { principal.a };", "wehn", "write `when`"),
    ("SCOPE When { principal.a };", "When", "write `when`"),
    ("SCOPE when (principal.a);", "(principal.a)", "write `when { principal.a }`"),
    ("SCOPE when principal.a == 1;", "principal.a == 1", "write `when { principal.a == 1 }`"),
    ("SCOPE { principal.a };", "{", "write `when` before the `{`"),
    (
        "permit (principal, action, resource in [D::\"a\", D::\"b\"]);",
        "resource in [D::\"a\", D::\"b\"]",
        "write `resource` alone",
    ),
    ("permit (principal, action == [A::\"a\"], resource);", "action == [A::\"a\"]", "write `action in [A::\"a\"]`"),
    ("permit (principal = User::\"a\", action, resource);", "=", "write `==`"),
    ("permit (principal == U::\"a\" || principal == U::\"b\", action, resource);", "||", "write `principal` alone"),
    (
        "permit (principal != User::\"a\", action, resource);",
        "principal != User::\"a\"",
        "`unless { principal == User::\"a\" }`",
    ),
    ("permit (principal is in Group::\"a\", action, resource);", "is in", "`is` wants a type"),
    ("permit (principal: User, action, resource);", ":", "write `principal is User`"),
    ("permit (principal == User, action, resource);", "== User", "write `principal is User`"),
    ("permit (principal is User::\"a\", action, resource);", "is", "write `principal == User::\"a\"`"),
    ("permit (principal == \"alice\", action, resource);", "\"alice\"", "such as User::\"alice\""),
    ("permit (principal, action == \"view\", resource);", "\"view\"", "write Action::\"view\""),
    ("permit (principal, action == view, resource);", "view", "write Action::\"view\""),
    ("permit (principal == User:\"alice\", action, resource);", "User:\"alice\"", "write User::\"alice\""),
    ("permit (principal == User::alice, action, resource);", "User::alice", "write User::\"alice\""),
    ("permit (principal == User::a@b.org, action, resource);", "User::a@b.org", "write User::\"a@b.org\""),
    ("permit (principal == User::'alice', action, resource);", "'alice'", "write \"alice\""),
    (
        "permit (principal == User::\u{201c}alice\u{201d}, action, resource);",
        "\u{201c}alice\u{201d}",
        "write \"alice\"",
    ),
    (
        "permit (principal.role == \"x\", action, resource);",
        "principal.role == \"x\"",
        "when { principal.role == \"x\" }",
    ),
    ("permit (principal, resource, action);", "resource", "the order is"),
    ("permit (principal, resource);", "resource", "the scope lacks `action` before this"),
    ("permit (user, action, resource);", "user", "the scope has `principal` here"),
    ("permit (*, action, resource);", "*", "the scope has `principal` here"),
    ("permit ();", "()", "the scope is empty"),
    ("permit (principal, action, resource, context);", "context", "stands in conditions"),
    ("permit principal, action, resource;", "principal, action, resource", "between round brackets"),
    ("allow (principal, action, resource);", "allow", "write `permit`"),
    ("deny (principal, action, resource);", "deny", "write `forbid`"),
    ("premit (principal, action, resource);", "premit", "write `permit`"),
    ("@id = \"x\"\nSCOPE;", "@id = \"x\"", "write @id(\"x\")"),
    ("@id(\"x\");\nSCOPE;", ";", "remove it"),
    ("@id(x)\nSCOPE;", "@id(x)", "write @id(\"x\")"),
    ("SCOPE", ")", "write `;` after it"),
    ("SCOPE;\nwhen { principal.a };", "when", "remove the `;` before it"),
    ("SCOPE when { principal.a; };", ";", "remove it"),
    ("SCOPE when { principal.a, principal.b };", ",", "write `&&`"),
    ("SCOPE when { principal.a == 1\n principal.b == 2 };", "principal", "an operator is missing before `principal.b`"),
    ("SCOPE when { principal.a === 1 };", "===", "write `==`"),
    ("SCOPE when { resource.owner = principal };", "=", "write `==`"),
    ("SCOPE when { principal.a <> 1 };", "<>", "write `!=`"),
    ("SCOPE when { principal.a & principal.b };", "&", "write `&&`"),
    ("SCOPE when { principal.a && };", "&&", "nothing stands after"),
    ("SCOPE when { principal.a != null };", "null", "`has` asks whether"),
    ("SCOPE when { principal.a == True };", "True", "write `true`"),
    ("SCOPE when { resource.path =~ \"^/a\" };", "=~", "no regular expressions"),
    ("SCOPE when { resource.path.startsWith(\"/a\") };", "startsWith", "write `like`"),
    ("SCOPE when { resource.tags.size() > 3 };", "size", "Cedar does not count"),
    ("SCOPE when { contains(resource.tags, \"a\") };", "contains", "is a method"),
    ("SCOPE when { resource.tags.contain(\"a\") };", "contain", ".contains(..)"),
    ("SCOPE when { if principal.a then principal.b };", "if", "no `else`"),
    ("SCOPE when { if (principal.a) { true } else { false } };", "if", "no `then`"),
    ("SCOPE when { principal.a ? principal.b : false };", "?", "if CONDITION then"),
    ("SCOPE when { user.name == \"a\" };", "user", "did you mean `principal`?"),
    ("SCOPE when { pricipal.name == \"a\" };", "pricipal", "did you mean `principal`?"),
    ("SCOPE when { resource.status == open };", "open", "write \"open\""),
    ("SCOPE when { context.ip == 10.0.0.1 };", "10.0.0.1", "ip(\"10.0.0.1\")"),
    ("SCOPE when { context.amount == 1.5 };", "1.5", "decimal(\"1.5\")"),
    ("SCOPE when { context.age < 30m };", "30m", "duration(\"30m\")"),
    ("SCOPE when { context.now < now() };", "now", "Cedar knows no time"),
    ("SCOPE when { principal == User(\"alice\") };", "User(\"alice\")", "write User::\"alice\""),
    ("SCOPE when { principal.name == 'alice' };", "'alice'", "write \"alice\""),
    ("SCOPE when { (principal.a };", "(", "never closed"),
    ("SCOPE when { principal.a) };", ")", "closes nothing"),
    ("SCOPE when { principal.a;", "{", "never closed"),
    ("SCOPE when { principal.a is not null };", "null", "`has` asks whether"),
    ("SCOPE when { resource in [F::\"a\" F::\"b\"] };", "F", "a comma is missing"),
    ("SCOPE when { return principal.a };", "return", "one expression"),
    ("permit (principal, action == A::\"a\" resource);", "resource", "a comma is missing before `resource`"),
    ("permit (principal, action in [A::\"a\", resource);", "[", "never closed"),
    ("policy \"x\" {\nSCOPE;\n}", "policy", "a policy begins with"),
    ("SCOPE when { principal.a } };", "}", "closes nothing"),
    ("SCOPE when { principal.a \u{2260} 1 };", "\u{2260}", "write `!=`"),
];

#[test]
fn each_slip_is_one_error_at_its_place_with_a_way_out() {
    for (text, place, says) in SLIPS {
        let text = text.replace("SCOPE", SCOPE);
        let repo = load(&text);
        let [finding] = repo.findings.as_slice() else { panic!("{text}\n{:#?}", repo.findings) };
        let told = format!("{} | {}", finding.message, finding.help.as_deref().unwrap_or_default());
        assert_eq!(finding.location.text(), *place, "{text}\n{told}");
        assert!(told.contains(says), "{text}\n{told}");
        assert!(!told.contains("unexpected token"), "{text}\n{told}");
    }
}

#[test]
fn the_rest_of_the_file_is_read() {
    // What stands around policies takes them with it.
    for (text, ..) in SLIPS.iter().filter(|(text, ..)| !text.starts_with("policy")) {
        let text = format!("{};\n{}\n@id(\"last\")\n{SCOPE};\n", SCOPE, text.replace("SCOPE", SCOPE));
        let repo = load(&text);
        assert_eq!(repo.findings.len(), 1, "{text}\n{:#?}", repo.findings);
        let names: Vec<&str> = repo.stores[0].policies.iter().map(|policy| policy.short.as_str()).collect();
        assert!(names.contains(&"last") && !repo.stores[0].broken.is_empty(), "{text}\n{names:?}");
    }
}

#[test]
fn a_string_that_is_never_closed_costs_its_policy_alone() {
    let text = format!("{SCOPE} when {{ principal.name == \"alice }};\n@id(\"b\")\n{SCOPE};\n");
    let repo = load(&text);
    let [finding] = repo.findings.as_slice() else { panic!("{:#?}", repo.findings) };
    assert_eq!(finding.message, "this string is never closed");
    assert_eq!(finding.location.text(), "\"alice");
    assert_eq!(repo.stores[0].policies.len(), 1);
}

#[test]
fn several_slips_in_one_policy_are_each_told() {
    let text = "allow (principal = User::\"a\", action, resource)\nwhere { not context.a and context.b };";
    let repo = load(text);
    let places: Vec<&str> = repo.findings.iter().map(|finding| finding.location.text()).collect();
    assert_eq!(places, ["allow", "=", "where", "not", "and"], "{:#?}", repo.findings);
}

#[test]
fn words_that_are_right_are_left_alone() {
    let text = format!("{SCOPE} when {{ resource.and == context.not && context has or && {{ if: 1 }}.if === 1 }};");
    let repo = load(&text);
    let places: Vec<&str> = repo.findings.iter().map(|finding| finding.location.text()).collect();
    assert_eq!(places, ["==="], "{:#?}", repo.findings);
}
