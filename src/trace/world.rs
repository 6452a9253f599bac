//! A request with its entities: operands evaluated, values put into words.

use std::ops::Range;

use cedar_policy::{Entities, Request};
use cedar_policy_core::ast::{BinaryOp, EntityUID, Expr, ExprKind, Literal, SlotEnv, UnaryOp, Value, ValueKind};
use cedar_policy_core::entities::Dereference;
use cedar_policy_core::evaluator::{EvaluationError, Evaluator};
use cedar_policy_core::extensions::Extensions;

use super::condition::Condition;
use super::scope::Variable;
use super::term::{Term, cut, parts, range, same_place, written};
use super::times::readable;
use super::truth::Truth;

/// An expression inside of a condition, and what it comes to by itself, whether or not Cedar comes to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Where it stands in the policy's text, when Cedar kept the place.
    pub span: Option<Range<usize>>,
    /// As written, on one line.
    pub text: String,
    /// Its value as Cedar writes it, or why it has none, in Cedar's words.
    pub value: Result<String, String>,
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

    /// What `term` comes to.
    pub(super) fn truth(&self, term: &Term) -> Truth {
        match self.value(&term.0).as_ref().map(Value::value_kind) {
            Ok(ValueKind::Lit(Literal::Bool(true))) => Truth::True,
            Ok(ValueKind::Lit(Literal::Bool(false))) => Truth::False,
            _ => Truth::Error,
        }
    }

    /// The expressions of `condition`, literals and variables aside, at most `most` of them, by place. A method call
    /// has the place of what it is called on within its own, so that a shorter one comes first.
    pub(super) fn parts(&self, condition: &Condition, most: usize) -> Vec<Part> {
        let mut found: Vec<Part> = Vec::new();
        let mut open: Vec<&Expr> = condition.root().into_iter().map(|term| &term.0).collect();
        while let Some(expr) = open.pop() {
            open.extend(parts(expr));
            let plain = matches!(expr.expr_kind(), ExprKind::Lit(_) | ExprKind::Var(_) | ExprKind::Slot(_));
            if plain || found.len() >= most {
                continue;
            }
            let part = Part {
                span: expr.source_loc().map(range),
                text: expr.to_string(),
                value: self.value(expr).map(|value| value.to_string()),
            };
            if !found.contains(&part) {
                found.push(part);
            }
        }
        found.sort_by_key(|part| part.span.as_ref().map(|span| (span.start, span.end)));
        found
    }

    /// Whether Cedar comes to the slot in `term`, which has no value, when it evaluates `term`.
    pub(super) fn reaches_slot(&self, term: &Term) -> bool {
        let value = self.evaluator.interpret(&term.0, &SlotEnv::new());
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

fn shown(value: &Value) -> String {
    use cedar_policy_core::ast::BoundedToString;
    cut(&readable(&BoundedToString::to_string(value, Some(MOST))))
}

/// A part of `whole` as written. Cedar gives what a method is called on the place of the whole call.
fn quoted(part: &Expr, whole: &Expr) -> String {
    let text = if same_place(part.source_loc(), whole.source_loc()) { part.to_string() } else { written(part) };
    format!("`{}`", cut(&text))
}
