//! The search for values of a circuit.
//!
//! The gates are a picture of everything that was encoded; a search takes in only what its question hangs on (its
//! *cone*), by Tseitin's encoding in both directions. An input outside of the cone has the value that it prefers, which
//! for an entity or a string is one of its own; a gate there is computed. Clauses that always hold, and literals that
//! the question asks for and that usually hold by themselves, such as "no other policy matches", are taken in when a
//! model breaks one: so what a question costs depends on the question, not on how much was encoded.
//!
//! # Why
//!
//! With one solver over everything, the same questions took 1.6 times the instructions at 300 policies, and more with
//! more.

use std::cell::Cell;

use rustc_hash::FxHashSet;

use super::graph::{Circuit, Demand, Gate, Node, Search};
use super::sat::{Lit, Sat, Solved};
use super::triggers::Vector;

impl Circuit {
    /// Begins a question: all of `demands` are to hold.
    pub(in crate::symbolic) fn begin(&mut self, demands: Vec<Demand>) {
        let mut taken = self.search.take().map(|search| search.taken).unwrap_or_default();
        taken.begin(self.nodes.len());
        let mut search = Search { sat: Sat::new(), taken, clauses: FxHashSet::default(), demands: Vec::new() };
        for demand in &demands {
            if let Demand::Literal(lit, true) = demand {
                self.take_in_unit(&mut search, *lit);
            }
        }
        search.demands = demands;
        self.search = Some(search);
    }

    /// Searches for values for which every demand and every clause hold. Go on with this after adding clauses.
    pub(in crate::symbolic) fn search(&mut self, budget: &mut u64) -> Solved {
        let Some(mut search) = self.search.take() else { return Solved::Impossible };
        let solved = loop {
            match search.sat.solve(budget) {
                Solved::Model => {}
                other => break other,
            }
            self.next_model();
            for variable in &search.taken.variables {
                if let Some(lit) = search.taken.get(*variable) {
                    let value = search.sat.value(lit);
                    self.remember(*variable, value);
                    if self.preference(*variable).is_some_and(|preference| preference != value) {
                        self.turned.push(Lit::of_variable(*variable).negated_if(!value));
                    }
                }
            }
            if !self.take_in_broken(&mut search) {
                break Solved::Model;
            }
        };
        self.search = Some(search);
        solved
    }

    /// Takes in the clauses and demands that the values break. Whether there were any.
    fn take_in_broken(&self, search: &mut Search) -> bool {
        let mut broken = false;
        for index in self.candidates(&self.breaking) {
            if search.clauses.contains(&index) {
                continue;
            }
            let holds = self.clauses.get(index as usize).is_none_or(|clause| clause.iter().any(|lit| self.value(*lit)));
            if !holds {
                broken = true;
                self.take_in_clause(search, index);
            }
        }
        let mut demands = std::mem::take(&mut search.demands);
        for demand in &mut demands {
            match demand {
                Demand::Literal(_, true) => {}
                Demand::Literal(lit, taken) => {
                    if !self.value(*lit) {
                        broken = true;
                        *taken = true;
                        self.take_in_unit(search, *lit);
                    }
                }
                Demand::None(many, except, taken) => {
                    for place in self.candidates(&many.watch) {
                        let Some((number, lit)) = many.literals.get(place as usize) else { continue };
                        if number != except && self.value(*lit) && taken.insert(place) {
                            broken = true;
                            self.take_in_unit(search, !*lit);
                        }
                    }
                }
            }
        }
        search.demands = demands;
        broken
    }

    /// Takes in that a literal holds.
    fn take_in_unit(&self, search: &mut Search, lit: Lit) {
        let lit = self.take_in(search, lit);
        search.sat.clause(&[lit]);
    }

    fn take_in_clause(&self, search: &mut Search, index: u32) {
        if !search.clauses.insert(index) {
            return;
        }
        let literals: Vec<Lit> =
            self.clauses.get(index as usize).into_iter().flatten().map(|lit| self.take_in(search, *lit)).collect();
        search.sat.clause(&literals);
    }

    /// Takes in a literal's cone; the solver's literal.
    fn take_in(&self, search: &mut Search, lit: Lit) -> Lit {
        let variable = lit.variable();
        let negate = lit != Lit::of_variable(variable);
        if let Some(known) = search.taken.get(variable) {
            return known.negated_if(negate);
        }
        let out = match self.nodes.get(variable as usize) {
            Some(Node::Input(preference)) => search.sat.input(*preference),
            Some(Node::Gate(Gate::And(a, b))) => {
                let (a, b) = (self.take_in(search, *a), self.take_in(search, *b));
                let out = search.sat.defined();
                search.sat.clause(&[!out, a]);
                search.sat.clause(&[!out, b]);
                search.sat.clause(&[out, !a, !b]);
                out
            }
            Some(Node::Gate(Gate::Xor(x, y))) => {
                let (x, y) = (self.take_in(search, *x), self.take_in(search, *y));
                let out = search.sat.defined();
                search.sat.clause(&[!out, x, y]);
                search.sat.clause(&[!out, !x, !y]);
                search.sat.clause(&[out, !x, y]);
                search.sat.clause(&[out, x, !y]);
                out
            }
            Some(Node::Gate(Gate::Choice(test, then, other))) => {
                let test = self.take_in(search, *test);
                let (then, other) = (self.take_in(search, *then), self.take_in(search, *other));
                let out = search.sat.defined();
                search.sat.clause(&[!test, !then, out]);
                search.sat.clause(&[!test, then, !out]);
                search.sat.clause(&[test, !other, out]);
                search.sat.clause(&[test, other, !out]);
                // Follows from the four above; lets unit propagation see it.
                search.sat.clause(&[!then, !other, out]);
                search.sat.clause(&[then, other, !out]);
                out
            }
            Some(Node::All(operands)) => {
                let operands: Vec<Lit> = operands.iter().map(|operand| self.take_in(search, *operand)).collect();
                let out = search.sat.defined();
                for operand in &operands {
                    search.sat.clause(&[!out, *operand]);
                }
                let mut clause: Vec<Lit> = operands.iter().map(|operand| !*operand).collect();
                clause.push(out);
                search.sat.clause(&clause);
                out
            }
            None => search.sat.input(None),
        };
        search.taken.insert(variable, out);
        for index in self.companions.get(&variable).into_iter().flatten() {
            self.take_in_clause(search, *index);
        }
        out.negated_if(negate)
    }

    /// Forgets the values of the last model.
    pub(super) fn next_model(&mut self) {
        self.model += 1;
        self.turned.clear();
        if self.model > u32::MAX >> 1 {
            self.model = 1;
            self.values.iter().for_each(|value| value.set(0));
            self.vectors.iter().for_each(Vector::forget);
        }
    }

    pub(super) fn remember(&self, variable: u32, value: bool) {
        if let Some(slot) = self.values.get(variable as usize) {
            slot.set(self.model << 1 | u32::from(value));
        }
    }

    /// The value of a literal in the last model.
    pub(in crate::symbolic) fn value(&self, lit: Lit) -> bool {
        let variable = lit.variable();
        let negate = lit != Lit::of_variable(variable);
        let known = self.values.get(variable as usize).map_or(0, Cell::get);
        if known >> 1 == self.model {
            return (known & 1 == 1) != negate;
        }
        self.compute(variable) != negate
    }

    fn compute(&self, variable: u32) -> bool {
        let value = match self.nodes.get(variable as usize) {
            Some(Node::Input(preference)) => return preference.unwrap_or_default(),
            Some(Node::Gate(Gate::And(a, b))) => self.value(*a) && self.value(*b),
            Some(Node::Gate(Gate::Xor(a, b))) => self.value(*a) != self.value(*b),
            Some(Node::Gate(Gate::Choice(test, then, other))) => {
                self.value(if self.value(*test) { *then } else { *other })
            }
            Some(Node::All(operands)) => operands.iter().all(|operand| self.value(*operand)),
            None => false,
        };
        self.remember(variable, value);
        value
    }
}
