//! The search for a model of a question.
//!
//! A question is encoded as literals, and the solver is asked for a model in which they hold. Each theory then looks at
//! the model and adds the axioms that it breaks, as clauses; the solver is asked again, until a model breaks none or
//! there is no model. Clauses stay: they hold in every world, so later questions profit.
//!
//! # Why
//!
//! The budget is one of steps, not of time, and the states of combined patterns are bounded by number: the same
//! questions in the same order have the same answers on every machine. Conflicts, models and comparisons of numbers all
//! cost steps, and the questions of an environment share what there is, so that a store of hard questions ends too.

use std::collections::BTreeMap;
use std::rc::Rc;

use cedar_policy::RequestEnv;

use super::encoding::{Doing, Encoding, Hard};
use super::policies::SessionPolicies;
use crate::symbolic::circuit::{Demand, Lit, Solved};
use crate::symbolic::compile::{CompiledPolicies, Status, Subject};
use crate::symbolic::encode::{Axioms, Widths};
use crate::symbolic::question::{Answer, Apart, Formula, PolicyRef};
use crate::symbolic::reason::{Difficulty, Reason, SetAsideReason};
use crate::symbolic::theory::linear::{self, Numbered};
use crate::symbolic::theory::strings::{Checked, STATES};
use crate::symbolic::theory::{congruence, hierarchy, sets, strings};

/// How many steps of the search a question may take, unless [`crate::symbolic::Session::with_budget`] says otherwise: a
/// conflict is one, and more where much was taken in. Steps are counted, not timed, so that answers repeat.
pub const DEFAULT_BUDGET: u64 = 100_000;

/// So many steps all questions of one environment may take, those aside that take few; environments share them. It is
/// what [`SMALL`] policies have: more policies have as many times more.
const PURSE: u64 = 25_000;

/// So many at least are for each environment.
const LEAST_PURSE: u64 = 3_000;

/// A store of so many policies is small. In a larger one plain questions take many steps too, for each looks at many
/// policies, and there are more of them.
const SMALL: u64 = 200;

/// A question takes at most such a part of what is left.
const SHARE: u64 = 3;

/// So many steps every question may take.
const FREE: u64 = 50;

/// Bits of products are so much harder than others.
const PRODUCT_WEIGHT: u64 = 10;

/// So many comparisons of numbers, looked at once, are a step.
const COMPARISONS: u64 = 100;

/// A model is one step, and one more for each so many variables, and gates that are computed besides.
const MODEL: u64 = 2_000;

/// Taking in bits is a step for each so many variables.
const TAKEN: u64 = 200;

/// How many times the theories may object to a model of one question.
const ROUNDS: usize = 20_000;

/// How many times an encoding may begin again with more room; each time there is twice as much.
const WIDENINGS: usize = 32;

/// Conflicts that one try at plainer numbers may take.
const PATIENCE: u64 = 1_000;

/// What single policies do with the request of one model: free knowledge that comes with an answer.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    sides: Vec<Done>,
}

/// What the policies of one side do.
#[derive(Debug, Clone, Default)]
struct Done {
    /// Whether the model says, by index.
    known: Rc<Vec<bool>>,
    /// Those that match, in order.
    matching: Vec<usize>,
    /// Those that error, in order.
    erring: Vec<usize>,
}

impl Sample {
    /// Whether the policy matches there, if the model says.
    pub fn matches(&self, policy: PolicyRef) -> Option<bool> {
        let side = self.of(policy)?;
        Some(side.matching.binary_search(&policy.index).is_ok())
    }

    /// Whether the policy errors there, if the model says.
    pub fn errors(&self, policy: PolicyRef) -> Option<bool> {
        let side = self.of(policy)?;
        Some(side.erring.binary_search(&policy.index).is_ok())
    }

    /// The policies of a side that match there, by index, in order, as far as the model says.
    pub fn matching(&self, side: usize) -> &[usize] {
        self.sides.get(side).map_or(&[], |side| &side.matching)
    }

    /// Of which policies of a side the model says what they do, by index; of those beyond the end it does not.
    pub fn known(&self, side: usize) -> &[bool] {
        self.sides.get(side).map_or(&[], |side| &side.known)
    }

    fn of(&self, policy: PolicyRef) -> Option<&Done> {
        let side = self.sides.get(policy.side)?;
        side.known.get(policy.index).copied().unwrap_or_default().then_some(side)
    }
}

/// The policies of one environment, as far as they are encoded, and the last model.
#[derive(Debug)]
pub(in crate::symbolic) struct Solver<'a> {
    pub(in crate::symbolic) encoding: Encoding<'a>,
    /// The strings of the last model's classes, as far as patterns speak of them.
    pub(in crate::symbolic) strings: BTreeMap<usize, String>,
    pub(in crate::symbolic) budget: u64,
    /// The steps that are left to all questions.
    purse: u64,
    /// What taking in the bits of products came to, at most.
    bits: u64,
}

impl<'a> Solver<'a> {
    /// `sides` over `environment`, nothing of which is compiled.
    pub(in crate::symbolic) fn new(sides: Vec<&'a CompiledPolicies>, environment: &RequestEnv) -> Self {
        Self::of(SessionPolicies::new(sides, environment))
    }

    /// The same, where what only the first side requires may be absent on the second.
    pub(in crate::symbolic) fn loosened(sides: Vec<&'a CompiledPolicies>, environment: &RequestEnv) -> Self {
        Self::of(SessionPolicies::new(sides, environment).with_loosened())
    }

    /// Twice the same policies, over requests that differ in `what` alone.
    pub(in crate::symbolic) fn apart(policies: &'a CompiledPolicies, environment: &RequestEnv, what: &Apart) -> Self {
        Self::of(SessionPolicies::new(vec![policies, policies], environment).with_apart(what))
    }

    /// `policies`, as far as they are compiled.
    pub(in crate::symbolic) fn of(policies: SessionPolicies<'a>) -> Self {
        let environments = policies.schemas().map(|schema| schema.environments().len()).max().unwrap_or(1);
        let count: usize = (0..policies.sides()).map(|side| policies.count(side)).sum();
        let times = (count as u64 / SMALL).max(1);
        let purse = (PURSE / (environments as u64).max(1)).max(LEAST_PURSE).saturating_mul(times);
        Self { encoding: Encoding::new(policies), strings: BTreeMap::new(), budget: DEFAULT_BUDGET, purse, bits: 0 }
    }

    /// Begins again with other axioms.
    pub(in crate::symbolic) fn set_axioms(&mut self, axioms: Axioms) {
        self.encoding.restart(axioms, Widths::new());
    }

    /// Adds a policy that questions may name.
    pub(in crate::symbolic) fn add_policy(&mut self, side: usize, subject: &'a Subject) -> PolicyRef {
        self.encoding.add(side, subject)
    }

    /// Begins the encoding again if it turned out to be too narrow; whether it did.
    fn widen(&mut self) -> bool {
        let widths = self.encoding.encoder.spaces.too_narrow();
        let axioms = self.encoding.encoder.axioms;
        widths.map(|widths| self.encoding.restart(axioms, widths)).is_some()
    }

    /// Whether the two policies come to the same formula.
    pub(in crate::symbolic) fn equivalent(&mut self, one: PolicyRef, other: PolicyRef) -> bool {
        for _ in 0..WIDENINGS {
            let Some(same) = self.encoding.same_formula(one, other) else { return false };
            if !self.widen() {
                return same;
            }
        }
        false
    }

    /// Whether there is a model in which `question` holds.
    pub(in crate::symbolic) fn solve(&mut self, question: &Formula) -> Answer<()> {
        self.solve_with(question, &[])
    }

    /// `besides` has to hold as well; such literals are of this encoding, so that it cannot begin again.
    pub(super) fn solve_with(&mut self, question: &Formula, besides: &[Lit]) -> Answer<()> {
        if let Some(reason) = self.named_set_aside(question) {
            return Answer::Unknown(reason);
        }
        let mut hard = None;
        for _ in 0..WIDENINGS {
            let mut demands = Vec::new();
            if let Err(reason) = self.encoding.demands(question, &mut hard, &mut demands) {
                return Answer::Unknown(reason);
            }
            if self.encoding.encoder.spaces.too_narrow().is_none() {
                demands.extend(besides.iter().map(|lit| Demand::Literal(*lit, true)));
                self.encoding.encoder.circuit.begin(demands);
                let allowed = self.allowed(hard, besides);
                if let Some(answer) = self.refute_or_find(allowed, hard) {
                    return answer;
                }
            }
            if !besides.is_empty() || !self.widen() {
                break;
            }
        }
        Answer::Unknown(Reason::Budget { steps: self.budget, hard })
    }

    /// The steps that a search may take.
    fn allowed(&self, hard: Hard, besides: &[Lit]) -> u64 {
        let fair = self.budget.min((self.purse / SHARE).max(FREE));
        match hard {
            _ if !besides.is_empty() => PATIENCE.min(fair),
            Some(Difficulty::Product) => (fair / PRODUCT_WEIGHT).max(1),
            _ => fair,
        }
    }

    /// Models and objections in turn. `None` when the encoding is too narrow, or after too many objections.
    fn refute_or_find(&mut self, allowed: u64, hard: Hard) -> Option<Answer<()>> {
        let mut budget = allowed;
        let answer = self.search(&mut budget, allowed, hard);
        let weight = if hard == Some(Difficulty::Product) { PRODUCT_WEIGHT } else { 1 };
        self.purse = self.purse.saturating_sub((allowed - budget).saturating_sub(FREE / weight) * weight);
        answer
    }

    fn search(&mut self, budget: &mut u64, allowed: u64, hard: Hard) -> Option<Answer<()>> {
        let mut numbered = Numbered::default();
        let mut computed = self.encoding.encoder.circuit.computed();
        for _ in 0..ROUNDS {
            let before = std::mem::replace(&mut computed, self.encoding.encoder.circuit.computed());
            *budget = budget.saturating_sub((computed - before) / MODEL);
            match self.encoding.encoder.circuit.search(budget) {
                Solved::Impossible => return Some(Answer::Impossible),
                Solved::Exhausted => return Some(Answer::Unknown(Reason::Budget { steps: allowed, hard })),
                Solved::Model => {}
            }
            let encoder = &mut self.encoding.encoder;
            let before = numbered.looked_at;
            // What is trusted comes first, for what follows reads the numbers.
            let objects = linear::check(encoder, &mut numbered);
            let price = (numbered.looked_at - before) / COMPARISONS + encoder.circuit.taken() / MODEL;
            *budget = budget.saturating_sub(price);
            if objects {
                continue;
            }
            let circuit = &mut encoder.circuit;
            let before = circuit.taken();
            // Their bits may cost more than is left: that is seen before they are taken in.
            let dear = hard == Some(Difficulty::Product) && *budget < self.bits;
            let broken = circuit.settle_throughout(!dear);
            if dear && broken != Some(false) {
                return Some(Answer::Unknown(Reason::Budget { steps: allowed, hard }));
            }
            if broken.unwrap_or_else(|| circuit.settle_lazies() || circuit.settle()) {
                let price = (circuit.taken() - before) / TAKEN;
                if hard == Some(Difficulty::Product) {
                    self.bits = self.bits.max(price);
                }
                *budget = budget.saturating_sub(price);
                continue;
            }
            match self.refine() {
                Ok(true) if self.encoding.encoder.spaces.too_narrow().is_some() => return None,
                Ok(true) => _ = self.encoding.encoder.circuit.settle(),
                Ok(false) => return Some(Answer::Witness(())),
                Err(reason) => return Some(Answer::Unknown(reason)),
            }
        }
        None
    }

    /// Lets the theories object to the model. Whether one did.
    pub(super) fn refine(&mut self) -> Result<bool, Reason> {
        let encoder = &mut self.encoding.encoder;
        let mut objections = 0;
        if encoder.axioms.congruence {
            objections += congruence::check(encoder);
        }
        objections += sets::check(encoder);
        objections += hierarchy::check(encoder);
        if objections > 0 {
            return Ok(true);
        }
        match strings::check(encoder) {
            Ok(Checked::Strings(strings)) => {
                self.strings = strings;
                Ok(false)
            }
            Ok(Checked::Refuted) => Ok(true),
            Err(_) => Err(Reason::Patterns { states: STATES }),
        }
    }

    /// The first policy that the question names and that is set aside.
    pub(in crate::symbolic) fn named_set_aside(&mut self, question: &Formula) -> Option<Reason> {
        let policies = &mut self.encoding.policies;
        let mut first: Option<(PolicyRef, SetAsideReason)> = None;
        question.policies(&mut |policy| {
            if policies.is_set_aside(policy)
                && first.as_ref().is_none_or(|(earlier, _)| policy < *earlier)
                && let Status::SetAside(why) = policies.status(policy)
            {
                first = Some((policy, why));
            }
        });
        let (policy, why) = first?;
        Some(self.encoding.refusal(policy, why))
    }

    /// What policies do in the last model.
    pub(in crate::symbolic) fn sample(&self) -> Sample {
        let circuit = &self.encoding.encoder.circuit;
        let done = |doing: &Doing| Done {
            known: Rc::clone(&doing.known),
            matching: circuit.holding(&doing.matches),
            erring: circuit.holding(&doing.errors),
        };
        Sample { sides: self.encoding.doing.iter().map(done).collect() }
    }
}
