//! One side: its policies in the context that is given, and what they come to by type.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cedar_policy::{Authorizer, Context, Decision, Policy, PolicyId, PolicySet, Request, RequestEnv};
use serde_json::Value as Json;

use super::given::put_into;
use super::{Key, MANY};
use crate::access::asked::{Asked, Subject};
use crate::access::kinds::{UnfitContext, read_context};
use crate::compare::{Body, Condition, Decided, Effect, Options, Pair, PolicyPair, Where, Which};
use crate::expression::{Piece, Section, all_of, pieces, text};
use crate::infer::Inferred;
use crate::outcome::{Access, AccessCondition};
use crate::repo::Store;
use crate::symbolic::{Case, Limits, SchemaModel, Witness};
use crate::text::inline;

/// A side that is there, with the schema that it is read under.
pub(super) struct Side<'s> {
    pub(super) store: &'s Store,
    pub(super) model: Arc<SchemaModel>,
    /// Whether the schema is declared.
    pub(super) declared: bool,
    /// Whether it is the old one.
    pub(super) old: bool,
}

/// The context of requests, where one is given, and the same in Cedar's JSON.
pub(super) type Given = Option<(Context, Json)>;

/// What a kind of request comes to.
pub(super) struct Answer {
    pub(super) access: Access,
    pub(super) environment: RequestEnv,
    /// The context as text, to tell kinds apart that have the same.
    pub(super) context: String,
}

/// By principal, resource and action: what it comes to.
pub(super) type Answers = BTreeMap<Key, Answer>;

/// What is asked of a side.
#[derive(Clone, Copy)]
pub(super) struct Question<'q> {
    pub(super) asked: &'q Asked,
    /// A context as JSON.
    pub(super) context: Option<&'q str>,
    /// The schema where none is declared.
    pub(super) inferred: Option<&'q Inferred>,
}

impl Question<'_> {
    /// A type or an action as people are told of it.
    pub(super) fn said(&self, name: String) -> String {
        self.inferred.map_or_else(|| name.clone(), |inferred| inferred.said(&name).to_owned())
    }
}

/// What is said of a side besides its answers.
#[derive(Default)]
pub(super) struct Open {
    /// What is not decided, a phrase each.
    pub(super) undecided: Vec<String>,
    /// Actions that the context does not fit.
    pub(super) unfit: Vec<UnfitContext>,
}

impl Open {
    /// Says that something is not decided, once.
    pub(super) fn leave(&mut self, what: String) {
        if !self.undecided.contains(&what) {
            self.undecided.push(what);
        }
    }
}

/// The policies of a side for requests with a context, as what a side without any gains; those from `probes` on are
/// ours: they refuse everybody who is not asked about.
pub(super) struct Policies {
    pub(super) all: Vec<Policy>,
    pub(super) limits: Vec<Limits>,
    pub(super) probes: usize,
    /// The same as Cedar's authorizer takes them, with nothing put in.
    set: PolicySet,
    given: Given,
}

impl Side<'_> {
    /// What it comes to by type.
    pub(super) fn answers(&self, question: Question<'_>, open: &mut Open) -> Answers {
        let asked = question.asked;
        let wanted = |environment: &&RequestEnv| {
            asked.action.as_ref().is_none_or(|action| action == environment.action())
                && asked.principal.takes_type(environment.principal())
                && asked.resource.takes_type(environment.resource())
        };
        let mut alike: BTreeMap<String, (Given, Vec<(RequestEnv, Where)>)> = BTreeMap::new();
        for environment in self.model.environments().iter().filter(wanted) {
            match self.read(question.context, environment) {
                Ok(given) => {
                    let name = given.as_ref().map(|(_, json)| json.to_string()).unwrap_or_default();
                    let entry = alike.entry(name).or_insert_with(|| (given, Vec::new()));
                    entry.1.push((environment.clone(), Where::Both));
                }
                Err(why) => {
                    let action = environment.action().clone();
                    if !open.unfit.iter().any(|one| one.action == action && one.old == self.old) {
                        open.unfit.push(UnfitContext { action, old: self.old, why });
                    }
                }
            }
        }
        let mut found = Answers::new();
        for (name, (given, environments)) in alike {
            self.of_context(question, (&name, given), &environments, open, &mut found);
        }
        found
    }

    /// The context of requests of this kind, as their action reads it.
    fn read(&self, context: Option<&str>, environment: &RequestEnv) -> Result<Given, String> {
        let Some(text) = context else { return Ok(None) };
        let schema = self.declared.then(|| self.model.schema());
        let context = read_context(text, schema, environment.action())?;
        let json = context.to_json_value().map_err(|error| error.to_string())?;
        Ok(Some((context, json)))
    }

    /// What kinds of request with the same context come to.
    fn of_context(
        &self,
        question: Question<'_>,
        (context, given): (&str, Given),
        environments: &[(RequestEnv, Where)],
        open: &mut Open,
        found: &mut Answers,
    ) {
        let asked = question.asked;
        let before = if self.old { " before" } else { "" };
        let mut undecided = |environment: &RequestEnv, why: String| {
            let action = question.said(environment.action().to_string());
            open.leave(format!("whether anybody may do `{}`{before}: {why}", inline(&action)));
        };
        let policies = match self.policies(question, given) {
            Ok(policies) => policies,
            Err(why) => return environments.iter().for_each(|(one, _)| undecided(one, why.clone())),
        };
        let pairs = policies.gained();
        let pair = Pair::new(Some(&self.model), Some(&self.model), true, &pairs);
        let confirm = |witness: &Witness, _: Which, _: bool| match witness.cases.last() {
            Some(case) if policies.allow(case) => Ok(()),
            case => Err(case.map(|case| case.request_json.to_string()).unwrap_or_default()),
        };
        let deltas = pair.compare(environments, Options::new(&confirm, pairs.len() <= MANY));
        for ((environment, _), delta) in environments.iter().zip(&deltas) {
            if let Decided::Unknown(why) = &delta.gained.decided {
                undecided(environment, why.to_string());
            }
            let Some(access) = policies.access(&delta.gained.effects) else { continue };
            let name = |subject: &Subject, ty: String| match subject {
                Subject::One(uid) => uid.to_string(),
                Subject::Open | Subject::Type(_) => question.said(ty),
            };
            let principal = name(&asked.principal, environment.principal().to_string());
            let resource = name(&asked.resource, environment.resource().to_string());
            let action = question.said(environment.action().to_string());
            let answer = Answer { access, environment: environment.clone(), context: context.to_owned() };
            found.insert((principal, resource, action), answer);
        }
    }

    /// The context that requests of a kind have, which was read before.
    pub(super) fn given(&self, context: Option<&str>, environment: &RequestEnv) -> Given {
        self.read(context, environment).ok().flatten()
    }

    /// Its policies in this context.
    pub(super) fn policies(&self, question: Question<'_>, given: Given) -> Result<Policies, String> {
        let limits_of = question.inferred.map(|inferred| inferred.limits(usize::from(!self.old)));
        let mut deciding: Vec<&Policy> = self.store.set.policies().collect();
        deciding.sort_by(|one, other| one.id().cmp(other.id()));
        let (mut all, mut limits) = (Vec::new(), Vec::new());
        for policy in deciding {
            let subject = Body::Policy(Arc::new(policy.clone())).subject();
            limits.push(limits_of.as_ref().map_or_else(Limits::default, |limits| limits.of(policy.id(), &subject)));
            all.push(match &given {
                None => policy.clone(),
                Some((_, json)) => put_into(policy, json).ok_or("the context cannot be put into a policy")?,
            });
        }
        let (probes, mut set) = (all.len(), PolicySet::clone(&self.store.set));
        for (variable, subject) in [("principal", &question.asked.principal), ("resource", &question.asked.resource)] {
            let Subject::One(uid) = subject else { continue };
            let text = format!("forbid (principal, action, resource) unless {{ {variable} == {uid} }};");
            // Keys of a store have no space.
            let probe = Policy::parse(Some(PolicyId::new(format!("asked {variable}"))), text);
            let probe = probe.map_err(|error| error.to_string())?;
            set.add(probe.clone()).map_err(|error| error.to_string())?;
            all.push(probe);
            limits.push(Limits::default());
        }
        Ok(Policies { all, limits, probes, set, given })
    }
}

impl Policies {
    /// As what a side without any gains.
    fn gained(&self) -> Vec<PolicyPair> {
        let pair = |(policy, limits): (&Policy, &Limits)| PolicyPair {
            old: None,
            new: Some(Body::Policy(Arc::new(policy.clone()))),
            limits: [Limits::default(), limits.clone()],
            same: false,
            opened: None,
        };
        self.all.iter().zip(&self.limits).map(pair).collect()
    }

    /// Whether Cedar's authorizer allows the request, in the context that is given.
    pub(super) fn allow(&self, case: &Case) -> bool {
        let own = |request: &Request| -> Option<Request> {
            let (context, _) = self.given.as_ref()?;
            let [principal, action, resource] =
                [request.principal(), request.action(), request.resource()].map(|uid| uid.cloned());
            Request::new(principal?, action?, resource?, context.clone(), None).ok()
        };
        let request = own(&case.request);
        let request = request.as_ref().unwrap_or(&case.request);
        Authorizer::new().is_authorized(request, &self.set, &case.entities).decision() == Decision::Allow
    }

    /// What effects come to together; none where there are none.
    fn access(&self, effects: &[Effect]) -> Option<Access> {
        effects.first()?;
        let mut when: BTreeSet<String> = effects.iter().map(|effect| permitted(&effect.condition)).collect();
        let mut refused: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
        for clause in effects.iter().flat_map(|effect| &effect.condition.unless_refused) {
            if clause.entry < self.probes {
                refused.entry(clause.entry).or_default().push(&clause.condition);
            }
        }
        // What a forbid asks of the requests of one permit says nothing of those of others.
        let unless = refused.into_iter().map(|(entry, texts)| match texts.split_first() {
            Some((first, rest)) if texts.len() == effects.len() && rest.iter().all(|other| other == first) => {
                (*first).to_owned()
            }
            first => self.whole(entry).or_else(|| Some((*first?.0).to_owned())).unwrap_or_default(),
        });
        let unless: BTreeSet<String> = unless.collect();
        if when.contains("true") {
            when.clear();
        }
        if when.is_empty() && unless.is_empty() {
            return Some(Access::Allowed);
        }
        let condition =
            AccessCondition { when: when.into_iter().collect(), unless: unless.into_iter().collect(), shown: true };
        Some(Access::Conditional(Arc::new(condition)))
    }

    /// When a policy matches where its action does.
    fn whole(&self, entry: usize) -> Option<String> {
        let pieces = pieces(&self.all.get(entry)?.to_json().ok()?);
        let of_action = |piece: &Piece| {
            let left = piece.expression.as_object().and_then(|all| all.values().next()?.get("left"));
            piece.section == Section::Scope && left.is_some_and(|left| left.get("Var").is_some_and(|of| of == "action"))
        };
        let all: Vec<Json> = pieces.iter().filter(|piece| !of_action(piece)).flat_map(Piece::conjuncts).collect();
        all_of(&all).map_or_else(|| Some("true".to_owned()), |all| text(&all))
    }
}

/// What has to hold of the requests of an effect, forbids aside.
fn permitted(condition: &Condition) -> String {
    let held = |text: &str| {
        let loose = text.contains("||") || text.starts_with("if ");
        if loose { format!("({text})") } else { text.to_owned() }
    };
    let allowed: Vec<String> = condition.where_allowed.iter().map(|clause| held(&clause.condition)).collect();
    match (condition.when.as_str(), allowed.as_slice()) {
        (when, []) => when.to_owned(),
        ("true", allowed) => allowed.join(" || "),
        (when, allowed) => format!("{} && ({})", held(when), allowed.join(" || ")),
    }
}
