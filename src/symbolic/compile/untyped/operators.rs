//! Operators of one and of two operands. An operand of the wrong type is an error.

use cedar_policy_core::ast::{BinaryOp, UnaryOp};
use cedar_policy_symcc::SymEnv;
use cedar_policy_symcc::term::Term;
use cedar_policy_symcc::term_factory::{
    app, bvadd, bvmul, bvneg, bvnego, bvsaddo, bvsle, bvslt, bvsmulo, bvssubo, bvsub, eq, ext_datetime_val,
    ext_duration_val, not, or, set_intersects, set_is_empty, set_member,
};
use cedar_policy_symcc::term_type::TermType;
use cedar_policy_symcc::type_abbrevs::{ExtType, SIXTY_FOUR};

use super::attributes::{get_tag, has_tag};
use super::same;
use super::value::{Cases, Value};

const LONG: TermType = TermType::Bitvec { n: SIXTY_FOUR };

/// `op value`.
pub(super) fn unary(op: UnaryOp, value: &Value) -> Cases {
    match (op, value) {
        (UnaryOp::Not, Value::Term(term)) if term.type_of() == TermType::Bool => {
            Cases::from(Value::Term(not(term.clone())))
        }
        (UnaryOp::Neg, Value::Term(term)) if term.type_of() == LONG => {
            Cases::guarded(not(bvnego(term.clone())), Value::Term(bvneg(term.clone())))
        }
        (UnaryOp::IsEmpty, Value::Set(elements)) => Cases::from(Value::of(elements.is_empty())),
        (UnaryOp::IsEmpty, Value::Term(term)) if is_set(term) => Cases::from(Value::Term(set_is_empty(term.clone()))),
        _ => Cases::error(),
    }
}

/// `one op two`.
pub(super) fn binary(op: BinaryOp, one: &Value, two: &Value, symbols: &SymEnv) -> Cases {
    match op {
        BinaryOp::Eq => Cases::of(same::equal(one, two)),
        BinaryOp::Less => compare(one, two, bvslt),
        BinaryOp::LessEq => compare(one, two, bvsle),
        BinaryOp::Add => arithmetic(one, two, bvsaddo, bvadd),
        BinaryOp::Sub => arithmetic(one, two, bvssubo, bvsub),
        BinaryOp::Mul => arithmetic(one, two, bvsmulo, bvmul),
        BinaryOp::In => within(one, two, symbols),
        BinaryOp::Contains if is_set_value(one) => Cases::of(same::holds(one, two)),
        BinaryOp::ContainsAll if is_set_value(one) && is_set_value(two) => Cases::of(same::holds_all(one, two)),
        BinaryOp::ContainsAny if is_set_value(one) && is_set_value(two) => Cases::of(same::holds_any(one, two)),
        BinaryOp::Contains | BinaryOp::ContainsAll | BinaryOp::ContainsAny => Cases::error(),
        BinaryOp::GetTag => get_tag(one, two, symbols),
        BinaryOp::HasTag => has_tag(one, two, symbols),
    }
}

fn is_set(term: &Term) -> bool {
    matches!(term.type_of(), TermType::Set { .. })
}

fn is_set_value(value: &Value) -> bool {
    matches!(value, Value::Set(_)) || value.term().is_some_and(is_set)
}

/// Two terms of one type.
fn alike<'v>(one: &'v Value, two: &'v Value) -> Option<(&'v Term, &'v Term, TermType)> {
    let (one, two) = (one.term()?, two.term()?);
    let ty = one.type_of();
    (ty == two.type_of()).then_some((one, two, ty))
}

fn compare(one: &Value, two: &Value, compare: fn(Term, Term) -> Term) -> Cases {
    let Some((one, two, ty)) = alike(one, two) else { return Cases::error() };
    let number: fn(Term) -> Term = match ty {
        ty if ty == LONG => |term| term,
        TermType::Ext { xty: ExtType::DateTime } => ext_datetime_val,
        TermType::Ext { xty: ExtType::Duration } => ext_duration_val,
        _ => return Cases::error(),
    };
    Cases::from(Value::Term(compare(number(one.clone()), number(two.clone()))))
}

fn arithmetic(one: &Value, two: &Value, overflows: fn(Term, Term) -> Term, compute: fn(Term, Term) -> Term) -> Cases {
    match alike(one, two) {
        Some((one, two, ty)) if ty == LONG => {
            Cases::guarded(not(overflows(one.clone(), two.clone())), Value::Term(compute(one.clone(), two.clone())))
        }
        _ => Cases::error(),
    }
}

/// `one in two`: an entity, and an entity or a set of entities.
fn within(one: &Value, two: &Value, symbols: &SymEnv) -> Cases {
    let is_entity = |value: &Value| {
        matches!(value, Value::Nobody(_))
            || value.term().is_some_and(|term| matches!(term.type_of(), TermType::Entity { .. }))
    };
    if !is_entity(one) {
        return Cases::error();
    }
    match two {
        Value::Set(elements) if elements.iter().all(is_entity) => {
            let each = elements.iter().map(|element| in_entity(one, element, symbols));
            Cases::from(Value::Term(each.fold(false.into(), or)))
        }
        Value::Term(set) if is_set(set) => in_set(one, set, symbols),
        entity if is_entity(entity) => Cases::from(Value::Term(in_entity(one, entity, symbols))),
        _ => Cases::error(),
    }
}

/// Whether an entity is another one, or in it.
fn in_entity(one: &Value, two: &Value, symbols: &SymEnv) -> Term {
    let (one, two) = match (one, two) {
        (Value::Term(one), Value::Term(two)) => (one, two),
        (Value::Nobody(one), Value::Nobody(two)) => return (one == two).into(),
        // What no data holds is in nothing, and nothing is in it.
        _ => return false.into(),
    };
    let (TermType::Entity { ety: from }, TermType::Entity { ety: to }) = (one.type_of(), two.type_of()) else {
        return false.into();
    };
    let same = if from == to { eq(one.clone(), two.clone()) } else { false.into() };
    let ancestors = symbols.entities.ancestors_of_type(&from, &to).cloned();
    or(same, ancestors.map_or(false.into(), |ancestors| set_member(two.clone(), app(ancestors, one.clone()))))
}

/// Whether an entity is one of a set, or in one: an error unless all elements are entities.
fn in_set(one: &Value, set: &Term, symbols: &SymEnv) -> Cases {
    let TermType::Set { ty } = set.type_of() else { return Cases::error() };
    let TermType::Entity { ety: to } = &*ty else {
        return Cases::guarded(set_is_empty(set.clone()), Value::of(false));
    };
    let Some(one) = one.term() else { return Cases::from(Value::of(false)) };
    let TermType::Entity { ety: from } = one.type_of() else { return Cases::error() };
    let member = if from == *to { set_member(one.clone(), set.clone()) } else { false.into() };
    let ancestors = symbols.entities.ancestors_of_type(&from, to).cloned();
    let above = ancestors.map_or(false.into(), |ancestors| set_intersects(set.clone(), app(ancestors, one.clone())));
    Cases::from(Value::Term(or(member, above)))
}
