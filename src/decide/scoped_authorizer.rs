//! An authorizer that looks only at policies whose scope applies.
//!
//! A policy whose scope is not satisfied neither decides nor errors: the scope comes first in the conjunction that
//! Cedar evaluates and cannot itself fail (<https://docs.cedarpolicy.com/auth/authorization.html>). So it is enough to
//! give the authorizer the policies whose scope a request satisfies, and those can be looked up: each policy is filed
//! under what its scope says of principal, action and resource, and a request asks for every combination of what it
//! could match. `tests/tables/prop_index.rs` compares decision, determining policies and errors with the plain
//! authorizer.

use std::hash::Hash;
use std::sync::{Arc, Mutex};

use rustc_hash::FxHashMap;

use cedar_policy::{
    ActionConstraint, Authorizer, Entities, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet,
    PrincipalConstraint, Request, ResourceConstraint, Response, Template,
};

/// What a scope says of one variable, with names turned into numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Part {
    /// Nothing.
    Any,
    /// `is Type`.
    Type(u32),
    /// `== entity`.
    Exactly(u32),
    /// `in entity`.
    Within(u32),
    /// `is Type in entity`.
    TypeWithin(u32, u32),
}

/// Policies by what their scope says of the action, then of the principal, then of the resource.
type Filed = FxHashMap<Part, FxHashMap<Part, FxHashMap<Part, Vec<u32>>>>;

#[derive(Debug)]
struct Names<T>(FxHashMap<T, u32>);

impl<T: Hash + Eq + Clone> Names<T> {
    fn number(&mut self, name: &T) -> u32 {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        *self.0.entry(name.clone()).or_insert(next)
    }
}

/// The entries of `filed` under `parts`, by way of whichever of the two is shorter.
fn matching<'f, T>(filed: &'f FxHashMap<Part, T>, parts: &[Part]) -> Vec<&'f T> {
    if parts.len() <= filed.len() {
        parts.iter().filter_map(|part| filed.get(part)).collect()
    } else {
        filed.iter().filter(|(part, _)| parts.contains(part)).map(|(_, entry)| entry).collect()
    }
}

/// How many sets of applicable policies are kept ready.
const KEPT: usize = 4096;

/// Cedar's authorizer over policies that are looked up by their scope.
#[derive(Debug)]
pub struct ScopedAuthorizer {
    policies: Vec<Policy>,
    /// Those that are linked.
    templates: FxHashMap<PolicyId, Template>,
    filed: Filed,
    entities: Names<EntityUid>,
    types: Names<EntityTypeName>,
    ready: Mutex<FxHashMap<Vec<u32>, Arc<PolicySet>>>,
}

impl ScopedAuthorizer {
    /// An authorizer over the static and linked policies of `set`.
    #[must_use]
    pub fn new(set: &PolicySet) -> Self {
        let mut authorizer = Self {
            policies: Vec::with_capacity(set.num_of_policies()),
            templates: FxHashMap::default(),
            filed: FxHashMap::default(),
            entities: Names(FxHashMap::default()),
            types: Names(FxHashMap::default()),
            ready: Mutex::new(FxHashMap::default()),
        };
        for policy in set.policies() {
            authorizer.file(policy);
            if let Some(id) = policy.template_id()
                && let Some(template) = set.template(id)
            {
                authorizer.templates.entry(id.clone()).or_insert_with(|| template.clone());
            }
        }
        authorizer
    }

    fn file(&mut self, policy: &Policy) {
        let number = u32::try_from(self.policies.len()).unwrap_or(u32::MAX);
        self.policies.push(policy.clone());
        let principal = match policy.principal_constraint() {
            PrincipalConstraint::Any => Part::Any,
            PrincipalConstraint::In(uid) => Part::Within(self.entities.number(&uid)),
            PrincipalConstraint::Eq(uid) => Part::Exactly(self.entities.number(&uid)),
            PrincipalConstraint::Is(ty) => Part::Type(self.types.number(&ty)),
            PrincipalConstraint::IsIn(ty, uid) => Part::TypeWithin(self.types.number(&ty), self.entities.number(&uid)),
        };
        let resource = match policy.resource_constraint() {
            ResourceConstraint::Any => Part::Any,
            ResourceConstraint::In(uid) => Part::Within(self.entities.number(&uid)),
            ResourceConstraint::Eq(uid) => Part::Exactly(self.entities.number(&uid)),
            ResourceConstraint::Is(ty) => Part::Type(self.types.number(&ty)),
            ResourceConstraint::IsIn(ty, uid) => Part::TypeWithin(self.types.number(&ty), self.entities.number(&uid)),
        };
        let actions = match policy.action_constraint() {
            ActionConstraint::Any => vec![Part::Any],
            ActionConstraint::Eq(uid) => vec![Part::Exactly(self.entities.number(&uid))],
            ActionConstraint::In(uids) => uids.iter().map(|uid| Part::Within(self.entities.number(uid))).collect(),
        };
        for action in actions {
            let by_principal = self.filed.entry(action).or_default();
            by_principal.entry(principal).or_default().entry(resource).or_default().push(number);
        }
    }

    /// What a scope could say of `uid` and be satisfied, as far as any scope here says it.
    fn parts(&self, uid: &EntityUid, entities: &Entities) -> Vec<Part> {
        let mut parts = vec![Part::Any];
        let ty = self.types.0.get(uid.type_name()).copied();
        parts.extend(ty.map(Part::Type));
        let own = self.entities.0.get(uid).copied();
        parts.extend(own.map(Part::Exactly));
        let above = entities.ancestors(uid).into_iter().flatten().filter_map(|uid| self.entities.0.get(uid).copied());
        for entity in own.into_iter().chain(above) {
            parts.push(Part::Within(entity));
            parts.extend(ty.map(|ty| Part::TypeWithin(ty, entity)));
        }
        parts
    }

    /// The policies whose scope `request` satisfies, in ascending order.
    fn applicable(&self, request: &Request, entities: &Entities) -> Option<Vec<u32>> {
        let principals = self.parts(request.principal()?, entities);
        let actions = self.parts(request.action()?, entities);
        let resources = self.parts(request.resource()?, entities);
        let mut found = Vec::new();
        for by_principal in matching(&self.filed, &actions) {
            for by_resource in matching(by_principal, &principals) {
                found.extend(matching(by_resource, &resources).into_iter().flatten().copied());
            }
        }
        found.sort_unstable();
        found.dedup();
        Some(found)
    }

    /// The policies whose scope `request` satisfies, all of them when the request is not complete.
    #[must_use]
    pub fn in_scope(&self, request: &Request, entities: &Entities) -> Vec<&PolicyId> {
        match self.applicable(request, entities) {
            Some(numbers) => numbers
                .iter()
                .filter_map(|number| self.policies.get(usize::try_from(*number).ok()?))
                .map(Policy::id)
                .collect(),
            None => self.policies.iter().map(Policy::id).collect(),
        }
    }

    /// The policies with these numbers as a set for the authorizer.
    fn subset(&self, numbers: Vec<u32>) -> Arc<PolicySet> {
        if let Some(ready) = self.ready.lock().ok().and_then(|ready| ready.get(&numbers).cloned()) {
            return ready;
        }
        let mut subset = PolicySet::new();
        for policy in numbers.iter().filter_map(|number| self.policies.get(usize::try_from(*number).ok()?)) {
            self.add(&mut subset, policy);
        }
        let subset = Arc::new(subset);
        if let Ok(mut ready) = self.ready.lock() {
            if ready.len() >= KEPT {
                ready.clear();
            }
            ready.insert(numbers, Arc::clone(&subset));
        }
        subset
    }

    fn add(&self, subset: &mut PolicySet, policy: &Policy) {
        match (policy.template_id(), policy.template_links()) {
            (Some(template_id), Some(values)) => {
                if let (None, Some(template)) = (subset.template(template_id), self.templates.get(template_id)) {
                    // An id is in a set once, and the link below says if it was not to be had.
                    let _ = subset.add_template(template.clone());
                }
                let _ = subset.link(template_id.clone(), policy.id().clone(), values);
            }
            _ => {
                let _ = subset.add(policy.clone());
            }
        }
    }

    /// Cedar's answer to `request` with `entities`: decision, determining policies and errors are those of
    /// [`Authorizer::is_authorized`] over the whole set.
    #[must_use]
    pub fn is_authorized(&self, request: &Request, entities: &Entities) -> Response {
        let authorizer = Authorizer::new();
        let all = || (0..).zip(&self.policies).map(|(number, _)| number).collect();
        let numbers = self.applicable(request, entities).unwrap_or_else(all);
        authorizer.is_authorized(request, &self.subset(numbers), entities)
    }
}
