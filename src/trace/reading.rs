//! Conditions taken apart, and where scopes stand.
//!
//! # Why
//!
//! `x != y`, `x > y`, `x >= y` and `x is T in y` are one operand each, though Cedar's tree has two. A clause is told by
//! the place that Cedar gives to the `&&` that joins clauses; policies from JSON have no places, and one clause.

use std::ops::Range;

use cedar_policy::Policy;
use cedar_policy_core::ast::{
    ActionConstraint, EntityReference, Expr, ExprKind, Literal, PrincipalOrResourceConstraint, SlotId, UnaryOp,
};
use cedar_policy_core::parser::Loc;

use super::condition::{Clause, Condition, Inner, Node, Shape};
use super::scope::Variable;
use super::term::{Term, compares, is_in, parts, range, replaced, same_place};

/// The condition of `policy`.
pub(super) fn condition(policy: &Policy) -> Condition {
    let policy: &cedar_policy_core::ast::Policy = policy.as_ref();
    let mut condition = Condition::default();
    let Some(whole) = policy.non_scope_constraints() else { return condition };
    // Cedar puts clauses together with `&&` that have the place of the whole policy.
    let joins = |expr: &Expr| policy.loc().is_some() && same_place(expr.source_loc(), policy.loc());
    let mut clauses = Vec::new();
    let mut rest = whole;
    while let ExprKind::And { left, right } = rest.expr_kind() {
        if !joins(rest) {
            break;
        }
        clauses.push(&**left);
        rest = right;
    }
    clauses.push(rest);
    let mut joined = Vec::new();
    for clause in clauses {
        let node = add(&mut condition, clause);
        let unless = clause.source_loc().and_then(Loc::snippet).is_some_and(|text| text.starts_with("unless"));
        let inner = match (unless, condition.shape(node)) {
            (true, Shape::Not(inner)) => Clause { node: inner, unless },
            _ => Clause { node, unless: false },
        };
        condition.clauses.push(inner);
        joined.push(node);
    }
    let last = joined.pop();
    condition.root = joined.into_iter().rev().fold(last, |right, left| {
        let right = right?;
        condition.nodes.push(Node { shape: Shape::And(left, right), term: Term(whole.clone()), inner: Vec::new() });
        Some(condition.nodes.len() - 1)
    });
    condition
}

/// Adds `expr` and what is below it; gives its index.
fn add(condition: &mut Condition, expr: &Expr) -> usize {
    let shape = match expr.expr_kind() {
        ExprKind::Lit(Literal::Bool(value)) => Shape::Literal(*value),
        ExprKind::And { left, right } if !is_in(expr, left, right) => {
            let left = add(condition, left);
            Shape::And(left, add(condition, right))
        }
        ExprKind::Or { left, right } => {
            let left = add(condition, left);
            Shape::Or(left, add(condition, right))
        }
        ExprKind::UnaryApp { op: UnaryOp::Not, arg } if !compares(expr, arg) => Shape::Not(add(condition, arg)),
        ExprKind::If { test_expr, then_expr, else_expr } => {
            let test = add(condition, test_expr);
            let yes = add(condition, then_expr);
            Shape::If(test, yes, add(condition, else_expr))
        }
        _ => Shape::Leaf,
    };
    let inner = if shape == Shape::Leaf { inner(condition, expr) } else { Vec::new() };
    condition.nodes.push(Node { shape, term: Term(expr.clone()), inner });
    condition.nodes.len() - 1
}

/// More conditions inside of one operand than this are not looked at.
const INNER: usize = 64;

/// Adds the conditions inside of `operand`: the tests of `if`, and `&&`, `||` and `!`.
fn inner(condition: &mut Condition, operand: &Expr) -> Vec<Inner> {
    let mut found = Vec::new();
    parts(operand).into_iter().for_each(|part| roots(part, &mut found));
    // Slots have no values here, and a condition has none of its own.
    let probe = Expr::slot(SlotId::principal());
    let (yes, no) = (Expr::val(true), Expr::val(false));
    let with = |root: &Expr, by: &Expr| Term(replaced(operand, root, by).unwrap_or_else(|| operand.clone()));
    let one = |root: &Expr| Inner {
        node: add(condition, root),
        with_true: with(root, &yes),
        with_false: with(root, &no),
        with_probe: with(root, &probe),
    };
    found.into_iter().map(one).collect()
}

/// The outermost conditions in `expr`, in the order of evaluation.
fn roots<'e>(expr: &'e Expr, found: &mut Vec<&'e Expr>) {
    let root = match expr.expr_kind() {
        ExprKind::If { test_expr, .. } => Some(&**test_expr),
        ExprKind::And { left, right } if is_in(expr, left, right) => None,
        ExprKind::UnaryApp { op: UnaryOp::Not, arg } if compares(expr, arg) => None,
        ExprKind::And { .. } | ExprKind::Or { .. } | ExprKind::UnaryApp { op: UnaryOp::Not, .. } => Some(expr),
        _ => None,
    };
    // `x is T in y` holds `x` twice.
    if let Some(root) =
        root.filter(|root| found.len() < INNER && !found.iter().any(|known| std::ptr::eq(*known, *root)))
    {
        found.push(root);
    }
    match expr.expr_kind() {
        ExprKind::If { then_expr, else_expr, .. } => {
            [then_expr, else_expr].into_iter().for_each(|part| roots(part, found))
        }
        _ if root.is_some() => {}
        _ => parts(expr).into_iter().for_each(|part| roots(part, found)),
    }
}

/// Where `policy` says what it says of `variable`, when Cedar kept the place.
pub(super) fn scope_span(policy: &Policy, variable: Variable) -> Option<Range<usize>> {
    let policy: &cedar_policy_core::ast::Policy = policy.as_ref();
    let of = |constraint: &PrincipalOrResourceConstraint| match constraint {
        PrincipalOrResourceConstraint::Eq(reference)
        | PrincipalOrResourceConstraint::In(reference)
        | PrincipalOrResourceConstraint::IsIn(_, reference) => match reference {
            EntityReference::EUID(uid) => uid.loc().map(range),
            EntityReference::Slot(loc) => loc.as_ref().map(range),
        },
        PrincipalOrResourceConstraint::Any | PrincipalOrResourceConstraint::Is(_) => None,
    };
    match variable {
        Variable::Principal => of(policy.template().principal_constraint().as_inner()),
        Variable::Resource => of(policy.template().resource_constraint().as_inner()),
        Variable::Action => match policy.action_constraint() {
            ActionConstraint::Eq(uid) => uid.loc().map(range),
            ActionConstraint::In(uids) => {
                let (first, last) = (uids.first()?.loc()?, uids.last()?.loc()?);
                Some(first.start()..last.end())
            }
            ActionConstraint::Any => None,
        },
    }
}
