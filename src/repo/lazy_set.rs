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

use super::cedar::Body;

/// A policy set that is put together when it is first read.
#[derive(Debug, Default)]
pub struct LazySet {
    bodies: Vec<Body>,
    made: OnceLock<PolicySet>,
}

impl LazySet {
    /// Adds a static policy or a template. Whether there is room for it: no other has its id.
    pub(super) fn add(&mut self, body: &Body) -> bool {
        let fits = match body {
            Body::Static(policy) => policy.is_static(),
            Body::Template(_) => true,
        };
        let added = fits && self.made.get_mut().is_none_or(|set| add(set, body));
        if added {
            self.bodies.push(body.clone());
        }
        added
    }

    /// Links a template.
    ///
    /// # Errors
    /// As for [`PolicySet::link`].
    pub(super) fn link(
        &mut self,
        template: PolicyId,
        id: PolicyId,
        values: HashMap<SlotId, EntityUid>,
    ) -> Result<(), Box<PolicySetError>> {
        if self.made.get().is_none() {
            self.made = OnceLock::from(put_together(&self.bodies));
        }
        match self.made.get_mut() {
            Some(set) => set.link(template, id, values).map_err(Box::new),
            None => Ok(()),
        }
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
