//! What is left to ask of a context that is not known, as Cedar's expression.

use cedar_policy_core::ast::{self, BinaryOp, Expr};

use super::evaluator::Evaluator;
use super::node::Node;
use super::policies::Policies;

impl Evaluator<'_> {
    /// What is left, as Cedar's expression.
    pub(in crate::decide) fn expression(&self, node: u32, policies: &Policies) -> Expr {
        let of = |node: &u32| self.expression(*node, policies);
        let text = |number: &u32| self.pool.text(*number).into();
        // An overflow errs whatever else there is.
        let fail = || {
            let sum = Expr::binary_app(BinaryOp::Add, Expr::val(i64::MAX), Expr::val(1));
            Expr::is_eq(sum, Expr::val(0))
        };
        match self.left.node(node) {
            Some(Node::Constant(value)) => self.pool.expression(*value).unwrap_or_else(fail),
            Some(Node::Fail) | None => fail(),
            Some(Node::Principal) => Expr::var(ast::Var::Principal),
            Some(Node::Action) => Expr::var(ast::Var::Action),
            Some(Node::Resource) => Expr::var(ast::Var::Resource),
            Some(Node::Context) => Expr::var(ast::Var::Context),
            Some(Node::If(test, yes, no)) => Expr::ite(of(test), of(yes), of(no)),
            Some(Node::And(all)) => joined(all.iter().map(of), true),
            Some(Node::Or(all)) => joined(all.iter().map(of), false),
            Some(Node::Not(one)) => Expr::not(of(one)),
            Some(Node::Negative(one)) => Expr::neg(of(one)),
            Some(Node::IsEmpty(one)) => Expr::is_empty(of(one)),
            Some(Node::Binary(op, left, right)) => Expr::binary_app(*op, of(left), of(right)),
            Some(Node::Get(one, name)) => Expr::get_attr(of(one), text(name)),
            Some(Node::Has(one, name)) => Expr::has_attr(of(one), text(name)),
            Some(Node::HasAll(one, names)) => match names.split_first() {
                Some((first, rest)) => {
                    let rest: Vec<_> = rest.iter().map(text).collect();
                    Expr::extended_has_attr(of(one), (text(first), rest).into())
                }
                None => fail(),
            },
            Some(Node::Like(one, pattern)) => match policies.graph.pattern(*pattern) {
                Some(pattern) => Expr::like(of(one), pattern.clone()),
                None => fail(),
            },
            Some(Node::Is(one, ty)) => match self.pool.entity_type(*ty) {
                Some(ty) => Expr::is_entity_type(of(one), ty.clone()),
                None => fail(),
            },
            Some(Node::Set(all)) => Expr::set(all.iter().map(of)),
            Some(Node::Record(fields)) => {
                let fields = fields.iter().map(|(name, value)| (text(name), of(value)));
                Expr::record(fields).unwrap_or_else(|_| fail())
            }
            Some(Node::Call(function, arguments)) => match policies.graph.function(*function) {
                Some(name) => Expr::call_extension_fn(name.clone(), arguments.iter().map(of).collect()),
                None => fail(),
            },
        }
    }
}

/// A chain of one asks besides that it be a truth value.
fn joined(mut all: impl Iterator<Item = Expr>, and: bool) -> Expr {
    let Some(first) = all.next() else { return Expr::val(and) };
    let join = |left, right| if and { Expr::and(left, right) } else { Expr::or(left, right) };
    let Some(second) = all.next() else { return join(Expr::val(and), first) };
    all.fold(join(first, second), join)
}
