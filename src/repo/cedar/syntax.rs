//! From Cedar's syntax tree to ours.

use std::sync::Arc;

use cedar_policy_core::ast::{
    self, ActionConstraint, EntityReference, EntityUID, Literal, PrincipalOrResourceConstraint,
};
use cedar_policy_core::parser::Loc;

use super::body::Body;
use super::places::span;
use crate::repo::syntax::{
    BinaryOp, Bound, EntityLiteral, Expr, ExprKind, Open, PatternPart, PolicySyntax, ScopeOp, UnaryOp, Variable,
};

impl Body {
    /// The syntax tree; `base` is added to every place.
    #[must_use]
    pub fn syntax(&self, base: usize) -> PolicySyntax {
        let template = self.ast();
        let mut scope = Vec::new();
        let places = [template.principal_constraint().as_inner(), template.resource_constraint().as_inner()];
        for constraint in places {
            let (op, reference) = match constraint {
                PrincipalOrResourceConstraint::Eq(reference) => (ScopeOp::Eq, reference),
                PrincipalOrResourceConstraint::In(reference) | PrincipalOrResourceConstraint::IsIn(_, reference) => {
                    (ScopeOp::In, reference)
                }
                PrincipalOrResourceConstraint::Any | PrincipalOrResourceConstraint::Is(_) => continue,
            };
            if let EntityReference::EUID(uid) = reference {
                scope.push((op, entity(uid, base, None)));
            }
        }
        match template.action_constraint() {
            ActionConstraint::Eq(uid) => scope.push((ScopeOp::Eq, entity(uid, base, None))),
            ActionConstraint::In(uids) => {
                scope.extend(uids.iter().map(|uid| (ScopeOp::In, entity(uid, base, None))));
            }
            ActionConstraint::Any => {}
        }
        let annotations = template
            .annotations()
            .map(|(key, value)| (key.to_string(), value.val.to_string(), span(value.loc.as_ref(), base)))
            .collect();
        let condition = template.non_scope_constraints().map(|condition| expr(condition, base));
        let open = |constraint: &PrincipalOrResourceConstraint| {
            matches!(constraint, PrincipalOrResourceConstraint::Any | PrincipalOrResourceConstraint::Is(_))
        };
        let [principal, resource] = places.map(open);
        let open = Open { principal, action: matches!(template.action_constraint(), ActionConstraint::Any), resource };
        let [principal, resource] = places.map(|constraint| bound(constraint, base));
        PolicySyntax { open, scope, principal, resource, condition, annotations }
    }
}

fn entity(uid: &EntityUID, base: usize, around: Option<&Loc>) -> EntityLiteral {
    let id: &str = uid.eid().as_ref();
    EntityLiteral { ty: uid.entity_type().to_string(), id: id.to_owned(), span: span(uid.loc().or(around), base) }
}

fn expr(from: &ast::Expr, base: usize) -> Expr {
    use ast::ExprKind as From;
    let one = |part: &Arc<ast::Expr>| Box::new(expr(part, base));
    let two = |left: &Arc<ast::Expr>, right: &Arc<ast::Expr>| Box::new([expr(left, base), expr(right, base)]);
    let all = |parts: &[ast::Expr]| parts.iter().map(|part| expr(part, base)).collect::<Vec<_>>();
    let loc = from.source_loc();
    let kind = match from.expr_kind() {
        From::Lit(Literal::Bool(_)) => ExprKind::Bool,
        From::Lit(Literal::Long(_)) => ExprKind::Long,
        From::Lit(Literal::String(text)) => ExprKind::String(text.to_string()),
        From::Lit(Literal::EntityUID(uid)) => ExprKind::Entity(entity(uid, base, loc)),
        From::Var(variable) => ExprKind::Var(match variable {
            ast::Var::Principal => Variable::Principal,
            ast::Var::Action => Variable::Action,
            ast::Var::Resource => Variable::Resource,
            ast::Var::Context => Variable::Context,
        }),
        From::Slot(_) => ExprKind::Slot,
        From::If { test_expr, then_expr, else_expr } => {
            ExprKind::If(Box::new([expr(test_expr, base), expr(then_expr, base), expr(else_expr, base)]))
        }
        From::And { left, right } => ExprKind::And(two(left, right)),
        From::Or { left, right } => ExprKind::Or(two(left, right)),
        From::UnaryApp { op, arg } => ExprKind::Unary(unary(*op), one(arg)),
        From::BinaryApp { op, arg1, arg2 } => ExprKind::Binary(binary(*op), two(arg1, arg2)),
        From::ExtensionFunctionApp { fn_name, args } => ExprKind::Call(fn_name.to_string(), all(args)),
        From::GetAttr { expr, attr } => ExprKind::GetAttr(one(expr), attr.to_string()),
        From::HasAttr { expr, attr } => ExprKind::HasAttr(one(expr), attr.to_string()),
        From::ExtHasAttr { expr, attrs } => ExprKind::HasAttr(one(expr), attrs.first().to_string()),
        From::Like { expr, pattern } => ExprKind::Like(one(expr), parts(pattern)),
        From::Is { expr, .. } => ExprKind::Is(one(expr)),
        From::Set(parts) => ExprKind::Set(all(parts)),
        From::Record(fields) => {
            ExprKind::Record(fields.iter().map(|(key, value)| (key.to_string(), expr(value, base))).collect())
        }
        From::Unknown(_) => ExprKind::Other,
    };
    Expr { span: span(loc, base), kind }
}

fn bound(constraint: &PrincipalOrResourceConstraint, base: usize) -> Bound {
    let named = |op, reference: &EntityReference| match reference {
        EntityReference::EUID(uid) => Some((op, entity(uid, base, None))),
        EntityReference::Slot(_) => None,
    };
    match constraint {
        PrincipalOrResourceConstraint::Any => Bound::default(),
        PrincipalOrResourceConstraint::Is(ty) => Bound { ty: Some(ty.to_string()), entity: None },
        PrincipalOrResourceConstraint::Eq(of) => Bound { ty: None, entity: named(ScopeOp::Eq, of) },
        PrincipalOrResourceConstraint::In(of) => Bound { ty: None, entity: named(ScopeOp::In, of) },
        PrincipalOrResourceConstraint::IsIn(ty, of) => {
            Bound { ty: Some(ty.to_string()), entity: named(ScopeOp::In, of) }
        }
    }
}

fn parts(pattern: &ast::Pattern) -> Vec<PatternPart> {
    let mut parts = Vec::new();
    for element in pattern.iter() {
        match (element, parts.last_mut()) {
            (ast::PatternElem::Char(c), Some(PatternPart::Text(text))) => text.push(*c),
            (ast::PatternElem::Char(c), _) => parts.push(PatternPart::Text(c.to_string())),
            (ast::PatternElem::Wildcard, _) => parts.push(PatternPart::Star),
        }
    }
    parts
}

fn unary(op: ast::UnaryOp) -> UnaryOp {
    match op {
        ast::UnaryOp::Not => UnaryOp::Not,
        ast::UnaryOp::Neg => UnaryOp::Neg,
        ast::UnaryOp::IsEmpty => UnaryOp::IsEmpty,
    }
}

fn binary(op: ast::BinaryOp) -> BinaryOp {
    match op {
        ast::BinaryOp::Eq => BinaryOp::Eq,
        ast::BinaryOp::Less => BinaryOp::Less,
        ast::BinaryOp::LessEq => BinaryOp::LessEq,
        ast::BinaryOp::Add => BinaryOp::Add,
        ast::BinaryOp::Sub => BinaryOp::Sub,
        ast::BinaryOp::Mul => BinaryOp::Mul,
        ast::BinaryOp::In => BinaryOp::In,
        ast::BinaryOp::Contains => BinaryOp::Contains,
        ast::BinaryOp::ContainsAll => BinaryOp::ContainsAll,
        ast::BinaryOp::ContainsAny => BinaryOp::ContainsAny,
        ast::BinaryOp::GetTag => BinaryOp::GetTag,
        ast::BinaryOp::HasTag => BinaryOp::HasTag,
    }
}
