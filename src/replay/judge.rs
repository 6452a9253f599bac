//! What a store of one side says of a request, of which not everything need be known.
//!
//! # Why
//!
//! Most requests are asked as they stand in their line: entities by number, the context by its plain values. Cedar's
//! own request is made where that is not enough, and where a decision is to be confirmed: then Cedar reads it all anew.

use std::collections::hash_map::Entry;
use std::rc::Rc;
use std::sync::Arc;

use cedar_policy::{Context, Entities, EntityUid, Request, validate_scope_variables};
use rustc_hash::FxHashMap;

use super::context::{Attributes, plain};
use super::record::Given;
use super::stores::Ready;
use crate::decide::{Answer, Answerer, Gap, Gaps, Lack, Numbered, Requested};
use crate::repo::cedar::{context_shape, enumeration, is_action};
use crate::repo::shape::Shape;
use crate::tables;
use crate::text::inline;

/// So many shapes of contexts, and kinds of request, are kept.
const KEPT: usize = 8_192;

/// So many bytes of contexts, and of entities, are kept, by the length of their texts.
const KEPT_BYTES: usize = 2 << 20;

/// What is made of a text takes so many times its room.
const GROWN: usize = 8;

/// What an entity that is known here takes, in bytes, in a set that is made of all of them.
const ENTITY: usize = 128;

/// A principal, action or resource, or one that stands for it, with what is not known of it.
#[derive(Debug, Clone)]
pub(super) struct Party {
    pub(super) uid: EntityUid,
    pub(super) gap: Option<Gap>,
    /// Its numbers in the stores of both sides, where it has some.
    pub(super) numbers: [Option<u32>; 2],
    /// A number that an action shares with no other action, and a principal or resource with all of its type; none
    /// where nobody counts them.
    pub(super) kind: Option<u32>,
}

impl Party {
    /// One of which nothing is known but `uid`, and of that not what `gap` says.
    pub(super) fn new(uid: EntityUid, gap: Option<Gap>) -> Self {
        Self { uid, gap, numbers: [None; 2], kind: None }
    }
}

/// What is asked.
#[derive(Debug, Clone)]
pub(super) struct Asked<'a> {
    pub(super) principal: Rc<Party>,
    pub(super) action: Rc<Party>,
    pub(super) resource: Rc<Party>,
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
pub(super) struct Question<'a> {
    asked: Asked<'a>,
    context: Read<'a>,
    gaps: Gaps,
    own: Option<Arc<Entities>>,
}

/// A context as it was read.
#[derive(Debug)]
enum Read<'a> {
    /// Plain values; none where it is not known.
    Plain(Attributes<'a>),
    /// What only Cedar reads.
    Cedar(Context),
}

impl Question<'_> {
    /// Principal, action and resource, where all three are known.
    pub(super) fn whole(&self) -> Option<[&EntityUid; 3]> {
        let known = self.gaps.principal.is_none() && self.gaps.resource.is_none() && !self.gaps.context;
        let Asked { principal, action, resource, .. } = &self.asked;
        known.then_some([&principal.uid, &action.uid, &resource.uid])
    }

    /// The request as Cedar takes it, with `context`.
    fn request(&self, context: Context) -> Option<Request> {
        let [principal, action, resource] =
            [&self.asked.principal, &self.asked.action, &self.asked.resource].map(|party| party.uid.clone());
        Request::new(principal, action, resource, context, None).ok()
    }
}

/// One thread's use of a store.
pub(super) struct Judge<'r> {
    ready: &'r Ready<'r>,
    /// Which side it is.
    side: usize,
    over_known: Answerer<'r>,
    over_given: Answerer<'r>,
    /// By action.
    contexts: FxHashMap<EntityUid, FxHashMap<Box<str>, Option<Context>>>,
    /// The bytes of contexts, and of entities.
    kept: [usize; 2],
    /// What the schema says of the context of an action, by its kind; none where it does not know the action.
    shapes: FxHashMap<u32, Option<Rc<Shape>>>,
    /// What the schema says of an action and the types of principal and resource, which it does not enumerate, by their
    /// kinds.
    fits: FxHashMap<[u32; 3], bool>,
    /// By whether they are all there were.
    entities: [FxHashMap<Box<str>, Option<Arc<Entities>>>; 2],
}

impl<'r> Judge<'r> {
    /// For the store of this side, 0 or 1.
    pub(super) fn new(ready: &'r Ready<'r>, side: usize) -> Self {
        Self {
            ready,
            side,
            over_known: ready.over_known.answerer(),
            over_given: ready.over_given.answerer(),
            contexts: FxHashMap::default(),
            kept: [0; 2],
            shapes: FxHashMap::default(),
            fits: FxHashMap::default(),
            entities: Default::default(),
        }
    }

    /// The number that `uid` has among what is known here.
    pub(super) fn numbered(&self, uid: &EntityUid) -> Option<u32> {
        self.ready.over_known.numbered(uid)
    }

    /// Whether the schema takes these together.
    fn fits(&mut self, principal: &Party, action: &Party, resource: &Party) -> bool {
        let Some(schema) = self.ready.schema else { return true };
        let valid = || validate_scope_variables(&principal.uid, &action.uid, &resource.uid, schema).is_ok();
        let (Some(of), Some(who), Some(what)) = (action.kind, principal.kind, resource.kind) else { return valid() };
        if let Some(known) = self.fits.get(&[of, who, what]) {
            return *known;
        }
        let enumerated = |party: &Party| enumeration(schema, party.uid.type_name()).is_some();
        if enumerated(principal) || enumerated(resource) {
            return valid();
        }
        if self.fits.len() >= KEPT {
            self.fits.clear();
        }
        *self.fits.entry([of, who, what]).or_insert_with(valid)
    }

    /// The request as this store reads it.
    pub(super) fn question<'a>(&mut self, asked: Asked<'a>) -> Result<Question<'a>, Why> {
        if let Some(why) = &self.ready.blocked {
            let name = inline(&self.ready.store.name);
            return Err(Why::new("store-broken", format!("what store `{name}` decides is not known: {why}")));
        }
        let Asked { principal, action, resource, .. } = &asked;
        let known = principal.gap.is_none() && resource.gap.is_none();
        if known && !self.fits(principal, action, resource) {
            let action = &action.uid;
            let types = format!("{} and a resource of type {}", principal.uid.type_name(), resource.uid.type_name());
            let message = format!("{action} takes no principal of type {types} by the schema");
            return Err(Why::new("does-not-fit", inline(&message).into_owned()));
        }
        let context = match asked.context {
            None => Read::Plain(Vec::new()),
            Some(json) => self.context(action, json).ok_or_else(|| {
                let message = format!("its context is none that {} takes by the schema", action.uid);
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
        Ok(Question { asked, context, gaps, own })
    }

    fn shape(&mut self, action: &Party) -> Option<Rc<Shape>> {
        let found = || match self.ready.schema {
            Some(schema) => context_shape(schema, &action.uid).map(Rc::new),
            None => Some(Rc::new(Shape::Any)),
        };
        let Some(kind) = action.kind else { return found() };
        if let Some(known) = self.shapes.get(&kind) {
            return known.clone();
        }
        let shape = found();
        if self.shapes.len() >= KEPT {
            self.shapes.clear();
        }
        self.shapes.insert(kind, shape.clone());
        shape
    }

    fn context<'a>(&mut self, action: &Party, json: &'a str) -> Option<Read<'a>> {
        if let Some(context) = self.shape(action).and_then(|shape| plain(json, &shape)) {
            return Some(Read::Plain(context));
        }
        let action = &action.uid;
        if let Some(known) = self.contexts.get(action).and_then(|known| known.get(json)) {
            return known.clone().map(Read::Cedar);
        }
        let context = self.read(action, json);
        let [kept, _] = &mut self.kept;
        if *kept > KEPT_BYTES {
            self.contexts.clear();
            *kept = 0;
        }
        if json.len() * GROWN > KEPT_BYTES {
            return context.map(Read::Cedar);
        }
        *kept += json.len() * GROWN;
        self.contexts.entry(action.clone()).or_default().insert(json.into(), context.clone());
        context.map(Read::Cedar)
    }

    /// The context that `json` is, as Cedar reads it.
    fn read(&self, action: &EntityUid, json: &str) -> Option<Context> {
        let schema = self.ready.schema;
        let json = tables::cedar_context(json).ok()?;
        let context = Context::from_json_str(&json, schema.map(|schema| (schema, action))).ok()?;
        schema.is_none_or(|schema| context.validate(schema, action).is_ok()).then_some(context)
    }

    /// What Cedar is asked with `question`.
    fn request(&self, question: &Question<'_>) -> Option<Request> {
        let context = match (&question.context, question.asked.context) {
            (_, None) => Context::empty(),
            (Read::Cedar(context), _) => context.clone(),
            (Read::Plain(_), Some(json)) => self.read(&question.asked.action.uid, json)?,
        };
        question.request(context)
    }

    /// The entities of `json`, which are all there were or lie over those that are known here.
    fn entities(&mut self, json: &str, all: bool) -> Option<Arc<Entities>> {
        let ready = self.ready;
        let [_, kept] = &mut self.kept;
        if *kept > KEPT_BYTES {
            self.entities.iter_mut().for_each(FxHashMap::clear);
            *kept = 0;
        }
        let read = |json: &str| {
            let json = tables::cedar_entities(json).ok()?;
            let own = Entities::from_json_str(&json, ready.schema).ok()?;
            if all {
                return Some(own);
            }
            let own = own.into_iter().filter(|entity| !is_action(&entity.uid()));
            Entities::clone(&ready.entities).upsert_entities(own, ready.schema).ok()
        };
        if json.len() * GROWN > KEPT_BYTES {
            return read(json).map(Arc::new);
        }
        let [some, whole] = &mut self.entities;
        match (if all { whole } else { some }).entry(json.into()) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(place) => {
                *kept += json.len() * GROWN + if all { 0 } else { ready.entities.len() * ENTITY };
                place.insert(read(json).map(Arc::new)).clone()
            }
        }
    }

    /// What the store says.
    pub(super) fn judge(&mut self, question: &Question<'_>) -> Result<Decided, Why> {
        if let Read::Plain(context) = &question.context {
            let own = question.own.as_deref();
            // Numbers are those among what is known here.
            let number = |party: &Party| party.numbers.get(self.side).copied().flatten().filter(|_| own.is_none());
            let Asked { principal, action, resource, .. } = &question.asked;
            let who = [principal, action, resource];
            let who = who.map(|party| Numbered { uid: &party.uid, number: number(party) });
            let context = question.asked.context.map(|_| context.as_slice());
            let answerer = if own.is_some() { &mut self.over_given } else { &mut self.over_known };
            if let Some(answer) = answerer.answer_plain(Requested { who, context }, question.gaps, own) {
                return said(&answer);
            }
        }
        let request = self.request(question).ok_or_else(|| Why::new("does-not-fit", "it is no request"))?;
        match &question.own {
            Some(own) => said(&self.over_given.answer(&request, question.gaps, Some(own))),
            None => said(&self.over_known.answer(&request, question.gaps, None)),
        }
    }

    /// Whether Cedar's authorizer is of the same mind; else what it is asked.
    pub(super) fn confirm(&self, question: &Question<'_>, decided: &Decided) -> Result<(), String> {
        let Some(request) = self.request(question) else {
            let Asked { principal, action, resource, .. } = &question.asked;
            return Err(format!("{}, {}, {}", principal.uid, action.uid, resource.uid));
        };
        let (allowed, reason, errors) = self.ready.by_cedar(&request, question.own.as_deref());
        let same = match decided.open || question.gaps != Gaps::default() {
            // Of what is not known, nothing is there for Cedar: policies may err that are open here.
            true => allowed == decided.allowed && decided.reason().iter().all(|one| reason.contains(one)),
            false => allowed == decided.allowed && *decided.reason() == *reason && *decided.errors == *errors,
        };
        if same { Ok(()) } else { Err(request.to_string()) }
    }
}

/// What `answer` comes to.
fn said(answer: &Answer<'_>) -> Result<Decided, Why> {
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
