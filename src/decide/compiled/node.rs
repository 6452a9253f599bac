//! Conditions as a graph of numbered nodes: what several policies ask is one node.

pub(in crate::decide) use cedar_policy_core::ast::BinaryOp;
use cedar_policy_core::ast::{Name, Pattern};
use rustc_hash::FxHashMap;

use super::value::Value;

/// What a node does; the numbers are those of the nodes that it is made of, unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::decide) enum Node {
    Constant(Value),
    /// Errs always.
    Fail,
    Principal,
    Action,
    Resource,
    Context,
    If(u32, u32, u32),
    /// Every one of them, in this order until one does not hold.
    And(Box<[u32]>),
    /// One of them, in this order until one holds.
    Or(Box<[u32]>),
    Not(u32),
    Negative(u32),
    IsEmpty(u32),
    Binary(BinaryOp, u32, u32),
    /// An attribute, by the number of its name.
    Get(u32, u32),
    /// Whether there is an attribute, by the number of its name.
    Has(u32, u32),
    /// Whether there is an attribute, that has one, and so on, by the numbers of their names.
    HasAll(u32, Box<[u32]>),
    /// A pattern, by its place in the list of them.
    Like(u32, u32),
    /// A type, by its number.
    Is(u32, u32),
    Set(Box<[u32]>),
    /// Names by number, and nodes.
    Record(Box<[(u32, u32)]>),
    /// An extension function, by its place in the list of them.
    Call(u32, Box<[u32]>),
}

impl Node {
    /// Calls `visit` with each node that this one is made of.
    pub(in crate::decide) fn parts(&self, visit: &mut dyn FnMut(u32)) {
        match self {
            Self::Constant(_) | Self::Fail | Self::Principal | Self::Action | Self::Resource | Self::Context => {}
            Self::If(test, yes, no) => [*test, *yes, *no].into_iter().for_each(visit),
            Self::And(all) | Self::Or(all) | Self::Set(all) | Self::Call(_, all) => all.iter().copied().for_each(visit),
            Self::Not(of)
            | Self::Negative(of)
            | Self::IsEmpty(of)
            | Self::Get(of, _)
            | Self::Has(of, _)
            | Self::HasAll(of, _)
            | Self::Like(of, _)
            | Self::Is(of, _) => visit(*of),
            Self::Binary(_, left, right) => [*left, *right].into_iter().for_each(visit),
            Self::Record(fields) => fields.iter().for_each(|(_, of)| visit(*of)),
        }
    }
}

/// What a node hangs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::decide) struct Reads {
    pub(in crate::decide) principal: bool,
    pub(in crate::decide) action: bool,
    pub(in crate::decide) resource: bool,
    pub(in crate::decide) context: bool,
}

impl Reads {
    fn of(node: &Node) -> Self {
        let mut reads = Self::default();
        match node {
            Node::Principal => reads.principal = true,
            Node::Action => reads.action = true,
            Node::Resource => reads.resource = true,
            Node::Context => reads.context = true,
            _ => {}
        }
        reads
    }

    fn and(self, other: Self) -> Self {
        Self {
            principal: self.principal || other.principal,
            action: self.action || other.action,
            resource: self.resource || other.resource,
            context: self.context || other.context,
        }
    }
}

/// Nodes by number, each once, parts before what they are parts of.
#[derive(Debug, Default)]
pub(in crate::decide) struct Graph {
    nodes: Vec<Node>,
    numbers: FxHashMap<Node, u32>,
    reads: Vec<Reads>,
    patterns: Vec<Pattern>,
    pattern_numbers: FxHashMap<Pattern, u32>,
    functions: Vec<Name>,
}

impl Graph {
    /// The number of `node`.
    pub(in crate::decide) fn add(&mut self, node: Node) -> u32 {
        if let Some(number) = self.numbers.get(&node) {
            return *number;
        }
        let number = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let mut reads = Reads::of(&node);
        node.parts(&mut |part| reads = reads.and(self.reads(part)));
        self.nodes.push(node.clone());
        self.numbers.insert(node, number);
        self.reads.push(reads);
        number
    }

    pub(in crate::decide) fn node(&self, number: u32) -> Option<&Node> {
        self.nodes.get(usize::try_from(number).ok()?)
    }

    pub(in crate::decide) fn reads(&self, number: u32) -> Reads {
        usize::try_from(number).ok().and_then(|at| self.reads.get(at)).copied().unwrap_or_default()
    }

    /// How many there are.
    pub(in crate::decide) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Forgets all nodes from `number` on.
    pub(super) fn cut(&mut self, number: usize) {
        for node in self.nodes.drain(number.min(self.nodes.len())..) {
            self.numbers.remove(&node);
        }
        self.reads.truncate(number);
    }

    pub(super) fn add_pattern(&mut self, pattern: &Pattern) -> u32 {
        if let Some(number) = self.pattern_numbers.get(pattern) {
            return *number;
        }
        let number = u32::try_from(self.patterns.len()).unwrap_or(u32::MAX);
        self.patterns.push(pattern.clone());
        self.pattern_numbers.insert(pattern.clone(), number);
        number
    }

    pub(super) fn pattern(&self, number: u32) -> Option<&Pattern> {
        self.patterns.get(usize::try_from(number).ok()?)
    }

    pub(super) fn add_function(&mut self, name: &Name) -> u32 {
        let at = self.functions.iter().position(|known| known == name).unwrap_or_else(|| {
            self.functions.push(name.clone());
            self.functions.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    pub(super) fn function(&self, number: u32) -> Option<&Name> {
        self.functions.get(usize::try_from(number).ok()?)
    }
}
