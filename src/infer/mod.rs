//! A schema from what a store holds, for a store that has none: what its policies and entities say of types.
//!
//! | file | what it does |
//! |---|---|
//! | `evidence` | what says something of a type, and where |
//! | `classes` | what is known of the type of each value; values of one type are one class |
//! | `facts` | what is known of the whole store: types, actions, who meets what |
//! | `expressions` | what the expressions of policies say |
//! | `entities` | what entities say |
//! | `resolve` | from classes to types |
//! | `build` | the schema as text, for the engine and for people |
//! | `limits` | what is not known all the same, for the engine |
//!
//! # Why
//!
//! An answer under an inferred schema must not miss what happens in the world, so the schema takes in more than the
//! store shows. Evidence fixes types and never presence: every attribute may be absent. A scope that leaves the type of
//! the principal open meets every type that is named as one and *any other*, and so with resources and actions; they
//! have the attributes that such policies read. An action group that no policy names as an action is a free set: other
//! actions are in any of such groups, and of actions that are named nobody knows in which they are, so that policies
//! over the group are set aside there. What says two things of one type is a conflict: the policies that need the
//! second are set aside. Where two sides are compared, the evidence is that of both.

mod build;
mod classes;
mod entities;
mod evidence;
mod expressions;
mod facts;
mod limits;
mod resolve;

pub use limits::StoreLimits;

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{EntityUid, PolicyId, Schema};

use self::facts::Facts;
use crate::repo::{EntityState, Store};

/// Two statements about one type that cannot both be right, or a question for a type that nothing says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// The attribute.
    pub what: String,
    /// What the schema follows: a phrase that says where; `None` where nothing says of which type the attribute is.
    pub first: Option<String>,
    /// What it does not, or what asks.
    pub second: String,
}

/// A schema for stores that have none.
#[derive(Debug)]
pub struct Inferred {
    /// The schema that answers are given under.
    pub schema: Schema,
    /// The same as people may commit it: without what stands for everything else, with the evidence in comments.
    pub text: String,
    /// What stands for everything else, and how to say it: entity types and actions by name.
    pub synthetic: BTreeMap<String, String>,
    /// What types that stand for all others are called while inferring.
    plain: BTreeMap<String, &'static str>,
    /// What does not go together.
    pub conflicts: Vec<Conflict>,
    /// Whether something is compared with a principal, or a resource, of one of several types, so that which of them it
    /// is of hangs on the request: then [`infer_for`] answers for the requests of one type.
    pub hinted: [bool; 2],
    /// By store and key, the policies that are not answered for because of a conflict.
    contested: BTreeMap<(usize, PolicyId), Conflict>,
    /// Groups of which nothing says which actions are in them.
    open_groups: BTreeSet<EntityUid>,
}

impl Inferred {
    /// Why the policy `key` of the store at `store` cannot be answered for under this schema, if so.
    #[must_use]
    pub fn contested(&self, store: usize, key: &PolicyId) -> Option<&Conflict> {
        self.contested.get(&(store, key.clone()))
    }

    /// The action groups of which nothing says which actions are in them.
    #[must_use]
    pub fn open_groups(&self) -> &BTreeSet<EntityUid> {
        &self.open_groups
    }

    /// Whether some action of the schema is named, and requests are for it.
    #[must_use]
    pub fn names_actions(&self) -> bool {
        self.schema.request_envs().any(|environment| !self.synthetic.contains_key(&environment.action().to_string()))
    }

    /// The actions that stand for others: of these it is known in which groups they are.
    pub fn other_actions(&self) -> impl Iterator<Item = EntityUid> {
        self.synthetic.keys().filter_map(|name| name.parse().ok())
    }

    /// `name` of an entity type of the schema, as [`infer_for`] takes it.
    #[must_use]
    pub fn asked<'n>(&'n self, name: &'n str) -> &'n str {
        self.plain.get(name).copied().unwrap_or(name)
    }

    /// `name` of an entity type, as people are told of it.
    #[must_use]
    pub fn said<'n>(&'n self, name: &'n str) -> &'n str {
        self.synthetic.get(name).map_or(name, String::as_str)
    }
}

/// A schema from all that `stores` hold: one store, or both sides of a comparison, of which one may not be there.
///
/// # Errors
/// When what was inferred is no schema; the text says why.
pub fn infer(stores: &[Option<&Store>]) -> Result<Inferred, String> {
    infer_for(stores, [None, None])
}

/// The same, for requests whose principal and resource are of the types `asked`, as [`Inferred::asked`] gives them:
/// what is compared with them is of those types then, or not equal.
///
/// # Errors
/// As for [`infer`].
pub fn infer_for(stores: &[Option<&Store>], asked: [Option<&str>; 2]) -> Result<Inferred, String> {
    let mut facts = Facts { asked_for: asked.map(|ty| ty.map(str::to_owned)), ..Facts::default() };
    for (number, store) in stores.iter().enumerate().filter_map(|(number, store)| Some((number, (*store)?))) {
        facts.name(store, number);
        if let EntityState::Ready(data) = &store.entities {
            entities::read(store, &data.cedar, &mut facts);
        }
    }
    facts.complete();
    (0..stores.len()).for_each(|number| expressions::read(number, &mut facts));
    resolve::settle(&mut facts);
    let stores: Vec<&Store> = stores.iter().copied().flatten().collect();
    build::build(&facts, &stores)
}
