//! What a condition reads, and when it comes to that.

use cedar_policy::Policy;
use cedar_policy_core::ast;

use super::body::Body;
use super::places::span;
use crate::text::Span;

/// A read of an attribute or tag.
#[derive(Debug)]
pub struct Read {
    /// Which it is of [`Expr::reads`](crate::repo::syntax::Expr::reads).
    pub number: usize,
    /// Where it stands, when Cedar kept the place.
    pub span: Option<Span>,
    /// The attribute; `None` for a tag.
    pub attribute: Option<String>,
    /// Matches exactly when evaluation comes to the read and what is read is not there.
    pub missing: Policy,
}

impl Body {
    /// Every read of an attribute or tag in the condition (the first `most`), each with a policy that matches exactly
    /// when evaluation comes to that read and what is read is not there. `base` is added to every place.
    #[must_use]
    pub fn reads(&self, base: usize, most: usize) -> Vec<Read> {
        let mut found = Vec::new();
        if let Some(condition) = self.ast().non_scope_constraints() {
            reads(condition, &mut Vec::new(), most, &mut found);
        }
        let read = |(at, (expr, missing)): (usize, (&ast::Expr, ast::Expr))| {
            let policy = self.with_condition(&format!("read{at}"), Some(missing))?;
            let attribute = match expr.expr_kind() {
                ast::ExprKind::GetAttr { attr, .. } => Some(attr.to_string()),
                _ => None,
            };
            Some(Read { number: at, span: span(expr.source_loc(), base), attribute, missing: policy })
        };
        found.into_iter().enumerate().filter_map(read).collect()
    }
}

/// Adds the reads of `expr`, which is evaluated when all of `path` hold, in the order of evaluation.
fn reads<'e>(expr: &'e ast::Expr, path: &mut Vec<ast::Expr>, most: usize, found: &mut Vec<(&'e ast::Expr, ast::Expr)>) {
    use ast::ExprKind as From;
    if found.len() >= most {
        return;
    }
    let mut under = |condition: ast::Expr, below: &'e ast::Expr| {
        path.push(condition);
        reads(below, path, most, found);
        path.pop();
    };
    match expr.expr_kind() {
        From::And { left, right } => {
            under(ast::Expr::val(true), left);
            under((**left).clone(), right);
        }
        From::Or { left, right } => {
            under(ast::Expr::val(true), left);
            under(ast::Expr::not((**left).clone()), right);
        }
        From::If { test_expr, then_expr, else_expr } => {
            under(ast::Expr::val(true), test_expr);
            under((**test_expr).clone(), then_expr);
            under(ast::Expr::not((**test_expr).clone()), else_expr);
        }
        kind => {
            children(expr).for_each(|child| reads(child, path, most, found));
            let there = match kind {
                From::GetAttr { expr, attr } => ast::Expr::has_attr((**expr).clone(), attr.clone()),
                From::BinaryApp { op: ast::BinaryOp::GetTag, arg1, arg2 } => {
                    ast::Expr::binary_app(ast::BinaryOp::HasTag, (**arg1).clone(), (**arg2).clone())
                }
                _ => return,
            };
            let missing = ast::Expr::not(there);
            let all = path.iter().cloned().rev().fold(missing, |all, condition| ast::Expr::and(condition, all));
            found.push((expr, all));
        }
    }
}

/// The expressions directly below `expr`.
fn children(expr: &ast::Expr) -> impl Iterator<Item = &ast::Expr> {
    use ast::ExprKind as From;
    let below: Vec<&ast::Expr> = match expr.expr_kind() {
        From::If { test_expr, then_expr, else_expr } => vec![test_expr, then_expr, else_expr],
        From::And { left, right } | From::Or { left, right } => vec![left, right],
        From::UnaryApp { arg, .. } => vec![arg],
        From::BinaryApp { arg1, arg2, .. } => vec![arg1, arg2],
        From::ExtensionFunctionApp { args, .. } => args.iter().collect(),
        From::GetAttr { expr, .. } | From::HasAttr { expr, .. } | From::ExtHasAttr { expr, .. } => vec![expr],
        From::Like { expr, .. } | From::Is { expr, .. } => vec![expr],
        From::Set(parts) => parts.iter().collect(),
        From::Record(fields) => fields.values().collect(),
        From::Lit(_) | From::Var(_) | From::Slot(_) | From::Unknown(_) => Vec::new(),
    };
    below.into_iter()
}
