//! Expressions without the parts whose truth is known: what the request environment decides (which action it is, and of
//! which types the principal and the resource are), or what was said to hold.

use serde_json::{Value as Json, json};

/// `expression`, in Cedar's JSON form, without the parts that `decide` says are always true or never, asked of each
/// from the outside in. Whoever asks has to make sure that it says the same: where a part that is left out errs, it
/// does not. `None` where nothing is decided.
pub(super) fn folded(expression: &Json, decide: &mut dyn FnMut(&Json) -> Option<bool>) -> Option<Json> {
    let out = fold(expression.clone(), decide);
    (out != *expression).then_some(out)
}

fn truth(value: &Json) -> Option<bool> {
    value.get("Value").and_then(Json::as_bool)
}

fn fold(expression: Json, decide: &mut dyn FnMut(&Json) -> Option<bool>) -> Json {
    if let Some(truth) = decide(&expression) {
        return json!({"Value": truth});
    }
    for (operator, neutral) in [("&&", true), ("||", false)] {
        let Some(sides) = expression.get(operator) else { continue };
        let (Some(left), Some(right)) = (sides.get("left"), sides.get("right")) else { return expression };
        let (left, right) = (fold(left.clone(), decide), fold(right.clone(), decide));
        return match (truth(&left), truth(&right)) {
            (Some(one), _) if one == neutral => right,
            (_, Some(one)) if one == neutral => left,
            (Some(_), _) | (_, Some(_)) => json!({"Value": !neutral}),
            (None, None) => json!({ operator: {"left": left, "right": right} }),
        };
    }
    if let Some(inner) = expression.get("!").and_then(|not| not.get("arg")) {
        let inner = fold(inner.clone(), decide);
        return match truth(&inner) {
            Some(one) => json!({"Value": !one}),
            None => json!({"!": {"arg": inner}}),
        };
    }
    if let Some(fields) = expression.get("if-then-else")
        && let (Some(test), Some(yes), Some(no)) = (fields.get("if"), fields.get("then"), fields.get("else"))
    {
        let [test, yes, no] = [test, yes, no].map(|one| fold(one.clone(), decide));
        return match truth(&test) {
            Some(true) => yes,
            Some(false) => no,
            None => json!({"if-then-else": {"if": test, "then": yes, "else": no}}),
        };
    }
    expression
}

/// Whether nothing but the request environment decides it.
pub(super) fn is_of_environment(expression: &Json) -> bool {
    let variable = |of: &Json| of.get("Var").and_then(Json::as_str).map(str::to_owned);
    let literal = |of: &Json| {
        let set = of.get("Set").and_then(Json::as_array);
        of.get("Value").is_some() || set.is_some_and(|all| all.iter().all(|one| one.get("Value").is_some()))
    };
    let operator = |name: &str| expression.get(name);
    if let Some(is) = operator("is") {
        return is.get("in").is_none() && is.get("left").and_then(variable).is_some();
    }
    let sides = ["==", "!=", "in", "contains"].into_iter().find_map(operator);
    let Some((left, right)) = sides.and_then(|sides| Some((sides.get("left")?, sides.get("right")?))) else {
        return false;
    };
    let action = |of: &Json| variable(of).as_deref() == Some("action");
    (action(left) && literal(right)) || (literal(left) && action(right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::{plainly, text};
    use cedar_policy::Policy;

    /// Of the action `transfer`, which is in the group `write`, and of users.
    fn said(condition: &str) -> String {
        let policy: Policy = format!("permit (principal, action, resource) when {{ {condition} }};").parse().unwrap();
        let body = plainly(policy.to_json().unwrap()["conditions"][0]["body"].clone());
        let mut decide = |of: &Json| {
            if !is_of_environment(of) {
                return None;
            }
            let text = text(of).unwrap();
            let holds = text.contains("transfer") || text.contains("write") || text.contains(" is User");
            Some(holds != of.get("!=").is_some())
        };
        text(&folded(&body, &mut decide).unwrap_or(body)).unwrap()
    }

    #[test]
    fn what_the_environment_decides_is_left_out() {
        for (written, left) in [
            ("!(action in Action::\"read\") && resource.sealed", "resource.sealed"),
            ("action == Action::\"read\" || context.mfa", "context.mfa"),
            ("action in [Action::\"write\"] || context.mfa", "true"),
            ("if action == Action::\"transfer\" then context.mfa else context.a", "context.mfa"),
            ("!(principal is User && context.a)", "!context.a"),
            ("action != Action::\"read\" && context.a", "context.a"),
            ("principal is User in Team::\"a\"", "principal is User in Team::\"a\""),
            ("action == context.last", "action == context.last"),
            ("context.a && context.b", "context.a && context.b"),
        ] {
            assert_eq!(said(written), left, "{written}");
        }
    }
}
