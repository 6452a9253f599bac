//! From Cedar's expressions to nodes.

use cedar_policy_core::ast::{self, BinaryOp, Expr, ExprKind, UnaryOp, Var};

use super::node::{Graph, Node};
use super::operations::call;
use super::value::{Pool, Value};

/// Conditions that nest deeper, chains of `&&` and of `||` counted as one level, are left to Cedar.
const DEEPEST: usize = 200;

/// Where nodes and values go.
pub(super) struct Compiler<'c> {
    pub(super) graph: &'c mut Graph,
    pub(super) pool: &'c mut Pool,
    pub(super) policy: &'c ast::Policy,
}

impl Compiler<'_> {
    /// The node of `expr`; `None` where it cannot be compiled.
    pub(super) fn node(&mut self, expr: &Expr, depth: usize) -> Option<u32> {
        if depth > DEEPEST {
            return None;
        }
        let node = match expr.expr_kind() {
            ExprKind::Lit(literal) => Node::Constant(self.pool.add_literal(literal)),
            ExprKind::Var(Var::Principal) => Node::Principal,
            ExprKind::Var(Var::Action) => Node::Action,
            ExprKind::Var(Var::Resource) => Node::Resource,
            ExprKind::Var(Var::Context) => Node::Context,
            ExprKind::Slot(slot) => Node::Constant(Value::Entity(self.pool.add_entity(self.policy.env().get(slot)?))),
            ExprKind::Unknown(_) => return None,
            ExprKind::If { test_expr, then_expr, else_expr } => Node::If(
                self.node(test_expr, depth + 1)?,
                self.node(then_expr, depth + 1)?,
                self.node(else_expr, depth + 1)?,
            ),
            ExprKind::And { .. } => Node::And(self.chain(expr, true, depth)?),
            ExprKind::Or { .. } => Node::Or(self.chain(expr, false, depth)?),
            ExprKind::UnaryApp { op, arg } => {
                let arg = self.node(arg, depth + 1)?;
                match op {
                    UnaryOp::Not => Node::Not(arg),
                    UnaryOp::Neg => Node::Negative(arg),
                    UnaryOp::IsEmpty => Node::IsEmpty(arg),
                }
            }
            ExprKind::BinaryApp { op, arg1, arg2 } => {
                Node::Binary(*op, self.node(arg1, depth + 1)?, self.node(arg2, depth + 1)?)
            }
            ExprKind::ExtensionFunctionApp { fn_name, args } => {
                let function = self.graph.add_function(fn_name);
                Node::Call(function, self.all(args.iter(), depth)?)
            }
            ExprKind::GetAttr { expr, attr } => {
                let of = self.node(expr, depth + 1)?;
                Node::Get(of, self.pool.add_text(attr))
            }
            ExprKind::HasAttr { expr, attr } => {
                let of = self.node(expr, depth + 1)?;
                Node::Has(of, self.pool.add_text(attr))
            }
            ExprKind::ExtHasAttr { expr, attrs } => {
                let of = self.node(expr, depth + 1)?;
                Node::HasAll(of, attrs.iter().map(|attr| self.pool.add_text(attr)).collect())
            }
            ExprKind::Like { expr, pattern } => {
                let of = self.node(expr, depth + 1)?;
                Node::Like(of, self.graph.add_pattern(pattern))
            }
            ExprKind::Is { expr, entity_type } => {
                let of = self.node(expr, depth + 1)?;
                Node::Is(of, self.pool.add_type(entity_type))
            }
            ExprKind::Set(elements) => Node::Set(self.all(elements.iter(), depth)?),
            ExprKind::Record(fields) => {
                let mut all = Vec::with_capacity(fields.len());
                for (name, value) in fields.iter() {
                    all.push((self.pool.add_text(name), self.node(value, depth + 1)?));
                }
                Node::Record(all.into())
            }
        };
        Some(self.folded(node))
    }

    fn all<'e>(&mut self, exprs: impl Iterator<Item = &'e Expr>, depth: usize) -> Option<Box<[u32]>> {
        exprs.map(|expr| self.node(expr, depth + 1)).collect()
    }

    /// The operands of a chain of `&&`, or of `||`, in the order of evaluation: however it nests, it comes to the same.
    fn chain(&mut self, expr: &Expr, and: bool, depth: usize) -> Option<Box<[u32]>> {
        let (mut open, mut operands) = (vec![expr], Vec::new());
        while let Some(next) = open.pop() {
            match next.expr_kind() {
                ExprKind::And { left, right } if and => open.extend([&**right, &**left]),
                ExprKind::Or { left, right } if !and => open.extend([&**right, &**left]),
                _ => operands.push(self.node(next, depth + 1)?),
            }
        }
        Some(operands.into())
    }

    /// The number of `node`, worked out where it is made of constants.
    fn folded(&mut self, node: Node) -> u32 {
        let constant = |graph: &Graph, number: &u32| match graph.node(*number) {
            Some(Node::Constant(value)) => Some(*value),
            _ => None,
        };
        let graph = &*self.graph;
        let folded = match &node {
            Node::Set(elements) => {
                let values: Option<Vec<_>> = elements.iter().map(|element| constant(graph, element)).collect();
                values.map(|values| Node::Constant(self.pool.add_set(values)))
            }
            Node::Record(fields) => {
                let values = fields.iter().map(|(name, value)| Some((*name, constant(graph, value)?)));
                values.collect::<Option<Vec<_>>>().map(|fields| Node::Constant(self.pool.add_record(fields)))
            }
            Node::Call(function, arguments) => {
                let values: Option<Vec<_>> = arguments.iter().map(|argument| constant(graph, argument)).collect();
                let name = graph.function(*function);
                values.zip(name).map(|(values, name)| call(self.pool, name, &values).map_or(Node::Fail, Node::Constant))
            }
            Node::Negative(of) => match constant(graph, of) {
                Some(Value::Long(number)) => {
                    Some(number.checked_neg().map_or(Node::Fail, |number| Node::Constant(Value::Long(number))))
                }
                _ => None,
            },
            Node::Binary(BinaryOp::Eq, left, right) => constant(graph, left)
                .zip(constant(graph, right))
                .map(|(left, right)| Node::Constant(Value::Bool(left == right))),
            _ => None,
        };
        self.graph.add(folded.unwrap_or(node))
    }
}
