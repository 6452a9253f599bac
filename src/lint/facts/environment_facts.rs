//! One request environment: what each policy does there. As few questions as will do: each answer with a request tells
//! what it says of other policies too.

use std::collections::BTreeMap;

use cedar_policy::Effect;

use super::members::Member;
use super::questions::{any_other, errors, matches, policy};
use super::unanswered::Unanswered;
use crate::symbolic::{Answer, Formula, Meter, Reason, Sample, Session};

/// What is known of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lint) enum Known {
    /// It is so.
    Yes,
    /// It is not.
    No,
    /// Not decided.
    Unknown,
}

/// What one policy does in one environment.
#[derive(Debug, Clone, Copy)]
pub(in crate::lint) struct Fact {
    /// The environment.
    pub(in crate::lint) environment: usize,
    /// It matches some request.
    pub(in crate::lint) live: Known,
    /// It matches every request.
    pub(in crate::lint) always: Known,
    /// It is live, and all that it matches is matched by others of its effect.
    pub(in crate::lint) shadowed: Known,
    /// It is a live permit, and all that it matches is forbidden.
    pub(in crate::lint) overridden: Known,
    /// It is a forbid that errors on some request.
    pub(in crate::lint) errors: Known,
}

/// What was found in one environment.
#[derive(Debug, Default)]
pub(in crate::lint) struct EnvironmentFacts {
    /// By index, in order, for the policies that apply there.
    pub(in crate::lint) facts: Vec<(usize, Fact)>,
    /// Policies that the engine does not have there, and why.
    pub(in crate::lint) set_aside: Vec<(usize, String)>,
    /// Policies that do not typecheck there.
    pub(in crate::lint) ill_typed: Vec<usize>,
    /// For a live policy that others may cover: those that match one request that it does.
    pub(in crate::lint) seen: BTreeMap<usize, Vec<usize>>,
    /// Whether some request is allowed.
    pub(in crate::lint) allowed: Option<Known>,
    /// Questions without an answer.
    pub(in crate::lint) unanswered: Unanswered,
}

impl EnvironmentFacts {
    /// The same for the `at`-th environment, which is like it.
    pub(super) fn at(&self, at: usize) -> Self {
        let facts = self.facts.iter().map(|(index, fact)| (*index, Fact { environment: at, ..*fact })).collect();
        Self {
            facts,
            set_aside: self.set_aside.clone(),
            ill_typed: self.ill_typed.clone(),
            seen: self.seen.clone(),
            allowed: self.allowed,
            unanswered: self.unanswered.clone(),
        }
    }
}

/// Finds out what `members` do in the environment of `session`, the `at`-th; each is a part of the work for
/// `meter`, which knows of them.
pub(super) fn examine_environment(
    session: &mut Session<'_>,
    at: usize,
    members: &[Member<'_>],
    meter: &Meter,
) -> EnvironmentFacts {
    let applicable: Vec<usize> = session.applicable(0).into_iter().map(|policy| policy.index).collect();
    let set_aside = session.set_aside(0).into_iter().map(|(policy, why)| (policy.index, why.to_string())).collect();
    let ill_typed = session.ill_typed(0).into_iter().map(|policy| policy.index).collect();
    let mut asking =
        Asking { session, unmatched: applicable.clone(), seen: BTreeMap::new(), unanswered: Unanswered::default() };
    let deciding = |effect| {
        let of =
            move |index: &usize| members.get(*index).is_some_and(|member| member.decides() && member.effect == effect);
        applicable.iter().copied().filter(of)
    };
    let forbids = deciding(Effect::Forbid).count();
    let mut allowed = None;
    let mut facts: Vec<(usize, Fact)> = Vec::new();
    // All policies are parts, whichever apply: so it is known beforehand how many there are.
    let each = members.len() / applicable.len().max(1);
    meter.finish(members.len() - each * applicable.len());
    for index in applicable.iter().copied() {
        meter.finish(each);
        let Some(member) = members.get(index) else { continue };
        let mut fact = Fact {
            environment: at,
            live: Known::Yes,
            always: Known::No,
            shadowed: Known::No,
            overridden: Known::No,
            errors: Known::No,
        };
        match (member.decides(), member.effect) {
            (false, _) => fact.live = asking.possible(index, &matches(index)),
            (true, Effect::Permit) => {
                if asking.ask_about_permit(index, forbids > 0, &mut fact) {
                    allowed = Some(Known::Yes);
                }
            }
            (true, Effect::Forbid) => asking.ask_about_forbid(index, &mut fact),
        }
        facts.push((index, fact));
    }
    for (index, fact) in facts.iter_mut().filter(|(_, fact)| fact.live != Known::No) {
        let decides = members.get(*index).is_some_and(Member::decides);
        if decides && asking.unmatched.contains(index) {
            fact.always = asking.possible(*index, &!matches(*index)).not();
        }
    }
    let permitted =
        deciding(Effect::Permit).any(|index| facts.iter().any(|(of, fact)| *of == index && fact.live == Known::Yes));
    let (permit, forbid) = (deciding(Effect::Permit).next(), deciding(Effect::Forbid).next());
    if let (true, None, Some(permit), Some(forbid)) = (permitted, allowed, permit, forbid) {
        let question = any_other(Effect::Permit, forbid).and(!any_other(Effect::Forbid, permit));
        allowed = Some(asking.possible(forbid, &question));
    }
    EnvironmentFacts { facts, set_aside, ill_typed, seen: asking.seen, allowed, unanswered: asking.unanswered }
}

impl Known {
    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }
}

struct Asking<'s, 'r> {
    session: &'s mut Session<'r>,
    /// Policies that matched in every model so far.
    unmatched: Vec<usize>,
    seen: BTreeMap<usize, Vec<usize>>,
    unanswered: Unanswered,
}

impl Asking<'_, '_> {
    /// Whether there is a request as `question` says.
    fn possible(&mut self, about: usize, question: &Formula) -> Known {
        match self.ask(question) {
            Ok(known) => known,
            Err(reason) => {
                self.unanswered.note(about, &reason);
                Known::Unknown
            }
        }
    }

    fn ask(&mut self, question: &Formula) -> Result<Known, Reason> {
        match self.session.check(question) {
            Answer::Impossible => Ok(Known::No),
            Answer::Witness(sample) => {
                self.learn(&sample);
                Ok(Known::Yes)
            }
            Answer::Unknown(reason) => Err(reason),
        }
    }

    /// Whether the policy matches anything, and which others match one such request.
    fn live(&mut self, index: usize) -> Known {
        match self.session.check(&matches(index)) {
            Answer::Impossible => Known::No,
            Answer::Witness(sample) => {
                self.learn(&sample);
                let others = sample.matching(0).iter().copied().filter(|other| *other != index);
                self.seen.insert(index, others.collect());
                Known::Yes
            }
            Answer::Unknown(reason) => {
                self.unanswered.note(index, &reason);
                Known::Unknown
            }
        }
    }

    fn learn(&mut self, sample: &Sample) {
        self.unmatched.retain(|index| sample.matches(policy(*index)) != Some(false));
    }

    /// Asks about a permit; whether a request was seen that it permits.
    fn ask_about_permit(&mut self, index: usize, forbids: bool, fact: &mut Fact) -> bool {
        let alone = matches(index).and(!any_other(Effect::Permit, index));
        let decisive = alone.clone().and(!any_other(Effect::Forbid, index));
        // Without an answer here the single questions may still have one.
        let decides = self.ask(&decisive);
        if matches!(decides, Ok(Known::Yes)) {
            return true;
        }
        fact.live = self.live(index);
        if fact.live != Known::Yes {
            fact.shadowed = fact.live;
            fact.overridden = fact.live;
            return false;
        }
        fact.shadowed = match decides {
            Ok(decides) if !forbids => decides.not(),
            _ => self.possible(index, &alone).not(),
        };
        if !forbids {
            return true;
        }
        let permitted = self.possible(index, &matches(index).and(!any_other(Effect::Forbid, index)));
        fact.overridden = permitted.not();
        permitted == Known::Yes
    }

    fn ask_about_forbid(&mut self, index: usize, fact: &mut Fact) {
        let alone = self.possible(index, &matches(index).and(!any_other(Effect::Forbid, index)));
        if alone != Known::Yes {
            fact.live = self.live(index);
            fact.shadowed = if fact.live == Known::Yes { alone.not() } else { fact.live };
        }
        fact.errors = self.possible(index, &errors(index));
    }
}
