//! What kind of value an expression has for certain, with no schema: literals, operators and calls whose result is
//! always of one kind. As in Cedar's evaluator (cedar-policy-core, `evaluator.rs`).

use std::fmt;

use crate::repo::syntax::{BinaryOp, Expr, ExprKind, UnaryOp, Variable};

/// A kind of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Bool,
    Long,
    String,
    Entity,
    Set,
    Record,
    Decimal,
    Ip,
    Datetime,
    Duration,
}

impl Shape {
    /// Whether `<` and `<=` take it.
    pub(super) fn is_ordered(self) -> bool {
        matches!(self, Self::Long | Self::Datetime | Self::Duration)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "a boolean",
            Self::Long => "a number",
            Self::String => "a string",
            Self::Entity => "an entity",
            Self::Set => "a set",
            Self::Record => "a record",
            Self::Decimal => "a decimal",
            Self::Ip => "an IP address",
            Self::Datetime => "a datetime",
            Self::Duration => "a duration",
        })
    }
}

/// How many `if`s in one another are looked through.
const MAX_BRANCHES: usize = 8;

/// The kind of value that `expr` has whenever it has one; `None` when that depends on data.
pub(super) fn shape(expr: &Expr) -> Option<Shape> {
    shape_within(expr, MAX_BRANCHES)
}

fn shape_within(expr: &Expr, branches: usize) -> Option<Shape> {
    Some(match &expr.kind {
        ExprKind::Bool | ExprKind::And(_) | ExprKind::Or(_) => Shape::Bool,
        ExprKind::HasAttr(..) | ExprKind::Like(..) | ExprKind::Is(_) => Shape::Bool,
        ExprKind::Unary(UnaryOp::Not | UnaryOp::IsEmpty, _) => Shape::Bool,
        ExprKind::Long | ExprKind::Unary(UnaryOp::Neg, _) => Shape::Long,
        ExprKind::Binary(op, _) => match op {
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul => Shape::Long,
            BinaryOp::GetTag => return None,
            _ => Shape::Bool,
        },
        ExprKind::String(_) => Shape::String,
        ExprKind::Entity(_) | ExprKind::Slot => Shape::Entity,
        ExprKind::Set(_) => Shape::Set,
        ExprKind::Record(_) => Shape::Record,
        ExprKind::Var(Variable::Context) => Shape::Record,
        ExprKind::Var(_) => Shape::Entity,
        ExprKind::If(parts) => {
            let [_, yes, no] = &**parts;
            let below = branches.checked_sub(1)?;
            let shape = shape_within(yes, below)?;
            return (shape_within(no, below)? == shape).then_some(shape);
        }
        ExprKind::Call(name, _) => return signature(name).map(|(_, result)| result),
        ExprKind::GetAttr(..) | ExprKind::Other => return None,
    })
}

/// What the arguments of the extension function `name` have to be, and what it gives. In a method call the first
/// argument is the value before the dot.
pub(super) fn signature(name: &str) -> Option<(&'static [Shape], Shape)> {
    use Shape::{Bool, Datetime, Decimal, Duration, Ip, Long, String};
    Some(match name {
        "ip" => (&[String], Ip),
        "decimal" => (&[String], Decimal),
        "datetime" => (&[String], Datetime),
        "duration" => (&[String], Duration),
        "isIpv4" | "isIpv6" | "isLoopback" | "isMulticast" => (&[Ip], Bool),
        "isInRange" => (&[Ip, Ip], Bool),
        "lessThan" | "lessThanOrEqual" | "greaterThan" | "greaterThanOrEqual" => (&[Decimal, Decimal], Bool),
        "offset" => (&[Datetime, Duration], Datetime),
        "durationSince" => (&[Datetime, Datetime], Duration),
        "toDate" => (&[Datetime], Datetime),
        "toTime" => (&[Datetime], Duration),
        "toMilliseconds" | "toSeconds" | "toMinutes" | "toHours" | "toDays" => (&[Duration], Long),
        _ => return None,
    })
}
