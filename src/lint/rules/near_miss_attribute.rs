//! Attributes that are one slip away from one that others read in the same place. Where a schema declares attributes,
//! the validator knows them; without one, a slip makes an attribute of its own.

use std::collections::{BTreeMap, BTreeSet};

use super::near_miss_typo::{is_plural, is_slip};
use crate::repo::Policy;
use crate::repo::syntax::{Expr, ExprKind, Variable};
use crate::text::Span;

/// In so many policies an attribute is known by its use.
const KNOWN: usize = 2;

/// A slip: the policy, where it stands there, what is written, what is meant, and a policy that reads that.
pub(super) struct Slip<'p> {
    pub(super) policy: &'p Policy,
    pub(super) span: Option<Span>,
    pub(super) written: String,
    pub(super) meant: String,
    pub(super) attribute: &'p str,
    pub(super) known: &'p Policy,
    pub(super) known_span: Option<Span>,
    pub(super) known_attribute: &'p str,
}

/// Where each attribute is read, by what holds it: `principal`, or `context.device`.
type Uses<'p> = BTreeMap<String, BTreeMap<&'p str, Vec<(&'p Policy, Option<Span>)>>>;

/// The slips among the attributes that `policies` read: what stands in one place alone, where others read another.
pub(super) fn slips<'p>(policies: &'p [Policy]) -> Vec<Slip<'p>> {
    let mut uses = Uses::new();
    for policy in policies {
        if let Some(condition) = &policy.syntax().condition {
            condition.walk(&mut |expr: &'p Expr| {
                let (ExprKind::GetAttr(of, name) | ExprKind::HasAttr(of, name)) = &expr.kind else { return };
                if let Some(of) = path(of) {
                    uses.entry(of).or_default().entry(name).or_default().push((policy, expr.span));
                }
            });
        }
    }
    let mut found = Vec::new();
    for (of, attributes) in &uses {
        let count = |places: &[(&Policy, Option<Span>)]| {
            places.iter().map(|(policy, _)| &policy.name).collect::<BTreeSet<_>>().len()
        };
        let known: Vec<_> = attributes.iter().filter(|(_, places)| count(places) >= KNOWN).collect();
        for (name, places) in attributes.iter().filter(|(_, places)| count(places) == 1) {
            let near = |(other, _): &&(&&str, &Vec<_>)| is_slip(name, other) && !is_plural(name, other);
            let Some((meant, others)) = known.iter().copied().find(|one| near(&one)) else { continue };
            let (Some((policy, span)), Some((known, known_span))) = (places.first(), others.first()) else { continue };
            found.push(Slip {
                policy,
                span: *span,
                written: format!("{of}.{name}"),
                meant: format!("{of}.{meant}"),
                attribute: name,
                known,
                known_span: *known_span,
                known_attribute: meant,
            });
        }
    }
    found
}

/// Deeper attributes are not looked at: nobody slips there.
const DEEPEST: usize = 8;

/// `principal`, `resource.owner`: a variable, and attributes of it.
fn path(mut expr: &Expr) -> Option<String> {
    let mut names = Vec::new();
    while let ExprKind::GetAttr(of, name) = &expr.kind {
        if names.len() == DEEPEST {
            return None;
        }
        names.push(name.as_str());
        expr = of;
    }
    let ExprKind::Var(variable) = &expr.kind else { return None };
    names.push(match variable {
        Variable::Principal => "principal",
        Variable::Action => "action",
        Variable::Resource => "resource",
        Variable::Context => "context",
    });
    names.reverse();
    Some(names.join("."))
}
