//! A store as guardrails are proved of it: its policies in the engine, with what is called how.

use std::sync::Arc;

use cedar_policy::{Effect, EntityUid, PolicyId, Schema};

use crate::finding::Environment;
use crate::infer::{Inferred, infer};
use crate::repo::cedar::Body;
use crate::repo::{Policy, SchemaState, Store};
use crate::symbolic::{CompiledPolicies, SchemaModel, Solvers, Subject};
use crate::text::Location;

/// A policy, link or template, by its index in the engine.
pub(super) struct Member<'a> {
    /// Its key in the store.
    pub(super) key: PolicyId,
    /// Full name.
    pub(super) name: &'a str,
    /// The line that names it.
    pub(super) head: Location,
    /// The policy, or the link's template.
    pub(super) policy: &'a Policy,
    /// Permit or forbid.
    pub(super) effect: Effect,
    /// Whether it is a template: links to it may be anywhere.
    pub(super) template: bool,
    /// Whether it is a link.
    pub(super) link: bool,
}

/// A store in the engine.
pub(super) struct World<'a> {
    /// The store.
    pub(super) store: &'a Store,
    /// Its policies.
    pub(super) members: Vec<Member<'a>>,
    /// The same in the engine, in this order.
    pub(super) policies: CompiledPolicies,
    /// The schema that was inferred, where the store has none.
    pub(super) inferred: Option<Inferred>,
    /// Whether templates have no other links than those that are read.
    pub(super) complete: bool,
}

/// Static policies and links in the order of the store, then templates.
fn members(store: &Store) -> Vec<(Member<'_>, Subject)> {
    let of = |policy: &'_ Policy, subject: Subject| {
        let template = policy.body.is_template();
        // The borrow is the store's.
        (policy.key.clone(), policy.head(), policy.effect(), template, subject)
    };
    let mut all = Vec::new();
    for policy in store.policies.iter().filter(|policy| !policy.body.is_template()) {
        let Body::Static(body) = &policy.body else { continue };
        let (key, head, effect, template, subject) = of(policy, Subject::policy(body));
        all.push((Member { key, name: &policy.name, head, policy, effect, template, link: false }, subject));
    }
    for link in &store.links {
        let (Some(policy), Some(body)) = (store.policies.get(link.template), store.set.policy(&link.key)) else {
            continue;
        };
        let (_, head, effect, ..) = of(policy, Subject::policy(body));
        let subject = Subject::policy(body);
        let key = link.key.clone();
        all.push((Member { key, name: &link.name, head, policy, effect, template: false, link: true }, subject));
    }
    for policy in store.policies.iter().filter(|policy| policy.body.is_template()) {
        let Body::Template(body) = &policy.body else { continue };
        let (key, head, effect, template, subject) = of(policy, Subject::template(body));
        all.push((Member { key, name: &policy.name, head, policy, effect, template, link: false }, subject));
    }
    all
}

impl<'a> World<'a> {
    /// `store` in the engine. Where it has no schema, one is inferred from it and from `rules`, the guardrails, unless
    /// that is not `inference`.
    ///
    /// # Errors
    /// Why nothing can be asked of it, a phrase.
    pub(super) fn new(
        store: &'a Store,
        rules: &Store,
        (inference, complete): (bool, bool),
        solvers: &Arc<Solvers>,
    ) -> Result<Self, String> {
        let (model, inferred) = match &store.schema {
            SchemaState::Ready(schema) => (SchemaModel::answered_by(&schema.cedar, Arc::clone(solvers))?, None),
            SchemaState::Broken => return Err("its schema cannot be used".to_owned()),
            SchemaState::None if !inference => return Err("it has no schema".to_owned()),
            SchemaState::None => {
                // What guardrails of other stores name may not go with what this one does.
                let inferred = infer(&[Some(store), Some(rules)]).or_else(|_| infer(&[Some(store), None]))?;
                (SchemaModel::answered_by(&inferred.schema, Arc::clone(solvers))?, Some(inferred))
            }
        };
        let (members, subjects): (Vec<Member<'a>>, Vec<Subject>) = members(store).into_iter().unzip();
        let subjects = match &inferred {
            None => subjects,
            Some(inferred) => {
                let limits = inferred.limits(0);
                let limited = members.iter().zip(subjects).map(|(member, subject)| {
                    let limits = limits.of(&member.key, &subject);
                    subject.limited(limits)
                });
                limited.collect()
            }
        };
        let policies = CompiledPolicies::new(model, subjects);
        Ok(Self { store, members, policies, inferred, complete })
    }

    /// The schema that answers are given under.
    pub(super) fn schema(&self) -> &Schema {
        self.policies.schema().schema()
    }

    /// Whether requests are for `action`, going by what the store itself holds: where a schema is inferred, a guardrail
    /// that names an action does not make one.
    pub(super) fn knows(&self, action: &EntityUid) -> bool {
        let Some(inferred) = &self.inferred else { return true };
        let named = |policy: &Policy| policy.body.entities().contains(action);
        inferred.synthetic.contains_key(&action.to_string()) || self.store.policies.iter().any(named)
    }

    /// The request environment as people are told of it.
    pub(super) fn environment(&self, environment: &cedar_policy::RequestEnv) -> Environment {
        let said = |name: String| match &self.inferred {
            Some(inferred) => inferred.said(&name).to_owned(),
            None => name,
        };
        Environment {
            principal: said(environment.principal().to_string()),
            action: environment.action().to_string(),
            resource: said(environment.resource().to_string()),
        }
    }
}

/// Whether `name`, of a guardrail in the configuration, names `action` or a group that it is in.
pub(super) fn names_action(schema: &Schema, name: &str, action: &EntityUid) -> bool {
    let named = |uid: &EntityUid| uid.to_string() == name || uid.id().unescaped() == name;
    if named(action) {
        return true;
    }
    let Ok(actions) = schema.action_entities() else { return false };
    actions.ancestors(action).into_iter().flatten().any(named)
}
