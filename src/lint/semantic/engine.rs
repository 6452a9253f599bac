//! One store's policies in the engine, and its sessions, made when they are needed.

use std::collections::BTreeMap;

use cedar_policy::{Effect, RequestEnv};

use crate::finding::Evidence;
use crate::symbolic::{Answer, CompiledPolicies, Formula, PolicyRef, Reason, Sample, Session};

/// The policy at `index` matches.
pub(super) fn matches(index: usize) -> Formula {
    Formula::Matches(PolicyRef { side: 0, index })
}

/// The policy at `index` errors.
pub(super) fn errors(index: usize) -> Formula {
    Formula::Errors(PolicyRef { side: 0, index })
}

/// One of `indices` matches.
pub(super) fn any(indices: &[usize]) -> Formula {
    Formula::Or(indices.iter().copied().map(matches).collect())
}

/// Some policy of `effect` that decides matches, other than the one at `except`, which may be of the other effect.
pub(super) fn any_other(effect: Effect, except: usize) -> Formula {
    Formula::AnyOther { side: 0, effect, except }
}

/// Questions that have no answer: how many for each policy, and the first reason.
pub(super) type Unanswered = BTreeMap<usize, (usize, Reason)>;

/// So many sessions are open at a time; each holds its policies compiled.
const OPEN: usize = 64;

/// Sessions over all environments of one store.
pub(super) struct Engine<'r> {
    rules: &'r CompiledPolicies,
    environments: &'r [RequestEnv],
    /// With all policies of an effect at hand.
    whole: BTreeMap<usize, Session<'r>>,
    /// With the few that questions name: such questions are much faster there.
    apart: BTreeMap<usize, Session<'r>>,
    pub(super) unanswered: Unanswered,
}

impl<'r> Engine<'r> {
    pub(super) fn new(rules: &'r CompiledPolicies, environments: &'r [RequestEnv]) -> Self {
        Self { rules, environments, whole: BTreeMap::new(), apart: BTreeMap::new(), unanswered: Unanswered::new() }
    }

    /// What another one over the same policies is made of, on another thread.
    pub(super) fn parts(&self) -> (&'r CompiledPolicies, &'r [RequestEnv]) {
        (self.rules, self.environments)
    }

    fn session(&mut self, environment: usize, apart: bool) -> Option<&mut Session<'r>> {
        let sessions = if apart { &mut self.apart } else { &mut self.whole };
        if !sessions.contains_key(&environment) {
            if sessions.len() >= OPEN {
                sessions.clear();
            }
            sessions.insert(environment, Session::new(self.rules, self.environments.get(environment)?));
        }
        sessions.get_mut(&environment)
    }

    /// Whether a request of `environment` is as `question` says. Without an answer, `about` is noted.
    pub(super) fn check(&mut self, environment: usize, question: &Formula, about: usize) -> Answer<Sample> {
        self.ask(environment, question, about, false)
    }

    /// The same for a question that names a few policies and no others.
    pub(super) fn check_apart(&mut self, environment: usize, question: &Formula, about: usize) -> Answer<Sample> {
        self.ask(environment, question, about, true)
    }

    fn ask(&mut self, environment: usize, question: &Formula, about: usize, apart: bool) -> Answer<Sample> {
        let answer = match self.session(environment, apart) {
            Some(session) => session.check(question),
            None => Answer::Impossible,
        };
        if let Answer::Unknown(reason) = &answer {
            note(&mut self.unanswered, about, 1, reason);
        }
        answer
    }

    /// A request of `environment` as one of `questions` says, the first that there is one for.
    pub(super) fn example(&mut self, environment: usize, about: usize, questions: &[Formula]) -> Option<Evidence> {
        for question in questions {
            match self.session(environment, false)?.find(question) {
                Answer::Witness(witness) => {
                    let case = witness.cases.into_iter().next()?;
                    return Some(Evidence { request: case.request_json, entities: case.entities_json });
                }
                Answer::Impossible => {}
                Answer::Unknown(reason) => note(&mut self.unanswered, about, 1, &reason),
            }
        }
        None
    }
}

/// Counts questions about `policy` that have no answer.
pub(super) fn note(unanswered: &mut Unanswered, policy: usize, count: usize, reason: &Reason) {
    unanswered.entry(policy).or_insert_with(|| (0, reason.clone())).0 += count;
}
