//! When values are equal, and when sets hold them. Values of different types are not equal; what makes this more than a
//! comparison of types is that records with and without an optional attribute may be equal, and so may empty sets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cedar_policy_symcc::term::Term;
use cedar_policy_symcc::term_factory::{
    and, eq, is_some, ite, none_of, option_get, or, record_get, record_of, set_intersects, set_is_empty, set_member,
    set_of, set_subset, some_of,
};
use cedar_policy_symcc::term_type::TermType;
use cedar_policy_symcc::type_abbrevs::Attr;

use super::value::{Beyond, Value};

const SETS: Beyond = "it compares sets of different types whose elements may be equal, such as records or sets";
const ELEMENTS: Beyond = "it compares a set with a list of records of which some may not be of the set's type";

/// Whether two values are equal.
pub(super) fn equal(one: &Value, two: &Value) -> Result<Term, Beyond> {
    match (one, two) {
        (Value::Beyond(why), _) | (_, Value::Beyond(why)) => Err(why),
        (Value::Nobody(one), Value::Nobody(two)) => Ok((one == two).into()),
        (Value::Nobody(_), _) | (_, Value::Nobody(_)) => Ok(false.into()),
        (Value::Term(term), other) | (other, Value::Term(term)) => Ok(match converted(other, &term.type_of())? {
            Some((is, value)) => and(is, eq(term.clone(), value)),
            None => false.into(),
        }),
        (Value::Record(one), Value::Record(two)) => {
            if one.len() != two.len() {
                return Ok(false.into());
            }
            one.iter().try_fold(true.into(), |all, (name, value)| match two.get(name) {
                Some(other) => Ok(and(all, equal(value, other)?)),
                None => Ok(false.into()),
            })
        }
        (Value::Set(_), Value::Set(_)) => Ok(and(holds_all(one, two)?, holds_all(two, one)?)),
        (Value::Record(_), Value::Set(_)) | (Value::Set(_), Value::Record(_)) => Ok(false.into()),
    }
}

/// Whether `set` holds `value`.
pub(super) fn holds(set: &Value, value: &Value) -> Result<Term, Beyond> {
    match set {
        Value::Set(elements) => {
            elements.iter().try_fold(false.into(), |any, element| Ok(or(any, equal(element, value)?)))
        }
        Value::Term(term) => {
            let TermType::Set { ty } = term.type_of() else { return Ok(false.into()) };
            Ok(match converted(value, &ty)? {
                Some((is, value)) => and(is, set_member(value, term.clone())),
                None => false.into(),
            })
        }
        _ => Ok(false.into()),
    }
}

/// Whether `set` holds all elements of `others`.
pub(super) fn holds_all(set: &Value, others: &Value) -> Result<Term, Beyond> {
    let others = match others {
        Value::Set(elements) => {
            return elements.iter().try_fold(true.into(), |all, element| Ok(and(all, holds(set, element)?)));
        }
        Value::Term(others) => others,
        _ => return Ok(false.into()),
    };
    let TermType::Set { ty } = others.type_of() else { return Ok(false.into()) };
    match set {
        Value::Set(elements) => Ok(set_subset(others.clone(), list(elements, &ty)?)),
        Value::Term(term) => {
            let TermType::Set { ty: own } = term.type_of() else { return Ok(false.into()) };
            if own == ty {
                return Ok(set_subset(others.clone(), term.clone()));
            }
            if disjoint(&own, &ty) {
                return Ok(set_is_empty(others.clone()));
            }
            match (written(others), written(term)) {
                (Some(others), _) => holds_all(set, &others),
                (None, Some(set)) => holds_all(&set, &Value::Term(others.clone())),
                (None, None) => Err(SETS),
            }
        }
        _ => Ok(false.into()),
    }
}

/// Whether `set` holds an element of `others`.
pub(super) fn holds_any(set: &Value, others: &Value) -> Result<Term, Beyond> {
    match (set, others) {
        (set, Value::Set(elements)) | (Value::Set(elements), set) => {
            elements.iter().try_fold(false.into(), |any, element| Ok(or(any, holds(set, element)?)))
        }
        (Value::Term(one), Value::Term(two)) => {
            let (TermType::Set { ty: own }, TermType::Set { ty }) = (one.type_of(), two.type_of()) else {
                return Ok(false.into());
            };
            if own == ty {
                return Ok(set_intersects(one.clone(), two.clone()));
            }
            if disjoint(&own, &ty) {
                return Ok(false.into());
            }
            match (written(one), written(two)) {
                (_, Some(two)) => holds_any(set, &two),
                (Some(one), None) => holds_any(&one, others),
                (None, None) => Err(SETS),
            }
        }
        _ => Ok(false.into()),
    }
}

/// The elements that are of type `ty`, as a set of that type.
fn list(elements: &[Value], ty: &TermType) -> Result<Term, Beyond> {
    let mut terms = Vec::new();
    for element in elements {
        match converted(element, ty)? {
            None => {}
            Some((is, term)) if is == true.into() => terms.push(term),
            Some(_) => return Err(ELEMENTS),
        }
    }
    Ok(set_of(terms, ty.clone()))
}

/// The value as a term of type `ty`, and when it is of that type; `None` when it never is.
fn converted(value: &Value, ty: &TermType) -> Result<Option<(Term, Term)>, Beyond> {
    let always = |term: Term| Ok(Some((true.into(), term)));
    match (value, ty) {
        (Value::Beyond(why), _) => Err(why),
        (Value::Nobody(_), _) => Ok(None),
        (Value::Term(term), ty) => {
            let own = term.type_of();
            match (&own, ty) {
                (own, ty) if own == ty => always(term.clone()),
                (TermType::Record { rty }, TermType::Record { .. }) => {
                    let present = rty.keys().map(|name| (name.clone(), record_get(term.clone(), name)));
                    let fields: BTreeMap<Attr, Field> = present
                        .map(|(name, value)| match value.type_of() {
                            TermType::Option { .. } => {
                                (name, Field { there: is_some(value.clone()), value: Value::Term(option_get(value)) })
                            }
                            _ => (name, Field { there: true.into(), value: Value::Term(value) }),
                        })
                        .collect();
                    record(&fields, ty)
                }
                (TermType::Set { ty: own }, TermType::Set { ty }) if disjoint(own, ty) => {
                    Ok(Some((set_is_empty(term.clone()), set_of([], TermType::clone(ty)))))
                }
                (TermType::Set { .. }, TermType::Set { .. }) => match written(term) {
                    Some(elements) => converted(&elements, ty),
                    None => Err(SETS),
                },
                _ => Ok(None),
            }
        }
        (Value::Record(fields), TermType::Record { .. }) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.clone(), Field { there: true.into(), value: value.clone() }))
                .collect();
            record(&fields, ty)
        }
        (Value::Set(elements), TermType::Set { ty }) => {
            let mut is: Term = true.into();
            let mut terms = Vec::new();
            for element in elements {
                let Some((when, term)) = converted(element, ty)? else { return Ok(None) };
                is = and(is, when);
                terms.push(term);
            }
            Ok(Some((is, set_of(terms, TermType::clone(ty)))))
        }
        (Value::Record(_) | Value::Set(_), _) => Ok(None),
    }
}

/// The elements of a set that is written out.
fn written(set: &Term) -> Option<Value> {
    match set {
        Term::Set { elts, .. } => Some(Value::Set(elts.iter().cloned().map(Value::Term).collect())),
        _ => None,
    }
}

/// An attribute of a record: when it is there, and its value.
struct Field {
    there: Term,
    value: Value,
}

/// The record of these fields as a term of the record type `ty`, and when it is of that type.
fn record(fields: &BTreeMap<Attr, Field>, ty: &TermType) -> Result<Option<(Term, Term)>, Beyond> {
    let TermType::Record { rty } = ty else { return Ok(None) };
    let names: BTreeSet<&Attr> = rty.keys().chain(fields.keys()).collect();
    let mut is: Term = true.into();
    let mut terms = Vec::new();
    for name in names {
        let absent = |field: &Field| cedar_policy_symcc::term_factory::not(field.there.clone());
        let (when, term) = match (fields.get(name), rty.get(name)) {
            (Some(field), None) => (absent(field), None),
            (None, Some(TermType::Option { ty })) => (true.into(), Some(none_of(TermType::clone(ty)))),
            (None, _) => return Ok(None),
            (Some(field), Some(TermType::Option { ty })) => match converted(&field.value, ty)? {
                Some((when, value)) => (
                    or(absent(field), when),
                    Some(ite(field.there.clone(), some_of(value), none_of(TermType::clone(ty)))),
                ),
                None => (absent(field), Some(none_of(TermType::clone(ty)))),
            },
            (Some(field), Some(ty)) => match converted(&field.value, ty)? {
                Some((when, value)) => (and(field.there.clone(), when), Some(value)),
                None => return Ok(None),
            },
        };
        is = and(is, when);
        terms.extend(term.map(|term| (name.clone(), term)));
    }
    Ok(Some((is, record_of(terms))))
}

/// Whether no value is of both types. Sets of any types may both be empty.
fn disjoint(one: &TermType, two: &TermType) -> bool {
    match (one, two) {
        (one, two) if one == two => false,
        (TermType::Set { .. }, TermType::Set { .. }) => false,
        (TermType::Record { rty: one }, TermType::Record { rty: two }) => {
            let required = |ty: &TermType| !matches!(ty, TermType::Option { .. });
            let lacks = |one: &Arc<_>, two: &Arc<_>| {
                let (one, two): (&BTreeMap<Attr, TermType>, &BTreeMap<Attr, TermType>) = (one, two);
                one.iter().any(|(name, ty)| required(ty) && !two.contains_key(name))
            };
            let differ = one.iter().any(|(name, ty)| {
                let inner = |ty: &TermType| match ty {
                    TermType::Option { ty } => TermType::clone(ty),
                    ty => ty.clone(),
                };
                two.get(name)
                    .is_some_and(|other| (required(ty) || required(other)) && disjoint(&inner(ty), &inner(other)))
            });
            lacks(one, two) || lacks(two, one) || differ
        }
        _ => true,
    }
}
