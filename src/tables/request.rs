//! From the JSON of a row to Cedar's request and entities. Rows repeat themselves, so what was read once is kept.
//!
//! # Why
//!
//! Each worker reads contexts and names once, keeps the entities of a row when they come again, and puts sets of
//! entities together from entities that were checked one by one. Where anything is doubtful, Cedar reads the whole set
//! as it stands.

use std::hash::BuildHasher;
use std::sync::Arc;

use cedar_policy::{Context, Entities, EntityId, EntityTypeName, EntityUid, Request, Schema};

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::body::identifier;
use super::rows::{Row, RowContext, RowEntities, Uid, Who};
use super::uid::plain;
use crate::data::Fault;
use crate::data::json::Node;
use crate::repo::cedar::{EntityReader, SharedEntity, fault};
use crate::repo::{EntityState, Store};
use crate::text::inline;

/// How many contexts, and how many sets of entities, are kept.
const KEPT: usize = 4096;

/// Reads the rows of one store.
pub(super) struct Requests<'s> {
    store_entities: &'s EntityState,
    schema: Option<&'s Schema>,
    uids: FxHashMap<String, EntityUid>,
    types: FxHashMap<String, EntityTypeName>,
    contexts: FxHashMap<EntityUid, FxHashMap<String, Context>>,
    /// The hashes of what was read once: only what comes again is kept.
    met: FxHashSet<u64>,
    entities: FxHashMap<String, Result<Arc<Entities>, Fault>>,
    /// Entities that fit the schema each by itself, by their text.
    single: FxHashMap<String, Option<SharedEntity>>,
    reader: EntityReader<'s>,
    /// The schema's action entities.
    actions: Vec<SharedEntity>,
    of_store: Option<Result<Arc<Entities>, Fault>>,
}

impl<'s> Requests<'s> {
    pub(super) fn new(store: &'s Store, store_entities: &'s EntityState) -> Self {
        let schema = store.schema.ready().map(|schema| &schema.cedar);
        Self {
            store_entities,
            schema,
            uids: FxHashMap::default(),
            types: FxHashMap::default(),
            contexts: FxHashMap::default(),
            met: FxHashSet::default(),
            entities: FxHashMap::default(),
            single: FxHashMap::default(),
            reader: EntityReader::new(schema),
            actions: schema.map(SharedEntity::actions).unwrap_or_default(),
            of_store: None,
        }
    }

    /// The request of `row`, checked against the schema unless the row says otherwise.
    pub(super) fn request(&mut self, row: &Row<'_>) -> Result<Request, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut part = |read: Result<EntityUid, Fault>| read.map_err(|fault| faults.push(fault)).ok();
        let principal = part(self.uid("principal", &row.principal));
        let action = part(self.uid("action", &row.action));
        let resource = part(self.uid("resource", &row.resource));
        let context = action.as_ref().and_then(|action| {
            self.context(&row.context, action, row.validate).map_err(|fault| faults.push(fault)).ok()
        });
        let (Some(principal), Some(action), Some(resource), Some(context)) = (principal, action, resource, context)
        else {
            return Err(faults);
        };
        let schema = if row.validate { self.schema } else { None };
        Request::new(principal, action, resource, context, schema)
            .map_err(|error| vec![misfit("the request does not fit the schema", &error)])
    }

    /// The request of `who` for one principal.
    pub(super) fn asking(&mut self, who: &Who<'_>, principal: &EntityUid) -> Result<Request, Fault> {
        let context = self.context(&who.context, &who.action, true)?;
        Request::new(principal.clone(), who.action.clone(), who.resource.clone(), context, self.schema)
            .map_err(|error| misfit("the request does not fit the schema", &error))
    }

    fn context(&mut self, context: &RowContext<'_>, action: &EntityUid, validate: bool) -> Result<Context, Fault> {
        let raw = context.json();
        if let Some(known) = self.contexts.get(action).and_then(|known| known.get(raw)) {
            return Ok(known.clone());
        }
        let read = self.read_context(raw, action, validate).map_err(|fault| match context {
            RowContext::Json(node) => fault.at(node.span()),
            RowContext::Empty | RowContext::Built(_) => fault,
        })?;
        let known = self.contexts.entry(action.clone()).or_default();
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(raw.to_owned(), read.clone());
        Ok(read)
    }

    fn read_context(&self, raw: &str, action: &EntityUid, validate: bool) -> Result<Context, Fault> {
        match (Context::from_json_str(raw, self.schema.map(|schema| (schema, action))), validate) {
            (Ok(context), _) => Ok(context),
            (Err(error), true) => Err(misfit("the context does not fit", &error)),
            // A request that need not fit its schema need not have a context that the schema knows how to read.
            (Err(_), false) => {
                Context::from_json_str(raw, None).map_err(|error| misfit("the context cannot be read", &error))
            }
        }
    }

    /// An entity written `Type::"id"`, `{"type": .., "id": ..}` or `{"__entity": ..}`.
    fn uid(&mut self, what: &str, uid: &Uid<'_>) -> Result<EntityUid, Fault> {
        match uid {
            Uid::Json(node) => self.json_uid(what, *node).map_err(|fault| fault.at(node.span())),
            Uid::Ready(uid) => Ok(uid.clone()),
        }
    }

    fn json_uid(&mut self, what: &str, node: Node<'_>) -> Result<EntityUid, Fault> {
        if let Some(known) = self.uids.get(node.raw) {
            return Ok(known.clone());
        }
        let uid = match node.string() {
            Some(text) => self.parse(what, &text)?,
            None => {
                let value = node.value().unwrap_or_default();
                if let Some(uid) = identifier(&value) {
                    return Ok(uid);
                }
                EntityUid::from_json(value).map_err(|error| misfit(&format!("`{what}` is not an entity"), &error))?
            }
        };
        self.uids.insert(node.raw.to_owned(), uid.clone());
        Ok(uid)
    }

    fn parse(&mut self, what: &str, text: &str) -> Result<EntityUid, Fault> {
        if let Some((ty, id)) = plain(text) {
            if let Some(known) = self.types.get(ty) {
                return Ok(EntityUid::from_type_name_and_id(known.clone(), EntityId::new(id)));
            }
            if let Ok(parsed) = ty.parse::<EntityTypeName>() {
                self.types.insert(ty.to_owned(), parsed.clone());
                return Ok(EntityUid::from_type_name_and_id(parsed, EntityId::new(id)));
            }
        }
        text.parse().map_err(|error: cedar_policy::ParseErrors| {
            let fault = misfit(&format!("`{what}` is not an entity, `{}`", inline(text)), &error);
            fault.help("an entity is written Type::\"id\", in JSON \"Type::\\\"id\\\"\"")
        })
    }

    /// The entities of `row`.
    pub(super) fn entities(&mut self, row: &Row<'_>) -> Result<Arc<Entities>, Fault> {
        match &row.entities {
            RowEntities::OfStore => self.of_store(),
            RowEntities::Inline(node) => {
                self.read(node.raw, "the entities of this row").map_err(|fault| fault.at(node.span()))
            }
            RowEntities::Built(json, span) => {
                self.read(json, "the entities of this row").map_err(|fault| fault.at(*span))
            }
            RowEntities::Ready(entities) => Ok(Arc::clone(entities)),
            RowEntities::File(file) => {
                self.read(&file.parse_text(), &format!("the entities in `{}`", inline(file.path())))
            }
        }
    }

    fn of_store(&mut self) -> Result<Arc<Entities>, Fault> {
        if let Some(known) = &self.of_store {
            return known.clone();
        }
        let entities = match self.store_entities {
            EntityState::Ready(data) => Ok(Arc::new(data.cedar.clone())),
            EntityState::None => self.read("[]", "no entities"),
            EntityState::Broken(place, why) => {
                Err(Fault::new(format!("the store's entities cannot be used ({}: {})", place.label(), inline(why))))
            }
        };
        self.of_store = Some(entities.clone());
        entities
    }

    fn read(&mut self, json: &str, what: &str) -> Result<Arc<Entities>, Fault> {
        if let Some(known) = self.entities.get(json) {
            return known.clone();
        }
        let read = match self.assemble(json) {
            Some(entities) => Ok(entities),
            None => Entities::from_json_str(json, self.schema),
        };
        let read = read.map(Arc::new).map_err(|error| misfit(&format!("{what} do not fit"), &error));
        if self.met.insert(FxBuildHasher.hash_one(json)) {
            return read;
        }
        if self.entities.len() >= KEPT {
            self.entities.clear();
        }
        self.entities.insert(json.to_owned(), read.clone());
        read
    }
}

impl Requests<'_> {
    /// The entities of `json` put together from entities that were read before: what [`Entities::from_json_str`] gives,
    /// for less when rows share entities. `None` where that is not sure: something is wrong, or an action is among
    /// them, which the schema judges only together with the others.
    fn assemble(&mut self, json: &str) -> Option<Entities> {
        let nodes = Node { raw: json, offset: 0 }.elements()?;
        let mut all = Vec::with_capacity(nodes.len());
        for text in nodes.into_iter().map(|node| node.raw) {
            let known = match self.single.get(text) {
                Some(known) => known.clone(),
                None => {
                    let read = self.reader.read(text);
                    self.single.insert(text.to_owned(), read.clone());
                    read
                }
            };
            all.push(known?);
        }
        SharedEntity::assemble(all, &self.actions)
    }
}

/// Cedar's words after ours.
pub(super) fn misfit(what: &str, error: &dyn miette::Diagnostic) -> Fault {
    let told = fault(error);
    let help = told.help.map(|help| inline(&help).into_owned());
    Fault { message: format!("{what}: {}", inline(&told.message)), help, span: None }
}
