//! `group-compared-with-equals`: `==` with a group.

use std::collections::BTreeMap;

use crate::finding::{Finding, Level};
use crate::lint::context::Context;
use crate::lint::literals::show;
use crate::lint::rule::LintRule;
use crate::repo::syntax::{BinaryOp, EntityLiteral, Expr, ExprKind, ScopeOp, Variable};
use crate::repo::{Policy, SchemaState};
use crate::rule::{Basis, Precision, Rule};

pub(in crate::lint) static RULE: LintRule = LintRule::text(
    Rule {
        id: "group-compared-with-equals",
        summary: "a principal is compared with a group by `==`, where `in` is meant",
        level: Some(Level::Warning),
        basis: Basis::Text,
        precision: Precision::High,
        opens: false,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/group-compared-with-equals.md"),
    },
    check,
);

/// So many times a type is asked with `in` before it is taken for one of groups.
const KNOWN_BY_USE: usize = 2;

/// How a store asks whether its principals are, or are in, entities of one type.
#[derive(Debug, Default)]
struct Use<'a> {
    members: usize,
    itself: Vec<(&'a Policy, &'a EntityLiteral)>,
}

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    // Under a schema it is proved that such a comparison is never true.
    if !matches!(context.store.schema, SchemaState::None) {
        return;
    }
    let mut uses: BTreeMap<&str, Use<'_>> = BTreeMap::new();
    for policy in context.policies() {
        for (op, entity) in asked(policy) {
            let of = uses.entry(&entity.ty).or_default();
            match op {
                ScopeOp::In => of.members += 1,
                ScopeOp::Eq => of.itself.push((policy, entity)),
            }
        }
    }
    for (ty, of) in uses {
        // More than one such comparison is a habit: then principals of that type may well ask themselves.
        let [(policy, entity)] = of.itself.as_slice() else { continue };
        if of.members < KNOWN_BY_USE {
            continue;
        }
        let message = format!(
            "`==` takes `{}` itself and nobody who is in it; everywhere else `{ty}` is asked with `in`",
            show(&entity.ty, &entity.id)
        );
        out.push(
            Context::finding(&RULE.meta, policy, entity.span, &entity.id, message)
                .help("write `in`, which takes the entity itself too"),
        );
    }
}

/// Every entity that `policy` asks its principal to be or to be in.
fn asked(policy: &Policy) -> Vec<(ScopeOp, &EntityLiteral)> {
    let syntax = policy.syntax();
    let mut found: Vec<(ScopeOp, &EntityLiteral)> = Vec::new();
    found.extend(syntax.principal.entity.as_ref().map(|(op, entity)| (*op, entity)));
    if let Some(condition) = &syntax.condition {
        condition.walk(&mut |expr: &Expr| {
            let ExprKind::Binary(op @ (BinaryOp::Eq | BinaryOp::In), sides) = &expr.kind else { return };
            let [left, right] = &**sides;
            if !matches!(left.kind, ExprKind::Var(Variable::Principal)) {
                return;
            }
            let op = if *op == BinaryOp::Eq { ScopeOp::Eq } else { ScopeOp::In };
            match &right.kind {
                ExprKind::Entity(entity) => found.push((op, entity)),
                ExprKind::Set(all) if op == ScopeOp::In => {
                    let entities = all.iter().filter_map(|one| match &one.kind {
                        ExprKind::Entity(entity) => Some((op, entity)),
                        _ => None,
                    });
                    found.extend(entities);
                }
                _ => {}
            }
        });
    }
    found
}
