//! A bound on conditionals: what Cedar's typechecker hands on is a tree. Deeper policies are set aside.

use cedar_policy::Policy;

use crate::symbolic::reason::SetAsideReason;

/// How many `if`s may be nested in each other. Where a test is constant, Cedar's typechecker puts one branch in the
/// place of both, so that each level can double what is to be compiled.
const CONDITIONALS: usize = 10;

/// The policy, unless more `if`s are nested in it than that.
pub(super) fn bounded(policy: Policy) -> Result<Policy, SetAsideReason> {
    let depth = conditional_depth(&policy);
    if depth > CONDITIONALS {
        return Err(SetAsideReason::NestedConditionals { depth, bound: CONDITIONALS });
    }
    Ok(policy)
}

/// How deep `if`s are nested in each other; 0 also when there are too few of them to matter.
fn conditional_depth(policy: &Policy) -> usize {
    fn depth(json: &serde_json::Value) -> usize {
        let inside = |values: &mut dyn Iterator<Item = &serde_json::Value>| values.map(depth).max().unwrap_or_default();
        match json {
            serde_json::Value::Array(all) => inside(&mut all.iter()),
            serde_json::Value::Object(all) => {
                inside(&mut all.values()) + usize::from(all.len() == 1 && all.contains_key("if-then-else"))
            }
            _ => 0,
        }
    }
    if policy.to_string().matches("if ").count() <= CONDITIONALS {
        return 0;
    }
    policy.to_json().map(|json| depth(&json)).unwrap_or_default()
}
