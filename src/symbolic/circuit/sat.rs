//! Satisfiability of clauses, within a budget of conflicts. The one file that names the SAT solver, batsat: plain Rust,
//! incremental, and callbacks for the budget.

use std::ops::Not;

use batsat::{Callbacks, ClauseKind, Lit as SolverLit, Solver, SolverInterface as _, SolverOpts, Var, lbool};

/// A literal: a variable or its negation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::symbolic) struct Lit(u32);

impl Lit {
    /// The literal that holds in every model.
    pub(in crate::symbolic) const TRUE: Lit = Lit(0);
    /// The literal that holds in none.
    pub(in crate::symbolic) const FALSE: Lit = Lit(1);

    /// Its fixed value, if it is one of the two constants.
    pub(in crate::symbolic) fn constant(self) -> Option<bool> {
        match self {
            Self::TRUE => Some(true),
            Self::FALSE => Some(false),
            _ => None,
        }
    }

    /// The literal, negated when `negate`.
    pub(in crate::symbolic) fn negated_if(self, negate: bool) -> Lit {
        Lit(self.0 ^ u32::from(negate))
    }

    /// Its variable.
    pub(super) fn variable(self) -> u32 {
        self.0 >> 1
    }

    /// The variable itself, as a literal.
    pub(super) fn of_variable(variable: u32) -> Lit {
        Lit(variable << 1)
    }

    fn of_solver(self) -> SolverLit {
        SolverLit::new(Var::unsafe_from_idx(self.0 >> 1), self.0 & 1 == 0)
    }
}

impl From<bool> for Lit {
    fn from(value: bool) -> Self {
        if value { Self::TRUE } else { Self::FALSE }
    }
}

impl Not for Lit {
    type Output = Lit;

    fn not(self) -> Lit {
        Lit(self.0 ^ 1)
    }
}

/// What a search ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::symbolic) enum Solved {
    /// A model was found; [`Sat::value`] reads it.
    Model,
    /// There is no model.
    Impossible,
    /// The budget was used up first.
    Exhausted,
}

/// Counts conflicts, and stops the search when there were too many.
#[derive(Debug, Default)]
struct Budget {
    conflicts: u64,
    limit: u64,
}

impl Callbacks for Budget {
    fn on_new_clause(&mut self, _: &[SolverLit], kind: ClauseKind) {
        if matches!(kind, ClauseKind::Learnt) {
            self.conflicts += 1;
        }
    }

    fn stop(&self) -> bool {
        self.conflicts >= self.limit
    }
}

/// An incremental solver.
pub(super) struct Sat {
    solver: Solver<Budget>,
    clause: Vec<SolverLit>,
}

impl std::fmt::Debug for Sat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sat({} variables, {} clauses)", self.solver.num_vars(), self.solver.num_clauses())
    }
}

impl Sat {
    /// A solver without clauses.
    pub(super) fn new() -> Self {
        let mut sat = Self { solver: Solver::new(SolverOpts::default(), Budget::default()), clause: Vec::new() };
        let first = sat.input(Some(true));
        debug_assert_eq!(first, Lit::TRUE, "the first variable is the constant");
        sat.clause(&[Lit::TRUE]);
        sat
    }

    /// A new variable, with the value that is always tried first, if there is one.
    pub(super) fn input(&mut self, preference: Option<bool>) -> Lit {
        let polarity = preference.map_or(lbool::UNDEF, |value| if value { lbool::TRUE } else { lbool::FALSE });
        Lit(self.solver.new_var(polarity, true).idx() << 1)
    }

    /// A new variable whose value follows from others once those have one: the search need not decide it.
    pub(super) fn defined(&mut self) -> Lit {
        Lit(self.solver.new_var(lbool::UNDEF, false).idx() << 1)
    }

    /// One of `literals` holds.
    pub(super) fn clause(&mut self, literals: &[Lit]) {
        if literals.contains(&Lit::TRUE) && literals.len() > 1 {
            return;
        }
        self.clause.clear();
        self.clause.extend(literals.iter().filter(|lit| **lit != Lit::FALSE).map(|lit| lit.of_solver()));
        self.solver.add_clause_reuse(&mut self.clause);
    }

    /// Searches for a model. `budget` is the number of conflicts that may still happen and is reduced by those that
    /// did.
    pub(super) fn solve(&mut self, budget: &mut u64) -> Solved {
        let counter = self.solver.cb_mut();
        counter.conflicts = 0;
        counter.limit = *budget;
        let result = if self.solver.is_ok() { self.solver.solve_limited(&[]) } else { lbool::FALSE };
        *budget = budget.saturating_sub(self.solver.cb().conflicts);
        if result == lbool::TRUE {
            Solved::Model
        } else if result == lbool::FALSE {
            Solved::Impossible
        } else {
            Solved::Exhausted
        }
    }

    /// The value of `lit` in the last model; variables newer than the model are false in it.
    pub(super) fn value(&self, lit: Lit) -> bool {
        let value = self.solver.get_model().get((lit.0 >> 1) as usize).copied().unwrap_or(lbool::FALSE);
        (value == lbool::TRUE) != (lit.0 & 1 == 1)
    }
}
