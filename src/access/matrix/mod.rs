//! The permission matrix of a store: principals by type and by group, actions, and whether anybody may.
//!
//! | file | what it does |
//! |---|---|
//! | `kind` | one kind of request, decided for every principal that there is a column of |
//! | `groups` | the groups of principals that policies name |
//! | `asks` | what a policy asks of a request |
//! | `fold` | rows and columns that are the same, together |
//!
//! # Why
//!
//! A cell is an answer of the engine: never and always are proved. Who is in a group may be in any other, and may do
//! what those may; so the column of a group is about those who are in no other, and shows what the group gives. What
//! needs two of them is in the column of the type, of which nothing is left out.
//!
//! What changed for a type is what the comparison found; for a group the engine is asked anew, and only of kinds of
//! request that change. What it does not find there, though the comparison found it for the type, hangs on how the
//! schemas differ and is not decided.
//!
//! Its cost is bounded by the cells that are asked about, and what is left out is named.

mod asks;
mod fold;
mod groups;
mod kind;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use cedar_policy::{PolicyId, RequestEnv, Schema};
use rayon::prelude::*;

use self::groups::Group;
use self::kind::{Asking, Column, Known};
use super::by_type::Stores;
use super::sides::schema;
use crate::infer::{Inferred, infer};
use crate::outcome::changes::{EnvironmentChange, Relation, StoreChanges};
use crate::outcome::{Among, Cacheable, Matrix, MatrixPart, MatrixPrincipal, PolicyRef};
use crate::repo::{EntityState, Store};
use crate::symbolic::{CompiledPolicies, Limits, SchemaModel, Subject};
use crate::text::inline;

/// So many kinds of request are asked about.
const MOST_KINDS: usize = 4_000;
/// So many answers are asked for, a kind of request and a column each.
const MOST_ANSWERS: usize = 20_000;
/// So many names are told of what is left out.
const NAMED: usize = 8;

/// What a matrix is about.
#[derive(Debug, Clone, Copy, Default)]
pub struct MatrixOptions<'a> {
    /// What the comparison of the two versions found, where there are two.
    pub compared: Option<&'a StoreChanges>,
    /// Whether to leave out actions and types of principals that have no part in what changes.
    pub only_changed: bool,
    /// What the decisions of actions hang on, where that is to stand in it.
    pub hangs_on: &'a [Cacheable],
}

/// A side that is there.
pub(super) struct Side<'s> {
    store: &'s Store,
    policies: CompiledPolicies,
    /// What each policy asks, by its place.
    asks: Vec<BTreeSet<String>>,
}

/// The name of a kind of request: action, principal, resource, as a comparison has them.
type Key = (String, String, String);

/// What there is to ask: the kinds of request by name, each with whether either side has it.
type Kinds<'m> = BTreeMap<Key, [Option<&'m RequestEnv>; 2]>;

/// By action, then by principal: what it comes to on each type of resource.
type Cells = BTreeMap<String, BTreeMap<MatrixPrincipal, Vec<MatrixPart>>>;

impl Stores<'_> {
    /// The matrix of the store.
    #[must_use]
    pub fn matrix(&self, options: &MatrixOptions<'_>) -> Matrix {
        let stores = [self.old.flatten(), self.new];
        let name = self.new.or(self.old.flatten()).map(|store| store.name.clone()).unwrap_or_default();
        let compared = options.compared.is_some();
        if let Some(why) = options.compared.and_then(|changes| changes.unusable.as_ref()) {
            return Matrix::unknown(&name, compared, why.clone());
        }
        let [old, new] = stores.map(|store| store.and_then(schema));
        let inferred = match old.or(new) {
            Some(_) => None,
            None if !self.inference => return Matrix::unknown(&name, compared, "it has no schema"),
            None => match infer(&stores) {
                Ok(inferred) => Some(inferred),
                Err(why) => return Matrix::unknown(&name, compared, why),
            },
        };
        let guess = inferred.as_ref().map(|inferred| &inferred.schema);
        let side = |number: usize, own: Option<&Schema>, other: Option<&Schema>| {
            let (Some(store), Some(schema)) = (stores.get(number).copied().flatten(), own.or(other).or(guess)) else {
                return Ok(None);
            };
            let model = SchemaModel::answered_by(schema, Arc::clone(self.solvers))?;
            Ok::<_, String>(Some(Side::new(store, model, inferred.as_ref().map(|inferred| (inferred, number)))))
        };
        // A side that declares none is read under that of the other, as a comparison reads it.
        let sides = match side(0, old, new).and_then(|first| Ok([first, side(1, new, old)?])) {
            Ok(sides) => sides,
            Err(why) => return Matrix::unknown(&name, compared, why),
        };
        let mut matrix = Matrix {
            store: name,
            compared,
            why: None,
            notes: notes(stores, inferred.is_some()),
            principals: Vec::new(),
            rows: Vec::new(),
        };
        let cells = cells(&sides, inferred.as_ref(), options, &mut matrix.notes);
        (matrix.principals, matrix.rows) = fold::fold(cells, options.hangs_on);
        matrix
    }
}

/// What a matrix of these stores leaves out, or is said under.
fn notes(stores: [Option<&Store>; 2], inferred: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if inferred {
        notes.push("there is no schema, so one is inferred, in which every attribute may be absent".to_owned());
    }
    for (store, when) in stores.into_iter().zip([" before", ""]).filter_map(|(store, when)| Some((store?, when))) {
        let broken: BTreeSet<&str> = store.broken.iter().map(|file| file.path.as_str()).collect();
        let broken: Vec<&str> = broken.into_iter().collect();
        if !broken.is_empty() {
            notes.push(format!("what is in {} is not in it{when}: it does not load whole", listed(&broken)));
        }
        let loose: Vec<&str> = store.unlinked().map(|template| template.name.as_str()).collect();
        if !loose.is_empty() {
            notes.push(format!("what links of {} allow is not in it{when}: there are none here", listed(&loose)));
        }
    }
    notes
}

/// Names between backticks; of many the first.
fn listed(names: &[&str]) -> String {
    let mut all: Vec<String> = names.iter().take(NAMED).map(|name| format!("`{}`", inline(name))).collect();
    if let more @ 1.. = names.len().saturating_sub(NAMED) {
        all.push(format!("{more} more"));
    }
    match all.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// Every answer.
fn cells(
    sides: &[Option<Side<'_>>; 2],
    inferred: Option<&Inferred>,
    options: &MatrixOptions<'_>,
    notes: &mut Vec<String>,
) -> Cells {
    let said = |name: String| inferred.map_or_else(|| name.clone(), |inferred| inferred.said(&name).to_owned());
    let relations: HashMap<Key, &EnvironmentChange> =
        options.compared.iter().flat_map(|changes| &changes.environments).map(|one| (key(one), one)).collect();
    let mut kinds: Kinds<'_> = BTreeMap::new();
    for (number, side) in sides.iter().enumerate() {
        for environment in side.iter().flat_map(|side| side.policies.schema().environments()) {
            let name = |ty: String| said(ty);
            let action = environment.action().to_string();
            let key = (action, name(environment.principal().to_string()), name(environment.resource().to_string()));
            if let Some(slot) = kinds.entry(key).or_default().get_mut(number) {
                *slot = Some(environment);
            }
        }
    }
    if options.only_changed {
        // Cells are whole: all kinds of request of the actions and principals that have a part in what changes.
        let differs = |key: &&Key| relations.get(*key).is_none_or(|change| change.relation() != Relation::Same);
        let (actions, principals): (BTreeSet<String>, BTreeSet<String>) =
            kinds.keys().filter(differs).map(|(action, principal, _)| (action.clone(), principal.clone())).unzip();
        kinds.retain(|(action, principal, _), _| actions.contains(action) && principals.contains(principal));
    }
    let dropped: BTreeSet<String> = match kinds.keys().nth(MOST_KINDS).cloned() {
        Some(first) => kinds.split_off(&first).into_keys().map(|(action, ..)| said(action)).collect(),
        None => BTreeSet::new(),
    };
    if !dropped.is_empty() {
        let names: Vec<&str> = dropped.iter().map(String::as_str).collect();
        notes.push(format!("there are too many kinds of request, so some of {} are not in it", listed(&names)));
    }
    // Besides one column for all of a type, and one for those in no group.
    let room = (MOST_ANSWERS / kinds.len().max(1)).saturating_sub(2);
    let policies = sides.iter().flatten().flat_map(|side| side.policies.subjects()).filter_map(Subject::cedar);
    let (mut groups, left) = groups::named(policies, room);
    for side in sides.iter().flatten() {
        if let EntityState::Ready(data) = &side.store.entities {
            groups::nest(&mut groups, &data.cedar);
        }
    }
    if !left.is_empty() {
        let names: Vec<&str> = left.iter().map(String::as_str).collect();
        notes.push(format!("policies name too many groups, so there is no column for {}", listed(&names)));
    }
    let answers: Vec<Vec<(Column, MatrixPart)>> = kinds
        .par_iter()
        .map(|(key, environments)| {
            let known = match (options.compared.is_some(), relations.get(key)) {
                (false, _) => Known::NotAsked,
                (true, Some(change)) => Known::Found(change),
                (true, None) => Known::Open,
            };
            let asking = Asking { sides, environments, groups: &groups, known };
            asking.answers(&key.2)
        })
        .collect();
    let mut cells = Cells::new();
    for ((action, principal, _), parts) in kinds.keys().zip(answers) {
        let row = cells.entry(said(action.clone())).or_default();
        for (column, part) in parts {
            let among = match column {
                Column::All => Among::All,
                Column::NoGroup => Among::NoGroup,
                Column::Group(at) => match groups.get(at) {
                    Some(group) => Among::Group(group.uid.to_string()),
                    None => continue,
                },
            };
            row.entry(MatrixPrincipal { of: principal.clone(), among }).or_default().push(part);
        }
    }
    cells
}

fn key(change: &EnvironmentChange) -> Key {
    let environment = &change.environment;
    (environment.action.clone(), environment.principal.clone(), environment.resource.clone())
}

impl<'s> Side<'s> {
    /// The policies of `store` under `model`; where that is inferred, as the side with this number.
    fn new(store: &'s Store, model: Arc<SchemaModel>, inferred: Option<(&Inferred, usize)>) -> Self {
        let limits = inferred.map(|(inferred, number)| inferred.limits(number));
        let subjects: Vec<Subject> = store
            .deciding()
            .filter_map(|(key, ..)| {
                let subject = Subject::policy(store.set.policy(key)?);
                let own = limits.as_ref().map_or_else(Limits::default, |limits| limits.of(key, &subject));
                Some(subject.limited(own))
            })
            .collect();
        let asks = subjects.iter().map(|subject| subject.cedar().map(asks::of).unwrap_or_default()).collect();
        Self { store, policies: CompiledPolicies::new(model, subjects), asks }
    }

    /// The policy at `index`, as reports name it.
    fn named(&self, index: usize) -> Option<PolicyRef> {
        let found = self.store.find(&PolicyId::new(self.policies.subjects().get(index)?.id()))?;
        Some(PolicyRef { name: found.name.to_owned(), effect: found.effect, location: found.location.clone() })
    }
}
