//! The search for values of a circuit.
//!
//! The gates are a picture of everything that was encoded; a search takes in only what its question hangs on (its
//! *cone*), by Tseitin's encoding in both directions. An input outside of the cone has the value that it prefers, which
//! for an entity or a string is one of its own; a gate there is computed. Clauses that always hold, and literals that
//! the question asks for and that usually hold by themselves, such as "no other policy matches", are taken in when a
//! model breaks one: so what a question costs depends on the question, not on how much was encoded. What a *lazy* node
//! says is taken in last: until a model breaks it, it is a free variable that a theory may know more of.
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

/// A conflict costs one more for each so many variables.
const PRICE: u64 = 4_000;

impl Circuit {
    /// Begins a question: all of `demands` are to hold.
    pub(in crate::symbolic) fn begin(&mut self, demands: Vec<Demand>) {
        let mut taken = self.search.take().map(|search| search.taken).unwrap_or_default();
        taken.begin(self.nodes.len());
        let mut search = Search {
            sat: Sat::new(),
            taken,
            clauses: FxHashSet::default(),
            demands: Vec::new(),
            lazies: Vec::new(),
            loose: FxHashSet::default(),
        };
        for demand in &demands {
            if let Demand::Literal(lit, true) = demand {
                self.take_in_unit(&mut search, *lit);
            }
        }
        search.demands = demands;
        self.search = Some(search);
    }

    /// Searches for values for which all that was taken in holds. Go on with [`Self::settle`].
    pub(in crate::symbolic) fn search(&mut self, budget: &mut u64) -> Solved {
        let Some(mut search) = self.search.take() else { return Solved::Impossible };
        // A conflict costs the more the more was taken in.
        let price = 1 + search.taken.variables.len() as u64 / PRICE;
        let mut conflicts = budget.div_ceil(price);
        let before = conflicts;
        let solved = search.sat.solve(&mut conflicts);
        *budget = budget.saturating_sub((before - conflicts) * price);
        self.suggested.clear();
        if solved == Solved::Model {
            self.read_model(&search);
        }
        self.search = Some(search);
        solved
    }

    /// The same until nothing is broken that lazy nodes or others say, bit by bit.
    #[cfg(test)]
    pub(in crate::symbolic) fn search_through(&mut self, budget: &mut u64) -> Solved {
        loop {
            let solved = self.search(budget);
            if solved != Solved::Model || !(self.settle_lazies() || self.settle()) {
                return solved;
            }
        }
    }

    pub(super) fn read_model(&mut self, search: &Search) {
        self.next_model();
        for variable in &search.taken.variables {
            if let Some(lit) = search.taken.get(*variable) {
                self.read_value(*variable, search.sat.value(lit));
            }
        }
        self.turn_suggested();
    }

    pub(super) fn read_value(&mut self, variable: u32, value: bool) {
        self.remember(variable, value);
        if self.preference(variable).is_some_and(|preference| preference != value) {
            self.turned.push(Lit::of_variable(variable).negated_if(!value));
        }
    }

    /// Takes in the clauses and demands that the values break. Whether there were any.
    pub(in crate::symbolic) fn settle(&mut self) -> bool {
        let Some(mut search) = self.search.take() else { return false };
        let broken = self.broken(&mut search, true);
        self.search = Some(search);
        broken
    }

    /// Takes in the clause.
    pub(in crate::symbolic) fn take_in_clause_number(&mut self, number: u32) {
        let Some(mut search) = self.search.take() else { return };
        self.take_in_clause(&mut search, number);
        self.search = Some(search);
    }

    /// How many variables the search under way has.
    pub(in crate::symbolic) fn taken(&self) -> u64 {
        self.search.as_ref().map_or(0, |search| search.taken.variables.len() as u64)
    }

    /// Whether the search under way has a variable for the literal.
    pub(in crate::symbolic) fn is_taken(&self, lit: Lit) -> bool {
        self.search.as_ref().is_some_and(|search| search.taken.get(lit.variable()).is_some())
    }

    /// Whether the values break any clauses or demands; with `take` these are taken in.
    pub(super) fn broken(&self, search: &mut Search, take: bool) -> bool {
        let mut broken = false;
        for index in self.candidates(&self.breaking) {
            if search.clauses.contains(&index) {
                continue;
            }
            let holds = self.clauses.get(index as usize).is_none_or(|clause| clause.iter().any(|lit| self.value(*lit)));
            if !holds {
                if !take {
                    return true;
                }
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
                        if take {
                            *taken = true;
                            self.take_in_unit(search, *lit);
                        }
                    }
                }
                Demand::None(many, except, taken) => {
                    for place in self.candidates(&many.watch) {
                        let Some((number, lit)) = many.literals.get(place as usize) else { continue };
                        if number != except && self.value(*lit) && !taken.contains(&place) {
                            broken = true;
                            if take {
                                taken.insert(place);
                                self.take_in_unit(search, !*lit);
                            }
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
        let loose = self.loose.contains(&index);
        let mut literals: Vec<Lit> = Vec::new();
        for lit in self.clauses.get(index as usize).into_iter().flatten() {
            let variable = lit.variable();
            let spoken_of = search.taken.get(variable).is_some() && !search.loose.contains(&variable);
            literals.push(self.take_in(search, *lit));
            if loose && !spoken_of && matches!(self.nodes.get(variable as usize), Some(Node::Lazy(..))) {
                search.loose.insert(variable);
            }
        }
        search.sat.clause(&literals);
    }

    /// Takes in a literal's cone; the solver's literal.
    pub(super) fn take_in(&self, search: &mut Search, lit: Lit) -> Lit {
        let variable = lit.variable();
        let negate = lit != Lit::of_variable(variable);
        if let Some(known) = search.taken.get(variable) {
            if !search.loose.is_empty() {
                search.loose.remove(&variable);
            }
            return known.negated_if(negate);
        }
        let out = match self.nodes.get(variable as usize) {
            Some(Node::Input(preference)) => search.sat.input(*preference),
            Some(Node::Digit(bit, _)) => self.take_in(search, *bit),
            Some(Node::Lazy(_, first)) => {
                search.lazies.push((variable, false));
                search.sat.input(Some(*first))
            }
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

    /// How many gates were computed that no search had taken in, for all models.
    pub(in crate::symbolic) fn computed(&self) -> u64 {
        self.computed.get()
    }

    fn compute(&self, variable: u32) -> bool {
        let value = match self.nodes.get(variable as usize) {
            Some(Node::Input(preference)) => {
                return self.suggested.get(&variable).copied().or(*preference).unwrap_or_default();
            }
            Some(Node::Digit(bit, product)) => {
                self.multiply_out(*product);
                let known = self.values.get(variable as usize).map_or(0, Cell::get);
                if known >> 1 == self.model { known & 1 == 1 } else { self.value(*bit) }
            }
            Some(Node::Lazy(meaning, _)) => self.value(*meaning),
            Some(Node::Gate(Gate::And(a, b))) => self.value(*a) && self.value(*b),
            Some(Node::Gate(Gate::Xor(a, b))) => self.value(*a) != self.value(*b),
            Some(Node::Gate(Gate::Choice(test, then, other))) => {
                self.value(if self.value(*test) { *then } else { *other })
            }
            Some(Node::All(operands)) => operands.iter().all(|operand| self.value(*operand)),
            None => false,
        };
        self.computed.set(self.computed.get() + 1);
        self.remember(variable, value);
        value
    }
}
