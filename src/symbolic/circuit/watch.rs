//! Which of many literals hold in a model, without looking at each.
//!
//! For a conjunction to hold, each of its parts has to; for an alternative, one of them. A part that seldom holds is a
//! *trigger*: an input that is not as it prefers to be, or that a number is one constant. In a model only inputs that
//! were taken in can be so, and a number is one constant at a time: what waits for anything else does not hold.
//!
//! # Why
//!
//! In a large store "no other policy matches" speaks of thousands of policies, hardly any of which comes near to
//! matching. To compute each for each model made questions as dear as the store is large.

use std::cell::Cell;
use std::rc::Rc;

use super::bits::Bits;
use super::graph::{Circuit, Gate, Many, Node};
use super::sat::Lit;
use super::triggers::{Trigger, Triggers, Vector, Watch, better, either};

/// So many parts of a literal are looked at.
const PARTS: usize = 64;

impl Circuit {
    /// Says that `lit` holds exactly where the number that `vector` is comes to `number`.
    pub(in crate::symbolic) fn note_equality(&mut self, lit: Lit, vector: &Bits, number: u128) {
        if vector.width() < 2 || lit.constant().is_some() || lit != Lit::of_variable(lit.variable()) {
            return;
        }
        let next = u32::try_from(self.vectors.len()).unwrap_or(u32::MAX);
        let bits: Rc<[Lit]> = vector.iter().collect();
        let vector = *self.vector_numbers.entry(Rc::clone(&bits)).or_insert_with(|| {
            self.vectors.push(Vector { bits, number: Cell::new((0, 0)) });
            next
        });
        self.equalities.insert(lit.variable(), (vector, number));
    }

    /// Watches the conjunction of `literals`, as `item`.
    pub(super) fn watch(&self, watch: &mut Watch, item: u32, literals: impl IntoIterator<Item = Lit>) {
        let mut parts = PARTS;
        let mut best: Option<Triggers> = None;
        for lit in literals {
            if lit == Lit::FALSE {
                return;
            }
            best = better(best, self.triggers(watch, lit, &mut parts));
        }
        let Some(Triggers { all, .. }) = best else { return watch.always.push(item) };
        for trigger in all {
            match trigger {
                Trigger::Input(lit) => watch.inputs.entry(lit).or_default().push(item),
                Trigger::Number(vector, number) => {
                    watch.numbers.entry(vector).or_default().entry(number).or_default().push(item);
                }
            }
        }
    }

    /// Triggers of which one has to be there for `lit` to hold, those that fewest wait for of what was seen; `None`
    /// where there are none.
    fn triggers(&self, watch: &Watch, lit: Lit, parts: &mut usize) -> Option<Triggers> {
        *parts = parts.checked_sub(1)?;
        let plain = lit == Lit::of_variable(lit.variable());
        if plain && let Some((vector, number)) = self.equalities.get(&lit.variable()) {
            return Some(watch.only(Trigger::Number(*vector, *number)));
        }
        match self.nodes.get(lit.variable() as usize)? {
            Node::Input(preference) => {
                (preference.unwrap_or_default() != plain).then(|| watch.only(Trigger::Input(lit)))
            }
            Node::Gate(Gate::And(a, b)) if plain => {
                let first = self.triggers(watch, *a, parts);
                better(first, self.triggers(watch, *b, parts))
            }
            Node::Gate(Gate::And(a, b)) => either(self.triggers(watch, !*a, parts)?, self.triggers(watch, !*b, parts)?),
            Node::All(operands) if plain => {
                operands.iter().fold(None, |best, operand| better(best, self.triggers(watch, *operand, parts)))
            }
            Node::All(operands) => {
                let (first, rest) = operands.split_first()?;
                let first = self.triggers(watch, !*first, parts)?;
                rest.iter().try_fold(first, |all, operand| either(all, self.triggers(watch, !*operand, parts)?))
            }
            Node::Gate(Gate::Choice(test, then, other)) => {
                let (then, other) = (then.negated_if(!plain), other.negated_if(!plain));
                let first = self.triggers(watch, *test, parts);
                let yes = better(first, self.triggers(watch, then, parts))?;
                let second = self.triggers(watch, !*test, parts);
                either(yes, better(second, self.triggers(watch, other, parts))?)
            }
            // Once the search is over, a lazy node is what it says.
            Node::Digit(meaning, _) | Node::Lazy(meaning, _) => self.triggers(watch, meaning.negated_if(!plain), parts),
            Node::Gate(Gate::Xor(..)) => None,
        }
    }

    /// Adds a literal, as `number`, to those of `many`.
    pub(in crate::symbolic) fn join(&self, many: &mut Many, number: usize, lit: Lit) {
        let place = u32::try_from(many.literals.len()).unwrap_or(u32::MAX);
        many.literals.push((number, lit));
        self.watch(&mut many.watch, place, [lit]);
    }

    /// The numbers of those of `many` that hold in the last model, in order.
    pub(in crate::symbolic) fn holding(&self, many: &Many) -> Vec<usize> {
        let all = self.candidates(&many.watch).into_iter().filter_map(|place| many.literals.get(place as usize));
        let mut holding: Vec<usize> = all.filter(|(_, lit)| self.value(*lit)).map(|(number, _)| *number).collect();
        holding.sort_unstable();
        holding
    }

    /// The items that may hold in the last model, in order; no other does.
    pub(super) fn candidates(&self, watch: &Watch) -> Vec<u32> {
        let mut found = watch.always.clone();
        for (vector, numbers) in &watch.numbers {
            let number = self.vectors.get(*vector as usize).map_or(0, |vector| self.number(vector));
            found.extend(numbers.get(&number).into_iter().flatten());
        }
        if watch.inputs.len() < self.turned.len() {
            found.extend(watch.inputs.iter().filter(|(lit, _)| self.value(**lit)).flat_map(|(_, items)| items));
        } else {
            found.extend(self.turned.iter().filter_map(|lit| watch.inputs.get(lit)).flatten());
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The inputs that are not as they prefer to be in the last model, as literals that hold.
    pub(in crate::symbolic) fn turned(&self) -> &[Lit] {
        &self.turned
    }

    /// The number that a vector of at most 128 bits comes to in the last model.
    fn number(&self, vector: &Vector) -> u128 {
        if let (model, number) = vector.number.get()
            && model == self.model
        {
            return number;
        }
        let bits = vector.bits.iter().copied().enumerate().take(128);
        let number = bits.filter(|(_, bit)| self.value(*bit)).map(|(index, _)| 1_u128 << index).sum();
        vector.number.set((self.model, number));
        number
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Bits, Circuit, Demand, Lit, Many, Solved};

    /// Numbers that look random, the same each time.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, bound: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(self.0 >> 33).unwrap() % bound
        }
    }

    /// A circuit of random gates over random inputs and comparisons; all of its literals.
    fn circuit(numbers: &mut Numbers) -> (Circuit, Vec<Lit>) {
        let mut circuit = Circuit::new();
        let vectors: Vec<Bits> = (0..3).map(|index| Bits::preferring(&mut circuit, 4, 15 - index)).collect();
        let mut all: Vec<Lit> = vectors.iter().flat_map(|bits| bits.iter().collect::<Vec<_>>()).collect();
        for index in 0..6 {
            all.push(if index % 2 == 0 { circuit.fresh() } else { circuit.preferring(index % 4 == 1) });
        }
        for _ in 0..20 {
            let vector = &vectors[numbers.below(3)];
            let constant = Bits::constant(numbers.below(16) as u128, 4);
            all.push(circuit.equal(vector, &constant));
        }
        for _ in 0..60 {
            let mut any = |all: &[Lit]| all[numbers.below(all.len())].negated_if(numbers.below(2) == 0);
            let (a, b, c, d) = (any(&all), any(&all), any(&all), any(&all));
            all.push(match numbers.below(4) {
                0 => circuit.and(a, b),
                1 => circuit.all([a, b, c, d]),
                2 => circuit.choice(a, b, c),
                _ => circuit.xor(a, b),
            });
        }
        (circuit, all)
    }

    /// The kind: a literal that holds and is not looked at, so that a policy that matches is taken for one that does
    /// not.
    #[test]
    fn nothing_that_holds_is_left_out() {
        let mut numbers = Numbers(7);
        let (mut models, mut held, mut looked_at, mut watched) = (0, 0, 0, 0);
        for _ in 0..300 {
            let (mut circuit, all) = circuit(&mut numbers);
            let mut many = Many::default();
            for (number, lit) in all.iter().enumerate() {
                circuit.join(&mut many, number, *lit);
                circuit.join(&mut many, number + all.len(), !*lit);
            }
            for _ in 0..5 {
                let wanted = all[numbers.below(all.len())].negated_if(numbers.below(2) == 0);
                circuit.begin(vec![Demand::Literal(wanted, true)]);
                if circuit.search_through(&mut 1_000) != Solved::Model {
                    continue;
                }
                let holds = |(number, lit): &(usize, Lit)| circuit.value(*lit).then_some(*number);
                let expected: Vec<usize> = many.literals.iter().filter_map(holds).collect();
                let mut found = circuit.holding(&many);
                found.sort_unstable();
                let mut sorted = expected;
                sorted.sort_unstable();
                assert_eq!(found, sorted);
                models += 1;
                held += found.len();
                looked_at += circuit.candidates(&many.watch).len();
                watched += many.literals.len();
            }
        }
        assert!(models > 1_000, "{models} models");
        assert!(held <= looked_at && looked_at < watched * 9 / 10, "{held} of {looked_at} of {watched}");
    }

    /// The kind: a model put together from others in which a clause does not hold.
    #[test]
    fn what_is_put_together_holds_or_is_refused() {
        let mut numbers = Numbers(11);
        let (mut held, mut refused) = (0, 0);
        for _ in 0..300 {
            let (mut circuit, all) = circuit(&mut numbers);
            let mut models: Vec<Vec<Lit>> = Vec::new();
            for _ in 0..4 {
                let wanted = all[numbers.below(all.len())];
                circuit.begin(vec![Demand::Literal(wanted, true)]);
                if circuit.search_through(&mut 1_000) == Solved::Model {
                    models.push(circuit.taken_inputs());
                }
            }
            for _ in 0..3 {
                let clause: Vec<Lit> =
                    (0..2).map(|_| all[numbers.below(all.len())].negated_if(numbers.below(2) == 0)).collect();
                circuit.clause(&clause);
            }
            let Some((first, rest)) = models.split_first() else { continue };
            let rest: Vec<&[Lit]> = rest.iter().map(Vec::as_slice).collect();
            let inputs = circuit.join_inputs(first, &rest);
            assert!(first.iter().all(|lit| inputs.contains(lit)) && !inputs.iter().any(|lit| inputs.contains(&!*lit)));
            let holds = circuit.assume(&inputs);
            assert!(inputs.iter().all(|lit| circuit.value(*lit)));
            let clauses = circuit.clauses.iter().all(|clause| clause.iter().any(|lit| circuit.value(*lit)));
            assert_eq!(holds, clauses);
            *(if holds { &mut held } else { &mut refused }) += 1;
        }
        assert!(held > 30 && refused > 10, "{held} held, {refused} refused");
    }
}
