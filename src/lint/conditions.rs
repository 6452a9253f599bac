//! Conditions taken apart: what has to hold, and what it is about.

use crate::repo::syntax::{BinaryOp, Expr, ExprKind, UnaryOp, Variable};

/// Something that has to hold, or that must not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Test<'a> {
    /// What.
    pub(super) expr: &'a Expr,
    /// Whether it must not hold.
    pub(super) negated: bool,
}

/// What has to hold, all of it, for `condition` to: the operands of its chains of `&&`, and of what is negated those of
/// its chains of `||`.
pub(super) fn tests(condition: &Expr) -> Vec<Test<'_>> {
    let mut found = Vec::new();
    let mut open = vec![Test { expr: condition, negated: false }];
    while let Some(Test { expr, negated }) = open.pop() {
        match (&expr.kind, negated) {
            (ExprKind::And(sides), false) | (ExprKind::Or(sides), true) => {
                let [left, right] = &**sides;
                open.extend([Test { expr: right, negated }, Test { expr: left, negated }]);
            }
            (ExprKind::Unary(UnaryOp::Not, inner), _) => open.push(Test { expr: inner, negated: !negated }),
            _ => found.push(Test { expr, negated }),
        }
    }
    found
}

/// A variable of the request with the attributes that are read of it: `resource.owner.name`.
pub(super) fn path(expr: &Expr) -> Option<(Variable, String)> {
    let mut names = Vec::new();
    let mut at = expr;
    loop {
        match &at.kind {
            ExprKind::Var(variable) => {
                names.push(variable_name(*variable));
                names.reverse();
                return Some((*variable, names.join(".")));
            }
            ExprKind::GetAttr(inner, name) => {
                names.push(name);
                at = inner;
            }
            _ => return None,
        }
    }
}

/// As Cedar writes it.
pub(super) fn variable_name(variable: Variable) -> &'static str {
    match variable {
        Variable::Principal => "principal",
        Variable::Action => "action",
        Variable::Resource => "resource",
        Variable::Context => "context",
    }
}

/// Whether `expr` asks something of `variable`.
pub(super) fn asks_about(expr: &Expr, variable: Variable) -> bool {
    let mut found = false;
    expr.walk(&mut |part: &Expr| found |= matches!(part.kind, ExprKind::Var(of) if of == variable));
    found
}

/// Whether `expr` has at most `most` parts.
pub(super) fn is_small(expr: &Expr, most: usize) -> bool {
    let (mut open, mut seen) = (vec![expr], 0);
    while let Some(expr) = open.pop() {
        seen += 1;
        if seen > most {
            return false;
        }
        open.extend(expr.children());
    }
    true
}

/// The two sides of an equality with a string, the other side first.
pub(super) fn equals_string(expr: &Expr) -> Option<(&Expr, &str)> {
    let ExprKind::Binary(BinaryOp::Eq, sides) = &expr.kind else { return None };
    let [left, right] = &**sides;
    match (&left.kind, &right.kind) {
        (_, ExprKind::String(text)) => Some((left, text)),
        (ExprKind::String(text), _) => Some((right, text)),
        _ => None,
    }
}
