//! `[[guardrail.same]]`: actions that are decided alike.

use super::Sources;
use crate::config::Asked;
use crate::prove::guardrail::{Alike, Demand, Guardrail, Reach};

pub(super) fn collect(sources: &Sources<'_>) -> Vec<Guardrail> {
    let all = sources.config.guardrails.all.iter().filter(|one| matches!(one.asked, Asked::Same));
    let of = |one: &crate::config::GuardrailConfig| {
        let actions: Vec<String> = one.actions.iter().map(|name| name.text.clone()).collect();
        let named: Vec<String> = actions.iter().map(|name| format!("`{name}`")).collect();
        let expansion = format!(
            "whoever asks for what, with the same context, gets the same answer for {}; what one of them alone has in its \
             context may be anything",
            named.join(" and ")
        );
        let (principals, resources) = (one.principals.clone(), one.resources.clone());
        Guardrail {
            id: one.id.clone(),
            kind: "same",
            why: one.why.clone(),
            location: one.location.clone(),
            expansion: Some(expansion),
            reach: Reach::Called(one.stores.clone()),
            demand: Demand::Alike(Alike { actions, principals, resources }),
            doubt: None,
        }
    };
    all.map(of).collect()
}
