//! What an expression comes to, as far as the repository says.

use std::sync::Arc;

use hcl_edit::expr::{BinaryOperator, Expression, ForExpr, ObjectKey, Traversal, TraversalOperator, UnaryOperator};

use super::literal::{self, QUOTED, UNQUOTED};
use super::module::Module;
use super::value::{Entry, Kind, Value};
use crate::repo::carriers::aws::Known;
use crate::repo::carriers::fill::Filled;
use crate::text::{Mapped, SourceFile, Span, inline};

/// Locals that name locals are followed so far.
const DEEPEST: usize = 40;

/// Where an expression stands, and what is known by name there.
#[derive(Clone)]
pub(super) struct Scope<'m> {
    pub(super) module: &'m Module<'m>,
    pub(super) file: &'m Arc<SourceFile>,
    /// What `each.key`, the names of a `for` and those of a template stand for.
    pub(super) bound: Vec<(String, Value)>,
    /// Whether nothing else is known by name, as in a template.
    pub(super) only_bound: bool,
    pub(super) depth: usize,
}

pub(super) fn span(of: &impl hcl_edit::Span) -> Span {
    of.span().map_or(Span::default(), |range| Span::new(range.start, range.end))
}

impl<'m> Scope<'m> {
    pub(super) fn new(module: &'m Module<'m>, file: &'m Arc<SourceFile>) -> Self {
        Self { module, file, bound: Vec::new(), only_bound: false, depth: 0 }
    }

    /// What is written at `span` of its file.
    pub(super) fn written(&self, span: Span) -> &str {
        self.file.text().get(span.start..span.end).unwrap_or_default()
    }

    pub(super) fn made(&self, span: Span, kind: Kind) -> Value {
        Value { file: Arc::clone(self.file), span, kind }
    }

    pub(super) fn bind(&self, name: &str, value: Value) -> Self {
        let mut scope = self.clone();
        scope.bound.push((name.to_owned(), value));
        scope
    }

    /// With `each.key` and `each.value`.
    pub(super) fn each(&self, key: &str, value: &Value) -> Self {
        let key_value = self.made(value.span, Kind::Text(Filled::whole(Mapped::whole(key, value.span))));
        self.bind("each.key", key_value).bind("each.value", value.clone())
    }

    /// With `count.index`.
    pub(super) fn counted(&self, index: usize, at: Span) -> Self {
        self.bind("count.index", self.made(at, Kind::Bare(index.to_string())))
    }

    pub(super) fn value(&self, expression: &Expression) -> Known<Value> {
        let span = span(expression);
        let too_much = || (span, "it takes too many steps to work out".to_owned());
        self.module.spend(100).ok_or_else(too_much)?;
        match expression {
            Expression::String(text) => {
                let inner = Span::new(span.start + 1, span.end.saturating_sub(1));
                let text = literal::mapped(self.file.text(), inner, text.as_str(), true, false);
                Ok(self.made(span, Kind::Text(Filled::whole(text))))
            }
            Expression::StringTemplate(template) => Ok(self.made(span, self.template(template, QUOTED)?)),
            Expression::HeredocTemplate(heredoc) => Ok(self.made(span, self.template(&heredoc.template, UNQUOTED)?)),
            Expression::Null(_) => Ok(self.made(span, Kind::Bare("null".to_owned()))),
            Expression::Bool(value) => Ok(self.made(span, Kind::Bare(value.value().to_string()))),
            Expression::Number(value) => Ok(self.made(span, Kind::Bare(value.value().to_string()))),
            Expression::Array(items) => {
                let items = items.iter().map(|item| self.value(item)).collect::<Known<_>>()?;
                Ok(self.made(span, Kind::List(items)))
            }
            Expression::Object(object) => {
                let mut entries = Vec::new();
                for (key, value) in object.iter() {
                    let (key, key_span) = self.key(key)?;
                    entries.push(Entry { key, key_span, value: self.value(value.expr())? });
                }
                Ok(self.made(span, Kind::Object(entries)))
            }
            Expression::Parenthesis(inner) => self.value(inner.inner()),
            Expression::Conditional(choice) => {
                let holds = self.holds(&choice.cond_expr)?;
                self.value(if holds { &choice.true_expr } else { &choice.false_expr })
            }
            Expression::Variable(name) => self.named(name.as_str(), span),
            Expression::Traversal(traversal) => self.traverse(traversal, span),
            Expression::FuncCall(call) => self.call(call, span),
            Expression::ForExpr(each) => self.for_each(each, span),
            Expression::BinaryOp(_) | Expression::UnaryOp(_) => {
                let holds = self.holds(expression)?;
                Ok(self.made(span, Kind::Bare(holds.to_string())))
            }
        }
    }

    /// Whether the condition `expression` holds.
    pub(super) fn holds(&self, expression: &Expression) -> Known<bool> {
        let unknown = || (span(expression), "what it hangs on is known once it is deployed".to_owned());
        match expression {
            Expression::BinaryOp(op) => match op.operator.value() {
                BinaryOperator::And => Ok(self.holds(&op.lhs_expr)? && self.holds(&op.rhs_expr)?),
                BinaryOperator::Or => Ok(self.holds(&op.lhs_expr)? || self.holds(&op.rhs_expr)?),
                operator @ (BinaryOperator::Eq | BinaryOperator::NotEq) => {
                    let (left, right) = (self.value(&op.lhs_expr)?, self.value(&op.rhs_expr)?);
                    let (left, right) = (left.plain().ok_or_else(unknown)?, right.plain().ok_or_else(unknown)?);
                    Ok((left == right) == (*operator == BinaryOperator::Eq))
                }
                _ => Err(unknown()),
            },
            Expression::UnaryOp(op) if *op.operator.value() == UnaryOperator::Not => Ok(!self.holds(&op.expr)?),
            Expression::UnaryOp(_) => Err(unknown()),
            other => match self.value(other)?.plain() {
                Some("true") => Ok(true),
                Some("false") => Ok(false),
                _ => Err(unknown()),
            },
        }
    }

    pub(super) fn key(&self, key: &ObjectKey) -> Known<(String, Span)> {
        match key {
            ObjectKey::Ident(name) => Ok((name.as_str().to_owned(), span(key))),
            ObjectKey::Expression(Expression::Variable(name)) => Ok((name.as_str().to_owned(), span(key))),
            ObjectKey::Expression(other) => {
                let value = self.value(other)?;
                let text = value
                    .plain()
                    .ok_or_else(|| (span(key), "one of its names is known once it is deployed".to_owned()))?;
                Ok((text.to_owned(), span(key)))
            }
        }
    }

    /// What `name` stands for where it stands alone.
    fn named(&self, name: &str, span: Span) -> Known<Value> {
        let found = self.bound.iter().rev().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.clone())
            .ok_or_else(|| (span, format!("`{}` is known once it is deployed", inline(name))))
    }

    fn traverse(&self, traversal: &Traversal, span: Span) -> Known<Value> {
        let unknown = || (span, format!("`{}` is known once it is deployed", inline(self.written(span))));
        let mut steps = traversal.operators.iter().map(|step| step.value());
        let mut value = match &traversal.expr {
            Expression::Variable(name) => match self.bound.iter().rev().find(|(known, _)| known == name.as_str()) {
                Some((_, value)) => value.clone(),
                None => {
                    let Some(TraversalOperator::GetAttr(attribute)) = steps.next() else { return Err(unknown()) };
                    self.declared(name.as_str(), attribute.as_str(), span).ok_or_else(unknown)??
                }
            },
            other => self.value(other)?,
        };
        for step in steps {
            let key = match step {
                TraversalOperator::GetAttr(name) => name.as_str().to_owned(),
                TraversalOperator::Index(index) => self.value(index)?.plain().ok_or_else(unknown)?.to_owned(),
                _ => return Err(unknown()),
            };
            let elements = value.elements().ok_or_else(unknown)?;
            let found = elements.into_iter().rev().find(|(known, _)| *known == key).map(|(_, value)| value.clone());
            value = found.ok_or_else(unknown)?;
        }
        Ok(value)
    }

    /// What `root.name` stands for.
    fn declared(&self, root: &str, name: &str, span: Span) -> Option<Known<Value>> {
        let whole = format!("{root}.{name}");
        if let Some((_, value)) = self.bound.iter().rev().find(|(known, _)| *known == whole) {
            return Some(Ok(value.clone()));
        }
        if self.only_bound {
            return None;
        }
        if root == "path" && matches!(name, "module" | "root" | "cwd") {
            let path = if name == "module" { self.module.path() } else { ".".to_owned() };
            return Some(Ok(self.made(span, Kind::Text(Filled::whole(Mapped::whole(&path, span))))));
        }
        let (scope, expression) = self.declaration(root, name)?;
        if self.depth > DEEPEST {
            return None;
        }
        Some(scope.value(expression).map_err(|(_, why)| (span, why)))
    }

    /// What `root.name` is declared as: of a variable what it is given where the module is called, else its default.
    pub(super) fn declaration(&self, root: &str, name: &str) -> Option<(Scope<'m>, &'m Expression)> {
        let depth = self.depth + 1;
        let given = || {
            let call = self.module.call.as_ref().filter(|_| root == "var")?;
            let (file, block) = call.block()?;
            let value = &block.body.get_attribute(name)?.value;
            Some((Scope { depth, ..Scope::new(&call.module, file) }, value))
        };
        let declared = || {
            let (file, expression) = self.module.declaration(&format!("{root}.{name}"))?;
            Some((Scope { depth, ..Scope::new(self.module, file) }, expression))
        };
        given().or_else(declared)
    }

    fn for_each(&self, each: &ForExpr, span: Span) -> Known<Value> {
        let over = self.value(&each.intro.collection_expr)?;
        let elements =
            over.elements().ok_or_else(|| (span, "what it goes over is known once it is deployed".to_owned()))?;
        let is_list = matches!(over.kind, Kind::List(_));
        let (mut items, mut entries) = (Vec::new(), Vec::new());
        for (key, value) in elements {
            let mut scope = self.bind(each.intro.value_var.as_str(), value.clone());
            if let Some(name) = &each.intro.key_var {
                let text = if is_list { value.plain().unwrap_or(&key).to_owned() } else { key };
                let key = self.made(value.span, Kind::Text(Filled::whole(Mapped::whole(&text, value.span))));
                scope = scope.bind(name.as_str(), key);
            }
            if let Some(cond) = &each.cond
                && !scope.holds(&cond.expr)?
            {
                continue;
            }
            let value = scope.value(&each.value_expr)?;
            match &each.key_expr {
                None => items.push(value),
                Some(key) => {
                    let found = scope.value(key)?;
                    let key =
                        found.plain().ok_or_else(|| (span, "its names are known once it is deployed".to_owned()))?;
                    entries.push(Entry { key: key.to_owned(), key_span: found.span, value });
                }
            }
        }
        if each.grouping {
            return Err((span, "what it groups is not worked out".to_owned()));
        }
        Ok(self.made(span, if each.key_expr.is_some() { Kind::Object(entries) } else { Kind::List(items) }))
    }
}

impl Scope<'_> {
    /// The value of `expression`; an object as far as it is known.
    pub(super) fn partly(&self, expression: &Expression) -> Known<Value> {
        let at = span(expression);
        if let Expression::Object(object) = expression {
            let mut entries = Vec::new();
            for (key, value) in object.iter() {
                let (key, key_span) = self.key(key)?;
                entries.push(Entry { key, key_span, value: self.partly_or_why(value.expr()) });
            }
            return Ok(self.made(at, Kind::Object(entries)));
        }
        self.value(expression)
    }

    /// As [`Self::partly`], with the reason as the value of what is not known.
    fn partly_or_why(&self, expression: &Expression) -> Value {
        let at = span(expression);
        self.partly(expression).unwrap_or_else(|(_, why)| self.made(at, Kind::Unknown(why)))
    }

    /// What a block holds, as an object.
    pub(super) fn object(&self, body: &hcl_edit::structure::Body, at: Span) -> Value {
        let attributes = body.attributes().map(|attribute| Entry {
            key: attribute.key.as_str().to_owned(),
            key_span: span(attribute),
            value: self.partly_or_why(&attribute.value),
        });
        let blocks = body.blocks().map(|block| Entry {
            key: block.ident.as_str().to_owned(),
            key_span: span(block),
            value: self.object(&block.body, span(block)),
        });
        self.made(at, Kind::Object(attributes.chain(blocks).collect()))
    }
}
