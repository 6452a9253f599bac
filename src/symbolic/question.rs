//! What callers of the engine hold in their hands: questions and answers.

use cedar_policy::{Effect, EntityTypeName};

use super::reason::Reason;

/// One policy of a [`super::Session`]: which side it is on and where it stands among that side's rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PolicyRef {
    /// 0, or 1 for the second of two schemas.
    pub side: usize,
    /// Index into the [`super::CompiledPolicies`] of that side.
    pub index: usize,
}

/// What two requests with their entities may differ in, everything else being the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Apart {
    /// What stands in the context at the end of these names.
    Context(Vec<String>),
    /// What entities of a type have at the end of these names.
    Attribute(EntityTypeName, Vec<String>),
    /// Which tags entities of a type have.
    TagKeys(EntityTypeName),
    /// What the tags of entities of a type are, where both have them.
    TagValues(EntityTypeName),
}

/// A question about one request: what is asked of it, in terms of what single policies do with it.
///
/// A formula is plain data: it belongs to no session and may be asked of any that has the policies it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Formula {
    /// Always true, or always false.
    Constant(bool),
    /// The policy is satisfied: scope and conditions are true, without error.
    Matches(PolicyRef),
    /// Evaluating the policy ends in an error (and the authorizer skips it).
    Errors(PolicyRef),
    /// Some policy of that side and effect other than `except` is satisfied, of those that are compiled; templates
    /// without links are none of them. [`super::Session::expand`] writes it out.
    AnyOther {
        /// The side.
        side: usize,
        /// The effect.
        effect: Effect,
        /// The one left out.
        except: usize,
    },
    /// The operand does not hold.
    Not(Box<Formula>),
    /// Every operand holds; true when there is none.
    And(Vec<Formula>),
    /// Some operand holds; false when there is none.
    Or(Vec<Formula>),
}

impl std::ops::Not for Formula {
    type Output = Formula;

    /// The negation.
    fn not(self) -> Formula {
        match self {
            Formula::Constant(value) => Formula::Constant(!value),
            Formula::Not(inner) => *inner,
            other => Formula::Not(Box::new(other)),
        }
    }
}

impl Formula {
    /// Both hold.
    #[must_use]
    pub fn and(self, other: Formula) -> Formula {
        Formula::And(vec![self, other])
    }

    /// One of the two holds.
    #[must_use]
    pub fn or(self, other: Formula) -> Formula {
        Formula::Or(vec![self, other])
    }

    /// Cedar's decision over these policies is Allow: some permit matches and no forbid does.
    ///
    /// Source: <https://docs.cedarpolicy.com/auth/authorization.html>, "skip on error, deny overrides".
    pub fn allow(permits: &[PolicyRef], forbids: &[PolicyRef]) -> Formula {
        let permitted = Formula::Or(permits.iter().copied().map(Formula::Matches).collect());
        let forbidden = Formula::Or(forbids.iter().copied().map(Formula::Matches).collect());
        permitted.and(!forbidden)
    }

    /// The value of the formula when `matches` and `errors` say what each policy does. [`Formula::AnyOther`] has to be
    /// written out first and counts as false.
    pub fn evaluate(
        &self,
        matches: &mut dyn FnMut(PolicyRef) -> bool,
        errors: &mut dyn FnMut(PolicyRef) -> bool,
    ) -> bool {
        match self {
            Formula::Constant(value) => *value,
            Formula::AnyOther { .. } => false,
            Formula::Matches(policy) => matches(*policy),
            Formula::Errors(policy) => errors(*policy),
            Formula::Not(inner) => !inner.evaluate(matches, errors),
            Formula::And(all) => all.iter().all(|operand| operand.evaluate(matches, errors)),
            Formula::Or(any) => any.iter().any(|operand| operand.evaluate(matches, errors)),
        }
    }

    /// Calls `visit` with every policy that the formula names, as often as it does.
    pub fn policies(&self, visit: &mut dyn FnMut(PolicyRef)) {
        match self {
            Formula::Constant(_) | Formula::AnyOther { .. } => {}
            Formula::Matches(policy) | Formula::Errors(policy) => visit(*policy),
            Formula::Not(inner) => inner.policies(visit),
            Formula::And(all) | Formula::Or(all) => all.iter().for_each(|operand| operand.policies(visit)),
        }
    }
}

/// Whether a request as asked for exists. `T` is what is known of it when it does.
#[derive(Debug, Clone)]
pub enum Answer<T> {
    /// There is none.
    Impossible,
    /// There is one.
    Witness(T),
    /// Not decided, and why; never to be read as either of the others.
    Unknown(Reason),
}

impl<T> Answer<T> {
    /// The witness, if there is one.
    pub fn witness(self) -> Option<T> {
        match self {
            Answer::Witness(witness) => Some(witness),
            Answer::Impossible | Answer::Unknown(_) => None,
        }
    }

    /// Whether the answer is [`Answer::Impossible`].
    pub fn is_impossible(&self) -> bool {
        matches!(self, Answer::Impossible)
    }

    /// Why there is no answer, if there is none.
    pub fn unknown(&self) -> Option<&Reason> {
        match self {
            Answer::Unknown(reason) => Some(reason),
            Answer::Impossible | Answer::Witness(_) => None,
        }
    }
}
