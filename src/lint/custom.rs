//! The rules that a configuration declares.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{CustomRule, Name};
use crate::finding::{Evidence, Finding};
use crate::outcome::{Notice, NoticeKind};
use crate::repo::syntax::Expr;
use crate::repo::{Policy, Store};
use crate::symbolic::{Answer, Formula, Session, Subject};
use crate::text::{Location, Span, inline};

use super::conditions::path;
use super::context::{Context, finding_at};
use super::custom_conditions::{is_asked_of, names_action, policy_of};
use super::facts::{Facts, Proved, Unanswered, finding_about, matches};

/// Adds what the `rules` find in the store of `facts`; what stands at the places `unusable` asks nothing.
pub(super) fn check(facts: &mut Facts<'_>, rules: &[&CustomRule], unusable: &[Location], out: &mut Proved) {
    for rule in rules {
        let places = reach(facts, rule);
        // A template says once what its links would.
        let mut read = BTreeSet::new();
        for index in places.keys() {
            let Some(member) = facts.members.get(*index) else { continue };
            if read.insert(&member.policy.name) {
                read_policy(rule, member.policy, unusable).into_iter().for_each(|finding| out.add(finding));
            }
        }
        for (condition, implied) in [(&rule.implies, true), (&rule.excludes, false)] {
            let usable = condition.as_ref().filter(|condition| !unusable.contains(&condition.location));
            if let Some(condition) = usable.and_then(|condition| policy_of(&condition.text).ok()) {
                prove(facts, rule, &Subject::policy(&condition), implied, &places, out);
            }
        }
    }
}

/// The same for a store about which nothing can be proved: by its texts. Policies whose scope may admit what a rule is
/// about are taken to be among those that it is about.
pub(super) fn check_texts(context: &Context<'_>, rules: &[&CustomRule], unusable: &[Location], out: &mut Vec<Finding>) {
    for rule in rules {
        for policy in context.policies().iter().filter(|policy| is_about(rule, &context.store.name, policy)) {
            if may_admit(rule, policy) {
                out.extend(read_policy(rule, policy, unusable));
            }
        }
    }
}

/// What is to be said of `store`, under no schema, about the rules that ask for a proof.
pub(super) fn unproved(store: &Store, rules: &[&CustomRule]) -> Vec<Notice> {
    let about = |rule: &&&CustomRule| {
        let asks = rule.implies.is_some() || rule.excludes.is_some();
        asks && store.policies.iter().any(|policy| is_about(rule, &store.name, policy) && may_admit(rule, policy))
    };
    let notice = |rule: &&CustomRule| {
        let sentence = format!(
            "what `{}` asks to be proved is not known of store `{}`, which has no schema that can be used",
            rule.rule.id,
            inline(&store.name)
        );
        Notice::new(NoticeKind::QuestionOpen, sentence).store(&store.name)
    };
    rules.iter().filter(about).map(notice).collect()
}

fn is_about(rule: &CustomRule, store: &str, policy: &Policy) -> bool {
    is_asked_of(rule, store) && rule.effect.is_none_or(|effect| effect == policy.effect_word())
}

fn may_admit(rule: &CustomRule, policy: &Policy) -> bool {
    let syntax = policy.syntax();
    let listed = |names: &[Name], ty: Option<&String>| {
        names.is_empty() || ty.is_none_or(|ty| names.iter().any(|name| name.text == *ty))
    };
    let mut actions = syntax.scope.iter().filter(|(_, entity)| super::literals::is_action_type(&entity.ty));
    let named = syntax.open.action
        || rule.actions.is_empty()
        || actions.any(|(_, entity)| {
            rule.actions.iter().any(|name| names_action(name, &format!("{}::{:?}", entity.ty, entity.id)))
        });
    named
        && listed(&rule.principals, syntax.principal.ty.as_ref())
        && listed(&rule.resources, syntax.resource.ty.as_ref())
}

/// The policies that `rule` is about, each with the environments.
fn reach(facts: &Facts<'_>, rule: &CustomRule) -> BTreeMap<usize, Vec<usize>> {
    let listed = |names: &[Name], ty: &str| names.is_empty() || names.iter().any(|name| name.text == ty);
    let asked = |at: &usize| {
        facts.environments.get(*at).is_some_and(|of| {
            listed(&rule.principals, &of.principal)
                && listed(&rule.resources, &of.resource)
                && (rule.actions.is_empty() || rule.actions.iter().any(|name| names_action(name, &of.action)))
        })
    };
    let anywhere = rule.actions.is_empty() && rule.principals.is_empty() && rule.resources.is_empty();
    let mut found = BTreeMap::new();
    for (index, member) in facts.members.iter().enumerate() {
        if is_about(rule, &facts.store.name, member.policy) {
            // Not known to match nothing counts as matching.
            let places: Vec<usize> =
                facts.places(index, |fact| fact.live != super::facts::Known::No).into_iter().filter(asked).collect();
            if anywhere || !places.is_empty() || facts.set_aside.contains_key(&index) {
                found.insert(index, places);
            }
        }
    }
    found
}

/// What the text of `policy` lacks; the attributes named at the places `unusable` are asked for of nobody.
fn read_policy(custom: &CustomRule, policy: &Policy, unusable: &[Location]) -> Vec<Finding> {
    let mut found = Vec::new();
    let (rule, syntax) = (custom.rule, policy.syntax());
    let head = Location::new(&policy.location.file, policy.head().span);
    let mut say = |place: Location, what: String| {
        let finding = finding_at(rule, place, format!("{}: {what}", inline(rule.summary)));
        let help = "a rule of this repository: `[[rule]]` in its polcheck.toml says what it asks for";
        found.push(finding.policy(policy.name.clone(), &policy.location).help(help));
    };
    for wanted in &custom.annotations {
        let key = inline(&wanted.key);
        match syntax.annotations.iter().find(|(name, _, _)| *name == wanted.key) {
            None => say(head.clone(), format!("it has no `@{key}`")),
            Some((_, value, span)) if !wanted.matcher.is_match(value) => {
                let place = span.map_or_else(|| head.clone(), |span| Location::new(&policy.location.file, span));
                say(place, format!("its `@{key}` is `{}`, not of the form `{}`", inline(value), inline(&wanted.form)));
            }
            Some(_) => {}
        }
    }
    let mut read: BTreeMap<String, Option<Span>> = BTreeMap::new();
    if let Some(condition) = &syntax.condition {
        condition.walk(&mut |expr: &Expr| {
            if let Some((_, path)) = path(expr) {
                read.entry(path).or_insert(expr.span);
            }
        });
    }
    let usable = |name: &&Name| !unusable.contains(&name.location);
    for name in custom.mentions.iter().filter(usable).filter(|name| !read.contains_key(&name.text)) {
        say(head.clone(), format!("it does not read `{}`", inline(&name.text)));
    }
    for name in &custom.never_mentions {
        if let Some(span) = read.get(&name.text) {
            let place = span.map_or_else(|| head.clone(), |span| Location::new(&policy.location.file, span));
            say(place, format!("it reads `{}`", inline(&name.text)));
        }
    }
    found
}

/// A policy, an environment in which it breaks a rule, and a request that shows it where one was wanted.
type Broken = (usize, Option<Evidence>);

/// Adds the policies of `places` that match a request where `condition` does not hold, or where it holds if it is not
/// to be `implied`.
fn prove(
    facts: &mut Facts<'_>,
    rule: &CustomRule,
    condition: &Subject,
    implied: bool,
    places: &BTreeMap<usize, Vec<usize>>,
    out: &mut Proved,
) {
    let mut jobs: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, environments) in places {
        for at in environments {
            jobs.entry(*at).or_default().push(*index);
        }
    }
    let jobs: Vec<(usize, Vec<usize>)> = jobs.into_iter().collect();
    let requests = facts.requests();
    let asked = facts.sessions.spread(&jobs, 1, |sessions, (at, policies)| {
        let (mut broken, mut unanswered): (Vec<Broken>, Unanswered) = (Vec::new(), Unanswered::default());
        if let Some(environment) = requests.get(*at) {
            let mut session = Session::new(sessions.policies(), environment);
            let holds = Formula::Matches(session.add_policy(0, condition));
            for index in policies {
                let question = matches(*index).and(if implied { !holds.clone() } else { holds.clone() });
                match session.find(&question) {
                    Answer::Impossible => {}
                    Answer::Unknown(reason) => unanswered.note(*index, &reason),
                    Answer::Witness(witness) => {
                        let case = witness.cases.into_iter().next();
                        let shown =
                            case.map(|case| Evidence { request: case.request_json, entities: case.entities_json });
                        broken.push((*index, shown));
                    }
                }
            }
        }
        (*at, broken, unanswered)
    });
    let mut all: BTreeMap<usize, (Vec<usize>, Option<Evidence>)> = BTreeMap::new();
    for (at, broken, unanswered) in asked {
        facts.unanswered.merge(&unanswered);
        for (index, evidence) in broken {
            let (environments, shown) = all.entry(index).or_default();
            environments.push(at);
            *shown = shown.take().or(evidence);
        }
    }
    let text = if implied { &rule.implies } else { &rule.excludes };
    let text = text.as_ref().map(|name| inline(&name.text).into_owned()).unwrap_or_default();
    for (index, (environments, evidence)) in all {
        let Some(member) = facts.members.get(index) else { continue };
        let what = if implied { "without" } else { "with" };
        let message = format!("{}: it matches a request {what} `{text}`", inline(rule.rule.summary));
        let mut finding = finding_about(rule.rule, member, message)
            .help("a rule of this repository: `[[rule]]` in its polcheck.toml says what it asks for");
        finding.environments = facts.environments_at(&environments);
        finding.evidence = evidence;
        out.add(finding);
    }
}
