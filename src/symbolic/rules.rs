//! The policies of one side, and how each is compiled for a request environment.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};

use cedar_policy::{
    ActionConstraint, Effect, Entities, EntityId, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet,
    PrincipalConstraint, Request, RequestEnv, ResourceConstraint, SlotId, Template, TemplatePrincipalConstraint,
    TemplateResourceConstraint,
};
use cedar_policy_symcc::term::Term;
use cedar_policy_symcc::{Asserts, CompiledPolicy, SymEnv, err, never_errors_asserts, never_matches_asserts};

use super::schema::SchemaModel;
use super::terms;

/// A static policy, a template link, or a template whose slots are unknown.
#[derive(Debug)]
pub struct Subject {
    id: String,
    effect: Effect,
    principal: Scope,
    resource: Scope,
    actions: ActionConstraint,
    body: Body,
    /// The policy with nothing in its slots' place but entities, made when first needed.
    whole: OnceLock<Result<Policy, String>>,
    /// [`Self::whole`] alone, for replays.
    alone: OnceLock<PolicySet>,
    /// Whether its terms are those of every environment of a family that its scope admits.
    shareable: OnceLock<bool>,
    /// Its terms, for families of environments.
    kept: Mutex<Vec<(usize, Compiled)>>,
}

#[derive(Debug)]
enum Body {
    Policy(Policy),
    Template(Template),
}

/// The types that a scope admits.
#[derive(Debug)]
enum Scope {
    Any,
    Type(EntityTypeName),
    In(EntityTypeName),
    TypeIn(EntityTypeName, EntityTypeName),
}

impl Scope {
    fn admits(&self, schema: &SchemaModel, ty: &EntityTypeName) -> bool {
        match self {
            Self::Any => true,
            Self::Type(only) => only == ty,
            Self::In(group) => schema.can_be_in(ty, group),
            Self::TypeIn(only, group) => only == ty && schema.can_be_in(ty, group),
        }
    }
}

impl From<PrincipalConstraint> for Scope {
    fn from(constraint: PrincipalConstraint) -> Self {
        match constraint {
            PrincipalConstraint::Any => Self::Any,
            PrincipalConstraint::Eq(uid) => Self::Type(uid.type_name().clone()),
            PrincipalConstraint::Is(ty) => Self::Type(ty),
            PrincipalConstraint::In(uid) => Self::In(uid.type_name().clone()),
            PrincipalConstraint::IsIn(ty, uid) => Self::TypeIn(ty, uid.type_name().clone()),
        }
    }
}

impl From<ResourceConstraint> for Scope {
    fn from(constraint: ResourceConstraint) -> Self {
        match constraint {
            ResourceConstraint::Any => Self::Any,
            ResourceConstraint::Eq(uid) => Self::Type(uid.type_name().clone()),
            ResourceConstraint::Is(ty) => Self::Type(ty),
            ResourceConstraint::In(uid) => Self::In(uid.type_name().clone()),
            ResourceConstraint::IsIn(ty, uid) => Self::TypeIn(ty, uid.type_name().clone()),
        }
    }
}

/// What a slot stands behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    None,
    Equals,
    Holds,
}

fn principal_slot(template: &Template) -> (Scope, Slot) {
    match template.principal_constraint() {
        TemplatePrincipalConstraint::Any => (Scope::Any, Slot::None),
        TemplatePrincipalConstraint::Eq(None) => (Scope::Any, Slot::Equals),
        TemplatePrincipalConstraint::In(None) => (Scope::Any, Slot::Holds),
        TemplatePrincipalConstraint::IsIn(ty, None) => (Scope::Type(ty), Slot::Holds),
        TemplatePrincipalConstraint::Eq(Some(uid)) => (Scope::Type(uid.type_name().clone()), Slot::None),
        TemplatePrincipalConstraint::In(Some(uid)) => (Scope::In(uid.type_name().clone()), Slot::None),
        TemplatePrincipalConstraint::Is(ty) => (Scope::Type(ty), Slot::None),
        TemplatePrincipalConstraint::IsIn(ty, Some(uid)) => (Scope::TypeIn(ty, uid.type_name().clone()), Slot::None),
    }
}

fn resource_slot(template: &Template) -> (Scope, Slot) {
    match template.resource_constraint() {
        TemplateResourceConstraint::Any => (Scope::Any, Slot::None),
        TemplateResourceConstraint::Eq(None) => (Scope::Any, Slot::Equals),
        TemplateResourceConstraint::In(None) => (Scope::Any, Slot::Holds),
        TemplateResourceConstraint::IsIn(ty, None) => (Scope::Type(ty), Slot::Holds),
        TemplateResourceConstraint::Eq(Some(uid)) => (Scope::Type(uid.type_name().clone()), Slot::None),
        TemplateResourceConstraint::In(Some(uid)) => (Scope::In(uid.type_name().clone()), Slot::None),
        TemplateResourceConstraint::Is(ty) => (Scope::Type(ty), Slot::None),
        TemplateResourceConstraint::IsIn(ty, Some(uid)) => (Scope::TypeIn(ty, uid.type_name().clone()), Slot::None),
    }
}

/// What a policy is to one request environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It is compiled.
    Applies,
    /// Its scope excludes the environment: it neither matches nor errors there.
    OutOfScope,
    /// It could not be compiled, and why: every question that names it is unknown.
    SetAside(String),
}

/// A policy as terms over one environment; for a template, under one choice of its slots' types.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Variant {
    /// Boolean: it matches.
    pub(super) matches: Term,
    /// Boolean: it errors.
    pub(super) errors: Term,
    /// What stands in each slot: the entity, and whether that is only a marker for "any entity of its type".
    pub(super) slots: Vec<(SlotId, EntityUid, bool)>,
}

/// The variants of a policy: one, unless it is a template.
pub(super) type Compiled = Arc<Vec<Variant>>;

/// The terms of so many policies are kept for other environments of their families.
const KEPT: usize = 10_000;

impl Subject {
    /// A static policy or a template link.
    pub fn policy(policy: &Policy) -> Self {
        Self {
            id: policy.id().to_string(),
            effect: policy.effect(),
            principal: policy.principal_constraint().into(),
            resource: policy.resource_constraint().into(),
            actions: policy.action_constraint(),
            body: Body::Policy(policy.clone()),
            whole: OnceLock::new(),
            alone: OnceLock::new(),
            shareable: OnceLock::new(),
            kept: Mutex::default(),
        }
    }

    /// A template, its slots unknown: entities of any type with which its scope can be met (and none with which it
    /// cannot: such a link would not validate).
    pub fn template(template: &Template) -> Self {
        Self {
            id: template.id().to_string(),
            effect: template.effect(),
            principal: principal_slot(template).0,
            resource: resource_slot(template).0,
            actions: template.action_constraint(),
            body: Body::Template(template.clone()),
            whole: OnceLock::new(),
            alone: OnceLock::new(),
            shareable: OnceLock::new(),
            kept: Mutex::default(),
        }
    }

    /// The policy, a link included; none for a template.
    pub fn cedar(&self) -> Option<&Policy> {
        match &self.body {
            Body::Policy(policy) => Some(policy),
            Body::Template(_) => None,
        }
    }

    /// The policy id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether its scope may be satisfied by the request, the action aside: `false` only if it is not, and then the
    /// policy neither matches nor errs (<https://docs.cedarpolicy.com/auth/authorization.html>).
    pub(super) fn may_be_in_scope(&self, request: &Request, entities: &Entities) -> bool {
        let Body::Policy(policy) = &self.body else { return true };
        let within = |member: Option<&EntityUid>, group: &EntityUid| {
            member.is_none_or(|member| member == group || entities.is_ancestor_of(group, member))
        };
        let (principal, resource) = (request.principal(), request.resource());
        let principal = match policy.principal_constraint() {
            PrincipalConstraint::Eq(uid) => principal.is_none_or(|principal| *principal == uid),
            PrincipalConstraint::In(group) | PrincipalConstraint::IsIn(_, group) => within(principal, &group),
            PrincipalConstraint::Any | PrincipalConstraint::Is(_) => true,
        };
        principal
            && match policy.resource_constraint() {
                ResourceConstraint::Eq(uid) => resource.is_none_or(|resource| *resource == uid),
                ResourceConstraint::In(group) | ResourceConstraint::IsIn(_, group) => within(resource, &group),
                ResourceConstraint::Any | ResourceConstraint::Is(_) => true,
            }
    }

    /// Permit or forbid.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Whether it is a template without entities in its slots: it decides nothing.
    pub fn is_template(&self) -> bool {
        matches!(self.body, Body::Template(_))
    }

    /// The entities that it names.
    pub(super) fn literals(&self) -> Vec<EntityUid> {
        match &self.body {
            Body::Policy(policy) => {
                let mut literals = policy.entity_literals();
                literals.extend(policy.template_links().into_iter().flat_map(HashMap::into_values));
                literals
            }
            Body::Template(template) => {
                // Something has to stand in the slots to have the rest read.
                let Ok(ty) = "Nobody".parse::<EntityTypeName>() else { return Vec::new() };
                let nobody = EntityUid::from_type_name_and_id(ty, EntityId::new(""));
                let values = template.slots().map(|slot| (slot.clone(), nobody.clone())).collect();
                let mut literals = fill(template, &values).map(|policy| policy.entity_literals()).unwrap_or_default();
                literals.retain(|uid| *uid != nobody);
                literals
            }
        }
    }

    /// Whether its scope admits requests of the environment.
    pub fn admits(&self, schema: &SchemaModel, environment: &RequestEnv) -> bool {
        let action = match &self.actions {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(action) => action == environment.action(),
            ActionConstraint::In(groups) => groups.iter().any(|group| schema.action_in(environment.action(), group)),
        };
        action
            && self.principal.admits(schema, environment.principal())
            && self.resource.admits(schema, environment.resource())
    }

    /// The policy as terms.
    pub(super) fn compile(
        &self,
        schema: &SchemaModel,
        environment: &RequestEnv,
        symbols: &SymEnv,
    ) -> Result<Vec<Variant>, String> {
        match &self.body {
            Body::Policy(_) => {
                let policy = self.whole.get_or_init(|| self.without_slots()).as_ref().map_err(Clone::clone)?;
                Ok(vec![compile(policy, schema, environment, symbols, Vec::new())?])
            }
            Body::Template(template) => self.variants(template, schema, environment, symbols),
        }
    }

    /// Whether all that its terms take from an environment is the types of principal, resource and context: true when
    /// `action` stands in its scope only, where it is a constant that the scope was found to admit. With `action ==`
    /// there is one environment for these types, so that there is nothing to share.
    fn is_shareable(&self) -> bool {
        *self.shareable.get_or_init(|| {
            let asks = match &self.body {
                Body::Policy(policy) => terms::asks_for_action(policy),
                Body::Template(template) => terms::template_asks_for_action(template),
            };
            !asks && !matches!(self.actions, ActionConstraint::Eq(_))
        })
    }

    /// The policy as Cedar's authorizer takes it, with `slots` filled in; on its own, so that what it does shows.
    pub(super) fn alone(&self, slots: &HashMap<SlotId, EntityUid>) -> Result<std::borrow::Cow<'_, PolicySet>, String> {
        match &self.body {
            Body::Policy(_) => {
                let policy = self.whole.get_or_init(|| self.without_slots()).as_ref().map_err(Clone::clone)?;
                let set = || PolicySet::from_policies([policy.clone()]).unwrap_or_default();
                Ok(std::borrow::Cow::Borrowed(self.alone.get_or_init(set)))
            }
            Body::Template(template) => {
                let policy = fill(template, slots)?;
                PolicySet::from_policies([policy]).map(std::borrow::Cow::Owned).map_err(|error| error.to_string())
            }
        }
    }

    /// A link with its entities written where the slots are, for symcc refuses slots; any other policy as it is.
    fn without_slots(&self) -> Result<Policy, String> {
        match &self.body {
            Body::Policy(policy) if policy.is_static() => bounded(policy.clone()),
            Body::Policy(policy) => bounded(substituted(policy)?),
            Body::Template(_) => Err("the template has no entities in its slots".to_owned()),
        }
    }

    fn variants(
        &self,
        template: &Template,
        schema: &SchemaModel,
        environment: &RequestEnv,
        symbols: &SymEnv,
    ) -> Result<Vec<Variant>, String> {
        let choices = |slot: Slot, ty: &EntityTypeName| -> Vec<Option<EntityTypeName>> {
            match slot {
                Slot::None => vec![None],
                Slot::Equals => vec![Some(ty.clone())],
                Slot::Holds => {
                    schema.types.keys().filter(|group| schema.can_be_in(ty, group)).cloned().map(Some).collect()
                }
            }
        };
        let principals = choices(principal_slot(template).1, environment.principal());
        let resources = choices(resource_slot(template).1, environment.resource());
        let text = template.to_string();
        let mut variants = Vec::new();
        for principal in &principals {
            for resource in &resources {
                let slots = [(SlotId::principal(), principal), (SlotId::resource(), resource)];
                let fillings = slots.into_iter().filter_map(|(slot, ty)| Some((slot, ty.clone()?)));
                let mut filled: Vec<Vec<(SlotId, EntityUid, bool)>> = vec![Vec::new()];
                for (slot, ty) in fillings {
                    let mut longer = Vec::new();
                    for row in &filled {
                        for (uid, marker) in entities_for_slot(schema, &slot, &ty, &text) {
                            let mut row = row.clone();
                            row.push((slot.clone(), uid, marker));
                            longer.push(row);
                        }
                    }
                    filled = longer;
                }
                for row in filled {
                    let values = row.iter().map(|(slot, uid, _)| (slot.clone(), uid.clone())).collect();
                    variants.push(compile(&bounded(fill(template, &values)?)?, schema, environment, symbols, row)?);
                }
            }
        }
        Ok(variants)
    }
}

/// What to write for a slot: each entity of an enumerated type, else one marker that the template's text does not hold
/// and that stands for any entity of the type.
fn entities_for_slot(schema: &SchemaModel, slot: &SlotId, ty: &EntityTypeName, text: &str) -> Vec<(EntityUid, bool)> {
    let uid = |id: &str| EntityUid::from_type_name_and_id(ty.clone(), EntityId::new(id));
    if let Some(choices) = schema.types.get(ty).and_then(|model| model.choices.as_ref()) {
        return choices.iter().map(|id| (uid(id), false)).collect();
    }
    let mut marker = format!("{slot}?");
    while text.contains(&marker) {
        marker.push('?');
    }
    vec![(uid(&marker), true)]
}

/// Cedar's policy with the values of its slots written in their place.
fn substituted(policy: &Policy) -> Result<Policy, String> {
    let json = policy.to_json().map_err(|error| error.to_string())?;
    Policy::from_json(Some(policy.id().clone()), json).map_err(|error| error.to_string())
}

/// The template with `values` written in the place of its slots.
fn fill(template: &Template, values: &HashMap<SlotId, EntityUid>) -> Result<Policy, String> {
    let mut set = PolicySet::new();
    set.add_template(template.clone()).map_err(|error| error.to_string())?;
    let id = PolicyId::new("link");
    let needed = template.slots().filter_map(|slot| Some((slot.clone(), values.get(slot)?.clone()))).collect();
    set.link(template.id().clone(), id.clone(), needed).map_err(|error| error.to_string())?;
    let policy = set.policy(&id).ok_or("the link was not made")?;
    substituted(policy)
}

/// How many `if`s may be nested in each other. Where a test is constant, Cedar's typechecker puts one branch in the
/// place of both, so that each level can double what is to be compiled.
const CONDITIONALS: usize = 10;

/// The policy, unless more `if`s are nested in it than that.
fn bounded(policy: Policy) -> Result<Policy, String> {
    let depth = conditional_depth(&policy);
    if depth > CONDITIONALS {
        return Err(format!("{depth} conditionals (`if`) are nested in each other; up to {CONDITIONALS} are analysed"));
    }
    Ok(policy)
}

/// How deep `if`s are nested in each other; 0 also when there are too few of them to matter.
fn conditional_depth(policy: &Policy) -> usize {
    fn depth(json: &serde_json::Value) -> usize {
        let inside = |values: &mut dyn Iterator<Item = &serde_json::Value>| values.map(depth).max().unwrap_or_default();
        match json {
            serde_json::Value::Array(all) => inside(&mut all.iter()),
            serde_json::Value::Object(all) => {
                inside(&mut all.values()) + usize::from(all.len() == 1 && all.contains_key("if-then-else"))
            }
            _ => 0,
        }
    }
    if policy.to_string().matches("if ").count() <= CONDITIONALS {
        return 0;
    }
    policy.to_json().map(|json| depth(&json)).unwrap_or_default()
}

fn compile(
    policy: &Policy,
    schema: &SchemaModel,
    environment: &RequestEnv,
    symbols: &SymEnv,
    slots: Vec<(SlotId, EntityUid, bool)>,
) -> Result<Variant, String> {
    let compiled = CompiledPolicy::compile_with_custom_symenv(policy, environment, schema.schema(), symbols.clone())
        .map_err(|error| match error {
            err::Error::PolicyNotWellTyped { errs } => match errs.into_iter().next() {
                Some(first) => first.to_string(),
                None => "it does not typecheck".to_owned(),
            },
            other => other.to_string(),
        })?;
    // Of the assertions of a property, the last is the negated property itself; those before it are about hierarchies,
    // which the engine says in its own way. tests/engine/symcc_contract.rs holds symcc to this.
    let goal = |asserts: &Asserts| asserts.last().cloned().unwrap_or_else(|| Term::from(true));
    Ok(Variant {
        matches: goal(never_matches_asserts(&compiled).asserts()),
        errors: goal(never_errors_asserts(&compiled).asserts()),
        slots,
    })
}

/// Policies under their schema: one side of a question.
#[derive(Debug)]
pub struct Rules {
    schema: Arc<SchemaModel>,
    subjects: Vec<Subject>,
    /// How many entries [`Subject::kept`] have together.
    kept: AtomicUsize,
}

/// Whether to wait for another thread that compiles the same policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Busy {
    Wait,
    Skip,
}

impl Rules {
    /// `subjects`, in this order, under `schema`.
    pub fn new(schema: Arc<SchemaModel>, subjects: Vec<Subject>) -> Self {
        Self { schema, subjects, kept: AtomicUsize::new(0) }
    }

    /// All static policies and links of `set`, sorted by id, then all templates, sorted by id.
    pub fn from_set(schema: Arc<SchemaModel>, set: &PolicySet) -> Self {
        let mut subjects: Vec<Subject> = set.policies().map(Subject::policy).collect();
        subjects.sort_by(|a, b| a.id.cmp(&b.id));
        let mut templates: Vec<Subject> = set.templates().map(Subject::template).collect();
        templates.sort_by(|a, b| a.id.cmp(&b.id));
        subjects.extend(templates);
        Self::new(schema, subjects)
    }

    /// The schema.
    pub fn schema(&self) -> &Arc<SchemaModel> {
        &self.schema
    }

    /// The policies, by [`super::PolicyRef::index`].
    pub fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    /// The policy as terms over an environment of `family` ([`SchemaModel::family`]) that its scope admits, from those
    /// kept if they are; `None` if another thread is at it and `busy` says not to wait.
    pub(super) fn compiled(
        &self,
        subject: &Subject,
        environment: &RequestEnv,
        symbols: &SymEnv,
        family: Option<usize>,
        busy: Busy,
    ) -> Option<Result<Compiled, String>> {
        let compile = || subject.compile(&self.schema, environment, symbols).map(Arc::new);
        let Some(family) = family.filter(|_| subject.is_shareable()) else { return Some(compile()) };
        let mut kept: MutexGuard<'_, Vec<(usize, Compiled)>> = match busy {
            Busy::Wait => subject.kept.lock().unwrap_or_else(PoisonError::into_inner),
            Busy::Skip => match subject.kept.try_lock() {
                Ok(kept) => kept,
                Err(TryLockError::Poisoned(kept)) => kept.into_inner(),
                Err(TryLockError::WouldBlock) => return None,
            },
        };
        if let Some((_, compiled)) = kept.iter().find(|(number, _)| *number == family) {
            return Some(Ok(Arc::clone(compiled)));
        }
        let compiled = compile();
        if let Ok(compiled) = &compiled
            && self.kept.fetch_add(1, Ordering::Relaxed) < KEPT
        {
            kept.push((family, Arc::clone(compiled)));
        }
        Some(compiled)
    }

    /// Compares the terms that are kept with those made for this environment alone; how many there were, or the policy
    /// whose terms differ. For tests.
    #[doc(hidden)]
    pub fn compare_kept(&self, environment: &RequestEnv) -> Result<usize, String> {
        let symbols = self.schema.symbols(environment)?;
        let Some(family) = self.schema.family(environment) else { return Ok(0) };
        let mut compared = 0;
        for subject in self.subjects.iter().filter(|subject| subject.admits(&self.schema, environment)) {
            let kept = subject.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let Some((_, kept)) = kept.iter().find(|(number, _)| *number == family) else { continue };
            if **kept != subject.compile(&self.schema, environment, &symbols)? {
                return Err(subject.id.clone());
            }
            compared += 1;
        }
        Ok(compared)
    }
}
