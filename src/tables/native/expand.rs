//! From what a table says to rows: names resolved, contexts put together, entities laid over.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cedar_policy::EntityUid;
use rustc_hash::FxHashMap;

use super::model::{Overlay, Spec, What};
use super::overlay::{Bench, Laid, lay_over, written};
use super::sheets::Sheets;
use crate::data::{Fault, Said};
use crate::outcome::Decision;
use crate::tables::known::Part as Role;
use crate::tables::rows::{Content, Found, Row, RowContext, RowEntities, Uid, Who};
use crate::tables::strangers::Met;
use crate::tables::uid::parse;
use crate::text::{inline, nearest};

/// How many entities are kept in all, of sets that can be as large as the store's.
const KEPT: usize = 100_000;

/// How many principals and resources are kept.
const UIDS: usize = 4096;

/// Turns specifications into rows.
pub(in crate::tables) struct Expander<'s> {
    pub(super) shared: &'s Sheets<'s>,
    pub(super) bench: Bench,
    /// Entities with rows' overlays, by what the table writes of them.
    laid: HashMap<String, Laid>,
    /// How many entities these are.
    held: usize,
    /// Principals and resources of types that there are, by what the table writes, and whether each can be taken for
    /// granted.
    uids: FxHashMap<String, (EntityUid, bool)>,
}

impl<'s> Expander<'s> {
    /// A worker of its own for a share of the rows of a table.
    pub(in crate::tables) fn new(shared: &'s Sheets<'s>) -> Self {
        Self { shared, bench: Bench::default(), laid: HashMap::new(), held: 0, uids: FxHashMap::default() }
    }
}

impl Expander<'_> {
    /// The rows that `spec` comes to, at least one.
    pub(in crate::tables) fn rows(&mut self, mut spec: Spec) -> Vec<Found<'static>> {
        let mut faults = std::mem::take(&mut spec.faults);
        let mut cast = Cast::default();
        let skipped = spec.skip.as_ref().filter(|_| faults.is_empty()).map(|said| said.value.clone());
        // A row that does not say what it expects is looked at for whatever else is wrong with it.
        let content = match (skipped, spec.what.take()) {
            (Some(why), _) => Ok(Content::Skip(why)),
            (None, what) => {
                let cells = self.expand(&spec, &what.unwrap_or(What::One(Decision::Deny)), &mut cast, &mut faults);
                let cells = cells.filter(|_| faults.is_empty());
                let met = cells.as_ref().map(|cells| self.meet(&spec, &cast, cells, &mut faults)).unwrap_or_default();
                match cells {
                    Some(cells) if faults.is_empty() => {
                        let notes = slips(&cast, &met);
                        let cell = |(suffix, content)| Found {
                            notes: notes.clone(),
                            met: met.clone(),
                            ..found(&spec, suffix, content)
                        };
                        return cells.into_iter().map(cell).collect();
                    }
                    _ => Err(faults),
                }
            }
        };
        self.shared.watch.missed();
        vec![Found { notes: slips(&cast, &Met::default()), ..found(&spec, None, content) }]
    }

    /// The rows of a `spec` that cannot stand: one, with this fault besides its own.
    pub(in crate::tables) fn refused(&mut self, mut spec: Spec, fault: Fault) -> Vec<Found<'static>> {
        spec.faults.insert(0, fault);
        self.rows(spec)
    }

    fn expand(&mut self, spec: &Spec, what: &What, cast: &mut Cast, faults: &mut Vec<Fault>) -> Option<Vec<Cell>> {
        let defaults = &self.shared.sheet.defaults;
        let who = spec.principal.as_ref().or(defaults.principal.as_ref());
        let whom = spec.resource.as_ref().or(defaults.resource.as_ref());
        let does = spec.action.as_ref().or(defaults.action.as_ref());
        let principal = match what {
            What::Who(_) => None,
            _ => self.entity(who, "principal", spec, faults),
        };
        let resource = self.entity(whom, "resource", spec, faults);
        let laid = self.entities(&spec.with, faults);
        // What overlays hold is known; what the context holds comes from here on.
        self.bench.values.named();
        let entities = laid.as_ref().map(|laid| Arc::clone(&laid.entities));
        let familiar = [&principal, &resource].into_iter().flatten().all(|(_, familiar)| *familiar);
        let [principal, resource] = [principal, resource].map(|found| found.map(|(uid, _)| uid));
        *cast = Cast { principal: principal.clone(), resource: resource.clone(), familiar, laid };
        let reasons = self.reasons(spec.because.as_ref(), faults);
        let errors = self.errors(spec.errors.as_ref(), faults);
        let at = spec.at.as_ref().map(|said| said.value);
        let world: Arc<str> = world(self.shared.text, &spec.with).into();
        let row = |action: &EntityUid, context: RowContext<'static>, decision: Decision| {
            Some(Row {
                principal: Uid::Ready(principal.clone()?),
                action: Uid::Ready(action.clone()),
                resource: Uid::Ready(resource.clone()?),
                context,
                entities: RowEntities::Ready(entities.clone()?),
                world: Arc::clone(&world),
                decision,
                reasons: reasons.clone(),
                errors: errors.clone(),
                validate: true,
            })
        };
        if let What::Matrix { allow, deny } = what {
            let actions = self.matrix(principal.as_ref(), resource.as_ref(), allow.as_ref(), deny.as_ref(), faults);
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
            return Some(cells);
        }
        let action = match does {
            Some(said) => self.action(said, faults),
            None => missing("action", spec, faults),
        };
        let Some(action) = action else {
            self.context_alone(spec, faults);
            return None;
        };
        let people = [(principal.as_ref(), who, "principal"), (resource.as_ref(), whom, "resource")];
        self.applies(&action, people, faults);
        match what {
            What::One(decision) => {
                let context = self.context(spec, &action, at, false, faults)?;
                Some(vec![(None, Ok(Content::Row(row(&action, context, *decision)?)))])
            }
            What::Timeline(times) => {
                let mut cells = Vec::new();
                let mut seen: HashMap<String, &str> = HashMap::new();
                for (said, moment, decision) in times {
                    let context = self.context(spec, &action, Some(*moment), false, faults)?;
                    if let Some(same) = seen.insert(context.json().to_owned(), &said.value) {
                        let message = format!("`{}` is the same time as `{}`", inline(&said.value), inline(same));
                        faults.push(Fault::new(message).at(said.span));
                    }
                    cells.push((Some(said.value.clone()), Ok(Content::Row(row(&action, context, *decision)?))));
                }
                Some(cells)
            }
            What::Who(expect) => {
                let context = self.context(spec, &action, at, false, faults);
                let expected: Vec<_> = expect.iter().map(|said| (said, uid(said, faults))).collect();
                let (resource, entities) = (resource.clone()?, entities.clone()?);
                let candidates = self.candidates(&action, &resource, &entities, faults);
                let mut names = BTreeSet::new();
                for (said, uid) in expected {
                    let Some(uid) = uid else { continue };
                    if !candidates.contains(&uid) {
                        faults.push(stranger(said, &candidates));
                    }
                    names.insert(uid.to_string());
                }
                let context = context?;
                let who = Who { action, resource, context, entities, world, candidates, expect: names };
                Some(vec![(None, Ok(Content::Who(who)))])
            }
            What::Matrix { .. } => None,
        }
    }

    /// The principal or resource of a row, of a type that there is, and whether it exists or need not.
    fn entity(
        &mut self,
        said: Option<&Said<String>>,
        what: &str,
        spec: &Spec,
        faults: &mut Vec<Fault>,
    ) -> Option<(EntityUid, bool)> {
        let Some(said) = said else { return missing(what, spec, faults) };
        if let Some(known) = self.uids.get(&said.value) {
            return Some(known.clone());
        }
        let uid = uid(said, faults)?;
        if let Some(fault) = self.shared.vocabulary.unknown_type(uid.type_name()) {
            faults.push(fault.at(said.span));
            return None;
        }
        if self.uids.len() >= UIDS {
            self.uids.clear();
        }
        let familiar = self.shared.has(&uid) || !self.shared.known.matters(&uid, Role::Principal);
        self.uids.insert(said.value.clone(), (uid.clone(), familiar));
        Some((uid, familiar))
    }

    /// Says where the schema does not let `action` be about these.
    fn applies(&self, action: &EntityUid, people: [Part<'_>; 2], faults: &mut Vec<Fault>) {
        let Some(known) = self.shared.vocabulary.get(action).filter(|_| self.shared.vocabulary.closed) else { return };
        for (uid, said, what) in people {
            let (Some(uid), Some(said)) = (uid, said) else { continue };
            let takes = if what == "principal" { known.principal_types() } else { known.resource_types() };
            if !takes.contains(uid.type_name()) {
                let ty = uid.type_name().to_string();
                let message = format!("{} takes no {what} of type {}", inline(&action.to_string()), inline(&ty));
                faults.push(Fault::new(message).help(known.taken()).at(said.span));
            }
        }
    }

    pub(super) fn action(&self, said: &Said<String>, faults: &mut Vec<Fault>) -> Option<EntityUid> {
        self.shared.vocabulary.action(&said.value).map_err(|fault| faults.push(fault.at(said.span))).ok()
    }

    fn entities(&mut self, with: &[Overlay], faults: &mut Vec<Fault>) -> Option<Laid> {
        if with.is_empty() {
            return Some(self.shared.base.clone());
        }
        let shared = self.shared;
        let key = world(shared.text, with);
        if let Some(known) = self.laid.get(&key) {
            return Some(known.clone());
        }
        let mut laid = lay_over(&shared.base.entities, with, shared.text, shared.schema, &mut self.bench)
            .map_err(|found| faults.extend(found))
            .ok()?;
        laid.near.extend(shared.base.near.iter().cloned());
        Arc::make_mut(&mut laid.names).retain(|name| !shared.has(&name.uid) || shared.watch.doubts(&name.uid));
        let count = laid.entities.iter().count();
        if self.held + count > KEPT {
            self.laid.clear();
            self.held = 0;
        }
        self.held += count;
        self.laid.insert(key, laid.clone());
        Some(laid)
    }
}

/// Who and what appears in a row.
#[derive(Default)]
pub(super) struct Cast {
    pub(super) principal: Option<EntityUid>,
    pub(super) resource: Option<EntityUid>,
    /// Whether these two exist or need not.
    pub(super) familiar: bool,
    /// The entities with the row's overlays.
    pub(super) laid: Option<Laid>,
}

/// Who or what a request is about, where that is known, as the table says it, and which of the two it is.
type Part<'a> = (Option<&'a EntityUid>, Option<&'a Said<String>>, &'a str);

/// A row's name within its specification, and what it is.
pub(super) type Cell = (Option<String>, Result<Content<'static>, Vec<Fault>>);

fn found(spec: &Spec, suffix: Option<String>, content: Result<Content<'static>, Vec<Fault>>) -> Found<'static> {
    let name = spec.name.as_ref().map(|name| name.value.clone());
    Found { name, suffix, span: spec.span, notes: Vec::new(), met: Met::default(), content }
}

/// What is said of the entities that a row adds while others of nearly their names are there; not of those that are
/// said to be needless.
fn slips(cast: &Cast, met: &Met) -> Vec<String> {
    let near = cast.laid.iter().flat_map(|laid| &laid.near).filter(|(new, _)| !met.has(new));
    let slip = |(new, near): &(EntityUid, EntityUid)| {
        let (new, near) = (new.to_string(), near.to_string());
        format!("{} is added to the entities, and {} is there", inline(&new), inline(&near))
    };
    near.map(slip).collect()
}

/// The row of a `spec` whose store cannot decide anything, for this reason.
pub(in crate::tables) fn unrun(spec: &Spec, why: &Fault) -> Found<'static> {
    let content = match &spec.skip {
        Some(said) => Ok(Content::Skip(said.value.clone())),
        None => Err(vec![why.clone()]),
    };
    found(spec, None, content)
}

/// What `text` writes of the entities of a row.
fn world(text: &str, with: &[Overlay]) -> String {
    with.iter().filter_map(|overlay| written(text, overlay)).collect::<Vec<_>>().join("\n")
}

/// Somebody who is expected and cannot be asked for.
fn stranger(said: &Said<String>, candidates: &[EntityUid]) -> Fault {
    let near: Vec<String> = candidates.iter().map(ToString::to_string).collect();
    let fault = Fault::new(format!("{} is no principal among the entities", inline(&said.value))).at(said.span);
    match nearest(&said.value, near.iter().map(String::as_str)) {
        Some(meant) => fault.help(format!("did you mean {}?", inline(meant))),
        None => fault,
    }
}

/// Says that `what` is missing, unless it is there and could not be read.
fn missing<T>(what: &str, spec: &Spec, faults: &mut Vec<Fault>) -> Option<T> {
    if !spec.unread.contains(&what) {
        faults.push(Fault::new(format!("`{what}` is missing")));
    }
    None
}

fn uid(said: &Said<String>, faults: &mut Vec<Fault>) -> Option<EntityUid> {
    parse(&said.value).map_err(|fault| faults.push(fault.at(said.span))).ok()
}
