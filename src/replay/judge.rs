//! What a store of one side says of a request, of which not everything need be known.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use cedar_policy::{Context, Entities, EntityUid, Request, validate_scope_variables};
use rustc_hash::FxHashMap;

use super::context::plain;
use super::record::Given;
use super::stores::Ready;
use crate::decide::{Answerer, Gap, Gaps, Lack};
use crate::repo::cedar::{context_shape, is_action};
use crate::repo::shape::Shape;
use crate::tables;
use crate::text::inline;

/// So many contexts, and sets of entities, are kept.
const KEPT: usize = 8_192;

/// A principal or resource, or one that stands for it, with what is not known of it.
#[derive(Debug, Clone)]
pub(super) struct Party {
    pub(super) uid: EntityUid,
    pub(super) gap: Option<Gap>,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) principal: &'a Party,
    pub(super) action: &'a EntityUid,
    pub(super) resource: &'a Party,
    /// As JSON.
    pub(super) context: Option<&'a str>,
    pub(super) entities: &'a Given<'a>,
}

/// A decision; policies by number, in ascending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decided {
    pub(super) allowed: bool,
    pub(super) permits: Box<[u32]>,
    pub(super) forbids: Box<[u32]>,
    pub(super) errors: Box<[u32]>,
    /// Whether policies may hold besides, without changing the decision.
    pub(super) open: bool,
}

impl Decided {
    /// The determining policies that are known.
    pub(super) fn reason(&self) -> &[u32] {
        if self.allowed { &self.permits } else { &self.forbids }
    }
}

/// Why there is no decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Why {
    /// A word.
    pub(super) kind: &'static str,
    /// What is said, without values of the request.
    pub(super) message: String,
    pub(super) policy: Option<u32>,
}

impl Why {
    fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), policy: None }
    }
}

/// A request as a store reads it.
#[derive(Debug)]
pub(super) struct Question {
    request: Request,
    gaps: Gaps,
    own: Option<Arc<Entities>>,
}

impl Question {
    /// Principal, action and resource, where all three are known.
    pub(super) fn whole(&self) -> Option<[&EntityUid; 3]> {
        let known = self.gaps.principal.is_none() && self.gaps.resource.is_none() && !self.gaps.context;
        let [principal, action, resource] = [self.request.principal(), self.request.action(), self.request.resource()];
        known.then_some([principal?, action?, resource?])
    }
}

/// One thread's use of a store.
pub(super) struct Judge<'r> {
    ready: &'r Ready<'r>,
    over_known: Answerer<'r>,
    over_given: Answerer<'r>,
    contexts: FxHashMap<EntityUid, FxHashMap<Box<str>, Option<Context>>>,
    kept: usize,
    /// What the schema says of the context of an action.
    shapes: FxHashMap<EntityUid, Option<Shape>>,
    /// By whether they are all there were.
    entities: [FxHashMap<Box<str>, Option<Arc<Entities>>>; 2],
}

impl<'r> Judge<'r> {
    pub(super) fn new(ready: &'r Ready<'r>) -> Self {
        Self {
            ready,
            over_known: ready.over_known.answerer(),
            over_given: ready.over_given.answerer(),
            contexts: FxHashMap::default(),
            kept: 0,
            shapes: FxHashMap::default(),
            entities: Default::default(),
        }
    }

    /// The request as this store reads it.
    pub(super) fn question(&mut self, asked: Asked<'_>) -> Result<Question, Why> {
        if let Some(why) = &self.ready.blocked {
            let name = inline(&self.ready.store.name);
            return Err(Why::new("store-broken", format!("what store `{name}` decides is not known: {why}")));
        }
        let Asked { principal, action, resource, .. } = asked;
        let known = principal.gap.is_none() && resource.gap.is_none();
        if let Some(schema) = self.ready.schema.filter(|_| known)
            && validate_scope_variables(&principal.uid, action, &resource.uid, schema).is_err()
        {
            let types = format!("{} and a resource of type {}", principal.uid.type_name(), resource.uid.type_name());
            let message = format!("{action} takes no principal of type {types} by the schema");
            return Err(Why::new("does-not-fit", inline(&message).into_owned()));
        }
        let context = match asked.context {
            None => Context::empty(),
            Some(json) => self.context(action, json).ok_or_else(|| {
                let message = format!("its context is none that {action} takes by the schema");
                Why::new("does-not-fit", inline(&message).into_owned())
            })?,
        };
        let own = match asked.entities.json() {
            None => None,
            Some(json) => {
                let why = || Why::new("does-not-fit", "its entities are none by the schema");
                Some(self.entities(json, matches!(asked.entities, Given::All(_))).ok_or_else(why)?)
            }
        };
        let gaps = Gaps {
            principal: principal.gap,
            resource: resource.gap,
            context: asked.context.is_none(),
            entities: !matches!(asked.entities, Given::All(_)),
        };
        let (principal, resource) = (principal.uid.clone(), resource.uid.clone());
        let request = Request::new(principal, action.clone(), resource, context, None);
        let request = request.map_err(|_| Why::new("does-not-fit", "it is no request"))?;
        Ok(Question { request, gaps, own })
    }

    fn context(&mut self, action: &EntityUid, json: &str) -> Option<Context> {
        if let Some(known) = self.contexts.get(action).and_then(|known| known.get(json)) {
            return known.clone();
        }
        let schema = self.ready.schema;
        let shape = match self.shapes.get(action) {
            Some(known) => known,
            None => {
                let shape = schema.and_then(|schema| context_shape(schema, action));
                self.shapes.entry(action.clone()).or_insert(shape)
            }
        };
        let read = || {
            if let Some(context) = shape.as_ref().and_then(|shape| plain(json, shape)) {
                return Some(context);
            }
            let json = tables::cedar_context(json).ok()?;
            let context = Context::from_json_str(&json, schema.map(|schema| (schema, action))).ok()?;
            schema.is_none_or(|schema| context.validate(schema, action).is_ok()).then_some(context)
        };
        let context = read();
        if self.kept >= KEPT {
            self.contexts.clear();
            self.kept = 0;
        }
        self.kept += 1;
        self.contexts.entry(action.clone()).or_default().insert(json.into(), context.clone());
        context
    }

    /// The entities of `json`, which are all there were or lie over those that are known here.
    fn entities(&mut self, json: &str, all: bool) -> Option<Arc<Entities>> {
        let ready = self.ready;
        let [some, whole] = &mut self.entities;
        let known = if all { whole } else { some };
        if known.len() >= KEPT {
            known.clear();
        }
        match known.entry(json.into()) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(place) => {
                let read = |json: &str| {
                    let json = tables::cedar_entities(json).ok()?;
                    let own = Entities::from_json_str(&json, ready.schema).ok()?;
                    if all {
                        return Some(own);
                    }
                    let own = own.into_iter().filter(|entity| !is_action(&entity.uid()));
                    ready.entities.clone().upsert_entities(own, ready.schema).ok()
                };
                place.insert(read(json).map(Arc::new)).clone()
            }
        }
    }

    /// What the store says.
    pub(super) fn judge(&mut self, question: &Question) -> Result<Decided, Why> {
        let answer = match &question.own {
            Some(own) => self.over_given.answer(&question.request, question.gaps, Some(own)),
            None => self.over_known.answer(&question.request, question.gaps, None),
        };
        if let Some(allowed) = answer.allowed {
            return Ok(Decided {
                allowed,
                permits: answer.permits.into(),
                forbids: answer.forbids.into(),
                errors: answer.errors.into(),
                open: !answer.open.is_empty(),
            });
        }
        let Some((policy, lack)) = answer.open.first() else {
            return Err(Why::new("not-known", "what it would come to is not known"));
        };
        let (kind, what) = match lack {
            Lack::Context => ("no-context", "reads the context, which the record does not carry".to_owned()),
            Lack::Principal => ("no-principal", "asks who the principal is, which the record does not say".to_owned()),
            Lack::Resource => ("no-resource", "asks what the resource is, which the record does not say".to_owned()),
            Lack::Entity(uid) => {
                let ty = uid.type_name().to_string();
                let what = format!("asks what a `{}` has or is in of which nothing is known here", inline(&ty));
                ("no-entity", what)
            }
            Lack::Evaluation => ("not-evaluated", "cannot be evaluated in part".to_owned()),
        };
        Err(Why { kind, message: what, policy: Some(*policy) })
    }

    /// Whether Cedar's authorizer is of the same mind; else what it says.
    pub(super) fn confirm(&self, question: &Question, decided: &Decided) -> Result<(), String> {
        let (allowed, reason, errors) = self.ready.by_cedar(&question.request, question.own.as_deref());
        let same = match decided.open || question.gaps != Gaps::default() {
            // Of what is not known, nothing is there for Cedar: policies may err that are open here.
            true => allowed == decided.allowed && decided.reason().iter().all(|one| reason.contains(one)),
            false => allowed == decided.allowed && *decided.reason() == *reason && *decided.errors == *errors,
        };
        if same { Ok(()) } else { Err(question.request.to_string()) }
    }
}
