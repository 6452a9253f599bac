//! Entities of rows that exist nowhere: what they are to their rows, and what is said of them, once for each table.

use cedar_policy::{Entities, Entity, EntityUid};
use rustc_hash::FxHashMap;

use super::known::{Known, Part, near_among};
use super::rules::UNKNOWN_IN_ROW;
use crate::finding::{Finding, Level};
use crate::repo::Table;
use crate::text::{Location, Span, inline};

/// An entity of a row that exists nowhere, and where the row names it.
#[derive(Debug, Clone)]
pub(super) struct Stranger {
    pub(super) uid: EntityUid,
    pub(super) part: Part,
    pub(super) span: Span,
    /// The entity of the row that it could be a slip for.
    pub(super) near: Option<EntityUid>,
}

/// Which of a row's entities exist nowhere.
#[derive(Debug, Clone, Default)]
pub(super) struct Met {
    /// Those of which nothing says that it is meant.
    pub(super) strangers: Vec<Stranger>,
    /// Those of which the row or the table says that it is meant.
    pub(super) excused: Vec<EntityUid>,
}

impl Met {
    /// Whether `uid` is said to exist nowhere.
    pub(super) fn has(&self, uid: &EntityUid) -> bool {
        self.strangers.iter().any(|stranger| stranger.uid == *uid) || self.excused.contains(uid)
    }
}

/// How many strangers of one table are findings of their own. Where there are more, the table is about entities that
/// are kept elsewhere, and one finding says so.
const MOST: usize = 10;

/// How many known names are compared with those of strangers, for one table.
const COMPARED: usize = 1_000_000;

/// The strangers of one table, each with the number of rows that name it.
#[derive(Default)]
pub(super) struct Strangers {
    places: FxHashMap<EntityUid, usize>,
    met: Vec<Counted>,
}

/// A stranger and the rows that name it.
struct Counted {
    stranger: Stranger,
    rows: usize,
    /// The row that was counted last, by its start.
    last: usize,
}

impl Strangers {
    /// Adds those of the row at `row`. The rows of a matrix or a timeline are one row here.
    pub(super) fn add(&mut self, row: Span, strangers: Vec<Stranger>) {
        for stranger in strangers {
            match self.places.get(&stranger.uid).and_then(|at| self.met.get_mut(*at)) {
                None => {
                    self.places.insert(stranger.uid.clone(), self.met.len());
                    self.met.push(Counted { stranger, rows: 1, last: row.start });
                }
                Some(met) if met.last != row.start => {
                    met.rows += 1;
                    met.last = row.start;
                }
                Some(_) => {}
            }
        }
    }

    /// What is said of them, where the table `brought` entities of its own. In a table whose form has an `excuse` for
    /// what is meant to exist nowhere each is a warning; in one that has none, all together are one note.
    pub(super) fn findings(
        self,
        table: &Table,
        known: &Known<'_>,
        brought: Option<&Entities>,
        excuse: Option<fn(&str) -> String>,
    ) -> Vec<Finding> {
        if self.met.is_empty() {
            return Vec::new();
        }
        let own = excuse.is_some();
        let brought: Vec<EntityUid> = brought.into_iter().flat_map(Entities::iter).map(Entity::uid).collect();
        let mut looks = COMPARED;
        let mut near = |stranger: &Stranger| {
            let uid = &stranger.uid;
            let cost = known.count(uid) + brought.len() + 1;
            let left = looks.checked_sub(cost)?;
            looks = left;
            stranger.near.clone().or_else(|| near_among(uid, brought.iter().cloned())).or_else(|| known.near(uid))
        };
        let mut met: Vec<(Counted, Option<EntityUid>)> = Vec::with_capacity(self.met.len());
        for one in self.met {
            let near = near(&one.stranger);
            met.push((one, near));
        }
        // A likely slip is not to be lost among many names.
        met.sort_by_key(|(_, near)| near.is_none());
        let rest = if own { met.split_off(met.len().min(MOST)) } else { std::mem::take(&mut met) };
        let level = if own { Level::Warning } else { Level::Note };
        let finding = |first: &Stranger, message: String, help: String| {
            let place = Location::new(&table.file, first.span);
            Finding::new(UNKNOWN_IN_ROW.id, level, place, message).help(help).store(known.store())
        };
        let mut found: Vec<Finding> = met
            .iter()
            .map(|(met, near)| finding(&met.stranger, sentence(met, own), help(&met.stranger, near.as_ref(), excuse)))
            .collect();
        match rest.as_slice() {
            [] => {}
            [(met, near)] => {
                found.push(finding(&met.stranger, sentence(met, own), help(&met.stranger, near.as_ref(), excuse)));
            }
            [(met, near), others @ ..] => {
                let (uid, count) = (shown(&met.stranger.uid), others.len());
                let entities = if count == 1 { "entity" } else { "entities" };
                let message = format!("{uid} and {count} more {entities} of these rows exist in no {}", places(own));
                found.push(finding(&met.stranger, message, help(&met.stranger, near.as_ref(), excuse)));
            }
        }
        found
    }
}

/// Where an entity could exist.
fn places(own: bool) -> &'static str {
    if own { "entity file, policy or `with` here" } else { "entity file, policy or row here" }
}

/// The entity as Cedar writes it, harmless to show.
pub(super) fn shown(uid: &EntityUid) -> String {
    format!("`{}`", inline(&uid.to_string()))
}

fn sentence(met: &Counted, own: bool) -> String {
    let uid = shown(&met.stranger.uid);
    let more = met.rows - 1;
    let (rows, are) = match more {
        0 => ("this row".to_owned(), "is"),
        more => (format!("this row and {more} more"), "are"),
    };
    let besides = match more {
        0 => String::new(),
        more => format!(" (in {more} more {} too)", if more == 1 { "row" } else { "rows" }),
    };
    let nowhere = format!("{uid} exists in no {}", places(own));
    match met.stranger.part {
        Part::Principal => format!("{nowhere}, so {rows} {are} about nobody"),
        Part::Resource => format!("{nowhere}, so {rows} {are} about nothing"),
        Part::Parent => format!("{nowhere}, so being in it makes no difference{besides}"),
        Part::Value => format!("{nowhere}, so this value stands for nothing{besides}"),
        Part::Overlay => format!("nothing here refers to {uid}, so what is said of it makes no difference{besides}"),
    }
}

fn help(stranger: &Stranger, near: Option<&EntityUid>, excuse: Option<fn(&str) -> String>) -> String {
    if let Some(near) = near {
        return format!("did you mean {}?", shown(near));
    }
    match (stranger.part, excuse) {
        (Part::Overlay, _) => "take it out, or name it where the row means it".to_owned(),
        (_, Some(excuse)) => excuse(&inline(&stranger.uid.to_string())),
        (_, None) => "add it to the entities; that it is meant to exist nowhere can be said in a table in YAML or CSV, with `unknown`"
            .to_owned(),
    }
}
