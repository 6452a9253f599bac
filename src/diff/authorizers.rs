//! Decisions by Cedar's authorizer on both sides of a store, over all of its policies.

use std::sync::OnceLock;

use cedar_policy::{Decision, Entities, Request};
use serde_json::json;

use super::stores::Stores;
use crate::compare::Which;
use crate::decide::ScopedAuthorizer;
use crate::symbolic::{Case, Witness};

/// Cedar's authorizer over each side, made when it is first asked.
pub(super) struct Authorizers<'s> {
    stores: Stores<'s>,
    made: [OnceLock<ScopedAuthorizer>; 2],
}

impl<'s> Authorizers<'s> {
    /// Those of both sides of `stores`.
    pub(super) fn new(stores: Stores<'s>) -> Self {
        Self { stores, made: [OnceLock::new(), OnceLock::new()] }
    }

    /// What was made, for whoever takes it apart.
    pub(super) fn into_made(self) -> [OnceLock<ScopedAuthorizer>; 2] {
        self.made
    }

    /// The authorizer of a side, if it has a store.
    pub(super) fn of(&self, side: Which) -> Option<&ScopedAuthorizer> {
        let (store, made) = match (side, &self.made) {
            (Which::Old, [made, _]) => (self.stores.old, made),
            (Which::New, [_, made]) => (self.stores.new, made),
        };
        store.map(|store| made.get_or_init(|| ScopedAuthorizer::new(&store.set)))
    }

    /// Whether a side allows the request. Where there is no store nothing is allowed.
    pub(super) fn allows(&self, side: Which, request: &Request, entities: &Entities) -> bool {
        self.of(side).is_some_and(|of| of.is_authorized(request, entities).decision() == Decision::Allow)
    }

    fn decision(&self, side: Which, witness: &Witness) -> Option<bool> {
        let case = match (witness.cases.as_slice(), side) {
            ([only], _) | ([only, _], Which::Old) | ([_, only], Which::New) => only,
            _ => return None,
        };
        Some(self.allows(side, &case.request, &case.entities))
    }

    /// That `side` allows the witness, and with `both` that the other does not; else what was asked, as JSON.
    pub(super) fn confirm(&self, witness: &Witness, side: Which, both: bool) -> Result<(), String> {
        let allowed = self.decision(side, witness) == Some(true);
        let denied = !both || self.decision(side.other(), witness) == Some(false);
        if allowed && denied {
            return Ok(());
        }
        let case = |case: &Case| json!({"request": case.request_json, "entities": case.entities_json});
        Err(json!({"allowed by": if side == Which::Old { "old" } else { "new" }, "denied by the other": both,
            "cases": witness.cases.iter().map(case).collect::<Vec<_>>()})
        .to_string())
    }
}
