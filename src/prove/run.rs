//! All guardrails over all stores.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cedar_policy::{EntityUid, Policy, RequestEnv};
use rayon::prelude::*;

use super::alike::Exchanged;
use super::guardrail::{Alike, Cover, Demand, Guardrail, Place, Reach, Rule};
use super::judge::{Breach, Does, Here, Judged, Shown, allowed, refused, touches, unmatched};
use super::kinds::{Sources, collect};
use super::mend::{Broken, mend};
use super::told;
use super::world::{Member, World, names_action};
use crate::config::Config;
use crate::finding::Evidence;
use crate::outcome::{AtFault, GuardrailResult, GuardrailStatus, Guardrails, Slip, Touched, Uncovered};
use crate::repo::cedar::context_shape;
use crate::repo::shape::Shape;
use crate::repo::{Repo, Store};
use crate::symbolic::{Formula, PolicyRef, Session, Solvers, Subject};
use crate::text::inline;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Wanted<'w> {
    /// The repository whose guardrails are to be proved.
    pub guardrails: &'w Repo,
    /// Its configuration, with the short forms.
    pub config: &'w Config,
    /// The repository whose stores are to keep them.
    pub repo: &'w Repo,
    /// How that one is configured.
    pub settings: &'w Config,
    /// Stores that have another name there: that in `guardrails` and that in `repo`.
    pub renamed: &'w [(String, String)],
    /// Who answers.
    pub solvers: &'w Arc<Solvers>,
}

/// What was proved.
#[derive(Debug, Clone, Default)]
pub struct Proved {
    /// Every guardrail and what came of it.
    pub guardrails: Guardrails,
}

/// What came of a guardrail in one kind of request.
struct Found {
    guardrail: usize,
    environment: usize,
    judged: Told,
    /// The guardrail's rule there.
    rule: Option<Policy>,
}

enum Told {
    Judged(Judged),
    Uncovered(String),
}

/// Proves every guardrail.
#[must_use]
pub fn run(wanted: &Wanted<'_>) -> Proved {
    let Wanted { guardrails, config, repo, settings, renamed, solvers } = wanted;
    let mut all = collect(&Sources { repo: guardrails, config });
    for one in &mut all {
        one.reach.follow(renamed);
    }
    let whole = repo.focus.is_whole() && repo.stores.len() == repo.store_names.len();
    let asked = |one: &Guardrail| {
        let about = |store: &Store| reaches(&one.reach, &store.name) && repo.asks_about_policies(store);
        repo.focus.covers(one.location.path()) || repo.stores.iter().any(about)
    };
    all.retain(|one| whole || asked(one));
    if all.is_empty() {
        return Proved::default();
    }
    let mut results: Vec<Pending> = all.iter().map(Pending::new).collect();
    let mut assumptions = BTreeSet::new();
    for store in &repo.stores {
        let here: Vec<usize> =
            (0..all.len()).filter(|at| all.get(*at).is_some_and(|one| reaches(&one.reach, &store.name))).collect();
        if here.is_empty() {
            continue;
        }
        let inference = settings.refuses_inference.is_none();
        let complete = settings.links_complete(&store.name);
        let name = inline(&store.name);
        if !store.broken.is_empty() {
            let files: BTreeSet<_> = store.broken.iter().map(|file| format!("`{}`", inline(&file.path))).collect();
            let files: Vec<String> = files.into_iter().collect();
            let why = format!("{} of store `{name}` does not load whole", files.join(", "));
            leave_open(&mut results, &here, &why);
        }
        let world = match World::new(store, &guardrails.guardrails.rules, (inference, complete), solvers) {
            Ok(world) => world,
            Err(why) => {
                let why = format!("store `{name}` cannot be analysed: {why}");
                leave_open(&mut results, &here, &why);
                continue;
            }
        };
        assumptions.extend(assumed(&world));
        for found in judge(&world, &all, &here) {
            if let Some(result) = results.get_mut(found.guardrail) {
                result.add(&world, found);
            }
        }
        for at in here {
            if let (Some(guardrail), Some(result)) = (all.get(at), results.get_mut(at)) {
                result.mend(&world, guardrail);
            }
        }
    }
    let results = all.iter().zip(results).map(|(guardrail, result)| result.finish(guardrail, repo));
    // Of a part of the repository nobody can say that a guardrail is about nothing.
    let about_something = |result: &GuardrailResult| result.status != GuardrailStatus::Vacuous;
    let asked = |result: &GuardrailResult| !repo.focus.is_whole() && repo.focus.covers(result.location.path());
    let results = results.filter(|result| about_something(result) || whole || asked(result)).collect();
    Proved { guardrails: Guardrails { results, assumptions: assumptions.into_iter().collect(), weakened: Vec::new() } }
}

fn leave_open(results: &mut [Pending], here: &[usize], why: &str) {
    for at in here {
        if let Some(result) = results.get_mut(*at) {
            result.open.push(why.to_owned());
        }
    }
}

/// Whether a guardrail with this `reach` is about the store called `store`.
pub(super) fn reaches(reach: &Reach, store: &str) -> bool {
    match reach {
        Reach::Only(names) => names.iter().any(|name| name == store),
        Reach::Called(names) => names.is_empty() || names.iter().any(|name| name.text == store),
    }
}

/// What is assumed where guardrails are proved of `world`, a sentence each.
fn assumed(world: &World<'_>) -> Vec<String> {
    let name = inline(&world.store.name);
    let mut all = vec!["requests and entities fit the schema, and entities that policies read exist".to_owned()];
    if world.inferred.is_some() {
        all.push(format!("store `{name}` has no schema, so one is inferred, in which every attribute may be absent"));
    }
    let templates: Vec<String> = world
        .members
        .iter()
        .filter(|member| member.template)
        .map(|member| format!("`{}`", inline(&member.policy.short)))
        .collect();
    if !templates.is_empty() {
        all.push(if world.complete {
            format!("the templates {} of store `{name}` have no other links than those that are read", templates.join(", "))
        } else {
            format!(
                "any link to the templates {} of store `{name}` may exist, besides those that are read (`links = \"complete\"` in \
                 its [[store]] says that there are no others)",
                templates.join(", ")
            )
        });
    }
    all
}

/// What comes of the guardrails `here` in every kind of request.
fn judge(world: &World<'_>, all: &[Guardrail], here: &[usize]) -> Vec<Found> {
    let limits = world.inferred.as_ref().map(|inferred| inferred.limits(1));
    let subject = |policy: &Policy, key: Option<&cedar_policy::PolicyId>| {
        let subject = Subject::policy(policy);
        match (&limits, key) {
            (Some(limits), Some(key)) => {
                let limits = limits.of(key, &subject);
                subject.limited(limits)
            }
            _ => subject,
        }
    };
    let everywhere: BTreeMap<usize, Subject> = here
        .iter()
        .filter_map(|at| match &all.get(*at)?.demand {
            Demand::Refused(Rule::Everywhere(policy, key))
            | Demand::Allowed(Rule::Everywhere(policy, key))
            | Demand::Unmatched(_, Rule::Everywhere(policy, key)) => Some((*at, subject(policy, key.as_ref()))),
            _ => None,
        })
        .collect();
    let environments = world.policies.schema().environments();
    let asking: Vec<usize> = here
        .iter()
        .copied()
        .filter(|at| {
            let demand = all.get(*at).map(|one| &one.demand);
            matches!(demand, Some(Demand::Refused(_) | Demand::Allowed(_) | Demand::Unmatched(..)))
        })
        .collect();
    let found: Vec<Vec<Found>> = environments
        .par_iter()
        .enumerate()
        .map(|(at, environment)| {
            let place = Place { schema: world.schema(), environment };
            if !world.knows(environment.action()) {
                return Vec::new();
            }
            // What each guardrail is about here.
            let covers: Vec<(usize, Covered<'_>)> = asking
                .iter()
                .filter_map(|number| {
                    let rule = match &all.get(*number)?.demand {
                        Demand::Refused(rule) | Demand::Allowed(rule) | Demand::Unmatched(_, rule) => rule,
                        Demand::Alike(_) | Demand::Unaskable(_) => return None,
                    };
                    let covered = match rule {
                        Rule::Everywhere(policy, _) => Covered::Shared(policy, everywhere.get(number)?),
                        Rule::Each(each) => match each(&place) {
                            Cover::Policy(policy) => {
                                let subject = Subject::policy(&policy);
                                Covered::Own(policy, Box::new((subject, None)))
                            }
                            Cover::Bounded(both) => {
                                let [policy, boundary] = *both;
                                let subjects = (Subject::policy(&policy), Some(Subject::policy(&boundary)));
                                Covered::Own(Box::new(policy), Box::new(subjects))
                            }
                            Cover::Nothing => Covered::Nothing,
                            Cover::Unable(why) => Covered::Unable(why),
                        },
                    };
                    Some((*number, covered))
                })
                .collect();
            let admitted = |covered: &Covered<'_>| match covered {
                Covered::Shared(_, subject) => subject.admits(world.policies.schema(), environment),
                Covered::Own(..) | Covered::Unable(_) => true,
                Covered::Nothing => false,
            };
            let mut found = Vec::new();
            let mut session = None;
            for (number, covered) in &covers {
                let Some(guardrail) = all.get(*number) else { continue };
                let mut tell = |judged, rule: Option<&Policy>| {
                    found.push(Found { guardrail: *number, environment: at, judged, rule: rule.cloned() });
                };
                if !admitted(covered) {
                    tell(Told::Judged(Judged::Untouched), None);
                    continue;
                }
                let (session, here) = session.get_or_insert_with(|| {
                    let mut session = Session::new(&world.policies, environment);
                    let here = Here::of(&mut session, world, 0);
                    (session, here)
                });
                let judged = one(session, here, world, guardrail, covered);
                tell(judged, covered.policy());
            }
            found
        })
        .collect();
    let mut found: Vec<Found> = found.into_iter().flatten().collect();
    for number in here {
        if let Some(Demand::Alike(alike)) = all.get(*number).map(|one| &one.demand) {
            found.extend(alike_in(world, *number, alike));
        }
    }
    found
}

/// What a guardrail is about in one kind of request.
enum Covered<'c> {
    Shared(&'c Policy, &'c Subject),
    Own(Box<Policy>, Box<(Subject, Option<Subject>)>),
    Nothing,
    Unable(String),
}

impl Covered<'_> {
    fn policy(&self) -> Option<&Policy> {
        match self {
            Self::Shared(policy, _) => Some(policy),
            Self::Own(policy, ..) => Some(policy),
            Self::Nothing | Self::Unable(_) => None,
        }
    }
}

/// One guardrail in one kind of request.
fn one<'s>(
    session: &mut Session<'s>,
    here: &Here,
    world: &World<'_>,
    guardrail: &Guardrail,
    covered: &'s Covered<'_>,
) -> Told {
    let rule = rule_of(session, covered);
    let dates = matches!(guardrail.demand, Demand::Unmatched(..));
    if let Some(judged) = rule.filter(|_| !dates).and_then(|rule| touches(session, rule)) {
        return Told::Judged(judged);
    }
    let boundary = match covered {
        Covered::Own(_, subjects) => subjects.1.as_ref().map(|subject| session.add_policy(0, subject)),
        _ => None,
    };
    if let Demand::Unmatched(name, _) = &guardrail.demand {
        let concerned = |index: usize| {
            let links_that_are_read = |member: &Member<'_>| !(member.template && world.complete);
            let member = world.members.get(index);
            member.is_some_and(|member| member.policy.name == *name && links_that_are_read(member))
        };
        let policies: Vec<_> = session.applicable(0).into_iter().filter(|policy| concerned(policy.index)).collect();
        let aside = session.set_aside(0).into_iter().find(|(policy, _)| concerned(policy.index));
        if let Some((_, why)) = aside {
            return Told::Judged(Judged::Open(why.to_string()));
        }
        if policies.is_empty() {
            return Told::Judged(Judged::Untouched);
        }
        let mut judged = unmatched(session, &policies, rule, boundary);
        if let (Judged::Broken(_), Some(doubt), None | Some(_)) = (&judged, &guardrail.doubt, rule) {
            return Told::Judged(Judged::Open(doubt.clone()));
        }
        if let (Judged::Broken(breach), Covered::Unable(why)) = (&mut judged, covered) {
            breach.shown.iter_mut().for_each(|one| one.endless = Some(why.clone()));
        }
        return Told::Judged(judged);
    }
    let Some(rule) = rule else {
        let Covered::Unable(why) = covered else { return Told::Judged(Judged::Untouched) };
        let idle = here.permits_aside.is_empty() && session.check(&here.can_be_allowed()).is_impossible();
        return if idle { Told::Judged(Judged::Untouched) } else { Told::Uncovered(why.clone()) };
    };
    Told::Judged(match guardrail.demand {
        Demand::Allowed(_) => allowed(session, world, here, rule),
        _ => refused(session, world, here, rule, boundary),
    })
}

/// What `covered` is about, as a policy that questions may name.
fn rule_of<'s>(session: &mut Session<'s>, covered: &'s Covered<'_>) -> Option<PolicyRef> {
    match covered {
        Covered::Shared(_, subject) => Some(session.add_policy(0, subject)),
        Covered::Own(_, subjects) => Some(session.add_policy(0, &subjects.0)),
        Covered::Nothing | Covered::Unable(_) => None,
    }
}

/// A guardrail about actions that are decided alike.
fn alike_in(world: &World<'_>, number: usize, alike: &Alike) -> Vec<Found> {
    let schema = world.schema();
    let environments = world.policies.schema().environments();
    let mut found = Vec::new();
    let mut named: Vec<EntityUid> = Vec::new();
    for name in &alike.actions {
        let mut actions: Vec<EntityUid> =
            schema.actions().filter(|action| names_action(schema, name, action)).cloned().collect();
        // Of a group only the actions that requests are for.
        actions.retain(|action| environments.iter().any(|environment| environment.action() == action));
        actions.sort();
        named.extend(actions);
    }
    let mut seen = BTreeSet::new();
    named.retain(|action| seen.insert(action.clone()));
    let Some((first, others)) = named.split_first() else { return found };
    let listed =
        |names: &[crate::config::Name], ty: String| names.is_empty() || names.iter().any(|name| name.text == ty);
    let about = |environment: &cedar_policy::RequestEnv| {
        listed(&alike.principals, environment.principal().to_string())
            && listed(&alike.resources, environment.resource().to_string())
    };
    if others.is_empty() {
        return found;
    }
    for other in others {
        let exchanged = match Exchanged::new(world, first, other) {
            Ok(exchanged) => exchanged,
            Err(why) => {
                let at = environments.iter().position(|environment| environment.action() == first).unwrap_or_default();
                let judged = Told::Judged(Judged::Open(why));
                found.push(Found { guardrail: number, environment: at, judged, rule: None });
                continue;
            }
        };
        for (at, environment) in environments.iter().enumerate().filter(|(_, environment)| about(environment)) {
            let judged = if environment.action() == first {
                if exchanged.has(environment) {
                    match exchanged.judge(world, environment, [first, other]) {
                        Judged::Kept => unpaired(world, environment, [first, other]),
                        judged => Told::Judged(judged),
                    }
                } else {
                    lonely(world, environment, other)
                }
            } else if environment.action() == other && !has(environments, environment, first) {
                lonely(world, environment, first)
            } else {
                continue;
            };
            found.push(Found { guardrail: number, environment: at, judged, rule: None });
        }
    }
    found
}

fn has(environments: &[cedar_policy::RequestEnv], like: &cedar_policy::RequestEnv, action: &EntityUid) -> bool {
    environments
        .iter()
        .any(|one| one.action() == action && one.principal() == like.principal() && one.resource() == like.resource())
}

/// Requests of one action that have no partner among those of the other, because an attribute that may be absent in the
/// one has to be there in the other: what they are allowed nobody can compare.
fn unpaired(world: &World<'_>, environment: &RequestEnv, names: [&EntityUid; 2]) -> Told {
    let schema = world.schema();
    let fields = |action: &EntityUid| match context_shape(schema, action) {
        Some(Shape::Record(fields)) => fields,
        _ => BTreeMap::new(),
    };
    let environments = world.policies.schema().environments();
    for [mine, theirs] in [[names[0], names[1]], [names[1], names[0]]] {
        let other = fields(theirs);
        for (name, field) in fields(mine) {
            let partner = other.get(&name);
            if field.required || partner.is_none_or(|partner| !partner.required || partner.shape != field.shape) {
                continue;
            }
            let absent = format!("permit (principal, action, resource) when {{ !(context has {name:?}) }};");
            let Ok(policy) = Policy::parse(None, absent) else { continue };
            let subject = Subject::policy(&policy);
            let like = |one: &&RequestEnv| {
                one.action() == mine
                    && one.principal() == environment.principal()
                    && one.resource() == environment.resource()
            };
            let Some(environment) = environments.iter().find(like) else { continue };
            let mut session = Session::new(&world.policies, environment);
            let absent = session.add_policy(0, &subject);
            let here = Here::of(&mut session, world, 0);
            if !session.check(&here.can_be_allowed().and(Formula::Matches(absent))).is_impossible() {
                return Told::Uncovered(format!(
                    "`{}` may be absent for {} and has to be there for {}, so some requests have none to compare with",
                    inline(&name),
                    inline(&mine.to_string()),
                    inline(&theirs.to_string())
                ));
            }
        }
    }
    Told::Judged(Judged::Kept)
}

/// A kind of request that the other action does not have: nothing to compare with, which matters if something is
/// allowed.
fn lonely(world: &World<'_>, environment: &cedar_policy::RequestEnv, other: &EntityUid) -> Told {
    let mut session = Session::new(&world.policies, environment);
    let here = Here::of(&mut session, world, 0);
    if here.permits_aside.is_empty() && session.check(&here.can_be_allowed()).is_impossible() {
        return Told::Judged(Judged::Untouched);
    }
    Told::Uncovered(format!("{} has no requests of this kind to compare with", inline(&other.to_string())))
}

/// What came of one guardrail so far.
struct Pending {
    result: GuardrailResult,
    /// Why something is not known.
    open: Vec<String>,
    /// Whether some request is one that it is about.
    touched: bool,
    /// Where it is broken in the store at hand: the environment and the rule there.
    broken: Vec<(usize, Policy)>,
    causes: Vec<(usize, Does)>,
    /// Whether every policy at fault in the store at hand is among them.
    whole: bool,
    mends: Vec<Option<String>>,
}

impl Pending {
    fn new(guardrail: &Guardrail) -> Self {
        let mut result = GuardrailResult::new(&guardrail.id, guardrail.kind, guardrail.location.clone());
        result.why.clone_from(&guardrail.why);
        result.expansion.clone_from(&guardrail.expansion);
        result.of_policy = matches!(guardrail.demand, Demand::Unmatched(..));
        Self {
            result,
            open: Vec::new(),
            touched: false,
            broken: Vec::new(),
            causes: Vec::new(),
            whole: true,
            mends: Vec::new(),
        }
    }

    fn add(&mut self, world: &World<'_>, found: Found) {
        let Some(environment) = world.policies.schema().environments().get(found.environment) else { return };
        let store = world.store.name.clone();
        let here = world.environment(environment);
        let touched = Touched { store: store.clone(), environment: here.clone() };
        match found.judged {
            Told::Uncovered(why) => self.result.uncovered.push(Uncovered { store, environment: here, why }),
            Told::Judged(Judged::Untouched) => self.result.untouched.push(touched),
            Told::Judged(Judged::Kept) => {
                self.touched = true;
                self.result.touched.push(touched);
            }
            Told::Judged(Judged::Open(why)) => {
                self.result.touched.push(touched);
                self.open.push(why);
            }
            Told::Judged(Judged::Broken(Breach { shown, more, whole })) => {
                self.touched = true;
                self.whole &= whole;
                self.result.touched.push(touched);
                self.causes.extend(shown.iter().flat_map(|one| one.causes.iter().copied()).chain(more));
                if let Some(first) = shown.into_iter().next() {
                    self.result.slips.push(slip(world, &self.result, &found.rule, first, here));
                }
                self.broken.extend(found.rule.map(|rule| (found.environment, rule)));
            }
        }
    }

    /// Looks for what would mend it in the store at hand, and goes on to the next.
    fn mend(&mut self, world: &World<'_>, guardrail: &Guardrail) {
        let places = std::mem::take(&mut self.broken);
        let mut causes = std::mem::take(&mut self.causes);
        let whole = std::mem::replace(&mut self.whole, true);
        causes.sort_unstable();
        causes.dedup();
        let at_fault = causes.iter().filter_map(|(index, does)| told::at_fault(world, *index, *does));
        self.result.at_fault.extend(at_fault);
        if places.is_empty() {
            return;
        }
        let refuses = match guardrail.demand {
            Demand::Refused(_) => true,
            Demand::Allowed(_) => false,
            Demand::Unmatched(..) | Demand::Alike(_) | Demand::Unaskable(_) => return,
        };
        let written = matches!(guardrail.kind, "forbid" | "permit" | "sensitive");
        let places = places.iter().map(|(at, rule)| (*at, rule)).collect();
        self.mends.push(mend(&Broken { world, places, causes, whole }, refuses, written));
    }

    fn finish(mut self, guardrail: &Guardrail, repo: &Repo) -> GuardrailResult {
        if let Demand::Unaskable(why) = &guardrail.demand {
            self.open.push(why.clone());
        }
        if let [Some(only)] = self.mends.as_slice() {
            self.result.mend = Some(only.clone());
        }
        let mut result = self.result;
        let dates = matches!(guardrail.demand, Demand::Unmatched(..));
        (result.status, result.reason) = if !result.slips.is_empty() {
            (GuardrailStatus::Broken, None)
        } else if let Some(why) = self.open.first() {
            (GuardrailStatus::Unknown, Some(why.clone()))
        } else if let Some(first) = result.uncovered.first() {
            (GuardrailStatus::NotCovered, Some(first.why.clone()))
        } else if self.touched || dates {
            (GuardrailStatus::Holds, None)
        } else {
            (GuardrailStatus::Vacuous, Some(told::vacuous(guardrail, repo)))
        };
        result
    }
}

fn slip(
    world: &World<'_>,
    result: &GuardrailResult,
    rule: &Option<Policy>,
    shown: Shown,
    environment: crate::finding::Environment,
) -> Slip {
    let causes: Vec<AtFault> =
        shown.causes.iter().filter_map(|(index, does)| told::at_fault(world, *index, *does)).collect();
    let fails = rule.as_ref().zip(shown.cases.first()).and_then(|(rule, case)| told::fails(rule, case));
    let what = told::slip(result.kind, &shown, &causes, fails.as_deref());
    let mut evidence = shown
        .cases
        .iter()
        .map(|case| Evidence { request: case.request_json.clone(), entities: case.entities_json.clone() });
    Slip {
        store: world.store.name.clone(),
        environment,
        what,
        evidence: evidence
            .next()
            .unwrap_or(Evidence { request: serde_json::Value::Null, entities: serde_json::Value::Null }),
        other: evidence.next(),
        causes,
        guardrail_fails: fails,
        before: None,
    }
}
