//! Values worth trying: the constants of the policies, their neighbours, and some that nobody mentions.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use cedar_policy::RestrictedExpression;

use super::generate::CaseSpec;
use super::syntax::{Bin, Env, Expr, Field, Lit, SchemaSpec, Target, Ty, Var};

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    Bool(bool),
    Long(i64),
    Str(String),
    /// In ten-thousandths.
    Decimal(i64),
    Ip(String),
    /// Milliseconds since the epoch.
    Datetime(i64),
    Duration(i64),
    Entity(usize, String),
    Set(Vec<Value>),
    Record(Vec<(String, Value)>),
}

const DAY: i64 = 86_400_000;

/// The number behind an extension literal that has one.
pub fn number(function: &str, text: &str) -> Option<i64> {
    let expression = |text: String| RestrictedExpression::from_str(&text).ok();
    match function {
        "decimal" => {
            let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
            let (whole, part) = rest.split_once('.')?;
            let scaled: i128 = format!("{whole}{part:0<4}").parse().ok()?;
            i64::try_from(if negative { -scaled } else { scaled }).ok()
        }
        "datetime" => {
            // The least bound that holds, by halving: Cedar alone reads its dates.
            expression(format!("datetime(\"{text}\")"))?;
            Some(super::brute::least(|at| {
                format!("datetime(\"{text}\") <= datetime(\"1970-01-01\").offset(duration(\"{at}ms\"))")
            }))
        }
        "duration" => {
            expression(format!("duration(\"{text}\")"))?;
            Some(super::brute::least(|at| format!("duration(\"{text}\") <= duration(\"{at}ms\")")))
        }
        _ => None,
    }
}

impl Value {
    /// As Cedar reads it. Every text of a value is parsed once.
    pub fn expression(
        &self,
        schema: &SchemaSpec,
        seen: &mut HashMap<Value, RestrictedExpression>,
    ) -> RestrictedExpression {
        if let Some(known) = seen.get(self) {
            return known.clone();
        }
        let made = match self {
            Value::Bool(value) => RestrictedExpression::new_bool(*value),
            Value::Long(value) => RestrictedExpression::new_long(*value),
            Value::Str(value) => RestrictedExpression::new_string(value.clone()),
            Value::Decimal(value) => {
                let (sign, rest) = (if *value < 0 { "-" } else { "" }, value.unsigned_abs());
                RestrictedExpression::new_decimal(format!("{sign}{}.{:04}", rest / 10_000, rest % 10_000))
            }
            Value::Ip(value) => RestrictedExpression::new_ip(value),
            Value::Datetime(value) => {
                let text = format!("datetime(\"1970-01-01\").offset(duration(\"{value}ms\"))");
                RestrictedExpression::from_str(&text).unwrap()
            }
            Value::Duration(value) => RestrictedExpression::new_duration(format!("{value}ms")),
            Value::Entity(ty, id) => RestrictedExpression::new_entity_uid(schema.entity_uid(*ty, id).parse().unwrap()),
            Value::Set(all) => RestrictedExpression::new_set(
                all.iter().map(|value| value.expression(schema, seen)).collect::<Vec<_>>(),
            ),
            Value::Record(fields) => {
                let fields: Vec<_> =
                    fields.iter().map(|(name, value)| (name.clone(), value.expression(schema, seen))).collect();
                RestrictedExpression::new_record(fields).unwrap()
            }
        };
        seen.insert(self.clone(), made.clone());
        made
    }
}

impl Value {
    /// As a policy writes it.
    pub fn text(&self, schema: &SchemaSpec) -> String {
        match self {
            Value::Bool(value) => value.to_string(),
            Value::Long(value) => value.to_string(),
            Value::Str(value) => super::syntax::quoted(value),
            Value::Decimal(value) => {
                let (sign, rest) = (if *value < 0 { "-" } else { "" }, value.unsigned_abs());
                format!("decimal(\"{sign}{}.{:04}\")", rest / 10_000, rest % 10_000)
            }
            Value::Ip(value) => format!("ip(\"{value}\")"),
            Value::Datetime(value) => format!("datetime(\"1970-01-01\").offset(duration(\"{value}ms\"))"),
            Value::Duration(value) => format!("duration(\"{value}ms\")"),
            Value::Entity(ty, id) => schema.entity_uid(*ty, id),
            Value::Set(all) => {
                format!("[{}]", all.iter().map(|value| value.text(schema)).collect::<Vec<_>>().join(", "))
            }
            Value::Record(fields) => {
                let field = |(name, value): &(String, Value)| {
                    format!("{}: {}", super::syntax::quoted(name), value.text(schema))
                };
                format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// The type of an expression in an environment, where it is plain.
pub fn type_of(expr: &Expr, schema: &SchemaSpec, env: Env) -> Option<Ty> {
    let inner = |expr: &Expr| type_of(expr, schema, env);
    Some(match expr {
        Expr::Lit(lit) => match lit {
            Lit::Bool(_) => Ty::Bool,
            Lit::Long(_) => Ty::Long,
            Lit::Str(_) => Ty::Str,
            Lit::Entity(ty, _) => Ty::Entity(*ty),
            Lit::Action(_) | Lit::Raw(_) => return None,
            Lit::Ext("decimal", _) => Ty::Decimal,
            Lit::Ext("ip", _) => Ty::Ip,
            Lit::Ext("datetime", _) => Ty::Datetime,
            Lit::Ext(..) => Ty::Duration,
        },
        Expr::Var(Var::Principal) => Ty::Entity(env.0),
        Expr::Var(Var::Resource) => Ty::Entity(env.2),
        Expr::Var(Var::Context) => Ty::Record(schema.actions[env.1].context.clone()),
        Expr::Var(Var::Action) => return None,
        Expr::Get(from, name) => {
            let fields = match inner(from)? {
                Ty::Entity(entity) => schema.entities[entity].attrs.clone(),
                Ty::Record(fields) => fields,
                _ => return None,
            };
            fields.into_iter().find(|field| field.name == *name)?.ty
        }
        Expr::Has(..) | Expr::Not(_) | Expr::Like(..) | Expr::Is(..) | Expr::IsIn(..) => Ty::Bool,
        Expr::Neg(_) => Ty::Long,
        Expr::Bin(Bin::Add | Bin::Sub | Bin::Mul, ..) => Ty::Long,
        Expr::Bin(..) => Ty::Bool,
        Expr::If(_, then, _) => return inner(then),
        Expr::Call(method, on, _) => match *method {
            "getTag" => match inner(on)? {
                Ty::Entity(entity) => schema.entities[entity].tags.clone()?,
                _ => return None,
            },
            "offset" | "toDate" => Ty::Datetime,
            "durationSince" | "toTime" => Ty::Duration,
            "toDays" | "toHours" | "toMinutes" | "toSeconds" | "toMilliseconds" => Ty::Long,
            _ => Ty::Bool,
        },
        Expr::Set(all) => Ty::Set(Box::new(inner(all.first()?)?)),
        Expr::Record(fields) => Ty::Record(
            fields
                .iter()
                .map(|(name, value)| Some(Field { name: name.clone(), ty: inner(value)?, required: true }))
                .collect::<Option<_>>()?,
        ),
    })
}

/// What each type's values are taken from, and whether that is as good as all values.
#[derive(Clone, Debug, Default)]
pub struct Domain {
    pub longs: Vec<i64>,
    pub strings: Vec<String>,
    pub decimals: Vec<i64>,
    pub ips: Vec<String>,
    pub datetimes: Vec<i64>,
    pub durations: Vec<i64>,
    /// The ids that policies name, by entity type; all of them for an enumerated type.
    pub ids: Vec<Vec<String>>,
    /// How many more ids a type has, by entity type.
    pub fresh: Vec<usize>,
    pub keys: Vec<String>,
    /// Attributes that policies name.
    pub named: BTreeSet<String>,
    /// Some policy asks for ancestors.
    pub hierarchy: bool,
    pub exact: bool,
}

/// Id number `index` of a type: the constants, then fresh ones.
pub fn id(domain: &Domain, entity: usize, index: usize) -> String {
    domain.ids[entity].get(index).cloned().unwrap_or_else(|| format!("new{}", index - domain.ids[entity].len()))
}

const MOST_FRESH: usize = 2;

impl Domain {
    /// For the policies of all sides; types are those of `schema`, which holds both sides.
    pub fn of(case: &CaseSpec, schema: &SchemaSpec) -> Self {
        let mut this = Domain { exact: true, ..Domain::default() };
        let mut ids: Vec<BTreeSet<String>> =
            schema.entities.iter().map(|entity| entity.members.iter().flatten().cloned().collect()).collect();
        let mut longs = BTreeSet::from([0]);
        let mut strings = BTreeSet::new();
        let (mut decimals, mut datetimes, mut durations) =
            (BTreeSet::from([0]), BTreeSet::from([0]), BTreeSet::from([0]));
        let mut ips: BTreeSet<String> = ["10.0.0.9", "::1"].map(str::to_owned).into();
        let mut terms: BTreeMap<usize, BTreeSet<Expr>> = BTreeMap::new();
        let mut slots = 0;
        for side in &case.sides {
            for policy in &side.policies {
                for scope in [&policy.principal, &policy.resource] {
                    match scope.target() {
                        Some(Target::Entity(ty, id)) => {
                            ids[*ty].insert(id.clone());
                        }
                        Some(Target::Slot) => slots += usize::from(policy.link.is_none()),
                        None => {}
                    }
                    this.hierarchy |= matches!(scope, super::syntax::Scope::In(_) | super::syntax::Scope::IsIn(..));
                }
                for (ty, id) in policy.link.iter().flatten().flatten() {
                    ids[*ty].insert(id.clone());
                }
                policy.condition().visit(&mut |expr| {
                    this.exact &= exact(expr, &side.schema, case.env);
                    match expr {
                        Expr::Lit(Lit::Long(value)) => {
                            longs.extend([value.saturating_sub(1), *value, value.saturating_add(1)]);
                        }
                        Expr::Lit(Lit::Str(value)) => {
                            strings.insert(value.clone());
                            this.keys.push(value.clone());
                        }
                        Expr::Like(_, pattern) => {
                            let plain = pattern.replace("\\*", "\u{0}");
                            for with in ["", "a", "b", "ab"] {
                                strings.insert(plain.replace('*', with).replace('\u{0}', "*"));
                            }
                        }
                        Expr::Lit(Lit::Entity(ty, id)) => {
                            ids[*ty].insert(id.clone());
                        }
                        Expr::Lit(Lit::Ext("ip", text)) => ips.extend(around(text)),
                        Expr::Lit(Lit::Ext(function, text)) => {
                            let value = number(function, text).expect("literals are well formed");
                            let near = [value.saturating_sub(1), value, value.saturating_add(1)];
                            match *function {
                                "decimal" => decimals.extend(near),
                                "datetime" => datetimes.extend(near),
                                _ => durations.extend(near),
                            }
                        }
                        Expr::Bin(Bin::Add | Bin::Sub | Bin::Mul, ..) | Expr::Neg(_) => {
                            longs.extend([i64::MIN, i64::MAX])
                        }
                        Expr::Call("toDate" | "toTime", ..) => datetimes.extend([-DAY, -1, 1, DAY]),
                        Expr::Call("offset" | "durationSince", ..) => {
                            datetimes.extend([i64::MIN, i64::MAX, DAY]);
                            durations.extend([i64::MIN, i64::MAX, -1, 1]);
                        }
                        Expr::Call("toDays" | "toHours" | "toMinutes" | "toSeconds", ..) => {
                            durations.extend([-DAY, DAY, DAY - 1, 2 * DAY, 3_600_000, 60_000, 1000, -999]);
                        }
                        Expr::Get(_, name) => {
                            this.named.insert(name.clone());
                        }
                        Expr::Has(_, names) => this.named.extend(names.iter().cloned()),
                        Expr::Bin(Bin::In, ..) | Expr::IsIn(..) => this.hierarchy = true,
                        _ => {}
                    }
                    if matches!(expr, Expr::Var(_) | Expr::Get(..) | Expr::Call("getTag", ..))
                        && let Some(Ty::Entity(ty)) = type_of(expr, &side.schema, case.env)
                    {
                        terms.entry(ty).or_default().insert(expr.clone());
                    }
                });
            }
        }
        for (root, ty) in [(Var::Principal, case.env.0), (Var::Resource, case.env.2)] {
            terms.entry(ty).or_default().insert(Expr::Var(root));
        }
        for (ty, entity) in schema.entities.iter().enumerate() {
            let wanted = terms.get(&ty).map_or(0, BTreeSet::len) + slots;
            let enumerated = entity.members.is_some();
            this.exact &= enumerated || wanted <= MOST_FRESH;
            this.fresh.push(if enumerated { 0 } else { wanted.clamp(1, MOST_FRESH) });
        }
        this.keys.sort();
        this.keys.dedup();
        strings.insert("zz".into());
        this.ids = ids.into_iter().map(|ids| ids.into_iter().collect()).collect();
        this.longs = longs.into_iter().collect();
        this.strings = strings.into_iter().collect();
        this.decimals = decimals.into_iter().collect();
        this.ips = ips.into_iter().collect();
        this.datetimes = datetimes.into_iter().collect();
        this.durations = durations.into_iter().collect();
        this
    }
}

/// Whether all there is to this operation is decided within the domain.
fn exact(expr: &Expr, schema: &SchemaSpec, env: Env) -> bool {
    let literal = |expr: &Expr| matches!(expr, Expr::Lit(_));
    let element_is_finite = |expr: &Expr| match type_of(expr, schema, env) {
        Some(Ty::Set(inner)) => finite(&inner, schema),
        _ => false,
    };
    match expr {
        Expr::Like(..) | Expr::Neg(_) | Expr::Bin(Bin::Add | Bin::Sub | Bin::Mul, ..) => false,
        Expr::Bin(Bin::Lt | Bin::Le | Bin::Gt | Bin::Ge, left, right) => literal(left) || literal(right),
        Expr::Bin(Bin::Eq | Bin::Ne, left, right) => {
            if literal(left) || literal(right) {
                return true;
            }
            match type_of(left, schema, env) {
                Some(Ty::Entity(_)) => true,
                Some(ty) => finite(&ty, schema),
                None => matches!(**left, Expr::Var(Var::Action)),
            }
        }
        Expr::Call("contains" | "containsAll" | "containsAny" | "isEmpty", on, _) => element_is_finite(on),
        Expr::Call("hasTag" | "getTag", _, of) => of.iter().all(literal),
        Expr::Call("lessThan" | "lessThanOrEqual" | "greaterThan" | "greaterThanOrEqual", on, of) => {
            literal(on) || of.iter().all(literal)
        }
        Expr::Call(..) => false,
        // Sets that are not written out.
        Expr::Bin(Bin::In, _, right) | Expr::IsIn(_, _, right) => {
            !matches!(type_of(right, schema, env), Some(Ty::Set(_))) || matches!(**right, Expr::Set(_))
        }
        _ => true,
    }
}

fn finite(ty: &Ty, schema: &SchemaSpec) -> bool {
    match ty {
        Ty::Bool => true,
        Ty::Entity(entity) => schema.entities[*entity].members.is_some(),
        Ty::Record(fields) => fields.iter().all(|field| finite(&field.ty, schema)),
        Ty::Set(inner) => matches!(**inner, Ty::Bool | Ty::Entity(_)) && finite(inner, schema),
        _ => false,
    }
}

/// Addresses at the edges of a range, the range itself, and its first half.
fn around(text: &str) -> Vec<String> {
    let (address, bits) =
        text.split_once('/').map_or((text, None), |(address, bits)| (address, bits.parse::<u32>().ok()));
    let mut found = vec![text.to_owned(), address.to_owned()];
    if let Ok(v4) = Ipv4Addr::from_str(address) {
        let (value, bits) = (u32::from(v4), bits.unwrap_or(32));
        let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
        let (first, last) = (value & mask, value | !mask);
        for edge in [first, last, first.wrapping_sub(1), last.wrapping_add(1)] {
            found.push(Ipv4Addr::from(edge).to_string());
        }
        found.push(format!("{}/{}", Ipv4Addr::from(first), (bits + 1).min(32)));
        found.push(format!("{}/{}", Ipv4Addr::from(first), bits.saturating_sub(1)));
    } else if let Ok(v6) = Ipv6Addr::from_str(address) {
        let (value, bits) = (u128::from(v6), bits.unwrap_or(128));
        let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
        let (first, last) = (value & mask, value | !mask);
        for edge in [first, last, first.wrapping_sub(1), last.wrapping_add(1)] {
            found.push(plain_v6(Ipv6Addr::from(edge)));
        }
        found.push(format!("{}/{}", plain_v6(Ipv6Addr::from(first)), (bits + 1).min(128)));
    }
    found
}

/// Cedar takes no IPv4 inside of IPv6, which the standard library writes.
fn plain_v6(address: Ipv6Addr) -> String {
    let groups: Vec<String> = address.segments().iter().map(|group| format!("{group:x}")).collect();
    groups.join(":")
}
