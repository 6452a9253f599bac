//! `hard-coded-principal`: a single user in a policy.

use crate::finding::Finding;
use crate::lint::conditions::asks_about;
use crate::lint::context::Context;
use crate::lint::literals::show;
use crate::lint::rule::LintRule;
use crate::repo::syntax::{BinaryOp, EntityLiteral, Expr, ExprKind, ScopeOp, Variable};
use crate::rule::{Basis, Precision, Rule};

pub(in crate::lint) static RULE: LintRule = LintRule::text(
    Rule {
        id: "hard-coded-principal",
        summary: "a policy names a single principal",
        level: None,
        basis: Basis::Text,
        precision: Precision::High,
        opens: false,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/hard-coded-principal.md"),
    },
    check,
);

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    for policy in context.policies() {
        let syntax = policy.syntax();
        let mut named: Vec<&EntityLiteral> = Vec::new();
        if let Some((ScopeOp::Eq, entity)) = &syntax.principal.entity {
            named.push(entity);
        }
        if let Some(condition) = &syntax.condition {
            condition.walk(&mut |expr: &Expr| named.extend(compared(expr)));
        }
        for entity in named {
            let message = format!("this policy is about the one principal `{}`", show(&entity.ty, &entity.id));
            out.push(Context::finding(&RULE.meta, policy, entity.span, &entity.id, message).help(
                "put who is meant into a group or give them an attribute: then who joins or leaves changes data and no policy",
            ));
        }
    }
}

/// The entity that `expr` compares the principal itself with.
fn compared(expr: &Expr) -> Option<&EntityLiteral> {
    let ExprKind::Binary(BinaryOp::Eq, sides) = &expr.kind else { return None };
    let [left, right] = &**sides;
    let (of, entity) = match (&left.kind, &right.kind) {
        (ExprKind::Entity(entity), _) => (right, entity),
        (_, ExprKind::Entity(entity)) => (left, entity),
        _ => return None,
    };
    (matches!(of.kind, ExprKind::Var(_)) && asks_about(of, Variable::Principal)).then_some(entity)
}
