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
    /// It is broken.
    Broken(Breach),
    /// It is not known, and why.
    Open(String),
}

/// How a guardrail is broken.
pub(super) struct Breach {
    /// Requests that break it, each of its own kind.
    pub(super) shown: Vec<Shown>,
    /// Policies that bring the like about on other requests.
    pub(super) more: Vec<(usize, Does)>,
    /// Whether no others do.
    pub(super) whole: bool,
}

impl Breach {
    /// One that `shown` shows, and of which nothing else is known.
    pub(super) fn shown(shown: Vec<Shown>) -> Self {
        Self { shown, more: Vec::new(), whole: false }
    }
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

/// Until so many policies are known that let something through in one kind of request, others are looked for.
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
    let question = here.can_be_allowed().and(asked(world, rule));
    let aside = here.permits_aside.first();
    let candidates: Vec<PolicyRef> = here.permits.iter().chain(&here.permitting).copied().collect();
    let first = at(session, &question, boundary);
    let judged = search(session, world, (&first, &question, rule), Decision::Allow, &candidates);
    match (judged, aside) {
        (Judged::Kept, Some(why)) => Judged::Open(why.clone()),
        (Judged::Kept, None) => silent(session, world, rule, here.can_be_allowed()),
        // What is set aside may be at fault as well.
        (Judged::Broken(breach), Some(_)) => Judged::Broken(Breach { whole: false, ..breach }),
        (judged, _) => judged,
    }
}

/// Whether something that `rule` is about is refused.
pub(super) fn allowed(session: &mut Session<'_>, world: &World<'_>, here: &Here, rule: PolicyRef) -> Judged {
    let question = here.can_be_refused().and(asked(world, rule));
    let aside = here.forbids_aside.first();
    let candidates: Vec<PolicyRef> = here.forbids.iter().chain(&here.forbidding).copied().collect();
    let judged = search(session, world, (&question, &question, rule), Decision::Deny, &candidates);
    match (judged, aside) {
        (Judged::Kept, Some(why)) => Judged::Open(why.clone()),
        (Judged::Kept, None) => silent(session, world, rule, here.can_be_refused()),
        // What is set aside may be at fault as well.
        (Judged::Broken(breach), Some(_)) => Judged::Broken(Breach { whole: false, ..breach }),
        (judged, _) => judged,
    }
}

/// What is asked of requests that `rule` is about. Under an inferred schema, in which every attribute may be absent,
/// those that it fails on are asked about afterwards.
fn asked(world: &World<'_>, rule: PolicyRef) -> Formula {
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
                return Judged::Broken(Breach::shown(vec![Shown {
                    cases: witness.cases,
                    causes: vec![(policy.index, Does::Matches)],
                    endless: None,
                    apart: Vec::new(),
                }]));
            }
            Answer::Unknown(reason) => return Judged::Open(reason.to_string()),
        }
    }
    Judged::Kept
}

/// A request for which `first` holds, that Cedar's authorizer decides as `wanted`; and which other policies of
/// `candidates` bring about the like, until no request of `question` has one that is not known.
fn search(
    session: &mut Session<'_>,
    world: &World<'_>,
    (first, question, rule): (&Formula, &Formula, PolicyRef),
    wanted: Decision,
    candidates: &[PolicyRef],
) -> Judged {
    // What breaks a guardrail that can be evaluated shows more than what it fails on.
    let proper = first.clone().and(!Formula::Errors(rule));
    let found = match session.find(&proper) {
        Answer::Witness(witness) => Answer::Witness(witness),
        Answer::Impossible | Answer::Unknown(_) => session.find(first),
    };
    let case = match found {
        Answer::Witness(witness) => witness.cases.into_iter().next(),
        Answer::Impossible => None,
        Answer::Unknown(reason) => return Judged::Open(reason.to_string()),
    };
    let Some(case) = case else { return Judged::Kept };
    let Some(causes) = decided(world, &case, wanted) else {
        return Judged::Open("a policy that could not be analysed decides the request that would break it".to_owned());
    };
    let mut known: Vec<usize> = causes.iter().map(|(index, _)| *index).collect();
    let mut breach = Breach::shown(vec![Shown { cases: vec![case], causes, endless: None, apart: Vec::new() }]);
    while known.len() < MOST {
        let others: Vec<PolicyRef> =
            candidates.iter().copied().filter(|policy| !known.contains(&policy.index)).collect();
        match session.check(&question.clone().and(any(&others))) {
            Answer::Witness(sample) => {
                let found: Vec<PolicyRef> =
                    others.into_iter().filter(|policy| sample.matches(*policy) == Some(true)).collect();
                if found.is_empty() {
                    break;
                }
                for policy in found {
                    known.push(policy.index);
                    let link = world.members.get(policy.index).is_some_and(|member| member.template);
                    breach.more.push((policy.index, does(wanted, link)));
                }
            }
            Answer::Impossible => {
                breach.whole = true;
                break;
            }
            Answer::Unknown(_) => break,
        }
    }
    Judged::Broken(breach)
}

/// What a policy does that takes part in a decision, where it decides or a `link` to it would.
fn does(wanted: Decision, link: bool) -> Does {
    match (wanted, link) {
        (Decision::Allow, false) => Does::Allows,
        (Decision::Allow, true) => Does::WouldAllow,
        (Decision::Deny, false) => Does::Refuses,
        (Decision::Deny, true) => Does::WouldRefuse,
    }
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
    let mut set = PolicySet::clone(&world.store.set);
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
    let mut all: Vec<(usize, Does)> = response
        .diagnostics()
        .reason()
        .filter_map(|id| find(id).map(|(index, link)| (index, does(wanted, link))))
        .collect();
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
