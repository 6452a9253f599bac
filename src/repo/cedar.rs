//! Cedar's parser and syntax tree. The only file that touches the internals of cedar-policy-core, because the public API
//! keeps neither the places of expressions nor what was parsed before an error.

use std::sync::Arc;

use cedar_policy::{Effect, Policy, Template};
use cedar_policy_core::ast::{
    self, ActionConstraint, EntityReference, EntityUID, Literal, PrincipalOrResourceConstraint,
};
use cedar_policy_core::entities::{Entities, NoEntitiesSchema, TCComputation};
use cedar_policy_core::extensions::Extensions;
use cedar_policy_core::parser::err::ParseErrors;
use cedar_policy_core::parser::{Loc, parse_policyset};
use cedar_policy_core::validator::types::{AttributeType, Attributes, Type};
use cedar_policy_core::validator::{ValidatorEntityTypeKind, ValidatorSchema};
use miette::Diagnostic;

use super::shape::{Field, Shape};
use super::syntax::{BinaryOp, EntityLiteral, Expr, ExprKind, Open, PolicySyntax, ScopeOp, UnaryOp, Variable};
use crate::text::Span;

/// A static policy or a template as Cedar parsed it.
#[derive(Debug, Clone)]
pub enum Body {
    /// A static policy.
    Static(Policy),
    /// A template.
    Template(Template),
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

    fn ast(&self) -> &ast::Template {
        match self {
            Self::Static(policy) => {
                let policy: &ast::Policy = policy.as_ref();
                policy.template()
            }
            Self::Template(template) => template.as_ref(),
        }
    }

    /// The syntax tree; `base` is added to every place.
    #[must_use]
    pub fn syntax(&self, base: usize) -> PolicySyntax {
        let template = self.ast();
        let mut scope = Vec::new();
        let places = [template.principal_constraint().as_inner(), template.resource_constraint().as_inner()];
        for constraint in places {
            let (op, reference) = match constraint {
                PrincipalOrResourceConstraint::Eq(reference) => (ScopeOp::Eq, reference),
                PrincipalOrResourceConstraint::In(reference) | PrincipalOrResourceConstraint::IsIn(_, reference) => {
                    (ScopeOp::In, reference)
                }
                PrincipalOrResourceConstraint::Any | PrincipalOrResourceConstraint::Is(_) => continue,
            };
            if let EntityReference::EUID(uid) = reference {
                scope.push((op, entity(uid, base, None)));
            }
        }
        match template.action_constraint() {
            ActionConstraint::Eq(uid) => scope.push((ScopeOp::Eq, entity(uid, base, None))),
            ActionConstraint::In(uids) => {
                scope.extend(uids.iter().map(|uid| (ScopeOp::In, entity(uid, base, None))));
            }
            ActionConstraint::Any => {}
        }
        let annotations = template
            .annotations()
            .map(|(key, value)| (key.to_string(), value.val.to_string(), span(value.loc.as_ref(), base)))
            .collect();
        let condition = template.non_scope_constraints().map(|condition| expr(condition, base));
        let open = |constraint: &PrincipalOrResourceConstraint| {
            matches!(constraint, PrincipalOrResourceConstraint::Any | PrincipalOrResourceConstraint::Is(_))
        };
        let [principal, resource] = places.map(open);
        let open = Open { principal, action: matches!(template.action_constraint(), ActionConstraint::Any), resource };
        PolicySyntax { open, scope, condition, annotations }
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

    fn with_condition(&self, id: &str, condition: Option<ast::Expr>) -> Option<Policy> {
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

    /// Every read of an attribute or tag in the condition (the first `most`), each with a policy that matches exactly when
    /// evaluation comes to that read and what is read is not there. `base` is added to every place.
    #[must_use]
    pub fn reads(&self, base: usize, most: usize) -> Vec<Read> {
        let mut found = Vec::new();
        if let Some(condition) = self.ast().non_scope_constraints() {
            reads(condition, &mut Vec::new(), most, &mut found);
        }
        let read = |(at, (expr, missing)): (usize, (&ast::Expr, ast::Expr))| {
            let policy = self.with_condition(&format!("read{at}"), Some(missing))?;
            let attribute = match expr.expr_kind() {
                ast::ExprKind::GetAttr { attr, .. } => Some(attr.to_string()),
                _ => None,
            };
            Some(Read { span: span(expr.source_loc(), base), attribute, missing: policy })
        };
        found.into_iter().enumerate().filter_map(read).collect()
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

/// A read of an attribute or tag.
#[derive(Debug)]
pub struct Read {
    /// Where it stands, when Cedar kept the place.
    pub span: Option<Span>,
    /// The attribute; `None` for a tag.
    pub attribute: Option<String>,
    /// Matches exactly when evaluation comes to the read and what is read is not there.
    pub missing: Policy,
}

/// Adds the reads of `expr`, which is evaluated when all of `path` hold, in the order of evaluation.
fn reads<'e>(expr: &'e ast::Expr, path: &mut Vec<ast::Expr>, most: usize, found: &mut Vec<(&'e ast::Expr, ast::Expr)>) {
    use ast::ExprKind as From;
    if found.len() >= most {
        return;
    }
    let mut under = |condition: ast::Expr, below: &'e ast::Expr| {
        path.push(condition);
        reads(below, path, most, found);
        path.pop();
    };
    match expr.expr_kind() {
        From::And { left, right } => {
            under(ast::Expr::val(true), left);
            under((**left).clone(), right);
        }
        From::Or { left, right } => {
            under(ast::Expr::val(true), left);
            under(ast::Expr::not((**left).clone()), right);
        }
        From::If { test_expr, then_expr, else_expr } => {
            under(ast::Expr::val(true), test_expr);
            under((**test_expr).clone(), then_expr);
            under(ast::Expr::not((**test_expr).clone()), else_expr);
        }
        kind => {
            children(expr).for_each(|child| reads(child, path, most, found));
            let there = match kind {
                From::GetAttr { expr, attr } => ast::Expr::has_attr((**expr).clone(), attr.clone()),
                From::BinaryApp { op: ast::BinaryOp::GetTag, arg1, arg2 } => {
                    ast::Expr::binary_app(ast::BinaryOp::HasTag, (**arg1).clone(), (**arg2).clone())
                }
                _ => return,
            };
            let missing = ast::Expr::not(there);
            let all = path.iter().cloned().rev().fold(missing, |all, condition| ast::Expr::and(condition, all));
            found.push((expr, all));
        }
    }
}

/// The expressions directly below `expr`.
fn children(expr: &ast::Expr) -> impl Iterator<Item = &ast::Expr> {
    use ast::ExprKind as From;
    let below: Vec<&ast::Expr> = match expr.expr_kind() {
        From::If { test_expr, then_expr, else_expr } => vec![test_expr, then_expr, else_expr],
        From::And { left, right } | From::Or { left, right } => vec![left, right],
        From::UnaryApp { arg, .. } => vec![arg],
        From::BinaryApp { arg1, arg2, .. } => vec![arg1, arg2],
        From::ExtensionFunctionApp { args, .. } => args.iter().collect(),
        From::GetAttr { expr, .. } | From::HasAttr { expr, .. } | From::ExtHasAttr { expr, .. } => vec![expr],
        From::Like { expr, .. } | From::Is { expr, .. } => vec![expr],
        From::Set(parts) => parts.iter().collect(),
        From::Record(fields) => fields.values().collect(),
        From::Lit(_) | From::Var(_) | From::Slot(_) | From::Unknown(_) => Vec::new(),
    };
    below.into_iter()
}

/// A policy found in a text.
#[derive(Debug)]
pub struct Parsed {
    /// Position among the policies of that text.
    pub position: usize,
    /// Where it stands in that text.
    pub span: Span,
    /// What it is.
    pub body: Body,
}

/// Why a text is not Cedar: one of possibly several reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Cedar's words.
    pub message: String,
    /// Cedar's hint.
    pub help: Option<String>,
    /// Where in the text, when Cedar says.
    pub span: Option<Span>,
}

/// Parses `text` as a sequence of policies and templates.
///
/// # Errors
/// Everything that Cedar's parser says is wrong, at least one thing.
pub fn parse(text: &str) -> Result<Vec<Parsed>, Vec<Fault>> {
    let set = parse_policyset(text).map_err(|errors| faults(&errors))?;
    let mut parsed = Vec::new();
    for policy in set.static_policies() {
        let (position, span) = place(policy.id(), policy.loc(), text);
        parsed.push(Parsed { position, span, body: Body::Static(Policy::from(policy.clone())) });
    }
    for template in set.templates() {
        let (position, span) = place(template.id(), template.loc(), text);
        parsed.push(Parsed { position, span, body: Body::Template(Template::from(template.clone())) });
    }
    parsed.sort_by_key(|parsed| parsed.position);
    Ok(parsed)
}

/// The parser numbers policies as `policy0`, `policy1` and so on.
fn place(id: &ast::PolicyID, loc: Option<&Loc>, text: &str) -> (usize, Span) {
    let id: &str = id.as_ref();
    let position = id.strip_prefix("policy").and_then(|number| number.parse().ok()).unwrap_or(0);
    (position, span(loc, 0).unwrap_or(Span::new(0, text.len())))
}

fn faults(errors: &ParseErrors) -> Vec<Fault> {
    errors.iter().map(|error| fault(error)).collect()
}

/// Any of Cedar's diagnostics: words, hint, first place with its label.
pub fn fault(error: &dyn Diagnostic) -> Fault {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !message.contains(&words) {
            message = format!("{message}: {words}");
        }
        cause = inner.source();
    }
    let label = error.labels().and_then(|mut labels| labels.next());
    if let Some(words) = label.as_ref().and_then(|label| label.label()) {
        message = format!("{message}: {words}");
    }
    let span = label.map(|label| Span::new(label.offset(), label.offset() + label.len()));
    Fault { message, help: error.help().map(|help| help.to_string()), span }
}

/// Whether two resolved schemas declare the same.
#[must_use]
pub fn same_schema(one: &cedar_policy::Schema, other: &cedar_policy::Schema) -> bool {
    one.as_ref() == other.as_ref()
}

/// What `schema` says of the context of `action`; `None` where it knows no such action.
#[must_use]
pub fn context_shape(schema: &cedar_policy::Schema, action: &cedar_policy::EntityUid) -> Option<Shape> {
    let schema: &ValidatorSchema = schema.as_ref();
    schema.context_type(action.as_ref()).map(shape)
}

/// What `schema` says of the attributes of entities of type `ty`, and of their tags; `None` where it knows no such type.
#[must_use]
pub fn entity_shape(
    schema: &cedar_policy::Schema,
    ty: &cedar_policy::EntityTypeName,
) -> Option<(Shape, Option<Shape>)> {
    let schema: &ValidatorSchema = schema.as_ref();
    let found = schema.get_entity_type(ty.as_ref())?;
    Some((record(found.attributes()), found.tag_type().map(shape)))
}

/// The members of the type `ty`, where `schema` enumerates them.
#[must_use]
pub fn enumeration(
    schema: &cedar_policy::Schema,
    ty: &cedar_policy::EntityTypeName,
) -> Option<Vec<cedar_policy::EntityUid>> {
    let schema: &ValidatorSchema = schema.as_ref();
    let ValidatorEntityTypeKind::Enum(ids) = &schema.get_entity_type(ty.as_ref())?.kind else { return None };
    let uid = |id: &ast::Eid| {
        let id: &str = id.as_ref();
        let id = cedar_policy::EntityId::new(id);
        cedar_policy::EntityUid::from_type_name_and_id(ty.clone(), id)
    };
    Some(ids.iter().map(uid).collect())
}

/// The parents of `entity`, without what lies above them.
#[must_use]
pub fn direct_parents(entity: &cedar_policy::Entity) -> Vec<cedar_policy::EntityUid> {
    let entity: &ast::Entity = entity.as_ref();
    entity.parents().cloned().map(cedar_policy::EntityUid::from).collect()
}

/// The entities in the attributes and tags of `entity`, each as often as it stands there.
#[must_use]
pub fn entity_values(entity: &cedar_policy::Entity) -> Vec<cedar_policy::EntityUid> {
    let entity: &ast::Entity = entity.as_ref();
    let mut open: Vec<&ast::Value> = Vec::new();
    for (_, value) in entity.attrs().chain(entity.tags()) {
        open.extend(if let ast::PartialValue::Value(value) = value { Some(value) } else { None });
    }
    let mut found = Vec::new();
    while let Some(value) = open.pop() {
        match &value.value {
            ast::ValueKind::Lit(Literal::EntityUID(uid)) => found.push((**uid).clone().into()),
            ast::ValueKind::Lit(_) | ast::ValueKind::ExtensionValue(_) => {}
            ast::ValueKind::Set(set) => open.extend(set.authoritative.iter()),
            ast::ValueKind::Record(fields) => open.extend(fields.values()),
        }
    }
    found
}

fn shape(ty: &Type) -> Shape {
    match ty {
        Type::Bool(_) => Shape::Bool,
        Type::Long => Shape::Long,
        Type::String => Shape::String,
        Type::Entity(_) => Shape::Entity,
        Type::ExtensionType { name } => Shape::Extension(name.to_string()),
        Type::Set { element_type } => Shape::Set(Box::new(element_type.as_deref().map_or(Shape::Any, shape))),
        Type::Record { attrs, .. } => record(attrs),
        Type::Never => Shape::Any,
    }
}

fn record(attributes: &Attributes) -> Shape {
    let field = |(name, attribute): (_, &AttributeType)| {
        (ToString::to_string(name), Field { shape: shape(&attribute.attr_type), required: attribute.is_required })
    };
    Shape::Record(attributes.iter().map(field).collect())
}

/// An entity that fits its schema, read once and shared by many sets of entities.
#[derive(Debug, Clone)]
pub struct SharedEntity(Arc<ast::Entity>);

impl SharedEntity {
    /// The entity of `json`. `None` when it does not fit, and for actions, which a schema judges only with all others.
    #[must_use]
    pub fn read(json: &str, schema: Option<&cedar_policy::Schema>) -> Option<Self> {
        let entity = cedar_policy::Entity::from_json_str(json, schema).ok()?;
        let entity: &ast::Entity = entity.as_ref();
        (!entity.uid().entity_type().is_action()).then(|| Self(Arc::new(entity.clone())))
    }

    /// The action entities of `schema`.
    #[must_use]
    pub fn actions(schema: &cedar_policy::Schema) -> Vec<Self> {
        let actions = schema.action_entities().ok();
        let all = actions.iter().flat_map(cedar_policy::Entities::iter);
        all.map(|entity| Self(Arc::new(AsRef::<ast::Entity>::as_ref(entity).clone()))).collect()
    }

    /// The set of `entities` and `actions`, its hierarchy closed: what reading all of them together would give. `None` when
    /// they do not go together.
    #[must_use]
    pub fn assemble(entities: Vec<Self>, actions: &[Self]) -> Option<cedar_policy::Entities> {
        let extensions = Extensions::all_available();
        let none = None::<&NoEntitiesSchema>;
        let entities = entities.into_iter().map(|entity| entity.0);
        // The schema has closed the hierarchy of its actions, and no other entity has anything to do with it.
        let actions = actions.iter().map(|action| Arc::clone(&action.0));
        let set = Entities::new().add_entities(entities, none, TCComputation::ComputeNow, extensions).ok()?;
        let set = set.add_entities(actions, none, TCComputation::AssumeAlreadyComputed, extensions).ok()?;
        Some(cedar_policy::Entities::from(set))
    }
}

fn span(loc: Option<&Loc>, base: usize) -> Option<Span> {
    loc.map(|loc| Span::new(loc.start(), loc.end()).shifted(base))
}

fn entity(uid: &EntityUID, base: usize, around: Option<&Loc>) -> EntityLiteral {
    let id: &str = uid.eid().as_ref();
    EntityLiteral { ty: uid.entity_type().to_string(), id: id.to_owned(), span: span(uid.loc().or(around), base) }
}

fn expr(from: &ast::Expr, base: usize) -> Expr {
    use ast::ExprKind as From;
    let one = |part: &Arc<ast::Expr>| Box::new(expr(part, base));
    let two = |left: &Arc<ast::Expr>, right: &Arc<ast::Expr>| Box::new([expr(left, base), expr(right, base)]);
    let all = |parts: &[ast::Expr]| parts.iter().map(|part| expr(part, base)).collect::<Vec<_>>();
    let loc = from.source_loc();
    let kind = match from.expr_kind() {
        From::Lit(Literal::Bool(_)) => ExprKind::Bool,
        From::Lit(Literal::Long(_)) => ExprKind::Long,
        From::Lit(Literal::String(text)) => ExprKind::String(text.to_string()),
        From::Lit(Literal::EntityUID(uid)) => ExprKind::Entity(entity(uid, base, loc)),
        From::Var(variable) => ExprKind::Var(match variable {
            ast::Var::Principal => Variable::Principal,
            ast::Var::Action => Variable::Action,
            ast::Var::Resource => Variable::Resource,
            ast::Var::Context => Variable::Context,
        }),
        From::Slot(_) => ExprKind::Slot,
        From::If { test_expr, then_expr, else_expr } => {
            ExprKind::If(Box::new([expr(test_expr, base), expr(then_expr, base), expr(else_expr, base)]))
        }
        From::And { left, right } => ExprKind::And(two(left, right)),
        From::Or { left, right } => ExprKind::Or(two(left, right)),
        From::UnaryApp { op, arg } => ExprKind::Unary(unary(*op), one(arg)),
        From::BinaryApp { op, arg1, arg2 } => ExprKind::Binary(binary(*op), two(arg1, arg2)),
        From::ExtensionFunctionApp { fn_name, args } => ExprKind::Call(fn_name.to_string(), all(args)),
        From::GetAttr { expr, attr } => ExprKind::GetAttr(one(expr), attr.to_string()),
        From::HasAttr { expr, .. } | From::ExtHasAttr { expr, .. } => ExprKind::HasAttr(one(expr)),
        From::Like { expr, .. } => ExprKind::Like(one(expr)),
        From::Is { expr, .. } => ExprKind::Is(one(expr)),
        From::Set(parts) => ExprKind::Set(all(parts)),
        From::Record(fields) => {
            ExprKind::Record(fields.iter().map(|(key, value)| (key.to_string(), expr(value, base))).collect())
        }
        From::Unknown(_) => ExprKind::Other,
    };
    Expr { span: span(loc, base), kind }
}

fn unary(op: ast::UnaryOp) -> UnaryOp {
    match op {
        ast::UnaryOp::Not => UnaryOp::Not,
        ast::UnaryOp::Neg => UnaryOp::Neg,
        ast::UnaryOp::IsEmpty => UnaryOp::IsEmpty,
    }
}

fn binary(op: ast::BinaryOp) -> BinaryOp {
    match op {
        ast::BinaryOp::Eq => BinaryOp::Eq,
        ast::BinaryOp::Less => BinaryOp::Less,
        ast::BinaryOp::LessEq => BinaryOp::LessEq,
        ast::BinaryOp::Add => BinaryOp::Add,
        ast::BinaryOp::Sub => BinaryOp::Sub,
        ast::BinaryOp::Mul => BinaryOp::Mul,
        ast::BinaryOp::In => BinaryOp::In,
        ast::BinaryOp::Contains => BinaryOp::Contains,
        ast::BinaryOp::ContainsAll => BinaryOp::ContainsAll,
        ast::BinaryOp::ContainsAny => BinaryOp::ContainsAny,
        ast::BinaryOp::GetTag => BinaryOp::GetTag,
        ast::BinaryOp::HasTag => BinaryOp::HasTag,
    }
}
