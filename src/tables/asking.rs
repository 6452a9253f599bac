//! One request as somebody types it, and the request of one row: what is asked outside of tables is read as rows are.

use std::sync::Arc;

use cedar_policy::{Context, Entities, EntityId, EntityTypeName, EntityUid, Request};
use rustc_hash::FxHashMap;

use super::body::written;
use super::engine::run;
use super::fit;
use super::known::Known;
use super::native::Vocabulary;
use super::request::misfit;
use super::select::Selection;
use super::uid;
use crate::data::Fault;
use crate::data::json::Node;
use crate::outcome::TestResult;
use crate::repo::cedar::context_shape;
use crate::repo::{Repo, Store};
use crate::text::{SourceFile, inline, nearest};

/// What a store has names for, for whoever asks more than once.
#[derive(Debug)]
pub struct Names(Vocabulary);

impl Names {
    /// Those of `store`.
    #[must_use]
    pub fn of(store: &Store) -> Self {
        Self(Vocabulary::of(store))
    }

    /// The action that `text` names, in full or by its id, and whether the store declares it or names it.
    ///
    /// # Errors
    /// When it names none, or several.
    pub fn action(&self, text: &str) -> Result<(EntityUid, bool), Fault> {
        let action = self.0.action(text)?;
        let known = self.0.knows(&action);
        Ok((action, known))
    }

    /// The entity that `text` is in Cedar's syntax, of a type that the schema of the store declares, if it has one.
    ///
    /// # Errors
    /// When it is none.
    pub fn entity(&self, text: &str) -> Result<EntityUid, Fault> {
        let uid = uid::parse(text)?;
        match self.0.unknown_type(uid.type_name()) {
            Some(fault) => Err(fault),
            None => Ok(uid),
        }
    }
}

/// Reads entities one after the other; names of types that come again are not parsed again.
#[derive(Debug, Default)]
pub struct Identities(FxHashMap<String, EntityTypeName>);

/// So many names of types are kept.
const KEPT_TYPES: usize = 1_024;

impl Identities {
    /// The same as [`identity`].
    ///
    /// # Errors
    /// The same.
    pub fn identity(&mut self, what: &str, node: Node<'_>) -> Result<EntityUid, Fault> {
        let text = node.string();
        let Some((ty, id)) = text.as_deref().and_then(uid::plain) else { return identity(what, node) };
        if let Some(ty) = self.0.get(ty) {
            return Ok(EntityUid::from_type_name_and_id(ty.clone(), EntityId::new(id)));
        }
        let uid = identity(what, node)?;
        if self.0.len() < KEPT_TYPES {
            self.0.insert(ty.to_owned(), uid.type_name().clone());
        }
        Ok(uid)
    }
}

/// The entity at `node`, in whichever way programs write one.
///
/// # Errors
/// When it is none.
pub fn identity(what: &str, node: Node<'_>) -> Result<EntityUid, Fault> {
    uid::parse(&written(what, node)?)
}

/// The context that stands in `file` at `node` (an empty one without), for requests of `action`; every fault of what
/// does not fit the schema, at its place.
///
/// # Errors
/// When it does not fit.
pub fn context(store: &Store, action: &EntityUid, node: Option<Node<'_>>) -> Result<Context, Vec<Fault>> {
    let schema = store.schema.ready().map(|schema| &schema.cedar);
    if let Some(shape) = schema.and_then(|schema| context_shape(schema, action)) {
        let mut faults = fit::misfits(node.unwrap_or(Node { raw: "{}", offset: 0 }), &shape);
        if node.is_none() {
            faults.iter_mut().for_each(|fault| fault.span = None);
        }
        if !faults.is_empty() {
            return Err(faults);
        }
    }
    let raw = node.map_or("{}", |node| node.raw);
    Context::from_json_str(raw, schema.map(|schema| (schema, action))).map_err(|error| {
        let fault = misfit("the context does not fit", &error);
        vec![node.map_or(fault.clone(), |node| fault.at(node.span()))]
    })
}

/// The request of these, which fits the schema of `store` if it has one.
///
/// # Errors
/// When it does not; the help says which types the action takes.
pub fn request(
    store: &Store,
    [principal, action, resource]: [EntityUid; 3],
    context: Context,
) -> Result<Request, Fault> {
    let schema = store.schema.ready().map(|schema| &schema.cedar);
    if let Some(known) = Vocabulary::of(store).get(&action).filter(|_| schema.is_some()) {
        for (what, uid, types) in
            [("principal", &principal, known.principal_types()), ("resource", &resource, known.resource_types())]
        {
            if !types.contains(uid.type_name()) {
                let types: Vec<String> = types.iter().map(|ty| format!("`{}`", inline(&ty.to_string()))).collect();
                let takes = match types.as_slice() {
                    [] => format!("no {what} can be part of a request for it: it is a group of actions"),
                    types => format!("it takes {}", types.join(" or ")),
                };
                let (action, ty) = (action.to_string(), uid.type_name().to_string());
                let fault = Fault::new(format!("{} takes no {what} of type `{}`", inline(&action), inline(&ty)));
                return Err(fault.help(takes));
            }
        }
    }
    Request::new(principal, action, resource, context, schema)
        .map_err(|error| misfit("the request does not fit the schema", &error))
}

/// The entity that `uid`, which is not among the entities of `store`, could be a slip for.
#[must_use]
pub fn near(store: &Store, uid: &EntityUid) -> Option<EntityUid> {
    Known::new(store).near(uid)
}

/// A row that was asked for by its id.
#[derive(Debug)]
pub struct AskedRow {
    /// What came of it.
    pub result: TestResult,
    /// Its request and the entities that it ran with; none where it could not run, or asks for more than one decision.
    pub asked: Option<(Request, Arc<Entities>)>,
}

/// The row `id` of a table of `repo`, run.
///
/// # Errors
/// When there is none, or several; a sentence.
pub fn row(repo: &Repo, id: &str) -> Result<AskedRow, String> {
    let ran = run(repo, &Selection { row: Some(id.to_owned()), ..Selection::default() }, None);
    let mut asked = ran.asked.into_iter();
    let mut rows = ran.rows.into_iter();
    match (rows.next(), rows.next()) {
        (Some(result), None) => Ok(AskedRow { result, asked: asked.next() }),
        (Some(_), Some(_)) => Err(format!("several rows are called `{}`", inline(id))),
        (None, _) => {
            let all = run(repo, &Selection { list: true, ..Selection::default() }, None).rows;
            let path = id.split('#').next().unwrap_or(id);
            let in_file = all.iter().filter(|row| row.location.path() == path).count();
            let way_out = match nearest(id, all.iter().map(|row| row.id.as_str())) {
                Some(meant) => format!("did you mean `{}`?", inline(meant)),
                None if in_file > 0 => {
                    format!("`polcheck test --list --filter 'file={}'` lists those of the file", inline(path))
                }
                None if all.is_empty() => "there are no decision tables here".to_owned(),
                None => "`polcheck test --list` lists them".to_owned(),
            };
            Err(format!("there is no row `{}`; {way_out}", inline(id)))
        }
    }
}

/// The store that the row of `result` ran against: the one that its table brings along, or the one that it belongs to.
#[must_use]
pub fn store_of<'r>(repo: &'r Repo, result: &TestResult) -> Option<&'r Store> {
    let of = |store: &'r Store| {
        let table = store.tables.iter().find(|table| table.file.path() == result.location.path())?;
        match &table.own_store {
            Some(Ok(own)) => Some(&**own),
            Some(Err(_)) => None,
            None => Some(store),
        }
    };
    repo.stores.iter().find_map(of)
}

/// The one value in `file`, of which `text` is the text, and what is wrong with it.
///
/// # Errors
/// When it is no JSON.
pub fn json<'t>(file: &SourceFile, text: &'t str) -> Result<Node<'t>, Fault> {
    Node::parse(file, text).map_err(|error| Fault::new(format!("this is not JSON: {}", error.message)).at(error.span))
}
