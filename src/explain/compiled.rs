//! The policies of a store in the engine, under its schema or one that is inferred.

use std::sync::Arc;

use cedar_policy::{EntityTypeName, EntityUid, RequestEnv, Schema};

use super::situation::Situation;
use crate::infer::{Inferred, infer, infer_for};
use crate::repo::{SchemaState, Store};
use crate::symbolic::{CompiledPolicies, SchemaModel, Solvers, Subject};

/// The policies of a store in the engine.
#[derive(Debug)]
pub struct Compiled {
    pub(super) policies: CompiledPolicies,
    /// The schema that was inferred, where the store has none.
    pub inferred: Option<Inferred>,
}

/// The policies of `store` in the engine, for requests whose principal and resource are of these `types`. Where it has
/// no schema one is inferred, unless that is not `inference`.
///
/// # Errors
/// Why the engine cannot be asked, a phrase.
pub fn compile(
    store: &Store,
    inference: bool,
    types: [&EntityTypeName; 2],
    solvers: &Arc<Solvers>,
) -> Result<Compiled, String> {
    let SchemaState::None = &store.schema else { return compile_all(store, inference, solvers) };
    let inferred = inferred(store, inference)?;
    let names = types.map(ToString::to_string);
    let [principal, resource] = [0, 1].map(|at| {
        let hinted = inferred.hinted.get(at).copied().unwrap_or_default();
        names.get(at).filter(|_| hinted).map(|name| inferred.asked(name))
    });
    let own = match (principal, resource) {
        (None, None) => None,
        asked => infer_for(&[Some(store)], [asked.0, asked.1]).ok(),
    };
    under(store, own.unwrap_or(inferred), solvers)
}

/// The same for all requests.
///
/// # Errors
/// As for [`compile`].
pub fn compile_all(store: &Store, inference: bool, solvers: &Arc<Solvers>) -> Result<Compiled, String> {
    let schema = match &store.schema {
        SchemaState::Ready(schema) => schema,
        SchemaState::Broken => return Err("its schema cannot be used".to_owned()),
        SchemaState::None => return under(store, inferred(store, inference)?, solvers),
    };
    let model = SchemaModel::answered_by(&schema.cedar, Arc::clone(solvers))?;
    let subjects = store.deciding().filter_map(|(key, _, _)| Some(Subject::policy(store.set.policy(key)?)));
    Ok(Compiled { policies: CompiledPolicies::new(model, subjects.collect()), inferred: None })
}

fn inferred(store: &Store, inference: bool) -> Result<Inferred, String> {
    if !inference {
        return Err("it has no schema, and none is to be inferred".to_owned());
    }
    infer(&[Some(store)])
}

/// The policies of `store` under the schema that is inferred from it.
fn under(store: &Store, inferred: Inferred, solvers: &Arc<Solvers>) -> Result<Compiled, String> {
    let model = SchemaModel::answered_by(&inferred.schema, Arc::clone(solvers))?;
    let limits = inferred.limits(0);
    let subjects = store.deciding().filter_map(|(key, _, _)| {
        let subject = Subject::policy(store.set.policy(key)?);
        let limits = limits.of(key, &subject);
        Some(subject.limited(limits))
    });
    let policies = CompiledPolicies::new(model, subjects.collect());
    Ok(Compiled { policies, inferred: Some(inferred) })
}

impl Compiled {
    /// The schema that answers are given under.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        self.policies.schema().schema()
    }

    /// The environment of the request, and whether its types of principal and resource are known there; otherwise what
    /// stands for all others is meant.
    pub(super) fn environment(&self, situation: &Situation<'_>) -> Option<(&RequestEnv, [bool; 2])> {
        let synthetic = |name: String| self.inferred.as_ref().is_some_and(|found| found.synthetic.contains_key(&name));
        let declared = |ty: &EntityTypeName| self.schema().entity_types().any(|known| known == ty);
        let known = [&situation.principal, &situation.resource].map(|uid| declared(uid.type_name()));
        let action = self.schema().actions().any(|action| *action == situation.action);
        let fits = |ty: &EntityTypeName, uid: &EntityUid, known: bool| match known {
            true => ty == uid.type_name(),
            false => synthetic(ty.to_string()),
        };
        let found = self.policies.schema().environments().iter().find(|environment| {
            let same = match action {
                true => *environment.action() == situation.action,
                false => synthetic(environment.action().to_string()),
            };
            same && fits(environment.principal(), &situation.principal, known[0])
                && fits(environment.resource(), &situation.resource, known[1])
        });
        found.map(|environment| (environment, known))
    }
}
