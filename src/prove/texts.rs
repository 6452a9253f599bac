//! Guardrails as they are written, to be held against those of another revision.

use std::sync::Arc;

use cedar_policy::RequestEnv;

use super::guardrail::{Cover, Demand, Guardrail, Place, Reach, Rule};
use super::judge::hit;
use super::kinds::{Sources, collect};
use super::run::reaches;
use super::world::{World, names_action};
use crate::config::{Asked, Config};
use crate::outcome::GuardrailText;
use crate::repo::cedar::{Body, parse};
use crate::repo::{Repo, statements};
use crate::symbolic::{SchemaModel, Session, Solvers, Status, Subject};
use crate::text::Location;

/// What a guardrail says, without what is said of it and where: what it comes to, or its text.
#[must_use]
pub fn content(expansion: Option<&str>, location: &Location) -> String {
    match expansion {
        Some(expansion) => expansion.to_owned(),
        None => bare(location.text()).unwrap_or_else(|| statements(location.text()).into_iter().collect()),
    }
}

/// A policy without its annotations.
fn bare(text: &str) -> Option<String> {
    let parsed = parse(text).ok()?;
    let [Body::Static(policy)] = parsed.iter().map(|one| &one.body).collect::<Vec<_>>().as_slice() else { return None };
    let mut json = policy.to_json().ok()?;
    json.as_object_mut()?.remove("annotations");
    Some(json.to_string())
}

/// The guardrails of both sides. Those of the old one that the new one has under the same name in other words are left
/// out where it is proved of the new side's stores that they hold as much.
#[must_use]
pub fn texts(
    old: &Repo,
    old_config: &Config,
    new: &Repo,
    new_config: &Config,
    solvers: &Arc<Solvers>,
) -> (Vec<GuardrailText>, Vec<GuardrailText>) {
    let before = collect(&Sources { repo: old, config: old_config });
    let after = collect(&Sources { repo: new, config: new_config });
    let mut olds = Vec::new();
    for one in &before {
        let mut text = text(one, old_config);
        let twin =
            after.iter().find(|other| other.kind == one.kind && self::text(other, new_config).content == text.content);
        if let Some(twin) = twin {
            if is_about_less(one, twin, old, new) {
                // Word for word the same, and of fewer requests.
                text.content.push_str(" of what it was about");
                olds.push(text);
            } else {
                olds.push(text);
            }
            continue;
        }
        // Of a policy that is gone nothing is left to hold.
        let gone =
            |name: &String| !new.stores.iter().flat_map(|store| &store.policies).any(|policy| policy.name == *name);
        if matches!(&one.demand, Demand::Unmatched(name, _) if gone(name)) {
            continue;
        }
        let namesake = after.iter().find(|other| other.kind == one.kind && other.id == one.id);
        if !namesake.is_some_and(|other| holds_as_much(one, other, new, new_config, solvers)) {
            olds.push(text);
        }
    }
    let never = |config: &Config| -> Vec<GuardrailText> {
        let all = config.guardrails.all.iter().filter(|one| matches!(one.asked, Asked::NeverGain));
        all.map(|one| GuardrailText {
            id: one.id.clone(),
            kind: "never-gain",
            content: format!("{:?}", one.texts()),
            location: one.location.clone(),
        })
        .collect()
    };
    olds.extend(never(old_config));
    let news = after.iter().map(|one| text(one, new_config)).chain(never(new_config)).collect();
    (olds, news)
}

fn text(guardrail: &Guardrail, config: &Config) -> GuardrailText {
    let mut content = content(guardrail.expansion.as_deref(), &guardrail.location);
    // What else a short form hangs on is part of what it says.
    let short = config.guardrails.all.iter().find(|one| one.location == guardrail.location);
    content.extend(short.map(|one| format!(" {:?}", one.texts())));
    if matches!(guardrail.kind, "expires" | "temporary") {
        content.push_str(&format!(" {:?} {:?}", config.guardrails.clock, config.guardrails.unit));
    }
    if let (Demand::Unmatched(..), Reach::Only(stores)) = (&guardrail.demand, &guardrail.reach) {
        content.push_str(&format!(" {stores:?}"));
    }
    let (id, location) = (guardrail.id.clone(), guardrail.location.clone());
    GuardrailText { id, kind: guardrail.kind, content, location }
}

/// Whether `one` of the old side is about a kind of request that the new side has as well, and of which `other`, which
/// reads the same, is not.
fn is_about_less(one: &Guardrail, other: &Guardrail, old: &Repo, new: &Repo) -> bool {
    old.stores.iter().filter(|store| reaches(&one.reach, &store.name)).any(|before| {
        let after = new.stores.iter().find(|store| store.name == before.name);
        let schemas = before.schema.ready().zip(after.and_then(|store| store.schema.ready()));
        let Some((was, is)) = schemas else { return false };
        let still = reaches(&other.reach, &before.name);
        let environments: Vec<_> = is.cedar.request_envs().collect();
        let (Ok(was), Ok(is)) = (SchemaModel::new(&was.cedar), SchemaModel::new(&is.cedar)) else { return false };
        let there = was.environments().iter().filter(|environment| environments.contains(environment));
        let mut there = there.filter(|environment| admits(one, &was, environment));
        there.any(|environment| !still || !admits(other, &is, environment))
    })
}

/// Whether the guardrail is about requests of the environment, going by its scope.
fn admits(guardrail: &Guardrail, schema: &SchemaModel, environment: &RequestEnv) -> bool {
    match &guardrail.demand {
        Demand::Refused(rule) | Demand::Allowed(rule) => match rule {
            Rule::Everywhere(policy, _) => Subject::policy(policy).admits(schema, environment),
            Rule::Each(each) => !matches!(each(&Place { schema: schema.schema(), environment }), Cover::Nothing),
        },
        Demand::Alike(alike) => {
            alike.actions.iter().any(|name| names_action(schema.schema(), name, environment.action()))
        }
        Demand::Unmatched(..) | Demand::Unaskable(_) => false,
    }
}

/// Whether everything that `one` is about is something that `other` is about, in every store that it could be about.
fn holds_as_much(one: &Guardrail, other: &Guardrail, repo: &Repo, config: &Config, solvers: &Arc<Solvers>) -> bool {
    let rule = |guardrail: &Guardrail| match &guardrail.demand {
        Demand::Refused(Rule::Everywhere(policy, _)) | Demand::Allowed(Rule::Everywhere(policy, _)) => {
            Some(Subject::policy(policy))
        }
        _ => None,
    };
    let (Some(old), Some(new)) = (rule(one), rule(other)) else { return false };
    let about = |reach: &Reach| -> Vec<&str> {
        let stores = repo.stores.iter().filter(|store| reaches(reach, &store.name));
        stores.map(|store| store.name.as_str()).collect()
    };
    let (was, is) = (about(&one.reach), about(&other.reach));
    was.iter().all(|name| is.contains(name))
        && repo.stores.iter().filter(|store| was.contains(&store.name.as_str())).all(|store| {
            let inference = (config.refuses_inference.is_none(), config.links_complete(&store.name));
            let Ok(world) = World::new(store, &repo.guardrails.rules, inference, solvers) else { return false };
            world.inferred.is_none()
                && world.policies.schema().environments().iter().all(|environment| {
                    let mut session = Session::new(&world.policies, environment);
                    let (old, new) = (session.add_policy(0, &old), session.add_policy(0, &new));
                    let known = |status: Status| !matches!(status, Status::SetAside(_));
                    known(session.status(old))
                        && known(session.status(new))
                        && session.check(&hit(old).and(!hit(new))).is_impossible()
                })
        })
}
