//! A policy that is gone, or of the other effect.

use cedar_policy::Effect;

use crate::mutation::look::{Draft, Look};
use crate::repo::Link;

pub(super) fn drafts(look: &Look<'_, '_>, all: &mut Vec<Draft>) {
    let location = look.policy.head();
    all.push(Draft { kind: "policy-dropped", location: location.clone(), was: None, becomes: None, json: None });
    let (was, becomes) = match look.policy.effect() {
        Effect::Permit => ("permit", "forbid"),
        Effect::Forbid => ("forbid", "permit"),
    };
    all.push(Draft {
        kind: "effect-turned",
        location,
        was: Some(was.to_owned()),
        becomes: Some(becomes.to_owned()),
        json: Some(look.with_field("effect", becomes.into())),
    });
}

/// One of several links of a template that is gone.
pub(in crate::mutation) fn link_dropped(link: &Link) -> Draft {
    let was = Some(link.short.clone());
    Draft { kind: "link-dropped", location: link.location.clone(), was, becomes: None, json: None }
}
