//! Conditions as Cedar expressions: taken from policies apart, and put together again.
//!
//! Policies are taken apart in Cedar's JSON form, which is documented and in which slots have their values:
//! <https://docs.cedarpolicy.com/policies/json-format.html>.

use std::collections::BTreeSet;

use cedar_policy::{Policy, PolicyId};
use serde_json::{Value as Json, json};

use super::reading::read_of;
use crate::symbolic::Subject;

/// Longer expressions are not read, in characters.
pub(super) const LONGEST: usize = 320;

/// One of the expressions that all have to hold for a policy to match.
#[derive(Debug)]
pub(super) struct Conjunct {
    /// The expression in Cedar's JSON form.
    json: Json,
    /// The same as text.
    pub(super) text: String,
    /// Earlier conjuncts, without which this one may read what is not there.
    pub(super) needs: Vec<usize>,
    /// A policy that matches when this one and what it needs hold.
    pub(super) probe: Subject,
}

impl Conjunct {
    /// Whether it only says of which type the principal or the resource is.
    pub(super) fn is_type_of_scope(&self) -> bool {
        let Some(is) = self.json.get("is") else { return false };
        let variable = is.get("left").and_then(|left| left.get("Var")).and_then(Json::as_str);
        is.get("in").is_none() && matches!(variable, Some("principal" | "resource"))
    }

    /// Whether it reads one of the attributes (a tag, for `None`).
    pub(super) fn reads(&self, names: &BTreeSet<Option<String>>) -> bool {
        !read_of(&self.json, names).is_empty()
    }

    /// Whether `other` reads what this one makes sure of.
    pub(super) fn guards(&self, other: &Conjunct) -> bool {
        guarded(&self.json).is_some_and(|name| other.text.contains(name))
    }
}

/// The conjuncts of a policy: of its scope, the action aside, and of its conditions.
pub(super) fn conjuncts(policy: &Policy) -> Vec<Conjunct> {
    let Ok(policy) = policy.to_json() else { return Vec::new() };
    let mut parts = Vec::new();
    for variable in ["principal", "resource"] {
        parts.extend(policy.get(variable).and_then(|scope| scope_expression(variable, scope)));
    }
    for condition in policy.get("conditions").and_then(Json::as_array).into_iter().flatten() {
        let Some(body) = condition.get("body") else { continue };
        if condition.get("kind").and_then(Json::as_str) == Some("unless") {
            negated(body, &mut parts);
        } else {
            operands("&&", body, &mut parts);
        }
    }
    let mut conjuncts: Vec<Conjunct> = Vec::new();
    for json in parts.into_iter().map(said_plainly) {
        let Some(text) = text(&json) else { return Vec::new() };
        let mut needs = Vec::new();
        for (index, earlier) in conjuncts.iter().enumerate() {
            if guarded(&earlier.json).is_some_and(|name| text.contains(name)) {
                needs.extend(&earlier.needs);
                needs.push(index);
            }
        }
        needs.sort_unstable();
        needs.dedup();
        let all: Vec<&Json> =
            needs.iter().filter_map(|need| Some(&conjuncts.get(*need)?.json)).chain([&json]).collect();
        let Some(probe) = conjunction(&all).as_ref().and_then(subject) else { return Vec::new() };
        conjuncts.push(Conjunct { json, text, needs, probe });
    }
    conjuncts
}

/// All of the expressions hold.
fn conjunction(all: &[&Json]) -> Option<Json> {
    let mut all = all.iter();
    let first = (*all.next()?).clone();
    Some(all.fold(first, |left, right| json!({"&&": {"left": left, "right": right}})))
}

/// Type and id; a link has the entity of its slot in the longer form.
fn bare_uid(uid: &Json) -> &Json {
    uid.get("__entity").unwrap_or(uid)
}

fn scope_expression(variable: &str, scope: &Json) -> Option<Json> {
    let left = json!({"Var": variable});
    let entity = |key: &str| Some(json!({"Value": {"__entity": bare_uid(scope.get(key)?)}}));
    match scope.get("op")?.as_str()? {
        "==" => Some(json!({"==": {"left": left, "right": entity("entity")?}})),
        "in" => Some(json!({"in": {"left": left, "right": entity("entity")?}})),
        "is" => {
            let mut is = json!({"left": left, "entity_type": scope.get("entity_type")?});
            if let (Some(group), Some(object)) = (scope.get("in"), is.as_object_mut()) {
                object.insert("in".to_owned(), json!({"Value": {"__entity": bare_uid(group.get("entity")?)}}));
            }
            Some(json!({"is": is}))
        }
        _ => None,
    }
}

/// The operators that Cedar's syntax tree writes as the negation of another: `a >= b` is `!(a < b)` there.
const NEGATIONS: [(&str, &str); 3] = [("<", ">="), ("<=", ">"), ("==", "!=")];

/// The same expression with the operators that people write.
fn said_plainly(expression: Json) -> Json {
    let inside = match expression {
        Json::Array(items) => return Json::Array(items.into_iter().map(said_plainly).collect()),
        Json::Object(fields) => {
            // What a literal holds is data, not an expression.
            let plain = |(key, value): (String, Json)| {
                let value = if key == "Value" { value } else { said_plainly(value) };
                (key, value)
            };
            fields.into_iter().map(plain).collect::<serde_json::Map<_, _>>()
        }
        other => return other,
    };
    let argument = |json: &serde_json::Map<String, Json>| json.get("!").and_then(|not| not.get("arg")).cloned();
    let Some(Json::Object(negated)) = argument(&inside) else { return Json::Object(inside) };
    if inside.len() == 1 && negated.len() == 1 {
        for (operator, opposite) in NEGATIONS {
            if let Some(operands) = negated.get(operator) {
                return json!({ opposite: operands });
            }
        }
    }
    Json::Object(inside)
}

/// The negation of `expression`, without a second one around it.
fn not(expression: Json) -> Json {
    match expression.get("!").and_then(|not| not.get("arg")) {
        Some(inner) => inner.clone(),
        None => {
            let opposite = NEGATIONS.into_iter().find_map(|(operator, opposite)| {
                let there = expression.get(opposite).map(|operands| json!({ operator: operands }));
                there.or_else(|| expression.get(operator).map(|operands| json!({ opposite: operands })))
            });
            opposite.unwrap_or_else(|| json!({"!": {"arg": expression}}))
        }
    }
}

/// The operands of a chain of `operator`.
fn operands(operator: &str, expression: &Json, into: &mut Vec<Json>) {
    let sides = expression.get(operator).and_then(|both| Some((both.get("left")?, both.get("right")?)));
    match sides {
        Some((left, right)) => {
            operands(operator, left, into);
            operands(operator, right, into);
        }
        None => into.push(expression.clone()),
    }
}

/// The negation of `expression` as conjuncts: a chain of `||` fails when each of its operands does, in the same order.
fn negated(expression: &Json, into: &mut Vec<Json>) {
    let mut any = Vec::new();
    operands("||", expression, &mut any);
    for operand in any {
        match operand.get("!").and_then(|not| not.get("arg")) {
            Some(inner) => operands("&&", inner, into),
            None => into.push(json!({"!": {"arg": operand}})),
        }
    }
}

/// The attribute (or tag) that `expression` makes sure of.
fn guarded(expression: &Json) -> Option<&str> {
    if let Some(has) = expression.get("has") {
        return has.get("attr")?.as_str();
    }
    let tag = expression.get("hasTag")?.get("right")?;
    tag.get("Value").and_then(Json::as_str).or(Some(""))
}

fn policy_of(expression: &Json) -> Option<Policy> {
    let all = json!({"op": "All"});
    let json = json!({
        "effect": "permit", "principal": all, "action": all, "resource": all,
        "conditions": [{"kind": "when", "body": expression}],
    });
    Policy::from_json(Some(PolicyId::new("condition")), json).ok()
}

/// A policy that matches when the expression in `text` holds.
pub(super) fn parsed(text: &str) -> Option<Subject> {
    let policy: Policy = format!("permit (principal, action, resource) when {{ {text} }};").parse().ok()?;
    Some(Subject::policy(&policy))
}

fn subject(expression: &Json) -> Option<Subject> {
    policy_of(expression).map(|policy| Subject::policy(&policy))
}

/// The expression in Cedar's syntax, on one line.
pub(super) fn text(expression: &Json) -> Option<String> {
    let policy = policy_of(expression)?.to_string();
    let (_, body) = policy.split_once(" when { ")?;
    let body = body.trim_end().strip_suffix(';')?.trim_end().strip_suffix('}')?.trim();
    Some(bare(body).to_owned())
}

/// Without parentheses around the whole.
fn bare(text: &str) -> &str {
    let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) else { return text };
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for letter in inner.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => match depth.checked_sub(1) {
                Some(less) => depth = less,
                // The first one closes before the end.
                None => return text,
            },
            _ => {}
        }
    }
    inner
}

/// Part of a condition: a conjunct of a policy, or that another policy does not match.
#[derive(Debug, Clone)]
pub(super) enum Part<'c> {
    /// It holds.
    Holds(&'c Conjunct),
    /// What it needs of its own policy is in `Holds` parts; those listed do not all hold.
    NotAll(Vec<&'c Conjunct>),
    /// In one of the lists all hold.
    OneOf(Vec<Vec<&'c Conjunct>>),
}

impl Part<'_> {
    fn json(&self) -> Option<Json> {
        let all = |list: &Vec<&Conjunct>| conjunction(&list.iter().map(|one| &one.json).collect::<Vec<_>>());
        match self {
            Self::Holds(one) => Some(one.json.clone()),
            Self::NotAll(list) => Some(not(all(list)?)),
            Self::OneOf(lists) => {
                let mut lists = lists.iter().map(all);
                let first = lists.next()??;
                lists.try_fold(first, |left, right| Some(json!({"||": {"left": left, "right": right?}})))
            }
        }
    }
}

/// The parts as one expression: its text, and a policy that matches when it holds. No part at all is `true`.
pub(super) fn together(parts: &[Part<'_>]) -> Option<(String, Subject)> {
    let jsons = parts.iter().map(Part::json).collect::<Option<Vec<_>>>()?;
    let whole = conjunction(&jsons.iter().collect::<Vec<_>>()).unwrap_or_else(|| json!({"Value": true}));
    let subject = subject(&whole)?;
    let words: Vec<String> = jsons.iter().map(text).collect::<Option<_>>()?;
    let words: Vec<String> = match words.as_slice() {
        [_] => words,
        several => several
            .iter()
            .zip(&jsons)
            .map(|(text, json)| {
                if json.get("||").is_some() || json.get("if-then-else").is_some() {
                    format!("({text})")
                } else {
                    text.clone()
                }
            })
            .collect(),
    };
    let text = if words.is_empty() { "true".to_owned() } else { words.join(" && ") };
    // What is printed is what was meant.
    let parsed: Policy = format!("permit (principal, action, resource) when {{ {text} }};").parse().ok()?;
    let same = parsed.to_json().ok()?.get("conditions").cloned();
    let meant = policy_of(&whole)?.to_json().ok()?.get("conditions").cloned();
    (same == meant).then_some((text, subject))
}

/// The conjuncts alone, as many as can be read.
pub(super) fn cover(own: &[Conjunct]) -> String {
    let mut parts: Vec<Part<'_>> = Vec::new();
    let mut text = "true".to_owned();
    // Of which type the principal and the resource are goes without saying: the environment says it.
    for conjunct in own.iter().filter(|conjunct| !conjunct.is_type_of_scope()) {
        parts.push(Part::Holds(conjunct));
        match together(&parts) {
            Some((longer, _)) if longer.chars().count() <= LONGEST => text = longer,
            _ => {
                parts.pop();
            }
        }
    }
    text
}
