//! `stale-link`: a link to an entity that is gone.

use std::collections::BTreeSet;

use crate::finding::{Finding, Level};
use crate::lint::context::{Context, finding_at};
use crate::lint::literals::show;
use crate::lint::rule::LintRule;
use crate::repo::EntityState;
use crate::rule::{Basis, Precision, Rule};

pub(in crate::lint) static RULE: LintRule = LintRule::text(
    Rule {
        id: "stale-link",
        summary: "a link names an entity that the entities of its store do not have",
        level: Some(Level::Warning),
        basis: Basis::Text,
        precision: Precision::Medium,
        opens: false,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/stale-link.md"),
    },
    check,
);

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    let EntityState::Ready(data) = &context.store.entities else { return };
    if data.count == 0 {
        return;
    }
    // A type without any entity there is kept elsewhere.
    let kept: BTreeSet<String> = data.cedar.iter().map(|entity| entity.uid().type_name().to_string()).collect();
    for link in &context.store.links {
        let mut named = context.linked(link);
        named.retain(|uid| kept.contains(&uid.0) && !context.declared().contains(uid));
        for (ty, id) in named {
            let message = format!("this link is about `{}`, and no entity file has it", show(&ty, &id));
            out.push(
                finding_at(&RULE.meta, link.location.clone(), message).policy(link.name.clone(), &link.location).help(
                    "remove the link with what it was about, or correct the name: an id that is given anew inherits it",
                ),
            );
        }
    }
}
