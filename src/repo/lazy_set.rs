//! The policies of a store as Cedar's set, put together when somebody asks for it.
//!
//! # Why
//!
//! A set has copies of its policies, by name. Of two sides of a comparison Cedar is asked on other threads, and by lint
//! hardly ever: so putting sets together need not keep anybody waiting.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::OnceLock;

use cedar_policy::{EntityUid, Policy, PolicyId, PolicySet, PolicySetError, SlotId, Template};
use rustc_hash::FxHashSet;

use super::cedar::Body;

/// A policy set that is put together when it is first read.
#[derive(Debug, Default)]
pub struct LazySet {
    bodies: Vec<Body>,
    /// The ids of `bodies`.
    ids: FxHashSet<PolicyId>,
    made: OnceLock<PolicySet>,
}

impl LazySet {
    /// Adds `body`, whose id is that of no other: ids are places in a store. Whether it was taken, which a policy that
    /// is neither static nor a template is not.
    pub(super) fn add(&mut self, body: &Body) -> bool {
        let fits = match body {
            Body::Static(policy) => policy.is_static(),
            Body::Template(_) => true,
        };
        let added = fits && self.made.get_mut().is_none_or(|set| add(set, body));
        if added {
            self.bodies.push(body.clone());
            let id = match body {
                Body::Static(policy) => policy.id(),
                Body::Template(template) => template.id(),
            };
            self.ids.insert(id.clone());
        }
        added
    }

    /// Whether it has a static policy or a template of that id; links aside.
    pub fn holds(&self, id: &PolicyId) -> bool {
        self.ids.contains(id)
    }

    /// Links `template`, with `values` in its slots, as `id`.
    ///
    /// # Errors
    /// As for [`PolicySet::link`].
    pub(super) fn link(
        &mut self,
        template: PolicyId,
        id: PolicyId,
        values: HashMap<SlotId, EntityUid>,
    ) -> Result<(), Box<PolicySetError>> {
        let mut set = self.made.take().unwrap_or_else(|| put_together(&self.bodies));
        let linked = set.link(template, id, values);
        self.made = OnceLock::from(set);
        linked.map_err(Box::new)
    }
}

impl Deref for LazySet {
    type Target = PolicySet;

    fn deref(&self) -> &PolicySet {
        self.made.get_or_init(|| put_together(&self.bodies))
    }
}

fn put_together(bodies: &[Body]) -> PolicySet {
    let mut set = PolicySet::new();
    for body in bodies {
        add(&mut set, body);
    }
    set
}

fn add(set: &mut PolicySet, body: &Body) -> bool {
    match body {
        Body::Static(policy) => set.add(Policy::clone(policy)).is_ok(),
        Body::Template(template) => set.add_template(Template::clone(template)).is_ok(),
    }
}
