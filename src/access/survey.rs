//! All of it: both sides counted, what is left decided, a sample confirmed, and who stands together.

use std::collections::BTreeMap;
use std::sync::Arc;

use cedar_policy::{Authorizer, Context, Decision, EntityUid, PolicySet, Request};
use rustc_hash::FxHashMap;
use thiserror::Error;

use super::asked::{Asked, Wanted};
use super::conditions::{Bound, Conditions, Contexts, Environment, readable};
use super::confirmed::Samples;
use super::groups::{Columns, Move, Raw, rectangles};
use super::kinds::{Kind, kinds};
use super::sides::{Sides, schema};
use crate::decide::{self, Census, Condition, Uncounted};
use crate::infer::infer;
use crate::outcome::{Access, AccessCondition, AccessGroup};
use crate::symbolic::SchemaModel;

/// So many questions are asked about what is left; what remains is told as it is.
const QUESTIONS: usize = 500;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SurveyError {
    /// A policy, by key, or an entity cannot be compiled.
    #[error("{0}")]
    Uncounted(#[from] Uncounted),
    /// Cedar's authorizer is of another mind about this request: a defect.
    #[error("the evaluator and Cedar's authorizer disagree about {0}")]
    Disagreement(String),
}

/// Who may do what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// Those who have access, or had it; those that differ first, then the largest.
    pub groups: Vec<AccessGroup>,
    /// Actions that the context does not fit, and why.
    pub unfit: Vec<(EntityUid, String)>,
    /// How many kinds of requests were looked at.
    pub kinds: usize,
    /// Whether it was left open, for some conditional access, whether it differs from before.
    pub undecided: bool,
}

impl Sides<'_> {
    /// What `wanted` means here: on the new side, or where that does not know a name, on the old one.
    ///
    /// # Errors
    /// When a name is none; a sentence that names the nearest.
    pub fn find(&self, wanted: &Wanted) -> Result<Asked, String> {
        let none = PolicySet::new();
        let sets = self.sets(&none);
        let [old, new] = self.names(&sets);
        match (new.map(|names| names.find(wanted)), old.map(|names| names.find(wanted))) {
            (Some(Err(_)), Some(Ok(asked))) => Ok(asked),
            (Some(found), _) | (None, Some(found)) => found,
            (None, None) => Ok(Asked::default()),
        }
    }
}

/// Who of the entities may do what that is `asked`, in `context` where one is given; `differing` leaves out what is the
/// same on both sides.
///
/// # Errors
/// When policies cannot be compiled, or when Cedar's authorizer does not confirm what was found.
pub fn survey(sides: &Sides<'_>, asked: &Asked, context: Option<&str>, differing: bool) -> Result<Survey, SurveyError> {
    let none = PolicySet::new();
    let sets = sides.sets(&none);
    let (kinds, unfit) = kinds(sides.names(&sets), sides.entities, asked, context);
    let census = Census::new(&sets, sides.entities, kinds.iter().map(|kind| kind.census.clone()).collect())?;
    let (mut columns, mut samples) = (Columns::default(), Samples::default());
    let conditions = census.take(&mut |counted| {
        samples.take(&census, counted);
        let valid = kinds.get(counted.kind).map_or([false, false], |kind| kind.valid);
        columns.take(counted, valid, differing);
    })?;
    if let Some(request) = samples.disagreement(&census, &sets, sides.entities, &conditions) {
        return Err(SurveyError::Disagreement(request));
    }
    let mut settled = Settled::new(sides, &sets, &kinds, &conditions);
    settled.decide(&columns, census.principals());
    let actions: Vec<&EntityUid> = kinds.iter().map(|kind| &kind.census.action).collect();
    let come_to = |kind: usize, raw: Raw| settled.comes_to(kind, raw);
    let mut groups = rectangles(columns, census.principals(), &actions, sides.compared, &come_to);
    if differing {
        groups.retain(AccessGroup::differs);
    }
    let undecided = settled.pairs.values().any(|pair| pair.contains(&None));
    Ok(Survey { groups, unfit, kinds: kinds.len(), undecided })
}

/// What is left of one kind of request, by number.
type Left = (usize, usize);

/// What is left, decided.
struct Settled<'s> {
    sides: &'s Sides<'s>,
    sets: &'s [&'s PolicySet; 2],
    kinds: &'s [Kind],
    conditions: &'s [Condition],
    engine: Conditions,
    access: FxHashMap<Left, Access>,
    /// Whether access is gained, and whether it is lost, where both sides hang on the context; `None` is not known.
    pairs: FxHashMap<(usize, Raw), [Option<bool>; 2]>,
}

impl<'s> Settled<'s> {
    fn new(sides: &'s Sides<'s>, sets: &'s [&'s PolicySet; 2], kinds: &'s [Kind], conditions: &'s [Condition]) -> Self {
        let model = if conditions.is_empty() { None } else { model(sides) };
        let engine = Conditions::new(conditions, model.as_ref());
        Self { sides, sets, kinds, conditions, engine, access: FxHashMap::default(), pairs: FxHashMap::default() }
    }

    /// Decides all that is left in `columns`.
    fn decide(&mut self, columns: &Columns, principals: &[EntityUid]) {
        // By kind: what is left, with a side and a pair for which it is; and pairs of both sides.
        let mut open: BTreeMap<usize, BTreeMap<usize, (usize, u32, u32)>> = BTreeMap::new();
        let mut both: BTreeMap<usize, Vec<Raw>> = BTreeMap::new();
        for stretch in &columns.stretches {
            for (raw, set) in &stretch.parts {
                for (side, access) in raw.iter().enumerate() {
                    if let (Some(decide::Access::Conditional(number)), Some(resource)) =
                        (access, stretch.resources.first())
                    {
                        let left = open.entry(stretch.kind).or_default();
                        left.entry(*number).or_insert((side, *set, *resource));
                    }
                }
                let conditional = raw.iter().any(|one| matches!(one, Some(decide::Access::Conditional(_))));
                let pairs = both.entry(stretch.kind).or_default();
                let [before, now] = raw;
                if conditional && before != now && self.sides.compared && !pairs.contains(raw) {
                    pairs.push(*raw);
                }
            }
        }
        let mut questions = QUESTIONS;
        for (kind, left) in open {
            let environment =
                self.kinds.get(kind).map(|kind| -> Environment { (kind.census.action.clone(), kind.types.clone()) });
            let mut session = environment.and_then(|environment| self.engine.session(&environment));
            for (number, (side, set, resource)) in left {
                let contexts = match &mut session {
                    Some(session) if questions > 0 => {
                        questions -= 1;
                        self.engine.contexts(session, number)
                    }
                    _ => Contexts::Unknown,
                };
                let example = || {
                    let who = columns.sets.get(usize::try_from(set).ok()?)?.iter().next()?;
                    Some((principals.get(who)?, columns.uids.get(usize::try_from(resource).ok()?)?))
                };
                let access = match contexts {
                    Contexts::None => Access::Denied,
                    Contexts::All => Access::Allowed,
                    Contexts::Unknown => self.conditional(number, false),
                    Contexts::Some(context) => {
                        let shown = example().is_some_and(|(principal, resource)| {
                            self.allows(side, kind, principal, resource, &context)
                        });
                        self.conditional(number, shown)
                    }
                };
                self.access.insert((kind, number), access);
            }
            for raw in both.remove(&kind).into_iter().flatten() {
                let [before, now] = raw.map(bound);
                let mut exceeds = |more, less| match &mut session {
                    Some(session) if questions > 0 => {
                        questions -= 1;
                        self.engine.exceeds(session, more, less)
                    }
                    _ => None,
                };
                let found = [exceeds(now, before), exceeds(before, now)];
                self.pairs.insert((kind, raw), found);
            }
        }
    }

    fn conditional(&self, number: usize, shown: bool) -> Access {
        let condition = self.conditions.get(number).map(|condition| readable(condition, shown));
        let none = AccessCondition { when: Vec::new(), unless: Vec::new(), shown };
        Access::Conditional(Arc::new(condition.unwrap_or(none)))
    }

    fn allows(&self, side: usize, kind: usize, principal: &EntityUid, resource: &EntityUid, context: &Context) -> bool {
        let (Some(set), Some(kind)) = (self.sets.get(side), self.kinds.get(kind)) else { return false };
        let action = kind.census.action.clone();
        let request = Request::new(principal.clone(), action, resource.clone(), context.clone(), None);
        request.is_ok_and(|request| {
            Authorizer::new().is_authorized(&request, set, self.sides.entities).decision() == Decision::Allow
        })
    }

    fn access(&self, kind: usize, access: Option<decide::Access>) -> Access {
        match access {
            None => Access::Denied,
            Some(decide::Access::Allowed) => Access::Allowed,
            Some(decide::Access::Conditional(number)) => match self.access.get(&(kind, number)) {
                Some(access) => access.clone(),
                None => self.conditional(number, false),
            },
        }
    }

    /// What becomes of both sides of a kind of request.
    fn comes_to(&self, kind: usize, raw: Raw) -> ([Access; 2], Move) {
        let [before, now] = raw;
        let [old, new] = [self.access(kind, before), self.access(kind, now)];
        let moved = match self.pairs.get(&(kind, raw)) {
            // What is not known is said to be both.
            Some([gains, loses]) => Move { gains: gains.unwrap_or(true), loses: loses.unwrap_or(true) },
            None => Move { gains: new > old && old != new, loses: old > new && old != new },
        };
        if old != new && !moved.gains && !moved.loses {
            // Two ways to say the same.
            return ([new.clone(), new], moved);
        }
        ([old, new], moved)
    }
}

fn bound(access: Option<decide::Access>) -> Bound {
    match access {
        None => Bound::Always(false),
        Some(decide::Access::Allowed) => Bound::Always(true),
        Some(decide::Access::Conditional(number)) => Bound::Condition(number),
    }
}

/// The schema of the new side, else of the old, else one that is inferred from both.
fn model(sides: &Sides<'_>) -> Option<Arc<SchemaModel>> {
    let stores = [sides.old, sides.new];
    let declared = stores.iter().rev().flatten().find_map(|store| schema(store));
    let of = |schema| SchemaModel::answered_by(schema, Arc::clone(sides.solvers)).ok();
    match declared {
        Some(schema) => of(schema),
        None if sides.inference => of(&infer(&stores).ok()?.schema),
        None => None,
    }
}
