//! What a witness is to those who asked.

use std::collections::HashMap;

use cedar_policy::{Entities, EntityUid, Request, Schema, SlotId};
use serde_json::Value as Json;

use super::datum::uid_json;
use crate::symbolic::compile::SchemaModel;

/// A request for which the question holds, confirmed by Cedar's authorizer.
#[derive(Debug, Clone)]
pub struct Witness {
    /// One, or one for each side of a pair.
    pub cases: Vec<Case>,
    /// Whether every entity that policies name is there, not only those that the request leads to.
    pub(super) complete: bool,
}

impl Witness {
    /// The same with the JSON alone, which is small: every policy's entities, and every action, are among the others.
    #[must_use]
    pub fn as_json(mut self) -> Self {
        for case in &mut self.cases {
            case.entities = Entities::empty();
        }
        self
    }

    /// The same as a witness of the environment of `action`, which is like its own
    /// ([`crate::symbolic::CompiledPolicies::likeness`]): with all of its entities, and with those alone that are
    /// shown. `None` where `schema` does not have it there, or where it is of two sides.
    #[must_use]
    pub fn carried(&self, schema: &SchemaModel, action: &EntityUid) -> Option<[Self; 2]> {
        let there = self.with_action(action, &[schema.schema()])?;
        let shown = there.as_shown(&[schema.schema()])?;
        Some([there, shown])
    }

    /// The same with `action`, as `schemas` have it, one for each case; `None` where they do not.
    pub(in crate::symbolic) fn with_action(&self, action: &EntityUid, schemas: &[&Schema]) -> Option<Self> {
        let one = |(case, schema): (&Case, &&Schema)| {
            let (principal, resource) = (case.request.principal()?.clone(), case.request.resource()?.clone());
            let context = case.request.context()?.clone();
            let request = Request::new(principal, action.clone(), resource, context, Some(schema)).ok()?;
            let mut request_json = case.request_json.clone();
            request_json.as_object_mut()?.insert("action".to_owned(), uid_json(action));
            Some(Case { request, request_json, ..case.clone() })
        };
        let cases = self.cases.iter().zip(schemas).map(one).collect::<Option<Vec<Case>>>()?;
        (cases.len() == self.cases.len() && cases.len() == schemas.len()).then_some(Self { cases, ..*self })
    }

    /// What Cedar is asked, case by case.
    pub(super) fn requests(&self) -> Vec<(Request, Entities)> {
        self.cases.iter().map(|case| (case.request.clone(), case.entities.clone())).collect()
    }

    /// The same with the entities that are shown and no others.
    pub(in crate::symbolic) fn as_shown(&self, schemas: &[&Schema]) -> Option<Self> {
        let one = |(case, schema): (&Case, &&Schema)| {
            let entities = Entities::from_json_value(case.entities_json.clone(), Some(schema)).ok()?;
            Some(Case { entities, ..case.clone() })
        };
        let cases = self.cases.iter().zip(schemas).map(one).collect::<Option<Vec<Case>>>()?;
        Some(Self { cases, ..*self })
    }
}

/// The request and the entities as one side's schema has them.
#[derive(Debug, Clone)]
pub struct Case {
    /// The request, valid under the schema.
    pub request: Request,
    /// The entities, valid under the schema.
    pub entities: Entities,
    /// The request as Cedar's JSON (`principal`, `action`, `resource`, `context`).
    pub request_json: Json,
    /// The entities as Cedar's JSON, without those that make no difference to the question.
    pub entities_json: Json,
    /// What stands in the slots of each template that the question names, by the index of the template.
    pub slots: HashMap<usize, HashMap<SlotId, EntityUid>>,
}
