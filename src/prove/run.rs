//! All guardrails over all stores.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cedar_policy::Policy;
use rayon::prelude::*;

use super::found::{Found, Told};
use super::guardrail::{Cover, Demand, Guardrail, Place, Reach, Rule};
use super::judge::{Here, Judged, allowed, refused, touches, unmatched};
use super::kinds::{Sources, collect};
use super::paired::alike_in;
use super::pending::Pending;
use super::world::{Member, World};
use crate::config::Config;
use crate::outcome::{GuardrailResult, GuardrailStatus, Guardrails};
use crate::repo::{Repo, Store};
use crate::symbolic::{PolicyRef, Session, Solvers, Subject};
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

/// Proves every guardrail over every store that it is about. What could not be asked is said of each guardrail, and
/// nothing is an error.
#[must_use]
pub fn run(wanted: &Wanted<'_>) -> Guardrails {
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
        return Guardrails::default();
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
    Guardrails { results, assumptions: assumptions.into_iter().collect(), weakened: Vec::new() }
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
    let meter = world.policies.schema().solvers().meter();
    meter.begin(environments.len());
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
        .inspect(|_| meter.finish(1))
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
        if let (Judged::Broken(_), Some(doubt)) = (&judged, &guardrail.doubt) {
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
