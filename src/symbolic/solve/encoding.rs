//! Policies and formulas as literals.

use std::collections::HashMap;
use std::rc::Rc;

use cedar_policy::{Effect, EntityUid, SlotId};
use rustc_hash::FxHashSet;

use super::policies::SessionPolicies;
use crate::symbolic::circuit::{Demand, Lit, Many};
use crate::symbolic::compile::{Function, SchemaModel, Status, Subject, Variant};
use crate::symbolic::encode::{Axioms, Encoder, Origin, SlotPlace, Widths};
use crate::symbolic::question::{Apart, Formula, PolicyRef};
use crate::symbolic::reason::{Difficulty, Reason, SetAsideReason};

/// Up to so many alternatives are looked at from the start.
const FEW: usize = 4;

/// A policy as literals.
#[derive(Debug, Clone, Copy)]
pub(super) struct Encoded {
    pub(super) matches: Lit,
    pub(super) errors: Lit,
    hard: Option<Difficulty>,
}

impl Encoded {
    /// A policy that does nothing.
    const NOTHING: Self = Self { matches: Lit::FALSE, errors: Lit::FALSE, hard: None };
}

/// What the policies of a side do, as literals: index and when it matches, index and when it errors.
#[derive(Debug, Default)]
pub(super) struct Doing {
    pub(super) known: Rc<Vec<bool>>,
    pub(super) matches: Many,
    pub(super) errors: Many,
}

/// For each policy: some policy before it matches, some policy after it does.
#[derive(Debug)]
pub(super) struct Others {
    pub(super) before: Vec<Lit>,
    pub(super) after: Vec<Lit>,
}

/// What makes searches long, in the question being encoded.
pub(super) type Hard = Option<Difficulty>;

/// The policies of a session, and what of them is encoded.
#[derive(Debug)]
pub(in crate::symbolic) struct Encoding<'a> {
    pub(in crate::symbolic) policies: SessionPolicies<'a>,
    pub(in crate::symbolic) encoder: Encoder<'a>,
    /// By side and index, as far as policies were asked for.
    pub(super) encoded: Vec<Vec<Option<Encoded>>>,
    pub(super) others: HashMap<(usize, Effect), Others>,
    pub(super) deciding: HashMap<(usize, Effect), Rc<Many>>,
    /// By side: the policies that are encoded, by what each does.
    pub(super) doing: Vec<Doing>,
    /// How often the encoding began again.
    pub(super) begun: u32,
    /// The inputs of a model in which each policy matches, if there is one, as far as that was asked for.
    pub(super) models: HashMap<PolicyRef, Option<Rc<[Lit]>>>,
    /// For each variant of a template but the first, the literal that says it is in force; the last that holds is.
    selectors: HashMap<PolicyRef, Vec<Lit>>,
}

impl<'a> Encoding<'a> {
    /// `policies`, nothing of which is encoded.
    pub(super) fn new(policies: SessionPolicies<'a>) -> Self {
        let encoder = encoder(&policies, Axioms::default(), Widths::new());
        let encoded = (0..policies.sides()).map(|side| vec![None; policies.count(side)]).collect();
        let doing = (0..policies.sides()).map(|_| Doing::default()).collect();
        let (others, deciding) = (HashMap::new(), HashMap::new());
        let (models, selectors) = (HashMap::new(), HashMap::new());
        Self { policies, encoder, encoded, others, deciding, doing, begun: 0, models, selectors }
    }

    /// Begins the encoding again; what is compiled stays.
    pub(super) fn restart(&mut self, axioms: Axioms, widths: Widths) {
        self.encoder = encoder(&self.policies, axioms, widths);
        self.encoded.iter_mut().flatten().for_each(|encoded| *encoded = None);
        self.others.clear();
        self.deciding.clear();
        self.models.clear();
        self.begun += 1;
        self.doing.iter_mut().for_each(|doing| *doing = Doing::default());
        self.selectors.clear();
    }

    /// Adds a policy that questions may name.
    pub(super) fn add(&mut self, side: usize, subject: &'a Subject) -> PolicyRef {
        if let Some(encoded) = self.encoded.get_mut(side) {
            encoded.push(None);
        }
        self.policies.add(side, subject)
    }

    /// Which of a template's variants is in force in the last model.
    pub(in crate::symbolic) fn chosen_variant(&self, policy: PolicyRef) -> Option<&Variant> {
        let selectors = self.selectors.get(&policy).map_or(&[][..], Vec::as_slice);
        // The variant in force is the last whose selector holds; the first has none.
        let chosen = selectors.iter().rposition(|lit| self.encoder.circuit.value(*lit)).map_or(0, |index| index + 1);
        self.policies.variants(policy).get(chosen)
    }

    /// What has to hold for `question` to hold, as literals, and whether each is likely to need work. That no other
    /// policy matches is usually so by itself.
    pub(super) fn demands(
        &mut self,
        question: &Formula,
        hard: &mut Hard,
        demands: &mut Vec<Demand>,
    ) -> Result<(), Reason> {
        match question {
            Formula::And(all) => return all.iter().try_for_each(|operand| self.demands(operand, hard, demands)),
            Formula::Not(inner) => match &**inner {
                Formula::Or(any) => {
                    for operand in any {
                        demands.push(Demand::Literal(!self.literal(operand, hard)?, any.len() <= FEW));
                    }
                    return Ok(());
                }
                Formula::AnyOther { side, effect, except } => {
                    let others = self.deciding_literals(*side, *effect, hard)?;
                    demands.push(Demand::None(others, *except, FxHashSet::default()));
                    return Ok(());
                }
                _ => {}
            },
            _ => {}
        }
        demands.push(Demand::Literal(self.literal(question, hard)?, true));
        Ok(())
    }

    /// The formula as a literal.
    fn literal(&mut self, formula: &Formula, hard: &mut Hard) -> Result<Lit, Reason> {
        Ok(match formula {
            Formula::Constant(value) => Lit::from(*value),
            Formula::Matches(policy) => self.policy(*policy, hard)?.matches,
            Formula::Errors(policy) => self.policy(*policy, hard)?.errors,
            Formula::AnyOther { side, effect, except } => self.any_other(*side, *effect, *except, hard)?,
            Formula::Not(inner) => !self.literal(inner, hard)?,
            Formula::And(all) => {
                let all = self.literals(all, hard)?;
                self.encoder.circuit.all(all)
            }
            Formula::Or(any) => {
                let any = self.literals(any, hard)?;
                self.encoder.circuit.any(any)
            }
        })
    }

    fn literals(&mut self, formulas: &[Formula], hard: &mut Hard) -> Result<Vec<Lit>, Reason> {
        formulas.iter().map(|operand| self.literal(operand, hard)).collect()
    }

    /// The policy as literals.
    pub(super) fn policy(&mut self, policy: PolicyRef, hard: &mut Hard) -> Result<Encoded, Reason> {
        let known = match self.encoded.get(policy.side).and_then(|side| side.get(policy.index)) {
            Some(Some(known)) => *known,
            _ => {
                let made = self.new_policy(policy).map_err(|why| self.refusal(policy, why))?;
                if let Some(slot) = self.encoded.get_mut(policy.side).and_then(|side| side.get_mut(policy.index)) {
                    *slot = Some(made);
                }
                self.note(policy, made);
                made
            }
        };
        *hard = (*hard).max(known.hard);
        Ok(known)
    }

    /// Keeps what the policy does for those who ask what policies do in a model.
    fn note(&mut self, policy: PolicyRef, made: Encoded) {
        let Some(doing) = self.doing.get_mut(policy.side) else { return };
        let known = Rc::make_mut(&mut doing.known);
        if known.len() <= policy.index {
            known.resize(policy.index + 1, false);
        }
        if let Some(slot) = known.get_mut(policy.index) {
            *slot = true;
        }
        for (many, lit) in [(&mut doing.matches, made.matches), (&mut doing.errors, made.errors)] {
            self.encoder.circuit.join(many, policy.index, lit);
        }
    }

    /// That the policy is set aside, as the reason for having no answer.
    pub(super) fn refusal(&self, policy: PolicyRef, why: SetAsideReason) -> Reason {
        let policy = self.policies.subject(policy).map(|subject| subject.id().to_owned()).unwrap_or_default();
        Reason::SetAside { policy, why }
    }

    fn new_policy(&mut self, policy: PolicyRef) -> Result<Encoded, SetAsideReason> {
        match self.policies.status(policy) {
            Status::Applies => {}
            Status::OutOfScope => return Ok(Encoded::NOTHING),
            Status::SetAside(why) => return Err(why),
        }
        let Self { policies, encoder, selectors, .. } = self;
        let mut result: Option<Encoded> = None;
        for variant in policies.variants(policy) {
            let slots = places_of_slots(encoder, policy, variant);
            let (matches, hard) = encoder.condition(&variant.matches, policy.side, slots.clone())?;
            let (errors, more) = encoder.condition(&variant.errors, policy.side, slots)?;
            let hard = hard.max(more);
            result = Some(match result {
                None => Encoded { matches, errors, hard },
                // Which variant it is, is as unknown as what stands in its slots.
                Some(first) => {
                    let this = encoder.circuit.fresh();
                    selectors.entry(policy).or_default().push(this);
                    Encoded {
                        matches: encoder.circuit.choice(this, matches, first.matches),
                        errors: encoder.circuit.choice(this, errors, first.errors),
                        hard: first.hard.max(hard),
                    }
                }
            });
        }
        Ok(result.unwrap_or(Encoded::NOTHING))
    }

    /// Whether the two come to the same formula; of two templates, with the same in their slots. `None` when one is set
    /// aside.
    pub(super) fn same_formula(&mut self, one: PolicyRef, other: PolicyRef) -> Option<bool> {
        // Both are encoded whatever comes of the first, so that what follows does not hang on it.
        if self.policies.subject(one).is_some_and(Subject::is_template) {
            let (a, b) = (self.in_slots_of(one, one), self.in_slots_of(other, one));
            return Some(a.ok()? == b.ok()?);
        }
        let mut hard = None;
        let (a, b) = (self.policy(one, &mut hard), self.policy(other, &mut hard));
        Some(a.ok()?.matches == b.ok()?.matches)
    }

    /// For each variant of a policy: when it matches, its slots being those of `owner`, and what stands in them.
    fn in_slots_of(
        &mut self,
        policy: PolicyRef,
        owner: PolicyRef,
    ) -> Result<Vec<(Lit, Vec<EntityUid>)>, SetAsideReason> {
        match self.policies.status(policy) {
            Status::Applies => {}
            Status::OutOfScope => return Ok(vec![(Lit::FALSE, Vec::new())]),
            Status::SetAside(why) => return Err(why),
        }
        let Self { policies, encoder, .. } = self;
        let mut literals = Vec::new();
        for variant in policies.variants(policy) {
            let slots = places_of_slots(encoder, owner, variant);
            let (matches, _) = encoder.condition(&variant.matches, policy.side, slots)?;
            literals.push((matches, variant.slots.iter().map(|value| value.entity.clone()).collect()));
        }
        Ok(literals)
    }
}

/// The places of the slots of `owner`, for the entities that stand for them in the variant.
fn places_of_slots(encoder: &mut Encoder<'_>, owner: PolicyRef, variant: &Variant) -> Vec<SlotPlace> {
    let markers = variant.slots.iter().filter(|value| value.marker);
    markers
        .map(|value| encoder.slot(owner.side, owner.index, value.slot == SlotId::resource(), &value.entity))
        .collect()
}

fn encoder<'a>(policies: &SessionPolicies<'a>, axioms: Axioms, widths: Widths) -> Encoder<'a> {
    let schemas: Vec<&'a SchemaModel> = policies.schemas().collect();
    // Room for a constant and an unknown for each policy, and some; more is made when needed.
    let count: usize = (0..policies.sides()).map(|side| policies.count(side)).sum();
    let least = (2 * count + 14).next_power_of_two().trailing_zeros() as usize;
    let contexts = [policies.context_type(0), policies.context_type(1)];
    let mut encoder = Encoder::new(schemas, contexts, axioms, widths, least);
    encoder.places.loosened = policies.loosened();
    encoder.places.apart = policies.apart().map(|what| match what {
        Apart::Context(path) => (Origin::Context, path.iter().map(Into::into).collect()),
        Apart::Attribute(ty, path) => {
            (Origin::Function(Function::Attributes(ty.clone())), path.iter().map(Into::into).collect())
        }
        Apart::TagKeys(ty) => (Origin::Function(Function::TagKeys(ty.clone())), Vec::new()),
        Apart::TagValues(ty) => (Origin::Function(Function::TagValues(ty.clone())), Vec::new()),
    });
    encoder
}
