//! `broad-scope`: what the scope could say stands in the condition.

use crate::finding::{Finding, Level};
use crate::lint::conditions::{tests, variable_name};
use crate::lint::context::Context;
use crate::lint::fixes::{move_into_scope, place_of};
use crate::lint::rule::LintRule;
use crate::repo::syntax::{BinaryOp, Expr, ExprKind, PolicySyntax, Variable};
use crate::rule::{Basis, Precision, Rule};

pub(in crate::lint) static RULE: LintRule = LintRule::text(
    Rule {
        id: "broad-scope",
        summary: "a condition says what the scope could say",
        level: Some(Level::Note),
        basis: Basis::Text,
        precision: Precision::Exact,
        opens: false,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/broad-scope.md"),
    },
    check,
);

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    for policy in context.policies() {
        let syntax = policy.syntax();
        let Some(condition) = &syntax.condition else { continue };
        for test in tests(condition).into_iter().filter(|test| !test.negated) {
            let Some(variable) = scopes(syntax, test.expr) else { continue };
            let name = variable_name(variable);
            let message = format!("the scope leaves `{name}` open, and this condition says what it could say");
            let help = format!(
                "write it in place of `{name}` between the parentheses: that is where readers look first, and what \
                 stores of policies find policies by"
            );
            let fix = move_into_scope(policy, variable, test.expr);
            out.push(
                Context::finding(&RULE.meta, policy, place_of(policy, test.expr), "", message).help(help).mend(fix),
            );
        }
    }
}

/// The variable that the scope leaves open and could constrain by `expr`.
fn scopes(syntax: &PolicySyntax, expr: &Expr) -> Option<Variable> {
    let (variable, lists) = match &expr.kind {
        ExprKind::Binary(BinaryOp::Eq, sides) => match &**sides {
            [Expr { kind: ExprKind::Var(variable), .. }, Expr { kind: ExprKind::Entity(_), .. }] => (*variable, false),
            _ => return None,
        },
        ExprKind::Binary(BinaryOp::In, sides) => match &**sides {
            [Expr { kind: ExprKind::Var(variable), .. }, Expr { kind: ExprKind::Entity(_), .. }] => (*variable, false),
            [Expr { kind: ExprKind::Var(variable), .. }, Expr { kind: ExprKind::Set(all), .. }] => {
                let entities = all.iter().all(|one| matches!(one.kind, ExprKind::Entity(_)));
                (*variable, entities.then_some(true)?)
            }
            _ => return None,
        },
        ExprKind::Is(inner) => match inner.kind {
            ExprKind::Var(variable @ (Variable::Principal | Variable::Resource)) => (variable, false),
            _ => return None,
        },
        _ => return None,
    };
    let is = matches!(expr.kind, ExprKind::Is(_));
    let open = match variable {
        Variable::Principal => syntax.open.principal && !lists && !(is && syntax.principal.ty.is_some()),
        Variable::Resource => syntax.open.resource && !lists && !(is && syntax.resource.ty.is_some()),
        Variable::Action => syntax.open.action,
        Variable::Context => false,
    };
    open.then_some(variable)
}
