//! The kinds of guardrails, a file each: from what is written to what is to be proved.

use super::guardrail::{Cover, Guardrail};
use crate::config::{Config, GuardrailConfig, Name};
use crate::repo::Repo;
use crate::repo::cedar::{Body, parse};

/// What guardrails are made of.
pub(super) struct Sources<'s> {
    /// The repository whose guardrails they are.
    pub(super) repo: &'s Repo,
    /// Its configuration.
    pub(super) config: &'s Config,
}

/// Declares the modules of kinds and lists them, so that a kind is named once. Reports follow this order.
macro_rules! kinds {
    ($($module:ident)*) => {
        $(mod $module;)*

        /// Every guardrail of `sources`, in order.
        pub(super) fn collect(sources: &Sources<'_>) -> Vec<Guardrail> {
            let mut all = Vec::new();
            $(all.extend($module::collect(sources));)*
            all
        }
    };
}

kinds! {
    cedar
    same
    expires
    isolate
    sensitive
    dated
    temporary
}

/// `text` as one policy.
///
/// # Errors
/// What Cedar says is wrong with it.
fn policy(text: &str) -> Result<cedar_policy::Policy, String> {
    match parse(text) {
        Ok(parsed) => match parsed.into_iter().map(|one| one.body).collect::<Vec<_>>().as_slice() {
            [Body::Static(policy)] => Ok((**policy).clone()),
            _ => Err("it is not one condition".to_owned()),
        },
        Err(faults) => Err(faults.into_iter().next().map(|fault| fault.message).unwrap_or_default()),
    }
}

/// What a guardrail is about that is about what `policy` matches.
fn covered(policy: cedar_policy::Policy) -> Cover {
    Cover::Policy(Box::new(policy))
}

/// What a guardrail is about where both texts are policies: requests that the first matches, and at the boundary those
/// that the second does as well.
fn bounded(text: &str, boundary: &str) -> Cover {
    match (policy(text), policy(boundary)) {
        (Ok(policy), Ok(boundary)) => Cover::Bounded(Box::new([policy, boundary])),
        (Err(why), _) | (_, Err(why)) => Cover::Unable(why),
    }
}

/// Whether the kind of request is one that a short form is about.
fn is_about(one: &GuardrailConfig, place: &super::guardrail::Place<'_>) -> bool {
    let action = |name: &Name| super::world::names_action(place.schema, &name.text, place.environment.action());
    let listed = |names: &[Name], ty: String| names.is_empty() || names.iter().any(|name| name.text == ty);
    (one.actions.is_empty() || one.actions.iter().any(action))
        && listed(&one.principals, place.environment.principal().to_string())
        && listed(&one.resources, place.environment.resource().to_string())
}

/// The scope that a short form is about, in Cedar, for people.
fn scope(one: &GuardrailConfig) -> String {
    let uid = |name: &Name| {
        if name.text.contains("::") { name.text.clone() } else { format!("Action::{:?}", name.text) }
    };
    let types = |variable: &str, names: &[Name]| match names {
        [] => variable.to_owned(),
        [only] => format!("{variable} is {}", only.text),
        _ => variable.to_owned(),
    };
    let several = |variable: &str, names: &[Name]| {
        let all: Vec<String> = names.iter().map(|name| format!("{variable} is {}", name.text)).collect();
        if all.len() > 1 { format!(" when {{ {} }}", all.join(" || ")) } else { String::new() }
    };
    let actions = match one.actions.as_slice() {
        [] => "action".to_owned(),
        [only] => format!("action in {}", uid(only)),
        several => format!("action in [{}]", several.iter().map(uid).collect::<Vec<_>>().join(", ")),
    };
    let (principals, resources) = (&one.principals, &one.resources);
    let scope = format!("({}, {actions}, {})", types("principal", principals), types("resource", resources));
    format!("{scope}{}{}", several("principal", principals), several("resource", resources))
}
