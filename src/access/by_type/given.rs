//! Policies with a context that is given put in: what they ask of it is worked out, and the rest asks nothing of it.
//!
//! # Why
//!
//! Of one context a policy decides as it does with the context's values written in its place. So the engine, which asks
//! about all contexts, is asked about policies that have none, and conditions name what is left.

use cedar_policy::{Entities, EntityUid, EvalResult, Expression, Policy, Request, eval_expression};
use serde_json::{Map, Value as Json, json};

use crate::expression::text;

/// `policy` with `context`, a record in Cedar's JSON, put in; `None` where it cannot be written so.
pub(super) fn put_into(policy: &Policy, context: &Json) -> Option<Policy> {
    let mut json = policy.to_json().ok()?;
    let Some(conditions) = json.get_mut("conditions").and_then(Json::as_array_mut) else { return Some(policy.clone()) };
    if !conditions.iter().any(reads) {
        return Some(policy.clone());
    }
    for condition in conditions.iter_mut() {
        let body = condition.get_mut("body")?;
        *body = put(body, context, true);
    }
    // What always holds is not said.
    conditions.retain(|condition| {
        let held = Some(condition.get("kind").and_then(Json::as_str) != Some("unless"));
        condition.get("body").and_then(truth) != held
    });
    Policy::from_json(Some(policy.id().clone()), json).ok()
}

/// Whether an expression, in Cedar's JSON, reads the context.
fn reads(expression: &Json) -> bool {
    match expression {
        Json::Array(all) => all.iter().any(reads),
        Json::Object(fields) => {
            fields.iter().any(|(key, of)| key != "Value" && (key == "Var" && of == "context" || reads(of)))
        }
        _ => false,
    }
}

/// The operator of an expression, and what it is of.
fn parts(expression: &Json) -> Option<(&str, &Json)> {
    let mut fields = expression.as_object()?.iter();
    let (operator, of) = fields.next()?;
    fields.next().is_none().then_some((operator.as_str(), of))
}

fn truth(expression: &Json) -> Option<bool> {
    expression.get("Value").and_then(Json::as_bool)
}

/// The fields of a literal record; none of an entity or an extension value, which Cedar's JSON also writes as objects.
fn record(expression: &Json) -> Option<&Map<String, Json>> {
    let fields = expression.get("Value")?.as_object()?;
    (!fields.contains_key("__entity") && !fields.contains_key("__extn")).then_some(fields)
}

/// `expression` with `context` put in. `asked` says that whatever is no truth value errs where it stands, as everywhere
/// below `&&`: there `true && a` is `a`.
fn put(expression: &Json, context: &Json, asked: bool) -> Json {
    if !reads(expression) {
        return expression.clone();
    }
    let Some((operator, of)) = parts(expression) else { return expression.clone() };
    let inner = |key: &str, asked: bool| of.get(key).map(|of| put(of, context, asked)).unwrap_or(Json::Null);
    let found = match operator {
        "Var" => return json!({"Value": context}),
        "&&" | "||" => joined(operator, inner("left", true), inner("right", true), asked),
        "!" => json!({"!": {"arg": inner("arg", true)}}),
        "if-then-else" => {
            let test = inner("if", true);
            match truth(&test) {
                Some(true) => return inner("then", asked),
                Some(false) => return inner("else", asked),
                None => {
                    json!({operator: {"if": test, "then": inner("then", asked), "else": inner("else", asked)}})
                }
            }
        }
        "." => {
            let left = inner("left", false);
            let name = of.get("attr").and_then(Json::as_str);
            match name.and_then(|name| record(&left)?.get(name)) {
                Some(value) => return json!({"Value": value}),
                None => json!({operator: {"left": left, "attr": of.get("attr")}}),
            }
        }
        "has" => has(&inner("left", false), of.get("attr").unwrap_or(&Json::Null)),
        _ => json!({operator: each(of, &|of| put(of, context, false))}),
    };
    worked_out(&found).unwrap_or(found)
}

/// The operands of an operator, each changed; its names, types and patterns stay.
fn each(of: &Json, change: &dyn Fn(&Json) -> Json) -> Json {
    match of {
        Json::Array(all) => Json::Array(all.iter().map(change).collect()),
        Json::Object(fields) => {
            let one = |(key, of): (&String, &Json)| (key.clone(), if of.is_object() { change(of) } else { of.clone() });
            Json::Object(fields.iter().map(one).collect())
        }
        other => other.clone(),
    }
}

/// `left && right`, or `left || right`.
fn joined(operator: &str, left: Json, right: Json, asked: bool) -> Json {
    let neutral = operator == "&&";
    match (truth(&left), truth(&right)) {
        (Some(one), _) if one != neutral => json!({"Value": one}),
        (Some(_), _) if asked || is_truth(&right) => right,
        (_, Some(one)) if one == neutral && (asked || is_truth(&left)) => left,
        (_, Some(one)) if one != neutral && is_truth(&left) && is_safe(&left) => json!({"Value": one}),
        _ => json!({operator: {"left": left, "right": right}}),
    }
}

/// `left has attributes`, where each but the first is one of what is before it.
fn has(left: &Json, attributes: &Json) -> Json {
    let whole = || json!({"has": {"left": left, "attr": attributes}});
    let names: Option<Vec<&str>> = match attributes {
        Json::Array(names) => names.iter().map(Json::as_str).collect(),
        one => one.as_str().map(|one| vec![one]),
    };
    let Some(names) = names else { return whole() };
    let mut value = left.clone();
    for (at, name) in names.iter().enumerate() {
        let Some(fields) = record(&value) else {
            // What is no record is an entity, of which the rest is asked.
            return match names.get(at..) {
                Some([only]) => json!({"has": {"left": value, "attr": only}}),
                Some(rest) if at > 0 => json!({"has": {"left": value, "attr": rest}}),
                _ => whole(),
            };
        };
        match fields.get(*name) {
            Some(field) => value = json!({"Value": field}),
            None => return json!({"Value": false}),
        }
    }
    json!({"Value": true})
}

/// Whether an expression is true or false wherever it does not err.
fn is_truth(expression: &Json) -> bool {
    const OPERATORS: [&str; 17] = [
        "&&",
        "||",
        "!",
        "==",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "in",
        "is",
        "has",
        "like",
        "contains",
        "containsAll",
        "containsAny",
        "isEmpty",
    ];
    truth(expression).is_some() || parts(expression).is_some_and(|(operator, _)| OPERATORS.contains(&operator))
}

/// Whether an expression is seen never to err.
fn is_safe(expression: &Json) -> bool {
    let Some((operator, of)) = parts(expression) else { return false };
    let both = |one: &dyn Fn(&Json) -> bool| ["left", "right"].iter().all(|key| of.get(key).is_some_and(one));
    let entity = |of: &Json| {
        let named = |value: &Json| value.get("__entity").is_some();
        let variable =
            ["principal", "action", "resource"].iter().any(|name| of.get("Var").is_some_and(|of| of == name));
        variable || of.get("Value").is_some_and(named)
    };
    let entities = |of: &Json| {
        let set = of.get("Set").or_else(|| of.get("Value")).and_then(Json::as_array);
        let named = |one: &Json| one.get("__entity").is_some() || entity(one);
        entity(of) || set.is_some_and(|all| all.iter().all(named))
    };
    match operator {
        "Value" | "Var" | "Slot" => true,
        "==" | "!=" => both(&is_safe),
        "&&" | "||" => both(&|of| is_truth(of) && is_safe(of)),
        "!" => of.get("arg").is_some_and(|of| is_truth(of) && is_safe(of)),
        "is" => of.get("left").is_some_and(entity) && of.get("in").is_none_or(entities),
        "in" => of.get("left").is_some_and(entity) && of.get("right").is_some_and(entities),
        "has" => of.get("left").is_some_and(entity) && of.get("attr").is_some_and(Json::is_string),
        _ => false,
    }
}

/// What an expression comes to of which nothing is open, where that is true, false or a number.
fn worked_out(expression: &Json) -> Option<Json> {
    if let Some(nothing) = of_nothing(expression) {
        return Some(json!({"Value": nothing}));
    }
    if !is_closed(expression) || expression.get("Value").is_some() {
        return None;
    }
    let nobody: EntityUid = "Nobody::\"\"".parse().ok()?;
    let request = Request::new(nobody.clone(), nobody.clone(), nobody, cedar_policy::Context::empty(), None).ok()?;
    let written: Expression = text(expression)?.parse().ok()?;
    match eval_expression(&request, &Entities::empty(), &written).ok()? {
        EvalResult::Bool(held) => Some(json!({"Value": held})),
        EvalResult::Long(number) => Some(json!({"Value": number})),
        _ => None,
    }
}

/// Whether nothing in an expression hangs on the request or on entities.
fn is_closed(expression: &Json) -> bool {
    let Some((operator, of)) = parts(expression) else { return false };
    match operator {
        "Value" => true,
        "Var" | "Slot" | "." | "has" | "in" | "getTag" | "hasTag" => false,
        "is" if of.get("in").is_some() => false,
        _ => match of {
            Json::Array(all) => all.iter().all(is_closed),
            Json::Object(fields) => fields.values().filter(|of| of.is_object()).all(is_closed),
            _ => false,
        },
    }
}

/// What is so of an empty set, whatever it is asked for: the engine has no type for one.
fn of_nothing(expression: &Json) -> Option<bool> {
    let (operator, of) = parts(expression)?;
    let (left, right) = (of.get("left")?, of.get("right")?);
    let empty =
        |of: &Json| of.get("Value").or_else(|| of.get("Set")).and_then(Json::as_array).is_some_and(Vec::is_empty);
    match operator {
        "contains" => (empty(left) && is_safe(right)).then_some(false),
        "in" => (empty(right) && is_safe(left)).then_some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The policy's conditions once the context is put in.
    fn left(condition: &str, context: &Json) -> String {
        let policy = Policy::parse(None, format!("permit (principal, action, resource) {condition};")).unwrap();
        let put = put_into(&policy, context).unwrap();
        let json = put.to_json().unwrap();
        let said = |one: &Json| format!("{} {}", one["kind"].as_str().unwrap(), text(&one["body"]).unwrap());
        json["conditions"].as_array().unwrap().iter().map(said).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn what_a_context_decides_is_worked_out_and_the_rest_is_left() {
        let context = json!({
            "mfa": true, "n": 3, "s": "abc", "none": [], "groups": ["a", "b"], "r": {"in": {"deep": 1}, "b": false},
            "by": {"__entity": {"type": "User", "id": "x"}}, "at": {"__extn": {"fn": "datetime", "arg": "2026-01-02"}},
        });
        for (condition, rest) in [
            ("when { context.mfa }", ""),
            ("unless { context.mfa }", "unless true"),
            ("when { context.mfa && principal.on }", "when principal.on"),
            ("when { principal.on } unless { !context.mfa }", "when principal.on"),
            ("when { context.n + 1 < principal.level }", "when 4 < principal.level"),
            ("when { context.r has \"in\" && context.r[\"in\"] has deep && context.r[\"in\"].deep == 1 }", ""),
            ("when { context.r[\"in\"] has other || principal.on }", "when principal.on"),
            ("when { context has gone && context.gone > principal.n }", "when false"),
            ("when { context.by == principal }", "when User::\"x\" == principal"),
            ("when { context.by.level > 2 }", "when User::\"x\".level > 2"),
            ("when { context has by.level }", "when User::\"x\" has level"),
            ("when { context.by has team.name }", "when User::\"x\" has team.name"),
            ("when { context.at < datetime(\"2026-01-03\") && principal.on }", "when principal.on"),
            ("when { context.s like \"a*\" }", ""),
            (
                "when { context.none.contains(principal) || context.groups.contains(principal.g) }",
                "when [\"a\", \"b\"].contains(principal.g)",
            ),
            ("when { if context.r.b then principal.on else resource.open }", "when resource.open"),
            // Where the left of it errs so does all of it.
            ("when { !(principal.on && context.r.b) }", "when !(principal.on && false)"),
            ("when { !(principal == resource && context.r.b) }", ""),
            // What is no truth value errs below `&&`, and not where it stands alone.
            ("when { (context.mfa && principal.n) == 5 }", "when (true && principal.n) == 5"),
            ("when { context.n + 9223372036854775807 > 0 }", "when 3 + 9223372036854775807 > 0"),
            ("when { principal.a && (true && principal.b) }", "when principal.a && true && principal.b"),
        ] {
            assert_eq!(left(condition, &context), rest, "{condition}");
        }
    }
}
