//! One policy from another: nearly the same, or the same said differently.

use super::policies::Pool;
use super::syntax::{Bin, Expr, Lit, PolicySpec, SchemaSpec, Scope, Ty, bin, boolean, not};
use crate::common::rng::Rng;

/// The expression and those of its parts that are conditions, counted from the outside in.
fn conditions(expr: &mut Expr, see: &mut dyn FnMut(&mut Expr)) {
    see(expr);
    match expr {
        Expr::Not(inner) => conditions(inner, see),
        Expr::Bin(Bin::And | Bin::Or, left, right) => {
            conditions(left, see);
            conditions(right, see);
        }
        Expr::If(test, then, other) => {
            conditions(test, see);
            conditions(then, see);
            conditions(other, see);
        }
        _ => {}
    }
}

/// Applies `change` to one condition at random.
fn at_random(rng: &mut Rng, expr: &mut Expr, change: &mut dyn FnMut(&mut Rng, &mut Expr)) {
    let mut count = 0;
    conditions(expr, &mut |_| count += 1);
    let wanted = rng.below(count);
    let mut at = 0;
    conditions(expr, &mut |part| {
        // Whatever the change puts in place is seen again, but later in the count.
        if at == wanted {
            change(rng, part);
        }
        at += 1;
    });
}

/// A policy made from `from`: equivalent, or close to it.
pub fn mutate(
    rng: &mut Rng,
    schema: &SchemaSpec,
    pool: &Pool,
    from: &PolicySpec,
    fresh: &mut dyn FnMut(&mut Rng) -> Expr,
) -> PolicySpec {
    let mut policy = from.clone();
    let steps = 1 + rng.weighted(&[6, 3, 1]);
    for _ in 0..steps {
        if rng.percent(10) {
            scope(rng, &mut policy);
            continue;
        }
        if rng.percent(6) {
            policy.permit = !policy.permit;
        }
        if policy.conditions.is_empty() {
            policy.conditions.push((true, fresh(rng)));
            continue;
        }
        let which = rng.below(policy.conditions.len());
        let (when, expr) = &mut policy.conditions[which];
        match rng.below(12) {
            0..=3 => at_random(rng, expr, &mut |rng, part| rewrite(rng, part)),
            4 => at_random(rng, expr, &mut |_, part| *part = not(std::mem::replace(part, boolean(true)))),
            5 => at_random(rng, expr, &mut |rng, part| {
                let op = if rng.percent(50) { Bin::And } else { Bin::Or };
                *part = bin(op, std::mem::replace(part, boolean(true)), fresh(rng));
            }),
            6 => at_random(rng, expr, &mut |rng, part| {
                if let Expr::Bin(Bin::And | Bin::Or, left, right) = part {
                    let kept = if rng.percent(50) { left } else { right };
                    *part = std::mem::replace(kept, boolean(true));
                }
            }),
            7 => at_random(rng, expr, &mut |rng, part| {
                if let Expr::Bin(op, ..) = part {
                    *op = match *op {
                        Bin::And => Bin::Or,
                        Bin::Or => Bin::And,
                        Bin::Lt => Bin::Le,
                        Bin::Le => *rng.pick(&[Bin::Lt, Bin::Gt]),
                        Bin::Gt => Bin::Ge,
                        Bin::Ge => *rng.pick(&[Bin::Gt, Bin::Lt]),
                        Bin::Eq => Bin::Ne,
                        Bin::Ne => Bin::Eq,
                        other => other,
                    };
                }
            }),
            8 if rng.percent(30) => {
                *when = !*when;
            }
            _ => literal(rng, schema, pool, expr),
        }
    }
    policy
}

fn scope(rng: &mut Rng, policy: &mut PolicySpec) {
    if policy.is_template() {
        return;
    }
    let scope = if rng.percent(50) { &mut policy.principal } else { &mut policy.resource };
    *scope = match std::mem::replace(scope, Scope::Any) {
        Scope::Eq(target) => Scope::In(target),
        Scope::IsIn(ty, target) => {
            if rng.percent(50) {
                Scope::In(target)
            } else {
                Scope::Is(ty)
            }
        }
        Scope::In(_) => Scope::Any,
        other => other,
    };
}

/// Replaces one constant by another of its type.
fn literal(rng: &mut Rng, schema: &SchemaSpec, pool: &Pool, expr: &mut Expr) {
    let mut count = 0;
    expr.visit(&mut |part| count += usize::from(matches!(part, Expr::Lit(_) | Expr::Like(..))));
    if count == 0 {
        return;
    }
    let wanted = rng.below(count);
    let mut at = 0;
    expr.visit_mut(&mut |part| {
        if !matches!(part, Expr::Lit(_) | Expr::Like(..)) {
            return;
        }
        if at == wanted {
            match part {
                Expr::Like(_, pattern) => *pattern = rng.pick(&pool.patterns).clone(),
                Expr::Lit(lit) => {
                    let ty = match lit {
                        Lit::Bool(_) => Ty::Bool,
                        Lit::Long(_) => Ty::Long,
                        Lit::Str(_) => Ty::Str,
                        Lit::Entity(ty, _) => Ty::Entity(*ty),
                        Lit::Action(_) | Lit::Raw(_) => return,
                        Lit::Ext("decimal", _) => Ty::Decimal,
                        Lit::Ext("ip", _) => Ty::Ip,
                        Lit::Ext("datetime", _) => Ty::Datetime,
                        Lit::Ext(..) => Ty::Duration,
                    };
                    if let Some(other) = pool.literal(rng, schema, &ty) {
                        *lit = other;
                    }
                }
                _ => {}
            }
        }
        at += 1;
    });
}

/// `a in b` and `b in c`.
fn meets(left: &Expr, right: &Expr) -> bool {
    matches!((left, right), (Expr::Bin(Bin::In, _, one), Expr::Bin(Bin::In, other, _)) if one == other)
}

/// Says the same in another way (or, for a few, nearly the same: the edge cases are the point).
fn rewrite(rng: &mut Rng, part: &mut Expr) {
    let old = std::mem::replace(part, boolean(true));
    *part = match old {
        // What follows from both.
        Expr::Bin(Bin::And, left, right) if meets(&left, &right) && rng.percent(70) => {
            let (Expr::Bin(_, first, _), Expr::Bin(_, _, last)) = (*left, *right) else {
                unreachable!("both are `in`")
            };
            Expr::Bin(Bin::In, first, last)
        }
        Expr::Bin(Bin::And, left, right) => match rng.below(4) {
            0 => Expr::If(left, right, Box::new(boolean(false))),
            1 => not(bin(Bin::Or, not(*left), not(*right))),
            2 => bin(Bin::And, *left.clone(), bin(Bin::And, *right, *left)),
            _ => Expr::Bin(Bin::And, left, Box::new(bin(Bin::And, *right.clone(), *right))),
        },
        Expr::Bin(Bin::Or, left, right) => match rng.below(3) {
            0 => Expr::If(left, Box::new(boolean(true)), right),
            1 => not(bin(Bin::And, not(*left), not(*right))),
            _ => Expr::Bin(Bin::Or, right, left),
        },
        Expr::Not(inner) => match *inner {
            Expr::Bin(Bin::And, left, right) => bin(Bin::Or, not(*left), not(*right)),
            Expr::Bin(Bin::Or, left, right) => bin(Bin::And, not(*left), not(*right)),
            Expr::Not(inner) => *inner,
            inner => Expr::If(Box::new(inner), Box::new(boolean(false)), Box::new(boolean(true))),
        },
        Expr::Bin(Bin::Eq, left, right) => match rng.below(3) {
            0 => not(Expr::Bin(Bin::Ne, right, left)),
            1 => match *right {
                // One element more or less.
                Expr::Set(_) => bin(
                    Bin::And,
                    Expr::Call("containsAll", left.clone(), vec![(*right).clone()]),
                    Expr::Call("containsAll", right, vec![*left]),
                ),
                Expr::Lit(Lit::Str(text)) if !text.contains(['*', '\\']) => Expr::Like(left, text),
                right => bin(Bin::Eq, right, *left),
            },
            _ => Expr::Bin(Bin::Eq, right, left),
        },
        Expr::Bin(Bin::Ne, left, right) => not(Expr::Bin(Bin::Eq, left, right)),
        Expr::Bin(op @ (Bin::Lt | Bin::Le | Bin::Gt | Bin::Ge), left, right) => {
            let (flipped, opposite) = match op {
                Bin::Lt => (Bin::Gt, Bin::Ge),
                Bin::Le => (Bin::Ge, Bin::Gt),
                Bin::Gt => (Bin::Lt, Bin::Le),
                _ => (Bin::Le, Bin::Lt),
            };
            match rng.below(5) {
                0 => not(Expr::Bin(opposite, left, right)),
                1 | 2 => Expr::Bin(flipped, right, left),
                3 => match (*left, *right) {
                    // The neighbour: the same, unless it overflows.
                    (left, Expr::Lit(Lit::Long(value))) => {
                        let shifted = match op {
                            Bin::Lt | Bin::Ge => value.checked_sub(1),
                            _ => value.checked_add(1),
                        };
                        let neighbour = match op {
                            Bin::Lt => Bin::Le,
                            Bin::Le => Bin::Lt,
                            Bin::Gt => Bin::Ge,
                            _ => Bin::Gt,
                        };
                        match shifted {
                            Some(shifted) => bin(neighbour, left, Expr::Lit(Lit::Long(shifted))),
                            None => bin(op, left, Expr::Lit(Lit::Long(value))),
                        }
                    }
                    (left, right) => bin(op, left, right),
                },
                _ => match (*left, *right) {
                    // Differs where the sum overflows.
                    (left, Expr::Lit(Lit::Long(value))) if value < i64::MAX => {
                        bin(op, bin(Bin::Add, left, Expr::Lit(Lit::Long(1))), Expr::Lit(Lit::Long(value + 1)))
                    }
                    (left, right @ Expr::Lit(Lit::Ext("datetime", _))) => {
                        let zero = Expr::Lit(Lit::Ext("duration", "0ms".into()));
                        bin(op, Expr::Call("durationSince", Box::new(left), vec![right]), zero)
                    }
                    (left, right) => bin(op, left, right),
                },
            }
        }
        Expr::Bin(Bin::In, left, right) => match *right {
            Expr::Set(mut all) if all.len() > 1 => {
                let last = all.pop().expect("it has several");
                bin(
                    Bin::Or,
                    Expr::Bin(Bin::In, left.clone(), Box::new(Expr::Set(all))),
                    Expr::Bin(Bin::In, left, Box::new(last)),
                )
            }
            Expr::Set(all) => Expr::Bin(Bin::In, left, Box::new(Expr::Set(all))),
            one => Expr::Bin(Bin::In, left, Box::new(Expr::Set(vec![one]))),
        },
        Expr::IsIn(inner, ty, above) => bin(Bin::And, Expr::Is(inner.clone(), ty), Expr::Bin(Bin::In, inner, above)),
        Expr::Call("contains", on, mut of) => {
            let method = if rng.percent(50) { "containsAll" } else { "containsAny" };
            Expr::Call(method, on, vec![Expr::Set(vec![of.remove(0)])])
        }
        Expr::Call("containsAny", on, mut of) if rng.percent(50) => match of.remove(0) {
            other @ Expr::Set(_) => Expr::Call("containsAny", on, vec![other]),
            other => Expr::Call("containsAny", Box::new(other), vec![*on]),
        },
        Expr::Call("containsAll", on, mut of) => match of.remove(0) {
            Expr::Set(mut all) if all.len() > 1 => {
                let last = all.pop().expect("it has several");
                bin(
                    Bin::And,
                    Expr::Call("contains", on.clone(), vec![last]),
                    Expr::Call("containsAll", on, vec![Expr::Set(all)]),
                )
            }
            other => Expr::Call("containsAll", on, vec![other]),
        },
        Expr::Call("isIpv4", on, _) => not(Expr::Call("isIpv6", on, Vec::new())),
        Expr::Call("isIpv6", on, _) => not(Expr::Call("isIpv4", on, Vec::new())),
        Expr::Call("isLoopback", on, _) => {
            let range = if rng.percent(50) { "127.0.0.0/8" } else { "::1" };
            Expr::Call("isInRange", on, vec![Expr::Lit(Lit::Ext("ip", range.into()))])
        }
        Expr::Call("isMulticast", on, _) => {
            let range = if rng.percent(50) { "224.0.0.0/4" } else { "ff00::/8" };
            Expr::Call("isInRange", on, vec![Expr::Lit(Lit::Ext("ip", range.into()))])
        }
        Expr::Call("lessThan", on, of) => not(Expr::Call("greaterThanOrEqual", on, of)),
        Expr::Call("lessThanOrEqual", on, of) => not(Expr::Call("greaterThan", on, of)),
        Expr::Call("greaterThan", on, mut of) => Expr::Call("lessThan", Box::new(of.remove(0)), vec![*on]),
        Expr::Call("greaterThanOrEqual", on, mut of) => {
            Expr::Call("lessThanOrEqual", Box::new(of.remove(0)), vec![*on])
        }
        Expr::Like(on, pattern) => match rng.below(3) {
            // The same language: stars next to each other are one.
            0 if !pattern.contains('\\') => Expr::Like(on, pattern.replace('*', "**")),
            1 => bin(Bin::Or, Expr::Like(on.clone(), pattern.clone()), Expr::Like(on, pattern)),
            _ => not(not(Expr::Like(on, pattern))),
        },
        other => match rng.below(3) {
            0 => not(not(other)),
            1 => bin(Bin::And, other.clone(), other),
            _ => Expr::If(Box::new(other), Box::new(boolean(true)), Box::new(boolean(false))),
        },
    };
}
