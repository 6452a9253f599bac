//! Schemas and policies as plain trees: what the generator makes, mutates and shrinks, and Cedar's text of it.

use std::fmt::Write;

/// A type of Cedar; entity types are indices into [`SchemaSpec::entities`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ty {
    Bool,
    Long,
    Str,
    Decimal,
    Ip,
    Datetime,
    Duration,
    Entity(usize),
    Set(Box<Ty>),
    Record(Vec<Field>),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Field {
    pub name: String,
    pub ty: Ty,
    pub required: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityType {
    pub name: String,
    /// The ids of an enumerated type.
    pub members: Option<Vec<String>>,
    pub parents: Vec<usize>,
    pub attrs: Vec<Field>,
    pub tags: Option<Ty>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionSpec {
    pub name: String,
    pub groups: Vec<String>,
    pub principals: Vec<usize>,
    pub resources: Vec<usize>,
    pub context: Vec<Field>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaSpec {
    pub namespace: Option<String>,
    pub entities: Vec<EntityType>,
    /// Action groups and the groups they are in.
    pub groups: Vec<(String, Vec<String>)>,
    pub actions: Vec<ActionSpec>,
}

/// Principal type, index of the action, resource type.
pub type Env = (usize, usize, usize);

impl SchemaSpec {
    pub fn environments(&self) -> Vec<Env> {
        let mut found = Vec::new();
        for (index, action) in self.actions.iter().enumerate() {
            for principal in &action.principals {
                found.extend(action.resources.iter().map(|resource| (*principal, index, *resource)));
            }
        }
        found
    }

    fn qualified(&self, name: &str) -> String {
        self.namespace.as_ref().map_or_else(|| name.to_owned(), |namespace| format!("{namespace}::{name}"))
    }

    pub fn type_name(&self, entity: usize) -> String {
        self.qualified(&self.entities[entity].name)
    }

    pub fn entity_uid(&self, entity: usize, id: &str) -> String {
        format!("{}::{}", self.type_name(entity), quoted(id))
    }

    pub fn action_uid(&self, id: &str) -> String {
        format!("{}::{}", self.qualified("Action"), quoted(id))
    }

    pub fn ty_text(&self, ty: &Ty) -> String {
        match ty {
            Ty::Bool => "Bool".into(),
            Ty::Long => "Long".into(),
            Ty::Str => "String".into(),
            Ty::Decimal => "decimal".into(),
            Ty::Ip => "ipaddr".into(),
            Ty::Datetime => "datetime".into(),
            Ty::Duration => "duration".into(),
            Ty::Entity(entity) => self.type_name(*entity),
            Ty::Set(inner) => format!("Set<{}>", self.ty_text(inner)),
            Ty::Record(fields) => self.fields_text(fields),
        }
    }

    pub fn fields_text(&self, fields: &[Field]) -> String {
        let each = |field: &Field| {
            format!("{}{}: {}", quoted(&field.name), if field.required { "" } else { "?" }, self.ty_text(&field.ty))
        };
        format!("{{ {} }}", fields.iter().map(each).collect::<Vec<_>>().join(", "))
    }

    /// The schema in Cedar's syntax.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if let Some(namespace) = &self.namespace {
            writeln!(text, "namespace {namespace} {{").unwrap();
        }
        for entity in &self.entities {
            write!(text, "entity {}", entity.name).unwrap();
            if let Some(members) = &entity.members {
                let ids: Vec<_> = members.iter().map(|id| quoted(id)).collect();
                writeln!(text, " enum [{}];", ids.join(", ")).unwrap();
                continue;
            }
            if !entity.parents.is_empty() {
                let parents: Vec<_> = entity.parents.iter().map(|parent| self.type_name(*parent)).collect();
                write!(text, " in [{}]", parents.join(", ")).unwrap();
            }
            write!(text, " {}", self.fields_text(&entity.attrs)).unwrap();
            if let Some(tags) = &entity.tags {
                write!(text, " tags {}", self.ty_text(tags)).unwrap();
            }
            writeln!(text, ";").unwrap();
        }
        let names = |ids: &[String]| ids.iter().map(|id| quoted(id)).collect::<Vec<_>>().join(", ");
        for (group, above) in &self.groups {
            if above.is_empty() {
                writeln!(text, "action {};", quoted(group)).unwrap();
            } else {
                writeln!(text, "action {} in [{}];", quoted(group), names(above)).unwrap();
            }
        }
        for action in &self.actions {
            write!(text, "action {}", quoted(&action.name)).unwrap();
            if !action.groups.is_empty() {
                write!(text, " in [{}]", names(&action.groups)).unwrap();
            }
            let types = |types: &[usize]| types.iter().map(|ty| self.type_name(*ty)).collect::<Vec<_>>().join(", ");
            writeln!(
                text,
                " appliesTo {{ principal: [{}], resource: [{}], context: {} }};",
                types(&action.principals),
                types(&action.resources),
                self.fields_text(&action.context)
            )
            .unwrap();
        }
        if self.namespace.is_some() {
            writeln!(text, "}}").unwrap();
        }
        text
    }

    /// The entity types that `in` can hold of: this one, and its ancestors.
    pub fn with_ancestors(&self, entity: usize) -> Vec<usize> {
        let mut found = self.ancestors(entity);
        found.push(entity);
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The entity types that entities of this one can be in, itself among them only when it says so.
    pub fn ancestors(&self, entity: usize) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        let mut open = self.entities[entity].parents.clone();
        while let Some(next) = open.pop() {
            if !found.contains(&next) {
                found.push(next);
                open.extend(&self.entities[next].parents);
            }
        }
        found
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Var {
    Principal,
    Action,
    Resource,
    Context,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lit {
    Bool(bool),
    Long(i64),
    Str(String),
    Entity(usize, String),
    Action(String),
    /// The function's name and its argument.
    Ext(&'static str, String),
    /// An expression as written.
    Raw(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bin {
    And,
    Or,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Add,
    Sub,
    Mul,
    In,
}

impl Bin {
    pub fn text(self) -> &'static str {
        match self {
            Bin::And => "&&",
            Bin::Or => "||",
            Bin::Eq => "==",
            Bin::Ne => "!=",
            Bin::Lt => "<",
            Bin::Le => "<=",
            Bin::Gt => ">",
            Bin::Ge => ">=",
            Bin::Add => "+",
            Bin::Sub => "-",
            Bin::Mul => "*",
            Bin::In => "in",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expr {
    Lit(Lit),
    Var(Var),
    Get(Box<Expr>, String),
    Has(Box<Expr>, Vec<String>),
    Not(Box<Expr>),
    Neg(Box<Expr>),
    Bin(Bin, Box<Expr>, Box<Expr>),
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// The pattern as written between the quotes.
    Like(Box<Expr>, String),
    Is(Box<Expr>, usize),
    IsIn(Box<Expr>, usize, Box<Expr>),
    Call(&'static str, Box<Expr>, Vec<Expr>),
    Set(Vec<Expr>),
    Record(Vec<(String, Expr)>),
}

pub fn bin(op: Bin, left: Expr, right: Expr) -> Expr {
    Expr::Bin(op, Box::new(left), Box::new(right))
}

pub fn not(inner: Expr) -> Expr {
    Expr::Not(Box::new(inner))
}

pub fn boolean(value: bool) -> Expr {
    Expr::Lit(Lit::Bool(value))
}

impl Expr {
    pub fn children(&self) -> Vec<&Expr> {
        match self {
            Expr::Lit(_) | Expr::Var(_) => Vec::new(),
            Expr::Get(a, _) | Expr::Has(a, _) | Expr::Not(a) | Expr::Neg(a) | Expr::Like(a, _) | Expr::Is(a, _) => {
                vec![a]
            }
            Expr::Bin(_, a, b) | Expr::IsIn(a, _, b) => vec![a, b],
            Expr::If(a, b, c) => vec![a, b, c],
            Expr::Call(_, a, rest) => std::iter::once(&**a).chain(rest).collect(),
            Expr::Set(all) => all.iter().collect(),
            Expr::Record(all) => all.iter().map(|(_, value)| value).collect(),
        }
    }

    pub fn children_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            Expr::Lit(_) | Expr::Var(_) => Vec::new(),
            Expr::Get(a, _) | Expr::Has(a, _) | Expr::Not(a) | Expr::Neg(a) | Expr::Like(a, _) | Expr::Is(a, _) => {
                vec![a]
            }
            Expr::Bin(_, a, b) | Expr::IsIn(a, _, b) => vec![a, b],
            Expr::If(a, b, c) => vec![a, b, c],
            Expr::Call(_, a, rest) => std::iter::once(&mut **a).chain(rest).collect(),
            Expr::Set(all) => all.iter_mut().collect(),
            Expr::Record(all) => all.iter_mut().map(|(_, value)| value).collect(),
        }
    }

    /// This expression and all inside.
    pub fn visit<'a>(&'a self, see: &mut dyn FnMut(&'a Expr)) {
        see(self);
        for child in self.children() {
            child.visit(see);
        }
    }

    /// Changes this expression and all inside, from the outside in.
    pub fn visit_mut(&mut self, change: &mut dyn FnMut(&mut Expr)) {
        change(self);
        for child in self.children_mut() {
            child.visit_mut(change);
        }
    }

    pub fn text(&self, schema: &SchemaSpec) -> String {
        let show = |expr: &Expr| expr.text(schema);
        let list = |all: &[Expr]| all.iter().map(show).collect::<Vec<_>>().join(", ");
        match self {
            Expr::Lit(lit) => match lit {
                Lit::Bool(value) => value.to_string(),
                Lit::Long(value) => value.to_string(),
                Lit::Str(value) => quoted(value),
                Lit::Entity(ty, id) => schema.entity_uid(*ty, id),
                Lit::Action(id) => schema.action_uid(id),
                Lit::Ext(function, argument) => format!("{function}({})", quoted(argument)),
                Lit::Raw(text) => text.clone(),
            },
            Expr::Var(var) => match var {
                Var::Principal => "principal",
                Var::Action => "action",
                Var::Resource => "resource",
                Var::Context => "context",
            }
            .to_owned(),
            Expr::Get(inner, name) => {
                if plain(name) {
                    format!("{}.{name}", show(inner))
                } else {
                    format!("{}[{}]", show(inner), quoted(name))
                }
            }
            Expr::Has(inner, names) => match names.as_slice() {
                [name] if !plain(name) => format!("({} has {})", show(inner), quoted(name)),
                names => format!("({} has {})", show(inner), names.join(".")),
            },
            Expr::Not(inner) => format!("!({})", show(inner)),
            Expr::Neg(inner) => format!("-({})", show(inner)),
            Expr::Bin(op, left, right) => format!("({} {} {})", show(left), op.text(), show(right)),
            Expr::If(test, then, other) => format!("(if {} then {} else {})", show(test), show(then), show(other)),
            Expr::Like(inner, pattern) => format!("({} like \"{pattern}\")", show(inner)),
            Expr::Is(inner, ty) => format!("({} is {})", show(inner), schema.type_name(*ty)),
            Expr::IsIn(inner, ty, above) => {
                format!("({} is {} in {})", show(inner), schema.type_name(*ty), show(above))
            }
            Expr::Call(method, on, arguments) => format!("{}.{method}({})", receiver(on, schema), list(arguments)),
            Expr::Set(all) => format!("[{}]", list(all)),
            Expr::Record(all) => {
                let fields: Vec<_> =
                    all.iter().map(|(name, value)| format!("{}: {}", quoted(name), show(value))).collect();
                format!("{{{}}}", fields.join(", "))
            }
        }
    }
}

/// A negative number before a dot would be the negation of what follows.
fn receiver(expr: &Expr, schema: &SchemaSpec) -> String {
    match expr {
        Expr::Lit(Lit::Long(_)) | Expr::Neg(_) | Expr::Not(_) => format!("({})", expr.text(schema)),
        _ => expr.text(schema),
    }
}

fn plain(name: &str) -> bool {
    let reserved = ["true", "false", "if", "then", "else", "in", "is", "like", "has"];
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !reserved.contains(&name)
}

pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => write!(out, "\\u{{{:x}}}", c as u32).unwrap(),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// An entity in a scope, or the slot of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Entity(usize, String),
    Slot,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    Any,
    Eq(Target),
    In(Target),
    Is(usize),
    IsIn(usize, Target),
}

impl Scope {
    pub fn target(&self) -> Option<&Target> {
        match self {
            Scope::Any | Scope::Is(_) => None,
            Scope::Eq(target) | Scope::In(target) | Scope::IsIn(_, target) => Some(target),
        }
    }

    pub fn has_slot(&self) -> bool {
        self.target() == Some(&Target::Slot)
    }

    /// The types that a slot here can have so that an entity of type `of` meets the constraint; never none.
    pub fn slot_types(&self, schema: &SchemaSpec, of: usize) -> Vec<usize> {
        match self {
            Scope::In(_) => schema.with_ancestors(of),
            Scope::IsIn(ty, _) if *ty == of => schema.with_ancestors(of),
            _ => vec![of],
        }
    }

    /// The constraint as a condition, `slot` standing for the slot.
    pub fn condition(&self, var: Var, slot: Option<&Expr>) -> Expr {
        let value = |target: &Target| match target {
            Target::Entity(ty, id) => Box::new(Expr::Lit(Lit::Entity(*ty, id.clone()))),
            Target::Slot => Box::new(slot.expect("the slot is filled").clone()),
        };
        let var = Box::new(Expr::Var(var));
        match self {
            Scope::Any => boolean(true),
            Scope::Eq(target) => Expr::Bin(Bin::Eq, var, value(target)),
            Scope::In(target) => Expr::Bin(Bin::In, var, value(target)),
            Scope::Is(ty) => Expr::Is(var, *ty),
            Scope::IsIn(ty, target) => Expr::IsIn(var, *ty, value(target)),
        }
    }

    fn text(&self, var: &str, schema: &SchemaSpec) -> String {
        let value = |target: &Target| match target {
            Target::Entity(ty, id) => schema.entity_uid(*ty, id),
            Target::Slot => format!("?{var}"),
        };
        match self {
            Scope::Any => var.to_owned(),
            Scope::Eq(target) => format!("{var} == {}", value(target)),
            Scope::In(target) => format!("{var} in {}", value(target)),
            Scope::Is(ty) => format!("{var} is {}", schema.type_name(*ty)),
            Scope::IsIn(ty, target) => format!("{var} is {} in {}", schema.type_name(*ty), value(target)),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionScope {
    Any,
    Eq(String),
    In(Vec<String>),
}

/// A policy; a template when a scope has a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicySpec {
    pub permit: bool,
    pub principal: Scope,
    pub action: ActionScope,
    pub resource: Scope,
    /// Conditions and whether they are `when`.
    pub conditions: Vec<(bool, Expr)>,
    /// For a template, what its link puts into the slots; none makes it a template without link.
    pub link: Option<[Option<(usize, String)>; 2]>,
}

impl PolicySpec {
    pub fn is_template(&self) -> bool {
        self.principal.has_slot() || self.resource.has_slot()
    }

    pub fn is_open(&self) -> bool {
        self.is_template() && self.link.is_none()
    }

    /// All in one condition, scopes of principal and resource excepted.
    pub fn condition(&self) -> Expr {
        let mut all = self.conditions.iter().map(|(when, expr)| if *when { expr.clone() } else { not(expr.clone()) });
        let first = all.next().unwrap_or_else(|| boolean(true));
        all.fold(first, |left, right| bin(Bin::And, left, right))
    }

    pub fn text(&self, schema: &SchemaSpec) -> String {
        let action = match &self.action {
            ActionScope::Any => "action".to_owned(),
            ActionScope::Eq(id) => format!("action == {}", schema.action_uid(id)),
            ActionScope::In(ids) => match ids.as_slice() {
                [id] => format!("action in {}", schema.action_uid(id)),
                ids => {
                    format!("action in [{}]", ids.iter().map(|id| schema.action_uid(id)).collect::<Vec<_>>().join(", "))
                }
            },
        };
        let mut text = format!(
            "{}({}, {action}, {})",
            if self.permit { "permit" } else { "forbid" },
            self.principal.text("principal", schema),
            self.resource.text("resource", schema),
        );
        for (when, expr) in &self.conditions {
            write!(text, "\n  {} {{ {} }}", if *when { "when" } else { "unless" }, expr.text(schema)).unwrap();
        }
        text.push(';');
        text
    }
}
