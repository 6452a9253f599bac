//! From counts to what an outcome says of policies and conditions.

use std::collections::BTreeMap;

use super::plan::Plan;
use crate::explain::place;
use crate::outcome::{ConditionCoverage, ConditionKind, PolicyCoverage, PolicyRef};
use crate::repo::Policy;
use crate::text::PlaceKey;
use crate::trace::{Condition, Shape};

/// Longer conditions are cut, in characters.
const LONGEST: usize = 200;

impl<'r> Plan<'r> {
    /// Adds what was counted to what other stores counted of the same policies.
    pub(super) fn report(
        &self,
        policies: &mut BTreeMap<(PlaceKey<'r>, &'r str), PolicyCoverage>,
        conditions: &mut BTreeMap<(PlaceKey<'r>, usize), ConditionCoverage>,
    ) {
        let none = self.counts();
        let total = self.total.lock();
        let total = match &total {
            Ok(total) if !total.policies.is_empty() => total,
            _ => &none,
        };
        for (key, of) in self.keys.iter().zip(&total.policies) {
            let Some(found) = self.store.find(key) else { continue };
            let policy =
                PolicyRef { name: found.name.to_owned(), effect: found.effect, location: found.location.clone() };
            let entry = policies.entry((found.location.key(), found.name)).or_insert_with(|| PolicyCoverage {
                store: self.store.name.clone(),
                policy,
                in_scope: 0,
                satisfied: 0,
                determining: 0,
                errors: 0,
                decides: 0,
            });
            entry.in_scope += of.in_scope;
            entry.satisfied += of.satisfied;
            entry.determining += of.determining;
            entry.errors += of.errors;
            entry.decides += of.decides;
        }
        for (policy, condition, first) in &self.texts {
            for (node, kind) in listed(condition) {
                let of = total.nodes.get(first + node).copied().unwrap_or_default();
                let key = (policy.location.key(), node);
                let entry = conditions.entry(key).or_insert_with(|| self.uncounted(policy, condition, node, kind));
                entry.trues += of.trues;
                entry.falses += of.falses;
                entry.errors += of.errors;
                entry.decides += of.decides;
            }
        }
    }

    fn uncounted(&self, policy: &Policy, condition: &Condition, node: usize, kind: ConditionKind) -> ConditionCoverage {
        let found = condition.nodes().get(node);
        let span = found.and_then(crate::trace::Node::span);
        ConditionCoverage {
            store: self.store.name.clone(),
            policy: PolicyRef {
                name: policy.name.clone(),
                effect: policy.effect_word(),
                location: policy.location.clone(),
            },
            location: place(policy, span),
            text: found.map(|found| found.text().chars().take(LONGEST).collect()).unwrap_or_default(),
            kind,
            trues: 0,
            falses: 0,
            errors: 0,
            decides: 0,
        }
    }
}

/// The nodes of `condition` that count as conditions.
fn listed(condition: &Condition) -> Vec<(usize, ConditionKind)> {
    // How many operands each node holds; what is below a node comes before it.
    let mut held: Vec<usize> = Vec::with_capacity(condition.nodes().len());
    let mut listed = Vec::new();
    for (at, node) in condition.nodes().iter().enumerate() {
        let below = |node: usize| held.get(node).copied().unwrap_or_default();
        let holds = match node.shape {
            Shape::And(left, right) | Shape::Or(left, right) => below(left) + below(right),
            Shape::Not(operand) => below(operand),
            Shape::If(test, yes, no) => below(test) + below(yes) + below(no),
            Shape::Leaf => {
                listed.push((at, ConditionKind::Operand));
                1
            }
            Shape::Literal(_) => 0,
        };
        held.push(holds);
    }
    for clause in condition.clauses() {
        if held.get(clause.node).is_some_and(|held| *held > 1) {
            listed.push((clause.node, if clause.unless { ConditionKind::Unless } else { ConditionKind::When }));
        }
    }
    listed
}
