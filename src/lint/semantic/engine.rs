//! Questions about one store's policies, and which of them have no answer.

use std::collections::BTreeMap;

use cedar_policy::Effect;

use crate::finding::Evidence;
use crate::symbolic::{Answer, Formula, PolicyRef, Reason, Rules, Sample, Session, Sessions};

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

/// The sessions of one store, and what they had no answer to.
pub(super) struct Engine<'r> {
    pub(super) sessions: Sessions<'r>,
    pub(super) unanswered: Unanswered,
}

impl<'r> Engine<'r> {
    pub(super) fn new(rules: &'r Rules) -> Self {
        Self { sessions: Sessions::new(rules), unanswered: Unanswered::new() }
    }

    /// Whether a request of `environment` is as `question` says. Without an answer, `about` is noted.
    pub(super) fn check(&mut self, environment: usize, question: &Formula, about: usize) -> Answer<Sample> {
        ask(self.sessions.full(environment), &mut self.unanswered, question, about)
    }

    /// The same for a question that names a few policies and no others.
    pub(super) fn check_apart(&mut self, environment: usize, question: &Formula, about: usize) -> Answer<Sample> {
        ask(self.sessions.sparse(environment), &mut self.unanswered, question, about)
    }

    /// A request of `environment` as one of `questions` says, the first that there is one for.
    pub(super) fn example(&mut self, environment: usize, about: usize, questions: &[Formula]) -> Option<Evidence> {
        example(&mut self.sessions, &mut self.unanswered, environment, about, questions)
    }
}

fn ask(
    session: Option<&mut Session<'_>>,
    unanswered: &mut Unanswered,
    question: &Formula,
    about: usize,
) -> Answer<Sample> {
    let answer = session.map_or(Answer::Impossible, |session| session.check(question));
    if let Answer::Unknown(reason) = &answer {
        note(unanswered, about, 1, reason);
    }
    answer
}

/// A request of `environment` as one of `questions` says, the first that there is one for.
pub(super) fn example(
    sessions: &mut Sessions<'_>,
    unanswered: &mut Unanswered,
    environment: usize,
    about: usize,
    questions: &[Formula],
) -> Option<Evidence> {
    for question in questions {
        match sessions.full(environment)?.find(question) {
            Answer::Witness(witness) => {
                let case = witness.cases.into_iter().next()?;
                return Some(Evidence { request: case.request_json, entities: case.entities_json });
            }
            Answer::Impossible => {}
            Answer::Unknown(reason) => note(unanswered, about, 1, &reason),
        }
    }
    None
}

/// Counts questions about `policy` that have no answer.
pub(super) fn note(unanswered: &mut Unanswered, policy: usize, count: usize, reason: &Reason) {
    unanswered.entry(policy).or_insert_with(|| (0, reason.clone())).0 += count;
}
