//! Sets of policies and entities, compiled once; what all threads share.

use std::sync::Arc;

use cedar_policy::EntityTypeName;
use cedar_policy::{Entities, EntityUid, PolicySet};
use cedar_policy_core::ast;
use rustc_hash::{FxHashMap, FxHashSet};

use super::compile::Compiler;
use super::glob::Glob;
use super::node::{Graph, Node};
use super::policy::{Body, Policy};
use super::value::Pool;
use super::world::World;

/// What is compiled.
#[derive(Debug)]
pub(in crate::decide) struct Policies {
    pub(in crate::decide) pool: Arc<Pool>,
    pub(in crate::decide) graph: Graph,
    pub(super) globs: Vec<Glob>,
    /// Of each node, whether it is part of several.
    pub(super) shared: Vec<bool>,
    pub(in crate::decide) world: World,
    /// The policies of each set.
    pub(in crate::decide) sets: Vec<Vec<Policy>>,
    /// Whether more is asked of the context than for attributes by their names.
    pub(super) whole_context: bool,
    /// The types whose entities have neither attributes nor tags.
    pub(super) bare: FxHashSet<u32>,
    /// The types whose entities are in nothing.
    pub(super) in_nothing: FxHashSet<u32>,
}

/// The policies of a set for one action, by the entity without which their scope does not hold.
#[derive(Debug, Default)]
pub(super) struct Filed {
    principal: FxHashMap<u32, Vec<u32>>,
    resource: FxHashMap<u32, Vec<u32>>,
    others: Vec<u32>,
}

impl Policies {
    /// `sets` over `entities`; `None` where a policy or an entity holds something unknown.
    pub(super) fn new(sets: &[&PolicySet], entities: &Entities) -> Option<Self> {
        Self::with(sets, entities, [])
    }

    /// The same, with numbers for what is in `named` too.
    pub(in crate::decide) fn with<'u>(
        sets: &[&PolicySet],
        entities: &Entities,
        named: impl IntoIterator<Item = &'u EntityUid>,
    ) -> Option<Self> {
        let (mut pool, mut graph) = (Pool::new(None), Graph::default());
        // Policies first: the entities that they name have the lowest numbers.
        let mut compiled = Vec::with_capacity(sets.len());
        for set in sets {
            let mut all: Vec<_> = set.policies().collect();
            all.sort_unstable_by(|one, other| one.id().cmp(other.id()));
            let mut policies = Vec::with_capacity(all.len());
            for policy in all {
                let body = body(policy.as_ref(), &mut graph, &mut pool);
                policies.push(Policy::new(policy, body, &mut pool)?);
            }
            compiled.push(policies);
        }
        for uid in named {
            pool.add_entity(uid.as_ref());
        }
        let world = World::new(entities.as_ref(), &mut pool)?;
        let shared = shared(&graph, &compiled);
        let whole_context = whole_context(&graph, &compiled);
        let globs = (0..).map_while(|number| graph.pattern(number)).map(Glob::new).collect();
        let (bare, in_nothing) = <(FxHashSet<u32>, FxHashSet<u32>)>::default();
        Some(Self {
            pool: Arc::new(pool),
            graph,
            globs,
            shared,
            world,
            sets: compiled,
            whole_context,
            bare,
            in_nothing,
        })
    }

    /// Says of types what their entities cannot have: neither attributes nor tags, nor anything that they are in.
    pub(super) fn declare(&mut self, bare: &[EntityTypeName], in_nothing: &[EntityTypeName]) {
        let Some(pool) = Arc::get_mut(&mut self.pool) else { return };
        self.bare.extend(bare.iter().map(|ty| pool.add_type(ty.as_ref())));
        self.in_nothing.extend(in_nothing.iter().map(|ty| pool.add_type(ty.as_ref())));
    }

    /// The policies of `set` for `action`.
    pub(super) fn filed(&self, set: usize, action: u32) -> Filed {
        let mut filed = Filed::default();
        for (number, policy) in (0_u32..).zip(self.sets.get(set).into_iter().flatten()) {
            if !policy.for_action(action, &self.world) {
                continue;
            }
            match (policy.principal.key(), policy.resource.key()) {
                (Some(entity), _) => filed.principal.entry(entity).or_default().push(number),
                (None, Some(entity)) => filed.resource.entry(entity).or_default().push(number),
                (None, None) => filed.others.push(number),
            }
        }
        filed
    }
}

impl Filed {
    /// Calls `visit` with every policy whose scope may hold of these two, in no order.
    pub(super) fn candidates(&self, principal: u32, resource: u32, world: &World, visit: &mut dyn FnMut(u32)) {
        for (filed, entity) in [(&self.principal, principal), (&self.resource, resource)] {
            if filed.is_empty() {
                continue;
            }
            for key in world.above(entity).iter().chain([&entity]) {
                filed.get(key).into_iter().flatten().copied().for_each(&mut *visit);
            }
        }
        self.others.iter().copied().for_each(visit);
    }
}

fn body(policy: &ast::Policy, graph: &mut Graph, pool: &mut Pool) -> Body {
    let Some(condition) = policy.non_scope_constraints() else { return Body::Nothing };
    match (Compiler { graph, pool, policy }).node(condition, 0) {
        Some(node) => Body::Node(node),
        None => Body::Cedar(Box::new(policy.clone())),
    }
}

/// Whether the context is part of anything but a question for one of its attributes, or all of a policy.
fn whole_context(graph: &Graph, sets: &[Vec<Policy>]) -> bool {
    let is_context = |number: u32| matches!(graph.node(number), Some(Node::Context));
    let mut whole = sets.iter().flatten().any(|policy| matches!(policy.body, Body::Node(node) if is_context(node)));
    for node in (0..).map_while(|number| graph.node(number)) {
        if !matches!(node, Node::Get(..) | Node::Has(..) | Node::HasAll(..)) {
            node.parts(&mut |part| whole |= is_context(part));
        }
    }
    whole
}

/// Of each node, whether it is part of several, or the whole of several policies.
fn shared(graph: &Graph, sets: &[Vec<Policy>]) -> Vec<bool> {
    let mut uses = vec![0_u8; graph.len()];
    let mut count = |number: u32| {
        if let Some(uses) = usize::try_from(number).ok().and_then(|at| uses.get_mut(at)) {
            *uses = uses.saturating_add(1);
        }
    };
    for node in (0..).map_while(|number| graph.node(number)) {
        node.parts(&mut count);
    }
    for policy in sets.iter().flatten() {
        if let Body::Node(node) = policy.body {
            count(node);
        }
    }
    let worth = (0..).map_while(|number| graph.node(number)).map(|node| {
        let mut parts = 0;
        node.parts(&mut |_| parts += 1);
        parts > 0
    });
    uses.into_iter().zip(worth).map(|(uses, worth)| uses > 1 && worth).collect()
}
