//! `negative-test-fails-open`: a permit that hangs on what something is not.

use cedar_policy::Effect;

use crate::finding::{Finding, Level};
use crate::lint::conditions::{Test, equals_string, path, tests};
use crate::lint::context::Context;
use crate::lint::rule::LintRule;
use crate::repo::Policy;
use crate::repo::syntax::{BinaryOp, ExprKind};
use crate::rule::{Basis, Precision, Rule};
use crate::text::inline;

pub(in crate::lint) static RULE: LintRule = LintRule::text(
    Rule {
        id: "negative-test-fails-open",
        summary: "a permit asks only what something is not, and lets every other value in",
        level: Some(Level::Warning),
        basis: Basis::Text,
        precision: Precision::Medium,
        opens: true,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/negative-test-fails-open.md"),
    },
    check,
);

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    for policy in context.policies().iter().filter(|policy| policy.effect() == Effect::Permit) {
        if let Some((test, of)) = hangs_on(policy) {
            let message = format!(
                "this permit asks of nobody who they are, only what `{}` is not: every other value is let in",
                inline(&of)
            );
            out.push(Context::finding(&RULE.meta, policy, test.expr.span, &of, message).help(
                "name the values that are let in; one that is new, misspelt or written in other letters is let in as it \
                 stands",
            ));
        }
    }
}

/// The first test of what something is not, and what that is, where nothing else binds the permit: its principal is
/// open, and it asks nothing but that, types and presence.
fn hangs_on(policy: &Policy) -> Option<(Test<'_>, String)> {
    let syntax = policy.syntax();
    if !syntax.open.principal {
        return None;
    }
    let tests = tests(syntax.condition.as_ref()?);
    let mut found = None;
    for test in tests {
        match negative(&test) {
            Some(of) => found = found.or(Some((test, of))),
            None if matches!(test.expr.kind, ExprKind::Is(_) | ExprKind::HasAttr(..)) && !test.negated => {}
            None => return None,
        }
    }
    found
}

/// The attribute that `test` asks of what string it is not.
fn negative(test: &Test<'_>) -> Option<String> {
    if !test.negated {
        return None;
    }
    let of = match &test.expr.kind {
        ExprKind::Binary(BinaryOp::Contains, sides) => {
            let [set, of] = &**sides;
            let ExprKind::Set(all) = &set.kind else { return None };
            let strings = all.iter().all(|one| matches!(one.kind, ExprKind::String(_)));
            strings.then_some(of)?
        }
        _ => equals_string(test.expr)?.0,
    };
    // Reading nothing of a variable is no attribute.
    path(of).map(|(_, path)| path).filter(|path| path.contains('.'))
}
