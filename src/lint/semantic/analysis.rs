//! Everything that rules report, put together from what was settled in the environments.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cedar_policy::{Effect, PolicySet, RequestEnv, ValidationMode, Validator};
use rayon::prelude::*;

use super::broad::{Broad, broad, ranking};
use super::clash::clash;
use super::conflicts::{Conflict, conflicts};
use super::covers::{single_cover, smallest_cover};
use super::engine::{Engine, Unanswered, any, any_other, errors, example, matches, note};
use super::members::{Member, MemberKind, members};
use super::settle::{Fact, Known, Settled, settle};
use super::slips::{MissingRead, slips};
use super::words::name;
use crate::finding::{Environment, Evidence};
use crate::outcome::Breadth;
use crate::repo::Store;
use crate::repo::cedar::Body;
use crate::symbolic::{Rules, SchemaModel, Subject};
use crate::text::{Span, inline};

/// So many requests are found in one session.
const EXAMPLES: usize = 16;
/// So many policies are named in a sentence about what was not decided.
const NAMED: usize = 5;

/// What is asked for beyond what every run looks for.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::lint) struct Wanted {
    /// Every pair of a permit and a forbid that conflict.
    pub(in crate::lint) conflicts: bool,
    /// How far each permit reaches.
    pub(in crate::lint) breadth: bool,
}

/// A policy that matches nothing.
#[derive(Debug)]
pub(in crate::lint) struct Dead {
    pub(in crate::lint) policy: usize,
    pub(in crate::lint) environments: Vec<usize>,
    /// The operands that exclude each other; `None` when that was not found out.
    pub(in crate::lint) clash: Option<Vec<Span>>,
}

/// A policy whose requests others of its effect match too.
#[derive(Debug)]
pub(in crate::lint) struct Shadow {
    pub(in crate::lint) policy: usize,
    /// The smallest set of these.
    pub(in crate::lint) by: Vec<usize>,
    /// Whether the one other matches nothing else.
    pub(in crate::lint) duplicate: bool,
    /// Where.
    pub(in crate::lint) environments: Vec<usize>,
    /// Whether that is everywhere where the policy matches anything.
    pub(in crate::lint) total: bool,
    pub(in crate::lint) evidence: Option<Evidence>,
}

/// A permit whose requests are all forbidden.
#[derive(Debug)]
pub(in crate::lint) struct Overridden {
    pub(in crate::lint) policy: usize,
    /// The smallest set of forbids that does it.
    pub(in crate::lint) by: Vec<usize>,
    pub(in crate::lint) environments: Vec<usize>,
    pub(in crate::lint) evidence: Option<Evidence>,
}

/// Environments where permits match and everything that they match is forbidden.
#[derive(Debug)]
pub(in crate::lint) struct Denied {
    pub(in crate::lint) environments: Vec<usize>,
    /// The smallest set of forbids that does it.
    pub(in crate::lint) by: Vec<usize>,
    /// Whether it is one forbid, which matches every request there.
    pub(in crate::lint) unconditional: bool,
    /// Whether it looks like meant so: the forbids name the action, and no permit there does or is dead because of it.
    pub(in crate::lint) deliberate: bool,
    /// The permits that match something there.
    pub(in crate::lint) permits: Vec<usize>,
    pub(in crate::lint) evidence: Option<Evidence>,
}

/// A permit that matches every request.
#[derive(Debug)]
pub(in crate::lint) struct Grant {
    pub(in crate::lint) policy: usize,
    pub(in crate::lint) environments: Vec<usize>,
    /// Whether that is every environment of the schema, and there is more to it than one action.
    pub(in crate::lint) whole: bool,
    pub(in crate::lint) evidence: Option<Evidence>,
}

/// A forbid that can error.
#[derive(Debug)]
pub(in crate::lint) struct Erring {
    pub(in crate::lint) policy: usize,
    pub(in crate::lint) environments: Vec<usize>,
    /// The read of something that may be missing; without one it is arithmetic that overflows.
    pub(in crate::lint) read: Option<MissingRead>,
    pub(in crate::lint) evidence: Option<Evidence>,
}

/// One store, analysed.
#[derive(Debug, Default)]
pub(in crate::lint) struct Analysis<'a> {
    pub(in crate::lint) members: Vec<Member<'a>>,
    pub(in crate::lint) environments: Vec<Environment>,
    facts: Vec<Vec<Fact>>,
    pub(in crate::lint) dead: Vec<Dead>,
    pub(in crate::lint) shadows: Vec<Shadow>,
    pub(in crate::lint) overridden: Vec<Overridden>,
    pub(in crate::lint) denied: Vec<Denied>,
    pub(in crate::lint) grants: Vec<Grant>,
    pub(in crate::lint) broad: Vec<(Broad, Option<Evidence>)>,
    pub(in crate::lint) erring: Vec<Erring>,
    pub(in crate::lint) conflicts: Vec<Conflict>,
    pub(in crate::lint) breadth: Vec<Breadth>,
    /// What was asked and not decided, a sentence each.
    pub(in crate::lint) undecided: Vec<String>,
    /// Policies that were left out because they do not fit the schema, which validation reports; a sentence each.
    pub(in crate::lint) unfit: Vec<String>,
}

impl<'a> Analysis<'a> {
    /// What the policy at `index` does, by environment, where it applies.
    pub(super) fn facts(&self, index: usize) -> &[Fact] {
        self.facts.get(index).map_or(&[], Vec::as_slice)
    }

    /// The permits that decide.
    pub(super) fn permits(&self) -> impl Iterator<Item = (usize, &Member<'a>)> {
        self.deciding(Effect::Permit)
    }

    fn deciding(&self, effect: Effect) -> impl Iterator<Item = (usize, &Member<'a>)> {
        self.members.iter().enumerate().filter(move |(_, member)| member.decides() && member.effect == effect)
    }

    fn effect(&self, index: usize) -> Effect {
        self.members.get(index).map_or(Effect::Permit, |member| member.effect)
    }

    /// Indices of what decides with `effect` and applies in one of `environments`, which are in order.
    fn applying(&self, effect: Effect, environments: &[usize]) -> Vec<usize> {
        let there =
            |index: usize| self.facts(index).iter().any(|fact| environments.binary_search(&fact.environment).is_ok());
        self.deciding(effect).map(|(index, _)| index).filter(|index| there(*index)).collect()
    }
}

/// Analyses `store`; `None` when it has no schema that can be used.
pub(in crate::lint) fn analyse(store: &Store, wanted: Wanted) -> Option<Analysis<'_>> {
    let schema = store.schema.ready()?;
    let model = match SchemaModel::new(&schema.cedar) {
        Ok(model) => model,
        Err(why) => {
            let undecided = vec![format!("store `{}` cannot be analysed: {why}", inline(&store.name))];
            return Some(Analysis { undecided, ..Analysis::default() });
        }
    };
    let (members, subjects): (Vec<Member<'_>>, Vec<Subject>) = members(store).into_iter().unzip();
    let rules = Rules::new(Arc::clone(&model), subjects);
    let environments = model.environments();
    let engine = Engine::new(&rules);
    let all: Vec<usize> = (0..environments.len()).collect();
    let settled = engine.sessions.spread(&all, 1, |sessions, at| {
        sessions.full(*at).map(|session| settle(session, *at, &members)).unwrap_or_default()
    });
    let mut explaining = Explaining {
        store,
        model: &model,
        requests: environments,
        engine,
        seen: Vec::new(),
        analysis: Analysis::default(),
    };
    explaining.analysis.members = members;
    explaining.analysis.environments = environments.iter().map(named).collect();
    explaining.explain(&settled);
    if wanted.conflicts {
        let analysis = &explaining.analysis;
        let live = |effect| {
            let all = analysis.deciding(effect).map(|(index, _)| index);
            all.filter(|index| analysis.live(*index).next().is_some()).collect::<Vec<_>>()
        };
        let (permits, forbids) = (live(Effect::Permit), live(Effect::Forbid));
        explaining.analysis.conflicts = conflicts(&mut explaining.engine, &permits, &forbids);
    }
    explaining.sentences();
    let mut analysis = explaining.analysis;
    if wanted.breadth {
        analysis.breadth = ranking(&analysis, &store.name);
    }
    Some(analysis)
}

fn named(environment: &RequestEnv) -> Environment {
    Environment {
        principal: environment.principal().to_string(),
        action: environment.action().to_string(),
        resource: environment.resource().to_string(),
    }
}

/// An analysis on its way.
struct Explaining<'a, 'r> {
    store: &'a Store,
    model: &'r Arc<SchemaModel>,
    requests: &'r [RequestEnv],
    engine: Engine<'r>,
    /// By environment, for a live policy that others may cover: those that match one request that it does.
    seen: Vec<BTreeMap<usize, Vec<usize>>>,
    analysis: Analysis<'a>,
}

impl Explaining<'_, '_> {
    fn explain(&mut self, settled: &[Settled]) {
        self.seen = settled.iter().map(|settled| settled.seen.clone()).collect();
        self.analysis.facts = vec![Vec::new(); self.analysis.members.len()];
        let mut aside: BTreeMap<usize, Vec<(usize, &str)>> = BTreeMap::new();
        for (at, settled) in settled.iter().enumerate() {
            for (index, fact) in &settled.facts {
                if let Some(facts) = self.analysis.facts.get_mut(*index) {
                    facts.push(*fact);
                }
            }
            for (index, why) in &settled.set_aside {
                aside.entry(*index).or_default().push((at, why));
            }
            for (policy, (count, reason)) in &settled.unanswered {
                note(&mut self.engine.unanswered, *policy, *count, reason);
            }
        }
        self.dead(&aside);
        self.grants();
        self.denied(settled);
        self.overridden(&aside);
        self.shadows(&aside);
        self.illustrate();
        self.erring(&aside);
        self.aside(&aside);
    }

    /// A policy is dead when it applies somewhere and matches nothing anywhere. A dead template speaks for its links.
    fn dead(&mut self, aside: &BTreeMap<usize, Vec<(usize, &str)>>) {
        let dead = |index: usize| {
            let facts = self.analysis.facts(index);
            !facts.is_empty() && !aside.contains_key(&index) && facts.iter().all(|fact| fact.live == Known::No)
        };
        let all: Vec<usize> = (0..self.analysis.members.len()).filter(|index| dead(*index)).collect();
        let templates: Vec<_> = all
            .iter()
            .filter_map(|index| self.analysis.members.get(*index))
            .filter(|member| member.kind == MemberKind::Template)
            .map(|member| &member.policy.key)
            .collect();
        let found: Vec<Dead> = all
            .par_iter()
            .filter_map(|index| {
                let member = self.analysis.members.get(*index)?;
                if member.kind == MemberKind::Link && templates.contains(&&member.policy.key) {
                    return None;
                }
                let environments: Vec<usize> =
                    self.analysis.facts(*index).iter().map(|fact| fact.environment).collect();
                let requests: Vec<_> = environments.iter().filter_map(|at| self.requests.get(*at)).collect();
                let clash = if member.kind == MemberKind::Static { clash(member, self.model, &requests) } else { None };
                Some(Dead { policy: *index, environments, clash })
            })
            .collect();
        self.analysis.dead = found;
    }

    /// Unconditional and over-broad permits.
    fn grants(&mut self) {
        let all = self.analysis.environments.len();
        let permits: Vec<usize> = self.analysis.permits().map(|(index, _)| index).collect();
        let mut found = Vec::new();
        for policy in permits {
            let environments: Vec<usize> = self.analysis.always(policy).collect();
            let open = self.analysis.members.get(policy).is_some_and(|member| member.policy.syntax().open.action);
            let whole = !environments.is_empty() && environments.len() == all && (all > 1 || open);
            found.push((policy, environments, whole));
        }
        // Where everything is permitted, that is what there is to say.
        let any_whole = found.iter().any(|(_, _, whole)| *whole);
        for (policy, environments, whole) in found.into_iter().filter(|(_, _, whole)| *whole || !any_whole) {
            let broad = if whole { None } else { broad(&self.analysis, policy) };
            if let Some(broad) = broad {
                let evidence = broad.environments.first().and_then(|at| self.granted(*at, policy));
                self.analysis.broad.push((broad, evidence));
            } else if let Some(first) = environments.first() {
                let evidence = if whole { self.granted(*first, policy) } else { None };
                self.analysis.grants.push(Grant { policy, environments, whole, evidence });
            }
        }
    }

    /// A request that `permit` allows, alone if there is one.
    fn granted(&mut self, environment: usize, permit: usize) -> Option<Evidence> {
        let allowed = matches(permit).and(!any_other(Effect::Forbid, permit));
        let alone = allowed.clone().and(!any_other(Effect::Permit, permit));
        self.engine.example(environment, permit, &[alone, allowed, matches(permit)])
    }

    /// Environments where nothing is allowed. A policy that is missing might allow something there: then nothing is said,
    /// but for what is forbidden whatever else there is.
    fn denied(&mut self, settled: &[Settled]) {
        let mut groups: BTreeMap<(Vec<usize>, bool), Vec<usize>> = BTreeMap::new();
        for (at, _) in settled.iter().enumerate().filter(|(_, settled)| settled.allowed == Some(Known::No)) {
            let forbids = self.analysis.applying(Effect::Forbid, &[at]);
            let always = forbids.iter().copied().find(|forbid| self.analysis.always(*forbid).any(|there| there == at));
            let permit_aside = settled.get(at).is_some_and(|settled| {
                settled.set_aside.iter().any(|(index, _)| self.analysis.effect(*index) == Effect::Permit)
            });
            if let Some(forbid) = always {
                groups.entry((vec![forbid], true)).or_default().push(at);
            } else if let (Some(about), true, false) = (forbids.first(), self.store.broken.is_empty(), permit_aside) {
                let permitted = any_other(Effect::Permit, *about);
                let forbids = (Effect::Forbid, forbids.as_slice());
                if let Some(by) = smallest_cover(&mut self.engine, &[at], &permitted, forbids, *about) {
                    groups.entry((by, false)).or_default().push(at);
                }
            }
        }
        let denied: BTreeSet<usize> = groups.values().flatten().copied().collect();
        for ((by, unconditional), environments) in groups {
            let permits: Vec<usize> = self
                .analysis
                .permits()
                .map(|(index, _)| index)
                .filter(|index| self.analysis.live(*index).any(|at| environments.binary_search(&at).is_ok()))
                .collect();
            let names_action = |index: &usize| {
                self.analysis.members.get(*index).is_some_and(|member| !member.policy.syntax().open.action)
            };
            let alive = |index: &usize| self.analysis.live(*index).any(|at| !denied.contains(&at));
            let deliberate =
                by.iter().all(names_action) && permits.iter().all(|permit| !names_action(permit) && alive(permit));
            let shown = environments.first().zip(by.first());
            let evidence =
                shown.and_then(|(at, about)| self.engine.example(*at, *about, &[any_other(Effect::Permit, *about)]));
            self.analysis.denied.push(Denied { environments, by, unconditional, deliberate, permits, evidence });
        }
    }

    /// Whether every environment where the policy matches anything is one of [`Denied`]'s.
    fn denied_everywhere(&self, policy: usize) -> bool {
        let denied =
            |at: usize| self.analysis.denied.iter().any(|denied| denied.environments.binary_search(&at).is_ok());
        self.analysis.live(policy).all(denied)
    }

    /// Where the policy matches something, unless it is not known where that is.
    fn whole(&self, policy: usize, aside: &BTreeMap<usize, Vec<(usize, &str)>>) -> Option<Vec<usize>> {
        let unknown = self.analysis.facts(policy).iter().any(|fact| fact.live == Known::Unknown);
        let live: Vec<usize> = self.analysis.live(policy).collect();
        (!unknown && !aside.contains_key(&policy) && !live.is_empty()).then_some(live)
    }

    fn overridden(&mut self, aside: &BTreeMap<usize, Vec<(usize, &str)>>) {
        let permits: Vec<usize> = self.analysis.permits().map(|(index, _)| index).collect();
        for policy in permits {
            let Some(environments) = self.whole(policy, aside) else { continue };
            let facts = self.analysis.facts(policy).iter();
            let all = facts.filter(|fact| fact.live == Known::Yes).all(|fact| fact.overridden == Known::Yes);
            if !all || self.denied_everywhere(policy) {
                continue;
            }
            let forbids = self.analysis.applying(Effect::Forbid, &environments);
            let forbids = (Effect::Forbid, forbids.as_slice());
            let by = match self.single(policy, &environments, forbids.1) {
                Some(single) => Some(vec![single]),
                None => smallest_cover(&mut self.engine, &environments, &matches(policy), forbids, policy),
            };
            let Some(by) = by else { continue };
            self.analysis.overridden.push(Overridden { policy, by, environments, evidence: None });
        }
    }

    /// Shadows, from the last policy to the first. One that is wholly shadowed counts as gone from then on, so that all that
    /// are reported can be removed together.
    fn shadows(&mut self, aside: &BTreeMap<usize, Vec<(usize, &str)>>) {
        let mut gone: BTreeSet<usize> = BTreeSet::new();
        for policy in (0..self.analysis.members.len()).rev() {
            let effect = self.analysis.effect(policy);
            let shadowed: Vec<usize> = self
                .analysis
                .facts(policy)
                .iter()
                .filter(|fact| fact.shadowed == Known::Yes)
                .map(|fact| fact.environment)
                .collect();
            if shadowed.is_empty() || self.reported_otherwise(policy, &shadowed) {
                continue;
            }
            let mut others = self.analysis.applying(effect, &shadowed);
            others.retain(|other| *other != policy && !gone.contains(other));
            let single = self.single(policy, &shadowed, &others);
            let environments: Vec<usize> =
                if single.is_none() && gone.iter().any(|gone| self.analysis.effect(*gone) == effect) {
                    let left = matches(policy).and(!any(&others));
                    shadowed.into_iter().filter(|at| self.engine.check(*at, &left, policy).is_impossible()).collect()
                } else {
                    shadowed
                };
            let total = self.whole(policy, aside).is_some_and(|live| live == environments);
            // A policy for all actions is not expected to add something for each of them.
            let open = self.analysis.members.get(policy).is_some_and(|member| member.policy.syntax().open.action);
            if environments.is_empty() || (open && !total) {
                continue;
            }
            let others = (effect, others.as_slice());
            let by = single.map(|single| vec![single]);
            let by = by.or_else(|| smallest_cover(&mut self.engine, &environments, &matches(policy), others, policy));
            let Some(by) = by else { continue };
            if total {
                gone.insert(policy);
            }
            if self.share_an_id(policy, &by) {
                continue;
            }
            let duplicate = total && self.contains(policy, &by);
            self.analysis.shadows.push(Shadow { policy, by, duplicate, environments, total, evidence: None });
        }
        self.analysis.shadows.reverse();
    }

    /// Finds requests for what there may be many of, in parallel.
    fn illustrate(&mut self) {
        let forbidden = |policy: usize| any_other(Effect::Forbid, policy);
        let overridden =
            self.analysis.overridden.iter().map(|overridden| {
                (overridden.environments.first(), overridden.policy, vec![matches(overridden.policy)])
            });
        let shadows = self.analysis.shadows.iter().map(|shadow| {
            let both = matches(shadow.policy).and(any(&shadow.by));
            let questions = match self.analysis.effect(shadow.policy) {
                Effect::Permit => vec![both.clone().and(!forbidden(shadow.policy)), both],
                Effect::Forbid => vec![both],
            };
            (shadow.environments.first().filter(|_| shadow.total), shadow.policy, questions)
        });
        let mut jobs: Vec<_> = overridden
            .chain(shadows)
            .enumerate()
            .filter_map(|(at, (environment, policy, questions))| Some((*environment?, at, policy, questions)))
            .collect();
        jobs.sort_by_key(|(environment, at, ..)| (*environment, *at));
        let found = self.engine.sessions.spread(&jobs, EXAMPLES, |sessions, (environment, at, policy, questions)| {
            let mut unanswered = Unanswered::new();
            let evidence = example(sessions, &mut unanswered, *environment, *policy, questions);
            (*at, evidence, unanswered)
        });
        let mut evidence: BTreeMap<usize, Option<Evidence>> = BTreeMap::new();
        for (at, found, unanswered) in found {
            evidence.insert(at, found);
            for (policy, (count, reason)) in unanswered {
                note(&mut self.engine.unanswered, policy, count, &reason);
            }
        }
        let slots = self.analysis.overridden.iter_mut().map(|overridden| &mut overridden.evidence);
        let slots = slots.chain(self.analysis.shadows.iter_mut().map(|shadow| &mut shadow.evidence));
        for (at, slot) in slots.enumerate() {
            *slot = evidence.remove(&at).flatten();
        }
    }

    /// One of `others` that matches all that `policy` does in `environments`: only what also matches the requests that were seen.
    fn single(&mut self, policy: usize, environments: &[usize], others: &[usize]) -> Option<usize> {
        let seen = |at: &usize| self.seen.get(*at).and_then(|seen| seen.get(&policy));
        let everywhere = |other: &usize| environments.iter().all(|at| seen(at).is_none_or(|seen| seen.contains(other)));
        let candidates: Vec<usize> = others.iter().copied().filter(everywhere).collect();
        single_cover(&mut self.engine, environments, policy, &candidates)
    }

    /// Whether another finding says that `policy` does nothing in `environments`.
    fn reported_otherwise(&self, policy: usize, environments: &[usize]) -> bool {
        let analysis = &self.analysis;
        match analysis.effect(policy) {
            Effect::Permit => {
                let granted = analysis.grants.iter().any(|grant| grant.whole);
                let overridden = analysis.overridden.iter().any(|overridden| overridden.policy == policy);
                granted || overridden || self.denied_everywhere(policy)
            }
            Effect::Forbid => analysis.denied.iter().any(|denied| {
                denied.unconditional
                    && !denied.deliberate
                    && denied.by.first().is_some_and(|by| {
                        *by != policy && environments.iter().all(|at| analysis.always(*by).any(|there| there == *at))
                    })
            }),
        }
    }

    /// Whether `policy` has the id of the one policy of `by`, which a rule of its own reports.
    fn share_an_id(&self, policy: usize, by: &[usize]) -> bool {
        let id = |index: usize| {
            let member = self.analysis.members.get(index)?;
            member.policy.id.as_ref().map(|(id, _)| id)
        };
        matches!(by, [other] if id(policy).is_some() && id(policy) == id(*other))
    }

    /// Whether `policy` matches every request that the one policy of `by` does.
    fn contains(&mut self, policy: usize, by: &[usize]) -> bool {
        let [other] = by else { return false };
        let environments: Vec<usize> = self.analysis.facts(*other).iter().map(|fact| fact.environment).collect();
        let more = matches(*other).and(!matches(policy));
        environments.into_iter().all(|at| self.engine.check_apart(at, &more, policy).is_impossible())
    }

    fn erring(&mut self, aside: &BTreeMap<usize, Vec<(usize, &str)>>) {
        let forbids: Vec<usize> = self.analysis.deciding(Effect::Forbid).map(|(index, _)| index).collect();
        for policy in forbids {
            let facts = self.analysis.facts(policy).iter();
            let environments: Vec<usize> =
                facts.filter(|fact| fact.errors == Known::Yes).map(|fact| fact.environment).collect();
            if let Some(first) = environments.first() {
                let slips =
                    errors(policy).and(any_other(Effect::Permit, policy)).and(!any_other(Effect::Forbid, policy));
                let evidence = self.engine.example(*first, policy, &[slips, errors(policy)]);
                self.analysis.erring.push(Erring { policy, environments, read: None, evidence });
            }
            if let (Some(aside), true) = (aside.get(&policy), self.store.broken.is_empty()) {
                self.slips(policy, aside);
            }
        }
    }

    fn slips(&mut self, policy: usize, aside: &[(usize, &str)]) {
        let Some(member) =
            self.analysis.members.get(policy).copied().filter(|member| member.kind == MemberKind::Static)
        else {
            return;
        };
        let environments: Vec<_> =
            aside.iter().filter_map(|(at, _)| self.requests.get(*at).map(|request| (*at, request))).collect();
        for slip in slips(self.store, self.model, &member, &environments) {
            self.analysis.erring.push(Erring {
                policy,
                environments: vec![slip.environment],
                read: Some(slip.read),
                evidence: Some(slip.evidence),
            });
        }
    }

    /// What the engine did not have: a policy that does not fit the schema is validation's to report.
    fn aside(&mut self, aside: &BTreeMap<usize, Vec<(usize, &str)>>) {
        let Some(schema) = self.store.schema.ready() else { return };
        let validator = Validator::new(schema.cedar.clone());
        let mut unfit = Vec::new();
        for (index, member) in self.analysis.members.iter().enumerate() {
            let reasons: BTreeSet<&str> = aside.get(&index).into_iter().flatten().map(|(_, why)| *why).collect();
            // What names a type or action that there is not applies nowhere.
            if reasons.is_empty() && !self.analysis.facts(index).is_empty() {
                continue;
            }
            if validator.validate(&alone(self.store, member), ValidationMode::Strict).validation_passed() {
                let sentence = |reason: &str| format!("`{}` is not analysed: {reason}", inline(member.name));
                self.analysis.undecided.extend(reasons.into_iter().map(sentence));
            } else if !self.analysis.erring.iter().any(|erring| erring.policy == index) {
                unfit.push(name(member));
            }
        }
        if !unfit.is_empty() {
            let (what, them) = if unfit.len() == 1 {
                ("1 policy does".to_owned(), "it is")
            } else {
                (format!("{} policies do", unfit.len()), "they are")
            };
            let store = inline(&self.store.name);
            self.analysis.unfit.push(format!(
                "{what} not fit the schema of store `{store}`, so {them} not analysed: {} (see `polcheck validate`)",
                some_of(&unfit)
            ));
        }
    }

    /// A sentence for each reason why questions have no answer.
    fn sentences(&mut self) {
        let unanswered: Unanswered = std::mem::take(&mut self.engine.unanswered);
        let mut reasons: BTreeMap<String, (usize, Vec<String>)> = BTreeMap::new();
        for (index, (count, reason)) in unanswered {
            let (all, names) = reasons.entry(reason.to_string()).or_default();
            *all += count;
            names.extend(self.analysis.members.get(index).map(name));
        }
        for (reason, (count, names)) in reasons {
            let questions = if count == 1 { "1 question".to_owned() } else { format!("{count} questions") };
            self.analysis.undecided.push(format!("{questions} about {}: {reason}", some_of(&names)));
        }
    }
}

/// `member` and nothing else.
fn alone(store: &Store, member: &Member<'_>) -> PolicySet {
    let mut set = PolicySet::new();
    // Each is in a set already, so that adding it to another cannot fail.
    let _ = match &member.policy.body {
        Body::Static(policy) => set.add(policy.clone()),
        Body::Template(template) => set.add_template(template.clone()),
    };
    let link = store.links.iter().find(|link| member.kind == MemberKind::Link && link.name == member.name);
    let values = link.and_then(|link| store.set.policy(&link.key)?.template_links());
    if let (Some(link), Some(values)) = (link, values) {
        let _ = set.link(member.policy.key.clone(), link.key.clone(), values);
    }
    set
}

/// The first of `names`, and how many more there are.
fn some_of(names: &[String]) -> String {
    let more = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", "))
}
