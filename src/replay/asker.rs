//! What both sides say of a request: asked once, and kept.
//!
//! # Why
//!
//! Requests repeat themselves, so what was asked in the same words is not asked again.

use std::cell::Cell;
use std::rc::Rc;

use cedar_policy::{EntityId, EntityTypeName, EntityUid};
use rustc_hash::FxHashMap;

use super::judge::{Asked, Decided, Judge, Party as Judged, Question, Why};
use super::record::{Given, Party, Record};
use super::stores::{Pair, Ready, Stores};
use crate::data::json::Node;
use crate::decide::Gap;
use crate::outcome::replay::Unread;
use crate::tables;

/// What is kept of what was seen, in bytes and in names.
const KEPT_BYTES: usize = 16 << 20;
const KEPT_NAMES: usize = 65_536;

/// A request that was judged.
pub(super) struct Seen {
    pub(super) pair: usize,
    pub(super) principal: String,
    pub(super) action: String,
    pub(super) resource: String,
    /// Whether all three are entities that the record names.
    pub(super) named: bool,
    pub(super) sides: [Option<Side>; 2],
    pub(super) confirmed: Cell<bool>,
}

/// What a side says of it.
pub(super) struct Side {
    pub(super) question: Option<Question>,
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

/// Asks both sides, for one thread.
pub(super) struct Asker<'s> {
    stores: &'s Stores<'s>,
    judges: Vec<[Option<Judge<'s>>; 2]>,
    seen: FxHashMap<Box<[u8]>, Found<Rc<Seen>>>,
    seen_bytes: usize,
    key: Vec<u8>,
    uids: FxHashMap<Box<str>, Option<EntityUid>>,
    /// The store that decides about an action, and the action.
    actions: FxHashMap<Box<str>, Found<(usize, EntityUid)>>,
}

impl<'s> Asker<'s> {
    /// Nothing is asked yet.
    pub(super) fn new(stores: &'s Stores<'s>) -> Self {
        let judge = |ready: &'s Option<Ready<'s>>| ready.as_ref().map(Judge::new);
        Self {
            judges: stores.pairs.iter().map(|pair| [judge(&pair.from), judge(&pair.to)]).collect(),
            stores,
            seen: FxHashMap::default(),
            seen_bytes: 0,
            key: Vec::new(),
            uids: FxHashMap::default(),
            actions: FxHashMap::default(),
        }
    }

    /// Has Cedar's authorizer confirm what both sides say of `seen`.
    ///
    /// # Errors
    /// The request, where it is of another mind.
    pub(super) fn confirm(&self, seen: &Seen) -> Result<(), String> {
        let judges = self.judges.get(seen.pair).into_iter().flatten();
        for (judge, side) in judges.zip(&seen.sides) {
            if let (Some(judge), Some(Side { question: Some(question), said: Ok(decided) })) = (judge, side) {
                judge.confirm(question, decided)?;
            }
        }
        Ok(())
    }

    /// The store of a side.
    pub(super) fn ready(&self, pair: usize, side: usize) -> Option<&'s Ready<'s>> {
        let Pair { from, to } = self.stores.pairs.get(pair)?;
        if side == 0 { from.as_ref() } else { to.as_ref() }
    }

    /// What both sides say of what `record` asks.
    pub(super) fn look(&mut self, record: &Record<'_>) -> Found<Rc<Seen>> {
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
        if let Some(known) = self.seen.get(self.key.as_slice()) {
            return known.clone();
        }
        let key: Box<[u8]> = self.key.as_slice().into();
        let found = self.ask(record).map(Rc::new);
        if self.seen_bytes > KEPT_BYTES {
            self.seen.clear();
            self.seen_bytes = 0;
        }
        self.seen_bytes += key.len() + 512;
        self.seen.insert(key, found.clone());
        found
    }

    fn ask(&mut self, record: &Record<'_>) -> Found<Seen> {
        let broken = |what: &str| {
            let message = format!("`{what}` is no entity");
            Rc::new(Unknown { unread: Unread::Malformed, kind: "broken-record", message })
        };
        let (pair, action) = self.action(&record.action)?;
        let principal = self.party("principal", &record.principal).ok_or_else(|| broken("principal"))?;
        let resource = self.party("resource", &record.resource).ok_or_else(|| broken("resource"))?;
        let asked = Asked {
            principal: &principal,
            action: &action,
            resource: &resource,
            context: record.context.as_deref(),
            entities: &record.entities,
        };
        let mut judge = |side: usize| {
            let judge = self.judges.get_mut(pair)?.get_mut(side)?.as_mut()?;
            Some(match judge.question(asked) {
                Ok(question) => {
                    let said = judge.judge(&question);
                    Side { question: Some(question), said }
                }
                Err(why) => Side { question: None, said: Err(why) },
            })
        };
        let sides = [judge(0), judge(1)];
        let text = |party: &Judged| match party.gap {
            None => party.uid.to_string(),
            Some(Gap::Id) => format!("{}::?", party.uid.type_name()),
            Some(Gap::Whole) => "?".to_owned(),
        };
        Ok(Seen {
            pair,
            named: principal.gap.is_none() && resource.gap.is_none(),
            principal: text(&principal),
            action: action.to_string(),
            resource: text(&resource),
            sides,
            confirmed: Cell::new(false),
        })
    }

    /// The store that decides about the action that `json` names.
    fn action(&mut self, json: &str) -> Found<(usize, EntityUid)> {
        if let Some(known) = self.actions.get(json) {
            return known.clone();
        }
        if self.actions.len() >= KEPT_NAMES {
            self.actions.clear();
        }
        let found = self.find_action(json).map_err(Rc::new);
        self.actions.insert(json.into(), found.clone());
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

    fn party(&mut self, what: &str, party: &Party<'_>) -> Option<Judged> {
        let placeholder = |ty: EntityTypeName| EntityUid::from_type_name_and_id(ty, EntityId::new("?"));
        let (uid, gap) = match party {
            Party::Entity(json) => (self.uid(what, json)?, None),
            Party::Type(name) => match name.parse::<EntityTypeName>() {
                Ok(ty) if self.declares(&ty) => (placeholder(ty), Some(Gap::Id)),
                // What is no type here is a word that says nothing.
                _ => (placeholder("Unknown".parse().ok()?), Some(Gap::Whole)),
            },
            Party::Unknown => (placeholder("Unknown".parse().ok()?), Some(Gap::Whole)),
        };
        Some(Judged { uid, gap })
    }

    fn declares(&self, ty: &EntityTypeName) -> bool {
        let mut schemas = self.stores.pairs.iter().flat_map(|pair| [&pair.from, &pair.to]).flatten();
        schemas.any(|ready| ready.schema.is_some_and(|schema| schema.entity_types().any(|known| known == ty)))
    }

    fn uid(&mut self, what: &str, json: &str) -> Option<EntityUid> {
        if let Some(known) = self.uids.get(json) {
            return known.clone();
        }
        let uid = tables::identity(what, Node { raw: json, offset: 0 }).ok();
        if self.uids.len() >= KEPT_NAMES {
            self.uids.clear();
        }
        self.uids.insert(json.into(), uid.clone());
        uid
    }
}

fn party_key<'t>(party: &'t Party<'_>) -> (&'static str, &'t str) {
    match party {
        Party::Entity(json) => ("", json),
        Party::Type(name) => ("is ", name),
        Party::Unknown => ("?", ""),
    }
}
