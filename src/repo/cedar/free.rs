//! Operands that can fail whatever stands beside them: seen from the condition alone.
//!
//! # Why
//!
//! An operand that compares an attribute, where nothing else in the condition reads an attribute of that name, says
//! something that nothing else says: of any request for which the condition holds, the same with another value of the
//! attribute fails this operand and no other. So it makes a difference, and nobody has to search for one. Where
//! literals bound one attribute several times a value is looked for next to them. To ask whether the attribute is there
//! is not to read it: another value is there as well.

use std::collections::HashMap;

use cedar_policy_core::ast::{BinaryOp, Expr, ExprKind, Literal, PatternElem, UnaryOp, Var};

/// What is seen of an operand of a condition that holds for some request, in a policy that typechecks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Freedom {
    /// Nothing.
    Bound,
    /// There is a request for which it fails and everything else holds.
    Free,
    /// The same where no entity type is enumerated: an entity that nothing names fails it.
    Open,
    /// The same where this attribute of this variable is optional: what stands behind it errs where the attribute is
    /// absent.
    Guard(Root, String),
}

/// What of a request has attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// The principal.
    Principal,
    /// The resource.
    Resource,
    /// The context.
    Context,
}

impl Root {
    fn of(expr: &Expr) -> Option<Self> {
        match expr.expr_kind() {
            ExprKind::Var(Var::Principal) => Some(Self::Principal),
            ExprKind::Var(Var::Resource) => Some(Self::Resource),
            ExprKind::Var(Var::Context) => Some(Self::Context),
            _ => None,
        }
    }
}

/// What a condition reads.
pub(super) struct Reads<'e> {
    /// How often an attribute of each name is read, of whatever it is.
    read: HashMap<&'e str, usize>,
    /// How often it is asked whether there is one.
    asked: HashMap<&'e str, usize>,
    /// How often principal, resource and context are more than what attributes are read of.
    whole: [usize; 3],
    /// Whether the scope says which principal and which resource.
    scoped: [bool; 2],
    /// The operands of `&&` that make the condition, in order.
    operands: Vec<&'e Expr>,
}

/// An operand that compares an attribute of a variable with a number or a string.
struct Limit<'e> {
    root: Root,
    attr: &'e str,
    op: BinaryOp,
    literal: &'e Literal,
    /// The literal stands on the left.
    turned: bool,
    /// What the comparison has to be.
    wanted: bool,
}

/// A value of an attribute.
#[derive(Clone, PartialEq, Eq)]
enum Value {
    Long(i64),
    String(String),
}

impl<'e> Reads<'e> {
    /// What `condition` reads; `scoped` says whether its scope names a principal and a resource.
    pub(super) fn of(condition: &'e Expr, scoped: [bool; 2]) -> Self {
        let mut reads =
            Self { read: HashMap::new(), asked: HashMap::new(), whole: [0; 3], scoped, operands: Vec::new() };
        let mut parts = [0_usize; 3];
        for part in condition.subexpressions() {
            let base = match part.expr_kind() {
                ExprKind::GetAttr { expr, attr } => {
                    *reads.read.entry(attr.as_str()).or_default() += 1;
                    expr
                }
                ExprKind::HasAttr { expr, attr } => {
                    *reads.asked.entry(attr.as_str()).or_default() += 1;
                    expr
                }
                // What lies in between is read.
                ExprKind::ExtHasAttr { expr, attrs } => {
                    let last = attrs.len().saturating_sub(1);
                    for (at, attr) in attrs.iter().enumerate() {
                        *reads.asked.entry(attr.as_str()).or_default() += 1;
                        if at < last {
                            *reads.read.entry(attr.as_str()).or_default() += 1;
                        }
                    }
                    expr
                }
                // Another entity of the same type is as good.
                ExprKind::Is { expr, .. } => expr,
                _ => {
                    if let Some(count) = Root::of(part).and_then(|root| reads.whole.get_mut(root as usize)) {
                        *count += 1;
                    }
                    continue;
                }
            };
            if let Some(count) = Root::of(base).and_then(|root| parts.get_mut(root as usize)) {
                *count += 1;
            }
        }
        for (whole, parts) in reads.whole.iter_mut().zip(parts) {
            *whole = whole.saturating_sub(parts);
        }
        let mut open = vec![condition];
        while let Some(expr) = open.pop() {
            match expr.expr_kind() {
                ExprKind::And { left, right } => open.extend([&**right, &**left]),
                _ => reads.operands.push(expr),
            }
        }
        reads
    }

    /// What is seen of `operand`, one of the operands of `&&` that make the whole condition.
    pub(super) fn freedom(&self, operand: &Expr) -> Freedom {
        let (expr, fails) = negated(operand);
        match expr.expr_kind() {
            ExprKind::HasAttr { expr, attr } if !fails => self.guard(operand, expr, attr),
            ExprKind::GetAttr { .. } if self.is_read_here_only(expr) => Freedom::Free,
            ExprKind::UnaryApp { op: UnaryOp::IsEmpty, arg } if self.is_read_here_only(arg) => Freedom::Free,
            ExprKind::Like { expr, pattern } if self.is_read_here_only(expr) => {
                let takes_everything = pattern.iter().all(|part| matches!(part, PatternElem::Wildcard));
                if fails || !takes_everything { Freedom::Free } else { Freedom::Bound }
            }
            // An address of the other kind is in no range, and a range is in itself.
            ExprKind::ExtensionFunctionApp { fn_name, args } if is_of_addresses(&fn_name.to_string()) => {
                match args.first() {
                    Some(first) if self.is_read_here_only(first) => Freedom::Free,
                    _ => Freedom::Bound,
                }
            }
            ExprKind::BinaryApp { op, arg1, arg2 } => match Limit::of(operand) {
                Some(limit) => self.between(operand, &limit),
                None => self.comparison(*op, [arg1, arg2], fails),
            },
            _ => Freedom::Bound,
        }
    }

    /// The same of `op`, which fails when it is `fails`.
    fn comparison(&self, op: BinaryOp, [left, right]: [&Expr; 2], fails: bool) -> Freedom {
        let mine = [left, right].map(|side| self.is_read_here_only(side));
        let either = mine.contains(&true);
        let entities = |expr: &Expr| match expr.expr_kind() {
            ExprKind::Lit(Literal::EntityUID(_)) => true,
            _ => literals(expr).is_some_and(|all| all.iter().all(|one| matches!(one, Literal::EntityUID(_)))),
        };
        let plain = |expr: &Expr| {
            literals(expr).is_some_and(|all| all.iter().all(|one| matches!(one, Literal::Long(_) | Literal::String(_))))
        };
        let is_truth = |expr: &Expr| matches!(expr.expr_kind(), ExprKind::Lit(Literal::Bool(_)));
        match (op, fails) {
            (BinaryOp::Eq, _) if either && (is_truth(left) || is_truth(right)) => Freedom::Free,
            (BinaryOp::Eq | BinaryOp::In, false) if either => Freedom::Open,
            (BinaryOp::Eq | BinaryOp::In, false) if self.is_named_here_only(left) && entities(right) => Freedom::Open,
            // No time that can be written is the first or the last.
            (BinaryOp::Less | BinaryOp::LessEq, _)
                if mine == [true, false] && is_time(right) || mine == [false, true] && is_time(left) =>
            {
                Freedom::Free
            }
            (BinaryOp::Contains, false) if mine == [true, false] => Freedom::Free,
            (BinaryOp::Contains, _) if mine == [false, true] && plain(left) => Freedom::Free,
            (BinaryOp::Contains, false) if mine == [false, true] && entities(left) => Freedom::Open,
            (BinaryOp::ContainsAll, false) if mine == [true, false] && literals(right).is_some() => Freedom::Free,
            (BinaryOp::ContainsAny, false) if either => Freedom::Free,
            _ => Freedom::Bound,
        }
    }

    /// Whether some value fails the operand, which is `limit`, and none of the others that bound the same attribute.
    fn between(&self, operand: &Expr, limit: &Limit<'_>) -> Freedom {
        let whole = limit.root == Root::Context && self.whole.get(Root::Context as usize) != Some(&0);
        let others: Vec<Limit<'_>> = self
            .operands
            .iter()
            .filter(|other| !std::ptr::eq(**other, operand))
            .filter_map(|other| Limit::of(other))
            .filter(|other| (other.root, other.attr) == (limit.root, limit.attr))
            .collect();
        if whole || self.read.get(limit.attr) != Some(&(others.len() + 1)) {
            return Freedom::Bound;
        }
        let mut near = limit.near();
        near.extend(others.iter().flat_map(Limit::near));
        let alone = |value: &Value| {
            limit.holds(value) == Some(false) && others.iter().all(|other| other.holds(value) == Some(true))
        };
        if near.iter().any(alone) { Freedom::Free } else { Freedom::Bound }
    }

    /// What is seen of an operand that asks whether `base` has `attr`: what stands behind it reads the attribute.
    fn guard(&self, operand: &Expr, base: &Expr, attr: &str) -> Freedom {
        let Some(root) = Root::of(base) else { return Freedom::Bound };
        let whole = root == Root::Context && self.whole.get(root as usize) != Some(&0);
        if whole || self.asked.get(attr) != Some(&1) {
            return Freedom::Bound;
        }
        let reads = |expr: &Expr| match expr.expr_kind() {
            ExprKind::GetAttr { expr, attr: name } => name == attr && Root::of(expr) == Some(root),
            _ => false,
        };
        let behind = self.operands.iter().skip_while(|other| !std::ptr::eq(**other, operand)).skip(1);
        let mut behind = behind.copied().peekable();
        let count = |expr: &Expr| expr.subexpressions().filter(|part| reads(part)).count();
        let all: usize = behind.clone().map(count).sum();
        // Elsewhere one of that name may be read of the same entity.
        if self.read.get(attr) != Some(&all) {
            return Freedom::Bound;
        }
        let errs = behind.find(|other| count(other) > 0).is_some_and(|first| strict(first).any(reads));
        if errs { Freedom::Guard(root, attr.to_owned()) } else { Freedom::Bound }
    }

    /// Whether it is an attribute of the principal, the resource or the context, of a name that is read once.
    fn is_read_here_only(&self, expr: &Expr) -> bool {
        let ExprKind::GetAttr { expr: base, attr } = expr.expr_kind() else { return false };
        let of = match Root::of(base) {
            Some(Root::Principal | Root::Resource) => true,
            Some(Root::Context) => self.whole.get(Root::Context as usize) == Some(&0),
            None => false,
        };
        of && self.read.get(attr.as_str()) == Some(&1)
    }

    /// Whether it is the principal or the resource, which nothing else says anything about but by attributes.
    fn is_named_here_only(&self, expr: &Expr) -> bool {
        let Some(root @ (Root::Principal | Root::Resource)) = Root::of(expr) else { return false };
        self.whole.get(root as usize) == Some(&1) && self.scoped.get(root as usize) == Some(&false)
    }
}

impl<'e> Limit<'e> {
    fn of(operand: &'e Expr) -> Option<Self> {
        let (expr, fails) = negated(operand);
        let ExprKind::BinaryApp { op: op @ (BinaryOp::Eq | BinaryOp::Less | BinaryOp::LessEq), arg1, arg2 } =
            expr.expr_kind()
        else {
            return None;
        };
        let (read, literal, turned) = match (literal_of(arg1), literal_of(arg2)) {
            (None, Some(literal)) => (arg1, literal, false),
            (Some(literal), None) => (arg2, literal, true),
            _ => return None,
        };
        let ExprKind::GetAttr { expr: base, attr } = read.expr_kind() else { return None };
        matches!(literal, Literal::Long(_) | Literal::String(_)).then_some(())?;
        Some(Self { root: Root::of(base)?, attr: attr.as_str(), op: *op, literal, turned, wanted: !fails })
    }

    /// The values at which it may turn.
    fn near(&self) -> Vec<Value> {
        match self.literal {
            Literal::Long(number) => {
                let all = [number.checked_sub(1), Some(*number), number.checked_add(1)];
                all.into_iter().flatten().map(Value::Long).collect()
            }
            // The longest of all literals with a letter more is none of them.
            Literal::String(text) => vec![Value::String(text.to_string()), Value::String(format!("{text}x"))],
            Literal::Bool(_) | Literal::EntityUID(_) => Vec::new(),
        }
    }

    fn holds(&self, value: &Value) -> Option<bool> {
        let is = match (self.op, self.literal, value) {
            (BinaryOp::Eq, Literal::Long(number), Value::Long(value)) => number == value,
            (BinaryOp::Eq, Literal::String(text), Value::String(value)) => text.as_str() == value,
            (BinaryOp::Less, Literal::Long(number), Value::Long(value)) => match self.turned {
                true => number < value,
                false => value < number,
            },
            (BinaryOp::LessEq, Literal::Long(number), Value::Long(value)) => match self.turned {
                true => number <= value,
                false => value <= number,
            },
            _ => return None,
        };
        Some(is == self.wanted)
    }
}

/// What `!` negates if it does, and the value for which the operand fails.
fn negated(operand: &Expr) -> (&Expr, bool) {
    match operand.expr_kind() {
        ExprKind::UnaryApp { op: UnaryOp::Not, arg } => (arg, true),
        _ => (operand, false),
    }
}

/// The elements of a set that is written out and not empty.
fn literals(expr: &Expr) -> Option<Vec<&Literal>> {
    match expr.expr_kind() {
        ExprKind::Set(all) if !all.is_empty() => all.iter().map(literal_of).collect(),
        _ => None,
    }
}

fn literal_of(expr: &Expr) -> Option<&Literal> {
    match expr.expr_kind() {
        ExprKind::Lit(literal) => Some(literal),
        _ => None,
    }
}

/// Whether the function asks something of an address that some are and some are not.
fn is_of_addresses(name: &str) -> bool {
    matches!(name, "isInRange" | "isIpv4" | "isIpv6" | "isLoopback" | "isMulticast")
}

/// Whether it is a time that is written out.
fn is_time(expr: &Expr) -> bool {
    matches!(expr.expr_kind(), ExprKind::ExtensionFunctionApp { fn_name, args }
        if fn_name.to_string() == "datetime" && args.iter().all(|arg| literal_of(arg).is_some()))
}

/// What is evaluated of `expr` whenever it is.
fn strict(expr: &Expr) -> impl Iterator<Item = &Expr> {
    let mut open = vec![expr];
    std::iter::from_fn(move || {
        let expr = open.pop()?;
        match expr.expr_kind() {
            ExprKind::And { left, .. } | ExprKind::Or { left, .. } => open.push(left),
            ExprKind::If { test_expr, .. } => open.push(test_expr),
            ExprKind::UnaryApp { arg, .. } => open.push(arg),
            ExprKind::BinaryApp { arg1, arg2, .. } => open.extend([&**arg1, &**arg2]),
            ExprKind::GetAttr { expr, .. } | ExprKind::Like { expr, .. } | ExprKind::Is { expr, .. } => open.push(expr),
            ExprKind::HasAttr { expr, .. } | ExprKind::ExtHasAttr { expr, .. } => open.push(expr),
            ExprKind::ExtensionFunctionApp { args, .. } => open.extend(args.iter()),
            ExprKind::Set(all) => open.extend(all.iter()),
            ExprKind::Record(all) => open.extend(all.values()),
            _ => {}
        }
        Some(expr)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A letter for each operand: what is seen of it.
    fn seen(condition: &str) -> String {
        let whole: Expr = condition.parse().unwrap();
        let reads = Reads::of(&whole, [false, true]);
        let letter = |operand: &&Expr| match reads.freedom(operand) {
            Freedom::Bound => '-',
            Freedom::Free => 'f',
            Freedom::Open => 'o',
            Freedom::Guard(..) => 'g',
        };
        reads.operands.iter().map(letter).collect()
    }

    #[test]
    fn what_nothing_else_speaks_of_can_fail() {
        for (condition, expected) in [
            ("principal.level > 3 && context.mfa", "ff"),
            ("!context.mfa && resource.name like \"a*\" && !(resource.path like \"*\")", "fff"),
            ("resource.name like \"*\"", "-"),
            ("principal.level > 3 && resource.level < 9", "--"),
            ("principal.level > 3 && resource.owner.level == 4", "--"),
            ("context.a == 3 && context == resource.record", "-o"),
            ("principal.a == 3 && principal == resource.owner", "fo"),
            ("principal.a == principal.b", "o"),
            ("principal.a != principal.b", "-"),
            ("principal.a != \"x\" && 7 == resource.b", "ff"),
            ("principal.a == true && principal.b != false", "ff"),
            ("principal.a <= 9223372036854775807", "-"),
            ("principal.a >= -9223372036854775808", "-"),
            ("principal.a < -9223372036854775808", "f"),
            ("principal.a > 9223372036854775807", "f"),
            ("context.a.b == 3", "-"),
            ("context.a || context.b", "-"),
        ] {
            assert_eq!(seen(condition), expected, "{condition}");
        }
    }

    /// The kind: several limits of one attribute, which leave room beside each other or do not.
    #[test]
    fn limits_of_one_attribute_are_held_against_each_other() {
        for (condition, expected) in [
            ("principal.level > 3 && principal.level < 9", "ff"),
            ("principal.level > 3 && principal.level > 2", "f-"),
            ("principal.level > 3 && principal.level != 3", "f-"),
            ("principal.level > 3 && principal.level != 7", "ff"),
            ("principal.level > 3 && principal.level > 3", "--"),
            ("principal.level >= 3 && principal.level <= 3 && principal.level != 9", "ff-"),
            ("principal.a != \"x\" && principal.a != \"y\" && principal.a != \"xx\"", "fff"),
            ("principal.a == \"x\" && principal.a != \"y\"", "f-"),
            ("principal.a > 3 && principal.a < 9 && principal.a == principal.b", "--o"),
        ] {
            assert_eq!(seen(condition), expected, "{condition}");
        }
    }

    /// The kind: comparisons of one attribute with something else than a number or a string.
    #[test]
    fn other_comparisons_can_fail_too() {
        for (condition, expected) in [
            ("principal.tags.contains(\"x\") && !(resource.tags2.contains(\"x\"))", "f-"),
            ("[\"x\", \"y\"].contains(principal.a) && !([1].contains(principal.b))", "ff"),
            ("[User::\"x\"].contains(principal.a)", "o"),
            ("principal.a.containsAll([1]) && principal.b.containsAll([]) && principal.c.containsAny([2])", "f-f"),
            ("principal.a.isEmpty() && !(principal.b.isEmpty())", "ff"),
            ("context.ip.isInRange(ip(\"10.0.0.0/8\")) && !(context.ip2.isLoopback())", "ff"),
            ("context.now < datetime(\"2024-01-01\") && context.at >= datetime(\"2024-01-01\")", "ff"),
            ("context.now < datetime(\"2024-01-01\") && context.now > datetime(\"2023-01-01\")", "--"),
            ("principal in Team::\"a\"", "o"),
            ("principal in Team::\"a\" && principal in Team::\"b\"", "--"),
            ("principal is User && principal in [Team::\"a\", Team::\"b\"]", "-o"),
            ("resource in Folder::\"a\"", "-"),
            ("!(principal in Team::\"a\")", "-"),
            ("principal.manager in resource.owners", "o"),
        ] {
            assert_eq!(seen(condition), expected, "{condition}");
        }
    }

    /// The kind: an attribute that is asked for before it is read.
    #[test]
    fn what_is_there_may_have_another_value() {
        for (condition, expected) in [
            ("context has a && context.a == 3", "gf"),
            ("context has a && principal.b && context.a == 3", "gff"),
            ("context has a && principal.a == 3", "-f"),
            ("context has a && context has a && context.a == 3", "--f"),
            ("context has a && (principal.b || context.a == 3)", "--"),
            ("context has a && (context.a == 3 || principal.b)", "g-"),
            ("context has a.b && context.a.b == 3", "--"),
            ("!(context has a) && context.b", "-f"),
            ("resource has a && resource.a == principal && principal.b", "gof"),
        ] {
            assert_eq!(seen(condition), expected, "{condition}");
        }
    }
}
