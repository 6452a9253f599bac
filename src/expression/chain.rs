//! Chains of one operator.

use serde_json::Value as Json;

/// The operands of a chain of `operator`.
pub fn operands(operator: &str, expression: &Json, into: &mut Vec<Json>) {
    let sides = expression.get(operator).and_then(|both| Some((both.get("left")?, both.get("right")?)));
    match sides {
        Some((left, right)) => {
            operands(operator, left, into);
            operands(operator, right, into);
        }
        None => into.push(expression.clone()),
    }
}
