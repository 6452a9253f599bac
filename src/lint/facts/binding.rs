//! What a permit asks for, and which of it keeps any request out.

use std::borrow::Cow;
use std::sync::Arc;

use cedar_policy::RequestEnv;
use rayon::prelude::*;

use super::questions::{matches, policy};
use super::store_facts::Facts;
use crate::expression;
use crate::outcome::Asked;
use crate::repo::Policy;
use crate::repo::cedar::{Body, Part};
use crate::symbolic::{Answer, CompiledPolicies, Formula, SchemaModel, Session, Subject};

/// Of permits with more conditions, or that reach more environments, it is not worked out which of them bind.
const MOST: usize = 24;
const ENVIRONMENTS: usize = 256;

/// A permit, as a policy that decides, and where it matches something.
type Job<'a> = (&'a Policy, Option<Cow<'a, Body>>, Vec<&'a RequestEnv>);

/// What each of `permits` asks for.
pub(super) fn conditions(facts: &Facts<'_>, permits: &[usize]) -> Vec<Vec<Asked>> {
    let (model, requests) = (facts.model(), facts.requests());
    let job = |permit: &usize| {
        let member = facts.members.get(*permit)?;
        let live: Vec<&RequestEnv> = facts.live(*permit).filter_map(|at| requests.get(at)).collect();
        Some((member.policy, facts.as_static(member), live))
    };
    let jobs: Vec<_> = permits.iter().map(job).collect();
    let asked = |job: Option<Job<'_>>| {
        let Some((policy, body, live)) = job else { return Vec::new() };
        let parts = policy.body.parts(policy.base);
        let known = parts.len() <= MOST && live.len() <= ENVIRONMENTS;
        let binding = match body.filter(|_| known) {
            Some(body) => binding(model, &body, &parts, &live),
            None => vec![None; parts.len()],
        };
        parts.iter().zip(binding).map(|(part, binds)| Asked { text: text_of(part), binds }).collect()
    };
    jobs.into_par_iter().map(asked).collect()
}

/// The condition as a Cedar expression on one line.
fn text_of(part: &Part) -> String {
    let alone = part.alone().and_then(|alone| alone.to_json().ok());
    let body = alone.as_ref().and_then(|json| json.get("conditions")?.get(0)?.get("body"));
    body.cloned()
        .map(expression::as_written)
        .and_then(|body| expression::text(&body))
        .unwrap_or_else(|| "a condition".to_owned())
}

/// For each of `parts` whether the permit without it matches more.
fn binding(model: &Arc<SchemaModel>, permit: &Body, parts: &[Part], environments: &[&RequestEnv]) -> Vec<Option<bool>> {
    let mut known: Vec<Option<bool>> = vec![Some(false); parts.len()];
    let Some(whole) = permit.with_parts("whole", parts) else { return vec![None; parts.len()] };
    let without = |left_out: usize| {
        let kept = parts.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, part)| part);
        permit.with_parts(&format!("without{left_out}"), kept)
    };
    let without: Option<Vec<_>> = (0..parts.len()).map(without).collect();
    let Some(without) = without else { return vec![None; parts.len()] };
    let subjects = std::iter::once(&whole).chain(&without).map(Subject::policy).collect();
    let policies = CompiledPolicies::new(Arc::clone(model), subjects);
    for environment in environments {
        let mut session = Session::new(&policies, environment);
        for (at, known) in known.iter_mut().enumerate().filter(|(_, known)| **known != Some(true)) {
            match session.check(&Formula::Matches(policy(at + 1)).and(!matches(0))) {
                Answer::Witness(_) => *known = Some(true),
                Answer::Impossible => {}
                Answer::Unknown(_) => *known = None,
            }
        }
    }
    known
}
