//! `wildcard-in-entity-id`: `*` in an id, where it stands for itself only.

use crate::finding::{Finding, Level};
use crate::lint::context::{Context, finding_at};
use crate::lint::literals::{entities, show};
use crate::lint::rule::LintRule;
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
            let message = message(&entity.ty, &entity.id);
            out.push(Context::finding(&RULE.meta, policy, entity.span, &entity.id, message).help(help(&entity.id)));
        }
    }
    for link in &context.store.links {
        let named = context.linked(link).into_iter();
        for (ty, id) in named.filter(|uid| uid.1.contains('*') && !context.declared().contains(uid)) {
            let finding = finding_at(&RULE.meta, link.location.clone(), message(&ty, &id));
            out.push(finding.policy(link.name.clone(), &link.location).help(help(&id)));
        }
    }
}

fn message(ty: &str, id: &str) -> String {
    format!("`{}` is the one entity with exactly this id: `*` is no wildcard in an id", show(ty, id))
}

fn help(id: &str) -> String {
    if id.chars().all(|c| c == '*') {
        return "leave the constraint out to match everything; `is` and a type match everything of that type"
            .to_owned();
    }
    "name the entities, put them in a group and use `in`, or compare an attribute with `like`".to_owned()
}
