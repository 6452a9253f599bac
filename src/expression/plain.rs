//! Expressions as people say them: no double negation, the operators that were meant, lists for alternatives.

use serde_json::{Value as Json, json};

use super::chain::operands;

/// The operators that Cedar's syntax tree writes as the negation of another: `a >= b` is `!(a < b)` there.
const NEGATIONS: [(&str, &str); 3] = [("<", ">="), ("<=", ">"), ("==", "!=")];

/// `expression`, in Cedar's JSON form, said plainly. It holds where the result holds; where one of them is false the
/// other may err.
#[must_use]
pub fn plainly(expression: Json) -> Json {
    let plain = each(expression, &|expression| {
        if let Some(inner) = expression.get("!").and_then(|not| not.get("arg")) {
            return not(inner.clone());
        }
        let same = one_of(&expression).or_else(|| in_a_row(&expression)).or_else(|| below_nought(&expression));
        same.unwrap_or(expression)
    });
    // Of what is no truth value neither holds; further inside, and negated, one errors where the other does not.
    equal_to_truth(&plain).unwrap_or(plain)
}

/// `expression` with the comparisons that its author wrote, which Cedar's syntax tree has as negations of others.
#[must_use]
pub fn as_written(expression: Json) -> Json {
    each(expression, &|expression| {
        let inner = expression.get("!").and_then(|not| not.get("arg"));
        let compares = |inner: &&Json| NEGATIONS.iter().any(|(operator, _)| inner.get(operator).is_some());
        let compared = inner.filter(compares).cloned().map(not).or_else(|| below_nought(&expression));
        compared.unwrap_or(expression)
    })
}

/// `expression` with `change` made to each part of it, the innermost first.
fn each(expression: Json, change: &impl Fn(Json) -> Json) -> Json {
    match expression {
        Json::Array(items) => Json::Array(items.into_iter().map(|item| each(item, change)).collect()),
        Json::Object(fields) => {
            // What a literal holds is data, not an expression.
            let inside = |(key, value): (String, Json)| {
                let value = if key == "Value" { value } else { each(value, change) };
                (key, value)
            };
            change(Json::Object(fields.into_iter().map(inside).collect()))
        }
        other => other,
    }
}

/// The negation of `expression`, without a second one around it.
#[must_use]
pub fn not(expression: Json) -> Json {
    if let Some(inner) = expression.get("!").and_then(|not| not.get("arg")) {
        return inner.clone();
    }
    let opposite = NEGATIONS.into_iter().find_map(|(operator, opposite)| {
        let there = expression.get(opposite).map(|sides| json!({ operator: sides }));
        there.or_else(|| expression.get(operator).map(|sides| json!({ opposite: sides })))
    });
    opposite.unwrap_or_else(|| json!({"!": {"arg": expression}}))
}

/// The literal `-5`, which may also be the negation of `5`.
fn below_nought(expression: &Json) -> Option<Json> {
    let number = expression.get("neg")?.get("arg")?.get("Value")?.as_i64().filter(|number| *number >= 0)?;
    Some(json!({"Value": number.checked_neg()?}))
}

/// A chain as it is read without parentheses: `(a || b) || c` for `a || (b || c)`.
fn in_a_row(expression: &Json) -> Option<Json> {
    let operator = ["&&", "||"].into_iter().find(|operator| expression.get(operator).is_some())?;
    let mut all = Vec::new();
    operands(operator, expression, &mut all);
    all.into_iter().reduce(|left, right| json!({ operator: {"left": left, "right": right} }))
}

/// `x` for `x == true`, `!x` for `x == false`.
fn equal_to_truth(expression: &Json) -> Option<Json> {
    let sides = expression.get("==")?;
    let (left, right) = (sides.get("left")?, sides.get("right")?);
    let truth = |side: &Json| side.get("Value").and_then(Json::as_bool);
    match (truth(left), truth(right)) {
        (None, Some(true)) => Some(left.clone()),
        (None, Some(false)) => Some(not(left.clone())),
        (Some(true), None) => Some(right.clone()),
        (Some(false), None) => Some(not(right.clone())),
        _ => None,
    }
}

/// `["x", "y"].contains(a)` for `a == "x" || a == "y"`.
fn one_of(expression: &Json) -> Option<Json> {
    expression.get("||")?;
    let mut all = Vec::new();
    operands("||", expression, &mut all);
    let (mut of, mut values) = (None, Vec::new());
    for operand in &all {
        let sides = operand.get("==")?;
        let (left, right) = (sides.get("left")?, sides.get("right")?);
        let (read, literal) = match (left.get("Value"), right.get("Value")) {
            (None, Some(_)) => (left, right),
            (Some(_), None) => (right, left),
            _ => return None,
        };
        if *of.get_or_insert(read) != read {
            return None;
        }
        values.push(literal.clone());
    }
    Some(json!({"contains": {"left": {"Set": values}, "right": of?}}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::text;
    use cedar_policy::Policy;

    fn said(condition: &str) -> String {
        let policy: Policy = format!("permit (principal, action, resource) when {{ {condition} }};").parse().unwrap();
        text(&plainly(policy.to_json().unwrap()["conditions"][0]["body"].clone())).unwrap()
    }

    #[test]
    fn expressions_are_said_as_people_say_them() {
        for (written, plain) in [
            ("context.n >= 5", "context.n >= 5"),
            ("!(context.n <= 5)", "context.n > 5"),
            ("!!context.a", "context.a"),
            ("!(!(context.a == true))", "context.a"),
            // `!5` errs, and `5 != true` holds.
            ("context.a != true", "context.a != true"),
            ("!(context.b && context.a == true)", "!(context.b && context.a == true)"),
            ("false == context.a", "!context.a"),
            ("context.a == false", "!context.a"),
            ("context.a == \"x\" || \"y\" == context.a", "[\"x\", \"y\"].contains(context.a)"),
            ("context.a == \"x\" || context.b == \"y\"", "context.a == \"x\" || context.b == \"y\""),
            ("context.a == \"x\" || context.b", "context.a == \"x\" || context.b"),
            ("context.n < -(4)", "context.n < -4"),
            ("context.a || (context.b || context.c)", "context.a || context.b || context.c"),
            ("[{\"!\": true}].contains(context.a)", "[{\"!\": true}].contains(context.a)"),
        ] {
            assert_eq!(said(written), plain, "{written}");
        }
    }
}
