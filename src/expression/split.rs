//! A policy as pieces that all have to hold.

use cedar_policy::{Policy, PolicyId};
use serde_json::{Value as Json, json};

use super::chain::operands;
use super::plain::{as_written, not};

/// What part of a policy a piece is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// Between the parentheses.
    Scope,
    /// An operand of a `when`'s conjunction: it has to hold.
    When,
    /// An operand of an `unless`'s disjunction: it must not.
    Unless,
}

/// A piece of a policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Where it is from.
    pub section: Section,
    /// The expression in Cedar's JSON form, as written: of an `unless` what must not hold.
    pub expression: Json,
}

impl Piece {
    /// What has to hold, as conjuncts.
    #[must_use]
    pub fn conjuncts(&self) -> Vec<Json> {
        let mut all = Vec::new();
        match self.section {
            Section::Scope | Section::When => conjuncts(&self.expression, &mut all),
            Section::Unless => negated(&self.expression, &mut all),
        }
        all
    }
}

/// The pieces of a policy or template in Cedar's JSON form, in the order of its text: scope constraints (a variable
/// that the scope leaves open has none), then the operands of its conditions.
#[must_use]
pub fn pieces(policy: &Json) -> Vec<Piece> {
    let scope = |variable: &str| {
        let expression = policy.get(variable).and_then(|scope| scope_expression(variable, scope))?;
        Some(Piece { section: Section::Scope, expression })
    };
    let mut all: Vec<Piece> = ["principal", "action", "resource"].into_iter().filter_map(scope).collect();
    for condition in policy.get("conditions").and_then(Json::as_array).into_iter().flatten() {
        let Some(body) = condition.get("body") else { continue };
        let unless = condition.get("kind").and_then(Json::as_str) == Some("unless");
        let (section, operator) = if unless { (Section::Unless, "||") } else { (Section::When, "&&") };
        let mut found = Vec::new();
        operands(operator, body, &mut found);
        all.extend(found.into_iter().map(|expression| Piece { section, expression: as_written(expression) }));
    }
    all
}

/// Type and id; a link has the entity of its slot in the longer form.
fn bare_uid(uid: &Json) -> &Json {
    uid.get("__entity").unwrap_or(uid)
}

fn scope_expression(variable: &str, scope: &Json) -> Option<Json> {
    let left = json!({"Var": variable});
    let literal = |uid: &Json| json!({"Value": {"__entity": bare_uid(uid)}});
    let entity = |scope: &Json| match scope.get("slot") {
        Some(slot) => Some(json!({"Slot": slot})),
        None => scope.get("entity").map(literal),
    };
    match scope.get("op")?.as_str()? {
        "==" => Some(json!({"==": {"left": left, "right": entity(scope)?}})),
        "in" => {
            let right = match scope.get("entities").and_then(Json::as_array) {
                Some(all) => json!({"Set": all.iter().map(literal).collect::<Vec<_>>()}),
                None => entity(scope)?,
            };
            Some(json!({"in": {"left": left, "right": right}}))
        }
        "is" => {
            let mut is = json!({"left": left, "entity_type": scope.get("entity_type")?});
            if let (Some(group), Some(object)) = (scope.get("in"), is.as_object_mut()) {
                object.insert("in".to_owned(), entity(group)?);
            }
            Some(json!({"is": is}))
        }
        _ => None,
    }
}

/// The operands of a chain of `&&`, negated chains of `||` among them.
fn conjuncts(expression: &Json, into: &mut Vec<Json>) {
    let mut all = Vec::new();
    operands("&&", expression, &mut all);
    for operand in all {
        match operand.get("!").and_then(|not| not.get("arg")) {
            Some(inner) if inner.get("||").is_some() || inner.get("!").is_some() => negated(inner, into),
            _ => into.push(operand),
        }
    }
}

/// The negation of `expression` as conjuncts: a chain of `||` fails when each of its operands does, in the same order.
fn negated(expression: &Json, into: &mut Vec<Json>) {
    let mut any = Vec::new();
    operands("||", expression, &mut any);
    for operand in any {
        match operand.get("!").and_then(|not| not.get("arg")) {
            Some(inner) => conjuncts(inner, into),
            None => into.push(not(operand)),
        }
    }
}

/// All of the expressions hold; `None` of none.
#[must_use]
pub fn all_of<'e>(all: impl IntoIterator<Item = &'e Json>) -> Option<Json> {
    let mut all = all.into_iter();
    let first = all.next()?.clone();
    Some(all.fold(first, |left, right| json!({"&&": {"left": left, "right": right}})))
}

/// A policy that matches when `expression` holds; `None` for what is no expression in Cedar's JSON form.
#[must_use]
pub fn policy_of(expression: &Json) -> Option<Policy> {
    let all = json!({"op": "All"});
    let json = json!({
        "effect": "permit", "principal": all, "action": all, "resource": all,
        "conditions": [{"kind": "when", "body": expression}],
    });
    Policy::from_json(Some(PolicyId::new("condition")), json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::text;

    fn said(policy: &str) -> Vec<(Section, String)> {
        let policy: Policy = policy.parse().unwrap();
        let all = pieces(&policy.to_json().unwrap());
        all.iter().map(|piece| (piece.section, text(&piece.expression).unwrap())).collect()
    }

    #[test]
    fn a_policy_comes_apart_into_its_pieces() {
        use Section::{Scope, Unless, When};
        let pieces = said(
            "permit (principal is User in Team::\"a\", action in [Action::\"x\", Action::\"y\"], resource)
             when { context.a && (context.b || context.c) } unless { context.d || !context.e } when { context.f };",
        );
        let expected = [
            (Scope, "principal is User in Team::\"a\""),
            (Scope, "action in [Action::\"x\", Action::\"y\"]"),
            (When, "context.a"),
            (When, "context.b || context.c"),
            (Unless, "context.d"),
            (Unless, "!context.e"),
            (When, "context.f"),
        ];
        assert_eq!(pieces, expected.map(|(section, text)| (section, text.to_owned())));
        assert!(said("permit (principal, action, resource);").is_empty());
    }

    #[test]
    fn what_must_not_hold_is_said_as_what_has_to() {
        let policy: Policy =
            "permit (principal, action, resource) when { !(context.n < 7 || !context.a || context.b) } unless { context.d || !(context.e && context.f) };"
                .parse()
                .unwrap();
        let all = pieces(&policy.to_json().unwrap());
        let said: Vec<String> = all.iter().flat_map(Piece::conjuncts).map(|one| text(&one).unwrap()).collect();
        assert_eq!(said, ["context.n >= 7", "context.a", "!context.b", "!context.d", "context.e", "context.f"]);
    }
}
