//! The syntax tree that rules walk: Cedar's own, in our words and with places in the file.

use crate::text::Span;

/// An entity written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityLiteral {
    /// Type, with namespace.
    pub ty: String,
    /// Id, unescaped.
    pub id: String,
    /// Where it stands, when Cedar kept the place.
    pub span: Option<Span>,
}

/// How a scope constrains a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeOp {
    /// `==`
    Eq,
    /// `in`, with or without `is`
    In,
}

/// Which variables the scope leaves open: it says nothing of them, or names a type only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Open {
    /// `principal` or `principal is T`
    pub principal: bool,
    /// `action`
    pub action: bool,
    /// `resource` or `resource is T`
    pub resource: bool,
}

/// What a scope says of the principal or the resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bound {
    /// The type that `is` names.
    pub ty: Option<String>,
    /// The entity that `==` or `in` names; none where it is a slot.
    pub entity: Option<(ScopeOp, EntityLiteral)>,
}

/// A policy's scope and condition.
#[derive(Debug, Clone, Default)]
pub struct PolicySyntax {
    /// What the scope leaves open.
    pub open: Open,
    /// Entities in the scope, with how they constrain.
    pub scope: Vec<(ScopeOp, EntityLiteral)>,
    /// What the scope says of the principal.
    pub principal: Bound,
    /// What the scope says of the resource.
    pub resource: Bound,
    /// The conjunction of the `when` clauses and the negated `unless` clauses.
    pub condition: Option<Expr>,
    /// Annotations: key, value, and the place of `@key("value")`.
    pub annotations: Vec<(String, String, Option<Span>)>,
}

impl PolicySyntax {
    /// Where the conjuncts of the condition stand, in the order of the text, as `expression::Piece::conjuncts`
    /// has them: those of `&&`, and below a negation of `||`. None for one whose place Cedar did not keep.
    #[must_use]
    pub fn conjunct_places(&self) -> Vec<Option<Span>> {
        let mut places = Vec::new();
        if let Some(condition) = &self.condition {
            operands(condition, false, &mut places);
        }
        places
    }
}

/// The variables of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variable {
    /// `principal`
    Principal,
    /// `action`
    Action,
    /// `resource`
    Resource,
    /// `context`
    Context,
}

/// An expression and where it stands.
#[derive(Debug, Clone)]
pub struct Expr {
    /// Where, when Cedar kept the place.
    pub span: Option<Span>,
    /// What.
    pub kind: ExprKind,
}

/// Operators with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOp {
    /// `==`
    Eq,
    /// `<`
    Less,
    /// `<=`
    LessEq,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `in`
    In,
    /// `.contains()`
    Contains,
    /// `.containsAll()`
    ContainsAll,
    /// `.containsAny()`
    ContainsAny,
    /// `.getTag()`
    GetTag,
    /// `.hasTag()`
    HasTag,
}

impl BinaryOp {
    /// As written in Cedar.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "==",
            Self::Less => "<",
            Self::LessEq => "<=",
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::In => "in",
            Self::Contains => "contains",
            Self::ContainsAll => "containsAll",
            Self::ContainsAny => "containsAny",
            Self::GetTag => "getTag",
            Self::HasTag => "hasTag",
        }
    }
}

/// Operators with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnaryOp {
    /// `!`
    Not,
    /// `-`
    Neg,
    /// `.isEmpty()`
    IsEmpty,
}

/// A part of a pattern of `like`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatternPart {
    /// Text that stands for itself.
    Text(String),
    /// `*`
    Star,
}

/// The kinds of expression.
#[derive(Debug, Clone)]
pub enum ExprKind {
    /// `true` or `false`
    Bool,
    /// A number.
    Long,
    /// A string, unescaped.
    String(String),
    /// An entity.
    Entity(EntityLiteral),
    /// `principal`, `action`, `resource`, `context`
    Var(Variable),
    /// `?principal`, `?resource`
    Slot,
    /// `if test then yes else no`
    If(Box<[Expr; 3]>),
    /// `&&`
    And(Box<[Expr; 2]>),
    /// `||`
    Or(Box<[Expr; 2]>),
    /// One operand.
    Unary(UnaryOp, Box<Expr>),
    /// Two operands.
    Binary(BinaryOp, Box<[Expr; 2]>),
    /// An extension function or method with its arguments.
    Call(String, Vec<Expr>),
    /// `operand.attribute`
    GetAttr(Box<Expr>, String),
    /// `operand has attribute`; of `operand has a.b`, the first.
    HasAttr(Box<Expr>, String),
    /// `operand like "pattern"`
    Like(Box<Expr>, Vec<PatternPart>),
    /// `operand is Type`
    Is(Box<Expr>),
    /// `[...]`
    Set(Vec<Expr>),
    /// `{...}`
    Record(Vec<(String, Expr)>),
    /// Something that only partial evaluation or a tolerant parser makes.
    Other,
}

impl Expr {
    /// The expressions directly below this one, in the order of the text.
    pub fn children(&self) -> impl Iterator<Item = &Expr> {
        let (fixed, pairs): (&[Expr], &[(String, Expr)]) = match &self.kind {
            ExprKind::If(parts) => (parts.as_slice(), &[]),
            ExprKind::And(parts) | ExprKind::Or(parts) | ExprKind::Binary(_, parts) => (parts.as_slice(), &[]),
            ExprKind::Unary(_, part)
            | ExprKind::GetAttr(part, _)
            | ExprKind::HasAttr(part, _)
            | ExprKind::Like(part, _)
            | ExprKind::Is(part) => (std::slice::from_ref(&**part), &[]),
            ExprKind::Call(_, parts) | ExprKind::Set(parts) => (parts.as_slice(), &[]),
            ExprKind::Record(fields) => (&[], fields.as_slice()),
            ExprKind::Bool
            | ExprKind::Long
            | ExprKind::String(_)
            | ExprKind::Entity(_)
            | ExprKind::Var(_)
            | ExprKind::Slot
            | ExprKind::Other => (&[], &[]),
        };
        fixed.iter().chain(pairs.iter().map(|(_, value)| value))
    }

    /// The reads of attributes and tags in it, in the order of evaluation: what is read of before what is read.
    #[must_use]
    pub fn reads(&self) -> Vec<&Expr> {
        let mut found = Vec::new();
        let mut open = vec![(self, false)];
        while let Some((expr, seen)) = open.pop() {
            if !seen {
                open.push((expr, true));
                let mut below: Vec<_> = expr.children().map(|child| (child, false)).collect();
                below.reverse();
                open.append(&mut below);
            } else if matches!(expr.kind, ExprKind::GetAttr(..) | ExprKind::Binary(BinaryOp::GetTag, _)) {
                found.push(expr);
            }
        }
        found
    }

    /// Calls `visit` for this expression and every one below it, outermost first, in the order of the text.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Expr)) {
        let mut open = vec![self];
        while let Some(expr) = open.pop() {
            visit(expr);
            let mut below: Vec<_> = expr.children().collect();
            below.reverse();
            open.append(&mut below);
        }
    }
}

/// Adds the places of the conjuncts of `expression`, or of its negation.
fn operands(expression: &Expr, negated: bool, places: &mut Vec<Option<Span>>) {
    match (&expression.kind, negated) {
        (ExprKind::And(both), false) | (ExprKind::Or(both), true) => {
            both.iter().for_each(|side| operands(side, negated, places));
        }
        (ExprKind::Unary(UnaryOp::Not, inner), true) => operands(inner, false, places),
        (ExprKind::Unary(UnaryOp::Not, inner), false) => match inner.kind {
            ExprKind::Or(_) | ExprKind::Unary(UnaryOp::Not, _) => operands(inner, true, places),
            _ => places.push(expression.span.or(inner.span)),
        },
        _ => places.push(expression.span),
    }
}
