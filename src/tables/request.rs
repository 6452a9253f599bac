//! From the JSON of a row to Cedar's request and entities. Rows repeat themselves, so what was read once is kept.

use std::collections::HashMap;
use std::sync::Arc;

use cedar_policy::{Context, Entities, EntityId, EntityTypeName, EntityUid, Request, Schema};

use super::rows::{Fault, Row, RowEntities};
use crate::repo::cedar::fault;
use crate::repo::json::Node;
use crate::repo::{EntityState, Store};
use crate::text::inline;

/// Reads the rows of one store.
pub(super) struct Requests<'s> {
    store: &'s Store,
    schema: Option<&'s Schema>,
    uids: HashMap<String, EntityUid>,
    types: HashMap<String, EntityTypeName>,
    entities: HashMap<String, Result<Arc<Entities>, Fault>>,
    of_store: Option<Result<Arc<Entities>, Fault>>,
}

impl<'s> Requests<'s> {
    pub(super) fn new(store: &'s Store) -> Self {
        Self {
            store,
            schema: store.schema.ready().map(|schema| &schema.cedar),
            uids: HashMap::new(),
            types: HashMap::new(),
            entities: HashMap::new(),
            of_store: None,
        }
    }

    /// The request of `row`, checked against the schema unless the row says otherwise.
    pub(super) fn request(&mut self, row: &Row<'_>) -> Result<Request, Fault> {
        let principal = self.uid("principal", row.principal)?;
        let action = self.uid("action", row.action)?;
        let resource = self.uid("resource", row.resource)?;
        let context = self.context(row, &action)?;
        let schema = if row.validate { self.schema } else { None };
        Request::new(principal, action, resource, context, schema)
            .map_err(|error| told("the request does not fit the schema", &error))
    }

    fn context(&self, row: &Row<'_>, action: &EntityUid) -> Result<Context, Fault> {
        let raw = row.context.map_or("{}", |node| node.raw);
        let read = |schema| Context::from_json_str(raw, schema);
        match (read(self.schema.map(|schema| (schema, action))), row.validate) {
            (Ok(context), _) => Ok(context),
            (Err(_), false) => read(None).map_err(|error| told("the context cannot be read", &error)),
            (Err(error), true) => Err(told("the context does not fit", &error)),
        }
    }

    /// An entity written `Type::"id"`, `{"type": .., "id": ..}` or `{"__entity": ..}`.
    fn uid(&mut self, what: &str, node: Node<'_>) -> Result<EntityUid, Fault> {
        if let Some(known) = self.uids.get(node.raw) {
            return Ok(known.clone());
        }
        let uid = match node.string() {
            Some(text) => self.parse(what, &text)?,
            None => {
                let value = node.value().unwrap_or_default();
                EntityUid::from_json(value).map_err(|error| told(&format!("`{what}` is not an entity"), &error))?
            }
        };
        self.uids.insert(node.raw.to_owned(), uid.clone());
        Ok(uid)
    }

    fn parse(&mut self, what: &str, text: &str) -> Result<EntityUid, Fault> {
        // The common shape needs no parser: a name, `::`, and an id with nothing to unescape.
        if let Some((ty, quoted)) = text.split_once("::\"") {
            if let Some(id) = quoted.strip_suffix('"').filter(|id| !id.contains(['"', '\\'])) {
                if let Some(known) = self.types.get(ty) {
                    return Ok(EntityUid::from_type_name_and_id(known.clone(), EntityId::new(id)));
                }
                if let Ok(parsed) = ty.parse::<EntityTypeName>() {
                    self.types.insert(ty.to_owned(), parsed.clone());
                    return Ok(EntityUid::from_type_name_and_id(parsed, EntityId::new(id)));
                }
            }
        }
        text.parse().map_err(|error: cedar_policy::ParseErrors| {
            let fault = told(&format!("`{what}` is not an entity, `{}`", inline(text)), &error);
            fault.help("an entity is written Type::\"id\", in JSON \"Type::\\\"id\\\"\"")
        })
    }

    /// The entities of `row`.
    pub(super) fn entities(&mut self, row: &Row<'_>) -> Result<Arc<Entities>, Fault> {
        match &row.entities {
            RowEntities::OfStore => self.of_store(),
            RowEntities::Inline(node) => self.read(node.raw, "the entities of this row"),
            RowEntities::File(file) => {
                self.read(&file.parse_text(), &format!("the entities in `{}`", inline(file.path())))
            }
        }
    }

    fn of_store(&mut self) -> Result<Arc<Entities>, Fault> {
        if let Some(known) = &self.of_store {
            return known.clone();
        }
        let entities = match &self.store.entities {
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
        let read = Entities::from_json_str(json, self.schema).map(Arc::new);
        let read = read.map_err(|error| told(&format!("{what} do not fit"), &error));
        self.entities.insert(json.to_owned(), read.clone());
        read
    }
}

/// Cedar's words after ours.
fn told(what: &str, error: &dyn miette::Diagnostic) -> Fault {
    let told = fault(error);
    Fault {
        message: format!("{what}: {}", inline(&told.message)),
        help: told.help.map(|help| inline(&help).into_owned()),
    }
}
