//! What a comparison gives, and what it is asked for.

use std::collections::BTreeSet;
use std::sync::Arc;

use thiserror::Error;

use super::pair::Which;
use crate::symbolic::{Reason, SetAsideReason, Subject, Witness};

/// Whether some request changes its decision in one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// None does.
    No,
    /// Some does.
    Yes,
    /// Not decided, and why.
    Unknown(Undecided),
}

/// Why something is not decided. `Display` gives a phrase.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Undecided {
    /// The policy pair with this index could not be compiled.
    #[error("a policy could not be analysed")]
    SetAside(usize),
    /// A template changed, and links to it may live elsewhere.
    #[error("what links a template is not in the repository")]
    UnlinkedTemplate,
    /// A policy reads values that one side only knows.
    #[error("a policy reads an attribute of an enumerated type whose members changed")]
    Enumeration,
    /// The engine has no answer.
    #[error("{0}")]
    Unanswered(Reason),
    /// Cedar's authorizer, over all policies, does not decide the example as the engine does, which has them all: a
    /// defect of the engine. The request and entities, as JSON.
    #[error("the engine and Cedar's authorizer disagree about a request")]
    Disagreement(String),
}

/// Requests that change their decision because of the same policies.
#[derive(Debug)]
pub struct Effect {
    /// The smallest set of changes that brings it about: indices of policy pairs, sorted.
    pub causes: Vec<usize>,
    /// A request that shows it; with two cases where there are two schemas, with one where only one side has the
    /// environment.
    pub witness: Witness,
    /// For whom; shared by effects for which it is the same.
    pub condition: Arc<Condition>,
    /// Attributes (tags, for `None`) that are declared with another type than before, and that it hangs on how their
    /// values are carried over; none when the effect is there however that is done.
    pub migrated: BTreeSet<Option<String>>,
    /// Whether it is there only where one of the changed policies cannot be evaluated, before or now, because a number
    /// overflows for instance; proved.
    pub by_error: bool,
    /// What `when` says as a policy, to be tried in other environments.
    pub(super) proof: Option<Subject>,
}

/// Something that is not decided, and the pairs whose changes it is about, by index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Why.
    pub why: Undecided,
    /// About whose changes.
    pub about: BTreeSet<usize>,
}

/// Adds to `open` that something about the change of a pair is not decided: one for each reason.
pub(super) fn leave_open(open: &mut Vec<Open>, why: Undecided, about: usize) {
    let words = why.to_string();
    match open.iter_mut().find(|known| known.why.to_string() == words) {
        Some(known) => _ = known.about.insert(about),
        None => open.push(Open { why, about: BTreeSet::from([about]) }),
    }
}

/// One direction.
#[derive(Debug)]
pub struct Found {
    /// Whether there is an effect.
    pub decided: Decided,
    /// The effects.
    pub effects: Vec<Effect>,
    /// What is not decided, whether there are effects or not.
    pub open: Vec<Open>,
    /// Whether there may be effects of several changes together besides those that are listed.
    pub unlisted: bool,
}

/// What changes in an environment.
#[derive(Debug)]
pub struct Delta {
    /// Allowed by the new side and not by the old.
    pub gained: Found,
    /// Allowed by the old side and not by the new.
    pub lost: Found,
    /// Policies that could not be compiled: index of the pair, side and why.
    pub set_aside: Vec<(usize, Which, SetAsideReason)>,
}

impl Delta {
    /// Nothing changes.
    #[must_use]
    pub fn none() -> Self {
        let no = || Found { decided: Decided::No, effects: Vec::new(), open: Vec::new(), unlisted: false };
        Self { gained: no(), lost: no(), set_aside: Vec::new() }
    }

    /// The same with examples as JSON alone: nobody tries them any more.
    #[must_use]
    pub(super) fn with_json_alone(self) -> Self {
        let bare = |found: Found| {
            let effects = found.effects.into_iter();
            let effects = effects.map(|effect| Effect { witness: effect.witness.as_json(), ..effect }).collect();
            Found { effects, ..found }
        };
        Self { gained: bare(self.gained), lost: bare(self.lost), set_aside: self.set_aside }
    }
}

/// What a comparison needs besides the pair.
#[derive(Clone, Copy)]
pub struct Options<'o> {
    /// Whether Cedar's authorizer, over all policies, decides the witness as it should: allowed by the side named, and
    /// denied by the other if that is asked as well; else what it was asked, as JSON.
    pub confirm: &'o Confirm<'o>,
    /// Whether conditions are to be made short by proofs; else all policies are named that may have a part in them.
    pub conditions: bool,
    /// Whether other environments are to try what is found in this one.
    pub(super) followed: bool,
    /// So many policies may be named in clauses of one environment that name very many.
    pub(super) room: usize,
}

impl<'o> Options<'o> {
    /// Options with this confirmation; `conditions` as for the field.
    #[must_use]
    pub fn new(confirm: &'o Confirm<'o>, conditions: bool) -> Self {
        Self { confirm, conditions, followed: false, room: 0 }
    }
}

/// See [`Options::confirm`].
pub type Confirm<'o> = dyn Fn(&Witness, Which, bool) -> Result<(), String> + Sync + 'o;

/// For whom an effect holds: for the requests for which `when` holds, one of `where_allowed` does if there is any, and
/// none of the others does. An expression that errors does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Condition {
    /// What the changed policies say, as a Cedar expression; `true` for every request.
    pub when: String,
    /// Of a forbid: the permits that allow what it refuses; none where every request of `when` is allowed.
    pub where_allowed: Vec<Clause>,
    /// Permits that allow it on the other side as well.
    pub unless_allowed: Vec<Clause>,
    /// Forbids that refuse it on both sides, or on the side that allows.
    pub unless_refused: Vec<Clause>,
    /// What the clauses leave of a value of which they name many, where that is little; proved.
    pub left: Option<Left>,
    /// Whether the side that allows these requests allows no others of the environment.
    pub everything: bool,
    /// Whether all of these requests change their decision, and the effect has no others; otherwise it has no others.
    pub exact: bool,
    /// Whether the action or the types of the environment decide parts that it does not say any more.
    pub folded: bool,
    /// Whether `when` is as short as it could be proved to be.
    pub short: bool,
}

/// What exceptions leave of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The value, as a Cedar expression.
    pub of: String,
    /// What it may still be.
    pub what: LeftOver,
}

/// What a value may still be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftOver {
    /// These literals, as Cedar expressions, of those that it may be; none where it is none of those that the policies
    /// name.
    Literals(Vec<String>),
    /// No number below the first nor above the second, which both are left; without an end where there is none.
    Range(Option<i64>, Option<i64>),
}

/// A policy that has a part in whom an effect concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// The policy's pair.
    pub entry: usize,
    /// Which of its versions.
    pub side: Which,
    /// When it matches, of the requests for which `when` holds, as a Cedar expression.
    pub condition: Arc<str>,
    /// Of an exception that is a negation: what holds of those requests that are no exception; proved.
    pub opposite: Option<Arc<str>>,
}

/// Conditions that name more policies than this are found anew in each environment.
const TRIED: usize = 48;

impl Condition {
    /// Whether it names more policies than can be asked about at once.
    pub(super) fn is_long(&self) -> bool {
        self.where_allowed.len() + self.unless_allowed.len() + self.unless_refused.len() > TRIED
    }
}

/// Which sides have an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Where {
    /// Both.
    Both,
    /// One.
    Only(Which),
}

impl Found {
    /// Takes in what was found of other requests of the same environment.
    pub(super) fn take(&mut self, other: Found) {
        self.effects.extend(other.effects);
        self.open.extend(other.open);
        self.unlisted |= other.unlisted;
        self.decided = match (std::mem::replace(&mut self.decided, Decided::No), other.decided) {
            (Decided::Yes, _) | (_, Decided::Yes) => Decided::Yes,
            (Decided::Unknown(why), _) | (_, Decided::Unknown(why)) => Decided::Unknown(why),
            (Decided::No, Decided::No) => Decided::No,
        };
    }
}
