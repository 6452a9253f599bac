//! An expression's text: on one line, with no more parentheses than Cedar's grammar needs.
//!
//! The grammar: <https://docs.cedarpolicy.com/policies/syntax-grammar.html>.

use serde_json::Value as Json;

/// How tightly an expression binds, the loosest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binds {
    If,
    Or,
    And,
    Relation,
    Sum,
    Product,
    Unary,
    Member,
}

/// Extension functions that are called by name; all others are methods of their first argument.
const CONSTRUCTORS: [&str; 4] = ["ip", "decimal", "datetime", "duration"];

const RELATIONS: [&str; 7] = ["==", "!=", "<", "<=", ">", ">=", "in"];
const METHODS: [&str; 5] = ["contains", "containsAll", "containsAny", "getTag", "hasTag"];
const RESERVED: [&str; 9] = ["true", "false", "if", "then", "else", "in", "is", "like", "has"];

/// The text of `expression`, which is in Cedar's JSON form; `None` for what is not of that form.
#[must_use]
pub fn text(expression: &Json) -> Option<String> {
    written(expression).map(|(text, _)| text)
}

/// The text, between parentheses if it binds less tightly than `least`.
fn at_least(least: Binds, expression: &Json) -> Option<String> {
    let (text, binds) = written(expression)?;
    Some(if binds < least { format!("({text})") } else { text })
}

fn written(expression: &Json) -> Option<(String, Binds)> {
    let mut fields = expression.as_object()?.iter();
    let (operator, of) = fields.next()?;
    if fields.next().is_some() {
        return None;
    }
    let (name, at) = (operator.as_str(), |key: &str| of.get(key));
    let both = |least: Binds, right: Binds| {
        Some(format!("{} {name} {}", at_least(least, at("left")?)?, at_least(right, at("right")?)?))
    };
    let listed = |all: &Vec<Json>| Some(all.iter().map(text).collect::<Option<Vec<_>>>()?.join(", "));
    Some(match name {
        "Value" => value(of)?,
        "Var" | "Slot" => (of.as_str()?.to_owned(), Binds::Member),
        "||" => (both(Binds::Or, Binds::Or)?, Binds::Or),
        "&&" => (both(Binds::And, Binds::And)?, Binds::And),
        _ if RELATIONS.contains(&name) => (both(Binds::Sum, Binds::Sum)?, Binds::Relation),
        "+" | "-" => (both(Binds::Sum, Binds::Product)?, Binds::Sum),
        "*" => (both(Binds::Product, Binds::Unary)?, Binds::Product),
        "!" => (format!("!{}", at_least(Binds::Member, at("arg")?)?), Binds::Unary),
        "neg" => (format!("-{}", at_least(Binds::Member, at("arg")?)?), Binds::Unary),
        "isEmpty" => (format!("{}.isEmpty()", at_least(Binds::Member, at("arg")?)?), Binds::Member),
        _ if METHODS.contains(&name) => {
            let (left, right) = (at_least(Binds::Member, at("left")?)?, text(at("right")?)?);
            (format!("{left}.{name}({right})"), Binds::Member)
        }
        "." => {
            let (left, key) = (at_least(Binds::Member, at("left")?)?, at("attr")?.as_str()?);
            let access = if is_identifier(key) { format!("{left}.{key}") } else { format!("{left}[{}]", quoted(key)) };
            (access, Binds::Member)
        }
        "has" => {
            let left = at_least(Binds::Sum, at("left")?)?;
            let path: Option<Vec<&str>> = match at("attr")? {
                Json::Array(path) => path.iter().map(Json::as_str).collect(),
                one => one.as_str().map(|one| vec![one]),
            };
            let key = match path?.as_slice() {
                [only] if !is_identifier(only) => quoted(only),
                path if path.iter().all(|part| is_identifier(part)) => path.join("."),
                _ => return None,
            };
            (format!("{left} has {key}"), Binds::Relation)
        }
        "like" => {
            let left = at_least(Binds::Sum, at("left")?)?;
            (format!("{left} like \"{}\"", pattern(at("pattern")?)?), Binds::Relation)
        }
        "is" => {
            let text = format!("{} is {}", at_least(Binds::Sum, at("left")?)?, at("entity_type")?.as_str()?);
            match at("in") {
                Some(group) => (format!("{text} in {}", at_least(Binds::Sum, group)?), Binds::Relation),
                None => (text, Binds::Relation),
            }
        }
        "if-then-else" => {
            let [test, yes, no] = ["if", "then", "else"].map(|key| at(key).and_then(text));
            (format!("if {} then {} else {}", test?, yes?, no?), Binds::If)
        }
        "Set" => (format!("[{}]", listed(of.as_array()?)?), Binds::Member),
        "Record" => {
            let field = |(key, value): (&String, &Json)| Some(format!("{}: {}", quoted(key), text(value)?));
            let all = of.as_object()?.iter().map(field).collect::<Option<Vec<_>>>()?;
            (format!("{{{}}}", all.join(", ")), Binds::Member)
        }
        function => {
            let arguments = of.as_array()?;
            if CONSTRUCTORS.contains(&function) {
                return Some((format!("{function}({})", listed(arguments)?), Binds::Member));
            }
            let (first, rest) = arguments.split_first()?;
            let rest = listed(&rest.to_vec())?;
            (format!("{}.{function}({rest})", at_least(Binds::Member, first)?), Binds::Member)
        }
    })
}

/// What a literal holds.
fn value(value: &Json) -> Option<(String, Binds)> {
    Some(match value {
        Json::Bool(truth) => (truth.to_string(), Binds::Member),
        Json::Number(number) => {
            let text = number.to_string();
            let binds = if text.starts_with('-') { Binds::Unary } else { Binds::Member };
            (text, binds)
        }
        Json::String(text) => (quoted(text), Binds::Member),
        Json::Array(all) => {
            let all = all.iter().map(|one| Some(self::value(one)?.0)).collect::<Option<Vec<_>>>()?;
            (format!("[{}]", all.join(", ")), Binds::Member)
        }
        Json::Object(fields) => {
            if let Some(uid) = fields.get("__entity") {
                let (ty, id) = (uid.get("type")?.as_str()?, uid.get("id")?.as_str()?);
                return Some((format!("{ty}::{}", quoted(id)), Binds::Member));
            }
            if let Some(call) = fields.get("__extn") {
                return Some((
                    format!("{}({})", call.get("fn")?.as_str()?, self::value(call.get("arg")?)?.0),
                    Binds::Member,
                ));
            }
            let field = |(key, value): (&String, &Json)| Some(format!("{}: {}", quoted(key), self::value(value)?.0));
            let all = fields.iter().map(field).collect::<Option<Vec<_>>>()?;
            (format!("{{{}}}", all.join(", ")), Binds::Member)
        }
        Json::Null => return None,
    })
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.escape_debug())
}

/// Whether `name` stands for an attribute as it is, without quotes.
#[must_use]
pub fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !RESERVED.contains(&name)
}

/// Whether it is plain that the text of `expression`, which Cedar made of a policy, reads back as it: nothing in it is
/// escaped, negative, or written in two ways.
#[must_use]
pub fn is_simple(expression: &Json) -> bool {
    let Some((operator, of)) = expression.as_object().and_then(|fields| fields.iter().next()) else { return false };
    let (name, at) = (operator.as_str(), |key: &str| of.get(key).is_some_and(is_simple));
    match name {
        "Value" => is_simple_value(of),
        "Var" => true,
        // A chain is read from the left.
        "&&" | "||" => at("left") && at("right") && of.get("right").is_none_or(|right| right.get(name).is_none()),
        "!" => at("arg"),
        "isEmpty" => at("arg"),
        "." | "has" => at("left") && of.get("attr").and_then(Json::as_str).is_some_and(is_identifier),
        "is" => {
            at("left")
                && of.get("entity_type").and_then(Json::as_str).is_some_and(is_type)
                && of.get("in").is_none_or(is_simple)
        }
        "like" => {
            let literal = |part: &Json| {
                part.get("Literal")
                    .is_none_or(|text| text.as_str().is_some_and(|text| is_unescaped(text) && !text.contains('*')))
            };
            at("left") && of.get("pattern").and_then(Json::as_array).is_some_and(|parts| parts.iter().all(literal))
        }
        "Set" => of.as_array().is_some_and(|all| all.iter().all(is_simple)),
        _ if RELATIONS.contains(&name) || METHODS.contains(&name) => at("left") && at("right"),
        // A function of an extension: Cedar wrote its name.
        _ => of.as_array().is_some_and(|all| all.iter().all(is_simple)),
    }
}

/// The same of what a literal holds.
fn is_simple_value(value: &Json) -> bool {
    match value {
        Json::Bool(_) => true,
        Json::Number(number) => number.as_i64().is_some_and(|number| number >= 0),
        Json::String(text) => is_unescaped(text),
        Json::Object(fields) => fields.get("__entity").is_some_and(|uid| {
            let part = |key: &str| uid.get(key).and_then(Json::as_str);
            fields.len() == 1 && part("type").is_some_and(is_type) && part("id").is_some_and(is_unescaped)
        }),
        Json::Array(_) | Json::Null => false,
    }
}

/// Whether a string is the same within quotes.
fn is_unescaped(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte) && !b"\"'\\".contains(&byte))
}

fn is_type(name: &str) -> bool {
    name.split("::").all(is_identifier)
}

/// A pattern of `like`: a star of the text itself has a backslash.
fn pattern(parts: &Json) -> Option<String> {
    let mut out = String::new();
    for part in parts.as_array()? {
        match part.get("Literal") {
            Some(literal) => {
                let literal = literal.as_str()?.escape_debug().to_string();
                out.push_str(&literal.replace('*', "\\*"));
            }
            None => out.push('*'),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cedar_policy::{Policy, PolicyId};
    use serde_json::json;

    /// Writes the condition `text` anew, and reads it back: the same policy.
    fn again(text: &str) -> String {
        let body = |text: &str| {
            let policy: Policy = format!("permit (principal, action, resource) when {{ {text} }};").parse().unwrap();
            let json = policy.to_json().unwrap();
            json["conditions"][0]["body"].clone()
        };
        let json = body(text);
        let written = super::text(&json).unwrap();
        assert_eq!(body(&written), json, "{text} became {written}");
        written
    }

    #[test]
    fn what_is_written_reads_back_as_the_same_expression() {
        for text in [
            "context.a && context.b || context.c",
            "context.a && (context.b || context.c)",
            "!(context.a && context.b)",
            "!context.a",
            "(context.n - 1) - (context.n - 2) < context.n * (3 + 4)",
            "context.n * -1 < -context.n",
            "-(context.n + 1) == -5",
            "principal in [Group::\"a\\\"b\", Group::\"c\"]",
            "principal is NS::User in Group::\"g\"",
            "context has a && context.a has \"b c\" && context.a[\"b c\"] like \"x\\**\\\"\"",
            "(if context.a then context.b else context.c) && context.d",
            "if context.a then 1 == 2 else context.c",
            "[1, \"two\", ip(\"10.0.0.0/8\")].contains(context.x)",
            "{\"a\": 1, \"b c\": [true]} == context.r",
            "context.ip.isInRange(ip(\"10.0.0.0/8\")) && context.at.offset(duration(\"1h\")).toTime() > duration(\"7h\")",
            "(context.a == context.b) == true",
            "(context has a) == (context has b)",
            "principal.hasTag(\"k\") && principal.getTag(\"k\").isEmpty()",
            "context.s == \"line\\nbreak \\u{7f} *\"",
            "context.a.contains(context.b || context.c)",
            "decimal(\"1.5\").lessThan(context.d)",
            "context[\"in\"] && context has \"if\"",
            "context has a.b.c && context.a.b.c",
        ] {
            again(text);
        }
        assert_eq!(again("((context.a) && ((context.b)))"), "context.a && context.b");
        assert_eq!(again("!(context.a.b)"), "!context.a.b");
    }

    /// The kind: what is taken for plain is written as something else. Each operator stands within each other one, on
    /// either side.
    #[test]
    fn what_is_simple_reads_back_as_it_is() {
        let (a, b) = (json!({".": {"left": {"Var": "context"}, "attr": "a"}}), json!({"Var": "principal"}));
        let user = json!({"Value": {"__entity": {"type": "NS::User", "id": "a-b.c/d:e @*$%{}"}}});
        let mut inner = vec![a.clone(), user.clone(), json!({"Value": "x y*"}), json!({"Value": 7})];
        inner.extend([json!({"Value": true}), json!({"Set": []}), json!({"Set": [user, a]})]);
        inner.extend(CONSTRUCTORS.map(|name| json!({ name: [{"Value": "1.0.0.0/8"}] })));
        let around = |one: &Json| -> Vec<Json> {
            let mut all = vec![json!({"!": {"arg": one}}), json!({"isEmpty": {"arg": one}}), json!({"Set": [b, one]})];
            for operator in RELATIONS.iter().chain(&METHODS).chain(&["&&", "||"]) {
                all.push(json!({ *operator: {"left": one, "right": b} }));
                all.push(json!({ *operator: {"left": b, "right": one} }));
            }
            all.extend([".", "has"].map(|operator| json!({ operator: {"left": one, "attr": "key"} })));
            all.push(json!({"is": {"left": one, "entity_type": "NS::User"}}));
            all.push(json!({"is": {"left": b, "entity_type": "User", "in": one}}));
            all.push(json!({"like": {"left": one, "pattern": ["Wildcard", {"Literal": "a b"}, "Wildcard"]}}));
            all.extend(["isIpv4", "toTime", "toDays"].map(|method| json!({ method: [one] })));
            all.extend(["isInRange", "lessThan", "offset"].map(|method| json!({ method: [b, one] })));
            all
        };
        let once: Vec<Json> = inner.iter().flat_map(around).collect();
        let twice = inner.iter().take(2).flat_map(around).collect::<Vec<_>>();
        let all = inner.iter().cloned().chain(twice.iter().flat_map(around)).chain(once);
        let mut read = 0;
        for expression in all {
            // A chain that is written from the right reads as one from the left.
            let right = |one: &str| expression.get(one).and_then(|of| of.get("right")?.get(one)).is_some();
            let inner = |one: &str| expression.to_string().matches(one).count() > 1;
            assert!(is_simple(&expression) || ["&&", "||"].into_iter().any(inner), "{expression}");
            if ["&&", "||"].into_iter().any(right) {
                assert!(!is_simple(&expression), "{expression}");
            }
            if !is_simple(&expression) {
                continue;
            }
            let text = text(&expression).unwrap();
            let policy: Result<Policy, _> = format!("permit (principal, action, resource) when {{ {text} }};").parse();
            // Cedar's JSON form has more than its syntax, which has no words for `context.a in 7` and the like.
            let meant = crate::expression::policy_of(&expression);
            assert_eq!(policy.ok().map(|policy| policy.new_id(PolicyId::new("condition"))), meant, "{text}");
            read += usize::from(meant.is_some());
        }
        assert!(read > 3_000, "{read}");
        for other in ["context.n == -1", "context.s == \"a\\\\b\"", "context has \"a b\"", r#"context.s like "a\**""#] {
            let policy: Policy = format!("permit (principal, action, resource) when {{ {other} }};").parse().unwrap();
            assert!(!is_simple(&policy.to_json().unwrap()["conditions"][0]["body"]), "{other}");
        }
    }

    #[test]
    fn what_is_no_expression_has_no_text() {
        assert_eq!(text(&serde_json::json!({"Value": null})), None);
        assert_eq!(text(&serde_json::json!({"&&": {"left": {"Var": "context"}}})), None);
        assert_eq!(text(&serde_json::json!("x")), None);
    }
}
