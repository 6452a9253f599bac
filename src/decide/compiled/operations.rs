//! What operators come to, of values that are known. `None` is an error.
//!
//! The meaning is that of Cedar's evaluator: <https://docs.cedarpolicy.com/policies/syntax-operators.html>.

use cedar_policy_core::ast::{BinaryOp, Literal, Name, PartialValue, Value as CedarValue, ValueKind};
use cedar_policy_core::evaluator::binary_relation;
use cedar_policy_core::extensions::Extensions;

use super::value::{Pool, Value};
use super::world::{World, field};

/// `left op right`.
pub(super) fn binary(op: BinaryOp, left: Value, right: Value, pool: &Pool, world: &World) -> Option<Value> {
    let truth = |truth: bool| Some(Value::Bool(truth));
    match op {
        BinaryOp::Eq => truth(left == right),
        BinaryOp::Less | BinaryOp::LessEq => match (left, right) {
            (Value::Long(left), Value::Long(right)) => {
                truth(if op == BinaryOp::Less { left < right } else { left <= right })
            }
            (Value::Extension(one), Value::Extension(other)) => match (pool.instant(one), pool.instant(other)) {
                (Some(one), Some(other)) => truth(if op == BinaryOp::Less { one < other } else { one <= other }),
                _ => relation(op, &pool.cedar(left)?, &pool.cedar(right)?),
            },
            _ => None,
        },
        BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul => {
            let (Value::Long(left), Value::Long(right)) = (left, right) else { return None };
            let result = match op {
                BinaryOp::Add => left.checked_add(right),
                BinaryOp::Sub => left.checked_sub(right),
                _ => left.checked_mul(right),
            };
            result.map(Value::Long)
        }
        BinaryOp::In => truth(is_in(left, right, pool, world)?),
        BinaryOp::Contains => truth(elements(left, pool)?.binary_search(&right).is_ok()),
        BinaryOp::ContainsAll => {
            let (all, asked) = (elements(left, pool)?, elements(right, pool)?);
            truth(asked.len() <= all.len() && asked.iter().all(|one| all.binary_search(one).is_ok()))
        }
        BinaryOp::ContainsAny => {
            let (one, other) = (elements(left, pool)?, elements(right, pool)?);
            let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
            truth(short.iter().any(|element| long.binary_search(element).is_ok()))
        }
        BinaryOp::GetTag | BinaryOp::HasTag => {
            let (Value::Entity(entity), Value::Text(name)) = (left, right) else { return None };
            let tag = world.tag(entity, name);
            if op == BinaryOp::GetTag { tag } else { truth(tag.is_some()) }
        }
    }
}

/// The elements of a set.
pub(super) fn elements(value: Value, pool: &Pool) -> Option<&[Value]> {
    match value {
        Value::Set(set) => Some(pool.elements(set)),
        _ => None,
    }
}

fn is_in(left: Value, right: Value, pool: &Pool, world: &World) -> Option<bool> {
    let Value::Entity(entity) = left else { return None };
    if let Value::Entity(group) = right {
        return Some(world.is_in(entity, group));
    }
    let groups = elements(right, pool)?;
    let (Some(first), Some(last)) = (groups.first(), groups.last()) else { return Some(false) };
    // Elements are in order, those of one kind side by side.
    if !matches!((first, last), (Value::Entity(_), Value::Entity(_))) {
        return None;
    }
    let above = world.above(entity);
    if above.len() < groups.len() {
        let mut all = above.iter().copied().chain([entity]);
        return Some(all.any(|one| groups.binary_search(&Value::Entity(one)).is_ok()));
    }
    Some(groups.iter().any(|group| matches!(group, Value::Entity(group) if world.is_in(entity, *group))))
}

/// The attribute called `name`, by number, of a record or an entity.
pub(super) fn attribute(of: Value, name: u32, pool: &Pool, world: &World) -> Option<Value> {
    match of {
        Value::Record(record) => field(pool.fields(record), name),
        Value::Entity(entity) => world.attribute(entity, name),
        _ => None,
    }
}

/// Whether there is one.
pub(super) fn has(of: Value, name: u32, pool: &Pool, world: &World) -> Option<Value> {
    let there = attribute(of, name, pool, world).is_some();
    matches!(of, Value::Record(_) | Value::Entity(_)).then_some(Value::Bool(there))
}

/// Whether there are all of `names`, each in the value of the one before.
pub(super) fn has_all(of: Value, names: &[u32], pool: &Pool, world: &World) -> Option<Value> {
    let mut of = Some(of);
    for name in names {
        let Some(value) = of else { return Some(Value::Bool(false)) };
        has(value, *name, pool, world)?;
        of = attribute(value, *name, pool, world);
    }
    Some(Value::Bool(of.is_some()))
}

/// A comparison of extension values, as Cedar does it.
fn relation(op: BinaryOp, left: &CedarValue, right: &CedarValue) -> Option<Value> {
    match binary_relation(op, left, right, Extensions::all_available()).ok()?.value_kind() {
        ValueKind::Lit(Literal::Bool(value)) => Some(Value::Bool(*value)),
        _ => None,
    }
}

/// What Cedar's extension function `name` gives for `arguments`.
pub(super) fn call(pool: &mut Pool, name: &Name, arguments: &[Value]) -> Option<Value> {
    let arguments: Vec<CedarValue> = arguments.iter().map(|argument| pool.cedar(*argument)).collect::<Option<_>>()?;
    match Extensions::all_available().func(name).ok()?.call(&arguments).ok()? {
        PartialValue::Value(value) => Some(pool.add_value(&value)),
        PartialValue::Residual(_) => None,
    }
}
