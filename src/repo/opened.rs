//! A template as a policy for everybody whom a link could be about.

use std::sync::OnceLock;

use cedar_policy::{Effect, PolicyId};

use super::cedar::Body;
use super::model::{Policy, Store};

/// A store under the schema of `store` that holds nothing but `template` with its slots open, as a permit: what it
/// allows is what links to the template match, whatever they name. None where there is no such policy.
#[must_use]
pub fn opened(store: &Store, template: &Policy) -> Option<Store> {
    let key = PolicyId::new("p0");
    let Body::Static(policy) = template.body.opened(Effect::Permit)? else { return None };
    let body = Body::from(policy.new_id(key.clone()));
    let mut alone = Store::empty(&store.name);
    alone.schema = store.schema.clone();
    if !alone.set.add(&body) {
        return None;
    }
    alone.policies.push(Policy {
        key,
        name: template.name.clone(),
        short: template.short.clone(),
        alias: None,
        id: template.id.clone(),
        position: 0,
        location: template.location.clone(),
        body,
        base: template.base,
        syntax: OnceLock::new(),
    });
    Some(alone)
}
