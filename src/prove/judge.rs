//! One guardrail over one kind of request: is there a request that breaks it?
//!
//! # Why
//!
//! A guardrail fails closed: it is about the requests that its rule matches and about those that it fails on.
//!
//! Links to templates may be anywhere, so a permit that a template can give counts for what should be refused, and a
//! forbid that a template can give for what should be allowed; neither counts the other way.
//!
//! A policy that the engine does not have can only add to what it does. A permit set aside leaves open whether
//! something should be refused, a forbid set aside does not: then only a witness needs more, which Cedar's authorizer
//! gives over all policies.

use cedar_policy::{
    AuthorizationError, Authorizer, Decision, Effect, EntityUid, PolicyId, PolicySet, Response, SlotId,
};
use std::collections::HashMap;

use super::world::World;
use crate::symbolic::{Answer, Case, Formula, PolicyRef, Session, Status};
use crate::text::inline;

/// What came of one kind of request.
pub(super) enum Judged {
    /// The guardrail is about none of them.
    Untouched,
    /// It is kept.
    Kept,
    /// It is broken, by one request or several, each for other policies.
    Broken(Vec<Shown>),
    /// It is not known, and why.
    Open(String),
}

/// A request that breaks a guardrail.
pub(super) struct Shown {
    /// The request; of two actions, both.
    pub(super) cases: Vec<Case>,
    /// The policies that bring it about, by index, and what each does.
    pub(super) causes: Vec<(usize, Does)>,
    /// Why there is no end to it, where that is so.
    pub(super) endless: Option<String>,
    /// Of two actions, the attributes that one of them alone declares and on which the decision hangs.
    pub(super) apart: Vec<String>,
}

/// What a policy does to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Does {
    /// It permits it.
    Allows,
    /// A link to it would permit it.
    WouldAllow,
    /// It forbids it.
    Refuses,
    /// A link to it would forbid it.
    WouldRefuse,
    /// It would forbid it and fails, so that Cedar skips it.
    Skipped,
    /// It matches.
    Matches,
}

/// So many policies are looked for that let something through in one kind of request.
const MOST: usize = 12;

/// The policies that take part in one kind of request.
pub(super) struct Here {
    /// Permits that decide.
    pub(super) permits: Vec<PolicyRef>,
    /// Forbids that decide.
    pub(super) forbids: Vec<PolicyRef>,
    /// Templates that permit once they are linked, unless they have no other links.
    pub(super) permitting: Vec<PolicyRef>,
    /// Templates that forbid once they are linked.
    pub(super) forbidding: Vec<PolicyRef>,
    /// The permits that are set aside, and why.
    pub(super) permits_aside: Vec<String>,
    /// The forbids that are.
    pub(super) forbids_aside: Vec<String>,
}

impl Here {
    /// The policies of `side` in `session`.
    pub(super) fn of(session: &mut Session<'_>, world: &World<'_>, side: usize) -> Self {
        let mut here = Self {
            permits: Vec::new(),
            forbids: Vec::new(),
            permitting: Vec::new(),
            forbidding: Vec::new(),
            permits_aside: Vec::new(),
            forbids_aside: Vec::new(),
        };
        for policy in session.applicable(side) {
            let Some(member) = world.members.get(policy.index) else { continue };
            match (member.effect, member.template) {
                (Effect::Permit, false) => here.permits.push(policy),
                (Effect::Forbid, false) => here.forbids.push(policy),
                (_, true) if world.complete => {}
                (Effect::Permit, true) => here.permitting.push(policy),
                (Effect::Forbid, true) => here.forbidding.push(policy),
            }
        }
        for (policy, why) in session.set_aside(side) {
            let Some(member) = world.members.get(policy.index) else { continue };
            if member.template && world.complete {
                continue;
            }
            let why = format!("`{}` could not be analysed: {why}", inline(member.name));
            match member.effect {
                Effect::Permit => here.permits_aside.push(why),
                Effect::Forbid => here.forbids_aside.push(why),
            }
        }
        here
    }

    /// Some request is allowed, or would be with more links.
    pub(super) fn can_be_allowed(&self) -> Formula {
        let permitted = any(self.permits.iter().chain(&self.permitting));
        permitted.and(!any(&self.forbids))
    }

    /// Some request is refused, or would be with more links.
    pub(super) fn can_be_refused(&self) -> Formula {
        let refused = any(self.forbids.iter().chain(&self.forbidding));
        (!any(&self.permits)).or(refused)
    }
}

/// Some of `policies` matches.
pub(super) fn any<'p>(policies: impl IntoIterator<Item = &'p PolicyRef>) -> Formula {
    Formula::Or(policies.into_iter().copied().map(Formula::Matches).collect())
}

/// What a guardrail's rule is about: what it matches or fails on.
pub(super) fn hit(rule: PolicyRef) -> Formula {
    Formula::Matches(rule).or(Formula::Errors(rule))
}

/// Whether the rule is about any request here; an answer when that decides.
pub(super) fn touches(session: &mut Session<'_>, rule: PolicyRef) -> Option<Judged> {
    match session.status(rule) {
        Status::OutOfScope => Some(Judged::Untouched),
        Status::SetAside(why) => Some(Judged::Open(format!("the guardrail could not be analysed: {why}"))),
        Status::Applies => session.check(&hit(rule)).is_impossible().then_some(Judged::Untouched),
    }
}

/// Whether something that `rule` is about is allowed; if so, it is shown of what `boundary` matches where that is so.
pub(super) fn refused(
    session: &mut Session<'_>,
    world: &World<'_>,
    here: &Here,
    rule: PolicyRef,
    boundary: Option<PolicyRef>,
) -> Judged {
    let question = here.can_be_allowed().and(asked(world, rule, session));
    let aside = here.permits_aside.first();
    let first = at(session, &question, boundary);
    let judged = search(session, world, &first, Decision::Allow, &|found: &[PolicyRef]| {
        let others = here.permits.iter().chain(&here.permitting).filter(|policy| !found.contains(policy));
        question.clone().and(any(others))
    });
    match (judged, aside) {
        (Judged::Kept, Some(why)) => Judged::Open(why.clone()),
        (Judged::Kept, None) => silent(session, world, rule, here.can_be_allowed()),
        (judged, _) => judged,
    }
}

/// Whether something that `rule` is about is refused.
pub(super) fn allowed(session: &mut Session<'_>, world: &World<'_>, here: &Here, rule: PolicyRef) -> Judged {
    let question = here.can_be_refused().and(asked(world, rule, session));
    let aside = here.forbids_aside.first();
    let judged = search(session, world, &question, Decision::Deny, &|found: &[PolicyRef]| {
        let others = here.forbids.iter().chain(&here.forbidding).filter(|policy| !found.contains(policy));
        question.clone().and(any(others))
    });
    match (judged, aside) {
        (Judged::Kept, Some(why)) => Judged::Open(why.clone()),
        (Judged::Kept, None) => silent(session, world, rule, here.can_be_refused()),
        (judged, _) => judged,
    }
}

/// What is asked of requests that `rule` is about. Under an inferred schema, in which every attribute may be absent,
/// those that it fails on are asked about afterwards.
fn asked(world: &World<'_>, rule: PolicyRef, _session: &Session<'_>) -> Formula {
    if world.inferred.is_some() { Formula::Matches(rule) } else { hit(rule) }
}

/// What is kept under an inferred schema is kept only if the guardrail does not fail either.
fn silent(session: &mut Session<'_>, world: &World<'_>, rule: PolicyRef, otherwise: Formula) -> Judged {
    if world.inferred.is_none() {
        return Judged::Kept;
    }
    match session.check(&otherwise.and(Formula::Errors(rule))) {
        Answer::Impossible => Judged::Kept,
        Answer::Witness(_) => Judged::Open(
            "the store has no schema, so it is not known whether the attributes that the guardrail reads are always there"
                .to_owned(),
        ),
        Answer::Unknown(reason) => Judged::Open(reason.to_string()),
    }
}

/// The question about what `boundary` matches, if some request there answers it; else the question.
fn at(session: &mut Session<'_>, question: &Formula, boundary: Option<PolicyRef>) -> Formula {
    let Some(boundary) = boundary else { return question.clone() };
    let there = question.clone().and(Formula::Matches(boundary));
    match session.check(&there) {
        Answer::Witness(_) => there,
        Answer::Impossible | Answer::Unknown(_) => question.clone(),
    }
}

/// Whether a policy of `policies` matches something that `rule` is about; `boundary` as for [`refused`].
pub(super) fn unmatched(
    session: &mut Session<'_>,
    policies: &[PolicyRef],
    rule: Option<PolicyRef>,
    boundary: Option<PolicyRef>,
) -> Judged {
    for policy in policies {
        let matches = Formula::Matches(*policy);
        let question = match rule {
            Some(rule) => matches.and(hit(rule)),
            None => matches,
        };
        let question = at(session, &question, boundary);
        match session.find(&question) {
            Answer::Impossible => {}
            Answer::Witness(witness) => {
                return Judged::Broken(vec![Shown {
                    cases: witness.cases,
                    causes: vec![(policy.index, Does::Matches)],
                    endless: None,
                    apart: Vec::new(),
                }]);
            }
            Answer::Unknown(reason) => return Judged::Open(reason.to_string()),
        }
    }
    Judged::Kept
}

/// Requests for which `question` holds, until none has another policy at fault; `more` asks for one with others than
/// those that were found. Cedar's authorizer decides each as `wanted`.
fn search(
    session: &mut Session<'_>,
    world: &World<'_>,
    question: &Formula,
    wanted: Decision,
    more: &dyn Fn(&[PolicyRef]) -> Formula,
) -> Judged {
    let mut shown = Vec::new();
    let mut known: Vec<PolicyRef> = Vec::new();
    let mut next = question.clone();
    while shown.len() < MOST {
        let case = match session.find(&next) {
            Answer::Witness(witness) => witness.cases.into_iter().next(),
            Answer::Impossible => break,
            // What is known already is enough to break it.
            Answer::Unknown(_) if !shown.is_empty() => break,
            Answer::Unknown(reason) => return Judged::Open(reason.to_string()),
        };
        let Some(case) = case else { break };
        let Some(causes) = decided(world, &case, wanted) else {
            if shown.is_empty() {
                return Judged::Open(
                    "a policy that could not be analysed decides the request that would break it".to_owned(),
                );
            }
            break;
        };
        known.extend(causes.iter().map(|(index, _)| PolicyRef { side: 0, index: *index }));
        let last = causes.is_empty();
        shown.push(Shown { cases: vec![case], causes, endless: None, apart: Vec::new() });
        if last {
            break;
        }
        next = more(&known);
    }
    if shown.is_empty() { Judged::Kept } else { Judged::Broken(shown) }
}

/// The policies that make Cedar's authorizer decide `case` as `wanted`, with links made of the templates' slots where
/// that takes some; `None` when it decides otherwise.
pub(super) fn decided(world: &World<'_>, case: &Case, wanted: Decision) -> Option<Vec<(usize, Does)>> {
    let response = ask(&world.store.set, case);
    if response.decision() == wanted {
        return Some(causes(world, &response, wanted, &HashMap::new()));
    }
    let (set, made) = with_links(world, &case.slots)?;
    let response = ask(&set, case);
    (response.decision() == wanted).then(|| causes(world, &response, wanted, &made))
}

/// What Cedar's authorizer says of `case`.
pub(super) fn ask(set: &PolicySet, case: &Case) -> Response {
    Authorizer::new().is_authorized(&case.request, set, &case.entities)
}

/// What stands in the slots of templates, by index.
type Slots = HashMap<usize, HashMap<SlotId, EntityUid>>;

/// The policies of the store with a link for each template of `slots`, and the keys of these links.
pub(super) fn with_links(world: &World<'_>, slots: &Slots) -> Option<(PolicySet, HashMap<PolicyId, usize>)> {
    let mut set = world.store.set.clone();
    let mut made = HashMap::new();
    for (index, values) in slots {
        let member = world.members.get(*index)?;
        let id = PolicyId::new(format!("made{index}"));
        set.link(member.key.clone(), id.clone(), values.clone()).ok()?;
        made.insert(id, *index);
    }
    Some((set, made))
}

/// What the policies of `response` do, which is decided as `wanted`; `made` are links that only might be there.
fn causes(
    world: &World<'_>,
    response: &Response,
    wanted: Decision,
    made: &HashMap<PolicyId, usize>,
) -> Vec<(usize, Does)> {
    let find = |id: &PolicyId| match made.get(id) {
        Some(index) => Some((*index, true)),
        None => world.members.iter().position(|member| member.key == *id && !member.template).map(|at| (at, false)),
    };
    let does = |link: bool| match (wanted, link) {
        (Decision::Allow, false) => Does::Allows,
        (Decision::Allow, true) => Does::WouldAllow,
        (Decision::Deny, false) => Does::Refuses,
        (Decision::Deny, true) => Does::WouldRefuse,
    };
    let mut all: Vec<(usize, Does)> =
        response.diagnostics().reason().filter_map(|id| find(id).map(|(index, link)| (index, does(link)))).collect();
    if wanted == Decision::Allow {
        let failed = response
            .diagnostics()
            .errors()
            .filter_map(|AuthorizationError::PolicyEvaluationError(error)| find(error.policy_id()));
        let forbid = |index: &usize| world.members.get(*index).is_some_and(|member| member.effect == Effect::Forbid);
        all.extend(failed.filter(|(index, _)| forbid(index)).map(|(index, _)| (index, Does::Skipped)));
    }
    all.sort_unstable();
    all.dedup();
    all
}
