//! An operator for another, an operand less, and the other of two ways.

use serde_json::{Value as Json, json};

use crate::expression::not;
use crate::mutation::look::{Draft, Look};

/// Operators, what stands in their place, and a word for the change.
const OTHERS: [(&str, &str, &str); 11] = [
    ("<", "<=", "comparison-weakened"),
    ("<=", "<", "comparison-strengthened"),
    (">", ">=", "comparison-weakened"),
    (">=", ">", "comparison-strengthened"),
    ("==", "!=", "comparison-turned"),
    ("!=", "==", "comparison-turned"),
    ("in", "==", "comparison-strengthened"),
    ("&&", "||", "connective-swapped"),
    ("||", "&&", "connective-swapped"),
    ("containsAll", "containsAny", "comparison-weakened"),
    ("containsAny", "containsAll", "comparison-strengthened"),
];

/// Methods of dates, decimals and addresses that compare, and what stands in their place.
const METHODS: [(&str, &str, &str); 4] = [
    ("lessThan", "lessThanOrEqual", "comparison-weakened"),
    ("lessThanOrEqual", "lessThan", "comparison-strengthened"),
    ("greaterThan", "greaterThanOrEqual", "comparison-weakened"),
    ("greaterThanOrEqual", "greaterThan", "comparison-strengthened"),
];

/// So deep below a conjunct nothing is changed.
const DEEP: usize = 64;

pub(super) fn drafts(look: &Look<'_, '_>, all: &mut Vec<Draft>) {
    for at in look.numbers() {
        let Some(conjunct) = look.conjuncts.get(at) else { continue };
        let mut found = Vec::new();
        within(&conjunct.holds, DEEP, &mut |kind, changed| found.push((kind, changed)));
        for (kind, changed) in found {
            // To turn the whole of a conjunct is to negate it.
            if changed != not(conjunct.holds.clone()) {
                all.extend(look.changed(kind, at, Some(changed)));
            }
        }
    }
}

/// Calls `emit` with each change of `expression` or of a part of it, and what the whole becomes.
fn within(expression: &Json, depth: usize, emit: &mut dyn FnMut(&'static str, Json)) {
    let Some(fields) = expression.as_object().filter(|_| depth > 0) else { return };
    for (operator, of) in fields {
        // What a literal holds is data.
        if operator == "Value" {
            return;
        }
        here(operator, of, emit);
        each(of, depth, &mut |kind, changed| {
            let mut whole = fields.clone();
            whole.insert(operator.clone(), changed);
            emit(kind, Json::Object(whole));
        });
    }
}

/// The same for every part of what an operator is applied to.
fn each(of: &Json, depth: usize, emit: &mut dyn FnMut(&'static str, Json)) {
    match of {
        Json::Object(parts) => {
            for (name, part) in parts.iter().filter(|(_, part)| part.is_object()) {
                within(part, depth - 1, &mut |kind, changed| {
                    let mut whole = parts.clone();
                    whole.insert(name.clone(), changed);
                    emit(kind, Json::Object(whole));
                });
            }
        }
        Json::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                within(item, depth - 1, &mut |kind, changed| {
                    let mut whole = items.clone();
                    whole.splice(at..=at, [changed]);
                    emit(kind, Json::Array(whole));
                });
            }
        }
        _ => {}
    }
}

/// What `operator` itself can be changed into.
fn here(operator: &str, of: &Json, emit: &mut dyn FnMut(&'static str, Json)) {
    let side = |name: &str| of.get(name).cloned();
    // What is in one of several is equal to none of them.
    let several = operator == "in" && of.get("right").is_some_and(|right| right.get("Set").is_some());
    for (_, other, kind) in OTHERS.iter().filter(|(known, ..)| *known == operator && !several) {
        emit(kind, json!({ *other: of }));
    }
    for (_, other, kind) in METHODS.iter().filter(|(known, ..)| *known == operator) {
        emit(kind, json!({ *other: of }));
    }
    match operator {
        "&&" | "||" => {
            for name in ["left", "right"] {
                let kept = side(if name == "left" { "right" } else { "left" });
                kept.into_iter().for_each(|kept| emit("operand-dropped", kept));
            }
        }
        "!" => side("arg").into_iter().for_each(|inner| emit("negation-dropped", inner)),
        "if-then-else" => {
            if let (Some(test), Some(then), Some(otherwise)) = (side("if"), side("then"), side("else")) {
                emit("branches-swapped", json!({ "if-then-else": { "if": test, "then": otherwise, "else": then } }));
            }
        }
        _ => {}
    }
}
