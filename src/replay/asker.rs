//! What both sides say of a request.
//!
//! # Why
//!
//! Names repeat themselves, so what they stand for is looked up once; requests hardly do, and are asked as they come.

use std::rc::Rc;

use cedar_policy::{EntityId, EntityTypeName, EntityUid};
use rustc_hash::{FxHashMap, FxHashSet};

use super::judge::{Asked, Decided, Judge, Party as Judged, Question, Why};
use super::record::{Given, Party, Record};
use super::stores::{Pair, Ready, Stores};
use crate::data::json::Node;
use crate::decide::Gap;
use crate::outcome::replay::Unread;
use crate::tables::{self, Identities};

/// What is kept of what was seen, in bytes and in names.
const KEPT_BYTES: usize = 4 << 20;
const KEPT_NAMES: usize = 65_536;

/// So many types have numbers.
const KEPT_TYPES: usize = 4_096;

/// Longer names are not kept, in bytes.
const LONGEST_NAME: usize = 512;

/// A request that was judged.
pub(super) struct Seen<'r> {
    pub(super) pair: usize,
    principal: Rc<Judged>,
    pub(super) action: Rc<Judged>,
    resource: Rc<Judged>,
    pub(super) sides: [Option<Side<'r>>; 2],
}

impl Seen<'_> {
    /// Whether the record names principal and resource.
    pub(super) fn named(&self) -> bool {
        self.principal.gap.is_none() && self.resource.gap.is_none()
    }

    /// The principal, as far as it is known.
    pub(super) fn principal(&self) -> String {
        shown(&self.principal)
    }

    /// The resource, as far as it is known.
    pub(super) fn resource(&self) -> String {
        shown(&self.resource)
    }
}

fn shown(party: &Judged) -> String {
    match party.gap {
        None => party.uid.to_string(),
        Some(Gap::Id) => format!("{}::?", party.uid.type_name()),
        Some(Gap::Whole) => "?".to_owned(),
    }
}

/// What a side says of it.
pub(super) struct Side<'r> {
    pub(super) question: Option<Question<'r>>,
    pub(super) said: Result<Decided, Why>,
}

/// Why a request is none, or nobody decides it.
pub(super) struct Unknown {
    pub(super) unread: Unread,
    pub(super) kind: &'static str,
    pub(super) message: String,
}

/// What was found, or why there is nothing.
pub(super) type Found<T> = Result<T, Rc<Unknown>>;

/// A store as each side has it, for one thread.
struct Sides<'s> {
    judges: [Option<Judge<'s>>; 2],
    /// Principals and resources, by how they are written.
    parties: FxHashMap<Box<str>, Option<Rc<Judged>>>,
}

/// Asks both sides, for one thread.
pub(super) struct Asker<'s> {
    stores: &'s Stores<'s>,
    sides: Vec<Sides<'s>>,
    identities: Identities,
    /// The store that decides about an action, and the action.
    actions: FxHashMap<Box<str>, Found<(usize, Rc<Judged>)>>,
    /// How many actions were found.
    kinds: u32,
    /// The types of principals and resources, by number.
    types: FxHashMap<EntityTypeName, u32>,
    /// The types that a side declares, by name.
    declared: FxHashSet<String>,
    /// Requests that Cedar's authorizer confirmed.
    confirmed: FxHashSet<Box<[u8]>>,
    confirmed_bytes: usize,
    key: Vec<u8>,
}

impl<'s> Asker<'s> {
    /// Nothing is asked yet.
    pub(super) fn new(stores: &'s Stores<'s>) -> Self {
        let judge = |ready: &'s Option<Ready<'s>>, side| ready.as_ref().map(|ready| Judge::new(ready, side));
        let sides = |pair: &'s Pair<'s>| Sides {
            judges: [judge(&pair.from, 0), judge(&pair.to, 1)],
            parties: FxHashMap::default(),
        };
        let schemas = stores.pairs.iter().flat_map(|pair| [&pair.from, &pair.to]).flatten();
        let types = schemas.filter_map(|ready| ready.schema).flat_map(|schema| schema.entity_types());
        Self {
            sides: stores.pairs.iter().map(sides).collect(),
            identities: Identities::default(),
            actions: FxHashMap::default(),
            kinds: 0,
            types: FxHashMap::default(),
            declared: types.map(ToString::to_string).collect(),
            confirmed: FxHashSet::default(),
            confirmed_bytes: 0,
            key: Vec::new(),
            stores,
        }
    }

    /// Has Cedar's authorizer confirm what both sides say of `seen`, which `record` asks; once where it is asked in the
    /// same words again.
    ///
    /// # Errors
    /// The request, where it is of another mind.
    pub(super) fn confirm(&mut self, record: &Record<'_>, seen: &Seen<'_>) -> Result<(), String> {
        self.write_key(record);
        if self.confirmed.contains(self.key.as_slice()) {
            return Ok(());
        }
        let judges = self.sides.get(seen.pair).map(|sides| &sides.judges);
        for (judge, side) in judges.into_iter().flatten().zip(&seen.sides) {
            if let (Some(judge), Some(Side { question: Some(question), said: Ok(decided) })) = (judge, side) {
                judge.confirm(question, decided)?;
            }
        }
        if self.confirmed_bytes > KEPT_BYTES {
            self.confirmed.clear();
            self.confirmed_bytes = 0;
        }
        if self.key.len() <= KEPT_BYTES {
            self.confirmed_bytes += self.key.len() + 64;
            self.confirmed.insert(self.key.as_slice().into());
        }
        Ok(())
    }

    /// Writes what tells requests apart into `key`.
    fn write_key(&mut self, record: &Record<'_>) {
        self.key.clear();
        let parts = [
            party_key(&record.principal),
            ("", record.action.as_ref()),
            party_key(&record.resource),
            record.context.as_deref().map_or(("?", ""), |json| ("", json)),
            match &record.entities {
                Given::Nothing => ("?", ""),
                Given::All(json) => ("", json),
                Given::Some(json) => ("+", json),
            },
        ];
        for (mark, text) in parts {
            self.key.extend(mark.as_bytes());
            self.key.extend(text.as_bytes());
            self.key.push(0);
        }
    }

    /// The store of a side.
    pub(super) fn ready(&self, pair: usize, side: usize) -> Option<&'s Ready<'s>> {
        let Pair { from, to } = self.stores.pairs.get(pair)?;
        if side == 0 { from.as_ref() } else { to.as_ref() }
    }

    /// What both sides say of what `record` asks.
    pub(super) fn look<'r>(&mut self, record: &'r Record<'_>) -> Found<Seen<'r>> {
        let broken = |what: &str| {
            let message = format!("`{what}` is no entity");
            Rc::new(Unknown { unread: Unread::Malformed, kind: "broken-record", message })
        };
        let (pair, action) = self.action(&record.action)?;
        let principal = self.party(pair, "principal", &record.principal).ok_or_else(|| broken("principal"))?;
        let resource = self.party(pair, "resource", &record.resource).ok_or_else(|| broken("resource"))?;
        let mut judge = |side: usize| {
            let judge = self.sides.get_mut(pair)?.judges.get_mut(side)?.as_mut()?;
            let asked = Asked {
                principal: Rc::clone(&principal),
                action: Rc::clone(&action),
                resource: Rc::clone(&resource),
                context: record.context.as_deref(),
                entities: &record.entities,
            };
            Some(match judge.question(asked) {
                Ok(question) => {
                    let said = judge.judge(&question);
                    Side { question: Some(question), said }
                }
                Err(why) => Side { question: None, said: Err(why) },
            })
        };
        let sides = [judge(0), judge(1)];
        Ok(Seen { pair, principal, action, resource, sides })
    }

    /// The store that decides about the action that `json` names.
    fn action(&mut self, json: &str) -> Found<(usize, Rc<Judged>)> {
        if let Some(known) = self.actions.get(json) {
            return known.clone();
        }
        if self.actions.len() >= KEPT_NAMES {
            self.actions.clear();
        }
        let found = self.find_action(json).map_err(Rc::new);
        self.kinds = self.kinds.saturating_add(1);
        let kind = Some(self.kinds).filter(|kind| *kind < u32::MAX);
        let action = |(pair, uid)| (pair, Rc::new(Judged { kind, ..self.numbered(pair, Judged::new(uid, None)) }));
        let found = found.map(action);
        if json.len() <= LONGEST_NAME {
            self.actions.insert(json.into(), found.clone());
        }
        found
    }

    fn find_action(&self, json: &str) -> Result<(usize, EntityUid), Unknown> {
        let node = Node { raw: json, offset: 0 };
        let text = match node.string() {
            Some(text) => text.into_owned(),
            None => match tables::identity("action", node) {
                Ok(uid) => uid.to_string(),
                Err(_) => {
                    let message = "`action` is no entity".to_owned();
                    return Err(Unknown { unread: Unread::Malformed, kind: "broken-record", message });
                }
            },
        };
        let mut found: Vec<(usize, EntityUid, bool)> = Vec::new();
        for (at, pair) in self.stores.pairs.iter().enumerate() {
            let sides = [&pair.to, &pair.from];
            let named = sides.into_iter().flatten().filter_map(|ready| ready.action(&text));
            if let Some((uid, known)) = named.max_by_key(|(_, known)| *known) {
                found.push((at, uid, known));
            }
        }
        if found.iter().any(|(_, _, known)| *known) {
            found.retain(|(_, _, known)| *known);
        }
        let undecided = |kind, message| Unknown { unread: Unread::Undecided, kind, message };
        match found.as_slice() {
            [(at, uid, _)] => Ok((*at, uid.clone())),
            [] => Err(undecided("no-action", "no store here has its action".to_owned())),
            _ => {
                let message = "several stores here have its action; name one of them with `--store`".to_owned();
                Err(undecided("several-stores", message))
            }
        }
    }

    fn party(&mut self, pair: usize, what: &str, party: &Party<'_>) -> Option<Rc<Judged>> {
        let placeholder = |ty: EntityTypeName, gap| {
            let uid = EntityUid::from_type_name_and_id(ty, EntityId::new("?"));
            Some(Rc::new(Judged::new(uid, Some(gap))))
        };
        match party {
            Party::Entity(json) => self.entity(pair, what, json),
            Party::Type(name) if self.declared.contains(&**name) => placeholder(name.parse().ok()?, Gap::Id),
            // What is no type here is a word that says nothing.
            Party::Type(_) | Party::Unknown => placeholder("Unknown".parse().ok()?, Gap::Whole),
        }
    }

    fn entity(&mut self, pair: usize, what: &str, json: &str) -> Option<Rc<Judged>> {
        if let Some(known) = self.sides.get(pair)?.parties.get(json) {
            return known.clone();
        }
        let uid = self.identities.identity(what, Node { raw: json, offset: 0 }).ok();
        let found = uid.map(|uid| {
            let kind = self.kind_of(uid.type_name());
            Rc::new(Judged { kind, ..self.numbered(pair, Judged::new(uid, None)) })
        });
        let kept = KEPT_NAMES / self.sides.len().max(1);
        let known = &mut self.sides.get_mut(pair)?.parties;
        if known.len() >= kept {
            known.clear();
        }
        if json.len() <= LONGEST_NAME {
            known.insert(json.into(), found.clone());
        }
        found
    }

    /// The number of a type; none where there are too many.
    fn kind_of(&mut self, ty: &EntityTypeName) -> Option<u32> {
        if let Some(known) = self.types.get(ty) {
            return Some(*known);
        }
        let next = u32::try_from(self.types.len()).ok().filter(|_| self.types.len() < KEPT_TYPES)?;
        self.types.insert(ty.clone(), next);
        Some(next)
    }

    /// `party` with its numbers in the stores of `pair`.
    fn numbered(&self, pair: usize, mut party: Judged) -> Judged {
        let judges = self.sides.get(pair).map(|sides| &sides.judges);
        for (judge, number) in judges.into_iter().flatten().zip(&mut party.numbers) {
            *number = judge.as_ref().and_then(|judge| judge.numbered(&party.uid));
        }
        party
    }
}

fn party_key<'t>(party: &'t Party<'_>) -> (&'static str, &'t str) {
    match party {
        Party::Entity(json) => ("", json),
        Party::Type(name) => ("is ", name),
        Party::Unknown => ("?", ""),
    }
}
