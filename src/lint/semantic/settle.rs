//! One request environment: what each policy does there. As few questions as will do: each answer with a request settles what
//! it says of other policies too.

use std::collections::BTreeMap;

use cedar_policy::Effect;

use super::engine::{Unanswered, any_other, errors, matches, note};
use super::members::Member;
use crate::symbolic::{Answer, Formula, PolicyRef, Reason, Sample, Session};

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
pub(super) struct Settled {
    /// By index, in order, for the policies that apply there.
    pub(super) facts: Vec<(usize, Fact)>,
    /// Policies that the engine does not have there, and why.
    pub(super) set_aside: Vec<(usize, String)>,
    /// For a live policy that others may cover: those that match one request that it does.
    pub(super) seen: BTreeMap<usize, Vec<usize>>,
    /// Whether some request is allowed.
    pub(super) allowed: Option<Known>,
    /// Questions without an answer.
    pub(super) unanswered: Unanswered,
}

/// Settles the environment of `session`, the `at`-th.
pub(super) fn settle(session: &mut Session<'_>, at: usize, members: &[Member<'_>]) -> Settled {
    let applicable: Vec<usize> = session.applicable(0).into_iter().map(|policy| policy.index).collect();
    let set_aside = session.set_aside(0).into_iter().map(|(policy, why)| (policy.index, why.to_string())).collect();
    let mut settling = Settling {
        session,
        members: members.len(),
        unmatched: applicable.clone(),
        seen: BTreeMap::new(),
        unanswered: Unanswered::new(),
    };
    let deciding = |effect| {
        let of =
            move |index: &usize| members.get(*index).is_some_and(|member| member.decides() && member.effect == effect);
        applicable.iter().copied().filter(of)
    };
    let forbids = deciding(Effect::Forbid).count();
    let mut allowed = None;
    let mut facts: Vec<(usize, Fact)> = Vec::new();
    for index in applicable.iter().copied() {
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
            (false, _) => fact.live = settling.possible(index, &matches(index)),
            (true, Effect::Permit) => {
                if settling.permit(index, forbids > 0, &mut fact) {
                    allowed = Some(Known::Yes);
                }
            }
            (true, Effect::Forbid) => settling.forbid(index, &mut fact),
        }
        facts.push((index, fact));
    }
    for (index, fact) in facts.iter_mut().filter(|(_, fact)| fact.live != Known::No) {
        let decides = members.get(*index).is_some_and(Member::decides);
        if decides && settling.unmatched.contains(index) {
            fact.always = settling.possible(*index, &!matches(*index)).not();
        }
    }
    let permitted =
        deciding(Effect::Permit).any(|index| facts.iter().any(|(of, fact)| *of == index && fact.live == Known::Yes));
    let (permit, forbid) = (deciding(Effect::Permit).next(), deciding(Effect::Forbid).next());
    if let (true, None, Some(permit), Some(forbid)) = (permitted, allowed, permit, forbid) {
        let question = any_other(Effect::Permit, forbid).and(!any_other(Effect::Forbid, permit));
        allowed = Some(settling.possible(forbid, &question));
    }
    Settled { facts, set_aside, seen: settling.seen, allowed, unanswered: settling.unanswered }
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

struct Settling<'s, 'r> {
    session: &'s mut Session<'r>,
    members: usize,
    /// Policies that matched in every model so far.
    unmatched: Vec<usize>,
    seen: BTreeMap<usize, Vec<usize>>,
    unanswered: Unanswered,
}

impl Settling<'_, '_> {
    /// Whether there is a request as `question` says.
    fn possible(&mut self, about: usize, question: &Formula) -> Known {
        match self.ask(question) {
            Ok(known) => known,
            Err(reason) => {
                note(&mut self.unanswered, about, 1, &reason);
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
                let others = (0..self.members).filter(|other| *other != index);
                let matching =
                    others.filter(|other| sample.matches(PolicyRef { side: 0, index: *other }) == Some(true));
                self.seen.insert(index, matching.collect());
                Known::Yes
            }
            Answer::Unknown(reason) => {
                note(&mut self.unanswered, index, 1, &reason);
                Known::Unknown
            }
        }
    }

    fn learn(&mut self, sample: &Sample) {
        self.unmatched.retain(|index| sample.matches(PolicyRef { side: 0, index: *index }) != Some(false));
    }

    /// Settles a permit; whether a request was seen that it permits.
    fn permit(&mut self, index: usize, forbids: bool, fact: &mut Fact) -> bool {
        let alone = matches(index).and(!any_other(Effect::Permit, index));
        let decisive = alone.clone().and(!any_other(Effect::Forbid, index));
        // Without an answer here the single questions may still have one.
        let settled = self.ask(&decisive);
        if matches!(settled, Ok(Known::Yes)) {
            return true;
        }
        fact.live = self.live(index);
        if fact.live != Known::Yes {
            fact.shadowed = fact.live;
            fact.overridden = fact.live;
            return false;
        }
        fact.shadowed = match settled {
            Ok(settled) if !forbids => settled.not(),
            _ => self.possible(index, &alone).not(),
        };
        if !forbids {
            return true;
        }
        let permitted = self.possible(index, &matches(index).and(!any_other(Effect::Forbid, index)));
        fact.overridden = permitted.not();
        permitted == Known::Yes
    }

    fn forbid(&mut self, index: usize, fact: &mut Fact) {
        let alone = self.possible(index, &matches(index).and(!any_other(Effect::Forbid, index)));
        if alone != Known::Yes {
            fact.live = self.live(index);
            fact.shadowed = if fact.live == Known::Yes { alone.not() } else { fact.live };
        }
        fact.errors = self.possible(index, &errors(index));
    }
}
