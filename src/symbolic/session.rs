//! One request environment, its policies compiled, and any number of questions.
//!
//! A question is encoded as a literal, and the solver is asked for a model in which it holds. Each theory then looks at
//! the model and adds the axioms that it breaks, as clauses; the solver is asked again, until a model breaks none or
//! there is no model. Clauses stay: they hold in every world, so later questions profit.

use std::collections::{BTreeMap, HashMap};

use cedar_policy::{Effect, EntityUid, RequestEnv};
use cedar_policy_symcc::SymEnv;
use cedar_policy_symcc::term_type::TermType;
use rayon::prelude::*;

use super::api::{Answer, Formula, PolicyRef, Reason};
use super::bits::Bits;
use super::encoder::{Axioms, Encoder, PRODUCT, SpaceKey};
use super::pattern::STATES;
use super::rules::{Busy, Compiled, Rules, Status, Subject, Variant};
use super::sat::{Lit, Solved};
use super::schema::SchemaModel;
use super::strings::Checked;
use super::witness::{self, Witness};
use super::{functions, hierarchy, sets, strings};

/// How many conflicts of the search a question may take, unless [`Session::with_budget`] says otherwise. It is counted,
/// not timed, so that answers repeat.
pub const DEFAULT_BUDGET: u64 = 100_000;

/// Conflicts about products of unknowns are so much dearer than others.
const PRODUCT_WEIGHT: u64 = 100;

/// How many times the theories may object to a model of one question.
const ROUNDS: usize = 20_000;

/// How many times an encoding may begin again with more room; each time there is twice as much.
const WIDENINGS: usize = 32;

/// Numbers of so many bits are plain.
const PLAIN: usize = 20;

/// Milliseconds of so many bits reach from 1970 to 2039.
const DATES: usize = 41;

/// Conflicts that one try at plainer numbers may take.
const PATIENCE: u64 = 1_000;

/// So many numbers of a witness are made plain one by one, when they cannot be all at once.
const NUMBERS: usize = 8;

/// Up to so many alternatives are looked at from the start.
const FEW: usize = 4;

/// What single policies do with the request of one model: free knowledge that comes with an answer.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    sides: Vec<Vec<Option<(bool, bool)>>>,
}

impl Sample {
    /// Whether the policy matches there, if the model says.
    pub fn matches(&self, policy: PolicyRef) -> Option<bool> {
        Some(self.of(policy)?.0)
    }

    /// Whether the policy errors there, if the model says.
    pub fn errors(&self, policy: PolicyRef) -> Option<bool> {
        Some(self.of(policy)?.1)
    }

    fn of(&self, policy: PolicyRef) -> Option<(bool, bool)> {
        self.sides.get(policy.side)?.get(policy.index).copied().flatten()
    }
}

/// A policy in this environment.
#[derive(Debug)]
enum Entry {
    New,
    OutOfScope,
    SetAside(String),
    Compiled(Compiled),
}

/// A policy as literals.
#[derive(Debug, Clone, Copy)]
struct Encoded {
    matches: Lit,
    errors: Lit,
    hard: Option<&'static str>,
}

/// For each policy: some policy before it matches, some policy after it does.
#[derive(Debug)]
struct Others {
    before: Vec<Lit>,
    after: Vec<Lit>,
}

/// One request environment of one schema, or of two.
#[derive(Debug)]
pub struct Session<'a> {
    pub(super) sides: Vec<&'a Rules>,
    /// Policies that questions may name, besides those of each side.
    probes: Vec<Vec<&'a Subject>>,
    pub(super) environment: RequestEnv,
    symbols: Vec<Result<SymEnv, String>>,
    families: Vec<Option<usize>>,
    entries: Vec<Vec<Entry>>,
    pub(super) encoder: Encoder<'a>,
    /// By side and index, as far as policies were asked for.
    encoded: Vec<Vec<Option<Encoded>>>,
    others: HashMap<(usize, Effect), Others>,
    deciding: HashMap<(usize, Effect), Vec<(usize, Lit)>>,
    /// For each variant of a template but the first, the literal that says it is in force; the last that holds is.
    selectors: HashMap<PolicyRef, Vec<Lit>>,
    /// The strings of the last model's classes, as far as patterns speak of them.
    pub(super) strings: BTreeMap<usize, String>,
    budget: u64,
}

impl<'a> Session<'a> {
    /// `rules` over `environment`, which must be one of their schema.
    pub fn new(rules: &'a Rules, environment: &RequestEnv) -> Self {
        Self::over(vec![rules], environment)
    }

    /// Two sides under two schemas over an environment that both have: side 0 is `old`, side 1 is `new`. What both
    /// schemas declare with the same name and type is the same unknown; what one alone declares is free there.
    pub fn pair(old: &'a Rules, new: &'a Rules, environment: &RequestEnv) -> Self {
        Self::over(vec![old, new], environment)
    }

    fn over(sides: Vec<&'a Rules>, environment: &RequestEnv) -> Self {
        let symbols: Vec<_> = sides.iter().map(|rules| rules.schema().symbols(environment)).collect();
        let families = sides.iter().map(|rules| rules.schema().family(environment)).collect();
        let entries = sides.iter().map(|rules| rules.subjects().iter().map(|_| Entry::New).collect()).collect();
        let encoded = none_encoded(&sides);
        let encoder = encoder(&sides, &symbols, Axioms::default(), BTreeMap::new());
        let probes = sides.iter().map(|_| Vec::new()).collect();
        Self {
            sides,
            probes,
            environment: environment.clone(),
            symbols,
            families,
            entries,
            encoder,
            encoded,
            others: HashMap::new(),
            deciding: HashMap::new(),
            selectors: HashMap::new(),
            strings: BTreeMap::new(),
            budget: DEFAULT_BUDGET,
        }
    }

    /// The environment.
    pub fn environment(&self) -> &RequestEnv {
        &self.environment
    }

    /// Bounds each question to so many conflicts of the search.
    #[must_use]
    pub fn with_budget(mut self, conflicts: u64) -> Self {
        self.budget = conflicts;
        self
    }

    /// Bounds each question from now on; gives the bound until now.
    pub fn set_budget(&mut self, conflicts: u64) -> u64 {
        std::mem::replace(&mut self.budget, conflicts)
    }

    /// Switches axioms off, for tests of the tests.
    #[doc(hidden)]
    #[must_use]
    pub fn with_axioms(mut self, axioms: Axioms) -> Self {
        self.restart(axioms, BTreeMap::new());
        self
    }

    /// What the policy is to this environment; compiles it if need be.
    pub fn status(&mut self, policy: PolicyRef) -> Status {
        match self.entry(policy, Busy::Wait) {
            Some(Entry::Compiled(_)) => Status::Applies,
            Some(Entry::SetAside(why)) => Status::SetAside(why.clone()),
            _ => Status::OutOfScope,
        }
    }

    /// Compiles every policy now, on all cores. The policies and their order are what they are without it. Worth its
    /// while where there are fewer sessions at a time than cores.
    pub fn prepare(&mut self) {
        let Self { sides, environment, symbols, families, entries, .. } = self;
        for (((rules, symbols), family), entries) in sides.iter().zip(symbols).zip(families).zip(entries) {
            let new = |(subject, slot): (&Subject, &mut Entry)| {
                if matches!(slot, Entry::New)
                    && let Some(entry) = entry(rules, subject, environment, symbols, *family, Busy::Wait)
                {
                    *slot = entry;
                }
            };
            rules.subjects().par_iter().zip(entries).with_min_len(16).for_each(new);
        }
    }

    /// Compiles what is not compiled yet of a side; first what no other session is at, so that sessions which need the
    /// same policies share the work.
    fn compile_side(&mut self, side: usize) {
        for busy in [Busy::Skip, Busy::Wait] {
            for policy in self.all(side) {
                self.entry(policy, busy);
            }
        }
    }

    /// The policies of `side` that are compiled here.
    pub fn applicable(&mut self, side: usize) -> Vec<PolicyRef> {
        self.compile_side(side);
        self.all(side).filter(|policy| self.status(*policy) == Status::Applies).collect()
    }

    /// The policies of `side` that are set aside here, and why.
    pub fn set_aside(&mut self, side: usize) -> Vec<(PolicyRef, String)> {
        self.compile_side(side);
        let each = self.all(side).filter_map(|policy| match self.status(policy) {
            Status::SetAside(why) => Some((policy, why)),
            Status::Applies | Status::OutOfScope => None,
        });
        each.collect()
    }

    /// Adds a policy that questions may name and that takes part in no decision: a condition to compare others with.
    pub fn probe(&mut self, side: usize, subject: &'a Subject) -> PolicyRef {
        let own = self.sides.get(side).map_or(0, |rules| rules.subjects().len());
        let mut index = own;
        if let Some(probes) = self.probes.get_mut(side) {
            index += probes.len();
            probes.push(subject);
        }
        if let (Some(entries), Some(encoded)) = (self.entries.get_mut(side), self.encoded.get_mut(side)) {
            entries.push(Entry::New);
            encoded.push(None);
        }
        PolicyRef { side, index }
    }

    /// Whether the two policies are seen to match the same requests without a search: when they come to the same
    /// formula. Two that do not may still be equivalent. Of two templates, the slots hold the same.
    pub fn alike(&mut self, one: PolicyRef, other: PolicyRef) -> bool {
        let templates = self.subject(one).is_some_and(Subject::is_template);
        for _ in 0..WIDENINGS {
            let alike = if templates {
                let (Ok(a), Ok(b)) = (self.in_slots_of(one, one), self.in_slots_of(other, one)) else { return false };
                a == b
            } else {
                let mut hard = None;
                let (Ok(a), Ok(b)) = (self.encode(one, &mut hard), self.encode(other, &mut hard)) else { return false };
                a.matches == b.matches
            };
            match self.encoder.too_narrow() {
                Some(widths) => self.restart(self.encoder.axioms, widths),
                None => return alike,
            }
        }
        false
    }

    /// Cedar's decision over all policies of `side` is Allow. Templates without links decide nothing and are left out;
    /// a policy that is set aside is named, so that the answer is unknown.
    pub fn allow(&mut self, side: usize) -> Formula {
        self.compile_side(side);
        let mut permits = Vec::new();
        let mut forbids = Vec::new();
        for policy in self.all(side) {
            let Some(subject) = self.subject(policy) else { continue };
            let (effect, template) = (subject.effect(), subject.is_template());
            if template || self.status(policy) == Status::OutOfScope {
                continue;
            }
            match effect {
                Effect::Permit => permits.push(policy),
                Effect::Forbid => forbids.push(policy),
            }
        }
        Formula::allow(&permits, &forbids)
    }

    /// The formula with [`Formula::AnyOther`] written out.
    #[must_use]
    pub fn expand(&mut self, formula: &Formula) -> Formula {
        match formula {
            Formula::AnyOther { side, effect, except } => {
                let deciding = self.deciding(*side, *effect);
                Formula::Or(
                    deciding.into_iter().filter(|policy| policy.index != *except).map(Formula::Matches).collect(),
                )
            }
            Formula::Not(inner) => !self.expand(inner),
            Formula::And(all) => Formula::And(all.iter().map(|operand| self.expand(operand)).collect()),
            Formula::Or(any) => Formula::Or(any.iter().map(|operand| self.expand(operand)).collect()),
            Formula::Constant(_) | Formula::Matches(_) | Formula::Errors(_) => formula.clone(),
        }
    }

    /// A request for which `question` holds: minimal, readable, replayed through Cedar's authorizer.
    pub fn find(&mut self, question: &Formula) -> Answer<Witness> {
        match self.solve(question, &[]) {
            Answer::Witness(()) => match self.plainly(question) {
                Ok(witness) => Answer::Witness(witness),
                Err(difference) => Answer::Unknown(Reason::Replay { difference }),
            },
            Answer::Impossible => Answer::Impossible,
            Answer::Unknown(reason) => Answer::Unknown(reason),
        }
    }

    /// A witness of another environment with the same principal and resource types, as one of this environment: with
    /// the other action. `None` when it is not valid here, or when Cedar's authorizer does not confirm `question` for
    /// it.
    pub fn adopt(&mut self, question: &Formula, witness: &Witness) -> Option<Witness> {
        witness::adopt(self, question, witness)
    }

    /// Whether there is a request for which `question` holds, without making one.
    pub fn check(&mut self, question: &Formula) -> Answer<Sample> {
        match self.solve(question, &[]) {
            Answer::Witness(()) => Answer::Witness(self.sample()),
            Answer::Impossible => Answer::Impossible,
            Answer::Unknown(reason) => Answer::Unknown(reason),
        }
    }

    fn all(&self, side: usize) -> impl Iterator<Item = PolicyRef> + use<> {
        let count = self.sides.get(side).map_or(0, |rules| rules.subjects().len());
        (0..count).map(move |index| PolicyRef { side, index })
    }

    pub(super) fn subject(&self, policy: PolicyRef) -> Option<&'a Subject> {
        let rules: &'a Rules = self.sides.get(policy.side)?;
        match policy.index.checked_sub(rules.subjects().len()) {
            None => rules.subjects().get(policy.index),
            Some(probe) => self.probes.get(policy.side)?.get(probe).copied(),
        }
    }

    /// The compiled policies of a side and effect that take part in decisions.
    fn deciding(&mut self, side: usize, effect: Effect) -> Vec<PolicyRef> {
        let mut deciding = self.applicable(side);
        deciding.retain(|policy| self.subject(*policy).is_some_and(|s| s.effect() == effect && !s.is_template()));
        deciding
    }

    /// The slots of a template's variants.
    pub(super) fn variants(&self, policy: PolicyRef) -> &[Variant] {
        match self.entries.get(policy.side).and_then(|entries| entries.get(policy.index)) {
            Some(Entry::Compiled(variants)) => variants,
            _ => &[],
        }
    }

    /// Which of a template's variants is in force in the last model.
    pub(super) fn chosen_variant(&self, policy: PolicyRef) -> Option<usize> {
        if self.variants(policy).is_empty() {
            return None;
        }
        let selectors = self.selectors.get(&policy).map_or(&[][..], Vec::as_slice);
        Some(selectors.iter().rposition(|lit| self.encoder.circuit.value(*lit)).map_or(0, |index| index + 1))
    }

    fn entry(&mut self, policy: PolicyRef, busy: Busy) -> Option<&Entry> {
        let subject = self.subject(policy)?;
        let slot = self.entries.get_mut(policy.side)?.get_mut(policy.index)?;
        if matches!(slot, Entry::New) {
            let rules = *self.sides.get(policy.side)?;
            let (symbols, mut family) = (self.symbols.get(policy.side)?, *self.families.get(policy.side)?);
            // A probe may be asked under either schema, and families are of one.
            if self.sides.len() > 1 && policy.index >= rules.subjects().len() {
                family = None;
            }
            *slot = entry(rules, subject, &self.environment, symbols, family, busy)?;
        }
        Some(slot)
    }

    /// Begins the encoding again; what is compiled stays.
    fn restart(&mut self, axioms: Axioms, widths: BTreeMap<SpaceKey, usize>) {
        self.encoder = encoder(&self.sides, &self.symbols, axioms, widths);
        self.encoded.iter_mut().flatten().for_each(|encoded| *encoded = None);
        self.others.clear();
        self.deciding.clear();
        self.selectors.clear();
    }

    /// The witness of the model just found, or of another one in which numbers are nearer to zero and dates nearer to
    /// today.
    fn plainly(&mut self, question: &Formula) -> Result<Witness, String> {
        let numbers = self.encoder.numbers();
        let below = |bits: &Bits, width: usize| -> Vec<Lit> { bits.iter().skip(width).map(|bit| !bit).collect() };
        let far = |session: &Self| {
            let circuit = &session.encoder.circuit;
            numbers.iter().any(|bits| bits.iter().skip(PLAIN).any(|bit| circuit.value(bit)))
        };
        if !far(self) {
            return witness::build(self, question);
        }
        let widths = [PLAIN / 2, PLAIN, DATES];
        let mut fixed: Vec<Lit> = Vec::new();
        let all = |width: usize| numbers.iter().flat_map(|bits| below(bits, width)).collect::<Vec<Lit>>();
        let together = widths.iter().map(|width| all(*width)).find(|bound| self.can(question, bound));
        if together.is_none() {
            for bits in numbers.iter().take(NUMBERS) {
                let bounds = widths.iter().map(|width| [fixed.clone(), below(bits, *width)].concat());
                if let Some(bound) = bounds.into_iter().find(|bound| self.can(question, bound)) {
                    fixed = bound;
                }
            }
            if !self.can(question, &fixed) && !self.can(question, &[]) {
                return Err("the search could not be repeated".to_owned());
            }
        }
        witness::build(self, question)
    }

    fn can(&mut self, question: &Formula, besides: &[Lit]) -> bool {
        matches!(self.solve(question, besides), Answer::Witness(()))
    }

    /// `besides` has to hold as well; such literals are of this encoding, so that it cannot begin again.
    fn solve(&mut self, question: &Formula, besides: &[Lit]) -> Answer<()> {
        if let Some(reason) = self.named_set_aside(question) {
            return Answer::Unknown(reason);
        }
        let mut hard = None;
        for _ in 0..WIDENINGS {
            let mut demands = Vec::new();
            if let Err(reason) = self.demands(question, &mut hard, &mut demands) {
                return Answer::Unknown(reason);
            }
            if let Some(widths) = self.encoder.too_narrow() {
                if !besides.is_empty() {
                    break;
                }
                self.restart(self.encoder.axioms, widths);
                continue;
            }
            let allowed = match hard {
                _ if !besides.is_empty() => PATIENCE,
                Some(PRODUCT) => (self.budget / PRODUCT_WEIGHT).max(1),
                _ => self.budget,
            };
            let mut budget = allowed;
            demands.extend(besides.iter().map(|lit| (*lit, true)));
            self.encoder.circuit.begin(demands);
            for _ in 0..ROUNDS {
                match self.encoder.circuit.search(&mut budget) {
                    Solved::Impossible => return Answer::Impossible,
                    Solved::Exhausted => return Answer::Unknown(Reason::Budget { conflicts: allowed, hard }),
                    Solved::Model => {}
                }
                match self.refine() {
                    Ok(true) if self.encoder.too_narrow().is_some() => break,
                    Ok(true) => {}
                    Ok(false) => return Answer::Witness(()),
                    Err(reason) => return Answer::Unknown(reason),
                }
            }
            match self.encoder.too_narrow() {
                Some(widths) if besides.is_empty() => self.restart(self.encoder.axioms, widths),
                _ => break,
            }
        }
        Answer::Unknown(Reason::Budget { conflicts: self.budget, hard })
    }

    /// What has to hold for `question` to hold, as literals, and whether each is likely to need work. That no other
    /// policy matches is usually so by itself.
    fn demands(
        &mut self,
        question: &Formula,
        hard: &mut Option<&'static str>,
        demands: &mut Vec<(Lit, bool)>,
    ) -> Result<(), Reason> {
        match question {
            Formula::And(all) => all.iter().try_for_each(|operand| self.demands(operand, hard, demands)),
            Formula::Not(inner) => match &**inner {
                Formula::Or(any) => {
                    for operand in any {
                        demands.push((!self.literal(operand, hard)?, any.len() <= FEW));
                    }
                    Ok(())
                }
                Formula::AnyOther { side, effect, except } => {
                    let others = self.deciding_literals(*side, *effect, hard)?;
                    demands.extend(others.iter().filter(|(index, _)| index != except).map(|(_, lit)| (!*lit, false)));
                    Ok(())
                }
                _ => {
                    demands.push((self.literal(question, hard)?, true));
                    Ok(())
                }
            },
            _ => {
                demands.push((self.literal(question, hard)?, true));
                Ok(())
            }
        }
    }

    /// Lets the theories object to the model. Whether one did.
    fn refine(&mut self) -> Result<bool, Reason> {
        let encoder = &mut self.encoder;
        let mut objections = 0;
        if encoder.axioms.congruence {
            objections += functions::check(encoder);
        }
        objections += sets::check(encoder);
        objections += hierarchy::check(encoder);
        if objections > 0 {
            return Ok(true);
        }
        match strings::check(encoder) {
            Ok(Checked::Strings(strings)) => {
                self.strings = strings;
                Ok(false)
            }
            Ok(Checked::Refuted) => Ok(true),
            Err(_) => Err(Reason::Patterns { states: STATES }),
        }
    }

    /// The first policy that the question names and that is set aside.
    fn named_set_aside(&mut self, question: &Formula) -> Option<Reason> {
        let mut first: Option<(PolicyRef, String)> = None;
        question.policies(&mut |policy| {
            // Mostly it is compiled already: no need to look further.
            if matches!(self.entry(policy, Busy::Wait), Some(Entry::SetAside(_)))
                && first.as_ref().is_none_or(|(earlier, _)| policy < *earlier)
                && let Status::SetAside(why) = self.status(policy)
            {
                first = Some((policy, why));
            }
        });
        let (policy, why) = first?;
        let policy = self.subject(policy).map(|subject| subject.id().to_owned()).unwrap_or_default();
        Some(Reason::SetAside { policy, why })
    }

    fn literal(&mut self, formula: &Formula, hard: &mut Option<&'static str>) -> Result<Lit, Reason> {
        Ok(match formula {
            Formula::Constant(value) => Lit::from(*value),
            Formula::Matches(policy) => self.encode(*policy, hard)?.matches,
            Formula::Errors(policy) => self.encode(*policy, hard)?.errors,
            Formula::AnyOther { side, effect, except } => self.any_other(*side, *effect, *except, hard)?,
            Formula::Not(inner) => !self.literal(inner, hard)?,
            Formula::And(all) => {
                let all =
                    all.iter().map(|operand| self.literal(operand, hard)).collect::<Result<Vec<Lit>, Reason>>()?;
                self.encoder.circuit.all(all)
            }
            Formula::Or(any) => {
                let any =
                    any.iter().map(|operand| self.literal(operand, hard)).collect::<Result<Vec<Lit>, Reason>>()?;
                self.encoder.circuit.any(any)
            }
        })
    }

    fn encode(&mut self, policy: PolicyRef, hard: &mut Option<&'static str>) -> Result<Encoded, Reason> {
        let known = match self.encoded.get(policy.side).and_then(|side| side.get(policy.index)) {
            Some(Some(known)) => *known,
            _ => {
                let made = self.encode_new(policy)?;
                if let Some(slot) = self.encoded.get_mut(policy.side).and_then(|side| side.get_mut(policy.index)) {
                    *slot = Some(made);
                }
                made
            }
        };
        *hard = hard.or(known.hard);
        Ok(known)
    }

    fn encode_new(&mut self, policy: PolicyRef) -> Result<Encoded, Reason> {
        let id = self.subject(policy).map(|subject| subject.id().to_owned()).unwrap_or_default();
        match self.status(policy) {
            Status::Applies => {}
            Status::OutOfScope => return Ok(Encoded { matches: Lit::FALSE, errors: Lit::FALSE, hard: None }),
            Status::SetAside(why) => return Err(Reason::SetAside { policy: id, why }),
        }
        let Some(Entry::Compiled(variants)) =
            self.entries.get(policy.side).and_then(|entries| entries.get(policy.index))
        else {
            return Ok(Encoded { matches: Lit::FALSE, errors: Lit::FALSE, hard: None });
        };
        let encoder = &mut self.encoder;
        let mut result: Option<Encoded> = None;
        for variant in variants.iter() {
            let mut slots = Vec::new();
            for (slot, uid, marker) in &variant.slots {
                if *marker {
                    let resource = *slot == cedar_policy::SlotId::resource();
                    let (place, ty) = encoder.slot(policy.side, policy.index, resource, uid.type_name());
                    slots.push((uid.clone(), place, ty));
                }
            }
            let unsupported = |why: &'static str| Reason::SetAside { policy: id.clone(), why: why.to_owned() };
            let (matches, hard) =
                encoder.condition(&variant.matches, policy.side, slots.clone()).map_err(unsupported)?;
            let (errors, more) = encoder.condition(&variant.errors, policy.side, slots).map_err(unsupported)?;
            let hard = hard.or(more);
            result = Some(match result {
                None => Encoded { matches, errors, hard },
                // Which variant it is, is as unknown as what stands in its slots.
                Some(first) => {
                    let this = encoder.circuit.fresh();
                    self.selectors.entry(policy).or_default().push(this);
                    Encoded {
                        matches: encoder.circuit.choice(this, matches, first.matches),
                        errors: encoder.circuit.choice(this, errors, first.errors),
                        hard: first.hard.or(hard),
                    }
                }
            });
        }
        Ok(result.unwrap_or(Encoded { matches: Lit::FALSE, errors: Lit::FALSE, hard: None }))
    }

    /// For each variant of a policy: when it matches, its slots being those of `owner`, and what stands in them.
    fn in_slots_of(&mut self, policy: PolicyRef, owner: PolicyRef) -> Result<Vec<(Lit, Vec<EntityUid>)>, &'static str> {
        match self.status(policy) {
            Status::Applies => {}
            Status::OutOfScope => return Ok(vec![(Lit::FALSE, Vec::new())]),
            Status::SetAside(_) => return Err("it was set aside"),
        }
        let entries = self.entries.get(policy.side).and_then(|entries| entries.get(policy.index));
        let Some(Entry::Compiled(variants)) = entries else { return Ok(Vec::new()) };
        let encoder = &mut self.encoder;
        let mut literals = Vec::new();
        for variant in variants.iter() {
            let mut slots = Vec::new();
            for (slot, uid, marker) in &variant.slots {
                if *marker {
                    let resource = *slot == cedar_policy::SlotId::resource();
                    let (place, ty) = encoder.slot(owner.side, owner.index, resource, uid.type_name());
                    slots.push((uid.clone(), place, ty));
                }
            }
            let (matches, _) = encoder.condition(&variant.matches, policy.side, slots)?;
            literals.push((matches, variant.slots.iter().map(|(_, uid, _)| uid.clone()).collect()));
        }
        Ok(literals)
    }

    /// Index and literal of each policy of [`Self::deciding`].
    fn deciding_literals(
        &mut self,
        side: usize,
        effect: Effect,
        hard: &mut Option<&'static str>,
    ) -> Result<&[(usize, Lit)], Reason> {
        if !self.deciding.contains_key(&(side, effect)) {
            let policies = self.deciding(side, effect);
            let literal = |policy: PolicyRef| Ok((policy.index, self.encode(policy, hard)?.matches));
            let literals = policies.into_iter().map(literal).collect::<Result<Vec<_>, Reason>>()?;
            self.deciding.insert((side, effect), literals);
        }
        Ok(self.deciding.get(&(side, effect)).map_or(&[], Vec::as_slice))
    }

    fn any_other(
        &mut self,
        side: usize,
        effect: Effect,
        except: usize,
        hard: &mut Option<&'static str>,
    ) -> Result<Lit, Reason> {
        if !self.others.contains_key(&(side, effect)) {
            let count = self.sides.get(side).map_or(0, |rules| rules.subjects().len());
            let mut own = vec![Lit::FALSE; count];
            for (index, lit) in self.deciding_literals(side, effect, hard)? {
                if let Some(slot) = own.get_mut(*index) {
                    *slot = *lit;
                }
            }
            let circuit = &mut self.encoder.circuit;
            let mut running = |lits: &mut dyn Iterator<Item = Lit>| -> Vec<Lit> {
                let mut so_far = Lit::FALSE;
                lits.map(|lit| {
                    let before = so_far;
                    so_far = circuit.or(so_far, lit);
                    before
                })
                .collect()
            };
            let before = running(&mut own.iter().copied());
            let mut after = running(&mut own.iter().rev().copied());
            after.reverse();
            self.others.insert((side, effect), Others { before, after });
        }
        let (before, after) = match self.others.get(&(side, effect)) {
            Some(others) => (
                others.before.get(except).copied().unwrap_or(Lit::FALSE),
                others.after.get(except).copied().unwrap_or(Lit::FALSE),
            ),
            None => (Lit::FALSE, Lit::FALSE),
        };
        Ok(self.encoder.circuit.or(before, after))
    }

    fn sample(&self) -> Sample {
        let circuit = &self.encoder.circuit;
        let value = |encoded: &Option<Encoded>| {
            encoded.as_ref().map(|encoded| (circuit.value(encoded.matches), circuit.value(encoded.errors)))
        };
        Sample { sides: self.encoded.iter().map(|side| side.iter().map(value).collect()).collect() }
    }
}

/// What a policy is to an environment; `None` if another thread is compiling it and `busy` says not to wait.
fn entry(
    rules: &Rules,
    subject: &Subject,
    environment: &RequestEnv,
    symbols: &Result<SymEnv, String>,
    family: Option<usize>,
    busy: Busy,
) -> Option<Entry> {
    if !subject.admits(rules.schema(), environment) {
        return Some(Entry::OutOfScope);
    }
    let compiled = match symbols {
        Ok(symbols) => rules.compiled(subject, environment, symbols, family, busy)?,
        Err(why) => Err(why.clone()),
    };
    Some(match compiled {
        Ok(variants) => Entry::Compiled(variants),
        Err(why) => Entry::SetAside(why),
    })
}

fn none_encoded(sides: &[&Rules]) -> Vec<Vec<Option<Encoded>>> {
    sides.iter().map(|rules| vec![None; rules.subjects().len()]).collect()
}

fn encoder<'a>(
    sides: &[&'a Rules],
    symbols: &[Result<SymEnv, String>],
    axioms: Axioms,
    widths: BTreeMap<SpaceKey, usize>,
) -> Encoder<'a> {
    let schemas: Vec<&'a SchemaModel> = sides.iter().map(|rules| -> &'a SchemaModel { rules.schema() }).collect();
    let context =
        |side: usize| -> Option<TermType> { Some(symbols.get(side)?.as_ref().ok()?.request.context.type_of()) };
    // Room for a constant and an unknown for each policy, and some; more is made when needed.
    let policies: usize = sides.iter().map(|rules| rules.subjects().len()).sum();
    let least = (2 * policies + 14).next_power_of_two().trailing_zeros() as usize;
    Encoder::new(schemas, [context(0), context(1)], axioms, widths, least)
}
