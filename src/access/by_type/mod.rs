//! Who may do what where no entity is known: by the types of principal and resource, and by what has to hold of them.
//!
//! | file | what it does |
//! |---|---|
//! | `given` | policies with a context that is given put in |
//! | `side` | one side, and what it comes to |
//! | `moved` | what differs between the conditions of two sides |
//! | `rows` | kinds of request that stand together |
//!
//! # Why
//!
//! It is the comparison with a store that allows nothing: whatever is gained is what is allowed. An entity that is
//! asked about, and of which nothing is known, is what a forbid leaves that refuses everybody else. A context that is
//! given is put into the policies as each action reads it, and Cedar's authorizer confirms with the policies as they
//! are.

mod given;
mod moved;
mod rows;
mod side;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cedar_policy::{PolicySet, Schema};

use self::rows::{Row, grouped};
use self::side::{Answers, Open, Question, Side};
use super::asked::{Asked, Names, Wanted};
use super::kinds::UnfitContext;
use super::sides::schema;
use crate::infer::{Inferred, infer};
use crate::outcome::{Access, AccessGroup};
use crate::repo::Store;
use crate::symbolic::{SchemaModel, Solvers};

/// With more policies than this, conditions are what the policies say, and are not made short.
const MANY: usize = 100;

/// Principal, resource and action, as people are told of them.
type Key = (String, String, String);

/// Who may do what, by type.
#[derive(Debug, Clone, Default)]
pub struct ByType {
    /// The types, and what has to hold of them.
    pub groups: Vec<AccessGroup>,
    /// What is not decided, a phrase each.
    pub undecided: Vec<String>,
    /// Actions that the context does not fit, and why: such a request cannot be made on that side.
    pub unfit: Vec<UnfitContext>,
    /// Whether the schema is inferred.
    pub inferred: bool,
}

/// A store of which no entity is known, as it is and perhaps as it was.
#[derive(Debug, Clone, Copy)]
pub struct Stores<'s> {
    /// As it was; none within where it was not there.
    pub old: Option<Option<&'s Store>>,
    /// As it is.
    pub new: Option<&'s Store>,
    /// Whether a schema may be inferred where there is none.
    pub inference: bool,
    /// Who answers.
    pub solvers: &'s Arc<Solvers>,
}

impl<'s> Stores<'s> {
    fn both(&self) -> [Option<&'s Store>; 2] {
        [self.old.flatten(), self.new]
    }

    /// What `wanted` means: on the new side, or where that does not know a name, on the old one.
    ///
    /// # Errors
    /// When a name is none; a sentence that names the nearest.
    pub fn find(&self, wanted: &Wanted) -> Result<Asked, String> {
        let sets: Vec<&PolicySet> = self.both().into_iter().flatten().map(|store| &*store.set).collect();
        let [old, new] = self
            .both()
            .map(|store| store.map(|store| Names { schema: schema(store), entities: None, sets: &sets }.find(wanted)));
        match (new, old) {
            (Some(Err(_)), Some(Ok(asked))) => Ok(asked),
            (Some(found), _) | (None, Some(found)) => found,
            (None, None) => Ok(Asked::default()),
        }
    }

    /// Who may do what that is `asked`, by type, in `context` where one is given.
    ///
    /// # Errors
    /// When there is no schema to say which requests there are; a phrase.
    pub fn by_type(&self, asked: &Asked, context: Option<&str>) -> Result<ByType, String> {
        let stores = self.both();
        let [old, new] = stores.map(|store| store.and_then(schema));
        let inferred: Option<Inferred> = match old.or(new) {
            Some(_) => None,
            None if self.inference => Some(infer(&stores)?),
            None => return Err("it has no schema".to_owned()),
        };
        let inferred = inferred.as_ref();
        let sides = self.sides([old, new], inferred)?;
        let mut open = Open::default();
        let question = Question { asked, context, inferred };
        let [before, now] = sides.each_ref().map(|side| match side {
            Some(side) => side.answers(question, &mut open),
            None => Answers::new(),
        });
        let moved = match &sides {
            [Some(old), Some(new)] => moved::moved([old, new], [&before, &now], question, &mut open),
            _ => BTreeMap::new(),
        };
        let Open { undecided, unfit } = open;
        let groups = grouped(self.rows(&before, &now, &moved));
        Ok(ByType { groups, undecided, unfit, inferred: inferred.is_some() })
    }

    /// The sides that are there. One that declares no schema is read under that of the other, as a comparison reads it.
    fn sides(
        &self,
        [old, new]: [Option<&Schema>; 2],
        inferred: Option<&Inferred>,
    ) -> Result<[Option<Side<'s>>; 2], String> {
        let guess = inferred.map(|inferred| &inferred.schema);
        let side = |store: Option<&'s Store>, schema: Option<&Schema>, old: bool| match (store, schema) {
            (Some(store), Some(schema)) => {
                let model = SchemaModel::answered_by(schema, Arc::clone(self.solvers))?;
                Ok::<_, String>(Some(Side { store, model, declared: inferred.is_none(), old }))
            }
            _ => Ok(None),
        };
        let [old_store, new_store] = self.both();
        Ok([side(old_store, old.or(new).or(guess), true)?, side(new_store, new.or(old).or(guess), false)?])
    }

    fn rows(&self, before: &Answers, now: &Answers, moved: &BTreeMap<Key, [bool; 2]>) -> BTreeMap<Key, Row> {
        let keys: BTreeSet<&Key> = before.keys().chain(now.keys()).collect();
        let row = |key: &Key| {
            let of = |answers: &Answers| answers.get(key).map_or(Access::Denied, |answer| answer.access.clone());
            let (now, before) = (of(now), self.old.map(|_| of(before)));
            match (&before, moved.get(key)) {
                // Two ways to say the same.
                (Some(_), Some([false, false])) => Row { before: Some(now.clone()), now, moved: [false, false] },
                (Some(_), Some(moved)) => Row { moved: *moved, before, now },
                (Some(earlier), None) => Row { moved: [*earlier < now, now < *earlier], before, now },
                (None, _) => Row { moved: [false, false], before, now },
            }
        };
        keys.into_iter().map(|key| (key.clone(), row(key))).collect()
    }
}
