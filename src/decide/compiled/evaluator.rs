//! Nodes evaluated for one request, each that is shared once.
//!
//! # Why
//!
//! Where the context is not known its node stands for itself, and what hangs on it becomes a node of another graph:
//! what is left to ask of the context. An operand that errs where it is not sure that it is evaluated is kept as a
//! node that errs, so that what is left errs exactly where the whole does.

use std::borrow::Cow;

use cedar_policy_core::ast;

use super::gaps::{Gaps, Missing};
use super::node::{BinaryOp, Graph, Node};
use super::operations::{attribute, binary, call, elements, has, has_all};
use super::plain::Plain;
use super::policies::Policies;
use super::value::{Field, Pool, Value};
use super::world::{World, field};

/// Who does what to what, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::decide) struct Ask {
    pub(in crate::decide) principal: u32,
    pub(in crate::decide) action: u32,
    pub(in crate::decide) resource: u32,
    /// A record, or [`Value::Open`] where it is not known.
    pub(in crate::decide) context: Value,
}

/// A context of which attributes are asked for.
#[derive(Debug)]
enum Given {
    /// None, or one that is taken in whole.
    Nothing,
    Cedar(ast::Context),
    /// The attributes that anything asks for, in the order of their names' numbers.
    Plain(Vec<Field>),
}

/// One thread's evaluation of one request after the other.
#[derive(Debug)]
pub(in crate::decide) struct Evaluator<'p> {
    policies: &'p Policies,
    /// Values that requests bring along.
    pub(in crate::decide) pool: Pool,
    /// What is left to ask of a context that is not known.
    pub(in crate::decide) left: Graph,
    ask: Ask,
    /// The context of the request, as long as only attributes of it were asked for.
    given: Given,
    /// Room for the next one.
    plain: Vec<Field>,
    /// What nodes came to, with the number of the request for which they did.
    memo: Vec<(u32, Option<Value>)>,
    request: u32,
    /// What is not known of the request besides its context.
    gaps: Gaps,
    /// The entities of the request, where it brings its own.
    own: Option<World>,
    /// The first thing that was asked for and is not known, since this was last taken.
    missing: Option<Missing>,
}

impl<'p> Evaluator<'p> {
    pub(in crate::decide) fn new(policies: &'p Policies) -> Self {
        let mut left = Graph::default();
        let context = Value::Open(left.add(Node::Context));
        Self {
            policies,
            pool: Pool::new(Some(policies.pool.clone())),
            left,
            ask: Ask { principal: 0, action: 0, resource: 0, context },
            given: Given::Nothing,
            plain: Vec::new(),
            memo: vec![(0, None); policies.graph.len()],
            request: 0,
            gaps: Gaps::default(),
            own: None,
            missing: None,
        }
    }

    /// What is known of the requests from now on, and the entities that they bring along.
    pub(super) fn know(&mut self, gaps: Gaps, own: Option<World>) {
        self.gaps = gaps;
        self.own = own;
        self.missing = None;
    }

    /// The first thing that was asked for and is not known, since this was last called.
    pub(super) fn take_missing(&mut self) -> Option<Missing> {
        self.missing.take()
    }

    /// The entities that there are.
    pub(super) fn world(&self) -> &World {
        self.own.as_ref().unwrap_or(&self.policies.world)
    }

    /// Whether what `entity` is in may be more than is known.
    pub(super) fn lacks_ancestors(&self, entity: u32) -> bool {
        if !self.gaps.entities {
            return false;
        }
        let world = self.world();
        let unknown =
            |entity: u32| !world.holds(entity) && !self.policies.in_nothing.contains(&self.pool.type_of(entity));
        unknown(entity) || world.above(entity).iter().any(|above| unknown(*above))
    }

    /// Whether `entity` may have attributes or tags that are not known.
    fn lacks_attributes(&self, entity: u32) -> bool {
        self.gaps.entities && !self.world().holds(entity) && !self.policies.bare.contains(&self.pool.type_of(entity))
    }

    /// The same of a value; an entity that does is what is missing.
    fn lacks(&mut self, value: Value) -> bool {
        let Value::Entity(entity) = value else { return false };
        let lacks = self.lacks_attributes(entity);
        if lacks {
            self.missing.get_or_insert(Missing::Entity(entity));
        }
        lacks
    }

    /// `left op right` of values that are known.
    fn related(&mut self, op: BinaryOp, left: Value, right: Value) -> Option<Value> {
        let tag = matches!(op, BinaryOp::GetTag | BinaryOp::HasTag);
        let open = tag && self.lacks(left);
        let value = if open { None } else { binary(op, left, right, &self.pool, self.world()) };
        match (op, left, value) {
            _ if open => {}
            (BinaryOp::In, Value::Entity(entity), Some(Value::Bool(false))) if self.lacks_ancestors(entity) => {
                self.missing.get_or_insert(Missing::Entity(entity));
            }
            _ => return value,
        }
        let (left, right) = (self.part(left), self.part(right));
        self.leave(Node::Binary(op, left, right))
    }

    /// Whether a chain of attributes that begins at `value` meets an entity of which it is not known what it has.
    fn lacks_along(&mut self, mut value: Value, names: &[u32]) -> bool {
        for name in names {
            if self.lacks(value) {
                return true;
            }
            match attribute(value, *name, &self.pool, self.world()) {
                Some(next) => value = next,
                None => return false,
            }
        }
        false
    }

    /// Forgets what earlier requests brought along: values and nodes that came of them mean nothing any more.
    pub(in crate::decide) fn forget(&mut self) {
        self.pool.clear();
        self.left.cut(1);
    }

    /// The same, once there is much of it. Until then values keep their numbers.
    pub(super) fn forget_when_full(&mut self) {
        self.pool.clear_when_full();
        self.left.cut(1);
    }

    /// A context that is not known.
    pub(in crate::decide) const UNKNOWN: Value = Value::Open(0);

    /// The context of a request; `None` where it is not known.
    pub(in crate::decide) fn add_context(&mut self, context: &ast::Context) -> Option<Value> {
        match context {
            ast::Context::Value(fields) => {
                let pool = &mut self.pool;
                let fields = fields.iter().map(|(name, value)| (pool.add_text(name), pool.add_value(value))).collect();
                Some(self.pool.add_record(fields))
            }
            ast::Context::RestrictedResidual(_) => None,
        }
    }

    /// From now on nodes are evaluated for `ask`, with this context instead of its own: values of which nothing is
    /// asked need not be taken in.
    pub(super) fn begin_with(&mut self, ask: Ask, context: &ast::Context) {
        self.begin(ask);
        self.given = Given::Cedar(context.clone());
    }

    /// The same with a context of plain values.
    pub(super) fn begin_plain(&mut self, ask: Ask, context: &[(Cow<'_, str>, Plain<'_>)]) {
        self.begin(ask);
        let mut fields = std::mem::take(&mut self.plain);
        for (name, value) in context {
            let number = match self.policies.whole_context {
                true => Some(self.pool.add_text(name)),
                false => self.pool.number_below(name),
            };
            if let Some(number) = number {
                fields.push((number, value.add_to(&mut self.pool)));
            }
        }
        fields.sort_unstable_by_key(|(name, _)| *name);
        self.given = Given::Plain(fields);
    }

    /// The attribute of the context, where that is given; `None` where it has to be taken from the whole.
    fn given(&mut self, of: u32, name: u32) -> Option<Option<Value>> {
        if matches!(self.given, Given::Nothing) || !matches!(self.policies.graph.node(of), Some(Node::Context)) {
            return None;
        }
        match &self.given {
            Given::Nothing => None,
            Given::Plain(fields) => Some(field(fields, name)),
            Given::Cedar(ast::Context::Value(fields)) => {
                let value = fields.get(self.pool.text(name));
                Some(value.map(|value| self.pool.add_value(value)))
            }
            Given::Cedar(ast::Context::RestrictedResidual(_)) => None,
        }
    }

    /// Whether the context, where it is given, has an attribute.
    fn is_given(&self, of: u32, name: u32) -> Option<bool> {
        if !matches!(self.policies.graph.node(of), Some(Node::Context)) {
            return None;
        }
        match &self.given {
            Given::Nothing | Given::Cedar(ast::Context::RestrictedResidual(_)) => None,
            Given::Plain(fields) => Some(field(fields, name).is_some()),
            Given::Cedar(ast::Context::Value(fields)) => Some(fields.contains_key(self.pool.text(name))),
        }
    }

    /// From now on nodes are evaluated for `ask`.
    pub(in crate::decide) fn begin(&mut self, ask: Ask) {
        self.ask = ask;
        if let Given::Plain(mut fields) = std::mem::replace(&mut self.given, Given::Nothing) {
            fields.clear();
            self.plain = fields;
        }
        self.request = self.request.wrapping_add(1);
        if self.request == 0 {
            self.memo.fill((0, None));
            self.request = 1;
        }
    }

    /// What `number` comes to; `None` if it errs.
    pub(in crate::decide) fn value(&mut self, number: u32) -> Option<Value> {
        let at = usize::try_from(number).ok()?;
        if !self.policies.shared.get(at).copied().unwrap_or(false) {
            return self.evaluate(number);
        }
        if let Some((request, value)) = self.memo.get(at)
            && *request == self.request
        {
            return *value;
        }
        let value = self.evaluate(number);
        if let Some(place) = self.memo.get_mut(at) {
            *place = (self.request, value);
        }
        value
    }

    fn evaluate(&mut self, number: u32) -> Option<Value> {
        let policies = self.policies;
        match policies.graph.node(number)? {
            Node::Constant(value) => Some(*value),
            Node::Fail => None,
            Node::Principal if self.gaps.principal.is_some() => {
                self.missing.get_or_insert(Missing::Principal);
                self.leave(Node::Principal)
            }
            Node::Resource if self.gaps.resource.is_some() => {
                self.missing.get_or_insert(Missing::Resource);
                self.leave(Node::Resource)
            }
            Node::Principal => Some(Value::Entity(self.ask.principal)),
            Node::Action => Some(Value::Entity(self.ask.action)),
            Node::Resource => Some(Value::Entity(self.ask.resource)),
            Node::Context => {
                if self.gaps.context {
                    self.missing.get_or_insert(Missing::Context);
                }
                match std::mem::replace(&mut self.given, Given::Nothing) {
                    Given::Nothing => {}
                    Given::Cedar(context) => self.ask.context = self.add_context(&context)?,
                    Given::Plain(fields) => self.ask.context = self.pool.add_record(fields),
                }
                Some(self.ask.context)
            }
            Node::And(all) => self.chain(all, true),
            Node::Or(all) => self.chain(all, false),
            Node::If(test, yes, no) => self.choice(*test, *yes, *no),
            Node::Not(of) => match self.value(*of)? {
                Value::Bool(value) => Some(Value::Bool(!value)),
                Value::Open(of) => {
                    let of = self.truth(of);
                    self.leave(Node::Not(of))
                }
                _ => None,
            },
            Node::Negative(of) => match self.value(*of)? {
                Value::Long(value) => value.checked_neg().map(Value::Long),
                Value::Open(of) => self.leave(Node::Negative(of)),
                _ => None,
            },
            Node::IsEmpty(of) => match self.value(*of)? {
                Value::Open(of) => self.leave(Node::IsEmpty(of)),
                value => elements(value, &self.pool).map(|elements| Value::Bool(elements.is_empty())),
            },
            Node::Binary(op, left, right) => match (self.value(*left)?, self.value(*right)?) {
                (left @ Value::Open(_), right) | (left, right @ Value::Open(_)) => {
                    let (left, right) = (self.part(left), self.part(right));
                    self.leave(Node::Binary(*op, left, right))
                }
                (left, right) => self.related(*op, left, right),
            },
            Node::Get(of, name) if let Some(field) = self.given(*of, *name) => field,
            Node::Has(of, name) if let Some(there) = self.is_given(*of, *name) => Some(Value::Bool(there)),
            Node::Get(of, name) => match self.value(*of)? {
                Value::Open(of) => self.leave(Node::Get(of, *name)),
                value if self.lacks(value) => {
                    let of = self.part(value);
                    self.leave(Node::Get(of, *name))
                }
                value => attribute(value, *name, &self.pool, self.world()),
            },
            Node::Has(of, name) => match self.value(*of)? {
                Value::Open(of) => self.leave(Node::Has(of, *name)),
                value if self.lacks(value) => {
                    let of = self.part(value);
                    self.leave(Node::Has(of, *name))
                }
                value => has(value, *name, &self.pool, self.world()),
            },
            Node::HasAll(of, names) => match self.outermost(*of, names)? {
                (Value::Open(of), rest) => self.leave(Node::HasAll(of, rest.into())),
                (value, rest) if self.lacks_along(value, rest) => {
                    let of = self.part(value);
                    self.leave(Node::HasAll(of, rest.into()))
                }
                (value, rest) => has_all(value, rest, &self.pool, self.world()),
            },
            Node::Like(of, pattern) => match self.value(*of)? {
                Value::Text(text) => {
                    let glob = policies.globs.get(usize::try_from(*pattern).ok()?)?;
                    Some(Value::Bool(glob.matches(self.pool.text(text))))
                }
                Value::Open(of) => self.leave(Node::Like(of, *pattern)),
                _ => None,
            },
            Node::Is(of, ty) => match self.value(*of)? {
                Value::Entity(entity) => Some(Value::Bool(self.pool.type_of(entity) == *ty)),
                Value::Open(of) => self.leave(Node::Is(of, *ty)),
                _ => None,
            },
            Node::Set(all) => {
                let values = self.values(all)?;
                if values.iter().any(|value| matches!(value, Value::Open(_))) {
                    let elements = values.into_iter().map(|value| self.part(value)).collect();
                    return self.leave(Node::Set(elements));
                }
                Some(self.pool.add_set(values))
            }
            Node::Record(fields) => self.record(fields),
            Node::Call(function, arguments) => {
                let values = self.values(arguments)?;
                if values.iter().any(|value| matches!(value, Value::Open(_))) {
                    let arguments = values.into_iter().map(|value| self.part(value)).collect();
                    return self.leave(Node::Call(*function, arguments));
                }
                call(&mut self.pool, policies.graph.function(*function)?, &values)
            }
        }
    }

    /// What a chain of `has` begins with: of a context of which only the attribute is asked for, the attribute.
    fn outermost<'n>(&mut self, of: u32, names: &'n [u32]) -> Option<(Value, &'n [u32])> {
        if let Some((first, rest)) = names.split_first()
            && !rest.is_empty()
            && let Some(Some(field)) = self.given(of, *first)
        {
            return Some((field, rest));
        }
        Some((self.value(of)?, names))
    }

    fn values(&mut self, all: &[u32]) -> Option<Vec<Value>> {
        all.iter().map(|one| self.value(*one)).collect()
    }

    fn record(&mut self, fields: &[(u32, u32)]) -> Option<Value> {
        let mut values = Vec::with_capacity(fields.len());
        for (name, of) in fields {
            values.push((*name, self.value(*of)?));
        }
        if values.iter().any(|(_, value)| matches!(value, Value::Open(_))) {
            let fields = values.into_iter().map(|(name, value)| (name, self.part(value))).collect();
            return self.leave(Node::Record(fields));
        }
        Some(self.pool.add_record(values))
    }

    /// An `&&`, or an `||`, over `all`.
    fn chain(&mut self, all: &[u32], and: bool) -> Option<Value> {
        let mut open: Vec<u32> = Vec::new();
        for one in all {
            match self.value(*one) {
                // What does not end the chain leaves it to the others.
                Some(Value::Bool(value)) if value == and => {}
                Some(Value::Bool(value)) if open.is_empty() => return Some(Value::Bool(value)),
                Some(value @ Value::Bool(_)) => {
                    open.push(self.part(value));
                    break;
                }
                Some(Value::Open(of)) => open.push(of),
                _ if open.is_empty() => return None,
                _ => {
                    open.push(self.left.add(Node::Fail));
                    break;
                }
            }
        }
        if open.is_empty() {
            return Some(Value::Bool(and));
        }
        let open = open.into_boxed_slice();
        self.leave(if and { Node::And(open) } else { Node::Or(open) })
    }

    fn choice(&mut self, test: u32, yes: u32, no: u32) -> Option<Value> {
        match self.value(test)? {
            Value::Bool(true) => self.value(yes),
            Value::Bool(false) => self.value(no),
            Value::Open(test) => {
                let test = self.truth(test);
                let [yes, no] = [yes, no].map(|branch| {
                    let value = self.value(branch);
                    self.left_of(value)
                });
                self.leave(Node::If(test, yes, no))
            }
            _ => None,
        }
    }

    fn leave(&mut self, node: Node) -> Option<Value> {
        Some(Value::Open(self.left.add(node)))
    }

    /// The node of what is left for `value`.
    fn part(&mut self, value: Value) -> u32 {
        match value {
            Value::Open(node) => node,
            value => self.left.add(Node::Constant(value)),
        }
    }

    /// The same of what may err.
    pub(in crate::decide) fn left_of(&mut self, value: Option<Value>) -> u32 {
        match value {
            Some(value) => self.part(value),
            None => self.left.add(Node::Fail),
        }
    }

    /// Whether what is left can come to `true`. Of a chain that goes on after what is not known, one operand that does
    /// not hold is enough: whatever comes before it, the whole is false or errs.
    pub(super) fn may_hold(&self, node: u32) -> bool {
        match self.left.node(node) {
            Some(Node::Constant(value)) => matches!(value, Value::Bool(true)),
            Some(Node::Fail) => false,
            Some(Node::And(all)) => all.iter().all(|one| self.may_hold(*one)),
            Some(Node::Or(all)) => all.iter().any(|one| self.may_hold(*one)),
            Some(Node::If(_, yes, no)) => self.may_hold(*yes) || self.may_hold(*no),
            _ => true,
        }
    }

    /// Whether what is left at `node` is plainly true of nothing, whatever the rest of it comes to: it has a part that
    /// is false, or errs, without which it does not hold.
    pub(in crate::decide) fn never_holds(&self, node: u32) -> bool {
        match self.left.node(node) {
            None | Some(Node::Fail) => true,
            Some(Node::Constant(value)) => !matches!(value, Value::Bool(true)),
            Some(Node::And(all)) => all.iter().any(|one| self.never_holds(*one)),
            Some(Node::Or(all)) => all.iter().all(|one| self.never_holds(*one)),
            Some(Node::If(_, yes, no)) => self.never_holds(*yes) && self.never_holds(*no),
            _ => false,
        }
    }

    /// A node that is asked for a truth value: a chain of one asks for no more than that.
    pub(in crate::decide) fn truth(&self, node: u32) -> u32 {
        match self.left.node(node) {
            Some(Node::And(all) | Node::Or(all)) => match **all {
                [only] => only,
                _ => node,
            },
            _ => node,
        }
    }
}
