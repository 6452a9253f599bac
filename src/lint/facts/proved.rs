//! What proofs found, and the requests that show it: these are looked for at the end, for all findings of a store at
//! once, so that no proof waits for them.

use std::collections::BTreeMap;

use super::store_facts::Facts;
use super::unanswered::Unanswered;
use crate::finding::{Evidence, Finding};
use crate::symbolic::{Answer, Formula, Sessions};

/// So many requests are found with the same sessions.
const SHARE: usize = 16;

/// What proofs found in one store.
#[derive(Debug, Default)]
pub struct Proved {
    found: Vec<(Finding, Option<Example>)>,
}

/// A request to look for.
#[derive(Debug)]
struct Example {
    environment: usize,
    /// The policy that an answer is lacking for, if there is none.
    about: usize,
    /// The first that there is a request for is taken.
    questions: Vec<Formula>,
}

impl Proved {
    /// Adds a finding as it stands.
    pub(in crate::lint) fn add(&mut self, finding: Finding) {
        self.found.push((finding, None));
    }

    /// Adds a finding about the policy `about`, to be shown by a request of `environment`, if there is one: the first
    /// of `questions` that has an answer.
    pub(in crate::lint) fn add_shown(
        &mut self,
        finding: Finding,
        environment: Option<&usize>,
        about: usize,
        questions: Vec<Formula>,
    ) {
        let example = environment.map(|environment| Example { environment: *environment, about, questions });
        self.found.push((finding, example));
    }

    /// The findings with the requests that show them, which are found in parallel.
    pub(in crate::lint) fn illustrate(self, facts: &mut Facts<'_>) -> Vec<Finding> {
        let wanted = self.found.iter().enumerate();
        let mut jobs: Vec<(usize, &Example)> =
            wanted.filter_map(|(at, (_, example))| Some((at, example.as_ref()?))).collect();
        jobs.sort_by_key(|(at, example)| (example.environment, *at));
        let shown = facts.sessions.spread(&jobs, SHARE, |sessions, (at, example)| {
            let mut unanswered = Unanswered::default();
            (*at, find_example(sessions, example, &mut unanswered), unanswered)
        });
        let mut evidence: BTreeMap<usize, Evidence> = BTreeMap::new();
        for (at, found, unanswered) in shown {
            evidence.extend(found.map(|found| (at, found)));
            facts.unanswered.merge(&unanswered);
        }
        let findings = self.found.into_iter().enumerate();
        let with_evidence = |(at, (finding, _)): (usize, (Finding, _))| {
            let evidence = evidence.remove(&at).or(finding.evidence);
            Finding { evidence, ..finding }
        };
        findings.map(with_evidence).collect()
    }
}

fn find_example(sessions: &mut Sessions<'_>, example: &Example, unanswered: &mut Unanswered) -> Option<Evidence> {
    for question in &example.questions {
        match sessions.full(example.environment)?.find(question) {
            Answer::Witness(witness) => {
                let case = witness.cases.into_iter().next()?;
                return Some(Evidence { request: case.request_json, entities: case.entities_json });
            }
            Answer::Impossible => {}
            Answer::Unknown(reason) => unanswered.note(example.about, &reason),
        }
    }
    None
}
