//! Policies that do not typecheck, from policies that do: every way in which the validator can refuse one.

use super::generate::CaseSpec;
use super::policies::Pool;
use super::syntax::{ActionScope, Bin, Expr, Lit, SchemaSpec, Scope, Target, Ty, Var, boolean};
use crate::common::rng::Rng;

const TYPES: [Ty; 7] = [Ty::Bool, Ty::Long, Ty::Str, Ty::Decimal, Ty::Ip, Ty::Datetime, Ty::Duration];

const METHODS: [&str; 20] = [
    "contains",
    "containsAll",
    "containsAny",
    "isEmpty",
    "hasTag",
    "getTag",
    "lessThan",
    "greaterThanOrEqual",
    "isIpv4",
    "isLoopback",
    "isInRange",
    "offset",
    "durationSince",
    "toDate",
    "toTime",
    "toMilliseconds",
    "toSeconds",
    "toDays",
    "contains",
    "containsAny",
];

/// How many arguments a method has.
fn arity(method: &str) -> usize {
    match method {
        "contains" | "containsAll" | "containsAny" | "hasTag" | "getTag" | "lessThan" | "greaterThanOrEqual"
        | "isInRange" | "offset" | "durationSince" => 1,
        _ => 0,
    }
}

/// The case with `defects` places of each policy damaged.
pub fn damaged(mut case: CaseSpec, rng: &mut Rng, defects: usize) -> CaseSpec {
    let pool = Pool::new(rng);
    case.loose = true;
    for side in &mut case.sides {
        for policy in &mut side.policies {
            if policy.conditions.is_empty() {
                policy.conditions.push((rng.percent(60), any(rng, &side.schema, &pool)));
            }
            for _ in 0..defects {
                if rng.percent(6) {
                    scope(rng, &mut policy.principal, &side.schema);
                    continue;
                }
                if rng.percent(3) {
                    policy.action = ActionScope::In(vec!["no such action".into(), side.schema.actions[0].name.clone()]);
                    continue;
                }
                let number = rng.below(policy.conditions.len());
                let condition = &mut policy.conditions[number].1;
                let mut parts = 0;
                condition.visit(&mut |_| parts += 1);
                // The others say how many steps it is from the leaves, so that small parts are hit as often as large.
                let wanted = rng.below(parts);
                let mut at = 0;
                condition.visit_mut(&mut |part| {
                    if at == wanted {
                        harm(rng, &side.schema, &pool, part);
                    }
                    at += 1;
                });
            }
        }
    }
    case
}

fn scope(rng: &mut Rng, scope: &mut Scope, schema: &SchemaSpec) {
    let ty = rng.below(schema.entities.len());
    let entity = || Target::Entity(ty, schema.entities[ty].members.as_ref().map_or("x", |ids| ids[0].as_str()).into());
    if scope.has_slot() {
        return;
    }
    *scope = match rng.below(4) {
        0 => Scope::Eq(entity()),
        1 => Scope::In(entity()),
        2 => Scope::IsIn(rng.below(schema.entities.len()), entity()),
        _ => Scope::Is(ty),
    };
}

/// Something of any type.
fn any(rng: &mut Rng, schema: &SchemaSpec, pool: &Pool) -> Expr {
    let attribute = |rng: &mut Rng| {
        let mut names: Vec<String> =
            schema.entities.iter().flat_map(|entity| &entity.attrs).map(|field| field.name.clone()).collect();
        names.extend(schema.actions.iter().flat_map(|action| &action.context).map(|field| field.name.clone()));
        names.push("undeclared".into());
        rng.pick(&names).clone()
    };
    let variable =
        |rng: &mut Rng| Expr::Var(*rng.pick(&[Var::Principal, Var::Resource, Var::Context, Var::Context, Var::Action]));
    match rng.below(12) {
        0..=2 => {
            let ty = rng.pick(&TYPES).clone();
            pool.literal(rng, schema, &ty).map_or_else(|| boolean(true), Expr::Lit)
        }
        3 => variable(rng),
        4..=6 => Expr::Get(Box::new(variable(rng)), attribute(rng)),
        7 => {
            let ty = rng.below(schema.entities.len());
            let id = pool.id(rng, schema, ty);
            Expr::Lit(Lit::Entity(ty, id))
        }
        8 => Expr::Lit(Lit::Raw(nobody(rng, schema))),
        9 => Expr::Set((0..rng.below(3)).map(|_| any(rng, schema, pool)).collect()),
        10 => Expr::Record(
            (0..rng.below(3)).map(|number| (format!("{}{number}", attribute(rng)), any(rng, schema, pool))).collect(),
        ),
        _ => Expr::Has(Box::new(variable(rng)), vec![attribute(rng)]),
    }
}

/// An entity that no data holds.
fn nobody(rng: &mut Rng, schema: &SchemaSpec) -> String {
    let enumerated = schema.entities.iter().position(|entity| entity.members.is_some());
    match (rng.below(3), enumerated) {
        (0, Some(ty)) => schema.entity_uid(ty, "not listed"),
        (1, _) => schema.action_uid("no such action"),
        _ => (*rng.pick(&["Ghost::\"a\"", "Ghost::\"b\"", "Other::Ghost::\"a\""])).into(),
    }
}

fn harm(rng: &mut Rng, schema: &SchemaSpec, pool: &Pool, part: &mut Expr) {
    let boxed = |expr: &Expr| Box::new(expr.clone());
    match rng.below(16) {
        // Guards go: what they guard may be missing.
        0 | 1 => {
            if let Expr::Bin(Bin::And, _, right) = part {
                *part = (**right).clone();
            } else if matches!(part, Expr::Has(..)) {
                *part = boolean(true);
            } else if let Expr::Get(_, name) = part {
                *name = "undeclared".into();
            } else {
                *part = any(rng, schema, pool);
            }
        }
        2 => match part {
            Expr::Has(_, names) => names.push("undeclared".into()),
            Expr::Get(_, name) => name.push('_'),
            other => *other = Expr::Get(boxed(other), "undeclared".into()),
        },
        3..=5 => *part = any(rng, schema, pool),
        6 => {
            let op = *rng.pick(&[Bin::Eq, Bin::Ne, Bin::Lt, Bin::Le, Bin::Add, Bin::In, Bin::And, Bin::Or]);
            if let Expr::Bin(old, ..) = part {
                *old = op;
            } else {
                *part = Expr::Bin(op, boxed(part), Box::new(any(rng, schema, pool)));
            }
        }
        7 => *part = Expr::Bin(Bin::Eq, boxed(part), Box::new(any(rng, schema, pool))),
        8 => {
            let method = *rng.pick(&METHODS);
            let arguments = (0..arity(method)).map(|_| any(rng, schema, pool)).collect();
            *part = Expr::Call(method, boxed(part), arguments);
        }
        9 => {
            let method = *rng.pick(&["contains", "containsAll", "containsAny"]);
            let list = Expr::Set((0..rng.below(4)).map(|_| any(rng, schema, pool)).collect());
            *part = if rng.percent(50) {
                Expr::Call(method, Box::new(list), vec![part.clone()])
            } else {
                Expr::Call(method, boxed(part), vec![list])
            };
        }
        10 => match part {
            Expr::Set(elements) => {
                if rng.percent(50) {
                    elements.push(any(rng, schema, pool));
                } else {
                    elements.clear();
                }
            }
            other => *other = Expr::Set(vec![other.clone(), any(rng, schema, pool)]),
        },
        11 => match part {
            Expr::Record(fields) => {
                fields.pop();
            }
            other => *other = Expr::Get(Box::new(Expr::Record(vec![("x".into(), other.clone())])), "x".into()),
        },
        12 => {
            let test = any(rng, schema, pool);
            *part = Expr::If(Box::new(test), boxed(part), Box::new(any(rng, schema, pool)));
        }
        13 => *part = Expr::Bin(Bin::In, boxed(part), Box::new(any(rng, schema, pool))),
        14 => {
            let raw = ["ip(\"nowhere\")", "decimal(\"1\")", "datetime(\"tomorrow\")", "duration(\"1w\")"];
            *part = Expr::Bin(Bin::Eq, boxed(part), Box::new(Expr::Lit(Lit::Raw((*rng.pick(&raw)).into()))));
        }
        _ => {
            *part = match rng.below(4) {
                0 => Expr::Not(boxed(part)),
                1 => Expr::Neg(boxed(part)),
                2 => Expr::Like(boxed(part), "a*".into()),
                _ => Expr::Is(boxed(part), rng.below(schema.entities.len())),
            }
        }
    }
}
