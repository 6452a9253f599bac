//! Lazy nodes: what they say is taken on trust until a model breaks it, and a theory may know numbers for which it
//! holds.

use super::bits::Bits;
use super::graph::{Circuit, Demand, Node, Search};
use super::sat::Lit;

impl Circuit {
    /// The lazy nodes that were taken in, and whether only loose clauses speak of each.
    pub(in crate::symbolic) fn taken_lazies(&self) -> impl Iterator<Item = (Lit, bool)> + '_ {
        let of = |search| -> &Search { search };
        self.search.iter().map(of).flat_map(|search| {
            let loose = |variable: &u32| search.loose.contains(variable);
            search.lazies.iter().map(move |(variable, known)| (Lit::of_variable(*variable), !known && loose(variable)))
        })
    }

    /// Takes loose lazy nodes for what they say of the numbers that there are now.
    pub(in crate::symbolic) fn read_loose(&mut self) {
        let Some(search) = self.search.take() else { return };
        for (variable, known) in &search.lazies {
            if let (false, true, Some(Node::Lazy(meaning, _))) =
                (known, search.loose.contains(variable), self.nodes.get(*variable as usize))
            {
                let value = self.value(*meaning);
                self.remember(*variable, value);
            }
        }
        self.search = Some(search);
    }

    /// Takes lazy nodes and gates for what they say, of the inputs that the search found and of those that were
    /// suggested. If what was taken in holds then, these are the values from now on, and what they break of the rest is
    /// taken in with `take`: whether there was any. Otherwise, and where the search has to know more of lazy nodes,
    /// `None`.
    pub(in crate::symbolic) fn settle_throughout(&mut self, take: bool) -> Option<bool> {
        let mut search = self.search.take()?;
        self.next_model();
        for variable in &search.taken.variables {
            if let (Some(lit), Some(Node::Input(_))) = (search.taken.get(*variable), self.nodes.get(*variable as usize))
            {
                self.read_value(*variable, search.sat.value(lit));
            }
        }
        self.turn_suggested();
        let demanded = |demand: &Demand| match demand {
            Demand::Literal(lit, taken) => !taken || self.value(*lit),
            Demand::None(many, _, taken) => {
                let holds = |place: &u32| many.literals.get(*place as usize).is_some_and(|(_, lit)| self.value(*lit));
                !taken.iter().any(holds)
            }
        };
        let said = |index: &u32| {
            let clause = self.clauses.get(*index as usize);
            clause.is_none_or(|clause| clause.iter().any(|lit| self.value(*lit)))
        };
        let holds = search.demands.iter().all(demanded) && search.clauses.iter().all(said);
        let broken = if holds {
            Some(self.broken(&mut search, take))
        } else {
            self.read_model(&search);
            None
        };
        self.search = Some(search);
        broken
    }

    /// Takes in what lazy nodes say where the values break it. Whether there were any.
    pub(in crate::symbolic) fn settle_lazies(&mut self) -> bool {
        let Some(mut search) = self.search.take() else { return false };
        let mut broken = false;
        for index in 0..search.lazies.len() {
            let Some((variable, false)) = search.lazies.get(index).copied() else { continue };
            let Some(Node::Lazy(meaning, _)) = self.nodes.get(variable as usize) else { continue };
            let lit = Lit::of_variable(variable);
            if self.value(lit) == self.value(*meaning) {
                continue;
            }
            broken = true;
            let (lit, meaning) = (self.take_in(&mut search, lit), self.take_in(&mut search, *meaning));
            search.sat.clause(&[!lit, meaning]);
            search.sat.clause(&[lit, !meaning]);
            if let Some((_, known)) = search.lazies.get_mut(index) {
                *known = true;
            }
        }
        self.search = Some(search);
        broken
    }

    /// Gives those of the bits that are inputs, and that the search under way did not take in, the values that they
    /// have in `value`. What was computed of others stays: call [`Self::forget_computed`] first.
    pub(in crate::symbolic) fn suggest(&mut self, bits: &Bits, value: i128) {
        for (index, bit) in bits.iter().enumerate() {
            let variable = bit.variable();
            if bit.constant().is_some() || self.is_taken(bit) {
                continue;
            }
            if let Some(Node::Input(_)) = self.nodes.get(variable as usize) {
                let set = (value >> index.min(127)) & 1 == 1;
                self.suggested.insert(variable, set != (bit != Lit::of_variable(variable)));
            }
        }
    }

    /// Forgets the values that were computed and not found by the search.
    pub(in crate::symbolic) fn forget_computed(&mut self) {
        let Some(search) = self.search.take() else { return };
        self.read_model(&search);
        self.search = Some(search);
    }

    /// Counts the inputs that were suggested to be other than they prefer among those that are so.
    pub(super) fn turn_suggested(&mut self) {
        let turned = |(variable, value): (&u32, &bool)| {
            let preference = self.preference(*variable)?;
            (preference != *value).then(|| Lit::of_variable(*variable).negated_if(!value))
        };
        let mut turned: Vec<Lit> = self.suggested.iter().filter_map(turned).collect();
        turned.sort_unstable();
        self.turned.extend(turned);
    }
}
