//! Files of guardrails: policies that are proved of stores and decide nothing.

use std::collections::HashMap;

use super::assemble::add_policies;
use super::policies_cedar;
use crate::finding::{Finding, Level};
use crate::repo::discover::Plan;
use crate::repo::files::{Files, Unread};
use crate::repo::model::{Broken, Policy, Store};
use crate::repo::paths::{dir, within};
use crate::repo::rules::GUARDRAIL_ERROR;
use crate::text::inline;

/// Reads the guardrails at `paths`: what can be proved, as the policies of a store that decides nothing, and what is
/// wrong.
pub(in crate::repo) fn read_guardrails(paths: &[String], files: &Files<'_>) -> (Store, Vec<Finding>) {
    let mut store = Store::empty("guardrails");
    let mut findings = Vec::new();
    for path in paths {
        match files.belonging(path, "file of guardrails") {
            Ok(file) => {
                let mut part = policies_cedar::read(&file, files.parsed.as_ref());
                findings.append(&mut part.findings);
                findings.extend(std::mem::take(&mut part.unfilled).into_iter().map(|one| {
                    let message = format!("a guardrail is not read: {}", one.why("it"));
                    Finding::new(GUARDRAIL_ERROR.id, Level::Error, one.location, message)
                }));
                if part.broken {
                    store.broken.push(Broken::of_path(path.clone()));
                }
                add_policies(&mut store, &file, part);
            }
            Err(Unread::Elsewhere(_)) => {}
            Err(Unread::Fault(finding)) => {
                findings.push(*finding);
                store.broken.push(Broken::of_path(path.clone()));
            }
        }
    }
    findings.extend(unusable(&store.policies));
    store.policies.retain(|policy| !policy.body.is_template());
    (store, findings)
}

/// The stores of `plans` that guardrails in the file at `path` are about, by name: those with policies or a schema at
/// or below its folder; where there are none, at or below the nearest folder around it that has some.
pub(in crate::repo) fn stores_around(path: &str, plans: &[Plan]) -> Vec<String> {
    let mut folder = dir(path);
    loop {
        let below = |plan: &&Plan| plan.policies.iter().chain(&plan.schema).any(|file| within(file, folder));
        let there: Vec<String> = plans.iter().filter(below).map(|plan| plan.name.clone()).collect();
        if !there.is_empty() || folder.is_empty() {
            return there;
        }
        folder = dir(folder);
    }
}

/// Templates, and ids that stand for two in one folder.
fn unusable(policies: &[Policy]) -> Vec<Finding> {
    let finding = |policy: &Policy, message: String, help: &str| {
        let finding = Finding::new(GUARDRAIL_ERROR.id, Level::Error, policy.location.clone(), message);
        finding.help(help.to_owned())
    };
    let mut first: HashMap<(&str, &str), &Policy> = HashMap::new();
    let mut found = Vec::new();
    for policy in policies {
        if policy.body.is_template() {
            let message = format!("guardrail `{}` is a template, which speaks of no request", inline(&policy.short));
            found.push(finding(
                policy,
                message,
                "write it without `?principal` and `?resource`: it is about everybody",
            ));
        }
        let Some((id, _)) = &policy.id else { continue };
        match first.get(&(dir(policy.location.path()), id.as_str())) {
            Some(other) => {
                let message = format!("two guardrails are called `{}`", inline(id));
                let finding = finding(policy, message, "give each an id of its own: reports know them by it");
                found.push(finding.related(other.location.clone(), "the other one", None));
            }
            None => {
                first.insert((dir(policy.location.path()), id), policy);
            }
        }
    }
    found
}
