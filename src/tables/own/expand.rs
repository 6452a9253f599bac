//! From what a table says to rows: names resolved, contexts put together, entities laid over.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cedar_policy::{Entities, EntityUid, Schema};

use super::model::{Base, Because, Failing, Overlay, Sheet, Spec, What};
use super::overlay::{lay, parse, said};
use super::values::Values;
use super::vocabulary::Vocabulary;
use crate::outcome::Decision;
use crate::repo::cedar::fault;
use crate::repo::tree::{Fault, Said};
use crate::repo::{EntityState, Named, Store};
use crate::tables::rows::{Called, Content, Errors, Found, Reasons, Row, RowContext, RowEntities, Uid, Who};
use crate::text::{SourceFile, inline, nearest};

/// What the rows of one table have in common, ready for them.
pub(in crate::tables) struct Sheets<'s> {
    store: &'s Store,
    schema: Option<&'s Schema>,
    pub(super) vocabulary: &'s Vocabulary,
    pub(super) sheet: Sheet,
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
    let read = |json: &str| Entities::from_json_str(json, schema).map(Arc::new).map_err(|error| fault(&error).message);
    match wanted {
        Base::OfStore => match &store.entities {
            EntityState::Ready(data) => Ok(Arc::new(data.cedar.clone())),
            EntityState::None => read("[]").map_err(|why| vec![Fault::new(why)]),
            EntityState::Broken(place, why) => {
                let message = format!("the store's entities cannot be used ({}: {})", place.label(), inline(why));
                Err(vec![Fault::new(message)])
            }
        },
        Base::Written => read("[]").map_err(|why| vec![Fault::new(why)]),
        Base::File(path) => {
            let file = file(&path.value).map_err(|why| vec![Fault::new(inline(&why)).at(path.span)])?;
            read(&file.parse_text()).map_err(|why| {
                let message = format!("the entities in `{}` do not fit: {}", inline(file.path()), inline(&why));
                vec![Fault::new(message).at(path.span)]
            })
        }
    }
}

/// Turns specifications into rows.
pub(in crate::tables) struct Expander<'s> {
    pub(super) shared: &'s Sheets<'s>,
    pub(super) values: Values,
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

    pub(super) fn action(&self, said: &Said<String>, faults: &mut Vec<Fault>) -> Option<EntityUid> {
        self.shared.vocabulary.action(&said.value).map_err(|fault| faults.push(fault.at(said.span))).ok()
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
        if *exactly {
            Reasons::Exactly(names)
        } else {
            Reasons::AtLeast(names.into_iter().map(|called| called.full).collect())
        }
    }

    fn errors(&self, errors: Option<&Failing>, faults: &mut Vec<Fault>) -> Errors {
        match errors {
            None => Errors::Open,
            Some(Failing::Count(count)) => Errors::Count(*count),
            Some(Failing::These(names)) => Errors::Exactly(self.policies(names, faults)),
        }
    }

    /// The policies that a row names.
    fn policies(&self, names: &[Said<String>], faults: &mut Vec<Fault>) -> Vec<Called> {
        let mut called = Vec::new();
        for said in names {
            let shown = inline(&said.value);
            match self.shared.store.named(&said.value) {
                Named::One(key) => called.extend(
                    self.shared
                        .store
                        .find(key)
                        .map(|found| Called { said: said.value.clone(), full: found.name.to_owned() }),
                ),
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
        called
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
