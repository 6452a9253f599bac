//! `denies-everything`: a request environment in which every permit is overridden.

use std::collections::BTreeMap;
use std::sync::Arc;

use cedar_policy::Effect;

use crate::finding::{Finding, Level};
use crate::lint::context::finding_at;
use crate::lint::facts::{Facts, Known, Proved, denied, finding_about};
use crate::lint::rule::LintRule;
use crate::rule::{Basis, Precision, Rule};
use crate::text::{Location, SourceFile, Span, inline};

pub(in crate::lint) static RULE: LintRule = LintRule::proof(
    Rule {
        id: "denies-everything",
        summary: "nothing is ever allowed in a request environment that has permits",
        level: Some(Level::Error),
        basis: Basis::Symbolic,
        precision: Precision::Exact,
        opens: false,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/denies-everything.md"),
    },
    check,
)
.of_all_requests();

/// So many actions are named.
const NAMED: usize = 5;

fn check(facts: &mut Facts<'_>, out: &mut Proved) {
    // Where everything is forbidden that is what there is to say first.
    if denied(facts).is_empty()
        && let Some(finding) = report_unpermitted(facts)
    {
        out.add(finding);
    }
    for denied in denied(facts).iter().filter(|denied| !denied.unconditional) {
        let Some((first, rest)) = denied.by.split_first() else { continue };
        let Some(member) = facts.members.get(*first) else { continue };
        let how = match rest {
            [] => "this forbid matches every request that a permit does".to_owned(),
            others => format!("with {}, this forbid matches every request that a permit does", facts.names(others)),
        };
        let mut finding = finding_about(&RULE.meta, member, format!("{how}, so nothing is ever allowed here"))
            .help("narrow the forbid, or remove the permits if nothing is to be allowed");
        if denied.deliberate {
            finding.level = Level::Note;
        }
        let finding = facts.relate(finding, rest, "this forbid does the rest");
        let mut finding = facts.relate(finding, &denied.permits, "this permit takes no effect here");
        finding.environments = facts.environments_at(&denied.environments);
        out.add_shown(finding, denied.environments.first(), *first, denied.example());
    }
}

/// Actions of the schema that no permit can allow, where permits allow others. What is not known of a permit might.
fn report_unpermitted(facts: &Facts<'_>) -> Option<Finding> {
    let schema = facts.store.schema.ready()?;
    let unknown = facts.set_aside.keys().any(|policy| is_permit(facts, *policy));
    if unknown || !facts.store.broken.is_empty() {
        return None;
    }
    let mut permitted: BTreeMap<&str, bool> = BTreeMap::new();
    for (at, environment) in facts.environments.iter().enumerate() {
        let known = facts.found.get(at).map(|here| here.facts.as_slice()).unwrap_or_default();
        // A forbid that names the action says that it is meant.
        let any = known.iter().any(|(policy, fact)| {
            fact.live != Known::No && (is_permit(facts, *policy) || !facts.is_for_any_action(*policy))
        });
        *permitted.entry(&environment.action).or_default() |= any;
    }
    let mut none: Vec<&str> = permitted.iter().filter(|(_, any)| !**any).map(|(action, _)| *action).collect();
    // Where that is so of half of all actions, or more, the policies for them are elsewhere, or yet to come.
    if none.len() * 2 >= permitted.len() {
        return None;
    }
    let first = *none.first()?;
    let more = none.split_off(none.len().min(NAMED)).len();
    let names: Vec<String> = none.iter().map(|action| format!("`{}`", inline(action))).collect();
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let message = format!("no permit applies to {}{more}, so that nobody can do it", names.join(", "));
    let mut finding = finding_at(&RULE.meta, declared(&schema.files, first)?, message)
        .help("permit it, or take it out of the schema if nobody is to do it");
    finding.level = Level::Note;
    finding.names = none.iter().map(|action| (*action).to_owned()).collect();
    Some(finding)
}

fn is_permit(facts: &Facts<'_>, policy: usize) -> bool {
    facts.members.get(policy).is_some_and(|member| member.effect == Effect::Permit)
}

/// Where `action` is declared: at its name behind the word, or in JSON where its name is a key.
fn declared(files: &[Arc<SourceFile>], action: &str) -> Option<Location> {
    let name = action.split_once("::\"").map_or(action, |(_, name)| name.trim_end_matches('"'));
    let quoted = format!("\"{name}\"");
    let part = |c: char| c.is_alphanumeric() || c == '_';
    for file in files {
        let text = file.text();
        let start = text.find("action").unwrap_or(0);
        let whole = |at: &usize| {
            let (before, after) = (text.get(..*at), text.get(at + name.len()..));
            before.is_some_and(|before| !before.ends_with(part)) && after.is_some_and(|after| !after.starts_with(part))
        };
        let found = text.match_indices(name).map(|(at, _)| at).filter(|at| *at >= start).find(whole);
        if let Some(at) = found.or_else(|| text.find(&quoted)) {
            return Some(Location::new(file, Span::new(at, at + name.len())));
        }
    }
    files.first().map(|file| Location::new(file, Span::new(0, file.text().lines().next().unwrap_or_default().len())))
}
