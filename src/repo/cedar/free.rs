//! Operands that can fail whatever stands beside them: seen from the condition alone.
//!
//! # Why
//!
//! An operand that compares an attribute with a literal, where nothing else in the condition reads an attribute of that
//! name, says something that nothing else says: of any request for which the condition holds, the same with another
//! value of the attribute fails this operand and no other. So it makes a difference, and nobody has to search for one.

use std::collections::HashMap;

use cedar_policy_core::ast::{BinaryOp, Expr, ExprKind, Literal, PatternElem, UnaryOp, Var};

/// What a condition reads.
pub(super) struct Reads<'e> {
    /// How often an attribute of each name is read or asked for, of whatever it is.
    names: HashMap<&'e str, usize>,
    /// Whether the context is more than what attributes are read of.
    whole_context: bool,
}

impl<'e> Reads<'e> {
    /// What `condition` reads.
    pub(super) fn of(condition: &'e Expr) -> Self {
        let mut names: HashMap<&str, usize> = HashMap::new();
        let (mut contexts, mut parts) = (0_usize, 0_usize);
        for part in condition.subexpressions() {
            let base = match part.expr_kind() {
                ExprKind::GetAttr { expr, attr } | ExprKind::HasAttr { expr, attr } => {
                    *names.entry(attr.as_str()).or_default() += 1;
                    expr
                }
                ExprKind::ExtHasAttr { expr, attrs } => {
                    for attr in attrs.iter() {
                        *names.entry(attr.as_str()).or_default() += 1;
                    }
                    expr
                }
                ExprKind::Var(Var::Context) => {
                    contexts += 1;
                    continue;
                }
                _ => continue,
            };
            parts += usize::from(matches!(base.expr_kind(), ExprKind::Var(Var::Context)));
        }
        Self { names, whole_context: contexts > parts }
    }

    /// Whether `operand`, one of the operands of `&&` that make the whole condition, is false for some value of an
    /// attribute that nothing else reads; in a policy that typechecks.
    pub(super) fn can_fail_alone(&self, operand: &Expr) -> bool {
        match operand.expr_kind() {
            ExprKind::UnaryApp { op: UnaryOp::Not, arg } => self.may_be(arg, true),
            _ => self.may_be(operand, false),
        }
    }

    /// Whether `expr` is `value` for some value of an attribute that nothing else reads.
    fn may_be(&self, expr: &Expr, value: bool) -> bool {
        match expr.expr_kind() {
            ExprKind::GetAttr { .. } => self.is_read_here_only(expr),
            ExprKind::Like { expr, pattern } => {
                let takes_everything = pattern.iter().all(|part| matches!(part, PatternElem::Wildcard));
                self.is_read_here_only(expr) && (value || !takes_everything)
            }
            ExprKind::BinaryApp { op, arg1, arg2 } => {
                let (read, literal, turned) = match (arg1.expr_kind(), arg2.expr_kind()) {
                    (_, ExprKind::Lit(literal)) => (arg1, literal, false),
                    (ExprKind::Lit(literal), _) => (arg2, literal, true),
                    _ => return false,
                };
                self.is_read_here_only(read) && comparison_may_be(*op, literal, turned, value)
            }
            _ => false,
        }
    }

    /// Whether it is an attribute of the principal, the resource or the context, of a name that is read once.
    fn is_read_here_only(&self, expr: &Expr) -> bool {
        let ExprKind::GetAttr { expr: base, attr } = expr.expr_kind() else { return false };
        let of = match base.expr_kind() {
            ExprKind::Var(Var::Principal | Var::Resource) => true,
            ExprKind::Var(Var::Context) => !self.whole_context,
            _ => false,
        };
        of && self.names.get(attr.as_str()) == Some(&1)
    }
}

/// Whether the comparison of an attribute with the literal, which stands on the left if it is `turned`, is `value` for
/// some attribute.
fn comparison_may_be(op: BinaryOp, literal: &Literal, turned: bool, value: bool) -> bool {
    match (op, literal) {
        (BinaryOp::Eq, Literal::Long(_) | Literal::String(_)) => true,
        // `a < n` fails for `n`, and `n < a` too; they hold where there is a number on the other side.
        (BinaryOp::Less, Literal::Long(number)) => !value || *number != if turned { i64::MAX } else { i64::MIN },
        (BinaryOp::LessEq, Literal::Long(number)) => value || *number != if turned { i64::MIN } else { i64::MAX },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free(condition: &str) -> Vec<bool> {
        let whole: Expr = condition.parse().unwrap();
        let reads = Reads::of(&whole);
        let mut open = vec![&whole];
        let mut found = Vec::new();
        while let Some(expr) = open.pop() {
            match expr.expr_kind() {
                ExprKind::And { left, right } => open.extend([&**right, &**left]),
                _ => found.push(reads.can_fail_alone(expr)),
            }
        }
        found
    }

    #[test]
    fn what_nothing_else_speaks_of_can_fail() {
        for (condition, expected) in [
            ("principal.level > 3 && context.mfa", vec![true, true]),
            ("!context.mfa && resource.name like \"a*\" && !(resource.path like \"*\")", vec![true, true, true]),
            ("resource.name like \"*\"", vec![false]),
            ("principal.level > 3 && principal.level < 9", vec![false, false]),
            ("principal.level > 3 && resource.level < 9", vec![false, false]),
            ("principal.level > 3 && resource.owner.level == 4", vec![false, false]),
            ("context has a && context.a == 3", vec![false, false]),
            ("context.a == 3 && context == resource.record", vec![false, false]),
            ("principal.a == 3 && principal == resource.owner", vec![true, false]),
            ("principal.a == principal.b", vec![false]),
            ("principal.a != \"x\" && 7 == resource.b", vec![true, true]),
            ("principal.a <= 9223372036854775807", vec![false]),
            ("principal.a >= -9223372036854775808", vec![false]),
            ("principal.a < -9223372036854775808", vec![true]),
            ("principal.a > 9223372036854775807", vec![true]),
            ("context.a.b == 3", vec![false]),
            ("context.a || context.b", vec![false]),
        ] {
            assert_eq!(free(condition), expected, "{condition}");
        }
    }
}
