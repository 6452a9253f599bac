//! Where the parts of a condition stand.

use std::sync::Arc;

use super::entry::entry;
use super::is_json;
use crate::data::json::Node;
use crate::finding::{Edit, Fix, Left, Mend};
use crate::repo::Policy;
use crate::repo::syntax::{Expr, ExprKind, UnaryOp};
use crate::text::{Location, SourceFile, Span};

/// Why a policy is left alone of which readers disagree.
const TWICE: &str = "a key stands twice in it, and programs disagree which of the two counts";

/// A policy in JSON with the parts of its condition.
pub(super) struct Form<'p> {
    /// The policy.
    pub(super) root: Node<'p>,
    file: &'p Arc<SourceFile>,
    parts: Vec<(&'p Expr, Part<'p>)>,
}

/// A part of a condition.
#[derive(Clone, Copy)]
pub(super) struct Part<'p> {
    /// Where it stands.
    pub(super) node: Node<'p>,
    /// The clause that it is in.
    pub(super) clause: Node<'p>,
    /// Whether it is all that the clause asks for.
    pub(super) is_clause: bool,
    /// What combines it with what stands beside it, where that is `&&` or `||`.
    pub(super) within: Option<Within<'p>>,
}

/// What combines two parts.
#[derive(Clone, Copy)]
pub(super) struct Within<'p> {
    /// Whether it is `&&`.
    pub(super) all: bool,
    /// Where both stand.
    pub(super) node: Node<'p>,
    /// Where the other one stands.
    pub(super) other: Node<'p>,
}

/// What `mend` makes of `policy`, which is written as JSON; `what` it is to do, an instruction.
pub(super) fn mend(policy: &Policy, what: &str, mend: impl FnOnce(&Form<'_>) -> Option<Fix>) -> Mend {
    let form = Form::of(policy)?;
    if !is_unique(form.root) {
        return Some(Err(Left::new(what, TWICE)));
    }
    mend(&form).map(Ok)
}

/// Where `expr`, a part of the condition of `policy`, stands in JSON: what of it is on its first line.
pub(in crate::lint::fixes) fn place(policy: &Policy, expr: &Expr) -> Option<Span> {
    let form = Form::of(policy)?;
    let node = form.part(expr).filter(|_| is_unique(form.root))?.node;
    let line = node.raw.lines().next().unwrap_or_default().trim_end();
    Some(Span::new(node.offset, node.offset + line.len()))
}

impl<'p> Form<'p> {
    fn of(policy: &'p Policy) -> Option<Self> {
        if !is_json(policy) {
            return None;
        }
        let (file, place) = (&policy.location.file, policy.location.span);
        let root = Node { raw: policy.location.text(), offset: place.start };
        let mut reading = Reading { parts: Vec::new() };
        let clauses = root.field("conditions").and_then(Node::elements);
        if let (Some(condition), Some(clauses)) = (&policy.syntax().condition, clauses) {
            reading.clauses(condition, &clauses);
        }
        Some(Self { root, file, parts: reading.parts })
    }

    /// What stands for `expr`; none where text and tree do not agree.
    pub(super) fn part(&self, expr: &Expr) -> Option<Part<'p>> {
        self.parts.iter().find(|(of, _)| std::ptr::eq(*of, expr)).map(|(_, part)| *part)
    }

    /// The file.
    pub(super) fn file(&self) -> &'p Arc<SourceFile> {
        self.file
    }

    /// `text` in the place of `span`.
    pub(super) fn replace(&self, span: Span, text: impl Into<String>) -> Edit {
        Edit::new(Location::new(self.file, span), text)
    }

    /// With what white space the line begins on which `at` is.
    pub(super) fn indent(&self, at: usize) -> &'p str {
        let before = self.file.text().get(..at).unwrap_or_default();
        let line = before.get(before.rfind('\n').map_or(0, |at| at + 1)..).unwrap_or_default();
        line.get(..line.len() - line.trim_start_matches([' ', '\t']).len()).unwrap_or_default()
    }

    /// Whether nothing but white space stands before `at` on its line.
    pub(super) fn begins_line(&self, at: usize) -> bool {
        let before = self.file.text().get(..at).unwrap_or_default();
        before.trim_end_matches([' ', '\t']).ends_with('\n')
    }
}

/// Whether no object in `node` has a key twice.
fn is_unique(node: Node<'_>) -> bool {
    if let Some(fields) = node.fields() {
        let mut keys: Vec<&str> = fields.iter().map(|(key, _)| key.as_ref()).collect();
        keys.sort_unstable();
        return keys.windows(2).all(|two| two.first() != two.last())
            && fields.iter().all(|(_, value)| is_unique(*value));
    }
    node.elements().is_none_or(|all| all.into_iter().all(is_unique))
}

struct Reading<'p> {
    parts: Vec<(&'p Expr, Part<'p>)>,
}

impl<'p> Reading<'p> {
    /// Cedar reads clauses `a`, `b` and `c` as `a && (b && c)`.
    fn clauses(&mut self, condition: &'p Expr, clauses: &[Node<'p>]) {
        let mut rest = condition;
        for (at, clause) in clauses.iter().enumerate() {
            if at + 1 == clauses.len() {
                self.clause(rest, *clause);
                return;
            }
            let ExprKind::And(sides) = &rest.kind else { return };
            let [own, others] = &**sides;
            self.clause(own, *clause);
            rest = others;
        }
    }

    fn clause(&mut self, expr: &'p Expr, clause: Node<'p>) {
        let (Some(kind), Some(body)) = (clause.field("kind").and_then(Node::string), clause.field("body")) else {
            return;
        };
        let whole = Part { node: body, clause, is_clause: true, within: None };
        match (kind.as_ref(), &expr.kind) {
            ("when", _) => self.expr(expr, whole),
            ("unless", ExprKind::Unary(UnaryOp::Not, inner)) => {
                self.parts.push((expr, whole));
                self.expr(inner, Part { is_clause: false, ..whole });
            }
            _ => {}
        }
    }

    fn expr(&mut self, expr: &'p Expr, part: Part<'p>) {
        self.parts.push((expr, part));
        let fields = part.node.fields().unwrap_or_default();
        let [(op, of)] = fields.as_slice() else { return };
        let at = |node: Node<'p>| Part { node, is_clause: false, within: None, ..part };
        let mut below = |expr: &'p Expr, name: &str| {
            if let Some(node) = of.field(name) {
                self.expr(expr, at(node));
            }
        };
        match (op.as_ref(), &expr.kind) {
            ("&&", ExprKind::And(sides)) | ("||", ExprKind::Or(sides)) => {
                let [a, b] = &**sides;
                let (Some(left), Some(right)) = (of.field("left"), of.field("right")) else { return };
                let within = |other| Some(Within { all: op == "&&", node: part.node, other });
                self.expr(a, Part { within: within(right), ..at(left) });
                self.expr(b, Part { within: within(left), ..at(right) });
            }
            // `a != b` is `!(a == b)`, and so on.
            ("!=" | ">" | ">=", ExprKind::Unary(UnaryOp::Not, inner)) => {
                if let ExprKind::Binary(_, sides) = &inner.kind {
                    let [a, b] = &**sides;
                    below(a, "left");
                    below(b, "right");
                }
            }
            (_, ExprKind::Binary(_, sides)) => {
                let [a, b] = &**sides;
                below(a, "left");
                below(b, "right");
            }
            (_, ExprKind::Unary(_, inner)) => below(inner, "arg"),
            (
                _,
                ExprKind::GetAttr(inner, _)
                | ExprKind::HasAttr(inner, _)
                | ExprKind::Like(inner, _)
                | ExprKind::Is(inner),
            ) => below(inner, "left"),
            ("if-then-else", ExprKind::If(parts)) => {
                let [test, yes, no] = &**parts;
                below(test, "if");
                below(yes, "then");
                below(no, "else");
            }
            (_, ExprKind::Set(parts) | ExprKind::Call(_, parts)) => {
                let nodes = of.elements().unwrap_or_default();
                if nodes.len() == parts.len() {
                    parts.iter().zip(nodes).for_each(|(expr, node)| self.expr(expr, at(node)));
                }
            }
            _ => {}
        }
    }
}

/// The value at `name` of `node`, and the key.
pub(super) fn keyed<'p>(node: Node<'p>, name: &str) -> Option<(Node<'p>, Node<'p>)> {
    entry(node, name).map(|entry| (entry.key, entry.value))
}
