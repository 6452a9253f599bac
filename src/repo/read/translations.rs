//! Policies that stand there in both syntaxes: `x.cedar.json` beside `x.cedar` is its translation, as tools write it,
//! and so is `x.json` that holds the same.
//!
//! # Why
//!
//! Read as two files they would be every policy twice, and an edit of the one that is deployed would be hidden by the
//! other: so the one in Cedar syntax is read, and that they differ is an error.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::found::{Found, PolicyFile};
use crate::finding::{Finding, Level};
use crate::repo::cedar::Body;
use crate::repo::files::whole;
use crate::repo::rules::TRANSLATION_DIFFERS;
use crate::text::{SourceFile, inline};

/// How many policies are named.
const NAMED: usize = 5;

/// Takes the translations out of `read`, says so in `left_out`, and in `findings` where they are none. A file with
/// links says more than Cedar syntax can, and stays.
pub(super) fn leave_out(
    read: &mut Vec<(Arc<SourceFile>, PolicyFile)>,
    findings: &mut Vec<Finding>,
    left_out: &mut Vec<(String, String)>,
) {
    let by_path: HashMap<String, usize> =
        read.iter().enumerate().map(|(at, (file, _))| (file.path().to_owned(), at)).collect();
    let mut twins: BTreeMap<usize, usize> = BTreeMap::new();
    for (at, (file, part)) in read.iter().enumerate() {
        let Some(stem) = file.path().strip_suffix(".json").filter(|_| part.links.is_empty()) else { continue };
        let same = |cedar: &&usize| {
            read.get(**cedar)
                .is_some_and(|(of, other)| !part.broken && !other.broken && difference(file, part, of, other).is_none())
        };
        let plain = || by_path.get(&format!("{stem}.cedar")).filter(same);
        if let Some(cedar) = by_path.get(stem).or_else(plain) {
            twins.insert(at, *cedar);
        }
    }
    for (twin, cedar) in &twins {
        let (Some((file, part)), Some((of, other))) = (read.get(*twin), read.get(*cedar)) else { continue };
        findings.extend(part.findings.iter().cloned());
        left_out.push((file.path().to_owned(), format!("`{}` is read in its place", inline(of.path()))));
        if !part.broken && !other.broken {
            findings.extend(difference(file, part, of, other));
        }
    }
    let mut at = 0;
    read.retain(|_| {
        at += 1;
        !twins.contains_key(&(at - 1))
    });
}

/// Whether `file` is JSON that is not called as policies are: what tools write of those that are.
fn is_written(file: &SourceFile) -> bool {
    file.path().ends_with(".json") && !file.path().ends_with(".cedar.json") && !file.is_embedded()
}

/// Takes out of `read` what stands inside of a file of another tool and is in a file of policies too, policy for
/// policy, and says so in `left_out`; likewise JSON that tools write of several files. A template is linked by the name
/// that it has there, and stays.
pub(super) fn count_once(read: &mut Vec<(Arc<SourceFile>, PolicyFile)>, left_out: &mut Vec<(String, String)>) {
    let may_repeat = |file: &SourceFile| file.is_embedded() || is_written(file);
    if !read.iter().any(|(file, _)| may_repeat(file)) {
        return;
    }
    let mut known: HashMap<String, BTreeSet<usize>> = HashMap::new();
    for (at, (_, part)) in read.iter().enumerate().filter(|(_, (file, _))| !may_repeat(file)) {
        for policy in &part.policies {
            known.entry(canonical(&policy.body)).or_default().insert(at);
        }
    }
    let of = |(file, part): &(Arc<SourceFile>, PolicyFile)| -> Option<usize> {
        let whole = may_repeat(file) && !part.broken && part.links.is_empty() && part.findings.is_empty();
        let plain = part.policies.iter().all(|policy| matches!(policy.body, Body::Static(_)));
        let (first, rest) = part.policies.split_first().filter(|_| whole && plain)?;
        let homes = known.get(&canonical(&first.body))?;
        let all = |home: &&usize| {
            rest.iter().all(|policy| known.get(&canonical(&policy.body)).is_some_and(|homes| homes.contains(*home)))
        };
        let written = || {
            let anywhere = rest.iter().all(|policy| known.contains_key(&canonical(&policy.body)));
            homes.first().filter(|_| is_written(file) && anywhere)
        };
        homes.iter().find(all).or_else(written).copied()
    };
    let copies: Vec<Option<usize>> = read.iter().map(of).collect();
    for ((file, _), of) in read.iter().zip(&copies) {
        if let Some((of, _)) = of.and_then(|at| read.get(at)) {
            let why = format!("the policies in it that `{}` holds too count once", inline(of.path()));
            left_out.push((file.path().to_owned(), why));
        }
    }
    left_out.dedup();
    let mut copies = copies.into_iter();
    read.retain(|_| copies.next().flatten().is_none());
}

/// What is said where `part` of `file` and `other` of `of` hold different policies.
fn difference(file: &Arc<SourceFile>, part: &PolicyFile, of: &Arc<SourceFile>, other: &PolicyFile) -> Option<Finding> {
    let (here, there) = (only(&part.policies, &other.policies), only(&other.policies, &part.policies));
    if here.is_empty() && there.is_empty() {
        return None;
    }
    let name = inline(of.path());
    let mut message = format!("`{name}` is read in the place of this file, and they differ");
    for (names, place) in [(here, "only here"), (there, "only there")] {
        if !names.is_empty() {
            message.push_str(&format!("; {place}: {}", listed(&names)));
        }
    }
    let help = format!("write it anew from `{name}`, remove it, or give it another name if it is no translation");
    Some(Finding::new(TRANSLATION_DIFFERS.id, Level::Error, whole(file), message).help(help))
}

/// The names of those of `some` that `others` lack, one for one; annotations, which decide nothing, aside.
fn only(some: &[Found], others: &[Found]) -> Vec<String> {
    let mut known: HashMap<String, usize> = HashMap::new();
    for other in others {
        *known.entry(canonical(&other.body)).or_default() += 1;
    }
    let mut names = Vec::new();
    for one in some {
        match known.get_mut(&canonical(&one.body)) {
            Some(left) if *left > 0 => *left -= 1,
            _ => names.push(name(one)),
        }
    }
    names
}

/// The policy in Cedar's JSON, without annotations.
fn canonical(body: &Body) -> String {
    let json = match body {
        Body::Static(policy) => policy.to_json(),
        Body::Template(template) => template.to_json(),
    };
    let Ok(mut json) = json else { return String::new() };
    if let Some(fields) = json.as_object_mut() {
        fields.remove("annotations");
    }
    json.to_string()
}

fn name(found: &Found) -> String {
    let key = found.json_key.as_ref().map(|(key, _)| key.clone());
    let id = || found.body.annotation("id").map(str::to_owned);
    key.or_else(id).unwrap_or_else(|| format!("policy{}", found.position))
}

fn listed(names: &[String]) -> String {
    let mut shown: Vec<String> = names.iter().take(NAMED).map(|name| format!("`{}`", inline(name))).collect();
    if names.len() > NAMED {
        shown.push(format!("{} more", names.len() - NAMED));
    }
    shown.join(", ")
}
