//! Expressions, by what the evaluator does with them.

use cedar_policy_core::ast::{Expr, ExprKind, Literal, Var};
use cedar_policy_symcc::SymEnv;
use cedar_policy_symcc::bitvec::BitVec;
use cedar_policy_symcc::term::Term;
use cedar_policy_symcc::term_factory::string_like;
use cedar_policy_symcc::term_type::TermType;
use cedar_policy_symcc::type_abbrevs::{SIXTY_FOUR, core_entity_type_into_entity_type, core_uid_into_uid};

use super::value::{Cases, Value, choose};
use super::{attributes, extension, operators};

/// What expressions are read in.
pub(super) struct Scope<'s> {
    /// symcc's variables and functions.
    pub(super) symbols: &'s SymEnv,
}

impl<'s> Scope<'s> {
    /// Over `symbols`.
    pub(super) fn new(symbols: &'s SymEnv) -> Self {
        Self { symbols }
    }
}

/// What the expression comes to.
pub(super) fn cases_of(expr: &Expr, scope: &Scope<'_>) -> Cases {
    let of = |expr: &Expr| cases_of(expr, scope);
    match expr.expr_kind() {
        ExprKind::Lit(literal) => Cases::from(constant(literal, scope)),
        ExprKind::Var(variable) => Cases::from(Value::Term(match variable {
            Var::Principal => scope.symbols.request.principal.clone(),
            Var::Action => scope.symbols.request.action.clone(),
            Var::Resource => scope.symbols.request.resource.clone(),
            Var::Context => scope.symbols.request.context.clone(),
        })),
        ExprKind::If { test_expr, then_expr, else_expr } => {
            on_boolean(of(test_expr), |test| choose(test, || of(then_expr), || of(else_expr)))
        }
        ExprKind::And { left, right } => {
            on_boolean(of(left), |left| choose(left, || of(right).booleans(), || Cases::from(Value::of(false))))
        }
        ExprKind::Or { left, right } => {
            on_boolean(of(left), |left| choose(left, || Cases::from(Value::of(true)), || of(right).booleans()))
        }
        ExprKind::UnaryApp { op, arg } => of(arg).then(|value| operators::unary(*op, &value)),
        ExprKind::BinaryApp { op, arg1, arg2 } => {
            of(arg1).with(of(arg2), |one, two| operators::binary(*op, one, two, scope.symbols))
        }
        ExprKind::GetAttr { expr, attr } => of(expr).then(|value| attributes::get(&value, attr, scope.symbols)),
        ExprKind::HasAttr { expr, attr } => {
            of(expr).then(|value| attributes::has(&value, std::slice::from_ref(attr), scope.symbols))
        }
        ExprKind::ExtHasAttr { expr, attrs } => {
            let attrs: Vec<_> = attrs.iter().cloned().collect();
            of(expr).then(|value| attributes::has(&value, &attrs, scope.symbols))
        }
        ExprKind::Like { expr, pattern } => of(expr).then(|value| match value {
            Value::Term(text) if text.type_of() == TermType::String => {
                Cases::from(Value::Term(string_like(text, pattern.clone().into())))
            }
            _ => Cases::error(),
        }),
        ExprKind::Is { expr, entity_type } => of(expr).then(|value| {
            let wanted = core_entity_type_into_entity_type(entity_type);
            match value {
                Value::Term(term) => match term.type_of() {
                    TermType::Entity { ety } => Cases::from(Value::of(ety == *wanted)),
                    _ => Cases::error(),
                },
                Value::Nobody(uid) => Cases::from(Value::of(uid.type_name() == wanted)),
                _ => Cases::error(),
            }
        }),
        ExprKind::Set(elements) => {
            Cases::all(elements.iter().map(of).collect(), |values| Cases::from(Value::set(values)))
        }
        ExprKind::Record(fields) => {
            let names: Vec<_> = fields.keys().cloned().collect();
            Cases::all(fields.values().map(of).collect(), |values| {
                Cases::from(Value::record(names.iter().cloned().zip(values).collect()))
            })
        }
        ExprKind::ExtensionFunctionApp { fn_name, args } => {
            let name = fn_name.to_string();
            Cases::all(args.iter().map(of).collect(), |values| extension::call(&name, fn_name, &values))
        }
        _ => Cases::from(Value::Beyond("it has a part that is no Cedar expression by itself")),
    }
}

/// What `next` makes of a boolean; an error where it is none.
fn on_boolean(cases: Cases, next: impl FnOnce(&Term) -> Cases) -> Cases {
    let cases = cases.booleans();
    let (defined, value) = cases.boolean();
    let mut all = Cases::error();
    if defined != false.into() {
        all.take(&defined, next(&value));
    }
    if let Some((guard, why)) = cases.beyond_when() {
        all.take(&guard, Cases::from(Value::Beyond(why)));
    }
    all
}

fn constant(literal: &Literal, scope: &Scope<'_>) -> Value {
    match literal {
        Literal::Bool(value) => Value::of(*value),
        Literal::Long(value) => Value::Term(BitVec::of_i128(SIXTY_FOUR, i128::from(*value)).into()),
        Literal::String(text) => Value::Term(text.clone().into()),
        Literal::EntityUID(uid) => {
            let uid = core_uid_into_uid(uid);
            if scope.symbols.entities.is_valid_entity_uid(uid) {
                Value::Term(uid.clone().into())
            } else {
                Value::Nobody(uid.clone())
            }
        }
    }
}
