//! Models put together from parts of others, without a search.

use rustc_hash::FxHashMap;

use super::graph::{Circuit, Demand, Node};
use super::sat::Lit;

impl Circuit {
    /// What the last search took in of inputs, and what was suggested to it, as literals that hold in its model.
    pub(in crate::symbolic) fn taken_inputs(&self) -> Vec<Lit> {
        let variables = self.search.iter().flat_map(|search| &search.taken.variables);
        let inputs = variables.filter(|variable| self.preference(**variable).is_some());
        let literal = |variable: &u32| {
            let lit = Lit::of_variable(*variable);
            lit.negated_if(!self.value(lit))
        };
        let suggested = self.suggested.keys().filter(|variable| !self.is_taken(Lit::of_variable(**variable)));
        let mut suggested: Vec<Lit> = suggested.map(literal).collect();
        suggested.sort_unstable();
        inputs.map(literal).chain(suggested).collect()
    }

    /// `first`, and each of `others` that says nothing else of any input than `first` and those before it do.
    pub(in crate::symbolic) fn join_inputs(&self, first: &[Lit], others: &[&[Lit]]) -> Vec<Lit> {
        let mut all: FxHashMap<u32, Lit> = first.iter().map(|lit| (lit.variable(), *lit)).collect();
        for other in others {
            if other.iter().all(|lit| all.get(&lit.variable()).is_none_or(|known| known == lit)) {
                all.extend(other.iter().map(|lit| (lit.variable(), *lit)));
            }
        }
        let mut all: Vec<Lit> = all.into_values().collect();
        all.sort_unstable();
        all
    }

    /// Takes for the last model that `inputs` hold and every other input is as it prefers to be. Whether every clause
    /// holds there; the theories may still object.
    pub(in crate::symbolic) fn assume(&mut self, inputs: &[Lit]) -> bool {
        self.suggested.clear();
        self.next_model();
        for lit in inputs {
            let Some(preference) = self.preference(lit.variable()) else { continue };
            let value = *lit == Lit::of_variable(lit.variable());
            self.remember(lit.variable(), value);
            if value != preference {
                self.turned.push(*lit);
            }
        }
        let holds = |index: u32| {
            let clause = self.clauses.get(index as usize);
            clause.is_none_or(|clause| clause.iter().any(|lit| self.value(*lit)))
        };
        self.candidates(&self.breaking).into_iter().all(holds)
    }

    /// Whether the demand is met in the last model.
    pub(in crate::symbolic) fn meets(&self, demand: &Demand) -> bool {
        match demand {
            Demand::Literal(lit, _) => self.value(*lit),
            Demand::None(many, except, _) => self.holding(many).iter().all(|number| number == except),
        }
    }

    /// How the input is outside of a search; `None` of what is no input.
    pub(super) fn preference(&self, variable: u32) -> Option<bool> {
        match self.nodes.get(variable as usize) {
            Some(Node::Input(preference)) => Some(preference.unwrap_or_default()),
            _ => None,
        }
    }
}
