//! Cedar's expressions: their parts, their places, and one put in the place of another.

use std::ops::Range;
use std::sync::Arc;

use cedar_policy_core::ast::{BinaryOp, Expr, ExprBuilder, ExprKind};
use cedar_policy_core::expr_builder::ExprBuilder as _;
use cedar_policy_core::parser::Loc;

/// An expression of Cedar's.
#[derive(Debug, Clone)]
pub(super) struct Term(pub(super) Expr);

impl Term {
    /// Where it stands, when Cedar kept the place.
    pub(super) fn span(&self) -> Option<Range<usize>> {
        self.0.source_loc().map(range)
    }

    /// As written, on one line.
    pub(super) fn text(&self) -> String {
        written(&self.0)
    }
}

/// The expressions directly below `expr`, in the order of evaluation.
pub(super) fn parts(expr: &Expr) -> Vec<&Expr> {
    match expr.expr_kind() {
        ExprKind::If { test_expr, then_expr, else_expr } => vec![test_expr, then_expr, else_expr],
        ExprKind::And { left, right } | ExprKind::Or { left, right } => vec![left, right],
        ExprKind::UnaryApp { arg, .. } => vec![arg],
        ExprKind::BinaryApp { arg1, arg2, .. } => vec![arg1, arg2],
        ExprKind::ExtensionFunctionApp { args, .. } => args.iter().collect(),
        ExprKind::GetAttr { expr, .. } | ExprKind::HasAttr { expr, .. } | ExprKind::ExtHasAttr { expr, .. } => {
            vec![expr]
        }
        ExprKind::Like { expr, .. } | ExprKind::Is { expr, .. } => vec![expr],
        ExprKind::Set(elements) => elements.iter().collect(),
        ExprKind::Record(fields) => fields.values().collect(),
        ExprKind::Lit(_) | ExprKind::Var(_) | ExprKind::Slot(_) | ExprKind::Unknown(_) => Vec::new(),
    }
}

/// `expr` with `by` in the place of `target`, a part of it; none when it is none.
pub(super) fn replaced(expr: &Expr, target: &Expr, by: &Expr) -> Option<Expr> {
    if std::ptr::eq(expr, target) {
        return Some(by.clone());
    }
    let below: Vec<Option<Expr>> = parts(expr).into_iter().map(|part| replaced(part, target, by)).collect();
    below.iter().any(Option::is_some).then_some(())?;
    let mut below = below.into_iter();
    let mut next = |part: &Expr| below.next().flatten().unwrap_or_else(|| part.clone());
    let mut shared = |part: &Expr| Arc::new(next(part));
    let kind = match expr.expr_kind() {
        ExprKind::If { test_expr, then_expr, else_expr } => {
            ExprKind::If { test_expr: shared(test_expr), then_expr: shared(then_expr), else_expr: shared(else_expr) }
        }
        ExprKind::And { left, right } => ExprKind::And { left: shared(left), right: shared(right) },
        ExprKind::Or { left, right } => ExprKind::Or { left: shared(left), right: shared(right) },
        ExprKind::UnaryApp { op, arg } => ExprKind::UnaryApp { op: *op, arg: shared(arg) },
        ExprKind::BinaryApp { op, arg1, arg2 } => {
            ExprKind::BinaryApp { op: *op, arg1: shared(arg1), arg2: shared(arg2) }
        }
        ExprKind::ExtensionFunctionApp { fn_name, args } => {
            let args = args.iter().map(next).collect();
            ExprKind::ExtensionFunctionApp { fn_name: fn_name.clone(), args: Arc::new(args) }
        }
        ExprKind::GetAttr { expr, attr } => ExprKind::GetAttr { expr: shared(expr), attr: attr.clone() },
        ExprKind::HasAttr { expr, attr } => ExprKind::HasAttr { expr: shared(expr), attr: attr.clone() },
        ExprKind::ExtHasAttr { expr, attrs } => ExprKind::ExtHasAttr { expr: shared(expr), attrs: attrs.clone() },
        ExprKind::Like { expr, pattern } => ExprKind::Like { expr: shared(expr), pattern: pattern.clone() },
        ExprKind::Is { expr, entity_type } => ExprKind::Is { expr: shared(expr), entity_type: entity_type.clone() },
        ExprKind::Set(elements) => ExprKind::Set(Arc::new(elements.iter().map(next).collect())),
        ExprKind::Record(fields) => {
            let fields = fields.iter().map(|(key, value)| (key.clone(), next(value))).collect();
            ExprKind::Record(Arc::new(fields))
        }
        kind @ (ExprKind::Lit(_) | ExprKind::Var(_) | ExprKind::Slot(_) | ExprKind::Unknown(_)) => kind.clone(),
    };
    Some(ExprBuilder::new().with_maybe_source_loc(expr.source_loc()).with_expr_kind(kind))
}

/// `x is T in y`, which Cedar takes for `x is T && x in y`.
pub(super) fn is_in(whole: &Expr, left: &Expr, right: &Expr) -> bool {
    matches!(left.expr_kind(), ExprKind::Is { .. })
        && matches!(right.expr_kind(), ExprKind::BinaryApp { op: BinaryOp::In, .. })
        && [left, right].into_iter().all(|part| same_place(part.source_loc(), whole.source_loc()))
}

/// `!=`, `>` and `>=`, which Cedar takes for the negation of the opposite.
pub(super) fn compares(whole: &Expr, arg: &Expr) -> bool {
    matches!(arg.expr_kind(), ExprKind::BinaryApp { op: BinaryOp::Eq | BinaryOp::Less | BinaryOp::LessEq, .. })
        && same_place(arg.source_loc(), whole.source_loc())
}

/// Whether two expressions stand at the same place, or neither has one.
pub(super) fn same_place(one: Option<&Loc>, other: Option<&Loc>) -> bool {
    one.map(range) == other.map(range)
}

/// The bytes of a place.
pub(super) fn range(loc: &Loc) -> Range<usize> {
    loc.start()..loc.end()
}

/// The expression as written, on one line; as Cedar would write it where there is no text.
pub(super) fn written(expr: &Expr) -> String {
    match expr.source_loc().and_then(Loc::snippet) {
        Some(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        None => expr.to_string(),
    }
}

/// Longer values are cut, in characters.
const LONGEST: usize = 100;

/// `text`, or its beginning when it is long.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
