//! Entities written out in policies.

use crate::repo::Policy;
use crate::repo::syntax::{EntityLiteral, Expr, ExprKind};
use crate::text::inline;

/// Every entity literal of `policy`: scope first, then the condition in the order of the text.
pub(super) fn entities(policy: &Policy) -> Vec<&EntityLiteral> {
    let syntax = policy.syntax();
    let mut found: Vec<_> = syntax.scope.iter().map(|(_, entity)| entity).collect();
    if let Some(condition) = &syntax.condition {
        condition.walk(&mut |expr: &Expr| {
            if let ExprKind::Entity(entity) = &expr.kind {
                found.push(entity);
            }
        });
    }
    found
}

/// An entity as Cedar writes it, harmless to show.
pub(super) fn show(ty: &str, id: &str) -> String {
    format!("{ty}::\"{}\"", inline(&id.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// Whether `ty` is a type of actions.
pub(super) fn is_action_type(ty: &str) -> bool {
    ty.rsplit("::").next() == Some("Action")
}
