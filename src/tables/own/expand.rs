//! From what a table says to rows: names resolved, contexts put together, entities laid over.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cedar_policy::{Entities, EntityUid, Schema};
use serde_json::{Map, Value};

use super::model::{Base, Because, Failing, Listed, Moment, Overlay, Sheet, Spec, What};
use super::moment;
use super::overlay::{lay, parse};
use super::values::Values;
use super::vocabulary::{Action, Vocabulary};
use crate::outcome::Decision;
use crate::repo::shape::Shape;
use crate::repo::tree::{Entry, Fault, Kind, Said, Tree};
use crate::repo::{EntityState, Named, Store};
use crate::tables::rows::{Content, Errors, Found, Reasons, Row, RowContext, RowEntities, Uid, Who};
use crate::text::{SourceFile, inline, nearest};

/// What the rows of one table have in common, ready for them.
pub(in crate::tables) struct Sheets<'s> {
    store: &'s Store,
    schema: Option<&'s Schema>,
    vocabulary: &'s Vocabulary,
    sheet: Sheet,
    base: Arc<Entities>,
}

impl<'s> Sheets<'s> {
    /// Makes `sheet` ready. `file` gives the entity file that the sheet names.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(in crate::tables) fn new(
        store: &'s Store,
        vocabulary: &'s Vocabulary,
        sheet: Sheet,
        file: impl FnOnce(&str) -> Result<Arc<SourceFile>, String>,
    ) -> Result<Self, Vec<Fault>> {
        let schema = store.schema.ready().map(|schema| &schema.cedar);
        let mut faults = Vec::new();
        let base = base(store, schema, &sheet.entities, file).and_then(|base| {
            if sheet.with.is_empty() { Ok(base) } else { lay(&base, &sheet.with, schema, &mut Values::default()) }
        });
        let base = base.map_err(|found| faults.extend(found));
        let clock = sheet.clock.iter().map(|clock| &clock.attribute);
        for name in sheet.defaults.context.iter().map(|entry| &entry.key).chain(clock) {
            if vocabulary.closed && !vocabulary.has_attribute(&name.value) {
                let message = format!("no action has `{}` in its context", inline(&name.value));
                let fault = Fault::new(message).at(name.span);
                faults.push(match vocabulary.attribute_meant(&name.value) {
                    Some(meant) => fault.help(format!("did you mean `{}`?", inline(meant))),
                    None => fault,
                });
            }
        }
        for said in sheet.defaults.principal.iter().chain(&sheet.defaults.resource) {
            faults.extend(parse(&said.value).err().map(|fault| fault.at(said.span)));
        }
        if let Some(said) = &sheet.defaults.action {
            faults.extend(vocabulary.action(&said.value).err().map(|fault| fault.at(said.span)));
        }
        match base {
            Ok(base) if faults.is_empty() => Ok(Self { store, schema, vocabulary, sheet, base }),
            _ => Err(faults),
        }
    }

    /// A worker of its own for a share of the rows.
    pub(in crate::tables) fn expander(&self) -> Expander<'_> {
        Expander { shared: self, values: Values::default(), laid: HashMap::new() }
    }
}

fn base(
    store: &Store,
    schema: Option<&Schema>,
    wanted: &Base,
    file: impl FnOnce(&str) -> Result<Arc<SourceFile>, String>,
) -> Result<Arc<Entities>, Vec<Fault>> {
    let read = |json: &str| Entities::from_json_str(json, schema).map(Arc::new);
    match wanted {
        Base::OfStore => match &store.entities {
            EntityState::Ready(data) => Ok(Arc::new(data.cedar.clone())),
            EntityState::None => read("[]").map_err(|error| vec![Fault::new(error.to_string())]),
            EntityState::Broken(place, why) => {
                let message = format!("the store's entities cannot be used ({}: {})", place.label(), inline(why));
                Err(vec![Fault::new(message)])
            }
        },
        Base::Written => read("[]").map_err(|error| vec![Fault::new(error.to_string())]),
        Base::File(path) => {
            let file = file(&path.value).map_err(|why| vec![Fault::new(inline(&why)).at(path.span)])?;
            read(&file.parse_text()).map_err(|error| {
                let told = crate::repo::cedar::fault(&error);
                let message =
                    format!("the entities in `{}` do not fit: {}", inline(file.path()), inline(&told.message));
                vec![Fault::new(message).at(path.span)]
            })
        }
    }
}

/// Turns specifications into rows.
pub(in crate::tables) struct Expander<'s> {
    shared: &'s Sheets<'s>,
    values: Values,
    /// Entities with rows' overlays, by what the overlays say.
    laid: HashMap<String, Result<Arc<Entities>, Vec<Fault>>>,
}

impl Expander<'_> {
    /// The rows that `spec` comes to, at least one.
    pub(in crate::tables) fn rows(&mut self, mut spec: Spec) -> Vec<Found<'static>> {
        let mut faults = std::mem::take(&mut spec.faults);
        let skipped = spec.skip.as_ref().filter(|_| faults.is_empty()).map(|said| said.value.clone());
        // A row that does not say what it expects is looked at for whatever else is wrong with it.
        let content = match (skipped, spec.what.take()) {
            (Some(why), _) => Ok(Content::Skip(why)),
            (None, what) => match self.expand(&spec, &what.unwrap_or(What::One(Decision::Deny)), &mut faults) {
                Some(cells) if faults.is_empty() => {
                    return cells.into_iter().map(|(suffix, content)| found(&spec, suffix, content)).collect();
                }
                _ => Err(faults),
            },
        };
        vec![found(&spec, None, content)]
    }

    /// The rows of a `spec` that cannot stand: one, with this fault besides its own.
    pub(in crate::tables) fn refused(&mut self, mut spec: Spec, fault: Fault) -> Vec<Found<'static>> {
        spec.faults.insert(0, fault);
        self.rows(spec)
    }

    fn expand(&mut self, spec: &Spec, what: &What, faults: &mut Vec<Fault>) -> Option<Vec<Cell>> {
        let defaults = &self.shared.sheet.defaults;
        let principal = match what {
            What::Who(_) => None,
            _ => uid(spec.principal.as_ref().or(defaults.principal.as_ref()), "principal", spec, faults),
        };
        let action = match what {
            What::Matrix { .. } => None,
            _ => {
                let said = spec.action.as_ref().or(defaults.action.as_ref());
                match said {
                    Some(said) => self.action(said, faults),
                    None => missing("action", spec, faults),
                }
            }
        };
        let resource = uid(spec.resource.as_ref().or(defaults.resource.as_ref()), "resource", spec, faults);
        let entities = self.entities(&spec.with, faults);
        let reasons = self.reasons(spec.because.as_ref(), faults);
        let errors = self.errors(spec.errors.as_ref(), faults);
        let at = spec.at.as_ref().map(|said| said.value);
        let row = |action: &EntityUid, context: RowContext<'static>, decision: Decision| {
            Some(Row {
                principal: Uid::Ready(principal.clone()?),
                action: Uid::Ready(action.clone()),
                resource: Uid::Ready(resource.clone()?),
                context,
                entities: RowEntities::Ready(entities.clone()?),
                decision,
                reasons: reasons.clone(),
                errors: errors.clone(),
                validate: true,
            })
        };
        match what {
            What::One(decision) => {
                let action = action?;
                let context = self.context(spec, &action, at, false, faults)?;
                Some(vec![(None, Ok(Content::Row(row(&action, context, *decision)?)))])
            }
            What::Timeline(times) => {
                let action = action?;
                let mut cells = Vec::new();
                for (said, moment, decision) in times {
                    let context = self.context(spec, &action, Some(*moment), false, faults)?;
                    cells.push((Some(said.value.clone()), Ok(Content::Row(row(&action, context, *decision)?))));
                }
                Some(cells)
            }
            What::Matrix { allow, deny } => {
                let (principal, resource) = (principal.as_ref()?, resource.as_ref()?);
                let actions = self.matrix(principal, resource, allow.as_ref(), deny.as_ref(), faults);
                self.known_somewhere(spec, &actions, faults);
                if !faults.is_empty() {
                    return None;
                }
                let mut cells = Vec::new();
                for (action, decision) in actions {
                    // What one action lacks is that cell's fault.
                    let mut own = Vec::new();
                    let context = self.context(spec, &action, at, true, &mut own);
                    let content = match context.and_then(|context| row(&action, context, decision)) {
                        Some(row) if own.is_empty() => Ok(Content::Row(row)),
                        _ => Err(own),
                    };
                    cells.push((Some(self.short(&action)), content));
                }
                Some(cells)
            }
            What::Who(expect) => {
                let expect: Vec<_> =
                    expect.iter().filter_map(|said| uid(Some(said), "who-can", spec, faults)).collect();
                let (action, resource, entities) = (action?, resource.clone()?, entities.clone()?);
                let context = self.context(spec, &action, at, false, faults)?;
                let candidates = self.candidates(&action, &resource, &entities, faults);
                for (uid, said) in expect.iter().zip(who_said(what)) {
                    if !candidates.contains(uid) {
                        let message = format!("{} is no principal among the entities", inline(&said.value));
                        let near = candidates.iter().map(ToString::to_string).collect::<Vec<_>>();
                        let fault = Fault::new(message).at(said.span);
                        faults.push(match nearest(&said.value, near.iter().map(String::as_str)) {
                            Some(meant) => fault.help(format!("did you mean {}?", inline(meant))),
                            None => fault,
                        });
                    }
                }
                let expect: BTreeSet<String> = expect.iter().map(ToString::to_string).collect();
                let who = Who { action, resource, context, entities, candidates, expect };
                Some(vec![(None, Ok(Content::Who(who)))])
            }
        }
    }

    /// The principals to ask for, sorted.
    fn candidates(
        &self,
        action: &EntityUid,
        resource: &EntityUid,
        entities: &Entities,
        faults: &mut Vec<Fault>,
    ) -> Vec<EntityUid> {
        let known = self.shared.vocabulary.get(action).filter(|_| self.shared.vocabulary.closed);
        let types = known.map(|action| action.principals(resource.type_name()));
        let fits = |uid: &EntityUid| match types {
            Some(types) => types.contains(uid.type_name()),
            None => uid.type_name().basename() != "Action",
        };
        let mut found: Vec<_> = entities.iter().map(cedar_policy::Entity::uid).filter(fits).collect();
        found.sort_by_key(ToString::to_string);
        if found.is_empty() {
            let message = match types {
                Some([]) => {
                    let ty = resource.type_name().to_string();
                    format!("{} does not apply to a {}", inline(&action.to_string()), inline(&ty))
                }
                _ => "there is no entity that could be a principal here".to_owned(),
            };
            faults.push(Fault::new(message));
        }
        found
    }

    fn action(&self, said: &Said<String>, faults: &mut Vec<Fault>) -> Option<EntityUid> {
        self.shared.vocabulary.action(&said.value).map_err(|fault| faults.push(fault.at(said.span))).ok()
    }

    /// How a matrix's cell names `action`.
    fn short(&self, action: &EntityUid) -> String {
        let id: &str = action.id().as_ref();
        match self.shared.vocabulary.action(id) {
            Ok(_) => id.to_owned(),
            Err(_) => action.to_string(),
        }
    }

    /// The actions of a matrix, in the order of the store.
    fn matrix(
        &self,
        principal: &EntityUid,
        resource: &EntityUid,
        allow: Option<&Listed>,
        deny: Option<&Listed>,
        faults: &mut Vec<Fault>,
    ) -> Vec<(EntityUid, Decision)> {
        let mut named: Vec<(EntityUid, Decision)> = Vec::new();
        let sides = [(allow, Decision::Allow), (deny, Decision::Deny)];
        for (listed, decision) in sides {
            let Some(Listed::These(names)) = listed else { continue };
            for said in names {
                let Some(uid) = self.action(said, faults) else { continue };
                let known = self.shared.vocabulary.get(&uid).filter(|_| self.shared.vocabulary.closed);
                if known.is_some_and(|action| !action.takes(principal.type_name(), resource.type_name())) {
                    let (ours, theirs) = (principal.type_name().to_string(), resource.type_name().to_string());
                    let message = format!(
                        "`{}` does not apply to a {} and a {}",
                        inline(&said.value),
                        inline(&ours),
                        inline(&theirs)
                    );
                    faults.push(Fault::new(message).at(said.span));
                } else if named.iter().any(|(other, _)| *other == uid) {
                    faults.push(Fault::new(format!("`{}` is named twice", inline(&said.value))).at(said.span));
                } else {
                    named.push((uid, decision));
                }
            }
        }
        for (listed, decision) in sides {
            let Some(Listed::Rest(span)) = listed else { continue };
            if !self.shared.vocabulary.closed {
                faults.push(Fault::new("`rest` needs a schema, which says what actions there are").at(*span));
                continue;
            }
            let takes = |action: &&Action| action.takes(principal.type_name(), resource.type_name());
            let all: Vec<_> = self.shared.vocabulary.actions.iter().filter(takes).map(|action| &action.uid).collect();
            let rest = all.into_iter().filter(|uid| !named.iter().any(|(other, _)| other == *uid)).cloned();
            let rest: Vec<_> = rest.map(|uid| (uid, decision)).collect();
            named.extend(rest);
        }
        if named.is_empty() && faults.is_empty() {
            faults.push(Fault::new("this row names no action"));
        }
        named
    }

    /// A row's own attribute has to be one of some action of its matrix.
    fn known_somewhere(&self, spec: &Spec, actions: &[(EntityUid, Decision)], faults: &mut Vec<Fault>) {
        if !self.shared.vocabulary.closed {
            return;
        }
        let all = || actions.iter().filter_map(|(uid, _)| self.shared.vocabulary.get(uid)?.context.as_ref()?.fields());
        for Entry { key, .. } in &spec.context {
            if !all().any(|fields| fields.contains_key(&key.value)) {
                let message = format!("none of the actions of this row has `{}` in its context", inline(&key.value));
                let fault = Fault::new(message).at(key.span);
                faults.push(match nearest(&key.value, all().flat_map(|fields| fields.keys().map(String::as_str))) {
                    Some(meant) => fault.help(format!("did you mean `{}`?", inline(meant))),
                    None => fault,
                });
            }
        }
    }

    /// The context of `action`: the row's own attributes, the clock's, and defaults, as far as the action declares them.
    /// `lenient` leaves out the row's own too.
    fn context(
        &mut self,
        spec: &Spec,
        action: &EntityUid,
        at: Option<Moment>,
        lenient: bool,
        faults: &mut Vec<Fault>,
    ) -> Option<RowContext<'static>> {
        let shared = self.shared;
        let before = faults.len();
        let fields = shared.vocabulary.get(action).and_then(|action| action.context.as_ref()?.fields());
        let declares = |name: &str| fields.is_none_or(|fields| fields.contains_key(name));
        let shape = |name: &str| fields.and_then(|fields| fields.get(name)).map_or(&Shape::Any, |field| &field.shape);
        let own = |name: &str| spec.context.iter().any(|entry| entry.key.value == name);
        let mut object = Map::new();
        let clock = shared.sheet.clock.as_ref();
        for Entry { key, value } in &shared.sheet.defaults.context {
            let name = key.value.as_str();
            if declares(name) && !own(name) && clock.is_none_or(|clock| clock.attribute.value != name) {
                let json = self.values.json(value, shape(name), &format!("context.{}", inline(name)), faults);
                object.extend(json.map(|json| (name.to_owned(), json)));
            }
        }
        match (clock, at) {
            (None, None) => {}
            (None, Some(_)) => {
                let help =
                    "add it above the rows: `clock: { attribute: now, type: datetime, start: 2026-11-20T09:00:00Z }`";
                faults.push(Fault::new("`at` needs a `clock`").help(help));
            }
            (Some(clock), at) => {
                let name = clock.attribute.value.as_str();
                if !declares(name) {
                    if at.is_some() && !lenient {
                        let message = format!(
                            "{} has no `{}`, so `at` changes nothing",
                            inline(&action.to_string()),
                            inline(name)
                        );
                        faults.push(Fault::new(message));
                    }
                } else if own(name) {
                    if at.is_some() {
                        faults.push(Fault::new(format!("`at` and `context` both give `{}`", inline(name))));
                    }
                } else {
                    let time = match at {
                        None => Some(clock.start),
                        Some(Moment::After(by)) => clock.start.checked_add(by),
                        Some(Moment::Instant(at)) => Some(at),
                    };
                    match time.and_then(|time| moment::json(time, clock.unit)) {
                        Some(json) => {
                            object.insert(name.to_owned(), serde_json::from_str(&json).unwrap_or_default());
                        }
                        None => faults.push(Fault::new("this time is beyond what Cedar can say")),
                    }
                }
            }
        }
        for Entry { key, value } in &spec.context {
            let name = key.value.as_str();
            let shared = shared.sheet.defaults.context.iter().any(|entry| entry.key.value == name)
                || clock.is_some_and(|clock| clock.attribute.value == name);
            if value.kind == Kind::Null && shared {
                // Left empty, it takes away what the row would have had.
                continue;
            }
            if declares(name) {
                let json = self.values.json(value, shape(name), &format!("context.{}", inline(name)), faults);
                object.extend(json.map(|json| (name.to_owned(), json)));
            } else if !lenient {
                let message = format!("{} has no `{}` in its context", inline(&action.to_string()), inline(name));
                let fault = Fault::new(message).at(key.span);
                let known = fields.into_iter().flat_map(|fields| fields.keys().map(String::as_str));
                faults.push(match nearest(name, known) {
                    Some(meant) => fault.help(format!("did you mean `{}`?", inline(meant))),
                    None => fault,
                });
            }
        }
        for (name, field) in fields.into_iter().flatten() {
            let written = |entries: &[Entry]| entries.iter().any(|entry| entry.key.value == *name);
            let taken = |entry: &Entry| entry.key.value == *name && entry.value.kind == Kind::Null;
            // What is written and wrong is said as such.
            let given = object.contains_key(name)
                || (!spec.context.iter().any(taken) && (own(name) || written(&shared.sheet.defaults.context)));
            if field.required && !given {
                let message =
                    format!("the context lacks `{}`, which {} requires", inline(name), inline(&action.to_string()));
                let help = "give it under `context`, or for all rows under `defaults`";
                faults.push(Fault::new(message).help(help));
            }
        }
        (faults.len() == before).then(|| RowContext::Built(Value::Object(object).to_string()))
    }

    fn entities(&mut self, with: &[Overlay], faults: &mut Vec<Fault>) -> Option<Arc<Entities>> {
        if with.is_empty() {
            return Some(Arc::clone(&self.shared.base));
        }
        // The places differ from row to row, and are for faults only.
        let key: String = with.iter().map(said).collect();
        let known = match self.laid.get(&key) {
            Some(Ok(known)) => return Some(Arc::clone(known)),
            _ => lay(&self.shared.base, with, self.shared.schema, &mut self.values),
        };
        if let Err(found) = &known {
            faults.extend(found.iter().cloned());
        }
        self.laid.insert(key, known.clone());
        known.ok()
    }

    fn reasons(&self, because: Option<&Because>, faults: &mut Vec<Fault>) -> Reasons {
        let Some(Because { policies, exactly }) = because else { return Reasons::Open };
        let names = self.policies(policies, faults);
        if *exactly { Reasons::Exactly(names) } else { Reasons::AtLeast(names) }
    }

    fn errors(&self, errors: Option<&Failing>, faults: &mut Vec<Fault>) -> Errors {
        match errors {
            None => Errors::Open,
            Some(Failing::Count(count)) => Errors::Count(*count),
            Some(Failing::These(names)) => Errors::Exactly(self.policies(names, faults)),
        }
    }

    /// Full names of policies.
    fn policies(&self, names: &[Said<String>], faults: &mut Vec<Fault>) -> Vec<String> {
        let mut full = Vec::new();
        for said in names {
            let shown = inline(&said.value);
            match self.shared.store.named(&said.value) {
                Named::One(key) => full.extend(self.shared.store.find(key).map(|found| found.name.to_owned())),
                Named::Nothing(near) => {
                    let fault = Fault::new(format!("no policy is called `{shown}`")).at(said.span);
                    faults.push(match near {
                        Some(near) => fault.help(format!("did you mean `{}`?", inline(&near))),
                        None => fault,
                    });
                }
                Named::Several(all) => {
                    let all: Vec<_> = all.into_iter().map(|name| format!("`{}`", inline(name))).collect();
                    let fault = Fault::new(format!("`{shown}` could be {}", all.join(" or "))).at(said.span);
                    faults.push(fault.help("write the full name"));
                }
            }
        }
        full
    }
}

/// A row's name within its specification, and what it is.
type Cell = (Option<String>, Result<Content<'static>, Vec<Fault>>);

fn found(spec: &Spec, suffix: Option<String>, content: Result<Content<'static>, Vec<Fault>>) -> Found<'static> {
    Found { name: spec.name.as_ref().map(|name| name.value.clone()), suffix, span: spec.span, content }
}

fn who_said(what: &What) -> &[Said<String>] {
    match what {
        What::Who(expect) => expect,
        _ => &[],
    }
}

/// What an overlay says, without its places.
fn said(overlay: &Overlay) -> String {
    let mut out = format!("{:?}", overlay.uid.value);
    entries(&overlay.attrs, &mut out);
    entries(&overlay.tags, &mut out);
    let parents = overlay.parents.as_ref().map(|all| all.iter().map(|said| &said.value).collect::<Vec<_>>());
    out.push_str(&format!("{parents:?};"));
    out
}

fn entries(all: &[Entry], out: &mut String) {
    out.push('{');
    for Entry { key, value } in all {
        out.push_str(&format!("{:?}:", key.value));
        tree(value, out);
    }
    out.push('}');
}

fn tree(value: &Tree, out: &mut String) {
    match &value.kind {
        Kind::List(items) => {
            out.push('[');
            items.iter().for_each(|item| tree(item, out));
            out.push(']');
        }
        Kind::Map(all) => entries(all, out),
        kind => out.push_str(&format!("{kind:?},")),
    }
}

/// Says that `what` is missing, unless it is there and could not be read.
fn missing<T>(what: &str, spec: &Spec, faults: &mut Vec<Fault>) -> Option<T> {
    if !spec.unread.contains(&what) {
        faults.push(Fault::new(format!("`{what}` is missing")));
    }
    None
}

fn uid(said: Option<&Said<String>>, what: &str, spec: &Spec, faults: &mut Vec<Fault>) -> Option<EntityUid> {
    match said {
        Some(said) => parse(&said.value).map_err(|fault| faults.push(fault.at(said.span))).ok(),
        None => missing(what, spec, faults),
    }
}
