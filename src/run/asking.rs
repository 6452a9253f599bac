//! From what somebody types to one request, its store and its entities.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cedar_policy::{Entities, EntityUid, Request};
use serde_json::value::RawValue;

use super::error::RunError;
use super::known_entities::read;
use super::loaded::Loaded;
use super::place::Place;
use crate::data::Fault;
use crate::data::json::Node;
use crate::outcome::{Decision, RowRequest, Status};
use crate::replay::request_of;
use crate::repo::{EntityState, Store};
use crate::source::{is_packed, open_log};
use crate::tables::{self, Rewritten};
use crate::text::{SourceFile, Span, inline};

/// Which request is explained.
#[derive(Debug, Clone)]
pub enum Explanandum {
    /// One that is put together.
    Parts {
        /// The principal, such as `User::"alice"`.
        principal: String,
        /// The action, such as `Action::"view"`, or `view` where one action has that id.
        action: String,
        /// The resource.
        resource: String,
        /// A file with the context, as Cedar's JSON; an empty context without.
        context: Option<PathBuf>,
    },
    /// The one that a file holds, as Cedar's request JSON or as Amazon Verified Permissions takes it.
    File(PathBuf),
    /// The one of a row of a decision table, by its id.
    Row(String),
    /// The one in a line of a decision log, from 1.
    Line(PathBuf, usize),
}

/// One request, ready to be decided.
pub(super) struct Asking<'l> {
    pub(super) store: &'l Store,
    pub(super) request: Request,
    pub(super) entities: Arc<Entities>,
    pub(super) shown: RowRequest,
    /// The row or line that it is from.
    pub(super) from: Option<String>,
    /// What was decided, where the line says so.
    pub(super) recorded: Option<Decision>,
}

/// The request that `which` says, with the entities of the `named` files if there are some.
pub(super) fn ask<'l>(
    loaded: &'l Loaded,
    place: &Place,
    which: &Explanandum,
    named: &[PathBuf],
) -> Result<Asking<'l>, RunError> {
    match which {
        Explanandum::Row(id) => row(loaded, place, id, named),
        Explanandum::Parts { principal, action, resource, context } => {
            let file = context.as_ref().map(|path| file(place, path)).transpose()?;
            let text = file.as_ref().map(|file| file.parse_text());
            let node = match (&file, &text) {
                (Some(file), Some(text)) => Some(tables::json(file, text).map_err(|fault| said(Some(file), &fault))?),
                _ => None,
            };
            let typed = Typed { principal, action, resource, context: node, file: file.as_ref(), rewritten: None };
            typed.asking(loaded, place, None, named)
        }
        Explanandum::File(path) => {
            let file = file(place, path)?;
            let text = file.parse_text();
            let node = tables::json(&file, &text).map_err(|fault| said(Some(&file), &fault))?;
            body(loaded, place, &file, node, named)
        }
        Explanandum::Line(path, number) => {
            if let Some(line) = other_line(place, path, *number)? {
                let why = |why: String| {
                    let shown = path.display().to_string();
                    RunError::usage(format!("`{}`, line {number}: {}", inline(&shown), inline(&why)))
                };
                let text = request_of(&line).map_err(why)?;
                let file = SourceFile::new(format!("{}:{number}", path.display()), text);
                let text = file.parse_text();
                let node = tables::json(&file, &text).map_err(|fault| said(Some(&file), &fault))?;
                let asking = body(loaded, place, &file, node, named)?;
                return Ok(Asking { from: Some(file.path().to_owned()), ..asking });
            }
            let file = file(place, path)?;
            let text = file.parse_text();
            let Some(line) = text.lines().nth(number.saturating_sub(1)).filter(|_| *number > 0) else {
                let (path, lines) = (path.display(), text.lines().count());
                return Err(RunError::usage(format!("`{path}` has no line {number}; it has {lines}")));
            };
            let offset = (line.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
            let node = Node { raw: line.trim_end(), offset };
            if node.fields().is_none() {
                let fault = Fault::new("this line is not a request in JSON").at(Span::at(offset));
                return Err(said(Some(&file), &fault));
            }
            let asking = body(loaded, place, &file, node, named)?;
            Ok(Asking { from: Some(format!("{}:{number}", file.path())), ..asking })
        }
    }
}

/// The file at `path`, wherever it lies.
fn file(place: &Place, path: &Path) -> Result<Arc<SourceFile>, RunError> {
    Ok(SourceFile::new(path.display().to_string(), read(place, path)?))
}

/// The line `number` of the log at `path`, where the log is packed or the line is not a request as Cedar's JSON has it.
fn other_line(place: &Place, path: &Path, number: usize) -> Result<Option<String>, RunError> {
    let failed = |error: std::io::Error| {
        let shown = path.display().to_string();
        RunError::usage(format!("cannot read `{}`: {error}", inline(&shown)))
    };
    let full = place.full(path);
    let packed = is_packed(&full).map_err(failed)?;
    let log = open_log(&full, Arc::default()).map_err(failed)?;
    let Some(line) = std::io::BufReader::new(log).lines().nth(number.saturating_sub(1)).transpose().map_err(failed)?
    else {
        return Ok(None);
    };
    let fields = Node { raw: line.trim(), offset: 0 }.fields().unwrap_or_default();
    let marks = ["log_kind", "eventSource", "request", "requests", "results"];
    let plain = !fields.iter().any(|(key, _)| marks.contains(&&**key));
    Ok(Some(line).filter(|_| packed || (!plain && number > 0)))
}

/// A fault as wrong usage: where it is, what it is, and the way out.
fn said(file: Option<&Arc<SourceFile>>, fault: &Fault) -> RunError {
    let at = file.zip(fault.span).map(|(file, span)| {
        let position = file.position(span.start);
        format!("{}:{}:{}: ", inline(file.path()), position.line, position.column)
    });
    let help = fault.help.as_ref().map(|help| format!("; {help}"));
    RunError::usage(format!("{}{}{}", at.unwrap_or_default(), fault.message, help.unwrap_or_default()))
}

/// Every fault, a line each.
fn all_said(file: Option<&Arc<SourceFile>>, faults: &[Fault]) -> RunError {
    let texts: Vec<String> = faults.iter().map(|fault| said(file, fault).to_string()).collect();
    RunError::usage(texts.join("; "))
}

/// The request of a row.
fn row<'l>(loaded: &'l Loaded, place: &Place, id: &str, named: &[PathBuf]) -> Result<Asking<'l>, RunError> {
    let id = match id.split_once('#') {
        Some((path, name)) => format!("{}#{name}", place.relative(Path::new(path))),
        None => id.to_owned(),
    };
    let found = tables::row(&loaded.repo, &id).map_err(RunError::usage)?;
    let (result, id) = (&found.result, inline(&id));
    let store = tables::store_of(&loaded.repo, result);
    let (Some((request, entities)), Some(shown), Some(store)) = (found.asked, &result.request, store) else {
        let why = match (result.status, &result.message) {
            (Status::Error, Some(why)) => format!("row `{id}` could not run: {}", inline(why)),
            (Status::Skip, _) => format!("row `{id}` is skipped"),
            _ => format!(
                "row `{id}` is about more than one decision; ask for one with `-l`, `-a` and `-r` in the place of `--row`"
            ),
        };
        return Err(RunError::usage(why));
    };
    let entities = if named.is_empty() { entities } else { own_entities(place, store, named)? };
    Ok(Asking { store, request, entities, shown: shown.clone(), from: Some(id.into_owned()), recorded: None })
}

/// The request in a file or a line, as `node`.
fn body<'l>(
    loaded: &'l Loaded,
    place: &Place,
    file: &Arc<SourceFile>,
    node: Node<'_>,
    named: &[PathBuf],
) -> Result<Asking<'l>, RunError> {
    let body = tables::body(node).map_err(|faults| all_said(Some(file), &faults))?;
    let rewritten = body.other_context.as_ref();
    let context = rewritten.map_or(body.context, |other| Some(Node { raw: &other.text, offset: 0 }));
    let typed = Typed {
        principal: &body.principal,
        action: &body.action,
        resource: &body.resource,
        context,
        file: Some(file),
        rewritten,
    };
    let asking = typed.asking(loaded, place, body.entities.as_deref(), named)?;
    Ok(Asking { recorded: body.decision, ..asking })
}

/// The entities in the files `named`.
fn own_entities(place: &Place, store: &Store, named: &[PathBuf]) -> Result<Arc<Entities>, RunError> {
    let mut all = entities_from("[]", store, "no entities")?;
    for path in named {
        let file = file(place, path)?;
        let schema = store.schema.ready().map(|schema| &schema.cedar);
        all = all.add_entities_from_json_str(&file.parse_text(), schema).map_err(|error| {
            let why = crate::repo::cedar::fault(&error).message;
            RunError::usage(format!("the entities in `{}` do not fit: {}", inline(file.path()), inline(&why)))
        })?;
    }
    Ok(Arc::new(all))
}

fn entities_from(json: &str, store: &Store, what: &str) -> Result<Entities, RunError> {
    let schema = store.schema.ready().map(|schema| &schema.cedar);
    Entities::from_json_str(json, schema).map_err(|error| {
        let why = crate::repo::cedar::fault(&error).message;
        RunError::usage(format!("{what} do not fit: {}", inline(&why)))
    })
}

/// A request as somebody types it.
struct Typed<'t> {
    principal: &'t str,
    action: &'t str,
    resource: &'t str,
    context: Option<Node<'t>>,
    /// Where the context stands.
    file: Option<&'t Arc<SourceFile>>,
    /// The context as it was written anew, if it is written otherwise in the file.
    rewritten: Option<&'t Rewritten>,
}

impl Typed<'_> {
    fn asking<'l>(
        &self,
        loaded: &'l Loaded,
        place: &Place,
        entities: Option<&str>,
        named: &[PathBuf],
    ) -> Result<Asking<'l>, RunError> {
        let (store, action) = store(loaded, self.action)?;
        let names = tables::Names::of(store);
        let uid = |what: &str, text: &str| -> Result<EntityUid, RunError> {
            names.entity(text).map_err(|mut fault| {
                fault.message = format!("{what}: {}", fault.message);
                said(None, &fault)
            })
        };
        let (principal, resource) = (uid("principal", self.principal)?, uid("resource", self.resource)?);
        let context = tables::context(store, &action, self.context);
        let context = context.map_err(|faults| {
            let placed = |fault| match self.rewritten {
                Some(rewritten) => rewritten.placed(fault),
                None => fault,
            };
            let faults: Vec<Fault> = faults.into_iter().map(placed).collect();
            // What is not given has no place.
            let all_said = all_said(self.file, &faults);
            match self.context {
                Some(_) => all_said,
                None => RunError::usage(format!("{all_said}; give it with `-c FILE`")),
            }
        })?;
        let json = context.to_json_value().map_err(|error| RunError::usage(error.to_string()))?;
        let shown = RowRequest {
            principal: principal.to_string(),
            action: action.to_string(),
            resource: resource.to_string(),
            context: RawValue::from_string(json.to_string()).unwrap_or_default(),
        };
        let request =
            tables::request(store, [principal, action, resource], context).map_err(|fault| said(None, &fault))?;
        let entities = match (entities, named) {
            (_, [_, ..]) => own_entities(place, store, named)?,
            (Some(json), []) => Arc::new(entities_from(json, store, "the entities of the request")?),
            (None, []) => entities_of(store)?,
        };
        Ok(Asking { store, request, entities, shown, from: None, recorded: None })
    }
}

/// The store that decides requests of the action that `text` names.
fn store<'l>(loaded: &'l Loaded, text: &str) -> Result<(&'l Store, EntityUid), RunError> {
    let mut known: Vec<(&Store, EntityUid)> = Vec::new();
    let mut possible: Vec<(&Store, EntityUid)> = Vec::new();
    let mut fault = None;
    let stores = || loaded.repo.stores.iter().filter(|store| store.deciding().next().is_some());
    for store in stores() {
        match tables::Names::of(store).action(text) {
            Ok((action, true)) => known.push((store, action)),
            Ok((action, false)) => possible.push((store, action)),
            Err(found) => fault = fault.filter(|first: &Fault| first.help.is_some()).or(Some(found)),
        }
    }
    let fits = if known.is_empty() { possible } else { known };
    match (fits.as_slice(), fault) {
        ([(store, action)], _) => Ok((store, action.clone())),
        ([], Some(fault)) if stores().count() == 1 => Err(said(None, &fault)),
        ([], Some(fault)) => {
            let help = fault.help.map(|help| format!("; {help}")).unwrap_or_default();
            Err(RunError::usage(format!("no store here has an action `{}`{help}", inline(text))))
        }
        ([], None) => Err(RunError::usage("there are no policies here")),
        (several, _) => {
            let names: Vec<String> = several.iter().map(|(store, _)| format!("`{}`", inline(&store.name))).collect();
            let which = format!("several stores have the action `{}`", inline(text));
            Err(RunError::usage(format!("{which}; name one of them with `--store`: {}", names.join(", "))))
        }
    }
}

/// The entities of `store`, or why there are none.
fn entities_of(store: &Store) -> Result<Arc<Entities>, RunError> {
    match &store.entities {
        EntityState::Ready(data) => Ok(Arc::new(data.cedar.clone())),
        EntityState::None => {
            let schema = store.schema.ready().map(|schema| &schema.cedar);
            let none = Entities::from_json_str("[]", schema);
            none.map(Arc::new).map_err(|error| RunError::usage(error.to_string()))
        }
        EntityState::Broken(at, why) => {
            let (at, why) = (at.label(), inline(why));
            let message = format!("the entities of store `{}` cannot be used ({at}: {why})", inline(&store.name));
            Err(RunError::usage(format!("{message}; name others with `--entities`")))
        }
    }
}
