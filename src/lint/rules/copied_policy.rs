//! `copied-policy`: a copy that kept the resource of what it was copied from.

use std::collections::BTreeMap;

use crate::finding::{Finding, Level};
use crate::lint::context::Context;
use crate::lint::literals::show;
use crate::lint::rule::LintRule;
use crate::repo::Policy;
use crate::repo::syntax::EntityLiteral;
use crate::rule::{Basis, Precision, Rule};
use crate::text::tokens::code;

pub(in crate::lint) static RULE: LintRule = LintRule::text(
    Rule {
        id: "copied-policy",
        summary: "a policy looks like a copy that kept the resource of another",
        level: Some(Level::Note),
        basis: Basis::Text,
        precision: Precision::Medium,
        opens: true,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/copied-policy.md"),
    },
    check,
);

/// So many policies that agree make a pattern.
const PATTERN: usize = 2;
/// Shorter names are in others by chance.
const NAME: usize = 3;

/// A policy with a principal and a resource in its scope.
#[derive(Debug, Clone, Copy)]
struct Pair<'a> {
    policy: &'a Policy,
    principal: &'a EntityLiteral,
    resource: &'a EntityLiteral,
}

impl Pair<'_> {
    /// Whether the resource is named after the principal, or the other way round.
    fn agrees(&self) -> bool {
        is_named_after(&self.principal.id, &self.resource.id)
    }
}

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    let mut shapes: BTreeMap<String, Vec<Pair<'_>>> = BTreeMap::new();
    for policy in context.policies() {
        let syntax = policy.syntax();
        if let (Some((_, principal)), Some((_, resource))) = (&syntax.principal.entity, &syntax.resource.entity) {
            let pair = Pair { policy, principal, resource };
            shapes.entry(shape(&pair)).or_default().push(pair);
        }
    }
    for pairs in shapes.values() {
        let (agree, others): (Vec<&Pair<'_>>, Vec<&Pair<'_>>) = pairs.iter().partition(|pair| pair.agrees());
        if agree.len() < PATTERN || others.len() >= agree.len() {
            continue;
        }
        let by_resource: BTreeMap<&str, &Pair<'_>> =
            agree.iter().map(|pair| (pair.resource.id.as_str(), *pair)).collect();
        for pair in others {
            let Some(sibling) = by_resource.get(pair.resource.id.as_str()) else { continue };
            let of = show(&pair.resource.ty, &pair.resource.id);
            let message = format!(
                "this is for `{}` and about `{of}`, which is what its sibling for `{}` is about",
                show(&pair.principal.ty, &pair.principal.id),
                show(&sibling.principal.ty, &sibling.principal.id)
            );
            out.push(
                Context::finding(&RULE.meta, pair.policy, pair.resource.span, &pair.resource.id, message)
                    .related(sibling.policy.head(), "the sibling", Some(sibling.policy.name.clone()))
                    .help("if it was copied from there, name the resource that belongs to this principal"),
            );
        }
    }
}

/// The policy without its annotations and without the ids of its principal and resource.
fn shape(pair: &Pair<'_>) -> String {
    let text = pair.policy.location.text();
    let body = statement(text).and_then(|at| text.get(at..)).unwrap_or(text);
    let quoted = |id: &str| format!("\"{id}\"");
    code(body).replace(&quoted(&pair.principal.id), "\"\"").replace(&quoted(&pair.resource.id), "\"\"")
}

/// Where the policy begins behind its annotations: at the first `permit` or `forbid` outside of strings.
fn statement(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    text.char_indices().find_map(|(at, c)| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            'p' | 'f' if !quoted => {
                let rest = text.get(at..)?;
                let is_policy =
                    |word: &str| rest.strip_prefix(word).is_some_and(|rest| rest.trim_start().starts_with('('));
                return (is_policy("permit") || is_policy("forbid")).then_some(at);
            }
            _ => {}
        }
        None
    })
}

/// Whether one of the two names is in the other, as a word of it.
fn is_named_after(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let word = |text: &str| text.chars().next().is_none_or(|c| !c.is_alphanumeric());
    let ends = |text: &str| text.chars().next_back().is_none_or(|c| !c.is_alphanumeric());
    short.len() >= NAME
        && long.match_indices(short).any(|(at, _)| {
            let (before, after) = (long.get(..at), long.get(at + short.len()..));
            before.is_some_and(ends) && after.is_some_and(word)
        })
}
