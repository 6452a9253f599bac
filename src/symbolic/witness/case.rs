//! What a witness is to those who asked.

use std::collections::HashMap;

use cedar_policy::{Entities, EntityUid, Request, SlotId};
use serde_json::Value as Json;

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
