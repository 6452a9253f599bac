//! `wildcard-in-entity-id`: `*` in an id, where it stands for itself only.

use crate::finding::{Finding, Level};
use crate::lint::context::Context;
use crate::lint::literals::{entities, show};
use crate::lint::rule::LintRule;
use crate::repo::syntax::EntityLiteral;
use crate::rule::{Basis, Precision, Rule};

pub(in crate::lint) static RULE: LintRule = LintRule::text(
    Rule {
        id: "wildcard-in-entity-id",
        summary: "an entity id holds `*`, which means nothing there",
        level: Some(Level::Warning),
        basis: Basis::Text,
        precision: Precision::High,
        opens: true,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/wildcard-in-entity-id.md"),
    },
    check,
);

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    for policy in context.policies() {
        let starred = entities(policy).into_iter().filter(|entity| entity.id.contains('*'));
        for entity in starred.filter(|entity| !context.is_declared(entity)) {
            let message = format!(
                "`{}` is the one entity with exactly this id: `*` is no wildcard in an id",
                show(&entity.ty, &entity.id)
            );
            out.push(Context::finding(&RULE.meta, policy, entity.span, &entity.id, message).help(help(entity)));
        }
    }
}

fn help(entity: &EntityLiteral) -> String {
    if entity.id.chars().all(|c| c == '*') {
        return "leave the constraint out to match everything; `is` and a type match everything of that type"
            .to_owned();
    }
    "name the entities, put them in a group and use `in`, or compare an attribute with `like`".to_owned()
}
