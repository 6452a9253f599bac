//! What the rows of a table have in common, checked once.

use std::sync::Arc;

use cedar_policy::{Entities, EntityUid, Schema};
use rustc_hash::FxHashSet;

use super::model::{Base, Sheet};
use super::overlay::{Bench, Laid, lay_over};
use super::vocabulary::Vocabulary;
use super::watch::Watch;
use crate::data::Fault;
use crate::repo::cedar::fault;
use crate::repo::{EntityFiles, EntityState, Store};
use crate::tables::known::{Known, named};
use crate::tables::strangers::Stranger;
use crate::tables::uid::parse;
use crate::text::inline;

/// What the rows of one table have in common, ready for them.
pub(in crate::tables) struct Sheets<'s> {
    pub(super) store: &'s Store,
    pub(super) schema: Option<&'s Schema>,
    pub(super) vocabulary: &'s Vocabulary,
    pub(super) known: &'s Known<'s>,
    pub(super) sheet: Sheet,
    pub(super) base: Laid,
    /// What the entities of the table name, where they are not just the store's.
    named: FxHashSet<EntityUid>,
    pub(super) watch: Watch,
    /// What the table says of entities without need.
    stale: Vec<Fault>,
    /// The table.
    pub(super) text: &'s str,
}

impl<'s> Sheets<'s> {
    /// Makes `sheet` ready, for the store and its entities. The entity file that it names is one of `files`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(in crate::tables) fn new(
        (store, entities): (&'s Store, &EntityState),
        vocabulary: &'s Vocabulary,
        known: &'s Known<'s>,
        sheet: Sheet,
        text: &'s str,
        files: &EntityFiles,
    ) -> Result<Self, Vec<Fault>> {
        let schema = store.schema.ready().map(|schema| &schema.cedar);
        let mut faults = Vec::new();
        let base = base(entities, schema, &sheet.entities, files).and_then(|base| {
            if sheet.with.is_empty() {
                return Ok((Laid::bare(Arc::clone(&base)), base));
            }
            let laid = lay_over(&base, &sheet.with, text, schema, &mut Bench::default());
            // Of entities that stand alone in the table none is a slip.
            let alone = matches!(sheet.entities, Base::Written);
            laid.map(|laid| (if alone { Laid { near: Vec::new(), ..laid } } else { laid }, base))
        });
        let base = base.map_err(|found| faults.extend(found));
        let clock = sheet.clock.iter().map(|clock| &clock.attribute);
        for name in sheet.defaults.context.iter().map(|entry| &entry.key).chain(clock) {
            if vocabulary.closed && !vocabulary.has_attribute(&name.value) {
                faults.push(vocabulary.no_attribute(name));
            }
        }
        if let Some(clock) = &sheet.clock {
            faults.extend(vocabulary.other_clock(&clock.attribute, clock.unit));
            let both = sheet.defaults.context.iter().find(|entry| entry.key.value == clock.attribute.value);
            faults.extend(both.map(|entry| {
                let message = format!("`clock` and `defaults` both give `{}`", inline(&entry.key.value));
                Fault::new(message).at(entry.key.span)
            }));
        }
        for said in sheet.defaults.principal.iter().chain(&sheet.defaults.resource) {
            faults.extend(parse(&said.value).err().map(|fault| fault.at(said.span)));
        }
        for said in &sheet.unknown {
            let wrong = parse(&said.value).map(|uid| vocabulary.unknown_type(uid.type_name()));
            faults.extend(wrong.unwrap_or_else(Some).map(|fault| fault.at(said.span)));
        }
        if let Some(said) = &sheet.defaults.action {
            faults.extend(vocabulary.action(&said.value).err().map(|fault| fault.at(said.span)));
        }
        let (Ok((mut base, bare)), true) = (base, faults.is_empty()) else { return Err(faults) };
        let mut names: FxHashSet<EntityUid> = base.names.iter().map(|name| name.uid.clone()).collect();
        if matches!(sheet.entities, Base::File(_)) {
            names.extend(named(bare.iter()));
        }
        let (watch, stale) = Watch::new(&sheet, &base, known, &bare);
        // What the table names, its rows do not name by that.
        base.names = Arc::default();
        Ok(Self { store, schema, vocabulary, known, sheet, base, named: names, watch, stale, text })
    }

    /// Whether the store or the table names `uid`.
    pub(super) fn has(&self, uid: &EntityUid) -> bool {
        self.base.entities.get(uid).is_some() || self.named.contains(uid) || self.known.has(uid)
    }

    /// The entities of the table, where they are not just the store's.
    pub(in crate::tables) fn brought(&self) -> Option<&Entities> {
        let own = !matches!(self.sheet.entities, Base::OfStore) || !self.sheet.with.is_empty();
        own.then_some(&*self.base.entities)
    }

    /// What the table says of entities without need, and those that it alone names. What rows do not need is known when
    /// `all` of them have been looked at.
    pub(in crate::tables) fn rest(&self, all: bool) -> (Vec<Stranger>, Vec<Fault>) {
        let (strangers, mut faults) = if all { self.watch.rest() } else { (Vec::new(), Vec::new()) };
        faults.extend(self.stale.iter().cloned());
        (strangers, faults)
    }
}

fn base(
    entities: &EntityState,
    schema: Option<&Schema>,
    wanted: &Base,
    files: &EntityFiles,
) -> Result<Arc<Entities>, Vec<Fault>> {
    let read = |json: &str| Entities::from_json_str(json, schema).map(Arc::new).map_err(|error| fault(&error).message);
    match wanted {
        Base::OfStore => match entities {
            EntityState::Ready(data) => Ok(Arc::new(data.cedar.clone())),
            EntityState::None => read("[]").map_err(|why| vec![Fault::new(why)]),
            EntityState::Broken(place, why) => {
                let message = format!("the store's entities cannot be used ({}: {})", place.label(), inline(why));
                Err(vec![Fault::new(message)])
            }
        },
        Base::Written => read("[]").map_err(|why| vec![Fault::new(why)]),
        Base::File(path) => {
            let file = match files.get(&path.value) {
                Some(Ok(file)) => file,
                Some(Err(error)) => return Err(vec![Fault::new(inline(&error.to_string())).at(path.span)]),
                None => {
                    let message = format!("`{}` is not an entity file", inline(&path.value));
                    return Err(vec![Fault::new(message).at(path.span)]);
                }
            };
            read(&file.parse_text()).map_err(|why| {
                let message = format!("the entities in `{}` do not fit: {}", inline(file.path()), inline(&why));
                vec![Fault::new(message).at(path.span)]
            })
        }
    }
}
