//! What an expression may come to, case by case.

use std::collections::BTreeMap;

use cedar_policy::EntityUid;
use cedar_policy_symcc::term::Term;
use cedar_policy_symcc::term_factory::{and, ite, not, or, record_of, set_of};
use cedar_policy_symcc::term_type::TermType;
use cedar_policy_symcc::type_abbrevs::Attr;

/// So many cases of one expression are followed: each case of one operand meets each of the other.
const CASES: usize = 64;

/// A value, as far as its type is known.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// One that terms express, of the term's type.
    Term(Term),
    /// An entity that no data which fits the schema holds: of a type that is not declared, or with an id that its
    /// enumeration does not list.
    Nobody(EntityUid),
    /// A record that is written out and holds what terms do not express.
    Record(BTreeMap<Attr, Value>),
    /// A set that is written out and has no one type: it is empty, or its elements are of several types.
    Set(Vec<Value>),
    /// What is not expressed, and why.
    Beyond(&'static str),
}

/// Why there is no term for something.
pub(super) type Beyond = &'static str;

impl Value {
    /// True or false.
    pub(super) fn of(value: bool) -> Self {
        Self::Term(value.into())
    }

    /// The record of these fields.
    pub(super) fn record(fields: BTreeMap<Attr, Value>) -> Self {
        if let Some(why) = fields.values().find_map(Value::beyond) {
            return Self::Beyond(why);
        }
        let terms: Option<Vec<(Attr, Term)>> =
            fields.iter().map(|(name, value)| Some((name.clone(), value.term()?.clone()))).collect();
        terms.map_or(Self::Record(fields), |terms| Self::Term(record_of(terms)))
    }

    /// The set of these elements.
    pub(super) fn set(elements: Vec<Value>) -> Self {
        if let Some(why) = elements.iter().find_map(Value::beyond) {
            return Self::Beyond(why);
        }
        let terms: Option<Vec<&Term>> = elements.iter().map(Value::term).collect();
        let (Some(terms), Some(first)) = (terms, elements.first().and_then(Value::term)) else {
            return Self::Set(elements);
        };
        let ty = first.type_of();
        if terms.iter().all(|term| term.type_of() == ty) {
            return Self::Term(set_of(terms.into_iter().cloned(), ty));
        }
        Self::Set(elements)
    }

    /// The term, if it is one.
    pub(super) fn term(&self) -> Option<&Term> {
        match self {
            Self::Term(term) => Some(term),
            _ => None,
        }
    }

    fn beyond(&self) -> Option<Beyond> {
        match self {
            Self::Beyond(why) => Some(why),
            _ => None,
        }
    }
}

impl From<Result<Value, Beyond>> for Value {
    fn from(result: Result<Value, Beyond>) -> Self {
        result.unwrap_or_else(Value::Beyond)
    }
}

/// The values that an expression may come to, each with when it does; an error where it comes to none. No two guards
/// hold at once, and no two cases are of one type.
#[derive(Debug, Clone, Default)]
pub(super) struct Cases(Vec<(Term, Value)>);

impl From<Value> for Cases {
    fn from(value: Value) -> Self {
        Self(vec![(true.into(), value)])
    }
}

impl Cases {
    /// It always errors.
    pub(super) fn error() -> Self {
        Self::default()
    }

    /// `value` where `guard` holds, an error elsewhere.
    pub(super) fn guarded(guard: Term, value: Value) -> Self {
        let mut cases = Self::default();
        cases.add(guard, value);
        cases
    }

    /// `value`, or that there is no term for it.
    pub(super) fn of(value: Result<Term, Beyond>) -> Self {
        Self::from(Value::from(value.map(Value::Term)))
    }

    /// Adds a case, whose guard meets no other's.
    fn add(&mut self, guard: Term, value: Value) {
        if guard == false.into() {
            return;
        }
        let new = value.term().map(Term::type_of);
        for (known, other) in &mut self.0 {
            match (&mut *other, &value, &new) {
                (Value::Term(one), Value::Term(term), Some(ty)) if one.type_of() == *ty => {
                    *one = ite(guard.clone(), term.clone(), one.clone());
                }
                (Value::Beyond(_), Value::Beyond(_), _) => {}
                _ => continue,
            }
            *known = or(known.clone(), guard);
            return;
        }
        self.0.push((guard, value));
    }

    /// Takes in what another expression comes to where `guard` holds.
    pub(super) fn take(&mut self, guard: &Term, other: Cases) {
        for (case, value) in other.0 {
            self.add(and(guard.clone(), case), value);
        }
    }

    /// What `next` makes of each value. What there is no term for stays so.
    pub(super) fn then(self, mut next: impl FnMut(Value) -> Cases) -> Cases {
        let mut all = Cases::default();
        for (guard, value) in self.0 {
            match value {
                Value::Beyond(why) => all.add(guard, Value::Beyond(why)),
                value => all.take(&guard, next(value)),
            }
        }
        all.bounded()
    }

    /// What `next` makes of each pair of values, the second expression being evaluated after the first.
    pub(super) fn with(self, other: Cases, mut next: impl FnMut(&Value, &Value) -> Cases) -> Cases {
        self.then(|one| other.clone().then(|two| next(&one, &two)))
    }

    /// What `next` makes of the values of all of `all_cases`, which are evaluated after each other.
    pub(super) fn all(all_cases: Vec<Cases>, next: impl Fn(Vec<Value>) -> Cases) -> Cases {
        let mut rows: Vec<(Term, Vec<Value>)> = vec![(true.into(), Vec::new())];
        for cases in all_cases {
            let mut longer = Vec::new();
            for (guard, row) in rows {
                for (case, value) in &cases.0 {
                    let guard = and(guard.clone(), case.clone());
                    if guard == false.into() {
                        continue;
                    }
                    let mut row = row.clone();
                    row.push(value.clone());
                    longer.push((guard, row));
                }
            }
            if longer.len() > CASES {
                return Cases::from(Value::Beyond(TOO_MANY));
            }
            rows = longer;
        }
        let mut all = Cases::default();
        for (guard, row) in rows {
            match row.iter().find_map(Value::beyond) {
                Some(why) => all.add(guard, Value::Beyond(why)),
                None => all.take(&guard, next(row)),
            }
        }
        all.bounded()
    }

    fn bounded(self) -> Self {
        if self.0.len() > CASES { Cases::from(Value::Beyond(TOO_MANY)) } else { self }
    }

    /// Where it comes to a boolean; an error elsewhere.
    pub(super) fn booleans(self) -> Self {
        let is_boolean = |value: &Value| match value {
            Value::Term(term) => term.type_of() == TermType::Bool,
            Value::Beyond(_) => true,
            _ => false,
        };
        Self(self.0.into_iter().filter(|(_, value)| is_boolean(value)).collect())
    }

    /// When it comes to a boolean, and to which.
    pub(super) fn boolean(&self) -> (Term, Term) {
        let boolean = |(guard, value): &(Term, Value)| {
            let term = value.term().filter(|term| term.type_of() == TermType::Bool)?;
            Some((guard.clone(), term.clone()))
        };
        self.0.iter().find_map(boolean).unwrap_or_else(|| (false.into(), false.into()))
    }

    /// Why there is no term for what it may come to, if so.
    pub(super) fn beyond(&self) -> Option<Beyond> {
        self.0.iter().find_map(|(_, value)| value.beyond())
    }

    /// When there is no term for it.
    pub(super) fn beyond_when(&self) -> Option<(Term, Beyond)> {
        self.0.iter().find_map(|(guard, value)| Some((guard.clone(), value.beyond()?)))
    }
}

const TOO_MANY: Beyond = "a value in it can be of more types than are followed";

/// `one` where `test` holds, else `two`.
pub(super) fn choose(test: &Term, one: impl FnOnce() -> Cases, two: impl FnOnce() -> Cases) -> Cases {
    let mut both = Cases::default();
    if *test != false.into() {
        both.take(test, one());
    }
    if *test != true.into() {
        both.take(&not(test.clone()), two());
    }
    both
}
