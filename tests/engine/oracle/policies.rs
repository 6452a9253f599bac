//! Well-typed conditions and policies at random.

use super::syntax::{
    ActionScope, Bin, Env, Expr, Field, Lit, PolicySpec, SchemaSpec, Scope, Target, Ty, Var, bin, boolean, not,
};
use crate::common::rng::Rng;

/// The few constants that the policies of a case share.
#[derive(Clone, Debug)]
pub struct Pool {
    pub longs: Vec<i64>,
    pub strings: Vec<String>,
    pub patterns: Vec<String>,
    pub decimals: Vec<String>,
    pub ips: Vec<String>,
    pub datetimes: Vec<String>,
    pub durations: Vec<String>,
    pub ids: Vec<String>,
    pub keys: Vec<String>,
}

const LONGS: &[i64] = &[0, 1, 2, 3, 5, -1, -2, 10, 100, i64::MAX, i64::MIN, i64::MAX - 1];
const STRINGS: &[&str] = &["", "a", "b", "ab", "aa", "ba", "aba", "*", "a\\b", "\u{e9}", "a b"];
const PATTERNS: &[&str] = &[
    "a*", "*a", "a*a", "*b*", "ab*", "*", "", "a", "*ab", "a*b", "b*", "*b", "*a*b*", "aa*", "a*b*a", "\\*", "a\\**",
    "**", "*a*",
];
const DECIMALS: &[&str] =
    &["0.0", "1.0", "1.5", "-1.0", "0.0001", "-0.0001", "2.5", "922337203685477.5807", "-922337203685477.5808"];
const IPS: &[&str] = &[
    "10.0.0.1",
    "10.0.0.0/8",
    "10.0.0.0/24",
    "10.0.0.1/32",
    "127.0.0.1",
    "127.0.0.0/8",
    "127.0.0.0/4",
    "224.0.0.1",
    "224.0.0.0/4",
    "0.0.0.0/0",
    "255.255.255.255",
    "::1",
    "::/0",
    "ff00::/8",
    "ff02::1",
    "2001:db8::/32",
    "2001:db8::1/128",
    "192.168.0.0/16",
];
const DATETIMES: &[&str] = &[
    "1970-01-01",
    "1970-01-02",
    "1970-01-01T00:00:00.001Z",
    "1969-12-31T23:59:59.999Z",
    "1969-12-31",
    "2024-02-29T12:00:00Z",
    "2024-03-01",
    "9999-12-31T23:59:59Z",
];
const DURATIONS: &[&str] = &[
    "0ms",
    "1ms",
    "-1ms",
    "1s",
    "1h",
    "23h59m",
    "1d",
    "-1d",
    "1d1ms",
    "2d",
    "60s",
    "9223372036854775807ms",
    "-9223372036854775808ms",
];

impl Pool {
    pub fn new(rng: &mut Rng) -> Self {
        fn some<T: ToOwned + ?Sized>(rng: &mut Rng, all: &[&T], count: usize) -> Vec<T::Owned> {
            // The first ones are plain and more likely.
            (0..count)
                .map(|_| {
                    let span = if rng.percent(60) { all.len().div_ceil(2) } else { all.len() };
                    all[rng.below(span)].to_owned()
                })
                .collect()
        }
        let longs: Vec<&i64> = LONGS.iter().collect();
        Pool {
            longs: some(rng, &longs, 3),
            strings: some(rng, STRINGS, 3),
            patterns: some(rng, PATTERNS, 4),
            decimals: some(rng, DECIMALS, 3),
            ips: some(rng, IPS, 4),
            datetimes: some(rng, DATETIMES, 3),
            durations: some(rng, DURATIONS, 3),
            ids: some(rng, &["a", "b", "c", "", "x y"], 2),
            keys: some(rng, &["k", "l", "", "a"], 2),
        }
    }

    pub fn id(&self, rng: &mut Rng, schema: &SchemaSpec, entity: usize) -> String {
        match &schema.entities[entity].members {
            Some(members) => rng.pick(members).clone(),
            None => rng.pick(&self.ids).clone(),
        }
    }

    /// A constant of a type that has some.
    pub fn literal(&self, rng: &mut Rng, schema: &SchemaSpec, ty: &Ty) -> Option<Lit> {
        Some(match ty {
            Ty::Bool => Lit::Bool(rng.percent(50)),
            Ty::Long => {
                let value = *rng.pick(&self.longs);
                Lit::Long(match rng.below(8) {
                    0 => value.saturating_add(1),
                    1 => value.saturating_sub(1),
                    _ => value,
                })
            }
            Ty::Str => Lit::Str(rng.pick(&self.strings).clone()),
            Ty::Decimal => Lit::Ext("decimal", rng.pick(&self.decimals).clone()),
            Ty::Ip => Lit::Ext("ip", rng.pick(&self.ips).clone()),
            Ty::Datetime => Lit::Ext("datetime", rng.pick(&self.datetimes).clone()),
            Ty::Duration => Lit::Ext("duration", rng.pick(&self.durations).clone()),
            Ty::Entity(entity) => Lit::Entity(*entity, self.id(rng, schema, *entity)),
            Ty::Set(_) | Ty::Record(_) => return None,
        })
    }
}

/// A place in the request or its entities, and what must be asked before reading it.
#[derive(Clone, Debug)]
struct Path {
    expr: Expr,
    ty: Ty,
    guards: Vec<Expr>,
}

pub struct Gen<'a> {
    rng: &'a mut Rng,
    schema: &'a SchemaSpec,
    pool: &'a Pool,
    env: Env,
    paths: Vec<Path>,
    /// What the atom in the making must ask first.
    guards: Vec<Expr>,
}

fn get(expr: &Expr, name: &str) -> Expr {
    Expr::Get(Box::new(expr.clone()), name.to_owned())
}

fn has(expr: &Expr, name: &str) -> Expr {
    Expr::Has(Box::new(expr.clone()), vec![name.to_owned()])
}

impl<'a> Gen<'a> {
    pub fn new(rng: &'a mut Rng, schema: &'a SchemaSpec, pool: &'a Pool, env: Env) -> Self {
        let mut this = Gen { rng, schema, pool, env, paths: Vec::new(), guards: Vec::new() };
        let root = |var, ty| Path { expr: Expr::Var(var), ty: Ty::Entity(ty), guards: Vec::new() };
        let context = &schema.actions[env.1].context;
        let roots = vec![
            Path { expr: Expr::Var(Var::Context), ty: Ty::Record(context.clone()), guards: Vec::new() },
            root(Var::Principal, env.0),
            root(Var::Resource, env.2),
        ];
        for path in roots {
            this.walk(path, 3);
        }
        this
    }

    fn walk(&mut self, path: Path, depth: usize) {
        let schema = self.schema;
        let fields: &[Field] = match &path.ty {
            Ty::Entity(entity) => &schema.entities[*entity].attrs,
            Ty::Record(fields) => fields,
            _ => &[],
        };
        if depth > 0 {
            for field in fields {
                let mut guards = path.guards.clone();
                if !field.required {
                    guards.push(has(&path.expr, &field.name));
                }
                self.walk(Path { expr: get(&path.expr, &field.name), ty: field.ty.clone(), guards }, depth - 1);
            }
            if let Ty::Entity(entity) = &path.ty
                && let Some(tags) = &schema.entities[*entity].tags
            {
                let constant = |key: String| (Expr::Lit(Lit::Str(key)), Vec::new());
                let mut keys: Vec<_> = self.pool.keys.iter().cloned().map(constant).collect();
                // A key that is not known: another place.
                let other = self.paths.iter().find(|other| other.ty == Ty::Str);
                keys.extend(other.map(|other| (other.expr.clone(), other.guards.clone())));
                for (key, asked) in keys {
                    let mut guards = path.guards.clone();
                    guards.extend(asked);
                    guards.push(Expr::Call("hasTag", Box::new(path.expr.clone()), vec![key.clone()]));
                    let expr = Expr::Call("getTag", Box::new(path.expr.clone()), vec![key]);
                    self.walk(Path { expr, ty: tags.clone(), guards }, depth - 1);
                }
            }
        }
        self.paths.push(path);
    }

    fn path_where(&mut self, fits: impl Fn(&Ty) -> bool) -> Option<(Expr, Ty)> {
        let at: Vec<usize> = (0..self.paths.len()).filter(|at| fits(&self.paths[*at].ty)).collect();
        if at.is_empty() {
            return None;
        }
        let path = self.paths[*self.rng.pick(&at)].clone();
        for guard in path.guards {
            if !self.guards.contains(&guard) {
                self.guards.push(guard);
            }
        }
        Some((path.expr, path.ty))
    }

    fn path(&mut self, ty: &Ty) -> Option<Expr> {
        self.path_where(|other| other == ty).map(|(expr, _)| expr)
    }

    /// A constant expression of the type.
    fn constant(&mut self, ty: &Ty) -> Expr {
        if let Some(lit) = self.pool.literal(self.rng, self.schema, ty) {
            return Expr::Lit(lit);
        }
        match ty {
            Ty::Set(inner) => {
                let count = 1 + self.rng.weighted(&[5, 4, 1]);
                Expr::Set((0..count).map(|_| self.constant(inner)).collect())
            }
            Ty::Record(fields) => {
                let fields: Vec<_> = fields.iter().filter(|field| field.required || self.rng.percent(50)).collect();
                Expr::Record(fields.iter().map(|field| (field.name.clone(), self.constant(&field.ty))).collect())
            }
            _ => unreachable!("every other type has literals"),
        }
    }

    /// Something of the type: mostly a place, else a constant or a composition.
    fn value(&mut self, ty: &Ty, depth: usize) -> Expr {
        if self.rng.percent(45)
            && let Some(path) = self.path(ty)
        {
            return path;
        }
        if depth == 0 || self.rng.percent(50) {
            return self.constant(ty);
        }
        if self.rng.percent(10) {
            let (then, other) = (self.value(ty, depth - 1), self.value(ty, depth - 1));
            return Expr::If(Box::new(self.atom(depth - 1)), Box::new(then), Box::new(other));
        }
        let next = depth - 1;
        let call = |name, on: Expr, arguments| Expr::Call(name, Box::new(on), arguments);
        match ty {
            Ty::Bool => self.atom(next),
            Ty::Long => match self.rng.below(11) {
                0..=2 => bin(Bin::Add, self.value(ty, next), self.value(ty, next)),
                3..=5 => bin(Bin::Sub, self.value(ty, next), self.value(ty, next)),
                6 | 7 => bin(Bin::Mul, self.constant(ty), self.value(ty, next)),
                8 => bin(Bin::Mul, self.value(ty, next), self.value(ty, next)),
                9 => Expr::Neg(Box::new(self.value(ty, next))),
                _ => match self.path(&Ty::Duration) {
                    Some(duration) => {
                        let to = *self.rng.pick(&["toDays", "toHours", "toMinutes", "toSeconds", "toMilliseconds"]);
                        call(to, duration, Vec::new())
                    }
                    None => self.constant(ty),
                },
            },
            Ty::Datetime => match self.rng.below(3) {
                0 => call("toDate", self.value(ty, next), Vec::new()),
                _ => call("offset", self.value(ty, next), vec![self.value(&Ty::Duration, next)]),
            },
            Ty::Duration => match self.path(&Ty::Datetime) {
                Some(at) if self.rng.percent(50) => call("durationSince", at, vec![self.value(&Ty::Datetime, next)]),
                Some(at) => call("toTime", at, Vec::new()),
                None => self.constant(ty),
            },
            Ty::Set(inner) => {
                let count = 1 + self.rng.below(2);
                Expr::Set((0..count).map(|_| self.value(inner, next)).collect())
            }
            Ty::Record(fields) => {
                let fields: Vec<_> =
                    fields.iter().filter(|field| field.required || self.rng.percent(50)).cloned().collect();
                Expr::Record(fields.iter().map(|field| (field.name.clone(), self.value(&field.ty, next))).collect())
            }
            _ => self.constant(ty),
        }
    }

    /// Something to compare `left` with: seldom itself.
    fn other(&mut self, left: &Expr, ty: &Ty, depth: usize) -> Expr {
        let guards = self.guards.clone();
        for _ in 0..4 {
            let right = self.value(ty, depth);
            if right != *left || self.rng.percent(10) {
                return right;
            }
            self.guards.clone_from(&guards);
        }
        self.constant(ty)
    }

    /// A boolean without `&&` and `||` outside of its guards.
    pub fn atom(&mut self, depth: usize) -> Expr {
        let outer = std::mem::take(&mut self.guards);
        let atom = self.bare(depth);
        let mut guards = std::mem::replace(&mut self.guards, outer);
        self.join(&mut guards);
        guards.into_iter().rev().fold(atom, |rest, guard| bin(Bin::And, guard, rest))
    }

    /// Now and then `x has a && x.a has b` becomes `x has a.b`.
    fn join(&mut self, guards: &mut Vec<Expr>) {
        if guards.len() < 2 || !self.rng.percent(40) {
            return;
        }
        for at in 0..guards.len() - 1 {
            if let (Expr::Has(outer, first), Expr::Has(inner, second)) = (&guards[at], &guards[at + 1])
                && let Expr::Get(from, name) = &**inner
                && from == outer
                && first.as_slice() == std::slice::from_ref(name)
                && !name.contains(' ')
                && second.iter().all(|name| !name.contains(' '))
            {
                let names = first.iter().chain(second).cloned().collect();
                guards[at] = Expr::Has(outer.clone(), names);
                guards.remove(at + 1);
                return;
            }
        }
    }

    fn bare(&mut self, depth: usize) -> Expr {
        // A place decides what can be asked of it; the entity itself is asked less often than what it holds.
        let deep = self.rng.percent(75);
        let place = self.path_where(|ty| !deep || !matches!(ty, Ty::Entity(_) | Ty::Record(_)));
        let Some((expr, ty)) = place.or_else(|| self.path_where(|_| true)) else { return boolean(true) };
        if self.rng.percent(8)
            && let Some(atom) = self.presence()
        {
            return atom;
        }
        if self.rng.percent(3) {
            return self.action();
        }
        let next = depth.saturating_sub(1);
        let call = |name, on: Expr, arguments| Expr::Call(name, Box::new(on), arguments);
        let equality = if self.rng.percent(75) { Bin::Eq } else { Bin::Ne };
        match &ty {
            Ty::Bool if self.rng.percent(80) => expr,
            Ty::Long if self.rng.percent(80) => {
                let op = *self.rng.pick(&[Bin::Lt, Bin::Le, Bin::Gt, Bin::Ge]);
                let left = if self.rng.percent(30) { self.value(&ty, depth) } else { expr };
                let right = self.other(&left, &ty, next);
                bin(op, left, right)
            }
            Ty::Str if self.rng.percent(60) => Expr::Like(Box::new(expr), self.rng.pick(&self.pool.patterns).clone()),
            Ty::Decimal if self.rng.percent(75) => {
                let op = *self.rng.pick(&["lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual"]);
                let right = self.other(&expr, &ty, next);
                call(op, expr, vec![right])
            }
            Ty::Ip if self.rng.percent(85) => match self.rng.below(8) {
                0 => call("isIpv4", expr, Vec::new()),
                1 => call("isIpv6", expr, Vec::new()),
                2 => call("isLoopback", expr, Vec::new()),
                3 => call("isMulticast", expr, Vec::new()),
                _ => {
                    let range = self.other(&expr, &ty, next);
                    if self.rng.percent(15) {
                        call("isInRange", range, vec![expr])
                    } else {
                        call("isInRange", expr, vec![range])
                    }
                }
            },
            Ty::Duration if self.rng.percent(20) => {
                let to = *self.rng.pick(&["toDays", "toHours", "toMinutes", "toSeconds", "toMilliseconds"]);
                let op = *self.rng.pick(&[Bin::Lt, Bin::Le, Bin::Gt, Bin::Ge, Bin::Eq]);
                bin(op, call(to, expr, Vec::new()), self.constant(&Ty::Long))
            }
            Ty::Datetime if self.rng.percent(15) => {
                let op = *self.rng.pick(&[Bin::Lt, Bin::Ge, Bin::Eq]);
                bin(op, call("toTime", expr, Vec::new()), self.constant(&Ty::Duration))
            }
            Ty::Datetime | Ty::Duration if self.rng.percent(80) => {
                let op = *self.rng.pick(&[Bin::Lt, Bin::Le, Bin::Gt, Bin::Ge]);
                let left = if self.rng.percent(30) { self.value(&ty, depth) } else { expr };
                let right = self.other(&left, &ty, next);
                bin(op, left, right)
            }
            Ty::Entity(entity) => self.entity_atom(expr, *entity, equality, next),
            Ty::Set(inner) => match self.rng.below(10) {
                0..=3 => call("contains", expr, vec![self.value(inner, next)]),
                method @ 4..=7 => {
                    let right = self.other(&expr, &ty, next.max(1));
                    call(if method < 6 { "containsAll" } else { "containsAny" }, expr, vec![right])
                }
                8 => call("isEmpty", expr, Vec::new()),
                _ => {
                    let right = self.other(&expr, &ty, next);
                    bin(equality, expr, right)
                }
            },
            Ty::Record(_) if expr == Expr::Var(Var::Context) => boolean(true),
            _ => {
                let right = self.other(&expr, &ty, next);
                bin(equality, expr, right)
            }
        }
    }

    fn entity_atom(&mut self, expr: Expr, entity: usize, equality: Bin, depth: usize) -> Expr {
        let ancestors = self.schema.ancestors(entity);
        if !ancestors.is_empty() && self.rng.percent(22) {
            return self.chain(expr, &ancestors, depth);
        }
        match self.rng.below(12) {
            0 => Expr::Is(
                Box::new(expr),
                if self.rng.percent(70) { entity } else { self.rng.below(self.schema.entities.len()) },
            ),
            1 if !ancestors.is_empty() => {
                let above = *self.rng.pick(&ancestors);
                let above = self.value(&Ty::Entity(above), depth);
                Expr::IsIn(Box::new(expr), entity, Box::new(above))
            }
            2..=8 if !ancestors.is_empty() => {
                let above = if self.rng.percent(10) { entity } else { *self.rng.pick(&ancestors) };
                let set = Ty::Set(Box::new(Ty::Entity(above)));
                let right = match self.rng.below(10) {
                    0 | 1 => self.constant(&set),
                    2 => self.value(&set, depth),
                    _ => self.value(&Ty::Entity(above), depth),
                };
                bin(Bin::In, expr, right)
            }
            9 => {
                let set = Ty::Set(Box::new(Ty::Entity(entity)));
                bin(Bin::In, expr, self.constant(&set))
            }
            _ => {
                let right = self.other(&expr, &Ty::Entity(entity), depth);
                bin(equality, expr, right)
            }
        }
    }

    /// `a in b && b in c`.
    fn chain(&mut self, expr: Expr, ancestors: &[usize], depth: usize) -> Expr {
        let middle = *self.rng.pick(ancestors);
        let between = self.value(&Ty::Entity(middle), depth);
        let mut above = self.schema.ancestors(middle);
        above.push(middle);
        // Now and then in a circle.
        let top = if middle != *self.rng.pick(&above) || self.rng.percent(85) {
            let top = *self.rng.pick(&above);
            self.value(&Ty::Entity(top), depth)
        } else {
            expr.clone()
        };
        bin(Bin::And, bin(Bin::In, expr, between.clone()), bin(Bin::In, between, top))
    }

    /// Whether an attribute or a tag is there.
    fn presence(&mut self) -> Option<Expr> {
        let mut found = Vec::new();
        for path in &self.paths {
            match &path.ty {
                Ty::Entity(entity) => {
                    let fields = &self.schema.entities[*entity].attrs;
                    found.extend(fields.iter().map(|field| (path.clone(), Some(field.clone()))));
                    if self.schema.entities[*entity].tags.is_some() {
                        found.push((path.clone(), None));
                    }
                }
                Ty::Record(fields) => found.extend(fields.iter().map(|field| (path.clone(), Some(field.clone())))),
                _ => {}
            }
        }
        if found.is_empty() {
            return None;
        }
        let (path, field) = self.rng.pick(&found).clone();
        self.guards = path.guards;
        Some(match field {
            None => {
                let key = self.value(&Ty::Str, 0);
                Expr::Call("hasTag", Box::new(path.expr), vec![key])
            }
            Some(field) => match &field.ty {
                // `has a.b` also where nothing was asked of `a`.
                Ty::Record(inner)
                    if !inner.is_empty()
                        && !field.name.contains(' ')
                        && inner.iter().all(|field| !field.name.contains(' ')) =>
                {
                    let name = self.rng.pick(inner).name.clone();
                    Expr::Has(Box::new(path.expr), vec![field.name, name])
                }
                _ => has(&path.expr, &field.name),
            },
        })
    }

    fn action(&mut self) -> Expr {
        let action = Expr::Var(Var::Action);
        let names: Vec<String> = self.schema.actions.iter().map(|action| action.name.clone()).collect();
        if self.schema.groups.is_empty() || self.rng.percent(40) {
            return bin(Bin::Eq, action, Expr::Lit(Lit::Action(self.rng.pick(&names).clone())));
        }
        let group = Expr::Lit(Lit::Action(self.rng.pick(&self.schema.groups).0.clone()));
        bin(Bin::In, action, if self.rng.percent(30) { Expr::Set(vec![group]) } else { group })
    }

    /// A condition of some size.
    pub fn condition(&mut self, depth: usize) -> Expr {
        if depth == 0 {
            return self.atom(2);
        }
        match self.rng.weighted(&[40, 24, 18, 12, 6]) {
            0 => self.atom(2),
            1 => bin(Bin::And, self.condition(depth - 1), self.condition(depth - 1)),
            2 => bin(Bin::Or, self.condition(depth - 1), self.condition(depth - 1)),
            3 => not(self.condition(depth - 1)),
            _ => Expr::If(
                Box::new(self.condition(depth - 1)),
                Box::new(self.condition(depth - 1)),
                Box::new(self.condition(depth - 1)),
            ),
        }
    }

    fn scope(&mut self, entity: usize, several: bool) -> Scope {
        let ancestors = self.schema.ancestors(entity);
        let id = |this: &mut Self, ty| Target::Entity(ty, this.pool.id(this.rng, this.schema, ty));
        let narrow = self.rng.below(100);
        if narrow < 12 {
            return Scope::Eq(id(self, entity));
        }
        if narrow < 30 && !ancestors.is_empty() {
            let above = *self.rng.pick(&ancestors);
            let target = id(self, above);
            return if several || self.rng.percent(30) { Scope::IsIn(entity, target) } else { Scope::In(target) };
        }
        if (several && narrow < 95) || narrow < 40 { Scope::Is(entity) } else { Scope::Any }
    }

    pub fn policy(&mut self, depth: usize) -> PolicySpec {
        let spec = &self.schema.actions[self.env.1];
        let (several_p, several_r) = (spec.principals.len() > 1, spec.resources.len() > 1);
        let mut principal = self.scope(self.env.0, several_p || self.schema.actions.len() > 1);
        let mut resource = self.scope(self.env.2, several_r || self.schema.actions.len() > 1);
        let name = spec.name.clone();
        let mut names = vec![name.clone()];
        names.extend(spec.groups.iter().cloned());
        let several = self.schema.actions.len() > 1;
        let action = match self.rng.below(100) {
            0..15 => ActionScope::In(vec![self.rng.pick(&names).clone()]),
            15..20 => ActionScope::In(vec![name, self.rng.pick(&self.schema.actions).name.clone()]),
            20..50 => ActionScope::Eq(name),
            _ if several => ActionScope::Eq(name),
            _ => ActionScope::Any,
        };
        let mut link = None;
        if self.rng.percent(12) {
            let fill = |this: &mut Self, scope: &mut Scope, entity: usize| {
                let mut likely = this.schema.ancestors(entity);
                likely.push(entity);
                match scope {
                    Scope::Eq(target) | Scope::In(target) | Scope::IsIn(_, target) => *target = Target::Slot,
                    Scope::Is(ty) => *scope = Scope::IsIn(*ty, Target::Slot),
                    Scope::Any if this.rng.percent(50) => *scope = Scope::In(Target::Slot),
                    Scope::Any => *scope = Scope::Eq(Target::Slot),
                }
                let ty = if matches!(scope, Scope::Eq(_)) { entity } else { *this.rng.pick(&likely) };
                Some((ty, this.pool.id(this.rng, this.schema, ty)))
            };
            let (p, r) = *self.rng.pick(&[(true, false), (false, true), (true, true)]);
            let values = [
                if p { fill(self, &mut principal, self.env.0) } else { None },
                if r { fill(self, &mut resource, self.env.2) } else { None },
            ];
            if self.rng.percent(60) {
                link = Some(values);
            }
        }
        let mut conditions = Vec::new();
        if self.rng.percent(92) {
            let expr = self.condition(depth);
            let when = self.rng.percent(85);
            conditions.push((when, expr));
            if self.rng.percent(12) {
                conditions.push((self.rng.percent(50), self.atom(1)));
            }
        }
        PolicySpec { permit: self.rng.percent(70), principal, action, resource, conditions, link }
    }
}
