//! The circuit as data: gates, clauses, and the question under way.

use std::cell::Cell;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::sat::{Lit, Sat};
use super::triggers::{Vector, Watch};

/// A gate over literals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Gate {
    And(Lit, Lit),
    Xor(Lit, Lit),
    Choice(Lit, Lit, Lit),
}

/// What a variable is.
#[derive(Debug)]
pub(super) enum Node {
    /// Free, with the value that it is tried with first (and always, when there is one).
    Input(Option<bool>),
    Gate(Gate),
    All(Rc<[Lit]>),
    /// What a literal says: a bit of the product with that number.
    Digit(Lit, u32),
    /// What a literal says, which a search takes on trust until a model breaks it, and the value that it is tried with
    /// first.
    Lazy(Lit, bool),
}

/// Two numbers and the bits of their product, each with its place, those aside that are constant.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) factors: [Rc<[Lit]>; 2],
    pub(super) digits: Vec<(usize, Lit)>,
}

/// A question under way.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) sat: Sat,
    pub(super) taken: Taken,
    /// Which of the circuit's clauses were.
    pub(super) clauses: FxHashSet<u32>,
    pub(super) demands: Vec<Demand>,
    /// The lazy nodes that were taken in, and whether what they say was.
    pub(super) lazies: Vec<(u32, bool)>,
    /// Those of them that only loose clauses speak of.
    pub(super) loose: FxHashSet<u32>,
}

/// What has to hold for the answer to a question to be yes.
#[derive(Debug)]
pub(in crate::symbolic) enum Demand {
    /// A literal, and whether it was taken in. One that usually holds by itself is taken in when it does not.
    Literal(Lit, bool),
    /// Of many literals none holds but, perhaps, the one of that number; those that were taken in, by place. It usually
    /// holds by itself.
    None(Rc<Many>, usize, FxHashSet<u32>),
}

/// Literals of which few hold together, each with a number that their owner gives it, in order.
#[derive(Debug, Default)]
pub(in crate::symbolic) struct Many {
    pub(in crate::symbolic) literals: Vec<(usize, Lit)>,
    /// By place in `literals`.
    pub(in crate::symbolic) watch: Watch,
}

/// The variables that a search took in.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// The solver's literal for each variable, if it was taken in.
    literals: Vec<Option<Lit>>,
    pub(super) variables: Vec<u32>,
}

impl Taken {
    /// Forgets all but the constant; `count` is how many variables there are.
    pub(super) fn begin(&mut self, count: usize) {
        for variable in self.variables.drain(..) {
            if let Some(slot) = self.literals.get_mut(variable as usize) {
                *slot = None;
            }
        }
        self.literals.resize(count, None);
        self.insert(0, Lit::TRUE);
    }

    pub(super) fn get(&self, variable: u32) -> Option<Lit> {
        self.literals.get(variable as usize).copied().flatten()
    }

    pub(super) fn insert(&mut self, variable: u32, lit: Lit) {
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
pub(in crate::symbolic) struct Circuit {
    pub(super) nodes: Vec<Node>,
    pub(super) gates: FxHashMap<Gate, Lit>,
    pub(super) alls: FxHashMap<Rc<[Lit]>, Lit>,
    pub(super) clauses: Vec<Box<[Lit]>>,
    /// Clauses that go with a variable: taken in when it is.
    pub(super) companions: FxHashMap<u32, Vec<u32>>,
    /// The clauses by what breaks them.
    pub(super) breaking: Watch,
    /// The literals that say of a vector (an index of `vectors`) that it is a number, by variable.
    pub(super) equalities: FxHashMap<u32, (u32, u128)>,
    pub(super) vectors: Vec<Vector>,
    pub(super) vector_numbers: FxHashMap<Rc<[Lit]>, u32>,
    /// Numbers that are multiplied.
    pub(super) products: Vec<Product>,
    /// What came of multiplying.
    pub(super) multiplied: FxHashMap<[Rc<[Lit]>; 2], Rc<[Lit]>>,
    /// The inputs that are not as they prefer to be in the last model.
    pub(super) turned: Vec<Lit>,
    pub(super) search: Option<Search>,
    /// The values of variables, as far as they were asked for: the number of the model, and one bit.
    pub(super) values: Vec<Cell<u32>>,
    /// The number of the last model.
    pub(super) model: u32,
    /// How many gates were computed for all models.
    pub(super) computed: Cell<u64>,
    /// Values for inputs that the search under way did not take in.
    pub(super) suggested: FxHashMap<u32, bool>,
    /// Clauses that hold whatever their lazy nodes are taken for, once these are what they say.
    pub(super) loose: FxHashSet<u32>,
}

impl Circuit {
    /// No gates.
    pub(in crate::symbolic) fn new() -> Self {
        Self {
            // The first variable is the constant.
            nodes: vec![Node::Input(Some(true))],
            values: vec![Cell::new(0)],
            model: 1,
            computed: Cell::new(0),
            gates: FxHashMap::default(),
            alls: FxHashMap::default(),
            clauses: Vec::new(),
            companions: FxHashMap::default(),
            breaking: Watch::default(),
            equalities: FxHashMap::default(),
            vectors: Vec::new(),
            vector_numbers: FxHashMap::default(),
            products: Vec::new(),
            multiplied: FxHashMap::default(),
            turned: Vec::new(),
            search: None,
            suggested: FxHashMap::default(),
            loose: FxHashSet::default(),
        }
    }

    pub(super) fn node(&mut self, node: Node) -> Lit {
        let lit = Lit::of_variable(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(node);
        self.values.push(Cell::new(0));
        lit
    }

    /// An unknown bit.
    pub(in crate::symbolic) fn fresh(&mut self) -> Lit {
        self.node(Node::Input(None))
    }

    /// An unknown bit that is `value` unless something speaks against it.
    pub(in crate::symbolic) fn preferring(&mut self, value: bool) -> Lit {
        self.node(Node::Input(Some(value)))
    }

    /// What `meaning` says, taken on trust by a search until a model breaks it, and tried with the value `first`.
    pub(in crate::symbolic) fn lazy(&mut self, meaning: Lit, first: bool) -> Lit {
        if meaning.constant().is_some() { meaning } else { self.node(Node::Lazy(meaning, first)) }
    }

    /// A clause that holds in every world.
    pub(in crate::symbolic) fn clause(&mut self, literals: &[Lit]) {
        if literals.contains(&Lit::TRUE) {
            return;
        }
        let index = self.next_clause();
        self.clauses.push(literals.iter().copied().filter(|lit| *lit != Lit::FALSE).collect());
        let mut breaking = std::mem::take(&mut self.breaking);
        self.watch(&mut breaking, index, literals.iter().map(|lit| !*lit));
        self.breaking = breaking;
    }

    /// The clause follows from what its literals say: a lazy node that only such clauses speak of may be taken for what
    /// it says of numbers that are found.
    pub(in crate::symbolic) fn loosen(&mut self, clause: u32) {
        self.loose.insert(clause);
    }

    /// The number of the next clause.
    pub(in crate::symbolic) fn next_clause(&self) -> u32 {
        u32::try_from(self.clauses.len()).unwrap_or(u32::MAX)
    }

    /// The clauses from number `from` on and below `to` are taken in with the variable of `lit`.
    pub(in crate::symbolic) fn accompany(&mut self, lit: Lit, from: u32, to: u32) {
        if lit.constant().is_none() && from < to {
            self.companions.entry(lit.variable()).or_default().extend(from..to);
        }
    }

    /// A clause that holds in every world and says what the inputs `variables` are: it is taken in with any of them.
    pub(in crate::symbolic) fn clause_with(&mut self, variables: impl IntoIterator<Item = Lit>, literals: &[Lit]) {
        let index = self.next_clause();
        self.clause(literals);
        if self.clauses.len() > index as usize {
            for variable in variables.into_iter().filter(|lit| lit.constant().is_none()) {
                self.companions.entry(variable.variable()).or_default().push(index);
            }
        }
    }
}
