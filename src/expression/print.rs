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
    use cedar_policy::Policy;

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

    #[test]
    fn what_is_no_expression_has_no_text() {
        assert_eq!(text(&serde_json::json!({"Value": null})), None);
        assert_eq!(text(&serde_json::json!({"&&": {"left": {"Var": "context"}}})), None);
        assert_eq!(text(&serde_json::json!("x")), None);
    }
}
