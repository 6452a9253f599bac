//! Guardrails as they are written, to be held against those of another revision.

use std::sync::Arc;

use super::guardrail::{Demand, Guardrail, Reach, Rule};
use super::judge::hit;
use super::kinds::{Sources, collect};
use super::run::reaches;
use super::world::World;
use crate::config::{Asked, Config};
use crate::outcome::GuardrailText;
use crate::repo::{Repo, statements};
use crate::symbolic::{Session, Solvers, Status, Subject};
use crate::text::Location;

/// What a guardrail says, without what is said of it and where: what it comes to, or its text.
#[must_use]
pub fn content(expansion: Option<&str>, location: &Location) -> String {
    match expansion {
        Some(expansion) => expansion.to_owned(),
        None => statements(location.text()).into_iter().collect::<Vec<_>>().join(" "),
    }
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
        let text = text(one);
        let same = after.iter().any(|other| other.kind == one.kind && self::text(other).content == text.content);
        let namesake = after.iter().find(|other| other.kind == one.kind && other.id == one.id);
        let as_much = !same && namesake.is_some_and(|other| holds_as_much(one, other, new, new_config, solvers));
        if !as_much {
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
    let news = after.iter().map(text).chain(never(new_config)).collect();
    (olds, news)
}

fn text(guardrail: &Guardrail) -> GuardrailText {
    GuardrailText {
        id: guardrail.id.clone(),
        kind: guardrail.kind,
        content: content(guardrail.expansion.as_deref(), &guardrail.location),
        location: guardrail.location.clone(),
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
