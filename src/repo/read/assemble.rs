//! Policies and links as found become policies and links of their store: a key for each, names that are looked up.

use std::sync::{Arc, OnceLock};

use cedar_policy::PolicyId;
use rayon::prelude::*;

use super::found::{Found, FoundLink, PolicyFile};
use super::links;
use crate::finding::{Finding, Level};
use crate::repo::cedar::{self, Body};
use crate::repo::model::{Broken, Link, Place, Policy, Store};
use crate::repo::rules::LINK_ERROR;
use crate::text::{Location, SourceFile, inline, nearest};

/// So many policies of a file are made after each other.
const AT_ONCE: usize = 64;

/// Adds what was read of `file` to `store`, but its links.
pub(super) fn add_policies(store: &mut Store, file: &Arc<SourceFile>, part: PolicyFile) {
    let alone = part.policies.len() == 1;
    let first = store.policies.len();
    let made = part.policies.into_par_iter().enumerate().with_min_len(AT_ONCE);
    let made: Vec<Policy> = made.map(|(at, found)| made_of(file, found, alone, first + at)).collect();
    for policy in &made {
        if !store.set.add(&policy.body) {
            store.broken.push(Broken::of_path(file.path()));
        }
    }
    store.by_key.extend((first..).zip(&made).map(|(at, policy)| (policy.key.clone(), Place::Policy(at))));
    store.policies.extend(made);
}

/// The policy `found` in `file`, which is the `at`-th of its store.
fn made_of(file: &Arc<SourceFile>, found: Found, alone: bool, at: usize) -> Policy {
    let key = PolicyId::new(format!("p{at}"));
    let location = Location::new(file, found.span);
    let id = match found.json_key {
        Some(key) => Some(key),
        None => found.body.annotation("id").map(|id| (id.to_owned(), found.body.annotation_span("id", found.base))),
    };
    let short = id.as_ref().map_or_else(|| unnamed(file, alone, found.position), |(id, _)| id.clone());
    let alias = (alone && (id.is_none() || file.is_embedded())).then(|| stem(file.name()).to_owned());
    let body = match found.body {
        Body::Static(policy) => policy.new_id(key.clone()).into(),
        Body::Template(template) => template.new_id(key.clone()).into(),
    };
    Policy {
        key,
        name: format!("{}#{short}", file.path()),
        short,
        alias,
        id,
        position: found.position,
        location,
        body,
        base: found.base,
        syntax: OnceLock::new(),
    }
}

/// What a policy without an id is called: by its position in a file, by what carries it in an embedded text.
fn unnamed(file: &SourceFile, alone: bool, position: usize) -> String {
    match (file.is_embedded(), alone) {
        (false, _) => format!("policy{position}"),
        (true, true) => stem(file.name()).to_owned(),
        (true, false) => format!("{}.policy{position}", stem(file.name())),
    }
}

/// The name of a file of policies without its ending.
fn stem(name: &str) -> &str {
    let plain = name.strip_suffix(".json").unwrap_or(name);
    plain.strip_suffix(".cedar").unwrap_or(plain)
}

/// Adds `link` to `store`, whose policies are all there.
///
/// # Errors
/// A finding, when it does not fit a template.
pub(super) fn add_link(store: &mut Store, link: &FoundLink) -> Result<(), Box<Finding>> {
    let fail = |message: String, help: Option<String>| {
        let mut finding = Finding::new(LINK_ERROR.id, Level::Error, link.location.clone(), message);
        finding.help = help;
        Box::new(finding)
    };
    let wanted = inline(&link.template);
    let templates = || store.policies.iter().enumerate().filter(|(_, policy)| policy.body.is_template());
    let fits: Vec<_> = templates().filter(|(_, policy)| policy.is_called(&link.template)).collect();
    let (template, key) = match fits.as_slice() {
        [(at, policy)] => (*at, policy.key.clone()),
        [] => {
            let help = nearest(&link.template, templates().map(|(_, policy)| policy.short.as_str()))
                .map(|meant| format!("did you mean `{}`?", inline(meant)));
            return Err(fail(format!("there is no template `{wanted}` for this link"), help));
        }
        several => {
            let names: Vec<_> = several.iter().map(|(_, policy)| format!("`{}`", inline(&policy.name))).collect();
            return Err(fail(format!("`{wanted}` is the name of {}", names.join(" and ")), None));
        }
    };
    if let Some(other) = store.links.iter().find(|other| other.short == link.id) {
        let message = format!("two links are called `{}`", inline(&link.id));
        return Err(Box::new(fail(message, None).related(other.location.clone(), "the other one", None)));
    }
    let values = links::values(link).map_err(|message| fail(message, None))?;
    let own = PolicyId::new(format!("l{}", store.links.len()));
    store.set.link(key, own.clone(), values).map_err(|error| {
        let message = cedar::fault(&*error).message.replace("unable to link template: ", "");
        let help = "a link gives an entity for every slot of its template, and for no other";
        fail(format!("this link does not fit template `{wanted}`: {message}"), Some(help.to_owned()))
    })?;
    let effect = store.policies.get(template).map_or("permit", |policy| policy.effect_word());
    store.by_key.insert(own.clone(), Place::Link(store.links.len()));
    store.links.push(Link {
        key: own,
        name: format!("{}#{}", link.location.path(), link.id),
        short: link.id.clone(),
        template,
        location: link.location.clone(),
        effect,
    });
    Ok(())
}
