//! Boolean gates over literals, what is known of them, and the search for values.
//!
//! Constants are folded, and equal gates are one gate. The gates are a picture of everything that was encoded; a search
//! takes in only what its question hangs on (its *cone*), by Tseitin's encoding in both directions. An input outside of
//! the cone has the value that it prefers, a gate there is computed. Clauses that always hold, and literals that the
//! question asks for on top, are taken in when a model breaks one: so what a question costs depends on the question,
//! not on how much was encoded.

use std::cell::Cell;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::sat::{Lit, Sat, Solved};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Gate {
    And(Lit, Lit),
    Xor(Lit, Lit),
    Choice(Lit, Lit, Lit),
}

/// What a variable is.
#[derive(Debug)]
enum Node {
    /// Free, with the value that it is tried with first (and always, when there is one).
    Input(Option<bool>),
    Gate(Gate),
    All(Rc<[Lit]>),
}

/// A question under way.
#[derive(Debug)]
struct Search {
    sat: Sat,
    taken: Taken,
    /// Which of the circuit's clauses were.
    clauses: Vec<bool>,
    /// Literals that have to hold, and whether they were taken in.
    demands: Vec<(Lit, bool)>,
}

/// The variables that a search took in.
#[derive(Debug, Default)]
struct Taken {
    /// The solver's literal for each variable, if it was taken in.
    literals: Vec<Option<Lit>>,
    variables: Vec<u32>,
}

impl Taken {
    /// Forgets all but the constant; `count` is how many variables there are.
    fn begin(&mut self, count: usize) {
        for variable in self.variables.drain(..) {
            if let Some(slot) = self.literals.get_mut(variable as usize) {
                *slot = None;
            }
        }
        self.literals.resize(count, None);
        self.insert(0, Lit::TRUE);
    }

    fn get(&self, variable: u32) -> Option<Lit> {
        self.literals.get(variable as usize).copied().flatten()
    }

    fn insert(&mut self, variable: u32, lit: Lit) {
        let index = variable as usize;
        if index >= self.literals.len() {
            self.literals.resize(index + 1, None);
        }
        if let Some(slot) = self.literals.get_mut(index) {
            *slot = Some(lit);
        }
        self.variables.push(variable);
    }
}

/// Gates and clauses, and the question under way.
#[derive(Debug)]
pub(super) struct Circuit {
    nodes: Vec<Node>,
    gates: FxHashMap<Gate, Lit>,
    alls: FxHashMap<Rc<[Lit]>, Lit>,
    clauses: Vec<Box<[Lit]>>,
    /// Clauses that go with a variable: taken in when it is.
    companions: FxHashMap<u32, Vec<usize>>,
    search: Option<Search>,
    /// The values of variables, as far as they were asked for: the number of the model, and one bit.
    values: Vec<Cell<u32>>,
    /// The number of the last model.
    model: u32,
}

impl Circuit {
    /// No gates.
    pub(super) fn new() -> Self {
        Self {
            // The first variable is the constant.
            nodes: vec![Node::Input(Some(true))],
            values: vec![Cell::new(0)],
            model: 1,
            gates: FxHashMap::default(),
            alls: FxHashMap::default(),
            clauses: Vec::new(),
            companions: FxHashMap::default(),
            search: None,
        }
    }

    fn node(&mut self, node: Node) -> Lit {
        let lit = Lit::of_variable(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(node);
        self.values.push(Cell::new(0));
        lit
    }

    /// An unknown bit.
    pub(super) fn fresh(&mut self) -> Lit {
        self.node(Node::Input(None))
    }

    /// An unknown bit that is `value` unless something speaks against it.
    pub(super) fn preferring(&mut self, value: bool) -> Lit {
        self.node(Node::Input(Some(value)))
    }

    /// A clause that holds in every world.
    pub(super) fn clause(&mut self, literals: &[Lit]) {
        if literals.contains(&Lit::TRUE) {
            return;
        }
        self.clauses.push(literals.iter().copied().filter(|lit| *lit != Lit::FALSE).collect());
    }

    /// A clause that holds in every world and says what the inputs `variables` are: it is taken in with any of them.
    pub(super) fn clause_with(&mut self, variables: impl IntoIterator<Item = Lit>, literals: &[Lit]) {
        let index = self.clauses.len();
        self.clause(literals);
        if self.clauses.len() > index {
            for variable in variables.into_iter().filter(|lit| lit.constant().is_none()) {
                self.companions.entry(variable.variable()).or_default().push(index);
            }
        }
    }

    /// Begins a question: all of `demands` are to hold. Those marked `false` are likely to hold by themselves and are
    /// taken in when they do not.
    pub(super) fn begin(&mut self, demands: impl IntoIterator<Item = (Lit, bool)>) {
        let mut taken = self.search.take().map(|search| search.taken).unwrap_or_default();
        taken.begin(self.nodes.len());
        let mut search = Search { sat: Sat::new(), taken, clauses: Vec::new(), demands: demands.into_iter().collect() };
        for index in 0..search.demands.len() {
            if let Some((demand, true)) = search.demands.get(index).copied() {
                let lit = self.take_in(&mut search, demand);
                search.sat.clause(&[lit]);
            }
        }
        self.search = Some(search);
    }

    /// Searches for values for which every demand and every clause hold. Go on with this after adding clauses.
    pub(super) fn search(&mut self, budget: &mut u64) -> Solved {
        let Some(mut search) = self.search.take() else { return Solved::Impossible };
        let solved = loop {
            match search.sat.solve(budget) {
                Solved::Model => {}
                other => break other,
            }
            self.next_model();
            for variable in &search.taken.variables {
                if let Some(lit) = search.taken.get(*variable) {
                    self.remember(*variable, search.sat.value(lit));
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
        search.clauses.resize(self.clauses.len(), false);
        for index in 0..self.clauses.len() {
            if search.clauses.get(index) == Some(&true) {
                continue;
            }
            let holds = self.clauses.get(index).is_none_or(|clause| clause.iter().any(|lit| self.value(*lit)));
            if !holds {
                broken = true;
                self.take_in_clause(search, index);
            }
        }
        for index in 0..search.demands.len() {
            let Some((demand, false)) = search.demands.get(index).copied() else { continue };
            if !self.value(demand) {
                broken = true;
                let lit = self.take_in(search, demand);
                search.sat.clause(&[lit]);
                if let Some((_, taken)) = search.demands.get_mut(index) {
                    *taken = true;
                }
            }
        }
        broken
    }

    fn take_in_clause(&self, search: &mut Search, index: usize) {
        if search.clauses.len() <= index {
            search.clauses.resize(index + 1, false);
        }
        match search.clauses.get_mut(index) {
            Some(taken @ false) => *taken = true,
            _ => return,
        }
        let literals: Vec<Lit> =
            self.clauses.get(index).into_iter().flatten().map(|lit| self.take_in(search, *lit)).collect();
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
    fn next_model(&mut self) {
        self.model += 1;
        if self.model > u32::MAX >> 1 {
            self.model = 1;
            self.values.iter().for_each(|value| value.set(0));
        }
    }

    fn remember(&self, variable: u32, value: bool) {
        if let Some(slot) = self.values.get(variable as usize) {
            slot.set(self.model << 1 | u32::from(value));
        }
    }

    /// The value of a literal in the last model.
    pub(super) fn value(&self, lit: Lit) -> bool {
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

    fn gate(&mut self, gate: Gate) -> Lit {
        if let Some(out) = self.gates.get(&gate) {
            return *out;
        }
        let out = self.node(Node::Gate(gate));
        self.gates.insert(gate, out);
        out
    }

    /// Both hold.
    pub(super) fn and(&mut self, a: Lit, b: Lit) -> Lit {
        match (a.constant(), b.constant()) {
            (Some(false), _) | (_, Some(false)) => return Lit::FALSE,
            (Some(true), _) => return b,
            (_, Some(true)) => return a,
            (None, None) => {}
        }
        if a == b {
            return a;
        }
        if a == !b {
            return Lit::FALSE;
        }
        self.gate(Gate::And(a.min(b), a.max(b)))
    }

    /// One of the two holds.
    pub(super) fn or(&mut self, a: Lit, b: Lit) -> Lit {
        !self.and(!a, !b)
    }

    /// `a` implies `b`.
    pub(super) fn implies(&mut self, a: Lit, b: Lit) -> Lit {
        !self.and(a, !b)
    }

    /// Exactly one of the two holds.
    pub(super) fn xor(&mut self, a: Lit, b: Lit) -> Lit {
        match (a.constant(), b.constant()) {
            (Some(value), _) => return b.negated_if(value),
            (_, Some(value)) => return a.negated_if(value),
            (None, None) => {}
        }
        if a == b {
            return Lit::FALSE;
        }
        if a == !b {
            return Lit::TRUE;
        }
        // Signs are taken out, so that a gate and its negation are one.
        let (plain_a, plain_b) = (a.min(!a), b.min(!b));
        let negate = (a != plain_a) != (b != plain_b);
        let (x, y) = (plain_a.min(plain_b), plain_a.max(plain_b));
        self.gate(Gate::Xor(x, y)).negated_if(negate)
    }

    /// Both hold, or neither does.
    pub(super) fn iff(&mut self, a: Lit, b: Lit) -> Lit {
        !self.xor(a, b)
    }

    /// `then` where `test` holds, else `other`.
    pub(super) fn choice(&mut self, test: Lit, then: Lit, other: Lit) -> Lit {
        match test.constant() {
            Some(true) => return then,
            Some(false) => return other,
            None => {}
        }
        if then == other {
            return then;
        }
        if then == !other {
            return self.iff(test, then);
        }
        match (then.constant(), other.constant()) {
            (Some(true), _) => return self.or(test, other),
            (Some(false), _) => return self.and(!test, other),
            (_, Some(true)) => return self.or(!test, then),
            (_, Some(false)) => return self.and(test, then),
            (None, None) => {}
        }
        if test == then || test == !then || test == other || test == !other {
            let yes = self.and(test, then);
            let no = self.and(!test, other);
            return self.or(yes, no);
        }
        let plain = test.min(!test);
        let (test, then, other) = if test == plain { (test, then, other) } else { (plain, other, then) };
        self.gate(Gate::Choice(test, then, other))
    }

    /// All hold.
    pub(super) fn all(&mut self, operands: impl IntoIterator<Item = Lit>) -> Lit {
        let mut operands: Vec<Lit> = operands.into_iter().filter(|lit| *lit != Lit::TRUE).collect();
        operands.sort_unstable();
        operands.dedup();
        match operands.as_slice() {
            [] => return Lit::TRUE,
            [one] => return *one,
            [a, b] => return self.and(*a, *b),
            _ => {}
        }
        if operands.contains(&Lit::FALSE) || operands.windows(2).any(|pair| matches!(pair, [a, b] if *a == !*b)) {
            return Lit::FALSE;
        }
        if let Some(out) = self.alls.get(operands.as_slice()) {
            return *out;
        }
        let operands: Rc<[Lit]> = operands.into();
        let out = self.node(Node::All(Rc::clone(&operands)));
        self.alls.insert(operands, out);
        out
    }

    /// One of them holds.
    pub(super) fn any(&mut self, operands: impl IntoIterator<Item = Lit>) -> Lit {
        !self.all(operands.into_iter().map(|lit| !lit))
    }
}
