//! A policy as Cedar parsed it, whole and in parts.

use std::sync::Arc;

use cedar_policy::{Effect, Policy, Template};
use cedar_policy_core::ast::{
    self, ActionConstraint, EntityReference, EntityUID, Literal, PrincipalConstraint, PrincipalOrResourceConstraint,
    ResourceConstraint,
};

use super::places::span;
use crate::text::Span;

/// A static policy or a template as Cedar parsed it.
#[derive(Debug, Clone)]
pub enum Body {
    /// A static policy.
    Static(Arc<Policy>),
    /// A template.
    Template(Arc<Template>),
}

impl From<Policy> for Body {
    fn from(policy: Policy) -> Self {
        Self::Static(Arc::new(policy))
    }
}

impl From<Template> for Body {
    fn from(template: Template) -> Self {
        Self::Template(Arc::new(template))
    }
}

impl Body {
    /// Permit or forbid.
    #[must_use]
    pub fn effect(&self) -> Effect {
        match self {
            Self::Static(policy) => policy.effect(),
            Self::Template(template) => template.effect(),
        }
    }

    /// Whether it has slots to fill.
    #[must_use]
    pub fn is_template(&self) -> bool {
        matches!(self, Self::Template(_))
    }

    /// The value of the annotation `key`.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&str> {
        // Cedar's own look-up parses the key anew each time.
        let mut annotations = self.ast().annotations();
        annotations.find(|(name, _)| name.as_ref() == key).map(|(_, value)| value.val.as_str())
    }

    /// Cedar's own tree.
    pub(super) fn ast(&self) -> &ast::Template {
        match self {
            Self::Static(policy) => {
                let policy: &ast::Policy = Policy::as_ref(policy);
                policy.template()
            }
            Self::Template(template) => Template::as_ref(template),
        }
    }

    /// Every entity that scope and condition name, in no particular order.
    #[must_use]
    pub fn entities(&self) -> Vec<cedar_policy::EntityUid> {
        let template = self.ast();
        let mut found: Vec<&EntityUID> = Vec::new();
        for constraint in [template.principal_constraint().as_inner(), template.resource_constraint().as_inner()] {
            let (PrincipalOrResourceConstraint::Eq(named)
            | PrincipalOrResourceConstraint::In(named)
            | PrincipalOrResourceConstraint::IsIn(_, named)) = constraint
            else {
                continue;
            };
            found.extend(if let EntityReference::EUID(uid) = named { Some(&**uid) } else { None });
        }
        match template.action_constraint() {
            ActionConstraint::Any => {}
            ActionConstraint::Eq(uid) => found.push(uid),
            ActionConstraint::In(uids) => found.extend(uids.iter().map(|uid| &**uid)),
        }
        let parts = template.non_scope_constraints().into_iter().flat_map(ast::Expr::subexpressions);
        found.extend(parts.filter_map(|part| match part.expr_kind() {
            ast::ExprKind::Lit(Literal::EntityUID(uid)) => Some(&**uid),
            _ => None,
        }));
        found.into_iter().cloned().map(cedar_policy::EntityUid::from).collect()
    }

    /// The operands of the condition that all have to hold, in the order of evaluation; `base` is added to every place.
    #[must_use]
    pub fn parts(&self, base: usize) -> Vec<Part> {
        let mut open: Vec<&ast::Expr> = self.ast().non_scope_constraints().into_iter().collect();
        let mut parts = Vec::new();
        while let Some(expr) = open.pop() {
            match expr.expr_kind() {
                ast::ExprKind::And { left, right } => open.extend([&**right, &**left]),
                _ => parts.push(Part { span: span(expr.source_loc(), base), expr: expr.clone() }),
            }
        }
        parts
    }

    /// A static policy called `id` with the scope of this one (all slots open) and `parts` as its condition.
    #[must_use]
    pub fn with_parts<'p>(&self, id: &str, parts: impl IntoIterator<Item = &'p Part>) -> Option<Policy> {
        let all = parts.into_iter().map(|part| part.expr.clone()).reduce(ast::Expr::and);
        self.with_condition(id, all)
    }

    /// A static policy called `id` with the scope of this one (all slots open) and `condition`.
    pub(super) fn with_condition(&self, id: &str, condition: Option<ast::Expr>) -> Option<Policy> {
        let template = self.ast();
        let policy = ast::StaticPolicy::new(
            ast::PolicyID::from_string(id),
            None,
            ast::Annotations::new(),
            template.effect(),
            template.principal_constraint().clone(),
            template.action_constraint().clone(),
            template.resource_constraint().clone(),
            condition,
        );
        policy.ok().map(Policy::from)
    }

    /// What `text`, in Cedar's syntax or in JSON, says: one policy or template.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if !text.starts_with('{') {
            let fixed = Policy::parse(None, text).ok().map(Self::from);
            return fixed.or_else(|| Template::parse(None, text).ok().map(Self::from));
        }
        let json: serde_json::Value = serde_json::from_str(text).ok()?;
        let fixed = Policy::from_json(None, json.clone()).ok().map(Self::from);
        fixed.or_else(|| Template::from_json(None, json).ok().map(Self::from))
    }

    /// The same with its slots open: a static policy of `effect` that matches whatever any link to it does.
    #[must_use]
    pub fn opened(&self, effect: Effect) -> Option<Self> {
        let template = self.ast();
        let open = |constraint: &PrincipalOrResourceConstraint| match constraint {
            PrincipalOrResourceConstraint::Eq(EntityReference::Slot(_))
            | PrincipalOrResourceConstraint::In(EntityReference::Slot(_)) => PrincipalOrResourceConstraint::Any,
            PrincipalOrResourceConstraint::IsIn(ty, EntityReference::Slot(_)) => {
                PrincipalOrResourceConstraint::Is(ty.clone())
            }
            other => other.clone(),
        };
        let policy = ast::StaticPolicy::new(
            template.id().clone(),
            None,
            ast::Annotations::new(),
            effect,
            PrincipalConstraint::new(open(template.principal_constraint().as_inner())),
            template.action_constraint().clone(),
            ResourceConstraint::new(open(template.resource_constraint().as_inner())),
            template.non_scope_constraints().cloned(),
        );
        policy.ok().map(|policy| Self::from(Policy::from(policy)))
    }

    /// What its scope says with a slot, of the principal and of the resource.
    #[must_use]
    pub fn slots(&self) -> [Option<String>; 2] {
        use PrincipalOrResourceConstraint::{Eq, In, IsIn};
        let (principal, resource) = (self.ast().principal_constraint(), self.ast().resource_constraint());
        let has_slot = |constraint: &PrincipalOrResourceConstraint| {
            matches!(
                constraint,
                Eq(EntityReference::Slot(_)) | In(EntityReference::Slot(_)) | IsIn(_, EntityReference::Slot(_))
            )
        };
        [
            has_slot(principal.as_inner()).then(|| principal.to_string()),
            has_slot(resource.as_inner()).then(|| resource.to_string()),
        ]
    }

    /// Where the annotation `key` stands, with `base` added.
    #[must_use]
    pub fn annotation_span(&self, key: &str, base: usize) -> Option<Span> {
        let mut annotations = self.ast().annotations();
        annotations.find(|(name, _)| name.as_ref() == key).and_then(|(_, value)| span(value.loc.as_ref(), base))
    }
}

/// One of the operands of a condition that all have to hold.
#[derive(Debug, Clone)]
pub struct Part {
    /// Where it stands, when Cedar kept the place.
    pub span: Option<Span>,
    expr: ast::Expr,
}

impl Part {
    /// A permit for everything that asks for this alone.
    #[must_use]
    pub fn alone(&self) -> Option<Policy> {
        let policy = ast::StaticPolicy::new(
            ast::PolicyID::from_string("alone"),
            None,
            ast::Annotations::new(),
            ast::Effect::Permit,
            PrincipalConstraint::any(),
            ActionConstraint::any(),
            ResourceConstraint::any(),
            Some(self.expr.clone()),
        );
        policy.ok().map(Policy::from)
    }

    /// Cedar's own tree.
    pub(super) fn expr(&self) -> &ast::Expr {
        &self.expr
    }
}
