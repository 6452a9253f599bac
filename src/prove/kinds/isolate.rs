//! `[[guardrail.isolate]]`: who has one value of an attribute reaches nothing that has another.

use std::sync::Arc;

use super::{Sources, covered, is_about, policy, scope};
use crate::config::{Asked, GuardrailConfig};
use crate::prove::guardrail::{Cover, Demand, Guardrail, Place, Reach, Rule};
use crate::repo::cedar::attribute_at;
use crate::repo::shape::Shape;
use crate::text::inline;

pub(super) fn collect(sources: &Sources<'_>) -> Vec<Guardrail> {
    let mut all = Vec::new();
    for one in &sources.config.guardrails.all {
        let Asked::Isolate { principal, resource, except } = &one.asked else { continue };
        let except: Vec<String> = except.iter().map(|name| name.text.clone()).collect();
        let left_out = if except.is_empty() {
            String::new()
        } else {
            format!(" unless {{ principal in [{}] }}", except.join(", "))
        };
        let shown = format!("forbid {} when {{ {principal} != {resource} }}{left_out};", scope(one));
        let demand = match policy(&format!("forbid (principal, action, resource){left_out};")) {
            Ok(_) => {
                let (own, principal, resource) = (one.clone(), principal.clone(), resource.clone());
                let each = move |place: &Place<'_>| cover(&own, place, &principal, &resource, &left_out);
                Demand::Refused(Rule::Each(Arc::new(each)))
            }
            Err(why) => Demand::Unaskable(format!("`except` does not name entities: {why}")),
        };
        all.push(Guardrail {
            id: one.id.clone(),
            kind: "isolate",
            why: one.why.clone(),
            location: one.location.clone(),
            expansion: Some(shown),
            reach: Reach::Called(one.stores.clone()),
            demand,
            doubt: None,
        });
    }
    all
}

fn cover(one: &GuardrailConfig, place: &Place<'_>, principal: &str, resource: &str, left_out: &str) -> Cover {
    if !is_about(one, place) {
        return Cover::Nothing;
    }
    let of = |path: &str| attribute_at(place.schema, place.environment, path);
    let (Some((mine, own)), Some((theirs, other))) = (of(principal), of(resource)) else {
        let missing = if of(principal).is_none() { principal } else { resource };
        return Cover::Unable(format!("nothing declares `{}` there", inline(missing)));
    };
    let set = |shape: &Shape| matches!(shape, Shape::Set(_));
    let apart = match (set(&mine), set(&theirs)) {
        (true, true) => format!("!{principal}.containsAny({resource})"),
        (true, false) if own == format!("Set<{other}>") => format!("!{principal}.contains({resource})"),
        (false, true) if other == format!("Set<{own}>") => format!("!{resource}.contains({principal})"),
        (false, false) if own == other => format!("{principal} != {resource}"),
        _ => {
            let (principal, resource) = (inline(principal), inline(resource));
            return Cover::Unable(format!("`{principal}` is {own} there and `{resource}` is {other}"));
        }
    };
    let text = format!("forbid (principal, action, resource) when {{ {apart} }}{left_out};");
    policy(&text).map_or_else(Cover::Unable, covered)
}
