//! The operands of a condition, and the condition without some of them.

use std::sync::Arc;

use cedar_policy::Policy;
use cedar_policy_core::ast;

use super::body::Body;
use super::free::{Freedom, Reads};
use super::places::span;
use crate::repo::syntax::Expr;
use crate::text::Span;

/// Something that a condition combines with `&&`, `||`, `!` or `if`, a whole clause included.
#[derive(Debug, Clone)]
pub struct Operand {
    /// Where it stands, when Cedar kept the place.
    pub span: Option<Span>,
    /// The value that makes no difference where it stands: true beside `&&`, false beside `||`.
    pub neutral: bool,
    /// Whether it asks only for a type or for presence (`is`, `has`).
    pub is_guard: bool,
    /// Whether it is `true` or `false`, written out.
    pub is_literal: bool,
    /// Whether it is seen to make a difference, in a policy that typechecks and matches something.
    pub freedom: Freedom,
    /// How many operands it is inside of.
    pub depth: usize,
    /// The sides to take from the whole condition.
    path: Vec<Side>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
    /// What `!` negates.
    Inner,
    /// The test of an `if`.
    Test,
}

impl Operand {
    /// Whether `other` is a part of this one.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        other.path.len() > self.path.len() && other.path.starts_with(&self.path)
    }

    /// Where it is in `condition`, the same condition as our own tree.
    #[must_use]
    pub fn find<'e>(&self, condition: &'e Expr) -> Option<&'e Expr> {
        let step = |expr: &'e Expr, side: &Side| match side {
            Side::Left | Side::Inner | Side::Test => expr.children().next(),
            Side::Right => expr.children().nth(1),
        };
        self.path.iter().try_fold(condition, step)
    }
}

/// An operand to take apart: what combines it with what is beside it, whether it is one of `&&` or of `||` alone up to
/// the whole, and which side of what it is.
type Open<'e> = (&'e ast::Expr, Option<Combined>, (bool, bool), Vec<Side>);

impl Body {
    /// The operands of the condition, the first `most`, each before its own; `base` is added to every place.
    #[must_use]
    pub fn operands(&self, base: usize, most: usize) -> Vec<Operand> {
        let mut found = Vec::new();
        // Each with whether it is an operand of `&&` alone, up to the whole.
        let mut open: Vec<Open<'_>> = Vec::new();
        let whole = self.ast().non_scope_constraints();
        let scoped = self.names_in_scope();
        let reads = whole.map(|whole| Reads::of(whole, scoped));
        open.extend(whole.map(|whole| (whole, None, (true, true), Vec::new())));
        while let Some((expr, within, (neutral, of_whole), path)) = open.pop() {
            if found.len() >= most {
                break;
            }
            let own = Combined::of(expr);
            // A chain is one operand, not one for each of its operators; the whole condition is none.
            if own.is_none() || (own != within && !(path.is_empty() && own == Some(Combined::And))) {
                let free = of_whole && own.is_none();
                found.push(Operand {
                    span: span(expr.source_loc(), base),
                    neutral,
                    is_guard: is_guard(expr),
                    is_literal: matches!(expr.expr_kind(), ast::ExprKind::Lit(ast::Literal::Bool(_))),
                    freedom: match &reads {
                        Some(reads) if free => reads.freedom(expr),
                        _ => Freedom::Bound,
                    },
                    depth: path.len(),
                    path: path.clone(),
                });
            }
            let mut below = |part, combined, neutral, side| {
                let mut path = path.clone();
                path.push(side);
                let of_whole = of_whole && combined == Combined::And && side != Side::Inner;
                open.push((part, Some(combined), (neutral, of_whole), path));
            };
            match expr.expr_kind() {
                ast::ExprKind::And { left, right } => {
                    below(right, Combined::And, true, Side::Right);
                    below(left, Combined::And, true, Side::Left);
                }
                ast::ExprKind::Or { left, right } => {
                    below(right, Combined::Or, false, Side::Right);
                    below(left, Combined::Or, false, Side::Left);
                }
                // What is negated was an operand already, as a whole.
                ast::ExprKind::UnaryApp { op: ast::UnaryOp::Not, arg } => {
                    if let Some(combined) = Combined::of(arg) {
                        below(arg, combined, neutral, Side::Inner);
                    }
                }
                ast::ExprKind::If { test_expr, .. } => {
                    for neutral in [false, true] {
                        below(test_expr, Combined::Test, neutral, Side::Test);
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// Whether the scope says which principal, and which resource.
    fn names_in_scope(&self) -> [bool; 2] {
        let template = self.ast();
        [template.principal_constraint().as_inner(), template.resource_constraint().as_inner()].map(|constraint| {
            !matches!(constraint, ast::PrincipalOrResourceConstraint::Any | ast::PrincipalOrResourceConstraint::Is(_))
        })
    }

    /// A static policy called `id` with the scope of this one (all slots open), and its condition with what makes no
    /// difference in the places of `left_out`.
    #[must_use]
    pub fn without(&self, id: &str, left_out: &[&Operand]) -> Option<Policy> {
        let mut condition = self.ast().non_scope_constraints()?.clone();
        for operand in left_out {
            condition = replace(&condition, &operand.path, operand.neutral)?;
        }
        self.with_condition(id, Some(condition))
    }

    /// A static policy called `id` with the scope of this one (all slots open), and `operand` alone as its condition.
    #[must_use]
    pub fn only(&self, id: &str, operand: &Operand) -> Option<Policy> {
        let mut at = self.ast().non_scope_constraints()?;
        for side in &operand.path {
            at = step(at, *side)?;
        }
        self.with_condition(id, Some(at.clone()))
    }

    /// A static policy called `id` for any request, that matches when all of `parts` hold.
    #[must_use]
    pub fn anywhere<'p>(id: &str, parts: impl IntoIterator<Item = &'p super::Part>) -> Option<Policy> {
        let all = parts.into_iter().map(|part| part.expr().clone()).reduce(ast::Expr::and);
        let policy = ast::StaticPolicy::new(
            ast::PolicyID::from_string(id),
            None,
            ast::Annotations::new(),
            ast::Effect::Permit,
            ast::PrincipalConstraint::any(),
            ast::ActionConstraint::any(),
            ast::ResourceConstraint::any(),
            all,
        );
        policy.ok().map(Policy::from)
    }
}

/// How operands are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Combined {
    And,
    Or,
    Test,
}

impl Combined {
    /// How `expr` combines its operands, if it is a chain.
    fn of(expr: &ast::Expr) -> Option<Self> {
        match expr.expr_kind() {
            ast::ExprKind::And { .. } => Some(Self::And),
            ast::ExprKind::Or { .. } => Some(Self::Or),
            _ => None,
        }
    }
}

fn is_guard(expr: &ast::Expr) -> bool {
    match expr.expr_kind() {
        ast::ExprKind::Is { .. } | ast::ExprKind::HasAttr { .. } | ast::ExprKind::ExtHasAttr { .. } => true,
        ast::ExprKind::BinaryApp { op: ast::BinaryOp::HasTag, .. } => true,
        ast::ExprKind::UnaryApp { op: ast::UnaryOp::Not, arg } => is_guard(arg),
        ast::ExprKind::And { left, right } => is_guard(left) && is_guard(right),
        _ => false,
    }
}

fn step(expr: &ast::Expr, side: Side) -> Option<&ast::Expr> {
    match (expr.expr_kind(), side) {
        (ast::ExprKind::And { left, .. } | ast::ExprKind::Or { left, .. }, Side::Left) => Some(left),
        (ast::ExprKind::And { right, .. } | ast::ExprKind::Or { right, .. }, Side::Right) => Some(right),
        (ast::ExprKind::UnaryApp { op: ast::UnaryOp::Not, arg }, Side::Inner) => Some(arg),
        (ast::ExprKind::If { test_expr, .. }, Side::Test) => Some(test_expr),
        _ => None,
    }
}

/// `expr` with `value` at the end of `path`.
fn replace(expr: &ast::Expr, path: &[Side], value: bool) -> Option<ast::Expr> {
    let Some((side, rest)) = path.split_first() else { return Some(ast::Expr::val(value)) };
    let changed = |part: &Arc<ast::Expr>| replace(part, rest, value);
    let same = |part: &Arc<ast::Expr>| part.as_ref().clone();
    Some(match (expr.expr_kind(), side) {
        (ast::ExprKind::And { left, right }, Side::Left) => ast::Expr::and(changed(left)?, same(right)),
        (ast::ExprKind::And { left, right }, Side::Right) => ast::Expr::and(same(left), changed(right)?),
        (ast::ExprKind::Or { left, right }, Side::Left) => ast::Expr::or(changed(left)?, same(right)),
        (ast::ExprKind::Or { left, right }, Side::Right) => ast::Expr::or(same(left), changed(right)?),
        (ast::ExprKind::UnaryApp { op: ast::UnaryOp::Not, arg }, Side::Inner) => ast::Expr::not(changed(arg)?),
        (ast::ExprKind::If { test_expr, then_expr, else_expr }, Side::Test) => {
            ast::Expr::ite(changed(test_expr)?, same(then_expr), same(else_expr))
        }
        _ => return None,
    })
}
