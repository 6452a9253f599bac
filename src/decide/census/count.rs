//! The census: policies, entities and kinds of requests, and who may do what.

use cedar_policy::{Context, Entities, EntityUid, PolicySet};
use rustc_hash::FxHashMap;
use thiserror::Error;

use super::bits::Bits;
use super::columns::{Asked, Column, Columns};
use super::left::Condition;
use crate::decide::compiled::{Body, Evaluator, Policies, Value};

/// Requests for one action: who may make them about what.
#[derive(Debug, Clone)]
pub struct Kind {
    /// The action.
    pub action: EntityUid,
    /// Who may ask.
    pub principals: Vec<EntityUid>,
    /// About what.
    pub resources: Vec<EntityUid>,
    /// The context; `None` where it is not known.
    pub context: Option<Context>,
}

/// Why a census cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Uncounted {
    /// A policy, of the set with this number, nests deeper than conditions for all principals at once may.
    #[error("the conditions of a policy nest too deeply")]
    Deep(usize, cedar_policy::PolicyId),
    /// What hangs on the context hangs on it in too many ways.
    #[error("it hangs on the context in too many ways; ask with a context, or about fewer at a time")]
    Large,
    /// An entity, or a policy, holds something unknown.
    #[error("something in the policies or entities is not known")]
    Unknown,
}

/// Policies of one or more sets over entities, and the kinds of requests that are looked at.
#[derive(Debug)]
pub struct Census {
    policies: Policies,
    kinds: Vec<Kind>,
    principals: Vec<u32>,
    uids: Vec<EntityUid>,
    numbers: FxHashMap<u32, EntityUid>,
}

/// What was found of some resources.
#[derive(Debug)]
pub struct Counted<'a> {
    /// The kind of request, by its place in the list of them.
    pub kind: usize,
    /// Resources that the policies of no set tell apart.
    pub resources: &'a [&'a EntityUid],
    /// Who has access, for each set.
    pub columns: &'a [Column],
}

impl Census {
    /// A census of `sets` over `entities`, those of actions included.
    ///
    /// # Errors
    /// When what is there cannot be compiled.
    pub fn new(sets: &[&PolicySet], entities: &Entities, kinds: Vec<Kind>) -> Result<Self, Uncounted> {
        let mut uids: Vec<EntityUid> = kinds.iter().flat_map(|kind| kind.principals.iter().cloned()).collect();
        uids.sort_unstable();
        uids.dedup();
        Self::among(uids, sets, entities, kinds)
    }

    /// The same, where the bits of columns stand for `uids`: all who may ask, in order and each once. So the columns of
    /// several censuses can be set beside each other.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn among(
        uids: Vec<EntityUid>,
        sets: &[&PolicySet],
        entities: &Entities,
        kinds: Vec<Kind>,
    ) -> Result<Self, Uncounted> {
        let all = kinds.iter().flat_map(|kind| kind.resources.iter().chain([&kind.action])).chain(&uids);
        let policies = Policies::with(sets, entities, all).ok_or(Uncounted::Unknown)?;
        for (set, all) in policies.sets.iter().enumerate() {
            if let Some(policy) = all.iter().find(|policy| matches!(policy.body, Body::Cedar(_))) {
                return Err(Uncounted::Deep(set, policy.id.clone()));
            }
        }
        let mut numbers = FxHashMap::default();
        for uid in kinds.iter().flat_map(|kind| kind.resources.iter()) {
            numbers.insert(policies.pool.known_entity(uid.as_ref()).ok_or(Uncounted::Unknown)?, uid.clone());
        }
        let number = |uid: &EntityUid| policies.pool.known_entity(uid.as_ref()).ok_or(Uncounted::Unknown);
        let principals = uids.iter().map(number).collect::<Result<_, _>>()?;
        Ok(Self { policies, kinds, principals, uids, numbers })
    }

    /// The principals of all kinds, in the order of the bits of columns.
    #[must_use]
    pub fn principals(&self) -> &[EntityUid] {
        &self.uids
    }

    /// The kinds of requests.
    #[must_use]
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// Calls `visit` with all that is found, kind by kind; gives what is left to ask of contexts that are not known, by
    /// the number under which columns name it.
    ///
    /// # Errors
    /// When it hangs on the context in too many ways; what was visited until then is not right.
    pub fn take(&self, visit: &mut dyn FnMut(&Counted<'_>)) -> Result<Vec<Condition>, Uncounted> {
        let mut columns: Option<(Option<&Context>, Columns<'_>)> = None;
        let mut conditions: Vec<Condition> = Vec::new();
        let places: FxHashMap<&EntityUid, usize> = self.uids.iter().enumerate().map(|(at, uid)| (uid, at)).collect();
        for (at, kind) in self.kinds.iter().enumerate() {
            let mut asking = Bits::none(self.uids.len());
            kind.principals.iter().filter_map(|uid| places.get(uid)).for_each(|at| asking.add(*at));
            let number = |uid: &EntityUid| self.policies.pool.known_entity(uid.as_ref());
            let Some(action) = number(&kind.action) else { continue };
            let resources: Vec<u32> = kind.resources.iter().filter_map(number).collect();
            // What is known of one context says nothing of another.
            if columns.as_ref().is_none_or(|(context, _)| *context != kind.context.as_ref()) {
                let known = columns.take().map_or_else(Default::default, |(_, columns)| columns.left);
                let mut fresh = self.columns(kind.context.as_ref());
                fresh.left.keep(known);
                columns = Some((kind.context.as_ref(), fresh));
            }
            let Some((_, columns)) = &mut columns else { continue };
            let asked = Asked { action, principals: &asking, resources: &resources };
            columns.visit(&asked, &mut |class, found| {
                let resources: Vec<&EntityUid> = class.iter().filter_map(|number| self.numbers.get(number)).collect();
                visit(&Counted { kind: at, resources: &resources, columns: found });
            });
            if columns.rows.is_spent() {
                return Err(Uncounted::Large);
            }
        }
        if let Some((_, columns)) = columns {
            conditions = columns.left.conditions;
        }
        Ok(conditions)
    }

    fn columns(&self, context: Option<&Context>) -> Columns<'_> {
        let mut evaluator = Evaluator::new(&self.policies);
        let known = context.and_then(|context| evaluator.add_context(context.as_ref()));
        let context: Value = known.unwrap_or(Evaluator::UNKNOWN);
        Columns::new(&self.policies, &self.principals, context, evaluator)
    }
}
