//! What needs the insides of Cedar's policies: conditions taken apart, operands evaluated, values put into words.

use std::ops::Range;
use std::sync::Arc;

use cedar_policy::{Entities, Policy, Request};
use cedar_policy_core::ast::{
    ActionConstraint, BinaryOp, EntityReference, EntityUID, Expr, ExprBuilder, ExprKind, Literal,
    PrincipalOrResourceConstraint, SlotEnv, SlotId, UnaryOp, Value, ValueKind,
};
use cedar_policy_core::entities::Dereference;
use cedar_policy_core::evaluator::{EvaluationError, Evaluator};
use cedar_policy_core::expr_builder::ExprBuilder as _;
use cedar_policy_core::extensions::Extensions;
use cedar_policy_core::parser::Loc;

use super::condition::{Clause, Condition, Inner, Node, Shape};
use super::scope::Variable;
use super::times::readable;
use super::values::Truth;

/// An expression of Cedar's.
#[derive(Debug, Clone)]
pub(super) struct Term(Expr);

impl Term {
    pub(super) fn span(&self) -> Option<Range<usize>> {
        self.0.source_loc().map(range)
    }

    pub(super) fn text(&self) -> String {
        written(&self.0)
    }
}

/// The condition of `policy`.
pub(super) fn condition(policy: &Policy) -> Condition {
    let policy: &cedar_policy_core::ast::Policy = policy.as_ref();
    let mut condition = Condition::default();
    let Some(whole) = policy.non_scope_constraints() else { return condition };
    // Cedar puts clauses together with `&&` that have the place of the whole policy.
    let joins = |expr: &Expr| policy.loc().is_some() && same_place(expr.source_loc(), policy.loc());
    let mut clauses = Vec::new();
    let mut rest = whole;
    while let ExprKind::And { left, right } = rest.expr_kind() {
        if !joins(rest) {
            break;
        }
        clauses.push(&**left);
        rest = right;
    }
    clauses.push(rest);
    let mut joined = Vec::new();
    for clause in clauses {
        let node = add(&mut condition, clause);
        let unless = clause.source_loc().and_then(Loc::snippet).is_some_and(|text| text.starts_with("unless"));
        let inner = match (unless, condition.shape(node)) {
            (true, Shape::Not(inner)) => Clause { node: inner, unless },
            _ => Clause { node, unless: false },
        };
        condition.clauses.push(inner);
        joined.push(node);
    }
    let last = joined.pop();
    condition.root = joined.into_iter().rev().fold(last, |right, left| {
        let right = right?;
        condition.nodes.push(Node { shape: Shape::And(left, right), term: Term(whole.clone()), inner: Vec::new() });
        Some(condition.nodes.len() - 1)
    });
    condition
}

/// Adds `expr` and what is below it; gives its index.
fn add(condition: &mut Condition, expr: &Expr) -> usize {
    let shape = match expr.expr_kind() {
        ExprKind::Lit(Literal::Bool(value)) => Shape::Literal(*value),
        ExprKind::And { left, right } if !is_in(expr, left, right) => {
            let left = add(condition, left);
            Shape::And(left, add(condition, right))
        }
        ExprKind::Or { left, right } => {
            let left = add(condition, left);
            Shape::Or(left, add(condition, right))
        }
        ExprKind::UnaryApp { op: UnaryOp::Not, arg } if !compares(expr, arg) => Shape::Not(add(condition, arg)),
        ExprKind::If { test_expr, then_expr, else_expr } => {
            let test = add(condition, test_expr);
            let yes = add(condition, then_expr);
            Shape::If(test, yes, add(condition, else_expr))
        }
        _ => Shape::Leaf,
    };
    let inner = if shape == Shape::Leaf { inner(condition, expr) } else { Vec::new() };
    condition.nodes.push(Node { shape, term: Term(expr.clone()), inner });
    condition.nodes.len() - 1
}

/// More conditions inside of one operand than this are not looked at.
const INNER: usize = 64;

/// Adds the conditions inside of `operand`: the tests of `if`, and `&&`, `||` and `!`.
fn inner(condition: &mut Condition, operand: &Expr) -> Vec<Inner> {
    let mut found = Vec::new();
    parts(operand).into_iter().for_each(|part| roots(part, &mut found));
    // Slots have no values here, and a condition has none of its own.
    let probe = Expr::slot(SlotId::principal());
    let (yes, no) = (Expr::val(true), Expr::val(false));
    let with = |root: &Expr, by: &Expr| Term(replaced(operand, root, by).unwrap_or_else(|| operand.clone()));
    let one = |root: &Expr| Inner {
        node: add(condition, root),
        with_true: with(root, &yes),
        with_false: with(root, &no),
        with_probe: with(root, &probe),
    };
    found.into_iter().map(one).collect()
}

/// The outermost conditions in `expr`, in the order of evaluation.
fn roots<'e>(expr: &'e Expr, found: &mut Vec<&'e Expr>) {
    let root = match expr.expr_kind() {
        ExprKind::If { test_expr, .. } => Some(&**test_expr),
        ExprKind::And { left, right } if is_in(expr, left, right) => None,
        ExprKind::UnaryApp { op: UnaryOp::Not, arg } if compares(expr, arg) => None,
        ExprKind::And { .. } | ExprKind::Or { .. } | ExprKind::UnaryApp { op: UnaryOp::Not, .. } => Some(expr),
        _ => None,
    };
    // `x is T in y` holds `x` twice.
    if let Some(root) =
        root.filter(|root| found.len() < INNER && !found.iter().any(|known| std::ptr::eq(*known, *root)))
    {
        found.push(root);
    }
    match expr.expr_kind() {
        ExprKind::If { then_expr, else_expr, .. } => {
            [then_expr, else_expr].into_iter().for_each(|part| roots(part, found))
        }
        _ if root.is_some() => {}
        _ => parts(expr).into_iter().for_each(|part| roots(part, found)),
    }
}

/// The expressions directly below `expr`, in the order of evaluation.
fn parts(expr: &Expr) -> Vec<&Expr> {
    match expr.expr_kind() {
        ExprKind::If { test_expr, then_expr, else_expr } => vec![test_expr, then_expr, else_expr],
        ExprKind::And { left, right } | ExprKind::Or { left, right } => vec![left, right],
        ExprKind::UnaryApp { arg, .. } => vec![arg],
        ExprKind::BinaryApp { arg1, arg2, .. } => vec![arg1, arg2],
        ExprKind::ExtensionFunctionApp { args, .. } => args.iter().collect(),
        ExprKind::GetAttr { expr, .. } | ExprKind::HasAttr { expr, .. } | ExprKind::ExtHasAttr { expr, .. } => {
            vec![expr]
        }
        ExprKind::Like { expr, .. } | ExprKind::Is { expr, .. } => vec![expr],
        ExprKind::Set(elements) => elements.iter().collect(),
        ExprKind::Record(fields) => fields.values().collect(),
        ExprKind::Lit(_) | ExprKind::Var(_) | ExprKind::Slot(_) | ExprKind::Unknown(_) => Vec::new(),
    }
}

/// `expr` with `by` in the place of `target`, a part of it; none when it is none.
fn replaced(expr: &Expr, target: &Expr, by: &Expr) -> Option<Expr> {
    if std::ptr::eq(expr, target) {
        return Some(by.clone());
    }
    let below: Vec<Option<Expr>> = parts(expr).into_iter().map(|part| replaced(part, target, by)).collect();
    below.iter().any(Option::is_some).then_some(())?;
    let mut below = below.into_iter();
    let mut next = |part: &Expr| below.next().flatten().unwrap_or_else(|| part.clone());
    let mut shared = |part: &Expr| Arc::new(next(part));
    let kind = match expr.expr_kind() {
        ExprKind::If { test_expr, then_expr, else_expr } => {
            ExprKind::If { test_expr: shared(test_expr), then_expr: shared(then_expr), else_expr: shared(else_expr) }
        }
        ExprKind::And { left, right } => ExprKind::And { left: shared(left), right: shared(right) },
        ExprKind::Or { left, right } => ExprKind::Or { left: shared(left), right: shared(right) },
        ExprKind::UnaryApp { op, arg } => ExprKind::UnaryApp { op: *op, arg: shared(arg) },
        ExprKind::BinaryApp { op, arg1, arg2 } => {
            ExprKind::BinaryApp { op: *op, arg1: shared(arg1), arg2: shared(arg2) }
        }
        ExprKind::ExtensionFunctionApp { fn_name, args } => {
            let args = args.iter().map(next).collect();
            ExprKind::ExtensionFunctionApp { fn_name: fn_name.clone(), args: Arc::new(args) }
        }
        ExprKind::GetAttr { expr, attr } => ExprKind::GetAttr { expr: shared(expr), attr: attr.clone() },
        ExprKind::HasAttr { expr, attr } => ExprKind::HasAttr { expr: shared(expr), attr: attr.clone() },
        ExprKind::ExtHasAttr { expr, attrs } => ExprKind::ExtHasAttr { expr: shared(expr), attrs: attrs.clone() },
        ExprKind::Like { expr, pattern } => ExprKind::Like { expr: shared(expr), pattern: pattern.clone() },
        ExprKind::Is { expr, entity_type } => ExprKind::Is { expr: shared(expr), entity_type: entity_type.clone() },
        ExprKind::Set(elements) => ExprKind::Set(Arc::new(elements.iter().map(next).collect())),
        ExprKind::Record(fields) => {
            let fields = fields.iter().map(|(key, value)| (key.clone(), next(value))).collect();
            ExprKind::Record(Arc::new(fields))
        }
        kind @ (ExprKind::Lit(_) | ExprKind::Var(_) | ExprKind::Slot(_) | ExprKind::Unknown(_)) => kind.clone(),
    };
    Some(ExprBuilder::new().with_maybe_source_loc(expr.source_loc()).with_expr_kind(kind))
}

/// `x is T in y`, which Cedar takes for `x is T && x in y`.
fn is_in(whole: &Expr, left: &Expr, right: &Expr) -> bool {
    matches!(left.expr_kind(), ExprKind::Is { .. })
        && matches!(right.expr_kind(), ExprKind::BinaryApp { op: BinaryOp::In, .. })
        && [left, right].into_iter().all(|part| same_place(part.source_loc(), whole.source_loc()))
}

/// `!=`, `>` and `>=`, which Cedar takes for the negation of the opposite.
fn compares(whole: &Expr, arg: &Expr) -> bool {
    matches!(arg.expr_kind(), ExprKind::BinaryApp { op: BinaryOp::Eq | BinaryOp::Less | BinaryOp::LessEq, .. })
        && same_place(arg.source_loc(), whole.source_loc())
}

fn same_place(one: Option<&Loc>, other: Option<&Loc>) -> bool {
    one.map(range) == other.map(range)
}

fn range(loc: &Loc) -> Range<usize> {
    loc.start()..loc.end()
}

fn written(expr: &Expr) -> String {
    match expr.source_loc().and_then(Loc::snippet) {
        Some(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        None => expr.to_string(),
    }
}

/// Where `policy` says what it says of `variable`, when Cedar kept the place.
pub(super) fn scope_span(policy: &Policy, variable: Variable) -> Option<Range<usize>> {
    let policy: &cedar_policy_core::ast::Policy = policy.as_ref();
    let of = |constraint: &PrincipalOrResourceConstraint| match constraint {
        PrincipalOrResourceConstraint::Eq(reference)
        | PrincipalOrResourceConstraint::In(reference)
        | PrincipalOrResourceConstraint::IsIn(_, reference) => match reference {
            EntityReference::EUID(uid) => uid.loc().map(range),
            EntityReference::Slot(loc) => loc.as_ref().map(range),
        },
        PrincipalOrResourceConstraint::Any | PrincipalOrResourceConstraint::Is(_) => None,
    };
    match variable {
        Variable::Principal => of(policy.template().principal_constraint().as_inner()),
        Variable::Resource => of(policy.template().resource_constraint().as_inner()),
        Variable::Action => match policy.action_constraint() {
            ActionConstraint::Eq(uid) => uid.loc().map(range),
            ActionConstraint::In(uids) => {
                let (first, last) = (uids.first()?.loc()?, uids.last()?.loc()?);
                Some(first.start()..last.end())
            }
            ActionConstraint::Any => None,
        },
    }
}

/// A request with its entities.
pub struct World<'e> {
    evaluator: Evaluator<'e>,
    entities: &'e Entities,
}

impl<'e> World<'e> {
    /// The world in which `request` is made.
    #[must_use]
    pub fn new(request: &Request, entities: &'e Entities) -> Self {
        let request: &cedar_policy_core::ast::Request = request.as_ref();
        let evaluator = Evaluator::new(request.clone(), entities.as_ref(), Extensions::all_available());
        Self { evaluator, entities }
    }

    pub(super) fn truth(&self, term: &Term) -> Truth {
        match self.value(&term.0).as_ref().map(Value::value_kind) {
            Ok(ValueKind::Lit(Literal::Bool(true))) => Truth::True,
            Ok(ValueKind::Lit(Literal::Bool(false))) => Truth::False,
            _ => Truth::Error,
        }
    }

    /// Whether Cedar comes to the condition that `inner` is about when it evaluates the operand around it.
    pub(super) fn reaches(&self, inner: &Inner) -> bool {
        let value = self.evaluator.interpret(&inner.with_probe.0, &SlotEnv::new());
        matches!(value, Err(EvaluationError::UnlinkedSlot(_)))
    }

    /// Conditions hold no slots; those of templates are in the scope.
    fn value(&self, expr: &Expr) -> Result<Value, String> {
        self.evaluator.interpret(expr, &SlotEnv::new()).map_err(|error| error.to_string())
    }

    /// Why `term` has no truth value, in Cedar's words.
    pub(super) fn error(&self, term: &Term) -> String {
        let asked = Expr::and(Expr::val(true), term.0.clone());
        self.value(&asked).err().unwrap_or_default()
    }

    /// What explains that `term` is `truth`: sentences such as "`context.network` is Network::"known"". None where its
    /// text says it all.
    pub(super) fn facts(&self, term: &Term, truth: Truth) -> Vec<String> {
        if truth == Truth::Error {
            return Vec::new();
        }
        let whole = match term.0.expr_kind() {
            ExprKind::UnaryApp { op: UnaryOp::Not, arg } => arg,
            _ => &term.0,
        };
        let says = |part| self.says(part, whole);
        match whole.expr_kind() {
            ExprKind::HasAttr { .. } | ExprKind::ExtHasAttr { .. } if truth == Truth::True => Vec::new(),
            ExprKind::HasAttr { expr, attr } => self.has(expr, whole, attr).into_iter().collect(),
            ExprKind::ExtHasAttr { expr, attrs } => {
                let attrs: Vec<_> = attrs.iter().map(|attr| attr.as_str()).collect();
                self.has(expr, whole, &attrs.join(".")).into_iter().collect()
            }
            ExprKind::BinaryApp { op: BinaryOp::In, arg1, arg2 } => {
                [self.standing(arg1, whole), says(arg2)].into_iter().flatten().collect()
            }
            ExprKind::And { left, .. } => match left.expr_kind() {
                ExprKind::Is { expr, .. } => self.standing(expr, whole).into_iter().collect(),
                _ => Vec::new(),
            },
            ExprKind::BinaryApp { arg1, arg2, .. } => [says(arg1), says(arg2)].into_iter().flatten().collect(),
            ExprKind::ExtensionFunctionApp { args, .. } => args.iter().filter_map(says).collect(),
            ExprKind::Like { expr, .. } | ExprKind::Is { expr, .. } => says(expr).into_iter().collect(),
            ExprKind::UnaryApp { op: UnaryOp::IsEmpty, arg } => says(arg).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// "`x` is 3" of a part of `whole`; nothing for what says it itself, and for what fails.
    fn says(&self, part: &Expr, whole: &Expr) -> Option<String> {
        let depends = part.subexpressions().any(|part| matches!(part.expr_kind(), ExprKind::Var(_)));
        let value = depends.then(|| self.value(part).ok()).flatten()?;
        Some(format!("{} is {}", quoted(part, whole), shown(&value)))
    }

    fn has(&self, part: &Expr, whole: &Expr, attrs: &str) -> Option<String> {
        let there = self.value(part).ok()?;
        let what = quoted(part, whole);
        Some(match there.value_kind() {
            ValueKind::Lit(Literal::EntityUID(uid)) if self.missing(uid) => {
                format!("{what} is {uid}, which is not among the entities")
            }
            _ => format!("{what} has no `{attrs}`"),
        })
    }

    fn missing(&self, uid: &EntityUID) -> bool {
        let entities: &cedar_policy_core::entities::Entities = self.entities.as_ref();
        matches!(entities.entity(uid), Dereference::NoSuchEntity)
    }

    /// What an entity is and what it is in.
    fn standing(&self, part: &Expr, whole: &Expr) -> Option<String> {
        let value = self.value(part).ok()?;
        let ValueKind::Lit(Literal::EntityUID(uid)) = value.value_kind() else { return self.says(part, whole) };
        let above = self.above(uid);
        Some(match part.expr_kind() {
            ExprKind::Lit(_) => format!("{uid} is {above}"),
            _ => format!("{} is {uid}, which is {above}", quoted(part, whole)),
        })
    }

    /// "in A, B" of the principal or resource of `request`.
    pub(super) fn standing_of(&self, request: &Request, variable: Variable) -> Option<String> {
        let uid = match variable {
            Variable::Principal => request.principal()?,
            Variable::Resource => request.resource()?,
            Variable::Action => return None,
        };
        Some(self.above(uid.as_ref()))
    }

    /// "in A, B" of the entity `uid`.
    fn above(&self, uid: &EntityUID) -> String {
        let entities: &cedar_policy_core::entities::Entities = self.entities.as_ref();
        let Dereference::Data(entity) = entities.entity(uid) else {
            return "not among the entities".to_owned();
        };
        let mut above: Vec<String> = entity.ancestors().map(ToString::to_string).collect();
        above.sort();
        match above.as_slice() {
            [] => "in nothing".to_owned(),
            names if names.len() > MOST => {
                let first: Vec<_> = names.iter().take(MOST).cloned().collect();
                format!("in {} and {} more", first.join(", "), names.len() - MOST)
            }
            names => format!("in {}", names.join(", ")),
        }
    }
}

/// More groups, elements or fields than this are not listed.
const MOST: usize = 5;

/// Longer values are cut, in characters.
const LONGEST: usize = 100;

fn shown(value: &Value) -> String {
    use cedar_policy_core::ast::BoundedToString;
    cut(&readable(&BoundedToString::to_string(value, Some(MOST))))
}

/// A part of `whole` as written. Cedar gives what a method is called on the place of the whole call.
fn quoted(part: &Expr, whole: &Expr) -> String {
    let text = if same_place(part.source_loc(), whole.source_loc()) { part.to_string() } else { written(part) };
    format!("`{}`", cut(&text))
}

/// `text`, or its beginning when it is long.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
